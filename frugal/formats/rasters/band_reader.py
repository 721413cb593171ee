"""The bands of a raster as numbers, whatever they are: names, units and tags beside them, NaN where nothing is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from frugal.errors import UnusableInputError
from frugal.formats.coordinate_systems import check_place, flat_system, name_of_system, parse_system
from frugal.formats.rasters.heights import check_content, check_north_up

#: A value so near to the declared mark of missing cells, relatively, is that mark in another precision.
_SAME_MARK = 1e-6


@dataclass(frozen=True, eq=False)
class ReadBand:
    """One band: its name and unit (empty where the file is silent), and values ``[rows, cols]``, NaN where missing."""

    name: str
    unit: str
    values: np.ndarray


@dataclass(frozen=True, eq=False)
class RasterBands:
    """A raster that was read whole.

    Attributes
    ----------
    path : Path
    what : str
        What the raster is, for messages.
    crs : str
        Coordinate system, ``EPSG:2154`` or WKT.
    transform : tuple of six float
        a, b, c, d, e, f of x = a column + b row + c, y = d column + e row + f at the upper left corner of a cell.
    bands : tuple of ReadBand
    tags : mapping of str to str
    """

    path: Path
    what: str
    crs: str
    transform: tuple[float, ...]
    bands: tuple[ReadBand, ...]
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, cols = self.bands[0].values.shape
        return int(rows), int(cols)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Western, southern, eastern and northern edge."""
        a, _, c, _, e, f = self.transform
        rows, cols = self.shape
        return c, f + e * rows, c + a * cols, f

    @property
    def name(self) -> str:
        """What the raster is, and its path, for messages."""
        return f"{self.what} '{self.path}'"


def read_bands(path: Path | str, what: str, *, in_degrees: bool = False) -> RasterBands:
    """Every band of a raster with north up.

    Parameters
    ----------
    path : path
    what : str
        What the raster is ("flood map"), for the messages.
    in_degrees : bool
        Whether a system in degrees, or one whose metres are not those of the ground, will do: for cells that are reprojected.

    Returns
    -------
    RasterBands
        Scale and offset applied.

    Raises
    ------
    UnusableInputError
        If the file is missing, damaged or no raster; has no coordinate system or one in degrees; or is rotated.
    """
    import rasterio
    from affine import AffineError
    from rasterio._err import CPLE_BaseError
    from rasterio.errors import RasterioError

    path = Path(path)
    if not path.is_file():
        raise UnusableInputError(f"{what} '{path}' does not exist or is not a file")
    try:
        check_content(path, what)
        with rasterio.open(path.absolute()) as dataset:  # a relative path may look like an address
            crs = _system_of(dataset, f"{what} '{path}'", in_degrees)
            bands = tuple(_read(dataset, number) for number in range(1, dataset.count + 1))
            return RasterBands(path, what, crs, tuple(dataset.transform)[:6], bands, dict(dataset.tags()))
    except (RasterioError, CPLE_BaseError, AffineError, OSError, ValueError, ArithmeticError) as fault:
        raise UnusableInputError(
            f"{what} '{path}' is not a raster that can be read to its end (damaged, cut short or of another format)"
        ) from fault


def _system_of(dataset: Any, name: str, in_degrees: bool) -> str:
    transform = dataset.transform
    check_north_up(transform, name)
    if not dataset.crs:
        needed = "one is needed" if in_degrees else "a projected one in metres is needed (Lambert-93: EPSG:2154)"
        raise UnusableInputError(f"{name} has no coordinate system; {needed}")
    system = parse_system(dataset.crs.to_wkt())
    if in_degrees:
        return name_of_system(system)
    if _is_local_in_metres(system):  # of a generated place: what is laid over it has to lie in the same system
        return name_of_system(system)
    bounds = tuple(dataset.bounds)
    crs = name_of_system(flat_system(system, name, bounds))
    check_place(bounds, crs, name)
    return crs


def _is_local_in_metres(system: Any) -> bool:
    axes = system.axis_info
    return bool(
        system.is_engineering
        and len(axes) >= 2
        and all(abs(axis.unit_conversion_factor - 1.0) < 1e-9 for axis in axes[:2])
    )


def _read(dataset: Any, number: int) -> ReadBand:
    values = np.asarray(dataset.read(number, masked=True, out_dtype=np.float64).filled(np.nan))
    mark = dataset.nodatavals[number - 1]
    if mark is not None and np.isfinite(mark) and dataset.dtypes[number - 1].startswith("float"):
        values[np.abs(values - mark) <= _SAME_MARK * abs(mark)] = np.nan
    scale, offset = dataset.scales[number - 1], dataset.offsets[number - 1]
    if (scale, offset) != (1.0, 0.0):
        values = values * scale + offset
    tags = {name.lower(): text for name, text in dataset.tags(number).items()}
    unit = dataset.units[number - 1] or tags.get("units") or tags.get("unit") or ""
    return ReadBand((dataset.descriptions[number - 1] or "").strip(), str(unit).strip(), values)
