"""Cost of irradiation maps, beside GRASS: ``python benchmarks/solar_cadastre_speed.py [--dsm FILE] [--no-grass]``.

Without a file the surface is the generated village, 1 km at 1 m. GRASS (``apt-get install grass-core``), if there is one,
makes the map of a year on a square in the middle of the same surface (500 m unless ``--side`` says otherwise) by its own
means: ``r.slope.aspect``, ``r.horizon`` in 24 directions, ``r.sun`` on 12 days with a step of half an hour. Only times are
compared here: its sky is cloudless and its diffuse light passes through walls.

Times are CPU seconds, the least of several repetitions (GRASS: of one), on the same machine in turn. The gain of two threads
is that of elapsed time, the least of several in turn; it needs two idle cores, so what two threads gain on arithmetic alone
in the same minutes stands beside it. Results go to ``results/solar_cadastre_speed.json`` beside this file.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numba import njit
from rasterio.transform import from_origin

from frugal.cadastre.shading.distant_hills import distant_horizon_of
from frugal.formats.files.atomic import write_text
from frugal.formats.rasters.surface_model import SurfaceModel, write_surface_model
from frugal.formats.rasters.tiling import Tile, TileGrid
from frugal.physics.solar import fused_sweep
from frugal.physics.solar.irradiation_map import irradiation_map
from frugal.physics.solar.normals import surface_normals
from frugal.physics.solar.sector_sweeps import lines_of, whole_heights
from frugal.physics.solar.sky import CumulativeSky, cumulative_sky_tables
from frugal.physics.solar.year import solar_year
from frugal.studies.solar.village.surface import synthetic_village, vendee_weather

KLEIN_DAYS_OF_YEAR = (17, 47, 75, 105, 135, 162, 198, 228, 258, 288, 318, 344)
CRS = "EPSG:2154"


def cpu_seconds(call: Callable[[], Any], repetitions: int) -> float:
    """Least CPU time of one call, after a first one that compiles."""
    call()
    best = math.inf
    for _ in range(repetitions):
        start = time.process_time()
        call()
        best = min(best, time.process_time() - start)
    return best


def sky_of(n_sectors: int) -> CumulativeSky:
    """Tables of the synthetic year of the coast of Vendée."""
    weather = vendee_weather()
    columns = (weather.ghi, weather.dni, weather.dhi, weather.air_temperature_c, weather.wind_speed)
    place = (weather.latitude_deg, weather.longitude_deg, weather.altitude_m)
    return cumulative_sky_tables(solar_year(weather.unix_time_s, weather.month, *columns, *place), n_sectors)


def surface_of(dsm: Path | None) -> tuple[np.ndarray, float, str]:
    """Heights, resolution and name of a surface model."""
    if dsm is None:
        return synthetic_village(0, 1024.0, 1.0).heights[:1000, :1000].copy(), 1.0, "generated village"
    with rasterio.open(dsm) as raster:
        heights = raster.read(1, masked=True).astype(np.float64).filled(np.nan)
        return heights, float(raster.res[0]), dsm.name


def horizon_seconds(heights: np.ndarray, resolution_m: float, n_azimuths: int) -> float:
    """CPU time per cell and azimuth of the horizons alone: heights along the lines and hulls, as the map makes them."""
    room = fused_sweep.scratch(math.ceil(250.0 / resolution_m))
    lanes = room.tops.size
    upright = whole_heights("surface", heights)
    spent, walked = 0.0, 0
    for k in range(n_azimuths):
        east, south = math.sin(2.0 * math.pi * k / n_azimuths), -math.cos(2.0 * math.pi * k / n_azimuths)
        turned = abs(east) >= abs(south)
        along, across = (east, south) if turned else (south, east)
        cells = np.pad(upright.T if turned else upright, ((0, 0), (1, 1)), constant_values=fused_sweep.UNKNOWN)
        cells = np.ascontiguousarray(cells)
        rows, columns = cells.shape[0], cells.shape[1] - 2
        lines = lines_of(rows, 0, across / along, along > 0.0, resolution_m, 250.0)
        middle = int(lines.shift[rows // 2])
        start = time.process_time()
        # Lines that pass through the middle row of the surface, so that most of their length is on it.
        for line in range(-middle, columns - middle - lanes + 1, lanes):
            room.tops[:] = 0
            room.stacks[:, 0, 0] = -1 - lines.length
            room.stacks[:, 0, 1] = fused_sweep._LOWEST
            for begin in range(0, rows, lines.length):
                origin = rows - 1 - begin if lines.rising else begin
                last = min(lines.length, rows - begin)
                for first in range(0, last, fused_sweep._CHUNK):
                    end = min(first + fused_sweep._CHUNK, last)
                    fused_sweep._gather(cells, lines, line, lanes, origin, first, end, room.heights)
                    fused_sweep._walk(room.heights, first, end, room.stacks, room.tops, lines.inverse, room.tangents)
                if last == lines.length:
                    fused_sweep._forget(room.heights, 0, last, room.stacks, room.tops, room.chain)
            inside = np.clip(columns - line - lines.shift, 0, lanes) - np.clip(-line - lines.shift, 0, lanes)
            walked += int(inside.sum())
        spent += time.process_time() - start
    return spent / walked


@njit(nogil=True)
def _arithmetic(count: int) -> float:
    total = 0.0
    for i in range(count):
        total += np.sin(i)
    return total


def gain(call: Callable[[int], Any], repetitions: int) -> dict[str, float]:
    """Elapsed and CPU time with one thread and with two, in turn, beside what two threads gain on arithmetic alone."""
    wall = dict.fromkeys((1, 2, "one", "both"), math.inf)
    cpu = {1: math.inf, 2: math.inf}
    _arithmetic(10)
    with ThreadPoolExecutor(2) as pool:
        for _ in range(repetitions):
            for threads in (1, 2):
                start, start_cpu = time.perf_counter(), time.process_time()
                call(threads)
                wall[threads] = min(wall[threads], time.perf_counter() - start)
                cpu[threads] = min(cpu[threads], time.process_time() - start_cpu)
            for name, jobs in (("one", 1), ("both", 2)):
                start = time.perf_counter()
                list(pool.map(_arithmetic, [20_000_000] * jobs))
                wall[name] = min(wall[name], time.perf_counter() - start)
    return {
        "elapsed_one_thread_s": wall[1],
        "elapsed_two_threads_s": wall[2],
        "speed_up": wall[1] / wall[2],
        "speed_up_of_arithmetic_alone": 2.0 * wall["one"] / wall["both"],
        "cpu_two_threads_over_one": cpu[2] / cpu[1],
    }


GRASS_SCRIPT = """set -e
r.in.gdal --quiet input=surface.tif output=surface
g.region raster=surface
r.slope.aspect --quiet elevation=surface slope=slope aspect=aspect
r.horizon --quiet elevation=surface step=15 output=horizon maxdistance={reach}
for day in {days}; do
  r.sun --quiet elevation=surface slope=slope aspect=aspect horizon_basename=horizon horizon_step=15 \\
    day=$day step=0.5 nprocs=1 glob_rad=global_$day
