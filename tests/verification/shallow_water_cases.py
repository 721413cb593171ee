"""Floods whose answer is known: each function returns the scenario and what the water must be at its end.

Solutions as collected by Delestre et al. 2013 (International Journal for Numerical Methods in Fluids 72, 269), written
from their equations: Stoker, Ritter, Dressler, steady flow over a bump with a hydraulic jump, MacDonald's channels,
Sampson's and Thacker's basins. Rows have one or two cells where the case has one dimension.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from frugal.physics.shallow_water.flood_case import Breach, FloodCase, Inflow, Rain, Segment

G = 9.81


@dataclass(frozen=True)
class Case:
    """A scenario, the exact depth and velocity at its end, and the coordinates of the cells."""

    scenario: FloodCase
    x: np.ndarray
    depth: np.ndarray
    u: np.ndarray


def centres(length: float, count: int) -> tuple[np.ndarray, float]:
    """Cell centres of a stretch from 0 to ``length``, and the size of a cell."""
    size = length / count
    return (np.arange(count) + 0.5) * size, size


def stoker(count: int, rows: int = 1) -> Case:
    """Dam break on a wet bed: 5 mm and 1 mm of water, after 6 s."""
    x, size = centres(10.0, count)
    left, right, t = 0.005, 0.001, 6.0
    c_left, c_right = math.sqrt(G * left), math.sqrt(G * right)

    def closes(c: float) -> float:  # zero at the wave speed of the plateau
        return -8.0 * c_right**2 * c**2 * (c_left - c) ** 2 + (c**2 - c_right**2) ** 2 * (c**2 + c_right**2)

    low, high = c_right, c_left
    for _ in range(200):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if closes(middle) < 0.0 else (low, middle)
    c = 0.5 * (low + high)
    u, h = 2.0 * (c_left - c), c * c / G
    shock = 2.0 * c**2 * (c_left - c) / (c**2 - c_right**2)
    xi = (x - 5.0) / t
    fan_c = (2.0 * c_left - xi) / 3.0
    fan = xi < u - c
    depth = np.where(xi < -c_left, left, np.where(fan, fan_c**2 / G, np.where(xi < shock, h, right)))
    speed = np.where(xi < -c_left, 0.0, np.where(fan, 2.0 / 3.0 * (xi + c_left), np.where(xi < shock, u, 0.0)))
    first = np.where(x < 5.0, left, right)
    wide = np.ones((rows, 1))
    return Case(FloodCase(np.zeros((rows, count)), size, t, depth=wide * first), x, depth, speed)


def ritter(count: int) -> Case:
    """Dam break on a dry bed: 5 mm of water, after 6 s."""
    x, size = centres(10.0, count)
    left, t = 0.005, 6.0
    c = math.sqrt(G * left)
    xi = (x - 5.0) / t
    fan = (xi >= -c) & (xi < 2.0 * c)
    depth = np.where(xi < -c, left, np.where(fan, (2.0 * c - xi) ** 2 / (9.0 * G), 0.0))
    speed = np.where(fan, 2.0 / 3.0 * (xi + c), 0.0)
    return Case(FloodCase(np.zeros((1, count)), size, t, depth=np.where(x < 5.0, left, 0.0)[None]), x, depth, speed)


def dressler(count: int) -> Case:
    """Dam break on a dry bed with Chézy friction, after 40 s; the solution holds behind the tip (NaN ahead of it)."""
    x, size = centres(2000.0, count)
    left, chezy, t = 6.0, 40.0, 40.0
    c = math.sqrt(G * left)
    xi = (x - 1000.0) / (t * c)
    rest = np.clip(2.0 - xi, 1e-9, 3.0)
    a1 = 6.0 / (5.0 * rest) - 2.0 / 3.0 + 4.0 * math.sqrt(3.0) / 135.0 * rest**1.5
    a2 = 12.0 / rest - 8.0 / 3.0 + 8.0 * math.sqrt(3.0) / 189.0 * rest**1.5 - 108.0 / (7.0 * rest**2)
    depth = (2.0 * c / 3.0 - (x - 1000.0) / (3.0 * t) + G**2 / chezy**2 * a1 * t) ** 2 / G
    speed = 2.0 * c / 3.0 + 2.0 * (x - 1000.0) / (3.0 * t) + G**2 / chezy**2 * a2 * t
    tip = int(np.argmax(np.where(xi < 1.9, speed, -1.0)))  # beyond the fastest water the tip zone begins
    depth, speed = np.where(np.arange(count) <= tip, depth, np.nan), np.where(np.arange(count) <= tip, speed, np.nan)
    depth, speed = np.where(xi < -1.0, left, depth), np.where(xi < -1.0, 0.0, speed)
    first = np.where(x < 1000.0, left, 0.0)[None]
    scenario = FloodCase(np.zeros((1, count)), size, t, friction=chezy, friction_law="chezy", depth=first)
    return Case(scenario, x, depth, speed)


def _energy_depth(head: np.ndarray, q: float, fast: bool) -> np.ndarray:
    """Depth with the energy head above the bed ``head``: h + q²/(2 g h²), subcritical or supercritical, by bisection."""
    critical = (q * q / G) ** (1.0 / 3.0)
    low = np.full_like(head, 1e-6 if fast else critical)
    high = np.full_like(head, critical if fast else 10.0)
    for _ in range(200):
        middle = 0.5 * (low + high)
        above = middle + q * q / (2.0 * G * middle**2) > head
        deeper = above if fast else ~above
        low, high = np.where(deeper, middle, low), np.where(deeper, high, middle)
    return 0.5 * (low + high)


def bump_with_shock(count: int, duration_s: float = 400.0) -> Case:
    """Steady flow over a bump: critical on its top, a hydraulic jump behind."""
    x, size = centres(25.0, count)
    q, out = 0.18, 0.33
    bed = np.maximum(0.0, 0.2 - 0.05 * (x - 10.0) ** 2)
    critical = (q * q / G) ** (1.0 / 3.0)
    upstream = 0.2 + 1.5 * critical - bed
    downstream = out + q * q / (2.0 * G * out**2) - bed
    fast = _energy_depth(upstream, q, True)
    slow_before = _energy_depth(upstream, q, False)
    slow_after = _energy_depth(np.maximum(downstream, 1.5 * critical), q, False)

    def thrust(h: np.ndarray) -> np.ndarray:
        return q * q / h + 0.5 * G * h * h

    behind = (x > 10.0) & (downstream > 1.5 * critical) & (thrust(slow_after) > thrust(fast))
    jump = x[np.argmax(behind)]
    depth = np.where(x < 10.0, slow_before, np.where(x < jump, fast, slow_after))
    boundaries = {"west": (Segment("discharge", series=q * size),), "east": (Segment("level", series=out),)}
    scenario = FloodCase(bed[None], size, duration_s, level=out, boundaries=boundaries)
    return Case(scenario, x, depth, q / depth)


def _channel_depth(x: np.ndarray, jump: bool) -> tuple[np.ndarray, np.ndarray]:
    """MacDonald's depth and its slope."""
    scale = (4.0 / G) ** (1.0 / 3.0)
    s = x / 1000.0 - 0.5
    if not jump:
        bell = 0.5 * np.exp(-16.0 * s**2)
        return scale * (1.0 + bell), scale * bell * -32.0 * s / 1000.0
    before = np.exp(-x / 250.0) / 6.0
    after, slope = 1.0 + 0.8 * np.exp(x / 1000.0 - 1.0), 0.8 * np.exp(x / 1000.0 - 1.0) / 1000.0
    for k, a in enumerate((-0.348427, 0.552264, -0.55558), start=1):
        wave = a * np.exp(-20.0 * k * s)
        after, slope = after + wave, slope - 20.0 * k * wave / 1000.0
    return scale * np.where(x <= 500.0, 0.9 - before, after), scale * np.where(x <= 500.0, before / 250.0, slope)


