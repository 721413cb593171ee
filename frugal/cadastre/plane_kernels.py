"""Compiled loops that cut the cells of one building into planes.

Heights are in metres, places in cells of the window: a plane is ``height = c + east column + south row``. All choices
(order of cells, ties) are fixed, so that equal windows give equal planes.
"""

from __future__ import annotations

import math

import numpy as np

from frugal.physics.compiled import kernel

#: Sums kept for a plane: count, col, row, height, col², col row, row², col height, row height, height².
N_SUMS = 10

_SEEDS_PER_ROUND = 96
_SUPPORT_RADIUS_M = 10.0
_ROUNDS_OF_GROWTH = 6
_LARGEST_TURN = 0.3


@kernel(error_model="numpy")
def solve_plane(sums: np.ndarray) -> tuple[float, float, float, float]:
    """Least-squares plane of sums: height at the origin, slope per column, slope per row, RMS residual; NaN if undetermined."""
    n = sums[0]
    if n < 3.0:
        return math.nan, math.nan, math.nan, math.nan
    column, row, height = sums[1] / n, sums[2] / n, sums[3] / n
    xx = sums[4] - n * column * column
    xy = sums[5] - n * column * row
    yy = sums[6] - n * row * row
    xz = sums[7] - n * column * height
    yz = sums[8] - n * row * height
    determinant = xx * yy - xy * xy
    if determinant <= 1e-9 * max(xx, yy) ** 2:
        return math.nan, math.nan, math.nan, math.nan
    east = (xz * yy - yz * xy) / determinant
    south = (yz * xx - xz * xy) / determinant
    squares = max(sums[9] - n * height * height - east * xz - south * yz, 0.0)
    return height - east * column - south * row, east, south, math.sqrt(squares / n)


@kernel(error_model="numpy")
def add_cell(sums: np.ndarray, column: float, row: float, height: float) -> None:
    """Add one cell to the sums of a plane."""
    sums[0] += 1.0
    sums[1] += column
    sums[2] += row
    sums[3] += height
    sums[4] += column * column
    sums[5] += column * row
    sums[6] += row * row
    sums[7] += column * height
    sums[8] += row * height
    sums[9] += height * height


@kernel(error_model="numpy")
def rms_about(sums: np.ndarray, c: float, east: float, south: float) -> float:
    """RMS distance of the cells of some sums from a plane that need not be their own."""
    squares = sums[9] + c * c * sums[0] + east * east * sums[4] + south * south * sums[6]
    squares += 2.0 * (c * east * sums[1] + c * south * sums[2] + east * south * sums[5])
    squares -= 2.0 * (c * sums[3] + east * sums[7] + south * sums[8])
    return math.sqrt(max(squares, 0.0) / max(sums[0], 1.0))


@kernel(error_model="numpy")
def tolerance(east: float, south: float, base_m: float) -> float:
    """Distance within which a cell belongs to a plane: a cell of a steep plane holds heights of a wider range."""
    return base_m + 0.25 * math.hypot(east, south)


@kernel(error_model="numpy")
def _fit_square(
    z: np.ndarray, inside: np.ndarray, row: int, column: int, half: int, sums: np.ndarray
) -> tuple[float, float, float, float]:
    """Plane of the known cells of a square, told from its middle; NaN where fewer than 60 % of them are known."""
    sums[:] = 0.0
    for i in range(max(row - half, 0), min(row + half + 1, z.shape[0])):
        for j in range(max(column - half, 0), min(column + half + 1, z.shape[1])):
            if inside[i, j]:
                add_cell(sums, j - column, i - row, z[i, j] - z[row, column])
    if sums[0] < 0.6 * (2 * half + 1) ** 2:
        return math.nan, math.nan, math.nan, math.nan
    return solve_plane(sums)


