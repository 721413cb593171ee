"""Names of columns as people write them, and the one rule by which they are the names of inputs and outputs."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Sequence

from frugal.errors import plain_line

#: A unit in brackets at the end of a name: ``débit [m3/s]``, ``tilt (°)``.
_UNIT = re.compile(r"^(?P<name>.*\S)\s*(?:\[(?P<square>[^\[\]]*)\]|\((?P<round>[^()]*)\))$", re.DOTALL)
#: Letters of a name that a sentence tells.
_LONGEST_TOLD = 60


def plain_name(text: str) -> str:
    """A name with one plain space between its words and composed accents, however the program that wrote it had them."""
    return " ".join(unicodedata.normalize("NFC", text).replace("\ufeff", "").split())


def identifier(name: str) -> str:
    """The name that an input or output has whose column is called ``name``: ``débit [m3/s]`` is ``débit__m3_s_``."""
    cleaned = "".join(letter if f"a{letter}".isidentifier() else "_" for letter in plain_name(name))
    return cleaned if cleaned.isidentifier() else f"_{cleaned}"


def name_and_unit(name: str) -> tuple[str, str]:
    """A name without the unit in brackets behind it, and that unit; empty where there is none."""
    found = _UNIT.match(plain_name(name))
    if found is None:
        return plain_name(name), ""
    return found["name"], (found["square"] or found["round"] or "").strip()


def column_of(wanted: str, names: Sequence[str]) -> str | None:
    """The column that a user means: of this name or identifier, or else the only one so called but for its unit.

    Parameters
    ----------
    wanted : str
    names : sequence of str
        As they stand in the header.
    """
    if wanted in names:
        return wanted
    plain = plain_name(wanted)
    for same in (plain_name, identifier):
        found = [name for name in names if same(name) == same(wanted)]
        if len(found) == 1:
            return found[0]
    bare = [name for name in names if plain in (name_and_unit(name)[0], identifier(name_and_unit(name)[0]))]
    return bare[0] if len(bare) == 1 else None


def suggestion(name: str, known: Sequence[str]) -> str:
    """The nearest names of columns, or those that there are, as the end of a sentence."""
    told = [shortened(column) for column in known]
    folded = [column for column in told if column.lower() == name.lower()]
    close = folded or difflib.get_close_matches(name, told, n=3, cutoff=0.6)
    if close:
        return "did you mean " + " or ".join(f"'{column}'" for column in close) + "?"
    return "it has " + ", ".join(told[:12]) + (", …" if len(told) > 12 else "")


def shortened(text: str, letters: int = _LONGEST_TOLD) -> str:
    """A cell or a name as a sentence can hold it: on one line, and not longer than this."""
    return plain_line(text, letters)
