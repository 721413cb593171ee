"""Values as a user writes them: ``wind_speed=30km/h``, ``mounting=open_rack``, ``tilt_deg=35``."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

from frugal.errors import UnusableInputError, did_you_mean
from frugal.experiments.study.variables import Parameter, Variable
from frugal.formats.units import quantity_of

if TYPE_CHECKING:
    import pint

_NUMBER = re.compile(r"^\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(.*?)\s*$")

_DECIMAL_COMMA = re.compile(r"^(\s*[+-]?\d*),(\d+)")


def parse_settings(settings: Sequence[str], what: str) -> dict[str, str]:
    """``["a=1", "b=2"]`` as a dictionary.

    Raises
    ------
    UnusableInputError
        If a part has no ``=`` or a name comes twice.
    """
    parsed: dict[str, str] = {}
    for setting in settings:
        name, sign, value = setting.partition("=")
        if not sign or not name.strip() or not value.strip():
            raise UnusableInputError(f"{what} '{setting}' is not of the form name=value")
        if name.strip() in parsed:
            raise UnusableInputError(f"{what} '{name.strip()}' is given twice")
        parsed[name.strip()] = value.strip()
    return parsed


def parse_value(variable: Variable, text: str) -> float:
    """A number in the variable's unit, from a number, a number with a unit, or the name of a choice.

    Raises
    ------
    UnusableInputError
        If it is none of these, or not finite, or the unit does not convert.
    """
    if text in variable.choices:
        return float(variable.choices.index(text))
    match = _NUMBER.match(_DECIMAL_COMMA.sub(r"\1.\2", text))
    if match is None:
        allowed = f"one of {', '.join(variable.choices)}" if variable.choices else f"a number in {variable.unit}"
        raise UnusableInputError(f"input '{variable.name}' = '{text}' must be {allowed}")
    value, unit = float(match[1]), match[2]
    if unit:
        value = convert(value, unit, variable.unit, variable.name)
    if not math.isfinite(value):
        raise UnusableInputError(f"input '{variable.name}' = '{text}' is not a finite number")
    return value


def convert(value: float, unit: str, to: str, name: str, what: str = "input") -> float:
    """Convert a value between units; ``what`` and ``name`` say in a sentence what it is the value of.

    Parameters
    ----------
    value : float
        In ``unit``.
    unit, to : str
        In the words of pint (``km/h``, ``degC``, ``kWh/kW``); a slope in per cent is no angle.
    name : str
        Of the input or output, for the message.
    what : str
        The kind of thing that has this name, for the message.

    Returns
    -------
    float
        In ``to``. Temperatures are taken with their zeros; for differences see `convert_difference`.

    Raises
    ------
    UnusableInputError
        If a unit is unknown or measures something else.
    """
    import pint

    units = _units()
    try:
        quantity, target = quantity_of(units, value, unit), quantity_of(units, 1.0, to)
        if target.is_compatible_with("radian") and to not in ("1", "") and quantity.units not in _angles():
            raise pint.DimensionalityError(unit, to)  # a slope in per cent is no angle, though neither has a dimension
        return float(quantity.to(target.units).magnitude / target.magnitude)
    except pint.DimensionalityError as fault:
        raise UnusableInputError(f"{what} '{name}': '{unit}' does not convert to {to}") from fault
    except (pint.PintError, ValueError, ArithmeticError) as fault:
        raise UnusableInputError(f"{what} '{name}': unit '{unit}' is unknown; use {to}") from fault


def convert_difference(value: float, unit: str, to: str, name: str, what: str) -> float:
    """Convert a difference (an error, a tolerance) between units: 2 degF are 1.1 degC, whatever the zero of each.

    Parameters
    ----------
    value : float
        In ``unit``.
    unit, to : str
        In the words of pint.
    name : str
        Of the input or output, for the message.
    what : str
        The kind of thing that has this name, for the message.

    Returns
    -------
    float
        In ``to``.

    Raises
    ------
    UnusableInputError
        If a unit is unknown or measures something else.
    """
    return convert(value, unit, to, name, what) - convert(0.0, unit, to, name, what)


@cache
def _units() -> pint.UnitRegistry:
    import pint

    return pint.UnitRegistry(autoconvert_offset_to_baseunit=True)


@cache
def _angles() -> frozenset[pint.Unit]:
    names = ("degree", "radian", "milliradian", "gradian", "arcminute", "arcsecond", "turn")
    return frozenset(_units().Unit(name) for name in names)


def parse_parameters(parameters: Sequence[Parameter], given: Mapping[str, str]) -> dict[str, float]:
    """Values of parameters in their units, from texts by name.

    Raises
    ------
    UnusableInputError
        If a name is unknown or a value is no number.
    """
    known = {p.name: Variable(p.name, p.unit, p.low, p.high) for p in parameters}
    for name in given:
        if name not in known:
            told = ", ".join(known) or "none"
            raise UnusableInputError(f"parameter '{name}' is unknown; known: {told}{did_you_mean(name, known)}")
    return {name: parse_value(known[name], text) for name, text in given.items()}


def check_bounds(variables: Sequence[Variable], values: Sequence[float], row: int | None = None) -> None:
    """Refuse values outside the bounds of the study.

    Parameters
    ----------
    variables : sequence of Variable
    values : sequence of float
        One for each variable, in its unit; a millionth of the width of the bounds outside of them is let pass. A choice is
        the number of its value, from 0.
    row : int, optional
        Named in the message, where there are several rows.

    Raises
    ------
    UnusableInputError
        Naming the first input that is out of bounds, or not a number.
    """
    where = "" if row is None else f" in row {row}"
    for variable, value in zip(variables, values, strict=True):
        if not math.isfinite(value):
            raise UnusableInputError(f"input '{variable.name}'{where} is not a finite number")
        slack = 1e-6 * (variable.high - variable.low)
        if not variable.low - slack <= value <= variable.high + slack:
            unit = "" if variable.unit == "1" else f" {variable.unit}"
            raise UnusableInputError(
                f"input '{variable.name}' = {value:.15g}{unit}{where} is out of bounds "
                f"[{variable.low:.10g}, {variable.high:.10g}]"
            )
        if variable.choices and value != round(value):
            raise UnusableInputError(
                f"input '{variable.name}' = {value:.10g}{where} must be one of {', '.join(variable.choices)}"
            )
