"""What a visitor takes away from the map: tables, polygons, the printed sheet."""

from __future__ import annotations

import base64
import csv
import io
import json
import re
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from cadastre.chromium import Chromium, find_chromium
from cadastre.map_visit import choose, set_slider

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_chromium() is None, reason="Chromium is not installed"),
]

KEEP_SAVED = (
    "URL.createObjectURL = (blob) => { window.saved = blob; return 'blob:none'; };"
    " HTMLAnchorElement.prototype.click = () => {}"
)
#: Bytes of what was saved, one character each: `Blob.text` would drop the mark of the order of bytes.
SAVED = "saved.arrayBuffer().then((content) => String.fromCharCode(...new Uint8Array(content)))"


def saved_table(page: Chromium) -> tuple[bytes, list[list[str]]]:
    """The CSV as a visitor gets it: its bytes, and its rows as a spreadsheet of the language reads them."""
    page.run(KEEP_SAVED)
    page.run("document.querySelectorAll('.take button')[0].click()")
    content = page.run(SAVED).encode("latin-1")
    separator = ";" if page.run("document.documentElement.lang") == "fr" else ","
    return content, list(csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=separator))


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_table_is_written_as_spreadsheets_of_the_language_read_it(
    page: Chromium, village: SimpleNamespace, language: str
) -> None:
    page.run(f"document.querySelector('#head [lang={language}]').click()")
    choose(page, village.index["id"][2])
    content, (header, *rows) = saved_table(page)
    assert content.startswith(b"\xef\xbb\xbf") == (language == "fr")
    planes = page.run("cadastre.state.building.planes.map((p) => p.properties)")
    assert len(rows) == len(planes) and "yield_p10_kwh" in header and "yield_12_kwh" in header
    decimals = 0
    for row, plane in zip(rows, planes, strict=True):
        values = dict(zip(header, row, strict=True))
        for name, told in plane.items():
            if isinstance(told, str):
                assert values[name] == told
                continue
            decimals += "," in values[name] if language == "fr" else "." in values[name]
            assert float(values[name].replace(",", ".") if language == "fr" else values[name]) == told
    assert decimals >= 3 * len(planes)  # tilt, azimuth, areas


@pytest.mark.parametrize("language", ["en", "fr"])
def test_an_id_in_the_table_is_no_formula(page: Chromium, village: SimpleNamespace, language: str) -> None:
    page.run(f"document.querySelector('#head [lang={language}]').click()")
    choose(page, village.index["id"][2])
    ids = ('=HYPERLINK("http://x")', "a;=1+1", "a,\t@SUM(1)")
    for k, text in enumerate(ids):
        page.run(f"cadastre.state.building.planes[{k}].properties.plane_id = {json.dumps(text)}")
    page.run("cadastre.state.building.planes[0].properties.building_id = '-12'")
    content, (header, *rows) = saved_table(page)
    assert [row[header.index("plane_id")] for row in rows] == ['\'=HYPERLINK("http://x")', "a;'=1+1", "a,\t'@SUM(1)"]
    assert rows[0][header.index("building_id")] == "-12"
    for separator in ",;\t":  # a spreadsheet of the other language may split elsewhere
        cells = [
            cell for row in csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=separator) for cell in row
        ]
        assert not [cell for cell in cells if re.match(r"\s*[=+@]", cell)]


def test_polygons_taken_away_are_those_shown(page: Chromium, village: SimpleNamespace) -> None:
    choose(page, village.index["id"][2])
    page.run(KEEP_SAVED)
    page.run("document.querySelectorAll('.take button')[1].click()")
    collection: Any = json.loads(page.run("saved.text()"))
    planes = page.run("cadastre.state.building.planes.map((p) => p.properties)")
    assert [f["properties"] for f in collection["features"]] == planes
    shapes = page.run("cadastre.state.building.planes.map((p) => p.geometry.coordinates)")
    for feature, shape in zip(collection["features"], shapes, strict=True):
        told = np.array(feature["geometry"]["coordinates"][0], dtype=float)
        np.testing.assert_allclose(told, np.array(shape[0], dtype=float), atol=1e-7)


def test_the_printed_sheet_tells_the_installation_as_changed(page: Chromium, village: SimpleNamespace) -> None:
    choose(page, village.index["id"][2])
    assert page.run("document.getElementById('changed').textContent") == ""
    set_slider(page, "tilt", 35)
    set_slider(page, "power", 2)
    page.click_on(".obstacle [type=submit]")
    page.until("cadastre.state.effect && document.getElementById('loss').textContent")
    told = page.run("document.getElementById('changed').textContent")
    for part in (
        "inclinaison 35°",
        "puissance 2,0\u00a0kWc",
        "pose près du toit",
        "obstacles placés\u00a0: 1",
        "par an (−",
    ):
        assert part in told
    gain = page.run("(({table, tableBefore}) => table.yearly / tableBefore.yearly)(cadastre.state.answers)")
    gain *= 2 / page.run("cadastre.state.plane.properties.power_kwp")
    assert f"(−{100 * (1 - gain):.1f}".replace(".", ",") in told
    assert not page.run("document.getElementById('changed').checkVisibility()")  # the page tells it further down


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_printed_sheet_is_one_page_of_a4(page: Chromium, village: SimpleNamespace, language: str) -> None:
    page.run(f"document.querySelector('#head [lang={language}]').click()")
    most = village.index["id"][int(np.argmax(village.index["planes"]))]
    for building in (village.index["id"][2], most):
        choose(page, building)
        set_slider(page, "tilt", 35)
        page.until("document.getElementById('changed').textContent")
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
