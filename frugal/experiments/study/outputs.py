"""What a study answers: scalars, vectors and fields, where a field is defined, and scalars taken from a field."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, get_args

import numpy as np

from frugal.errors import SolverError, UnusableInputError
from frugal.experiments.metrics.registry import Columns
from frugal.experiments.study.geometry import GRID_DIMS, TIME_DIM, Geometry, Grid, TimeAxis, describe_geometry
from frugal.experiments.study.variables import check_words, plain_coordinates, plain_values

DerivedKind = Literal["sum", "above", "below"]

#: Fields of an output as older files name them.
FORMER_FIELDS = {"wet_threshold": "valid_above", "wet_where": "defined_where", "dry_value": "fill_value"}
#: An output of more elements than this is a field: its modes are learnt (POD), not each element for itself.
LARGEST_VECTOR = 64


@dataclass(frozen=True)
class Diagnostic:
    """A number that a run of the solver keeps count of beside its outputs: told of a run, answered by no candidate.

    Parameters
    ----------
    name : str
        Under which the solver gives it.
    unit : str
        In the spelling of pint; ``"1"`` for a number without unit.
    label : mapping
        By language.
    """

    name: str
    unit: str
    label: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_words(f"diagnostic '{self.name}'", self.unit, self.label)


@dataclass(frozen=True)
class Derived:
    """A scalar that is computed from a field, and so always agrees with it.

    Parameters
    ----------
    of : str
        Name of the map.
    kind : str
        ``sum``: sum over the cells of weight times value (a volume). ``above``: sum of the weights of the cells whose value is
        above ``threshold`` (a flooded area, the buildings reached); ``below``: of those below it (what a fire reaches in time).
    weights : float or array [y, x]
        One weight for all cells (the area of a cell), or one for each (buildings in it).
    threshold : float
        In the unit of the map.
    """

    of: str
    kind: DerivedKind
    weights: float | Sequence[float] | np.ndarray = 1.0
    threshold: float = 0.0

    def __post_init__(self) -> None:
        if self.kind not in get_args(DerivedKind):
            raise UnusableInputError(f"derived kind '{self.kind}' is unknown; use 'sum', 'above' or 'below'")
        weights = np.asarray(self.weights, dtype=float)
        if not np.isfinite(weights).all() or not math.isfinite(self.threshold):
            raise UnusableInputError(
                f"the weights and the threshold of a scalar derived from '{self.of}' must be finite"
            )
        plain = float(weights) if weights.ndim == 0 else tuple(weights.ravel().tolist())
        object.__setattr__(self, "weights", plain)

    def cell_weights(self, size: int) -> np.ndarray:
        """Weight of each cell ``[size]``, flattened row by row."""
        return np.broadcast_to(np.asarray(self.weights, dtype=float), (size,))

    def of_map(self, values: np.ndarray) -> np.ndarray:
        """The scalar ``[n]`` of maps ``[n, size]``."""
        weights = self.cell_weights(values.shape[-1])
        if self.kind == "sum":
            return np.asarray(values @ weights)
        counted = values > self.threshold if self.kind == "above" else values < self.threshold
        return np.asarray(counted @ weights)


@dataclass(frozen=True)
class Output:
    """One named output: a scalar, a vector, or values on a geometry, at one time or at many.

    Parameters
    ----------
    name, unit, label
        As for `Variable`.
    dims : tuple of str
        Names of the dimensions, empty for a scalar; they follow from ``geometry`` and ``time`` where these are given. ``("y",
        "x")`` without a geometry is a grid that lies nowhere.
    coords : mapping
        Coordinate values of each dimension; their number fixes the shape.
    low, high : float, optional
        Physical limits of the quantity (0 for an energy, 0 and 1 for a share): predictions and intervals are clipped to them.
    valid_above : float, optional
        The output has a meaning only where its value is above: a depth above 0.05 m, elsewhere the ground is dry.
    defined_where : str
        The output has a meaning only where another one of the same shape, which has a ``valid_above``, is above it: a speed
        where there is water. Its own name says that it is undefined wherever the solver gives no number (NaN) or
        ``fill_value``: an arrival time where the fire never came.
    fill_value : float
        What undefined elements hold. Defined values must lie on one side of it: 0 for a depth or a speed; for an arrival time
        the length of the event, so that undefined reads "not before the end".
    derived : Derived, optional
        Of a scalar: how it is computed from a field. No solver and no alternative needs to give it.
    geometry : Grid, Points or Lines, optional
        Where the values lie.
    time : TimeAxis, optional
        When they hold; the first dimension, ``time``.

    Raises
    ------
    UnusableInputError
        If any of these is not allowed.
    """

    name: str
    unit: str
    dims: tuple[str, ...] = ()
    coords: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    label: Mapping[str, str] = field(default_factory=dict)
    low: float | None = None
    high: float | None = None
    valid_above: float | None = None
    defined_where: str = ""
    fill_value: float = 0.0
    derived: Derived | None = None
    geometry: Geometry | None = None
    time: TimeAxis | None = None

    def __post_init__(self) -> None:
        if not self.name.isidentifier():
            raise UnusableInputError(f"output name '{self.name}' must be a Python identifier")
        check_words(f"output '{self.name}'", self.unit, self.label)
        limits = [limit for limit in (self.low, self.high) if limit is not None]
        if not all(math.isfinite(limit) for limit in limits) or limits != sorted(set(limits)):
            raise UnusableInputError(
                f"output '{self.name}' has low = {self.low} and high = {self.high}; finite numbers are needed, low < high"
            )
        self._place()
        object.__setattr__(self, "coords", plain_coordinates(f"output '{self.name}'", self.dims, self.coords))
        self._check_fill()
        if self.has_undefined and not self.dims:
            raise UnusableInputError(f"output '{self.name}' is a scalar: it has no undefined elements")
        if self.valid_above is not None and self.defined_where:
            raise UnusableInputError(
                f"output '{self.name}' has both valid_above and defined_where; one of them is needed"
            )
        if self.derived is not None and self.dims:
            raise UnusableInputError(f"output '{self.name}' is derived from a field and must be a scalar")

    def _check_fill(self) -> None:
        low, high = self.low, self.high
        if self.valid_above is not None:
            high = min(self.valid_above, math.inf if high is None else high)
        fits = (low is None or self.fill_value >= low) and (high is None or self.fill_value <= high)
        if self.has_undefined and not (math.isfinite(self.fill_value) and fits):
            between = f"{-math.inf if low is None else low:g} and {math.inf if high is None else high:g}"
            raise UnusableInputError(
                f"output '{self.name}' has the fill_value {self.fill_value:g}; a finite number between {between} is needed"
            )

    def _place(self) -> None:
        """Dimensions and coordinates from geometry and time; whatever else they were told to be is refused."""
        if self.geometry is None and self.time is None:
            return
        dims = self.geometry.dims if self.geometry is not None else tuple(d for d in self.dims if d != TIME_DIM)
        coords = dict(self.geometry.coords if self.geometry is not None else self.coords)
        if self.time is not None:
            dims, coords = (TIME_DIM, *dims), {**coords, TIME_DIM: list(self.time.values)}
        for dim, given in self.coords.items():
            known = list(map(str, plain_values(coords.get(dim, ()))))
            if dim in coords and dim not in GRID_DIMS and list(map(str, plain_values(given))) != known:
                raise UnusableInputError(
                    f"output '{self.name}' has other coordinates for '{dim}' than its geometry and time axis"
                )
        shape = tuple(len(coords.get(dim, ())) for dim in dims)
        told = tuple(len(self.coords.get(dim, coords.get(dim, ()))) for dim in self.dims)
        if self.dims and (self.dims != dims or told != shape):
            raise UnusableInputError(
                f"output '{self.name}' has the dimensions {self.dims}, {told}, but its geometry and time axis make {dims}, "
                f"{shape}"
            )
        object.__setattr__(self, "dims", dims)
        object.__setattr__(self, "coords", {dim: self.coords.get(dim, coords[dim]) for dim in dims})

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one run's value."""
        return tuple(len(self.coords[dim]) for dim in self.dims)

    @property
    def place_dims(self) -> tuple[str, ...]:
        """Its dimensions but time."""
        return tuple(dim for dim in self.dims if dim != TIME_DIM)

    @property
    def size(self) -> int:
        """Number of elements of one run's value."""
        return math.prod(self.shape)

    @property
    def is_grid(self) -> bool:
        """A value for each cell of a grid, at one time: a map."""
        return self.dims == GRID_DIMS

    @property
    def is_series(self) -> bool:
        """Its first dimension is time."""
        return self.dims[:1] == (TIME_DIM,)

    @property
    def is_field(self) -> bool:
        """Answered by its modes, its error pooled over its elements: a grid, or more than `LARGEST_VECTOR` values."""
        return self.dims[-2:] == GRID_DIMS or self.size > LARGEST_VECTOR or self.has_undefined

    @property
    def has_undefined(self) -> bool:
        """Its elements may be undefined."""
        return self.valid_above is not None or bool(self.defined_where)

    @property
    def defined_elsewhere(self) -> bool:
        """Another output says where it is defined."""
        return self.defined_where not in ("", self.name)

    @property
    def tells_itself(self) -> bool:
        """Its own value says where it is defined."""
        return self.valid_above is not None or self.defined_where == self.name

    def by_time(self, values: np.ndarray) -> np.ndarray:
        """Values ``[n, size]`` as ``[n, times, places]``; one time where there is no time axis."""
        return values.reshape(len(values), self.shape[0] if self.is_series else 1, -1)

    def element(self, index: int, columns: Columns = "elements") -> str:
        """Coordinates of an element by its number, row by row: ``y=5, x=15``; empty for a scalar.

        Parameters
        ----------
        index : int
        columns : str
            What is counted: elements, or ``places`` or ``times`` alone.
        """
        first = 1 if self.is_series else 0
        dims = {"elements": self.dims, "places": self.dims[first:], "times": self.dims[:first]}[columns]
        position = np.unravel_index(index, tuple(len(self.coords[dim]) for dim in dims))
        return ", ".join(f"{dim}={self.coords[dim][int(i)]}" for dim, i in zip(dims, position, strict=True))

    def definition(self) -> list[Any]:
        """What the hash of a study holds of it; of a plain output no more than name, unit and coordinates."""
        plain = [self.name, self.unit, self.dims, {k: list(map(str, c)) for k, c in self.coords.items()}]
        extra = [self.valid_above, self.defined_where, self.fill_value, asdict(self.derived) if self.derived else None]
        found = plain if extra == [None, "", 0.0, None] else [*plain, extra]
        if self.geometry is not None and not isinstance(self.geometry, Grid):
            found = [*found, describe_geometry(self.geometry)]
        return found if self.time is None else [*found, [self.time.unit, self.time.origin]]


