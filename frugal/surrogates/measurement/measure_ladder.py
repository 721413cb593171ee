"""The one way a ladder is measured: errors on the held-out runs, query times, memory; quickly, or to the audit's rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from frugal.candidates.output_error import OutputError
from frugal.candidates.row import CandidateRow, Query
from frugal.experiments.runs.store import Runs
from frugal.experiments.study import Study
from frugal.metering.meter import Meter
from frugal.metering.power.machine import HostNoise
from frugal.metering.quietest_series import Times, quietest_series
from frugal.metering.timing.interleaved_blocks import Plan
from frugal.reporting.progress import Reporter
from frugal.surrogates.fitting.judging import Judging
from frugal.surrogates.ladder.answering import Answering
from frugal.surrogates.measurement.choice import luck_of_choice, with_luck
from frugal.surrogates.measurement.errors import judge
from frugal.surrogates.measurement.limits import limits_of
from frugal.surrogates.measurement.memory import measure_memory
from frugal.surrogates.measurement.places import groups_of
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
        All that were given, in their order; those that could not be asked as they were, and of those that failed while they
        were asked no measurement.
    measured : frozenset of str
        Names of those that were measured.
    faults : mapping of str to str
        What those that failed while they were asked raised.
    series : mapping
        How the series of timings went, where there may be several.
    answers : mapping of str to array [n, m]
        What each of them was judged by on the runs that were judged, by name; not of what is exact.
    shipped : mapping of str to array [n, m]
        What those of them answer themselves on these runs that have learnt from them.
    """

    rows: tuple[CandidateRow, ...]
    measured: frozenset[str]
    faults: Mapping[str, str]
    series: Mapping[str, Any]
    answers: Mapping[str, np.ndarray] = field(default_factory=dict)
    shipped: Mapping[str, np.ndarray] = field(default_factory=dict)


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
    judging: Judging | None = None,
    luck: Mapping[str, float] | None = None,
) -> MeasuredLadder:
    """Judge candidates on runs that they, or fits like them, had not seen, then time those that work and measure their memory.

    Parameters
    ----------
    study : Study
    rows : sequence of CandidateRow
        What is known of them: from their fits, or from an earlier measurement, whose figures are replaced. Memory that is not
        measured now stays.
    asked : sequence of Answering
        How those of them that can be asked answer.
    held_out : Runs
        What is asked while answers are timed; they are judged on them too where ``judging`` says nothing else.
    meter : Meter
        Books what it costs.
    seed : int
        Of the intervals around errors, and of the order of timings.
    reporter : Reporter
    effort : Effort
    noise : mapping of str to OutputError, optional
        By output, what the solver answers differently when it is asked again; no error is told to be less.
    judging : Judging, optional
        Which runs the answers are judged on.
    luck : mapping of str to float, optional
        By candidate, what an earlier measurement of the same answers found that choosing among them adds to their bounds; found
        here where nothing is given.

    Returns
    -------
    MeasuredLadder
    """
    judged_runs = held_out if judging is None else judging.judged
    folds = judging.folds if judging is not None and judging.by == "out_of_fold" else None
    known = {row.name: row for row in rows}
    judged: dict[str, CandidateRow] = {}
    faults: dict[str, str] = {}
    answers: dict[str, np.ndarray] = {}
    shipped: dict[str, np.ndarray] = {}
    reporter.stage("judge", len(asked))
    for number, answering in enumerate(asked, start=1):
        row = known[answering.name]
        found = judge(study, row, answering, judged_runs, meter, seed, answers, noise, shipped, folds)
        if isinstance(found, str):
            faults[answering.name] = found
        else:
            judged[answering.name] = found
        reporter.step(number, answering.name)
    if luck is None:
        of_rows = {row.name: answers[row.name] for row in rows if row.name in answers}
        told = {name: row.errors for name, row in judged.items()}
        with meter.stage("evaluation"):
            luck = luck_of_choice(study, judged_runs.outputs, of_rows, told, groups_of(judged_runs.places), seed)
    judged = {name: with_luck(row, luck.get(name, 1.0)) for name, row in judged.items()}
    works = [answering for answering in asked if answering.name in judged]
    reporter.stage("measure", None)
    times, series = _times(study, works, held_out, meter, seed, reporter, effort)
    memory = measure_memory(study, works, held_out, meter, effort.always)
    for answering in works:
        name = answering.name
        query = {pattern: Query.of(time, answering.runtime) for pattern, time in times[name].items()}
        if not all(one.is_priced for one in query.values()):
            faults[name] = "its cost could not be measured: a block of its timing holds no time"
            del judged[name]
            continue
        held = {**judged[name].memory_bytes, **memory.get(name, {})}
        judged[name] = _with_limits(study, replace(judged[name], query=query, memory_bytes=held))
    whole = tuple(judged.get(row.name, _not_assessed(row) if row.name in faults else row) for row in rows)
    return MeasuredLadder(whole, frozenset(judged), faults, series, answers, shipped)


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


def _not_assessed(row: CandidateRow) -> CandidateRow:
    """The row without anything that was measured of it before: it fails, answers no number, or has no cost."""
    nothing = dict.fromkeys(row.need_met, False)
    return replace(row, errors={}, error_met=False, query={}, limits={}, need_met=nothing, interval_coverage=None)


class _Counter:
    def __init__(self, reporter: Reporter) -> None:
        self._count = 0
        self._reporter = reporter

    def __call__(self) -> None:
        self._count += 1
        self._reporter.step(self._count)
