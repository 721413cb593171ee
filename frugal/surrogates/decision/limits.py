"""Limits of a call pattern that an answer breaks, and what the decision reads of an answer."""

from __future__ import annotations

from collections.abc import Mapping

from frugal.experiments.study import CallPattern
from frugal.metering.timing.interleaved_blocks import QueryTime
from frugal.reporting.text import missing_data_text
from frugal.surrogates.decision.decide import MISSING_DATA, CandidateCost
from frugal.surrogates.ladder.build import Candidate
from frugal.surrogates.measurement.errors import Judged
from frugal.texts import room_texts

_TEXTS = room_texts("frugal.surrogates")


def limits_broken(
    pattern: CallPattern,
    time: QueryTime,
    model_bytes: int | None,
    memory_bytes: int | None = None,
    missing_data: Mapping[str, str] | None = None,
) -> tuple[list[dict[str, str]], tuple[str, ...], tuple[str, ...]]:
    """Limits of a call pattern that a candidate breaks: sentences, names of hard ones, names of chosen ones.

    A limit of memory is not held against a candidate without a graph: it runs in the process that measures. What lacks data
    cannot be asked at all, so that no other limit is told of it.
    """
    if missing_data:
        return [missing_data_text(missing_data)], (MISSING_DATA,), ()
    sentences: list[dict[str, str]] = []
    hard, chosen = [], []
    if pattern.requires_graph and model_bytes is None:
        hard.append("graph")
        sentences.append(_TEXTS.say("broken.graph"))
    if pattern.max_bytes is not None and model_bytes is not None and model_bytes > pattern.max_bytes:
        hard.append("bytes")
        sentences.append(_TEXTS.say("broken.bytes", bytes=model_bytes, allowed=pattern.max_bytes))
    if pattern.max_memory_bytes is not None and model_bytes is not None:
        broken = _memory_broken(pattern.max_memory_bytes, memory_bytes)
        if broken:
            hard.append("memory")
            sentences.append(broken)
    latency = call_latency(pattern, time)
    if pattern.max_latency_s is not None and latency > pattern.max_latency_s:
        chosen.append("latency")
        sentences.append(_TEXTS.say("broken.latency", seconds=latency, allowed=pattern.max_latency_s))
    return sentences, tuple(hard), tuple(chosen)


def _memory_broken(allowed: int, memory_bytes: int | None) -> dict[str, str]:
    if memory_bytes is None:
        return _TEXTS.say("broken.memory_not_measured")
    if memory_bytes <= allowed:
        return {}
    return _TEXTS.say("broken.memory", bytes=memory_bytes, allowed=allowed)


def call_latency(pattern: CallPattern, time: QueryTime) -> float:
    """Seconds of wall time that 95 % of the blocks of calls stay within, for one call of the pattern's rows.

    The median stands in where an older measurement has no 95th percentile.
    """
    seconds = time.wall_p95_seconds_per_call
    return (time.wall_seconds_per_call if seconds is None else seconds) * pattern.rows / time.rows


def cost_of(candidate: Candidate, judged: Judged, pattern: CallPattern) -> CandidateCost:
    """What the decision reads of a candidate.

    Parameters
    ----------
    candidate : Candidate
    judged : Judged
        What was measured of it, with its times for the call pattern.
    pattern : CallPattern
    """
    time = judged.times[pattern.name]
    model_bytes = len(candidate.model) if candidate.model is not None else None
    memory = judged.memory.get(pattern.name)
    _, hard, chosen = limits_broken(pattern, time, model_bytes, memory, candidate.missing_data)
    return CandidateCost(
        name=candidate.name,
        kind=candidate.kind,
        error_met=judged.error_met,
        error=judged.error_ratio,
        query_blocks=time.blocks,
        needs_runs=candidate.needs_runs,
        needs_compilation=candidate.needs_compilation,
        hard_limits=hard,
        chosen_limits=chosen,
    )
