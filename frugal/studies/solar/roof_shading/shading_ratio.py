"""The shading ratio: yield of a roof behind its horizon over its yield behind an open one, by the hourly physics."""

from __future__ import annotations

import numpy as np

from frugal.physics.solar.year import SolarYear
from frugal.studies.solar.roof_yield.alternatives import REFERENCE, physics

#: Months, 0 to 11, that each ratio is summed over: the year, and October to March.
WHOLE_AND_WINTER = (tuple(range(12)), (9, 10, 11, 0, 1, 2))


def shading_ratios(
    year: SolarYear, tilt_deg: np.ndarray, azimuth_deg: np.ndarray, horizon_deg: np.ndarray, transposition: int
) -> np.ndarray:
    """Shading ratio of the year and of the winter half, ``[n, 2]``, 0 to 1.

    The reference installation is that of the tables of `roof_yield`: reflectance 0.2, 1.15 kWp per kW of inverter, close
    to the roof.

    Parameters
    ----------
    year : SolarYear
    tilt_deg, azimuth_deg : ndarray, shape (n,)
        Azimuth from true north, as the horizon.
    horizon_deg : ndarray, shape (n, K)
    transposition : int
    """
    shaded, unshaded = (
        np.asarray(
            physics(year, transposition, tilt_deg=tilt_deg, azimuth_deg=azimuth_deg, horizon_deg=horizon, **REFERENCE)[
                "monthly_yield"
            ]
        )
        for horizon in (horizon_deg, np.zeros((len(horizon_deg), 1)))
    )
    ratios = [shaded[:, months].sum(axis=1) / unshaded[:, months].sum(axis=1) for months in map(list, WHOLE_AND_WINTER)]
    return np.clip(np.stack(ratios, axis=1), 0.0, 1.0)
