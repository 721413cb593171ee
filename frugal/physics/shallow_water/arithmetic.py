"""A cube root that the compiler can take of four numbers at once."""

from __future__ import annotations

import numpy as np

from frugal.physics.compiled import inner


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
