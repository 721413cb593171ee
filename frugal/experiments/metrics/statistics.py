"""Sums of each run that add up to the sums of several runs, whatever runs these are: what bootstraps resample.

A function gives ``[n, statistics, columns]`` of a `Sample`; one column where errors are pooled, else one for each element,
each place (of metrics of a series) or each time (of an area).
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

from frugal.experiments.metrics.sample import Sample, by_column

#: A mean below this part of the root mean square is rounding, and nothing can be divided by it.
ZERO_MEAN = 1e-9
#: An error below this part of the largest value of the output is rounding.
NEGLIGIBLE = 1e-6
#: The constant inside a logarithm, as a part of the mean: a hundredth (Pushpalatha et al. 2012).
LOG_CONSTANT = 0.01
#: What is predicted where only positive values may be, and is not, counts as this part of the smallest true one.
LOG_FLOOR = 1e-3


def only_of_numbers(
    statistics: Callable[[Sample, bool], np.ndarray],
) -> Callable[[Sample, bool], np.ndarray]:
    """The same statistics, but NaN of runs that hold a value which is no finite number, true or predicted."""

    @functools.wraps(statistics)
    def guarded(sample: Sample, pooled: bool) -> np.ndarray:
        whole = np.isfinite(sample.truth).all(axis=(1, 2)) & np.isfinite(sample.predicted).all(axis=(1, 2))
        if whole.all():
            return statistics(sample, pooled)
        with np.errstate(all="ignore"):
            found = np.array(statistics(sample, pooled), dtype=float)
        found[~whole] = np.nan
        return found

    return guarded


def missing_where_missing(
    combine: Callable[[np.ndarray, np.ndarray], np.ndarray],
) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """The same error, but NaN where one of the sums is: a comparison with NaN is false, and would make an error of 0."""

    @functools.wraps(combine)
    def guarded(sums: np.ndarray, n: np.ndarray) -> np.ndarray:
        missing = np.isnan(sums).any(axis=-2)
        if not missing.any():
            return combine(sums, n)
        with np.errstate(all="ignore"):
            return np.where(missing, np.nan, combine(sums, n))

    return guarded


def squares(sample: Sample, pooled: bool) -> np.ndarray:
    """Mean squared error ``[n, 1, k]``."""
    return _squares(sample, pooled)[:, None]


def squares_of_defined(sample: Sample, pooled: bool) -> np.ndarray:
    """Squared error of the elements that are defined in at least one true run, and their number ``[n, 2, k]``."""
    return _counted(
        (sample.predicted - sample.truth) ** 2, np.broadcast_to(sample.counts, sample.truth.shape), sample, pooled
    )


def squares_and_mean(sample: Sample, pooled: bool) -> np.ndarray:
    """Mean squared error and mean of the truth ``[n, 2, k]``.

    A mean that is rounding is 0; and an error of it that is rounding too.
    """
    error, truth = _squares(sample, pooled), by_column(sample.truth, pooled)
    size = np.sqrt((truth**2).mean(axis=(0, 1)))
    mean = truth.mean(axis=1)
    zero = np.abs(mean.mean(axis=0)) <= ZERO_MEAN * size
    return np.stack([_without_rounding(error, zero, size.max()), np.where(zero, 0.0, mean)], axis=1)


def squares_and_range(sample: Sample, pooled: bool) -> np.ndarray:
    """Mean squared error, and largest less smallest true value of all runs ``[n, 2, k]``."""
    truth = by_column(sample.truth, pooled)
    spread = truth.max(axis=(0, 1)) - truth.min(axis=(0, 1))
    error = _without_rounding(_squares(sample, pooled), spread == 0, np.abs(truth).max())
    return np.stack([error, np.broadcast_to(spread, error.shape)], axis=1)


def squares_and_deviation(sample: Sample, pooled: bool) -> np.ndarray:
    """Mean squared error, and what each run adds to the standard deviation of the truth ``[n, 2, k]``.

    The second has the standard deviation of all runs as its mean, and varies as much as runs move it: its influence function
    beside it, so that bounds and bootstraps know how well it is known.
    """
    truth = by_column(sample.truth, pooled)
    away = (truth - truth.mean(axis=(0, 1))) ** 2
    deviation = np.sqrt(away.mean(axis=(0, 1)))
    size = np.abs(truth).max()
    none = deviation <= ZERO_MEAN * size
    moved = np.divide(away.mean(axis=1), 2 * deviation, out=np.zeros((len(truth), truth.shape[2])), where=~none)
    error = _without_rounding(_squares(sample, pooled), none, size)
    return np.stack([error, np.where(none, 0.0, deviation / 2 + moved)], axis=1)


def squares_of_logarithms(sample: Sample, pooled: bool) -> np.ndarray:
    """Mean squared error of natural logarithms ``[n, 1, k]``.

    What is predicted at or below 0 has none, and counts as `LOG_FLOOR` times the smallest true value of its column.
    """
    truth, predicted = (by_column(values, pooled) for values in (sample.truth, sample.predicted))
    with np.errstate(divide="ignore", invalid="ignore"):
        floor = LOG_FLOOR * truth.min(axis=(0, 1))
        error = (np.log(np.maximum(predicted, floor)) - np.log(truth)) ** 2
    return np.asarray(error.mean(axis=1))[:, None]


def squares_and_spread(sample: Sample, pooled: bool) -> np.ndarray:
    """Sums of squared errors and of squared distances of the truth from its mean ``[n, 2, k]``.

    The mean is that of each series; without a time axis that of each element over all runs.
    """
    mean = sample.truth.mean(axis=1 if sample.has_series else 0, keepdims=True)
    error, spread = (sample.predicted - sample.truth) ** 2, (sample.truth - mean) ** 2
    return np.stack([_summed(error, pooled), _summed(spread, pooled)], axis=1)


def squares_and_spread_of_logarithms(sample: Sample, pooled: bool) -> np.ndarray:
    """`squares_and_spread` of the logarithms; what is predicted below 0 counts as 0."""
    mean = sample.truth.mean(axis=(0, 1))
    mean = np.where(mean > 0, mean, max(float(mean.mean()), 0.0) or 1.0)
    truth, predicted = (
        np.log(np.maximum(values, 0.0) + LOG_CONSTANT * mean) for values in (sample.truth, sample.predicted)
    )
    return squares_and_spread(Sample(truth, predicted, sample.times), pooled)


def distances_to_perfect(sample: Sample, pooled: bool) -> np.ndarray:
    """Kling-Gupta distances of series and their number ``[n, 2, k]``; without a time axis the moments of the runs.

    A series whose truth never varies has no distance and does not count.
    """
    if not sample.has_series:
        return moments(sample)
    parts = [sample.truth - sample.truth.mean(axis=1, keepdims=True)]
    parts.append(sample.predicted - sample.predicted.mean(axis=1, keepdims=True))
    deviations = [np.sqrt((part**2).mean(axis=1)) for part in parts]
    means = [sample.truth.mean(axis=1), sample.predicted.mean(axis=1)]
    counts = (deviations[0] > 0) & (means[0] != 0)
    found = kling_gupta_distance(means, deviations, (parts[0] * parts[1]).mean(axis=1))
    return _counted(found[:, None], counts[:, None], sample, pooled)


def moments(sample: Sample) -> np.ndarray:
    """Of each element over runs ``[n, 6, k]``: true and predicted less the true mean, their squares and product, the mean."""
    truth, predicted = (by_column(values, False)[:, 0] for values in (sample.truth, sample.predicted))
    mean = truth.mean(axis=0)
    t, p = truth - mean, predicted - mean
    return np.stack([t, p, t**2, p**2, t * p, np.broadcast_to(mean, t.shape)], axis=1)


def squares_of_peaks(sample: Sample, pooled: bool) -> np.ndarray:
    """Squared error of the largest value over time, and number of places that are defined at some time ``[n, 2, k]``."""
    error = (sample.predicted.max(axis=1, keepdims=True) - sample.truth.max(axis=1, keepdims=True)) ** 2
    return _counted(error, np.broadcast_to(sample.counts.any(axis=0), error.shape), sample, pooled)


def squares_of_peak_times(sample: Sample, pooled: bool) -> np.ndarray:
    """Squared error of the time of the first largest value and number of series ``[n, 2, k]``.

    A series whose truth never varies has no peak and does not count.
    """
    times = np.asarray(sample.times, dtype=float)
    error = (times[sample.predicted.argmax(axis=1)] - times[sample.truth.argmax(axis=1)]) ** 2
    counts = (np.ptp(sample.truth, axis=1) > 0) & sample.counts.any(axis=0)
    return _counted(error[:, None], counts[:, None], sample, pooled)


def squares_of_areas(sample: Sample, pooled: bool) -> np.ndarray:
    """Squared error of the number of defined elements, and the true number ``[n, 2, k]``.

    Cells of a grid are of one size, so that the share that is wrong is the same in numbers and in areas.
    """
    everywhere = np.ones(sample.truth.shape, dtype=bool)
    truth, predicted = (
        by_column(np.sum(mask, axis=2, keepdims=True, dtype=float), pooled)
        for mask in sample.defined or (everywhere, everywhere)
    )
    return np.stack([((predicted - truth) ** 2).mean(axis=1), truth.mean(axis=1)], axis=1)


# ---------------------------------------------------------------------------------- From sums to an error


def root_mean(sums: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Root of the mean square; ``sums [..., 1, k]`` of ``n [..., 1]`` runs."""
    return np.sqrt(np.maximum(sums[..., 0, :], 0.0) / n)


