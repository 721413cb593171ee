"""Discharge over dikes beside the law of a broad-crested weir: ``python benchmarks/weirs.py [--quick] [--only PART ...]``.

Parts: ``width`` (crests of 1 to 20 cells), ``trapezoid`` (slopes of 1:3), ``drowned`` (water behind), ``angle`` (dikes across
the grid; two lengths, whose difference leaves the ends out). Sea bed at -3 m, crest at +5 m, land at 0 m; the law is taken
with the energy head that the water before the dike really has. Writes ``results/weirs.json`` and the tables of
``docs/solvers/weirs.md``, unless ``--quick`` (one size of cells, one head). Minutes on an idle core. The polder with its
breach is the matter of ``breach_volumes.py`` and ``grid_convergence.py``.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from fill_docs import ROOT, fill, table

from frugal.formats.files.atomic import write_text
from frugal.physics.shallow_water.flood_case import FloodCase, Segment
from frugal.physics.shallow_water.simulate import simulate
from frugal.physics.weir_law import drowning, free_discharge

SOLVERS = {
    "Saint-Venant, second order": {"scheme": "saint_venant", "order": 2},
    "Saint-Venant, first order": {"scheme": "saint_venant", "order": 1},
    "local inertial": {"scheme": "local_inertial"},
}
SEA_M, TOP_M, LAND_M = -3.0, 5.0, 0.0
HEADS_M = (0.05, 0.3, 1.0, 2.0)
BEFORE = 6
EMPTY_M = -9.0


def trapezoid(size: float, shift: float) -> np.ndarray:
    """Heights of a dike with a crest of 3 m and slopes of 1:3, its foot ``shift`` cells before the first one."""
    rise, fall, crest = 3.0 * (TOP_M - SEA_M), 3.0 * (TOP_M - LAND_M), 3.0
    along = (np.arange(int(np.ceil((rise + crest + fall) / size))) + 0.5 + shift) * size
    dike = np.minimum(np.minimum(SEA_M + along / 3.0, TOP_M), LAND_M + (rise + crest + fall - along) / 3.0)
    ground: np.ndarray = np.maximum(dike, np.where(along < rise, SEA_M, LAND_M))
    return ground


def across(
    crest: np.ndarray, head: float, size: float, solver: dict[str, Any], ratio: float | None = None
) -> tuple[float, float]:
    """Discharge over that of the free law, and level behind over the head, as they are once the flow is steady."""
    bed = np.concatenate([np.full(BEFORE, SEA_M), crest, np.full(BEFORE, LAND_M)])
    top = float(crest.max())
    place = np.arange(bed.size)
    behind = EMPTY_M if ratio is None else top + ratio * head
    level = np.where(
        place < BEFORE + int(np.argmax(crest)), top + head, np.where(place < BEFORE + crest.size, EMPTY_M, behind)
    )
    steps = 40.0 * (BEFORE + crest.size) if ratio is None else 60.0 * (BEFORE + crest.size)
    duration = max(steps, 300.0) * size / (9.0 if head > 0.2 else 4.0)
    sides = {"west": (Segment("level", series=top + head),), "east": (Segment("level", series=behind),)}
    case = FloodCase(bed[None], size, duration, level=level[None], boundaries=sides)
    found = simulate(case, **solver, snapshot_times=tuple(np.linspace(0.5, 1.0, 30) * duration)).snapshots
    passed = float(np.mean([(s.depth * s.u)[0, 1 : BEFORE - 1].mean() for s in found]))
    reached = float(np.mean([s.depth[0, BEFORE - 3] + SEA_M - top + s.u[0, BEFORE - 3] ** 2 / 19.62 for s in found]))
    tail = float(np.mean([s.depth[0, -3] + LAND_M - top for s in found]))
    return passed / float(free_discharge(reached)), tail / reached


def oblique(degrees: float, cells: int, solver: dict[str, Any], size: float = 25.0, head: float = 1.0) -> float:
    """Discharge per metre of a long dike over that of the law."""
    slope, passed, short, long = np.tan(np.radians(degrees)), [], 30, 60
    for rows in (short, long):
        column = np.arange(int(rows * slope) + 40)[None, :]
        line = 9.0 + (np.arange(rows)[:, None] + 0.5) * slope
        if cells == 1:
            dike = column == np.floor(line)
        else:
            dike = np.abs((column + 0.5 - line) * np.cos(np.radians(degrees))) <= 0.5 * cells
        sea = (column + 0.5 < line) & ~dike
        bed = np.where(dike, TOP_M, np.where(sea, SEA_M, LAND_M))
        sides = {"west": (Segment("level", series=TOP_M + head),)}
        case = FloodCase(bed, size, 900.0, level=np.where(sea, TOP_M + head, EMPTY_M), boundaries=sides)
        found = simulate(case, **solver, snapshot_times=tuple(np.linspace(600.0, 900.0, 13))).snapshots
        gained = (found[-1].depth - found[0].depth)[~sea].sum() * size**2 / 300.0
        before = sea & (np.roll(dike, -2, axis=1) | np.roll(dike, -3, axis=1))
        reached = np.mean([(s.depth + bed)[before] - TOP_M for s in found])
        passed.append(float(gained / free_discharge(reached)))
    length = (long - short) * size / np.cos(np.radians(degrees))
    return (passed[1] - passed[0]) / length


def _range(values: list[float]) -> str:
    low, high = f"{min(values):.2f}", f"{max(values):.2f}"
    return low if low == high else f"{low}–{high}"


def width(quick: bool) -> tuple[str, dict[str, Any]]:
    """Crests of a few cells between steps."""
    rows, kept = [], {}
    sizes = (5.0,) if quick else (1.0, 5.0, 25.0, 50.0)
    for name, solver in SOLVERS.items():
        for cells in (1, 2, 5, 20):
            found = {
                h: [across(np.full(cells, TOP_M), h, s, solver)[0] for s in sizes]
                for h in HEADS_M[-1 if quick else 0 :]
            }
            kept[f"{name}, {cells}"] = found
            rows.append([name, str(cells), *map(_range, found.values())])
    return table(["solver", "cells", *(f"{h:g} m" for h in HEADS_M[-1 if quick else 0 :])], rows), kept


def slopes(quick: bool) -> tuple[str, dict[str, Any]]:
    """Dikes with slopes of 1:3 and a crest of 3 m."""
    rows, kept = [], {}
    heads = HEADS_M[-1:] if quick else HEADS_M
    for name, solver in SOLVERS.items():
        for size in (5.0,) if quick else (1.0, 2.5, 5.0, 10.0, 25.0):
            found = {h: [across(trapezoid(size, s), h, size, solver)[0] for s in (0.0, 0.5)] for h in heads}
            kept[f"{name}, {size:g}"] = found
            rows.append([name, f"{size:g} m", *map(_range, found.values())])
    return table(["solver", "cells", *(f"{h:g} m" for h in heads)], rows), kept


def drowned(quick: bool) -> tuple[str, dict[str, Any]]:
    """Water behind, as a share of the head; in brackets the law there."""
    rows, kept = [], {}
    ratios = (0.9,) if quick else (0.5, 0.8, 0.85, 0.9, 0.95)
    for name, solver in SOLVERS.items():
        for cells in (2,) if quick else (1, 2, 5):
            found = {r: across(np.full(cells, TOP_M), 1.0, 5.0, solver, ratio=r) for r in ratios}
            kept[f"{name}, {cells}"] = found
            told = [f"{passed:.2f} ({float(drowning(tail)):.2f})" for passed, tail in found.values()]
            rows.append([name, str(cells), *told])
    return table(["solver", "cells", *(f"{r:g}" for r in ratios)], rows), kept


def angle(quick: bool) -> tuple[str, dict[str, Any]]:
    """Dikes across the grid, per metre of their length."""
    rows, kept = [], {}
    angles = (45.0,) if quick else (0.0, 10.0, 20.0, 30.0, 45.0)
    for name, solver in SOLVERS.items():
        for cells in (1,) if quick else (1, 4):
            found = {d: oblique(d, cells, solver) for d in angles}
            kept[f"{name}, {cells}"] = found
            rows.append([name, str(cells), *(f"{value:.2f}" for value in found.values())])
    return table(["solver", "cells", *(f"{d:g}°" for d in angles)], rows), kept


PARTS = {"width": width, "trapezoid": slopes, "drowned": drowned, "angle": angle}


def main() -> None:
    """Each part in turn."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", nargs="+", choices=tuple(PARTS), default=tuple(PARTS))
    arguments = parser.parse_args()
    results = ROOT / "benchmarks" / "results" / "weirs.json"
    document = json.loads(results.read_text(encoding="utf-8")) if results.exists() else {}
    for name in arguments.only:
        told, found = PARTS[name](arguments.quick)
        print(f"## {name}\n\n{told}\n", flush=True)
        if not arguments.quick:
            document[name] = found
            fill(Path(ROOT / "docs" / "solvers" / "weirs.md"), name, told)
            write_text(results, json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
