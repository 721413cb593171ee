"""What a damaged disk, or a hand, took from the runs of a campaign: such blocks are pending again, and nothing else is lost."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from frugal.experiments.runs.store import DONE, DamagedStoreError, RunStore, open_store
from frugal.experiments.study import Study
from frugal.experiments.study.design import Design


def reopened(path: Path, study: Study, design: Design) -> tuple[RunStore | None, int]:
    """The store of a campaign as far as it is whole; blocks that are lost or damaged are pending again.

    Parameters
    ----------
    path : Path
        A store that exists. One whose structure cannot be read is set aside, under a name of its own beside it.
    study : Study
    design : Design

    Returns
    -------
    store : RunStore or None
        None where it was set aside: all runs are to be made.
    lost : int
        Runs that were done and are to be made again; all of the design where the store was set aside.

    Raises
    ------
    UnusableInputError
        If the store is of another study or design.
    """
    try:
        store = open_store(path, study, design, 1)
        _check_structure(store)
    except DamagedStoreError:
        _set_aside(path)
        return None, len(design)
    blocks = _damaged_blocks(store)
    for block in blocks:
        for name in store.per_run:
            _forget(path / name / "c" / str(block))
    rows = [range(*store.rows(block).indices(len(design))) for block in blocks]
    return store, sum(map(len, rows))


def _check_structure(store: RunStore) -> None:
    """Refuse a store whose variables are not those that its study needs.

    Raises
    ------
    DamagedStoreError
        Naming the first one.
    """
    n = len(store.design)
    wanted = {output.name: output.shape for output in store.study.outputs}
    for name in store.per_run:
        array = store.array(name)
        shape = wanted.get(name, ())
        if array.shape != (n, *shape) or array.chunks != (store.block, *shape):
            raise DamagedStoreError(f"'{name}' of the run store '{store.path}' has the shape {array.shape}")


def _damaged_blocks(store: RunStore) -> list[int]:
    """Blocks that cannot be read, or whose runs are done and hold values that are no finite numbers."""
    try:
        if not _lacks_numbers(store, slice(None)):
            return []
    except DamagedStoreError:
        pass  # which of them is found one by one
    found = []
    for block in range(store.n_blocks):
        try:
            if _lacks_numbers(store, store.rows(block)):
                found.append(block)
        except DamagedStoreError:
            found.append(block)
    return found


def _lacks_numbers(store: RunStore, rows: slice) -> bool:
    values = {name: store.read(name, rows) for name in store.per_run}
    done = values["status"] == DONE
    numbers = [values[output.name] for output in store.study.outputs]
    if store.study.solve is not None:  # runs of a table have no time
        numbers.append(values["cpu_seconds"])
    known = np.isin(values["status"], list(range(DONE + 2)))
    return not known.all() or any(not np.isfinite(part[done]).all() for part in numbers)


def _forget(chunk: Path) -> None:
    """Take a chunk away; what is not there reads as pending."""
    if chunk.is_dir() and not chunk.is_symlink():
        shutil.rmtree(chunk)
    else:
        chunk.unlink(missing_ok=True)


def _set_aside(path: Path) -> None:
    names: Any = (path.with_name(f"{path.name}.damaged{f'-{k}' if k else ''}") for k in itertools.count())
    path.rename(next(name for name in names if not name.exists()))
