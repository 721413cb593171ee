"""Errors with bounds that hold for other inputs than those that were judged.

The intervals are bias-corrected and accelerated bootstrap intervals (Efron 1987, Journal of the American Statistical
Association 82:171), which resample whole groups where neighbouring runs resemble each other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from frugal.errors import UnusableInputError
from frugal.experiments.metrics.registry import Metric, metric_of
from frugal.experiments.metrics.sample import Sample

_CHUNK = 100
#: Columns whose draws are held at once: a field has as many as it has elements.
_COLUMNS = 4096


@dataclass(frozen=True)
class ErrorInterval:
    """An error of each output with its 95 % interval, arrays ``[m]``; ``resampled`` is false where one unit stood alone."""

    value: np.ndarray
    low: np.ndarray
    high: np.ndarray
    resampled: bool = True


def error_with_interval(
    truth: np.ndarray,
    predicted: np.ndarray,
    metric: str,
    *,
    groups: np.ndarray | None = None,
    n_bootstrap: int = 1000,
    seed: int = 0,
) -> ErrorInterval:
    """Error of each of several numbers, with a 95 % bootstrap interval.

    Parameters
    ----------
    truth, predicted : array [n, m]
    metric : str
        Any that needs no time axis.
    groups, n_bootstrap, seed
        As for `interval_of`.

    Returns
    -------
    ErrorInterval
        An element that is exact everywhere has 0 for all three. With ``nrmse``, an element whose mean is 0
        (an element that is never defined) has 0 if its RMSE is below 1e-6 of the largest root mean square among the
        elements, and infinity otherwise: no tolerance relative to nothing can be met.

    Raises
    ------
    UnusableInputError
        If shapes do not match.
    """
    if truth.shape != predicted.shape or truth.ndim != 2:
        raise UnusableInputError(
            f"truth has shape {truth.shape} and prediction {predicted.shape}; the same [n, m] is needed"
        )
    sample = Sample(truth[:, None], predicted[:, None])
    return interval_of(metric_of(metric), sample, False, groups=groups, n_bootstrap=n_bootstrap, seed=seed)


def interval_of(
    metric: Metric,
    sample: Sample,
    pooled: bool,
    *,
    groups: np.ndarray | None = None,
    n_bootstrap: int = 1000,
    seed: int = 0,
) -> ErrorInterval:
    """Error in a metric, with a 95 % bootstrap interval over runs or groups.

    Parameters
    ----------
    metric : Metric
    sample : Sample
    pooled : bool
        One error of all elements; else one for each column of the metric.
    groups : array [n], optional
        Whole groups are drawn, when there are at least two.
    n_bootstrap, seed : int

    Returns
    -------
    ErrorInterval
        Arrays ``[1]`` where pooled.
    """
    statistics, counts = _by_unit(metric.statistics(sample, pooled), groups)
    parts = [
        _resampled(metric, statistics[:, :, start : start + _COLUMNS], counts, n_bootstrap, seed)
        for start in range(0, statistics.shape[2], _COLUMNS)
    ]
    value, low, high = (np.concatenate(ends) for ends in zip(*parts, strict=True))
    return ErrorInterval(value, low, high, resampled=len(counts) > 1)


def _resampled(
    metric: Metric, statistics: np.ndarray, counts: np.ndarray, n_bootstrap: int, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Error and bounds ``[k]`` of statistics ``[units, s, k]`` of units that hold ``counts`` rows."""
    units, n_statistics, columns = statistics.shape
    total = statistics.sum(axis=0)
    value = metric.combine(total, counts.sum(keepdims=True))
    if units == 1:
        return value, np.zeros_like(value), np.where(value > 0, np.inf, 0.0)
    draws = np.empty((n_bootstrap, columns))
    rng = np.random.default_rng(seed)
    even = np.full(units, 1 / units)
    flat = statistics.reshape(units, -1)
    for start in range(0, n_bootstrap, _CHUNK):
        times = rng.multinomial(units, even, size=min(_CHUNK, n_bootstrap - start)).astype(np.float64)
        sums = (times @ flat).reshape(len(times), n_statistics, columns)
        draws[start : start + len(times)] = metric.combine(sums, (times @ counts)[:, None])
    without = metric.combine(total - statistics, (counts.sum() - counts)[:, None])
    return (value, *_bias_corrected(value, draws, without))


def _by_unit(statistics: np.ndarray, groups: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Statistics ``[units, s, k]`` and numbers of rows of each unit that is resampled."""
    if groups is None or len(np.unique(groups)) < 2:
        return statistics, np.ones(len(statistics))
    _, member, counts = np.unique(groups, return_inverse=True, return_counts=True)
    totals = np.zeros((len(counts), *statistics.shape[1:]))
    np.add.at(totals, member, statistics)
    return totals, counts.astype(np.float64)


def _bias_corrected(
    value: np.ndarray, draws: np.ndarray, without: np.ndarray, level: float = 0.95
) -> tuple[np.ndarray, np.ndarray]:
    """Bounds [m] of the bias-corrected and accelerated interval.

    Parameters
    ----------
    value : array [m]
        The error over all rows.
    draws : array [bootstrap draws, m]
    without : array [units, m]
        The error with each unit left out, from which the acceleration is estimated.
    level : float
    """
    from scipy.special import ndtr, ndtri

    n_draws = len(draws)
    with np.errstate(invalid="ignore"):  # of few units some draws are the sample again, but for rounding
        equal = (draws == value) | (np.abs(draws - value) <= 1e-12 * np.abs(value))
    below = np.mean((draws < value) & ~equal, axis=0) + 0.5 * np.mean(equal, axis=0)
    bias = ndtri(np.clip(below, 0.5 / n_draws, 1 - 0.5 / n_draws))
    usable = np.isfinite(without).all(axis=0)
    influence = np.where(usable, without, 0.0)
    influence = influence.mean(axis=0) - influence
    spread = np.sum(influence**2, axis=0) ** 1.5
    acceleration = np.divide(np.sum(influence**3, axis=0), 6 * spread, out=np.zeros_like(spread), where=spread > 0)
    # As extreme as a few units allow, the correction would leave the range of the draws.
    acceleration = np.clip(acceleration, -0.25, 0.25)
    ordered = np.sort(draws, axis=0)
    bounds = []
    for z in ndtri([(1 - level) / 2, (1 + level) / 2]):
        shifted = bias + z
        share = ndtr(bias + shifted / np.maximum(1 - acceleration * shifted, 0.1))
        at = np.clip(share * (n_draws - 1), 0, n_draws - 1)
        floor = np.floor(at).astype(np.int64)
        ceiling = np.minimum(floor + 1, n_draws - 1)
        columns = np.arange(draws.shape[1])
        left, right = ordered[floor, columns], ordered[ceiling, columns]
        # Draws whose mean is 0 are infinite: nothing lies between them and a finite one.
        finite = np.isfinite(left) & np.isfinite(right)
        step = np.subtract(right, left, out=np.zeros_like(left), where=finite)
        bounds.append(np.where(finite, left + (at - floor) * step, right))
    return bounds[0], bounds[1]
