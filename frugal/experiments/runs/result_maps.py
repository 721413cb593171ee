"""The maps of one answer as a GeoTIFF in their coordinate system."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from frugal.experiments.runs.result import Result
from frugal.experiments.study.geometry import Grid
from frugal.experiments.study.outputs import Output
from frugal.formats.rasters.geotiff_bands import Band, write_bands


def maps(outputs: Sequence[Output]) -> list[Output]:
    """What a GeoTIFF holds: outputs on the first grid that has a place, at one time."""
    placed = [output for output in outputs if output.is_grid and isinstance(output.geometry, Grid)]
    return [output for output in placed if output.geometry == placed[0].geometry]


def write_maps(path: Path | str, result: Result) -> None:
    """Write every map of one answer as a band, then the ends of the intervals.

    Cells that are undefined hold no data; where the grid has zones of which nothing is asked, the last band, ``zone``, holds
    their numbers, whose meaning stands in the tag ``ZONE``. The scalars of the same answer, what a run kept count of, and who
    answered what of which site stand in the other tags.

    Parameters
    ----------
    path : path
    result : Result
        With a map that lies somewhere.

    Raises
    ------
    UnusableInputError
        If the coordinate system is unknown.
    EnvironmentFaultError
        If the file cannot be written.
    """
    shown = maps(result.outputs)
    grid = shown[0].geometry
    assert isinstance(grid, Grid)
    bands = [
        Band(output.name + suffix, output.unit, result.value(output, suffix))
        for suffix in result.suffixes
        for output in shown
    ]
    zones = dict(enumerate(grid.zones, start=1))
    if zones:
        bands.append(Band("zone", "", np.select([grid.zone(name) for name in zones.values()], list(zones), 0.0)))
    codes = {"ZONE": "; ".join(["0 asked", *(f"{code} {name}" for code, name in zones.items())])} if zones else {}
    scalars = {o.name.upper(): f"{float(result.values[o.name]):.6g} {o.unit}" for o in result.outputs if not o.dims}
    kept = {d.name.upper(): f"{value:.6g} {d.unit}" for d, value in result.diagnostics}
    told = {name.upper(): text for name, text in result.attributes().items()}
    write_bands(path, bands, grid.crs, list(grid.transform), {**scalars, **kept, **told, **codes})
