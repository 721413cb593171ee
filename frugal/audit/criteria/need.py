"""Rules of condition 1: was the need for AI demonstrated? They read the decision and take none."""

from __future__ import annotations

from frugal.audit.criteria.findings import Finding, Status, about_ai, declared
from frugal.audit.evidence.candidate_rows import error_ratio, missing_data_of
from frugal.audit.evidence.evidence import Evidence
from frugal.audit.evidence.ledger_lines import cpu_total
from frugal.audit.impacts.assessment import Assessment
from frugal.audit.impacts.rebound import ENOUGH_ROOM
from frugal.audit.words.sentences import baselines, both, break_even_words, flip_words, known, labels, lighter_words
from frugal.reporting.plots.ladder import candidate_label
from frugal.reporting.text import plain_duration, plain_number
from frugal.reporting.units_text import day

#: What a need has to say beside tolerances, by field.
NEED_FIELDS = {
    "functional_unit": ("functional unit", "unité fonctionnelle"),
    "queries": ("use over the service life", "usage sur la durée de service"),
    "reason": ("reason of the tolerance", "raison de la tolérance"),
    "use": ("use", "usage visé"),
    "decided_by": ("who decides", "qui décide"),
}


def written_first(evidence: Evidence) -> Finding:
    """NEC-01: the need was written down, whole, before the first run."""
    need, where = evidence.need, ("ledger.jsonl: stage need", "study.json: need.hash")
    if not need.get("declared", True):
        return Finding("fail", both("Nobody declared a need.", "Personne n’a déclaré de besoin."), None, None, where)
    mine = next((entry for entry in evidence.need_history if entry["hash"] == need.get("hash")), None)
    if mine is None:
        text = both("The ledger does not say when the need was written.", "Le registre ne date pas le besoin.")
        return Finding("fail", text, None, None, where)
    missing = [names for field, names in NEED_FIELDS.items() if not need.get(field)]
    date = {lang: day(str(mine["first_seen"]), lang) for lang in ("en", "fr")}
    lacking = both(
        f" Not said: {', '.join(name[0] for name in missing)}." if missing else "",
        f" Non précisé : {', '.join(name[1] for name in missing)}." if missing else "",
    )
    if mine["before_first_run"] is None:
        text = both(
            f"Fixed on {date['en']}; the runs of the table existed before.{lacking['en']}",
            f"Fixé le {date['fr']} ; les calculs de la table existaient avant.{lacking['fr']}",
        )
        return Finding("warn", text, date["en"], None, where)
    if mine["before_first_run"]:
        text = both(
            f"Fixed on {date['en']}, before the first run.{lacking['en']}",
            f"Fixé le {date['fr']}, avant le premier calcul.{lacking['fr']}",
        )
        return Finding("warn" if missing else "pass", text, date["en"], None, where)
    changed = ", ".join(sorted(mine.get("changed") or {}))
    text = both(
        f"Fixed on {date['en']}, after the first run{f'; changed: {changed}' if changed else ''}.{lacking['en']}",
        f"Fixé le {date['fr']}, après le premier calcul{f' ; modifié : {changed}' if changed else ''}.{lacking['fr']}",
    )
    return Finding("warn", text, date["en"], None, where)


def tolerance(evidence: Evidence) -> Finding:
    """NEC-02: a tolerance was declared, with its reason, and not below the known error of the physics."""
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
    over = _tighter_than_physics(evidence)
    if over:
        names = {lang: ", ".join(evidence.labels[name][lang] for name in over) for lang in ("en", "fr")}
        text = both(
            f"Tighter than the physics itself is accurate: {names['en']}.",
            f"Plus étroite que l’exactitude du calcul physique : {names['fr']}.",
        )
        return Finding("warn", text, limits, over, where)
    text = both(
        f"Declared: {str(reason.get('en') or reason.get('fr')).rstrip('.')}.",
        f"Déclarée : {str(reason.get('fr') or reason.get('en')).rstrip('.')}.",
    )
    return Finding("pass", text, limits, None, where)


def _tighter_than_physics(evidence: Evidence) -> list[str]:
    """Outputs whose tolerance is below the known error of the physics."""
    known_error = evidence.need.get("solver_error") or {}
    return [
        name
        for name, tolerance in evidence.need["tolerances"].items()
        if known_error.get(name) and tolerance["limit"] < float(known_error[name])
    ]


