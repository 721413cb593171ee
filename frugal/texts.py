"""What people read, in the two languages: one file ``texts.toml`` in the folder of each room, read when first asked.

A table of it is a text: ``[key]`` or ``[group.key]`` with ``en = "…"`` and ``fr = "…"``. Values stand in it as ``{name}``,
written as Python's ``str.format`` has it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, lru_cache
from importlib import resources
from typing import Any

#: Languages of the texts that a reader meets.
LANGUAGES = ("en", "fr")

#: A text by language.
Text = dict[str, str]


@lru_cache
def room_texts(package: str) -> Texts:
    """Texts of a room, from ``texts.toml`` in its folder.

    Parameters
    ----------
    package : str
        Full name of the room, ``frugal.surrogates``, say.
    """
    return Texts(package)


class Texts:
    """Texts of one room by their keys; a key of a group is ``group.key``.

    Parameters
    ----------
    package : str
        Full name of the room.
    """

    def __init__(self, package: str) -> None:
        self._package = package

    @cached_property
    def _texts(self) -> dict[str, Text]:
        import tomllib  # help in English answers without it

        content = (resources.files(self._package) / "texts.toml").read_text(encoding="utf-8")
        return dict(_flat(tomllib.loads(content), ""))

    def say(self, key: str, **values: Any) -> Text:
        """A text in every language.

        Parameters
        ----------
        key : str
        **values
            What stands in the place of the names in braces; of a value by language, each language takes its own.

        Raises
        ------
        KeyError
            If the room has no such text, or a value is missing.
        """
        return {language: self.phrase(key, language, **values) for language in LANGUAGES}

    def phrase(self, key: str, language: str, **values: Any) -> str:
        """A text in one language.

        Parameters
        ----------
        key : str
        language : str
        **values
            As in `say`.

        Raises
        ------
        KeyError
            If the room has no such text, or a value is missing.
        """
        given = {name: value[language] if isinstance(value, Mapping) else value for name, value in values.items()}
        return self._texts[key][language].format(**given)

    def known(self, group: str, name: str) -> Text:
        """What a name of a group is called; the name itself where nobody has said."""
        return dict(self._texts.get(f"{group}.{name}") or dict.fromkeys(LANGUAGES, name))

    def every_text(self) -> list[Text]:
        """Every text of the room."""
        return [dict(text) for text in self._texts.values()]

    def group(self, group: str) -> dict[str, Text]:
        """Texts of a group by their keys in it, as they stand in the file and in its order."""
        start = f"{group}."
        return {key.removeprefix(start): dict(text) for key, text in self._texts.items() if key.startswith(start)}

    def __contains__(self, key: str) -> bool:
        return key in self._texts


def in_each(write: Callable[..., str], value: Any, *more: Any) -> Text:
    """A value as ``write(value, language, *more)`` puts it in each language."""
    return {language: write(value, language, *more) for language in LANGUAGES}


def decimals(number: str) -> Text:
    """A number that is written with a decimal point, with the comma of French."""
    return {language: number.replace(".", ",") if language == "fr" else number for language in LANGUAGES}


def _flat(table: Mapping[str, Any], start: str) -> Iterator[tuple[str, Text]]:
    """Texts by their whole keys; what is a text may be a group of others too."""
    for name, part in table.items():
        text = {language: words for language, words in part.items() if isinstance(words, str)}
        if text:
            yield start + name, text
        yield from _flat({key: below for key, below in part.items() if key not in text}, f"{start}{name}.")
