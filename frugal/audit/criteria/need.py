"""Rules of condition 1: was the need for AI demonstrated? They read the decision and take none."""

from __future__ import annotations

from typing import Any

from frugal.audit.criteria.findings import Finding, Status
from frugal.audit.evidence import Evidence, worst_error
from frugal.audit.words.wording import baselines, both, break_even_words, known, labels
from frugal.surrogates.plain_text import plain_duration, plain_number
from frugal.surrogates.plots import candidate_label


def tolerance(evidence: Evidence) -> Finding:
    """NEC-02: a tolerance was declared, with its reason."""
    need, where = evidence.need, ("study.json: need.tolerances",)
    if not need.get("tolerances"):
        return Finding(
            "fail", both("No tolerance was declared.", "Aucune tolérance n’est déclarée."), None, None, where
        )
    limits = {name: tolerance["limit"] for name, tolerance in need["tolerances"].items()}
    if not need.get("declared", True):
        text = both("The program filled the tolerance in.", "La tolérance a été complétée par le programme.")
        return Finding("warn", text, limits, None, where)
    reason = need.get("reason") or {}
    if not reason:
        text = both("Declared, without a reason.", "Déclarée, sans raison donnée.")
        return Finding("warn", text, limits, None, where)
    text = both(
        f"Declared: {str(reason.get('en') or reason.get('fr')).rstrip('.')}.",
        f"Déclarée : {str(reason.get('fr') or reason.get('en')).rstrip('.')}.",
    )
    return Finding("pass", text, limits, None, where)


def alternatives(evidence: Evidence) -> Finding:
    """NEC-03: the mandatory answers without AI were run."""
    missing = list(evidence.decision.get("missing_baselines") or [])
    status: Status = "pass" if not missing else "warn" if len(missing) == 1 else "fail"
    names = baselines(missing)
    tried = sum(1 for c in evidence.candidates.values() if not c["is_ai"] and c["status"] == "ok")
    text = both(
        f"{tried} answers without AI were measured; missing: {names['en'] or 'none'}.",
        f"{tried} réponses sans IA mesurées ; manque : {names['fr'] or 'aucune'}.",
    )
    return Finding(status, text, missing, [], ("candidates.json: decisions[0].missing_baselines",))


def cheapest(evidence: Evidence) -> Finding:
    """NEC-04: what ships is the least consuming answer that meets the need."""
    decision, winner = evidence.decision, evidence.winner
    where, verdict = ("candidates.json: decisions[0].verdict",), decision["verdict"]
    if verdict == "not_assessed":
        text = both("Evidence is missing to compare.", "Il manque des preuves pour comparer.")
        return Finding("not_assessed", text, verdict, None, where)
    if winner is None:
        text = both("No candidate meets the need.", "Aucune réponse possible ne répond au besoin.")
        return Finding("fail", text, verdict, None, where)
    name = labels(winner)
    if not winner["is_ai"]:
        text = both(f"Retained: {name['en']}, without AI.", f"Retenue : {name['fr']}, sans IA.")
        return Finding("pass", text, verdict, None, where)
    statuses: dict[str, Status] = {
        "demonstrated": "pass",
        "infeasible_otherwise": "pass",
        "not_demonstrated": "fail",
    }
    told = known("verdict", verdict)
    text = both(
        f"Retained: {name['en']} (AI); need {told['en']}.",
        f"Retenue : {name['fr']} (IA) ; besoin {told['fr']}.",
    )
    return Finding(statuses.get(verdict, "warn"), text, verdict, None, where)


def _about_ai(evidence: Evidence, finding: Finding) -> Finding:
    """The same finding, for information only when no AI ships."""
    if evidence.winner is not None and evidence.winner["is_ai"]:
        return finding
    told = both(f"For the record: {finding.text['en']}", f"Pour mémoire : {finding.text['fr']}")
    return Finding("n_a", told, finding.value, finding.threshold, finding.evidence)


