"""When a ship may pass along a waterway during a period, where the water is shallowest, and what dredging changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

import numpy as np

from frugal.errors import UnusableInputError
from frugal.estuaries.navigation import (
    ChannelWater,
    Direction,
    Passages,
    PassageWindow,
    Ship,
    ShipChannel,
    longest_shut_s,
    open_share,
    passages,
    standing_clearance_m,
    windows_of,
)
from frugal.estuaries.squat import KNOT_M_S
from frugal.estuaries.waterway import STEP_S, Dredging, Waterway, dredged_estuary, water_along
from frugal.physics.tide.extremes import waters_of_series

_DAY_S = 86400.0
LONGEST_DAYS = 3660.0
FARTHEST_RISE_M = 5.0
#: A passage against the current may last so many times as long as the one over the ground.
_SLOWER = 2.5


@dataclass(frozen=True)
class AccessQuestion:
    """A ship, a way, a period.

    Parameters
    ----------
    waterway : Waterway
    ship : Ship
    directions : sequence of str
        "in" from the sea, "out" towards it.
    begin, end : datetime
        With their zones.
    zone : tzinfo
        Of the times that are told, and of days.
    rivers : mapping
        Discharge by name of the river [m³/s], or times [s since 1970] and discharges; the mean flow otherwise.
    sea_level_rise_m : float
    dredgings : sequence of Dredging
    channel_width_m : float
        Of the channel that is dredged, by which it changes the section.
    """

    waterway: Waterway
    ship: Ship
    directions: Sequence[Direction]
    begin: datetime
    end: datetime
    zone: tzinfo = UTC
    rivers: Mapping[str, Any] = field(default_factory=dict)
    sea_level_rise_m: float = 0.0
    dredgings: Sequence[Dredging] = ()
    channel_width_m: float = 150.0


@dataclass(frozen=True, eq=False)
class LowWaters:
    """Levels above the datum at the places of a channel [m], [place]."""

    lowest_m: np.ndarray
    mean_low_m: np.ndarray
    mean_high_m: np.ndarray


@dataclass(frozen=True, eq=False)
class ShipAccess:
    """What a ship finds in one state of the channel.

    Parameters
    ----------
    channel : ShipChannel
    windows : mapping of str to list of PassageWindow
        By direction, of departures within the period.
    levels : LowWaters
    open_share : ndarray [place]
        Share of the period at which the place keeps the margin.
    shut_s : ndarray [place]
        Longest time for which it does not.
    best : mapping of str to Passages
        By direction, the one departure with the most water.
    """

    channel: ShipChannel
    windows: Mapping[Direction, list[PassageWindow]]
    levels: LowWaters
    open_share: np.ndarray
    shut_s: np.ndarray
    best: Mapping[Direction, Passages]


@dataclass(frozen=True)
class AccessSummary:
    """Windows of one direction in numbers.

    Parameters
    ----------
    windows : int
    hours : float
        Of departures, in the period.
    hours_a_year : float
        As many in 365.25 days.
    median_h : float
        Of a window; 0 where there is none.
    shut_days : int
        Whole days of the zone without any.
    sills : tuple of str and int
        Places that open or close windows, the most frequent first.
    """

    windows: int
    hours: float
    hours_a_year: float
    median_h: float
    shut_days: int
    sills: tuple[tuple[str, int], ...]


@dataclass(frozen=True, eq=False)
class AccessAnswer:
    """The answer: as the channel is, and once it is dredged where that was asked."""

    asked: AccessQuestion
    now: ShipAccess
    dredged: ShipAccess | None

    @property
    def last(self) -> ShipAccess:
        """The state that was asked for: dredged, if so."""
        return self.now if self.dredged is None else self.dredged


def ask_access(asked: AccessQuestion) -> AccessAnswer:
    """Windows of a ship over a period.

    Raises
    ------
    UnusableInputError
        Naming what cannot be meant.
    """
    days = (asked.end - asked.begin) / timedelta(days=1)
    if not 0.0 < days <= LONGEST_DAYS:
        raise UnusableInputError(
            f"from {asked.begin.isoformat()} to {asked.end.isoformat()} is {days:g} days; above 0 and up to {LONGEST_DAYS:g} "
            "are allowed"
        )
    if not abs(asked.sea_level_rise_m) <= FARTHEST_RISE_M:
        raise UnusableInputError(
            f"sea_level_rise_m = {asked.sea_level_rise_m:g}; -{FARTHEST_RISE_M:g} to {FARTHEST_RISE_M:g} m are allowed"
        )
    asked.waterway.dredged(asked.dredgings)  # refused before hours of water are computed
    now = _access(asked, ())
    return AccessAnswer(asked, now, _access(asked, asked.dredgings) if asked.dredgings else None)


def _access(asked: AccessQuestion, dredgings: Sequence[Dredging]) -> ShipAccess:
    begin, end = asked.begin.timestamp(), asked.end.timestamp()
    way, ship = asked.waterway, asked.ship
    channel = way.dredged(dredgings)
    length = float(channel.along_m[-1] - channel.along_m[0])
    after = _SLOWER * length / (ship.speed_kn * KNOT_M_S) + 6.0 * 3600.0
    estuary = dredged_estuary(way.site, dredgings, asked.channel_width_m)
    water = water_along(way, estuary, begin, end + after, asked.rivers, asked.sea_level_rise_m)
    rows = water.times_s <= end
    within = ChannelWater(water.times_s[rows], water.levels_m[rows], water.speeds_m_s[rows])
    open_ = standing_clearance_m(within, channel, ship) >= ship.margin_m
    windows: dict[Direction, list[PassageWindow]] = {}
    best: dict[Direction, Passages] = {}
    for direction in asked.directions:
        found = passages(water, channel, ship, direction).until(end)
        windows[direction] = windows_of(found, ship.margin_m)
        best[direction] = found.best()
    return ShipAccess(channel, windows, _low_waters(within), open_share(open_), longest_shut_s(open_, STEP_S), best)


def _low_waters(water: ChannelWater) -> LowWaters:
    lowest, low, high = [], [], []
    for place in range(water.levels_m.shape[1]):
        levels = water.levels_m[:, place].astype(float)
        lowest.append(float(levels.min()))
        found = waters_of_series(water.times_s, levels) if levels.size >= 3 else None
        both = found is not None and bool(found.high.any()) and not bool(found.high.all())
        low.append(float(found.level_m[~found.high].mean()) if found is not None and both else lowest[-1])
        high.append(float(found.level_m[found.high].mean()) if found is not None and both else float(levels.max()))
    return LowWaters(np.array(lowest), np.array(low), np.array(high))


def hours_by_day(windows: Sequence[PassageWindow], begin: datetime, end: datetime, zone: tzinfo) -> dict[date, float]:
    """Hours of departures on each day of a zone that the period touches.

    Parameters
    ----------
    windows : sequence of PassageWindow
    begin, end : datetime
    zone : tzinfo

    Returns
    -------
    dict of date to float
    """
    hours: dict[date, float] = {}
    day = begin.astimezone(zone).date()
    last = end.astimezone(zone)
    while datetime.combine(day, time(), zone) < last:
        hours[day] = 0.0
        day += timedelta(days=1)
    midnights = [datetime.combine(each, time(), zone).timestamp() for each in (*hours, day)]
    days = list(hours)
    for window in windows:
        first = max(int(np.searchsorted(midnights, window.begins_s, side="right")) - 1, 0)
        for k in range(first, len(days)):
            if midnights[k] >= window.ends_s:
                break
            shared = min(window.ends_s, midnights[k + 1]) - max(window.begins_s, midnights[k])
            hours[days[k]] += max(shared, 0.0) / 3600.0
    return hours


def summary_of(asked: AccessQuestion, access: ShipAccess, direction: Direction) -> AccessSummary:
    """Windows of one direction in numbers.

    Parameters
    ----------
    asked : AccessQuestion
    access : ShipAccess
    direction : {"in", "out"}

    Returns
    -------
    AccessSummary
    """
    windows = access.windows[direction]
    hours = sum(window.duration_s for window in windows) / 3600.0
    period_s = (asked.end - asked.begin).total_seconds()
    by_day = hours_by_day(windows, asked.begin, asked.end, asked.zone)
    ends = Counter(
        access.channel.names[place]
        for window in windows
        for place in (window.opened_by, window.closed_by)
        if place is not None
    )
    return AccessSummary(
        len(windows),
        hours,
        hours * 365.25 * _DAY_S / period_s,
        float(np.median([window.duration_s for window in windows])) / 3600.0 if windows else 0.0,
        sum(1 for value in by_day.values() if value == 0.0),
        tuple(ends.most_common(3)),
    )
