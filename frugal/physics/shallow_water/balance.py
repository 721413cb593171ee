"""Momentum, depth and friction of one tile in the Saint-Venant solver, after its fluxes are known."""

from __future__ import annotations

import math

import numpy as np

from frugal.physics.arithmetic import inverse_cube_root
from frugal.physics.compiled import inner
from frugal.physics.shallow_water.state import (
    CHEZY,
    FIRST_ROW_AT,
    FRICTION_AT,
    GRAVITY,
    H_AT,
    LINEAR,
    MANNING,
    NEW_H_AT,
    NEW_U_AT,
    NEW_V_AT,
    OLD_H_AT,
    OLD_U_AT,
    OLD_V_AT,
    ONE_ON,
    RAIN_AT,
    REAL_H_AT,
    RIM,
    ROW_ON,
    SLOPE_EX_AT,
    SLOPE_EY_AT,
    SPEED_AT,
    STRIDE,
    U_AT,
    V_AT,
    X_LEFT_AT,
    X_MASS_AT,
    X_RIGHT_AT,
    X_SHEAR_AT,
    Y_LEFT_AT,
    Y_MASS_AT,
    Y_RIGHT_AT,
    Y_SHEAR_AT,
)


@inner(error_model="numpy")
def lines_of(rows: int, columns: int) -> tuple[int, int]:
    """Lines of cells to go through, and cells of each: the rows of a tile and its rim, or all of them as one long line.

    A row is filled up to a multiple of 8 cells, as many as the processor takes at once; where little is left of the
    workspace's row then, one long line is faster.
    """
    breadth = (columns + 2 * RIM + 7) // 8 * 8
    return (max(rows, 0), breadth) if breadth < STRIDE - 8 else (1, max(rows, 0) * STRIDE)


@inner(error_model="numpy")
def balance(w: np.ndarray, lines: int, count: int, ratio: float, dt_s: float, rain: float) -> None:
    """Depth and momentum after the fluxes, the bed and the rain, before friction; into the new fields."""
    for r in range(lines):
        line = FIRST_ROW_AT + np.uint64(r) * ROW_ON
        for i in range(count):
            p = line + np.uint64(i)
            w[NEW_H_AT + p] = (
                w[REAL_H_AT + p]
                + ratio * (w[X_MASS_AT - ONE_ON + p] - w[X_MASS_AT + p] + w[Y_MASS_AT - ROW_ON + p] - w[Y_MASS_AT + p])
                + dt_s * rain * w[RAIN_AT + p]
            )
    for r in range(lines):
        line = FIRST_ROW_AT + np.uint64(r) * ROW_ON
        for i in range(count):
            p = line + np.uint64(i)
            w[NEW_U_AT + p] = w[H_AT + p] * w[U_AT + p] + ratio * (
                w[X_RIGHT_AT - ONE_ON + p]
                - w[X_LEFT_AT + p]
                + w[Y_SHEAR_AT - ROW_ON + p]
                - w[Y_SHEAR_AT + p]
                - GRAVITY * w[H_AT + p] * w[SLOPE_EX_AT + p]
            )
    for r in range(lines):
        line = FIRST_ROW_AT + np.uint64(r) * ROW_ON
        for i in range(count):
            p = line + np.uint64(i)
            w[NEW_V_AT + p] = w[H_AT + p] * w[V_AT + p] + ratio * (
                w[Y_RIGHT_AT - ROW_ON + p]
                - w[Y_LEFT_AT + p]
                + w[X_SHEAR_AT - ONE_ON + p]
                - w[X_SHEAR_AT + p]
                - GRAVITY * w[H_AT + p] * w[SLOPE_EY_AT + p]
            )


@inner(error_model="numpy")
def _pull(w: np.ndarray, first: np.uint64, lines: int, count: int, dt_s: float, manning: bool, least_m: float) -> None:
    """Four times dt k of quadratic friction, at no depth below ``least_m``."""
    for r in range(lines):
        line = first + np.uint64(r) * ROW_ON
        if manning:
            for i in range(count):
                p = line + np.uint64(i)
                root = inverse_cube_root(max(w[NEW_H_AT + p], least_m))
                w[SPEED_AT + p] = 4.0 * dt_s * w[FRICTION_AT + p] * (root * root * root) * (root * root * root) * root
        else:
            for i in range(count):
                p = line + np.uint64(i)
                depth = max(w[NEW_H_AT + p], least_m)
                w[SPEED_AT + p] = 4.0 * dt_s * w[FRICTION_AT + p] / (depth * depth)


@inner(error_model="numpy")
def brake(w: np.ndarray, first: np.uint64, lines: int, count: int, dt_s: float, law: int, dry_depth_m: float) -> None:
    """Implicit friction: q (1 + dt k |q|) = q*, with k = g n²/h^(7/3) or g/(C h)²; or q (1 + dt rate) = q*.

    From place ``first`` on: rows farther than one from water have none to brake.
    """
    quadratic = law in (MANNING, CHEZY)
    if quadratic:
        _pull(w, first, lines, count, dt_s, law == MANNING, dry_depth_m)
    elif law != LINEAR:
        return
    for r in range(lines):
        line = first + np.uint64(r) * ROW_ON
        if quadratic:
            for i in range(count):
                p = line + np.uint64(i)
                size = math.sqrt(w[NEW_U_AT + p] * w[NEW_U_AT + p] + w[NEW_V_AT + p] * w[NEW_V_AT + p])
                w[SPEED_AT + p] = 2.0 / (1.0 + math.sqrt(1.0 + w[SPEED_AT + p] * size))
        else:
            for i in range(count):
                w[SPEED_AT + line + np.uint64(i)] = 1.0 / (1.0 + dt_s * w[FRICTION_AT + line + np.uint64(i)])
        for i in range(count):
            p = line + np.uint64(i)
            w[NEW_U_AT + p] *= w[SPEED_AT + p]
            w[NEW_V_AT + p] *= w[SPEED_AT + p]


@inner(error_model="numpy")
def settle(w: np.ndarray, lines: int, count: int, averaged: bool, dry_depth_m: float) -> None:
    """Mean with the state before the step at the second stage; from momentum back to velocity."""
    if averaged:
        for r in range(lines):
            line = FIRST_ROW_AT + np.uint64(r) * ROW_ON
            for i in range(count):
                p = line + np.uint64(i)
                w[NEW_H_AT + p] = 0.5 * (w[OLD_H_AT + p] + w[NEW_H_AT + p])
                w[NEW_U_AT + p] = 0.5 * (w[OLD_H_AT + p] * w[OLD_U_AT + p] + w[NEW_U_AT + p])
                w[NEW_V_AT + p] = 0.5 * (w[OLD_H_AT + p] * w[OLD_V_AT + p] + w[NEW_V_AT + p])
    for r in range(lines):
        line = FIRST_ROW_AT + np.uint64(r) * ROW_ON
        for i in range(count):
            p = line + np.uint64(i)
            depth = w[NEW_H_AT + p]
            share = 1.0 / max(depth, dry_depth_m) if depth > dry_depth_m else 0.0
            w[NEW_U_AT + p] *= share
            w[NEW_V_AT + p] *= share
