"""Rows of the ladder as the audit reads them: errors against their tolerances, data that are missing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from frugal.reporting.error_ratio import over_tolerance, worst_output


def nothing_meets(decision: Mapping[str, Any]) -> bool:
    """Everything was measured, and no candidate meets the need: there is nothing to retain, and nothing to need AI for."""
    return any(reason.get("code") == "nothing_meets_the_need" for reason in decision.get("reasons") or ())


def missing_data_of(candidate: Mapping[str, Any] | None) -> Mapping[str, str]:
    """Data for want of which a candidate cannot be asked, by language; empty where it can."""
    return (candidate or {}).get("lacks") or {}


def worst_error(candidate: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]] | None:
    """Output and error nearest to or farthest beyond its tolerance; the first output where none is set."""
    errors = candidate.get("error") or {}
    if not errors:
        return None
    name = worst_output(errors) or next(iter(errors))
    return name, errors[name]


def error_ratio(candidate: Mapping[str, Any]) -> float:
    """Upper bound of the worst error over its tolerance; over the mean where none is set."""
    worst = worst_error(candidate)
    if worst is None:
        return math.inf
    high = float(worst[1]["high"])
    ratio = over_tolerance(high, worst[1].get("tolerance"))
    return high if ratio is None else ratio
