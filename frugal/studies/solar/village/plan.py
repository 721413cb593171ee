"""Where streets, houses, the church and the halls of a village lie."""

from __future__ import annotations

import math

import numpy as np
from scipy import ndimage

from frugal.studies.solar.village.buildings import Buildings
from frugal.studies.solar.village.gardens import Gardens

_STREET_HALF_WIDTH_M = 3.5
_STREET_SPACING_M = (62.0, 92.0)


class Village(Buildings, Gardens):
    """Lays out a village: streets first, then what stands along them."""

    def lay_streets(self) -> list[np.ndarray]:
        """Two families of gently winding streets; each as points half a metre apart, the innermost first."""
        half = 0.75 * self.size
        s = np.arange(-half, half, 0.5)
        streets = []
        for family, spacing in enumerate(_STREET_SPACING_M):
            count = int(half / spacing)
            for k in sorted(range(-count, count + 1), key=abs):
                angle = self.turn + family * math.pi / 2 + self.random.normal(0.0, 0.06)
                bend = self.random.uniform(4.0, 9.0)
                wave, phase = self.random.uniform(140.0, 260.0), self.random.uniform(0.0, 2 * math.pi)
                offset = k * spacing + self.random.uniform(-6.0, 6.0) * (k != 0)
                # Straight through the centre, winding farther out.
                t = offset + bend * np.sin(2 * math.pi * s / wave + phase) * np.minimum(np.abs(s) / 60.0, 1.0)
                x = self.centre[0] + s * math.cos(angle) - t * math.sin(angle)
                y = self.centre[1] + s * math.sin(angle) + t * math.cos(angle)
                streets.append(np.column_stack([x, y]))
        free = np.ones((self.n, self.n), dtype=bool)
        for street in streets:
            col, row = (np.floor(street / self.step)).astype(np.int64).T
            inside = (col >= 0) & (col < self.n) & (row >= 0) & (row < self.n)
            free[row[inside], col[inside]] = False
        self.street = ndimage.distance_transform_edt(free) * self.step < _STREET_HALF_WIDTH_M
        return streets

    def build_along(self, street: np.ndarray, side: float) -> None:
        """Fill one side of a street: a closed front in the centre, plots with gardens farther out."""
        tangent = np.gradient(street, axis=0)
        tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
        normal = side * np.column_stack([-tangent[:, 1], tangent[:, 0]])
        at = 0.0
        length = 0.5 * (len(street) - 1)
        while at < length - 24.0:
            here = street[round(at / 0.5)]
            from_centre = math.hypot(here[0] - self.centre[0], here[1] - self.centre[1])
            dense = from_centre < self.centre_radius * self.random.uniform(0.8, 1.2)
            width = self.random.uniform(6.0, 10.5) if dense else self.random.uniform(15.0, 24.0)
            middle = round((at + width / 2) / 0.5)
            place, across, along = street[middle], normal[middle], tangent[middle]
            at += width
            if not (-20 < here[0] < self.size + 20 and -20 < here[1] < self.size + 20):
                continue
            emptiness = 0.05 if dense else min(0.12 + 0.5 * (from_centre / (0.75 * self.size)) ** 2, 0.6)
            if self.random.random() < emptiness:
                continue
            angle = math.atan2(along[1], along[0])
            if dense:
                self._row_house(place, across, angle, width)
            else:
                self._detached_house(place, across, angle, width)

    def _row_house(self, place: np.ndarray, across: np.ndarray, angle: float, width: float) -> None:
        depth = self.random.uniform(8.0, 12.0)
        centre = place + across * (_STREET_HALF_WIDTH_M + 0.3 + depth / 2)
        slate = self.random.random() < 0.15
        pitch = self.random.uniform(36.0, 46.0) if slate else self.random.uniform(16.0, 25.0)
        wall = self.random.choice([3.2, 5.6, 5.9, 6.2, 8.4], p=[0.2, 0.25, 0.25, 0.2, 0.1])
        wall = wall * self.wall_factor + self.random.uniform(-0.3, 0.3)
        if (
            self.house(centre, angle, width, depth, wall=wall, kind="gable", pitch_deg=pitch, gap_m=0.0)
            and self.random.random() < 0.4
        ):
            yard = centre + across * (depth / 2 + 2.5)
            kind = "flat" if self.random.random() < 0.5 else "shed"
            self.house(
                yard,
                angle,
                width * self.random.uniform(0.4, 0.8),
                5.0,
                wall=2.8,
                kind=kind,
                pitch_deg=12.0,
                gap_m=0.0,
                chimneys=0,
            )

    def _detached_house(self, place: np.ndarray, across: np.ndarray, angle: float, plot: float) -> None:
        width = min(self.random.uniform(9.5, 15.0), plot - 4.0)
        depth = self.random.uniform(7.5, 10.0)
        setback = self.random.uniform(4.0, 9.0)
        centre = place + across * (_STREET_HALF_WIDTH_M + setback + depth / 2)
        angle += self.random.normal(0.0, 0.05) + (math.pi / 2 if self.random.random() < 0.2 else 0.0)
        kind = self.random.choice(["gable", "hip", "flat"], p=[0.56, 0.36, 0.08])
        slate = self.random.random() < 0.1
        pitch = self.random.uniform(35.0, 45.0) if slate else self.random.uniform(15.0, 25.0)
        wall = self.random.choice([2.9, 3.2, 5.5], p=[0.5, 0.25, 0.25])
        if not self.house(centre, angle, width, depth, wall=wall, kind=kind, pitch_deg=pitch, gap_m=2.0):
            return
        if self.random.random() < 0.3:  # a wing at right angles makes an L
            sign = self.random.choice([-1.0, 1.0])
            along = np.array([math.cos(angle), math.sin(angle)])
            wing = centre + along * sign * (width / 2 - 3.0) + across * (depth / 2 + 1.0)
            self.house(
                wing,
                angle + math.pi / 2,
                depth + 2.0,
                6.0,
                wall=wall,
                kind="gable",
                pitch_deg=pitch,
                gap_m=-1.0,
                chimneys=0,
            )
        elif self.random.random() < 0.5:  # a garage or a veranda
            sign = self.random.choice([-1.0, 1.0])
            along = np.array([math.cos(angle), math.sin(angle)])
            beside = centre + along * sign * (width / 2 + 2.0)
            kind = self.random.choice(["flat", "gable", "shed"])
            self.house(
                beside,
                angle + math.pi / 2,
                6.0,
                4.0,
                wall=2.5,
                kind=kind,
                pitch_deg=15.0,
                gap_m=0.0,
                chimneys=0,
            )

    def build_church(self) -> None:
        """A church with a tower on a square beside the crossing in the centre."""
        diagonal = self.turn + math.pi / 4
        x, y = self.centre[0] + 26.0 * math.cos(diagonal), self.centre[1] + 26.0 * math.sin(diagonal)
        self.house(
            np.array([x, y]),
            self.turn,
            24.0,
            10.0,
            wall=8.0,
            kind="gable",
            pitch_deg=42.0,
            gap_m=0.0,
            chimneys=0,
        )
        along = np.array([math.cos(self.turn), math.sin(self.turn)])
        tower = np.array([x, y]) + along * 14.0
        self.house(tower, self.turn, 6.0, 6.0, wall=17.0, kind="hip", pitch_deg=66.0, gap_m=-1.0, chimneys=0)
        self.built |= (self.x - x) ** 2 + (self.y - y) ** 2 < 20.0**2  # the square stays open

    def build_halls(self) -> None:
        """School, workshop, shop: large low buildings where there is room left."""
        wanted = max(1, round((self.size / 256.0) ** 2 * 2))
        for _ in range(40 * wanted):
            x, y = self.random.uniform(10.0, self.size - 10.0, size=2)
            if wanted == 0 or math.hypot(x - self.centre[0], y - self.centre[1]) < self.centre_radius:
                continue
            width, depth = self.random.uniform(18.0, 32.0), self.random.uniform(12.0, 18.0)
            kind = self.random.choice(["flat", "gable"])
            angle = self.turn + self.random.normal(0.0, 0.05)
            wall = self.random.uniform(4.5, 7.0)
            if self.house(
                np.array([x, y]),
                angle,
                width,
                depth,
                wall=wall,
                kind=kind,
                pitch_deg=8.0,
                gap_m=3.0,
                chimneys=0,
            ):
                wanted -= 1
