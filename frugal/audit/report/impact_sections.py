"""Footprint, boundaries and factors as the page shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from frugal.audit.words.names import factor_name, factor_unit, quoted_source
from frugal.audit.words.sentences import known
from frugal.candidates.comparison import Ladder
from frugal.reporting import units_text
from frugal.reporting.text import plain_duration, plain_number, plain_queries

#: Order of the rows and what their heading is called.
ROW_ORDER = (
    "preparation", "amortised", "functional_unit", "inference", "journey", "hour", "year_low", "year_high", "lifetime",
)  # fmt: skip


def heads(audit: Mapping[str, Any], language: str) -> list[str]:
    """Names of the categories of the footprint."""
    return [known("category", category)[language] for category in audit["footprint"]["categories"]]


def footprint_rows(
    audit: Mapping[str, Any], ladder: Ladder, language: str, words: Mapping[str, str]
) -> list[dict[str, Any]]:
    """What each unit of use takes: P50 with P5–P95, and the part that manufacture makes up.

    Parameters
    ----------
    audit : mapping
        Content of `audit.json`; ``footprint`` is read.
    ladder : Ladder
        Its candidates.
    language : str
        ``en`` or ``fr``.
    words : mapping of str to str
        Texts of the page in that language, their gaps filled.

    Returns
    -------
    list of dict
        ``cells`` hold the computing time, then one impact for each category of `heads`; ``made`` is the share of manufacture
        in the carbon. A candidate in several roles has one row over the service life.
    """
    rows: list[dict[str, Any]] = []
    for row in sorted(audit["footprint"]["rows"], key=lambda r: ROW_ORDER.index(r["per"])):
        name = words[f"per_{row['per']}"]
        shown, candidate = "", ladder.row(row["candidate"])
        if row["per"] == "lifetime" and candidate is not None:
            if any(r["name"] == name and r["candidate"] == candidate.name for r in rows):
                continue
            shown = candidate.label_in(language)
        queries = plain_queries(row["queries"], language) if row["queries"] else ""
        rows.append(
            {
                "name": name,
                "candidate": row["candidate"],
                "shown": shown,
                "queries": queries,
                "cells": [
                    plain_duration(row["cpu_seconds"], language, way="up"),
                    *_spans(audit, row["impacts"], language),
                ],
                "made": _made(row["impacts"], language),
                "network": units_text.size(row["network_bytes"], language) if row["network_bytes"] else "–",
            }
        )
    return rows


def stage_rows(audit: Mapping[str, Any], language: str, words: Mapping[str, str]) -> list[dict[str, Any]]:
    """Where the impacts of the whole service life arise, by stage and tier.

    Parameters
    ----------
    audit : mapping
        Content of `audit.json`; ``footprint`` is read.
    language, words
        As for `footprint_rows`.

    Returns
    -------
    list of dict
        ``name`` of the stage, ``tier`` (data centre, network, terminal) and ``cells`` as in `footprint_rows`.
    """
    return [
        {
            "name": words[f"part_{row['stage']}"],
            "tier": words[f"tier_{row['tier']}"],
            "cells": [plain_duration(row["cpu_seconds"], language, way="up"), *_spans(audit, row["impacts"], language)],
        }
        for row in audit["footprint"]["stages"]
    ]


def _spans(audit: Mapping[str, Any], impacts: Mapping[str, Any], language: str) -> list[str]:
    return [
        units_text.impact_range(impacts[category], category, language) if category in impacts else "–"
        for category in audit["footprint"]["categories"]
    ]


def _made(impacts: Mapping[str, Any], language: str) -> str:
    """Share of manufacture in the carbon."""
    carbon = impacts.get("gwp")
    if not carbon or carbon["embodied"] is None:
        return "–"
    whole = carbon["use"] + carbon["embodied"] + carbon["network"]
    return units_text.percent(carbon["embodied"] / whole, language) if whole > 0 else "–"


def variance(audit: Mapping[str, Any], language: str, words: Mapping[str, str]) -> list[dict[str, str]]:
    """For each category, the factors that its uncertainty comes from: what to measure next.

    Parameters
    ----------
    audit : mapping
        Content of `audit.json`; ``footprint`` is read.
    language, words
        As for `footprint_rows`.

    Returns
    -------
    list of dict
        ``name`` of the category, and ``told``: up to four factors with their shares of the variance.
    """
    rows = []
    for category, shares in audit["footprint"]["variance"].items():
        told = [
            f"{_factor_name(name, language)} {units_text.percent(share, language)}"
            for name, share in list(shares.items())[:4]
        ]
        rows.append({"name": known("category", category)[language], "told": ", ".join(told) or words["none"]})
    return rows


def _factor_name(name: str, language: str) -> str:
    """What a factor is called where its category is said already."""
    group = name.partition("_")[0]
    return known("factor", group)[language] if group in ("electricity", "embodied") else factor_name(name, language)


def scenarios(audit: Mapping[str, Any], language: str) -> list[dict[str, str]]:
    """Carbon of a year with other electricity."""
    return [
        {
            "name": known("country", row["country"])[language],
            "told": units_text.impact_range(row["gwp"], "gwp", language),
        }
        for row in audit["footprint"]["scenarios"]
    ]


def boundary_rows(audit: Mapping[str, Any], language: str) -> list[dict[str, Any]]:
    """Each category beside its boundary."""
    return [
        {
            "name": known("category", row["category"])[language],
            "cells": [
                _share(row["share"]["p50"], language),
                _share(row["part_of_budget"]["p50"], language),
                _share(row["part_of_budget"]["p95"], language),
                plain_duration(86400 * row["person_days"], language, way="up"),
            ],
            "use_only": not row["manufacture_covered"],
        }
        for row in audit["boundaries"]["categories"]
    ]


def _share(value: float, language: str) -> str:
    return units_text.percent(value, language, "up")


def factor_rows(audit: Mapping[str, Any], language: str) -> list[dict[str, Any]]:
    """Every factor that was used, with its interval, under its source and year."""
    groups: dict[tuple[str, int], list[dict[str, str]]] = {}
    for row in audit["factors"]:
        low, middle, high = (plain_number(row[key], language, 3) for key in ("low", "value", "high"))
        value = middle if low == high else f"{middle} [{low}–{high}]"
        source = quoted_source(row["source"], row.get("origin") != "user", language)
        told = {"name": factor_name(row["id"], language), "value": value, "unit": factor_unit(row["unit"], language)}
        groups.setdefault((source, row["year"]), []).append(told)
    return [{"source": source, "year": year, "rows": rows} for (source, year), rows in groups.items()]
