"""Water poured slowly onto a terrain: it fills the hollow it falls into, spills over the lowest saddle and fills the next.

Cells are visited from the source on, always the lowest that borders on those visited (a priority flood, Barnes, Lehman and
Mulla 2014, Computers & Geosciences 62:117). Visited in that order, cells lie in nested pools: the last one fills; the ones
before it are full up to the saddle by which their water left. A pool that rises to the saddle before it becomes one with the
pool behind.
"""

from __future__ import annotations

import numpy as np

from frugal.errors import UnusableInputError
from frugal.physics.compiled import kernel


def fill_and_spill(
    bed: np.ndarray, open_: np.ndarray, source: tuple[int, int], volumes_m: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Surfaces of the water once given volumes were poured in at one cell.

    Parameters
    ----------
    bed : ndarray [y, x]
        Height of the ground in m.
    open_ : ndarray of bool [y, x]
        Cells that water may enter; all others, and the edges, are walls. Corners do not connect.
    source : tuple of int
        Row and column of an open cell.
    volumes_m : ndarray [k]
        Volumes over the area of a cell, in m, in rising order.

    Returns
    -------
    surface : ndarray [k, y, x]
        In m; NaN where it is dry. Water that runs downhill between two pools takes no room.
    at_source : ndarray [k]
        Surface of the pool at the source in m; the ground there as long as it is dry.

    Raises
    ------
    UnusableInputError
        If the source is a wall or lies outside, ground that is open has no height, or the volumes do not rise.
    """
    row, column = source
    volumes = np.asarray(volumes_m, dtype=np.float64)
    if not (0 <= row < bed.shape[0] and 0 <= column < bed.shape[1] and open_[row, column]):
        raise UnusableInputError(f"the source, row {row} and column {column}, is not open to water")
    if not (np.isfinite(volumes).all() and (volumes >= 0).all() and (np.diff(volumes) >= 0).all()):
        raise UnusableInputError("volumes to pour must be finite, 0 or more, and in rising order")
    if not np.isfinite(bed[open_]).all():
        raise UnusableInputError(f"{int(np.sum(~np.isfinite(bed[open_])))} cells that are open to water have no height")
    rows, columns = bed.shape
    ground = np.ascontiguousarray(bed, dtype=np.float64).ravel()
    surface = np.full((len(volumes), bed.size), np.nan)
    at_source = np.full(len(volumes), ground[row * columns + column])
    _pour(ground, ~open_.ravel(), columns, row * columns + column, volumes, surface, at_source)
    return surface.reshape(-1, rows, columns), at_source


@kernel()
def _push(heap: np.ndarray, size: int, key: np.ndarray, cell: int) -> int:
    at = size
    while at > 0:
        above = (at - 1) // 2
        if key[heap[above]] <= key[cell]:
            break
        heap[at] = heap[above]
        at = above
    heap[at] = cell
    return size + 1


@kernel()
def _pop(heap: np.ndarray, size: int, key: np.ndarray) -> int:
    """Move the lowest cell to the end of the heap; returns the new size."""
    lowest, last = heap[0], heap[size - 1]
    size -= 1
    at = 0
    while 2 * at + 1 < size:
        below = 2 * at + 1
        if below + 1 < size and key[heap[below + 1]] < key[heap[below]]:
            below += 1
        if key[last] <= key[heap[below]]:
            break
        heap[at] = heap[below]
        at = below
    heap[at] = last
    heap[size] = lowest
    return size


@kernel()
def _push_neighbours(heap: np.ndarray, size: int, bed: np.ndarray, seen: np.ndarray, columns: int, cell: int) -> int:
    for side in range(4):
        step = -1 if side < 2 else 1
        column = cell % columns + (step if side % 2 else 0)
        near = cell + (step if side % 2 else step * columns)
        if 0 <= column < columns and 0 <= near < bed.size and not seen[near]:
            seen[near] = True
            size = _push(heap, size, bed, near)
    return size


@kernel()
def _flatten(surface: np.ndarray, bed: np.ndarray, cells: np.ndarray, level: float) -> None:
    """Lay a level over the cells that are lower."""
    for cell in cells:
        if bed[cell] < level:
            surface[cell] = level


@kernel()
def _pour(
    bed: np.ndarray,
    seen: np.ndarray,
    columns: int,
    source: int,
    volumes: np.ndarray,
    surface: np.ndarray,
    at_source: np.ndarray,
) -> None:
    """Fill ``surface [k, cells]`` and ``at_source [k]``; ``seen`` is written to."""
    n = bed.size
    heap, order = np.empty(n, np.int64), np.empty(n, np.int64)
    # pools, from the source's to the one that fills: first cell in the order, number of cells, level
    first, count, level = np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n)
    seen[source] = True
    size = _push(heap, 0, bed, source)
    visited, pools, poured, done = 0, 0, 0.0, 0
    while done < volumes.size:
        height, cell = np.inf, -1
        if size > 0:
            size = _pop(heap, size, bed)
            cell = heap[size]
            height = bed[cell]
        while pools > 0 and done < volumes.size:
            top = pools - 1
            target = height if pools == 1 else min(height, level[top - 1])
            if target < level[top]:
                break
            step = (target - level[top]) * count[top]
            while done < volumes.size and volumes[done] <= poured + step:
                level_now = level[top] + (volumes[done] - poured) / count[top]
                for pool in range(pools):
                    cells = order[first[pool] : first[pool] + count[pool]]
                    _flatten(surface[done], bed, cells, level_now if pool == top else level[pool])
                at_source[done] = level_now if top == 0 else level[0]
                done += 1
            poured += step
            level[top] = target
            if pools == 1 or target < level[top - 1]:
                break
            count[top - 1] += count[top]
            pools -= 1
        if cell < 0:
            break
        if pools > 0 and height >= level[pools - 1]:
            count[pools - 1] += 1
        else:
            first[pools], count[pools], level[pools] = visited, 1, height
            pools += 1
        order[visited] = cell
        visited += 1
        size = _push_neighbours(heap, size, bed, seen, columns, cell)
