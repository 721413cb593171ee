"""Inputs of a study, and the parameters of its site."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

from frugal.errors import UnusableInputError

#: Signs that would make the name of an element, ``horizon_deg[090]``, ambiguous.
_SIGNS = frozenset("[]=,")


@dataclass(frozen=True)
class Variable:
    """One named input: a number, or a vector of numbers with named coordinates.

    Parameters
    ----------
    name : str
        Identifier, in full words, with its unit where it is not SI (``tilt_deg``).
    unit : str
        Unit in the spelling of pint; ``"1"`` for a number without unit.
    low, high : float
        Bounds inside which the study is asked, in ``unit``; those of every element of a vector.
    label : mapping
        Plain-language label by language (``en``, ``fr``). In that of a vector ``{direction}`` stands for the coordinate of the
        dimension ``direction``.
    default : float or sequence of float, optional
        Value taken when a user gives none; of a vector one for all elements, or one for each.
    period : float, optional
        The value is an angle or a phase that closes after this much (360 for an azimuth in degrees);
        learned candidates then see its cosine and sine.
    choices : tuple of str, optional
        Names of the values 0, 1, 2, … of a variable that is a choice rather than a quantity.
    dims : tuple of str
        Names of the dimensions of a vector; empty for a number.
    coords : mapping
        Coordinates of each dimension; their number fixes the shape.

    Raises
    ------
    UnusableInputError
        If a name, a bound, a default, a choice or a coordinate is not allowed.
    """

    name: str
    unit: str
    low: float
    high: float
    label: Mapping[str, str] = field(default_factory=dict)
    default: float | Sequence[float] | None = None
    period: float | None = None
    choices: tuple[str, ...] = ()
    dims: tuple[str, ...] = ()
    coords: Mapping[str, Sequence[Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.name.split("[")[0].isidentifier():
            raise UnusableInputError(f"variable name '{self.name}' must be a Python identifier")
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise UnusableInputError(
                f"variable '{self.name}' has bounds [{self.low}, {self.high}]; two finite numbers, low < high, are needed"
            )
        if self.choices and (self.low != 0 or self.high != len(self.choices) - 1):
            raise UnusableInputError(
                f"variable '{self.name}' has {len(self.choices)} choices: its bounds must be 0 and {len(self.choices) - 1}"
            )
        self._check_coordinates()
        self._check_default()

    def _check_coordinates(self) -> None:
        for dim in self.dims:
            told = [str(coordinate) for coordinate in self.coords.get(dim, ())]
            if not told:
                raise UnusableInputError(f"variable '{self.name}' has dimension '{dim}' but no coordinates for it")
            for coordinate in told:
                if not coordinate or _SIGNS & set(coordinate) or told.count(coordinate) > 1:
                    raise UnusableInputError(
                        f"variable '{self.name}' has the coordinate '{coordinate}' along '{dim}'; texts without [ ] = , are "
                        "needed, each once"
                    )

    def _check_default(self) -> None:
        if self.default is None:
            return
        values = self.elements_of(self.default)
        for value in values:
            if not self.low <= value <= self.high:
                raise UnusableInputError(
                    f"variable '{self.name}' has the default {value:g}; a number in its bounds "
                    f"[{self.low:g}, {self.high:g}] is needed"
                )

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of its value, empty for a number."""
        return tuple(len(self.coords[dim]) for dim in self.dims)

    @property
    def size(self) -> int:
        """Number of elements of its value."""
        return math.prod(self.shape)

    def elements_of(self, value: float | Sequence[float]) -> tuple[float, ...]:
        """One number for each element: a number serves them all.

        Raises
        ------
        UnusableInputError
            If the numbers are not as many as the elements.
        """
        if not isinstance(value, Sequence):
            return (float(value),) * self.size
        if not self.dims or len(value) != self.size:
            raise UnusableInputError(
                f"input '{self.name}' has {len(value)} values; {self.size} {'are' if self.dims else 'is'} needed"
            )
        return tuple(float(part) for part in value)

    def elements(self) -> tuple[Variable, ...]:
        """The variable as numbers: itself, or of a vector one for each element, named ``name[coordinate]``."""
        if not self.dims:
            return (self,)
        defaults = [None] * self.size if self.default is None else self.elements_of(self.default)
        return tuple(
            replace(
                self,
                name=f"{self.name}[{','.join(map(str, at))}]",
                label={language: self._label_at(text, at) for language, text in self.label.items()},
                default=default,
                dims=(),
                coords={},
            )
            for at, default in zip(product(*(self.coords[dim] for dim in self.dims)), defaults, strict=True)
        )

    def _label_at(self, text: str, at: Sequence[Any]) -> str:
        told = text
        for dim, coordinate in zip(self.dims, at, strict=True):
            told = told.replace(f"{{{dim}}}", str(coordinate))
        return told if told != text else f"{text} [{', '.join(map(str, at))}]"


@dataclass(frozen=True)
class Parameter:
    """A number of the physics that is fixed for a site, and may be fitted to observations there (a roughness).

    Parameters
    ----------
    name, unit, label
        As for `Variable`; ``solve`` gets it by name beside the inputs.
    low, high : float
        Bounds inside which it may be fitted, in ``unit``.
    default : float
        Its value where nobody fitted another.

    Raises
    ------
    UnusableInputError
        If the name or a number is not allowed.
    """

    name: str
    unit: str
    low: float
    high: float
    default: float
    label: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        Variable(self.name, self.unit, self.low, self.high, default=self.default)  # the same rules
