"""The sentences of the audit in both languages, made from the evidence and the texts of the room."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from frugal.audit.evidence.evidence import Evidence
from frugal.audit.impacts.assessment import Assessment
from frugal.candidates.decision import Decision
from frugal.candidates.output_error import OutputError, worst_output
from frugal.candidates.row import CandidateRow
from frugal.experiments.metrics.registry import scale_of
from frugal.reporting.text import plain_duration, plain_number, plain_queries
from frugal.reporting.units_text import error_quantity, grams, percent, typeset
from frugal.texts import LANGUAGES, Text, in_each, room_texts

_TEXTS = room_texts("frugal.audit")

#: Relative errors are printed as bounds no finer than this.
LEAST_ERROR = 1e-4


def phrase(key: str, language: str, **values: object) -> str:
    """A text of the audit by its key, its gaps filled, with the spaces of French."""
    return typeset(_TEXTS.phrase(key, language, **values), language)


def say(key: str, **values: object) -> Text:
    """A text of the audit in both languages; a value that differs between them comes as a mapping by language."""
    return {language: phrase(key, language, **values) for language in LANGUAGES}


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
        name = label[:1].lower() + label[1:] if label[1:2].islower() else label
        told[language] = _TEXTS.phrase("quoted", language, name=name)
    return told


def rounded_up(value: float, digits: int = 2) -> float:
    """An upper bound to so many significant digits, never below what was measured."""
    if value <= 0:
        return value
    step = 10.0 ** (math.floor(math.log10(value)) + 1 - digits)
    return math.ceil(value / step - 1e-9) * step


def error_words(errors: Mapping[str, OutputError], units: Mapping[str, str], language: str) -> str:
    """Upper 95 % bound of the worst error: ``±1.4%``, ``±0.2 m``, ``0.12 (1 − NSE)``; empty if there is none.

    Where too few places were judged for a bound it is the largest error at one of them, and said to hold for these alone.

    Parameters
    ----------
    errors : mapping of str to OutputError
        Of a candidate, by output.
    units : mapping of str to str
        In which the error of each output is told, by name; shares are told in per cent without it.
    language : str
        ``en`` or ``fr``.

    Returns
    -------
    str
        Two significant digits, rounded up, and in per cent no finer than `LEAST_ERROR`.
    """
    name = worst_output(errors)
    if name is None or not errors[name].held:
        return ""
    bound, metric = rounded_up(errors[name].held), errors[name].metric
    scale = scale_of(metric)
    if scale == "share":
        bound = max(bound, LEAST_ERROR)
    told = ("" if scale == "score" else "±") + error_quantity(bound, metric, units.get(name, ""), language)
    if errors[name].bounded:
        return told
    return phrase("error.these_places" if errors[name].by_place else "error.these_runs", language, error=told)


def every_error(candidate: CandidateRow, evidence: Evidence, language: str) -> str:
    """Upper bound of each error that has a tolerance, with the name of its output where there are several.

    Parameters
    ----------
    candidate : CandidateRow
    evidence : Evidence
        Its need says which outputs have a tolerance.
    language : str
        ``en`` or ``fr``.

    Returns
    -------
    str
        As `error_words` of the worst one where no more than one output has a tolerance, or nothing errs.
    """
    measured = candidate.errors
    errors = {name: measured[name] for name in evidence.need.get("tolerances") or {} if name in measured}
    if len(errors) < 2 or not any(error.held for error in errors.values()):
        return error_words(measured, evidence.units, language)
    told = []
    for name, error in errors.items():
        label = evidence.labels[name][language]
        bound = error_words({name: error}, evidence.units, language) or "±0"
        told.append(f"{bound} ({label[:1].lower()}{label[1:]})")
    return phrase("error.and", language).join([", ".join(told[:-1]), told[-1]])


def break_even_words(decision: Decision) -> Text:
    """The break-even with its interval; "never" where no number of queries pays the AI back."""
    crossing = decision.break_even_queries
    if crossing is None:
        return dict.fromkeys(LANGUAGES, "–")
    if math.isinf(crossing.median):
        return say("break_even.never")
    if crossing.median <= 0:
        return say("break_even.at_once")
    low, high = (
        say("break_even.never") if math.isinf(bound) else in_each(plain_number, max(bound, 0))
        for bound in (crossing.low, crossing.high)
    )
    return say("break_even.after", queries=in_each(plain_queries, crossing.median), low=low, high=high)


def flip_words(decision: Decision) -> Text:
    """From which use on the need for AI would count as demonstrated; empty where there is no pair to compare."""
    if decision.break_even_queries is None:
        return dict.fromkeys(LANGUAGES, "")
    flip = decision.flip_queries
    if flip is None or math.isinf(flip):
        return say("flip.never")
    return say("flip.from", queries=in_each(plain_queries, flip))


# ---------------------------------------------------------------------------------------------- Limits


def limits(assessment: Assessment) -> list[Text]:
    """What the audit does not know, most important first."""
    comparison, machine = assessment.comparison, assessment.machine
    found: list[Text] = []
    if not assessment.need.get("declared", True):
        found.append(say("limit.undeclared"))
    missing = assessment.decision.missing_baselines
    if missing:
        found.append(say("limit.missing", names=baselines(missing)))
    found += _model_file(assessment)
    found += [_as_sentence(note) for note in assessment.study.get("notes") or ()]
    if comparison.level == "quick":
        found.append(say("limit.quick"))
    if machine.get("measure_again"):
        found.append(say("limit.again"))
    elif machine.get("noisy"):
        found.append(say("limit.noisy"))
    found += _waiting(assessment)
    if any(entry["before_first_run"] is False and entry.get("changed") for entry in assessment.need_history):
        found.append(say("limit.need_changed"))
    fields = {"watts": "watts_per_core", "low": "watts_low", "high": "watts_high"}
    if machine.get("tier") in ("T3", "T4") and all(machine.get(field) for field in fields.values()):
        values = {k: in_each(plain_number, machine[f]) for k, f in fields.items()}
        found.append(say("limit.watts", tier=machine["tier"], **values))
    held_out = comparison.split.get("n_held_out")
    number = {lang: plain_number(held_out, lang, 4) if held_out else "–" for lang in LANGUAGES}
    found += _truth(assessment, number)
    failed = len(comparison.failed_runs)
    if failed:
        found.append(say("limit.failed_runs", number=in_each(plain_number, failed, 6)))
    found += _places(assessment)
    found += _of_evidence(assessment)
    return [*found, *_limits_of_account(assessment), say("limit.left_out")]


def _of_evidence(evidence: Evidence) -> list[Text]:
    """What of the evidence itself nobody can vouch for."""
    found: list[Text] = []
    if evidence.without_answers:
        found.append(say("limit.answers", number=in_each(plain_number, len(evidence.without_answers), 6)))
    if evidence.clock_set_back is not None:
        found.append(say("limit.clock", line=evidence.clock_set_back))
    if evidence.evidenced:
        found.append(say("limit.unread", number=in_each(plain_number, len(evidence.evidenced), 6)))
    return found


def _waiting(evidence: Evidence) -> list[Text]:
    """Answers that mostly wait when they are asked: their price is what they compute here."""
    pattern = evidence.decision.pattern
    asked = [(row, row.query[pattern]) for row in evidence.ladder.rows if pattern in row.query]
    return [
        say(
            "limit.waits",
            name={lang: row.label_in(lang) for lang in LANGUAGES},
            share=in_each(percent, query.waiting_share),
            wall=in_each(plain_duration, query.wall_seconds_per_call),
        )
        for row, query in asked
        if query.waits and query.waiting_share is not None
    ]


def _as_sentence(note: Mapping[str, str]) -> Text:
    """A note on the site as a sentence among others."""
    return {language: f"{words[:1].upper()}{words[1:].rstrip('.')}." for language, words in note.items()}


def _truth(evidence: Evidence, number: Text) -> list[Text]:
    """What the errors are held against, and why it is no answer itself, where it is none."""
    missing = evidence.physics_data
    held = say("limit.table" if evidence.full_physics is None else "limit.physics", number=number)
    return [held, say("limit.reference", data=missing)] if missing else [held]


def _places(evidence: Evidence) -> list[Text]:
    """Where the errors hold if not elsewhere, or what no bound can exclude."""
    shown = evidence.winner or evidence.ladder.closest_ai
    name = None if shown is None else shown.worst_output
    if shown is None or name is None or not shown.errors[name].rows:
        one = len([place for place in evidence.comparison.split.get("held_out_places", []) if place]) == 1
        return [say("limit.one_place")] if one else []
    error = shown.errors[name]
    if not error.bounded and error.by_place:
        each = {
            lang: ", ".join(
                f"{place} {error_quantity(rounded_up(value), error.metric, evidence.units.get(name, ''), lang)}"
                for place, value in error.by_place.items()
            )
            for lang in LANGUAGES
        }
        return [say("limit.few_places", number=len(error.by_place), each=each)]
    if not error.bounded:
        return [say("limit.few_runs", number=error.rows)]
    share = in_each(percent, rounded_up(error.unseen_share or 0.0))
    return [say("limit.unseen_places" if error.places is not None else "limit.unseen_runs", share=share)]


def _limits_of_account(assessment: Assessment) -> list[Text]:
    found: list[Text] = []
    replaced = [factor.id for factor in assessment.account.factors if factor.origin == "user"]
    if replaced:
        found.append(say("limit.factors", number=len(replaced), names=", ".join(replaced)))
    if assessment.account.footprint["lighter"]:
        found.append(lighter_words(assessment))
    if not assessment.account.boundaries["beneficiaries"]:
        found.append(say("limit.people"))
    return [*found, say("limit.not_covered", names=_categories(assessment.account.boundaries["not_covered"]))]


def lighter_words(assessment: Assessment) -> Text:
    """Which accurate answer would emit clearly less carbon than the one retained; empty where there is none."""
    found = assessment.account.footprint["lighter"]
    if not found:
        return dict.fromkeys(LANGUAGES, "")
    return say(
        "lighter",
        name=quoted(assessment.candidates[found["candidate"]]),
        served=known("lighter", "served") if found["served"] else "",
        gwp=in_each(grams, found["gwp"]),
        winner_gwp=in_each(grams, found["winner_gwp"]),
    )


def _categories(names: Sequence[str]) -> Text:
    return {lang: ", ".join(known("category", name)[lang] for name in names) for lang in LANGUAGES}


def baselines(names: Sequence[str]) -> Text:
    """Names of mandatory alternatives, in words."""
    return {language: ", ".join(known("baseline", name)[language] for name in names) for language in LANGUAGES}


def _model_file(evidence: Evidence) -> list[Text]:
    """A sentence where `model.onnx` is not the answer retained."""
    model, winner = evidence.comparison.model, evidence.winner
    if winner is None or not model.reason or model.candidate == winner.name:
        return []
    held = evidence.ladder.row(model.candidate)
    if held is None:
        return [say("limit.no_model", reason=model.reason)]
    return [say("limit.model", name=quoted(held), reason=model.reason)]
