"""The first page: read in a minute, says on what it was judged, adds up, and names who declared what."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from frugal.audit.build import build_audit
from frugal.audit.evidence.declarations import keep, read_declarations
from frugal.audit.report.first_page import MOST_WORDS
from frugal.audit.report.pages import render
from frugal.experiments.study.need import QUESTIONS

Audited = Callable[..., dict[str, Any]]
CASES = ("not_demonstrated", "table_wins", "demonstrated", "not_assessed", "no_winner")


def body(audit: dict[str, Any], language: str) -> str:
    page = render(audit, language)
    return page[page.index("<body") : page.index("<svg")]


def plain(markup: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", markup)).split())


def roofs(bundle: dict[str, Any]) -> None:
    bundle["study"]["cases"] = {"en": "roofs", "fr": "toits"}
    bundle["study"]["judged_on"] = {"en": "roofs generated, no real place", "fr": "toits générés, aucun lieu réel"}
    places = {"train_places": ["A tile 1", "B"], "held_out_places": ["A tile 2", "C"]}
    bundle["candidates"]["split"].update(n_held_out=225, **places)
    bundle["study"]["need"]["call_patterns"][0].update(target="phone")


def declared(bundle: dict[str, Any]) -> None:
    bundle["study"]["need"].update(beneficiaries=400_000.0, owner="Département de la Vendée")


@pytest.mark.parametrize("change", [None, roofs, declared], ids=["plain", "roofs", "declared"])
@pytest.mark.parametrize("case", CASES)
def test_it_has_fewer_words_than_a_minute_takes_in_both_languages(
    audited: Audited, case: str, change: Callable[[dict[str, Any]], None] | None
) -> None:
    audit = audited(case, change)
    for language in ("en", "fr"):
        words = plain(body(audit, language)).split()
        assert 100 < len(words) < MOST_WORDS == 250, (language, len(words))


def test_as_many_limits_are_told_in_short_as_a_minute_takes_and_all_of_them_below(audited: Audited) -> None:
    audit = audited("not_assessed")
    assert "no power meter" in plain(body(audit, "en")) and "More below." in plain(body(audit, "en"))
    below = plain(render(audit, "en").split("What this audit does not say")[1])
    assert all(" ".join(limit["en"].split()) in below for limit in audit["limits"])
    # what both languages have no room for, neither tells
    told = [len(plain(body(audit, language)).split("; no power meter")) for language in ("en",)]
    assert told == [2] and "pas de compteur électrique" in plain(body(audit, "fr"))
    audit["first_page"]["limits"] = [{"en": "short", "fr": "mot " * 250}]
    assert "see below." in plain(body(audit, "en")) and "voir plus bas." in plain(body(audit, "fr"))


def test_the_line_under_the_title_says_on_what_it_was_judged(audited: Audited) -> None:
    audit = audited("table_wins", roofs)
    told = "Judged on 225 held-out roofs: roofs generated, no real place. Neighbouring tiles were learnt from."
    assert told in plain(body(audit, "en"))
    assert "Jugé sur 225 toits de contrôle : toits générés, aucun lieu réel." in plain(body(audit, "fr"))
    other = audited("table_wins")
    assert "real or not, the study does not say" in plain(body(other, "en"))
    assert "Neighbouring" not in plain(body(other, "en"))


def test_counts_of_the_points_add_up_and_what_is_not_counted_is_told(audited: Audited) -> None:
    for case in ("table_wins", "demonstrated"):
        audit = audited(case)
        points = [found for found in audit["criteria"] if found["condition"] == "C2"]
        text = audit["conditions"]["C2"]["text"]
        number, *told = map(int, re.findall(r"\d+", text["en"]))
        assert number == len(points) == 23 and sum(told) == number
        assert list(map(int, re.findall(r"\d+", text["fr"]))) == [number, *told]
    assert "8 not applicable (no AI ships)." in audited("table_wins")["conditions"]["C2"]["text"]["en"]
    assert audit["conditions"]["C2"]["text"]["en"].endswith("not applicable.")


def test_counts_take_the_singular_and_the_plural_of_their_language(audited: Audited) -> None:
    def no_ledger(bundle: dict[str, Any]) -> None:
        del bundle["ledger"][2:]

    text = audited("demonstrated", no_ledger)["conditions"]["C2"]["text"]
    assert re.search(r"\b1 does not \(|\b[2-9] do not \(", text["en"])
    assert re.search(r"\b1 non tenu \(|\b[2-9] non tenus \(", text["fr"])
    assert "avec réserve" in audited("demonstrated")["conditions"]["C2"]["text"]["fr"]


def test_the_boundaries_are_told_per_person_and_in_total_with_who_declared_the_people(audited: Audited) -> None:
    def heavy(bundle: dict[str, Any]) -> None:
        declared(bundle)
        bundle["ledger"][2].update(cpu_seconds=3e9, codecarbon_joules=9e9)

    audit = audited("table_wins", heavy)
    worst = max(row["part_of_budget"]["p95"] for row in audit["boundaries"]["categories"])
    text = audit["conditions"]["C3"]["text"]["en"]
    share, total = re.search(r"at most ([\d.]+)% of .*: ([\d,]+) budgets in all", text).groups()  # type: ignore[union-attr]
    assert 1.0 <= float(share) / (100 * worst) <= 1.1, "rounded up, to two digits"
    assert 1.0 <= float(total.replace(",", "")) / (400_000 * worst) <= 1.1
    assert "each of the 400,000 people served (declared by Département de la Vendée)" in text
    unsigned = audited("table_wins")["conditions"]["C3"]["text"]
    assert "(declared, unsigned)" in unsigned["en"] and "(déclaration non signée)" in unsigned["fr"]
    assert "at most 0.001%" in unsigned["en"] and "less than one budget in all" in unsigned["en"]


def test_no_number_of_people_is_one_person(audited: Audited) -> None:
    audit = audited("table_wins", lambda bundle: bundle["study"]["need"].update(beneficiaries=None))
    assert (
        "one person’s digital-service budget (people served: not declared)" in audit["conditions"]["C3"]["text"]["en"]
    )


def test_the_whole_service_life_stands_there_with_its_electricity(audited: Audited) -> None:
    audit = audited("table_wins")
    whole, stages = audit["footprint"]["whole"], audit["footprint"]["stages"]
    assert whole["cpu_seconds"] == pytest.approx(sum(stage["cpu_seconds"] for stage in stages))
    carbon = sum(stage["impacts"]["gwp"]["p50"] for stage in stages)
    assert whole["impacts"]["gwp"]["p50"] == pytest.approx(carbon, rel=0.02)
    assert "(electricity: France, assumed)" in plain(body(audit, "en"))
    named = audited("table_wins", lambda bundle: bundle["candidates"]["machine"].update(country="FRA"))
    assert "(electricity: France)" in plain(body(named, "en"))
    assert "(électricité : France, supposée)" in plain(body(audit, "fr"))


def test_a_lighter_delivery_is_told_with_how_many_times_less(audited: Audited) -> None:
    audit = audited("table_wins", roofs)
    audit["footprint"]["lighter"] = {"candidate": "table", "served": True, "gwp": 110.0, "winner_gwp": 24_310.0}
    assert "Lighter delivery the same answered by a server: 110 g CO₂e, 220 times less" in plain(body(audit, "en"))
    assert "Plus léger la même sur un serveur : 110 g CO₂e, 220 fois moins" in plain(body(audit, "fr"))


def test_errors_are_a_table_in_the_words_of_the_cases(audited: Audited) -> None:
    def change(bundle: dict[str, Any]) -> None:
        roofs(bundle)
        cases = {"metric": "nrmse", "cases": 225, "values": 12, "nine_in_ten": 0.1047, "worst": 0.1786}
        for candidate in bundle["candidates"]["candidates"]:
            candidate["error"]["annual_energy_per_area"]["cases"] = cases

    told = plain(body(audited("table_wins", change), "en"))
    assert "Typical error (RMSE, upper bound) 9 in 10 roofs worst of 225 tolerated" in told
    assert "solar energy received (12 values) ±1.4% ±11% 18% 2%" in told


def test_evidence_that_nobody_read_is_told_as_such(bundles: Any, tmp_path: Path) -> None:
    folder = bundles.write(bundles.ALL["table_wins"](), tmp_path / "bundle")
    before = build_audit(folder)
    assert not any("Nobody has read the files" in limit["en"] for limit in before["limits"])
    (tmp_path / "letter.txt").write_text("The mayor decides with it.")
    written = tmp_path / "declarations.toml"
    written.write_text(
        '[NEC-08]\ntext = "The mayor decides with it whom to visit."\nowner = "the mayor"\nevidence = ["letter.txt"]\n'
        '[skills]\ntext = "A clerk of the town hall runs it alone."\nevidence = ["letter.txt"]\n'
    )
    keep(read_declarations(written, ["NEC-08", *QUESTIONS]), folder)
    audit = build_audit(folder)
    assert any("Nobody has read the files" in limit["en"] for limit in audit["limits"])
    assert audit["first_page"]["limits"][0]["fr"] == "pièces à l’appui lues par personne"
    (skills,) = [row for row in audit["questions"] if row["id"] == "skills"]
    assert skills["answer"]["fr"] == "A clerk of the town hall runs it alone." and skills["evidence"] == ["letter.txt"]


# ------------------------------------------------------------------------------------------- the rest of the page


#: Names with lines in them, but for those of files.
RAW = re.compile(r"\b[a-z0-9]+(?:_[A-Za-z0-9]+)+\b(?!\.\w)")


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("case", CASES)
def test_no_identifier_of_the_program_stands_where_people_read(audited: Audited, case: str, language: str) -> None:
    page = re.sub(r"<style>.*?</style>|<svg.*?</svg>", " ", render(audited(case), language), flags=re.DOTALL)
    # sources are quoted as they are written
    text = re.sub(r'<tr class="source">.*?</tr>', " ", page, flags=re.DOTALL)
    assert not sorted(set(RAW.findall(plain(text))))


def test_sources_of_factors_are_quoted_in_french(audited: Audited) -> None:
    page = render(audited("table_wins"), "fr")
    sources = re.findall(r'<tr class="source"><th[^>]*>(.*?)</th></tr>', page)
    assert len(sources) > 5 and all("(cité en anglais)" in source for source in sources)
    assert "réseau électrique, changement climatique, France" in page and "cas de maladie/kWh" in page
    assert "(cité" not in render(audited("table_wins"), "en")


def test_an_interval_of_one_number_is_that_number(audited: Audited) -> None:
    def ten(bundle: dict[str, Any]) -> None:
        bundle["study"]["need"]["queries"] = [10.0, 10.0]
        bundle["candidates"]["decisions"][0].update(queries=[10.0, 10.0], queries_mid=10.0)

    audit = audited("table_wins", ten)
    assert "de 10 à 10" not in plain(render(audit, "fr")) and "10 to 10" not in plain(render(audit, "en"))
    assert "Usage déclaré 10 questions" in plain(body(audit, "fr"))


def test_questions_of_a_jury_have_a_section_each_and_are_open_where_nobody_answered(audited: Audited) -> None:
    def answers(bundle: dict[str, Any]) -> None:
        told = {
            "cost_euros": {"en": "Nothing but the hours.", "fr": "Rien que les heures."},
            "skills": "a command line",
        }
        bundle["study"]["need"]["answers"] = told

    audit = audited("table_wins", answers)
    asked = [row["id"] for row in audit["questions"]]
    assert asked == [
        "net_gain", "reference_without_ai", "measured_error", "cost_euros", "governance", "monitoring", "skills",
        "licences", "earlier_version",
    ]  # fmt: skip
    told = {language: plain(render(audit, language)) for language in ("en", "fr")}
    assert "Declared: Nothing but the hours." in told["en"] and "Déclaré : Rien que les heures." in told["fr"]
    assert "Declared: a command line" in told["en"]
    assert told["en"].count("Open: nobody has answered.") == 7
    assert "Governance, personal data, class under the AI Act No AI is in what ships." in told["en"]
    assert "An AI ships" in plain(render(audited("demonstrated"), "en"))


def test_the_ladder_names_the_output_that_its_errors_are_of(audited: Audited) -> None:
    assert "upper bound of the 95% interval of solar energy received." in plain(render(audited("table_wins"), "en"))

    def two(bundle: dict[str, Any]) -> None:
        peak = {
            **bundle["study"]["outputs"][0],
            "name": "peak",
            "label": {"en": "Peak power", "fr": "Puissance de pointe"},
        }
        bundle["study"]["outputs"].append(peak)
        bundle["study"]["need"]["tolerances"]["peak"] = {"metric": "nrmse", "limit": 0.001}
        for candidate in bundle["candidates"]["candidates"]:
            error = candidate["error"]["annual_energy_per_area"]
            candidate["error"]["peak"] = {**error, "tolerance": 0.1}

    page = plain(render(audited("table_wins", two), "fr"))
    assert "pour la pire sortie, nommée dessous." in page
    assert "±2,4 % énergie solaire reçue" in page or "±1,4 % énergie solaire reçue" in page
