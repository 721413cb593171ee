"""The three conditions of a frugal AI service: their status and the line that says why."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from frugal.audit.evidence.evidence import Evidence
from frugal.audit.impacts.assessment import Assessment
from frugal.audit.words.limits import ALL_CATEGORIES
from frugal.audit.words.sentences import known, people_words, phrase, quoted, say
from frugal.reporting.text import grammatical_number, plain_number, rounded
from frugal.reporting.units_text import percent
from frugal.texts import LANGUAGES, Text, in_each

#: Reasons of the decision that the line of condition 1 repeats, of one without AI and of one for it; `audit.json` holds all.
REASONS_TOLD = {False: 1, True: 2}
#: A smaller share of a budget is told as less than this.
LEAST_SHARE = 1e-5
#: Statuses of points in the order in which they are counted.
ORDER = ("pass", "warn", "fail", "unevidenced", "not_assessed", "n_a")


def condition_lines(assessment: Assessment, findings: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Status, text and counts of the three conditions of a frugal AI service."""
    broken = [f["id"] for f in findings if f["condition"] == "MES" and f["status"] == "fail"]
    seen = {condition: [f for f in findings if f["condition"] == condition] for condition in ("C1", "C2", "C3")}
    lines = {
        "C1": _first_condition(assessment, broken),
        "C2": _second_condition(assessment, seen["C2"]),
        "C3": _third_condition(assessment, seen["C3"], broken),
    }
    return {
        name: {"status": status, "text": told, "counts": _counts(seen[name])} for name, (status, told) in lines.items()
    }


