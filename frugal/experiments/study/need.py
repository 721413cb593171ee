"""A need: what the use requires, declared before any run."""

from __future__ import annotations

import math
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from numbers import Real
from typing import Any, Literal, get_args

from frugal.errors import UnusableInputError, did_you_mean
from frugal.experiments.metrics.registry import Metric, Over, check_over, metric_of
from frugal.texts import LANGUAGES

Target = Literal["local", "server", "browser", "phone"]

#: What a buyer or a jury asks beside, in the order of the report: the keys of ``answers``.
QUESTIONS = (
    "net_gain", "reference_without_ai", "measured_error", "cost_euros", "governance", "monitoring", "skills", "licences",
    "earlier_version",
)  # fmt: skip

#: Where an answer may be computed.
TARGETS: tuple[Target, ...] = get_args(Target)


@dataclass(frozen=True)
class Tolerance:
    """How wrong an answer may be.

    Parameters
    ----------
    metric : str
        One of `frugal.experiments.metrics.registry.METRICS`, or a former name of one (``rmse_wet``).
    limit : float
        The largest error in that metric; of a score (``nse``, ``kge``, ``log_nse``) the least one, as 0.8.
    over : str, optional
        ``pooled``: one error of all elements together. ``worst``: each element has to keep the limit. By default fields are
        pooled and vectors are not.

    Raises
    ------
    UnusableInputError
        If one of them is not allowed.
    """

    metric: str
    limit: float
    over: Over | None = None

    def __post_init__(self) -> None:
        if self.measure.is_score:
            self.measure.check_limit(self.limit)
        else:
            check_positive("limit", self.limit)
        check_over(self.over)

    @property
    def measure(self) -> Metric:
        """The metric itself."""
        return metric_of(self.metric)

    @property
    def error_allowed(self) -> float:
        """The largest error; of a score what the limit lacks to 1."""
        return self.measure.error_allowed(self.limit)

    def pools(self, is_field: bool) -> bool:
        """One error of all elements together is meant, for an output that is a field or not."""
        return is_field if self.over is None else self.over == "pooled"


@dataclass(frozen=True)
class CallPattern:
    """How the answer is asked for.

    Parameters
    ----------
    name : str
        Plain words: ``"one roof on a phone"``.
    rows : int
        Rows in one call.
    needs_graph : bool
        The answer has to come out of an ONNX file (a browser, a phone, another vendor's server).
    max_latency_s, max_bytes : float, int, optional
        Limits: seconds of wall time for one call (95th percentile), bytes of the file.
    label : mapping
        The same plain words by language, for reports.
    target : str
        Where the answer is computed: ``local``, ``server``, ``browser`` or ``phone``.
    max_memory_bytes : int, optional
        Most memory that a process may hold while it answers from the ONNX file, the runtime included. Programs without a
        graph share the process that measures, so that this limit is not applied to them.
    must_run_offline : bool
        No network at hand. In a browser or on a phone only an ONNX file can answer then; on a server or a desk every
        candidate can, since none asks the network.
    cached : bool
        A browser keeps the runtime from one journey to the next.
    """

    name: str
    rows: int = 1
    needs_graph: bool = False
    max_latency_s: float | None = None
    max_bytes: int | None = None
    label: Mapping[str, str] = field(default_factory=dict)
    target: Target = "local"
    max_memory_bytes: int | None = None
    must_run_offline: bool = False
    cached: bool = False

    def __post_init__(self) -> None:
        if not (isinstance(self.name, str) and self.name.strip()):
            raise UnusableInputError(f"call pattern name {self.name!r} must be a text in plain words")
        who = f"call pattern '{self.name}'"
        if not _is_whole(self.rows) or self.rows < 1:
            raise UnusableInputError(f"{who} asks {self.rows!r} rows a call; a whole number of at least 1 is needed")
        if self.target not in TARGETS:
            raise UnusableInputError(
                f"{who}: target '{self.target}' is unknown; allowed: {', '.join(TARGETS)}{did_you_mean(self.target, TARGETS)}"
            )
        for name in ("needs_graph", "must_run_offline", "cached"):
            if not isinstance(getattr(self, name), bool):
                raise UnusableInputError(f"{who}: {name} = {getattr(self, name)!r}; true or false is needed")
        for name in ("max_latency_s", "max_bytes", "max_memory_bytes"):
            if getattr(self, name) is not None:
                check_positive(f"{who}: {name}", getattr(self, name))
        check_text(f"{who}: label", self.label)

    @property
    def requires_graph(self) -> bool:
        """Only an ONNX file can answer: said so, or a browser or a phone without network."""
        return self.needs_graph or (self.must_run_offline and self.target in ("browser", "phone"))


