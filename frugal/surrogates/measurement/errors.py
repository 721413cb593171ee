"""Errors of answers on the held-out runs, with their bounds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from frugal.candidates.output_error import OutputError
from frugal.candidates.row import CandidateRow
from frugal.experiments.metrics.registry import metric_of
from frugal.experiments.runs.store import Runs
from frugal.experiments.study import Output, Study
from frugal.metering.meter import Meter
from frugal.surrogates.ladder.answering import Answering
from frugal.surrogates.measurement.map_errors import (
    covered_columns,
    error_value,
    field_summary,
    floor_and_regression,
    metric_for,
    sample_of,
)
from frugal.surrogates.measurement.places import groups_of

#: Errors of more places than these are not written one by one.
MOST_PLACES = 100


def judge(
    study: Study,
    row: CandidateRow,
    answering: Answering,
    held_out: Runs,
    meter: Meter,
    seed: int,
    noise: Mapping[str, OutputError] | None = None,
) -> CandidateRow | str:
    """Errors and interval coverage of one candidate on the held-out runs.

    Parameters
    ----------
    study : Study
    row : CandidateRow
        What is known of the candidate.
    answering : Answering
        What is exact (the full physics) is not asked: its errors are 0, or the noise of the solver.
    held_out : Runs
    meter : Meter
        Books the asking under ``evaluation`` and the name of the candidate.
    seed : int
        Of the bootstrap.
    noise : mapping of str to OutputError, optional
        By output, what the solver answers differently when it is asked again; no error is told to be less.

    Returns
    -------
    CandidateRow or str
        The row with its errors. ``interval_coverage`` is the share of all elements within the interval, those that are never
        defined left out; the log of a candidate that answers with modes of fields gets what the modes get wrong. What was
        raised, as a text, where asking failed.
    """
    with meter.stage("evaluation", answering.name):
        if answering.exact:
            exact = {o.name: _no_error(study, o, held_out.outputs, noise or {}) for o in study.outputs}
            met = all(error.met for error in exact.values())
            return replace(row, errors=exact, error_met=met, interval_coverage=None)
        try:
            predicted = answering.predict(held_out.inputs, held_out.object_ids)
        except MemoryError:
            raise
        except Exception as fault:  # whatever one candidate raises, the others are judged
            return f"{type(fault).__name__}: {fault}"
        errors = output_errors(study, held_out.outputs, predicted, groups_of(held_out), seed)
        errors = {name: above_noise(error, (noise or {}).get(name)) for name, error in errors.items()}
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
        Place of each run, as `groups_of` gives it.
    seed : int
        Of the bootstrap.

    Returns
    -------
    dict of str to OutputError
        By name of the output, those without a tolerance too.
    """
    return {output.name: output_error(study, output, truth, predicted, groups, seed) for output in study.outputs}


def output_error(
    study: Study, output: Output, truth: np.ndarray, predicted: np.ndarray, groups: np.ndarray | None, seed: int
) -> OutputError:
    """Error of one output: pooled over its elements, or that of its worst one.

    Parameters
    ----------
    study : Study
    output : Output
        One of it.
    truth, predicted, groups, seed
        As for `output_errors`: another output may tell where this one is defined.
    """
    from frugal.surrogates.measurement.bootstrap import interval_of

    name, pooled = metric_for(study, output, truth)
    metric = metric_of(name)
    found = interval_of(metric, sample_of(study, output, truth, predicted), pooled, groups=groups, seed=seed)
    worst = int(np.argmax(found.value))
    summary = field_summary(study, output, truth, predicted, metric) if output.is_field else {}
    of_rows = None if found.of_rows is None else found.of_rows.max(axis=1)
    few = len(found.of_places) <= MOST_PLACES
    return OutputError(
        metric=name,
        value=float(found.value[worst]),
        low=float(found.low[worst]),
        high=float(np.max(found.high)),
        elements=() if pooled or output.is_field else tuple(float(v) for v in found.value),
        worst_element=summary.get("worst_cell") if pooled else output.element(worst, metric.columns) or None,
        tolerance=_allowed(study, output),
        summary=summary,
        bounded=found.bounded,
        by_place={place: float(errors.max()) for place, errors in found.of_places.items()} if few else {},
        places=found.places,
        rows=found.rows,
        run_p90=None if of_rows is None else float(np.quantile(of_rows, 0.9, method="higher")),
        run_max=None if of_rows is None else float(of_rows.max()),
    )


def above_noise(error: OutputError, noise: OutputError | None) -> OutputError:
    """An error that is no less than the noise of the solver, which stands in the truth that it is held against.

    Parameters
    ----------
    error : OutputError
    noise : OutputError or None
        What two runs of the same inputs differ by; each of them differs from their mean by less, 1 over root 2 of it.
    """
    if noise is None or noise.metric != error.metric:
        return error
    least, most = noise.value / math.sqrt(2), noise.held / math.sqrt(2)
    return replace(error, value=max(error.value, least), high=max(error.high, most if noise.bounded else least))


def _no_error(study: Study, output: Output, truth: np.ndarray, noise: Mapping[str, OutputError]) -> OutputError:
    name, pooled = metric_for(study, output, truth)
    if output.name in noise:
        return replace(noise[output.name], tolerance=_allowed(study, output))
    elements = () if pooled or output.is_field else (0.0,) * len(error_value(study, output, truth, truth))
    return OutputError(name, 0.0, 0.0, 0.0, elements, None, _allowed(study, output))


def _allowed(study: Study, output: Output) -> float | None:
    tolerance = study.need.tolerances.get(output.name)
    return None if tolerance is None else tolerance.error_allowed
