"""Classes of hazard: those of the French decree on prevention plans, or those of a file of the site.

The matrix of depth and dynamics is that of article 2 of the arrêté of 5 July 2019 (for article R. 562-11-4 of the code de
l'environnement, which decree 2019-715 made). The decree combines speed and rate of rise in the dynamics and gives a number for
neither. The bounds of speed, 0.2 and 0.5 m/s, are those that the methodological guide for coastal prevention plans (MEDDE,
May 2014) is remembered to take: they were not read again. No bound of the rise is taken without a file that gives one.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from frugal.errors import UnusableInputError, did_you_mean
from frugal.physics.shallow_water.watch_list import ClassTable
from frugal.texts import LANGUAGES, Text, room_texts

_TEXTS = room_texts("frugal.studies.flood")

#: From faint to dark; a scale of more classes gives its own colours.
_COLOURS = ("#ffe9a8", "#fdb863", "#e66101", "#7b1fa2", "#4a0072", "#2b0040")
_KEYS = (
    "depth_m",
    "speed_m_s",
    "rise_m_h",
    "classes",
    "names_en",
    "names_fr",
    "colours",
    "reference_en",
    "reference_fr",
)
_LARGEST_CLASS = 50


@dataclass(frozen=True)
class HazardScale:
    """Classes, from 1 up, with what they are called.

    Parameters
    ----------
    table : ClassTable
    names : sequence of Text
        Of each class.
    colours : sequence of str
        ``#rrggbb`` of each.
    reference : Text
        Where they come from.
    """

    table: ClassTable
    names: Sequence[Text]
    colours: Sequence[str]
    reference: Text


def hazard_scale(path: Path | None) -> HazardScale:
    """The scale of a site.

    Parameters
    ----------
    path : Path or None
        TOML with ``depth_m``, ``speed_m_s`` and ``rise_m_h`` (lists of bounds) and ``classes`` (a list for each depth, in it a
        number for each dynamics); ``names_en``, ``names_fr``, ``colours``, ``reference_en`` and ``reference_fr`` may follow.
        The scale of the French decree for None.

    Raises
    ------
    UnusableInputError
        If the file cannot be read or does not hold that.
    """
    if path is None:
        table = ClassTable((0.5, 1.0, 2.0), (0.2, 0.5), ((1, 2, 3), (2, 2, 3), (3, 3, 4), (4, 4, 4)))
        names = [_TEXTS.say(f"hazard.class_{number}") for number in range(1, 5)]
        return HazardScale(table, names, _COLOURS[:4], _TEXTS.say("hazard.reference"))
    content = _read(path)
    what = f"hazard_classes '{path}'"
    bounds = [_numbers(what, name, content.get(name, [])) for name in ("depth_m", "speed_m_s", "rise_m_h")]
    rows = content.get("classes")
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise UnusableInputError(f"{what} has classes = {rows!r}; a list of a list of numbers for each depth is needed")
    try:
        table = ClassTable(bounds[0], bounds[1], [_numbers(what, "classes", row) for row in rows], bounds[2])
    except UnusableInputError as fault:
        raise UnusableInputError(f"{what}: {fault}") from fault
    if table.highest > _LARGEST_CLASS:
        raise UnusableInputError(f"{what} has a class {table.highest}; {_LARGEST_CLASS} is the highest that is allowed")
    return HazardScale(
        table, _names(what, content, table.highest), _colours(what, content, table.highest), _reference(content, path)
    )


def _read(path: Path) -> Mapping[str, Any]:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise UnusableInputError(f"hazard_classes '{path}' cannot be read: {fault}") from fault
    for name in content:
        if name not in _KEYS:
            raise UnusableInputError(
                f"hazard_classes '{path}' has the unknown key '{name}'; allowed: {', '.join(_KEYS)}{did_you_mean(name, _KEYS)}"
            )
    return content


def _numbers(what: str, name: str, values: Any) -> list[Any]:
    plain = isinstance(values, list) and all(
        isinstance(value, int | float) and not isinstance(value, bool) for value in values
    )
    if not plain:
        raise UnusableInputError(f"{what} has {name} = {values!r}; a list of numbers is needed")
    return list(values)


def _names(what: str, content: Mapping[str, Any], count: int) -> list[Text]:
    named: dict[str, list[str]] = {}
    for language in LANGUAGES:
        key = f"names_{language}"
        if key in content:
            named[language] = _texts(what, key, content[key], count)
    spare = next(iter(named.values()), [str(number) for number in range(1, count + 1)])
    return [{language: named.get(language, spare)[k] for language in LANGUAGES} for k in range(count)]


def _colours(what: str, content: Mapping[str, Any], count: int) -> list[str]:
    given = content.get("colours", list(_COLOURS[:count]))
    found = _texts(what, "colours", given, count)
    for colour in found:
        if not re.fullmatch(r"#[0-9a-fA-F]{6}", colour):
            raise UnusableInputError(f"{what} has the colour '{colour}'; #rrggbb is needed, as in #fdb863")
    return found


def _reference(content: Mapping[str, Any], path: Path) -> Text:
    spare = content.get("reference_en") or content.get("reference_fr") or path.name
    return {language: str(content.get(f"reference_{language}", spare)) for language in LANGUAGES}


def _texts(what: str, name: str, values: Any, count: int) -> list[str]:
    if not isinstance(values, list) or len(values) != count or not all(isinstance(value, str) for value in values):
        raise UnusableInputError(f"{what} has {name} = {values!r}; {count} texts are needed, one for each class")
    return values
