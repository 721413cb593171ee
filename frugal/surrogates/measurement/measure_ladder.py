"""The one way a ladder is measured: errors on the held-out runs, query times, memory; quickly, or to the audit's rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from frugal.candidates.output_error import OutputError
from frugal.candidates.row import CandidateRow, Query
from frugal.experiments.runs.store import Runs
from frugal.experiments.study import Study
from frugal.metering.meter import Meter
from frugal.metering.power.machine import HostNoise
from frugal.metering.quietest_series import Times, quietest_series
from frugal.metering.timing.interleaved_blocks import Plan
from frugal.reporting.progress import Reporter
from frugal.surrogates.ladder.answering import Answering
from frugal.surrogates.measurement.errors import judge
from frugal.surrogates.measurement.limits import limits_of
from frugal.surrogates.measurement.memory import measure_memory
from frugal.surrogates.measurement.timing import time_queries

Level = Literal["quick", "full"]


@dataclass(frozen=True)
class Effort:
    """How much a ladder is measured.

    Parameters
    ----------
    level : {"quick", "full"}
        Quickly; or thirty blocks and ten CPU seconds for each candidate and call pattern, again while the host is noisy, of
        which the quietest series is kept.
    seconds : float
        CPU seconds that the timing of a quick measurement may take.
    always : sequence of str
        Candidates whose memory is measured for every call pattern; the others only where the pattern limits it.
    host : callable
        Makes what watches the noise of the host during a full measurement.
    """

    level: Level = "quick"
    seconds: float = 12.0
    always: Sequence[str] = ()
    host: Callable[[], HostNoise] = HostNoise


@dataclass(frozen=True)
class MeasuredLadder:
    """What came of measuring a ladder.

    Parameters
    ----------
    rows : tuple of CandidateRow
        All that were given, in their order; those that could not be asked as they were.
    measured : frozenset of str
        Names of those that were measured.
    faults : mapping of str to str
        What those that failed while they were asked raised.
    series : mapping
        How the series of timings went, where there may be several.
    """

    rows: tuple[CandidateRow, ...]
    measured: frozenset[str]
    faults: Mapping[str, str]
    series: Mapping[str, Any]


def measure_ladder(
    study: Study,
    rows: Sequence[CandidateRow],
    asked: Sequence[Answering],
    held_out: Runs,
    meter: Meter,
    seed: int,
    reporter: Reporter,
    effort: Effort,
    noise: Mapping[str, OutputError] | None = None,
) -> MeasuredLadder:
    """Judge candidates on held-out runs, then time those that work and measure their memory.

    Parameters
    ----------
    study : Study
    rows : sequence of CandidateRow
        What is known of them: from their fits, or from an earlier measurement, whose figures are replaced. Memory that is not
        measured now stays.
    asked : sequence of Answering
        How those of them that can be asked answer.
    held_out : Runs
        What the answers are judged on, and asked while they are timed.
    meter : Meter
        Books what it costs.
    seed : int
        Of the intervals around errors, and of the order of timings.
    reporter : Reporter
    effort : Effort
    noise : mapping of str to OutputError, optional
        By output, what the solver answers differently when it is asked again; no error is told to be less.

    Returns
    -------
    MeasuredLadder
    """
    known = {row.name: row for row in rows}
    judged: dict[str, CandidateRow] = {}
    faults: dict[str, str] = {}
    reporter.stage("judge", len(asked))
    for number, answering in enumerate(asked, start=1):
        found = judge(study, known[answering.name], answering, held_out, meter, seed, noise or {})
        if isinstance(found, str):
            faults[answering.name] = found
        else:
            judged[answering.name] = found
        reporter.step(number, answering.name)
    works = [answering for answering in asked if answering.name in judged]
    reporter.stage("measure", None)
    times, series = _times(study, works, held_out, meter, seed, reporter, effort)
    memory = measure_memory(study, works, held_out, meter, effort.always)
    for answering in works:
        name = answering.name
        query = {pattern: Query.of(time, answering.runtime) for pattern, time in times[name].items()}
        held = {**judged[name].memory_bytes, **memory.get(name, {})}
        judged[name] = _with_limits(study, replace(judged[name], query=query, memory_bytes=held))
    return MeasuredLadder(tuple(judged.get(row.name, row) for row in rows), frozenset(judged), faults, series)


def _times(
    study: Study,
    works: Sequence[Answering],
    held_out: Runs,
    meter: Meter,
    seed: int,
    reporter: Reporter,
    effort: Effort,
) -> tuple[Times, Mapping[str, Any]]:
    ticks = _Counter(reporter)

    def series(plan: Callable[[int], Plan]) -> Times:
        return time_queries(study, works, held_out, plan, meter, seed, ticks)

    if effort.level == "quick":
        return series(lambda n: Plan.quick(n, effort.seconds)), {}
    return quietest_series(lambda: series(lambda n: Plan.full()), effort.host)


def _with_limits(study: Study, row: CandidateRow) -> CandidateRow:
    limits = {pattern.name: limits_of(pattern, row) for pattern in study.need.call_patterns}
    need_met = {name: row.error_met and found.met for name, found in limits.items()}
    return replace(row, limits=limits, need_met=need_met)


class _Counter:
    def __init__(self, reporter: Reporter) -> None:
        self._count = 0
        self._reporter = reporter

    def __call__(self) -> None:
        self._count += 1
        self._reporter.step(self._count)
