"""What is written of the interval and of the domain of a candidate: what they follow, and what they promise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from frugal.candidates.json_object import JsonObject

#: One width everywhere; a scale learnt from residuals; the deviation that the model tells of itself; or no interval at all.
IntervalKind = Literal["constant", "scale", "deviation", "none"]

#: What tells whether a question is inside: the bounds alone, since nothing was learnt from runs, runs are too few to tell where
#: they lie, or they fill the bounds; or the runs around it.
DomainBy = Literal["bounds", "few_runs", "filled", "runs"]


@dataclass(frozen=True)
class IntervalTold:
    """The interval of a candidate as ``candidates.json`` keeps it, beside the half-width of each element.

    Parameters
    ----------
    kind : str
        What the width follows.
    level : float
        Coverage promised, 0 to 1.
    rows, places : int
        Runs that it was made from, each answered by a fit without it, and places that they are of; 0 where they stand alone.
    assured : bool
        The coverage is promised at new places too, or there are no places.
    scale : mapping, optional
        Coefficients of the scale, as `frugal.surrogates.fitting.row_scale` writes them; None with maps, whose graph holds it.
    """

    kind: IntervalKind = "constant"
    level: float = 0.9
    rows: int = 0
    places: int = 0
    assured: bool = True
    scale: Mapping[str, Any] | None = None

    @classmethod
    def read(cls, found: JsonObject) -> IntervalTold:
        """From its object in the file."""
        kind = next((known for known in get_args(IntervalKind) if known == found.text("kind")), None)
        if kind is None:
            raise found.fault("kind", f"one of {', '.join(get_args(IntervalKind))}")
        return cls(
            kind=kind,
            level=found.number("level"),
            rows=found.whole("rows", 0),
            places=found.whole("places", 0),
            assured=found.truth("assured", True),
            scale=found.plain("scale") if found.holds("scale") else None,
        )

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        told = {"kind": self.kind, "level": self.level, "rows": self.rows, "places": self.places}
        return {**told, "assured": self.assured, "scale": None if self.scale is None else dict(self.scale)}


@dataclass(frozen=True)
class DomainTold:
    """What says of a question whether it is inside the domain of a candidate.

    Parameters
    ----------
    by : str
        As `DomainBy`.
    stored : int
        Runs that are looked at.
    pairs : tuple of (str, str)
        Pairs of inputs that leave a hole, which is looked at too.
    """

    by: DomainBy = "bounds"
    stored: int = 0
    pairs: tuple[tuple[str, str], ...] = ()

    @classmethod
    def read(cls, found: JsonObject) -> DomainTold:
        """From its object in the file."""
        by = next((known for known in get_args(DomainBy) if known == found.text("by")), None)
        if by is None:
            raise found.fault("by", f"one of {', '.join(get_args(DomainBy))}")
        pairs = [tuple(map(str, pair)) for pair in found.list_of("pairs")]
        if any(len(pair) != 2 for pair in pairs):
            raise found.fault("pairs", "a list of pairs of names")
        return cls(by, found.whole("stored", 0), tuple((pair[0], pair[1]) for pair in pairs))

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return {"by": self.by, "stored": self.stored, "pairs": [list(pair) for pair in self.pairs]}
