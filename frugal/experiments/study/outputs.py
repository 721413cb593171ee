"""What a study answers: scalars, vectors and maps, which cells of a map are dry, and scalars taken from a map."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

import numpy as np

from frugal.errors import SolverError, UnusableInputError

DerivedKind = Literal["sum", "above"]

#: Dimensions of a map: rows from north to south where the study has a grid, then columns from west to east.
MAP_DIMS = ("y", "x")


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


@dataclass(frozen=True)
class Derived:
    """A scalar that is computed from a map, and so always agrees with it.

    Parameters
    ----------
    of : str
        Name of the map.
    kind : str
        ``sum``: sum over the cells of weight times value (a volume). ``above``: sum of the weights of the cells whose value is
        above ``threshold`` (a flooded area, the buildings reached).
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
            raise UnusableInputError(f"derived kind '{self.kind}' is unknown; use 'sum' or 'above'")
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
        return np.asarray((values > self.threshold) @ weights if self.kind == "above" else values @ weights)


@dataclass(frozen=True)
class Output:
    """One named output: a scalar, a vector or a map.

    Parameters
    ----------
    name, unit, label
        As for `Variable`.
    dims : tuple of str
        Names of the dimensions, empty for a scalar; ``("y", "x")`` for a map.
    coords : mapping
        Coordinate values of each dimension; their number fixes the shape.
    low, high : float, optional
        Physical limits of the quantity (0 for an energy, 0 and 1 for a share): predictions and intervals are clipped to them.
    valid_above : float, optional
        Of a map of depths: a cell is wet where its value is above (0.05 m).
    defined_where : str
        Of a map that has a meaning only where another one is wet (a speed, an arrival time): the name of that other map.
        Whatever the solver writes in dry cells, missing values included, is replaced by ``fill_value``.
    fill_value : float
        What dry cells hold. Values of wet cells must lie on one side of it: 0 for a depth or a speed; for an arrival time the
        length of the event, so that dry reads "not before the end".
    derived : Derived, optional
        Of a scalar: how it is computed from a map. No solver and no alternative needs to give it.
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

    def __post_init__(self) -> None:
        if not self.name.isidentifier():
            raise UnusableInputError(f"output name '{self.name}' must be a Python identifier")
        limits = [limit for limit in (self.low, self.high) if limit is not None]
        if not all(math.isfinite(limit) for limit in limits) or limits != sorted(set(limits)):
            raise UnusableInputError(
                f"output '{self.name}' has low = {self.low} and high = {self.high}; finite numbers are needed, low < high"
            )
        for dim in self.dims:
            if dim not in self.coords:
                raise UnusableInputError(f"output '{self.name}' has dimension '{dim}' but no coordinates for it")
        if (self.valid_above is not None or self.defined_where) and not self.is_map:
            raise UnusableInputError(f"output '{self.name}' has dry cells but is no map: its dims must be ('y', 'x')")
        if self.valid_above is not None and self.defined_where:
            raise UnusableInputError(
                f"output '{self.name}' has both wet_threshold and wet_where; one of them is needed"
            )
        if self.derived is not None and self.dims:
            raise UnusableInputError(f"output '{self.name}' is derived from a map and must be a scalar")

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one run's value."""
        return tuple(len(self.coords[dim]) for dim in self.dims)

    @property
    def size(self) -> int:
        """Number of elements of one run's value."""
        return math.prod(self.shape)

    @property
    def is_map(self) -> bool:
        """A value for each cell of a grid."""
        return self.dims == MAP_DIMS

    @property
    def has_undefined(self) -> bool:
        """Its cells are wet or dry."""
        return self.valid_above is not None or bool(self.defined_where)

    def definition(self) -> list[Any]:
        """What the hash of a study holds of it; of a plain output no more than name, unit and coordinates."""
        plain = [self.name, self.unit, self.dims, {k: list(map(str, c)) for k, c in self.coords.items()}]
        extra = [self.valid_above, self.defined_where, self.fill_value, asdict(self.derived) if self.derived else None]
        return plain if extra == [None, "", 0.0, None] else [*plain, extra]


def output_slices(outputs: Sequence[Output]) -> dict[str, slice]:
    """Where each output stands in a flattened ``[n, m]`` array."""
    slices, start = {}, 0
    for output in outputs:
        slices[output.name] = slice(start, start + output.size)
        start += output.size
    return slices


def check_outputs(outputs: Sequence[Output]) -> None:
    """Refuse outputs that refer to a map that is not there.

    Raises
    ------
    UnusableInputError
        Naming the output.
    """
    maps = {output.name: output for output in outputs if output.is_map}
    for output in outputs:
        if output.defined_where:
            other = maps.get(output.defined_where)
            if other is None or other.valid_above is None:
                raise UnusableInputError(
                    f"output '{output.name}' is wet where '{output.defined_where}' is, which is no map with a wet_threshold"
                )
            if other.shape != output.shape:
                raise UnusableInputError(f"outputs '{output.name}' and '{other.name}' have maps of different shapes")
        if output.derived is not None:
            source = maps.get(output.derived.of)
            if source is None:
                raise UnusableInputError(
                    f"output '{output.name}' is derived from '{output.derived.of}', which is no map; "
                    f"maps: {', '.join(maps) or 'none'}"
                )
            weights = output.derived.weights
            if not isinstance(weights, float) and len(weights) != source.size:
                raise UnusableInputError(
                    f"output '{output.name}' has {len(weights)} weights; its map '{source.name}' has {source.size} cells"
                )


def defined_cells(values: np.ndarray, outputs: Sequence[Output], output: Output) -> np.ndarray:
    """Which cells of a map are wet, ``bool [n, size]``, in values ``[n, m]``; all of them where none can be dry.

    Parameters
    ----------
    values : array [n, m]
        All outputs flattened and side by side, in their units.
    outputs : sequence of Output
        All of them, in the order of the columns.
    output : Output
        The map that is asked about.

    Returns
    -------
    array of bool [n, size]
        Judged on the map itself, or on the one that ``defined_where`` names: wet is above its ``valid_above``.
    """
    slices = output_slices(outputs)
    if not output.has_undefined:
        return np.ones((len(values), output.size), dtype=bool)
    source = next(o for o in outputs if o.name == output.defined_where) if output.defined_where else output
    return np.asarray(values[:, slices[source.name]] > source.valid_above)


def fill_undefined(values: np.ndarray, outputs: Sequence[Output]) -> np.ndarray:
    """Values ``[n, m]`` in which cells that another map says are dry hold their ``fill_value``."""
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
    """Outputs ``[n, m]`` side by side, with dry cells coded and scalars derived.

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
