"""The valley of a river flood: ground, the rivers cut into it, and where the wave enters by each."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from frugal.errors import UnusableInputError
from frugal.formats.ground.tiles import name_of_tiles, tiles_of_folders
from frugal.formats.rasters.surface_model import SurfaceModel
from frugal.formats.vectors.features import read_line
from frugal.studies.flood.terrain.channel import AXIS_ABOVE, BED_ABOVE, ENTRY_M, Channel, channel
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
    if site.river_width_m is not None and site.river_width_m < ground.resolution_m:
        raise UnusableInputError(
            f"setting 'river_width_m' = {site.river_width_m:g} m is less than a cell of {ground.resolution_m:g} m; leave it "
            "out (a river is then one cell wide) or set a smaller cell_size_m"
        )
    drawn = read_line(site.river, ground.crs, "river")
    river, position = cells_along(drawn, ground, str(site.river), "river")
    river, position, notes = downstream(river, position, ground.heights, site.river)
    turned = bool(notes)
    check_outlet(river, ground, site.river)
    notes = (*read_notes, *notes, *note_on_rise(river, ground, site.river))
    entry, others, share, told = _others(ground, site)
    notes = (*notes, *told)
    if site.river_width_m is None:
        share[tuple(river.T)] = 1.0
    else:
        wide = _wide(drawn, turned, ground, site.river_width_m)
        within = wide.share[tuple(river.T)] >= AXIS_ABOVE
        river, position = river[within], position[within]
        entry = np.vstack([wide.entry(ENTRY_M, 1.0 - float(entry[:, 2].sum())), entry])
        others = np.vstack([wide.beside(river), others])
        share = np.maximum(share, wide.share)
    bed = ground.heights - share * site.channel_depth_m
    land = share <= BED_ABOVE
    found = on_ground(ground, bed, share * site.manning_river + (1.0 - share) * site.manning, land, site)
    return replace(
        found,
        river=river,
        river_position_m=position,
        outlet_bed_m=float(ground.heights[tuple(river[-1])]) - site.channel_depth_m,
        tributaries=others,
        entry=entry,
        notes=(*notes, *found.notes),
    )


def _wide(line: np.ndarray, turned: bool, ground: SurfaceModel, width_m: float) -> Channel:
    """The bed of a river around its axis (easting, northing), which may have been drawn upstream."""
    from_corner = np.column_stack([ground.y_max - line[:, 1], line[:, 0] - ground.x_min])
    return channel(from_corner[::-1] if turned else from_corner, width_m, ground.heights.shape, ground.resolution_m)


def _others(ground: SurfaceModel, site: RiverFloodSite) -> tuple[np.ndarray, np.ndarray, np.ndarray, tuple[Text, ...]]:
    """Where the wave enters by further rivers (row, column, share of the discharge), their cells, the share of each cell of
    the grid that they take, and notes.
    """
    entries, cells, notes = [np.empty((0, 3))], [np.empty((0, 2), dtype=np.int64)], []
    share = np.zeros(ground.heights.shape)
    for one in site.rivers:
        drawn = read_line(one.line, ground.crs, "river")
        line, position = cells_along(drawn, ground, str(one.line), "river")
        line, position, told = downstream(line, position, ground.heights, one.line)
        if site.river_width_m is None:
            first = line[position - position[0] < ENTRY_M]
            entries.append(np.column_stack([first, np.full(len(first), one.share / len(first))]))
            share[tuple(line.T)] = 1.0
            cells.append(line)
        else:
            wide = _wide(drawn, bool(told), ground, site.river_width_m)
            entries.append(wide.entry(ENTRY_M, one.share))
            share = np.maximum(share, wide.share)
            cells.append(np.argwhere(wide.bed))
        notes += [*told, *note_on_rise(line, ground, one.line)]
    return np.vstack(entries), np.vstack(cells), share, tuple(notes)
