"""Errors with bounds that hold for other inputs than those that were judged.

The intervals are bias-corrected and accelerated bootstrap intervals (Efron 1987, Journal of the American Statistical
Association 82:171), which resample whole groups where neighbouring runs resemble each other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from frugal.errors import UnusableInputError

#: A mean below this part of the root mean square is rounding, and nothing can be divided by it.
_ZERO_MEAN = 1e-9
_CHUNK = 100


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
    """Error of each output, with a 95 % bootstrap interval.

    Parameters
    ----------
    truth, predicted : array [n, m]
    metric : str
        ``rmse``, or ``nrmse``: RMSE divided by the mean of the truth (its absolute value).
    groups : array [n], optional
        Whole groups are drawn, when there are at least two.
    n_bootstrap, seed : int

    Returns
    -------
    ErrorInterval
        An element that is exact everywhere has 0 for all three. With ``nrmse``, an element whose mean is 0
        (a cell that is never wet) has 0 if its RMSE is below 1e-6 of the largest root mean square among the
        elements, and infinity otherwise: no tolerance relative to nothing can be met.

    Raises
    ------
    UnusableInputError
        If shapes do not match.
    """
    if truth.shape != predicted.shape or truth.ndim != 2 or len(truth) == 0:
        raise UnusableInputError(
            f"truth has shape {truth.shape} and prediction {predicted.shape}; the same [n, m] is needed"
        )
    relative = metric == "nrmse"
    found = _resampled((predicted - truth) ** 2, truth, groups, relative, n_bootstrap, seed)
    if not relative or not found.resampled:
        return found
    fixed = _without_mean(truth, predicted)
    value, low, high = (np.where(np.isnan(fixed), b, fixed) for b in (found.value, found.low, found.high))
    return ErrorInterval(value, low, high)


def pooled_error(
    truth: np.ndarray,
    predicted: np.ndarray,
    cells: np.ndarray,
    *,
    relative: bool = False,
    groups: np.ndarray | None = None,
    n_bootstrap: int = 1000,
    seed: int = 0,
) -> ErrorInterval:
    """RMSE over all runs and the chosen cells of a map together, with a 95 % bootstrap interval over runs or groups.

    Parameters
    ----------
    truth, predicted : array [n, cells of the map]
    cells : array of bool
        The cells that count; where there is none, the error is 0 if nothing else was predicted anywhere, else infinite.
    relative : bool
        Divide by the mean of the truth over the same cells.
    groups, n_bootstrap, seed
        As for `error_with_interval`.

    Returns
    -------
    ErrorInterval
        Arrays ``[1]``.
    """
    if truth.shape != predicted.shape or truth.ndim != 2 or len(truth) == 0:
        raise UnusableInputError(
            f"truth has shape {truth.shape} and prediction {predicted.shape}; the same [n, m] is needed"
        )
    if not cells.any():
        nothing = np.array([0.0 if np.array_equal(truth, predicted) else np.inf])
        return ErrorInterval(nothing, nothing, nothing)
    t, p = truth[:, cells], predicted[:, cells]
    squares = np.mean((p - t) ** 2, axis=1, keepdims=True)
    return _resampled(squares, np.mean(t, axis=1, keepdims=True), groups, relative, n_bootstrap, seed)


def _resampled(
    squares: np.ndarray, truth: np.ndarray, groups: np.ndarray | None, relative: bool, n_bootstrap: int, seed: int
) -> ErrorInterval:
    """Error of each column of squared errors ``[n, k]``, with its interval."""
    columns = squares.shape[1]
    squares, sums, counts = _by_unit(squares, truth, groups)
    value = _error(squares.sum(axis=0), sums.sum(axis=0), counts.sum(), relative)
    units = len(counts)
    if units == 1:
        return ErrorInterval(value, np.zeros_like(value), np.where(value > 0, np.inf, 0.0), resampled=False)
    draws = np.empty((n_bootstrap, columns))
    rng = np.random.default_rng(seed)
    even = np.full(units, 1 / units)
    for start in range(0, n_bootstrap, _CHUNK):
        times = rng.multinomial(units, even, size=min(_CHUNK, n_bootstrap - start)).astype(np.float64)
        n_drawn = (times @ counts)[:, None]
        draws[start : start + len(times)] = _error(times @ squares, times @ sums, n_drawn, relative)
    without = _error(squares.sum(axis=0) - squares, sums.sum(axis=0) - sums, (counts.sum() - counts)[:, None], relative)
    low, high = _bias_corrected(value, draws, without)
    return ErrorInterval(value, low, high)


def _by_unit(
    squares: np.ndarray, truth: np.ndarray, groups: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sums of squared errors and of truth, and numbers of rows, of each unit that is resampled."""
    if groups is None or len(np.unique(groups)) < 2:
        return squares, truth, np.ones(len(truth))
    _, member, counts = np.unique(groups, return_inverse=True, return_counts=True)
    totals = np.zeros((2, len(counts), truth.shape[1]))
    np.add.at(totals[0], member, squares)
    np.add.at(totals[1], member, truth)
    return totals[0], totals[1], counts.astype(np.float64)


def _error(squares: np.ndarray, sums: np.ndarray, counts: np.ndarray | float, relative: bool) -> np.ndarray:
    rmse = np.sqrt(np.maximum(squares, 0) / counts)
    if not relative:
        return rmse
    mean = np.abs(sums / counts)
    return np.divide(rmse, mean, out=np.where(rmse > 0, np.inf, 0.0), where=mean > 0)


def _without_mean(truth: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Error [m] of elements whose mean is 0: nothing or infinity; not a number for the others."""
    size = np.sqrt(np.mean(truth**2, axis=0))
    zero = np.abs(truth.mean(axis=0)) <= _ZERO_MEAN * size
    negligible = np.sqrt(np.mean((predicted - truth) ** 2, axis=0)) <= 1e-6 * size.max()
    return np.where(zero, np.where(negligible, 0.0, np.inf), np.nan)


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
    below = np.mean(draws < value, axis=0) + 0.5 * np.mean(draws == value, axis=0)
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