def _counts(findings: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    return {status: sum(f["status"] == status for f in findings) for status in ORDER}


def _rolled_up(findings: Sequence[Mapping[str, Any]]) -> str:
    """A failing point fails the condition; one that nothing proves leaves it with a reserve."""
    statuses = {finding["status"] for finding in findings}
    if "fail" in statuses:
        return "fail"
    return "warn" if statuses & {"warn", "unevidenced", "not_assessed"} else "pass"


def _named(findings: Sequence[Mapping[str, Any]], status: str) -> Text:
    found = [f for f in findings if f["status"] == status]
    return {
        language: phrase("c2.between", language).join(f["title"][language] for f in found) for language in LANGUAGES
    }


def counted(counts: Mapping[str, int], no_ai: bool, failing: Text | None = None) -> Text:
    """How many points have which status: all of them, so that the numbers add up to the points there are.

    Parameters
    ----------
    counts : mapping of str to int
        Points by status.
    no_ai : bool
        No AI ships, which is why points about it do not apply.
    failing : Text, optional
        Names of those that fail.
    """
    told = {}
    for language in LANGUAGES:
        parts = []
        for status in ORDER:
            number = counts.get(status, 0)
            if not number:
                continue
            key = f"count.{status}.{grammatical_number(number, language)}"
            part = phrase(key, language, number=plain_number(number, language, 6))
            if status == "fail" and failing is not None:
                part = phrase("c2.naming", language, told=part, names=failing[language])
            if status == "n_a" and no_ai:
                part = phrase("count.no_ai_ships", language, told=part)
            parts.append(part)
        whole = plain_number(sum(counts.values()), language, 6)
        told[language] = phrase("c2.counts", language, number=whole, told=", ".join(parts))
    return told


def _second_condition(assessment: Assessment, findings: Sequence[Mapping[str, Any]]) -> tuple[str, Text]:
    no_ai = assessment.winner is not None and not assessment.winner.is_ai
    return _rolled_up(findings), counted(_counts(findings), no_ai, _named(findings, "fail"))


def _third_condition(
    assessment: Assessment, findings: Sequence[Mapping[str, Any]], broken: Sequence[str]
) -> tuple[str, Text]:
    if broken:
        return "not_assessed", say("c1.broken", points=", ".join(broken))
    found = assessment.account.boundaries
    if not found["categories"]:
        return "not_assessed", say("c3.nothing")
    worst = max(found["categories"], key=lambda row: row["part_of_budget"]["p95"])
    declared = next(f for f in findings if f["id"] == "LIM-03")
    told = say("c3.questioned" if declared["status"] == "pass" else "c3.not_questioned")
    return _rolled_up(findings), say(
        "c3",
        category=known("category", worst["category"]),
        shares=_shares(assessment, worst["part_of_budget"]["p95"], found["beneficiaries"]),
        covered=len(found["categories"]),
        all=ALL_CATEGORIES,
        use=told,
    )


def _shares(evidence: Evidence, part: float, people: float | None) -> Text:
    """The part of a budget for each person served, and what all of them together take."""
    told = in_each(percent, max(part, LEAST_SHARE), "up")
    if not people:
        return say("c3.alone", part=told)
    owner = evidence.need.get("owner") or ""
    by = say("c3.unsigned") if not owner else say("c3.declared_by", owner=owner)
    if people < 2:
        return say("c3.one", part=told, by=by)
    total = {language: _budgets(part * people, language) for language in LANGUAGES}
    return say("c3.shared", part=told, people=in_each(people_words, people), by=by, total=total)


def _budgets(number: float, language: str) -> str:
    """So many budgets of one digital service."""
    number = rounded(number, way="up")
    told = plain_number(number, language) if number >= 1 else phrase("c3.under_one", language)
    return phrase(f"c3.budgets.{grammatical_number(max(number, 1.0), language)}", language, number=told)


def _first_condition(evidence: Evidence, broken: Sequence[str]) -> tuple[str, Text]:
    decision, winner = evidence.decision, evidence.winner
    verdict = known("verdict", decision.verdict)
    reasons = {language: _sentences(evidence, language) for language in LANGUAGES}
    if broken:
        return "not_assessed", say("c1.broken", points=", ".join(broken))
    if not evidence.compared:
        return "not_assessed", say("c1.not_assessed", reasons=reasons)
    if winner is None:
        nothing_yet = decision.verdict == "undecided"
        return (
            ("warn", say("c1.nothing_yet", verdict=verdict, reasons=reasons))
            if nothing_yet
            else ("fail", say("c1.nothing"))
        )
    if not winner.is_ai:
        return "no_ai", _without_ai(evidence, reasons)
    statuses = {"demonstrated": "pass", "infeasible_otherwise": "pass", "not_demonstrated": "fail"}
    status = statuses.get(decision.verdict, "warn")
    # a need that was fitted to the runs shows nothing by being met
    late = status == "pass" and _need_came_late(evidence)
    return "warn" if late else status, say("c1.late" if late else "c1.ai", verdict=_capital(verdict), reasons=reasons)


def _without_ai(evidence: Evidence, reasons: Text) -> Text:
    """The line of condition 1 where what is retained has no AI in it."""
    if evidence.best_ai is not None:
        verdict = known("verdict", evidence.decision.verdict)
        return say("c1.no_ai", name=quoted(evidence.best_ai), verdict=verdict, reasons=reasons)
    plain = evidence.decision.reasons == ("no_ai_meets_the_need",)
    return say("c1.no_ai_meets") if plain else say("c1.no_ai_tried", reasons=reasons)


def _capital(text: Text) -> Text:
    return {language: told[:1].upper() + told[1:] for language, told in text.items()}


def _need_came_late(evidence: Evidence) -> bool:
    mine = next((entry for entry in evidence.need_history if entry["hash"] == evidence.need.get("hash")), None)
    return mine is not None and mine["before_first_run"] is False


def _sentences(evidence: Evidence, language: str) -> str:
    """The reasons of the decision as sentences, with plain names in the place of identifiers."""
    decision, told = evidence.decision, []
    meant = (decision.best_ai, decision.best_alternative, decision.without_limits, *decision.straddling)
    pair = {row.name: row for row in map(evidence.ladder.row, meant) if row}.values()
    named = {candidate.name: quoted(candidate)[language] for candidate in pair if candidate}
    for code, reason in zip(decision.reasons, decision.told, strict=True):
        text = reason[language].strip().rstrip(".")
        if named and code != "baselines_missing":
            names = "|".join(re.escape(name) for name in sorted(named, key=len, reverse=True))
            text = re.sub(rf"(?<![\w-])({names})(?![\w-])", lambda match: named[match[1]], text)
        if text:
            told.append(text[0].upper() + text[1:] + ".")
    return " ".join(told[: REASONS_TOLD[evidence.winner is not None and evidence.winner.is_ai]])
