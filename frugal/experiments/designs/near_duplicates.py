"""Rows of inputs that are one but for noise in their last digits: a run logged several times, settings read off instruments."""

from __future__ import annotations

import numpy as np

#: Rows closer than this part of the range of every input are one.
NEAR = 1e-6
#: ... and of the mean distance between neighbouring values: among a million of rows, neighbours are no duplicates.
_NEAR_OF_GAP = 1e-2
#: A column of one sign whose largest value is so many times its median is compared in logarithms, or its small values were one.
_LARGEST_OF_MEDIAN = 30.0


def near_duplicates(inputs: np.ndarray) -> np.ndarray:
    """Number of the group of each row, from 0; rows that differ by less than a millionth of the range of every input are one.

    Parameters
    ----------
    inputs : array [n, d]
        Finite numbers. Columns of one sign over several decades are compared in logarithms.

    Returns
    -------
    array of int [n]
        Groups are numbered in the order in which they first occur; there are ``n`` where all rows stand alone.
    """
    n = len(inputs)
    group = np.zeros(n, dtype=np.int64)
    if n == 0:
        return group
    columns = [_compared(column) for column in np.asarray(inputs, dtype=float).T]
    nearest = min(NEAR, _NEAR_OF_GAP / n)
    found = 0
    # Sorted by one input after the other, a group is parted wherever two neighbours are apart; that may part it again by
    # an input that was looked at before.
    while True:
        for column in columns:
            order = np.lexsort((column, group))
            apart = np.diff(column[order]) > nearest * max(float(np.ptp(column)), np.finfo(float).tiny)
            new = np.concatenate([[True], apart | (np.diff(group[order]) != 0)])
            group[order] = np.cumsum(new) - 1
        if group.max() == found:
            break
        found = int(group.max())
    _, first, member = np.unique(group, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[member.ravel()]


def _compared(column: np.ndarray) -> np.ndarray:
    one_sign = bool((column > 0).all() or (column < 0).all())
    size = np.abs(column)
    return np.log(size) if one_sign and size.max() > _LARGEST_OF_MEDIAN * np.median(size) else column
