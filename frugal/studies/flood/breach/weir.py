"""What the flood behind a breach depends on most: the highest level, the water that passes the breach as a weir, and the basin
that it falls into.

The free discharge of a broad-crested weir of width :math:`W` under a head :math:`H` is :math:`C W H^{3/2}` with
:math:`C = (2/3)^{3/2} \\sqrt g`, here summed over the cells that the breach lowers, each with its own sill. Water inside drowns
the weir by the law that the solvers share (`frugal.physics.weir_law`). How high the water inside stands follows
from the volume that passed and the still pools of the ground. What is left to the fits is how the water spreads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from frugal.physics.weir_law import drowning, free_discharge
from frugal.studies.flood.breach.basins import Pools
from frugal.studies.flood.sea.failure import DikeFailure
from frugal.studies.flood.sea.history import SeaHistory
from frugal.studies.flood.terrain.terrain import FloodTerrain, stretches_of

#: Steps from a breach to the end of the event; more change nothing that a fit would see. Where a level of the sea begins the
#: breach the whole event is stepped through, finer.
TIMES, TIMES_FROM_LEVEL = 12, 36
#: A rise by so much turns a level that begins a breach from not reached to reached [m]: smooth, as a fit wants it.
_REACHED_WITHIN_M = 0.02
#: Volumes are in millions of m³.
MILLION = 1e6
#: Lower heads are taken as this where one divides by them.
LEAST_HEAD_M = 1e-3


@dataclass(frozen=True)
class Dike:
    """Cells of a dike as a breach sees them, with one more at the end that no breach reaches.

    Attributes
    ----------
    low, high : ndarray [k + 1]
        Ends of each cell along the dike in m.
    crest, sill : ndarray [k + 1]
        Height in m, and how low a breach cuts it.
    widest : int
        Most cells that a breach covers.
    """

    low: np.ndarray
    high: np.ndarray
    crest: np.ndarray
    sill: np.ndarray
    widest: int

    @classmethod
    def of(cls, terrain: FloodTerrain, width_m: float) -> Dike:
        """The dike of a terrain, for breaches up to a width."""
        position = terrain.dike_position_m
        low, high = stretches_of(position, terrain.cell_size_m)
        covered = [int(np.sum((low < end + width_m) & (high > start))) for start, end in zip(low, high, strict=True)]
        beyond = high[-1] + 10 * width_m + np.array([0.0, terrain.cell_size_m])
        return cls(
            np.append(low, beyond[0]),
            np.append(high, beyond[1]),
            np.append(terrain.bed[tuple(terrain.dike.T)], 0.0),
            np.append(terrain.sill_m, 0.0),
            min(max(covered) + 1, len(position) + 1),
        )

    @property
    def span(self) -> tuple[float, float]:
        """Middle of the first and of the last cell, in m."""
        return float(self.low[0] + self.high[0]) / 2, float(self.low[-2] + self.high[-2]) / 2

    def open_cells(self, breach_position: Any, breach_width: Any, xp: Any = np) -> tuple[Any, Any]:
        """Numbers of the cells that breaches may cover, ``[n, widest]``, and the length in m that they cover of each.

        Parameters
        ----------
        breach_position, breach_width : array [n]
            Share of the way along the dike; m.
        xp
            Namespace of the arrays.
        """
        first_m, last_m = self.span
        middle = first_m + breach_position * (last_m - first_m)
        latest = xp.maximum(float(self.high[-2]) - breach_width, float(self.low[0]))
        left = xp.minimum(xp.maximum(middle - breach_width / 2, float(self.low[0])), latest)[:, None]
        first = xp.sum(xp.astype(left >= self.high, xp.float32), axis=1, keepdims=True)
        cells = xp.astype(xp.minimum(first + np.arange(self.widest), float(len(self.low) - 1)), xp.int64)
        ends = xp.minimum(xp.take(self.high, cells), left + breach_width[:, None])
        return cells, xp.maximum(ends - xp.maximum(xp.take(self.low, cells), left), 0.0)


@dataclass(frozen=True)
class BreachWeir:
    """A breach as a weir into the still pools of the ground behind.

    Attributes
    ----------
    dike : Dike
    pools : Pools, optional
        Without them the weir stays free.
    history : SeaHistory
    failure : DikeFailure
    """

    dike: Dike
    pools: Pools | None
    history: SeaHistory
    failure: DikeFailure

    @property
    def basin(self) -> np.ndarray:
        """Of `Pools`; zeros without them."""
        return np.zeros(len(self.dike.low) - 1) if self.pools is None else self.pools.basin

    @property
    def times(self) -> int:
        """Number of steps."""
        return TIMES if self.failure.level_m is None else TIMES_FROM_LEVEL

    @property
    def start_s(self) -> float:
        """Middle of the opening, from high tide; the beginning of the event where a level of the sea begins it."""
        if self.failure.level_m is not None:
            return self.history.begin_s
        return self.failure.start_s + self.failure.opening_s / 2

    @property
    def step_s(self) -> float:
        """Length of a step of the event."""
        return (self.history.end_s - self.start_s) / self.times

    @property
    def times_s(self) -> np.ndarray:
        """Middle of each step, from high tide."""
        return self.start_s + (np.arange(self.times) + 0.5) * self.step_s

    def breach(self, xp: Any = np, **storm: Any) -> Breached:
        """What the breaches of storms open, and what passes them.

        Parameters
        ----------
        xp
            Namespace of the arrays.
        **storm : array [n]
            Inputs of `submersion`.
        """
        cells, covered = self.dike.open_cells(storm["breach_position"], storm["breach_width"], xp)
        sill = self._lowered(xp, cells, covered, self.history.peak(storm))
        free, passed = self._volumes(xp, cells, covered, sill, storm)
        return Breached(xp, cells, covered, sill, free, passed)

    def _volumes(self, xp: Any, cells: Any, covered: Any, sill: Any, storm: Mapping[str, Any]) -> tuple[Any, Any]:
        """Water that would pass without drowning, and that does pass, in millions of m³."""
        spacing = self.dike.high - self.dike.low
        rate = xp.take(spacing * self.step_s / MILLION, cells) * xp.sign(covered)
        sea = {variable.name: storm[variable.name][:, None] for variable in self.history.variables}
        level = self.history.level(self.times_s, xp=xp, **sea)
        free, passed = 0.0, 0.0
        highest: Any = None
        inside: Any = None if self.pools is None else float(self.pools.level_m[0])
        for t in range(self.times):
            head = xp.maximum(level[:, t : t + 1] - sill, 0.0)
            flow = rate * free_discharge(head, xp)
            if self.failure.level_m is not None:
                highest = level[:, t : t + 1] if highest is None else xp.maximum(highest, level[:, t : t + 1])
                flow = flow * xp.clip((highest - self.failure.level_m) / _REACHED_WITHIN_M, 0.0, 1.0)
            free = free + xp.sum(flow, axis=1)
            if self.pools is not None:
                over = xp.maximum(inside - sill, 0.0)
                flow = flow * drowning(over / xp.maximum(head, LEAST_HEAD_M), xp)
            passed = passed + xp.sum(flow, axis=1)
            if self.pools is not None:
                inside = xp.interp(xp.sqrt(passed), self.pools.root_volume, self.pools.level_m)[:, None]
        return free, passed

    def _lowered(self, xp: Any, cells: Any, covered: Any, peak: Any) -> Any:
        """Heights as those of `terrain.breached`."""
        part = xp.minimum(covered * xp.take(1.0 / (self.dike.high - self.dike.low), cells), 1.0)
        top = xp.minimum(xp.take(self.dike.crest, cells), peak[:, None])
        return top - xp.maximum(top - xp.take(self.dike.sill, cells), 0.0) * part ** (2 / 3)


@dataclass(frozen=True)
class Breached:
    """Breaches of n storms.

    Attributes
    ----------
    xp
        Namespace of the arrays.
    cells, covered : array [n, widest]
        As `Dike.open_cells` gives them.
    lowered_to : array [n, widest]
        Heights in m that the cells are lowered to: the sill, and more where the breach takes only a part of a cell.
    free, passed : array [n]
        Water that would pass without drowning, and that does pass, in millions of m³.
    """

    xp: Any
    cells: Any
    covered: Any
    lowered_to: Any
    free: Any
    passed: Any

    def along(self, values: np.ndarray) -> Any:
        """Mean over the breach of values along the dike, ``[n]``."""
        return self.mean(self.xp.take(np.append(values, 0.0), self.cells))

    def mean(self, values: Any) -> Any:
        """Mean over the breach of values of its cells, ``[n]``."""
        xp = self.xp
        return xp.sum(values * self.covered, axis=1) / xp.maximum(xp.sum(self.covered, axis=1), 1e-9)
