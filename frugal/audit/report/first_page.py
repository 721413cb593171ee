"""The first page, which is read in a minute: facts, the three conditions, what is not known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from frugal.audit.evidence.evidence import cases_noun
from frugal.audit.report.sections import SIGNS, judged_outputs
from frugal.audit.words.errors import error_cells, kind_of
from frugal.audit.words.sentences import break_even_words, known, phrase
from frugal.candidates.comparison import Ladder
from frugal.reporting import units_text
from frugal.reporting.text import plain_duration, plain_number, plain_queries, queries_span

#: A page of fewer words before its diagram is read in about a minute.
MOST_WORDS = 250


def facts(audit: Mapping[str, Any], ladder: Ladder, language: str, words: Mapping[str, str]) -> list[tuple[str, str]]:
    """Facts of the first page: answer, break-even, use, what the service life takes in all, a lighter delivery.

    Parameters
    ----------
    audit : mapping
        Content of `audit.json`.
    ladder : Ladder
        Its candidates and decisions, of which the first is that of the bundle.
    language : str
        ``en`` or ``fr``.
    words : mapping of str to str
        Texts of the page in that language, their gaps filled.

    Returns
    -------
    list of (str, str)
        Name and value; the break-even only where a pair is compared, the lighter delivery only where there is one.
    """
    decision, winner = ladder.decision, ladder.winner
    told = [] if winner else [(words["retained"], words["none"])]
    # where an AI ships, the answer says when it pays back
    if decision.break_even_queries is not None and not (winner and winner.is_ai):
        told.append((words["break_even"], break_even_words(decision)[language]))
    years = f"{plain_number(audit['need']['service_life_years'], language)}\u00a0{words['years']}"
    used = queries_span(*decision.queries, language) if decision.queries else words["undeclared"]
    whole = _whole(audit, years, language)
    told.append((words["usage"], used if whole or not decision.queries else f"{used}, {years}"))
    told += whole
    return told + _lighter(audit, ladder, language, words)


def _whole(audit: Mapping[str, Any], years: str, language: str) -> list[tuple[str, str]]:
    """Computing and carbon of the whole service life, all of the preparation included, and whose electricity that is."""
    footprint = audit["footprint"]
    whole = footprint.get("whole")
    if not whole or "gwp" not in whole["impacts"]:
        return []
    place = phrase(
        "fact.assumed" if footprint.get("country_assumed") else "fact.declared",
        language,
        country=known("country", footprint["country"])[language],
    )
    told = phrase(
        "fact.whole",
        language,
        time=plain_duration(whole["cpu_seconds"], language, way="up"),
        carbon=units_text.impact_range(whole["impacts"]["gwp"], "gwp", language),
        place=place,
    )
    return [(phrase("fact.whole_name", language, years=years, queries=plain_queries(whole["queries"], language)), told)]


def _lighter(
    audit: Mapping[str, Any], ladder: Ladder, language: str, words: Mapping[str, str]
) -> list[tuple[str, str]]:
    found = audit["footprint"]["lighter"]
    if not found:
        return []
    winner, row = ladder.winner, ladder.row(found["candidate"])
    same = winner is not None and found["candidate"] == winner.name
    name = phrase("fact.same", language) if same or row is None else row.label_in(language)
    served = phrase("lighter.served", language) if found["served"] else ""
    times = plain_number(found["winner_gwp"] / found["gwp"], language, way="down") if found["gwp"] else "∞"
    carbon = units_text.grams(found["gwp"], language)
    return [(words["lighter"], phrase("fact.lighter", language, name=name, served=served, carbon=carbon, times=times))]


def error_rows(audit: Mapping[str, Any], ladder: Ladder, language: str) -> list[dict[str, Any]]:
    """Errors of the answer retained, output by output, in the order of the need.

    Parameters
    ----------
    audit, ladder, language
        As for `facts`.

    Returns
    -------
    list of dict
        ``name`` of the output and ``cells``: typical error, what nine cases in ten stay within, the worst, the tolerance. Empty
        where nothing is retained, or it makes no error.
    """
    winner = ladder.winner
    names = [] if winner is None else [name for name in judged_outputs(audit) if name in winner.errors]
    if winner is None or not any(winner.errors[name].held for name in names):
        return []
    rows = []
    for name in names:
        label, values = audit["labels"][name][language], winner.errors[name].cases
        if values is not None and values.values > 1:
            number = plain_number(values.values, language, 6)
            label = phrase("error.of_values", language, label=label, number=number)
        rows.append({"name": label, "cells": error_cells(winner.errors[name], audit["units"].get(name, ""), language)})
    return rows


def error_heads(audit: Mapping[str, Any], ladder: Ladder, language: str) -> list[str]:
    """Heads of the table of errors, with the noun and the number of the cases.

    Parameters
    ----------
    audit, ladder, language
        As for `facts`.
    """
    errors = [] if ladder.winner is None else list(ladder.winner.errors.values())
    number = next((error.cases.cases for error in errors if error.cases is not None), None)
    number = audit["split"].get("n_held_out") if number is None else number
    noun = cases_noun(audit["study"])[language]
    told = plain_number(number, language, 6) if number else "–"
    weakest = next((error for error in errors if not error.bounded), errors[0] if errors else None)
    kind = kind_of(weakest)[language] if weakest is not None else ""
    return [
        phrase("error.head_typical", language, kind=kind),
        phrase("error.head_within", language, cases=noun),
        phrase("error.head_worst", language, number=told),
        phrase("error.head_limit", language),
    ]


def condition_status(status: str, language: str) -> str:
    """The word for the status of a condition."""
    return phrase("status.not_assessed_condition" if status == "not_assessed" else f"status.{status}", language)


def conditions(audit: Mapping[str, Any], language: str, words: Mapping[str, str]) -> list[dict[str, str]]:
    """The three lines of the first page.

    Parameters
    ----------
    audit : mapping
        Content of `audit.json`; ``conditions`` is read.
    language, words
        As for `facts`.
    """
    return [
        {
            "id": key,
            "title": words[key],
            "sign": SIGNS[line["status"]],
            "status": condition_status(line["status"], language),
            "kind": line["status"],
            "text": line["text"][language],
        }
        for key, line in audit["conditions"].items()
    ]


def limits_in_short(audit: Mapping[str, Any], language: str, number: int) -> str:
    """The first so many of the short limits as one sentence."""
    told = phrase("c2.between", language).join(limit[language] for limit in audit["first_page"]["limits"][:number])
    return told[:1].upper() + told[1:] + "." if told else ""


def limits_that_fit(audit: Mapping[str, Any], words: Mapping[str, int]) -> int:
    """How many of the short limits a page takes that is read in a minute, in either language.

    Parameters
    ----------
    audit : mapping
        Content of `audit.json`.
    words : mapping of str to int
        Words before the diagram without any short limit, by language.
    """
    fitting = 0
    for number in range(1, len(audit["first_page"]["limits"]) + 1):
        told = {language: limits_in_short(audit, language, number) for language in words}
        if any(words[language] + count_words(told[language]) >= MOST_WORDS for language in words):
            break
        fitting = number
    return fitting


def count_words(text: str) -> int:
    """Words of a text without mark-up, in the least favourable way: a sign between two spaces is one."""
    return len(text.split())
