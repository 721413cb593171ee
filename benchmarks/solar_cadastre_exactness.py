"""Errors of irradiation maps: ``python benchmarks/solar_cadastre_exactness.py [--epw FILE] [--dsm FILE ...]
[--svf-dsm FILE --solweig PYTHON]``.

Three comparisons, none of which shares code with the map but the tables of the sky:

* interior cells of roofs, against rays marched over the surface in steps of a tenth of a cell in 360 directions, each
  with its own sector of the sky; on the surface interpolated between centres of cells, and on square cells (the truth lies
  between: a surface model does not say where between two cells a wall stands);
* planes in the open, against hourly sums of Hay & Davies 1980 by pvlib;
* sky view factors against the ``solweig`` package, where ``--solweig`` names the interpreter of an environment that has it.

Roofs are those of generated villages and of the files given (GeoTIFF, metres). The weather is the synthetic year of the coast
of Vendée unless a file is given. Results go to ``results/solar_cadastre_exactness.json`` beside this file.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import rasterio
from numba import njit
from pvlib import irradiance, solarposition
from scipy import ndimage

from frugal.formats.files.atomic import write_text
from frugal.formats.weather.hourly_year import Weather
from frugal.formats.weather.readers import read_weather
from frugal.physics.solar.irradiation_map import irradiation_map, sky_view_factor
from frugal.physics.solar.sky import cumulative_sky_tables, plane_irradiation
from frugal.physics.solar.year import SolarYear, solar_year
from frugal.studies.solar.roofs.plane_finder import fit_planes, roof_patches
from frugal.studies.solar.village.surface import synthetic_village, vendee_weather

ALBEDO = 0.2
SECTORS = (12, 24, 36, 72)
REACH_M = 250.0
EDGE_CELLS = 40

SOLWEIG_SCRIPT = """
import sys, numpy as np, solweig
heights = np.load(sys.argv[1]).astype(np.float32)
surface = solweig.SurfaceData(dsm=heights, pixel_size=float(sys.argv[3]))
surface.compute_svf()
np.save(sys.argv[2], np.asarray(surface.svf.svf, dtype=np.float64))
print(solweig.__version__)
"""


@njit(nogil=True)
def march(
    heights: np.ndarray, rows: np.ndarray, columns: np.ndarray, reach: float, interpolated: bool, out: np.ndarray
) -> None:
    """Tangent of the horizon in 360 directions, in cells: the highest of what rays pass over."""
    n_rows, n_columns = heights.shape
    for p in range(rows.size):
        eye = heights[rows[p], columns[p]]
        for k in range(360):
            east = math.sin(math.radians(k))
            south = -math.cos(math.radians(k))
            best = 0.0
            for step in range(10, int(10 * reach)):
                r = rows[p] + south * 0.1 * step
                c = columns[p] + east * 0.1 * step
                if r < 0.0 or c < 0.0 or r > n_rows - 1.001 or c > n_columns - 1.001:
                    break
                if interpolated:
                    i = int(r)
                    j = int(c)
                    upper = heights[i, j] + (c - j) * (heights[i, j + 1] - heights[i, j])
                    lower = heights[i + 1, j] + (c - j) * (heights[i + 1, j + 1] - heights[i + 1, j])
                    rise = upper + (r - i) * (lower - upper) - eye
                    run = 0.1 * step
                else:
                    i = int(r + 0.5)
                    j = int(c + 0.5)
                    rise = heights[i, j] - eye
                    run = math.hypot(i - rows[p], j - columns[p])
                if rise > best * run:
                    best = rise / run
            out[p, k] = best


def percent(found: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Root-mean-square and mean error over the mean."""
    error = 100.0 * (found - truth) / truth.mean()
    return {"rmse_percent": float(np.sqrt(np.mean(error**2))), "bias_percent": float(error.mean())}


def roofs(heights: np.ndarray, resolution_m: float, year: SolarYear, n_points: int) -> dict[str, Any]:
    """Errors of the yearly irradiation on interior cells of roofs."""
    planes = fit_planes(heights, resolution_m)
    patches, _ = roof_patches(heights, planes, resolution_m)
    inside = ndimage.binary_erosion(patches > 0)
    inside[:EDGE_CELLS] = inside[-EDGE_CELLS:] = inside[:, :EDGE_CELLS] = inside[:, -EDGE_CELLS:] = False
    candidates = np.flatnonzero(inside)
    chosen = np.random.default_rng(0).choice(candidates, min(n_points, candidates.size), replace=False)
    rows, columns = np.divmod(chosen, heights.shape[1])
    east, south = np.nan_to_num(planes.east), np.nan_to_num(planes.south)
    up = 1.0 / np.sqrt(1.0 + east**2 + south**2)
    tilt = np.degrees(np.arccos(up[rows, columns]))
    facing = np.degrees(np.arctan2(-east[rows, columns], south[rows, columns])) % 360.0
    fine = cumulative_sky_tables(year, 360)
    albedo = np.full(rows.size, ALBEDO)
    filled = np.where(np.isnan(heights), np.nanmin(heights), heights)

    def by_rays(interpolated: bool) -> np.ndarray:
        tangents = np.zeros((rows.size, 360))
        march(filled, rows, columns, REACH_M / resolution_m, interpolated, tangents)
        horizon = np.degrees(np.arctan(tangents / resolution_m))
        return plane_irradiation(fine, tilt, facing, horizon, albedo).sum(axis=1)

    truth, square = by_rays(True), by_rays(False)
    unshaded = plane_irradiation(fine, tilt, facing, np.zeros((rows.size, 360)), albedo).sum(axis=1)
    found: dict[str, Any] = {
        "cells": int(rows.size),
        "mean_kwh_per_m2": float(truth.mean()),
        "unshaded": percent(unshaded, truth),
        "square_cells": percent(square, truth),
    }
    for n_sectors in SECTORS:
        sky = cumulative_sky_tables(year, n_sectors, shared_between=4)
        swept = irradiation_map(heights, -east * up, south * up, up, sky, resolution_m, albedo=ALBEDO, reach_m=REACH_M)[
            rows, columns
        ]
        found[f"{n_sectors}_azimuths"] = percent(swept, truth)
        found[f"{n_sectors}_azimuths_against_square_cells"] = percent(swept, square)
    return found