@kernel(error_model="numpy")
def local_fits(
    z: np.ndarray, inside: np.ndarray, half: int, largest_residual_m: float, largest_slope: float, fits: np.ndarray
) -> np.ndarray:
    """Plane round every known cell of the building, from its known neighbours in the building.

    The square has ``2 half + 1`` cells a side; where no plane fits it, as on narrow roofs, 3, with half the residual allowed.
    ``fits`` [rows, cols, 3] takes the height at the cell and both slopes. Returned: True where the plane fits and is no
    steeper than allowed.
    """
    good = np.zeros(z.shape, dtype=np.bool_)
    sums = np.empty(N_SUMS)
    for row in range(z.shape[0]):
        for column in range(z.shape[1]):
            if not inside[row, column]:
                continue
            for reach in (half, 1):
                c, east, south, rms = _fit_square(z, inside, row, column, reach, sums)
                slope = math.hypot(east, south)
                allowed = largest_residual_m if reach == half else 0.5 * largest_residual_m
                if rms < allowed + 0.12 * slope and slope < largest_slope:  # false where undetermined
                    good[row, column] = True
                    fits[row, column, 0] = z[row, column] + c
                    fits[row, column, 1] = east
                    fits[row, column, 2] = south
                    break
    return good


@kernel(error_model="numpy")
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


@kernel(error_model="numpy")
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


