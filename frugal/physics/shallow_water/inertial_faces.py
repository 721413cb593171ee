"""Discharges of the local inertial model through the faces in and around a tile: pressure, inertia, friction, weirs.

Places are unsigned numbers throughout: for a signed one that is not known while compiling, numba allows that it counts from the
end, and the processor can no longer take eight numbers at once.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from frugal.physics.arithmetic import inverse_cube_root
from frugal.physics.compiled import inner
from frugal.physics.shallow_water.crest_faces import FADES_BELOW, LEAST_SHARE, WHOLE_ABOVE
from frugal.physics.shallow_water.state import AREA, CHEZY, GRAVITY, LINEAR, MANNING, RIM, STRIDE, Cells, Numbers
from frugal.physics.weir_law import FREE_SHARE, REGAINED, WEIR, depth_with_head

THETA = 0.9
FROUDE = 0.8
#: Step over the depth of the water above it: below the first a face passes what any does, above the second what a weir does.
_WEIR_FROM, _WEIR_WHOLE = 0.03, 0.08
#: Least share of the velocity head that a step takes from the level.
_LEAST_GIVEN = 0.05

# Fields of the workspace, cells of the tile and its rim; the last holds rows of extremes. Then the same as unsigned numbers.
E, H, NEW_X, NEW_Y, BRAKE_X, BRAKE_Y, SHARE, EXTREMES = (k * AREA for k in range(8))
E_AT, H_AT, X_AT, Y_AT = np.uint64(E), np.uint64(H), np.uint64(NEW_X), np.uint64(NEW_Y)
BRAKE_X_AT, BRAKE_Y_AT, SHARE_AT, HIGHEST_AT = (
    np.uint64(BRAKE_X),
    np.uint64(BRAKE_Y),
    np.uint64(SHARE),
    np.uint64(EXTREMES),
)
DEEPEST_AT, LOWEST_AT = np.uint64(EXTREMES + STRIDE), np.uint64(EXTREMES + 2 * STRIDE)
ROW, ONE = np.uint64(STRIDE), np.uint64(1)


# The next ones are written into their callers: a row of cells or of faces each, ``at`` its first place in the workspace, ``p``
# the one in the arrays.


@njit(inline="always")
def _read_row(
    w: np.ndarray, h: np.ndarray, z: np.ndarray, at: np.uint64, p: np.uint64, count: int, dry_depth_m: float
) -> int:
    """Depths and levels; returns how many cells are wet."""
    wet = 0
    for i in range(count):
        k = np.uint64(i)
        real = h[p + k]
        depth = real if real > dry_depth_m else 0.0
        w[H_AT + at + k] = depth
        w[E_AT + at + k] = z[p + k] + depth
        w[DEEPEST_AT + k] = max(w[DEEPEST_AT + k], depth)
        wet += 1 if depth > 0.0 else 0
    return wet


@njit(inline="always")
def _brake_row(
    w: np.ndarray,
    flow: np.ndarray,
    across: np.ndarray,
    z: np.ndarray,
    friction: np.ndarray,
    at: np.uint64,
    p: np.uint64,
    count: int,
    step: np.uint64,
    turn: np.uint64,
    over: np.uint64,
    brake: np.uint64,
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
            depth = max(max(w[E_AT + a], w[E_AT + a + over]) - max(z[b], z[b + step]), dry_depth_m)
            y = inverse_cube_root(depth)
            cubed = y * y * y
            length = math.sqrt(flow[b] * flow[b] + beside * beside)
            w[brake + a] = half * (friction[b] + friction[b + step]) * length * (cubed * cubed * y)
    elif law == CHEZY:
        for i in range(count):
            k = np.uint64(i)
            a, b = at + k, p + k
            beside = 0.25 * (across[b] + across[b - turn] + across[b + step] + across[b + step - turn])
            depth = max(max(w[E_AT + a], w[E_AT + a + over]) - max(z[b], z[b + step]), dry_depth_m)
            length = math.sqrt(flow[b] * flow[b] + beside * beside)
            w[brake + a] = half * (friction[b] + friction[b + step]) * length / (depth * depth)
    else:
        rate = half if law == LINEAR else 0.0
        for i in range(count):
            k = np.uint64(i)
            w[brake + at + k] = rate * (friction[p + k] + friction[p + step + k])


@njit(inline="always")
def _flow_row(
    w: np.ndarray,
    flow: np.ndarray,
    z: np.ndarray,
    at: np.uint64,
    p: np.uint64,
    count: int,
    step: np.uint64,
    over: np.uint64,
    new: np.uint64,
    brake: np.uint64,
    pull: float,
    dry_depth_m: float,
) -> int:
    """New discharges, not yet held to the critical one; returns how many are above that. ``pull`` is g dt/dx."""
    above = 0
    for i in range(count):
        k = np.uint64(i)
        a, b = at + k, p + k
        before, after = w[E_AT + a], w[E_AT + a + over]
        depth = max(before, after) - max(z[b], z[b + step])
        mean = THETA * flow[b] + 0.5 * (1.0 - THETA) * (flow[b - step] + flow[b + step])
        q = (mean + pull * depth * (before - after)) / (1.0 + w[brake + a])
        q = q if depth > dry_depth_m else 0.0
        w[new + a] = q
        above += 1 if q * q > FROUDE * FROUDE * GRAVITY * depth * depth * depth and depth > dry_depth_m else 0
    return above


@njit(inline="always")
def _hold_row(
    w: np.ndarray,
    z: np.ndarray,
    at: np.uint64,
    p: np.uint64,
    count: int,
    step: np.uint64,
    over: np.uint64,
    new: np.uint64,
) -> None:
    """Discharges held to ``FROUDE`` times the critical one."""
    for i in range(count):
        k = np.uint64(i)
        a, b = at + k, p + k
        depth = max(0.0, max(w[E_AT + a], w[E_AT + a + over]) - max(z[b], z[b + step]))
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
    at: np.uint64,
    p: np.uint64,
    count: int,
    step: np.uint64,
    turn: np.uint64,
    over: np.uint64,
    new: np.uint64,
    brake: np.uint64,
    dt_s: float,
    numbers: Numbers,
) -> None:
    """One row of new discharges."""
    dry = numbers.dry_depth_m
    _brake_row(w, flow, across, z, friction, at, p, count, step, turn, over, brake, dt_s, numbers.friction_law, dry)
    pull = GRAVITY * dt_s / numbers.cell_size_m
    if _flow_row(w, flow, z, at, p, count, step, over, new, brake, pull, dry) > 0:
        _hold_row(w, z, at, p, count, step, over, new)


@inner(error_model="numpy")
def clear_row(w: np.ndarray, at: np.uint64, count: int) -> None:
    """Put zeros into ``count`` places of the workspace from ``at`` on."""
    for i in range(count):
        w[at + np.uint64(i)] = 0.0


@inner(error_model="numpy")
def momentum(
    w: np.ndarray, cells: Cells, box: np.ndarray, numbers: Numbers, source: int, dt_s: float
) -> tuple[int, int, int, int]:
    """Discharges through all faces of the tile's cells and of those beside them, inside the domain and on its sides.

    Parameters
    ----------
    w : ndarray, shape (WORKSPACE,)
        Levels, depths and new discharges are written.
    cells : Cells
    box : ndarray of int, shape (4,)
        Of the tile.
    numbers : Numbers
    source : int
        Buffer whose state is read, 0 to 2.
    dt_s : float
        Length of the step [s].

    Returns
    -------
    tuple of int
        First and last row and column of these cells, lasts excluded.
    """
    h, u, v = cells.h[source].ravel(), cells.u[source].ravel(), cells.v[source].ravel()
    z, friction = cells.z.ravel(), cells.friction.ravel()
    width = np.uint64(cells.z.shape[1])
    first, last, left, right = max(box[0] - 1, 0), min(box[1] + 1, numbers.rows), max(box[2] - 1, 0), 0
    right = min(box[3] + 1, numbers.columns)
    # One more cell on each side: read, to have the faces of the outermost.
    across = right - left + 2
    wet_before = 0
    clear_row(w, DEEPEST_AT, across)
    for row in range(first - 1, last + 1):
        at = np.uint64((row - box[0] + RIM) * STRIDE + left - box[2] + RIM - 1)
        p = np.uint64(row + RIM) * width + np.uint64(left + RIM - 1)
        wet = _read_row(w, h, z, at, p, across, numbers.dry_depth_m)
        if row >= first:  # the southern faces of the row before
            at_face, p_face = at - ROW + ONE, p - width + ONE
            if wet + wet_before > 0:
                _faces(
                    w,
                    v,
                    u,
                    z,
                    friction,
                    at_face,
                    p_face,
                    across - 2,
                    width,
                    ONE,
                    ROW,
                    Y_AT,
                    BRAKE_Y_AT,
                    dt_s,
                    numbers,
                )
            else:
                clear_row(w, Y_AT + at_face, across - 2)
        if first <= row < last:
            if wet > 0:
                _faces(w, u, v, z, friction, at, p, across - 1, ONE, width, ONE, X_AT, BRAKE_X_AT, dt_s, numbers)
            else:
                clear_row(w, X_AT + at, across - 1)
        wet_before = wet
    return first, last, left, right


@inner(error_model="numpy")
def _most_over_crest(over: float, beyond: float, step: float, upward: bool) -> float:
    """Greatest discharge [m²/s] through the edge of a crest.

    ``over`` is the depth [m] of the higher level over the crest, ``beyond`` that of the lower one, ``step`` the height of the
    edge [m].
    """
    ratio = step / over
    weir = min(1.0, max(0.0, (ratio - _WEIR_FROM) / (_WEIR_WHOLE - _WEIR_FROM)))
    given = min(1.0, max(_LEAST_GIVEN, (ratio - FADES_BELOW) / (WHOLE_ABOVE - FADES_BELOW)))
    # Depth over head on the crest when it passes freely: with a share s of the velocity head given up, y² (1 - y) = 4/27 s.
    free = depth_with_head(1.0, math.sqrt(given) * WEIR)
    if upward:
        crest = min(1.0, (beyond / over - REGAINED) / (1.0 - REGAINED))
        share = FREE_SHARE if crest <= free else crest * math.sqrt(2.0 * (1.0 - crest) / given)
    else:
        share = FREE_SHARE / (free * math.sqrt(free))
    return (weir * share + (1.0 - weir) * FROUDE) * over * math.sqrt(GRAVITY * over)


@inner(error_model="numpy")
def over_crests(
    w: np.ndarray, cells: Cells, box: np.ndarray, numbers: Numbers, tile: int, axis: int, source: int, pull: float
) -> None:
    """Discharges through the edges of crests, in place of those held to ``FROUDE``.

    Parameters
    ----------
    w : ndarray, shape (WORKSPACE,)
        As `momentum` left it; new discharges are overwritten.
    cells : Cells
    box : ndarray of int, shape (4,)
        Of the tile.
    numbers : Numbers
    tile : int
    axis : int
        0 for faces toward the next column, 1 for those toward the next row.
    source : int
        Buffer whose discharges are read, 0 to 2.
    pull : float
        Gravity times the step over the size of a cell [m/s].
    """
    crests, z = cells.crests, cells.z
    step, down, right = (1, 0, 1) if axis == 0 else (STRIDE, 1, 0)
    flow = cells.u[source] if axis == 0 else cells.v[source]
    new, brake = (NEW_X, BRAKE_X) if axis == 0 else (NEW_Y, BRAKE_Y)
    for k in range(crests.first[tile, axis], crests.first[tile, axis + 1]):
        face, p = crests.face[k], crests.place[k]
        row, column = p // STRIDE + box[0], p % STRIDE + box[2]
        rise = z[row + down, column + right] - z[row, column]
        top = max(z[row + down, column + right], z[row, column])
        before, after = w[E + p], w[E + p + step]
        over = max(before, after) - top
        if not crests.active[face] or over <= numbers.dry_depth_m:
            continue
        mean = THETA * flow[row, column]
        mean += 0.5 * (1.0 - THETA) * (flow[row - down, column - right] + flow[row + down, column + right])
        q = (mean + pull * over * (before - after)) / (1.0 + w[brake + p])
        beyond = max(0.0, min(before, after) - top)
        length = max(abs(crests.normal[face, axis]), LEAST_SHARE)
        most = length * _most_over_crest(over, beyond, abs(rise), (q > 0.0) == (rise > 0.0))
        w[new + p] = math.copysign(most, q) if abs(q) > most else q
