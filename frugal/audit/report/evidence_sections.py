"""Need, practices measured and criteria as the page shows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from frugal.audit.report.sections import SIGNS, in_language
from frugal.audit.words.names import evidence_files, need_field
from frugal.audit.words.sentences import in_a_sentence, known, phrase
from frugal.candidates.comparison import Ladder
from frugal.experiments.metrics.registry import error_allowed
from frugal.reporting import units_text
from frugal.reporting.text import plain_duration, plain_number

#: Fields of the need in the order of the page, and the words they are told with.
NEED_TEXTS = ("functional_unit", "use", "decided_by", "owner", "replaces", "reason")


def need_rows(audit: Mapping[str, Any], language: str, words: Mapping[str, str]) -> list[tuple[str, str]]:
    """What was declared before any run, field by field; what was not is said to be missing.

    Parameters
    ----------
    audit : mapping
        Content of `audit.json`; ``need`` and ``labels`` are read.
    language : str
        ``en`` or ``fr``.
    words : mapping of str to str
        Texts of the page in that language, their gaps filled.

    Returns
    -------
    list of (str, str)
        What the field is called, and what was declared in it.
    """
    need = audit["need"]
    rows = []
    for field in NEED_TEXTS:
        value = need.get(field)
        rows.append((words[f"need_{field}"], in_language(value, language) if value else words["undeclared"]))
    for field in ("beneficiaries", "queries_per_journey", "queries_per_hour"):
        value = need.get(field)
        rows.append((words[f"need_{field}"], plain_number(value, language) if value else words["undeclared"]))
    rows.insert(1, (words["need_tolerances"], _tolerances(audit, language) or words["undeclared"]))
    patterns = [_pattern(pattern, audit, language, words) for pattern in need["call_patterns"]]
    rows.append((words["need_patterns"], phrase("c2.between", language).join(patterns)))
    return rows


def _tolerances(audit: Mapping[str, Any], language: str) -> str:
    told = []
    for name, tolerance in (audit["need"].get("tolerances") or {}).items():
        allowed = error_allowed(tolerance["metric"], tolerance["limit"])
        limit = units_text.error_quantity(allowed, tolerance["metric"], audit["units"].get(name, ""), language, "down")
        told.append(f"{limit} ({in_a_sentence(audit['labels'][name][language])})")
    return ", ".join(told)


def _pattern(pattern: Mapping[str, Any], audit: Mapping[str, Any], language: str, words: Mapping[str, str]) -> str:
    told = [audit["labels"].get(pattern["name"], {}).get(language, pattern["name"])]
    told.append(words[f"target_{pattern.get('target') or 'local'}"])
    if pattern.get("max_latency_s"):
        told.append(f"≤ {plain_duration(pattern['max_latency_s'], language, way='down')}")
    for key in ("max_bytes", "max_memory_bytes"):
        if pattern.get(key):
            told.append(f"≤ {units_text.size(pattern[key], language, 'down')} ({words[key]})")
    return ", ".join(told)


_WHEN = {True: "before_runs", False: "after_runs", None: "runs_given"}


def history(audit: Mapping[str, Any], language: str, words: Mapping[str, str]) -> list[dict[str, str]]:
    """When each need was written, and what changed against the one before.

    Parameters
    ----------
    audit : mapping
        Content of `audit.json`; ``need_history`` is read.
    language, words
        As for `need_rows`.

    Returns
    -------
    list of dict
        ``date``, ``hash`` (8 digits), ``when`` (before or after the first run) and ``changed``, the oldest first.
    """
    rows = []
    for entry in audit["need_history"]:
        changed = [
            phrase("compare.line", language, name=need_field(field)[language], told=f"{_short(old)} → {_short(new)}")
            for field, (old, new) in sorted((entry.get("changed") or {}).items())
        ]
        rows.append(
            {
                "date": units_text.day(str(entry["first_seen"]), language),
                "hash": str(entry["hash"])[:8],
                "when": words[_WHEN[entry["before_first_run"]]],
                "changed": phrase("c2.between", language).join(changed) or "–",
            }
        )
    return rows


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "…"


def practices(
    audit: Mapping[str, Any], ladder: Ladder, language: str, words: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Learning curves, inputs left out and smaller files, as a full evaluation measured them.

    Parameters
    ----------
    audit : mapping
        Content of `audit.json`; ``practices`` is empty after a quick evaluation.
    ladder : Ladder
        Its candidates.
    language, words
        As for `need_rows`.

    Returns
    -------
    list of dict
        ``name`` of a candidate and its ``rows``: practice, what was tried, error over tolerance, whether the need is met, and
        what it takes or why it was not measured.
    """
    labels = {row.name: row.label_in(language) for row in ladder.rows}
    shown = []
    for name, found in audit["practices"].items():
        rows = [*_curve(found, language, words), *_dropped(found, language, words), *_variants(found, language, words)]
        for part, reason in (found.get("skipped") or {}).items():
            rows.append([words[f"practice_{part}"], words["not_measured"], "–", "–", reason[language]])
        shown.append({"name": labels.get(name, name), "rows": rows})
    return shown


