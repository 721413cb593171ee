"""High and low waters: the extremes of a tide, stands and double ones counted once.

Extremes are zeros of the slope, found between samples that zeros of the curvature refine, so that a pair that lies within one
step is not lost, and brought to a hundredth of a second. A high water with two peaks (Le Havre, Southampton), or a low one with
two troughs (Portland), is one high or low water: peaks nearer than half a semidiurnal tide, with a dip between them of less
than half the fall to the low waters on either side, are one, told by its highest. How long the water stands is told beside it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from frugal.errors import UnusableInputError
from frugal.physics.tide.astronomy import checked_times
from frugal.physics.tide.prediction import HarmonicConstants, levels_and_slopes

_STEP_S = 360.0
_ACCURACY_S = 0.01
#: Extremes of one kind that lie nearer are one water: half a tide of M2.
_ONE_WATER_S = 12.4206 * 3600.0 / 2
#: Of the fall on either side: a deeper dip parts two waters.
_DIP_SHARE = 0.5
#: Steps of less between a peak and a trough are no tide.
NEGLIGIBLE_M = 0.005
#: The water stands while it is nearer to its extreme than that.
STAND_M = 0.05
_MARGIN_S = 26.0 * 3600.0
#: No tide stands longer on either side of its extreme.
_STAND_WITHIN_S = 12.0 * 3600.0


@dataclass(frozen=True, eq=False)
class Waters:
    """High and low waters in the order of time ``[n]``; high and low alternate.

    Attributes
    ----------
    time_s : ndarray
        Of the highest peak, or the lowest trough; seconds since 1970, UTC.
    level_m : ndarray
    high : ndarray of bool
    peaks : ndarray of int
        How many peaks, or troughs, make it: 2 is a double high or low water.
    other_time_s : ndarray
        Of the next best peak or trough; NaN where there is one.
    stand_s : ndarray
        How long the level stays within `STAND_M` of it, dips between peaks that belong to it included.
    """

    time_s: np.ndarray
    level_m: np.ndarray
    high: np.ndarray
    peaks: np.ndarray
    other_time_s: np.ndarray
    stand_s: np.ndarray

    def within(self, begin_s: float, end_s: float) -> Waters:
        """Those of a period, both ends included."""
        kept = (self.time_s >= begin_s) & (self.time_s <= end_s)
        return Waters(*(getattr(self, name)[kept] for name in self.__dataclass_fields__))


def high_and_low_waters(
    begin_s: float,
    end_s: float,
    constants: HarmonicConstants,
    convention: str = "schureman",
    latitude_deg: float | None = None,
    step_s: float = _STEP_S,
) -> Waters:
    """High and low waters of a period.

    Parameters
    ----------
    begin_s, end_s : float
        Seconds since 1970, UTC.
    constants : HarmonicConstants
    convention : {"schureman", "foreman", "none"}
        Of the nodal corrections.
    latitude_deg : float, optional
        ``foreman`` needs it.
    step_s : float
        Between samples; shorter than an eighth of the shortest period. Stands are told to some seconds with the default.

    Raises
    ------
    UnusableInputError
        If the period ends before it begins.
    """
    checked_times(np.array([begin_s, end_s]))
    if not end_s > begin_s:
        raise UnusableInputError(
            f"the period ends {begin_s - end_s:g} s before it begins; an end after the begin is needed"
        )

    def tide(times: np.ndarray) -> np.ndarray:
        return levels_and_slopes(times, constants, convention, latitude_deg)

    # what lies beyond the ends decides which peaks are one water
    times = np.arange(begin_s - _MARGIN_S, end_s + _MARGIN_S + step_s, step_s)
    found = tide(times)
    bends = _zeros(tide, 2, times, found[:, 2])
    if bends.size:
        times = np.concatenate([times, bends])
        order = np.argsort(times, kind="stable")
        times, found = times[order], np.concatenate([found, tide(bends)])[order]
    extremes = _zeros(tide, 1, times, found[:, 1])
    at = tide(extremes)
    return _waters(extremes, at[:, 0], at[:, 2] < 0, times, found[:, 0]).within(begin_s, end_s)


def waters_of_series(times_s: np.ndarray, levels_m: np.ndarray) -> Waters:
    """High and low waters of a series of levels, as those of a solver: a parabola through three values tells each extreme.

    Parameters
    ----------
    times_s : ndarray [t]
        Growing, in seconds from any moment.
    levels_m : ndarray [t]
    """
    times, levels = np.asarray(times_s, dtype=np.float64), np.asarray(levels_m, dtype=np.float64)
    if times.shape != levels.shape or times.ndim != 1 or len(times) < 3:
        raise UnusableInputError(
            f"times {times.shape} and levels {levels.shape}: two series of one length, 3 or more, are needed"
        )
    if not (np.isfinite(times).all() and np.isfinite(levels).all() and (np.diff(times) > 0).all()):
        raise UnusableInputError("times have to grow, and times and levels to be finite numbers")
    # a flat top of equal values is one extreme, in its middle
    first = np.concatenate([[True], levels[1:] != levels[:-1]])
    group = np.cumsum(first) - 1
    middle = np.bincount(group, times) / np.bincount(group)
    value = levels[first]
    rise = np.diff(value)
    turn = np.flatnonzero(rise[1:] * rise[:-1] < 0) + 1
    before, after = middle[turn] - middle[turn - 1], middle[turn + 1] - middle[turn]
    down, up = rise[turn - 1] / before, rise[turn] / after
    curvature = (up - down) / (before + after)
    slope = (down * after + up * before) / (before + after)
    shift = np.where(np.bincount(group)[turn] > 1, 0.0, -slope / (2 * curvature))
    return _waters(middle[turn] + shift, value[turn] + slope * shift / 2, curvature < 0, times, levels)


def _zeros(tide: Callable[[np.ndarray], np.ndarray], column: int, times: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Zeros of slope (1) or curvature (2) between samples, by halving: all at once."""
    place = np.flatnonzero(np.sign(values[:-1]) * np.sign(values[1:]) < 0)
    low, high, sign = times[place], times[place + 1], np.sign(values[place])
    while low.size and float((high - low).max()) > _ACCURACY_S:
        middle = (low + high) / 2
        same = np.sign(tide(middle)[:, column]) == sign
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    exact = times[np.flatnonzero(values == 0.0)]
    return np.sort(np.concatenate([(low + high) / 2, exact]))


