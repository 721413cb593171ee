"""What lies before the line of a dike and what behind it: sea and foreshore on one side, the land it keeps dry on the other.

A dike that ends at the edges of the terrain or of other dikes divides it, whatever its heights. Where its ends are free, the
heights decide: cells that the sea reaches without crossing the line at the highest level at which the line still keeps it out,
which is that of the lowest crest where the ends lie in higher ground, and less where the sea walks round them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from frugal.studies.flood.terrain.terrain import edge_of, nearest_of

#: Share of the cells beside a dike that stay dry where it keeps the sea out: about half of them lie behind it.
_LEAST_KEPT = 0.25
_WITHIN_M = 1e-3
#: Cells of a dike between which its direction is taken.
_STRETCH = 3


@dataclass(frozen=True)
class Shore:
    """Both sides of a dike.

    Attributes
    ----------
    seaward : ndarray of bool [y, x]
        Sea and foreshore, without the dike.
    round_m : float or None
        Level at which the sea walks round the dike below its lowest crest; None where it does not.
    """

    seaward: np.ndarray
    round_m: float | None


def sea_seeds(bed: np.ndarray, sides: tuple[str, ...], below_m: float) -> np.ndarray:
    """Cells along some sides that are lower than a level, ``[y, x]``.

    Parameters
    ----------
    bed : ndarray [y, x]
        Heights, crests included [m].
    sides : tuple of str
        Among west, east, north and south.
    below_m : float
        In the zero of the bed.
    """
    seeds = np.zeros(bed.shape, dtype=bool)
    for side in sides:
        edge_of(seeds, side)[...] |= edge_of(bed, side) < below_m
    return seeds


def shore_of(bed: np.ndarray, dike: np.ndarray, seeds: np.ndarray) -> Shore:
    """Tell what lies before a dike from what lies behind it.

    Parameters
    ----------
    bed : ndarray [y, x]
        Heights, crests included [m].
    dike : array of int [k, 2]
        Row and column, in the order of its line.
    seeds : ndarray of bool [y, x]
        Cells that are sea.

    Returns
    -------
    Shore
    """
    line = np.zeros(bed.shape, dtype=bool)
    line[tuple(dike.T)] = True
    beside = ndimage.binary_dilation(line, structure=np.ones((3, 3))) & ~line

    def kept_out(level_m: float) -> bool:
        return float((~connected(bed, seeds, level_m, line))[beside].mean()) >= _LEAST_KEPT

    if kept_out(math.inf):
        return Shore(connected(bed, seeds, math.inf, line), None)
    crest = float(bed[line].min())
    if kept_out(crest):
        return Shore(_with_front(connected(bed, seeds, crest, line), dike, bed.shape), None)
    low, high = min(float(bed[seeds & ~line].min(initial=crest)), crest), crest
    while high - low > _WITHIN_M:
        middle = (low + high) / 2
        low, high = (middle, high) if kept_out(middle) else (low, middle)
    return Shore(_with_front(connected(bed, seeds, low, line) | (seeds & ~line), dike, bed.shape), high)


def connected(bed: np.ndarray, seeds: np.ndarray, level_m: float, line: np.ndarray) -> np.ndarray:
    """Cells below a level that water reaches from others without crossing a line or a corner.

    Parameters
    ----------
    bed : ndarray [y, x]
        Heights [m].
    seeds : ndarray of bool [y, x]
        Where the water comes from; those above the level or on the line give none.
    level_m : float
    line : ndarray of bool [y, x]
    """
    labels, count = ndimage.label((bed < level_m) & ~line)
    reached = np.zeros(count + 1, dtype=bool)
    reached[labels[seeds]] = True
    reached[0] = False
    return np.asarray(reached[labels])


def _with_front(reached: np.ndarray, dike: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Sea and foreshore with the higher ground that lies straight before the dike: a dune, the top of a beach."""
    rows, columns = shape
    nearest, _ = nearest_of(dike, (rows, columns), 1.0)
    last = len(dike) - 1
    before, after = (dike[np.clip(nearest + step, 0, last)] for step in (-_STRETCH, _STRETCH))
    off = np.moveaxis(np.indices(shape), 0, -1) - dike[nearest]
    along = after - before
    side = np.sign(along[..., 0] * off[..., 1] - along[..., 1] * off[..., 0])
    inner = (nearest > 0) & (nearest < last)
    seaside = np.sign(float(side[reached & inner].sum()))
    if seaside == 0.0:
        return reached
    front = inner & (side == seaside)
    front[tuple(dike.T)] = False
    return np.asarray(reached | front)
