"""What a verdict on costs does not rest on yet: chosen limits, straw alternatives, few places, errors near their limit, seeds.

A positive verdict has to withstand each of these. Where it does not, it becomes a reserve (``conditional``) or ``undecided``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from frugal.candidates.decision import Interval, Verdict
from frugal.surrogates.decision.costs import DecisionRow
from frugal.surrogates.decision.necessity import Necessity

#: Verdicts under which an AI candidate may ship.
SHIPS_AI: tuple[Verdict, ...] = ("demonstrated", "infeasible_otherwise", "conditional")

#: Kinds of answers that only a study brings: a formula, coarser physics, stored results.
_BROUGHT = ("formula", "coarse_physics", "precomputed")


@dataclass(frozen=True)
class Figures:
    """What a verdict rests on, by the names that `Decision` has for it; None where there is no pair to compare.

    The break-even is given with its 2.5, 50 and 97.5 % values, the saving with its 5, 50 and 95 % values. For the others see
    `Decision`.
    """

    break_even_queries: Interval | None = None
    flip_queries: float | None = None
    saving_cpu_seconds: Interval | None = None
    probability_ai_cheaper: float | None = None
    probability_alternative_cheaper: float | None = None
    limits_that_exclude: tuple[str, ...] = ()
    without_limits: str | None = None
    straddling: tuple[str, ...] = ()
    seeds_turned: tuple[int, int] | None = None


@dataclass(frozen=True)
class Found:
    """Verdict, codes of its reasons, and the figures behind it."""

    verdict: Verdict
    reasons: tuple[str, ...]
    figures: Figures = Figures()

    def turned(self, verdict: Verdict, reason: str, **told: object) -> Found:
        """Another verdict for a further reason, with what it names."""
        return Found(verdict, (*self.reasons, reason), replace(self.figures, **told))  # type: ignore[arg-type]


def judge(evidence: Necessity, truth_errs_in: Sequence[str] = ()) -> Found:
    """The verdict on the need for AI, after everything that it has to withstand.

    Parameters
    ----------
    evidence : Necessity
    truth_errs_in : sequence of str
        Outputs of which the grid of the solver errs by more than the need allows: who agrees with it is not shown to meet the
        need.
    """
    if evidence.need.queries is None or not evidence.need.tolerances:
        return Found("not_assessed", ("need_undeclared",))
    found = _on_costs_and_errors(evidence)
    if truth_errs_in and found.verdict in SHIPS_AI:
        return Found("undecided", ("truth_not_converged",), found.figures)
    return found


def _on_costs_and_errors(evidence: Necessity) -> Found:
    """The verdict where the runs that judge are the truth."""
    found = _with_limits_and_errors(evidence, evidence.ladder)
    tried = max((len(rung.other_seeds) for rung in evidence.ladder if rung.is_ai), default=0)
    if not tried:
        return found
    others = [
        _with_limits_and_errors(evidence, _of_seed(evidence.ladder, number), flips=False) for number in range(tried)
    ]
    turned = sum((other.verdict in SHIPS_AI) != (found.verdict in SHIPS_AI) for other in others)
    found = replace(found, figures=replace(found.figures, seeds_turned=(turned, tried)))
    if turned and found.verdict not in ("undecided", "not_assessed"):
        return Found("undecided", ("seeds_disagree",), found.figures)
    return found


def _of_seed(ladder: Sequence[DecisionRow], number: int) -> list[DecisionRow]:
    """The ladder with the errors of a fit with another seed; what was not fitted again stays."""
    return [
        replace(rung, error=error, error_met=error <= 1, value=error)
        if rung.is_ai and (error := dict(enumerate(rung.other_seeds)).get(number)) is not None
        else rung
        for rung in ladder
    ]


def _with_limits_and_errors(evidence: Necessity, ladder: Sequence[DecisionRow], flips: bool = True) -> Found:
    surrogates = [rung for rung in ladder if rung.is_ai and rung.admissible]
    alternatives = [rung for rung in ladder if not rung.is_ai and rung.admissible]
    if not surrogates:
        return _without_ai(evidence, ladder, alternatives)
    weighed = evidence.weigh(surrogates, alternatives)
    found = Found(weighed.verdict, weighed.reasons)
    if weighed.compared is not None:
        figures = Figures(
            weighed.compared.break_even,
            evidence.flip(surrogates, alternatives) if flips else None,
            weighed.compared.saving,
            weighed.compared.ai_cheaper,
            weighed.compared.alternative_cheaper,
        )
        found = replace(found, figures=figures)
    elif weighed.verdict == "infeasible_otherwise":
        found = _where_data_are_missing(found, ladder)
    for reserve in (_chosen_limits, _straw, _alternatives_near_the_limit, _few_places):
        if found.verdict in SHIPS_AI:
            found = reserve(found, evidence, ladder, surrogates, alternatives)
    return found


def _without_ai(evidence: Necessity, ladder: Sequence[DecisionRow], alternatives: Sequence[DecisionRow]) -> Found:
    """No AI meets the need; undecided where one may, and would be needed then."""
    weighed = evidence.weigh([], alternatives)
    near = [rung for rung in ladder if rung.is_ai and rung.straddles]
    if near and evidence.weigh(near, alternatives).verdict in (*SHIPS_AI, "undecided"):
        best = evidence.cheapest(near)
        assert best is not None
        found = Found("undecided", ("ai_straddles",), Figures(straddling=(best.name,)))
    else:
        found = Found(weighed.verdict, weighed.reasons)
    excluded = [rung for rung in ladder if not rung.is_ai and rung.excluded_by_choice]
    if not excluded or alternatives:
        return found
    limits, barred = _limits_of(evidence, excluded)
    return found.turned(found.verdict, "a_limit_excludes", limits_that_exclude=limits, without_limits=barred)


def _limits_of(evidence: Necessity, excluded: Sequence[DecisionRow]) -> tuple[tuple[str, ...], str]:
    """Limits that were chosen and exclude these, and the cheapest of them."""
    best = evidence.cheapest(excluded)
    assert best is not None
    return tuple(sorted({limit for rung in excluded for limit in rung.chosen_limits})), best.name


def _where_data_are_missing(found: Found, ladder: Sequence[DecisionRow]) -> Found:
    """That the physics lacks data is a fact, and no limit that anybody chose."""
    facts = sorted({name for rung in ladder if not rung.is_ai and rung.error_met for name in rung.hard_limits})
    if not facts:
        return found
    reasons = (*found.reasons, "missing_information")
    return Found(found.verdict, reasons, replace(found.figures, limits_that_exclude=tuple(facts)))


def _chosen_limits(
    found: Found,
    evidence: Necessity,
    ladder: Sequence[DecisionRow],
    surrogates: Sequence[DecisionRow],
    alternatives: Sequence[DecisionRow],
) -> Found:
    """A limit that somebody chose cannot win: without it the need has to be shown all the same."""
    excluded = [rung for rung in ladder if not rung.is_ai and rung.excluded_by_choice]
    if not excluded:
        return found
    if alternatives and evidence.weigh(surrogates, [*alternatives, *excluded]).verdict == "demonstrated":
        return found
    limits, barred = _limits_of(evidence, excluded)
    reason = "a_chosen_limit" if alternatives else "only_a_chosen_limit"
    told = replace(found, reasons=found.reasons if alternatives else ())
    return told.turned("conditional", reason, limits_that_exclude=limits, without_limits=barred)


def _straw(
    found: Found,
    evidence: Necessity,
    ladder: Sequence[DecisionRow],
    surrogates: Sequence[DecisionRow],
    alternatives: Sequence[DecisionRow],
) -> Found:
    """Alternatives that a study brings, each worse than a constant, were not meant to answer."""
    constant = next((rung for rung in ladder if rung.kind == "constant"), None)
    brought = [rung for rung in ladder if rung.kind in _BROUGHT]
    if constant is None or not brought or any(_wrong_by(rung) <= _wrong_by(constant) for rung in brought):
        return found
    return found.turned("conditional", "straw_alternative" if len(brought) == 1 else "straw_alternatives")


def _wrong_by(rung: DecisionRow) -> float:
    return min(rung.value, rung.error)


def _alternatives_near_the_limit(
    found: Found,
    evidence: Necessity,
    ladder: Sequence[DecisionRow],
    surrogates: Sequence[DecisionRow],
    alternatives: Sequence[DecisionRow],
) -> Found:
    """An alternative may meet the need, and would take the place of the AI: few held-out runs are no argument for AI."""
    near = [rung for rung in ladder if not rung.is_ai and rung.straddles]
    turning = [r for r in near if evidence.weigh(surrogates, [*alternatives, r]).verdict not in SHIPS_AI]
    if not turning:
        return found
    best = evidence.cheapest(turning)
    assert best is not None
    return found.turned("undecided", "alternative_straddles", straddling=(best.name,))


def _few_places(
    found: Found,
    evidence: Necessity,
    ladder: Sequence[DecisionRow],
    surrogates: Sequence[DecisionRow],
    alternatives: Sequence[DecisionRow],
) -> Found:
    """Errors at a few places show nothing of others."""
    best = evidence.cheapest(surrogates)
    assert best is not None
    return found if best.bounded else found.turned("undecided", "few_places")