def macdonald(count: int, kind: str, duration_s: float = 3000.0) -> Case:
    """Steady flow in a channel made for a chosen depth: "subcritical", "jump" (fast, then slow) or "rain"."""
    x, size = centres(1000.0, count)
    n = 0.0218 if kind == "jump" else 0.033
    q0, rain = (1.0, 0.001) if kind == "rain" else (2.0, 0.0)

    def bed_slope(at: np.ndarray) -> np.ndarray:
        h, slope = _channel_depth(at, kind == "jump")
        q = q0 + rain * at
        friction = n * n * q * q / h ** (10.0 / 3.0)
        return (q * q / (G * h**3) - 1.0) * slope - 2.0 * q * rain / (G * h * h) - friction

    fine = np.linspace(0.0, 1000.0, 2 * 500 * count + 1)  # Simpson on 500 stretches a cell, from the outlet upstream
    slopes = bed_slope(fine)
    if kind == "jump":  # the bed has a kink at the jump: both sides take their own limit
        slopes[fine > 500.0] = bed_slope(fine[fine > 500.0])
    step = fine[2] - fine[0]
    pieces = step / 6.0 * (slopes[:-2:2] + 4.0 * slopes[1::2] + slopes[2::2])
    bed_at = np.concatenate([[0.0], np.cumsum(pieces)])
    bed_at -= bed_at[-1]
    bed = np.interp(x, fine[::2], bed_at)
    depth, _ = _channel_depth(x, kind == "jump")
    inlet, outlet = (float(_channel_depth(np.array([end]), kind == "jump")[0][0]) for end in (0.0, 1000.0))
    entry = Segment("discharge", series=q0 * size, depth=inlet if kind == "jump" else None)
    boundaries = {"west": (entry,), "east": (Segment("level", series=outlet),)}  # the bed of the last face is 0
    scenario = FloodCase(
        bed[None],
        size,
        duration_s,
        friction=n,
        depth=np.full((1, count), outlet),
        boundaries=boundaries,
        rain=Rain(rain) if rain else None,
    )
    return Case(scenario, x, depth, (q0 + rain * x) / depth)


