"""Judge candidates on the held-out runs and time their answers, on the same machine and in the same minutes."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from frugal.experiments.runs.store import Runs
from frugal.experiments.study import CallPattern, Output, Study, Tolerance
from frugal.metering.meter import Meter
from frugal.metering.timing.interleaved_blocks import Call, Plan, QueryTime, measure
from frugal.reporting.text import missing_data
from frugal.surrogates.decision import MISSING_DATA, Rung
from frugal.surrogates.map_errors import covered_columns, default_metric, pooled_map_error

#: Rows of one call are cut down to what fits this many seconds: batches gain nothing beyond some thousand rows.
LONGEST_CALL_SECONDS = 0.02

#: What is written for an error without bound (relative to an output that is always zero): JSON knows no infinity.
LARGEST_ERROR = 1e6

#: Blocks that the booked runs of a dear solver are put into.
BOOKED_BLOCKS = 8


@dataclass(frozen=True)
class OutputError:
    """Error of one output on the held-out runs.

    ``value`` is the largest error of its elements, ``low`` and ``high`` its 95 % bootstrap interval, in the metric of the
    tolerance (nRMSE where none is declared). The error of a map is pooled over its cells: it has no elements but a summary.
    """

    metric: str
    value: float
    low: float
    high: float
    elements: tuple[float, ...]
    worst_element: str | None
    tolerance: float | None
    summary: Mapping[str, Any] = field(default_factory=dict)

    @property
    def met(self) -> bool:
        """The upper bound is within the tolerance."""
        return self.tolerance is None or self.high <= self.tolerance


@dataclass
class Judged:
    """What was measured of one candidate; ``memory`` is in bytes by call pattern, where it was measured."""

    errors: dict[str, OutputError] = field(default_factory=dict)
    coverage: float | None = None
    times: dict[str, QueryTime] = field(default_factory=dict)
    memory: dict[str, int] = field(default_factory=dict)
    runtime: str = "python"
    message: str = ""

    @property
    def error_met(self) -> bool:
        """Every declared error is within its tolerance."""
        return bool(self.errors) and all(error.met for error in self.errors.values())

    @property
    def error_ratio(self) -> float:
        """Largest ratio of an upper bound to its tolerance; infinite when nothing is declared."""
        ratios = [error.high / error.tolerance for error in self.errors.values() if error.tolerance]
        return max(ratios, default=math.inf)


@dataclass(frozen=True)
class Answering:
    """A candidate as something that can be asked: by its graph where it has one, else by its function.

    Parameters
    ----------
    name, kind
        As on the ladder.
    predict : callable
        ``predict(inputs[n, d], subjects[n]) -> [n, m]``.
    ask : callable
        ``ask(inputs[n, d], subjects[n])`` answers as a user would be answered; this is what is timed.
    runtime : str
        ``onnx`` or ``python``.
    exact : bool
        It is the truth itself.
    half_width : array [m], optional
    model : bytes, optional
        Its graph, where it is asked by one.
    """

    name: str
    kind: str
    predict: Callable[[np.ndarray, np.ndarray], np.ndarray]
    ask: Callable[[np.ndarray, np.ndarray], object]
    runtime: str
    exact: bool = False
    half_width: np.ndarray | None = None
    model: bytes | None = None


def judge(study: Study, answering: Answering, judging: Runs, meter: Meter, seed: int) -> Judged:
    """Errors and interval coverage of one candidate on the held-out runs."""
    judged = Judged(runtime=answering.runtime)
    with meter.stage("evaluation", answering.name):
        if answering.exact:
            judged.errors = {o.name: _no_error(o, study.need.tolerances.get(o.name)) for o in study.outputs}
            return judged
        try:
            predicted = answering.predict(judging.inputs, judging.subjects)
        except MemoryError:
            raise
        except Exception as fault:  # whatever one candidate raises, the others are judged
            judged.message = f"{type(fault).__name__}: {fault}"
            return judged
        groups = judging.places if len(np.unique(judging.places)) > 1 else None
        judged.errors = output_errors(study, judging.outputs, predicted, groups, seed)
        if answering.half_width is not None:
            inside = np.abs(judging.outputs - predicted) <= answering.half_width + 1e-12
            judged.coverage = float(inside[:, covered_columns(study, judging.outputs)].mean())
    return judged


def output_errors(
    study: Study, truth: np.ndarray, predicted: np.ndarray, groups: np.ndarray | None, seed: int
) -> dict[str, OutputError]:
    """Error of every output, with its interval, against the study's tolerances."""
    from frugal.surrogates.uncertainty import error_with_interval

    errors = {}
    for output, (name, columns) in zip(study.outputs, study.output_slices().items(), strict=True):
        tolerance = study.need.tolerances.get(name)
        if output.is_map:
            errors[name] = map_error(study, output, truth, predicted, groups, seed)
            continue
        metric = tolerance.metric if tolerance else "nrmse"
        assert metric != "rmse_wet"
        found = error_with_interval(truth[:, columns], predicted[:, columns], metric, groups=groups, seed=seed)
        worst = int(np.argmax(found.value))
        errors[name] = OutputError(
            metric=metric,
            value=float(found.value[worst]),
            low=float(found.low[worst]),
            high=float(np.max(found.high)),
            elements=tuple(float(v) for v in found.value),
            worst_element=_element(output, worst),
            tolerance=tolerance.limit if tolerance else None,
        )
    return errors


