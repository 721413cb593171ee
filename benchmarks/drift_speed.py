"""Particle-steps per CPU second of the drift kernels: ``python benchmarks/drift_speed.py [--peers PYTHON]``.

A particle-step is one particle through one step of the Runge–Kutta method of fourth order, with what belongs to it (mixing,
beaching, sinking) where a line says so; 100,000 particles, 100 steps of a minute, on 200 x 200 nodes. Times are CPU seconds
of one thread, the best of five, without compiling. ``--peers`` names the interpreter of an environment with parcels (3) or
opendrift, which run the same gyre from the same places, in the same minutes; those absent are left out, and said so. How far
their particles end from ours is told beside. Prints one JSON document, writes it to ``results/drift_speed.json`` and its
table into ``docs/drift.md``.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from drift_peers import STEP_S, flow, starts
from fill_docs import ROOT, fill, table

from frugal.formats.files.atomic import write_text
from frugal.physics.drift.fates import DriftTimes
from frugal.physics.drift.fields import field_of, uniform_field
from frugal.physics.drift.in_network import DriftReach, drift_in_network, network_drift
from frugal.physics.drift.on_grid import drift_on_grid, grid_drift
from frugal.physics.drift.particles import DriftParticles, release

HERE = Path(__file__).resolve().parent
PARTICLES, STEPS = 100_000, 100
EARTH_M = 111_195.0


def timed(
    make: Callable[[], DriftParticles], run: Callable[[DriftParticles, float], None], repetitions: int = 5
) -> Any:
    """CPU seconds, the best, and the particles at the end."""
    run(make(), STEP_S)
    best = np.inf
    for _ in range(repetitions):
        particles = make()
        begin = time.process_time()
        run(particles, STEPS * STEP_S)
        best = min(best, time.process_time() - begin)
    return best, particles


def row(seconds: float) -> dict[str, Any]:
    """What the document holds of a timing."""
    return {"cpu_seconds": round(seconds, 3), "particle_steps_per_second": round(PARTICLES * STEPS / seconds)}


def ours() -> tuple[dict[str, Any], np.ndarray]:
    """On grids and in a network, plain and with everything; and where the particles of the peers' problem end."""
    times, lon, lat, u, v = flow()
    x, y = (lon - lon[0]) * 78_000.0, (lat - lat[0]) * EARTH_M
    wind = uniform_field([0.0, 1e5], [6.0, 4.0], [1.0, 3.0])
    shore = np.zeros(u.shape[1:], dtype=bool)
    shore[:2], shore[-2:] = True, True
    fates = DriftTimes(5 * 86400.0, 30 * 86400.0, 30 * 86400.0)
    metric, degrees = field_of(times, x, y, u, v), field_of(times, lon, lat, u, v)
    cases = {
        "steady currents, metres": (grid_drift(field_of([0.0], x, y, u[:1], v[:1]), False), None, 0.0),
        "hourly currents, metres": (grid_drift(metric, False), None, 0.0),
        "hourly currents, degrees": (grid_drift(degrees, True), None, 0.0),
        "the same with mixing": (grid_drift(degrees, True, diffusivity=5.0), None, 0.0),
        "the same with wind, land, beaching, sinking": (grid_drift(degrees, True, shore, 5.0, wind=wind), fates, 0.02),
    }
    found, places = {}, np.zeros(0)
    start = starts(PARTICLES)
    for name, (moved, fate, windage) in cases.items():
        at = start if moved.geographic else ((start[0] - lon[0]) * 78_000.0, (start[1] - lat[0]) * EARTH_M)

        def run(p: DriftParticles, until: float, moved: Any = moved, fate: Any = fate) -> None:
            drift_on_grid(p, moved, until, STEP_S, fate)

        seconds, particles = timed(lambda at=at, windage=windage: release(*at, 0.0, windage=windage), run)
        found[name] = row(seconds)
        if name == "hourly currents, degrees":
            places = np.stack([particles.x, particles.y])
    found["network of three reaches, with mixing"] = network(fates)
    return found, places


