"""Waves over a smooth sloping dike: mean discharge per metre of crest.

With the breaker parameter :math:`\\xi = \\tan\\alpha / \\sqrt{s}` of the steepness :math:`s = 2\\pi H_{m0} / (g T_{m-1,0}^2)`,

.. math::

    \\frac{q}{\\sqrt{g H_{m0}^3}} = \\min\\left(
    \\frac{0.023}{\\sqrt{\\tan\\alpha}} \\gamma_b \\xi
    \\exp\\left[-\\left(2.7 \\frac{R_c}{\\xi H_{m0} \\gamma_b \\gamma_f \\gamma_\\beta}\\right)^{1.3}\\right],\\;
    0.09 \\exp\\left[-\\left(1.5 \\frac{R_c}{H_{m0} \\gamma_f \\gamma_\\beta}\\right)^{1.3}\\right]\\right)

(EurOtop 2018, Manual on wave overtopping of sea defences, second edition, equations 5.10 and 5.11, the mean value approach; the
design and assessment approach, which adds one standard deviation to the coefficients, has 0.026, 2.5, 0.1035 and 1.35: 5.12 and
5.13). It holds for slopes of 1:8 to 1:2 and breaker parameters below about 5; very gentle foreshores on which waves break long
before the dike need another one. At a level above the crest the freeboard counts as 0: the water that flows over is added by
whoever computes it.
"""

from __future__ import annotations

import math

import numpy as np

from frugal.errors import UnusableInputError

GRAVITY = 9.81
#: Coefficients of both equations: value and exponent of breaking waves, then of waves that do not break.
MEAN_VALUE = (0.023, 2.7, 0.09, 1.5)
DESIGN = (0.026, 2.5, 0.1035, 1.35)
#: Breaker parameters up to which the equations hold.
LARGEST_BREAKER = 5.0


def breaker_parameter(height_m: float | np.ndarray, period_s: float | np.ndarray, slope: float) -> np.ndarray:
    """Tangent of the slope over the root of the steepness of the waves.

    Parameters
    ----------
    height_m : float or ndarray
        Significant height at the toe, Hm0 [m], above 0.
    period_s : float or ndarray
        Spectral period Tm-1,0 [s].
    slope : float
        Rise over run of the dike's face: 1/3.
    """
    steepness = 2.0 * math.pi * np.asarray(height_m, dtype=float) / (GRAVITY * np.asarray(period_s, dtype=float) ** 2)
    return np.asarray(slope / np.sqrt(steepness))


def overtopping_discharge(
    height_m: float | np.ndarray,
    period_s: float | np.ndarray,
    freeboard_m: float | np.ndarray,
    slope: float,
    *,
    berm: float = 1.0,
    roughness: float = 1.0,
    obliqueness: float = 1.0,
    coefficients: tuple[float, float, float, float] = MEAN_VALUE,
) -> np.ndarray:
    """Mean discharge over the crest per metre of dike [m³/s/m].

    Parameters
    ----------
    height_m : float or ndarray
        Significant height of the waves at the toe, Hm0 [m]; nothing passes where it is 0.
    period_s : float or ndarray
        Spectral period Tm-1,0 [s]; about the peak period over 1.1.
    freeboard_m : float or ndarray
        Crest above the still water [m]; 0 where it is negative.
    slope : float
        Rise over run of the dike's face: 1/3.
    berm, roughness, obliqueness : float
        Factors that a berm, a rough face and oblique waves reduce run-up by: 0 to 1, 1 for none.
    coefficients : tuple of float
        `MEAN_VALUE` or `DESIGN`.

    Raises
    ------
    UnusableInputError
        If the slope or a factor is not allowed.
    """
    if not 0.0 < slope <= 1.0:
        raise UnusableInputError(f"the slope of a dike is {slope:g}; above 0 and at most 1 is allowed (1:3 is 0.333)")
    for name, factor in (("berm", berm), ("roughness", roughness), ("obliqueness", obliqueness)):
        if not 0.0 < factor <= 1.0:
            raise UnusableInputError(f"the factor of {name} is {factor:g}; above 0 and at most 1 is allowed")
    height, period, freeboard = (np.asarray(values, dtype=float) for values in (height_m, period_s, freeboard_m))
    waves = (height > 0.0) & (period > 0.0)
    high, long = np.where(waves, height, 1.0), np.where(waves, period, 1.0)
    xi = breaker_parameter(high, long, slope)
    relative = np.maximum(freeboard, 0.0) / (high * roughness * obliqueness)
    of_breaking, by_breaking, of_others, by_others = coefficients
    breaking = of_breaking / math.sqrt(slope) * berm * xi * np.exp(-((by_breaking * relative / (xi * berm)) ** 1.3))
    others = of_others * np.exp(-((by_others * relative) ** 1.3))
    return np.asarray(np.where(waves, np.sqrt(GRAVITY * high**3) * np.minimum(breaking, others), 0.0))
