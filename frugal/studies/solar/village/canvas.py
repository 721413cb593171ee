"""Heights under construction, and what is known of their cells."""

from __future__ import annotations

import math

import numpy as np


class Canvas:
    """Heights under construction; x goes east, y south, both in metres from the north-western corner."""

    def __init__(
        self,
        random: np.random.Generator,
        size_m: float,
        resolution_m: float,
        centre_radius_m: float,
        wall_factor: float,
    ) -> None:
        self.random = random
        self.centre_radius = centre_radius_m
        self.wall_factor = wall_factor
        self.size = size_m
        self.step = resolution_m
        self.n = round(size_m / resolution_m)
        axis = (np.arange(self.n) + 0.5) * resolution_m
        self.x, self.y = np.meshgrid(axis, axis)
        self.ground = self._terrain()
        self.heights = self.ground.copy()
        self.street = np.zeros((self.n, self.n), dtype=bool)
        self.built = np.zeros((self.n, self.n), dtype=bool)
        self.turn = random.uniform(0.0, math.pi)
        self.centre = (size_m * random.uniform(0.45, 0.55), size_m * random.uniform(0.45, 0.55))

    def _terrain(self) -> np.ndarray:
        ground = np.full(self.x.shape, 24.0)
        for wave_m, height_m in ((700.0, 5.0), (330.0, 1.6), (150.0, 0.5)):
            direction, phase = self.random.uniform(0.0, 2 * math.pi, size=2)
            along = self.x * math.cos(direction) + self.y * math.sin(direction)
            ground += height_m * np.sin(2 * math.pi * along / wave_m + phase)
        return ground

    def window(self, centre: np.ndarray, radius_m: float) -> tuple[slice, slice] | None:
        """Cells within a square round a point, as slices of rows and columns; None outside the map."""
        low = np.floor((centre - radius_m) / self.step).astype(int)
        high = np.ceil((centre + radius_m) / self.step).astype(int)
        cols, rows = slice(max(low[0], 0), min(high[0], self.n)), slice(max(low[1], 0), min(high[1], self.n))
        return (rows, cols) if rows.start < rows.stop and cols.start < cols.stop else None

    def survey(self) -> np.ndarray:
        """Heights with the noise of an airborne survey."""
        return np.round(self.heights + self.random.normal(0.0, 0.025, self.heights.shape), 3)
