"""What changed between two audits: total and per-unit footprint, verdict, need, and whether the use has rebounded."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from frugal.audit.evidence.audit_file import ladder_of
from frugal.candidates.comparison import Ladder
from frugal.texts import Text

CATEGORY = "gwp"

#: Changes smaller than this are within what a second measurement of the same thing gives.
NOTICEABLE = 0.05


def footprint_row(footprint: Mapping[str, Any], per: str, role: str | None = "winner") -> Mapping[str, Any] | None:
    """A row of a footprint by what it is counted for.

    Parameters
    ----------
    footprint : mapping
        The section of that name of an `audit.json`.
    per : str
        ``preparation``, ``functional_unit``, ``inference`` (one call), ``hour``, ``journey``, ``amortised``, ``year_low``,
        ``year_high`` or ``lifetime``.
    role : str, optional
        ``winner``, ``best_ai``, ``best_alternative`` or ``full_physics``; None for the preparation, which is nobody's alone.

    Returns
    -------
    mapping or None
        None where the audit has no such row: nothing ships, or no use was declared.
    """
    return next((row for row in footprint["rows"] if row["per"] == per and row["role"] == role), None)


def change_of(before: Mapping[str, Any], now: Mapping[str, Any], category: str = CATEGORY) -> dict[str, Any] | None:
    """Relative change of the yearly total (high end of the use) and of one query.

    A rebound is a total that rises while a query falls, both by more than `NOTICEABLE`; the one definition of the program.
    None where one of the footprints has no use to compare.

    Parameters
    ----------
    before, now : mapping
        Footprints of two audits of one service.
    category : str
        ``energy`` or a category of the footprint (``gwp``, ``adpe``, ``pe``, ``water``); medians are compared.

    Returns
    -------
    dict or None
        ``category``, ``total`` and ``per_unit`` (0.1 where it rose by 10 %), ``rebound``.
    """
    totals = [footprint_row(footprint, "year_high") for footprint in (before, now)]
    units = [footprint_row(footprint, "functional_unit") for footprint in (before, now)]
    values = [row["impacts"].get(category, {}).get("p50") for row in [*totals, *units] if row is not None]
    if len(values) < 4 or not all(values):
        return None
    total, unit = values[1] / values[0] - 1, values[3] / values[2] - 1
    return {
        "category": category,
        "total": total,
        "per_unit": unit,
        "rebound": total > NOTICEABLE and unit < -NOTICEABLE,
    }


def compare(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Compare two audits.

    Parameters
    ----------
    old, new : mapping
        Contents of two `audit.json`.

    Returns
    -------
    dict
        ``question_changed``, ``verdict`` and ``winner`` and its label before and after, ``need`` (fields that changed),
        ``criteria`` (whose status changed), ``changes`` by category with their split into activity and intensity, ``rebound``.
    """
    ladders = [ladder_of(audit) for audit in (old, new)]
    return {
        "format": "frugal-comparison/1",
        "old": _identity(old),
        "new": _identity(new),
        "same_question": old["study"]["name"] == new["study"]["name"],
        "verdict": [old["verdict"], new["verdict"]],
        "winner": [ladder.decision.winner for ladder in ladders],
        "winner_label": [_label(ladder) for ladder in ladders],
        "need": {
            key: [old["need"].get(key), new["need"].get(key)]
            for key in sorted({*old["need"], *new["need"]} - {"hash"})
            if old["need"].get(key) != new["need"].get(key)
        },
        "criteria": _criteria(old, new),
        "changes": [
            change for category in new["footprint"]["categories"] if (change := _change(old, new, category)) is not None
        ],
        "rebound": bool((change_of(old["footprint"], new["footprint"]) or {}).get("rebound")),
    }


def _label(ladder: Ladder) -> Text | None:
    """The plain name of what ships, by language."""
    return None if ladder.winner is None else ladder.winner.labels


def _identity(audit: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "study": audit["study"]["name"],
        "question": audit["study"]["question"],
        "created": audit["created"],
        "level": audit["level"],
        "tier": audit["machine"].get("tier"),
        "content_sha256": audit["content_sha256"],
    }


def _criteria(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[dict[str, Any]]:
    before = {finding["id"]: finding["status"] for finding in old["criteria"]}
    return [
        {"id": finding["id"], "title": finding["title"], "old": before.get(finding["id"]), "new": finding["status"]}
        for finding in new["criteria"]
        if before.get(finding["id"]) != finding["status"]
    ]


def _change(old: Mapping[str, Any], new: Mapping[str, Any], category: str) -> dict[str, Any] | None:
    r"""Split of a change of the yearly total into activity (queries) and intensity (per query), by the logarithmic mean.

    :math:`\Delta = L \ln(N_1/N_0) + L \ln(i_1/i_0)` with :math:`L = (I_1 - I_0) / \ln(I_1/I_0)`; the preparation's part of a
    year is in the intensity. Additive LMDI-I, Ang (2005), Energy Policy 33, 867-871.
    """
    rows = [footprint_row(audit["footprint"], "year_high") for audit in (old, new)]
    if any(row is None or category not in row["impacts"] or not row["queries"] for row in rows):
        return None
    before, after = (row["impacts"][category] for row in rows if row is not None)
    queries = [float(row["queries"]) for row in rows if row is not None]
    first, last = before["p50"], after["p50"]
    if first <= 0 or last <= 0:
        return None
    mean = first if math.isclose(first, last) else (last - first) / math.log(last / first)
    activity = mean * math.log(queries[1] / queries[0])
    units = [first / queries[0], last / queries[1]]
    return {
        "category": category,
        "unit": new["footprint"]["categories"][category]["unit"],
        "old": before["p50"],
        "new": after["p50"],
        "per_query": units,
        "activity": activity,
        "intensity": last - first - activity,
        "rebound": bool((change_of(old["footprint"], new["footprint"], category) or {}).get("rebound")),
    }
