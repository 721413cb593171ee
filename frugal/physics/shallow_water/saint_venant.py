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
from numba import njit

from frugal.physics.arithmetic import cube_root
from frugal.physics.compiled import inner
from frugal.physics.shallow_water.closing import close_x, close_y
from frugal.physics.shallow_water.crest_faces import over_crests, soften
from frugal.physics.shallow_water.state import (
    AREA,
    CHEZY,
    DOUBT,
    FASTEST,
    FRICTION,
    GRAVITY,
    LINEAR,
    LOWEST,
    MANNING,
    NEW_H,
    NEW_U,
    NEW_V,
    OLD_H,
    OLD_U,
    OLD_V,
    RAIN,
    REAL_H,
    RIM,
    SLOPE_EX,
    SLOPE_EY,
    SLOPE_H,
    SLOPE_U,
    SLOPE_V,
    SPEED,
    STRIDE,
    X_LEFT,
    X_MASS,
    X_RIGHT,
    X_SHEAR,
    Y_LEFT,
    Y_MASS,
    Y_RIGHT,
    Y_SHEAR,
    Border,
    Cells,
    Crests,
    E,
    H,
    Numbers,
    Tiles,
    U,
    V,
)

#: Steepness of the slope limiter: 1 is minmod, 2 is monotonised central.
LIMITER = 1.5


# The next two are written into their callers, where their places in the workspace become constants. Making one function per
# direction in a factory would give them all one name, and kernels read from numba's cache then call the wrong one.
@njit(inline="always")
def _slopes(w: np.ndarray, field: int, slope: int, first: int, step: int, count: int) -> None:
    """Limited slopes of one field along one direction, from cell ``first`` of the workspace."""
    for i in range(count):
        before = w[field + first + i] - w[field + first - step + i]
        after = w[field + first + step + i] - w[field + first + i]
        size = min(LIMITER * min(abs(before), abs(after)), 0.5 * abs(before + after))
        w[slope + first + i] = math.copysign(size, before) if before * after > 0.0 else 0.0


@njit(inline="always")
def _fluxes(
    w: np.ndarray,
    first: int,
    step: int,
    slope_e: int,
    normal: int,
    across: int,
    slope_n: int,
    slope_a: int,
    out: int,
    count: int,
) -> None:
    """HLLC fluxes through the faces between each cell and the next along one direction.

    ``out`` is the first of four fields: mass, normal momentum less the hydrostatic pressure of the left and of the
    right side (what each cell feels beyond its own water at rest), transverse momentum.
    """
    for i in range(count):
        e1 = w[E + first + i] + 0.5 * w[slope_e + first + i]
        h1 = w[H + first + i] + 0.5 * w[SLOPE_H + first + i]
        u1 = w[normal + first + i] + 0.5 * w[slope_n + first + i]
        v1 = w[across + first + i] + 0.5 * w[slope_a + first + i]
        e2 = w[E + first + step + i] - 0.5 * w[slope_e + first + step + i]
        h2 = w[H + first + step + i] - 0.5 * w[SLOPE_H + first + step + i]
        u2 = w[normal + first + step + i] - 0.5 * w[slope_n + first + step + i]
        v2 = w[across + first + step + i] - 0.5 * w[slope_a + first + step + i]
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
        w[out + first + i] = mass
        w[out + AREA + first + i] = m1 * u1 + s1 * share * (thrust + s2 * (m2 - m1))
        w[out + 2 * AREA + first + i] = m2 * u2 + s2 * share * (thrust + s1 * (m2 - m1))
        w[out + 3 * AREA + first + i] = mass * (v1 if mass > 0.0 else v2)
        w[SPEED + first + i] = max(s2, -s1)


_ROW1, _ROW2 = STRIDE, RIM * STRIDE


@inner(error_model="numpy")
def _along_rows(w: np.ndarray, crests: Crests, tile: int, count: int, second_order: bool) -> None:
    """Fluxes through the faces between columns."""
    first, last = crests.first[tile, 0], crests.first[tile, 1]
    if second_order:
        _slopes(w, E, SLOPE_EX, _ROW2 + 1, 1, count)
        _slopes(w, H, SLOPE_H, _ROW2 + 1, 1, count)
        _slopes(w, U, SLOPE_U, _ROW2 + 1, 1, count)
        _slopes(w, V, SLOPE_V, _ROW2 + 1, 1, count)
    soften(w, crests, first, last, 1, SLOPE_EX, U)
    _fluxes(w, _ROW2 + 1, 1, SLOPE_EX, U, V, SLOPE_U, SLOPE_V, X_MASS, count)
    over_crests(w, crests, first, last, 0)


