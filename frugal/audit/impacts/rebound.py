r"""Screening for rebound: how far the use may grow before the answer consumes more than what it replaces.

.. math:: R_{max} = \frac{C_{ref}(N_0) - F}{N_0 \, v}

with the cost of the reference over the service life :math:`C_{ref}`, and the fixed cost :math:`F` and the price of a query
:math:`v` of the answer that ships, all in CPU seconds, and again in carbon, network included. A screening of this kind is
what ITU-T L.1480 calls tier 3: it must not be used in public claims.
"""

from __future__ import annotations

from typing import Any

from frugal.audit.evidence.evidence import Evidence
from frugal.audit.impacts.account import Account
from frugal.candidates.row import CandidateRow

#: The use may grow at least this many times.
ENOUGH_ROOM = 3.0


def rebound(evidence: Evidence, account: Account) -> dict[str, Any]:
    """Room for growth of the answer that ships, against the best answer of the other kind.

    The reference is the best answer without AI where an AI ships, and the full physics where something else does; none where
    the full physics cannot be asked.
    """
    decision, winner = evidence.decision, evidence.winner
    queries = decision.queries_mid if evidence.need.get("queries") else None
    reference = _reference(evidence)
    found: dict[str, Any] = {
        "winner": winner.name if winner else None,
        "reference": reference.name if reference else None,
        "queries": queries,
        "room": None,
        "room_carbon": None,
        "replaces": evidence.need.get("replaces") or None,
    }
    if winner is None or reference is None or not queries:
        return found
    costs, asked = decision.lifetime_cpu_seconds, winner.query.get(decision.pattern)
    if reference.name not in costs or asked is None or asked.cpu_seconds <= 0:
        return found
    fixed = winner.fixed_cpu_seconds or 0.0
    found["room"] = (costs[reference.name] - fixed) / (queries * asked.cpu_seconds)
    found["room_carbon"] = _room_carbon(evidence, account, reference.name, queries)
    return found


def _room_carbon(evidence: Evidence, account: Account, reference: str, queries: float) -> float | None:
    """The same in carbon, by the medians of the footprint; None where its electricity has no factor."""
    rows = account.footprint["rows"]
    life = {
        row["candidate"]: row["impacts"]["gwp"]["p50"]
        for row in rows
        if row["per"] == "lifetime" and "gwp" in row["impacts"]
    }
    one = next((row["impacts"].get("gwp") for row in rows if row["per"] == "functional_unit"), None)
    if reference not in life or evidence.decision.winner not in life or not one or not one["p50"]:
        return None
    asked = queries * one["p50"]
    return float((life[reference] - (life[evidence.decision.winner] - asked)) / asked)


def _reference(evidence: Evidence) -> CandidateRow | None:
    winner, ladder = evidence.winner, evidence.ladder
    if winner is None:
        return None
    best = ladder.best_alternative if winner.is_ai else ladder.physics_to_ask
    return None if best is None or best.name == winner.name else best
