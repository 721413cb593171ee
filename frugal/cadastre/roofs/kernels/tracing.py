"""Lines between regions of cells, followed and straightened."""

from __future__ import annotations

import numpy as np

from frugal.physics.compiled import inner, kernel


@inner()
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


@inner()
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


@inner()
def _trace(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lines between regions: corners of cells (row, column) one after the other, and where each line begins."""
    edges, degree = _edges(labels)
    n_edges = 0
    for row in range(degree.shape[0]):
        for column in range(degree.shape[1]):
            n_edges += edges[row, column, 0]
            n_edges += edges[row, column, 1]
    corners = np.empty((2 * n_edges, 2), dtype=np.int64)
    starts = np.empty(n_edges + 1, dtype=np.int64)
    n_corners, n_lines = 0, 0
    for turn in range(2):  # first the lines that begin at junctions, then the closed ones
        for place in range(degree.size):
            row, column = place // degree.shape[1], place % degree.shape[1]
            if degree[row, column] == 0 or (turn == 0 and degree[row, column] == 2):
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


@inner()
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
def straight_lines(labels: np.ndarray, cells: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lines between regions: all corners (row, column), the line of each, and which ones straightening keeps."""
    corners, starts = _trace(labels)
    keep = np.zeros(len(corners), dtype=np.bool_)
    line = np.empty(len(corners), dtype=np.int64)
    for k in range(len(starts) - 1):
        first, last = starts[k], starts[k + 1] - 1
        for corner in range(first, last + 1):
            line[corner] = k
        _straighten(corners, first, last, cells, keep)
    return corners, line, keep


@kernel(error_model="numpy")
def count_inside(
    labels: np.ndarray, x: np.ndarray, y: np.ndarray, ends: np.ndarray, box: np.ndarray, counts: np.ndarray
) -> None:
    """Count the cells of each region whose centres lie in some rings.

    Parameters
    ----------
    labels : ndarray of int32, shape (rows, cols)
        Number of each cell's region, 0 outside.
    x, y : ndarray, shape (n,)
        Corners, one closed ring after the other, in cells from the north-western corner of the raster: ``y`` grows to the
        south. What lies in a second ring, a hole, is taken off.
    ends : ndarray of int, shape (rings,)
        One after the last corner of each ring.
    box : ndarray, shape (4,)
        West, top, east and bottom of all rings, in the same cells.
    counts : ndarray of int, shape (largest number + 1,)
        Added to in place.
    """
    n_rows, n_columns = labels.shape
    for row in range(max(int(box[1]), 0), min(int(box[3]) + 1, n_rows)):
        for column in range(max(int(box[0]), 0), min(int(box[2]) + 1, n_columns)):
            inside, start = False, 0
            for ring in range(ends.size):
                for k in range(start, ends[ring] - 1):
                    if (y[k] > row + 0.5) != (y[k + 1] > row + 0.5):
                        crossing = x[k] + (row + 0.5 - y[k]) / (y[k + 1] - y[k]) * (x[k + 1] - x[k])
                        inside ^= crossing > column + 0.5
                start = ends[ring]
            if inside:
                counts[labels[row, column]] += 1
