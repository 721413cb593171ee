"""What LAS, LAZ and COPC files say of themselves, checked."""

from __future__ import annotations

import datetime
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from frugal.errors import UnusableInputError
from frugal.formats.coordinate_systems import Bounds, check_place, height_unit, metric_system, told_bounds
from frugal.formats.point_clouds.structure import check_structure

_FIRST_POINTS = 50_000
_LARGEST_COORDINATE_M = 1e8
_LARGEST_SIDE_M = 200_000.0
_GPS_EPOCH = datetime.datetime(1980, 1, 6)
_SECONDS_PER_WEEK = 604_800.0
_ADJUSTED_BELOW = 6e8
_LINEAR_UNIT_KEY, _VERTICAL_SYSTEM_KEY, _VERTICAL_UNIT_KEY = 3076, 4096, 4099
_METRE, _USER_DEFINED = 9001, 32767


@dataclass(frozen=True)
class PointCloudInfo:
    """What a file says of itself.

    Attributes
    ----------
    path : Path
    bounds : tuple of four float
        Western, southern, eastern and northern edge in m.
    lowest_m, highest_m : float
        Of all points, noise included.
    crs : str or None
        Horizontal system, ``EPSG:2154`` or WKT; None where the file names none.
    point_count : int
    classified : bool
        Whether the first points (at most 50 000) carry a class other than "never classified" and "unclassified".
    vertical_unit : str or None
        "metre", or None where the file is silent, in which case metres are assumed.
    surveyed : date or None
        Day of the flight, from the GPS time of the first points, where they hold absolute time.
    created : date or None
        Day the file was made, from its header.
    octree : bool
        Whether it is a COPC file, of which windows are read alone.
    """

    path: Path
    bounds: Bounds
    lowest_m: float
    highest_m: float
    crs: str | None
    point_count: int
    classified: bool
    vertical_unit: str | None
    surveyed: datetime.date | None
    created: datetime.date | None
    octree: bool

    @property
    def density_per_m2(self) -> float:
        """Points per m² of the bounds."""
        west, south, east, north = self.bounds
        return self.point_count / max((east - west) * (north - south), 1e-9)

    @property
    def vintage(self) -> str | None:
        """Day of the flight where it is known, else of the file; ``2021-05-30``."""
        day = self.surveyed or self.created
        return day.isoformat() if day else None


def point_cloud_header(path: Path | str) -> PointCloudInfo:
    """What a LAS, LAZ or COPC file says of itself; at most 50 000 of its points are read.

    Raises
    ------
    UnusableInputError
        If the file is missing, damaged, empty or no point cloud; its coordinates are absurd, in degrees or in
        another unit than the metre; or its heights are said to be in feet.
    """
    path = Path(path)
    with opened(path, times=True) as reader:
        header = reader.header
        name = f"point cloud '{path}'"
        if header.point_count == 0:
            raise UnusableInputError(f"{name} is empty: its header announces no point")
        bounds = _checked_bounds(header, name)
        with readable(path):
            crs, unit = _system(header, name, bounds)
        if crs is not None:
            check_place(bounds, crs, name)
        with readable(path):
            first = reader.read_points(min(_FIRST_POINTS, header.point_count))
        if not len(first):
            raise UnusableInputError(f"{name} is cut short: none of its {header.point_count} points can be read")
        created = header.creation_date
        return PointCloudInfo(
            path=path,
            bounds=bounds,
            lowest_m=float(header.mins[2]),
            highest_m=float(header.maxs[2]),
            crs=crs,
            point_count=int(header.point_count),
            classified=bool((np.asarray(first.classification) > 1).any()),
            vertical_unit=unit,
            surveyed=_day_of_flight(first, created),
            created=created,
            octree=is_octree(header),
        )


def told_damage(path: Path) -> str:
    """The sentence for a file that cannot be read to its end."""
    return f"point cloud '{path}' cannot be read to its end (damaged, cut short or no LAS or LAZ file)"


