"""One step of the classical Runge–Kutta method, of fourth order where the velocities are smooth."""

from __future__ import annotations

from typing import Any

from frugal.physics.compiled import inner
from frugal.physics.drift.compiling import LEAN


def rk4_of(velocity: Any) -> Any:
    """A kernel that takes one step in some velocities.

    Parameters
    ----------
    velocity : kernel
        Called with what is known, a time and a place; gives the change of both coordinates in a second.

    Returns
    -------
    kernel
        Called with what is known, time and length of the step, and the place; gives the place after it.
    """

    @inner(**LEAN)
    def rk4_step(known: Any, time_s: float, step_s: float, x: float, y: float) -> tuple[float, float]:
        u, v, sum_u, sum_v = 0.0, 0.0, 0.0, 0.0
        for stage in range(4):
            ahead = 0.0 if stage == 0 else (step_s if stage == 3 else 0.5 * step_s)
            weight = 2.0 if 0 < stage < 3 else 1.0
            u, v = velocity(known, time_s + ahead, x + ahead * u, y + ahead * v)
            sum_u, sum_v = sum_u + weight * u, sum_v + weight * v
        return x + step_s / 6.0 * sum_u, y + step_s / 6.0 * sum_v

    return rk4_step
