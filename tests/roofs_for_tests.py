"""Surface models of single buildings whose planes are known."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import shapely
from shapely import Polygon, affinity

from frugal.formats.rasters.surface_model import SurfaceModel, hash_of_heights

CENTRE = (360_020.0, 6_610_020.0)
GROUND_M = 20.0
EAVES_M = 24.0
TURN_DEG = 27.0  # of the long side, anticlockwise from the east

#: Height above the eaves from the distances along and across the building (m, from its centre).
Shape = Callable[[np.ndarray, np.ndarray], np.ndarray]


def slope(tilt_deg: float) -> float:
    """Rise over run."""
    return math.tan(math.radians(tilt_deg))


def gable(width: float, tilt_deg: float) -> Shape:
    """Ridge along the building."""
    return lambda along, across: slope(tilt_deg) * (width / 2 - np.abs(across))


def hip(length: float, width: float, tilt_deg: float) -> Shape:
    """Four planes of one tilt."""
    return lambda along, across: slope(tilt_deg) * np.minimum(width / 2 - np.abs(across), length / 2 - np.abs(along))


def shed(width: float, tilt_deg: float) -> Shape:
    """One plane that faces across the building."""
    return lambda along, across: slope(tilt_deg) * (width / 2 - across)


def flat() -> Shape:
    """A level roof."""
    return lambda along, across: np.zeros_like(along)


def box(length: float, width: float, along: float = 0.0, across: float = 0.0) -> Polygon:
    """Rectangle of the building, in the coordinate system."""
    plan = affinity.translate(shapely.box(-length / 2, -width / 2, length / 2, width / 2), along, across)
    return affinity.translate(affinity.rotate(plan, TURN_DEG, origin=(0, 0)), *CENTRE)


def faces(across: bool = True, sign: float = 1.0) -> float:
    """Azimuth of a plane that faces across (or along) the building, on its positive side."""
    direction = TURN_DEG + (90.0 if across else 0.0) + (0.0 if sign > 0 else 180.0)
    return (90.0 - direction) % 360.0


def survey(
    parts: list[tuple[Polygon, Shape]],
    *,
    resolution_m: float = 0.5,
    noise_m: float = 0.05,
    half_m: float = 30.0,
    shift: tuple[int, int] = (0, 0),
    seed: int = 0,
) -> SurfaceModel:
    """Surface of some parts of a building (the higher one wins), with noise that depends on the place of a cell only.

    ``shift`` moves the window by so many cells east and south; ``half_m`` is half its side.
    """
    n = round(2 * half_m / resolution_m)
    x_min = CENTRE[0] - half_m + shift[0] * resolution_m
    y_max = CENTRE[1] + half_m - shift[1] * resolution_m
    x, y = np.meshgrid(x_min + (np.arange(n) + 0.5) * resolution_m, y_max - (np.arange(n) + 0.5) * resolution_m)
    turn = math.radians(TURN_DEG)
    along = (x - CENTRE[0]) * math.cos(turn) + (y - CENTRE[1]) * math.sin(turn)
    across = -(x - CENTRE[0]) * math.sin(turn) + (y - CENTRE[1]) * math.cos(turn)
    heights = np.full((n, n), GROUND_M)
    for plan, shape in parts:
        inside = shapely.contains_xy(plan, x, y)
        heights = np.where(inside, np.maximum(heights, EAVES_M + shape(along, across)), heights)
    size = 400
    noise = np.random.default_rng(seed).normal(0.0, noise_m, (size, size))
    row = np.round((CENTRE[1] - y[:, 0]) / resolution_m).astype(int) % size
    column = np.round((x[0] - CENTRE[0]) / resolution_m).astype(int) % size
    heights = heights + noise[np.ix_(row, column)]
    return SurfaceModel(heights, resolution_m, x_min, y_max, "EPSG:2154", "test", hash_of_heights(heights))
