"""Chances of a step: beaching, going afloat again, sinking, each of a process without memory."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from frugal.errors import UnusableInputError
from frugal.physics.compiled import inner
from frugal.physics.drift.compiling import LEAN
from frugal.physics.drift.particles import AFLOAT, BEACHED, SUNK
from frugal.physics.drift.random_numbers import uniform

_ONE = np.uint64(1)


class DriftTimes(NamedTuple):
    """Mean times [s] of what may happen to a particle; infinite for what does not.

    Attributes
    ----------
    beaching : float
        T_b: a step that would end on land beaches with probability 1 - exp(-dt / T_b), and is taken back otherwise; 0 for land
        that holds whatever touches it, infinite for walls.
    resuspension : float
        T_r: a beached particle is afloat again after a step with probability 1 - exp(-dt / T_r).
    sinking : float
        T_s: a particle afloat sinks within a step with probability 1 - exp(-dt / T_s).
    """

    beaching: float = math.inf
    resuspension: float = math.inf
    sinking: float = math.inf


def check_times(times: DriftTimes) -> None:
    """Raise unless each time is a positive number or infinite; beaching may take none."""
    for name, value, least in (
        ("beaching", times.beaching, 0.0),
        ("resuspension", times.resuspension, 1e-9),
        ("sinking", times.sinking, 1e-9),
    ):
        if not value >= least:
            raise UnusableInputError(
                f"the time of {name} is {value:g} s; it must be above 0, or inf where there is no {name}"
            )


@inner(**LEAN)
def chance(step_s: float, mean_s: float) -> float:
    """Probability that what takes ``mean_s`` on average happens within a step."""
    if mean_s <= 0.0:
        return 1.0
    return -math.expm1(-step_s / mean_s)


@inner(**LEAN)
def before_moving(
    status: int, refloats: float, sinks: float, key: np.uint64, drawn: np.uint64
) -> tuple[int, bool, np.uint64]:
    """What becomes of a particle in a step before it may move: its status, whether it moves, and its numbers drawn.

    A beached one lies a step longer, even where it is afloat again at its end; one afloat may sink.
    """
    if status == BEACHED:
        if refloats > 0.0:
            drawn += _ONE
            if uniform(key, drawn - _ONE) < refloats:
                status = AFLOAT
        return status, False, drawn
    if sinks > 0.0:
        drawn += _ONE
        if uniform(key, drawn - _ONE) < sinks:
            return SUNK, False, drawn
    return status, True, drawn
