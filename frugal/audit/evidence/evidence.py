"""What a bundle offers as evidence, read once and handed to every criterion."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from frugal.audit.evidence.ledger_lines import check_line
from frugal.candidates.comparison import Comparison, Ladder
from frugal.candidates.decision import Decision
from frugal.candidates.grid_error import GridError, grid_errors_of
from frugal.candidates.row import CandidateRow
from frugal.errors import NotAssessedError, UnusableInputError
from frugal.experiments.metrics.registry import scale_of
from frugal.experiments.study.input_layout import InputLayout
from frugal.experiments.study.study_file import read_variables
from frugal.formats.files.json_files import finite
from frugal.metering.ledger.hash_chain import check_chain, check_seal
from frugal.surrogates.bundle.bundle import LEDGER_SEAL
from frugal.surrogates.javascript.module import Script, script_of
from frugal.texts import LANGUAGES, Text, room_texts

_TEXTS = room_texts("frugal.audit")

#: The audit of the version before, kept when a bundle is replaced.
PREVIOUS = "previous_audit.json"


@dataclass(frozen=True)
class Evidence:
    """The files of a bundle, parsed.

    Parameters
    ----------
    study : mapping
        `study.json`.
    comparison : Comparison
        `candidates.json`, or a later evaluation in the same format.
    ledger : sequence of mapping
        Lines of `ledger.jsonl`; empty when the bundle has none.
    inputs : sequence of mapping
        Name and SHA-256 of every file read; of the ledger, the number of lines too.
    ledger_fault : mapping
        What is wrong with the chain of the ledger's lines, by language; empty where it is whole.
    declarations : mapping
        By criterion id: ``text``, ``fields`` and ``evidence``, the files with their SHA-256; ``says_nothing`` tells why one
        does not count.
    previous : mapping, optional
        The audit before this one.
    runs_bytes : int
        Size of the kept runs.
    without_answers : sequence of str
        Candidates with errors that cannot be computed again, since what they answered was not kept.
    to_come : mapping of str to float
        CPU seconds, by estimate, of stages whose lines come after the audit.
    scripts : mapping of str to Script
        By candidate with a graph, its JavaScript or why there is none; empty where nothing is asked on a user's device.
    """

    study: Mapping[str, Any]
    comparison: Comparison
    ledger: Sequence[Mapping[str, Any]] = ()
    inputs: Sequence[Mapping[str, Any]] = ()
    ledger_fault: Mapping[str, str] = field(default_factory=dict)
    declarations: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    previous: Mapping[str, Any] | None = None
    runs_bytes: int = 0
    without_answers: Sequence[str] = ()
    to_come: Mapping[str, float] = field(default_factory=dict)
    scripts: Mapping[str, Script] = field(default_factory=dict)

    @property
    def spent(self) -> list[Mapping[str, Any]]:
        """The lines of the ledger, and one for each stage that is still to come."""
        coming = [
            {"stage": stage, "status": "ok", "cpu_seconds": seconds, "estimated": True}
            for stage, seconds in self.to_come.items()
        ]
        return [*self.ledger, *coming]

    @property
    def need(self) -> Mapping[str, Any]:
        """The declared need."""
        return self.study["need"]

    @property
    def labels(self) -> dict[str, dict[str, str]]:
        """Plain names, by language, of the outputs and of the call patterns."""
        named: dict[str, dict[str, str]] = {}
        for item in [*self.study.get("outputs", []), *self.need.get("call_patterns", [])]:
            plain = str(item["name"]).replace("_", " ")
            label = item.get("label") or {}
            named[item["name"]] = {language: label.get(language) or plain for language in LANGUAGES}
        return named

    @property
    def input_labels(self) -> dict[str, dict[str, str]]:
        """Plain names of the inputs, by language, under their names; those of elements of a vector name the element."""
        named = {}
        for column in InputLayout(read_variables(self.study["inputs"])).columns:
            plain = column.name.replace("_", " ")
            named[column.name] = {language: column.label.get(language) or plain for language in LANGUAGES}
        return named

    @property
    def units(self) -> dict[str, str]:
        """Unit in which the error of each output is told: that of its time axis where times are judged."""
        tolerances = self.need.get("tolerances") or {}
        return {
            output["name"]: output["time"]["unit"]
            if output.get("time") and scale_of(str((tolerances.get(output["name"]) or {}).get("metric"))) == "time"
            else output["unit"]
            for output in self.study["outputs"]
        }

    @property
    def cases(self) -> Text:
        """See `cases_noun`."""
        return cases_noun(self.study)

    @property
    def ladder(self) -> Ladder:
        """Every candidate as measured, and the decisions over them."""
        return self.comparison.ladder

    @property
    def decision(self) -> Decision:
        """The decision of the first call pattern, which decides the bundle."""
        return self.ladder.decision

    @property
    def compared(self) -> bool:
        """The evidence carries an answer: a verdict on the need for AI, or that nothing that was tried meets the need."""
        return self.decision.verdict != "not_assessed" or self.decision.nothing_meets

    @property
    def margin(self) -> float:
        """By how much an answer has to be dearer than another to count as dearer: that of the decision."""
        return self.decision.policy.margin

    @property
    def pattern(self) -> Mapping[str, Any]:
        """The call pattern that decides the bundle."""
        name = self.decision.pattern
        return next(p for p in self.need["call_patterns"] if p["name"] == name)

    @property
    def practices(self) -> Mapping[str, Any]:
        """What the full evaluation measured of good practice, by candidate; empty without one."""
        return (self.comparison.practices or {}).get("candidates") or {}

    @cached_property
    def need_history(self) -> list[dict[str, Any]]:
        """Every need that the ledger knows, with its date and whether it came before the first run."""
        from frugal.experiments.needs.history import need_history

        return need_history(self.ledger)

    @cached_property
    def clock_set_back(self) -> int | None:
        """Number of the first line of the ledger, from 1, by which the clock had gone back; None where it never did."""
        from frugal.experiments.needs.history import clock_set_back

        return clock_set_back(self.ledger)

    @property
    def evidenced(self) -> list[str]:
        """Criteria whose declaration counts, since a file is there that shows it; what the file says nobody has read."""
        declared = self.declarations.items()
        return [name for name, row in declared if row.get("evidence") and not row.get("says_nothing")]

    @cached_property
    def grid_errors(self) -> dict[str, GridError] | None:
        """What the grid of the solver errs by, by output; None where it was not measured."""
        return grid_errors_of([line.get("details") or {} for line in self.ledger])

    @property
    def machine(self) -> Mapping[str, Any]:
        """The machine the measurement ran on."""
        return self.comparison.machine

    @property
    def candidates(self) -> Mapping[str, CandidateRow]:
        """Candidates by name."""
        return self.ladder.by_name

    @property
    def winner(self) -> CandidateRow | None:
        """The candidate that ships."""
        return self.ladder.winner

    @property
    def best_ai(self) -> CandidateRow | None:
        """The best AI candidate, shipped or rejected."""
        return self.ladder.best_ai

    @property
    def closest_ai(self) -> CandidateRow | None:
        """The best AI, or the one nearest to the tolerance where none meets the need."""
        return self.ladder.closest_ai

    @property
    def full_physics(self) -> CandidateRow | None:
        """The full physics, where the study has a solver."""
        return self.ladder.full_physics

    @property
    def physics_data(self) -> Text:
        """Data for want of which the full physics cannot be asked, by language; empty where it can, or there is none."""
        return {} if self.full_physics is None else self.full_physics.lacks


def cases_noun(study: Mapping[str, Any]) -> Text:
    """What one held-out run of a study is about, in the plural: roofs, scenarios; cases where the study does not say."""
    told = study.get("cases") or {}
    return {language: told.get(language) or told.get("en") or word for language, word in _TEXTS.say("cases").items()}


def read_evidence(bundle: Path | str, evaluation: Path | str | None = None) -> Evidence:
    """Read `study.json`, `candidates.json` (or the evaluation given instead) and `ledger.jsonl`.

    Raises
    ------
    UnusableInputError
        If the folder or a file is missing, or a file cannot be read as what its name says.
    NotAssessedError
        If the comparison was made for another study or another need than the bundle's.
    """
    folder = Path(bundle)
    if not folder.is_dir():
        raise UnusableInputError(f"'{folder}' is not a bundle: there is no such folder")
    inputs: list[dict[str, Any]] = []
    study = _parsed(folder / "study.json", inputs)
    content = _parsed(Path(evaluation) if evaluation else folder / "candidates.json", inputs)
    comparison = Comparison.read(content, inputs[-1]["file"])
    for what, found, expected in (
        ("study", comparison.study_hash, study.get("hash")),
        ("need", comparison.need_hash, study.get("need", {}).get("hash")),
    ):
        if found != expected:
            raise NotAssessedError(
                f"'{inputs[-1]['file']}' was measured for another {what} ({found[:8]}…) "
                f"than the one of 'study.json' ({str(expected)[:8]}…); train or evaluate again"
            )
    ledger, fault = _ledger(folder / "ledger.jsonl", inputs, _seals(folder, comparison))
    evidence = Evidence(
        study,
        comparison,
        ledger,
        inputs,
        ledger_fault=fault,
        declarations=_declarations(folder, inputs),
        previous=_previous(folder, inputs),
        without_answers=_without_answers(folder, comparison, evaluation is not None),
        runs_bytes=sum(path.stat().st_size for path in (folder / "runs.zarr").rglob("*") if path.is_file()),
    )
    on_device = (evidence.pattern.get("target") or "local") in ("browser", "phone")
    return replace(evidence, scripts=_scripts(folder, comparison)) if on_device else evidence


def _scripts(folder: Path, comparison: Comparison) -> dict[str, Script]:
    """JavaScript of every graph that the bundle holds: what a page would load of it."""
    files = {row.name: folder / row.graph for row in comparison.ladder.rows if row.graph is not None}
    return {name: script_of(_bytes(path)) for name, path in files.items() if path.is_file()}


def _without_answers(folder: Path, comparison: Comparison, evaluated: bool) -> list[str]:
    """Candidates whose answers an earlier version did not keep; the full physics is the truth itself."""
    judged = [row for row in comparison.ladder.rows if row.works and row.kind != "full_physics"]
    if not comparison.held_out:
        return [row.name for row in judged]
    if not evaluated or (_parsed(folder / "candidates.json", []).get("held_out")):
        return []
    return [row.name for row in judged if row.measured_again is False]


def _previous(folder: Path, inputs: list[dict[str, Any]]) -> Mapping[str, Any] | None:
    """The audit of the version before, where the bundle replaced one."""
    path = folder / PREVIOUS
    if not path.is_file():
        return None
    from frugal.audit.evidence.audit_file import read_audit

    inputs.append({"file": path.name, "sha256": hashlib.sha256(_bytes(path)).hexdigest()})
    return read_audit(path)


def _declarations(folder: Path, inputs: list[dict[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """What was declared, by criterion, its evidence files checked against their hashes."""
    path = folder / "declarations.json"
    if not path.is_file():
        return {}
    from frugal.audit.evidence.declarations import kept, says_nothing

    inputs.append({"file": path.name, "sha256": hashlib.sha256(_bytes(path)).hexdigest()})
    found = kept(folder)
    nothing = says_nothing(found)
    return {
        one.id: {**one.as_dict(), **({"says_nothing": nothing[one.id]} if one.id in nothing else {})} for one in found
    }


def _parsed(path: Path, inputs: list[dict[str, Any]]) -> dict[str, Any]:
    content = _bytes(path)
    try:
        value = json.loads(content)
    except ValueError as fault:
        raise UnusableInputError(f"'{path}' is not readable as JSON: {fault}") from fault
    if not isinstance(value, dict):
        raise UnusableInputError(f"'{path}' must hold one JSON object")
    inputs.append({"file": path.name, "sha256": hashlib.sha256(content).hexdigest()})
    return finite(value)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as fault:
        raise UnusableInputError(f"'{path}' cannot be read: {fault.strerror or fault}") from fault


def _seals(folder: Path, comparison: Comparison) -> list[Mapping[str, Any]]:
    """What was kept of the ledger's length and hash: by the campaign, by evaluations, by the audit made last, at closing."""
    kept: list[Any] = [comparison.ledger]
    evaluations = sorted((folder / "evaluations").glob("*.json"))
    for path in (folder / "candidates.json", *evaluations, folder / "audit.json", folder / LEDGER_SEAL):
        if path.is_file():
            content = _parsed(path, [])
            if path.name == LEDGER_SEAL:
                kept.append(content or {"lines": None})  # a seal that lost what it says seals nothing, and is told
            rows = [row for row in content.get("inputs") or () if isinstance(row, dict)]
            kept += [
                content.get("ledger"),
                *(row for row in rows if row.get("file") == "ledger.jsonl" and "lines" in row),
            ]
    return [seal if isinstance(seal, dict) else {} for seal in kept if seal]


def _ledger(
    path: Path, inputs: list[dict[str, Any]], seals: Sequence[Mapping[str, Any]]
) -> tuple[list[Mapping[str, Any]], Mapping[str, str]]:
    """Entries of the ledger, and what is wrong with its chain."""
    if not path.exists():
        return [], {}
    content = _bytes(path)
    lines, rows = content.splitlines(), []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as fault:
            if number == len(lines) and not content.endswith(b"\n"):
                lines = lines[:-1]  # the write of a killed process; the lines before it are whole
                break
            raise UnusableInputError(f"line {number} of '{path}' is not a ledger entry: {fault}") from fault
        check_line(row, number, str(path))
        rows.append(finite(row))
    # Later stages add lines, the audit's own among them: the hash covers the lines that were read.
    read = b"".join(line + b"\n" for line in lines if line.strip())
    inputs.append({"file": path.name, "sha256": hashlib.sha256(read).hexdigest(), "lines": len(rows)})
    whole = [line for line in lines if line.strip()]
    faults = {
        language: next(filter(None, (check_seal(whole, seal, language) for seal in seals)), "")
        or check_chain(whole, language)
        for language in LANGUAGES
    }
    return rows, faults if any(faults.values()) else {}
