"""The reasons of a decision as sentences, in English and French."""

from __future__ import annotations

from collections.abc import Iterable

from frugal.candidates.decision import Decision
from frugal.texts import LANGUAGES, Text, room_texts

_TEXTS = room_texts("frugal.surrogates")


def sentence(code: str, decision: Decision) -> Text:
    """A reason by its code, in both languages.

    Raises
    ------
    KeyError
        If the code is unknown.
    """
    values = {
        "best_ai": decision.best_ai or "AI",
        "best_alternative": decision.best_alternative or "",
        "materiality": decision.policy.materiality_cpu_seconds,
        "margin": decision.policy.margin,
        "queries_factor": decision.policy.queries_factor,
        "missing": _listed("baseline", decision.missing_baselines),
        "limits": _listed("limit", decision.limits_that_exclude),
    }
    return _TEXTS.say(f"reason.{code}", **values)


def _listed(group: str, names: Iterable[str]) -> Text:
    return {language: ", ".join(_TEXTS.known(group, name)[language] for name in names) for language in LANGUAGES}
