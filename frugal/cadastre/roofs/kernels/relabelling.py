"""Cells given to other planes: merged, reassigned, split, filled, widened."""

from __future__ import annotations

import math

import numpy as np

from frugal.cadastre.roofs.kernels.fitting import N_SUMS, rms_about, solve_plane, tolerance
from frugal.physics.compiled import inner, kernel


@inner(error_model="numpy")
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


@inner(error_model="numpy")
def _one_plane(sums: np.ndarray, planes: np.ndarray, first: int, second: int, steepest_turn: float) -> bool:
    """Whether one plane explains the cells of two, which then belong to the first."""
    if math.hypot(planes[first, 1] - planes[second, 1], planes[first, 2] - planes[second, 2]) > steepest_turn:
        return False
    both = np.empty(N_SUMS)
    for k in range(N_SUMS):
        both[k] = sums[first, k] + sums[second, k]
    c, east, south, rms = solve_plane(both)
    if math.isnan(c):
        return False
    for side in range(2):
        label = second if side else first
        if rms_about(sums[label], c, east, south) > 1.25 * planes[label, 3] + 0.015:
            return False
    for k in range(N_SUMS):
        sums[first, k] = both[k]
    planes[first, 0], planes[first, 1], planes[first, 2], planes[first, 3] = c, east, south, rms
    return True


@kernel(error_model="numpy")
def merge_planes(labels: np.ndarray, n_planes: int, sums: np.ndarray, planes: np.ndarray, resolution_m: float) -> None:
    """Join neighbours that one plane explains as well as two; ``labels`` are changed, numbers are left unused.

    Parameters
    ----------
    labels : ndarray of int32, shape (rows, cols)
        Number of each cell's plane, 0 for none; changed in place. Two planes are neighbours where they are at least three
        times one or two cells apart.
    n_planes : int
        The largest number.
    sums, planes : ndarray
        From `fit_labels`; those of a plane that took in another are changed in place.
    resolution_m : float
        Side of a cell: slopes that differ by more than 0.09 (m per m) are never those of one plane.
    """
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
                    for other in range(n_planes + 1):
                        touching[first, other] += touching[second, other]
                        touching[other, first] += touching[other, second]
                    merged = True
    for label in range(1, n_planes + 1):  # a target is always smaller, so that it is final here
        target[label] = target[target[label]]
    for row in range(labels.shape[0]):
        for column in range(labels.shape[1]):
            labels[row, column] = target[labels[row, column]]


@kernel(error_model="numpy")
def reassign(z: np.ndarray, known: np.ndarray, labels: np.ndarray, planes: np.ndarray, base_m: float) -> np.ndarray:
    """Give every cell to the plane within two cells that explains it best, or to none.

    Parameters
    ----------
    z : ndarray, shape (rows, cols)
        Heights [m].
    known : ndarray of bool, shape (rows, cols)
        Cells of the building with a height; the others get 0.
    labels : ndarray of int32, shape (rows, cols)
        As they are; left alone.
    planes : ndarray, shape (n + 1, 4)
        From `fit_labels`.
    base_m : float
        Tolerance of a level plane, as for `tolerance`; a fifth more is allowed here.

    Returns
    -------
    ndarray of int32, shape (rows, cols)
        The own plane is kept where another one explains a cell by less than 1 cm better.
    """
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


@inner(error_model="numpy")
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
def split_components(labels: np.ndarray, fewest: int, most: int) -> tuple[np.ndarray, int]:
    """Number anew, from 1, the connected cells of each label; pieces of fewer cells get 0.

    Parameters
    ----------
    labels : ndarray of int32, shape (rows, cols)
        0 for none; left alone. Cells are connected by their sides.
    fewest : int
        Cells of the smallest piece that is kept.
    most : int
        Pieces at the most; those met later, row by row, get 0.

    Returns
    -------
    labels : ndarray of int32, shape (rows, cols)
        Numbered in the order in which pieces are met, row by row from the north-west.
    number : int
        Of pieces.
    """
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


@inner(error_model="numpy")
def _fill(labels: np.ndarray, cells: np.ndarray, size: int, n_rows: int, n_columns: int) -> None:
    """Give cells without a label that of a neighbour, ring by ring."""
    left = size
    given = np.zeros(size, dtype=np.int32)
    while left:
        for k in range(size):
            given[k] = 0
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
        for k in range(size):
            if given[k]:
                labels[cells[k] // n_columns, cells[k] % n_columns] = given[k]
                done += 1
        if done == 0:
            return
        left -= done


@kernel(error_model="numpy")
def fill_gaps(
    z: np.ndarray, inside: np.ndarray, labels: np.ndarray, planes: np.ndarray, largest_cells: int, deepest_m: float
) -> np.ndarray:
    """Labels with small gaps filled: chimneys, small dormers, antennas, missing heights belong to the roof they stand on.

    A gap is filled from its border when planes hold at least 70 % of that border, and it is neither too large nor too deep.

    Parameters
    ----------
    z : ndarray, shape (rows, cols)
        Heights [m]; NaN where missing.
    inside : ndarray of bool, shape (rows, cols)
        Cells of the building, known or not.
    labels : ndarray of int32, shape (rows, cols)
        0 in the gaps; left alone.
    planes : ndarray, shape (n + 1, 4)
        From `fit_labels`.
    largest_cells : int
        Cells of the largest gap that is filled.
    deepest_m : float
        How far the cells of a gap may lie, on average, below the planes at its border: a light well is no roof.

    Returns
    -------
    ndarray of int32, shape (rows, cols)
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
            _fill(out, queue, size, n_rows, n_columns)
    return out


@kernel(error_model="numpy")
def widen(labels: np.ndarray, inside: np.ndarray, cells: int) -> np.ndarray:
    """Labels carried so many cells beyond the building, so that its footprint, not the cells, makes the outer edges.

    Parameters
    ----------
    labels : ndarray of int32, shape (rows, cols)
        0 for none; left alone.
    inside : ndarray of bool, shape (rows, cols)
        Cells of the building: those without a plane stay so.
    cells : int
        Number of rings, corners included.

    Returns
    -------
    ndarray of int32, shape (rows, cols)
    """
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
