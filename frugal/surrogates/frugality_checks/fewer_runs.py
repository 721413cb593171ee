"""Would fewer runs have done? The candidate is fitted to a quarter, a half and all of its training runs.

Each fit makes its own search, as a smaller training would, and all are judged on the same runs, which they had not seen. The
smaller sets are nested. Where the runs have places, each place keeps its share: a smaller campaign would draw fewer objects in
each place, and leaving places out would ask another question, whether fewer places would do. Where the rows follow our
low-discrepancy sequence, its first rows are taken, which are what a smaller campaign would have run; elsewhere rows are
drawn at random.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from frugal.experiments.runs.store import Runs
from frugal.surrogates.fitting.model import Skipped
from frugal.surrogates.frugality_checks.budget import Budget, Reason
from frugal.surrogates.frugality_checks.refit import Fits, Learner, Pairs, fit_parts

SHARES = (0.25, 0.5, 1.0)
#: CPU seconds of judging, beside the fit.
JUDGING_CPU_SECONDS = 0.1


def learning_curve(
    learner: Learner, pairs: Pairs, budget: Budget, fit_cpu_seconds: float, in_sequence: bool
) -> tuple[dict[str, Any] | None, Reason | None, Fits | None]:
    """Fit at each share of the runs.

    Parameters
    ----------
    learner : Learner
    pairs : sequence of pairs of Runs
        To learn from and to judge on: one, or one for each fold.
    budget : Budget
        Asked before each fit.
    fit_cpu_seconds : float
        What the fit to all runs is expected to take; a smaller one is expected to take its share of it.
    in_sequence : bool
        The rows follow a low-discrepancy sequence.

    Returns
    -------
    curve : dict or None
        None where a point is missing for want of budget: two points could be taken for the whole curve.
    reason : mapping or None
        Why it is missing.
    fits : Fits or None
        Those to all runs that may be learnt from.
    """
    orders = [nested_order(training, learner.seed, in_sequence and len(pairs) == 1) for training, _ in pairs]
    points: list[dict[str, Any]] = []
    fits = None
    for share in SHARES:
        refusal = budget.refusal(share * fit_cpu_seconds * len(pairs) + JUDGING_CPU_SECONDS)
        if refusal is not None:
            return None, refusal, None
        # rows keep their order, so that the fit to all of them is the one that was judged on the ladder
        fewer = [
            (training.where(np.sort(order[: round(share * len(training))])), held_out)
            for order, (training, held_out) in zip(orders, pairs, strict=True)
        ]
        point, fits = _point(learner, fewer)
        points.append({"n": min(len(training) for training, _ in fewer), "share": share, **point})
    enough = [point["n"] for point in points if point["met"]]
    return {"points": points, "n_min": min(enough, default=None)}, None, fits


def nested_order(runs: Runs, seed: int, in_sequence: bool) -> np.ndarray:
    """Order of the rows ``[n]`` of which the first ones, however many, hold each place in its proportion.

    Parameters
    ----------
    runs : Runs
        Training runs in the order of the design.
    seed : int
        Of the drawing.
    in_sequence : bool
        The rows follow a low-discrepancy sequence: they keep their order where all are of one place.

    Returns
    -------
    array of int [n]
        Row numbers.
    """
    rng = np.random.default_rng(seed)
    places, place = np.unique(runs.places, return_inverse=True)
    if in_sequence and len(places) == 1:
        return np.arange(len(runs))
    position = np.empty(len(runs))
    for number in range(len(places)):
        rows = np.flatnonzero(place == number)
        position[rows] = (rng.permutation(len(rows)) + rng.random()) / len(rows)
    return np.argsort(position, kind="stable")


def _point(learner: Learner, pairs: Pairs) -> tuple[dict[str, Any], Fits | None]:
    try:
        fits = fit_parts([learner], pairs)
    except Skipped as skipped:
        missing: dict[str, Any] = {"error": {}, "error_ratio": None, "met": False, "fit_cpu_seconds": None}
        return {**missing, "reason": skipped.reason}, None
    error = fits.error(learner.study, learner.seed, learner.luck)
    return {
        "error": error.plain(),
        "error_ratio": error.ratio,
        "met": error.met,
        "fit_cpu_seconds": fits.cpu_seconds / len(pairs),
        "reason": None,
    }, fits
