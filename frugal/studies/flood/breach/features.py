"""The summaries of `submersion`; what they mean is told in `weir`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from frugal.experiments.study import Summaries, Variable
from frugal.physics.weir_law import free_discharge
from frugal.studies.flood.breach.basins import pools_of
from frugal.studies.flood.breach.weir import MILLION, BreachWeir, Dike
from frugal.studies.flood.sea.failure import DikeFailure
from frugal.studies.flood.sea.history import SeaHistory
from frugal.studies.flood.terrain.terrain import FloodTerrain

#: Volumes in millions of m³ below which the share that passes tends to 1.
_LITTLE = 1e-6
#: Added to both bounds of a height in m, which float32 rounds.
_MARGIN_M = 0.01
#: The small flood that tells basins apart, as a share of the volume of the middle event.
SMALL_FLOOD = 0.1
#: It is at least as large, in millions of m³, where the middle event brings nothing.
LEAST_SMALL_FLOOD = 1e-4


def breach_weir(
    terrain: FloodTerrain, variables: Sequence[Variable], history: SeaHistory, failure: DikeFailure
) -> tuple[BreachWeir, float]:
    """The weir of the breaches of a terrain, and the largest volume that may pass it, in millions of m³.

    Parameters
    ----------
    terrain : FloodTerrain
        With a dike.
    variables : sequence of Variable
        Inputs of `submersion`.
    history : SeaHistory
    failure : DikeFailure
    """
    worst = {variable.name: variable.high for variable in variables}
    middle = {variable.name: np.array([(variable.low + variable.high) / 2]) for variable in variables}
    free = BreachWeir(Dike.of(terrain, worst["breach_width"]), None, history, failure)
    sea = {variable.name: worst[variable.name] for variable in history.variables}
    flow = free_discharge(history.level(free.times_s, **sea) - terrain.sill_m.min())
    largest = 1.05 * worst["breach_width"] * free.step_s * float(np.sum(flow)) / MILLION
    small = max(SMALL_FLOOD * float(free.breach(**middle).free[0]), LEAST_SMALL_FLOOD) * MILLION
    pools = pools_of(terrain, max(largest * MILLION, small), small)
    return BreachWeir(free.dike, pools, history, failure), max(largest, LEAST_SMALL_FLOOD)


def weir_summaries(weir: BreachWeir, variables: Sequence[Variable], largest: float) -> Summaries:
    """Highest level, volume over the weir, share of it that passes, basin and sills, with the inputs that matter by themselves.

    Parameters
    ----------
    weir : BreachWeir
        With pools.
    variables : sequence of Variable
        Inputs of `submersion`.
    largest : float
        Largest volume over the weir, in millions of m³.
    """
    sills = weir.dike.sill[:-1]

    def compute(xp: Any, **storm: Any) -> Mapping[str, Any]:
        breach = weir.breach(xp, **storm)
        return {
            "peak_level": weir.history.peak(storm),
            "root_weir_volume": xp.sqrt(breach.free),
            "root_passing_share": xp.sqrt((breach.passed + _LITTLE) / (breach.free + _LITTLE)),
            "root_breach_width": xp.sqrt(storm["breach_width"]),
            "breach_position": storm["breach_position"],
            "roughness_factor": storm["roughness_factor"],
            "breach_basin": breach.along(weir.basin),
            "breach_sill": breach.along(sills),
            "breach_lowered_to": breach.mean(breach.lowered_to),
        }

    own = {variable.name: variable for variable in variables}
    lowest_level = weir.history.peak({name: variable.low for name, variable in own.items()})
    highest_level = weir.history.peak({name: variable.high for name, variable in own.items()})
    width, lowest = own["breach_width"], float(sills.min()) - _MARGIN_M
    return Summaries(
        (
            Variable("peak_level", "m", lowest_level, highest_level),
            Variable("root_weir_volume", "1", 0.0, math.sqrt(largest)),
            Variable("root_passing_share", "1", 0.0, 1.0),
            Variable("root_breach_width", "1", math.sqrt(width.low), math.sqrt(width.high)),
            own["breach_position"],
            own["roughness_factor"],
            Variable("breach_basin", "1", 0.0, 1.0),
            Variable("breach_sill", "m", lowest, float(sills.max()) + _MARGIN_M),
            Variable(
                "breach_lowered_to", "m", float(sills.min()), float(max(sills.max(), highest_level, sills.min() + 0.01))
            ),
        ),
        compute,
    )
