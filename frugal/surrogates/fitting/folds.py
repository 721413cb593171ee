"""Folds of runs, places kept together."""

from __future__ import annotations

import numpy as np

from frugal.experiments.designs.near_duplicates import near_duplicates


def folds(n: int, groups: np.ndarray | None, n_folds: int, seed: int) -> list[np.ndarray]:
    """Held-out rows of each fold.

    Groups are never split when there are at least three of them: the largest is placed first, each one in
    the smallest fold. With fewer, rows are dealt at random.

    Parameters
    ----------
    n : int
        Number of runs.
    groups : array [n], optional
        Label of each run (its place, say); runs of one label resemble each other.
    n_folds : int
        Folds at the most: never more than there are groups to keep together, or else runs.
    seed : int
        Of the random order; the same one gives the same folds.

    Returns
    -------
    list of array of int
        Row numbers in rising order; each row stands in exactly one fold.
    """
    rng = np.random.default_rng(seed)
    if groups is not None:
        labels, member, counts = np.unique(groups, return_inverse=True, return_counts=True)
        if len(labels) >= 3:
            fold_of = np.zeros(len(labels), dtype=np.int64)
            load = np.zeros(min(n_folds, len(labels)), dtype=np.int64)
            shuffled = rng.permutation(len(labels))
            for label in shuffled[np.argsort(-counts[shuffled], kind="stable")]:
                fold_of[label] = np.argmin(load)
                load[fold_of[label]] += counts[label]
            return [np.flatnonzero(fold_of[member] == k) for k in range(len(load))]
    order = rng.permutation(n)
    return [np.sort(order[k::n_folds]) for k in range(min(n_folds, n))]


def kept_together(places: np.ndarray, inputs: np.ndarray) -> np.ndarray | None:
    """Groups that folds and intervals keep together: places; else rows of inputs that are one but for their last digits.

    Parameters
    ----------
    places : array of str [n]
        Of the runs, all alike where they have none.
    inputs : array [n, d]

    Returns
    -------
    array [n] or None
        None where each run stands alone.
    """
    if len(np.unique(places)) > 1:
        return places
    alike = near_duplicates(inputs)
    return alike if len(alike) and alike.max() + 1 < len(alike) else None
