"""Roof planes of a surface model, found without building footprints: quickly, and only those that are surely roofs.

There are two finders of planes, because two things are asked. This one looks at a whole surface at once and may miss roofs:
studies need a sample of real planes to be asked about, and the cadastre the outlines of buildings where nobody gives them.
`frugal.cadastre.roofs.segmentation` looks into one building whose outline is known and has to account for all of it, small
planes and dormers included; on a whole surface it would take parked lorries and hedges for roofs.

A plane is fitted by least squares to the square of about 2 m round every cell. A cell is roof where

* the plane fits (root-mean-square residual below `_LARGEST_RESIDUAL_M`; tree crowns are far rougher),
* it is inclined by 0 to 60°,
* it stands more than 2 m above the ground, taken as the lowest surroundings (a morphological opening wider
  than the widest building, of the surface at 1 m, as Zhang et al. 2003, IEEE Transactions on Geoscience and
  Remote Sensing 41, 872, use it to filter airborne laser surveys),
* its neighbours continue the same plane, over at least 10 m².

Of these planes, two kinds that are no roofs go out: those without a wall (raised ground beside a canal: the
surface must drop by 2 m or more along a part of the border), and, in a survey, those without any noise
(triangles spanned over water or voids where the survey has no point).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import ndimage

_LARGEST_RESIDUAL_M = 0.12
_LARGEST_TILT_DEG = 60.0
_LOWEST_ABOVE_GROUND_M = 2.0
_SMALLEST_PATCH_M2 = 10.0
_WIDEST_BUILDING_M = 60.0
_EDGE_CELLS = 4
_SMALLEST_WALL_SHARE = 0.12
_SPANNED_M = 0.001
#: A plane of which this share is so is spanned; a surface with fewer surveyed planes than this was drawn.
_SPANNED_SHARE, _LEAST_SURVEYED = 0.4, 0.25


class FittedPlanes(NamedTuple):
    """Plane fitted round every cell: height in its centre, gradient east and south, RMS residual (m)."""

    height: np.ndarray
    east: np.ndarray
    south: np.ndarray
    residual: np.ndarray


def fit_planes(heights: np.ndarray, resolution_m: float, reference_height_m: float | None = None) -> FittedPlanes:
    """Fit a plane to the square of about 2 m (at least 3 × 3 cells) round every cell.

    Parameters
    ----------
    heights : ndarray, shape (rows, cols)
    resolution_m : float
    reference_height_m : float, optional
        About the height of the surface, which sums are counted from; its median where none is given. Windows of one
        surface agree to the last bit where it is the same.

    Returns
    -------
    FittedPlanes
        NaN where a cell of the square is unknown.
    """
    half = max(1, round(1.0 / resolution_m))
    width = 2 * half + 1
    offset = np.arange(-half, half + 1) * resolution_m
    known = np.isfinite(heights)
    reference = (
        (float(np.median(heights[known])) if known.any() else 0.0) if reference_height_m is None else reference_height_m
    )
    z = np.where(known, heights - reference, 0.0)  # centred, so that sums of squares keep their digits
    flat = np.ones(width)

    def total(values: np.ndarray, down: np.ndarray, across: np.ndarray) -> np.ndarray:
        rows = ndimage.correlate1d(values, down, axis=0, mode="nearest")
        return ndimage.correlate1d(rows, across, axis=1, mode="nearest")

    count = float(width * width)
    moment = width * float(np.sum(offset**2))
    mean = total(z, flat, flat) / count
    east = total(z, flat, offset) / moment
    south = total(z, offset, flat) / moment
    squares = total(z * z, flat, flat) - count * mean**2 - moment * (east**2 + south**2)
    residual = np.sqrt(np.maximum(squares, 0.0) / count)
    complete = ndimage.minimum_filter(known, size=width, mode="constant", cval=False)
    hole = np.where(complete, 0.0, np.nan)
    return FittedPlanes(mean + reference + hole, east + hole, south + hole, residual + hole)


def roof_patches(
    heights: np.ndarray, planes: FittedPlanes, resolution_m: float, is_synthetic: bool | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Connected roof planes.

    Parameters
    ----------
    heights : ndarray, shape (rows, cols)
    planes : FittedPlanes
    resolution_m : float
    is_synthetic : bool, optional
        Whether the surface was made by a program, not surveyed, so that planes without noise are roofs and not spanned
        voids; told from the shares in this very surface (`spanned_planes`) where it is not given.

    Returns
    -------
    patches : ndarray of int64, shape (rows, cols)
        Number of the plane of each cell, 0 outside roofs.
    area_m2 : ndarray
        Area by number, measured along the roof; entry 0 is 0.
    """
    slope = np.hypot(planes.east, planes.south)
    labels = _candidates(heights, planes, resolution_m)
    flat = np.bincount(labels.ravel()) * resolution_m**2
    stretch = np.where(labels > 0, np.sqrt(1.0 + np.nan_to_num(slope) ** 2), 1.0)
    stretch = np.bincount(labels.ravel(), weights=stretch.ravel()) / np.maximum(flat / resolution_m**2, 1.0)
    # The fit is good only half a window inside the edge of a plane: a strip of that width belongs to it too.
    half = max(1, round(1.0 / resolution_m))
    grown = (flat + _perimeter(labels, resolution_m) * half * resolution_m) * stretch
    keep = grown >= _SMALLEST_PATCH_M2
    wall_share = _wall_share(labels, heights, planes, resolution_m)
    keep &= wall_share >= _SMALLEST_WALL_SHARE
    keep &= _is_surveyed(labels, heights, planes, wall_share, is_synthetic)
    keep[0] = False
    numbers = np.where(keep, np.cumsum(keep), 0)
    return numbers[labels], np.concatenate([[0.0], grown[keep]])


