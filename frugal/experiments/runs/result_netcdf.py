"""One answer as a NetCDF-CF file: maps, series at places and along lines, vectors and scalars, each where it lies."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import numpy as np

from frugal import __version__
from frugal.experiments.runs.result import Result
from frugal.experiments.study.geometry import GRID_DIMS, PLACE_DIM, TIME_DIM, Grid, Lines, Points, TimeAxis
from frugal.experiments.study.outputs import Output
from frugal.formats.netcdf.cf_file import CfVariable, write_netcdf
from frugal.formats.netcdf.cf_places import (
    LATITUDE,
    LONGITUDE,
    grid_mapping,
    has_mapping_name,
    horizontal_attributes,
    in_degrees,
    is_geographic,
    is_on_earth,
)
from frugal.formats.netcdf.cf_units import time_units, udunits

_ENDS = {"": "", "_lower": ", lower end of its interval", "_upper": ", upper end of its interval"}


def write_result(path: Path | str, result: Result, standard_names: Mapping[str, str] | None = None) -> None:
    """Write one answer as a NetCDF-4 file after CF 1.11.

    Grids have their coordinates and a grid mapping. Points, and places along lines, are features: with a time axis time series
    (``featureType``), ``[place, time]``; without one CF knows no feature type, and their coordinates stand beside them.
    Undefined elements are missing (``_FillValue``). The ends of an interval are ancillary variables of their value.

    Parameters
    ----------
    path : path
    result : Result
    standard_names : mapping of str to str, optional
        Names of the CF conventions of outputs that have one.

    Raises
    ------
    UnusableInputError
        If a coordinate system is unknown.
    EnvironmentFaultError
        If the file cannot be written.
    """
    file = _File(result, standard_names or {})
    for output in result.outputs:
        file.add(output)
    for diagnostic, value in result.diagnostics:
        told = {"long_name": diagnostic.label.get("en", diagnostic.name), "units": udunits(diagnostic.unit)}
        file.variables.append(CfVariable(diagnostic.name, (), np.float64(value), told))
    write_netcdf(path, file.variables, _attributes(result))


def _attributes(result: Result) -> dict[str, str]:
    who = result.candidate if result.candidate == "full_physics" else f"candidate {result.candidate}"
    told = result.attributes()
    del told["software"]
    told = {"title": result.title or result.study, "source": f"frugal {__version__}, {who}", **told}
    if result.sources:
        told["references"] = "; ".join(result.sources)
    if any(output.is_series and isinstance(output.geometry, Points | Lines) for output in result.outputs):
        told["featureType"] = "timeSeries"
    return told


class _File:
    """Variables of a file, in which outputs with the same places or times share them.

    Parameters
    ----------
    result : Result
    standard_names : mapping of str to str
        Of outputs.
    """

    def __init__(self, result: Result, standard_names: Mapping[str, str]) -> None:
        self.result = result
        self.standard_names = standard_names
        self.variables: list[CfVariable] = []
        self._taken = {output.name + suffix for output in result.outputs for suffix in result.suffixes}
        self._taken |= {diagnostic.name for diagnostic, _ in result.diagnostics}
        self._known: dict[Hashable, Any] = {}

    def add(self, output: Output) -> None:
        """Write an output, and what its dimensions need that is not there yet."""
        dims, told = self._dims(output)
        for suffix in self.result.suffixes:
            values = self.result.value(output, suffix)
            if output.is_series and isinstance(output.geometry, Points | Lines):
                values = values.T  # of features, the place comes first
            attributes: dict[str, Any] = {
                "long_name": output.label.get("en", output.name) + _ENDS.get(suffix, suffix),
                "units": udunits(output.unit),
                **told,
            }
            if output.name in self.standard_names:
                attributes["standard_name"] = self.standard_names[output.name]
            beside = [output.name + other for other in self.result.suffixes if other]
            if not suffix and beside:
                attributes["ancillary_variables"] = " ".join(beside)
            self.variables.append(CfVariable(output.name + suffix, dims, values, attributes, bool(output.dims)))

    def _dims(self, output: Output) -> tuple[tuple[str, ...], dict[str, str]]:
        """Names of its dimensions in the file, and the attributes that say where it lies."""
        geometry, times = output.geometry, self._time(output)
        if isinstance(geometry, Grid):
            dims, told = self._once(geometry, lambda: self._grid(geometry))
            return (*times, *dims), told
        if geometry is not None:
            dims, told = self._once(geometry, lambda: self._places(geometry))
            return (*dims, *times), told
        plain = [dim for dim in output.dims if not (times and dim == TIME_DIM)]
        named = [
            self._once((dim, *map(str, output.coords[dim])), lambda d=dim: self._plain(d, output)) for dim in plain
        ]
        labels = [label for _, label in named if label]
        return (*times, *(dim for dim, _ in named)), {"coordinates": " ".join(labels)} if labels else {}

    def _time(self, output: Output) -> tuple[str, ...]:
        axis = output.time
        return () if axis is None else (self._once(axis, lambda: self._time_axis(axis)),)

    def _time_axis(self, axis: TimeAxis) -> str:
        name = self._free(TIME_DIM)
        told = {"units": time_units(axis.unit, axis.origin), "axis": "T"}
        if axis.origin:
            told |= {"standard_name": "time", "long_name": "time", "calendar": "standard"}
        else:
            told["long_name"] = "time since the beginning of the event"
        self._add(name, (name,), np.array(axis.values), told)
        return name

    def _grid(self, grid: Grid) -> tuple[tuple[str, ...], dict[str, str]]:
        a, b, c, d, e, f = grid.transform
        mapping = self._mapping(grid.crs, grid.transform)
        told_x, told_y = horizontal_attributes(grid.crs)
        rows, columns = (np.arange(n) + 0.5 for n in grid.shape)
        x, y = a * columns + b * rows[:, None] + c, d * columns + e * rows[:, None] + f
        if not (b or d):
            names = tuple(self._free(dim) for dim in GRID_DIMS)
            self._add(names[0], names[:1], y[:, 0], {**told_y, "axis": "Y"})
            self._add(names[1], names[1:], x[0], {**told_x, "axis": "X"})
            beside = []
        else:  # askew: rows and columns are no coordinates
            names = (self._free("row"), self._free("column"))
            beside = [self._add(self._free("x"), names, x, told_x), self._add(self._free("y"), names, y, told_y)]
        if not has_mapping_name(grid.crs):
            beside += self._degrees(names, x, y, grid.crs)
        return names, {"grid_mapping": mapping, **({"coordinates": " ".join(beside)} if beside else {})}

    def _places(self, geometry: Points | Lines) -> tuple[tuple[str, ...], dict[str, str]]:
        dims = (self._free(PLACE_DIM),)
        series = any(o.is_series for o in self.result.outputs if o.geometry == geometry)
        first = series and not any("cf_role" in variable.attributes for variable in self.variables)
        role = {"cf_role": "timeseries_id"} if first else {}  # a file has one such variable
        names = self._add(self._free("place_name"), dims, np.array(geometry.names), {"long_name": "place", **role})
        beside = [names]
        if isinstance(geometry, Lines):
            reach = list(chain.from_iterable(repeat(name, len(at)) for name, at in geometry.chainage.items()))
            along = np.array(list(chain.from_iterable(geometry.chainage.values())))
            unit = horizontal_attributes(geometry.crs)[0]["units"]
            told = {"long_name": "distance from the beginning of the line", "units": unit}
            beside.append(self._add(self._free("reach"), dims, np.array(reach), {"long_name": "line"}))
            beside.append(self._add(self._free("chainage"), dims, along, told))
        x, y = map(np.array, geometry.places())
        mapping = self._mapping(geometry.crs)
        if not is_geographic(geometry.crs):
            told_x, told_y = horizontal_attributes(geometry.crs)
            beside += [self._add(self._free("x"), dims, x, told_x), self._add(self._free("y"), dims, y, told_y)]
        beside += self._degrees(dims, x, y, geometry.crs)
        return dims, {"coordinates": " ".join(beside), "grid_mapping": mapping}

    def _degrees(self, dims: tuple[str, ...], x: np.ndarray, y: np.ndarray, crs: str) -> list[str]:
        if not is_on_earth(crs):
            return []
        longitude, latitude = in_degrees(x, y, crs)
        return [
            self._add(self._free("lon"), dims, longitude, LONGITUDE),
            self._add(self._free("lat"), dims, latitude, LATITUDE),
        ]

    def _plain(self, dim: str, output: Output) -> tuple[str, str]:
        """A dimension that lies nowhere: numbers are its coordinate, words stand beside it."""
        name, values = self._free(dim), np.array(output.coords[dim])
        if values.dtype.kind in "if":
            self._add(name, (name,), values, {"long_name": dim})
            return name, ""
        return name, self._add(self._free(f"{dim}_name"), (name,), values.astype(str), {"long_name": dim})

    def _mapping(self, crs: str, transform: Sequence[float] | None = None) -> str:
        def make() -> str:
            name = self._free("crs")
            self.variables.append(grid_mapping(name, crs, None if transform is None else tuple(transform)))
            return name

        return str(self._once((crs, transform), make))

    def _once(self, key: Hashable, make: Any) -> Any:
        """What was made under a key; geometries that hold tables go by their own text."""
        key = key if isinstance(key, tuple) else repr(key)
        if key not in self._known:
            self._known[key] = make()
        return self._known[key]

    def _add(self, name: str, dims: tuple[str, ...], values: np.ndarray, attributes: dict[str, str]) -> str:
        self.variables.append(CfVariable(name, dims, values, dict(attributes)))
        return name

    def _free(self, name: str) -> str:
        """A name that nothing in the file has yet: ``time``, else ``time_2``."""
        found, number = name, 1
        while found in self._taken:
            number += 1
            found = f"{name}_{number}"
        self._taken.add(found)
        return found
