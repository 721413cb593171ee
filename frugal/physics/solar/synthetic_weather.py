"""A typical hourly year drawn from the monthly statistics of a climate.

Equations
---------
*Days.* The daily clearness index K (global over extraterrestrial irradiation on a horizontal plane) follows a
first-order autoregressive Gaussian process z; within each month the days take, in the order of z, the
quantiles (rank − ½)/n of the distribution of that month (a rank, or Gaussian-copula, transform). Overcast
and clear days are therefore as frequent as in the table, not gathered round the mean, and the month keeps
its mean: a typical year, in which seeds change the order of days, not the climate.

*Hours.* Graham & Hollands 1990 (Solar Energy 44, 333): the clearness of an hour is a mean that depends on air
mass m, ``k_m = λ + ε exp(−κ m)`` with ``λ = K − 1.167 K³ (1 − K)``, ``ε = 0.979 (1 − K)``,
``κ = 1.141 (1 − K) / K``, plus a first-order autoregressive noise of lag-one correlation 0.54 and standard
deviation ``0.21 sin(π K / 0.90)``; the paper has 0.16, which leaves the hours of the typical year of La
Rochelle too uniform and their sum 9 % too diffuse. Air mass: Kasten & Young 1989 (Applied Optics 28, 4735).
No hour is clearer than the clear sky of Haurwitz 1945 (Journal of Meteorology 2, 154), ``1098 exp(−0.057 /
sin h)`` over the solar constant, and each day is scaled so that its hours add up to K.

*Beam and diffuse.* Erbs, Klein & Duffie 1982 (Solar Energy 28, 293), from the clearness of the hour; all
light is diffuse while the sun is lower than 3°, where the correlation has no data.
``ghi = dni sin(h) + dhi`` holds in each hour, with the elevation h in its middle.

*Temperature.* The middle of the day's extremes is the monthly mean plus an autoregressive anomaly that is
correlated with clearness; the daily range grows with clearness. Half cosines join the minimum at sunrise to
the maximum 2.5 h after noon. *Wind*: an hourly autoregressive process, rank-transformed to the Weibull
distribution of the month's mean and standard deviation (shape ``(σ/μ)^−1.086``, Justus et al. 1978, Journal
of Applied Meteorology 17, 350), with a daily wave that peaks at 15:00.

Validity
--------
Latitudes where the sun rises and sets each day. The decomposition does not depend on the climate; statistics
of spells longer than what one day's correlation brings about are not reproduced.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from frugal.errors import UnusableInputError

DAYS = 365
HOURS = 24 * DAYS
_DAYS_OF_MONTH = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
_MONTH_OF_DAY = np.repeat(np.arange(12), _DAYS_OF_MONTH)
_SOLAR_CONSTANT = 1361.0  # W/m², only in the ratio to Haurwitz's clear sky
_HOUR_CORRELATION = 0.54
_HOUR_SPREAD = 0.21
_LOWEST_BEAM_DEG = 3.0


class MonthlyClimate(NamedTuple):
    """Monthly statistics of a place; every array has shape (12,) but the quantiles.

    Attributes
    ----------
    clearness_levels : ndarray, shape (n,)
        Probabilities of the quantiles, from 0 to 1.
    clearness_quantiles : ndarray, shape (12, n)
        Quantiles of the daily clearness index.
    clearness_mean, clearness_autocorrelation : ndarray
        Mean of the daily clearness index; correlation of a day with the next.
    temperature_min_c, temperature_max_c : ndarray
        Means of the daily extremes in °C.
    temperature_day_std_c, temperature_day_autocorrelation : ndarray
        Standard deviation (°C) and lag-one correlation of the middle of the daily extremes.
    temperature_clearness_correlation : ndarray
        Correlation of that middle with the clearness of the day.
    range_clearness_slope_c : ndarray
        Growth of the daily range (°C) with one unit of clearness.
    wind_mean, wind_std, wind_autocorrelation : ndarray
        Mean and standard deviation (m/s) and lag-one correlation of hourly wind speed.
    wind_afternoon_ratio : ndarray
        Mean wind from 12:00 to 18:00 over the mean of the day.
    """

    clearness_levels: np.ndarray
    clearness_quantiles: np.ndarray
    clearness_mean: np.ndarray
    clearness_autocorrelation: np.ndarray
    temperature_min_c: np.ndarray
    temperature_max_c: np.ndarray
    temperature_day_std_c: np.ndarray
    temperature_day_autocorrelation: np.ndarray
    temperature_clearness_correlation: np.ndarray
    range_clearness_slope_c: np.ndarray
    wind_mean: np.ndarray
    wind_std: np.ndarray
    wind_autocorrelation: np.ndarray
    wind_afternoon_ratio: np.ndarray


class SyntheticYear(NamedTuple):
    """Hourly year; every array has shape (8760,): irradiance in W/m², temperature in °C, wind in m/s."""

    ghi: np.ndarray
    dni: np.ndarray
    dhi: np.ndarray
    air_temperature_c: np.ndarray
    wind_speed: np.ndarray


def synthetic_year(
    climate: MonthlyClimate,
    sun_elevation_deg: np.ndarray,
    extraterrestrial_normal: np.ndarray,
    seed: int,
) -> SyntheticYear:
    """Draw a typical year.

    Parameters
    ----------
    climate : MonthlyClimate
    sun_elevation_deg : ndarray, shape (8760,)
        Elevation of the sun in the middle of each hour, in degrees; the first hour starts at midnight, 1
        January.
    extraterrestrial_normal : ndarray, shape (8760,)
        Irradiance normal to the sun outside the atmosphere in W/m².
    seed : int
        Same seed, same year.

    Returns
    -------
    SyntheticYear

    Raises
    ------
    UnusableInputError
        If the arrays do not hold 8,760 values, or the sun does not rise and set on each day.
    """
    elevation = np.ascontiguousarray(sun_elevation_deg, dtype=np.float64)
    normal = np.ascontiguousarray(extraterrestrial_normal, dtype=np.float64)
    if elevation.shape != (HOURS,) or normal.shape != (HOURS,):
        raise UnusableInputError(
            f"sun elevation and extraterrestrial irradiance have shapes {elevation.shape} and "
            f"{normal.shape}; "
            f"({HOURS},) is needed"
        )
    up = elevation.reshape(DAYS, 24) > 0.0
    if not (up.any(axis=1) & ~up.all(axis=1)).all():
        raise UnusableInputError("synthetic weather needs a place where the sun rises and sets on each day of the year")
    random = np.random.default_rng(seed)
    memory = _memory(1.05 * climate.clearness_autocorrelation[_MONTH_OF_DAY])  # 5 % fades in the rank transform
    noise = _autoregressive(random.standard_normal(DAYS), memory)
    clearness = _daily_clearness(climate, noise)
    sine = np.sin(np.radians(np.maximum(elevation, 0.0)))
    ghi, dni, dhi = _irradiance(clearness, elevation, sine, normal, random)
    return SyntheticYear(
        ghi=ghi,
        dni=dni,
        dhi=dhi,
        air_temperature_c=_temperature(climate, clearness, up, random),
        wind_speed=_wind(climate, random),
    )


def _autoregressive(shocks: np.ndarray, correlation: np.ndarray) -> np.ndarray:
    """Process of unit variance: z[i + 1] = r z[i] + sqrt(1 − r²) shock."""
    innovation = np.sqrt(1.0 - correlation**2)
    process = np.empty_like(shocks)
    process[0] = shocks[0]
    for i in range(1, len(shocks)):
        process[i] = correlation[i] * process[i - 1] + innovation[i] * shocks[i]
    return process


def _memory(correlation: np.ndarray) -> np.ndarray:
    """Correlation of the process whose months, each measured from its own mean, show the given one.

    Departures from the mean of n days correlate less than the process, by (1 + 3 r) / n (Kendall 1954,
    Biometrika 41, 403).
    """
    return np.clip((correlation + 1.0 / 30.0) / (1.0 - 3.0 / 30.0), -0.9, 0.97)


def _uniform_by_rank(values: np.ndarray) -> np.ndarray:
    """Ranks as probabilities (rank − ½)/n."""
    order = np.argsort(values, kind="stable")
    probability = np.empty(len(values))
    probability[order] = (np.arange(len(values)) + 0.5) / len(values)
    return probability


def _daily_clearness(climate: MonthlyClimate, noise: np.ndarray) -> np.ndarray:
    clearness = np.empty(DAYS)
    for month in range(12):
        days = month == _MONTH_OF_DAY
        quantiles = climate.clearness_quantiles[month]
        values = np.interp(_uniform_by_rank(noise[days]), climate.clearness_levels, quantiles)
        # The quantiles miss the mean by a few per cent; this bend restores it and moves neither end.
        bend = (values - quantiles[0]) * (quantiles[-1] - values)
        if bend.mean() > 0:
            values = values + bend * (climate.clearness_mean[month] - values.mean()) / bend.mean()
        clearness[days] = np.clip(values, 0.01, 0.85)
    return clearness


def _irradiance(
    clearness: np.ndarray,
    elevation_deg: np.ndarray,
    sine: np.ndarray,
    normal: np.ndarray,
    random: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Global, direct normal and diffuse irradiance of each hour."""
    shape = (DAYS, 24)
    horizontal = (normal * sine).reshape(shape)
    day = clearness[:, None]
    safe = np.maximum(elevation_deg, 0.1)
    air_mass = (1.0 / (np.sin(np.radians(safe)) + 0.50572 * (safe + 6.07995) ** -1.6364)).reshape(shape)
    mean = day - 1.167 * day**3 * (1.0 - day)
    mean = mean + 0.979 * (1.0 - day) * np.exp(-1.141 * (1.0 - day) / day * air_mass)
    spread = _HOUR_SPREAD * np.sin(np.pi * np.minimum(day / 0.90, 1.0))
    noise = _autoregressive(random.standard_normal(HOURS), np.full(HOURS, _HOUR_CORRELATION))
    hours = np.maximum(mean + spread * noise.reshape(shape), 0.02)
    clearest = 1098.0 / _SOLAR_CONSTANT * np.exp(-0.057 / np.maximum(sine, 1e-3)).reshape(shape)
    hours = _scaled_to_day(hours, clearest, horizontal, clearness)

    hour = hours.ravel()
    ghi = hour * horizontal.ravel()
    dhi = ghi * _diffuse_fraction(hour)
    dark = elevation_deg < _LOWEST_BEAM_DEG
    dhi = np.where(dark, ghi, dhi)
    dni = np.where(dark, 0.0, (ghi - dhi) / np.where(dark, 1.0, sine))
    # Written back from its parts, the closure holds to the last digit.
    return dni * sine + dhi, dni, dhi


