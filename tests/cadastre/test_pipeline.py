"""The cadastre from a surface to its files, on a small generated village."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from pathlib import Path

import geopandas
import laspy
import numpy as np
import pandas
import pyproj
import pytest
import rasterio
import shapely
from cadastre.cadastres import made, planes_of
from typer.testing import CliRunner

from frugal.cadastre import run as cadastre_run
from frugal.cadastre.job.result import Cadastre
from frugal.cadastre.job.settings import CadastreSettings
from frugal.cadastre.run import make_cadastre
from frugal.cadastre.tables.columns import BUILDINGS, PLANES
from frugal.cadastre.territory.surfaces import prepare_clouds
from frugal.cli import app
from frugal.errors import EnvironmentFaultError, UnusableInputError
from frugal.formats.rasters.surface_model import SurfaceModel, write_surface_model
from frugal.studies.solar.village.surface import synthetic_village

pytestmark = pytest.mark.slow


def test_files_hold_the_same_planes(whole: Cadastre) -> None:
    planes = planes_of(whole.out)
    assert whole.planes == len(planes) > 20
    layers = {
        name: geopandas.read_file(whole.out / "cadastre.gpkg", layer=name) for name in ("roof_planes", "buildings")
    }
    assert len(layers["roof_planes"]) == len(planes)
    assert layers["buildings"]["yield_kwh"].sum() == pytest.approx(planes["yield_kwh"].sum())
    assert layers["buildings"]["planes"].sum() == len(planes)
    months = planes[[f"yield_{month:02d}_kwh" for month in range(1, 13)]].sum(axis=1)
    np.testing.assert_allclose(months, planes["yield_kwh"], rtol=1e-4)
    assert (planes["yield_p10_kwh"] < planes["yield_kwh"]).all()
    assert (planes["yield_kwh"] < planes["yield_p90_kwh"]).all()
    assert planes["class"].between(1, 5).all()
    assert planes["area_m2"].min() >= 10.0
    assert (planes["usable_area_m2"] <= planes["area_m2"] + 1e-6).all()


def test_qgis_finds_its_style(whole: Cadastre) -> None:
    with sqlite3.connect(whole.out / "cadastre.gpkg") as database:
        rows = database.execute("SELECT f_table_name, styleQML, useAsDefault FROM layer_styles").fetchall()
    assert {row[0] for row in rows} == {"roof_planes", "buildings"}
    assert sum(row[2] for row in rows) == 2
    assert all('attr="class"' in row[1] for row in rows)
    assert any('name="Inclinaison (°)"' in row[1] for row in rows)


def test_every_column_is_explained(whole: Cadastre) -> None:
    for layer, columns in (("roof_planes", PLANES), ("buildings", BUILDINGS)):
        frame = geopandas.read_file(whole.out / "cadastre.gpkg", layer=layer)
        assert list(frame.columns.drop("geometry")) == list(columns)
        for column in columns.values():
            assert column.meaning["en"] and column.meaning["fr"]


def test_maps_add_up_and_know_their_holes(whole: Cadastre) -> None:
    with rasterio.open(whole.out / "irradiation.vrt") as dataset:
        assert dataset.descriptions[0] == "year"
        bands = dataset.read(masked=True)
    year, months = bands[0].astype(int), bands[1:].astype(int)
    assert np.ma.getmaskarray(year)[12:28, 205:235].all()
    np.testing.assert_array_less(np.abs(year - months.sum(axis=0)).compressed(), 7)  # each rounded to whole kWh/m²
    assert 900 < np.ma.median(year) < 1500


def test_communes_and_cost_are_told(whole: Cadastre) -> None:
    assert (whole.out / "communes.csv").read_text().startswith("commune,buildings,planes,roof_area_m2")
    told = json.loads((whole.out / "footprint.json").read_text())
    assert told["cpu_seconds"] > 0
    assert told["energy_kwh"]["low"] < told["energy_kwh"]["value"] < told["energy_kwh"]["high"]
    content = json.loads((whole.out / "map" / "data" / "cadastre.json").read_text())
    assert content["verdicts"]["roof_yield"]["en"]
    assert (whole.out / "map" / "audit" / "roof_yield" / "fr.html").is_file()


def test_what_is_known_stands_beside_the_tables_and_on_the_page(whole: Cadastre) -> None:
    """The village lies 58 km and 0.5° from La Rochelle: 3.5 and 1.7 % more beside the 4 % of the year."""
    told = json.loads((whole.out / "map" / "data" / "cadastre.json").read_text())
    readme = (whole.out / "README.md").read_text()
    assert told["weather"]["distance_km"] == pytest.approx(58, abs=2)
    assert told["weather"]["spread_of_place"] == pytest.approx(0.039, abs=0.001)
    for words, french in (
        ("km and 0.5° of latitude away", " km et 0,5° de latitude"),
        ("houses that adjoin are one building", "des maisons mitoyennes forment un seul bâtiment"),
        ("only a part of the roof area is found", "seule une partie de leur surface"),
    ):
        assert any(words in note["en"] and french in note["fr"] for note in told["notes"])
        assert words in readme and french in readme
        assert any(words in note for note in whole.notes)
    planes = planes_of(whole.out)
    half = (planes["yield_p90_kwh"] - planes["yield_p10_kwh"]) / 2 / planes["yield_kwh"]
    assert half.min() >= 1.2816 * (0.04**2 + 0.0385**2) ** 0.5


def test_a_survey_under_another_sky_is_refused_with_the_command_that_mends_it(bundle: Path, tmp_path: Path) -> None:
    """Perpignan, 42.7° N 2.9° E, with the packaged year of La Rochelle, 46.18° N 1.19° W: 3.5° and 506 km apart."""
    survey = tmp_path / "perpignan.tif"
    write_surface_model(survey, SurfaceModel(np.full((64, 64), 3.0), 0.5, 690_000.0, 6_178_000.0, "EPSG:2154", "", ""))
    with pytest.raises(UnusableInputError, match=r"lies 5\d\d km and 3\.5° of latitude from its weather") as caught:
        made(survey, bundle, tmp_path / "out")
    command = (
        rf"frugal cadastre {survey} --set latitude_deg=42\.\d+ --set longitude_deg=2\.\d+ --out \S+out; --force-weather"
    )
    assert re.search(command, str(caught.value))
    forced = made(survey, bundle, tmp_path / "out", force_weather=True)
    assert "taken because it was forced" in forced.notes[0]


def test_the_result_does_not_depend_on_the_tiling(
    whole: Cadastre, surface: Path, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("frugal.cadastre.job.job.FARTHEST_PART_M", 25.0)  # else the halo would hold the whole village
    tiled = made(surface, bundle, tmp_path / "tiled", tile_m=50.0)
    one, other = planes_of(whole.out), planes_of(tiled.out)
    assert list(one["plane_id"]) == list(other["plane_id"])
    for name in one.columns.drop("geometry"):
        assert (one[name] == other[name]).all(), name
    assert one.geometry.geom_equals_exact(other.geometry, 0.0).all()
    maps = []
    for cadastre in (whole, tiled):
        with rasterio.open(cadastre.out / "irradiation.vrt") as dataset:
            maps.append(dataset.read())
    np.testing.assert_array_equal(*maps)


def test_an_interrupted_run_goes_on(
    surface: Path, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Impatient:
        def stage(self, text: str, total: int | None = None) -> None:
            self.text = text

        def step(self, done: int, note: str = "") -> None:
            if self.text == "tiles" and done == 2:
                raise KeyboardInterrupt

    settings = CadastreSettings(inputs=(surface,), bundle=bundle, reach_m=30.0, threads=1, tile_m=50.0, maps=False)
    out = tmp_path / "cadastre"
    with pytest.raises(KeyboardInterrupt):
        make_cadastre(settings, out, Impatient(), carbon=False)
    computed = []
    original = cadastre_run.compute_tile
    monkeypatch.setattr(cadastre_run, "compute_tile", lambda job, tile: (computed.append(tile), original(job, tile))[1])
    cadastre = make_cadastre(settings, out, carbon=False)
    tiles = list((out / "work" / "tiles").iterdir())
    assert 0 < len(computed) <= len(tiles) - 2
    assert cadastre.footprint["interrupted_stages"] == 1
    computed.clear()
    make_cadastre(settings, out, carbon=False)
    assert not computed


def test_a_damaged_input_is_listed_and_the_others_go_on(surface: Path, bundle: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.tif"
    damaged.write_bytes(surface.read_bytes()[: surface.stat().st_size // 2])
    settings = ["cadastre", str(surface), str(damaged), "--bundle", str(bundle), "--no-maps", "--reach", "30"]
    result = CliRunner().invoke(app, [*settings, "--out", str(tmp_path / "out"), "--json"])
    assert result.exit_code == 1, result.output
    told = json.loads(result.stdout)
    assert told["planes"] > 20
    assert [failure["what"] for failure in told["failures"]] == ["damaged.tif"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"no raster", "not a raster"), (None, "does not exist")],
)
def test_nothing_usable_is_one_sentence(content: bytes | None, sentence: str, bundle: Path, tmp_path: Path) -> None:
    path = tmp_path / "input.tif"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UnusableInputError, match=sentence):
        make_cadastre(CadastreSettings(inputs=(path,), bundle=bundle), tmp_path / "out", carbon=False)


def test_other_folders_are_left_alone(surface: Path, bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "dear.txt").write_text("keep me")
    with pytest.raises(UnusableInputError, match="not empty"):
        made(surface, bundle, tmp_path / "letters")
    assert [path.name for path in (tmp_path / "letters").iterdir()] == ["dear.txt"]


def test_a_folder_with_work_of_others_is_left_alone(surface: Path, bundle: Path, tmp_path: Path) -> None:
    for name in ("work", "map"):
        (tmp_path / "project" / name).mkdir(parents=True)
    (tmp_path / "project" / "map" / "thesis.txt").write_text("keep me")
    with pytest.raises(UnusableInputError, match="holds no cadastre"):
        made(surface, bundle, tmp_path / "project")
    assert (tmp_path / "project" / "map" / "thesis.txt").read_text() == "keep me"


def test_a_folder_tells_of_one_run_only(surface: Path, bundle: Path, tmp_path: Path) -> None:
    made(surface, bundle, tmp_path / "out")
    shutil.rmtree(tmp_path / "out" / "work")  # to save room: the cadastre is still known as one
    made(surface, bundle, tmp_path / "out", maps=False)
    assert not (tmp_path / "out" / "irradiation.vrt").exists()
    with rasterio.open(surface) as dataset:
        west, north = dataset.bounds.left, dataset.bounds.top
    write_surface_model(
        tmp_path / "flat.tif", SurfaceModel(np.full((64, 64), 3.0), 0.5, west, north, "EPSG:2154", "flat", "")
    )
    with pytest.raises(UnusableInputError, match="nothing came out"):
        made(tmp_path / "flat.tif", bundle, tmp_path / "out", maps=False)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [".frugal-cadastre", "footprint.json", "work"]


def test_footprints_that_are_no_file_are_told(surface: Path, bundle: Path, tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere.gpkg", tmp_path):
        with pytest.raises(UnusableInputError, match="does not exist or is not a file"):
            made(surface, bundle, tmp_path / "out", buildings=path)


def test_wrong_choices_are_told_before_anything_is_trained(surface: Path, bundle: Path, tmp_path: Path) -> None:
    for sentence, choice in (
        ("not a multiple", {"tile_m": 77.3}),
        ("one of 'roof_shading' is needed", {"shading_bundle": bundle}),
        ("--crs names EPSG:28992", {"crs": "EPSG:28992"}),
    ):
        with pytest.raises(UnusableInputError, match=sentence):
            settings = CadastreSettings.model_validate({"inputs": (surface,), **choice})
            make_cadastre(settings, tmp_path / "out", carbon=False)
    assert not (tmp_path / "out" / "work" / "campaigns").exists()


def test_cells_that_do_not_divide_a_kilometre(bundle: Path, tmp_path: Path) -> None:
    village = synthetic_village(3, 96.0, 0.6)
    west, north = 0.6 * round(village.x_min / 0.6), 0.6 * round(village.y_max / 0.6)
    write_surface_model(
        tmp_path / "village.tif", SurfaceModel(village.heights, 0.6, west, north, village.crs, "village", "")
    )
    assert made(tmp_path / "village.tif", bundle, tmp_path / "out").planes > 0


def test_wide_cells_are_told(bundle: Path, tmp_path: Path) -> None:
    village = synthetic_village(3, 128.0, 0.5)
    coarse = SurfaceModel(village.heights[::4, ::4], 2.0, village.x_min, village.y_max, village.crs, "village", "")
    write_surface_model(tmp_path / "coarse.tif", coarse)
    assert "wider than 1.25 m" in str(made(tmp_path / "coarse.tif", bundle, tmp_path / "out", maps=False).notes)


def test_communes_elsewhere_are_told(surface: Path, bundle: Path, tmp_path: Path) -> None:
    away = geopandas.GeoDataFrame(
        {"nom_com": ["A"]}, geometry=[shapely.box(0, 6_000_000, 9, 6_000_009)], crs="EPSG:2154"
    )
    away.to_file(tmp_path / "away.gpkg")
    with pytest.raises(UnusableInputError, match=r"away\.gpkg' lie elsewhere"):
        made(surface, bundle, tmp_path / "out", communes=tmp_path / "away.gpkg")


def test_what_was_said_of_footprints_is_said_again(surface: Path, bundle: Path, tmp_path: Path) -> None:
    with rasterio.open(surface) as dataset:
        west, south, east, north = dataset.bounds
    crossed = shapely.Polygon([(west, south), (east, north), (east, south), (west, north)])
    geopandas.GeoDataFrame({"id": ["1"]}, geometry=[crossed], crs="EPSG:2154").to_file(tmp_path / "crossed.gpkg")
    notes = [
        made(surface, bundle, tmp_path / "out", buildings=tmp_path / "crossed.gpkg", maps=False).notes for _ in range(2)
    ]
    assert "repaired" in str(notes[0])
    assert notes[0] == notes[1]


def test_a_damaged_cloud_is_listed_by_every_run(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for name, west in (("good.laz", 380_000.0), ("damaged.laz", 380_040.0)):
        header = laspy.LasHeader(point_format=6, version="1.4")
        header.scales, header.offsets = [0.01] * 3, [west, 6_600_000.0, 0.0]
        header.add_crs(pyproj.CRS("EPSG:2154"))
        cloud = laspy.LasData(header)
        cloud.x, cloud.y = west + rng.uniform(0, 40, 20_000), 6_600_000.0 + rng.uniform(0, 40, 20_000)
        cloud.z = rng.uniform(0, 1, 20_000)
        cloud.write(tmp_path / name)
    content = bytearray((tmp_path / "damaged.laz").read_bytes())
    middle = slice(len(content) // 2, len(content) // 2 + 3_000)
    content[middle] = bytes((7 * byte + 13) % 256 for byte in content[middle])
    (tmp_path / "damaged.laz").write_bytes(content)
    clouds = [tmp_path / "good.laz", tmp_path / "damaged.laz"]
    for _ in range(2):
        prepared = prepare_clouds(clouds, tmp_path / "work")
        assert [failure.what for failure in prepared.failures] == ["damaged.laz"]


def test_a_bundle_of_another_study_is_refused(surface: Path, tmp_path: Path) -> None:
    with pytest.raises(UnusableInputError, match="does not exist"):
        made(surface, tmp_path / "nowhere", tmp_path / "out")


def test_footprints_elsewhere_are_told_before_anything_is_trained(surface: Path, tmp_path: Path) -> None:
    away = geopandas.GeoDataFrame({"id": ["1"]}, geometry=[shapely.box(0, 6_000_000, 9, 6_000_009)], crs="EPSG:2154")
    away.to_file(tmp_path / "away.gpkg")
    with pytest.raises(UnusableInputError, match=r"away\.gpkg"):
        make_cadastre(
            CadastreSettings(inputs=(surface,), buildings=tmp_path / "away.gpkg"), tmp_path / "out", carbon=False
        )
    assert not (tmp_path / "out" / "roof_yield").exists()


def test_communes_are_summed(surface: Path, bundle: Path, whole: Cadastre, tmp_path: Path) -> None:
    with rasterio.open(surface) as dataset:
        west, south, east, north = dataset.bounds
    middle = (west + east) / 2
    halves = geopandas.GeoDataFrame(
        {"insee_com": ["85001", "85002"]},
        geometry=[shapely.box(west, south, middle, north), shapely.box(middle, south, east, north)],
        crs="EPSG:2154",
    )
    halves.to_file(tmp_path / "communes.gpkg")
    cadastre = made(surface, bundle, tmp_path / "out", communes=tmp_path / "communes.gpkg", maps=False)
    rows = pandas.read_csv(cadastre.out / "communes.csv", dtype={"commune": str})
    assert list(rows["commune"]) == ["85001", "85002"]
    assert rows["planes"].sum() == whole.planes
    assert rows["yield_kwh"].sum() == pytest.approx(planes_of(whole.out)["yield_kwh"].sum(), rel=1e-4)


def test_weather_of_another_place_is_refused_beside_a_bundle(surface: Path, bundle: Path, tmp_path: Path) -> None:
    with pytest.raises(UnusableInputError, match="trained with other weather"):
        made(surface, bundle, tmp_path / "out", site={"seed": "1"})


def test_a_cluster_gives_the_same(surface: Path, bundle: Path, whole: Cadastre, tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    settings = CadastreSettings(inputs=(surface,), bundle=bundle, reach_m=30.0, tile_m=100.0)
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    ) as cluster:
        cadastre = make_cadastre(settings, tmp_path / "out", carbon=False, cluster=cluster.scheduler_address)
    one, other = planes_of(whole.out), planes_of(cadastre.out)
    assert (one["yield_kwh"] == other["yield_kwh"]).all()
    assert (one["horizon"] == other["horizon"]).all()
    reports = [json.loads(path.read_text()) for path in (tmp_path / "out").glob("work/tiles/*/report.json")]
    spent = [json.loads(line) for line in (tmp_path / "out" / "work" / "ledger.jsonl").read_text().splitlines()]
    elsewhere = [line["cpu_seconds"] for line in spent if "cluster" in line.get("details", {})]
    assert elsewhere == [pytest.approx(sum(report["cpu_seconds"] for report in reports))]
    assert cadastre.footprint["cpu_seconds_by_stage"]["tiles"] > elsewhere[0]


def test_without_a_cluster_it_says_so(surface: Path, bundle: Path, tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    settings = CadastreSettings(inputs=(surface,), bundle=bundle)
    with pytest.raises(EnvironmentFaultError, match="no Dask scheduler"):
        make_cadastre(settings, tmp_path / "out", carbon=False, cluster="tcp://127.0.0.1:9")
