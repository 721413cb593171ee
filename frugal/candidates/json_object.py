"""A JSON object read key by key: what is missing or of another kind is told with its key, its place and its file."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from frugal.errors import UnusableInputError
from frugal.texts import LANGUAGES, Text


class JsonObject:
    """One object of a JSON file.

    Parameters
    ----------
    content : object
        What was parsed.
    file : str
        Name of the file, for messages.
    place : str
        Where in the file the object stands, in words (``candidate 'mlp'``); empty for the whole of it.

    Raises
    ------
    UnusableInputError
        If it is no object. Every method raises it too, where a key is missing or holds another kind of value.
    """

    def __init__(self, content: Any, file: str, place: str = "") -> None:
        if not isinstance(content, Mapping):
            raise UnusableInputError(f"'{file}' is damaged: {place or 'it'} must be an object, not {_shown(content)}")
        self._content = content
        self.file = file
        self.place = place

    def fault(self, key: str, wanted: str) -> UnusableInputError:
        """The error of a key that is missing or holds something else than what is ``wanted``, a few words."""
        of = f" of {self.place}" if self.place else ""
        if key not in self._content:
            return UnusableInputError(f"'{self.file}' is damaged: '{key}'{of} is missing; it must be {wanted}")
        found = _shown(self._content[key])
        return UnusableInputError(f"'{self.file}' is damaged: '{key}'{of} is {found}; it must be {wanted}")

    def holds(self, key: str) -> bool:
        """The key is there, and its value is not null."""
        return self._content.get(key) is not None

    def within(self, key: str) -> str:
        """The place of what stands under a key, in words."""
        return f"'{key}' of {self.place}" if self.place else f"'{key}'"

    def text(self, key: str, missing: str | None = None) -> str:
        """A text, or what stands in for one that is missing."""
        value = self._content.get(key)
        value = missing if value is None else value
        if not isinstance(value, str):
            raise self.fault(key, "a text")
        return value

    def text_or_none(self, key: str) -> str | None:
        """A text; None where it is missing or null."""
        return self.text(key) if self.holds(key) else None

    def truth(self, key: str, missing: bool = False) -> bool:
        """True or false."""
        value = self._content.get(key)
        value = missing if value is None else value
        if not isinstance(value, bool):
            raise self.fault(key, "true or false")
        return value

    def number(self, key: str) -> float:
        """A number; null, which stands for infinity."""
        if key not in self._content or not _is_number(self._content[key]):
            raise self.fault(key, "a number")
        return _number(self._content[key])

    def number_or_none(self, key: str) -> float | None:
        """A number; None where it is missing or null."""
        return self.number(key) if self.holds(key) else None

    def whole(self, key: str, missing: int | None = None) -> int:
        """A whole number, or what stands in for one that is missing."""
        value = self._content.get(key)
        value = missing if value is None else value
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.fault(key, "a whole number")
        return value

    def whole_or_none(self, key: str) -> int | None:
        """A whole number; None where it is missing or null."""
        return self.whole(key) if self.holds(key) else None

    def words(self, key: str) -> Text:
        """A text by language, which may be one for all languages; empty where it is missing or null."""
        value = self._content.get(key) or {}
        if isinstance(value, str):
            return dict.fromkeys(LANGUAGES, value)
        if not isinstance(value, Mapping) or not all(isinstance(part, str) for part in value.values()):
            raise self.fault(key, "a text by language")
        return dict(value)

    def in_languages(self) -> Text:
        """What this object itself says by language, other keys left out; a language that is missing has no words."""
        return {language: self.text(language, "") for language in LANGUAGES}

    def plain(self, key: str) -> dict[str, Any]:
        """An object whose keys are not ours to know; empty where it is missing or null."""
        value = self._content.get(key)
        if value is not None and not isinstance(value, Mapping):
            raise self.fault(key, "an object")
        return dict(value or {})

    def numbers(self, key: str) -> dict[str, float]:
        """An object of numbers; empty where it is missing or null."""
        value = self.plain(key)
        if not all(_is_number(part) for part in value.values()):
            raise self.fault(key, "an object of numbers")
        return {name: _number(part) for name, part in value.items()}

    def truths(self, key: str) -> dict[str, bool]:
        """An object of true and false; empty where it is missing or null."""
        value = self.plain(key)
        if not all(isinstance(part, bool) for part in value.values()):
            raise self.fault(key, "an object of true and false")
        return value

    def objects(self, key: str, named: str) -> dict[str, JsonObject]:
        """Objects by name; none where the key is missing or null.

        Parameters
        ----------
        key : str
        named : str
            What one of them is called in messages: ``error`` makes ``error 'month' of candidate 'mlp'``.
        """
        of = f" of {self.place}" if self.place else ""
        parts = self.plain(key)
        return {name: JsonObject(part, self.file, f"{named} '{name}'{of}") for name, part in parts.items()}

    def list_of(self, key: str) -> list[Any]:
        """A list as it stands; empty where it is missing or null."""
        value = self._content.get(key)
        if value is not None and not isinstance(value, list | tuple):
            raise self.fault(key, "a list")
        return list(value or ())

    def list_of_numbers(self, key: str) -> tuple[float, ...]:
        """Numbers in order, of which null is infinite; none where the key is missing or null."""
        value = self.list_of(key)
        if not all(map(_is_number, value)):
            raise self.fault(key, "a list of numbers")
        return tuple(map(_number, value))

    def list_of_texts(self, key: str) -> tuple[str, ...]:
        """Texts in order; none where the key is missing or null."""
        value = self.list_of(key)
        if not all(isinstance(part, str) for part in value):
            raise self.fault(key, "a list of texts")
        return tuple(value)


def _is_number(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _number(value: Any) -> float:
    return math.inf if value is None else value


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"
