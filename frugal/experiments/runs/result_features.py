"""The values of one answer at points and places along lines, as features of a GeoPackage or a GeoParquet file."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import numpy as np

from frugal.experiments.runs.result import Result
from frugal.experiments.study.geometry import Lines, Points
from frugal.experiments.study.outputs import Output
from frugal.formats.vectors.places import Layer, write_geopackage_layers, write_geoparquet_layer

#: Names of the layers: places with their values, and the lines that they lie on.
PLACES, LINES = "places", "lines"


def features(outputs: Sequence[Output]) -> list[Output]:
    """What a layer of places holds: outputs at points or along lines, at one time."""
    return [output for output in outputs if isinstance(output.geometry, Points | Lines) and output.time is None]


def write_geopackage(path: Path | str, result: Result) -> None:
    """Write a layer for each set of places, a feature a place and a column an output, and one for the lines.

    Parameters
    ----------
    path : path
    result : Result
        With outputs at points or along lines at one time.

    Raises
    ------
    UnusableInputError
        If a coordinate system is unknown.
    EnvironmentFaultError
        If the file cannot be written.
    """
    layers, lines = [], []
    for number, outputs in enumerate(_by_geometry(features(result.outputs))):
        of = "" if number == 0 else f"_{outputs[0].name}"
        layers.append(_places(PLACES + of, result, outputs))
        if isinstance(outputs[0].geometry, Lines):
            lines.append(_lines(LINES + of, outputs[0].geometry))
    write_geopackage_layers(path, [*layers, *lines], _attributes(result))


def write_geoparquet(path: Path | str, result: Result) -> None:
    """Write the first set of places, a row a place and a column an output.

    Parameters
    ----------
    path : path
    result : Result
        With outputs at points or along lines at one time.

    Raises
    ------
    UnusableInputError
        If a coordinate system is unknown.
    EnvironmentFaultError
        If the file cannot be written.
    """
    outputs = first_places(result.outputs)
    write_geoparquet_layer(path, _places(PLACES, result, outputs), _attributes(result))


def first_places(outputs: Sequence[Output]) -> list[Output]:
    """Outputs on the first set of places: a GeoParquet file is one table."""
    found = _by_geometry(features(outputs))
    return found[0] if found else []


def _by_geometry(outputs: Sequence[Output]) -> list[list[Output]]:
    groups: list[list[Output]] = []
    for output in outputs:
        same = next((group for group in groups if group[0].geometry == output.geometry), None)
        if same is None:
            groups.append([output])
        else:
            same.append(output)
    return groups


def _places(name: str, result: Result, outputs: Sequence[Output]) -> Layer:
    from shapely import points

    geometry = outputs[0].geometry
    assert isinstance(geometry, Points | Lines)
    columns: dict[str, Any] = {"place": geometry.names}
    if isinstance(geometry, Lines):
        columns["reach"] = list(chain.from_iterable(repeat(reach, len(at)) for reach, at in geometry.chainage.items()))
        columns["chainage"] = np.array(list(chain.from_iterable(geometry.chainage.values())))
    units: dict[str, str] = {}
    labels: dict[str, str] = {}
    for output in outputs:
        for suffix in result.suffixes:
            column = output.name + suffix
            columns[column] = result.value(output, suffix)
            units[column] = output.unit
            labels[column] = output.label.get("en", output.name) + suffix.replace("_", ", ")
    return Layer(name, geometry.crs, list(points(*map(np.array, geometry.places()))), columns, units, labels)


def _lines(name: str, geometry: Lines) -> Layer:
    from shapely import LineString

    lines = [LineString(vertices) for vertices in geometry.reaches.values()]
    columns: dict[str, Any] = {"reach": list(geometry.reaches), "length": np.array([line.length for line in lines])}
    return Layer(name, geometry.crs, lines, columns)


def _attributes(result: Result) -> dict[str, str]:
    scalars = {o.name: f"{float(result.values[o.name]):.6g} {o.unit}" for o in result.outputs if not o.dims}
    kept = {d.name: f"{value:.6g} {d.unit}" for d, value in result.diagnostics}
    return {**scalars, **kept, **result.attributes()}
