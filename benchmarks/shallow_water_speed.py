"""Cell updates per second of the flood solvers: ``python benchmarks/shallow_water_speed.py [--peers PYTHON]``.

An update is one cell through one whole time step (both stages of the second-order scheme, both passes of the local
inertial model), on a domain that is wet everywhere. Times are CPU seconds of one thread, the best of several; the gain of two
threads is by the clock, and needs two idle cores: beside it stands what two threads gain on pure arithmetic in the same
minute. ``--peers`` names the interpreter of an environment with anuga, landlab or clawpack; those absent are left out, and
said so. Prints one JSON document and writes it to ``results/shallow_water_speed.json``.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit
from shallow_water_peers import SIZE, bed_and_level

from frugal.formats.files.atomic import write_text
from frugal.physics.shallow_water.flood_case import FloodCase
from frugal.physics.shallow_water.simulate import simulate

HERE = Path(__file__).resolve().parent


def problem(cells: int, seconds: float) -> FloodCase:
    """The swell of the peers' script."""
    x = (np.arange(cells) + 0.5) * SIZE
    bed, level = bed_and_level(x[None, :], x[:, None], cells * SIZE)
    return FloodCase(bed, SIZE, seconds, friction=0.03, level=level)


def one_core(cells: int, seconds: float, scheme: str, order: int, repetitions: int = 4) -> dict[str, Any]:
    """Updates per CPU second."""
    scenario = problem(cells, seconds)
    simulate(problem(8, 1.0), scheme=scheme, order=order)
    best, flood = np.inf, None
    for _ in range(repetitions):
        start = time.process_time()
        flood = simulate(scenario, scheme=scheme, order=order)
        best = min(best, time.process_time() - start)
    assert flood is not None
    assert flood.cell_updates == flood.steps * scenario.bed.size
    return {"steps": flood.steps, "cpu_seconds": round(best, 3), "updates_per_second": round(flood.cell_updates / best)}


@njit(cache=True, nogil=True)
def _arithmetic(count: int) -> float:
    total = 0.0
    for i in range(count):
        total += np.sin(i)
    return total


def ideal_gain() -> float:
    """What two threads gain now on arithmetic that shares nothing."""
    start = time.perf_counter()
    _arithmetic(20_000_000)
    alone = time.perf_counter() - start
    threads = [threading.Thread(target=_arithmetic, args=(20_000_000,)) for _ in range(2)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return 2.0 * alone / (time.perf_counter() - start)


def two_threads(cells: int, seconds: float, repetitions: int = 7) -> dict[str, Any]:
    """The gain by the clock, pair by pair, each beside the ideal one of the same moment."""
    scenario = problem(cells, seconds)
    _arithmetic(10)
    for threads in (1, 2):
        simulate(problem(8, 1.0), threads=threads)
    pairs = []
    for _ in range(repetitions):
        took = []
        for threads in (1, 2):
            start = time.perf_counter()
            simulate(scenario, threads=threads)
            took.append(time.perf_counter() - start)
        pairs.append((round(took[0] / took[1], 3), round(ideal_gain(), 3)))
    gain, ideal = np.median(pairs, axis=0)
    return {
        "cells": cells * cells,
        "median_gain": round(float(gain), 2),
        "median_ideal": round(float(ideal), 2),
        "pairs_gain_ideal": pairs,
    }


def peer(python: Path, name: str, cells: int, seconds: float) -> dict[str, Any] | str:
    """Updates per CPU second of another code, or the sentence why it is left out."""
    command = [str(python), str(HERE / "shallow_water_peers.py"), name, str(cells), str(seconds)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
    if answer.returncode != 0:
        return f"Left out: {(answer.stderr.strip().splitlines() or ['no reason given'])[-1]}"
    found = json.loads(answer.stdout.strip().splitlines()[-1])
    found["cpu_seconds"] = round(found["cpu_seconds"], 3)
    return {**found, "updates_per_second": round(found["cells"] * found["steps"] / found["cpu_seconds"])}


def main() -> None:
    """Ours, then the peers, then the ratios at equal order."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peers", type=Path, help="interpreter with anuga, landlab or clawpack installed")
    parser.add_argument("--out", type=Path, default=HERE / "results")
    arguments = parser.parse_args()
    document: dict[str, Any] = {"cells": 400 * 400}
    for name, scheme, order in (
        ("saint_venant_order_2", "saint_venant", 2),
        ("saint_venant_order_1", "saint_venant", 1),
        ("local_inertial", "local_inertial", 1),
    ):
        document[name] = {str(cells): one_core(cells, 24_000.0 / cells, scheme, order) for cells in (64, 400, 1000)}
    document["two_threads"] = two_threads(1200, 30.0)
    document["peers"] = {}
    if arguments.peers is not None:
        beside = {"anuga": "saint_venant_order_2", "pyclaw": "saint_venant_order_2", "landlab": "local_inertial"}
        for name, ours in beside.items():
            found = peer(arguments.peers, name, 400, 60.0)
            document["peers"][name] = found
            if isinstance(found, dict):
                ratio = document[ours]["400"]["updates_per_second"] / found["updates_per_second"]
                document["peers"][name]["ours_over_theirs"] = round(ratio, 1)
                # Their longer or shorter steps count too.
                longer = found["cpu_seconds"] / document[ours]["400"]["cpu_seconds"]
                document["peers"][name]["their_time_over_ours"] = round(longer, 1)
    text = json.dumps(document, indent=1)
    write_text(arguments.out / "shallow_water_speed.json", text + "\n")
    print(text)


if __name__ == "__main__":
    main()
