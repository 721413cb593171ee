"""How wrong a map is: one pooled error with its interval, and a summary of where the error lies."""

from __future__ import annotations

from typing import Any

import numpy as np

from frugal.experiments.study import Study
from frugal.experiments.study.need import Metric
from frugal.experiments.study.outputs import Output, defined_cells
from frugal.surrogates.measurement.bootstrap import ErrorInterval, pooled_error


def default_metric(output: Output) -> Metric:
    """Metric of an output without tolerance: nRMSE, but the RMSE of wet cells for a map that has dry ones."""
    return "rmse_defined" if output.has_undefined else "nrmse"


def ever_defined(study: Study, output: Output, truth: np.ndarray) -> np.ndarray:
    """Cells of a map that are wet in at least one of the runs ``truth [n, m]``, ``bool [size]``.

    Parameters
    ----------
    study : Study
    output : Output
        A map of it; each of its cells counts as wet where it cannot be dry.
    truth : array [n, m]
        All outputs side by side: another map may tell where this one is wet.

    Returns
    -------
    array of bool [size]
        Row by row from the first of ``y``.
    """
    return np.asarray(defined_cells(truth, study.outputs, output).any(axis=0))


def covered_columns(study: Study, truth: np.ndarray) -> np.ndarray:
    """Columns ``bool [m]`` that count for the coverage of intervals: cells that are never wet are always covered."""
    return np.concatenate(
        [ever_defined(study, o, truth) if o.is_field else np.ones(o.size, dtype=bool) for o in study.outputs]
    )


def pooled_map_error(
    study: Study,
    output: Output,
    truth: np.ndarray,
    predicted: np.ndarray,
    metric: Metric,
    groups: np.ndarray | None,
    seed: int,
) -> tuple[ErrorInterval, dict[str, Any]]:
    """Error of a map in a metric, and its summary.

    Parameters
    ----------
    study : Study
    output : Output
        A map of it.
    truth, predicted : array [n, m]
        All outputs of the study side by side.
    metric : str
        ``rmse_defined`` is pooled over the cells ever wet in the truth, ``rmse`` and ``nrmse`` over all cells.
    groups, seed
        As for `pooled_error`.

    Returns
    -------
    interval : ErrorInterval
    summary : dict
        ``cells``, ``cells_wet``; percentiles of the RMSE of single cells among those that count, the worst of them, the mean
        of predicted minus true (``bias``), and where cells can be dry the critical success index of wetness: cells wet in
        both over cells wet in either.
    """
    columns = study.output_slices()[output.name]
    t, p = truth[:, columns], predicted[:, columns]
    wet = ever_defined(study, output, truth)
    cells = _counted(study, output, truth, metric)
    interval = pooled_error(t, p, cells, relative=metric == "nrmse", groups=groups, seed=seed)
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
    return interval, summary


def map_error_value(
    study: Study, output: Output, truth: np.ndarray, predicted: np.ndarray, metric: Metric
) -> np.ndarray:
    """The pooled error alone ``[1]``, without interval.

    Parameters
    ----------
    study, output, truth, predicted, metric
        As for `pooled_map_error`.

    Returns
    -------
    array [1]
        In the unit of the map; without unit for ``nrmse``.
    """
    columns, cells = study.output_slices()[output.name], _counted(study, output, truth, metric)
    t, p = truth[:, columns], predicted[:, columns]
    return pooled_error(t, p, cells, relative=metric == "nrmse", n_bootstrap=1).value


def floor_and_regression(
    study: Study, truth: np.ndarray, projected: np.ndarray, predicted: np.ndarray
) -> dict[str, dict[str, Any]]:
    """By map, in the metric of its tolerance: the error of the modes alone, and of the prediction beside what they can tell.

    Parameters
    ----------
    study : Study
    truth, projected, predicted : array [n, m]
        Held-out runs, the same through the modes and back, and what was predicted of them.
    """
    found: dict[str, dict[str, Any]] = {}
    for output in study.outputs:
        if not output.is_field:
            continue
        tolerance = study.need.tolerances.get(output.name)
        metric = tolerance.metric if tolerance else default_metric(output)
        columns, cells = study.output_slices()[output.name], _counted(study, output, truth, metric)

        def error(of: np.ndarray, against: np.ndarray, columns: Any = columns, cells: np.ndarray = cells) -> float:
            """RMSE over all runs and the cells that count, in the unit of the map; 0 where no cell counts.

            Parameters
            ----------
            of, against : array [n, m]
                All outputs side by side.
            columns, cells
                Of the map at hand: where it stands in ``m``, and which of its cells count.
            """
            if not cells.any():
                return 0.0
            return float(np.sqrt(np.mean((of - against)[:, columns][:, cells] ** 2)))

        scale = 1.0
        if metric == "nrmse":
            scale = abs(float(truth[:, columns].mean())) or 1.0
        found[output.name] = {
            "metric": metric,
            "projection_floor": error(projected, truth) / scale,
            "regression": error(predicted, projected) / scale,
        }
    return found


def _counted(study: Study, output: Output, truth: np.ndarray, metric: Metric) -> np.ndarray:
    return (
        ever_defined(study, output, truth)
        if metric in ("rmse_defined", "rmse_wet")
        else np.ones(output.size, dtype=bool)
    )


def critical_success_index(truth: np.ndarray, predicted: np.ndarray) -> float:
    """Cells wet in both over cells wet in either, of arrays of truth values; 1 where nothing is wet in either."""
    either = int((truth | predicted).sum())
    return float((truth & predicted).sum() / either) if either else 1.0
