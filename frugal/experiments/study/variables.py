"""Inputs of a study, and the parameters of its site."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

from frugal.errors import UnusableInputError


def plain_values(values: Any) -> Any:
    """Numpy arrays, ranges and scalars as lists and plain numbers, which files hold as they are."""
    if hasattr(values, "tolist"):
        return values.tolist()
    if isinstance(values, range | list | tuple):
        return [plain_values(value) for value in values]
    return values


def plain_coordinates(what: str, dims: Sequence[str], coords: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
    """Coordinates of each dimension as plain values.

    Raises
    ------
    UnusableInputError
        If a dimension comes twice, has no coordinates, or coordinates have no dimension.
    """
    for dim in dims:
        if list(dims).count(dim) > 1:
            raise UnusableInputError(f"{what} has the dimension '{dim}' twice")
        if dim not in coords or len(coords[dim]) == 0:
            raise UnusableInputError(f"{what} has dimension '{dim}' but no coordinates for it")
    for dim in coords:
        if dim not in dims:
            raise UnusableInputError(f"{what} has coordinates for '{dim}', which is none of its dims {tuple(dims)}")
    return {dim: list(plain_values(coords[dim])) for dim in dims}


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
        check_words(f"variable '{self.name}'", self.unit, self.label)
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise UnusableInputError(
                f"variable '{self.name}' has bounds [{self.low}, {self.high}]; two finite numbers, low < high, are needed"
            )
        if self.choices and (self.low != 0 or self.high != len(self.choices) - 1):
            raise UnusableInputError(
                f"variable '{self.name}' has {len(self.choices)} choices: its bounds must be 0 and {len(self.choices) - 1}"
            )
        if len(set(self.choices)) < len(self.choices):
            raise UnusableInputError(f"variable '{self.name}' has the choices {', '.join(self.choices)}; each once")
        if self.period is not None and not (math.isfinite(self.period) and self.period > 0):
            raise UnusableInputError(
                f"variable '{self.name}' has the period {self.period}; a positive number is needed"
            )
        coords = plain_coordinates(f"variable '{self.name}'", self.dims, self.coords)
        object.__setattr__(self, "coords", coords)
        self._check_coordinates()
        if self.default is not None:
            object.__setattr__(self, "default", self._plain_default())
            self._check_default()

    def _check_coordinates(self) -> None:
        for dim in self.dims:
            told = [str(coordinate) for coordinate in self.coords[dim]]
            for coordinate in told:
                if not coordinate or _SIGNS & set(coordinate) or told.count(coordinate) > 1:
                    raise UnusableInputError(
                        f"variable '{self.name}' has the coordinate '{coordinate}' along '{dim}'; texts without [ ] = , are "
                        "needed, each once"
                    )

    def _plain_default(self) -> float | list[float]:
        """The default as a number or a list of numbers, of a choice by its number."""

        def number(value: Any) -> float:
            if value in self.choices:
                return float(self.choices.index(value))
            try:
                return float(value)
            except (TypeError, ValueError) as fault:
                raise UnusableInputError(
                    f"variable '{self.name}' has the default {value!r}; a number is needed"
                ) from fault

        told = plain_values(self.default)
        return [number(value) for value in told] if isinstance(told, list) else number(told)

    def _check_default(self) -> None:
        assert self.default is not None
        for value in self.elements_of(self.default):
            if self.choices and value != round(value):
                raise UnusableInputError(
                    f"variable '{self.name}' has the default {value:g}; one of {', '.join(self.choices)} is needed"
                )
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
        Variable(self.name, self.unit, self.low, self.high, self.label, default=self.default)  # the same rules


def check_words(what: str, unit: str | None = None, label: Any = None) -> None:
    """Refuse a unit that is no text, or a label that is not texts by language.

    Parameters
    ----------
    what : str
        Whose they are, for the message.
    unit : str, optional
    label : mapping, optional

    Raises
    ------
    UnusableInputError
        If one of them is something else.
    """
    if unit is not None and not isinstance(unit, str):
        raise UnusableInputError(f"{what} has the unit {unit!r}; a text is needed")
    if label is None:
        return
    if not isinstance(label, Mapping) or not all(isinstance(part, str) for pair in label.items() for part in pair):
        raise UnusableInputError(
            f"{what} has the label {label!r}; texts by language are needed, as in {{'en': 'Depth'}}"
        )
