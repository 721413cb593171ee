"""What the grid of the solver errs by, in words: the truth that everything is held against is an answer on cells too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from frugal.audit.evidence.evidence import Evidence
from frugal.audit.words.sentences import in_a_sentence, phrase
from frugal.candidates.grid_error import GridError
from frugal.reporting.text import plain_number
from frugal.reporting.units_text import error_quantity
from frugal.texts import LANGUAGES, Text


def grid_words(evidence: Evidence, errors: Mapping[str, GridError], *, how: bool = True) -> Text:
    """Grid error of each output, with what the need allows, by language.

    Parameters
    ----------
    evidence : Evidence
    errors : mapping of str to GridError
        By output, in order.
    how : bool
        Also how each was found.
    """
    return {
        language: ", ".join(_one(evidence, name, error, language, how) for name, error in errors.items())
        for language in LANGUAGES
    }


def told_errors(evidence: Evidence) -> dict[str, GridError]:
    """Those of outputs that have a tolerance, and others that are considerable; all where none is either."""
    errors = evidence.grid_errors or {}
    told = {name: error for name, error in errors.items() if error.tolerance is not None or error.considerable}
    return told or errors


def grid_limit(evidence: Evidence) -> tuple[str, dict[str, Any], bool]:
    """Key and values of the limit that the grid of the solver sets, and whether the first page has to tell it."""
    errors = evidence.grid_errors
    if errors is None:
        return "limit.grid_unknown", {}, False
    told = told_errors(evidence)
    worst = max(told, key=lambda name: (told[name].beyond, told[name].ratio or 0.0, told[name].considerable))
    bound = {name: error for name, error in told.items() if error.tolerance is not None}
    values = {"told": grid_words(evidence, bound or told, how=False), "worst": _worst(evidence, worst, told[worst])}
    if any(error.beyond for error in errors.values()):
        return "limit.grid_beyond", values, True
    return "limit.grid", values, any(error.considerable for error in errors.values())


def _one(evidence: Evidence, name: str, error: GridError, language: str, how: bool) -> str:
    unit, limit = evidence.units.get(name, ""), ""
    if error.tolerance is not None:
        allowed = error_quantity(error.tolerance, error.metric, unit, language, "down")
        limit = phrase("grid.limit", language, limit=allowed)
    told = {
        "error": _size(error, unit, language),
        "label": in_a_sentence(evidence.labels[name][language]),
        "limit": limit,
    }
    if not how:
        return phrase("grid.alone", language, **told)
    return phrase("grid.one", language, **told, how=_how(error, language))


def _size(error: GridError, unit: str, language: str) -> str:
    if error.is_missing:
        return phrase("grid.unknown", language)
    return error_quantity(error.value, error.metric, unit, language)


def _how(error: GridError, language: str) -> str:
    order = "" if error.order is None else plain_number(error.order, language)
    if not error.plain:
        return phrase("grid.how.extrapolated", language, order=order)
    if error.plain == "order" and order:
        return phrase("grid.how.order", language, order=order)
    return phrase("grid.how.not_one_way" if error.plain == "not_one_way" else "grid.how.no_order", language)


def _worst(evidence: Evidence, name: str, error: GridError) -> Text:
    told = {}
    for language in LANGUAGES:
        unit, label = evidence.units.get(name, ""), in_a_sentence(evidence.labels[name][language])
        size = _size(error, unit, language)
        if error.tolerance is None:
            told[language] = phrase("grid.worst_alone", language, error=size, label=label)
        else:
            allowed = error_quantity(error.tolerance, error.metric, unit, language, "down")
            told[language] = phrase("grid.worst", language, error=size, limit=allowed, label=label)
    return told
