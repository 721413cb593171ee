"""Predictive standard deviation of a Gaussian process from a bounded number of centres.

All runs count in it, but they are seen through the centres: where these are fewer than the runs it is somewhat too large.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from frugal.surrogates.models.kriging.covariance import (
    Kernel,
    ScaledColumns,
    covariance,
    covariance_graph,
    squared_distances,
)
from frugal.surrogates.models.kriging.likelihood import factorise
from frugal.surrogates.models.kriging.trend import TrendName, independent_terms, trend_columns, trend_terms
from frugal.surrogates.models.kriging.weights import CHUNK, choose_centres, projected
from frugal.surrogates.onnx.graph import Graph

#: Runs that are seen through the centres, at the most: more change nothing that matters for a deviation.
_MOST_ROWS = 20_000
_FREE = 1e-10


@dataclass(frozen=True)
class UnitDeviation:
    """Deviation of one new run of a process of variance 1, its noise included.

    With phi the coordinates of a row in the process of the centres, then its terms of the trend, the variance is
    1 - sum of (phi of the centres)^2 + sum of (phi @ after)^2 + nugget.

    Parameters
    ----------
    kernel, trend : str
    columns : ScaledColumns
    centres : array [k, f]
        Scaled.
    before : array [k, k]
        From covariances with the centres to coordinates.
    after : array [k + q, k + q]
    nugget : float
    """

    kernel: Kernel
    trend: TrendName
    columns: ScaledColumns
    centres: np.ndarray
    before: np.ndarray
    after: np.ndarray
    nugget: float

    @classmethod
    def of(
        cls,
        kernel: Kernel,
        trend: TrendName,
        columns: ScaledColumns,
        z: np.ndarray,
        nugget: float,
        order: np.ndarray,
        most: int,
    ) -> UnitDeviation:
        """Deviation after runs in columns ``z``.

        Parameters
        ----------
        kernel, trend : str
        columns : ScaledColumns
        z : array [n, f]
            Columns of the runs.
        nugget : float
        order : array [n] of int
            Runs in the order in which they are taken where not all are.
        most : int
            Centres at the most.
        """
        from scipy.linalg import solve_triangular

        rows = order[:_MOST_ROWS]
        scaled = columns(z[rows])
        at, factor = choose_centres(kernel, scaled, np.arange(len(rows)), most)
        k, q = len(at), trend_terms(trend, z.shape[1])
        kept = independent_terms(trend_columns(trend, z[rows[:3000]]))
        gram = np.zeros((k + len(kept), k + len(kept)))
        for start in range(0, len(rows), CHUNK):
            part = slice(start, start + CHUNK)
            phi = projected(kernel, scaled[part], scaled[at], factor)
            phi = np.concatenate([phi, trend_columns(trend, z[rows[part]])[:, kept]], axis=1)
            gram += phi.T @ phi
        root = None
        tried = nugget
        while root is None:
            ridge = gram.copy()
            ridge[np.diag_indices(len(ridge))] += tried * np.append(np.ones(k), np.full(len(kept), _FREE))
            root = factorise(ridge)
            tried *= 10
        inner = solve_triangular(root, np.eye(len(root)), lower=True, check_finite=False).T * np.sqrt(nugget)
        after = np.zeros((k + q, len(root)))
        after[np.append(np.arange(k), k + kept)] = inner
        before = solve_triangular(factor, np.eye(k), lower=True, check_finite=False).T
        return cls(kernel, trend, columns, scaled[at], before, after, nugget)

    def __call__(self, z: np.ndarray) -> np.ndarray:
        """Deviations ``[n]`` at columns ``z [n, f]``."""
        out = np.empty(len(z))
        for start in range(0, len(z), CHUNK):
            rows = slice(start, start + CHUNK)
            k = covariance(self.kernel, squared_distances(self.columns(z[rows]), self.centres))[0]
            phi = k @ self.before
            full = np.concatenate([phi, trend_columns(self.trend, z[rows])], axis=1)
            variance = 1 - np.sum(phi * phi, axis=1) + np.sum((full @ self.after) ** 2, axis=1)
            out[rows] = np.sqrt(np.abs(variance) + self.nugget)
        return out

    def graph(self, builder: Graph, z: str) -> str:
        """Nodes from float64 columns ``[n, f]`` to deviations ``[n, 1]``."""
        double = np.float64
        k = covariance_graph(builder, self.kernel, self.columns, z, self.centres)
        phi = builder.op("MatMul", k, builder.constant(self.before, double))
        axis = builder.constant([1], np.int64)
        explained = builder.op("ReduceSum", builder.op("Mul", phi, phi), axis, keepdims=1)
        size = len(self.before)
        learned = builder.op("MatMul", phi, builder.constant(self.after[:size], double))
        if self.trend == "constant":
            learned = builder.op("Add", learned, builder.constant(self.after[size], double))
        else:
            terms = z if self.trend == "linear" else builder.op("Concat", z, builder.op("Mul", z, z), axis=1)
            trend = builder.op(
                "Gemm",
                terms,
                builder.constant(self.after[size + 1 :], double),
                builder.constant(self.after[size], double),
            )
            learned = builder.op("Add", learned, trend)
        left = builder.op("ReduceSum", builder.op("Mul", learned, learned), axis, keepdims=1)
        one = builder.constant(1.0, double)
        variance = builder.op("Abs", builder.op("Add", builder.op("Sub", one, explained), left))
        return builder.op("Sqrt", builder.op("Add", variance, builder.constant(self.nugget, double)))
