"""What a buyer or a jury asks beside the criteria: what the audit knows of it, what was declared, or that it is open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from frugal.audit.impacts.assessment import Assessment
from frugal.audit.words.sentences import quoted, say
from frugal.experiments.study.need import QUESTIONS
from frugal.reporting.text import plain_number
from frugal.reporting.units_text import grams, typeset
from frugal.texts import LANGUAGES, Text, in_each

JOULES_PER_KWH = 3.6e6


def questions(assessment: Assessment) -> list[dict[str, Any]]:
    """Each question with what the audit itself knows of it and what was declared.

    Parameters
    ----------
    assessment : Assessment

    Returns
    -------
    list of dict
        ``id``, ``title``, ``known`` (empty where the audit knows nothing), ``answer`` (empty where it is open), ``evidence``
        (names of the files that a declaration gives for it; a need gives none).
    """
    found = []
    for name in QUESTIONS:
        answer, evidence = _declared(assessment, name)
        found.append(
            {
                "id": name,
                "title": say(f"question.{name}"),
                "known": _KNOWN[name](assessment) if name in _KNOWN else dict.fromkeys(LANGUAGES, ""),
                "answer": answer,
                "evidence": evidence,
            }
        )
    return found


def _declared(assessment: Assessment, name: str) -> tuple[Text, list[str]]:
    """What a declaration says, which came last, else the need; by language."""
    told = assessment.declarations.get(name)
    if told is not None:
        text = dict.fromkeys(LANGUAGES, str(told["text"]))
        return text, [str(file["file"]) for file in told.get("evidence") or ()]
    answer = (assessment.need.get("answers") or {}).get(name) or ""
    words: Mapping[str, str] = answer if isinstance(answer, Mapping) else dict.fromkeys(LANGUAGES, str(answer))
    return {lang: typeset(words.get(lang) or words.get("en") or words.get("fr") or "", lang) for lang in LANGUAGES}, []


def _measured_error(assessment: Assessment) -> Text:
    return say("known.measured_error" if assessment.full_physics is not None else "known.measured_error_table")


def _reference(assessment: Assessment) -> Text:
    """Carbon of the answer retained and of the best one without AI, over the service life: direct effects alone."""
    rows = {
        row["role"]: row for row in assessment.account.footprint["rows"] if row["per"] == "lifetime" and row["role"]
    }
    winner, other = assessment.winner, assessment.ladder.best_alternative
    if winner is None:
        return dict.fromkeys(LANGUAGES, "")
    if not winner.is_ai:
        return say("known.reference_no_ai")
    row = rows.get("best_alternative")
    if other is None or row is None or "gwp" not in row["impacts"]:
        return say("known.reference_nothing")
    gwp = in_each(grams, row["impacts"]["gwp"]["p50"])
    own = in_each(grams, rows["winner"]["impacts"]["gwp"]["p50"])
    return say("known.reference", name=quoted(other), gwp=gwp, own=own)


def _euros(assessment: Assessment) -> Text:
    whole = assessment.account.footprint.get("whole")
    if not whole:
        return dict.fromkeys(LANGUAGES, "")
    energy = whole["impacts"]["energy"]["p50"] / JOULES_PER_KWH
    return say("known.cost_euros", energy=in_each(plain_number, energy, 2, "up"))


def _governance(assessment: Assessment) -> Text:
    if assessment.winner is None:
        return say("known.governance_nothing")
    return say("known.governance_ai" if assessment.winner.is_ai else "known.governance_no_ai")


def _monitoring(assessment: Assessment) -> Text:
    return say("known.monitoring")


def _licences(assessment: Assessment) -> Text:
    sources = [str(source) for source in assessment.study.get("sources") or () if source]
    return say("known.licences", sources="; ".join(sources)) if sources else say("known.licences_none")


def _earlier(assessment: Assessment) -> Text:
    return say("known.earlier_first" if assessment.previous is None else "known.earlier_kept")


def _gain(assessment: Assessment) -> Text:
    return say("known.net_gain")


_KNOWN = {
    "net_gain": _gain,
    "reference_without_ai": _reference,
    "measured_error": _measured_error,
    "cost_euros": _euros,
    "governance": _governance,
    "monitoring": _monitoring,
    "licences": _licences,
    "earlier_version": _earlier,
}
