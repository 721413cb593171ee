"""The quick measurement of a campaign: errors on the held-out runs, query times, memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from frugal.experiments.runs.store import Runs
from frugal.experiments.study import Study
from frugal.metering.meter import Meter
from frugal.metering.quietest_series import Times
from frugal.metering.timing.interleaved_blocks import Plan
from frugal.reporting.progress import Reporter
from frugal.surrogates.ladder.answering import answering_for
from frugal.surrogates.ladder.asked import Answering
from frugal.surrogates.ladder.build import Candidate
from frugal.surrogates.measurement.errors import Judged, judge
from frugal.surrogates.measurement.map_errors import floor_and_regression
from frugal.surrogates.measurement.memory import measure_memory
from frugal.surrogates.measurement.timing import time_queries


def measure_ladder(
    study: Study,
    candidates: Sequence[Candidate],
    held_out: Runs,
    meter: Meter,
    seed: int,
    seconds: float,
    reporter: Reporter,
) -> dict[str, Judged]:
    """Judge every candidate that can answer on the held-out runs, then time it and measure its memory.

    Parameters
    ----------
    study : Study
    candidates : sequence of Candidate
        Those with maps have what their modes get wrong added to their log.
    held_out : Runs
        Held-out runs.
    meter : Meter
    seed : int
    seconds : float
        CPU seconds that the timing may take.
    reporter : Reporter

    Returns
    -------
    dict of str to Judged
        By name, for candidates whose fit succeeded.
    """
    asked = [answering_for(study, candidate) for candidate in candidates if candidate.status == "ok"]
    ticks = _Counter(reporter)

    def time_all(works: Sequence[Answering]) -> Times:
        return time_queries(study, works, held_out, lambda n: Plan.quick(n, seconds), meter, seed, ticks)

    judged = measure_answers(study, asked, held_out, meter, seed, reporter, time_all)
    for answering in asked:
        _tell_floor(study, candidates, answering, held_out)
    return judged


def measure_answers(
    study: Study,
    asked: Sequence[Answering],
    held_out: Runs,
    meter: Meter,
    seed: int,
    reporter: Reporter,
    time_all: Callable[[Sequence[Answering]], Times],
    known_memory: Mapping[str, Mapping[str, int]] | None = None,
    always: Sequence[str] = (),
) -> dict[str, Judged]:
    """Judge answers on held-out runs, then time those that work and measure their memory.

    Parameters
    ----------
    study : Study
    asked : sequence of Answering
    held_out : Runs
        What the answers are judged on, and asked while they are timed.
    meter : Meter
        Books what it costs.
    seed : int
        Of the intervals around errors.
    reporter : Reporter
    time_all : callable
        ``time_all(works) -> {name: {call pattern: QueryTime}}``: how the answers that gave something are timed.
    known_memory : mapping, optional
        Bytes by name and call pattern that were measured before; what is measured now takes their place.
    always : sequence of str
        As for `measure_memory`.

    Returns
    -------
    dict of str to Judged
        By name, in the order of ``asked``.
    """
    reporter.stage("judge", len(asked))
    judged = {}
    for number, answering in enumerate(asked, start=1):
        judged[answering.name] = judge(study, answering, held_out, meter, seed)
        reporter.step(number, answering.name)
    works = [answering for answering in asked if judged[answering.name].errors]
    reporter.stage("measure", None)
    for name, by_pattern in time_all(works).items():
        judged[name].times = dict(by_pattern)
        judged[name].memory = dict((known_memory or {}).get(name, {}))
    measure_memory(study, works, held_out, judged, meter, always)
    return judged


def _tell_floor(study: Study, candidates: Sequence[Candidate], answering: Answering, held_out: Runs) -> None:
    """In the log of a candidate that answers with modes of maps: what the modes and what the regression onto them get wrong."""
    candidate = next(c for c in candidates if c.name == answering.name)
    if candidate.project is not None:
        predicted = answering.predict(held_out.inputs, held_out.object_ids)
        floors = floor_and_regression(study, held_out.outputs, candidate.project(held_out.outputs), predicted)
        candidate.log = {**candidate.log, "held_out_maps": floors}


class _Counter:
    def __init__(self, reporter: Reporter) -> None:
        self._count = 0
        self._reporter = reporter

    def __call__(self) -> None:
        self._count += 1
        self._reporter.step(self._count)
