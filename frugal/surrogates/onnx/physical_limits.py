"""What keeps answers physical, in numpy and as nodes of a graph: limits, undefined elements, scalars derived from fields."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from frugal.experiments.study.outputs import Derived, Output, derive, fill_undefined, output_slices
from frugal.surrogates.onnx.graph import Graph


def lower_limits(outputs: Sequence[Output]) -> np.ndarray:
    """Physical lower limit of each element ``[m]``, minus infinity where there is none."""
    return np.concatenate([np.full(o.size, -np.inf if o.low is None else o.low) for o in outputs])


def upper_limits(outputs: Sequence[Output]) -> np.ndarray:
    """Physical upper limit of each element ``[m]``, infinity where there is none."""
    return np.concatenate([np.full(o.size, np.inf if o.high is None else o.high) for o in outputs])


def clip_outputs(values: np.ndarray, outputs: Sequence[Output]) -> np.ndarray:
    """Make values ``[n, m]`` physical: within the limits of their output, undefined elements filled, scalars derived.

    `clip_in_graph` does the same in a graph.
    """
    clipped = np.minimum(np.maximum(values, lower_limits(outputs)), upper_limits(outputs))
    return derive(fill_undefined(clipped, outputs), outputs)


def raise_in_graph(graph: Graph, tensor: str, outputs: Sequence[Output]) -> str:
    """Raise ``tensor`` ``[n, m]``, float32, to the lower limits of its outputs.

    Parameters
    ----------
    graph : Graph
        Takes the node.
    tensor : str
        Name of the tensor to raise.
    outputs : sequence of Output
        In the order of its columns.

    Returns
    -------
    str
        Name of the tensor raised; the one given where no output has a lower limit.
    """
    return _limited(graph, "Max", tensor, lower_limits(outputs), float(np.finfo(np.float32).min))


def lower_in_graph(graph: Graph, tensor: str, outputs: Sequence[Output]) -> str:
    """Lower ``tensor`` ``[n, m]``, float32, to the upper limits of its outputs.

    Parameters
    ----------
    graph, tensor, outputs
        As for `raise_in_graph`.

    Returns
    -------
    str
        Name of the tensor lowered; the one given where no output has an upper limit.
    """
    return _limited(graph, "Min", tensor, upper_limits(outputs), float(np.finfo(np.float32).max))


def _limited(graph: Graph, operator: str, tensor: str, limits: np.ndarray, none: float) -> str:
    """The tensor held to its limits; ``none`` stands where there is no limit."""
    if not np.isfinite(limits).any():
        return tensor
    if (limits == limits[0]).all():
        return graph.op(operator, tensor, graph.constant(limits[0]))
    return graph.op(operator, tensor, graph.constant(np.where(np.isfinite(limits), limits, none)))


def clip_in_graph(graph: Graph, tensor: str, outputs: Sequence[Output]) -> str:
    """Limits, undefined elements and derived scalars for ``tensor`` ``[n, m]``, float32, as `clip_outputs` does.

    Parameters
    ----------
    graph, tensor
        As for `raise_in_graph`.
    outputs : sequence of Output
        All of the study, in the order of the columns: maps that tell wetness and sources of derived scalars must be among
        them.

    Returns
    -------
    str
        Name of the tensor ``[n, m]`` made physical.
    """
    tensor = lower_in_graph(graph, raise_in_graph(graph, tensor, outputs), outputs)
    if not any(o.defined_elsewhere or o.derived for o in outputs):
        return tensor
    parts = dict(zip((o.name for o in outputs), _split(graph, tensor, outputs), strict=True))
    defined: dict[str, str] = {}
    for output in outputs:
        if output.defined_elsewhere:
            if output.defined_where not in defined:
                threshold = next(o.valid_above for o in outputs if o.name == output.defined_where)
                defined[output.defined_where] = graph.op(
                    "Greater", parts[output.defined_where], graph.constant(threshold)
                )
            fill = graph.constant(output.fill_value)
            parts[output.name] = graph.op("Where", defined[output.defined_where], parts[output.name], fill)
    for output in outputs:
        if output.derived is not None:
            size = next(o.size for o in outputs if o.name == output.derived.of)
            parts[output.name] = _derived(graph, parts[output.derived.of], output.derived, size)
    return graph.op("Concat", *parts.values(), axis=1)


def _split(graph: Graph, tensor: str, outputs: Sequence[Output]) -> Sequence[str]:
    if len(outputs) == 1:
        return (tensor,)
    sizes = graph.constant([output.size for output in outputs], np.int64)
    return graph.op("Split", tensor, sizes, outputs=len(outputs), axis=1)


def _derived(graph: Graph, cells: str, derived: Derived, size: int) -> str:
    if derived.kind != "sum":
        operator = "Greater" if derived.kind == "above" else "Less"
        cells = graph.cast(graph.op(operator, cells, graph.constant(derived.threshold)), np.float32)
    if isinstance(derived.weights, float):
        total = graph.op("ReduceSum", cells, graph.constant([1], np.int64), keepdims=1)
        return graph.op("Mul", total, graph.constant(derived.weights))
    return graph.op("MatMul", cells, graph.constant(derived.cell_weights(size)[:, None]))


def expected_beside(
    got: np.ndarray, expected: np.ndarray, scale: np.ndarray, outputs: Sequence[Output], tolerance: float
) -> np.ndarray:
    """What a graph should have answered ``[n, m]``, allowing for jumps that rounding alone explains.

    Parameters
    ----------
    got, expected : array [n, m]
        Answers of the graph and of the model.
    scale : array [m]
        Size that differences are held against.
    outputs : sequence of Output
    tolerance : float
        In units of ``scale``. A cell whose depth is that near to the threshold may be defined in one and not in the other.
    """
    slices = output_slices(outputs)
    result = expected.copy()
    for output in outputs:
        columns = slices[output.name]
        if output.defined_elsewhere:
            source = next(o for o in outputs if o.name == output.defined_where)
            depth = slices[source.name]
            close = np.abs(expected[:, depth] - source.valid_above) <= tolerance * scale[depth]
            result[:, columns] = np.where(close, got[:, columns], expected[:, columns])
        if output.derived is not None:
            result[:, columns] = output.derived.of_map(got[:, slices[output.derived.of]])[:, None]
    return result
