"""The local inertial model: momentum without its own transport, on faces. One pass on each tile makes a step.

    q' = (theta q + (1 - theta)/2 (q_before + q_after) - g h_f dt d(level)/dx) / (1 + g n² dt |q| / h_f^(7/3))
    h' = h + dt (q_west - q_east + q_north - q_south)/dx + rain dt

with h_f the higher level less the higher bed (Bates, Horritt & Fewtrell 2010, Journal of Hydrology 387, 33; the weighting
theta of de Almeida et al. 2012, Water Resources Research 48, W05528). Friction takes the length of the two-dimensional
discharge, so that a flood spreads alike in all directions. A face passes at most ``FROUDE`` times its critical discharge,
and a cell gives at most what it holds, so that depths stay positive.

Holds for slow variations at Froude numbers well below 1; wrong for dam breaks and steep torrents. ``u`` and ``v`` of the
cells are here the discharges [m²/s] through the eastern and southern face of each cell.

What a cell gives depends on all its four faces, so a tile also computes the discharges around the cells beside it: a tenth more
arithmetic, and nothing is read or written twice. Places are unsigned numbers throughout: for a signed one that is not known
while compiling, numba allows that it counts from the end, and the processor can no longer take eight numbers at once.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from frugal.physics.compiled import inner
from frugal.physics.shallow_water.arithmetic import inverse_cube_root
from frugal.physics.shallow_water.state import (
    AREA,
    CHEZY,
    DISCHARGE,
    DOUBT,
    EAST,
    FASTEST,
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
#: A hair less than all, so that rounding leaves no cell below zero.
_ALMOST = 1.0 - 1e-12

# Fields of the workspace, cells of the tile and its rim; the last holds rows of extremes.
E, H, NEW_X, NEW_Y, BRAKE, SHARE, EXTREMES = 0, AREA, 2 * AREA, 3 * AREA, 4 * AREA, 5 * AREA, 6 * AREA
_E, _H, _NEW_X, _NEW_Y = np.uint64(E), np.uint64(H), np.uint64(NEW_X), np.uint64(NEW_Y)
_BRAKE, _SHARE, _HIGHEST = np.uint64(BRAKE), np.uint64(SHARE), np.uint64(EXTREMES)
_DEEPEST, _LOWEST = np.uint64(EXTREMES + STRIDE), np.uint64(EXTREMES + 2 * STRIDE)
_STRIDE, _ONE = np.uint64(STRIDE), np.uint64(1)


# The next ones are written into their callers: a row of cells or of faces each, ``at`` its first place in the workspace, ``p``
# the one in the arrays.


@njit(inline="always")
def _read_row(w: np.ndarray, h: np.ndarray, z: np.ndarray, at: int, p: int, count: int, dry_depth_m: float) -> int:
    """Depths and levels; returns how many cells are wet."""
    wet = 0
    for i in range(count):
        k = np.uint64(i)
        real = h[p + k]
        depth = real if real > dry_depth_m else 0.0
        w[_H + at + k] = depth
        w[_E + at + k] = z[p + k] + depth
        w[_DEEPEST + k] = max(w[_DEEPEST + k], depth)
        wet += 1 if depth > 0.0 else 0
    return wet


@njit(inline="always")
def _brake_row(
    w: np.ndarray,
    flow: np.ndarray,
    across: np.ndarray,
    z: np.ndarray,
    friction: np.ndarray,
    at: int,
    p: int,
    count: int,
    step: int,
    turn: int,
    over: int,
    dt_s: float,
    law: int,
    dry_depth_m: float,
) -> None:
    """What friction divides by, less 1, on the faces between each cell and the one a ``step`` further, ``turn`` the other way.

    ``over`` is the step in the workspace.
    """
    half = 0.5 * dt_s
    if law == MANNING:
        for i in range(count):
            k = np.uint64(i)
            a, b = at + k, p + k
            beside = 0.25 * (across[b] + across[b - turn] + across[b + step] + across[b + step - turn])
            depth = max(max(w[_E + a], w[_E + a + over]) - max(z[b], z[b + step]), dry_depth_m)
            y = inverse_cube_root(depth)
            cubed = y * y * y
            length = math.sqrt(flow[b] * flow[b] + beside * beside)
            w[_BRAKE + a] = half * (friction[b] + friction[b + step]) * length * (cubed * cubed * y)
    elif law == CHEZY:
        for i in range(count):
            k = np.uint64(i)
            a, b = at + k, p + k
            beside = 0.25 * (across[b] + across[b - turn] + across[b + step] + across[b + step - turn])
            depth = max(max(w[_E + a], w[_E + a + over]) - max(z[b], z[b + step]), dry_depth_m)
            length = math.sqrt(flow[b] * flow[b] + beside * beside)
            w[_BRAKE + a] = half * (friction[b] + friction[b + step]) * length / (depth * depth)
    else:
        rate = half if law == LINEAR else 0.0
        for i in range(count):
            k = np.uint64(i)
            w[_BRAKE + at + k] = rate * (friction[p + k] + friction[p + step + k])


@njit(inline="always")
def _flow_row(
    w: np.ndarray,
    flow: np.ndarray,
    z: np.ndarray,
    at: int,
    p: int,
    count: int,
    step: int,
    over: int,
    new: int,
    pull: float,
    dry_depth_m: float,
) -> int:
    """New discharges, not yet held to the critical one; returns how many are above that. ``pull`` is g dt/dx."""
    above = 0
    for i in range(count):
        k = np.uint64(i)
        a, b = at + k, p + k
        before, after = w[_E + a], w[_E + a + over]
        depth = max(before, after) - max(z[b], z[b + step])
        mean = THETA * flow[b] + 0.5 * (1.0 - THETA) * (flow[b - step] + flow[b + step])
        q = (mean + pull * depth * (before - after)) / (1.0 + w[_BRAKE + a])
        q = q if depth > dry_depth_m else 0.0
        w[new + a] = q
        above += 1 if q * q > FROUDE * FROUDE * GRAVITY * depth * depth * depth and depth > dry_depth_m else 0
    return above


@njit(inline="always")
def _hold_row(w: np.ndarray, z: np.ndarray, at: int, p: int, count: int, step: int, over: int, new: int) -> None:
    """Discharges held to ``FROUDE`` times the critical one."""
    for i in range(count):
        k = np.uint64(i)
        a, b = at + k, p + k
        depth = max(0.0, max(w[_E + a], w[_E + a + over]) - max(z[b], z[b + step]))
        most = FROUDE * depth * math.sqrt(GRAVITY * depth)
        q = w[new + a]
        w[new + a] = math.copysign(most, q) if abs(q) > most else q  # what is not a number stays none


@njit(inline="always")
def _faces(
    w: np.ndarray,
    flow: np.ndarray,
    across: np.ndarray,
    z: np.ndarray,
    friction: np.ndarray,
    at: int,
    p: int,
    count: int,
    step: int,
    turn: int,
    over: int,
    new: int,
    dt_s: float,
    numbers: Numbers,
) -> None:
    """One row of new discharges."""
    dry = numbers.dry_depth_m
    _brake_row(w, flow, across, z, friction, at, p, count, step, turn, over, dt_s, numbers.friction_law, dry)
    pull = GRAVITY * dt_s / numbers.cell_size_m
    if _flow_row(w, flow, z, at, p, count, step, over, new, pull, dry) > 0:
        _hold_row(w, z, at, p, count, step, over, new)


@inner(error_model="numpy")
def _clear_row(w: np.ndarray, at: int, count: int) -> None:
    for i in range(count):
        w[at + np.uint64(i)] = 0.0


@inner(error_model="numpy")
def _momentum(
    w: np.ndarray, cells: Cells, box: np.ndarray, numbers: Numbers, source: int, dt_s: float
) -> tuple[int, int, int, int]:
    """Discharges through all faces of the tile's cells and of those beside them, inside the domain and on its sides.

    Returns the first and last row and column of these cells, lasts excluded.
    """
    h, u, v = cells.h[source].ravel(), cells.u[source].ravel(), cells.v[source].ravel()
    z, friction = cells.z.ravel(), cells.friction.ravel()
    width = np.uint64(cells.z.shape[1])
    first, last, left, right = max(box[0] - 1, 0), min(box[1] + 1, numbers.rows), max(box[2] - 1, 0), 0
    right = min(box[3] + 1, numbers.columns)
    # One more cell on each side: read, to have the faces of the outermost.
    across = right - left + 2
    wet_before = 0
    _clear_row(w, _DEEPEST, across)
    for row in range(first - 1, last + 1):
        at = np.uint64((row - box[0] + RIM) * STRIDE + left - box[2] + RIM - 1)
        p = np.uint64(row + RIM) * width + np.uint64(left + RIM - 1)
        wet = _read_row(w, h, z, at, p, across, numbers.dry_depth_m)
        if row >= first:  # the southern faces of the row before
            at_face, p_face = at - _STRIDE + _ONE, p - width + _ONE
            if wet + wet_before > 0:
                _faces(w, v, u, z, friction, at_face, p_face, across - 2, width, _ONE, _STRIDE, _NEW_Y, dt_s, numbers)
            else:
                _clear_row(w, _NEW_Y + at_face, across - 2)
        if first <= row < last:
            if wet > 0:
                _faces(w, u, v, z, friction, at, p, across - 1, _ONE, width, _ONE, _NEW_X, dt_s, numbers)
            else:
                _clear_row(w, _NEW_X + at, across - 1)
        wet_before = wet
    return first, last, left, right


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
        elif kind == OPEN:
            inside = w[p + step] if low_side else w[p - step]
            w[p] = min(0.0, inside) if low_side else max(0.0, inside)


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
    w: np.ndarray, h: np.ndarray, width: int, box: np.ndarray, reach: tuple[int, int, int, int], ratio: float
) -> int:
    """How many cells would give more than they hold."""
    short = 0
    for row in range(reach[0], reach[1]):
        at = np.uint64((row - box[0] + RIM) * STRIDE + reach[2] - box[2] + RIM)
        p = np.uint64(row + RIM) * width + np.uint64(reach[2] + RIM)
        for i in range(reach[3] - reach[2]):
            k = np.uint64(i)
            a = at + k
            east_west = max(0.0, w[_NEW_X + a]) - min(0.0, w[_NEW_X + a - _ONE])
            leaving = east_west + max(0.0, w[_NEW_Y + a]) - min(0.0, w[_NEW_Y + a - _STRIDE])
            short += 1 if ratio * leaving > _ALMOST * h[p + k] else 0
    return short


@inner(error_model="numpy")
def _share_out(
    w: np.ndarray, h: np.ndarray, width: int, box: np.ndarray, reach: tuple[int, int, int, int], ratio: float
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
            east_west = max(0.0, w[_NEW_X + a]) - min(0.0, w[_NEW_X + a - _ONE])
            leaving = east_west + max(0.0, w[_NEW_Y + a]) - min(0.0, w[_NEW_Y + a - _STRIDE])
            w[_SHARE + a] = min(1.0, _ALMOST * h[p + k] / max(ratio * leaving, 1e-300))
    for r in range(-1, rows):
        at = np.uint64((r + RIM) * STRIDE + RIM - 1)
        for i in range(columns + 1):
            a = at + np.uint64(i)
            q = w[_NEW_X + a]
            w[_NEW_X + a] = q * (w[_SHARE + a] if q > 0.0 else w[_SHARE + a + _ONE])
        for i in range(columns + 1):
            a = at + np.uint64(i)
            q = w[_NEW_Y + a]
            w[_NEW_Y + a] = q * (w[_SHARE + a] if q > 0.0 else w[_SHARE + a + _STRIDE])


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
    _clear_row(w, _HIGHEST, columns)
    _clear_row(w, _LOWEST, columns)
    lost = 0
    for row in range(box[0], box[1]):
        at = np.uint64((row - box[0] + RIM) * STRIDE + RIM)
        p = np.uint64(row + RIM) * width + np.uint64(box[2] + RIM)
        if rain_m > 0.0:
            fell = np.uint64(row * numbers.columns + box[2])
            for i in range(columns):
                w[_BRAKE + np.uint64(i)] = rain_m * weight[fell + np.uint64(i)]
        else:
            _clear_row(w, _BRAKE, columns)
        for i in range(columns):
            k = np.uint64(i)
            a = at + k
            gained = w[_NEW_X + a - _ONE] - w[_NEW_X + a] + w[_NEW_Y + a - _STRIDE] - w[_NEW_Y + a]
            depth = h[p + k] + ratio * gained + w[_BRAKE + k]
            w[_HIGHEST + k] = max(w[_HIGHEST + k], depth)
            w[_LOWEST + k] = min(w[_LOWEST + k], depth)
            lost += 0 if depth - depth == 0.0 else 1
            new_h[p + k] = max(depth, 0.0)
        for i in range(columns):
            k = np.uint64(i)
            new_u[p + k] = w[_NEW_X + at + k]
            new_v[p + k] = w[_NEW_Y + at + k]
        if box[2] == 0:
            new_u[p - _ONE] = w[_NEW_X + at - _ONE]
        if row == 0:
            for i in range(columns):
                k = np.uint64(i)
                new_v[p - width + k] = w[_NEW_Y + at - _STRIDE + k]
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
    w : ndarray, shape (27 AREA,)
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
    reach = _momentum(w, cells, box, numbers, buffers[0], dt_s)
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
