"""The arrays that a simulation works on, and the tiles that share out the domain.

All cell arrays carry a rim of two ghost cells. Depth and velocity exist three times: the accepted state, the one between
the two stages and the one being computed, so that a step that fails can be taken again.

The domain is cut into tiles. A tile is computed when it or a neighbour holds moving water, or when water may enter it;
others keep their state, which is exact, since a face between two cells below the dry depth passes nothing. The state of a
tile that falls asleep is copied into the other two buffers once.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from frugal.physics.compiled import inner

RIM = 2
TILE_ROWS = 16
TILE_COLUMNS = 128
#: Cells of a tile's workspace, rim included; a few more, so that neighbours of the last cells exist.
STRIDE = TILE_COLUMNS + 2 * RIM
AREA = (TILE_ROWS + 2 * RIM) * STRIDE + 16
GRAVITY = 9.81
#: Speed counts where the water is deeper [m]: thinner films carry nothing.
FILM_M = 1e-3

# Codes inside the kernels.
MANNING, CHEZY, LINEAR, NO_FRICTION = 0, 1, 2, 3
WALL, OPEN, LEVEL, DISCHARGE, FREE_FALL, NORMAL_FLOW, RATING_CURVE = 0, 1, 2, 3, 4, 5, 6
WEST, EAST, NORTH, SOUTH = 0, 1, 2, 3
FASTEST, LOWEST, DOUBT = 0, 1, 2

# Where the fields of the Saint-Venant solver lie in the workspace of a tile: a constant distance apart.
E, H, U, V = 0, AREA, 2 * AREA, 3 * AREA
REAL_H, FRICTION, RAIN = 4 * AREA, 5 * AREA, 6 * AREA
SLOPE_H, SLOPE_U, SLOPE_V = 7 * AREA, 8 * AREA, 9 * AREA
SLOPE_EX, SLOPE_EY = 10 * AREA, 11 * AREA
X_MASS, X_LEFT, X_RIGHT, X_SHEAR = 12 * AREA, 13 * AREA, 14 * AREA, 15 * AREA
Y_MASS, Y_LEFT, Y_RIGHT, Y_SHEAR = 16 * AREA, 17 * AREA, 18 * AREA, 19 * AREA
SPEED = 20 * AREA
OLD_H, OLD_U, OLD_V = 21 * AREA, 22 * AREA, 23 * AREA
NEW_H, NEW_U, NEW_V = 24 * AREA, 25 * AREA, 26 * AREA
CREST = 27 * AREA  # how far the face behind each cell acts as a crest, where it is listed
WORKSPACE = 28 * AREA


class Crests(NamedTuple):
    """Faces that may be the edge of a crest (`crest_faces`), numbered, and listed for each tile."""

    first: np.ndarray  # [tile, 3]: where its faces toward the next column begin in the lists, toward the next row, end
    place: np.ndarray  # of the cell before each listed face in the tile's workspace
    face: np.ndarray  # its number
    normal: np.ndarray  # [face, 2]: unit vector across the crest, positive along the face's own direction
    active: np.ndarray  # whether it is an edge now
    watched: (
        np.ndarray
    )  # [n, 4]: faces that a breach changes: number, 0 toward the next column or 1 the next row, row, column


class Cells(NamedTuple):
    """Fields on cells; the first axis of ``h``, ``u``, ``v`` (or ``qx``, ``qy`` on faces) counts buffers."""

    h: np.ndarray
    u: np.ndarray
    v: np.ndarray
    z: np.ndarray
    friction: np.ndarray  # g n², g/C² or the linear rate
    rain_weight: np.ndarray
    crests: Crests


class Tiles(NamedTuple):
    """``box`` holds first row, last row, first column, last column of each tile; the others one value per tile."""

    box: np.ndarray
    neighbours: np.ndarray
    wet: np.ndarray  # [buffer, tile]
    forced: np.ndarray
    valid: np.ndarray  # bit b is set when buffer b holds the tile's present state
    active: np.ndarray  # indices of the tiles to compute, count first
    found: np.ndarray  # [fastest wave m/s, lowest depth m, 0 unless a number is none; tile]


class Border(NamedTuple):
    """Faces of the four sides: kind, segment and the mass flux [m²/s] entering through each at the present stage."""

    kind: np.ndarray
    segment: np.ndarray
    flux: np.ndarray
    entering: np.ndarray  # prescribed discharge per metre of each segment, now
    depth: np.ndarray  # prescribed depth of each segment, now (0: none)
    level: np.ndarray  # prescribed level of each segment, now
    strength: (
        np.ndarray
    )  # what leaves a side does so at strength * depth^power, now (below 0: as the water inside does)
    power: np.ndarray


class Numbers(NamedTuple):
    """Constants of a run."""

    rows: int
    columns: int
    cell_size_m: float
    dry_depth_m: float
    arrival_depth_m: float
    friction_law: int
    stages: int  # of a step
    second_order: bool
    inertial: bool
    has_rain: bool


def tiles_of(rows: int, columns: int) -> Tiles:
    """Tiles of nearly equal size, in rows from the north, each with its four neighbours (-1: none)."""
    down, across = math.ceil(rows / TILE_ROWS), math.ceil(columns / TILE_COLUMNS)
    height, width = math.ceil(rows / down), math.ceil(columns / across)
    down, across = math.ceil(rows / height), math.ceil(columns / width)
    count = down * across
    box = np.zeros((count, 4), dtype=np.int64)
    neighbours = np.full((count, 4), -1, dtype=np.int64)
    for row in range(down):
        for column in range(across):
            tile = row * across + column
            box[tile] = (
                row * height,
                min(rows, (row + 1) * height),
                column * width,
                min(columns, (column + 1) * width),
            )
            if column > 0:
                neighbours[tile, WEST] = tile - 1
            if column < across - 1:
                neighbours[tile, EAST] = tile + 1
            if row > 0:
                neighbours[tile, NORTH] = tile - across
            if row < down - 1:
                neighbours[tile, SOUTH] = tile + across
    return Tiles(
        box=box,
        neighbours=neighbours,
        wet=np.zeros((3, count), dtype=np.bool_),
        forced=np.zeros(count, dtype=np.bool_),
        valid=np.full(count, 7, dtype=np.int64),
        active=np.zeros(count + 1, dtype=np.int64),
        found=np.zeros((3, count)),
    )


def mark_wet(cells: Cells, tiles: Tiles, buffer: int, dry_depth_m: float) -> None:
    """Find the tiles that hold moving water.

    Parameters
    ----------
    cells : Cells
    tiles : Tiles
        ``wet`` of the buffer is set in place.
    buffer : int
        Which of the three states is looked at, 0 to 2.
    dry_depth_m : float
        A tile is wet where one of its cells is deeper than this [m].
    """
    inside = cells.h[buffer, RIM:-RIM, RIM:-RIM] > dry_depth_m
    for tile, (first, last, left, right) in enumerate(tiles.box):
        tiles.wet[buffer, tile] = inside[first:last, left:right].any()


@inner(error_model="numpy")
def wake(cells: Cells, tiles: Tiles, source: int, target: int) -> int:
    """List the tiles to compute from buffer ``source`` into ``target``; returns the number of their cells.

    Parameters
    ----------
    cells : Cells
        Of a tile that falls asleep, ``target`` takes over the state of ``source``.
    tiles : Tiles
        ``active`` is written: the number of awake tiles, then the tiles. A tile is awake when it is forced or when it, or
        one of its four neighbours, is wet in ``source``.
    source, target : int
        Buffers, 0 to 2.

    Returns
    -------
    int
        Cells of the awake tiles.
    """
    count = 0
    covered = 0
    for tile in range(tiles.box.shape[0]):
        awake = tiles.forced[tile] or tiles.wet[source, tile]
        for side in range(4):
            beside = tiles.neighbours[tile, side]
            if beside >= 0 and tiles.wet[source, beside]:
                awake = True
        first, last, left, right = tiles.box[tile, 0], tiles.box[tile, 1], tiles.box[tile, 2], tiles.box[tile, 3]
        if awake:
            count += 1
            tiles.active[count] = tile
            tiles.valid[tile] = 1 << target
            covered += (last - first) * (right - left)
            continue
        tiles.wet[target, tile] = False
        tiles.found[:, tile] = 0.0
        if not tiles.valid[tile] & (1 << target):
            tiles.valid[tile] |= 1 << target
            for row in range(first + RIM, last + RIM):
                for column in range(left + RIM, right + RIM):
                    cells.h[target, row, column] = cells.h[source, row, column]
                    cells.u[target, row, column] = cells.u[source, row, column]
                    cells.v[target, row, column] = cells.v[source, row, column]
    tiles.active[0] = count
    return covered


@inner(error_model="numpy")
def wake_at(cells: Cells, tiles: Tiles, numbers: Numbers, buffer: int, row: int, column: int) -> None:
    """Mark the tile of a cell as wet: water that came after it was computed must wake the tiles beside it, which it may reach.

    Parameters
    ----------
    cells : Cells
    tiles : Tiles
        ``wet`` of the buffer is set where the cell is.
    numbers : Numbers
    buffer : int
        Which of the three states is looked at, 0 to 2.
    row, column : int
        Of the cell, without rim.
    """
    if cells.h[buffer, row + RIM, column + RIM] > numbers.dry_depth_m:
        height, width = tiles.box[0, 1], tiles.box[0, 3]  # all but the last ones are as large as the first
        across = (numbers.columns + width - 1) // width
        tiles.wet[buffer, row // height * across + column // width] = True
