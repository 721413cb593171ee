"""The answer held against the full solver: a few runs, at the best setting and at draws."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from frugal.calibration.asking import AskedSolver, ModelAsked
from frugal.calibration.drawing import Draws
from frugal.calibration.fitting import BestFit, chance_of
from frugal.calibration.observed import ObservedRuns

#: Draws that are run.
_DRAWS = 4
#: The solver may lie so many standard errors from what stood in its place, on average over the measurements.
MOST_APART = 0.5


@dataclass(frozen=True, eq=False)
class SolverCheck:
    """What the solver gives at the best setting (the first) and at some draws.

    Parameters
    ----------
    settings : array [s, k]
        In their units.
    solver, asked : array [s, m]
        Modelled values, of the solver and of what was asked in its place; NaN where a run failed.
    apart : float
        Root of the mean square of their difference, in standard errors of the measurements.
    within : float
        Share of the differences that are within two deviations of the emulator.
    chi_square, chance
        Of the solver at the best setting, and how often the right model has more; None where its run failed.
    """

    settings: np.ndarray
    solver: np.ndarray
    asked: np.ndarray
    apart: float
    within: float
    chi_square: float | None
    chance: float | None

    @property
    def agrees(self) -> bool:
        """What was asked in the place of the solver is near enough to it."""
        return self.apart <= MOST_APART


def check_with_solver(
    asked: ModelAsked, solver: AskedSolver, observed: ObservedRuns, best: BestFit, draws: Draws, seed: int
) -> SolverCheck | None:
    """Run the solver at the best setting and at some draws.

    Parameters
    ----------
    asked : ModelAsked
        What stood in its place.
    solver : AskedSolver
    observed : ObservedRuns
    best : BestFit
    draws : Draws
    seed : int
        Of the choice of draws.

    Returns
    -------
    SolverCheck or None
        None where every run failed.
    """
    chosen = np.random.default_rng(seed).choice(
        len(draws.settings), size=min(_DRAWS, len(draws.settings)), replace=False
    )
    settings = np.concatenate([best.settings[None], draws.settings[chosen]])
    answered, run = asked(settings), solver(settings).values
    apart = run - answered.values
    ran = np.isfinite(apart).all(axis=1)
    if not ran.any():
        return None
    near = np.abs(apart[ran]) <= 2 * answered.spread[ran] + 1e-6 * observed.sigma
    chi_square = float((((run[0] - observed.values) / observed.sigma) ** 2).sum()) if ran[0] else None
    return SolverCheck(
        settings=settings,
        solver=run,
        asked=answered.values,
        apart=float(np.sqrt(np.mean((apart[ran] / observed.sigma) ** 2))),
        within=float(near.mean()),
        chi_square=chi_square,
        chance=None if chi_square is None else chance_of(chi_square, best.freedom),
    )