@contextmanager
def opened(path: Path, *, times: bool = False) -> Iterator[Any]:
    """A laspy reader of a file; what fails while it opens is told, what fails later is for `readable` to tell."""
    import laspy

    if not path.is_file():
        raise UnusableInputError(f"point cloud '{path}' does not exist or is not a file")
    with readable(path):
        check_structure(path)
        reader = laspy.open(path, laz_backend=laspy.LazBackend.Lazrs, decompression_selection=selection(times=times))
    with reader:
        yield reader


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Whatever the decoders raise on damaged bytes, told in one sentence."""
    import laspy
    import lazrs

    faults = (
        *(laspy.errors.LaspyException, lazrs.LazrsError, struct.error, OSError, EOFError, MemoryError),
        *(ArithmeticError, LookupError, ValueError, TypeError, AttributeError),
    )
    try:
        yield
    except faults as fault:
        raise UnusableInputError(told_damage(path)) from fault
    except BaseException as fault:
        if type(fault).__name__ == "PanicException":  # what ends a decoder is no `Exception`
            raise UnusableInputError(told_damage(path)) from fault
        raise


def selection(*, times: bool = False) -> Any:
    """The parts of a point that are unpacked: position, class, flags, and its time where asked for."""
    from laspy import DecompressionSelection as Part

    parts = Part.XY_RETURNS_CHANNEL | Part.Z | Part.CLASSIFICATION | Part.FLAGS
    return parts | Part.GPS_TIME if times else parts


def _checked_bounds(header: Any, name: str) -> Bounds:
    lowest, highest = np.asarray(header.mins, dtype=np.float64), np.asarray(header.maxs, dtype=np.float64)
    scales, offsets = np.asarray(header.scales), np.asarray(header.offsets)
    sound = (
        np.isfinite([lowest, highest, scales, offsets]).all()
        and (scales > 0).all()
        and (lowest <= highest).all()
        and np.abs([lowest[:2], highest[:2]]).max() <= _LARGEST_COORDINATE_M
        and (highest - lowest)[:2].max() <= _LARGEST_SIDE_M
    )
    bounds = (float(lowest[0]), float(lowest[1]), float(highest[0]), float(highest[1]))
    if not sound:
        raise UnusableInputError(
            f"{name} has absurd coordinates ({told_bounds(bounds)}, height {lowest[2]:.0f}–{highest[2]:.0f}); "
            f"finite ones within {_LARGEST_SIDE_M / 1000:.0f} km of one another are needed"
        )
    return bounds


def _system(header: Any, name: str, bounds: Bounds) -> tuple[str | None, str | None]:
    """Horizontal system of a file in metres, and the unit of its heights as far as it says."""
    from pyproj.exceptions import CRSError

    keys = _geo_keys(header)
    _check_unit(keys.get(_LINEAR_UNIT_KEY), f"{name} is")
    unit = _height_unit_of_keys(keys, name)
    try:
        system = header.parse_crs()
    except CRSError:  # an unreadable system is as good as none: the user names it
        system = None
    if system is None:
        return None, unit
    crs = metric_system(system, name, bounds)
    return crs, unit or height_unit(system)[0]


def _geo_keys(header: Any) -> dict[int, int]:
    """The GeoTIFF keys of a file that hold one number."""
    records = [vlr for vlr in header.vlrs if vlr.user_id == "LASF_Projection" and vlr.record_id == 34735]
    return {key.id: key.value_offset for vlr in records for key in vlr.geo_keys if key.tiff_tag_location == 0}


def _height_unit_of_keys(keys: dict[int, int], name: str) -> str | None:
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    if _VERTICAL_UNIT_KEY in keys:
        _check_unit(keys[_VERTICAL_UNIT_KEY], f"heights of {name} are")
        return "metre" if keys[_VERTICAL_UNIT_KEY] == _METRE else None
    try:
        unit, factor = height_unit(CRS.from_epsg(keys[_VERTICAL_SYSTEM_KEY]))
    except (KeyError, CRSError):  # no vertical system, or a number of before EPSG
        return None
    if abs(factor - 1.0) > 1e-9:
        raise UnusableInputError(f"heights of {name} are in {unit}; metres are needed: convert them first")
    return unit


def _check_unit(code: int | None, what: str) -> None:
    """Refuse a GeoTIFF unit code that is known not to be the metre."""
    from pyproj.database import get_units_map

    if code in (None, 0, _METRE, _USER_DEFINED):
        return
    unit = next((unit for unit in get_units_map(auth_name="EPSG").values() if unit.code == str(code)), None)
    told = unit.name if unit else f"unit number {code}"
    raise UnusableInputError(f"{what} in {told}; metres are needed: convert it first")


def _day_of_flight(points: Any, created: datetime.date | None) -> datetime.date | None:
    """Day of the first points; None where they hold seconds of the week or no time."""
    if "gps_time" not in points.point_format.dimension_names:
        return None
    seconds = float(np.median(points.gps_time))
    if not np.isfinite(seconds) or abs(seconds) <= _SECONDS_PER_WEEK or abs(seconds) > 4e9:
        return None
    # "Adjusted standard" GPS time is counted from 10⁹ s after the epoch (LAS 1.4, R15); some writers leave that out.
    day = (_GPS_EPOCH + datetime.timedelta(seconds=seconds + (1e9 if seconds < _ADJUSTED_BELOW else 0.0))).date()
    latest = (created or datetime.date.today()) + datetime.timedelta(days=366)
    return day if datetime.date(1995, 1, 1) <= day <= latest else None


def is_octree(header: Any) -> bool:
    """Whether a file is in octree order (COPC): its first record says so."""
    return bool(len(header.vlrs)) and header.vlrs[0].user_id == "copc"
