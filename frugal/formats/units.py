"""Texts that name units, read with pint: a text is evaluated as a formula there, which may divide by zero or never end."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pint

_LONGEST = 80
#: A power with an exponent of at most two digits: of a unit, in brackets or not; nothing is raised twice.
_POWER = re.compile(
    r"(?:\*\*|\^)\s*(?:-?\d{1,2}(?:\.\d{1,3})?|\(\s*-?\d{1,2}(?:\.\d{1,3})?\s*\))(?![\d.])(?!\s*(?:\*\*|\^))"
)
_RAISED = re.compile(r"[)\d]\s*(?:\*\*|\^)")


def quantity_of(registry: pint.UnitRegistry, value: float, unit: str) -> Any:
    """A quantity of pint in a unit that somebody wrote.

    Parameters
    ----------
    registry : pint.UnitRegistry
    value : float
        In ``unit``.
    unit : str

    Raises
    ------
    ValueError
        If the text names no unit, whatever it makes the parser of pint raise.
    """
    if len(unit) > _LONGEST:
        raise ValueError(f"a unit of {len(unit)} letters")
    if "**" in (rest := _POWER.sub("", unit)) or "^" in rest or _RAISED.search(unit):
        raise ValueError("a power of a power")  # 9**9**9 is computed for ever
    try:
        return registry.Quantity(value, unit)
    except MemoryError:
        raise
    except Exception as fault:  # what the parser raises depends on where the text goes wrong
        raise ValueError(str(fault)) from fault
