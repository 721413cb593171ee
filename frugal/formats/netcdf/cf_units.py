"""Units in the spelling of UDUNITS, which CF files have: ``m3 s-1`` for ``m^3/s``."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from frugal.errors import UnusableInputError
from frugal.formats.units import quantity_of

if TYPE_CHECKING:
    import pint

#: Where the symbol of pint is none of UDUNITS, or another one there; a prefix stands before it.
_SYMBOLS = {"hour": "hour", "minute": "min", "day": "day", "week": "week", "year": "year", "month": "month"} | {
    "degree": "degree",
    "degree_Celsius": "degree_C",
    "delta_degree_Celsius": "degree_C",
    "degree_Fahrenheit": "degree_F",
    "delta_degree_Fahrenheit": "degree_F",
    "kelvin": "K",
    "percent": "percent",
    "hectare": "hectare",
    "liter": "litre",
    "metric_ton": "tonne",
    "radian": "radian",
    "kilowatt_hour": "kW hour",
    "watt_hour": "W hour",
    "megawatt_hour": "MW hour",
}
#: Words of a time axis that every reader knows.
_TIMES = {"second": "seconds", "minute": "minutes", "hour": "hours", "day": "days"}


def udunits(unit: str) -> str:
    """A unit that pint knows, as UDUNITS writes it; one that it does not know (``EUR``) as it is.

    Parameters
    ----------
    unit : str
        ``"1"`` where there is none.
    """
    if unit in ("", "1"):
        return "1"
    try:
        parts: dict[str, Any] = dict(quantity_of(_units(), 1.0, unit).unit_items())
    except ValueError:
        return unit
    told = [_power(name, float(exponent)) for name, exponent in parts.items()]
    # what is multiplied stands before what divides
    return " ".join(sorted((part for part in told if part), key=lambda part: "-" in part)) or "1"


def _power(name: str, exponent: float) -> str:
    symbol = _SYMBOLS.get(name) or _units().get_symbol(name)
    if exponent == 1:
        return symbol
    if not exponent.is_integer():
        return f"{symbol}^{exponent:g}"
    return " ".join(f"{part}{int(exponent)}" for part in symbol.split())


def time_units(unit: str, origin: str) -> str:
    """Units of a time axis: ``hours since 2010-02-28 00:00:00`` in UTC, or ``hours`` where it has no origin.

    Parameters
    ----------
    unit : str
        In the spelling of pint.
    origin : str
        An ISO date and time, in UTC where it names no zone; or empty. Fractions of a second are kept.

    Raises
    ------
    UnusableInputError
        If the unit is unknown or none of time, or the origin is no date.
    """
    try:
        quantity = quantity_of(_units(), 1.0, unit)
        names = [name for name, _ in quantity.unit_items()]
        is_time = quantity.is_compatible_with("s")
    except ValueError as fault:
        raise UnusableInputError(f"the unit '{unit}' of a time axis is unknown; use s, hour or day") from fault
    if not is_time:
        raise UnusableInputError(f"the unit '{unit}' of a time axis is none of time; use s, hour or day")
    words = _TIMES.get(str(names[0]), udunits(unit)) if len(names) == 1 else udunits(unit)
    if not origin:
        return words
    try:
        moment = datetime.fromisoformat(origin)
        moment = moment.astimezone(UTC) if moment.tzinfo else moment
    except (ValueError, OverflowError) as fault:
        raise UnusableInputError(
            f"a time axis counts from '{origin}'; a date is needed, as in 2010-02-28T00:00:00Z"
        ) from fault
    fraction = f".{moment.microsecond:06d}".rstrip("0") if moment.microsecond else ""
    return f"{words} since {moment.year:04d}-{moment:%m-%d %H:%M:%S}{fraction}"


@cache
def _units() -> pint.UnitRegistry:
    import pint

    return pint.UnitRegistry()
