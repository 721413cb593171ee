"""Rules about the truth that answers are held against."""

from __future__ import annotations

from frugal.audit.criteria.findings import Finding, Status
from frugal.audit.evidence.evidence import Evidence
from frugal.audit.words.grid import grid_words, told_errors
from frugal.audit.words.sentences import say
from frugal.candidates.grid_error import CONSIDERABLE


def grid_error(evidence: Evidence) -> Finding:
    """MES-11: what the grid of the solver errs by was measured, and is small beside what the need allows."""
    where = ("ledger.jsonl: finer_cells", "grid_runs.nc")
    if evidence.full_physics is None:
        return Finding("n_a", say("MES-11.no_solver"), None, CONSIDERABLE, where[:1])
    errors = evidence.grid_errors
    if errors is None:
        return Finding("unevidenced", say("MES-11.not_measured"), None, CONSIDERABLE, where[:1])
    told = told_errors(evidence)
    cases = max(error.cases for error in errors.values())
    text = say("MES-11.measured", cases=cases, told=grid_words(evidence, told))
    status: Status = "warn" if any(error.considerable for error in errors.values()) else "pass"
    return Finding(status, text, {name: error.to_json() for name, error in errors.items()}, CONSIDERABLE, where)
