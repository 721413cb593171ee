"""When places are cut off: by hand, and against every path there is."""

from pathlib import Path

import geopandas
import networkx
import numpy as np
import pytest
import shapely
from floods_for_tests import SOUTH, WEST, at, flood, points, roads, write_features
from shapely import LineString

from frugal.errors import UnusableInputError
from frugal.exposure.access import Access, AccessSettings, find_access, open_until
from frugal.exposure.hazard_map import HazardMap
from frugal.exposure.inputs import Features, read_features
from frugal.exposure.vehicles import vehicle_named


def ways(tmp_path: Path, path: Path, *places: tuple[float, float], **settings: float) -> Access:
    features = [
        read_features(file, flood(), what)
        for file, what in (
            (path, "roads"),
            (points(tmp_path, "places", *places), "places"),
            (points(tmp_path, "hospital", (5, 45)), "targets"),
        )
    ]
    told = AccessSettings(road_speed_kmh=36.0, **settings)  # 10 m/s
    return find_access(*features, flood(), vehicle_named("small_car"), told)


def test_the_last_way_counts(tmp_path: Path) -> None:
    found = ways(tmp_path, roads(tmp_path), (75, 45), (75, 95), (45, 95), (25, 5), (25, 45), road_within_m=35.0)
    assert found.state.tolist() == ["lost", "lost", "kept", "no_road", "kept"]
    # Straight on the way closes after 3 h. Round by the north it would after 4 h, but its last 5 m lie in the south.
    assert found.lost_s.tolist()[:2] == [3 * 3600.0, 4 * 3600.0]
    assert np.isnan(found.lost_s[2:]).all()
    assert found.travel_s == pytest.approx([7.0, 12.0, 9.0, np.nan, 2.0], nan_ok=True)
    # Its first 5 m close after 4 h, at 10 m/s; the 10 m behind them after 5 h. The other place begins with 10 m until 3 h.
    assert found.last_departure_s[:2] == pytest.approx([3 * 3600.0 - 0.5, 4 * 3600.0 - 0.5])
    # Dry on both sides: 9 s too.
    assert found.travel_flooded_s == pytest.approx([np.nan, np.nan, 9.0, np.nan, 2.0], nan_ok=True)


def test_lines_meet_at_shared_points_and_within_a_gap_and_do_not_where_they_cross(tmp_path: Path) -> None:
    lines = [
        LineString([at(5, 45), at(25, 45), at(45, 45)]),
        LineString([at(25, 45), at(25, 65)]),  # at a vertex in the middle
        LineString([at(35, 45.05), at(35, 65)]),  # 5 cm short of the middle of the first
        LineString([at(15, 25), at(15, 65)]),  # over it on a bridge
    ]
    path = write_features(tmp_path / "roads.gpkg", lines)
    places = [(25, 65), (35, 65), (15, 65)]
    found = ways(tmp_path, path, *places)
    assert found.state.tolist() == ["kept", "kept", "none"]
    assert found.travel_s == pytest.approx([4.0, 4.995, np.nan], abs=1e-2, nan_ok=True)
    assert ways(tmp_path, path, *places, snap_m=0.01).state.tolist() == ["kept", "none", "none"]


def test_what_has_to_be_reached_may_lie_off_the_map(tmp_path: Path) -> None:
    path = write_features(tmp_path / "roads.gpkg", [LineString([at(-60, 45), at(75, 45)])])
    files = (
        (path, "roads"),
        (points(tmp_path, "places", (75, 45), (-20, 45)), "places"),
        (points(tmp_path, "h", (-60, 45)), "targets"),
    )
    found = find_access(
        *(read_features(file, flood(), what) for file, what in files), flood(), vehicle_named("small_car")
    )
    assert found.state.tolist() == ["lost", "kept"] and found.lost_s[0] == 3 * 3600.0


def test_a_target_without_a_road_is_refused(tmp_path: Path) -> None:
    path = write_features(tmp_path / "far.gpkg", [LineString([at(90, 90), at(95, 95)])])
    with pytest.raises(UnusableInputError, match="none of the 1 targets of --access-to lies within 20 m of a road"):
        ways(tmp_path, path, (75, 45), road_within_m=20.0)


