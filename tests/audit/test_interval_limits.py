"""Intervals that do not hold what they promise are told first, in both languages, in the ladder too."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from frugal.audit.words.intervals import interval_limits
from frugal.audit.words.limits import limits_in_short
from frugal.audit.words.sentences import say
from frugal.candidates.interval import DomainTold, IntervalTold
from frugal.candidates.json_object import JsonObject
from frugal.candidates.output_error import OutputError
from frugal.candidates.row import CandidateRow
from frugal.errors import UnusableInputError
from frugal.reporting.ladder_table import coverage_words

ROW = CandidateRow(
    "mlp",
    "surrogate",
    5,
    {"en": "network", "fr": "réseau"},
    errors={"y": OutputError("rmse", 0.1, 0.08, 0.13, (), None, 0.2)},
    interval_coverage=0.9,
    interval=IntervalTold("scale", 0.9, 300),
    domain=DomainTold("runs", 200, (("a", "b"),)),
)


def evidence(row: CandidateRow, *others: CandidateRow) -> Any:
    return SimpleNamespace(winner=row, ladder=SimpleNamespace(rows=[row, *others]))


def told(row: CandidateRow, *others: CandidateRow) -> list[tuple[str, str]]:
    found = interval_limits(evidence(row, *others))
    return [tuple(say(f"{key}.short", **values)[lang] for lang in ("en", "fr")) for key, values, _ in found]  # type: ignore[misc]


def test_a_coverage_within_five_points_is_not_told() -> None:
    assert told(ROW) == told(replace(ROW, interval_coverage=0.851)) == told(replace(ROW, interval_coverage=0.949)) == []


def test_a_coverage_that_misses_by_more_is_told_in_both_languages() -> None:
    assert told(replace(ROW, interval_coverage=0.708)) == [
        ("its 90 % intervals hold 70.8 % only", "ses intervalles à 90\u202f% ne contiennent que 70,8\u202f%")
    ]
    assert told(replace(ROW, interval_coverage=0.99)) == [
        ("its 90 % intervals hold 99 %", "ses intervalles à 90\u202f% contiennent 99\u202f%")
    ]
    exact = {"y": replace(ROW.errors["y"], value=0.0)}
    assert told(replace(ROW, interval_coverage=1.0, errors=exact)) == []  # no width to be wrong


def test_every_other_candidate_that_misses_is_told_by_name() -> None:
    line = replace(ROW, name="linear", label={"en": "Line", "fr": "Droite"}, interval_coverage=0.62)
    wide = replace(ROW, name="constant", label={"en": "Constant", "fr": "Constante"}, interval_coverage=0.98)
    found = told(ROW, line, replace(ROW, name="table"), wide)
    assert found == [
        (
            "intervals of others miss their level: “line” 62\u202f%, “constant” 98\u202f%",
            "d’autres intervalles manquent leur niveau\xa0: «\xa0droite\xa0» 62\u202f%, «\xa0constante\xa0» 98\u202f%",
        )
    ]
    assert [len(told(replace(ROW, interval_coverage=share), line)) for share in (0.9, 0.5)] == [1, 2]


def test_few_places_and_few_runs_are_told() -> None:
    row = replace(ROW, interval=IntervalTold("constant", 0.9, 60, 5, False), domain=DomainTold("few_runs"))
    assert [english for english, _ in told(row)] == ["coverage at new places not assured", "holes of the runs not seen"]
    assert coverage_words(row, "en") == "90\u202f% (at new places not assured)"
    assert coverage_words(row, "fr") == "90\u202f% (en de nouveaux lieux non assuré)"
    assert coverage_words(replace(ROW, interval_coverage=None), "en") == "–"


def test_interval_and_domain_are_read_as_they_were_written() -> None:
    again = CandidateRow.read(ROW.to_json(), "candidates.json")
    assert again.interval == ROW.interval and again.domain == ROW.domain
    old = {key: value for key, value in ROW.to_json().items() if key not in ("interval", "domain")}
    assert CandidateRow.read(old, "candidates.json").interval is None
    with pytest.raises(
        UnusableInputError, match="'kind' of 'interval' of candidate 'mlp' is 'wide'; it must be one of"
    ):
        CandidateRow.read({**ROW.to_json(), "interval": {"kind": "wide", "level": 0.9}}, "candidates.json")
    with pytest.raises(UnusableInputError, match="'by'"):
        DomainTold.read(JsonObject({"by": "magic"}, "candidates.json", "domain"))


def test_the_first_page_begins_with_them(monkeypatch: pytest.MonkeyPatch) -> None:
    from frugal.audit.words import limits

    silent = dict.fromkeys(("_about_need", "_about_truth", "_about_measurement", "_about_account"), lambda _: iter(()))
    for name, nothing in silent.items():
        monkeypatch.setattr(limits, name, nothing)
    short = limits_in_short(evidence(replace(ROW, interval_coverage=0.5)))
    assert short[0]["en"] == "its 90 % intervals hold 50 % only"
