"""Lines of the ledger as entries, and what they cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from frugal.metering.ledger.ledger import Entry


def entries_of(ledger: Sequence[Mapping[str, Any]]) -> list[Entry]:
    """Lines of a ledger as entries, what they do not know left out."""
    known = {field.name for field in fields(Entry)}
    return [Entry(**{name: value for name, value in line.items() if name in known}) for line in ledger]


def cpu_total(line: Mapping[str, Any]) -> float:
    """CPU seconds of a ledger line, child processes included."""
    return float((line.get("cpu_seconds") or 0.0) + (line.get("cpu_seconds_children") or 0.0))
