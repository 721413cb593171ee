"""What a candidate that does not meet the need fails on, and by how much; which of them comes nearest."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from frugal.audit.evidence.evidence import Evidence
from frugal.candidates.row import LATENCY, CandidateRow

Requirement = Literal["error", "latency", "bytes", "memory", "graph", "data"]


@dataclass(frozen=True)
class Shortfall:
    """One requirement that is not kept.

    ``value`` is what was measured and ``limit`` what is allowed, both in the unit of the need: an error in that of its output,
    seconds a call, bytes. ``value`` is infinite where it could not be measured or where there is nothing to measure.
    """

    requirement: Requirement
    value: float = math.inf
    limit: float = 1.0
    output: str = ""

    @property
    def ratio(self) -> float:
        """How many times the limit."""
        return self.value / self.limit if self.limit else math.inf


def shortfalls(evidence: Evidence, candidate: CandidateRow) -> list[Shortfall]:
    """Every requirement of the deciding call pattern that a candidate fails, the farthest first."""
    found = [
        Shortfall("error", error.held, error.tolerance, name)
        for name, error in candidate.errors.items()
        if error.tolerance and not error.met
    ]
    limits = candidate.limits.get(evidence.pattern["name"])
    found += [_broken(evidence.pattern, candidate, name) for name in (limits.broken if limits else ())]
    return sorted(found, key=lambda shortfall: -shortfall.ratio)


def _broken(pattern: Mapping[str, Any], candidate: CandidateRow, name: str) -> Shortfall:
    if name == LATENCY:
        query = candidate.query[pattern["name"]]
        seconds = query.slow_seconds_per_call * pattern.get("rows", 1) / query.rows
        return Shortfall("latency", seconds, pattern["max_latency_s"])
    if name == "bytes" and candidate.bytes is not None:
        return Shortfall("bytes", candidate.bytes, pattern["max_bytes"])
    if name == "memory":
        held = candidate.memory_bytes.get(pattern["name"], math.inf)
        return Shortfall("memory", held, pattern["max_memory_bytes"])
    return Shortfall(cast(Requirement, name))


def _measured(evidence: Evidence) -> list[CandidateRow]:
    """Candidates that were held against the held-out runs."""
    return [candidate for candidate in evidence.ladder.rows if candidate.works]


def _farthest(evidence: Evidence, candidate: CandidateRow) -> float:
    return max((shortfall.ratio for shortfall in shortfalls(evidence, candidate)), default=math.inf)


def nearest(evidence: Evidence) -> CandidateRow | None:
    """Of the answers that fail the need, the full physics left out, the one whose farthest shortfall is the least."""
    tried = [candidate for candidate in _measured(evidence) if candidate.kind != "full_physics"]
    return min(tried, key=lambda candidate: _farthest(evidence, candidate), default=None)


def accurate(evidence: Evidence) -> list[CandidateRow]:
    """Candidates that keep every tolerance, whatever limit they break; the nearest to keeping these first."""
    found = [candidate for candidate in _measured(evidence) if candidate.error_met]
    return sorted(found, key=lambda candidate: _farthest(evidence, candidate))
