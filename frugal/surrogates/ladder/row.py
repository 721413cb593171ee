"""A candidate that was built as a row of the ladder, before anything is measured of it."""

from __future__ import annotations

from dataclasses import replace

from frugal.candidates.interval import IntervalTold
from frugal.candidates.row import CandidateRow
from frugal.experiments.study import RUNGS, Study
from frugal.surrogates.ladder.build import Candidate


def unmeasured_row(study: Study, candidate: Candidate) -> CandidateRow:
    """What is known of a candidate from its fit: it meets no need yet."""
    return CandidateRow(
        name=candidate.name,
        kind=candidate.kind,
        rung=RUNGS.index(candidate.kind),
        label=dict(candidate.label),
        status=candidate.status,
        message=dict(candidate.message),
        parameters=candidate.parameters,
        log=candidate.log,
        needs_runs=candidate.needs_runs,
        needs_compilation=candidate.needs_compilation,
        bytes=None if candidate.model is None else len(candidate.model),
        graph=None if candidate.model is None else f"alternatives/{candidate.name}.onnx",
        graph_reason=dict(candidate.graph_reason),
        parity=candidate.parity,
        half_width=_half_width(study, candidate),
        interval=_interval(study, candidate),
        domain=candidate.domain_told,
        lacks=dict(candidate.missing_data),
        need_met={pattern.name: False for pattern in study.need.call_patterns},
    )


def _half_width(study: Study, candidate: Candidate) -> tuple[float, ...] | None:
    """Half-width of each element; None with maps, whose thousands of cells have theirs in the graph alone."""
    if candidate.interval is None or any(output.is_field for output in study.outputs):
        return None
    return tuple(float(value) for value in candidate.interval.half_width)


def _interval(study: Study, candidate: Candidate) -> IntervalTold | None:
    if candidate.interval is None:
        return None
    told = candidate.interval.told
    return replace(told, scale=None) if any(output.is_field for output in study.outputs) else told
