"""The pieces of computing that a footprint is made of: the preparation, by stage, and one query, by where it is answered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from frugal.audit.evidence.evidence import Evidence
from frugal.audit.evidence.ledger_lines import cpu_total
from frugal.audit.impacts.footprint import Work

#: Stages of the ledger by stage of the footprint; what is not named here is ``other``.
LEDGER_STAGES = {
    "generation": ("preparation", "compile", "generation"),
    "training": ("fit", "calibration"),
    "export": ("export", "parity"),
    "evaluation": ("evaluation", "practice"),
    "audit": ("audit", "report", "tracking"),
}
STAGES = ("generation", "selection", "training", "export", "evaluation", "audit", "other")

#: Device that answers, by target of the call pattern.
DEVICES = {"local": "server", "server": "server", "browser": "laptop", "phone": "smartphone"}

#: Conventions of ours, printed with every figure that rests on them.
QUERIES_PER_JOURNEY = 10.0
QUERIES_PER_HOUR = 360.0
HEADER_BYTES = 800
NUMBER_BYTES = 12


@dataclass(frozen=True)
class Asked:
    """How a candidate is asked under the first call pattern.

    Parameters
    ----------
    query : Work
        One query, its share of downloads included.
    rows : int
        Queries in one call.
    network_bytes : float
        Bytes on the wire for one query.
    device : str
    """

    query: Work
    rows: int
    network_bytes: float
    device: str


def ledger_works(ledger: Iterable[Mapping[str, Any]]) -> dict[str, Work]:
    """The ledger as work, by stage of the footprint; the searches within fits stand apart as ``selection``."""
    stage_of = {name: stage for stage, names in LEDGER_STAGES.items() for name in names}
    seconds = dict.fromkeys(STAGES, 0.0)
    memory = dict.fromkeys(STAGES, 0.0)
    for line in ledger:
        stage, spent = stage_of.get(line["stage"], "other"), cpu_total(line)
        searched = min(float((line.get("details") or {}).get("search_cpu_seconds") or 0.0), spent)
        if stage == "training" and searched:
            seconds["selection"] += searched
            spent -= searched
        seconds[stage] += spent
        memory[stage] += gigabyte_seconds(line)
    return {
        stage: Work(seconds[stage], gigabyte_seconds=memory[stage])
        for stage in STAGES
        if seconds[stage] or memory[stage]
    }


def gigabyte_seconds(line: Mapping[str, Any]) -> float:
    """Memory that a stage held, in GB times seconds."""
    return float((line.get("peak_rss_bytes") or 0) / 1e9 * (line.get("wall_seconds") or 0.0))


def queries_per_journey(need: Mapping[str, Any]) -> float:
    """Declared, or our convention."""
    return float(need.get("queries_per_journey") or QUERIES_PER_JOURNEY)


def queries_per_hour(need: Mapping[str, Any]) -> float:
    """Declared, or our convention: one every ten seconds."""
    return float(need.get("queries_per_hour") or QUERIES_PER_HOUR)


def asked(candidate: Mapping[str, Any], evidence: Evidence, runtime_bytes: float, served: bool = False) -> Asked | None:
    """How one query of a candidate is answered under the call pattern that decides; None where it was not timed.

    Parameters
    ----------
    candidate : mapping
        Its row of `candidates.json`.
    evidence : Evidence
        Study, need and decision that the candidate stands in: what goes over the network depends on them.
    runtime_bytes : float
        What a browser or a phone loads to run a graph, beside the graph [bytes]; spread over the queries of a journey, or
        over more where it is cached.
    served : bool
        A server answers, even where the pattern asks on the user's device.

    Returns
    -------
    Asked or None
        A candidate without a graph is asked on a server too, whatever the pattern says.
    """
    pattern = evidence.pattern
    time = (candidate.get("query") or {}).get(pattern["name"])
    if time is None:
        return None
    target = pattern.get("target") or "local"
    if target in ("browser", "phone") and (served or not candidate.get("graph")):
        target = "server"  # what cannot run on the device is asked over the network
    network = _bytes_per_query(candidate, evidence, target, runtime_bytes)
    memory = (candidate.get("memory_bytes") or {}).get(pattern["name"]) or 0
    held = memory / 1e9 * time["wall_seconds_per_call"] / time["rows"]
    query = Work(
        time["cpu_seconds"],
        low=time["low"],
        high=time["high"],
        gigabyte_seconds=held if DEVICES[target] == "server" else 0.0,
        network_gigabytes=network / 1e9,
        device=DEVICES[target],
        timed=str(candidate["name"]),
    )
    return Asked(query, int(pattern["rows"]), network, DEVICES[target])


def lifetime(candidate: Mapping[str, Any], how: Asked, queries: float) -> list[Work]:
    """What a candidate takes over the service life: its own preparation, and so many queries.

    Parameters
    ----------
    candidate : mapping
        Its row of `candidates.json`; its preparation is its fixed CPU seconds, on a server.
    how : Asked
        From `asked`, for this candidate.
    queries : float
        Over the whole service life, not a year.
    """
    return [Work(float(candidate.get("fixed_cpu_seconds") or 0.0)), how.query.times(queries)]


def _bytes_per_query(candidate: Mapping[str, Any], evidence: Evidence, target: str, runtime_bytes: float) -> float:
    if target == "local":
        return 0.0
    if target == "server":
        outputs = sum(_size(output) for output in evidence.study["outputs"])
        numbers = sum(_size(variable) for variable in evidence.study["inputs"]) + 3 * outputs
        return float(HEADER_BYTES / evidence.pattern["rows"] + NUMBER_BYTES * numbers)
    download = float(candidate.get("bytes") or 0) + runtime_bytes
    need, middle = evidence.need, evidence.decision.get("queries_mid")
    if evidence.pattern.get("cached") and need.get("beneficiaries") and need.get("queries") and middle:
        # at most once a year for each person served
        yearly = need["beneficiaries"] * need["service_life_years"] / middle
        return float(download * min(yearly, 1 / queries_per_journey(need)))
    return float(download / queries_per_journey(need))


def _size(variable: Mapping[str, Any]) -> int:
    """Number of elements of an input or output."""
    size = 1
    for dim in variable.get("dims") or ():
        size *= len(variable["coords"][dim])
    return size
