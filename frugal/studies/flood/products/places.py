"""Cells of points, and faces of sections and of the dike."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from frugal.errors import UnusableInputError
from frugal.formats.vectors.named_shapes import read_named_lines, read_named_points
from frugal.physics.shallow_water.flood_case import FloodCase
from frugal.physics.shallow_water.watch_list import Section
from frugal.studies.flood.terrain.terrain import FloodTerrain

#: Names of the sections of single cells of the dike begin so, and go on with their number along it.
DIKE_CELL = "dike cell "
#: Sections that every flood with a dike has.
OWN_NAMES = ("breach", "dike")
#: Of a cell: a line is followed in steps of this length.
_STEP = 1.0 / 16.0


def cells_of_points(path: Path | None, terrain: FloodTerrain) -> dict[str, tuple[int, int]]:
    """Row and column of each point of a file, by its name.

    Raises
    ------
    UnusableInputError
        If the file cannot be read, or a point lies outside the terrain.
    """
    if path is None:
        return {}
    found = {}
    for name, (x, y) in read_named_points(path, terrain.crs, "points").items():
        column, row = _lines_crossed(terrain, np.array([[x, y]]))[0]
        cell = (int(np.floor(row)), int(np.floor(column)))
        if not (0 <= cell[0] < terrain.shape[0] and 0 <= cell[1] < terrain.shape[1]):
            raise UnusableInputError(
                f"point '{name}' of points '{path}' lies at {x:.10g}, {y:.10g}, outside the terrain ({_extent(terrain)})"
            )
        found[name] = cell
    return found


def sections_of_lines(path: Path | None, terrain: FloodTerrain) -> tuple[list[Section], dict[str, np.ndarray]]:
    """Sections along the lines of a file, and the corners of the cells that each follows.

    A discharge counts as positive from the right of the line to its left: downstream for a line that was drawn from the left
    bank to the right one.

    Returns
    -------
    sections : list of Section
    followed : mapping of str to array [n, 2]
        Easting and northing of the corners [m].

    Raises
    ------
    UnusableInputError
        If the file cannot be read, a line leaves the terrain, is shorter than a cell or has a name that is taken.
    """
    sections: list[Section] = []
    followed: dict[str, np.ndarray] = {}
    if path is None:
        return sections, followed
    rows, columns = terrain.shape
    for name, line in read_named_lines(path, terrain.crs, "sections").items():
        if name in OWN_NAMES or name.startswith(DIKE_CELL):
            raise UnusableInputError(f"line '{name}' of sections '{path}' has a name that is taken; give it another")
        crossed = _lines_crossed(terrain, line)
        if (crossed < -1.0).any() or (crossed > [columns + 1.0, rows + 1.0]).any():
            raise UnusableInputError(f"line '{name}' of sections '{path}' leaves the terrain ({_extent(terrain)})")
        corners = _corners(np.clip(crossed, 0.0, [columns, rows]))
        if len(corners) < 2:
            raise UnusableInputError(
                f"line '{name}' of sections '{path}' is shorter than a cell of {terrain.cell_size_m:g} m: it crosses no water"
            )
        sections.append(_section(name, corners))
        followed[name] = np.column_stack(
            [
                terrain.x_min + corners[:, 0] * terrain.cell_size_m,
                terrain.y_max - corners[:, 1] * terrain.cell_size_m,
            ]
        )
    return sections, followed


def breached_cells(flood_case: FloodCase) -> np.ndarray:
    """Rows and columns ``[k, 2]`` of the cells that breaches lower."""
    found = [np.column_stack([np.atleast_1d(b.rows), np.atleast_1d(b.columns)]) for b in flood_case.breaches]
    return np.concatenate(found) if found else np.empty((0, 2), dtype=np.int64)


def dike_sections(terrain: FloodTerrain, flood_case: FloodCase) -> list[Section]:
    """What passes from each cell of the dike to the land beside it, landward counted as positive.

    "breach" sums the cells of breaches, "dike" all. Cells of the dike that touch no land have no section.
    """
    land, breached = terrain.land, {(row, column) for row, column in breached_cells(flood_case).tolist()}
    sections, whole, open_ = [], [], []
    for number, (row, column) in enumerate(terrain.dike.tolist()):
        faces = _faces_to(land, row, column)
        if faces:
            sections.append(
                Section(f"{DIKE_CELL}{number}", np.array(faces)[:, :3], np.array(faces)[:, 3].astype(float))
            )
            whole += faces
            open_ += faces if (row, column) in breached else []
    for name, faces in zip(OWN_NAMES, (open_, whole), strict=True):
        if faces:
            sections.insert(0, Section(name, np.array(faces)[:, :3], np.array(faces)[:, 3].astype(float)))
    return sections


def _faces_to(land: np.ndarray, row: int, column: int) -> list[tuple[int, int, int, int]]:
    """Faces between a cell and the land beside it, with the sign of what leaves the cell."""
    rows, columns = land.shape
    found = []
    if column + 1 < columns and land[row, column + 1]:
        found.append((row, column, 0, 1))
    if column > 0 and land[row, column - 1]:
        found.append((row, column - 1, 0, -1))
    if row + 1 < rows and land[row + 1, column]:
        found.append((row, column, 1, 1))
    if row > 0 and land[row - 1, column]:
        found.append((row - 1, column, 1, -1))
    return found


def _lines_crossed(terrain: FloodTerrain, line: np.ndarray) -> np.ndarray:
    """Coordinates ``[n, 2]`` counted in cells from the north-western corner, columns first."""
    x, y = line[:, 0] - terrain.x_min, terrain.y_max - line[:, 1]
    return np.asarray(np.column_stack([x, y]) / terrain.cell_size_m)


def _corners(line: np.ndarray) -> np.ndarray:
    """Corners of cells along a line, each one side of a cell from the next; columns first."""
    lengths = np.hypot(*np.diff(line, axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(lengths)])
    at = np.append(np.arange(0.0, along[-1], _STEP), along[-1])
    points = np.column_stack([np.interp(at, along, line[:, k]) for k in (0, 1)])
    path: list[tuple[int, int]] = []
    for point in points:
        nearest = (round(float(point[0])), round(float(point[1])))
        if path and nearest[0] != path[-1][0] and nearest[1] != path[-1][1]:  # around a corner, on the side of the line
            between = ((nearest[0], path[-1][1]), (path[-1][0], nearest[1]))
            _step_to(path, min(between, key=lambda corner: float(np.hypot(*(point - corner)))))
        _step_to(path, nearest)
    return np.array(path)


def _step_to(path: list[tuple[int, int]], corner: tuple[int, int]) -> None:
    """Go on to a corner; a step back takes back the one before."""
    if len(path) > 1 and path[-2] == corner:
        path.pop()
    elif not path or path[-1] != corner:
        path.append(corner)


def _section(name: str, corners: np.ndarray) -> Section:
    faces, signs = [], []
    for (column, row), (next_column, next_row) in zip(corners[:-1].tolist(), corners[1:].tolist(), strict=True):
        if row == next_row:  # along a row: what passes goes north or south, and left of eastward is north
            faces.append((row - 1, min(column, next_column), 1))
            signs.append(-1.0 if next_column > column else 1.0)
        else:
            faces.append((min(row, next_row), column - 1, 0))
            signs.append(1.0 if next_row > row else -1.0)
    return Section(name, np.array(faces), np.array(signs))


def _extent(terrain: FloodTerrain) -> str:
    rows, columns = terrain.shape
    right, low = terrain.x_min + columns * terrain.cell_size_m, terrain.y_max - rows * terrain.cell_size_m
    return f"x {terrain.x_min:.10g} to {right:.10g}, y {low:.10g} to {terrain.y_max:.10g}"
