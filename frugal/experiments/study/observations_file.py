"""Measured values from a table: one line a measurement.

A CSV (or Parquet) file with the columns

``output``
    Name of the output that was measured; may be left out where the study has one.
``place``
    Name of the place as the study writes it (``007`` is another one than ``7``), ``garonne@12500`` along a line, or the
    coordinate of an element of a vector; left out for a scalar.
``time``
    A number in the unit of the output's time axis, or a date and time (``2010-02-28T03:00:00Z``) where the axis has an origin;
    left out without a time axis.
``value``
    The measured value.
``sigma``
    Its standard error, in the same unit; may be empty.
``unit``
    Of value and sigma, where it is not the output's.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from frugal.errors import UnusableInputError, did_you_mean
from frugal.experiments.study.outputs import Output
from frugal.experiments.study.scenarios import Measurement, Observations
from frugal.experiments.study.values import convert, convert_difference
from frugal.formats.files.tables import read_table

if TYPE_CHECKING:
    import pandas as pd

_TEXTS = ("output", "place", "time", "unit")
COLUMNS = ("output", "place", "time", "value", "sigma", "unit")


def read_observations(
    path: Path | str, outputs: Sequence[Output], *, name: str = "", source: str = "", scenario: str = ""
) -> Observations:
    """Read measured values.

    Parameters
    ----------
    path : path
        Of the table; its columns are described above.
    outputs : sequence of Output
        Of the study that is asked.
    name : str
        Of the observations; that of the file by default.
    source : str
        Who measured, where it is published.
    scenario : str
        Name of the scenario that holds the inputs at the time.

    Raises
    ------
    UnusableInputError
        If the file cannot be read, or a line measures what is no output, in a unit that does not convert, at no time.
    """
    return observations_of(Path(path), read_table(path, text=_TEXTS), outputs, name, source, scenario)


def observations_of(
    path: Path, table: pd.DataFrame, outputs: Sequence[Output], name: str = "", source: str = "", scenario: str = ""
) -> Observations:
    """Measured values of a table that was read; see `read_observations`.

    Parameters
    ----------
    path : Path
        Of the table, for messages.
    table : pandas.DataFrame
        With the numbers of its lines in ``attrs``.
    outputs : sequence of Output
    name, source, scenario : str
        As for `read_observations`.
    """
    for column in table.columns:
        if column not in COLUMNS:
            raise UnusableInputError(
                f"observations '{path}' have the unknown column '{column}'; known: {', '.join(COLUMNS)}"
                f"{did_you_mean(column, COLUMNS)}"
            )
    if "value" not in table.columns:
        raise UnusableInputError(f"observations '{path}' have no column 'value'")
    known = {output.name: output for output in outputs}
    rows = table.to_dict(orient="records")
    measured = []
    for line, row in zip(table.attrs["lines"], rows, strict=True):
        try:
            measured.append(_measurement(row, known))
        except UnusableInputError as fault:
            raise UnusableInputError(f"observations '{path}', line {line}: {fault}") from fault
    stem = "".join(letter if letter.isalnum() else "_" for letter in path.stem)
    return Observations(name or (stem if stem.isidentifier() else f"_{stem}"), tuple(measured), source, scenario)


def _measurement(row: Mapping[Any, Any], outputs: Mapping[str, Output]) -> Measurement:
    name = _text(row.get("output")) or (next(iter(outputs)) if len(outputs) == 1 else "")
    if name not in outputs:
        raise UnusableInputError(f"'{name}' is no output; known: {', '.join(outputs)}{did_you_mean(name, outputs)}")
    output, unit = outputs[name], _text(row.get("unit"))
    value, sigma = _number(row["value"], "value"), None
    if _text(row.get("sigma")):
        sigma = _number(row["sigma"], "sigma")
    if unit:
        value = convert(value, unit, output.unit, name, "observation of")
        sigma = None if sigma is None else convert_difference(sigma, unit, output.unit, name, "observation of")
    return Measurement(name, value, _place(row.get("place"), output), _time(row.get("time"), output), sigma)


def _time(told: Any, output: Output) -> float | None:
    text = _text(told)
    if not text or output.time is None:
        return _number(told, "time") if text else None
    number = _as_number(text)
    if number is not None:
        return number
    if not output.time.origin:
        raise UnusableInputError(
            f"time '{text}' must be a number in {output.time.unit}: the time axis of '{output.name}' has no date"
        )
    try:
        since = _aware(text) - _aware(output.time.origin)
    except ValueError as fault:
        raise UnusableInputError(f"time '{text}' is neither a number nor a date, as in 2010-02-28T03:00:00Z") from fault
    return convert(since.total_seconds(), "s", output.time.unit, output.name, "time of")


def _aware(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _number(value: Any, what: str) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError) as fault:
        raise UnusableInputError(f"{what} = {value!r} must be a number") from fault
    if not math.isfinite(number):
        raise UnusableInputError(f"{what} is missing or not finite")
    return number


def _as_number(text: str) -> float | None:
    try:
        return float(text.replace(",", ".") if text.count(",") == 1 else text)
    except ValueError:
        return None


def _place(told: Any, output: Output) -> str:
    """The place as the study writes it: its name, or where places are numbers the one of this value."""
    text = _text(told)
    places = [coordinate for dim in output.place_dims for coordinate in output.coords[dim]]
    number = None if text in map(str, places) else _as_number(text)
    if number is None:
        return text
    if isinstance(told, float) and told.is_integer() and str(int(told)) in map(str, places):
        return str(int(told))  # of a table that keeps whole numbers beside gaps as 3.0
    return next((str(place) for place in places if not isinstance(place, str) and place == number), text)


def _text(value: Any) -> str:
    import pandas

    missing = pandas.api.types.is_scalar(value) and pandas.isna(value)
    return "" if missing else str(value).strip()
