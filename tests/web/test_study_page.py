"""The page of one study in a real browser, held against the answers of Python."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from cadastre.chromium import Chromium, find_chromium, serve
from campaigns_for_tests import few_models, made_once, short_timings
from studies_for_tests import vector_study

from frugal.campaigns import workflow
from frugal.campaigns.campaign import Settings
from frugal.experiments.study import Lines, Need, Output, Points, Scenario, Study, TimeAxis, Tolerance, Variable
from frugal.experiments.study.input_layout import InputLayout
from frugal.experiments.study.study_file import describe_study
from frugal.surrogates.bundle.predictor import Predictor
from frugal.surrogates.bundle.script_file import write_script
from frugal.surrogates.onnx.export import Domain, write_graph
from frugal.web.built_pages import copy_page

pytestmark = pytest.mark.skipif(find_chromium() is None, reason="Chromium is not installed")

SECTORS = tuple(f"{angle:03d}" for angle in range(0, 360, 90))


def coast_study() -> Study:
    """Inputs with labels and numbered columns; a scalar, a series too long for bars, and a map with cells without meaning."""
    sectors = tuple(
        Variable(
            f"horizon_{a}_deg", "deg", 0.0, 80.0, {"en": f"Obstacles toward {a}°", "fr": f"Obstacles vers {a}°"}, 0.0
        )
        for a in SECTORS
    )
    surge = Variable("surge", "m", -1.0, 3.0, {"en": "Surge", "fr": "Surcote"}, 1.0)
    grid = {"y": [30.0, 20.0, 10.0], "x": [1.0, 2.0]}
    outputs = (
        Output("volume", "m^3", label={"en": "Volume", "fr": "Volume d'eau"}),
        Output("level", "m", ("hour",), {"hour": list(range(48))}, {"en": "Level", "fr": "Niveau"}),
        Output("depth", "m", ("y", "x"), grid, {"en": "Depth", "fr": "Hauteur d'eau"}),
        Output("speed", "m/s", ("time", "y", "x"), {"time": [0, 1800], **grid}, {"en": "Speed", "fr": "Vitesse"}),
    )
    need = Need("one", {"volume": Tolerance("rmse", 0.5)}, queries=(10.0, 100.0))
    title = {"en": "How high does the sea come?", "fr": "Jusqu'où monte la mer ?"}
    return Study("coast", (surge, *sectors), outputs, need, None, title=title)


def write_graph_of(study: Study, folder: Path) -> None:
    """A graph of a study with an interval, and its study, as a bundle has them."""
    columns, size = InputLayout(study.inputs).columns, sum(output.size for output in study.outputs)
    weights = np.random.default_rng(0).uniform(-1.0, 1.0, (len(columns), size))
    half = np.full(size, 0.25)

    def nodes(graph: Any, x: str) -> str:
        return str(graph.op("MatMul", x, graph.constant(weights)))

    low, high = (np.array([getattr(column, edge) for column in columns]) for edge in ("low", "high"))
    high[0] = 2.0  # built on less than the study is asked
    (folder / "model.onnx").write_bytes(write_graph(study, "linear", nodes, half, Domain(low, high)))
    write_script(folder)
    (folder / "study.json").write_text(json.dumps(describe_study(study)), encoding="utf-8")


STATIONS = ("Le Verdon", "Pauillac", "Bordeaux")
CHAINAGE = {"garonne": (0.0, 20_000.0, 45_000.0), "isle": (0.0, 9_500.0)}


def estuary_study() -> Study:
    """Levels at stations over dates, at many stations over hours, of a pump over seconds, along two reaches; scenarios."""
    quantities = {
        "level": {
            "time": TimeAxis((0.0, 6.0, 12.0, 24.0), "hour", "2010-02-27T18:00:00Z"),
            "geometry": points(STATIONS),
        },
        "salinity": {"time": TimeAxis((0.0, 1.0, 2.0), "hour"), "geometry": points([f"s{k}" for k in range(13)])},
        "pump": {"time": TimeAxis((0.0, 600.0, 1800.0)), "valid_above": 0.0},
        "peak": {"geometry": Lines("EPSG:2154", dict.fromkeys(CHAINAGE, ((0.0, 0.0), (50_000.0, 0.0))), CHAINAGE)},
        "gauge": {"geometry": points(STATIONS)},
    }
    inputs = (
        Variable("surge", "m", -1.0, 3.0, {"en": "Surge", "fr": "Surcote"}, 1.0),
        Variable("gate", "1", 0.0, 1.0, choices=("open", "shut")),
        Variable("rain", "mm", 0.0, 50.0, default=(1.0, 2.0), dims=("day",), coords={"day": [1, 2]}),
    )
    scenarios = (
        Scenario(
            "xynthia", {"surge": 1.5, "gate": "shut", "rain": 7.0}, "Tide gauges, 2010", {"fr": "Tempête Xynthia"}
        ),
        Scenario("wet_days", {"rain": [20.0, 30.5]}, "assumed"),
    )
    outputs = tuple(Output(name, "m", **more) for name, more in quantities.items())
    need = Need("one", {"level": Tolerance("rmse", 0.5)}, queries=(10.0, 100.0))
    return Study("estuary", inputs, outputs, need, None, scenarios=scenarios)


def points(names: Sequence[str]) -> Points:
    return Points("EPSG:2154", range(len(names)), range(len(names)), names)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """A host with the pages of two studies: one out of a bundle of a campaign, one of a graph made here."""

    def train(folder: Path) -> None:
        settings = Settings(n_runs=32, measure_seconds=0.2, carbon=False, folder=folder / "campaigns")
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(folder)
            few_models(patch)
            short_timings(patch)
            patch.setattr(workflow, "record_bundle", lambda bundle, campaign: "none")  # MLflow is tested elsewhere
            workflow.train_study(vector_study, settings, folder / "vector")

    root = tmp_path_factory.mktemp("site")
    (root / "index.html").write_text("<!DOCTYPE html>")
    shutil.copytree(made_once(tmp_path_factory, "vector_answer", train) / "vector", root / "vector")
    for study in (coast_study(), estuary_study()):
        (root / study.name).mkdir()
        write_graph_of(study, root / study.name)
    for name in ("vector", "coast", "estuary"):
        copy_page("study", root / name)
    server, address = serve(root)
    yield SimpleNamespace(root=root, url=address)
    server.shutdown()


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    made = Chromium()
    yield made
    made.close()


@pytest.fixture
def page(browser: Chromium) -> Iterator[Chromium]:
    browser.size(1200, 900)
    browser.errors.clear()
    browser.requests.clear()
    yield browser
    browser.leave()
    assert not browser.errors


def put(page: Chromium, selector: str, value: float | str) -> None:
    """Move a control as a hand would, and wait for the answer."""
    page.run(
        f"(() => {{ const e = document.querySelector({selector!r}); e.value = '{value}';"
        " for (const kind of ['input', 'change']) e.dispatchEvent(new Event(kind, {bubbles: true})); })()"
    )
    page.run("study.answered()")


def told_to(lower: np.ndarray, upper: np.ndarray) -> float:
    """Step that values with this interval are rounded to: a power of ten, at most a quarter of its width."""
    return float(10.0 ** np.floor(np.log10(np.max(upper - lower) / 4)))


def shown(page: Chromium, output: str) -> tuple[float, float]:
    """The number that is displayed for a scalar, and what half of its last digit is worth."""
    text = page.run(f"document.querySelector('#output-{output} .told').textContent")
    number = re.match(r"−?-?[\d.,]+", text).group().replace(",", "").replace("−", "-")
    return float(number), 0.5 * 10.0 ** -len(number.partition(".")[2])


def texts(selector: str) -> str:
    """Script for the texts of all elements that a selector finds."""
    return f"[...document.querySelectorAll('{selector}')].map((e) => e.textContent)"


def attributes(selector: str, name: str) -> str:
    """Script for an attribute of all elements that a selector finds."""
    return f"[...document.querySelectorAll('{selector}')].map((e) => e.getAttribute('{name}'))"


def table(page: Chromium, output: str) -> np.ndarray:
    """The numbers of the table beside the picture of a vector."""
    rows = page.run(
        f"[...document.querySelectorAll('#output-{output} tbody tr')].map((r) => [...r.cells].map((c) => c.textContent))"
    )
    return np.array([[float(cell.replace(",", "").replace("−", "-")) for cell in row[1:]] for row in rows])


def test_a_bundle_answers_in_the_page_as_in_python(page: Chromium, site: SimpleNamespace) -> None:
    predictor = Predictor(site.root / "vector")
    page.open(f"{site.url}vector/#lang=en")
    put(page, "#input-a", 1.37)
    put(page, "#input-kind", 2)
    assert page.run("study.row()") == pytest.approx([1.37, 2.0])
    expected = predictor({"a": [1.37], "kind": [2]})
    value, half_digit = shown(page, "total")
    assert value == pytest.approx(float(expected["total"][0]), abs=half_digit * 1.001)
    (exact,) = page.run("study.state.answer.values.total.value")
    assert exact == pytest.approx(float(expected["total"][0]), rel=1e-6)
    assert page.run("study.state.answer.values.monthly.value") == pytest.approx(
        expected["monthly"][0].tolist(), rel=1e-6
    )
    # The linear model answers this study exactly: no interval has a width, and four digits are told.
    assert (expected["monthly_upper"] == expected["monthly_lower"]).all()
    assert table(page, "monthly") == pytest.approx(expected["monthly"][0][:, None], rel=5e-4)
    assert {url.split("/")[2] for url in page.requests if url.startswith("http")} == {site.url.split("/")[2]}
    # its JavaScript answers: neither the graph nor what runs it is loaded
    loaded = {url.rsplit("/", 1)[1] for url in page.requests if url.startswith("http")}
    assert "model.js" in loaded and not any("ort-" in name or name in ("model.onnx", "study.json") for name in loaded)


@pytest.mark.slow
def test_a_slider_moves_its_field_and_the_answer(page: Chromium, site: SimpleNamespace) -> None:
    page.open(f"{site.url}vector/#lang=en")
    page.run("document.querySelector('.control input[type=range]').focus()")
    before = page.run("study.state.answer.values.total.value[0]")
    page.key("ArrowRight", 39)
    page.until(f"study.state.answer.values.total.value[0] !== {before}")
    moved = page.run("document.getElementById('input-a').valueAsNumber")
    assert moved == pytest.approx(1.02)
    expected = Predictor(site.root / "vector")({"a": [moved], "kind": [0]})["total"][0]
    assert page.run("study.state.answer.values.total.value[0]") == pytest.approx(float(expected), rel=1e-6)
    assert (
        page.run("document.querySelector('.control input[type=range]').getAttribute('aria-valuetext')") == "1.02\xa0m"
    )
    page.until("document.getElementById('said').textContent.includes('total')")


@pytest.mark.slow
def test_the_interval_the_domain_and_the_address(page: Chromium, site: SimpleNamespace) -> None:
    predictor = Predictor(site.root / "coast" / "model.onnx")
    page.open(f"{site.url}coast/#lang=en")
    assert page.run("document.title") == "How high does the sea come?"
    assert page.run("document.querySelector('#output-volume .told').textContent").endswith("m³")
    interval = page.run("document.querySelector('#output-volume small').textContent")
    expected = predictor({"surge": 1.0})
    low, high = (float(text) for text in re.findall(r"between (-?[\d.]+) and (-?[\d.]+)", interval)[0])
    assert interval.startswith("in 90% of cases")
    assert (low, high) == pytest.approx((expected["volume_lower"][0], expected["volume_upper"][0]), abs=0.051)
    assert page.run("document.getElementById('outside')") is None
    level = [expected[name][0] for name in ("level", "level_lower", "level_upper")]
    half_step = 0.5 * told_to(level[1], level[2])
    np.testing.assert_allclose(table(page, "level"), np.transpose(level), rtol=0, atol=half_step * 1.001)
    assert page.run("document.querySelector('#output-level .band') !== null")
    assert page.run("document.querySelector('#output-depth canvas').height") == 3

    put(page, "#input-surge", 2.5)  # inside the bounds, and beyond what the model was built on
    assert not predictor({"surge": 2.5})["in_domain"][0]
    assert "do not rely" in page.run("document.getElementById('outside').textContent")
    put(page, "#input-surge", 4)
    assert "Beyond its bounds: Surge." in page.run("document.getElementById('outside').textContent")
    page.run("document.querySelector('.vector').open = true")
    put(page, "#input-horizon_090_deg", 40)
    assert page.run("location.hash") == "#lang=en&surge=4&horizon_deg=0,40,0,0"

    page.open(f"{site.url}coast/{page.run('location.hash').replace('surge=4', 'surge=1.5')}")
    row = [1.5, 0.0, 40.0, 0.0, 0.0]
    assert page.run("study.row()") == row
    value, half_digit = shown(page, "volume")
    answer = predictor(np.array([row]))
    assert value == pytest.approx(float(answer["volume"][0]), abs=half_digit * 1.001)
    depth = page.run("study.state.answer.values.depth.value")
    assert depth == pytest.approx(answer["depth"][0].ravel().tolist(), rel=1e-5, abs=1e-5)
    page.click_on("#reset")
    page.until("location.hash === '#lang=en'")
    assert page.run("study.row()") == [1.0, 0.0, 0.0, 0.0, 0.0]


@pytest.mark.slow
def test_maps_and_maps_at_several_times(page: Chromium, site: SimpleNamespace) -> None:
    page.open(f"{site.url}coast/#lang=en")
    answer = Predictor(site.root / "coast" / "model.onnx")({"surge": 1.0})
    note = "document.querySelector('#output-{0} .note').textContent"
    for name, values in (("depth", answer["depth"][0]), ("speed", answer["speed"][0, 0])):
        told = re.findall(r"-?[\d.]*\d", page.run(note.format(name)))
        expected = (values.min(), values.max(), values.mean())
        assert [float(text) for text in told] == pytest.approx(expected, abs=0.006)
    page.run("document.getElementById('slice-speed').focus()")
    page.key("ArrowRight", 39)
    assert page.run("document.querySelector('#output-speed output').textContent") == "1800"
    assert page.run("document.getElementById('slice-speed').getAttribute('aria-valuetext')") == "1800"
    told = re.findall(r"-?[\d.]*\d", page.run(note.format("speed")))
    later = answer["speed"][0, 1]
    assert [float(text) for text in told] == pytest.approx((later.min(), later.max(), later.mean()), abs=0.006)
    # the darkest cell of the canvas is the highest value
    pixels = page.run(
        "Array.from(document.querySelector('#output-speed canvas').getContext('2d').getImageData(0, 0, 2, 3).data)"
    )
    assert int(np.argmin(pixels[::4])) == int(np.argmax(later))
    put(page, "#input-surge", 2)  # another answer, at the same time
    assert page.run("document.querySelector('#output-speed output').textContent") == "1800"


@pytest.mark.slow
def test_lines_over_time_with_a_name_at_each_end(page: Chromium, site: SimpleNamespace) -> None:
    predictor = Predictor(site.root / "estuary" / "model.onnx")
    page.open(f"{site.url}estuary/#lang=en")
    answer = predictor({"surge": 1.0, "gate": 0, "rain": [1.0, 2.0]})
    shown = "#output-level"
    assert page.run(f"document.querySelectorAll('{shown} canvas').length") == 0
    assert page.run(texts(f"{shown} .end text")) == list(STATIONS)
    assert page.run(f"new Set({attributes(f'{shown} path.series', 'stroke-dasharray')}).size") == 3
    assert page.run(texts(f"{shown} thead th"))[1:] == list(STATIONS)
    times = page.run(texts(f"{shown} tbody th"))
    assert times == ["27 Feb 2010, 18:00", "28 Feb 2010, 00:00", "28 Feb 2010, 06:00", "28 Feb 2010, 18:00"]
    cells = page.run(texts(f"{shown} td"))
    told = np.array([[float(part) for part in re.findall(r"-?[\d.]*\d", cell.replace("−", "-"))] for cell in cells])
    level = [answer[name][0].ravel() for name in ("level", "level_lower", "level_upper")]
    np.testing.assert_allclose(told, np.transpose(level), rtol=0, atol=0.051)
    # the answer without any number of its own is told by where the lines are highest
    time, station = np.unravel_index(np.argmax(answer["level"][0]), (4, 3))
    highest = page.run("document.getElementById('highest-level').textContent")
    assert float(re.match(r"-?[\d.]+", highest).group()) == pytest.approx(answer["level"][0].max(), abs=0.051)
    assert f"{STATIONS[station]}, {times[time]} UTC" in highest
    label = page.run(f"document.querySelector('{shown} svg').getAttribute('aria-label')")
    assert label.startswith("level: at most ") and STATIONS[station] in label
    # what stands to the right of a narrow page is reached by keyboard
    page.run(f"document.querySelector('{shown} details').open = true")
    assert page.run(f"document.querySelector('{shown} .wide').tabIndex") == 0
    page.size(390, 800, phone=True)
    assert page.run("document.documentElement.scrollWidth") == 390


@pytest.mark.slow
def test_one_line_over_time_and_lines_over_the_distance(page: Chromium, site: SimpleNamespace) -> None:
    predictor = Predictor(site.root / "estuary" / "model.onnx")
    page.open(f"{site.url}estuary/#lang=fr&surge=-1&rain=0,9")
    answer = predictor({"surge": -1.0, "gate": 0, "rain": [0.0, 9.0]})
    assert page.run(texts("#output-pump tbody th")) == ["0", "600", "1\u202f800"]
    assert page.run(texts("#output-pump thead th")) == ["Temps (s)", "Valeur", "De", "À"]
    value = page.run(texts("#output-pump td:nth-child(2)"))
    there = answer["pump"][0] > 0.0
    assert there.any() and not there.all()  # of what lies below its limit there is no value
    assert [text != "–" for text in value] == there.tolist()
    assert "Une courbe est interrompue" in page.run("document.querySelector('#output-pump .note').textContent")
    assert page.run("document.querySelectorAll('#output-pump path.series').length") == 1

    assert page.run(texts("#output-peak .end text")) == list(CHAINAGE)
    assert page.run(texts("#output-peak tbody th")) == [
        "garonne, 0", "garonne, 20", "garonne, 45", "isle, 0", "isle, 9,5"
    ]  # fmt: skip
    peak = [float(text.replace(",", ".").replace("−", "-")) for text in page.run(texts("#output-peak td:nth-child(2)"))]
    np.testing.assert_allclose(peak, answer["peak"][0], rtol=0, atol=0.051)
    assert page.run("document.querySelectorAll('#output-gauge .bar').length") == 3


@pytest.mark.slow
def test_of_many_places_one_is_chosen(page: Chromium, site: SimpleNamespace) -> None:
    predictor = Predictor(site.root / "estuary" / "model.onnx")
    page.open(f"{site.url}estuary/#lang=en")
    salinity = predictor({"surge": 1.0, "gate": 0, "rain": [1.0, 2.0]})["salinity"][0]
    chosen = "document.getElementById('place-salinity').value"
    assert page.run(chosen) == str(np.unravel_index(np.argmax(salinity), salinity.shape)[1])
    assert page.run("document.querySelectorAll('#output-salinity path.series').length") == 1
    assert page.run("document.getElementById('place-salinity').labels[0].textContent") == "Station"
    page.run("document.querySelector('#output-salinity details').open = true")
    put(page, "#place-salinity", 4)
    assert table(page, "salinity")[:, 0] == pytest.approx(salinity[:, 4], abs=0.051)
    assert page.run("document.querySelector('#output-salinity details').open") is True
    put(page, "#input-surge", 2)  # another answer, of the same place
    assert page.run(chosen) == "4"
    later = predictor({"surge": 2.0, "gate": 0, "rain": [1.0, 2.0]})["salinity"][0]
    assert table(page, "salinity")[:, 0] == pytest.approx(later[:, 4], abs=0.051)


@pytest.mark.slow
def test_scenarios_set_all_inputs_and_stand_in_the_address(page: Chromium, site: SimpleNamespace) -> None:
    page.open(f"{site.url}estuary/#lang=en&surge=3")
    pressed = attributes("fieldset.scenarios button", "aria-pressed")
    assert page.run(texts("fieldset.scenarios button")) == ["xynthia", "wet days"]
    assert page.run(texts("fieldset.scenarios small")) == ["Tide gauges, 2010", "assumed"]
    assert page.run(pressed) == ["false", "false"]
    page.click_on("#scenario-wet_days")
    page.until("location.hash === '#lang=en&scenario=wet_days'")
    page.run("study.answered()")
    assert page.run("study.row()") == [1.0, 0.0, 20.0, 30.5]  # what it does not set is as at the start
    assert page.run("document.getElementById('input-surge').value") == "1"
    page.click_on("#scenario-xynthia")
    page.until("location.hash === '#lang=en&scenario=xynthia'")
    page.run("study.answered()")
    assert page.run(pressed) == ["true", "false"]
    expected = Predictor(site.root / "estuary" / "model.onnx")(np.array([[1.5, 1.0, 7.0, 7.0]]))
    told = page.run("study.state.answer.values.level.value")
    assert told == pytest.approx(expected["level"][0].ravel().tolist(), rel=1e-5, abs=1e-5)
    put(page, "#input-surge", 2)
    assert page.run(pressed) == ["false", "false"]
    assert page.run("location.hash") == "#lang=en&surge=2&gate=1&rain=7,7"

    page.open(f"{site.url}estuary/#lang=fr&scenario=xynthia")
    assert page.run("study.row()") == [1.5, 1.0, 7.0, 7.0]
    assert page.run(pressed) == ["true", "false"]
    assert page.run(texts("fieldset.scenarios button")) == ["Tempête Xynthia", "wet days"]
    page.click_on("#reset")
    page.until("location.hash === '#lang=fr'")
    assert page.run(pressed) == ["false", "false"]


@pytest.mark.slow
def test_all_elements_of_a_vector_at_once(page: Chromium, site: SimpleNamespace) -> None:
    page.open(f"{site.url}coast/#lang=en")
    assert page.run("document.querySelector('.vector').open") is False
    assert page.run("document.querySelector('.vector summary').innerText").replace("\n", " ") == (
        "Obstacles toward … 4 values, all 0°"
    )
    page.run("document.querySelector('.vector').open = true")
    put(page, "#input-horizon_deg", 25)
    assert page.run("study.row()") == [1.0, 25.0, 25.0, 25.0, 25.0]
    assert page.run("document.getElementById('input-horizon_270_deg').value") == "25"


@pytest.mark.slow
def test_both_languages_with_all_that_is_pressed_named(page: Chromium, site: SimpleNamespace) -> None:
    page.open(f"{site.url}coast/#lang=en&surge=2")
    page.click_on("#head [lang=fr]")
    assert page.run("document.documentElement.lang") == "fr"
    assert page.run("document.activeElement.lang") == "fr"
    assert page.run("document.querySelector('h1').textContent") == "Jusqu’où monte la mer\u202f?"
    assert page.run("document.getElementById('input-surge').valueAsNumber") == 2
    assert page.run("location.hash") == "#lang=fr&surge=2"
    unnamed = page.run(
        "[...document.querySelectorAll('input, select, button')]"
        ".filter((e) => !e.labels?.length && !e.getAttribute('aria-label') && !e.textContent.trim()).length"
    )
    assert unnamed == 0
    assert page.run("new Set([...document.querySelectorAll('[id]')].map((e) => e.id)).size") == page.run(
        "document.querySelectorAll('[id]').length"
    )
    page.size(390, 800, phone=True)
    assert page.run("document.documentElement.scrollWidth") == 390


@pytest.mark.slow
def test_a_bundle_without_javascript_is_answered_by_its_graph(browser: Chromium, site: SimpleNamespace) -> None:
    for name, spoil in (
        ("none", Path.unlink),
        ("other", lambda path: path.write_text("export const format = 'mine';")),
    ):
        shutil.copytree(site.root / "coast", site.root / f"graph_{name}")
        spoil(site.root / f"graph_{name}" / "model.js")
        browser.requests.clear()
        browser.open(f"{site.url}graph_{name}/#lang=en&surge=1.5")
        browser.run("study.answered()")
        expected = Predictor(site.root / "coast" / "model.onnx")({"surge": 1.5})["level"][0]
        assert browser.run("study.state.answer.values.level.value") == pytest.approx(expected.tolist(), rel=1e-6)
        assert any("ort-" in url for url in browser.requests)
        browser.leave()


@pytest.mark.slow
def test_what_is_missing_or_does_not_belong_together_is_told(browser: Chromium, site: SimpleNamespace) -> None:
    for name, spoil, told in (
        ("no_model", lambda folder: (folder / "model.onnx").unlink(), "Could not load model.onnx."),
        ("no_study", lambda folder: (folder / "study.json").unlink(), "Could not load study.json."),
        (
            "other",
            lambda folder: shutil.copy(site.root / "vector" / "study.json", folder),
            "study.json and model.onnx are not of the same study.",
        ),
        ("spoilt", lambda folder: (folder / "model.onnx").write_bytes(b"<html>"), "Could not load model.onnx."),
    ):
        shutil.copytree(site.root / "coast", site.root / name)
        (site.root / name / "model.js").unlink()
        spoil(site.root / name)
        browser.call("Page.navigate", {"url": f"{site.url}{name}/#lang=en"})
        browser.until("document.querySelector('[role=alert] strong') !== null")
        assert browser.run("document.querySelector('[role=alert] strong').textContent") == told