def map_error(
    study: Study, output: Output, truth: np.ndarray, predicted: np.ndarray, groups: np.ndarray | None, seed: int
) -> OutputError:
    """Error of one map, pooled over its cells."""
    tolerance = study.need.tolerances.get(output.name)
    metric = tolerance.metric if tolerance else default_metric(output)
    found, summary = pooled_map_error(study, output, truth, predicted, metric, groups, seed)
    value, low, high = (float(bound[0]) for bound in (found.value, found.low, found.high))
    limit = tolerance.limit if tolerance else None
    return OutputError(metric, value, low, high, (), summary["worst_cell"], limit, summary)


def time_queries(
    study: Study,
    answering: Sequence[Answering],
    judging: Runs,
    plan: Callable[[int], Plan],
    meter: Meter,
    seed: int,
    tick: Callable[[], None] = lambda: None,
) -> dict[str, dict[str, QueryTime]]:
    """Time every candidate for every call pattern, in interleaved blocks.

    Returns
    -------
    dict
        Candidate name to call pattern name to time.
    """
    booked = _booked_time(judging)
    dear = [c for c in answering if c.exact and booked is not None and booked.cpu_seconds > LONGEST_CALL_SECONDS]
    with meter.stage("evaluation"):
        calls: dict[tuple[str, int], Call] = {}
        wanted: dict[tuple[str, str], tuple[str, int]] = {}
        for candidate in answering:
            if candidate in dear:
                continue
            for pattern in study.need.call_patterns:
                rows = _affordable_rows(candidate, judging, pattern.rows)
                wanted[candidate.name, pattern.name] = (candidate.name, rows)
                if (candidate.name, rows) not in calls:
                    calls[candidate.name, rows] = Call(_asker(candidate, judging, rows), rows)
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


def _booked_time(judging: Runs) -> QueryTime | None:
    """Time of one run of a solver too dear to be run again: what its held-out runs were booked for.

    Blocks are means over a few runs each, so that the cost of easy and of hard inputs both count.
    """
    seconds = judging.cpu_seconds
    if len(seconds) == 0 or not np.isfinite(seconds).all():
        return None
    blocks = [float(part.mean()) for part in np.array_split(seconds, min(BOOKED_BLOCKS, len(seconds)))]
    rng = np.random.default_rng(0)
    medians = np.median(np.array(blocks)[rng.integers(0, len(blocks), (2000, len(blocks)))], axis=1)
    low, high = np.percentile(medians, [2.5, 97.5])
    mean, p95 = float(seconds.mean()), float(np.percentile(seconds, 95))
    return QueryTime(float(np.median(blocks)), float(low), float(high), tuple(blocks), mean, 1, p95, booked=True)


def limits_broken(
    pattern: CallPattern,
    time: QueryTime,
    model_bytes: int | None,
    memory_bytes: int | None = None,
    lacks: Mapping[str, str] | None = None,
) -> tuple[list[dict[str, str]], tuple[str, ...], tuple[str, ...]]:
    """Limits of a call pattern that a candidate breaks: sentences, names of hard ones, names of chosen ones.

    A limit of memory is not held against a candidate without a graph: it runs in the process that measures. What lacks data
    cannot be asked at all, so that no other limit is told of it.
    """
    if lacks:
        return [missing_data(lacks)], (MISSING_DATA,), ()
    sentences: list[dict[str, str]] = []
    hard, chosen = [], []
    if pattern.requires_graph and model_bytes is None:
        hard.append("graph")
        sentences.append({"en": "it has no ONNX graph", "fr": "il n'a pas de graphe ONNX"})
    if pattern.max_bytes is not None and model_bytes is not None and model_bytes > pattern.max_bytes:
        hard.append("bytes")
        sentences.append(
            {
                "en": f"its file has {model_bytes} bytes; {pattern.max_bytes} are allowed",
                "fr": f"son fichier pèse {model_bytes} octets ; {pattern.max_bytes} sont permis",
            }
        )
    if pattern.max_memory_bytes is not None and model_bytes is not None:
        broken = _memory_broken(pattern.max_memory_bytes, memory_bytes)
        if broken:
            hard.append("memory")
            sentences.append(broken)
    latency = call_latency(pattern, time)
    if pattern.max_latency_s is not None and latency > pattern.max_latency_s:
        chosen.append("latency")
        sentences.append(
            {
                "en": f"95 % of calls take up to {latency:.2g} s; {pattern.max_latency_s:g} s are allowed",
                "fr": f"95 % des appels prennent jusqu'à {latency:.2g} s ; {pattern.max_latency_s:g} s sont permises",
            }
        )
    return sentences, tuple(hard), tuple(chosen)


