"""Impact and power factors: read from a table, each with its interval, unit, year and source."""

from __future__ import annotations

import csv
import hashlib
import io
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import numpy as np

from frugal.errors import UnusableInputError

#: Between the ends of an interval; wider ones are slips of the pen.
WIDEST = 1e6
_NEVER_ZERO = ("watts_per_core", "ram_watts_per_gb", "world_population", "digital_share", "services_per_person")

COLUMNS = ("id", "value", "low", "high", "unit", "year", "source", "licence")
#: Standard deviations of a normal distribution between its median and its 97.5 % point.
NORMAL_95 = 1.96
PACKAGED = "factors.csv"
_ELECTRICITY = re.compile(r"electricity_\w+_([A-Z]{3})")


@dataclass(frozen=True)
class Factor:
    """One factor with its 95 % interval ``low <= value <= high``.

    Parameters
    ----------
    id : str
    value, low, high : float
        In ``unit``; all positive, or all 0.
    unit : str
    year : int
        Year of the data (not of its publication, where the two are known apart).
    source, licence : str
    origin : str
        ``packaged`` when it comes with the program, ``user`` when it comes from the user's own table.
    """

    id: str
    value: float
    low: float
    high: float
    unit: str
    year: int
    source: str
    licence: str
    origin: Literal["packaged", "user"] = "packaged"

    def as_dict(self) -> dict[str, Any]:
        """Plain values for `audit.json`."""
        return {name: getattr(self, name) for name in (*COLUMNS, "origin")}

    def draw(self, rng: np.random.Generator, n: int) -> np.ndarray:
        """Values drawn from a two-piece log-normal distribution.

        With one standard normal number ``z`` a draw, the value is ``value exp(s z)``, where ``s`` is
        ``ln(value / low) / 1.96`` for ``z < 0`` and ``ln(high / value) / 1.96`` otherwise. The median is
        therefore ``value``, and the 2.5 % and 97.5 % points are ``low`` and ``high``. A side that has no width
        gives ``value``; a factor of 0 gives 0.

        Parameters
        ----------
        rng : numpy.random.Generator
        n : int
            Number of draws.

        Returns
        -------
        numpy.ndarray
            Shape (n,), in the unit of the factor. Takes `n` normal numbers from `rng` whatever the factor, so
            that narrowing one interval does not change the draws of the others.
        """
        return two_piece_log_normal(rng.standard_normal(n), self.value, self.low, self.high)


def two_piece_log_normal(normal: np.ndarray, value: float, low: float, high: float) -> np.ndarray:
    """Log-normal with another spread on each side: median ``value``, 2.5 and 97.5 percentiles ``low`` and ``high``.

    Parameters
    ----------
    normal : array [n]
        Standard normal draws.
    value, low, high : float
        ``0 < low <= value <= high``; a value of 0 stays 0.
    """
    if value == 0:
        return np.zeros(len(normal))
    below, above = math.log(value / low), math.log(high / value)
    return np.asarray(value * np.exp(np.where(normal < 0, below, above) / NORMAL_95 * normal))


@dataclass(frozen=True, eq=False)
class FactorTable(Mapping[str, Factor]):
    """The factors of one audit by id, and which table they come from.

    Parameters
    ----------
    factors : Mapping of str to Factor
    file : str
        Name of the user's table when one was given, else of the packaged one.
    sha256 : str
        Of that file's bytes.
    packaged_sha256 : str
        Of the packaged table's bytes, whether or not a user's table stands over it.
    overridden : tuple of str
        Ids of packaged factors that the user's table replaces, sorted.
    """

    factors: Mapping[str, Factor] = field(repr=False)
    file: str
    sha256: str
    packaged_sha256: str
    overridden: tuple[str, ...] = ()

    def __getitem__(self, id: str) -> Factor:
        return self.factors[id]

    def __iter__(self) -> Iterator[str]:
        return iter(self.factors)

    def __len__(self) -> int:
        return len(self.factors)

    def countries(self) -> list[str]:
        """Codes (ISO 3166 alpha-3, and EUU and WOR) of places with at least one factor of electricity, sorted."""
        found = (_ELECTRICITY.fullmatch(id_) for id_ in self.factors)
        return sorted({match.group(1) for match in found if match})

    def electricity(self, category: str, country: str) -> Factor | None:
        """What a kilowatt-hour of electricity weighs in one category.

        Parameters
        ----------
        category : str
            As in the ids: ``gwp``, ``adpe``, ``pe``, ``fossil``, ``water``, ``particles``, ...
        country : str
            One of `countries`.

        Returns
        -------
        Factor or None
            None where no source gives this category for this country: not covered, which is not zero.

        Raises
        ------
        UnusableInputError
            If no factor of electricity at all is known for the country.
        """
        factor = self.factors.get(f"electricity_{category}_{country}")
        if factor is None and country not in (known := self.countries()):
            raise UnusableInputError(
                f"no factor of electricity is known for the country '{country}'; allowed: {', '.join(known)} "
                "(others can be added with a table of factors of your own)"
            )
        return factor


