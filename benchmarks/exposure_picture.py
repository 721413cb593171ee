"""Draw what a flood reaches, for the page on exposure: buildings by depth, roads cut at the edge of the water, and lost access.

Usage: ``python benchmarks/exposure_picture.py``; writes ``docs/images/exposure.png``. Needs the flood beside the checkout.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import geopandas
import matplotlib
import shapely

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.collections import LineCollection

from frugal.exposure.hazard_map import MapSettings
from frugal.exposure.run import Exposure, ExposureSettings, assess_exposure

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data" / "exposure"
#: On dry ground, beside a junction of the roads.
FIRE_STATION = (400_900.0, 6_599_160.0)


def assessed(folder: Path) -> Exposure:
    """Everything that the picture shows."""
    station = folder / "fire_station.gpkg"
    geopandas.GeoDataFrame(geometry=[shapely.Point(*FIRE_STATION)], crs="EPSG:2154").to_file(station, driver="GPKG")
    return assess_exposure(
        ExposureSettings(
            flood=DATA / "depth_max_m.tif",
            buildings=str(DATA / "buildings.gpkg"),
            roads=str(DATA / "roads.gpkg"),
            access_to=str(station),
            map=MapSettings(arrival=DATA / "arrival_time_s.tif", arrival_unit="s"),
        )
    )


def main() -> None:
    """Draw and write."""
    with tempfile.TemporaryDirectory() as folder:
        made = assessed(Path(folder))
    flood, buildings, roads, access = made.flood, made.buildings, made.roads, made.access
    assert flood is not None and buildings is not None and roads is not None and access is not None
    west, south, east, north = flood.bounds
    figure, axes = plt.subplots(figsize=(9.6, 8.0), layout="constrained")
    shown = axes.imshow(
        np.where(flood.wet, flood.depth_m, np.nan), extent=(west, east, south, north), cmap="Blues", vmin=0, vmax=2
    )
    figure.colorbar(shown, label="greatest depth [m]", shrink=0.8)
    closed = np.asarray(roads.stretches.columns["closed"])
    wet = roads.stretches.depth_class > 0
    for chosen, colour, name in (
        (~wet, "0.35", "road, dry"),
        (wet & ~closed, "tab:orange", "under water, passable"),
        (closed, "tab:red", "closed (0.3 m or more)"),
    ):
        lines = [np.asarray(line.coords) for line in roads.stretches.geometry[chosen]]
        axes.add_collection(LineCollection(lines, colors=colour, linewidths=2.2, label=name))
    for outline, number in zip(buildings.features.geometry, buildings.depth_class, strict=True):
        axes.fill(
            *np.asarray(outline.exterior.coords).T, facecolor=plt.cm.YlOrRd(number / 5), edgecolor="k", linewidth=0.6
        )
    for point, state, when in zip(access.points, access.state, access.lost_s, strict=True):
        told = f"{when / 3600:.1f} h" if state == "lost" else ""
        axes.annotate(told, (point.x, point.y), (5, 4), textcoords="offset points", fontsize=7)
    axes.plot(
        *FIRE_STATION,
        marker="P",
        color="tab:green",
        markersize=13,
        markeredgecolor="k",
        linestyle="",
        label="fire station",
    )
    axes.set_title("Buildings by class of depth, with the time at which the fire station can no longer be reached")
    axes.ticklabel_format(useOffset=False, style="plain")
    axes.set_xlabel("easting [m]"), axes.set_ylabel("northing [m]")
    figure.legend(loc="outside lower center", ncols=4, fontsize=8)
    figure.savefig(ROOT / "docs" / "images" / "exposure.png", dpi=110)


if __name__ == "__main__":
    main()
