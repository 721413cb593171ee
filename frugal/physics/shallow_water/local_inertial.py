"""The local inertial model: momentum without its own transport, on faces. One pass on each tile makes a step.

    q' = (theta q + (1 - theta)/2 (q_before + q_after) - g h_f dt d(level)/dx) / (1 + g n² dt |q| / h_f^(7/3))
    h' = h + dt (q_west - q_east + q_north - q_south)/dx + rain dt

with h_f the higher level less the higher bed (Bates, Horritt & Fewtrell 2010, Journal of Hydrology 387, 33; the weighting
theta of de Almeida et al. 2012, Water Resources Research 48, W05528). Friction takes the length of the two-dimensional
discharge, so that a flood spreads alike in all directions. A face passes at most ``FROUDE`` times its critical discharge,
and a cell gives at most what it holds, so that depths stay positive.

The edges of crests (`crest_faces`) pass what a weir does (`weir_law`), per metre of the dike's true length. Without transport
of momentum the level before a crest is the head. Where the bed steps up, it gives up the velocity head, so that the crest keeps
two thirds of it and passes its critical discharge behind; where the step is low beside the water over it, only a share does.

Holds for slow variations at Froude numbers well below 1; wrong for dam breaks and steep torrents. ``u`` and ``v`` of the
cells are here the discharges [m²/s] through the eastern and southern face of each cell.

What a cell gives depends on all its four faces, so a tile also computes the discharges around the cells beside it: a tenth more
arithmetic, and nothing is read or written twice.
"""

from __future__ import annotations

import math

import numpy as np

