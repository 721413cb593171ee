"""Cell updates per CPU second beside SFINCS: ``python benchmarks/sfincs_pairing.py EXECUTABLE``.

SFINCS (Deltares, GPL-3) is compiled from its source by whoever runs this (gfortran -O3, netcdf-fortran) and called as a
program; nothing of it is in this project. Both codes take the same floods in the same run, each on one core, in turns:

* the flood over a plain of 1000 m by 2000 m, as in test 4 of the Environment Agency, on cells of 20 m, and its first hour on
  cells of 5 m;
* a swell on about a metre of water over a wavy bed, wet everywhere, on 400 x 400 cells of 10 m.

Seconds are CPU seconds of the process less those of the same run stopped after one second of the event (reading, writing,
making ready). An update is a cell through a whole step, dry cells counted alike for both, since SFINCS visits them too; how
many of ours were asleep is told. SFINCS computes in single precision, ours in double. Depths of the plain at the points of
``tests/verification`` stand beside each other. Prints one JSON document and writes it to ``results/sfincs_pairing.json``, from
which ``fill_docs.py`` writes the table.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from frugal.formats.files.atomic import write_text
from frugal.physics.shallow_water.flood_case import FloodCase
from frugal.physics.shallow_water.simulate import simulate

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests"))

from shallow_water_peers import SIZE, bed_and_level  # noqa: E402
from verification import shallow_water_cases as cases  # noqa: E402

OURS = {"local inertial": ("local_inertial", 1), "second order": ("saint_venant", 2)}
THEIRS = {"SFINCS without advection": 0, "SFINCS with advection": 1}


def swell(cells: int, seconds: float) -> FloodCase:
    """The problem of ``shallow_water_speed.py``."""
    x = (np.arange(cells) + 0.5) * SIZE
    bed, level = bed_and_level(x[None, :], x[:, None], cells * SIZE)
    return FloodCase(bed, SIZE, seconds, friction=0.03, level=level)


def _grid(path: Path, field: np.ndarray, form: str) -> None:
    np.savetxt(path, field, fmt=form)


def write_case(folder: Path, case: FloodCase, seconds: float, advection: int) -> None:
    """One case in the ASCII files of SFINCS; rows of theirs go north, which a case that is not told its north allows."""
    rows, columns = case.shape
    size = case.cell_size_m
    _grid(folder / "bed.dep", np.broadcast_to(case.bed, case.shape), "%.9g")
    _grid(folder / "active.msk", np.ones(case.shape, dtype=int), "%d")
    hours, rest = divmod(int(seconds), 3600)
    lines = {
        "mmax": columns,
        "nmax": rows,
        "dx": size,
        "dy": size,
        "x0": 0,
        "y0": 0,
        "rotation": 0,
        "tref": "20000101 000000",
        "tstart": "20000101 000000",
        "tstop": f"20000101 {hours:02d}{rest // 60:02d}{rest % 60:02d}",
        "dtout": 0,
        "dtmaxout": 0,
        "dthisout": 3600,
        "alpha": 0.5,
        "theta": 0.9,
        "huthresh": 0.001,
        "manning": float(np.max(case.friction)),
        "advection": advection,
        "coriolis": 0,
        "zsini": 0,
        "inputformat": "asc",
        "outputformat": "net",
        "depfile": "bed.dep",
        "mskfile": "active.msk",
    }
    if case.level is not None:
        np.asarray(np.broadcast_to(case.level, case.shape).T, dtype=np.float32).tofile(folder / "start.zsi")
        lines["inifile"] = "start.zsi"
    if case.inflows:
        places = [f"{(point.column + 0.5) * size} {(point.row + 0.5) * size}" for point in case.inflows]
        (folder / "sources.src").write_text("\n".join(places) + "\n")
        times = np.asarray(case.inflows[0].series[0])
        values = np.array([np.asarray(point.series[1]) for point in case.inflows]).T
        rows_of_text = [" ".join(map(str, [now, *row])) for now, row in zip(times, values, strict=True)]
        (folder / "discharges.dis").write_text("\n".join(rows_of_text) + "\n")
        points = [f"{x} {y} 'point {k}'" for k, (x, y) in enumerate(cases.PLAIN_POINTS)]
        (folder / "points.obs").write_text("\n".join(points) + "\n")
        lines |= {"srcfile": "sources.src", "disfile": "discharges.dis", "obsfile": "points.obs"}
    text = "".join(f"{name} = {value}\n" for name, value in lines.items())
    (folder / "sfincs.inp").write_text(text)


def _run(executable: Path, folder: Path) -> tuple[float, float, str]:
    """CPU seconds, mean time step and what was printed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    answer = subprocess.run(
        [str(executable)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    found = re.search(r"Average time step \(s\)\s*:\s*([0-9.]+)", answer.stdout)
    if found is None:
        raise SystemExit(f"SFINCS did not finish: {answer.stdout.splitlines()[-5:]}")
    return spent, float(found[1]), answer.stdout


def theirs(executable: Path, case: FloodCase, advection: int) -> dict[str, Any]:
    """One run of SFINCS, less one that is stopped at once."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_case(folder, case, 1.0, advection)
        idle, _, _ = _run(executable, folder)
        write_case(folder, case, case.duration_s, advection)
        spent, step, _ = _run(executable, folder)
        depths = None
        if case.inflows:
            import h5py

            with h5py.File(folder / "sfincs_his.nc") as series:
                levels = np.asarray(series["point_zs"])
            depths = np.round(levels[1:].astype(float), 4).tolist()
    return {"seconds": max(spent - idle, 1e-9), "steps": round(case.duration_s / step), "depths": depths}


def ours(case: FloodCase, scheme: str, order: int) -> dict[str, Any]:
    """One run of ours, less one that is stopped at once."""
    short = FloodCase(**{**vars(case), "duration_s": 1.0})
    start = time.process_time()
    simulate(short, scheme=scheme, order=order)
    idle = time.process_time() - start
    times = np.arange(3600.0, case.duration_s + 1.0, 3600.0) if case.inflows else ()
    start = time.process_time()
    flood = simulate(case, scheme=scheme, order=order, snapshot_times=tuple(times))
    spent = time.process_time() - start
    depths = [np.round(cases.at_points(state.depth, case.cell_size_m), 4).tolist() for state in flood.snapshots]
    asleep = 1.0 - flood.cell_updates / (flood.steps * case.bed.size)
    return {
        "seconds": max(spent - idle, 1e-9),
        "steps": flood.steps,
        "asleep": round(asleep, 3),
        "depths": depths or None,
    }


def pair(executable: Path, case: FloodCase, repetitions: int) -> dict[str, Any]:
    """All codes in turns, the best of each, and ours over theirs pair by pair."""
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in (*THEIRS, *OURS)}
    for _ in range(repetitions):
        for name, advection in THEIRS.items():
            runs[name].append(theirs(executable, case, advection))
        for name, (scheme, order) in OURS.items():
            runs[name].append(ours(case, scheme, order))
    found: dict[str, Any] = {"cells": case.bed.size}
    for name, all_runs in runs.items():
        best = min(all_runs, key=lambda run: run["seconds"])
        speed = case.bed.size * best["steps"] / best["seconds"]
        found[name] = {**best, "seconds": round(best["seconds"], 3), "updates_per_second": round(speed)}
    for name, beside in zip(OURS, THEIRS, strict=True):
        per_update = [
            one["steps"] / one["seconds"] / (other["steps"] / other["seconds"])
            for one, other in zip(runs[name], runs[beside], strict=True)
        ]
        found[name]["updates_over_theirs"] = round(float(np.median(per_update)), 2)
        found[name]["pairs"] = [round(value, 2) for value in per_update]
        whole = [other["seconds"] / one["seconds"] for one, other in zip(runs[name], runs[beside], strict=True)]
        found[name]["their_seconds_over_ours"] = round(float(np.median(whole)), 2)
    return found


def main() -> None:
    """Pair, print, keep."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("executable", type=Path, help="SFINCS, compiled")
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--out", type=Path, default=HERE / "results")
    arguments = parser.parse_args()
    executable = arguments.executable.resolve()
    floods = {
        "plain, 20 m": cases.spreading_plain(20.0),
        "plain, 5 m, first hour": cases.spreading_plain(5.0, 3600.0),
        "swell, 400 x 400": swell(400, 600.0),
    }
    for scheme, order in OURS.values():
        simulate(swell(8, 1.0), scheme=scheme, order=order)
    document = {"floods": {name: pair(executable, case, arguments.repetitions) for name, case in floods.items()}}
    write_text(arguments.out / "sfincs_pairing.json", json.dumps(document, indent=1) + "\n")
    print(json.dumps(document, indent=1))


if __name__ == "__main__":
    main()
