"""A flood on a map of 10 × 10 cells of 10 m, with what lies on it: small enough to be counted by hand.

The five western columns are dry, then 0.1, 0.3, 0.6, 1.5 and 2.5 m; the water comes from the east, after 1 h in the last
column, an hour later in each column to the west of it, and another hour later in the northern half.
"""

from pathlib import Path

import numpy as np

from frugal.exposure.hazard_map import HazardMap
from frugal.formats.rasters.geotiff_bands import Band, write_bands

WEST, NORTH, CELL = 700_000.0, 6_600_100.0, 10.0
SOUTH = NORTH - 100.0
TRANSFORM = (CELL, 0.0, WEST, 0.0, -CELL, NORTH)
DEPTHS = np.tile([0.0] * 5 + [0.1, 0.3, 0.6, 1.5, 2.5], (10, 1))
HOURS = np.tile([np.nan] * 5 + [5.0, 4.0, 3.0, 2.0, 1.0], (10, 1))
HOURS[:5] += 1.0


def flood(**named: object) -> HazardMap:
    """The flood in memory."""
    told = {"arrival_s": 3600.0 * HOURS, **named}
    return HazardMap(Path("flood.tif"), "EPSG:2154", TRANSFORM, DEPTHS.copy(), **told)  # type: ignore[arg-type]


def write_flood(path: Path, depths: np.ndarray = DEPTHS, crs: str = "EPSG:2154", hours: bool = True) -> Path:
    """The same as a file, with a band of arrival in hours if so told."""
    bands = [Band("max_depth", "m", depths), Band("arrival_time", "hour", HOURS)]
    write_bands(path, bands if hours else bands[:1], crs, TRANSFORM)
    return path


def at(x: float, y: float) -> tuple[float, float]:
    """A place by metres east and north of the south-western corner."""
    return WEST + x, SOUTH + y


def write_features(path: Path, shapes: list, crs: str = "EPSG:2154", **columns: list) -> Path:
    """Shapes with their columns as a GeoPackage."""
    import geopandas

    geopandas.GeoDataFrame(columns, geometry=shapes, crs="EPSG:2154").to_crs(crs).to_file(path, driver="GPKG")
    return path


def buildings(folder: Path) -> Path:
    """A dry one, one half in 0.1 m and half in 0.3 m, one half dry and half in 0.1 m, and one of which half is off the map."""
    from shapely import box

    shapes = [
        box(*at(20, 10), *at(30, 20)),
        box(*at(55, 10), *at(65, 20)),
        box(*at(48, 10), *at(52, 20)),
        box(*at(95, 10), *at(105, 20)),
    ]
    return write_features(folder / "buildings.gpkg", shapes, kind=["house", "house", "shop", "shop"])


def roads(folder: Path) -> Path:
    """From the dry west to (75, 45), straight, and round by the north; their ends are shared points."""
    from shapely import LineString

    lines = [
        LineString([at(5, 45), at(45, 45)]),
        LineString([at(45, 45), at(75, 45)]),
        LineString([at(45, 45), at(45, 95), at(75, 95)]),
        LineString([at(75, 95), at(75, 45)]),
    ]
    return write_features(folder / "roads.gpkg", lines, road_id=["r1", "r2", "r3", "r4"])


def points(folder: Path, name: str, *places: tuple[float, float]) -> Path:
    """Points with the numbers a, b, c, ..."""
    from shapely import Point

    ids = [chr(ord("a") + number) for number in range(len(places))]
    return write_features(folder / f"{name}.gpkg", [Point(*at(*place)) for place in places], id=ids)