def spanned_planes(heights: np.ndarray, resolution_m: float) -> tuple[int, int]:
    """How many of the planes that may be roofs are spanned exactly between neighbours, and how many there are."""
    labels = _candidates(heights, fit_planes(heights, resolution_m), resolution_m)
    return int((_spanned_share(labels, heights)[1:] >= _SPANNED_SHARE).sum()), int(labels.max())


def looks_synthetic(spanned: int, number: int) -> bool:
    """Whether a surface with so many spanned planes was made by a program, not surveyed."""
    return number - spanned < _LEAST_SURVEYED * max(number, 1)


def _candidates(heights: np.ndarray, planes: FittedPlanes, resolution_m: float) -> np.ndarray:
    """Numbers of connected smooth planes above the ground, 0 elsewhere."""
    with np.errstate(invalid="ignore"):
        roof = (
            (planes.residual < _LARGEST_RESIDUAL_M)
            & (np.hypot(planes.east, planes.south) < np.tan(np.radians(_LARGEST_TILT_DEG)))
            & (planes.height - _ground(heights, resolution_m) > _LOWEST_ABOVE_GROUND_M)
        )
    edge = np.zeros_like(roof)
    edge[_EDGE_CELLS:-_EDGE_CELLS, _EDGE_CELLS:-_EDGE_CELLS] = True
    return _grow(roof & edge, planes)


