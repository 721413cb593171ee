"""What a candidate is judged by that has learnt from all runs: answers of fits that had not seen them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from frugal.errors import UnusableInputError
from frugal.experiments.metrics.meaning import spans_decades
from frugal.experiments.runs.store import Runs
from frugal.surrogates.fitting.judging import Judging
from frugal.surrogates.fitting.model import HasDeviation
from frugal.surrogates.ladder.builders import Built
from frugal.surrogates.onnx.export import PARITY_TOLERANCE_SIGMA

#: A fit to all runs that errs on them so many times as much as fits err on runs they had not seen has gone wrong.
REFIT_GONE_WRONG = 1.5


@dataclass(frozen=True, eq=False)
class JudgedAnswers:
    """What fits that had not seen them answer on the runs that are judged.

    Parameters
    ----------
    answers : array [n, m]
    projected : array [n, m], optional
        The true maps through the modes of these fits and back.
    deviations : array [n, m], optional
        How far off these fits said that they expect to be, where they say.
    shipped : callable, optional
        ``[n, d] -> [n, m]``: the fit that ships, as a function. What rounding makes of it in its graph is added to the answers.
    """

    answers: np.ndarray
    projected: np.ndarray | None = None
    shipped: Callable[[np.ndarray], np.ndarray] | None = None
    deviations: np.ndarray | None = None


def judged_answers(judging: Judging, built: Sequence[Built]) -> JudgedAnswers:
    """What the fits to parts of the runs answer on the others, and what their modes can tell of them."""
    judged = [held for _, held in judging.pairs()]
    answers = judging.gathered([one.predict(held.inputs) for one, held in zip(built, judged, strict=True)])
    deviations = None
    if all(isinstance(one.fitted, HasDeviation) for one in built):
        told = [(one.fitted, held) for one, held in zip(built, judged, strict=True)]
        deviations = judging.gathered(
            [fit.deviation(held.inputs) for fit, held in told if isinstance(fit, HasDeviation)]
        )
        if deviations.shape != answers.shape or not np.isfinite(deviations).all():  # of modes, say
            deviations = None
    if any(one.project is None for one in built):
        return JudgedAnswers(answers, deviations=deviations)
    projected = [one.project(held.outputs) for one, held in zip(built, judged, strict=True) if one.project is not None]
    return JudgedAnswers(answers, judging.gathered(projected), deviations=deviations)


def check_refit(answered: JudgedAnswers, built: Built, judged: Runs) -> None:
    """A fit to all runs has seen those that are judged: where it errs more on them than fits that had not, it went wrong.

    Raises
    ------
    UnusableInputError
        Saying by how much.
    """
    if not np.isfinite(answered.answers).all():
        return  # told where it is judged
    told = (judged.outputs, answered.answers, built.predict(judged.inputs))
    decades = np.array([spans_decades(column) for column in judged.outputs.T])
    wide = decades & np.all([part.min(axis=0) > 0 for part in told], axis=0)
    # over decades the largest runs alone would decide
    truth, unseen_answers, seen_answers = (np.where(wide, np.log(np.where(wide, part, 1.0)), part) for part in told)
    spread = truth.std(axis=0)
    unseen, seen = (standardised_error(answers, truth, spread) for answers in (unseen_answers, seen_answers))
    if not seen <= REFIT_GONE_WRONG * unseen + PARITY_TOLERANCE_SIGMA:
        raise UnusableInputError(
            f"fitted to all runs it errs by {seen:.3g} standard deviations on them, fitted to parts of them by {unseen:.3g} on "
            "the others: the last fit went wrong"
        )


def standardised_error(answers: np.ndarray, truth: np.ndarray, spread: np.ndarray) -> float:
    """Root mean square of what answers ``[n, m]`` miss the truth by, in spreads ``[m]``; of what never varies in its size."""
    scale = np.where(spread > 0, spread, np.maximum(np.abs(truth).max(axis=0), 1e-300))
    return float(np.sqrt(np.mean(((answers - truth) / scale) ** 2)))
