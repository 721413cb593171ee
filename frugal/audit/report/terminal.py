"""What the terminal is told of an audit: lines, and the exit code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from frugal.audit.words.sentences import phrase
from frugal.texts import room_texts

_TEXTS = room_texts("frugal.audit")


def exit_code(audit: Mapping[str, Any]) -> Literal[0, 1, 4]:
    """Exit code of `frugal audit`: 4 when condition 1 was not assessed, 1 when a criterion fails, else 0."""
    if audit["conditions"]["C1"]["status"] == "not_assessed":
        return 4
    return 1 if any(finding["status"] == "fail" for finding in audit["criteria"]) else 0


def summary_lines(audit: Mapping[str, Any], language: str) -> list[str]:
    """The audit for a terminal: the answer, the three conditions, what failed, what is not known."""
    lines = [audit["first_line"][language]]
    for key, condition in audit["conditions"].items():
        lines.append(_TEXTS.phrase("terminal.condition", language, number=key[1], text=condition["text"]))
    for finding in audit["criteria"]:
        if finding["status"] in ("fail", "warn"):
            told = {"id": finding["id"], "title": finding["title"], "text": finding["text"]}
            word = phrase(f"status.{finding['status']}", language)
            lines.append(_TEXTS.phrase("terminal.finding", language, status=word, **told))
    limits = " ".join(limit[language] for limit in audit["limits"])
    return [*lines, _TEXTS.phrase("terminal.limits", language, limits=limits)]
