"""The dam break of Malpasset (Fréjus, 2 December 1959) on a regular grid, beside what was observed.

Terrain: 13,541 nodes and 26,000 triangles; reservoir at 100 m, sea at 0 m, dam gone at once, Manning n = 0.033 everywhere.
Observed: 17 marks of the highest water left on the banks and surveyed by the police, 9 gauges of a laboratory model at
1:400 with arrival times, 3 transformers whose failures were timed.
"""

from __future__ import annotations

import csv
import time
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np

mpl.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.colors import LightSource
from matplotlib.tri import LinearTriInterpolator, Triangulation

from frugal.physics.shallow_water.flood_case import FloodCase
from frugal.physics.shallow_water.simulate import Flood, simulate

#: Root mean square errors of the published GeoClaw run, recomputed from the column of the table of observations.
GEOCLAW_RMSE_M = {"police_survey": 3.09, "lab_gauge": 4.07}
WET_M = 0.1
#: Both ends of the dam.
DAM = ((4701.183, 4143.407), (4655.553, 4392.104))


def terrain(folder: Path, size: float) -> tuple[FloodCase, np.ndarray, np.ndarray]:
    """Scenario on square cells, and the coordinates of columns and rows (northern row first)."""
    nodes = np.genfromtxt(folder / "nodes.csv", delimiter=",", names=True)
    corners = np.genfromtxt(folder / "tri.csv", delimiter=",", skip_header=1, dtype=np.int64)
    mesh = Triangulation(nodes["x"], nodes["y"], corners - corners.min())
    x = np.arange(nodes["x"].min() + 0.5 * size, nodes["x"].max(), size)
    y = np.arange(nodes["y"].max() - 0.5 * size, nodes["y"].min(), -size)
    across, along = np.meshgrid(x, y)
    bed = LinearTriInterpolator(mesh, nodes["z"])(across, along)
    outside = np.ma.getmaskarray(bed)
    bed = np.where(outside, 0.0, bed.filled(0.0))
    # The lake reaches from the nodes that hold its water to the line between both ends of the dam.
    (x1, y1), (x2, y2) = DAM
    of_lake = (nodes["h0"] > 0.0) & (nodes["z"] + nodes["h0"] > 50.0)
    upstream = (across - x1) * (y2 - y1) - (along - y1) * (x2 - x1) < 0.0
    upstream &= LinearTriInterpolator(mesh, of_lake.astype(float))(across, along).filled(0.0) > 0.0
    level = np.where(upstream, 100.0, np.where(bed < 0.0, 0.0, -100.0))
    scenario = FloodCase(bed, size, 4000.0, friction=0.033, level=level, blocked=outside)
    return scenario, x, y


def nearest_wet(flood: Flood, x: np.ndarray, y: np.ndarray, place: tuple[float, float]) -> tuple[int, int, float]:
    """The nearest cell that ever held 10 cm, and its distance [m]."""
    away = np.hypot(x[None, :] - place[0], y[:, None] - place[1])
    cell = int(np.argmin(np.where(flood.max_depth >= WET_M, away, np.inf)))
    row, column = divmod(cell, x.size)
    return row, column, float(away[row, column])


