"""What the page says of the planes of a roof agrees with the tables of the cadastre, and of an obstacle what it takes alone."""

from __future__ import annotations

import re
from types import SimpleNamespace

import numpy as np
import pytest
from cadastre.chromium import Chromium, find_chromium
from cadastre.map_visit import choose, page_answer, set_slider

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_chromium() is None, reason="Chromium is not installed"),
]


def _place(page: Chromium, height: float) -> None:
    page.run(f"document.getElementById('new-height').value = '{height}'")
    page.click_on(".obstacle [type=submit]")
    page.until("cadastre.state.effect && document.getElementById('loss').textContent")


def _loss(page: Chromium) -> str:
    return str(page.run("document.querySelector('.loss-now').textContent"))


def test_planes_are_numbered_as_in_the_tables(page: Chromium, village: SimpleNamespace) -> None:
    choose(page, village.index["id"][int(np.argmax(village.index["planes"]))])
    ids = page.run("cadastre.state.building.planes.map((p) => p.properties.plane_id)")
    assert len(ids) > 2 and ids != sorted(ids)  # told by yield, so that a count of the list would name others
    shown = page.run("[...document.querySelectorAll('.planes .plane > span:nth-of-type(2)')].map((e) => e.textContent)")
    assert [text.split()[-1] for text in shown] == [plane.rsplit("-", 1)[1] for plane in ids]
    last = len(ids) - 1
    page.run(f"document.querySelectorAll('.planes input')[{last}].click()")
    page.until(f"cadastre.state.plane === cadastre.state.building.planes[{last}]")
    number = ids[last].rsplit("-", 1)[1]
    assert page.run("document.getElementById('plane-title').textContent").split()[-1] == number
    page.until(f"/ {number}\\b/.test(document.getElementById('said').textContent)")
    drawn = page.run("[...document.querySelectorAll('.plan text')].map((e) => e.textContent)")
    assert drawn == [plane.rsplit("-", 1)[1] for plane in ids]


def test_an_obstacle_is_blamed_for_what_it_takes_alone(page: Chromium, village: SimpleNamespace) -> None:
    choose(page, village.index["id"][2])
    power = page.run("cadastre.state.plane.properties.power_kwp")
    set_slider(page, "power", round(power / 2, 1))
    page.until(f"cadastre.state.options.power < {0.6 * power}")
    free = page_answer(page, "table")
    _place(page, 14)
    shaded = page_answer(page, "table")
    told = float(re.search(r"\(−?([\d,]+)", _loss(page)).group(1).replace(",", "."))  # type: ignore[union-attr]
    assert told == pytest.approx(100 * (1 - shaded[12] / free[12]), abs=0.06)
    page.click_on(".obstacles button")
    page.until("!cadastre.state.effect")
    _place(page, 1)  # lower than the roof: half the power is still no work of the obstacle
    assert "autant" in _loss(page)
    page.click_on(".obstacles button")
    page.until("!cadastre.state.effect")


def test_power_over_usable_area_is_that_of_the_plane(page: Chromium, village: SimpleNamespace) -> None:
    choose(page, village.index["id"][2])
    said = page.run("document.querySelector('.facts').innerText")
    density = page.run("(({power_kwp: p, usable_area_m2: a}) => p / a)(cadastre.state.plane.properties)")
    assert f"{density:.2f}".replace(".", ",") + "\u00a0kWc/m² de surface utile" in said


def test_the_legend_names_grey_roofs_and_the_footer_what_answered(page: Chromium, village: SimpleNamespace) -> None:
    assert page.run("document.querySelectorAll('#legend li').length") == 6
    assert "aucun pan" in page.run("document.querySelector('#legend li:last-child').textContent")
    label = page.run("cadastre.state.cadastre.model.label.fr")
    assert label.replace("'", "’") in page.run("document.getElementById('foot').textContent").replace("'", "’")
