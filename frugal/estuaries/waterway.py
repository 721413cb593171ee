"""The channel of a site and the water in it over a period: what ships and fish are asked about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from frugal.errors import UnusableInputError
from frugal.estuaries.navigation import ChannelWater, ShipChannel
from frugal.physics.estuary.network import Estuary, Layout, layout_of
from frugal.physics.estuary.simulate import TideRun, simulate_tide
from frugal.studies.estuary.place.from_site import LEAST_DEPTH_M, along, driving_of, estuary_of, way_to_sea
from frugal.studies.estuary.place.site import EstuarySite, SiteReach

DAY_S = 86400.0
#: The water is followed so long before the period begins: the tide forgets how it began.
SPIN_UP_S = 4.0 * DAY_S
#: Pieces of a run whose levels are held at a time.
PIECE_S = 30.0 * DAY_S
#: Between the levels that are kept.
STEP_S = 600.0
#: A gauge so near gives a place its name [km].
_NEAR_KM = 3.0
#: Distances along a reach [km] and depths of the channel there [m].
KnotDepths = tuple[tuple[float, ...], tuple[float, ...]]
#: Just outside of what is dredged the bottom stands as it was [km].
_EDGE_KM = 0.01


@dataclass(frozen=True)
class Dredging:
    """A stretch of the navigation channel that is made deeper.

    Parameters
    ----------
    reach : str
    from_km, to_km : float
        From the seaward end of the reach.
    by_m : float
        Below 0 the channel silts up.
    """

    reach: str
    from_km: float
    to_km: float
    by_m: float


@dataclass(frozen=True)
class WaySpot:
    """A place of the way from the sea.

    Parameters
    ----------
    reach : SiteReach
    km : float
        From the seaward end of the reach.
    along_km : float
        From the sea.
    """

    reach: SiteReach
    km: float
    along_km: float


@dataclass(frozen=True)
class Waterway:
    """The navigation channel of a site from the sea to a place.

    Parameters
    ----------
    site : EstuarySite
    spots : tuple of WaySpot
    channel : ShipChannel
        Before anything is dredged.
    assumed : tuple of str
        Reaches of which neither site nor user says how deep the channel is: the mean depth of the section stands for it.
    """

    site: EstuarySite
    spots: tuple[WaySpot, ...]
    channel: ShipChannel
    assumed: tuple[str, ...]

    def dredged(self, dredgings: Sequence[Dredging]) -> ShipChannel:
        """The channel once stretches of it are dredged.

        Raises
        ------
        UnusableInputError
            If less than 0.5 m is left below mean sea level.
        """
        more = np.zeros(len(self.spots))
        for one in dredgings:
            inside = [spot.reach.name == one.reach and one.from_km <= spot.km <= one.to_km for spot in self.spots]
            more += one.by_m * np.array(inside, dtype=float)
        left = self.channel.depth_m + more
        if np.any((left < LEAST_DEPTH_M) & (more < 0.0)):
            worst = int(np.argmin(np.where(more < 0.0, left, np.inf)))
            raise UnusableInputError(
                f"dredging leaves a channel of {left[worst]:.2g} m at {self.channel.names[worst]}; at least "
                f"{LEAST_DEPTH_M:g} m are needed"
            )
        return self.channel.deepened(more)


def waterway_of(
    site: EstuarySite,
    destination: tuple[str, float],
    dredgings: Sequence[Dredging] = (),
    depths_m: Mapping[str, KnotDepths] | None = None,
) -> Waterway:
    """The navigation channel from the sea to a place.

    Parameters
    ----------
    site : EstuarySite
    destination : tuple of str and float
        Reach and distance from its seaward end [km].
    dredgings : sequence of Dredging
        At whose ends places stand.
    depths_m : mapping, optional
        Depth of the channel below the datum by reach, in place of that of the site: distances [km] and depths [m].

    Returns
    -------
    Waterway
    """
    reach, to_km = destination
    way = way_to_sea(site, reach)
    for one in dredgings:
        if one.reach not in [part.name for part in way]:
            raise UnusableInputError(
                f"reach '{one.reach}' is dredged, but ships pass {', '.join(part.name for part in way)} alone"
            )
    given = depths_m or {}
    spots: list[WaySpot] = []
    before = 0.0
    for part in way:
        length = to_km if part is way[-1] else part.length_km
        nodes = np.linspace(0.0, part.length_km, max(2, round(1e3 * part.length_km / site.cell_m)) + 1)
        ends = [
            end
            for one in dredgings
            if one.reach == part.name
            for end in (one.from_km - _EDGE_KM, one.from_km, one.to_km, one.to_km + _EDGE_KM)
        ]
        knots = part.distance_km if part.name not in given else given[part.name][0]
        places = np.unique(np.concatenate([nodes, knots, ends, [length]]))
        spots += [WaySpot(part, float(km), before + float(km)) for km in places[(places >= 0.0) & (places <= length)]]
        before += part.length_km
    depth = [_depth(spot, given) for spot in spots]
    width = [float(along(spot.reach, spot.reach.width_m, np.array([spot.km]), geometric=True)[0]) for spot in spots]
    channel = ShipChannel(
        tuple(_name(site, spot) for spot in spots),
        1e3 * np.array([spot.along_km for spot in spots]),
        np.array(depth),
        np.array(width),
    )
    assumed = tuple(part.name for part in way if part.navigation_depth_m is None and part.name not in given)
    return Waterway(site, tuple(spots), channel, assumed)


def _depth(spot: WaySpot, given: Mapping[str, KnotDepths]) -> float:
    if spot.reach.name in given:
        return float(np.interp(spot.km, *given[spot.reach.name]))
    values = spot.reach.navigation_depth_m or spot.reach.depth_m
    return float(along(spot.reach, values, np.array([spot.km]))[0])


def _name(site: EstuarySite, spot: WaySpot) -> str:
    """The reach and the distance along it, with the gauge that stands near."""
    near = [gauge for gauge in site.gauge if gauge.reach == spot.reach.name and abs(gauge.km - spot.km) <= _NEAR_KM]
    name = f"{spot.reach.name} km {spot.km:.1f}"
    if not near:
        return name
    return f"{name} ({min(near, key=lambda gauge: abs(gauge.km - spot.km)).name})"


def dredged_estuary(site: EstuarySite, dredgings: Sequence[Dredging], channel_width_m: float) -> Estuary:
    """The sections once the channel in them is dredged: its share of the width lowers their mean bed.

    Parameters
    ----------
    site : EstuarySite
    dredgings : sequence of Dredging
    channel_width_m : float

    Returns
    -------
    Estuary
    """
    if not (np.isfinite(channel_width_m) and channel_width_m > 0.0):
        raise UnusableInputError(f"channel_width_m = {channel_width_m:g}; above 0 is needed")
    estuary = estuary_of(site)
    for one in dredgings:
        reach = estuary.reach(one.reach)
        km = np.asarray(reach.distance_m) / 1e3
        inside = (km >= one.from_km) & (km <= one.to_km)
        share = np.minimum(channel_width_m / np.asarray(reach.width_m, dtype=float), 1.0)
        estuary = estuary.with_bed_raised(one.reach, -one.by_m * share * inside)
    return estuary


def runs_of(
    layout: Layout, site: EstuarySite, begin_s: float, end_s: float, rivers: Mapping[str, Any], sea_level_rise_m: float
) -> Iterator[TideRun]:
    """The tide of the dates, piece after piece, each from where the one before ended.

    Parameters
    ----------
    layout : Layout
    site : EstuarySite
    begin_s, end_s : float
        Seconds since 1970, UTC.
    rivers : mapping
        Discharge by name of the river [m³/s], or times [s since 1970] and discharges.
    sea_level_rise_m : float

    Yields
    ------
    TideRun
        Whose times are seconds from `SPIN_UP_S` before the begin.
    """
    started = begin_s - SPIN_UP_S
    driving = driving_of(
        site,
        on_clock(rivers, started, end_s),
        sea_level_rise_m,
        dated_s=np.array([started, end_s + STEP_S]),
    )
    last, state, keep, clock = end_s - started, None, SPIN_UP_S, 0.0
    while keep <= last:
        end = min(keep + PIECE_S, last) if last - keep - PIECE_S > STEP_S else last
        run = simulate_tide(layout, driving, end, STEP_S, keep, start_s=clock, start=state)
        yield run
        state, clock, driving = run.end, float(run.end.clock[0]), replace(driving, ramp_s=0.0)
        keep = float(run.times_s[-1]) + STEP_S


def on_clock(rivers: Mapping[str, Any], started_s: float, end_s: float) -> dict[str, Any]:
    """Discharges whose times count from the start of a run; the first value holds while it spins up.

    Parameters
    ----------
    rivers : mapping
        Numbers, or times [s since 1970] and values.
    started_s, end_s : float
        Of the run [s since 1970].

    Returns
    -------
    dict
    """
    turned: dict[str, Any] = {}
    for name, given in rivers.items():
        if not isinstance(given, tuple):
            turned[name] = given
            continue
        times, values = (np.asarray(part, dtype=float) for part in given)
        before = started_s - 1.0
        if times[0] > before:
            times, values = np.concatenate([[before], times]), np.concatenate([values[:1], values])
        if times[-1] < end_s + 1.0:
            times, values = np.concatenate([times, [end_s + 1.0]]), np.concatenate([values, values[-1:]])
        turned[name] = (times - started_s, values)
    return turned


def water_along(
    waterway: Waterway,
    estuary: Estuary,
    begin_s: float,
    end_s: float,
    rivers: Mapping[str, Any],
    sea_level_rise_m: float = 0.0,
) -> ChannelWater:
    """Levels and currents at the places of a waterway.

    Parameters
    ----------
    waterway : Waterway
    estuary : Estuary
        Of its site, dredged or not.
    begin_s, end_s : float
        Seconds since 1970, UTC.
    rivers : mapping
        As in `runs_of`.
    sea_level_rise_m : float

    Returns
    -------
    ChannelWater
    """
    layout = layout_of(estuary, waterway.site.cell_m)
    times, levels, speeds = [], [], []
    for run in runs_of(layout, waterway.site, begin_s, end_s, rivers, sea_level_rise_m):
        times.append(run.times_s + begin_s - SPIN_UP_S)
        levels.append(_levels(run, waterway.spots))
        speeds.append(_speeds(run, waterway.spots))
    return ChannelWater(np.concatenate(times), np.concatenate(levels), np.concatenate(speeds))


def _levels(run: TideRun, spots: Sequence[WaySpot]) -> np.ndarray:
    at = [run.layout.at(spot.reach.name, 1e3 * spot.km) for spot in spots]
    slots, shares = np.array([slot for slot, _ in at]), np.array([share for _, share in at])
    return np.asarray((1.0 - shares) * run.levels_m[:, slots] + shares * run.levels_m[:, slots + 1], dtype=np.float32)


def _speeds(run: TideRun, spots: Sequence[WaySpot]) -> np.ndarray:
    """Between the middles of links, as `TideRun.speed_at`, for many places at once."""
    found = np.zeros((run.times_s.size, len(spots)), dtype=np.float32)
    for name in dict.fromkeys(spot.reach.name for spot in spots):
        speeds = run.speeds(name)
        first = run.layout.slots(name).start
        for k, spot in enumerate(spots):
            if spot.reach.name == name:
                slot, share = run.layout.at(name, 1e3 * spot.km)
                along_links = min(max(slot - first + share - 0.5, 0.0), speeds.shape[1] - 1.0)
                low = min(int(along_links), speeds.shape[1] - 2)
                part = along_links - low
                found[:, k] = (1.0 - part) * speeds[:, low] + part * speeds[:, low + 1]
    return found
