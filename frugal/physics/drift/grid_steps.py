"""Kernels of particles on a grid: each is taken through all its steps before the next."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from frugal.physics.compiled import inner, kernel
from frugal.physics.drift.axes import MetricSeries, degrees_near, interval, metric_around
from frugal.physics.drift.compiling import ALONE, LEAN
from frugal.physics.drift.fates import DriftTimes, before_moving, chance
from frugal.physics.drift.fields import DriftField, sample
from frugal.physics.drift.particles import AFLOAT, BEACHED, LEFT, SUNK, DriftParticles
from frugal.physics.drift.random_numbers import normal_pair, uniform
from frugal.physics.drift.runge_kutta import rk4_of

_ONE, _TWO = np.uint64(1), np.uint64(2)


class GridDrift(NamedTuple):
    """What moves particles on a grid.

    Attributes
    ----------
    currents : DriftField
        Its grid bounds the domain and bears land and diffusivity.
    waves, wind : DriftField
        Stokes drift, and the wind of which particles drift with a share; empty where there is none.
    land : ndarray of bool [j, i]
        Nodes on land: the box around a node, half-way to its neighbours, is land. Empty where there is none.
    diffusivity : ndarray [j, i]
        K at the nodes [m²/s]; of shape (1, 1) where it is the same everywhere, 0 there for none.
    geographic : bool
        Whether x and y are degrees on WGS84.
    """

    currents: DriftField
    waves: DriftField
    wind: DriftField
    land: np.ndarray
    diffusivity: np.ndarray
    geographic: bool


@inner(**LEAN)
def grid_velocity(
    known: tuple[GridDrift, float, MetricSeries], time_s: float, x: float, y: float
) -> tuple[float, float]:
    """Change of both coordinates in a second [m/s or degrees/s] of a particle with some windage.

    Parameters
    ----------
    known : tuple of GridDrift, float and MetricSeries
        What moves it, its windage, and degrees per metre around its latitude.
    time_s, x, y : float
    """
    moved, windage, metric = known
    u, v = sample(moved.currents, time_s, x, y)
    if moved.waves.velocity.size > 0:
        us, vs = sample(moved.waves, time_s, x, y)
        u, v = u + us, v + vs
    if moved.wind.velocity.size > 0 and windage != 0.0:
        uw, vw = sample(moved.wind, time_s, x, y)
        u, v = u + windage * uw, v + windage * vw
    if moved.geographic:
        east, north = degrees_near(metric, y)
        return u * east, v * north
    return u, v


_rk4 = rk4_of(grid_velocity)


@inner(**LEAN)
def is_land(moved: GridDrift, x: float, y: float) -> bool:
    """Whether the node nearest to a place is land, beyond the edge too."""
    if moved.land.size == 0:
        return False
    i, fx = interval(moved.currents.x, x)
    j, fy = interval(moved.currents.y, y)
    i = i + 1 if fx > 0.5 else i
    j = j + 1 if fy > 0.5 else j
    return bool(moved.land[j, i])


@inner(**LEAN)
def side_of(moved: GridDrift, x: float, y: float) -> int:
    """Side by which a place lies outside: west, east, south, north; -1 inside. An axis of one node has no sides."""
    along_x, along_y = moved.currents.x.nodes, moved.currents.y.nodes
    if along_x.size > 1:
        if x < along_x[0]:
            return 0
        if x > along_x[-1]:
            return 1
    if along_y.size > 1:
        if y < along_y[0]:
            return 2
        if y > along_y[-1]:
            return 3
    return -1


@inner(**LEAN)
def _diffusivity(moved: GridDrift, x: float, y: float) -> tuple[float, float, float]:
    """K, bilinear, and its slopes in the units of x and y."""
    values = moved.diffusivity
    if values.size == 1:
        return values[0, 0], 0.0, 0.0
    i, fx = interval(moved.currents.x, x)
    j, fy = interval(moved.currents.y, y)
    i2, j2 = min(i + 1, values.shape[1] - 1), min(j + 1, values.shape[0] - 1)
    a, b, c, d = values[j, i], values[j, i2], values[j2, i], values[j2, i2]
    south, north = a + fx * (b - a), c + fx * (d - c)
    along_x = ((b - a) * (1.0 - fy) + (d - c) * fy) * moved.currents.x.inverse[i]
    return south + fy * (north - south), along_x, (north - south) * moved.currents.y.inverse[j]


@inner(**LEAN)
def _mixed(
    moved: GridDrift, metric: MetricSeries, x: float, y: float, step_s: float, a: float, b: float
) -> tuple[float, float]:
    """A step of diffusion (Visser 1997), after two normal deviates."""
    k, slope_x, slope_y = _diffusivity(moved, x, y)
    east, north = 1.0, 1.0
    if moved.geographic:
        east, north = degrees_near(metric, y)
    shift_x, shift_y = slope_x * east * east * step_s, slope_y * north * north * step_s
    if moved.diffusivity.size > 1:
        k = _diffusivity(moved, x + 0.5 * shift_x, y + 0.5 * shift_y)[0]
    spread = math.sqrt(2.0 * k * step_s)
    return x + shift_x + spread * a * east, y + shift_y + spread * b * north


@inner(**LEAN)
def _settled(
    moved: GridDrift,
    x: float,
    y: float,
    new_x: float,
    new_y: float,
    carried: bool,
    beaches: float,
    key: np.uint64,
    drawn: np.uint64,
) -> tuple[bool, float, float, np.uint64]:
    """Whether a step from the water to a place beaches there, and where in the water it ends."""
    go_x, go_y, attempt = new_x, new_y, 0
    while is_land(moved, go_x, go_y):
        attempt += 1
        if attempt == 1 and beaches > 0.0:
            drawn += _ONE
            if uniform(key, drawn - _ONE) < beaches:
                return True, x, y, drawn
        if attempt == 3 or not carried:
            return False, x, y, drawn  # taken back, which keeps what is evenly spread so
        go_x, go_y = (new_x, y) if attempt == 1 else (x, new_y)  # along the shore
    return False, go_x, go_y, drawn


@inner(**LEAN)
def _stepped(
    moved: GridDrift,
    windage: float,
    time_s: float,
    step_s: float,
    x: float,
    y: float,
    beaches: float,
    key: np.uint64,
    drawn: np.uint64,
) -> tuple[int, float, float, int, np.uint64]:
    """One step of a particle afloat: its status and place after it, and the side by which it left."""
    metric = metric_around(y if moved.geographic else 0.0)
    mixes = moved.diffusivity.size > 1 or moved.diffusivity[0, 0] > 0.0
    for part in range(2 if mixes else 1):
        if part == 0:
            new_x, new_y = _rk4((moved, windage, metric), time_s, step_s, x, y)
        else:
            a, b = normal_pair(key, drawn)
            drawn += _TWO
            new_x, new_y = _mixed(moved, metric, x, y, step_s, a, b)
        # land first: what crosses the edge of the grid over a node on land has not left
        beached, x, y, drawn = _settled(moved, x, y, new_x, new_y, part == 0, beaches, key, drawn)
        if beached:
            return BEACHED, x, y, -1, drawn
        side = side_of(moved, x, y)
        if side >= 0:
            return LEFT, x, y, side, drawn
    return AFLOAT, x, y, -1, drawn


@kernel(**ALONE)
def advance_on_grid(
    first: int, last: int, particles: DriftParticles, moved: GridDrift, times: DriftTimes, until_s: float, step_s: float
) -> None:
    """Take particles ``first`` to ``last`` to a time, in equal steps of at most ``step_s``.

    Parameters
    ----------
    first, last : int
    particles : DriftParticles
        Changed in place.
    moved : GridDrift
    times : DriftTimes
    until_s, step_s : float
    """
    for p in range(first, last):
        status, begin = particles.status[p], particles.time_s[p]
        if status >= SUNK or begin >= until_s:
            continue
        steps = max(1, math.ceil((until_s - begin) / step_s - 1e-9))
        h = (until_s - begin) / steps
        beaches, refloats = chance(h, times.beaching), chance(h, times.resuspension)
        sinks = chance(h, times.sinking)
        x, y, place, taken = particles.x[p], particles.y[p], particles.place[p], steps
        key, drawn, windage = particles.key[p], particles.drawn[p], particles.windage[p]
        for n in range(steps):
            status, moves, drawn = before_moving(status, refloats, sinks, key, drawn)
            if not moves:
                if status == SUNK:
                    taken = n + 1
                    break
                continue
            status, x, y, place, drawn = _stepped(moved, windage, begin + n * h, h, x, y, beaches, key, drawn)
            if status == LEFT:
                taken = n + 1
                break
        particles.x[p], particles.y[p], particles.place[p] = x, y, place
        particles.time_s[p] = until_s if taken == steps else begin + taken * h
        particles.status[p], particles.drawn[p] = status, drawn
