"""The footprint section of an audit: what was spent, what the use will take, and how answers compare, in every category."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from frugal.audit.evidence.evidence import Evidence
from frugal.audit.evidence.ledger_lines import cpu_total
from frugal.audit.impacts.boundaries import boundaries
from frugal.audit.impacts.footprint import CATEGORIES, FOOTPRINT, Pricing, Watts, Work
from frugal.audit.impacts.lowest_carbon import lighter_answer
from frugal.audit.impacts.query_work import (
    Asked,
    Delivery,
    asked,
    delivery_of,
    gigabyte_seconds,
    ledger_works,
    lifetime,
    queries_per_hour,
    queries_per_journey,
)
from frugal.candidates.row import CandidateRow
from frugal.metering.factors.table import Factor, FactorTable

#: Order of the stages of the ledger in the table of costs.
STAGES = (
    "need", "preparation", "metering", "loading", "compile", "generation", "placing", "fit", "calibration", "export", "parity",
    "evaluation", "practice", "tracking", "audit", "report",
)  # fmt: skip

ROLES = ("winner", "best_ai", "best_alternative", "full_physics")

#: Another electricity for the scenario lines, where the table has it.
SCENARIO_COUNTRIES = ("FRA", "EUU", "WOR")


@dataclass(frozen=True)
class Account:
    """Everything about an audit that has a unit of impact.

    Parameters
    ----------
    costs : list
        The ledger by stage, priced.
    footprint : dict
        Rows by functional unit, query, hour, journey and year; stages by tier; shares of variance.
    boundaries : dict
        A year of the service beside planetary boundaries.
    burdens : list
        For each category, whether the best AI weighs more than the best alternative.
    factors : tuple of Factor
        The factors that were used.
    delivery : Delivery, optional
        What a browser loads of the answer retained; None where it has no graph.
    """

    costs: list[dict[str, Any]]
    footprint: dict[str, Any]
    boundaries: dict[str, Any]
    burdens: list[dict[str, Any]]
    factors: tuple[Factor, ...]
    delivery: Delivery | None


def take_account(evidence: Evidence, factors: FactorTable, country: str, assumed: bool = False) -> Account:
    """Price the ledger and the declared use.

    Parameters
    ----------
    evidence : Evidence
    factors : FactorTable
    country : str
        ISO 3166 alpha-3 code.
    assumed : bool
        Nobody named the country.
    """
    pricing = pricing_for(evidence.machine, factors, country)
    accountant = _Accountant(evidence, pricing, factors)
    return Account(
        costs=_costs(evidence, pricing),
        footprint={**accountant.footprint(), "country_assumed": assumed},
        boundaries=boundaries(pricing, accountant.year(1), factors, evidence.need.get("beneficiaries")),
        burdens=accountant.burdens(),
        factors=_used(factors, country, evidence.machine),
        delivery=accountant.delivery(),
    )


#: In the table for other uses than an audit.
_UNUSED = {
    "boundary_water", "boundary_land", "boundary_toxicity_cancer", "boundary_toxicity_non_cancer", "boundary_ecotoxicity",
    "datacentre_kwh_per_gb", "network_embodied_kwh_per_gb",
}  # fmt: skip


def _used(factors: FactorTable, country: str, machine: Mapping[str, Any]) -> tuple[Factor, ...]:
    """What this audit rests on: the electricity of its country, and the carbon of the others it is compared with."""
    others = {f"electricity_gwp_{other}" for other in SCENARIO_COUNTRIES}
    return tuple(
        factor
        for factor in factors.values()
        if factor.id not in _UNUSED
        # where the power of a core is declared or metered, the factor plays no part
        and (factor.id != "watts_per_core" or machine.get("tier") == "T4")
        and (not factor.id.startswith("electricity_") or factor.id.endswith(f"_{country}") or factor.id in others)
    )


def pricing_for(machine: Mapping[str, Any], factors: FactorTable, country: str) -> Pricing:
    """Factors drawn for a machine: its declared or measured watts, the default with its interval where it has none.

    Parameters
    ----------
    machine : mapping
        The machine of the comparison: ``watts_per_core`` of one busy core [W] with ``watts_low`` and ``watts_high`` (95 %),
        ``pue`` (at least 1), ``wue_l_per_kwh`` [L/kWh], ``includes_memory`` where a meter had the memory in its watts. All
        may be missing.
    factors : FactorTable
    country : str
        ISO 3166 alpha-3 code of where the electricity is drawn.
    """
    default = factors["watts_per_core"]
    central = machine.get("watts_per_core")
    if central is None:
        watts = Watts(default.value, default.low, default.high)
    else:
        watts = Watts(central, machine.get("watts_low") or central, machine.get("watts_high") or central)
    return Pricing(
        factors,
        watts,
        country,
        pue=machine.get("pue"),
        wue_l_per_kwh=machine.get("wue_l_per_kwh") or 0.0,
        watts_hold_memory=bool(machine.get("includes_memory")),
    )


def _costs(evidence: Evidence, pricing: Pricing) -> list[dict[str, Any]]:
    """What was spent, stage by stage of the ledger, failures included."""
    stages = {line["stage"] for line in evidence.spent}
    rows = []
    for stage in sorted(stages, key=lambda s: (STAGES.index(s) if s in STAGES else len(STAGES), s)):
        lines = [line for line in evidence.spent if line["stage"] == stage]
        estimated = sum(cpu_total(line) for line in lines if line.get("estimated"))
        failed = [line for line in lines if line["status"] != "ok"]
        theirs = [line for line in lines if line.get("codecarbon_joules") is not None]
        work = Work(sum(map(cpu_total, lines)), gigabyte_seconds=sum(map(gigabyte_seconds, lines)))
        rows.append(
            {
                "stage": stage,
                "entries": sum(not line.get("estimated") for line in lines),
                "failed": len(failed),
                "failed_cpu_seconds": sum(map(cpu_total, failed)),
                "runs": sum(line.get("runs") or 0 for line in lines) or None,
                "cpu_seconds": work.cpu_seconds,
                "wall_seconds": sum(line.get("wall_seconds") or 0.0 for line in lines),
                "peak_rss_bytes": max(line.get("peak_rss_bytes") or 0 for line in lines),
                "cpu_joules": work.cpu_seconds * pricing.watts.value,
                "codecarbon_joules": sum(line["codecarbon_joules"] for line in theirs) if theirs else None,
                "codecarbon_cpu_seconds": sum(map(cpu_total, theirs)) if theirs else None,
                "impacts": pricing.price([work]),
                **({"estimated_cpu_seconds": estimated} if estimated else {}),
            }
        )
    return rows


class _Accountant:
    """Rows of the footprint for the candidates that the decision names."""

    def __init__(self, evidence: Evidence, pricing: Pricing, factors: FactorTable) -> None:
        self.evidence = evidence
        self.pricing = pricing
        self.factors = factors
        self.preparation = ledger_works(evidence.spent)
        self.named = self._named()

    def _named(self) -> dict[str, tuple[CandidateRow, Asked]]:
        evidence, ladder = self.evidence, self.evidence.ladder
        runtime = self.factors["runtime_bytes_browser"].value
        found = {
            "winner": ladder.winner,
            "best_ai": ladder.closest_ai,
            "best_alternative": ladder.best_alternative,
            "full_physics": ladder.physics_to_ask,
        }
        named = {}
        for role in ROLES:
            candidate = found[role]
            how = asked(candidate, evidence, runtime) if candidate is not None else None
            if candidate is not None and how is not None:
                named[role] = (candidate, how)
        return named

    def footprint(self) -> dict[str, Any]:
        """The whole section."""
        rows = [self._row("preparation", None, None, list(self.preparation.values()), None)]
        rows += [row for role in self.named for row in self._rows(role)]
        whole = self.year(1)
        return {
            "country": self.pricing.country,
            "draws": self.pricing.draws,
            "seed": self.pricing.seed,
            "categories": self._categories(),
            "not_covered": [category for category in FOOTPRINT if not self.pricing.covers(category)],
            "rows": rows,
            "stages": self._stages(),
            "variance": {
                category: self.pricing.shares_of_variance(whole, category)
                for category in ("energy", *self.pricing.covered())
            },
            "scenarios": self._scenarios(whole),
            "whole": self._whole(),
            "delivery": self._delivered(),
            "lighter": lighter_answer(self.evidence, self.pricing, self.factors["runtime_bytes_browser"].value),
            "conventions": self._conventions(),
        }

    def delivery(self) -> Delivery | None:
        """What a browser loads of the answer retained; None where it has no graph, or nothing is asked on a user's device."""
        winner, target = self.evidence.winner, self.evidence.pattern.get("target") or "local"
        if winner is None or winner.graph is None or target not in ("browser", "phone"):
            return None
        return delivery_of(winner, self.evidence, self.factors["runtime_bytes_browser"].value)

    def _delivered(self) -> dict[str, Any] | None:
        found = self.delivery()
        return None if found is None else {**asdict(found), "reason": dict(found.reason), "total": found.total}

    def _categories(self) -> dict[str, dict[str, str]]:
        return {"energy": {"unit": "J"}, **{c: {"unit": CATEGORIES[c].unit} for c in self.pricing.covered()}}

    def _conventions(self) -> dict[str, Any]:
        need = self.evidence.need
        return {
            "queries_per_journey": queries_per_journey(need),
            "queries_per_journey_declared": bool(need.get("queries_per_journey")),
            "queries_per_hour": queries_per_hour(need),
            "queries_per_hour_declared": bool(need.get("queries_per_hour")),
        }

    def _rows(self, role: str) -> list[dict[str, Any]]:
        """What one candidate takes: by unit of use for the winner, over the service life for all."""
        _, how = self.named[role]
        need, middle = self.evidence.need, self._queries_mid()
        rows = []
        if role == "winner":
            per = {
                "functional_unit": 1.0,
                "inference": float(how.rows),
                "hour": queries_per_hour(need),
                "journey": queries_per_journey(need),
            }
            rows += [self._row(unit, role, number, [how.query.times(number)], number) for unit, number in per.items()]
            if middle is not None:
                share = [work.times(1 / middle) for work in self.preparation.values()]
                rows.append(self._row("amortised", role, None, share, 1.0))
                rows += [
                    self._row(name, role, need["queries"][end] / need["service_life_years"], self.year(end), None)
                    for end, name in enumerate(("year_low", "year_high"))
                ]
        if middle is not None:
            rows.append(self._row("lifetime", role, middle, self._lifetime(role, middle), None))
        return rows

    def _queries_mid(self) -> float | None:
        """Queries over the service life: the middle of the declared use; None where none is declared."""
        return self.evidence.decision.queries_mid or None if self.evidence.need.get("queries") else None

    def _row(
        self, per: str, role: str | None, queries: float | None, works: list[Work], units: float | None
    ) -> dict[str, Any]:
        candidate = self.named[role][0] if role else None
        return {
            "per": per,
            "role": role,
            "candidate": candidate.name if candidate is not None else None,
            "queries": queries,
            "functional_units": units,
            "cpu_seconds": sum(work.cpu_seconds for work in works),
            "network_bytes": 1e9 * sum(work.network_gigabytes for work in works),
            "impacts": self.pricing.price(works),
        }

    def year(self, end: int) -> list[Work]:
        """A year of the service at the low (0) or high (1) end of the use: its queries, its part of the preparation.

        Only the preparation where no use is declared or nothing ships.
        """
        need = self.evidence.need
        if "winner" not in self.named or not need.get("queries"):
            return list(self.preparation.values())
        life = need["service_life_years"]
        shares = [work.times(1 / life) for work in self.preparation.values()]
        return [*shares, self.named["winner"][1].query.times(need["queries"][end] / life)]

    def _lifetime(self, role: str, queries: float) -> list[Work]:
        candidate, how = self.named[role]
        return lifetime(candidate, how, queries)

    def _stages(self) -> list[dict[str, Any]]:
        """Life of the service by stage and tier: where it is spent."""
        rows = [
            {
                "stage": stage,
                "tier": "datacentre",
                "cpu_seconds": work.cpu_seconds,
                "impacts": self.pricing.price([work]),
            }
            for stage, work in self.preparation.items()
        ]
        middle = self._queries_mid()
        if "winner" in self.named and middle is not None:
            whole = self.named["winner"][1].query.times(middle)
            computing = replace(whole, network_gigabytes=0.0)
            tier = "datacentre" if whole.device == "server" else "terminal"
            rows.append(
                {
                    "stage": "use",
                    "tier": tier,
                    "cpu_seconds": whole.cpu_seconds,
                    "impacts": self.pricing.price([computing]),
                }
            )
            wire = Work(0.0, network_gigabytes=whole.network_gigabytes)
            rows.append({"stage": "use", "tier": "network", "cpu_seconds": 0.0, "impacts": self.pricing.price([wire])})
        return rows

    def _whole(self) -> dict[str, Any] | None:
        """The whole service life: all of the preparation, and the answer retained in the middle of the declared use."""
        middle = self._queries_mid()
        if "winner" not in self.named or middle is None:
            return None
        works = [*self.preparation.values(), self.named["winner"][1].query.times(middle)]
        cpu_seconds = sum(work.cpu_seconds for work in works)
        return {"queries": middle, "cpu_seconds": cpu_seconds, "impacts": self.pricing.price(works)}

    def _scenarios(self, works: list[Work]) -> list[dict[str, Any]]:
        """Carbon of the same year with other electricity."""
        rows = []
        for country in dict.fromkeys([self.pricing.country, *SCENARIO_COUNTRIES]):
            other = self.pricing
            if country != self.pricing.country:
                if self.factors.electricity("gwp", country) is None:
                    continue
                other = pricing_for(self.evidence.machine, self.factors, country)
            rows.append({"country": country, "gwp": other.price(works, ["gwp"])["gwp"]})
        return rows

    def burdens(self) -> list[dict[str, Any]]:
        """Whether the best AI weighs more than the best alternative over the service life, category by category.

        By the margin of the decision: factors are shared by both, so that without one the least difference would be sure.
        """
        met, middle = self.evidence.best_ai is not None, self._queries_mid()
        if not met or not {"best_ai", "best_alternative"} <= set(self.named) or middle is None:
            return []
        margin = self.evidence.margin
        pair = {role: self._lifetime(role, middle) for role in ("best_ai", "best_alternative")}
        rows = []
        for category in ("energy", *self.pricing.covered(CATEGORIES)):
            draws = {
                role: self.pricing.energy(works) if category == "energy" else self.pricing.impact(works, category)
                for role, works in pair.items()
            }
            rows.append(
                {
                    "category": category,
                    "best_ai": float(np.median(draws["best_ai"])),
                    "best_alternative": float(np.median(draws["best_alternative"])),
                    "probability_ai_heavier": float(np.mean(draws["best_ai"] > margin * draws["best_alternative"])),
                }
            )
        return rows
