"""Where the values of an output lie: the cells of a grid, points, or places along lines; and the times they hold at."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from frugal.errors import UnusableInputError

#: Dimensions of a grid: rows from north to south where it lies on a map, then columns from west to east.
GRID_DIMS = ("y", "x")
#: Dimension of points, and of places along lines; run stores call the place of a run "place".
PLACE_DIM = "station"
#: Dimension of a time axis, which comes first.
TIME_DIM = "time"


def runs_of(cells: np.ndarray) -> tuple[int, ...]:
    """First cell and number of cells of each unbroken run of cells ``[y, x]``, counted row by row."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], cells.ravel(), [False]]).astype(np.int8)))
    first, last = edges[::2], edges[1::2]
    return tuple(int(n) for n in np.column_stack([first, last - first]).ravel())


def batched(runs: Sequence[int]) -> list[tuple[int, int]]:
    """The runs of a zone as pairs of their first cell and their number of cells."""
    return list(zip(runs[::2], runs[1::2], strict=True))


@dataclass(frozen=True)
class Grid:
    """Cells in rows and columns, ``[y, x]``.

    Parameters
    ----------
    crs : str
        Coordinate system: ``EPSG:2154`` or WKT.
    transform : tuple of float
        The six numbers a, b, c, d, e, f of x = a column + b row + c, y = d column + e row + f for the upper left corner of a
        cell.
    shape : tuple of int
        Rows and columns.
    zones : mapping of str to sequence of int
        Cells of which nothing is asked, by what they are ("sea", "dike"): first cell, number of cells, first cell and so on of
        unbroken runs, counted row by row; `runs_of` gives them. A GeoTIFF tells them apart from cells where nothing happens.

    Raises
    ------
    UnusableInputError
        If a number is missing or not allowed.
    """

    crs: str
    transform: Sequence[float]
    shape: Sequence[int]
    zones: Mapping[str, Sequence[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check_crs("a grid", self.crs)
        transform = _numbers("transform of a grid", self.transform)
        shape = tuple(self.shape)
        if len(transform) != 6 or transform[0] * transform[4] == transform[1] * transform[3]:
            raise UnusableInputError(
                f"a grid has the transform {list(self.transform)}; six numbers that span an area are needed"
            )
        if len(shape) != 2 or not all(int(n) == n and n > 0 for n in shape):
            raise UnusableInputError(f"a grid has the shape {list(self.shape)}; two whole numbers above 0 are needed")
        object.__setattr__(self, "transform", transform)
        object.__setattr__(self, "shape", tuple(int(n) for n in shape))
        zones = {str(name): tuple(int(n) for n in runs) for name, runs in self.zones.items()}
        for name, runs in zones.items():
            if (
                len(runs) % 2
                or min(runs, default=0) < 0
                or any(sum(run) > math.prod(self.shape) for run in batched(runs))
            ):
                raise UnusableInputError(
                    f"zone '{name}' of a grid has runs of cells that are not among its {self.shape}"
                )
        object.__setattr__(self, "zones", zones)

    def zone(self, name: str) -> np.ndarray:
        """Cells of a zone, ``[y, x]``."""
        cells = np.zeros(math.prod(self.shape), dtype=bool)
        for first, number in batched(self.zones[name]):
            cells[first : first + number] = True
        return cells.reshape(tuple(self.shape))

    @property
    def dims(self) -> tuple[str, ...]:
        """Names of its dimensions."""
        return GRID_DIMS

    @property
    def coords(self) -> dict[str, list[Any]]:
        """Middles of rows and columns in the unit of the coordinate system; their numbers where the grid stands askew."""
        a, b, c, d, e, f = self.transform
        rows, columns = self.shape
        if b or d:
            return {"y": list(range(rows)), "x": list(range(columns))}
        return {"y": [f + e * (k + 0.5) for k in range(rows)], "x": [c + a * (k + 0.5) for k in range(columns)]}


@dataclass(frozen=True)
class Points:
    """Places by name: stations, buildings, gauges.

    Parameters
    ----------
    crs : str
        Coordinate system of ``x`` and ``y``: ``EPSG:2154`` or WKT.
    x, y : sequence of float
        One for each place.
    names : sequence of str
        Each once.

    Raises
    ------
    UnusableInputError
        If they are not equally many, a name comes twice, or a coordinate is not finite.
    """

    crs: str
    x: Sequence[float]
    y: Sequence[float]
    names: Sequence[str]

    def __post_init__(self) -> None:
        _check_crs("points", self.crs)
        names = tuple(map(str, self.names))
        x, y = _numbers("x of points", self.x), _numbers("y of points", self.y)
        if not names or len({len(x), len(y), len(names)}) > 1:
            raise UnusableInputError(
                f"points have {len(x)} x, {len(y)} y and {len(names)} names; the same number of each is needed"
            )
        _check_unique("point", names)
        for name, value in (("x", x), ("y", y), ("names", names)):
            object.__setattr__(self, name, value)

    @property
    def dims(self) -> tuple[str, ...]:
        """Names of its dimensions."""
        return (PLACE_DIM,)

    @property
    def coords(self) -> dict[str, list[Any]]:
        """Names of the places."""
        return {PLACE_DIM: list(self.names)}

    def places(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """x and y of each place."""
        return tuple(self.x), tuple(self.y)


@dataclass(frozen=True)
class Lines:
    """Places along lines: an estuary, a network of reaches, a dike.

    Parameters
    ----------
    crs : str
        Coordinate system of the lines, in which lengths are measured: ``EPSG:2154`` or WKT.
    reaches : mapping of str to sequence of (float, float)
        Vertices (x, y) of each line, by name.
    chainage : mapping of str to sequence of float
        Distances of the places from the beginning of their line, along it, in the unit of the coordinate system. Outputs hold
        them line by line, in this order.
    lengths : mapping of str to float
        Length by which the chainage of a line counts, where it is drawn more simply than it runs: the places lie on the drawn
        line in the same share of its length. That of the drawn line otherwise.

    Raises
    ------
    UnusableInputError
        If a line has fewer than two vertices, or a distance does not lie on its line.
    """

    crs: str
    reaches: Mapping[str, Sequence[Sequence[float]]]
    chainage: Mapping[str, Sequence[float]]
    lengths: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check_crs("lines", self.crs)
        reaches = {str(name): tuple((float(x), float(y)) for x, y in line) for name, line in self.reaches.items()}
        chainage = {str(name): _numbers(f"chainage of '{name}'", at) for name, at in self.chainage.items()}
        if not reaches or set(reaches) != set(chainage):
            raise UnusableInputError(
                f"lines have the reaches {', '.join(reaches) or 'none'}, and chainage for {', '.join(chainage) or 'none'}; "
                "the same names are needed"
            )
        for name in self.lengths:
            if name not in reaches:
                raise UnusableInputError(f"lines have a length for '{name}'; reaches are {', '.join(reaches)}")
        for name, line in reaches.items():
            length = sum(math.dist(a, b) for a, b in pairwise(line))
            if len(line) < 2 or not math.isfinite(length) or length == 0:
                raise UnusableInputError(f"reach '{name}' has {len(line)} vertices; two or more, apart, are needed")
            length = float(self.lengths.get(name, length))
            if not (math.isfinite(length) and length > 0.0):
                raise UnusableInputError(f"reach '{name}' has a length of {length:g}; a number above 0 is needed")
            for at in chainage[name]:
                if not 0 <= at <= length * (1 + 1e-9):
                    raise UnusableInputError(
                        f"reach '{name}' has a place at {at:g}; it is {length:g} long, from 0 at its beginning"
                    )
        object.__setattr__(self, "reaches", reaches)
        object.__setattr__(self, "chainage", chainage)
        object.__setattr__(self, "lengths", {name: float(length) for name, length in self.lengths.items()})
        _check_unique("place", self.names)

    @property
    def names(self) -> tuple[str, ...]:
        """Name of each place: that of its reach and its distance, ``garonne@12500``."""
        return tuple(f"{reach}@{at:.10g}" for reach in self.chainage for at in self.chainage[reach])

    @property
    def dims(self) -> tuple[str, ...]:
        """Names of its dimensions."""
        return (PLACE_DIM,)

    @property
    def coords(self) -> dict[str, list[Any]]:
        """Names of the places."""
        return {PLACE_DIM: list(self.names)}

    def places(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """x and y of each place, on its line."""
        x: list[float] = []
        y: list[float] = []
        for reach, at in self.chainage.items():
            line = np.array(self.reaches[reach])
            along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
            along *= self.lengths.get(reach, along[-1]) / along[-1]
            x += np.interp(at, along, line[:, 0]).tolist()
            y += np.interp(at, along, line[:, 1]).tolist()
        return tuple(x), tuple(y)


#: Units of time that need no looking up.
_TIME_UNITS = frozenset({"s", "second", "min", "minute", "h", "hour", "day", "week"})

Geometry = Grid | Points | Lines

_KINDS: dict[str, type[Grid] | type[Points] | type[Lines]] = {"grid": Grid, "points": Points, "lines": Lines}


@dataclass(frozen=True)
class TimeAxis:
    """The times that the values of an output hold at.

    Parameters
    ----------
    values : sequence of float
        In ``unit``, rising.
    unit : str
        In the spelling of pint: ``s``, ``hour``, ``day``.
    origin : str
        What they count from: an ISO date and time (``2010-02-28T00:00:00Z``), or empty for the beginning of the event.

    Raises
    ------
    UnusableInputError
        If the times do not rise, or the origin is no date.
    """

    values: Sequence[float]
    unit: str = "s"
    origin: str = ""

    def __post_init__(self) -> None:
        values = _numbers("a time axis", self.values)
        if not values or any(later <= earlier for earlier, later in pairwise(values)):
            raise UnusableInputError("a time axis needs at least one time, each later than the one before")
        if self.unit not in _TIME_UNITS:
            from frugal.experiments.study.values import convert

            convert(1.0, self.unit, "s", "unit", "time axis")
        if self.origin:
            from datetime import datetime

            try:
                datetime.fromisoformat(self.origin)
            except ValueError as fault:
                raise UnusableInputError(
                    f"a time axis counts from '{self.origin}'; a date is needed, as in 2010-02-28T00:00:00Z"
                ) from fault
        object.__setattr__(self, "values", values)


def describe_geometry(geometry: Geometry) -> dict[str, Any]:
    """A geometry as plain values, with its ``kind``."""
    kind = next(name for name, of in _KINDS.items() if isinstance(geometry, of))
    plain = asdict(geometry)
    if not plain.get("lengths", True):
        del plain["lengths"]
    return {"kind": kind, **plain}


def read_geometry(values: Mapping[str, Any]) -> Geometry:
    """A geometry from its plain values.

    Raises
    ------
    UnusableInputError
        If its kind is unknown, or a value is not allowed.
    """
    given = {name: value for name, value in values.items() if name != "kind"}
    kind = values.get("kind")
    if kind not in _KINDS:
        raise UnusableInputError(f"a geometry has the kind '{kind}'; known: {', '.join(_KINDS)}")
    return _KINDS[kind](**given)


def _check_crs(what: str, crs: Any) -> None:
    if not isinstance(crs, str) or not crs.strip():
        raise UnusableInputError(f"{what}: crs = {crs!r}; a coordinate system is needed, as in EPSG:2154")


def _numbers(what: str, values: Sequence[float]) -> tuple[float, ...]:
    numbers = tuple(float(value) for value in values)
    if not all(math.isfinite(value) for value in numbers):
        raise UnusableInputError(f"{what} holds a value that is not finite")
    return numbers


def _check_unique(what: str, names: Sequence[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise UnusableInputError(f"{what} '{name}' comes twice; each needs its own name")
        seen.add(name)
