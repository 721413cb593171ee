"""Mean and extreme levels of the tide of a place, above its mean level."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from frugal.errors import UnusableInputError
from frugal.physics.tide.extremes import high_and_low_waters
from frugal.physics.tide.prediction import HarmonicConstants

_YEAR_S = 365.25 * 86400.0
#: Shorter by far than an eighth of the shortest period that counts; peaks between samples are found all the same.
_STEP_S = 1200.0


@dataclass(frozen=True)
class TidalLevels:
    """Levels over a period [m], above the mean level of the constants.

    Attributes
    ----------
    highest, lowest : float
        Over a cycle of the node these are the highest and lowest astronomical tide; the chart datum of France lies near the
        lowest.
    mean_high, mean_low : float
        Of all high and low waters.
    spring_high, spring_low, neap_high, neap_low : float
        M2 + S2 and M2 - S2 above and below the mean level: mean springs and neaps.
    """

    highest: float
    lowest: float
    mean_high: float
    mean_low: float
    spring_high: float
    spring_low: float
    neap_high: float
    neap_low: float


def tidal_levels(
    begin_s: float,
    constants: HarmonicConstants,
    years: float = 19.0,
    convention: str = "schureman",
    latitude_deg: float | None = None,
) -> TidalLevels:
    """Mean and extreme levels from a time on.

    Parameters
    ----------
    begin_s : float
        Seconds since 1970, UTC.
    constants : HarmonicConstants
    years : float
        19 hold a whole cycle of the node.
    convention : {"schureman", "foreman", "none"}
        Of the nodal corrections.
    latitude_deg : float, optional
        ``foreman`` needs it.

    Raises
    ------
    UnusableInputError
        If there is no high and low water in the period.
    """
    if not 0.0 < years <= 100.0:
        raise UnusableInputError(f"years = {years:g}; above 0 and up to 100 are allowed")
    found = high_and_low_waters(begin_s, begin_s + years * _YEAR_S, constants, convention, latitude_deg, _STEP_S)
    high, low = found.level_m[found.high], found.level_m[~found.high]
    if not (high.size and low.size):
        raise UnusableInputError(
            f"{years:g} years hold no high and low water; name a longer time, or constituents of a tide"
        )
    springs = constants.amplitude_m("M2") + constants.amplitude_m("S2")
    neaps = abs(constants.amplitude_m("M2") - constants.amplitude_m("S2"))
    means = float(np.mean(high)), float(np.mean(low))
    return TidalLevels(float(high.max()), float(low.min()), *means, springs, -springs, neaps, -neaps)
