"""An array whose operations are written down as ONNX nodes.

Its first axis are the rows of a call, of which nobody knows how many; the sizes of the others are known. Shapes follow numpy.
One value a row, ``[n]``, is kept as a tensor ``[n, 1]``, so that ``x[:, None]`` costs no node.
"""

from __future__ import annotations

from functools import partialmethod
from typing import Any, TypeAlias

import numpy as np

from frugal.experiments.tracing.element_types import (
    BOOL,
    ELEMENTS,
    FLOAT32,
    INT64,
    KEEP_WHOLE,
    OF_FLOAT32,
    OF_TRUTH,
    REDUCTIONS,
    common_type,
    number_type,
)
from frugal.experiments.tracing.graph_builder import GraphBuilder

Operand: TypeAlias = "TracedArray | float | int | bool | np.ndarray"


class TracedArray:
    """An array under construction in a graph.

    Parameters
    ----------
    builder : GraphBuilder
    tensor : str
        Its name in the graph.
    inner : tuple of int
        Sizes of the axes after that of the rows.
    dtype : numpy.dtype
        float32, float64, int64 or bool.
    """

    __array_ufunc__ = None  # numpy then leaves the operators to us
    __array_priority__ = 1000

    def __init__(self, builder: GraphBuilder, tensor: str, inner: tuple[int, ...], dtype: Any = np.float32) -> None:
        self.builder = builder
        self.tensor = tensor
        self.inner = inner
        self.dtype = np.dtype(dtype)

    @property
    def ndim(self) -> int:
        """Number of axes, that of the rows included."""
        return 1 + len(self.inner)

    @property
    def shape(self) -> tuple[int | None, ...]:
        """Sizes of the axes; None for the rows."""
        return (None, *self.inner)

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        raise TypeError("numpy cannot compute with an array of a graph: take the function from xp")

    def __len__(self) -> int:
        raise TypeError("nobody knows yet how many rows a call will have: write the answer without their number")

    def __bool__(self) -> bool:
        raise TypeError("an array of a graph has no truth value: choose with xp.where instead of 'if'")

    def __iter__(self) -> Any:
        raise TypeError("an array of a graph cannot be gone through: nobody knows yet how many rows it will have")

    def like(self, tensor: str, inner: tuple[int, ...] | None = None, dtype: Any = None) -> TracedArray:
        """Another array of the same graph, shape and type unless told."""
        return TracedArray(self.builder, tensor, self.inner if inner is None else inner, dtype or self.dtype)

    def astype(self, dtype: Any) -> TracedArray:
        """Convert to another element type."""
        wanted = np.dtype(dtype)
        if wanted == self.dtype:
            return self
        return self.like(self.builder.op("Cast", self.tensor, to=ELEMENTS[wanted]), dtype=wanted)

    def node(self, operator: str, **attributes: Any) -> TracedArray:
        """One operator on each element, of the type that numpy gives it.

        Raises
        ------
        TypeError
            If numpy has no such operator for truth values.
        """
        found = self
        if operator == "Not":
            found = self.astype(BOOL)
        elif self.dtype == BOOL and operator in ("Neg", "Sign"):
            raise TypeError(f"numpy has no '{operator.lower()}' of truth values: convert them with astype")
        elif self.dtype.kind != "f":
            if operator in ("Floor", "Ceil", "Round") or (operator == "Abs" and self.dtype == BOOL):
                return self
            found = self if operator in KEEP_WHOLE else self.astype(FLOAT32)
        asked = found.astype(FLOAT32) if found.dtype.itemsize == 8 and operator in OF_FLOAT32 else found
        return asked.like(self.builder.op(operator, asked.tensor, **attributes)).astype(found.dtype)

    def truth(self, operator: str) -> TracedArray:
        """Truth values from ``IsNaN`` or ``IsInf``."""
        return self.like(self.node(operator).tensor, dtype=BOOL)

    def axis(self, axis: int) -> int:
        """Number of an axis from the first; that of the rows is refused.

        Raises
        ------
        ValueError
            If it is none or that of the rows.
        """
        found = axis + self.ndim if axis < 0 else axis
        if not 1 <= found < self.ndim:
            raise ValueError(f"axis {axis} of an array {self.shape}; one after the rows is needed")
        return found

    def reduced(self, name: str, axis: int | None = None, keepdims: bool = False) -> TracedArray:
        """Sum, mean, product, largest or least along an axis.

        Parameters
        ----------
        name : str
            ``sum``, ``mean``, ``prod``, ``max`` or ``min``.
        axis : int
        keepdims : bool

        Raises
        ------
        ValueError
            If no axis after that of the rows is named.
        """
        if axis is None:
            raise ValueError(f"xp.{name} over the whole array would mix rows: name an axis")
        at = self.axis(axis)
        if self.dtype == BOOL:
            found = self.astype(INT64).reduced(name, axis, keepdims)
            return found.astype(BOOL) if name in ("max", "min") else found
        if name == "mean" and self.dtype == INT64:
            return self.astype(FLOAT32).reduced(name, axis, keepdims)
        operator, as_input = REDUCTIONS[name]
        left = tuple(1 if k + 1 == at else size for k, size in enumerate(self.inner) if keepdims or k + 1 != at)
        keep = int(keepdims or not left)
        inputs = (self.tensor, self.builder.constant([at], np.int64)) if as_input else (self.tensor,)
        return self.like(self.builder.op(operator, *inputs, keepdims=keep, **{} if as_input else {"axes": [at]}), left)

    sum = partialmethod(reduced, "sum")
    mean = partialmethod(reduced, "mean")
    max = partialmethod(reduced, "max")
    min = partialmethod(reduced, "min")
    prod = partialmethod(reduced, "prod")

    def reshaped(self, inner: tuple[int, ...]) -> TracedArray:
        """The same elements row by row in another shape."""
        size = int(np.prod(self.inner))
        if inner.count(-1) == 1:
            known = -int(np.prod(inner))
            inner = tuple(size // known if part == -1 else part for part in inner)
        if int(np.prod(inner)) != size:
            raise ValueError(f"{self.inner} cannot be reshaped to {inner}")
        if (inner or (1,)) == (self.inner or (1,)):
            return self.like(self.tensor, inner)
        shape = self.builder.constant([-1, *(inner or (1,))], np.int64)
        return self.like(self.builder.op("Reshape", self.tensor, shape), inner)

    def __getitem__(self, key: Any) -> TracedArray:
        parts = list(key) if isinstance(key, tuple) else [key]
        if Ellipsis in parts:
            at = parts.index(Ellipsis)
            told = sum(part is not None for part in parts) - 1
            parts[at : at + 1] = [slice(None)] * (self.ndim - told)
        if not parts or parts[0] != slice(None):
            raise IndexError("the first axis of a graph's array are the rows: take them all, x[:, ...]")
        found, at = self, 1
        for part in parts[1:]:
            if part is None:
                inner = (*found.inner[: at - 1], 1, *found.inner[at - 1 :])
                if found.inner:
                    axes = self.builder.constant([at], np.int64)
                    found = self.like(self.builder.op("Unsqueeze", found.tensor, axes), inner)
                else:
                    found = self.like(found.tensor, inner)
                at += 1
            elif isinstance(part, slice):
                found = found._sliced(at, part)
                at += 1
            else:
                found = found._one(at, int(part))
        return found

    def _sliced(self, axis: int, part: slice) -> TracedArray:
        size = self.inner[axis - 1]
        start, stop, step = part.indices(size)
        if (start, stop, step) == (0, size, 1):
            return self
        inner = (*self.inner[: axis - 1], len(range(start, stop, step)), *self.inner[axis:])
        if step < 0 and stop < 0:
            stop = -size - 1
        told = [self.builder.constant([n], np.int64) for n in (start, stop, axis, step)]
        return self.like(self.builder.op("Slice", self.tensor, *told), inner)

    def _one(self, axis: int, number: int) -> TracedArray:
        size = self.inner[axis - 1]
        if not -size <= number < size:
            raise IndexError(f"element {number} of an axis of {size}")
        inner = (*self.inner[: axis - 1], *self.inner[axis:])
        index = self.builder.constant(number % size if inner else [number % size], np.int64)
        return self.like(self.builder.op("Gather", self.tensor, index, axis=axis), inner)

    def __add__(self, other: Operand) -> TracedArray:
        return combined("Add", self, other)

    def __radd__(self, other: Operand) -> TracedArray:
        return combined("Add", other, self)

    def __sub__(self, other: Operand) -> TracedArray:
        return combined("Sub", self, other)

    def __rsub__(self, other: Operand) -> TracedArray:
        return combined("Sub", other, self)

    def __mul__(self, other: Operand) -> TracedArray:
        return combined("Mul", self, other)

    def __rmul__(self, other: Operand) -> TracedArray:
        return combined("Mul", other, self)

    def __truediv__(self, other: Operand) -> TracedArray:
        return combined("Div", self, other)

    def __rtruediv__(self, other: Operand) -> TracedArray:
        return combined("Div", other, self)

    def __mod__(self, other: Operand) -> TracedArray:
        """As numpy's: of the sign of the divisor."""
        return remainder(self, other)

    def __rmod__(self, other: Operand) -> TracedArray:
        return remainder(other, self)

    def __floordiv__(self, other: Operand) -> TracedArray:
        return whole_quotient(self, other)

    def __rfloordiv__(self, other: Operand) -> TracedArray:
        return whole_quotient(other, self)

    def __pow__(self, power: Operand) -> TracedArray:
        if isinstance(power, TracedArray) or np.ndim(power) or power not in (2, 0.5):
            return combined("Pow", self, power)
        if power == 0.5:
            return self.node("Sqrt")
        base = self.astype(_common_type("Pow", self, power))
        return base * base

    def __rpow__(self, base: Operand) -> TracedArray:
        return combined("Pow", base, self)

    def __neg__(self) -> TracedArray:
        return self.node("Neg")

    def __pos__(self) -> TracedArray:
        return self

    def __abs__(self) -> TracedArray:
        return self.node("Abs")

    def __lt__(self, other: Any) -> TracedArray:
        return combined("Less", self, other, BOOL)

    def __le__(self, other: Any) -> TracedArray:
        return combined("LessOrEqual", self, other, BOOL)

    def __gt__(self, other: Any) -> TracedArray:
        return combined("Greater", self, other, BOOL)

    def __ge__(self, other: Any) -> TracedArray:
        return combined("GreaterOrEqual", self, other, BOOL)

    def __eq__(self, other: object) -> TracedArray:  # type: ignore[override]
        return combined("Equal", self, other, BOOL)  # type: ignore[arg-type]

    def __ne__(self, other: object) -> TracedArray:  # type: ignore[override]
        return ~(self == other)

    __hash__ = None  # type: ignore[assignment]

    def __and__(self, other: Operand) -> TracedArray:
        return combined("And", self, other)

    def __rand__(self, other: Operand) -> TracedArray:
        return combined("And", other, self)

    def __or__(self, other: Operand) -> TracedArray:
        return combined("Or", self, other)

    def __ror__(self, other: Operand) -> TracedArray:
        return combined("Or", other, self)

    def __xor__(self, other: Operand) -> TracedArray:
        return combined("Xor", self, other)

    def __rxor__(self, other: Operand) -> TracedArray:
        return combined("Xor", other, self)

    def __invert__(self) -> TracedArray:
        if self.dtype != BOOL:
            raise TypeError(f"~ of an array of {self.dtype}; one of truth values is needed")
        return self.node("Not")

    def __matmul__(self, other: np.ndarray) -> TracedArray:
        """Times a matrix ``[k, m]`` or a vector ``[k]`` of numbers, along the last axis."""
        matrix = np.asarray(other)
        if matrix.ndim not in (1, 2) or not self.inner or matrix.shape[0] != self.inner[-1]:
            raise ValueError(f"an array {self.shape} times one of shape {matrix.shape}")
        wide = matrix if matrix.ndim == 2 else matrix[:, None]
        common = _common_type("MatMul", self, matrix)
        product = self.builder.op("MatMul", self.astype(common).tensor, self.builder.constant(wide, common))
        found = self.like(product, (*self.inner[:-1], wide.shape[1]), common)
        return found if matrix.ndim == 2 else found.reshaped(self.inner[:-1])


def combined(operator: str, left: Operand, right: Operand, dtype: Any = None) -> TracedArray:
    """An operator of two arrays, of which one at least is traced, with numpy's rules of shapes and types.

    Parameters
    ----------
    operator : str
        Of ONNX.
    left, right : TracedArray, array or number
        Arrays of numbers may not have an axis of rows longer than 1.
    dtype
        Of the result, where it is not that of the two.

    Raises
    ------
    ValueError
        If the shapes do not go together.
    TypeError
        If numpy has no such operator for their types.
    """
    traced = left if isinstance(left, TracedArray) else right
    assert isinstance(traced, TracedArray)
    common = _common_type(operator, left, right)
    if common == BOOL:
        operator = OF_TRUTH.get(operator, operator)
    inner = _broadcast(left, right)
    names = [_tensor(traced.builder, part, common, len(inner)) for part in (left, right)]
    return TracedArray(traced.builder, traced.builder.op(operator, *names), inner, dtype or common)


def chosen(condition: TracedArray, left: Operand, right: Operand) -> TracedArray:
    """The left one where the condition holds, else the right one; both may be numbers.

    Parameters
    ----------
    condition : TracedArray
    left, right : TracedArray, array or number
    """
    common = _common_type("Where", left, right)
    inner = _broadcast(condition, left, right)
    worked = INT64 if common == BOOL else common  # the runtime chooses no truth values
    names = [_tensor(condition.builder, part, worked, len(inner)) for part in (left, right)]
    found = condition.builder.op("Where", condition.astype(BOOL).tensor, *names)
    return TracedArray(condition.builder, found, inner, worked).astype(common)


def remainder(left: Operand, right: Operand) -> TracedArray:
    """What a division leaves, of the sign of the divisor."""
    if _common_type("Mod", left, right) == INT64:
        return combined("Mod", left, right)
    product = combined("Mul", combined("Div", left, right).node("Floor"), right)
    return combined("Sub", left, product)


def whole_quotient(left: Operand, right: Operand) -> TracedArray:
    """Quotient rounded down."""
    if _common_type("Mod", left, right) != INT64:
        return combined("Div", left, right).node("Floor")
    # whole numbers are divided towards zero, so what is left over goes first
    exact = combined("Add", left, -remainder(left, right))
    divisor = _tensor(exact.builder, right, INT64, len(exact.inner))
    return exact.like(exact.builder.op("Div", exact.tensor, divisor))


def _common_type(operator: str, *parts: Operand) -> np.dtype[Any]:
    left, right = (part.dtype if isinstance(part, TracedArray) else number_type(part) for part in parts)
    return common_type(operator, left, right)


def _broadcast(*parts: Operand) -> tuple[int, ...]:
    """Shape after the rows of arrays of which one at least is traced."""
    traced = [part for part in parts if isinstance(part, TracedArray)]
    axes = len(traced[0].inner)
    for other in traced:
        if len(other.inner) != axes:
            raise ValueError(f"arrays {traced[0].shape} and {other.shape} do not go together: add an axis, x[:, None]")
    shapes = [part.inner for part in traced]
    for part in parts:
        if not isinstance(part, TracedArray):
            shape = np.shape(part)
            if len(shape) > axes:
                if len(shape) > axes + 1 or shape[0] != 1:
                    raise ValueError(f"numbers of shape {shape} beside an array (rows, *{traced[0].inner})")
                shape = shape[1:]
            shapes.append(shape)
    return np.broadcast_shapes(*shapes)


def _tensor(builder: GraphBuilder, part: Operand, dtype: Any, depth: int) -> str:
    if isinstance(part, TracedArray):
        return part.astype(dtype).tensor
    if np.ndim(part) > depth + 1:
        raise ValueError(f"numbers of shape {np.shape(part)} in {depth} axes")
    return builder.constant(part, dtype)
