"""Rules of condition 1: was the need for AI demonstrated? They read the decision and take none."""

from __future__ import annotations

import math
from dataclasses import asdict

from frugal.audit.criteria.findings import Finding, Status, about_ai, declared
from frugal.audit.evidence.evidence import Evidence
from frugal.audit.evidence.ledger_lines import cpu_total
from frugal.audit.impacts.assessment import Assessment
from frugal.audit.impacts.rebound import ENOUGH_ROOM
from frugal.audit.words.limits import lighter_words
from frugal.audit.words.names import need_fields
from frugal.audit.words.sentences import baselines, break_even_words, flip_words, in_a_sentence, known, say, say_counted
from frugal.experiments.metrics.registry import error_allowed
from frugal.reporting.text import plain_duration, plain_number, queries_span
from frugal.reporting.units_text import day
from frugal.texts import LANGUAGES, Text, in_each

#: Fields in which a need has to say something beside tolerances.
NEED_FIELDS = ("functional_unit", "queries", "reason", "use", "decided_by")


def written_first(evidence: Evidence) -> Finding:
    """NEC-01: the need was written down, whole, before the first run."""
    need, where = evidence.need, ("ledger.jsonl: stage need", "study.json: need.hash")
    if not need.get("declared", True):
        return Finding("fail", say("NEC-01.undeclared"), None, None, where)
    mine = next((entry for entry in evidence.need_history if entry["hash"] == need.get("hash")), None)
    if mine is None:
        text = say("NEC-01.not_dated")
        return Finding("fail", text, None, None, where)
    missing = [field for field in NEED_FIELDS if not need.get(field)]
    date = in_each(day, str(mine["first_seen"]))
    lacking: Text | str = say("NEC-01.not_said", names=need_fields(missing)) if missing else ""
    if mine["before_first_run"] is None:
        text = say("NEC-01.of_a_table", date=date, lacking=lacking)
        return Finding("warn", text, date["en"], None, where)
    if mine["before_first_run"]:
        text = say("NEC-01.before", date=date, lacking=lacking)
        return Finding("warn" if missing else "pass", text, date["en"], None, where)
    changed = sorted(mine.get("changed") or {})
    altered = say("NEC-01.changed", names=need_fields(changed)) if changed else ""
    text = say("NEC-01.after", date=date, changed=altered, lacking=lacking)
    return Finding("warn", text, date["en"], None, where)


def tolerance(evidence: Evidence) -> Finding:
    """NEC-02: a tolerance was declared, with its reason, and not below the known error of the physics."""
    need, where = evidence.need, ("study.json: need.tolerances",)
    if not need.get("tolerances"):
        return Finding("fail", say("NEC-02.undeclared"), None, None, where)
    limits = {name: tolerance["limit"] for name, tolerance in need["tolerances"].items()}
    if not need.get("declared", True):
        text = say("NEC-02.filled_in")
        return Finding("warn", text, limits, None, where)
    reason = need.get("reason") or {}
    if not reason:
        text = say("NEC-02.no_reason")
        return Finding("warn", text, limits, None, where)
    over = _tighter_than_physics(evidence)
    if over:
        names = {lang: ", ".join(evidence.labels[name][lang] for name in over) for lang in LANGUAGES}
        text = say("NEC-02.tighter", names=names)
        return Finding("warn", text, limits, over, where)
    told = {lang: str(reason.get(lang) or reason.get("en") or reason.get("fr")).rstrip(".") for lang in LANGUAGES}
    text = say("NEC-02.declared", reason=told)
    return Finding("pass", text, limits, None, where)


def _tighter_than_physics(evidence: Evidence) -> list[str]:
    """Outputs whose tolerance is below the known error of the physics, or below what its grid was found to err by."""
    known_error, grid = evidence.need.get("solver_error") or {}, evidence.grid_errors or {}
    return [
        name
        for name, tolerance in evidence.need["tolerances"].items()
        if (
            known_error.get(name)
            and error_allowed(str(tolerance.get("metric")), tolerance["limit"]) < float(known_error[name])
        )
        or (name in grid and grid[name].beyond)
    ]


def alternatives(evidence: Evidence) -> Finding:
    """NEC-03: the mandatory answers without AI were run."""
    missing = list(evidence.decision.missing_baselines)
    status: Status = "pass" if not missing else "warn" if len(missing) == 1 else "fail"
    tried = sum(1 for c in evidence.candidates.values() if c.status == "ok" and not c.lacks and not c.is_ai)
    text = say_counted("NEC-03.all", number=tried)
    if missing:
        text = say_counted("NEC-03.tried", number=tried, names=baselines(missing))
    return Finding(status, text, missing, [], ("candidates.json: decisions[0].missing_baselines",))


def cheapest(assessment: Assessment) -> Finding:
    """NEC-04: what is retained has no AI in it, or the need for its AI is shown, and nothing else emits clearly less."""
    decision, winner = assessment.decision, assessment.winner
    where, verdict = ("candidates.json: decisions[0].verdict",), decision.verdict
    if not assessment.compared:
        text = say("NEC-04.not_compared")
        return Finding("not_assessed", text, verdict, None, where)
    if winner is None:
        text = say("NEC-04.none")
        return Finding("fail", text, verdict, None, where)
    name = winner.labels
    lighter = lighter_words(assessment)
    if not winner.is_ai:
        text = _joined(say("NEC-04.without_ai", name=name), lighter)
        return Finding("warn" if lighter["en"] else "pass", text, verdict, None, where)
    statuses: dict[str, Status] = {
        "demonstrated": "pass",
        "infeasible_otherwise": "pass",
        "not_demonstrated": "fail",
    }
    text = _joined(say("NEC-04.with_ai", name=name, verdict=known("verdict", verdict)), lighter)
    status = statuses.get(verdict, "warn")
    return Finding("warn" if status == "pass" and lighter["en"] else status, text, verdict, None, where)


