"""Outlines of regions of cells as polygons whose shared edges stay shared.

The edges between cells of different regions are followed from junction to junction, each of these lines is straightened
(Douglas & Peucker 1973, Cartographica 10, 112), and the polygons are put together from the straightened lines: a ridge
is one line for the planes on both sides.
"""

from __future__ import annotations

import numpy as np
import shapely
from shapely import Polygon

from frugal.physics.compiled import kernel


@kernel()
def _edges(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Edges between regions to the east and to the south of each corner, and how many meet there."""
    n_rows, n_columns = labels.shape
    edges = np.zeros((n_rows + 1, n_columns + 1, 2), dtype=np.bool_)
    degree = np.zeros((n_rows + 1, n_columns + 1), dtype=np.int8)
    for row in range(n_rows + 1):
        for column in range(n_columns + 1):
            above = labels[row - 1, column] if row > 0 and column < n_columns else 0
            below = labels[row, column] if row < n_rows and column < n_columns else 0
            left = labels[row, column - 1] if row < n_rows and column > 0 else 0
            if column < n_columns and above != below:
                edges[row, column, 0] = True
                degree[row, column] += 1
                degree[row, column + 1] += 1
            if row < n_rows and left != below:
                edges[row, column, 1] = True
                degree[row, column] += 1
                degree[row + 1, column] += 1
    return edges, degree


@kernel()
def _step(edges: np.ndarray, row: int, column: int) -> tuple[int, int]:
    """The corner across the first edge left at a corner (east, south, west, north), which is taken away; -1 without one."""
    if edges[row, column, 0]:
        edges[row, column, 0] = False
        return row, column + 1
    if edges[row, column, 1]:
        edges[row, column, 1] = False
        return row + 1, column
    if column > 0 and edges[row, column - 1, 0]:
        edges[row, column - 1, 0] = False
        return row, column - 1
    if row > 0 and edges[row - 1, column, 1]:
        edges[row - 1, column, 1] = False
        return row - 1, column
    return -1, -1


@kernel()
def _trace(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lines between regions: corners of cells (row, column) one after the other, and where each line begins."""
    edges, degree = _edges(labels)
    n_edges = edges.sum()
    corners = np.empty((2 * n_edges, 2), dtype=np.int64)
    starts = np.empty(n_edges + 1, dtype=np.int64)
    n_corners, n_lines = 0, 0
    for junctions in (True, False):  # first the lines that begin at junctions, then the closed ones
        for place in np.flatnonzero(degree):
            row, column = place // degree.shape[1], place % degree.shape[1]
            if junctions and degree[row, column] == 2:
                continue
            while True:
                i, j = _step(edges, row, column)
                if i < 0:
                    break
                starts[n_lines] = n_corners
                n_lines += 1
                corners[n_corners, 0], corners[n_corners, 1] = row, column
                n_corners += 1
                while i >= 0:
                    corners[n_corners, 0], corners[n_corners, 1] = i, j
                    n_corners += 1
                    if degree[i, j] != 2:
                        break
                    i, j = _step(edges, i, j)
    starts[n_lines] = n_corners
    return corners[:n_corners], starts[: n_lines + 1]


@kernel()
def _straighten(corners: np.ndarray, first: int, last: int, cells: float, keep: np.ndarray) -> None:
    """Mark the corners of a line that straight pieces between them pass at most so many cells from the others."""
    keep[first], keep[last] = True, True
    stack = np.empty((last - first + 2, 2), dtype=np.int64)
    stack[0, 0], stack[0, 1] = first, last
    top = 1
    while top:
        top -= 1
        start, end = stack[top, 0], stack[top, 1]
        rows, columns = corners[end, 0] - corners[start, 0], corners[end, 1] - corners[start, 1]
        squared = rows * rows + columns * columns
        farthest, at = -1.0, -1
        for k in range(start + 1, end):
            i, j = corners[k, 0] - corners[start, 0], corners[k, 1] - corners[start, 1]
            if squared == 0:
                distance = float(i * i + j * j)
            else:
                along = min(max((i * rows + j * columns) / squared, 0.0), 1.0)
                distance = (i - along * rows) ** 2 + (j - along * columns) ** 2
            if distance > farthest:
                farthest, at = distance, k
        if at >= 0 and farthest > cells * cells:
            keep[at] = True
            stack[top, 0], stack[top, 1] = start, at
            stack[top + 1, 0], stack[top + 1, 1] = at, end
            top += 2


@kernel()
def _straight_lines(labels: np.ndarray, cells: float) -> tuple[np.ndarray, np.ndarray]:
    corners, starts = _trace(labels)
    keep = np.zeros(len(corners), dtype=np.bool_)
    line = np.empty(len(corners), dtype=np.int64)
    for k in range(len(starts) - 1):
        first, last = starts[k], starts[k + 1] - 1
        line[first : last + 1] = k
        _straighten(corners, first, last, cells, keep)
    return corners[keep], line[keep]


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
    corners, line = _straight_lines(labels, straightening_cells)
    if len(corners) == 0:
        return {}
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


@kernel(error_model="numpy")
def _majority(labels: np.ndarray, x: np.ndarray, y: np.ndarray, ends: np.ndarray) -> int:
    """Region of most cells whose centres lie in some rings (places in cells, one ring after the other)."""
    n_rows, n_columns = labels.shape
    counts = np.zeros(labels.max() + 1, dtype=np.int64)
    for row in range(max(int(y.min()), 0), min(int(y.max()) + 1, n_rows)):
        for column in range(max(int(x.min()), 0), min(int(x.max()) + 1, n_columns)):
            inside, start = False, 0
            for ring in range(ends.size):
                for k in range(start, ends[ring] - 1):
                    if (y[k] > row + 0.5) != (y[k + 1] > row + 0.5):
                        crossing = x[k] + (row + 0.5 - y[k]) / (y[k + 1] - y[k]) * (x[k + 1] - x[k])
                        inside ^= crossing > column + 0.5
                start = ends[ring]
            if inside:
                counts[labels[row, column]] += 1
    return int(counts.argmax())


def _number_of(face: Polygon, labels: np.ndarray, left: float, top: float, resolution_m: float) -> int:
    """Region that most cells of a face belong to."""
    coordinates, ring = shapely.get_coordinates(shapely.get_rings(face), return_index=True)
    x, y = (coordinates[:, 0] - left) / resolution_m, (top - coordinates[:, 1]) / resolution_m
    return int(_majority(labels, x, y, np.cumsum(np.bincount(ring))))