def alternatives(evidence: Evidence) -> Finding:
    """NEC-03: the mandatory answers without AI were run."""
    missing = list(evidence.decision.get("missing_baselines") or [])
    status: Status = "pass" if not missing else "warn" if len(missing) == 1 else "fail"
    names = baselines(missing)
    asked = (c for c in evidence.candidates.values() if c["status"] == "ok" and not missing_data_of(c))
    tried = sum(1 for c in asked if not c["is_ai"])
    text = both(
        f"{tried} answers without AI were measured; missing: {names['en'] or 'none'}.",
        f"{tried} réponses sans IA mesurées ; manque : {names['fr'] or 'aucune'}.",
    )
    return Finding(status, text, missing, [], ("candidates.json: decisions[0].missing_baselines",))


def cheapest(assessment: Assessment) -> Finding:
    """NEC-04: what is retained has no AI in it, or the need for its AI is shown, and nothing else emits clearly less."""
    decision, winner = assessment.decision, assessment.winner
    where, verdict = ("candidates.json: decisions[0].verdict",), decision["verdict"]
    if not assessment.compared:
        text = both("Evidence is missing to compare.", "Il manque des preuves pour comparer.")
        return Finding("not_assessed", text, verdict, None, where)
    if winner is None:
        text = both("No candidate meets the need.", "Aucune réponse possible ne répond au besoin.")
        return Finding("fail", text, verdict, None, where)
    name = labels(winner)
    lighter = lighter_words(assessment)
    if not winner["is_ai"]:
        text = both(
            f"Retained: {name['en']}, without AI. {lighter['en']}".rstrip(),
            f"Retenue : {name['fr']}, sans IA. {lighter['fr']}".rstrip(),
        )
        return Finding("warn" if lighter["en"] else "pass", text, verdict, None, where)
    statuses: dict[str, Status] = {
        "demonstrated": "pass",
        "infeasible_otherwise": "pass",
        "not_demonstrated": "fail",
    }
    told = known("verdict", verdict)
    text = both(
        f"Retained: {name['en']} (AI); need {told['en']}. {lighter['en']}".rstrip(),
        f"Retenue : {name['fr']} (IA) ; besoin {told['fr']}. {lighter['fr']}".rstrip(),
    )
    status = statuses.get(verdict, "warn")
    return Finding("warn" if status == "pass" and lighter["en"] else status, text, verdict, None, where)


def break_even(evidence: Evidence) -> Finding:
    """NEC-05: the declared usage is well beyond the break-even."""
    decision, where = evidence.decision, ("candidates.json: decisions[0].break_even_queries",)
    crossing, usage = decision.get("break_even_queries"), decision.get("queries")
    if crossing is None or not usage:
        text = both("There is no pair of answers to compare.", "Il n’y a pas deux réponses à comparer.")
        return Finding("n_a" if evidence.compared else "not_assessed", text, crossing, usage, where)
    factor = decision["policy"]["queries_factor"]
    upper, median = crossing.get("high"), crossing.get("median")
    status: Status = "fail"
    if upper is not None and usage[0] >= factor * upper:
        status = "pass"
    elif median is not None and usage[1] >= median:
        status = "warn"
    words = break_even_words(decision)
    low, high = ([plain_number(n, lang) for n in usage] for lang in ("en", "fr"))
    flip = flip_words(decision)
    text = both(
        f"AI pays back {words['en']}; declared usage: {low[0]} to {low[1]}. {flip['en']}",
        f"Amortissement de l’IA : {words['fr']} ; usage déclaré : de {high[0]} à {high[1]}. {flip['fr']}",
    )
    return about_ai(evidence, Finding(status, text, crossing, {"queries": usage, "factor": factor}, where))


def materiality(evidence: Evidence) -> Finding:
    """NEC-06: the saving is large enough to matter."""
    decision, where = evidence.decision, ("candidates.json: decisions[0].saving_cpu_seconds",)
    saving = decision.get("saving_cpu_seconds")
    if saving is None or saving.get("p50") is None:
        text = both("There is no pair of answers to compare.", "Il n’y a pas deux réponses à comparer.")
        return Finding("n_a" if evidence.compared else "not_assessed", text, None, None, where)
    evaluation = sum(cpu_total(line) for line in evidence.ledger if line["stage"] == "evaluation")
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
    return about_ai(evidence, Finding(status, text, median, floor, where))


