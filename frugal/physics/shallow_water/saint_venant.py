"""The Saint-Venant equations by finite volumes: one stage on one tile.

    h_t + (h u)_x + (h v)_y = rain
    (h u)_t + (h u² + g h²/2)_x + (h u v)_y = - g h z_x - friction
    (h v)_t + (h u v)_x + (h v² + g h²/2)_y = - g h z_y - friction

Second order: level, depth and velocity are linear in each cell with slopes limited between neighbours (generalised minmod,
van Leer 1979); each face then sees the bed as level minus depth. Hydrostatic reconstruction (Audusse et al. 2004, SIAM
J. Sci. Comput. 25, 2050) of both sides over the higher bed, with the pressure left behind and the bed slope inside the
cell gathered into ``- g h (level_east - level_west)``, so that water at rest stays at rest. HLLC fluxes (Toro 2001,
*Shock-Capturing Methods for Free-Surface Shallow Flows*): HLL for mass and normal momentum with the two-rarefaction wave
speeds, the transverse velocity taken from where the mass comes. Friction is implicit in each stage of the strong
stability preserving Runge-Kutta scheme of order 2: for friction k |q| q the equation of the stage has a closed form.
First order is the same with flat cells and one stage.

All arrays of a tile lie in one flat workspace whose fields are a constant distance apart, which lets the compiler
compute four cells at once; columns of the rim take part in the loops and their results are not used.
"""

from __future__ import annotations

import math

import numpy as np

from frugal.physics.arithmetic import limited_slopes
from frugal.physics.compiled import inner
from frugal.physics.shallow_water.balance import balance, brake, lines_of, settle
from frugal.physics.shallow_water.closing import close_x, close_y
from frugal.physics.shallow_water.crest_faces import over_crests, soften
from frugal.physics.shallow_water.state import (
    AREA_ON,
    DOUBT,
    E_AT,
    FASTEST,
    FASTEST_AT,
    FRICTION_AT,
    GRAVITY,
    H_AT,
    HIGHEST_AT,
    LOWEST,
    LOWEST_AT,
    NEW_H_AT,
    NEW_U_AT,
    NEW_V_AT,
    OLD_H_AT,
    OLD_U_AT,
    OLD_V_AT,
    ONE_ON,
    RAIN,
    REAL_H_AT,
    RIM,
    ROW_ON,
    SLOPE_EX,
    SLOPE_EX_AT,
    SLOPE_EY,
    SLOPE_EY_AT,
    SLOPE_H_AT,
    SLOPE_U_AT,
    SLOPE_V_AT,
    SPEED_AT,
    STRIDE,
    TILE_ROWS,
    U_AT,
    V_AT,
    X_MASS_AT,
    Y_MASS_AT,
    Border,
    Cells,
    Crests,
    Numbers,
    Tiles,
    U,
    V,
)


