"""Buildings, roads and people on the small flood, with every number counted by hand."""

from pathlib import Path

import numpy as np
import pytest
from floods_for_tests import DEPTHS, TRANSFORM, at, buildings, flood, roads, write_features
from shapely import Point, box

from frugal.exposure.classes import DepthClasses
from frugal.exposure.exposed import expose
from frugal.exposure.inputs import read_features
from frugal.exposure.people import expose_people, read_people
from frugal.exposure.roads import expose_roads
from frugal.exposure.vehicles import safe_speed_kmh, vehicle_named
from frugal.formats.rasters.geotiff_bands import Band, write_bands

CLASSES = DepthClasses()


def test_buildings(tmp_path: Path) -> None:
    found = expose(read_features(buildings(tmp_path), flood(), "buildings"), flood(), CLASSES)
    assert found.size == pytest.approx([100, 100, 40, 100])
    assert found.known_size == pytest.approx([100, 100, 40, 50], rel=1e-6)
    assert found.wet_size == pytest.approx([0, 100, 20, 50], rel=1e-6)
    assert found.depth_max_m.tolist() == [0.0, 0.3, 0.1, 2.5]
    assert found.depth_mean_m == pytest.approx([0.0, 0.2, 0.05, 2.5])
    assert found.depth_class.tolist() == [0, 2, 1, 5]
    assert found.arrival_s.tolist()[1:] == [4 * 3600.0, 5 * 3600.0, 3600.0] and np.isnan(found.arrival_s[0])
    # dry, up to 0.2, up to 0.5, up to 1, up to 2, more, unknown
    assert found.size_by_class == pytest.approx(
        np.array(
            [[100, 0, 0, 0, 0, 0, 0], [0, 50, 50, 0, 0, 0, 0], [20, 20, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 50, 50]],
            dtype=float,
        ),
        abs=1e-4,
    )
    by_mean = expose(found.features, flood(), CLASSES, "mean")
    assert by_mean.depth_class.tolist() == [0, 2, 1, 5]  # 0.2 m belongs to the class above the bound
    assert by_mean.depth_m == pytest.approx([0.0, 0.2, 0.05, 2.5])


def test_sea_and_dike_are_neither_dry_nor_flooded(tmp_path: Path) -> None:
    depth = DEPTHS.copy()
    depth[:, 8:] = np.nan  # a zone of which nothing is asked
    sea = flood()
    sea.depth_m[:] = depth
    found = expose(read_features(buildings(tmp_path), sea, "buildings"), sea, CLASSES)
    assert found.depth_class[3] == -1 and found.wet_size[3] == 0 and np.isnan(found.depth_max_m[3])


def test_points_and_hazard_by_its_classes(tmp_path: Path) -> None:
    path = write_features(tmp_path / "sites.gpkg", [Point(*at(5, 5)), Point(*at(85, 5))], nature=["mast", "station"])
    hazard = np.digitize(DEPTHS, [0.05, 1.0])
    found = expose(read_features(path, flood(), "assets"), flood(hazard=hazard), CLASSES)
    assert found.hazard.tolist() == [0, 2] and found.features.kinds.tolist() == ["mast", "station"]
    assert found.depth_m.tolist() == [0.0, 1.5] and found.size_unit == "1"


def test_roads_are_cut_at_the_edge(tmp_path: Path) -> None:
    found = expose_roads(read_features(roads(tmp_path), flood(), "roads"), flood(), CLASSES, vehicle_named("small_car"))
    assert found.whole.size == pytest.approx([40, 30, 80, 50])
    assert found.whole.wet_size == pytest.approx([0, 25, 25, 50])
    assert found.closed_length_m == pytest.approx([0, 15, 15, 50])
    assert np.isnan(found.closes_s[0]) and found.closes_s[1:].tolist() == [3 * 3600.0, 4 * 3600.0, 3 * 3600.0]
    second = found.stretches.road == 1
    columns = {name: values[second] for name, values in found.stretches.columns.items()}
    assert columns["length_m"] == pytest.approx([5, 10, 10, 5])
    assert columns["depth_max_m"].tolist() == [0.0, 0.1, 0.3, 0.6]
    assert columns["safe_speed_kmh"] == pytest.approx([86.9448, 40.6548, 0, 0])
    assert columns["closed"].tolist() == [False, False, True, True]
    ends = [list(line.coords) for line in found.stretches.geometry[second]]
    assert ends[1] == [at(50, 45), at(60, 45)]
    third = found.stretches.geometry[found.stretches.road == 2]
    assert list(third[0].coords) == [at(45, 45), at(45, 95), at(50, 95)]  # the corner stays, crossings of cells do not


def test_bridges_stay_dry_and_deeper_vehicles_pass(tmp_path: Path) -> None:
    lines = read_features(roads(tmp_path), flood(), "roads")
    lines.frame["bridge"] = ["no", "yes", None, ""]
    found = expose_roads(lines, flood(), CLASSES, vehicle_named("four_wheel_drive"))
    assert found.bridges == 1 and found.whole.wet_size.tolist()[1] == 0.0
    assert found.closed_length_m == pytest.approx([0, 0, 5, 50])  # 0.3 m passes, 0.6 m does not


def test_fast_water_closes_roads_that_are_not_deep(tmp_path: Path) -> None:
    lines = read_features(roads(tmp_path), flood(), "roads")
    swift = flood(speed_m_s=np.where(DEPTHS == 0.1, 3.5, 0.0))
    found = expose_roads(lines, swift, CLASSES, vehicle_named("small_car"))
    assert found.closed_length_m == pytest.approx([0, 25, 25, 50])


def test_safe_speed_is_the_published_law() -> None:
    # 0.0009 w² − 0.5529 w + 86.9448, w in mm
    assert safe_speed_kmh(np.array([0.0, 0.05, 0.15, 0.2, 0.3])) == pytest.approx(
        [86.9448, 61.5498, 24.2598, 12.3648, 0]
    )


def test_people_by_the_share_of_their_area(tmp_path: Path) -> None:
    shapes = [box(*at(40, 0), *at(60, 10)), box(*at(90, 0), *at(110, 10))]
    path = write_features(tmp_path / "squares.gpkg", shapes, ind=[40, 10])
    found = expose_people(*read_people(str(path), flood()), flood(), CLASSES)
    assert found.wet == pytest.approx([20, 5], rel=1e-6)
    assert found.by_class.sum(axis=0) == pytest.approx([20, 20, 0, 0, 0, 5, 5], abs=1e-4)
    # 2.5 m: nobody stands; 0.1 m: everybody does
    assert found.unstable == pytest.approx({"children": 5, "adults": 5}, rel=1e-6)


def test_people_of_a_raster_on_another_grid(tmp_path: Path) -> None:
    counts = np.zeros((5, 5))
    counts[4, 2], counts[0, 4] = 8.0, 3.0  # 40–60 m east: half dry; 80–100 m: 1.5 and 2.5 m
    grid = (20.0, 0.0, TRANSFORM[2], 0.0, -20.0, TRANSFORM[5])
    write_bands(tmp_path / "people.tif", [Band("", "", counts)], "EPSG:2154", grid)
    found = expose_people(*read_people(tmp_path / "people.tif", flood()), flood(), CLASSES)
    assert found.counts.tolist() == [3.0, 8.0] and found.wet == pytest.approx([3.0, 4.0], rel=1e-6)
