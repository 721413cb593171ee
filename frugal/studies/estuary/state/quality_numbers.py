"""Numbers that tell salt, mud and oxygen of an estuary, from series along a path of reaches.

Arrays are [time, place]; distances [place] rise landward along one path, say mouth, Gironde, Garonne; times rise. Between
places and between times values go straight. Places without water may hold NaN: they count as neither over nor under a limit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from frugal.errors import UnusableInputError

HOUR_S, DAY_S = 3600.0, 86400.0
#: What stands for a day.
DAILY = ("minimum", "mean")


@dataclass(frozen=True)
class TurbidityMaximum:
    """Where mud in the water is gathered.

    Parameters
    ----------
    centroid_m : ndarray
        Of the mud above the background, [time]; NaN where there is none [m].
    mass_kg : ndarray
        Of the mud above the background, [time] [kg].
    """

    centroid_m: np.ndarray
    mass_kg: np.ndarray


@dataclass(frozen=True)
class LowestOxygen:
    """The lowest value of a series along a path.

    Parameters
    ----------
    value_mg_l : float
    time_s : float
    distance_m : float
    """

    value_mg_l: float
    time_s: float
    distance_m: float


def _table(what: str, values: ArrayLike, times: np.ndarray | None, distance: np.ndarray | None) -> np.ndarray:
    """Values as [time, place], checked against times and distances."""
    table = np.asarray(values, dtype=float)
    if table.ndim != 2:
        raise UnusableInputError(f"{what} has {table.ndim} dimensions; two, time and place, are needed")
    for axis, name, along in ((0, "times", times), (1, "distances", distance)):
        if along is None:
            continue
        if along.shape != (table.shape[axis],):
            raise UnusableInputError(f"{what} has {table.shape[axis]} {name}, of which {along.size} are given")
        if np.any(np.diff(along) <= 0.0):
            raise UnusableInputError(f"{what}: its {name} must rise from value to value")
    return table


def salt_limit_m(salinity: ArrayLike, distance_m: ArrayLike, threshold_psu: float = 0.5) -> np.ndarray:
    """How far landward salt reaches: the farthest place with as much as a threshold.

    Parameters
    ----------
    salinity : array
        [time, place] [psu].
    distance_m : array
        [place], rising landward [m].
    threshold_psu : float

    Returns
    -------
    ndarray
        [time] [m]; the first distance where no place has so much, the last one where the last place still has.
    """
    distance = np.asarray(distance_m, dtype=float)
    table = _table("salinity", salinity, None, distance)
    found = np.full(table.shape[0], distance[0])
    for k, row in enumerate(table):
        salty = np.flatnonzero(row >= threshold_psu)
        if salty.size == 0:
            continue
        last = int(salty[-1])
        found[k] = distance[last]
        if last + 1 < distance.size and np.isfinite(row[last + 1]):
            share = (row[last] - threshold_psu) / (row[last] - row[last + 1])
            found[k] += share * (distance[last + 1] - distance[last])
    return found


def hours_over(times_s: ArrayLike, values: ArrayLike, limit: float) -> float:
    """Hours in which a series lies over a limit.

    Parameters
    ----------
    times_s : array
        [time] [s].
    values : array
        [time]; straight between times.
    limit : float
        In the unit of the values.

    Returns
    -------
    float
        [h]
    """
    times = np.asarray(times_s, dtype=float)
    over = _table("the series", np.reshape(np.asarray(values, dtype=float), (-1, 1)), times, None)[:, 0] - limit
    a, b = over[:-1], over[1:]
    size = np.abs(a) + np.abs(b)
    part = np.divide(np.maximum(a, 0.0) + np.maximum(b, 0.0), size, out=np.zeros_like(size), where=size > 0.0)
    return float(np.nansum(np.diff(times) * part)) / HOUR_S


def turbidity_maximum(
    mud: ArrayLike, distance_m: ArrayLike, area_m2: ArrayLike, background_kg_m3: float = 0.0
) -> TurbidityMaximum:
    """Centre and mass of the mud in the water above a background, by trapezia between places.

    Parameters
    ----------
    mud : array
        [time, place] [kg/m³].
    distance_m : array
        [place], rising landward [m].
    area_m2 : array
        Of the sections, [place] or [time, place] [m²].
    background_kg_m3 : float
        Mud below this concentration is not counted, nor that part of higher ones.

    Returns
    -------
    TurbidityMaximum
    """
    distance = np.asarray(distance_m, dtype=float)
    table = _table("mud", mud, None, distance)
    line = np.nan_to_num(np.maximum(table - background_kg_m3, 0.0)) * np.broadcast_to(
        np.asarray(area_m2, dtype=float), table.shape
    )
    mass = np.trapezoid(line, distance, axis=1)
    moment = np.trapezoid(line * distance, distance, axis=1)
    return TurbidityMaximum(np.divide(moment, mass, out=np.full_like(mass, np.nan), where=mass > 0.0), mass)


def lowest_oxygen(times_s: ArrayLike, oxygen: ArrayLike, distance_m: ArrayLike) -> LowestOxygen:
    """The lowest oxygen along a path, when and where.

    Parameters
    ----------
    times_s : array
        [time] [s].
    oxygen : array
        [time, place] [mg/l].
    distance_m : array
        [place], rising landward [m].

    Returns
    -------
    LowestOxygen
    """
    times, distance = np.asarray(times_s, dtype=float), np.asarray(distance_m, dtype=float)
    table = _table("oxygen", oxygen, times, distance)
    if not np.any(np.isfinite(table)):
        raise UnusableInputError("oxygen holds no finite number; at least one is needed")
    k, i = np.unravel_index(int(np.nanargmin(table)), table.shape)
    return LowestOxygen(float(table[k, i]), float(times[k]), float(distance[i]))


def daily(times_s: ArrayLike, values: ArrayLike, of: str = "minimum") -> np.ndarray:
    """Values of days of 24 h, counted from the first time; what is left of a day at the end is dropped.

    Parameters
    ----------
    times_s : array
        [time], at equal distances [s].
    values : array
        [time].
    of : str
        "minimum" or "mean" of the values from the beginning of a day to before that of the next.

    Returns
    -------
    ndarray
        [day]
    """
    if of not in DAILY:
        raise UnusableInputError(f"values of days by '{of}'; allowed: {', '.join(DAILY)}")
    times = np.asarray(times_s, dtype=float)
    series = _table("the series", np.reshape(np.asarray(values, dtype=float), (-1, 1)), times, None)[:, 0]
    if times.size < 2:
        return np.zeros(0)
    step = float(times[1] - times[0])
    day = np.floor((times - times[0]) / DAY_S + 1e-9).astype(int)
    whole = int(np.floor((times[-1] - times[0] + step) / DAY_S + 1e-9))
    take = np.nanmin if of == "minimum" else np.nanmean
    parts = [series[day == k] for k in range(whole)]
    return np.array([take(part) if np.any(np.isfinite(part)) else np.nan for part in parts])


def days_under(times_s: ArrayLike, oxygen: ArrayLike, limit_mg_l: float = 5.0, of: str = "minimum") -> tuple[int, int]:
    """Days with oxygen under a limit at a place, and the longest run of them.

    Parameters
    ----------
    times_s : array
        [time], at equal distances [s].
    oxygen : array
        [time] [mg/l].
    limit_mg_l : float
    of : str
        Whether the "minimum" or the "mean" of a day counts.

    Returns
    -------
    tuple of int and int
        All days under the limit; the longest run of days that follow one another.
    """
    under = daily(times_s, oxygen, of) < limit_mg_l
    longest = run = 0
    for low in under:
        run = run + 1 if low else 0
        longest = max(longest, run)
    return int(under.sum()), longest
