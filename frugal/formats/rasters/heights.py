"""The one reader of heights: a band of a raster as metres, whatever it is packed in, NaN where nothing is known."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unicodedata import combining, normalize

import numpy as np

from frugal.errors import UnusableInputError
from frugal.formats.coordinate_systems import check_place, flat_system, height_unit, name_of_system, parse_system

#: Metres in the units that heights are given in, by name without case, accents, brackets and stops.
UNITS_M = {
    **dict.fromkeys(("m", "metre", "metres", "meter", "meters", "mtr"), 1.0),
    **dict.fromkeys(("dm", "decimetre", "decimetres", "decimeter", "decimeters"), 0.1),
    **dict.fromkeys(("cm", "centimetre", "centimetres", "centimeter", "centimeters"), 0.01),
    **dict.fromkeys(("mm", "millimetre", "millimetres", "millimeter", "millimeters"), 1e-3),
    **dict.fromkeys(("km", "kilometre", "kilometres", "kilometer", "kilometers"), 1000.0),
    **dict.fromkeys(("ft", "foot", "feet", "international foot", "international feet", "ift"), 0.3048),
    **dict.fromkeys(
        ("us survey foot", "us survey feet", "us foot", "us-ft", "us ft", "ftus", "us_survey_foot", "foot_us", "sft"),
        1200.0 / 3937.0,
    ),
}  # fmt: skip
_TOLD_UNITS = "m, dm, cm, mm, km, ft, US survey foot"
#: A value so near to the declared mark of missing cells, relatively, is that mark in another precision.
_SAME_MARK = 1e-6


@dataclass(frozen=True)
class Heights:
    """An opened raster, of which a band is read as heights in metres.

    Attributes
    ----------
    dataset : rasterio.DatasetReader
    path : Path
    what : str
        What the raster is ("surface model", "terrain"), for the messages.
    crs : str
        Horizontal system, ``EPSG:2154`` or WKT.
    unit : str
        Of the heights in the file, as the file or its system says; empty where both are silent: metres.
    unit_m : float
        That unit in metres.
    """

    dataset: Any
    path: Path
    what: str
    crs: str
    unit: str
    unit_m: float

    @property
    def name(self) -> str:
        """What the raster is, and its path, for messages."""
        return f"{self.what} '{self.path}'"

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return int(self.dataset.height), int(self.dataset.width)

    @property
    def scale(self) -> float:
        """What a number of the file is multiplied by, before `offset`, to be a height in m."""
        return float(self.dataset.scales[0]) * self.unit_m

    @property
    def offset(self) -> float:
        """What is added to a scaled number of the file to be a height in m."""
        return float(self.dataset.offsets[0]) * self.unit_m

    @property
    def converted_from(self) -> str:
        """Unit of the heights in the file where it is not the metre; else empty."""
        return "" if self.unit_m == 1.0 else self.unit

    @property
    def notes(self) -> tuple[str, ...]:
        """What a user should know of how the file was read."""
        if not self.converted_from:
            return ()
        return (f"heights of {self.name} are in {self.unit}; they are converted to metres",)

    def numbers(self, window: Any = None) -> np.ndarray:
        """The numbers of the file as they stand there, ``[rows, cols]``, NaN in cells that are marked as missing."""
        found = self.dataset.read(1, window=window, masked=True, out_dtype=np.float64)
        numbers = np.asarray(found.filled(np.nan))
        mark = self.dataset.nodata
        if mark is not None and np.isfinite(mark) and self.dataset.dtypes[0].startswith("float"):
            numbers[np.abs(numbers - mark) <= _SAME_MARK * abs(mark)] = np.nan
        return numbers

    def in_metres(self, numbers: np.ndarray) -> np.ndarray:
        """Numbers of the file as heights in m."""
        if self.scale == 1.0 and self.offset == 0.0:
            return numbers
        return np.asarray(numbers * self.scale + self.offset)

    def read(self, window: Any = None) -> np.ndarray:
        """Heights in m, ``[rows, cols]``, of the whole raster or a window; NaN in cells that are marked as missing."""
        return self.in_metres(self.numbers(window))


@contextmanager
def opened_heights(
    path: Path, what: str, crs: str | None = None, remedy: str = "", *, on_any_grid: bool = False
) -> Iterator[Heights]:
    """A raster of heights, its header checked; whatever fails while it is read is told in one sentence.

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
    Heights
        With one band.

    Raises
    ------
    UnusableInputError
        If the file is missing, cut short or no raster; has several bands, no coordinate system, heights in an unknown unit or
        in two; or, where it is not to be warped, lies in a system whose metres are not those of the ground, is rotated or
        flipped, or has oblong cells.
    """
    import rasterio
    from affine import AffineError
    from rasterio._err import CPLE_BaseError
    from rasterio.errors import RasterioError

    if not path.is_file():
        raise UnusableInputError(f"{what} '{path}' does not exist or is not a file")
    try:
        check_content(path, what)
        with rasterio.open(path.absolute()) as dataset:  # a relative path may look like an address
            yield _checked(dataset, path, what, crs, remedy, on_any_grid)
    except (RasterioError, CPLE_BaseError, AffineError, OSError, ValueError, ArithmeticError, MemoryError) as fault:
        raise UnusableInputError(
            f"{what} '{path}' is not a raster that can be read to its end (damaged, cut short or of another format)"
        ) from fault


def check_content(path: Path, what: str) -> None:
    """Refuse what GDAL would take for a raster and follow elsewhere, whatever its name: such files are XML or JSON."""
    with path.open("rb") as stream:
        head = stream.read(64).removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith((b"<", b"{")):
        raise UnusableInputError(
            f"{what} '{path}' holds no heights and names other files or addresses (as VRT and WMS do); name the rasters"
        )


def _checked(dataset: Any, path: Path, what: str, named: str | None, remedy: str, on_any_grid: bool) -> Heights:
    name = f"{what} '{path}'"
    _check_band(dataset, name)
    if not dataset.crs and named is None:
        needed = "one is needed" if on_any_grid else "a projected one in metres is needed (Lambert-93: EPSG:2154)"
        raise UnusableInputError(f"{name} has no coordinate system; {needed}{remedy}")
    system = parse_system(dataset.crs.to_wkt() if dataset.crs else str(named))
    bounds = tuple(dataset.bounds)
    crs = name_of_system(system) if on_any_grid else name_of_system(flat_system(system, name, bounds))
    unit, unit_m = _unit_of(dataset, system, name)
    if not on_any_grid:
        _check_cells(dataset.transform, name)
        check_place(bounds, crs, name)
    return Heights(dataset, path, what, crs, unit, unit_m)


def _check_band(dataset: Any, name: str) -> None:
    from rasterio.enums import ColorInterp

    if dataset.count != 1:
        told = [text for text in dataset.descriptions if text]
        held = f" ({', '.join(told)})" if told else ""
        raise UnusableInputError(
            f"{name} has {dataset.count} bands{held}; one band of heights in metres is needed: save it alone "
            f"(rio stack --bidx 1 IN.tif OUT.tif)"
        )
    if np.dtype(dataset.dtypes[0]).kind == "c":
        raise UnusableInputError(f"{name} holds complex numbers; heights in metres are needed")
    if dataset.colorinterp[0] == ColorInterp.palette:
        raise UnusableInputError(f"{name} holds colours of a palette, a picture; heights in metres are needed")
    scale, offset = dataset.scales[0], dataset.offsets[0]
    if not (np.isfinite([scale, offset]).all() and scale != 0.0):
        raise UnusableInputError(
            f"{name} is packed with scale {scale:g} and offset {offset:g}; two finite numbers are needed, the scale not 0"
        )


def _unit_of(dataset: Any, system: Any, name: str) -> tuple[str, float]:
    """Unit of the heights and its length in m: what the band says, else the vertical part of the system, else metres."""
    own, length = height_unit(system)
    told = (dataset.units[0] or "").strip()
    if not told:
        return own or "", length
    plain = "".join(letter for letter in normalize("NFKD", told.lower()) if not combining(letter))
    plain = plain.strip("[]()").replace(".", "").strip()
    if plain not in UNITS_M:
        raise UnusableInputError(
            f"heights of {name} are in '{told[:40]}', which is no unit of length known here; known: {_TOLD_UNITS}"
        )
    unit_m = UNITS_M[plain]
    if own is not None and abs(length / unit_m - 1.0) > 1e-9:
        raise UnusableInputError(
            f"heights of {name} are in {told} by its band and in {own} by its coordinate system; mend the one that is wrong"
        )
    return told, unit_m


def check_north_up(transform: Any, name: str) -> None:
    """Refuse a raster that does not say where it lies, or whose rows do not run from north to south.

    Parameters
    ----------
    transform : Affine
    name : str
        Of the raster, for the message.

    Raises
    ------
    UnusableInputError
    """
    if transform.is_identity:
        raise UnusableInputError(
            f"{name} does not say where its cells lie (no georeferencing); a grid with north up is needed"
        )
    if transform.b != 0 or transform.d != 0 or transform.a <= 0 or transform.e >= 0:
        raise UnusableInputError(
            f"{name} is rotated or flipped; a grid with north up is needed: warp it first (rio warp --dst-crs EPSG:2154)"
        )


def _check_cells(transform: Any, name: str) -> None:
    check_north_up(transform, name)
    if abs(transform.a + transform.e) > 1e-6 * transform.a:
        raise UnusableInputError(f"{name} has cells of {transform.a:g} × {-transform.e:g} m; square cells are needed")
