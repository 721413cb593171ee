"""What the audit says of intervals and domain of the answer retained, where they do not hold what they promise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from frugal.audit.evidence.evidence import Evidence
from frugal.reporting.text import plain_number
from frugal.texts import in_each

#: A coverage that is off the nominal by more than this is told on the first page.
TOLD_FROM = 0.05


def interval_limits(evidence: Evidence) -> Iterator[tuple[str, dict[str, Any], bool]]:
    """Key and values of the text of each, and that there is a short form of it."""
    row = evidence.winner
    if row is None:
        return
    misses = row.interval_misses
    if misses is not None and row.interval_coverage is not None and abs(misses) > TOLD_FROM:
        level = 0.9 if row.interval is None else row.interval.level
        values = {
            "level": in_each(plain_number, 100 * level, 3),
            "share": in_each(plain_number, 100 * row.interval_coverage, 3),
        }
        yield "limit.interval_narrow" if misses < 0 else "limit.interval_wide", values, True
    if row.interval is not None and not row.interval.assured:
        yield "limit.interval_places", {"number": row.interval.places}, True
    if row.domain is not None and row.domain.by == "few_runs":
        yield "limit.domain_bounds", {}, True
