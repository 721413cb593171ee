"""How far the yield of a plane in one year may lie from the value stated.

These causes are taken as independent, each with a standard deviation relative to the yearly yield:

* the weather of one year against the typical one: `YEAR_TO_YEAR`;
* the place against that of its weather: `frugal.formats.weather.nearness`;
* tilt and azimuth of the plane, from the residual and the extent of its fit;
* the horizon: the noise of heights, and that light is known at nine points of a plane only;
* the answer itself, from the interval that its bundle promises.

The effect of tilt, azimuth and horizon is linear error propagation: the plane is moved by its error to both sides, and half
the difference of the two irradiations is the error. Irradiation stands for yield there because relative changes of the two
agree (``benchmarks/roof_planes_delft.py`` reports by how much) and two look-ups in a table cost a hundredth of two years of
hourly physics. All sectors of a horizon are moved together, which is the unfavourable case.

Not covered: a typical year that is not typical of its place, soiling, snow, failures, ageing, a tree that grows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from frugal.cadastre.roofs.segmentation import RoofPlane
from frugal.cadastre.shading.horizons import Horizons
from frugal.cadastre.shading.plane_irradiation import yearly_irradiation
from frugal.physics.solar.sky import CumulativeSky

#: Standard deviation of the yield of single years round their mean: 3.9 % (Thevenard & Pelland 2013, Solar Energy 91, 432,
#: for year-to-year climate variability in Toronto); at Geneva three or four of about twenty years from 1981 on left ±5 %,
#: later ones more often (PVsyst, comparison of meteorological data).
YEAR_TO_YEAR = 0.04

#: Of a normal distribution: from the middle to the 90 % point; and to both ends of an interval that holds 90 %.
_NORMAL_90 = 1.2816
_NORMAL_90_CENTRAL = 1.6449

_STEEPEST_DEG, _HIGHEST_DEG = 60.0, 85.0


class Spread(NamedTuple):
    """Relative standard deviations of the yearly yield, and its 10 % and 90 % points; every array is ``[n]``.

    Attributes
    ----------
    weather, place, tilt, azimuth, horizon, answer : ndarray
        By cause.
    total : ndarray
        Root of the sum of squares.
    low, high : ndarray
        Factors for the yield that one year in ten stays below, and that one in ten exceeds.
    """

    weather: np.ndarray
    place: np.ndarray
    tilt: np.ndarray
    azimuth: np.ndarray
    horizon: np.ndarray
    answer: np.ndarray
    total: np.ndarray
    low: np.ndarray
    high: np.ndarray

    def p10_p90(self, yearly: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Yields that one year in ten stays below, and that one in ten exceeds."""
        return yearly * self.low, yearly * self.high


def spread(
    tables: CumulativeSky,
    planes: Sequence[RoofPlane],
    azimuth_deg: np.ndarray,
    horizons: Horizons,
    relative_interval: np.ndarray,
    *,
    albedo: float = 0.2,
    year_to_year: float = YEAR_TO_YEAR,
    of_place: float = 0.0,
) -> Spread:
    """Spread of the yearly yield of planes.

    Parameters
    ----------
    tables : CumulativeSky
        Of the typical year.
    planes : sequence of RoofPlane
    azimuth_deg : ndarray, shape (n,)
        From true north.
    horizons : Horizons
    relative_interval : ndarray, shape (n,)
        Width of the 90 % interval of the answer over the yearly yield, as `frugal.cadastre.yields.yields.plane_yields`
        returns it.
    albedo : float
    year_to_year : float
    of_place : float
        Standard deviation of the light of the place relative to that of its weather.

    Returns
    -------
    Spread
    """
    tilt = np.array([plane.module_tilt_deg for plane in planes], dtype=np.float64)
    azimuth = np.asarray(azimuth_deg, dtype=np.float64)
    horizon = horizons.elevation_deg

    def light(tilts: np.ndarray, azimuths: np.ndarray, elevations: np.ndarray) -> np.ndarray:
        return yearly_irradiation(tables, tilts, azimuths, elevations, albedo)

    middle = np.maximum(light(tilt, azimuth, horizon), 1e-9)

    def half_difference(first: np.ndarray, second: np.ndarray, part: np.ndarray | float = 1.0) -> np.ndarray:
        """Error relative to the yearly light, ``[n]``, from the light on either side of the plane as it was found.

        Parameters
        ----------
        first, second : ndarray, shape (n,)
            Light of the year [kWh/m²].
        part : ndarray, shape (n,), or float
            How much of twice the error lies between the two; less than 1 where a bound cuts a side off.
        """
        return np.abs(first - second) / 2.0 / middle / part

    # Modules on a flat roof are set up level, however well its fall is known.
    tilt_error = np.array([0.0 if plane.flat else plane.tilt_error_deg for plane in planes])
    low, high = np.maximum(tilt - tilt_error, 0.0), np.minimum(tilt + tilt_error, _STEEPEST_DEG)
    # Where a bound cuts one side off, what is left stands for the whole.
    part = np.where(tilt_error > 0, (high - low) / np.maximum(2.0 * tilt_error, 1e-12), 1.0)
    of_tilt = half_difference(light(high, azimuth, horizon), light(low, azimuth, horizon), np.maximum(part, 0.25))
    turn = np.minimum([0.0 if plane.flat else plane.azimuth_error_deg for plane in planes], 90.0)
    of_azimuth = half_difference(light(tilt, azimuth + turn, horizon), light(tilt, azimuth - turn, horizon))
    higher = np.minimum(horizon + horizons.error_deg, _HIGHEST_DEG)
    lower = np.maximum(horizon - horizons.error_deg, 0.0)
    of_heights = half_difference(light(tilt, azimuth, lower), light(tilt, azimuth, higher))
    of_horizon = np.sqrt(of_heights**2 + horizons.sample_error**2)
    of_answer = np.asarray(relative_interval, dtype=np.float64) / (2.0 * _NORMAL_90_CENTRAL)
    of_weather = np.full(len(tilt), year_to_year)
    from_afar = np.full(len(tilt), of_place)
    total = np.sqrt(of_weather**2 + from_afar**2 + of_tilt**2 + of_azimuth**2 + of_horizon**2 + of_answer**2)
    low_factor = np.maximum(1.0 - _NORMAL_90 * total, 0.0)
    high_factor = 1.0 + _NORMAL_90 * total
    return Spread(of_weather, from_afar, of_tilt, of_azimuth, of_horizon, of_answer, total, low_factor, high_factor)