def _scaled_to_day(
    hours: np.ndarray, clearest: np.ndarray, horizontal: np.ndarray, clearness: np.ndarray
) -> np.ndarray:
    """Scale the hours of each day, none above the clear sky, so that they add up to the day's clearness."""
    wanted = clearness * horizontal.sum(axis=1)
    # A day asked to be clearer than the clear sky becomes the clear sky, raised evenly.
    possible = (clearest * horizontal).sum(axis=1)
    clearest = clearest * np.maximum(1.0, 1.001 * wanted / possible)[:, None]
    low, high = np.zeros(len(hours)), np.full(len(hours), 200.0)
    for _ in range(50):
        middle = 0.5 * (low + high)
        received = (np.minimum(middle[:, None] * hours, clearest) * horizontal).sum(axis=1)
        low = np.where(received < wanted, middle, low)
        high = np.where(received < wanted, high, middle)
    return np.minimum(high[:, None] * hours, clearest)


def _diffuse_fraction(k: np.ndarray) -> np.ndarray:
    polynomial = 0.9511 + k * (-0.1604 + k * (4.388 + k * (-16.638 + k * 12.336)))
    return np.where(k <= 0.22, 1.0 - 0.09 * k, np.where(k <= 0.80, polynomial, 0.165))


def _by_day(monthly: np.ndarray) -> np.ndarray:
    """Monthly values joined by straight lines between the middles of months, corrected to keep each mean."""
    ends = np.cumsum(_DAYS_OF_MONTH)
    centre = ends - 0.5 * (_DAYS_OF_MONTH + 1)
    daily = np.interp(np.arange(DAYS), centre, monthly, period=DAYS)
    means = np.array([daily[month == _MONTH_OF_DAY].mean() for month in range(12)])
    return daily + (monthly - means)[_MONTH_OF_DAY]


