"""The terrain of a coast: what lies before and behind its dike, with heights above the mean sea level of today."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import ndimage

from frugal.errors import UnusableInputError
from frugal.formats.ground.tiles import file_name_of_tiles, name_of_tiles, tiles_of_folders
from frugal.formats.vectors.features import read_line
from frugal.studies.flood.sea.tides import tide_bounds
from frugal.studies.flood.terrain.covered_ground import check_cover, on_ground
from frugal.studies.flood.terrain.datum import mean_sea_level
from frugal.studies.flood.terrain.generated_polder import polder
from frugal.studies.flood.terrain.ground_checks import check_dike, check_files, notes_on_dike
from frugal.studies.flood.terrain.reading import cells_along, check_memory, read_terrain
from frugal.studies.flood.terrain.seaward import connected, sea_seeds, shore_of
from frugal.studies.flood.terrain.site import SubmersionSite
from frugal.studies.flood.terrain.terrain import FloodTerrain, edge_of


def coast(site: SubmersionSite) -> FloodTerrain:
    """The terrain of a site, its heights above the mean sea level of today.

    Raises
    ------
    UnusableInputError
        If a file cannot be used, the terrain has holes or is too large, or the dike is missing or lies outside it.
    """
    check_cover(site)
    if site.terrain is None:
        if site.dike is not None or site.buildings is not None:
            raise UnusableInputError("the site names a dike or buildings but no terrain; give terrain = a GeoTIFF too")
        check_memory(site.cells**2, site.n_runs, f"{site.cells} × {site.cells} cells")
        return polder(site.cells, 3200.0 / site.cells, site.seed)
    paths = tiles_of_folders(site.terrain)
    name = name_of_tiles(paths)
    check_files(*(("terrain", path) for path in paths), dike=site.dike, buildings=site.buildings)
    _check_complete(site, name)
    mean_m, assumed = mean_sea_level(site.terrain_datum, site.mean_sea_level_m, file_name_of_tiles(paths))
    ground, crest, read_notes = read_terrain(paths, site.cell_size_m, site.n_runs)
    told = (*assumed, *read_notes)
    bed = ground.heights.copy()
    if site.dike is None:
        seeds = _sea_of(site, bed, mean_m, name)
        below = _shore_m(site, mean_m)
        sea = connected(bed, seeds, below, np.zeros(bed.shape, dtype=bool))
        if sea.all():
            raise UnusableInputError(f"all of terrain '{name}' is sea or foreshore, below {below:g} m: no land is left")
        found = on_ground(ground, bed - mean_m, np.full(bed.shape, site.manning), ~sea, site)
        return replace(found, zero_m=mean_m, notes=(*told, *found.notes))
    line = read_line(site.dike, ground.crs, "dike")
    dike, position = cells_along(line, ground, str(site.dike))
    top = crest[tuple(dike.T)] if site.dike_crest_m is None else np.full(len(dike), site.dike_crest_m)
    bed[tuple(dike.T)] = np.maximum(bed[tuple(dike.T)], top)
    seeds = _sea_of(site, bed, mean_m, name)
    level_m = mean_m if site.sea_below_m is None else min(site.sea_below_m, mean_m)
    check_dike(dike, crest, site.dike_crest_m, level_m, site.dike)
    shore = shore_of(bed, dike, seeds)
    land = ~shore.seaward
    land[tuple(dike.T)] = False
    if not land.any():
        raise UnusableInputError(
            f"all of terrain '{name}' lies before the dike; check its line and the sides of the sea"
        )
    sill = _ground_behind(bed, land, dike)
    notes = notes_on_dike(dike, bed, crest, shore.round_m, sill, site.dike_crest_m, level_m, site.dike)
    found = on_ground(ground, bed - mean_m, np.full(bed.shape, site.manning), land, site)
    notes = (*told, *notes, *found.notes)
    return replace(found, dike=dike, dike_position_m=position, sill_m=sill - mean_m, zero_m=mean_m, notes=notes)


def _check_complete(site: SubmersionSite, name: str) -> None:
    """Name everything that a real place still needs, at once."""
    lacking = [] if site.no_dike or site.dike is not None else ["dike"]
    if site.level_series is None:
        lacking += [] if site.tides is not None or site.tide_range is not None else ["tide_range"]
        lacking += [] if site.surge_peak is not None else ["surge_peak"]
    if lacking:
        raise UnusableInputError(
            f"the site of terrain '{name}' has no {', '.join(lacking)}: dike is a file with its line (or no_dike "
            "= true), tide_range and surge_peak are the lowest and the highest in m at the place (or tides its constituents, "
            "or level_series a file of levels)"
        )


def _high_tides_m(site: SubmersionSite) -> tuple[float, ...]:
    """Levels of the smallest and of the highest high tide above the mean sea level; 0 alone where a file has the levels."""
    if site.level_series is not None:
        return (0.0,)
    low, high = tide_bounds(site.tide_range, site.tides)
    return low / 2, high / 2


def _shore_m(site: SubmersionSite, mean_m: float) -> float:
    """Level below which ground is sea or foreshore where there is no dike, in the zero of the terrain."""
    return site.sea_below_m if site.sea_below_m is not None else mean_m + _high_tides_m(site)[0]


def _sea_of(site: SubmersionSite, bed: np.ndarray, mean_m: float, name: str) -> np.ndarray:
    """Cells along the sides of the sea that are sea: below the mean level, or else below high tide."""
    if site.sea_below_m is not None:
        levels: tuple[float, ...] = (site.sea_below_m,)
    else:
        levels = (mean_m, *(mean_m + level for level in _high_tides_m(site)))
    for level in levels:
        seeds = sea_seeds(bed, site.sea, level)
        if seeds.any():
            return seeds
    sides, lowest = ", ".join(site.sea), min(float(edge_of(bed, side).min()) for side in site.sea)
    told = f"no cell on the {sides} side of terrain '{name}' is lower than"
    if site.sea_below_m is not None and sea_seeds(bed, site.sea, mean_m).any():
        raise UnusableInputError(
            f"{told} sea_below_m = {site.sea_below_m:g} m (the lowest is {lowest:.2f} m): leave sea_below_m out, or set it to "
            "a height above the sea's bed there"
        )
    raise UnusableInputError(
        f"{told} {levels[-1]:g} m, where the sea would be (the lowest is {lowest:.2f} m): set sea to the sides where the sea "
        "is; are the heights in metres, and above the zero that the site names?"
    )


def _ground_behind(bed: np.ndarray, land: np.ndarray, dike: np.ndarray) -> np.ndarray:
    """Lowest land next to each cell of the dike; the lowest land next to any of them where a cell has none."""
    lowest = ndimage.minimum_filter(np.where(land, bed, np.inf), size=3, mode="nearest")[tuple(dike.T)]
    known = np.isfinite(lowest)
    if not known.any():
        raise UnusableInputError("no land lies next to the dike; check its line and the sides of the sea")
    return np.where(known, lowest, lowest[known].min())
