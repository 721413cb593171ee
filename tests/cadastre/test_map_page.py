"""The page of the map in a real browser: what it asks for, what it shows, and that its numbers are Python's."""

from __future__ import annotations

import base64
import csv
import gzip
import io
import json
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import numpy as np
import pytest
from cadastre.chromium import Chromium, find_chromium, serve
from cadastre.village_map import write_village_map

from frugal.experiments.studies.village import synthetic_village
from frugal.formats.raster import grid_convergence_deg
from frugal.physics.solar.horizon import horizon_at_points
from frugal.surrogates.graph import session

pytestmark = pytest.mark.skipif(find_chromium() is None, reason="Chromium is not installed")

CHOSEN = "cadastre.state.building && cadastre.state.answers.table"


@pytest.fixture(scope="module")
def village(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    folder = tmp_path_factory.mktemp("map") / "some" / "place" / "map"
    made = write_village_map(folder)
    # Served from a folder above: a static host puts the map where it likes.
    (folder.parents[1] / "index.html").write_text("<!DOCTYPE html>")
    server, root = serve(folder.parents[1])
    index = json.loads(gzip.decompress((folder / "data" / "buildings.json.gz").read_bytes()))
    yield SimpleNamespace(folder=folder, graphs=made, url=root + "place/map/", root=root, index=index)
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    browser = Chromium("fr-FR")
    yield browser
    browser.close()


@pytest.fixture
def page(browser: Chromium, village: SimpleNamespace) -> Iterator[Chromium]:
    browser.leave()  # what the page of the test before still asked for is not counted here
    browser.requests.clear()
    browser.errors.clear()
    browser.size(1280, 800)
    browser.open(village.url)
    yield browser
    asked = [url for url in browser.requests if not url.startswith(("data:", "blob:", "about:"))]
    assert asked and all(url.startswith(village.root) for url in asked)
    assert browser.errors == []


def choose(page: Chromium, building: str) -> None:
    page.run(f"location.hash = 'roof={quote(building)}'")
    page.until(f"cadastre.state.building?.id === {building!r} && cadastre.state.answers.table")


def shown_inputs(page: Chromium) -> np.ndarray:
    """The row of inputs that stands for the installation as it is set, without obstacles."""
    row = page.run("Array.from(cadastre.inputRow(cadastre.state.cadastre.inputs, cadastre.state.options))")
    return np.array([row], dtype=np.float32)


def python_answer(model: bytes, row: np.ndarray) -> np.ndarray:
    monthly, yearly, loss = session(model).run(["monthly_yield", "yearly_yield", "shading_loss"], {"inputs": row})
    return np.concatenate([monthly[0], yearly, loss])


def page_answer(page: Chromium, way: str) -> np.ndarray:
    told = page.run(f"(({{monthly, yearly, shading}}) => [...monthly, yearly, shading])(cadastre.state.answers.{way})")
    return np.array(told)


def set_slider(page: Chromium, name: str, value: float) -> None:
    page.run(
        f"(() => {{ const e = document.getElementById('change-{name}'); e.value = '{value}';"
        " e.dispatchEvent(new Event('input', {bubbles: true})); })()"
    )


def test_a_click_on_a_roof_opens_its_panel(page: Chromium, village: SimpleNamespace) -> None:
    page.until("cadastre.state.map.loaded() && cadastre.state.view.length")
    big = int(np.argmax(village.index["kwh"]))
    place = f"[{village.index['lon'][big]}, {village.index['lat'][big]}]"
    x, y = page.run(
        f"(() => {{ const p = cadastre.state.map.project({place}), b = document.getElementById('map').getBoundingClientRect();"
        " return [p.x + b.x, p.y + b.y]; })()"
    )
    page.click(x, y)
    page.until(CHOSEN)
    title = page.run("document.getElementById('roof-title').textContent")
    assert village.index["id"][big] in title
    text = page.run("document.getElementById('roof').innerText")
    for word in (
        "kWc",
        "P10–P90",
        "0° = nord, sens horaire",
        "CO₂ évité",
        "Relevé",
        "étude de faisabilité",
        "kWh/m²",
    ):
        assert word in text
    assert page.run("document.querySelectorAll('.chart .bar').length") == 12
    assert page.run("document.querySelectorAll('.rose path').length") > 1


def test_the_table_in_javascript_is_the_graph_of_cumulative_sky(page: Chromium, village: SimpleNamespace) -> None:
    for building in village.index["id"][:12]:
        choose(page, building)
        for plane in range(page.run("cadastre.state.building.planes.length")):
            page.run(f"cadastre.choosePlane(cadastre.state.building.planes[{plane}])")
            expected = python_answer(village.graphs["cumulative_sky"], shown_inputs(page))
            got = page_answer(page, "table")
            np.testing.assert_allclose(got[:13], expected[:13], rtol=1e-4)
            assert got[13] == pytest.approx(expected[13], abs=1e-4)


def test_the_model_in_the_page_answers_as_in_python_whatever_is_set(page: Chromium, village: SimpleNamespace) -> None:
    choose(page, village.index["id"][0])
    runtime = [url for url in page.requests if "ort-" in url or "model.onnx" in url]
    assert runtime == []  # nothing of it is loaded before it is asked for
    page.click_on("#answers button")
    page.until("cadastre.state.answers.model")
    before = page_answer(page, "model")
    for name, value in (("tilt", 35), ("azimuth", 250), ("ratio", 1.4), ("mounting", 2)):
        if name == "mounting":
            page.run("(() => { const e = document.getElementById('change-mounting'); e.value = '2';"
                     " e.dispatchEvent(new Event('change')); })()")  # fmt: skip
        else:
            set_slider(page, name, value)
        page.until(f"cadastre.state.options.{name} === {value}")
        row = shown_inputs(page)
        expected = python_answer(village.graphs["sector_year"], row)
        page.until(f"Math.abs(cadastre.state.answers.model?.yearly - {expected[12]}) < {1e-4 * expected[12]}", 10)
        got = page_answer(page, "model")
        np.testing.assert_allclose(got[:13], expected[:13], rtol=1e-4)
        assert got[13] == pytest.approx(expected[13], abs=1e-4)
        table = python_answer(village.graphs["cumulative_sky"], row)
        np.testing.assert_allclose(page_answer(page, "table")[:13], table[:13], rtol=1e-4)
        assert abs(got[12] - before[12]) > 1e-3 * before[12]  # the control did something
        before = got
    told = page.run("document.querySelector('.answers').innerText")
    assert "ONNX" in told and "Mo" in told and "ms" in told


def test_pvgis_is_offered_the_installation_and_asked_nothing(page: Chromium, village: SimpleNamespace) -> None:
    def asked() -> dict[str, str]:
        link = page.run("document.getElementById('pvgis-link').href")
        assert link.startswith("https://re.jrc.ec.europa.eu/api/v5_3/PVcalc?")
        return dict(parse_qsl(urlsplit(link).query, strict_parsing=True))

    choose(page, village.index["id"][2])
    for number in range(page.run("cadastre.state.building.planes.length")):
        page.run(f"cadastre.choosePlane(cadastre.state.building.planes[{number}])")
        plane, told = page.run("cadastre.state.plane.properties"), asked()
        lon, lat = page.run("cadastre.middle(cadastre.outerRing(cadastre.state.plane.geometry))")
        assert float(told["lat"]) == pytest.approx(lat, abs=1e-5) and float(told["lon"]) == pytest.approx(lon, abs=1e-5)
        assert float(told["angle"]) == pytest.approx(plane["tilt_deg"], abs=0.05)
        assert float(told["aspect"]) == pytest.approx(plane["azimuth_deg"] - 180.0, abs=0.05)  # PVGIS counts from south
        assert float(told["peakpower"]) == pytest.approx(plane["power_kwp"], abs=0.005)
        stored = np.array(list(bytes.fromhex(plane["horizon"]))) * 0.35
        horizon = np.array([float(elevation) for elevation in told["userhorizon"].split(",")])
        np.testing.assert_allclose(horizon, stored, atol=0.051)  # 36 from north, clockwise, as they are stored
        fixed = {
            "loss": "14",
            "pvtechchoice": "crystSi",
            "mountingplace": "building",
            "usehorizon": "1",
            "outputformat": "json",
        }
        assert told.items() >= fixed.items()
        assert set(told) - set(fixed) == {"lat", "lon", "angle", "aspect", "peakpower", "userhorizon"}
    for azimuth, aspect in ((90, "-90"), (270, "90"), (180, "0"), (0, "-180")):
        set_slider(page, "azimuth", azimuth)
        page.until(f"document.getElementById('pvgis-link').href.includes('aspect={aspect}&')")
    link = "document.getElementById('pvgis-link')"
    assert page.run(f"{link}.rel") == "noopener noreferrer" and page.run(f"{link}.target") == "_blank"
    note = page.run(f"document.getElementById({link}.getAttribute('aria-describedby')).innerText")
    assert "Commission européenne" in note and "adresse IP" in note and "re.jrc.ec.europa.eu" in note


def test_a_roof_says_what_takes_its_light(page: Chromium, village: SimpleNamespace) -> None:
    directions = (
        "au nord",
        "au nord-est",
        "à l’est",
        "au sud-est",
        "au sud",
        "au sud-ouest",
        "à l’ouest",
        "au nord-ouest",
    )
    shaded = 0
    for building in village.index["id"][:10]:
        choose(page, building)
        told = page.run("document.querySelector('.why').textContent")
        answer = page.run(
            "(({sectorLoss, shading, yearly}) => ({sectorLoss, shading, yearly}))(cadastre.state.answers.tableBefore)"
        )
        loss = np.zeros(8)
        np.add.at(loss, np.floor(np.arange(36) * 8 / 36 + 0.5).astype(int) % 8, answer["sectorLoss"])
        assert loss.sum() == pytest.approx(answer["shading"], abs=1e-6)
        if answer["shading"] < 0.01:
            assert "presque rien" in told
            continue
        shaded += 1
        most = int(np.argmax(loss))
        mainly = "surtout" if loss[most] > answer["shading"] / 2 else "de plusieurs côtés, le plus"
        assert f"{mainly} {directions[most]} ({100 * loss[most]:.1f}".replace(".", ",") in told
    assert shaded >= 2


def test_the_best_plane_is_told_so_and_others_what_their_orientation_costs(
    page: Chromium, village: SimpleNamespace
) -> None:
    def cost() -> float:
        told = page.run("document.querySelector('.why').textContent")
        return 0.0 if "au mieux" in told else float(re.search(r"coûtent (\d+)", told)[1]) / 100

    open_planes = np.array([[t, a, *[0.0] * 36, 0.2, 1.15, 1.0] for t in range(0, 61, 5) for a in range(0, 360, 15)])
    best = max(
        python_answer(village.graphs["cumulative_sky"], open_planes.astype(np.float32)[[k]])[12] for k in range(312)
    )
    for building in village.index["id"][:6]:
        choose(page, building)
        row = shown_inputs(page)
        row[0, 2:38] = 0.0
        expected = 1.0 - python_answer(village.graphs["cumulative_sky"], row)[12] / best
        assert cost() == pytest.approx(expected, abs=0.006 if expected > 0.025 else 0.025)


def test_yields_of_the_cadastre_are_those_of_the_model(page: Chromium, village: SimpleNamespace) -> None:
    choose(page, village.index["id"][5])
    stored = page.run("cadastre.state.plane.properties")
    expected = python_answer(village.graphs["sector_year"], shown_inputs(page))
    assert stored["yield_kwh"] / stored["power_kwp"] == pytest.approx(expected[12], rel=5e-3)  # kWp is kept to 10 W


@pytest.mark.parametrize("kind", ["building", "tree"])
def test_a_new_obstacle_lowers_the_yield(page: Chromium, village: SimpleNamespace, kind: str) -> None:
    choose(page, village.index["id"][2])
    free = page_answer(page, "table")
    page.run(f"(() => {{ const e = document.getElementById('new-kind'); e.value = '{kind}';"
             " e.dispatchEvent(new Event('change')); document.getElementById('new-height').value = '14'; })()")  # fmt: skip
    page.click_on(".obstacle [type=submit]")
    page.until("cadastre.state.effect && document.getElementById('loss').textContent")
    shaded = page_answer(page, "table")
    assert shaded[12] < 0.99 * free[12]
    assert (shaded[:12] <= free[:12] + 1e-9).all()
    if kind == "tree":  # bare in winter: more comes through then
        assert shaded[0] > 0.3 * free[0]
    page.click_on(".obstacles button")
    page.until("!cadastre.state.effect && !document.querySelector('.obstacles')")
    np.testing.assert_allclose(page_answer(page, "table"), free, rtol=1e-12)


def test_horizons_of_the_page_are_those_of_the_surface(page: Chromium, village: SimpleNamespace) -> None:
    choose(page, village.index["id"][2])
    page.click_on(".obstacle [type=submit]")
    page.until("cadastre.state.effect")
    points, before = np.array(page.run("cadastre.state.effect.points")), page.run("cadastre.state.effect.before")
    surface = synthetic_village(0)
    rows = (surface.y_max - points[:, 1]) / surface.resolution_m - 0.5
    columns = (points[:, 0] - surface.x_min) / surface.resolution_m - 0.5
    azimuths = np.arange(36) * 10.0 - grid_convergence_deg(surface)
    size = surface.resolution_m
    truth = horizon_at_points(surface.heights, size, rows, columns, points[:, 2], azimuths, 200.0, 3).mean(axis=0)
    assert np.abs(np.array(before) - truth).max() < 1.0  # heights come in steps of 2 cm, half a metre away
    assert np.abs(np.array(before) - truth).mean() < 0.2


def test_a_building_is_drawn_on_the_map(page: Chromium, village: SimpleNamespace) -> None:
    choose(page, village.index["id"][2])
    page.until("cadastre.state.map.loaded()")
    page.run("document.querySelector('.obstacle .buttons button:last-child').click()")
    page.until("cadastre.state.drawing")
    box = page.run(
        "(() => { const b = document.getElementById('map').getBoundingClientRect(); return [b.x, b.y, b.width, b.height]; })()"
    )
    middle = np.array([box[0] + box[2] / 2, box[1] + box[3] / 2 + 60])
    for corner in ((-40, 0), (40, 0), (40, 50), (-40, 50)):
        page.click(*(middle + corner))
    page.click_on("#drawing button")
    page.until("cadastre.state.obstacles.length === 1 && cadastre.state.effect")
    corners = np.array(page.run("cadastre.state.obstacles[0].corners"))
    assert corners.shape == (4, 2)
    width = np.linalg.norm(corners[1] - corners[0])
    metres_per_pixel = page.run(
        "40075016.686 * Math.cos(46.667 * Math.PI / 180) / 512 / 2 ** cadastre.state.map.getZoom()"
    )
    assert width == pytest.approx(80 * metres_per_pixel, rel=0.05)
    assert page_answer(page, "table")[12] < page.run("cadastre.state.answers.tableBefore.yearly")


def test_everything_can_be_done_with_the_keyboard(page: Chromium, village: SimpleNamespace) -> None:
    page.until("cadastre.state.view.length")
    page.key("Tab", 9)
    assert page.run("document.activeElement.id") == "skip"
    page.key("Enter", 13, "\r")
    assert page.run("document.activeElement.id") == "search-field"
    page.write(village.index["id"][7].lower())
    page.key("Enter", 13, "\r")
    page.until("cadastre.state.results?.length === 1")
    page.run("document.querySelector('.results button').focus()")
    page.key("Enter", 13, "\r")
    page.until(CHOSEN)
    assert page.run("document.activeElement.id") == "roof-title"
    assert village.index["id"][7] in page.run("document.getElementById('said').textContent")


def test_controls_have_names_and_the_page_its_landmarks(page: Chromium, village: SimpleNamespace) -> None:
    choose(page, village.index["id"][2])
    nodes = page.call("Accessibility.getFullAXTree")["nodes"]
    roles: dict[str, list[str]] = {}
    for node in nodes:
        if not node.get("ignored"):
            roles.setdefault(node["role"]["value"], []).append(node.get("name", {}).get("value", ""))
    assert {"main", "banner", "contentinfo", "navigation", "search", "region", "status", "heading"} <= roles.keys()
    for role in (
        "button",
        "slider",
        "radio",
        "textbox",
        "searchbox",
        "combobox",
        "spinbutton",
        "link",
        "image",
        "checkbox",
    ):
        assert all(name.strip() for name in roles.get(role, [])), (role, roles.get(role))
    assert len(roles["heading"]) >= 5


@pytest.mark.parametrize(("language", "words"), [("en", "Yearly yield"), ("fr", "Production annuelle")])
@pytest.mark.parametrize("width", [320, 390, 1280])
def test_both_languages_fit_on_phones_and_desktops(
    page: Chromium, village: SimpleNamespace, language: str, words: str, width: int
) -> None:
    page.size(width, 740, phone=width < 500)
    page.run(f"document.querySelector('#head [lang={language}]').click()")
    choose(page, village.index["id"][2])
    assert page.run("document.documentElement.lang") == language
    assert words in page.run("document.getElementById('roof').innerText")
    assert page.run("document.documentElement.scrollWidth") <= width
    link = page.run("document.querySelector('.verdict a').getAttribute('href')")
    assert link == f"audit/roof_yield/{language}.html" and (village.folder / link).is_file()


def test_a_building_is_drawn_by_keyboard(page: Chromium, village: SimpleNamespace) -> None:
    choose(page, village.index["id"][2])
    page.run("void cadastre.state.map.jumpTo({zoom: 14}); document.getElementById('new-height').value = '40'")
    page.run("document.getElementById('draw-obstacle').focus()")
    page.key("Enter", 13, "\r")
    page.until(
        "!document.getElementById('drawing').hidden && cadastre.state.map.getZoom() >= 17"
    )  # the roof is in view
    assert page.run("document.activeElement === cadastre.state.map.getCanvas()")
    for corner in range(3):
        page.key("Enter", 13, "\r")
        step = "[80, 0]" if corner == 0 else "[0, 80]"
        page.run(f"void cadastre.state.map.panBy({step}, {{animate: false}})")
    page.run("document.querySelector('#drawing button').click()")
    page.until("cadastre.state.effect && document.getElementById('loss').textContent")
    assert page.run("document.activeElement.id") == "draw-obstacle"
    said = page.run("document.getElementById('said').textContent")
    assert "Obstacles placés" in said and "après" in said
    assert page.run("cadastre.state.obstacles[0].corners.length") == 3


def test_what_is_taken_away_is_what_is_shown(page: Chromium, village: SimpleNamespace) -> None:
    choose(page, village.index["id"][2])
    page.run("URL.createObjectURL = (blob) => { window.saved = blob; return 'blob:none'; };"
             " HTMLAnchorElement.prototype.click = () => {}")  # fmt: skip
    page.run("document.querySelectorAll('.take button')[0].click()")
    header, *rows = page.run("saved.text()").strip().split("\r\n")
    planes = page.run("cadastre.state.building.planes.map((p) => p.properties)")
    assert len(rows) == len(planes)
    for row, plane in zip(rows, planes, strict=True):
        values = dict(zip(header.split(","), row.split(","), strict=True))
        assert float(values["yield_kwh"]) == plane["yield_kwh"] and values["horizon"] == plane["horizon"]
    page.run("document.querySelectorAll('.take button')[1].click()")
    collection: Any = json.loads(page.run("saved.text()"))
    assert [f["properties"] for f in collection["features"]] == planes
    shapes = page.run("cadastre.state.building.planes.map((p) => p.geometry.coordinates)")
    for feature, shape in zip(collection["features"], shapes, strict=True):
        told = np.array(feature["geometry"]["coordinates"][0], dtype=float)
        np.testing.assert_allclose(told, np.array(shape[0], dtype=float), atol=1e-7)


def test_a_plane_on_which_nothing_fits_is_told_without_nonsense(page: Chromium, village: SimpleNamespace) -> None:
    choose(page, village.index["id"][2])
    page.run(
        "(() => { const plane = cadastre.state.building.planes[0]; for (const name of ['usable_area_m2', 'power_kwp',"
        " 'yield_kwh', 'yield_p10_kwh', 'yield_p90_kwh']) plane.properties[name] = 0; return cadastre.choosePlane(plane); })()"
    )
    set_slider(page, "tilt", 20)
    page.until("cadastre.state.answers.table && cadastre.state.options.tilt === 20")
    told = page.run("document.getElementById('roof').innerText")
    assert "aucune surface utile" in told and "NaN" not in told and "Infinity" not in told and "∞" not in told
    assert not re.search(r"\d[\d\u202f]{3,},\d\u00a0%", told)  # a gain against nothing
    assert "P10–P90" not in page.run("document.getElementById('answers').innerText")


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_printed_sheet_is_one_page_of_a4(page: Chromium, village: SimpleNamespace, language: str) -> None:
    page.run(f"document.querySelector('#head [lang={language}]').click()")
    most = village.index["id"][int(np.argmax(village.index["planes"]))]
    for building in (village.index["id"][2], most):
        choose(page, building)
        printed = page.call("Page.printToPDF", {"paperWidth": 8.27, "paperHeight": 11.69})["data"]
        assert len(re.findall(rb"/Type\s*/Page\b", base64.b64decode(printed))) == 1
    page.call("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        page.size(703, 1040)  # A4 without its margins, in CSS pixels
        page.run("dispatchEvent(new Event('beforeprint'))")
        assert page.run("document.documentElement.scrollWidth") <= 703
        text = page.run("document.body.innerText")
        assert ("Solar sheet" if language == "en" else "Fiche solaire") in text
        assert ("feasibility study" if language == "en" else "étude de faisabilité") in text
        assert "OneBuilding" in text  # the sources are told on paper though they are folded on the screen
        page.run("dispatchEvent(new Event('afterprint'))")
        assert not page.run("document.querySelector('#foot details').open")
    finally:
        page.call("Emulation.setEmulatedMedia", {"media": ""})


def test_the_french_page_is_french_to_its_spaces(page: Chromium, village: SimpleNamespace) -> None:
    choose(page, village.index["id"][2])
    page.click_on("#answers button")
    page.until("cadastre.state.answers.model")
    page.click_on(".obstacle [type=submit]")
    page.until("cadastre.state.effect && document.getElementById('loss').textContent")
    page.run("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    text = (
        page.run("document.body.innerText")
        + "\n"
        + page.run(
            "[...document.querySelectorAll('[aria-label], [title]')].flatMap((e) => [e.ariaLabel, e.title]).join('\\n')"
        )
    )
    assert not re.findall(r".{0,20} [:;?!»].{0,20}", text)  # a plain space, which may break
    assert not re.findall(r"\w'\w.{0,20}", text)
    assert not re.findall(r".{0,12}\d (?:kWh|kWc|m²|m|km|%|kg|ms|Mo|ko)\b", text)
    for english in ("Zoom", "Toggle", "typical year", "statistics", "kWp", "of 5", "energy mix"):
        assert english not in text, english
    assert "année type générée" in text and "statistiques de" in text
    page.run("document.querySelector('#head [lang=en]').click()")
    assert page.run("document.querySelector('.maplibregl-ctrl-zoom-in').title") == "Zoom in"
    assert "synthetic typical year" in page.run("document.getElementById('foot').textContent")


BROKEN = {
    "cadastre.json": (None, "data/cadastre.json"),
    "roofs.pmtiles": (2000, "the roofs"),
    "buildings.json.gz": (None, "the list of buildings"),
    "sky_table.bin.gz": (40, "the table of the sky"),
    "model.onnx": (100, "the audited model"),
    "dsm/index.json": (None, "the surveyed surface"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_missing_or_cut_is_told(browser: Chromium, village: SimpleNamespace, tmp_path: Path, name: str) -> None:
    kept, words = BROKEN[name]
    folder = shutil.copytree(village.folder, tmp_path / "map")
    file = folder / "data" / name
    if kept is None:
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[:kept])
    server, root = serve(folder)
    try:
        browser.leave()
        browser.call("Page.navigate", {"url": f"{root}#lang=en&roof={quote(village.index['id'][2])}"})
        if name == "model.onnx":
            browser.until("cadastre.state.answers.table")
            browser.click_on("#answers button")
        elif name == "dsm/index.json":
            browser.until("cadastre.state.answers.table")
            browser.click_on(".obstacle [type=submit]")
        browser.until(f"document.getElementById('page').innerText.includes('Could not load {words}. The connection')"
                      f" || document.getElementById('page').innerText.includes('Could not load {words}.\\n')")  # fmt: skip
    finally:
        browser.leave()
        server.shutdown()
        server.server_close()


def test_services_of_others_are_asked_only_when_switched_on(browser: Chromium, village: SimpleNamespace) -> None:
    def elsewhere() -> list[str]:
        return [url for url in browser.requests if not url.startswith(("data:", "blob:", "about:", village.root))]

    browser.requests.clear()
    browser.open(village.url + "#lang=fr")
    told = browser.run("document.getElementById('remote-note').textContent")
    assert "data.geopf.fr" in told and "adresse IP" in told
    search = "(() => { document.getElementById('search-field').value = '3 rue du Port';"
    search += " document.querySelector('[role=search]').requestSubmit(); })()"
    browser.run(search)
    browser.until("cadastre.state.results?.length === 0")
    assert elsewhere() == []
    browser.run("document.getElementById('remote-search').click()")
    browser.run(search)
    browser.until(
        "document.getElementById('status').textContent.includes('data.geopf.fr')"
    )  # it cannot be reached here
    assert elsewhere() and all(url.startswith("https://data.geopf.fr/geocodage/search?q=3+rue") for url in elsewhere())
    browser.requests.clear()
    browser.run("document.getElementById('remote-plan').click()")
    deadline = time.monotonic() + 20
    while not elsewhere() and time.monotonic() < deadline:
        browser.run("1")
    assert elsewhere() and all(url.startswith("https://data.geopf.fr/wmts?") for url in elsewhere())


def test_without_webgl_search_and_list_still_work(village: SimpleNamespace) -> None:
    blind = Chromium("en-GB", ("--disable-3d-apis",))
    try:
        blind.open(village.url)
        assert "WebGL" in blind.run("document.getElementById('map').innerText")
        blind.run("document.querySelector('#head [lang=fr]').click()")
        assert "ne peut pas être dessinée" in blind.run("document.getElementById('map').innerText")
        choose(blind, village.index["id"][3])
        assert "kWh" in blind.run("document.getElementById('roof').innerText")
    finally:
        blind.close()


def test_the_folder_is_complete(village: SimpleNamespace) -> None:
    names = {str(path.relative_to(village.folder)) for path in village.folder.rglob("*") if path.is_file()}
    assert names >= {
        "index.html",
        "data/cadastre.json",
        "data/roofs.pmtiles",
        "data/model.onnx",
        "data/buildings.json.gz",
    }
    assert Path(village.folder / "data" / "model.onnx").read_bytes() == village.graphs["sector_year"]


def test_an_id_in_the_table_is_no_formula(page: Chromium, village: SimpleNamespace) -> None:
    choose(page, village.index["id"][0])
    page.run("cadastre.state.building.planes[0].properties.plane_id = '=HYPERLINK(\"http://x\")'")
    page.run("cadastre.state.building.planes[0].properties.building_id = '-12'")
    page.run(
        "const make = URL.createObjectURL.bind(URL); URL.createObjectURL = (blob) => "
        "{ blob.text().then((text) => { window.saved = text; }); return make(blob); }"
    )
    page.run("Array.from(document.querySelectorAll('button')).find((button) => /CSV/.test(button.textContent)).click()")
    page.until("window.saved")
    row = next(csv.DictReader(io.StringIO(page.run("window.saved"))))
    assert row["plane_id"] == '\'=HYPERLINK("http://x")'
    assert row["building_id"] == "-12"
