"""What the folder of the map is made of: tiles, extracts, the table, the projection, the server."""

from __future__ import annotations

import csv
import gzip
import http.client
import json
import re
import threading
from pathlib import Path
from types import SimpleNamespace

import geopandas
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from cadastre.village_map import graphs
from pyproj import Transformer

from frugal.cadastre.job.settings import CadastreSettings
from frugal.cadastre.publish import notes_on_roofs, told_weather
from frugal.cadastre.tables.classes import classes_for
from frugal.cadastre.tables.columns import BUILDINGS, PLANES
from frugal.cadastre.tables.files import SUMMED, write_communes
from frugal.cadastre.web_map.folder import BUILDING_COLUMNS, PLANE_COLUMNS, dots, write_map_folder
from frugal.cadastre.web_map.french_sources import cadastre_in_both
from frugal.cadastre.web_map.notes import public_notes
from frugal.cadastre.web_map.surface_blocks import SurfaceBlocks, read_block
from frugal.cadastre.web_map.titles import default_title, told_files
from frugal.cadastre.yields.sky_table import read_sky_table, write_sky_table
from frugal.cadastre.yields.weather_of_place import notes_on_weather
from frugal.errors import UnusableInputError
from frugal.formats.rasters.surface_model import SurfaceModel
from frugal.formats.weather.nearness import Place, separation
from frugal.reporting.told_in_french import in_french
from frugal.studies.solar.village.surface import synthetic_village
from frugal.surrogates.onnx.graph import session
from frugal.web.built_pages import PAGES
from frugal.web.map_projection import DEGREE, projection_polynomial
from frugal.web.server import map_server
from frugal.web.vector_tiles import TileLayer, write_vector_tiles


@pytest.fixture(scope="module")
def made() -> dict[str, bytes]:
    return graphs(("cumulative_sky", "unshaded_table"))


def test_a_commune_is_no_formula(tmp_path: Path) -> None:
    names = ['=HYPERLINK("http://x")', "@SUM(1)", 'Saint-Étienne, "le" bourg']
    buildings = pd.DataFrame(
        {"commune": names, "building_id": ["1", "2", "3"], "planes": 1, **dict.fromkeys(SUMMED, 1.0)}
    )
    write_communes(tmp_path / "communes.csv", buildings)
    with (tmp_path / "communes.csv").open(newline="") as stream:
        found = [row["commune"] for row in csv.DictReader(stream)]
    assert sorted(found) == sorted([f"'{names[0]}", f"'{names[1]}", names[2]])


# --- the table of the sky ---------------------------------------------------------------------------------------------------


def test_the_table_answers_as_its_graph(made: dict[str, bytes]) -> None:
    table = read_sky_table(made["cumulative_sky"])
    rng = np.random.default_rng(1)
    rows = np.column_stack(
        [
            rng.uniform(0, 60, 200), rng.uniform(0, 360, 200), rng.uniform(0, 60, (200, 36)) * rng.random((200, 1)),
            rng.uniform(0.1, 0.4, 200), rng.uniform(0.9, 1.5, 200), rng.integers(0, 3, 200),
        ]
    ).astype(np.float32)  # fmt: skip
    told = session(made["cumulative_sky"]).run(["monthly_yield"], {"inputs": rows})[0]
    np.testing.assert_allclose(table.monthly_yield(rows).sum(axis=1), told.sum(axis=1), rtol=1e-5)


def test_the_file_of_the_table_keeps_every_bit(made: dict[str, bytes]) -> None:
    table = read_sky_table(made["cumulative_sky"])
    packed = write_sky_table(table)
    raw = gzip.decompress(packed)
    assert raw[:8] == b"FRUGSKY1"
    sectors, steps, months, mountings = np.frombuffer(raw, "<u4", 4, 8)
    assert (sectors, months, mountings) == (36, 12, 3)
    head = 24 + 4 * 12 * (1 + 5)
    np.testing.assert_array_equal(np.frombuffer(raw, "<f4", 12, 24), table.sky.global_horizontal.astype("f4"))
    planes = np.frombuffer(raw, "u1", offset=head).reshape(4, -1)
    steps_of_bits = np.ascontiguousarray(planes.T).view("<u4").reshape(2, sectors, months, steps + 1)
    values = np.cumsum(steps_of_bits, axis=-1, dtype="<u4").view("<f4")
    np.testing.assert_array_equal(values[0], table.sky.horizontal.astype("f4").transpose(0, 2, 1))
    np.testing.assert_array_equal(values[1], table.sky.vertical.astype("f4").transpose(0, 2, 1))
    assert len(packed) < 60_000


