"""Kernels of particles in a network of channels: along a reach, across its width, through junctions."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from frugal.physics.compiled import inner, kernel
from frugal.physics.drift.axes import DriftAxis, interval
from frugal.physics.drift.compiling import ALONE, LEAN
from frugal.physics.drift.fates import DriftTimes, before_moving, chance
from frugal.physics.drift.fields import DriftField, sample
from frugal.physics.drift.particles import AFLOAT, BEACHED, LEFT, SUNK, DriftParticles
from frugal.physics.drift.random_numbers import normal_pair, uniform

_ONE, _TWO = np.uint64(1), np.uint64(2)
#: Junctions that a particle may pass in one step before the rest of the step is dropped.
_MOST_JUNCTIONS = 8


class NetworkDrift(NamedTuple):
    """What moves particles in a network.

    Attributes
    ----------
    first_face : ndarray of int64 [reach + 1]
        Faces of reach r are ``first_face[r]`` up to and without ``first_face[r + 1]`` of the arrays below.
    x : ndarray [face]
        Distance along the reach [m], growing from its first node to its second one.
    clock : DriftAxis
        Times of velocity and discharge [s]; one for steady ones.
    velocity, discharge : ndarray [t, face]
        Towards growing x [m/s, m³/s].
    width : ndarray [face]
        Of the water's surface [m].
    bearing : ndarray [face, 2]
        Eastward and northward part of a unit step towards growing x.
    nodes : ndarray of int64 [reach, 2]
        Node at the beginning and at the end of each reach.
    is_open : ndarray of bool [node]
        Whether particles that reach the node leave there, by number of the node.
    ends_at : ndarray of int64 [node + 1]
        Ends at node k are ``ends_at[k]`` up to and without ``ends_at[k + 1]`` of ``ends``.
    ends : ndarray of int64
        Twice the reach, plus 1 for its end of largest x.
    wind : DriftField
        The same everywhere; empty where there is none.
    along, across : float
        Diffusivities [m²/s].
    """

    first_face: np.ndarray
    x: np.ndarray
    clock: DriftAxis
    velocity: np.ndarray
    discharge: np.ndarray
    width: np.ndarray
    bearing: np.ndarray
    nodes: np.ndarray
    is_open: np.ndarray
    ends_at: np.ndarray
    ends: np.ndarray
    wind: DriftField
    along: float
    across: float


@inner(**LEAN)
def _face(moved: NetworkDrift, reach: int, x: float) -> tuple[int, float]:
    """Face before a place and the share of the way to the next one."""
    low, high = moved.first_face[reach], moved.first_face[reach + 1] - 2
    # nearly even faces are found at the first look
    span = moved.x[high + 1] - moved.x[low]
    k = low + int((x - moved.x[low]) / span * (high + 1 - low))
    k = min(max(k, low), high)
    while k < high and x >= moved.x[k + 1]:
        k += 1
    while k > low and x < moved.x[k]:
        k -= 1
    return k, min(max((x - moved.x[k]) / (moved.x[k + 1] - moved.x[k]), 0.0), 1.0)


@inner(**LEAN)
def _along(moved: NetworkDrift, values: np.ndarray, time_s: float, k: int, f: float) -> float:
    """A value at the faces, linear along the reach and in time."""
    n, g = interval(moved.clock, time_s)
    value = values[n, k] + f * (values[n, k + 1] - values[n, k])
    if g > 0.0:
        after = values[n + 1, k] + f * (values[n + 1, k + 1] - values[n + 1, k])
        value += g * (after - value)
    return value


@inner(**LEAN)
def _speed(moved: NetworkDrift, windage: float, time_s: float, reach: int, x: float) -> tuple[float, float]:
    """Along the reach [m/s], and across as shares of its width in a second, towards the right bank."""
    k, f = _face(moved, reach, x)
    u, s = _along(moved, moved.velocity, time_s, k, f), 0.0
    if windage != 0.0 and moved.wind.velocity.size > 0:
        east, north = sample(moved.wind, time_s, 0.0, 0.0)
        ex = moved.bearing[k, 0] + f * (moved.bearing[k + 1, 0] - moved.bearing[k, 0])
        ey = moved.bearing[k, 1] + f * (moved.bearing[k + 1, 1] - moved.bearing[k, 1])
        width = moved.width[k] + f * (moved.width[k + 1] - moved.width[k])
        u += windage * (east * ex + north * ey)
        s = windage * (east * ey - north * ex) / width
    return u, s


@inner(**LEAN)
def _rk4(
    moved: NetworkDrift, windage: float, time_s: float, step_s: float, reach: int, x: float
) -> tuple[float, float]:
    """Change of both coordinates in a step, as if the reach had no end."""
    u, s, sum_u, sum_s = 0.0, 0.0, 0.0, 0.0
    for stage in range(4):
        ahead = 0.0 if stage == 0 else (step_s if stage == 3 else 0.5 * step_s)
        weight = 2.0 if 0 < stage < 3 else 1.0
        u, s = _speed(moved, windage, time_s + ahead, reach, x + ahead * u)
        sum_u, sum_s = sum_u + weight * u, sum_s + weight * s
    return step_s / 6.0 * sum_u, step_s / 6.0 * sum_s


@inner(**ALONE)
def _branch(moved: NetworkDrift, node: int, time_s: float, by_flow: bool, chosen: float) -> int:
    """End of a reach by which a particle goes on from a node, in proportion to what flows away by it, or to its width."""
    low, high = moved.ends_at[node], moved.ends_at[node + 1]
    for attempt in range(2):
        total = 0.0
        for passing in range(2):
            left = chosen * total
            for e in range(low, high):
                reach, last = moved.ends[e] // 2, moved.ends[e] % 2
                face = moved.first_face[reach + 1] - 1 if last else moved.first_face[reach]
                weight = moved.width[face]
                if by_flow and attempt == 0:
                    k = face - 1 if last else face
                    flow = _along(moved, moved.discharge, time_s, k, 1.0 if last else 0.0)
                    weight = max(0.0, -flow if last else flow)
                if passing == 0:
                    total += weight
                elif weight > 0.0:
                    left -= weight
                    if left < 0.0 or e == high - 1:
                        return moved.ends[e]
            if total <= 0.0:
                break  # slack water: nothing flows away
    return moved.ends[low]


@inner(**LEAN)
def _through(
    moved: NetworkDrift,
    reach: int,
    x: float,
    across: float,
    time_s: float,
    by_flow: bool,
    key: np.uint64,
    drawn: np.uint64,
) -> tuple[int, float, float, int, np.uint64]:
    """Reach and place of a particle that has gone beyond the ends of its reach, and the open node that it reached, or -1.

    What is left of the way is gone in the next reach, longer or shorter as the water is faster or slower there where the
    flow carries.
    """
    for _ in range(_MOST_JUNCTIONS):
        low, high = moved.first_face[reach], moved.first_face[reach + 1] - 1
        if moved.x[low] <= x <= moved.x[high]:
            return reach, x, across, -1, drawn
        last = 1 if x > moved.x[high] else 0
        beyond = x - moved.x[high] if last else moved.x[low] - x
        node = moved.nodes[reach, last]
        if moved.is_open[node]:
            return reach, x, across, node, drawn
        end = _branch(moved, node, time_s, by_flow, uniform(key, drawn))
        drawn += _ONE
        other, other_last = end // 2, end % 2
        if by_flow and other != reach:
            here = abs(_along(moved, moved.velocity, time_s, high - 1 if last else low, float(last)))
            start = moved.first_face[other + 1] - 2 if other_last else moved.first_face[other]
            there = abs(_along(moved, moved.velocity, time_s, start, float(other_last)))
            beyond *= min(there / here, 10.0) if here > 0.0 else 0.0
        if (
            other_last == last
        ):  # both reaches end here, or both begin: who looks along the other one has the left bank right
            across = 1.0 - across if other != reach else across
        reach = other
        x = (
            moved.x[moved.first_face[reach + 1] - 1] - beyond
            if other_last
            else moved.x[moved.first_face[reach]] + beyond
        )
    low, high = moved.first_face[reach], moved.first_face[reach + 1] - 1
    return reach, min(max(x, moved.x[low]), moved.x[high]), across, -1, drawn


@inner(**LEAN)
def _stepped(
    moved: NetworkDrift,
    windage: float,
    time_s: float,
    step_s: float,
    reach: int,
    x: float,
    across: float,
    beaches: float,
    key: np.uint64,
    drawn: np.uint64,
) -> tuple[int, int, float, float, int, np.uint64]:
    """One step of a particle afloat: status, reach and place after it, the node or the bank, numbers drawn."""
    dx, shift = _rk4(moved, windage, time_s, step_s, reach, x)
    for part in range(2):  # what carries, then what mixes
        if part == 1:
            if moved.along == 0.0 and moved.across == 0.0 and shift == 0.0:
                break
            a, b = normal_pair(key, drawn)
            drawn += _TWO
            k, f = _face(moved, reach, x)
            width = moved.width[k] + f * (moved.width[k + 1] - moved.width[k])
            slope = (moved.width[k + 1] - moved.width[k]) / (moved.x[k + 1] - moved.x[k])
            beyond = across + shift + math.sqrt(2.0 * moved.across * step_s) / width * b
            if 0.0 <= beyond <= 1.0:
                across = beyond
            elif beaches > 0.0:
                drawn += _ONE
                if uniform(key, drawn - _ONE) < beaches:
                    return BEACHED, reach, x, across, 0 if beyond < 0.0 else 1, drawn
            # evenly spread over the surface stays so: K dB/dx / B
            dx = moved.along * slope / width * step_s + math.sqrt(2.0 * moved.along * step_s) * a
        reach, x, across, node, drawn = _through(
            moved, reach, x + dx, across, time_s + 0.5 * step_s, part == 0, key, drawn
        )
        if node >= 0:
            return LEFT, reach, x, across, node, drawn
    return AFLOAT, reach, x, across, -1, drawn


@kernel(**ALONE)
def advance_in_network(
    first: int,
    last: int,
    particles: DriftParticles,
    moved: NetworkDrift,
    times: DriftTimes,
    until_s: float,
    step_s: float,
) -> None:
    """Take particles ``first`` to ``last`` to a time, in equal steps of at most ``step_s``.

    Parameters
    ----------
    first, last : int
    particles : DriftParticles
        Changed in place.
    moved : NetworkDrift
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
        x, s, reach, place = particles.x[p], particles.y[p], particles.reach[p], particles.place[p]
        key, drawn, taken, windage = particles.key[p], particles.drawn[p], steps, particles.windage[p]
        for n in range(steps):
            status, moves, drawn = before_moving(status, refloats, sinks, key, drawn)
            if not moves:
                if status == SUNK:
                    taken = n + 1
                    break
                if status == AFLOAT:
                    place = -1
                continue
            status, reach, x, s, place, drawn = _stepped(
                moved, windage, begin + n * h, h, reach, x, s, beaches, key, drawn
            )
            if status == LEFT:
                taken = n + 1
                break
        particles.x[p], particles.y[p], particles.reach[p], particles.place[p] = x, s, reach, place
        particles.time_s[p] = until_s if taken == steps else begin + taken * h
        particles.status[p], particles.drawn[p] = status, drawn
