"""`frugal exposure` as it is typed: the folder, both languages, and what is refused without a trace."""

import json
from collections.abc import Callable
from pathlib import Path

import geopandas
import pandas
import pytest
import shapely
from floods_for_tests import at, buildings, points, roads, write_features, write_flood

Run = Callable[..., tuple[int, str, str]]


def test_a_folder_of_layers_and_tables(run: Run, tmp_path: Path) -> None:
    write_flood(tmp_path / "flood.tif"), buildings(tmp_path), roads(tmp_path)
    points(tmp_path, "hospital", (5, 45)), points(tmp_path, "substations", (85, 5), (15, 5))
    write_features(tmp_path / "people.gpkg", [shapely.box(*at(40, 0), *at(60, 10))], "EPSG:4326", people=[40])
    words = (
        "exposure", "flood.tif", "--buildings", "buildings.gpkg", "--roads", "roads.gpkg", "--people", "people.gpkg",
        "--assets", "substations.gpkg", "--access-to", "hospital.gpkg", "--value-per-m2", "1000",
        "--return-period", "10=flood.tif", "--return-period", "100=flood.tif",
    )  # fmt: skip
    code, out, err = run(*words)
    assert code == 0 and out.endswith("exposure\n") and "Traceback" not in err
    assert "Roads: 0.1 of 0.2 km under water, 0.08 km closed." in out
    folder = tmp_path / "exposure"
    assert {path.name for path in folder.iterdir()} == {
        "README.md", "access.csv", "buildings.csv", "damage_by_kind.csv", "damage_by_return_period.csv", "exposure.gpkg",
        "exposure.json",
        "people.csv", "road_stretches.csv", "roads.csv", "substations.csv", "summary.csv",
    }  # fmt: skip
    cut = geopandas.read_file(folder / "exposure.gpkg", layer="road_stretches")
    assert cut.crs.to_epsg() == 2154 and cut.length.sum() == pytest.approx(200.0)
    assert cut.loc[cut["class_number"] > 0].length.sum() == pytest.approx(100.0)
    table = pandas.read_csv(folder / "summary.csv")
    shops = table[(table["what"] == "buildings") & (table["kind"] == "shop")].set_index("class_number")
    assert shops["count"].to_dict() == {-1: 0, 0: 0, 1: 1, 2: 0, 3: 0, 4: 0, 5: 1}
    assert shops["size_in_class"].to_dict() == pytest.approx({-1: 50, 0: 20, 1: 20, 2: 0, 3: 0, 4: 0, 5: 50}, abs=1e-3)
    told = json.loads((folder / "exposure.json").read_text())
    # 0.15, 0.05 and 0.675 of 100, 40 and 100 m² at 1000: 84500 every event; 84500 · (0.1 − 0.01 + 0.01)
    assert told["damage"]["total"] == pytest.approx(84_500) and told["damage"]["unit"] == "value"
    assert told["damage"]["by_kind"]["house"] == {
        "damage": pytest.approx(15_000),
        "expected_yearly": pytest.approx(1_500),
    }
    assert told["expected_yearly_damage"]["total"] == pytest.approx(8_450)
    assert told["people"]["flooded"] == pytest.approx(20.0, rel=1e-3)
    # All are near a road. The second meets it at (60, 45), where it is 0.1 m deep to the west and 0.3 m to the east.
    access = pandas.read_csv(folder / "access.csv").set_index("place_id")
    assert access["state"].tolist() == ["kept", "kept", "kept", "lost"]
    assert access.loc[4, "access_lost_s"] == 3 * 3600
    # The same again in French, in place of the first.
    code, out, err = run("--lang", "fr", *words)
    assert code == 0 and "Routes : 0,1 km sur 0,2 sous l’eau" in out and "remarque" in err
    assert set(pandas.read_csv(folder / "buildings.csv")["class"]) == {"à sec", "0–0,2 m", "0,2–0,5 m", "plus de 2 m"}


def test_roads_beside_the_checkout_are_cut_as_shapely_cuts_them(run: Run, shared_data: Path, tmp_path: Path) -> None:
    data = shared_data / "exposure"
    if not data.is_dir():
        pytest.skip("no flood beside this checkout")
    import rasterio

    arrival = str(data / "arrival_time_s.tif")
    code, out, _ = run(
        "exposure", str(data / "depth_max_m.tif"), "--arrival", arrival, "--roads", str(data / "roads.gpkg"),
        "--buildings", str(data / "buildings.gpkg"), "--json",
    )  # fmt: skip
    told = json.loads(out)
    with rasterio.open(data / "depth_max_m.tif") as file:
        wet = file.read(1) > 0
        rows, columns = wet.nonzero()
        west, north = file.bounds.left + 5 * columns, file.bounds.top - 5 * rows
    flooded = shapely.union_all(shapely.box(west, north - 5, west + 5, north))
    lines, outlines = (geopandas.read_file(data / name).geometry for name in ("roads.gpkg", "buildings.gpkg"))
    assert code == 0
    found = pandas.read_csv(tmp_path / "exposure" / "roads.csv")["flooded_length_m"]
    assert found.to_numpy() == pytest.approx(lines.intersection(flooded).length.to_numpy(), abs=1e-6)
    assert told["roads"]["flooded_length_m"] == pytest.approx(4566.394, abs=1e-3)
    found = pandas.read_csv(tmp_path / "exposure" / "buildings.csv")["flooded_area_m2"]
    assert found.to_numpy() == pytest.approx(outlines.intersection(flooded).area.to_numpy(), abs=1e-4)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("flood.tif",), "nothing lies on the map"),
        ((), "give a flood map (MAP)"),
        (("--buildings", "buildings.gpkg"), "give a flood map (MAP)"),
        (("absent.tif", "--roads", "roads.gpkg"), "'absent.tif' does not exist"),
        (("flood.tif", "--roads", "buildings.gpkg"), "feature 1: a Polygon; needed: line"),
        (("flood.tif", "--roads", "far.gpkg"), "all off the map"),
        (("flood.tif", "--roads", "roads.gpkg", "--classes", "1,0.5"), "--classes 1,0.5"),
        (("flood.tif", "--roads", "roads.gpkg", "--vehicle", "small_cat"), "did you mean 'small_car'?"),
        (("flood.tif", "--buildings", "buildings.gpkg", "--kind", "usage"), "have no column 'usage'"),
        (("flood.tif", "--buildings", "buildings.gpkg", "--return-period", "10"), "YEARS=MAP is needed"),
        (("flood.tif", "--buildings", "buildings.gpkg", "--out", "mine"), "holds other things than an exposure"),
        (("flood.tif", "--people", "buildings.gpkg"), "name it with --people-column"),
        (("flood.tif", "--roads", "roads.gpkg", "--access-to", "hospital.gpkg"), "needs --places or --buildings"),
    ],
)
def test_what_cannot_be_is_one_sentence_and_leaves_nothing(
    run: Run, tmp_path: Path, words: tuple[str, ...], told: str
) -> None:
    write_flood(tmp_path / "flood.tif"), buildings(tmp_path), roads(tmp_path), points(tmp_path, "hospital", (5, 45))
    write_features(tmp_path / "far.gpkg", [shapely.LineString([at(900, 900), at(990, 990)])])
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("keep me")
    before = sorted(path.name for path in tmp_path.iterdir())
    code, out, err = run("exposure", *words)
    assert (code, out) == (2, "") and told in err.splitlines()[-1] and "Traceback" not in err
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    assert (tmp_path / "mine" / "letter.txt").read_text() == "keep me"