@dataclass(frozen=True)
class Need:
    """What the use requires, declared before any run.

    Parameters
    ----------
    functional_unit : str or mapping
        What one query answers, in plain words, by language or in one.
    tolerances : mapping of str to Tolerance
        By output name; each element of a vector output has to keep it.
    queries : tuple of float, optional
        ``(N_lo, N_hi)`` queries over the service life; ``None`` when undeclared, and then nothing is assessed.
    service_life_years : float
    call_patterns : tuple of CallPattern
        The first one decides the winner.
    reason : mapping
        Why this tolerance, by language.
    declared : bool
        False when the program filled the need in because nobody declared one.
    use : mapping
        What the answer is used for, by language.
    decided_by, owner, replaces : str or mapping
        Who decides what with the answer; who answers for the need; the practice that it replaces. By language or in one.
    solver_error : mapping of str to float
        The known error of the full physics itself by output name, in the metric of that output's tolerance (of a score, what
        it lacks to 1): a tolerance below it asks for more than the physics can tell.
    domain : mapping of str to tuple of float
        ``(low, high)`` by input name, in the unit of the input, where the use asks less than the study's bounds.
    queries_per_journey, queries_per_hour : float, optional
        Queries of one user journey, and of one hour of use.
    beneficiaries : float, optional
        People that the service is for.
    answers : mapping
        What is said to the questions of a buyer, by their names in `QUESTIONS`, by language or in one. No part of the hash of
        the need: no decision rests on them, and they may be told later.
    declared_on : str
        ISO date (``2026-03-14``) written by whoever declares; empty when nobody did.
    file_sha256 : str
        SHA-256 of the need file it was read from; empty when it stands in the study.

    Raises
    ------
    UnusableInputError
        If a value is not allowed, naming it.
    """

    functional_unit: str | Mapping[str, str]
    tolerances: Mapping[str, Tolerance]
    queries: tuple[float, float] | None = None
    service_life_years: float = 5.0
    call_patterns: tuple[CallPattern, ...] = field(default_factory=lambda: (CallPattern("one query at a time"),))
    reason: Mapping[str, str] = field(default_factory=dict)
    declared: bool = True
    use: Mapping[str, str] = field(default_factory=dict)
    decided_by: str | Mapping[str, str] = ""
    owner: str | Mapping[str, str] = ""
    replaces: str | Mapping[str, str] = ""
    solver_error: Mapping[str, float] = field(default_factory=dict)
    domain: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    queries_per_journey: float | None = None
    queries_per_hour: float | None = None
    beneficiaries: float | None = None
    answers: Mapping[str, str | Mapping[str, str]] = field(default_factory=dict)
    declared_on: str = ""
    file_sha256: str = ""

    def __post_init__(self) -> None:
        self._check_texts()
        if self.queries is not None:
            check_interval("usage interval", self.queries)
        check_positive("service_life_years", self.service_life_years)
        for name in ("queries_per_journey", "queries_per_hour", "beneficiaries"):
            if getattr(self, name) is not None:
                check_positive(name, getattr(self, name))
        if not self.call_patterns:
            raise UnusableInputError("a need must have at least one call pattern")
        names = [pattern.name for pattern in self.call_patterns]
        for name in names:
            if names.count(name) > 1:
                raise UnusableInputError(f"the need has two call patterns named '{name}'; each needs its own name")
        for name, error in self.solver_error.items():
            if name not in self.tolerances:
                raise UnusableInputError(
                    f"solver_error names '{name}', which has no tolerance; "
                    f"with one: {', '.join(self.tolerances) or 'none'}{did_you_mean(name, self.tolerances)}"
                )
            check_positive(f"solver_error of '{name}'", error)
        for name, bounds in self.domain.items():
            _check_bounds(name, bounds)
        self._check_answers()
        self._check_marks()

    def _check_texts(self) -> None:
        unit = self.functional_unit
        if not unit or (isinstance(unit, str) and not unit.strip()):
            raise UnusableInputError("functional_unit is empty; say in plain words what one query answers")
        if not isinstance(unit, str):
            check_text("functional_unit", unit)
        for name in ("reason", "use"):
            check_text(name, getattr(self, name))
        for name in ("decided_by", "owner", "replaces"):
            value = getattr(self, name)
            if isinstance(value, Mapping):
                check_text(name, value)
            elif not isinstance(value, str):
                raise UnusableInputError(f"{name} = {value!r}; a text is needed")

    def _check_answers(self) -> None:
        if not isinstance(self.answers, Mapping):
            raise UnusableInputError(f"answers = {self.answers!r}; a table [answers] of questions and texts is needed")
        for name, told in self.answers.items():
            if name not in QUESTIONS:
                raise UnusableInputError(
                    f"the key 'answers.{name}' is unknown; known: {', '.join(QUESTIONS)}{did_you_mean(name, QUESTIONS)}"
                )
            if isinstance(told, Mapping):
                check_text(f"answers.{name}", told)
            elif not (isinstance(told, str) and told.strip()):
                raise UnusableInputError(f"answers.{name} = {told!r}; a text is needed")

    def _check_marks(self) -> None:
        if not isinstance(self.declared, bool):
            raise UnusableInputError(f"declared = {self.declared!r}; true or false is needed")
        if self.declared_on != "":
            try:
                date.fromisoformat(self.declared_on)
            except (TypeError, ValueError) as fault:
                raise UnusableInputError(
                    f"declared_on = {self.declared_on!r} is not a date; write year-month-day, as in 2026-03-14"
                ) from fault
        digest = self.file_sha256
        if not isinstance(digest, str) or (digest and (len(digest) != 64 or set(digest) - set(string.hexdigits))):
            raise UnusableInputError(f"file_sha256 = {digest!r} is not a SHA-256 in hexadecimal")


