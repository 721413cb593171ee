"""`submersion`: what a storm surge floods behind a sea dike that breaks.

One query is one storm: how high the surge, the tide and the mean sea level, how long the storm, where and how wide the
breach, how rough the ground. The sea level is a tide of 12.42 h with a surge on it that peaks at high tide,

.. math:: \\eta(t) = z_{slr} + \\frac{R}{2} \\cos\\frac{2\\pi t}{12.42\\,h} + S \\cos^2\\frac{\\pi t}{D},

with :math:`t` from high tide and :math:`S` nothing beyond half the storm's duration :math:`D` on either side. The breach opens
within half an hour, from one hour before high tide on. Truth is the second-order Saint-Venant solver on the site's terrain.
"""

from __future__ import annotations

import numpy as np

from frugal.errors import UnusableInputError
from frugal.experiments.study import Alternative, Arrays, Study, Variable
from frugal.formats.ground.tiles import name_of_tiles
from frugal.physics.filling import fill_and_spill
from frugal.physics.shallow_water.flood_case import Breach, FloodCase, Segment
from frugal.studies.flood.bathtub import bathtub
from frugal.studies.flood.breach.basins import landing
from frugal.studies.flood.breach.features import breach_weir, weir_summaries
from frugal.studies.flood.breach.storm_tide import sea_level
from frugal.studies.flood.breach.weir import MILLION, BreachWeir, peak_level
from frugal.studies.flood.outputs import HOUR, Maps
from frugal.studies.flood.study import flood_study
from frugal.studies.flood.terrain.site import SubmersionSite, coast
from frugal.studies.flood.terrain.terrain import FloodTerrain, breached, edge_of
from frugal.texts import room_texts

_TEXTS = room_texts("frugal.studies.flood")

#: From shortly before the breach opens to five hours after high tide.
START_S, END_S = -1.25 * HOUR, 5.0 * HOUR
DURATION_S = END_S - START_S
BREACH_START_S, BREACH_END_S = -1.0 * HOUR, -0.5 * HOUR
STEP_S = 300.0

INPUTS = (
    Variable("surge_peak", "m", 0.5, 2.0, _TEXTS.say("submersion.surge_peak"), default=1.5),
    Variable("tide_range", "m", 4.0, 6.5, _TEXTS.say("submersion.tide_range"), default=6.0),
    Variable(
        "sea_level_rise",
        "m",
        0.0,
        1.0,
        _TEXTS.say("submersion.sea_level_rise"),
        default=0.0,
    ),
    Variable("storm_duration", "hour", 6.0, 36.0, _TEXTS.say("submersion.storm_duration"), default=18.0),
    Variable("breach_width", "m", 20.0, 200.0, _TEXTS.say("submersion.breach_width"), default=100.0),
    Variable(
        "breach_position",
        "1",
        0.0,
        1.0,
        _TEXTS.say("submersion.breach_position"),
        default=0.5,
    ),
    Variable("roughness_factor", "1", 0.6, 1.6, _TEXTS.say("submersion.roughness_factor"), default=1.0),
)


def submersion(site: SubmersionSite) -> Study:
    """Build the study for a coast.

    Parameters
    ----------
    site : SubmersionSite

    Raises
    ------
    UnusableInputError
        If the terrain, the dike or the buildings cannot be used.
    """
    terrain = coast(site)
    highest = peak_level({variable.name: variable.high for variable in INPUTS})
    lowest = float(terrain.bed[terrain.land].min())
    if lowest >= highest:
        raise UnusableInputError(
            f"no land of terrain '{name_of_tiles(site.terrain or ())}' lies below {highest:.2f} m, the highest sea of this "
            f"study (the lowest is {lowest:.2f} m): nothing could be flooded; are its heights in metres above mean sea level?"
        )
    weir, largest = breach_weir(terrain, INPUTS, (BREACH_START_S + BREACH_END_S) / 2, END_S)

    def build(over: FloodTerrain, **inputs: float) -> FloodCase:
        return storm(over, site.sea, **inputs)

    return flood_study(
        "submersion",
        _TEXTS.say("submersion.title"),
        site,
        terrain,
        build,
        duration_s=DURATION_S,
        inputs=INPUTS,
        formula=_bathtub(terrain),
        other_formulas=(_fill_and_spill(terrain, weir),),
        summaries=weir_summaries(weir, INPUTS, largest),
    )


