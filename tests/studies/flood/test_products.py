"""One flood told in files: classes of the decree, sections along cells, and maps, zones, states and series that agree."""

import csv
import json
from pathlib import Path

import geopandas
import numpy as np
import pytest
import rasterio
import shapely
import xarray

from frugal.errors import UnusableInputError
from frugal.experiments.study.questions import Details, DetailsAsked
from frugal.physics.shallow_water.flood_case import FloodCase, Segment
from frugal.physics.shallow_water.watch_list import Section, Watch
from frugal.studies.flood.details import flood_details
from frugal.studies.flood.products.hazard_classes import hazard_scale
from frugal.studies.flood.products.places import cells_of_points, sections_of_lines
from frugal.studies.flood.solver_alternatives import run_flood, solver
from frugal.studies.flood.terrain.terrain import NOWHERE, FloodTerrain
from frugal.studies.flood.walls import walls_of

ROWS, COLUMNS, SIZE = 12, 30, 10.0
TAGS = {"study": "surge", "study_hash": "0", "inputs": "{}"}
CLASSES = """
depth_m = [0.5, 1.0]
speed_m_s = [0.5]
rise_m_h = [2.0]
classes = [[1, 2], [2, 3], [3, 3]]
names_fr = ["vert", "jaune", "rouge"]
"""


def shore() -> FloodTerrain:
    """Sea, a dike of one column, and land that rises behind it."""
    bed = np.tile(np.where(np.arange(COLUMNS) < 5, -1.0, 0.02 * np.arange(COLUMNS)), (ROWS, 1))
    bed[:, 5] = 2.0
    land = np.zeros(bed.shape, dtype=bool)
    land[:, 6:] = True
    dike = np.column_stack([np.arange(ROWS), np.full(ROWS, 5)])
    return FloodTerrain(
        bed, SIZE, np.full(bed.shape, 0.03), land, dike, SIZE * np.arange(ROWS), np.zeros(ROWS),
        buildings=np.zeros(bed.shape), y_max=ROWS * SIZE, crs=NOWHERE,
    )  # fmt: skip


def surge(terrain: FloodTerrain, peak: float = 2.6) -> FloodCase:
    level = ([0.0, 600.0, 1200.0, 1800.0], [0.0, peak, 0.0, 0.0])
    first = np.where(terrain.sea, np.maximum(0.0, terrain.bed), terrain.bed)
    sea = {"west": (Segment("level", series=level, name="sea"),)}
    return FloodCase(terrain.bed, SIZE, 1800.0, terrain.manning, level=first, boundaries=sea)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("details")
    (place / "points.csv").write_text("name;x;y\nwell;105;55\n")
    lines = [shapely.LineString([(100, 0), (100, ROWS * SIZE)]), shapely.LineString([(200, ROWS * SIZE), (200, 0)])]
    lines_file = geopandas.GeoDataFrame({"name": ["northward", "southward"]}, geometry=lines, crs=NOWHERE)
    lines_file.to_file(place / "lines.gpkg")
    (place / "classes.toml").write_text(CLASSES)
    return place


@pytest.fixture(scope="module")
def told(folder: Path) -> tuple[Details, Path]:
    asked = DetailsAsked((900.0,), folder / "points.csv", folder / "lines.gpkg", 300.0, "fr")
    details = flood_details(shore(), surge, folder / "classes.toml", walls_of(shore()))(asked)
    (folder / "out").mkdir()
    details.write(folder / "out", TAGS)
    return details, folder / "out"


def band(path: Path, number: int = 1) -> np.ndarray:
    with rasterio.open(path) as dataset:
        return dataset.read(number, masked=True)


def test_a_run_told_in_detail_answers_as_the_solver_does() -> None:
    details = flood_details(shore(), surge, None)(DetailsAsked())
    plain = solver(shore(), surge)()
    assert all(np.array_equal(details.outputs[name], plain[name]) for name in plain)


