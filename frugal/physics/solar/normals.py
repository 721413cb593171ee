"""Normals of the cells of a surface model."""

from __future__ import annotations

import math

import numpy as np

from frugal.physics.compiled import kernel
from frugal.physics.solar.raster import require_raster

#: Slopes to the two neighbours that differ by no more than this (metres per metre) are of one plane.
_AGREE = 0.5


def surface_normals(surface: np.ndarray, resolution_m: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Normals of the cells of a surface that has walls.

    Along each axis the slope is the mean of the differences to the two neighbours where these agree within 0.5 m per
    metre, else the smaller one: beside a wall a roof keeps its slope.

    Parameters
    ----------
    surface : ndarray, shape (rows, columns)
        Heights [m]; NaN where unknown.
    resolution_m : float
        Side of a cell.

    Returns
    -------
    east, north, up : ndarray of float32, shape (rows, columns)
        Unit vectors in the axes of the grid; NaN where the height is, level across an axis without neighbours.

    Raises
    ------
    UnusableInputError
        If the surface is no raster.
    """
    heights = require_raster("surface", np.asarray(surface, dtype=np.float64))
    parts = tuple(np.empty(heights.shape, dtype=np.float32) for _ in range(3))
    _normals(np.ascontiguousarray(heights), float(resolution_m), *parts)
    return parts[0], parts[1], parts[2]


@kernel(error_model="numpy")
def _slope(before: float, after: float) -> float:
    """Slope along an axis from the differences to the two neighbours, either of which may be missing."""
    one = after if math.isnan(before) else before
    other = before if math.isnan(after) else after
    if math.isnan(one):
        return 0.0
    if abs(one - other) <= _AGREE:
        return 0.5 * (one + other)
    return one if abs(one) <= abs(other) else other


@kernel(error_model="numpy")
def _normals(heights: np.ndarray, resolution_m: float, east: np.ndarray, north: np.ndarray, up: np.ndarray) -> None:
    n_rows, n_columns = heights.shape
    for i in range(n_rows):
        for j in range(n_columns):
            height = heights[i, j]
            if math.isnan(height):
                east[i, j], north[i, j], up[i, j] = math.nan, math.nan, math.nan
                continue
            west_of = (height - heights[i, j - 1]) / resolution_m if j > 0 else math.nan
            east_of = (heights[i, j + 1] - height) / resolution_m if j + 1 < n_columns else math.nan
            north_of = (height - heights[i - 1, j]) / resolution_m if i > 0 else math.nan
            south_of = (heights[i + 1, j] - height) / resolution_m if i + 1 < n_rows else math.nan
            eastward, southward = _slope(west_of, east_of), _slope(north_of, south_of)
            upward = 1.0 / math.sqrt(1.0 + eastward * eastward + southward * southward)
            east[i, j], north[i, j], up[i, j] = -eastward * upward, southward * upward, upward
