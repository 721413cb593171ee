"""What the command line says, in French: English sentences found again in one catalogue, ``french.toml``.

Whoever refuses an input writes one English sentence and knows nothing of languages. Here it is held against the sentences of
the catalogue, whose values stand as ``{name}``, and said again with the values that were found; a value that is itself a known
sentence is said in French too. What the catalogue lacks stays as it came.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from functools import cached_property, lru_cache
from importlib import resources
from string import Formatter

from frugal.texts import room_texts

#: Tables of the catalogue that hold sentences with values in them.
SENTENCES = ("messages", "parts", "typer", "pydantic", "toml", "system")
_DEEPEST = 6
_SHORTEST_REASON = 12


def in_language(message: str, language: str) -> str:
    """An English sentence in the language of the terminal."""
    return french_catalogue().said(message) if language == "fr" else message


@lru_cache
def french_catalogue() -> FrenchCatalogue:
    """The catalogue, read when first asked."""
    import tomllib

    return FrenchCatalogue(tomllib.loads((resources.files(__package__) / "french.toml").read_text(encoding="utf-8")))


class FrenchCatalogue:
    """English sentences and words with their French.

    Parameters
    ----------
    content : mapping of str to mapping of str to str
        By table: those of `SENTENCES` hold sentences with values; ``tails`` what may follow any of them; ``help`` texts of the
        help; ``metavars`` words of its placeholders.
    """

    def __init__(self, content: Mapping[str, Mapping[str, str]]) -> None:
        self._content = content
        self._help = {one_line(english): french for english, french in content.get("help", {}).items()}

    @cached_property
    def _sentences(self) -> list[KnownSentence]:
        pairs = [pair for table in SENTENCES for pair in self._content.get(table, {}).items()]
        pairs += [(english.lower(), french) for english, french in self._content.get("pydantic", {}).items()]
        return sorted((KnownSentence(*pair) for pair in pairs), key=lambda sentence: -sentence.letters)

    @cached_property
    def _reasons(self) -> list[KnownSentence]:
        """Texts of the house that stand inside sentences: why a candidate has no graph, or why none ships."""
        bare = [
            {language: re.sub(r"\{(\w+)[^}]*\}", r"{\1}", words) for language, words in text.items()}
            for text in room_texts("frugal.surrogates").every_text()
        ]
        return [KnownSentence(text["en"], text["fr"]) for text in bare if len(text["en"]) >= _SHORTEST_REASON]

    @cached_property
    def _tails(self) -> list[KnownSentence]:
        return [KnownSentence("{head}" + english, french) for english, french in self._content.get("tails", {}).items()]

    def said(self, message: str, depth: int = 0) -> str:
        """A sentence in French, or as it came where the catalogue does not have it."""
        if depth > _DEEPEST or not message.strip():
            return message
        for sentence in itertools.chain(self._sentences, self._reasons if depth else ()):
            values = sentence.values_in(message)
            if values is not None:
                return sentence.french.format(
                    **{
                        name: value if name in sentence.quoted else self.said(value, depth + 1)
                        for name, value in values.items()
                    }
                )
        for tail in self._tails:
            values = tail.values_in(message)
            if values is not None:
                head = self.said(values.pop("head"), depth + 1)
                return head + tail.french.format(**values)
        return message

    def help_text(self, text: str) -> str:
        """A text of the help in French, or as it is."""
        french = self._help.get(one_line(text))
        return text if french is None else unbroken(french)

    def placeholder(self, text: str) -> str:
        """The words in capitals of a placeholder (``NAME=VALUE``) in French, each for itself."""
        words = self._content.get("metavars", {})
        return re.sub(r"[A-Z]{2,}", lambda word: words.get(word[0], word[0]), text)


class KnownSentence:
    """A sentence with values in it, and its French.

    Parameters
    ----------
    english, french : str
        With the values as ``{name}``.
    """

    def __init__(self, english: str, french: str) -> None:
        self.french = unbroken(french)
        self._pieces = [(words, name) for words, name, _, _ in Formatter().parse(english)]
        after = [words for words, _ in self._pieces[1:]] + [""]
        #: Values between quotation marks: somebody's own names, which stay as they are.
        self.quoted = {
            name
            for (words, name), following in zip(self._pieces, after, strict=True)
            if name is not None and words.endswith("'") and following.startswith("'")
        }
        #: Letters that are the sentence's own: of two that fit, the one with more of them says more.
        self.letters = sum(len(words) for words, _ in self._pieces)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        seen: set[str] = set()
        parts = []
        for words, name in self._pieces:
            parts.append(re.escape(words))
            if name is not None:
                parts.append(f"(?P={name})" if name in seen else f"(?P<{name}>.*?)")
                seen.add(name)
        return re.compile("".join(parts), re.DOTALL)

    def values_in(self, message: str) -> dict[str, str] | None:
        """The values, where the message is this sentence."""
        at = 0
        for words, _ in self._pieces:  # far cheaper than making the pattern of each sentence
            at = message.find(words, at)
            if at < 0:
                return None
            at += len(words)
        match = self._pattern.fullmatch(message)
        return None if match is None else match.groupdict()


def unbroken(french: str) -> str:
    """The spaces before ``: ; ! ?`` and inside guillemets as such that no line ends at."""
    return re.sub(r" (?=[:;!?»])|(?<=«) ", "\N{NO-BREAK SPACE}", french)


def one_line(text: str) -> str:
    """A text with one space between its words."""
    return " ".join(text.split())
