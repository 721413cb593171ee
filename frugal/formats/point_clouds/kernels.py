"""Compiled loops over points and cells, for `point_cloud`. Imported only when points are read: numba takes its time.

Heights are integers in mm, so that the highest of several is the same in whatever order they come; `MISSING` where
nothing is known. Row 0 is the northernmost.
"""

import numpy as np
from numba import njit

MISSING = -(2**31)
IGNORED, FIRM, LOOSE, VEGETATION, ROOF = 0, 1, 2, 3, 4
_LOWEST_MM, _HIGHEST_MM = -500_000.0, 9_000_000.0


@njit(cache=True, nogil=True)
def rasterise(
    x: np.ndarray,
    y: np.ndarray,
    z: np.ndarray,
    roles: np.ndarray,
    withheld: np.ndarray,
    scales: np.ndarray,
    offsets: np.ndarray,
    resolution_m: float,
    west: int,
    north: int,
    highest: np.ndarray,
    firm: np.ndarray,
    loose: np.ndarray,
    roof: np.ndarray,
    counts: np.ndarray,
) -> None:
    """Enter points into the cells they fall in.

    Parameters
    ----------
    x, y, z : ndarray of int32
        To be scaled by ``scales`` and ``offsets``.
    roles : ndarray of uint8
        What each point is: `IGNORED`, `FIRM`, `LOOSE`, `VEGETATION` or `ROOF`.
    withheld : ndarray of bool
    resolution_m : float
    west, north : int
        Global column of column 0; global row, counted northward, of row 0.
    highest, firm, loose : ndarray of int32, shape (rows, cols)
        Highest point of all; of what is surely no vegetation; of the unclassified. Changed in place.
    roof : ndarray of bool, shape (rows, cols)
        Set where a roof point falls.
    counts : ndarray of int32, shape (rows, cols)
        Raised by one for each point that counts.
    """
    rows, cols = highest.shape
    for k in range(x.size):
        role = roles[k]
        if role == IGNORED or withheld[k]:
            continue
        col = int(np.floor((x[k] * scales[0] + offsets[0]) / resolution_m)) - west
        row = north - int(np.floor((y[k] * scales[1] + offsets[1]) / resolution_m))
        if col < 0 or col >= cols or row < 0 or row >= rows:
            continue
        height = np.floor((z[k] * scales[2] + offsets[2]) * 1000.0 + 0.5)
        if not _LOWEST_MM <= height <= _HIGHEST_MM:
            continue
        counts[row, col] += 1
        millimetres = np.int32(height)
        highest[row, col] = max(highest[row, col], millimetres)
        if role == LOOSE:
            loose[row, col] = max(loose[row, col], millimetres)
        elif role != VEGETATION:
            firm[row, col] = max(firm[row, col], millimetres)
            if role == ROOF:
                roof[row, col] = True


@njit(cache=True, nogil=True)
def without_vegetation(
    firm: np.ndarray,
    loose: np.ndarray,
    ring_rows: np.ndarray,
    ring_cols: np.ndarray,
    ring_squares: np.ndarray,
    least_mm: int,
) -> np.ndarray:
    """Highest of what is no vegetation, where vegetation is told from unclassified points by height alone.

    The highest unclassified point of a cell is vegetation if it stands more than ``least_mm`` above the nearest known
    surface (the highest of equally near ones). The rings list the offsets searched, nearest first.

    Parameters
    ----------
    firm : ndarray of int32, shape (rows, cols)
        Highest of what is surely no vegetation [mm], `MISSING` where there is none.
    loose : ndarray of int32, shape (rows, cols)
        Highest unclassified point [mm], likewise.
    ring_rows, ring_cols : ndarray of int, shape (k,)
        Offsets to the cells searched, positive southward and eastward; the first is the cell itself.
    ring_squares : ndarray of int, shape (k,)
        Their squared distances in cells, growing.
    least_mm : int
        What stands higher above the nearest known surface is vegetation.

    Returns
    -------
    ndarray of int32, shape (rows, cols)
        Heights [mm], `MISSING` where nothing but vegetation is known. An unclassified point without a known surface within
        the rings stays.
    """
    rows, cols = firm.shape
    bare = firm.copy()
    for row in range(rows):
        for col in range(cols):
            if loose[row, col] == MISSING:
                continue
            reference, square = MISSING, -1
            for k in range(ring_squares.size):
                if square >= 0 and ring_squares[k] > square:
                    break
                i, j = row + ring_rows[k], col + ring_cols[k]
                if 0 <= i < rows and 0 <= j < cols and firm[i, j] != MISSING:
                    reference, square = max(reference, firm[i, j]), ring_squares[k]
            if reference == MISSING or loose[row, col] - reference <= least_mm:
                bare[row, col] = max(bare[row, col], loose[row, col])
    return bare


@njit(cache=True, nogil=True)
def close_gaps(
    heights: np.ndarray,
    roof: np.ndarray,
    widest_m: float,
    resolution_m: float,
    steepest: float,
    filled: np.ndarray,
    filled_roof: np.ndarray,
) -> None:
    """Fill cells without a height that lie in a gap no wider than ``widest_m``, from the two ends of the gap.

    Of the gaps through a cell along the rows, the columns and the two diagonals, the narrowest counts. Between ends
    that one slope may join (no steeper than ``steepest``, rise over run) the height is interpolated; else a wall stands
    in the gap, and the nearer end is taken, the lower of equally near ones. A filled cell is roof if both ends are.

    Parameters
    ----------
    heights : ndarray of int32, shape (rows, cols)
        mm, `MISSING` where unknown.
    roof : ndarray of bool
    filled : ndarray of float64, shape (rows, cols)
        Filled in with heights in m; NaN where unknown.
    filled_roof : ndarray of bool
        Filled in.
    """
    rows, cols = heights.shape
    directions = ((0, 1), (1, 0), (1, 1), (1, -1))
    for row in range(rows):
        for col in range(cols):
            filled_roof[row, col] = roof[row, col]
            if heights[row, col] != MISSING:
                filled[row, col] = heights[row, col] / 1000.0
                continue
            filled[row, col] = np.nan
            narrowest = widest_m + 1e-9
            for down, right in directions:
                step = resolution_m * np.sqrt(float(down * down + right * right))
                reach = int((narrowest / step) + 1e-9) + 1
                after = _steps_to_known(heights, row, col, down, right, reach)
                before = _steps_to_known(heights, row, col, -down, -right, reach) if after > 0 else 0
                if after == 0 or before == 0 or (after + before - 1) * step >= narrowest:
                    continue
                narrowest = (after + before - 1) * step
                i, j = row + after * down, col + after * right
                m, n = row - before * down, col - before * right
                one, other = heights[i, j] / 1000.0, heights[m, n] / 1000.0
                if abs(one - other) <= steepest * (after + before) * step:
                    filled[row, col] = (one * before + other * after) / (after + before)
                elif after == before:
                    filled[row, col] = min(one, other)
                else:
                    filled[row, col] = one if after < before else other
                filled_roof[row, col] = roof[i, j] and roof[m, n]


@njit(nogil=True)
def _steps_to_known(heights: np.ndarray, row: int, col: int, down: int, right: int, reach: int) -> int:
    """Steps to the first known cell in a direction; 0 if there is none within reach."""
    rows, cols = heights.shape
    for k in range(1, reach + 1):
        i, j = row + k * down, col + k * right
        if i < 0 or i >= rows or j < 0 or j >= cols:
            return 0
        if heights[i, j] != MISSING:
            return k
    return 0
