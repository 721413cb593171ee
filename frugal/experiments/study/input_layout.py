"""Where each input stands in a row of numbers: the one place that knows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from inspect import Parameter as Argument
from inspect import signature
from typing import Any

import numpy as np

from frugal.errors import UnusableInputError, did_you_mean
from frugal.experiments.study.variables import Variable
from frugal.experiments.tracing.graph_builder import GraphBuilder
from frugal.experiments.tracing.traced_array import TracedArray

#: What a function that answers by name may take first: the namespace of arrays that it computes with.
NAMESPACE = "xp"


@dataclass(frozen=True)
class InputLayout:
    """Rows of numbers ``[d]`` as inputs by name, and back.

    Parameters
    ----------
    variables : tuple of Variable
        A vector takes as many columns as it has elements, side by side.
    """

    variables: tuple[Variable, ...]

    @cached_property
    def columns(self) -> tuple[Variable, ...]:
        """One number a column, ``[d]`` of them: elements of a vector are named ``name[coordinate]``."""
        return tuple(element for variable in self.variables for element in variable.elements())

    @property
    def size(self) -> int:
        """Number of columns."""
        return sum(variable.size for variable in self.variables)

    @cached_property
    def slices(self) -> Mapping[str, slice]:
        """Columns of each variable."""
        found, start = {}, 0
        for variable in self.variables:
            found[variable.name] = slice(start, start + variable.size)
            start += variable.size
        return found

    def by_name(self, row: np.ndarray) -> dict[str, Any]:
        """Inputs of one row ``[d]``: floats, and an array of its shape for a vector, which whoever gets it may write into."""
        return {
            name: row[where].reshape(shape).copy() if shape is not None else float(row[where])
            for name, where, shape in self._places
        }

    @cached_property
    def _places(self) -> tuple[tuple[str, Any, tuple[int, ...] | None], ...]:
        """Name, place in a row and shape of each variable; a number stands at one place and has no shape."""
        return tuple(
            (v.name, self.slices[v.name], v.shape) if v.dims else (v.name, self.slices[v.name].start, None)
            for v in self.variables
        )

    def columns_by_name(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        """Inputs of rows ``[n, d]``: ``[n]``, and ``[n, ...]`` for a vector, which whoever gets them may write into."""
        return {
            variable.name: rows[:, self.slices[variable.name]].reshape(len(rows), *variable.shape).copy()
            for variable in self.variables
        }

    def rows(self, values: Mapping[str, Any]) -> np.ndarray:
        """Rows ``[n, d]`` from arrays ``[n]`` or ``[n, ...]``, or one value for all rows, by name, of every input."""
        columns = []
        for variable in self.variables:
            value = np.asarray(values[variable.name], dtype=float)
            wide = value.reshape(*value.shape[: value.ndim - len(variable.dims)], variable.size)
            columns.append(np.atleast_2d(wide) if wide.ndim < 2 and variable.dims else wide.reshape(-1, variable.size))
        n = max(len(column) for column in columns)
        return np.concatenate([np.broadcast_to(column, (n, column.shape[1])) for column in columns], axis=1)

    def traced(self, builder: GraphBuilder, x: str, dtype: Any = np.float32) -> dict[str, TracedArray]:
        """Inputs by name as arrays of a graph, from the name of its tensor ``[n, d]``, which holds elements of ``dtype``."""
        named = {}
        for variable in self.variables:
            columns = self.slices[variable.name]
            told = [builder.constant([n], np.int64) for n in (columns.start, columns.stop, 1)]
            flat = TracedArray(builder, builder.op("Slice", x, *told), (variable.size,), dtype)
            named[variable.name] = flat.reshaped(variable.shape)
        return named


def named_arguments(function: Callable[..., Any]) -> tuple[tuple[str, ...], bool, frozenset[str]]:
    """Names that a function takes, whether it takes any other too (``**inputs``), and those among them that may be left out.

    A function without a signature (written in C) takes any.
    """
    try:
        arguments = signature(function).parameters
    except (TypeError, ValueError):
        return (), True, frozenset()
    names = tuple(n for n, a in arguments.items() if a.kind in (Argument.POSITIONAL_OR_KEYWORD, Argument.KEYWORD_ONLY))
    optional = frozenset(name for name in names if arguments[name].default is not Argument.empty)
    return names, any(a.kind is Argument.VAR_KEYWORD for a in arguments.values()), optional


def takes_rows(function: Callable[..., Any], names: Sequence[str], beside: Sequence[str] = ()) -> bool:
    """A function of the former form, ``solve(x)``: it takes the inputs as one array, under a name that is no input.

    Parameters
    ----------
    function : callable
    names : sequence of str
        Inputs of the study.
    beside : sequence of str
        What it may take beside them.
    """
    try:
        arguments = list(signature(function).parameters.values())
    except (TypeError, ValueError):
        return True
    if any(a.kind is Argument.VAR_KEYWORD for a in arguments) or not arguments:
        return False
    needed = [a.name for a in arguments if a.default is Argument.empty and a.kind is not Argument.KEYWORD_ONLY]
    if len(needed) != 1 + len(beside) or needed[0] in (*names, *beside, NAMESPACE):
        return False
    return not get_close_matches(needed[0], names, n=1, cutoff=0.8)  # nearly that of an input: by name, misspelt


def check_arguments(
    what: str, function: Callable[..., Any], names: Sequence[str], beside: Sequence[str] = (), *, all_of_them: bool
) -> None:
    """Refuse a function that asks for what is no input, or that ignores one.

    Parameters
    ----------
    what : str
        "solve of study 'x'", for the sentence.
    function : callable
    names : sequence of str
        Inputs (and parameters) of the study.
    beside : sequence of str
        What it may take beside them.
    all_of_them : bool
        It has to take every one.

    Raises
    ------
    UnusableInputError
        Naming what it takes.
    """
    taken, any_other, optional = named_arguments(function)
    for name in taken:
        if name not in (*names, *beside) and name not in optional:
            raise UnusableInputError(
                f"{what} takes '{name}', which is no input; known: {', '.join(names)}{did_you_mean(name, names)}"
            )
    if all_of_them and not any_other:
        left_out = [name for name in names if name not in taken]
        if left_out:
            raise UnusableInputError(
                f"{what} does not take the input '{left_out[0]}'; take it, or take **inputs if it changes nothing"
            )


def asked_for(function: Callable[..., Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The values that a function takes, by name."""
    taken, any_other, _ = named_arguments(function)
    return dict(values) if any_other else {name: values[name] for name in taken if name in values}
