"""Which inputs a question to a study means: those given, those of a scenario, and what is assumed for the others."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from frugal.errors import UnusableInputError, did_you_mean
from frugal.experiments.study.alternatives import Arrays
from frugal.experiments.study.input_layout import InputLayout
from frugal.experiments.study.outputs import Output
from frugal.experiments.study.scenarios import Measurement, Observations, Scenario
from frugal.experiments.study.values import check_bounds, parse_value
from frugal.experiments.study.variables import Parameter, Variable

#: So many of the inputs that are missing are named.
_MOST_NAMED = 8

Why = Literal["scenario", "default", "middle"]


@dataclass(frozen=True)
class Question:
    """One row of inputs ``[d]``, and for each that nobody gave where its value comes from.

    ``assumed`` is by name of the input, or of the element where a part of a vector was given: ``scenario``, ``default``, or
    ``middle`` of its bounds.
    """

    row: np.ndarray
    assumed: Mapping[str, Why]


@dataclass(frozen=True)
class DetailsAsked:
    """What is asked of a run beyond its outputs.

    Parameters
    ----------
    times_s : tuple of float
        Times on the clock of the event at which the whole state is wanted.
    points, sections : Path, optional
        Files of places and of lines of which series are wanted.
    interval_s : float
        Between the times of the series.
    language : str
        Of pictures.
    """

    times_s: tuple[float, ...] = ()
    points: Path | None = None
    sections: Path | None = None
    interval_s: float = 600.0
    language: str = "en"


@dataclass(frozen=True)
class Details:
    """A run told in detail.

    Parameters
    ----------
    outputs : mapping
        What ``solve`` gives for the same inputs.
    write : callable
        ``write(folder, tags)`` fills a folder; ``tags`` are texts by name that say who answered what, for every file.
    """

    outputs: Arrays
    write: Callable[[Path, Mapping[str, str]], None]


#: Names that the run store and the ONNX graphs use themselves, or that solvers and answers take beside the inputs.
RESERVED = frozenset(
    {
        "run",
        "status",
        "message",
        "cpu_seconds",
        "held_out",
        "subject",
        "place",
        "inputs",
        "in_domain",
        "object_id",
        "xp",
        "scenario",
        "parameters",
    }
)


def question(
    variables: Sequence[Variable],
    given: Mapping[str, Any],
    scenario: Scenario | None = None,
    *,
    assume_middle: bool = False,
    bounded: bool = True,
) -> Question:
    """The row that a user means.

    Parameters
    ----------
    variables : sequence of Variable
    given : mapping
        Values by name: numbers, or texts as a user writes them (``30 km/h``, a choice by its name). Of a vector a list
        (``0, 10, 20``), one value for all elements, or single elements by their names, ``horizon_deg[090]``.
    scenario : Scenario, optional
        For what is not given.
    assume_middle : bool
        An input without a default takes the middle of its bounds (of choices the first) instead of being missing.
    bounded : bool
        Refuse values out of bounds.

    Raises
    ------
    UnusableInputError
        If a name is unknown, a value is not allowed or out of bounds, or an input is missing.
    """
    layout = InputLayout(tuple(variables))
    row = np.full(len(layout.columns), np.nan)
    origin: list[Why | None] = [None] * len(row)

    def settle(values: np.ndarray, why: Why) -> None:
        for k in np.flatnonzero(np.isnan(row) & ~np.isnan(values)):
            row[k], origin[k] = values[k], why

    _fill(layout, row, given)
    if scenario is not None:
        told = np.full(len(row), np.nan)
        _fill(layout, told, scenario.values)
        settle(told, "scenario")
    columns = layout.columns
    settle(np.array([np.nan if c.default is None else float(c.default) for c in columns]), "default")  # type: ignore[arg-type]
    if assume_middle:
        settle(np.array([c.low if c.choices else (c.low + c.high) / 2 for c in columns]), "middle")
    missing = [column.name for column, value in zip(layout.columns, row, strict=True) if math.isnan(value)]
    if missing:
        if len(missing) == 1:
            raise UnusableInputError(f"input '{missing[0]}' is missing")
        named = ", ".join(f"'{name}'" for name in missing[:_MOST_NAMED])
        more = f" and {len(missing) - _MOST_NAMED} more" if len(missing) > _MOST_NAMED else ""
        raise UnusableInputError(f"{len(missing)} inputs are missing: {named}{more}")
    if bounded:
        check_bounds(layout.columns, row.tolist())
    return Question(row, _by_name(layout, origin))


def _by_name(layout: InputLayout, origin: Sequence[Why | None]) -> dict[str, Why]:
    """Where what nobody gave comes from: by variable, or by element of a vector of which only a part was given."""
    found: dict[str, Why] = {}
    for variable in layout.variables:
        where = layout.slices[variable.name]
        reasons = origin[where]
        if len(set(reasons)) == 1 and reasons[0] is not None:
            found[variable.name] = reasons[0]
        else:
            parts = zip(layout.columns[where], reasons, strict=True)
            found |= {column.name: why for column, why in parts if why is not None}
    return found


def _fill(layout: InputLayout, row: np.ndarray, values: Mapping[str, Any]) -> None:
    """Write values into a row; elements after the vectors that they belong to."""
    variables = {variable.name: variable for variable in layout.variables}
    columns = {column.name: k for k, column in enumerate(layout.columns)}
    for name in sorted(values, key=lambda name: name not in variables):
        if name in variables:
            row[layout.slices[name]] = variable_values(variables[name], values[name])
        elif name in columns:
            row[columns[name]] = _number(layout.columns[columns[name]], values[name])
        else:
            known = [*variables, *(column for column in columns if column not in variables)]
            shown = ", ".join(variables)
            raise UnusableInputError(f"input '{name}' is unknown; known: {shown}{did_you_mean(name, known)}")


def variable_values(variable: Variable, value: Any) -> tuple[float, ...]:
    """A value for each element of an input, from a number, a text, or a list of them.

    Raises
    ------
    UnusableInputError
        If there are not as many as elements, or one is not allowed.
    """
    if isinstance(value, str) and variable.dims:
        signs = ";" if ";" in value else ","
        value = [part.strip() for part in value.split(signs)]
        value = value[0] if len(value) == 1 else value
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return variable.elements_of([_number(variable, part) for part in value])
    return variable.elements_of(_number(variable, value))


def _number(variable: Variable, value: Any) -> float:
    if isinstance(value, str):
        return parse_value(variable, value)
    try:
        return float(value)
    except (TypeError, ValueError) as fault:
        raise UnusableInputError(f"input '{variable.name}' = {value!r} must be a number in {variable.unit}") from fault


def find_scenario(scenarios: Sequence[Scenario], name: str, study: str) -> Scenario:
    """The scenario of a name.

    Raises
    ------
    UnusableInputError
        If there is none, naming those that there are.
    """
    known = {scenario.name: scenario for scenario in scenarios}
    if name not in known:
        raise UnusableInputError(
            f"scenario '{name}' of study '{study}' is unknown; known: {', '.join(known) or 'none'}{did_you_mean(name, known)}"
        )
    return known[name]


def check_scenarios(study: str, scenarios: Sequence[Scenario], variables: Sequence[Variable]) -> None:
    """Refuse scenarios that do not fit the inputs of a study.

    Parameters
    ----------
    study : str
        Its name, for the sentence.
    scenarios : sequence of Scenario
    variables : sequence of Variable

    Raises
    ------
    UnusableInputError
        Naming which, and what does not fit.
    """
    _check_unique(study, "scenarios", [scenario.name for scenario in scenarios])
    for scenario in scenarios:
        try:
            question(variables, scenario.values, assume_middle=True)
        except UnusableInputError as fault:
            raise UnusableInputError(f"scenario '{scenario.name}' of study '{study}': {fault}") from fault


def check_parameters(study: str, parameters: Sequence[Parameter], values: Mapping[str, float]) -> None:
    """Refuse values of parameters that a study does not have, or that leave their bounds.

    Parameters
    ----------
    study : str
        Its name, for the sentence.
    parameters : sequence of Parameter
    values : mapping of str to float
        By name.

    Raises
    ------
    UnusableInputError
        Naming which, and what is allowed.
    """
    known = {parameter.name: parameter for parameter in parameters}
    for name, value in values.items():
        if name not in known:
            told = ", ".join(known) or "none"
            raise UnusableInputError(
                f"parameter '{name}' of study '{study}' is unknown; known: {told}{did_you_mean(name, known)}"
            )
        parameter = known[name]
        if not parameter.low <= value <= parameter.high:
            unit = "" if parameter.unit == "1" else f" {parameter.unit}"
            raise UnusableInputError(
                f"parameter '{name}' = {value:g}{unit} is out of bounds [{parameter.low:g}, {parameter.high:g}]"
            )


def _check_unique(study: str, kind: str, names: Sequence[str]) -> None:
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise UnusableInputError(f"study '{study}' has two {kind} named '{twice[0]}'; each needs its own name")


def check_observations(
    study: str, observed: Sequence[Observations], outputs: Sequence[Output], scenarios: Sequence[Scenario]
) -> None:
    """Refuse measurements of what a study does not answer.

    Parameters
    ----------
    study : str
        Its name, for the sentence.
    observed : sequence of Observations
    outputs : sequence of Output
    scenarios : sequence of Scenario
        Among which those of the observations have to be.

    Raises
    ------
    UnusableInputError
        Naming the observations, and the output, place or time.
    """
    _check_unique(study, "observations", [observations.name for observations in observed])
    by_name = {output.name: output for output in outputs}
    for observations in observed:
        if observations.scenario:
            find_scenario(scenarios, observations.scenario, study)
        for measured in observations.measurements:
            _check_measurement(study, observations.name, measured, by_name)


def _check_measurement(study: str, name: str, measured: Measurement, outputs: Mapping[str, Output]) -> None:
    who = f"observations '{name}'"
    if measured.output not in outputs:
        raise UnusableInputError(
            f"{who} measure '{measured.output}', which is no output of study '{study}'; "
            f"known: {', '.join(outputs)}{did_you_mean(measured.output, outputs)}"
        )
    output = outputs[measured.output]
    places = output.place_dims
    if len(places) > 1:
        raise UnusableInputError(f"{who} measure '{measured.output}', whose places have no names: it is a grid")
    known = [str(coordinate) for coordinate in output.coords[places[0]]] if places else [""]
    if measured.place not in known:
        told = ", ".join(known[:12]) if places else "none: it has no places"
        raise UnusableInputError(
            f"{who} measure '{measured.output}' at '{measured.place}'; known: {told}{did_you_mean(measured.place, known)}"
        )
    if (measured.time is None) == output.is_series:
        told = "needs a time" if output.is_series else "has no time"
        raise UnusableInputError(f"{who} measure '{measured.output}' at time {measured.time}; it {told}")
    if output.is_series and measured.time is not None:
        times = [float(time) for time in output.coords["time"]]
        if not times[0] <= measured.time <= times[-1]:
            raise UnusableInputError(
                f"{who} measure '{measured.output}' at time {measured.time:g}; known are {times[0]:g} to {times[-1]:g}"
            )
