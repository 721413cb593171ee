"""What the commands print: JSON, values, tables and sentences."""

from __future__ import annotations

import re
import shutil
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from frugal.commands.french import in_language
from frugal.commands.terminal import say
from frugal.errors import for_terminal
from frugal.texts import Text, room_texts

if TYPE_CHECKING:
    import numpy as np
    from rich.table import Table
    from rich.text import Text as CellText

    from frugal.candidates.comparison import Comparison
    from frugal.experiments.study import Output, Study
    from frugal.experiments.study.geometry import TimeAxis
    from frugal.experiments.study.questions import Question
    from frugal.experiments.study.variables import Variable

_TEXTS = room_texts("frugal.commands")
#: Signs that JSON may hold as they are and a terminal must not be given.
_UNSHOWN = re.compile("[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")
#: Elements of a vector, or places, that are told one a line; of more the range.
_MOST_LINES = 64
#: Letters of a list of names that a sentence tells in full, and how many names it tells of a longer one.
_MOST_LETTERS, _FEW_NAMES = 300, 6


def warn(message: str, language: str) -> None:
    """A sentence beside the answer, on stderr."""
    say(in_language(message, language), err=True)


def print_notes(notes: Iterable[Text], language: str) -> None:
    """Notes on a study or a question, a line each, on stderr."""
    for note in notes:
        say(_TEXTS.phrase("study.note", language, note=note), err=True)


def abridged(message: str) -> str:
    """A sentence whose longest lists of names end in how many more there are; the nearest name stands behind them."""

    def cut(found: re.Match[str]) -> str:
        names = found[2].split(", ")
        if len(found[2]) <= _MOST_LETTERS:
            return found[0]
        return f"{found[1]}{', '.join(names[:_FEW_NAMES])} and {len(names) - _FEW_NAMES} more"

    return re.sub(r"((?:known|allowed|installed|it has|needed|among):? )((?:[\w.@-]+, )+[\w.@-]+)", cut, message)


def print_json(content: Any) -> None:
    """One JSON document."""
    from frugal.formats.files.json_files import to_json

    say(_UNSHOWN.sub(lambda sign: f"\\u{ord(sign[0]):04x}", to_json(content)), nl=False)


def print_value(name: str, value: float, unit: str, low: Any = None, high: Any = None, language: str = "en") -> None:
    """One number with its unit, and its interval where there is one.

    Parameters
    ----------
    name : str
    value : float
    unit : str
        Behind the number; ``1`` is left out.
    low, high : float, optional
        Ends of the interval.
    language : str
        ``en`` or ``fr``.
    """
    say(f"{name}: {_digits(value, language)}{_unit(unit, language)}{_between(low, high, language)}")


def _between(low: Any, high: Any, language: str) -> str:
    """An interval behind a value; nothing without one."""
    return "" if low is None else f"  [{_digits(low, language)} – {_digits(high, language)}]"


def _digits(value: Any, language: str) -> str:
    """A number of five digits."""
    if language != "fr":
        return f"{float(value):.5g}"
    from frugal.reporting.text import plain_number

    return plain_number(float(value), language, 5)


def print_output(output: Output, value: Any, low: Any = None, high: Any = None, language: str = "en") -> None:
    """One output: a number, a column of numbers, the range of a field, or of a series at each of its places.

    Parameters
    ----------
    output : Output
    value : array
        Of its shape.
    low, high : array, optional
        Ends of the interval, of the shape of the value; not printed for a field or a series.
    language : str
        ``en`` or ``fr``.
    """
    import numpy as np

    name, unit, array = output.name, _unit(output.unit, language), np.asarray(value, dtype=float)
    if array.ndim == 0:
        print_value(name, float(array), output.unit, low, high, language)
    elif output.is_series and array.ndim <= 2:
        _print_series(output, array.reshape(len(array), -1), unit, language)
    elif array.ndim == 1 and len(array) <= _MOST_LINES:
        say(f"{name}:")
        for k, coordinate in enumerate(output.coords[output.dims[0]]):
            between = "" if low is None else _between(low[k], high[k], language)
            say(f"  {coordinate}: {_digits(array[k], language)}{unit}{between}")
    elif array.ndim == 1:
        places = output.coords[output.dims[0]]
        say(_TEXTS.phrase("answer.places", language, name=name, places=len(array)))
        say("  " + _lowest_and_highest(array, array, places, unit, language))
    else:
        shape = " × ".join(map(str, array.shape))
        ends = {"low": _digits(array.min(), language), "high": _digits(array.max(), language) + unit}
        say(_TEXTS.phrase("value.field", language, name=name, shape=shape, **ends))


