"""Errors of answers on the held-out runs, with their bounds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from frugal.candidates.output_error import OutputError
from frugal.candidates.row import CandidateRow
from frugal.errors import told_fault
from frugal.experiments.metrics.registry import metric_of
from frugal.experiments.runs.store import Runs
from frugal.experiments.study import Output, Study
from frugal.metering.meter import Meter
from frugal.surrogates.ladder.answering import Answering
from frugal.surrogates.ladder.judged import JudgedAnswers
from frugal.surrogates.measurement.case_errors import case_errors
from frugal.surrogates.measurement.coverage import coverage_over_folds, interval_coverage
from frugal.surrogates.measurement.map_errors import (
    error_value,
    field_summary,
    floor_and_regression,
    metric_for,
    sample_of,
)
from frugal.surrogates.measurement.noise import above_noise
from frugal.surrogates.measurement.places import groups_of
from frugal.surrogates.onnx.physical_limits import clip_outputs

#: Errors of more places than these are not written one by one.
MOST_PLACES = 100


def judge(
    study: Study,
    row: CandidateRow,
    answering: Answering,
    held_out: Runs,
    meter: Meter,
    seed: int,
    kept: dict[str, np.ndarray] | None = None,
    noise: Mapping[str, OutputError] | None = None,
    shipped: dict[str, np.ndarray] | None = None,
    folds: np.ndarray | None = None,
) -> CandidateRow | str:
    """Errors and interval coverage of one candidate on the runs that are judged.

    What has learnt from these runs is judged by what fits answer that had not seen them, with what rounding its own graph adds.

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
    kept : dict, optional
        Gets what was answered ``[n, m]``, under the name of the candidate; nothing of what is exact.
    noise : mapping of str to OutputError, optional
        By output, what the solver answers differently when it is asked again; no error is told to be less.
    shipped : dict, optional
        Gets what the candidate itself answers, where it is judged by others.
    folds : array of int [n], optional
        Number of the fold of each run, where each is judged in its own.

    Returns
    -------
    CandidateRow or str
        The row with its errors. ``interval_coverage`` is the share of all elements within the interval, those that are never
        defined left out; the log of a candidate that answers with modes of fields gets what the modes get wrong. What was
        raised, as a text, where asking failed or an answer is no finite number.
    """
    with meter.stage("evaluation", answering.name):
        if answering.exact:
            errors = no_errors(study, held_out.outputs, noise)
            met = all(error.met for error in errors.values())
            return replace(row, errors=errors, error_met=met, interval_coverage=None)
        try:
            predicted = answering.predict(held_out.inputs, held_out.object_ids)
        except MemoryError:
            raise
        except Exception as fault:  # whatever one candidate raises, the others are judged
            return told_fault(fault)
        projected, judged = None, answering.judged
        if judged is not None:
            asked, projected = predicted, judged.projected
            predicted = _unseen(study, answering, judged, asked, held_out)
            if shipped is not None:
                shipped[answering.name] = asked
        elif answering.project is not None:
            projected = answering.project(held_out.outputs)
        if not np.isfinite(predicted).all():
            return _not_finite(study, predicted, held_out)
        if kept is not None:
            kept[answering.name] = predicted
        errors = output_errors(study, held_out.outputs, predicted, groups_of(held_out.places), seed)
        errors = above_noise(errors, noise or {})
        coverage, log = None, row.log
        if folds is not None:
            coverage = _over_folds(study, held_out, predicted, folds, answering, judged)
        elif answering.widths is not None:
            widths = answering.widths(held_out.inputs)
            coverage = interval_coverage(study, held_out.outputs, predicted, widths)
        if projected is not None:
            floors = floor_and_regression(study, held_out.outputs, projected, predicted)
            log = {**log, "held_out_maps": floors}
        met = all(error.met for error in errors.values())
        return replace(row, errors=errors, error_met=met, interval_coverage=coverage, log=log)


def _unseen(study: Study, answering: Answering, judged: JudgedAnswers, asked: np.ndarray, held_out: Runs) -> np.ndarray:
    """What fits answer that had not seen the runs, with the rounding of the graph that ships; float32 as a graph answers."""
    if judged.shipped is None or answering.model is None:
        return judged.answers
    rounding = asked - judged.shipped(held_out.inputs)
    return clip_outputs(judged.answers + rounding, study.outputs).astype(np.float32).astype(np.float64)


def _over_folds(
    study: Study,
    held_out: Runs,
    predicted: np.ndarray,
    folds: np.ndarray,
    answering: Answering,
    judged: JudgedAnswers | None,
) -> float:
    """Coverage of intervals made of the other folds, with the deviation of the model where the interval that ships has it."""
    model = None if answering.interval is None else answering.interval.deviation
    told = None if model is None or judged is None else judged.deviations
    return coverage_over_folds(study, held_out.outputs, predicted, held_out.inputs, held_out.places, folds, told, model)


def _not_finite(study: Study, predicted: np.ndarray, held_out: Runs) -> str:
    """What is wrong with answers of which some are no finite number: a number that is missing never counts as met."""
    bad = ~np.isfinite(predicted)
    row = int(np.flatnonzero(bad.any(axis=1))[0])
    output = next(name for name, columns in study.output_slices().items() if bad[row, columns].any())
    return (
        f"answers no finite number for '{output}' on {int(bad.any(axis=1).sum())} of the {len(predicted)} held-out runs, "
        f"the first of them run {held_out.numbers[row]}"
    )


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
    metric, sample = metric_of(name), sample_of(study, output, truth, predicted)
    found = interval_of(metric, sample, pooled, groups=groups, seed=seed)
    worst = int(np.argmax(found.value))  # a number that is missing comes first
    missing = bool(np.isnan(found.value).any())
    summary = field_summary(study, output, truth, predicted, metric) if output.is_field else {}
    of_rows = None if found.of_rows is None or missing else found.of_rows.max(axis=1)
    few = len(found.of_places) <= MOST_PLACES and not missing
    return OutputError(
        metric=name,
        value=float(found.value[worst]),
        low=math.nan if missing else float(found.low[worst]),
        high=math.nan if missing else float(np.max(found.high)),
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
        cases=None if missing else case_errors(metric, sample, pooled),
    )


def no_errors(
    study: Study, truth: np.ndarray, noise: Mapping[str, OutputError] | None = None
) -> dict[str, OutputError]:
    """Errors of what is the truth ``[n, m]`` itself, by output: 0, or the noise of the solver."""
    return {output.name: _no_error(study, output, truth, noise or {}) for output in study.outputs}


def _no_error(study: Study, output: Output, truth: np.ndarray, noise: Mapping[str, OutputError]) -> OutputError:
    name, pooled = metric_for(study, output, truth)
    if output.name in noise:
        return replace(noise[output.name], tolerance=_allowed(study, output))
    elements = () if pooled or output.is_field else (0.0,) * len(error_value(study, output, truth, truth))
    return OutputError(name, 0.0, 0.0, 0.0, elements, None, _allowed(study, output))


def _allowed(study: Study, output: Output) -> float | None:
    tolerance = study.need.tolerances.get(output.name)
    return None if tolerance is None else tolerance.error_allowed
