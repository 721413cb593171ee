"""What drives a forecast: rivers and surge from files, held against the time that has to be covered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from frugal.errors import UnusableInputError
from frugal.estuaries.forecasting.question import DAY_S, HOUR_S, ForecastQuestion
from frugal.formats.dates import moment_text
from frugal.formats.station_series import FilledGap, SeriesWanted, read_station_series
from frugal.formats.time_series import TimeSeries
from frugal.studies.estuary.place.site import RiverEntry
from frugal.texts import Text, room_texts

_TEXTS = room_texts("frugal.estuaries")
_FLOWS = ("discharge", "debit", "flow", "streamflow")
_CF_FLOWS = ("water_volume_transport_in_river_channel",)
_SURGES = ("surge", "surcote", "residual")
_LEVELS = ("level", "niveau", "hauteur")
_LARGEST_M3_S = 1e6
_SURGE_M, _LEVEL_M = (-3.0, 5.0), (-30.0, 30.0)
_SURGE_GAP_S = 6.0 * HOUR_S
#: A surge that varies more is a level.
_SURGE_SPREAD_M = 1.0
#: Flows so many times beyond those of the site are in another unit.
_ODD = 10.0
_ANY_GAP_S = 1e12
#: Notes on gaps that are told one by one.
_MOST_NOTES = 6


@dataclass(frozen=True, eq=False)
class Boundaries:
    """Series that cover a run.

    Attributes
    ----------
    rivers : dict of str to (ndarray, ndarray)
        Times [s since 1970, UTC] and discharges [m³/s].
    surge : (ndarray, ndarray) or None
        Times and metres.
    held_from_s : dict of str to float
        Last moment with a value of rivers that keep it from there on.
    notes : tuple of Text
    """

    rivers: dict[str, tuple[np.ndarray, np.ndarray]]
    surge: tuple[np.ndarray, np.ndarray] | None
    held_from_s: dict[str, float]
    notes: tuple[Text, ...]


def read_boundaries(asked: ForecastQuestion, start_s: float, goes_on: bool) -> Boundaries:
    """Rivers and surge of a run.

    Parameters
    ----------
    asked : ForecastQuestion
    start_s : float
        Where the run begins [s since 1970, UTC].
    goes_on : bool
        It begins from a state: then its series must cover all of it; the first value is held through a spin-up.

    Raises
    ------
    UnusableInputError
        If a river has no series, or one does not cover the run.
    """
    found, gaps = _river_files(asked)
    lacking = [river.name for river in asked.site.river if river.name not in found]
    if lacking:
        raise UnusableInputError(
            f"no discharge is given for {', '.join(lacking)}: name files that have it with --series FILE or --series "
            "RIVER=FILE"
        )
    notes: list[Text] = []
    rivers, held = {}, {}
    for river in asked.site.river:
        series = found[river.name]
        kept = series.time_s[-1] < asked.end_s
        rivers[river.name] = _covering(asked, series, f"discharge of {river.name}", start_s, goes_on, notes)
        if kept:
            held[river.name] = float(series.time_s[-1])
        _check_size(river, *rivers[river.name], start_s, asked.end_s, series.source, notes)
    surge = None
    if asked.surge is None:
        notes.append(_TEXTS.say("forecast.note.no_surge"))
    else:
        surge = _surge(asked, asked.surge, start_s, goes_on, gaps, notes)
    within = [gap for gap in gaps if gap.end_s > start_s and gap.begin_s < asked.end_s]
    for gap in within[:_MOST_NOTES]:
        times = {"begin": moment_text(gap.begin_s), "end": moment_text(gap.end_s)}
        notes.append(_TEXTS.say("forecast.note.gap", source=gap.source, name=gap.name, **times))
    if len(within) > _MOST_NOTES:
        notes.append(_TEXTS.say("forecast.note.gaps", count=len(within) - _MOST_NOTES))
    return Boundaries(rivers, surge, held, tuple(notes))


def read_observed(asked: ForecastQuestion) -> dict[str, TimeSeries]:
    """Levels that were observed at gauges, as they stand in the files.

    Raises
    ------
    UnusableInputError
        If a file has no level of a gauge of the site, or cannot be read.
    """
    found: dict[str, TimeSeries] = {}
    gauges = tuple(gauge.name for gauge in asked.site.gauge)
    if asked.observed and not gauges:
        raise UnusableInputError(f"--observed '{asked.observed[0][1]}': the site has no gauge to hold levels against")
    for name, path in asked.observed:
        names = asked.names_of(gauges if name is None else (name,))
        wanted = SeriesWanted(names, "level", _LEVELS, *_LEVEL_M, _ANY_GAP_S, asked.zone)
        _take(found, read_station_series(path, wanted).series, path)
    return found


def _take(found: dict[str, TimeSeries], more: dict[str, TimeSeries], path: Path) -> None:
    for name, series in more.items():
        if name in found:
            raise UnusableInputError(f"'{path}' has {name} too, which {found[name].source} has; leave one out")
        found[name] = series


def _river_files(asked: ForecastQuestion) -> tuple[dict[str, TimeSeries], list[FilledGap]]:
    found: dict[str, TimeSeries] = {}
    gaps: list[FilledGap] = []
    for name, path in asked.series:
        parts = (name,) if name is not None else tuple(river.name for river in asked.site.river)
        wanted = SeriesWanted(
            asked.names_of(parts),
            "discharge",
            _FLOWS,
            0.0,
            _LARGEST_M3_S,
            asked.longest_gap_h * HOUR_S,
            asked.zone,
            _CF_FLOWS,
        )
        read = read_station_series(path, wanted)
        _take(found, read.series, path)
        gaps += read.gaps
    return found, gaps


def _surge(
    asked: ForecastQuestion, path: Path, start_s: float, goes_on: bool, gaps: list[FilledGap], notes: list[Text]
) -> tuple[np.ndarray, np.ndarray]:
    wanted = SeriesWanted({"surge": _SURGES[1:]}, "level", _SURGES, *_SURGE_M, _SURGE_GAP_S, asked.zone)
    read = read_station_series(path, wanted)
    series = read.series["surge"]
    spread = float(np.std(series.values))
    if spread > _SURGE_SPREAD_M:
        raise UnusableInputError(
            f"{series.source}: the surge varies by {spread:.2g} m about its mean, as levels with their tide do; take the "
            "tide off first"
        )
    gaps += read.gaps
    return _covering(asked, series, "surge", start_s, goes_on, notes)


def _covering(
    asked: ForecastQuestion, series: TimeSeries, what: str, start_s: float, goes_on: bool, notes: list[Text]
) -> tuple[np.ndarray, np.ndarray]:
    """A series from the start of a run to its end."""
    times, values = series.time_s, series.values
    latest = start_s if goes_on else asked.begin_s
    if times[0] > latest:
        from_what = "the state that it goes on from" if goes_on else "the forecast"
        raise UnusableInputError(
            f"{series.source}: {what} begins {moment_text(times[0])}, {from_what} {moment_text(latest)}; a series that covers "
            "it is needed"
        )
    if times[0] > start_s:
        notes.append(_TEXTS.say("forecast.note.held_before", what=_what(what), time=moment_text(times[0])))
        times, values = np.append(start_s, times), np.append(values[0], values)
    if times[-1] < asked.end_s:
        if what == "surge" or not asked.hold_flows:
            more = "" if what == "surge" else ", or add --hold-flows to keep its last value"
            raise UnusableInputError(
                f"{series.source}: {what} ends {moment_text(times[-1])}, the forecast {moment_text(asked.end_s)}; give a "
                f"longer series, or fewer --days{more}"
            )
        days = (asked.end_s - times[-1]) / DAY_S
        notes.append(
            _TEXTS.say("forecast.note.held", what=_what(what), time=moment_text(times[-1]), days=round(days, 1))
        )
        times, values = np.append(times, asked.end_s), np.append(values, values[-1])
    return times, values


def _what(what: str) -> Text:
    name = what.removeprefix("discharge of ")
    return _TEXTS.say("forecast.surge") if name == "surge" else _TEXTS.say("forecast.river", name=name)


def _check_size(
    river: RiverEntry,
    times: np.ndarray,
    values: np.ndarray,
    start_s: float,
    end_s: float,
    source: str,
    notes: list[Text],
) -> None:
    """Refuse discharges in another unit, and tell those that the site was not made for."""
    at = np.arange(start_s, end_s + 1.0, HOUR_S)
    used = np.interp(at, times, values)
    low, high = river.flow_m3_s
    middle = float(np.median(used))
    if not low / _ODD <= middle <= high * _ODD:
        raise UnusableInputError(
            f"{source}: discharge of {river.name} is {middle:.3g} m3/s in the middle, where this site has {low:g} to {high:g} "
            "m3/s; is it in another unit?"
        )
    if used.min() < low or used.max() > high:
        ends = {"least": used.min(), "most": used.max(), "low": low, "high": high}
        notes.append(
            _TEXTS.say("forecast.note.beyond", name=river.name, **{key: f"{value:.4g}" for key, value in ends.items()})
        )


def flows_at(boundaries: Boundaries, names: Sequence[str], times_s: np.ndarray) -> np.ndarray:
    """Discharges at times [m³/s], ``[time, river]``."""
    columns = [np.interp(times_s, *boundaries.rivers[name]) for name in names]
    return np.stack(columns, axis=1) if columns else np.zeros((len(times_s), 0))
