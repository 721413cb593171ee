"""The page of the map in a real browser: what it asks for, what it shows, and what a visitor does with it."""

from __future__ import annotations

import json
import re
import shutil
import time
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote

import numpy as np
import pytest
from cadastre.chromium import Chromium, find_chromium, serve
from cadastre.map_visit import choose, page_answer, set_slider

from frugal.cadastre.job.settings import CadastreSettings
from frugal.cadastre.web_map.notes import public_notes
from frugal.cadastre.yields.weather_of_place import notes_on_weather
from frugal.formats.weather.nearness import Separation

pytestmark = pytest.mark.skipif(find_chromium() is None, reason="Chromium is not installed")

CHOSEN = "cadastre.state.building && cadastre.state.answers.table"


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
        "CO₂e d’autant d’électricité du réseau",
        "Relevé",
        "étude de faisabilité",
        "kWh/m²",
    ):
        assert word in text
    assert page.run("document.querySelectorAll('.chart .bar').length") == 12
    assert page.run("document.querySelectorAll('.rose path').length") > 1


@pytest.mark.slow
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


@pytest.mark.slow
def test_hills_that_stand_higher_than_an_obstacle_leave_it_without_effect(
    page: Chromium, village: SimpleNamespace
) -> None:
    choose(page, village.index["id"][2])
    kept = page.run("cadastre.state.plane.properties.horizon")
    page.run(f"cadastre.state.plane.properties.horizon = '{'f0' * 36}'")  # hills of 84° all around
    page.run("document.getElementById('new-height').value = '14'")
    page.click_on(".obstacle [type=submit]")
    page.until("cadastre.state.effect && document.getElementById('loss').textContent")
    np.testing.assert_allclose(page.run("cadastre.state.effect.layers.opaque"), [0xF0 * 0.35] * 36, rtol=1e-12)
    page.click_on(".obstacles button")
    page.run(f"cadastre.state.plane.properties.horizon = '{kept}'")


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
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
    "model.js": (100, "the audited model"),
    "dsm/index.json": (None, "the surveyed surface"),
}


@pytest.mark.slow
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
        if name == "model.js":
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


@pytest.mark.slow
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


@pytest.mark.slow
def test_files_of_the_survey_are_told_only_where_one_unfolds_the_sources(
    browser: Chromium, village: SimpleNamespace, tmp_path: Path
) -> None:
    folder = shutil.copytree(village.folder, tmp_path / "map")
    file = folder / "data" / "cadastre.json"
    told = json.loads(file.read_text())
    names = [f"LHD_FXX_0{k}.copc.laz" for k in range(20)]
    told["files"] = {"names": names, "count": 240}
    file.write_text(json.dumps(told))
    server, root = serve(folder)
    try:
        browser.size(1280, 800)
        browser.open(f"{root}#lang=fr")
        browser.until("cadastre.state.map.loaded()")
        assert ".laz" not in browser.run("document.body.innerText")
        credit = browser.run("document.querySelector('.maplibregl-ctrl-attrib-inner').textContent")
        assert "village généré" in credit and "OneBuilding" in credit and ".laz" not in credit
        browser.run("document.querySelector('#foot details').open = true")
        shown = browser.run("document.getElementById('foot').innerText")
        assert f"240 fichiers du relevé\u00a0: {', '.join(names)}…" in shown
    finally:
        browser.leave()
        server.shutdown()
        server.server_close()


@pytest.mark.slow
def test_what_limits_the_numbers_is_on_the_page(browser: Chromium, village: SimpleNamespace, tmp_path: Path) -> None:
    folder = shutil.copytree(village.folder, tmp_path / "map")
    file = folder / "data" / "cadastre.json"
    told = json.loads(file.read_text())
    sparse = "The survey has 0.29 points per m²: below 2 most roofs are missed, tilts are wrong by degrees and "
    sparse += "P10–P90 is too narrow."
    far = notes_on_weather(CadastreSettings(), Separation(180.4, 0.9), "town.epw")
    told["notes"] = public_notes([*(f"communes 'c{k}.gpkg': {k} outlines repaired" for k in range(30)), sparse, *far])
    file.write_text(json.dumps(told))
    server, root = serve(folder)
    try:
        browser.size(390, 844)
        browser.open(f"{root}#lang=fr")
        browser.until("document.documentElement.dataset.ready")
        shown = browser.run("document.getElementById('known').innerText").replace("\u00a0", " ")
        assert "Avant de lire les chiffres : 32 remarques" in shown and "30 autres remarques" in shown
        assert "Le relevé a 0,29 points par m²" in shown and "à 180 km et 0,9° de latitude" in shown
        assert "--set" not in shown and "gpkg" not in shown
        browser.run("document.querySelector('#known details details').open = true")
        assert "c29.gpkg" in browser.run("document.getElementById('known').innerText")
        assert browser.run("document.documentElement.scrollWidth") == 390
        browser.open(f"{root}?#lang=en")
        browser.until("document.documentElement.dataset.ready")
        shown = browser.run("document.getElementById('known').innerText").replace("\u00a0", " ")
        assert "Before reading the numbers: 32 remarks" in shown and "180 km and 0.9° of latitude away" in shown
        assert browser.run("document.querySelector('#known details').open")
        browser.open(f"{root}?a#lang=en&roof={village.index['id'][0]}")
        browser.until("Boolean(document.getElementById('roof-title'))")
        assert not browser.run("document.querySelector('#known details').open")  # the roof comes first then
    finally:
        browser.leave()
        server.shutdown()
        server.server_close()


@pytest.mark.slow
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


@pytest.mark.slow
def test_the_folder_is_complete(village: SimpleNamespace) -> None:
    names = {str(path.relative_to(village.folder)) for path in village.folder.rglob("*") if path.is_file()}
    assert names >= {
        "index.html",
        "data/cadastre.json",
        "data/roofs.pmtiles",
        "data/model.js",
        "data/model.onnx",
        "data/buildings.json.gz",
    }
    assert Path(village.folder / "data" / "model.onnx").read_bytes() == village.graphs["sector_year"]
