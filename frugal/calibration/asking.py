"""Modelled values beside the measured ones, for many settings of what is unknown: from a graph, or from the solver."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from frugal.calibration.observed import ObservedRuns, Unknown
from frugal.errors import FrugalError, SolverError, UnusableInputError, told_fault
from frugal.experiments.execution.threads import Threads
from frugal.experiments.study import Study
from frugal.surrogates.bundle.predictor import IN_DOMAIN, Predictor

#: Numbers of one call of a graph.
_NUMBERS_A_CALL = 4e6


@dataclass(frozen=True, eq=False)
class Modelled:
    """Modelled values of ``n`` settings beside ``m`` measurements.

    Parameters
    ----------
    values : array [n, m]
        In the unit of each measurement; NaN where nothing was answered.
    spread : array [n, m]
        Standard deviation of what the answer errs by against the solver; 0 of the solver itself.
    inside : array of bool [n]
        The setting lies in the domain that the answer was made for, under every condition.
    """

    values: np.ndarray
    spread: np.ndarray
    inside: np.ndarray


class ModelAsked(Protocol):
    """What is fitted: an answer to settings of what is unknown."""

    def __call__(self, settings: np.ndarray) -> Modelled:
        """Modelled values for settings ``[n, k]``, in their units."""


def input_rows(observed: ObservedRuns, fitted: Sequence[Unknown], settings: np.ndarray) -> np.ndarray:
    """Rows of inputs ``[n, c, d]`` for settings ``[n, k]``, under each condition of the observations."""
    rows = np.repeat(observed.rows[None], len(settings), axis=0)
    for k, unknown in enumerate(fitted):
        if unknown.column is not None:
            rows[:, :, unknown.column] = settings[:, k, None]
    return rows


class AskedGraph:
    """The graph of a bundle.

    Parameters
    ----------
    predictor : Predictor
    observed : ObservedRuns
    fitted : sequence of Unknown
    """

    def __init__(self, predictor: Predictor, observed: ObservedRuns, fitted: Sequence[Unknown]) -> None:
        from scipy.stats import norm

        self._predictor, self._observed, self._fitted = predictor, observed, fitted
        #: Half of an interval of the graph over its standard deviation.
        self._half = float(norm.ppf((1 + predictor.interval_level) / 2))
        numbers = len(observed.rows) * sum(output.size for output in predictor.outputs)
        self._at_once = max(int(_NUMBERS_A_CALL / max(numbers, 1)), 1)

    def __call__(self, settings: np.ndarray) -> Modelled:
        """Modelled values for settings ``[n, k]``; an interval of the graph is taken to be that of a normal error."""
        parts = [self._some(settings[k : k + self._at_once]) for k in range(0, len(settings), self._at_once)]
        names = ("values", "spread", "inside")
        return Modelled(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))

    def _some(self, settings: np.ndarray) -> Modelled:
        rows = input_rows(self._observed, self._fitted, settings)
        n, conditions, d = rows.shape
        answers = self._predictor(rows.reshape(-1, d), extrapolate=True)

        def beside(end: str) -> np.ndarray:
            names = [output.name + end for output in self._predictor.outputs]
            flat = np.concatenate([answers[name].reshape(n * conditions, -1) for name in names], axis=1)
            return self._observed.at(flat.reshape(n, conditions, -1).astype(float))

        values = beside("")
        # an interval is cut at physical limits: the longer half tells what the answer errs by
        spread = np.maximum(beside("_upper") - values, values - beside("_lower")) / self._half
        inside = np.asarray(answers[IN_DOMAIN].reshape(n, conditions).all(axis=1))
        return Modelled(values, np.maximum(spread, 0.0), inside)


class AskedSolver:
    """The full physics, one run for each setting and condition.

    Parameters
    ----------
    study : Study
        With a solver.
    observed : ObservedRuns
    fitted : sequence of Unknown
    threads : int, optional
        For the runs; one per core by default.
    """

    def __init__(
        self, study: Study, observed: ObservedRuns, fitted: Sequence[Unknown], threads: int | None = None
    ) -> None:
        if study.solve is None:
            raise UnusableInputError(f"study '{study.name}' has no solver")
        self._study, self._observed, self._fitted, self._threads = study, observed, fitted, threads
        self.runs, self.failed, self.seconds = 0, 0, 0.0
        #: What the first run that failed said.
        self.fault = ""

    @property
    def seconds_per_setting(self) -> float:
        """CPU seconds of one setting under all conditions, as far as was run."""
        return self.seconds / max(self.runs, 1) * len(self._observed.rows)

    def __call__(self, settings: np.ndarray) -> Modelled:
        """Modelled values for settings ``[n, k]``; those of which a run fails are NaN, and counted."""
        begun = time.process_time()
        rows = input_rows(self._observed, self._fitted, settings)
        n, conditions = rows.shape[:2]
        values = np.full((n, len(self._observed)), np.nan)
        flat: dict[int, list[np.ndarray | None]] = {k: [None] * conditions for k in range(n)}
        tasks = [(k, c) for k in range(n) for c in range(conditions)]

        def run(task: tuple[int, int]) -> np.ndarray:
            k, c = task
            return self._run(settings[k], rows[k, c])

        for outcome in Threads(self._threads).outcomes(run, tasks):
            k, c = outcome.task
            flat[k][c] = outcome.result
            if outcome.fault is not None:
                self.failed += 1
                self.fault = self.fault or str(outcome.fault)
        for k, found in flat.items():
            whole = [one for one in found if one is not None]
            if len(whole) == conditions:
                values[k] = self._observed.at(np.stack(whole)[None])[0]
        self.runs += len(tasks)
        self.seconds += time.process_time() - begun
        return Modelled(values, np.zeros_like(values), np.isfinite(values).all(axis=1))

    def _run(self, setting: np.ndarray, row: np.ndarray) -> np.ndarray:
        named = {unknown.name: float(setting[k]) for k, unknown in enumerate(self._fitted) if unknown.column is None}
        study = self._study.with_parameters(named) if named else self._study
        try:
            return study.run(row)
        except (FrugalError, MemoryError, KeyboardInterrupt):
            raise
        except BaseException as fault:  # a solver may be anybody's code
            raise SolverError(f"the solver of study '{study.name}' fails: {told_fault(fault)}") from fault
