"""The ladder as it stands: from measurements to decisions and to the rows of ``candidates.json``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from frugal.experiments.study import RUNGS, Study
from frugal.experiments.study.study_file import describe_need
from frugal.metering.ledger.ledger import Entry, Ledger, cpu_total
from frugal.reporting.error_ratio import error_ratio
from frugal.surrogates.decision.costs import CandidateCost
from frugal.surrogates.decision.decide import Decision, Interval, decide, fixed_parts
from frugal.surrogates.decision.limits import cost_of, limits_broken
from frugal.surrogates.decision.reasons import sentence
from frugal.surrogates.ladder.build import Candidate
from frugal.surrogates.measurement.errors import Judged, error_as_plain

FORMAT = "frugal-candidates/1"


def decide_patterns(
    study: Study,
    candidates: Sequence[Candidate],
    judged: Mapping[str, Judged],
    ledger: Sequence[Entry],
    training_share: float,
    seed: int,
) -> list[Decision]:
    """One decision for each call pattern of the need; the first is the one that ships."""
    decisions = []
    for pattern in study.need.call_patterns:
        measured = [c for c in candidates if c.name in judged and pattern.name in judged[c.name].times]
        ladder = [cost_of(candidate, judged[candidate.name], pattern) for candidate in measured]
        decisions.append(decide(ledger, ladder, study.need, pattern, training_share=training_share, seed=seed))
    return decisions


def describe_candidate(
    study: Study, candidate: Candidate, judged: Judged | None, ledger: Sequence[Entry], training_share: float
) -> dict[str, Any]:
    """One row of the ladder as plain values."""
    row: dict[str, Any] = {
        "name": candidate.name,
        "kind": candidate.kind,
        "is_ai": candidate.is_ai,
        "rung": RUNGS.index(candidate.kind),
        "label": dict(candidate.label),
        "status": candidate.status,
        "message": dict(candidate.message) or None,
        "parameters": candidate.parameters,
        "log": dict(candidate.log),
        "needs_runs": candidate.needs_runs,
        "needs_compilation": candidate.needs_compilation,
        "bytes": len(candidate.model) if candidate.model is not None else None,
        "graph": f"alternatives/{candidate.name}.onnx" if candidate.model is not None else None,
        "graph_reason": dict(candidate.graph_reason) or None,
        "parity": asdict(candidate.parity) if candidate.parity is not None else None,
        "half_width": _half_width(study, candidate),
        "codecarbon_joules": codecarbon_joules(ledger, candidate.name),
    }
    if candidate.missing_data:
        row["lacks"] = dict(candidate.missing_data)
    row.update(describe_measured(study, judged, row["bytes"], candidate.missing_data))
    if judged is not None and judged.times:
        cost = cost_of(candidate, judged, study.need.call_patterns[0])
        row["fixed_parts"] = fixed_parts(ledger, cost, training_share)
        row["fixed_cpu_seconds"] = sum(row["fixed_parts"].values())
    return row


def _half_width(study: Study, candidate: Candidate) -> list[float] | None:
    """Half-width of each element; None with maps, whose thousands of cells have theirs in the graph alone."""
    if candidate.half_width is None or any(output.is_field for output in study.outputs):
        return None
    return [float(value) for value in candidate.half_width]


def describe_measured(
    study: Study, judged: Judged | None, model_bytes: int | None, missing_data: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """What was measured of a candidate: errors, query times, limits."""
    if judged is None or not judged.errors:
        return {
            "error": {},
            "error_met": False,
            "query": {},
            "limits": {},
            "memory_bytes": {},
            "need_met": {pattern.name: False for pattern in study.need.call_patterns},
            "interval_coverage": None,
            "fixed_cpu_seconds": None,
            "fixed_parts": {},
        }
    limits = {}
    for pattern in study.need.call_patterns:
        sentences, hard, chosen = limits_broken(
            pattern, judged.times[pattern.name], model_bytes, judged.memory.get(pattern.name), missing_data
        )
        limits[pattern.name] = {"met": not (hard or chosen), "broken": [*hard, *chosen], "reasons": sentences}
    return {
        "error": error_as_plain(judged.errors),
        "error_met": judged.error_met,
        "query": {name: _query(time, judged.runtime) for name, time in judged.times.items()},
        "limits": limits,
        "memory_bytes": dict(judged.memory),
        "need_met": {name: judged.error_met and limit["met"] for name, limit in limits.items()},
        "interval_coverage": judged.coverage,
    }


def describe_decision(decision: Decision) -> dict[str, Any]:
    """A decision as plain values; never is null."""
    plain = asdict(decision)
    plain["reasons"] = [{"code": code, **sentence(code, decision)} for code in decision.reasons]
    plain["queries"] = list(decision.queries) if decision.queries else None
    break_even = decision.break_even_queries
    plain["break_even_queries"] = asdict(break_even) if break_even else None
    saving = decision.saving_cpu_seconds
    plain["saving_cpu_seconds"] = _percentiles(saving) if saving else None
    plain["lifetime_cpu_seconds"] = dict(decision.lifetime_cpu_seconds)
    return plain


def describe_ladder(
    study: Study,
    candidates: Sequence[Candidate],
    judged: Mapping[str, Judged],
    decisions: Sequence[Decision],
    ledger: Sequence[Entry],
    training_share: float,
    extra: Mapping[str, Any],
) -> dict[str, Any]:
    """The whole of ``candidates.json``."""
    return {
        "format": FORMAT,
        "study": study.name,
        "study_hash": study.hash(),
        "need_hash": describe_need(study.need)["hash"],
        **extra,
        "shared": {
            f"{stage}_cpu_seconds": cpu_total([entry for entry in ledger if entry.stage == stage])
            for stage in ("generation", "compile", "loading", "evaluation")
        },
        "candidates": [
            describe_candidate(study, candidate, judged.get(candidate.name), ledger, training_share)
            for candidate in candidates
        ],
        "decisions": [describe_decision(decision) for decision in decisions],
    }


def codecarbon_joules(ledger: Sequence[Entry], candidate: str) -> dict[str, float | None]:
    """codecarbon's CPU energy for a candidate's own stages, and for the generation it may share."""

    def total(stages: tuple[str, ...], name: str | None) -> float | None:
        found = [
            entry.codecarbon_joules
            for entry in ledger
            if entry.stage in stages and entry.candidate == name and entry.codecarbon_joules is not None
        ]
        return float(np.sum(found)) if found else None

    return {
        "generation": total(("generation",), None),
        "fit": total(("fit", "calibration", "export"), candidate),
        "evaluation": total(("evaluation",), candidate),
    }


def _query(time: Any, runtime: str) -> dict[str, Any]:
    return {**asdict(time), "blocks": list(time.blocks), "runtime": runtime}


def _percentiles(interval: Interval) -> dict[str, float]:
    return {"p5": interval.low, "p50": interval.median, "p95": interval.high}


def decide_rows(
    study: Study, rows: Sequence[Mapping[str, Any]], ledger: Ledger, training_share: float, seed: int
) -> list[Decision]:
    """Decide from rows of ``candidates.json``, one decision for each call pattern.

    Parameters
    ----------
    study : Study
        Whose need is decided on.
    rows : sequence of mapping
        Candidates; those not measured under a call pattern take no part in its decision.
    ledger : Ledger
        Of all stages ever run for the bundle: fixed costs come from it.
    training_share : float
        Share of the runs that candidates learnt from, 0 to 1.
    seed : int
        Of the Monte Carlo over costs.

    Returns
    -------
    list of Decision
        In the order in which the need declares its call patterns.
    """
    entries = ledger.entries()
    return [
        decide(
            entries,
            [cost_of_row(row, pattern.name) for row in rows if pattern.name in row["query"]],
            study.need,
            pattern,
            training_share=training_share,
            seed=seed,
        )
        for pattern in study.need.call_patterns
    ]


def cost_of_row(row: Mapping[str, Any], pattern: str) -> CandidateCost:
    """What the decision reads of one row of ``candidates.json``."""
    broken = [] if row["limits"][pattern]["met"] else row["limits"][pattern]["broken"]
    return CandidateCost(
        name=row["name"],
        kind=row["kind"],
        error_met=row["error_met"],
        error=error_ratio(row["error"]),
        query_blocks=tuple(row["query"][pattern]["blocks"]),
        needs_runs=row["needs_runs"],
        needs_compilation=row["needs_compilation"],
        hard_limits=tuple(name for name in broken if name != "latency"),
        chosen_limits=tuple(name for name in broken if name == "latency"),
    )
