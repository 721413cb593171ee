"""README and its French: the same commands, links, pictures, headings, tables and figures."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ENGLISH, FRENCH = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "LISEZMOI.md"))


def blocks(text: str) -> list[list[str]]:
    """Lines of the blocks of code."""
    return [block.splitlines() for block in re.findall(r"^```\w*\n(.*?)^```", text, re.S | re.M)]


def without_blocks(text: str) -> str:
    return re.sub(r"^```.*?^```", "", text, flags=re.S | re.M)


def command(line: str) -> tuple[str, bool]:
    """What is typed, and whether a comment stands behind it, in the language of the page."""
    typed, mark, _ = line.partition(" # ")
    return typed.rstrip(), bool(mark)


def test_the_commands_are_the_same() -> None:
    english, french = ([[command(line) for line in block] for block in blocks(text)] for text in (ENGLISH, FRENCH))
    assert english == french
    assert sum(map(len, english)) > 20


def test_links_and_pictures_lead_to_the_same() -> None:
    other = {"README.md": "LISEZMOI.md"}
    english, french = (re.findall(r"\]\(([^)]+)\)", text) for text in (ENGLISH, FRENCH))
    assert english == [other.get(target, target) for target in french]
    assert all((ROOT / target).is_file() for target in french)


def test_each_leads_to_the_other_in_its_first_lines() -> None:
    assert "(LISEZMOI.md)" in "".join(ENGLISH.splitlines()[:4])
    assert "(README.md)" in "".join(FRENCH.splitlines()[:4])


@pytest.mark.parametrize("mark", [r"^#+ ", r"^\|", r"^- ", r"^<!-- .* -->$"])
def test_headings_rows_points_and_markers_are_as_many(mark: str) -> None:
    english, french = (re.findall(mark, without_blocks(text), re.M) for text in (ENGLISH, FRENCH))
    assert english == french if mark.startswith("^<") else len(english) == len(french)
    assert english


def test_what_stands_in_code_letters_is_the_same() -> None:
    english, french = (sorted(re.findall(r"`[^`]+`", without_blocks(text))) for text in (ENGLISH, FRENCH))
    assert english == french


def test_the_figures_are_the_same() -> None:
    """Those of the table, and of the sentence below it."""

    def figures(text: str) -> list[str]:
        (measured,) = re.findall(r"<!-- begin: ladder -->\n(.*?)<!-- end: ladder -->", text, re.S)
        return re.findall(r"\d+(?:\.\d+)?", re.sub(r"(?<=\d),(?=\d)", ".", measured.replace("\N{NO-BREAK SPACE}", " ")))

    assert sorted(figures(ENGLISH)) == sorted(figures(FRENCH))
    assert len(figures(ENGLISH)) > 80
