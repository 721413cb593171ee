"""Outlines of regions of cells as polygons whose shared edges stay shared.

The edges between cells of different regions are followed from junction to junction, each of these lines is straightened
(Douglas & Peucker 1973, Cartographica 10, 112), and the polygons are put together from the straightened lines: a ridge
is one line for the planes on both sides.
"""

from __future__ import annotations

import numpy as np
import shapely
from shapely import Polygon

from frugal.cadastre.roofs.kernels.tracing import count_inside, straight_lines


def outlines(
    labels: np.ndarray, left: float, top: float, resolution_m: float, straightening_cells: float = 0.8
) -> dict[int, Polygon]:
    """Polygon of each region of a raster.

    Parameters
    ----------
    labels : ndarray of int32, shape (rows, cols)
        Number of the region of each cell, 0 outside. Cells of a region are connected by their sides.
    left, top : float
        Coordinates of the north-western corner.
    resolution_m : float
        Side of a cell.
    straightening_cells : float
        How far lines may move.

    Returns
    -------
    dict of int to Polygon
        The largest polygon of each number.
    """
    corners, line, keep = straight_lines(labels, straightening_cells)
    if len(corners) == 0:
        return {}
    corners, line = corners[keep], line[keep]
    places = np.column_stack([left + corners[:, 1] * resolution_m, top - corners[:, 0] * resolution_m])
    lines = shapely.linestrings(places, indices=line)
    # Narrow gaps may have closed and lines may cross: their union has each piece once, cut where they meet.
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(shapely.union_all(lines))))
    found: dict[int, Polygon] = {}
    for face in faces:
        number = _number_of(face, labels, left, top, resolution_m)
        if number and (number not in found or face.area > found[number].area):
            found[number] = face
    return found


def _number_of(face: Polygon, labels: np.ndarray, left: float, top: float, resolution_m: float) -> int:
    """Region that most cells of a face belong to."""
    coordinates, ring = shapely.get_coordinates(shapely.get_rings(face), return_index=True)
    x, y = (coordinates[:, 0] - left) / resolution_m, (top - coordinates[:, 1]) / resolution_m
    counts = np.zeros(int(labels.max()) + 1, dtype=np.int64)
    box = np.array([x.min(), y.min(), x.max(), y.max()])
    count_inside(labels, x, y, np.cumsum(np.bincount(ring)), box, counts)
    return int(counts.argmax())