def _standardised_by_month(values: np.ndarray) -> np.ndarray:
    result = np.empty_like(values)
    for month in range(12):
        days = month == _MONTH_OF_DAY
        result[days] = (values[days] - values[days].mean()) / values[days].std()
    return result


def _temperature(
    climate: MonthlyClimate, clearness: np.ndarray, up: np.ndarray, random: np.random.Generator
) -> np.ndarray:
    clear = _standardised_by_month(clearness)
    shared = climate.temperature_clearness_correlation[_MONTH_OF_DAY]
    # Clearness brings its own, shorter memory: the remainder must remember more for the sum to be right.
    own = climate.temperature_day_autocorrelation[_MONTH_OF_DAY]
    brought = shared**2 * climate.clearness_autocorrelation[_MONTH_OF_DAY]
    memory = _memory((own - brought) / (1.0 - shared**2))
    rest = _standardised_by_month(_autoregressive(random.standard_normal(DAYS), memory))
    anomaly = _standardised_by_month(shared * clear + np.sqrt(1.0 - shared**2) * rest)
    middle = _by_day((climate.temperature_min_c + climate.temperature_max_c) / 2.0)
    middle = middle + anomaly * climate.temperature_day_std_c[_MONTH_OF_DAY]
    width = _by_day(climate.temperature_max_c - climate.temperature_min_c)
    departure = clearness - climate.clearness_mean[_MONTH_OF_DAY]
    width = np.maximum(width + climate.range_clearness_slope_c[_MONTH_OF_DAY] * departure, 1.0)

    start = 24.0 * np.arange(DAYS)
    sunrise = start + np.argmax(up, axis=1)
    noon = start + np.array([np.flatnonzero(day).mean() for day in up]) + 0.5
    times = np.column_stack([sunrise, noon + 2.5]).ravel()
    extremes = np.column_stack([middle - width / 2.0, middle + width / 2.0]).ravel()
    times = np.concatenate([[times[-1] - HOURS], times, [times[0] + HOURS]])
    extremes = np.concatenate([[extremes[-1]], extremes, [extremes[0]]])
    hour = np.arange(HOURS) + 0.5
    left = np.searchsorted(times, hour, side="right") - 1
    share = (hour - times[left]) / (times[left + 1] - times[left])
    return extremes[left] + (extremes[left + 1] - extremes[left]) * 0.5 * (1.0 - np.cos(np.pi * share))


def _wind(climate: MonthlyClimate, random: np.random.Generator) -> np.ndarray:
    month_of_hour = np.repeat(_MONTH_OF_DAY, 24)
    process = _autoregressive(random.standard_normal(HOURS), climate.wind_autocorrelation[month_of_hour])
    # The mean of cos over 12:00–18:00, centred on its peak, is sin(π/4) / (π/4).
    wave = np.cos(2.0 * np.pi * (np.arange(HOURS) % 24 + 0.5 - 15.0) / 24.0) * (math.pi / 4.0) / math.sin(math.pi / 4.0)
    speed = np.empty(HOURS)
    for month in range(12):
        hours = month == month_of_hour
        mean, std = climate.wind_mean[month], climate.wind_std[month]
        shape = (std / mean) ** -1.086
        scale = mean / math.gamma(1.0 + 1.0 / shape)
        calm = scale * (-np.log1p(-_uniform_by_rank(process[hours]))) ** (1.0 / shape)
        speed[hours] = calm * np.maximum(1.0 + (climate.wind_afternoon_ratio[month] - 1.0) * wave[hours], 0.1)
    return speed
