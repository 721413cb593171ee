r"""Which candidate ships, and whether AI was needed: one pure function of ledger, ladder and need.

The cost of candidate :math:`i` for :math:`N` queries is :math:`C_i(N) = F_i + N v_i` in CPU seconds: :math:`F_i` its
fixed cost from the ledger (compilation, its training runs, fits, calibration, export), :math:`v_i` the measured cost of
one query. The break-even of an AI candidate :math:`S` against an alternative :math:`a` is

.. math:: N^*(S, a) = (F_S - F_a) / (v_a - v_S), \qquad v_a > v_S,

and never where :math:`S` is dearer both to build and to ask. All terms are CPU seconds of one machine, so that watts per
core cancel: no verdict depends on them.

The uncertainty comes from a seeded Monte Carlo: the blocks of the timing are bootstrapped, and :math:`N` is log-uniform
in the declared usage interval. Errors enter through their upper 95 % bound.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeVar

import numpy as np

from frugal.experiments.study import RUNGS, CallPattern, Kind, Need
from frugal.metering.ledger import Entry, cpu_total

Verdict = Literal[
    "demonstrated",
    "infeasible_otherwise",
    "conditional",
    "undecided",
    "not_demonstrated",
    "trade_off",
    "not_assessed",
]

#: Verdicts under which an AI candidate may ship.
SHIPS_AI: tuple[Verdict, ...] = ("demonstrated", "infeasible_otherwise", "conditional")

#: The flip point is looked for up to here, at so many uses a factor of about 1.8 apart.
MOST_QUERIES = 1e12
FLIP_STEPS = 49

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
class Rung:
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
        Names of the limits it breaks: hard ones (it cannot run there at all), and chosen ones (it is slower than asked).
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
    def admissible(self) -> bool:
        """The need is met: error within tolerance and every limit kept."""
        return self.error_met and not self.hard_limits and not self.chosen_limits


@dataclass(frozen=True)
class Interval:
    """Low, middle and high value; ``inf`` stands for never."""

    low: float
    median: float
    high: float


@dataclass(frozen=True)
class Decision:
    """What was decided for one call pattern; see `decide`.

    ``flip_queries`` is about the least low end of the usage interval, its ratio to the high end kept, for which the need for
    AI would count as demonstrated, all else as measured; infinite where no use would do, None where there is no pair to
    compare.
    """

    pattern: str
    winner: str | None
    verdict: Verdict
    reasons: tuple[str, ...]
    best_ai: str | None
    best_alternative: str | None
    queries: tuple[float, float] | None
    queries_mid: float
    lifetime_cpu_seconds: Mapping[str, float]
    missing_baselines: tuple[str, ...] = ()
    break_even_queries: Interval | None = None
    flip_queries: float | None = None
    saving_cpu_seconds: Interval | None = None
    probability_ai_cheaper: float | None = None
    probability_alternative_cheaper: float | None = None
    limits_that_exclude: tuple[str, ...] = ()
    winner_is_ai: bool | None = None
    policy: Policy = field(default_factory=Policy)


def fixed_parts(ledger: Sequence[Entry], rung: Rung, training_share: float) -> dict[str, float]:
    """Fixed cost of a candidate in CPU seconds, by part, from the ledger alone.

    Every line counts, whether its stage ended well or not. Of the generation, the share of the training runs is charged:
    the held-out runs judge all candidates alike.
    """
    parts = {"compile": 0.0, "generation": 0.0, "fit": 0.0, "export": 0.0}
    if rung.needs_compilation or rung.needs_runs:
        parts["compile"] = cpu_total(ledger, lambda entry: entry.stage == "compile")
    if rung.needs_runs:
        parts["generation"] = training_share * cpu_total(ledger, lambda entry: entry.stage == "generation")
    for stage, part in CANDIDATE_STAGES.items():
        parts[part] += cpu_total([e for e in ledger if e.stage == stage and e.candidate == rung.name])
    return parts


def missing_baselines(ladder: Sequence[Rung]) -> tuple[str, ...]:
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


def decide(
    ledger: Sequence[Entry],
    ladder: Sequence[Rung],
    need: Need,
    pattern: CallPattern | None = None,
    training_share: float = 0.75,
    policy: Policy | None = None,
    seed: int = 0,
) -> Decision:
    """Choose the candidate that ships and say whether AI was needed.

    Parameters
    ----------
    ledger : sequence of Entry
        Every stage ever run for the bundle.
    ladder : sequence of Rung
        Every candidate that could be measured.
    need : Need
    pattern : CallPattern, optional
        Which call pattern the ladder was measured for; only its name is used. The first declared one by default.
    training_share : float
        Share of the runs that candidates learnt from.
    policy : Policy, optional
    seed : int
        Of the Monte Carlo.

    Returns
    -------
    Decision
        The winner is the cheapest admissible candidate over the service life, at the geometric mean of the usage
        interval; within ``tie_factor`` the lower rung. Under another verdict than those of `SHIPS_AI` the cheapest
        admissible alternative takes the place of an AI, since it is the need for AI that has to be shown; only where there is
        no such alternative does the AI stay, with its verdict.
    """
    policy = policy or Policy()
    pattern = pattern or need.call_patterns[0]
    fixed = {rung.name: sum(fixed_parts(ledger, rung, training_share).values()) for rung in ladder}
    per_query = {rung.name: float(np.median(rung.query_blocks)) for rung in ladder}
    middle = math.sqrt(need.queries[0] * need.queries[1]) if need.queries else 1.0
    lifetime = {rung.name: fixed[rung.name] + middle * per_query[rung.name] for rung in ladder}
    admissible = [rung for rung in ladder if rung.admissible]
    alternatives = [rung for rung in admissible if not rung.is_ai]
    surrogates = [rung for rung in admissible if rung.is_ai]
    best_ai = _cheapest(surrogates, lifetime)
    best_alternative = _cheapest(alternatives, lifetime)
    evidence = _Evidence(ladder, need, fixed, policy, seed)
    verdict, reasons, figures = evidence.judge(surrogates, alternatives, best_ai, best_alternative)

    tie_factor = policy.tie_factor if need.queries is not None else math.inf
    winner = least_consuming(admissible, lifetime, tie_factor)
    if winner is not None and winner.is_ai and verdict not in SHIPS_AI and alternatives:
        winner = least_consuming(alternatives, lifetime, tie_factor)
        reasons = (*reasons, "burden_of_proof")
    elif winner is not None and winner.is_ai and verdict not in SHIPS_AI:
        reasons = (*reasons, "only_ai_meets_the_need")
    return Decision(
        pattern=pattern.name,
        winner=winner.name if winner else None,
        winner_is_ai=winner.is_ai if winner else None,
        verdict=verdict,
        reasons=reasons,
        best_ai=best_ai.name if best_ai else None,
        best_alternative=best_alternative.name if best_alternative else None,
        queries=need.queries,
        queries_mid=middle,
        lifetime_cpu_seconds=lifetime,
        missing_baselines=missing_baselines(ladder),
        policy=policy,
        **figures,
    )


class Priced(Protocol):
    """Anything with a name and a place on the ladder."""

    @property
    def name(self) -> str:
        """Identifier."""

    @property
    def kind(self) -> Kind:
        """Its place on the ladder."""


Item = TypeVar("Item", bound=Priced)


def _cheapest(items: Sequence[Item], lifetime: Mapping[str, float]) -> Item | None:
    return min(items, key=lambda item: lifetime[item.name], default=None)


def least_consuming(items: Sequence[Item], lifetime: Mapping[str, float], tie_factor: float) -> Item | None:
    """The lowest rung among those within the tie factor of the cheapest; the lowest of all for an infinite factor."""
    cheapest = _cheapest(items, lifetime)
    if cheapest is None:
        return None
    limit = math.inf if math.isinf(tie_factor) else tie_factor * lifetime[cheapest.name]
    close = [item for item in items if lifetime[item.name] <= limit]
    return min(close, key=lambda item: (RUNGS.index(item.kind), lifetime[item.name]))


class _Evidence:
    """The Monte Carlo and the rules; made once for a decision."""

    def __init__(
        self, ladder: Sequence[Rung], need: Need, fixed: Mapping[str, float], policy: Policy, seed: int
    ) -> None:
        self.ladder = ladder
        self.need = need
        self.fixed = fixed
        self.policy = policy
        rng = np.random.default_rng(seed)
        if need.queries is not None:
            low, high = np.log(need.queries)
            self.queries = np.exp(rng.uniform(low, high, policy.draws))
        self.per_query = {rung.name: _bootstrap_medians(rung.query_blocks, policy.draws, rng) for rung in ladder}

    def judge(
        self,
        surrogates: Sequence[Rung],
        alternatives: Sequence[Rung],
        best_ai: Rung | None,
        best_alternative: Rung | None,
    ) -> tuple[Verdict, tuple[str, ...], dict]:
        """Verdict, codes of the reasons, and the figures behind them."""
        if self.need.queries is None or not self.need.tolerances:
            return "not_assessed", ("need_undeclared",), {}
        missing = missing_baselines(self.ladder)
        if best_ai is None:
            if best_alternative is None:
                return "not_assessed", ("nothing_meets_the_need",), {}
            tried = any(rung.is_ai for rung in self.ladder)
            return "not_demonstrated", ("no_ai_meets_the_need" if tried else "no_ai_tried",), {}
        if best_alternative is None:
            return self._without_alternative(missing)
        figures = self._figures(surrogates, alternatives, best_ai)
        verdict, reasons = self._compare(best_ai, best_alternative, figures, self.need.queries)
        if verdict == "demonstrated" and missing:
            return "not_assessed", ("baselines_missing",), figures
        return verdict, reasons, figures

    def _without_alternative(self, missing: Sequence[str]) -> tuple[Verdict, tuple[str, ...], dict]:
        if missing:
            return "not_assessed", ("baselines_missing",), {}
        accurate = [rung for rung in self.ladder if not rung.is_ai and rung.error_met]
        only_chosen = [rung for rung in accurate if not rung.hard_limits]
        if only_chosen:
            names = sorted({limit for rung in only_chosen for limit in rung.chosen_limits})
            return "conditional", ("only_a_chosen_limit",), {"limits_that_exclude": tuple(names)}
        names = sorted({limit for rung in accurate for limit in rung.hard_limits})
        return "infeasible_otherwise", ("no_alternative_meets_the_need",), {"limits_that_exclude": tuple(names)}

    def _cost(self, rungs: Sequence[Rung], queries: np.ndarray) -> np.ndarray:
        """Cost of the cheapest of some candidates, for each draw."""
        costs = [self.fixed[rung.name] + queries * self.per_query[rung.name] for rung in rungs]
        return np.min(costs, axis=0)

    def _figures(self, surrogates: Sequence[Rung], alternatives: Sequence[Rung], best_ai: Rung) -> dict:
        figures = self._compared(surrogates, alternatives, best_ai, 1.0)
        return {**figures, "flip_queries": self._flip(surrogates, alternatives)}

    def _compared(self, surrogates: Sequence[Rung], alternatives: Sequence[Rung], best_ai: Rung, times: float) -> dict:
        """The figures that a verdict reads, for so many times the declared use."""
        queries = self.queries * times
        ai, alternative = self._cost(surrogates, queries), self._cost(alternatives, queries)
        break_even = np.max([self._break_even(best_ai, rung) for rung in alternatives], axis=0)
        return {
            "break_even_queries": _interval(break_even, (2.5, 50, 97.5)),
            "saving_cpu_seconds": _interval(alternative - ai, (5, 50, 95)),
            "probability_ai_cheaper": float(np.mean(alternative >= self.policy.margin * ai)),
            "probability_alternative_cheaper": float(np.mean(alternative <= ai)),
        }

    def _break_even(self, surrogate: Rung, alternative: Rung) -> np.ndarray:
        extra = self.fixed[surrogate.name] - self.fixed[alternative.name]
        gain = self.per_query[alternative.name] - self.per_query[surrogate.name]
        with np.errstate(divide="ignore", invalid="ignore"):
            crossing = np.where(gain > 0, extra / gain, np.where(extra < 0, 0.0, np.inf))
        # Cheaper to build and dearer to ask pays from the first query on; where it stops paying, the draws price it.
        return np.maximum(crossing, 0.0)

    def _flip(self, surrogates: Sequence[Rung], alternatives: Sequence[Rung]) -> float:
        """Least low end of the usage interval, its ratio kept, for which the verdict would be `demonstrated`.

        Found with the rule of the verdict itself, which AI is best at each use included; infinite up to `MOST_QUERIES`.
        """
        low = self.need.queries[0] if self.need.queries else 1.0

        def stands(queries: float) -> bool:
            return self._demonstrated(surrogates, alternatives, queries / low)

        tried = np.geomspace(1.0, MOST_QUERIES, FLIP_STEPS)
        first = next((k for k, queries in enumerate(tried) if stands(float(queries))), None)
        if first is None:
            return math.inf
        if first == 0:
            return 1.0
        below, above = float(tried[first - 1]), float(tried[first])
        while above > 1.01 * below:
            middle = math.sqrt(below * above)
            below, above = (below, middle) if stands(middle) else (middle, above)
        return above

    def _demonstrated(self, surrogates: Sequence[Rung], alternatives: Sequence[Rung], times: float) -> bool:
        low, high = (queries * times for queries in self.need.queries or (1.0, 1.0))
        middle = math.sqrt(low * high)
        typical = {r.name: self.fixed[r.name] + middle * float(np.median(r.query_blocks)) for r in self.ladder}
        best_ai, best_alternative = _cheapest(surrogates, typical), _cheapest(alternatives, typical)
        assert best_ai is not None and best_alternative is not None
        figures = self._compared(surrogates, alternatives, best_ai, times)
        return self._compare(best_ai, best_alternative, figures, (low, high))[0] == "demonstrated"

    def _compare(
        self, best_ai: Rung, best_alternative: Rung, figures: dict, usage: tuple[float, float]
    ) -> tuple[Verdict, tuple[str, ...]]:
        policy = self.policy
        low, high = usage
        break_even: Interval = figures["break_even_queries"]
        against = []
        if figures["probability_alternative_cheaper"] >= policy.probability:
            against.append("alternative_cheaper")
            if best_alternative.error <= best_ai.error:
                against.append("dominated")
        if high < break_even.low:
            against.append("too_few_queries")
        saving: Interval = figures["saving_cpu_seconds"]
        if saving.high < policy.materiality_cpu_seconds:
            against.append("immaterial")
        if against:
            return "not_demonstrated", tuple(against)
        doubts = []
        if figures["probability_ai_cheaper"] < policy.probability:
            doubts.append("margin_not_sure")
        if low < policy.queries_factor * break_even.high:
            doubts.append("break_even_too_near")
        if saving.low < policy.materiality_cpu_seconds:
            doubts.append("materiality_not_sure")
        if doubts:
            return "undecided", tuple(doubts)
        return "demonstrated", ("ai_cheaper",)


def _bootstrap_medians(blocks: Sequence[float], draws: int, rng: np.random.Generator) -> np.ndarray:
    values = np.asarray(blocks, dtype=float)
    return np.median(values[rng.integers(0, len(values), (draws, len(values)))], axis=1)


def _interval(values: np.ndarray, percentiles: tuple[float, float, float]) -> Interval:
    # the inverted-CDF percentile takes values that occur, so that "never" (inf) does not spoil its neighbours
    low, median, high = np.percentile(values, percentiles, method="inverted_cdf")
    return Interval(float(low), float(median), float(high))
