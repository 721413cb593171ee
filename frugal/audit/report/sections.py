"""What the page shows, section by section: every number written in the language, from the audit alone."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from frugal.audit.words.errors import error_words
from frugal.audit.words.names import stage_name
from frugal.audit.words.sentences import break_even_words, in_a_sentence, phrase, verdict_words
from frugal.candidates.comparison import Ladder
from frugal.candidates.row import CandidateRow
from frugal.reporting import units_text
from frugal.reporting.ladder_table import coverage_words
from frugal.reporting.text import missing_data_text, plain_duration, plain_number

#: Signs that say a status a second time; words say it first.
SIGNS = {
    "pass": "✓",
    "warn": "!",
    "fail": "✕",
    "n_a": "–",
    "unevidenced": "?",
    "not_assessed": "?",
    "no_ai": "–",
}

#: Stages under this share of the computing are told in one row.
SMALL_SHARE = 0.02
#: Those that a reader looks for, however small.
ALWAYS_SHOWN = ("generation", "fit", "calibration", "export", "evaluation", "audit")


def ladder_row(
    row: CandidateRow, audit: Mapping[str, Any], ladder: Ladder, language: str, words: Mapping[str, str]
) -> dict[str, Any]:
    """One candidate of the ladder.

    Parameters
    ----------
    row : CandidateRow
        Of the ladder.
    audit : mapping
        Content of `audit.json`.
    ladder : Ladder
        Its candidates and decisions, of which the first is that of the bundle.
    language : str
        ``en`` or ``fr``.
    words : mapping of str to str
        Texts of the page in that language, their gaps filled.

    Returns
    -------
    dict
        ``cells``: upper bound of the worst error, preparation, a million queries, the service life (computing time),
        and the share of judged values within their intervals. ``of``
        is the output that the error is of, where several are judged. ``met`` is None where nothing was judged; ``state`` and
        ``why`` say what became of a candidate that failed, was skipped or lacks data.
    """
    decision = ladder.decision
    query = row.query.get(decision.pattern)
    lifetime = decision.lifetime_cpu_seconds.get(row.name)
    met = row.need_met.get(decision.pattern, False)
    reasons = row.limits[decision.pattern].reasons if decision.pattern in row.limits else ()
    shown = {
        "name": row.label_in(language),
        "ai": words["ai"] if row.is_ai else "",
        "winner": False,
        "met": None,
        "of": "",
    }
    if row.status != "ok":
        state = words["failed" if row.status == "failed" else "skipped"]
        return {**shown, "cells": ["–"] * 5, "state": state, "why": row.message.get(language, "")}
    error = error_words(row.errors, audit["units"], language) or "0"
    if len(judged_outputs(audit)) > 1 and row.worst_output is not None and error != "0":
        shown["of"] = in_a_sentence(audit["labels"][row.worst_output][language])
    if row.lacks:
        why = units_text.typeset(missing_data_text(row.lacks)[language], language) + "."
        return {**shown, "cells": [error, *["–"] * 4], "state": words["reference"], "why": why}
    judged = any(found.tolerance for found in row.errors.values())
    return {
        **shown,
        "winner": row.name == decision.winner,
        "met": met if judged else None,
        "cells": [
            error,
            plain_duration(row.fixed_cpu_seconds, language, way="up") if row.fixed_cpu_seconds is not None else "–",
            plain_duration(1e6 * query.cpu_seconds, language, way="up") if query else "–",
            plain_duration(lifetime, language, way="up") if lifetime is not None else "–",
            coverage_words(row, language),
        ],
        "state": "–" if not judged else words["yes" if met else "no"],
        "why": " ".join(reason[language] for reason in reasons),
    }


def judged_outputs(audit: Mapping[str, Any]) -> list[str]:
    """Outputs with a tolerance; all of them where none has one."""
    return list(audit["need"].get("tolerances") or [output["name"] for output in audit["study"]["outputs"]])


def patterns(audit: Mapping[str, Any], ladder: Ladder, language: str) -> list[dict[str, str]]:
    """What was decided for each way of asking.

    Parameters
    ----------
    audit, ladder, language
        As for `ladder_row`.
    """
    found = []
    for decision in ladder.decisions:
        winner = ladder.row(decision.winner)
        found.append(
            {
                "name": audit["labels"].get(decision.pattern, {}).get(language, decision.pattern),
                "winner": winner.label_in(language) if winner else "–",
                "verdict": verdict_words(decision)[language],
                "break_even": break_even_words(decision)[language],
            }
        )
    return found


def cost_rows(audit: Mapping[str, Any], language: str, words: Mapping[str, str]) -> list[dict[str, Any]]:
    """What was spent, stage by stage, small ones in one row, and the total.

    Parameters
    ----------
    audit : mapping
        Content of `audit.json`; ``costs`` is read.
    language, words
        As for `ladder_row`.

    Returns
    -------
    list of dict
        ``name``, ``failed`` (what failures took, and what is an estimate; empty without any), ``cells`` (CPU time, our joules,
        codecarbon's) and         ``total``, true for the last one.
    """
    rows = []
    whole = sum(cost["cpu_seconds"] for cost in audit["costs"])
    small = [
        cost
        for cost in audit["costs"]
        if cost["cpu_seconds"] < SMALL_SHARE * whole
        and not cost["failed"]
        and not cost.get("estimated_cpu_seconds")
        and cost["stage"] not in ALWAYS_SHOWN
    ]
    for cost in audit["costs"]:
        if len(small) > 1 and cost in small:
            continue
        name = stage_name(cost["stage"], language)
        name += f" ({plain_number(cost['runs'], language, 4)})" if cost.get("runs") else ""
        failed = (
            f"{words['failed_part']} {plain_duration(cost['failed_cpu_seconds'], language, way='up')}"
            if cost["failed"]
            else ""
        )
        if cost.get("estimated_cpu_seconds"):
            part = f"{words['estimated_part']} {plain_duration(cost['estimated_cpu_seconds'], language)}"
            failed = f"{failed}, {part}" if failed else part
        rows.append(
            _cost_row(
                name,
                failed=failed,
                seconds=cost["cpu_seconds"],
                energy=cost["cpu_joules"],
                theirs=cost["codecarbon_joules"],
                language=language,
            )
        )
    if len(small) > 1:
        read = [cost["codecarbon_joules"] for cost in small if cost["codecarbon_joules"] is not None]
        rows.append(
            _cost_row(
                words["small"].format(number=len(small)),
                failed="",
                seconds=sum(cost["cpu_seconds"] for cost in small),
                energy=sum(cost["cpu_joules"] for cost in small),
                theirs=sum(read) if read else None,
                language=language,
            )
        )
    if rows:
        read = [cost["codecarbon_joules"] for cost in audit["costs"] if cost["codecarbon_joules"] is not None]
        seconds = sum(cost["cpu_seconds"] for cost in audit["costs"])
        energy = sum(cost["cpu_joules"] for cost in audit["costs"])
        rows.append(
            {
                **_cost_row(
                    words["total"],
                    failed="",
                    seconds=seconds,
                    energy=energy,
                    theirs=sum(read) if read else None,
                    language=language,
                ),
                "total": True,
            }
        )
    return rows


def _cost_row(
    name: str, *, failed: str, seconds: float, energy: float, theirs: float | None, language: str
) -> dict[str, Any]:
    cells = [
        plain_duration(seconds, language, way="up"),
        units_text.joules(energy, language),
        units_text.codecarbon_joules(theirs, language),
    ]
    return {"name": name, "failed": failed, "cells": cells, "total": False}


def in_language(value: str | Mapping[str, str], language: str) -> str:
    """A text that may come by language, in one."""
    return value if isinstance(value, str) else str(value.get(language) or value.get("en", ""))


def break_evens(ladder: Ladder, language: str) -> list[dict[str, Any]]:
    """The break-even of the best AI against each alternative that meets the need, with the four numbers it is made of.

    Written with four digits, so that a reader can compute it again.
    """
    pattern, ai = ladder.decision.pattern, ladder.closest_ai
    if ai is None or pattern not in ai.query:
        return []
    found = []
    for row in _rivals(ladder):
        (fixed_ai, query_ai), (fixed, query) = (_pair(candidate, pattern) for candidate in (ai, row))
        crossing = _crossing(fixed_ai - fixed, query - query_ai)
        found.append(
            {
                "name": row.label_in(language),
                "cells": [
                    _seconds(fixed_ai, language),
                    _seconds(fixed, language),
                    _micro(query_ai, language),
                    _micro(query, language),
                    _told(crossing, language),
                ],
            }
        )
    return found


def whole_ledger(audit: Mapping[str, Any], ladder: Ladder, language: str) -> str:
    """The break-even if the AI bore the whole ledger, held-out runs and rejected answers included; empty without a pair.

    Parameters
    ----------
    audit, ladder, language
        As for `ladder_row`; the ``costs`` of the audit are read.
    """
    pattern, ai = ladder.decision.pattern, ladder.closest_ai
    if ai is None or pattern not in ai.query:
        return ""
    spent = sum(row["cpu_seconds"] for row in audit["costs"])
    asked = _pair(ai, pattern)[1]
    others = [_pair(row, pattern) for row in _rivals(ladder)]
    if not others:
        return ""
    highest = max(_crossing(spent - fixed, query - asked) for fixed, query in others)
    return phrase("break_even.whole", language, spent=_seconds(spent, language), queries=_told(highest, language))


def _rivals(ladder: Ladder) -> list[CandidateRow]:
    """Answers without AI that meet the need."""
    return [row for row in ladder.rows if not row.is_ai and row.need_met.get(ladder.decision.pattern)]


def _crossing(extra: float, gain: float) -> float:
    """Queries after which a gain per query makes up for extra preparation; infinite for never."""
    return max(extra / gain, 0.0) if gain > 0 else (0.0 if extra < 0 else math.inf)


def _told(crossing: float, language: str) -> str:
    if math.isinf(crossing):
        return phrase("break_even.never", language)
    return plain_number(crossing, language, 4)


def _pair(row: CandidateRow, pattern: str) -> tuple[float, float]:
    return row.fixed_cpu_seconds or 0.0, row.query[pattern].cpu_seconds


def _seconds(value: float, language: str) -> str:
    return f"{plain_number(value, language, 5)}\u00a0s"


def _micro(value: float, language: str) -> str:
    return f"{plain_number(1e6 * value, language, 5)}\u00a0µs"


def compared_words(ladder: Ladder, language: str, words: Mapping[str, str]) -> str:
    """Which AI is compared, and whether it meets the need at all.

    Parameters
    ----------
    ladder, language, words
        As for `ladder_row`.

    Returns
    -------
    str
        Empty where no AI was measured.
    """
    ai = ladder.closest_ai
    if ai is None:
        return ""
    key = "compared_best" if ladder.decision.best_ai else "compared_closest"
    return words[key].replace("{name}", ai.label_in(language))
