"""Means of Gaussian processes: polynomials in the columns whose coefficients are estimated with the weights."""

from __future__ import annotations

from typing import Literal

import numpy as np

from frugal.surrogates.onnx.graph import Graph

TrendName = Literal["constant", "linear", "squares"]


def trend_terms(name: TrendName, n_columns: int) -> int:
    """Terms of a trend in so many columns."""
    return {"constant": 1, "linear": 1 + n_columns, "squares": 1 + 2 * n_columns}[name]


def trend_columns(name: TrendName, z: np.ndarray) -> np.ndarray:
    """Terms ``[n, q]`` of columns ``[n, f]``: 1, then each column, then each square, as far as the trend goes."""
    ones = np.ones((len(z), 1))
    if name == "constant":
        return ones
    return np.concatenate([ones, z] if name == "linear" else [ones, z, z * z], axis=1)


def independent_terms(terms: np.ndarray) -> np.ndarray:
    """Numbers of the columns of ``terms [n, q]`` that do not follow from those before them, in rising order.

    The indicators of a choice sum to one, and the square of an indicator is itself.
    """
    kept: list[int] = []
    basis = np.empty((len(terms), 0))
    for j, column in enumerate(terms.T):
        rest = column - basis @ (basis.T @ column)
        rest = rest - basis @ (basis.T @ rest)
        size = float(np.linalg.norm(rest))
        if size > 1e-6 * max(float(np.linalg.norm(column)), 1e-300) and len(kept) < len(terms):
            kept.append(j)
            basis = np.column_stack([basis, rest / size])
    return np.array(kept, dtype=np.int64)


def trend_graph(builder: Graph, name: TrendName, z: str, weights: np.ndarray, offset: np.ndarray) -> str:
    """Nodes of a trend in float64: ``[n, m]``, or ``[m]`` of a constant one.

    Parameters
    ----------
    builder : Graph
        Takes the nodes.
    name : str
    z : str
        Name of the tensor of columns ``[n, f]``, float64.
    weights : array [q, m]
        Of all terms, that of the constant first.
    offset : array [m]
        Added.
    """
    double = np.float64
    constant = builder.constant(weights[0] + offset, double)
    if name == "constant":
        return constant
    terms = z if name == "linear" else builder.op("Concat", z, builder.op("Mul", z, z), axis=1)
    return builder.op("Gemm", terms, builder.constant(weights[1:], double), constant)
