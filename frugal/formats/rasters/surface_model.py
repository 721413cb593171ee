"""Surface models (heights on a regular grid, in a projected coordinate system in metres) as GeoTIFF and the
like."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from frugal.errors import UnusableInputError
from frugal.formats.coordinate_systems import height_unit, parse_system
from frugal.formats.files.digests import sha256_of
from frugal.formats.rasters.geotiff_bands import Band, write_bands

_FEET = frozenset({"ft", "foot", "feet", "us survey foot", "us-ft", "ftus", "us_survey_foot"})


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
    """

    heights: np.ndarray
    resolution_m: float
    x_min: float
    y_max: float
    crs: str
    source: str
    sha256: str

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
    """Read the heights of a raster file.

    Infinite values count as missing.

    Raises
    ------
    UnusableInputError
        If the file is missing, cut short or no raster; has several bands, no coordinate system, one in
        degrees or in another unit than the metre; is rotated, has oblong cells or no height at all.
    """
    path = Path(path)
    with opened_raster(path, "surface model") as dataset:
        heights = dataset.read(1, masked=True, out_dtype=np.float64).filled(np.nan)
        transform, crs = dataset.transform, dataset.crs
        digest = sha256_of(path)
    heights[~np.isfinite(heights)] = np.nan
    if np.isnan(heights).all():
        raise UnusableInputError(f"surface model '{path}' holds no height at all: every cell is marked as missing")
    return SurfaceModel(
        heights=np.ascontiguousarray(heights),
        resolution_m=float(transform.a),
        x_min=float(transform.c),
        y_max=float(transform.f),
        crs=_name_of(crs),
        source=path.name,
        sha256=digest,
    )


def raster_shape(path: Path | str, cell_size_m: float | None = None) -> tuple[int, int]:
    """Rows and columns that `read_ground` would give, without reading a height.

    Raises
    ------
    UnusableInputError
        As `read_surface_model`.
    """
    with opened_raster(Path(path), "terrain") as dataset:
        return _coarser_shape(dataset, Path(path), cell_size_m)[0]


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
    from rasterio.enums import Resampling
    from rasterio.transform import from_origin
    from rasterio.warp import reproject

    path = Path(path)
    with opened_raster(path, "terrain") as dataset:
        shape, size = _coarser_shape(dataset, path, cell_size_m)
        fine = dataset.read(1, masked=True, out_dtype=np.float64).filled(np.nan)
        transform, crs = dataset.transform, dataset.crs
        coarse = from_origin(transform.c, transform.f, size, size)
        mean, crest = np.full(shape, np.nan), np.full(shape, np.nan)
        for target, method in ((mean, Resampling.average), (crest, Resampling.max)):
            reproject(
                fine,
                target,
                src_transform=transform,
                dst_transform=coarse,
                src_crs=crs,
                dst_crs=crs,
                src_nodata=np.nan,
                dst_nodata=np.nan,
                resampling=method,
            )
        digest = sha256_of(path)
    mean[~np.isfinite(mean)] = np.nan
    ground = SurfaceModel(mean, size, float(transform.c), float(transform.f), _name_of(crs), path.name, digest)
    return ground, crest


@contextmanager
def opened_raster(
    path: Path, what: str, crs: str | None = None, remedy: str = "", *, on_any_grid: bool = False
) -> Iterator[Any]:
    """A rasterio dataset of heights, checked; whatever fails while it is read is told in one sentence.

    Parameters
    ----------
    path : Path
    what : str
        What the raster is ("surface model", "terrain"), for the messages.
    crs : str, optional
        System of a file that names none.
    remedy : str
        How a user names the system, where there is a way: put behind the sentence that says that it is missing.
    on_any_grid : bool
        To be warped: the raster may be in degrees, rotated or of oblong cells.

    Yields
    ------
    rasterio.DatasetReader
        With one band of heights [m].

    Raises
    ------
    UnusableInputError
        As `read_surface_model`.
    """
    import rasterio
    from rasterio.errors import RasterioError

    if not path.is_file():
        raise UnusableInputError(f"{what} '{path}' does not exist or is not a file")
    try:
        _check_content(path, what)
        with rasterio.open(path.absolute()) as dataset:  # a relative path may look like an address
            _check(dataset, path, what, crs, remedy, on_any_grid)
            yield dataset
    except (RasterioError, OSError, ValueError) as fault:
        raise UnusableInputError(
            f"{what} '{path}' is not a raster that can be read to its end (damaged, cut short or of another format)"
        ) from fault


