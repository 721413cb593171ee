"""Problems on which surrogates are compared: functions of the literature with their bounds, designs and fresh points.

NumPy and SciPy only, so that ours and the peers are handed the same numbers. Two more problems are tables that SMT carries
(``TABLES``); ``surrogates_peers.py`` writes them out, and rows that were not drawn for learning judge.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.stats import qmc

FRESH_POINTS = 5000
SIZES = (50, 200, 1000)


@dataclass(frozen=True)
class Problem:
    """A function ``[n, d] -> [n]`` and the bounds ``(low, high)`` of its inputs."""

    name: str
    function: Callable[[np.ndarray], np.ndarray]
    bounds: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Data:
    """What is learnt from, ``[n, d]`` and ``[n]``, and what judges, ``[k, d]`` and ``[k]``; bounds ``[d, 2]``."""

    train_x: np.ndarray
    train_y: np.ndarray
    test_x: np.ndarray
    test_y: np.ndarray
    bounds: np.ndarray


def ishigami(x: np.ndarray) -> np.ndarray:
    """Ishigami and Homma (1990), a = 7, b = 0.1."""
    return np.sin(x[:, 0]) + 7.0 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])


def welded_beam(x: np.ndarray) -> np.ndarray:
    """Shear stress of a welded beam (Deb 2000); height, thickness and length of the weld, inches."""
    height, thickness, length = x.T
    arm = np.sqrt(0.25 * (length**2 + (thickness + height) ** 2))
    first = 6000.0 / (np.sqrt(2.0) * thickness * length)
    polar = 0.707 * thickness * length * (length**2 / 12.0 + 0.25 * (thickness + height) ** 2)
    second = 6000.0 * (14.0 + 0.5 * length) * arm / (2.0 * polar)
    return np.sqrt(first**2 + second**2 + length * first * second / arm)


def otl_circuit(x: np.ndarray) -> np.ndarray:
    """Midpoint voltage of a push-pull circuit without transformer (Ben-Ari and Steinberg 2007); kilo-ohms and the gain."""
    b1, b2, f, c1, c2, gain = x.T
    base = 12.0 * b2 / (b1 + b2)
    shared = gain * (c2 + 9.0)
    return ((base + 0.74) * shared + 11.35 * f) / (shared + f) + 0.74 * f * shared / ((shared + f) * c1)


def piston(x: np.ndarray) -> np.ndarray:
    """Cycle time [s] of a piston (Kenett and Zacks 1998), SI units."""
    mass, area, volume, spring, pressure, ambient, gas = x.T
    a = pressure * area + 19.62 * mass - spring * volume / area
    moved = area / (2.0 * spring) * (np.sqrt(a**2 + 4.0 * spring * pressure * volume * ambient / gas) - a)
    return 2.0 * np.pi * np.sqrt(mass / (spring + area**2 * pressure * volume * ambient / (gas * moved**2)))


def borehole(x: np.ndarray) -> np.ndarray:
    """Flow through a borehole [m3/year] (Harper and Gupta 1983); metres and years."""
    radius, influence, upper, upper_head, lower, lower_head, length, conductivity = x.T
    log = np.log(influence / radius)
    leak = 2.0 * length * upper / (log * radius**2 * conductivity)
    return 2.0 * np.pi * upper * (upper_head - lower_head) / (log * (1.0 + leak + upper / lower))


def robot_arm(x: np.ndarray) -> np.ndarray:
    """Distance of the end of an arm of four segments from its shoulder (An and Owen 2001); lengths and angles in turn."""
    lengths, angles = x[:, 0::2], np.cumsum(x[:, 1::2], axis=1)
    return np.hypot((lengths * np.cos(angles)).sum(axis=1), (lengths * np.sin(angles)).sum(axis=1))


def wing_weight(x: np.ndarray) -> np.ndarray:
    """Weight of a wing [lb] (Forrester, Sobester and Keane 2008)."""
    area, fuel, aspect, sweep_deg, dynamic, taper, thickness, load, gross, paint = x.T
    cosine = np.cos(np.radians(sweep_deg))
    frame = 0.036 * area**0.758 * fuel**0.0035 * (aspect / cosine**2) ** 0.6 * dynamic**0.006 * taper**0.04
    return frame * (100.0 * thickness / cosine) ** -0.3 * (load * gross) ** 0.49 + area * paint


def friedman(x: np.ndarray) -> np.ndarray:
    """Friedman (1991), the first, without noise; five of ten inputs do nothing."""
    return 10.0 * np.sin(np.pi * x[:, 0] * x[:, 1]) + 20.0 * (x[:, 2] - 0.5) ** 2 + 10.0 * x[:, 3] + 5.0 * x[:, 4]


def overflow(x: np.ndarray) -> np.ndarray:
    """Height [m] by which a river stands above a dike, 0 where it does not: uniform flow in a wide channel.

    After the flood model of Iooss and Lemaitre (2015): discharge [m3/s], Strickler coefficient, bed downstream and upstream,
    top of the dike [m], width [m]; 5 km of channel.
    """
    discharge, strickler, downstream, upstream, dike, width = x.T
    depth = (discharge / (width * strickler * np.sqrt((upstream - downstream) / 5000.0))) ** 0.6
    return np.maximum(downstream + depth - dike, 0.0)


PROBLEMS = {
    problem.name: problem
    for problem in (
        Problem("ishigami", ishigami, ((-np.pi, np.pi),) * 3),
        Problem("welded_beam", welded_beam, ((5.0, 10.0), (0.125, 1.0), (5.0, 10.0))),
        Problem(
            "otl_circuit",
            otl_circuit,
            ((50.0, 150.0), (25.0, 70.0), (0.5, 3.0), (1.2, 2.5), (0.25, 1.2), (50.0, 300.0)),
        ),
        Problem(
            "piston",
            piston,
            (
                (30.0, 60.0),
                (0.005, 0.020),
                (0.002, 0.010),
                (1000.0, 5000.0),
                (90000.0, 110000.0),
                (290.0, 296.0),
                (340.0, 360.0),
            ),
        ),
        Problem(
            "borehole",
            borehole,
            (
                (0.05, 0.15),
                (100.0, 50000.0),
                (63070.0, 115600.0),
                (990.0, 1110.0),
                (63.1, 116.0),
                (700.0, 820.0),
                (1120.0, 1680.0),
                (9855.0, 12045.0),
            ),
        ),
        Problem("robot_arm", robot_arm, ((0.0, 1.0), (0.0, 2.0 * np.pi)) * 4),
        Problem(
            "wing_weight",
            wing_weight,
            (
                (150.0, 200.0),
                (220.0, 300.0),
                (6.0, 10.0),
                (-10.0, 10.0),
                (16.0, 45.0),
                (0.5, 1.0),
                (0.08, 0.18),
                (2.5, 6.0),
                (1700.0, 2500.0),
                (0.025, 0.08),
            ),
        ),
        Problem("friedman", friedman, ((0.0, 1.0),) * 10),
        Problem(
            "overflow",
            overflow,
            ((500.0, 3000.0), (15.0, 50.0), (49.0, 51.0), (54.0, 56.0), (51.5, 54.5), (250.0, 350.0)),
        ),
    )
}

#: Tables of SMT: thrust of a jet engine over Mach number, altitude and throttle (1,056 rows), and drag of airfoils by the
#: RANS solver ADflow over 14 modes of shape, Mach number and incidence (42,000 rows).
TABLES = ("b777_thrust", "airfoil_drag")


def cells() -> list[tuple[str, int]]:
    """Problem and number of runs; the engine at 1,000 is left out, which would leave 56 rows to judge."""
    return [(name, n) for n in SIZES for name in (*PROBLEMS, *TABLES) if (name, n) != ("b777_thrust", 1000)]


def data(name: str, n: int, seed: int, tables: Path | None = None) -> Data | None:
    """Runs of a Latin hypercube and fresh uniform points, or rows of a table; None where the table is not at hand.

    Parameters
    ----------
    name : str
        One of `PROBLEMS` or of `TABLES`.
    n : int
        Runs to learn from.
    seed : int
        Of both draws.
    tables : Path, optional
        Folder in which the peers' program wrote ``NAME.npz``.
    """
    rng = np.random.default_rng(10_000 + seed)
    if name in PROBLEMS:
        bounds = np.array(PROBLEMS[name].bounds)
        low, width = bounds[:, 0], bounds[:, 1] - bounds[:, 0]
        train = low + width * qmc.LatinHypercube(len(bounds), rng=seed).random(n)
        test = low + width * rng.random((FRESH_POINTS, len(bounds)))
        function = PROBLEMS[name].function
        return Data(train, function(train), test, function(test), bounds)
    path = None if tables is None else tables / f"{name}.npz"
    if path is None or not path.is_file():
        return None
    with np.load(path) as table:
        x, y = table["x"], table["y"]
    rows = rng.permutation(len(x))
    learnt, fresh = rows[:n], rows[n : n + FRESH_POINTS]
    bounds = np.stack([x.min(axis=0), x.max(axis=0)], axis=1)
    return Data(x[learnt], y[learnt], x[fresh], y[fresh], bounds)
