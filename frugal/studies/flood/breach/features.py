"""The summaries of `submersion`, as columns and as the nodes of a graph; what they mean is told in `weir`."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from frugal.experiments.study import GraphBuilder, Summaries, Variable
from frugal.studies.flood.breach.basins import pools_of
from frugal.studies.flood.breach.storm_tide import TIDE_PERIOD_S, sea_level
from frugal.studies.flood.breach.weir import DROWNING, LEAST_HEAD_M, MILLION, TIMES, WEIR, BreachWeir, Dike
from frugal.studies.flood.terrain.terrain import FloodTerrain

#: Volumes in millions of m³ below which the share that passes tends to 1.
_LITTLE = 1e-6
#: Added to both bounds of a height in m, which float32 rounds.
_MARGIN_M = 0.01
#: Rows computed at once.
_CHUNK = 4096
#: The small flood that tells basins apart, as a share of the volume of the middle event.
SMALL_FLOOD = 0.1


def breach_weir(
    terrain: FloodTerrain, variables: Sequence[Variable], start_s: float, end_s: float
) -> tuple[BreachWeir, float]:
    """The weir of the breaches of a terrain, and the largest volume that may pass it, in millions of m³.

    Parameters
    ----------
    terrain : FloodTerrain
        With a dike.
    variables : sequence of Variable
        Inputs of `submersion`, in its order.
    start_s, end_s : float
        From high tide: when the breach opens, and the end of the event.
    """
    low, high = (np.array([getattr(variable, end) for variable in variables]) for end in ("low", "high"))
    free = BreachWeir(Dike.of(terrain, high[4]), None, start_s, end_s)
    head = np.maximum(sea_level(high, free.times_s) - terrain.sill_m.min(), 0.0)
    largest = 1.05 * WEIR * float(high[4]) * free.step_s * float(np.sum(head**1.5)) / MILLION
    middle = float(free.volumes((low + high)[None] / 2)[0][0])
    pools = pools_of(terrain, largest * MILLION, SMALL_FLOOD * middle * MILLION)
    return BreachWeir(free.dike, pools, start_s, end_s), largest


def weir_summaries(weir: BreachWeir, variables: Sequence[Variable], largest: float) -> Summaries:
    """Highest level, volume over the weir, share of it that passes, basin and sills, with the inputs that matter by themselves.

    Parameters
    ----------
    weir : BreachWeir
        With pools.
    variables : sequence of Variable
        Inputs of `submersion`, in its order.
    largest : float
        Largest volume over the weir, in millions of m³.
    """
    low, high = (np.array([getattr(variable, end) for variable in variables]) for end in ("low", "high"))
    sills = weir.dike.sill[:-1]

    def rows(inputs: np.ndarray) -> np.ndarray:
        surge, tide_range, rise, _, width, position, roughness = inputs.T
        free, passed = weir.volumes(inputs)
        return np.column_stack(
            [
                rise + tide_range / 2 + surge,
                np.sqrt(free),
                np.sqrt((passed + _LITTLE) / (free + _LITTLE)),
                np.sqrt(width),
                position,
                roughness,
                weir.along(inputs, weir.basin),
                weir.along(inputs, sills),
                weir.lowered_to(inputs),
            ]
        )

    def compute(inputs: np.ndarray) -> np.ndarray:
        return np.concatenate([rows(inputs[start : start + _CHUNK]) for start in range(0, max(len(inputs), 1), _CHUNK)])

    def graph(builder: GraphBuilder, x: str) -> str:
        return _Nodes(builder, weir, x).columns()

    own = {variable.name: variable for variable in variables}
    level = [end[0] + end[1] / 2 + end[2] for end in (low, high)]
    lowest = float(sills.min()) - _MARGIN_M
    return Summaries(
        (
            Variable("peak_level", "m", float(level[0]), float(level[1])),
            Variable("root_weir_volume", "1", 0.0, math.sqrt(largest)),
            Variable("root_passing_share", "1", 0.0, 1.0),
            Variable("root_breach_width", "1", math.sqrt(low[4]), math.sqrt(high[4])),
            own["breach_position"],
            own["roughness_factor"],
            Variable("breach_basin", "1", 0.0, 1.0),
            Variable("breach_sill", "m", lowest, float(sills.max()) + _MARGIN_M),
            Variable(
                "breach_lowered_to", "m", float(sills.min()), float(max(sills.max(), level[1], sills.min() + 0.01))
            ),
        ),
        compute,
        graph,
    )


class _Nodes:
    """The summaries as ONNX nodes in float32; shapes are ``[n, 1]``, or ``[n, cells]`` over the cells of a breach."""

    def __init__(self, builder: GraphBuilder, weir: BreachWeir, x: str) -> None:
        self.builder, self.weir = builder, weir
        names = ("surge", "tide_range", "rise", "duration_h", "width", "position", "roughness")
        self.input = {name: self._column(x, k) for k, name in enumerate(names)}
        half_range = self._op("Mul", self.input["tide_range"], 0.5)
        self.peak = self._op("Add", self._op("Add", self.input["rise"], half_range), self.input["surge"])

    def columns(self) -> str:
        cells, covered = self._open_cells()
        total = self._sum(covered)
        sill = self._lowered(cells, covered)
        free, passed = self._volumes(cells, covered, sill)
        share = self._op("Div", self._op("Add", passed, _LITTLE), self._op("Add", free, _LITTLE))

        def mean(values: str) -> str:
            return self._op("Div", self._sum(self._op("Mul", values, covered)), total)

        def along(values: np.ndarray) -> str:
            return mean(self._table(np.append(values, 0.0), cells))

        return self.builder.op(
            "Concat",
            self.peak,
            self._op("Sqrt", free),
            self._op("Sqrt", share),
            self._op("Sqrt", self.input["width"]),
            self.input["position"],
            self.input["roughness"],
            along(self.weir.basin),
            along(self.weir.dike.sill[:-1]),
            mean(sill),
            axis=1,
        )

    def _open_cells(self) -> tuple[str, str]:
        """As `Dike.open_cells`."""
        dike, width = self.weir.dike, self.input["width"]
        first_m, last_m = dike.span
        middle = self._op("Add", self._op("Mul", self.input["position"], last_m - first_m), first_m)
        latest = self._op("Max", self._op("Sub", float(dike.high[-2]), width), float(dike.low[0]))
        left = self._op("Sub", middle, self._op("Mul", width, 0.5))
        left = self._op("Min", self._op("Max", left, float(dike.low[0])), latest)
        passed = self._op("GreaterOrEqual", left, dike.high[None])
        first = self._sum(self.builder.op("Cast", passed, to=1))
        cells = self._op("Min", self._op("Add", first, np.arange(dike.widest)[None]), float(len(dike.low) - 1))
        cells = self.builder.op("Cast", cells, to=7)
        right = self._op("Add", left, width)
        ends = self._op("Min", self._table(dike.high, cells), right)
        starts = self._op("Max", self._table(dike.low, cells), left)
        return cells, self._op("Relu", self._op("Sub", ends, starts))

    def _lowered(self, cells: str, covered: str) -> str:
        """As `BreachWeir._lowered`."""
        dike = self.weir.dike
        spacing = dike.high - dike.low
        part = self._op("Min", self._op("Mul", covered, self._table(1.0 / spacing, cells)), 1.0)
        top = self._op("Min", self._table(dike.crest, cells), self.peak)
        depth = self._op("Relu", self._op("Sub", top, self._table(dike.sill, cells)))
        return self._op("Sub", top, self._op("Mul", depth, self._op("Pow", part, 2 / 3)))

    def _volumes(self, cells: str, covered: str, sill: str) -> tuple[str, str]:
        """As `BreachWeir.volumes`."""
        weir = self.weir
        assert weir.pools is not None
        spacing = weir.dike.high - weir.dike.low
        rate = self._table(WEIR * spacing * weir.step_s / MILLION, cells)
        rate = self._op("Mul", rate, self._op("Sign", covered))
        level = self._sea_level()
        root, height = weir.pools.root_volume, weir.pools.level_m
        slopes = np.diff(np.append(np.insert(np.diff(height) / np.diff(root), 0, 0.0), 0.0))
        free, passed = "", ""
        for t in range(TIMES):
            head = self._op("Relu", self._op("Sub", self._column(level, t), sill))
            flow = self._op("Mul", rate, self._op("Mul", head, self._op("Sqrt", head)))
            total = self._sum(flow)
            free = self._op("Add", free, total) if t else total
            if t == 0:  # nothing is inside yet but what the first pool holds: its ground
                inside = self.builder.constant([[height[0]]])
            else:
                hinges = self._op("Relu", self._op("Sub", self._op("Sqrt", passed), root[None]))
                inside = self._op("Add", self._op("MatMul", hinges, slopes[:, None]), float(height[0]))
            over = self._op("Relu", self._op("Sub", inside, sill))
            drowned = self._op("Min", self._op("Div", over, self._op("Max", head, LEAST_HEAD_M)), 1.0)
            kept = self._op("Sub", 1.0, self._op("Mul", drowned, self._op("Sqrt", drowned)))
            total = self._sum(self._op("Mul", flow, self._op("Pow", self._op("Relu", kept), DROWNING)))
            passed = self._op("Add", passed, total) if t else total
        return free, passed

    def _sea_level(self) -> str:
        """Level in the middle of each step, ``[n, times]``."""
        times = self.weir.times_s
        phase = self._op("Div", times[None] / 3600.0, self.input["duration_h"])
        phase = self._op("Max", self._op("Min", phase, 0.5), -0.5)
        bump = self._op("Cos", self._op("Mul", phase, math.pi))
        level = self._op("Mul", self.input["surge"], self._op("Mul", bump, bump))
        half_tide = 0.5 * np.cos(2 * np.pi * times / TIDE_PERIOD_S)
        level = self._op("Add", level, self._op("Mul", self.input["tide_range"], half_tide[None]))
        return self._op("Add", level, self.input["rise"])

    def _op(self, operator: str, *values: str | float | np.ndarray) -> str:
        names = (v if isinstance(v, str) else self.builder.constant(np.atleast_1d(v)) for v in values)
        return self.builder.op(operator, *names)

    def _sum(self, values: str) -> str:
        return self.builder.op("ReduceSum", values, self.builder.constant([1], np.int64), keepdims=1)

    def _table(self, values: np.ndarray, cells: str) -> str:
        return self.builder.op("Gather", self.builder.constant(values), cells, axis=0)

    def _column(self, values: str, number: int) -> str:
        return self.builder.op("Gather", values, self.builder.constant([number], np.int64), axis=1)