@inner(error_model="numpy")
def _along_columns(w: np.ndarray, crests: Crests, tile: int, count: int, second_order: bool) -> None:
    """Fluxes through the faces between rows."""
    first, last = crests.first[tile, 1], crests.first[tile, 2]
    if second_order:
        _slopes(w, E, SLOPE_EY, _ROW1, STRIDE, count)
        _slopes(w, H, SLOPE_H, _ROW1, STRIDE, count)
        _slopes(w, U, SLOPE_U, _ROW1, STRIDE, count)
        _slopes(w, V, SLOPE_V, _ROW1, STRIDE, count)
    soften(w, crests, first, last, STRIDE, SLOPE_EY, V)
    _fluxes(w, _ROW1, STRIDE, SLOPE_EY, V, U, SLOPE_V, SLOPE_U, Y_MASS, count - STRIDE)
    over_crests(w, crests, first, last, 1)


@inner(error_model="numpy")
def _load(w: np.ndarray, cells: Cells, box: np.ndarray, source: int, old: int, dry_depth_m: float) -> None:
    first, left = box[0], box[2]
    across = box[3] - left + 2 * RIM
    for r in range(box[1] - first + 2 * RIM):
        row = first + r
        at = r * STRIDE
        for c in range(across):
            real = cells.h[source, row, left + c]
            depth = real if real > dry_depth_m else 0.0
            w[REAL_H + at + c] = real
            w[H + at + c] = depth
            w[E + at + c] = cells.z[row, left + c] + depth
        for c in range(across):
            w[U + at + c] = cells.u[source, row, left + c]
            w[V + at + c] = cells.v[source, row, left + c]
            w[FRICTION + at + c] = cells.friction[row, left + c]
        if old >= 0:
            for c in range(across):
                w[OLD_H + at + c] = cells.h[old, row, left + c]
                w[OLD_U + at + c] = cells.u[old, row, left + c]
                w[OLD_V + at + c] = cells.v[old, row, left + c]


@inner(error_model="numpy")
def _balance(w: np.ndarray, count: int, ratio: float, dt_s: float, rain: float) -> None:
    """Depth and momentum after the fluxes, the bed and the rain, before friction; into the new fields."""
    for i in range(count):
        p = _ROW2 + i
        w[NEW_H + p] = (
            w[REAL_H + p]
            + ratio * (w[X_MASS - 1 + p] - w[X_MASS + p] + w[Y_MASS - STRIDE + p] - w[Y_MASS + p])
            + dt_s * rain * w[RAIN + p]
        )
    for i in range(count):
        p = _ROW2 + i
        w[NEW_U + p] = w[H + p] * w[U + p] + ratio * (
            w[X_RIGHT - 1 + p]
            - w[X_LEFT + p]
            + w[Y_SHEAR - STRIDE + p]
            - w[Y_SHEAR + p]
            - GRAVITY * w[H + p] * w[SLOPE_EX + p]
        )
    for i in range(count):
        p = _ROW2 + i
        w[NEW_V + p] = w[H + p] * w[V + p] + ratio * (
            w[Y_RIGHT - STRIDE + p]
            - w[Y_LEFT + p]
            + w[X_SHEAR - 1 + p]
            - w[X_SHEAR + p]
            - GRAVITY * w[H + p] * w[SLOPE_EY + p]
        )


@inner(error_model="numpy")
def _brake(w: np.ndarray, count: int, dt_s: float, law: int, dry_depth_m: float) -> None:
    """Implicit friction: q (1 + dt k |q|) = q*, with k = g n²/h^(7/3) or g/(C h)²; or q (1 + dt rate) = q*."""
    if law == LINEAR:
        for i in range(count):
            p = _ROW2 + i
            w[SPEED + p] = 1.0 / (1.0 + dt_s * w[FRICTION + p])
    else:
        if law == MANNING:
            for i in range(count):
                p = _ROW2 + i
                depth = max(w[NEW_H + p], dry_depth_m)
                w[SPEED + p] = 4.0 * dt_s * w[FRICTION + p] / (depth * depth * cube_root(depth))
        elif law == CHEZY:
            for i in range(count):
                p = _ROW2 + i
                depth = max(w[NEW_H + p], dry_depth_m)
                w[SPEED + p] = 4.0 * dt_s * w[FRICTION + p] / (depth * depth)
        else:
            return
        for i in range(count):
            p = _ROW2 + i
            q, r = w[NEW_U + p], w[NEW_V + p]
            w[SPEED + p] = 2.0 / (1.0 + math.sqrt(1.0 + w[SPEED + p] * math.sqrt(q * q + r * r)))
    for i in range(count):
        p = _ROW2 + i
        w[NEW_U + p] *= w[SPEED + p]
        w[NEW_V + p] *= w[SPEED + p]