def on_grid(output: Output, grid: Mapping[str, Any]) -> Output:
    """A map with the geometry that its study gave for all of them; another output as it is.

    Parameters
    ----------
    output : Output
    grid : mapping
        ``crs`` and ``transform``; empty where the maps lie nowhere.

    Raises
    ------
    UnusableInputError
        If one of the two is missing, or is not what `Grid` takes.
    """
    if not grid or not output.is_grid or output.geometry is not None:
        return output
    if not grid.get("crs") or not grid.get("transform"):
        raise UnusableInputError(f"the grid of a study needs 'crs' and 'transform', six numbers; it has {dict(grid)}")
    return replace(output, geometry=Grid(grid["crs"], grid["transform"], output.shape))


def output_slices(outputs: Sequence[Output]) -> dict[str, slice]:
    """Where each output stands in a flattened ``[n, m]`` array."""
    slices, start = {}, 0
    for output in outputs:
        slices[output.name] = slice(start, start + output.size)
        start += output.size
    return slices


def check_outputs(outputs: Sequence[Output]) -> None:
    """Refuse outputs that refer to a field that is not there.

    Raises
    ------
    UnusableInputError
        Naming the output.
    """
    fields = {output.name: output for output in outputs if output.dims}
    for output in outputs:
        if output.defined_elsewhere:
            other = fields.get(output.defined_where)
            if other is None or other.valid_above is None:
                raise UnusableInputError(
                    f"output '{output.name}' is defined where '{output.defined_where}' is, which has no valid_above"
                )
            if other.shape != output.shape:
                raise UnusableInputError(f"outputs '{output.name}' and '{other.name}' have different shapes")
        if output.derived is not None:
            source = fields.get(output.derived.of)
            if source is None:
                raise UnusableInputError(
                    f"output '{output.name}' is derived from '{output.derived.of}', which is no field; "
                    f"fields: {', '.join(fields) or 'none'}"
                )
            weights = output.derived.weights
            if not isinstance(weights, float) and len(weights) != source.size:
                raise UnusableInputError(
                    f"output '{output.name}' has {len(weights)} weights; '{source.name}' has {source.size} elements"
                )


