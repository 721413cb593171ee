"""Likelihood of the settings of a Gaussian process, its slope, its information, and the error of leaving one run out.

The variance of each output and the coefficients of the trend are profiled out; the likelihood is the restricted one, which
counts what the trend has used up (Rasmussen & Williams 2006, Gaussian Processes for Machine Learning, sections 2.7, 5.4).
"""

from __future__ import annotations

import numpy as np

from frugal.surrogates.models.kriging.covariance import Kernel, bent, covariance, squared_distances
from frugal.surrogates.models.kriging.trend import TrendName, independent_terms, trend_columns

#: Spread of the bends before anything is known: most responses are bent by a factor of a few.
_SPREAD_OF_BENDS = 1.0
#: Variance of the process, in mean squares of its targets, above which a likelihood is lowered: the covariance is then all but
#: flat, and weights that nearly cancel lose their digits.
_LARGEST_VARIANCE = 1e4
#: Operations that the information may take: of many columns it is learned from fewer runs.
_WORK_OF_INFORMATION = 1e9
#: What no covariance that can be factorised gives.
IMPOSSIBLE = 1e12


def factorise(k: np.ndarray) -> np.ndarray | None:
    """Lower Cholesky factor of a symmetric matrix, which is overwritten; None where it is not positive in float64."""
    from scipy.linalg.lapack import dpotrf

    factor, fault = dpotrf(k.T, lower=1, clean=1, overwrite_a=1)
    return None if fault else factor


