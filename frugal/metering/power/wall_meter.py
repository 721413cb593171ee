"""Readings of a power meter at the wall (tier T1), laid over the stages of a ledger.

A CSV file with a column ``time`` (ISO 8601 with its offset from UTC) and either ``watts`` or ``kilowatt_hours``, a counter.
"""

from __future__ import annotations

import csv
import hashlib
import io
import math
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from frugal.errors import UnusableInputError

JOULES_PER_KILOWATT_HOUR = 3.6e6

#: A stage is not covered across a hole in the readings longer than this many usual steps.
LARGEST_GAP_STEPS = 5.0


@dataclass(frozen=True)
class Readings:
    """Readings of a meter: Unix time ``seconds`` [n], and energy ``joules`` [n] since the first of them.

    ``step_joules`` is the smallest step of a counter, 0 for readings of power.
    """

    path: Path
    sha256: str
    seconds: np.ndarray
    joules: np.ndarray
    step_joules: float

    def between(self, start: float, end: float) -> float | None:
        """Energy from ``start`` to ``end`` in J; None where the readings do not cover them without a hole."""
        if start < self.seconds[0] or end > self.seconds[-1]:
            return None
        steps = np.diff(self.seconds)
        inside = (self.seconds[1:] > start) & (self.seconds[:-1] < end)
        if steps[inside].max(initial=0.0) > LARGEST_GAP_STEPS * float(np.median(steps)):
            return None
        return float(np.diff(np.interp([start, end], self.seconds, self.joules))[0])


def read_meter(path: Path) -> Readings:
    """Read and check the readings of a meter.

    Raises
    ------
    UnusableInputError
        If a column is missing, a value is no number or negative, a time has no offset, or times are not in order.
    """
    try:
        content = path.read_bytes()
        text = content.decode("utf-8-sig")
    except OSError as fault:
        raise UnusableInputError(f"the meter readings '{path}' cannot be read: {fault.strerror or fault}") from fault
    except UnicodeDecodeError as fault:
        raise UnusableInputError(f"the meter readings '{path}' are not a text in UTF-8") from fault
    reader = csv.DictReader(io.StringIO(text))
    columns = [name.strip() for name in reader.fieldnames or []]
    value_columns = [name for name in columns if name in ("watts", "kilowatt_hours")]
    if "time" not in columns or len(value_columns) != 1:
        raise UnusableInputError(
            f"the meter readings '{path}' have the columns {', '.join(columns) or 'none'}; 'time' and either 'watts' or "
            "'kilowatt_hours' are needed"
        )
    reader.fieldnames = columns
    rows = list(reader)
    if len(rows) < 2:
        raise UnusableInputError(f"the meter readings '{path}' hold {len(rows)} rows; two are the least")
    seconds = np.array([_time(path, number, row["time"]) for number, row in enumerate(rows, start=2)])
    values = np.array([_value(path, n, value_columns[0], row[value_columns[0]]) for n, row in enumerate(rows, start=2)])
    unsorted = np.flatnonzero(np.diff(seconds) <= 0)
    if len(unsorted):
        raise UnusableInputError(
            f"line {unsorted[0] + 3} of '{path}': its time does not follow that of the line before"
        )
    joules, step = _energy(path, value_columns[0], seconds, values)
    return Readings(path, hashlib.sha256(content).hexdigest(), seconds, joules, step)


def _energy(path: Path, column: str, seconds: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, float]:
    if column == "watts":
        steps = np.diff(seconds) * (values[1:] + values[:-1]) / 2
        return np.concatenate([[0.0], np.cumsum(steps)]), 0.0
    moved = np.diff(values)
    back = np.flatnonzero(moved < 0)
    if len(back):
        raise UnusableInputError(f"line {back[0] + 3} of '{path}': the counter 'kilowatt_hours' goes back")
    steps = moved[moved > 0]
    step = float(steps.min()) * JOULES_PER_KILOWATT_HOUR if len(steps) else math.inf
    return (values - values[0]) * JOULES_PER_KILOWATT_HOUR, step


def _time(path: Path, line: int, text: str | None) -> float:
    try:
        moment = datetime.fromisoformat((text or "").strip())
    except ValueError as fault:
        raise UnusableInputError(
            f"line {line} of '{path}': time '{text}' is not a date and time of ISO 8601"
        ) from fault
    if moment.tzinfo is None:
        raise UnusableInputError(f"line {line} of '{path}': time '{text}' has no offset from UTC, such as +01:00")
    return moment.timestamp()


def _value(path: Path, line: int, column: str, text: str | None) -> float:
    try:
        value = float(text or "")
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0):
        raise UnusableInputError(f"line {line} of '{path}': {column} '{text}' must be a number, 0 or more")
    return value
