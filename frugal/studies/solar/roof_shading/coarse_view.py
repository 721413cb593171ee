"""What is known of a roof from a surface model whose cells are wider than the roof is precise.

The coarse surface is the mean of blocks of the fine one, as photogrammetry or an older survey would give it at its best. Its
user knows the tilt and the azimuth of the roof from elsewhere (the owner, a register of buildings, a picture), but neither
the height of the roof nor what stands on it: the point is put on the coarse surface itself, interpolated between the centres
of its cells. Beside an eave or a ridge that height is wrong by metres, which is much of what a correction has to make up for.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import ndimage

from frugal.errors import UnusableInputError
from frugal.formats.rasters.surface_model import SurfaceModel
from frugal.physics.solar.horizon import horizon_at_points
from frugal.studies.solar.roofs.roof_catalogue import RoofCatalogue

#: Height of a module above the surface, as `find_roofs` has it.
_MODULE_OFFSET_M = 0.1
_FARTHEST_M = 200.0

#: Reach of the local relief, in metres: the building itself, its neighbours, its quarter.
RELIEF_M = (10, 20, 50)
ROUGHNESS_M = (10, 50)
HIGHEST_M = 20

#: Values outside are held at the bound: a roof 20 m above its quarter is as free as one 30 m above.
RELIEF_BOUNDS_M = (-10.0, 20.0)
ROUGHNESS_BOUNDS_M = (0.0, 12.0)
HIGHEST_BOUNDS_M = (0.0, 25.0)
RISE_BOUNDS_M = (-15.0, 15.0)

#: Directions of the neighbouring heights, clockwise from where the roof faces, 45° apart.
AROUND = ("ahead", "ahead_right", "right", "behind_right", "behind", "behind_left", "left", "ahead_left")


class CoarseView(NamedTuple):
    """Roofs as a coarse surface shows them.

    Attributes
    ----------
    horizon_deg : ndarray, shape (n, K)
        Elevation of the horizon over the coarse surface, 0 to 90.
    relief : ndarray, shape (n, 14)
        In metres: height above the mean within each of `RELIEF_M`, spread of heights within each of `ROUGHNESS_M`, height
        of the highest cell within `HIGHEST_M` above the point, and height above the point one cell away in each direction
        of `AROUND`.
    """

    horizon_deg: np.ndarray
    relief: np.ndarray


def coarser(heights: np.ndarray, factor: int) -> np.ndarray:
    """Mean of blocks of ``factor`` × ``factor`` cells, of the cells that are known; NaN where none is.

    Raises
    ------
    UnusableInputError
        If the factor is below 2, or larger than the surface.
    """
    if not 2 <= factor <= min(heights.shape):
        raise UnusableInputError(f"coarseness {factor}; 2 to {min(heights.shape)} is allowed for {heights.shape} cells")
    rows, cols = (-(-size // factor) for size in heights.shape)
    blocks = np.full((rows * factor, cols * factor), np.nan)
    blocks[: heights.shape[0], : heights.shape[1]] = heights
    blocks = blocks.reshape(rows, factor, cols, factor)
    known = np.isfinite(blocks)
    count = known.sum(axis=(1, 3))
    total = np.where(known, blocks, 0.0).sum(axis=(1, 3))
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def coarse_view(surface: SurfaceModel, roofs: RoofCatalogue, factor: int) -> CoarseView:
    """See the roofs of a fine surface model on one ``factor`` times coarser.

    Parameters
    ----------
    surface : SurfaceModel
        The fine one.
    roofs : RoofCatalogue
        Points on its roofs; their heights and horizons are not used.
    factor : int

    Raises
    ------
    UnusableInputError
        As `coarser`.
    """
    heights = coarser(surface.heights, factor)
    cell_m = factor * surface.resolution_m
    row, col = ((index + 0.5) / factor - 0.5 for index in (roofs.row, roofs.col))
    filled = _filled(heights)

    def at(values: np.ndarray, down: np.ndarray | float = 0.0, right: np.ndarray | float = 0.0) -> np.ndarray:
        """Bilinear values at the roofs [n], so many cells farther south and east.

        Parameters
        ----------
        values : ndarray [Y, X]
            On the coarse cells.
        down, right : float or array [n]
            Coarse cells.
        """
        return np.asarray(ndimage.map_coordinates(values, [row + down, col + right], order=1, mode="nearest"))

    point = at(filled)
    horizon = horizon_at_points(
        heights, cell_m, row, col, point + _MODULE_OFFSET_M, roofs.horizon_azimuths_deg, _FARTHEST_M
    )
    relief = [np.clip(point - at(_mean(filled, reach / cell_m)), *RELIEF_BOUNDS_M) for reach in RELIEF_M]
    relief += [np.clip(at(_spread(filled, reach / cell_m)), *ROUGHNESS_BOUNDS_M) for reach in ROUGHNESS_M]
    highest = at(ndimage.maximum_filter(filled, size=_width(HIGHEST_M / cell_m), mode="nearest"))
    relief.append(np.clip(highest - point, *HIGHEST_BOUNDS_M))
    for turn in range(len(AROUND)):
        toward = np.radians(roofs.azimuth_deg + 360.0 / len(AROUND) * turn)
        beside = at(filled, -np.cos(toward), np.sin(toward))
        relief.append(np.clip(beside - point, *RISE_BOUNDS_M))
    return CoarseView(np.clip(horizon, 0.0, 90.0), np.stack(relief, axis=1))


def _filled(heights: np.ndarray) -> np.ndarray:
    """Unknown cells take the height of the nearest known one."""
    unknown = ~np.isfinite(heights)
    if not unknown.any():
        return heights
    nearest = ndimage.distance_transform_edt(unknown, return_distances=False, return_indices=True)
    return np.asarray(heights[tuple(nearest)])


def _width(cells: float) -> int:
    """Odd number of cells of the square that reaches ``cells`` each way."""
    return 2 * max(1, round(cells)) + 1


def _mean(heights: np.ndarray, cells: float) -> np.ndarray:
    return np.asarray(ndimage.uniform_filter(heights, size=_width(cells), mode="nearest"))


def _spread(heights: np.ndarray, cells: float) -> np.ndarray:
    centred = heights - heights.mean()  # so that squares keep their digits
    return np.sqrt(np.maximum(_mean(centred**2, cells) - _mean(centred, cells) ** 2, 0.0))