def defined_cells(values: np.ndarray, outputs: Sequence[Output], output: Output) -> np.ndarray:
    """Which elements of an output are defined, ``bool [n, size]``, in values ``[n, m]``.

    Parameters
    ----------
    values : array [n, m]
        All outputs flattened and side by side, in their units.
    outputs : sequence of Output
        All of them, in the order of the columns.
    output : Output
        The one that is asked about.

    Returns
    -------
    array of bool [n, size]
        Judged on the output itself, or on the one that ``defined_where`` names.
    """
    slices = output_slices(outputs)
    if not output.has_undefined:
        return np.ones((len(values), output.size), dtype=bool)
    if output.defined_where == output.name:
        own = values[:, slices[output.name]]
        near = 1e-6 * max(1.0, abs(output.fill_value))  # float32 keeps no more of it
        return np.asarray(np.isfinite(own) & (np.abs(own - output.fill_value) > near))
    source = next(o for o in outputs if o.name == output.defined_where) if output.defined_where else output
    return np.asarray(values[:, slices[source.name]] > source.valid_above)


def fill_undefined(values: np.ndarray, outputs: Sequence[Output]) -> np.ndarray:
    """Values ``[n, m]`` in which elements that are undefined hold their ``fill_value``."""
    slices = output_slices(outputs)
    for output in outputs:
        if output.defined_where:
            cells = values[:, slices[output.name]]
            values[:, slices[output.name]] = np.where(defined_cells(values, outputs, output), cells, output.fill_value)
    return values


