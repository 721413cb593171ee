"""Depth under the keel of a ship along a channel, and when she may leave so that it suffices all the way.

A ship that enters at one end passes each place at another time, and with the tide or against it. For each time of departure the
passage is followed from place to place; a window of departures is a span in which every place leaves the margin. Nobody waits
under way. All is told from levels and currents [time, place] of the middle of the channel's section: no swell, no set-down by
wind or air pressure, no density of the water, no surveyed shoal. **Not for navigation.**
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from frugal.errors import UnusableInputError
from frugal.estuaries.squat import KNOT_M_S, blockage, squat_m

#: Inbound goes from the sea upstream.
Direction = Literal["in", "out"]
#: A ship that makes less way than this over the ground does not arrive.
_LEAST_WAY_M_S = 0.2
_LIMITS = {
    "draught_m": (0.1, 30.0),
    "speed_kn": (0.5, 40.0),
    "beam_m": (1.0, 80.0),
    "block_coefficient": (0.3, 0.99),
    "margin_m": (0.0, 10.0),
}


@dataclass(frozen=True)
class Ship:
    """A ship and how she is sailed.

    Parameters
    ----------
    draught_m : float
        At rest.
    speed_kn : float
        Over the ground, or through the water; knots.
    beam_m : float
    block_coefficient : float
        Volume of the hull below water over length, beam and draught.
    margin_m : float
        Least depth of water that is to stay under the keel, squat taken off.
    through_water : bool
        The speed is through the water, and currents carry her.
    """

    draught_m: float
    speed_kn: float
    beam_m: float = 30.0
    block_coefficient: float = 0.8
    margin_m: float = 0.5
    through_water: bool = False

    def __post_init__(self) -> None:
        for name, (low, high) in _LIMITS.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise UnusableInputError(f"{name} = {value:g}; {low:g} to {high:g} are allowed")


@dataclass(frozen=True, eq=False)
class ShipChannel:
    """Places along a channel, from the sea upstream.

    Parameters
    ----------
    names : tuple of str
        Of the places.
    along_m : ndarray [place]
        From the sea, rising.
    depth_m : ndarray [place]
        Of the channel below the datum of the levels.
    width_m : ndarray [place]
        Of the water that the ship moves, at most.
    """

    names: tuple[str, ...]
    along_m: np.ndarray
    depth_m: np.ndarray
    width_m: np.ndarray

    def deepened(self, more_m: np.ndarray) -> ShipChannel:
        """The channel so much deeper [m], [place]."""
        return replace(self, depth_m=self.depth_m + more_m)


@dataclass(frozen=True, eq=False)
class ChannelWater:
    """Levels and currents along a channel.

    Parameters
    ----------
    times_s : ndarray [time]
        At equal distances, seconds since 1970, UTC.
    levels_m : ndarray [time, place]
        Above the datum.
    speeds_m_s : ndarray [time, place]
        Positive upstream.
    """

    times_s: np.ndarray
    levels_m: np.ndarray
    speeds_m_s: np.ndarray


@dataclass(frozen=True, eq=False)
class Passages:
    """What ships meet that leave at given times.

    Parameters
    ----------
    departures_s : ndarray [departure]
    clearance_m : ndarray [departure]
        Least depth of water under the keel on the way, squat taken off; minus infinity where she does not arrive.
    place : ndarray [departure]
        Number of the place where it is.
    duration_s : ndarray [departure]
    """

    departures_s: np.ndarray
    clearance_m: np.ndarray
    place: np.ndarray
    duration_s: np.ndarray

    def until(self, end_s: float) -> Passages:
        """Those that leave by a time [s]."""
        return self._those(self.departures_s <= end_s)

    def best(self) -> Passages:
        """The one with the most water; none where there is none."""
        return self._those(
            np.arange(self.clearance_m.size) == (int(np.argmax(self.clearance_m)) if self.clearance_m.size else -1)
        )

    def _those(self, kept: np.ndarray) -> Passages:
        return Passages(self.departures_s[kept], self.clearance_m[kept], self.place[kept], self.duration_s[kept])


@dataclass(frozen=True)
class PassageWindow:
    """A span of departures that keep the margin.

    Parameters
    ----------
    begins_s, ends_s : float
    best_s : float
        Departure with the most water.
    clearance_m : float
        Least depth under the keel on that passage, squat taken off.
    place : int
        Where that is.
    opened_by, closed_by : int or None
        Places that lack water just before and just after; None where the period begins or ends.
    """

    begins_s: float
    ends_s: float
    best_s: float
    clearance_m: float
    place: int
    opened_by: int | None
    closed_by: int | None

    @property
    def duration_s(self) -> float:
        """Length [s]."""
        return self.ends_s - self.begins_s


def clearance_m(
    depth_m: np.ndarray, width_m: np.ndarray, through_water_m_s: np.ndarray | float, ship: Ship
) -> np.ndarray:
    """Depth of water under the keel of a ship under way [m].

    Parameters
    ----------
    depth_m, width_m : array
        Of the water.
    through_water_m_s : array
        Her speed through it.
    ship : Ship

    Returns
    -------
    ndarray
    """
    # where she has no water her squat does not count: she does not pass
    blocked = blockage(
        ship.beam_m, ship.draught_m, ship.block_coefficient, np.maximum(depth_m, ship.draught_m), width_m
    )
    speeds = np.asarray(through_water_m_s) / KNOT_M_S
    return np.asarray(depth_m - ship.draught_m - squat_m(speeds, ship.block_coefficient, blocked))


def standing_clearance_m(water: ChannelWater, channel: ShipChannel, ship: Ship) -> np.ndarray:
    """Depth under the keel at each place at each time, of a ship that passes there with her speed through the water.

    Returns
    -------
    ndarray [time, place]
    """
    return clearance_m(water.levels_m + channel.depth_m, channel.width_m, ship.speed_kn * KNOT_M_S, ship)


def passages(water: ChannelWater, channel: ShipChannel, ship: Ship, direction: Direction) -> Passages:
    """Follow a ship that leaves at each of the times of the water.

    Parameters
    ----------
    water : ChannelWater
    channel : ShipChannel
    ship : Ship
    direction : {"in", "out"}
        From the sea upstream, or back.

    Returns
    -------
    Passages
        Of departures whose passage ends within the times of the water.
    """
    count = channel.along_m.size
    order = np.arange(count) if direction == "in" else np.arange(count)[::-1]
    upstream = 1.0 if direction == "in" else -1.0
    begin, step = float(water.times_s[0]), float(water.times_s[1] - water.times_s[0])
    clock = (water.times_s - begin) / step
    hours = clock.copy()
    least = np.full(clock.size, np.inf)
    at = np.zeros(clock.size, dtype=np.int64)
    arrives = np.ones(clock.size, dtype=bool)
    own = ship.speed_kn * KNOT_M_S
    way = np.zeros(0)
    for number, place in enumerate(order):
        if number:
            length = abs(float(channel.along_m[place] - channel.along_m[order[number - 1]]))
            first = length / way
            # the way made at both ends of the stretch counts half each
            second = length / _way(own, _read(water.speeds_m_s, clock + first / step, int(place)), upstream, ship)[0]
            clock = clock + 0.5 * (first + second) / step
        current = _read(water.speeds_m_s, clock, int(place))
        way, through = _way(own, current, upstream, ship)
        arrives &= way > _LEAST_WAY_M_S
        depth = _read(water.levels_m, clock, int(place)) + float(channel.depth_m[place])
        here = clearance_m(depth, channel.width_m[place], through, ship)
        at = np.where(here < least, place, at)
        least = np.minimum(least, here)
    within = clock <= water.times_s.size - 1
    least[~arrives] = -np.inf
    return Passages(water.times_s[within], least[within], at[within], ((clock - hours) * step)[within])


def _way(own: float, current: np.ndarray, upstream: float, ship: Ship) -> tuple[np.ndarray, np.ndarray]:
    """Speeds over the ground and through the water [m/s]."""
    if ship.through_water:
        return np.maximum(own + upstream * current, _LEAST_WAY_M_S), np.full(current.shape, own)
    return np.full(current.shape, own), np.abs(own - upstream * current)


def _read(values: np.ndarray, clock: np.ndarray, place: int) -> np.ndarray:
    """Values at a place at fractional rows; the last row beyond."""
    rows = np.minimum(clock, values.shape[0] - 1.000001)
    low = rows.astype(np.int64)
    share = rows - low
    column = values[:, place]
    return np.asarray((1.0 - share) * column[low] + share * column[low + 1], dtype=np.float64)


def windows_of(found: Passages, margin_m: float) -> list[PassageWindow]:
    """Spans of departures whose passage keeps a margin, their ends on a line between two departures.

    Parameters
    ----------
    found : Passages
    margin_m : float

    Returns
    -------
    list of PassageWindow
    """
    over = found.clearance_m - margin_m
    return [_window(found, over, first, last) for first, last in _runs(over >= 0.0)]


def _runs(mask: np.ndarray) -> Iterator[tuple[int, int]]:
    """First and last rows of the runs of true."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(np.int8), [0]])))
    for first, end in edges.reshape(-1, 2).tolist():
        yield first, end - 1