from frugal.physics.compiled import inner
from frugal.physics.shallow_water.inertial_faces import (
    BRAKE_X_AT,
    EXTREMES,
    HIGHEST_AT,
    LOWEST_AT,
    NEW_X,
    NEW_Y,
    ONE,
    ROW,
    SHARE,
    SHARE_AT,
    X_AT,
    Y_AT,
    H,
    clear_row,
    momentum,
    over_crests,
)
from frugal.physics.shallow_water.sides import leaving_speed
from frugal.physics.shallow_water.state import (
    DISCHARGE,
    DOUBT,
    EAST,
    FASTEST,
    FREE_FALL,
    GRAVITY,
    LOWEST,
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

#: A hair less than all, so that rounding leaves no cell below zero.
_ALMOST = 1.0 - 1e-12


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
def _close_sides(
    w: np.ndarray, border: Border, box: np.ndarray, numbers: Numbers, reach: tuple[int, int, int, int]
) -> None:
    """`_close_side` on the faces that lie on sides of the domain."""
    first, last, left, right = reach
    rows, columns = last - first, right - left
    top, begin = first - box[0] + RIM, left - box[2] + RIM
    bottom, end = last - box[0] + RIM, right - box[2] + RIM
    if left == 0:
        _close_side(w, border, np.int64(WEST), first, rows, top * STRIDE + begin - 1, np.int64(STRIDE))
    if right == numbers.columns:
        _close_side(w, border, np.int64(EAST), first, rows, top * STRIDE + end - 1, np.int64(STRIDE))
    if first == 0:
        _close_side(w, border, np.int64(NORTH), left, columns, (top - 1) * STRIDE + begin, np.int64(1))
    if last == numbers.rows:
        _close_side(w, border, np.int64(SOUTH), left, columns, (bottom - 1) * STRIDE + begin, np.int64(1))


@inner(error_model="numpy")
def _count_short(
    w: np.ndarray, h: np.ndarray, width: np.uint64, box: np.ndarray, reach: tuple[int, int, int, int], ratio: float
) -> int:
    """How many cells would give more than they hold."""
    short = 0
    for row in range(reach[0], reach[1]):
        at = np.uint64((row - box[0] + RIM) * STRIDE + reach[2] - box[2] + RIM)
        p = np.uint64(row + RIM) * width + np.uint64(reach[2] + RIM)
        for i in range(reach[3] - reach[2]):
            k = np.uint64(i)
            a = at + k
            east_west = max(0.0, w[X_AT + a]) - min(0.0, w[X_AT + a - ONE])
            leaving = east_west + max(0.0, w[Y_AT + a]) - min(0.0, w[Y_AT + a - ROW])
            short += 1 if ratio * leaving > _ALMOST * h[p + k] else 0
    return short


@inner(error_model="numpy")
def _share_out(
    w: np.ndarray, h: np.ndarray, width: np.uint64, box: np.ndarray, reach: tuple[int, int, int, int], ratio: float
) -> None:
    """Discharges of the tile's faces cut to what the giving cell can give; what lies outside the domain gives all."""
    rows, columns = box[1] - box[0], box[3] - box[2]
    for r in range(-1, rows + 1):
        for c in range(-1, columns + 1):
            w[SHARE + (r + RIM) * STRIDE + c + RIM] = 1.0
    for row in range(reach[0], reach[1]):
        at = np.uint64((row - box[0] + RIM) * STRIDE + reach[2] - box[2] + RIM)
        p = np.uint64(row + RIM) * width + np.uint64(reach[2] + RIM)
        for i in range(reach[3] - reach[2]):
            k = np.uint64(i)
            a = at + k
            east_west = max(0.0, w[X_AT + a]) - min(0.0, w[X_AT + a - ONE])
            leaving = east_west + max(0.0, w[Y_AT + a]) - min(0.0, w[Y_AT + a - ROW])
            w[SHARE_AT + a] = min(1.0, _ALMOST * h[p + k] / max(ratio * leaving, 1e-300))
    for r in range(-1, rows):
        at = np.uint64((r + RIM) * STRIDE + RIM - 1)
        for i in range(columns + 1):
            a = at + np.uint64(i)
            q = w[X_AT + a]
            w[X_AT + a] = q * (w[SHARE_AT + a] if q > 0.0 else w[SHARE_AT + a + ONE])
        for i in range(columns + 1):
            a = at + np.uint64(i)
            q = w[Y_AT + a]
            w[Y_AT + a] = q * (w[SHARE_AT + a] if q > 0.0 else w[SHARE_AT + a + ROW])


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
def _move(
    w: np.ndarray,
    cells: Cells,
    box: np.ndarray,
    numbers: Numbers,
    buffers: tuple[int, int],
    ratio: float,
    rain_m: float,
) -> int:
    """New depths, and discharges as they are, to the target; returns how many depths are no number."""
    source, target = buffers
    h, new_h = cells.h[source].ravel(), cells.h[target].ravel()
    new_u, new_v, weight = cells.u[target].ravel(), cells.v[target].ravel(), cells.rain_weight.ravel()
    width, columns = np.uint64(cells.z.shape[1]), box[3] - box[2]
    clear_row(w, HIGHEST_AT, columns)
    clear_row(w, LOWEST_AT, columns)
    lost = 0
    for row in range(box[0], box[1]):
        at = np.uint64((row - box[0] + RIM) * STRIDE + RIM)
        p = np.uint64(row + RIM) * width + np.uint64(box[2] + RIM)
        if rain_m > 0.0:
            fell = np.uint64(row * numbers.columns + box[2])
            for i in range(columns):
                w[BRAKE_X_AT + np.uint64(i)] = rain_m * weight[fell + np.uint64(i)]
        else:
            clear_row(w, BRAKE_X_AT, columns)
        for i in range(columns):
            k = np.uint64(i)
            a = at + k
            gained = w[X_AT + a - ONE] - w[X_AT + a] + w[Y_AT + a - ROW] - w[Y_AT + a]
            depth = h[p + k] + ratio * gained + w[BRAKE_X_AT + k]
            w[HIGHEST_AT + k] = max(w[HIGHEST_AT + k], depth)
            w[LOWEST_AT + k] = min(w[LOWEST_AT + k], depth)
            lost += 0 if depth - depth == 0.0 else 1
            new_h[p + k] = max(depth, 0.0)
        for i in range(columns):
            k = np.uint64(i)
            new_u[p + k] = w[X_AT + at + k]
            new_v[p + k] = w[Y_AT + at + k]
        if box[2] == 0:
            new_u[p - ONE] = w[X_AT + at - ONE]
        if row == 0:
            for i in range(columns):
                k = np.uint64(i)
                new_v[p - width + k] = w[Y_AT + at - ROW + k]
    return lost


@inner(error_model="numpy")
def inertial_on_tile(
    w: np.ndarray,
    cells: Cells,
    tiles: Tiles,
    border: Border,
    numbers: Numbers,
    tile: int,
    buffers: tuple[int, int],
    dt_s: float,
    rain: float,
) -> None:
    """One step: depths and discharges of buffer ``source`` to those of ``target``. The tile owns its eastern and southern
    faces, and those of the domain's western and northern sides.

    Parameters
    ----------
    w : ndarray, shape (WORKSPACE,)
        Workspace that is overwritten, one for each thread.
    cells : Cells
        Depths [m] and discharges through faces [m²/s] are written into ``target``.
    tiles : Tiles
        ``found`` and ``wet`` of the tile are written.
    border : Border
        Decides the discharge through faces on the sides of the domain; their ``flux`` [m²/s] is written, positive inward.
    numbers : Numbers
    tile : int
    buffers : tuple of int
        ``source``, whose rim is filled, and ``target``, each 0 to 2.
    dt_s : float
        Length of the step [s].
    rain : float
        [m/s], multiplied by the weight of each cell.

    References
    ----------
    Bates, Horritt & Fewtrell 2010, Journal of Hydrology 387, 33; de Almeida, Bates, Freer & Souvignet 2012, Water Resources
    Research 48, W05528.
    """
    box = tiles.box[tile]
    ratio, rain_m = dt_s / numbers.cell_size_m, rain * dt_s if numbers.has_rain else 0.0
    reach = momentum(w, cells, box, numbers, buffers[0], dt_s)
    for axis in range(2):
        over_crests(w, cells, box, numbers, tile, axis, buffers[0], GRAVITY * dt_s / numbers.cell_size_m)
    _close_sides(w, border, box, numbers, reach)
    h, width = cells.h[buffers[0]].ravel(), np.uint64(cells.z.shape[1])
    if _count_short(w, h, width, box, reach, ratio) > 0:
        _share_out(w, h, width, box, reach, ratio)
    lost = _move(w, cells, box, numbers, buffers, ratio, rain_m)
    _note(w, border, box, numbers)
    lowest, highest, deepest = 0.0, 0.0, 0.0
    for c in range(box[3] - box[2]):
        lowest = min(lowest, w[EXTREMES + 2 * STRIDE + c])
        highest = max(highest, w[EXTREMES + c])
    for c in range(reach[3] - reach[2] + 2):
        deepest = max(deepest, w[EXTREMES + STRIDE + c])
    tiles.found[FASTEST, tile] = math.sqrt(GRAVITY * max(deepest, highest))
    tiles.found[LOWEST, tile] = lowest
    tiles.found[DOUBT, tile] = float(lost)
    tiles.wet[buffers[1], tile] = highest > numbers.dry_depth_m
