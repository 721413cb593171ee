"""What a decision weighs: candidates as it sees them, what each of them costs, and which of them is the least consuming."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar, cast

import numpy as np

from frugal.candidates.decision import Policy
from frugal.candidates.row import MISSING_DATA, CandidateRow
from frugal.experiments.study import RUNGS, Kind
from frugal.metering.ledger.ledger import Entry, cpu_total

#: Ledger stages that all which learn from runs have in common: making them, and choosing where.
RUNS_STAGES = ("generation", "placing")

#: Ledger stages whose cost belongs to one candidate, and the part of its fixed cost they make up.
CANDIDATE_STAGES = {"fit": "fit", "calibration": "fit", "export": "export"}
#: Where no use is declared, an AI gives way to what costs at most so many times as much per query,
DEARER = 2.0
#: or by less than a material saving more over so many queries.
QUERIES_TO_WEIGH = 1e6
#: Where answers without AI are weighed against it, errors below this part of their limit are as good as none.
AS_GOOD_AS_NONE = 0.01


@dataclass(frozen=True)
class DecisionRow:
    """What the decision weighs of one candidate, for one call pattern.

    Parameters
    ----------
    name, kind
        As in the ladder.
    error_met : bool
        What is held of every declared error (its upper bound, or where there is none its largest value at a place) is within
        its tolerance.
    error : float
        Largest ratio of it to its tolerance (for dominance).
    query_blocks : tuple of float
        CPU seconds of one query, one value a block.
    needs_runs : bool
        The training runs belong to its fixed cost.
    needs_compilation : bool
        It runs the study's solver, or was built from its runs.
    hard_limits, chosen_limits : tuple of str
        Names of the limits it breaks: facts (it lacks data that nobody has there, `MISSING_DATA`), and those that somebody
        chose (of time, size, memory, or that it be a graph).
    value : float
        Largest ratio of an error itself to its tolerance; infinite where nobody kept it.
    bounded : bool
        Every declared error has an upper bound.
    other_seeds : tuple of float
        As ``error``, of fits of the same candidate with other seeds.
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
    value: float = math.inf
    bounded: bool = True
    other_seeds: tuple[float, ...] = ()

    @classmethod
    def of(cls, row: CandidateRow, pattern: str) -> DecisionRow:
        """Of a candidate that was measured under a call pattern, by the name of the pattern."""
        broken = () if row.limits[pattern].met else row.limits[pattern].broken
        return cls(
            name=row.name,
            kind=cast(Kind, row.kind),
            error_met=row.error_met,
            error=row.error_ratio,
            query_blocks=row.query[pattern].blocks,
            needs_runs=row.needs_runs,
            needs_compilation=row.needs_compilation,
            hard_limits=tuple(name for name in broken if name == MISSING_DATA),
            chosen_limits=tuple(name for name in broken if name != MISSING_DATA),
            value=row.value_ratio,
            bounded=row.bounded,
            other_seeds=row.other_seeds,
        )

    @property
    def is_ai(self) -> bool:
        """Surrogates are AI, everything else is an alternative to it."""
        return self.kind == "surrogate"

    @property
    def told_error(self) -> float:
        """The error itself, or where nobody kept it what is held of it, over its tolerance; to compare candidates by."""
        return self.value if math.isfinite(self.value) else self.error

    @property
    def typical_query(self) -> float:
        """Median CPU seconds of one query."""
        return float(np.median(self.query_blocks))

    @property
    def can_be_asked(self) -> bool:
        """It has all the data that it needs."""
        return MISSING_DATA not in self.hard_limits

    @property
    def admissible(self) -> bool:
        """The need is met: error within tolerance and every limit kept."""
        return self.error_met and self.keeps_limits

    @property
    def keeps_limits(self) -> bool:
        """It breaks none, of facts or chosen."""
        return not self.hard_limits and not self.chosen_limits

    @property
    def excluded_by_choice(self) -> bool:
        """It is accurate enough, and only limits that somebody chose exclude it."""
        return self.error_met and bool(self.chosen_limits) and not self.hard_limits

    @property
    def straddles(self) -> bool:
        """Its errors are within the tolerances and an upper bound is not, and it would be admissible if that were too."""
        return not self.error_met and self.value <= 1 and self.keeps_limits


def is_assessed(row: CandidateRow, pattern: str) -> bool:
    """Everything that a decision weighs was measured for a call pattern: no error, bound or cost is missing."""
    missing = any(error.is_missing for error in row.errors.values())
    return pattern in row.query and row.query[pattern].is_priced and not missing


