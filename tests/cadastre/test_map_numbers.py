"""Numbers on the page of the map, in a real browser: they are Python's, and have the digits that they deserve."""

from __future__ import annotations

import json
import re
from types import SimpleNamespace
from urllib.parse import parse_qsl, urlsplit

import numpy as np
import pytest
from cadastre.chromium import Chromium, find_chromium
from cadastre.map_visit import choose, page_answer, python_answer, set_slider, shown_inputs

from frugal.formats.rasters.surface_model import grid_convergence_deg
from frugal.physics.solar.horizon import horizon_at_points
from frugal.studies.solar.village.surface import synthetic_village

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_chromium() is None, reason="Chromium is not installed"),
]


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
    runtime = [url for url in page.requests if "ort-" in url or "/model." in url]
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
    assert "JavaScript" in told and "ko" in told and "ms" in told
    assert not any("ort-" in url or url.endswith(".onnx") for url in page.requests)  # it needs no runtime


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
        total = page.run("cadastre.state.plane.properties.shading_loss")  # that of the model, which the facts tell too
        loss *= total / answer["shading"]
        said = f"{100 * total:.1f}".replace(".", ",") + "\u00a0%"
        assert said in told and said in page.run("document.querySelector('.facts').textContent")
        if min(total, answer["shading"]) < 0.01:
            assert "presque rien" in told
            continue
        shaded += 1
        rose = page.run("document.querySelector('.rose').getAttribute('aria-label')")
        assert rose.endswith(said)
        most = int(np.argmax(loss))
        mainly = "surtout" if loss[most] > total / 2 else "de plusieurs côtés, le plus"
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


def numbers_in(text: str) -> list[float]:
    """Numbers as the French page writes them."""
    return [float(n.replace("\u202f", "").replace(",", ".")) for n in re.findall(r"\d[\d\u202f]*(?:,\d+)?", text)]


def fineness(value: float) -> int:
    """Power of ten that a whole number was visibly rounded to."""
    return len(str(round(value))) - len(str(round(value)).rstrip("0"))


def test_yields_have_the_digits_that_their_spread_supports(page: Chromium, village: SimpleNamespace) -> None:
    page.until("document.querySelectorAll('.result-more').length === 12")
    listed = page.run("[...document.querySelectorAll('.result-more')].map((e) => e.textContent)")
    known = sorted(village.index["kwh"])[-len(listed) :][::-1]
    for text, kwh in zip(listed, known, strict=True):
        (told,) = numbers_in(text)
        assert told == pytest.approx(kwh, rel=0.0351) and fineness(told) >= len(str(kwh)) - 3

    choose(page, village.index["id"][2])
    planes = page.run("cadastre.state.building.planes.map((p) => p.properties)")
    whole = {name: sum(p[name] for p in planes) for name in ("yield_kwh", "yield_p10_kwh", "yield_p90_kwh")}
    shown = page.run("[...document.querySelectorAll('.plane .strong')].map((e) => e.textContent)")
    head = page.run("document.querySelector('.headline strong').textContent")
    spread = page.run("document.querySelector('.summary .note').textContent").replace("P10–P90", "")
    facts = page.run("document.querySelector('.facts div').innerText").replace("P10–P90", "")
    for p, texts in [
        *zip(planes, ([text] for text in shown), strict=True),
        (whole, [head, spread]),
        (planes[0], [facts]),
    ]:
        half = (p["yield_p90_kwh"] - p["yield_p10_kwh"]) / 2
        told = [n for text in texts for n in numbers_in(text)]
        expected = [p["yield_kwh"], p["yield_p10_kwh"], p["yield_p90_kwh"]][: len(told)]
        for n, truth in zip(told, expected, strict=True):
            assert n % 10 ** np.floor(np.log10(half / 2)) == 0  # no more digits than the spread supports,
            assert abs(n - truth) <= half / 4 + 1  # and no fewer
    assert len(numbers_in(spread)) == 2 and len(numbers_in(facts)) == 3

    page.run("document.querySelectorAll('.charts .numbers').forEach((part) => { part.open = true; })")
    months = page.run(
        "[...document.querySelector('.charts table').querySelectorAll('tbody td')].map((e) => e.textContent)"
    )
    for text, m in zip(months, range(1, 13), strict=True):
        (told,) = numbers_in(text)
        assert told % 10 == 0 and abs(told - planes[0][f"yield_{m:02d}_kwh"]) <= 5
    text = page.run("document.querySelector('.facts').innerText")
    (irradiation,) = numbers_in(re.search(r"([\d\u202f]+)\s*kWh/m²", text)[1])
    assert irradiation % 10 == 0 and abs(irradiation - planes[0]["irradiation"]) <= 5
    (emitted,) = numbers_in(re.search(r"([\d\u202f]+)\s*kg par an", text)[1])
    assert emitted % 10 == 0 and abs(emitted - planes[0]["co2_avoided_kg"]) <= 5


