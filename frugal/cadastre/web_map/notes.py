"""What is known of a cadastre and limits it, in both languages: for the page, and as a text beside the tables."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from frugal.formats.files.atomic import write_text
from frugal.reporting.told_in_french import in_both, is_note, note_in_french
from frugal.texts import LANGUAGES, room_texts

_TEXTS = room_texts("frugal.cadastre")

#: Notes that change what the numbers of the whole cadastre mean: the page shows these unfolded.
_GRAVE = ("few_points", "wide_cells", "part_of_roofs", "weather_forced", "weather_apart", "learnt_elsewhere", "no_answer",
          "weather_contradicts")  # fmt: skip

README = "README.md"
#: Options of the command help whoever makes a cadastre, not whoever reads its page.
_OPTIONS = re.compile(r"\s*\(--[^)]*\)")


def told_notes(notes: Sequence[str]) -> list[dict[str, Any]]:
    """Notes in both languages: ``en``, ``fr`` and whether they are ``grave``, grave ones first, each once.

    Parameters
    ----------
    notes : sequence of str
        In English, as `Cadastre.notes` holds them.
    """
    told = [{"en": sentence(note), "fr": sentence(note_in_french(note)), "grave": is_grave(note)} for note in notes]
    return sorted({note["en"]: note for note in told}.values(), key=lambda note: not note["grave"])


def public_notes(notes: Sequence[str]) -> list[dict[str, Any]]:
    """As `told_notes`, without the options of the command."""
    told = told_notes(notes)
    return [{**note, **{language: _OPTIONS.sub("", note[language]) for language in LANGUAGES}} for note in told]


def is_grave(note: str) -> bool:
    """Whether a note changes what the numbers of the whole cadastre mean."""
    return any(is_note(note, key) for key in _GRAVE)


def sentence(note: str) -> str:
    """With a capital and a full stop, on one line: names of files may hold line breaks."""
    text = " ".join(note.split())
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def write_notes(out: Path, notes: Sequence[str], weather: Mapping[str, Any]) -> None:
    """Write them beside the tables, French after English.

    Parameters
    ----------
    out : Path
        Folder of the cadastre.
    notes : sequence of str
    weather : mapping
        ``source``, ``attribution`` and ``distance_km``.
    """
    told = told_notes(notes)
    parts = []
    for language in LANGUAGES:
        both = [in_both(weather[name]) for name in ("source", "attribution")]
        said = " · ".join(part if isinstance(part, str) else part[language] for part in both)
        parts += [f"# {_TEXTS.phrase('readme.title', language)}", "", _TEXTS.phrase("readme.files", language), ""]
        parts += [_TEXTS.phrase("readme.weather", language, source=said, distance=f"{weather['distance_km']:.0f}"), ""]
        parts += [f"## {_TEXTS.phrase('readme.notes', language)}", ""]
        parts += [f"- {note[language]}" for note in told] or [_TEXTS.phrase("readme.nothing", language)]
        parts += [""]
    write_text(out / README, "\n".join(parts))
