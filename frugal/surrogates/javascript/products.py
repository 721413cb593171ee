"""Operators that bring many elements together: sums, products of matrices, the nearest, trees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from frugal.surrogates.javascript.expressions import Apply, Leaf, Word, loops, moved, spread, written
from frugal.surrogates.javascript.program import Program, Untranslatable, Value
from frugal.surrogates.javascript.shaping import transpose

#: Start, step, whether the mean is taken.
_REDUCTIONS = {
    "ReduceSum": ("0", "{0}+{1}"),
    "ReduceMean": ("0", "{0}+{1}"),
    "ReduceProd": ("1", "{0}*{1}"),
    "ReduceMax": ("-Infinity", "Math.max({0},{1})"),
    "ReduceMin": ("Infinity", "Math.min({0},{1})"),
    "ReduceSumSquare": ("0", "{0}+{1}**2"),
    "ReduceL2": ("0", "{0}+{1}**2"),
}

#: A matrix of so many columns is gone through as it is stored.
_WIDE = 64


def reduce(program: Program, operator: str, value: Value, axes: Sequence[int] | None, keep: bool) -> Value | None:
    """One of the operators whose names begin with Reduce; None where it is none that is known."""
    if operator not in _REDUCTIONS:
        return None
    rank = len(value.shape)
    places = list(range(rank)) if axes is None else sorted(axis % rank for axis in axes)
    start, step = _REDUCTIONS[operator]
    count = int(np.prod([value.shape[k] for k in places]))
    end = {"ReduceMean": f"{{0}}/{count}", "ReduceL2": "Math.sqrt({0})"}.get(operator, "{0}")
    return program.reduced(value, places, keep, start, step, value.kind, end)


def matmul(program: Program, left: Value, right: Value) -> Value:
    """``MatMul``: sums in double precision, brought to the type of the factors at the end."""
    a = left if len(left.shape) > 1 else program.reshape(left, (1, *left.shape))
    b = right if len(right.shape) > 1 else program.reshape(right, (*right.shape, 1))
    batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    (m, k), n = a.shape[-2:], b.shape[-1]
    a, b = (program.computed(factor) for factor in (a, b))
    if m == 1 and not batch and n >= _WIDE:
        wide = _wide_product(program, a, b, left.kind)
        if wide is not None:
            return program.reshape(
                wide, (*((m,) if len(left.shape) > 1 else ()), *((n,) if len(right.shape) > 1 else ()))
            )
    whole = (*batch, m, n, k)
    first = spread(program.reshape(a, (*a.shape[:-1], 1, k)).expression, (*a.shape[:-1], 1, k), whole)
    turned = transpose(b, [*range(len(b.shape) - 2), len(b.shape) - 1, len(b.shape) - 2])
    shape = (*b.shape[:-2], 1, n, k)
    second = spread(program.reshape(turned, shape).expression, shape, whole)
    pairs = Value(whole, "d", Apply("{0}*{1}", (first, second)), a.fixed and b.fixed)
    found = program.reduced(pairs, [len(whole) - 1], False, "0", "{0}+{1}", left.kind)
    dropped = (*batch, *((m,) if len(left.shape) > 1 else ()), *((n,) if len(right.shape) > 1 else ()))
    return program.reshape(found, dropped)


def _wide_product(program: Program, a: Value, b: Value, kind: str) -> Value | None:
    """A row times a wide matrix that is stored row by row, in that order; None where it is stored otherwise."""
    row, matrix = a.expression, b.expression
    (k, n), fixed = b.shape, a.fixed and b.fixed
    if not isinstance(row, Leaf) or not isinstance(matrix, Leaf) or k < 2 or matrix.strides != (n, 1):
        return None
    sums = program.name("t")
    program.once.append(f"const {sums}=new Float64Array({n});")
    factor = written(replace(row, strides=row.strides[1:]))
    element = written(matrix)
    program.say(
        f"{sums}.fill(0);for(let i=0;i<{k};i++){{const v={factor};{loops((n,), 1)}{sums}[j]+=v*{element};}}", fixed
    )
    return program.apply("{0}", [Value((1, n), "d", Leaf(sums, (n, 1)), fixed)], kind)


def gemm(program: Program, values: Sequence[Value | None], attributes: Mapping[str, Any]) -> Value:
    """``Gemm``."""
    a, b = values[0], values[1]
    assert a is not None and b is not None
    a = transpose(a, None) if attributes.get("transA") else a
    b = transpose(b, None) if attributes.get("transB") else b
    found = matmul(program, a, b)
    for name, at in (("alpha", None), ("beta", 2)):
        factor = program.constant(
            np.array(attributes.get(name, 1.0), dtype=np.float64 if a.kind == "d" else np.float32)
        )
        scaled = float(attributes.get(name, 1.0)) != 1.0
        if at is None and scaled:
            found = program.apply("{0}*{1}", (found, factor), a.kind)
        if at is not None and len(values) > at and values[at] is not None:
            bias = values[at]
            assert bias is not None
            bias = program.apply("{0}*{1}", (bias, factor), a.kind) if scaled else bias
            found = program.apply("{0}+{1}", (found, bias), a.kind)
    return found


def arg_extreme(program: Program, operator: str, value: Value, attributes: Mapping[str, Any]) -> Value:
    """``ArgMin`` or ``ArgMax`` over a whole row: the number of the first least or largest element."""
    axis = attributes.get("axis", 0) % len(value.shape)
    if value.size != value.shape[axis] or attributes.get("select_last_index"):
        raise Untranslatable("javascript.operator", operator=f"{operator} of several rows")

    def move(strides: tuple[int, ...], offset: int) -> tuple[tuple[int, ...], int]:
        return (strides[axis],), offset

    element = written(moved(value.expression, move))
    best, at, sign = program.name("s"), program.name("s"), "<" if operator == "ArgMin" else ">"
    start = "Infinity" if operator == "ArgMin" else "-Infinity"
    program.say(
        f"let {best}={start},{at}=0;{loops((value.size,))}{{const v={element};if(v{sign}{best}){{{best}=v;{at}=i}}}}",
        value.fixed,
    )
    shape = [1 if k == axis else size for k, size in enumerate(value.shape)]
    if not attributes.get("keepdims", 1):
        del shape[axis]
    return Value(tuple(shape), "i", Word(at), value.fixed)


_COMPARISONS = {0: "<=", 1: "<", 2: ">=", 3: ">"}


def trees(program: Program, value: Value, attributes: Mapping[str, Any]) -> Value:
    """``TreeEnsemble`` of ai.onnx.ml 5: sums over trees whose nodes compare a column with a number."""
    modes = set(np.asarray(attributes["nodes_modes"]).tolist())
    told = {name: attributes.get(name, default) for name, default in (("aggregate_function", 1), ("post_transform", 0))}
    missing = any(attributes.get("nodes_missing_value_tracks_true") or ())
    if (
        len(modes) != 1
        or not modes <= set(_COMPARISONS)
        or told != {"aggregate_function": 1, "post_transform": 0}
        or missing
    ):
        raise Untranslatable("javascript.operator", operator="TreeEnsemble of another form")
    held = program.computed(value)

    def children(side: str) -> np.ndarray:
        """Number of the node, or less than 0 for a leaf: -1 is the first."""
        ids = np.asarray(attributes[f"nodes_{side}nodeids"], dtype=np.int64)
        return np.where(np.asarray(attributes[f"nodes_{side}leafs"]) != 0, -1 - ids, ids).astype(np.int32)

    numbers = {
        "features": np.asarray(attributes["nodes_featureids"], dtype=np.int32),
        "splits": np.asarray(attributes["nodes_splits"]),
        "yes": children("true"),
        "no": children("false"),
        "targets": np.asarray(attributes["leaf_targetids"], dtype=np.int32),
        "weights": np.asarray(attributes["leaf_weights"]),
    }
    names = {key: _buffer(program, array) for key, array in numbers.items()}
    roots = np.asarray(attributes["tree_roots"], dtype=np.int32)
    starts = _buffer(program, roots) if roots.size > 1 else f"[{int(roots[0])}]"
    target = program.buffer((1, int(attributes["n_targets"])), value.kind)
    row = [value.shape[-1]]

    def move(strides: tuple[int, ...], offset: int) -> tuple[tuple[int, ...], int]:
        return strides[-1:], offset

    column = written(moved(held.expression, move)).replace("[i]", f"[{names['features']}[n]]")
    if value.shape != (1, *row) or f"{names['features']}[n]" not in column:
        raise Untranslatable("javascript.operator", operator="TreeEnsemble of a view")
    sign = _COMPARISONS[modes.pop()]
    sums = program.name("t")
    program.once.append(f"const {sums}=new Float64Array({int(attributes['n_targets'])});")
    program.say(
        f"{sums}.fill(0);for(let n of {starts}){{while(n>=0)n={column}{sign}{names['splits']}[n]?{names['yes']}[n]"
        f":{names['no']}[n];{sums}[{names['targets']}[-1-n]]+={names['weights']}[-1-n];}}{target.buffer}.set({sums});"
    )
    return Value((1, int(attributes["n_targets"])), value.kind, target)


def _buffer(program: Program, array: np.ndarray) -> str:
    """Name of a buffer that holds numbers; a single one is held twice, so that it has a buffer."""
    found = program.constant(array if array.size > 1 else np.repeat(array, 2)).expression
    assert isinstance(found, Leaf)
    return found.buffer
