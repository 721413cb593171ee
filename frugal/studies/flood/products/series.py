"""Series of one flood as tables, and where its sections lie."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from frugal.formats.vectors.places import Layer, write_geopackage_layers
from frugal.physics.shallow_water.watch_list import Observed
from frugal.physics.shallow_water.watching import HOUR_S
from frugal.studies.flood.products.places import DIKE_CELL
from frugal.studies.flood.terrain.terrain import FloodTerrain


def point_table(names: Sequence[str], seen: Observed, zero_m: float = 0.0) -> str:
    """CSV with a row for each time and point; velocity goes eastward and northward.

    Parameters
    ----------
    names : sequence of str
        Of the points.
    seen : Observed
    zero_m : float
        How high the zero of the run stands above that of the levels that are written.
    """
    rows = [
        (
            _plain(time / HOUR_S),
            name,
            *(_plain(value) for value in (seen.bed[at, k] + seen.depth[at, k] + zero_m, seen.depth[at, k])),
            *(_plain(value) for value in (seen.u[at, k], -seen.v[at, k])),
        )
        for at, time in enumerate(seen.times_s)
        for k, name in enumerate(names)
    ]
    return _table(("time_h", "point", "level_m", "depth_m", "eastward_m_s", "northward_m_s"), rows)


def discharge_table(names: Sequence[str], seen: Observed) -> str:
    """CSV with a row for each time and section: the mean discharge since the time before, and all that has passed.

    Single cells of the dike are left out; what passed them stands in the GeoPackage of the sections.
    """
    shown = [k for k, name in enumerate(names) if not name.startswith(DIKE_CELL)]
    discharge = np.vstack([np.full((1, len(names)), np.nan), seen.discharge])
    rows = [
        (_plain(time / HOUR_S), names[k], _plain(discharge[at, k]), _plain(seen.volume[at, k]))
        for at, time in enumerate(seen.times_s)
        for k in shown
    ]
    return _table(("time_h", "section", "discharge_m3_s", "volume_m3"), rows)


def gross_volumes(terrain: FloodTerrain, names: Sequence[str], seen: Observed, breached: np.ndarray) -> np.ndarray:
    """What passed each section one way and back ``[2, section]`` [m³].

    A section goes one way at each instant. The dike and its breaches may let the sea in at one place and water out at another:
    theirs are sums over the cells of the dike.

    Parameters
    ----------
    terrain : FloodTerrain
    names : sequence of str
        Of the sections of ``seen``.
    seen : Observed
    breached : ndarray of int [k, 2]
        Row and column of the cells that breaches lower.
    """
    lowered = set(map(tuple, breached.tolist()))
    cells = {k: tuple(cell) for k, cell in enumerate(terrain.dike.tolist())}
    number = {name: k for k, name in enumerate(names)}
    of_cell = {k: number[f"{DIKE_CELL}{k}"] for k in cells if f"{DIKE_CELL}{k}" in number}
    found = seen.gross.copy()
    for name, kept in (
        ("dike", list(of_cell.values())),
        ("breach", [n for k, n in of_cell.items() if cells[k] in lowered]),
    ):
        if name in number and kept:
            found[:, number[name]] = seen.gross[:, kept].sum(axis=1)
    return found


def write_places(
    path: Path,
    terrain: FloodTerrain,
    names: Sequence[str],
    followed: Mapping[str, np.ndarray],
    seen: Observed,
    tags: Mapping[str, str],
) -> None:
    """Write the sections as the edges of cells that they follow, and the cells of the dike, with what passed each.

    Parameters
    ----------
    path : Path
    terrain : FloodTerrain
    names : sequence of str
        Of the sections of ``seen``.
    followed : mapping of str to array [n, 2]
        Corners of cells along each line.
    seen : Observed
    tags : mapping of str to str
        Metadata of the file.
    """
    import shapely

    there, back = seen.gross
    number = {name: k for k, name in enumerate(names)}
    peak = seen.discharge.max(axis=0, initial=0.0)

    def layer(title: str, shapes: Sequence[Any], keys: Sequence[str], **columns: Any) -> Layer:
        told = {
            **columns,
            "volume": np.array([seen.passed[number[key]] for key in keys]),
            "volume_in": np.array([there[number[key]] for key in keys]),
            "volume_out": np.array([back[number[key]] for key in keys]),
            "peak_discharge": np.array([peak[number[key]] for key in keys]),
        }
        units = {**dict.fromkeys(("volume", "volume_in", "volume_out"), "m^3"), "peak_discharge": "m^3/s"}
        return Layer(title, terrain.crs, shapes, told, {**units, "position": "m", "crest": "m"})

    layers = []
    if followed:
        layers.append(
            layer(
                "sections",
                [shapely.LineString(line) for line in followed.values()],
                list(followed),
                name=list(followed),
            )
        )
    cells = [k for k in range(len(terrain.dike)) if f"{DIKE_CELL}{k}" in number]
    if cells:
        x, y = (np.array(terrain.coordinates[name]) for name in ("x", "y"))
        rows, columns = terrain.dike[cells].T
        layers.append(
            layer(
                "dike",
                list(shapely.points(x[columns], y[rows])),
                [f"{DIKE_CELL}{k}" for k in cells],
                cell=np.array(cells),
                position=terrain.dike_position_m[cells],
                crest=terrain.bed[rows, columns] + terrain.zero_m,
            )
        )
    write_geopackage_layers(path, layers, tags)


def _plain(value: float) -> str:
    return "" if np.isnan(value) else f"{float(value) + 0.0:.6g}"  # no -0


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return stream.getvalue()
