"""What the first page says in words: on what answers were judged, which is retained, how wrong it is, what is not known."""

from __future__ import annotations

from typing import Any

from frugal.audit.impacts.assessment import Assessment
from frugal.audit.words.first_line import answer_line, winner_errors
from frugal.audit.words.limits import limits_in_short
from frugal.audit.words.sentences import say
from frugal.experiments.study.design import survey_of
from frugal.reporting.text import plain_number
from frugal.reporting.units_text import typeset
from frugal.texts import LANGUAGES, Text


def first_page(assessment: Assessment, assessed: bool = True) -> dict[str, Any]:
    """Texts of the first page, as `audit.json` keeps them.

    Parameters
    ----------
    assessment : Assessment
    assessed : bool
        The measurement carries a verdict.

    Returns
    -------
    dict
        ``basis``, ``answer`` and ``errors`` by language, and ``limits``, a list of short ones.
    """
    return {
        "basis": basis(assessment),
        "answer": answer_line(assessment, assessed),
        "errors": winner_errors(assessment),
        "limits": limits_in_short(assessment),
    }


def basis(assessment: Assessment) -> Text:
    """On what the answers were judged: how many cases, where they come from, and whether their places were learnt from too."""
    split, told = assessment.comparison.split, assessment.study.get("judged_on") or {}
    number = split.get("n_held_out")
    origin = {lang: typeset(told.get(lang) or told.get("en") or "", lang) for lang in LANGUAGES}
    if not any(origin.values()):
        origin = say("basis.not_said")
    places = [place for place in split.get("held_out_places") or () if place]
    learnt = {survey_of(place) for place in split.get("train_places") or () if place}
    judged = {survey_of(place) for place in places}
    shared = bool(learnt & judged)
    if (
        split.get("judged_by") == "out_of_fold"
    ):  # each place is left out in its turn, and the other tiles of its survey are not
        shared = len(judged) < len(places)
    return say(
        "basis.folds" if split.get("judged_by") == "out_of_fold" else "basis",
        number={lang: plain_number(number, lang, 6) if number else "–" for lang in LANGUAGES},
        cases=assessment.cases,
        origin=origin,
        shared=say("basis.shared") if shared else "",
    )
