"""Ridge regression of many outputs from one singular value decomposition, with its penalty chosen by
cross-validation.

With X = U S Vᵀ (columns and targets centred), the coefficients are V diag(s / (s² + λ)) Uᵀ Y. Without groups
the penalty of each output minimises the exact leave-one-out error, residual / (1 − leverage) (Allen 1974,
Technometrics 16:125); with groups it minimises the error on left-out groups.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import thread_time

import numpy as np

from frugal.surrogates.fitting.folds import folds

#: Penalties tried, relative to the largest squared singular value.
PENALTIES = np.logspace(-12, 1, 27)
#: Singular values below this part of the largest carry rounding only.
_RANK_TOLERANCE = 1e-10
#: Up to this many rows or columns the exact decomposition is quick enough; above, the Gram matrix is
#: decomposed.
_EXACT_SIZE = 400


@dataclass(frozen=True)
class Ridge:
    """Coefficients of standardised targets on columns.

    Parameters
    ----------
    weights : array [p, m]
    bias : array [m]
    penalties : array [m]
        Chosen penalty of each output, relative to the largest squared singular value.
    error : array [m]
        Mean squared error of the cross-validation that chose it.
    search_cpu_seconds : float
        CPU time of that cross-validation.
    """

    weights: np.ndarray
    bias: np.ndarray
    penalties: np.ndarray
    error: np.ndarray
    search_cpu_seconds: float


def _decompose(x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Thin singular value decomposition without the directions that hold rounding only."""
    from scipy.linalg import eigh, qr, svd

    n, p = x.shape
    if min(n, p) > _EXACT_SIZE:
        values, vectors = eigh(x.T @ x if p <= n else x @ x.T)
        s = np.sqrt(np.maximum(values[::-1], 0))
        # A Gram matrix holds squares: half of the digits are gone.
        keep = s > 1e-7 * max(s[0], 1e-300)
        s, vectors = s[keep], vectors[:, ::-1][:, keep]
        return (x @ vectors / s, s, vectors) if p <= n else (vectors, s, x.T @ vectors / s)
    if n > 2 * p:
        q, r = qr(x, mode="economic", check_finite=False)
        u, s, vt = svd(r, full_matrices=False, check_finite=False)
        u = q @ u
    else:
        u, s, vt = svd(x, full_matrices=False, check_finite=False)
    keep = s > _RANK_TOLERANCE * max(s[0] if s.size else 0.0, 1e-300)
    return u[:, keep], s[keep], vt[keep].T


def _leave_one_out(u: np.ndarray, s: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Mean squared leave-one-out error [penalties, m] of centred targets."""
    n = len(y)
    projected = u.T @ y
    outside = y - u @ projected
    squares = u**2
    free = np.maximum(1 - 1 / n - squares.sum(axis=1), 0)
    errors = np.empty((len(PENALTIES), y.shape[1]))
    for i, penalty in enumerate(PENALTIES * (s[0] ** 2 if s.size else 1.0)):
        shrink = penalty / (s**2 + penalty)
        residual = outside + u @ (shrink[:, None] * projected)
        room = free + squares @ shrink
        errors[i] = np.mean((residual / np.maximum(room, 1e-12)[:, None]) ** 2, axis=0)
    return errors


def _left_out_groups(x: np.ndarray, y: np.ndarray, held_out: list[np.ndarray]) -> np.ndarray:
    """Mean squared error [penalties, m] on left-out groups."""
    errors = np.zeros((len(PENALTIES), y.shape[1]))
    for rows in held_out:
        kept = np.setdiff1d(np.arange(len(x)), rows)
        x_mean, y_mean = x[kept].mean(axis=0), y[kept].mean(axis=0)
        u, s, v = _decompose(x[kept] - x_mean)
        projected = u.T @ (y[kept] - y_mean)
        held = (x[rows] - x_mean) @ v
        for i, penalty in enumerate(PENALTIES * (s[0] ** 2 if s.size else 1.0)):
            predicted = held @ ((s / (s**2 + penalty))[:, None] * projected) + y_mean
            errors[i] += np.sum((predicted - y[rows]) ** 2, axis=0) / len(x)
    return errors


def fit_ridge(x: np.ndarray, y: np.ndarray, groups: np.ndarray | None, seed: int, n_folds: int = 5) -> Ridge:
    """Fit standardised targets ``y [n, m]`` on columns ``x [n, p]``.

    Columns are standardised inside, so that the penalty means the same for all; the coefficients returned
    are those of the columns as given. Among penalties whose error is the same to 1e-6, the largest is taken.

    Parameters
    ----------
    x : array [n, p]
        Constant columns get the weight 0.
    y : array [n, m]
        Centred inside.
    groups : array [n], optional
        With three or more, each penalty is the one that errs least on groups left out; else on single runs left out.
    seed : int
        Of the folds of groups; without three groups nothing is random.
    n_folds : int
        Into which groups are put, at the most.

    References
    ----------
    Allen (1974), Technometrics 16, 125, for the leave-one-out error without refits.
    """
    mean, spread = x.mean(axis=0), x.std(axis=0)
    varies = spread > 1e-12 * np.maximum(np.abs(x).max(axis=0), 1e-300)
    z = (x[:, varies] - mean[varies]) / spread[varies]
    y_mean = y.mean(axis=0)
    centred = y - y_mean
    u, s, v = _decompose(z)
    start = thread_time()
    if groups is not None and len(np.unique(groups)) >= 3:
        errors = _left_out_groups(z, y, folds(len(x), groups, n_folds, seed))
    else:
        errors = _leave_one_out(u, s, centred)
    search = thread_time() - start
    near_best = errors <= errors.min(axis=0) * (1 + 1e-6)
    chosen = len(PENALTIES) - 1 - np.argmax(near_best[::-1], axis=0)
    penalties = PENALTIES[chosen]
    scale = s[0] ** 2 if s.size else 1.0
    weights = np.zeros((x.shape[1], y.shape[1]))
    weights[varies] = v @ (s[:, None] / (s[:, None] ** 2 + penalties * scale) * (u.T @ centred))
    weights[varies] /= spread[varies][:, None]
    return Ridge(weights, y_mean - mean @ weights, penalties, errors[chosen, np.arange(y.shape[1])], search)