def _ground(heights: np.ndarray, resolution_m: float) -> np.ndarray:
    """Opening of the surface at 1 m by a square wider than the widest building, back at full resolution."""
    block = max(1, round(1.0 / resolution_m))
    rows, cols = (-(-size // block) for size in heights.shape)
    lowest = np.full((rows * block, cols * block), np.inf)
    lowest[: heights.shape[0], : heights.shape[1]] = np.where(np.isfinite(heights), heights, np.inf)
    coarse = lowest.reshape(rows, block, cols, block).min(axis=(1, 3))
    size = round(_WIDEST_BUILDING_M / (block * resolution_m)) | 1
    eroded = ndimage.minimum_filter(coarse, size=size, mode="nearest")
    opened = ndimage.maximum_filter(np.where(np.isfinite(eroded), eroded, -np.inf), size=size, mode="nearest")
    opened = np.minimum(opened, coarse)
    full = np.repeat(np.repeat(opened, block, axis=0), block, axis=1)
    return full[: heights.shape[0], : heights.shape[1]]


def _grow(roof: np.ndarray, planes: FittedPlanes) -> np.ndarray:
    """Label connected cells whose fitted gradient is that of their neighbours."""
    east, south = np.where(roof, planes.east, 0.0), np.where(roof, planes.south, 0.0)
    smooth = roof.copy()
    for axis in (0, 1):
        for direction in (-1, 1):
            turn = np.hypot(east - np.roll(east, direction, axis), south - np.roll(south, direction, axis))
            smooth &= (turn < 0.08) | ~np.roll(roof, direction, axis)
    labels, _ = ndimage.label(smooth)
    return labels.astype(np.int64)


def _wall_share(labels: np.ndarray, heights: np.ndarray, planes: FittedPlanes, resolution_m: float) -> np.ndarray:
    """Share of the border of each label beside which, within 3 m, the surface lies 2 m or more lower."""
    border = (labels > 0) & (ndimage.minimum_filter(labels, size=3) != ndimage.maximum_filter(labels, size=3))
    filled = np.where(np.isfinite(heights), heights, np.inf)
    lowest = ndimage.minimum_filter(filled, size=2 * round(3.0 / resolution_m) + 1)
    # What the plane itself descends over 3 m is no wall.
    own = 3.0 * np.hypot(planes.east, planes.south)
    with np.errstate(invalid="ignore"):
        wall = border & (planes.height - own - lowest > 0.5 * _LOWEST_ABOVE_GROUND_M)
        wall &= planes.height - lowest > _LOWEST_ABOVE_GROUND_M
    n = int(labels.max()) + 1
    total = np.bincount(labels[border], minlength=n)
    return np.bincount(labels[wall], minlength=n) / np.maximum(total, 1)


def _spanned_share(labels: np.ndarray, heights: np.ndarray) -> np.ndarray:
    """Share of the cells of each label that lie exactly between neighbours, as in a spanned triangle."""
    exact = np.ones(labels.shape, dtype=bool)
    for axis in (0, 1):
        bend = np.roll(heights, 1, axis) + np.roll(heights, -1, axis) - 2.0 * heights
        exact &= np.abs(bend) < _SPANNED_M
    n = int(labels.max()) + 1
    return np.bincount(labels[exact], minlength=n) / np.maximum(np.bincount(labels.ravel(), minlength=n), 1)


def _is_surveyed(
    labels: np.ndarray, heights: np.ndarray, planes: FittedPlanes, wall_share: np.ndarray, is_synthetic: bool | None
) -> np.ndarray:
    """False for planes spanned over voids, unless the whole surface is so (it was made by a program, not surveyed)."""
    numbers = np.arange(int(labels.max()) + 1)
    spanned = _spanned_share(labels, heights) >= _SPANNED_SHARE
    surveyed = ~spanned | (
        looks_synthetic(int(spanned[1:].sum()), len(numbers) - 1) if is_synthetic is None else is_synthetic
    )
    slope = np.where(labels > 0, np.hypot(planes.east, planes.south), 0.0)
    level = np.asarray(ndimage.median(slope, labels, numbers)) < 0.005
    # A flat roof may be noiseless; voids are seldom spanned level, but those at the edge are filled so.
    known = np.pad(np.isfinite(heights), 1)
    inner = np.ones(len(numbers), dtype=bool)
    inner[labels[~ndimage.binary_erosion(known, np.ones((3, 3)), iterations=_EDGE_CELLS + 1)[1:-1, 1:-1]]] = False
    return surveyed | (level & inner & (wall_share > 0.4))


def _perimeter(labels: np.ndarray, resolution_m: float) -> np.ndarray:
    """Length of the border of each label, along the edges of cells."""
    length = np.zeros(labels.max() + 1)
    for axis in (0, 1):
        for direction in (-1, 1):
            border = labels != np.roll(labels, direction, axis)
            length += np.bincount(labels[border], minlength=length.size)
    return length * resolution_m
