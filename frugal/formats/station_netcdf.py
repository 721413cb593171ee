"""Series of several rivers from a NetCDF file: a variable each, or one with the dimensions time and station.

The layout of Explore2 and DRIAS is one of the latter: ``debit (time, station)`` with the codes of the stations as letters of a
table of characters, whichever of its dimensions comes first.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from frugal.errors import UnusableInputError, printable
from frugal.formats.hydrometry import ObservedRows
from frugal.formats.units import unit_factor

if TYPE_CHECKING:
    import xarray as xr

_LABELS = ("code", "code_station", "station", "station_id", "station_name", "name", "river", "gauge")


def netcdf_rows(
    path: Path, unit: str, columns: Sequence[str], standard_names: Sequence[str]
) -> dict[str, tuple[ObservedRows, np.ndarray]]:
    """Rows of each station or variable of a file.

    Parameters
    ----------
    path : Path
    unit : str
        That is wanted.
    columns : sequence of str
        What a variable of all stations may be called.
    standard_names : sequence of str
        Names of the CF conventions for it.

    Raises
    ------
    UnusableInputError
        If it cannot be read, or its times are no dates.
    """
    import xarray as xr

    source = f"'{path}'"
    try:
        content = xr.open_dataset(path, engine="h5netcdf")
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as fault:
        raise UnusableInputError(f"{source} cannot be read as NetCDF: {printable(str(fault))[:200]}") from fault
    parts: dict[str, tuple[ObservedRows, np.ndarray]] = {}
    with content:
        for key, given in content.data_vars.items():
            variable, name = given, str(key)
            if variable.ndim > 1:
                variable = variable.squeeze()
            clock = next((d for d in variable.dims if d in variable.coords and _are_dates(variable.coords[d])), None)
            if clock is None or variable.ndim > 2 or not np.issubdtype(variable.dtype, np.number):
                continue
            common = name.lower() in columns or variable.attrs.get("standard_name", "") in standard_names
            if variable.ndim == 2 and not common:
                continue
            own = str(variable.attrs.get("units", ""))
            if not own:
                raise UnusableInputError(f"{source}: variable '{name}' has no attribute units")
            time_s = variable.coords[clock].values.astype("datetime64[ns]").astype(np.int64) / 1e9
            try:
                values = np.asarray(variable.transpose(clock, ...).values, dtype=float)
                values = values.reshape(len(time_s), -1) * unit_factor(own, unit, f"{source}, variable '{name}'")
            except UnusableInputError:
                if common:
                    raise
                continue  # a variable of something else
            labels = [name] if variable.ndim == 1 else _labels(content, variable, str(clock))
            for label, column in zip(labels, values.T, strict=True):
                parts[label] = _rows_of(source, name, label, time_s, column)
        if not parts:
            told = ", ".join(map(str, list(content.data_vars)[:12]))
            raise UnusableInputError(
                f"{source} has no variable over time with the dates that are needed; it has {told or 'none'}"
            )
    return parts


def _are_dates(clock: xr.DataArray) -> bool:
    return bool(np.issubdtype(clock.dtype, np.datetime64))


def _rows_of(
    source: str, name: str, label: str, time_s: np.ndarray, values: np.ndarray
) -> tuple[ObservedRows, np.ndarray]:
    def where(row: int) -> str:
        return f"{source}, variable '{name}', value {row + 1}"

    count = len(time_s)
    return ObservedRows([label] * count, time_s, values, np.zeros(count), where), np.arange(count)


def _labels(content: xr.Dataset, variable: xr.DataArray, clock: str) -> list[str]:
    """Names of the stations of a variable."""
    along = next(str(d) for d in variable.dims if d != clock)
    count = variable.sizes[along]
    for name in _LABELS:
        if name in content.variables:
            found = _texts(content[name], count, along)
            if found is not None:
                return found
    return [str(k + 1) for k in range(count)]


def _texts(table: xr.DataArray, count: int, along: str) -> list[str] | None:
    """Texts of a variable, one for each station; letters that lie along the stations are turned first."""
    if table.dtype.kind not in "SUO" and not (table.ndim == 1 and table.dtype.kind in "iu"):
        return None
    texts = [_text(cell) for cell in np.asarray(table.values).ravel()]
    if table.dims == (along,) and len(texts) == count:
        return texts
    if table.ndim == 2 and along in table.dims:
        letters = np.asarray(table.transpose(along, ...).values)
        return ["".join(_text(cell) for cell in row).strip() for row in letters]
    if table.ndim == 1 and along not in table.dims and max(map(len, texts), default=0) == count:
        # (letter, station): joined over its last dimension, each text has one letter of every station
        return ["".join(text.ljust(count)[k] for text in texts).strip() for k in range(count)]
    return None


def _text(cell: Any) -> str:
    return cell.decode("utf-8", "replace") if isinstance(cell, bytes) else str(cell)
