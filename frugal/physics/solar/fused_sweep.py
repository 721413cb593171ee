"""Kernels of :mod:`~frugal.physics.solar.irradiation_map`: one direction swept and its light added, line by line.

Rows of all arrays go along the lines, columns across them: the surface itself for directions nearer to north or south,
its transpose for the others. Lines are walked in blocks, side by side, one segment at a time, so that what is being
worked on stays in the nearest cache: heights beside the centres, then horizons (full of branches), then light (none).

Heights are whole numbers (units of 1/1,024 m) and products of height and distance fit 64 bits, so hulls are exact.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from frugal.physics.compiled import kernel

UNITS_PER_M = 1024.0
#: Stands for an unknown height: lower than any other, it hides nothing.
UNKNOWN = np.float32(-(2.0**23))
#: Lines of a block, and rows worked on at a time.
LANES = 512
_CHUNK = 64

_LOWEST = -(1 << 30)
_STEEPEST = np.float32(2.0**20)
_WALL = np.float32(4.0)
_F0, _F1, _HALF = np.float32(0.0), np.float32(1.0), np.float32(0.5)


class SweptLines(NamedTuple):
    """How a direction cuts the surface into lines.

    Attributes
    ----------
    rising : bool
        The sector lies toward rising rows; lines are walked the other way.
    start : int
        Row 0 of the arrays, in the grid common to all tiles.
    length : int
        Rows of a segment; segments begin at multiples of it in the common grid.
    shift : ndarray of int64
        Column of line 0 in each row.
    aside : ndarray of float32
        Where each row is met, in columns from the centre of the cell.
    inverse : ndarray of float32
        Tangent of one unit of height over so many rows.
    steep : float32
        Difference between neighbours, in units, up to which a slope goes on beside a wall.
    """

    rising: bool
    start: int
    length: int
    shift: np.ndarray
    aside: np.ndarray
    inverse: np.ndarray
    steep: np.float32


class Inner(NamedTuple):
    """Cells that receive light: rows `top` to `bottom`, columns `left` to `right`, ends not included."""

    top: int
    bottom: int
    left: int
    right: int


class Sector(NamedTuple):
    """Light of one sector: its direction, its far horizon, its table.

    Attributes
    ----------
    across, along : float32
        Horizontal unit vector to the sector, over columns and over rows.
    far : float32
        Tangent of the far horizon.
    far_map : ndarray of float32
        The same cell by cell, or empty.
    table : ndarray of float32, shape (places, 2 m)
        Light on the horizontal from above a horizon of sine ``place / (places - 1)`` (m columns), and light per unit of
        ``toward / up`` of the plane (m columns); m is 1 for a year, 12 for months.
    """

    across: np.float32
    along: np.float32
    far: np.float32
    far_map: np.ndarray
    table: np.ndarray


class SweptPlanes(NamedTuple):
    """Normals of the inner cells, divided by their upward part: components over columns and over rows (float32)."""

    across: np.ndarray
    along: np.ndarray


class Scratch(NamedTuple):
    """What is being worked on; from :func:`scratch`."""

    heights: np.ndarray
    tangents: np.ndarray
    stacks: np.ndarray
    tops: np.ndarray
    chain: np.ndarray
    places: np.ndarray
    unsigned_places: np.ndarray
    toward: np.ndarray


def scratch(longest_segment: int) -> Scratch:
    """Room to work in, for segments up to a length."""
    places = np.zeros(LANES, dtype=np.int32)
    return Scratch(
        heights=np.zeros((longest_segment, LANES), dtype=np.int32),
        tangents=np.zeros((_CHUNK, LANES), dtype=np.float32),
        stacks=np.zeros((LANES, 2 * longest_segment + 2, 2), dtype=np.int32),
        tops=np.zeros(LANES, dtype=np.int64),
        chain=np.zeros((longest_segment + 1, 2), dtype=np.int64),
        places=places,
        unsigned_places=places.view(np.uint32),  # spares the test for negative indices
        toward=np.zeros(LANES, dtype=np.float32),
    )


@kernel(error_model="numpy")
def _beside_centres(cells: np.ndarray, aside: float, steep: float, out: np.ndarray) -> None:
    """Heights `aside` of the centres, by the limited gradient; `cells` has one neighbour more at either end."""
    for b in range(out.size):
        left = cells[b + 1] - cells[b]
        right = cells[b + 2] - cells[b + 1]
        smaller = left if abs(left) < abs(right) else right
        larger = max(abs(left), abs(right))
        keep = (left > _F0) == (right > _F0) or (larger > _WALL * abs(smaller) and abs(smaller) < steep)
        difference = smaller if keep and abs(smaller) < _STEEPEST else _F0
        out[b] = np.int32(np.rint(cells[b + 1] + aside * difference))


@kernel(error_model="numpy")
def _gather(
    heights: np.ndarray, lines: SweptLines, line: int, lanes: int, origin: int, first: int, last: int, out: np.ndarray
) -> None:
    """Heights along the lines of a block, for steps of one segment; rows are ``origin`` plus or minus the step."""
    n_columns = heights.shape[1] - 2
    for x in range(first, last):
        row = origin - x if lines.rising else origin + x
        column = line + lines.shift[row]
        a = min(max(0, -column), lanes)
        b = max(min(lanes, n_columns - column), a)
        if b - a < lanes:
            out[x, :lanes] = np.int32(UNKNOWN)
        if b > a:
            _beside_centres(heights[row, column + a : column + b + 2], lines.aside[row], lines.steep, out[x, a:b])


@kernel(error_model="numpy")
def _walk(
    heights: np.ndarray,
    first: int,
    last: int,
    stacks: np.ndarray,
    tops: np.ndarray,
    inverse: np.ndarray,
    tangents: np.ndarray,
) -> None:
    """Horizons along the lines of a block; the stacks (step, height) know what was passed before."""
    for b in range(tops.size):
        top = tops[b]
        stack = stacks[b]
        for x in range(first, last):
            height = np.int64(heights[x, b])
            rise = stack[top, 1] - height
            run = x - stack[top, 0]
            while top > 0:
                next_rise = stack[top - 1, 1] - height
                next_run = x - stack[top - 1, 0]
                if next_rise * run < rise * next_run:
                    break
                top -= 1
                rise = next_rise
                run = next_run
            if rise > 0:
                tangents[x - first, b] = np.float32(rise) * inverse[run]
                top += 1
            else:  # as high as all before: they can never be seen again
                tangents[x - first, b] = _F0
                top = 0
            stack[top, 0] = x
            stack[top, 1] = height
        tops[b] = top


@kernel(error_model="numpy")
def _hidden(heights: np.ndarray, b: int, first: int, step: int, height: int, chain: np.ndarray) -> int:
    """Hull of what comes before a point of a line and is higher than it, into `chain` (nearest first); how many.

    Found walking back: only what is higher than all met so far can be on it.
    """
    count = 0
    chain[0, 0] = step
    chain[0, 1] = height
    for x in range(step - 1, first - 1, -1):
        higher = np.int64(heights[x, b])
        if higher <= chain[count, 1]:
            continue
        while count > 0:
            low = chain[count - 1, 1]
            far = chain[count - 1, 0]
            if (higher - low) * (far - chain[count, 0]) < (chain[count, 1] - low) * (far - x):
                break
            count -= 1
        count += 1
        chain[count, 0] = x
        chain[count, 1] = higher
    return count


@kernel(error_model="numpy")
def _forget(
    heights: np.ndarray, first: int, length: int, stacks: np.ndarray, tops: np.ndarray, chain: np.ndarray
) -> None:
    """At the end of a segment, leave the hull of this segment alone, steps counted from its end.

    The hull of this segment and the one before ends with points of this one; what came before them on this segment's own
    hull was hidden by the other's and is found again.
    """
    for b in range(tops.size):
        stack = stacks[b]
        kept = 0
        while stack[kept, 0] < 0:
            kept += 1
        count = 0
        if kept > 0:
            count = _hidden(heights, b, first, stack[kept, 0], stack[kept, 1], chain)
        size = tops[b] - kept + 1
        move = count - kept
        for i in range(size):
            source = tops[b] - i if move > 0 else kept + i
            stack[source + move, 0] = stack[source, 0]
            stack[source + move, 1] = stack[source, 1]
        for i in range(count):
            stack[i, 0] = chain[count - i, 0]
            stack[i, 1] = chain[count - i, 1]
        tops[b] += move
        for i in range(count + size):
            stack[i, 0] -= length


@kernel(error_model="numpy")
def _raise_to(far: np.ndarray, tangents: np.ndarray) -> None:
    for b in range(tangents.size):
        tangents[b] = tangents[b] if tangents[b] > far[b] else far[b]


@kernel(error_model="numpy")
def _look_up(
    across: np.ndarray,
    along: np.ndarray,
    sector_across: float,
    sector_along: float,
    far: float,
    last_place: float,
    tangents: np.ndarray,
    places: np.ndarray,
    toward: np.ndarray,
) -> None:
    """Place in the table for each cell, by the highest of obstacles, far horizon and the plane's own horizon."""
    for b in range(places.size):
        facing = across[b] * sector_across + along[b] * sector_along
        tangent = tangents[b] if tangents[b] > far else far
        tangent = tangent if tangent > -facing else -facing
        places[b] = np.int32(last_place * (tangent / np.sqrt(_F1 + tangent * tangent)) + _HALF)
        toward[b] = facing


