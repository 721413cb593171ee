"""The comparison of two audits in words, for a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from frugal.audit.words.sentences import known, phrase
from frugal.reporting import units_text
from frugal.texts import room_texts

_TEXTS = room_texts("frugal.audit")


def comparison_lines(found: Mapping[str, Any], language: str) -> list[str]:
    """What changed, one line each, the rebound first where there is one."""
    old, new = found["old"], found["new"]
    lines = [
        phrase(
            "compare.head",
            language,
            question=new["question"][language],
            old=units_text.day(old["created"], language),
            new=units_text.day(new["created"], language),
        )
    ]
    if not found["same_question"]:
        lines.append(phrase("compare.other_question", language, old=old["question"][language]))
    lines.append(phrase("compare.rebound" if found["rebound"] else "compare.no_rebound", language))
    verdicts = [known("verdict", verdict)[language] for verdict in found["verdict"]]
    lines.append(phrase("compare.verdict", language, old=verdicts[0], new=verdicts[1]))
    winners = [label[language] if label else "–" for label in found["winner_label"]]
    lines.append(phrase("compare.winner", language, old=winners[0], new=winners[1]))
    for row in found["changes"]:
        lines.append(_line(known("category", row["category"])[language], _change(row, language), language))
    lines += [_line(field, f"{before} → {after}", language) for field, (before, after) in found["need"].items()]
    for row in found["criteria"]:
        before, after = (phrase(f"status.{row[side]}", language) if row[side] else "–" for side in ("old", "new"))
        lines.append(_line(f"{row['id']} {row['title'][language]}", f"{before} → {after}", language))
    return lines


def _line(name: str, told: str, language: str) -> str:
    return _TEXTS.phrase("compare.line", language, name=name, told=told)


def _change(row: Mapping[str, Any], language: str) -> str:
    totals = [_written(row[side], row["category"], language) for side in ("old", "new")]
    parts = [_relative(row[part] / row["old"], language) for part in ("activity", "intensity")]
    return phrase(
        "compare.change",
        language,
        old=totals[0],
        new=totals[1],
        change=_relative(row["new"] / row["old"] - 1, language),
        activity=parts[0],
        intensity=parts[1],
    )


def _written(value: float, category: str, language: str) -> str:
    span = {"p5": value, "p50": value, "p95": value}
    return units_text.impact_range(span, category, language).partition(" [")[0]


def _relative(value: float, language: str) -> str:
    sign = "" if abs(value) < 5e-5 else "+" if value > 0 else "−"
    return sign + units_text.percent(abs(value) if sign else 0.0, language)
