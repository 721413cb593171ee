"""A candidate as something that can be asked: by its graph where it has one, else by its function."""

from __future__ import annotations

from typing import Any

import numpy as np

from frugal.experiments.study import Study
from frugal.surrogates.ladder.asked import Answering
from frugal.surrogates.ladder.build import Candidate
from frugal.surrogates.onnx.graph import session


def answering_for(study: Study, candidate: Candidate) -> Answering:
    """How a candidate answers: its graph, the full physics, or its function."""
    if candidate.kind == "full_physics":
        return full_physics(study, candidate.name)
    if candidate.model is not None:
        return from_model(study, candidate.name, candidate.kind, candidate.model, candidate.half_width)
    predict = candidate.predict
    assert predict is not None
    return Answering(
        candidate.name,
        candidate.kind,
        predict=lambda inputs, object_ids: predict(inputs),
        ask=lambda inputs, object_ids: predict(inputs),
        runtime="python",
        half_width=candidate.half_width,
    )


def full_physics(study: Study, name: str) -> Answering:
    """The solver, run row by row on the real objects: the truth itself."""

    def run(inputs: np.ndarray, object_ids: np.ndarray) -> np.ndarray:
        rows = [study.run(row, int(object_id)) for row, object_id in zip(inputs, object_ids, strict=True)]
        return np.stack(rows)

    return Answering(name, "full_physics", predict=run, ask=run, runtime="python", exact=True)


def from_model(study: Study, name: str, kind: str, model: bytes, half_width: np.ndarray | None = None) -> Answering:
    """An ONNX graph, asked for everything it answers, interval and domain included.

    Parameters
    ----------
    study : Study
    name, kind : str
        As on the ladder.
    model : bytes
        The ONNX file.
    half_width : array [m], optional
        Of the interval that is judged. Where none is given, that of the graph is asked for in a study with maps; without maps
        no coverage is judged then.

    Returns
    -------
    Answering
        The graph knows objects by their inputs alone: object ids are ignored.
    """
    opened = session(model)
    names = [output.name for output in study.outputs]
    if half_width is None and any(output.is_field for output in study.outputs):
        half_width = _half_width_of(opened, study)

    def predict(inputs: np.ndarray, object_ids: np.ndarray) -> np.ndarray:
        return flat_answers(opened, names, inputs)

    def ask(inputs: np.ndarray, object_ids: np.ndarray) -> object:
        return opened.run(None, {"inputs": inputs})

    return Answering(name, kind, predict=predict, ask=ask, runtime="onnx", half_width=half_width, model=model)


def _half_width_of(opened: Any, study: Study) -> np.ndarray:
    """Half-width ``[m]`` of the interval that a graph gives: with maps it is kept nowhere else."""
    middle = np.array([[(v.low + v.high) / 2 if not v.choices else v.low for v in study.columns]])
    names = [output.name for output in study.outputs]
    upper = flat_answers(opened, [f"{name}_upper" for name in names], middle)
    return np.asarray((upper - flat_answers(opened, names, middle))[0])


def flat_answers(opened: Any, names: list[str], inputs: np.ndarray) -> np.ndarray:
    """Outputs of a session side by side, ``[n, m]``.

    Parameters
    ----------
    opened : onnxruntime.InferenceSession
    names : list of str
        Outputs of the graph in the order wanted; ``_lower`` and ``_upper`` may be among them.
    inputs : array [n, d]
        In physical units; rounded to float32, which is what a graph takes.
    """
    answers = opened.run(names, {"inputs": inputs.astype(np.float32)})
    return np.concatenate([np.asarray(a, dtype=float).reshape(len(inputs), -1) for a in answers], axis=1)
