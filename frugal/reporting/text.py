"""Numbers, durations and counts as people of the language read them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Literal

from frugal.texts import Text, room_texts

_TEXTS = room_texts("frugal.reporting")

_LARGE = ((1e9, "billion"), (1e6, "million"))
#: From so many seconds on, in units of so many seconds, and their name.
_DURATIONS = (
    (365.25 * 86400, 365.25 * 86400, "years"),
    (2 * 86400, 86400, "days"),
    (7200, 3600, "h"),
    (120, 60, "min"),
)

#: How a number is cut to its digits: to the nearest, or never below (errors, shares, costs) or above (savings) what it is.
Rounding = Literal["nearest", "up", "down"]
#: What lies this close to a step, in steps, stands on it: arithmetic is not exact.
_ON_STEP = 1e-6


def plain_number(value: float, language: str, digits: int = 2, way: Rounding = "nearest") -> str:
    """Write a number with so many significant digits in the habits of the language (``1400``, ``0,35``).

    Parameters
    ----------
    value : float
        Not finite gives ∞; below 1e-4 a power of ten is written, from a million on a word.
    language : {"en", "fr"}
    digits : int
        Significant digits; zeros at the end of decimals are dropped.
    way : {"nearest", "up", "down"}
        See `rounded`.

    Returns
    -------
    str
        With unbreakable spaces.
    """
    if value == 0:
        return "0"
    if not math.isfinite(value):
        return "∞"
    value = rounded(value, digits, way)
    for scale, name in _LARGE:
        if abs(value) >= 0.9995 * scale:
            mantissa = _cut(value / scale, digits)
            word = f"number.{name}" if abs(float(mantissa)) < 2 else f"number.{name}s"
            return f"{_localised(mantissa, language)}\u00a0{_TEXTS.phrase(word, language)}"
    if abs(value) < 1e-4:
        exponent = _exponent(value)
        mantissa = _cut(value / 10.0**exponent, digits)
        power = str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
        return f"{_localised(mantissa, language)}\u00a0×\u00a010{power}"
    return _localised(_cut(value, digits), language)


def rounded(value: float, digits: int = 2, way: Rounding = "nearest") -> float:
    """A number cut to so many significant digits.

    What is told must not be better than what was measured: errors, shares and costs are rounded up, what is saved is
    rounded down.

    Parameters
    ----------
    value : float
    digits : int
        Significant digits.
    way : {"nearest", "up", "down"}
        ``up`` is never below the value and ``down`` never above, but for the rounding of arithmetic itself.
    """
    if value == 0 or not math.isfinite(value):
        return value
    places = digits - 1 - _exponent(value)
    steps = value * 10.0**places if places <= 300 else value / 10.0**-places
    nearest = round(steps)
    if way != "nearest" and abs(steps - nearest) > _ON_STEP:
        nearest = math.ceil(steps) if way == "up" else math.floor(steps)
    return float(f"{nearest}e{-places}")


def _exponent(value: float) -> int:
    """Power of ten of the first digit."""
    return int(f"{abs(value):.15e}".partition("e")[2])


def _cut(value: float, digits: int) -> str:
    """A number that is rounded already, without zeros at the end of its decimals."""
    decimals = max(digits - 1 - _exponent(value), 0) if value else 0
    text = f"{value:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _localised(text: str, language: str) -> str:
    sign, digits = ("−", text[1:]) if text.startswith("-") else ("", text)
    whole, _, fraction = digits.partition(".")
    separator = "\u202f" if language == "fr" else ","
    if len(whole) > (4 if language == "fr" else 3):
        whole = f"{int(whole):,}".replace(",", separator)
    point = "," if language == "fr" else "."
    return sign + whole + (point + fraction if fraction else "")


def plain_duration(seconds: float, language: str, digits: int = 2, way: Rounding = "nearest") -> str:
    """Write a duration in the unit people would say it in, from nanoseconds to years.

    Parameters
    ----------
    seconds : float
        0 or more.
    language : {"en", "fr"}
    digits : int
        Significant digits.
    way : {"nearest", "up", "down"}
        See `rounded`.

    Returns
    -------
    str
        Number and unit with an unbreakable space between them; a year has 365.25 days.
    """
    for threshold, unit_seconds, unit in _DURATIONS:
        if seconds >= threshold:
            amount = plain_number(seconds / unit_seconds, language, digits, way)
            return f"{amount}\u00a0{_TEXTS.known('duration', unit)[language]}"
    for threshold, unit in ((0.0995, "s"), (0.9995e-3, "ms"), (0.9995e-6, "µs"), (0.0, "ns")):
        if seconds >= threshold:
            scale = {"s": 1.0, "ms": 1e3, "µs": 1e6, "ns": 1e9}[unit]
            return f"{plain_number(seconds * scale, language, digits, way)}\u00a0{unit if seconds else 's'}"
    return plain_number(seconds, language, digits)


def plain_queries(queries: float, language: str, way: Rounding = "nearest") -> str:
    """Write a number of queries with its noun (``2.2 million queries``, ``2,2 millions de questions``)."""
    key = (
        "queries.millions"
        if rounded(queries, 2, way) >= 0.9995e6
        else f"queries.{grammatical_number(queries, language)}"
    )
    return _TEXTS.phrase(key, language, number=plain_number(queries, language, way=way))


def grammatical_number(count: float, language: str) -> Literal["one", "many"]:
    """Which form of a noun follows a count: in English 1 alone is singular, in French all below 2."""
    return "one" if (count == 1 if language == "en" else abs(count) < 2) else "many"


def plain_span(low: float, high: float, language: str) -> str:
    """Write an interval of numbers (``400,000 to 4 million``); one number where both ends are the same."""
    ends = _ends(low, high, language)
    return ends[0] if len(ends) == 1 else _TEXTS.phrase("span", language, low=ends[0], high=ends[1])


def queries_span(low: float, high: float, language: str) -> str:
    """Write an interval of numbers of queries with its noun; one number where both ends are the same."""
    ends = _ends(low, high, language)
    many = plain_queries(high, language)
    if len(ends) == 1:
        return many
    return _TEXTS.phrase("span", language, low=ends[0], high=many.replace(plain_number(high, language), ends[1]))


def bracket(low: float, high: float, language: str) -> str:
    """Write an interval behind a value (`` [1.5–6]``), its ends rounded outward; empty where both are the same."""
    ends = plain_number(low, language, way="down"), plain_number(high, language, way="up")
    return "" if ends[0] == ends[1] else f" [{ends[0]}–{ends[1]}]"


def _ends(low: float, high: float, language: str) -> list[str]:
    """Both ends with as many digits, of two to four, as it takes to tell them apart; one where nothing does."""
    for digits in (2, 3, 4):
        ends = [plain_number(end, language, digits) for end in (low, high)]
        if ends[0] != ends[1]:
            return ends
    return ends[:1]


def missing_data_text(missing_data: Mapping[str, str]) -> Text:
    """That a candidate cannot be asked, for want of the data named, in both languages."""
    return _TEXTS.say("missing_data", data=missing_data)


#: Units that studies write as English words, and their signs, which both languages read.
_SIGNS = {"second": "s", "minute": "min", "hour": "h", "hectare": "ha", "metre": "m", "meter": "m"}


def unit_in(unit: str, language: str) -> str:
    """A unit as a language writes it: ``m³/s`` for ``m^3/s``, ``h`` for ``hour`` in French; as the study has it in English.

    Parameters
    ----------
    unit : str
    language : {"en", "fr"}
    """
    if language != "fr":
        return unit
    named = re.sub(r"[A-Za-z]+", lambda word: _SIGNS.get(word[0], word[0]), unit)
    return named.replace("^2", "²").replace("^3", "³")
