"""Classes of depth: dry, between bounds, above the last; and what is not known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from frugal.errors import UnusableInputError
from frugal.texts import decimals, room_texts

_TEXTS = room_texts("frugal.exposure")

DEFAULT_BOUNDS_M = (0.2, 0.5, 1.0, 2.0)
#: What lies off the map, on cells without data, or on sea, dike or river bed.
UNKNOWN = -1
DRY = 0


@dataclass(frozen=True)
class DepthClasses:
    """Classes of depth, numbered: `UNKNOWN`, `DRY`, 1 up to the first bound, and so on.

    Parameters
    ----------
    bounds_m : sequence of float
        Rising, above 0; a depth that equals a bound belongs to the class above it.

    Raises
    ------
    UnusableInputError
        If they do not rise from above 0.
    """

    bounds_m: tuple[float, ...] = DEFAULT_BOUNDS_M

    def __post_init__(self) -> None:
        steps = np.diff([0.0, *self.bounds_m])
        if not self.bounds_m or not np.isfinite(steps).all() or (steps <= 0).any():
            told = ",".join(f"{bound:g}" for bound in self.bounds_m)
            raise UnusableInputError(
                f"--classes {told}: bounds of depth in m that rise from above 0 are needed (0.2,0.5,1,2)"
            )

    def of(self, depth_m: np.ndarray, wet_above_m: float) -> np.ndarray:
        """Class of each depth; `DRY` up to ``wet_above_m``, `UNKNOWN` where it is NaN."""
        classes = np.digitize(depth_m, self.bounds_m) + 1
        classes = np.where(depth_m > wet_above_m, classes, DRY)
        return np.where(np.isnan(depth_m), UNKNOWN, classes).astype(np.int64)

    @property
    def numbers(self) -> range:
        """Every class."""
        return range(UNKNOWN, len(self.bounds_m) + 2)

    def ends_m(self, number: int) -> tuple[float, float]:
        """From which depth to which [m]; NaN where there is no such end."""
        if number <= DRY:
            return float("nan"), float("nan")
        ends = (0.0, *self.bounds_m, float("nan"))
        return ends[number - 1], ends[number]

    def label(self, number: int, language: str) -> str:
        """What a class is called."""
        if number == UNKNOWN:
            return _TEXTS.phrase("class.unknown", language)
        if number == DRY:
            return _TEXTS.phrase("class.dry", language)
        low, high = self.ends_m(number)
        if np.isnan(high):
            return _TEXTS.phrase("class.above", language, low=decimals(f"{low:g}"))
        return _TEXTS.phrase("class.between", language, low=decimals(f"{low:g}"), high=decimals(f"{high:g}"))


def parse_bounds(text: str) -> DepthClasses:
    """Classes from their bounds with commas between them.

    Raises
    ------
    UnusableInputError
        If one is no number, or they do not rise.
    """
    parts: Sequence[str] = [part.strip() for part in text.split(",") if part.strip()]
    try:
        bounds = tuple(float(part) for part in parts)
    except ValueError as fault:
        raise UnusableInputError(
            f"--classes {text}: bounds of depth in m with commas between them are needed (0.2,0.5,1,2)"
        ) from fault
    return DepthClasses(bounds)
