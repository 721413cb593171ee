"""What the terminal is told of an audit: lines, and the exit code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from frugal.audit.words.sentences import phrase


def exit_code(audit: Mapping[str, Any]) -> Literal[0, 1, 4]:
    """Exit code of `frugal audit`: 4 when condition 1 was not assessed, 1 when a criterion fails, else 0."""
    if audit["conditions"]["C1"]["status"] == "not_assessed":
        return 4
    return 1 if any(finding["status"] == "fail" for finding in audit["criteria"]) else 0


def summary_lines(audit: Mapping[str, Any], language: str) -> list[str]:
    """The audit for a terminal: the answer, the three conditions, what failed, what is not known."""
    name = {"en": "Condition", "fr": "Condition"}[language]
    colon = ":" if language == "en" else "\u00a0:"
    lines = [audit["first_line"][language]]
    lines += [f"{name} {key[1]}{colon} {condition['text'][language]}" for key, condition in audit["conditions"].items()]
    for finding in audit["criteria"]:
        if finding["status"] in ("fail", "warn"):
            word = phrase(f"status.{finding['status']}", language)
            lines.append(f"{finding['id']} {word}{colon} {finding['title'][language]}. {finding['text'][language]}")
    limits = {"en": "Limits", "fr": "Limites"}[language]
    return [*lines, f"{limits}{colon} " + " ".join(limit[language] for limit in audit["limits"])]
