"""The quick measurement of a campaign: errors on the held-out runs, query times, memory."""

from __future__ import annotations

from collections.abc import Sequence

from frugal.experiments.runs.store import Runs
from frugal.experiments.study import Study
from frugal.metering.meter import Meter
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
    reporter.stage("judge", len(asked))
    judged = {}
    for number, answering in enumerate(asked, start=1):
        judged[answering.name] = judge(study, answering, held_out, meter, seed)
        _tell_floor(study, candidates, answering, held_out)
        reporter.step(number, answering.name)
    works = [answering for answering in asked if judged[answering.name].errors]
    reporter.stage("measure", None)
    ticks = _Counter(reporter)
    times = time_queries(study, works, held_out, lambda n: Plan.quick(n, seconds), meter, seed, ticks)
    for name, by_pattern in times.items():
        judged[name].times = by_pattern
    measure_memory(study, works, held_out, judged, meter)
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