def solve(factor: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Solution of the system whose lower Cholesky factor is given."""
    from scipy.linalg.lapack import dpotrs

    return np.asarray(dpotrs(factor, right, lower=1)[0])


def inverse(factor: np.ndarray) -> np.ndarray:
    """Inverse of the matrix whose lower Cholesky factor is given."""
    from scipy.linalg.lapack import dpotri

    lower = dpotri(factor, lower=1)[0]
    return np.asarray(np.tril(lower) + np.tril(lower, -1).T)


class Likelihood:
    """Of the settings of a process on some runs, as a function of one vector.

    The vector holds the logarithms of the ``f`` length scales, that of the nugget, and where columns are bent, the ``f`` bends.

    Parameters
    ----------
    kernel : str
    trend : str
    z : array [n, f]
        Columns.
    t : array [n, m]
        Targets, all with the same settings.
    bendable : array [f] of bool
        Columns that may be bent; none of them where no column is to be bent.

    Attributes
    ----------
    operations : float
        Floating-point operations spent so far, roughly.
    """

    def __init__(self, kernel: Kernel, trend: TrendName, z: np.ndarray, t: np.ndarray, bendable: np.ndarray) -> None:
        self.kernel, self.z, self.t, self.bendable = kernel, z, t, bendable
        self.bends = bool(bendable.any())
        terms = trend_columns(trend, z)
        self.terms = terms[:, independent_terms(terms)]
        self.trend: TrendName = trend
        self.mean_squares = np.maximum(np.mean(t * t, axis=0), 1e-300)
        self.freedom = len(z) - self.terms.shape[1]
        self.operations = 0.0

    def _columns(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """Scaled columns, and their derivative with respect to the bends."""
        f = self.z.shape[1]
        shrink = np.exp(-x[:f])
        if not self.bends:
            return self.z * shrink, None
        w, slope = bent(self.z, x[f + 1 :])
        w = np.where(self.bendable, w, self.z)
        return w * shrink, np.where(self.bendable, slope, 0.0) * shrink

    def _factors(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray | None, np.ndarray, float, np.ndarray] | None:
        """Scaled columns, their slope, that of the covariance, the nugget, and the Cholesky factor."""
        n, f = self.z.shape
        self.operations += float(n) ** 3 + float(n) ** 2 * (80 + 4 * f + 2 * self.t.shape[1])
        scaled, bending = self._columns(x)
        k, slope = covariance(self.kernel, squared_distances(scaled, scaled))
        nugget = float(np.exp(x[self.z.shape[1]]))
        for _ in range(3):  # at the least nuggets rounding decides whether it can be factorised
            again = k.copy()
            again[np.diag_indices(len(k))] += nugget
            factor = factorise(again)
            if factor is not None:
                return scaled, bending, slope, nugget, factor
            nugget *= 10
        return None

    def _without_trend(self, full: np.ndarray) -> tuple[np.ndarray, np.ndarray, float] | None:
        """Weights of the targets, the inverse from which the trend is taken out, and half of the trend's log-determinant."""
        a = full @ self.terms
        small = factorise(self.terms.T @ a)
        if small is None:
            return None
        out = full - a @ solve(small, a.T)
        return out @ self.t, out, float(np.sum(np.log(np.diag(small))))

    def __call__(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        """Negative restricted log-likelihood per output, up to a constant, and its gradient."""
        f, m = self.z.shape[1], self.t.shape[1]
        parts = self._factors(x)
        if parts is None:
            return IMPOSSIBLE, np.zeros_like(x)
        scaled, bending, slope, nugget, factor = parts
        profiled = self._without_trend(inverse(factor))
        if profiled is None:
            return IMPOSSIBLE, np.zeros_like(x)
        alpha, weights, half_trend = profiled
        variance = np.maximum(np.sum(self.t * alpha, axis=0) / self.freedom, 1e-300)
        logs = np.log(variance)
        excess = np.maximum(logs - np.log(_LARGEST_VARIANCE * self.mean_squares), 0)
        value = np.sum(np.log(np.diag(factor))) + half_trend + 0.5 * float(np.mean(self.freedom * logs + excess**2))
        weights -= (alpha * (1 + 2 * excess / self.freedom) / variance) @ alpha.T / m
        moment = weights * slope
        rows, product = np.sum(moment, axis=1), moment @ scaled
        by_length = -2 * (rows @ (scaled * scaled) - np.sum(scaled * product, axis=0))
        gradient = [by_length, [0.5 * nugget * np.trace(weights)]]
        if bending is not None:
            b = x[f + 1 :] / _SPREAD_OF_BENDS
            gradient.append(2 * (rows @ (scaled * bending) - np.sum(bending * product, axis=0)) + b / _SPREAD_OF_BENDS)
            value += 0.5 * float(b @ b)
        return float(value), np.concatenate(gradient)

    def of_each(self, x: np.ndarray) -> np.ndarray:
        """The same value ``[m]`` of each target alone, without that of the bends."""
        parts = self._factors(x)
        profiled = None if parts is None else self._without_trend(inverse(parts[-1]))
        if parts is None or profiled is None:
            return np.full(self.t.shape[1], IMPOSSIBLE)
        variance = np.maximum(np.sum(self.t * profiled[0], axis=0) / self.freedom, 1e-300)
        same = float(np.sum(np.log(np.diag(parts[-1])))) + profiled[2]
        return np.asarray(same + 0.5 * self.freedom * np.log(variance))

    def information(self, x: np.ndarray) -> np.ndarray:
        """Expected second derivatives of the value, the variance profiled out (Fisher's information)."""
        n, f = self.z.shape
        enough = max(int((_WORK_OF_INFORMATION / (2 * len(x))) ** (1 / 3)), 4 * self.terms.shape[1])
        if n > enough:
            part = Likelihood(self.kernel, self.trend, self.z[:enough], self.t[:enough], self.bendable)
            found = part.information(x) * (n / enough)
            self.operations += part.operations
            return found
        parts = self._factors(x)
        profiled = None if parts is None else self._without_trend(inverse(parts[-1]))
        if parts is None or profiled is None:
            return np.eye(len(x))
        self.operations += 2.0 * len(x) * n**3
        scaled, bending, slope, nugget, _ = parts
        out = profiled[1]
        moves = []
        for s in scaled.T:
            moves.append(out @ (slope * (-2 * (s[:, None] - s) ** 2)))
        moves.append(out * nugget)
        for s, v in zip(scaled.T, () if bending is None else bending.T, strict=False):
            moves.append(out @ (slope * (2 * (s[:, None] - s) * (v[:, None] - v))))
        flat = np.array([move.ravel() for move in moves])
        turned = np.array([move.T.ravel() for move in moves])
        traces = np.array([np.trace(move) for move in moves])
        found = 0.5 * (flat @ turned.T) - 0.5 * np.outer(traces, traces) / max(self.freedom, 1)
        if bending is not None:
            found[f + 1 :, f + 1 :] += np.eye(f) / _SPREAD_OF_BENDS**2
        return np.asarray(0.5 * (found + found.T))

    def left_out(self, x: np.ndarray) -> tuple[np.ndarray, float]:
        """Exact errors ``[n, m]`` of each run left out, settings kept, and their mean negative log-density."""
        parts = self._factors(x)
        profiled = None if parts is None else self._without_trend(inverse(parts[-1]))
        if profiled is None:
            return np.full_like(self.t, np.inf), np.inf
        alpha, out, _ = profiled
        precision = np.maximum(np.diag(out), 1e-300)[:, None]
        variance = np.maximum(np.sum(self.t * alpha, axis=0) / max(self.freedom, 1), 1e-300)
        density = 0.5 * np.log(variance / precision) + 0.5 * alpha**2 / (precision * variance)
        return alpha / precision, float(np.mean(density))
