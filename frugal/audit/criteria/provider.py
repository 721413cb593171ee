"""Rules of condition 2 for whoever runs the service: inference, delivery, hosting, upkeep."""

from __future__ import annotations

from frugal.audit.criteria.findings import Finding, Status, declared, field_of, no_ai
from frugal.audit.evidence.audit_file import ladder_of
from frugal.audit.evidence.evidence import Evidence
from frugal.audit.impacts.assessment import Assessment
from frugal.audit.words.names import declared_fields
from frugal.audit.words.sentences import phrase, say
from frugal.reporting.text import plain_duration
from frugal.reporting.units_text import percent, size
from frugal.texts import LANGUAGES, in_each

#: Bytes on the wire for one journey in a browser: small, and too large.
LIGHT_BYTES, HEAVY_BYTES = 100_000, 1_000_000
#: A new version may cost this much more per query without notice.
DEARER_WITHOUT_NOTICE = 0.10


def inference_strategy(evidence: Evidence) -> Finding:
    """FRU-14: every declared way of asking was measured."""
    winner, where = evidence.winner, ("candidates.json: query",)
    if winner is None:
        return no_ai("finding.nothing_ships")
    declared_patterns = [pattern["name"] for pattern in evidence.need["call_patterns"]]
    missing = [evidence.labels[name] for name in declared_patterns if name not in winner.query]
    if missing:
        names = {lang: ", ".join(label[lang] for label in missing) for lang in LANGUAGES}
        text = say("FRU-14.missing", names=names)
        return Finding("warn", text, len(missing), 0, where)
    each = {
        lang: ", ".join(
            phrase(
                "FRU-14.pattern",
                lang,
                name=evidence.labels[name][lang],
                time=plain_duration(winner.query[name].cpu_seconds, lang, way="up"),
            )
            for name in declared_patterns
        )
        for lang in LANGUAGES
    }
    text = say("FRU-14.measured", each=each)
    return Finding("pass", text, len(declared_patterns), None, where)


def delivery_weight(assessment: Assessment) -> Finding:
    """FRU-15: what a browser has to load is light."""
    target = assessment.pattern.get("target") or "local"
    winner, where = assessment.winner, ("model.js", "candidates.json: bytes", "factors: runtime_bytes_browser")
    if winner is None or target not in ("browser", "phone"):
        return no_ai("FRU-15.not_in_a_browser")
    delivery = assessment.account.delivery
    if delivery is None or winner.bytes is None:
        return no_ai("FRU-15.over_the_network")
    cached = bool(assessment.pattern.get("cached"))
    weight = delivery.total
    status: Status = "pass" if weight <= LIGHT_BYTES else "warn" if weight <= HEAVY_BYTES or cached else "fail"
    parts = {
        "weight": weight,
        "page": delivery.page,
        "model": delivery.answer,
        "runtime": delivery.runtime,
        "instead": delivery.with_runtime,
    }
    told = {name: in_each(size, value) for name, value in parts.items()}
    kept = say("FRU-15.kept" if cached else "FRU-15.each_journey")
    text = say("FRU-15.script" if delivery.script else "FRU-15.graph", kept=kept, **told)
    if delivery.reason:
        why = say("FRU-15.no_script", reason=delivery.reason)
        text = {language: f"{text[language]} {why[language]}" for language in LANGUAGES}
    return Finding(status, text, weight, [LIGHT_BYTES, HEAVY_BYTES], where)


def modest_hardware(evidence: Evidence) -> Finding:
    """FRU-16: memory and response time on one core were measured and are within the need."""
    winner, where = evidence.winner, ("candidates.json: memory_bytes, query.wall_p95_seconds_per_call",)
    if winner is None:
        return no_ai("finding.nothing_ships")
    pattern = evidence.decision.pattern
    query, memory = winner.query.get(pattern), winner.memory_bytes.get(pattern)
    if winner.graph is None:
        text = say("FRU-16.program")
        return Finding("not_assessed", text, None, None, where)
    if not memory or query is None:
        text = say("FRU-16.full_evaluation_only")
        return Finding("not_assessed", text, None, None, where)
    wait, met = query.slow_seconds_per_call, winner.keeps_limits(pattern)
    text = say("FRU-16.memory", memory=in_each(size, memory), time=in_each(plain_duration, wait, 2, "up"))
    return Finding("pass" if met else "fail", text, {"memory_bytes": memory, "seconds": wait}, None, where)


def retraining_rule(evidence: Evidence) -> Finding:
    """FRU-17: when to learn again is laid down."""
    if evidence.winner is None or not evidence.winner.needs_runs:
        return no_ai("FRU-17.learnt_nothing")
    return declared(evidence, "FRU-17", ("trigger", "max_per_year", "drift_metric"))


def version_stability(evidence: Evidence) -> Finding:
    """FRU-18: a query does not take over 10 % more than in the version before, beyond the intervals of both."""
    previous, where = evidence.previous, ("previous_audit.json: ladder",)
    if previous is None or evidence.winner is None:
        found = declared(evidence, "FRU-18")
        if found.status == "unevidenced" and previous is None:
            return no_ai("FRU-18.first")
        return found
    ladder = ladder_of(previous)
    then = None if ladder.winner is None else ladder.winner.query.get(ladder.decision.pattern)
    now = evidence.winner.query.get(evidence.decision.pattern)
    if then is None or now is None or not then.cpu_seconds:
        return no_ai("FRU-18.not_comparable")
    rise = now.cpu_seconds / then.cpu_seconds - 1
    told = {lang: ("+" if rise > 0 else "−") + percent(abs(rise), lang) for lang in LANGUAGES}
    text = say("FRU-18.change", told=told)
    # timings of two days differ by as much as their intervals: only what exceeds both counts
    beyond = now.low > (1 + DEARER_WITHOUT_NOTICE) * then.high
    return Finding("warn" if beyond else "pass", text, rise, DEARER_WITHOUT_NOTICE, where)


def hosting(evidence: Evidence) -> Finding:
    """FRU-19: country, overhead of the room and water are known."""
    machine = evidence.machine
    found = declared(evidence, "FRU-19", ("country", "pue", "wue"))
    if found.status != "unevidenced" or not machine.get("file_sha256"):
        return found
    known = [key for key in ("country", "pue", "wue_l_per_kwh") if machine.get(key) is not None]
    text = say("FRU-19.machine_file", told=declared_fields("FRU-19", known) if known else say("FRU-19.nothing"))
    return Finding("pass" if len(known) == 3 else "warn", text, known, None, ("machine.toml",))


def data_life_cycle(evidence: Evidence) -> Finding:
    """FRU-20: how long runs are kept is laid down, and what they weigh is within it."""
    found = declared(evidence, "FRU-20", ("retention_days", "max_gigabytes"))
    kept = evidence.runs_bytes
    weight = in_each(size, kept) if kept else dict.fromkeys(LANGUAGES, "–")
    limit = field_of(evidence, "FRU-20", "max_gigabytes")
    status: Status = found.status
    if limit is not None and kept > 1e9 * float(limit):
        status = "fail"
    text = say("FRU-20.kept", weight=weight, found=found.text)
    return Finding(status, text, kept, limit, (*found.evidence, "runs.zarr"))
