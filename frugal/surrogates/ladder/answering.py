"""A candidate as something that can be asked: by its graph where it has one, else by its function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from frugal.candidates.row import CandidateRow
from frugal.errors import UnusableInputError
from frugal.experiments.runs.store import Runs
from frugal.experiments.study import Study
from frugal.surrogates.fitting.intervals import AnswerInterval
from frugal.surrogates.ladder.build import FULL_PHYSICS, Candidate
from frugal.surrogates.ladder.builders import ModelBuilder, predictor_of
from frugal.surrogates.ladder.calibration import Widths, widths_of
from frugal.surrogates.ladder.judged import JudgedAnswers
from frugal.surrogates.models.corrected import Corrected
from frugal.surrogates.onnx.graph import ROWS_AT_A_TIME, session
from frugal.surrogates.onnx.input_precision import taken_by


@dataclass(frozen=True)
class Answering:
    """A way to answer as it is asked: what it predicts, and the call that is timed.

    Parameters
    ----------
    name : str
        As on the ladder.
    predict : callable
        ``predict(inputs[n, d], object_ids[n]) -> [n, m]``.
    ask : callable
        ``ask(inputs[n, d], object_ids[n])`` answers as a user would be answered; this is what is timed.
    runtime : str
        ``onnx`` or ``python``.
    input_type
        Element type of the inputs that ``ask`` takes.
    exact : bool
        It is the truth itself.
    widths : callable, optional
        Half-widths ``[n, m]`` of the intervals of rows of inputs ``[n, d]``.
    interval : AnswerInterval, optional
        Of a candidate that was just built.
    model : bytes, optional
        Its graph, where it is asked by one.
    project : callable, optional
        ``[n, m] -> [n, m]``: true maps through the modes that it answers with and back.
    judged : JudgedAnswers, optional
        What its errors are taken of, where it has learnt from the runs that it is judged on.
    """

    name: str
    predict: Callable[[np.ndarray, np.ndarray], np.ndarray]
    ask: Callable[[np.ndarray, np.ndarray], object]
    runtime: str
    exact: bool = False
    widths: Widths | None = None
    interval: AnswerInterval | None = None
    model: bytes | None = None
    project: Callable[[np.ndarray], np.ndarray] | None = None
    judged: JudgedAnswers | None = None
    input_type: Any = np.float64


def answering_for(study: Study, candidate: Candidate) -> Answering:
    """How a candidate that was just built answers: its graph, the full physics, or its function."""
    if candidate.kind == "full_physics":
        return _full_physics(study)
    widths = None if candidate.interval is None else candidate.interval.widths
    if candidate.model is not None:
        found = from_graph(study, candidate.name, candidate.model, widths, candidate.project)
    else:
        assert candidate.predict is not None
        found = _from_function(candidate.name, candidate.predict, widths, candidate.project)
    return replace(found, judged=candidate.judged, interval=candidate.interval)


def answering_again(study: Study, row: CandidateRow, model: bytes | None, runs: Runs) -> Answering | None:
    """How a candidate of a bundle answers; None where it failed, or needs physics that is not at hand.

    Parameters
    ----------
    study : Study
        Without a solver where the physics is not at hand.
    row : CandidateRow
    model : bytes, optional
        Its graph, where it has one.
    runs : Runs
        What an alternative without a graph is built from again: all that what ships has learnt from.
    """
    if row.status != "ok":
        return None
    widths = widths_of(row, study)
    if model is not None:
        return from_graph(study, row.name, model, widths)
    if study.solve is None:
        return None
    if row.kind == "full_physics":
        return _full_physics(study)
    found = next((alternative for alternative in study.alternatives if alternative.name == row.name), None)
    if found is None:
        return _corrected_again(study, row, runs, widths)
    answer = study.answer_of(found, runs.inputs, runs.outputs)
    return _from_function(row.name, predictor_of(study, answer), widths, None)


def _corrected_again(study: Study, row: CandidateRow, runs: Runs, widths: Widths | None) -> Answering | None:
    """A corrected answer of the study, which is quickly fitted again; None of any other model."""
    from frugal.surrogates.models import registry

    model = next((m for m in registry.models_for(study) if m.name == row.name and isinstance(m, Corrected)), None)
    if model is None:
        return None
    return _from_function(row.name, ModelBuilder(study, model, seed=0)(runs).predict, widths, None)


def _full_physics(study: Study) -> Answering:
    """The solver, run row by row on the real objects: the truth itself."""

    def run(inputs: np.ndarray, object_ids: np.ndarray) -> np.ndarray:
        rows = [study.run(row, int(object_id)) for row, object_id in zip(inputs, object_ids, strict=True)]
        return np.stack(rows)

    return Answering(FULL_PHYSICS, predict=run, ask=run, runtime="python", exact=True)


def _from_function(
    name: str,
    predict: Callable[[np.ndarray], np.ndarray],
    widths: Widths | None,
    project: Callable[[np.ndarray], np.ndarray] | None,
) -> Answering:
    def answer(inputs: np.ndarray, object_ids: np.ndarray) -> np.ndarray:
        return predict(inputs)

    return Answering(name, predict=answer, ask=answer, runtime="python", widths=widths, project=project)


def from_graph(
    study: Study,
    name: str,
    model: bytes,
    widths: Widths | None = None,
    project: Callable[[np.ndarray], np.ndarray] | None = None,
) -> Answering:
    """An ONNX graph, asked for everything it answers, interval and domain included.

    Parameters
    ----------
    study : Study
    name : str
        As on the ladder.
    model : bytes
        The ONNX file.
    widths : callable, optional
        Half-widths of the intervals that are judged. Where none is given, the graph is asked for them.
    project : callable, optional
        As in `Answering`.

    Returns
    -------
    Answering
        The graph knows objects by their inputs alone: object ids are ignored.
    """
    try:
        opened = session(model)
    except UnusableInputError as fault:
        raise UnusableInputError(f"candidate '{name}': {fault}") from fault
    names = [output.name for output in study.outputs]
    widths = partial(_widths_of_graph, opened, names) if widths is None else widths

    def predict(inputs: np.ndarray, object_ids: np.ndarray) -> np.ndarray:
        return flat_answers(opened, names, inputs)

    def ask(inputs: np.ndarray, object_ids: np.ndarray) -> object:
        if len(inputs) <= ROWS_AT_A_TIME:
            return opened.run(None, {"inputs": inputs})
        starts = range(0, len(inputs), ROWS_AT_A_TIME)
        return [opened.run(None, {"inputs": inputs[at : at + ROWS_AT_A_TIME]}) for at in starts]

    return Answering(
        name, predict, ask, "onnx", widths=widths, model=model, project=project, input_type=taken_by(opened)
    )


def _widths_of_graph(opened: Any, names: list[str], inputs: np.ndarray) -> np.ndarray:
    """Half-widths ``[n, m]`` of the intervals that a graph gives; a physical limit may cut one of their sides."""
    told, lower, upper = (
        flat_answers(opened, [f"{name}{end}" for name in names], inputs) for end in ("", "_lower", "_upper")
    )
    return np.maximum(upper - told, told - lower)


def flat_answers(opened: Any, names: list[str], inputs: np.ndarray) -> np.ndarray:
    """Outputs of a session side by side, ``[n, m]``.

    Parameters
    ----------
    opened : onnxruntime.InferenceSession
    names : list of str
        Outputs of the graph in the order wanted; ``_lower`` and ``_upper`` may be among them.
    inputs : array [n, d]
        In physical units; rounded to what the graph takes, float32 but for few.
    """
    taken, parts = inputs.astype(taken_by(opened)), []
    for at in range(0, max(len(taken), 1), ROWS_AT_A_TIME):
        some = taken[at : at + ROWS_AT_A_TIME]
        answers = opened.run(names, {"inputs": some})
        flat = [np.asarray(a, dtype=float).reshape(len(some), -1) for a in answers]
        parts.append(np.concatenate(flat, axis=1))
    return parts[0] if len(parts) == 1 else np.concatenate(parts)
