"""Variables with their attributes as one NetCDF-4 file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from frugal.formats.files.atomic import drafted

CONVENTIONS = "CF-1.11"
#: What an element without a value holds: the default of the NetCDF library for float32.
FILL = np.float32(9.969209968386869e36)
#: Arrays of so many elements are compressed.
_LARGE = 1024


@dataclass(frozen=True, eq=False)
class CfVariable:
    """One variable: values of the dimensions named, NaN where there is none if ``may_lack`` says that there may be such."""

    name: str
    dims: tuple[str, ...]
    values: Any
    attributes: Mapping[str, Any] = field(default_factory=dict)
    may_lack: bool = False


def write_netcdf(path: Path | str, variables: Sequence[CfVariable], attributes: Mapping[str, str]) -> None:
    """Write variables as a NetCDF-4 file that appears whole or not at all.

    Parameters
    ----------
    path : path
    variables : sequence of CfVariable
        One of the name of its only dimension is the coordinate of that. Those that may lack values are kept as float32 with a
        ``_FillValue``, all others as they are.
    attributes : mapping
        Of the file, beside ``Conventions``.

    Raises
    ------
    EnvironmentFaultError
        If the file cannot be written.
    """
    import xarray

    data, encoding = {}, {}
    for variable in variables:
        values = np.asarray(variable.values)
        values = values.astype(object) if values.dtype.kind == "U" else values
        values = values.astype(np.float32) if variable.may_lack else values
        data[variable.name] = (variable.dims, values, dict(variable.attributes))
        kept: dict[str, Any] = {"_FillValue": FILL if variable.may_lack else None}
        if values.size >= _LARGE and values.dtype.kind != "O":
            kept |= {"zlib": True, "complevel": 4, "shuffle": True}
        encoding[variable.name] = kept
    dataset = xarray.Dataset(data, attrs={"Conventions": CONVENTIONS, **attributes})
    with drafted(path) as draft:
        dataset.to_netcdf(draft, engine="h5netcdf", format="NETCDF4", encoding=encoding)
