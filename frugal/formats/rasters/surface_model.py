"""Surface models (heights on a regular grid, in a projected coordinate system in metres) as GeoTIFF and the
like."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from frugal.errors import UnusableInputError
from frugal.formats.files.digests import sha256_of
from frugal.formats.rasters.geotiff_bands import Band, write_bands
from frugal.formats.rasters.height_faults import count_heights
from frugal.formats.rasters.heights import Heights, opened_heights

#: Cells of a raster that are held in memory at once.
LARGEST_CELLS = 400_000_000


@dataclass(frozen=True, eq=False)
class SurfaceModel:
    """Heights of the surface (roofs, trees, ground) on square cells, north up.

    Attributes
    ----------
    heights : ndarray of float64, shape (rows, cols)
        Height in m; row 0 is the northernmost; NaN where nothing is known.
    resolution_m : float
        Side of a cell.
    x_min, y_max : float
        Western and northern edge of the grid, in the coordinate system.
    crs : str
        Coordinate reference system, ``EPSG:2154`` or WKT.
    source : str
        Name of the file or of the generator.
    sha256 : str
        Hash of the bytes it was read from, or of the heights of a generated one.
    converted_from : str
        Unit of the heights in the file, where they were converted to metres.
    """

    heights: np.ndarray
    resolution_m: float
    x_min: float
    y_max: float
    crs: str
    source: str
    sha256: str
    converted_from: str = ""

    def x_of(self, col: np.ndarray) -> np.ndarray:
        """Easting of the centres of columns."""
        return self.x_min + (np.asarray(col, dtype=np.float64) + 0.5) * self.resolution_m

    def y_of(self, row: np.ndarray) -> np.ndarray:
        """Northing of the centres of rows."""
        return self.y_max - (np.asarray(row, dtype=np.float64) + 0.5) * self.resolution_m


def hash_of_heights(heights: np.ndarray) -> str:
    """SHA-256 of the shape and the values of a grid that comes from no file."""
    digest = hashlib.sha256(repr(heights.shape).encode())
    digest.update(np.ascontiguousarray(heights, dtype="<f8").tobytes())
    return digest.hexdigest()


def read_surface_model(path: Path | str) -> SurfaceModel:
    """Read the heights of a raster file, in m whatever they are packed in.

    Raises
    ------
    UnusableInputError
        As `opened_heights` and `count_heights`; or if there is no height at all.
    """
    path = Path(path)
    with opened_heights(path, "surface model") as opened:
        _check_size(opened)
        count = count_heights(opened)
        if count.missing == count.cells:
            raise UnusableInputError(f"surface model '{path}' holds no height at all: every cell is marked as missing")
        heights = opened.read()
        transform, digest = opened.dataset.transform, sha256_of(path)
    return SurfaceModel(
        heights=np.ascontiguousarray(heights),
        resolution_m=float(transform.a),
        x_min=float(transform.c),
        y_max=float(transform.f),
        crs=opened.crs,
        source=path.name,
        sha256=digest,
        converted_from=opened.converted_from,
    )


def raster_shape(path: Path | str, cell_size_m: float | None = None) -> tuple[int, int]:
    """Rows and columns that `read_ground` would give, without reading a height.

    Raises
    ------
    UnusableInputError
        As `read_surface_model`.
    """
    with opened_heights(Path(path), "terrain") as opened:
        own = float(opened.dataset.transform.a)
        return coarser_shape(opened.shape, own, cell_size_m, f"terrain '{path}'")[0]


def read_ground(path: Path | str, cell_size_m: float | None = None) -> tuple[SurfaceModel, np.ndarray]:
    """Read a terrain model on its own cells or on coarser ones.

    Returns
    -------
    ground : SurfaceModel
        Mean height of each cell; NaN where a cell has no height at all.
    crest : ndarray
        Greatest height in each cell: what a dike or an embankment keeps of its height.

    Raises
    ------
    UnusableInputError
        As `read_surface_model`; or if cells finer than the file's are asked for.
    """
    path = Path(path)
    with opened_heights(path, "terrain") as opened:
        own = float(opened.dataset.transform.a)
        _, size = coarser_shape(opened.shape, own, cell_size_m, f"terrain '{path}'")
        _check_size(opened)
        count_heights(opened)
        transform = opened.dataset.transform
        west, north = float(transform.c), float(transform.f)
        fine = SurfaceModel(
            opened.read(), own, west, north, opened.crs, path.name, sha256_of(path), opened.converted_from
        )
    return coarsened(fine, size, f"terrain '{path}'")


def coarsened(fine: SurfaceModel, cell_size_m: float | None, name: str) -> tuple[SurfaceModel, np.ndarray]:
    """A terrain on wider cells from its north-western corner on; what is left at the other edges is no whole cell.

    Parameters
    ----------
    fine : SurfaceModel
    cell_size_m : float or None
        Not below that of the terrain, which None stands for.
    name : str
        Of the terrain, for the message.

    Returns
    -------
    mean : SurfaceModel
        Mean of the heights that are known in each cell, weighted by area; NaN where there is none.
    crest : ndarray of float64, shape (rows, cols)
        Greatest height in each cell [m].

    Raises
    ------
    UnusableInputError
        If the cells are finer than those of the terrain, or wider than all of it.
    """
    from rasterio.crs import CRS
    from rasterio.enums import Resampling
    from rasterio.transform import from_origin
    from rasterio.warp import reproject

    shape, size = coarser_shape(fine.heights.shape, fine.resolution_m, cell_size_m, name)
    own, wide = (from_origin(fine.x_min, fine.y_max, side, side) for side in (fine.resolution_m, size))
    system = CRS.from_user_input(fine.crs)
    mean, crest = np.full(shape, np.nan), np.full(shape, np.nan)
    for target, method in ((mean, Resampling.average), (crest, Resampling.max)):
        reproject(
            fine.heights,
            target,
            src_transform=own,
            dst_transform=wide,
            src_crs=system,
            dst_crs=system,
            src_nodata=np.nan,
            dst_nodata=np.nan,
            resampling=method,
        )
    mean[~np.isfinite(mean)] = np.nan
    return replace(fine, heights=mean, resolution_m=size), crest


def _check_size(opened: Heights) -> None:
    """Refuse a raster that is too large to be held whole."""
    rows, columns = opened.shape
    if rows * columns > LARGEST_CELLS:
        raise UnusableInputError(
            f"{opened.name} has {rows * columns / 1e6:.0f} million cells; at most {LARGEST_CELLS / 1e6:.0f} million are read "
            "at once: cut it, or warp it to wider cells first (rio warp --res 25 IN.tif OUT.tif)"
        )


def coarser_shape(
    shape: tuple[int, int], own_m: float, cell_size_m: float | None, name: str
) -> tuple[tuple[int, int], float]:
    """Rows and columns of whole cells of the size wanted, and that size.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns of the terrain.
    own_m : float
        Side of its cells.
    cell_size_m : float or None
        Side wanted; its own for None.
    name : str
        Of the terrain, for the message.

    Raises
    ------
    UnusableInputError
        If the cells are finer than those of the terrain, or wider than all of it.
    """
    if cell_size_m is None:
        return shape, own_m
    if cell_size_m < own_m * (1 - 1e-9):
        raise UnusableInputError(f"cell_size_m = {cell_size_m:g} is finer than {name}, whose cells are {own_m:g} m")
    rows, columns = (int(cells * own_m / cell_size_m + 1e-9) for cells in shape)
    if min(rows, columns) < 1:
        raise UnusableInputError(f"cell_size_m = {cell_size_m:g} is wider than {name}")
    return (rows, columns), float(cell_size_m)


def write_surface_model(path: Path | str, surface: SurfaceModel) -> None:
    """Write heights as a compressed GeoTIFF (float32, missing cells as −9999) that appears whole or not at
    all.

    Raises
    ------
    EnvironmentFaultError
        If the file cannot be written.
    """
    transform = (surface.resolution_m, 0.0, surface.x_min, 0.0, -surface.resolution_m, surface.y_max)
    write_bands(path, [Band("", "", surface.heights)], surface.crs, transform)


def grid_convergence_deg(surface: SurfaceModel) -> float:
    """Azimuth of grid north in the middle of a surface model, in degrees clockwise from true north.

    Sun and horizon are counted from true north; a direction of the grid is turned by this angle.
    """
    from rasterio.warp import transform

    rows, cols = surface.heights.shape
    x = float(surface.x_of(np.array([cols / 2]))[0])
    y = float(surface.y_of(np.array([rows / 2]))[0])
    longitude, latitude = transform(surface.crs, "EPSG:4326", [x, x], [y, y + 100.0])
    east = (longitude[1] - longitude[0]) * np.cos(np.radians(latitude[0]))
    return float(np.degrees(np.arctan2(east, latitude[1] - latitude[0])))
