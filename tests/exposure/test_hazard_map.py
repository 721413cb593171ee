"""What maps of a flood are read as: units, zones, cells without data, and what is refused at the door."""

from pathlib import Path

import numpy as np
import pytest
import rasterio
from floods_for_tests import DEPTHS, HOURS, TRANSFORM, write_flood

from frugal.errors import UnusableInputError
from frugal.exposure.hazard_map import MapSettings, read_hazard_map
from frugal.formats.rasters.class_raster import write_classes
from frugal.formats.rasters.geotiff_bands import Band, write_bands


def write(path: Path, *bands: tuple[str, str, np.ndarray], tags: dict[str, str] | None = None) -> Path:
    write_bands(path, [Band(*band) for band in bands], "EPSG:2154", TRANSFORM, tags)
    return path


def test_bands_with_names_and_units(tmp_path: Path) -> None:
    speed = np.where(DEPTHS > 0, 36.0, 0.0)
    path = write(
        tmp_path / "flood.tif",
        ("max_depth", "cm", 100 * DEPTHS), ("max_speed", "km/h", speed), ("arrival_time", "hour", HOURS),
        ("hazard", "", np.digitize(DEPTHS, [0.05, 1.0])), tags={"HAZARD": "0 none; 1 low; 2 high"},
    )  # fmt: skip
    found = read_hazard_map(path)
    assert found.depth_m == pytest.approx(DEPTHS) and found.speed_m_s is not None and found.arrival_s is not None
    assert found.speed_m_s[0, 9] == pytest.approx(10.0) and found.arrival_s[9, 9] == 3600.0
    assert found.hazard is not None and found.hazard[0].tolist() == [0] * 5 + [1, 1, 1, 2, 2]
    assert {number: name["fr"] for number, name in found.hazard_names.items()} == {0: "none", 1: "low", 2: "high"}


def test_arrival_of_a_file_of_its_own_in_the_unit_that_is_told(tmp_path: Path) -> None:
    depth = write(tmp_path / "depth.tif", ("", "", DEPTHS))
    minutes = write(tmp_path / "arrival.tif", ("", "", np.where(np.isnan(HOURS), -1.0, 60 * HOURS)))
    with pytest.raises(UnusableInputError, match="does not say whether arrival is in seconds or hours"):
        read_hazard_map(depth, MapSettings(arrival=minutes))
    found = read_hazard_map(depth, MapSettings(arrival=minutes, arrival_unit="min"))
    assert found.arrival_s is not None and found.arrival_s[9, 8] == 7200.0 and np.isnan(found.arrival_s[0, 0])
    named = write(tmp_path / "arrival_time_h.tif", ("", "", HOURS))
    found = read_hazard_map(depth, MapSettings(arrival=named))
    assert found.arrival_s is not None and found.arrival_s[9, 8] == 7200.0
    assert "taken in h" in found.notes[0]["en"]


def test_zones_are_not_asked_and_missing_cells_of_this_program_are_dry(tmp_path: Path) -> None:
    zone = np.zeros((10, 10))
    zone[:, 9] = 1.0
    dry_missing = np.where(DEPTHS > 0, DEPTHS, np.nan)
    path = write(
        tmp_path / "flood.tif", ("max_depth", "m", dry_missing), ("zone", "", zone), tags={"STUDY": "submersion"}
    )
    found = read_hazard_map(path)
    assert found.depth_m[0, 0] == 0.0 and np.isnan(found.depth_m[:, 9]).all() and not found.wet[:, 9].any()
    assert found.notes == ()


def test_a_folder_of_maps_is_read_as_one(tmp_path: Path) -> None:
    zone = np.zeros((10, 10))
    zone[:, 9] = 1.0
    wet = np.where((DEPTHS > 0) & (zone == 0), DEPTHS, np.nan)
    tags = {"SOFTWARE": "frugal 1.0"}
    write(tmp_path / "depth.tif", ("max_depth", "m", wet), ("zone", "", zone), tags=tags)
    times = np.where(zone == 0, HOURS, np.nan)
    write(
        tmp_path / "times.tif", ("arrival", "hour", times), ("peak", "hour", times + 1), ("zone", "", zone), tags=tags
    )
    write(tmp_path / "speed.tif", ("max_speed", "m/s", np.where(wet > 0, 0.5, np.nan)), ("zone", "", zone), tags=tags)
    legend = {"CLASS_1_EN": "low", "CLASS_1_FR": "faible", "CLASS_2_EN": "high", "CLASS_2_FR": "fort"}
    classes = np.where(zone == 0, np.digitize(DEPTHS, [0.05, 1.0]), 255)
    write_classes(tmp_path / "hazard.tif", classes, ["#ffffff", "#000000"], "EPSG:2154", TRANSFORM, legend, "hazard")
    found = read_hazard_map(tmp_path)
    assert found.arrival_s is not None and found.speed_m_s is not None and found.hazard is not None
    assert found.arrival_s[9, 8] == 7200.0 and found.speed_m_s[0].tolist() == [0.0] * 5 + [0.5] * 4 + [0.0]
    assert found.hazard[0].tolist() == [0] * 5 + [1, 1, 1, 2, -1] and found.hazard_names[2] == {
        "en": "high",
        "fr": "fort",
    }
    assert found.depth_m[0, 0] == 0.0 and np.isnan(found.depth_m[0, 9]) and found.notes == ()


