"""The space of what is unknown: its bounds as a unit cube, in which everything is searched and drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from frugal.calibration.observed import Unknown


@dataclass(frozen=True)
class Space:
    """Bounds of what is unknown; nothing outside is ever asked or proposed."""

    unknowns: tuple[Unknown, ...]

    @classmethod
    def of(cls, unknowns: Sequence[Unknown]) -> Space:
        """The space of some unknowns."""
        return cls(tuple(unknowns))

    @property
    def size(self) -> int:
        """How many are unknown."""
        return len(self.unknowns)

    @property
    def low(self) -> np.ndarray:
        """Lower bounds ``[k]``."""
        return np.array([unknown.low for unknown in self.unknowns])

    @property
    def width(self) -> np.ndarray:
        """Widths of the bounds ``[k]``."""
        return np.array([unknown.high - unknown.low for unknown in self.unknowns])

    def from_unit(self, unit: np.ndarray) -> np.ndarray:
        """Settings in their units from points of the unit cube, both ``[n, k]``."""
        return np.asarray(self.low + unit * self.width)

    def to_unit(self, settings: np.ndarray) -> np.ndarray:
        """Points of the unit cube from settings in their units, both ``[n, k]``."""
        return np.asarray((settings - self.low) / self.width)

    def sobol(self, n: int, seed: int) -> np.ndarray:
        """The first ``n`` points of a scrambled Sobol sequence in the unit cube."""
        from scipy.stats import qmc

        power = int(np.ceil(np.log2(max(n, 2))))
        return np.asarray(qmc.Sobol(self.size, scramble=True, rng=seed).random_base2(power)[:n])
