"""Inputs of a study."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from frugal.errors import UnusableInputError


@dataclass(frozen=True)
class Variable:
    """One named scalar input.

    Parameters
    ----------
    name : str
        Identifier, in full words, with its unit where it is not SI (``tilt_deg``).
    unit : str
        Unit in the spelling of pint; ``"1"`` for a number without unit.
    low, high : float
        Bounds inside which the study is asked, in ``unit``.
    label : mapping
        Plain-language label by language (``en``, ``fr``).
    default : float, optional
        Value taken when a user gives none.
    period : float, optional
        The value is an angle or a phase that closes after this much (360 for an azimuth in degrees);
        learned candidates then see its cosine and sine.
    choices : tuple of str, optional
        Names of the values 0, 1, 2, … of a variable that is a choice rather than a quantity.
    """

    name: str
    unit: str
    low: float
    high: float
    label: Mapping[str, str] = field(default_factory=dict)
    default: float | None = None
    period: float | None = None
    choices: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.name.isidentifier():
            raise UnusableInputError(f"variable name '{self.name}' must be a Python identifier")
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise UnusableInputError(
                f"variable '{self.name}' has bounds [{self.low}, {self.high}]; two finite numbers, low < high, are needed"
            )
        if self.choices and (self.low != 0 or self.high != len(self.choices) - 1):
            raise UnusableInputError(
                f"variable '{self.name}' has {len(self.choices)} choices: its bounds must be 0 and {len(self.choices) - 1}"
            )