def sampson(count: int, t: float = 6000.0) -> Case:
    """Water that swings in a parabolic valley with a friction proportional to discharge."""
    x, size = centres(10000.0, count)
    h0, a, b, tau = 10.0, 3000.0, 5.0, 0.001
    s = 0.5 * math.sqrt(8.0 * G * h0 / a**2 - tau**2)
    bed = h0 * (x - 5000.0) ** 2 / a**2

    def state(time: float) -> tuple[np.ndarray, np.ndarray]:
        fade = math.exp(-tau * time)
        swing = -s * tau * math.sin(2.0 * s * time) + (tau**2 / 4.0 - s**2) * math.cos(2.0 * s * time)
        tilt = b * s * math.cos(s * time) + 0.5 * tau * b * math.sin(s * time)
        level = h0 + a**2 * b**2 * fade / (8.0 * G**2 * h0) * swing - b**2 * fade / (4.0 * G)
        surface = level - math.sqrt(fade) / G * tilt * (x - 5000.0)
        return np.maximum(0.0, surface - bed), np.full(count, b * math.sqrt(fade) * math.sin(s * time))

    first, u = state(0.0)
    depth, speed = state(t)
    scenario = FloodCase(bed[None], size, t, friction=tau, friction_law="linear", depth=first[None], u=u[None])
    return Case(scenario, x, depth, np.where(depth > 0.0, speed, 0.0))


def thacker_planar(count: int, periods: float = 1.0) -> Case:
    """A plane of water that circles in a paraboloid."""
    x, size = centres(4.0, count)
    h0, a, eta = 0.1, 1.0, 0.5
    omega = math.sqrt(2.0 * G * h0) / a
    dx, dy = np.meshgrid(x - 2.0, x - 2.0)
    bed = h0 * ((dx**2 + dy**2) / a**2 - 1.0)
    t = periods * 2.0 * math.pi / omega

    def depth_at(time: float) -> np.ndarray:
        level = eta * h0 / a**2 * (2.0 * dx * math.cos(omega * time) + 2.0 * dy * math.sin(omega * time) - eta)
        return np.maximum(0.0, level - bed)

    scenario = FloodCase(bed, size, t, depth=depth_at(0.0), u=0.0, v=eta * omega)
    wet = depth_at(t) > 0.0
    return Case(scenario, x, depth_at(t), np.where(wet, -eta * omega * math.sin(omega * t), 0.0))


def thacker_radial(count: int, periods: float = 3.0) -> Case:
    """A hill of water that rises and sinks in a paraboloid."""
    x, size = centres(4.0, count)
    h0, a, r0 = 0.1, 1.0, 0.8
    omega = math.sqrt(8.0 * G * h0) / a
    part = (a**2 - r0**2) / (a**2 + r0**2)
    dx, dy = np.meshgrid(x - 2.0, x - 2.0)
    r2 = dx**2 + dy**2
    bed = -h0 * (1.0 - r2 / a**2)
    t = periods * 2.0 * math.pi / omega

    def depth_at(time: float) -> np.ndarray:
        low = 1.0 - part * math.cos(omega * time)
        level = h0 * (math.sqrt(1.0 - part**2) / low - 1.0 - r2 / a**2 * ((1.0 - part**2) / low**2 - 1.0))
        return np.maximum(0.0, level - bed)

    low, turn = 1.0 - part * math.cos(omega * t), math.sin(omega * t)
    u = np.where(depth_at(t) > 0.0, 0.5 * omega * dx * part * turn / low, 0.0)
    return Case(FloodCase(bed, size, t, depth=depth_at(0.0)), x, depth_at(t), u)