def _check_content(path: Path, what: str) -> None:
    """Refuse what GDAL would take for a raster and follow elsewhere, whatever its name: such files are XML or JSON."""
    with path.open("rb") as stream:
        head = stream.read(64).removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith((b"<", b"{")):
        raise UnusableInputError(
            f"{what} '{path}' holds no heights and names other files or addresses (as VRT and WMS do); name the rasters"
        )


def _name_of(crs: Any) -> str:
    epsg = crs.to_epsg()
    return f"EPSG:{epsg}" if epsg else str(crs.to_wkt())


def _coarser_shape(dataset: Any, path: Path, cell_size_m: float | None) -> tuple[tuple[int, int], float]:
    """Rows and columns of whole cells of the size wanted, and that size."""
    own = float(dataset.transform.a)
    if cell_size_m is None:
        return (dataset.height, dataset.width), own
    if cell_size_m < own * (1 - 1e-9):
        raise UnusableInputError(
            f"cell_size = {cell_size_m:g} m is finer than terrain '{path}', whose cells are {own:g} m"
        )
    shape = int(dataset.height * own / cell_size_m + 1e-9), int(dataset.width * own / cell_size_m + 1e-9)
    if min(shape) < 1:
        raise UnusableInputError(f"cell_size = {cell_size_m:g} m is wider than terrain '{path}'")
    return shape, float(cell_size_m)


def _check(dataset: Any, path: Path, what: str, named: str | None, remedy: str, on_any_grid: bool) -> None:
    from rasterio.crs import CRS

    name = f"{what} '{path}'"
    if dataset.count != 1:
        raise UnusableInputError(f"{name} has {dataset.count} bands; one band of heights in metres is needed")
    if np.dtype(dataset.dtypes[0]).kind == "c":
        raise UnusableInputError(f"{name} holds complex numbers; heights in metres are needed")
    crs = dataset.crs if dataset.crs or named is None else CRS.from_user_input(named)
    if not crs:
        needed = "one is needed" if on_any_grid else "a projected one in metres is needed (Lambert-93: EPSG:2154)"
        raise UnusableInputError(f"{name} has no coordinate system; {needed}{remedy}")
    if not on_any_grid:
        _check_system(crs, name)
    unit, length = height_unit(parse_system(crs.to_wkt()))
    if abs(length - 1.0) > 1e-9 or (dataset.units[0] or "").lower() in _FEET:
        raise UnusableInputError(f"heights of {name} are in {unit or dataset.units[0]}; convert them to metres first")
    if not on_any_grid:
        _check_cells(dataset.transform, name)


def _check_system(crs: Any, name: str) -> None:
    if crs.is_geographic:
        raise UnusableInputError(
            f"{name} is in degrees ({crs.to_string()[:40]}); reproject it to metres first (Lambert-93: EPSG:2154)"
        )
    if not crs.is_projected or abs(crs.linear_units_factor[1] - 1.0) > 1e-9:
        raise UnusableInputError(
            f"{name} is not in metres ({crs.linear_units}); reproject it first (Lambert-93: EPSG:2154)"
        )


def _check_cells(transform: Any, name: str) -> None:
    if transform.b != 0 or transform.d != 0 or transform.a <= 0 or transform.e >= 0:
        raise UnusableInputError(f"{name} is rotated or flipped; a grid with north up is needed")
    if abs(transform.a + transform.e) > 1e-6 * transform.a:
        raise UnusableInputError(f"{name} has cells of {transform.a:g} × {-transform.e:g} m; square cells are needed")


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