def dominance(evidence: Evidence) -> Finding:
    """NEC-07: no answer without AI is both more accurate and cheaper than the best AI."""
    decision, ai, where = evidence.decision, evidence.best_ai, ("candidates.json: candidates",)
    lifetime = decision.get("lifetime_cpu_seconds") or {}
    if ai is None or lifetime.get(ai["name"]) is None:
        text = both("No AI candidate to compare.", "Aucune IA à comparer.")
        return Finding("n_a" if evidence.compared else "not_assessed", text, None, None, where)
    better = [
        c
        for c in evidence.candidates.values()
        if not c["is_ai"]
        and c["status"] == "ok"
        and ((c.get("limits") or {}).get(decision["pattern"]) or {}).get("met", True)
        and lifetime.get(c["name"]) is not None
        and lifetime[c["name"]] < lifetime[ai["name"]]
        and error_ratio(c) < error_ratio(ai)
    ]
    if not better:
        text = both(
            "No answer without AI is both more accurate and cheaper than the best AI.",
            "Aucune réponse sans IA n’est à la fois plus juste et moins coûteuse que la meilleure IA.",
        )
        return about_ai(evidence, Finding("pass", text, [], [], where))
    names = {lang: ", ".join(candidate_label(c, lang) for c in better) for lang in ("en", "fr")}
    text = both(
        f"More accurate and cheaper than the best AI: {names['en']}.",
        f"Plus juste et moins coûteux que la meilleure IA : {names['fr']}.",
    )
    return about_ai(evidence, Finding("fail", text, [c["name"] for c in better], [], where))


def value_to_user(evidence: Evidence) -> Finding:
    """NEC-08: who decides what with the answer."""
    return declared(evidence, "NEC-08", ("owner",))


def rebound_screened(assessment: Assessment) -> Finding:
    """NEC-09: the use may grow three times, and is counted."""
    found, where = assessment.rebound, ("audit.json: rebound",)
    rooms = [found[name] for name in ("room", "room_carbon") if found.get(name) is not None]
    room = min(rooms, default=None)
    if room is None:
        text = both("There is nothing to compare the use with.", "Rien à quoi comparer l’usage.")
        return Finding("n_a", text, None, ENOUGH_ROOM, where)
    counter = declared(assessment, "NEC-09").status == "pass"
    grows = room >= ENOUGH_ROOM
    status: Status = "pass" if grows and counter else "warn" if grows or counter else "fail"
    if room <= 1:
        told = both(
            "It consumes as much as what it is compared with, or more, at the declared use.",
            "Elle consomme autant que la référence, ou plus, à l’usage déclaré.",
        )
    else:
        told = both(
            f"The use may grow {plain_number(room, 'en')} times before it consumes more than what it is compared with.",
            f"L’usage peut être multiplié par {plain_number(room, 'fr')} avant de consommer plus que la référence.",
        )
    counted = (
        both("The use is counted.", "L’usage est compté.")
        if counter
        else both("No evidence that the use is counted.", "Rien ne prouve que l’usage est compté.")
    )
    stamp = both(
        "Screening (ITU-T L.1480, tier 3): not for public claims.",
        "Examen sommaire (UIT-T L.1480, niveau 3) : pas d’usage en communication.",
    )
    text = {lang: " ".join((told[lang], counted[lang], stamp[lang])) for lang in ("en", "fr")}
    return about_ai(assessment, Finding(status, text, room, ENOUGH_ROOM, where))


def exit_test(evidence: Evidence) -> Finding:
    """NEC-10: when the model will be retired is laid down."""
    found = declared(evidence, "NEC-10")
    if found.status == "unevidenced" and evidence.winner is not None and evidence.winner["is_ai"]:
        flip = flip_words(evidence.decision)
        text = both(f"{found.text['en']} {flip['en']}", f"{found.text['fr']} {flip['fr']}")
        return Finding("warn", text, found.value, None, found.evidence)
    return about_ai(evidence, found)
