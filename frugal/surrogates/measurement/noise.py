"""Noise of a solver that answers the same inputs differently: no error is told to be less."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from frugal.candidates.json_object import JsonObject
from frugal.candidates.output_error import OutputError
from frugal.metering.ledger.ledger import Entry

#: Under this name the line of the ledger that booked runs made twice says what they gave.
REPEATS = "repeats"


def noise_of(ledger: Sequence[Entry]) -> dict[str, OutputError]:
    """Noise of each output as the newest repeats in a ledger found it, in the metric of its tolerance; empty without any.

    It is what a run differs from another of the same inputs: the error of the full physics where it is asked again.
    """
    newest: Any = next((entry.details[REPEATS] for entry in reversed(ledger) if REPEATS in entry.details), {})
    found = JsonObject(newest, "ledger.jsonl", "the repeated runs")
    return {name: OutputError.read(error) for name, error in found.objects("noise", "noise").items()}


def above_noise(errors: Mapping[str, OutputError], noise: Mapping[str, OutputError]) -> dict[str, OutputError]:
    """Errors that are no less than the noise of the solver, which stands in the truth that they are held against.

    Parameters
    ----------
    errors : mapping of str to OutputError
    noise : mapping of str to OutputError
        What two runs of the same inputs differ by; each of them differs from their mean by less, 1 over root 2 of it.
    """
    return {name: _above(error, noise.get(name)) for name, error in errors.items()}


def _above(error: OutputError, noise: OutputError | None) -> OutputError:
    if noise is None or noise.metric != error.metric:
        return error
    least, most = noise.value / math.sqrt(2), noise.held / math.sqrt(2)
    return replace(error, value=max(error.value, least), high=max(error.high, most if noise.bounded else least))
