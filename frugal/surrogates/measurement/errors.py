"""Errors of answers on the held-out runs, with their bounds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from frugal.candidates.row import CandidateRow, OutputError
from frugal.experiments.runs.store import Runs
from frugal.experiments.study import Output, Study, Tolerance
from frugal.metering.meter import Meter
from frugal.surrogates.ladder.answering import Answering
from frugal.surrogates.measurement.map_errors import (
    covered_columns,
    default_metric,
    floor_and_regression,
    pooled_map_error,
)


def judge(
    study: Study, row: CandidateRow, answering: Answering, held_out: Runs, meter: Meter, seed: int
) -> CandidateRow | str:
    """Errors and interval coverage of one candidate on the held-out runs.

    Parameters
    ----------
    study : Study
    row : CandidateRow
        What is known of the candidate.
    answering : Answering
        What is exact (the full physics) is not asked: its errors are 0.
    held_out : Runs
    meter : Meter
        Books the asking under ``evaluation`` and the name of the candidate.
    seed : int
        Of the bootstrap.

    Returns
    -------
    CandidateRow or str
        The row with its errors. ``interval_coverage`` is the share of all elements within the interval, cells that are never
        wet left out; the log of a candidate that answers with modes of maps gets what the modes get wrong. What was raised, as
        a text, where asking failed.
    """
    with meter.stage("evaluation", answering.name):
        if answering.exact:
            exact = {o.name: _no_error(o, study.need.tolerances.get(o.name)) for o in study.outputs}
            return replace(row, errors=exact, error_met=True, interval_coverage=None)
        try:
            predicted = answering.predict(held_out.inputs, held_out.object_ids)
        except MemoryError:
            raise
        except Exception as fault:  # whatever one candidate raises, the others are judged
            return f"{type(fault).__name__}: {fault}"
        groups = held_out.places if len(np.unique(held_out.places)) > 1 else None
        errors = output_errors(study, held_out.outputs, predicted, groups, seed)
        coverage, log = None, row.log
        if answering.half_width is not None:
            inside = np.abs(held_out.outputs - predicted) <= answering.half_width + 1e-12
            coverage = float(inside[:, covered_columns(study, held_out.outputs)].mean())
        if answering.project is not None:
            projected = answering.project(held_out.outputs)
            floors = floor_and_regression(study, held_out.outputs, projected, predicted)
            log = {**log, "held_out_maps": floors}
        met = all(error.met for error in errors.values())
        return replace(row, errors=errors, error_met=met, interval_coverage=coverage, log=log)


def output_errors(
    study: Study, truth: np.ndarray, predicted: np.ndarray, groups: np.ndarray | None, seed: int
) -> dict[str, OutputError]:
    """Error of every output, with its interval, against the study's tolerances.

    Parameters
    ----------
    study : Study
    truth, predicted : array [n, m]
        All outputs side by side, in physical units.
    groups : array [n], optional
        Place of each run; whole places are resampled where there are several.
    seed : int
        Of the bootstrap.

    Returns
    -------
    dict of str to OutputError
        By name of the output, those without a tolerance too.
    """
    from frugal.surrogates.measurement.bootstrap import error_with_interval

    errors = {}
    for output, (name, columns) in zip(study.outputs, study.output_slices().items(), strict=True):
        tolerance = study.need.tolerances.get(name)
        if output.is_field:
            errors[name] = map_error(study, output, truth, predicted, groups, seed)
            continue
        metric = tolerance.metric if tolerance else "nrmse"
        assert metric not in ("rmse_defined", "rmse_wet")
        found = error_with_interval(truth[:, columns], predicted[:, columns], metric, groups=groups, seed=seed)
        worst = int(np.argmax(found.value))
        errors[name] = OutputError(
            metric=metric,
            value=float(found.value[worst]),
            low=float(found.low[worst]),
            high=float(np.max(found.high)),
            elements=tuple(float(v) for v in found.value),
            worst_element=output.element(worst) or None,
            tolerance=tolerance.limit if tolerance else None,
        )
    return errors


def map_error(
    study: Study, output: Output, truth: np.ndarray, predicted: np.ndarray, groups: np.ndarray | None, seed: int
) -> OutputError:
    """Error of one map, pooled over its cells.

    Parameters
    ----------
    study : Study
    output : Output
        The map.
    truth, predicted, groups, seed
        As for `output_errors`: wetness may be told by another map than this one.
    """
    tolerance = study.need.tolerances.get(output.name)
    metric = tolerance.metric if tolerance else default_metric(output)
    found, summary = pooled_map_error(study, output, truth, predicted, metric, groups, seed)
    value, low, high = (float(bound[0]) for bound in (found.value, found.low, found.high))
    limit = tolerance.limit if tolerance else None
    return OutputError(metric, value, low, high, (), summary["worst_cell"], limit, summary)


def _no_error(output: Output, tolerance: Tolerance | None) -> OutputError:
    metric = tolerance.metric if tolerance else default_metric(output)
    limit = tolerance.limit if tolerance else None
    elements = () if output.is_field else (0.0,) * output.size
    return OutputError(metric, 0.0, 0.0, 0.0, elements, None, limit)
