"""Points and lines of a file by their names, as plain coordinates in a given system, local ones too."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from frugal.errors import UnusableInputError
from frugal.formats.coordinate_systems import parse_system
from frugal.formats.vectors.features import in_system, read_features

#: Columns that names are taken from, the first that is there.
NAME_COLUMNS = ("name", "nom", "id")


def read_named_points(path: Path, crs: str, what: str) -> dict[str, tuple[float, float]]:
    """Easting and northing of the points of a file.

    Parameters
    ----------
    path : Path
        A vector file, or CSV with ``x`` and ``y`` in the system asked for.
    crs : str
        System that the coordinates are wanted in. A local one is taken by files that have none, or one like it.
    what : str
        What the points are, for the messages.

    Raises
    ------
    UnusableInputError
        If the file cannot be read, holds something else than points, or a name twice.
    """
    if path.suffix.lower() == ".csv":
        return _points_of_table(path, what)
    found: dict[str, tuple[float, float]] = {}
    for name, read in _named(path, crs, what):
        shape = read.geoms[0] if read.geom_type == "MultiPoint" and len(read.geoms) == 1 else read
        if shape.geom_type != "Point":
            raise UnusableInputError(f"'{name}' of {what} '{path}' is a {shape.geom_type}; a point is needed")
        _once(found, name, path, what)
        found[name] = (float(shape.x), float(shape.y))
    return found


def read_named_lines(path: Path, crs: str, what: str) -> dict[str, np.ndarray]:
    """Corners ``[n, 2]`` of the lines of a file; parts that touch at their ends are one line.

    Parameters
    ----------
    path : Path
    crs : str
        As for `read_named_points`.
    what : str
        What the lines are, for the messages.

    Raises
    ------
    UnusableInputError
        If the file cannot be read, holds something else than unbroken lines, or a name twice.
    """
    found: dict[str, np.ndarray] = {}
    for name, read in _named(path, crs, what):
        corners = _corners(read, f"'{name}' of {what} '{path}'")
        _once(found, name, path, what)
        found[name] = corners
    return found


def read_lines_with_columns(
    path: Path, crs: str, what: str, columns: Sequence[str]
) -> list[tuple[np.ndarray, dict[str, Any]]]:
    """Corners ``[n, 2]`` of each line of a file, with what stands in some of its columns.

    Parameters
    ----------
    path : Path
    crs : str
        As for `read_named_points`.
    what : str
        What the lines are, for the messages.
    columns : sequence of str
        Names that are looked for, also cut to the ten letters of a Shapefile; empty cells are left out.

    Raises
    ------
    UnusableInputError
        If the file cannot be read, or holds something else than unbroken lines.
    """
    import pandas

    frame = _frame(path, crs, what)
    known = {str(column).lower(): column for column in frame.columns}
    there = {name: known.get(name, known.get(name[:10])) for name in columns}
    found = []
    for number, (_, row) in enumerate(frame.iterrows(), 1):
        corners = _corners(row.geometry, f"feature {number} of {what} '{path}'")
        told = {name: row[column] for name, column in there.items() if column is not None}
        told = {name: value for name, value in told.items() if not pandas.isna(value) and value != ""}
        found.append((corners, told))
    return found


def _corners(shape: Any, name: str) -> np.ndarray:
    """Corners ``[n, 2]`` of an unbroken line; parts that touch at their ends are one."""
    import shapely

    line = shapely.line_merge(shape) if shape.geom_type == "MultiLineString" else shape
    if line.geom_type != "LineString":
        raise UnusableInputError(f"{name} is a {line.geom_type}; an unbroken line is needed")
    return np.asarray(shapely.force_2d(line).coords, dtype=np.float64)


def _once(found: dict[str, Any], name: str, path: Path, what: str) -> None:
    if name in found:
        raise UnusableInputError(f"{what} '{path}' holds the name '{name}' twice; each needs its own")


def _points_of_table(path: Path, what: str) -> dict[str, tuple[float, float]]:
    import pandas

    if not path.is_file():
        raise UnusableInputError(f"{what} '{path}' does not exist or is not a file")
    try:
        table = pandas.read_csv(path, sep=None, engine="python", dtype=str)
    except (OSError, ValueError, pandas.errors.ParserError) as fault:
        raise UnusableInputError(f"{what} '{path}' is not a table that can be read: {str(fault)[:200]}") from fault
    table.columns = [str(column).strip().lower() for column in table.columns]
    for column in ("x", "y"):
        if column not in table:
            raise UnusableInputError(
                f"{what} '{path}' has no column '{column}'; x and y in the system of the terrain are needed"
            )
    places = table[["x", "y"]].apply(pandas.to_numeric, errors="coerce").to_numpy(dtype=float)
    bad = np.flatnonzero(~np.isfinite(places).all(axis=1))
    if bad.size:
        raise UnusableInputError(f"{what} '{path}' has no numbers for x and y in row {int(bad[0]) + 1}")
    named = next((name for name in NAME_COLUMNS if name in table), None)
    names = [f"point {k + 1}" for k in range(len(table))] if named is None else table[named].astype(str).tolist()
    found: dict[str, tuple[float, float]] = {}
    for name, (x, y) in zip(names, places.tolist(), strict=True):
        _once(found, name, path, what)
        found[name] = (x, y)
    if not found:
        raise UnusableInputError(f"{what} '{path}' is empty")
    return found


def _named(path: Path, crs: str, what: str) -> list[tuple[str, Any]]:
    """Name and shape of each feature, in the system."""
    frame = _frame(path, crs, what)
    known = {str(column).lower(): column for column in frame.columns}
    column = next((known[name] for name in NAME_COLUMNS if name in known), None)
    kind = "point" if (frame.geometry.geom_type == "Point").all() else "line"
    names = [f"{kind} {k + 1}" for k in range(len(frame))] if column is None else [str(name) for name in frame[column]]
    return list(zip(names, frame.geometry, strict=True))


def _frame(path: Path, crs: str, what: str) -> Any:
    """The features of a file, in the system."""
    frame: Any = read_features(path, what)
    if parse_system(crs).is_engineering:
        if frame.crs is not None and not frame.crs.is_engineering:
            raise UnusableInputError(
                f"{what} '{path}' lies on Earth ({frame.crs.name}), and the place is generated and lies nowhere: give its own "
                "coordinates, without a coordinate system"
            )
    else:
        frame = in_system(frame, crs, path, what)
    frame = frame[frame.geometry.notna() & ~frame.geometry.is_empty]
    if frame.empty:
        raise UnusableInputError(f"{what} '{path}' is empty")
    return frame
