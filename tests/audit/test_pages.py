"""The pages: well formed, self-contained, accessible, in the language they say, and made of the audit alone."""

import copy
import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from frugal.audit.criteria import claims
from frugal.audit.evidence.audit_file import read_audit, seal, write_audit
from frugal.audit.report.pages import page_text, render, write_reports
from frugal.errors import UnusableInputError

CASES = ("not_demonstrated", "table_wins", "demonstrated", "not_assessed", "no_winner")
VOID = {"meta", "link", "br", "img", "hr", "input"}


class Checker(HTMLParser):
    """Collects tags and attributes, and every tag that does not close where it should."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.tags, self.faults = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append(tag)


def checked(page):
    checker = Checker()
    checker.feed(page)
    checker.close()
    return checker


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("case", CASES)
def test_page_is_well_formed_self_contained_and_accessible(audited, case, language):
    page = render(audited(case), language)
    found = checked(page)
    assert not found.faults and not found.open
    assert ("html", {"lang": language}) in found.tags
    names = [tag for tag, _ in found.tags]
    assert not {"script", "img", "link", "iframe"} & set(names)
    for _, attributes in found.tags:
        assert not {"src", "onload", "onclick"} & set(attributes)
        for key in ("href", "xlink:href"):
            assert attributes.get(key, "#").startswith("#")
    assert "@import" not in page and "url(http" not in page
    ids = [attributes["id"] for _, attributes in found.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    headings = [int(tag[1]) for tag in names if re.fullmatch("h[1-6]", tag)]
    assert headings[0] == 1 and headings.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(headings))
    for tag, attributes in found.tags:
        if tag == "th":
            assert attributes["scope"] in ("row", "col", "rowgroup")
        if tag == "svg":
            assert attributes["role"] == "img"
            assert all(name in ids for name in attributes["aria-labelledby"].split())


@pytest.mark.parametrize("case", CASES)
def test_generated_text_makes_no_claim_and_gives_no_grade(audited, case):
    audit = audited(case)
    for language in ("en", "fr"):
        text = page_text(audit, language)
        assert claims.found_words(text, claims.FORBIDDEN[language]) == []
        assert claims.found_words(text, claims.GRADES[language]) == []
        assert len(text) > 1500


def test_first_screen_holds_question_answer_conditions_and_limits_in_order(audited):
    audit = audited("table_wins")
    page = render(audit, "fr")
    order = [
        audit["study"]["question"]["fr"],
        "Jugé sur 64 cas de contrôle",
        audit["first_page"]["answer"]["fr"],
        "Erreur typique (RMSE, borne haute)",
        "Les trois conditions",
        "critères du programme, auto-déclarés",
        "Limites\u00a0:",
        "<svg",
        "Ce que cet audit ne dit pas",
    ]
    body = page[page.index("<body") :]
    positions = [body.index(text) for text in order]
    assert positions == sorted(positions)


def test_french_typography(audited):
    text = page_text(audited("table_wins"), "fr")
    page = re.sub(r"<style>.*?</style>|<svg.*?</svg>|<[^>]+>", " ", render(audited("table_wins"), "fr"), flags=re.S)
    page = page.replace("les installateurs dimensionnent à 2 %", "")  # the user's own spelling
    assert not re.search(r"\w [;!?%]", page), "an ordinary space stands before ; ! ? or %"
    assert not re.search(r"\w :", page), "an ordinary space stands before a colon"
    assert not re.search(r"\d\.\d+\s?(s|J|%|mg)\b", text), "a decimal point stands in French"
    assert "'" not in text


@pytest.mark.parametrize("language", ["en", "fr"])
def test_numbers_come_from_the_audit(audited, language):
    audit = audited("table_wins")
    before = render(audit, language)
    changed = copy.deepcopy(audit)
    row = next(row for row in changed["ladder"] if row["name"] == "table")
    row["error"]["annual_energy_per_area"]["high"] = 0.0177
    changed["costs"][2]["cpu_seconds"] = 777.0
    changed["footprint"]["rows"][0]["impacts"]["gwp"].update(p5=4.4, p50=5.5, p95=6.6)
    after = render(changed, language)
    point = "," if language == "fr" else "."
    for told in (f"±1{point}8", "13\u00a0min", f"5{point}5\u00a0g\u00a0CO₂e", f"[4{point}4–6{point}6]"):
        assert told not in before and told in after


def test_level_tier_and_codecarbon_stand_on_the_page(audited):
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", render(audited("table_wins"), "en")))
    assert "quick measurement" in text and "tier T4, 3 W per busy core" in text
    assert re.search(r"simulations \(256\) 110 s 330 J 340 J", text)
    for caption in re.findall(r"<caption>(.*?)</caption>", render(audited("table_wins"), "en")):
        if "Energy" in caption or "lectricity:" in caption:
            assert "T4" in caption


def test_codecarbon_below_its_resolution_is_a_bound(audited):
    def tiny(bundle):
        bundle["ledger"][2]["codecarbon_joules"] = 0.2

    assert "&lt;\u00a01.5\u00a0J" in render(audited("table_wins", tiny), "en")


def test_infinite_break_even_reads_never(audited):
    audit = audited("not_demonstrated")
    assert "<dd>never</dd>" in render(audit, "en") and "<dd>jamais</dd>" in render(audit, "fr")


def test_what_the_user_wrote_is_escaped(audited):
    def hostile(bundle):
        bundle["study"]["title"] = {"en": "<script>alert(1)</script> & roofs"}
        bundle["candidates"]["candidates"][1]["label"] = {"en": "<b>table</b>"}

    page = render(audited("table_wins", hostile), "en")
    assert "<script" not in page and "<b>" not in page
    assert "&lt;script&gt;" in page
    assert not checked(page).faults


def test_failed_candidates_and_several_patterns_are_shown(audited):
    def change(bundle):
        candidates = bundle["candidates"]
        candidates["candidates"][0].update(
            status="failed", message={"en": "matrix is singular", "fr": "matrice singulière"}, error={}, query={},
            fixed_cpu_seconds=None, need_met={}, limits={},
        )  # fmt: skip
        candidates["decisions"].append({**candidates["decisions"][0], "pattern": "a whole town at once"})

    page = render(audited("table_wins", change), "fr")
    assert "matrice singulière" in page and "en échec" in page
    assert "a whole town at once" in page and "Chaque manière de demander" in page


def test_reports_are_rendered_from_the_file_alone(audited, tmp_path):
    write_audit(audited("demonstrated"), tmp_path)
    paths = write_reports(read_audit(tmp_path), tmp_path)
    assert sorted(path.name for path in paths) == ["audit.en.html", "audit.fr.html"]
    again = [path.read_text(encoding="utf-8") for path in paths]
    assert again == [path.read_text(encoding="utf-8") for path in write_reports(read_audit(tmp_path), tmp_path)]


def test_nothing_measured_still_gives_a_page(audited):
    def nothing(bundle):
        for candidate in bundle["candidates"]["candidates"]:
            candidate.update(status="failed", message="x", error={}, query={}, fixed_cpu_seconds=None)
        bundle["candidates"]["decisions"][0].update(
            winner=None, best_ai=None, best_alternative=None, break_even_queries=None, saving_cpu_seconds=None,
            lifetime_cpu_seconds={}, verdict="not_assessed",
        )  # fmt: skip

    audit = audited("table_wins", nothing)
    page = render(audit, "en")
    assert page.count("<svg") == 1 and "Carbon with its interval" in page  # only what was spent on trying
    assert seal(audit)["content_sha256"] == audit["content_sha256"]


def test_unknown_language_is_refused(audited):
    with pytest.raises(UnusableInputError, match="'de'"):
        render(audited("table_wins"), "de")


def test_the_ladder_leaves_the_printed_first_page_its_other_parts(audited):
    printed = render(audited(CASES[0]), "en").split("@media print {")[1].split("@media screen")[0]
    height_mm = float(printed.split("figure svg { max-height: ")[1].split("mm")[0])
    assert 70 <= height_mm <= 90  # of the 277 mm of a page
