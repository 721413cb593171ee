"""The ground under point clouds from aircraft, on square cells: what water runs over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from frugal.errors import UnusableInputError
from frugal.formats.point_clouds.blocks import points_in
from frugal.formats.point_clouds.headers import point_cloud_header
from frugal.formats.point_clouds.surfaces import system_of_clouds
from frugal.formats.rasters.surface_model import LARGEST_CELLS, SurfaceModel, hash_of_heights

#: Classes (ASPRS LAS 1.4) that water runs over: ground and water.
GROUND_CLASSES = (2, 9)
#: Cells with a point, of those within the bounds of the files, below which wider cells are asked for.
LEAST_KNOWN_SHARE = 0.2
_LOWEST_M, _HIGHEST_M = -500.0, 9_000.0


@dataclass(frozen=True, eq=False)
class GroundOfClouds:
    """Ground of point clouds.

    Attributes
    ----------
    mean : SurfaceModel
        Mean height of the ground points of each cell; filled where there is none.
    highest : ndarray of float64, shape (rows, cols)
        Greatest height of a ground point in each cell [m].
    filled_share : float
        Share of cells without a ground point (under roofs and trees, on water), which are interpolated between those around.
    """

    mean: SurfaceModel
    highest: np.ndarray
    filled_share: float


def ground_from_points(paths: Sequence[Path], cell_size_m: float) -> GroundOfClouds:
    """Rasterise the points classed as ground or water of LAS, LAZ or COPC files.

    Cells without a point are filled linearly between the nearest ones around (Delaunay triangulation); beyond their hull they
    take the height of the nearest.

    Parameters
    ----------
    paths : sequence of Path
        Files of one system in metres.
    cell_size_m : float
        Side of a cell; edges are whole multiples of it.

    Returns
    -------
    GroundOfClouds
        Over the cells that the bounds of all files touch.

    Raises
    ------
    UnusableInputError
        As `point_cloud_header` and `system_of_clouds`; if the files hold no ground, or too little for such cells; or if the
        grid has more than 400 million cells.
    """
    infos = [point_cloud_header(path) for path in paths]
    system, _ = system_of_clouds(infos)
    edges = np.array([info.bounds for info in infos])
    west, south = (int(np.floor(edges[:, k].min() / cell_size_m + 1e-6)) for k in (0, 1))
    east, north = (int(np.ceil(edges[:, k].max() / cell_size_m - 1e-6)) for k in (2, 3))
    shape = max(north - south, 1), max(east - west, 1)
    if shape[0] * shape[1] > LARGEST_CELLS:
        raise UnusableInputError(
            f"point cloud '{paths[0]}' would have {shape[0] * shape[1] / 1e6:.0f} million cells of {cell_size_m:g} m; at most "
            f"{LARGEST_CELLS / 1e6:.0f} million are read at once: set cell_size_m to a larger value"
        )
    total, count, highest = np.zeros(shape), np.zeros(shape), np.full(shape, -np.inf)
    ground = np.zeros(256, dtype=bool)
    ground[list(GROUND_CLASSES)] = True
    for info in infos:
        for points in points_in(info.path, info.bounds, np.zeros(256, dtype=bool)):
            kept = ground[points.classes] & ~points.withheld
            x, y, z = (
                values[kept] * scale + offset
                for values, scale, offset in zip(
                    (points.x, points.y, points.z), points.scales, points.offsets, strict=True
                )
            )
            column = np.floor(x / cell_size_m).astype(np.int64) - west
            row = north - 1 - np.floor(y / cell_size_m).astype(np.int64)
            inside = (row >= 0) & (row < shape[0]) & (column >= 0) & (column < shape[1])
            inside &= (z >= _LOWEST_M) & (z <= _HIGHEST_M)
            cell = row[inside] * shape[1] + column[inside]
            total += np.bincount(cell, z[inside], total.size).reshape(shape)
            count += np.bincount(cell, minlength=total.size).reshape(shape)
            np.maximum.at(highest.ravel(), cell, z[inside])
    known = count > 0
    _check_known(known, paths, cell_size_m)
    mean = _filled(np.where(known, total / np.maximum(count, 1.0), np.nan))
    source = ", ".join(path.name for path in paths[:3]) + (f" and {len(paths) - 3} more" if len(paths) > 3 else "")
    model = SurfaceModel(
        mean, cell_size_m, west * cell_size_m, north * cell_size_m, system, source, hash_of_heights(mean)
    )
    return GroundOfClouds(model, np.where(known, highest, mean), float(1.0 - known.mean()))


def _check_known(known: np.ndarray, paths: Sequence[Path], cell_size_m: float) -> None:
    name = f"point cloud '{paths[0]}'" + (f" and {len(paths) - 1} more" if len(paths) > 1 else "")
    share = float(known.mean())
    if share == 0.0:
        raise UnusableInputError(
            f"{name} hold{'s' if len(paths) == 1 else ''} no point of class {GROUND_CLASSES[0]} (ground) or "
            f"{GROUND_CLASSES[1]} (water): a classified cloud is needed"
        )
    if share < LEAST_KNOWN_SHARE:
        raise UnusableInputError(
            f"cell_size_m = {cell_size_m:g} m: {share:.0%} of such cells hold a ground point of {name}, and at least "
            f"{LEAST_KNOWN_SHARE:.0%} are needed; set cell_size_m to a larger value"
        )


def _filled(heights: np.ndarray) -> np.ndarray:
    """Holes filled linearly between the cells around them."""
    from scipy import ndimage
    from scipy.interpolate import LinearNDInterpolator

    hole = np.isnan(heights)
    if not hole.any():
        return heights
    beside = ~hole & ndimage.binary_dilation(hole, np.ones((3, 3), dtype=bool))
    filled = heights.copy()
    around = np.argwhere(beside)
    if len(around) > 3 and np.ptp(around, axis=0).all():
        filled[hole] = LinearNDInterpolator(around, heights[beside])(np.argwhere(hole))
    left = np.isnan(filled)
    if left.any():
        nearest = ndimage.distance_transform_edt(hole, return_distances=False, return_indices=True)
        filled[left] = heights[tuple(nearest)][left]
    return filled
