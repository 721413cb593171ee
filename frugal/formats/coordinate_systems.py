"""Coordinate systems: one in metres or a sentence that says why not, the unit of heights, and whether two are the same."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from frugal.errors import UnusableInputError

if TYPE_CHECKING:
    from pyproj import CRS, Transformer

Bounds = tuple[float, float, float, float]
"""Western, southern, eastern and northern edge."""

_SAME_WITHIN_M = 0.02
_MARGIN_OF_AREA_DEG = 5.0


def parse_system(text: str) -> CRS:
    """A coordinate system as the user names it: ``EPSG:2154``, ``2154``, WKT or a PROJ string.

    Raises
    ------
    UnusableInputError
        If it is unknown.
    """
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    try:
        return CRS.from_user_input(int(text) if text.strip().isdigit() else text)
    except CRSError as fault:
        raise UnusableInputError(
            f"coordinate system '{text[:60]}' is unknown; EPSG:2154 or the like is needed"
        ) from fault


def metric_system(system: CRS, what: str) -> str:
    """Name of the horizontal part of a system, ``EPSG:2154`` or WKT, once it is known to be in metres.

    Parameters
    ----------
    system : pyproj.CRS
        May hold heights too (compound or three-dimensional).
    what : str
        What is in this system, for the messages.

    Raises
    ------
    UnusableInputError
        If it is in degrees, its unit is not the metre, or its heights are not in metres.
    """
    flat = horizontal(system)
    if flat.is_geographic or flat.is_geocentric:
        raise UnusableInputError(
            f"{what} is in degrees ({flat.name}); reproject it to metres first (Lambert-93: EPSG:2154)"
        )
    axes = flat.axis_info
    if not flat.is_projected or any(abs(axis.unit_conversion_factor - 1.0) > 1e-9 for axis in axes[:2]):
        own = axes[0].unit_name if axes else "unknown"
        raise UnusableInputError(
            f"{what} is not in metres ({flat.name}: {own}); reproject it first (Lambert-93: EPSG:2154)"
        )
    unit, factor = height_unit(system)
    if unit is not None and abs(factor - 1.0) > 1e-9:
        raise UnusableInputError(f"heights of {what} are in {unit}; metres are needed: convert them first")
    return name_of_system(flat)


def horizontal(system: CRS) -> CRS:
    """The system without its heights."""
    if system.is_compound:
        return horizontal(system.sub_crs_list[0])
    return system.to_2d() if len(system.axis_info) > 2 and not system.is_geocentric else system


def height_unit(system: CRS) -> tuple[str | None, float]:
    """Unit of the heights of a system and its length in metres; no unit where the system is silent about heights."""
    if system.is_compound:
        for part in system.sub_crs_list[1:]:
            for axis in part.axis_info:
                return axis.unit_name, float(axis.unit_conversion_factor)
        return None, 1.0
    if system.is_vertical and system.axis_info:
        return system.axis_info[0].unit_name, float(system.axis_info[0].unit_conversion_factor)
    if len(system.axis_info) > 2:
        return system.axis_info[2].unit_name, float(system.axis_info[2].unit_conversion_factor)
    return None, 1.0


def name_of_system(system: CRS) -> str:
    """``EPSG:2154`` where the system has such a number, else WKT."""
    code = system.to_epsg()
    return f"EPSG:{code}" if code else str(system.to_wkt())


def same_system(one: str, other: str, bounds: Sequence[float]) -> bool:
    """Whether two systems in metres give the same coordinates, to two centimetres, at a place.

    Realisations of one datum (RGF93 v1 and v2b, say) count as the same where their coordinates do.

    Parameters
    ----------
    one, other : str
        ``EPSG:2154`` or WKT; heights of a compound system are left aside.
    bounds : sequence of 4 floats
        Western, southern, eastern and northern edge in ``one`` [m]; coordinates are compared in their middle.

    Returns
    -------
    bool
        False too where there is no way from one to the other.
    """
    from pyproj import CRS, Transformer
    from pyproj.exceptions import ProjError

    if one == other:
        return True
    first, second = horizontal(CRS.from_user_input(one)), horizontal(CRS.from_user_input(other))
    if first.equals(second, ignore_axis_order=True):
        return True
    x, y = (bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2
    try:
        turned = Transformer.from_crs(first, second, always_xy=True).transform(x, y)
    except ProjError:
        return False
    return bool(np.hypot(turned[0] - x, turned[1] - y) <= _SAME_WITHIN_M)


def check_place(bounds: Sequence[float], system: str, what: str) -> None:
    """Refuse coordinates that lie far from where a system is used.

    Parameters
    ----------
    bounds : sequence of 4 floats
        Western, southern, eastern and northern edge [m]; their middle is judged.
    system : str
        What the bounds are in, ``EPSG:2154`` or WKT; one without an area of use passes.
    what : str
        What lies there, for the message.

    Raises
    ------
    UnusableInputError
        If the middle of the bounds is more than 5° outside the area of use of the system.
    """
    flat, to_degrees = _with_degrees(system)
    area: Any = flat.area_of_use
    if area is None:
        return
    x, y = (bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2
    longitude, latitude = to_degrees.transform(x, y)
    inside = (
        np.isfinite(longitude)
        and area.south - _MARGIN_OF_AREA_DEG <= latitude <= area.north + _MARGIN_OF_AREA_DEG
        and (
            area.west > area.east  # across the date line
            or area.west - _MARGIN_OF_AREA_DEG <= longitude <= area.east + _MARGIN_OF_AREA_DEG
        )
    )
    if not inside:
        raise UnusableInputError(
            f"{what} lies at easting {x:.0f}, northing {y:.0f}, where {name_of_system(flat)[:60]} ({area.name[:60]}) "
            "is not used; its coordinates or its coordinate system are wrong"
        )


@lru_cache(maxsize=16)
def _with_degrees(system: str) -> tuple[CRS, Transformer]:
    """The horizontal part of a system and its way to longitude and latitude, which takes a tenth of a second to find."""
    from pyproj import CRS, Transformer

    flat = horizontal(CRS.from_user_input(system))
    return flat, Transformer.from_crs(flat, "EPSG:4326", always_xy=True)


def told_bounds(bounds: Sequence[float] | np.ndarray) -> str:
    """Bounds in words, for messages."""
    return f"easting {bounds[0]:.0f}–{bounds[2]:.0f}, northing {bounds[1]:.0f}–{bounds[3]:.0f}"
