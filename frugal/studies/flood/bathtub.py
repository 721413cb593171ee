"""The bathtub: every cell below the level of the water that it can come from is flooded up to that level.

It is how flood maps were long drawn. It knows neither time nor volume: water is taken to be as high behind a dike as before it.
"""

from __future__ import annotations

import heapq

import numpy as np

from frugal.studies.flood.outputs import Maps


def connection_level(bed: np.ndarray, sources: np.ndarray) -> np.ndarray:
    """Lowest level of the sources at which each cell is reached: the least highest ground on any path (minimax path).

    Parameters
    ----------
    bed : ndarray [y, x]
    sources : ndarray of bool [y, x]

    Returns
    -------
    ndarray [y, x]
        In m; cells of a source have their own bed. Diagonal neighbours do not connect, as no flux crosses a corner.
    """
    rows, columns = bed.shape
    level = np.full(bed.shape, np.inf)
    heap: list[tuple[float, int, int]] = []
    for row, column in np.argwhere(sources):
        level[row, column] = bed[row, column]
        heap.append((float(bed[row, column]), int(row), int(column)))
    heapq.heapify(heap)
    while heap:
        reached, row, column = heapq.heappop(heap)
        if reached > level[row, column]:
            continue
        for near_row, near_column in ((row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)):
            if 0 <= near_row < rows and 0 <= near_column < columns:
                through = max(reached, float(bed[near_row, near_column]))
                if through < level[near_row, near_column]:
                    level[near_row, near_column] = through
                    heapq.heappush(heap, (through, near_row, near_column))
    return level


def bathtub(bed: np.ndarray, sources: np.ndarray, level_m: float, arrival_s: float) -> Maps:
    """Flood everything that is connected below a level; speeds are not known (0), the arrival is the same everywhere.

    Parameters
    ----------
    bed : ndarray [y, x]
        Height of the ground [m], above the same zero as the level.
    sources : ndarray of bool [y, x]
        Cells that water can come from.
    level_m : float
        Of the water, the same everywhere [m].
    arrival_s : float
        From the beginning of the event [s].

    Returns
    -------
    Maps
        Depth is the level less the bed where a path from a source stays below the level.
    """
    wet = (connection_level(bed, sources) < level_m) & (bed < level_m)
    depth = np.where(wet, level_m - bed, 0.0)
    return Maps(depth, np.zeros_like(bed), np.where(wet, arrival_s, np.nan))
