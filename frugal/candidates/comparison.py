"""The whole of ``candidates.json``: every candidate as measured, the decisions over them, and what they were measured on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from frugal.candidates.decision import Decision
from frugal.candidates.json_object import JsonObject
from frugal.candidates.row import CandidateRow
from frugal.errors import UnusableInputError
from frugal.formats.files.json_files import read_json
from frugal.texts import Text

FORMAT = "frugal-candidates/1"

#: Keys without which a file is no comparison of candidates.
_NEEDED = ("format", "study_hash", "need_hash", "candidates", "decisions", "level")


@dataclass(frozen=True)
class Ladder:
    """All candidates of a study, from the least consuming up, and what was decided over them, one decision a call pattern."""

    rows: tuple[CandidateRow, ...]
    decisions: tuple[Decision, ...]

    @cached_property
    def by_name(self) -> Mapping[str, CandidateRow]:
        """Candidates by name."""
        return {row.name: row for row in self.rows}

    def row(self, name: str | None) -> CandidateRow | None:
        """A candidate by its name; None without a name, or where there is no such candidate."""
        return None if name is None else self.by_name.get(name)

    @property
    def decision(self) -> Decision:
        """The decision of the first call pattern, which decides the bundle."""
        return self.decisions[0]

    def decision_for(self, pattern: str | None = None) -> Decision:
        """The decision of a call pattern, the first one when none is named.

        Raises
        ------
        UnusableInputError
            If there is no decision, or none for that pattern.
        """
        if not self.decisions:
            raise UnusableInputError("the comparison holds no decision")
        for decision in self.decisions:
            if pattern in (None, decision.pattern):
                return decision
        known = ", ".join(f"'{decision.pattern}'" for decision in self.decisions)
        raise UnusableInputError(f"call pattern '{pattern}' was not decided; decided patterns: {known}")

    @property
    def winner(self) -> CandidateRow | None:
        """The candidate that ships."""
        return self.row(self.decision.winner)

    @property
    def best_ai(self) -> CandidateRow | None:
        """The best AI candidate, shipped or rejected."""
        return self.row(self.decision.best_ai)

    @property
    def best_alternative(self) -> CandidateRow | None:
        """The best candidate without AI, shipped or rejected."""
        return self.row(self.decision.best_alternative)

    @property
    def closest_ai(self) -> CandidateRow | None:
        """The best AI, or the one nearest to the tolerance where none meets the need."""
        if self.best_ai is not None:
            return self.best_ai
        return min((row for row in self.rows if row.is_ai and row.works), key=lambda row: row.error_bound, default=None)

    @property
    def full_physics(self) -> CandidateRow | None:
        """The full physics, where the study has a solver."""
        return next((row for row in self.rows if row.kind == "full_physics"), None)

    @property
    def physics_to_ask(self) -> CandidateRow | None:
        """The full physics as an answer; None where it needs data that are missing where the study is asked."""
        physics = self.full_physics
        return None if physics is None or physics.lacks else physics

    @classmethod
    def read(cls, candidates: Sequence[Any], decisions: Sequence[Any], file: str) -> Ladder:
        """From what was parsed of a file.

        Parameters
        ----------
        candidates, decisions : sequence of object
        file : str
            For messages.

        Raises
        ------
        UnusableInputError
            Naming what is damaged.
        """
        rows = tuple(CandidateRow.read(row, file) for row in candidates)
        names = [row.name for row in rows]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise UnusableInputError(f"'{file}' holds the candidate '{twice}' twice; each stands once")
        return cls(rows, tuple(Decision.read(decision, file) for decision in decisions))


@dataclass(frozen=True)
class ModelFile:
    """Which candidate's graph is ``model.onnx``, None where it is absent, and why it is not the winner's, if so."""

    candidate: str | None = None
    reason: Text = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return {"candidate": self.candidate, "reason": dict(self.reason) or None}


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """``candidates.json``, or a later evaluation in the same format.

    Parameters
    ----------
    study, study_hash, need_hash : str
        What was asked; a comparison holds for that study and that need alone.
    ladder : Ladder
        Candidates and decisions.
    level : str
        ``quick`` or ``full``.
    tool, created : str
        What measured, and when (ISO 8601).
    seed : int
        Of everything drawn.
    machine : mapping
        The machine, its power and its noise, as `frugal.metering` describes them.
    ledger : mapping
        Seal of the ledger's lines so far; empty without one.
    split : mapping
        ``n_train``, ``n_held_out``, ``train_places`` and ``held_out_places``.
    failed_runs : sequence of mapping
        ``run`` and ``message`` of each.
    model : ModelFile
    shared : mapping of str to float
        CPU seconds of what no candidate bears alone.
    practices : mapping, optional
        What a full evaluation measured of good practice; None without one.
    held_out : mapping of str to str
        ``file`` and ``sha256`` of what the candidates answered on the held-out runs; empty where it was not kept.
    """

    study: str
    study_hash: str
    need_hash: str
    ladder: Ladder
    level: str
    tool: str = ""
    created: str = ""
    seed: int = 0
    machine: Mapping[str, Any] = field(default_factory=dict)
    ledger: Mapping[str, Any] = field(default_factory=dict)
    split: Mapping[str, Any] = field(default_factory=dict)
    failed_runs: Sequence[Mapping[str, Any]] = ()
    model: ModelFile = field(default_factory=ModelFile)
    shared: Mapping[str, float] = field(default_factory=dict)
    practices: Mapping[str, Any] | None = None
    held_out: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, content: Any, file: str) -> Comparison:
        """From what was parsed of a file.

        Parameters
        ----------
        content : object
        file : str
            For messages.

        Raises
        ------
        UnusableInputError
            If it is no comparison, holds no decision, or something in it is damaged, which is named.
        """
        found = JsonObject(content, file)
        for key in _NEEDED:
            if not found.holds(key):
                raise UnusableInputError(f"'{file}' has no '{key}', so it is not a comparison of candidates")
        ladder = Ladder.read(found.list_of("candidates"), found.list_of("decisions"), file)
        if not ladder.decisions:
            raise UnusableInputError(f"'{file}' holds no decision")
        model = JsonObject(found.plain("model"), file, "'model'")
        failed = [JsonObject(run, file, "a failed run") for run in found.list_of("failed_runs")]
        return cls(
            study=found.text("study", ""),
            study_hash=found.text("study_hash"),
            need_hash=found.text("need_hash"),
            ladder=ladder,
            level=found.text("level"),
            tool=found.text("tool", ""),
            created=found.text("created", ""),
            seed=found.whole("seed", 0),
            machine=found.plain("machine"),
            ledger=found.plain("ledger"),
            split=found.plain("split"),
            failed_runs=[{"run": run.whole("run"), "message": run.text("message")} for run in failed],
            model=ModelFile(model.text_or_none("candidate"), model.words("reason")),
            shared=found.numbers("shared"),
            practices=_practices(found) if found.holds("practices") else None,
            held_out=_kept_answers(found),
        )

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "format": FORMAT,
            "study": self.study,
            "study_hash": self.study_hash,
            "need_hash": self.need_hash,
            "tool": self.tool,
            "created": self.created,
            "level": self.level,
            "seed": self.seed,
            "machine": dict(self.machine),
            "ledger": dict(self.ledger),
            "split": dict(self.split),
            "failed_runs": [dict(run) for run in self.failed_runs],
            "model": self.model.to_json(),
            "shared": dict(self.shared),
            "candidates": [row.to_json() for row in self.ladder.rows],
            "decisions": [decision.to_json() for decision in self.ladder.decisions],
            **({} if self.practices is None else {"practices": dict(self.practices)}),
            **({"held_out": dict(self.held_out)} if self.held_out else {}),
        }


def _practices(found: JsonObject) -> Mapping[str, Any]:
    """What a full evaluation measured of good practice: an object for each candidate."""
    plain = found.plain("practices")
    JsonObject(plain, found.file, "'practices'").objects("candidates", "good practice")
    return plain


def _kept_answers(found: JsonObject) -> dict[str, str]:
    if not found.holds("held_out"):
        return {}
    kept = JsonObject(found.plain("held_out"), found.file, "'held_out'")
    return {"file": kept.text("file"), "sha256": kept.text("sha256")}


def read_comparison(path: Path) -> Comparison:
    """Read ``candidates.json`` or an evaluation.

    Raises
    ------
    UnusableInputError
        If the file cannot be read, or something in it is damaged, which is named.
    """
    return Comparison.read(read_json(path), str(path))
