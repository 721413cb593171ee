"""Real roof planes of a surface model, found without building footprints, with the horizon each one sees.

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

Few points are taken from each plane, so that one large hall does not speak for a town.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import ndimage

from frugal.errors import UnusableInputError
from frugal.formats.rasters.surface_model import SurfaceModel

_LARGEST_RESIDUAL_M = 0.12
_LARGEST_TILT_DEG = 60.0
_LOWEST_ABOVE_GROUND_M = 2.0
_SMALLEST_PATCH_M2 = 10.0
_WIDEST_BUILDING_M = 60.0
_MODULE_OFFSET_M = 0.1
_EDGE_CELLS = 4
_SMALLEST_SIDE_CELLS = 20
_SMALLEST_WALL_SHARE = 0.12
_SPANNED_M = 0.001
#: A plane of which this share is so is spanned; a surface with fewer surveyed planes than this was drawn.
_SPANNED_SHARE, _LEAST_SURVEYED = 0.4, 0.25


class RoofCatalogue(NamedTuple):
    """Points on roofs; every array has one entry per point.

    Attributes
    ----------
    row, col : ndarray of int64
        Cell of the surface model.
    x, y : ndarray
        Easting and northing in m.
    height_m : ndarray
        Height of the module: the fitted plane plus 0.1 m, in the datum of the surface model.
    tilt_deg : ndarray
        Inclination from the horizontal, 0 to 60.
    azimuth_deg : ndarray
        Direction the plane faces, clockwise from north, 0 to 360.
    area_m2 : ndarray
        Area of the plane the point lies on, measured along the roof.
    horizon_deg : ndarray, shape (n, K)
        Elevation of the horizon in K directions.
    horizon_azimuths_deg : ndarray, shape (K,)
        Those directions, clockwise from north.
    patch : ndarray of int64
        Number of the plane the point lies on.
    place : ndarray of str
        Surface model and tile of the point. Tiles of one surface border on each other: points of different places may see
        the same obstacles.
    """

    row: np.ndarray
    col: np.ndarray
    x: np.ndarray
    y: np.ndarray
    height_m: np.ndarray
    tilt_deg: np.ndarray
    azimuth_deg: np.ndarray
    area_m2: np.ndarray
    horizon_deg: np.ndarray
    horizon_azimuths_deg: np.ndarray
    patch: np.ndarray
    place: np.ndarray


class Planes(NamedTuple):
    """Plane fitted round every cell: height in its centre, gradient east and south, RMS residual (m)."""

    height: np.ndarray
    east: np.ndarray
    south: np.ndarray
    residual: np.ndarray


def find_roofs(
    surface: SurfaceModel,
    n: int,
    seed: int = 0,
    azimuths_deg: np.ndarray | None = None,
    max_distance_m: float = 200.0,
    *,
    tiles: int = 2,
    points_per_patch: int = 4,
    at_least: int | None = None,
) -> RoofCatalogue:
    """Choose points on the roofs of a surface model and compute their horizons.

    Parameters
    ----------
    surface : SurfaceModel
    n : int
        Points wanted.
    seed : int
        Same seed, same points.
    azimuths_deg : ndarray, shape (K,), optional
        Directions of the horizon, clockwise from north; 72 by default, 5° apart from 0.
    max_distance_m : float
        Where the search for obstacles ends.
    tiles : int
        Places are cut ``tiles`` × ``tiles`` from the extent.
    points_per_patch : int
        At most so many points on one plane.
    at_least : int, optional
        Take what there is when there are fewer than ``n`` points, but not fewer than this; ``n`` by default.

    Returns
    -------
    RoofCatalogue

    Raises
    ------
    UnusableInputError
        If fewer than ``at_least`` points are found (the number is said), the cells are wider than 1.25 m,
        or the model is under 20 cells wide.
    """
    from frugal.physics.solar.horizon import horizon_at_points

    if n < 1:
        raise UnusableInputError(f"number of roofs {n}; at least 1 is needed")
    if surface.resolution_m > 1.25:
        raise UnusableInputError(
            f"surface model '{surface.source}' has cells of {surface.resolution_m:g} m; roofs need 1.25 m or finer"
        )
    rows, cols = surface.heights.shape
    if min(rows, cols) < _SMALLEST_SIDE_CELLS:
        raise UnusableInputError(
            f"surface model '{surface.source}' is {rows} × {cols} cells; "
            f"roofs need at least {_SMALLEST_SIDE_CELLS} each way"
        )
    azimuths = np.arange(72) * 5.0 if azimuths_deg is None else np.ascontiguousarray(azimuths_deg, dtype=np.float64)
    planes = fit_planes(surface.heights, surface.resolution_m)
    patches, area_m2 = roof_patches(surface.heights, planes, surface.resolution_m)
    least = n if at_least is None else min(at_least, n)
    index = _choose(
        patches,
        n,
        least=least,
        points_per_patch=points_per_patch,
        random=np.random.default_rng(seed),
        source=surface.source,
    )
    row, col = np.divmod(index, cols)
    east, south = planes.east[row, col], planes.south[row, col]
    height = planes.height[row, col] + _MODULE_OFFSET_M
    horizon = horizon_at_points(
        surface.heights,
        surface.resolution_m,
        row.astype(np.float64),
        col.astype(np.float64),
        height,
        azimuths,
        max_distance_m,
    )
    return RoofCatalogue(
        row=row,
        col=col,
        x=surface.x_of(col),
        y=surface.y_of(row),
        height_m=height,
        tilt_deg=np.degrees(np.arctan(np.hypot(east, south))),
        # A plane faces down its slope; rows go south, so the gradient to the north is −south.
        azimuth_deg=np.degrees(np.arctan2(-east, south)) % 360.0,
        area_m2=area_m2[patches[row, col]],
        horizon_deg=horizon,
        horizon_azimuths_deg=azimuths,
        patch=patches[row, col].astype(np.int64),
        place=_places(surface, row, col, tiles),
    )


def fit_planes(heights: np.ndarray, resolution_m: float, level_m: float | None = None) -> Planes:
    """Fit a plane to the square of about 2 m (at least 3 × 3 cells) round every cell.

    Parameters
    ----------
    heights : ndarray, shape (rows, cols)
    resolution_m : float
    level_m : float, optional
        About the height of the surface, which sums are counted from; its median where none is given. Windows of one
        surface agree to the last bit where it is the same.

    Returns
    -------
    Planes
        NaN where a cell of the square is unknown.
    """
    half = max(1, round(1.0 / resolution_m))
    width = 2 * half + 1
    offset = np.arange(-half, half + 1) * resolution_m
    known = np.isfinite(heights)
    reference = (float(np.median(heights[known])) if known.any() else 0.0) if level_m is None else level_m
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
    return Planes(mean + reference + hole, east + hole, south + hole, residual + hole)


def roof_patches(
    heights: np.ndarray, planes: Planes, resolution_m: float, drawn: bool | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Connected roof planes.

    Parameters
    ----------
    heights : ndarray, shape (rows, cols)
    planes : Planes
    resolution_m : float
    drawn : bool, optional
        Whether the surface was drawn, not surveyed, so that planes without noise are roofs and not spanned voids; told from
        the shares in this very surface (`spanned_planes`) where it is not given.

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
    keep &= _is_surveyed(labels, heights, planes, wall_share, drawn)
    keep[0] = False
    numbers = np.where(keep, np.cumsum(keep), 0)
    return numbers[labels], np.concatenate([[0.0], grown[keep]])


def spanned_planes(heights: np.ndarray, resolution_m: float) -> tuple[int, int]:
    """How many of the planes that may be roofs are spanned exactly between neighbours, and how many there are."""
    labels = _candidates(heights, fit_planes(heights, resolution_m), resolution_m)
    return int((_spanned_share(labels, heights)[1:] >= _SPANNED_SHARE).sum()), int(labels.max())


def is_drawn(spanned: int, number: int) -> bool:
    """Whether a surface with so many spanned planes was drawn, not surveyed."""
    return number - spanned < _LEAST_SURVEYED * max(number, 1)


def _candidates(heights: np.ndarray, planes: Planes, resolution_m: float) -> np.ndarray:
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


def _grow(roof: np.ndarray, planes: Planes) -> np.ndarray:
    """Label connected cells whose fitted gradient is that of their neighbours."""
    east, south = np.where(roof, planes.east, 0.0), np.where(roof, planes.south, 0.0)
    smooth = roof.copy()
    for axis in (0, 1):
        for direction in (-1, 1):
            turn = np.hypot(east - np.roll(east, direction, axis), south - np.roll(south, direction, axis))
            smooth &= (turn < 0.08) | ~np.roll(roof, direction, axis)
    labels, _ = ndimage.label(smooth)
    return labels.astype(np.int64)


def _wall_share(labels: np.ndarray, heights: np.ndarray, planes: Planes, resolution_m: float) -> np.ndarray:
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
    labels: np.ndarray, heights: np.ndarray, planes: Planes, wall_share: np.ndarray, drawn: bool | None
) -> np.ndarray:
    """False for planes spanned over voids, unless the whole surface is so (it was drawn, not surveyed)."""
    numbers = np.arange(int(labels.max()) + 1)
    spanned = _spanned_share(labels, heights) >= _SPANNED_SHARE
    surveyed = ~spanned | (is_drawn(int(spanned[1:].sum()), len(numbers) - 1) if drawn is None else drawn)
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


def _choose(
    patches: np.ndarray,
    n: int,
    *,
    least: int,
    points_per_patch: int,
    random: np.random.Generator,
    source: str,
) -> np.ndarray:
    """Cells in rounds: one on every plane in random order, then a second one on each, until there are n."""
    cells = np.flatnonzero(patches)
    cells = cells[random.permutation(cells.size)]
    owner = patches.ravel()[cells]
    order = np.argsort(owner, kind="stable")
    cells, owner = cells[order], owner[order]
    first = np.concatenate([[0], np.cumsum(np.bincount(owner))])[owner] if owner.size else owner
    turn = np.arange(cells.size) - first
    allowed = turn < points_per_patch
    cells, turn = cells[allowed], turn[allowed]
    if cells.size < least:
        raise UnusableInputError(
            f"surface model '{source}' has {cells.size} points on {len(np.unique(owner))} roof planes "
            f"of 10 m² or more; {least} are needed"
        )
    shuffle = random.permutation(cells.size)
    cells, turn = cells[shuffle], turn[shuffle]
    return cells[np.argsort(turn, kind="stable")][:n]


def _places(surface: SurfaceModel, row: np.ndarray, col: np.ndarray, tiles: int) -> np.ndarray:
    rows, cols = surface.heights.shape
    tile = (row * tiles // rows) * tiles + col * tiles // cols
    return np.array([f"{surface.source} tile {number + 1}" for number in tile])