def test_what_passes_the_dike_is_what_lies_behind_it(told: tuple[Details, Path]) -> None:
    _, out = told
    summary = json.loads((out / "details.json").read_text())
    passed = summary["sections_m3"]
    rows = list(csv.DictReader((out / "discharge.csv").open()))
    assert float([row for row in rows if row["section"] == "dike"][-1]["volume_m3"]) == pytest.approx(
        passed["dike"], rel=1e-5
    )
    with xarray.open_dataset(out / "states.nc") as states:
        behind = float(states["depth"].values[0, :, 6:].sum()) * SIZE**2
        at_900 = next(row for row in rows if row["section"] == "dike" and row["time_h"] == "0.25")
        assert float(at_900["volume_m3"]) == pytest.approx(behind, rel=1e-5)
        assert states["depth"].dims == ("time", "y", "x") and float(states["time"].values[0]) == 900.0
        assert states["northward_speed"].attrs["units"] == "m s-1"
        assert states["depth"].attrs["standard_name"] == "flood_water_thickness"
    assert passed["northward"] < 0 < passed["southward"] < -passed["northward"], (
        "left of a line that goes south is east"
    )
    there, back = summary["sections_in_m3"], summary["sections_out_m3"]
    for name, net in passed.items():
        assert there[name] - back[name] == pytest.approx(net, abs=0.01) and min(there[name], back[name]) >= 0.0
    assert there["dike"] == pytest.approx(passed["dike"]), "the land lies below the crest: nothing comes back"
    assert back["northward"] > 0.0 and there["southward"] > 0.0
    walls = [note["fr"].split(" du terrain")[0] for note in summary["notes"]]
    assert walls[:2] == ["l'inondation atteint le bord nord", "l'inondation atteint le bord sud"]
    dike = geopandas.read_file(out / "sections.gpkg", layer="dike")
    assert dike["volume"].sum() == pytest.approx(passed["dike"])
    assert dike["volume_in"].sum() == pytest.approx(there["dike"])
    np.testing.assert_allclose(dike["volume_in"] - dike["volume_out"], dike["volume"], atol=1e-6)


def test_maps_zones_and_series_agree(told: tuple[Details, Path]) -> None:
    details, out = told
    hazard = band(out / "hazard.tif")
    assert hazard.mask[:, :6].all() and not hazard.mask[:, 6:].any(), "sea and dike have no class"
    zones = geopandas.read_file(out / "contours.gpkg", layer="hazard_zones")
    for _, zone in zones.iterrows():
        cells = int((hazard == zone["class"]).sum())
        assert zone.geometry.area == pytest.approx(cells * SIZE**2) == pytest.approx(zone["area"])
    assert zones["name_fr"].tolist() == ["vert", "jaune", "rouge"][: len(zones)]
    bands = geopandas.read_file(out / "contours.gpkg", layer="depth_bands")
    depth = details.outputs["max_depth"]
    assert bands["area"].sum() == pytest.approx((depth >= 0.05).sum() * SIZE**2)
    assert np.allclose(band(out / "depth.tif").filled(0.0), np.where(depth >= 0.05, depth, 0.0), atol=1e-6)
    worst, product = (band(out / name).filled(0.0) for name in ("worst.tif", "depth_speed.tif"))
    assert (worst * band(out / "worst.tif", 2).filled(0.0) <= product + 1e-6).all()
    rows = list(csv.DictReader((out / "series.csv").open()))
    assert [row["time_h"] for row in rows[:2]] == ["0", "0.0833333"] and rows[0]["depth_m"] == "0"
    assert max(float(row["depth_m"]) for row in rows) <= depth[6, 10] + 1e-6
    assert float(rows[-1]["level_m"]) == pytest.approx(0.2 + float(rows[-1]["depth_m"]), abs=1e-5)
    with rasterio.open(out / "hazard.tif") as dataset:
        assert dataset.colormap(1)[1][:3] == (0xFF, 0xE9, 0xA8)
        assert dataset.tags()["CLASS_3_FR"] == "rouge" and dataset.tags()["STUDY"] == "surge"
    assert (out / "hazard.png").read_bytes().startswith(b"\x89PNG")


def test_a_flood_that_stays_in_the_sea_is_told_too(tmp_path: Path) -> None:
    details = flood_details(shore(), lambda over: surge(over, 1.0), None)(DetailsAsked())
    details.write(tmp_path, TAGS)
    assert int(band(tmp_path / "hazard.tif").sum()) == 0
    assert geopandas.read_file(tmp_path / "contours.gpkg", layer="hazard_zones").empty
    assert json.loads((tmp_path / "details.json").read_text())["sections_m3"]["dike"] == 0.0


