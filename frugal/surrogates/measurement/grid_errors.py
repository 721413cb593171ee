r"""What the grid of a solver errs by, from the same runs on three widths of cells.

With the answers :math:`f_{2h}, f_h, f_{h/2}` the observed order is :math:`p = \log_2 (|f_{2h} - f_h| / |f_h - f_{h/2}|)`. What
the cells of the study err by is the difference from the finer ones; where :math:`0.7 \le p \le 2.2` and both differences go the
same way, the error that is left on those is added as Richardson's extrapolation has it: times :math:`2^p / (2^p - 1)`.
"""

from __future__ import annotations

import math

import numpy as np

from frugal.candidates.grid_error import ORDERS, GridError, Plain
from frugal.experiments.metrics.registry import Metric, metric_of
from frugal.experiments.study import Output, Study
from frugal.surrogates.measurement.map_errors import metric_for, sample_of


def grid_errors(study: Study, default: np.ndarray, finer: np.ndarray, coarser: np.ndarray) -> dict[str, GridError]:
    """Grid error of every output, in the metric of its tolerance.

    Parameters
    ----------
    study : Study
    default, finer, coarser : array [n, m]
        All outputs side by side, of the same runs on cells of the study, half and twice as wide. Rows of the coarser ones that
        are NaN tell no order.

    Returns
    -------
    dict of str to GridError
        By name of the output, those without a tolerance too.
    """
    return {output.name: _grid_error(study, output, default, finer, coarser) for output in study.outputs}


def _grid_error(study: Study, output: Output, default: np.ndarray, finer: np.ndarray, coarser: np.ndarray) -> GridError:
    name, pooled = metric_for(study, output, finer)
    metric, columns = metric_of(name), study.output_slices()[output.name]

    def error(predicted: np.ndarray, truth: np.ndarray) -> float:
        return float(np.max(metric.value(sample_of(study, output, truth, predicted), pooled)))

    difference = error(default, finer)
    seen = np.isfinite(coarser).all(axis=1)
    order: float | None = None
    plain: Plain = "no_coarser"
    if difference == 0:
        plain = "no_difference"
    elif seen.any():
        first, second = coarser[seen] - default[seen], default[seen] - finer[seen]
        if _is_plain_mean_square(metric):
            sizes = [math.sqrt(float(np.mean(part[:, columns] ** 2))) for part in (first, second)]
        else:
            sizes = [error(coarser[seen], default[seen]), error(default[seen], finer[seen])]
        order = math.log2(sizes[0] / sizes[1]) if all(0 < size < math.inf for size in sizes) else None
        # of times, differences of the values do not tell whether they fall or swing
        same_way = metric.scale == "time" or float(np.sum(first[:, columns] * second[:, columns])) > 0
        plain = _why_plain(metric, order, same_way)
    factor = 1.0 if plain or order is None else 2.0**order / (2.0**order - 1.0)
    tolerance = study.need.tolerances.get(output.name)
    means = {}
    if output.size == 1:
        told = {"coarser": coarser[seen], "default": default, "finer": finer}
        means = {cells: float(values[:, columns].mean()) for cells, values in told.items() if len(values)}
    return GridError(
        metric=name,
        value=difference * factor,
        difference=difference,
        cases=len(default),
        order=order,
        plain=plain,
        tolerance=None if tolerance is None else tolerance.error_allowed,
        means=means,
    )


def _is_plain_mean_square(metric: Metric) -> bool:
    """Its size is that of the differences themselves, but for what it is divided by."""
    return metric.divisor is not None and not metric.needs_undefined


def _why_plain(metric: Metric, order: float | None, same_way: bool) -> Plain:
    if metric.is_score:
        return "score"
    if order is None or not ORDERS[0] <= order <= ORDERS[1]:
        return "order"
    return "" if same_way else "not_one_way"