def test_a_table_is_read_from_its_own_graph_only(made: dict[str, bytes]) -> None:
    with pytest.raises(UnusableInputError, match="unshaded_table"):
        read_sky_table(made["unshaded_table"])
    with pytest.raises(UnusableInputError, match="no ONNX file"):
        read_sky_table(b"not a graph")


def test_a_graph_whose_numbers_mean_something_else_is_refused(made: dict[str, bytes]) -> None:
    import onnx
    from onnx import numpy_helper

    proto = onnx.load_from_string(made["cumulative_sky"])
    next(node for node in proto.graph.node if node.op_type == "Cos").op_type = "Sin"
    with pytest.raises(UnusableInputError, match="differs from its graph"):
        read_sky_table(proto.SerializeToString())
    proto = onnx.load_from_string(made["cumulative_sky"])
    ratio = next(c for c in proto.graph.initializer if list(c.dims) == [5, 12])
    ratio.CopyFrom(numpy_helper.from_array(np.zeros((1, 5, 12), np.float32), ratio.name))
    with pytest.raises(UnusableInputError, match="train the bundle anew"):
        read_sky_table(proto.SerializeToString())


# --- extracts of the surface ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cut", [None, 130.0])
def test_blocks_hold_the_surface_whatever_pieces_it_comes_in(tmp_path: Path, cut: float | None) -> None:
    surface = synthetic_village(3, size_m=256.0, resolution_m=1.0)
    surface.heights[40:44, 50:60] = np.nan
    pieces = [surface]
    if cut is not None:
        k = int(cut)
        left, right = surface.heights[:, :k], surface.heights[:, k:]
        pieces = [
            SurfaceModel(left, 1.0, surface.x_min, surface.y_max, surface.crs, "left", ""),
            SurfaceModel(right, 1.0, surface.x_min + k, surface.y_max, surface.crs, "right", ""),
        ]
    blocks = SurfaceBlocks(tmp_path, 250.0)
    for piece in pieces:
        blocks.add(piece)
    found = np.full(surface.heights.shape, np.nan)
    for name in blocks.names:
        block = read_block((tmp_path / f"{name}.bin.gz").read_bytes())
        i, j = (int(part) for part in name.split("_"))
        assert (block.x_min, block.y_max) == (250.0 * i, 250.0 * j)
        rows, columns = np.indices(block.heights.shape)
        row = rows + round(surface.y_max - block.y_max)
        column = columns + round(block.x_min - surface.x_min)
        inside = (row >= 0) & (row < 256) & (column >= 0) & (column < 256)
        assert np.isnan(block.heights[~inside]).all()
        found[row[inside], column[inside]] = block.heights[inside]
    np.testing.assert_array_equal(np.isnan(found), np.isnan(surface.heights))
    assert np.nanmax(np.abs(found - surface.heights)) < 0.0101


def test_high_mountains_fit_into_two_bytes(tmp_path: Path) -> None:
    heights = np.linspace(0.0, 4000.0, 2500).reshape(50, 50)
    blocks = SurfaceBlocks(tmp_path, 50.0)
    blocks.add(SurfaceModel(heights, 1.0, 0.0, 50.0, "EPSG:2154", "", ""))
    (name,) = blocks.names
    block = read_block((tmp_path / f"{name}.bin.gz").read_bytes())
    assert np.abs(block.heights - heights).max() < 0.05


# --- tiles ------------------------------------------------------------------------------------------------------------------


