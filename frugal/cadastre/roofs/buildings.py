"""The buildings of a tile: footprints that the user names, or outlines of the roofs that points or the surface show.

A building belongs to the tile that its inner point lies in. Outlines are drawn in a window that holds whole whatever touches
the tile and is less than 500 m long; longer ones (a hall, an old town wall to wall) are cut along fixed lines of the grid. So
a building is the same whatever tile it is found in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from frugal.cadastre.job.job import Job
from frugal.formats.rasters.surface_model import SurfaceModel
from frugal.formats.rasters.tiling import Bounds, Tile

if TYPE_CHECKING:
    import geopandas

#: Longer outlines are cut along lines so far apart.
LONGEST_OUTLINE_M, CUT_EVERY_M = 500.0, 250.0

#: What is found beyond the longest outline depends on the surface within this distance (widest building, planes, gaps).
_AROUND_M = 100.0

#: Cells beyond the surface that windows hold: its edge is then not theirs.
_BEYOND_CELLS = 16

#: Windows begin at multiples of so many cells: the surface study thins them to squares of one metre.
_ALIGNED_CELLS = 8

#: Planes of one roof stop short of its ridge by about this much on either side.
_ACROSS_RIDGE_M = 1.5

#: Roofs jut out beyond footprints by about this much.
EAVES_M = 1.0

Read = Callable[[tuple[str, ...], tuple[tuple[int, int], tuple[int, int]]], SurfaceModel]
"""Reads rasters in columns and rows of the grid."""


def footprints_near(job: Job, tile: Tile, read: Read, extent: Bounds) -> geopandas.GeoDataFrame:
    """Footprints that touch the tile, or the strip along it that eaves may reach, and some around it.

    Parameters
    ----------
    job : Job
    tile : Tile
    read : callable
        ``read(files, (columns, rows))`` gives the cells of the grid; called only where the job names no footprints.
    extent : tuple
        West, south, east, north [m] of the whole surface: nothing is searched beyond it.

    Returns
    -------
    GeoDataFrame
        ``building_id``, ``commune`` (empty where unknown) and outlines in the system of the grid.
    """
    if not job.footprints:
        return _outlines(job, tile, read, extent)
    import pyogrio

    west, south, east, north = job.grid.bounds(tile.columns, tile.rows)
    around = (west - EAVES_M, south - EAVES_M, east + EAVES_M, north + EAVES_M)
    return pyogrio.read_dataframe(job.footprints, bbox=around)


def owned(job: Job, tile: Tile, found: geopandas.GeoDataFrame) -> geopandas.GeoDataFrame:
    """Footprints that belong to the tile.

    Parameters
    ----------
    job : Job
    tile : Tile
    found : GeoDataFrame
        From `footprints_near`.

    Returns
    -------
    GeoDataFrame
        In order of ``building_id``. An inner point on an edge that two tiles share belongs to the eastern or southern one.
    """
    west, south, east, north = job.grid.bounds(tile.columns, tile.rows)
    inner = found.geometry.representative_point()
    x, y = inner.x.to_numpy(), inner.y.to_numpy()
    return found[(x >= west) & (x < east) & (y > south) & (y <= north)].sort_values("building_id")


def covered(job: Job, tile: Tile, footprints: geopandas.GeoDataFrame) -> np.ndarray:
    """Cells of the tile that a footprint, or the strip along it that eaves may reach, touches.

    Parameters
    ----------
    job : Job
    tile : Tile
    footprints : GeoDataFrame
        From `footprints_near`, in the system of the grid.

    Returns
    -------
    ndarray of bool, shape (rows, cols)
        Row 0 the northernmost of the tile, without halo.
    """
    from rasterio import Affine
    from rasterio.features import rasterize

    west, _, _, north = job.grid.bounds(tile.columns, tile.rows)
    size = job.grid.resolution_m
    shape = tile.rows[1] - tile.rows[0], tile.columns[1] - tile.columns[0]
    if footprints.empty:
        return np.zeros(shape, dtype=bool)
    outlines = footprints.geometry.buffer(EAVES_M)
    return rasterize(outlines, shape, transform=Affine(size, 0.0, west, 0.0, -size, north), all_touched=True) > 0


def _outlines(job: Job, tile: Tile, read: Read, extent: Bounds) -> geopandas.GeoDataFrame:
    from frugal.formats.vectors.footprints import footprints_from_mask

    margin = round((LONGEST_OUTLINE_M + _AROUND_M) / job.grid.resolution_m)
    known = job.grid.columns(extent[0], extent[2]), job.grid.rows(extent[1], extent[3])
    columns, rows = (
        _aligned(
            max(own[0] - margin, min(own[0], low) - _BEYOND_CELLS),
            min(own[1] + margin, max(own[1], high) + _BEYOND_CELLS),
        )
        for own, (low, high) in zip((tile.columns, tile.rows), known, strict=True)
    )
    if job.roofs:
        window = read(job.roofs, (columns, rows))
        mask = np.nan_to_num(window.heights) > 0.5
    else:
        window = read(job.surface, (columns, rows))
        mask = _roofs_shown_by(window, job)
    tile_in_window = (
        slice(tile.rows[0] - rows[0], tile.rows[1] - rows[0]),
        slice(tile.columns[0] - columns[0], tile.columns[1] - columns[0]),
    )
    mask = cut_long_outlines(mask, tile_in_window, (rows[0], columns[0]), job.grid.resolution_m)
    return footprints_from_mask(mask, window.resolution_m, window.x_min, window.y_max, job.crs)


def _aligned(first: int, last: int) -> tuple[int, int]:
    return first - first % _ALIGNED_CELLS, last + -last % _ALIGNED_CELLS


def cut_long_outlines(
    mask: np.ndarray, tile: tuple[slice, slice], first: tuple[int, int], resolution_m: float
) -> np.ndarray:
    """A mask of roofs without the cells on fixed lines, where roofs that touch the tile are longer than 500 m.

    Parameters
    ----------
    mask : ndarray of bool
        Reaches more than 500 m beyond the tile: what touches both it and its edge is longer.
    tile : tuple of slice
        Rows and columns of the tile in it.
    first : tuple of int
        Row and column of its first cell in the grid.
    resolution_m : float
    """
    from scipy import ndimage

    labels, number = ndimage.label(mask)
    if number == 0:
        return mask
    touching = np.unique(labels[tile])
    edge = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    longest = LONGEST_OUTLINE_M / resolution_m
    boxes = ndimage.find_objects(labels)
    long = [
        label
        for label in touching[touching > 0]
        if label in edge or max(part.stop - part.start for part in boxes[label - 1]) > longest
    ]
    if not long:
        return mask
    every = round(CUT_EVERY_M / resolution_m)
    on_line = ((np.arange(mask.shape[0]) + first[0]) % every == 0)[:, None] | (
        (np.arange(mask.shape[1]) + first[1]) % every == 0
    )
    return mask & ~(np.isin(labels, long) & on_line)


def _roofs_shown_by(surface: SurfaceModel, job: Job) -> np.ndarray:
    """Cells of buildings that the surface alone shows: its roof planes, closed over the ridges between them."""
    from scipy import ndimage

    from frugal.studies.solar.roofs.plane_finder import fit_planes, roof_patches

    planes = fit_planes(surface.heights, surface.resolution_m, job.reference_height_m)
    patches, _ = roof_patches(surface.heights, planes, surface.resolution_m, job.is_synthetic)
    half = max(1, round(_ACROSS_RIDGE_M / surface.resolution_m))
    closed = ndimage.binary_closing(np.pad(patches > 0, half), np.ones((2 * half + 1, 2 * half + 1)))
    # A plane is found half a window inside its edges.
    return ndimage.binary_dilation(closed[half:-half, half:-half], iterations=max(1, round(0.5 / surface.resolution_m)))
