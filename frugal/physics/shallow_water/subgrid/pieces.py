"""Coarse cells and the crests that cut them: which fine cells share one water level, and which of them touch across what.

A coarse cell whose ground is one hollow is one piece. Where a crest stands more than ``SPLIT_M`` above the lowest ground on
both of its sides (a dike, a road, the rim of a ditch), each side is a piece with a level of its own, so that no water passes
under a crest, wherever it lies in the coarse cell. Pieces are hollows joined in the order of rising ground while the lower of
two reaches less far below the saddle between them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from frugal.physics.compiled import inner, kernel

#: Hollows of a coarse cell that lie less than this [m] below the saddle between them share one level.
SPLIT_M = 0.2
# Axes of a link: between coarse cells from west to east, from north to south, or between pieces of the same one.
EASTWARD, SOUTHWARD, WITHIN = 0, 1, 2


class LevelPieces(NamedTuple):
    """Which piece each fine cell is part of, -1 for none, and the level [m] from which it is joined to the lowest one."""

    label: np.ndarray
    joined_m: np.ndarray
    total: int


class Touching(NamedTuple):
    """Pairs of fine cells of two pieces that share a side, those of the same two pieces together.

    ``before`` and ``after`` are flat places of the fine cells, ``first`` the first pair of each link (one more at its end),
    ``left`` and ``right`` the pieces, ``axis`` that of the link.
    """

    before: np.ndarray
    after: np.ndarray
    first: np.ndarray
    left: np.ndarray
    right: np.ndarray
    axis: np.ndarray


@inner(error_model="numpy")
def _by_height(bed: np.ndarray, blocked: np.ndarray, box: tuple, row: np.ndarray, column: np.ndarray) -> int:
    """Rows and columns of the open fine cells of a box from the lowest up; returns how many there are."""
    count = 0
    for r in range(box[0], box[1]):
        for c in range(box[2], box[3]):
            if blocked[r, c]:
                continue
            at = count
            while at > 0 and bed[row[at - 1], column[at - 1]] > bed[r, c]:
                row[at], column[at] = row[at - 1], column[at - 1]
                at -= 1
            row[at], column[at] = r, c
            count += 1
    return count


@inner(error_model="numpy")
def _neighbour(bed: np.ndarray, label: np.ndarray, box: tuple, r: int, c: int, side: int) -> tuple:
    """The hollow on one side of a fine cell and the height there; -1 where none of the box is."""
    nr, nc = r + (side == 0) - (side == 1), c + (side == 2) - (side == 3)
    if not (box[0] <= nr < box[1] and box[2] <= nc < box[3]):
        return np.int64(-1), np.inf
    return label[nr, nc], bed[nr, nc]


@kernel(error_model="numpy")
def _split(
    bed: np.ndarray, blocked: np.ndarray, factor: int, split_m: float, label: np.ndarray, joined: np.ndarray
) -> int:
    """Number the pieces of all coarse cells; returns how many there are."""
    rows, columns = bed.shape
    pixels = factor * factor
    row, column = np.empty(pixels, np.int64), np.empty(pixels, np.int64)
    lowest, number = np.empty(pixels), np.empty(pixels, np.int64)
    total = 0
    for corner in range(((rows - 1) // factor + 1) * ((columns - 1) // factor + 1)):
        top = corner // ((columns - 1) // factor + 1) * factor
        west = corner % ((columns - 1) // factor + 1) * factor
        box = (top, min(top + factor, rows), west, min(west + factor, columns))
        count, hollows = _by_height(bed, blocked, box, row, column), 0
        for k in range(count):
            r, c = row[k], column[k]
            ground, own, best = bed[r, c], np.int64(-1), np.inf
            for side in range(4):
                other, height = _neighbour(bed, label, box, r, c, side)
                if other >= 0 and height < best:
                    own, best = other, height
            if own < 0:
                own = np.int64(hollows)
                lowest[own] = ground
                hollows += 1
            joined[r, c], label[r, c] = ground, own
            for side in range(4):
                other, _ = _neighbour(bed, label, box, r, c, side)
                if other < 0 or other == own or ground - max(lowest[own], lowest[other]) >= split_m:
                    continue
                kept, gone = (own, other) if lowest[own] <= lowest[other] else (other, own)
                for j in range(k + 1):
                    if label[row[j], column[j]] == gone:
                        label[row[j], column[j]] = kept
                        joined[row[j], column[j]] = max(joined[row[j], column[j]], ground)
                own = kept
        number[:] = -1
        for k in range(count):
            hollow = label[row[k], column[k]]
            if number[hollow] < 0:
                number[hollow] = total
                total += 1
            label[row[k], column[k]] = number[hollow]
    return total


def pieces_of(bed: np.ndarray, blocked: np.ndarray, factor: int, split_m: float = SPLIT_M) -> LevelPieces:
    """Cut coarse cells along the crests in them.

    Parameters
    ----------
    bed : ndarray, shape (rows, columns)
        Height of the fine ground [m].
    blocked : ndarray of bool, shape (rows, columns)
        Fine cells that never hold water; they are part of no piece.
    factor : int
        Fine cells along the side of a coarse one; coarse cells at the eastern and southern side may hold fewer.
    split_m : float
        Hollows that lie less than this below the saddle between them are one piece [m].

    Returns
    -------
    LevelPieces
    """
    label = np.full(bed.shape, -1, dtype=np.int64)
    joined = np.array(bed, dtype=np.float64)
    count = _split(bed, blocked, factor, split_m, label, joined)
    return LevelPieces(label, joined, int(count))


def touching(label: np.ndarray, factor: int) -> Touching:
    """Pairs of fine cells through which the water of one piece reaches another.

    Parameters
    ----------
    label : ndarray of int, shape (rows, columns)
        Piece of each fine cell, -1 for none.
    factor : int
        Fine cells along the side of a coarse one.

    Returns
    -------
    Touching
        Links between coarse cells lead from west to east or from north to south, those within one from the piece of the
        smaller number.
    """
    place = np.arange(label.size).reshape(label.shape)
    rows, columns = (np.arange(n) for n in label.shape)
    within = (
        np.broadcast_to((columns[1:] % factor != 0)[None, :], (label.shape[0], label.shape[1] - 1)),
        np.broadcast_to((rows[1:] % factor != 0)[:, None], (label.shape[0] - 1, label.shape[1])),
    )
    parts = []
    for axis, (low, high) in enumerate(
        (
            ((slice(None), slice(None, -1)), (slice(None), slice(1, None))),
            ((slice(None, -1), slice(None)), (slice(1, None), slice(None))),
        )
    ):
        here = (label[low] != label[high]) & (label[low] >= 0) & (label[high] >= 0)
        before, after = place[low][here], place[high][here]
        inside = within[axis][here]
        turned = inside & (label.flat[before] > label.flat[after])
        before, after = np.where(turned, after, before), np.where(turned, before, after)
        parts.append(np.stack([before, after, np.where(inside, WITHIN, axis)]))
    before, after, axis_of = np.concatenate(parts, axis=1)
    left, right = label.flat[before], label.flat[after]
    key = left * (label.max(initial=0) + 1) + right
    order = np.argsort(key, kind="stable")
    before, after, axis_of, key = before[order], after[order], axis_of[order], key[order]
    first = np.flatnonzero(np.diff(key, prepend=-1))
    return Touching(
        before,
        after,
        np.append(first, len(key)),
        label.flat[before[first]],
        label.flat[after[first]],
        axis_of[first],
    )
