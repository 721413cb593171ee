"""What a cadastre is called where its user gives it no name, and the files that it was made from."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import PurePath
from typing import Any

#: Communes that a title names; of more the first are named and the others counted.
MOST_COMMUNES = 3

#: Files that the page names; of more the first are named and all counted.
MOST_FILES = 20

_NAME = re.compile(r"[^\W\d_]{2}")


def default_title(files: Sequence[str], communes: Iterable[str]) -> str | dict[str, str]:
    """Communes of the buildings, those with most buildings first; the names of the files where no commune is known.

    Parameters
    ----------
    files : sequence of str
        Names of the surveys.
    communes : iterable of str
        Commune of each building, a name or a code; empty where unknown.

    Returns
    -------
    str or dict
        By language where words are needed.
    """
    counted = Counter(str(commune) for commune in communes if commune)
    named = {commune: count for commune, count in counted.items() if _NAME.search(commune)} or counted
    ordered = sorted(named, key=lambda commune: (-named[commune], commune))
    if ordered:
        title = _listed(ordered, MOST_COMMUNES, ("commune", "communes"))
        if not _NAME.search(ordered[0]):  # a number alone says nothing
            word = "Communes" if len(ordered) > 1 else "Commune"
            title = {language: f"{word} {text}" for language, text in title.items()}
    else:
        title = _listed([_stem(name) for name in files], 1, ("file", "files"), ("fichier", "fichiers"))
    return title["en"] if title["en"] == title["fr"] else title


def told_files(files: Sequence[str]) -> dict[str, Any]:
    """The first `MOST_FILES` names, and how many there are."""
    return {"names": list(files[:MOST_FILES]), "count": len(files)}


def _listed(
    names: Sequence[str], most: int, english: tuple[str, str], french: tuple[str, str] | None = None
) -> dict[str, str]:
    """``A, B and C``, or ``A, B, C and 4 other communes``, in both languages."""
    rest = len(names) - most
    if rest <= 0:
        first, last = ", ".join(names[:-1]), names[-1]
        return {
            language: f"{first} {word} {last}" if first else last for language, word in (("en", "and"), ("fr", "et"))
        }
    first, many = ", ".join(names[:most]), rest > 1
    other, autre = english[many], (french or english)[many]
    return {
        "en": f"{first} and {rest} other {other}",
        "fr": f"{first} et {rest} {'autres' if many else 'autre'} {autre}",
    }


def _stem(name: str) -> str:
    """Name of a file without its ending, that of COPC included."""
    return re.sub(r"\.copc$", "", PurePath(name).stem, flags=re.IGNORECASE)
