"""The reasons of a decision as sentences, in English and French."""

from __future__ import annotations

from collections.abc import Iterable

from frugal.candidates.decision import Decision
from frugal.reporting.text import plain_duration, plain_number
from frugal.texts import LANGUAGES, Text, in_each, room_texts

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
        "materiality": in_each(plain_number, decision.policy.materiality_cpu_seconds, 4),
        "margin": in_each(plain_number, decision.policy.margin, 4),
        "tie_factor": in_each(plain_number, decision.policy.tie_factor, 4),
        "queries_factor": in_each(plain_number, decision.policy.queries_factor, 4),
        "missing": _listed("baseline", decision.missing_baselines),
        "limits": _listed("limit", decision.limits_that_exclude),
        "without_limits": decision.without_limits or "",
        "its_cost": _lifetime(decision, decision.without_limits),
        "cost_of_ai": _lifetime(decision, decision.best_ai),
        "straddling": ", ".join(decision.straddling),
        "turned": decision.seeds_turned[0] if decision.seeds_turned else 0,
        "seeds": decision.seeds_turned[1] if decision.seeds_turned else 0,
    }
    return _TEXTS.say(f"reason.{code}", **values)


def _lifetime(decision: Decision, name: str | None) -> Text | str:
    seconds = decision.lifetime_cpu_seconds.get(name or "")
    return "" if seconds is None else in_each(plain_duration, seconds)


def _listed(group: str, names: Iterable[str]) -> Text:
    return {language: ", ".join(_TEXTS.known(group, name)[language] for name in names) for language in LANGUAGES}
