"""Roads as a network: junctions where lines share a point, places and targets put on the nearest road."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from frugal.errors import UnusableInputError

#: Points of lines that are nearer than this are one [m].
_SAME_POINT_M = 0.01


@dataclass(frozen=True, eq=False)
class RoadNetwork:
    """Junctions and the roads between them.

    Attributes
    ----------
    edges : array of LineString
        Roads from junction to junction; places and targets count as junctions.
    road : array of int
        Number of the road that each edge is a part of.
    ends : array [edge, 2]
        Junctions at its two ends.
    length_m : array
    junctions : int
    place_junction : array of int
        Junction of each place; −1 where no road is near enough.
    place_distance_m : array
        From each place to its road; NaN where none is near enough.
    target_junction : array of int
        Of each target, in the same way.
    """

    edges: np.ndarray
    road: np.ndarray
    ends: np.ndarray
    length_m: np.ndarray
    junctions: int
    place_junction: np.ndarray
    place_distance_m: np.ndarray
    target_junction: np.ndarray


def build_network(
    roads: np.ndarray, places: np.ndarray, targets: np.ndarray, snap_m: float = 0.1, road_within_m: float = 200.0
) -> RoadNetwork:
    """Make a network of lines.

    Lines meet where they share a vertex, at their ends or between; lines that only cross do not (bridges). An end that lies
    on another line meets it, and so does one within ``snap_m`` that meets no other.

    Parameters
    ----------
    roads : array of LineString or MultiLineString
        In a system in m.
    places, targets : array of Point
        Put on the nearest point of the nearest road.
    snap_m : float
        Gaps between ends and lines that count as none [m].
    road_within_m : float
        Places farther from a road have none [m].

    Raises
    ------
    UnusableInputError
        If a distance is negative, or no target lies near a road.
    """
    import shapely

    for option, value in (("--snap", snap_m), ("--road-within", road_within_m)):
        if not (np.isfinite(value) and value >= 0):
            raise UnusableInputError(f"{option} {value:g}: a distance in m of 0 or more is needed")
    lines, owner = shapely.get_parts(roads, return_index=True)
    long = shapely.length(lines) > 0
    lines, owner = lines[long], owner[long]
    tree = shapely.STRtree(lines)
    asked = np.concatenate([places, targets])
    line, along, distance = _nearest(tree, lines, asked, road_within_m)
    if not (line[len(places) :] >= 0).any():
        raise UnusableInputError(
            f"none of the {len(targets)} targets of --access-to lies within {road_within_m:g} m of a road; "
            "--road-within METRES allows more"
        )
    on_road = line >= 0
    gap_line, gap_along, gap_points = _gaps(tree, lines, snap_m)
    put_line = np.concatenate([line[on_road], gap_line])
    put_along = np.concatenate([along[on_road], gap_along])
    points = np.concatenate(
        [
            shapely.get_coordinates(shapely.line_interpolate_point(lines[line[on_road]], along[on_road])),
            gap_points,
        ]
    )
    xy, part, put_at = _inserted(lines, put_line, put_along, points)
    vertex = _numbered(xy)
    breaks = _breaks(vertex, part, put_at)
    edges, edge_line, ends, junction_of_vertex = _split(xy, part, vertex, breaks)
    junction = np.full(len(asked), -1, dtype=np.int64)
    junction[on_road] = junction_of_vertex[vertex[put_at[: int(on_road.sum())]]]
    return RoadNetwork(
        edges,
        owner[edge_line],
        ends,
        shapely.length(edges),
        int(junction_of_vertex.max()) + 1,
        junction[: len(places)],
        distance[: len(places)],
        junction[len(places) :],
    )


def _nearest(
    tree: object, lines: np.ndarray, points: np.ndarray, within_m: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Nearest line of each point (−1 where there is none), how far along it, and the distance to it."""
    import shapely

    line = np.full(len(points), -1, dtype=np.int64)
    along, distance = np.full(len(points), np.nan), np.full(len(points), np.nan)
    # The search takes no distance of 0.
    (number, found), apart = tree.query_nearest(  # type: ignore[attr-defined]
        points, max_distance=max(within_m, 1e-9), return_distance=True, all_matches=False
    )
    line[number], distance[number] = found, apart
    along[number] = shapely.line_locate_point(lines[found], points[number])
    return line, along, distance


