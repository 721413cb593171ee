"""Runs of the full physics: some spring–neap cycles to spin up and one that is told.

Salt starts from the profile that is steady under the tide's dispersion, as it would otherwise take months to come in at low
flow: one cycle gives the dispersion D and the mean areas A, and then, landward from each mouth,

.. math:: \\frac{dS}{dx} = -\\frac{Q S}{A D}

Mud starts on the bed as the site says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from frugal.physics.estuary.carrying import CarriedRun, simulate_carried
from frugal.physics.estuary.network import Estuary, Layout, layout_of
from frugal.physics.tide.constituents import constituent
from frugal.studies.estuary.place.from_site import (
    carrying_of,
    constants_of,
    deepened,
    driving_of,
    estuary_of,
    speeds_rad_s,
)
from frugal.studies.estuary.place.site import EstuarySite

#: From spring tide to spring tide, the beat of M2 and S2 [s].
CYCLE_S = 360.0 / (constituent("S2").speed_deg_h - constituent("M2").speed_deg_h) * 3600.0
#: Cycles before the one that is told; the first brings dispersion and areas alone.
SPIN_UP_CYCLES = 4
#: Beginning of the cycle that is told, however long the spin-up before it [s].
TOLD_FROM_S = SPIN_UP_CYCLES * CYCLE_S
#: Between moments that are kept [s].
EVERY_S = 900.0
#: Longest span over which what is carried moves at once [s].
RECORD_S = 600.0


@dataclass(frozen=True)
class EstuaryState:
    """What is asked of an estuary.

    Parameters
    ----------
    rivers : mapping of str to float
        Discharge by name of the river [m³/s].
    sea_level_rise_m : float
    tide_factor : float
        Amplitude of the sea's tide over that of the mean.
    temperature_deg_c : float
    load_factor : float
        Waste water over that of today.
    deepening_m : float
        Of the reach that the site dredges; below 0 it silts up.
    moved_share : float
        Of the waste water, let out at its other place.
    friction_factor : float
        Friction of all reaches over that of the site.
    unsurveyed_depth_factor : float
        Depth of the reaches that nobody has surveyed over that of the site.
    """

    rivers: Mapping[str, float]
    sea_level_rise_m: float = 0.0
    tide_factor: float = 1.0
    temperature_deg_c: float = 15.0
    load_factor: float = 1.0
    deepening_m: float = 0.0
    moved_share: float = 0.0
    friction_factor: float = 1.0
    unsurveyed_depth_factor: float = 1.0


@dataclass(frozen=True)
class SpringTide:
    """When the highest water of the told cycle stands at the mouth [s of the run], and the moments that are kept."""

    high_water_s: float
    keep_from_s: float
    end_s: float


@lru_cache(maxsize=16)
def _spring_tide(waves: tuple[tuple[float, float, float], ...]) -> SpringTide:
    amplitude, phase, speed = np.array(waves).T
    begin = TOLD_FROM_S
    times = begin + 60.0 * np.arange(int(CYCLE_S / 60.0))
    levels = (amplitude * np.cos(speed * times[:, None] - phase)).sum(axis=1)
    # a tide before its end, so that all of the highest one is seen
    high = float(times[int(np.argmax(np.where(times < begin + CYCLE_S - 46_000.0, levels, -np.inf)))])
    first = high - EVERY_S * np.floor((high - begin) / EVERY_S)
    return SpringTide(high, float(first), begin + CYCLE_S)


def spring_tide(site: EstuarySite) -> SpringTide:
    """The highest tide of the cycle that is told, at the first mouth of a site."""
    constants = constants_of(site, site.mouth[0])
    waves = zip(constants.amplitudes_m, np.radians(constants.phases_deg), speeds_rad_s(constants), strict=True)
    return _spring_tide(tuple((float(a), float(p), float(s)) for a, p, s in waves))


def estuary_for(site: EstuarySite, asked: EstuaryState) -> Estuary:
    """The estuary with its reach dredged or silted up, its friction and its unknown depths multiplied."""
    estuary = estuary_of(site)
    known = {part.name for part in site.reach if part.origin in ("surveyed", "published")}
    reaches = tuple(
        replace(
            reach,
            friction=asked.friction_factor * np.asarray(reach.friction),
            bed_m=np.asarray(reach.bed_m) * (1.0 if reach.name in known else asked.unsurveyed_depth_factor),
        )
        for reach in estuary.reaches
    )
    estuary = replace(estuary, reaches=reaches)
    if asked.deepening_m == 0.0:
        return estuary
    return deepened(estuary, site.dredged_reach.name, asked.deepening_m)


def run_estuary(
    site: EstuarySite,
    asked: EstuaryState,
    cell_m: float | None = None,
    spin_up_cycles: int = SPIN_UP_CYCLES,
    record_s: float = RECORD_S,
) -> CarriedRun:
    """One spring–neap cycle of levels, currents and what they carry.

    Parameters
    ----------
    site : EstuarySite
    asked : EstuaryState
    cell_m : float, optional
        Distance between nodes [m]; that of the site otherwise.
    spin_up_cycles : int
        Before the cycle that is told, which is the same one whatever their number.
    record_s : float
        Longest span over which what is carried moves at once [s].

    Returns
    -------
    CarriedRun
        Every `EVERY_S` of the last cycle; a high water of the mouth lies among these moments.
    """
    layout = layout_of(estuary_for(site, asked), site.cell_m if cell_m is None else cell_m)
    driving = driving_of(site, asked.rivers, asked.sea_level_rise_m, asked.tide_factor)
    told = spring_tide(site)
    start_s = TOLD_FROM_S - spin_up_cycles * CYCLE_S
    carrying = carrying_of(site, asked.rivers, asked.temperature_deg_c, asked.load_factor, asked.moved_share)
    only_salt = replace(
        carrying, outside={"salt": carrying.outside["salt"]}, start={"salt": 0.0}, mud=None, oxygen=None, loads=()
    )
    middle_s = start_s + CYCLE_S
    first = simulate_carried(layout, driving, only_salt, middle_s, CYCLE_S, start_s=start_s, record_s=record_s)
    salt = steady_salt(site, first, asked.rivers)
    assert first.tide is not None
    return simulate_carried(
        layout,
        replace(driving, ramp_s=0.0),
        replace(carrying, start={**carrying.start, "salt": salt}),
        told.end_s,
        EVERY_S,
        told.keep_from_s,
        middle_s,
        first.tide.end,
        record_s=record_s,
    )


def steady_salt(site: EstuarySite, run: CarriedRun, rivers: Mapping[str, float]) -> np.ndarray:
    """The profile that dispersion and rivers hold in balance.

    Parameters
    ----------
    site : EstuarySite
    run : CarriedRun
        Gives dispersion and mean areas.
    rivers : mapping
        Discharge by name of the river [m³/s].

    Returns
    -------
    ndarray
        [slot] [psu]
    """
    layout = run.layout
    cells = layout.cells
    carried = _carried_by(site, layout, rivers)
    salt = np.zeros(cells.bed.size)
    at_place = {mouth.place: mouth.salinity_psu for mouth in site.mouth}
    left = list(site.reach)
    while left:
        reach = next((part for part in left if part.seaward in at_place), left[0])
        left.remove(reach)
        slots = layout.slots(reach.name)
        links = np.arange(slots.start, slots.stop - 1)
        area = np.maximum(run.state.means.area[links], 1e-6)
        spread = np.maximum(run.dispersion_m2_s[links], 1e-6)
        falls = carried[reach.name] * cells.spacing[links] / (area * spread)
        salt[slots] = at_place.get(reach.seaward, 0.0) * np.exp(-np.concatenate([[0.0], np.cumsum(falls)]))
        at_place.setdefault(reach.landward, float(salt[slots.stop - 1]))
    return salt


def _carried_by(site: EstuarySite, layout: Layout, rivers: Mapping[str, float]) -> dict[str, float]:
    """Fresh water that passes each reach [m³/s]; reaches that end at one place share equally what comes to it."""
    comes = dict.fromkeys(layout.places, 0.0)
    for river in site.river:
        comes[river.place] += float(rivers.get(river.name, river.mean_flow_m3_s))
    through: dict[str, float] = {}
    left = list(site.reach)
    while left:
        begun = {part.seaward for part in left}
        ready = [part for part in left if part.landward not in begun] or left[:1]
        for part in ready:
            sharing = sum(other.landward == part.landward for other in site.reach)
            through[part.name] = comes[part.landward] / sharing
            comes[part.seaward] += through[part.name]
            left.remove(part)
    return through