@pytest.mark.parametrize("seed", range(6))
def test_the_best_of_all_paths_is_found(seed: int) -> None:
    """Every simple path of small random networks with parallel roads: the greatest least closing, and the latest departure."""
    rng = np.random.default_rng(seed)
    graph = networkx.MultiGraph()
    graph.add_nodes_from(range(7))
    for start, end in rng.integers(0, 7, (12, 2)).tolist():
        closes = float(rng.choice([np.inf, *rng.uniform(0, 100, 3)]))
        dry = float(rng.uniform(1, 20))
        enter = {start: closes - dry / 2, end: closes - dry / 3}
        graph.add_edge(start, end, closes_s=closes, dry_s=dry, enter_s=enter)
    opened, leave = open_until(graph, [0]), open_until(graph, [0], travelling=True)
    for node in range(1, 7):
        least, latest = [], []
        for path in networkx.all_simple_edge_paths(graph, node, 0):
            edges = [graph.edges[edge] for edge in path]
            least.append(min(edge["closes_s"] for edge in edges))
            gone = np.cumsum([0.0, *(edge["dry_s"] for edge in edges)])
            entered = [edge["enter_s"][start] for edge, (start, _, _) in zip(edges, path, strict=True)]
            latest.append(min(enter - spent for enter, spent in zip(entered, gone[:-1], strict=True)))
        assert (node in opened) == bool(least)
        if least:
            assert opened[node] == max(least)
            assert leave[node] == pytest.approx(max(latest))


@pytest.mark.parametrize("seed", range(4))
def test_ways_do_not_depend_on_how_roads_are_drawn(seed: int) -> None:
    """Lines turned round, cut at vertices, in another order and with more vertices are the same network."""
    rng = np.random.default_rng(seed)
    depth = np.where(rng.random((12, 12)) < 0.5, rng.uniform(0, 1, (12, 12)), 0.0)
    arrival = np.where(depth > 0, rng.uniform(0, 1e4, (12, 12)), np.nan)
    water = HazardMap(Path("x"), "EPSG:2154", (10, 0, WEST, 0, -10, SOUTH + 120), depth, arrival_s=arrival)
    corner = np.array([WEST, SOUTH])
    nodes = rng.uniform(0, 120, (9, 2)) + corner
    lines = []
    for _ in range(14):
        first, last = rng.choice(9, 2, replace=False)
        between = rng.uniform(0, 120, (2, 2)) + corner
        lines.append(LineString([nodes[first], *between, nodes[last]]))
    places, target = (shapely.points(rng.uniform(0, 120, (count, 2)) + corner) for count in (15, 1))

    def found(drawn: list) -> Access:
        roads, ends, goal = (
            features(what, shapes) for what, shapes in (("roads", drawn), ("places", places), ("targets", target))
        )
        return find_access(roads, ends, goal, water, vehicle_named("small_car"))

    whole = found(lines)
    cut = [LineString(part) for line in lines for part in (line.coords[1:], line.coords[:2][::-1])]
    for other in (found(cut[::-1]), found([shapely.segmentize(line, 7.0) for line in lines])):
        assert other.state.tolist() == whole.state.tolist()
        for name in ("lost_s", "last_departure_s", "travel_s", "travel_flooded_s"):
            assert getattr(other, name) == pytest.approx(getattr(whole, name), abs=1e-2, nan_ok=True)
    lost = whole.state == "lost"
    assert lost.any() and (whole.last_departure_s <= whole.lost_s)[lost].all()


def features(what: str, shapes: object) -> Features:
    """Shapes as if they had been read."""
    frame = geopandas.GeoDataFrame(geometry=list(shapes), crs="EPSG:2154")  # type: ignore[call-overload]
    names = np.array([str(number) for number in range(len(frame))], dtype=object)
    return Features(what, what, frame, names, names, names)