def _window(found: Passages, over: np.ndarray, first: int, last: int) -> PassageWindow:
    times = found.departures_s
    best = first + int(np.argmax(over[first : last + 1]))
    begins = _zero(times, over, first - 1, first) if first > 0 else float(times[0])
    ends = _zero(times, over, last, last + 1) if last + 1 < times.size else float(times[-1])
    return PassageWindow(
        begins,
        ends,
        float(times[best]),
        float(found.clearance_m[best]),
        int(found.place[best]),
        int(found.place[first - 1]) if first > 0 else None,
        int(found.place[last + 1]) if last + 1 < times.size else None,
    )


def _zero(times: np.ndarray, over: np.ndarray, before: int, after: int) -> float:
    a, b = float(over[before]), float(over[after])
    if not np.isfinite(a):
        return float(times[after])
    if not np.isfinite(b):
        return float(times[before])
    return float(times[before] + (times[after] - times[before]) * (a / (a - b) if a != b else 0.0))


def open_share(mask: np.ndarray) -> np.ndarray:
    """Share of the times at which each place is open, [place] of [time, place]."""
    return np.asarray(mask.mean(axis=0))


def longest_shut_s(mask: np.ndarray, step_s: float) -> np.ndarray:
    """Longest time for which each place is not open [s], [place] of [time, place]."""
    shut = (max((last - first + 1 for first, last in _runs(~mask[:, k])), default=0) for k in range(mask.shape[1]))
    return np.array(list(shut), dtype=float) * step_s
