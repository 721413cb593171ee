"""What the commands print: JSON, values, tables and sentences."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from frugal.candidates.comparison import Comparison


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
