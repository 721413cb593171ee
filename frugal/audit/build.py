"""Build the content of `audit.json`: the evidence of a bundle, priced, judged by the criteria, sealed by a hash."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from frugal.audit.criteria.catalogue import evaluate
from frugal.audit.criteria.conditions import condition_lines
from frugal.audit.evidence.audit_file import FORMAT, seal
from frugal.audit.evidence.evidence import Evidence, read_evidence
from frugal.audit.evidence.ledger_lines import entries_of
from frugal.audit.evidence.own_words import in_own_words
from frugal.audit.impacts.account import Account, take_account
from frugal.audit.impacts.assessment import Assessment
from frugal.audit.report.pages import page_text
from frugal.audit.words import sentences
from frugal.audit.words.first_line import first_line
from frugal.audit.words.first_page import first_page
from frugal.audit.words.limits import limits
from frugal.audit.words.questions import questions
from frugal.experiments.study.study_file import read_need
from frugal.formats.files.json_files import finite
from frugal.metering.factors.table import FactorTable, load_factors
from frugal.metering.power.machine import Machine
from frugal.metering.power.tiers import apply_meter
from frugal.texts import LANGUAGES

#: Electricity of this country is taken where neither the machine's file nor the user names another.
DEFAULT_COUNTRY = "FRA"


@dataclasses.dataclass(frozen=True)
class Terms:
    """What an auditor may choose.

    Parameters
    ----------
    factors : FactorTable
    country : str, optional
        ISO 3166 alpha-3 code; that of the machine's file, else France.
    machine : Machine, optional
        What the owner of the machine declares now; readings of its meter are laid over the ledger.
    """

    factors: FactorTable = dataclasses.field(default_factory=load_factors)
    country: str | None = None
    machine: Machine | None = None


def build_audit(
    bundle_dir: Path | str,
    *,
    evaluation: Path | str | None = None,
    graph_sha256: str | None = None,
    created: str | None = None,
    terms: Terms | None = None,
    to_come: Mapping[str, float] | None = None,
    own_words: bool = False,
) -> dict[str, Any]:
    """Audit a bundle.

    Parameters
    ----------
    bundle_dir : path
        Folder with `study.json`, `candidates.json` and `ledger.jsonl`.
    evaluation : path, optional
        A later evaluation in the format of `candidates.json`, read in its place.
    graph_sha256 : str, optional
        Hash of the shipped graph without its metadata.
    created : str, optional
        Time of the audit (ISO 8601); now by default.
    terms : Terms, optional
        Factors and country.
    to_come : mapping of str to float, optional
        CPU seconds, by estimate, of the stages whose lines are written after the audit, its own among them: they are part of
        what the preparation cost.
    own_words : bool
        Reasons are told in the words of this program, not in those of the comparison.

    Returns
    -------
    dict
        The content of `audit.json`, sealed with its own hash. The decision is the one of the comparison, which
        `frugal.audit.evidence.recheck.recheck` takes again; here a demonstrated need that moves a burden is called a trade-off.

    Raises
    ------
    UnusableInputError
        If the bundle cannot be read, or the country has no factor for its electricity.
    NotAssessedError
        If the comparison belongs to another study or need, or evidence was changed.
    """
    terms = terms or Terms()
    created = created or datetime.now(UTC).isoformat(timespec="seconds")
    evidence = read_evidence(bundle_dir, evaluation)
    if own_words:
        told = in_own_words(evidence.comparison, read_need(evidence.need))
        evidence = dataclasses.replace(evidence, comparison=told)
    evidence = _on_machine(evidence, terms)
    evidence = dataclasses.replace(evidence, to_come=dict(to_come or {}))
    named = terms.country or evidence.machine.get("country")
    country = named or DEFAULT_COUNTRY
    terms.factors.electricity("gwp", country)
    account = take_account(evidence, terms.factors, country, assumed=not named)
    assessment = Assessment.of(_with_verdict(evidence, account), account, created)
    assessment = dataclasses.replace(assessment, limits=limits(assessment))
    audit = finite(_content(assessment, terms, graph_sha256))
    _judge(audit, assessment)
    texts = {language: page_text(audit, language) for language in LANGUAGES}
    _judge(audit, dataclasses.replace(assessment, texts=texts))
    return seal(audit)


def _on_machine(evidence: Evidence, terms: Terms) -> Evidence:
    """The evidence with the power of the machine as its owner declares or measured it; what was measured then stays."""
    if terms.machine is None:
        return _with_user_watts(evidence, terms)
    declared = apply_meter(terms.machine, entries_of(evidence.ledger)).describe()
    kept = {name: evidence.machine.get(name) for name in ("cpu_model", "cores", "system")}
    told = {name: value for name, value in declared.items() if value is not None}
    machine = {**evidence.machine, **told, **kept}
    return _with_user_watts(_with_machine(evidence, machine), terms)


def _with_machine(evidence: Evidence, machine: Mapping[str, Any]) -> Evidence:
    return dataclasses.replace(evidence, comparison=dataclasses.replace(evidence.comparison, machine=dict(machine)))


def _with_user_watts(evidence: Evidence, terms: Terms) -> Evidence:
    """In tier T4 the watts of a core are a factor, and a user's own table replaces it like any other."""
    watts = terms.factors["watts_per_core"]
    if evidence.machine.get("tier") != "T4" or watts.origin != "user":
        return evidence
    told = {"watts_per_core": watts.value, "watts_low": watts.low, "watts_high": watts.high, "source": watts.source}
    return _with_machine(evidence, {**evidence.machine, **told})


