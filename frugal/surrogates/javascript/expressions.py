"""What one element of an array is computed from, and how it is written in JavaScript inside loops over the array."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import prod
from typing import TypeAlias

Strides: TypeAlias = tuple[int, ...]


@dataclass(frozen=True)
class Word:
    """A number, or the name of one: the same for every element."""

    text: str


@dataclass(frozen=True)
class Leaf:
    """An element of a flat buffer: ``offset`` plus a stride for each dimension of the array."""

    buffer: str
    strides: Strides
    offset: int = 0


@dataclass(frozen=True)
class Lookup:
    """An element of a flat buffer whose place depends on a whole number that is computed, ``scale`` apart."""

    buffer: str
    strides: Strides
    offset: int
    index: Expression
    scale: int


@dataclass(frozen=True)
class Apply:
    """JavaScript of other elements; ``{0}``, ``{1}`` stand for them. A rounded one is brought to float32."""

    template: str
    parts: tuple[Expression, ...]
    rounded: bool = False


Expression: TypeAlias = Word | Leaf | Lookup | Apply

#: Names of loop variables, from the outermost.
_LOOPS = "ijklmnopq"


def leaves(expression: Expression) -> Iterator[Leaf | Lookup]:
    """Every access to a buffer in an expression."""
    if isinstance(expression, Leaf | Lookup):
        yield expression
    if isinstance(expression, Lookup):
        yield from leaves(expression.index)
    if isinstance(expression, Apply):
        for part in expression.parts:
            yield from leaves(part)


def moved(expression: Expression, move: Callable[[Strides, int], tuple[Strides, int]]) -> Expression:
    """The expression over another array of elements, by what becomes of the strides and the offset of each access."""
    if isinstance(expression, Leaf):
        strides, offset = move(expression.strides, expression.offset)
        return replace(expression, strides=strides, offset=offset)
    if isinstance(expression, Lookup):
        strides, offset = move(expression.strides, expression.offset)
        index = moved(expression.index, move)
        return replace(expression, strides=strides, offset=offset, index=index)
    if isinstance(expression, Apply):
        return replace(expression, parts=tuple(moved(part, move) for part in expression.parts))
    return expression


def spread(expression: Expression, shape: Sequence[int], target: Sequence[int]) -> Expression:
    """An expression over ``shape`` as one over ``target``, by the rules of broadcasting."""
    before = len(target) - len(shape)

    def move(strides: Strides, offset: int) -> tuple[Strides, int]:
        kept = (0 if size == 1 else stride for stride, size in zip(strides, shape, strict=True))
        return (0,) * before + tuple(kept), offset

    return expression if tuple(shape) == tuple(target) else moved(expression, move)


def reshaped(expression: Expression, shape: Sequence[int], target: Sequence[int]) -> Expression | None:
    """An expression over ``shape`` as one over ``target``, elements in the same order; None where strides cannot tell."""
    cells = [(size, k) for k, size in enumerate(shape) if size != 1]
    groups: list[tuple[list[int], list[int]]] = []  # dimensions of both whose products are equal
    left = [k for _, k in cells]
    right = [k for k, size in enumerate(target) if size != 1]
    while left or right:
        mine, theirs = ([left.pop(0)] if left else []), ([right.pop(0)] if right else [])
        while (a := prod(shape[k] for k in mine)) != (b := prod(target[k] for k in theirs)):
            if a < b and left:
                mine.append(left.pop(0))
            elif b < a and right:
                theirs.append(right.pop(0))
            else:
                return None
        groups.append((mine, theirs))
    accesses = list(leaves(expression))
    for mine, theirs in groups:
        if len(mine) == 1 and len(theirs) >= 1:
            continue
        for access in accesses:
            if any(access.strides[a] != access.strides[b] * shape[b] for a, b in pairwise(mine)):
                return None

    def move(strides: Strides, offset: int) -> tuple[Strides, int]:
        found = [0] * len(target)
        for mine, theirs in groups:
            step = strides[mine[-1]]
            for k in reversed(theirs):
                found[k] = step
                step *= target[k]
        return tuple(found), offset

    return moved(expression, move)


def contiguous(shape: Sequence[int]) -> Strides:
    """Strides of an array whose last dimension varies fastest."""
    return tuple(prod(shape[k + 1 :]) for k in range(len(shape)))


def collapsed(
    shape: Sequence[int], expressions: Sequence[Expression], outer: int | None = None
) -> tuple[tuple[int, ...], int, list[Expression]]:
    """The same elements over as few dimensions as the strides of all accesses allow.

    Parameters
    ----------
    shape : sequence of int
    expressions : sequence of Expression
        Over that shape.
    outer : int, optional
        Dimensions that are kept apart from those after them; all by default.

    Returns
    -------
    tuple
        Sizes, how many of them are of the outer dimensions, expressions.
    """
    accesses = [access for expression in expressions for access in leaves(expression)]
    outer = len(shape) if outer is None else outer
    dims: list[list[int]] = []
    for k in (k for k, size in enumerate(shape) if size != 1):
        together = dims and (dims[-1][-1] < outer) == (k < outer)
        if together and all(a.strides[dims[-1][-1]] == a.strides[k] * shape[k] for a in accesses):
            dims[-1].append(k)
        else:
            dims.append([k])

    def move(strides: Strides, offset: int) -> tuple[Strides, int]:
        return tuple(strides[group[-1]] for group in dims), offset

    sizes = tuple(prod(shape[k] for k in group) for group in dims)
    return sizes, sum(group[0] < outer for group in dims), [moved(expression, move) for expression in expressions]


def loops(shape: Sequence[int], first: int = 0) -> str:
    """Heads of nested loops over a shape; the variables begin with the one numbered ``first``."""
    names = _LOOPS[first : first + len(shape)]
    return "".join(f"for(let {name}=0;{name}<{size};{name}++)" for name, size in zip(names, shape, strict=True))


def place(strides: Strides, offset: int) -> str:
    """Where an element lies in its buffer."""
    terms = [name if step == 1 else f"{step}*{name}" for name, step in zip(_LOOPS, strides, strict=False) if step]
    if offset or not terms:
        terms.append(str(offset))
    return "+".join(terms).replace("+-", "-")


def written(expression: Expression, stored: bool = False) -> str:
    """An expression in JavaScript, inside loops over its dimensions.

    Parameters
    ----------
    expression : Expression
    stored : bool
        It goes into a buffer of its own type, which rounds by itself.
    """
    if isinstance(expression, Word):
        return expression.text
    if isinstance(expression, Leaf):
        return f"{expression.buffer}[{place(expression.strides, expression.offset)}]"
    if isinstance(expression, Lookup):
        step = written(expression.index)
        computed = step if expression.scale == 1 else f"{expression.scale}*{step}"
        rest = place(expression.strides, expression.offset)
        return f"{expression.buffer}[{computed}{'' if rest == '0' else '+' + rest}]"
    text = expression.template.format(*(written(part) for part in expression.parts))
    return f"f({text})" if expression.rounded and not stored else text if stored else f"({text})"


def weight(expression: Expression) -> int:
    """How many parts an expression has."""
    if isinstance(expression, Apply):
        return 1 + sum(weight(part) for part in expression.parts)
    return 1 + weight(expression.index) if isinstance(expression, Lookup) else 1
