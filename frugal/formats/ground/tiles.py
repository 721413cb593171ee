"""The ground of a place from one file or several tiles: rasters of heights, or point clouds with ground classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from frugal.errors import UnusableInputError
from frugal.formats.rasters.mosaic import open_rasters
from frugal.formats.rasters.surface_model import SurfaceModel, coarsened, coarser_shape, raster_shape, read_ground

POINT_CLOUDS = frozenset({".las", ".laz"})
_TILES = POINT_CLOUDS | {".tif", ".tiff", ".vrt", ".asc"}


@dataclass(frozen=True, eq=False)
class GroundOfTiles:
    """The ground of a place.

    Attributes
    ----------
    mean : SurfaceModel
        Mean height of each cell [m]; NaN where no file knows one.
    crest : ndarray of float64, shape (rows, cols)
        Greatest height in each cell [m]: what a dike or an embankment keeps of its height.
    filled_share : float
        Share of cells that no point fell into, which are interpolated; 0 for rasters.
    """

    mean: SurfaceModel
    crest: np.ndarray
    filled_share: float = 0.0


def tiles_of_folders(paths: Sequence[Path]) -> tuple[Path, ...]:
    """Files as they are, and folders as the rasters and point clouds in them, by name.

    Raises
    ------
    UnusableInputError
        If a folder holds none.
    """
    found: list[Path] = []
    for path in paths:
        inside = sorted(p for p in path.iterdir() if p.suffix.lower() in _TILES) if path.is_dir() else [path]
        if not inside:
            raise UnusableInputError(f"terrain '{path}' is a folder without {', '.join(sorted(_TILES))} files")
        found += inside
    return tuple(found)


def shape_of_tiles(paths: Sequence[Path], cell_size_m: float | None = None) -> tuple[int, int]:
    """Rows and columns of the ground, without reading a height.

    Raises
    ------
    UnusableInputError
        As `read_tiles`.
    """
    if _are_clouds(paths, cell_size_m):
        from frugal.formats.point_clouds.headers import point_cloud_header

        edges = np.array([point_cloud_header(path).bounds for path in paths])
        extent = edges[:, 2:].max(axis=0) - edges[:, :2].min(axis=0)
        return int(extent[1] / float(cell_size_m or 1.0)) + 1, int(extent[0] / float(cell_size_m or 1.0)) + 1
    if len(paths) == 1:
        return raster_shape(paths[0], cell_size_m)
    mosaic = open_rasters(paths, examine=False)
    west, south, east, north = mosaic.bounds
    size = mosaic.resolution_m
    return coarser_shape(
        (round((north - south) / size), round((east - west) / size)),
        size,
        cell_size_m,
        f"terrain '{name_of_tiles(paths)}'",
    )[0]


def read_tiles(paths: Sequence[Path], cell_size_m: float | None = None) -> GroundOfTiles:
    """Read the ground of one file or of several that lie side by side.

    Parameters
    ----------
    paths : sequence of Path
        Rasters of heights of one system, cell size and grid, where the first that knows a height counts; or point clouds
        (LAS, LAZ, COPC), whose points classed as ground or water are rasterised.
    cell_size_m : float, optional
        Side of the cells, not below that of rasters, which is the default; needed for point clouds.

    Returns
    -------
    GroundOfTiles

    Raises
    ------
    UnusableInputError
        If a file cannot be used, rasters do not share a grid, rasters and point clouds are mixed, or point clouds come
        without a cell size.
    """
    if _are_clouds(paths, cell_size_m):
        from frugal.formats.ground.gridded_points import ground_from_points

        found = ground_from_points(paths, float(cell_size_m or 1.0))
        return GroundOfTiles(found.mean, found.highest, found.filled_share)
    if len(paths) == 1:
        return GroundOfTiles(*read_ground(paths[0], cell_size_m))
    mosaic = open_rasters(paths)
    return GroundOfTiles(*coarsened(mosaic.read(mosaic.bounds), cell_size_m, f"terrain '{name_of_tiles(paths)}'"))


def _are_clouds(paths: Sequence[Path], cell_size_m: float | None) -> bool:
    """Whether the terrain is made of point clouds; mixtures are refused."""
    clouds = [path for path in paths if path.suffix.lower() in POINT_CLOUDS]
    if not clouds:
        return False
    if len(clouds) < len(paths):
        raster = next(path for path in paths if path not in clouds)
        raise UnusableInputError(
            f"terrain '{clouds[0]}' is a point cloud and terrain '{raster}' is not; give rasters alone or point clouds alone"
        )
    if cell_size_m is None:
        raise UnusableInputError(
            f"terrain '{clouds[0]}' is a point cloud: set cell_size_m to the cells that are wanted"
        )
    return True


def name_of_tiles(paths: Sequence[Path]) -> str:
    """The first path and how many more there are, for messages; empty for none."""
    return f"{paths[0]}" + (f" and {len(paths) - 1} more" if len(paths) > 1 else "") if paths else ""


def file_name_of_tiles(paths: Sequence[Path]) -> str:
    """As `name_of_tiles` without folders, for notes, which go into maps that are handed on."""
    return name_of_tiles([Path(path.name) for path in paths])