# Written into its callers, where the fields become constants. Making one function per direction in a factory would give all
# one name, and kernels read from numba's cache then call the wrong one.
@inner(error_model="numpy", forceinline=True)
def _fluxes(
    w: np.ndarray,
    at: np.uint64,
    step: np.uint64,
    slope_e: np.uint64,
    normal: np.uint64,
    across: np.uint64,
    slope_n: np.uint64,
    slope_a: np.uint64,
    out: np.uint64,
    lines: int,
    count: int,
) -> None:
    """HLLC fluxes through the faces between each cell and the next along one direction.

    ``out`` is the first of four fields: mass, normal momentum less the hydrostatic pressure of the left and of the
    right side (what each cell feels beyond its own water at rest), transverse momentum.
    """
    for r in range(lines):
        line = at + np.uint64(r) * ROW_ON
        for i in range(count):
            p = line + np.uint64(i)
            q = p + step
            e1 = w[E_AT + p] + 0.5 * w[slope_e + p]
            h1 = w[H_AT + p] + 0.5 * w[SLOPE_H_AT + p]
            u1 = w[normal + p] + 0.5 * w[slope_n + p]
            v1 = w[across + p] + 0.5 * w[slope_a + p]
            e2 = w[E_AT + q] - 0.5 * w[slope_e + q]
            h2 = w[H_AT + q] - 0.5 * w[SLOPE_H_AT + q]
            u2 = w[normal + q] - 0.5 * w[slope_n + q]
            v2 = w[across + q] - 0.5 * w[slope_a + q]
            bed = max(e1 - h1, e2 - h2)
            h1 = min(h1, max(0.0, e1 - bed))
            h2 = min(h2, max(0.0, e2 - bed))
            c1 = math.sqrt(GRAVITY * h1)
            c2 = math.sqrt(GRAVITY * h2)
            middle_u = 0.5 * (u1 + u2) + c1 - c2
            middle_c = 0.5 * (c1 + c2) + 0.25 * (u1 - u2)
            s1 = min(u1 - c1, middle_u - middle_c)
            s2 = max(u2 + c2, middle_u + middle_c)
            s1 = u1 - c1 if h2 <= 0.0 else s1
            s2 = u1 + 2.0 * c1 if h2 <= 0.0 else s2
            s1 = u2 - 2.0 * c2 if h1 <= 0.0 else s1
            s2 = u2 + c2 if h1 <= 0.0 else s2
            dry = h1 + h2 <= 0.0
            s1 = 0.0 if dry else min(s1, 0.0)
            s2 = 0.0 if dry else max(s2, 0.0)
            share = 1.0 / max(s2 - s1, 1e-30)
            m1 = h1 * u1
            m2 = h2 * u2
            mass = m1 + s1 * share * (m1 - m2 + s2 * (h2 - h1))
            thrust = m1 * u1 - m2 * u2 + 0.5 * GRAVITY * (h1 - h2) * (h1 + h2)
            w[out + p] = mass
            w[out + AREA_ON + p] = m1 * u1 + s1 * share * (thrust + s2 * (m2 - m1))
            w[out + AREA_ON + AREA_ON + p] = m2 * u2 + s2 * share * (thrust + s1 * (m2 - m1))
            w[out + AREA_ON + AREA_ON + AREA_ON + p] = mass * (v1 if mass > 0.0 else v2)
            w[SPEED_AT + p] = max(s2, -s1)


@inner(error_model="numpy")
def _clear(w: np.ndarray, first: int, last: int, second_order: bool, slope_e: np.uint64, out: np.uint64) -> None:
    """Slopes and fluxes of rows that hold no water, nor those beside them."""
    at = np.uint64(first) * ROW_ON
    for i in range((last - first) * STRIDE):
        p = at + np.uint64(i)
        w[out + p] = 0.0
        w[out + AREA_ON + p] = 0.0
        w[out + AREA_ON + AREA_ON + p] = 0.0
        w[out + AREA_ON + AREA_ON + AREA_ON + p] = 0.0
        w[SPEED_AT + p] = 0.0
    if second_order:
        for i in range((last - first) * STRIDE):
            p = at + np.uint64(i)
            w[slope_e + p] = 0.0
            w[SLOPE_H_AT + p] = 0.0
            w[SLOPE_U_AT + p] = 0.0
            w[SLOPE_V_AT + p] = 0.0


@inner(error_model="numpy")
def _along_rows(
    w: np.ndarray, crests: Crests, tile: int, rows: int, columns: int, wet: tuple[int, int], second_order: bool
) -> None:
    """Fluxes through the faces between columns; rows outside ``wet`` (first, one beyond the last) hold no water."""
    first, last = crests.first[tile, 0], crests.first[tile, 1]
    begin = min(max(wet[0], RIM), rows + RIM)
    end = max(min(wet[1], rows + RIM), begin)
    _clear(w, RIM, begin, second_order, SLOPE_EX_AT, X_MASS_AT)
    _clear(w, end, rows + RIM, second_order, SLOPE_EX_AT, X_MASS_AT)
    at, (lines, count) = np.uint64(begin) * ROW_ON + ONE_ON, lines_of(end - begin, columns)
    if second_order:
        limited_slopes(w, E_AT, SLOPE_EX_AT, at, ONE_ON, ROW_ON, lines, count)
        limited_slopes(w, H_AT, SLOPE_H_AT, at, ONE_ON, ROW_ON, lines, count)
        limited_slopes(w, U_AT, SLOPE_U_AT, at, ONE_ON, ROW_ON, lines, count)
        limited_slopes(w, V_AT, SLOPE_V_AT, at, ONE_ON, ROW_ON, lines, count)
    soften(w, crests, first, last, 1, SLOPE_EX, U)
    _fluxes(w, at, ONE_ON, SLOPE_EX_AT, U_AT, V_AT, SLOPE_U_AT, SLOPE_V_AT, X_MASS_AT, lines, count)
    over_crests(w, crests, first, last, 0)


