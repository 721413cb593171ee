"""Walls, roofs, chimneys and dormers."""

from __future__ import annotations

import math

import numpy as np

from frugal.studies.solar.village.canvas import Canvas


class Buildings(Canvas):
    """Raises buildings where there is room for them."""

    def house(
        self,
        centre: np.ndarray,
        angle: float,
        length: float,
        width: float,
        *,
        wall: float,
        kind: str,
        pitch_deg: float,
        gap_m: float,
        chimneys: int = -1,
    ) -> bool:
        """Raise a building, ridge along ``angle``; False when another, or a street, stands within ``gap_m``.

        A negative gap lets a part of a building run into the building it belongs to.

        Parameters
        ----------
        centre : array [2]
            Easting and southing from the north-western corner [m].
        angle : float
            From east toward south [radians].
        length, width : float
            Along the ridge and across it [m].
        wall : float
            Height of the eaves above the median ground under the building [m].
        kind : str
            ``gable``, ``hip``, ``shed`` (rising across, southward where the angle is 0) or ``flat``.
        pitch_deg : float
            Tilt of the roof; a flat one has a parapet instead.
        gap_m : float
            Distance kept from other buildings.
        chimneys : int
            Below 0 their number is drawn, 0 to 2, on all roofs but flat ones; 0 means none, and no dormers either.

        Returns
        -------
        bool
            False too outside of the map.
        """
        window = self.window(np.asarray(centre), math.hypot(length, width) / 2 + max(gap_m, 0.0) + 1.0)
        if window is None:
            return False
        dx, dy = self.x[window] - centre[0], self.y[window] - centre[1]
        u = np.abs(dx * math.cos(angle) + dy * math.sin(angle))
        v_signed = -dx * math.sin(angle) + dy * math.cos(angle)
        v = np.abs(v_signed)
        inside = (u <= length / 2) & (v <= width / 2)
        near = (u <= length / 2 + gap_m) & (v <= width / 2 + gap_m)
        if not inside.any() or (self.street[window] & inside).sum() > 0.02 * inside.sum():
            return False
        if gap_m >= 0 and (self.built[window] & near).sum() > 0.12 * inside.sum():
            return False
        base = float(np.median(self.ground[window][inside])) + wall
        roof = base + _roof(
            kind, math.tan(math.radians(pitch_deg)), length / 2 - u, width / 2 - v, v_signed + width / 2
        )
        if kind == "gable" and pitch_deg > 30 and chimneys != 0 and length > 6.0:
            roof = self._dormers(roof, base, u, v_signed, width)
        top = roof.max(where=inside, initial=base)
        for _ in range(self.random.integers(0, 3) if chimneys < 0 and kind != "flat" else 0):
            at_u, at_v = self.random.uniform(0.1, 0.45) * length, self.random.uniform(-0.15, 0.15) * width
            stack = (np.abs(u - at_u) < 0.45) & (np.abs(v_signed - at_v) < 0.45)
            stack &= (dx * math.cos(angle) + dy * math.sin(angle)) > 0
            roof = np.where(stack, top + 0.7, roof)
        self.heights[window] = np.where(inside, np.maximum(roof, self.heights[window]), self.heights[window])
        self.built[window] |= inside
        return True

    def _dormers(self, roof: np.ndarray, base: float, u: np.ndarray, v_signed: np.ndarray, width: float) -> np.ndarray:
        side = self.random.choice([-1.0, 1.0])
        across = side * v_signed
        dormer = (np.abs(u - 1.9) < 0.7) & (across > 0.15 * width) & (across < 0.5 * width - 0.6)
        return np.where(dormer, np.maximum(roof, base + 2.0), roof)


def _roof(kind: str, slope: float, from_end: np.ndarray, from_eave: np.ndarray, from_back: np.ndarray) -> np.ndarray:
    """Height of a roof above its eaves, from distances to gable end, nearer eave and back wall."""
    if kind == "gable":
        return slope * from_eave
    if kind == "hip":
        return slope * np.minimum(from_eave, from_end)
    if kind == "shed":
        return slope * from_back
    return np.where(np.minimum(from_end, from_eave) < 0.35, 0.4, 0.0)  # a flat roof with its parapet