def _joined(first: Text, second: Text) -> Text:
    """Two sentences, of which the second may be empty."""
    return {lang: f"{first[lang]} {second[lang]}".rstrip() for lang in LANGUAGES}


def break_even(evidence: Evidence) -> Finding:
    """NEC-05: the declared usage is well beyond the break-even."""
    decision, where = evidence.decision, ("candidates.json: decisions[0].break_even_queries",)
    crossing, usage = decision.break_even_queries, decision.queries
    if crossing is None or not usage:
        text = say("finding.no_pair")
        return Finding(
            "n_a" if evidence.compared else "not_assessed", text, crossing and asdict(crossing), usage, where
        )
    factor = decision.policy.queries_factor
    status: Status = "fail"
    if math.isfinite(crossing.high) and usage[0] >= factor * crossing.high:
        status = "pass"
    elif math.isfinite(crossing.median) and usage[1] >= crossing.median:
        status = "warn"
    words = break_even_words(decision)
    flip = flip_words(decision)
    told = {language: queries_span(*usage, language) for language in LANGUAGES}
    text = say("NEC-05.pays_back", crossing=words, usage=told, flip=flip)
    return about_ai(evidence, Finding(status, text, asdict(crossing), {"queries": usage, "factor": factor}, where))


def materiality(evidence: Evidence) -> Finding:
    """NEC-06: the saving is large enough to matter."""
    decision, where = evidence.decision, ("candidates.json: decisions[0].saving_cpu_seconds",)
    saving = decision.saving_cpu_seconds
    if saving is None:
        text = say("finding.no_pair")
        return Finding("n_a" if evidence.compared else "not_assessed", text, None, None, where)
    evaluation = sum(cpu_total(line) for line in evidence.ledger if line["stage"] == "evaluation")
    floor = max(decision.policy.materiality_cpu_seconds, 10 * evaluation)
    median = saving.median
    status: Status = "pass" if median >= floor else "warn" if median >= 0 else "fail"
    # what is saved is rounded down, what is lost and what is asked for up
    words = in_each(plain_duration, abs(median), 2, "up" if median < 0 else "down")
    least = in_each(plain_duration, floor, 2, "up")
    text = say("NEC-06.takes", time=words) if median < 0 else say("NEC-06.saves", time=words, least=least)
    return about_ai(evidence, Finding(status, text, median, floor, where))


def dominance(evidence: Evidence) -> Finding:
    """NEC-07: no answer without AI is both more accurate and cheaper than the best AI, chosen limits left aside."""
    decision, ai, where = evidence.decision, evidence.best_ai, ("candidates.json: candidates",)
    lifetime = decision.lifetime_cpu_seconds
    if ai is None or ai.name not in lifetime:
        text = say("NEC-07.no_ai")
        return Finding("n_a" if evidence.compared else "not_assessed", text, None, None, where)
    better = [
        c
        for c in evidence.candidates.values()
        if not c.is_ai
        and c.status == "ok"
        and not c.lacks
        and lifetime.get(c.name, math.inf) < lifetime[ai.name]
        and c.error_bound < ai.error_bound
    ]
    if not better:
        text = say("NEC-07.not_beaten")
        return about_ai(evidence, Finding("pass", text, [], [], where))
    inside = [c for c in better if c.keeps_limits(decision.pattern)]
    shown = inside or better
    names = {lang: ", ".join(in_a_sentence(c.label_in(lang)) for c in shown) for lang in LANGUAGES}
    text = say("NEC-07.beaten" if inside else "NEC-07.beaten_outside", names=names)
    return about_ai(evidence, Finding("fail" if inside else "warn", text, [c.name for c in shown], [], where))


def value_to_user(evidence: Evidence) -> Finding:
    """NEC-08: who decides what with the answer."""
    return declared(evidence, "NEC-08", ("owner",))


def rebound_screened(assessment: Assessment) -> Finding:
    """NEC-09: the use may grow three times, and is counted."""
    found, where = assessment.rebound, ("audit.json: rebound",)
    rooms = [found[name] for name in ("room", "room_carbon") if found.get(name) is not None]
    room = min(rooms, default=None)
    if room is None:
        text = say("NEC-09.nothing_to_compare")
        return Finding("n_a", text, None, ENOUGH_ROOM, where)
    counter = declared(assessment, "NEC-09").status == "pass"
    grows = room >= ENOUGH_ROOM
    status: Status = "pass" if grows and counter else "warn" if grows or counter else "fail"
    told = say("NEC-09.as_much") if room <= 1 else say("NEC-09.may_grow", times=in_each(plain_number, room, 2, "down"))
    counted = say("NEC-09.counted") if counter else say("NEC-09.not_counted")
    stamp = say("NEC-09.screening")
    text = {lang: " ".join((told[lang], counted[lang], stamp[lang])) for lang in LANGUAGES}
    return about_ai(assessment, Finding(status, text, room, ENOUGH_ROOM, where))


def exit_test(evidence: Evidence) -> Finding:
    """NEC-10: when the model will be retired is laid down."""
    found = declared(evidence, "NEC-10")
    if found.status == "unevidenced" and evidence.winner is not None and evidence.winner.is_ai:
        flip = flip_words(evidence.decision)
        text = {lang: f"{found.text[lang]} {flip[lang]}" for lang in LANGUAGES}
        return Finding("warn", text, found.value, None, found.evidence)
    return about_ai(evidence, found)