def derive(values: np.ndarray, outputs: Sequence[Output]) -> np.ndarray:
    """Values ``[n, m]`` whose derived scalars are those of their maps."""
    slices = output_slices(outputs)
    for output in outputs:
        if output.derived is not None:
            values[:, slices[output.name]] = output.derived.of_map(values[:, slices[output.derived.of]])[:, None]
    return values


def complete(given: Mapping[str, np.ndarray], outputs: Sequence[Output], n: int) -> np.ndarray:
    """Outputs ``[n, m]`` side by side, with undefined elements filled and scalars derived.

    Parameters
    ----------
    given : mapping of str to array [n, size]
        By name; derived scalars may be absent.
    outputs : sequence of Output
    n : int

    Raises
    ------
    SolverError
        If a derived scalar is given and differs from what its map says by more than a millionth.
    """
    slices = output_slices(outputs)
    flat = np.zeros((n, sum(output.size for output in outputs)))
    for output in outputs:
        if output.name in given:
            flat[:, slices[output.name]] = given[output.name]
    flat = derive(fill_undefined(flat, outputs), outputs)
    for output in outputs:
        if output.derived is not None and output.name in given:
            own, said = flat[:, slices[output.name]], given[output.name]
            if not np.allclose(own, said, rtol=1e-6, atol=1e-9):
                worst = int(np.argmax(np.abs(own - said)))
                raise SolverError(
                    f"output '{output.name}' is {said[worst, 0]:g}, but its map '{output.derived.of}' says {own[worst, 0]:g}"
                )
    return flat
