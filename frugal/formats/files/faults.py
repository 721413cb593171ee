"""Faults of files that Python does not tell in words that a user can do something with."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from frugal.errors import EnvironmentFaultError


@contextmanager
def faults_told(path: Path) -> Iterator[None]:
    """Tell in one sentence what vector drivers and SQLite raise where a file cannot be written.

    Raises
    ------
    EnvironmentFaultError
    """
    from pyogrio.errors import DataLayerError, DataSourceError

    try:
        yield
    except (DataLayerError, DataSourceError, sqlite3.Error, OSError) as fault:
        told = (str(fault).splitlines() or [""])[0][:200]
        raise EnvironmentFaultError(f"cannot write '{path}' (is the disk full?): {told}") from fault


def brief(fault: Exception) -> str:
    """First line of what a fault says, at most 120 characters; its type where it says nothing."""
    lines = str(fault).strip().splitlines()
    return lines[0][:120] if lines else type(fault).__name__
