"""A series over time from a file: two columns of a CSV or Parquet table, or a variable of a NetCDF file (CF conventions).

Of a table the column of times is called ``time_s``, ``time_min``, ``time_h`` or ``time_d``, or ``time`` with dates after ISO
8601 (``2010-02-28T04:00Z``; where none has a zone they count as UTC); that of values has the name of what it holds with its
unit behind: ``level_m``, ``level_cm``, ``level [m]``. Tables with the columns of Hub'Eau are read as they are
(`frugal.formats.hydrometry`). Of a NetCDF file the units stand in its attributes.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from frugal.errors import UnusableInputError, printable
from frugal.formats.dates import moments_s
from frugal.formats.files.headers import name_and_unit, shortened
from frugal.formats.files.implausible_values import sentinel_rows
from frugal.formats.files.tables import TableBlock, read_whole
from frugal.formats.hydrometry import UNITS, hubeau_rows, in_order
from frugal.formats.units import unit_factor

SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
TIMES = ("time", "temps", "date", "datetime", "date_heure")
#: A step longer than so many usual ones, and than so long, is a hole.
_LONGEST_STEPS, _LONGEST_STEP_S = 3.5, 1800.0
#: Values farther apart than that may differ by anything.
_SPIKE_S = 3600.0


@dataclass(frozen=True, eq=False)
class TimeSeries:
    """Values over time.

    Attributes
    ----------
    time_s : ndarray [t]
        Growing; from 1970 on where they are dates.
    values : ndarray [t]
        In the unit that was asked for.
    dated : bool
        Whether the times are dates.
    source : str
        What it is called in messages.
    """

    time_s: np.ndarray
    values: np.ndarray
    dated: bool
    source: str


def read_series(
    path: Path,
    names: Sequence[str],
    unit: str,
    low: float,
    high: float,
    standard_names: Sequence[str] = (),
    spike: float | None = None,
) -> TimeSeries:
    """Read a series, checked: its clock grows, nothing is missing, no value stands for none or lies outside its bounds.

    Parameters
    ----------
    path : Path
        ``.nc`` for NetCDF, a table otherwise.
    names : sequence of str
        What its values may be called: ``level``.
    unit : str
        That they are wanted in.
    low, high : float
        Bounds in that unit, beyond which a value cannot be meant.
    standard_names : sequence of str
        Names of the CF conventions for the same.
    spike : float, optional
        A value that is so much higher than those beside it, or lower, within an hour, cannot be meant.

    Raises
    ------
    UnusableInputError
        Naming file, line and value.
    """
    if path.suffix.lower() in (".nc", ".nc4", ".cdf", ".netcdf"):
        series, where = _from_netcdf(path, names, unit, standard_names)
    else:
        series, where = _from_table(path, names, unit)
    _check(series, where, unit, low, high)
    if spike is not None:
        _check_spikes(series, where, unit, spike)
    return series


def _check(series: TimeSeries, where: Any, unit: str, low: float, high: float) -> None:
    time_s, values = series.time_s, series.values
    if len(time_s) < 2:
        raise UnusableInputError(f"{series.source} has {len(time_s)} value; a series of 2 or more is needed")
    steps = np.diff(time_s)
    if (steps <= 0).any():
        row = int(np.argmax(steps <= 0)) + 1
        raise UnusableInputError(f"{where(row)}: its time is not later than the one before; times have to grow")
    for row in sentinel_rows(values):
        raise UnusableInputError(f"{where(int(row))}: {values[row]:g} {unit} stands for no value; fill the hole first")
    outside = (values < low) | (values > high)
    if outside.any():
        row = int(np.argmax(outside))
        raise UnusableInputError(
            f"{where(row)}: {values[row]:g} {unit} cannot be meant; {low:g} to {high:g} {unit} are allowed"
        )
    usual = float(np.median(steps))
    holes = steps > max(_LONGEST_STEPS * usual, _LONGEST_STEP_S)
    if holes.any():
        row = int(np.argmax(holes)) + 1
        raise UnusableInputError(
            f"{where(row)}: no value for {steps[row - 1] / 3600:.3g} h before it, where values stand {usual / 3600:.3g} h "
            "apart; fill the hole first"
        )


def _check_spikes(series: TimeSeries, where: Any, unit: str, spike: float) -> None:
    steps, rises = np.diff(series.time_s), np.diff(series.values)
    up, down = (rises[:-1] > spike) & (rises[1:] < -spike), (rises[:-1] < -spike) & (rises[1:] > spike)
    bad = (up | down) & (steps[:-1] <= _SPIKE_S) & (steps[1:] <= _SPIKE_S)
    if bad.any():
        row = int(np.argmax(bad)) + 1
        before, value, after = series.values[row - 1 : row + 2]
        raise UnusableInputError(
            f"{where(row)}: {value:g} {unit} stands between {before:g} and {after:g} {unit}: a spike; mend the series first"
        )


# ------------------------------------------------------------------------------------------------------------- tables


def _from_table(path: Path, names: Sequence[str], unit: str) -> tuple[TimeSeries, Any]:
    block = read_whole(path)
    source = block.style.source
    if names[0] in UNITS and (rows := hubeau_rows(block, names[0])) is not None:
        stations = list(dict.fromkeys(rows.stations))
        if len(stations) > 1:
            raise UnusableInputError(
                f"{source} has values of {len(stations)} stations; one has to stand there alone: {', '.join(stations[:12])}"
            )
        order, _, _ = in_order(rows, range(len(rows.stations)))
        values = rows.values[order] * unit_factor(UNITS[names[0]], unit, source)
        return TimeSeries(rows.time_s[order], values, True, source), lambda row: rows.where(int(order[row]))
    time_name, time_unit = found_column_of(
        block, TIMES, source, " or ".join(f"time_{u}" for u in ("s", "min", "h")) + " or time"
    )
    name, own = found_column_of(block, names, source, f"{names[0]} [{unit}]")
    if time_name == name:
        raise UnusableInputError(f"{source}: '{name}' is both the time and the {names[0]}")
    dated = time_unit.lower() in ("", "utc")
    if dated:
        time_s = moments_s(block.texts(time_name), lambda row: block.where(time_name, row))
    elif time_unit in SECONDS:
        time_s = block.numbers(time_name) * SECONDS[time_unit]
    else:
        raise UnusableInputError(
            f"{source}: times in '{shortened(time_unit)}' are not known; {', '.join(SECONDS)} are allowed"
        )
    if not own:
        raise UnusableInputError(
            f"{source}: the unit of column '{shortened(name)}' is not said; call it '{names[0]} [{unit}]', or with its own unit"
        )
    values = block.numbers(name) * unit_factor(own, unit, f"{source}, column '{shortened(name)}'")
    return TimeSeries(time_s, values, dated, source), lambda row: block.where(name, row)


def found_column_of(block: TableBlock, names: Sequence[str], source: str, wanted: str) -> tuple[str, str]:
    """A column with one of some names, and its unit as its name says it."""
    found = []
    for column in block.names:
        bare, unit = name_and_unit(column)
        low = without_accents(bare)
        for name in names:
            if low == name:
                found.append((column, unit))
            elif low.startswith(f"{name}_") and not unit:
                found.append((column, plain_unit(bare[len(name) + 1 :])))
    if len(found) != 1:
        what = "no column" if not found else "several columns"
        told = ", ".join(shortened(name) for name in block.names[:12])
        raise UnusableInputError(f"{source} has {what} for '{names[0]}' ({wanted}); it has {told}")
    return found[0]


def without_accents(text: str) -> str:
    """A name in small letters without accents."""
    return unicodedata.normalize("NFD", text.strip().lower()).encode("ascii", "ignore").decode()


def plain_unit(text: str) -> str:
    """A unit as it stands in a name: ``m3_s`` is m^3/s."""
    return {"m3_s": "m^3/s", "m3s": "m^3/s", "m3": "m^3", "l_s": "L/s", "mm_h": "mm/h"}.get(text.lower(), text)


# ------------------------------------------------------------------------------------------------------------- NetCDF


def _from_netcdf(path: Path, names: Sequence[str], unit: str, standard_names: Sequence[str]) -> tuple[TimeSeries, Any]:
    import xarray as xr

    source = f"'{path}'"
    try:
        content = xr.open_dataset(path, engine="h5netcdf")
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as fault:
        raise UnusableInputError(f"{source} cannot be read as NetCDF: {printable(str(fault))[:200]}") from fault
    with content:
        found = [
            str(name)
            for name, variable in content.data_vars.items()
            if str(name).lower() in names or variable.attrs.get("standard_name", "") in standard_names
        ]
        if len(found) != 1:
            what = "no variable" if not found else "several variables"
            told = ", ".join(map(str, list(content.data_vars)[:12]))
            raise UnusableInputError(f"{source} has {what} for '{names[0]}'; it has {told or 'none'}")
        variable = content[found[0]].squeeze()
        if variable.ndim != 1 or variable.dims[0] not in variable.coords:
            raise UnusableInputError(
                f"{source}: variable '{found[0]}' has the dimensions {', '.join(map(str, variable.dims)) or 'none'}; one of "
                "time, with its values, is needed"
            )
        own = str(variable.attrs.get("units", ""))
        if not own:
            raise UnusableInputError(f"{source}: variable '{found[0]}' has no attribute units")
        clock = variable.coords[variable.dims[0]]
        dated = np.issubdtype(clock.dtype, np.datetime64)
        if dated:
            time_s = clock.values.astype("datetime64[ns]").astype(np.int64) / 1e9
        else:
            unit_of_time = {"hours": "h", "hour": "h", "minutes": "min", "seconds": "s", "days": "d"}
            told = str(clock.attrs.get("units", ""))
            told = unit_of_time.get(told, told)
            if told not in SECONDS:
                raise UnusableInputError(
                    f"{source}: times of '{found[0]}' have the units '{shortened(told)}'; hours since a date, or "
                    f"{', '.join(SECONDS)} are allowed"
                )
            time_s = np.asarray(clock.values, dtype=float) * SECONDS[told]
        values = np.asarray(variable.values, dtype=float) * unit_factor(own, unit, f"{source}, variable '{found[0]}'")

    def where(row: int) -> str:
        return f"{source}, variable '{found[0]}', value {row + 1}"

    bad = ~np.isfinite(values)
    if bad.any():
        raise UnusableInputError(f"{where(int(np.argmax(bad)))}: the value is missing ({int(bad.sum())} in all)")
    return TimeSeries(time_s, values, dated, source), where
