"""The drift kernels beside what is known exactly: ``python benchmarks/drift_verification.py``.

Decaying moving eddy, Stommel's gyre (with the velocity as a formula and on grids), flow past a peninsula, Brownian spread,
the well-mixed criterion, wind on the ellipsoid, the shares of a shore, sinking, and the transition matrix beside the direct
simulation of a channel. Prints one JSON document, writes it to ``results/drift_verification.json`` and its tables into
``docs/drift.md``. About a minute on an idle core.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
from fill_docs import ROOT, fill, table
from numba import njit

sys.path.insert(0, str(ROOT / "tests"))

from drift_for_tests import DAY_S, MovingEddy, Peninsula, StommelGyre, tidal_channel

from frugal.formats.files.atomic import write_text
from frugal.physics.drift.fates import DriftTimes
from frugal.physics.drift.fields import field_of, uniform_field
from frugal.physics.drift.in_network import drift_in_network
from frugal.physics.drift.on_grid import drift_on_grid, grid_drift
from frugal.physics.drift.particles import AFLOAT, BEACHED, release, tally
from frugal.physics.drift.runge_kutta import rk4_of
from frugal.studies.drift.network_states import NetworkStates
from frugal.studies.drift.transition_matrix import after_periods, chance_error, transitions_of

HERE = Path(__file__).resolve().parent
STILL = uniform_field([0.0], np.zeros(1), np.zeros(1), "currents")
Rows = list[dict[str, Any]]


def moving_eddy() -> Rows:
    """Distance from the exact place after 6 days, by step."""
    exact, rows = MovingEddy.place(1e4, 1e4, 6 * DAY_S), []
    for step in (300.0, 600.0, 1800.0, 3600.0):
        particles = release(1e4, 1e4, 0.0)
        drift_on_grid(particles, grid_drift(MovingEddy.field(6 * DAY_S, step), False), 6 * DAY_S, step)
        error = math.hypot(particles.x[0] - exact[0], particles.y[0] - exact[1])
        rows.append({"case": "moving eddy, 6 d", "setting": f"step {step:g} s", "measure": "error [m]", "value": error})
    order = math.log2(rows[-1]["value"] / rows[-2]["value"])
    return [*rows, {"case": "moving eddy, 6 d", "setting": "1800 to 3600 s", "measure": "order", "value": order}]


@njit
def stommel(known: tuple[float, float, float, float], time_s: float, x: float, y: float) -> tuple[float, float]:
    """The velocity of the gyre as a formula, without a grid."""
    l1, l2, c1, side = known
    xi, eta = x / side, y / side
    first, second = c1 * math.exp(l1 * xi), -(1.0 + c1) * math.exp(l2 * xi)
    shape, slope = first + second + 1.0, l1 * first + l2 * second
    return -(math.pi**2) * math.cos(math.pi * eta) * shape / 30.0, math.pi * math.sin(math.pi * eta) * slope / 30.0


_rk4 = rk4_of(stommel)


@njit
def along_formula(
    known: tuple[float, float, float, float], x: float, y: float, step: float, steps: int
) -> tuple[float, float]:
    """Steps of the kernels' own integrator."""
    for n in range(steps):
        x, y = _rk4(known, n * step, step, x, y)
    return x, y


def stommel_gyre() -> Rows:
    """Largest change of the streamfunction along 20 paths of 50 days."""
    x, rows = np.linspace(10e3, 100e3, 20), []
    before = StommelGyre.streamfunction(x, 5000e3)
    l1, l2, c1 = StommelGyre._parts(0.0, 0.0)[:3]
    for step in (3600.0, 1800.0, 600.0):
        known = (float(l1), float(l2), float(c1), StommelGyre.side)
        ends = [along_formula(known, float(a), 5000e3, step, round(50 * DAY_S / step)) for a in x]
        change = np.abs(StommelGyre.streamfunction(*np.array(ends).T) / before - 1).max()
        rows.append({"setting": f"formula, from 10 to 100 km, step {step:g} s", "value": float(change)})
    x = np.linspace(40e3, 400e3, 20)
    before = StommelGyre.streamfunction(x, 5000e3)
    for nodes in (201, 401, 801, 1601):
        particles = release(x, 5000e3, 0.0)
        drift_on_grid(particles, grid_drift(StommelGyre.field(nodes), False), 50 * DAY_S, 3600.0)
        change = np.abs(StommelGyre.streamfunction(particles.x, particles.y) / before - 1).max()
        rows.append({"setting": f"{nodes} x {nodes} nodes, from 40 to 400 km, step 3600 s", "value": float(change)})
    return [{"case": "Stommel's gyre, 50 d", "measure": "change of the streamfunction", **row} for row in rows]


