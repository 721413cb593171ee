"""How long an answer takes, for every call pattern, in interleaved blocks."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import numpy as np

from frugal.candidates.row import WAITING_SHARE
from frugal.experiments.runs.store import Runs
from frugal.experiments.study import Study
from frugal.metering.meter import Meter
from frugal.metering.timing.interleaved_blocks import Call, Plan, QueryTime, measure
from frugal.metering.timing.run_clock import RUN_WAITING_SECONDS, RUN_WALL_SECONDS
from frugal.surrogates.ladder.answering import Answering

#: Rows of one call are cut down to what fits this many seconds: batches gain nothing beyond some thousand rows.
LONGEST_CALL_SECONDS = 0.02

#: Blocks that the booked runs of a dear solver are put into.
BOOKED_BLOCKS = 8


def time_queries(
    study: Study,
    answering: Sequence[Answering],
    held_out: Runs,
    plan: Callable[[int], Plan],
    meter: Meter,
    seed: int,
    tick: Callable[[], None] = lambda: None,
) -> dict[str, dict[str, QueryTime]]:
    """Time every candidate for every call pattern, in interleaved blocks.

    Parameters
    ----------
    study : Study
        Its call patterns say how many rows a call has.
    answering : sequence of Answering
        Each is asked by its ``ask``. A solver whose held-out runs were booked at more than `LONGEST_CALL_SECONDS` a run is
        not run again: it has the booked time.
    held_out : Runs
        Rows that are asked, the next ones at each call.
    plan : callable
        ``plan(n) -> Plan``: how much to measure, for so many different calls.
    meter : Meter
        Books all of it under ``evaluation``, without a candidate.
    seed : int
        Of the order of blocks and of the bootstrap.
    tick : callable
        Called after every block, for progress.

    Returns
    -------
    dict
        Candidate name to call pattern name to time of one row. A call has fewer rows than its pattern where so many would
        take longer than `LONGEST_CALL_SECONDS`.
    """
    booked = _booked_time(held_out, _made_alone(meter))
    dear = [c for c in answering if c.exact and booked is not None and booked.cpu_seconds > LONGEST_CALL_SECONDS]
    with meter.stage("evaluation"):
        calls: dict[tuple[str, int], Call] = {}
        wanted: dict[tuple[str, str], tuple[str, int]] = {}
        for candidate in answering:
            if candidate in dear:
                continue
            for pattern in study.need.call_patterns:
                rows = _affordable_rows(candidate, held_out, pattern.rows)
                wanted[candidate.name, pattern.name] = (candidate.name, rows)
                if (candidate.name, rows) not in calls:
                    calls[candidate.name, rows] = Call(_asker(candidate, held_out, rows), rows)
        keys = {f"{name}|{rows}": (name, rows) for name, rows in calls}
        found = measure({key: calls[pair] for key, pair in keys.items()}, plan(len(calls)), seed, tick)
    times = {keys[key]: time for key, time in found.items()}
    result: dict[str, dict[str, QueryTime]] = {candidate.name: {} for candidate in answering}
    for (name, pattern_name), pair in wanted.items():
        result[name][pattern_name] = times[pair]
    for candidate in dear:
        assert booked is not None
        result[candidate.name] = {pattern.name: booked for pattern in study.need.call_patterns}
    return result


def _made_alone(meter: Meter) -> tuple[float, float] | None:
    """Waiting and wall seconds of a run of the full physics made alone, before the others; None where the ledger has none."""
    for entry in reversed(meter.ledger.entries()):
        if entry.stage == "compile" and RUN_WALL_SECONDS in entry.details:
            return float(entry.details[RUN_WAITING_SECONDS]), float(entry.details[RUN_WALL_SECONDS])
    return None


def _booked_time(held_out: Runs, alone: tuple[float, float] | None) -> QueryTime | None:
    """Time of one run of a solver too dear to be run again: what its held-out runs were booked for.

    Blocks are means over a few runs each, so that the cost of easy and of hard inputs both count. How long one lasts is told by
    the run that was made alone, where it waited: side by side on threads, all wait for each other.
    """
    seconds = held_out.cpu_seconds
    if len(seconds) == 0 or not np.isfinite(seconds).all():
        return None
    blocks = [float(part.mean()) for part in np.array_split(seconds, min(BOOKED_BLOCKS, len(seconds)))]
    rng = np.random.default_rng(0)
    medians = np.median(np.array(blocks)[rng.integers(0, len(blocks), (2000, len(blocks)))], axis=1)
    low, high = np.percentile(medians, [2.5, 97.5])
    mean, p95 = float(seconds.mean()), float(np.percentile(seconds, 95))
    waits = None if alone is None or alone[1] <= 0 else alone[0] / alone[1]
    if alone is not None and waits is not None and waits > WAITING_SHARE:
        mean, p95 = mean + alone[0], p95 + alone[0]
    median = float(np.median(blocks))
    return QueryTime(median, float(low), float(high), tuple(blocks), mean, 1, p95, booked=True, waiting_share=waits)


def _asker(candidate: Answering, held_out: Runs, rows: int) -> Callable[[], object]:
    """A call of ``rows`` rows; each call takes the next rows, since what a row costs may depend on its values."""
    windows = []
    for start in range(0, len(held_out), rows):
        take = (start + np.arange(rows)) % len(held_out)
        windows.append(
            (np.ascontiguousarray(held_out.inputs[take], dtype=candidate.input_type), held_out.object_ids[take])
        )
    turn = itertools.cycle(windows)
    return lambda: candidate.ask(*next(turn))


def _affordable_rows(candidate: Answering, held_out: Runs, rows: int) -> int:
    """Most rows, at most ``rows``, that one call answers within `LONGEST_CALL_SECONDS` of wall time."""
    import time

    tried = 1
    while True:
        ask = _asker(candidate, held_out, tried)
        ask()
        start = time.perf_counter()
        ask()
        per_row = max(time.perf_counter() - start, 1e-7) / tried
        fits = max(1, int(LONGEST_CALL_SECONDS / per_row))
        if tried >= rows or tried >= fits:
            return min(tried, rows)
        tried = min(rows, fits, tried * 32)