def load_factors(path: Path | str | None = None) -> FactorTable:
    """Read the table of factors that comes with the program, and a user's own table over it.

    Parameters
    ----------
    path : Path or str, optional
        A table with the same columns. Its rows replace packaged ones of the same id, in the same unit, and may
        add new ids.

    Raises
    ------
    UnusableInputError
        If a file cannot be read, lacks a column, holds something else than finite numbers, an interval upside
        down, one that a two-piece log-normal cannot have, an id twice, or a packaged id in another unit.
    """
    packaged, packaged_sha256 = _packaged()
    if path is None:
        return FactorTable(MappingProxyType(packaged), PACKAGED, packaged_sha256, packaged_sha256)
    name = str(path)
    try:
        content = Path(path).read_bytes()
    except OSError as fault:
        raise UnusableInputError(f"the table of factors '{name}' cannot be read: {fault}") from fault
    own = _rows(content, name)
    for id_, factor in own.items():
        if id_ in packaged and factor.unit != packaged[id_].unit:
            raise UnusableInputError(
                f"'{name}' gives the factor '{id_}' in '{factor.unit}'; '{packaged[id_].unit}' is needed, "
                "the unit of the packaged factor that it replaces"
            )
    factors = packaged | {id_: replace(factor, origin="user") for id_, factor in own.items()}
    overridden = tuple(sorted(set(own) & set(packaged)))
    sha256 = hashlib.sha256(content).hexdigest()
    return FactorTable(MappingProxyType(factors), Path(path).name, sha256, packaged_sha256, overridden)


def _packaged() -> tuple[dict[str, Factor], str]:
    content = (files("frugal.metering.factors") / "data" / PACKAGED).read_bytes()
    return _rows(content, PACKAGED), hashlib.sha256(content).hexdigest()


def _rows(content: bytes, name: str) -> dict[str, Factor]:
    try:
        # spreadsheets like to write a byte order mark
        reader = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
        header = reader.fieldnames or ()
        rows = [(reader.line_num, row) for row in reader]
    except (UnicodeDecodeError, csv.Error) as fault:
        raise UnusableInputError(f"the table of factors '{name}' cannot be read: {fault}") from fault
    missing = [column for column in COLUMNS if column not in header]
    if missing:
        raise UnusableInputError(
            f"the table of factors '{name}' lacks the column '{missing[0]}'; needed, with commas between: "
            f"{', '.join(COLUMNS)}"
        )
    factors: dict[str, Factor] = {}
    for line, row in rows:
        factor = _factor(row, f"line {line} of '{name}'")
        if factor.id in factors:
            raise UnusableInputError(f"line {line} of '{name}' gives the factor '{factor.id}' a second time")
        factors[factor.id] = factor
    return factors


def _divides_or_multiplies_all(id_: str) -> bool:
    """A factor of 0 here would make everything 0, or divide by it; an impact of 0 is only a place that has none."""
    return id_.startswith("boundary_") or id_.endswith("_watts") or id_ in _NEVER_ZERO


def _factor(row: Mapping[Any, Any], where: str) -> Factor:
    if None in row:
        raise UnusableInputError(f"{where} has more fields than columns; a text with a comma needs quotation marks")
    texts = {column: str(row[column] or "").strip() for column in ("id", "unit", "source", "licence")}
    if empty := [column for column, text in texts.items() if not text]:
        raise UnusableInputError(f"{where} has nothing in the column '{empty[0]}'; every factor needs one")
    value, low, high, year = (_number(row, column, where) for column in ("value", "low", "high", "year"))
    told = f"{where}: factor '{texts['id']}' has value {value:g} and interval [{low:g}, {high:g}]"
    if not 0 <= low <= value <= high:
        raise UnusableInputError(f"{told}; 0 <= low <= value <= high is needed")
    if low == 0 and high > 0:
        raise UnusableInputError(f"{told}; low must be above 0, unless all three are 0")
    if high > WIDEST * low:
        raise UnusableInputError(f"{told}; high may be at most {WIDEST:g} times low")
    least = 1.0 if texts["id"] == "pue" else 0.0
    if low < least or (low == 0 and _divides_or_multiplies_all(texts["id"])):
        bound = "at least 1: a room takes no less than its machines" if least else "above 0"
        raise UnusableInputError(f"{told}; it has to be {bound}")
    if not year.is_integer():
        raise UnusableInputError(f"{where}: column 'year' holds '{row['year']}'; a whole number is needed")
    return Factor(texts["id"], value, low, high, texts["unit"], int(year), texts["source"], texts["licence"])


def _number(row: Mapping[Any, Any], column: str, where: str) -> float:
    text = row[column] or ""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise UnusableInputError(f"{where}: column '{column}' holds '{text}'; a finite number is needed")
    return value
