"""Node by node, from an ONNX graph to the statements of a program for one row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from frugal.surrogates.javascript import elementwise, products, shaping
from frugal.surrogates.javascript.expressions import Leaf, contiguous
from frugal.surrogates.javascript.program import Program, Untranslatable, Value

if TYPE_CHECKING:
    import onnx

#: Element types of inputs, by the letter of the buffer that they stand in.
_INPUTS = {1: "f", 11: "d"}


@dataclass(frozen=True)
class Translated:
    """A graph as a program.

    Parameters
    ----------
    program : Program
    width : int
        Numbers of a row of inputs.
    row_kind : str
        Letter of their type.
    outputs : mapping of str to Value
        By name, in the order of the graph.
    """

    program: Program
    width: int
    row_kind: str
    outputs: Mapping[str, Value]


def translate(model: onnx.ModelProto) -> Translated:
    """The statements of a graph.

    Parameters
    ----------
    model : onnx.ModelProto
        With one input, a matrix of rows.

    Raises
    ------
    Untranslatable
        Naming the operator that has no JavaScript here.
    """
    from onnx import numpy_helper

    graph, program = model.graph, Program()
    if len(graph.input) != 1 or len(graph.input[0].type.tensor_type.shape.dim) != 2:
        raise Untranslatable("javascript.operator", operator=", ".join(found.name for found in graph.input))
    told = graph.input[0]
    kind = _INPUTS.get(told.type.tensor_type.elem_type)
    width = told.type.tensor_type.shape.dim[1].dim_value
    if kind is None or not width:
        raise Untranslatable("javascript.operator", operator=told.name)
    held = {constant.name: numpy_helper.to_array(constant) for constant in graph.initializer}
    found: dict[str, Value] = {told.name: Value((1, width), kind, Leaf("x", contiguous((1, width))))}
    reads = Counter(name for node in graph.node for name in node.input)
    reads.update(output.name for output in graph.output)

    def value(name: str) -> Value | None:
        if not name:
            return None
        if name not in found:
            found[name] = _held(program, held[name])
        return found[name]

    for node in graph.node:
        attributes = {one.name: _attribute(one) for one in node.attribute}
        if node.domain not in ("", "ai.onnx", "ai.onnx.ml"):
            raise Untranslatable("javascript.operator", operator=f"{node.domain}.{node.op_type}")
        values = [_lazy(held[name]) if name in held and k in _SIZES.get(node.op_type, ()) else value(name)
                  for k, name in enumerate(node.input)]  # fmt: skip
        results = _node(program, node.op_type, values, attributes, len(node.output))
        for name, result in zip(node.output, results, strict=True):
            found[name] = program.computed(result) if reads[name] > 1 else result
    outputs = {output.name: _laid_out(program, found[output.name]) for output in graph.output}
    return Translated(program, width, kind, outputs)


#: Inputs that are sizes, axes or places: read while the graph is translated, and no part of the file.
_SIZES: Mapping[str, Sequence[int]] = {
    "Reshape": (1,), "Unsqueeze": (1,), "Squeeze": (1,), "Slice": (1, 2, 3, 4), "Split": (1,), "Expand": (1,),
    "ReduceSum": (1,), "Gather": (1,),
}  # fmt: skip


def _lazy(array: np.ndarray) -> Value:
    """Numbers that stand in no buffer yet."""
    return Value(array.shape, "i", Leaf("", contiguous(array.shape)), True, array)


def _held(program: Program, array: np.ndarray) -> Value:
    return program.constant(array)


def _attribute(attribute: Any) -> Any:
    from onnx import helper, numpy_helper

    value = helper.get_attribute_value(attribute)
    return numpy_helper.to_array(value) if attribute.type == attribute.TENSOR else value


def _laid_out(program: Program, value: Value) -> Value:
    """A value whose elements stand one behind the other."""
    if shaping.flat(value) is not None:
        return value
    if value.size == 1:
        return program.computed(value)
    copy = program.buffer(value.shape, value.kind)
    program.store(copy, value.shape, value.expression, value.fixed)
    return Value(value.shape, value.kind, copy, value.fixed)


def _node(
    program: Program, operator: str, values: Sequence[Value | None], attributes: Mapping[str, Any], n_outputs: int
) -> list[Value]:
    first = values[0] if values else None
    if first is None:
        raise Untranslatable("javascript.operator", operator=operator)
    if operator == "Split":
        sizes = _told(values, 1, operator) or [first.shape[attributes.get("axis", 0)] // n_outputs] * n_outputs
        return shaping.split(first, sizes, attributes.get("axis", 0))
    given = [value for value in values if value is not None]
    found = elementwise.translate(program, operator, given, attributes) if len(given) == len(values) else None
    if found is None:
        known = _OTHERS.get(operator)
        found = None if known is None else known(program, values, attributes)
    if found is None and operator.startswith("Reduce"):
        axes = attributes.get("axes") or _told(values, 1, operator)
        found = products.reduce(program, operator, first, axes, bool(attributes.get("keepdims", 1)))
    if found is None or n_outputs != 1:
        raise Untranslatable("javascript.operator", operator=operator)
    return [found]


def _told(values: Sequence[Value | None], number: int, operator: str) -> list[int] | None:
    value = values[number] if number < len(values) else None
    return None if value is None else value.numbers(operator)


def _needed(values: Sequence[Value | None], number: int, operator: str) -> list[int]:
    return _told(values, number, operator) or []


def _at(values: Sequence[Value | None], number: int) -> Value | None:
    return values[number] if number < len(values) else None


def _sure(value: Value | None) -> Value:
    assert value is not None
    return value


def _slice(values: Sequence[Value | None]) -> Value:
    starts, ends = _needed(values, 1, "Slice"), _needed(values, 2, "Slice")
    axes, steps = _told(values, 3, "Slice") or list(range(len(starts))), _told(values, 4, "Slice") or [1] * len(starts)
    return shaping.sliced(_sure(values[0]), starts, ends, axes, steps)


_OTHERS: Mapping[str, Callable[[Program, Sequence[Value | None], Mapping[str, Any]], Value]] = {
    "Identity": lambda p, v, a: _sure(v[0]),
    "Clip": lambda p, v, a: elementwise.clip(p, _sure(v[0]), _at(v, 1), _at(v, 2)),
    "Reshape": lambda p, v, a: shaping.reshape(p, _sure(v[0]), _needed(v, 1, "Reshape")),
    "Unsqueeze": lambda p, v, a: shaping.unsqueeze(p, _sure(v[0]), _needed(v, 1, "Unsqueeze")),
    "Squeeze": lambda p, v, a: shaping.squeeze(p, _sure(v[0]), _told(v, 1, "Squeeze")),
    "Transpose": lambda p, v, a: shaping.transpose(_sure(v[0]), a.get("perm")),
    "Expand": lambda p, v, a: shaping.expand(_sure(v[0]), _needed(v, 1, "Expand")),
    "Slice": lambda p, v, a: _slice(v),
    "Concat": lambda p, v, a: shaping.concat(p, [_sure(value) for value in v], a["axis"]),
    "Gather": lambda p, v, a: shaping.gather(p, _sure(v[0]), _sure(v[1]), a.get("axis", 0)),
    "MatMul": lambda p, v, a: products.matmul(p, _sure(v[0]), _sure(v[1])),
    "Gemm": products.gemm,
    "ArgMin": lambda p, v, a: products.arg_extreme(p, "ArgMin", _sure(v[0]), a),
    "ArgMax": lambda p, v, a: products.arg_extreme(p, "ArgMax", _sure(v[0]), a),
    "TreeEnsemble": lambda p, v, a: products.trees(p, _sure(v[0]), a),
}
