"""The decision of a bundle, taken again: need, limits, fixed costs and verdict from what they follow from.

The audit prints what a file says. Before it does, what can be computed again is computed again by the functions that made it,
from the ledger, the ladder and the need, with the seed of the file; any difference is refused and named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from frugal.audit.evidence.differences import check_same
from frugal.candidates.comparison import Comparison
from frugal.candidates.decision import Policy
from frugal.candidates.row import CandidateRow
from frugal.errors import NotAssessedError
from frugal.experiments.needs.history import need_history
from frugal.experiments.study import Need
from frugal.experiments.study.study_file import description_hash, need_hash
from frugal.metering.ledger.ledger import Entry
from frugal.surrogates.decision.costs import CANDIDATE_STAGES, with_costs
from frugal.surrogates.decision.decide import decide_rows
from frugal.surrogates.measurement.limits import limits_of
from frugal.surrogates.models.registry import kinds_of_learners


def check_need(study: Mapping[str, Any], ledger: Sequence[Entry]) -> None:
    """Hold the need of a bundle against its hash, and against what its ledger fixed.

    Parameters
    ----------
    study : mapping
        ``study.json``.
    ledger : sequence of Entry
        Older ones hold no need.

    Raises
    ------
    NotAssessedError
        If the need, or the study, is another one than that of the campaign.
    """
    told, found = str(study["need"].get("hash")), need_hash(study["need"])
    if told != found:
        raise NotAssessedError(
            f"'study.json' carries the hash {told[:8]}… of a need, and its need gives {found[:8]}…: it was changed afterwards"
        )
    fixed = {need["hash"]: need for need in need_history(map(asdict, ledger))}
    if fixed and (told not in fixed or not fixed[told]["hash_holds"]):
        raise NotAssessedError(
            f"the need of 'study.json' (hash {told[:8]}…) is not one that the ledger fixed "
            f"({', '.join(f'{name[:8]}…' for name in fixed)}): it was changed after the campaign"
        )
    texts = {entry.hashes["description"] for entry in ledger if "description" in entry.hashes}
    if texts and description_hash(study) not in texts:
        raise NotAssessedError(
            "'study.json' does not tell what its ledger fixed of the study (names, units, sources, what it is judged on): "
            "it was changed after the campaign"
        )
    known = {entry.hashes["study"] for entry in ledger if "study" in entry.hashes}
    if known and study.get("hash") not in known:
        raise NotAssessedError(
            f"'study.json' is of another study (hash {str(study.get('hash'))[:8]}…) than its ledger "
            f"({', '.join(sorted(f'{name[:8]}…' for name in known))})"
        )


def check_ladder(file: str, need: Need, rows: Sequence[CandidateRow]) -> None:
    """Hold whether each candidate meets the need against its errors and its limits.

    Parameters
    ----------
    file : str
        Name of the comparison, for messages.
    need : Need
    rows : sequence of CandidateRow

    Raises
    ------
    NotAssessedError
        Naming the first difference.
    """
    source = "its errors and limits"
    learners = kinds_of_learners()
    for row in rows:
        place = f"candidates.{row.name}"
        check_same(file, f"{place}.kind", row.kind, learners.get(row.name, row.kind), "the models of this program")
        if row.graph is not None and row.parity is not None and not row.parity.holds:
            raise NotAssessedError(
                f"'{file}' has a graph of '{row.name}' that differs from its model by {row.parity.max_sigma:.3g} standard "
                f"deviations; {row.parity.tolerance_sigma:g} are allowed"
            )
        for output, error in row.errors.items():
            tolerance = need.tolerances.get(output)
            allowed = None if tolerance is None else tolerance.error_allowed
            check_same(file, f"{place}.error.{output}.tolerance", error.tolerance, allowed, "the need")
        met = row.works and all(error.met for error in row.errors.values())
        check_same(file, f"{place}.error_met", row.error_met, met, source)
        for pattern in need.call_patterns:
            said = row.need_met.get(pattern.name)
            if pattern.name not in row.query:
                check_same(file, f"{place}.need_met.{pattern.name}", bool(said), False, source)
                continue
            limits = limits_of(pattern, row)
            kept = row.limits.get(pattern.name)
            broken = None if kept is None else sorted(kept.broken)
            check_same(file, f"{place}.limits.{pattern.name}.broken", broken, sorted(limits.broken), "the need")
            check_same(file, f"{place}.limits.{pattern.name}.met", kept and kept.met, limits.met, "the need")
            check_same(file, f"{place}.need_met.{pattern.name}", said, met and limits.met, source)


def check_decisions(file: str, need: Need, comparison: Comparison, ledger: Sequence[Entry], share: float) -> None:
    """Take the decisions of a comparison again, from its ladder and from the ledger as it was then.

    Parameters
    ----------
    file : str
        Name of the comparison, for messages.
    need : Need
    comparison : Comparison
    ledger : sequence of Entry
        All lines; those that the comparison sealed are taken.
    share : float
        Share of the runs that candidates learnt from, 0 to 1.

    Raises
    ------
    NotAssessedError
        Naming the first difference.
    """
    rows = comparison.ladder.rows
    then = list(ledger[: int(comparison.ledger["lines"])]) if comparison.ledger else list(ledger)
    names = {row.name for row in rows}
    for entry in then:
        shared = entry.stage == "calibration" and entry.candidate is None  # of all that learn from the runs
        if entry.stage in CANDIDATE_STAGES and entry.candidate not in names and not shared:
            raise NotAssessedError(
                f"the ledger booked the stage '{entry.stage}' of the candidate '{entry.candidate}', which is not in '{file}'"
            )
    for row, priced in zip(rows, with_costs(rows, then, share), strict=True):
        place, source = f"candidates.{row.name}", "the ledger"
        check_same(file, f"{place}.fixed_cpu_seconds", row.fixed_cpu_seconds, priced.fixed_cpu_seconds, source)
        check_same(file, f"{place}.fixed_parts", row.fixed_parts, priced.fixed_parts, source)
        for pattern, query in row.query.items():
            middle = _median(query.blocks)
            check_same(file, f"{place}.query.{pattern}.cpu_seconds", query.cpu_seconds, middle, "its blocks")
    policy = asdict(Policy())
    again = decide_rows(need, rows, then, share, comparison.seed)
    check_same(file, "decisions", len(comparison.ladder.decisions), len(again), "the call patterns of the need")
    for number, (told, found) in enumerate(zip(comparison.ladder.decisions, again, strict=True)):
        place = f"decisions[{number}]"
        check_same(file, f"{place}.policy", asdict(told.policy), policy, "the constants of this program")
        plain = [{**one.to_json(), "reasons": list(one.reasons)} for one in (told, found)]
        check_same(file, place, plain[0], plain[1], "ledger and ladder")


def _median(values: Sequence[float]) -> float | None:
    """The middle one; None of none, as in rows that were made without blocks."""
    import statistics

    return statistics.median(values) if values else None
