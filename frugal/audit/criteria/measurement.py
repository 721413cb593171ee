"""Rules about the measurement itself; a failing one leaves conditions 1 and 3 unassessed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from frugal.audit.criteria.findings import Finding, Status
from frugal.audit.evidence.evidence import Evidence
from frugal.audit.evidence.ledger_lines import cpu_total, entries_of
from frugal.audit.impacts.assessment import Assessment
from frugal.audit.words.sentences import both, known
from frugal.metering.power.reconciliation import reconcile
from frugal.reporting.text import plain_duration, plain_number
from frugal.reporting.units_text import percent


def tier_recorded(evidence: Evidence) -> Finding:
    """MES-01: the way energy was measured is recorded."""
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
        "T3": both(
            f"Processor time × {plain_number(watts, 'en')} W, declared.",
            f"Temps de processeur × {plain_number(watts, 'fr')} W, valeur déclarée.",
        ),
        "T4": both(
            f"Processor time × {plain_number(watts, 'en')} W, default value.",
            f"Temps de processeur × {plain_number(watts, 'fr')} W, valeur par défaut.",
        ),
    }[tier]
    return Finding("warn" if tier == "T4" else "pass", text, tier, None, where)


def compared(evidence: Evidence) -> list[Mapping[str, Any]]:
    """Timings that the verdict rests on: of what ships, the best AI and the best alternative."""
    decision = evidence.decision
    names = dict.fromkeys((decision["winner"], decision["best_ai"], decision["best_alternative"]))
    found = [evidence.candidates[name] for name in names if name in evidence.candidates]
    times = [(candidate.get("query") or {}).get(decision["pattern"]) for candidate in found]
    return [time for time in times if time]


def variation(time: Mapping[str, Any]) -> float:
    """Spread of the blocks of a timing over their middle; from quartiles where the record does not hold it."""
    if time.get("cv") is not None:
        return float(time["cv"])
    low, middle, high = np.percentile(time["blocks"], [25, 50, 75])
    return float((high - low) / 1.349 / middle) if middle > 0 else 0.0


def settled(evidence: Evidence) -> bool:
    """The verdict does not hang on how well queries could be timed on that day.

    One that rests on errors and limits does not, nor does a need that is not shown: that verdict held in 95 % of the draws
    of these very timings, noise included. A need that is shown, or left undecided, does.
    """
    return evidence.decision["verdict"] not in ("demonstrated", "conditional", "undecided", "trade_off")


def repeatable(evidence: Evidence) -> Finding:
    """MES-02: blocks of the timings that the verdict rests on agree; a wide spread fails where the verdict is undecided.

    Other verdicts on costs have held in 95 % of the draws of these very blocks; the rest hang on errors and limits.
    """
    where = ("candidates.json: query.blocks",)
    times = compared(evidence)
    if not times:
        return Finding("n_a", both("Nothing was timed.", "Rien n’a été chronométré."), None, [0.05, 0.15], where)
    worst = max(map(variation, times))
    undecided = evidence.decision["verdict"] == "undecided"
    status: Status = "pass" if worst <= 0.05 else "warn" if worst <= 0.15 or not undecided else "fail"
    text = both(
        f"Repeated timings vary by {percent(worst, 'en')} at most.",
        f"Les mesures répétées varient de {percent(worst, 'fr')} au plus.",
    )
    return Finding(status, text, worst, [0.05, 0.15], where)


def host_quiet(evidence: Evidence) -> Finding:
    """MES-03: the machine did little else, and its host took little time away; else a close verdict is measured again."""
    machine, where = evidence.machine, ("candidates.json: machine.load1, machine.steal_percent",)
    if machine.get("steal_percent") is None or machine.get("load1") is None:
        text = both("Load and steal were not recorded.", "Charge et temps volé non relevés.")
        return Finding("warn", text, None, None, where)
    steal, load = machine["steal_percent"], machine["load1"]
    text = both(
        f"{plain_number(steal, 'en')}% of the time taken by the host, load {plain_number(load, 'en')}.",
        f"{plain_number(steal, 'fr')} % du temps pris par l’hôte, charge {plain_number(load, 'fr')}.",
    )
    if machine.get("measure_again"):
        again = both("Measure again on a quieter machine.", "À mesurer de nouveau sur une machine plus calme.")
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
        return Finding("unevidenced", both("No codecarbon reading.", "Aucun relevé codecarbon."), None, 0.05, where)
    segments = reconcile(entries_of(evidence.ledger), watts)
    read = [segment for segment in segments if segment.gap is not None]
    if not read:
        text = both(
            "The work is too short for codecarbon to resolve.",
            "Travail trop court pour la résolution de codecarbon.",
        )
        return Finding("n_a", text, None, 0.05, where)
    farthest = max(read, key=lambda segment: (abs(segment.resolved_gap), abs(segment.gap or 0.0)))
    gap, resolved = farthest.gap or 0.0, abs(farthest.resolved_gap)
    status: Status = "pass" if resolved <= 0.05 else "warn" if resolved <= 0.20 else "fail"
    words = {
        lang: ("+" if gap > 0 else "−") + percent(abs(gap), lang) if gap else percent(0, lang) for lang in ("en", "fr")
    }
    text = both(
        f"codecarbon reads {words['en']} against time × watts, same stages; processes compared: {len(read)}.",
        f"codecarbon relève {words['fr']} par rapport à temps × watts, mêmes étapes ; processus comparés : {len(read)}.",
    )
    return Finding(status, text, gap, 0.05, where)


def enough_blocks(evidence: Evidence) -> Finding:
    """MES-05: enough interleaved repetitions of what is asked again; a dear solver is priced from its booked runs."""
    level = evidence.comparison["level"]
    pattern, where = evidence.decision["pattern"], ("candidates.json: level, query.blocks",)
    measured = [
        c["query"][pattern]
        for c in evidence.candidates.values()
        if c["status"] == "ok" and (c.get("query") or {}).get(pattern) and not c["query"][pattern].get("booked")
    ]
    fewest = min((len(query.get("blocks") or []) for query in measured), default=0)
    level_words = known("level", level)
    text = both(
        f"{level_words['en'].capitalize()}: at least {fewest} blocks per candidate.",
        f"{level_words['fr'].capitalize()} : au moins {fewest} blocs par réponse possible.",
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
        text = both(
            f"The ledger was altered: {evidence.ledger_fault['en']}.",
            f"Le registre a été modifié : {evidence.ledger_fault['fr']}.",
        )
        return Finding("fail", text, dict(evidence.ledger_fault), {}, where)
    needed = [*NEEDED_STAGES, *(["generation"] if evidence.full_physics is not None else [])]
    present = {line["stage"] for line in evidence.ledger}
    missing = [stage for stage in needed if stage not in present]
    if missing:
        text = both(f"Not in the ledger: {', '.join(missing)}.", f"Absent du registre : {', '.join(missing)}.")
        return Finding("fail", text, missing, [], where)
    total = sum(map(cpu_total, evidence.ledger))
    text = both(
        f"{len(present)} stages, {plain_duration(total, 'en')} of computing, from the first run on.",
        f"{len(present)} étapes, {plain_duration(total, 'fr')} de calcul, depuis le premier essai.",
    )
    return Finding("pass", text, len(present), None, where)


def several_impacts(assessment: Assessment) -> Finding:
    """MES-07: carbon, metals, primary energy and water, with the making of the machine."""
    where = ("audit.json: footprint",)
    covered = list(assessment.account.footprint["categories"])
    counted = [category for category in covered if category != "energy"]
    rows = assessment.account.footprint["rows"]
    made = any((row["impacts"].get("gwp") or {}).get("embodied") is not None for row in rows)
    names = {lang: ", ".join(known("category", name)[lang] for name in counted) for lang in ("en", "fr")}
    if not made:
        text = both("Manufacture is not counted.", "La fabrication n’est pas comptée.")
        return Finding("fail", text, counted, 3, where)
    text = both(f"{names['en']}; manufacture included.", f"{names['fr']} ; fabrication comprise.")
    return Finding("pass" if len(counted) >= 3 else "warn", text, counted, 3, where)


#: Factors older than this are told.
OLD_YEARS = 3


def recent_factors(assessment: Assessment) -> Finding:
    """MES-08: factors are at most three years old."""
    where = ("audit.json: factors",)
    made = int(assessment.created[:4])
    old = sorted(factor.id for factor in assessment.account.factors if made - factor.year > OLD_YEARS)
    if not old:
        text = both(f"All are at most {OLD_YEARS} years old.", f"Tous ont au plus {OLD_YEARS} ans.")
        return Finding("pass", text, [], OLD_YEARS, where)
    oldest = min(factor.year for factor in assessment.account.factors)
    text = both(
        f"{len(old)} of {len(assessment.account.factors)} are older than {OLD_YEARS} years "
        f"(the oldest of {oldest}); for packaged ones no later open source was found.",
        f"{len(old)} sur {len(assessment.account.factors)} ont plus de {OLD_YEARS} ans "
        f"(le plus ancien de {oldest}) ; pour ceux du programme, pas de source ouverte plus récente.",
    )
    return Finding("warn", text, old, OLD_YEARS, where)


def intervals_given(assessment: Assessment) -> Finding:
    """MES-09: every figure of the footprint has its interval."""
    where = ("audit.json: footprint.rows",)
    rows = assessment.account.footprint["rows"]
    spans = [impact for row in rows for impact in row["impacts"].values()]
    if not spans or any(span["p5"] >= span["p95"] and span["p95"] > 0 for span in spans):
        return Finding(
            "fail", both("Some figures have no interval.", "Des chiffres sont sans intervalle."), None, None, where
        )
    text = both(f"P5–P50–P95 for {len(spans)} figures.", f"P5–P50–P95 pour {len(spans)} chiffres.")
    return Finding("pass", text, len(spans), None, where)


def no_network(evidence: Evidence) -> Finding:
    """MES-10: Python code asked nothing of the network while the campaign or the evaluation ran."""
    calls, where = evidence.machine.get("network_calls"), ("candidates.json: machine.network_calls",)
    if calls is None:
        text = both("Network calls were not watched.", "Les appels réseau n’ont pas été surveillés.")
        return Finding("unevidenced", text, None, 0, where)
    if calls:
        shown = ", ".join(map(str, calls[:3]))
        text = both(f"Called while measuring: {shown}.", f"Appelé pendant la mesure : {shown}.")
        return Finding("fail", text, len(calls), 0, where)
    cluster = evidence.machine.get("network_calls_expected")
    if cluster:
        shown = ", ".join(map(str, cluster[:3]))
        text = both(
            f"No connection was opened but to the cluster that computed the runs: {shown}.",
            f"Aucune connexion ouverte, hormis vers la grappe qui a fait les calculs : {shown}.",
        )
        return Finding("pass", text, 0, 0, (*where, "candidates.json: machine.network_calls_expected"))
    text = both("No connection was opened.", "Aucune connexion ouverte.")
    return Finding("pass", text, 0, 0, where)