@inner(error_model="numpy")
def _settle(w: np.ndarray, count: int, averaged: bool, dry_depth_m: float) -> None:
    """Mean with the state before the step at the second stage; from momentum back to velocity."""
    if averaged:
        for i in range(count):
            p = _ROW2 + i
            w[NEW_H + p] = 0.5 * (w[OLD_H + p] + w[NEW_H + p])
            w[NEW_U + p] = 0.5 * (w[OLD_H + p] * w[OLD_U + p] + w[NEW_U + p])
            w[NEW_V + p] = 0.5 * (w[OLD_H + p] * w[OLD_V + p] + w[NEW_V + p])
    for i in range(count):
        p = _ROW2 + i
        depth = w[NEW_H + p]
        share = 1.0 / max(depth, dry_depth_m) if depth > dry_depth_m else 0.0
        w[NEW_U + p] *= share
        w[NEW_V + p] *= share


@inner(error_model="numpy")
def _fastest(w: np.ndarray, first_row: int, rows: int, first_column: int, columns: int) -> float:
    fastest = 0.0
    for r in range(first_row, first_row + rows):
        for c in range(first_column, first_column + columns):
            fastest = max(fastest, w[SPEED + r * STRIDE + c])
    return fastest


@inner(error_model="numpy")
def _store(w: np.ndarray, cells: Cells, tiles: Tiles, tile: int, target: int, dry_depth_m: float) -> None:
    first, left = tiles.box[tile, 0] + RIM, tiles.box[tile, 2] + RIM
    across = tiles.box[tile, 3] + RIM - left
    lowest, doubt, highest = 0.0, 0.0, 0.0
    for r in range(tiles.box[tile, 1] + RIM - first):
        at = (r + RIM) * STRIDE + RIM
        for c in range(across):
            depth, u, v = w[NEW_H + at + c], w[NEW_U + at + c], w[NEW_V + at + c]
            lowest = min(lowest, depth)
            highest = max(highest, depth)
            doubt += (depth - depth) + (u - u) + (v - v)  # not a number if one of them is none
            cells.h[target, first + r, left + c] = max(depth, 0.0)
            cells.u[target, first + r, left + c] = u
            cells.v[target, first + r, left + c] = v
    tiles.found[LOWEST, tile] = lowest
    tiles.found[DOUBT, tile] = doubt
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
    source, target, old = buffers
    box = tiles.box[tile]
    rows, columns = box[1] - box[0], box[3] - box[2]
    cells_x, cells_y = rows * STRIDE, (rows + 2) * STRIDE
    _load(w, cells, box, source, old, numbers.dry_depth_m)
    if numbers.has_rain:
        for r in range(rows):
            at = RAIN + (r + RIM) * STRIDE + RIM
            for c in range(columns):
                w[at + c] = cells.rain_weight[box[0] + r, box[2] + c]
    _along_rows(w, cells.crests, tile, cells_x, numbers.second_order)
    close_x(w, border, box, numbers.columns)
    fastest = _fastest(w, RIM, rows, RIM - 1, columns + 1)
    _along_columns(w, cells.crests, tile, cells_y, numbers.second_order)
    close_y(w, border, box, numbers.rows)
    tiles.found[FASTEST, tile] = max(fastest, _fastest(w, RIM - 1, rows + 1, RIM, columns))
    _balance(w, cells_x, dt_s / numbers.cell_size_m, dt_s, rain if numbers.has_rain else 0.0)
    _brake(w, cells_x, dt_s, numbers.friction_law, numbers.dry_depth_m)
    _settle(w, cells_x, old >= 0, numbers.dry_depth_m)
    _store(w, cells, tiles, tile, target, numbers.dry_depth_m)
