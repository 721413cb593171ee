"""Numbers, durations and counts as people of the language read them."""

from __future__ import annotations

import math
from collections.abc import Mapping

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


def plain_number(value: float, language: str, digits: int = 2) -> str:
    """Write a number with so many significant digits in the habits of the language (``1400``, ``0,35``).

    Parameters
    ----------
    value : float
        Not finite gives ∞; below 1e-4 a power of ten is written, from a million on a word.
    language : {"en", "fr"}
    digits : int
        Significant digits; zeros at the end of decimals are dropped.

    Returns
    -------
    str
        With unbreakable spaces.
    """
    if value == 0:
        return "0"
    if not math.isfinite(value):
        return "∞"
    for scale, name in _LARGE:
        if abs(value) >= 0.9995 * scale:
            mantissa = _rounded(value / scale, digits)
            word = f"number.{name}" if abs(float(mantissa)) < 2 else f"number.{name}s"
            return f"{_localised(mantissa, language)}\u00a0{_TEXTS.phrase(word, language)}"
    if abs(value) < 1e-4:
        exponent = math.floor(math.log10(abs(value)))
        mantissa = _rounded(value / 10.0**exponent, digits)
        power = str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
        return f"{_localised(mantissa, language)}\u00a0×\u00a010{power}"
    return _localised(_rounded(value, digits), language)


def _rounded(value: float, digits: int) -> str:
    exponent = math.floor(math.log10(abs(value))) if value else 0
    decimals = max(digits - 1 - exponent, 0)
    rounded = round(value, digits - 1 - exponent)
    text = f"{rounded:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _localised(text: str, language: str) -> str:
    sign, digits = ("−", text[1:]) if text.startswith("-") else ("", text)
    whole, _, fraction = digits.partition(".")
    separator = "\u202f" if language == "fr" else ","
    if len(whole) > (4 if language == "fr" else 3):
        whole = f"{int(whole):,}".replace(",", separator)
    point = "," if language == "fr" else "."
    return sign + whole + (point + fraction if fraction else "")


def plain_duration(seconds: float, language: str, digits: int = 2) -> str:
    """Write a duration in the unit people would say it in, from microseconds to years.

    Parameters
    ----------
    seconds : float
        0 or more.
    language : {"en", "fr"}
    digits : int
        Significant digits.

    Returns
    -------
    str
        Number and unit with an unbreakable space between them; a year has 365.25 days.
    """
    for threshold, unit_seconds, unit in _DURATIONS:
        if seconds >= threshold:
            amount = plain_number(seconds / unit_seconds, language, digits)
            return f"{amount}\u00a0{_TEXTS.known('duration', unit)[language]}"
    for threshold, unit in ((0.0995, "s"), (0.9995e-3, "ms"), (0.0, "µs")):
        if seconds >= threshold:
            scale = {"s": 1.0, "ms": 1e3, "µs": 1e6}[unit]
            return f"{plain_number(seconds * scale, language, digits)}\u00a0{unit if seconds else 's'}"
    return plain_number(seconds, language, digits)


def plain_queries(queries: float, language: str) -> str:
    """Write a number of queries with its noun (``2.2 million queries``, ``2,2 millions de questions``)."""
    one = queries == 1 if language == "en" else queries < 2
    key = "queries.one" if one else "queries.millions" if queries >= 0.9995e6 else "queries.many"
    return _TEXTS.phrase(key, language, number=plain_number(queries, language))


def missing_data_text(missing_data: Mapping[str, str]) -> Text:
    """That a candidate cannot be asked, for want of the data named, in both languages."""
    return _TEXTS.say("missing_data", data=missing_data)
