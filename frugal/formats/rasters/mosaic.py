"""Several surface models on one grid (GeoTIFF, COG) read as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from frugal.errors import UnusableInputError
from frugal.formats.coordinate_systems import (
    Bounds,
    flat_system,
    name_of_system,
    parse_system,
    same_system,
    told_bounds,
)
from frugal.formats.rasters.height_faults import count_heights, is_sound
from frugal.formats.rasters.heights import opened_heights
from frugal.formats.rasters.surface_model import LARGEST_CELLS, SurfaceModel, hash_of_heights
from frugal.formats.rasters.tiling import rest_of_edge

_WHAT = "surface model"
_ALIGNED_WITHIN_CELLS = 0.01


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
    missing : int or None
        Cells without a height; None where they were not counted.
    notes : tuple of str
        What a user should know of how it is read.
    """

    path: Path
    crs: str
    resolution_m: float
    x_min: float
    y_max: float
    rows: int
    cols: int
    missing: int | None = None
    notes: tuple[str, ...] = ()

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
        if (north - south) * (east - west) > LARGEST_CELLS:
            raise UnusableInputError(
                f"window {told_bounds(bounds)} has more than {LARGEST_CELLS / 1e6:.0f} million cells"
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
        As `opened_heights`.
    """
    path = Path(path)
    if crs is not None:
        crs = name_of_system(flat_system(parse_system(crs), "the coordinate system named"))
    with opened_heights(path, _WHAT, crs, ": name it (--crs EPSG:2154)") as opened:
        transform, (rows, cols) = opened.dataset.transform, opened.shape
        west, north = float(transform.c), float(transform.f)
        return RasterInfo(
            path,
            opened.crs,
            float(transform.a),
            west,
            north,
            rows,
            cols,
            notes=opened.notes,
        )


def examine_raster(path: Path | str, crs: str | None = None) -> RasterInfo:
    """Read a raster of heights once, part by part, and count what is missing in it.

    Raises
    ------
    UnusableInputError
        As `raster_header` and `count_heights`; or if the file is damaged or holds no height at all.
    """
    info = raster_header(path, crs)
    with opened_heights(info.path, _WHAT, info.crs) as opened:
        count = count_heights(opened)
    if count.missing == count.cells:
        raise UnusableInputError(
            f"{_WHAT} '{path}' holds no height at all: all of its {count.missing} cells are missing"
        )
    return replace(info, missing=count.missing)


def open_rasters(paths: Sequence[Path | str], crs: str | None = None, *, examine: bool = True) -> Mosaic:
    """Open several surface models as one.

    Parameters
    ----------
    paths : sequence of path
        The first that knows a height counts.
    crs : str, optional
        System of files that name none.
    examine : bool
        Read all once to find damaged and empty files and what is no height. Files that were examined in this process and
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
    return Mosaic(tuple(files), tuple(dict.fromkeys(note for file in files for note in file.notes)))


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
    with opened_heights(file.path, _WHAT, file.crs) as opened:
        found = opened.read(Window(left - col, top - row, right - left, bottom - top))
        if not is_sound(found[~np.isnan(found)]).all():
            count_heights(opened)  # tells which, in a file that nobody examined
    part[unknown] = found[unknown]
    return True


def _off_grid(distance: float, size: float) -> float:
    """Distance from a whole number of cells, in cells."""
    return abs(distance / size - round(distance / size))


def _floor(cells: float) -> int:
    """Whole cells below; an edge within a ten-thousandth of a cell of a whole number is that number."""
    return int(np.floor(cells + 1e-4))


def _ceil(cells: float) -> int:
    return int(np.ceil(cells - 1e-4))
