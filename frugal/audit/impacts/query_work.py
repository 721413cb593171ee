"""The pieces of computing that a footprint is made of: the preparation, by stage, and one query, by where it is answered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from frugal.audit.evidence.evidence import Evidence
from frugal.audit.evidence.ledger_lines import cpu_total
from frugal.audit.impacts.footprint import Work
from frugal.candidates.row import CandidateRow
from frugal.formats.files.json_files import to_json
from frugal.texts import Text
from frugal.web.built_pages import page_bytes

#: Stages of the ledger by stage of the footprint; what is not named here is ``other``.
LEDGER_STAGES = {
    "generation": ("preparation", "compile", "generation", "placing"),
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


@dataclass(frozen=True)
class Delivery:
    """Bytes that a browser or a phone loads to be answered by a candidate.

    Parameters
    ----------
    page : int
        The page of one study, as it is built; beside a graph, the file of its study too.
    answer : int
        The candidate: its JavaScript where it has one, else its graph.
    runtime : float
        What runs a graph; nothing beside JavaScript.
    with_runtime : float
        All of it where the graph is loaded in its runtime.
    script : bool
        It answers by its JavaScript.
    reason : mapping of str to str
        Why it does not, by language; empty where nobody can tell.
    """

    page: int
    answer: int
    runtime: float
    with_runtime: float
    script: bool
    reason: Text

    @property
    def total(self) -> float:
        """All that is loaded."""
        return self.page + self.answer + self.runtime


def delivery_of(candidate: CandidateRow, evidence: Evidence, runtime_bytes: float) -> Delivery:
    """What is loaded to be answered by a candidate with a graph.

    Parameters
    ----------
    candidate : CandidateRow
    evidence : Evidence
        Knows the JavaScript of each graph.
    runtime_bytes : float
        What a browser loads to run a graph, beside the graph.
    """
    page, graph = page_bytes("study"), candidate.bytes or 0
    beside = len(to_json(evidence.study).encode())  # study.json, of which model.js tells what the page needs
    script = evidence.scripts.get(candidate.name)
    size = None if script is None else script.bytes
    with_runtime = page + beside + graph + runtime_bytes
    if size is None:
        reason = {} if script is None else script.reason
        return Delivery(page + beside, graph, runtime_bytes, with_runtime, False, reason)
    return Delivery(page, size, 0.0, with_runtime, True, {})


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


def asked(candidate: CandidateRow, evidence: Evidence, runtime_bytes: float, served: bool = False) -> Asked | None:
    """How one query of a candidate is answered under the call pattern that decides; None where it was not timed.

    Parameters
    ----------
    candidate : CandidateRow
    evidence : Evidence
        Study, need and decision that the candidate stands in: what goes over the network depends on them.
    runtime_bytes : float
        What a browser or a phone loads to run a graph that has no JavaScript, beside the graph [bytes]; what is loaded is
        spread over the queries of a journey, or over more where it is cached.
    served : bool
        A server answers, even where the pattern asks on the user's device.

    Returns
    -------
    Asked or None
        A candidate without a graph is asked on a server too, whatever the pattern says.
    """
    pattern = evidence.pattern
    query = candidate.query.get(pattern["name"])
    if query is None:
        return None
    target = pattern.get("target") or "local"
    if target in ("browser", "phone") and (served or not candidate.graph):
        target = "server"  # what cannot run on the device is asked over the network
    network = _bytes_per_query(candidate, evidence, target, runtime_bytes)
    memory = candidate.memory_bytes.get(pattern["name"], 0)
    held = memory / 1e9 * query.wall_seconds_per_call / query.rows
    work = Work(
        query.cpu_seconds,
        low=query.low,
        high=query.high,
        gigabyte_seconds=held if DEVICES[target] == "server" else 0.0,
        network_gigabytes=network / 1e9,
        device=DEVICES[target],
        timed=candidate.name,
    )
    return Asked(work, int(pattern["rows"]), network, DEVICES[target])


def lifetime(candidate: CandidateRow, how: Asked, queries: float) -> list[Work]:
    """What a candidate takes over the service life: its own preparation, and so many queries.

    Parameters
    ----------
    candidate : CandidateRow
        Its preparation is its fixed CPU seconds, on a server.
    how : Asked
        From `asked`, for this candidate.
    queries : float
        Over the whole service life, not a year.
    """
    return [Work(candidate.fixed_cpu_seconds or 0.0), how.query.times(queries)]


def _bytes_per_query(candidate: CandidateRow, evidence: Evidence, target: str, runtime_bytes: float) -> float:
    if target == "local":
        return 0.0
    if target == "server":
        outputs = sum(_size(output) for output in evidence.study["outputs"])
        numbers = sum(_size(variable) for variable in evidence.study["inputs"]) + 3 * outputs
        return float(HEADER_BYTES / evidence.pattern["rows"] + NUMBER_BYTES * numbers)
    download = delivery_of(candidate, evidence, runtime_bytes).total
    need, middle = evidence.need, evidence.decision.queries_mid
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
