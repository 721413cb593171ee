"""Whether a metric says anything of the true values at hand, and which one does where nobody chose.

A mean that is about 0 is nothing to divide by; and one that is many times the spread (temperatures in kelvin) makes a constant
good to a small share of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from frugal.experiments.metrics.registry import Metric
from frugal.experiments.metrics.sample import by_column

#: A mean below this part of the standard deviation, of values of both signs, says nothing. The constant answer would have an
#: nrmse above 1000 %; and the mean of a hundred runs, itself uncertain by a tenth of the standard deviation, might be 0.
LEAST_MEAN = 0.1
#: A mean beyond so many standard deviations says nothing either: the constant answer would be good to 5 %.
MOST_MEAN = 20.0
#: What varies less than this part of its mean never varies, but for rounding.
_CONSTANT = 1e-7
#: Positive values are judged in logarithms where their 10 % and 90 % quantiles are so many times apart.
WIDE_RATIO = 100.0


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
    share = np.where(doubtful, _share(np.abs(mean), spread, np.ones_like(mean)), np.inf)
    return _doubt(int(np.argmin(share)), pooled, mean, spread)


def doubt_about_spread(truth: np.ndarray, pooled: bool) -> Doubt | None:
    """The column whose mean is the most times its spread, if that is too many; None where every spread counts.

    What never varies is answered by a constant, whatever it is divided by.

    Parameters
    ----------
    truth : array [n, times, places]
    pooled : bool
        All elements together.
    """
    values = by_column(truth, pooled)
    mean, spread = values.mean(axis=(0, 1)), values.std(axis=(0, 1))
    times = np.where(spread > _CONSTANT * np.abs(mean), _share(np.abs(mean), spread, np.zeros_like(mean)), 0.0)
    worst = int(np.argmax(times))
    return _doubt(worst, pooled, mean, spread) if times[worst] > MOST_MEAN else None


def _doubt(column: int, pooled: bool, mean: np.ndarray, spread: np.ndarray) -> Doubt:
    return Doubt(None if pooled else column, float(mean[column]), float(spread[column]))


def _share(part: np.ndarray, whole: np.ndarray, otherwise: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=otherwise, where=whole > 0)


def spans_decades(values: np.ndarray) -> bool:
    """Whether values are positive and spread over decades, so that only the largest would count in a plain mean."""
    if not len(values) or values.min() <= 0:
        return False
    low, high = np.quantile(values, (0.1, 0.9))
    return bool(high >= WIDE_RATIO * low)


def undeclared_metric(values: np.ndarray) -> str:
    """The metric of an output where nobody chose one, by its true values: over the standard deviation, or of logarithms."""
    return "rmsle" if spans_decades(values.ravel()) else "nrmse_std"


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
    if metric.needs_logarithms and truth.min() == 0:
        return (
            f"'{name}' is 0 in some runs, which has no logarithm, as {metric.with_article} needs: use {metric.instead}"
        )
    of_places = truth.reshape(-1, 1, truth.shape[2]) if metric.columns == "places" else truth
    doubt = doubt_about_mean(of_places, pooled) if metric.needs_mean else None
    if doubt is not None:
        return f"{_told(doubt, name, element)}, {metric.with_article} means nothing: use {metric.instead}"
    doubt = doubt_about_spread(of_places, pooled) if metric.needs_spread else None
    if doubt is None:
        return None
    share = 100 * doubt.spread / abs(doubt.mean)
    return (
        f"{_told(doubt, name, element)}, more than {MOST_MEAN:.3g} times as much: by {metric.with_article} a constant is good "
        f"to {share:.2g} %: use {metric.instead}"
    )


def _told(doubt: Doubt, name: str, element: Callable[[int], str]) -> str:
    at = "" if doubt.column is None else element(doubt.column)
    return f"the mean of '{name}'{f' at {at}' if at else ''} is {doubt.mean:.3g} against a spread of {doubt.spread:.3g}"