def _gaps(tree: object, lines: np.ndarray, snap_m: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ends that lie on another line, and loose ones just beside it: that line, how far along it, and the point of the end."""
    import shapely

    xy = shapely.get_coordinates(lines)
    vertex = _numbered(xy)
    sizes = shapely.get_num_coordinates(lines)
    last = np.cumsum(sizes) - 1
    shared = np.bincount(vertex)[vertex] > 1
    loose = ~shared[np.concatenate([last - sizes + 1, last])]
    ends = np.concatenate([shapely.get_point(lines, 0), shapely.get_point(lines, -1)])
    number, found = tree.query(ends, predicate="dwithin", distance=max(snap_m, _SAME_POINT_M))  # type: ignore[attr-defined]
    apart = shapely.distance(ends[number], lines[found])
    other = (number % len(lines) != found) & (loose[number] | (apart <= _SAME_POINT_M))
    number, found = number[other], found[other]
    along = shapely.line_locate_point(lines[found], ends[number])
    return found, along, shapely.get_coordinates(ends[number])


def _inserted(
    lines: np.ndarray, put_line: np.ndarray, put_along: np.ndarray, points: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Vertices of all lines with further points put in where they belong, the line of each, and where those points stand."""
    import shapely

    xy, part = shapely.get_coordinates(lines, return_index=True)
    steps = np.hypot(*np.diff(xy, axis=0).T)
    new_line = part[1:] != part[:-1]
    # Distance along a line, behind those of all lines before it.
    along = np.concatenate([[0.0], np.cumsum(np.where(new_line, 0.0, steps))])
    first = np.flatnonzero(np.concatenate([[True], new_line]))
    begins = along[first]
    last = np.concatenate([first[1:], [len(xy)]]) - 1
    wanted = np.clip(begins[put_line] + put_along, begins[put_line], along[last[put_line]])
    at = np.searchsorted(along, wanted, side="right")
    at = np.clip(at, first[put_line] + 1, last[put_line])
    order = np.lexsort((wanted, put_line))
    all_xy = np.insert(xy, at[order], points[order], axis=0)
    all_part = np.insert(part, at[order], put_line[order])
    put_at = np.empty(len(order), dtype=np.int64)
    put_at[order] = at[order] + np.arange(len(order))
    return all_xy, all_part, put_at


def _numbered(xy: np.ndarray) -> np.ndarray:
    """A number for each point, the same for those that are one."""
    rounded = np.round((xy - xy.min(axis=0)) / _SAME_POINT_M).astype(np.int64)
    _, number = np.unique(rounded[:, 0] * (rounded[:, 1].max() + 1) + rounded[:, 1], return_inverse=True)
    return np.asarray(number).ravel()


def _breaks(vertex: np.ndarray, part: np.ndarray, put_at: np.ndarray) -> np.ndarray:
    """Vertices at which an edge ends: of lines the ends, those that several lines share, and those that were put in."""
    new_line = part[1:] != part[:-1]
    breaks = np.zeros(len(vertex), dtype=bool)
    breaks[0] = breaks[-1] = True
    breaks[1:] |= new_line
    breaks[:-1] |= new_line
    repeats = np.concatenate([[False], ~new_line & (vertex[1:] == vertex[:-1])])
    shared = np.bincount(vertex[~repeats], minlength=int(vertex.max()) + 1) > 1
    put = np.zeros_like(shared)
    put[vertex[put_at]] = True
    return breaks | (shared | put)[vertex]


def _split(
    xy: np.ndarray, part: np.ndarray, vertex: np.ndarray, breaks: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Edges from break to break, the line of each, their junctions, and the junction of each vertex (−1 between)."""
    import shapely

    at = np.flatnonzero(breaks)
    one_line = (part[at[1:]] == part[at[:-1]]) & ~((vertex[at[1:]] == vertex[at[:-1]]) & (np.diff(at) == 1))
    start, stop = at[:-1][one_line], at[1:][one_line]
    sizes = stop - start + 1
    edge = np.repeat(np.arange(len(start)), sizes)
    place = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes) + start[edge]
    edges = shapely.linestrings(xy[place], indices=edge)
    used = np.unique(vertex[breaks])
    junction = np.full(int(vertex.max()) + 1, -1, dtype=np.int64)
    junction[used] = np.arange(len(used))
    ends = np.column_stack([junction[vertex[start]], junction[vertex[stop]]])
    return np.asarray(edges), part[start], ends, junction
