"""Planes fitted to cells."""

from __future__ import annotations

import math

import numpy as np

from frugal.physics.compiled import inner, kernel

#: Sums kept for a plane: count, col, row, height, col², col row, row², col height, row height, height².
N_SUMS = 10


@inner(error_model="numpy")
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


@inner(error_model="numpy")
def add_cell(sums: np.ndarray, column: float, row: float, height: float) -> None:
    """Add one cell to the sums of a plane.

    Parameters
    ----------
    sums : ndarray, shape (N_SUMS,)
        Added to in place.
    column, row : float
        Place of the cell, in cells from the origin that the plane is told from; rows go south.
    height : float
        In m, above a level near the roof: squares of heights above the sea would lose their digits.
    """
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


@inner(error_model="numpy")
def rms_about(sums: np.ndarray, c: float, east: float, south: float) -> float:
    """RMS distance of the cells of some sums from a plane that need not be their own.

    Parameters
    ----------
    sums : ndarray, shape (N_SUMS,)
    c : float
        Height of the plane at the origin of the sums [m].
    east, south : float
        Its slopes per column and per row [m per cell].

    Returns
    -------
    float
        Vertical distance [m].
    """
    squares = sums[9] + c * c * sums[0] + east * east * sums[4] + south * south * sums[6]
    squares += 2.0 * (c * east * sums[1] + c * south * sums[2] + east * south * sums[5])
    squares -= 2.0 * (c * sums[3] + east * sums[7] + south * sums[8])
    return math.sqrt(max(squares, 0.0) / max(sums[0], 1.0))


@inner(error_model="numpy")
def tolerance(east: float, south: float, base_m: float) -> float:
    """Distance within which a cell belongs to a plane: a cell of a steep plane holds heights of a wider range.

    Parameters
    ----------
    east, south : float
        Slopes per column and per row [m per cell].
    base_m : float
        Tolerance of a level plane.

    Returns
    -------
    float
        Vertical distance [m].
    """
    return base_m + 0.25 * math.hypot(east, south)


@inner(error_model="numpy")
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

    Parameters
    ----------
    z : ndarray, shape (rows, cols)
        Heights [m]; row 0 the northernmost.
    inside : ndarray of bool, shape (rows, cols)
        Cells of the building with a height.
    half : int
        Cells from the middle of the square to its edge.
    largest_residual_m : float
        RMS allowed on a level roof; 0.12 of the rise over one cell comes on top.
    largest_slope : float
        Steepest allowed [m per cell].
    fits : ndarray, shape (rows, cols, 3)
        Takes the height at the cell [m] and the slopes per column and per row [m per cell]; untouched where no plane fits.

    Returns
    -------
    ndarray of bool, shape (rows, cols)
        True where the plane fits and is no steeper than allowed.
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
def fit_labels(z: np.ndarray, labels: np.ndarray, n_planes: int, sums: np.ndarray, planes: np.ndarray) -> None:
    """Plane of the cells of each label; cells farther than 2.5 RMS from the first fit have no say in the second.

    Parameters
    ----------
    z : ndarray, shape (rows, cols)
        Heights [m]; known wherever there is a label.
    labels : ndarray of int32, shape (rows, cols)
        Number of each cell's plane, 0 for none.
    n_planes : int
        The largest number.
    sums : ndarray, shape (n_planes + 1 or more, N_SUMS)
        Overwritten with those of the cells that the last fit rests on.
    planes : ndarray, shape (n_planes + 1 or more, 4)
        Takes height at the first cell [m], slope per column, slope per row [m per cell], RMS [m]; NaN where too few cells, or
        cells in one line, determine no plane. Row 0 is left alone.
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