done
"""


def grass_seconds(heights: np.ndarray, resolution_m: float) -> float:
    """CPU time of the map of a year by GRASS, imports and all."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        rows, columns = heights.shape
        profile = {"driver": "GTiff", "height": rows, "width": columns, "count": 1, "dtype": "float32", "crs": CRS}
        transform = from_origin(364_000.0, 6_628_000.0, resolution_m, resolution_m)
        with rasterio.open(place / "surface.tif", "w", transform=transform, **profile) as raster:
            raster.write(heights.astype(np.float32), 1)
        days = " ".join(str(day) for day in KLEIN_DAYS_OF_YEAR)
        (place / "map.sh").write_text(GRASS_SCRIPT.format(reach=250, days=days))
        subprocess.run(["grass", "-c", CRS, "-e", place / "location"], check=True, capture_output=True)
        start = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            ["grass", place / "location" / "PERMANENT", "--exec", "bash", "map.sh"],
            check=True,
            capture_output=True,
            cwd=place,
        )
        end = resource.getrusage(resource.RUSAGE_CHILDREN)
        return end.ru_utime - start.ru_utime + end.ru_stime - start.ru_stime


def beside_grass(heights: np.ndarray, resolution_m: float, side: int, repetitions: int) -> dict[str, Any]:
    """Both on one square: GRASS once, ours with as many directions and with 36."""
    top, left = ((size - side) // 2 for size in heights.shape)
    square = np.ascontiguousarray(heights[top : top + side, left : left + side])
    normals = surface_normals(square, resolution_m)
    ours = {}
    for n_sectors in (24, 36):
        sky = sky_of(n_sectors)
        ours[n_sectors] = cpu_seconds(lambda sky=sky: irradiation_map(square, *normals, sky, resolution_m), repetitions)
    theirs = grass_seconds(square, resolution_m)
    version = subprocess.run(["grass", "--version"], check=True, capture_output=True, text=True)
    return {
        "version": (version.stdout + version.stderr).strip().splitlines()[0],
        "cells": int(square.size),
        "grass_cpu_s_per_million_cells": theirs / square.size * 1e6,
        "ours_24_cpu_s_per_million_cells": ours[24] / square.size * 1e6,
        "ours_36_cpu_s_per_million_cells": ours[36] / square.size * 1e6,
        "grass_over_ours_24": theirs / ours[24],
        "grass_over_ours_36": theirs / ours[36],
    }


def with_hills(
    heights: np.ndarray, normals: tuple[np.ndarray, ...], sky: CumulativeSky, resolution_m: float, repetitions: int
) -> float:
    """CPU seconds per million cells of the year behind hills: looking for them 30 km around in cells of 25 m, and the map.

    The hills are waves of 1 to 20 km, up to 1,200 m high: rays go far before nothing higher can come.
    """
    rows, columns = heights.shape
    size, around = 25.0, 32_500.0
    west, north = 900_000.0, 6_500_000.0
    y, x = np.mgrid[0.0 : 2 * around + rows * resolution_m : size, 0.0 : 2 * around + columns * resolution_m : size]
    waves = ((20e3, 0.4, 600.0), (9e3, 2.1, 350.0), (4e3, 1.2, 150.0), (1e3, 2.9, 40.0))
    terrain = sum(h * np.sin(2 * np.pi * (x * np.cos(a) + y * np.sin(a)) / length) for length, a, h in waves)
    grid = TileGrid(resolution_m)
    across, down = round(west / resolution_m), round(-north / resolution_m)
    tile = Tile("whole", (across, across + columns), (down, down + rows))
    raised = heights - np.nanmin(heights)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "hills.tif"
        write_surface_model(path, SurfaceModel(terrain, size, west - around, north + around, CRS, "hills", ""))

        def map_behind_hills() -> None:
            view = distant_horizon_of(str(path), CRS, grid, tile, 150.0, 200.0, np.arange(36) * 10.0)
            irradiation_map(heights, *normals, sky, resolution_m, far_tangent=view.tangents_over(tile, raised))

        return cpu_seconds(map_behind_hills, repetitions) / heights.size * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dsm", type=Path, help="surface model (GeoTIFF, metres)")
    parser.add_argument("--no-grass", action="store_true", help="leave GRASS out")
    parser.add_argument("--side", type=int, default=500, help="side of the square GRASS works on, in cells")
    parser.add_argument("--repetitions", type=int, default=7)
    chosen = parser.parse_args()
    heights, resolution_m, name = surface_of(chosen.dsm)
    normals = surface_normals(heights, resolution_m)
    sky = sky_of(36)
    bare = np.where(normals[2] > 0.4, heights, heights - 1.0)

    def per_million(**options: Any) -> float:
        call = lambda: irradiation_map(heights, *normals, sky, resolution_m, **options)  # noqa: E731
        return cpu_seconds(call, chosen.repetitions) / heights.size * 1e6

    horizon = min(horizon_seconds(heights, resolution_m, 36) for _ in range(chosen.repetitions + 1))
    result: dict[str, Any] = {
        "processor": platform.processor() or platform.machine(),
        "surface": name,
        "cells": int(heights.size),
        "azimuths": 36,
        "yearly_cpu_s_per_million_cells": per_million(),
        "monthly_cpu_s_per_million_cells": per_million(monthly=True),
        "yearly_with_trees_cpu_s_per_million_cells": per_million(bare=bare),
        "yearly_with_hills_cpu_s_per_million_cells": with_hills(
            heights, normals, sky, resolution_m, chosen.repetitions
        ),
        "horizon_ns_per_cell_and_azimuth": horizon * 1e9,
        "two_threads": gain(
            lambda threads: irradiation_map(heights, *normals, sky, resolution_m, threads=threads), chosen.repetitions
        ),
    }
    if not chosen.no_grass and shutil.which("grass"):
        result["grass"] = beside_grass(heights, resolution_m, chosen.side, chosen.repetitions)
    text = json.dumps(result, indent=2)
    write_text(Path(__file__).resolve().parent / "results" / "solar_cadastre_speed.json", text + "\n")
    print(text)


if __name__ == "__main__":
    main()
