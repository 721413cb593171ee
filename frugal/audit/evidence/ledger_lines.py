"""Lines of the ledger as entries, and what they cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from frugal.errors import UnusableInputError
from frugal.metering.ledger.ledger import Entry, entry_of


def entries_of(ledger: Sequence[Mapping[str, Any]]) -> list[Entry]:
    """Lines of a ledger as entries, what they do not know left out.

    Raises
    ------
    UnusableInputError
        If a line is no entry, naming the field.
    """
    return [_entry(line, number, "ledger.jsonl") for number, line in enumerate(ledger, start=1)]


def check_line(line: Any, number: int, file: str) -> None:
    """Refuse a line of a ledger that is no entry; what an entry does not know may be in it.

    Parameters
    ----------
    line : object
        What was parsed.
    number : int
        Of the line, from 1.
    file : str
        For messages.

    Raises
    ------
    UnusableInputError
        Naming line, field and value.
    """
    _entry(line, number, file)


def _entry(line: Any, number: int, file: str) -> Entry:
    known = {field.name for field in fields(Entry)}
    try:
        plain = {name: value for name, value in line.items() if name in known} if isinstance(line, Mapping) else line
        return entry_of(plain)
    except ValueError as fault:
        raise UnusableInputError(f"line {number} of '{file}' is not a ledger entry: {fault}") from fault


def cpu_total(line: Mapping[str, Any]) -> float:
    """CPU seconds of a ledger line, child processes included."""
    return float((line.get("cpu_seconds") or 0.0) + (line.get("cpu_seconds_children") or 0.0))
