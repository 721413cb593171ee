"""Rules of condition 2 for whoever builds the answer: model, data, search, reproducibility."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from frugal.audit.criteria.findings import Finding, Status, declared, no_ai
from frugal.audit.evidence.evidence import Evidence
from frugal.audit.evidence.ledger_lines import cpu_total
from frugal.audit.words.sentences import in_a_sentence, known, quoted, say, say_counted
from frugal.candidates.row import CandidateRow
from frugal.reporting.text import plain_duration, plain_number
from frugal.reporting.units_text import percent, size
from frugal.texts import LANGUAGES, Text, in_each

#: Below this many bytes compression is not worth asking for.
SMALL_MODEL_BYTES = 10_000
#: Families of AI that must have been tried before one counts as the simplest.
FAMILIES = 3


def simplest_model(evidence: Evidence) -> Finding:
    """FRU-01: the AI that ships is the cheapest of several families that meet the need."""
    tried = [c for c in evidence.candidates.values() if c.is_ai and c.status == "ok"]
    winner, where = evidence.winner, ("candidates.json: decisions[0].lifetime_cpu_seconds",)
    if winner is None or not winner.is_ai:
        return Finding("n_a", say_counted("FRU-01.no_ai", number=len(tried)))
    costs, pattern = evidence.decision.lifetime_cpu_seconds, evidence.decision.pattern
    if (
        evidence.decision.queries is None
    ):  # the cost of a query stands in the place of that of a use that nobody declared
        costs = {c.name: float(np.median(c.query[pattern].blocks)) for c in tried if pattern in c.query}
        where = (f"candidates.json: query.{pattern}.blocks",)
    meets = [c for c in tried if c.need_met.get(pattern) and c.name in costs]
    cheapest = min(meets, key=lambda c: costs[c.name], default=winner)
    known = winner.name in costs and costs.get(cheapest.name)
    ratio = costs[winner.name] / costs[cheapest.name] if known else 1.0
    status: Status = "pass" if ratio <= 1.0 else "warn" if ratio <= 1.5 else "fail"
    if status == "pass" and len(tried) < FAMILIES:
        status = "warn"
    text = say_counted("FRU-01.tried", number=len(tried), times=in_each(plain_number, ratio, 2, "up"))
    return Finding(status, text, ratio, [1.0, 1.5], where)


def size_in_proportion(evidence: Evidence) -> Finding:
    """FRU-02: the file is not much larger than the smallest AI that meets the need."""
    winner, where = evidence.winner, ("candidates.json: bytes",)
    if winner is None or not winner.is_ai or not winner.bytes:
        return no_ai()
    pattern = evidence.decision.pattern
    sizes = [c.bytes for c in evidence.candidates.values() if c.is_ai and c.bytes and c.need_met.get(pattern)]
    ratio = winner.bytes / min(sizes, default=winner.bytes)
    status: Status = "pass" if ratio <= 2 else "warn" if ratio <= 5 else "fail"
    text = say("FRU-02.times", size=in_each(size, winner.bytes), times=in_each(plain_number, ratio, 2, "up"))
    return Finding(status, text, ratio, [2, 5], where)


def _studied(evidence: Evidence, part: str) -> tuple[CandidateRow, Mapping[str, Any]] | None:
    """The candidate that ships, or the closest AI, with what the full evaluation measured of it."""
    for candidate in (evidence.winner, evidence.closest_ai):
        found = (evidence.practices.get(candidate.name) or {}).get(part) if candidate is not None else None
        if candidate is not None and found:
            return candidate, found
    return None


def _not_measured(evidence: Evidence, part: str) -> Finding:
    """Why a practice has no measurement: there is no full evaluation, or it gave a reason."""
    for candidate in (evidence.winner, evidence.closest_ai):
        studied = evidence.practices.get(candidate.name) if candidate is not None else None
        reason = ((studied or {}).get("skipped") or {}).get(part)
        if reason:
            text = say("finding.not_measured", reason=reason)
            return Finding("not_assessed", text, None, None, ("evaluations: practices",))
    text = say("finding.full_evaluation_only")
    return Finding("not_assessed", text)


def _about_shipped(evidence: Evidence, candidate: CandidateRow, finding: Finding) -> Finding:
    """For information only where the candidate that was studied is not the one that ships."""
    if evidence.winner is not None and candidate.name == evidence.winner.name:
        return finding
    name = quoted(candidate)
    text = {lang: in_a_sentence(told) for lang, told in finding.text.items()}
    told = say("finding.for_the_record_of", name=name, told=text)
    return Finding("n_a", told, finding.value, finding.threshold, finding.evidence)


def data_in_proportion(evidence: Evidence) -> Finding:
    """FRU-03: neither a quarter nor half of the training runs would have done."""
    studied = _studied(evidence, "learning_curve")
    if studied is None:
        return _not_measured(evidence, "learning_curve")
    candidate, curve = studied
    points = curve["points"]
    told = {
        lang: ", ".join(
            f"{plain_number(p['n'], lang, 4)} → {percent(p['error_ratio'], lang, 'up')}"
            for p in points
            if p["error_ratio"] is not None
        )
        for lang in LANGUAGES
    }
    fewer = [p["n"] for p in points[:-1] if p["met"]]
    most = points[-1]["n"]
    if fewer:
        text = say(
            "FRU-03.fewer", fewer=in_each(plain_number, min(fewer), 4), most=in_each(plain_number, most, 4), told=told
        )
        return _about_shipped(evidence, candidate, Finding("warn", text, min(fewer), most, ("evaluations: practices",)))
    text = say("FRU-03.none_fewer", told=told)
    return _about_shipped(evidence, candidate, Finding("pass", text, most, most, ("evaluations: practices",)))


def inputs_in_proportion(evidence: Evidence) -> Finding:
    """FRU-04: no input could be left out."""
    studied = _studied(evidence, "inputs_dropped")
    if studied is None:
        return _not_measured(evidence, "inputs_dropped")
    candidate, found = studied
    names = list(found["droppable"])
    if not names:
        text = say_counted("FRU-04.none_droppable", number=found["n_inputs"])
        return _about_shipped(evidence, candidate, Finding("pass", text, [], [], ("evaluations: practices",)))
    labels = evidence.input_labels
    more = ", …" if len(names) > 4 else ""
    shown = {lang: ", ".join(in_a_sentence(labels[name][lang]) for name in names[:4]) + more for lang in LANGUAGES}
    text = say_counted("FRU-04.droppable", number=len(names), inputs=found["n_inputs"], shown=shown)
    return _about_shipped(evidence, candidate, Finding("warn", text, names, [], ("evaluations: practices",)))


def search_bounded(evidence: Evidence) -> Finding:
    """FRU-05: the search for settings took little beside the fit itself."""
    candidate, where = evidence.closest_ai, ("candidates.json: log",)
    log = candidate.log if candidate is not None else {}
    searched, fitted = log.get("search_cpu_seconds"), log.get("fit_cpu_seconds")
    if candidate is None or searched is None or not fitted:
        return no_ai("FRU-05.no_search")
    ratio = searched / fitted
    status: Status = "pass" if ratio <= 20 else "warn" if ratio <= 100 else "fail"
    trials = log.get("trials")
    named: Text | str = say_counted("FRU-05.trials", number=trials) if trials else ""
    told = {"searched": in_each(plain_duration, searched, 2, "up"), "fitted": in_each(plain_duration, fitted)}
    text = say("FRU-05.search", named=named, **told)
    return _about_shipped(evidence, candidate, Finding(status, text, ratio, [20, 100], where))


def stopped_early(evidence: Evidence) -> Finding:
    """FRU-06: training ended by itself, not at a limit."""
    candidate, where = evidence.closest_ai, ("candidates.json: log.stopped_early",)
    how = None if candidate is None else candidate.log.get("stopped_early")
    if candidate is None or how is None:
        return no_ai("FRU-06.no_training")
    status: Status = "warn" if how == "iteration_limit" else "pass"
    return _about_shipped(evidence, candidate, Finding(status, known("FRU-06", how), how, None, where))


def failures_counted(evidence: Evidence) -> Finding:
    """FRU-07: the ledger is whole, and failed candidates stand in it and in the costs."""
    if not evidence.ledger:
        text = say("FRU-07.no_ledger")
        return Finding("fail", text, None, None, ("ledger.jsonl",))
    if evidence.ledger_fault:
        text = say("finding.ledger_altered", fault=evidence.ledger_fault)
        return Finding("fail", text, dict(evidence.ledger_fault), {}, ("ledger.jsonl: number, previous",))
    failed = [line for line in evidence.ledger if line["status"] != "ok"]
    told = {line.get("candidate") for line in failed}
    untold = [c.name for c in evidence.candidates.values() if c.status == "failed" and c.name not in told]
    seconds = sum(cpu_total(line) for line in failed)
    lost = in_each(plain_duration, seconds, 2, "up")
    if untold:
        rows = [evidence.candidates[name] for name in untold]
        text = say("FRU-07.untold", names={lang: ", ".join(row.label_in(lang) for row in rows) for lang in LANGUAGES})
        return Finding("fail", text, untold, [], ("ledger.jsonl", "candidates.json: candidates"))
    text = say_counted("FRU-07.counted", number=len(failed), entries=len(evidence.ledger), time=lost)
    return Finding("pass", text, len(failed), None, ("ledger.jsonl",))


def compression(evidence: Evidence) -> Finding:
    """FRU-08: smaller files were tried, and what they gain is said."""
    winner = evidence.winner
    studied = _studied(evidence, "compression")
    if studied is None:
        if winner is not None and (winner.bytes or 0) < SMALL_MODEL_BYTES:
            return no_ai("FRU-08.too_small")
        return _not_measured(evidence, "compression")
    candidate, found = studied
    variants = {variant["name"]: variant for variant in found["variants"] if variant.get("bytes")}
    original, best = variants.get(found["original"]), variants.get(found.get("smallest_that_meets") or "")
    tried = ", ".join(name for name in variants if name != found["original"])
    where = ("evaluations: practices",)
    if original and best and best["bytes"] < original["bytes"]:
        gain = 1 - best["bytes"] / original["bytes"]
        slower = best["cpu_seconds_per_query"] / original["cpu_seconds_per_query"]
        text = say(
            "FRU-08.smaller",
            tried=tried,
            name=best["name"],
            gain=in_each(percent, gain, "down"),
            size=in_each(size, best["bytes"]),
            times=in_each(plain_number, slower, 2, "up"),
        )
        return _about_shipped(evidence, candidate, Finding("pass", text, gain, None, where))
    text = say("FRU-08.none_smaller", tried=tried or say("FRU-08.nothing_tried"))
    return _about_shipped(evidence, candidate, Finding("pass", text, 0.0, None, where))


def reuse(evidence: Evidence) -> Finding:
    """FRU-09: an existing model or data set was looked for first."""
    return declared(evidence, "FRU-09")


def efficient_runs(evidence: Evidence) -> Finding:
    """FRU-10: coarser physics was tried; what one run takes is said."""
    if evidence.full_physics is None:
        return no_ai("finding.runs_of_a_table")
    coarse = [c for c in evidence.candidates.values() if c.kind == "coarse_physics" and c.status == "ok"]
    runs = sum(line.get("runs") or 0 for line in evidence.ledger if line["stage"] == "generation")
    spent = sum(cpu_total(line) for line in evidence.ledger if line["stage"] == "generation")
    each = {lang: plain_duration(spent / runs, lang, way="up") if runs else "–" for lang in LANGUAGES}
    if coarse:
        names = {lang: ", ".join(in_a_sentence(c.label_in(lang)) for c in coarse) for lang in LANGUAGES}
        text = say("FRU-10.coarser", each=each, names=names)
        return Finding("pass", text, len(coarse), 1, ("candidates.json", "ledger.jsonl: runs"))
    text = say("FRU-10.none_coarser", each=each)
    return Finding("warn", text, 0, 1, ("candidates.json", "ledger.jsonl: runs"))


def reproducible(evidence: Evidence) -> Finding:
    """FRU-11: seeds and versions of everything drawn are recorded."""
    where = ("ledger.jsonl: seed, versions, hashes",)
    drawn = [line for line in evidence.ledger if line["stage"] in ("generation", "fit")]
    unseeded = sorted({line["stage"] for line in drawn if line.get("seed") is None})
    campaigns = {line.get("campaign") for line in drawn}
    versioned = {line.get("campaign") for line in evidence.ledger if line.get("versions")}
    hashed = any({"study", "design", "data"} <= set(line.get("hashes") or {}) for line in evidence.ledger)
    if drawn and not unseeded and campaigns <= versioned and hashed:
        text = say("FRU-11.recorded")
        return Finding("pass", text, True, True, where)
    text = say("FRU-11.not_recorded")
    return Finding("fail", text, False, True, where)


#: CPU seconds that a generation takes beside its runs, to start threads and write the store. A campaign takes over ten for
#: fits, measurement and audit; an estimate that is off by less than this cannot have misled anybody about what it costs.
BESIDE_RUNS_CPU_SECONDS = 1.0


def estimated_beforehand(evidence: Evidence) -> Finding:
    """FRU-12: what the runs would cost was estimated before they were made."""
    where = ("ledger.jsonl: details.estimated_cpu_seconds",)
    if evidence.full_physics is None:
        return no_ai("finding.runs_of_a_table")
    lines = [line for line in evidence.ledger if line["stage"] == "generation"]
    # a campaign that was taken up again has an estimate of what was left each time: the first one of each batch covers it all
    known: dict[Any, float] = {}
    for line in lines:
        details = line.get("details") or {}
        if details.get("estimated_cpu_seconds"):
            known.setdefault(details.get("batch"), details["estimated_cpu_seconds"])
    if not known:
        text = say("FRU-12.not_estimated")
        return Finding("fail", text, None, [2, 5], where)
    spent, expected = sum(map(cpu_total, lines)), sum(known.values())
    more, less = max(spent, expected) + BESIDE_RUNS_CPU_SECONDS, min(spent, expected) + BESIDE_RUNS_CPU_SECONDS
    ratio = more / less
    status: Status = "pass" if ratio <= 2 else "warn" if ratio <= 5 else "fail"
    told = (in_each(plain_duration, value) for value in (expected, spent))
    text = say("FRU-12.estimated", **dict(zip(("expected", "spent"), told, strict=True)))
    return Finding(status, text, spent / expected, [2, 5], where)


def tracked_together(evidence: Evidence) -> Finding:
    """FRU-13: error and computing time stand side by side for every candidate."""
    measured = [c for c in evidence.candidates.values() if c.status == "ok"]
    lacking = [c for c in measured if not c.errors or not c.query]
    where = ("candidates.json: error, query",)
    if measured and not lacking:
        text = say_counted("FRU-13.side_by_side", number=len(measured))
        return Finding("pass", text, len(measured), None, where)
    names = {lang: ", ".join(in_a_sentence(c.label_in(lang)) for c in lacking) or "–" for lang in LANGUAGES}
    text = say("FRU-13.missing", names=names)
    return Finding("warn" if measured else "fail", text, len(lacking), 0, where)
