"""Coarse terrain models of any system and extent, brought to the grid of a territory."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from frugal.errors import UnusableInputError, plain_line
from frugal.formats.coordinate_systems import Bounds, told_bounds
from frugal.formats.rasters.height_faults import count_heights, is_sound
from frugal.formats.rasters.heights import Heights, opened_heights
from frugal.formats.rasters.surface_model import SurfaceModel, hash_of_heights

#: Finer terrain is averaged to these cells, coarser terrain kept on its own.
FINEST_CELL_M = 25.0

_WHAT = "terrain"
_MOST_CELLS = 200_000_000


def read_terrain(path: Path | str, crs: str, bounds: Bounds, around_m: float) -> SurfaceModel:
    """Heights of a terrain model in and around a territory, on whole multiples of its cells in the system of the territory.

    Parameters
    ----------
    path : path
        One band of heights, in any coordinate system, degrees too.
    crs : str
        System of the territory, projected and in metres.
    bounds : tuple
        West, south, east, north of the territory.
    around_m : float
        How far beyond it is read, as far as the file goes.

    Returns
    -------
    SurfaceModel
        Cells of `FINEST_CELL_M` or those of the file, rounded up to metres; NaN where nothing is known.

    Raises
    ------
    UnusableInputError
        As `opened_heights`, and as `count_heights` of the part that is read; or if the file knows nothing of the territory,
        or would make more than 200 million cells.
    """
    from rasterio.enums import Resampling
    from rasterio.transform import from_origin
    from rasterio.vrt import WarpedVRT

    path = Path(path)
    with opened_heights(path, _WHAT, on_any_grid=True) as opened:
        dataset = opened.dataset
        own_m, covered = _in_system(dataset, path, crs)
        size = FINEST_CELL_M if own_m <= FINEST_CELL_M else float(math.ceil(own_m - 1e-6))
        west, south, east, north = _cut(bounds, around_m, covered, size, path)
        shape = round((north - south) / size), round((east - west) / size)
        if shape[0] * shape[1] > _MOST_CELLS:
            raise UnusableInputError(
                f"terrain '{path}' around the territory would have {shape[0] * shape[1] / 1e6:.0f} million cells of "
                f"{size:g} m; at most {_MOST_CELLS / 1e6:.0f} million can be held"
            )
        method = Resampling.average if own_m < size / 1.5 else Resampling.bilinear
        grid: dict[str, Any] = {
            "transform": from_origin(west, north, size, size),
            "height": shape[0],
            "width": shape[1],
        }
        count_heights(opened, _window_of(opened, crs, (west, south, east, north)))
        with WarpedVRT(dataset, crs=crs, resampling=method, nodata=np.nan, dtype="float64", **grid) as warped:
            heights = opened.in_metres(warped.read(1))
    heights[~is_sound(heights)] = np.nan
    terrain = SurfaceModel(heights, size, west, north, crs, path.name, hash_of_heights(heights), opened.converted_from)
    if not _knows(terrain, bounds):
        raise UnusableInputError(f"terrain '{path}' knows no height in the territory ({told_bounds(bounds)})")
    return terrain


def check_terrain(path: Path | str) -> None:
    """Refuse a terrain model that `read_terrain` would refuse wherever the territory lies.

    Raises
    ------
    UnusableInputError
        As `read_terrain`.
    """
    with opened_heights(Path(path), _WHAT, on_any_grid=True):
        pass


def _window_of(opened: Heights, crs: str, bounds: Bounds) -> Any:
    """The part of a raster that the edges of a territory lie in, in whole cells."""
    from rasterio.warp import transform_bounds
    from rasterio.windows import Window

    dataset = opened.dataset
    try:
        west, south, east, north = transform_bounds(crs, dataset.crs, *bounds, densify_pts=21)
        back = ~dataset.transform
    except Exception as fault:  # GDAL and affine raise classes of their own, some of them made at run time
        raise UnusableInputError(
            f"{_WHAT} '{dataset.name}' does not lie where the territory does: {plain_line(fault, 120)}"
        ) from fault
    if not np.isfinite([west, south, east, north]).all():
        raise UnusableInputError(f"{_WHAT} '{dataset.name}' does not lie where the territory does")
    x, y = np.array([west, west, east, east]), np.array([south, north, south, north])
    columns, rows = back.a * x + back.b * y + back.c, back.d * x + back.e * y + back.f
    left, right = max(math.floor(min(columns)) - 1, 0), min(math.ceil(max(columns)) + 1, dataset.width)
    top, bottom = max(math.floor(min(rows)) - 1, 0), min(math.ceil(max(rows)) + 1, dataset.height)
    if left >= right or top >= bottom:
        return None
    return Window(left, top, right - left, bottom - top)


def _in_system(dataset: Any, path: Path, crs: str) -> tuple[float, Bounds]:
    """Side of a cell in metres, and the edges, once turned into the system of the territory."""
    from rasterio.errors import RasterioError
    from rasterio.warp import calculate_default_transform

    try:
        transform, columns, rows = calculate_default_transform(
            dataset.crs, crs, dataset.width, dataset.height, *dataset.bounds
        )
    except RasterioError as fault:
        raise UnusableInputError(
            f"terrain '{path}' cannot be turned into the system of the territory ({crs[:40]})"
        ) from fault
    size = float(transform.a)
    return size, (transform.c, transform.f - rows * size, transform.c + columns * size, transform.f)


def _cut(bounds: Bounds, around_m: float, covered: Bounds, size: float, path: Path) -> Bounds:
    """Whole cells around the territory, as far as the terrain goes."""
    west, south = (max(bounds[k] - around_m, covered[k]) for k in (0, 1))
    east, north = (min(bounds[k] + around_m, covered[k]) for k in (2, 3))
    if (
        west >= east
        or south >= north
        or west >= bounds[2]
        or east <= bounds[0]
        or south >= bounds[3]
        or north <= bounds[1]
    ):
        raise UnusableInputError(
            f"terrain '{path}' lies elsewhere ({told_bounds(covered)}) than the territory ({told_bounds(bounds)})"
        )
    return (
        math.floor(west / size) * size,
        math.floor(south / size) * size,
        math.ceil(east / size) * size,
        math.ceil(north / size) * size,
    )


def _knows(terrain: SurfaceModel, bounds: Bounds) -> bool:
    """Whether any cell that touches the territory has a height."""
    size = terrain.resolution_m
    rows, columns = terrain.heights.shape
    left, right = (int((edge - terrain.x_min) // size) for edge in (bounds[0], bounds[2]))
    top, bottom = (int((terrain.y_max - edge) // size) for edge in (bounds[3], bounds[1]))
    inside = terrain.heights[max(top, 0) : min(bottom + 1, rows), max(left, 0) : min(right + 1, columns)]
    return bool(np.isfinite(inside).any())
