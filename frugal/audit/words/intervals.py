"""What the audit says of intervals that do not hold what they promise, and of the domain of the answer retained."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from frugal.audit.evidence.evidence import Evidence
from frugal.audit.words.sentences import quoted
from frugal.candidates.row import CandidateRow
from frugal.reporting.text import plain_number
from frugal.texts import LANGUAGES, in_each

#: A coverage that is off the nominal by more than this is told on the first page.
TOLD_FROM = 0.05


def _misses(row: CandidateRow) -> bool:
    return row.interval_misses is not None and abs(row.interval_misses) > TOLD_FROM


def _name_and_share(row: CandidateRow, language: str) -> str:
    return f"{quoted(row)[language]} {plain_number(100 * (row.interval_coverage or 0.0), language, 3)}\u202f%"


def interval_limits(evidence: Evidence) -> Iterator[tuple[str, dict[str, Any], bool]]:
    """Key and values of the text of each, and that there is a short form of it."""
    row = evidence.winner
    if row is not None:
        yield from _of_the_answer(row)
    others = [one for one in evidence.ladder.rows if one is not row and _misses(one)]
    if others:
        told = {language: ", ".join(_name_and_share(one, language) for one in others) for language in LANGUAGES}
        yield "limit.interval_others", {"names": told}, True


def _of_the_answer(row: CandidateRow) -> Iterator[tuple[str, dict[str, Any], bool]]:
    misses = row.interval_misses
    if misses is not None and row.interval_coverage is not None and _misses(row):
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
