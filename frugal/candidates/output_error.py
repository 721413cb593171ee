"""Error of one output on the held-out runs: value, interval, what it was judged on, and how it stands to its tolerance."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from frugal.candidates.case_errors import CaseErrors
from frugal.candidates.json_object import JsonObject

#: What is written for an error without bound (relative to an output that is always zero): JSON knows no infinity.
LARGEST_ERROR = 1e6


@dataclass(frozen=True)
class OutputError:
    """Error of one output on the held-out runs, in the metric of the tolerance (nRMSE where none is declared).

    Parameters
    ----------
    metric : str
    value : float
        The largest error of its elements. The error of a map is pooled over its cells: it has no elements but a summary.
    low, high : float
        Its 95 % interval; ``high`` is infinite where there is no bound.
    elements : tuple of float
    worst_element : str, optional
    tolerance : float, optional
    summary : mapping
    bounded : bool
        Enough runs, or places that err independently, were judged for an upper bound. Where not, the error holds for these
        alone: `held` is the largest error of a place, or of a run, and nothing counts as demonstrated by it.
    by_place : mapping of str to float
        Error at each place, the largest of the elements; they make up that of all as their runs do. Empty where runs have no
        places, or these are too many to tell.
    places : float, optional
        Places that err independently, as many as tell as much as those judged; None where runs have none.
    rows : int
        Runs that were judged; 0 in records of earlier versions.
    run_p90, run_max : float, optional
        Error that nine runs in ten keep, and that of the worst run; None of metrics that compare runs with each other.
    cases : CaseErrors, optional
        What single cases are like, each beside its own true value; older records have none.
    """

    metric: str
    value: float
    low: float
    high: float
    elements: tuple[float, ...] = ()
    worst_element: str | None = None
    tolerance: float | None = None
    summary: Mapping[str, Any] = field(default_factory=dict)
    bounded: bool = True
    by_place: Mapping[str, float] = field(default_factory=dict)
    places: float | None = None
    rows: int = 0
    run_p90: float | None = None
    run_max: float | None = None
    cases: CaseErrors | None = None

    @property
    def is_missing(self) -> bool:
        """One of its numbers is none: nothing is known of the error, and it is met by no tolerance."""
        return any(map(math.isnan, (self.value, self.low, self.high, *self.by_place.values())))

    @property
    def held(self) -> float:
        """What is held against the tolerance: the upper bound, or where there is none the largest error of a place or a run."""
        if self.is_missing or math.isinf(self.value):
            return math.inf
        if self.bounded:
            return self.high
        each = list(self.by_place.values()) or [math.inf if self.run_max is None else self.run_max]
        return math.inf if any(map(math.isnan, each)) else max(each)

    @property
    def met(self) -> bool:
        """What is held against the tolerance is within it; what is no number is not."""
        if self.is_missing:
            return False
        return self.tolerance is None or self.held <= self.tolerance

    @property
    def ratio(self) -> float | None:
        """What is held against the tolerance over it; None where none is declared."""
        return self.held / self.tolerance if self.tolerance else None

    @property
    def straddles(self) -> bool:
        """The error is within the tolerance and its upper bound is not: more runs may settle it."""
        return self.tolerance is not None and self.value <= self.tolerance < self.held

    @property
    def unseen_share(self) -> float | None:
        """Share of the places, else of the runs, that may fail although none judged did; None where nobody kept their number.

        No bound of a mean excludes failures that were not seen: the share ``1 - 0.025 ** (1 / n)``, about 3.7 / n, keeps out
        of the sight of n with a probability of 2.5 %.
        """
        units = self.places if self.places is not None else float(self.rows)
        return 1.0 - 0.025 ** (1.0 / units) if units > 0 else None

    @classmethod
    def read(cls, found: JsonObject) -> OutputError:
        """From its object in the file; records of earlier versions have a bound and tell neither runs nor places."""
        return cls(
            metric=found.text("metric"),
            value=found.number("value"),
            low=found.number("low"),
            high=found.number("high"),
            elements=found.list_of_numbers("elements"),
            worst_element=found.text_or_none("worst_element"),
            tolerance=found.number_or_none("tolerance"),
            summary=found.plain("summary"),
            bounded=found.truth("bounded", True),
            by_place=found.numbers("by_place"),
            places=found.number_or_none("places"),
            rows=found.whole("rows", 0),
            run_p90=found.number_or_none("run_p90"),
            run_max=found.number_or_none("run_max"),
            cases=CaseErrors.read(JsonObject(found.plain("cases"), found.file, found.within("cases")))
            if found.holds("cases")
            else None,
        )

    def to_json(self) -> dict[str, Any]:
        """As plain values: `LARGEST_ERROR` for what is infinite, null for what is missing and for a bound that there is not."""
        judged_on = {
            "bounded": self.bounded,
            "rows": self.rows,
            "places": self.places,
            "by_place": {name: self.written(value) for name, value in self.by_place.items()},
            "run_p90": None if self.run_p90 is None else self.written(self.run_p90),
            "run_max": None if self.run_max is None else self.written(self.run_max),
            "unseen_share": self.unseen_share,
        }
        return {
            "metric": self.metric,
            "value": self.written(self.value),
            "low": self.written(self.low),
            "high": self.written(self.high) if self.bounded else None,
            "tolerance": self.tolerance,
            "worst_element": self.worst_element,
            "elements": [self.written(value) for value in self.elements],
            **(judged_on if self.rows or not self.bounded else {}),
            **({"summary": dict(self.summary)} if self.summary else {}),
            **({"cases": self.cases.to_json()} if self.cases is not None else {}),
        }

    def written(self, value: float) -> float | None:
        """An error as a file holds it: what is infinite must stay beyond the tolerance when it is read again."""
        if math.isnan(value) or (math.isinf(value) and (self.tolerance or 0.0) >= LARGEST_ERROR):
            return None
        return LARGEST_ERROR if math.isinf(value) else value


def worst_output(errors: Mapping[str, OutputError]) -> str | None:
    """Output nearest to or farthest beyond its tolerance; the first one where none is declared, None without errors."""
    ratios = {name: error.ratio for name, error in errors.items() if error.ratio is not None}
    return max(ratios, key=ratios.__getitem__, default=next(iter(errors), None))


def largest_ratio(errors: Mapping[str, OutputError]) -> float:
    """Largest ratio of an upper bound to its tolerance, over the outputs that have one; infinite where none has."""
    return max((error.ratio for error in errors.values() if error.ratio is not None), default=math.inf)