def open_planes(weather: Weather, year: SolarYear) -> dict[str, float]:
    """Largest error in the year over planes of many tilts and azimuths, percent."""
    times = pd.DatetimeIndex(pd.to_datetime(weather.unix_time_s, unit="s", utc=True))
    place = (weather.latitude_deg, weather.longitude_deg, weather.altitude_m)
    sun = solarposition.get_solarposition(times, *place, temperature=weather.air_temperature_c.mean())
    extra = irradiance.get_extra_radiation(times).to_numpy()
    row, column = np.mgrid[0:60, 0:60].astype(float)
    worst = {}
    for n_sectors, shared_between in ((36, 2), (36, 4), (72, 4)):
        sky = cumulative_sky_tables(year, n_sectors, shared_between=shared_between)
        errors = []
        for tilt in (0.0, 10.0, 30.0, 45.0, 60.0):
            for facing in (0.0, 45.0, 90.0, 135.0, 180.0, 225.0, 270.0):
                hourly = irradiance.get_total_irradiance(
                    tilt,
                    facing,
                    sun["apparent_zenith"].to_numpy(),
                    sun["azimuth"].to_numpy(),
                    weather.dni,
                    weather.ghi,
                    weather.dhi,
                    dni_extra=extra,
                    albedo=ALBEDO,
                    model="haydavies",
                )
                lit = sun["apparent_zenith"].to_numpy() < 90.0
                beam = np.where(lit, hourly["poa_direct"], 0.0)
                truth = (beam + np.nan_to_num(hourly["poa_diffuse"])).sum() / 1000.0
                slope, turn = math.radians(tilt), math.radians(facing)
                normal = (math.sin(slope) * math.sin(turn), math.sin(slope) * math.cos(turn), math.cos(slope))
                surface = -(normal[0] * column - normal[1] * row) / normal[2]
                parts = [np.full(surface.shape, part) for part in normal]
                errors.append(irradiation_map(surface, *parts, sky, 1.0, albedo=ALBEDO)[30, 30] / truth - 1.0)
        worst[f"{n_sectors}_azimuths_sun_shared_between_{shared_between}_percent"] = 100.0 * float(
            np.max(np.abs(errors))
        )
    return worst


def against_solweig(dsm: Path, interpreter: Path) -> dict[str, Any]:
    """Mean absolute difference of the sky view factors of all cells."""
    with rasterio.open(dsm) as raster:
        heights = raster.read(1).astype(np.float64)
        resolution_m = float(raster.res[0])
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "heights.npy", Path(folder) / "factor.npy"
        np.save(source, heights)
        run = subprocess.run(
            [interpreter, "-c", SOLWEIG_SCRIPT, source, target, str(resolution_m)],
            check=True,
            capture_output=True,
            text=True,
        )
        theirs = np.load(target)
    found: dict[str, Any] = {"version": run.stdout.splitlines()[-1], "surface": dsm.name, "cells": int(heights.size)}
    for n_azimuths in (36, 72):
        difference = sky_view_factor(heights, resolution_m, n_azimuths=n_azimuths) - theirs
        found[f"{n_azimuths}_azimuths"] = {
            "mean_absolute": float(np.abs(difference).mean()),
            "mean": float(difference.mean()),
        }
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description="Errors of irradiation maps.")
    parser.add_argument("--epw", type=Path, help="weather file")
    parser.add_argument("--dsm", type=Path, nargs="*", default=[], help="surface models with roofs (GeoTIFF, metres)")
    parser.add_argument("--svf-dsm", type=Path, help="surface model for the sky view factors")
    parser.add_argument("--solweig", type=Path, help="interpreter of an environment with the solweig package")
    parser.add_argument("--points", type=int, default=1000, help="cells per surface")
    chosen = parser.parse_args()
    weather = vendee_weather() if chosen.epw is None else read_weather(chosen.epw)
    columns = (weather.ghi, weather.dni, weather.dhi, weather.air_temperature_c, weather.wind_speed)
    place = (weather.latitude_deg, weather.longitude_deg, weather.altitude_m)
    year = solar_year(weather.unix_time_s, weather.month, *columns, *place)

    surfaces = {
        f"generated village, {resolution_m} m": (synthetic_village(0, 512.0, resolution_m).heights, resolution_m)
        for resolution_m in (1.0, 0.5)
    }
    for path in chosen.dsm:
        with rasterio.open(path) as raster:
            heights = raster.read(1, masked=True).astype(np.float64).filled(np.nan)
            surfaces[path.name] = (heights, float(raster.res[0]))
    result: dict[str, Any] = {
        "weather": weather.source,
        "roofs_against_rays": {name: roofs(*surface, year, chosen.points) for name, surface in surfaces.items()},
        "open_planes_against_hourly_hay_davies": open_planes(weather, year),
    }
    if chosen.svf_dsm is not None and chosen.solweig is not None:
        result["sky_view_factor_against_solweig"] = against_solweig(chosen.svf_dsm, chosen.solweig)
    text = json.dumps(result, indent=2)
    write_text(Path(__file__).resolve().parent / "results" / "solar_cadastre_exactness.json", text + "\n")
    print(text)


if __name__ == "__main__":
    main()
