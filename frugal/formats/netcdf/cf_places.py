"""Where values lie, in the words of CF: the grid mapping of a coordinate system, and coordinates in it."""

from __future__ import annotations

from typing import Any

import numpy as np

from frugal.formats.coordinate_systems import parse_system
from frugal.formats.netcdf.cf_file import CfVariable


def grid_mapping(name: str, crs: str, transform: tuple[float, ...] | None = None) -> CfVariable:
    """The variable that holds a coordinate system: its parameters where CF has a name for it, and its WKT.

    Parameters
    ----------
    name : str
    crs : str
        ``EPSG:2154`` or WKT.
    transform : tuple of six float, optional
        a, b, c, d, e, f of a grid, kept as GDAL reads them (``GeoTransform``).

    Raises
    ------
    UnusableInputError
        If the system is unknown.
    """
    attributes: dict[str, Any] = dict(parse_system(crs).to_cf())
    if transform is not None:
        a, b, c, d, e, f = transform
        attributes |= {"spatial_ref": attributes["crs_wkt"], "GeoTransform": f"{c!r} {a!r} {b!r} {f!r} {d!r} {e!r}"}
    return CfVariable(name, (), np.int32(0), attributes)


def has_mapping_name(crs: str) -> bool:
    """CF has a name for the projection; elsewhere a file tells longitude and latitude beside it."""
    return "grid_mapping_name" in parse_system(crs).to_cf()


def is_on_earth(crs: str) -> bool:
    """The system says where on Earth its coordinates lie: it is no local one."""
    return not parse_system(crs).is_engineering


def is_geographic(crs: str) -> bool:
    """Coordinates of the system are longitude and latitude."""
    return bool(parse_system(crs).is_geographic)


def horizontal_attributes(crs: str) -> tuple[dict[str, str], dict[str, str]]:
    """Attributes of the coordinates x and y of a system."""
    if is_geographic(crs):
        return dict(LONGITUDE), dict(LATITUDE)
    unit = parse_system(crs).axis_info[0].unit_name
    unit = {"metre": "m"}.get(unit, unit.replace(" ", "_"))
    return (
        {"standard_name": "projection_x_coordinate", "long_name": "easting", "units": unit},
        {"standard_name": "projection_y_coordinate", "long_name": "northing", "units": unit},
    )


LONGITUDE = {"standard_name": "longitude", "long_name": "longitude", "units": "degrees_east"}
LATITUDE = {"standard_name": "latitude", "long_name": "latitude", "units": "degrees_north"}


def in_degrees(x: np.ndarray, y: np.ndarray, crs: str) -> tuple[np.ndarray, np.ndarray]:
    """Longitude and latitude (WGS 84) of coordinates in a system, of their shape."""
    from pyproj import Transformer

    longitude, latitude = Transformer.from_crs(parse_system(crs), "EPSG:4326", always_xy=True).transform(x, y)
    return np.asarray(longitude), np.asarray(latitude)
