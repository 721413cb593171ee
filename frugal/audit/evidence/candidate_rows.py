"""Rows of the ladder as the audit reads them: errors against their tolerances, data that are missing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any


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
    judged = {name: error for name, error in errors.items() if error.get("tolerance")}
    if not judged:
        return next(iter(errors.items()))
    return max(judged.items(), key=lambda item: item[1]["high"] / item[1]["tolerance"])


def error_ratio(candidate: Mapping[str, Any]) -> float:
    """Upper bound of the worst error over its tolerance; over the mean where none is set."""
    worst = worst_error(candidate)
    return math.inf if worst is None else float(worst[1]["high"] / (worst[1].get("tolerance") or 1.0))
