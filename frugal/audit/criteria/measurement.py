"""Rules about the measurement itself; a failing one leaves conditions 1 and 3 unassessed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from frugal.audit.criteria.findings import Finding, Status
from frugal.audit.evidence.evidence import Evidence
from frugal.audit.evidence.ledger_lines import cpu_total, entries_of
from frugal.audit.impacts.assessment import Assessment
from frugal.audit.words.names import stage_names
from frugal.audit.words.sentences import known, say, say_counted
from frugal.candidates.row import Query
from frugal.metering.power.reconciliation import reconcile
from frugal.reporting.text import plain_duration, plain_number
from frugal.reporting.units_text import percent, size
from frugal.texts import LANGUAGES, Text, in_each


def tier_recorded(evidence: Evidence) -> Finding:
    """MES-01: the way energy was measured is recorded."""
    machine, where = evidence.machine, ("candidates.json: machine",)
    tier, watts = machine.get("tier"), machine.get("watts_per_core")
    if tier not in ("T1", "T2", "T3", "T4") or watts is None:
        return Finding(
            "fail",
            say("MES-01.not_recorded"),
            tier,
            None,
            where,
        )
    text = {
        "T1": say("MES-01.T1"),
        "T2": say("MES-01.T2"),
        "T3": say("MES-01.T3", watts=in_each(plain_number, watts)),
        "T4": say("MES-01.T4", watts=in_each(plain_number, watts)),
    }[tier]
    return Finding("warn" if tier == "T4" else "pass", text, tier, None, where)


def compared(evidence: Evidence) -> list[Query]:
    """Timings that the verdict rests on: of what ships, the best AI and the best alternative."""
    ladder, pattern = evidence.ladder, evidence.decision.pattern
    found = (ladder.winner, ladder.best_ai, ladder.best_alternative)
    return [candidate.query[pattern] for candidate in found if candidate is not None and pattern in candidate.query]


def variation(time: Query) -> float:
    """Spread of the blocks of a timing over their middle; from quartiles where the record does not hold it."""
    if time.cv is not None:
        return time.cv
    low, middle, high = np.percentile(time.blocks, [25, 50, 75])
    return float((high - low) / 1.349 / middle) if middle > 0 else 0.0


def settled(evidence: Evidence) -> bool:
    """The verdict does not hang on how well queries could be timed on that day.

    One that rests on errors and limits does not, be it undecided, nor does a need that is not shown: that verdict held in
    95 % of the draws of these very timings, noise included. A need that is shown, or undecided for its costs, does.
    """
    decision = evidence.decision
    return not decision.timings_leave_it_undecided and decision.verdict not in (
        "demonstrated",
        "conditional",
        "trade_off",
    )


def repeatable(evidence: Evidence) -> Finding:
    """MES-02: blocks of the timings that the verdict rests on agree; a wide spread fails where it leaves the verdict undecided.

    Other verdicts on costs have held in 95 % of the draws of these very blocks; the rest hang on errors and limits.
    """
    where = ("candidates.json: query.blocks",)
    times = compared(evidence)
    if not times:
        return Finding("n_a", say("MES-02.not_timed"), None, [0.05, 0.15], where)
    worst = max(map(variation, times))
    leaves_open = evidence.decision.timings_leave_it_undecided
    status: Status = "pass" if worst <= 0.05 else "warn" if worst <= 0.15 or not leaves_open else "fail"
    text = say("MES-02.vary", spread=in_each(percent, worst, "up"))
    return Finding(status, text, worst, [0.05, 0.15], where)


def host_quiet(evidence: Evidence) -> Finding:
    """MES-03: the machine did little else, and its host took little time away; else a close verdict is measured again."""
    machine, where = evidence.machine, ("candidates.json: machine.load1, machine.steal_percent",)
    if machine.get("steal_percent") is None or machine.get("load1") is None:
        text = say("MES-03.not_recorded")
        return Finding("warn", text, None, None, where)
    steal, load = machine["steal_percent"], machine["load1"]
    text = say("MES-03.taken", steal=in_each(plain_number, steal, 2, "up"), load=in_each(plain_number, load, 2, "up"))
    if machine.get("measure_again"):
        again = say("MES-03.again")
        text = {lang: f"{text[lang]} {again[lang]}" for lang in text}
    status: Status = "warn" if machine.get("noisy") or machine.get("measure_again") else "pass"
    if machine.get("measure_again") and not settled(evidence):
        status = "fail"
    return Finding(status, text, {"steal_percent": steal, "load1": load}, [5, 1.5], where)


def codecarbon_agrees(evidence: Evidence) -> Finding:
    """MES-04: codecarbon books the same CPU energy on the same stages, in every process that ran.

    It is held to the watts that it was given, written on each line: other watts that a meter or a file brings later change
    no CPU time. The process that differs most beyond the resolution of codecarbon counts, since gaps of opposite sign would
    hide each other in a sum.
    """
    where, watts = ("ledger.jsonl: codecarbon_joules, process",), evidence.machine.get("watts_per_core")
    if not watts or all(line.get("codecarbon_joules") is None for line in evidence.ledger):
        return Finding("unevidenced", say("MES-04.no_reading"), None, 0.05, where)
    segments = reconcile(entries_of(evidence.ledger), watts)
    read = [segment for segment in segments if segment.gap is not None]
    if not read:
        text = say("MES-04.too_short")
        return Finding("n_a", text, None, 0.05, where)
    farthest = max(read, key=lambda segment: (abs(segment.resolved_gap), abs(segment.gap or 0.0)))
    gap, resolved = farthest.gap or 0.0, abs(farthest.resolved_gap)
    status: Status = "pass" if resolved <= 0.05 else "warn" if resolved <= 0.20 else "fail"
    words = {
        lang: ("+" if gap > 0 else "−") + percent(abs(gap), lang, "up") if gap else percent(0, lang)
        for lang in LANGUAGES
    }
    text = say("MES-04.reads", words=words, processes=len(read))
    return Finding(status, text, gap, 0.05, where)


def enough_blocks(evidence: Evidence) -> Finding:
    """MES-05: enough interleaved repetitions of what is asked again; a dear solver is priced from its booked runs."""
    level = evidence.comparison.level
    pattern, where = evidence.decision.pattern, ("candidates.json: level, query.blocks",)
    measured = [
        c.query[pattern]
        for c in evidence.candidates.values()
        if c.status == "ok" and pattern in c.query and not c.query[pattern].booked
    ]
    fewest = min((len(query.blocks) for query in measured), default=0)
    level_words = known("level", level)
    text = say_counted(
        "MES-05.blocks", number=fewest, level={lang: level_words[lang].capitalize() for lang in LANGUAGES}
    )
    if level != "full":
        return Finding("warn", text, fewest, 30, where)
    return Finding("pass" if fewest >= 30 else "fail", text, fewest, 30, where)


#: Stages that a bundle cannot have been made without.
NEEDED_STAGES = ("fit", "export", "evaluation")


def stages_complete(evidence: Evidence) -> Finding:
    """MES-06: every stage is in the ledger, which nobody altered."""
    where = ("ledger.jsonl",)
    if evidence.ledger_fault:
        text = say("finding.ledger_altered", fault=evidence.ledger_fault)
        return Finding("fail", text, dict(evidence.ledger_fault), {}, where)
    needed = [*NEEDED_STAGES, *(["generation"] if evidence.full_physics is not None else [])]
    present = {line["stage"] for line in evidence.ledger}
    missing = [stage for stage in needed if stage not in present]
    if missing:
        text = say("MES-06.missing", missing=stage_names(missing))
        return Finding("fail", text, missing, [], where)
    total = sum(map(cpu_total, evidence.ledger))
    text = say_counted("MES-06.stages", number=len(present), time=in_each(plain_duration, total, 2, "up"))
    return Finding("pass", text, len(present), None, where)


def several_impacts(assessment: Assessment) -> Finding:
    """MES-07: carbon, metals, primary energy and water, with the making of the machine."""
    where = ("audit.json: footprint",)
    covered = list(assessment.account.footprint["categories"])
    counted = [category for category in covered if category != "energy"]
    rows = assessment.account.footprint["rows"]
    made = any((row["impacts"].get("gwp") or {}).get("embodied") is not None for row in rows)
    names = {lang: ", ".join(known("category", name)[lang] for name in counted) for lang in LANGUAGES}
    if not made:
        text = say("MES-07.not_counted")
        return Finding("fail", text, counted, 3, where)
    text = say("MES-07.included", names=names)
    return Finding("pass" if len(counted) >= 3 else "warn", text, counted, 3, where)


#: Factors older than this are told.
OLD_YEARS = 3


def recent_factors(assessment: Assessment) -> Finding:
    """MES-08: factors are at most three years old."""
    where = ("audit.json: factors",)
    made = int(assessment.created[:4])
    old = sorted(factor.id for factor in assessment.account.factors if made - factor.year > OLD_YEARS)
    if not old:
        text = say("MES-08.recent", years=OLD_YEARS)
        return Finding("pass", text, [], OLD_YEARS, where)
    oldest = min(factor.year for factor in assessment.account.factors)
    text = say_counted(
        "MES-08.old", number=len(old), factors=len(assessment.account.factors), years=OLD_YEARS, oldest=oldest
    )
    return Finding("warn", text, old, OLD_YEARS, where)


def intervals_given(assessment: Assessment) -> Finding:
    """MES-09: every figure of the footprint has its interval."""
    where = ("audit.json: footprint.rows",)
    rows = assessment.account.footprint["rows"]
    spans = [impact for row in rows for impact in row["impacts"].values()]
    if not spans or any(span["p5"] >= span["p95"] and span["p95"] > 0 for span in spans):
        return Finding("fail", say("MES-09.not_given"), None, None, where)
    text = say_counted("MES-09.given", number=len(spans))
    return Finding("pass", text, len(spans), None, where)


def no_network(evidence: Evidence) -> Finding:
    """MES-10: neither the process nor its children opened a connection while the campaign or the evaluation ran."""
    calls, where = evidence.machine.get("network_calls"), ("candidates.json: machine.network_calls",)
    if calls is None:
        text = say("MES-10.not_watched")
        return Finding("unevidenced", text, None, 0, where)
    if calls:
        shown = ", ".join(map(str, calls[:3]))
        text = say("MES-10.called", shown=shown)
        return Finding("fail", text, len(calls), 0, where)
    watch = evidence.machine.get("network_watch") or {}
    watched_in = (*where, "candidates.json: machine.network_watch")
    if watch.get("onnxruntime_may_report"):
        return Finding("fail", say("MES-10.may_report"), None, 0, watched_in)
    cluster = evidence.machine.get("network_calls_expected")
    if cluster:
        shown = ", ".join(map(str, cluster[:3]))
        text = say("MES-10.cluster_only", shown=shown, watched=_watched(watch))
        return Finding("pass", text, 0, 0, (*watched_in, "candidates.json: machine.network_calls_expected"))
    return Finding("pass", say("MES-10.none_opened", watched=_watched(watch)), 0, 0, watched_in)


def _watched(watch: Mapping[str, Any]) -> Text:
    """What was watched, and how."""
    looks, sent = watch.get("looks_at_open_sockets"), watch.get("bytes_sent_by_machine")
    if not looks:
        return say("MES-10.python_only")
    if sent is None:
        return say("MES-10.looked", looks=in_each(plain_number, looks))
    if sent == 0:
        return say("MES-10.nothing_sent", looks=in_each(plain_number, looks))
    return say("MES-10.others_sent", looks=in_each(plain_number, looks), size=in_each(size, sent))
