"""What identifiers are called where people read: factors, their units, fields of a need, files of evidence."""

from __future__ import annotations

import re

from frugal.audit.words.sentences import known, phrase, say
from frugal.experiments.study.design import KNOWN_PLACE, TILE, survey_of
from frugal.texts import LANGUAGES, Text, room_texts

_TEXTS = room_texts("frugal.audit")

#: Planetary boundaries by the category of impact that is held against them, where the two have other names.
_OF_BOUNDARY = {"climate": "gwp", "fossils": "fossil", "minerals": "adpe", "water": "water_scarcity"}
#: Fields of a declaration under other names in the file of a machine.
_OF_MACHINE = {"wue_l_per_kwh": "wue"}


def factor_name(identifier: str, language: str) -> str:
    """What a factor is called: of what, in which category of impact, in which country.

    Parameters
    ----------
    identifier : str
        Its id in the table of factors (``electricity_gwp_FRA``). One of a user's own that is not known is told as it is
        written, but with spaces.
    language : str
        ``en`` or ``fr``.
    """
    if f"factor.{identifier}" in _TEXTS:
        return known("factor", identifier)[language]
    group, _, rest = identifier.partition("_")
    country = ""
    found = re.fullmatch(r"(.+)_([A-Z]{3})", rest)
    if group == "electricity" and found:
        rest, country = found[1], known("country", found[2])[language]
    device, _, weighed = rest.partition("_")
    if group == "embodied" and f"factor.made_{device}" in _TEXTS:
        group, rest = f"made_{device}", weighed
    category = _OF_BOUNDARY.get(rest, rest) if group == "boundary" else rest
    if f"factor.{group}" not in _TEXTS or f"category.{category}" not in _TEXTS:
        return identifier.replace("_", " ")
    parts = (known("factor", group)[language], known("category", category)[language], country)
    return ", ".join(part for part in parts if part)


def factor_unit(unit: str, language: str) -> str:
    """A unit of the table of factors as the language writes it: ``gCO₂e/kWh``, ``octets``."""
    return "/".join(known("unit", part)[language] for part in unit.split("/"))


def quoted_source(source: str, packaged: bool, language: str) -> str:
    """The source of a factor; those of the program stand in English and are quoted as they are."""
    if language == "en" or not packaged:
        return source
    return phrase("source.quoted", language, source=source)


def place_name(name: str) -> Text:
    """A place where answers were judged: a tile of a survey, a village that was generated, places that were learnt from."""
    if name == KNOWN_PLACE:
        return say("place.known")
    survey = survey_of(name)
    village = re.fullmatch(r"synthetic village (\d+)", survey)
    told = say("place.village", number=village[1]) if village else dict.fromkeys(LANGUAGES, survey)
    return told if survey == name else say("place.tile", survey=told, number=name.rpartition(TILE)[2])


def need_fields(names: list[str]) -> Text:
    """What fields of a need are called, one after the other."""
    return {language: ", ".join(need_field(name)[language] for name in names) for language in LANGUAGES}


def need_field(name: str) -> Text:
    """What a field of a need is called; its own name with spaces where nobody has said."""
    if f"field.{name}" in _TEXTS:
        return known("field", name)
    return dict.fromkeys(LANGUAGES, name.replace("_", " "))


def stage_names(names: list[str]) -> Text:
    """What stages of the ledger are called, one after the other."""
    return {language: ", ".join(stage_name(name, language) for name in names) for language in LANGUAGES}


def stage_name(name: str, language: str) -> str:
    """What a stage of the ledger is called; its own name with spaces where nobody has said."""
    if f"page.stage_{name}" in _TEXTS:
        return known("page", f"stage_{name}")[language]
    return name.replace("_", " ")


def declared_fields(criterion: str, names: list[str]) -> Text:
    """What fields of a declaration are about, one after the other."""
    asked = [known("asked", f"{criterion}.{_OF_MACHINE.get(name, name)}") for name in names]
    return {language: ", ".join(words[language] for words in asked) for language in LANGUAGES}


def evidence_files(pointers: list[str]) -> list[str]:
    """Files that pointers into them name, each once: readers of a page look at files, programs at their keys."""
    return list(dict.fromkeys(pointer.partition(": ")[0] for pointer in pointers))
