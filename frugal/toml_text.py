"""TOML that users write, with what its reader lets through: numbers of thousands of digits, brackets in brackets."""

from __future__ import annotations

import tomllib
from typing import Any

_LARGEST = 2**63


def parse_toml(text: str) -> dict[str, Any]:
    """Values of a TOML document.

    Parameters
    ----------
    text : str

    Raises
    ------
    tomllib.TOMLDecodeError
        If it is none, a whole number has more than 64 bits, or brackets stand too deep in one another.
    """
    try:
        values = tomllib.loads(text)
        _check(values)
    except tomllib.TOMLDecodeError:
        raise
    except RecursionError as fault:
        raise tomllib.TOMLDecodeError("brackets stand too deep in one another") from fault
    except ValueError as fault:  # a number of more digits than Python reads
        raise tomllib.TOMLDecodeError("a whole number has more than 64 bits") from fault
    return values


def _check(value: Any) -> None:
    if isinstance(value, int) and not -_LARGEST <= value < _LARGEST:
        raise tomllib.TOMLDecodeError("a whole number has more than 64 bits")
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _check(part)
