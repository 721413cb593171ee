"""The pictures: valid and identical SVG, nothing overlapping, the right things marked."""

import importlib.util
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from frugal.candidates.comparison import Ladder
from frugal.candidates.row import CandidateRow
from frugal.errors import UnusableInputError
from frugal.reporting.plots import labels as plot_labels
from frugal.reporting.plots.ladder import break_even_plot, error_cost_plot
from frugal.reporting.text import plain_duration, plain_number, plain_queries

_spec = importlib.util.spec_from_file_location("bundles", Path(__file__).parents[1] / "audit" / "bundles.py")
bundles = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(bundles)

CASES = ("not_demonstrated", "table_wins", "demonstrated", "not_assessed", "no_winner")


def comparison(case):
    return bundles.ALL[case]()["candidates"]


def ladder(content):
    return Ladder.read(content["candidates"], content["decisions"], "candidates.json")


def texts(svg):
    return [
        " ".join(element.itertext()).strip() for element in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")
    ]


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("case", CASES)
def test_error_plot_names_every_measured_candidate_and_is_the_same_twice(case, language):
    content = comparison(case)
    svg = error_cost_plot(ladder(content), language)
    assert svg == error_cost_plot(ladder(content), language)
    told = " | ".join(texts(svg))
    for candidate in content["candidates"]:
        assert candidate["label"][language] in told
    assert svg.startswith("<svg") and 'role="img"' in svg and "<title" in svg and "<desc" in svg
    assert "<style" not in svg and "<script" not in svg
    assert not re.search(r'href="(?!#)', svg)


def test_the_winner_and_ai_are_marked():
    told = texts(error_cost_plot(ladder(comparison("demonstrated")), "en"))
    assert "neural network (AI) – retained" in told
    assert "boosted trees (AI)" in told and "12 typical days" in told
    assert "tolerated: 2%" in told


def test_without_a_tolerance_nothing_is_called_met():
    told = " ".join(texts(error_cost_plot(ladder(comparison("not_assessed")), "en")))
    assert "meets the need" not in told and "tolerated" not in told and "usage not declared" in told


def test_a_broken_limit_is_said():
    told = texts(error_cost_plot(ladder(comparison("no_winner")), "en"))
    assert "full physics – another limit not kept" in told


def test_several_outputs_are_drawn_as_shares_of_their_tolerance():
    content = comparison("table_wins")
    for candidate in content["candidates"]:
        first = candidate["error"]["annual_energy_per_area"]
        candidate["error"]["peak_power"] = {
            **first,
            "metric": "rmse",
            "value": 3.0,
            "low": 2.0,
            "high": 4.0,
            "tolerance": 5.0,
        }
    told = texts(error_cost_plot(ladder(content), "en"))
    assert "Worst error, % of what is tolerated" in told and "tolerated: 100%" in told


@pytest.mark.parametrize(
    ("metric", "axis", "limit"),
    [
        ("nrmse", "Error, % of the mean", "tolerated: 2%"),
        ("nrmse_range", "Error, % (RMSE over the range)", "tolerated: 2%"),
        ("nse", "Error (1 − NSE)", "tolerated: 0.02"),
        ("rmse", "Error", "tolerated: 0.02"),
    ],
)
def test_the_axis_says_in_which_metric(metric, axis, limit):
    content = comparison("table_wins")
    for candidate in content["candidates"]:
        candidate["error"]["annual_energy_per_area"]["metric"] = metric
    told = texts(error_cost_plot(ladder(content), "en"))
    assert axis in told and limit in told


def test_labels_cover_neither_each_other_nor_the_points(monkeypatch):
    boxes = {}
    place = plot_labels.place

    def spy(axes, labels, fixed, limit):
        place(axes, labels, fixed, limit)
        renderer = axes.get_figure().canvas.get_renderer()
        names = {label[2] for label in labels}
        boxes.update({t.get_text(): t.get_window_extent(renderer) for t in axes.texts if t.get_text() in names})
        boxes["points"] = [axes.transData.transform((cost, error[0])) for cost, error, *_ in labels]

    monkeypatch.setattr("frugal.reporting.plots.ladder.place", spy)
    for case in CASES:
        boxes.clear()
        error_cost_plot(ladder(comparison(case)), "fr")
        points = boxes.pop("points")
        found = list(boxes.values())
        assert len(found) >= 5
        for index, box in enumerate(found):
            assert not any(plot_labels.overlap(box, other) > 1.0 for other in found[index + 1 :]), case
            assert not any(box.contains(*point) for point in points), case