def _with_verdict(evidence: Evidence, account: Account) -> Evidence:
    """A demonstrated need whose AI weighs more in some category is a trade-off, and not simply demonstrated."""
    if evidence.decision.verdict != "demonstrated":
        return evidence
    if all(row["probability_ai_heavier"] < 0.95 for row in account.burdens):
        return evidence
    first, *others = evidence.ladder.decisions
    decisions = (dataclasses.replace(first, verdict="trade_off"), *others)
    ladder = dataclasses.replace(evidence.ladder, decisions=decisions)
    return dataclasses.replace(evidence, comparison=dataclasses.replace(evidence.comparison, ladder=ladder))


def _content(assessment: Assessment, terms: Terms, graph_sha256: str | None) -> dict[str, Any]:
    comparison, account = assessment.comparison, assessment.account
    missing = assessment.physics_data
    return {
        "format": FORMAT,
        "tool": {"name": "frugal-territoires", "version": _version()},
        "created": assessment.created,
        "study": {
            "name": assessment.study["name"],
            "hash": assessment.study["hash"],
            "question": sentences.title(assessment.study),
            "inputs": [dict(variable) for variable in assessment.study["inputs"]],
            "outputs": [dict(output) for output in assessment.study["outputs"]],
            "has_solver": assessment.full_physics is not None,
            "sources": [source for source in assessment.study.get("sources") or () if source],
            **({"solver_needs": dict(missing)} if missing else {}),
            **{key: dict(assessment.study[key]) for key in ("cases", "judged_on") if assessment.study.get(key)},
        },
        "units": assessment.units,
        "labels": assessment.labels,
        "need": dict(assessment.need),
        "need_history": assessment.need_history,
        "level": comparison.level,
        "machine": dict(assessment.machine),
        "split": dict(comparison.split),
        "model": comparison.model.to_json(),
        "graph_sha256": graph_sha256,
        "inputs": [dict(row) for row in assessment.inputs],
        "first_line": first_line(assessment),
        "first_page": first_page(assessment),
        "verdict": assessment.decision.verdict,
        "decisions": [decision.to_json() for decision in assessment.ladder.decisions],
        "ladder": [row.slim() for row in assessment.ladder.rows],
        "practices": dict(assessment.practices),
        "costs": account.costs,
        "footprint": account.footprint,
        "boundaries": account.boundaries,
        "burdens": account.burdens,
        "rebound": assessment.rebound,
        "factors": [factor.as_dict() for factor in account.factors],
        "factors_file": {"file": terms.factors.file, "sha256": terms.factors.sha256},
        "declarations": {name: dict(row) for name, row in assessment.declarations.items()},
        "previous_sha256": (assessment.previous or {}).get("content_sha256"),
        "limits": list(assessment.limits),
        "questions": questions(assessment),
    }


def _judge(audit: dict[str, Any], assessment: Assessment) -> None:
    audit["criteria"] = finite(evaluate(assessment))
    audit["conditions"] = condition_lines(assessment, audit["criteria"])
    assessed = audit["conditions"]["C1"]["status"] != "not_assessed"
    audit["first_line"] = first_line(assessment, assessed)
    audit["first_page"] = first_page(assessment, assessed)


def _version() -> str:
    try:
        return version("frugal-territoires")
    except PackageNotFoundError:
        return "0"