def _print_series(output: Output, values: np.ndarray, unit: str, language: str) -> None:
    """Range of each place of a series ``[time, place]``, and when it is highest."""
    times = output.coords[output.dims[0]]
    if len(output.dims) == 1:
        say(_TEXTS.phrase("answer.times", language, name=output.name, times=len(times)))
        say("  " + _range(output, values[:, 0], unit, language))
        return
    places = output.coords[output.dims[1]]
    head = _TEXTS.phrase("answer.places_and_times", language, name=output.name, times=len(times), places=len(places))
    say(head)
    if len(places) > _MOST_LINES:
        say("  " + _lowest_and_highest(values.min(axis=0), values.max(axis=0), places, unit, language))
        return
    for place, column in zip(places, values.T, strict=True):
        say(f"  {place}: {_range(output, column, unit, language)}")


def _range(output: Output, values: np.ndarray, unit: str, language: str) -> str:
    when = output.coords[output.dims[0]][int(values.argmax())]
    told = str(when) if output.time is None else time_text(output.time, float(when), language)
    low, high = _digits(values.min(), language), _digits(values.max(), language)
    return _TEXTS.phrase("answer.series", language, low=low, high=high, unit=unit, when=told)


def _lowest_and_highest(low: np.ndarray, high: np.ndarray, places: Sequence[Any], unit: str, language: str) -> str:
    return _TEXTS.phrase(
        "answer.most",
        language,
        low=_digits(low.min(), language),
        lowest=places[int(low.argmin())],
        high=_digits(high.max(), language),
        highest=places[int(high.argmax())],
        unit=unit,
    )


def time_text(axis: TimeAxis, time: float, language: str = "en") -> str:
    """A time of an axis as people write it: a date where the axis counts from one, else a number with its unit."""
    if not axis.origin:
        return f"{_digits(time, language)}{_unit(axis.unit, language)}"
    from datetime import datetime, timedelta

    from frugal.experiments.study.values import convert

    seconds = convert(time, axis.unit, "s", "time")
    moment = datetime.fromisoformat(axis.origin) + timedelta(seconds=seconds)
    return f"{moment:%Y-%m-%d %H:%M}{moment:%z}".replace("+0000", "Z")


def _unit(unit: str, language: str = "en") -> str:
    from frugal.reporting.text import unit_in

    return "" if unit == "1" else f" {unit_in(unit, language)}"


def plain_inputs(variables: Sequence[Variable], asked: Question) -> dict[str, Any]:
    """Inputs of a question as plain values: a number, the name of a choice, a list of these for a vector."""
    from frugal.experiments.study.input_layout import InputLayout
    from frugal.experiments.study.variables import plain_values

    values = InputLayout(tuple(variables)).by_name(asked.row)
    return {variable.name: _told(variable, plain_values(values[variable.name])) for variable in variables}


def _told(variable: Variable, value: Any) -> Any:
    if isinstance(value, list):
        return [_told(variable, part) for part in value]
    return variable.choices[round(value)] if variable.choices else value


def print_assumed(
    variables: Sequence[Variable], asked: Question, scenario: str | None = None, language: str = "en"
) -> None:
    """One line on stderr for the inputs that nobody gave: their values, and where these come from.

    Parameters
    ----------
    variables : sequence of Variable
    asked : Question
    scenario : str, optional
        The name of the one that was asked for.
    language : {"en", "fr"}
    """
    told = plain_inputs(variables, asked)
    parts = []
    for variable in variables:
        unit = _unit(variable.unit, language)
        for name, why, values in _assumed_parts(variable, told[variable.name], asked.assumed, language):
            reason = "first" if why == "middle" and variable.choices else why
            words = _TEXTS.phrase(f"assumed.{reason}", language, name=scenario)
            parts.append(f"{name} = {_shown(values, language)}{unit} ({words})")
    if parts:
        say(_TEXTS.phrase("assumed.inputs", language, inputs=", ".join(parts)), err=True)


