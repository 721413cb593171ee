"""Covariances of Gaussian processes, and the columns that they see: bent, then divided by their length scales.

A response often changes faster at one end of an input than at the other: flow with the radius of a well, stress with the
thickness of a plate. A stationary covariance cannot say so. A column u in [-1, 1] is therefore bent to (exp(b u) - cosh b) /
sinh b, which keeps both ends, with one learned number b: 0 leaves it straight, and the steepest end is exp(2 |b|) times as
steep as the flattest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from frugal.surrogates.onnx.graph import Graph

Kernel = Literal["squared_exponential", "matern52"]
KERNELS: tuple[Kernel, ...] = ("squared_exponential", "matern52")

#: A column is never quite straight, since the formula ends at b = 0; this is straight to a thousandth of its range.
_LEAST_BEND = 1e-3


def covariance(kernel: Kernel, squared: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Covariance and its derivative with respect to the squared scaled distance."""
    if kernel == "squared_exponential":
        k = np.exp(-0.5 * squared)
        return k, -0.5 * k
    r = np.sqrt(5 * squared)
    decay = np.exp(-r)
    return (1 + r + r * r / 3) * decay, -(5 / 6) * (1 + r) * decay


def squared_distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Squared distances ``[n, k]`` between the rows of ``a [n, f]`` and ``b [k, f]``."""
    squared = np.sum(a * a, axis=1)[:, None] + np.sum(b * b, axis=1) - 2 * (a @ b.T)
    return np.maximum(squared, 0, out=squared)


def bent(z: np.ndarray, bends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Bent columns ``[n, f]`` and their derivative with respect to the bends ``[f]``."""
    b = _never_straight(bends)
    rise, cosh, sinh = np.exp(b * z), np.cosh(b), np.sinh(b)
    w = (rise - cosh) / sinh
    return w, (z * rise - sinh) / sinh - w * cosh / sinh


def _never_straight(bends: np.ndarray) -> np.ndarray:
    return np.where(np.abs(bends) < _LEAST_BEND, np.where(bends < 0, -_LEAST_BEND, _LEAST_BEND), bends)


@dataclass(frozen=True)
class ScaledColumns:
    """The map from columns to what distances are taken between.

    Parameters
    ----------
    lengths : array [f]
        Length scales, of columns after bending.
    bends : array [f], optional
        None where no column is bent.
    """

    lengths: np.ndarray
    bends: np.ndarray | None = None

    def __call__(self, z: np.ndarray) -> np.ndarray:
        """Scaled columns ``[n, f]`` of columns ``[n, f]``."""
        return (z if self.bends is None else bent(z, self.bends)[0]) / self.lengths

    def graph(self, builder: Graph, z: str, factor: float) -> str:
        """Nodes from the float64 columns ``z`` to the scaled ones times ``factor``.

        Parameters
        ----------
        builder : Graph
            Takes the nodes.
        z : str
            Name of the tensor of columns ``[n, f]``, float64.
        factor : float
            Folded into the constants.
        """
        double = np.float64
        if self.bends is None:
            return builder.op("Mul", z, builder.constant(factor / self.lengths, double))
        b = _never_straight(self.bends)
        slope = factor / (np.sinh(b) * self.lengths)
        rise = builder.op("Exp", builder.op("Mul", z, builder.constant(b, double)))
        rise = builder.op("Sub", rise, builder.constant(np.cosh(b), double))
        return builder.op("Mul", rise, builder.constant(slope, double))


def covariance_graph(builder: Graph, kernel: Kernel, columns: ScaledColumns, z: str, centres: np.ndarray) -> str:
    """Nodes from float64 columns ``z [n, f]`` to covariances ``[n, k]`` with scaled ``centres [k, f]``.

    Parameters
    ----------
    builder : Graph
        Takes the nodes.
    kernel : str
    columns : ScaledColumns
    z : str
        Name of the tensor of columns, float64.
    centres : array [k, f]
        Scaled already.
    """
    double = np.float64
    # Half of the distance, or five times, is folded into the scale of the columns.
    factor = float(np.sqrt(0.5) if kernel == "squared_exponential" else np.sqrt(5.0))
    centres = centres * factor
    norms = np.sum(centres**2, axis=1)
    z = columns.graph(builder, z, factor)
    norm = builder.op("ReduceSum", builder.op("Mul", z, z), builder.constant([1], np.int64), keepdims=1)
    cross = builder.op("Gemm", z, builder.constant(-2 * centres.T, double), builder.constant(norms, double))
    squared = builder.op("Add", cross, norm)
    if kernel == "squared_exponential":
        return builder.op("Exp", builder.op("Neg", squared))
    squared = builder.op(
        "Abs", squared
    )  # rounding may bring it below 0; unlike others this operator keeps what is no number
    r = builder.op("Sqrt", squared)
    third = builder.op("Mul", squared, builder.constant(1 / 3, double))
    polynomial = builder.op("Add", builder.op("Add", third, r), builder.constant(1.0, double))
    return builder.op("Mul", polynomial, builder.op("Exp", builder.op("Neg", r)))
