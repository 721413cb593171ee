"""An array whose operations are written down as ONNX nodes.

Its first axis are the rows of a call, of which nobody knows how many; the sizes of the others are known. Shapes follow numpy.
One value a row, ``[n]``, is kept as a tensor ``[n, 1]``, so that ``x[:, None]`` costs no node.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from frugal.experiments.tracing.graph_builder import GraphBuilder

#: ONNX element types.
_ELEMENTS = {np.dtype(np.float32): 1, np.dtype(np.int64): 7, np.dtype(np.bool_): 9, np.dtype(np.float64): 11}
_INT64 = np.dtype(np.int64)
_BOOL = np.dtype(np.bool_)

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

    def __len__(self) -> int:
        raise TypeError("nobody knows yet how many rows a call will have: write the answer without their number")

    def __bool__(self) -> bool:
        raise TypeError("an array of a graph has no truth value: choose with xp.where instead of 'if'")

    def __iter__(self) -> Any:
        raise TypeError("an array of a graph cannot be gone through: nobody knows yet how many rows it will have")

    def like(self, tensor: str, inner: tuple[int, ...] | None = None, dtype: Any = None) -> TracedArray:
        """Another array of the same graph, of the same shape and type unless told."""
        return TracedArray(self.builder, tensor, self.inner if inner is None else inner, dtype or self.dtype)

    def astype(self, dtype: Any) -> TracedArray:
        """Convert to another element type."""
        wanted = np.dtype(dtype)
        if wanted == self.dtype:
            return self
        return self.like(self.builder.op("Cast", self.tensor, to=_ELEMENTS[wanted]), dtype=wanted)

    def node(self, operator: str, **attributes: Any) -> TracedArray:
        """One operator on each element."""
        return self.like(self.builder.op(operator, self.tensor, **attributes))

    def axis(self, axis: int) -> int:
        """Number of an axis from the first; that of the rows is refused.

        Raises
        ------
        ValueError
            If it is the axis of the rows, or beyond the last.
        """
        found = axis + self.ndim if axis < 0 else axis
        if not 1 <= found < self.ndim:
            raise ValueError(f"axis {axis} of an array {self.shape}; one after the rows is needed")
        return found

    def reduced(self, operator: str, axis: int, keepdims: bool, as_input: bool = False) -> TracedArray:
        """Sum, mean, largest or least along an axis.

        Parameters
        ----------
        operator : str
            ``ReduceSum`` and others.
        axis : int
        keepdims : bool
        as_input : bool
            The operator takes its axes as a tensor.
        """
        at = self.axis(axis)
        left = tuple(1 if k + 1 == at else size for k, size in enumerate(self.inner) if keepdims or k + 1 != at)
        keep = int(keepdims or not left)
        if as_input:
            axes = self.builder.constant([at], np.int64)
            return self.like(self.builder.op(operator, self.tensor, axes, keepdims=keep), left)
        return self.like(self.builder.op(operator, self.tensor, axes=[at], keepdims=keep), left)

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
        whole = combined("Div", self, other).node("Floor")
        return self - whole * other

    def __pow__(self, power: float) -> TracedArray:
        if power == 2:
            return self * self
        return self.node("Sqrt") if power == 0.5 else combined("Pow", self, power)

    def __neg__(self) -> TracedArray:
        return self.node("Neg")

    def __pos__(self) -> TracedArray:
        return self

    def __abs__(self) -> TracedArray:
        return self.node("Abs")

    def __lt__(self, other: Any) -> TracedArray:
        return combined("Less", self, other, _BOOL)

    def __le__(self, other: Any) -> TracedArray:
        return combined("LessOrEqual", self, other, _BOOL)

    def __gt__(self, other: Any) -> TracedArray:
        return combined("Greater", self, other, _BOOL)

    def __ge__(self, other: Any) -> TracedArray:
        return combined("GreaterOrEqual", self, other, _BOOL)

    def __eq__(self, other: object) -> TracedArray:  # type: ignore[override]
        return combined("Equal", self, other, _BOOL)  # type: ignore[arg-type]

    __hash__ = None  # type: ignore[assignment]

    def __and__(self, other: Operand) -> TracedArray:
        return combined("And", self, other)

    def __or__(self, other: Operand) -> TracedArray:
        return combined("Or", self, other)

    def __invert__(self) -> TracedArray:
        return self.node("Not")

    def __matmul__(self, other: np.ndarray) -> TracedArray:
        """Times a matrix ``[k, m]`` or a vector ``[k]`` of numbers, along the last axis."""
        matrix = np.asarray(other)
        if matrix.ndim not in (1, 2) or not self.inner or matrix.shape[0] != self.inner[-1]:
            raise ValueError(f"an array {self.shape} times one of shape {matrix.shape}")
        wide = matrix if matrix.ndim == 2 else matrix[:, None]
        product = self.builder.op("MatMul", self.tensor, self.builder.constant(wide, self.dtype))
        found = self.like(product, (*self.inner[:-1], wide.shape[1]))
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
    """
    traced = left if isinstance(left, TracedArray) else right
    assert isinstance(traced, TracedArray)
    common = _common_type(left, right)
    inner = _broadcast(left, right)
    names = [_tensor(traced.builder, part, common, len(inner)) for part in (left, right)]
    return TracedArray(traced.builder, traced.builder.op(operator, *names), inner, dtype or common)


def _common_type(*parts: Operand) -> np.dtype[Any]:
    """Type of the traced ones; whole numbers and truth values become numbers beside a number."""
    types = [part.dtype for part in parts if isinstance(part, TracedArray)]
    common = np.result_type(*types)
    if common == np.float64 and np.float64 not in types:  # float32 beside int64
        common = np.dtype(np.float32)
    constants = [np.asarray(part) for part in parts if not isinstance(part, TracedArray)]
    if common in (_INT64, _BOOL) and any(constant.dtype.kind == "f" for constant in constants):
        return np.dtype(np.float32)
    return common


def _broadcast(left: Operand, right: Operand) -> tuple[int, ...]:
    shapes = [part.inner if isinstance(part, TracedArray) else np.shape(part) for part in (left, right)]
    both = isinstance(left, TracedArray) and isinstance(right, TracedArray)
    if both and len(shapes[0]) != len(shapes[1]):
        told = [part.shape for part in (left, right) if isinstance(part, TracedArray)]
        raise ValueError(f"arrays {told[0]} and {told[1]} do not go together: add an axis, x[:, None]")
    if not both:
        constant = 0 if not isinstance(left, TracedArray) else 1
        traced = shapes[1 - constant]
        if len(shapes[constant]) > len(traced):
            if len(shapes[constant]) > len(traced) + 1 or shapes[constant][0] != 1:
                raise ValueError(f"numbers of shape {shapes[constant]} beside an array (rows, *{traced})")
            shapes[constant] = shapes[constant][1:]
    return np.broadcast_shapes(*shapes)


def _tensor(builder: GraphBuilder, part: Operand, dtype: Any, depth: int) -> str:
    if isinstance(part, TracedArray):
        return part.astype(dtype).tensor
    array = np.asarray(part)
    if array.ndim > depth + 1:
        raise ValueError(f"numbers of shape {array.shape} in {depth} axes")
    return builder.constant(array, dtype)
