"""A year of a roof: hourly irradiance and air temperature in, monthly alternating-current energy out.

Model
-----
For each step the sky is split as in :mod:`~frugal.physics.solar.transposition`; beam and circumsolar light are lost
when the sun stands below the obstacles' horizon (interpolated linearly between its K azimuths), isotropic light and
the Perez horizon band by the factors of :func:`~frugal.physics.solar.photovoltaic.diffuse_factors`. Light reflected
by the ground is not obstructed: what hides the ground from a roof reflects about as much itself. Each part goes
through the glass with its own incidence-angle modifier; their sum is the effective irradiance, which heats the cells
and makes the current (:mod:`~frugal.physics.solar.photovoltaic`). The temperature model was fitted on light before
reflection; feeding it with the light behind the glass cools cells by less than 1 K on average and raises the yearly
yield by 0.1 to 0.25 %.

Diffuse factors need the horizon only, and sun vectors and sky parts the weather only, so each is computed once: per
roof and per year. What is left per roof and step is a handful of multiplications, one square root and two
exponentials.

Validity
--------
As the models it is made of; agrees with the same chain made of pvlib functions within 0.02 % of the yearly yield
(``tests/verification/test_solar_year.py``).
"""

from __future__ import annotations

import math

import numpy as np

from frugal.errors import UnusableInputError
from frugal.physics.compiled import kernel
from frugal.physics.solar.photovoltaic import (
    diffuse_factors,
    horizon_at,
    iam_physical,
    pvwatts_ac,
    pvwatts_dc,
    sapm_heating,
)
from frugal.physics.solar.transposition import HAY_DAVIES, require_transposition
from frugal.physics.solar.year import SolarYear


@kernel(error_model="numpy")
def _ac_power(
    irradiance: float,
    air_c: float,
    heating: float,
    gamma: float,
    kept: float,
    dc_limit: float,
    efficiency: float,
) -> float:
    return pvwatts_ac(kept * pvwatts_dc(irradiance, air_c + irradiance * heating, gamma), dc_limit, efficiency)


@kernel(error_model="numpy")
def _roof_years(
    year: SolarYear,
    tilt_deg: np.ndarray,
    azimuth_deg: np.ndarray,
    horizon_deg: np.ndarray,
    albedo: np.ndarray,
    dc_ac_ratio: np.ndarray,
    sapm_a: np.ndarray,
    sapm_b: np.ndarray,
    sapm_delta_t: np.ndarray,
    transposition: int,
    system_losses: float,
    gamma: float,
    nominal_efficiency: float,
    out: np.ndarray,
) -> None:
    circumsolar = year.circumsolar_normal[transposition]
    isotropic = year.isotropic_horizontal[transposition]
    band = year.horizon_band[transposition]
    kept = 1.0 - system_losses
    open_horizon = np.zeros(1)
    for r in range(tilt_deg.size):
        tilt = math.radians(tilt_deg[r])
        up = math.cos(tilt)
        east = math.sin(tilt) * math.sin(math.radians(azimuth_deg[r]))
        north = math.sin(tilt) * math.cos(math.radians(azimuth_deg[r]))
        horizon = horizon_deg[r]
        sky, sky_band = diffuse_factors(tilt_deg[r], azimuth_deg[r], horizon)
        open_sky, open_band = diffuse_factors(tilt_deg[r], azimuth_deg[r], open_horizon)
        ground = albedo[r] * diffuse_factors(180.0 - tilt_deg[r], azimuth_deg[r], open_horizon)[0]
        a = sapm_a[r]
        b = sapm_b[r]
        delta_t = sapm_delta_t[r]
        dc_limit = 1.0 / (dc_ac_ratio[r] * nominal_efficiency)
        open_year = 0.0
        shaded_year = 0.0
        out[r, :] = 0.0
        for i in range(year.month.size):
            reflected = year.global_horizontal[i] * ground
            diffuse = max(0.0, isotropic[i] * sky + band[i] * sky_band) + reflected
            open_diffuse = max(0.0, isotropic[i] * open_sky + band[i] * open_band) + reflected
            beam = 0.0
            visible = True
            incidence = east * year.sun_east[i] + north * year.sun_north[i] + up * year.sun_up[i]
            if incidence > 0.0 and year.sun_up[i] > 0.0:
                beam = (year.direct_normal[i] + circumsolar[i]) * incidence * iam_physical(incidence)
                visible = year.sun_elevation_deg[i] >= horizon_at(horizon, year.sun_azimuth_deg[i])
            air = year.air_temperature_c[i]
            heating = sapm_heating(year.wind_speed[i], a, b, delta_t)
            shaded = diffuse + beam if visible else diffuse
            energy = year.hours[i] * _ac_power(shaded, air, heating, gamma, kept, dc_limit, nominal_efficiency)
            out[r, year.month[i]] += energy
            shaded_year += energy
            open_year += year.hours[i] * _ac_power(
                open_diffuse + beam, air, heating, gamma, kept, dc_limit, nominal_efficiency
            )
        total = 0.0
        for m in range(12):
            total += out[r, m]
        out[r, 12] = total
        # Both in the order of the steps, so that an open horizon loses exactly nothing.
        out[r, 13] = 1.0 - shaded_year / open_year if open_year > 0.0 else 0.0


