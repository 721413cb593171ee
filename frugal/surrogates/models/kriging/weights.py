"""Weights of a Gaussian process with known settings: of all runs, or of a few centres that learn from all runs.

With centres the covariance is that of the projected process, and its nugget is the most likely one under the variational bound
(Titsias 2009, Artificial Intelligence and Statistics 5:567): it takes in what the centres cannot say.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from frugal.surrogates.models.kriging.covariance import Kernel, covariance, squared_distances
from frugal.surrogates.models.kriging.likelihood import factorise, inverse, solve
from frugal.surrogates.models.kriging.trend import TrendName, independent_terms, trend_columns

#: Rows taken at once, so that a matrix of covariances stays in a few megabytes.
CHUNK = 1024
#: Weights above this, in spreads of the targets, lose more than 1e-5 of these to rounding.
_LARGEST_WEIGHT = 1e10
#: Runs that centres are chosen among.
_CANDIDATES = 3000
#: What of the variance may stay unexplained at every run before no further centre is taken.
_EXPLAINED = 1e-9
#: Below so many runs all are centres; fewer do where the squared error of runs left out is at most this part of that of all.
_LEAST_TO_THIN, _AS_GOOD = 100, 1.02
#: Precision of the trend's coefficients, which are otherwise free.
_FREE = 1e-10


@dataclass(frozen=True)
class Weights:
    """Of covariances and of the trend, and what they were found with.

    Parameters
    ----------
    centres : array of int
        Runs whose covariances are weighed, in rising order.
    alpha : array [k, m]
    trend : array [q, m]
        Of all terms, 0 for those that follow from others.
    nugget : float
        Perhaps above the one asked for.
    variance : array [m]
        Of the process.
    left_out : array [n, m], optional
        Error of each run left out, settings kept, where all runs are centres.
    """

    centres: np.ndarray
    alpha: np.ndarray
    trend: np.ndarray
    nugget: float
    variance: np.ndarray
    left_out: np.ndarray | None


def exact_weights(
    kernel: Kernel, trend: TrendName, scaled: np.ndarray, z: np.ndarray, t: np.ndarray, nugget: float
) -> Weights:
    """Weights of all runs.

    The nugget grows tenfold until the covariance can be factorised and the weights are small enough to be summed in float64.

    Parameters
    ----------
    kernel, trend : str
    scaled : array [n, f]
        Columns after bending and scaling.
    z : array [n, f]
        Columns as the trend sees them.
    t : array [n, m]
        Targets.
    nugget : float
    """
    n = len(scaled)
    k = covariance(kernel, squared_distances(scaled, scaled))[0]
    terms = trend_columns(trend, z)
    kept = independent_terms(terms)
    h = terms[:, kept]
    spread = np.maximum(np.sqrt(np.mean(t**2, axis=0)), 1e-300)
    while True:
        noisy = k.copy()
        noisy[np.diag_indices(n)] = 1 + nugget
        factor = factorise(noisy)
        if factor is not None:
            a = solve(factor, h)
            small = factorise(h.T @ a)
            if small is not None:
                beta = solve(small, a.T @ t)
                alpha = solve(factor, t - h @ beta)
                if np.all(np.linalg.norm(alpha, axis=0) <= _LARGEST_WEIGHT * spread):
                    break
        nugget *= 10
    out = inverse(factor) - a @ solve(small, a.T)
    variance = np.maximum(np.sum(t * alpha, axis=0), 0.0) / max(n - len(kept), 1)
    left_out = alpha / np.maximum(np.diag(out), 1e-300)[:, None]
    coefficients = np.zeros((terms.shape[1], t.shape[1]))
    coefficients[kept] = beta
    return Weights(np.arange(n), alpha, coefficients, nugget, variance, left_out)


def choose_centres(kernel: Kernel, scaled: np.ndarray, order: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Runs that say most of the others, each taken where the ones before leave most unexplained (pivoted Cholesky).

    Parameters
    ----------
    kernel : str
    scaled : array [n, f]
    order : array [n] of int
        Runs in the order in which candidates are taken.
    most : int
        Centres at the most; there are fewer where these explain all.

    Returns
    -------
    centres : array [k] of int
        In the order in which they were taken.
    factor : array [k, k]
        Lower Cholesky factor of their covariance.
    """
    rows = order[:_CANDIDATES]
    points = scaled[rows]
    left = np.ones(len(rows))
    columns = np.zeros((min(most, len(rows)), len(rows)))
    taken: list[int] = []
    for j in range(len(columns)):
        pivot = int(np.argmax(left))
        if left[pivot] <= _EXPLAINED:
            break
        k = covariance(kernel, squared_distances(points[[pivot]], points))[0][0]
        columns[j] = (k - columns[:j, pivot] @ columns[:j]) / np.sqrt(left[pivot])
        columns[j, taken] = 0.0
        left = np.maximum(left - columns[j] ** 2, 0.0)
        left[pivot] = 0.0
        taken.append(pivot)
    factor = np.tril(columns[: len(taken), taken].T)
    return rows[taken], factor


