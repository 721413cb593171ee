"""A need file to fill in: what the study knows stands in it, what only its users know is asked for in comments."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from frugal.experiments.study import Output, Study, Variable
from frugal.experiments.study.need import TARGETS, CallPattern, Need

_BARE_KEY = re.compile(r"^[A-Za-z0-9_-]+$")

_WORDS = {
    "head": (
        "The need of the study “{title}”, to fill in before the first run: frugal train … --need THIS_FILE\n"
        "Its hash and the date of the first campaign that reads it go into the ledger; a later change is shown as such.\n"
        "Lines that begin with '#' are left out. Take the '#' away in front of what you know.",
        "Le besoin de l'étude « {title} », à remplir avant le premier calcul : frugal train … --need CE_FICHIER\n"
        "Son empreinte et la date de la première campagne qui le lit vont au registre ; un changement ultérieur y est montré.\n"
        "Les lignes qui commencent par « # » sont ignorées. Retirez le « # » devant ce que vous savez.",
    ),
    "functional_unit": (
        "What one query answers, in plain words.",
        "Ce à quoi répond une question, en mots simples.",
    ),
    "use": (
        "What the answer is used for.",
        "À quoi sert la réponse.",
    ),
    "decided_by": (
        "Who decides what with the answer.",
        "Qui décide quoi avec la réponse.",
    ),
    "owner": (
        "Who answers for this need: a service, a person's function.",
        "Qui répond de ce besoin : un service, une fonction.",
    ),
    "replaces": (
        "The practice that the answer replaces, if any.",
        "La pratique que la réponse remplace, s'il y en a une.",
    ),
    "declared_on": (
        "The date of this declaration, year-month-day.",
        "La date de cette déclaration, année-mois-jour.",
    ),
    "reason": (
        "Why these tolerances: what a larger error would change in the decision.",
        "Pourquoi ces tolérances : ce qu'une erreur plus grande changerait à la décision.",
    ),
    "queries": (
        "Queries over the service life, [lowest, highest] guess; or instead: queries_per_year = [low, high].\n"
        "Without them nothing can be said about whether AI is needed.",
        "Questions sur la durée de service, estimations [basse, haute] ; ou à la place : queries_per_year = [basse, haute].\n"
        "Sans elles, rien ne peut être dit de la nécessité d'une IA.",
    ),
    "service_life_years": (
        "Years until the answer is made anew or given up.",
        "Années avant que la réponse soit refaite ou abandonnée.",
    ),
    "queries_per_journey": (
        "Queries of one journey of a user, from opening the page to leaving it.",
        "Questions d'un parcours d'usager, de l'ouverture de la page à son départ.",
    ),
    "queries_per_hour": (
        "Queries of one hour of continuous use.",
        "Questions d'une heure d'usage continu.",
    ),
    "beneficiaries": (
        "People that the service is for: its budget within planetary boundaries is theirs.",
        "Personnes à qui le service est destiné : son budget dans les limites planétaires est le leur.",
    ),
    "tolerances": (
        "How wrong the answer may be, output by output. metric: 'nrmse' is the root mean square error over the mean of the\n"
        "output, a share (unit = \"%\" may be given); 'rmse' is in the unit of the output, or in another one given as unit;\n"
        "'rmse_wet' the same over the cells of a map that are wet in at least one run.",
        "De combien la réponse peut se tromper, sortie par sortie. metric : « nrmse » est l'erreur quadratique moyenne\n"
        "rapportée à la moyenne de la sortie, une part (unit = \"%\" est permis) ; « rmse » est dans l'unité de la sortie, ou\n"
        "dans une autre, donnée par unit ; « rmse_wet » de même, sur les cellules d'une carte mouillées au moins une fois.",
    ),
    "solver_error": (
        "The known error of the full physics itself, in the metric of each tolerance: a tolerance below it asks for more than\n"
        "the physics can tell. Take it from a comparison with measurements.",
        "L'erreur connue de la physique complète elle-même, dans la mesure de chaque tolérance : une tolérance plus petite\n"
        "demande plus que ce que la physique peut dire. Elle vient d'une comparaison à des mesures.",
    ),
    "domain": (
        "What is asked of the inputs, where it is less than the bounds of the study; with a unit if you like:\n"
        "[\"2 km/h\", \"30 km/h\"].",
        "Ce qui est demandé des entrées, là où c'est moins que les bornes de l'étude ; avec une unité si l'on veut :\n"
        "[\"2 km/h\", \"30 km/h\"].",
    ),
    "choice": (
        "a choice ({choices}); it cannot be narrowed",
        "un choix ({choices}) ; il ne peut pas être restreint",
    ),
    "call_patterns": (
        "How the answer is asked for; the first pattern decides what ships.\n"
        "target: {targets}. must_run_offline in a browser or on a phone, and needs_graph, leave only\n"
        "what is an ONNX file. Limits: max_latency_s (seconds of one call, 95th percentile), max_bytes (of the file),\n"
        "max_memory_bytes (of the process, runtime included). cached: the browser keeps the\n"
        "runtime from one journey to the next.",
        "Comment la réponse est demandée ; le premier usage décide de ce qui est livré.\n"
        "target : {targets}. must_run_offline dans un navigateur ou sur un téléphone, et needs_graph,\n"
        "ne laissent que ce qui est un fichier ONNX. Limites : max_latency_s (secondes d'un appel, 95e centile),\n"
        "max_bytes (du fichier), max_memory_bytes (du processus, moteur compris).\n"
        "cached : le navigateur garde le moteur d'un parcours à l'autre.",
    ),
}  # fmt: skip


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
        text = _WORDS[word][1 if self._language == "fr" else 0].format(**values)
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

    def text(self, name: str, text: str | Mapping[str, str]) -> None:
        """A text in one language or in several; commented out where there is none."""
        self.comment(name)
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
        return _WORDS["choice"][1 if self._language == "fr" else 0].format(choices=", ".join(choices))

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
    writer.line("metric", tolerance.metric if tolerance else "nrmse", known)
    writer.line("limit", tolerance.limit if tolerance else 0.05, known)


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
