"""What the commands print: JSON, values, tables and sentences."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from frugal.candidates.comparison import Comparison
    from frugal.experiments.study.questions import Question
    from frugal.experiments.study.variables import Variable


def print_json(content: Any) -> None:
    """One JSON document."""
    from frugal.formats.files.json_files import to_json

    typer.echo(to_json(content), nl=False)


def print_value(name: str, value: Any, unit: str, coordinates: Any = None, low: Any = None, high: Any = None) -> None:
    """One output: a number, a column of numbers, or the range of a field.

    Parameters
    ----------
    name : str
    value : number or array
        A scalar, a vector or a field.
    unit : str
        Behind each number; ``1`` is left out.
    coordinates : sequence, optional
        Names of the elements of a vector (months); one without them is printed as a range.
    low, high : number or array, optional
        Ends of the interval, of the shape of the value; not printed for a field.
    """
    import numpy as np

    unit = "" if unit == "1" else f" {unit}"
    array = np.asarray(value)
    if array.ndim == 0:
        between = "" if low is None else f"  [{float(low):.5g} – {float(high):.5g}]"
        typer.echo(f"{name}: {float(array):.5g}{unit}{between}")
    elif array.ndim == 1 and coordinates is not None:
        typer.echo(f"{name}:")
        for k, coordinate in enumerate(coordinates):
            between = "" if low is None else f"  [{float(low[k]):.5g} – {float(high[k]):.5g}]"
            typer.echo(f"  {coordinate}: {float(array[k]):.5g}{unit}{between}")
    else:
        typer.echo(f"{name}: field {array.shape}, {array.min():.5g} to {array.max():.5g}{unit}")


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