def fixed_parts(ledger: Sequence[Entry], rung: DecisionRow | CandidateRow, training_share: float) -> dict[str, float]:
    """Fixed cost of a candidate in CPU seconds, by part, from the ledger alone.

    Every line counts, whether its stage ended well or not. Of the generation, and of placing runs, the share of the training
    runs is charged: the held-out runs judge all candidates alike.

    Parameters
    ----------
    ledger : sequence of Entry
        Every stage ever run for the bundle.
    rung : DecisionRow or CandidateRow
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
        parts["generation"] = training_share * cpu_total(ledger, lambda entry: entry.stage in RUNS_STAGES)
        # where runs lie was looked at once for all that learn from them
        parts["fit"] = cpu_total(ledger, lambda entry: entry.stage == "calibration" and entry.candidate is None)
    for stage, part in CANDIDATE_STAGES.items():
        parts[part] += cpu_total([e for e in ledger if e.stage == stage and e.candidate == rung.name])
    return parts


def with_costs(rows: Sequence[CandidateRow], ledger: Sequence[Entry], training_share: float) -> list[CandidateRow]:
    """The rows with what the ledger books for each: the fixed cost of those that were timed, and codecarbon's readings.

    Parameters
    ----------
    rows : sequence of CandidateRow
    ledger : sequence of Entry
        Every stage ever run for the bundle.
    training_share : float
        Share of the finished runs that candidates learnt from, 0 to 1.
    """
    found = []
    for row in rows:
        priced = replace(row, codecarbon_joules=_codecarbon_joules(ledger, row.name))
        if row.query:
            parts = fixed_parts(ledger, row, training_share)
            priced = replace(priced, fixed_parts=parts, fixed_cpu_seconds=sum(parts.values()))
        found.append(priced)
    return found


def _codecarbon_joules(ledger: Sequence[Entry], candidate: str) -> dict[str, float | None]:
    """codecarbon's CPU energy for a candidate's own stages, and for the generation it may share."""

    def total(stages: tuple[str, ...], name: str | None) -> float | None:
        found = [
            entry.codecarbon_joules
            for entry in ledger
            if entry.stage in stages and entry.candidate == name and entry.codecarbon_joules is not None
        ]
        return float(np.sum(found)) if found else None

    return {
        "generation": total(RUNS_STAGES, None),
        "fit": total(("fit", "calibration", "export"), candidate),
        "evaluation": total(("evaluation",), candidate),
    }


def missing_baselines(ladder: Sequence[DecisionRow]) -> tuple[str, ...]:
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
    def kind(self) -> str:
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


def ships_without_use(rungs: Sequence[DecisionRow], policy: Policy, declared: bool) -> tuple[DecisionRow | None, str]:
    """What ships where nobody declared how often it is asked: the least error among what costs about the least per query.

    Without a number of queries there is no cost over the service life; what a query costs stands in its place, since answers
    are asked more often than they are made. Of the answers that meet the tolerances, those are taken that cost at most
    ``tie_factor`` times the cheapest of them, and of these the one that errs least. Tolerances that nobody declared are met
    where the error itself does; where none meets them, the answers stand in that err at most ``tie_factor`` times as much as
    the best. Where that is an AI, it gives way to an answer without AI as `instead_of_ai` says. So none ships that another one
    beats in error and in cost.

    Parameters
    ----------
    rungs : sequence of DecisionRow
    policy : Policy
    declared : bool
        Somebody declared the tolerances.

    Returns
    -------
    rung : DecisionRow or None
        None where nothing keeps the limits of the call pattern, or meets tolerances that were declared.
    reason : str
        Code of the sentence that says how it was chosen; empty where there is none.
    """
    able = [rung for rung in rungs if rung.keeps_limits]
    met = [rung for rung in able if (rung.error_met if declared else rung.told_error <= 1)]
    if not met and not declared and able:
        most = policy.tie_factor * min(rung.told_error for rung in able)
        met = [rung for rung in able if rung.told_error <= most]
    found = _least_error_of_cheapest(met, policy.tie_factor)
    if found is None:
        return None, ""
    if not found.is_ai:
        return found, "least_error_ships"
    instead = _least_error_of_cheapest(instead_of_ai(found, met, policy), policy.tie_factor)
    return (found, "least_error_is_ai") if instead is None else (instead, "least_error_without_ai")


def instead_of_ai(ai: DecisionRow, met: Sequence[DecisionRow], policy: Policy) -> list[DecisionRow]:
    """Answers without AI that take the place of one where no use is declared: nobody has shown that what it saves counts.

    Their error is not above the upper bound of that of the AI; they cost at most `DEARER` times as much per query, or by so
    little more that a million queries cost less than the saving that counts as material; and no answer beats them in both error
    and cost, where an error below a hundredth of its limit is as good as none.

    Parameters
    ----------
    ai : DecisionRow
    met : sequence of DecisionRow
        All that may ship.
    policy : Policy
    """
    most = max(DEARER * ai.typical_query, ai.typical_query + policy.materiality_cpu_seconds / QUERIES_TO_WEIGH)
    return [
        rung
        for rung in met
        if not rung.is_ai
        and rung.told_error <= max(ai.error, ai.told_error, AS_GOOD_AS_NONE)
        and rung.typical_query <= most
        and not any(_beats(other, rung) for other in met)
    ]


def _beats(one: DecisionRow, other: DecisionRow) -> bool:
    """In error, by what counts, and in cost."""
    errors = (max(rung.told_error, AS_GOOD_AS_NONE) for rung in (one, other))
    return next(errors) < next(errors) and one.typical_query < other.typical_query


def _least_error_of_cheapest(rungs: Sequence[DecisionRow], factor: float) -> DecisionRow | None:
    if not rungs:
        return None
    most = factor * min(rung.typical_query for rung in rungs)
    close = [rung for rung in rungs if rung.typical_query <= most]
    return min(close, key=lambda rung: (rung.told_error, rung.typical_query, RUNGS.index(rung.kind)))
