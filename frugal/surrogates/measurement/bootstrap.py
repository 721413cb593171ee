"""Errors with bounds that hold for other inputs than those that were judged.

The upper bound is that of `frugal.surrogates.measurement.bounds`: metrics are means of parts of rows, or roots of them, over
something that has a mean of its own. The lower end, which nothing is decided by, is that of a bias-corrected and accelerated
bootstrap interval (Efron 1987, Journal of the American Statistical Association 82:171), which resamples whole places.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from frugal.errors import UnusableInputError
from frugal.experiments.metrics.registry import Metric, metric_of
from frugal.experiments.metrics.sample import Sample
from frugal.surrogates.measurement.bounds import LEVEL, by_place, mean_bound, row_ceiling
from frugal.surrogates.measurement.places import FEWEST_PLACES, FEWEST_ROWS, JudgedPlaces, effective_places, judged_on

_CHUNK = 100
#: Columns whose draws are held at once: a field has as many as it has elements.
_COLUMNS = 4096


@dataclass(frozen=True)
class ErrorInterval:
    """An error of each column with its 95 % interval, arrays ``[k]``.

    Parameters
    ----------
    value, low, high : array [k]
        ``high`` is infinite where there is no bound.
    bounded : bool
        There are enough runs, or places, for an upper bound.
    rows : int
        Runs that were judged.
    places : float, optional
        Places that they are of, as many as err independently; None where runs stand alone.
    of_places : mapping of str to array [k]
        Error of each place; they make up that of all as their rows do.
    of_rows : array [n, k], optional
        The same of each run; None of a metric that compares runs with each other.
    """

    value: np.ndarray
    low: np.ndarray
    high: np.ndarray
    bounded: bool = True
    rows: int = 0
    places: float | None = None
    of_places: dict[str, np.ndarray] = field(default_factory=dict)
    of_rows: np.ndarray | None = None


def error_with_interval(
    truth: np.ndarray,
    predicted: np.ndarray,
    metric: str,
    *,
    groups: np.ndarray | None = None,
    n_bootstrap: int = 1000,
    seed: int = 0,
) -> ErrorInterval:
    """Error of each of several numbers, with its 95 % interval.

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
    """Error in a metric, with its 95 % interval over runs or places; the same for the same seed.

    Parameters
    ----------
    metric : Metric
    sample : Sample
    pooled : bool
        One error of all elements; else one for each column of the metric.
    groups : array [n], optional
        Place of each run; whole places are resampled.
    n_bootstrap, seed : int
        Of the lower end.

    Returns
    -------
    ErrorInterval
        Arrays ``[1]`` where pooled.
    """
    statistics = metric.statistics(sample, pooled)
    judged, parts = judged_on(groups), _Parts.of(metric, statistics)
    independent = None if judged is None else effective_places(judged, parts.errors, parts.weights)
    bounded = len(statistics) >= FEWEST_ROWS if independent is None else independent >= FEWEST_PLACES
    units, counts = _by_unit(statistics, judged)
    found = []
    for start in range(0, statistics.shape[2], _COLUMNS):
        columns = slice(start, start + _COLUMNS)
        value, low = _resampled(metric, units[:, :, columns], counts, n_bootstrap, seed)
        high = np.full_like(value, np.inf)
        if bounded:
            high = _upper_end(metric, statistics[:, :, columns], value, judged, independent, LEVEL, n_bootstrap, seed)
        found.append((value, low, high))
    value, low, high = (np.concatenate(ends) for ends in zip(*found, strict=True))
    of_places = parts.of_places(judged)
    if judged is not None and parts.are_moments:
        of_places = dict(zip(judged.names, metric.combine(units, counts[:, None]), strict=True))
    return ErrorInterval(
        value, low, high, bounded, len(statistics), independent, of_places, None if parts.are_moments else parts.of_rows
    )


def upper_ends(
    metric: Metric, statistics: np.ndarray, groups: np.ndarray | None, levels: Sequence[float], seed: int
) -> list[np.ndarray]:
    """Upper bounds ``[k]`` of errors, one array for each one-sided level.

    Parameters
    ----------
    metric : Metric
    statistics : array [n, s, k]
        Of each run, as the metric has them; of enough runs, or places, for a bound.
    groups : array [n], optional
        Place of each run.
    levels : sequence of float
    seed : int
        As for `interval_of`.
    """
    judged, parts = judged_on(groups), _Parts.of(metric, statistics)
    independent = None if judged is None else effective_places(judged, parts.errors, parts.weights)
    value = np.asarray(metric.combine(statistics.sum(axis=0), np.array([float(len(statistics))])))
    return [_upper_end(metric, statistics, value, judged, independent, level, 1000, seed) for level in levels]


