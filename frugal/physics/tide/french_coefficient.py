"""The French coefficient of a tide: how far it rises and falls at Brest, in hundredths of a mean spring tide at the equinox.

.. math:: C = 100 \\, \\frac{M}{6.10\\,\\mathrm{m}}

with M the range of the semidiurnal tide at Brest at its high water, twice its height above the mean level (SHOM: 20 at the
smallest neaps, 120 at the largest springs, 45, 70 and 95 at mean neaps, tides and springs). One coefficient counts for all
coasts of the Atlantic and the Channel: a high water elsewhere takes that of the high water at Brest which reaches it.
"""

from __future__ import annotations

import numpy as np

from frugal.physics.tide.extremes import high_and_low_waters
from frugal.physics.tide.prediction import HarmonicConstants

#: Range of a mean spring tide at the equinox at Brest, twice its unit of height [m].
RANGE_OF_100_M = 6.10
#: The semidiurnal tide at Brest: amplitudes [m] and Greenwich phase lags [deg] of TICON-4 (Hart-Davis et al., CC BY 4.0).
BREST = HarmonicConstants(
    ["M2", "N2", "S2", "K2", "2N2", "T2", "L2", "R2", "EPS2", "MU2", "NU2", "LDA2", "MKS2", "MA2", "MB2", "3L2", "3N2", "2SM2"],
    [
        2.05094, 0.41689, 0.74881, 0.21361, 0.05694, 0.04178, 0.06385, 0.00554, 0.01961, 0.08574, 0.07777, 0.02628, 0.00768,
        0.01077, 0.0124, 0.00833, 0.00229, 0.01732,
    ],
    [
        108.91711, 90.55683, 148.20107, 145.79851, 72.67986, 138.43083, 102.88396, 156.57668, 89.21853, 104.9442, 86.53565,
        75.69413, 174.75601, 40.36181, 102.43858, 276.78024, 302.04572, 311.9068,
    ],
)  # fmt: skip
_HALF_TIDE_S = 12.4206 * 1800.0
#: Enough for a tide that is semidiurnal alone.
_STEP_S = 2400.0
#: The tide comes from Brest: no high water of these coasts is more than a quarter of a tide before that of Brest.
_EARLIEST_DEG = -90.0


def coefficients_at_brest(begin_s: float, end_s: float) -> tuple[np.ndarray, np.ndarray]:
    """When the semidiurnal tide at Brest is high, and its coefficient.

    Parameters
    ----------
    begin_s, end_s : float
        Seconds since 1970, UTC.

    Returns
    -------
    time_s, coefficient : ndarray [n]
        Coefficients are not rounded.
    """
    found = high_and_low_waters(begin_s, end_s, BREST, step_s=_STEP_S)
    return found.time_s[found.high], 100.0 * 2.0 * found.level_m[found.high] / RANGE_OF_100_M


def coefficients_of(time_s: np.ndarray, m2_phase_deg: float) -> np.ndarray:
    """Coefficients of high waters of another place ``[n]``, not rounded; NaN where Brest has none that could reach it.

    Parameters
    ----------
    time_s : ndarray [n]
        Of the high waters, growing; seconds since 1970, UTC.
    m2_phase_deg : float
        Greenwich phase lag of M2 there, which tells how long the tide takes from Brest.
    """
    times = np.asarray(time_s, dtype=np.float64)
    if not times.size:
        return np.zeros(0)
    behind = np.mod(m2_phase_deg - BREST.phases_deg[0] - _EARLIEST_DEG, 360.0) + _EARLIEST_DEG
    lag_s = behind / 360.0 * 2 * _HALF_TIDE_S
    at_s, coefficient = coefficients_at_brest(times.min() - lag_s - 86400.0, times.max() - lag_s + 86400.0)
    nearest = np.abs(at_s[None, :] - (times[:, None] - lag_s)).argmin(axis=1)
    close = np.abs(at_s[nearest] - (times - lag_s)) < _HALF_TIDE_S
    return np.where(close, coefficient[nearest], np.nan)