def _memory_broken(allowed: int, memory_bytes: int | None) -> dict[str, str]:
    if memory_bytes is None:
        return {"en": "its memory could not be measured", "fr": "sa mémoire n'a pas pu être mesurée"}
    if memory_bytes <= allowed:
        return {}
    return {
        "en": f"it holds {memory_bytes} bytes in memory; {allowed} are allowed",
        "fr": f"il occupe {memory_bytes} octets en mémoire ; {allowed} sont permis",
    }


def call_latency(pattern: CallPattern, time: QueryTime) -> float:
    """Seconds of wall time that 95 % of the blocks of calls stay within, for one call of the pattern's rows.

    The median stands in where an older measurement has no 95th percentile.
    """
    seconds = time.wall_p95_seconds_per_call
    return (time.wall_seconds_per_call if seconds is None else seconds) * pattern.rows / time.rows


def rung_for(
    name: str,
    kind: Any,
    judged: Judged,
    pattern: CallPattern,
    model_bytes: int | None,
    needs_runs: bool,
    needs_compilation: bool,
    lacks: Mapping[str, str] | None = None,
) -> Rung:
    """What the decision reads of a candidate."""
    time = judged.times[pattern.name]
    _, hard, chosen = limits_broken(pattern, time, model_bytes, judged.memory.get(pattern.name), lacks)
    return Rung(
        name=name,
        kind=kind,
        error_met=judged.error_met,
        error=judged.error_ratio,
        query_blocks=time.blocks,
        needs_runs=needs_runs,
        needs_compilation=needs_compilation,
        hard_limits=hard,
        chosen_limits=chosen,
    )


def error_as_plain(errors: Mapping[str, OutputError]) -> dict[str, Any]:
    """Errors as they stand in ``candidates.json``."""
    return {
        name: {
            "metric": error.metric,
            "value": min(error.value, LARGEST_ERROR),
            "low": min(error.low, LARGEST_ERROR),
            "high": min(error.high, LARGEST_ERROR),
            "tolerance": error.tolerance,
            "worst_element": error.worst_element,
            "elements": [min(value, LARGEST_ERROR) for value in error.elements],
            **({"summary": dict(error.summary)} if error.summary else {}),
        }
        for name, error in errors.items()
    }


def _no_error(output: Output, tolerance: Tolerance | None) -> OutputError:
    metric = tolerance.metric if tolerance else default_metric(output)
    limit = tolerance.limit if tolerance else None
    elements = () if output.is_map else (0.0,) * output.size
    return OutputError(metric, 0.0, 0.0, 0.0, elements, None, limit)


def _element(output: Output, index: int) -> str | None:
    if not output.dims:
        return None
    position = np.unravel_index(index, output.shape)
    return ", ".join(f"{dim}={output.coords[dim][int(i)]}" for dim, i in zip(output.dims, position, strict=True))


def _asker(candidate: Answering, judging: Runs, rows: int) -> Callable[[], object]:
    """A call of ``rows`` rows; each call takes the next rows, since what a row costs may depend on its values."""
    dtype = np.float32 if candidate.runtime == "onnx" else np.float64
    windows = []
    for start in range(0, len(judging), rows):
        take = (start + np.arange(rows)) % len(judging)
        windows.append((np.ascontiguousarray(judging.inputs[take], dtype=dtype), judging.subjects[take]))
    turn = itertools.cycle(windows)
    return lambda: candidate.ask(*next(turn))


def _affordable_rows(candidate: Answering, judging: Runs, rows: int) -> int:
    """Most rows, at most ``rows``, that one call answers within `LONGEST_CALL_SECONDS` of wall time."""
    import time

    tried = 1
    while True:
        ask = _asker(candidate, judging, tried)
        ask()
        start = time.perf_counter()
        ask()
        per_row = max(time.perf_counter() - start, 1e-7) / tried
        fits = max(1, int(LONGEST_CALL_SECONDS / per_row))
        if tried >= rows or tried >= fits:
            return min(tried, rows)
        tried = min(rows, fits, tried * 32)