def check_positive(what: str, value: Any) -> None:
    """Refuse what is not a positive finite number.

    Raises
    ------
    UnusableInputError
        Naming ``what`` and the value.
    """
    if not is_number(value) or not (math.isfinite(value) and value > 0):
        raise UnusableInputError(f"{what} = {value!r}; a positive number is needed")


def check_interval(what: str, value: Any) -> None:
    """Refuse what is not two positive finite numbers, the lower first.

    Raises
    ------
    UnusableInputError
        Naming ``what`` and the value.
    """
    if _is_pair(value):
        low, high = value
        if 0 < low <= high and math.isfinite(high):
            return
        value = [low, high]
    raise UnusableInputError(f"{what} {value!r} must hold two positive numbers, the lower first")


def is_number(value: Any) -> bool:
    """A real number; truth values are none."""
    return isinstance(value, Real) and not isinstance(value, bool)


def _check_bounds(name: str, bounds: Any) -> None:
    if not (_is_pair(bounds) and all(math.isfinite(bound) for bound in bounds) and bounds[0] < bounds[1]):
        told = list(bounds) if isinstance(bounds, list | tuple) else bounds
        raise UnusableInputError(f"domain of '{name}' = {told!r}; two finite numbers, low < high, are needed")


def check_text(what: str, text: Any) -> None:
    """Refuse what is not a text by language.

    Raises
    ------
    UnusableInputError
        Naming ``what`` and the language or the value.
    """
    if not isinstance(text, Mapping):
        raise UnusableInputError(f"{what} = {text!r}; a text by language ({', '.join(LANGUAGES)}) is needed")
    for language, words in text.items():
        if language not in LANGUAGES:
            raise UnusableInputError(f"{what} has the language '{language}'; allowed: {', '.join(LANGUAGES)}")
        if not isinstance(words, str):
            raise UnusableInputError(f"{what}.{language} = {words!r}; a text is needed")


def _is_pair(value: Any) -> bool:
    return isinstance(value, list | tuple) and len(value) == 2 and all(is_number(part) for part in value)


def _is_whole(value: Any) -> bool:
    return is_number(value) and math.isfinite(value) and value == round(value)