@kernel(error_model="numpy")
def _add_year(table: np.ndarray, places: np.ndarray, toward: np.ndarray, light: np.ndarray) -> None:
    for b in range(places.size):
        light[b] += table[places[b], 0] + toward[b] * table[places[b], 1]


@kernel(error_model="numpy")
def _add_months(table: np.ndarray, places: np.ndarray, toward: np.ndarray, light: np.ndarray) -> None:
    for b in range(places.size):
        row = table[places[b]]
        out = light[12 * b : 12 * b + 12]
        for m in range(12):
            out[m] += row[m] + toward[b] * row[12 + m]


@kernel(error_model="numpy")
def _shine(
    lines: SweptLines,
    inner: Inner,
    sector: Sector,
    planes: SweptPlanes,
    line: int,
    row: int,
    tangents: np.ndarray,
    room: Scratch,
    light: np.ndarray,
) -> None:
    """Add the light of the sector to the inner cells of one row that lie on the lines of a block."""
    column = line + lines.shift[row]
    a = max(0, inner.left - column)
    b = min(tangents.size, inner.right - column)
    if b <= a:
        return
    i = row - inner.top
    c = column + a - inner.left
    d = column + b - inner.left
    if sector.far_map.size > 0:
        _raise_to(sector.far_map[i, c:d], tangents[a:b])
    _look_up(
        planes.across[i, c:d],
        planes.along[i, c:d],
        sector.across,
        sector.along,
        sector.far,
        np.float32(sector.table.shape[0] - 1),
        tangents[a:b],
        room.places[: d - c],
        room.toward[: d - c],
    )
    places = room.unsigned_places[: d - c]
    if sector.table.shape[1] == 2:
        _add_year(sector.table, places, room.toward[: d - c], light[i, c:d])
    else:
        _add_months(sector.table, places, room.toward[: d - c], light[i, 12 * c : 12 * d])


