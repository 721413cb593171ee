"""Emission and power factors: read from a table, each with its interval, year and source."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from frugal.errors import UnusableInputError

COLUMNS = ("id", "value", "low", "high", "unit", "year", "source", "licence")


@dataclass(frozen=True)
class Factor:
    """One factor with its interval ``low <= value <= high``."""

    id: str
    value: float
    low: float
    high: float
    unit: str
    year: int
    source: str
    licence: str

    def as_dict(self) -> dict[str, Any]:
        """Plain values for `audit.json`."""
        return {name: getattr(self, name) for name in COLUMNS}


def load_factors(path: Path | str | None = None) -> Mapping[str, Factor]:
    """Read the table of factors, the one that comes with the program when no path is given.

    Raises
    ------
    UnusableInputError
        If the file cannot be read, a column is missing, a number is not a finite one, an interval is upside
        down, or an id stands twice.
    """
    name = "factors.csv" if path is None else str(path)
    try:
        source = files("frugal.audit.impacts") / "data" / "factors.csv" if path is None else Path(path)
        text = source.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        raise UnusableInputError(f"the table of factors '{name}' cannot be read: {fault}") from fault
    reader = csv.DictReader(io.StringIO(text))
    missing = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
    if missing:
        raise UnusableInputError(
            f"the table of factors '{name}' lacks the column '{missing[0]}'; needed: {', '.join(COLUMNS)}"
        )
    factors: dict[str, Factor] = {}
    for line, row in enumerate(reader, start=2):
        factor = _factor(row, f"line {line} of '{name}'")
        if factor.id in factors:
            raise UnusableInputError(f"line {line} of '{name}' gives the factor '{factor.id}' a second time")
        factors[factor.id] = factor
    return factors


def _factor(row: Mapping[str, Any], where: str) -> Factor:
    numbers = {column: _number(row, column, where) for column in ("value", "low", "high", "year")}
    if not 0 <= numbers["low"] <= numbers["value"] <= numbers["high"]:
        raise UnusableInputError(
            f"{where}: factor '{row['id']}' has value {numbers['value']:g} and interval "
            f"[{numbers['low']:g}, {numbers['high']:g}]; 0 <= low <= value <= high is needed"
        )
    texts = {column: str(row[column] or "").strip() for column in ("id", "unit", "source", "licence")}
    if not texts["id"] or not texts["source"]:
        raise UnusableInputError(f"{where}: a factor needs an id and a source")
    return Factor(value=numbers["value"], low=numbers["low"], high=numbers["high"], year=int(numbers["year"]), **texts)


def _number(row: Mapping[str, Any], column: str, where: str) -> float:
    try:
        value = float(row[column])
    except (TypeError, ValueError):
        value = math.nan
    if not math.isfinite(value):
        raise UnusableInputError(f"{where}: column '{column}' holds '{row[column]}'; a finite number is needed")
    return value
