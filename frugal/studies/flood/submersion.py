"""`submersion`: what a storm surge floods behind a sea dike that breaks.

One query is one storm: how high the surge, the tide and the mean sea level, how long the storm, where and how wide the
breach, how rough the ground. The sea level is a tide of 12.42 h with a surge on it that peaks at high tide,

.. math:: \\eta(t) = z_{slr} + \\frac{R}{2} \\cos\\frac{2\\pi t}{12.42\\,h} + S \\cos^2\\frac{\\pi t}{D},

with :math:`t` from high tide and :math:`S` nothing beyond half the storm's duration :math:`D` on either side; or a series of
levels from a file. The breach opens within half an hour, from one hour before high tide on, unless the site says otherwise.
Times are told from the low water before high tide, or from the beginning of the series. Truth is the second-order Saint-Venant
solver on the site's terrain, from the moment at which the sea may first pass the dike.
"""

from __future__ import annotations

import numpy as np

from frugal.errors import UnusableInputError
from frugal.experiments.study import Alternative, Arrays, Study, Summaries, Variable
from frugal.formats.ground.tiles import name_of_tiles
from frugal.physics.filling import fill_and_spill
from frugal.physics.shallow_water.flood_case import FloodCase
from frugal.studies.flood.bathtub import bathtub
from frugal.studies.flood.breach.basins import landing
from frugal.studies.flood.breach.features import breach_weir, weir_summaries
from frugal.studies.flood.breach.weir import MILLION, BreachWeir
from frugal.studies.flood.coastal_conditions import coast_of, files_digest, sea_variables
from frugal.studies.flood.coastal_event import Coast, lowered, storm
from frugal.studies.flood.outputs import Maps
from frugal.studies.flood.sea.history import extremes
from frugal.studies.flood.study import flood_study
from frugal.studies.flood.terrain.coast import coast
from frugal.studies.flood.terrain.site import SubmersionSite
from frugal.studies.flood.terrain.terrain import FloodTerrain
from frugal.texts import room_texts

_TEXTS = room_texts("frugal.studies.flood")


def inputs_of(site: SubmersionSite) -> tuple[Variable, ...]:
    """Inputs of the study: those of the sea, of the breach where there is a dike, and the roughness.

    Parameters
    ----------
    site : SubmersionSite
    """
    breach = (
        Variable("breach_width", "m", 20.0, 200.0, _TEXTS.say("submersion.breach_width"), default=100.0),
        Variable("breach_position", "1", 0.0, 1.0, _TEXTS.say("submersion.breach_position"), default=0.5),
    )
    roughness = Variable("roughness_factor", "1", 0.6, 1.6, _TEXTS.say("submersion.roughness_factor"), default=1.0)
    return (*sea_variables(site), *(() if site.no_dike else breach), roughness)


def submersion(site: SubmersionSite) -> Study:
    """Build the study for a coast.

    Parameters
    ----------
    site : SubmersionSite

    Raises
    ------
    UnusableInputError
        If the terrain, the dike, the buildings or the series cannot be used.
    """
    terrain = coast(site)
    events, notes = coast_of(site, terrain)
    inputs = inputs_of(site)
    _, highest_inputs = extremes(events.history.variables)
    highest = float(events.history.peak(highest_inputs))
    lowest = float(terrain.bed[terrain.land].min())
    if lowest >= highest:
        raise UnusableInputError(
            f"no land of terrain '{name_of_tiles(site.terrain or ())}' lies below {highest:.2f} m, the highest sea of this "
            f"study (the lowest is {lowest:.2f} m): nothing could be flooded; are its heights in metres above mean sea level?"
        )

    def build(over: FloodTerrain, **asked: float) -> FloodCase:
        return storm(over, events, **asked)

    formulas: tuple[Alternative, ...] = ()
    summaries: Summaries | None = None
    if len(terrain.dike):
        weir, largest = breach_weir(terrain, inputs, events.history, events.failure)
        summaries = weir_summaries(weir, inputs, largest)
        # It pours what passes one breach, and nothing else.
        if not events.breaches and events.waves is None and events.water.rain is None:
            formulas = (_fill_and_spill(terrain, weir, events),)
    if site.level_series is None:
        arrival = _TEXTS.say("submersion.arrival_from_low_water")
    else:
        arrival = _TEXTS.say("submersion.arrival_from_series")
    return flood_study(
        "submersion",
        _TEXTS.say("submersion.title"),
        site,
        terrain,
        build,
        duration_s=events.duration_s,
        inputs=inputs,
        formula=_bathtub(terrain, events),
        other_formulas=formulas,
        summaries=summaries,
        notes=notes,
        files=files_digest(site) + events.water.sha256,
        water=events.water,
        arrival=arrival,
    )


def _bathtub(terrain: FloodTerrain, events: Coast) -> Alternative:
    sea, history = terrain.sea, events.history

    def answer(**asked: float) -> Arrays:
        bed, first_s = lowered(terrain, events, **asked)
        level = float(history.peak(asked))
        maps: Maps = bathtub(bed, sea, level, first_s)
        return maps.on_land(terrain, events.duration_s)

    return Alternative("bathtub", "formula", answer=answer, each_row=True, label=_TEXTS.say("submersion.bathtub"))


def _fill_and_spill(terrain: FloodTerrain, weir: BreachWeir, events: Coast) -> Alternative:
    behind = landing(terrain)

    def answer(**asked: float) -> Arrays:
        depth = np.zeros(terrain.shape)
        if asked["breach_width"] > 0:
            breach = weir.breach(**{name: np.array([value]) for name, value in asked.items()})
            row, column = behind[breach.cells[0, int(np.argmax(breach.covered[0]))]]
            volume = breach.passed * MILLION / terrain.cell_size_m**2
            surface, _ = fill_and_spill(terrain.bed, terrain.land, (int(row), int(column)), volume)
            depth = np.nan_to_num(surface[0] - terrain.bed)
        _, first_s = lowered(terrain, events, **asked)
        arrival = np.where(depth > 0, first_s, np.nan)
        return Maps(depth, np.zeros_like(depth), arrival).on_land(terrain, events.duration_s)

    label = _TEXTS.say("submersion.fill_and_spill")
    return Alternative("fill_and_spill", "formula", answer=answer, each_row=True, label=label)