def test_tiles_keep_every_feature_at_every_zoom(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    n = 4000  # several thousand small roofs in one tile of zoom 14
    x, y = 364_000 + rng.uniform(0, 1500, n), 6_628_000 - rng.uniform(0, 1500, n)
    frame = geopandas.GeoDataFrame(
        {
            "plane_id": [f"p{k}" for k in range(n)],
            "class": rng.integers(1, 6, n),
            "kwh": rng.uniform(0, 9e3, n).round(),
        },
        geometry=shapely.box(x, y, x + 4, y + 2.5),
        crs="EPSG:2154",
    )
    path = tmp_path / "roofs.pmtiles"
    light = frame[["plane_id", "class", "geometry"]]
    write_vector_tiles(
        path,
        [
            TileLayer("planes", light, 14, 15), TileLayer("planes", frame, 16, 16),
            TileLayer("buildings", frame[["kwh", "geometry"]], 14, 16),
            TileLayer("nothing", frame[:0], 14, 16),
        ],
    )  # fmt: skip
    assert [row[0] for row in pyogrio.list_layers(path)] == ["planes", "buildings"]
    for zoom in (14, 15, 16):
        read = pyogrio.read_dataframe(path, layer="planes", ZOOM_LEVEL=zoom)
        assert set(read["plane_id"]) == set(frame["plane_id"])
    whole = read.drop_duplicates("plane_id").set_index("plane_id").loc[frame["plane_id"]]
    np.testing.assert_array_equal(whole["kwh"], frame["kwh"])
    assert list(tmp_path.iterdir()) == [path]


def test_from_afar_a_dot_stands_for_its_neighbours() -> None:
    x, y = np.meshgrid(364_000 + 20.0 * np.arange(40), 6_628_000 + 20.0 * np.arange(40))
    shapes = shapely.box(x.ravel(), y.ravel(), x.ravel() + 10, y.ravel() + 10)
    columns = {"class": [4] * 1600, "roof_area_m2": [100.0] * 1600}
    houses = geopandas.GeoDataFrame(columns, geometry=shapes.ravel(), crs="EPSG:2154")
    houses.loc[0, ["class", "roof_area_m2"]] = 1, 1e6  # one that outweighs all around it
    counts = [len(dots(houses, zoom)) for zoom in range(8, 14)]
    assert counts == sorted(counts) and counts[0] < 20 and counts[-1] > 300
    near = dots(houses, 13)
    assert set(near["class"]) == {1, 4} and (near["class"] == 1).sum() == 1
    assert set(dots(houses.assign(**{"class": 0}), 10)["class"]) == {0}


# --- the projection ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("crs", "bounds"),
    [
        ("EPSG:2154", (-2.4, 46.2, -0.5, 47.1)),
        ("EPSG:28992", (4.3, 51.9, 4.4, 52.1)),
        ("EPSG:2975", (55.2, -21.4, 55.9, -20.8)),
    ],
)
def test_the_polynomial_is_the_projection(crs: str, bounds: tuple[float, float, float, float]) -> None:
    told = projection_polynomial(crs, bounds)
    rng = np.random.default_rng(0)
    lon, lat = rng.uniform(bounds[0], bounds[2], 500), rng.uniform(bounds[1], bounds[3], 500)
    u, v = (lon - told["lon"]) / told["scale"], (lat - told["lat"]) / told["scale"]
    terms = [u**i * v**j for i in range(DEGREE + 1) for j in range(DEGREE + 1 - i)]
    got = [np.sum([c * term for c, term in zip(told[side], terms, strict=True)], axis=0) for side in ("x", "y")]
    expected = Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(lon, lat)
    np.testing.assert_allclose(got, expected, atol=1e-4)


# --- the server -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def served(tmp_path: Path):
    (tmp_path / "index.html").write_text("page")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.bin").write_bytes(bytes(range(200)))
    server = map_server(tmp_path)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)

    def ask(path: str, part: str | None = None) -> SimpleNamespace:
        connection.request("GET", path, headers={"Range": part} if part else {})
        answer = connection.getresponse()
        told = {name.title(): value for name, value in answer.getheaders()}
        return SimpleNamespace(status=answer.status, body=answer.read(), headers=told)

    yield SimpleNamespace(ask=ask, server=server)
    connection.close()
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("bytes=0-9", range(10)),
        ("bytes=190-", range(190, 200)),
        ("bytes=-5", range(195, 200)),
        ("bytes=150-900", range(150, 200)),
    ],
)
def test_the_server_answers_parts(served: SimpleNamespace, asked: str, expected: range) -> None:
    answer = served.ask("/data/a.bin", asked)
    assert answer.status == 206 and list(answer.body) == list(expected)
    assert answer.headers["Content-Range"] == f"bytes {expected[0]}-{expected[-1]}/200"


def test_the_server_answers_wholes_and_refuses_the_rest(served: SimpleNamespace) -> None:
    whole = served.ask("/data/a.bin")
    assert whole.status == 200 and len(whole.body) == 200 and whole.headers["Accept-Ranges"] == "bytes"
    assert served.ask("/data/a.bin", "bytes=500-").status == 416
    assert served.ask("/").headers["Content-Type"].startswith("text/html")
    for path in ("/data/", "/missing", "/../pyproject.toml", "/%2e%2e/%2e%2e/etc/passwd"):
        assert served.ask(path).status == 404
    assert served.server.server_address[0] == "127.0.0.1"


def test_a_folder_without_a_page_is_not_served(tmp_path: Path) -> None:
    with pytest.raises(UnusableInputError, match=r"index\.html"):
        map_server(tmp_path)


# --- the built page -----------------------------------------------------------------------------------------------------------


