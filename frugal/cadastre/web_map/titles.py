"""What a cadastre is called where its user gives it no name, and the files that it was made from."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import PurePath
from typing import Any

from frugal.texts import LANGUAGES, Text, room_texts

_TEXTS = room_texts("frugal.cadastre")

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
        title = _listed(ordered, MOST_COMMUNES, "commune")
        if not _NAME.search(ordered[0]):  # a number alone says nothing
            title = _TEXTS.say("title.communes" if len(ordered) > 1 else "title.commune", codes=title)
    else:
        title = _listed([_stem(name) for name in files], 1, "file")
    return title["en"] if title["en"] == title["fr"] else title


def told_files(files: Sequence[str]) -> dict[str, Any]:
    """The first `MOST_FILES` names, and how many there are."""
    return {"names": list(files[:MOST_FILES]), "count": len(files)}


def _listed(names: Sequence[str], most: int, kind: str) -> Text:
    """``A, B and C``, or ``A, B, C and 4 other communes``, in both languages."""
    rest = len(names) - most
    if rest <= 0:
        first, last = ", ".join(names[:-1]), names[-1]
        return _TEXTS.say("list.and", first=first, last=last) if first else dict.fromkeys(LANGUAGES, last)
    key = f"list.other_{kind}s" if rest > 1 else f"list.other_{kind}"
    return _TEXTS.say(key, first=", ".join(names[:most]), rest=rest)


def _stem(name: str) -> str:
    """Name of a file without its ending, that of COPC included."""
    return re.sub(r"\.copc$", "", PurePath(name).stem, flags=re.IGNORECASE)
