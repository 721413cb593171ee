"""What was measured, and under which inputs: a table of observations in which columns of inputs may stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from frugal.errors import UnusableInputError, did_you_mean
from frugal.experiments.study import Lines, Measurement, Observations, Output, Parameter, Points, Variable
from frugal.experiments.study.input_layout import InputLayout
from frugal.experiments.study.observations_file import COLUMNS, observations_of
from frugal.experiments.study.outputs import output_slices
from frugal.experiments.study.questions import check_observations, question
from frugal.experiments.study.scenarios import Scenario
from frugal.formats.files.tables import read_table


@dataclass(frozen=True)
class Unknown:
    """A number that is fitted, in its unit, within its bounds.

    ``column`` is its place in a row of inputs, None for a parameter of the physics, which ``default`` is known of.
    """

    name: str
    unit: str
    low: float
    high: float
    label: Mapping[str, str]
    default: float | None
    column: int | None


@dataclass(frozen=True, eq=False)
class ObservedRuns:
    """Measurements, and the inputs under which each was made.

    Parameters
    ----------
    name, source : str
        Of the observations.
    measurements : tuple of Measurement
        Each with its standard error.
    rows : array [c, d]
        Inputs of the different conditions; columns that are fitted hold what they are until then.
    condition : array of int [m]
        Which condition each measurement was made under.
    first, second : array of int [m]
        Elements among all outputs, flattened and side by side, between which a measurement lies in time; twice the same where
        it lies on one.
    share : array [m]
        Of the second one.
    positions : mapping of str to (x, y)
        Coordinates of the named places of points and lines among the outputs, where all are in one system.
    """

    name: str
    source: str
    measurements: tuple[Measurement, ...]
    rows: np.ndarray
    condition: np.ndarray
    first: np.ndarray
    second: np.ndarray
    share: np.ndarray
    positions: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.measurements)

    @property
    def values(self) -> np.ndarray:
        """What was measured ``[m]``, each in the unit of its output."""
        return np.array([measured.value for measured in self.measurements])

    @property
    def sigma(self) -> np.ndarray:
        """Its standard errors ``[m]``."""
        return np.array([measured.sigma for measured in self.measurements], dtype=float)

    def at(self, flat: np.ndarray) -> np.ndarray:
        """Modelled values ``[n, m]`` from outputs ``[n, c, size]`` of every condition, interpolated in time."""
        one, other = flat[:, self.condition, self.first], flat[:, self.condition, self.second]
        return np.asarray(one + self.share * (other - one))


def positions_of(outputs: Sequence[Output]) -> dict[str, tuple[float, float]]:
    """Coordinates of the named places of points and lines; none where they are in different systems."""
    placed = [output.geometry for output in outputs if isinstance(output.geometry, Points | Lines)]
    found: dict[str, tuple[float, float]] = {}
    if len({geometry.crs for geometry in placed}) == 1:
        for geometry in placed:
            found.update(zip(geometry.names, zip(*geometry.places(), strict=True), strict=True))
    return found


def unknowns(inputs: Sequence[Variable], parameters: Sequence[Parameter], named: Sequence[str]) -> tuple[Unknown, ...]:
    """What is to be fitted.

    Parameters
    ----------
    inputs : sequence of Variable
    parameters : sequence of Parameter
        Of the physics, where it is asked; none where a graph is, in which they are fixed.
    named : sequence of str
        Names of inputs, of elements of vectors, or of parameters; all parameters where none is named.

    Raises
    ------
    UnusableInputError
        If a name is unknown or twice, or is a choice, or nothing is named and the study has no parameters.
    """
    layout = InputLayout(tuple(inputs))
    columns = {column.name: k for k, column in enumerate(layout.columns)}
    known = {p.name: Unknown(p.name, p.unit, p.low, p.high, p.label, p.default, None) for p in parameters}
    told = ", ".join([*known, *(variable.name for variable in inputs)])
    if not named and not known:
        raise UnusableInputError(f"--parameters names nothing to fit; known: {told}")
    for name, k in columns.items():
        column = layout.columns[k]
        known[name] = Unknown(name, column.unit, column.low, column.high, column.label, None, k)
    vectors = {variable.name: [element.name for element in variable.elements()] for variable in inputs if variable.dims}
    names = [part for name in (named or [p.name for p in parameters]) for part in vectors.get(name, [name])]
    for name in names:
        if name not in known:
            raise UnusableInputError(
                f"--parameters '{name}' is neither an input nor a parameter; known: {told}{did_you_mean(name, known)}"
            )
        if names.count(name) > 1:
            raise UnusableInputError(f"--parameters names '{name}' twice")
        if name in columns and layout.columns[columns[name]].choices:
            raise UnusableInputError(f"--parameters '{name}' is a choice, which is not fitted: give it with -i")
    return tuple(known[name] for name in names)


def read_observed(
    path: Path, inputs: Sequence[Variable], outputs: Sequence[Output], fitted: Sequence[Unknown], study: str
) -> tuple[Observations, list[dict[str, str]]]:
    """Measurements of a table, and of each the inputs that stand in its line.

    Parameters
    ----------
    path : Path
        As `frugal.experiments.study.observations_file` describes it, with a column for each input that differs by line.
    inputs : sequence of Variable
    outputs : sequence of Output
    fitted : sequence of Unknown
        Of which no column may stand in the table.
    study : str
        Name, for messages.

    Returns
    -------
    observations : Observations
    given : list of dict
        Of each measurement, texts of its inputs by name.

    Raises
    ------
    UnusableInputError
        If the table cannot be read, or measures what the study does not answer.
    """
    names = [name for variable in inputs for name in (variable.name, *(e.name for e in variable.elements()))]
    table = read_table(path, text=("output", "place", "time", "unit"))
    conditions = [str(column) for column in table.columns if column in names and column not in COLUMNS]
    for name in conditions:
        if name in [unknown.name for unknown in fitted]:
            raise UnusableInputError(
                f"observations '{path}' give '{name}', which is to be fitted; take one of both out"
            )
    observations = observations_of(path, table.drop(columns=conditions), outputs)
    check_observations(study, [observations], outputs, ())
    given = [
        {name: str(value) for name, value in zip(conditions, row, strict=True)} for row in table[conditions].to_numpy()
    ]
    for line, row in zip(table.attrs["lines"], given, strict=True):
        for name, text in row.items():
            if text in ("", "nan", "None", "<NA>"):
                raise UnusableInputError(f"observations '{path}', line {line}: '{name}' is missing")
    return observations, given


def observed_under(
    observations: Observations,
    given: Sequence[Mapping[str, str]],
    inputs: Sequence[Variable],
    outputs: Sequence[Output],
    fitted: Sequence[Unknown],
    told: Mapping[str, str],
    scenario: Scenario | None = None,
) -> ObservedRuns:
    """Measurements beside the inputs that they were made under.

    Parameters
    ----------
    observations : Observations
    given : sequence of mapping
        Inputs by name of each measurement, which override all others.
    inputs : sequence of Variable
    outputs : sequence of Output
    fitted : sequence of Unknown
    told : mapping of str to str
        Inputs that hold for all measurements.
    scenario : Scenario, optional
        For what is not told.

    Raises
    ------
    UnusableInputError
        If an input is missing, out of bounds or fitted at the same time, or a measurement has no standard error.
    """
    names = [unknown.name for unknown in fitted]
    for name in told:
        if name in names:
            raise UnusableInputError(f"input '{name}' is given and is to be fitted; take one of both out")
    for number, measured in enumerate(observations.measurements, start=1):
        if measured.sigma is None:
            raise UnusableInputError(
                f"measurement {number} of '{measured.output}' has no standard error, without which nothing says how well it is "
                "to be met; give it in the column 'sigma'"
            )
    layout = InputLayout(tuple(inputs))
    columns = [unknown.column for unknown in fitted if unknown.column is not None]
    middle = {layout.columns[k].name: (layout.columns[k].low + layout.columns[k].high) / 2 for k in columns}
    rows = np.array([question(inputs, {**told, **row, **middle}, scenario).row for row in given])
    different, condition = np.unique(rows, axis=0, return_inverse=True)
    places = [_place(measured, outputs) for measured in observations.measurements]
    first, second, share = (np.array(part) for part in zip(*places, strict=True))
    return ObservedRuns(
        observations.name,
        observations.source,
        tuple(observations.measurements),
        different,
        condition.ravel(),
        first.astype(int),
        second.astype(int),
        share.astype(float),
        positions_of(outputs),
    )


def _place(measured: Measurement, outputs: Sequence[Output]) -> tuple[int, int, float]:
    """Elements between which a measurement lies, among all outputs side by side, and the share of the second."""
    output = next(output for output in outputs if output.name == measured.output)
    start = output_slices(outputs)[output.name].start
    if not output.dims:
        return start, start, 0.0
    at: dict[str, int] = {}
    if output.place_dims:
        dim = output.place_dims[0]
        at[dim] = [str(coordinate) for coordinate in output.coords[dim]].index(measured.place)
    if measured.time is None:
        one = start + int(np.ravel_multi_index([at[dim] for dim in output.dims], output.shape))
        return one, one, 0.0
    times = np.asarray(output.coords["time"], dtype=float)
    after = int(np.clip(np.searchsorted(times, measured.time), 1, max(len(times) - 1, 1)))
    before = after - 1
    after = min(after, len(times) - 1)
    step = times[after] - times[before]
    share = float((measured.time - times[before]) / step) if step > 0 else 0.0
    ends = [
        start + int(np.ravel_multi_index([{**at, "time": k}[dim] for dim in output.dims], output.shape))
        for k in (before, after)
    ]
    return ends[0], ends[1], share
