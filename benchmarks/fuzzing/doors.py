"""Where a case goes in: the command line, or the reader of one kind of file."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fuzzing.workshop import NORTH, WEST

BOUNDS = (WEST, NORTH - 64.0, WEST + 64.0, NORTH)


def _weather(path: Path) -> Any:
    from frugal.formats.weather.readers import read_weather

    return read_weather(path)


def _raster(path: Path) -> Any:
    from frugal.formats.rasters.mosaic import examine_raster

    return examine_raster(path)


def _surface(path: Path) -> Any:
    from frugal.formats.rasters.surface_model import read_surface_model

    return read_surface_model(path)


def _terrain(path: Path) -> Any:
    from frugal.formats.rasters.terrain import read_terrain

    return read_terrain(path, "EPSG:2154", BOUNDS, 100.0)


def _ground(path: Path) -> Any:
    from frugal.formats.rasters.surface_model import read_ground

    return read_ground(path, 20.0)


def _line(path: Path) -> Any:
    from frugal.formats.vectors.features import read_line

    return read_line(path, "EPSG:2154", "dike")


def _centroids(path: Path) -> Any:
    from frugal.formats.vectors.features import read_centroids

    return read_centroids(path, "EPSG:2154", "buildings")


def _footprints(path: Path) -> Any:
    from frugal.formats.vectors.footprints import read_footprints

    return read_footprints(path, "EPSG:2154", BOUNDS)


def _cloud(path: Path) -> Any:
    from frugal.formats.point_clouds.headers import point_cloud_header
    from frugal.formats.point_clouds.surfaces import surfaces_from_points

    point_cloud_header(path)
    return surfaces_from_points([path], (WEST, NORTH - 20.0, WEST + 20.0, NORTH), 1.0, "EPSG:2154")


READERS: dict[str, Callable[[Path], Any]] = {
    "weather": _weather,
    "raster": _raster,
    "surface": _surface,
    "terrain": _terrain,
    "ground": _ground,
    "line": _line,
    "centroids": _centroids,
    "footprints": _footprints,
    "cloud": _cloud,
}


def enter(door: str, args: list[str]) -> int:
    """Do what a case asks; what the user would see goes to stdout and stderr, the exit code comes back."""
    if door == "cli":
        return _command_line(args)
    from frugal import cli
    from frugal.errors import FrugalError

    try:
        READERS[door](Path(args[0]))
    except FrugalError as fault:
        cli._say(cli.abridged(cli.one_line(str(fault))), "en")  # as the program itself would
        return fault.exit_code
    return 0


def _command_line(args: list[str]) -> int:
    from frugal import cli

    sys.argv = ["frugal", *args]
    try:
        cli.main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    return 0
