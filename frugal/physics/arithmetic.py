"""Roots and limited slopes that the compiler can take of several numbers at once."""

from __future__ import annotations

import math

import numpy as np

from frugal.physics.compiled import inner

#: Steepness of the slope limiter: 1 is minmod, 2 is monotonised central.
LIMITER = 1.5


@inner(error_model="numpy")
def cube_root(x: float) -> float:
    """Cube root of a positive normal number, to 2e-15 relative.

    The exponent and mantissa read as one integer are close to a logarithm, so a third of them is close to that of the
    root (within 5 %); two Halley steps, each tripling the digits, do the rest. Shifts stand for the division by three.
    """
    bits = np.float64(x).view(np.int64)
    third = bits >> 2
    third += third >> 2
    third += third >> 4
    third += third >> 8
    third += third >> 16
    root = np.int64(third + 0x2A9F7893782DA1CE).view(np.float64)
    cubed = root * root * root
    root = root * (cubed + 2.0 * x) / (2.0 * cubed + x)
    cubed = root * root * root
    return root * (cubed + 2.0 * x) / (2.0 * cubed + x)


@inner(error_model="numpy")
def inverse_cube_root(x: float) -> float:
    """One over the cube root of a positive normal number, to 3e-16 relative, without a division.

    As in :func:`cube_root` the bits give a first guess, within 4 %; with r = 1 - x y³ the root is y (1 - r)^(-1/3), and each
    of two steps takes the series as far as r³.
    """
    third = np.float64(x).view(np.uint64) >> np.uint64(2)
    third += third >> np.uint64(2)
    third += third >> np.uint64(4)
    third += third >> np.uint64(8)
    root = np.uint64(np.uint64(0x553ED3E654EC7C00) - third).view(np.float64)
    rest = 1.0 - x * root * root * root
    root *= 1.0 + rest * (1.0 / 3.0 + rest * (2.0 / 9.0 + rest * (14.0 / 81.0)))
    rest = 1.0 - x * root * root * root
    return root * (1.0 + rest * (1.0 / 3.0 + rest * (2.0 / 9.0 + rest * (14.0 / 81.0))))


@inner(error_model="numpy", forceinline=True)
def limited_slopes(
    w: np.ndarray,
    field: np.uint64,
    slope: np.uint64,
    at: np.uint64,
    step: np.uint64,
    row: np.uint64,
    lines: int,
    count: int,
) -> None:
    """Limited slopes of one field of a workspace along one direction (generalised minmod, van Leer 1979).

    Written into its callers, where fields and step become constants.

    Parameters
    ----------
    w : ndarray of float
    field, slope : uint64
        Where the field begins, and where its slopes are written.
    at, step : uint64
        First place in both, and how far the neighbours are.
    row : uint64
        From one line of cells to the next.
    lines, count : int
        Lines, and slopes to take in each.
    """
    for r in range(lines):
        line = at + np.uint64(r) * row
        for i in range(count):
            p = line + np.uint64(i)
            before = w[field + p] - w[field + p - step]
            after = w[field + p + step] - w[field + p]
            size = min(LIMITER * min(abs(before), abs(after)), 0.5 * abs(before + after))
            w[slope + p] = math.copysign(size, before) if before * after > 0.0 else 0.0
