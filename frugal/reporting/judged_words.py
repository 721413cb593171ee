"""On which fits errors rest, where what ships has learnt from more runs than these: one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from frugal.reporting.text import plain_number
from frugal.texts import LANGUAGES, Text, room_texts

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
