"""Rules of condition 3: is the direct footprint small beside planetary boundaries, and was the use questioned?"""

from __future__ import annotations

from frugal.audit.criteria.findings import Finding, Status, about_ai, declared, field_of
from frugal.audit.evidence.evidence import Evidence
from frugal.audit.impacts.assessment import Assessment
from frugal.audit.impacts.boundaries import SMALL_SHARE, WHOLE_SHARE, boundary_status
from frugal.audit.words.sentences import both, known
from frugal.reporting.text import plain_number
from frugal.reporting.units_text import percent

#: Categories that must be covered, of the sixteen of the EF method.
ENOUGH_CATEGORIES, ALL_CATEGORIES = 4, 16
#: Manufacture is spread over this many years (the factors of servers rest on 35,040 hours).
LEAST_LIFE_YEARS = 4


def share_of_boundaries(assessment: Assessment) -> Finding:
    """LIM-01: a year of the service takes a small part of the budget of one digital service."""
    found = assessment.account.boundaries
    where = ("audit.json: boundaries",)
    if not found["categories"]:
        return Finding(
            "not_assessed", both("No category is covered.", "Aucune catégorie n’est couverte."), None, None, where
        )
    worst = max(found["categories"], key=lambda row: row["part_of_budget"]["p95"])
    part = worst["part_of_budget"]["p95"]
    name = known("category", worst["category"])
    status: Status = boundary_status(found)  # type: ignore[assignment]
    people = found["beneficiaries"]
    served = both("served: not declared, one person assumed", "desservis : non déclaré, une personne supposée")
    if people:
        served = both(
            f"{plain_number(people, 'en')} people served", f"{plain_number(people, 'fr')} personnes desservies"
        )
    text = both(
        f"Worst category, {name['en']}: at most {percent(part, 'en')} of the budget of one digital service "
        f"for each person ({served['en']}).",
        f"Pire catégorie, {name['fr']} : au plus {percent(part, 'fr')} du budget d’un service numérique "
        f"par personne ({served['fr']}).",
    )
    return Finding(status, text, part, [SMALL_SHARE, WHOLE_SHARE], where)


def categories_covered(assessment: Assessment) -> Finding:
    """LIM-02: enough categories are covered, and the others are named."""
    found = assessment.account.boundaries
    covered, missing = len(found["categories"]), list(found["not_covered"])
    names = {lang: ", ".join(known("category", name)[lang] for name in missing) for lang in ("en", "fr")}
    text = both(
        f"{covered} of {ALL_CATEGORIES} categories; not covered: {names['en']}.",
        f"{covered} catégories sur {ALL_CATEGORIES} ; non couvertes : {names['fr']}.",
    )
    status: Status = "pass" if covered >= ENOUGH_CATEGORIES else "warn"
    return Finding(status, text, covered, ENOUGH_CATEGORIES, ("audit.json: boundaries",))


def use_questioned(evidence: Evidence) -> Finding:
    """LIM-03: what the use itself presses on or relieves was asked beforehand."""
    found = declared(evidence, "LIM-03", ("asked", "date"))
    day = str(field_of(evidence, "LIM-03", "date") or "")
    runs = [str(line["started"]) for line in evidence.ledger if line["stage"] == "generation" and line.get("started")]
    if found.status == "pass" and runs and day > min(runs)[:10]:
        text = both(
            f"{found.text['en']} Dated after the first run.", f"{found.text['fr']} Daté d’après le premier calcul."
        )
        return Finding("warn", text, day, min(runs)[:10], found.evidence)
    return found


def no_burden_shift(assessment: Assessment) -> Finding:
    """LIM-04: in no covered category does the AI weigh more than the best alternative in 95 % of draws."""
    burdens = assessment.account.burdens
    where = ("audit.json: burdens",)
    if not burdens:
        text = both("There is no pair of answers to compare.", "Il n’y a pas deux réponses à comparer.")
        return Finding("n_a", text, None, None, where)
    heavier = [row["category"] for row in burdens if row["probability_ai_heavier"] >= 0.95]
    if not heavier:
        text = both(
            "The AI is heavier than the best answer without AI in no covered category.",
            "L’IA ne pèse plus que la meilleure réponse sans IA dans aucune catégorie couverte.",
        )
        return about_ai(assessment, Finding("pass", text, [], [], where))
    names = {lang: ", ".join(known("category", name)[lang] for name in heavier) for lang in ("en", "fr")}
    text = both(
        f"The AI is heavier than the best answer without AI in: {names['en']}.",
        f"L’IA pèse plus que la meilleure réponse sans IA pour : {names['fr']}.",
    )
    return about_ai(assessment, Finding("warn", text, heavier, [], where))


def trajectory(assessment: Assessment) -> Finding:
    """LIM-05: the yearly total grows by 5 % at most, and not at all while each query takes less."""
    from frugal.audit.evidence.comparison import change_of

    where = ("audit before this one: footprint",)
    if assessment.previous is None:
        return Finding("n_a", both("First audit.", "Premier audit."), None, None, where)
    change = change_of(assessment.previous["footprint"], assessment.account.footprint)
    if change is None:
        text = both("The audit before cannot be compared.", "L’audit précédent n’est pas comparable.")
        return Finding("n_a", text, None, None, where)
    told = {
        lang: [("+" if v > 0 else "−") + percent(abs(v), lang) for v in (change["total"], change["per_unit"])]
        for lang in ("en", "fr")
    }
    text = both(
        f"Yearly total {told['en'][0]}, per query {told['en'][1]} since the audit before (gCO₂e).",
        f"Total annuel {told['fr'][0]}, par question {told['fr'][1]} depuis l’audit précédent (gCO₂e).",
    )
    status: Status = "warn" if change["rebound"] or change["total"] > 0.05 else "pass"
    return Finding(status, text, change["total"], 0.05, where)


def hardware(evidence: Evidence) -> Finding:
    """LIM-06: existing equipment is used, or it is declared to serve for four years or more."""
    machine = evidence.machine
    if machine.get("file_sha256") and (machine.get("reused") or machine.get("age_years") is not None):
        age = machine.get("age_years")
        told = {lang: f"{plain_number(age, lang)}" if age is not None else "–" for lang in ("en", "fr")}
        text = both(
            f"Machine file: equipment reused: {'yes' if machine.get('reused') else 'no'}, age {told['en']} years.",
            f"Fichier de la machine : matériel réemployé : {'oui' if machine.get('reused') else 'non'}, âge {told['fr']} ans.",
        )
        return Finding("pass" if machine.get("reused") else "warn", text, age, 4, ("machine.toml",))
    found = declared(evidence, "LIM-06", ("life_years",))
    if found.status == "unevidenced":
        told_en = f"{found.text['en']} Manufacture is spread over 4 years."
        return Finding(
            "unevidenced", both(told_en, f"{found.text['fr']} Fabrication répartie sur 4 ans."), None, 4, found.evidence
        )
    years = field_of(evidence, "LIM-06", "life_years")
    if found.status == "pass" and years is not None and float(years) < LEAST_LIFE_YEARS:
        told = {lang: plain_number(float(years), lang) for lang in ("en", "fr")}
        text = both(
            f"{found.text['en']} It serves for {told['en']} years; {LEAST_LIFE_YEARS} are counted.",
            f"{found.text['fr']} Il sert {told['fr']} ans ; {LEAST_LIFE_YEARS} sont comptés.",
        )
        return Finding("fail", text, years, LEAST_LIFE_YEARS, found.evidence)
    return found
