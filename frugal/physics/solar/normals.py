"""Normals of the cells of a surface model."""

from __future__ import annotations

import numpy as np

from frugal.errors import UnusableInputError


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
    heights = np.asarray(surface, dtype=np.float64)
    if heights.ndim != 2 or heights.size == 0:
        raise UnusableInputError(f"surface has shape {heights.shape}: it must be a raster of rows and columns.")
    slopes = []
    for axis in (1, 0):
        difference = np.diff(heights, axis=axis) / resolution_m
        missing = np.full_like(np.take(heights, [0], axis=axis), np.nan)
        before = np.concatenate([missing, difference], axis=axis)
        after = np.concatenate([difference, missing], axis=axis)
        one = np.where(np.isnan(before), after, before)
        other = np.where(np.isnan(after), before, after)
        smaller = np.where(np.abs(one) <= np.abs(other), one, other)
        slope = np.where(np.abs(one - other) <= 0.5, 0.5 * (one + other), smaller)
        slopes.append(np.where(np.isnan(slope), 0.0, slope))
    up = 1.0 / np.sqrt(1.0 + slopes[0] ** 2 + slopes[1] ** 2)
    hole = np.where(np.isnan(heights), np.nan, 1.0)
    east, north = -slopes[0] * up * hole, slopes[1] * up * hole
    return east.astype(np.float32), north.astype(np.float32), (up * hole).astype(np.float32)
