"""Rules about the measurement itself; a failing one leaves condition 1 unassessed."""

from __future__ import annotations

from frugal.audit.criteria.findings import Finding, Status
from frugal.audit.evidence import Evidence, cpu_total
from frugal.audit.words.numbers import percent
from frugal.audit.words.wording import both, known
from frugal.metering.carbon import CODECARBON_RESOLUTION_JOULES
from frugal.surrogates.plain_text import plain_number


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


def codecarbon_agrees(evidence: Evidence) -> Finding:
    """MES-04: codecarbon books the same CPU energy on the same stages."""
    where, watts = ("ledger.jsonl: codecarbon_joules",), evidence.machine.get("watts_per_core")
    lines = [line for line in evidence.ledger if line.get("codecarbon_joules") is not None]
    theirs = sum(line["codecarbon_joules"] for line in lines)
    if not lines or not watts:
        return Finding("unevidenced", both("No codecarbon reading.", "Aucun relevé codecarbon."), None, 0.05, where)
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
        lang: ("+" if gap > 0 else "−") + percent(abs(gap), lang) if gap else percent(0, lang) for lang in ("en", "fr")
    }
    text = both(
        f"codecarbon reads {words['en']} against time × watts, same stages.",
        f"codecarbon relève {words['fr']} par rapport à temps × watts, mêmes étapes.",
    )
    return Finding(status, text, gap, 0.05, where)


def enough_blocks(evidence: Evidence) -> Finding:
    """MES-05: enough interleaved repetitions."""
    level = evidence.comparison["level"]
    pattern, where = evidence.decision["pattern"], ("candidates.json: level, query.blocks",)
    measured = [
        c["query"][pattern]
        for c in evidence.candidates.values()
        if c["status"] == "ok" and (c.get("query") or {}).get(pattern)
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
