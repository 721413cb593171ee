"""The three conditions of a frugal AI service: their status and the line that says why."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from frugal.audit.evidence.evidence import Evidence
from frugal.audit.impacts.assessment import Assessment
from frugal.audit.words.sentences import flip_words, known, phrase, quoted, say
from frugal.reporting.text import plain_number
from frugal.reporting.units_text import percent, size
from frugal.texts import LANGUAGES, Text, in_each

#: Reasons of the decision that the line of condition 1 repeats; `audit.json` holds all.
REASONS_TOLD = 2
#: Share of the network in the carbon of a year from which the first page tells it.
NETWORK_TOLD_FROM = 0.5
#: Shares above this are not told in figures.
NEARLY_ALL = 0.995


def condition_lines(assessment: Assessment, findings: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Status, text and counts of the three conditions of a frugal AI service."""
    broken = [f["id"] for f in findings if f["condition"] == "MES" and f["status"] == "fail"]
    seen = {condition: [f for f in findings if f["condition"] == condition] for condition in ("C1", "C2", "C3")}
    lines = {
        "C1": _first_condition(assessment, broken),
        "C2": _second_condition(seen["C2"]),
        "C3": _third_condition(assessment, seen["C3"], broken),
    }
    return {
        name: {"status": status, "text": told, "counts": _counts(seen[name])} for name, (status, told) in lines.items()
    }


def _counts(findings: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    wanted = ("pass", "warn", "fail", "unevidenced", "not_assessed", "n_a")
    return {status: sum(f["status"] == status for f in findings) for status in wanted}


def _rolled_up(findings: Sequence[Mapping[str, Any]]) -> str:
    """A failing point fails the condition; one that nothing proves leaves it with a reserve."""
    statuses = {finding["status"] for finding in findings}
    if "fail" in statuses:
        return "fail"
    return "warn" if statuses & {"warn", "unevidenced", "not_assessed"} else "pass"


def _points(findings: Sequence[Mapping[str, Any]], statuses: set[str]) -> Text:
    found = [f for f in findings if f["status"] in statuses]
    return {
        language: phrase("c2.between", language).join(f["title"][language] for f in found) for language in LANGUAGES
    }


def _second_condition(findings: Sequence[Mapping[str, Any]]) -> tuple[str, Text]:
    counts, status = _counts(findings), _rolled_up(findings)
    told = in_each(plain_number, counts["pass"])
    asked = len(findings) - counts["n_a"]
    failing = _points(findings, {"fail"})
    open_points = counts["unevidenced"] + counts["not_assessed"] + counts["warn"]
    key = "c2.fail" if status == "fail" else "c2.open" if status == "warn" else "c2.pass"
    return status, say(key, passed=told, asked=asked, failing=failing, open=open_points, unproved=counts["unevidenced"])


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
        part=in_each(percent, worst["part_of_budget"]["p95"]),
        covered=len(found["categories"]),
        network=_network(assessment),
        use=told,
    )


def _network(assessment: Assessment) -> Text:
    """A sentence where the network outweighs all of the computing."""
    rows = {row["per"]: row for row in assessment.account.footprint["rows"] if row["role"] == "winner"}
    year, journey = rows.get("year_high"), rows.get("journey")
    carbon = (year or {}).get("impacts", {}).get("gwp")
    if not carbon or not journey:
        return dict.fromkeys(LANGUAGES, "")
    whole = sum(carbon[part] or 0.0 for part in ("use", "embodied", "network"))
    share = carbon["network"] / whole if whole else 0.0
    if share < NETWORK_TOLD_FROM:
        return dict.fromkeys(LANGUAGES, "")
    return say(
        "c3.network",
        share=say("c3.nearly_all") if share > NEARLY_ALL else in_each(percent, share),
        bytes=in_each(size, journey["network_bytes"]),
    )


def _first_condition(evidence: Evidence, broken: Sequence[str]) -> tuple[str, Text]:
    decision, winner, best_ai = evidence.decision, evidence.winner, evidence.best_ai
    verdict = known("verdict", decision.verdict)
    reasons = {language: _sentences(evidence, language) for language in LANGUAGES}
    if decision.verdict in ("not_demonstrated", "undecided"):
        flip = flip_words(decision)
        reasons = {language: f"{reasons[language]} {flip[language]}".strip() for language in LANGUAGES}
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
        none_meets = say("c1.no_ai_meets", reasons=reasons)
        return "no_ai", none_meets if best_ai is None else say(
            "c1.no_ai", name=quoted(best_ai), verdict=verdict, reasons=reasons
        )
    statuses = {"demonstrated": "pass", "infeasible_otherwise": "pass", "not_demonstrated": "fail"}
    status = statuses.get(decision.verdict, "warn")
    # a need that was fitted to the runs shows nothing by being met
    late = status == "pass" and _need_came_late(evidence)
    return "warn" if late else status, say("c1.late" if late else "c1.ai", verdict=verdict, reasons=reasons)


def _need_came_late(evidence: Evidence) -> bool:
    mine = next((entry for entry in evidence.need_history if entry["hash"] == evidence.need.get("hash")), None)
    return mine is not None and mine["before_first_run"] is False


def _sentences(evidence: Evidence, language: str) -> str:
    """The reasons of the decision as sentences, with plain names in the place of identifiers."""
    decision, told = evidence.decision, []
    pair = (evidence.best_ai, evidence.ladder.best_alternative)
    named = {candidate.name: quoted(candidate)[language] for candidate in pair if candidate}
    for code, reason in zip(decision.reasons, decision.told, strict=True):
        text = reason[language].strip().rstrip(".")
        if named and code != "baselines_missing":
            names = "|".join(re.escape(name) for name in sorted(named, key=len, reverse=True))
            text = re.sub(rf"(?<![\w-])({names})(?![\w-])", lambda match: named[match[1]], text)
        if text:
            told.append(text[0].upper() + text[1:] + ".")
    return " ".join(told[:REASONS_TOLD])
