"""A need written by the people who have it, as a TOML file."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from frugal.errors import UnusableInputError
from frugal.experiments.description import read_need
from frugal.experiments.study import Need


def read_need_file(path: Path) -> Need:
    """Read a need file.

    Its keys are those of `Need`: ``functional_unit``, ``queries = [low, high]``, ``service_life_years``, a table
    ``[tolerances.OUTPUT]`` with ``metric`` and ``limit`` for each output, and ``[[call_patterns]]``.

    Raises
    ------
    UnusableInputError
        If the file cannot be read, or a key is missing, unknown or has a value that is not allowed.
    """
    try:
        values: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise UnusableInputError(f"need file '{path}' cannot be read: {fault}") from fault
    values.setdefault("call_patterns", [{"name": "one query at a time"}])
    if "tolerances" not in values:
        raise UnusableInputError(f"need file '{path}' has no [tolerances]; one for each output is needed")
    return read_need(values)
