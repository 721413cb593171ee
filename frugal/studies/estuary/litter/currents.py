"""Currents of an estuary over one tide that repeats, as what drifts takes them.

The sea at a mouth swings with M2 alone and what M2 makes of itself in shallow water. A French coefficient C scales M2 by

.. math:: f = C / C_{M2}, \\qquad C_{M2} = 100 \\cdot 2\\,a_{M2}(\\mathrm{Brest}) / 6.10\\,\\mathrm{m} = 67.2

and M4 and M6 by its square and its cube, as products of two and of three M2. The clock begins at the high water of M2 at the
first mouth. The water runs from rest until a tide repeats; that one is kept, and the next is taken to be the same.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from frugal.physics.drift.in_network import DriftReach
from frugal.physics.estuary.driving import Driving, SeaLevel
from frugal.physics.estuary.network import Layout
from frugal.physics.estuary.simulate import TideRun, areas_below, simulate_tide
from frugal.physics.tide.constituents import constituent
from frugal.physics.tide.french_coefficient import BREST, RANGE_OF_100_M
from frugal.studies.estuary.place.from_site import constants_of
from frugal.studies.estuary.place.site import EstuarySite, SiteReach

M2_RAD_S = math.radians(constituent("M2").speed_deg_h) / 3600.0
#: Length of a tide [s].
TIDE_S = 2.0 * math.pi / M2_RAD_S
#: Coefficient of a tide of M2 alone.
COEFFICIENT_OF_M2 = 100.0 * 2.0 * float(BREST.amplitudes_m[BREST.names.index("M2")]) / RANGE_OF_100_M
#: Tides from rest before one is kept: so many at least, and no more than these where none repeats yet (lakes fill slowly).
SPIN_UP_TIDES, MOST_TIDES = 5, 80
#: A tide whose levels end so close to where they began repeats [m].
REPEATS_M = 0.02
#: Moments of a tide at which currents are told, about ten minutes apart.
MOMENTS = 75
_OVERTIDES = {"M2": 1, "M4": 2, "M6": 3}
#: Widths are slopes of areas over this height [m].
_SLOPE_M = 0.01


@dataclass(frozen=True)
class Currents:
    """Two equal tides of currents.

    Attributes
    ----------
    reaches : tuple of DriftReach
        In the order of the site; x grows landward from 0.
    time_s : ndarray [time]
        From 0, high water at the mouth, over two tides.
    mouths : tuple of str
        Places where the sea is.
    not_repeated_m : float
        By how much levels at the end of the tide differ from those at its beginning, at most.
    not_continuous : float
        What storage in the cells, by levels as they are told every ten minutes, does not account for of the difference between
        discharges into and out of them: root mean square over that of the discharges, of the worst reach. A steep front of
        the tide passes a cell in less than ten minutes.
    water_imbalance : float
        Share of the water that the run itself has lost.
    """

    reaches: tuple[DriftReach, ...]
    time_s: np.ndarray
    mouths: tuple[str, ...]
    not_repeated_m: float
    not_continuous: float
    water_imbalance: float


def tide_of_coefficient(site: EstuarySite, coefficient: float) -> dict[str, SeaLevel]:
    """Levels at the mouths in a tide of a coefficient.

    Parameters
    ----------
    site : EstuarySite
    coefficient : float
        French coefficient, 20 to 120; elsewhere a scale on which M2 alone has 67.

    Returns
    -------
    dict of str to SeaLevel
        By place.
    """
    factor, levels, begins = coefficient / COEFFICIENT_OF_M2, {}, None
    for mouth in site.mouth:
        constants = constants_of(site, mouth)
        phases = dict(zip(constants.names, constants.phases_deg, strict=True))
        amplitudes = dict(zip(constants.names, constants.amplitudes_m, strict=True))
        begins = phases.get("M2", 0.0) if begins is None else begins
        names = [name for name in _OVERTIDES if name in amplitudes]
        levels[mouth.place] = SeaLevel(
            mouth.mean_level_m,
            [float(amplitudes[name]) * factor ** _OVERTIDES[name] for name in names],
            [math.radians(float(phases[name]) - _OVERTIDES[name] * begins) for name in names],
            [M2_RAD_S * _OVERTIDES[name] for name in names],
        )
    return levels


def currents_of(
    site: EstuarySite,
    layout: Layout,
    coefficient: float,
    flows: Mapping[str, float],
    spin_up_tides: int = SPIN_UP_TIDES,
) -> Currents:
    """Run one tide and turn it into what particles are carried by.

    Parameters
    ----------
    site : EstuarySite
    layout : Layout
        Of the same site.
    coefficient : float
        Of the tide.
    flows : mapping of str to float
        Discharge [m³/s] by place where a river enters.
    spin_up_tides : int
        Tides before the first that may be kept.

    Returns
    -------
    Currents
    """
    driving = Driving(tide_of_coefficient(site, coefficient), dict(flows), ramp_s=TIDE_S)
    begin_s = spin_up_tides * TIDE_S
    run = simulate_tide(layout, driving, begin_s + TIDE_S, TIDE_S / MOMENTS, begin_s)
    driving = replace(driving, ramp_s=0.0)
    for tide in range(spin_up_tides + 1, MOST_TIDES):
        if _not_repeated(run) < REPEATS_M:
            break
        begin_s = tide * TIDE_S
        run = simulate_tide(layout, driving, begin_s + TIDE_S, TIDE_S / MOMENTS, start_s=begin_s, start=run.end)
    lines = {reach.name: reach for reach in site.reach}
    reaches = tuple(_drift_reach(run, lines[reach.name]) for reach in layout.estuary.reaches)
    return Currents(
        reaches,
        np.linspace(0.0, 2.0 * TIDE_S, 2 * MOMENTS + 1),
        tuple(layout.estuary.mouths),
        _not_repeated(run),
        max(_discontinuity(run, reach.name) for reach in layout.estuary.reaches),
        run.ledger.imbalance,
    )


def _not_repeated(run: TideRun) -> float:
    return float(np.abs(run.levels_m[-1] - run.levels_m[0]).max())


def _drift_reach(run: TideRun, reach: SiteReach) -> DriftReach:
    """One reach with faces at the middles of its links, where the solver has its discharges, and at its two ends."""
    layout = run.layout
    slots, cells = layout.slots(reach.name), layout.cells
    passing, stored = run.discharges_m3_s[:, slots.start : slots.stop - 1], _stored(run, reach.name)
    ends = [0, -1]
    growth = _rates(stored[:, ends], TIDE_S / MOMENTS)
    at_ends = passing[:, ends] + growth * np.array([1.0, -1.0])
    discharge = np.column_stack([at_ends[:, 0], passing, at_ends[:, 1]])
    table = cells.flowing if cells.flowing.height.size else cells.stored
    heights = np.maximum(run.levels_m[:, slots] - cells.bed[slots], 1e-3)
    area = areas_below(table, slots, heights)[:, ends]
    speed = np.column_stack([at_ends[:, 0] / area[:, 0], run.speeds(reach.name), at_ends[:, 1] / area[:, 1]])
    mean = np.maximum(heights[:-1].mean(axis=0, keepdims=True), _SLOPE_M)
    width = (areas_below(table, slots, mean + _SLOPE_M)[0] - areas_below(table, slots, mean)[0]) / _SLOPE_M
    distance = cells.distance[slots]
    x = np.concatenate([distance[:1], 0.5 * (distance[1:] + distance[:-1]), distance[-1:]])
    return DriftReach(
        reach.seaward,
        reach.landward,
        x,
        _twice(speed),
        _twice(discharge),
        np.interp(x, distance, width),
        azimuths_deg(reach, x),
    )


def _stored(run: TideRun, name: str) -> np.ndarray:
    """Water in the cells of a reach [m³], [time, node]; its ends hold half a cell."""
    slots, cells = run.layout.slots(name), run.layout.cells
    heights = np.maximum(run.levels_m[:, slots] - cells.bed[slots], 0.0)
    return np.asarray(areas_below(cells.stored, slots, heights) * cells.length[slots])


def _rates(values: np.ndarray, step_s: float) -> np.ndarray:
    """Rates of what repeats after the last row, which equals the first."""
    once = values[:-1]
    rates = (np.roll(once, -1, axis=0) - np.roll(once, 1, axis=0)) / (2.0 * step_s)
    return np.concatenate([rates, rates[:1]])


def _twice(values: np.ndarray) -> np.ndarray:
    """Two tides of which the second repeats the first."""
    return np.concatenate([values[:-1], values[:-1], values[:1]])


def _discontinuity(run: TideRun, name: str) -> float:
    slots = run.layout.slots(name)
    passing = run.discharges_m3_s[:, slots.start : slots.stop - 1]
    into = passing[:, :-1] - passing[:, 1:]
    lacking = np.diff(_stored(run, name)[:, 1:-1], axis=0) / (TIDE_S / MOMENTS) - 0.5 * (into[1:] + into[:-1])
    return float(np.sqrt(np.mean(lacking**2) / np.mean(passing**2)))


def azimuths_deg(reach: SiteReach, x: np.ndarray) -> np.ndarray:
    """Bearing of a reach at distances from its seaward end, landward, clockwise from north.

    Parameters
    ----------
    reach : SiteReach
        Its line is stretched to its length.
    x : array
        [m]

    Returns
    -------
    ndarray
    """
    along, steps = _along_line(reach)
    part = np.clip(np.searchsorted(along, x / (1e3 * reach.length_km), side="right") - 1, 0, len(steps) - 1)
    return np.asarray(np.degrees(np.arctan2(steps[part, 0], steps[part, 1])) % 360.0)


def _along_line(reach: SiteReach) -> tuple[np.ndarray, np.ndarray]:
    """Shares of the length at the vertices of a line, and its steps towards east and north [degrees of latitude]."""
    line = np.array(reach.line)
    middle = np.radians(0.5 * (line[1:, 1] + line[:-1, 1]))
    steps = np.column_stack([np.diff(line[:, 0]) * np.cos(middle), np.diff(line[:, 1])])
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*steps.T))])
    return along / along[-1], steps


def place_on_bank(reach: SiteReach, x_m: float, width_m: float, right: bool) -> tuple[float, float]:
    """Longitude and latitude of a bank.

    Parameters
    ----------
    reach : SiteReach
    x_m : float
        From its seaward end [m].
    width_m : float
        There [m].
    right : bool
        The right bank, of who looks downstream.
    """
    along, _ = _along_line(reach)
    line, share = np.array(reach.line), x_m / (1e3 * reach.length_km)
    longitude, latitude = (float(np.interp(share, along, line[:, k])) for k in range(2))
    # Who looks landward has the right bank to the left.
    bearing = math.radians(float(azimuths_deg(reach, np.array([x_m]))[0]) + (-90.0 if right else 90.0))
    degrees = 0.5 * width_m / 111_195.0
    return (
        longitude + degrees * math.sin(bearing) / math.cos(math.radians(latitude)),
        latitude + degrees * math.cos(bearing),
    )
