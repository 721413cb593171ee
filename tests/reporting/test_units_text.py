"""Numbers and words as pages print them."""

import math

import pytest

from frugal.audit.words.sentences import break_even_words
from frugal.candidates.decision import Decision, Interval
from frugal.reporting import units_text as numbers
from frugal.reporting.text import bracket, plain_duration, plain_number, plain_span, queries_span, rounded


@pytest.mark.parametrize(
    ("value", "english", "french"),
    [
        (3.14159e-5, "32\u00a0µJ", "32\u00a0µJ"),
        (0.0123, "13\u00a0mJ", "13\u00a0mJ"),
        (0.9, "0.9\u00a0J", "0,9\u00a0J"),
        (1234.0, "1.3\u00a0kJ", "1,3\u00a0kJ"),
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
    assert numbers.size(14_200_000, "fr") == "15\u00a0Mo"
    assert numbers.size(255, "en") == "260\u00a0bytes"
    assert numbers.size(14_200_000, "fr", "down") == "14\u00a0Mo"
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


def test_a_number_without_unit_has_none() -> None:
    assert numbers.error_quantity(0.012, "rmse", "1", "en") == "0.012"


@pytest.mark.parametrize(
    ("value", "below", "above"),
    [
        (0.01201, 0.012, 0.013), (0.012, 0.012, 0.012), (0.0999, 0.099, 0.1), (0.0, 0.0, 0.0), (-1.21, -1.3, -1.2),
        (0.1 + 0.2, 0.3, 0.3), (1e-7, 1e-7, 1e-7), (999.5, 990.0, 1000.0), (math.inf, math.inf, math.inf),
    ],
)  # fmt: skip
def test_bounds_are_never_rounded_toward_what_is_better(value, below, above):
    assert rounded(value, way="up") == above and rounded(value, way="down") == below


def test_a_unit_that_changes_does_not_undo_the_rounding():
    # 7,201 s are a little more than 2 h, and 0.9996 ms are nearly 1 ms
    assert plain_duration(7201.0, "en", way="up") == "2.1\u00a0h"
    assert plain_duration(0.9996e-3, "en", way="up") == "1\u00a0ms"
    assert plain_number(1_010_000, "en", way="up") == "1.1\u00a0million"
    assert plain_number(1_990_000, "fr", way="down") == "1,9\u00a0million"
    assert plain_number(999_999, "en", way="up") == "1\u00a0million"


def test_what_is_tiny_has_a_unit_of_its_own():
    assert numbers.grams(3.6e-9, "fr") == "3,6\u00a0ng\u00a0CO₂e"
    assert numbers.joules(4e-9, "en") == "4\u00a0nJ"
    assert plain_duration(3.4e-7, "fr") == "340\u00a0ns"


def test_an_interval_whose_ends_are_one_number_is_that_number():
    assert plain_span(10, 10, "fr") == "10" and plain_span(1e6, 1e6, "fr") == "1\u00a0million"
    assert queries_span(10, 10, "fr") == "10 questions"
    assert queries_span(1e6, 1e6, "fr") == "1\u00a0million de questions"
    assert queries_span(4e5, 4e6, "fr") == "de 400\u202f000 à 4\u00a0millions de questions"
    # two numbers that are not one are told with the digits that it takes
    assert queries_span(1e6, 1.004e6, "en") == "1\u00a0million to 1.004\u00a0million queries"
    assert bracket(3.0, 3.0, "en") == "" and bracket(1.51, 6.01, "fr") == " [1,5–6,1]"
    same = {"p5": 3.0, "p50": 3.0, "p95": 3.0}
    assert numbers.impact_range(same, "energy", "en") == "3\u00a0J"


def test_break_even_words():
    def told(crossing):
        found = Decision("p", None, "undecided", (), None, None, None, None, {}, break_even_queries=crossing)
        return break_even_words(found)["en"]

    never = math.inf
    assert told(None) == "–"
    assert told(Interval(2.0, never, never)) == "never"
    assert told(Interval(-1.0, 0.0, 1.0)) == "from the first query"
    assert told(Interval(58_000.0, 63_000.0, never)) == "after 63,000 queries [58,000–never]"
