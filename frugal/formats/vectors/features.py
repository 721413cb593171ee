"""Vector files (GeoPackage, GeoJSON, Shapefile, FlatGeobuf and what else GDAL reads) as plain coordinates in a given system."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from frugal.errors import UnusableInputError

if TYPE_CHECKING:
    import geopandas


def read_line(path: Path | str, crs: str, what: str) -> np.ndarray:
    """The one line of a file, ``[n, 2]`` easting and northing of its corners.

    Several lines that touch at their ends count as one.

    Parameters
    ----------
    path : path
    crs : str
        System that the coordinates are wanted in.
    what : str
        What the line is, for the messages.

    Raises
    ------
    UnusableInputError
        If the file cannot be read, has no coordinate system, or holds no line or several that do not touch.
    """
    import shapely

    frame = in_system(read_features(path, what), crs, path, what)
    lines = [shapely.force_2d(part) for part in frame.geometry.explode() if part is not None and not part.is_empty]
    lines = [part for part in lines if part.geom_type == "LineString"]
    if not lines:
        raise UnusableInputError(f"{what} '{path}' holds no line")
    merged = shapely.line_merge(shapely.MultiLineString(lines))
    if merged.geom_type != "LineString":
        number = len(merged.geoms)
        raise UnusableInputError(f"{what} '{path}' holds {number} lines that do not touch; one unbroken line is needed")
    return np.asarray(merged.coords, dtype=np.float64)[:, :2]


def read_centroids(path: Path | str, crs: str, what: str) -> np.ndarray:
    """Centroids ``[n, 2]`` of the shapes of a file: of buildings, say.

    Parameters
    ----------
    path : path
    crs : str
        System that the coordinates are wanted in.
    what : str
        What the shapes are, for the messages.

    Returns
    -------
    array [n, 2]
        Easting and northing; empty geometries are left out.

    Raises
    ------
    UnusableInputError
        If the file cannot be read or has no coordinate system.
    """
    import shapely

    return np.asarray(shapely.get_coordinates(shapely.centroid(read_shapes(path, crs, what))))


def read_shapes(path: Path | str, crs: str, what: str) -> list[Any]:
    """The shapes of a file as shapely geometries, empty ones left out.

    Parameters
    ----------
    path : path
    crs : str
        System that the coordinates are wanted in.
    what : str
        What the shapes are, for the messages.

    Raises
    ------
    UnusableInputError
        If the file cannot be read or has no coordinate system.
    """
    frame = in_system(read_features(path, what), crs, path, what)
    return list(frame.geometry[frame.geometry.notna() & ~frame.geometry.is_empty])


def read_features(path: Path | str, what: str) -> geopandas.GeoDataFrame:
    """The features of a file as they stand there, in its own system or without one.

    Parameters
    ----------
    path : path
    what : str
        What the features are, for the messages.

    Raises
    ------
    UnusableInputError
        If the file is missing, cannot be read or holds no geometry.
    """
    import geopandas

    if not Path(path).is_file():
        raise UnusableInputError(f"{what} '{path}' does not exist or is not a file")
    try:
        frame: Any = geopandas.read_file(path)
    except Exception as fault:  # drivers raise errors of many kinds
        told = (str(fault).splitlines() or [""])[0][:200]
        raise UnusableInputError(f"{what} '{path}' is not a vector file that can be read: {told}") from fault
    if not isinstance(frame, geopandas.GeoDataFrame):
        raise UnusableInputError(f"{what} '{path}' holds no geometry")
    return frame


def in_system(frame: geopandas.GeoDataFrame, crs: str, path: Path | str, what: str) -> geopandas.GeoDataFrame:
    """Features brought to a system.

    Parameters
    ----------
    frame : GeoDataFrame
    crs : str
    path, what
        Where they come from and what they are, for the message.

    Raises
    ------
    UnusableInputError
        If they have no coordinate system.
    """
    if frame.crs is None:
        raise UnusableInputError(f"{what} '{path}' has no coordinate system; save it with one (Lambert-93: EPSG:2154)")
    return frame.to_crs(crs)
