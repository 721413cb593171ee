"""JSON as it is written and read everywhere: UTF-8, strict, without numbers that are not finite."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from frugal.errors import UnusableInputError


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object.

    Raises
    ------
    UnusableInputError
        If the file cannot be read as one.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as fault:
        raise UnusableInputError(f"'{path}' cannot be read: {fault.strerror or fault}") from fault
    except (ValueError, RecursionError) as fault:
        raise UnusableInputError(f"'{path}' cannot be read: {fault}") from fault
    if not isinstance(content, dict):
        raise UnusableInputError(f"'{path}' does not hold a JSON object")
    return content


def to_json(content: Any) -> str:
    """JSON as it is written everywhere: UTF-8, indented; infinity (a break-even never reached) becomes null."""
    return json.dumps(finite(content), ensure_ascii=False, indent=1, default=str) + "\n"


def finite(value: Any) -> Any:
    """The same values with None where a number is not finite, which strict JSON cannot hold."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: finite(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [finite(part) for part in value]
    return value
