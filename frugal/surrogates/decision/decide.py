r"""Which candidate ships, and whether AI was needed: one pure function of ledger, ladder and need.

The cost of candidate :math:`i` for :math:`N` queries is :math:`C_i(N) = F_i + N v_i` in CPU seconds: :math:`F_i` its
fixed cost from the ledger (compilation, its training runs, fits, calibration, export), :math:`v_i` the measured cost of
one query. The break-even of an AI candidate :math:`S` against an alternative :math:`a` is

.. math:: N^*(S, a) = (F_S - F_a) / (v_a - v_S), \qquad v_a > v_S,

and never where :math:`S` is dearer both to build and to ask. All terms are CPU seconds of one machine, so that watts per
core cancel: no verdict depends on them.

A candidate that needs data which are missing where the study is asked (the full physics on a survey that nobody has) is no
alternative: it breaks a hard limit, and no cost is compared with its own. AI then has to stand against the others alone.

What is weighed stands in `costs`, the rules on costs in `necessity`, what a positive verdict has to withstand in `reserves`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from frugal.candidates.decision import Decision, Policy
from frugal.candidates.grid_error import beyond_need
from frugal.candidates.row import CandidateRow
from frugal.experiments.study import CallPattern, Need
from frugal.metering.ledger.ledger import Entry
from frugal.surrogates.decision.costs import (
    DecisionRow,
    cheapest,
    fixed_parts,
    is_assessed,
    least_consuming,
    missing_baselines,
    ships_without_use,
)
from frugal.surrogates.decision.necessity import Necessity
from frugal.surrogates.decision.reasons import sentence
from frugal.surrogates.decision.reserves import SHIPS_AI, judge


def decide_rows(
    need: Need, rows: Sequence[CandidateRow], ledger: Sequence[Entry], training_share: float, seed: int
) -> list[Decision]:
    """One decision for each call pattern of the need, in their order; the first is the one that ships.

    Parameters
    ----------
    need : Need
    rows : sequence of CandidateRow
        As measured; those not measured under a call pattern take no part in its decision, nor do those of which an error, a
        bound or a cost is missing.
    ledger : sequence of Entry
        Of all stages ever run for the bundle: fixed costs come from it.
    training_share : float
        Share of the runs that candidates learnt from, 0 to 1.
    seed : int
        Of the Monte Carlo over costs.
    """
    decisions = []
    for pattern in need.call_patterns:
        ladder = [DecisionRow.of(row, pattern.name) for row in rows if is_assessed(row, pattern.name)]
        decisions.append(decide(ledger, ladder, need, pattern, training_share=training_share, seed=seed))
    return decisions


def decide(
    ledger: Sequence[Entry],
    ladder: Sequence[DecisionRow],
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
    ladder : sequence of DecisionRow
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
        no such alternative does the AI stay, with its verdict. Where no use is declared, `ships_without_use` chooses.
    """
    policy = policy or Policy()
    pattern = pattern or need.call_patterns[0]
    fixed = {rung.name: sum(fixed_parts(ledger, rung, training_share).values()) for rung in ladder}
    # a comparison with NaN is false either way: whatever has a cost that is missing is not compared at all
    ladder = [rung for rung in ladder if math.isfinite(fixed[rung.name]) and np.isfinite(rung.query_blocks).all()]
    per_query = {rung.name: float(np.median(rung.query_blocks)) for rung in ladder}
    middle = math.sqrt(need.queries[0] * need.queries[1]) if need.queries else 1.0
    lifetime = {rung.name: fixed[rung.name] + middle * per_query[rung.name] for rung in ladder if rung.can_be_asked}
    admissible = [rung for rung in ladder if rung.admissible]
    alternatives = [rung for rung in admissible if not rung.is_ai]
    surrogates = [rung for rung in admissible if rung.is_ai]
    best_ai = cheapest(surrogates, lifetime)
    best_alternative = cheapest(alternatives, lifetime)
    allowed = {name: (tolerance.metric, tolerance.error_allowed) for name, tolerance in need.tolerances.items()}
    found = judge(Necessity(ladder, need, fixed, lifetime, policy, seed), beyond_need(ledger, allowed))
    verdict, reasons = found.verdict, found.reasons

    winner = least_consuming(admissible, lifetime, policy.tie_factor)
    if need.queries is None:
        winner, why = ships_without_use(ladder, policy, need.declared)
        reasons = (*reasons, why) if winner is not None else reasons
    elif winner is not None and winner.is_ai and verdict not in SHIPS_AI and alternatives:
        winner = least_consuming(alternatives, lifetime, policy.tie_factor)
        reasons = (*reasons, "burden_of_proof")
    elif winner is not None and winner.is_ai and verdict not in SHIPS_AI:
        reasons = (*reasons, "only_ai_meets_the_need")
    decision = Decision(
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
        **vars(found.figures),
    )
    return replace(decision, told=tuple(sentence(code, decision) for code in reasons))
