"""What a candidate that does not meet the need fails on, and by how much; which of them comes nearest."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from frugal.audit.evidence.evidence import Evidence

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


def shortfalls(evidence: Evidence, candidate: Mapping[str, Any]) -> list[Shortfall]:
    """Every requirement of the deciding call pattern that a candidate fails, the farthest first."""
    found = [
        Shortfall("error", float(error["high"]), float(error["tolerance"]), name)
        for name, error in (candidate.get("error") or {}).items()
        if error.get("tolerance") and error["high"] > error["tolerance"]
    ]
    limits = (candidate.get("limits") or {}).get(evidence.pattern["name"]) or {}
    found += [_broken(evidence.pattern, candidate, name) for name in limits.get("broken") or ()]
    return sorted(found, key=lambda shortfall: -shortfall.ratio)


def _broken(pattern: Mapping[str, Any], candidate: Mapping[str, Any], name: Requirement) -> Shortfall:
    if name == "latency":
        query = candidate["query"][pattern["name"]]
        seconds = query.get("wall_p95_seconds_per_call") or query["wall_seconds_per_call"]
        return Shortfall(name, seconds * pattern.get("rows", 1) / query.get("rows", 1), pattern["max_latency_s"])
    if name == "bytes":
        return Shortfall(name, candidate["bytes"], pattern["max_bytes"])
    if name == "memory":
        held = (candidate.get("memory_bytes") or {}).get(pattern["name"])
        return Shortfall(name, math.inf if held is None else held, pattern["max_memory_bytes"])
    return Shortfall(name)


def measured(evidence: Evidence) -> list[Mapping[str, Any]]:
    """Candidates that were held against the held-out runs."""
    return [c for c in evidence.candidates.values() if c["status"] == "ok" and c.get("error")]


def _farthest(evidence: Evidence, candidate: Mapping[str, Any]) -> float:
    return max((shortfall.ratio for shortfall in shortfalls(evidence, candidate)), default=math.inf)


def nearest(evidence: Evidence) -> Mapping[str, Any] | None:
    """Of the answers that fail the need, the full physics left out, the one whose farthest shortfall is the least."""
    tried = [candidate for candidate in measured(evidence) if candidate["kind"] != "full_physics"]
    return min(tried, key=lambda candidate: _farthest(evidence, candidate), default=None)


def accurate(evidence: Evidence) -> Sequence[Mapping[str, Any]]:
    """Candidates that keep every tolerance, whatever limit they break; the nearest to keeping these first."""
    found = [candidate for candidate in measured(evidence) if candidate["error_met"]]
    return sorted(found, key=lambda candidate: _farthest(evidence, candidate))
