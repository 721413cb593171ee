"""Named questions to a study, and what was measured where it is asked."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from frugal.errors import UnusableInputError
from frugal.experiments.study.variables import check_words, plain_values


@dataclass(frozen=True)
class Scenario:
    """A named set of input values: ``today``, ``garonne_2050``.

    Parameters
    ----------
    name : str
        Identifier, by which it is asked.
    values : mapping
        A number for each input that it sets, in the input's unit; of a vector one for all elements or one for each, of a choice
        its name or its number. Inputs that it leaves out take their default.
    source : str
        Where the values come from.
    label : mapping
        By language.

    Raises
    ------
    UnusableInputError
        If the name is no identifier, or no source is given.
    """

    name: str
    values: Mapping[str, Any]
    source: str
    label: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.name.isidentifier():
            raise UnusableInputError(f"scenario name '{self.name}' must be a Python identifier")
        check_words(f"scenario '{self.name}'", label=self.label)
        object.__setattr__(self, "values", {name: plain_values(value) for name, value in self.values.items()})
        if not self.source.strip():
            raise UnusableInputError(f"scenario '{self.name}' has no source; say where its values come from")


@dataclass(frozen=True)
class Measurement:
    """One measured value: of ``output``, in its unit, with its standard error ``sigma`` (None where nobody knows it).

    ``place`` is a name (``bordeaux``, ``garonne@12500``) or the coordinate of an element of a vector, empty for a scalar;
    ``time`` a number on the time axis of the output, None where it has none.
    """

    output: str
    value: float
    place: str = ""
    time: float | None = None
    sigma: float | None = None

    def __post_init__(self) -> None:
        if not math.isfinite(self.value):
            raise UnusableInputError(f"a measurement of '{self.output}' is not a finite number")
        if self.sigma is not None and not (math.isfinite(self.sigma) and self.sigma > 0):
            raise UnusableInputError(
                f"a measurement of '{self.output}' has sigma = {self.sigma:g}; a positive number is needed"
            )


@dataclass(frozen=True)
class Observations:
    """Measured values of outputs, and the inputs under which they were measured.

    Parameters
    ----------
    name : str
        Identifier.
    measurements : sequence of Measurement
    source : str
        Who measured, where it is published.
    scenario : str
        Name of the scenario that holds the inputs at the time; empty for the reference case.

    Raises
    ------
    UnusableInputError
        If the name is no identifier, or nothing was measured.
    """

    name: str
    measurements: Sequence[Measurement]
    source: str = ""
    scenario: str = ""

    def __post_init__(self) -> None:
        if not self.name.isidentifier():
            raise UnusableInputError(f"the name of observations '{self.name}' must be a Python identifier")
        if not self.measurements:
            raise UnusableInputError(f"observations '{self.name}' hold no measurement")
