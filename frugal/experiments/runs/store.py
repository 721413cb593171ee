"""The run store: a Zarr group that survives a kill at any moment and loses no finished run.

Runs are committed in blocks, one chunk of every variable for each block, and ``status`` is written last: a block whose
status says ``pending`` is computed again, whatever else of it reached the disk. A dear solver has blocks of one run; runs
that take milliseconds are committed several at a time, a quarter of a second of work, because writing each of them apart
would cost more than computing it.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from frugal.errors import EnvironmentFaultError, UnusableInputError
from frugal.experiments.study import Output, Study, Variable
from frugal.experiments.study.design import KNOWN_PLACE, Design
from frugal.formats.files.atomic import exclusive

if TYPE_CHECKING:
    import xarray

PENDING, DONE, FAILED = 0, 1, 2

#: Seconds of work that a kill may cost at the most, for solvers faster than that.
BLOCK_SECONDS = 0.25


@dataclass(frozen=True)
class Runs:
    """Finished runs as arrays: ``inputs`` [n, d], ``outputs`` [n, m] flattened, and one value a run of the others.

    ``numbers`` are those of the runs in their design, from 0; counted through where nothing is said.
    """

    inputs: np.ndarray
    outputs: np.ndarray
    cpu_seconds: np.ndarray
    is_held_out: np.ndarray
    object_ids: np.ndarray
    places: np.ndarray
    numbers: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    def __post_init__(self) -> None:
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
        return np.asarray(self._group["status"][:])

    def pending_blocks(self) -> list[int]:
        """Blocks that hold a run that is not finished."""
        status = self.status()
        return [block for block in range(self.n_blocks) if (status[self.rows(block)] == PENDING).any()]

    def failures(self) -> list[tuple[int, str]]:
        """Row number and message of every failed run."""
        messages = self._group["message"][:]
        return [(int(row), str(messages[row])) for row in np.flatnonzero(self.status() == FAILED)]

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
            if any(messages):
                self._group["message"][rows] = np.array(messages, dtype=object)
            self._group["status"][rows] = status
        except OSError as fault:
            raise EnvironmentFaultError(f"cannot write runs to '{self.path}': {fault.strerror or fault}") from fault

    def finished(self) -> Runs:
        """All runs that are done, without the failed ones."""
        keep = self.status() == DONE
        outputs = [
            np.asarray(self._group[output.name][:]).reshape(len(self.design), output.size)
            for output in self.study.outputs
        ]
        return Runs(
            inputs=self.design.inputs,
            outputs=np.concatenate(outputs, axis=1),
            cpu_seconds=np.asarray(self._group["cpu_seconds"][:]),
            is_held_out=self.design.held_out,
            object_ids=self.design.object_ids,
            places=self.design.places,
            numbers=np.arange(len(self.design)),
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
        _create(path, study, design, block, fingerprint)
    attributes = _attributes(path)
    for what, value in fingerprint.items():
        if attributes.get(f"{what}_hash") != value:
            raise UnusableInputError(
                f"the runs in '{path}' belong to another {what} (hash {str(attributes.get(f'{what}_hash'))[:12]}, "
                f"not {value[:12]}); give another folder or remove it"
            )
    return RunStore(path, study, design, int(attributes["block"]))


def _attributes(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads((path / "zarr.json").read_text(encoding="utf-8"))["attributes"])
    except (OSError, ValueError, KeyError) as fault:
        raise UnusableInputError(f"'{path}' is not a run store") from fault


def _create(path: Path, study: Study, design: Design, block: int, fingerprint: dict[str, str]) -> None:
    import zarr

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}."))
        try:
            group = zarr.open_group(staging, mode="w", zarr_format=3)
            group.attrs.update(
                {
                    "Conventions": "CF-1.11",
                    "title": study.title.get("en", study.name),
                    "study": study.name,
                    "block": block,
                    **{f"{what}_hash": value for what, value in fingerprint.items()},
                }
            )
            _create_variables(group, study, design, block)
            staging.rename(path)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    except OSError as fault:
        raise EnvironmentFaultError(f"cannot create the run store '{path}': {fault.strerror or fault}") from fault


def _create_variables(group: Any, study: Study, design: Design, block: int) -> None:
    n = len(design)

    def write(name: str, values: Any, dims: tuple[str, ...], **attributes: Any) -> None:
        array = group.create_array(
            name, shape=values.shape, dtype=values.dtype, dimension_names=dims, attributes=attributes
        )
        array[...] = values

    def per_run(
        name: str, dtype: Any, fill: Any, shape: tuple[int, ...] = (), dims: tuple[str, ...] = (), **attributes: Any
    ) -> None:
        group.create_array(
            name,
            shape=(n, *shape),
            chunks=(block, *shape),
            dtype=dtype,
            fill_value=fill,
            dimension_names=("run", *dims),
            attributes=attributes,
        )

    written: dict[str, list[str]] = {}

    def dimensions(part: Variable | Output) -> tuple[str, ...]:
        """Names of its dimensions, whose coordinates are written: two sets of stations, or two time axes, are two of them."""
        dims = []
        for dim in part.dims:
            coordinates = list(map(str, part.coords[dim]))
            name = dim if written.get(dim, coordinates) == coordinates else f"{dim}_{part.name}"
            if name not in written:
                write(name, _coordinates(part.coords[dim]), (name,))
                written[name] = coordinates
            dims.append(name)
        return tuple(dims)

    columns = study.layout.columns_by_name(design.inputs)
    for variable in study.inputs:
        write(
            variable.name,
            np.ascontiguousarray(columns[variable.name]),
            ("run", *dimensions(variable)),
            units=variable.unit,
            long_name=variable.label.get("en", variable.name),
        )
    write(
        "held_out",
        design.held_out.astype(np.int8),
        ("run",),
        long_name="run is kept for judging",
        flag_values=[0, 1],
        flag_meanings="training held_out",
    )
    write(
        "subject",
        design.object_ids.astype(np.int64),
        ("run",),
        long_name="number of the real object, -1 where there is none",
    )
    write("place", design.places.astype(np.dtypes.StringDType()), ("run",), long_name="place of the object")
    for output in study.outputs:
        per_run(
            output.name,
            "f8",
            np.nan,
            output.shape,
            dimensions(output),
            units=output.unit,
            long_name=output.label.get("en", output.name),
        )
    per_run(
        "cpu_seconds",
        "f8",
        np.nan,
        units="s",
        long_name="CPU time of the run, its threads and children included",
    )
    per_run(
        "status",
        "i1",
        PENDING,
        long_name="status of the run",
        flag_values=[PENDING, DONE, FAILED],
        flag_meanings="pending done failed",
    )
    per_run("message", str, "", long_name="why the run failed")


def _coordinates(values: Any) -> np.ndarray:
    array = np.asarray(values)
    return array.astype(np.dtypes.StringDType()) if array.dtype.kind == "U" else array


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
    outputs = [
        np.asarray(store._group[output.name][:]).reshape(len(store.design), output.size)
        for output in store.study.outputs
    ]
    packed.commit(
        0,
        np.concatenate(outputs, axis=1),
        np.asarray(store._group["cpu_seconds"][:]),
        store.status(),
        [str(message) for message in store._group["message"][:]],
    )


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
    UnusableInputError
        If the folder is not a run store that holds them.
    """
    import zarr

    _attributes(path)
    try:
        group: Any = zarr.open_group(path, mode="r")
        keep = np.asarray(group["status"][:]) == DONE
        columns = [np.asarray(group[name][:], dtype=float) for name in outputs]
        return Runs(
            inputs=np.concatenate(
                [np.asarray(group[n][:], dtype=float).reshape(len(keep), -1) for n in inputs], axis=1
            ),
            outputs=np.concatenate([column.reshape(len(keep), -1) for column in columns], axis=1),
            cpu_seconds=np.asarray(group["cpu_seconds"][:]),
            is_held_out=np.asarray(group["held_out"][:]).astype(bool),
            object_ids=np.asarray(group["subject"][:]),
            places=np.array([str(place) for place in group["place"][:]]),
            numbers=np.arange(len(keep)),
        ).where(keep)
    except (KeyError, OSError, ValueError) as fault:
        raise UnusableInputError(f"the run store '{path}' cannot be read: {fault}") from fault
