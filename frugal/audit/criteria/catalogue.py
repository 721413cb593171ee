"""The criteria of the audit: what each asks, and the rule that answers from the evidence.

Conditions 1 to 3 are those of a frugal AI service as the French State words them (need demonstrated; good
practice by producer, provider and customer; planetary boundaries). RGESN 2024, chapter 9, asks the same in
testable form. Ids, wording and thresholds are this program's own. To add a criterion, append it to `CRITERIA`.
"""

from __future__ import annotations

from typing import Any

from frugal.audit.criteria import claims, customer, limits, measurement, need, producer, provider
from frugal.audit.criteria.findings import Criterion
from frugal.audit.impacts.assessment import Assessment
from frugal.audit.words.sentences import both


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


def _need(name: str, english: str, french: str, rule: Any, *asks: str, kind: Any = "computed") -> Criterion:
    return Criterion(name, "C1", both(english, french), rule, kind, None, asks)


def _practice(
    name: str, role: Any, english: str, french: str, rule: Any, *asks: str, kind: Any = "computed"
) -> Criterion:
    return Criterion(name, "C2", both(english, french), rule, kind, role, asks)


def _measure(name: str, english: str, french: str, rule: Any) -> Criterion:
    return Criterion(name, "MES", both(english, french), rule)


def _limit(name: str, english: str, french: str, rule: Any, kind: Any = "computed") -> Criterion:
    return Criterion(name, "C3", both(english, french), rule, kind, None, ("condition 3",))


def _claim(name: str, english: str, french: str, rule: Any) -> Criterion:
    return Criterion(name, "COM", both(english, french), rule)


