"""What the grid of a solver errs by: how far the truth that answers are judged by is from that of finer cells."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, cast, get_args

from frugal.candidates.json_object import JsonObject
from frugal.candidates.output_error import LARGEST_ERROR
from frugal.metering.ledger.ledger import Entry

#: Under this name a line of the ledger says what the grid errs by.
FINER_CELLS = "finer_cells"
#: Under this one a line says how many runs on other cells its cost is that of.
FINER_CELLS_MADE = "finer_cells_made"
#: Orders for which what is left of an error is told by extrapolation (Richardson 1911; Roache 1994).
ORDERS = (0.7, 2.2)
#: More than this of an output is told.
CONVERGED_WITHIN = 0.02
#: A larger share of what a need allows is told.
CONSIDERABLE = 0.5

#: Why the error is the plain difference from finer cells, which may be less than what is wrong.
Plain = Literal["", "no_coarser", "order", "not_one_way", "score", "no_difference"]


@dataclass(frozen=True)
class GridError:
    """What the cells of a solver make of one output, held against cells half as wide.

    Parameters
    ----------
    metric : str
        That of the tolerance; the one that is told where there is none.
    value : float
        Error of the study's own cells: the difference from finer ones, with what an extrapolation adds where the order allows
        one.
    difference : float
        From the finer cells.
    cases : int
        Runs that were made again.
    order : float, optional
        By which the error falls with the width of a cell, as observed between three widths; None where there were two.
    plain : str
        Why nothing is added to the difference; empty where something is.
    tolerance : float, optional
        The error that the need allows.
    means : mapping of str to float
        Of an output of one number, its mean over the cases on ``coarser``, ``default`` and ``finer`` cells.
    """

    metric: str
    value: float
    difference: float
    cases: int
    order: float | None = None
    plain: Plain = ""
    tolerance: float | None = None
    means: Mapping[str, float] = field(default_factory=dict)

    @property
    def is_missing(self) -> bool:
        """The metric says nothing of so few cases."""
        return math.isnan(self.value)

    @property
    def ratio(self) -> float | None:
        """The error over what the need allows; None where it allows nothing in particular."""
        return self.value / self.tolerance if self.tolerance and not self.is_missing else None

    @property
    def beyond(self) -> bool:
        """More than the need allows: an answer that agrees with this truth is not shown to meet it."""
        return self.ratio is not None and self.ratio > 1.0

    @property
    def considerable(self) -> bool:
        """So large that whoever reads an answer has to know."""
        if self.is_missing:
            return False
        return self.value > CONVERGED_WITHIN if self.ratio is None else self.ratio > CONSIDERABLE

    @classmethod
    def read(cls, found: JsonObject) -> GridError:
        """From its object in a line of the ledger."""
        plain = found.text("plain", "")
        if plain not in get_args(Plain):
            raise found.fault("plain", f"one of {', '.join(name or 'nothing' for name in get_args(Plain))}")
        missing = found.number_or_none("value") is None
        return cls(
            metric=found.text("metric"),
            value=math.nan if missing else found.number("value"),
            difference=math.nan if missing else found.number("difference"),
            cases=found.whole("cases"),
            order=found.number_or_none("order"),
            plain=cast(Plain, plain),
            tolerance=found.number_or_none("tolerance"),
            means=found.numbers("means"),
        )

    def to_json(self) -> dict[str, Any]:
        """As plain values; null for what is missing."""

        def written(value: float) -> float | None:
            return None if math.isnan(value) else min(value, LARGEST_ERROR)

        return {
            "metric": self.metric,
            "value": written(self.value),
            "difference": written(self.difference),
            "cases": self.cases,
            "order": self.order,
            "plain": self.plain,
            "tolerance": self.tolerance,
            "means": dict(self.means),
        }


def grid_errors_of(details: Sequence[Mapping[str, Any]]) -> dict[str, GridError] | None:
    """What the grid errs by, by output, as the newest line of a ledger has it; None where none does: it was not measured.

    Parameters
    ----------
    details : sequence of mapping
        Those of the lines, the oldest first.
    """
    newest = newest_record(details)
    if not newest:
        return None
    record = JsonObject(newest, "ledger.jsonl", "the runs on finer cells")
    errors = {name: GridError.read(one) for name, one in record.objects("errors", "grid error").items()}
    return errors or None


def newest_record(details: Sequence[Mapping[str, Any]]) -> Any:
    """What the newest line says of the runs on finer cells, as it stands there; nothing where none does."""
    return next((found[FINER_CELLS] for found in reversed(details) if FINER_CELLS in found), {})


def grid_errors_in(ledger: Sequence[Entry]) -> dict[str, GridError] | None:
    """The same of entries."""
    return grid_errors_of([entry.details for entry in ledger])


def beyond_need(ledger: Sequence[Entry], allowed: Mapping[str, tuple[str, float]]) -> tuple[str, ...]:
    """Outputs of which the truth itself errs by more than a need allows.

    Parameters
    ----------
    ledger : sequence of Entry
    allowed : mapping of str to (str, float)
        By output, the metric of its tolerance and the largest error in it.
    """
    errors = grid_errors_in(ledger) or {}
    return tuple(
        name
        for name, (metric, most) in allowed.items()
        if name in errors and errors[name].metric == metric and errors[name].value > most
    )
