"""Planes grown from seeds."""

from __future__ import annotations

import math

import numpy as np

from frugal.cadastre.roofs.kernels.fitting import add_cell, solve_plane, tolerance
from frugal.physics.compiled import inner, kernel

_SEEDS_PER_ROUND = 96
_SUPPORT_RADIUS_M = 10.0
_ROUNDS_OF_GROWTH = 6
_LARGEST_TURN = 0.3


@inner(error_model="numpy")
def _support(
    z: np.ndarray,
    free: np.ndarray,
    fits: np.ndarray,
    row: int,
    column: int,
    radius: int,
    base_m: float,
) -> int:
    """Free cells near a seed that lie on its plane."""
    n_rows, n_columns = z.shape
    c, east, south = fits[row, column, 0], fits[row, column, 1], fits[row, column, 2]
    allowed = tolerance(east, south, base_m)
    found = 0
    for i in range(max(row - radius, 0), min(row + radius + 1, n_rows)):
        for j in range(max(column - radius, 0), min(column + radius + 1, n_columns)):
            if free[i, j] and abs(z[i, j] - c - east * (j - column) - south * (i - row)) < allowed:
                found += 1
    return found


@inner(error_model="numpy")
def _flood(
    z: np.ndarray,
    free: np.ndarray,
    good: np.ndarray,
    fits: np.ndarray,
    plane: np.ndarray,
    sums: np.ndarray,
    start_row: int,
    start_column: int,
    refits: bool,
    resolution_m: float,
    base_m: float,
    stamp: int,
    visited: np.ndarray,
    queue: np.ndarray,
) -> int:
    """Cells connected to a start that lie on a plane; they stand in ``queue``. The plane follows them where it may."""
    n_rows, n_columns = z.shape
    head, tail = 0, 1
    queue[0] = start_row * n_columns + start_column
    visited[start_row, start_column] = stamp
    sums[:] = 0.0
    due = 12.0
    allowed = tolerance(plane[1], plane[2], base_m)
    while head < tail:
        row, column = queue[head] // n_columns, queue[head] % n_columns
        head += 1
        add_cell(sums, column, row, z[row, column])
        if refits and sums[0] >= due:
            c, east, south, _ = solve_plane(sums)
            if not math.isnan(c):
                plane[0], plane[1], plane[2] = c, east, south
                allowed = tolerance(east, south, base_m)
            due *= 1.6
        for side in range(4):
            i = row + (side == 0) - (side == 1)
            j = column + (side == 2) - (side == 3)
            if i < 0 or j < 0 or i >= n_rows or j >= n_columns or visited[i, j] == stamp or not free[i, j]:
                continue
            if abs(z[i, j] - plane[0] - plane[1] * j - plane[2] * i) >= allowed:
                continue
            if good[i, j] and math.hypot(fits[i, j, 1] - plane[1], fits[i, j, 2] - plane[2]) > (
                _LARGEST_TURN * resolution_m * (1.0 + (plane[1] ** 2 + plane[2] ** 2) / resolution_m**2)
            ):
                continue
            visited[i, j] = stamp
            queue[tail] = i * n_columns + j
            tail += 1
    return tail


@inner(error_model="numpy")
def _best_seed(
    z: np.ndarray, free: np.ndarray, seeds: np.ndarray, fits: np.ndarray, radius: int, base_m: float
) -> tuple[int, int]:
    """Support and place (row by row) of the best of about `_SEEDS_PER_ROUND` seeds, taken evenly; support 0 without seeds."""
    n_columns = z.shape[1]
    count = 0
    for row in range(z.shape[0]):
        for column in range(n_columns):
            count += seeds[row, column] and free[row, column]
    step = max(1, count // _SEEDS_PER_ROUND)
    best, chosen, met = 0, -1, 0
    for row in range(z.shape[0]):
        for column in range(n_columns):
            if not (seeds[row, column] and free[row, column]):
                continue
            if met % step == step // 2:
                support = _support(z, free, fits, row, column, radius, base_m)
                if support > best:
                    best, chosen = support, row * n_columns + column
            met += 1
    return best, chosen


@inner(error_model="numpy")
def _grow(
    z: np.ndarray,
    free: np.ndarray,
    good: np.ndarray,
    fits: np.ndarray,
    start: int,
    resolution_m: float,
    base_m: float,
    stamp: int,
    sums: np.ndarray,
    visited: np.ndarray,
    queue: np.ndarray,
) -> int:
    """Number of cells of the plane grown from a seed; they stand in ``queue``."""
    row, column = start // z.shape[1], start % z.shape[1]
    plane = np.empty(3)
    plane[1], plane[2] = fits[row, column, 1], fits[row, column, 2]
    plane[0] = fits[row, column, 0] - plane[1] * column - plane[2] * row
    last, size = -1, 0
    for turn in range(_ROUNDS_OF_GROWTH):
        size = _flood(
            z, free, good, fits, plane, sums, row, column, turn == 0, resolution_m, base_m, stamp + turn, visited, queue
        )
        c, east, south, _ = solve_plane(sums)
        if size == last or math.isnan(c):
            break
        last = size
        plane[0], plane[1], plane[2] = c, east, south
    return size


@kernel(error_model="numpy")
def grow_planes(
    z: np.ndarray,
    known: np.ndarray,
    good: np.ndarray,
    fits: np.ndarray,
    resolution_m: float,
    base_m: float,
    fewest: int,
    labels: np.ndarray,
    sums: np.ndarray,
) -> int:
    """Take the plane with the most cells, again and again, each grown from a seed and fitted anew.

    Parameters
    ----------
    z : ndarray, shape (rows, cols)
    known : ndarray of bool
        Cells of the building with a height.
    good, fits
        From :func:`local_fits`; the cells in ``good`` may be seeds.
    resolution_m, base_m : float
        Side of a cell, and distance from a level plane within which a cell belongs to it.
    fewest : int
        Cells of the smallest plane.
    labels : ndarray of int32
        Filled with the number of each cell's plane from 1 on, 0 elsewhere.
    sums : ndarray, shape (most planes + 1, N_SUMS)
        Filled with the sums of each plane.

    Returns
    -------
    int
        Number of planes.
    """
    n_columns = z.shape[1]
    free = known.copy()
    seeds = good.copy()
    visited = np.zeros(z.shape, dtype=np.int32)
    queue = np.empty(z.size, dtype=np.int64)
    radius = int(_SUPPORT_RADIUS_M / resolution_m)
    stamp, found = 1, 0
    while found < sums.shape[0] - 1:
        support, start = _best_seed(z, free, seeds, fits, radius, base_m)
        if support < 0.7 * fewest:
            break
        size = _grow(z, free, good, fits, start, resolution_m, base_m, stamp, sums[found + 1], visited, queue)
        stamp += _ROUNDS_OF_GROWTH
        enough = size >= fewest
        if enough:
            found += 1
        for k in range(size):
            row, column = queue[k] // n_columns, queue[k] % n_columns
            seeds[row, column] = False
            if enough:
                labels[row, column] = found
                free[row, column] = False
    return found