def peninsula() -> Rows:
    """Largest change of the streamfunction along 30 paths past the peninsula."""
    rows, y = [], np.linspace(2e3, 45e3, 30)
    for nodes in (101, 201, 401, 801):
        field, land = Peninsula.field(nodes)
        particles = release(3e3, y, 0.0)
        drift_on_grid(particles, grid_drift(field, False, land), 22 * 3600.0, 50.0)
        change = np.abs(Peninsula.streamfunction(particles.x, particles.y) / Peninsula.streamfunction(3e3, y) - 1).max()
        cell = Peninsula.length / (nodes - 1)
        rows.append({"setting": f"cells of {cell:g} m", "value": float(change)})
    return [{"case": "peninsula, 22 h", "measure": "change of the streamfunction", **row} for row in rows]


def spread() -> Rows:
    """Standard deviations beside √(2Kt), and even spreads between walls."""
    n, rows = 40_000, []
    particles = release(np.zeros(n), 0.0, 0.0, seed=3)
    drift_on_grid(particles, grid_drift(STILL, False, diffusivity=100.0), DAY_S, 3600.0)
    for name, values in (("x", particles.x), ("y", particles.y)):
        rows.append(
            {
                "case": "Brownian, K = 100 m²/s, 1 d",
                "setting": f"{name}, {n} particles",
                "measure": "deviation over √(2Kt)",
                "value": float(values.std() / math.sqrt(200.0 * DAY_S)),
            }
        )
    axis = np.arange(21) * 100.0
    land = np.ones((21, 21), dtype=bool)
    land[1:-1, 1:-1] = False
    shape = 1.0 + 4.0 * np.sin(np.pi * np.clip((axis - 50.0) / 1900.0, 0.0, 1.0)) ** 2
    calm = field_of([0.0], axis, axis, np.zeros((1, 21, 21)), np.zeros((1, 21, 21)))
    for name, mixing in (("one K", 2.0), ("K 5 times higher in the middle", 0.4 * np.tile(shape, (21, 1)))):
        start = np.random.default_rng(0).uniform(50.5, 1949.5, (2, n))
        particles = release(*start, 0.0, seed=1)
        drift_on_grid(particles, grid_drift(calm, False, land, mixing), 2 * DAY_S, 240.0)
        counts = np.histogram(particles.x, bins=10, range=(50.0, 1950.0))[0]
        rows.append(
            {
                "case": "even between walls, 2 d",
                "setting": f"{name}, 10 bins",
                "measure": "χ² (27.9 is exceeded once in 1000)",
                "value": float(((counts - n / 10) ** 2 / (n / 10)).sum()),
            }
        )
    return rows


def ellipsoid() -> Rows:
    """A day of 2 % of 10 m/s, beside geodesics."""
    from pyproj import Geod

    axis = np.linspace(-3.0, 1.0, 5)
    calm = field_of([0.0], axis, axis + 46.0, np.zeros((1, 5, 5)), np.zeros((1, 5, 5)))
    rows = []
    for name, wind, other in (
        ("wind from the west, longitude", (10.0, 0.0), -0.8789096),  # OpenDrift's
        ("wind from the south, latitude", (0.0, 10.0), Geod(ellps="WGS84").fwd(-1.10, 45.50, 0.0, 17280.0)[1]),
    ):
        particles = release(-1.10, 45.50, 0.0, windage=0.02)
        blowing = uniform_field([0.0], [wind[0]], [wind[1]])
        drift_on_grid(particles, grid_drift(calm, True, wind=blowing), DAY_S, 600.0)
        own = particles.x[0] if wind[0] else particles.y[0]
        rows.append({"setting": name, "measure": "difference [°]", "value": float(own - other)})
    return [{"case": "WGS84, 1 d of wind", **row} for row in rows]


