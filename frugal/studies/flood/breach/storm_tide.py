"""The level of the sea in a storm: a tide with a surge on it that peaks at high tide."""

from __future__ import annotations

import numpy as np

TIDE_PERIOD_S = 12.42 * 3600.0


def sea_level(storms: np.ndarray, time_s: np.ndarray) -> np.ndarray:
    """Level in m above the mean level of today.

    Parameters
    ----------
    storms : ndarray [..., 4 or more]
        Peak of the surge (m), tide range (m), rise of the mean level (m), duration of the storm (h); more is not read.
    time_s : ndarray [t]
        From high tide.

    Returns
    -------
    ndarray [..., t]
    """
    surge, tide_range, rise, duration_h = (storms[..., k, None] for k in range(4))
    phase = np.clip(time_s / (3600.0 * duration_h), -0.5, 0.5)  # beyond half the duration the surge is nothing
    tide = 0.5 * tide_range * np.cos(2 * np.pi * time_s / TIDE_PERIOD_S)
    return np.asarray(rise + tide + surge * np.cos(np.pi * phase) ** 2)
