"""What the flood behind a breach depends on most: the highest level, and the water that would pass the breach as a weir.

The free discharge of a broad-crested weir of width :math:`W` under a head :math:`H` is :math:`C W H^{3/2}` with
:math:`C = (2/3)^{3/2} \\sqrt g`; summed over the event it is a volume in closed form, to a factor that the drowning of the weir
and the filling of the polder make, and which is left to the fits.
"""

from __future__ import annotations

import math

import numpy as np

from frugal.experiments.studies.flood.sea import TIDE_PERIOD_S, sea_level
from frugal.experiments.studies.flood.terrain import FloodTerrain
from frugal.experiments.study import GraphBuilder, Summaries, Variable

WEIR = (2.0 / 3.0) ** 1.5 * math.sqrt(9.81)
TIMES = 48
#: The summary is the square root of the volume in millions of m³.
MILLION = 1e6


def weir_summaries(terrain: FloodTerrain, variables: tuple[Variable, ...], start_s: float, end_s: float) -> Summaries:
    """Highest level and volume over the weir, with the inputs that matter by themselves.

    Parameters
    ----------
    terrain : FloodTerrain
    variables : tuple of Variable
        Inputs of `submersion`, in its order.
    start_s, end_s : float
        From high tide: when the breach opens, and the end of the event.
    """
    times = start_s + (np.arange(TIMES) + 0.5) * (end_s - start_s) / TIMES
    step_s = (end_s - start_s) / TIMES
    half_tide = 0.5 * np.cos(2 * np.pi * times / TIDE_PERIOD_S)
    sill = float(np.mean(terrain.sill_m))
    low, high = (np.array([getattr(variable, end) for variable in variables]) for end in ("low", "high"))

    def compute(inputs: np.ndarray) -> np.ndarray:
        surge, tide_range, rise, _, width, position, roughness = inputs.T
        peak = rise + tide_range / 2 + surge
        head = np.maximum(sea_level(inputs, times) - sill, 0.0)
        volume = WEIR * width * step_s * np.sum(head**1.5, axis=1)
        return np.column_stack([peak, np.sqrt(volume / MILLION), width, position, roughness])

    def graph(builder: GraphBuilder, x: str) -> str:
        def column(number: int) -> str:
            return builder.op("Gather", x, builder.constant([number], np.int64), axis=1)

        def constant(value: float | np.ndarray) -> str:
            return builder.constant(np.atleast_2d(value))

        surge, tide_range, rise, duration_h, width, position, roughness = map(column, range(7))
        half_range = builder.op("Mul", tide_range, constant(0.5))
        peak = builder.op("Add", builder.op("Add", rise, half_range), surge)
        phase = builder.op("Div", constant(times / 3600.0), duration_h)
        phase = builder.op("Max", builder.op("Min", phase, constant(0.5)), constant(-0.5))
        bump = builder.op("Cos", builder.op("Mul", phase, constant(math.pi)))
        level = builder.op("Mul", surge, builder.op("Mul", bump, bump))
        level = builder.op("Add", level, builder.op("Mul", tide_range, constant(half_tide)))
        head = builder.op("Relu", builder.op("Sub", builder.op("Add", level, rise), constant(sill)))
        flow = builder.op("Mul", head, builder.op("Sqrt", head))
        total = builder.op("MatMul", flow, builder.constant(np.full((TIMES, 1), WEIR * step_s / MILLION)))
        volume = builder.op("Sqrt", builder.op("Mul", total, width))
        return builder.op("Concat", peak, volume, width, position, roughness, axis=1)

    ends = compute(np.stack([low, high]))
    own = {variable.name: variable for variable in variables}
    return Summaries(
        (
            Variable("peak_level", "m", float(ends[0, 0]), float(ends[1, 0])),
            # a longer storm only adds, and so does every other input but place and roughness
            Variable("root_weir_volume", "1", float(ends[0, 1]), float(ends[1, 1])),
            *(own[name] for name in ("breach_width", "breach_position", "roughness_factor")),
        ),
        compute,
        graph,
    )
