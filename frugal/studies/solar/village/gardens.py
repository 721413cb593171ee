"""Hedges and trees."""

from __future__ import annotations

import math

import numpy as np
from scipy import ndimage

from frugal.studies.solar.village.canvas import Canvas


class Gardens(Canvas):
    """Plants what grows between streets and buildings."""

    def plant(self) -> None:
        """Hedges along some gardens, trees of all sizes in gardens and fields, a few along the streets."""
        to_built = ndimage.distance_transform_edt(~self.built) * self.step
        to_street = ndimage.distance_transform_edt(~self.street) * self.step
        verge = (to_street > 0.6) & (to_street < 1.8) & (to_built > 2.0)
        patches = ndimage.gaussian_filter(self.random.standard_normal(self.x.shape), 12.0 / self.step)
        hedge = verge & (patches > 0.3 * patches.std())
        rough = ndimage.gaussian_filter(self.random.standard_normal(self.x.shape), 0.5)
        self.heights = np.where(hedge, self.ground + 1.5 + 0.35 * rough, self.heights)
        area_ha = (self.size / 100.0) ** 2
        for _ in range(round(42 * area_ha)):
            x, y = self.random.uniform(0.0, self.size, size=2)
            row, col = int(y / self.step), int(x / self.step)
            far = math.hypot(x - self.centre[0], y - self.centre[1]) > 0.9 * self.centre_radius
            radius = min(self.random.lognormal(math.log(2.4 if far else 1.9), 0.4), 6.5)
            if to_street[row, col] < 1.0 or to_built[row, col] < 0.6 * radius + 0.8:
                continue
            self._tree(x, y, radius)
        self._tree_row()

    def _tree_row(self) -> None:
        """A field hedge of tall trees, as the bocage has them, near one border of the map."""
        offset = self.random.uniform(0.04, 0.12) * self.size
        for s in np.arange(2.0, self.size, 6.0):
            x, y = (
                s + self.random.normal(0.0, 1.0),
                offset + 4.0 * math.sin(s / 40.0) + self.random.normal(0.0, 0.7),
            )
            row, col = int(np.clip(y / self.step, 0, self.n - 1)), int(np.clip(x / self.step, 0, self.n - 1))
            window = self.window(np.array([x, y]), 5.0)
            clear = window is not None and not (self.built[window].any() or self.street[row, col])
            if clear and self.random.random() < 0.8:
                self._tree(x, y, self.random.uniform(2.2, 4.5))

    def _tree(self, x: float, y: float, radius: float) -> None:
        window = self.window(np.array([x, y]), radius + 1.0)
        if window is None:
            return
        top = min(radius * self.random.uniform(1.9, 3.2) + 1.0, 18.0)
        thick = min(top * 0.75, 2.2 * radius)
        lobes = ndimage.gaussian_filter(self.random.standard_normal(self.x[window].shape), 0.9 / self.step)
        lobes /= lobes.std() + 1e-9
        distance = np.hypot(self.x[window] - x, self.y[window] - y) / (radius * (1.0 + 0.12 * lobes))
        crown = top - thick / 2 + thick / 2 * np.sqrt(np.maximum(1.0 - distance**2, 0.0))
        crown += 0.22 * radius**0.5 * self.random.standard_normal(crown.shape) + 0.15 * radius**0.5 * lobes
        crown = np.where(distance < 1.0, self.ground[window] + crown, -np.inf)
        self.heights[window] = np.maximum(self.heights[window], crown)
