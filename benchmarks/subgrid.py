"""Coarse cells with tables of the fine ground: how far from the fine grid, and how much cheaper.

Usage: ``python benchmarks/subgrid.py [CELLS]`` (default 64: cells of 50 m in the generated polder; the valley keeps its own).
For storms and waves it prints flooded area, volume at greatest depth, the share of flooded cells in common, the error of
depth and the CPU seconds of the subgrid model on cells two, four and eight times wider, against the local inertial model
and the second order of Saint-Venant on the fine cells. A minute; the table stands in ``docs/studies/submersion.md``.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator

import numpy as np

from frugal.physics.shallow_water.flood_case import FloodCase, Segment
from frugal.physics.shallow_water.outcome import Flood
from frugal.physics.shallow_water.simulate import simulate
from frugal.physics.shallow_water.subgrid.simulate import simulate_subgrid
from frugal.physics.weir_law import free_discharge
from frugal.studies.flood.coastal_conditions import coast_of
from frugal.studies.flood.coastal_event import storm
from frugal.studies.flood.outputs import WET_M
from frugal.studies.flood.river_flood import wave
from frugal.studies.flood.terrain.coast import coast
from frugal.studies.flood.terrain.generated_valley import valley
from frugal.studies.flood.terrain.site import SubmersionSite
from frugal.studies.flood.terrain.terrain import FloodTerrain

FACTORS = (2, 4, 8)
#: Breach width and place, surge, tide, sea level, duration.
STORMS = {
    "breach of 100 m": (100.0, 0.5, 1.5, 6.0, 0.0, 18.0),
    "breach of 40 m": (40.0, 0.2, 1.0, 5.0, 0.2, 12.0),
    "breach of 20 m, surge of 2 m": (20.0, 0.8, 2.0, 6.5, 1.0, 30.0),
    "breach of 200 m": (200.0, 0.3, 1.2, 6.0, 0.4, 24.0),
}
NAMES = ("breach_width", "breach_position", "surge_peak", "tide_range", "sea_level_rise", "storm_duration")
#: Peak, time to peak, volume, level downstream.
WAVES = {
    "350 m³/s": (350.0, 1.5, 5e6, 1.0),
    "900 m³/s": (900.0, 2.0, 10e6, 1.5),
    "1,400 m³/s": (1400.0, 2.5, 15e6, 3.0),
}


def cases(cells: int) -> Iterator[tuple[str, FloodTerrain, FloodCase]]:
    """Name, terrain and event of each line."""
    site = SubmersionSite(cells=cells)
    terrain = coast(site)
    events, _ = coast_of(site, terrain)
    for name, values in STORMS.items():
        yield (
            f"polder, {name}",
            terrain,
            storm(terrain, events, roughness_factor=1.0, **dict(zip(NAMES, values, strict=True))),
        )
    terrain = valley()
    for name, (peak, to_peak, volume, downstream) in WAVES.items():
        event = wave(
            terrain,
            roughness_factor=1.0,
            peak_discharge=peak,
            time_to_peak=to_peak,
            volume=volume,
            downstream_depth=downstream,
        )
        yield f"valley, {name}", terrain, event


def timed(run: Callable[[], Flood], times: int = 3) -> tuple[Flood, float]:
    """A run and its least CPU seconds, the first one (which compiles) left out."""
    found = []
    flood = run()
    for _ in range(times):
        began = time.process_time()
        flood = run()
        found.append(time.process_time() - began)
    return flood, min(found)


def row(name: str, terrain: FloodTerrain, flood_case: FloodCase) -> Iterator[str]:
    """The lines of one event."""
    cell_ha = terrain.cell_size_m**2 / 1e4
    fine = {
        scheme: timed(lambda s=scheme: simulate(flood_case, scheme=s), 1)
        for scheme in ("saint_venant", "local_inertial")
    }
    for factor in FACTORS:
        flood, cpu_s = timed(lambda f=factor: simulate_subgrid(flood_case, factor=f))
        wet = (flood.max_depth > WET_M) & terrain.land
        told = []
        for reference, reference_s in fine.values():
            there = (reference.max_depth > WET_M) & terrain.land
            volumes = [float(each.max_depth[terrain.land].sum()) for each in (flood, reference)]
            error_m = np.sqrt(np.mean((flood.max_depth - reference.max_depth)[wet | there] ** 2))
            told.append(
                f"{there.sum() * cell_ha:.0f} ha | {wet.sum() / there.sum() - 1.0:+.1%} | {volumes[0] / volumes[1] - 1.0:+.1%} "
                f"| {(wet & there).sum() / (wet | there).sum():.2f} | {error_m:.2f} m | {reference_s / cpu_s:.0f}"
            )
        yield f"| {name} | {factor} | {wet.sum() * cell_ha:.0f} ha | {cpu_s * 1e3:.0f} ms | {' | '.join(told)} |"


def over_crest(first: int, step: int, every: int, head_m: float = 1.0) -> float:
    """Discharge over a dike one fine cell wide, into a deep basin, over the law of a weir of the dike's true length.

    It begins in column ``first`` and goes ``step`` columns eastward every ``every`` rows.
    """
    rows, size_m = 24, 25.0
    column = first + np.arange(rows) // every * step
    east = np.arange(48)[None] - column[:, None]
    bed = np.where(east == 0, 5.0, np.where(east > 0, -20.0, 0.0))
    level = np.where(east < 0, 5.0 + head_m, bed)
    sea = {"west": (Segment("level", series=5.0 + head_m),)}
    flood_case = FloodCase(bed, size_m, 1200.0, 0.02, level=level, boundaries=sea)
    flood = simulate_subgrid(flood_case, snapshot_times=(300.0,))
    landed = [float(depth[east > 0].sum()) * size_m**2 for depth in (flood.snapshots[0].depth, flood.depth)]
    length_m = rows * size_m * np.hypot(1.0, step / every)
    return (landed[1] - landed[0]) / 900.0 / (length_m * float(free_discharge(head_m)))


def main() -> None:
    """Print how dikes are overtopped, then the table of events."""
    straight = [over_crest(first, 0, 1) for first in (8, 9, 10, 11)]
    print(f"dike at 0°, in each column of a coarse cell: {', '.join(f'{q:.3f}' for q in straight)} of a weir")
    print(f"dike at 27°: {over_crest(14, 1, 2):.3f}, at 45°: {over_crest(8, 1, 1):.3f}")
    measures = "area | by area | by volume | in common | depth | times cheaper"
    print(f"| event | wider | area | CPU | Saint-Venant: {measures} | local inertial: {measures} |")
    print("|---" * 16 + "|")
    for name, terrain, flood_case in cases(int(sys.argv[1]) if len(sys.argv) > 1 else 64):
        for line in row(name, terrain, flood_case):
            print(line, flush=True)


if __name__ == "__main__":
    main()
