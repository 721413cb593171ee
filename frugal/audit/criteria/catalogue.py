"""The criteria of the audit: what each asks, and the rule that answers from the evidence.

Conditions 1 to 3 are those of a frugal AI service as the French State words them (need demonstrated; good
practice by producer, provider and customer; planetary boundaries). RGESN 2024, chapter 9, asks the same in
testable form. Ids, wording and thresholds are this program's own. To add a criterion, append it to `CRITERIA`.
"""

from __future__ import annotations

from typing import Any

from frugal.audit.criteria import claims, customer, limits, measurement, need, producer, provider, truth
from frugal.audit.criteria.findings import Criterion
from frugal.audit.impacts.assessment import Assessment
from frugal.audit.words.sentences import say


def evaluate(assessment: Assessment) -> list[dict[str, Any]]:
    """Ask every criterion, in order, as plain values for `audit.json`."""
    rows = []
    for criterion in CRITERIA:
        found = criterion.evaluate(assessment)
        rows.append(
            {
                "id": criterion.id,
                "condition": criterion.condition,
                "role": criterion.role,
                "kind": criterion.kind,
                "title": criterion.title,
                "asks": list(criterion.asks),
                "status": found.status,
                "value": found.value,
                "threshold": found.threshold,
                "evidence": list(found.evidence),
                "text": found.text,
            }
        )
    return rows


def _need(name: str, rule: Any, *asks: str, kind: Any = "computed") -> Criterion:
    return Criterion(name, "C1", say(f"{name}.title"), rule, kind, None, asks)


def _practice(name: str, role: Any, rule: Any, *asks: str, kind: Any = "computed") -> Criterion:
    return Criterion(name, "C2", say(f"{name}.title"), rule, kind, role, asks)


def _measure(name: str, rule: Any) -> Criterion:
    return Criterion(name, "MES", say(f"{name}.title"), rule)


def _limit(name: str, rule: Any, kind: Any = "computed") -> Criterion:
    return Criterion(name, "C3", say(f"{name}.title"), rule, kind, None, ("condition 3",))


def _claim(name: str, rule: Any) -> Criterion:
    return Criterion(name, "COM", say(f"{name}.title"), rule)


# fmt: off
CRITERIA: tuple[Criterion, ...] = (
    _need("NEC-01", need.written_first,
          "condition 1", "BP 01", "RGESN 1.2", "RGESN 9.1"),
    _need("NEC-02", need.tolerance, "RGESN 9.1",
          kind="mixed"),
    _need("NEC-03", need.alternatives, "condition 1", "RGESN 9.2"),
    _need("NEC-04", need.cheapest, "condition 1"),
    _need("NEC-05", need.break_even, "condition 1"),
    _need("NEC-06", need.materiality),
    _need("NEC-07", need.dominance, "BP 31", "RGESN 9.2"),
    _need("NEC-08", need.value_to_user, "RGESN 1.1", kind="declared"),
    _need("NEC-09", need.rebound_screened, "ITU-T L.1480", kind="mixed"),
    _need("NEC-10", need.exit_test,
          kind="declared"),
    _practice("FRU-01", "producer", producer.simplest_model, "RGESN 9.2", "BP 31"),
    _practice("FRU-02", "producer", producer.size_in_proportion,
              "RGESN 9.6"),
    _practice("FRU-03", "producer", producer.data_in_proportion, "RGESN 9.4"),
    _practice("FRU-04", "producer", producer.inputs_in_proportion,
              "RGESN 9.4"),
    _practice("FRU-05", "producer", producer.search_bounded,
              "RGESN 9.3"),
    _practice("FRU-06", "producer", producer.stopped_early, "RGESN 9.3"),
    _practice("FRU-07", "producer", producer.failures_counted),
    _practice("FRU-08", "producer", producer.compression, "RGESN 9.6"),
    _practice("FRU-09", "producer", producer.reuse,
              "RGESN 9.3", kind="declared"),
    _practice("FRU-10", "producer", producer.efficient_runs, "BP 26"),
    _practice("FRU-11", "producer", producer.reproducible, "BP 26", "RGESN 1.4"),
    _practice("FRU-12", "producer", producer.estimated_beforehand, "BP 23"),
    _practice("FRU-13", "producer", producer.tracked_together, "RGESN 9.3", "RGESN 9.7"),
    _practice("FRU-14", "provider", provider.inference_strategy, "RGESN 9.7"),
    _practice("FRU-15", "provider", provider.delivery_weight),
    _practice("FRU-16", "provider", provider.modest_hardware),
    _practice("FRU-17", "provider", provider.retraining_rule,
              "RGESN 9.5", kind="declared"),
    _practice("FRU-18", "provider", provider.version_stability, kind="mixed"),
    _practice("FRU-19", "provider", provider.hosting, kind="declared"),
    _practice("FRU-20", "provider", provider.data_life_cycle,
              "RGESN 9.4", kind="mixed"),
    _practice("FRU-21", "customer", customer.usage_limits, kind="declared"),
    _practice("FRU-22", "customer", customer.user_informed, "RGESN 9.7",
              kind="declared"),
    _practice("FRU-23", "customer", customer.production_counter, "BP 13", "BP 25", kind="mixed"),
    _measure("MES-01", measurement.tier_recorded),
    _measure("MES-02", measurement.repeatable),
    _measure("MES-03", measurement.host_quiet),
    _measure("MES-04", measurement.codecarbon_agrees),
    _measure("MES-05", measurement.enough_blocks),
    _measure("MES-06", measurement.stages_complete),
    _measure("MES-07", measurement.several_impacts),
    _measure("MES-08", measurement.recent_factors),
    _measure("MES-09", measurement.intervals_given),
    _measure("MES-10", measurement.no_network),
    _measure("MES-11", truth.grid_error),
    _limit("LIM-01", limits.share_of_boundaries),
    _limit("LIM-02", limits.categories_covered),
    _limit("LIM-03", limits.use_questioned, "declared"),
    _limit("LIM-04", limits.no_burden_shift),
    _limit("LIM-05", limits.trajectory),
    _limit("LIM-06", limits.hardware, "mixed"),
    _claim("COM-01", claims.complete_sentences),
    _claim("COM-02", claims.no_claim),
    _claim("COM-03", claims.no_grade),
    _claim("COM-04", claims.no_adjective),
    _claim("COM-05", claims.limits_told),
    _claim("COM-06", claims.no_avoided_emissions),
)
# fmt: on