def storm(
    terrain: FloodTerrain,
    sides: tuple[str, ...] = ("west",),
    *,
    breach_width: float,
    breach_position: float,
    roughness_factor: float,
    **tide: float,
) -> FloodCase:
    """The event over a terrain, fine or coarse.

    Parameters
    ----------
    terrain : FloodTerrain
    sides : tuple of str
        Where the sea is.
    breach_width, breach_position, roughness_factor : float
        As the inputs of the study; without a width no dike breaks.
    **tide : float
        The other inputs, those of `sea_level`.
    """
    time_s = np.arange(START_S, END_S + STEP_S / 2, STEP_S)
    level = sea_level(time_s, **tide)
    sea = terrain.sea
    if not any(edge_of(sea, side).any() for side in sides):
        raise UnusableInputError(
            f"the terrain has no sea on its {', '.join(sides)} side in cells of {terrain.cell_size_m:g} m"
        )
    breaches: tuple[Breach, ...] = ()
    if len(terrain.dike) and breach_width > 0:
        cells, sill = breached(terrain, breach_position, breach_width, float(level.max()))
        breaches = (Breach(cells[:, 0], cells[:, 1], sill, BREACH_START_S - START_S, BREACH_END_S - START_S),)
    return FloodCase(
        bed=terrain.bed,
        cell_size_m=terrain.cell_size_m,
        duration_s=DURATION_S,
        friction=terrain.manning * roughness_factor,
        level=np.where(sea, np.maximum(level[0], terrain.bed), terrain.bed),
        boundaries={
            side: tuple(
                Segment("level", first, last, (time_s - START_S, level), name=f"sea {side} {first}")
                for first, last in stretches(edge_of(sea, side))
            )
            for side in sides
        },
        breaches=breaches,
    )


def stretches(wet: np.ndarray) -> list[tuple[int, int]]:
    """First and last cell (excluded) of each unbroken stretch."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], wet, [False]]).astype(int)))
    return [(int(first), int(last)) for first, last in edges.reshape(-1, 2)]


def _bathtub(terrain: FloodTerrain) -> Alternative:
    sea = terrain.sea

    def answer(breach_width: float, breach_position: float, roughness_factor: float, **tide: float) -> Arrays:
        bed, peak = terrain.bed, peak_level(tide)
        if len(terrain.dike) and breach_width > 0:
            cells, sill = breached(terrain, breach_position, breach_width, peak)
            bed = bed.copy()
            bed[tuple(cells.T)] = np.minimum(bed[tuple(cells.T)], sill)
        maps: Maps = bathtub(bed, sea, peak, BREACH_START_S - START_S)
        return maps.on_land(terrain, DURATION_S)

    return Alternative("bathtub", "formula", answer=answer, each_row=True, label=_TEXTS.say("submersion.bathtub"))


def _fill_and_spill(terrain: FloodTerrain, weir: BreachWeir) -> Alternative:
    behind = landing(terrain)

    def answer(**storm: float) -> Arrays:
        depth = np.zeros(terrain.shape)
        if storm["breach_width"] > 0:
            breach = weir.breach(**{name: np.array([value]) for name, value in storm.items()})
            row, column = behind[breach.cells[0, int(np.argmax(breach.covered[0]))]]
            volume = breach.passed * MILLION / terrain.cell_size_m**2
            surface, _ = fill_and_spill(terrain.bed, terrain.land, (int(row), int(column)), volume)
            depth = np.nan_to_num(surface[0] - terrain.bed)
        arrival = np.where(depth > 0, BREACH_START_S - START_S, np.nan)
        return Maps(depth, np.zeros_like(depth), arrival).on_land(terrain, DURATION_S)

    label = _TEXTS.say("submersion.fill_and_spill")
    return Alternative("fill_and_spill", "formula", answer=answer, each_row=True, label=label)
