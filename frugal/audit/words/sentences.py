"""The sentences of the audit in both languages, made from the evidence and the texts of the room."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from frugal.candidates.decision import Decision, Interval
from frugal.candidates.row import CandidateRow
from frugal.reporting.text import bracket, grammatical_number, plain_number, plain_queries
from frugal.reporting.units_text import typeset
from frugal.texts import LANGUAGES, Text, in_each, room_texts

_TEXTS = room_texts("frugal.audit")


def phrase(key: str, language: str, **values: object) -> str:
    """A text of the audit by its key, its gaps filled, with the spaces of French."""
    return typeset(_TEXTS.phrase(key, language, **values), language)


def say(key: str, **values: object) -> Text:
    """A text of the audit in both languages; a value that differs between them comes as a mapping by language."""
    return {language: phrase(key, language, **values) for language in LANGUAGES}


def say_counted(key: str, *, number: float, **values: object) -> Text:
    """A text about a number of things: the one under ``key.one`` where a language has the noun in the singular for it.

    Parameters
    ----------
    key : str
    number : float
        Of things, which the text has as ``{number}``.
    **values
        As for `say`.
    """
    told = {}
    for language in LANGUAGES:
        singular = grammatical_number(number, language) == "one" and f"{key}.one" in _TEXTS
        values["number"] = plain_number(number, language, 6)
        told[language] = phrase(f"{key}.one" if singular else key, language, **values)
    return told


def known(group: str, name: str) -> Text:
    """The words for a name of the program; the name itself where it has none."""
    return _TEXTS.known(group, name)


def page_words(language: str) -> dict[str, str]:
    """The words of the page by their keys, as they stand in the file of texts."""
    return {key: text[language] for key, text in _TEXTS.group("page").items()}


def verdict_words(decision: Decision) -> Text:
    """The verdict on the need for AI; that nothing meets the need, where this is why there is none."""
    return known("verdict", "nothing_meets" if decision.nothing_meets else decision.verdict)


def title(study: Mapping[str, Any]) -> Text:
    """The question, or the name of the study where it has no title."""
    titles = study.get("title") or {}
    plain = str(study["name"]).replace("_", " ")
    return {
        language: typeset(titles.get(language) or titles.get("en") or titles.get("fr") or plain, language)
        for language in LANGUAGES
    }


def quoted(candidate: CandidateRow) -> Text:
    """The plain name of a candidate inside a sentence, between quotation marks."""
    told = {}
    for language, label in candidate.labels.items():
        told[language] = _TEXTS.phrase("quoted", language, name=in_a_sentence(label))
    return told


def in_a_sentence(label: str) -> str:
    """A label as it stands inside a sentence: without its capital, but for what is written in capitals."""
    return label[:1].lower() + label[1:] if label[1:2].islower() else label


def break_even_words(decision: Decision) -> Text:
    """The break-even with its interval; "never" where no number of queries pays the AI back."""
    crossing = decision.break_even_queries
    if crossing is None:
        return dict.fromkeys(LANGUAGES, "–")
    if math.isinf(crossing.median):
        return say("break_even.never")
    if crossing.median <= 0:
        return say("break_even.at_once")
    span = {language: _span_of(crossing, language) for language in LANGUAGES}
    return say("break_even.after", queries=in_each(plain_queries, crossing.median, "up"), span=span)


def _span_of(crossing: Interval, language: str) -> str:
    """The interval of a break-even; empty where both of its ends are one number."""
    if math.isfinite(crossing.high):
        return bracket(max(crossing.low, 0.0), crossing.high, language)
    low = phrase("break_even.never", language)
    if math.isfinite(crossing.low):
        low = plain_number(max(crossing.low, 0.0), language, way="down")
    return f" [{low}–{phrase('break_even.never', language)}]"


def flip_words(decision: Decision) -> Text:
    """From which use on the need for AI would count as demonstrated; empty where there is no pair to compare."""
    if decision.break_even_queries is None:
        return dict.fromkeys(LANGUAGES, "")
    flip = decision.flip_queries
    if flip is None or math.isinf(flip):
        return say("flip.never")
    return say("flip.from", queries=in_each(plain_queries, flip, "up"))


def baselines(names: Sequence[str]) -> Text:
    """Names of mandatory alternatives, in words."""
    return {language: ", ".join(known("baseline", name)[language] for name in names) for language in LANGUAGES}


def people_words(people: float, language: str) -> str:
    """A number of people with its noun (``400,000 people``, ``1,2 million de personnes``)."""
    form = "of" if people >= 0.9995e6 else grammatical_number(people, language)
    return phrase(f"c3.people.{form}", language, number=plain_number(people, language))
