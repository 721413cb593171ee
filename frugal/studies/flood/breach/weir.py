"""What the flood behind a breach depends on most: the highest level, the water that passes the breach as a weir, and the basin
that it falls into.

The free discharge of a broad-crested weir of width :math:`W` under a head :math:`H` is :math:`C W H^{3/2}` with
:math:`C = (2/3)^{3/2} \\sqrt g`, here summed over the cells that the breach lowers, each with its own sill. Water inside drowns
the weir: its discharge falls by the factor :math:`(1 - r^{3/2})^{0.385}`, with :math:`r` the head inside over that outside
(Villemonte 1947, Engineering News-Record 139:866). How high the water inside stands follows from the volume that passed and the
still pools of the ground. What is left to the fits is how the water spreads.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from frugal.studies.flood.breach.basins import Pools
from frugal.studies.flood.breach.storm_tide import sea_level
from frugal.studies.flood.terrain.terrain import FloodTerrain, stretches_of

WEIR = (2.0 / 3.0) ** 1.5 * math.sqrt(9.81)
DROWNING = 0.385
#: Steps of the event; more change nothing that a fit would see.
TIMES = 12
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

    def open_cells(self, position: np.ndarray, width_m: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Numbers of the cells that breaches may cover, ``[n, widest]``, and the length in m that they cover of each."""
        first_m, last_m = self.span
        middle = first_m + position * (last_m - first_m)
        left = np.clip(middle - width_m / 2, self.low[0], np.maximum(self.high[-2] - width_m, self.low[0]))[:, None]
        first = np.sum(self.high <= left, axis=1, keepdims=True)
        cells = np.minimum(first + np.arange(self.widest), len(self.low) - 1)
        right = left + width_m[:, None]
        return cells, np.maximum(np.minimum(self.high[cells], right) - np.maximum(self.low[cells], left), 0.0)


@dataclass(frozen=True)
class BreachWeir:
    """A breach as a weir into the still pools of the ground behind.

    Attributes
    ----------
    dike : Dike
    pools : Pools, optional
        Without them the weir stays free.
    start_s, end_s : float
        From high tide: when the breach opens, and the end of the event.
    """

    dike: Dike
    pools: Pools | None
    start_s: float
    end_s: float

    @property
    def basin(self) -> np.ndarray:
        """Of `Pools`; zeros without them."""
        return np.zeros(len(self.dike.low) - 1) if self.pools is None else self.pools.basin

    @property
    def step_s(self) -> float:
        """Length of a step of the event."""
        return (self.end_s - self.start_s) / TIMES

    @property
    def times_s(self) -> np.ndarray:
        """Middle of each step, from high tide."""
        return self.start_s + (np.arange(TIMES) + 0.5) * self.step_s

    def volumes(self, inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Water that would pass without drowning, and that does pass, in millions of m³, ``[n]`` each.

        Parameters
        ----------
        inputs : ndarray [n, 7]
            Of `submersion`.
        """
        cells, covered = self._open(inputs)
        sill = self._lowered(inputs, cells, covered)
        spacing = (self.dike.high - self.dike.low)[cells]
        rate = np.where(covered > 0, WEIR * spacing * self.step_s / MILLION, 0.0)
        level = sea_level(inputs, self.times_s)
        free, passed = np.zeros(len(inputs)), np.zeros(len(inputs))
        for t in range(TIMES):
            head = np.maximum(level[:, t, None] - sill, 0.0)
            flow = rate * head**1.5
            free += flow.sum(axis=1)
            if self.pools is not None:
                inside = np.interp(np.sqrt(passed), self.pools.root_volume, self.pools.level_m)
                over = np.maximum(inside[:, None] - sill, 0.0)
                drowned = np.minimum(over / np.maximum(head, LEAST_HEAD_M), 1.0)
                flow = flow * (1.0 - drowned**1.5) ** DROWNING
            passed += flow.sum(axis=1)
        return free, passed

    def along(self, inputs: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Mean over the breach of values along the dike, ``[n]``."""
        cells, covered = self._open(inputs)
        return _mean(np.append(values, 0.0)[cells], covered)

    def lowered_to(self, inputs: np.ndarray) -> np.ndarray:
        """Mean over the breach of the heights in m that its cells are lowered to, ``[n]``: the sill, and more where the breach
        takes only a part of a cell."""
        cells, covered = self._open(inputs)
        return _mean(self._lowered(inputs, cells, covered), covered)

    def _lowered(self, inputs: np.ndarray, cells: np.ndarray, covered: np.ndarray) -> np.ndarray:
        """Heights as those of `terrain.breached`."""
        peak = inputs[:, 2] + inputs[:, 1] / 2 + inputs[:, 0]
        part = np.minimum(covered / (self.dike.high - self.dike.low)[cells], 1.0)
        top = np.minimum(self.dike.crest[cells], peak[:, None])
        return np.asarray(top - np.maximum(top - self.dike.sill[cells], 0.0) * part ** (2 / 3))

    def _open(self, inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return self.dike.open_cells(inputs[:, 5], inputs[:, 4])


def _mean(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return np.asarray(np.sum(values * weights, axis=1) / np.maximum(weights.sum(axis=1), 1e-9))