def _upper_end(
    metric: Metric,
    statistics: np.ndarray,
    value: np.ndarray,
    judged: JudgedPlaces | None,
    independent: float | None,
    level: float,
    n_bootstrap: int,
    seed: int,
) -> np.ndarray:
    parts = _Parts.of(metric, statistics)
    high = np.maximum(value, parts.bound(value, judged, independent, level))
    if parts.are_moments:
        high = np.maximum(high, _drawn_with_unseen(metric, statistics, level, n_bootstrap, seed))
    return high


@dataclass(frozen=True)
class _Parts:
    """What a metric is a mean of: parts of rows over their weights, and what their mean is divided by; all ``[n, k]``."""

    errors: np.ndarray
    weights: np.ndarray
    divisor: np.ndarray | None = None
    power: float = 2.0
    exponent: float = 0.5
    are_moments: bool = False

    @classmethod
    def of(cls, metric: Metric, statistics: np.ndarray) -> _Parts:
        """From the statistics of each row ``[n, s, k]``; of moments of true and predicted values, their squared difference.

        The error grows with the power ``exponent`` of the mean of the parts, these with ``power`` of the errors of rows.
        """
        if statistics.shape[1] > 2:
            errors = (statistics[:, 1] - statistics[:, 0]) ** 2
            return cls(errors, np.ones_like(errors), are_moments=True)
        errors = statistics[:, 0]
        second = statistics[:, 1] if metric.second != "none" else np.ones_like(errors)
        counts, divisor = (second, None) if metric.second != "divisor" else (np.ones_like(errors), second)
        return cls(errors, counts, divisor, 2.0 if metric.parts == "squares" else 1.0, 0.5 if metric.is_root else 1.0)

    def bound(self, value: np.ndarray, judged: JudgedPlaces | None, places: float | None, level: float) -> np.ndarray:
        """Upper bound ``[k]`` of errors ``value``: what the mean of the parts and its divisor may differ, on the scale of logs.

        The two are added as independent ones (Zou and Donner 2008, Statistics in Medicine 27:1693).
        """
        mean = _share(self.errors.sum(axis=0), self.weights.sum(axis=0))
        member = None if judged is None else judged.member
        most = mean_bound(self.errors, self.weights, member, places, self.power, level)
        above = self.exponent * np.log(np.where(mean > 0, _share(most, mean), 1.0))
        if self.divisor is not None:
            above = np.hypot(above, _log_reach(self.divisor, judged, places, level))
        return value * np.exp(np.where(value > 0, above, 0.0))

    def of_places(self, judged: JudgedPlaces | None) -> dict[str, np.ndarray]:
        """Error ``[k]`` of each place, over the divisor of all."""
        if judged is None:
            return {}
        sums = (by_place(part, judged.member, len(judged.names)) for part in (self.errors, self.weights))
        return dict(zip(judged.names, self._error(*sums), strict=True))

    @property
    def of_rows(self) -> np.ndarray:
        """Error ``[n, k]`` of each row, over the divisor of all."""
        return self._error(self.errors, self.weights)

    def _error(self, errors: np.ndarray, weights: np.ndarray) -> np.ndarray:
        means = _share(errors, weights) ** self.exponent
        if self.divisor is None:
            return means
        whole = np.abs(self.divisor.mean(axis=0))
        return np.divide(means, whole, out=np.where(means > 0, np.inf, 0.0), where=whole > 0)


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)


def _log_reach(divisor: np.ndarray, judged: JudgedPlaces | None, places: float | None, level: float) -> np.ndarray:
    """How far the mean ``[k]`` of what errors are divided by may be off, relative to it: Student's t times its error.

    Rows of one place are taken together; a mean of 0 has no such reach, since nothing can be divided by it.
    """
    from scipy.special import stdtrit

    sums, counts = _by_unit(divisor[:, None], judged)
    units = len(counts) if places is None else max(places, 2.0)
    mean = divisor.mean(axis=0)
    apart = sums[:, 0] - counts[:, None] * mean
    variance = (apart**2).sum(axis=0) / counts.sum() ** 2 * len(counts) / (units - 1)
    return float(stdtrit(units - 1, level)) * _share(np.sqrt(variance), np.abs(mean))


