"""The level of the sea in a storm: a tide with a surge on it that peaks at high tide."""

from __future__ import annotations

from typing import Any

import numpy as np

TIDE_PERIOD_S = 12.42 * 3600.0


def sea_level(
    time_s: np.ndarray, surge_peak: Any, tide_range: Any, sea_level_rise: Any, storm_duration: Any, xp: Any = np
) -> Any:
    """Level in m above the mean level of today.

    Parameters
    ----------
    time_s : ndarray [t]
        From high tide.
    surge_peak, tide_range, sea_level_rise : float or array [n, 1]
        In m.
    storm_duration : float or array [n, 1]
        In hours.
    xp
        Namespace of the arrays.

    Returns
    -------
    array [t] or [n, t]
    """
    phase = xp.clip(time_s / 3600.0 / storm_duration, -0.5, 0.5)  # beyond half the duration the surge is nothing
    tide = tide_range * (0.5 * np.cos(2 * np.pi * time_s / TIDE_PERIOD_S))
    return surge_peak * xp.cos(np.pi * phase) ** 2 + tide + sea_level_rise
