"""Texts that name units, read with pint: a text is evaluated as a formula there, which may divide by zero or never end."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from frugal.errors import UnusableInputError, printable

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


def unit_factor(own: str, unit: str, where: str) -> float:
    """What values in a unit are multiplied by to be in another.

    Parameters
    ----------
    own : str
        As somebody wrote it, in the spelling of pint or UDUNITS: ``m3 s-1``.
    unit : str
        That is wanted.
    where : str
        What is in the first unit, for the message.

    Raises
    ------
    UnusableInputError
        If the first is no unit like the second.
    """
    import pint

    registry = _registry()
    try:
        return float(quantity_of(registry, 1.0, _in_pints_spelling(own)).to(_in_pints_spelling(unit)).magnitude)
    except (ValueError, pint.PintError) as fault:
        raise UnusableInputError(f"{where} is in '{printable(own)[:60]}', which is no unit like {unit}") from fault


def _in_pints_spelling(unit: str) -> str:
    """m^3 s^-1 of m3 s-1, m3.s-1 or m³/s, mm h^-1 of mm h-1."""
    spaced = re.sub(r"([A-Za-z]-?\d*)\.(?=[A-Za-z])", r"\1 ", unit.replace("³", "^3").replace("²", "^2"))
    return re.sub(r"(?<=[A-Za-z])(-?\d)", r"^\1", spaced)


@lru_cache
def _registry() -> pint.UnitRegistry:
    import pint

    return pint.UnitRegistry()