@kernel(error_model="numpy")
def _best_seed(
    z: np.ndarray, free: np.ndarray, seeds: np.ndarray, fits: np.ndarray, radius: int, base_m: float
) -> tuple[int, int]:
    """Support and place (row by row) of the best of about `_SEEDS_PER_ROUND` seeds, taken evenly; support 0 without seeds."""
    n_columns = z.shape[1]
    places = np.flatnonzero(seeds & free)
    step = max(1, places.size // _SEEDS_PER_ROUND)
    best, chosen = 0, -1
    for k in range(step // 2, places.size, step):
        row, column = places[k] // n_columns, places[k] % n_columns
        support = _support(z, free, fits, row, column, radius, base_m)
        if support > best:
            best, chosen = support, places[k]
    return best, chosen


@kernel(error_model="numpy")
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


@kernel(error_model="numpy")
def fit_labels(z: np.ndarray, labels: np.ndarray, n_planes: int, sums: np.ndarray, planes: np.ndarray) -> None:
    """Plane of the cells of each label; cells farther than 2.5 RMS from the first fit have no say in the second.

    ``planes`` [n + 1, 4] takes height at the origin, slope per column, slope per row, RMS.
    """
    n_rows, n_columns = z.shape
    for turn in range(2):
        sums[: n_planes + 1] = 0.0
        for row in range(n_rows):
            for column in range(n_columns):
                label = labels[row, column]
                if label == 0:
                    continue
                if turn == 1 and not math.isnan(planes[label, 0]):
                    distance = z[row, column] - planes[label, 0] - planes[label, 1] * column - planes[label, 2] * row
                    if abs(distance) > 2.5 * planes[label, 3] + 1e-3:
                        continue
                add_cell(sums[label], column, row, z[row, column])
        for label in range(1, n_planes + 1):
            planes[label, 0], planes[label, 1], planes[label, 2], planes[label, 3] = solve_plane(sums[label])


@kernel(error_model="numpy")
def _touching(labels: np.ndarray, n_planes: int) -> np.ndarray:
    """How often cells of two planes are one or two cells apart, ``[n + 1, n + 1]``."""
    n_rows, n_columns = labels.shape
    counts = np.zeros((n_planes + 1, n_planes + 1), dtype=np.int32)
    for row in range(n_rows):
        for column in range(n_columns):
            label = labels[row, column]
            if label == 0:
                continue
            for step in range(1, 3):
                below = labels[min(row + step, n_rows - 1), column]
                beside = labels[row, min(column + step, n_columns - 1)]
                counts[label, below] += 1
                counts[below, label] += 1
                counts[label, beside] += 1
                counts[beside, label] += 1
    return counts


@kernel(error_model="numpy")
def _one_plane(sums: np.ndarray, planes: np.ndarray, first: int, second: int, steepest_turn: float) -> bool:
    """Whether one plane explains the cells of two, which then belong to the first."""
    if math.hypot(planes[first, 1] - planes[second, 1], planes[first, 2] - planes[second, 2]) > steepest_turn:
        return False
    both = sums[first] + sums[second]
    c, east, south, rms = solve_plane(both)
    if math.isnan(c):
        return False
    for label in (first, second):
        if rms_about(sums[label], c, east, south) > 1.25 * planes[label, 3] + 0.015:
            return False
    sums[first, :] = both
    planes[first, 0], planes[first, 1], planes[first, 2], planes[first, 3] = c, east, south, rms
    return True


@kernel(error_model="numpy")
def merge_planes(labels: np.ndarray, n_planes: int, sums: np.ndarray, planes: np.ndarray, resolution_m: float) -> None:
    """Join neighbours that one plane explains as well as two; ``labels`` are changed, numbers are left unused."""
    touching = _touching(labels, n_planes)
    target = np.arange(n_planes + 1)
    merged = True
    while merged:
        merged = False
        for first in range(1, n_planes + 1):
            for second in range(first + 1, n_planes + 1):
                if touching[first, second] < 3 or target[first] != first or target[second] != second:
                    continue
                if _one_plane(sums, planes, first, second, 0.09 * resolution_m):
                    target[second] = first
                    touching[first, :] += touching[second, :]
                    touching[:, first] += touching[:, second]
                    merged = True
    for label in range(1, n_planes + 1):  # a target is always smaller, so that it is final here
        target[label] = target[target[label]]
    for row in range(labels.shape[0]):
        for column in range(labels.shape[1]):
            labels[row, column] = target[labels[row, column]]


@kernel(error_model="numpy")
def reassign(z: np.ndarray, known: np.ndarray, labels: np.ndarray, planes: np.ndarray, base_m: float) -> np.ndarray:
    """Give every cell to the plane within two cells that explains it best, or to none."""
    n_rows, n_columns = z.shape
    out = np.zeros_like(labels)
    for row in range(n_rows):
        for column in range(n_columns):
            if not known[row, column]:
                continue
            own = labels[row, column]
            best, chosen = math.inf, 0
            for i in range(max(row - 2, 0), min(row + 3, n_rows)):
                for j in range(max(column - 2, 0), min(column + 3, n_columns)):
                    label = labels[i, j]
                    if label in (0, chosen) or math.isnan(planes[label, 0]):
                        continue
                    distance = abs(
                        z[row, column] - planes[label, 0] - planes[label, 1] * column - planes[label, 2] * row
                    )
                    if distance > 1.2 * tolerance(planes[label, 1], planes[label, 2], base_m):
                        continue
                    if label == own:
                        distance -= 0.01
                    if distance < best or (distance == best and label < chosen):
                        best, chosen = distance, label
            out[row, column] = chosen
    return out


@kernel(error_model="numpy")
def split_components(labels: np.ndarray, fewest: int, most: int) -> tuple[np.ndarray, int]:
    """Number anew, from 1, the connected cells of each label; pieces of fewer cells get 0."""
    n_rows, n_columns = labels.shape
    out = np.zeros_like(labels)
    seen = np.zeros(labels.shape, dtype=np.bool_)
    queue = np.empty(labels.size, dtype=np.int64)
    number = 0
    for row in range(n_rows):
        for column in range(n_columns):
            if labels[row, column] == 0 or seen[row, column]:
                continue
            size = _component(labels, seen, queue, row, column)
            if size < fewest or number == most:
                continue
            number += 1
            for k in range(size):
                out[queue[k] // n_columns, queue[k] % n_columns] = number
    return out, number


@kernel(error_model="numpy")
def _component(labels: np.ndarray, seen: np.ndarray, queue: np.ndarray, row: int, column: int) -> int:
    """Cells of the same label connected by their sides; they stand in ``queue``."""
    n_rows, n_columns = labels.shape
    label = labels[row, column]
    queue[0] = row * n_columns + column
    seen[row, column] = True
    head, tail = 0, 1
    while head < tail:
        i, j = queue[head] // n_columns, queue[head] % n_columns
        head += 1
        for side in range(4):
            a = i + (side == 0) - (side == 1)
            b = j + (side == 2) - (side == 3)
            if 0 <= a < n_rows and 0 <= b < n_columns and not seen[a, b] and labels[a, b] == label:
                seen[a, b] = True
                queue[tail] = a * n_columns + b
                tail += 1
    return tail


@kernel(error_model="numpy")
def fill_gaps(
    z: np.ndarray, inside: np.ndarray, labels: np.ndarray, planes: np.ndarray, largest_cells: int, deepest_m: float
) -> np.ndarray:
    """Labels with small gaps filled: chimneys, small dormers, antennas, missing heights belong to the roof they stand on.

    A gap is filled from its border when it has at most ``largest_cells`` cells, planes hold most of its border, and its
    cells are on average no more than ``deepest_m`` below those planes (a light well is no roof).
    """
    n_rows, n_columns = z.shape
    gap = np.zeros(labels.shape, dtype=np.int32)
    for row in range(n_rows):
        for column in range(n_columns):
            gap[row, column] = 1 if inside[row, column] and labels[row, column] == 0 else 0
    seen = np.zeros(labels.shape, dtype=np.bool_)
    queue = np.empty(labels.size, dtype=np.int64)
    out = labels.copy()
    for row in range(n_rows):
        for column in range(n_columns):
            if gap[row, column] == 0 or seen[row, column]:
                continue
            size = _component(gap, seen, queue, row, column)
            if size > largest_cells:
                continue
            held, border, drop, measured = 0, 0, 0.0, 0
            for k in range(size):
                i, j = queue[k] // n_columns, queue[k] % n_columns
                for side in range(4):
                    a = i + (side == 0) - (side == 1)
                    b = j + (side == 2) - (side == 3)
                    if 0 <= a < n_rows and 0 <= b < n_columns and gap[a, b] == 1:
                        continue
                    border += 1
                    if 0 <= a < n_rows and 0 <= b < n_columns and labels[a, b] > 0:
                        held += 1
                        label = labels[a, b]
                        if not math.isnan(z[i, j]):
                            drop += planes[label, 0] + planes[label, 1] * j + planes[label, 2] * i - z[i, j]
                            measured += 1
            if held < 0.7 * border or (measured and drop / measured > deepest_m):
                continue
            _fill(out, queue[:size], n_rows, n_columns)
    return out


@kernel(error_model="numpy")
def _fill(labels: np.ndarray, cells: np.ndarray, n_rows: int, n_columns: int) -> None:
    """Give cells without a label that of a neighbour, ring by ring."""
    left = cells.size
    given = np.zeros(cells.size, dtype=labels.dtype)
    while left:
        given[:] = 0
        for k in range(cells.size):
            i, j = cells[k] // n_columns, cells[k] % n_columns
            if labels[i, j]:
                continue
            for side in range(4):
                a = i + (side == 0) - (side == 1)
                b = j + (side == 2) - (side == 3)
                if 0 <= a < n_rows and 0 <= b < n_columns and labels[a, b]:
                    given[k] = labels[a, b]
                    break
        done = 0
        for k in range(cells.size):
            if given[k]:
                labels[cells[k] // n_columns, cells[k] % n_columns] = given[k]
                done += 1
        if done == 0:
            return
        left -= done


@kernel(error_model="numpy")
def widen(labels: np.ndarray, inside: np.ndarray, cells: int) -> np.ndarray:
    """Labels carried so many cells beyond the building, so that its footprint, not the cells, makes the outer edges."""
    n_rows, n_columns = labels.shape
    out = labels.copy()
    for _ in range(cells):
        before = out.copy()
        for row in range(n_rows):
            for column in range(n_columns):
                if before[row, column] or inside[row, column]:
                    continue
                for side in range(8):
                    if side < 4:
                        i = row + (side == 0) - (side == 1)
                        j = column + (side == 2) - (side == 3)
                    else:
                        i = row + (1 if side < 6 else -1)
                        j = column + (1 if side % 2 else -1)
                    if 0 <= i < n_rows and 0 <= j < n_columns and before[i, j]:
                        out[row, column] = before[i, j]
                        break
    return out


@kernel(error_model="numpy")
def spread_cells(row: np.ndarray, column: np.ndarray, east: float, north: float, n: int) -> np.ndarray:
    """n × n cells (fewer where there are fewer), each in the middle of an equal share of a plane.

    Shares of equal numbers of cells across the slope, each cut into shares along it: the mean over the chosen cells is a
    mean over the plane. ``east`` and ``north`` point down the slope.
    """
    down = column * east - row * north
    across = column * north + row * east
    order = np.argsort(across, kind="mergesort")
    chosen = np.empty(n * n, dtype=np.int64)
    found = 0
    for i in range(n):
        strip = order[row.size * i // n : row.size * (i + 1) // n]
        strip = strip[np.argsort(down[strip], kind="mergesort")]
        for j in range(n):
            share = strip[strip.size * j // n : strip.size * (j + 1) // n]
            if share.size == 0:
                continue
            a, b = down[share].mean(), across[share].mean()
            nearest, best = math.inf, share[0]
            for cell in share:
                away = (down[cell] - a) ** 2 + (across[cell] - b) ** 2
                if away < nearest - 1e-9:
                    nearest, best = away, cell
            chosen[found] = best
            found += 1
    return chosen[:found]