@inner(error_model="numpy")
def _along_columns(
    w: np.ndarray, crests: Crests, tile: int, rows: int, columns: int, wet: tuple[int, int], second_order: bool
) -> None:
    """Fluxes through the faces between rows; rows outside ``wet`` hold no water."""
    first, last = crests.first[tile, 1], crests.first[tile, 2]
    begin = min(max(wet[0] - 1, 1), rows + RIM + 1)
    end = max(min(wet[1] + 1, rows + RIM + 1), begin)
    _clear(w, 1, begin, second_order, SLOPE_EY_AT, Y_MASS_AT)
    _clear(w, end, rows + RIM + 1, second_order, SLOPE_EY_AT, Y_MASS_AT)
    at, (lines, count) = np.uint64(begin) * ROW_ON, lines_of(end - begin, columns)
    if second_order:
        limited_slopes(w, E_AT, SLOPE_EY_AT, at, ROW_ON, ROW_ON, lines, count)
        limited_slopes(w, H_AT, SLOPE_H_AT, at, ROW_ON, ROW_ON, lines, count)
        limited_slopes(w, U_AT, SLOPE_U_AT, at, ROW_ON, ROW_ON, lines, count)
        limited_slopes(w, V_AT, SLOPE_V_AT, at, ROW_ON, ROW_ON, lines, count)
    soften(w, crests, first, last, STRIDE, SLOPE_EY, V)
    lines, count = lines_of(min(end, rows + RIM) - begin, columns)  # no faces beyond the last row of the tile
    _fluxes(w, at, ROW_ON, SLOPE_EY_AT, V_AT, U_AT, SLOPE_V_AT, SLOPE_U_AT, Y_MASS_AT, lines, count)
    over_crests(w, crests, first, last, 1)


@inner(error_model="numpy")
def _load(w: np.ndarray, cells: Cells, box: np.ndarray, source: int, old: int, dry_depth_m: float) -> tuple[int, int]:
    """The tile and its rim; returns the first row that holds water, and one beyond the last."""
    left, across = box[2], box[3] - box[2] + 2 * RIM
    h, u, v = cells.h[source].ravel(), cells.u[source].ravel(), cells.v[source].ravel()
    z, friction, width = cells.z.ravel(), cells.friction.ravel(), np.uint64(cells.z.shape[1])
    begin, end = TILE_ROWS + 2 * RIM, 0
    for r in range(box[1] - box[0] + 2 * RIM):
        at, place = np.uint64(r) * ROW_ON, np.uint64(box[0] + r) * width + np.uint64(left)
        wet = 0
        for c in range(across):
            a, b = at + np.uint64(c), place + np.uint64(c)
            real = h[b]
            depth = real if real > dry_depth_m else 0.0
            w[REAL_H_AT + a] = real
            w[H_AT + a] = depth
            w[E_AT + a] = z[b] + depth
            wet += 0 if real <= dry_depth_m else 1
        for c in range(across):
            a, b = at + np.uint64(c), place + np.uint64(c)
            w[U_AT + a] = u[b]
            w[V_AT + a] = v[b]
            w[FRICTION_AT + a] = friction[b]
        if wet > 0:
            begin, end = min(begin, r), r + 1
    if old >= 0:
        h, u, v = cells.h[old].ravel(), cells.u[old].ravel(), cells.v[old].ravel()
        for r in range(RIM, box[1] - box[0] + RIM):
            at, place = np.uint64(r) * ROW_ON, np.uint64(box[0] + r) * width + np.uint64(left)
            for c in range(across):
                a, b = at + np.uint64(c), place + np.uint64(c)
                w[OLD_H_AT + a] = h[b]
                w[OLD_U_AT + a] = u[b]
                w[OLD_V_AT + a] = v[b]
    return begin, end


@inner(error_model="numpy")
def _fastest(w: np.ndarray, first_row: int, rows: int, first_column: int, columns: int) -> None:
    """Raise the fastest wave of each column."""
    for r in range(first_row, first_row + rows):
        at = np.uint64(r) * ROW_ON + np.uint64(first_column)
        for c in range(columns):
            k = np.uint64(c)
            w[FASTEST_AT + k] = max(w[FASTEST_AT + k], w[SPEED_AT + at + k])


