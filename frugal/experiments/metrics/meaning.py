"""Whether a metric says anything of the true values at hand: a mean that is about 0 is nothing to divide by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from frugal.experiments.metrics.registry import Metric
from frugal.experiments.metrics.sample import by_column

#: A mean below this part of the standard deviation, of values of both signs, says nothing. The constant answer would have an
#: nrmse above 1000 %; and the mean of a hundred runs, itself uncertain by a tenth of the standard deviation, might be 0.
LEAST_MEAN = 0.1


@dataclass(frozen=True)
class Doubt:
    """Why a metric says nothing: ``column`` is the number of the element, None where all are pooled."""

    column: int | None
    mean: float
    spread: float


def doubt_about_mean(truth: np.ndarray, pooled: bool) -> Doubt | None:
    """The column whose mean is the least of its spread, if that is too little; None where every mean says something.

    Values of one sign have a mean that says how large they are, however far they spread; and so has what never varies.

    Parameters
    ----------
    truth : array [n, times, places]
    pooled : bool
        All elements together.
    """
    values = by_column(truth, pooled)
    mean, spread = values.mean(axis=(0, 1)), values.std(axis=(0, 1))
    both = (values.min(axis=(0, 1)) < 0) & (values.max(axis=(0, 1)) > 0)
    doubtful = both & (np.abs(mean) < LEAST_MEAN * spread)
    if not doubtful.any():
        return None
    share = np.where(doubtful, np.divide(np.abs(mean), spread, out=np.ones_like(mean), where=spread > 0), np.inf)
    worst = int(np.argmin(share))
    return Doubt(None if pooled else worst, float(mean[worst]), float(spread[worst]))


def reason_against(
    metric: Metric, truth: np.ndarray, pooled: bool, name: str, element: Callable[[int], str]
) -> str | None:
    """Why a metric says nothing of true values, as a sentence; None where it does.

    Parameters
    ----------
    metric : Metric
    truth : array [n, times, places]
    pooled : bool
        All elements together.
    name : str
        Of the output.
    element : callable
        What a column of the metric is called by its number, row by row; empty for a scalar.
    """
    if metric.needs_positive and truth.min() < 0:
        return (
            f"'{name}' goes down to {truth.min():.3g}, but the metric {metric.name} is of values that are never negative: "
            f"use {metric.instead}"
        )
    of_places = truth.reshape(-1, 1, truth.shape[2]) if metric.columns == "places" else truth
    doubt = doubt_about_mean(of_places, pooled) if metric.needs_mean else None
    if doubt is None:
        return None
    at = "" if doubt.column is None else element(doubt.column)
    return (
        f"the mean of '{name}'{f' at {at}' if at else ''} is {doubt.mean:.3g} against a spread of {doubt.spread:.3g}, "
        f"{metric.with_article} means nothing: use {metric.instead}"
    )
