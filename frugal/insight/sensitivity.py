"""Sobol indices: the share of the variance of an answer that an input makes alone (first), and with all others (total).

Estimated on two sets of rows A and B and, for each input, A with that input from B (``AB``):

- first, ``mean(f(B) (f(AB) - f(A))) / variance``: Saltelli et al. 2010, *Computer Physics Communications* 181, 259;
- total, ``mean((f(A) - f(AB))^2) / (2 variance)``: Jansen 1999, *Computer Physics Communications* 117, 35.

Rows are a scrambled Sobol sequence. Of several elements, the generalised index is that of all of them together, each in
proportion to its variance: Lamboni, Monod and Makowski 2011, *Reliability Engineering & System Safety* 96, 450; Gamboa et al.
2014, *Electronic Journal of Statistics* 8, 575. Intervals are percentiles of bootstraps of the rows, wider than those of a
Sobol sequence need to be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from frugal.insight.input_distribution import InputDistribution

#: Bootstraps behind an interval, and the share of them that it holds.
BOOTSTRAPS, LEVEL = 400, 0.95
#: An output of more elements has indices of each, but no intervals of them.
MOST_WITH_INTERVALS = 64

#: Answers by name of the output, ``[n, size]``, of rows ``[n, d]``.
Ask = Callable[[np.ndarray], Mapping[str, np.ndarray]]


@dataclass(frozen=True, eq=False)
class Indices:
    """First and total index of each input, and the ends of their intervals, ``[inputs]`` or ``[inputs, elements]``.

    ``variance`` is that of what they are of, in its unit squared. Where it is zero there is nothing to share, and all are NaN.
    Ends are None where none were computed.
    """

    first: np.ndarray
    total: np.ndarray
    variance: np.ndarray
    first_low: np.ndarray | None = None
    first_high: np.ndarray | None = None
    total_low: np.ndarray | None = None
    total_high: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class OutputIndices:
    """Indices of one output.

    ``whole`` are those of a scalar, the generalised ones of several elements. Of several elements ``mean`` are those of their
    mean, and ``elements`` those of each, ``[inputs, elements]``. ``exact`` ones come from the terms of a polynomial, not from a
    sample.
    """

    name: str
    whole: Indices
    mean: Indices | None
    elements: Indices | None
    exact: bool = False


def sobol_indices(
    ask: Ask, distribution: InputDistribution, sizes: Mapping[str, int], n: int, seed: int = 0
) -> tuple[dict[str, OutputIndices], np.ndarray, Mapping[str, np.ndarray]]:
    """Indices of every output of an answer.

    Parameters
    ----------
    ask : callable
        ``ask(rows [n, d])`` gives the outputs by name, ``[n, size]``.
    distribution : InputDistribution
        Of the inputs, whose groups have an index each.
    sizes : mapping of str to int
        Outputs that are asked for, and the number of their elements.
    n : int
        Rows of A, a power of two; ``n (inputs + 2)`` are asked.
    seed : int
        Of the sequence and of the bootstraps.

    Returns
    -------
    indices : dict of str to OutputIndices
    rows : array [n, d]
        Those of A.
    answers : mapping of str to array [n, size]
        What was answered to them.
    """
    from scipy.stats import qmc

    width = distribution.dimensions
    points = qmc.Sobol(2 * width, scramble=True, rng=seed).random(n)
    base, other = points[:, :width], points[:, width:]
    rows = distribution.rows(base)
    answers, others = ask(rows), ask(distribution.rows(other))
    parts = {name: _Estimates(answers[name], others[name], len(distribution.groups)) for name in sizes}
    for k, where in enumerate(distribution.unit_groups):
        mixed = base.copy()
        mixed[:, where] = other[:, where]
        found = ask(distribution.rows(mixed))
        for name, part in parts.items():
            part.add(k, found[name])
    counts = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=BOOTSTRAPS) / n
    return {name: part.indices(name, counts) for name, part in parts.items()}, rows, answers


class _Estimates:
    """What the indices of one output are means of, row by row.

    Parameters
    ----------
    a, b : array [n, size]
        Answers of A and B.
    inputs : int
    """

    def __init__(self, a: np.ndarray, b: np.ndarray, inputs: int) -> None:
        centre = (a.mean(axis=0, dtype=float) + b.mean(axis=0, dtype=float)) / 2
        # in float32 a product of centred answers keeps seven digits of the index, far more than the sample has
        self._a, self._b = a - centre.astype(a.dtype), b - centre.astype(b.dtype)
        self._centre = centre.astype(a.dtype)
        n, size = a.shape
        self._few = size <= MOST_WITH_INTERVALS
        shape = (inputs, n, size) if self._few else (inputs, n)
        self._first, self._total = np.zeros(shape), np.zeros(shape)
        self._mean_first, self._mean_total = np.zeros((inputs, n)), np.zeros((inputs, n))
        self._element_first, self._element_total = np.zeros((inputs, size)), np.zeros((inputs, size))

    def add(self, k: int, answers: np.ndarray) -> None:
        """Answers ``[n, size]`` of A with input ``k`` of B."""
        mixed = answers - self._centre
        first, total = self._b * (mixed - self._a), (self._a - mixed) ** 2 / 2
        self._element_first[k], self._element_total[k] = (part.mean(axis=0, dtype=float) for part in (first, total))
        if self._few:
            self._first[k], self._total[k] = first, total
        else:
            self._first[k], self._total[k] = (part.sum(axis=1, dtype=float) for part in (first, total))
        a, b, c = (part.mean(axis=1, dtype=float) for part in (self._a, self._b, mixed))
        self._mean_first[k], self._mean_total[k] = b * (c - a), (a - c) ** 2 / 2

    def indices(self, name: str, counts: np.ndarray) -> OutputIndices:
        """Indices with intervals from the counts ``[bootstraps, n]`` of each row."""
        square = (self._a.astype(float) ** 2 + self._b.astype(float) ** 2) / 2
        if self._few:
            whole = _ratios(self._first.sum(axis=2), self._total.sum(axis=2), square.sum(axis=1), counts)
        else:
            whole = _ratios(self._first, self._total, square.sum(axis=1), counts)
        if square.shape[1] == 1:
            return OutputIndices(name, whole, None, None)
        means = [part.mean(axis=1, dtype=float) for part in (self._a, self._b)]
        mean = _ratios(self._mean_first, self._mean_total, (means[0] ** 2 + means[1] ** 2) / 2, counts)
        if self._few:
            each = [
                _ratios(self._first[..., e], self._total[..., e], square[:, e], counts) for e in range(square.shape[1])
            ]
            return OutputIndices(name, whole, mean, _side_by_side(each))
        variance = square.mean(axis=0)
        least = 1e-9 * variance.max(initial=0.0)  # of cells that hardly vary shares are noise
        shared = np.where(variance > least, variance, np.nan)
        elements = Indices(self._element_first / shared, self._element_total / shared, variance)
        return OutputIndices(name, whole, mean, elements)


def _ratios(first: np.ndarray, total: np.ndarray, square: np.ndarray, counts: np.ndarray) -> Indices:
    """Indices ``[inputs]`` from parts ``[inputs, n]`` and squares ``[n]``, with percentiles of the bootstraps."""
    variance = square.mean()
    if not variance > 0:
        nothing = np.full(len(first), np.nan)
        return Indices(nothing, nothing, np.asarray(0.0), nothing, nothing, nothing, nothing)
    below = counts @ square
    tail = 100 * (1 - LEVEL) / 2
    ends = []
    for part in (first, total):
        drawn = (part @ counts.T) / below
        ends += [np.percentile(drawn, tail, axis=1), np.percentile(drawn, 100 - tail, axis=1)]
    return Indices(first.mean(axis=1) / variance, total.mean(axis=1) / variance, np.asarray(variance), *ends)


def _side_by_side(each: Sequence[Indices]) -> Indices:
    fields = ("first", "total", "variance", "first_low", "first_high", "total_low", "total_high")
    return Indices(*(np.stack([getattr(one, name) for one in each], axis=-1) for name in fields))


def chaos_indices(indices: np.ndarray, coefficients: np.ndarray, groups: Sequence[slice] | None = None) -> Indices:
    """Indices of a polynomial chaos, exact: sums of squares of its coefficients.

    Parameters
    ----------
    indices : array of int [terms, f]
        Degree of each term in each feature; the basis is orthonormal under the distribution of the inputs.
    coefficients : array [terms, m]
        Of each output; those of the constant term do not matter.
    groups : sequence of slice, optional
        Features of each input; each feature is one by default.

    Returns
    -------
    Indices
        ``[inputs, m]``. The intervals have no width: nothing is sampled.

    References
    ----------
    Sudret 2008, *Reliability Engineering & System Safety* 93, 964.
    """
    degrees = np.asarray(indices)
    where = groups if groups is not None else [slice(k, k + 1) for k in range(degrees.shape[1])]
    takes = np.array([(degrees[:, columns] > 0).any(axis=1) for columns in where], dtype=bool)  # [inputs, terms]
    squares = np.asarray(coefficients, dtype=float) ** 2 * np.asarray(takes.any(axis=0))[:, None]
    variance = squares.sum(axis=0)
    shared = np.where(variance > 0, variance, np.nan)
    alone = takes & (takes.sum(axis=0) == 1)
    first, total = (alone @ squares) / shared, (takes @ squares) / shared
    return Indices(first, total, variance, first, first, total, total)
