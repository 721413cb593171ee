"""Whether AI was needed: the break-even, the saving, and the rules that a verdict follows from.

The uncertainty comes from a seeded Monte Carlo: the blocks of the timing are bootstrapped, and the number of queries is
log-uniform in the declared usage interval. Errors enter through their upper 95 % bound.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from frugal.candidates.decision import NOTHING_MEETS, Interval, Policy, Verdict
from frugal.experiments.study import Need
from frugal.surrogates.decision.costs import DecisionRow, cheapest, missing_baselines

#: The flip point is looked for up to here, at so many uses a factor of about 1.8 apart.
MOST_QUERIES = 1e12
FLIP_STEPS = 49


@dataclass(frozen=True)
class Compared:
    """AI and the alternatives to it at one use: the figures that a verdict is read from."""

    break_even: Interval
    saving: Interval
    ai_cheaper: float
    alternative_cheaper: float


@dataclass(frozen=True)
class Weighed:
    """A verdict on costs, the codes of its reasons, and the figures behind it where there is a pair to compare."""

    verdict: Verdict
    reasons: tuple[str, ...]
    compared: Compared | None = None


class Necessity:
    """The Monte Carlo and the rules; made once for a decision."""

    def __init__(
        self,
        ladder: Sequence[DecisionRow],
        need: Need,
        fixed: Mapping[str, float],
        lifetime: Mapping[str, float],
        policy: Policy,
        seed: int,
    ) -> None:
        self.ladder = ladder
        self.need = need
        self.fixed = fixed
        self.lifetime = lifetime
        self.policy = policy
        rng = np.random.default_rng(seed)
        if need.queries is not None:
            low, high = np.log(need.queries)
            self.queries = np.exp(rng.uniform(low, high, policy.draws))
        self.per_query = {rung.name: _bootstrap_medians(rung.query_blocks, policy.draws, rng) for rung in ladder}

    def weigh(self, surrogates: Sequence[DecisionRow], alternatives: Sequence[DecisionRow]) -> Weighed:
        """What the costs alone say of candidates that are taken to meet the need, with AI and without.

        Nothing is said of limits, and nothing of how sure the errors are: `frugal.surrogates.decision.reserves` does.
        """
        best_ai, best_alternative = self.cheapest(surrogates), self.cheapest(alternatives)
        if best_ai is None:
            if best_alternative is None:
                return Weighed("not_assessed", (NOTHING_MEETS,))
            tried = any(rung.is_ai for rung in self.ladder)
            return Weighed("not_demonstrated", ("no_ai_meets_the_need" if tried else "no_ai_tried",))
        missing = missing_baselines(self.ladder)
        if best_alternative is None:
            if missing:
                return Weighed("not_assessed", ("baselines_missing",))
            return Weighed("infeasible_otherwise", ("no_alternative_meets_the_need",))
        assert self.need.queries is not None
        compared = self._compared(surrogates, alternatives, best_ai, 1.0)
        verdict, reasons = self._compare(best_ai, best_alternative, compared, self.need.queries)
        if verdict == "demonstrated" and missing:
            return Weighed("not_assessed", ("baselines_missing",), compared)
        return Weighed(verdict, reasons, compared)

    def cheapest(self, rungs: Sequence[DecisionRow]) -> DecisionRow | None:
        """The one that costs least over the service life, at the geometric mean of the usage interval."""
        return cheapest(rungs, self.lifetime)

    def _cost(self, rungs: Sequence[DecisionRow], queries: np.ndarray) -> np.ndarray:
        """Cost of the cheapest of some candidates, for each draw."""
        costs = [self.fixed[rung.name] + queries * self.per_query[rung.name] for rung in rungs]
        return np.min(costs, axis=0)

    def _compared(
        self,
        surrogates: Sequence[DecisionRow],
        alternatives: Sequence[DecisionRow],
        best_ai: DecisionRow,
        times: float,
    ) -> Compared:
        """The figures that a verdict reads, for so many times the declared use."""
        queries = self.queries * times
        ai, alternative = self._cost(surrogates, queries), self._cost(alternatives, queries)
        break_even = np.max([self._break_even(best_ai, rung) for rung in alternatives], axis=0)
        return Compared(
            break_even=_interval(break_even, (2.5, 50, 97.5)),
            saving=_interval(alternative - ai, (5, 50, 95)),
            ai_cheaper=float(np.mean(alternative >= self.policy.margin * ai)),
            alternative_cheaper=float(np.mean(alternative <= ai)),
        )

    def _break_even(self, surrogate: DecisionRow, alternative: DecisionRow) -> np.ndarray:
        extra = self.fixed[surrogate.name] - self.fixed[alternative.name]
        gain = self.per_query[alternative.name] - self.per_query[surrogate.name]
        with np.errstate(divide="ignore", invalid="ignore"):
            crossing = np.where(gain > 0, extra / gain, np.where(extra < 0, 0.0, np.inf))
        # Cheaper to build and dearer to ask pays from the first query on; where it stops paying, the draws price it.
        return np.maximum(crossing, 0.0)

    def flip(self, surrogates: Sequence[DecisionRow], alternatives: Sequence[DecisionRow]) -> float:
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

    def _demonstrated(
        self, surrogates: Sequence[DecisionRow], alternatives: Sequence[DecisionRow], times: float
    ) -> bool:
        low, high = (queries * times for queries in self.need.queries or (1.0, 1.0))
        middle = math.sqrt(low * high)
        compared = (*surrogates, *alternatives)
        typical = {r.name: self.fixed[r.name] + middle * float(np.median(r.query_blocks)) for r in compared}
        best_ai, best_alternative = cheapest(surrogates, typical), cheapest(alternatives, typical)
        assert best_ai is not None and best_alternative is not None
        found = self._compared(surrogates, alternatives, best_ai, times)
        return self._compare(best_ai, best_alternative, found, (low, high))[0] == "demonstrated"

    def _compare(
        self, best_ai: DecisionRow, best_alternative: DecisionRow, compared: Compared, usage: tuple[float, float]
    ) -> tuple[Verdict, tuple[str, ...]]:
        policy = self.policy
        low, high = usage
        break_even, saving = compared.break_even, compared.saving
        against = []
        if compared.alternative_cheaper >= policy.probability:
            against.append("alternative_cheaper")
            if best_alternative.error <= best_ai.error:
                against.append("dominated")
        if high < break_even.low:
            against.append("too_few_queries")
        if saving.high < policy.materiality_cpu_seconds:
            against.append("immaterial")
        if against:
            return "not_demonstrated", tuple(against)
        doubts = []
        if compared.ai_cheaper < policy.probability:
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
