"""The criteria of the audit: what each asks, and the rule that answers from the evidence.

Conditions 1 to 3 are those of a frugal AI service as the French State words them (need demonstrated; good
practice by producer, provider and customer; planetary boundaries). RGESN 2024, chapter 9, asks the same in
testable form. Ids, wording and thresholds are this program's own. To add a criterion, append it to `CRITERIA`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from frugal.audit.criteria import claims, measurement, need, practice
from frugal.audit.criteria.findings import Condition, Criterion, Finding
from frugal.audit.evidence import Evidence
from frugal.audit.words.wording import both


def evaluate(evidence: Evidence) -> list[dict[str, Any]]:
    """Ask every criterion, in order, as plain values for `audit.json`."""
    rows = []
    for criterion in CRITERIA:
        found = criterion.evaluate(evidence)
        rows.append(
            {
                "id": criterion.id,
                "condition": criterion.condition,
                "kind": criterion.kind,
                "title": criterion.title,
                "status": found.status,
                "value": found.value,
                "threshold": found.threshold,
                "evidence": list(found.evidence),
                "text": found.text,
            }
        )
    return rows


def _computed(
    name: str, condition: Condition, english: str, french: str, rule: Callable[[Evidence], Finding]
) -> Criterion:
    return Criterion(name, condition, both(english, french), "computed", rule)


CRITERIA: tuple[Criterion, ...] = (
    _computed("NEC-02", "C1", "tolerance taken from the use", "tolérance tirée de l’usage", need.tolerance),
    _computed("NEC-03", "C1", "alternatives tried", "réponses sans IA essayées", need.alternatives),
    _computed("NEC-04", "C1", "least consuming answer", "réponse la moins consommatrice", need.cheapest),
    _computed("NEC-05", "C1", "break-even reached", "amortissement atteint", need.break_even),
    _computed("NEC-06", "C1", "saving large enough", "gain assez grand", need.materiality),
    _computed("NEC-07", "C1", "AI not beaten on both counts", "IA non dépassée", need.dominance),
    _computed("FRU-07", "C2", "failed runs counted", "échecs comptés", practice.failures_counted),
    _computed("FRU-11", "C2", "reproducible", "reproductible", practice.reproducible),
    _computed("MES-01", "MES", "way of measuring", "méthode de mesure", measurement.tier_recorded),
    _computed("MES-04", "MES", "codecarbon agrees", "accord de codecarbon", measurement.codecarbon_agrees),
    _computed("MES-05", "MES", "enough repetitions", "répétitions suffisantes", measurement.enough_blocks),
    _computed("COM-02", "COM", "no general claim", "aucune allégation générale", claims.no_claim),
    _computed("COM-03", "COM", "no single figure or sign", "ni chiffre ni signe unique", claims.no_grade),
)
