"""Numbers with their units as a page prints them: two significant digits, a known unit, the interval."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from frugal.experiments.metrics.registry import metric_of, scale_of
from frugal.metering.power.codecarbon_meter import CODECARBON_RESOLUTION_JOULES
from frugal.reporting.text import Rounding, bracket, plain_number
from frugal.texts import room_texts

_TEXTS = room_texts("frugal.reporting")

_JOULES = ((1e9, "GJ"), (1e6, "MJ"), (1e3, "kJ"), (1.0, "J"), (1e-3, "mJ"), (1e-6, "µJ"), (1e-9, "nJ"))
_GRAMS = ((1e6, "t"), (1e3, "kg"), (1.0, "g"), (1e-3, "mg"), (1e-6, "µg"), (1e-9, "ng"), (1e-12, "pg"))
_BYTES = ((1e9, "bytes.giga"), (1e6, "bytes.mega"), (1e3, "bytes.kilo"), (1.0, "bytes.one"))
_LITRES = ((1e3, "m³"), (1.0, "L"), (1e-3, "mL"), (1e-6, "µL"), (1e-9, "nL"), (1e-12, "pL"))
#: For each category of the footprint: into the unit that prefixes are made of, the prefixes, what is weighed.
_IMPACTS: dict[str, tuple[float, Sequence[tuple[float, str]], str]] = {
    "energy": (1.0, _JOULES, ""),
    "gwp": (1.0, _GRAMS, "\u00a0CO₂e"),
    "adpe": (1e3, _GRAMS, "\u00a0Sb\u00a0e"),
    "pe": (1e6, _JOULES, ""),
    "water": (1.0, _LITRES, ""),
}
_NARROW, _WIDE = "\u202f", "\u00a0"


def _in_unit(values: Sequence[float], units: Sequence[tuple[float, str]], leading: float) -> tuple[list[float], str]:
    """Express values in the unit that suits the leading one."""
    scale, unit = next(((s, u) for s, u in units if abs(leading) >= (0.0995 if s == 1.0 else 0.9995 * s)), units[-1])
    return [value / scale for value in values], unit


def joules(value: float, language: str) -> str:
    """Write an energy in nJ … GJ, rounded up, never in a tiny fraction of a kilowatt-hour."""
    return _single(value, _JOULES, language) if value else f"0{_WIDE}J"


def grams(value: float, language: str) -> str:
    """Write a mass of CO2e in pg … t, rounded up."""
    return (_single(value, _GRAMS, language) if value else f"0{_WIDE}g") + f"{_WIDE}CO₂e"


def size(value: float, language: str, way: Rounding = "up") -> str:
    """Write a number of bytes, rounded up; a limit on them is to be rounded down."""
    return _single(value, [(scale, _TEXTS.phrase(key, language)) for scale, key in _BYTES], language, way)


def _single(value: float, units: Sequence[tuple[float, str]], language: str, way: Rounding = "up") -> str:
    (scaled,), unit = _in_unit([value], units, value)
    return f"{plain_number(scaled, language, way=way)}{_WIDE}{unit}"


def impact_range(span: Mapping[str, float], category: str, language: str) -> str:
    """Write an impact as its median with P5 and P95, in the unit that suits it: ``3.1 J [1.6–6.2]``.

    Parameters
    ----------
    span : mapping of str to float
        ``p5``, ``p50`` and ``p95`` in the unit of the category.
    category : str
        ``energy`` [J], ``gwp`` [g CO2e], ``adpe`` [kg Sb e], ``pe`` [MJ] or ``water`` [L].
    language : {"en", "fr"}

    Returns
    -------
    str
        All three in the unit that suits the median, which is rounded up, the interval outward; without an interval where
        both ends read the same; ``0`` and the unit where the highest is 0.
    """
    factor, units, named = _IMPACTS[category]
    low, middle, high = (factor * span[key] for key in ("p5", "p50", "p95"))
    if not high:
        return f"0{_WIDE}{next(unit for scale, unit in units if scale == 1.0)}{named}"
    (low, middle, high), unit = _in_unit([low, middle, high], units, middle)
    return f"{plain_number(middle, language, way='up')}{_WIDE}{unit}{named}{bracket(low, high, language)}"


def codecarbon_joules(value: float | None, language: str) -> str:
    """Write what codecarbon read; below its resolution only the bound is printed."""
    if value is None:
        return "–"
    if value < CODECARBON_RESOLUTION_JOULES:
        return f"<{_WIDE}{joules(CODECARBON_RESOLUTION_JOULES, language)}"
    return joules(value, language)


def day(moment: str, language: str) -> str:
    """Write the day of an ISO time as the language does."""
    parts = moment[:10].split("-")
    return "/".join(reversed(parts)) if language == "fr" and len(parts) == 3 else moment[:10]


def percent(fraction: float, language: str, way: Rounding = "nearest") -> str:
    """Write a fraction as a percentage, with the space French puts before the sign."""
    return plain_number(100 * fraction, language, way=way) + (f"{_NARROW}%" if language == "fr" else "%")


def error_quantity(value: float, metric: str, unit: str, language: str, way: Rounding = "up") -> str:
    """Write an error: a share in per cent, what a score lacks to 1 with the name of that, anything else with its unit.

    Parameters
    ----------
    value : float
    metric : str
        Its name, as rows and needs hold it; one that is not known is taken to be in the unit.
    unit : str
        In which the errors of the output are told.
    language : {"en", "fr"}
    way : {"nearest", "up", "down"}
        An error is rounded up, what is tolerated of it down.
    """
    scale = scale_of(metric)
    if scale == "share":
        return percent(value, language, way)
    if scale == "score":
        return f"{plain_number(value, language, way=way)} ({metric_of(metric).label[language]})"
    told = plain_number(value, language, way=way)
    return told if unit == "1" else f"{told}{_WIDE}{unit}"


def french_spaces(text: str) -> str:
    """Put the unbreakable spaces of French before ``: ; ! ? %`` and inside guillemets."""
    text = re.sub(r"[ \u00a0\u202f]+([;!?%])", _NARROW + r"\1", text)
    text = re.sub(r"[ \u00a0\u202f]+([:»])", _WIDE + r"\1", text)
    text = re.sub(r"«[ \u00a0\u202f]+", "«" + _WIDE, text)
    return text.replace("'", "’")


def typeset(text: str, language: str) -> str:
    """Finish a sentence in the habits of its language."""
    return french_spaces(text) if language == "fr" else text
