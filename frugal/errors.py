"""The errors a user can meet, each with the exit code the command line answers with."""

from __future__ import annotations

import difflib
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