def _column(name: str, values: np.ndarray, n: int, low: float, high: float) -> np.ndarray:
    column = np.empty(n)  # a fresh array: read-only views would make numba compile once more
    try:
        column[:] = values
    except ValueError as fault:
        raise UnusableInputError(f"{name} needs one number, or {n}: one per roof.") from fault
    bad = ~((column >= low) & (column <= high))
    if bad.any():
        raise UnusableInputError(
            f"{name} of roof {int(np.argmax(bad))} is {column[bad][0]}: it must lie between {low} and {high}."
        )
    return column


def roof_years(
    year: SolarYear,
    tilt_deg: np.ndarray,
    azimuth_deg: np.ndarray,
    horizon_deg: np.ndarray,
    albedo: np.ndarray,
    dc_ac_ratio: np.ndarray,
    sapm_a: np.ndarray,
    sapm_b: np.ndarray,
    sapm_delta_t: np.ndarray,
    transposition: int = HAY_DAVIES,
    *,
    system_losses: float = 0.14,
    gamma: float = -0.0035,
    nominal_efficiency: float = 0.96,
) -> np.ndarray:
    """Yield of many roofs, one after the other; releases the GIL, so that callers may thread over chunks.

    Parameters
    ----------
    year : SolarYear
        Weather and sun, from :func:`~frugal.physics.solar.year.solar_year` or :func:`~frugal.physics.solar.year.typical_days`.
    tilt_deg, azimuth_deg : ndarray, shape (n,)
        Planes: tilt 0 (horizontal) to 90 (wall), azimuth where they face, clockwise from north.
    horizon_deg : ndarray, shape (n, K)
        Elevation of the obstacles' horizon, 0 to 90, at azimuths k 360 / K (0 is north, clockwise).
    albedo : ndarray, shape (n,)
        Reflectance of the ground, 0 to 1.
    dc_ac_ratio : ndarray, shape (n,)
        Rated power of the modules over rated output of the inverter.
    sapm_a, sapm_b, sapm_delta_t : ndarray, shape (n,)
        Mounting, coefficients of the Sandia cell temperature model [1, s/m, K].
    transposition : int
        0 Hay–Davies, 1 Perez.
    system_losses : float
        Share of the direct current lost before the inverter (soiling, wiring, mismatch, ...).
    gamma : float
        Temperature coefficient of power [1/K].
    nominal_efficiency : float
        Rated efficiency of the inverter.

    Returns
    -------
    ndarray, shape (n, 14)
        Twelve monthly yields and the yearly yield [kWh alternating current per kWp], shading loss of the year
        (1 − yield / yield with an open horizon, 0 where even the open roof yields nothing).

    Raises
    ------
    UnusableInputError
        If a value is out of range or the shapes do not match.
    """
    tilt = np.ascontiguousarray(tilt_deg, dtype=np.float64).ravel()
    n = tilt.size
    horizon = np.ascontiguousarray(horizon_deg, dtype=np.float64)
    if horizon.ndim != 2 or horizon.shape[0] != n or horizon.shape[1] < 1:
        raise UnusableInputError(f"horizon_deg has shape {horizon.shape}: it must be ({n}, K) with K at least 1.")
    if not np.all((horizon >= 0.0) & (horizon <= 90.0)):
        raise UnusableInputError("horizon_deg holds a value outside 0 to 90: it must be an elevation in degrees.")
    out = np.empty((n, 14))
    _roof_years(
        year,
        _column("tilt_deg", tilt, n, 0.0, 90.0),
        _column("azimuth_deg", azimuth_deg, n, -360.0, 360.0),
        horizon,
        _column("albedo", albedo, n, 0.0, 1.0),
        _column("dc_ac_ratio", dc_ac_ratio, n, 0.1, 10.0),
        _column("sapm_a", sapm_a, n, -20.0, 0.0),
        _column("sapm_b", sapm_b, n, -5.0, 0.0),
        _column("sapm_delta_t", sapm_delta_t, n, 0.0, 50.0),
        require_transposition(transposition),
        float(_column("system_losses", np.asarray(system_losses), 1, 0.0, 1.0)[0]),
        float(_column("gamma", np.asarray(gamma), 1, -0.1, 0.0)[0]),
        float(_column("nominal_efficiency", np.asarray(nominal_efficiency), 1, 0.5, 1.0)[0]),
        out,
    )
    return out