def compare(
    folder: Path, size: float, scheme: str, threads: int = 1, order: int = 2
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Errors beside the observations; and the fields for the plot."""
    scenario, x, y = terrain(folder, size)
    start = time.perf_counter()
    flood = simulate(scenario, scheme=scheme, order=order, threads=threads, arrival_depth_m=WET_M)
    seconds = time.perf_counter() - start
    rows = []
    with (folder / "obs.csv").open() as stream:
        for mark in csv.DictReader(stream):
            row, column, away = nearest_wet(flood, x, y, (float(mark["x"]), float(mark["y"])))
            arrival = float(flood.arrival_time[row, column])
            rows.append(
                {
                    "id": mark["id"],
                    "kind": mark["kind"],
                    "observed_level_m": float(mark["obs_max_wl_m"]) if mark["obs_max_wl_m"] else None,
                    "level_m": round(float(scenario.bed[row, column] + flood.max_depth[row, column]), 2),
                    "geoclaw_level_m": float(mark["geoclaw_george2011_max_wl_m"])
                    if mark["geoclaw_george2011_max_wl_m"]
                    else None,
                    "observed_arrival_s": float(mark["obs_arrival_s"]) if mark["obs_arrival_s"] else None,
                    "arrival_s": round(arrival, 1),
                    "metres_to_wet_cell": round(away, 1),
                }
            )
    found: dict[str, Any] = {
        "cell_size_m": size,
        "scheme": scheme,
        "order": order,
        "cells": int((~np.asarray(scenario.blocked)).sum()),
        "steps": flood.steps,
        "seconds": round(seconds, 1),
        "threads": threads,
        "volume_imbalance": flood.volume.imbalance,
    }
    for kind in GEOCLAW_RMSE_M:
        pairs = np.array(
            [(r["level_m"], r["observed_level_m"], r["geoclaw_level_m"]) for r in rows if r["kind"] == kind]
        )
        found[f"rmse_{kind}_m"] = round(float(np.sqrt(np.mean((pairs[:, 0] - pairs[:, 1]) ** 2))), 2)
        found[f"rmse_{kind}_geoclaw_m"] = round(float(np.sqrt(np.mean((pairs[:, 2] - pairs[:, 1]) ** 2))), 2)
    timed = np.array(
        [
            (r["arrival_s"], r["observed_arrival_s"])
            for r in rows
            if r["observed_arrival_s"] and r["kind"] == "lab_gauge"
        ]
    )
    found["mean_absolute_arrival_error_lab_s"] = round(float(np.abs(timed[:, 0] - timed[:, 1]).mean()), 1)
    found["marks"] = rows
    return found, {"flood": flood, "scenario": scenario, "x": x, "y": y}


def plot(found: dict[str, Any], fields: dict[str, Any], folder: Path, path: Path) -> None:
    """Map of the greatest depth, highest levels along the valley, arrival times."""
    flood, scenario, x, y = (fields[name] for name in ("flood", "scenario", "x", "y"))
    figure = plt.figure(figsize=(12, 10.5), layout="constrained")
    spaces = figure.add_gridspec(2, 2, height_ratios=(1.25, 1.0))
    axes = figure.add_subplot(spaces[0, :])
    extent = (x[0], x[-1], y[-1], y[0])
    hidden = np.asarray(scenario.blocked)
    shade = LightSource().hillshade(np.where(hidden, np.nan, scenario.bed), vert_exag=2.0, dx=scenario.cell_size_m)
    axes.imshow(shade, cmap="gray", extent=extent, vmin=-0.4, vmax=1.2)
    deep = np.ma.masked_where((flood.max_depth < WET_M) | hidden, flood.max_depth)
    image = axes.imshow(deep, cmap="viridis_r", extent=extent, vmin=0.0, vmax=40.0, alpha=0.8)
    figure.colorbar(image, ax=axes, label="greatest depth [m]", shrink=0.8)
    places = np.genfromtxt(folder / "obs.csv", delimiter=",", skip_header=1, usecols=(2, 3))
    marks = found["marks"]
    for mark, place in zip(marks, places, strict=True):
        colour = {"police_survey": "tab:red", "lab_gauge": "k", "transformer": "tab:orange"}[mark["kind"]]
        axes.plot(*place, "o", color=colour, markersize=3.5)
        axes.annotate(mark["id"], place, fontsize=7, xytext=(2, 2), textcoords="offset points")
    axes.set(xlabel="east [m]", ylabel="north [m]", xlim=(3500, 14500), ylim=(200, 6000), title="Malpasset, 4,000 s")
    levels, arrivals = figure.add_subplot(spaces[1, 0]), figure.add_subplot(spaces[1, 1])
    measured = [m for m in marks if m["observed_level_m"]]
    names = [m["id"] for m in measured]
    levels.plot(names, [m["observed_level_m"] for m in measured], "k_", markersize=12, label="observed")
    levels.plot(names, [m["level_m"] for m in measured], "o", color="tab:blue", markersize=4, label="here")
    levels.plot(
        names, [m["geoclaw_level_m"] for m in measured], "x", color="tab:gray", markersize=4, label="GeoClaw, 2011"
    )
    levels.set(ylabel="highest level [m]")
    levels.tick_params(axis="x", rotation=90)
    levels.legend()
    timed = [m for m in marks if m["observed_arrival_s"]]
    names = [m["id"] for m in timed]
    arrivals.plot(names, [m["observed_arrival_s"] for m in timed], "k_", markersize=12, label="observed")
    arrivals.plot(names, [m["arrival_s"] for m in timed], "o", color="tab:blue", markersize=4, label="here")
    arrivals.set(ylabel="arrival [s]")
    arrivals.legend()
    figure.savefig(path, dpi=110)
    plt.close(figure)
