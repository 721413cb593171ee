"""From inputs in physical units to the columns that fitted candidates see.

A quantity is scaled to [-1, 1] by its declared bounds; a variable with a period becomes its sine and cosine,
so that both ends of the period are the same point; a choice among three or more becomes one column per
choice, so that no order among them is supposed. A variable that never varies in the training runs is left
out: nothing can be learned about it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from frugal.errors import UnusableInputError
from frugal.experiments.study import Variable
from frugal.surrogates.onnx.graph import Graph

_QUARTER_TURN = np.pi / 2


def check_inputs(inputs: Any, variables: Sequence[Variable]) -> np.ndarray:
    """Inputs as a float64 array ``[n, d]``.

    Raises
    ------
    UnusableInputError
        If the shape does not match the variables, or a value is not finite.
    """
    array = np.asarray(inputs, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] != len(variables):
        raise UnusableInputError(f"inputs have shape {array.shape}; [n, {len(variables)}] is needed")
    finite = np.isfinite(array).all(axis=0)
    if not finite.all():
        name = variables[int(np.argmin(finite))].name
        raise UnusableInputError(f"input '{name}' holds a value that is not a finite number")
    return array


class FeatureMap:
    """The columns that a fitted candidate sees.

    Parameters
    ----------
    variables : sequence of Variable
    inputs : array [n, d], optional
        Training inputs; a variable that is constant in them is left out (unless all are).

    Attributes
    ----------
    n_features : int
    names : tuple of str
        One name per column.
    bendable : array [f] of bool
        Columns of quantities, between -1 and 1: neither sines nor indicators of a choice.
    """

    def __init__(self, variables: Sequence[Variable], inputs: np.ndarray | None = None) -> None:
        self.variables = tuple(variables)
        varies = np.ones(len(variables), dtype=bool)
        if inputs is not None and len(inputs):
            varies = np.ptp(check_inputs(inputs, variables), axis=0) > 0
            if not varies.any():
                varies[:] = True
        groups: dict[str, list[tuple[str, int, float, float]]] = {"plain": [], "angle": [], "choice": []}
        centre = np.zeros(len(variables))
        for j, variable in enumerate(variables):
            if not varies[j]:
                continue
            if variable.period:
                rate = 2 * np.pi / variable.period
                groups["angle"] += [
                    (f"sin({variable.name})", j, rate, 0.0),
                    (f"cos({variable.name})", j, rate, _QUARTER_TURN),
                ]
            elif len(variable.choices) > 2:
                columns = [(f"{variable.name}={c}", j, 1.0, -float(k)) for k, c in enumerate(variable.choices)]
                groups["choice"] += columns
            else:
                centre[j] = (variable.low + variable.high) / 2
                groups["plain"].append((variable.name, j, 2 / (variable.high - variable.low), 0.0))
        columns = [column for group in groups.values() for column in group]
        self.names = tuple(name for name, *_ in columns)
        self.n_features = len(columns)
        self._sizes = tuple(len(group) for group in groups.values())
        self.bendable = np.arange(self.n_features) < self._sizes[0]
        self._centre = centre
        self._source = np.array([j for _, j, _, _ in columns], dtype=np.int64)
        self._rate = np.array([rate for _, _, rate, _ in columns])
        self._shift = np.array([shift for *_, shift in columns])

    @property
    def sources(self) -> tuple[int, ...]:
        """Number of the variable that each column comes from."""
        return tuple(int(j) for j in self._source)

    def transform(self, inputs: Any) -> np.ndarray:
        """Columns ``[n, f]``, float64, of inputs ``[n, d]`` in physical units.

        Raises
        ------
        UnusableInputError
            If the shape does not match the variables, or a value is not finite.
        """
        x = check_inputs(inputs, self.variables)
        z = (x - self._centre)[:, self._source] * self._rate + self._shift
        plain, angle, _ = self._sizes
        end = plain + angle
        z[:, plain:end] = np.sin(z[:, plain:end])
        z[:, end:] = np.maximum(1 - np.abs(z[:, end:]), 0)
        return z

    def graph(self, builder: Graph, x: str, dtype: Any = np.float32) -> str:
        """Write the same map as nodes, from ``x`` (``[n, d]``, float32, or float64 of graphs that take that) to the columns
        ``[n, f]`` in ``dtype``.

        The centre is subtracted before anything is multiplied: in float32 a year or a northing keeps its
        last digits only so. The cosine is the sine a quarter turn ahead, which every runtime has in float64
        too.

        Parameters
        ----------
        builder : Graph
            Takes the nodes.
        x : str
            Name of the tensor of inputs, in physical units, columns in the order of the variables.
        dtype
            Element type that is computed in: float64 for models that turn the rounding of float32 into errors (Gaussian
            processes, trees).

        Returns
        -------
        str
            Name of the tensor ``[n, f]``.
        """
        if builder.takes_double(x) and np.dtype(dtype) != np.float64:
            return builder.cast(self.graph(builder, x, np.float64), dtype)
        plain, angle, choice = self._sizes
        if np.dtype(dtype) != np.float32 and not builder.takes_double(x):
            x = builder.cast(x, dtype)
        if self._centre.any():
            x = builder.op("Sub", x, builder.constant(self._centre, dtype))
        if plain == len(self.variables):
            return builder.op("Mul", x, builder.constant(self._rate, dtype))
        select = np.zeros((len(self.variables), self.n_features))
        select[self._source, np.arange(self.n_features)] = self._rate
        z = builder.op("Gemm", x, builder.constant(select, dtype), builder.constant(self._shift, dtype))
        sizes = [size for size in self._sizes if size]
        if len(sizes) == 1:
            parts = [z]
        else:
            split = builder.constant(sizes, np.int64)
            parts = list(builder.op("Split", z, split, outputs=len(sizes), axis=1))
        if angle:
            at = 1 if plain else 0
            parts[at] = builder.op("Sin", parts[at])
        if choice:
            distance = builder.op("Abs", parts[-1])
            parts[-1] = builder.op("Relu", builder.op("Sub", builder.constant([1.0], dtype), distance))
        return parts[0] if len(parts) == 1 else builder.op("Concat", *parts, axis=1)
