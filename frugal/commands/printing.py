"""What the commands print: JSON, values, tables and sentences."""

from __future__ import annotations

import re
import sys
from typing import Any

import typer

from frugal.commands.french import in_language
from frugal.texts import room_texts

_TEXTS = room_texts("frugal.commands")
#: Names of a list that a sentence tells at most.
_MOST_NAMES = 12


def warn(message: str, language: str) -> None:
    """A sentence beside the answer, on stderr."""
    typer.echo(in_language(message, language), err=True)


def abridged(message: str) -> str:
    """A sentence whose longest lists of names end in how many more there are; the nearest name stands behind them."""

    def cut(found: re.Match[str]) -> str:
        names = found[2].split(", ")
        if len(names) <= _MOST_NAMES:
            return found[0]
        return f"{found[1]}{', '.join(names[: _MOST_NAMES // 2])} and {len(names) - _MOST_NAMES // 2} more"

    return re.sub(r"((?:known|allowed|installed|it has|needed|among):? )((?:[\w.@-]+, )+[\w.@-]+)", cut, message)



def print_json(content: Any) -> None:
    """One JSON document."""
    from frugal.formats.files.json_files import to_json

    typer.echo(to_json(content), nl=False)


def print_value(
    name: str,
    value: Any,
    unit: str,
    coordinates: Any = None,
    low: Any = None,
    high: Any = None,
    language: str = "en",
) -> None:
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
    language : {"en", "fr"}
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
        shape = " × ".join(map(str, array.shape))
        ends = {"low": f"{array.min():.5g}", "high": f"{array.max():.5g}{unit}"}
        typer.echo(_TEXTS.phrase("value.field", language, name=name, shape=shape, **ends))


def print_ladder(ladder: dict[str, Any], language: str) -> None:
    """The ladder as a table."""
    from rich.console import Console

    from frugal.reporting.ladder_table import ladder_table

    console = Console(width=None if sys.stdout.isatty() else 180)
    console.print(ladder_table(ladder, language))


def print_summary(result: dict[str, Any], language: str) -> None:
    """The audit in sentences."""
    from frugal.audit.report.terminal import summary_lines

    for line in summary_lines(result, language):
        typer.echo(line)


def print_estimate(plan: dict[str, Any]) -> None:
    """What a campaign would cost, one figure a line."""
    for key, value in plan.items():
        typer.echo(f"{key}: {value:.3g}" if isinstance(value, float) else f"{key}: {value}")
