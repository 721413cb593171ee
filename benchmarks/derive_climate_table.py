"""Derive the climate table that ships with the project from an hourly typical year.

    python benchmarks/derive_climate_table.py FILE.epw[.gz] [--out TABLE.csv]

Without ``--out`` the table is printed. Statistics of single months are noisy in a year of 365 days: spread,
mean and distribution are those of the month, while autocorrelations, the correlation of temperature with
clearness and the slope of the daily range are pooled over the month and its two neighbours.
"""

from __future__ import annotations

import argparse
import sys

import numpy as np

from frugal.formats.files.atomic import write_text
from frugal.formats.weather.climate import QUANTILE_COLUMNS, QUANTILE_LEVELS
from frugal.formats.weather.hourly_year import Weather
from frugal.formats.weather.readers import read_weather
from frugal.physics.solar.position import extraterrestrial_normal_irradiance, sun_position

#: Means of La Rochelle as published (rounded to 1 °C), an independent check of the typical year.
NORMAL_MIN_C = (4, 4, 6, 8, 12, 15, 17, 16, 14, 11, 7, 4)
NORMAL_MAX_C = (9, 10, 13, 16, 19, 22, 24, 24, 22, 18, 13, 10)


def derive(weather: Weather) -> dict[str, np.ndarray]:
    """Monthly statistics of a year, by column name; each has 12 values."""
    _, elevation_deg, _ = sun_position(weather.unix_time_s, weather.latitude_deg, weather.longitude_deg)
    normal = extraterrestrial_normal_irradiance(weather.unix_time_s)
    extraterrestrial = normal * np.sin(np.radians(np.maximum(elevation_deg, 0.0)))
    month = weather.month.reshape(365, 24)[:, 0]
    days = {name: getattr(weather, name).reshape(365, 24) for name in ("ghi", "air_temperature_c", "wind_speed")}
    clearness = days["ghi"].sum(axis=1) / extraterrestrial.reshape(365, 24).sum(axis=1)
    temperature = days["air_temperature_c"]
    low, high = temperature.min(axis=1), temperature.max(axis=1)
    middle = (low + high) / 2
    wind = days["wind_speed"]

    def monthly(values: np.ndarray) -> np.ndarray:
        return np.array([values[month == m].mean() for m in range(12)])

    columns = {
        "global_irradiation_kwh_m2": np.array([days["ghi"][month == m].sum() / 1e3 for m in range(12)]),
        "clearness_mean": monthly(clearness),
    }
    for name, level in zip(QUANTILE_COLUMNS, QUANTILE_LEVELS, strict=True):
        columns[name] = np.array([np.quantile(clearness[month == m], level) for m in range(12)])
    clear = clearness - monthly(clearness)[month]
    warm = middle - _seasonal(monthly(middle), month)
    spread = (high - low) - monthly(high - low)[month]
    gust = (wind - np.array([wind[month == m].mean() for m in range(12)])[month][:, None]).ravel()
    hour_month = np.repeat(month, 24)
    columns["clearness_autocorrelation"] = _pooled(clear[:-1], clear[1:], month[:-1])
    columns["temperature_min_c"] = monthly(low)
    columns["temperature_max_c"] = monthly(high)
    columns["temperature_day_std_c"] = np.array([warm[month == m].std() for m in range(12)])
    columns["temperature_day_autocorrelation"] = _pooled(warm[:-1], warm[1:], month[:-1])
    columns["temperature_clearness_correlation"] = _pooled(clear, warm, month)
    columns["range_clearness_slope_c"] = _pooled(clear, spread, month, slope=True)
    columns["wind_mean"] = monthly(wind.mean(axis=1))
    columns["wind_std"] = np.array([wind[month == m].std() for m in range(12)])
    columns["wind_autocorrelation"] = _pooled(gust[:-1], gust[1:], hour_month[:-1])
    columns["wind_afternoon_ratio"] = monthly(wind[:, 12:18].mean(axis=1)) / monthly(wind.mean(axis=1))
    columns["normal_temperature_min_c"] = np.array(NORMAL_MIN_C, dtype=np.float64)
    columns["normal_temperature_max_c"] = np.array(NORMAL_MAX_C, dtype=np.float64)
    return columns


def _seasonal(means: np.ndarray, month: np.ndarray) -> np.ndarray:
    """Means of months joined by straight lines between their middles: no steps at the turn of a month."""
    centre = np.array([np.flatnonzero(month == m).mean() for m in range(12)])
    return np.interp(np.arange(len(month)), centre, means, period=len(month))


def _pooled(a: np.ndarray, b: np.ndarray, month: np.ndarray, slope: bool = False) -> np.ndarray:
    """Correlation of a and b (or slope of b on a) over each month and its two neighbours."""
    result = np.empty(12)
    for m in range(12):
        near = np.isin(month, [(m - 1) % 12, m, (m + 1) % 12])
        covariance = np.mean(a[near] * b[near])
        variance = np.mean(a[near] ** 2)
        result[m] = covariance / (variance if slope else np.sqrt(variance * np.mean(b[near] ** 2)))
    return result


def as_csv(weather: Weather, columns: dict[str, np.ndarray]) -> str:
    """The table with its comments, as the reader of the project expects it."""
    lines = [
        "# Monthly climate of the coast south of Vendée (La Rochelle – Île de Ré airport).",
        f"# latitude_deg={weather.latitude_deg:g} longitude_deg={weather.longitude_deg:g} "
        f"altitude_m={weather.altitude_m:g} utc_offset_h={weather.utc_offset_h:g}",
        "# Derived by benchmarks/derive_climate_table.py from the typical year TMYx (periods 2005–2019) of",
        f"# FRA_AC_La.Rochelle.Intl.AP.073160, Climate.OneBuilding.org; sha256 of the file: {weather.sha256}",
        "# normal_temperature_min_c, normal_temperature_max_c: average temperatures of La Rochelle as published",
        "# by climatestotravel.com/climate/france/la-rochelle, rounded to 1 °C; not used by the generator.",
        "# Units: *_kwh_m2 kWh/m² a month; *_c °C (range_clearness_slope_c: °C for one unit of clearness);",
        "# wind_mean, wind_std m/s at 10 m; all others without unit. clearness: daily global irradiation over",
        "# the extraterrestrial one on a horizontal plane; clearness_qNN: quantiles of its days in per cent.",
        "month," + ",".join(columns),
    ]
    for m in range(12):
        lines.append(f"{m + 1}," + ",".join(f"{values[m]:.4g}" for values in columns.values()))
    return "\n".join(lines) + "\n"


def main() -> None:
    """Read the year named on the command line, write or print its table."""
    parser = argparse.ArgumentParser(description="Derive a monthly climate table from an hourly year.")
    parser.add_argument("epw")
    parser.add_argument("--out")
    options = parser.parse_args()
    weather = read_weather(options.epw)
    text = as_csv(weather, derive(weather))
    if options.out:
        write_text(options.out, text)
    else:
        sys.stdout.write(text)


if __name__ == "__main__":
    main()
