"""Lines cut exactly where they cross from one cell of the map to the next."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from frugal.exposure.hazard_map import HazardMap


@dataclass(frozen=True, eq=False)
class LinePieces:
    """Straight pieces of lines, each within one cell, in order along their line.

    Attributes
    ----------
    line : array of int
        Number of the line, rising.
    cell : array of int
        Cell, counted row by row; −1 off the map.
    start, end : array [n, 2]
        Where a piece begins and ends [m].
    length_m : array
    at_vertex : array of bool
        Whether it begins at a vertex of the line, rather than where the line crosses a boundary of cells.
    follows : array of bool
        Whether it begins where the piece before it ends.
    """

    line: np.ndarray
    cell: np.ndarray
    start: np.ndarray
    end: np.ndarray
    length_m: np.ndarray
    at_vertex: np.ndarray
    follows: np.ndarray


def cut_lines(lines: np.ndarray, flood: HazardMap) -> LinePieces:
    """Cut lines at every boundary of cells.

    A piece that runs along a boundary belongs to the cell east or south of it.

    Parameters
    ----------
    lines : array of LineString or MultiLineString
        In the system of the map.
    flood : HazardMap

    Returns
    -------
    LinePieces
        Their lengths add up to those of the lines.
    """
    import shapely

    parts, owner = shapely.get_parts(lines, return_index=True)
    points, part = shapely.get_coordinates(parts, return_index=True)
    joined = part[1:] == part[:-1]
    start, end = points[:-1][joined], points[1:][joined]
    segment_part = part[:-1][joined]
    moves = np.hypot(*(end - start).T) > 0
    start, end, segment_part = start[moves], end[moves], segment_part[moves]
    a, _, c, _, e, f = flood.transform
    rows, cols = flood.shape
    segment, share = _crossings((start[:, 0] - c) / a, (end[:, 0] - c) / a, cols)
    other = _crossings((start[:, 1] - f) / e, (end[:, 1] - f) / e, rows)
    number = len(start)
    # Beginnings of all pieces: those of the segments, and every crossing.
    segments = np.concatenate([np.arange(number), segment, other[0]])
    shares = np.concatenate([np.zeros(number), share, other[1]])
    order = np.lexsort((shares, segments))
    segments, shares = segments[order], shares[order]
    last = np.append(segments[1:] != segments[:-1], True) if len(segments) else np.zeros(0, dtype=bool)
    until = np.where(last, 1.0, np.append(shares[1:], 1.0))
    full = until - shares > 1e-12  # a corner of cells is crossed twice at once
    segments, shares, until = segments[full], shares[full], until[full]
    along = end - start
    from_, to = (start[segments] + t[:, None] * along[segments] for t in (shares, until))
    to = np.where((until >= 1.0)[:, None], end[segments], to)
    middle = start[segments] + ((shares + until) / 2)[:, None] * along[segments]
    first_of_part = np.append(True, segment_part[1:] != segment_part[:-1]) if number else np.zeros(0, dtype=bool)
    begins = shares <= 1e-12
    return LinePieces(
        owner[segment_part[segments]],
        flood.cells_of(middle),
        from_,
        to,
        (until - shares) * np.hypot(*along.T)[segments],
        begins,
        ~(begins & first_of_part[segments]),
    )


def _crossings(start: np.ndarray, end: np.ndarray, cells: int) -> tuple[np.ndarray, np.ndarray]:
    """Segments that cross a whole number between their ends, and where as a share of the segment; within the map only."""
    low, high = np.minimum(start, end), np.maximum(start, end)
    first = np.clip(np.floor(low) + 1, 0, cells + 1).astype(np.int64)
    last = np.clip(np.ceil(high) - 1, -1, cells).astype(np.int64)
    counts = np.maximum(last - first + 1, 0)
    segment = np.repeat(np.arange(len(start)), counts)
    step = np.arange(len(segment)) - np.repeat(np.cumsum(counts) - counts, counts)
    boundary = first[segment] + step
    return segment, (boundary - start[segment]) / (end[segment] - start[segment])
