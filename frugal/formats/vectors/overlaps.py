"""Polygons that lie on one another: those given twice, and those that overlap in part."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

#: Of this share covered by another, a polygon is that other given again, or a part of it.
SAME_SHARE = 0.8

#: Below this share, overlaps are drawn lines that do not quite meet.
_SMALLEST_SHARE = 0.2


class Overlaps(NamedTuple):
    """What of some polygons lies on others.

    Attributes
    ----------
    kept : ndarray of bool, shape (n,)
        False where another one that is kept covers 80 % or more.
    partly : int
        How many of those kept have 20 to 80 % of their area in common with another one kept.
    """

    kept: np.ndarray
    partly: int


def overlaps_of(polygons: np.ndarray) -> Overlaps:
    """Which of some polygons to keep so that no ground counts twice. Of two, the larger is kept; of equals, the first.

    Parameters
    ----------
    polygons : ndarray of object, shape (n,)
        Valid Polygons or MultiPolygons with an area [m²].
    """
    import shapely

    areas = shapely.area(polygons)
    kept = np.ones(len(polygons), dtype=np.bool_)
    larger, smaller, shared = _pairs(polygons, areas)
    covered = shared >= SAME_SHARE * areas[smaller]
    # From the largest on, so that whether the one that covers is kept itself is known when its turn comes.
    for big, small in sorted(zip(larger[covered], smaller[covered], strict=True), key=lambda pair: _rank(areas, pair)):
        if kept[big]:
            kept[small] = False
    both = kept[larger] & kept[smaller]
    sides = np.concatenate([larger[both], smaller[both]])
    common = np.tile(shared[both], 2) >= _SMALLEST_SHARE * areas[sides]
    return Overlaps(kept, len(np.unique(sides[common])))


def _rank(areas: np.ndarray, pair: tuple[int, int]) -> tuple[float, int]:
    return -areas[pair[1]], pair[1]


def _pairs(polygons: np.ndarray, areas: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Larger and smaller of every two that may share a fifth of the smaller, and the area that they share."""
    import shapely

    first, second = shapely.STRtree(polygons).query(polygons)
    once = first < second
    first, second = first[once], second[once]
    # Most neighbours only touch: what their boxes share is soon known, and no less than what they share.
    boxes = shapely.bounds(polygons)
    low = np.maximum(boxes[first, :2], boxes[second, :2])
    high = np.minimum(boxes[first, 2:], boxes[second, 2:])
    least = _SMALLEST_SHARE * np.minimum(areas[first], areas[second])
    may = np.prod(np.maximum(high - low, 0.0), axis=1) >= least
    first, second = first[may], second[may]
    shared = shapely.area(shapely.intersection(polygons[first], polygons[second]))
    swapped = areas[second] > areas[first]
    return np.where(swapped, second, first), np.where(swapped, first, second), shared
