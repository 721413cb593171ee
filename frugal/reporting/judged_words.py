"""On which fits errors rest, where what ships has learnt from more runs than these, and how many runs were not needed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from frugal.reporting.text import plain_duration, plain_number
from frugal.texts import LANGUAGES, Text, in_each, room_texts

_TEXTS = room_texts("frugal.reporting")


def judged_words(split: Mapping[str, Any]) -> Text:
    """That what ships has seen more runs than what was judged; empty of earlier versions, where it had not.

    Parameters
    ----------
    split : mapping
        Of a comparison: by what it was judged, and of how many runs.
    """
    if "judged_by" not in split:
        return {}
    numbers = {
        name: {language: plain_number(split[key], language, 6) for language in LANGUAGES}
        for name, key in (("all", "n_shipped"), ("fewer", "n_train"), ("judged", "n_held_out"), ("folds", "folds"))
    }
    if split["judged_by"] == "held_out":
        return _TEXTS.say("judged.held_out", **numbers)
    return _TEXTS.say("judged.one_search" if split.get("one_search") else "judged.out_of_fold", **numbers)


def adaptive_words(split: Mapping[str, Any]) -> Text:
    """How many runs were made in batches, why no more, and what those saved would have taken; empty where they were not.

    Parameters
    ----------
    split : mapping
        Of a comparison, with ``adaptive_runs`` in it.
    """
    told = split.get("adaptive_runs")
    if not told:
        return {}
    counts = {
        name: in_each(plain_number, told[key], 6)
        for name, key in (
            ("runs", "runs"), ("most", "ceiling"), ("study", "study_runs"), ("batches", "batches"), ("added", "added_runs"),
            ("saved", "saved_runs"),
        )
    }  # fmt: skip
    costs = {name: in_each(plain_duration, told[f"{name}_cpu_seconds"]) for name in ("saved", "placing")}
    joules = {name: in_each(plain_number, told[f"{name}_joules"]) for name in ("saved", "placing")}
    named = {f"{name}_time": text for name, text in costs.items()} | {
        f"{name}_joules": text for name, text in joules.items()
    }
    parts = [_TEXTS.say(f"adaptive.{told['stopped']}", **counts), _TEXTS.say("adaptive.saved", **counts, **named)]
    if told["added_runs"]:
        parts.append(_TEXTS.say("adaptive.added", **counts))
    return {language: " ".join(part[language] for part in parts) for language in LANGUAGES}
