"""How large errors are expected to be where a question lies: a smooth scale of rows, learnt from residuals.

Ridge regression of the logarithm of the size of a residual on the columns that models see and their squares. The scale only
has to rank rows: what it is multiplied by comes from residuals that it has not seen (`frugal.surrogates.fitting.intervals`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from frugal.errors import UnusableInputError
from frugal.experiments.study import Variable
from frugal.surrogates.fitting.input_features import FeatureMap
from frugal.surrogates.onnx.graph import Graph

#: Part of the median size that is added to every one, so that a residual of zero has a logarithm.
_LEAST = 0.05
#: Of the logarithm, in its variance over rows (1.2 for a normal residual) over the variance of a coefficient that is expected.
_PENALTY = 20.0
#: The scale stays between these quantiles of itself over the rows that it was learnt from.
_LOWEST, _HIGHEST = 0.02, 0.98


@dataclass(frozen=True, eq=False)
class RowScale:
    """A scale for each output ``[n, k]``, the exponential of a quadratic of the columns that models see.

    Parameters
    ----------
    variables : sequence of Variable
        One for each input.
    linear, square : array [f, k]
        Coefficients of the columns of a `FeatureMap` and of their squares.
    constant : array [k]
    low, high : array [k]
        Ends of the logarithm.
    """

    variables: Sequence[Variable]
    linear: np.ndarray
    square: np.ndarray
    constant: np.ndarray
    low: np.ndarray
    high: np.ndarray

    @classmethod
    def fit(cls, sizes: np.ndarray, inputs: np.ndarray, variables: Sequence[Variable]) -> RowScale:
        """Learn from the sizes ``[n, k]`` of residuals, none negative, of rows of inputs ``[n, d]``."""
        z = FeatureMap(variables).transform(inputs)
        both = np.hstack([z, z * z])
        mean, spread = both.mean(axis=0), both.std(axis=0)
        varies = spread > 1e-9
        u = (both[:, varies] - mean[varies]) / spread[varies]
        median = np.median(sizes, axis=0)
        median = np.where(median > 0, median, np.maximum(sizes.mean(axis=0), np.finfo(float).tiny))
        logs = np.log(sizes + _LEAST * median)
        centre = logs.mean(axis=0)
        found = np.linalg.solve(u.T @ u + _PENALTY * np.eye(u.shape[1]), u.T @ (logs - centre))
        coefficients = np.zeros((both.shape[1], sizes.shape[1]))
        coefficients[varies] = found / spread[varies, None]
        constant = centre - mean @ coefficients
        f = z.shape[1]
        told = both @ coefficients + constant
        low, high = np.quantile(told, (_LOWEST, _HIGHEST), axis=0)
        return cls(tuple(variables), coefficients[:f], coefficients[f:], constant, low, high)

    def __call__(self, inputs: np.ndarray) -> np.ndarray:
        """The scale ``[n, k]`` of rows of inputs, in the unit of the sizes."""
        z = FeatureMap(self.variables).transform(inputs)
        return np.asarray(np.exp(np.clip(z @ self.linear + z * z @ self.square + self.constant, self.low, self.high)))

    def times(self, factor: np.ndarray) -> RowScale:
        """The scale times a positive factor ``[k]``."""
        add = np.log(factor)
        return RowScale(self.variables, self.linear, self.square, self.constant + add, self.low + add, self.high + add)

    def graph(self, builder: Graph, x: str) -> str:
        """Write the scale as nodes, from the inputs ``x`` ``[n, d]`` to ``[n, k]``, float32."""
        z = FeatureMap(self.variables).graph(builder, x)
        squares = builder.op("Mul", z, z)
        told = builder.op("Gemm", z, builder.constant(self.linear), builder.constant(self.constant))
        told = builder.op("Gemm", squares, builder.constant(self.square), told)
        told = builder.op("Min", builder.op("Max", told, builder.constant(self.low)), builder.constant(self.high))
        return builder.op("Exp", told)

    def to_json(self) -> dict[str, Any]:
        """As plain values, with its names."""
        names = ("linear", "square", "constant", "low", "high")
        return {name: np.asarray(getattr(self, name)).tolist() for name in names}

    @classmethod
    def read(cls, told: Mapping[str, Any], variables: Sequence[Variable]) -> RowScale:
        """From plain values.

        Raises
        ------
        UnusableInputError
            If they are no such scale of these variables.
        """
        try:
            parts = {
                name: np.asarray(told[name], dtype=float) for name in ("linear", "square", "constant", "low", "high")
            }
        except (KeyError, TypeError, ValueError) as fault:
            raise UnusableInputError("the scale of an interval cannot be read") from fault
        k, f = len(np.atleast_1d(parts["constant"])), FeatureMap(variables).n_features
        shapes = {"linear": (f, k), "square": (f, k), "constant": (k,), "low": (k,), "high": (k,)}
        if any(parts[name].shape != shape for name, shape in shapes.items()):
            raise UnusableInputError("the scale of an interval is not one of the inputs of the study")
        return cls(tuple(variables), **parts)
