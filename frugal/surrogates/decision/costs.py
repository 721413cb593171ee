"""What a decision weighs: candidates as it sees them, what each of them costs, and the constants of its rules."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar

from frugal.experiments.study import RUNGS, Kind
from frugal.metering.ledger.ledger import Entry, cpu_total

Verdict = Literal[
    "demonstrated",
    "infeasible_otherwise",
    "conditional",
    "undecided",
    "not_demonstrated",
    "trade_off",
    "not_assessed",
]

#: The limit that a candidate breaks which needs data that are missing where the study is asked: no computing makes up for it.
MISSING_DATA = "data"

#: Ledger stages whose cost belongs to one candidate, and the part of its fixed cost they make up.
CANDIDATE_STAGES = {"fit": "fit", "calibration": "fit", "export": "export"}


@dataclass(frozen=True)
class Policy:
    """Constants that are ours, printed in every audit.

    Parameters
    ----------
    margin : float
        AI must be cheaper by this factor; about twice the 6 to 12 % by which timings on a shared machine vary.
    queries_factor : float
        Even the low end of the usage interval must exceed the break-even by this factor, because demand is a forecast.
    materiality_cpu_seconds : float
        Smaller savings over the service life justify nothing (1,200 CPU s are about 1 Wh at 3 W per core).
    tie_factor : float
        Within it the lower rung of the ladder wins.
    probability : float
        How sure a verdict must be.
    draws : int
        Of the Monte Carlo.
    """

    margin: float = 1.25
    queries_factor: float = 3.0
    materiality_cpu_seconds: float = 1200.0
    tie_factor: float = 1.25
    probability: float = 0.95
    draws: int = 10_000


@dataclass(frozen=True)
class CandidateCost:
    """What the decision has to know about one candidate, for one call pattern.

    Parameters
    ----------
    name, kind
        As in the ladder.
    error_met : bool
        The upper bound of every declared error is within its tolerance.
    error : float
        Largest ratio of an error to its tolerance (for dominance); 0 for the full physics.
    query_blocks : tuple of float
        CPU seconds of one query, one value a block.
    needs_runs : bool
        The training runs belong to its fixed cost.
    needs_compilation : bool
        It runs the study's solver, or was built from its runs.
    hard_limits, chosen_limits : tuple of str
        Names of the limits it breaks: hard ones (it cannot run there at all, or lacks data, `MISSING_DATA`), and chosen ones
        (it is slower than asked).
    """

    name: str
    kind: Kind
    error_met: bool
    error: float
    query_blocks: tuple[float, ...]
    needs_runs: bool = False
    needs_compilation: bool = False
    hard_limits: tuple[str, ...] = ()
    chosen_limits: tuple[str, ...] = ()

    @property
    def is_ai(self) -> bool:
        """Surrogates are AI, everything else is an alternative to it."""
        return self.kind == "surrogate"

    @property
    def can_be_asked(self) -> bool:
        """It has all the data that it needs."""
        return MISSING_DATA not in self.hard_limits

    @property
    def admissible(self) -> bool:
        """The need is met: error within tolerance and every limit kept."""
        return self.error_met and not self.hard_limits and not self.chosen_limits


@dataclass(frozen=True)
class Interval:
    """Low, middle and high value; ``inf`` stands for never."""

    low: float
    median: float
    high: float


def fixed_parts(ledger: Sequence[Entry], rung: CandidateCost, training_share: float) -> dict[str, float]:
    """Fixed cost of a candidate in CPU seconds, by part, from the ledger alone.

    Every line counts, whether its stage ended well or not. Of the generation, the share of the training runs is charged:
    the held-out runs judge all candidates alike.

    Parameters
    ----------
    ledger : sequence of Entry
        Every stage ever run for the bundle.
    rung : CandidateCost
        Its name finds its own lines; its needs say which of the shared ones it bears.
    training_share : float
        Share of the finished runs that candidates learnt from, 0 to 1.

    Returns
    -------
    dict of str to float
        CPU seconds under ``compile``, ``generation``, ``fit`` (calibration included) and ``export``; 0 for what it does not
        bear.
    """
    parts = {"compile": 0.0, "generation": 0.0, "fit": 0.0, "export": 0.0}
    if rung.needs_compilation or rung.needs_runs:
        parts["compile"] = cpu_total(ledger, lambda entry: entry.stage == "compile")
    if rung.needs_runs:
        parts["generation"] = training_share * cpu_total(ledger, lambda entry: entry.stage == "generation")
    for stage, part in CANDIDATE_STAGES.items():
        parts[part] += cpu_total([e for e in ledger if e.stage == stage and e.candidate == rung.name])
    return parts


def missing_baselines(ladder: Sequence[CandidateCost]) -> tuple[str, ...]:
    """Mandatory alternatives that were not tried."""
    kinds = {rung.kind for rung in ladder}
    missing = []
    if "constant" not in kinds:
        missing.append("constant")
    if not kinds & {"linear", "quadratic"}:
        missing.append("linear")
    if not kinds & {"table", "coarse_physics", "formula"}:
        missing.append("table or coarser physics")
    if "full_physics" not in kinds:
        missing.append("full physics")
    return tuple(missing)


class Priced(Protocol):
    """Anything with a name and a place on the ladder."""

    @property
    def name(self) -> str:
        """Identifier."""

    @property
    def kind(self) -> Kind:
        """Its place on the ladder."""


Item = TypeVar("Item", bound=Priced)


def cheapest(items: Sequence[Item], lifetime: Mapping[str, float]) -> Item | None:
    """The one that costs least over the service life; None of none."""
    return min(items, key=lambda item: lifetime[item.name], default=None)


def least_consuming(items: Sequence[Item], lifetime: Mapping[str, float], tie_factor: float) -> Item | None:
    """The lowest rung among those within the tie factor of the cheapest; the lowest of all for an infinite factor.

    Parameters
    ----------
    items : sequence
        Candidates to choose from.
    lifetime : mapping of str to float
        CPU seconds of each over the service life, fixed cost included, by name; others may be among them.
    tie_factor : float
        At least 1: what costs at most this many times the cheapest is as good as it.

    Returns
    -------
    item or None
        On one rung the cheaper one; None of no items.
    """
    least = cheapest(items, lifetime)
    if least is None:
        return None
    limit = math.inf if math.isinf(tie_factor) else tie_factor * lifetime[least.name]
    close = [item for item in items if lifetime[item.name] <= limit]
    return min(close, key=lambda item: (RUNGS.index(item.kind), lifetime[item.name]))