def fates() -> Rows:
    """Shares of a shore and of what sinks, in standard errors from the closed forms."""
    n, axis = 10_000, np.arange(21) * 100.0
    land = np.ones((21, 21), dtype=bool)
    land[1:-1, 1:-1] = False
    onshore = field_of([0.0], axis, axis, np.full((1, 21, 21), 0.05), np.zeros((1, 21, 21)))
    particles = release(np.full(n, 1949.0), np.linspace(200.0, 1800.0, n), 0.0)
    drift_on_grid(particles, grid_drift(onshore, False, land), 20 * DAY_S, 600.0, DriftTimes(2 * DAY_S, 6 * DAY_S))
    sinking = release(np.zeros(n), 0.0, 0.0, seed=5)
    drift_on_grid(sinking, grid_drift(STILL, False), 3 * DAY_S, 3600.0, DriftTimes(sinking=2 * DAY_S))
    rows = []
    for case, setting, found, exact in (
        (
            "pressed to a shore, 20 d",
            "T_b 2 d, T_r 6 d: T_r / (T_b + T_r) = 0.75",
            (particles.status == BEACHED).mean(),
            0.75,
        ),
        ("sinking, 3 d", "T_s 2 d: exp(-1.5) = 0.2231", (sinking.status == AFLOAT).mean(), math.exp(-1.5)),
    ):
        error = math.sqrt(exact * (1 - exact) / n)
        rows.append({"case": case, "setting": setting, "measure": "share", "value": float(found)})
        rows.append(
            {"case": case, "setting": "", "measure": "off in standard errors", "value": float((found - exact) / error)}
        )
    return rows


def matrix() -> Rows:
    """Chances after ten tides by powers of the matrix of one tide, beside 20,000 particles followed for ten."""
    moved, names, period = tidal_channel()
    times, rows, n = DriftTimes(beaching=4 * 3600.0, resuspension=20 * DAY_S), [], 20_000
    for cell, per_state in ((4000.0, 2000), (2000.0, 1000), (1000.0, 500)):
        states = NetworkStates.of(moved, names, cell_m=cell, sector_m=10_000.0)
        begun = states.release_all(per_state, seed=1)
        begins = states.of_particles(begun)
        drift_in_network(begun, moved, period, 300.0, times)
        found = transitions_of(begins, states.of_particles(begun), states.count)
        x = np.random.default_rng(5).uniform(20e3, 21e3, n)
        followed = release(x, np.random.default_rng(6).uniform(0, 1, n), 0.0, seed=2)
        start = np.bincount(states.of_particles(followed), minlength=states.count) / n
        drift_in_network(followed, moved, 10 * period, 300.0, times)
        direct = np.bincount(states.of_particles(followed), minlength=states.count) / n
        told = after_periods(found, start, 10)[10]
        sea = np.arange(states.count) == states.end_named("sea")
        for name, aims in (("the sea", sea), ("a bank", states.is_bank)):
            error = math.hypot(
                chance_error(found, start, 10, aims), math.sqrt(direct[aims].sum() * (1 - direct[aims].sum()) / n)
            )
            rows.append(
                {
                    "setting": f"pieces of {cell / 1000:g} km, {begun.x.size} particles, {name}",
                    "direct": float(direct[aims].sum()),
                    "matrix": float(told[aims].sum()),
                    "standard_error": error,
                }
            )
        worst = np.abs(told - direct)[states.is_bank].max()
        rows.append(
            {
                "setting": f"pieces of {cell / 1000:g} km, worst of {states.is_bank.sum()} bank sectors",
                "off": float(worst),
            }
        )
        assert tally(followed, names).sunk == 0
    return rows


def shown(value: float) -> str:
    """A number as the page has it."""
    return f"{value:.4f}" if 0.01 <= abs(value) < 100 else f"{value:.2g}"


def main() -> None:
    """All cases."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=HERE / "results")
    arguments = parser.parse_args()
    rows = [*moving_eddy(), *stommel_gyre(), *peninsula(), *spread(), *ellipsoid(), *fates()]
    document = {"exact": rows, "matrix": matrix()}
    text = json.dumps(document, indent=1, ensure_ascii=False)
    print(text)
    write_text(arguments.out / "drift_verification.json", text + "\n")
    page = ROOT / "docs" / "drift.md"
    cells = [[row["case"], row["setting"], row["measure"], shown(row["value"])] for row in rows]
    fill(page, "verification", table(["case", "setting", "measure", "value"], cells))
    cells = [
        [row["setting"], "", "", f"off by {row['off']:.4f}"]
        if "off" in row
        else [row["setting"], *(f"{row[key]:.4f}" for key in ("direct", "matrix", "standard_error"))]
        for row in document["matrix"]
    ]
    fill(page, "matrix", table(["", "direct", "matrix", "standard error of the difference"], cells))


if __name__ == "__main__":
    main()
