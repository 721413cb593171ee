"""A reader with a pocket calculator: the break-even and the cost of the service life, from what the page prints."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from campaigns_for_tests import WITH_AI, few_models
from studies_for_tests import slow_study

from frugal.audit.report.pages import render
from frugal.campaigns.campaign import Settings, run_campaign
from frugal.campaigns.publish import publish
from frugal.experiments.study import CallPattern, Tolerance

LANGUAGES = ("en", "fr")
SECONDS = {"µs": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0, "days": 86400.0, "jours": 86400.0,
           "years": 365.25 * 86400, "ans": 365.25 * 86400}  # fmt: skip
LARGE = {"million": 1e6, "millions": 1e6, "billion": 1e9, "milliard": 1e9, "milliards": 1e9}
NEVER = {"never": math.inf, "jamais": math.inf}
POWERS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


def number(text: str, language: str) -> float:
    """A number as the language writes it, with its scale in words or as a power of ten."""
    text = text.strip().replace("−", "-")
    if text in NEVER:
        return NEVER[text]
    found = re.fullmatch(r"(-?[\d.,\u202f]+)(?:\u00a0×\u00a010([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)|\u00a0([a-z]+))?", text)
    assert found is not None, f"{text!r} is no number that a reader knows"
    digits, power, word = found.groups()
    plain = digits.replace(",", "") if language == "en" else digits.replace("\u202f", "").replace(",", ".")
    return float(plain) * (10.0 ** int(power.translate(POWERS)) if power else LARGE[word] if word else 1.0)


def seconds(text: str, language: str) -> float:
    """A duration in seconds."""
    value, _, unit = text.strip().rpartition("\u00a0")
    return number(value, language) * SECONDS[unit] if value else number(unit, language)


def rows(page: str, kind: str) -> Iterator[list[str]]:
    """Rows of the body of a table: its head and its cells, as a reader sees them."""
    found = re.search(rf'<table class="{kind}">.*?<tbody>(.*?)</tbody>', page, flags=re.S)
    assert found is not None, f"no table '{kind}' on the page"
    for line in re.findall(r"<tr.*?</tr>", found[1], flags=re.S):
        cells = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", line, flags=re.S)
        yield [unescape(re.sub(r"<[^>]+>.*?</[^>]+>|<[^>]+>", "", cell)).strip(" \n") for cell in cells]


@dataclass(frozen=True)
class Line:
    """One line of the table to compute by hand, in seconds; ``printed`` is the break-even that the page gives."""

    name: str
    fixed_ai: float
    fixed: float
    asked_ai: float
    asked: float
    printed: float

    def crossing(self, digits: float = 0.0) -> tuple[float, float]:
        """Break-even, at the lowest and the highest that the digits printed allow."""
        gap = self.fixed_ai - self.fixed
        gain = self.asked - self.asked_ai
        unsure, vague = digits * (self.fixed_ai + self.fixed), digits * (self.asked + self.asked_ai)
        if gain - vague <= 0:
            return (0.0, 0.0) if gap < 0 else (math.inf, math.inf)
        return max((gap - unsure) / (gain + vague), 0.0), max((gap + unsure) / (gain - vague), 0.0)


def read_lines(page: str, language: str) -> list[Line]:
    return [
        Line(name, *(seconds(cell, language) for cell in four), number(even, language))
        for name, *four, even in rows(page, "byhand")
    ]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The audit of a smooth study, whose solver takes some hundred microseconds, really trained."""
    home = tmp_path_factory.mktemp("even")
    study = slow_study(steps=20_000)
    need = replace(
        study.need,
        tolerances={"y": Tolerance("nrmse", 0.01)},
        queries=(1e6, 1e7),
        call_patterns=(CallPattern("one at a time"),),
    )
    settings = Settings(folder=home / "campaigns", measure_seconds=0.5, carbon=False, threads=1)
    with pytest.MonkeyPatch.context() as patch:
        few_models(patch, (*WITH_AI, "table", "quadratic"))
        return publish(run_campaign(replace(study, need=need, n_runs=128), settings), home / "bundle")


