r"""The yearly footprint beside planetary boundaries: direct effects only, and never proof that a use is within them.

.. math:: s_k = \frac{I_k}{(B_k / P) \, n}

is the share of the yearly budget that a person would have if the boundary :math:`B_k` of the world were divided equally
among its :math:`P` inhabitants, for each of the :math:`n` people served. Boundaries: Sala et al. (2020), J. Environ. Manage.
269, 110686, table 3 (values of the EF method). The budget of one digital service is that of a person times the share of
digital technology in the French footprint, over a number of services; both are conventions, printed with the result.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from frugal.audit.impacts.footprint import CATEGORIES, PERCENTILES, Pricing, Work
from frugal.metering.factors.table import FactorTable

DAYS_PER_YEAR = 365.0
#: Below the first share of the budget the direct footprint counts as small, above the second as too large.
SMALL_SHARE, WHOLE_SHARE = 0.1, 1.0

#: Boundary of each category, and by how much its unit is larger than that of the footprint.
BOUNDARIES = {
    "gwp": ("boundary_climate", 1e3),
    "fossil": ("boundary_fossils", 1.0),
    "adpe": ("boundary_minerals", 1.0),
    "particles": ("boundary_particles", 1.0),
    "ionising": ("boundary_ionising", 1.0),
    "ozone_formation": ("boundary_ozone_formation", 1.0),
    "acidification": ("boundary_acidification", 1.0),
    "eutrophication_marine": ("boundary_eutrophication_marine", 1.0),
    "eutrophication_freshwater": ("boundary_eutrophication_freshwater", 1.0),
    "eutrophication_terrestrial": ("boundary_eutrophication_terrestrial", 1.0),
    "ozone_depletion": ("boundary_ozone_depletion", 1.0),
}

#: Boundaries that nothing here can be held against: no factor, or one in another unit (litres are not weighted by scarcity).
NEVER_COVERED = ("water_scarcity", "land", "toxicity_cancer", "toxicity_non_cancer", "ecotoxicity")


def boundaries(
    pricing: Pricing, works: Iterable[Work], factors: FactorTable, beneficiaries: float | None
) -> dict[str, Any]:
    """Share of each boundary that a year of the service takes.

    Parameters
    ----------
    pricing : Pricing
    works : iterable of Work
        A year of the service: its use at the high end, and the year's part of the preparation.
    factors : FactorTable
    beneficiaries : float, optional
        People served; one where nobody said, which is the least favourable.

    Returns
    -------
    dict
        ``budget_share`` (of a person's budget that a service is given), and for each category covered the share with
        its interval, the person-days and the part of the budget; the worst one first.
    """
    works, people = list(works), beneficiaries or 1.0
    population = factors["world_population"].value
    budget = factors["digital_share"].value / factors["services_per_person"].value
    populations, budgets = _conventions(factors, pricing)
    rows: list[dict[str, Any]] = []
    missing = list(NEVER_COVERED)
    for category, (boundary, larger) in BOUNDARIES.items():
        if not pricing.covers(category) or boundary not in factors:
            missing.append(category)
            continue
        a_person = factors[boundary].value * larger / populations
        draws = pricing.impact(works, category) / a_person / people
        share, part = _percentiles(draws), _percentiles(draws / budgets)
        rows.append(
            {
                "category": category,
                "unit": CATEGORIES[category].unit,
                "share": share,
                "person_days": DAYS_PER_YEAR * share["p50"],
                "part_of_budget": part,
                "manufacture_covered": CATEGORIES[category].server is not None,
            }
        )
    rows.sort(key=lambda row: -row["part_of_budget"]["p95"])
    return {
        "budget_share": budget,
        "beneficiaries": beneficiaries,
        "population": population,
        "categories": rows,
        "not_covered": missing,
        "worst": rows[0]["category"] if rows else None,
    }


def _conventions(factors: FactorTable, pricing: Pricing) -> tuple[np.ndarray, np.ndarray]:
    """Population and budget of one service, drawn within their intervals like every other factor."""
    rng = np.random.default_rng([pricing.seed, 1])
    population, share, services = (
        factors[name].draw(rng, pricing.draws) for name in ("world_population", "digital_share", "services_per_person")
    )
    return population, share / services


def _percentiles(draws: np.ndarray) -> dict[str, float]:
    return dict(zip(("p5", "p50", "p95"), map(float, np.percentile(draws, PERCENTILES)), strict=True))


def boundary_status(found: Mapping[str, Any]) -> str:
    """``pass``, ``warn`` or ``fail`` by the upper bound of the worst category."""
    upper = max((row["part_of_budget"]["p95"] for row in found["categories"]), default=None)
    if upper is None:
        return "not_assessed"
    return "pass" if upper <= SMALL_SHARE else "warn" if upper <= WHOLE_SHARE else "fail"
