"""What cannot be used is told in a sentence, as early as can be; the rest goes on."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import geopandas
import laspy
import numpy as np
import pyproj
import pytest
import rasterio
import shapely
from cadastre.cadastres import made
from campaigns_for_tests import few_models
from clouds_for_tests import write_cloud, write_octree
from laspy.copc import load_octree_for_query
from pyogrio.errors import DataLayerError
from rasterio.transform import from_origin
from typer.testing import CliRunner

from frugal.cadastre.job.folder import MARK, own_folder
from frugal.cadastre.job.settings import CadastreSettings
from frugal.cadastre.run import make_cadastre
from frugal.cadastre.territory.inputs import inputs_in
from frugal.cadastre.territory.surfaces import Prepared, prepare_clouds, prepare_rasters
from frugal.cadastre.yields.yield_model import check_yield_model, trained_names
from frugal.cli import app
from frugal.errors import EnvironmentFaultError, UnusableInputError
from frugal.formats.files.atomic import new_folder
from frugal.formats.rasters.mosaic import open_rasters
from frugal.formats.rasters.surface_model import SurfaceModel, write_surface_model
from frugal.studies.solar.village.surface import synthetic_village

WEST, NORTH = 380_000.0, 6_600_000.0


def raster(
    path: Path, size: float = 0.5, west: float = WEST, crs: str | None = "EPSG:2154", level: float = 3.0
) -> Path:
    heights = np.full((8, 8), level, dtype=np.float32)
    with rasterio.open(
        path, "w", driver="GTiff", count=1, height=8, width=8, dtype="float32", crs=crs,
        transform=from_origin(west, NORTH, size, size),
    ) as dataset:  # fmt: skip
        dataset.write(heights, 1)
    return path


def cloud(path: Path, west: float, crs: str | None = "EPSG:2154", points: int = 20_000, side: float = 40.0) -> Path:
    """Flat ground with a point every few decimetres."""
    rng = np.random.default_rng(len(path.name))
    header = laspy.LasHeader(point_format=6, version="1.4")
    header.scales, header.offsets = [0.01] * 3, [west, NORTH, 0.0]
    if crs is not None:
        header.add_crs(pyproj.CRS(crs))
    content = laspy.LasData(header)
    content.x, content.y = west + rng.uniform(0, side, points), NORTH + rng.uniform(0, 40, points)
    content.z = rng.uniform(0, 1, points)
    content.write(path)
    return path


def told(prepared: Prepared) -> list[str]:
    return [failure.what for failure in prepared.failures]


def test_surface_models_that_do_not_fit_the_others_are_listed(tmp_path: Path) -> None:
    odd = [
        raster(tmp_path / "utm.tif", crs="EPSG:32630", west=600_000.0),
        raster(tmp_path / "coarse.tif", size=1.0),
        raster(tmp_path / "shifted.tif", west=WEST + 0.2),
        raster(tmp_path / "silent.tif", crs=None),
    ]
    good = [raster(tmp_path / "a.tif"), raster(tmp_path / "b.tif", west=WEST + 4.0)]
    prepared = prepare_rasters([*odd, *good], None)
    assert prepared.surface == tuple(map(str, good))
    assert sorted(told(prepared)) == ["coarse.tif", "shifted.tif", "silent.tif", "utm.tif"]
    sentences = {failure.what: failure.message for failure in prepared.failures}
    assert "are in different systems" in sentences["utm.tif"]
    assert "cells of 0.5 m and of 1 m" in sentences["coarse.tif"]
    assert "name it (--crs EPSG:2154)" in sentences["silent.tif"]
    assert told(prepare_rasters([odd[0], good[0]], None)) == ["a.tif"]  # of two, the first counts
    assert told(prepare_rasters([odd[0], good[0]], "EPSG:2154")) == ["utm.tif"]  # unless the system is named
    with pytest.raises(UnusableInputError, match=r"--crs names EPSG:28992"):
        prepare_rasters(good, "EPSG:28992")


def test_point_clouds_of_other_systems_are_listed(tmp_path: Path) -> None:
    odd = cloud(tmp_path / "utm.las", 600_000.0, "EPSG:32630", 2_000)
    silent = cloud(tmp_path / "silent.las", WEST + 40.0, None, 2_000)
    elsewhere = cloud(tmp_path / "elsewhere.las", 30_000_000.0, None, 2_000)
    good = [cloud(tmp_path / f"{name}.las", WEST, points=2_000) for name in "ab"]
    prepared = prepare_clouds([odd, silent, elsewhere, *good], tmp_path / "work")
    assert (prepared.crs, told(prepared)) == ("EPSG:2154", ["utm.las", "elsewhere.las"])
    assert prepared.sources == ("silent.las", "a.las", "b.las")
    named = prepare_clouds([odd, *good], tmp_path / "work", crs="EPSG:32630")
    assert (named.crs, told(named)) == ("EPSG:32630", ["a.las", "b.las"])
    with pytest.raises(UnusableInputError, match=r"the one named in EPSG:28992; .* \(nor can 1 other input be used\)"):
        prepare_clouds(good, tmp_path / "work", crs="EPSG:28992")


def test_inputs_that_are_not_there_are_listed(tmp_path: Path) -> None:
    good = raster(tmp_path / "it's, é\n.tif")
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("no survey")
    names = ["nowhere.tif", "empty", "notes.txt"]
    clouds, rasters, failures = inputs_in([good, *(tmp_path / name for name in names), good])
    assert (clouds, rasters, [failure.what for failure in failures]) == ([], [good], names)
    with pytest.raises(UnusableInputError, match=r"nowhere\.tif' does not exist \(nor can 2 other inputs be used\)"):
        inputs_in([tmp_path / name for name in names])


def test_of_folders_only_surveys_are_taken(tmp_path: Path) -> None:
    good = raster(tmp_path / "a.tif")
    (tmp_path / "._a.tif").write_bytes(b"what another system leaves")
    (tmp_path / "folder.tif").mkdir()
    result = tmp_path / "town" / "work" / "tiles"
    result.mkdir(parents=True)
    (tmp_path / "town" / MARK).touch()
    raster(result / "irradiation.tif")
    (tmp_path / "self").symlink_to(tmp_path)
    (tmp_path / "loop.tif").symlink_to("loop.tif")
    clouds, rasters, failures = inputs_in([tmp_path])
    assert (clouds, rasters, failures) == ([], [good, tmp_path / "loop.tif"], [])
    assert told(prepare_rasters(rasters, None)) == ["loop.tif"]
    with pytest.raises(UnusableInputError, match=r"town' is a cadastre; name the survey"):
        inputs_in([tmp_path / "town"])
    assert inputs_in([result])[1] == [result / "irradiation.tif"]  # whoever names it means it


def test_cells_of_surface_models_are_not_chosen(tmp_path: Path) -> None:
    path = raster(tmp_path / "a.tif")
    with pytest.raises(
        UnusableInputError, match=r"--resolution 1 is for point clouds; the cells of .* are 0\.5 m wide"
    ):
        prepare_rasters([path], None, 1.0)
    assert prepare_rasters([path], None, 0.5).grid.resolution_m == 0.5


@pytest.fixture
def clouds(tmp_path: Path) -> list[Path]:
    """A cloud in octree order over three squares, whose part in the eastern one is damaged; and a sound one."""
    random = np.random.default_rng(0)

    def box(number: int, west: float, east: float) -> np.ndarray:
        return np.column_stack([random.uniform(west, east, number), *random.uniform(0, [[100], [50]], (2, number))])

    nodes = [
        ((0, 0, 0, 0), box(50_000, 0, 1400), 2),
        ((1, 0, 0, 0), box(50_000, 0, 1023), 2),
        ((1, 1, 0, 0), box(20_000, 1025, 1400), 2),
    ]
    late = write_octree(tmp_path / "late.copc.laz", nodes, 2048.0)
    with laspy.CopcReader.open(str(late)) as reader:
        last = max(
            load_octree_for_query(reader.source, reader.copc_info, reader.root_page), key=lambda node: node.offset
        )
    content = bytearray(late.read_bytes())
    content[last.offset + 100 : last.offset + last.byte_size] = bytes(last.byte_size - 100)
    late.write_bytes(content)
    return [late, write_cloud(tmp_path / "good.laz", box(50_000, 100, 1300))]


def test_nothing_of_a_cloud_that_turns_out_damaged_stays(tmp_path: Path, clouds: list[Path]) -> None:
    prepared = prepare_clouds(clouds, tmp_path / "work", resolution_m=1.0)
    assert [failure.what for failure in prepared.failures] == ["late.copc.laz"]
    assert "cannot be read to its end" in prepared.failures[0].message or "damaged" in prepared.failures[0].message
    assert prepared.sources == ("good.laz",)
    alone = prepare_clouds(clouds[1:], tmp_path / "alone", resolution_m=1.0)
    assert prepared.bounds == alone.bounds
    one, other = (open_rasters(list(found.surface)).read(alone.bounds).heights for found in (prepared, alone))
    np.testing.assert_array_equal(one, other)


def test_a_kill_between_the_damage_and_its_mending_changes_nothing(tmp_path: Path, clouds: list[Path]) -> None:
    def impatient(done: int, total: int) -> None:
        if done == total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare_clouds(clouds, tmp_path / "work", resolution_m=1.0, on_chunk=impatient)
    files = lambda: {path: path.read_bytes() for path in tmp_path.glob("work/*/surface/*.tif")}  # noqa: E731
    before = files()
    assert told(prepare_clouds(clouds, tmp_path / "work", resolution_m=1.0)) == ["late.copc.laz"]
    after = files()
    assert sum(before[path] != content for path, content in after.items()) == 2  # all but the eastern one, made anew
    assert told(prepare_clouds(clouds, tmp_path / "work", resolution_m=1.0)) == ["late.copc.laz"]
    assert files() == after


def test_candidates_that_no_training_gives_are_refused_before_it(tmp_path: Path) -> None:
    path = raster(tmp_path / "a.tif")
    settings = CadastreSettings(inputs=(path,), candidate="magic")
    with pytest.raises(UnusableInputError, match=r"--candidate 'magic' .* allowed: .*sector_year.*boosted_trees"):
        make_cadastre(settings, tmp_path / "out", carbon=False)
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_trained_names_are_those_of_a_bundle(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few_models(monkeypatch)  # as for the bundle
    ladder = json.loads((bundle / "candidates.json").read_text())["candidates"]
    assert set(trained_names()) == {row["name"] for row in ladder} - {"full_physics"}


@pytest.mark.slow
def test_settings_that_the_bundle_leaves_without_use_are_refused(bundle: Path) -> None:
    with pytest.raises(UnusableInputError, match="--n-runs 128 is for an answer trained on the spot"):
        check_yield_model(CadastreSettings(bundle=bundle, n_runs=128))
    with pytest.raises(UnusableInputError, match=r"candidate 'magic' is not in .*; it has: constant"):
        check_yield_model(CadastreSettings(bundle=bundle, candidate="magic"))


def test_weather_that_is_none_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "notes.epw").write_text("rain")
    for name, sentence in (("nowhere.epw", "is not there"), ("notes.epw", "unknown format")):
        with pytest.raises(UnusableInputError, match=sentence):
            check_yield_model(CadastreSettings(site={"weather": str(tmp_path / name)}))


@pytest.mark.slow
def test_the_village_has_its_own_cells(bundle: Path, tmp_path: Path) -> None:
    with pytest.raises(UnusableInputError, match=r"the generated village has cells of 0\.5 m"):
        make_cadastre(CadastreSettings(bundle=bundle, resolution_m=1.0), tmp_path / "out", carbon=False)
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_fields_give_maps_or_nothing(bundle: Path, tmp_path: Path) -> None:
    heights = np.full((64, 64), 3.0)
    write_surface_model(
        tmp_path / "fields.tif", SurfaceModel(heights, 0.5, 364_000.0, 6_628_000.0, "EPSG:2154", "fields", "")
    )
    with_maps = made(tmp_path / "fields.tif", bundle, tmp_path / "out")
    assert (with_maps.map_folder, with_maps.planes) == (None, 0)
    assert "No roof plane of 10 m² was found" in str(with_maps.notes)
    assert (tmp_path / "out" / "irradiation.vrt").is_file()
    with pytest.raises(UnusableInputError, match="nothing came out: no roof plane"):
        made(tmp_path / "fields.tif", bundle, tmp_path / "out", maps=False)
    assert (tmp_path / "out" / "footprint.json").is_file()  # it was spent all the same


@pytest.mark.slow
def test_buildings_without_planes_are_told_apart(surface: Path, bundle: Path, tmp_path: Path) -> None:
    with rasterio.open(surface) as dataset:
        west, south, east, north = dataset.bounds
    shapes = [shapely.box(west + 1, south + 1, west + 3, south + 3), shapely.box(west, south, east, north).buffer(-5)]
    footprints = geopandas.GeoDataFrame({"building_id": ["shed", "hall"]}, geometry=shapes, crs="EPSG:2154")
    footprints.to_file(tmp_path / "two.gpkg")
    command = ["cadastre", str(surface), str(tmp_path / "nowhere\n.tif"), "--bundle", str(bundle), "--no-maps"]
    command += ["--reach", "30", "--buildings", str(tmp_path / "two.gpkg"), "--out", str(tmp_path / "out")]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 1, result.output
    assert "on 1 of 2 buildings" in result.output
    assert "Failed: nowhere .tif: input" in result.output


@pytest.mark.slow
def test_communes_are_called_communes(surface: Path, bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no communes")
    with pytest.raises(UnusableInputError, match=r"communes '.*notes\.txt' is none of the files"):
        made(surface, bundle, tmp_path / "out", communes=tmp_path / "notes.txt")


def test_a_folder_that_cannot_be_copied_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "from").mkdir()
    (tmp_path / "from" / "gone").symlink_to("nowhere")

    def fill() -> None:
        with new_folder(tmp_path / "to") as draft:
            shutil.copytree(tmp_path / "from", draft, dirs_exist_ok=True)

    with pytest.raises(EnvironmentFaultError, match=r"^cannot write '.*to': \[Errno 2\] No such file"):
        fill()
    assert [path.name for path in tmp_path.iterdir()] == ["from"]


def test_a_folder_in_which_nothing_was_made_goes_again(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    for name in ("new", "there"):
        with pytest.raises(UnusableInputError), own_folder(tmp_path / name):
            raise UnusableInputError("mistyped")
    assert [path.name for path in tmp_path.iterdir()] == ["there"]
    with pytest.raises(UnusableInputError), own_folder(tmp_path / "new"):
        (tmp_path / "new" / "work" / "footprints.fgb").touch()
        raise UnusableInputError("later")
    assert (tmp_path / "new" / "work" / "footprints.fgb").exists()


def test_names_that_vector_files_cannot_have_are_told(tmp_path: Path) -> None:
    with pytest.raises(UnusableInputError, match="whose path holds '!' or a line break"), own_folder(tmp_path / "new!"):
        pass
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_paths_may_be_relative_and_look_like_addresses(
    surface: Path, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with rasterio.open(surface) as dataset:
        shape = shapely.box(*dataset.bounds).buffer(-5)
    geopandas.GeoDataFrame({"id": [1]}, geometry=[shape], crs="EPSG:2154").to_file(tmp_path / "roofs.fgb")
    (tmp_path / "roofs.fgb").rename("file:roofs?#.fgb")
    shutil.copy(surface, "s3:surface.tif")
    found = made(Path("s3:surface.tif"), bundle, Path("out:1"), buildings=Path("file:roofs?#.fgb"))
    assert found.planes > 0
    with rasterio.open(tmp_path / "out:1" / "irradiation.vrt") as dataset:
        assert dataset.read(1).max() > 900


@pytest.mark.slow
def test_a_full_disk_is_one_sentence(
    surface: Path, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*given: object, **options: object) -> None:
        raise DataLayerError("Failed to commit transaction\ndatabase or disk is full")

    made(surface, bundle, tmp_path / "out", maps=False)
    before = (tmp_path / "out" / "cadastre.gpkg").read_bytes()
    monkeypatch.setattr("pyogrio.write_dataframe", full)
    with pytest.raises(
        EnvironmentFaultError, match=r"^cannot write '.*cadastre\.gpkg' .*: Failed to commit transaction$"
    ):
        made(surface, bundle, tmp_path / "out", maps=False)
    assert (tmp_path / "out" / "cadastre.gpkg").read_bytes() == before
    assert not list((tmp_path / "out").glob(".cadastre.gpkg*"))


@pytest.mark.slow
def test_the_cadastre_of_another_territory_is_not_replaced(bundle: Path, tmp_path: Path) -> None:
    village = synthetic_village(3, 128.0, 0.5)
    write_surface_model(tmp_path / "here.tif", village)
    away = dataclasses.replace(village, x_min=village.x_min + 5_000.0)
    write_surface_model(tmp_path / "away.tif", away)
    made(tmp_path / "here.tif", bundle, tmp_path / "out", maps=False)
    before = (tmp_path / "out" / "roof_planes.parquet").read_bytes()
    with pytest.raises(UnusableInputError, match="holds the cadastre of another territory"):
        made(tmp_path / "away.tif", bundle, tmp_path / "out", maps=False)
    assert (tmp_path / "out" / "roof_planes.parquet").read_bytes() == before
    made(tmp_path / "here.tif", bundle, tmp_path / "out", maps=False, setback_m=0.5)
