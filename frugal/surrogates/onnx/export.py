"""Write a candidate as one ONNX file: outputs with units, interval and domain check, and prove that it answers alike.

The graph takes one matrix ``inputs`` ``[n, d]`` in physical units, columns in the order of the study: float32, or float64 where
that would round an input too much (`input_precision`). Its outputs are, for each output of the study, ``name``,
``name_lower`` and ``name_upper``, and once ``in_domain``, a truth value a row.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from frugal.candidates.row import Parity
from frugal.errors import UnusableInputError
from frugal.experiments.study import Output, Study, Variable
from frugal.experiments.study.outputs import output_slices
from frugal.experiments.study.study_file import describe_study, told_site
from frugal.surrogates.onnx.graph import Graph, first_line, serialise, session
from frugal.surrogates.onnx.input_precision import INPUT_TYPE, MOST_ROUNDING, input_type, taken_by, worst_rounding
from frugal.surrogates.onnx.physical_limits import (
    clip_in_graph,
    clip_outputs,
    expected_beside,
    lower_in_graph,
    raise_in_graph,
)
from frugal.texts import room_texts

#: A graph that differs from the fitted model by more than this many standard deviations of the output is not shipped.
PARITY_TOLERANCE_SIGMA = 1e-4

#: Nominal coverage of the interval.
INTERVAL_LEVEL = 0.9

_TEXTS = room_texts("frugal.surrogates")

WriteNodes = Callable[[Any, str], str]


class WritesNodes(Protocol):
    """What can be written as nodes from the inputs."""

    def graph(self, builder: Graph, x: str) -> str:
        """Write it, from the tensor of inputs ``x`` ``[n, d]`` to the tensor whose name is returned."""


@dataclass(frozen=True)
class Domain:
    """Inputs inside which a candidate was built.

    Parameters
    ----------
    low, high : array [d]
        Their bounds.
    near : WritesNodes, optional
        Says of rows whether there are runs around them, booleans ``[n]``; None where the bounds are all there is to it.
    """

    low: np.ndarray
    high: np.ndarray
    near: WritesNodes | None = None


def write_graph(
    study: Study,
    candidate: str,
    nodes: WriteNodes,
    interval: WritesNodes | np.ndarray,
    domain: Domain,
) -> bytes:
    """Serialise a candidate.

    Parameters
    ----------
    study : Study
    candidate : str
        Its name, for the metadata.
    nodes : callable
        ``nodes(builder, x) -> y`` writes the answer, from inputs ``[n, d]`` to outputs ``[n, m]`` side by side.
    interval : WritesNodes or array [m]
        Writes the half-width of the interval of each element, ``[n, m]``; or one half-width of each for all rows.
    domain : Domain

    Returns
    -------
    bytes
        With names, units and bounds in the metadata.
    """
    graph = Graph(f"{study.name}_{candidate}")
    x = graph.input("inputs", len(study.columns), input_type(study.columns))
    y = graph.cast(nodes(graph, x), np.float32)
    y = clip_in_graph(graph, y, study.outputs)
    width = graph.constant(interval) if isinstance(interval, np.ndarray) else interval.graph(graph, x)
    lower = raise_in_graph(graph, graph.op("Sub", y, width), study.outputs)
    upper = lower_in_graph(graph, graph.op("Add", y, width), study.outputs)
    declared: list[tuple[str, str, int, Sequence[int | str]]] = []
    for suffix, tensor in (("", y), ("_lower", lower), ("_upper", upper)):
        declared += _split(graph, tensor, study.outputs, suffix)
    declared.append(("in_domain", _in_domain(graph, x, domain), 9, ()))
    return serialise(graph.finish(declared, metadata(study, candidate)))


def why_it_differs(study: Study, parity: Parity) -> dict[str, str]:
    """Why a graph is not shipped, by language: it differs from the model, perhaps because float32 rounds an input."""
    name, part = worst_rounding(study.columns)
    told: dict[str, Any] = {"sigma": parity.max_sigma, "allowed": parity.tolerance_sigma}
    if part > MOST_ROUNDING:
        return _TEXTS.say("graph.differs_by_rounding", name=name, part=part, **told)
    return _TEXTS.say("graph.differs", **told)


def metadata(study: Study, candidate: str) -> dict[str, str]:
    """What makes an ONNX file usable alone: names, units, bounds, hashes."""
    described = describe_study(study)
    # the graph derives scalars by itself; the weights of all cells would be most of the metadata
    described["outputs"] = [{**output, "derived": None} for output in described["outputs"]]
    described["site"] = told_site(study.site)
    keep = ("name", "title", "hash", "inputs", "outputs", "scenarios", "parameters", "site", "sources", "notes")
    told = {INPUT_TYPE: "float64"} if input_type(study.columns) is np.float64 else {}
    return {
        "frugal.format": "frugal-model/1",
        "frugal.candidate": candidate,
        "frugal.study": json.dumps(
            {key: described[key] for key in keep if key in described}, ensure_ascii=False, default=str
        ),
        "frugal.interval_level": str(INTERVAL_LEVEL),
        **told,
    }


def check_parity(
    model: bytes,
    predict: Callable[[np.ndarray], np.ndarray],
    study: Study,
    training: np.ndarray,
    spread: np.ndarray,
    seed: int,
) -> Parity:
    """Ask the graph and the fitted model at random, edge and training points.

    Parameters
    ----------
    model : bytes
    predict : callable
        Reference, ``[n, d] -> [n, m]``.
    study : Study
    training : array [n, d]
        Inputs of the training runs.
    spread : array [m]
        Standard deviation of each output element over the training runs.
    seed : int

    Notes
    -----
    The graph is held against the model at the rounded points that it receives, and at random and training points against the
    model at the points themselves: rounding an input to float32 must not show either.

    A scalar that counts cells above a threshold jumps when rounding moves one cell across: it is held against the graph's own
    map, which is itself held against that of the model.
    """
    points = parity_points(study.columns, training, seed)
    opened, names = session(model), [output.name for output in study.outputs]

    def difference(points: np.ndarray) -> float:
        answers = opened.run(names, {"inputs": points.astype(taken_by(opened))})
        got = np.concatenate([np.asarray(a, dtype=float).reshape(len(points), -1) for a in answers], axis=1)
        return largest_difference(got, clip_outputs(predict(points), study.outputs), spread, study.outputs)

    # on faces and corners, which are left out here, an answer may jump where rounding leaves the bounds
    inside = unrounded_points(study.columns, training, seed)
    largest = max(difference(points), difference(inside))
    return Parity(largest, len(points) + len(inside), PARITY_TOLERANCE_SIGMA)


def largest_difference(got: np.ndarray, expected: np.ndarray, spread: np.ndarray, outputs: Sequence[Output]) -> float:
    """Largest difference between answers of a graph and what they should be, in standard deviations of their element.

    Parameters
    ----------
    got, expected : array [n, m]
        All outputs side by side, in their units.
    spread : array [m]
        Standard deviation of each element over the training runs.
    outputs : sequence of Output

    Returns
    -------
    float
        Infinite where a value is no finite number.
    """
    scale = _parity_scale(spread, expected, outputs)
    difference = np.abs(got - expected_beside(got, expected, scale, outputs, PARITY_TOLERANCE_SIGMA)) / scale
    return float(np.max(difference)) if np.isfinite(difference).all() else float("inf")


def _parity_scale(spread: np.ndarray, expected: np.ndarray, outputs: Sequence[Output]) -> np.ndarray:
    """Size ``[m]`` that a difference is held against: the spread, and of what never varied its own size.

    An element that is hardly ever defined hardly varies: of a field no scale is less than a twentieth of the largest.
    """
    scale = np.where(spread > 0, spread, never_zero(np.abs(expected).max(axis=0)))
    slices = output_slices(outputs)
    for output in outputs:
        if output.is_field:
            columns = slices[output.name]
            scale[columns] = np.maximum(scale[columns], spread[columns].max() / 20)
    return scale


def never_zero(size: np.ndarray) -> np.ndarray:
    """Sizes ``[m]`` to divide by: of elements that are zero everywhere, the largest of the others, or else 1."""
    return np.where(size > 0, size, float(size.max(initial=0.0)) or 1.0)


def unrounded_points(variables: Sequence[Variable], training: np.ndarray, seed: int, n_random: int = 64) -> np.ndarray:
    """Rows at random in the bounds and up to 64 training runs, as they are in float64.

    Parameters
    ----------
    variables : sequence of Variable
        One a column; choices are asked at whole numbers.
    training : array [n, d]
    seed : int
    n_random : int
    """
    rng = np.random.default_rng(seed + 1)
    low, high = (np.array([getattr(v, side) for v in variables], dtype=float) for side in ("low", "high"))
    rows = rng.uniform(low, high, (n_random, len(variables)))
    rows = np.concatenate([rows, training[rng.permutation(len(training))[:64]]])
    choices = [j for j, variable in enumerate(variables) if variable.choices]
    rows[:, choices] = np.round(rows[:, choices])
    return rows


def parity_points(variables: Sequence[Variable], training: np.ndarray, seed: int, n_random: int = 192) -> np.ndarray:
    """Rows at random in the bounds, on the middle of each face, at the two extreme corners, and from the training runs.

    They are rounded to what a graph receives: float32, or not at all.

    Parameters
    ----------
    variables : sequence of Variable
        One a column; choices are asked at whole numbers.
    training : array [n, d]
        Inputs of the training runs: their median is the middle of the faces, and up to 64 of them are asked.
    seed : int
        Of the random rows and of those drawn from training.
    n_random : int
        Rows at random in the bounds.

    Returns
    -------
    array [n_random + 2 d + 2 + up to 64, d]
        float64, in physical units.
    """
    rng = np.random.default_rng(seed)
    low = np.array([v.low for v in variables])
    high = np.array([v.high for v in variables])
    middle = np.median(training, axis=0)
    faces = np.repeat(middle[None], 2 * len(variables), axis=0)
    for j in range(len(variables)):
        faces[2 * j, j], faces[2 * j + 1, j] = low[j], high[j]
    rows = np.concatenate(
        [
            rng.uniform(low, high, (n_random, len(variables))),
            faces,
            low[None],
            high[None],
            training[rng.permutation(len(training))[:64]],
        ]
    )
    for j, variable in enumerate(variables):
        if variable.choices:
            rows[:, j] = np.round(rows[:, j])
    return rows.astype(input_type(variables)).astype(np.float64)


def model_metadata(model: bytes) -> Mapping[str, str]:
    """Metadata of a serialised model.

    Raises
    ------
    UnusableInputError
        If it cannot be opened, or its metadata are no text.
    """
    try:
        return dict(session(model).get_modelmeta().custom_metadata_map)
    except (UnicodeDecodeError, RuntimeError) as fault:
        raise UnusableInputError("its metadata are not text") from fault


def with_metadata(model: bytes, extra: Mapping[str, str]) -> bytes:
    """The same graph with more metadata; its digest does not change.

    Raises
    ------
    UnusableInputError
        If the bytes are not a protobuf message of that kind.
    """
    import onnx

    try:
        proto = onnx.load_from_string(model)
    except Exception as fault:  # protobuf raises classes of its own, which differ between its versions
        raise UnusableInputError(f"the graph cannot be read: {first_line(fault)}") from fault
    known = {prop.key: prop.value for prop in proto.metadata_props}
    onnx.helper.set_model_props(proto, dict(sorted({**known, **extra}.items())))
    return serialise(proto)


def _split(
    graph: Graph, tensor: str, outputs: Sequence[Output], suffix: str
) -> list[tuple[str, str, int, Sequence[int | str]]]:
    sizes = [output.size for output in outputs]
    parts: Sequence[str] = (tensor,)
    if len(sizes) > 1:
        split = graph.op("Split", tensor, graph.constant(sizes, np.int64), outputs=len(sizes), axis=1)
        parts = split if isinstance(split, tuple) else (split,)
    declared: list[tuple[str, str, int, Sequence[int | str]]] = []
    for output, part in zip(outputs, parts, strict=True):
        shaped = part
        if len(output.shape) != 1:
            shaped = graph.op("Reshape", part, graph.constant([-1, *output.shape], np.int64))
        declared.append((output.name + suffix, shaped, 1, output.shape))
    return declared


def _in_domain(graph: Graph, x: str, domain: Domain) -> str:
    # Rounding to float32 must not put a value that stands on the edge outside.
    double = graph.takes_double(x)
    largest = np.maximum(np.abs(domain.low), np.abs(domain.high))
    slack = 1e-6 * np.maximum(largest * (not double), domain.high - domain.low) + 1e-15 * largest
    dtype = np.float64 if double else np.float32
    above = graph.op("GreaterOrEqual", x, graph.constant(domain.low - slack, dtype))
    below = graph.op("LessOrEqual", x, graph.constant(domain.high + slack, dtype))
    inside = graph.cast(graph.op("And", above, below), np.float32)
    least = graph.cast(graph.op("ReduceMin", inside, axes=[1], keepdims=0), np.bool_)
    return least if domain.near is None else graph.op("And", least, domain.near.graph(graph, x))
