"""Operators that choose, order and join elements; most only say anew where an element lies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import prod

import numpy as np

from frugal.surrogates.javascript.expressions import Leaf, Lookup, Strides, Word, contiguous, moved, spread
from frugal.surrogates.javascript.program import Program, Untranslatable, Value


def reshape(program: Program, value: Value, told: Sequence[int]) -> Value:
    """``Reshape``, with 0 for a size as it was and -1 for what is left."""
    sizes = [value.shape[k] if size == 0 else size for k, size in enumerate(told)]
    if -1 in sizes:
        known = prod(size for size in sizes if size != -1)
        sizes[sizes.index(-1)] = value.size // max(known, 1)
    return program.reshape(value, sizes)


def unsqueeze(program: Program, value: Value, axes: Sequence[int]) -> Value:
    """Axes of size 1 put in."""
    rank = len(value.shape) + len(axes)
    places = {axis % rank for axis in axes}
    sizes = iter(value.shape)
    return program.reshape(value, [1 if k in places else next(sizes) for k in range(rank)])


def squeeze(program: Program, value: Value, axes: Sequence[int] | None) -> Value:
    """Axes of size 1 taken out."""
    rank = len(value.shape)
    gone = {k for k, size in enumerate(value.shape) if size == 1} if axes is None else {axis % rank for axis in axes}
    return program.reshape(value, [size for k, size in enumerate(value.shape) if k not in gone])


def transpose(value: Value, order: Sequence[int] | None) -> Value:
    """Axes in another order."""
    order = list(range(len(value.shape)))[::-1] if order is None else list(order)

    def move(strides: Strides, offset: int) -> tuple[Strides, int]:
        return tuple(strides[k] for k in order), offset

    array = None if value.array is None else value.array.transpose(order)
    shape = tuple(value.shape[k] for k in order)
    return replace(value, shape=shape, expression=moved(value.expression, move), array=array)


def expand(value: Value, told: Sequence[int]) -> Value:
    """Repeated along axes of size 1."""
    shape = np.broadcast_shapes(value.shape, tuple(told))
    return Value(shape, value.kind, spread(value.expression, value.shape, shape), value.fixed)


def part(value: Value, axis: int, start: int, step: int, size: int) -> Value:
    """Elements ``start``, ``start + step``, ... along an axis."""

    def move(strides: Strides, offset: int) -> tuple[Strides, int]:
        here = strides[axis]
        return (*strides[:axis], here * step, *strides[axis + 1 :]), offset + here * start

    shape = (*value.shape[:axis], size, *value.shape[axis + 1 :])
    array = None
    if value.array is not None:
        array = np.take(value.array, start + step * np.arange(size), axis=axis)
    return replace(value, shape=shape, expression=moved(value.expression, move), array=array)


def sliced(
    value: Value, starts: Sequence[int], ends: Sequence[int], axes: Sequence[int], steps: Sequence[int]
) -> Value:
    """``Slice``."""
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        at = axis % len(value.shape)
        size = value.shape[at]
        low, high = (0, size) if step > 0 else (-1, size - 1)
        first = min(max(start + size if start < 0 else start, 0), size if step > 0 else size - 1)
        last = min(max(end + size if end < 0 else end, low), high if step > 0 else size - 1)
        chosen = range(first, last, step)
        value = part(value, at, first, step, len(chosen))
    return value


def split(value: Value, sizes: Sequence[int], axis: int) -> list[Value]:
    """``Split``."""
    at, starts = axis % len(value.shape), np.cumsum([0, *sizes])
    return [part(value, at, int(start), 1, size) for start, size in zip(starts, sizes, strict=False)]


def concat(program: Program, values: Sequence[Value], axis: int) -> Value:
    """``Concat``, into a buffer of its own."""
    values = [value for value in values if value.size] or list(values[:1])
    if len(values) == 1:
        return values[0]
    rank = len(values[0].shape)
    at = axis % rank
    if all(value.array is not None for value in values):
        return program.constant(np.concatenate([value.array for value in values if value.array is not None], axis=at))
    shape = list(values[0].shape)
    shape[at] = sum(value.shape[at] for value in values)
    whole = program.buffer(shape, values[0].kind)
    start, fixed = 0, all(value.fixed for value in values)
    for value in values:
        here = Leaf(whole.buffer, whole.strides, start * whole.strides[at])
        program.store(here, value.shape, value.expression, fixed)
        start += value.shape[at]
    return Value(tuple(shape), values[0].kind, whole, fixed)


def gather(program: Program, value: Value, index: Value, axis: int) -> Value:
    """``Gather``: elements at known places, or of a table at places that are computed."""
    at = axis % len(value.shape)
    size = value.shape[at]
    if index.array is not None:
        places = index.array.astype(np.int64) % size
        if value.array is not None:
            return program.constant(np.take(value.array, places, axis=at))
        flat, steps = places.ravel(), set(np.diff(places.ravel()).tolist())
        if len(steps) <= 1:
            found = part(value, at, int(flat[0]), steps.pop() if steps else 1, flat.size)
            return program.reshape(found, (*value.shape[:at], *places.shape, *value.shape[at + 1 :]))
        index = program.constant(places)
    elif index.size > 1:
        index = program.computed(index)
    held = program.computed(value)
    shape = (*value.shape[:at], *index.shape, *value.shape[at + 1 :])
    if isinstance(held.expression, Word):
        return Value(shape, value.kind, held.expression, value.fixed)
    if not isinstance(held.expression, Leaf):
        raise Untranslatable("javascript.operator", operator="Gather")
    before, after = len(value.shape[:at]), len(value.shape[at + 1 :])
    none = (0,) * len(index.shape)

    def move(strides: Strides, offset: int) -> tuple[Strides, int]:
        return (*(0,) * before, *strides, *(0,) * after), offset

    strides = held.expression.strides
    looked_up = Lookup(
        held.expression.buffer,
        (*strides[:at], *none, *strides[at + 1 :]),
        held.expression.offset,
        moved(index.expression, move),
        strides[at],
    )
    return Value(shape, value.kind, looked_up, value.fixed and index.fixed)


def flat(value: Value) -> Leaf | Word | None:
    """Where its elements lie one behind the other; None where they do not."""
    expression = value.expression
    if isinstance(expression, Word) and value.size == 1:
        return expression
    if isinstance(expression, Leaf):
        wanted = contiguous(value.shape)
        same = all(size == 1 or a == b for size, a, b in zip(value.shape, expression.strides, wanted, strict=True))
        return expression if same else None
    return None