@kernel(error_model="numpy")
def _crosses(lines: SweptLines, line: int, lanes: int, row: int, left: int, right: int) -> bool:
    column = line + lines.shift[row]
    return column + lanes > left and column < right


@kernel(error_model="numpy")
def sweep(
    heights: np.ndarray,
    lines: SweptLines,
    inner: Inner,
    sector: Sector,
    planes: SweptPlanes,
    line_from: int,
    line_to: int,
    room: Scratch,
    light: np.ndarray,
) -> None:
    """Add the light of one sector to the inner cells on some lines.

    Parameters
    ----------
    heights : ndarray of float32, shape (rows, columns + 2)
        Whole numbers, `UNKNOWN` where unknown; the first and the last column are neighbours only.
    lines, inner, sector, planes, room
        See the classes; shapes of `planes` are those of the inner cells.
    line_from, line_to : int
        Lines to walk, the last one not included.
    light : ndarray of float32, shape (inner rows, inner columns) or (inner rows, 12 times inner columns)
        Added to; months of a cell side by side.
    """
    n_columns = heights.shape[1] - 2
    for line in range(line_from, line_to, room.tops.size):
        lanes = min(room.tops.size, line_to - line)
        tops = room.tops[:lanes]
        low = inner.top
        while low < inner.bottom and not _crosses(lines, line, lanes, low, inner.left, inner.right):
            low += 1
        high = inner.bottom
        while high > low and not _crosses(lines, line, lanes, high - 1, inner.left, inner.right):
            high -= 1
        if low == high:
            continue
        for b in range(lanes):
            tops[b] = 0
            room.stacks[b, 0, 0] = -1 - lines.length
            room.stacks[b, 0, 1] = _LOWEST
        steps = high - low
        # Step 0 is the first of the segment before the one that holds the first inner row.
        nearest = high - 1 if lines.rising else low
        within = (nearest + lines.start) % lines.length
        within = lines.length - 1 - within if lines.rising else within
        begin = -within - lines.length
        while begin < steps:
            origin = nearest - begin if lines.rising else nearest + begin
            first = max(0, origin - heights.shape[0] + 1) if lines.rising else max(0, -origin)
            last = min(lines.length, steps - begin)
            while first < last and not _crosses(
                lines, line, lanes, origin - first if lines.rising else origin + first, 0, n_columns
            ):
                first += 1
            for chunk in range(first, last, _CHUNK):
                end = min(chunk + _CHUNK, last)
                _gather(heights, lines, line, lanes, origin, chunk, end, room.heights)
                _walk(room.heights, chunk, end, room.stacks, tops, lines.inverse, room.tangents)
                for x in range(max(chunk, -begin), end):
                    row = origin - x if lines.rising else origin + x
                    _shine(lines, inner, sector, planes, line, row, room.tangents[x - chunk, :lanes], room, light)
            if first < last and last == lines.length:
                _forget(room.heights, first, last, room.stacks, tops, room.chain)
            begin += lines.length
