"""The whole answer of an audit in one plain sentence."""

from __future__ import annotations

import math

from frugal.audit.evidence.evidence import Evidence
from frugal.audit.evidence.shortfall import Shortfall, accurate, nearest, shortfalls
from frugal.audit.words.errors import error_lines, error_words
from frugal.audit.words.sentences import in_a_sentence, known, phrase, quoted, say
from frugal.candidates.row import CandidateRow
from frugal.reporting.text import plain_duration, plain_number, plain_queries
from frugal.reporting.units_text import error_quantity, percent, size
from frugal.texts import LANGUAGES, Text, in_each

#: Up to this many times a limit the excess is told in per cent.
TOLD_IN_PERCENT = 2.0
#: Of the answers that are accurate enough and outside another limit, so many are told.
MOST_TOLD = 3


def first_line(evidence: Evidence, assessed: bool = True) -> Text:
    """The whole answer in plain sentences, as every surface tells it: whether AI is needed, what answers, how wrong it is."""
    told, errors = answer_line(evidence, assessed), winner_errors(evidence)
    return {language: f"{told[language]} {errors[language]}".strip() for language in LANGUAGES}


def winner_errors(evidence: Evidence) -> Text:
    """The errors of what is retained, in sentences; empty where nothing is retained, or it makes none."""
    return dict.fromkeys(LANGUAGES, "") if evidence.winner is None else error_lines(evidence.winner, evidence)


def answer_line(evidence: Evidence, assessed: bool = True) -> Text:
    """Whether AI is needed and what answers, in one sentence; no verdict where the measurement does not carry one."""
    verdict, winner = evidence.decision.verdict if assessed else "not_assessed", evidence.winner
    if winner is None:
        return _nothing(evidence) if assessed and evidence.compared else say("first.nothing_not_assessed")
    told = {language: _answer(winner, evidence, language) for language in LANGUAGES}
    if winner.is_ai:
        missing = evidence.physics_data
        if verdict == "infeasible_otherwise" and missing:
            return say("first.missing_information", answer=told, data=missing)
        straw = verdict == "conditional" and any(code.startswith("straw") for code in evidence.decision.reasons)
        return say(f"first.{'reserve' if straw else verdict}", answer=told, paid_back=_paid_back(evidence))
    opening = {"not_demonstrated": "not_needed", "not_assessed": "no_ai_not_assessed"}.get(verdict, "no_ai")
    return say(f"first.{opening}", answer=told)


def _answer(candidate: CandidateRow, evidence: Evidence, language: str) -> str:
    """What answers, and for how much: "a table answers, for 0.3 s of computing per million …"."""
    noun = known("noun", candidate.kind)[language]
    errs = any(error.high for error in candidate.errors.values())
    told = phrase("answer.answers" if errs else "answer.exactly", language, noun=noun)
    query = candidate.query.get(evidence.decision.pattern)
    if query is not None:
        told += phrase("answer.cost", language, time=plain_duration(1e6 * query.cpu_seconds, language, way="up"))
    return told


def _paid_back(evidence: Evidence) -> Text:
    crossing = evidence.decision.break_even_queries
    if crossing is None or not 0 < crossing.median < math.inf:
        return dict.fromkeys(LANGUAGES, "")
    return say("answer.paid_back", queries=in_each(plain_queries, crossing.median, "up"))


# ------------------------------------------------------------------------------- Nothing meets the need


def _nothing(evidence: Evidence) -> Text:
    """What came nearest, what it fails on and by how much; what is accurate enough, and why it does not qualify."""
    told = {}
    closest, exact = nearest(evidence), evidence.full_physics
    right = [candidate for candidate in accurate(evidence) if candidate is not closest]
    if closest is not None and closest.error_met:  # what is accurate and breaks a limit by more adds nothing
        right = [candidate for candidate in right if candidate is exact]
    for language in LANGUAGES:
        parts = [phrase("nothing", language)]
        if closest is not None:
            short = _fails_on(evidence, closest, language)
            parts.append(phrase("nothing.nearest", language, name=quoted(closest)[language], short=short))
        if right == [exact] and not (closest is not None and closest.error_met):
            assert exact is not None
            parts.append(phrase("nothing.only_physics", language, short=_fails_on(evidence, exact, language)))
        elif right:
            named = [f"{quoted(c)[language]} ({_fails_on(evidence, c, language)})" for c in right[:MOST_TOLD]]
            more = ["…"] if len(right) > MOST_TOLD else []
            parts.append(phrase("nothing.accurate", language, names=", ".join([*named, *more])))
        told[language] = "".join(parts) + "."
    return told


def _fails_on(evidence: Evidence, candidate: CandidateRow, language: str) -> str:
    """Every requirement that a candidate fails, the farthest first."""
    told = [_told(evidence, shortfall, candidate, language) for shortfall in shortfalls(evidence, candidate)]
    return "".join(told) if len(told) < 2 else phrase("short.and", language, first=", ".join(told[:-1]), last=told[-1])


def _told(evidence: Evidence, shortfall: Shortfall, candidate: CandidateRow, language: str) -> str:
    excess = _excess(shortfall.ratio, language)
    if shortfall.requirement == "error":
        error = candidate.errors[shortfall.output]
        bound = error_words({shortfall.output: error}, evidence.units, language)
        limit = _tolerance(evidence, shortfall, error.metric, language)
        several = len(evidence.need.get("tolerances") or {}) > 1
        label = evidence.labels[shortfall.output][language]
        of = f" ({in_a_sentence(label)})" if several else ""
        return phrase("short.error", language, error=bound, of=of, limit=limit, excess=excess)
    if shortfall.requirement == "data":
        return phrase("short.data_none", language, data=candidate.lacks[language])
    if shortfall.requirement == "graph" or not math.isfinite(shortfall.value):
        return phrase(f"short.{shortfall.requirement}_none", language)
    if shortfall.requirement == "latency":
        value, limit = (
            plain_duration(shortfall.value, language, way="up"),
            plain_duration(shortfall.limit, language, way="down"),
        )
    else:
        value, limit = size(shortfall.value, language), size(shortfall.limit, language, "down")
    return phrase(f"short.{shortfall.requirement}", language, excess=excess, value=value, limit=limit)


def _tolerance(evidence: Evidence, shortfall: Shortfall, metric: str, language: str) -> str:
    return error_quantity(shortfall.limit, metric, evidence.units.get(shortfall.output, ""), language, "down")


def _excess(ratio: float, language: str) -> str:
    if not math.isfinite(ratio):
        return ""
    if ratio < TOLD_IN_PERCENT:
        return phrase("excess.percent", language, percent=percent(ratio - 1.0, language, "up"))
    return phrase("excess.times", language, times=plain_number(ratio, language, way="up"))
