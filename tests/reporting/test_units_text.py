"""Numbers and words as pages print them."""

import math

import pytest

from frugal.audit.words.sentences import break_even_words, rounded_up
from frugal.candidates.decision import Decision, Interval
from frugal.reporting import units_text as numbers


@pytest.mark.parametrize(
    ("value", "english", "french"),
    [
        (3.14159e-5, "31\u00a0µJ", "31\u00a0µJ"),
        (0.0123, "12\u00a0mJ", "12\u00a0mJ"),
        (0.9, "0.9\u00a0J", "0,9\u00a0J"),
        (1234.0, "1.2\u00a0kJ", "1,2\u00a0kJ"),
        (3.6e6, "3.6\u00a0MJ", "3,6\u00a0MJ"),
        (0.0, "0\u00a0J", "0\u00a0J"),
    ],
)
def test_joules(value, english, french):
    assert numbers.joules(value, "en") == english
    assert numbers.joules(value, "fr") == french


def test_ranges_share_the_unit_of_their_middle():
    span = {"p5": 1.6, "p50": 3.1, "p95": 6200.0}
    assert numbers.impact_range(span, "energy", "en") == "3.1\u00a0J [1.6–6,200]"
    assert (
        numbers.impact_range({"p5": 1e-9, "p50": 2.5e-9, "p95": 4e-9}, "adpe", "fr")
        == "2,5\u00a0µg\u00a0Sb\u00a0e [1–4]"
    )
    assert numbers.impact_range({"p5": 0.5, "p50": 2.0, "p95": 4.0}, "pe", "en") == "2\u00a0MJ [0.5–4]"
    assert numbers.impact_range({"p5": 0.001, "p50": 0.002, "p95": 0.004}, "water", "en") == "2\u00a0mL [1–4]"
    zero = {"p5": 0.0, "p50": 0.0, "p95": 0.0}
    assert numbers.impact_range(zero, "energy", "fr") == "0\u00a0J"
    assert numbers.impact_range(zero, "gwp", "fr") == "0\u00a0g\u00a0CO₂e"
    assert numbers.grams(2500.0, "fr") == "2,5\u00a0kg\u00a0CO₂e"


def test_codecarbon_is_never_printed_below_its_resolution():
    assert numbers.codecarbon_joules(None, "en") == "–"
    assert numbers.codecarbon_joules(0.07, "fr") == "<\u00a01,5\u00a0J"
    assert numbers.codecarbon_joules(1.6, "en") == "1.6\u00a0J"


def test_sizes_and_percentages():
    assert numbers.size(14_200_000, "fr") == "14\u00a0Mo"
    assert numbers.size(255, "en") == "260\u00a0bytes"
    assert numbers.percent(0.0137, "fr") == "1,4\u202f%" and numbers.percent(0.0137, "en") == "1.4%"


def test_french_spaces():
    assert numbers.french_spaces("Quoi ? « l'eau » : 3 % ; oui !") == (
        "Quoi\u202f? «\u00a0l’eau\u00a0»\u00a0: 3\u202f%\u202f; oui\u202f!"
    )
    assert numbers.typeset("What? 'it'", "en") == "What? 'it'"


@pytest.mark.parametrize(
    ("metric", "english", "french"),
    [
        ("nrmse", "1.2%", "1,2\u202f%"),
        ("area_error", "1.2%", "1,2\u202f%"),
        ("rmse_wet", "0.012\u00a0m", "0,012\u00a0m"),
        ("timing_error", "0.012\u00a0m", "0,012\u00a0m"),
        ("nse", "0.012 (1 − NSE)", "0,012 (1 − NSE)"),
        ("log_nse", "0.012 (1 − NSE of logarithms)", "0,012 (1 − NSE des logarithmes)"),
        ("of another version", "0.012\u00a0m", "0,012\u00a0m"),
    ],
)
def test_errors_are_told_by_the_scale_of_their_metric(metric, english, french):
    assert numbers.error_quantity(0.012, metric, "m", "en") == english
    assert numbers.error_quantity(0.012, metric, "m", "fr") == french


@pytest.mark.parametrize(("value", "bound"), [(0.01201, 0.013), (0.012, 0.012), (0.0999, 0.1), (0.0, 0.0)])
def test_upper_bounds_are_never_rounded_down(value, bound):
    assert rounded_up(value) == pytest.approx(bound)


def test_break_even_words():
    def told(crossing):
        found = Decision("p", None, "undecided", (), None, None, None, None, {}, break_even_queries=crossing)
        return break_even_words(found)["en"]

    never = math.inf
    assert told(None) == "–"
    assert told(Interval(2.0, never, never)) == "never"
    assert told(Interval(-1.0, 0.0, 1.0)) == "from the first query"
    assert told(Interval(58_000.0, 63_000.0, never)) == "after 63,000 queries [58,000–never]"
