"""The errors a user can meet, each with the exit code the command line answers with."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import Any


class FrugalError(Exception):
    """Base of the errors that are told to the user as one sentence.

    The message names the input, its value and what is allowed.
    """

    exit_code = 3


class UnusableInputError(FrugalError):
    """Nothing in what the user gave can be used: unknown name, value out of bounds, unreadable file."""

    exit_code = 2


class EnvironmentFaultError(FrugalError):
    """The machine cannot do it: disk full, folder not writable, missing optional package."""

    exit_code = 3


class NotAssessedError(FrugalError):
    """The audit could not assess: evidence is missing or does not match its hash."""

    exit_code = 4


class SolverError(FrugalError):
    """One run of a solver failed (it did not converge, it went unstable, it returned no finite number)."""

    exit_code = 1


class WorkersEndedError(FrugalError):
    """A piece of work ended the workers of a cluster again and again: killed, or short of memory."""

    exit_code = 1


def did_you_mean(name: Any, known: Iterable[str]) -> str:
    """The nearest known name as the end of a sentence, or nothing."""
    close = difflib.get_close_matches(str(name), list(known), n=1)
    return f"; did you mean '{close[0]}'?" if close else ""


def printable(text: str) -> str:
    """A text of somebody else's without what moves a cursor, turns the direction or ends a line."""
    return "".join(c if c.isprintable() or c == " " else " " if c.isspace() else "\ufffd" for c in text)


def told_fault(fault: BaseException, longest: int = 500) -> str:
    """What an exception of somebody else's code says, in one line: its class, and its words where it has any.

    Parameters
    ----------
    fault : BaseException
        Its words are asked for, which may fail in turn.
    longest : int
        Characters after which they are cut.
    """
    try:
        words = " ".join(printable(str(fault)).split())
    except Exception:  # whoever wrote the class
        words = ""
    words = words if len(words) <= longest else f"{words[:longest]}…"
    return f"{type(fault).__name__}: {words}" if words else type(fault).__name__


#: Signs that move the cursor, colour, hide or turn round what a terminal shows, and halves of letters that it cannot show.
_UNSHOWN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")
_LONGEST_LINE = 300


def for_terminal(text: str) -> str:
    """A text as a terminal can show it: signs that command one are written out, as ``\\x1b``."""
    return _UNSHOWN.sub(lambda sign: sign[0].encode("unicode_escape").decode("ascii"), text)


def plain_line(text: Any, letters: int = _LONGEST_LINE) -> str:
    """What somebody else's program or file says, on one line, printable, and not longer than so many letters."""
    line = for_terminal(" ".join(str(text)[: 100 * letters].split()))
    return line if len(line) <= letters else f"{line[: letters - 1]}…"