@pytest.mark.parametrize("language", ["en", "fr"])
def test_break_even_plot_shows_usage_lines_and_crossing(language):
    told = " ".join(texts(break_even_plot(ladder(comparison("demonstrated")), language)))
    crossing = {"en": "break-even: 63,000 queries", "fr": "amortie après 63\u202f000 questions"}[language]
    usage = {"en": "declared usage", "fr": "usage déclaré"}[language]
    assert crossing in told and usage in told


def test_break_even_plot_without_a_crossing_has_no_mark():
    told = " ".join(texts(break_even_plot(ladder(comparison("not_demonstrated")), "en")))
    assert "break-even" not in told and "full physics" in told


def test_without_an_exact_answer_the_axis_needs_no_zero():
    content = comparison("table_wins")
    zero = lambda: "0" in texts(error_cost_plot(ladder(content), "en"))  # noqa: E731
    assert zero()
    next(c for c in content["candidates"] if c["kind"] == "full_physics")["lacks"] = {"en": "x", "fr": "y"}
    assert not zero()
    assert "full physics" not in " ".join(texts(break_even_plot(ladder(content), "en")))


def test_nothing_to_draw_is_said():
    with pytest.raises(UnusableInputError, match="nothing to draw"):
        break_even_plot(ladder(comparison("not_assessed")), "en")
    with pytest.raises(UnusableInputError, match="no decision"):
        error_cost_plot(Ladder((), ()), "en")
    with pytest.raises(UnusableInputError, match="by night"):
        error_cost_plot(ladder(comparison("table_wins")), "en", "by night")
    failed = comparison("table_wins")
    for candidate in failed["candidates"]:
        candidate.update(status="failed", error={}, query={}, fixed_cpu_seconds=None)
    with pytest.raises(UnusableInputError, match="nothing to draw"):
        error_cost_plot(ladder(failed), "en")


def test_lifetime_is_fixed_cost_plus_queries():
    table = next(c for c in comparison("table_wins")["candidates"] if c["name"] == "table")
    row = CandidateRow.read(table, "candidates.json")
    assert row.lifetime_cpu_seconds(bundles.PATTERN, 1e6) == pytest.approx(110.4 + 0.34)
    assert row.lifetime_cpu_seconds("another pattern", 1e6) is None


def test_user_text_is_escaped():
    content = comparison("table_wins")
    content["candidates"][1]["label"] = {"en": "<script>x</script> & co"}
    svg = error_cost_plot(ladder(content), "en")
    assert "<script" not in svg
    ET.fromstring(svg)


@pytest.mark.parametrize(
    ("value", "english", "french"),
    [
        (0, "0", "0"),
        (0.00034, "0.00034", "0,00034"),
        (3.4e-5, "3.4\u00a0×\u00a010⁻⁵", "3,4\u00a0×\u00a010⁻⁵"),
        (1234, "1,200", "1200"),
        (63_000, "63,000", "63\u202f000"),
        (999_960, "1\u00a0million", "1\u00a0million"),
        (2.2e6, "2.2\u00a0million", "2,2\u00a0millions"),
        (1.5e9, "1.5\u00a0billion", "1,5\u00a0milliard"),
        (-0.25, "−0.25", "−0,25"),
        (float("inf"), "∞", "∞"),
    ],
)
def test_plain_numbers(value, english, french):
    assert plain_number(value, "en") == english
    assert plain_number(value, "fr") == french


@pytest.mark.parametrize(
    ("seconds", "french"),
    [
        (3.4e-7, "340\u00a0ns"),
        (0.002, "2\u00a0ms"),
        (0.34, "0,34\u00a0s"),
        (119.0, "120\u00a0s"),
        (150.0, "2,5\u00a0min"),
        (7200.0, "2\u00a0h"),
        (3 * 86400.0, "3\u00a0jours"),
        (3 * 365.25 * 86400.0, "3\u00a0ans"),
        (0.0, "0\u00a0s"),
    ],
)
def test_plain_durations(seconds, french):
    assert plain_duration(seconds, "fr") == french


def test_plain_queries_agree_with_their_noun():
    assert plain_queries(2.2e6, "fr") == "2,2\u00a0millions de questions"
    assert plain_queries(5000, "fr") == "5000 questions" and plain_queries(1, "fr") == "1 question"
    assert plain_queries(1, "en") == "1 query" and plain_queries(63_000, "en") == "63,000 queries"
