"""What the commands print: JSON, values, tables and sentences."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import typer

from frugal.texts import room_texts

if TYPE_CHECKING:
    import numpy as np

    from frugal.candidates.comparison import Comparison
    from frugal.experiments.study import Output
    from frugal.experiments.study.geometry import TimeAxis
    from frugal.experiments.study.questions import Question
    from frugal.experiments.study.variables import Variable

_TEXTS = room_texts("frugal.commands")
#: Elements of a vector, or places, that are told one a line; of more the range.
_MOST_LINES = 64


def print_json(content: Any) -> None:
    """One JSON document."""
    from frugal.formats.files.json_files import to_json

    typer.echo(to_json(content), nl=False)


def print_value(name: str, value: float, unit: str, low: Any = None, high: Any = None) -> None:
    """One number with its unit, and its interval where there is one.

    Parameters
    ----------
    name : str
    value : float
    unit : str
        Behind the number; ``1`` is left out.
    low, high : float, optional
        Ends of the interval.
    """
    between = "" if low is None else f"  [{float(low):.5g} – {float(high):.5g}]"
    typer.echo(f"{name}: {float(value):.5g}{_unit(unit)}{between}")


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

    name, unit, array = output.name, _unit(output.unit), np.asarray(value, dtype=float)
    if array.ndim == 0:
        print_value(name, float(array), output.unit, low, high)
    elif output.is_series and array.ndim <= 2:
        _print_series(output, array.reshape(len(array), -1), unit, language)
    elif array.ndim == 1 and len(array) <= _MOST_LINES:
        typer.echo(f"{name}:")
        for k, coordinate in enumerate(output.coords[output.dims[0]]):
            between = "" if low is None else f"  [{float(low[k]):.5g} – {float(high[k]):.5g}]"
            typer.echo(f"  {coordinate}: {float(array[k]):.5g}{unit}{between}")
    elif array.ndim == 1:
        places = output.coords[output.dims[0]]
        typer.echo(_TEXTS.phrase("answer.places", language, name=name, places=len(array)))
        typer.echo("  " + _lowest_and_highest(array, array, places, unit, language))
    else:
        typer.echo(f"{name}: field {array.shape}, {array.min():.5g} to {array.max():.5g}{unit}")


def _print_series(output: Output, values: np.ndarray, unit: str, language: str) -> None:
    """Range of each place of a series ``[time, place]``, and when it is highest."""
    times = output.coords[output.dims[0]]
    if len(output.dims) == 1:
        typer.echo(_TEXTS.phrase("answer.times", language, name=output.name, times=len(times)))
        typer.echo("  " + _range(output, values[:, 0], unit, language))
        return
    places = output.coords[output.dims[1]]
    head = _TEXTS.phrase("answer.places_and_times", language, name=output.name, times=len(times), places=len(places))
    typer.echo(head)
    if len(places) > _MOST_LINES:
        typer.echo("  " + _lowest_and_highest(values.min(axis=0), values.max(axis=0), places, unit, language))
        return
    for place, column in zip(places, values.T, strict=True):
        typer.echo(f"  {place}: {_range(output, column, unit, language)}")


def _range(output: Output, values: np.ndarray, unit: str, language: str) -> str:
    when = output.coords[output.dims[0]][int(values.argmax())]
    told = str(when) if output.time is None else time_text(output.time, float(when))
    low, high = f"{values.min():.5g}", f"{values.max():.5g}"
    return _TEXTS.phrase("answer.series", language, low=low, high=high, unit=unit, when=told)


def _lowest_and_highest(low: np.ndarray, high: np.ndarray, places: Sequence[Any], unit: str, language: str) -> str:
    return _TEXTS.phrase(
        "answer.most",
        language,
        low=f"{low.min():.5g}",
        lowest=places[int(low.argmin())],
        high=f"{high.max():.5g}",
        highest=places[int(high.argmax())],
        unit=unit,
    )


def time_text(axis: TimeAxis, time: float) -> str:
    """A time of an axis as people write it: a date where the axis counts from one, else a number with its unit."""
    if not axis.origin:
        return f"{time:.5g} {axis.unit}"
    from datetime import datetime, timedelta

    from frugal.experiments.study.values import convert

    seconds = convert(time, axis.unit, "s", "time")
    moment = datetime.fromisoformat(axis.origin) + timedelta(seconds=seconds)
    return f"{moment:%Y-%m-%d %H:%M}{moment:%z}".replace("+0000", "Z")


def _unit(unit: str) -> str:
    return "" if unit == "1" else f" {unit}"


def plain_inputs(variables: Sequence[Variable], asked: Question) -> dict[str, Any]:
    """Inputs of a question as plain values: a number, a list, the name of a choice."""
    from frugal.experiments.study.input_layout import InputLayout

    told: dict[str, Any] = {}
    values = InputLayout(tuple(variables)).by_name(asked.row)
    for variable in variables:
        value = values[variable.name]
        told[variable.name] = (
            value.tolist() if variable.dims else variable.choices[round(value)] if variable.choices else value
        )
    return told


def print_assumed(variables: Sequence[Variable], asked: Question, scenario: str | None = None) -> None:
    """One line on stderr for the inputs that nobody gave: their values, and where these come from."""
    told = plain_inputs(variables, asked)
    reasons = {"scenario": f"scenario {scenario}", "default": "default", "middle": "middle of its bounds"}
    parts = []
    for variable in variables:
        if variable.name not in asked.assumed:
            continue
        value = told[variable.name]
        if isinstance(value, list):
            flat = asked_elements(value)
            shown = f"{flat[0]:.6g}" if len(set(flat)) == 1 else f"{min(flat):.6g} to {max(flat):.6g}"
        else:
            shown = value if isinstance(value, str) else f"{value:.6g}"
        unit = "" if variable.unit == "1" else f" {variable.unit}"
        parts.append(f"{variable.name} = {shown}{unit} ({reasons[asked.assumed[variable.name]]})")
    if parts:
        typer.echo(f"assumed: {', '.join(parts)}", err=True)


def asked_elements(value: list[Any]) -> list[float]:
    """Numbers of a list of lists."""
    return [number for part in value for number in (asked_elements(part) if isinstance(part, list) else [part])]


def print_ladder(comparison: Comparison, language: str) -> None:
    """The ladder as a table."""
    from rich.console import Console

    from frugal.reporting.ladder_table import ladder_table

    console = Console(width=None if sys.stdout.isatty() else 180)
    console.print(ladder_table(comparison, language))


def print_summary(result: dict[str, Any], language: str) -> None:
    """The audit in sentences."""
    from frugal.audit.report.terminal import summary_lines

    for line in summary_lines(result, language):
        typer.echo(line)


def print_estimate(plan: dict[str, Any]) -> None:
    """What a campaign would cost, one figure a line."""
    for key, value in plan.items():
        typer.echo(f"{key}: {value:.3g}" if isinstance(value, float) else f"{key}: {value}")
