"""Rules of condition 3: is the direct footprint small beside planetary boundaries, and was the use questioned?"""

from __future__ import annotations

from frugal.audit.criteria.findings import Finding, Status, about_ai, declared, field_of
from frugal.audit.evidence.evidence import Evidence
from frugal.audit.impacts.assessment import Assessment
from frugal.audit.impacts.boundaries import SMALL_SHARE, WHOLE_SHARE, boundary_status
from frugal.audit.words.limits import ALL_CATEGORIES
from frugal.audit.words.sentences import known, people_words, say, say_counted
from frugal.reporting.text import plain_number
from frugal.reporting.units_text import percent, size
from frugal.texts import LANGUAGES, Text, in_each

#: Categories that must be covered, of the sixteen of the EF method.
ENOUGH_CATEGORIES = 4
#: Share of the network in the carbon of a year from which it is told.
NETWORK_TOLD_FROM = 0.5
#: Shares above this are not told in figures.
NEARLY_ALL = 0.995
#: Manufacture is spread over this many years (the factors of servers rest on 35,040 hours).
LEAST_LIFE_YEARS = 4


def share_of_boundaries(assessment: Assessment) -> Finding:
    """LIM-01: a year of the service takes a small part of the budget of one digital service."""
    found = assessment.account.boundaries
    where = ("audit.json: boundaries",)
    if not found["categories"]:
        return Finding("not_assessed", say("LIM-01.none"), None, None, where)
    worst = max(found["categories"], key=lambda row: row["part_of_budget"]["p95"])
    part = worst["part_of_budget"]["p95"]
    name = known("category", worst["category"])
    status: Status = boundary_status(found)  # type: ignore[assignment]
    people = found["beneficiaries"]
    served = say("LIM-01.not_declared")
    if people:
        served = say("LIM-01.served", people=in_each(people_words, people))
    text = say("LIM-01.worst", name=name, part=in_each(percent, part, "up"), served=served)
    network = _network(assessment)
    text = {language: text[language] + network[language] for language in LANGUAGES}
    return Finding(status, text, part, [SMALL_SHARE, WHOLE_SHARE], where)


def _network(assessment: Assessment) -> Text:
    """Words where the network outweighs all of the computing."""
    rows = {row["per"]: row for row in assessment.account.footprint["rows"] if row["role"] == "winner"}
    year, journey = rows.get("year_high"), rows.get("journey")
    carbon = (year or {}).get("impacts", {}).get("gwp")
    if not carbon or not journey:
        return dict.fromkeys(LANGUAGES, "")
    whole = sum(carbon[part] or 0.0 for part in ("use", "embodied", "network"))
    share = carbon["network"] / whole if whole else 0.0
    if share < NETWORK_TOLD_FROM:
        return dict.fromkeys(LANGUAGES, "")
    told = say("c3.nearly_all") if share > NEARLY_ALL else in_each(percent, share, "up")
    return say("c3.network", share=told, bytes=in_each(size, journey["network_bytes"]))


def categories_covered(assessment: Assessment) -> Finding:
    """LIM-02: enough categories are covered, and the others are named."""
    found = assessment.account.boundaries
    covered, missing = len(found["categories"]), list(found["not_covered"])
    names = {lang: ", ".join(known("category", name)[lang] for name in missing) for lang in LANGUAGES}
    text = say_counted("LIM-02.covered", number=covered, all=ALL_CATEGORIES, names=names)
    status: Status = "pass" if covered >= ENOUGH_CATEGORIES else "warn"
    return Finding(status, text, covered, ENOUGH_CATEGORIES, ("audit.json: boundaries",))


def use_questioned(evidence: Evidence) -> Finding:
    """LIM-03: what the use itself presses on or relieves was asked beforehand."""
    found = declared(evidence, "LIM-03", ("asked", "date"))
    day = str(field_of(evidence, "LIM-03", "date") or "")
    runs = [str(line["started"]) for line in evidence.ledger if line["stage"] == "generation" and line.get("started")]
    if found.status == "pass" and runs and day > min(runs)[:10]:
        text = say("LIM-03.late", found=found.text)
        return Finding("warn", text, day, min(runs)[:10], found.evidence)
    return found


def no_burden_shift(assessment: Assessment) -> Finding:
    """LIM-04: in no covered category does the AI weigh more than the best alternative in 95 % of draws."""
    burdens = assessment.account.burdens
    where = ("audit.json: burdens",)
    if not burdens:
        text = say("finding.no_pair")
        return Finding("n_a", text, None, None, where)
    heavier = [row["category"] for row in burdens if row["probability_ai_heavier"] >= 0.95]
    if not heavier:
        text = say("LIM-04.not_heavier")
        return about_ai(assessment, Finding("pass", text, [], [], where))
    names = {lang: ", ".join(known("category", name)[lang] for name in heavier) for lang in LANGUAGES}
    text = say("LIM-04.heavier", names=names)
    return about_ai(assessment, Finding("warn", text, heavier, [], where))


def trajectory(assessment: Assessment) -> Finding:
    """LIM-05: the yearly total grows by 5 % at most, and not at all while each query takes less."""
    from frugal.audit.evidence.comparison import change_of

    where = ("previous_audit.json: footprint",)
    if assessment.previous is None:
        return Finding("n_a", say("LIM-05.first"), None, None, where)
    change = change_of(assessment.previous["footprint"], assessment.account.footprint)
    if change is None:
        text = say("LIM-05.not_comparable")
        return Finding("n_a", text, None, None, where)
    total, each = (
        {lang: ("+" if value > 0 else "−") + percent(abs(value), lang) for lang in LANGUAGES}
        for value in (change["total"], change["per_unit"])
    )
    text = say("LIM-05.change", total=total, each=each)
    status: Status = "warn" if change["rebound"] or change["total"] > 0.05 else "pass"
    return Finding(status, text, change["total"], 0.05, where)


def hardware(evidence: Evidence) -> Finding:
    """LIM-06: existing equipment is used, or it is declared to serve for four years or more."""
    machine = evidence.machine
    if machine.get("file_sha256") and (machine.get("reused") or machine.get("age_years") is not None):
        age = machine.get("age_years")
        told = {lang: f"{plain_number(age, lang)}" if age is not None else "–" for lang in LANGUAGES}
        text = say("LIM-06.reused" if machine.get("reused") else "LIM-06.not_reused", age=told)
        return Finding("pass" if machine.get("reused") else "warn", text, age, 4, ("machine.toml",))
    found = declared(evidence, "LIM-06", ("life_years",))
    if found.status == "unevidenced":
        return Finding("unevidenced", say("LIM-06.spread", found=found.text), None, 4, found.evidence)
    years = field_of(evidence, "LIM-06", "life_years")
    if found.status == "pass" and years is not None and float(years) < LEAST_LIFE_YEARS:
        told = in_each(plain_number, float(years))
        text = say("LIM-06.too_short", found=found.text, told=told, least=LEAST_LIFE_YEARS)
        return Finding("fail", text, years, LEAST_LIFE_YEARS, found.evidence)
    return found
