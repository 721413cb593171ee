"""The run store: a Zarr group that survives a kill at any moment and loses no finished run.

Runs are committed in blocks, one chunk of every variable for each block, and ``status`` is written last: a block whose
status says ``pending`` is computed again, whatever else of it reached the disk. A dear solver has blocks of one run; runs
that take milliseconds are committed several at a time, a quarter of a second of work, because writing each of them apart
would cost more than computing it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from frugal.errors import EnvironmentFaultError, FrugalError, UnusableInputError, plain_line
from frugal.experiments.runs.creation import create
from frugal.experiments.study import Study
from frugal.experiments.study.design import KNOWN_PLACE, Design
from frugal.formats.files.atomic import exclusive

if TYPE_CHECKING:
    import xarray

PENDING, DONE, FAILED = 0, 1, 2
STATUS = {"pending": PENDING, "done": DONE, "failed": FAILED}


class DamagedStoreError(UnusableInputError):
    """A run store, or something in it, cannot be read as what was written."""


#: Seconds of work that a kill may cost at the most, for solvers faster than that.
BLOCK_SECONDS = 0.25

Found = TypeVar("Found")


@dataclass(frozen=True)
class Runs:
    """Finished runs as arrays: ``inputs`` [n, d], ``outputs`` [n, m] flattened, and one value a run of the others.

    ``numbers`` are those of the runs in their design, from 0; counted through where nothing is said. ``is_added`` marks runs
    that were placed where candidates err, which judge nothing; none where nothing is said.
    """

    inputs: np.ndarray
    outputs: np.ndarray
    cpu_seconds: np.ndarray
    is_held_out: np.ndarray
    object_ids: np.ndarray
    places: np.ndarray
    numbers: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    is_added: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=bool))

    def __post_init__(self) -> None:
        if not len(self.is_added):
            object.__setattr__(self, "is_added", np.zeros(len(self.inputs), dtype=bool))
        if not len(self.numbers):
            object.__setattr__(self, "numbers", np.arange(len(self.inputs)))

    def __len__(self) -> int:
        return len(self.inputs)

    def where(self, rows: np.ndarray) -> Runs:
        """The runs that ``rows`` selects."""
        return Runs(**{name: getattr(self, name)[rows] for name in self.__dataclass_fields__})

    @property
    def training(self) -> Runs:
        """Runs that candidates may learn from."""
        return self.where(~self.is_held_out)

    @property
    def held_out(self) -> Runs:
        """Held-out runs; those of places that were learnt from too are of one place, `KNOWN_PLACE`."""
        found = self.where(self.is_held_out)
        known = (found.places != "") & np.isin(found.places, np.unique(self.places[~self.is_held_out]))
        return replace(found, places=np.where(known, KNOWN_PLACE, found.places)) if known.any() else found


class RunStore:
    """The runs of one study and one design.

    Use `open_store` to create or reopen one.
    """

    def __init__(self, path: Path, study: Study, design: Design, block: int) -> None:
        import zarr

        self.path = path
        self.study = study
        self.design = design
        self.block = block
        self._group: Any = zarr.open_group(path, mode="r+")

    @property
    def per_run(self) -> list[str]:
        """Names of the variables that have a value for each run, ``status`` last."""
        return [*(output.name for output in self.study.outputs), "cpu_seconds", "message", "status"]

    def array(self, name: str) -> Any:
        """One variable.

        Raises
        ------
        DamagedStoreError
            If it cannot be read.
        """
        return _whatever_zarr_raises(self.path, name, lambda: self._group[name])

    def read(self, name: str, rows: slice = slice(None)) -> np.ndarray:
        """Values of a variable, of all runs or of some.

        Raises
        ------
        DamagedStoreError
            If they cannot be read.
        """
        return _whatever_zarr_raises(self.path, name, lambda: np.asarray(self._group[name][rows]))

    @property
    def study_hash(self) -> str:
        """Hash of the study when the store was made."""
        return str(self._group.attrs["study_hash"])

    @property
    def n_blocks(self) -> int:
        """Number of blocks the design is cut into."""
        return -(-len(self.design) // self.block)

    def rows(self, block: int) -> slice:
        """Rows of a block."""
        return slice(block * self.block, min((block + 1) * self.block, len(self.design)))

    def status(self) -> np.ndarray:
        """Status of every run: PENDING, DONE or FAILED."""
        return self.read("status")

    def pending_blocks(self) -> list[int]:
        """Blocks that hold a run that is not finished."""
        status = self.status()
        return [block for block in range(self.n_blocks) if (status[self.rows(block)] == PENDING).any()]

    def failures(self) -> list[tuple[int, str]]:
        """Row number and message of every failed run."""
        messages = self.read("message")
        return [(int(row), plain_line(messages[row])) for row in np.flatnonzero(self.status() == FAILED)]

    def commit(
        self, block: int, outputs: np.ndarray, cpu_seconds: np.ndarray, status: np.ndarray, messages: list[str]
    ) -> None:
        """Write a finished block; ``outputs`` is ``[k, m]`` flattened, NaN where a run failed.

        Parameters
        ----------
        block : int
            Its number, from 0; it has k runs.
        outputs : array [k, m]
            Flattened and side by side in the order of the study, NaN where a run failed.
        cpu_seconds : array [k]
            Of each run on its thread [s].
        status : array of int [k]
            ``DONE`` or ``FAILED``.
        messages : list of str
            Why each run failed; empty where it did not.

        Raises
        ------
        EnvironmentFaultError
            If it cannot be written; the block then stays pending.
        """
        rows = self.rows(block)
        try:
            for output, (name, columns) in zip(self.study.outputs, self.study.output_slices().items(), strict=True):
                self._group[name][rows] = outputs[:, columns].reshape(-1, *output.shape)
            self._group["cpu_seconds"][rows] = cpu_seconds
            if any(messages):  # of solvers of others: who reads them is told one line
                self._group["message"][rows] = np.array([plain_line(message) for message in messages], dtype=object)
            self._group["status"][rows] = status
        except OSError as fault:
            raise EnvironmentFaultError(f"cannot write runs to '{self.path}': {fault.strerror or fault}") from fault

    def finished(self) -> Runs:
        """All runs that are done, without the failed ones.

        Raises
        ------
        DamagedStoreError
            If something cannot be read, or a run that is done holds a value that is no finite number.
        """
        keep = self.status() == DONE
        outputs = [self.read(o.name).reshape(len(self.design), o.size) for o in self.study.outputs]
        for output, values in zip(self.study.outputs, outputs, strict=True):
            _check_finite(self.path, output.name, values, keep)
        return Runs(
            inputs=self.design.inputs,
            outputs=np.concatenate(outputs, axis=1),
            cpu_seconds=self.read("cpu_seconds"),
            is_held_out=self.design.held_out,
            object_ids=self.design.object_ids,
            places=self.design.places,
            numbers=np.arange(len(self.design)),
            is_added=self.design.added,
        ).where(keep)

    def dataset(self) -> xarray.Dataset:
        """The store as an `xarray.Dataset` with CF attributes."""
        import xarray

        return xarray.open_zarr(self.path, consolidated=False)


def open_store(path: Path | str, study: Study, design: Design, block: int) -> RunStore:
    """Create the store of a study and a design, or reopen it.

    Parameters
    ----------
    path : path
    study : Study
    design : Design
    block : int
        Runs committed together; a store that exists keeps its own.

    Raises
    ------
    UnusableInputError
        If the store at ``path`` is of another study, solver or design, or cannot be read.
    EnvironmentFaultError
        If it cannot be written.
    """
    path = Path(path)
    fingerprint = {"study": study.hash(), "design": design.hash()}
    if not path.exists():
        create(path, study, design, block, fingerprint, STATUS)
    attributes = _attributes(path)
    for what, value in fingerprint.items():
        if attributes.get(f"{what}_hash") != value:
            raise UnusableInputError(
                f"the runs in '{path}' belong to another {what} (hash {str(attributes.get(f'{what}_hash'))[:12]}, "
                f"not {value[:12]}); give another folder or remove it"
            )
    block_kept = attributes.get("block")
    if not isinstance(block_kept, int) or block_kept < 1:
        raise DamagedStoreError(f"the run store '{path}' does not say how many runs make a block")
    return _whatever_zarr_raises(path, "its structure", lambda: RunStore(path, study, design, block_kept))


def _attributes(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads((path / "zarr.json").read_text(encoding="utf-8"))["attributes"])
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise DamagedStoreError(f"'{path}' is not a run store") from fault


def _whatever_zarr_raises(path: Path, name: str, read: Callable[[], Found]) -> Found:
    """What ``read`` gives; zarr and its codecs raise a dozen classes, of their own too, for files that are damaged."""
    try:
        return read()
    except (MemoryError, FrugalError):
        raise
    except Exception as fault:
        reason = (str(fault).splitlines() or [""])[0][:200]
        raise DamagedStoreError(f"the run store '{path}' cannot be read ({name}): {reason}") from fault


def _check_finite(path: Path, name: str, values: np.ndarray, done: np.ndarray) -> None:
    """Refuse runs that are done and hold what is no finite number: a part of the store was lost.

    Parameters
    ----------
    path : Path
    name : str
        Of the variable.
    values : array [n, k]
    done : array of bool [n]

    Raises
    ------
    DamagedStoreError
        Naming store, variable and the first run.
    """
    bad = done & ~np.isfinite(values).all(axis=1)
    if bad.any():
        raise DamagedStoreError(
            f"the run store '{path}' is damaged: '{name}' of run {int(np.flatnonzero(bad)[0])}, which is marked done, is not "
            f"a finite number ({int(bad.sum())} such runs)"
        )


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep a second process out of a campaign's folder.

    Raises
    ------
    UnusableInputError
        If another process holds it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as fault:
        raise EnvironmentFaultError(f"cannot write in '{folder}': {fault.strerror}") from fault
    with exclusive(handle, f"another campaign is running in '{folder}'; wait for it or stop it"):
        yield


def pack(store: RunStore, path: Path) -> None:
    """Copy a store into one chunk for each variable, for keeping and for publication."""
    packed = open_store(path, store.study, store.design, len(store.design))
    outputs = [store.read(output.name).reshape(len(store.design), output.size) for output in store.study.outputs]
    messages = [str(message) for message in store.read("message")]
    packed.commit(0, np.concatenate(outputs, axis=1), store.read("cpu_seconds"), store.status(), messages)


def read_design(path: Path, study: Study) -> Design:
    """The design that a store was created with.

    Raises
    ------
    DamagedStoreError
        If it cannot be read, or is not the one whose hash the store holds.
    """
    import zarr

    def read() -> Design:
        group: Any = zarr.open_group(path, mode="r")
        columns = [np.asarray(group[v.name][:], dtype=float).reshape(-1, v.size) for v in study.inputs]
        marks = [np.asarray(group[name][:]) if name in group else None for name in ("held_out", "added")]
        held_out, added = (np.zeros(len(columns[0]), dtype=bool) if mark is None else mark == 1 for mark in marks)
        places = np.array([str(place) for place in group["place"][:]])
        return Design(np.concatenate(columns, axis=1), held_out, np.asarray(group["subject"][:]), places, added)

    kept = _attributes(path).get("design_hash")
    found = _whatever_zarr_raises(path, "its design", read)
    if found.hash() != kept:
        raise DamagedStoreError(f"the run store '{path}' is damaged: its design is not the one that it was made with")
    return found


def read_runs(path: Path, inputs: list[str], outputs: list[str]) -> Runs:
    """Finished runs of a packed store, by the names of its inputs and outputs.

    Parameters
    ----------
    path : Path
        Folder of the store.
    inputs, outputs : list of str
        Names of variables; vectors and outputs are flattened and put side by side in this order.

    Returns
    -------
    Runs
        Without failed ones and those that are still pending.

    Raises
    ------
    DamagedStoreError
        If the folder is not a run store that holds them, or a run that is done holds what is no finite number.
    """
    import zarr

    _attributes(path)

    def read() -> Runs:
        group: Any = zarr.open_group(path, mode="r")
        keep = np.asarray(group["status"][:]) == DONE
        for name in (*inputs, *outputs):
            if group[name].shape[:1] != keep.shape:  # before it is read: memory for what it claims may not be there
                raise DamagedStoreError(
                    f"the run store '{path}' is damaged: '{name}' has the shape {group[name].shape} for {len(keep)} runs"
                )
        columns = {n: np.asarray(group[n][:], dtype=float).reshape(len(keep), -1) for n in (*inputs, *outputs)}
        for name, values in columns.items():
            _check_finite(path, name, values, keep)
        held_out = np.asarray(group["held_out"][:])
        if not np.isin(held_out, (0, 1)).all():
            raise DamagedStoreError(f"the run store '{path}' is damaged: it does not say which runs were held out")
        added = np.asarray(group["added"][:]) if "added" in group else np.zeros(len(keep), dtype=np.int8)
        if not np.isin(added, (0, 1)).all():
            raise DamagedStoreError(f"the run store '{path}' is damaged: it does not say which runs were added")
        return Runs(
            inputs=np.concatenate([columns[name] for name in inputs], axis=1),
            outputs=np.concatenate([columns[name] for name in outputs], axis=1),
            cpu_seconds=np.asarray(group["cpu_seconds"][:]),
            is_held_out=held_out.astype(bool),
            object_ids=np.asarray(group["subject"][:]),
            places=np.array([str(place) for place in group["place"][:]]),
            numbers=np.arange(len(keep)),
            is_added=added.astype(bool),
        ).where(keep)

    return _whatever_zarr_raises(path, "its runs", read)
