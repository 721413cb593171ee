"""Particles shared out among threads, and what a run is asked for, checked."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from frugal.errors import UnusableInputError
from frugal.physics.drift.axes import DriftAxis
from frugal.physics.drift.particles import LEFT, SUNK, DriftParticles

#: Particles that a thread takes at a time.
_CHUNK = 2048


def in_threads(advance: Callable[[int, int], None], count: int, threads: int) -> None:
    """Call a kernel for all particles, in pieces; each particle is alone, so that the outcome depends on neither.

    Parameters
    ----------
    advance : callable
        Takes the first particle and the one behind the last.
    count : int
    threads : int
    """
    if threads == 1 or count <= _CHUNK:
        advance(0, count)
        return
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(advance, k, min(k + _CHUNK, count)) for k in range(0, count, _CHUNK)]:
            done.result()


def check_run(until_s: float, step_s: float, threads: int) -> None:
    """Raise unless a run may be asked for so."""
    if not math.isfinite(until_s):
        raise UnusableInputError(f"until_s is {until_s}; a time in seconds is needed")
    if not (step_s > 0 and math.isfinite(step_s)):
        raise UnusableInputError(f"step_s is {step_s:g}; a length above 0 s is needed")
    if threads < 1:
        raise UnusableInputError(f"threads is {threads}; 1 or more are needed")


def check_clock(clock: DriftAxis, particles: DriftParticles, until_s: float, name: str) -> None:
    """Raise unless a field tells its velocities from the first release on to the end; a steady one tells them always."""
    moving = particles.time_s[(particles.status != SUNK) & (particles.status != LEFT) & (particles.time_s < until_s)]
    if clock.nodes.size == 1 or not moving.size:
        return
    first, last = float(clock.nodes[0]), float(clock.nodes[-1])
    if moving.min() < first - 1e-6 or until_s > last + 1e-6:
        raise UnusableInputError(
            f"the {name} cover {first:.10g} to {last:.10g} s; particles drift from {float(moving.min()):.10g} to "
            f"{until_s:.10g} s"
        )
