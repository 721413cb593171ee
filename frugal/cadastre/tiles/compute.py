"""One tile: its surface with a halo, the light on every cell, the planes of its buildings and what they yield."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from frugal.cadastre.job.job import FARTHEST_PART_M, Job, sky_of
from frugal.cadastre.job.sectors import N_SECTORS
from frugal.cadastre.roofs.buildings import covered, footprints_near, owned
from frugal.cadastre.tiles.irradiation_rasters import write_irradiation
from frugal.cadastre.tiles.store import TileReport, finished, write_report
from frugal.errors import FrugalError
from frugal.formats.files.atomic import new_folder, write_text
from frugal.formats.rasters.mosaic import Mosaic, open_rasters
from frugal.formats.rasters.surface_model import SurfaceModel
from frugal.formats.rasters.tiling import Tile

if TYPE_CHECKING:
    import geopandas

    from frugal.cadastre.roofs.segmentation import RoofPlane
    from frugal.cadastre.roofs.usable_area import UsableRules
    from frugal.cadastre.shading.distant_hills import DistantHorizon


def compute_tile(job: Job, tile: Tile) -> TileReport:
    """Compute one tile and keep it, unless it was kept before.

    Raises
    ------
    FrugalError
        If its inputs cannot be used, or nothing can be written.
    """
    folder = Path(job.folder)
    known = finished(folder, tile.name, job.hash())
    if known is not None:
        return known
    start = time.thread_time()
    try:
        with new_folder(folder / tile.name) as draft:
            report = _fill(draft, job, tile, start)
            write_report(draft, report)
    except FrugalError:
        raise
    except Exception as fault:  # a fault of this program in one tile is no reason to lose the others
        told = folder.parent / "faults" / f"{tile.name}.txt"
        write_text(told, traceback.format_exc())
        raise FrugalError(f"this program failed ({type(fault).__name__}: {fault}); '{told}' tells where") from fault
    return report


def _fill(draft: Path, job: Job, tile: Tile, start: float) -> TileReport:
    halo = job.halo_cells
    bounds = job.grid.bounds(*tile.with_halo(halo))
    surface = _read(job.surface, job.crs, bounds)
    core = (slice(halo, -halo), slice(halo, -halo))
    missing = int(np.isnan(surface.heights[core]).sum())
    cells = surface.heights[core].size
    if missing == cells and not job.footprints:  # where nothing is known, no outline is found either
        return TileReport(tile.name, job.hash(), cells, missing, cpu_seconds=time.thread_time() - start)
    bare = _read(job.bare, job.crs, bounds) if job.bare else None
    extent = _mosaic(job.surface, job.crs).bounds
    near = footprints_near(job, tile, lambda files, cells: _read(files, job.crs, job.grid.bounds(*cells)), extent)
    distant_horizon = lru_cache(lambda sectors: _distant_horizon(job, tile, sectors, FARTHEST_PART_M))
    if job.maps and missing < cells:
        monthly = _irradiation(job, tile, surface, bare, distant_horizon(job.azimuths))
        if job.maps_of == "buildings":
            monthly[~covered(job, tile, near)] = np.nan
        write_irradiation(draft / "irradiation.tif", monthly, job, tile)
    planes, buildings = _roofs(
        job, tile, owned(job, tile, near), _Surroundings(surface, bare, lambda: distant_horizon(N_SECTORS))
    )
    for name, frame in (("planes", planes), ("buildings", buildings)):
        if len(frame):
            frame.to_parquet(draft / f"{name}.parquet")
    return TileReport(tile.name, job.hash(), cells, missing, len(buildings), len(planes), time.thread_time() - start)


def _irradiation(
    job: Job, tile: Tile, surface: SurfaceModel, bare: SurfaceModel | None, distant_horizon: DistantHorizon | None
) -> np.ndarray:
    """Monthly irradiation of the cells of the tile, in their own planes, ``[rows, cols, 12]``."""
    from frugal.physics.solar.irradiation_map import irradiation_map
    from frugal.physics.solar.normals import surface_normals

    sky = sky_of(job.site, job.model, job.azimuths)
    heights = bare.heights if bare is not None else surface.heights
    halo = job.halo_cells
    return irradiation_map(
        surface.heights,
        *surface_normals(heights, job.grid.resolution_m),
        sky.tables,
        job.grid.resolution_m,
        bare=None if bare is None else bare.heights,
        reach_m=job.reach_m,
        grid_turn_deg=job.grid_turn_deg,
        origin=(tile.rows[0] - halo, tile.columns[0] - halo),
        margin=halo,
        far_tangent=None
        if distant_horizon is None
        else distant_horizon.tangents_over(tile, heights[halo:-halo, halo:-halo]),
        monthly=True,
    )


def _distant_horizon(job: Job, tile: Tile, sectors: int, margin_m: float) -> DistantHorizon | None:
    """What the terrain around shows beyond the reach of shadows; None where no terrain was given."""
    from frugal.cadastre.shading.distant_hills import distant_horizon_of

    if not job.terrain:
        return None
    azimuths = np.arange(sectors) * 360.0 / sectors - job.grid_turn_deg
    return distant_horizon_of(job.terrain, job.crs, job.grid, tile, margin_m, job.reach_m, azimuths)


class _Surroundings(NamedTuple):
    """What planes are found in: surfaces that reach beyond the tile, and the hills as its cells see them."""

    surface: SurfaceModel
    bare: SurfaceModel | None
    distant_horizon: Callable[[], DistantHorizon | None]


def _roofs(
    job: Job, tile: Tile, footprints: geopandas.GeoDataFrame, window: _Surroundings
) -> tuple[geopandas.GeoDataFrame, geopandas.GeoDataFrame]:
    """Planes with their yields, and buildings with their sums."""
    import geopandas
    import pandas

    from frugal.cadastre.roofs.usable_area import UsableRules
    from frugal.cadastre.yields.roof_table import buildings_table, planes_table

    rules = UsableRules(setback_m=job.setback_m)
    within = _within(job, tile, footprints)
    parts = [(footprints[within], window)]
    # What goes on farther than windows reach has a window of its own, so that no tile cuts it off.
    parts += [(one, _window_of(job, tile, one)) for _, one in footprints[~within].groupby("building_id", sort=False)]
    tables = [
        planes_table(
            job,
            _segmented(part, around, rules),
            around.surface,
            rules,
            bare=around.bare,
            distant_horizon=around.distant_horizon,
        )
        for part, around in parts
    ]
    tables = [table for table in tables if len(table)] or tables[:1]
    planes = tables[0]
    if len(tables) > 1:
        planes = geopandas.GeoDataFrame(pandas.concat(tables, ignore_index=True), crs=job.crs)
    return planes, buildings_table(footprints, planes)


def _segmented(
    footprints: geopandas.GeoDataFrame, window: _Surroundings, rules: UsableRules
) -> list[tuple[str, list[RoofPlane]]]:
    from frugal.cadastre.roofs.segmentation import segment_roofs

    return [
        (building, segment_roofs(window.surface, geometry, bare=window.bare, rules=rules))
        for building, geometry in zip(footprints["building_id"], footprints.geometry, strict=True)
    ]


def _within(job: Job, tile: Tile, footprints: geopandas.GeoDataFrame) -> np.ndarray:
    """Which buildings go on no farther beyond the tile than its window is made for."""
    west, south, east, north = job.grid.bounds(tile.columns, tile.rows)
    box = footprints.geometry.bounds.to_numpy().reshape(-1, 4)
    far = np.maximum(np.maximum(west - box[:, 0], south - box[:, 1]), np.maximum(box[:, 2] - east, box[:, 3] - north))
    return far <= FARTHEST_PART_M


def _window_of(job: Job, tile: Tile, building: geopandas.GeoDataFrame) -> _Surroundings:
    """The surfaces around one building, as far as obstacles are searched."""
    west, south, east, north = map(float, building.total_bounds)
    beyond = job.reach_m + 4 * job.grid.resolution_m
    bounds = west - beyond, south - beyond, east + beyond, north + beyond
    edges = job.grid.bounds(tile.columns, tile.rows)
    margin = max(edges[0] - west, edges[1] - south, east - edges[2], north - edges[3])
    return _Surroundings(
        _read(job.surface, job.crs, bounds),
        _read(job.bare, job.crs, bounds) if job.bare else None,
        lambda: _distant_horizon(job, tile, N_SECTORS, margin),
    )


@lru_cache(maxsize=16)
def _mosaic(files: tuple[str, ...], crs: str) -> Mosaic:
    return open_rasters([Path(file) for file in files], crs=crs, examine=False)


def _read(files: Sequence[str], crs: str, bounds: tuple[float, float, float, float]) -> SurfaceModel:
    return _mosaic(tuple(files), crs).read(bounds)
