"""Several surface models on one grid (GeoTIFF, COG) read as one."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from frugal.errors import UnusableInputError
from frugal.formats.coordinate_systems import Bounds, check_place, metric_system, parse_system, same_system, told_bounds
from frugal.formats.rasters.surface_model import SurfaceModel, hash_of_heights, opened_raster
from frugal.formats.rasters.tiling import rest_of_edge

_WHAT = "surface model"
_ALIGNED_WITHIN_CELLS = 0.01
_LARGEST_WINDOW_CELLS = 400_000_000
_CELLS_AT_ONCE = 8_000_000
#: Heights beyond these are marks of missing cells that the file does not declare.
_LOWEST_M, _HIGHEST_M = -500.0, 9_000.0
_ABSURD = f"infinite, below {_LOWEST_M:.0f} m or above {_HIGHEST_M:,.0f} m"


@dataclass(frozen=True)
class RasterInfo:
    """What a raster of heights says of itself, and what it holds as far as that has been counted.

    Attributes
    ----------
    path : Path
    crs : str
        ``EPSG:2154`` or WKT.
    resolution_m : float
    x_min, y_max : float
        Western and northern edge.
    rows, cols : int
    missing, absurd : int or None
        Cells without a height, and those among them whose height is infinite, below −500 m or above 9 000 m; None where they
        were not counted.
    """

    path: Path
    crs: str
    resolution_m: float
    x_min: float
    y_max: float
    rows: int
    cols: int
    missing: int | None = None
    absurd: int | None = None

    @property
    def bounds(self) -> Bounds:
        """Western, southern, eastern and northern edge."""
        size = self.resolution_m
        return self.x_min, self.y_max - self.rows * size, self.x_min + self.cols * size, self.y_max


@dataclass(frozen=True)
class Mosaic:
    """Surface models that share system, cell size and grid.

    Attributes
    ----------
    files : tuple of RasterInfo
        Where they overlap, the first that knows a height counts.
    notes : tuple of str
        What a user should know of them, a sentence each.
    """

    files: tuple[RasterInfo, ...]
    notes: tuple[str, ...] = ()

    @property
    def crs(self) -> str:
        """System of all files, ``EPSG:2154`` or WKT."""
        return self.files[0].crs

    @property
    def resolution_m(self) -> float:
        """Side of a cell."""
        return self.files[0].resolution_m

    @property
    def bounds(self) -> Bounds:
        """Western, southern, eastern and northern edge of all files together."""
        edges = np.array([file.bounds for file in self.files])
        low, high = edges[:, :2].min(axis=0), edges[:, 2:].max(axis=0)
        return float(low[0]), float(low[1]), float(high[0]), float(high[1])

    @property
    def origin(self) -> tuple[float, float]:
        """Distance of the grid from the multiples of its cells, east and north; 0 for a grid of whole multiples."""
        size = self.resolution_m
        return rest_of_edge(self.files[0].x_min, size), rest_of_edge(self.files[0].y_max, size)

    def read(self, bounds: Sequence[float]) -> SurfaceModel:
        """Heights of the cells that touch a window; NaN where no file knows one.

        Raises
        ------
        UnusableInputError
            If the window is empty or has more than 400 million cells, or a file turns out to be damaged.
        """
        size, (east_rest, north_rest) = self.resolution_m, self.origin
        if not (np.isfinite(bounds).all() and bounds[0] < bounds[2] and bounds[1] < bounds[3]):
            raise UnusableInputError(f"window {told_bounds(bounds)} is empty")
        west, east = _floor((bounds[0] - east_rest) / size), _ceil((bounds[2] - east_rest) / size)
        south, north = _floor((bounds[1] - north_rest) / size), _ceil((bounds[3] - north_rest) / size)
        if (north - south) * (east - west) > _LARGEST_WINDOW_CELLS:
            raise UnusableInputError(
                f"window {told_bounds(bounds)} has more than {_LARGEST_WINDOW_CELLS / 1e6:.0f} million cells"
            )
        heights = np.full((north - south, east - west), np.nan)
        used = []
        for file in self.files:
            col, row = self._place(file, west, north)
            if _enter(heights, file, row, col):
                used.append(file.path.name)
        source = ", ".join(used[:3]) + (f" and {len(used) - 3} more" if len(used) > 3 else "")
        x_min, y_max = east_rest + west * size, north_rest + north * size
        return SurfaceModel(heights, size, x_min, y_max, self.crs, source, hash_of_heights(heights))

    def _place(self, file: RasterInfo, west: int, north: int) -> tuple[int, int]:
        """Column and row of the first cell of a file, counted from those of a window."""
        east_rest, north_rest = self.origin
        col = round((file.x_min - east_rest) / self.resolution_m) - west
        return col, north - round((file.y_max - north_rest) / self.resolution_m)


def raster_header(path: Path | str, crs: str | None = None) -> RasterInfo:
    """What a raster of heights says of itself, without reading a height.

    Parameters
    ----------
    path : path
    crs : str, optional
        System of a file that names none.

    Raises
    ------
    UnusableInputError
        As `read_surface_model`, a height apart; or if the place is not one where the system is used.
    """
    from pyproj import CRS

    path = Path(path)
    if crs is not None:
        crs = metric_system(parse_system(crs), "the coordinate system named")
    with opened_raster(path, _WHAT, crs, ": name it (--crs EPSG:2154)") as dataset:
        transform = dataset.transform
        system = metric_system(CRS.from_wkt(dataset.crs.to_wkt()), f"{_WHAT} '{path}'") if dataset.crs else str(crs)
        size = float(transform.a)
        info = RasterInfo(path, system, size, float(transform.c), float(transform.f), dataset.height, dataset.width)
    check_place(info.bounds, info.crs, f"{_WHAT} '{path}'")
    return info


def examine_raster(path: Path | str, crs: str | None = None) -> RasterInfo:
    """Read a raster of heights once, part by part, and count what is missing in it.

    Raises
    ------
    UnusableInputError
        As `raster_header`; or if the file is damaged or holds no height at all.
    """
    path = Path(path)
    info = raster_header(path, crs)
    key = _key(path)
    if key not in _COUNTS:
        missing = absurd = 0
        for heights in _stripes(info):
            known, sound = ~np.isnan(heights), _is_sound(heights)
            missing += int(np.count_nonzero(~sound))
            absurd += int(np.count_nonzero(known & ~sound))
        _COUNTS[key] = missing, absurd
    missing, absurd = _COUNTS[key]
    if missing == info.rows * info.cols:
        told = f" ({absurd} of them {_ABSURD})" if absurd else ""
        raise UnusableInputError(
            f"{_WHAT} '{path}' holds no height at all: all of its {missing} cells are missing{told}"
        )
    return replace(info, missing=missing, absurd=absurd)


def open_rasters(paths: Sequence[Path | str], crs: str | None = None, *, examine: bool = True) -> Mosaic:
    """Open several surface models as one.

    Parameters
    ----------
    paths : sequence of path
        The first that knows a height counts.
    crs : str, optional
        System of files that name none.
    examine : bool
        Read all once to find damaged and empty files and absurd heights. Files that were examined in this process and
        have not changed are not read again.

    Raises
    ------
    UnusableInputError
        As `examine_raster`; or if the files differ in system, cell size or grid; or if there are none.
    """
    opened = examine_raster if examine else raster_header
    files = [opened(path, crs) for path in paths]
    if not files:
        raise UnusableInputError("no surface model was given; at least one is needed")
    for file in files[1:]:
        check_together(files[0], file)
    notes = [
        f"{_WHAT} '{file.path.name}': {file.absurd} heights that are {_ABSURD} count as missing"
        for file in files
        if file.absurd
    ]
    return Mosaic(tuple(files), tuple(notes))


def check_together(first: RasterInfo, other: RasterInfo) -> None:
    """Refuse two surface models that cannot be read as one.

    Raises
    ------
    UnusableInputError
        If they differ in system, cell size or grid.
    """
    both = f"surface models '{first.path}' and '{other.path}'"
    if not same_system(first.crs, other.crs, other.bounds):
        raise UnusableInputError(f"{both} are in different systems ({first.crs[:60]}, {other.crs[:60]}); one is needed")
    size = first.resolution_m
    if abs(other.resolution_m - size) > 1e-6 * size:
        raise UnusableInputError(
            f"{both} have cells of {size:g} m and of {other.resolution_m:g} m; one size is needed: resample one of them"
        )
    shift = max(_off_grid(other.x_min - first.x_min, size), _off_grid(other.y_max - first.y_max, size))
    if shift > _ALIGNED_WITHIN_CELLS:
        raise UnusableInputError(
            f"the cells of {both} are shifted by {shift * size:.3g} m against one another; "
            "one grid is needed: resample one of them"
        )


_COUNTS: dict[tuple[str, int, int], tuple[int, int]] = {}


def _key(path: Path) -> tuple[str, int, int]:
    status = path.stat()
    return os.fspath(path.resolve()), status.st_size, status.st_mtime_ns


def _enter(heights: np.ndarray, file: RasterInfo, row: int, col: int) -> bool:
    """Fill cells that are still unknown from a file whose first cell is at a row and column; whether it reaches them."""
    from rasterio.windows import Window

    rows, cols = heights.shape
    top, bottom, left, right = max(row, 0), min(row + file.rows, rows), max(col, 0), min(col + file.cols, cols)
    if top >= bottom or left >= right:
        return False
    part = heights[top:bottom, left:right]
    unknown = np.isnan(part)
    if not unknown.any():
        return False
    found = _heights(file, Window(left - col, top - row, right - left, bottom - top))
    found[~_is_sound(found)] = np.nan
    part[unknown] = found[unknown]
    return True


def _is_sound(heights: np.ndarray) -> np.ndarray:
    return np.asarray((heights >= _LOWEST_M) & (heights <= _HIGHEST_M))


def _heights(file: RasterInfo, window: object) -> np.ndarray:
    with opened_raster(file.path, _WHAT, file.crs) as dataset:
        heights = dataset.read(1, window=window, masked=True, out_dtype=np.float64).filled(np.nan)
        return np.asarray(heights * dataset.scales[0] + dataset.offsets[0])


def _stripes(info: RasterInfo) -> Iterator[np.ndarray]:
    from rasterio.windows import Window

    step = max(1, _CELLS_AT_ONCE // info.cols)
    for row in range(0, info.rows, step):
        yield _heights(info, Window(0, row, info.cols, min(step, info.rows - row)))


def _off_grid(distance: float, size: float) -> float:
    """Distance from a whole number of cells, in cells."""
    return abs(distance / size - round(distance / size))


def _floor(cells: float) -> int:
    """Whole cells below; an edge within a ten-thousandth of a cell of a whole number is that number."""
    return int(np.floor(cells + 1e-4))


def _ceil(cells: float) -> int:
    return int(np.ceil(cells - 1e-4))
