"""The valley of a river flood: ground, the rivers cut into it, and where the wave enters by each."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from frugal.errors import UnusableInputError
from frugal.formats.ground.tiles import name_of_tiles, tiles_of_folders
from frugal.formats.rasters.surface_model import SurfaceModel
from frugal.formats.vectors.features import read_line
from frugal.studies.flood.terrain.covered_ground import check_cover, on_ground
from frugal.studies.flood.terrain.generated_valley import valley
from frugal.studies.flood.terrain.ground_checks import (
    check_files,
    check_outlet,
    downstream,
    note_on_rise,
)
from frugal.studies.flood.terrain.reading import cells_along, read_terrain
from frugal.studies.flood.terrain.site import RiverFloodSite
from frugal.studies.flood.terrain.terrain import FloodTerrain
from frugal.texts import Text

#: A wave enters over so many metres of its river.
ENTRY_M = 200.0


def river_valley(site: RiverFloodSite) -> FloodTerrain:
    """The terrain of a site.

    Raises
    ------
    UnusableInputError
        If a file cannot be used, the terrain has holes or is too large, or the river is missing, lies outside it or ends
        inland.
    """
    check_cover(site)
    if site.terrain is None:
        if site.river is not None or site.rivers or site.buildings is not None:
            raise UnusableInputError("the site names a river or buildings but no terrain; give terrain = a GeoTIFF too")
        return valley(seed=site.seed)
    paths = tiles_of_folders(site.terrain)
    check_files(*(("terrain", path) for path in paths), river=site.river, buildings=site.buildings)
    check_files(*(("river", river.line) for river in site.rivers))
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
    entry, others, told = _others(ground, site)
    notes = (*notes, *told)
    bed, manning = ground.heights.copy(), np.full(ground.heights.shape, site.manning)
    channels = np.unique(np.vstack([river, others]), axis=0)
    bed[tuple(channels.T)] -= site.channel_depth_m
    manning[tuple(channels.T)] = site.manning_river
    land = np.ones(bed.shape, dtype=bool)
    land[tuple(channels.T)] = False
    found = on_ground(ground, bed, manning, land, site)
    return replace(
        found, river=river, river_position_m=position, tributaries=others, entry=entry, notes=(*notes, *found.notes)
    )


def _others(ground: SurfaceModel, site: RiverFloodSite) -> tuple[np.ndarray, np.ndarray, tuple[Text, ...]]:
    """Where the wave enters by further rivers (row, column, share of the discharge), their cells, and notes."""
    entries, cells, notes = [np.empty((0, 3))], [np.empty((0, 2), dtype=np.int64)], []
    for one in site.rivers:
        line, position = cells_along(read_line(one.line, ground.crs, "river"), ground, str(one.line), "river")
        line, position, told = downstream(line, position, ground.heights, one.line)
        first = line[position - position[0] < ENTRY_M]
        entries.append(np.column_stack([first, np.full(len(first), one.share / len(first))]))
        cells.append(line)
        notes += [*told, *note_on_rise(line, ground, one.line)]
    return np.vstack(entries), np.vstack(cells), tuple(notes)
