"""A need file to fill in: what the study knows stands in it, what only its users know is asked for in comments."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from frugal.experiments.study import Output, Study, Variable
from frugal.experiments.study.need import QUESTIONS, TARGETS, CallPattern, Need
from frugal.texts import room_texts

_TEXTS = room_texts("frugal.experiments")

_BARE_KEY = re.compile(r"^[A-Za-z0-9_-]+$")


def need_template(study: Study, language: str) -> str:
    """A commented need file for a study, in one language, filled in as far as the study's own need goes.

    Read back as it is, it gives the study's own need; where nobody has declared one, its tolerances are commented out and
    have to be filled in first.

    Parameters
    ----------
    study : Study
    language : str
        ``en`` or ``fr``, of the comments.
    """
    writer = _Writer(language)
    need = study.need
    title = " ".join((study.title.get(language) or study.name).split())
    writer.comment("head", title=title)
    writer.text("functional_unit", need.functional_unit)
    writer.text("use", need.use)
    for name in ("decided_by", "owner", "replaces"):
        told = getattr(need, name)
        writer.text(name, told) if told and not isinstance(told, str) else writer.value(name, told or None, "…")
    writer.value("declared_on", need.declared_on or None, "2026-03-14")
    writer.text("reason", need.reason)
    writer.value("queries", list(need.queries) if need.queries else None, [1000.0, 10000.0])
    writer.value("service_life_years", need.service_life_years)
    writer.value("queries_per_journey", need.queries_per_journey, 1.0)
    writer.value("queries_per_hour", need.queries_per_hour, 60.0)
    writer.value("beneficiaries", need.beneficiaries, 10000.0)
    _tolerances(writer, study)
    _numbers(writer, "solver_error", need.solver_error, need.tolerances)
    _domain(writer, study.inputs, need)
    _answers(writer, need)
    writer.comment("call_patterns", targets=", ".join(TARGETS))
    for pattern in need.call_patterns:
        _pattern(writer, pattern)
    return writer.content()


class _Writer:
    """Lines of TOML; a value that is not known becomes a comment with an example."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._lines: list[str] = []

    def comment(self, word: str, **values: str) -> None:
        text = _TEXTS.phrase(f"need.{word}", self._language, **values)
        self._lines += ["" if not self._lines else "\n", *(f"# {line}" for line in text.split("\n"))]

    def value(self, name: str, value: Any, example: Any = None) -> None:
        """A key with its comment; commented out with an example where the value is None.

        Parameters
        ----------
        name : str
            Of the key, whose comment is found under the same name.
        value : object
            What TOML can hold, or None.
        example : object
            What the line that is commented out holds.
        """
        self.comment(name)
        self.line(name, example if value is None else value, known=value is not None)

    def text(self, name: str, text: str | Mapping[str, str], said: str = "") -> None:
        """A text in one language or in several; commented out where there is none.

        Parameters
        ----------
        name : str
            Of the key.
        text : str or mapping
            What it holds.
        said : str
            Under what the comment is found; under the name by default.
        """
        self.comment(said or name)
        if isinstance(text, str):
            self.line(name, text)
            return
        for language, words in (text or {self._language: "…"}).items():
            self.line(f"{name}.{language}", words, known=bool(text))

    def line(self, name: str, value: Any, known: bool = True, note: str = "") -> None:
        """A key and its value.

        Parameters
        ----------
        name : str
            As TOML has it, quoted where it must be.
        value : object
            What TOML can hold.
        known : bool
            The line is commented out where it is false.
        note : str
            A comment behind the value; empty for none.
        """
        self.raw(f"{name} = {toml_value(value)}{f'  # {note}' if note else ''}", known)

    def raw(self, line: str, known: bool = True) -> None:
        self._lines.append(line if known else f"# {line}")

    def note(self, labels: Mapping[str, str], unit: str) -> str:
        """Label and unit of an input or output, for the end of a line."""
        label = labels.get(self._language, "")
        return ", ".join(" ".join(part.split()) for part in (label, "" if unit == "1" else unit) if part)

    def choice(self, choices: Iterable[str]) -> str:
        return _TEXTS.phrase("need.choice", self._language, choices=", ".join(choices))

    def content(self) -> str:
        return "\n".join(line.rstrip("\n") for line in self._lines).lstrip("\n") + "\n"


def _tolerances(writer: _Writer, study: Study) -> None:
    writer.comment("tolerances")
    for output in study.outputs:
        _tolerance(writer, output, study.need)


def _tolerance(writer: _Writer, output: Output, need: Need) -> None:
    tolerance = need.tolerances.get(output.name)
    known = tolerance is not None and need.declared
    note = writer.note(output.label, output.unit)
    writer.raw("")
    writer.raw(f"[tolerances.{toml_key(output.name)}]{f'  # {note}' if note else ''}", known)
    writer.line("metric", tolerance.metric if tolerance else "nrmse_std", known)
    writer.line("limit", tolerance.limit if tolerance else 0.05, known)
    if tolerance is not None and tolerance.over is not None:
        writer.line("over", tolerance.over, known)


def _numbers(writer: _Writer, name: str, values: Mapping[str, float], names: Iterable[str]) -> None:
    writer.comment(name)
    writer.raw(f"[{name}]")
    for key in names:
        writer.line(toml_key(key), values.get(key, 0.01), known=key in values)


def _domain(writer: _Writer, variables: Iterable[Variable], need: Need) -> None:
    writer.comment("domain")
    writer.raw("[domain]")
    for variable in variables:
        note = writer.note(variable.label, variable.unit)
        known = variable.name in need.domain
        if variable.choices and not known:
            note = ", ".join(part for part in (note, writer.choice(variable.choices)) if part)
        bounds = list(need.domain.get(variable.name, (variable.low, variable.high)))
        writer.line(toml_key(variable.name), bounds, known, note)


def _answers(writer: _Writer, need: Need) -> None:
    writer.comment("answers")
    writer.raw("[answers]", bool(need.answers))
    for name in QUESTIONS:
        writer.text(name, need.answers.get(name) or {}, said=f"answers.{name}")


def _pattern(writer: _Writer, pattern: CallPattern) -> None:
    writer.raw("")
    writer.raw("[[call_patterns]]")
    writer.line("name", pattern.name)
    for language, words in pattern.label.items():
        writer.line(f"label.{language}", words)
    for name, example in (
        ("rows", 1),
        ("target", "local"),
        ("needs_graph", False),
        ("must_run_offline", False),
        ("cached", False),
        ("max_latency_s", 1.0),
        ("max_bytes", 5_000_000),
        ("max_memory_bytes", 500_000_000),
    ):
        value = getattr(pattern, name)
        writer.line(name, example if value is None else value, known=value is not None)


def toml_key(name: str) -> str:
    """A key of TOML, quoted where its letters ask for it."""
    return name if _BARE_KEY.match(name) else toml_value(name)


def toml_value(value: Any) -> str:
    """A text, number, truth value or list as TOML writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return f"[{', '.join(toml_value(part) for part in value)}]"
    if isinstance(value, str):
        # what JSON leaves as it is but TOML forbids
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(float(value))
