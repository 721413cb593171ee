"""Limits of a call pattern that a measured candidate breaks."""

from __future__ import annotations

from collections.abc import Callable

from frugal.candidates.row import LATENCY, MISSING_DATA, CandidateRow, PatternLimits, Query
from frugal.experiments.study import CallPattern
from frugal.reporting.text import missing_data_text, plain_duration
from frugal.reporting.units_text import size
from frugal.texts import LANGUAGES, Text, room_texts

_TEXTS = room_texts("frugal.surrogates")


def limits_of(pattern: CallPattern, row: CandidateRow) -> PatternLimits:
    """Limits of a call pattern that a candidate breaks, by name and in sentences.

    A limit of memory is not held against a candidate without a graph: it runs in the process that measures. What lacks data
    cannot be asked at all, so that no other limit is told of it.

    Parameters
    ----------
    pattern : CallPattern
    row : CandidateRow
        With its time for that pattern, and its memory where it was measured.
    """
    if row.lacks:
        return PatternLimits(False, (MISSING_DATA,), (missing_data_text(row.lacks),))
    broken: dict[str, Text] = {}
    if pattern.requires_graph and row.bytes is None:
        broken["graph"] = _TEXTS.say("broken.graph")
    if pattern.max_bytes is not None and row.bytes is not None and row.bytes > pattern.max_bytes:
        broken["bytes"] = _TEXTS.say("broken.bytes", **_told(size, row.bytes, pattern.max_bytes, "bytes"))
    if pattern.max_memory_bytes is not None and row.bytes is not None:
        told = _memory_broken(pattern.max_memory_bytes, row.memory_bytes.get(pattern.name))
        if told:
            broken["memory"] = told
    latency = call_latency(pattern, row.query[pattern.name])
    if pattern.max_latency_s is not None and not latency <= pattern.max_latency_s:  # NaN is beyond any limit
        broken[LATENCY] = _TEXTS.say(
            "broken.latency", **_told(plain_duration, latency, pattern.max_latency_s, "seconds")
        )
    return PatternLimits(not broken, tuple(broken), tuple(broken.values()))


def _memory_broken(allowed: int, memory_bytes: int | None) -> Text:
    if memory_bytes is None:
        return _TEXTS.say("broken.memory_not_measured")
    if memory_bytes <= allowed:
        return {}
    return _TEXTS.say("broken.memory", **_told(size, memory_bytes, allowed, "bytes"))


def _told(write: Callable[..., str], value: float, allowed: float, name: str) -> dict[str, Text]:
    """A measured value, rounded up, and what is allowed, rounded down, in each language."""
    return {
        name: {language: write(value, language, way="up") for language in LANGUAGES},
        "allowed": {language: write(allowed, language, way="down") for language in LANGUAGES},
    }


def call_latency(pattern: CallPattern, query: Query) -> float:
    """Seconds of wall time that 95 % of the blocks of calls stay within, for one call of the pattern's rows."""
    return query.slow_seconds_per_call * pattern.rows / query.rows
