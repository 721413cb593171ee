"""Time and error of the solar physics: ``python benchmarks/solar_physics.py [--epw FILE] [--dsm FILE]``.

Prints one JSON document and writes it to ``results/solar_physics.json`` beside this file. Without files the
weather is pvlib's clear sky under a passing cloud and the surface model a made-up village. Times are CPU
seconds of one thread, the best of several repetitions.
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pvlib import atmosphere, iam, inverter, iotools, irradiance, location, pvsystem, solarposition, temperature

from frugal.formats.files.atomic import write_text
from frugal.physics.solar.horizon import horizon_at_points, horizon_sweeps
from frugal.physics.solar.position import sun_position
from frugal.physics.solar.roof_years import roof_years
from frugal.physics.solar.sky import cumulative_sky_tables, plane_irradiation
from frugal.physics.solar.transposition import SkyComponents, plane_irradiance
from frugal.physics.solar.year import SolarYear, solar_year, typical_days

ALBEDO = 0.2
DC_AC = 1.25
MOUNTING = (-3.47, -0.0594, 3.0)
MODELS = ("haydavies", "perez")
Place = tuple[float, float, float]


def cpu_seconds(call: Callable[[], Any], repetitions: int = 7) -> float:
    """Least CPU time of one call, after a first one that compiles."""
    call()
    best = math.inf
    for _ in range(repetitions):
        start = time.process_time()
        call()
        best = min(best, time.process_time() - start)
    return best


def weather_of(epw: Path | None) -> tuple[pd.DataFrame, Place, str]:
    """Hourly weather indexed by the middle of the hour, the place, and where it comes from."""
    if epw is not None:
        opener = gzip.open if epw.suffix == ".gz" else open
        with opener(epw, "rt") as stream:
            weather, meta = iotools.read_epw(stream, coerce_year=2023)
        weather.index = (weather.index + pd.Timedelta("30min")).tz_convert("UTC")
        return weather, (meta["latitude"], meta["longitude"], meta["altitude"]), epw.name
    place = location.Location(46.2, -1.2, altitude=20.0)
    mid = pd.date_range("2023-01-01 00:30", periods=8760, freq="h", tz="UTC")
    clear = place.get_clearsky(mid, model="ineichen", linke_turbidity=3.5)
    rng = np.random.default_rng(7)
    cloud = np.repeat(np.clip(rng.normal(0.45, 0.35, 2920), 0.0, 1.0), 3)
    weather = pd.DataFrame({"dni": clear["dni"] * (1.0 - cloud) ** 1.5})
    weather["dhi"] = clear["dhi"] + 0.35 * cloud * (clear["ghi"] - clear["dhi"])
    zenith = place.get_solarposition(mid)["apparent_zenith"]
    weather["ghi"] = weather["dhi"] + weather["dni"] * np.cos(np.radians(zenith)).clip(lower=0.0)
    weather["temp_air"] = 13.0 - 7.0 * np.cos(np.arange(8760) / 8760.0 * 2.0 * math.pi)
    weather["wind_speed"] = 4.0
    return weather, (place.latitude, place.longitude, place.altitude), "generated"


def surface_of(dsm: Path | None) -> tuple[np.ndarray, float, str]:
    """Heights, resolution and name of a surface model."""
    if dsm is not None:
        import rasterio

        with rasterio.open(dsm) as raster:
            heights = raster.read(1, masked=True).astype(np.float64).filled(np.nan)
            return heights, float(raster.res[0]), dsm.name
    rng = np.random.default_rng(3)
    heights = rng.normal(0.0, 0.05, (1000, 1000))
    for _ in range(900):
        row, column = rng.integers(0, 980, 2)
        rows, columns = rng.integers(6, 18, 2)
        ridge = np.abs(np.linspace(-1.0, 1.0, rows))[:, None] * np.ones(columns)
        block = heights[row : row + rows, column : column + columns]
        block[:] = np.maximum(block, (rng.uniform(3.0, 9.0) + 3.0 * (1.0 - ridge))[: block.shape[0], : block.shape[1]])
    return heights, 1.0, "generated"


def pvlib_chain(
    weather: pd.DataFrame, sun: pd.DataFrame, plane: tuple[float, float], model: str
) -> tuple[float, float]:
    """Yearly plane irradiation [kWh/m²] and alternating-current energy [kWh/kWp] of pvlib functions."""
    zenith, azimuth = sun["apparent_zenith"].to_numpy(), sun["azimuth"].to_numpy()
    dni, dhi, ghi = (weather[c].to_numpy() for c in ("dni", "dhi", "ghi"))
    extra = irradiance.get_extra_radiation(weather.index).to_numpy()
    arguments = (*plane, dhi, dni, extra, zenith, azimuth)
    if model == "haydavies":
        sky = irradiance.haydavies(*arguments, return_components=True)
        band = np.zeros(dni.size)
    else:
        sky = irradiance.perez(*arguments, atmosphere.get_relative_airmass(zenith), return_components=True)
        band = np.nan_to_num(sky["poa_horizon"])
    up = zenith < 90.0
    beam = np.where(up, irradiance.beam_component(*plane, zenith, azimuth, dni), 0.0)
    circumsolar = np.where(up, np.nan_to_num(sky["poa_circumsolar"]), 0.0)
    isotropic = np.nan_to_num(sky["poa_isotropic"])
    ground = irradiance.get_ground_diffuse(plane[0], ghi, ALBEDO)
    glass = iam.marion_diffuse("physical", plane[0])
    effective = (beam + circumsolar) * iam.physical(irradiance.aoi(*plane, zenith, azimuth)) + isotropic * glass["sky"]
    if plane[0] > 0.0:
        effective += band * glass["horizon"] + ground * glass["ground"]
    cell = temperature.sapm_cell(effective, weather["temp_air"], weather["wind_speed"], *MOUNTING)
    direct_current = pvsystem.pvwatts_dc(effective, cell, 1000.0, -0.0035) * (1.0 - 0.14)
    alternating = inverter.pvwatts(direct_current, 1000.0 / DC_AC / 0.96)
    incident = (beam + circumsolar + isotropic + band + ground).sum() / 1000.0
    return float(incident), float(alternating.sum() / 1000.0)


def largest_errors(weather: pd.DataFrame, place: Place, year: SolarYear) -> dict[str, float]:
    """Largest differences from pvlib over planes of all tilts and azimuths."""
    sun = solarposition.get_solarposition(weather.index, *place, temperature=weather["temp_air"].mean())
    spa = solarposition.spa_python(weather.index, *place, pressure=101325.0, temperature=12.0, delta_t=None)
    azimuth, _, apparent = sun_position(weather.index.as_unit("s").asi8, *place)
    turn = (azimuth - spa["azimuth"].to_numpy() + 180.0) % 360.0 - 180.0
    lit = spa["apparent_elevation"].to_numpy() > 0.0
    errors = {
        "sun_elevation_deg": float(np.abs(apparent - spa["apparent_elevation"].to_numpy())[lit].max()),
        "sun_azimuth_times_cos_elevation_deg": float(np.abs(turn * np.cos(np.radians(apparent)))[lit].max()),
    }
    planes = [(tilt, azimuth) for tilt in (0.0, 10.0, 30.0, 60.0, 90.0) for azimuth in (0.0, 90.0, 135.0, 180.0, 270.0)]
    open_horizon = np.zeros((len(planes), 72))
    tilt, facing = np.array(planes).T
    cumulative = plane_irradiation(
        cumulative_sky_tables(year), tilt, facing, open_horizon, np.full(len(planes), ALBEDO)
    )
    for k, model in enumerate(MODELS):
        sky = SkyComponents(year.circumsolar_normal[k], year.isotropic_horizontal[k], year.horizon_band[k])
        mounting = (np.full(len(planes), value) for value in (ALBEDO, DC_AC, *MOUNTING))
        yields = roof_years(year, tilt, facing, open_horizon, *mounting, transposition=k)[:, 12]
        incident_errors, yield_errors, table_errors = [], [], []
        for i, plane in enumerate(planes):
            incident, alternating = pvlib_chain(weather, sun, plane, model)
            parts = plane_irradiance(
                year.sun_azimuth_deg,
                year.sun_elevation_deg,
                year.direct_normal,
                year.global_horizontal,
                sky,
                *plane,
                ALBEDO,
            )
            incident_errors.append(abs(sum(part.sum() for part in parts) / 1000.0 / incident - 1.0))
            yield_errors.append(abs(yields[i] / alternating - 1.0))
            table_errors.append(abs(cumulative[i].sum() / incident - 1.0))
        errors[f"{model}_yearly_irradiation_percent"] = 100.0 * max(incident_errors)
        errors[f"{model}_yearly_yield_percent"] = 100.0 * max(yield_errors)
        if model == "haydavies":
            errors["cumulative_sky_72_sectors_percent"] = 100.0 * max(table_errors)
    return errors


def choice_of_rays(
    year: SolarYear, heights: np.ndarray, resolution_m: float
) -> tuple[dict[str, dict[str, float]], float]:
    """Error of the yearly yield by number of sectors and rays, against 720 sectors, and time of 72 x 1."""
    rng = np.random.default_rng(0)
    south, east = np.gradient(np.nan_to_num(heights), resolution_m)
    slope = np.degrees(np.arctan(np.hypot(south, east)))
    roofs = (heights > np.nanmin(heights) + 3.0) & (slope < 50.0)
    roofs[:40] = roofs[-40:] = roofs[:, :40] = roofs[:, -40:] = False
    row, column = np.divmod(rng.choice(np.flatnonzero(roofs), 150, replace=False), heights.shape[1])
    facing = np.degrees(np.arctan2(-east[row, column], south[row, column])) % 360.0
    eyes = heights[row, column] + 0.1
    n = row.size

    def horizon(sectors: int, rays: int) -> np.ndarray:
        azimuths = np.arange(sectors) * 360.0 / sectors
        return horizon_at_points(heights, resolution_m, row, column, eyes, azimuths, 250.0, rays)

    def yields(sectors: int, rays: int) -> np.ndarray:
        fixed = (np.full(n, value) for value in (ALBEDO, DC_AC, *MOUNTING))
        return roof_years(year, slope[row, column], facing, horizon(sectors, rays), *fixed)[:, 12]

    truth = yields(720, 3)
    found = {}
    for sectors, rays in ((12, 1), (12, 6), (24, 1), (24, 3), (36, 1), (72, 1), (72, 3), (144, 1)):
        error = 100.0 * (yields(sectors, rays) - truth) / truth.mean()
        found[f"{sectors}x{rays}"] = {
            "rmse_percent": round(float(np.sqrt(np.mean(error**2))), 3),
            "bias_percent": round(float(error.mean()), 3),
        }
    return found, cpu_seconds(lambda: horizon(72, 1), 3) / n


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epw", type=Path, help="weather file (EPW, may be gzipped)")
    parser.add_argument("--dsm", type=Path, help="surface model (GeoTIFF, metres)")
    chosen = parser.parse_args()
    weather, place, weather_name = weather_of(chosen.epw)
    heights, resolution_m, surface_name = surface_of(chosen.dsm)
    columns = (weather[c].to_numpy() for c in ("ghi", "dni", "dhi", "temp_air", "wind_speed"))
    inputs = (weather.index.as_unit("s").asi8, weather.index.month.to_numpy() - 1, *columns, *place)
    year, days = solar_year(*inputs), typical_days(*inputs)

    rng = np.random.default_rng(1)
    n = 200
    roofs = (rng.uniform(0, 60, n), rng.uniform(0, 360, n), rng.uniform(0, 30, (n, 72)))
    fixed = tuple(np.full(n, value) for value in (ALBEDO, DC_AC, *MOUNTING))
    tables = cumulative_sky_tables(year)
    azimuths = np.arange(36) * 10.0
    sweep = cpu_seconds(lambda: [None for _ in horizon_sweeps(heights, resolution_m, azimuths)])
    rays, point = choice_of_rays(year, heights, resolution_m)

    result = {
        "weather": weather_name,
        "surface": surface_name,
        "surface_cells": int(heights.size),
        "steps_of_full_year": int(year.month.size),
        "steps_of_typical_days": int(days.month.size),
        "time": {
            "roof_year_haydavies_us": 1e6 * cpu_seconds(lambda: roof_years(year, *roofs, *fixed, 0)) / n,
            "roof_year_perez_us": 1e6 * cpu_seconds(lambda: roof_years(year, *roofs, *fixed, 1)) / n,
            "roof_typical_days_us": 1e6 * cpu_seconds(lambda: roof_years(days, *roofs, *fixed, 0)) / n,
            "cumulative_sky_12_months_us": 1e6
            * cpu_seconds(lambda: plane_irradiation(tables, *roofs, np.full(n, ALBEDO)))
            / n,
            "prepare_year_ms": 1e3 * cpu_seconds(lambda: solar_year(*inputs)),
            "horizon_sweep_ns_per_cell_and_azimuth": 1e9 * sweep / heights.size / azimuths.size,
            "horizon_at_point_72_azimuths_us": 1e6 * point,
        },
        "largest_error_against_pvlib": largest_errors(weather, place, year),
        "yearly_yield_error_by_sectors_and_rays": rays,
    }
    text = json.dumps(result, indent=2)
    write_text(Path(__file__).resolve().parent / "results" / "solar_physics.json", text + "\n")
    print(text)


if __name__ == "__main__":
    main()
