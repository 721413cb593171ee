"""The arrays that a simulation works on, and the tiles that share out the domain.

All cell arrays carry a rim of two ghost cells. Depth and velocity exist three times: the accepted state, the one between
the two stages and the one being computed, so that a step that fails can be taken again.

The domain is cut into tiles. A tile is computed when it or a neighbour holds moving water, or when water may enter it;
others keep their state, which is exact, since a face between two cells below the dry depth passes nothing. The state of a
tile that falls asleep is copied into the other two buffers once.

Water that stands level at the start sleeps too, until what it touches moves: its tiles are computed in the first step alone,
which tells how fast their waves are. Rounding keeps computed water from ever standing still, so levels and speeds that differ
by less than ``STILL`` count as equal; a tile that has been woken does not sleep again while it is wet.
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
#: Differences of level [m], speeds [m/s] and discharges [m²/s] up to this are rounding.
STILL = 1e-12
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
EXTREMES = 28 * AREA  # three rows: greatest and least of each column
WORKSPACE = 29 * AREA

# The same unsigned: for signed numbers that are not known while compiling numba allows that they count from the end, and
# the processor can no longer take eight numbers at once.
ONE_ON, ROW_ON, FIRST_ROW_AT, AREA_ON = (np.uint64(k) for k in (1, STRIDE, RIM * STRIDE, AREA))
E_AT, H_AT, U_AT, V_AT = (np.uint64(k) for k in (E, H, U, V))
SLOPE_H_AT, SLOPE_U_AT, SLOPE_V_AT, SLOPE_EX_AT, SLOPE_EY_AT = (np.uint64(SLOPE_H + k * AREA) for k in range(5))
X_MASS_AT, X_LEFT_AT, X_RIGHT_AT, X_SHEAR_AT = (np.uint64(X_MASS + k * AREA) for k in range(4))
Y_MASS_AT, Y_LEFT_AT, Y_RIGHT_AT, Y_SHEAR_AT = (np.uint64(Y_MASS + k * AREA) for k in range(4))
REAL_H_AT, FRICTION_AT, RAIN_AT, SPEED_AT = (np.uint64(k) for k in (REAL_H, FRICTION, RAIN, SPEED))
OLD_H_AT, OLD_U_AT, OLD_V_AT = (np.uint64(OLD_H + k * AREA) for k in range(3))
NEW_H_AT, NEW_U_AT, NEW_V_AT = (np.uint64(NEW_H + k * AREA) for k in range(3))
FASTEST_AT, HIGHEST_AT, LOWEST_AT = (np.uint64(EXTREMES + k * STRIDE) for k in range(3))


class Crests(NamedTuple):
    """Faces that may be the edge of a crest (`crest_faces`), numbered, and listed for each tile."""

    first: np.ndarray  # [tile, 3]: where its faces toward the next column begin in the lists, toward the next row, end
    place: np.ndarray  # of the cell before each listed face in the tile's workspace
    face: np.ndarray  # its number
    normal: np.ndarray  # [face, 2]: unit vector across the crest, positive along the face's own direction
    active: np.ndarray  # whether it is an edge now
    watched: np.ndarray  # [n, 4]: faces that a breach changes: number, direction (as in ``first``), row, column


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
    still: np.ndarray  # whether its water has stood level since the start
    wave: np.ndarray  # fastest wave of a still tile [m/s]; -1 before it is known


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


# Places in ``Clock.time`` and ``Clock.counts``.
NOW, NEXT, WAVE, UNSURE, RAINS = 0, 1, 2, 3, 4
CURRENT, STEPS, UPDATES, AGAIN, COVERED = 0, 1, 2, 3, 4


class Clock(NamedTuple):
    """What changes from step to step. ``time``: now, next step, last wave speed, doubt, rain; ``counts``: buffer of the
    accepted state, steps, cell updates, steps taken again, cells covered by the present step."""

    time: np.ndarray
    counts: np.ndarray
    entered: np.ndarray  # m³ by segment, then rain, inflows and infiltration
    left: np.ndarray
    stage_entered: np.ndarray
    stage_left: np.ndarray


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
        still=np.zeros(count, dtype=np.bool_),
        wave=np.full(count, -1.0),
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


def mark_still(cells: Cells, tiles: Tiles, border: Border, driven: np.ndarray, dry_depth_m: float) -> None:
    """Find the tiles whose water stands level at the start, and which nothing but their neighbours can move.

    Parameters
    ----------
    cells : Cells
    tiles : Tiles
        ``still`` is set in place; tiles that are forced are not.
    border : Border
        Cells at sides that are no walls may be moved by them.
    driven : ndarray of int, shape (n, 2)
        Row and column of cells whose bed or water is changed: breaches, ends of links.
    dry_depth_m : float
        Cells as deep or shallower are dry [m].
    """
    inside = (0, slice(RIM, -RIM), slice(RIM, -RIM))
    z, h = cells.z[inside[1:]], cells.h[inside]
    wet = h > dry_depth_m
    level = z + np.where(wet, h, 0.0)
    moves = (cells.u[inside] != 0.0) | (cells.v[inside] != 0.0)
    for axis in (0, 1):
        wet_a, level_a = (np.moveaxis(field, axis, 0)[:-1] for field in (wet, level))
        wet_b, level_b = (np.moveaxis(field, axis, 0)[1:] for field in (wet, level))
        apart = np.where(wet_a & wet_b, abs(level_a - level_b), 0.0)
        apart = np.where(wet_a & ~wet_b, level_a - level_b, np.where(wet_b & ~wet_a, level_b - level_a, apart))
        turned = np.moveaxis(moves, axis, 0)
        turned[:-1] |= apart > STILL
        turned[1:] |= apart > STILL
    moves[driven[:, 0], driven[:, 1]] = True
    rows, columns = moves.shape
    moves[:, 0] |= border.kind[WEST, :rows] != WALL
    moves[:, -1] |= border.kind[EAST, :rows] != WALL
    moves[0] |= border.kind[NORTH, :columns] != WALL
    moves[-1] |= border.kind[SOUTH, :columns] != WALL
    for tile, (first, last, left, right) in enumerate(tiles.box):
        around = moves[max(0, first - RIM) : last + RIM, max(0, left - RIM) : right + RIM]
        tiles.still[tile] = not tiles.forced[tile] and not around.any()


@inner(error_model="numpy")
def _stands(cells: Cells, numbers: Numbers, source: int, first: int, last: int, left: int, right: int) -> bool:
    """Whether all water in a part of the domain stands level."""
    h, u, v, z = cells.h[source], cells.u[source], cells.v[source], cells.z
    for row in range(max(first, 0) + RIM, min(last, numbers.rows) + RIM):
        for column in range(max(left, 0) + RIM, min(right, numbers.columns) + RIM):
            if abs(u[row, column]) > STILL or abs(v[row, column]) > STILL:
                return False
            wet = h[row, column] > numbers.dry_depth_m
            level = z[row, column] + (h[row, column] if wet else 0.0)
            for turn in range(2):
                r, c = row + turn, column + 1 - turn
                if r >= min(last, numbers.rows) + RIM or c >= min(right, numbers.columns) + RIM:
                    continue
                other_wet = h[r, c] > numbers.dry_depth_m
                over = level - z[r, c] - (h[r, c] if other_wet else 0.0)
                if (wet and over > STILL) or (other_wet and over < -STILL):
                    return False
    return True


@inner(error_model="numpy")
def _stays_still(cells: Cells, tiles: Tiles, numbers: Numbers, tile: int, source: int) -> bool:
    """Whether nothing around a still tile moves. Where all tiles around are still, nothing need be looked at."""
    surrounded = True
    for side in range(4):
        beside = tiles.neighbours[tile, side]
        if beside < 0:
            continue
        surrounded = surrounded and tiles.still[beside]
        if side in (NORTH, SOUTH):
            for turn in (WEST, EAST):
                corner = tiles.neighbours[beside, turn]
                surrounded = surrounded and (corner < 0 or tiles.still[corner])
    if surrounded:
        return True
    first, last, left, right = tiles.box[tile, 0], tiles.box[tile, 1], tiles.box[tile, 2], tiles.box[tile, 3]
    return (
        _stands(cells, numbers, source, first - RIM, first + 1, left - RIM, right + RIM)
        and _stands(cells, numbers, source, last - 1, last + RIM, left - RIM, right + RIM)
        and _stands(cells, numbers, source, first - RIM, last + RIM, left - RIM, left + 1)
        and _stands(cells, numbers, source, first - RIM, last + RIM, right - 1, right + RIM)
    )


@inner(error_model="numpy")
def _copy_tile(cells: Cells, box: np.ndarray, source: int, target: int) -> None:
    for row in range(box[0] + RIM, box[1] + RIM):
        for column in range(box[2] + RIM, box[3] + RIM):
            cells.h[target, row, column] = cells.h[source, row, column]
            cells.u[target, row, column] = cells.u[source, row, column]
            cells.v[target, row, column] = cells.v[source, row, column]


@inner(error_model="numpy")
def wake(cells: Cells, tiles: Tiles, numbers: Numbers, source: int, target: int, begins: bool) -> int:
    """List the tiles to compute from buffer ``source`` into ``target``; returns the number of their cells.

    Parameters
    ----------
    cells : Cells
        Of a tile that falls asleep, ``target`` takes over the state of ``source``; of one that is still, in the second step,
        all buffers that of the start, which buffer 0 holds until then.
    tiles : Tiles
        ``active`` is written: the number of awake tiles, then the tiles. A tile is awake when it is forced or when it, or
        one of its four neighbours, is wet in ``source``, unless all that water has stood still since the start.
    numbers : Numbers
    source, target : int
        Buffers, 0 to 2.
    begins : bool
        The first step: still tiles are awake.

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
        box = tiles.box[tile]
        if awake and tiles.still[tile] and not begins:
            tiles.still[tile] = _stays_still(cells, tiles, numbers, tile, source)
            awake = not tiles.still[tile]
            if not awake and tiles.wave[tile] < 0.0:
                tiles.wave[tile] = tiles.found[FASTEST, tile]
                tiles.valid[tile] = 7
                _copy_tile(cells, box, 0, 1)
                _copy_tile(cells, box, 0, 2)
        if awake:
            count += 1
            tiles.active[count] = tile
            tiles.valid[tile] = 1 << target
            covered += (box[1] - box[0]) * (box[3] - box[2])
            continue
        tiles.found[:, tile] = 0.0
        if tiles.still[tile]:
            tiles.wet[target, tile] = tiles.wet[source, tile]
            tiles.found[FASTEST, tile] = max(0.0, tiles.wave[tile])
        else:
            tiles.wet[target, tile] = False
        if not tiles.valid[tile] & (1 << target):
            tiles.valid[tile] |= 1 << target
            _copy_tile(cells, box, source, target)
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
