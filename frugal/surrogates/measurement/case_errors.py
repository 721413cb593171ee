"""Errors of single held-out cases: a root mean square over all of them bounds none of them."""

from __future__ import annotations

import math

import numpy as np

from frugal.candidates.case_errors import FEWEST_FOR_SHARE, CaseErrors
from frugal.experiments.metrics.registry import Metric, metric_of
from frugal.experiments.metrics.sample import Sample

#: A true value below this part of the mean is too little to hold an error of its own case against.
LEAST_SHARE_OF_MEAN = 0.01
#: Metrics whose second sum is a number of what counts: of none there is no error.
_COUNTED = ("rmse_defined", "peak_error", "timing_error", "kge")


def case_errors(metric: Metric, sample: Sample, pooled: bool) -> CaseErrors | None:
    """How far single cases are off.

    A metric that is a share is taken of each case alone: an error of 4 kWh is 4 % of a case whose true value is 100 kWh,
    whatever the others have; but over the spread of all, which one case does not have. Where a true value is about zero, and
    where a metric compares runs with each other, cases are told by their root mean square in the unit of the output.

    Parameters
    ----------
    metric : Metric
        Of the tolerance.
    sample : Sample
        Truth and prediction of the held-out cases.
    pooled : bool
        A case has one error of all its elements together; else its error is that of its worst element.

    Returns
    -------
    CaseErrors or None
        None where no case has an error in the metric.
    """
    each = _each(metric, sample, pooled)
    if each is None:
        metric = metric_of("rmse_defined" if sample.counted is not None else "rmse")
        each = _each(metric, sample, pooled)
    if each is None:
        return None
    worst = np.max(np.where(np.isnan(each), -math.inf, each), axis=1)
    known = np.sort(worst[worst > -math.inf])
    if not len(known):
        return None
    # the least order statistic that nine cases in ten do not exceed: interpolation would be below it
    within = float(known[math.ceil(0.9 * len(known) - 1e-9) - 1]) if len(known) >= FEWEST_FOR_SHARE else None
    return CaseErrors(metric.name, len(known), each.shape[1], within, float(known[-1]))


def _each(metric: Metric, sample: Sample, pooled: bool) -> np.ndarray | None:
    """Error of each case and column ``[n, k]``; NaN where a column has none, None where the metric says nothing of cases."""
    if metric.scale == "score" and not sample.has_series:
        return None
    statistics = metric.statistics(sample, pooled)
    if metric.is_over_spread:
        statistics = np.stack(
            [statistics[:, 0], np.broadcast_to(statistics[:, 1].mean(axis=0), statistics[:, 1].shape)], axis=1
        )
    each = np.asarray(metric.combine(statistics, np.ones((len(statistics), 1))), dtype=float)
    if metric.name in _COUNTED:
        each = np.where(statistics[:, 1] > 0, each, np.nan)
    if metric.scale == "share" and metric.second == "divisor":
        whole = np.abs(statistics[:, 1])
        if (whole < LEAST_SHARE_OF_MEAN * whole.mean(axis=0)).any():
            return None
    return None if np.isinf(each).any() else each
