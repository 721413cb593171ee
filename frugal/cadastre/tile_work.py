"""One tile: its surface with a halo, the light on every cell, the planes of its buildings and what they yield."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from frugal.cadastre.grid import Tile
from frugal.cadastre.irradiation_file import write_irradiation
from frugal.cadastre.job import FARTHEST_PART_M, Job, sky_of
from frugal.cadastre.plane_light import N_SECTORS
from frugal.cadastre.tile_store import TileReport, finished, write_report
from frugal.formats.atomic import new_folder
from frugal.formats.mosaic import Mosaic, open_rasters
from frugal.formats.raster import SurfaceModel

if TYPE_CHECKING:
    import geopandas

    from frugal.cadastre.far_view import FarView

#: Planes of one roof stop short of its ridge by about this much on either side.
_ACROSS_RIDGE_M = 1.5

#: Roofs jut out beyond footprints by about this much.
_EAVES_M = 1.0


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
    with new_folder(folder / tile.name) as draft:
        report = _fill(draft, job, tile, start)
        write_report(draft, report)
    return report


def _fill(draft: Path, job: Job, tile: Tile, start: float) -> TileReport:
    halo = job.halo_cells
    bounds = job.grid.bounds(*tile.with_halo(halo))
    surface = _read(job.surface, job.crs, bounds)
    core = (slice(halo, -halo), slice(halo, -halo))
    missing = int(np.isnan(surface.heights[core]).sum())
    cells = surface.heights[core].size
    if missing == cells:
        return TileReport(tile.name, job.hash(), cells, missing, cpu_seconds=time.thread_time() - start)
    bare = _read(job.bare, job.crs, bounds) if job.bare else None
    near = _footprints_near(job, tile, surface, bounds)
    hills = lru_cache(lambda sectors: _hills(job, tile, sectors))
    if job.maps:
        monthly = _irradiation(job, tile, surface, bare, hills(job.azimuths))
        if job.maps_of == "buildings":
            monthly[~_covered(job, tile, near)] = np.nan
        write_irradiation(draft / "irradiation.tif", monthly, job, tile)
    planes, buildings = _roofs(job, tile, _owned(job, tile, near), surface, bare, hills(N_SECTORS))
    for name, frame in (("planes", planes), ("buildings", buildings)):
        if len(frame):
            frame.to_parquet(draft / f"{name}.parquet")
    return TileReport(tile.name, job.hash(), cells, missing, len(buildings), len(planes), time.thread_time() - start)


def _irradiation(
    job: Job, tile: Tile, surface: SurfaceModel, bare: SurfaceModel | None, hills: FarView | None
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
        far_tangent=None if hills is None else hills.tangents_over(tile, heights[halo:-halo, halo:-halo]),
        monthly=True,
    )


def _hills(job: Job, tile: Tile, sectors: int) -> FarView | None:
    """What the terrain around shows beyond the reach of shadows; None where no terrain was given."""
    from frugal.cadastre.far_view import far_view

    if not job.terrain:
        return None
    azimuths = np.arange(sectors) * 360.0 / sectors - job.grid_turn_deg
    return far_view(job.terrain, job.crs, job.grid, tile, FARTHEST_PART_M, job.reach_m, azimuths)


def _footprints_near(
    job: Job, tile: Tile, surface: SurfaceModel, bounds: tuple[float, float, float, float]
) -> geopandas.GeoDataFrame:
    """Footprints that touch the tile, and some around it."""
    if not job.footprints:
        return _footprints_from(job, surface, bounds)
    import pyogrio

    return pyogrio.read_dataframe(job.footprints, bbox=job.grid.bounds(tile.columns, tile.rows))


def _covered(job: Job, tile: Tile, footprints: geopandas.GeoDataFrame) -> np.ndarray:
    """Cells of the tile that a footprint, or the strip along it that eaves may reach, touches."""
    from rasterio import Affine
    from rasterio.features import rasterize

    west, _, _, north = job.grid.bounds(tile.columns, tile.rows)
    size = job.grid.resolution_m
    shape = tile.rows[1] - tile.rows[0], tile.columns[1] - tile.columns[0]
    if footprints.empty:
        return np.zeros(shape, dtype=bool)
    outlines = footprints.geometry.buffer(_EAVES_M)
    return rasterize(outlines, shape, transform=Affine(size, 0.0, west, 0.0, -size, north), all_touched=True) > 0


def _owned(job: Job, tile: Tile, found: geopandas.GeoDataFrame) -> geopandas.GeoDataFrame:
    """Footprints that belong to the tile: those whose inner point lies in it."""
    west, south, east, north = job.grid.bounds(tile.columns, tile.rows)
    inner = found.geometry.representative_point()
    x, y = inner.x.to_numpy(), inner.y.to_numpy()
    return found[(x >= west) & (x < east) & (y > south) & (y <= north)].sort_values("building_id")


def _footprints_from(
    job: Job, surface: SurfaceModel, bounds: tuple[float, float, float, float]
) -> geopandas.GeoDataFrame:
    from frugal.formats.footprints import footprints_from_mask

    classed = np.nan_to_num(_read(job.roofs, job.crs, bounds).heights) > 0.5 if job.roofs else None
    mask = _roofs_shown_by(surface) if classed is None else classed
    return footprints_from_mask(mask, surface.resolution_m, surface.x_min, surface.y_max, job.crs)


def _roofs_shown_by(surface: SurfaceModel) -> np.ndarray:
    """Cells of buildings that the surface alone shows: its roof planes, closed over the ridges between them."""
    from scipy import ndimage

    from frugal.experiments.studies.roofs import fit_planes, roof_patches

    planes = fit_planes(surface.heights, surface.resolution_m)
    patches, _ = roof_patches(surface.heights, planes, surface.resolution_m)
    half = max(1, round(_ACROSS_RIDGE_M / surface.resolution_m))
    closed = ndimage.binary_closing(np.pad(patches > 0, half), np.ones((2 * half + 1, 2 * half + 1)))
    # A plane is found half a window inside its edges.
    return ndimage.binary_dilation(closed[half:-half, half:-half], iterations=max(1, round(0.5 / surface.resolution_m)))


def _roofs(
    job: Job,
    tile: Tile,
    footprints: geopandas.GeoDataFrame,
    surface: SurfaceModel,
    bare: SurfaceModel | None,
    hills: FarView | None,
) -> tuple[geopandas.GeoDataFrame, geopandas.GeoDataFrame]:
    """Planes with their yields, and buildings with their sums."""
    from frugal.cadastre.roof_planes import segment_roofs
    from frugal.cadastre.roof_table import buildings_table, planes_table
    from frugal.cadastre.usable_area import UsableRules

    rules = UsableRules(setback_m=job.setback_m)
    segmented = [
        (building, segment_roofs(surface, geometry, bare=bare, rules=rules))
        for building, geometry in zip(footprints["building_id"], footprints.geometry, strict=True)
    ]
    planes = planes_table(job, tile, segmented, surface, rules, bare=bare, hills=hills)
    return planes, buildings_table(footprints, planes)


@lru_cache(maxsize=16)
def _mosaic(files: tuple[str, ...], crs: str) -> Mosaic:
    return open_rasters([Path(file) for file in files], crs=crs, examine=False)


def _read(files: Sequence[str], crs: str, bounds: tuple[float, float, float, float]) -> SurfaceModel:
    return _mosaic(tuple(files), crs).read(bounds)
