"""The verification table of the shallow-water solvers: ``python benchmarks/shallow_water_verification.py [--malpasset DIR]``.

Errors beside exact solutions at three resolutions with the observed order of convergence, the flood over a plain beside
other codes, water at rest, volumes, and the dam break of Malpasset where its data lie beside the checkout. Prints one JSON
document, writes it to ``results/shallow_water_verification.json`` beside this file, with plots of the same name.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import malpasset
import numpy as np
from matplotlib import pyplot as plt

from frugal.formats.files.atomic import write_text
from frugal.physics.shallow_water.flood_case import FloodCase
from frugal.physics.shallow_water.simulate import simulate

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests"))
from verification import shallow_water_cases as cases  # noqa: E402  (the cases of the tests)

BUILDERS: dict[str, tuple[Callable[[int], cases.Case], tuple[int, int, int]]] = {
    "Stoker, dam break on a wet bed": (cases.stoker, (100, 200, 400)),
    "Ritter, dam break on a dry bed": (cases.ritter, (100, 200, 400)),
    "Dressler, dry bed with Chézy friction": (cases.dressler, (100, 200, 400)),
    "Bump with a hydraulic jump": (cases.bump_with_shock, (100, 200, 400)),
    "MacDonald, subcritical": (lambda n: cases.macdonald(n, "subcritical"), (100, 200, 400)),
    "MacDonald, supercritical to subcritical": (lambda n: cases.macdonald(n, "jump"), (100, 200, 400)),
    "MacDonald, with rain": (lambda n: cases.macdonald(n, "rain"), (100, 200, 400)),
    "Sampson, swinging with linear friction": (cases.sampson, (100, 200, 400)),
    "Thacker, plane circling in a paraboloid": (cases.thacker_planar, (50, 100, 200)),
    "Thacker, hill in a paraboloid, 3 periods": (cases.thacker_radial, (50, 100, 200)),
}


def shares(case: cases.Case, order: int) -> tuple[float, float, float]:
    """Relative error of depth and of discharge (sums over cells), and the imbalance of volume."""
    flood = simulate(case.scenario, order=order)
    two = case.depth.ndim == 2
    depth, u = (flood.depth, flood.u) if two else (flood.depth[0], flood.u[0])
    known = np.isfinite(case.depth)
    error = np.abs(depth - case.depth)[known].sum() / case.depth[known].sum()
    exact = np.abs(case.depth * case.u)[known].sum()
    flow = np.abs(depth * u - case.depth * case.u)[known].sum()
    # Where the exact flow is at rest at that time, the error is given as a share of nothing: left out.
    moving = exact > 1e-9 * case.depth[known].sum()
    return float(error), float(flow / exact) if moving else math.nan, abs(flood.volume.imbalance)


def exact_solutions() -> list[dict[str, Any]]:
    """One row per case and order."""
    rows = []
    for name, (build, counts) in BUILDERS.items():
        for order in (1, 2):
            found = [shares(build(count), order) for count in counts]
            errors = [error for error, _, _ in found]
            rows.append(
                {
                    "case": name,
                    "order_of_scheme": order,
                    "cells": counts,
                    "relative_error_of_depth": [float(f"{error:.3g}") for error in errors],
                    "relative_error_of_discharge": None if math.isnan(found[-1][1]) else float(f"{found[-1][1]:.3g}"),
                    "observed_order": [round(math.log2(a / b), 2) for a, b in itertools.pairwise(errors)],
                    "volume_imbalance": max(imbalance for _, _, imbalance in found),
                }
            )
    return rows


def smooth_order() -> list[float]:
    """Observed orders on a smooth wave over a smooth bed, from runs twice as fine each time."""
    found = []
    for count in (100, 200, 400, 800, 1600):
        x, size = cases.centres(100.0, count)
        bed, level = 0.3 * np.exp(-(((x - 60.0) / 15.0) ** 2)), 2.0 + 0.2 * np.exp(-(((x - 50.0) / 12.0) ** 2))
        found.append(simulate(FloodCase(bed[None], size, 4.0, level=level[None])).depth[0])
    steps = [np.abs(0.5 * (b[::2] + b[1::2]) - a).mean() for a, b in itertools.pairwise(found)]
    return [round(float(np.log2(a / b)), 2) for a, b in itertools.pairwise(steps)]


def plain() -> list[dict[str, Any]]:
    """Depths of the flood over a plain, beside the other codes."""
    rows = []
    for scheme in ("saint_venant", "local_inertial"):
        for size in (20.0, 10.0):
            flood = simulate(cases.spreading_plain(size), scheme=scheme, snapshot_times=(3600.0, 10800.0))
            for snapshot in flood.snapshots:
                time_s = int(snapshot.time_s)
                others = {
                    "ANUGA": cases.PLAIN_DEPTHS[time_s][0],
                    "itzi-core": cases.PLAIN_DEPTHS[time_s][1],
                    "ANUGA, same set-up": cases.PLAIN_DEPTHS_ANUGA_HERE[time_s],
                }
                depths = cases.at_points(snapshot.depth, size)
                behind = np.array(others["ANUGA"]) > 0.1
                rows.append(
                    {
                        "scheme": scheme,
                        "cell_size_m": size,
                        "time_s": time_s,
                        "depths_m": [round(float(depth), 4) for depth in depths],
                        "others_m": others,
                        "largest_difference_behind_front": {
                            name: round(float(np.abs(depths / np.maximum(other, 1e-9) - 1.0)[behind].max()), 4)
                            for name, other in others.items()
                        },
                        "area_above_10_cm_ha": float((snapshot.depth > 0.1).sum() * size * size / 1e4),
                    }
                )
    return rows


def rest_and_books() -> dict[str, float]:
    """Water at rest around an island, the compass, all kinds of sources at once, two threads."""
    island = simulate(cases.island_at_rest(200, 60))
    scenario = cases.everything()
    books = {scheme: simulate(scenario, scheme=scheme) for scheme in ("saint_venant", "local_inertial")}
    twice = simulate(scenario, threads=2)
    planar = cases.thacker_planar(60, 0.3).scenario
    turned = FloodCase(
        np.rot90(planar.bed), planar.cell_size_m, planar.duration_s, depth=np.rot90(planar.depth), u=planar.v
    )
    return {
        "island_fastest_m_s": float(island.max_speed.max()),
        "island_steps": island.steps,
        "turned_by_90_degrees_depth_difference_m": float(
            np.abs(np.rot90(simulate(planar).depth) - simulate(turned).depth).max()
        ),
        **{f"imbalance_{scheme}": flood.volume.imbalance for scheme, flood in books.items()},
        "difference_of_two_threads": float(np.abs(twice.u - books["saint_venant"].u).max()),
    }


def plot(path: Path) -> None:
    """Profiles beside the exact solutions."""
    figure, axes = plt.subplots(3, 3, figsize=(13, 9), layout="constrained")
    for (name, (build, _)), axis in zip(list(BUILDERS.items())[:9], axes.flat, strict=True):
        case = build(100)
        flood = simulate(case.scenario)
        row = 0 if case.depth.ndim == 1 else case.depth.shape[0] // 2
        bed = case.scenario.bed[row]
        depth = case.depth if case.depth.ndim == 1 else case.depth[row]
        found = flood.depth[row]
        axis.fill_between(case.x, bed, bed.min() - 0.05 * np.ptp(bed), color="0.8")
        axis.plot(case.x, np.where(depth > 0.0, bed + depth, np.nan), "k-", linewidth=1.0, label="exact")
        wet = found > 1e-6
        axis.plot(case.x[wet], (bed + found)[wet], ".", color="tab:blue", markersize=4, label="100 cells")
        axis.set_title(name, fontsize=9)
    axes[0, 0].legend()
    figure.supxlabel("x [m]")
    figure.supylabel("level [m]")
    figure.savefig(path, dpi=100)
    plt.close(figure)


def main() -> None:
    """Everything, in about ten minutes on one core."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--malpasset", type=Path, default=HERE.parent.parent / "shared" / "data" / "malpasset")
    parser.add_argument("--malpasset-sizes", type=float, nargs="*", default=[40.0, 30.0, 20.0])
    parser.add_argument("--out", type=Path, default=HERE / "results")
    arguments = parser.parse_args()
    start = time.perf_counter()
    document: dict[str, Any] = {
        "exact": exact_solutions(),
        "smooth_wave_observed_orders": smooth_order(),
        "plain": plain(),
        "rest_and_books": rest_and_books(),
    }
    plot(arguments.out / "shallow_water_verification.png")
    if (arguments.malpasset / "obs.csv").exists():
        document["malpasset"] = []
        for size in arguments.malpasset_sizes:
            found, fields = malpasset.compare(arguments.malpasset, size, "saint_venant")
            document["malpasset"].append(found)
        malpasset.plot(found, fields, arguments.malpasset, arguments.out / "shallow_water_malpasset.png")
        document["malpasset"].append(malpasset.compare(arguments.malpasset, 30.0, "saint_venant", order=1)[0])
    else:
        document["malpasset"] = f"Left out: {arguments.malpasset.name}/obs.csv does not lie beside the checkout."
    document["seconds"] = round(time.perf_counter() - start, 1)
    text = json.dumps(document, indent=1, ensure_ascii=False)
    write_text(arguments.out / "shallow_water_verification.json", text + "\n")
    print(text)


if __name__ == "__main__":
    main()
