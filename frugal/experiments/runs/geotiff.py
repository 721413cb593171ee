"""The maps of one answer as a GeoTIFF in the coordinate system of their study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from frugal.errors import UnusableInputError
from frugal.experiments.study.geometry import Grid
from frugal.experiments.study.outputs import Output, defined_cells
from frugal.formats.rasters.geotiff_bands import Band, write_bands


def check_maps(study_name: str, outputs: Sequence[Output]) -> Grid:
    """Refuse a study that has no map, or does not say where its maps lie.

    Parameters
    ----------
    study_name : str
        For the message.
    outputs : sequence of Output
        At least one has to be a map.

    Returns
    -------
    Grid
        Of the first map.

    Raises
    ------
    UnusableInputError
        Saying which.
    """
    if not any(output.is_grid for output in outputs):
        raise UnusableInputError(f"study '{study_name}' has no map; --geotiff needs one")
    grids = [output.geometry for output in outputs if isinstance(output.geometry, Grid) and output.is_grid]
    if not grids:
        raise UnusableInputError(
            f"study '{study_name}' does not say where its maps lie (no coordinate system): no GeoTIFF can be made"
        )
    return grids[0]


def write_maps(
    path: Path | str,
    study_name: str,
    outputs: Sequence[Output],
    values: Mapping[str, np.ndarray],
    tags: Mapping[str, str],
    suffixes: Sequence[str] = ("",),
) -> None:
    """Write every map of one answer as a band.

    Maps that have a meaning only where another one is wet hold no data where that one is dry. The scalars of the same answer
    and the study stand in the tags.

    Parameters
    ----------
    path : path
    study_name : str
    outputs : sequence of Output
    values : mapping of str to array
        Of the shape of its output each, by its name with each of the suffixes.
    tags : mapping of str to str
        More of them.
    suffixes : sequence of str
        All maps are written with the first, then all with the second: ends of an interval.

    Raises
    ------
    UnusableInputError
        If there is no map or no grid.
    EnvironmentFaultError
        If the file cannot be written.
    """
    grid = check_maps(study_name, outputs)
    bands = []
    for suffix in suffixes:
        for output in outputs:
            if output.geometry == grid:
                map_values = np.asarray(values[output.name + suffix], dtype=float)
                bands.append(
                    Band(output.name + suffix, output.unit, np.where(_dry(outputs, output, values), np.nan, map_values))
                )
    scalars = {o.name.upper(): f"{float(values[o.name]):.6g} {o.unit}" for o in outputs if not o.dims}
    all_tags = {**scalars, "STUDY": study_name, **tags, "SOFTWARE": "frugal"}
    write_bands(path, bands, grid.crs, list(grid.transform), all_tags)


def _dry(outputs: Sequence[Output], output: Output, values: Mapping[str, np.ndarray]) -> np.ndarray:
    """Cells ``[y, x]`` where a map has no meaning."""
    if not output.defined_where:
        return np.zeros(output.shape, dtype=bool)
    source = next(o for o in outputs if o.name == output.defined_where)
    defined = defined_cells(np.reshape(values[source.name], (1, -1)), [source], source)
    return ~defined[0].reshape(output.shape)