@inner(error_model="numpy")
def _store(w: np.ndarray, cells: Cells, tiles: Tiles, tile: int, target: int, dry_depth_m: float) -> None:
    box, across = tiles.box[tile], tiles.box[tile, 3] - tiles.box[tile, 2]
    h, u, v = cells.h[target].ravel(), cells.u[target].ravel(), cells.v[target].ravel()
    width = np.uint64(cells.z.shape[1])
    lost = 0
    for r in range(box[1] - box[0]):
        at = np.uint64(r + RIM) * ROW_ON + np.uint64(RIM)
        place = np.uint64(box[0] + r + RIM) * width + np.uint64(box[2] + RIM)
        for c in range(across):
            k = np.uint64(c)
            depth = w[NEW_H_AT + at + k]
            w[HIGHEST_AT + k] = max(w[HIGHEST_AT + k], depth)
            w[LOWEST_AT + k] = min(w[LOWEST_AT + k], depth)
            h[place + k] = max(depth, 0.0)
        for c in range(across):
            k = np.uint64(c)
            depth, along, beside = w[NEW_H_AT + at + k], w[NEW_U_AT + at + k], w[NEW_V_AT + at + k]
            lost += 0 if (depth - depth) + (along - along) + (beside - beside) == 0.0 else 1  # a number is none
            u[place + k] = along
            v[place + k] = beside
    fastest, lowest, highest = 0.0, 0.0, 0.0
    for c in range(STRIDE):
        k = np.uint64(c)
        fastest = max(fastest, w[FASTEST_AT + k])
        highest = max(highest, w[HIGHEST_AT + k])
        lowest = min(lowest, w[LOWEST_AT + k])
    tiles.found[FASTEST, tile] = fastest
    tiles.found[LOWEST, tile] = lowest
    tiles.found[DOUBT, tile] = float(lost)
    tiles.wet[target, tile] = highest > dry_depth_m


@inner(error_model="numpy")
def stage_on_tile(
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
    """One stage of one tile: from buffer ``source`` to ``target``, averaged with ``old`` when that is 0 or more.

    Leaves in ``tiles`` the fastest wave met at a face, the lowest depth and a mark for numbers that are none.

    Parameters
    ----------
    w : ndarray, shape (WORKSPACE,)
        Workspace that is overwritten, one for each thread.
    cells : Cells
        Depth [m] and velocity [m/s] of the tile are written into ``target``, without the rim.
    tiles : Tiles
        ``found`` and ``wet`` of the tile are written.
    border : Border
        ``flux`` [m²/s] through the tile's faces on the sides of the domain is written, positive inward.
    numbers : Numbers
    tile : int
    buffers : tuple of int
        ``source``, whose rim is filled, ``target`` and ``old``; ``old`` is -1 in the first stage of a step.
    dt_s : float
        Length of the step [s].
    rain : float
        [m/s], multiplied by the weight of each cell.

    References
    ----------
    Audusse, Bouchut, Bristeau, Klein & Perthame 2004, SIAM Journal on Scientific Computing 25, 2050 (hydrostatic
    reconstruction); Toro 2001, *Shock-Capturing Methods for Free-Surface Shallow Flows* (HLLC).
    """
    (source, target, old), box = buffers, tiles.box[tile]
    rows, columns = box[1] - box[0], box[3] - box[2]
    lines, count = lines_of(rows, columns)
    for i in range(3 * STRIDE):
        w[FASTEST_AT + np.uint64(i)] = 0.0
    wet = _load(w, cells, box, source, old, numbers.dry_depth_m)
    if numbers.has_rain:
        for r in range(rows):
            for c in range(columns):
                w[RAIN + (r + RIM) * STRIDE + RIM + c] = cells.rain_weight[box[0] + r, box[2] + c]
    _along_rows(w, cells.crests, tile, rows, columns, wet, numbers.second_order)
    close_x(w, border, box, numbers.columns)
    _fastest(w, RIM, rows, RIM - 1, columns + 1)
    _along_columns(w, cells.crests, tile, rows, columns, wet, numbers.second_order)
    close_y(w, border, box, numbers.rows)
    _fastest(w, RIM - 1, rows + 1, RIM, columns)
    balance(w, lines, count, dt_s / numbers.cell_size_m, dt_s, rain if numbers.has_rain else 0.0)
    first, last = max(RIM, wet[0] - 1), min(rows + RIM, wet[1] + 1)
    braked, breadth = lines_of(last - first, columns)
    brake(w, np.uint64(first) * ROW_ON, braked, breadth, dt_s, numbers.friction_law, numbers.dry_depth_m)
    settle(w, lines, count, old >= 0, numbers.dry_depth_m)
    _store(w, cells, tiles, tile, target, numbers.dry_depth_m)
