"""The accurate answer that emits least, where the decision, which counts computing time, retains another."""

from __future__ import annotations

from typing import Any

import numpy as np

from frugal.audit.evidence.evidence import Evidence
from frugal.audit.impacts.footprint import Pricing
from frugal.audit.impacts.query_work import asked, lifetime


def lighter_answer(evidence: Evidence, pricing: Pricing, runtime_bytes: float) -> dict[str, Any] | None:
    """What would emit clearly less carbon over the service life than the answer retained.

    Every answer within the tolerance is asked, also those that a limit of the call pattern excludes, but not what lacks data;
    what would run on the user's device is tried on a server too, because a download may outweigh all of the computing.

    Parameters
    ----------
    evidence : Evidence
    pricing : Pricing
        Its country's electricity decides what is lighter.
    runtime_bytes : float
        What a browser or a phone loads to run a graph, beside the graph [bytes].

    Returns
    -------
    dict or None
        ``candidate``, ``served`` (a server answers in the place of the user's device), ``gwp`` and ``winner_gwp`` in g
        CO2e (medians). None where nothing is lighter by the margin of the decision.
    """
    winner, queries = evidence.winner, evidence.decision.queries_mid
    if winner is None or queries is None or not evidence.need.get("queries") or not pricing.covers("gwp"):
        return None
    on_device = (evidence.pattern.get("target") or "local") in ("browser", "phone")
    weights: dict[tuple[str, bool], float] = {}
    for name, candidate in evidence.candidates.items():
        beyond = candidate.name != winner.name and candidate.error_bound > 1
        if candidate.status != "ok" or candidate.lacks or beyond:
            continue
        for served in (False, True) if on_device and candidate.graph else (False,):
            how = asked(candidate, evidence, runtime_bytes, served)
            if how is not None:
                works = lifetime(candidate, how, queries)
                weights[name, served] = float(np.median(pricing.impact(works, "gwp")))
    kept = weights.get((winner.name, False))
    if kept is None:
        return None
    name, served = min(weights, key=lambda key: weights[key])
    if kept <= evidence.margin * weights[name, served]:
        return None
    return {"candidate": name, "served": served, "gwp": weights[name, served], "winner_gwp": kept}