# fmt: off
CRITERIA: tuple[Criterion, ...] = (
    _need("NEC-01", "need written before the first run", "besoin écrit avant le premier calcul", need.written_first,
          "condition 1", "BP 01", "RGESN 1.2", "RGESN 9.1"),
    _need("NEC-02", "tolerance taken from the use", "tolérance tirée de l’usage", need.tolerance, "RGESN 9.1",
          kind="mixed"),
    _need("NEC-03", "alternatives tried", "réponses sans IA essayées", need.alternatives, "condition 1", "RGESN 9.2"),
    _need("NEC-04", "least computing answer", "réponse au moindre calcul", need.cheapest, "condition 1"),
    _need("NEC-05", "break-even reached", "amortissement atteint", need.break_even, "condition 1"),
    _need("NEC-06", "saving large enough", "gain assez grand", need.materiality),
    _need("NEC-07", "AI not beaten on both counts", "IA non dépassée", need.dominance, "BP 31", "RGESN 9.2"),
    _need("NEC-08", "value to the user", "valeur pour l’usager", need.value_to_user, "RGESN 1.1", kind="declared"),
    _need("NEC-09", "rebound screened", "effet rebond examiné", need.rebound_screened, "ITU-T L.1480", kind="mixed"),
    _need("NEC-10", "condition to retire the model", "condition de retrait du modèle", need.exit_test,
          kind="declared"),
    _practice("FRU-01", "producer", "simplest adequate model", "modèle le plus simple qui suffit",
              producer.simplest_model, "RGESN 9.2", "BP 31"),
    _practice("FRU-02", "producer", "size in proportion", "taille proportionnée", producer.size_in_proportion,
              "RGESN 9.6"),
    _practice("FRU-03", "producer", "training data in proportion", "données d’apprentissage proportionnées",
              producer.data_in_proportion, "RGESN 9.4"),
    _practice("FRU-04", "producer", "inputs in proportion", "entrées proportionnées", producer.inputs_in_proportion,
              "RGESN 9.4"),
    _practice("FRU-05", "producer", "search bounded", "recherche de réglages bornée", producer.search_bounded,
              "RGESN 9.3"),
    _practice("FRU-06", "producer", "training stopped in time", "apprentissage arrêté à temps",
              producer.stopped_early, "RGESN 9.3"),
    _practice("FRU-07", "producer", "failed runs counted", "échecs comptés", producer.failures_counted),
    _practice("FRU-08", "producer", "compression tried", "compression essayée", producer.compression, "RGESN 9.6"),
    _practice("FRU-09", "producer", "reuse before training", "réemploi avant apprentissage", producer.reuse,
              "RGESN 9.3", kind="declared"),
    _practice("FRU-10", "producer", "efficient simulation runs", "calculs de simulation sobres",
              producer.efficient_runs, "BP 26"),
    _practice("FRU-11", "producer", "seeds, versions and hashes recorded",
              "graines, versions et empreintes consignées", producer.reproducible, "BP 26", "RGESN 1.4"),
    _practice("FRU-12", "producer", "consumption estimated beforehand", "consommation estimée à l’avance",
              producer.estimated_beforehand, "BP 23"),
    _practice("FRU-13", "producer", "resources and quality followed together", "ressources et qualité suivies ensemble",
              producer.tracked_together, "RGESN 9.3", "RGESN 9.7"),
    _practice("FRU-14", "provider", "inference measured as it is used", "inférence mesurée comme elle est utilisée",
              provider.inference_strategy, "RGESN 9.7"),
    _practice("FRU-15", "provider", "delivery weight", "poids livré", provider.delivery_weight),
    _practice("FRU-16", "provider", "runs on modest hardware", "tourne sur un matériel modeste",
              provider.modest_hardware),
    _practice("FRU-17", "provider", "rule for learning again", "règle de réapprentissage", provider.retraining_rule,
              "RGESN 9.5", kind="declared"),
    _practice("FRU-18", "provider", "stable versions", "versions stables", provider.version_stability, kind="mixed"),
    _practice("FRU-19", "provider", "hosting known", "hébergement connu", provider.hosting, kind="declared"),
    _practice("FRU-20", "provider", "life cycle of data", "cycle de vie des données", provider.data_life_cycle,
              "RGESN 9.4", kind="mixed"),
    _practice("FRU-21", "customer", "limits of use", "limites d’usage", customer.usage_limits, kind="declared"),
    _practice("FRU-22", "customer", "user informed", "usager informé", customer.user_informed, "RGESN 9.7",
              kind="declared"),
    _practice("FRU-23", "customer", "use counted in production", "usage compté en production",
              customer.production_counter, "BP 13", "BP 25", kind="mixed"),
    _measure("MES-01", "way of measuring", "méthode de mesure", measurement.tier_recorded),
    _measure("MES-02", "timings repeat", "mesures répétables", measurement.repeatable),
    _measure("MES-03", "machine at rest", "machine au calme", measurement.host_quiet),
    _measure("MES-04", "codecarbon agrees", "accord de codecarbon", measurement.codecarbon_agrees),
    _measure("MES-05", "enough repetitions", "répétitions suffisantes", measurement.enough_blocks),
    _measure("MES-06", "every stage counted", "toutes les étapes comptées", measurement.stages_complete),
    _measure("MES-07", "several impacts, manufacture included", "plusieurs impacts, fabrication comprise",
             measurement.several_impacts),
    _measure("MES-08", "recent factors", "facteurs récents", measurement.recent_factors),
    _measure("MES-09", "intervals given", "intervalles donnés", measurement.intervals_given),
    _measure("MES-10", "no network while measuring", "pas de réseau pendant la mesure", measurement.no_network),
    _limit("LIM-01", "share of planetary boundaries", "part des limites planétaires", limits.share_of_boundaries),
    _limit("LIM-02", "categories covered", "catégories couvertes", limits.categories_covered),
    _limit("LIM-03", "use questioned beforehand", "usage questionné au préalable", limits.use_questioned, "declared"),
    _limit("LIM-04", "no burden shifted", "pas de charge déplacée", limits.no_burden_shift),
    _limit("LIM-05", "total over time", "total au fil du temps", limits.trajectory),
    _limit("LIM-06", "hardware kept in use", "matériel gardé en service", limits.hardware, "mixed"),
    _claim("COM-01", "sentences are complete", "phrases complètes", claims.complete_sentences),
    _claim("COM-02", "no general claim", "aucune allégation générale", claims.no_claim),
    _claim("COM-03", "no single figure or sign", "ni chiffre ni signe unique", claims.no_grade),
    _claim("COM-04", "the word frugal is not claimed", "le mot frugal n’est pas revendiqué", claims.no_adjective),
    _claim("COM-05", "limits on the first page", "limites en première page", claims.limits_told),
    _claim("COM-06", "nothing claimed of effects elsewhere", "rien d’affirmé d’effets ailleurs", claims.no_avoided_emissions),
)
# fmt: on
