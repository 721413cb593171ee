"""How far an error is from what is tolerated: its upper bound over the tolerance, of rows as in ``candidates.json``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any


def over_tolerance(high: float, tolerance: float | None) -> float | None:
    """Upper bound of an error over its tolerance; None where none is declared."""
    return high / tolerance if tolerance else None


def error_ratios(errors: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    """Upper bound over tolerance by output, of the outputs that have a tolerance; ``errors`` is ``error`` of a row."""
    ratios = {name: over_tolerance(error["high"], error.get("tolerance")) for name, error in errors.items()}
    return {name: ratio for name, ratio in ratios.items() if ratio is not None}


def worst_output(errors: Mapping[str, Mapping[str, Any]]) -> str | None:
    """Output nearest to or farthest beyond its tolerance; None where none is declared."""
    ratios = error_ratios(errors)
    return max(ratios, key=ratios.__getitem__, default=None)


def error_ratio(errors: Mapping[str, Mapping[str, Any]]) -> float:
    """Largest ratio of an upper bound to its tolerance; infinite where no tolerance is declared."""
    return max(error_ratios(errors).values(), default=math.inf)
