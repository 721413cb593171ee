"""The local inertial model: momentum without its own transport, on faces. Two passes on each tile make a step.

    q' = (theta q + (1 - theta)/2 (q_before + q_after) - g h_f dt d(level)/dx) / (1 + g n² dt |q| / h_f^(7/3))
    h' = h + dt (q_west - q_east + q_north - q_south)/dx + rain dt

with h_f the higher level less the higher bed (Bates, Horritt & Fewtrell 2010, Journal of Hydrology 387, 33; the weighting
theta of de Almeida et al. 2012, Water Resources Research 48, W05528). Friction takes the length of the two-dimensional
discharge, so that a flood spreads alike in all directions. A face passes at most ``FROUDE`` times its critical discharge,
and a cell gives at most what it holds, so that depths stay positive.

Holds for slow variations at Froude numbers well below 1; wrong for dam breaks and steep torrents. ``u`` and ``v`` of the
cells are here the discharges [m²/s] through the eastern and southern face of each cell.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from frugal.physics.compiled import inner
from frugal.physics.shallow_water.arithmetic import cube_root
from frugal.physics.shallow_water.sides import leaving_speed
from frugal.physics.shallow_water.state import (
    AREA,
    CHEZY,
    DISCHARGE,
    DOUBT,
    EAST,
    FASTEST,
    FREE_FALL,
    GRAVITY,
    LINEAR,
    LOWEST,
    MANNING,
    NORTH,
    OPEN,
    RIM,
    SOUTH,
    STRIDE,
    WALL,
    WEST,
    Border,
    Cells,
    Numbers,
    Tiles,
)

THETA = 0.9
FROUDE = 0.8

# Fields of the workspace.
E, H, Z, FRICTION, REAL_H, RAIN = 0, AREA, 2 * AREA, 3 * AREA, 4 * AREA, 5 * AREA
QX, QY, NEW_X, NEW_Y = 6 * AREA, 7 * AREA, 8 * AREA, 9 * AREA
FACE_X, FACE_Y, BRAKE, SHARE, NEW_H = 10 * AREA, 11 * AREA, 12 * AREA, 13 * AREA, 14 * AREA
_ROW1, _ROW2 = STRIDE, RIM * STRIDE


@njit(inline="always")
def _momentum(
    w: np.ndarray,
    first: int,
    step: int,
    turn: int,
    flow: int,
    across: int,
    new: int,
    face: int,
    count: int,
    dt_s: float,
    cell_size_m: float,
    law: int,
    dry_depth_m: float,
) -> None:
    """New discharge through the faces between each cell and the next along one direction, ``turn`` the other one.

    Written into its callers, where the places in the workspace become constants.
    """
    for i in range(count):
        p = first + i
        depth = max(w[E + p], w[E + step + p]) - max(w[Z + p], w[Z + step + p])
        w[face + p] = depth if depth > dry_depth_m else 0.0
        beside = 0.25 * (w[across + p] + w[across - turn + p] + w[across + step + p] + w[across + step - turn + p])
        q = w[flow + p]
        w[BRAKE + p] = math.sqrt(q * q + beside * beside)
    if law == MANNING:
        for i in range(count):
            p = first + i
            depth = max(w[face + p], dry_depth_m)
            rough = 0.5 * (w[FRICTION + p] + w[FRICTION + step + p])
            w[BRAKE + p] *= dt_s * rough / (depth * depth * cube_root(depth))
    elif law == CHEZY:
        for i in range(count):
            p = first + i
            depth = max(w[face + p], dry_depth_m)
            w[BRAKE + p] *= dt_s * 0.5 * (w[FRICTION + p] + w[FRICTION + step + p]) / (depth * depth)
    else:
        rate = 0.5 * dt_s if law == LINEAR else 0.0
        for i in range(count):
            p = first + i
            w[BRAKE + p] = rate * (w[FRICTION + p] + w[FRICTION + step + p])
    for i in range(count):
        p = first + i
        depth = w[face + p]
        pull = GRAVITY * depth * dt_s / cell_size_m * (w[E + p] - w[E + step + p])
        mean = THETA * w[flow + p] + 0.5 * (1.0 - THETA) * (w[flow - step + p] + w[flow + step + p])
        most = FROUDE * depth * math.sqrt(GRAVITY * depth)
        w[new + p] = min(most, max(-most, (mean + pull) / (1.0 + w[BRAKE + p])))


@inner(error_model="numpy")
def _along_rows(w: np.ndarray, count: int, dt_s: float, cell_size_m: float, law: int, dry_depth_m: float) -> None:
    _momentum(w, _ROW2 + 1, 1, STRIDE, QX, QY, NEW_X, FACE_X, count, dt_s, cell_size_m, law, dry_depth_m)


@inner(error_model="numpy")
def _along_columns(w: np.ndarray, count: int, dt_s: float, cell_size_m: float, law: int, dry_depth_m: float) -> None:
    _momentum(w, _ROW1 + 1, STRIDE, 1, QY, QX, NEW_Y, FACE_Y, count, dt_s, cell_size_m, law, dry_depth_m)


@inner(error_model="numpy")
def _load(w: np.ndarray, cells: Cells, box: np.ndarray, water: int, flow: int, dry_depth_m: float) -> None:
    """Depths of buffer ``water`` and discharges of buffer ``flow``."""
    first, left = box[0], box[2]
    across = box[3] - left + 2 * RIM
    for r in range(box[1] - first + 2 * RIM):
        row = first + r
        at = r * STRIDE
        for c in range(across):
            real = cells.h[water, row, left + c]
            bed = cells.z[row, left + c]
            depth = real if real > dry_depth_m else 0.0
            w[REAL_H + at + c] = real
            w[H + at + c] = depth
            w[Z + at + c] = bed
            w[E + at + c] = bed + depth
        for c in range(across):
            w[QX + at + c] = cells.u[flow, row, left + c]
            w[QY + at + c] = cells.v[flow, row, left + c]
            w[FRICTION + at + c] = cells.friction[row, left + c]


@inner(error_model="numpy")
def _close_side(w: np.ndarray, border: Border, side: int, along: int, count: int, start: int, stride: int) -> None:
    """Discharge through the faces of one side that the water inside does not decide alone.

    ``start`` is the first cell before the face in the workspace, ``along`` the first face of the side.
    """
    x_side = side in (WEST, EAST)
    low_side = side in (WEST, NORTH)
    new = NEW_X if x_side else NEW_Y
    step = 1 if x_side else STRIDE
    inward = 1.0 if low_side else -1.0
    for i in range(count):
        p = new + start + i * stride
        kind = border.kind[side, along + i]
        if kind == WALL:
            w[p] = 0.0
        elif kind == DISCHARGE:
            w[p] = inward * border.entering[border.segment[side, along + i]]
        elif kind == OPEN and border.strength[side, along + i] < 0.0:
            inside = w[p + step] if low_side else w[p - step]
            w[p] = min(0.0, inside) if low_side else max(0.0, inside)
        elif kind == OPEN or kind >= FREE_FALL:
            depth = w[H + p - new + (step if low_side else 0)]
            strength, power = border.strength[side, along + i], border.power[side, along + i]
            w[p] = -inward * depth * leaving_speed(depth, strength, power) if depth > 0.0 else 0.0


@inner(error_model="numpy")
def momentum_on_tile(
    w: np.ndarray,
    cells: Cells,
    tiles: Tiles,
    border: Border,
    numbers: Numbers,
    tile: int,
    buffers: tuple[int, int],
    dt_s: float,
) -> None:
    """First pass: discharges of buffer ``source`` to those of ``target``. The tile owns its eastern and southern faces,
    and those of the domain's western and northern sides.

    Parameters
    ----------
    w : ndarray, shape (27 AREA,)
        Workspace that is overwritten, one for each thread.
    cells : Cells
        Discharges through faces [m²/s] are written into ``u`` and ``v`` of ``target``.
    tiles : Tiles
        ``found`` and ``wet`` of the tile are written.
    border : Border
        Decides the discharge through faces on the sides of the domain.
    numbers : Numbers
    tile : int
    buffers : tuple of int
        ``source``, whose rim is filled, and ``target``, each 0 to 2.
    dt_s : float
        Length of the step [s].

    References
    ----------
    Bates, Horritt & Fewtrell 2010, Journal of Hydrology 387, 33; de Almeida, Bates, Freer & Souvignet 2012, Water Resources
    Research 48, W05528.
    """
    source, target = buffers
    box = tiles.box[tile]
    rows, columns = box[1] - box[0], box[3] - box[2]
    size, law, dry = numbers.cell_size_m, numbers.friction_law, numbers.dry_depth_m
    _load(w, cells, box, source, source, dry)
    _along_rows(w, rows * STRIDE, dt_s, size, law, dry)
    _along_columns(w, (rows + 1) * STRIDE, dt_s, size, law, dry)
    if box[2] == 0:
        _close_side(w, border, np.int64(WEST), box[0], rows, _ROW2 + RIM - 1, np.int64(STRIDE))
    if box[3] == numbers.columns:
        _close_side(w, border, np.int64(EAST), box[0], rows, _ROW2 + RIM - 1 + columns, np.int64(STRIDE))
    if box[0] == 0:
        _close_side(w, border, np.int64(NORTH), box[2], columns, _ROW1 + RIM, np.int64(1))
    if box[1] == numbers.rows:
        _close_side(w, border, np.int64(SOUTH), box[2], columns, _ROW1 + rows * STRIDE + RIM, np.int64(1))
    deepest, doubt = 0.0, 0.0
    west, north = (0 if box[2] == 0 else 1), (0 if box[0] == 0 else 1)
    for r in range(north, rows + 1):
        at = (r + RIM - 1) * STRIDE + RIM - 1
        for c in range(west, columns + 1):
            if r > 0:
                cells.u[target, box[0] + RIM - 1 + r, box[2] + RIM - 1 + c] = w[NEW_X + at + c]
                deepest = max(deepest, w[FACE_X + at + c])
                doubt += w[NEW_X + at + c] - w[NEW_X + at + c]
            if c > 0:
                cells.v[target, box[0] + RIM - 1 + r, box[2] + RIM - 1 + c] = w[NEW_Y + at + c]
                deepest = max(deepest, w[FACE_Y + at + c])
                doubt += w[NEW_Y + at + c] - w[NEW_Y + at + c]
    tiles.found[FASTEST, tile] = math.sqrt(GRAVITY * deepest)
    tiles.found[LOWEST, tile] = 0.0
    tiles.found[DOUBT, tile] = doubt
    tiles.wet[target, tile] = tiles.wet[source, tile]


@inner(error_model="numpy")
def _give_all(w: np.ndarray, box: np.ndarray, numbers: Numbers) -> None:
    """What lies outside the domain gives whatever passes the side."""
    rows, columns = box[1] - box[0], box[3] - box[2]
    for r in range(rows + 2 * RIM):
        if box[2] == 0:
            w[SHARE + r * STRIDE + RIM - 1] = 1.0
        if box[3] == numbers.columns:
            w[SHARE + r * STRIDE + RIM + columns] = 1.0
    for c in range(columns + 2 * RIM):
        if box[0] == 0:
            w[SHARE + (RIM - 1) * STRIDE + c] = 1.0
        if box[1] == numbers.rows:
            w[SHARE + (RIM + rows) * STRIDE + c] = 1.0


@inner(error_model="numpy")
def _note(w: np.ndarray, border: Border, box: np.ndarray, numbers: Numbers) -> None:
    """What enters through the sides of the domain."""
    rows, columns = box[1] - box[0], box[3] - box[2]
    for r in range(rows):
        at = (r + RIM) * STRIDE + RIM
        if box[2] == 0:
            border.flux[WEST, box[0] + r] = w[NEW_X + at - 1]
        if box[3] == numbers.columns:
            border.flux[EAST, box[0] + r] = -w[NEW_X + at + columns - 1]
    for c in range(columns):
        if box[0] == 0:
            border.flux[NORTH, box[2] + c] = w[NEW_Y + (RIM - 1) * STRIDE + RIM + c]
        if box[1] == numbers.rows:
            border.flux[SOUTH, box[2] + c] = -w[NEW_Y + (RIM + rows - 1) * STRIDE + RIM + c]


@inner(error_model="numpy")
def _share(w: np.ndarray, rows: int, ratio: float) -> None:
    """The part of its outflow that each cell can give."""
    for i in range((rows + 2) * STRIDE - 1):
        p = _ROW1 + 1 + i
        leaving = max(0.0, w[QX + p]) - min(0.0, w[QX - 1 + p]) + max(0.0, w[QY + p]) - min(0.0, w[QY - STRIDE + p])
        # A hair less than all, so that rounding leaves no cell below zero.
        w[SHARE + p] = min(1.0, (1.0 - 1e-12) * w[REAL_H + p] / max(ratio * leaving, 1e-300))


@inner(error_model="numpy")
def _move(w: np.ndarray, rows: int, ratio: float, rain_m: float) -> None:
    """Discharges limited to what the giving cell can give, and new depths."""
    for i in range((rows + 1) * STRIDE):
        p = _ROW1 + 1 + i
        q = w[QX + p]
        w[NEW_X + p] = q * (w[SHARE + p] if q > 0.0 else w[SHARE + 1 + p])
    for i in range((rows + 1) * STRIDE):
        p = _ROW1 + 1 + i
        q = w[QY + p]
        w[NEW_Y + p] = q * (w[SHARE + p] if q > 0.0 else w[SHARE + STRIDE + p])
    for i in range(rows * STRIDE):
        p = _ROW2 + i
        gained = w[NEW_X - 1 + p] - w[NEW_X + p] + w[NEW_Y - STRIDE + p] - w[NEW_Y + p]
        w[NEW_H + p] = w[REAL_H + p] + ratio * gained + rain_m * w[RAIN + p]


@inner(error_model="numpy")
def volume_on_tile(
    w: np.ndarray,
    cells: Cells,
    tiles: Tiles,
    border: Border,
    numbers: Numbers,
    tile: int,
    buffers: tuple[int, int, int],
    dt_s: float,
    rain: float,
) -> None:
    """Second pass: depths of buffer ``old`` and discharges of ``source`` to both of ``target``.

    Parameters
    ----------
    w : ndarray, shape (27 AREA,)
        Workspace that is overwritten, one for each thread.
    cells : Cells
        Depths [m] and discharges through faces [m²/s], cut to what the giving cell holds, are written into ``target``.
    tiles : Tiles
        ``found`` and ``wet`` of the tile are written.
    border : Border
        ``flux`` [m²/s] through the tile's faces on the sides of the domain is written, positive inward.
    numbers : Numbers
    tile : int
    buffers : tuple of int
        ``source``, which `momentum_on_tile` wrote, ``target`` and ``old``, which the step began from; each 0 to 2.
    dt_s : float
        Length of the step [s].
    rain : float
        [m/s], multiplied by the weight of each cell.
    """
    source, target, old = buffers
    box = tiles.box[tile]
    rows, columns = box[1] - box[0], box[3] - box[2]
    _load(w, cells, box, old, source, numbers.dry_depth_m)
    if numbers.has_rain:
        for r in range(rows):
            at = RAIN + (r + RIM) * STRIDE + RIM
            for c in range(columns):
                w[at + c] = cells.rain_weight[box[0] + r, box[2] + c]
    ratio, rain_m = dt_s / numbers.cell_size_m, rain * dt_s if numbers.has_rain else 0.0
    _share(w, rows, ratio)
    _give_all(w, box, numbers)
    _move(w, rows, ratio, rain_m)
    _note(w, border, box, numbers)
    lowest, highest, doubt = 0.0, 0.0, 0.0
    west, north = (0 if box[2] == 0 else 1), (0 if box[0] == 0 else 1)
    for r in range(north, rows + 1):
        at = (r + RIM - 1) * STRIDE + RIM - 1
        for c in range(west, columns + 1):
            row, column = box[0] + RIM - 1 + r, box[2] + RIM - 1 + c
            cells.u[target, row, column] = w[NEW_X + at + c]
            cells.v[target, row, column] = w[NEW_Y + at + c]
            if r > 0 and c > 0:
                depth = w[NEW_H + at + c]
                lowest, highest = min(lowest, depth), max(highest, depth)
                doubt += depth - depth
                cells.h[target, row, column] = max(depth, 0.0)
    tiles.found[FASTEST, tile] = max(tiles.found[FASTEST, tile], math.sqrt(GRAVITY * highest))
    tiles.found[LOWEST, tile] = lowest
    tiles.found[DOUBT, tile] = doubt
    tiles.wet[target, tile] = highest > numbers.dry_depth_m