def break_even(evidence: Evidence) -> Finding:
    """NEC-05: the declared usage is well beyond the break-even."""
    decision, where = evidence.decision, ("candidates.json: decisions[0].break_even_queries",)
    crossing, usage = decision.get("break_even_queries"), decision.get("queries")
    if crossing is None or not usage:
        text = both("There is no pair of answers to compare.", "Il n’y a pas deux réponses à comparer.")
        return Finding("n_a" if decision["verdict"] != "not_assessed" else "not_assessed", text, crossing, usage, where)
    factor = decision["policy"]["queries_factor"]
    upper, median = crossing.get("high"), crossing.get("median")
    status: Status = "fail"
    if upper is not None and usage[0] >= factor * upper:
        status = "pass"
    elif median is not None and usage[1] >= median:
        status = "warn"
    words = break_even_words(decision)
    low, high = ([plain_number(n, lang) for n in usage] for lang in ("en", "fr"))
    text = both(
        f"AI pays back {words['en']}; declared usage: {low[0]} to {low[1]}.",
        f"Amortissement de l’IA : {words['fr']} ; usage déclaré : de {high[0]} à {high[1]}.",
    )
    return _about_ai(evidence, Finding(status, text, crossing, {"queries": usage, "factor": factor}, where))


def materiality(evidence: Evidence) -> Finding:
    """NEC-06: the saving is large enough to matter."""
    decision, where = evidence.decision, ("candidates.json: decisions[0].saving_cpu_seconds",)
    saving = decision.get("saving_cpu_seconds")
    if saving is None or saving.get("p50") is None:
        text = both("There is no pair of answers to compare.", "Il n’y a pas deux réponses à comparer.")
        return Finding("n_a" if decision["verdict"] != "not_assessed" else "not_assessed", text, None, None, where)
    evaluation = (evidence.comparison.get("shared") or {}).get("evaluation_cpu_seconds") or 0.0
    floor = max(decision["policy"]["materiality_cpu_seconds"], 10 * evaluation)
    median = saving["p50"]
    status: Status = "pass" if median >= floor else "warn" if median >= 0 else "fail"
    words = [plain_duration(abs(median), lang) for lang in ("en", "fr")]
    least = [plain_duration(floor, lang) for lang in ("en", "fr")]
    if median < 0:
        text = both(
            f"AI takes {words[0]} more computing over the service life.",
            f"L’IA demande {words[1]} de calcul en plus sur la durée de service.",
        )
    else:
        text = both(
            f"AI saves {words[0]} of computing over the service life; counted from {least[0]}.",
            f"L’IA épargne {words[1]} de calcul sur la durée de service ; compte dès {least[1]}.",
        )
    return _about_ai(evidence, Finding(status, text, median, floor, where))


def dominance(evidence: Evidence) -> Finding:
    """NEC-07: no answer without AI is both more accurate and cheaper than the best AI."""
    decision, ai, where = evidence.decision, evidence.best_ai, ("candidates.json: candidates",)
    lifetime = decision.get("lifetime_cpu_seconds") or {}
    if ai is None or lifetime.get(ai["name"]) is None:
        text = both("No AI candidate to compare.", "Aucune IA à comparer.")
        return Finding("n_a" if decision["verdict"] != "not_assessed" else "not_assessed", text, None, None, where)
    better = [
        c
        for c in evidence.candidates.values()
        if not c["is_ai"]
        and c["status"] == "ok"
        and lifetime.get(c["name"]) is not None
        and lifetime[c["name"]] < lifetime[ai["name"]]
        and _error_rank(c) < _error_rank(ai)
    ]
    if not better:
        text = both(
            "No answer without AI is both more accurate and cheaper than the best AI.",
            "Aucune réponse sans IA n’est à la fois plus juste et moins coûteuse que la meilleure IA.",
        )
        return _about_ai(evidence, Finding("pass", text, [], [], where))
    names = {lang: ", ".join(candidate_label(c, lang) for c in better) for lang in ("en", "fr")}
    text = both(
        f"More accurate and cheaper than the best AI: {names['en']}.",
        f"Plus juste et moins coûteux que la meilleure IA : {names['fr']}.",
    )
    return _about_ai(evidence, Finding("fail", text, [c["name"] for c in better], [], where))


def _error_rank(candidate: Any) -> float:
    worst = worst_error(candidate)
    if worst is None:
        return float("inf")
    return float(worst[1]["value"] / (worst[1].get("tolerance") or 1.0))
