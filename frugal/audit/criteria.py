"""The criteria of the audit: what each asks, and the rule that answers from the evidence.

Conditions 1 to 3 are those of a frugal AI service as the French State words them (need demonstrated; good practice by
producer, provider and customer; planetary boundaries). RGESN 2024, chapter 9, asks the same in testable form. Ids, wording
and thresholds are this program's own. To add a criterion, append it to `CRITERIA`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from frugal.audit.evidence import Evidence, worst_error
from frugal.audit.footprint import CODECARBON_RESOLUTION_JOULES
from frugal.audit.numbers import percent
from frugal.audit.wording import BASELINES, LEVELS, VERDICTS, Text, both, break_even_words
from frugal.surrogates.plots import candidate_label, plain_duration, plain_number

Condition = Literal["C1", "C2", "C3", "MES", "COM"]
Status = Literal["pass", "warn", "fail", "n_a", "unevidenced", "not_assessed"]


@dataclass(frozen=True)
class Finding:
    """What a criterion found: status, the value and the threshold it was held against, where the value stands, in words."""

    status: Status
    text: Text
    value: Any = None
    threshold: Any = None
    evidence: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class Criterion:
    """One question of the audit; ``kind`` says whether it is computed from evidence or declared with a file."""

    id: str
    condition: Condition
    title: Text
    kind: Literal["computed", "declared"]
    evaluate: Callable[[Evidence], Finding]


def evaluate(evidence: Evidence) -> list[dict[str, Any]]:
    """Ask every criterion, in order, as plain values for `audit.json`."""
    rows = []
    for criterion in CRITERIA:
        found = criterion.evaluate(evidence)
        rows.append({
            "id": criterion.id, "condition": criterion.condition, "kind": criterion.kind, "title": criterion.title,
            "status": found.status, "value": found.value, "threshold": found.threshold, "evidence": list(found.evidence),
            "text": found.text,
        })  # fmt: skip
    return rows


# ------------------------------------------------------------------------------------------- condition 1: the need


def _tolerance(evidence: Evidence) -> Finding:
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
        f"Declared: {reason.get('en') or reason.get('fr')}.",
        f"Déclarée : {reason.get('fr') or reason.get('en')}.",
    )
    return Finding("pass", text, limits, None, where)


def _alternatives(evidence: Evidence) -> Finding:
    missing = list(evidence.decision.get("missing_baselines") or [])
    status: Status = "pass" if not missing else "warn" if len(missing) == 1 else "fail"
    names = {lang: ", ".join(BASELINES.get(m, {}).get(lang, m) for m in missing) for lang in ("en", "fr")}
    tried = sum(1 for c in evidence.candidates.values() if not c["is_ai"] and c["status"] == "ok")
    text = both(f"{tried} answers without AI were measured; missing: {names['en'] or 'none'}.",
                f"{tried} réponses sans IA mesurées ; manque : {names['fr'] or 'aucune'}.")  # fmt: skip
    return Finding(status, text, missing, [], ("candidates.json: decisions[0].missing_baselines",))


def _cheapest(evidence: Evidence) -> Finding:
    decision, winner = evidence.decision, evidence.winner
    where, verdict = ("candidates.json: decisions[0].verdict",), decision["verdict"]
    if verdict == "not_assessed":
        text = both("Evidence is missing to compare.", "Il manque des preuves pour comparer.")
        return Finding("not_assessed", text, verdict, None, where)
    if winner is None:
        text = both("No candidate meets the need.", "Aucune réponse possible ne répond au besoin.")
        return Finding("fail", text, verdict, None, where)
    name = {lang: candidate_label(winner, lang) for lang in ("en", "fr")}
    if not winner["is_ai"]:
        text = both(f"Retained: {name['en']}, without AI.", f"Retenue : {name['fr']}, sans IA.")
        return Finding("pass", text, verdict, None, where)
    statuses: dict[str, Status] = {
        "demonstrated": "pass",
        "infeasible_otherwise": "pass",
        "not_demonstrated": "fail",
    }
    told = VERDICTS[verdict]
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


def _break_even(evidence: Evidence) -> Finding:
    decision, where = evidence.decision, ("candidates.json: decisions[0].break_even_queries",)
    crossing, usage = decision.get("break_even_queries"), decision.get("queries")
    if crossing is None or not usage:
        text = both("There is no pair of answers to compare.", "Il n’y a pas deux réponses à comparer.")
        return Finding(
            "n_a" if decision["verdict"] != "not_assessed" else "not_assessed", text, crossing, usage, where
        )
    factor = decision["policy"]["queries_factor"]
    upper, median = crossing.get("high"), crossing.get("median")
    status: Status = "fail"
    if upper is not None and usage[0] >= factor * upper:
        status = "pass"
    elif median is not None and usage[1] >= median:
        status = "warn"
    words = break_even_words(decision)
    low, high = ([plain_number(n, lang) for n in usage] for lang in ("en", "fr"))
    text = both(f"AI pays back {words['en']}; declared usage: {low[0]} to {low[1]}.",
                f"Amortissement de l’IA : {words['fr']} ; usage déclaré : de {high[0]} à {high[1]}.")  # fmt: skip
    return _about_ai(evidence, Finding(status, text, crossing, {"queries": usage, "factor": factor}, where))


def _materiality(evidence: Evidence) -> Finding:
    decision, where = evidence.decision, ("candidates.json: decisions[0].saving_cpu_seconds",)
    saving = decision.get("saving_cpu_seconds")
    if saving is None or saving.get("p50") is None:
        text = both("There is no pair of answers to compare.", "Il n’y a pas deux réponses à comparer.")
        return Finding(
            "n_a" if decision["verdict"] != "not_assessed" else "not_assessed", text, None, None, where
        )
    evaluation = (evidence.comparison.get("shared") or {}).get("evaluation_cpu_seconds") or 0.0
    floor = max(decision["policy"]["materiality_cpu_seconds"], 10 * evaluation)
    median = saving["p50"]
    status: Status = "pass" if median >= floor else "warn" if median >= 0 else "fail"
    words = [plain_duration(abs(median), lang) for lang in ("en", "fr")]
    if median < 0:
        text = both(f"AI takes {words[0]} more computing over the service life.",
                    f"L’IA demande {words[1]} de calcul en plus sur la durée de service.")  # fmt: skip
    else:
        text = both(f"AI saves {words[0]} of computing over the service life; counted from {plain_duration(floor, 'en')}.",
                    f"L’IA épargne {words[1]} de calcul sur la durée de service ; compte dès {plain_duration(floor, 'fr')}.")  # fmt: skip
    return _about_ai(evidence, Finding(status, text, median, floor, where))


def _dominance(evidence: Evidence) -> Finding:
    decision, ai, where = evidence.decision, evidence.best_ai, ("candidates.json: candidates",)
    lifetime = decision.get("lifetime_cpu_seconds") or {}
    if ai is None or lifetime.get(ai["name"]) is None:
        text = both("No AI candidate to compare.", "Aucune IA à comparer.")
        return Finding(
            "n_a" if decision["verdict"] != "not_assessed" else "not_assessed", text, None, None, where
        )
    better = [
        c for c in evidence.candidates.values()
        if not c["is_ai"] and c["status"] == "ok" and lifetime.get(c["name"]) is not None
        and lifetime[c["name"]] < lifetime[ai["name"]] and _error_rank(c) < _error_rank(ai)
    ]  # fmt: skip
    if not better:
        text = both("No answer without AI is both more accurate and cheaper than the best AI.",
                    "Aucune réponse sans IA n’est à la fois plus juste et moins coûteuse que la meilleure IA.")  # fmt: skip
        return _about_ai(evidence, Finding("pass", text, [], [], where))
    names = {lang: ", ".join(candidate_label(c, lang) for c in better) for lang in ("en", "fr")}
    text = both(f"More accurate and cheaper than the best AI: {names['en']}.",
                f"Plus juste et moins coûteux que la meilleure IA : {names['fr']}.")  # fmt: skip
    return _about_ai(evidence, Finding("fail", text, [c["name"] for c in better], [], where))


def _error_rank(candidate: Any) -> float:
    worst = worst_error(candidate)
    if worst is None:
        return float("inf")
    return float(worst[1]["value"] / (worst[1].get("tolerance") or 1.0))


# ------------------------------------------------------------------------------------- condition 2: good practice


def _failures_counted(evidence: Evidence) -> Finding:
    if not evidence.ledger:
        text = both("The bundle has no ledger.", "Le dossier n’a pas de registre des calculs.")
        return Finding("fail", text, None, None, ("ledger.jsonl",))
    failed = [line for line in evidence.ledger if line["status"] != "ok"]
    told = {line.get("candidate") for line in failed}
    untold = [
        c["name"] for c in evidence.candidates.values() if c["status"] == "failed" and c["name"] not in told
    ]
    seconds = sum(cpu_total(line) for line in failed)
    if untold:
        text = both(f"Failed but absent from the ledger: {', '.join(untold)}.",
                    f"En échec mais absents du registre : {', '.join(untold)}.")  # fmt: skip
        return Finding("fail", text, untold, [], ("ledger.jsonl", "candidates.json: candidates"))
    text = both(f"Failed or interrupted stages: {len(failed)} ({plain_duration(seconds, 'en')}), part of the costs.",
                f"Étapes en échec ou interrompues : {len(failed)} ({plain_duration(seconds, 'fr')}), comptées dans les coûts.")  # fmt: skip
    return Finding("pass", text, len(failed), None, ("ledger.jsonl",))


def _reproducible(evidence: Evidence) -> Finding:
    where = ("ledger.jsonl: seed, versions",)
    drawn = [line for line in evidence.ledger if line["stage"] in ("generation", "fit")]
    unseeded = sorted({line["stage"] for line in drawn if line.get("seed") is None})
    campaigns = {line.get("campaign") for line in evidence.ledger}
    versioned = {line.get("campaign") for line in evidence.ledger if line.get("versions")}
    if drawn and not unseeded and campaigns <= versioned:
        text = both(
            "Seeds, versions and data hashes are recorded.",
            "Graines, versions et empreintes des données sont consignées.",
        )
        return Finding("pass", text, True, True, where)
    text = both(
        "Seeds or versions of some stages are not recorded.",
        "Les graines ou versions de certaines étapes manquent.",
    )
    return Finding("fail", text, False, True, where)


# ---------------------------------------------------------------------------------------------------- measurement


def cpu_total(line: Any) -> float:
    """CPU seconds of a ledger line, child processes included."""
    return float((line.get("cpu_seconds") or 0.0) + (line.get("cpu_seconds_children") or 0.0))


def _tier(evidence: Evidence) -> Finding:
    machine, where = evidence.machine, ("candidates.json: machine",)
    tier, watts = machine.get("tier"), machine.get("watts_per_core")
    if tier not in ("T1", "T2", "T3", "T4") or watts is None:
        return Finding(
            "fail",
            both("The way energy was measured is not recorded.", "La méthode de mesure n’est pas consignée."),
            tier,
            None,
            where,
        )
    text = {
        "T1": both("Power meter at the wall.", "Wattmètre à la prise."),
        "T2": both("Energy counters of the processor.", "Compteurs d’énergie du processeur."),
        "T3": both(f"Processor time × {plain_number(watts, 'en')} W, declared.", f"Temps de processeur × {plain_number(watts, 'fr')} W, valeur déclarée."),
        "T4": both(f"Processor time × {plain_number(watts, 'en')} W, default value.", f"Temps de processeur × {plain_number(watts, 'fr')} W, valeur par défaut."),
    }[tier]  # fmt: skip
    return Finding("warn" if tier == "T4" else "pass", text, tier, None, where)


def _codecarbon(evidence: Evidence) -> Finding:
    where, watts = ("ledger.jsonl: codecarbon_joules",), evidence.machine.get("watts_per_core")
    lines = [line for line in evidence.ledger if line.get("codecarbon_joules") is not None]
    theirs = sum(line["codecarbon_joules"] for line in lines)
    if not lines or not watts:
        return Finding(
            "unevidenced", both("No codecarbon reading.", "Aucun relevé codecarbon."), None, 0.05, where
        )
    ours = watts * sum(cpu_total(line) for line in lines)
    if min(ours, theirs) < CODECARBON_RESOLUTION_JOULES:
        text = both(
            "The work is too short for codecarbon to resolve.",
            "Travail trop court pour la résolution de codecarbon.",
        )
        return Finding("n_a", text, None, 0.05, where)
    gap = theirs / ours - 1
    status: Status = "pass" if abs(gap) <= 0.05 else "warn" if abs(gap) <= 0.20 else "fail"
    words = {
        lang: ("+" if gap > 0 else "−") + percent(abs(gap), lang) if gap else percent(0, lang)
        for lang in ("en", "fr")
    }
    text = both(f"codecarbon reads {words['en']} against processor time × watts on the same stages.",
                f"codecarbon relève {words['fr']} par rapport à temps de processeur × watts, sur les mêmes étapes.")  # fmt: skip
    return Finding(status, text, gap, 0.05, where)


def _blocks(evidence: Evidence) -> Finding:
    level = evidence.comparison["level"]
    pattern, where = evidence.decision["pattern"], ("candidates.json: level, query.blocks",)
    measured = [
        c["query"][pattern]
        for c in evidence.candidates.values()
        if c["status"] == "ok" and (c.get("query") or {}).get(pattern)
    ]
    fewest = min((len(query.get("blocks") or []) for query in measured), default=0)
    level_words = LEVELS.get(level, {"en": level, "fr": level})
    text = both(f"{level_words['en'].capitalize()}: at least {fewest} blocks per candidate.",
                f"{level_words['fr'].capitalize()} : au moins {fewest} blocs par réponse possible.")  # fmt: skip
    if level != "full":
        return Finding("warn", text, fewest, 30, where)
    return Finding("pass" if fewest >= 30 else "fail", text, fewest, 30, where)


# --------------------------------------------------------------------------------------------------------- claims

#: Claims that no measurement here can carry, as they are forbidden or regulated by Directive (EU) 2024/825.
FORBIDDEN = {
    "en": (r"green", r"eco-?friendly", r"carbon[- ]neutral", r"climate[- ]neutral", r"clean", r"sustainable", r"energy[- ]efficient",
           r"planet[- ]friendly", r"certified frugal"),
    "fr": (r"verte?s?", r"écologiques?", r"éco-?responsables?", r"neutres?", r"propres?", r"durables?", r"respectueu\w+",
           r"économes? en énergie", r"frugale certifiée"),
}  # fmt: skip
GRADES = {
    "en": (r"scores?", r"grades?", r"badges?", r"stars?", r"labels?", r"ratings?", r"[★☆⭐]"),
    "fr": (r"scores?", r"notes?", r"badges?", r"étoiles?", r"labels?", r"classes? [A-G]", r"[★☆⭐]"),
}


def found_words(text: str, patterns: tuple[str, ...]) -> list[str]:
    """Words of the text that match one of the patterns as whole words."""
    expression = "|".join(rf"(?<!\w){pattern}(?!\w)" for pattern in patterns)
    return sorted({match.group(0).lower() for match in re.finditer(expression, text, flags=re.IGNORECASE)})


def _scan(evidence: Evidence, patterns: dict[str, tuple[str, ...]], clean: Text) -> Finding:
    found = {language: found_words(text, patterns[language]) for language, text in evidence.texts.items()}
    words = sorted({word for language in found.values() for word in language})
    if not words:
        return Finding("pass", clean, [], [], ("audit.fr.html", "audit.en.html"))
    return Finding(
        "fail",
        both(f"Found: {', '.join(words)}.", f"Trouvé : {', '.join(words)}."),
        words,
        [],
        ("audit.fr.html", "audit.en.html"),
    )


def _claims(evidence: Evidence) -> Finding:
    return _scan(
        evidence,
        FORBIDDEN,
        both(
            "No general environmental claim in either language.",
            "Aucune allégation environnementale générale, dans les deux langues.",
        ),
    )


def _grades(evidence: Evidence) -> Finding:
    return _scan(
        evidence,
        GRADES,
        both(
            "Findings are counted, never summed up in one figure or sign.",
            "Les constats sont comptés, jamais résumés en un chiffre ou un signe.",
        ),
    )


def _title(english: str, french: str) -> Text:
    return both(english, french)


CRITERIA: tuple[Criterion, ...] = (
    Criterion(
        "NEC-02",
        "C1",
        _title("tolerance taken from the use", "tolérance tirée de l’usage"),
        "computed",
        _tolerance,
    ),
    Criterion(
        "NEC-03", "C1", _title("alternatives tried", "réponses sans IA essayées"), "computed", _alternatives
    ),
    Criterion(
        "NEC-04",
        "C1",
        _title("least consuming answer", "réponse la moins consommatrice"),
        "computed",
        _cheapest,
    ),
    Criterion("NEC-05", "C1", _title("break-even reached", "équilibre atteint"), "computed", _break_even),
    Criterion(
        "NEC-06",
        "C1",
        _title("saving large enough to matter", "gain assez grand pour compter"),
        "computed",
        _materiality,
    ),
    Criterion(
        "NEC-07",
        "C1",
        _title("AI not beaten on both counts", "IA non dépassée sur les deux plans"),
        "computed",
        _dominance,
    ),
    Criterion(
        "FRU-07",
        "C2",
        _title("failed runs counted", "calculs en échec comptés"),
        "computed",
        _failures_counted,
    ),
    Criterion("FRU-11", "C2", _title("reproducible", "reproductible"), "computed", _reproducible),
    Criterion(
        "MES-01",
        "MES",
        _title("way of measuring energy", "méthode de mesure de l’énergie"),
        "computed",
        _tier,
    ),
    Criterion(
        "MES-04",
        "MES",
        _title("cross-check with codecarbon", "recoupement avec codecarbon"),
        "computed",
        _codecarbon,
    ),
    Criterion("MES-05", "MES", _title("enough repetitions", "répétitions suffisantes"), "computed", _blocks),
    Criterion("COM-02", "COM", _title("no general claim", "aucune allégation générale"), "computed", _claims),
    Criterion(
        "COM-03", "COM", _title("no single figure or sign", "ni chiffre ni signe unique"), "computed", _grades
    ),
)
