"""How much a ship under way sinks: the squat after C. B. Barrass.

.. math:: s = \\frac{C_B}{30} \\left(\\frac{S}{1 - S}\\right)^{2/3} V^{2.08}, \\qquad S = \\frac{B T}{W h}

in metres, with the speed V through the water in knots, the blockage S of the channel by the section of the hull, and as width W
that of the channel, but at most the width over which the ship moves the water,

.. math:: W \\le \\left(7.7 + 45 (1 - C_W)^2\\right) B, \\qquad C_W = (1 + 2 C_B) / 3,

so that open water is a channel of that width (C. B. Barrass, *The phenomena of ship squat*, International Shipbuilding
Progress 26, 1979; the formula as the squat page of MIT's design laboratory prints it, formula, width and numbers as a shipping
company's squat sheet does). The waterplane coefficient C_W is estimated from the block coefficient. `rule_of_thumb_m` is
Barrass's short form, the square of the speed over 100 in open water and over 50 in confined water.

The formula holds for full ships at speeds well below that of long waves; it says nothing of heel, waves or soft mud.
"""

from __future__ import annotations

import numpy as np

#: Metres a second in a knot.
KNOT_M_S = 1852.0 / 3600.0
#: A hull fills no more of the channel than this: beyond, the formula says nothing.
MOST_BLOCKED = 0.5


def width_of_influence_m(beam_m: float, block_coefficient: float) -> float:
    """Width [m] over which a ship moves the water; a wider channel is open water.

    Parameters
    ----------
    beam_m : float
    block_coefficient : float

    Returns
    -------
    float
    """
    waterplane = (1.0 + 2.0 * block_coefficient) / 3.0
    return (7.7 + 45.0 * (1.0 - waterplane) ** 2) * beam_m


def blockage(
    beam_m: float, draught_m: float, block_coefficient: float, depth_m: np.ndarray, width_m: np.ndarray
) -> np.ndarray:
    """Share of a channel's section that the hull fills.

    Parameters
    ----------
    beam_m, draught_m, block_coefficient : float
    depth_m, width_m : array
        Of the water; shapes that go together.

    Returns
    -------
    ndarray
        At most `MOST_BLOCKED`.
    """
    width = np.minimum(width_m, width_of_influence_m(beam_m, block_coefficient))
    section = np.maximum(width * depth_m, 1e-9)
    return np.minimum(beam_m * draught_m / section, MOST_BLOCKED)


def squat_m(speed_kn: np.ndarray, block_coefficient: float, blocked: np.ndarray) -> np.ndarray:
    """Greatest squat [m].

    Parameters
    ----------
    speed_kn : array
        Through the water.
    block_coefficient : float
    blocked : array
        From `blockage`, 0 to below 1.

    Returns
    -------
    ndarray
    """
    back = blocked / (1.0 - blocked)
    return np.asarray(block_coefficient / 30.0 * np.cbrt(back * back) * np.power(np.abs(speed_kn), 2.08))


def rule_of_thumb_m(speed_kn: float, block_coefficient: float, confined: bool) -> float:
    """Squat [m] after the short form, which knows no depth.

    Parameters
    ----------
    speed_kn : float
        Through the water.
    block_coefficient : float
    confined : bool
        In a river or canal, or in open water.

    Returns
    -------
    float
    """
    return block_coefficient * speed_kn * speed_kn / (50.0 if confined else 100.0)
