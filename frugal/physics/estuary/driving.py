"""What drives the water from outside: levels at mouths, rivers at heads and junctions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from frugal.errors import UnusableInputError
from frugal.physics.compiled import inner
from frugal.physics.estuary.network import Layout


@dataclass(frozen=True)
class SeaLevel:
    """Level at a mouth: mean + sum of amplitude cos(speed t - phase), or a series.

    Parameters
    ----------
    mean_m : float
        Mean level over the datum [m]; added to a series, too.
    amplitudes_m, phases_rad, speeds_rad_s : sequence of float
        Of the constituents; phases are lags at the time 0 of the run.
    series : pair of arrays, optional
        Times [s] and levels [m]; between them runs the cubic through the neighbours.
    """

    mean_m: float = 0.0
    amplitudes_m: Sequence[float] = ()
    phases_rad: Sequence[float] = ()
    speeds_rad_s: Sequence[float] = ()
    series: tuple[Any, Any] | None = None


@dataclass(frozen=True)
class Driving:
    """Levels at the mouths and discharges at the other places.

    Parameters
    ----------
    levels : mapping of str to SeaLevel
        One for each mouth.
    rivers : mapping of str to float or pair of arrays
        Discharge that enters at a place [m³/s], constant or as times [s] and values, linear between; none where unnamed.
    sea_level_rise_m : float
        Added at all mouths.
    ramp_s : float
        Time over which tides grow from nothing at the start of a run [s].
    """

    levels: Mapping[str, SeaLevel]
    rivers: Mapping[str, Any] = field(default_factory=dict)
    sea_level_rise_m: float = 0.0
    ramp_s: float = 0.0


class Driven(NamedTuple):
    """The same as arrays, by place."""

    constant: np.ndarray  # mean level [m] or discharge [m³/s]
    tides: np.ndarray  # [k]: amplitude, phase, speed
    tides_from: np.ndarray  # [place + 1]
    times: np.ndarray
    values: np.ndarray
    series_from: np.ndarray  # [place + 1]
    ramp: np.ndarray  # start, duration [s]


@inner(error_model="numpy")
def _below(times: np.ndarray, low: int, high: int, time: float) -> int:
    """Last k in low .. high - 2 whose time is not after the given one, or low."""
    while high - low > 2:
        middle = (low + high - 1) // 2
        if times[middle] <= time:
            low = middle
        else:
            high = middle + 1
    return low


@inner(error_model="numpy")
def driven_at(driven: Driven, place: int, time: float, is_level: bool) -> float:
    """Level [m] or discharge [m³/s] at a place."""
    tide = 0.0
    for k in range(driven.tides_from[place], driven.tides_from[place + 1]):
        tide += driven.tides[k, 0] * math.cos(driven.tides[k, 2] * time - driven.tides[k, 1])
    first, end = driven.series_from[place], driven.series_from[place + 1]
    if end > first:
        times, values = driven.times, driven.values
        k = _below(times, first, end, time)
        step = times[k + 1] - times[k]
        s = min(max((time - times[k]) / step, 0.0), 1.0)
        a, b = values[k], values[k + 1]
        if is_level:  # cubic Hermite, slopes through the neighbours
            ma = (b - values[k - 1]) / (times[k + 1] - times[k - 1]) if k > first else (b - a) / step
            mb = (values[k + 2] - a) / (times[k + 2] - times[k]) if k + 2 < end else (b - a) / step
            bend = s * (1.0 - s)
            tide += a + s * s * (3.0 - 2.0 * s) * (b - a) + step * bend * ((1.0 - s) * ma - s * mb)
        else:
            tide += a + s * (b - a)
    if driven.ramp[1] > 0.0 and is_level:
        tide *= min(max((time - driven.ramp[0]) / driven.ramp[1], 0.0), 1.0)
    return driven.constant[place] + tide


def series_of(what: str, series: Any) -> tuple[np.ndarray, np.ndarray]:
    """Times and values of a series, checked.

    Parameters
    ----------
    what : str
        Named in errors.
    series : pair of arrays

    Returns
    -------
    tuple of ndarray
    """
    times, values = (np.asarray(part, dtype=float) for part in series)
    if times.ndim != 1 or times.shape != values.shape or times.size < 2:
        raise UnusableInputError(
            f"{what}: {times.size} times and {values.size} values; equal numbers, at least 2, are needed"
        )
    if not np.all(np.diff(times) > 0.0):
        raise UnusableInputError(f"{what}: times must rise from value to value")
    if not np.all(np.isfinite(values)):
        gap = float(times[np.flatnonzero(~np.isfinite(values))[0]])
        raise UnusableInputError(f"{what}: the value at {gap:g} s is missing; fill gaps before the run")
    return times, values


def _covers(what: str, times: np.ndarray, start_s: float, end_s: float) -> None:
    if times[0] > start_s or times[-1] < end_s:
        raise UnusableInputError(
            f"{what}: the series runs from {times[0]:g} to {times[-1]:g} s, the run from {start_s:g} to {end_s:g} s"
        )


def _sea_of(driving: Driving, place: str) -> SeaLevel:
    if place not in driving.levels:
        raise UnusableInputError(f"no level is given at mouth '{place}'; give constituents or a series")
    if place in driving.rivers:
        raise UnusableInputError(f"a river is given at mouth '{place}', where the level is; take one of both out")
    return driving.levels[place]


def _waves_of(place: str, level: SeaLevel) -> np.ndarray:
    """Amplitude, phase and speed of the constituents at a mouth."""
    counts = [len(level.amplitudes_m), len(level.phases_rad), len(level.speeds_rad_s)]
    if len(set(counts)) > 1:
        raise UnusableInputError(
            f"mouth '{place}': {counts[0]} amplitudes, {counts[1]} phases and {counts[2]} speeds; equal numbers are needed"
        )
    waves = np.array([level.amplitudes_m, level.phases_rad, level.speeds_rad_s], dtype=float).T.reshape(-1, 3)
    if not np.all(np.isfinite(waves)):
        raise UnusableInputError(f"mouth '{place}': the constituents hold values that are not finite numbers")
    return waves


def _river_of(driving: Driving, layout: Layout, place: str) -> tuple[float, np.ndarray, Any]:
    """Constant discharge, no tide, and the series if there is one."""
    if place in driving.levels:
        raise UnusableInputError(
            f"a level is given at '{place}', which is no mouth; mouths: {', '.join(layout.estuary.mouths)}"
        )
    river = driving.rivers.get(place, 0.0)
    if isinstance(river, tuple | list):
        return 0.0, np.zeros((0, 3)), river
    return float(river), np.zeros((0, 3)), None


def driven_of(driving: Driving, layout: Layout, start_s: float, end_s: float) -> Driven:
    """The arrays of what drives a run.

    Parameters
    ----------
    driving : Driving
    layout : Layout
    start_s, end_s : float
        Of the run [s]; series must cover it.

    Returns
    -------
    Driven
    """
    for name in (*driving.levels, *driving.rivers):
        layout.place(name)
    constant = np.zeros(len(layout.places))
    tides, times, values = [np.zeros((0, 3))], [np.zeros(0)], [np.zeros(0)]
    tides_from, series_from = [0], [0]
    for k, place in enumerate(layout.places):
        if layout.cells.is_mouth[k]:
            what = f"levels at '{place}'"
            level = _sea_of(driving, place)
            constant[k], waves, series = level.mean_m + driving.sea_level_rise_m, _waves_of(place, level), level.series
        else:
            what = f"river at '{place}'"
            constant[k], waves, series = _river_of(driving, layout, place)
        if not np.isfinite(constant[k]):
            raise UnusableInputError(f"{what} = {constant[k]}; a finite number is needed")
        tides.append(waves)
        tides_from.append(tides_from[-1] + waves.shape[0])
        series_from.append(series_from[-1])
        if series is not None:
            at, of = series_of(what, series)
            _covers(what, at, start_s, end_s)
            times.append(at)
            values.append(of)
            series_from[-1] += at.size
    return Driven(
        constant,
        np.concatenate(tides),
        np.array(tides_from, dtype=np.int64),
        np.concatenate(times),
        np.concatenate(values),
        np.array(series_from, dtype=np.int64),
        np.array([start_s, driving.ramp_s], dtype=float),
    )