CARBON = {
    "FRA": ({"kg_per_kwh": 0.056, "low": 0.0217, "high": 0.0813, "country": "FRA"}, "France", "much less, or nothing"),
    "WOR": ({"kg_per_kwh": 0.48, "low": 0.4, "high": 0.6, "country": "WOR"}, "world", "after it is less."),
    "unnamed": ({"kg_per_kwh": 0.5, "low": 0.4, "high": 0.6, "country": "XYZ"}, "XYZ", "after it is less."),
    "older file": ({"kg_per_kwh": 0.056}, None, "much less, or nothing"),
}


@pytest.mark.parametrize("case", CARBON)
def test_emissions_are_those_of_the_grid_and_the_modules_are_not_taken_off(
    page: Chromium, village: SimpleNamespace, case: str
) -> None:
    co2, country, left = CARBON[case]
    page.run("document.querySelector('#head [lang=en]').click()")
    page.run(f"cadastre.state.cadastre.co2 = {json.dumps(co2 | {'source': 's', 'meaning': 'm'})}")
    choose(page, village.index["id"][2])
    fact = "document.querySelector('.facts > :last-child')"
    name, value, note = page.run(f"['dt', 'dd', 'small'].map((part) => {fact}.querySelector(part).textContent)")
    assert name == "CO₂e of as much electricity of the grid mix" + (f" ({country})" if country else "")
    assert page.run(f"{fact}.querySelector('small').checkVisibility()")  # not folded away
    assert "making of the modules, about 40\u00a0g/kWh, is not taken off" in note and left in note
    told = re.match(r"([\d,]+)\u00a0kg a year(?:, between ([\d,]+) and ([\d,]+)\u00a0kg)?", value)
    emitted = page.run("cadastre.state.plane.properties.co2_avoided_kg")
    expected = [emitted, *(emitted / co2["kg_per_kwh"] * co2[end] for end in ("low", "high") if end in co2)]
    got = [float(n.replace(",", "")) for n in told.groups() if n]
    np.testing.assert_allclose(got, expected, rtol=0.051)
    assert len(got) == (3 if "low" in co2 else 1)
    page.run("document.querySelector('#head [lang=fr]').click()")
    text = page.run(f"{fact}.textContent")
    assert "n’est pas déduite" in text and "évité" not in page.run("document.body.textContent")
    assert ("bien moindre, voire nul" in text) == (left == "much less, or nothing")


def test_a_range_is_told_with_what_it_holds_for_and_what_it_leaves_out(
    page: Chromium, village: SimpleNamespace
) -> None:
    counts = np.array(village.index["planes"])
    for language, words in (
        ("en", ("probability of 80%", "for this power", "usable is less certain", "sum of those of its planes")),
        ("fr", ("probabilité de 80\u00a0%", "pour cette puissance", "utile est moins certaine", "somme de ceux de ses pans")),
    ):  # fmt: skip
        page.run(f"document.querySelector('#head [lang={language}]').click()")
        choose(page, village.index["id"][int(np.argmax(counts))])
        help_text = page.run("document.querySelector('.reading').textContent")
        assert all(part in help_text for part in words)
        for shown in (".summary .note", ".facts div small"):
            assert page.run(f"document.querySelector('{shown}').textContent").endswith(words[1])
        choose(page, village.index["id"][int(np.argmin(counts))])
        alone = page.run("cadastre.state.building.planes.length") == 1
        assert (words[3] in page.run("document.querySelector('.reading').textContent")) != alone


def test_the_list_says_that_a_building_has_the_class_of_its_best_plane(
    page: Chromium, village: SimpleNamespace
) -> None:
    page.until("cadastre.state.view.length && document.querySelector('#results .note') !== null")
    assert "meilleur pan" in page.run("document.querySelector('#results .note').textContent")
    shown = page.run("cadastre.state.view.map((entry) => [entry.id, entry.class])")
    several = [(id_, number) for id_, number in shown if village.index["planes"][village.index["id"].index(id_)] > 1]
    for id_, number in several[:4]:
        choose(page, id_)
        assert page.run("Math.max(...cadastre.state.building.planes.map((p) => p.properties.class))") == number
    assert several


def test_two_answers_are_told_to_digits_that_show_whether_they_agree(page: Chromium, village: SimpleNamespace) -> None:
    choose(page, village.index["id"][2])
    cells = "[...document.querySelectorAll('.answers td.strong')].map((e) => e.textContent)"
    (alone,) = [numbers_in(text)[0] for text in page.run(cells)]
    assert alone % 100 == 0
    page.click_on("#answers button")
    page.until("cadastre.state.answers.model")
    power = page.run("cadastre.state.options.power")
    for text, way in zip(page.run(cells), ("table", "model"), strict=True):
        (told,) = numbers_in(text)
        assert told == pytest.approx(page_answer(page, way)[12] * power, abs=0.051)
    assert "se comparent" in page.run("document.getElementById('answers').innerText")
