"""Tables of the fine ground: volume of a piece by level, depth and conveyance of a link by level.

Volume is exact: linear in the level between one fine height of the piece and the next, so that it is inverted exactly too.

A link sums over the pairs of fine cells that touch across it. Pair e of height z (the higher cell's, or the crest by which
the cell is joined to the rest of its piece) carries, at a depth h = level - z and as far as friction goes, h^(5/3) / n per
metre and root of slope. Where the ground falls away on both sides, as from the crest of a dike, the flow is that deep only
over the crest's own length, and friction is summed along the path. A channel that winds through the coarse cell is as long as
its fine cells, and where higher ground turns it through a right angle it loses ``TURNING`` velocity heads, as in a mitre bend,
the less the deeper the corner is under water. What is kept by level is

- the mean depth over the width of the link,
- the depth that a flat bottom would need for the same conveyance, with one mean of 1/n,
- the head that a flat crest would need for the same critical discharge (`weir_law`).

Depths rather than conveyances, because they are straight lines of the level on a flat bottom: linear interpolation is then
exact there, and accurate elsewhere with few levels. Equivalent depths: Volp, van Prooijen & Stelling 2013 (Water Resources
Research 49, 4123); van Ormondt et al. 2025 (Geoscientific Model Development 18, 843). Volumes: Casulli 2009 (International
Journal for Numerical Methods in Fluids 60, 391).
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from frugal.physics.compiled import inner, kernel
from frugal.physics.shallow_water.state import GRAVITY
from frugal.physics.shallow_water.subgrid.pieces import EASTWARD, SOUTHWARD, SPLIT_M, WITHIN, LevelPieces, Touching

# Columns of the table of a link.
LEVEL_M, MEAN, CONVEYING, HEAD = 0, 1, 2, 3
_COLUMNS = 4
#: Levels between one pair's height and the next, as shares of the way; above the last one, in m.
_BETWEEN = np.array([0.0, 0.1, 0.4])
_ABOVE = np.array([0.0, 0.1, 0.3, 0.6, 1.0, 2.0, 4.0])
#: Velocity heads lost in a sharp right angle (mitre bend of pipes and channels, as tabled for example by Idelchik).
TURNING = 1.1
#: Roughness [s/m^(1/3)] below which there is no friction.
_SMOOTH = 1e-9


class PieceTables(NamedTuple):
    """Fine cells of the pieces, from the lowest up; ``first`` has the first of each piece and one more at its end."""

    first: np.ndarray
    pixel: np.ndarray  # flat place of the fine cell
    bottom: np.ndarray  # its height [m]
    volume: np.ndarray  # of the piece up to that height [m³]
    span: np.ndarray  # [piece, 2]: extent from west to east and from north to south [m]


class LinkTables(NamedTuple):
    """What links are made of and their tables; ``row`` has the first level of each and one more at its end."""

    left: np.ndarray
    right: np.ndarray
    axis: np.ndarray
    first: np.ndarray  # pair of each link
    before: np.ndarray  # fine cell of each pair; the side of the domain lies beyond where ``after`` is -1
    after: np.ndarray
    share: np.ndarray  # of its width that each pair has of the crest
    row: np.ndarray
    levels: np.ndarray  # how many each has
    table: np.ndarray
    width: np.ndarray  # [m]
    ease: np.ndarray  # mean of 1/n
    length: np.ndarray  # over which levels fall [m]
    towards: np.ndarray  # [link, 2]: direction eastward and southward
    slope: np.ndarray  # of the ground toward the side of the domain


@inner(error_model="numpy")
def _sort(values: np.ndarray, others: np.ndarray) -> None:
    """Rising order of some values, others moved with them."""
    for k in range(1, values.size):
        value, other = values[k], others[k]
        at = k
        while at > 0 and values[at - 1] > value:
            values[at], others[at] = values[at - 1], others[at - 1]
            at -= 1
        values[at], others[at] = value, other


@kernel(error_model="numpy")
def fill_pieces(bed: np.ndarray, tables: PieceTables, which: np.ndarray, area_m2: float) -> None:
    """Sort the fine cells of some pieces by height and sum the volumes below.

    Parameters
    ----------
    bed : ndarray
        Height of the fine ground [m], flat.
    tables : PieceTables
        Written in place.
    which : ndarray of int
        Pieces.
    area_m2 : float
        Of a fine cell [m²].
    """
    for piece in which:
        first, last = tables.first[piece], tables.first[piece + 1]
        for k in range(first, last):
            tables.bottom[k] = bed[tables.pixel[k]]
        _sort(tables.bottom[first:last], tables.pixel[first:last])
        tables.volume[first] = 0.0
        for k in range(first + 1, last):
            step = tables.bottom[k] - tables.bottom[k - 1]
            tables.volume[k] = tables.volume[k - 1] + step * (k - first) * area_m2


@inner(error_model="numpy")
def _beyond(place: int, step: int, count: int, columns: int, label: np.ndarray) -> int:
    """The fine cell ``count`` steps from one along its row or column, or the last one of the same piece before that."""
    found = place
    for _ in range(count):
        following = found + step
        if following < 0 or following >= label.size or label[following] != label[place]:
            break
        if abs(step) == 1 and columns > 1 and following // columns != found // columns:
            break
        found = following
    return found


@inner(error_model="numpy")
def _winding(bed: np.ndarray, label: np.ndarray, columns: int, start: int, way: int, found: np.ndarray) -> None:
    """Follow the lowest way through a piece from one of its fine cells, entered in direction ``way``.

    ``found`` takes the steps taken, the right angles turned, and the mean height of the ground that would be crossed by
    cutting these corners.
    """
    at: Any = start
    heading: Any = way
    steps, turns, corners = 1, 0, 0.0
    for _ in range(64):
        best = np.inf
        following: Any = np.int64(-1)
        for side in range(4):
            step = -1 if side == 0 else 1 if side == 1 else -columns if side == 2 else columns
            place = at + step
            if step == -heading or place < 0 or place >= bed.size:
                continue
            if side < 2 and place // columns != at // columns:
                continue
            if bed[place] < best and label[place] >= 0:
                best, following = bed[place], place
        if following < 0 or best - bed[at] > SPLIT_M:
            break
        if following - at != heading:
            turns += 1
            corners += bed[following - heading]
            heading = following - at
        if label[following] != label[start]:
            break
        at = following
        steps += 1
    found[0], found[1], found[2] = steps, turns, corners / max(turns, 1)


@kernel(error_model="numpy")
def fill_links(
    bed: np.ndarray,
    joined: np.ndarray,
    label: np.ndarray,
    manning: np.ndarray,
    links: LinkTables,
    which: np.ndarray,
    columns: int,
    factor: int,
    cell_size_m: float,
) -> None:
    """Make the tables of some links.

    Parameters
    ----------
    bed, joined, manning : ndarray
        Height of the fine ground [m], level by which it is joined to the rest of its piece [m], roughness [s/m^(1/3)]; flat.
    label : ndarray of int
        Piece of each fine cell; flat.
    links : LinkTables
        Written in place.
    which : ndarray of int
        Links.
    columns : int
        Of the fine cells.
    factor : int
        Fine cells along the side of a coarse one.
    cell_size_m : float
        Side of a fine cell [m].
    """
    lanes = max(1, factor // 2)
    most = 0
    for link in which:
        most = max(most, links.first[link + 1] - links.first[link])
    sill, share = np.empty(most), np.empty(most)
    order = np.empty(most, np.int64)
    under, rough = np.empty((most, lanes)), np.empty((most, lanes))
    winding, found = np.zeros((most, 3)), np.zeros(3)
    width_m = factor * cell_size_m
    for link in which:
        start, pairs = links.first[link], links.first[link + 1] - links.first[link]
        ease, slope = 0.0, 0.0
        for e in range(pairs):
            p, q = links.before[start + e], links.after[start + e]
            order[e], share[e] = e, links.share[start + e]
            winding[e] = 0.0
            if q < 0:  # the side of the domain: -1 west, -2 east, -3 north, -4 south
                way = -1 if q == -1 else 1 if q == -2 else -columns if q == -3 else columns
                inner_place = _beyond(p, -way, factor, columns, label)
                apart = abs(inner_place - p) // abs(way) * cell_size_m
                slope += (bed[inner_place] - bed[p]) / apart if apart > 0.0 else 0.0
                sill[e] = bed[p]
                for d in range(lanes):
                    under[e, d], rough[e, d] = sill[e], max(manning[p], _SMOOTH)
                ease += 1.0 / rough[e, 0]
                continue
            way = q - p
            sill[e] = max(joined[p], joined[q])
            for d in range(lanes):
                before, after = _beyond(p, -way, d, columns, label), _beyond(q, way, d, columns, label)
                under[e, d] = min(sill[e], max(bed[before], bed[after])) if d > 0 else sill[e]
                rough[e, d] = max(math.sqrt(0.5 * (manning[before] ** 2 + manning[after] ** 2)), _SMOOTH)
            ease += 1.0 / rough[e, 0]
            if links.axis[link] != WITHIN:
                # Of what turns and winds within a coarse cell each of its two links has one half.
                for end in range(2):
                    _winding(bed, label, columns, p if end == 0 else q, -way if end == 0 else way, found)
                    winding[e, 0] += 0.5 * found[0] / factor
                    winding[e, 1] += 0.5 * found[1] * TURNING / (2.0 * GRAVITY * width_m)
                    winding[e, 2] += 0.5 * found[2] if found[1] > 0.0 else 0.5 * sill[e]
        _sort(sill[:pairs], order[:pairs])
        ease /= pairs
        links.ease[link], links.slope[link] = ease, slope / pairs
        width = pairs * cell_size_m
        links.width[link] = width
        row = links.row[link]
        count = 0
        for e in range(pairs):
            gap = sill[e + 1] - sill[e] if e + 1 < pairs else 1.0
            shares = _BETWEEN if e + 1 < pairs else _ABOVE
            if gap <= 1e-9:
                continue
            for part in shares:
                level = sill[e] + gap * part
                _one_level(links.table[row + count], level, sill[:pairs], order, share, under, rough, winding, ease)
                count += 1
        links.levels[link] = count


@inner(error_model="numpy")
def _one_level(
    entry: np.ndarray,
    level: float,
    sill: np.ndarray,
    order: np.ndarray,
    share: np.ndarray,
    under: np.ndarray,
    rough: np.ndarray,
    winding: np.ndarray,
    ease: float,
) -> None:
    """One row of the table of a link, whose pairs have their heights in ``sill`` in rising order."""
    mean, conveying, passing = 0.0, 0.0, 0.0
    for k in range(sill.size):
        h = level - sill[k]
        if h <= 0.0:
            break
        e = order[k]
        mean += h
        hindrance = 0.0
        for d in range(under.shape[1]):
            hindrance += rough[e, d] ** 2 / (level - under[e, d]) ** (10.0 / 3.0)
        hindrance /= under.shape[1]
        if winding[e, 1] > 0.0:
            confined = min(1.0, max(0.0, 1.0 - (level - winding[e, 2]) / h))
            hindrance *= 1.0 + confined * (winding[e, 0] - 1.0)
            hindrance += confined * winding[e, 1] / (h * h)
        conveying += math.sqrt(1.0 / hindrance)
        passing += share[e] * h * math.sqrt(h)
    pairs = sill.size
    entry[LEVEL_M] = level
    entry[MEAN] = mean / pairs
    entry[CONVEYING] = (conveying / (pairs * ease)) ** 0.6
    entry[HEAD] = (passing / pairs) ** (2.0 / 3.0)


def piece_tables(bed: np.ndarray, pieces: LevelPieces, cell_size_m: float) -> PieceTables:
    """Tables of all pieces.

    Parameters
    ----------
    bed : ndarray, shape (rows, columns)
        Height of the fine ground [m].
    pieces : LevelPieces
        At least one.
    cell_size_m : float
        Side of a fine cell [m].

    Returns
    -------
    PieceTables
    """
    flat = pieces.label.ravel()
    place = np.argsort(flat, kind="stable")
    place = place[flat[place] >= 0]
    owner = flat[place]
    first = np.append(np.flatnonzero(np.diff(owner, prepend=-1)), len(place))
    row, column = np.divmod(place, bed.shape[1])
    span = [
        (np.maximum.reduceat(at, first[:-1]) - np.minimum.reduceat(at, first[:-1]) + 1) * cell_size_m
        for at in (column, row)
    ]
    tables = PieceTables(first, place, np.empty(len(place)), np.empty(len(place)), np.stack(span, axis=1))
    fill_pieces(np.ravel(bed), tables, np.arange(pieces.total), cell_size_m**2)
    return tables


def _crest_shares(bed: np.ndarray, touch: Touching) -> np.ndarray:
    """Of each pair the part of its width that counts as length of a crest.

    Along a staircase a cell of the crest touches the other side in a row and in a column, and is a diagonal long.
    """
    flat, columns = bed.ravel(), bed.shape[1]
    inside = np.flatnonzero(touch.after >= 0)
    before, after = touch.before[inside], touch.after[inside]
    high = np.where(flat[before] >= flat[after], before, after)
    fall, along = np.abs(flat[before] - flat[after]), np.abs(before - after) == columns
    deepest = np.zeros((2, bed.size))
    np.maximum.at(deepest, (along.astype(np.int64), high), fall)
    staircase = deepest.min(axis=0) > SPLIT_M
    share = np.ones(len(touch.before))
    share[inside[staircase[high]]] = math.sqrt(0.5)
    return share


def link_tables(touch: Touching, bed: np.ndarray, factor: int, cell_size_m: float) -> LinkTables:
    """Links whose tables are not filled yet.

    Parameters
    ----------
    touch : Touching
    bed : ndarray, shape (rows, columns)
        Height of the fine ground [m].
    factor : int
        Fine cells along the side of a coarse one.
    cell_size_m : float
        Side of a fine cell [m].

    Returns
    -------
    LinkTables
    """
    count, pairs = len(touch.left), np.diff(touch.first)
    room = (pairs - 1) * len(_BETWEEN) + len(_ABOVE)
    row = np.concatenate([[0], np.cumsum(room)]).astype(np.int64)
    to_side = touch.after[touch.first[:-1]] < 0  # its level stands at the side, half a coarse cell away
    length = np.where((touch.axis == WITHIN) | to_side, 0.5, 1.0) * factor * cell_size_m
    towards = np.zeros((count, 2))
    towards[touch.axis == EASTWARD, 0] = 1.0
    towards[touch.axis == SOUTHWARD, 1] = 1.0
    inside = np.repeat(touch.axis == WITHIN, pairs)
    step = touch.after - touch.before
    owner = np.repeat(np.arange(count), pairs)
    for way, along in enumerate(
        (inside & (np.abs(step) == 1) & (bed.shape[1] > 1), inside & (np.abs(step) == bed.shape[1]))
    ):
        towards[:, way] += np.bincount(owner[along], np.sign(step[along]), count) / pairs
    empty = [np.zeros(count) for _ in range(3)]
    return LinkTables(
        left=touch.left,
        right=touch.right,
        axis=touch.axis,
        first=touch.first,
        before=touch.before,
        after=touch.after,
        share=_crest_shares(bed, touch),
        row=row,
        levels=np.zeros(count, dtype=np.int64),
        table=np.zeros((int(row[-1]), _COLUMNS)),
        width=empty[0],
        ease=empty[1],
        length=np.maximum(length, cell_size_m),
        towards=towards,
        slope=empty[2],
    )
