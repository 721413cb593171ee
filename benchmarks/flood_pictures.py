"""Draw floods growing over shaded terrain, for the pages on the flood studies.

Usage: ``python benchmarks/flood_pictures.py [NAME ...]`` with names among polder, valley, gironde, malpasset; writes
``docs/studies/flood_NAME.png``. The Gironde and Malpasset need their data beside the checkout and are left out without them.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from gironde_site import write_site
from malpasset_site import write_site as write_malpasset
from matplotlib.colors import LightSource

from frugal.experiments.study.site import build_site
from frugal.physics.shallow_water.flood_case import FloodCase
from frugal.physics.shallow_water.simulate import simulate
from frugal.studies.flood import river_flood as river
from frugal.studies.flood.coastal_conditions import coast_of
from frugal.studies.flood.coastal_event import storm
from frugal.studies.flood.outputs import HOUR, WET_M
from frugal.studies.flood.terrain.coast import coast
from frugal.studies.flood.terrain.generated_polder import polder
from frugal.studies.flood.terrain.generated_valley import valley
from frugal.studies.flood.terrain.river_valley import river_valley
from frugal.studies.flood.terrain.site import RiverFloodSite, SubmersionSite
from frugal.studies.flood.terrain.terrain import FloodTerrain

ROOT = Path(__file__).resolve().parents[1]
STORM = {
    "surge_peak": 1.5, "tide_range": 6.0, "sea_level_rise": 0.3, "storm_duration": 18.0,
    "breach_width": 150.0, "breach_position": 0.5, "roughness_factor": 1.0,
}  # fmt: skip
WAVE = {
    "peak_discharge": 1100.0, "time_to_peak": 2.0, "volume": 10e6, "roughness_factor": 1.0, "downstream_depth": 1.5,
}  # fmt: skip
#: Hours after the low water: half an hour after the breach begins, high tide, then one, three and five hours after it.
AFTER_LOW_WATER_H = (5.71, 6.21, 7.21, 9.21, 11.21)
DAM_BREAK = {**WAVE, "peak_discharge": 40e3, "time_to_peak": 0.1, "volume": 50e6, "downstream_depth": 0.6}


def draw(terrain: FloodTerrain, flood_case: FloodCase, times_h: tuple[float, ...], title: str, path: Path) -> None:
    """Small multiples: depth at some times and its maximum, over shaded ground."""
    flood = simulate(flood_case, snapshot_times=tuple(HOUR * t for t in times_h), arrival_depth_m=WET_M)
    panels = [(f"{t:g} h", s.depth) for t, s in zip(times_h, flood.snapshots, strict=True)]
    panels.append(("greatest depth", flood.max_depth))
    rows, columns = terrain.shape
    extent = (0.0, columns * terrain.cell_size_m / 1e3, 0.0, rows * terrain.cell_size_m / 1e3)
    ground = np.clip(terrain.bed, *np.percentile(terrain.bed[terrain.land], [0.5, 97]))
    shade = LightSource(azdeg=315, altdeg=40).hillshade(
        ground, vert_exag=15, dx=terrain.cell_size_m, dy=terrain.cell_size_m
    )
    deepest = float(np.percentile(flood.max_depth[terrain.land & (flood.max_depth > WET_M)], 99))
    across = 3
    down = -(-len(panels) // across)
    figure, axes = plt.subplots(
        down,
        across,
        figsize=(11, 11 / across * down * rows / columns * 0.88 + 0.8),
        layout="constrained",
        squeeze=False,
    )
    image = None
    for axis, (name, depth) in zip(axes.flat, panels, strict=False):
        axis.imshow(shade, cmap="gray", vmin=-0.6, vmax=1.0, extent=extent)
        image = axis.imshow(
            np.where(depth > WET_M, depth, np.nan),
            cmap="Blues",
            vmin=-0.3 * deepest,
            vmax=deepest,
            extent=extent,
            alpha=0.85,
        )
        axis.set_title(name, fontsize=10)
        axis.tick_params(labelsize=7)
    for axis in axes.flat[len(panels) :]:
        axis.axis("off")
    assert image is not None
    bar = figure.colorbar(image, ax=axes, shrink=0.7, label="depth (m)")
    bar.ax.set_ylim(0.0, deepest)
    figure.suptitle(f"{title} (axes in km)", fontsize=11)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=80)
    plt.close(figure)
    print(f"{path}: {flood.steps} steps, imbalance {flood.volume.imbalance:.1e}")


def draw_polder(path: Path) -> None:
    """The generated polder, with a breach in the middle of its dike."""
    terrain = polder()
    events, _ = coast_of(SubmersionSite(), terrain)
    draw(
        terrain,
        storm(terrain, events, **STORM),
        AFTER_LOW_WATER_H,
        "Breach of 150 m in a generated polder",
        path,
    )


def draw_valley(path: Path) -> None:
    """The generated valley."""
    terrain = valley()
    draw(
        terrain,
        river.wave(terrain, **WAVE),
        (1.0, 1.5, 2.0, 3.0, 5.0),
        "Flood wave of 1,100 m³/s in a generated valley",
        path,
    )


def draw_gironde(path: Path) -> None:
    """The marshes of the northern Médoc, with an assumed dike and breach."""
    raster = ROOT.parent / "shared/data/gironde/topobathymetry.tif"
    if not raster.is_file():
        print(f"{raster} is not there: the Gironde is left out")
        return
    with tempfile.TemporaryDirectory() as folder:
        site = build_site(SubmersionSite, {"cell_size_m": 100.0}, write_site(raster, Path(folder)))
        assert isinstance(site, SubmersionSite)
        terrain = coast(site)
    events, _ = coast_of(site, terrain)
    draw(
        terrain,
        storm(terrain, events, **STORM),
        AFTER_LOW_WATER_H,
        "Assumed breach of 150 m, marshes of the northern Médoc",
        path,
    )


def draw_malpasset(path: Path) -> None:
    """The valley of the Reyran with a wave of the size of 1959."""
    mesh = ROOT.parent / "shared/data/malpasset"
    if not (mesh / "nodes.csv").is_file():
        print(f"{mesh} is not there: Malpasset is left out")
        return
    with tempfile.TemporaryDirectory() as folder:
        site = build_site(RiverFloodSite, {}, write_malpasset(mesh, Path(folder)))
        assert isinstance(site, RiverFloodSite)
        terrain = river_valley(site)
    flood_case = river.wave(terrain, site.duration_h * HOUR, **DAM_BREAK)
    draw(terrain, flood_case, (0.1, 0.25, 0.5, 1.0, 2.0), "Wave of 40,000 m³/s in the valley below Malpasset", path)


if __name__ == "__main__":
    known = {"polder": draw_polder, "valley": draw_valley, "gironde": draw_gironde, "malpasset": draw_malpasset}
    for name in sys.argv[1:] or list(known):
        known[name](ROOT / "docs" / "studies" / f"flood_{name}.png")
