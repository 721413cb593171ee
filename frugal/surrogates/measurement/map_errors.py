"""How wrong a field is: what a metric is taken of, a summary of where the error lies, and what its modes can tell."""

from __future__ import annotations

from typing import Any

import numpy as np

from frugal.experiments.metrics.meaning import doubt_about_mean
from frugal.experiments.metrics.registry import Metric, metric_of
from frugal.experiments.metrics.sample import Sample
from frugal.experiments.study import Study
from frugal.experiments.study.outputs import Output, defined_cells


def default_metric(output: Output, truth: np.ndarray) -> str:
    """Metric of an output without tolerance, from its true values ``[n, size]``.

    nRMSE, but the RMSE of what is defined where elements may be undefined, and that over the standard deviation where a mean
    says nothing.
    """
    if output.has_undefined:
        return "rmse_defined"
    doubt = doubt_about_mean(output.by_time(truth), output.is_field)
    return "nrmse" if doubt is None else "nrmse_std"


def metric_for(study: Study, output: Output, truth: np.ndarray) -> tuple[str, bool]:
    """Name of the metric that an output is judged in, and whether its elements are pooled.

    Parameters
    ----------
    study : Study
        Its need says so, or else `default_metric`.
    output : Output
    truth : array [n, m]
        All outputs side by side.
    """
    tolerance = study.need.tolerances.get(output.name)
    if tolerance is not None:
        return tolerance.metric, tolerance.pools(output.is_field)
    return default_metric(output, truth[:, study.output_slices()[output.name]]), output.is_field


def sample_of(study: Study, output: Output, truth: np.ndarray, predicted: np.ndarray) -> Sample:
    """One output of several runs, as metrics take it.

    Parameters
    ----------
    study : Study
    output : Output
        One of it.
    truth, predicted : array [n, m]
        All outputs of the study side by side: another output may tell where this one is defined.
    """
    columns = study.output_slices()[output.name]
    t, p = output.by_time(truth[:, columns]), output.by_time(predicted[:, columns])
    times = output.time.values if output.time is not None else ()
    if not output.has_undefined:
        return Sample(t, p, times)
    masks = [output.by_time(defined_cells(values, study.outputs, output)) for values in (truth, predicted)]
    return Sample(t, p, times, np.any(masks[0], axis=0), (masks[0], masks[1]))


def error_value(study: Study, output: Output, truth: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Error of an output in its metric ``[k]``, without interval; one number where it is pooled.

    Parameters
    ----------
    study, output, truth, predicted
        As for `sample_of`.
    """
    name, pooled = metric_for(study, output, truth)
    return metric_of(name).value(sample_of(study, output, truth, predicted), pooled)


def ever_defined(study: Study, output: Output, truth: np.ndarray) -> np.ndarray:
    """Elements of an output that are defined in at least one of the runs ``truth [n, m]``, ``bool [size]``.

    Parameters
    ----------
    study : Study
    output : Output
        One of it; each of its elements counts where none may be undefined.
    truth : array [n, m]
        All outputs side by side: another one may tell where this one is defined.

    Returns
    -------
    array of bool [size]
        Row by row.
    """
    return np.asarray(defined_cells(truth, study.outputs, output).any(axis=0))


def covered_columns(study: Study, truth: np.ndarray) -> np.ndarray:
    """Columns ``bool [m]`` that count for the coverage of intervals: what is never defined is always covered."""
    return np.concatenate(
        [ever_defined(study, o, truth) if o.is_field else np.ones(o.size, dtype=bool) for o in study.outputs]
    )


def field_summary(
    study: Study, output: Output, truth: np.ndarray, predicted: np.ndarray, metric: Metric
) -> dict[str, Any]:
    """Where the error of a field lies.

    Parameters
    ----------
    study : Study
    output : Output
        A field of it.
    truth, predicted : array [n, m]
        All outputs of the study side by side.
    metric : Metric
        Those of what is defined leave out elements that are never defined in the truth; the others count all elements.

    Returns
    -------
    dict
        ``cells``, ``cells_wet``: its elements, and those that are ever defined; percentiles of the RMSE of single elements
        among those that count, the worst of them, the mean of predicted minus true (``bias``), and where elements may be
        undefined the critical success index: defined in both over defined in either.
    """
    columns = study.output_slices()[output.name]
    t, p = truth[:, columns], predicted[:, columns]
    wet = ever_defined(study, output, truth)
    cells = wet if metric.needs_undefined else np.ones(output.size, dtype=bool)
    by_cell = np.sqrt(np.mean((p - t) ** 2, axis=0))
    summary: dict[str, Any] = {"cells": output.size, "cells_wet": int(wet.sum()), "worst_cell": None}
    if cells.any():
        counted = by_cell[cells]
        for name, q in (("p50", 50), ("p90", 90), ("p95", 95), ("max", 100)):
            summary[f"cell_rmse_{name}"] = float(np.percentile(counted, q))
        summary["worst_cell"] = output.element(int(np.flatnonzero(cells)[np.argmax(counted)]))
        summary["bias"] = float((p - t)[:, cells].mean())
    if output.has_undefined:
        summary["csi"] = critical_success_index(
            defined_cells(truth, study.outputs, output), defined_cells(predicted, study.outputs, output)
        )
    return summary


def floor_and_regression(
    study: Study, truth: np.ndarray, projected: np.ndarray, predicted: np.ndarray
) -> dict[str, dict[str, Any]]:
    """By field, in the metric of its tolerance: the error of the modes alone, and of the prediction beside what they can tell.

    Parameters
    ----------
    study : Study
    truth, projected, predicted : array [n, m]
        Held-out runs, the same through the modes and back, and what was predicted of them.

    Returns
    -------
    dict
        A metric that is no root mean square, over something or not, gives way to ``rmse``.
    """
    found: dict[str, dict[str, Any]] = {}
    for output in study.outputs:
        if not output.is_field:
            continue
        name, _ = metric_for(study, output, truth)
        if metric_of(name).divisor is None:
            name = "rmse_defined" if output.has_undefined else "rmse"
        columns, metric = study.output_slices()[output.name], metric_of(name)
        cells = ever_defined(study, output, truth) if metric.needs_undefined else np.ones(output.size, dtype=bool)
        true, through, answered = (values[:, columns] for values in (truth, projected, predicted))
        scale = (metric.divisor(true) if metric.divisor is not None else 1.0) or 1.0
        found[output.name] = {
            "metric": name,
            "projection_floor": _root_mean_square((through - true)[:, cells]) / scale,
            "regression": _root_mean_square((answered - through)[:, cells]) / scale,
        }
    return found


def _root_mean_square(error: np.ndarray) -> float:
    """Over all of an array; 0 of none."""
    return float(np.sqrt(np.mean(error**2))) if error.size else 0.0


def critical_success_index(truth: np.ndarray, predicted: np.ndarray) -> float:
    """Elements defined in both over those in either, of arrays of truth values; 1 where nothing is defined in either."""
    either = int((truth | predicted).sum())
    return float((truth & predicted).sum() / either) if either else 1.0