@pytest.fixture(params=["demonstrated", "table_wins", "not_demonstrated", "trained"])
def audit(request: pytest.FixtureRequest, audited: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """Made by hand with an AI that ships, one that pays back too late and one that never does; and really trained."""
    return request.getfixturevalue("trained") if request.param == "trained" else audited(request.param)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_reader_finds_the_break_even_again(audit: dict[str, Any], language: str) -> None:
    lines = read_lines(render(audit, language), language)
    assert lines
    for line in lines:
        low, high = line.crossing(digits=5e-5)  # five digits are printed
        assert low * (1 - 5e-4) <= line.printed <= high * (1 + 5e-4), line  # four of the result


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("case", "expected"), [("demonstrated", 63_411.0), ("table_wins", 8.583e7)])
def test_the_printed_digits_are_enough(
    audited: Callable[..., dict[str, Any]], language: str, case: str, expected: float
) -> None:
    lines = read_lines(render(audited(case), language), language)
    worst = max(lines, key=lambda line: line.printed)
    assert worst.crossing()[0] == pytest.approx(expected, rel=1e-3)
    assert worst.printed == pytest.approx(expected, rel=5e-4)


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_the_break_even_of_the_decision(audit: dict[str, Any], language: str) -> None:
    """Against several alternatives the largest counts; the decision's own is the middle of its draws."""
    lines = read_lines(render(audit, language), language)
    found = max(line.crossing()[0] for line in lines)
    crossing = audit["decisions"][0]["break_even_queries"]
    low, high = (crossing[side] if crossing[side] is not None else math.inf for side in ("low", "high"))
    assert low * 0.999 <= found <= high * 1.001


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_break_even_with_the_whole_ledger_follows_from_what_is_printed(
    audit: dict[str, Any], language: str
) -> None:
    page = render(audit, language)
    told = re.search(r'<p class="wholeledger">(.*?)</p>', page)
    assert told is not None
    text = unescape(told[1])
    spent = seconds(re.findall(r"[\d.,\u202f]+\u00a0s\b", text)[0], language)
    printed = number(re.sub(r"\.$", "", text.rpartition(":")[2]).strip(), language)
    assert spent == pytest.approx(sum(row["cpu_seconds"] for row in audit["costs"]), rel=1e-4)
    worst = max(replace(line, fixed_ai=spent).crossing()[0] for line in read_lines(page, language))
    assert printed == pytest.approx(worst, rel=2e-3)


def test_the_trained_case_has_a_finite_break_even(trained: dict[str, Any]) -> None:
    crossing = trained["decisions"][0]["break_even_queries"]
    assert 1 < crossing["median"] < 1e6 and crossing["high"] is not None


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_wrong_number_is_found_out(audited: Callable[..., dict[str, Any]], language: str) -> None:
    audit = audited("demonstrated")
    next(row for row in audit["ladder"] if row["name"] == "mlp")["fixed_cpu_seconds"] = 2700.0
    page = render(audit, language)
    spoilt = page.replace(page_number("2700", language), page_number("2600", language))
    assert spoilt != page
    worst = max(read_lines(spoilt, language), key=lambda line: line.printed)
    assert not worst.crossing(5e-5)[0] * (1 - 5e-4) <= worst.printed <= worst.crossing(5e-5)[1] * (1 + 5e-4)


def page_number(digits: str, language: str) -> str:
    return f"{int(digits):,}" if language == "en" else digits


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_cost_of_the_service_life_is_preparation_and_queries(audit: dict[str, Any], language: str) -> None:
    low, high = audit["decisions"][0]["queries"]
    millions = math.sqrt(low * high) / 1e6
    checked = 0
    for _, _, prepare, million, life, *_ in rows(render(audit, language), "ladder"):
        if "–" in (prepare, million, life):
            continue
        fixed, asked, told = (seconds(cell, language) for cell in (prepare, million, life))
        expected = fixed + millions * asked
        assert abs(told - expected) <= 0.051 * (told + expected), (prepare, million, life)  # two digits each
        checked += 1
    assert checked >= 4


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_prints_the_use_that_the_middle_is_taken_from(
    audited: Callable[..., dict[str, Any]], language: str
) -> None:
    page = unescape(render(audited("demonstrated"), language))
    told = {"en": "500,000 to 5\u00a0million queries", "fr": "500\u202f000 à 5\u00a0millions de questions"}[language]
    assert told in page


def test_numbers_are_read_as_they_are_written() -> None:
    assert number("1,234.5", "en") == number("1234,5", "fr") == number("1\u202f234,5", "fr") == 1234.5
    assert number("2.2\u00a0million", "en") == number("2,2\u00a0millions", "fr") == 2.2e6
    assert number("1,5\u00a0×\u00a010⁻⁵", "fr") == pytest.approx(1.5e-5)
    assert seconds("110\u00a0s", "en") == 110 and seconds("3\u00a0min", "fr") == 180
    with pytest.raises(AssertionError):
        number("many", "en")


def test_the_pages_on_disk_are_those_that_were_read(trained: dict[str, Any], tmp_path: Path) -> None:
    from frugal.audit.report.pages import write_reports

    for path in write_reports(trained, tmp_path):
        assert read_lines(path.read_text(encoding="utf-8"), path.stem[-2:])
