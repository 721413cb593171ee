"""The functions of numpy that an answer may use, on arrays that write ONNX nodes.

An answer ``answer(xp, **inputs)`` gets numpy itself as ``xp`` where it computes, and a `GraphNamespace` where it is written as
a graph. Both offer the functions below under numpy's names, as the array API standard has them, and numpy computes whatever has
no traced array among its arguments.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from frugal.experiments.tracing.graph_builder import GraphBuilder
from frugal.experiments.tracing.traced_array import TracedArray, chosen, combined

_UNARY = {
    "abs": "Abs", "exp": "Exp", "log": "Log", "sqrt": "Sqrt", "floor": "Floor", "ceil": "Ceil", "round": "Round",
    "sign": "Sign", "sin": "Sin", "cos": "Cos", "tan": "Tan", "asin": "Asin", "acos": "Acos", "atan": "Atan", "tanh": "Tanh",
    "arcsin": "Asin", "arccos": "Acos", "arctan": "Atan", "sinh": "Sinh", "cosh": "Cosh", "logical_not": "Not",
    "negative": "Neg",
}  # fmt: skip
_BINARY = {"maximum": "Max", "minimum": "Min"}
_TRUTH = {"isnan": "IsNaN", "isinf": "IsInf"}
_LOGICAL = {"logical_and": "And", "logical_or": "Or", "logical_xor": "Xor"}
_REDUCTIONS = ("sum", "mean", "max", "min", "prod")
_OPERATORS = {
    "add": operator.add, "subtract": operator.sub, "multiply": operator.mul, "divide": operator.truediv,
    "true_divide": operator.truediv, "floor_divide": operator.floordiv, "mod": operator.mod, "remainder": operator.mod,
    "power": operator.pow, "pow": operator.pow, "less": operator.lt, "less_equal": operator.le, "greater": operator.gt,
    "greater_equal": operator.ge, "equal": operator.eq, "not_equal": operator.ne,
}  # fmt: skip


class GraphNamespace:
    """Functions of arrays as nodes of one graph.

    Parameters
    ----------
    builder : GraphBuilder
    number
        Element type of tables of numbers: float64 where the inputs are.
    """

    pi = math.pi
    inf = math.inf
    float32, float64, int64, bool = np.float32, np.float64, np.int64, np.bool_

    def __init__(self, builder: GraphBuilder, number: Any = np.float32) -> None:
        self.builder = builder
        self._number = number

    def __getattr__(self, name: str) -> Any:
        traced = self._cosine if name == "cos" else self._traced(name)
        if traced is None and (name.startswith("_") or not hasattr(np, name)):
            raise AttributeError(f"xp.{name} is no function of numpy")
        return self._or_numpy(name, traced)

    @staticmethod
    def _cosine(x: TracedArray) -> TracedArray:
        """In float64 the sine a quarter turn ahead, which all runtimes know."""
        return (x + 0.5 * math.pi).node("Sin") if x.dtype == np.float64 else x.node("Cos")

    @staticmethod
    def _traced(name: str) -> Callable[..., TracedArray] | None:
        """What writes a function of numpy as nodes."""
        of_name: Sequence[tuple[Any, Callable[..., TracedArray]]] = (
            (_UNARY, lambda x: x.node(_UNARY[name])),
            (_TRUTH, lambda x: x.truth(_TRUTH[name])),
            (_BINARY, lambda x, y: combined(_BINARY[name], x, y)),
            (_LOGICAL, lambda x, y: combined(_LOGICAL[name], _truth(x), _truth(y))),
            (_OPERATORS, _OPERATORS.get(name, operator.pos)),
            (_REDUCTIONS, lambda x, axis=None, keepdims=False: x.reduced(name, axis, keepdims)),
        )
        return next((traced for names, traced in of_name if name in names), None)

    def _or_numpy(self, name: str, traced: Callable[..., TracedArray] | None) -> Any:
        ours = getattr(np, name)
        if not callable(ours):
            return ours

        def function(*arguments: Any, **options: Any) -> Any:
            if not any(_is_traced(argument) for argument in (*arguments, *options.values())):
                return ours(*arguments, **options)
            if traced is None:
                raise NotImplementedError(
                    f"xp.{name} cannot be written as ONNX nodes; known: {', '.join(sorted(self.known()))}"
                )
            return traced(*arguments, **options)

        return function

    @classmethod
    def known(cls) -> set[str]:
        """Names of the functions that can be written as nodes."""
        own = {name for name in vars(cls) if not name.startswith("_") and callable(getattr(cls, name))}
        return {*_UNARY, *_TRUTH, *_BINARY, *_LOGICAL, *_OPERATORS, *_REDUCTIONS, *own} - {
            "known",
            "float32",
            "float64",
            "int64",
            "bool",
        }

    def asarray(self, value: Any, dtype: Any = None) -> Any:
        """As it is where it is traced, else numpy's."""
        if isinstance(value, TracedArray):
            return value if dtype is None else value.astype(dtype)
        return np.asarray(value, dtype=dtype)

    def astype(self, x: Any, dtype: Any) -> Any:
        """Convert to another element type."""
        return x.astype(dtype)

    def radians(self, x: Any) -> Any:
        """From degrees."""
        return x * (math.pi / 180)

    def degrees(self, x: Any) -> Any:
        """From radians."""
        return x * (180 / math.pi)

    def square(self, x: Any) -> Any:
        """x times x."""
        return x * x

    def isfinite(self, x: Any) -> Any:
        """Neither infinite nor undefined."""
        return ~(x.truth("IsNaN") | x.truth("IsInf")) if isinstance(x, TracedArray) else np.isfinite(x)

    def hypot(self, x: Any, y: Any) -> Any:
        """Length of the hypotenuse."""
        if not (_is_traced(x) or _is_traced(y)):
            return np.hypot(x, y)
        x, y = x * 1.0, y * 1.0
        return self.sqrt(x * x + y * y)

    def arctan2(self, y: Any, x: Any) -> Any:
        """Angle of a point, from -pi to pi."""
        if not (_is_traced(x) or _is_traced(y)):
            return np.arctan2(y, x)
        x, y = (part * 1.0 if _is_traced(part) else np.asarray(part, dtype=float) for part in (x, y))
        right, left = combined("Greater", x, 0.0 * y, np.bool_), combined("Less", x, 0.0 * y, np.bool_)
        turn = chosen(combined("Less", y, 0.0 * x, np.bool_), -math.pi, math.pi)
        angle = self.atan(combined("Div", y, chosen(right | left, x, 1.0)))
        upright = self.sign(y) * (0.5 * math.pi)
        return chosen(right, angle, chosen(left, angle + turn, upright))

    atan2 = arctan2

    def clip(self, x: Any, low: Any, high: Any) -> Any:
        """Keep within bounds, either of which may be None."""
        told = np.ndim(low) == np.ndim(high) == 0 and low is not None and high is not None
        if isinstance(x, TracedArray) and x.dtype.kind == "f" and told:
            bounds = [self.builder.constant(bound, x.dtype) for bound in (low, high)]
            return x.like(self.builder.op("Clip", x.tensor, *bounds))
        if low is not None:
            x = self.maximum(x, low)
        return x if high is None else self.minimum(x, high)

    def where(self, condition: Any, x: Any, y: Any) -> Any:
        """x where the condition holds, else y."""
        if not isinstance(condition, TracedArray):
            if not (_is_traced(x) or _is_traced(y)):
                return np.where(condition, x, y)
            raise NotImplementedError("xp.where of a condition that is known beforehand; take the rows apart instead")
        return chosen(condition, x, y)

    def zeros_like(self, x: Any) -> Any:
        """Zeros of the same shape."""
        return self.full_like(x, 0.0)

    def ones_like(self, x: Any) -> Any:
        """Ones of the same shape."""
        return self.full_like(x, 1.0)

    def full_like(self, x: Any, value: float) -> Any:
        """One number of the same shape."""
        if not isinstance(x, TracedArray):
            return np.full_like(x, value)
        found = x * 0.0 + value if value else x * 0.0
        return found.astype(x.dtype)

    def reshape(self, x: Any, shape: Sequence[int]) -> Any:
        """Another shape, whose first axis are the rows (-1)."""
        if not isinstance(x, TracedArray):
            return np.reshape(x, shape)
        if shape[0] != -1:
            raise ValueError(f"the first axis of a graph's array are the rows: -1 is needed, not {shape[0]}")
        return x.reshaped(tuple(shape[1:]))

    def expand_dims(self, x: Any, axis: int) -> Any:
        """One more axis, of size 1."""
        if not isinstance(x, TracedArray):
            return np.expand_dims(x, axis)
        at = axis + x.ndim + 1 if axis < 0 else axis
        return x[(*(slice(None),) * at, None)]

    def concat(self, arrays: Sequence[Any], axis: int = 1) -> Any:
        """One behind the other along an axis."""
        first = next((array for array in arrays if isinstance(array, TracedArray)), None)
        if first is None:
            return np.concatenate(list(arrays), axis=axis)
        at = first.axis(axis)
        for array in arrays:
            if not isinstance(array, TracedArray):
                raise ValueError(
                    "xp.concat of numbers beside arrays of a graph; write them as xp.full_like of one of these"
                )
        parts: list[TracedArray] = list(arrays)
        inner = list(first.inner)
        inner[at - 1] = sum(part.inner[at - 1] for part in parts)
        dtype = np.result_type(*(part.dtype for part in parts))
        return first.like(
            self.builder.op("Concat", *(part.astype(dtype).tensor for part in parts), axis=at), tuple(inner), dtype
        )

    concatenate = concat

    def stack(self, arrays: Sequence[Any], axis: int = 1) -> Any:
        """Side by side along a new axis."""
        if not any(_is_traced(array) for array in arrays):
            return np.stack(list(arrays), axis=axis)
        return self.concat([self.expand_dims(array, axis) for array in arrays], axis=axis)

    def column_stack(self, arrays: Sequence[Any]) -> Any:
        """One value a row, ``[n]``, or several, ``[n, k]``, side by side."""
        return self.concat([array[:, None] if array.ndim == 1 else array for array in arrays], axis=1)

    def take(self, x: Any, indices: Any, axis: int = 0) -> Any:
        """Elements of a table of numbers at traced numbers, or of a traced array at known ones."""
        if isinstance(x, TracedArray):
            at = x.axis(axis)
            numbers = np.asarray(indices, dtype=np.int64)
            inner = (*x.inner[: at - 1], *numbers.shape, *x.inner[at:])
            return x.like(self.builder.op("Gather", x.tensor, self.builder.constant(numbers, np.int64), axis=at), inner)
        if not isinstance(indices, TracedArray):
            return np.take(x, indices, axis=axis)
        if axis != 0:
            raise NotImplementedError("xp.take of a table at traced numbers along another axis than the first")
        table = np.asarray(x)
        whole = indices.astype(np.int64)
        dtype = self._number if table.dtype.kind == "f" else table.dtype
        found = self.builder.op("Gather", self.builder.constant(table, dtype), whole.tensor, axis=0)
        inner = (*indices.inner, *table.shape[1:])
        result = indices.like(found, (*(indices.inner or (1,)), *table.shape[1:]), dtype)
        return result.like(found, ()) if not inner else result.reshaped(inner)

    def interp(self, x: Any, knots: np.ndarray, values: np.ndarray) -> Any:
        """Linear interpolation between knots, the end values beyond them, as `numpy.interp`."""
        if not isinstance(x, TracedArray):
            return np.interp(x, knots, values)
        knots, values = np.asarray(knots, dtype=float), np.asarray(values, dtype=float)
        gaps = np.diff(knots)
        part = self.minimum(self.maximum(x[..., None] - knots[:-1], 0.0), gaps)
        return part @ (np.diff(values) / gaps) + float(values[0])

    def matmul(self, x: Any, y: Any) -> Any:
        """Product of an array with a matrix of numbers."""
        return x @ y


def trace(
    answer: Callable[..., Mapping[str, Any]], builder: GraphBuilder, inputs: Mapping[str, TracedArray]
) -> Mapping[str, Any]:
    """Write an answer as nodes: what it gives are traced arrays by name."""
    return answer(GraphNamespace(builder), **inputs)


def _is_traced(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return any(_is_traced(part) for part in value)
    return isinstance(value, TracedArray)


def _truth(value: Any) -> Any:
    return value.astype(np.bool_) if isinstance(value, TracedArray) else np.asarray(value, dtype=bool)
