"""French of the names that other parts of the project write in English only: sources, credits, factors.

Names of files and of providers stay as they are. A phrase that is not known here is told as it came.
"""

from __future__ import annotations

import re
from functools import lru_cache
from string import Formatter
from typing import Any

from frugal.texts import Text, room_texts

_TEXTS = room_texts("frugal.reporting")

#: What a value in an English text may be, by the letter after its name: a whole number, a version, a word, a quoted name.
_VALUES = {"d": r"\d+", "v": r"[\d.]+", "w": r"\S+", "q": "'.*?'", "": ".*?"}
_GOES_ON = "…"
_QUOTED = re.compile(r"('[^']*')")
_ENGLISH_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3} )")
#: A number with a decimal point before its unit; versions keep their points.
_ENGLISH_NUMBER = re.compile(
    r"(?<![\w.,])([-+−]?\d+)\.(\d+)(?=°| ?%| (?:m²?|km²?|cm|h|points|minutes)\b| W/m²| kWh/m²)"
)


@lru_cache
def translations(group: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    """Texts of a group as patterns of the English and what stands in their place in French, in the order of the file.

    An English text that begins or ends with ``…`` goes on there; elsewhere it is the whole one.
    """
    return tuple((_pattern(text["en"]), _replacement(text["fr"])) for text in _TEXTS.group(group).values())


def _pattern(english: str) -> re.Pattern[str]:
    bare = english.removeprefix(_GOES_ON).removesuffix(_GOES_ON)
    parts = []
    for words, name, kind, _ in Formatter().parse(bare):
        parts.append(re.escape(words))
        if name is not None:
            parts.append(f"(?P<{name}>{_VALUES[kind or '']})")
    before = "^" if not english.startswith(_GOES_ON) else r"\b" if bare[0].isalnum() else ""
    after = "$" if not english.endswith(_GOES_ON) else r"\b" if bare[-1].isalnum() else ""
    return re.compile(before + "".join(parts) + after)


def _replacement(french: str) -> str:
    bare = french.removeprefix(_GOES_ON).removesuffix(_GOES_ON)
    return "".join(
        words.replace("\\", r"\\") + (rf"\g<{name}>" if name is not None else "")
        for words, name, _, _ in Formatter().parse(bare)
    )


def _translated(text: str, group: str) -> str:
    for english, french in translations(group):
        text = english.sub(french, text)
    return text


def in_french(text: str) -> str:
    """The French of a name or source written in English; itself where nothing in it is known."""
    told = _translated(_TEXTS.known("name", text)["fr"], "source")
    return re.sub(r"(?<=[\w)])([:;]) (?=\w)", r" \1 ", told)


def note_in_french(note: str) -> str:
    """The French of a sentence for the user; itself where it is not known."""
    told = _translated(note, "note")
    if told == note:
        return note
    parts = _QUOTED.split(in_french(told))
    parts[::2] = (
        _ENGLISH_NUMBER.sub(r"\1,\2", _ENGLISH_THOUSANDS.sub("\N{NARROW NO-BREAK SPACE}", p)) for p in parts[::2]
    )
    return "".join(parts)


def note_in_both(note: str) -> Text:
    """A sentence for the user in both languages."""
    return {"en": note, "fr": note_in_french(note)}


def is_note(note: str, key: str) -> bool:
    """Whether an English sentence is a certain one of the notes."""
    return _pattern(_TEXTS.group("note")[key]["en"]).search(note) is not None


def in_both(text: Any) -> Any:
    """``{"en": …, "fr": …}`` where the languages differ; what is no text, or the same in both, as it is."""
    if not isinstance(text, str):
        return text
    english, french = _TEXTS.known("name", text)["en"], in_french(text)
    return text if english == french else {"en": english, "fr": french}