def _ratio(value: float | None, language: str) -> str:
    return units_text.percent(value, language, "up") if value is not None else "–"


def _curve(found: Mapping[str, Any], language: str, words: Mapping[str, str]) -> list[list[str]]:
    return [
        [
            words["practice_learning_curve"],
            words["runs_used"].format(n=plain_number(point["n"], language, 4)),
            _ratio(point["error_ratio"], language),
            words["yes" if point["met"] else "no"],
            plain_duration(point["fit_cpu_seconds"], language, way="up"),
        ]
        for point in (found.get("learning_curve") or {}).get("points", [])
    ]


def _dropped(found: Mapping[str, Any], language: str, words: Mapping[str, str]) -> list[list[str]]:
    part = found.get("inputs_dropped")
    if not part:
        return []
    kept = part["n_inputs"] - len(part["droppable"])
    what = words["inputs_kept"].format(kept=kept, all=part["n_inputs"])
    met = words["yes" if part["met"] else "no"]
    return [[words["practice_inputs_dropped"], what, _ratio(part["error_ratio_without"], language), met, "–"]]


def _variants(found: Mapping[str, Any], language: str, words: Mapping[str, str]) -> list[list[str]]:
    rows = []
    for variant in (found.get("compression") or {}).get("variants", []):
        if variant.get("reason"):
            rows.append([words["practice_compression"], variant["name"], "–", "–", variant["reason"][language]])
            continue
        told = units_text.size(variant["bytes"], language)
        if variant.get("cpu_seconds_per_query"):
            told += f", {plain_duration(variant['cpu_seconds_per_query'], language, way='up')}"
        rows.append(
            [
                words["practice_compression"],
                variant["name"],
                _ratio(variant["error_ratio"], language),
                words["yes" if variant["met"] else "no"],
                told,
            ]
        )
    return rows


def questions(audit: Mapping[str, Any], language: str) -> list[dict[str, str]]:
    """What a buyer or a jury asks beside: what the audit knows, what was declared; open where that is nothing.

    Parameters
    ----------
    audit : mapping
        Content of `audit.json`; ``questions`` is read.
    language : str
        ``en`` or ``fr``.
    """
    return [
        {
            "title": row["title"][language],
            "known": row["known"][language],
            "answer": row["answer"][language],
            "evidence": f"[{', '.join(row['evidence'])}]" if row["evidence"] else "",
        }
        for row in audit["questions"]
    ]


def criteria(audit: Mapping[str, Any], language: str, words: Mapping[str, str]) -> list[dict[str, Any]]:
    """The points checked, by condition and role.

    Parameters
    ----------
    audit : mapping
        Content of `audit.json`; ``criteria`` is read.
    language, words
        As for `need_rows`.

    Returns
    -------
    list of dict
        ``name`` of a role, or of a condition where a criterion has no role, and its ``rows``, in the order of the criteria.
    """
    groups: dict[str, list[dict[str, str]]] = {}
    for found in audit["criteria"]:
        group = words[f"role_{found['role']}"] if found["role"] else words[f"group_{found['condition']}"]
        groups.setdefault(group, []).append(
            {
                "id": found["id"],
                "title": found["title"][language],
                "kind": found["status"],
                "sign": SIGNS[found["status"]],
                "status": phrase(f"status.{found['status']}", language),
                "text": found["text"][language],
                "evidence": f"[{', '.join(evidence_files(found['evidence']))}]" if found["evidence"] else "",
                "asks": ", ".join(found["asks"]),
            }
        )
    return [{"name": name, "rows": rows} for name, rows in groups.items()]


def policy(audit: Mapping[str, Any], ladder: Ladder, language: str, words: Mapping[str, str]) -> list[tuple[str, str]]:
    """Constants that are ours, with their values.

    Parameters
    ----------
    audit : mapping
        Content of `audit.json`; the draws of its footprint are read.
    ladder : Ladder
        Its first decision holds the others.
    language, words
        As for `need_rows`.

    Returns
    -------
    list of (str, str)
        Name and value in words.
    """
    constants = asdict(ladder.decision.policy)
    return [
        (known("policy", name)[language], plain_number(value, language, 4))
        for name, value in constants.items()
        if name != "draws"
    ] + [(words["draws_name"], plain_number(audit["footprint"]["draws"], language, 5))]