def test_the_page_stays_small_and_names_nobody_but_the_service_that_may_be_switched_on() -> None:
    parts = [path for folder in ("cadastre", "runtime") for path in (PAGES / folder).rglob("*")]
    sizes = {path.name: path.stat().st_size for path in parts if path.is_file()}
    assert sum(sizes.values()) < 6_000_000
    page = (PAGES / "cadastre" / "index.html").read_text()
    assert set(re.findall(r"https?://([^\s;\"'/]+)", page)) == {"data.geopf.fr"}
    assert 'src="./assets/' in page and 'src="/' not in page  # works from any folder of a host


# --- the folder -------------------------------------------------------------------------------------------------------------


def small(n: int = 3) -> tuple[dict, geopandas.GeoDataFrame, geopandas.GeoDataFrame]:
    shapes = [shapely.box(364_000 + 30 * k, 6_628_000, 364_010 + 30 * k, 6_628_008) for k in range(n)]
    planes = geopandas.GeoDataFrame({name: [1.0] * n for name in PLANE_COLUMNS}, geometry=shapes, crs="EPSG:2154")
    planes["plane_id"] = planes["building_id"] = [f"b{k}" for k in range(n)]
    planes["horizon"], planes["flat"] = "00" * 36, False
    buildings = geopandas.GeoDataFrame({name: [1] * n for name in BUILDING_COLUMNS}, geometry=shapes, crs="EPSG:2154")
    buildings["building_id"], buildings["commune"] = planes["building_id"], "here"
    bounds = [float(edge) for edge in planes.to_crs(4326).total_bounds]
    told = {"crs": "EPSG:2154", "bounds_wgs84": bounds, "model": {"candidate": "x", "label": "x"}, "verdicts": {}}
    return told, planes, buildings


def test_the_folder_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    told, planes, buildings = small()
    folder = tmp_path / "map"
    write_map_folder(folder, told, planes, buildings, b"model", None)
    content = json.loads((folder / "data" / "cadastre.json").read_text())
    assert content["model"]["bytes"] == 5 and content["table"] is None and content["dsm"] is None
    assert json.loads(gzip.decompress((folder / "data" / "buildings.json.gz").read_bytes()))["id"] == ["b0", "b1", "b2"]
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    def broken():
        raise UnusableInputError("no surface")
        yield

    with pytest.raises(UnusableInputError, match="no surface"):
        write_map_folder(folder, told, planes[:1], buildings[:1], b"model", None, broken())
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["map"]


def test_names_of_sources_are_told_in_both_languages() -> None:
    told = cadastre_in_both(
        {
            "title": "generated_village.tif",
            "files": {"names": ["Delft.laz", "generated_village.tif"], "count": 2},
            "attributions": ["statistics from TMYx, Climate.OneBuilding.org"],
            "weather": {
                "source": "synthetic typical year of the coast of Vendée (seed 3), from x.csv; 5 missing hours of ghi filled",
                "attribution": "PVGIS © European Union",
                "distance_km": 3.0,
            },
            "co2": {"kg_per_kwh": 0.05, "source": "codecarbon 3.3.2 global energy mix (Ember 2023); low: RTE, 2023"},
        }
    )
    assert told["title"] == {"en": "Generated village", "fr": "Village généré"}
    assert told["files"]["names"][0] == "Delft.laz"  # a name of a file is a name in both
    assert told["files"]["names"][1]["fr"] == "Village généré" and told["files"]["count"] == 2
    assert told["attributions"][0]["fr"] == "statistiques de TMYx, Climate.OneBuilding.org"
    assert told["weather"]["source"]["fr"] == (
        "année type générée pour la côte de la Vendée (graine 3), d’après x.csv"
        " ; 5 heures manquantes de rayonnement global comblées"
    )
    assert told["weather"]["attribution"]["fr"] == "PVGIS © Union européenne" and told["weather"]["distance_km"] == 3.0
    assert told["co2"]["source"]["fr"] == "mix électriques mondiaux de codecarbon 3.3.2 (Ember 2023) ; bas : RTE, 2023"
    assert cadastre_in_both({"crs": "EPSG:2154"}) == {"crs": "EPSG:2154"}