def test_the_default_classes_are_those_of_the_order_of_2019() -> None:
    # article 2 of the arrêté of 5 July 2019: depth by dynamics slow, medium, fast
    table = {
        "H < 0.5": ("Faible", "Modéré", "Fort"),
        "0.5 < H < 1": ("Modéré", "Modéré", "Fort"),
        "1 < H < 2": ("Fort", "Fort", "Très fort"),
        "H > 2": ("Très fort", "Très fort", "Très fort"),
    }
    scale = hazard_scale(None)
    assert [tuple(scale.names[n - 1]["fr"] for n in row) for row in scale.table.classes] == list(table.values())
    assert list(scale.table.depth_bounds_m) == [0.5, 1.0, 2.0]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("rise_m_h", "rize_m_h"), "unknown key 'rize_m_h'"),
        (("[[1, 2], [2, 3], [3, 3]]", "[[1, 2]]"), "have 1 rows"),
        (('"rouge"', "3"), "3 texts are needed"),
        (("[0.5, 1.0]", '"deep"'), "a list of numbers is needed"),
        (("[0.5]", "[0.5"), "cannot be read"),
    ],
)
def test_a_table_of_classes_that_cannot_be_is_refused(tmp_path: Path, change: tuple[str, str], sentence: str) -> None:
    (tmp_path / "c.toml").write_text(CLASSES.replace(*change))
    with pytest.raises(UnusableInputError, match=sentence):
        hazard_scale(tmp_path / "c.toml")


def test_a_slanting_line_follows_the_edges_of_cells_without_a_gap(tmp_path: Path) -> None:
    line = shapely.LineString([(52, 118), (148, 3)])
    geopandas.GeoDataFrame(geometry=[line], crs=NOWHERE).to_file(tmp_path / "l.gpkg")
    (section,), followed = sections_of_lines(tmp_path / "l.gpkg", shore())
    corners = followed["line 1"]
    steps = np.abs(np.diff(corners, axis=0))
    assert (steps.sum(axis=1) == SIZE).all() and len(section.faces) == len(corners) - 1 == 10 + 12
    assert np.array_equal(corners[[0, -1]], [[50.0, 120.0], [150.0, 0.0]])
    east = section.faces[:, 2] == 0
    assert east.sum() == 12 and (section.signs == 1.0)[east].all() and (section.signs == -1.0)[~east].all()


def test_places_that_lie_elsewhere_are_refused(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("x,y\n-5,20\n")
    with pytest.raises(UnusableInputError, match=r"point 'point 1' of points .* outside the terrain"):
        cells_of_points(tmp_path / "p.csv", shore())
    points = geopandas.GeoDataFrame(geometry=[shapely.Point(2.0, 46.0)], crs="EPSG:4326")
    points.to_file(tmp_path / "p.gpkg")
    with pytest.raises(UnusableInputError, match="lies on Earth"):
        cells_of_points(tmp_path / "p.gpkg", shore())
    lines = geopandas.GeoDataFrame(geometry=[shapely.LineString([(50, 50), (500, 50)])], crs=NOWHERE)
    lines.to_file(tmp_path / "l.gpkg")
    with pytest.raises(UnusableInputError, match="leaves the terrain"):
        sections_of_lines(tmp_path / "l.gpkg", shore())
    with pytest.raises(UnusableInputError, match=r"computed from 0 to 0\.5 h"):
        flood_details(shore(), surge, None)(DetailsAsked((7200.0,)))


def test_a_tide_that_comes_and_goes_passes_both_ways() -> None:
    rows, columns, high = 4, 20, 0.5
    time_s = np.linspace(0.0, 3000.0, 101)
    tide = (time_s, high / 2 * (1.0 - np.cos(2.0 * np.pi * time_s / 3000.0)))
    sea = {"west": (Segment("level", series=tide, name="sea"),)}
    bed, rest = np.full((rows, columns), -2.0), np.zeros((rows, columns))
    case = FloodCase(bed, SIZE, 3000.0, np.full(bed.shape, 0.05), level=rest, boundaries=sea)
    faces = np.column_stack([np.arange(rows), np.full(rows, 9), np.zeros(rows, dtype=int)])
    watch = Watch((0.05,), 300.0, None, {}, [Section("middle", faces, np.ones(rows))], [])
    seen = run_flood(case, watch=watch).observed
    assert seen is not None
    there, back = seen.gross[:, 0]
    # So much water lies above the low tide in the 10 columns behind, at high tide.
    assert there == pytest.approx(high * 10 * rows * SIZE**2, rel=0.03)
    assert there - back == pytest.approx(seen.passed[0], abs=1e-9) and abs(seen.passed[0]) < 0.02 * there