def _waters(
    times: np.ndarray, levels: np.ndarray, high: np.ndarray, sampled_s: np.ndarray, sampled_m: np.ndarray
) -> Waters:
    chain = _alternating(times, levels, high)
    merged = _merged(chain)
    rows = [_told(peaks, is_high, sampled_s, sampled_m) for peaks, is_high in merged]
    table = np.array(rows, dtype=np.float64).reshape(-1, 6).T
    return Waters(table[0], table[1], table[2] > 0, table[3].astype(np.int64), table[4], table[5])


#: Peaks of a water, as (time, level), and whether it is a high one.
_Water = tuple[list[tuple[float, float]], bool]


def _alternating(times: np.ndarray, levels: np.ndarray, high: np.ndarray) -> list[_Water]:
    """Extremes as waters of one peak each; of two of one kind beside each other the better one counts."""
    chain: list[_Water] = []
    for time, level, is_high in zip(times.tolist(), levels.tolist(), high.tolist(), strict=True):
        if chain and chain[-1][1] == is_high:
            if (level > chain[-1][0][0][1]) == is_high:
                chain[-1] = ([(time, level)], is_high)
            continue
        chain.append(([(time, level)], is_high))
    return chain


def _best(water: _Water) -> tuple[float, float]:
    """The highest peak, or the lowest trough."""
    return max(water[0], key=lambda peak: peak[1] if water[1] else -peak[1])


def _merged(chain: list[_Water]) -> list[_Water]:
    """Waters that are one are joined, the smallest dips first, until all that is left parts two."""
    while True:
        levels = [_best(water)[1] for water in chain]
        steps = [abs(levels[i + 1] - levels[i]) for i in range(len(chain) - 1)]
        taken: set[int] = set()
        joined: dict[int, _Water] = {}
        for step in sorted(range(len(steps)), key=steps.__getitem__):
            # of the two extremes of a small step either may be the dip between its neighbours
            for middle in (step, step + 1):
                about = range(middle - 2, middle + 3)
                if taken.isdisjoint(about) and _is_one(chain, steps, middle):
                    peaks, kind = chain[middle - 1][0] + chain[middle + 1][0], chain[middle - 1][1]
                    joined[middle] = (peaks if steps[step] >= NEGLIGIBLE_M else [_best((peaks, kind))], kind)
                    taken.update(about)
                    break
        if not joined:
            return chain
        gone = {place for middle in joined for place in (middle - 1, middle + 1)}
        chain = [joined.get(place, water) for place, water in enumerate(chain) if place not in gone]


def _is_one(chain: list[_Water], steps: list[float], middle: int) -> bool:
    """Whether the waters on both sides of a dip are one."""
    if not 2 <= middle <= len(chain) - 3:
        return False
    dip = min(steps[middle - 1], steps[middle])
    if dip < NEGLIGIBLE_M:
        return True
    near = _best(chain[middle + 1])[0] - _best(chain[middle - 1])[0] < _ONE_WATER_S
    # from either peak to the far side of its own water
    fall = min(steps[middle - 2], steps[middle + 1])
    return near and max(steps[middle - 1], steps[middle]) < _DIP_SHARE * fall


def _told(
    peaks: list[tuple[float, float]], is_high: bool, sampled_s: np.ndarray, sampled_m: np.ndarray
) -> tuple[float, float, bool, int, float, float]:
    time, level = _best((peaks, is_high))
    others = [peak for peak in peaks if peak[0] != time]
    other = _best((others, is_high))[0] if others else float("nan")
    first, last = min(peak[0] for peak in peaks), max(peak[0] for peak in peaks)
    near = slice(*np.searchsorted(sampled_s, [first - _STAND_WITHIN_S, last + _STAND_WITHIN_S]))
    sampled_s, sampled_m = sampled_s[near], sampled_m[near]
    away = np.abs(sampled_m - level) > STAND_M
    before, after = np.flatnonzero(away & (sampled_s < first)), np.flatnonzero(away & (sampled_s > last))
    begin = _crossing(sampled_s, sampled_m, int(before[-1]), 1, level) if before.size else float(sampled_s[0])
    end = _crossing(sampled_s, sampled_m, int(after[0]), -1, level) if after.size else float(sampled_s[-1])
    return time, level, is_high, len(peaks), other, end - begin


def _crossing(sampled_s: np.ndarray, sampled_m: np.ndarray, outside: int, inward: int, level: float) -> float:
    """When the level comes within `STAND_M`, on a line between two samples."""
    inside = min(max(outside + inward, 0), len(sampled_s) - 1)
    here, there = abs(sampled_m[outside] - level), abs(sampled_m[inside] - level)
    share = (here - STAND_M) / (here - there) if here > there else 1.0
    return float(sampled_s[outside] + min(share, 1.0) * (sampled_s[inside] - sampled_s[outside]))
