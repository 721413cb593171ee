"""Series of several rivers or gauges from one file: a column each, a column that names the station, or a NetCDF file.

Tables may be those that ``frugal fetch`` leaves (``time_utc``, ``station``, ``discharge [m3/s]``), have Hub'Eau's columns, or a
column for each (``time_utc``, ``garonne [m3/s]``, ``dordogne_m3_s``). Times are dates. Gaps up to a limit are left to be filled
by straight lines, and told; longer ones are refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from pathlib import Path

import numpy as np

from frugal.errors import UnusableInputError, did_you_mean
from frugal.formats.dates import moment_text, moments_s
from frugal.formats.files.headers import name_and_unit, shortened
from frugal.formats.files.implausible_values import sentinel_rows
from frugal.formats.files.tables import TableBlock, read_whole
from frugal.formats.hydrometry import UNITS, ObservedRows, hubeau_rows, in_order
from frugal.formats.station_netcdf import netcdf_rows
from frugal.formats.time_series import TIMES, TimeSeries, found_column_of, plain_unit, without_accents
from frugal.formats.units import unit_factor

_STATIONS = ("code_station", "station", "code_site", "gauge", "river")
_STATUS = ("status", "code_statut")
_NETCDF = (".nc", ".nc4", ".cdf", ".netcdf")
#: A step longer than so many usual ones is a gap.
_GAP_STEPS = 1.5
#: Sites have the first 8 signs of the codes of their stations.
_SITE_SIGNS = 8


@dataclass(frozen=True)
class SeriesWanted:
    """What is looked for in files.

    Parameters
    ----------
    names : mapping of str to sequence of str
        Of each river or gauge the further names that it may have there: codes of stations.
    what : {"discharge", "level"}
        In m³/s or m.
    columns : sequence of str
        What a column of its values may be called, where stations have a column of their own.
    low, high : float
        Bounds beyond which a value cannot be meant [m³/s or m].
    longest_gap_s : float
        Gaps up to that long are filled [s].
    zone : tzinfo, optional
        Of times without one; where it is not given they are refused.
    standard_names : sequence of str
        Names of the CF conventions for the same.
    """

    names: Mapping[str, Sequence[str]]
    what: str
    columns: Sequence[str]
    low: float
    high: float
    longest_gap_s: float
    zone: tzinfo | None = None
    standard_names: Sequence[str] = ()

    def meant_by(self, text: str) -> str | None:
        """The river or gauge that a name in a file means."""
        plain = without_accents(text)
        for name, others in self.names.items():
            for other in (name, *others):
                known = without_accents(other)
                if plain == known or (len(known) == _SITE_SIGNS and known[1:].isdigit() and plain.startswith(known)):
                    return name
        return None


@dataclass(frozen=True)
class FilledGap:
    """A gap that lines go through."""

    source: str
    name: str
    begin_s: float
    end_s: float


@dataclass(frozen=True)
class FoundSeries:
    """Series by river or gauge, and the gaps in them that are filled."""

    series: dict[str, TimeSeries]
    gaps: list[FilledGap] = field(default_factory=list)


def read_station_series(path: Path, wanted: SeriesWanted) -> FoundSeries:
    """Series of those rivers or gauges that a file has.

    Parameters
    ----------
    path : Path
        ``.nc`` for NetCDF, a table otherwise.
    wanted : SeriesWanted

    Raises
    ------
    UnusableInputError
        Naming file, line and value; also where the file has none of them.
    """
    if path.suffix.lower() in _NETCDF:
        parts = netcdf_rows(path, UNITS[wanted.what], (*wanted.columns, wanted.what), wanted.standard_names)
    else:
        parts = _rows_of_table(read_whole(path), wanted)
    source = f"'{path}'"
    chosen = {label: wanted.meant_by(label) for label in parts}
    if (
        len(parts) == 1 and len(wanted.names) == 1 and next(iter(parts.values()))[1].size
    ):  # one of each: they belong together, whatever the code says
        chosen = dict.fromkeys(parts, next(iter(wanted.names)))
    if not any(chosen.values()):
        told = ", ".join(shortened(label) or "one without a name" for label in list(parts)[:12])
        raise UnusableInputError(
            f"{source} has no {wanted.what} of {', '.join(wanted.names)}; it has {told}"
            f"{did_you_mean(next(iter(wanted.names)), list(parts))}"
        )
    found = FoundSeries({})
    for label, name in chosen.items():
        if name is None:
            continue
        if name in found.series:
            raise UnusableInputError(
                f"{source} has {wanted.what} of {name} twice, as '{shortened(label)}' too; leave one out"
            )
        rows, at = parts[label]
        found.series[name] = _checked(rows, at, wanted, source, name, found.gaps)
    return found


def _checked(
    rows: ObservedRows, at: np.ndarray, wanted: SeriesWanted, source: str, name: str, gaps: list[FilledGap]
) -> TimeSeries:
    order, _, _ = in_order(rows, at)
    time_s, values, unit = rows.time_s[order], rows.values[order], UNITS[wanted.what]
    if len(order) < 2:
        raise UnusableInputError(f"{source}: {name} has {len(order)} values; a series of 2 or more is needed")
    for row in sentinel_rows(values):
        raise UnusableInputError(
            f"{rows.where(int(order[row]))}: {values[row]:g} {unit} stands for no value; leave the cell empty"
        )
    outside = (values < wanted.low) | (values > wanted.high)
    if outside.any():
        row = int(np.argmax(outside))
        raise UnusableInputError(
            f"{rows.where(int(order[row]))}: {values[row]:g} {unit} cannot be meant; {wanted.low:g} to {wanted.high:g} {unit} "
            "are allowed"
        )
    steps = np.diff(time_s)
    usual = float(np.sort(steps)[(len(steps) - 1) // 2])
    limit = max(wanted.longest_gap_s, _GAP_STEPS * usual)
    for k in np.flatnonzero(steps > _GAP_STEPS * usual).tolist():
        if steps[k] > limit:
            raise UnusableInputError(
                f"{source}: {name} has no value from {moment_text(time_s[k])} to {moment_text(time_s[k + 1])}, "
                f"{steps[k] / 3600.0:.3g} h; gaps up to {limit / 3600.0:.3g} h are filled"
            )
        gaps.append(FilledGap(source, name, float(time_s[k]), float(time_s[k + 1])))
    return TimeSeries(time_s, values, True, source)


def _rows_of_table(block: TableBlock, wanted: SeriesWanted) -> dict[str, tuple[ObservedRows, np.ndarray]]:
    """By station or column, its rows."""
    rows = hubeau_rows(block, wanted.what)
    if rows is not None:
        return _by_station(rows)
    source = block.style.source
    clock, unit = found_column_of(block, TIMES, source, "time_utc")
    if unit.lower() not in ("", "utc"):
        raise UnusableInputError(
            f"{source}: column '{shortened(clock)}' counts in '{shortened(unit)}'; dates are needed"
        )
    time_s = moments_s(block.texts(clock), lambda row: block.where(clock, row), UTC if unit else wanted.zone)
    bare = {name_and_unit(name)[0].lower(): name for name in block.names}
    station = next((bare[name] for name in _STATIONS if name in bare), None)
    status = next((block.maybe_numbers(bare[name]) for name in _STATUS if name in bare), np.zeros(len(time_s)))
    status = np.where(np.isfinite(status), status, 0.0)
    if station is not None:
        column, own = found_column_of(block, wanted.columns, source, f"{wanted.what} [{UNITS[wanted.what]}]")
        return _by_station(_rows(block, column, own, wanted, (time_s, status), block.texts(station)))
    parts = {}
    for name in block.names:
        label, own = _named(name, wanted)
        if name != clock and label is not None:
            found = _rows(block, name, own, wanted, (time_s, status), [label] * len(time_s))
            parts[name if wanted.meant_by(label) is None else label] = (found, np.arange(len(time_s)))
    return parts or {shortened(name): (_nothing(), np.arange(0)) for name in block.names if name != clock}


def _nothing() -> ObservedRows:
    return ObservedRows([], np.zeros(0), np.zeros(0), np.zeros(0), str)


def _named(column: str, wanted: SeriesWanted) -> tuple[str | None, str]:
    """The river that a column belongs to, or the word for what it holds, and its unit."""
    bare, unit = name_and_unit(column)
    plain = without_accents(bare)
    for name, others in wanted.names.items():
        for other in (name, *others, *wanted.columns):
            known = without_accents(other)
            label = name if other not in wanted.columns else other
            if plain == known:
                return label, unit
            if plain.startswith(f"{known}_") and not unit:
                return label, plain_unit(bare[len(known) + 1 :])
    return None, unit


def _rows(
    block: TableBlock,
    column: str,
    own: str,
    wanted: SeriesWanted,
    clock: tuple[np.ndarray, np.ndarray],
    stations: Sequence[str],
) -> ObservedRows:
    source, unit = block.style.source, UNITS[wanted.what]
    if not own:
        raise UnusableInputError(
            f"{source}: the unit of column '{shortened(column)}' is not said; call it '{shortened(column)} [{unit}]', or "
            "with its own unit"
        )
    values = block.maybe_numbers(column) * unit_factor(own, unit, f"{source}, column '{shortened(column)}'")
    return ObservedRows(list(stations), clock[0], values, clock[1], lambda row: block.where(column, row))


def _by_station(rows: ObservedRows) -> dict[str, tuple[ObservedRows, np.ndarray]]:
    names = np.array(rows.stations, dtype=object)
    return {name: (rows, np.flatnonzero(names == name)) for name in dict.fromkeys(rows.stations)}
