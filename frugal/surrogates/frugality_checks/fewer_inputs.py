"""Would fewer inputs have done? Inputs are ranked by shuffling, then really left out of new fits.

Shuffling an input over the held-out runs and asking the fitted candidate again costs no fit, but tells only what that
candidate uses. So it gives the order alone: the largest number of inputs, from the least important one up, without which
a new fit still does, is found by bisection. The new fits keep the settings of the candidate.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from frugal.candidates.output_error import LARGEST_ERROR
from frugal.experiments.runs.store import Runs
from frugal.experiments.study import Study
from frugal.surrogates.frugality_checks.budget import Budget, Reason
from frugal.surrogates.frugality_checks.fewer_runs import JUDGING_CPU_SECONDS
from frugal.surrogates.frugality_checks.refit import Error, Fits, Learner, Pairs, fit_parts
from frugal.surrogates.measurement.map_errors import error_value

SHUFFLES = 5
#: A candidate that does not meet the need may lose this part of its error ratio to fewer inputs, and no more.
SLACK = 0.02


def inputs_dropped(
    learner: Learner,
    fits: Fits | None,
    pairs: Pairs,
    budget: Budget,
    fit_cpu_seconds: float,
) -> tuple[dict[str, Any] | None, Reason | None]:
    """Rank the inputs, and find how many of the least important ones can be left out.

    Parameters
    ----------
    learner : Learner
    fits : Fits, optional
        Its fits to all runs that may be learnt from and all inputs, where there are.
    pairs : sequence of pairs of Runs
        To learn from and to judge on.
    budget : Budget
        Asked before each fit.
    fit_cpu_seconds : float
        What a fit with its search is expected to take.

    Returns
    -------
    found : dict or None
    reason : mapping or None
        Why it is missing; where the budget ends after some inputs were left out with success, these stand, and the reason
        stands beside them.
    """
    study = learner.study
    fit_cpu_seconds *= len(pairs)
    if fits is None:
        refusal = budget.refusal(fit_cpu_seconds + JUDGING_CPU_SECONDS)
        if refusal is not None:
            return None, refusal
        fits = fit_parts([learner], pairs)
    start = time.process_time()
    complete = fits.error(study, learner.seed, learner.luck)
    refusal = budget.refusal(SHUFFLES * len(study.columns) * (time.process_time() - start))
    if refusal is not None:
        return None, refusal
    importance = permutation_importance(study, fits, learner.seed)
    search = _Search([learner.with_fixed_settings(learnt) for learnt in fits.learnt], pairs, complete)
    refusal = search.run(np.argsort(importance, kind="stable"), budget, fit_cpu_seconds)
    if refusal is not None and not search.dropped:
        return None, refusal
    names = study.column_names
    return {
        "n_inputs": len(names),
        "importance": [
            {"name": names[j], "importance": float(importance[j])} for j in np.argsort(-importance, kind="stable")
        ],
        "droppable": [names[j] for j in search.dropped],
        "error_ratio_all": complete.ratio,
        "error_ratio_without": search.error.ratio,
        "refits": search.refits,
        "met": search.error.met,
    }, refusal


def permutation_importance(study: Study, fits: Fits, seed: int) -> np.ndarray:
    """How much the error rises ``[d]`` when an input is shuffled over the runs that are judged.

    The rise of error over tolerance, for the output where it rises most, mean of `SHUFFLES` seeded shuffles.

    Parameters
    ----------
    study : Study
        Its need says which outputs count, in which metric.
    fits : Fits
        To all inputs of the study; only asked.
    seed : int
        Of the shuffles.

    Returns
    -------
    array [d]
        In the order of the study's inputs; about 0 for an input that the fit does not use, and a little below by chance.
    """
    rng = np.random.default_rng(seed)
    held_out = fits.judged
    before = _ratios(study, fits.predict(held_out.inputs), held_out)
    importance = np.zeros(len(study.columns))
    for j in range(len(study.columns)):
        rises = []
        for _ in range(SHUFFLES):
            shuffled = held_out.inputs.copy()
            shuffled[:, j] = rng.permutation(shuffled[:, j])
            rises.append(_ratios(study, fits.predict(shuffled), held_out) - before)
        importance[j] = float(np.mean(rises, axis=0).max())
    return importance


def _ratios(study: Study, predicted: np.ndarray, held_out: Runs) -> np.ndarray:
    """Error over tolerance of each output that has one, the worst of its elements, without an interval."""
    ratios = []
    for output in study.outputs:
        tolerance = study.need.tolerances.get(output.name)
        if tolerance is not None:
            value = error_value(study, output, held_out.outputs, predicted)
            ratios.append(min(float(value.max()) / tolerance.error_allowed, LARGEST_ERROR))
    return np.array(ratios)


class _Search:
    """Bisection over the number of inputs left out; ``dropped`` and ``error`` hold the largest success."""

    def __init__(self, learners: Sequence[Learner], pairs: Pairs, complete: Error) -> None:
        self.dropped: list[int] = []
        self.error = complete
        self.refits = 0
        self._learners = learners
        self._pairs = pairs
        assert complete.ratio is not None
        self._limit = 1.0 if complete.met else complete.ratio * (1 + SLACK)

    def run(self, order: np.ndarray, budget: Budget, fit_cpu_seconds: float) -> Reason | None:
        """Bisect; the reason where the budget did not last.

        Parameters
        ----------
        order : array of int [d]
            Columns of the inputs, the least important first.
        budget : Budget
            Asked before each fit.
        fit_cpu_seconds : float
            What the first fit is expected to take; each later one is expected to take as long as the one before it.

        Returns
        -------
        mapping of str to str or None
            By language. What was found until then stands in ``dropped``, ``error`` and ``refits``.
        """
        works, fails = 0, len(order)
        first = self._learners[0]
        if first.model is not None and first.model.kind == "constant":
            self.dropped = [int(j) for j in order]  # it reads none of them: there is nothing to fit again
            return None
        expected = fit_cpu_seconds
        while fails - works > 1:
            refusal = budget.refusal(expected + JUDGING_CPU_SECONDS)
            if refusal is not None:
                return refusal
            tried = (works + fails) // 2
            kept = sorted(int(j) for j in order[tried:])
            fits = fit_parts(self._learners, self._pairs, kept)
            expected = fits.cpu_seconds
            self.refits += 1
            error = fits.error(first.study, first.seed, first.luck)
            if error.ratio is not None and error.ratio <= self._limit:
                works, self.error, self.dropped = tried, error, [int(j) for j in order[:tried]]
            else:
                fails = tried
        return None