def network(fates: DriftTimes) -> dict[str, Any]:
    """Reaches of 60 faces, hourly currents."""
    times, x = np.arange(13) * 3600.0, np.linspace(0.0, 60e3, 60)
    tide = np.sin(2 * np.pi * times / 44_714.16)[:, None] * np.ones((1, 60))
    reaches = [
        DriftReach("sea", "fork", x, tide - 0.1, 8000.0 * (tide - 0.1), np.full(60, 1000.0)),
        DriftReach("fork", "garonne", x, tide - 0.2, 3000.0 * (tide - 0.2), np.full(60, 400.0)),
        DriftReach("fork", "dordogne", x, tide - 0.2, 2000.0 * (tide - 0.2), np.full(60, 300.0)),
    ]
    moved, _ = network_drift(reaches, times, ["sea", "garonne", "dordogne"], 50.0, 1.0)
    rng = np.random.default_rng(0)
    along, across, reach = rng.uniform(0, 60e3, PARTICLES), rng.uniform(0, 1, PARTICLES), rng.integers(0, 3, PARTICLES)
    seconds, _ = timed(
        lambda: release(along, across, 0.0, reach), lambda p, until: drift_in_network(p, moved, until, STEP_S, fates)
    )
    return row(seconds)


def peer(python: Path, name: str, places: np.ndarray) -> dict[str, Any] | str:
    """Speed of another code and how far its particles end from ours [m], or the sentence why it is left out."""
    steps = STEPS if name == "parcels" else STEPS // 5
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "places.npy"
        command = [str(python), str(HERE / "drift_peers.py"), name, str(PARTICLES), str(steps), str(out)]
        answer = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
        if answer.returncode != 0:
            return f"Left out: {(answer.stderr.strip().splitlines() or ['no reason given'])[-1]}"
        found = json.loads(answer.stdout.strip().splitlines()[-1])
        theirs = np.load(out)
    found["particle_steps_per_second"] = round(found["particles"] * found["steps"] / found["cpu_seconds"])
    found["cpu_seconds"] = round(found["cpu_seconds"], 3)
    own = places if steps == STEPS else ends_after(steps)
    apart = np.hypot((theirs[0] - own[0]) * np.cos(np.radians(own[1])), theirs[1] - own[1]) * EARTH_M
    found["median_distance_m"] = float(f"{np.median(apart):.3g}")
    return found


def ends_after(steps: int) -> np.ndarray:
    """Where our particles of the peers' problem are after some steps."""
    times, lon, lat, u, v = flow()
    particles = release(*starts(PARTICLES), 0.0)
    drift_on_grid(particles, grid_drift(field_of(times, lon, lat, u, v), True), steps * STEP_S, STEP_S)
    return np.stack([particles.x, particles.y])


def main() -> None:
    """Ours, then the peers."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peers", type=Path, help="interpreter with parcels or opendrift installed")
    parser.add_argument("--out", type=Path, default=HERE / "results")
    arguments = parser.parse_args()
    found, places = ours()
    document: dict[str, Any] = {"particles": PARTICLES, "steps": STEPS, "ours": found, "peers": {}}
    for name in ("parcels", "opendrift"):
        document["peers"][name] = peer(arguments.peers, name, places) if arguments.peers else "Left out: not asked for"
    text = json.dumps(document, indent=1)
    print(text)
    write_text(arguments.out / "drift_speed.json", text + "\n")
    rows = [[name, f"{each['particle_steps_per_second'] / 1e6:.1f}", ""] for name, each in found.items()]
    for name, each in document["peers"].items():
        if isinstance(each, str):
            rows.append([name, each, ""])
        else:
            speed = f"{each['particle_steps_per_second'] / 1e6:.2g}"
            rows.append(
                [f"{name} {each['version']}, hourly currents, degrees", speed, f"{each['median_distance_m']:g} m"]
            )
    fill(
        ROOT / "docs" / "drift.md",
        "speed",
        table(["", "10⁶ particle-steps per CPU s", "ends from ours (median)"], rows),
    )


if __name__ == "__main__":
    main()
