"""The chain of a ledger's lines: each line carries its number and the hash of the line before it.

A line that is altered, taken out, put in or moved breaks the chain at the next line. What is cut off at the end breaks
nothing; so whoever reads a ledger keeps how many lines it had and the hash of them all (its seal), and compares later.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from frugal.texts import room_texts

_TEXTS = room_texts("frugal.metering")


def split_lines(content: bytes) -> list[bytes]:
    """Lines of a ledger without their ends, empty ones left out."""
    return [line for line in content.split(b"\n") if line.strip()]


def link(values: Mapping[str, Any], number: int, previous: bytes | None) -> bytes:
    """Plain values as line ``number`` (from 0), without its end, behind the line ``previous``.

    Parameters
    ----------
    values : mapping
        What JSON can hold; ``number`` and ``previous`` among them are replaced.
    number : int
    previous : bytes, optional
        Without its end; None for the first line, which then names an empty hash.

    Returns
    -------
    bytes
        JSON in UTF-8 with its keys in order, so that the same values give the same line.
    """
    chained = {**values, "number": number, "previous": "" if previous is None else line_digest(previous)}
    return json.dumps(chained, ensure_ascii=False, sort_keys=True).encode("utf-8")


def line_digest(line: bytes) -> str:
    """SHA-256 of a line without its end, as the next line names it."""
    return hashlib.sha256(line).hexdigest()


def prefix_digest(lines: Sequence[bytes], n: int) -> str:
    """SHA-256 of the first ``n`` lines, each with its end; of all there are where there are fewer."""
    return hashlib.sha256(b"".join(line + b"\n" for line in lines[:n])).hexdigest()


def seal_of(lines: Sequence[bytes]) -> dict[str, Any]:
    """How many lines a ledger has and the SHA-256 of them all, to be kept elsewhere."""
    return {"lines": len(lines), "sha256": prefix_digest(lines, len(lines))}


def check_chain(lines: Sequence[bytes], language: str = "en") -> str:
    """What is wrong with the chain of a ledger, in one sentence without a full stop; empty where it is whole.

    Parameters
    ----------
    lines : sequence of bytes
        The lines of the file, without their ends.
    language : str
        ``en`` or ``fr``. Lines are counted from 1, as an editor does.
    """
    previous = ""
    for index, line in enumerate(lines):
        try:
            values = json.loads(line)
            number, named = values["number"], values["previous"]
        except (ValueError, KeyError, TypeError):
            return _TEXTS.phrase("chain.unreadable", language, line=index + 1)
        if number != index:
            return _TEXTS.phrase("chain.missing", language, line=index + 1)
        if named != previous:
            return _TEXTS.phrase("chain.altered", language, line=max(index, 1))
        previous = line_digest(line)
    return ""


def check_seal(lines: Sequence[bytes], seal: Mapping[str, Any], language: str = "en") -> str:
    """What is wrong with the first lines of a ledger, given the seal that was kept of them; empty where they are whole.

    Parameters
    ----------
    lines : sequence of bytes
        The lines of the file, without their ends; later ones than the seal knows are not looked at.
    seal : mapping
        ``lines`` and ``sha256``, as `seal_of` gives them.
    language : str
        ``en`` or ``fr``.

    Returns
    -------
    str
        One sentence without a full stop; lines are counted from 1.
    """
    expected, digest = seal.get("lines"), seal.get("sha256")
    if not isinstance(expected, int) or isinstance(expected, bool) or expected < 0 or not isinstance(digest, str):
        return _TEXTS.phrase("chain.seal", language)
    if len(lines) < expected:
        return _TEXTS.phrase("chain.cut", language, lines=len(lines), sealed=expected)
    if prefix_digest(lines, expected) != digest:
        return check_chain(lines[:expected], language) or _TEXTS.phrase("chain.rewritten", language, sealed=expected)
    return ""
