"""Coarse cells with tables of the fine ground: how far from the fine grid, and how much cheaper.

Usage: ``python benchmarks/subgrid.py [CELLS]`` (default 64: cells of 50 m in the generated polder; the valley keeps its own).
For storms and waves it prints flooded area, volume at greatest depth, the share of flooded cells in common, the error of
depth and the CPU seconds of the subgrid model on cells two, four and eight times wider, against the local inertial model
and the second order of Saint-Venant on the fine cells. A minute. With the default cells it writes ``results/subgrid.json``
and the table of ``docs/studies/submersion.md``, which holds the rows of cells four times wider.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from fill_docs import ROOT, fill, table

from frugal.formats.files.atomic import write_text
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
SCHEMES = ("saint_venant", "local_inertial")
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


def measured(terrain: FloodTerrain, flood_case: FloodCase) -> Iterator[dict[str, Any]]:
    """One event on cells of each width: area, CPU seconds, and what stands against the solvers of the fine cells."""
    cell_ha = terrain.cell_size_m**2 / 1e4
    fine = {scheme: timed(lambda s=scheme: simulate(flood_case, scheme=s), 1) for scheme in SCHEMES}
    for factor in FACTORS:
        flood, cpu_s = timed(lambda f=factor: simulate_subgrid(flood_case, factor=f))
        wet = (flood.max_depth > WET_M) & terrain.land
        against = {}
        for scheme, (reference, reference_s) in fine.items():
            there = (reference.max_depth > WET_M) & terrain.land
            volumes = [float(each.max_depth[terrain.land].sum()) for each in (flood, reference)]
            error_m = np.sqrt(np.mean((flood.max_depth - reference.max_depth)[wet | there] ** 2))
            against[scheme] = {
                "area_ha": float(there.sum() * cell_ha),
                "by_area": float(wet.sum() / there.sum() - 1.0),
                "by_volume": volumes[0] / volumes[1] - 1.0,
                "in_common": float((wet & there).sum() / (wet | there).sum()),
                "depth_rmse_m": float(error_m),
                "times_cheaper": reference_s / cpu_s,
            }
        yield {"factor": factor, "area_ha": float(wet.sum() * cell_ha), "cpu_seconds": cpu_s, "against": against}


def cells_of(row: dict[str, Any]) -> list[str]:
    """A row of the table, from the CPU time on."""
    told = [f"{row['cpu_seconds'] * 1e3:.0f} ms"]
    for found in row["against"].values():
        told += [f"{100 * found[name]:+.1f} %".replace("-", "−") for name in ("by_area", "by_volume")]
        told += [f"{found['in_common']:.2f}", f"{found['depth_rmse_m']:.2f} m", f"{found['times_cheaper']:.0f}"]
    return told


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
    """How dikes are overtopped, then the table of events."""
    straight = [over_crest(first, 0, 1) for first in (8, 9, 10, 11)]
    print(f"dike at 0°, in each column of a coarse cell: {', '.join(f'{q:.3f}' for q in straight)} of a weir")
    slanting = {"27°": over_crest(14, 1, 2), "45°": over_crest(8, 1, 1)}
    print("dike at " + ", at ".join(f"{angle}: {share:.3f}" for angle, share in slanting.items()))
    document: dict[str, Any] = {"over_crest": {"0°": straight, **slanting}, "events": []}
    for name, terrain, flood_case in cases(int(sys.argv[1]) if len(sys.argv) > 1 else 64):
        for row in measured(terrain, flood_case):
            document["events"].append({"event": name, **row})
            print(f"{name}, cells {row['factor']} times wider, {row['area_ha']:.0f} ha:", *cells_of(row), flush=True)
    if len(sys.argv) > 1:
        return
    measures = ["area", "volume", "in common", "depth", "times cheaper"]
    head = ["event, cells four times wider", "CPU", f"Saint-Venant: {measures[0]}", *measures[1:]]
    head += [f"local inertial: {measures[0]}", *measures[1:]]
    rows = [[row["event"], *cells_of(row)] for row in document["events"] if row["factor"] == 4]
    fill(ROOT / "docs" / "studies" / "submersion.md", "subgrid", table(head, rows))
    write_text(ROOT / "benchmarks" / "results" / "subgrid.json", json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
