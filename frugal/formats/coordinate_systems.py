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
#: A length on the grid may differ by so much from that on the ground.
LARGEST_SCALE_ERROR = 0.01
#: Lengths are compared over so many metres of the grid.
_STEP_M = 100.0


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


def metric_system(system: CRS, what: str, bounds: Sequence[float] | None = None) -> str:
    """Name of the horizontal part of a system, ``EPSG:2154`` or WKT, once it is known to be in metres.

    Whether its metres are those of the ground depends on the place: `check_place`.

    Parameters
    ----------
    system : pyproj.CRS
        May hold heights too (compound or three-dimensional).
    what : str
        What is in this system, for the messages.
    bounds : sequence of 4 floats, optional
        Western, southern, eastern and northern edge in this system, for the system to use instead.

    Raises
    ------
    UnusableInputError
        If it is in degrees, lies nowhere on Earth, its unit is not the metre, or its heights are not in metres.
    """
    flat = flat_system(system, what, bounds)
    unit, factor = height_unit(system)
    if unit is not None and abs(factor - 1.0) > 1e-9:
        raise UnusableInputError(f"heights of {what} are in {unit}; metres are needed: convert them first")
    return name_of_system(flat)


def flat_system(system: CRS, what: str, bounds: Sequence[float] | None = None) -> CRS:
    """The horizontal part of a system, once it is known to be in metres, whatever its heights are in.

    Parameters and errors are those of `metric_system`, heights apart.
    """
    flat = horizontal(system)
    if flat.is_geographic or flat.is_geocentric:
        raise UnusableInputError(
            f"{what} is in degrees ({flat.name}); reproject it to metres first ({_instead(flat, bounds)})"
        )
    axes = flat.axis_info
    if any(abs(axis.unit_conversion_factor - 1.0) > 1e-9 for axis in axes[:2]):
        own = axes[0].unit_name if axes else "unknown"
        raise UnusableInputError(
            f"{what} is not in metres ({flat.name}: {own}); reproject it first ({_instead(flat, bounds)})"
        )
    if not flat.is_projected:
        raise UnusableInputError(
            f"{what} is in a local system that says nowhere where it lies on Earth ({flat.name[:60]}); georeference it in a "
            "projected one in metres (Lambert-93: EPSG:2154)"
        )
    return flat


