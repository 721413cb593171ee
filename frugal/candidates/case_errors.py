"""How wrong an answer is case by case: what holds for nine cases in ten, and the worst."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from frugal.candidates.json_object import JsonObject

#: Of fewer cases than this only the worst is told.
FEWEST_FOR_SHARE = 10


@dataclass(frozen=True)
class CaseErrors:
    """Errors of single held-out cases in one output.

    Parameters
    ----------
    metric : str
        What they are told in. That of the tolerance, taken of each case alone (a share is one of the case's own true value),
        or ``rmse`` where that says nothing of single cases.
    cases : int
        How many.
    values : int
        Elements of one case; its error is that of the worst of them. 1 where they are pooled.
    nine_in_ten : float, optional
        The least error that nine cases in ten stay within; None of fewer than `FEWEST_FOR_SHARE`.
    worst : float
        The largest.
    """

    metric: str
    cases: int
    values: int
    nine_in_ten: float | None
    worst: float

    @classmethod
    def read(cls, found: JsonObject) -> CaseErrors:
        """From its object in the file."""
        return cls(
            metric=found.text("metric"),
            cases=found.whole("cases"),
            values=found.whole("values", 1),
            nine_in_ten=found.number_or_none("nine_in_ten"),
            worst=found.number("worst"),
        )

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)
