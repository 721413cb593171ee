"""The JavaScript of a graph under construction: buffers, constants, and statements, for one row of inputs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any

import numpy as np

from frugal.surrogates.javascript.expressions import (
    Apply,
    Expression,
    Leaf,
    Word,
    collapsed,
    contiguous,
    loops,
    moved,
    place,
    reshaped,
    spread,
    weight,
    written,
)
from frugal.surrogates.javascript.packing import Packed, kind_of, layout_of
from frugal.texts import Text, room_texts

_TEXTS = room_texts("frugal.surrogates")

#: Buffer of each type of number: float32, float64, whole, truth.
_BUFFERS = {"f": "Float32Array", "d": "Float64Array", "i": "Float64Array", "b": "Uint8Array"}
#: An expression of more parts is computed into a buffer of its own.
_LONGEST = 40


class Untranslatable(Exception):  # noqa: N818 - it is an answer, not a fault
    """A graph has no JavaScript; ``reason`` says why in both languages."""

    def __init__(self, name: str, **values: Any) -> None:
        self.reason: Text = _TEXTS.say(name, **values)
        super().__init__(self.reason["en"])


@dataclass(frozen=True)
class Value:
    """A tensor for one row of inputs.

    Parameters
    ----------
    shape : tuple of int
    kind : str
        ``f`` float32, ``d`` float64, ``i`` whole numbers, ``b`` truth values.
    expression : Expression
        Of each element.
    fixed : bool
        It does not depend on the inputs.
    array : array, optional
        Its numbers, where the graph holds them.
    """

    shape: tuple[int, ...]
    kind: str
    expression: Expression
    fixed: bool = False
    array: np.ndarray | None = None

    @property
    def size(self) -> int:
        """Number of elements."""
        return prod(self.shape)

    def over(self, shape: Sequence[int]) -> Expression:
        """Its expression over a larger shape, by the rules of broadcasting."""
        return spread(self.expression, self.shape, shape)

    def numbers(self, operator: str) -> list[int]:
        """Whole numbers that the graph holds: axes, sizes, places.

        Raises
        ------
        Untranslatable
            If they are computed.
        """
        if self.array is None:
            raise Untranslatable("javascript.operator", operator=f"{operator} of computed sizes")
        return [int(number) for number in self.array.ravel()]


@dataclass
class Program:
    """Statements to be run once and at each call, buffers and constants.

    Parameters
    ----------
    once, each : list of str
        JavaScript.
    constants : list of (array, Packed)
        In the order of their names ``c0``, ``c1``.
    helpers : set of str
        Names of functions of the template that are used.
    """

    once: list[str] = field(default_factory=list)
    each: list[str] = field(default_factory=list)
    constants: list[tuple[np.ndarray, Packed]] = field(default_factory=list)
    helpers: set[str] = field(default_factory=set)
    _known: dict[tuple[str, tuple[int, ...], bytes], Leaf] = field(default_factory=dict)
    _names: int = 0

    def constant(self, array: np.ndarray) -> Value:
        """Numbers that the graph holds: one as it is, several in a buffer.

        Raises
        ------
        Untranslatable
            If they are of a type that JavaScript has no numbers for.
        """
        kind = {"float32": "f", "float64": "d", "bool": "b"}.get(
            array.dtype.name, "i" if array.dtype.kind in "iu" else ""
        )
        packed_as = kind_of(array)
        if array.dtype == np.float16:
            return self.constant(array.astype(np.float32))
        if not kind or (array.size > 1 and packed_as is None):
            raise Untranslatable("javascript.operator", operator=f"{array.dtype}[{array.size}]")
        if array.size == 1:
            return Value(array.shape, kind, Word(literal(array.ravel()[0])), True, array)
        assert packed_as is not None
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self._known:
            packed = layout_of(array, packed_as)
            strides = contiguous(array.shape)
            if packed.turned:
                strides = tuple(reversed(contiguous(array.shape[::-1])))
            self._known[key] = Leaf(f"c{len(self.constants)}", strides)
            self.constants.append((array, packed))
        return Value(array.shape, kind, self._known[key], True, array)

    def name(self, letter: str) -> str:
        """A new name."""
        self._names += 1
        return f"{letter}{self._names}"

    def say(self, statement: str, fixed: bool = False) -> None:
        """Add a statement: to what is run once where it depends on no input."""
        (self.once if fixed else self.each).append(statement)

    def buffer(self, shape: Sequence[int], kind: str) -> Leaf:
        """A new buffer, kept from call to call."""
        name = self.name("t")
        self.once.append(f"const {name}=new {_BUFFERS[kind]}({max(prod(shape), 1)});")
        return Leaf(name, contiguous(shape))

    def store(self, target: Leaf, shape: Sequence[int], expression: Expression, fixed: bool) -> None:
        """Compute an expression over a shape into a buffer."""
        sizes, _, (into, found) = collapsed(shape, [target, expression])
        assert isinstance(into, Leaf)
        where = f"{into.buffer}[{place(into.strides, into.offset)}]"
        self.say(f"{loops(sizes)}{where}={written(found, stored=True)};", fixed)

    def computed(self, value: Value) -> Value:
        """A value that may be read many times: computed into a buffer, or a name where it is one number."""
        if isinstance(value.expression, Leaf | Word):
            return value
        if value.size == 1:
            name = self.name("s")
            _, _, (found,) = collapsed(value.shape, [value.expression])
            self.say(f"const {name}={written(found)};", value.fixed)
            return Value(value.shape, value.kind, Word(name), value.fixed)
        target = self.buffer(value.shape, value.kind)
        self.store(target, value.shape, value.expression, value.fixed)
        return Value(value.shape, value.kind, target, value.fixed)

    def apply(self, template: str, values: Sequence[Value], kind: str, rounded: bool | None = None) -> Value:
        """An operator on each element of arrays that broadcast.

        Parameters
        ----------
        template : str
            JavaScript, ``{0}`` for the first value.
        values : sequence of Value
        kind : str
            Of the result.
        rounded : bool, optional
            The operator may leave float32; it does by default.
        """
        shape = np.broadcast_shapes(*(value.shape for value in values))
        wide = prod(shape)
        parts = tuple((self.computed(value) if value.size < wide else value).over(shape) for value in values)
        expression = Apply(template, parts, kind == "f" and rounded is not False)
        fixed = all(value.fixed for value in values)
        found = Value(shape, kind, expression, fixed)
        return self.computed(found) if fixed or weight(expression) > _LONGEST else found

    def reduced(
        self, value: Value, axes: Sequence[int], keep: bool, start: str, step: str, kind: str, end: str = "{0}"
    ) -> Value:
        """Elements along axes brought together: ``step`` says how, of ``{0}``, the result so far, and ``{1}``, an element."""
        kept = [k for k in range(len(value.shape)) if k not in axes]
        outer = tuple(value.shape[k] for k in kept)
        target = self.buffer(outer, kind) if prod(outer) > 1 else Leaf("", contiguous(outer))

        def move(strides: tuple[int, ...], offset: int) -> tuple[tuple[int, ...], int]:
            return tuple(strides[k] for k in (*kept, *axes)), offset

        sizes, n_outer, (into, found) = collapsed(
            (*outer, *(value.shape[k] for k in axes)),
            [replace(target, strides=(*target.strides, *(0 for _ in axes))), moved(value.expression, move)],
            len(kept),
        )
        assert isinstance(into, Leaf)
        name = self.name("s")
        inside = f"{loops(sizes[n_outer:], n_outer)}{name}={step.format(name, written(found))};"
        last = end.format(name)
        result: Expression = target
        if target.buffer:
            where = f"{into.buffer}[{place(into.strides, into.offset)}]"
            self.say(f"{loops(sizes[:n_outer])}{{let {name}={start};{inside}{where}={last};}}", value.fixed)
        else:
            rounded = f"f({last})" if kind == "f" else last
            self.say(f"let {name}={start};{inside}" + ("" if rounded == name else f"{name}={rounded};"), value.fixed)
            result = Word(name)
        shape = tuple(1 if k in axes else size for k, size in enumerate(value.shape)) if keep else outer
        return self.reshape(Value(outer, kind, result, value.fixed), shape)

    def reshape(self, value: Value, shape: Sequence[int]) -> Value:
        """The same elements in another shape."""
        target = tuple(shape)
        found = reshaped(value.expression, value.shape, target)
        if found is None:
            copy = self.buffer(value.shape, value.kind)
            self.store(copy, value.shape, value.expression, value.fixed)
            found = reshaped(copy, value.shape, target)
            assert found is not None
        array = None if value.array is None else value.array.reshape(target)
        return Value(target, value.kind, found, value.fixed, array)


def literal(number: Any) -> str:
    """A number as JavaScript has it, in brackets where it is negative."""
    value = float(number)
    if not np.isfinite(value):
        return "NaN" if np.isnan(value) else "Infinity" if value > 0 else "(-Infinity)"
    if (value.is_integer() and 0 < abs(value) < 1e15) or (value == 0 and not np.signbit(value)):
        text = str(int(value))
    else:
        text = re.sub(r"e([+-]?)0*", lambda found: "e" + found[1].strip("+"), repr(value))
        text = re.sub(r"\b0\.(?=\d)", ".", text)
    return f"({text})" if text.startswith("-") else text