def _drawn_with_unseen(metric: Metric, statistics: np.ndarray, level: float, n_bootstrap: int, seed: int) -> np.ndarray:
    """Upper bound ``[k]`` of what is no mean of rows: its quantile under Dirichlet weights of rows and of one unseen.

    That row has the truth of the worst and `row_ceiling` times its difference.
    """
    truth, predicted, mean = statistics[:, 0], statistics[:, 1], statistics[:, 5]
    at = np.abs(predicted - truth).argmax(axis=0), np.arange(truth.shape[1])
    t = truth[at]
    p = t + row_ceiling(len(truth)) * (predicted[at] - t)
    unseen = np.stack([t, p, t**2, p**2, t * p, mean[0]])
    flat = np.concatenate([statistics, unseen[None]]).reshape(len(statistics) + 1, -1)
    rng = np.random.default_rng(seed)
    draws = np.empty((n_bootstrap, truth.shape[1]))
    for start in range(0, n_bootstrap, _CHUNK):
        weights = rng.standard_exponential((min(_CHUNK, n_bootstrap - start), len(flat)))
        sums = (weights @ flat).reshape(len(weights), *unseen.shape)
        draws[start : start + len(weights)] = metric.combine(sums, weights.sum(axis=1, keepdims=True))
    return np.asarray(np.quantile(draws, level, axis=0, method="higher"))


def _resampled(
    metric: Metric, statistics: np.ndarray, counts: np.ndarray, n_bootstrap: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Error and its lower end ``[k]`` of statistics ``[units, s, k]`` of units that hold ``counts`` rows."""
    units, n_statistics, columns = statistics.shape
    total = statistics.sum(axis=0)
    value = metric.combine(total, counts.sum(keepdims=True))
    if units == 1:
        return value, np.zeros_like(value)
    draws = np.empty((n_bootstrap, columns))
    rng = np.random.default_rng(seed)
    even = np.full(units, 1 / units)
    flat = statistics.reshape(units, -1)
    for start in range(0, n_bootstrap, _CHUNK):
        times = rng.multinomial(units, even, size=min(_CHUNK, n_bootstrap - start)).astype(np.float64)
        sums = (times @ flat).reshape(len(times), n_statistics, columns)
        draws[start : start + len(times)] = metric.combine(sums, (times @ counts)[:, None])
    without = metric.combine(total - statistics, (counts.sum() - counts)[:, None])
    return value, np.minimum(_lower_end(value, draws, without), value)


def _by_unit(statistics: np.ndarray, judged: JudgedPlaces | None) -> tuple[np.ndarray, np.ndarray]:
    """Statistics ``[units, s, k]`` and numbers of rows of each unit that is resampled."""
    if judged is None:
        return statistics, np.ones(len(statistics))
    return by_place(statistics, judged.member, len(judged.names)), np.bincount(judged.member).astype(np.float64)


def _lower_end(value: np.ndarray, draws: np.ndarray, without: np.ndarray, level: float = LEVEL) -> np.ndarray:
    """Lower bound [m] of the bias-corrected and accelerated interval.

    Parameters
    ----------
    value : array [m]
        The error over all rows.
    draws : array [bootstrap draws, m]
    without : array [units, m]
        The error with each unit left out, from which the acceleration is estimated.
    level : float
        One-sided.
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
    shifted = bias + ndtri(1 - level)
    share = ndtr(bias + shifted / np.maximum(1 - acceleration * shifted, 0.1))
    at = np.clip(share * (n_draws - 1), 0, n_draws - 1)
    floor = np.floor(at).astype(np.int64)
    columns = np.arange(draws.shape[1])
    left, right = ordered[floor, columns], ordered[np.minimum(floor + 1, n_draws - 1), columns]
    # Draws whose mean is 0 are infinite: nothing lies between them and a finite one.
    finite = np.isfinite(left) & np.isfinite(right)
    step = np.subtract(right, left, out=np.zeros_like(left), where=finite)
    return np.asarray(np.where(finite, left + (at - floor) * step, left))
