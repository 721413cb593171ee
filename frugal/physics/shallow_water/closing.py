"""The sides of the domain in the Saint-Venant solver: fluxes that the ghost cells alone do not make right."""

from __future__ import annotations

import numpy as np

from frugal.physics.compiled import inner
from frugal.physics.shallow_water.sides import leaving_flow
from frugal.physics.shallow_water.state import (
    AREA,
    DISCHARGE,
    EAST,
    FREE_FALL,
    GRAVITY,
    NORTH,
    OPEN,
    RIM,
    SLOPE_EX,
    SLOPE_EY,
    SLOPE_H,
    SLOPE_U,
    SLOPE_V,
    SOUTH,
    STRIDE,
    WALL,
    WEST,
    X_MASS,
    Y_MASS,
    Border,
    E,
    H,
    U,
    V,
)


@inner(error_model="numpy")
def _face_depth(w: np.ndarray, p: int, step: int, slope_e: int, inside_first: bool) -> float:
    """Depth over the higher bed on the inner side of a face, as the flux loop saw it."""
    e1, h1 = w[E + p] + 0.5 * w[slope_e + p], w[H + p] + 0.5 * w[SLOPE_H + p]
    q = p + step
    e2, h2 = w[E + q] - 0.5 * w[slope_e + q], w[H + q] - 0.5 * w[SLOPE_H + q]
    bed = max(e1 - h1, e2 - h2)
    return min(h1, max(0.0, e1 - bed)) if inside_first else min(h2, max(0.0, e2 - bed))


@inner(error_model="numpy")
def _close_side(w: np.ndarray, border: Border, side: int, along: int, count: int, start: int, stride: int) -> None:
    """Put right the fluxes through the faces of one side of the domain, and note what enters.

    ``start`` is the first cell before the face in the workspace, ``along`` the first face of the side.
    """
    x_side = side in (WEST, EAST)
    mass = X_MASS if x_side else Y_MASS
    low_side = side in (WEST, NORTH)
    step, slope_e = (1, SLOPE_EX) if x_side else (STRIDE, SLOPE_EY)
    normal, across, slope_n, slope_a = (U, V, SLOPE_U, SLOPE_V) if x_side else (V, U, SLOPE_V, SLOPE_U)
    inward = 1.0 if low_side else -1.0
    for i in range(count):
        p = start + i * stride
        kind = border.kind[side, along + i]
        if kind == WALL:
            w[mass + p] = w[mass + 3 * AREA + p] = 0.0
        elif kind == OPEN and inward * w[mass + p] > 0.0:  # what a wall does to water at rest
            w[mass + p] = w[mass + 3 * AREA + p] = w[mass + (2 if low_side else 1) * AREA + p] = 0.0
        elif kind >= FREE_FALL:
            inside, half = (p + step, -0.5) if low_side else (p, 0.5)
            depth = max(0.0, w[H + inside] + half * w[SLOPE_H + inside])
            speed = -inward * (w[normal + inside] + half * w[slope_n + inside])
            q, thrust = leaving_flow(depth, speed, border.strength[side, along + i], border.power[side, along + i])
            w[mass + p] = -inward * q
            w[mass + (2 if low_side else 1) * AREA + p] = thrust - 0.5 * GRAVITY * depth * depth
            w[mass + 3 * AREA + p] = w[mass + p] * (w[across + inside] + half * w[slope_a + inside])
        elif kind == DISCHARGE:
            entering = border.entering[border.segment[side, along + i]]
            ghost = w[H + p] if low_side else w[H + p + step]
            inside = _face_depth(w, p, step, slope_e, not low_side)
            thrust = 0.5 * GRAVITY * (ghost * ghost - inside * inside)
            if ghost > 0.0:
                thrust += entering * entering / ghost
            w[mass + p] = inward * entering
            w[mass + (2 if low_side else 1) * AREA + p] = thrust
            w[mass + 3 * AREA + p] = 0.0
        border.flux[side, along + i] = inward * w[mass + p]


@inner(error_model="numpy")
def close_x(w: np.ndarray, border: Border, box: np.ndarray, columns: int) -> None:
    """Put right the fluxes through the western and eastern side, where a tile touches them.

    Parameters
    ----------
    w : ndarray
        Workspace with the fluxes and slopes along the rows.
    border : Border
        ``flux`` [m²/s] is written.
    box : ndarray of int, shape (4,)
        First row, last row, first column, last column of the tile, lasts excluded.
    columns : int
        Of the domain.
    """
    first, last, left, right = box
    if left == 0:
        _close_side(w, border, np.int64(WEST), first, last - first, RIM * STRIDE + RIM - 1, np.int64(STRIDE))
    if right == columns:
        _close_side(
            w, border, np.int64(EAST), first, last - first, RIM * STRIDE + RIM - 1 + right - left, np.int64(STRIDE)
        )


@inner(error_model="numpy")
def close_y(w: np.ndarray, border: Border, box: np.ndarray, rows: int) -> None:
    """As `close_x`, for the northern and southern side, with the ``rows`` of the domain."""
    first, last, left, right = box
    if first == 0:
        _close_side(w, border, np.int64(NORTH), left, right - left, STRIDE + RIM, np.int64(1))
    if last == rows:
        _close_side(w, border, np.int64(SOUTH), left, right - left, STRIDE + (last - first) * STRIDE + RIM, np.int64(1))
