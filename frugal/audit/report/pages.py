"""The audit as a page, rendered from the content of `audit.json` and nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from html import unescape
from typing import Any

from frugal.audit.words import numbers
from frugal.audit.words.wording import LANGUAGES, break_even_words, data, error_words, known, phrase
from frugal.errors import UnusableInputError
from frugal.surrogates.plain_text import plain_duration, plain_number, plain_queries
from frugal.surrogates.plots import break_even_plot, candidate_label, error_cost_plot

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


def render(audit: Mapping[str, Any], language: str) -> str:
    """Render the page of one language, self-contained and without script.

    Raises
    ------
    UnusableInputError
        If the language is neither ``en`` nor ``fr``.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    if language not in LANGUAGES:
        raise UnusableInputError(f"language '{language}' is unknown; use 'en' or 'fr'")
    environment = Environment(
        loader=PackageLoader("frugal.audit.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    css = environment.get_template("audit.css").render()
    page = environment.get_template("audit.html.j2").render(
        language=language,
        css=Markup(css),
        **{name: Markup(svg) for name, svg in _plots(audit, language).items()},
        **_view(audit, language),
    )
    return re.sub(r"\n\s*\n+", "\n", page)


def page_text(audit: Mapping[str, Any], language: str) -> str:
    """What the program itself says on the page: its text without mark-up and without the user's own words."""
    page = re.sub(r"<style>.*?</style>|<!--.*?-->", " ", render(audit, language), flags=re.DOTALL)
    text = _plain(unescape(re.sub(r"<[^>]+>", " ", page)))
    own = [
        audit["study"]["question"][language],
        _in_language(audit["need"].get("functional_unit", ""), language),
        audit["study"]["name"],
    ]
    own += list((audit["need"].get("reason") or {}).values()) + [decision["pattern"] for decision in audit["decisions"]]
    own += [candidate_label(candidate, language) for candidate in audit["ladder"]]
    own += [_told(candidate.get("message"), language) for candidate in audit["ladder"]]
    for words in sorted(
        {_plain(numbers.typeset(w, language)) for w in own} | {_plain(w) for w in own}, key=len, reverse=True
    ):
        if words:
            text = text.replace(words, " ")
    return text


def _told(message: Mapping[str, str] | str | None, language: str) -> str:
    """A message that may come by language, as one text, or not at all."""
    return str(message.get(language) or "") if isinstance(message, Mapping) else message or ""


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def _plots(audit: Mapping[str, Any], language: str) -> dict[str, str]:
    comparison = {"candidates": audit["ladder"], "decisions": audit["decisions"]}
    decision = audit["decisions"][0]
    return {
        "ladder_svg": _drawn(error_cost_plot, comparison, language),
        "even_svg": _drawn(break_even_plot, comparison, language)
        if decision.get("best_ai") and decision.get("best_alternative")
        else "",
    }


def _drawn(plot: Callable[..., str], comparison: Mapping[str, Any], language: str) -> str:
    try:
        return plot(comparison, language)
    except UnusableInputError:
        return ""  # nothing was measured; the page then says so in its tables


def _view(audit: Mapping[str, Any], language: str) -> dict[str, Any]:
    """Every number of the page, written in the language."""
    machine, tier = audit["machine"], audit["machine"].get("tier") or "–"
    watts = {
        key: plain_number(machine[key], language) if machine.get(key) is not None else "–"
        for key in ("watts_per_core", "watts_low", "watts_high")
    }
    grid = next(factor["value"] for factor in audit["factors"] if factor["id"] == "electricity_gwp_fr")
    words = {
        key: numbers.typeset(text, language) for key, text in data("page.json", "frugal.audit.report")[language].items()
    }
    words["costs_caption"] = words["costs_caption"].format(
        tier=tier, watts=watts["watts_per_core"], low=watts["watts_low"], high=watts["watts_high"]
    )
    words["footprint_caption"] = words["footprint_caption"].format(tier=tier, grid=plain_number(grid, language))
    words["made_by"] = words["made_by"].format(**{"tool": audit["tool"]["name"], "version": audit["tool"]["version"]})
    return {
        "t": words,
        "question": audit["study"]["question"][language],
        "first_line": audit["first_line"][language],
        "date": _date(audit["created"], language),
        "level": known("level", audit["level"])[language],
        "tier": tier,
        "facts": _facts(audit, language, words),
        "conditions": [
            {
                "id": key,
                "title": words[key],
                "sign": SIGNS[line["status"]],
                "status": _condition_status(line["status"], language),
                "kind": line["status"],
                "text": line["text"][language],
                "counts": words["counts"].format(**line["counts"]) if any(line["counts"].values()) else "",
            }
            for key, line in audit["conditions"].items()
        ],
        "plot_caption": words["ladder_plot_caption" if audit["need"].get("tolerances") else "unjudged_caption"],
        "limits": [limit[language] for limit in audit["limits"]],
        "ladder": [_ladder_row(row, audit, language, words) for row in audit["ladder"]],
        "patterns": _patterns(audit, language) if len(audit["decisions"]) > 1 else [],
        "costs": _cost_rows(audit, language, words),
        "footprint": _footprint_rows(audit, language, words),
        "criteria": [
            {
                "id": f["id"],
                "title": f["title"][language],
                "kind": f["status"],
                "sign": SIGNS[f["status"]],
                "status": phrase(f"status.{f['status']}", language),
                "text": f["text"][language],
            }
            for f in audit["criteria"]
        ],
        "machine": f"{machine.get('cpu_model') or '–'}, {machine.get('cores') or '–'} {words['cores']}",
        "hash": audit.get("content_sha256", "")[:16],
    }


def _condition_status(status: str, language: str) -> str:
    return phrase("status.not_assessed_condition" if status == "not_assessed" else f"status.{status}", language)


def _in_language(value: str | Mapping[str, str], language: str) -> str:
    return value if isinstance(value, str) else str(value.get(language) or value.get("en", ""))


def _date(created: str, language: str) -> str:
    day = created[:10].split("-")
    return "/".join(reversed(day)) if language == "fr" and len(day) == 3 else created[:10]


def _facts(audit: Mapping[str, Any], language: str, words: Mapping[str, str]) -> list[tuple[str, str]]:
    decision, need = audit["decisions"][0], audit["need"]
    by_name = {row["name"]: row for row in audit["ladder"]}
    winner = by_name.get(decision["winner"])
    usage = decision.get("queries")
    told = words["undeclared"]
    if usage:
        span = [plain_number(usage[0], language), plain_queries(usage[1], language)]
        told = (
            words["span"].format(low=span[0], high=span[1])
            + f", {plain_number(need['service_life_years'], language)}\u00a0{words['years']}"
        )
    tolerance = _tolerances(need.get("tolerances") or {}, audit, language)
    facts = [
        (words["verdict"], phrase(f"verdict.{audit['verdict']}", language)),
        (words["retained"], candidate_label(winner, language) if winner else words["none"]),
        (words["break_even"], break_even_words(decision)[language]),
        (words["usage"], told),
        (words["tolerance"], tolerance or words["undeclared"]),
    ]
    return (
        [*facts, (words["unit"], _in_language(need["functional_unit"], language))]
        if need.get("functional_unit")
        else facts
    )


def _tolerances(tolerances: Mapping[str, Mapping[str, Any]], audit: Mapping[str, Any], language: str) -> str:
    told = []
    for name, tolerance in tolerances.items():
        limit = plain_number(tolerance["limit"], language) + f"\u00a0{audit['units'].get(name, '')}"
        limit = numbers.percent(tolerance["limit"], language) if tolerance["metric"] == "nrmse" else limit
        told.append(limit if len(tolerances) == 1 else f"{limit} ({audit['labels'][name][language]})")
    return ", ".join(told)


def _ladder_row(
    row: Mapping[str, Any], audit: Mapping[str, Any], language: str, words: Mapping[str, str]
) -> dict[str, Any]:
    decision = audit["decisions"][0]
    query = (row.get("query") or {}).get(decision["pattern"])
    lifetime = (decision.get("lifetime_cpu_seconds") or {}).get(row["name"])
    met = (row.get("need_met") or {}).get(decision["pattern"])
    reasons = ((row.get("limits") or {}).get(decision["pattern"]) or {}).get("reasons") or []
    ai = ("IA" if language == "fr" else "AI") if row["is_ai"] else ""
    if row["status"] != "ok":
        state = words["failed" if row["status"] == "failed" else "skipped"]
        why = _told(row.get("message"), language)
        return {
            "name": candidate_label(row, language),
            "ai": ai,
            "winner": False,
            "met": None,
            "cells": ["–"] * 4,
            "state": state,
            "why": why,
        }
    judged = any(error.get("tolerance") for error in (row.get("error") or {}).values())
    return {
        "name": candidate_label(row, language),
        "ai": ai,
        "winner": row["name"] == decision["winner"],
        "met": bool(met) if judged else None,
        "cells": [
            error_words(row, audit["units"], language) or "0",
            plain_duration(row["fixed_cpu_seconds"], language) if row.get("fixed_cpu_seconds") is not None else "–",
            plain_duration(1e6 * query["cpu_seconds"], language) if query else "–",
            plain_duration(lifetime, language) if lifetime is not None else "–",
        ],
        "state": "–" if not judged else words["yes" if met else "no"],
        "why": " ".join(reason[language] for reason in reasons),
    }


def _patterns(audit: Mapping[str, Any], language: str) -> list[dict[str, str]]:
    by_name = {row["name"]: row for row in audit["ladder"]}
    return [
        {
            "name": audit["labels"].get(decision["pattern"], {}).get(language, decision["pattern"]),
            "winner": candidate_label(by_name[decision["winner"]], language) if decision["winner"] in by_name else "–",
            "verdict": phrase(f"verdict.{decision['verdict']}", language),
            "break_even": break_even_words(decision)[language],
        }
        for decision in audit["decisions"]
    ]


def _cost_rows(audit: Mapping[str, Any], language: str, words: Mapping[str, str]) -> list[dict[str, Any]]:
    rows = []
    whole = sum(cost["cpu_seconds"] for cost in audit["costs"])
    small = [cost for cost in audit["costs"] if cost["cpu_seconds"] < SMALL_SHARE * whole and not cost["failed"]]
    for cost in audit["costs"]:
        if len(small) > 1 and cost in small:
            continue
        name = words.get(f"stage_{cost['stage']}", cost["stage"])
        name += f" ({plain_number(cost['runs'], language, 4)})" if cost.get("runs") else ""
        failed = (
            f"{words['failed_part']} {plain_duration(cost['failed_cpu_seconds'], language)}" if cost["failed"] else ""
        )
        rows.append(
            _cost_row(
                name,
                failed=failed,
                seconds=cost["cpu_seconds"],
                energy=cost["cpu_joules"]["central"],
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
                energy=sum(cost["cpu_joules"]["central"] for cost in small),
                theirs=sum(read) if read else None,
                language=language,
            )
        )
    if rows:
        read = [cost["codecarbon_joules"] for cost in audit["costs"] if cost["codecarbon_joules"] is not None]
        seconds = sum(cost["cpu_seconds"] for cost in audit["costs"])
        energy = sum(cost["cpu_joules"]["central"] for cost in audit["costs"])
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
        plain_duration(seconds, language),
        numbers.joules(energy, language),
        numbers.codecarbon_joules(theirs, language),
    ]
    return {"name": name, "failed": failed, "cells": cells, "total": False}


def _footprint_rows(audit: Mapping[str, Any], language: str, words: Mapping[str, str]) -> list[dict[str, Any]]:
    by_name = {row["name"]: row for row in audit["ladder"]}
    rows = []
    for row in sorted(audit["footprint"], key=lambda r: ("campaign", "per_million", "lifetime").index(r["id"])):
        name = words[row["id"]]
        if row["candidate"] in by_name:
            name += f", {candidate_label(by_name[row['candidate']], language)}"
        cells = [
            plain_duration(row["cpu_seconds"], language),
            numbers.joules_range(row["electricity_joules"], language),
            numbers.grams_range(row["use_grams_co2e"], language),
            numbers.grams_range(row["embodied_grams_co2e"], language),
        ]
        rows.append({"name": name, "cells": cells})
    return rows