@pytest.mark.parametrize(
    ("files", "communes", "en", "fr"),
    [
        (["delft.copc.laz"], [""], "delft", "delft"),
        (["a.tif", "b.tif"], [], "a and 1 other file", "a et 1 autre fichier"),
        (["LHD_1.laz", "LHD_2.laz", "LHD_3.laz"], [], "LHD_1 and 2 other files", "LHD_1 et 2 autres fichiers"),
        (["a.laz", "b.laz"], ["Nieul", "", "Nieul"], "Nieul", "Nieul"),
        (["a.laz"], ["Nieul", "Esnandes", "Esnandes"], "Esnandes and Nieul", "Esnandes et Nieul"),
        (["a.laz"], ["Ab", "Ab", "Cd", "Ay", "85001"], "Ab, Ay and Cd", "Ab, Ay et Cd"),
        (["a.laz"], ["85001", "85001", ""], "Commune 85001", "Commune 85001"),
        (["a.laz"], ["85002", "2A004", "85002"], "Communes 85002 and 2A004", "Communes 85002 et 2A004"),
        (["a.laz"], ["Ab", "Cd", "Ef", "Gh"], "Ab, Cd, Ef and 1 other commune", "Ab, Cd, Ef et 1 autre commune"),
        (["a.laz"], ["Ab", "Cd", "Ef", "Gh", "Ij", "85001"],
         "Ab, Cd, Ef and 2 other communes", "Ab, Cd, Ef et 2 autres communes"),
    ],
)  # fmt: skip
def test_a_cadastre_without_a_title_is_called_after_its_communes_or_its_files(
    files: list[str], communes: list[str], en: str, fr: str
) -> None:
    title = default_title(files, communes)
    assert title == (en if en == fr else {"en": en, "fr": fr})


def test_hundreds_of_files_are_counted_not_listed() -> None:
    files = [f"{k}.laz" for k in range(300)]
    assert told_files(files) == {"names": files[:20], "count": 300}


def test_weather_from_elsewhere_tells_its_distance_and_what_it_adds_and_no_options_of_the_command() -> None:
    weather = SimpleNamespace(source="s", attribution="a")
    for longitude, far in ((-1.8, False), (4.0, True)):
        apart = separation(Place(46.7, -1.4), Place(46.7, longitude))
        told = told_weather(weather, apart)
        assert (told["distance_km"] > 100) == far and (told["spread_of_place"] > 0.05) == far
    notes = [
        *notes_on_weather(CadastreSettings(), apart, "s"),
        *notes_on_roofs(SimpleNamespace(footprints="", roofs=())),
    ]
    assert all("(--" in note for note in notes[:2])
    public = public_notes(["communes 'c.gpkg': 4 outlines that crossed themselves repaired", *notes, *notes])
    assert [note["grave"] for note in public] == [True, True, False, False]  # once each, what matters most first
    assert "--" not in str(public) and all(note["en"] != note["fr"] for note in public)


def test_every_source_of_weather_and_electricity_has_its_french() -> None:
    from frugal.metering.factors.table import load_factors
    from frugal.studies.solar.village.surface import vendee_weather

    weather, factors = vendee_weather(), load_factors()
    sources = [weather.source, weather.attribution]
    sources += [f.source for name, f in factors.items() if name.startswith("electricity_gwp_")]
    for source in sources:
        assert not re.search(r"\b(from|with|low|high|of|year|statistics|energy)\b", in_french(source)), in_french(
            source
        )


def test_columns_say_what_they_are_not() -> None:
    for language, one_in_ten, best, making in (
        (
            "en",
            "exceeded with a probability of {} %, for the power stated",
            "best plane",
            "making of the modules is not",
        ),
        (
            "fr",
            "dépassée avec une probabilité de {} %, pour la puissance indiquée",
            "meilleur pan",
            "n’est pas déduite",
        ),
    ):
        assert one_in_ten.format(90) in PLANES["yield_p10_kwh"].meaning[language]  # the low one
        assert one_in_ten.format(10) in PLANES["yield_p90_kwh"].meaning[language]
        assert best in BUILDINGS["class"].meaning[language] and best not in PLANES["class"].meaning[language]
        assert making in BUILDINGS["co2_avoided_kg"].meaning[language]


def test_classes_are_written_as_each_language_writes_numbers() -> None:
    labels = [found.label for found in classes_for(1300.0)]
    assert labels[0] == {"en": "poor (below 720\xa0kWh/kWp)", "fr": "faible (moins de 720\xa0kWh/kWc)"}
    assert labels[3]["en"] == "good (1,040 to 1,170\xa0kWh/kWp)"
    assert labels[3]["fr"] == "bon (1\u202f040 à 1\u202f170\xa0kWh/kWc)"


def test_missing_columns_and_empty_cadastres_are_told(tmp_path: Path) -> None:
    told, planes, buildings = small()
    with pytest.raises(UnusableInputError, match="lack the columns yield_kwh, horizon"):
        write_map_folder(tmp_path / "map", told, planes.drop(columns=["yield_kwh", "horizon"]), buildings, b"", None)
    with pytest.raises(UnusableInputError, match="no roof plane"):
        write_map_folder(tmp_path / "map", told, planes[:0], buildings, b"", None)
    assert not (tmp_path / "map").exists()