def _assumed_parts(
    variable: Variable, told: Any, assumed: Mapping[str, str], language: str
) -> list[tuple[str, str, list[Any]]]:
    """What is assumed of an input: name, reason and values; elements of a vector that have one reason stand together."""
    if variable.name in assumed:
        return [(variable.name, assumed[variable.name], _flat([told]))]
    elements = dict(zip((element.name for element in variable.elements()), _flat([told]), strict=True))
    parts = []
    for why in dict.fromkeys(assumed[name] for name in elements if name in assumed):
        names = [name for name in elements if assumed.get(name) == why]
        counts = {"name": variable.name, "count": len(names), "size": variable.size}
        shown = names[0] if len(names) == 1 else _TEXTS.phrase("assumed.elements", language, **counts)
        parts.append((shown, why, [elements[name] for name in names]))
    return parts


def print_parameters(study: Study, language: str) -> None:
    """One line on stderr for the parameters that the physics runs with."""
    told = [
        f"{parameter.name} = {study.parameter_set[parameter.name]:.6g}{_unit(parameter.unit, language)}"
        for parameter in study.parameters
    ]
    if told:
        say(_TEXTS.phrase("assumed.parameters", language, parameters=", ".join(told)), err=True)


def _shown(values: list[Any], language: str) -> str:
    """One value, or the range of several."""
    if any(isinstance(value, str) for value in values):
        return ", ".join(dict.fromkeys(map(str, values)))
    if len(set(values)) == 1:
        return f"{values[0]:.6g}"
    return _TEXTS.phrase("value.range", language, low=f"{min(values):.6g}", high=f"{max(values):.6g}")


def _flat(value: list[Any]) -> list[Any]:
    """Values of a list of lists."""
    return [inner for part in value for inner in (_flat(part) if isinstance(part, list) else [part])]


def print_ladder(comparison: Comparison, language: str) -> None:
    """The ladder as a table, and how far the AI nearest to the need is from its limit."""

    from frugal.reporting.judged_words import adaptive_words, judged_words
    from frugal.reporting.ladder_table import ladder_table, limit_of_ai

    print_table(ladder_table(comparison, language), 180)
    told = limit_of_ai(comparison, language)
    if told:
        say(told)
    for words in (judged_words(comparison.split), adaptive_words(comparison.split)):
        if words:
            say(words[language])


def print_table(table: Table, width: int = 120) -> None:
    """A table as wide as the terminal, or as said where there is none."""
    from rich.console import Console

    class PlainConsole(Console):
        """One that takes cells as texts, not as marks for the terminal."""

        def render_str(self, text: str, **named: Any) -> CellText:
            return super().render_str(for_terminal(text), **named)

    PlainConsole(width=None if sys.stdout.isatty() else width, highlight=False).print(table)


def line_to_fit(line: str) -> str:
    """A line, indented, and broken between words where the terminal ends."""
    width = shutil.get_terminal_size((120, 24)).columns
    return textwrap.fill(
        line, width, initial_indent="  ", subsequent_indent="    ", break_long_words=False, break_on_hyphens=False
    )


def print_study(content: dict[str, Any], language: str) -> None:
    """The page of a study.

    Parameters
    ----------
    content : dict
        As `frugal.commands.study_pages.study_content` gives it, with ``settings`` and ``ask``.
    language : {"en", "fr"}
    """
    from frugal.commands.study_pages import inputs_table, outputs_table, page_lines, scenarios_table

    title = content["title"].get(language, "")
    say(f"{content['name']}: {title}\n" if title else f"{content['name']}\n")
    print_table(inputs_table(content["inputs"], language))
    say()
    print_table(outputs_table(content["outputs"], language))
    if content["parameters"]:
        say()
        print_table(inputs_table(content["parameters"], language, "parameter"))
    if content["scenarios"]:
        say()
        print_table(scenarios_table(content["scenarios"], language))
    for section, lines in page_lines(content, language).items():
        if lines:
            say("\n" + _TEXTS.phrase(f"study.{section}", language))
        for line in lines:
            say(line_to_fit(line))


def print_summary(result: dict[str, Any], language: str) -> None:
    """The audit in sentences."""
    from frugal.audit.report.terminal import summary_lines

    for line in summary_lines(result, language):
        say(line)


def print_estimate(plan: dict[str, Any], language: str) -> None:
    """What a campaign would cost, one figure a line."""
    from frugal.reporting.text import plain_number

    for key, value in plan.items():
        name = _TEXTS.known("estimate", key)[language]
        told = plain_number(value, language, 3) if isinstance(value, float) else in_language(str(value), language)
        say(f"{name}: {told}")