def roof_year(
    year: SolarYear,
    tilt_deg: float,
    azimuth_deg: float,
    horizon_deg: np.ndarray,
    albedo: float,
    dc_ac_ratio: float,
    sapm_a: float,
    sapm_b: float,
    sapm_delta_t: float,
    transposition: int = HAY_DAVIES,
    *,
    system_losses: float = 0.14,
    gamma: float = -0.0035,
    nominal_efficiency: float = 0.96,
) -> np.ndarray:
    """Yield of one roof, shape (14,); parameters, result and errors as in :func:`roof_years`, without n.

    Parameters
    ----------
    year : SolarYear
        Weather and sun, from :func:`solar_year` or :func:`typical_days`.
    tilt_deg, azimuth_deg : float
        Plane: tilt 0 (horizontal) to 90 (wall), azimuth where it faces, clockwise from north.
    horizon_deg : ndarray, shape (K,)
        Elevation of the obstacles' horizon, 0 to 90, at azimuths k 360 / K (0 is north, clockwise).
    albedo : float
        Reflectance of the ground, 0 to 1.
    dc_ac_ratio : float
        Rated power of the modules over rated output of the inverter.
    sapm_a, sapm_b, sapm_delta_t : float
        Mounting, coefficients of the Sandia cell temperature model [1, s/m, K].
    transposition : int
        0 Hay–Davies, 1 Perez.
    system_losses : float
        Share of the direct current lost before the inverter.
    gamma : float
        Temperature coefficient of power [1/K].
    nominal_efficiency : float
        Rated efficiency of the inverter.

    Returns
    -------
    ndarray, shape (14,)
        Twelve monthly yields and the yearly yield [kWh/kWp], shading loss of the year (a share).

    Raises
    ------
    UnusableInputError
        If a value is out of range.
    """
    return roof_years(
        year,
        np.array([tilt_deg]),
        np.array([azimuth_deg]),
        np.atleast_2d(horizon_deg),
        np.array([albedo]),
        np.array([dc_ac_ratio]),
        np.array([sapm_a]),
        np.array([sapm_b]),
        np.array([sapm_delta_t]),
        transposition,
        system_losses=system_losses,
        gamma=gamma,
        nominal_efficiency=nominal_efficiency,
    )[0]