def island_at_rest(count: int, rows: int = 1, duration_s: float = 100.0) -> FloodCase:
    """A lake at rest around a bump that stands out of the water."""
    x, size = centres(25.0, count)
    y = (np.arange(rows) + 0.5) * size
    away = (x[None, :] - 10.0) ** 2 + (0.0 if rows == 1 else (y[:, None] - 0.5 * rows * size) ** 2)
    bed = np.maximum(0.0, 0.2 - 0.05 * away) * np.ones((rows, 1))
    return FloodCase(bed, size, duration_s, level=0.1)


#: Points of the plain: metres east of its western side, metres along that side.
PLAIN_POINTS = ((50, 1000), (100, 1000), (200, 1000), (300, 1000), (400, 1000), (300, 1300))
#: Depths [m] there by time [s] in two independent codes, ANUGA 4.1.0 (full equations) and itzi-core 0.8.0 (local inertial).
PLAIN_DEPTHS = {
    3600: ((0.3073, 0.2430, 0.1739, 0.1179, 0.0421, 0.0011), (0.3039, 0.2444, 0.1747, 0.1182, 0.0428, 0.0001)),
    10800: ((0.3216, 0.2693, 0.2218, 0.1927, 0.1701, 0.1637), (0.3202, 0.2711, 0.2230, 0.1938, 0.1712, 0.1670)),
}

#: ANUGA 4.1.0 (DE1, squares of 20 m cut in four) with this very set-up, run by ``benchmarks/shallow_water_peers.py``.
PLAIN_DEPTHS_ANUGA_HERE = {
    3600: (0.3121, 0.2497, 0.1790, 0.1226, 0.0358, 0.0),
    10800: (0.3256, 0.2742, 0.2250, 0.1955, 0.1728, 0.1678),
}


def spreading_plain(size: float = 20.0, duration_s: float = 10800.0) -> FloodCase:
    """A flood that spreads over a flat plain of 1000 m by 2000 m from 20 m in the middle of its western side, where the
    water appears in the first 20 m, without momentum, as in the two codes."""
    rows, columns = round(2000.0 / size), round(1000.0 / size)
    gap = max(1, round(20.0 / size))
    first = (rows - gap) // 2
    series = (np.array([0.0, 60.0, 240.0, 300.0]) * 60.0, np.array([0.0, 20.0, 20.0, 0.0]) / gap**2)
    springs = tuple(Inflow(first + k // gap, k % gap, series, name="inlet") for k in range(gap**2))
    return FloodCase(np.zeros((rows, columns)), size, duration_s, friction=0.05, inflows=springs)


def at_points(depth: np.ndarray, size: float) -> np.ndarray:
    """Depth at :data:`PLAIN_POINTS`, bilinear between cell centres."""
    found = []
    for x, y in PLAIN_POINTS:
        row, column = y / size - 0.5, x / size - 0.5
        r, c = int(row), int(column)
        down, right = row - r, column - c
        upper = (1.0 - right) * depth[r, c] + right * depth[r, c + 1]
        lower = (1.0 - right) * depth[r + 1, c] + right * depth[r + 1, c + 1]
        found.append((1.0 - down) * upper + down * lower)
    return np.array(found)


def everything(rows: int = 40, columns: int = 90, duration_s: float = 600.0) -> FloodCase:
    """Rough ground with a dike, a breach, rain, a spring, buildings and a side of each kind: the books must still agree."""
    rng = np.random.default_rng(5)
    y, x = np.mgrid[0:rows, 0:columns]
    bed = 0.4 * np.sin(0.31 * x) * np.cos(0.23 * y) + 0.01 * x + 0.1 * rng.random((rows, columns))
    bed[:, 20] = 3.0
    blocked = np.zeros((rows, columns), dtype=bool)
    blocked[10:14, 40:46] = True
    boundaries = {
        "west": (Segment("level", series=([0.0, 300.0, 600.0], [1.0, 2.0, 1.2]), name="sea"),),
        "north": (Segment("discharge", 60, 66, 8.0, name="river"), Segment("open", 70, 80)),
        "east": (Segment("open"),),
    }
    return FloodCase(
        bed,
        10.0,
        duration_s,
        friction=0.03 + 0.02 * rng.random((rows, columns)),
        level=np.where(x < 20, 1.0, -9.0),
        boundaries=boundaries,
        rain=Rain(([0.0, 200.0, 400.0], [0.0, 1e-5, 0.0]), weight=rng.random((rows, columns))),
        inflows=(Inflow(30, 70, ([0.0, 600.0], [0.0, 5.0]), name="spring"),),
        breaches=(Breach(np.arange(18, 23), np.full(5, 20), 0.5, 60.0, 240.0),),
        blocked=blocked,
    )
