"""What the audit does not know: each limit in a sentence, and in the few words of the first page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from frugal.audit.evidence.evidence import Evidence
from frugal.audit.impacts.assessment import Assessment
from frugal.audit.words.grid import grid_limit
from frugal.audit.words.intervals import interval_limits
from frugal.audit.words.names import factor_name, place_name
from frugal.audit.words.sentences import baselines, known, phrase, quoted, say
from frugal.reporting.judged_words import adaptive_words, judged_words
from frugal.reporting.text import bracket, grammatical_number, plain_duration, plain_number
from frugal.reporting.units_text import error_quantity, grams, percent
from frugal.texts import LANGUAGES, Text, in_each

#: All categories of impact of the EF method.
ALL_CATEGORIES = 16


def limits(assessment: Assessment) -> list[Text]:
    """What the audit does not know, a sentence each, most important first; what was mended in the data of the site last."""
    notes = [_as_sentence(note) for note in assessment.study.get("notes") or ()]
    return [*(say(key, **values) for key, values, _ in _found(assessment)), *notes]


def _as_sentence(note: Mapping[str, str]) -> Text:
    """A note on the site as a sentence among others."""
    return {language: f"{words[:1].upper()}{words[1:].rstrip('.')}." for language, words in note.items()}


def limits_in_short(assessment: Assessment) -> list[Text]:
    """The same in a few words each, in the same order; what the first page tells elsewhere is left out."""
    return [say(f"{key}.short", **values) for key, values, short in _found(assessment) if short]


def _found(assessment: Assessment) -> Iterator[tuple[str, dict[str, Any], bool]]:
    """Key and values of the text of each limit, and whether there is a short form of it."""
    yield from interval_limits(assessment)
    yield from _about_need(assessment)
    yield from _about_truth(assessment)
    yield from _about_measurement(assessment)
    yield from _about_account(assessment)
    yield "limit.left_out", {}, True


def _about_need(assessment: Assessment) -> Iterator[tuple[str, dict[str, Any], bool]]:
    if not assessment.need.get("declared", True):
        yield "limit.undeclared", {}, True
    if assessment.decision.missing_baselines:
        yield "limit.missing", {"names": baselines(assessment.decision.missing_baselines)}, True
    if any(entry["before_first_run"] is False and entry.get("changed") for entry in assessment.need_history):
        yield "limit.need_changed", {}, True
    yield from _about_evidence(assessment)
    model, winner = assessment.comparison.model, assessment.winner
    if winner is not None and model.reason and model.candidate != winner.name:
        held = assessment.ladder.row(model.candidate)
        if held is None:
            yield "limit.no_model", {"reason": model.reason}, True
        else:
            yield "limit.model", {"name": quoted(held), "reason": model.reason}, True


def _about_evidence(evidence: Evidence) -> Iterator[tuple[str, dict[str, Any], bool]]:
    """What of the evidence itself nobody can vouch for."""
    if evidence.evidenced:
        yield "limit.unread", {"number": in_each(plain_number, len(evidence.evidenced), 6)}, True
    if evidence.without_answers:
        yield "limit.answers", {"number": in_each(plain_number, len(evidence.without_answers), 6)}, True
    if evidence.clock_set_back is not None:
        yield "limit.clock", {"line": evidence.clock_set_back}, True


def _about_measurement(assessment: Assessment) -> Iterator[tuple[str, dict[str, Any], bool]]:
    machine = assessment.machine
    if assessment.comparison.level == "quick":
        yield "limit.quick", {}, False  # the first line of the page says it
    if machine.get("measure_again"):
        yield "limit.again", {}, True
    elif machine.get("noisy"):
        yield "limit.noisy", {}, True
    yield from _about_waiting(assessment)
    watts = [machine.get(field) for field in ("watts_per_core", "watts_low", "watts_high")]
    if machine.get("tier") in ("T3", "T4") and all(watts):
        central, low, high = (float(value) for value in watts if value)
        values = {
            "tier": machine["tier"],
            "watts": in_each(plain_number, central),
            "span": {language: bracket(low, high, language) for language in LANGUAGES},
        }
        yield "limit.watts", values, True


def _about_waiting(evidence: Evidence) -> Iterator[tuple[str, dict[str, Any], bool]]:
    """Answers that mostly wait when they are asked: their price is what they compute here."""
    pattern = evidence.decision.pattern
    for row in evidence.ladder.rows:
        query = row.query.get(pattern)
        if query is not None and query.waits and query.waiting_share is not None:
            values = {
                "name": quoted(row),
                "share": in_each(percent, query.waiting_share, "up"),
                "wall": in_each(plain_duration, query.wall_seconds_per_call, 2, "up"),
            }
            yield "limit.waits", values, True


def _about_truth(assessment: Assessment) -> Iterator[tuple[str, dict[str, Any], bool]]:
    """What the errors are held against, and why it is no answer itself, where it is none."""
    comparison, missing = assessment.comparison, assessment.physics_data
    held_out = comparison.split.get("n_held_out")
    number = {lang: plain_number(held_out, lang, 4) if held_out else "–" for lang in LANGUAGES}
    yield "limit.table" if assessment.full_physics is None else "limit.physics", {"number": number}, True
    for told in (judged_words(comparison.split), adaptive_words(comparison.split)):
        if told:
            yield "limit.refit", {"told": told}, False
    if assessment.full_physics is not None:
        yield grid_limit(assessment)
    if missing:
        yield "limit.reference", {"data": missing}, False
    failed = len(comparison.failed_runs)
    if failed:
        yield _counted("limit.failed_runs", failed)
    yield from _about_places(assessment)


def _about_places(evidence: Evidence) -> Iterator[tuple[str, dict[str, Any], bool]]:
    """Where the errors hold if not elsewhere, or what no bound can exclude."""
    shown = evidence.winner or evidence.ladder.closest_ai
    name = None if shown is None else shown.worst_output
    if shown is None or name is None or not shown.errors[name].rows:
        if len([place for place in evidence.comparison.split.get("held_out_places", []) if place]) == 1:
            yield "limit.one_place", {}, True
        return
    error, unit = shown.errors[name], evidence.units.get(name, "")
    if not error.bounded and error.by_place:
        each = {
            language: ", ".join(
                f"{place_name(place)[language]} ({error_quantity(value, error.metric, unit, language)})"
                for place, value in error.by_place.items()
            )
            for language in LANGUAGES
        }
        yield "limit.few_places", {"number": len(error.by_place), "each": each}, True
    elif not error.bounded:
        yield "limit.few_runs", {"number": error.rows}, True
    else:
        share = in_each(percent, error.unseen_share or 0.0, "up")
        yield "limit.unseen_places" if error.places is not None else "limit.unseen_runs", {"share": share}, True


def _about_account(assessment: Assessment) -> Iterator[tuple[str, dict[str, Any], bool]]:
    account = assessment.account
    replaced = [factor.id for factor in account.factors if factor.origin == "user"]
    if replaced:
        names = {language: "; ".join(factor_name(name, language) for name in replaced) for language in LANGUAGES}
        yield _counted("limit.factors", len(replaced), names=names)
    if account.footprint["lighter"]:
        yield "lighter", _lighter(assessment), False
    if not account.boundaries["beneficiaries"]:
        yield "limit.people", {}, True
    missing = account.boundaries["not_covered"]
    values = {"names": _categories(missing), "number": len(missing), "all": ALL_CATEGORIES}
    yield "limit.not_covered", values, True


def _counted(key: str, number: int, **values: Any) -> tuple[str, dict[str, Any], bool]:
    """A text that differs with a number: that of one, or of many."""
    told = {
        language: phrase(
            f"{key}.{grammatical_number(number, language)}",
            language,
            number=plain_number(number, language, 6),
            **values,
        )
        for language in LANGUAGES
    }
    return "limit.counted", {"told": told}, True


def lighter_words(assessment: Assessment) -> Text:
    """Which accurate answer would emit clearly less carbon than the one retained; empty where there is none."""
    found = assessment.account.footprint["lighter"]
    return say("lighter", **_lighter(assessment)) if found else dict.fromkeys(LANGUAGES, "")


def _lighter(assessment: Assessment) -> dict[str, Any]:
    found = assessment.account.footprint["lighter"]
    return {
        "name": quoted(assessment.candidates[found["candidate"]]),
        "served": known("lighter", "served") if found["served"] else "",
        "gwp": in_each(grams, found["gwp"]),
        "winner_gwp": in_each(grams, found["winner_gwp"]),
    }


def _categories(names: Sequence[str]) -> Text:
    return {lang: ", ".join(known("category", name)[lang] for name in names) for lang in LANGUAGES}
