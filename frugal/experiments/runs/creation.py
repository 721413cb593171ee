"""A new run store: one chunk of every variable for each block, and inputs, places and coordinates written at once."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from frugal.errors import EnvironmentFaultError
from frugal.experiments.study import Output, Study, Variable
from frugal.experiments.study.design import Design

#: What a chunk that was lost reads as, by type: nothing that an input or a mark may be.
_MISSING = {"f8": np.nan, "i1": -1}


def create(
    path: Path, study: Study, design: Design, block: int, fingerprint: Mapping[str, str], status: Mapping[str, int]
) -> None:
    """Create an empty store; it appears whole or not at all.

    Parameters
    ----------
    path : Path
    study : Study
    design : Design
    block : int
        Runs committed together, one chunk of every variable.
    fingerprint : mapping of str to str
        Hashes of what the store belongs to, by what is hashed.
    status : mapping of str to int
        What marks a run that is ``pending``, the first of them, and the other marks.

    Raises
    ------
    EnvironmentFaultError
        If it cannot be written.
    """
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
            _create_variables(group, study, design, block, status)
            staging.rename(path)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    except OSError as fault:
        raise EnvironmentFaultError(f"cannot create the run store '{path}': {fault.strerror or fault}") from fault


def _create_variables(group: Any, study: Study, design: Design, block: int, status: Mapping[str, int]) -> None:
    from zarr.codecs import ZstdCodec

    n, compressors = len(design), [ZstdCodec(checksum=True)]  # a chunk that was garbled is noticed when it is read

    def write(name: str, values: Any, dims: tuple[str, ...], **attributes: Any) -> None:
        array = group.create_array(
            name,
            shape=values.shape,
            dtype=values.dtype,
            fill_value=_MISSING.get(values.dtype.str[1:]),
            dimension_names=dims,
            attributes=attributes,
            compressors=compressors,
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
            compressors=compressors,
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
    if design.added.any():
        write(
            "added",
            design.added.astype(np.int8),
            ("run",),
            long_name="run was placed where candidates err, and judges nothing",
            flag_values=[0, 1],
            flag_meanings="fixed_beforehand added",
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
    per_run("cpu_seconds", "f8", np.nan, units="s", long_name="CPU time of the run, its threads and children included")
    per_run(
        "status",
        "i1",
        status["pending"],
        long_name="status of the run",
        flag_values=list(status.values()),
        flag_meanings=" ".join(status),
    )
    per_run("message", str, "", long_name="why the run failed")


def _coordinates(values: Any) -> np.ndarray:
    array = np.asarray(values)
    return array.astype(np.dtypes.StringDType()) if array.dtype.kind == "U" else array
