"""A year of weather at a place, ready for roofs: where the sun stands, how the sky is split, daylight steps only.

The sky is split as in :mod:`~frugal.physics.solar.transposition`; sun vectors and sky parts depend on the weather only, so
they are computed once per year, whatever the number of roofs (:mod:`~frugal.physics.solar.roof_years`).

Times
-----
``unix_time_mid_s`` is the **middle** of the interval each irradiance is a mean of. Weather files that stamp the end
of the hour (EnergyPlus EPW) need 1,800 s taken off.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from frugal.errors import UnusableInputError
from frugal.physics.solar.position import extraterrestrial_normal_irradiance, sun_position
from frugal.physics.solar.transposition import HAY_DAVIES, PEREZ, sky_components

#: Day of each month whose sun is nearest to the monthly mean (Klein 1977, Solar Energy 19, 325).
KLEIN_DAYS = (17, 16, 16, 15, 15, 11, 17, 16, 15, 15, 14, 10)


class SolarYear(NamedTuple):
    """Daylight steps of a year; all arrays of shape (n,) unless said.

    The first ten fields are the weather and the sun, the others follow from them: build it with
    :func:`solar_year` or :func:`typical_days` rather than by replacing one field.

    Attributes
    ----------
    month : int64, 0 to 11.
    hours : how many hours each step stands for.
    sun_azimuth_deg, sun_elevation_deg : direction of the sun at the middle of the step, with refraction.
    direct_normal, diffuse_horizontal, global_horizontal, extraterrestrial : irradiance [W/m²].
    air_temperature_c, wind_speed : air at 2 m [°C] and wind at 10 m [m/s].
    sun_east, sun_north, sun_up : unit vector to the sun.
    circumsolar_normal, isotropic_horizontal, horizon_band : shape (2, n), parts of the diffuse light [W/m²]; first
        row Hay–Davies, second row Perez.
    """

    month: np.ndarray
    hours: np.ndarray
    sun_azimuth_deg: np.ndarray
    sun_elevation_deg: np.ndarray
    direct_normal: np.ndarray
    diffuse_horizontal: np.ndarray
    global_horizontal: np.ndarray
    extraterrestrial: np.ndarray
    air_temperature_c: np.ndarray
    wind_speed: np.ndarray
    sun_east: np.ndarray
    sun_north: np.ndarray
    sun_up: np.ndarray
    circumsolar_normal: np.ndarray
    isotropic_horizontal: np.ndarray
    horizon_band: np.ndarray


class _Weather(NamedTuple):
    ghi: np.ndarray
    dni: np.ndarray
    dhi: np.ndarray
    air_temperature_c: np.ndarray
    wind_speed: np.ndarray


def _checked(
    unix_time_mid_s: np.ndarray, month: np.ndarray, weather: _Weather
) -> tuple[np.ndarray, np.ndarray, _Weather]:
    times = np.ascontiguousarray(unix_time_mid_s, dtype=np.float64).ravel()
    months = np.ascontiguousarray(month, dtype=np.int64).ravel()
    if times.size == 0:
        raise UnusableInputError("unix_time_mid_s is empty: at least one step is needed.")
    if months.size != times.size or months.min() < 0 or months.max() > 11:
        raise UnusableInputError(
            f"month holds {months.size} values for {times.size} steps: it needs one of 0 to 11 per step."
        )
    columns = []
    for name, values in zip(weather._fields, weather, strict=True):
        column = np.ascontiguousarray(values, dtype=np.float64).ravel()
        if column.size != times.size or not np.all(np.isfinite(column)):
            raise UnusableInputError(f"{name} needs one finite number for each of the {times.size} steps.")
        if name != "air_temperature_c" and column.min() < 0.0:
            raise UnusableInputError(f"{name} falls to {column.min()}: it must not be negative.")
        columns.append(column)
    return times, months, _Weather(*columns)


def _assemble(
    times: np.ndarray,
    months: np.ndarray,
    hours: np.ndarray,
    weather: _Weather,
    place: tuple[float, float, float],
) -> SolarYear:
    # Yearly mean pressure of the standard atmosphere, for refraction.
    pressure_pa = 101325.0 * (1.0 - 2.25577e-5 * place[2]) ** 5.25588
    azimuth, _, elevation = sun_position(
        times, *place, pressure_pa=pressure_pa, temperature_c=float(np.mean(weather.air_temperature_c))
    )
    keep = (elevation > 0.0) | (weather.ghi > 0.0) | (weather.dni > 0.0) | (weather.dhi > 0.0)
    azimuth, elevation = azimuth[keep], elevation[keep]
    direct, diffuse = weather.dni[keep], weather.dhi[keep]
    extraterrestrial = extraterrestrial_normal_irradiance(times[keep])
    parts = [sky_components(elevation, direct, diffuse, extraterrestrial, model) for model in (HAY_DAVIES, PEREZ)]
    level = np.cos(np.radians(elevation))
    return SolarYear(
        months[keep],
        hours[keep],
        azimuth,
        elevation,
        direct,
        diffuse,
        weather.ghi[keep],
        extraterrestrial,
        weather.air_temperature_c[keep],
        weather.wind_speed[keep],
        level * np.sin(np.radians(azimuth)),
        level * np.cos(np.radians(azimuth)),
        np.sin(np.radians(elevation)),
        np.array([p.circumsolar_normal for p in parts]),
        np.array([p.isotropic_horizontal for p in parts]),
        np.array([p.horizon_band for p in parts]),
    )


def solar_year(
    unix_time_mid_s: np.ndarray,
    month: np.ndarray,
    ghi: np.ndarray,
    dni: np.ndarray,
    dhi: np.ndarray,
    air_temperature_c: np.ndarray,
    wind_speed: np.ndarray,
    latitude_deg: float,
    longitude_deg: float,
    altitude_m: float = 0.0,
) -> SolarYear:
    """Prepare a year of hourly weather: sun, sky parts, daylight steps only.

    Parameters
    ----------
    unix_time_mid_s : ndarray, shape (n,)
        Middle of each hour, seconds of universal time since 1970-01-01 (for hour-ending stamps: stamp −
        1,800). Years may differ from month to month, as in typical meteorological years.
    month : ndarray of int, shape (n,)
        Month the step is booked in, 0 to 11.
    ghi, dni, dhi : ndarray, shape (n,)
        Mean irradiance of the hour, global and diffuse on the horizontal, direct normal [W/m²].
    air_temperature_c, wind_speed : ndarray, shape (n,)
        Air temperature [°C] and wind at 10 m [m/s].
    latitude_deg, longitude_deg, altitude_m : float
        Place, north and east positive.

    Raises
    ------
    UnusableInputError
        If lengths differ, a value is not finite or an irradiance is negative.
    """
    times, months, weather = _checked(unix_time_mid_s, month, _Weather(ghi, dni, dhi, air_temperature_c, wind_speed))
    return _assemble(times, months, np.ones(times.size), weather, (latitude_deg, longitude_deg, altitude_m))


def typical_days(
    unix_time_mid_s: np.ndarray,
    month: np.ndarray,
    ghi: np.ndarray,
    dni: np.ndarray,
    dhi: np.ndarray,
    air_temperature_c: np.ndarray,
    wind_speed: np.ndarray,
    latitude_deg: float,
    longitude_deg: float,
    altitude_m: float = 0.0,
) -> SolarYear:
    """Twelve mean days instead of a year: the mean of each month's hours of the day, at most 288 steps.

    The sun is that of Klein's mean day of the month; ``hours`` is how many hours of the full year went into
    each mean, so monthly sums of irradiation on the horizontal are kept.

    Parameters and errors are those of :func:`solar_year`.
    """
    times, months, weather = _checked(unix_time_mid_s, month, _Weather(ghi, dni, dhi, air_temperature_c, wind_speed))
    second_of_day = times % 86400.0
    group = months * 24 + (second_of_day // 3600.0).astype(np.int64)
    count = np.bincount(group, minlength=288)
    used = np.flatnonzero(count)

    def mean(values: np.ndarray) -> np.ndarray:
        return np.bincount(group, weights=values, minlength=288)[used] / count[used]

    first_of_month = np.empty(12)
    for m in np.unique(months):
        first = np.median(times[months == m]).astype("datetime64[s]").astype("datetime64[M]")
        first_of_month[m] = first.astype("datetime64[s]").astype(np.float64)
    used_month = used // 24
    day = np.array(KLEIN_DAYS, dtype=np.float64)[used_month] - 1.0
    mean_times = first_of_month[used_month] + day * 86400.0 + mean(second_of_day)
    return _assemble(
        mean_times,
        used_month.astype(np.int64),
        count[used].astype(np.float64),
        _Weather(*(mean(column) for column in weather)),
        (latitude_deg, longitude_deg, altitude_m),
    )