def test_missing_cells_of_others_are_dry_where_none_is_and_unknown_beside_dry_ones(tmp_path: Path) -> None:
    only_wet = write(tmp_path / "wet.tif", ("depth", "m", np.where(DEPTHS > 0, DEPTHS, np.nan)))
    found = read_hazard_map(only_wet)
    assert found.depth_m[0, 0] == 0.0 and "taken as dry" in found.notes[0]["en"]
    assert np.isnan(read_hazard_map(only_wet, MapSettings(no_data="unknown")).depth_m[0, 0])
    holed = DEPTHS.copy()
    holed[0, 0] = np.nan
    found = read_hazard_map(write(tmp_path / "holed.tif", ("depth", "m", holed)))
    assert np.isnan(found.depth_m[0, 0]) and "nothing is known there" in found.notes[0]["en"]


@pytest.mark.parametrize(
    ("value", "told"),
    [(-0.5, "a depth of -0.5 m at row 3, column 4 .1 such"), (-9998.0, "-9998 m"), (340.0, "340 m at row 3, column 4")],
)
def test_depths_that_are_none(tmp_path: Path, value: float, told: str) -> None:
    depth = DEPTHS.copy()
    depth[2, 3] = value
    with pytest.raises(UnusableInputError, match=told):
        read_hazard_map(write(tmp_path / "flood.tif", ("depth", "m", depth)))


def test_flooded_cells_without_arrival_are_told(tmp_path: Path) -> None:
    hours = HOURS.copy()
    hours[0, 9] = np.nan
    path = write(tmp_path / "flood.tif", ("max_depth", "m", DEPTHS), ("arrival_time", "hour", hours))
    assert "1 flooded cells have no time of arrival" in read_hazard_map(path).notes[0]["en"]


def test_grids_and_systems_that_will_not_do(tmp_path: Path) -> None:
    depth = write(tmp_path / "depth.tif", ("", "", DEPTHS))
    write_bands(tmp_path / "s.tif", [Band("", "s", HOURS[:9])], "EPSG:2154", TRANSFORM)
    with pytest.raises(UnusableInputError, match="which is not the grid of flood map"):
        read_hazard_map(depth, MapSettings(arrival=tmp_path / "s.tif"))
    write_bands(tmp_path / "degrees.tif", [Band("", "", DEPTHS)], "EPSG:4326", (0.001, 0, 2.0, 0, -0.001, 47.0))
    with pytest.raises(UnusableInputError, match="is in degrees"):
        read_hazard_map(tmp_path / "degrees.tif")
    with rasterio.open(
        tmp_path / "nowhere.tif", "w", driver="GTiff", width=10, height=10, count=1, dtype="float32",
        transform=rasterio.Affine(*TRANSFORM),
    ) as file:  # fmt: skip
        file.write(DEPTHS.astype("float32"), 1)
    with pytest.raises(UnusableInputError, match="has no coordinate system"):
        read_hazard_map(tmp_path / "nowhere.tif")
    with pytest.raises(UnusableInputError, match="has no band of depth"):
        read_hazard_map(write(tmp_path / "other.tif", ("rain", "mm", DEPTHS), ("zone", "", DEPTHS)))
    with pytest.raises(UnusableInputError, match="does not exist"):
        read_hazard_map(tmp_path / "absent.tif")


def test_the_whole_is_the_file_that_was_written(tmp_path: Path) -> None:
    found = read_hazard_map(write_flood(tmp_path / "flood.tif"))
    assert found.crs == "EPSG:2154" and found.shape == (10, 10) and found.cell_area_m2 == 100.0
    assert found.arrival_s is not None and np.nanmin(found.arrival_s) == 3600.0
