"""Pairs of inputs that leave a hole: a cell of their plane that holds far fewer runs than the two alone would have there."""

from __future__ import annotations

import numpy as np

#: Cells are those of quantiles, so many a side.
_SIDES = (2, 3, 4)
#: A hole is deeper than any in so many designs whose columns are shuffled.
_SHUFFLES = 19
#: Pairs that are kept, those of the deepest holes; inputs of which pairs are looked at.
_MOST_PAIRS, _MOST_INPUTS = 6, 40


def holed_pairs(inputs: np.ndarray, seed: int) -> list[tuple[int, int]]:
    """Pairs of columns with a hole that chance does not make, deepest first.

    The depth of a cell is minus the logarithm of the probability that a Poisson count of the mean expected there, rows of both
    inputs independent, is no larger than what was found.

    Parameters
    ----------
    inputs : array [n, d]
    seed : int
        Of the shuffles.

    Returns
    -------
    list of (int, int)
        Each with the lower column first.
    """
    n, d = inputs.shape
    used = min(d, _MOST_INPUTS)
    if used < 3:
        return []  # of two inputs the pair is all there is
    rng = np.random.default_rng(seed)
    cells = [_cells(inputs[:, :used], side) for side in _SIDES]
    found = _depths(cells, used)
    highest = 0.0
    for _ in range(_SHUFFLES):
        orders = np.stack([rng.permutation(n) for _ in range(used)], axis=1)
        shuffled = [np.take_along_axis(own, orders, axis=0) for own in cells]
        highest = max(highest, float(_depths(shuffled, used).max()))
    pairs = [(i, j) for i in range(used) for j in range(i + 1, used) if found[i, j] > highest]
    return sorted(pairs, key=lambda pair: -found[pair])[:_MOST_PAIRS]


def _cells(inputs: np.ndarray, side: int) -> np.ndarray:
    """Number ``[n, d]`` of the quantile cell of each value, equal values in the same one."""
    columns = []
    for column in inputs.T:
        edges = np.quantile(column, np.arange(1, side) / side)
        columns.append(np.searchsorted(edges, column, side="left"))
    return np.stack(columns, axis=1)


def _depths(cells: list[np.ndarray], d: int) -> np.ndarray:
    """Depth ``[d, d]`` of the deepest hole of each pair."""
    from scipy.special import (
        pdtr,
    )  # what poisson.cdf of scipy.stats is, whose import takes longer than all that is done here

    deepest = np.zeros((d, d))
    for side, own in zip(_SIDES, cells, strict=True):
        n = len(own)
        one_hot = (own[:, :, None] == np.arange(side)).astype(float).reshape(n, d * side)
        counts = one_hot.sum(axis=0)
        seen = one_hot.T @ one_hot
        expected = counts[:, None] * counts[None] / n
        with np.errstate(divide="ignore"):
            depth = np.where(expected > 0, -np.log(pdtr(np.round(seen), np.maximum(expected, 1e-9))), 0.0)
        deepest = np.maximum(deepest, depth.reshape(d, side, d, side).max(axis=(1, 3)))
    np.fill_diagonal(deepest, 0.0)
    return deepest