def _instead(flat: CRS, bounds: Sequence[float] | None) -> str:
    """The system to use in the place of one, as far as the place is known."""
    from pyproj.exceptions import ProjError

    if bounds is None or not np.isfinite(bounds).all():
        return _LAMBERT_93
    x, y = (bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2
    try:
        _, to_degrees = _with_degrees(name_of_system(flat))
        longitude, latitude = to_degrees.transform(x, y)
    except ProjError:
        return _LAMBERT_93
    return system_for(longitude, latitude)


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
    """Refuse coordinates far from where a system is used, or where its metres are not those of the ground.

    Parameters
    ----------
    bounds : sequence of 4 floats
        Western, southern, eastern and northern edge [m]; their middle is held against the area of use, the scale is looked
        at in the corners too.
    system : str
        What the bounds are in, ``EPSG:2154`` or WKT; one without an area of use is judged by its scale alone.
    what : str
        What lies there, for the message.

    Raises
    ------
    UnusableInputError
        If the middle of the bounds is more than 5° outside the area of use of the system, or lengths or areas are more than
        1 % longer or shorter on its grid than on the ground (Web Mercator, maps of the world): the message names the system
        to use instead.
    """
    flat, to_degrees = _with_degrees(system)
    area: Any = flat.area_of_use
    x, y = (bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2
    longitude, latitude = to_degrees.transform(x, y)
    inside = np.isfinite(longitude) and (
        area is None
        or (
            area.south - _MARGIN_OF_AREA_DEG <= latitude <= area.north + _MARGIN_OF_AREA_DEG
            and (
                area.west > area.east  # across the date line
                or area.west - _MARGIN_OF_AREA_DEG <= longitude <= area.east + _MARGIN_OF_AREA_DEG
            )
        )
    )
    if not inside:
        used = f"{name_of_system(flat)[:60]} ({area.name[:60]})" if area is not None else flat.name[:60]
        raise UnusableInputError(
            f"{what} lies at easting {x:.0f}, northing {y:.0f}, where {used} "
            "is not used; its coordinates or its coordinate system are wrong"
        )
    places = [(x, y), *((bounds[k], bounds[m]) for k in (0, 2) for m in (1, 3))]
    scales = np.array([scale_factors(system, *place) for place in places])
    scales = scales[np.isfinite(scales).all(axis=1)].reshape(-1, 3)
    lengths, areas = (_farthest_from_one(part) for part in (scales[:, :2], scales[:, 2]))
    if max(abs(lengths - 1.0), abs(areas - 1.0)) > LARGEST_SCALE_ERROR:
        code = flat.to_epsg()
        raise UnusableInputError(
            f"{what} is in {flat.name[:60]}{f' (EPSG:{code})' if code else ''}, whose metres are not those of the ground "
            f"there: lengths are {lengths:.3g} times, areas {areas:.3g} times as large, {LARGEST_SCALE_ERROR:.0%} more or less "
            f"is allowed; reproject it first ({system_for(longitude, latitude)})"
        )


def _farthest_from_one(factors: np.ndarray) -> float:
    return max(factors.ravel().tolist(), key=lambda factor: abs(np.log(factor)), default=1.0)


def scale_factors(system: str, x: float, y: float) -> tuple[float, float, float]:
    """How much longer lengths are on the grid of a system than on the ground at a place, and how much larger areas are.

    Parameters
    ----------
    system : str
        In metres, ``EPSG:2154`` or WKT.
    x, y : float
        Easting and northing [m].

    Returns
    -------
    least, greatest : float
        Of all directions (half axes of Tissot's ellipse).
    areal : float
        Their product. NaN where the system has no such place.
    """
    from pyproj import Geod

    flat, _ = _with_degrees(system)
    ellipsoid: Any = flat.ellipsoid
    to_own, unit = _own_degrees(system)
    at = np.array(to_own.transform(x + np.array([0.0, _STEP_M, 0.0]), y + np.array([0.0, 0.0, _STEP_M]))) * unit
    if not np.isfinite(at).all():
        return np.nan, np.nan, np.nan
    geod = Geod(a=ellipsoid.semi_major_metre, b=ellipsoid.semi_minor_metre)
    azimuth, _, distance = geod.inv([at[0][0]] * 2, [at[1][0]] * 2, at[0][1:], at[1][1:])
    turned = np.radians(azimuth)
    ground = np.array([np.sin(turned) * distance, np.cos(turned) * distance]) / _STEP_M
    longest, shortest = np.linalg.svd(ground, compute_uv=False)
    if shortest <= 0.0:
        return np.nan, np.nan, np.nan
    return float(1.0 / longest), float(1.0 / shortest), float(1.0 / (longest * shortest))


_LAMBERT_93 = "Lambert-93: EPSG:2154"
#: Mainland France with Corsica, roughly, longitude and latitude of corners.
_FRANCE = (
    (-5.3, 48.6), (-1.9, 49.9), (1.5, 51.1), (2.6, 51.2), (4.3, 50.2), (6.2, 49.6), (8.3, 49.1), (7.6, 47.5), (6.9, 47.3),
    (6.1, 46.4), (7.2, 46.0), (7.1, 45.2), (7.1, 44.4), (7.8, 43.7), (9.7, 43.2), (9.7, 41.2), (8.4, 41.2), (6.0, 42.8),
    (3.5, 43.0), (3.3, 42.3), (1.4, 42.4), (-2.0, 43.2), (-1.9, 46.0), (-3.5, 47.2), (-5.3, 48.2),
)  # fmt: skip
#: West, south, east, north of the overseas territories, and their legal systems.
_OVERSEAS = (
    (-63.2, 14.2, -60.7, 18.3, "RGAF09 / UTM 20N: EPSG:5490"),
    (-54.7, 2.0, -51.5, 6.0, "RGFG95 / UTM 22N: EPSG:2972"),
    (55.1, -21.5, 56.0, -20.8, "RGR92 / UTM 40S: EPSG:2975"),
    (44.9, -13.1, 45.4, -12.5, "RGM04 / UTM 38S: EPSG:4471"),
    (-56.6, 46.7, -56.0, 47.2, "RGSPM06 / UTM 21N: EPSG:4467"),
    (163.4, -22.9, 168.3, -19.4, "RGNC91-93 / Lambert: EPSG:3163"),
    (-150.0, -18.0, -148.0, -16.0, "RGPF / UTM 6S: EPSG:3297"),
)


def system_for(longitude: float, latitude: float) -> str:
    """A system whose metres are those of the ground at a place, by name and number: the legal one in France, else the UTM zone.

    Parameters
    ----------
    longitude, latitude : float
        In degrees.
    """
    for west, south, east, north, told in _OVERSEAS:
        if west <= longitude <= east and south <= latitude <= north:
            return told
    if _inside(longitude, latitude, _FRANCE):
        return _LAMBERT_93
    zone = int((longitude + 180.0) // 6.0) % 60 + 1
    side, first = ("N", 32600) if latitude >= 0 else ("S", 32700)
    return f"UTM zone {zone}{side}: EPSG:{first + zone}"


def _inside(x: float, y: float, corners: Sequence[tuple[float, float]]) -> bool:
    """Whether a point lies in a polygon: an odd number of its sides lie to the east."""
    crossed = 0
    for (x1, y1), (x2, y2) in zip(corners, (*corners[1:], corners[0]), strict=True):
        crossed += (y1 > y) != (y2 > y) and x < x1 + (y - y1) * (x2 - x1) / (y2 - y1)
    return crossed % 2 == 1


@lru_cache(maxsize=16)
def _own_degrees(system: str) -> tuple[Transformer, float]:
    """From a system to the longitude and latitude of its own datum, and their unit in degrees: old ones count in grads."""
    from pyproj import CRS, Transformer

    flat = horizontal(CRS.from_user_input(system))
    own: Any = flat.geodetic_crs
    return Transformer.from_crs(flat, own, always_xy=True), float(np.degrees(own.axis_info[0].unit_conversion_factor))


@lru_cache(maxsize=16)
def _with_degrees(system: str) -> tuple[CRS, Transformer]:
    """The horizontal part of a system and its way to longitude and latitude, which takes a tenth of a second to find."""
    from pyproj import CRS, Transformer

    flat = horizontal(CRS.from_user_input(system))
    return flat, Transformer.from_crs(flat, "EPSG:4326", always_xy=True)


def told_bounds(bounds: Sequence[float] | np.ndarray) -> str:
    """Bounds in words, for messages."""
    return f"easting {bounds[0]:.0f}–{bounds[2]:.0f}, northing {bounds[1]:.0f}–{bounds[3]:.0f}"
