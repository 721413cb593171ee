"""Would a smaller file have done? Shorter weights and fewer trees, each judged, weighed and timed beside the original."""

from __future__ import annotations

import gzip
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from frugal.experiments.runs.store import Runs
from frugal.experiments.study import Study
from frugal.metering.timing.interleaved_blocks import Call, Plan, measure
from frugal.surrogates.frugality_checks.budget import Budget, Reason
from frugal.surrogates.frugality_checks.graph_variants import (
    NotPossible,
    has_trees,
    precision,
    quantised,
    stored_as,
    with_fewer_trees,
)
from frugal.surrogates.frugality_checks.refit import judged
from frugal.surrogates.ladder.answering import flat_answers
from frugal.surrogates.onnx.export import never_zero, parity_points
from frugal.surrogates.onnx.graph import session
from frugal.surrogates.onnx.input_precision import taken_by

#: Enough to see a difference of some ten per cent between variants that are timed in turn.
PLAN = Plan(n_blocks=9, block_seconds=0.04, warm_up_seconds=0.02)

_UNMEASURED: dict[str, Any] = {
    "bytes": None,
    "gzip_bytes": None,
    "error": {},
    "error_ratio": None,
    "met": None,
    "cpu_seconds_per_query": None,
    "low": None,
    "high": None,
    "max_difference_sigma": None,
}


def compression(
    study: Study,
    model: bytes,
    rows_per_call: int,
    training: Runs,
    held_out: Runs,
    budget: Budget,
    seed: int,
    plan: Plan | None = None,
    answers: np.ndarray | None = None,
    luck: float = 1.0,
) -> tuple[dict[str, Any] | None, Reason | None]:
    """Make every variant of a graph that can be made, and measure it.

    Parameters
    ----------
    study : Study
    model : bytes
        The graph as it ships.
    rows_per_call : int
        Rows of one call, as the first call pattern was timed.
    training, held_out : Runs
        What it learnt from, and what it is judged on.
    budget : Budget
    seed : int
    plan : Plan, optional
        Of the timing.
    answers : array [n, m], optional
        What it was judged by on the latter, where it has learnt from them: a variant is judged by these and by what it answers
        otherwise than the graph that ships.
    luck : float
        What its bounds are multiplied by on the ladder.

    Returns
    -------
    found : dict or None
        ``original`` names the variant that ships: the precision of its weights.
    reason : mapping or None
        Why there is none.
    """
    plan = plan or PLAN
    makers = dict(_makers(model))
    refusal = budget.refusal((len(makers) + 1) * (plan.warm_up_seconds + plan.n_blocks * plan.block_seconds + 0.1))
    if refusal is not None:
        return None, refusal
    original = precision(model)
    rows: dict[str, dict[str, Any]] = {}
    graphs: dict[str, _Asked] = {original: _Asked(study, model, rows_per_call)}
    points = parity_points(study.columns, training.inputs, seed)
    reference = graphs[original].answers(points)
    spread = _spread(training.outputs, reference)
    apart = 0.0 if answers is None else np.asarray(answers, dtype=float) - graphs[original].answers(held_out.inputs)
    rows[original] = _weighed(study, model, graphs[original], held_out, seed, 0.0, apart, luck)
    for name, make in makers.items():
        try:
            smaller = make()
            graphs[name] = _Asked(study, smaller, rows_per_call)
            differs = float(np.max(np.abs(graphs[name].answers(points) - reference) / spread))
            rows[name] = _weighed(study, smaller, graphs[name], held_out, seed, differs, apart, luck)
        except NotPossible as impossible:
            rows[name] = {**_UNMEASURED, "reason": impossible.reason}
        except MemoryError:
            raise
        except Exception as fault:  # one variant that fails does not hide the others
            graphs.pop(name, None)
            rows[name] = {**_UNMEASURED, "reason": budget.failure(fault)}
    times = measure({name: graph.call(held_out) for name, graph in graphs.items()}, plan, seed)
    for name, time in times.items():
        rows[name] |= {"cpu_seconds_per_query": time.cpu_seconds, "low": time.low, "high": time.high}
    sizes = {name: row["bytes"] for name, row in rows.items() if row["met"]}
    return {
        "original": original,
        "variants": [{"name": name, **row} for name, row in rows.items()],
        "smallest_that_meets": min(sizes, key=lambda name: sizes[name], default=None),
    }, None


def _makers(model: bytes) -> Iterator[tuple[str, Callable[[], bytes]]]:
    if precision(model) == "float64" and not has_trees(model):
        yield "float32", lambda: stored_as(model, "float32")
    yield "float16", lambda: stored_as(model, "float16")
    yield "int8", lambda: quantised(model)
    yield "int8_weights", lambda: stored_as(model, "int8")
    if has_trees(model):
        yield "pruned_1_2", lambda: with_fewer_trees(model, 1 / 2)
        yield "pruned_1_4", lambda: with_fewer_trees(model, 1 / 4)


class _Asked:
    """A graph under measurement, asked in calls of so many rows: integer arithmetic depends on what a call holds."""

    def __init__(self, study: Study, model: bytes, rows: int) -> None:
        self._names = [output.name for output in study.outputs]
        self._opened = session(model)
        self._rows = rows

    def answers(self, inputs: np.ndarray) -> np.ndarray:
        """Outputs ``[n, m]``."""
        parts = [inputs[start : start + self._rows] for start in range(0, len(inputs), self._rows)]
        return np.concatenate([flat_answers(self._opened, self._names, part) for part in parts])

    def call(self, held_out: Runs) -> Call:
        """A call that takes the next rows each time, for everything that the graph answers."""
        opened, rows = self._opened, self._rows
        taken = taken_by(opened)
        windows = [
            np.ascontiguousarray(held_out.inputs[(start + np.arange(rows)) % len(held_out)], dtype=taken)
            for start in range(0, len(held_out), rows)
        ]
        turn = itertools.cycle(windows)
        return Call(lambda: opened.run(None, {"inputs": next(turn)}), rows)


def _weighed(
    study: Study,
    model: bytes,
    asked: _Asked,
    held_out: Runs,
    seed: int,
    differs: float,
    apart: np.ndarray | float,
    luck: float,
) -> dict[str, Any]:
    error = judged(study, asked.answers(held_out.inputs) + apart, held_out, seed, luck)
    return {
        **_UNMEASURED,
        "bytes": len(model),
        "gzip_bytes": len(gzip.compress(model, 9, mtime=0)),
        "error": error.plain(),
        "error_ratio": error.ratio,
        "met": error.met,
        "max_difference_sigma": differs,
        "reason": None,
    }


def _spread(outputs: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Standard deviation of each output element over the training runs; its own size where it never varied."""
    spread = outputs.std(axis=0)
    return np.where(spread > 0, spread, never_zero(np.abs(reference).max(axis=0)))
