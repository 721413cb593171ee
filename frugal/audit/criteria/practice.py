"""Rules of condition 2: is good practice followed?"""

from __future__ import annotations

from frugal.audit.criteria.findings import Finding
from frugal.audit.evidence import Evidence, cpu_total
from frugal.audit.words.wording import both
from frugal.surrogates.plain_text import plain_duration


def failures_counted(evidence: Evidence) -> Finding:
    """FRU-07: failed candidates stand in the ledger and in the costs."""
    if not evidence.ledger:
        text = both("The bundle has no ledger.", "Le dossier n’a pas de registre des calculs.")
        return Finding("fail", text, None, None, ("ledger.jsonl",))
    failed = [line for line in evidence.ledger if line["status"] != "ok"]
    told = {line.get("candidate") for line in failed}
    untold = [c["name"] for c in evidence.candidates.values() if c["status"] == "failed" and c["name"] not in told]
    seconds = sum(cpu_total(line) for line in failed)
    lost = [plain_duration(seconds, lang) for lang in ("en", "fr")]
    if untold:
        text = both(
            f"Failed but absent from the ledger: {', '.join(untold)}.",
            f"En échec mais absents du registre : {', '.join(untold)}.",
        )
        return Finding("fail", text, untold, [], ("ledger.jsonl", "candidates.json: candidates"))
    text = both(
        f"Failed or interrupted stages: {len(failed)} ({lost[0]}), part of the costs.",
        f"Étapes en échec ou interrompues : {len(failed)} ({lost[1]}), comptées dans les coûts.",
    )
    return Finding("pass", text, len(failed), None, ("ledger.jsonl",))


def reproducible(evidence: Evidence) -> Finding:
    """FRU-11: seeds and versions of everything drawn are recorded."""
    where = ("ledger.jsonl: seed, versions",)
    drawn = [line for line in evidence.ledger if line["stage"] in ("generation", "fit")]
    unseeded = sorted({line["stage"] for line in drawn if line.get("seed") is None})
    campaigns = {line.get("campaign") for line in drawn}
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
