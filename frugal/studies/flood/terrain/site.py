"""The place a flood study is asked for: a generated one, or a terrain model with its dike, its sea and its buildings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import Field, ValidationInfo, field_validator
from scipy import ndimage

from frugal.errors import UnusableInputError
from frugal.experiments.study.site import Site
from frugal.formats.coordinate_systems import told_bounds
from frugal.formats.ground.tiles import name_of_tiles, tiles_of_folders
from frugal.formats.rasters.surface_model import SurfaceModel
from frugal.formats.vectors.features import read_line
from frugal.studies.flood.terrain.generated_polder import polder
from frugal.studies.flood.terrain.generated_valley import valley
from frugal.studies.flood.terrain.ground_checks import (
    check_dike,
    check_files,
    check_outlet,
    count_buildings,
    downstream,
    extent,
    note_on_rise,
    notes_on_dike,
)
from frugal.studies.flood.terrain.reading import check_memory, read_terrain
from frugal.studies.flood.terrain.terrain import FloodTerrain, edge_of
from frugal.texts import room_texts

_TEXTS = room_texts("frugal.studies.flood")

Side = Literal["west", "east", "north", "south"]


class SubmersionSite(Site):
    """A coast behind a sea dike.

    Parameters
    ----------
    terrain : tuple of Path, optional
        Heights of the ground (and of the sea bed) in m above mean sea level, in a projected system in metres: one GeoTIFF or
        several that lie side by side, a folder of them, or point clouds (LAZ) with ground classes. A generated polder without
        it.
    dike : Path, optional
        The line of the dike, in any vector format; needed with a terrain.
    sea : tuple of str
        Sides of the terrain where the sea is: west, east, north, south.
    dike_crest_m : float, optional
        Height of the crest; the greatest height of the terrain along the line by default.
    sea_below_m : float
        Ground lower than this and connected with the sea's side without crossing the dike is sea.
    buildings : Path, optional
        Footprints or points of buildings, in any vector format.
    cell_size_m : float, optional
        Cells of the runs; those of the terrain by default.
    cells : int
        Rows and columns of the generated polder, which stays 3.2 km wide.
    manning : float
        Roughness of the ground in s/m^(1/3), for a roughness factor of 1.
    n_runs : int
        Runs of a campaign.
    seed : int
        Of the generated polder.
    """

    terrain: tuple[Path, ...] | None = Field(None, min_length=1)
    dike: Path | None = None
    sea: tuple[Side, ...] = Field(("west",), min_length=1)
    dike_crest_m: float | None = Field(None, allow_inf_nan=False)
    sea_below_m: float = Field(0.0, allow_inf_nan=False)
    buildings: Path | None = None
    cell_size_m: float | None = Field(None, gt=0.0, allow_inf_nan=False)
    cells: int = Field(64, ge=16, le=2000)
    manning: float = Field(0.035, ge=0.005, le=1.0)
    n_runs: int = Field(256, ge=16, le=100_000)
    seed: int = Field(0, ge=0)


class RiverFloodSite(Site):
    """A valley with its river.

    Parameters
    ----------
    terrain : tuple of Path, optional
        Heights of the ground in m, in a projected system in metres: one GeoTIFF or several that lie side by side, a folder of
        them, or point clouds (LAZ) with ground classes; a generated valley without it.
    river : Path, optional
        The axis of the river from upstream to downstream, in any vector format; needed with a terrain.
    channel_depth_m : float
        The bed of the river is lowered by so much below the terrain along its axis, where a survey from the air shows the
        surface of the water.
    buildings : Path, optional
        Footprints or points of buildings, in any vector format.
    cell_size_m : float, optional
        Cells of the runs; those of the terrain by default.
    manning, manning_river : float
        Roughness of the ground and of the river in s/m^(1/3), for a roughness factor of 1.
    peak_discharge : tuple of float
        Bounds in m³/s.
    volume : tuple of float
        Bounds of the volume of the wave in m³.
    time_to_peak_h : tuple of float
        Bounds in hours; minutes for a dam that breaks.
    downstream_depth : tuple of float
        Bounds of the level downstream, in m above the river's bed there.
    duration_h : float
        Length of the event in hours.
    n_runs : int
        Runs of a campaign.
    seed : int
        Of the generated valley.
    """

    terrain: tuple[Path, ...] | None = Field(None, min_length=1)
    river: Path | None = None
    channel_depth_m: float = Field(0.0, ge=0.0, allow_inf_nan=False)
    buildings: Path | None = None
    cell_size_m: float | None = Field(None, gt=0.0, allow_inf_nan=False)
    manning: float = Field(0.045, ge=0.005, le=1.0)
    manning_river: float = Field(0.03, ge=0.005, le=1.0)
    peak_discharge: tuple[float, float] = (300.0, 1500.0)
    volume: tuple[float, float] = (4e6, 16e6)
    time_to_peak_h: tuple[float, float] = (1.0, 3.0)
    downstream_depth: tuple[float, float] = (0.5, 4.0)
    duration_h: float = Field(10.0, gt=0.0, le=1000.0)
    n_runs: int = Field(128, ge=16, le=100_000)
    seed: int = Field(0, ge=0)

    @field_validator("peak_discharge", "volume", "time_to_peak_h", "downstream_depth")
    @classmethod
    def _grows(cls, bounds: tuple[float, float]) -> tuple[float, float]:
        if not 0 < bounds[0] < bounds[1] < float("inf"):
            raise ValueError(f"{bounds[0]:g}, {bounds[1]:g} are no bounds; two numbers, 0 < low < high, are needed")
        return bounds

    @field_validator("duration_h")
    @classmethod
    def _holds_the_peak(cls, duration_h: float, info: ValidationInfo) -> float:
        latest = info.data.get("time_to_peak_h", (0.0, 0.0))[1]
        if latest > duration_h:
            raise ValueError(
                f"the event would end before a peak at {latest:g} h (time_to_peak_h); {latest:g} or more is needed"
            )
        return duration_h


def river_valley(site: RiverFloodSite) -> FloodTerrain:
    """The terrain of a site.

    Raises
    ------
    UnusableInputError
        If a file cannot be used, the terrain has holes or is too large, or the river is missing, lies outside it or ends
        inland.
    """
    if site.terrain is None:
        if site.river is not None or site.buildings is not None:
            raise UnusableInputError("the site names a river or buildings but no terrain; give terrain = a GeoTIFF too")
        return valley(seed=site.seed)
    paths = tiles_of_folders(site.terrain)
    check_files(*(("terrain", path) for path in paths), river=site.river, buildings=site.buildings)
    ground, _, read_notes = read_terrain(paths, site.cell_size_m, site.n_runs)
    if site.river is None:
        raise UnusableInputError(
            f"terrain '{name_of_tiles(paths)}' is given and no river; give river = a file with its axis, from upstream"
        )
    line = read_line(site.river, ground.crs, "river")
    river, position = cells_along(line, ground, str(site.river), "river")
    river, position, notes = downstream(river, position, ground.heights, site.river)
    check_outlet(river, ground, site.river)
    notes = (*read_notes, *notes, *note_on_rise(river, ground, site.river))
    bed, manning = ground.heights.copy(), np.full(ground.heights.shape, site.manning)
    bed[tuple(river.T)] -= site.channel_depth_m
    manning[tuple(river.T)] = site.manning_river
    land = np.ones(bed.shape, dtype=bool)
    land[tuple(river.T)] = False
    found = _on_ground(ground, bed, manning, land, site)
    return replace(found, river=river, river_position_m=position, notes=(*notes, *found.notes))


def coast(site: SubmersionSite) -> FloodTerrain:
    """The terrain of a site.

    Raises
    ------
    UnusableInputError
        If a file cannot be used, the terrain has holes or is too large, or the dike is missing or lies outside it.
    """
    if site.terrain is None:
        if site.dike is not None or site.buildings is not None:
            raise UnusableInputError("the site names a dike or buildings but no terrain; give terrain = a GeoTIFF too")
        check_memory(site.cells**2, site.n_runs, f"{site.cells} × {site.cells} cells")
        return polder(site.cells, 3200.0 / site.cells, site.seed)
    paths = tiles_of_folders(site.terrain)
    check_files(*(("terrain", path) for path in paths), dike=site.dike, buildings=site.buildings)
    ground, crest, read_notes = read_terrain(paths, site.cell_size_m, site.n_runs)
    if site.dike is None:
        lowest = float(ground.heights.min())
        raise UnusableInputError(
            f"terrain '{name_of_tiles(paths)}' goes down to {lowest:.1f} m above mean sea level and the site names no dike; "
            "give dike = a file with its line"
        )
    line = read_line(site.dike, ground.crs, "dike")
    dike, position = cells_along(line, ground, str(site.dike))
    bed = ground.heights.copy()
    top = crest[tuple(dike.T)] if site.dike_crest_m is None else np.full(len(dike), site.dike_crest_m)
    bed[tuple(dike.T)] = np.maximum(bed[tuple(dike.T)], top)
    sea = sea_cells(bed, dike, site.sea, site.sea_below_m)
    if not sea.any():
        lowest = min(float(edge_of(bed, side).min()) for side in site.sea)
        raise UnusableInputError(
            f"no cell on the {', '.join(site.sea)} side of terrain '{name_of_tiles(paths)}' is lower than sea_below_m = "
            f"{site.sea_below_m:g} m (the lowest is {lowest:.2f} m): set sea to the sides where the sea is, or sea_below_m to "
            "a height above its bed there"
        )
    land = ~sea
    land[tuple(dike.T)] = False
    if not land.any():
        raise UnusableInputError(
            f"all of terrain '{name_of_tiles(paths)}' is lower than the sea ({site.sea_below_m:g} m) and not behind the dike"
        )
    check_dike(dike, crest, site.dike_crest_m, site.sea_below_m, site.dike)
    sill = _ground_behind(bed, land, dike)
    notes = *read_notes, *notes_on_dike(dike, bed, crest, sea, sill, site.dike_crest_m, site.sea_below_m, site.dike)
    found = _on_ground(ground, bed, np.full(bed.shape, site.manning), land, site)
    return replace(found, dike=dike, dike_position_m=position, sill_m=sill, notes=(*notes, *found.notes))


def _on_ground(
    ground: SurfaceModel,
    bed: np.ndarray,
    manning: np.ndarray,
    land: np.ndarray,
    site: SubmersionSite | RiverFloodSite,
) -> FloodTerrain:
    """A terrain where a file has its ground, without river or dike yet."""
    counted, notes = count_buildings(site.buildings, ground, land)
    if ground.converted_from:
        notes = (_TEXTS.say("note.converted", path=ground.source, unit=ground.converted_from), *notes)
    return FloodTerrain(
        bed=bed,
        cell_size_m=ground.resolution_m,
        manning=manning,
        land=land,
        buildings=counted,
        x_min=ground.x_min,
        y_max=ground.y_max,
        crs=ground.crs,
        source=f"{ground.source} (SHA-256 {ground.sha256[:12]})",
        notes=notes,
    )


def cells_along(line: np.ndarray, ground: SurfaceModel, name: str, what: str = "dike") -> tuple[np.ndarray, np.ndarray]:
    """Cells that a line runs through, in its order, and the distance along it of the middle of their stretch.

    What lies less than a cell beyond the last ones is left out: cells of another size than the file's cut a strip off it.

    Parameters
    ----------
    line : array [n, 2]
        Easting and northing of its corners [m], in the system of the ground.
    ground : SurfaceModel
    name : str
        Of the file, for the message.
    what : str
        What the line is, for the message.

    Returns
    -------
    cells : array of int [k, 2]
        Row and column, each cell once.
    position_m : array [k]
        From the beginning of the line.

    Raises
    ------
    UnusableInputError
        If the line leaves the terrain.
    """
    step = ground.resolution_m / 8
    lengths = np.hypot(*np.diff(line, axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(lengths)])
    distance = np.arange(0.0, along[-1] + step / 2, step)
    x, y = (np.interp(distance, along, line[:, k]) for k in (0, 1))
    column = np.floor((x - ground.x_min) / ground.resolution_m).astype(np.int64)
    row = np.floor((ground.y_max - y) / ground.resolution_m).astype(np.int64)
    rows, columns = ground.heights.shape
    outside = (row < 0) | (row >= rows) | (column < 0) | (column >= columns)
    beside = (row >= -1) & (row <= rows) & (column >= -1) & (column <= columns)
    if outside.all():
        own = told_bounds([*line.min(axis=0), *line.max(axis=0)])
        raise UnusableInputError(
            f"{what} '{name}' lies elsewhere ({own}) than the terrain ({told_bounds(extent(ground))}); check the coordinate "
            "systems of both"
        )
    if not beside.all():
        raise UnusableInputError(
            f"{what} '{name}' leaves the terrain along {max(outside.mean(), 0.01):.0%} of its length"
        )
    row, column, distance = row[~outside], column[~outside], distance[~outside]
    cells, member = np.unique(np.stack([row, column], axis=1), axis=0, return_inverse=True)
    member = member.ravel()
    middle = np.bincount(member, distance) / np.bincount(member)
    order = np.argsort(middle)
    return cells[order], middle[order]


def sea_cells(bed: np.ndarray, dike: np.ndarray, sides: tuple[Side, ...], below_m: float) -> np.ndarray:
    """Cells lower than ``below_m`` that are connected with a side of the sea without crossing the dike.

    Parameters
    ----------
    bed : ndarray [y, x]
        Height of the ground [m], dike crests included.
    dike : array of int [k, 2]
        Row and column of its cells.
    sides : tuple of str
        Among west, east, north and south.
    below_m : float
        In the zero of the bed.

    Returns
    -------
    ndarray of bool [y, x]
        Cells that touch only at a corner do not connect.
    """
    low = bed < below_m
    low[tuple(dike.T)] = False
    labels, _ = ndimage.label(low)
    numbers = np.unique(np.concatenate([edge_of(labels, side) for side in sides]))
    return np.isin(labels, numbers[numbers > 0])


def _ground_behind(bed: np.ndarray, land: np.ndarray, dike: np.ndarray) -> np.ndarray:
    """Lowest land next to each cell of the dike; the lowest land next to any of them where a cell has none."""
    lowest = ndimage.minimum_filter(np.where(land, bed, np.inf), size=3, mode="nearest")[tuple(dike.T)]
    known = np.isfinite(lowest)
    if not known.any():
        raise UnusableInputError("no land lies next to the dike; check its line and the sides of the sea")
    return np.where(known, lowest, lowest[known].min())