def projected(kernel: Kernel, scaled: np.ndarray, centres: np.ndarray, factor: np.ndarray) -> np.ndarray:
    """Coordinates ``[n, k]`` of rows in the process of its centres: their covariances, made independent."""
    from scipy.linalg import solve_triangular

    k = covariance(kernel, squared_distances(centres, scaled))[0]
    return np.asarray(solve_triangular(factor, k, lower=True, check_finite=False).T)


def weights_of_centres(
    kernel: Kernel,
    trend: TrendName,
    scaled: np.ndarray,
    z: np.ndarray,
    t: np.ndarray,
    nugget: float,
    order: np.ndarray,
    most: int,
    told: bool = False,
    chosen: tuple[np.ndarray, np.ndarray] | None = None,
) -> Weights:
    """Weights of ``most`` centres at the most, learned from all runs.

    Parameters
    ----------
    kernel, trend, scaled, z, t
        As for `exact_weights`.
    nugget : float
        The least one; more where the centres leave more unexplained.
    order : array [n] of int
        Runs in the order in which candidates for centres are taken.
    most : int
    told : bool
        The error of each run left out is told too; a centre stays one.
    chosen : tuple, optional
        Centres as `choose_centres` gives them, when they are known.
    """
    from scipy.linalg import solve_triangular

    centres, factor = choose_centres(kernel, scaled, order, most) if chosen is None else chosen
    kept = independent_terms(trend_columns(trend, z[order[:_CANDIDATES]]))
    n, k = len(scaled), len(centres)
    gram = np.zeros((k + len(kept), k + len(kept)))
    right = np.zeros((k + len(kept), t.shape[1]))
    unexplained = 0.0
    for start in range(0, n, CHUNK):
        rows = slice(start, start + CHUNK)
        phi = projected(kernel, scaled[rows], scaled[centres], factor)
        unexplained += float(np.sum(np.maximum(1 - np.sum(phi * phi, axis=1), 0)))
        phi = np.concatenate([phi, trend_columns(trend, z[rows])[:, kept]], axis=1)
        gram += phi.T @ phi
        right += phi.T @ t[rows]
    total = np.sum(t * t, axis=0)
    prior = np.append(np.ones(k), np.full(len(kept), _FREE))
    best: tuple[float, float, np.ndarray, np.ndarray, np.ndarray] | None = None
    for step in range(24):
        tried = max(nugget, 1e-10) * 10 ** (step / 2)
        ridge = gram.copy()
        ridge[np.diag_indices(len(ridge))] += tried * prior
        root = factorise(ridge)
        if root is None:
            continue
        w = solve(root, right)
        variance = np.maximum(total - np.sum(right * w, axis=0), 1e-14 * total + 1e-300) / (n * tried)
        logs = 2 * float(np.sum(np.log(np.diag(root)))) + (n - k - len(kept)) * np.log(tried)
        bound = 0.5 * (n * float(np.mean(np.log(variance))) + logs + unexplained / tried)
        if best is not None and bound > best[0]:
            break
        best = bound, tried, w, variance, root
    if best is None:
        raise np.linalg.LinAlgError("the covariance of the centres cannot be factorised at any nugget")
    _, found, w, variance, root = best
    alpha = solve_triangular(factor, w[:k], lower=True, trans="T", check_finite=False)
    coefficients = np.zeros((trend_columns(trend, z[:1]).shape[1], t.shape[1]))
    coefficients[kept] = w[k:]
    left_out = None
    if told:
        phi = projected(kernel, scaled, scaled[centres], factor)
        phi = np.concatenate([phi, trend_columns(trend, z)[:, kept]], axis=1)
        leverage = np.sum(solve_triangular(root, phi.T, lower=True, check_finite=False) ** 2, axis=0)
        left_out = (t - phi @ w) / np.maximum(1 - leverage, 1e-9)[:, None]
    return Weights(centres, alpha, coefficients, found, variance, left_out)


def enough_weights(
    kernel: Kernel,
    trend: TrendName,
    scaled: np.ndarray,
    z: np.ndarray,
    t: np.ndarray,
    nugget: float,
    order: np.ndarray,
) -> Weights:
    """Weights of all runs, or of an eighth or a quarter of them as centres where runs left out are answered as well by these.

    What is asked costs in proportion to the centres. Of answers without noise no fewer will do; of others fewer do better at
    times, since the nugget that comes with them takes in what a covariance cannot say.

    Parameters
    ----------
    kernel, trend, scaled, z, t, nugget, order
        As for `weights_of_centres`.
    """
    whole = exact_weights(kernel, trend, scaled, z, t, nugget)
    n = len(scaled)
    if n < _LEAST_TO_THIN or whole.left_out is None:
        return whole
    allowed = _AS_GOOD * np.mean(whole.left_out**2, axis=0)
    centres, factor = choose_centres(kernel, scaled, order, n // 4)
    for most in (n // 8, n // 4):
        chosen = centres[:most], factor[:most, :most]
        fewer = weights_of_centres(kernel, trend, scaled, z, t, nugget, order, most, True, chosen)
        if fewer.left_out is not None and (np.mean(fewer.left_out**2, axis=0) <= allowed).all():
            return fewer
    return whole