def root_mean_over_mean(sums: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Root of the mean square over the size of a mean; ``sums [..., 2, k]`` of ``n [..., 1]`` runs."""
    return _ratio(root_mean(sums, n), np.abs(sums[..., 1, :]) / n)


def ratio_of_sums(sums: np.ndarray, n: np.ndarray) -> np.ndarray:
    """First sum over the second; ``sums [..., 2, k]``."""
    return _ratio(sums[..., 0, :], sums[..., 1, :])


def root_of_ratio(sums: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Root of the first sum over the second; ``sums [..., 2, k]``."""
    return np.sqrt(ratio_of_sums(sums, n))


def mean_distance(sums: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Mean Kling-Gupta distance of series, or the one that the moments of runs give; ``sums [..., 2 or 6, k]``."""
    if sums.shape[-2] == 2:
        return ratio_of_sums(sums, n)
    t, p, tt, pp, tp, mean = (sums[..., j, :] / n for j in range(6))
    variances = [np.maximum(tt - t**2, 0.0), np.maximum(pp - p**2, 0.0)]
    varies = variances[0] > 1e-12 * np.maximum(tt, np.finfo(float).tiny)
    means = [t + mean, p + mean]
    found = kling_gupta_distance(means, [np.sqrt(v) for v in variances], tp - t * p)
    apart = tt + pp - 2 * tp > NEGLIGIBLE**2 * (tt + pp)
    return np.where(varies & (means[0] != 0), found, np.where(apart, np.inf, 0.0))


def kling_gupta_distance(means: list[np.ndarray], deviations: list[np.ndarray], covariance: np.ndarray) -> np.ndarray:
    """What the efficiency of Gupta et al. (2009) lacks to 1: the distance of correlation and ratios from 1.

    Parameters
    ----------
    means, deviations : list of two arrays
        Of truth and prediction; where those of the truth are 0, the result says nothing.
    covariance : array
        A prediction that never varies has the correlation 0.
    """

    def over(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
        return np.divide(part, whole, out=np.zeros_like(part), where=whole != 0)

    correlation = np.clip(over(covariance, deviations[0] * deviations[1]), -1.0, 1.0)
    spread, bias = over(deviations[1], deviations[0]), over(means[1], means[0])
    return np.asarray(np.sqrt((correlation - 1) ** 2 + (spread - 1) ** 2 + (bias - 1) ** 2))


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Nothing over nothing is 0, anything else over nothing infinite."""
    return np.divide(part, whole, out=np.where(part > 0, np.inf, 0.0), where=whole > 0)


def _squares(sample: Sample, pooled: bool) -> np.ndarray:
    return np.asarray((by_column(sample.predicted - sample.truth, pooled) ** 2).mean(axis=1))


def _summed(values: np.ndarray, pooled: bool) -> np.ndarray:
    """Sums over time ``[n, places]``, or over time and places ``[n, 1]``."""
    found = values.sum(axis=1)
    return np.asarray(found.sum(axis=1, keepdims=True) if pooled else found)


def _counted(values: np.ndarray, counts: np.ndarray, sample: Sample, pooled: bool) -> np.ndarray:
    """Sums of the values that count ``[n, a, b]``, beside their number ``[n, 2, k]``; a column without any has the error 0.

    Where nothing counts at all, an answer that is right everywhere has the error 0, and any other one an error without bound.
    """
    parts = (np.where(counts, values, 0.0), counts.astype(float))
    found = np.stack([by_column(part, pooled).sum(axis=1) for part in parts], axis=1)
    if not counts.any():
        largest = np.abs(sample.truth).max()
        found[:, 0] = np.abs(sample.predicted - sample.truth).max() > NEGLIGIBLE * largest
    return found


def _without_rounding(error: np.ndarray, where: np.ndarray, size: float) -> np.ndarray:
    """Squared errors ``[n, k]``; 0 for the columns ``where`` they are no more than rounding of the size of the output."""
    return np.where(where & (np.sqrt(error.mean(axis=0)) <= NEGLIGIBLE * size), 0.0, error)
