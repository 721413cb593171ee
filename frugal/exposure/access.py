"""Which places lose their way to a chosen point, and when: shortest paths, and paths that stay open longest."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from frugal.errors import UnusableInputError
from frugal.exposure.coverage import Parts
from frugal.exposure.hazard_map import HazardMap
from frugal.exposure.inputs import Features
from frugal.exposure.network import RoadNetwork, build_network
from frugal.exposure.roads import above_water, cut_pieces
from frugal.exposure.vehicles import Vehicle

if TYPE_CHECKING:
    import networkx

#: Way to the target stays open; is cut by the flood; was never there; no road is near enough.
KEPT, LOST, NONE, NO_ROAD = "kept", "lost", "none", "no_road"
STATES = (KEPT, LOST, NONE, NO_ROAD)


@dataclass(frozen=True)
class AccessSettings:
    """How ways are looked for.

    Attributes
    ----------
    road_speed_kmh : float
        On dry roads; slower under water that can still be passed.
    speed_column : str
        Column of the roads that tells it [km/h] in its place; empty for none.
    snap_m : float
        Gaps in the network that count as none.
    road_within_m : float
        Places farther from a road have none.
    """

    road_speed_kmh: float = 50.0
    speed_column: str = ""
    snap_m: float = 0.1
    road_within_m: float = 200.0


@dataclass(frozen=True, eq=False)
class Access:
    """Ways of places to the nearest target, one element a place.

    Attributes
    ----------
    places : Features
    points : array of Point
        Where the places are taken to be.
    state : array of str
        One of `STATES`.
    lost_s : array
        When the last way closes; NaN unless it is lost, and where nobody knows when.
    last_departure_s : array
        Latest time to leave and have passed each part of the way before it closes; negative where that was before the
        event; NaN unless it is lost.
    travel_s : array
        Shortest time on dry roads; NaN where there is no way.
    travel_flooded_s : array
        Shortest time with all roads closed that the flood closes at some time, slower through what can be passed; NaN where
        there is no way then.
    road_distance_m : array
        From the place to its road, which counts for nothing else.
    """

    places: Features
    points: np.ndarray
    state: np.ndarray
    lost_s: np.ndarray
    last_departure_s: np.ndarray
    travel_s: np.ndarray
    travel_flooded_s: np.ndarray
    road_distance_m: np.ndarray


def find_access(
    roads: Features,
    places: Features,
    targets: Features,
    flood: HazardMap,
    vehicle: Vehicle,
    settings: AccessSettings | None = None,
) -> Access:
    """Find which places lose the way to every target, and when.

    A road closes when the water comes to the first of its cells that stops the vehicle. The way of a place is lost when the way
    closes that stays open longest: the greatest, over all ways to any target, of the least time at which a part of it closes.

    Parameters
    ----------
    roads : Features
        Lines, passed both ways.
    places, targets : Features
        Taken at an inner point; put on the nearest road.
    flood : HazardMap
    vehicle : Vehicle
    settings : AccessSettings, optional

    Raises
    ------
    UnusableInputError
        If a setting is not allowed, or no target lies near a road.
    """
    settings = settings or AccessSettings()
    points, goals = (_points_of(features.geometry) for features in (places, targets))
    network = build_network(roads.geometry, points, goals, settings.snap_m, settings.road_within_m)
    speed = _road_speeds(roads, settings)[network.road]
    cut = cut_pieces(network.edges, above_water(roads)[network.road], flood, vehicle)
    pieces = cut.pieces
    edges = Parts(len(network.edges), pieces.line, pieces.cell, pieces.length_m, network.length_m, 1)
    closes = _earliest(edges, cut.closes_s)
    dry_s = network.length_m * 3.6 / speed
    # A part of a road has to lie behind when it closes, whichever way it is passed.
    piece_s = pieces.length_m * 3.6 / speed[pieces.line]
    run_s = np.cumsum(piece_s)
    before = np.concatenate([[0.0], np.cumsum(np.bincount(pieces.line, piece_s, minlength=len(dry_s)))])[pieces.line]
    from_start = _earliest(edges, cut.closes_s - (run_s - before))
    from_end = _earliest(edges, cut.closes_s - (dry_s[pieces.line] - (run_s - before) + piece_s))
    with np.errstate(divide="ignore"):
        slowed = np.fmin(np.where(np.isnan(cut.speed_kmh), np.inf, cut.speed_kmh), speed[pieces.line])
        flooded_s = edges.sums(pieces.length_m * 3.6 / slowed)
    graph = graph_of(network, closes, dry_s, flooded_s, np.column_stack([from_start, from_end]))
    goal = np.unique(network.target_junction[network.target_junction >= 0]).tolist()
    opened = open_until(graph, goal)
    leave = open_until(graph, goal, travelling=True)
    near = network.place_junction >= 0
    found = {
        name: np.where(near, _of(lengths, network), np.nan)
        for name, lengths in (
            ("dry", _shortest(graph, goal, "dry_s")),
            ("flooded", _shortest(graph, goal, "flooded_s")),
            ("opened", opened),
            ("leave", leave),
        )
    }
    ways = ~np.isnan(found["dry"])
    lost = ways & np.isfinite(found["opened"])
    timed = lost & (flood.arrival_s is not None)
    return Access(
        places,
        points,
        np.select([~near, ~ways, lost], [NO_ROAD, NONE, LOST], KEPT),
        np.where(timed, found["opened"], np.nan),
        np.where(timed, found["leave"], np.nan),
        found["dry"],
        np.where(lost, np.nan, found["flooded"]),
        network.place_distance_m,
    )


def _earliest(edges: Parts, times_s: np.ndarray) -> np.ndarray:
    """Earliest time of the pieces of each edge; infinite where none has one."""
    found = edges.least(times_s)
    return np.where(np.isnan(found), np.inf, found)


def _points_of(geometry: np.ndarray) -> np.ndarray:
    import shapely

    return np.asarray(shapely.point_on_surface(geometry))


def _road_speeds(roads: Features, settings: AccessSettings) -> np.ndarray:
    usual = settings.road_speed_kmh
    if not (np.isfinite(usual) and usual > 0):
        raise UnusableInputError(f"--road-speed {usual:g}: km/h above 0 are needed")
    if not settings.speed_column:
        return np.full(len(roads), usual)
    told = roads.numbers(settings.speed_column)
    return np.where(told > 0, told, usual)


def graph_of(
    network: RoadNetwork, closes_s: np.ndarray, dry_s: np.ndarray, flooded_s: np.ndarray, enter_s: np.ndarray
) -> networkx.MultiGraph:
    """The network as a graph of networkx.

    Parameters
    ----------
    network : RoadNetwork
    closes_s : array [edge]
        When each edge closes, infinite where it never does.
    dry_s, flooded_s : array [edge]
        Time to pass it dry, and under water; infinite where it is closed.
    enter_s : array [edge, 2]
        Latest time to enter it at each of its ends and leave every part of it before that closes.
    """
    import networkx

    graph = networkx.MultiGraph()
    graph.add_nodes_from(range(network.junctions))
    graph.add_edges_from(
        (start, end, {"closes_s": closes, "dry_s": dry, "flooded_s": flooded, "enter_s": {start: first, end: last}})
        for (start, end), closes, dry, flooded, (first, last) in zip(
            network.ends.tolist(), closes_s.tolist(), dry_s.tolist(), flooded_s.tolist(), enter_s.tolist(), strict=True
        )
    )
    return graph


def open_until(graph: networkx.MultiGraph, targets: Iterable[int], travelling: bool = False) -> dict[int, float]:
    """Until when each junction can be left for any target, ways that never were left out.

    The best way is the one whose earliest closing is latest; where travelling takes time, it is taken off each closing.
    Both are found as shortest paths are: whatever is reached with the latest time left is final.

    Parameters
    ----------
    graph : networkx.MultiGraph
        Edges with ``closes_s``, or with ``dry_s`` and ``enter_s`` as `graph_of` gives them.
    targets : iterable of int
        Junctions.
    travelling : bool
        Whether roads take time to pass.

    Returns
    -------
    dict of int to float
        Time in s, infinite where a way never closes.
    """
    final: dict[int, float] = {}
    neighbours = dict(graph.adjacency())  # plain dictionaries, which are walked through three times as fast as views
    waiting = [(-np.inf, target) for target in targets]
    heapq.heapify(waiting)
    while waiting:
        negative, junction = heapq.heappop(waiting)
        if junction in final:
            continue
        final[junction] = -negative
        for neighbour, parallel in neighbours[junction].items():
            if neighbour in final:
                continue
            until = max(
                min(edge["enter_s"][neighbour], -negative - edge["dry_s"])
                if travelling
                else min(edge["closes_s"], -negative)
                for edge in parallel.values()
            )
            heapq.heappush(waiting, (-until, neighbour))
    return final


def _shortest(graph: networkx.MultiGraph, targets: list[int], weight: str) -> dict[int, float]:
    """Shortest time to any target, by junction; those that cannot be reached are left out."""
    import networkx

    lengths = networkx.multi_source_dijkstra_path_length(graph, targets, weight=weight)
    return {junction: length for junction, length in lengths.items() if np.isfinite(length)}


def _of(values: dict[int, float], network: RoadNetwork) -> np.ndarray:
    return np.array([values.get(junction, np.nan) for junction in network.place_junction.tolist()], dtype=float)
