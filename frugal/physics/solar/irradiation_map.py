"""Irradiation of every cell of a surface, summed while its horizons are swept: none of them is kept.

For each sector of a cumulative sky (:mod:`~frugal.physics.solar.sky`) the surface is cut into parallel lines of cells, as
in :mod:`~frugal.physics.solar.horizon`; each line is walked away from the sector while a stack keeps the upper convex hull
of what has been passed (Timonen & Westerholm 2010, Computer Graphics Forum 29, 723), and the light the sector sends over
the top of the stack is added to the cell. Memory is a few numbers per cell, whatever the number of sectors.

Between the axes, a line passes beside the centres of the cells by up to half a cell. There the surface is taken to go on
with the smaller of the differences to the two neighbours, as the minmod limiter of finite-volume schemes does (Roe 1986,
Annual Review of Fluid Mechanics 18, 337); where they disagree in sign it is level (a ridge), unless one is more than four
times the other (a wall beside a roof of up to 45 deg). Planes stay planes in every direction, walls stay sharp.

The same bits whatever the tiling
---------------------------------
Lines are ``row = line + floor(column slope + 0.5)`` with columns counted from the origin of a grid common to all tiles
(or rows and columns exchanged). Each is cut, at multiples of the reach counted from the same origin, into segments: a
cell sees the obstacles of its own segment and of the one before, those within the reach and at most twice as far.
Heights are whole multiples of 1/1,024 m, so that hulls are compared in whole numbers, without rounding: they are the same
whatever was walked before. A tile that carries a margin of :func:`halo_cells` thus gives the values of the whole.

Trees
-----
Light reaches a cell over the tops of the trees, or through them with a transmissivity ``t`` per month:
``E = t E(without trees) + (1 - t) E(with trees)``, linear as all the rest. Crowns in the way dim once, however many.
Cells under a crown get light through it only.

Validity
--------
Incident energy, before reflection by the glass. A sector has one horizon, that in its middle. The error against rays in
360 directions is measured by ``benchmarks/solar_cadastre_exactness.py``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from frugal.errors import UnusableInputError
from frugal.physics.solar.raster import require_raster
from frugal.physics.solar.sector_sweeps import Far, frame_of, light_over_tops, whole_heights
from frugal.physics.solar.sky import CumulativeSky

#: Share of the light that passes a deciduous crown, January to December: 3 % in leaf (the default of UMEP, after Konarska et
#: al. 2014, Theoretical and Applied Climatology 117, 363), half of it when bare (the default of SOLWEIG for crowns without
#: leaves); halfway between in April and November.
DECIDUOUS_TRANSMISSIVITY = (0.5, 0.5, 0.5, 0.265, 0.03, 0.03, 0.03, 0.03, 0.03, 0.03, 0.265, 0.5)

_SMALLEST_UP = 1e-3
#: Lower vegetation (grass, flowers) is no crown that a cell could lie under.
_UNDER_CROWN_M = 1.5
_PLACES_OF_YEAR = 1024
_PLACES_OF_MONTHS = 512


def halo_cells(reach_m: float, resolution_m: float) -> int:
    """Width of the margin, in cells, that makes a tile independent of its neighbours.

    Parameters
    ----------
    reach_m, resolution_m : float
        As in :func:`irradiation_map`.
    """
    return 2 * math.ceil(reach_m / resolution_m) + 2


def _tables(sky: CumulativeSky, weights: np.ndarray, by_month: bool) -> np.ndarray:
    """Tables on a finer grid, months weighted: float32 [K, places + 1, 2 or 24], light on the horizontal first."""
    parts = []
    for table in (sky.vertical, sky.horizontal):
        weighted = table * weights
        parts.append(weighted if by_month else weighted.sum(axis=2, keepdims=True))
    coarse = np.concatenate(parts, axis=2)
    position = np.linspace(0.0, coarse.shape[1] - 1.0, (_PLACES_OF_MONTHS if by_month else _PLACES_OF_YEAR) + 1)
    low = np.minimum(position.astype(np.int64), coarse.shape[1] - 2)
    share = (position - low)[:, None]
    return np.ascontiguousarray(coarse[:, low] * (1.0 - share) + coarse[:, low + 1] * share, dtype=np.float32)


def _transmissivity(values: Sequence[float] | np.ndarray) -> np.ndarray:
    shares = np.asarray(values, dtype=np.float64)
    if shares.shape != (12,) or not np.all((shares >= 0.0) & (shares <= 1.0)):
        raise UnusableInputError(f"transmissivity is {values}: it must be twelve numbers between 0 and 1.")
    return shares


def irradiation_map(
    surface: np.ndarray,
    east: np.ndarray,
    north: np.ndarray,
    up: np.ndarray,
    tables: CumulativeSky,
    resolution_m: float,
    *,
    bare: np.ndarray | None = None,
    transmissivity: Sequence[float] | np.ndarray = DECIDUOUS_TRANSMISSIVITY,
    albedo: float = 0.2,
    reach_m: float = 250.0,
    grid_turn_deg: float = 0.0,
    origin: tuple[int, int] = (0, 0),
    margin: int = 0,
    far_tangent: Far | None = None,
    monthly: bool = False,
    threads: int = 1,
) -> np.ndarray:
    """Irradiation of every cell in its own plane.

    Parameters
    ----------
    surface : ndarray, shape (rows, columns)
        Heights [m]; NaN where unknown. Rows go south, columns go east.
    east, north, up : ndarray, shape (rows, columns)
        Unit normals of the cells, in the axes of the grid, upward; see
        :func:`~frugal.physics.solar.normals.surface_normals`. With `bare` they are those of `bare`.
    tables : CumulativeSky
        From :func:`~frugal.physics.solar.sky.cumulative_sky_tables`; K sectors (36 for
        maps, 72 for reference), the sun best shared between four.
    resolution_m : float
        Side of a cell.
    bare : ndarray, shape (rows, columns), optional
        The surface without vegetation. The map is then that of `bare` behind and under the trees of `surface`.
    transmissivity : sequence of 12 floats
        Share of the light that passes a crown, January to December.
    albedo : float
        Reflectance of the ground.
    reach_m : float
        How far obstacles are seen at least; at most twice as far. Must be the same for all tiles.
    grid_turn_deg : float
        Azimuth of the grid's north, clockwise from true north. Must be the same for all tiles.
    origin : tuple of int
        Row and column of the first cell in the grid common to all tiles.
    margin : int
        Cells on each side that only cast shadows and are cut off the result: :func:`halo_cells` makes the result
        independent of the tiling. Fill it with NaN beyond the data.
    far_tangent : ndarray, shape (K,) or (K, rows - 2 margin, columns - 2 margin), or callable, optional
        Tangent of the horizon of hills farther away, for all cells or cell by cell; or a function that gives it for all
        cells toward one sector (:func:`~frugal.physics.solar.far_horizon.far_tangent_map`), asked when it is needed.
    monthly : bool
        Twelve maps instead of one.
    threads : int
        1 or 2, same result: half of the directions each.

    Returns
    -------
    ndarray of float32, shape (rows - 2 margin, columns - 2 margin) or the same with 12 months last
        Irradiation [kWh/m²] along the plane; NaN where height or normal is unknown.

    Raises
    ------
    UnusableInputError
        If shapes differ, or a number is out of range.
    """
    heights = require_raster("surface", surface)
    shape = heights.shape
    frame = frame_of(
        shape, resolution_m, reach_m, grid_turn_deg, origin, margin, far_tangent, tables.horizontal.shape[0], threads
    )
    cut = (slice(margin, shape[0] - margin), slice(margin, shape[1] - margin))
    normals = [require_raster(name, part, shape)[cut] for name, part in (("east", east), ("north", north), ("up", up))]
    if not 0.0 <= albedo <= 1.0:
        raise UnusableInputError(f"albedo is {albedo}: it must lie between 0 and 1.")
    known = ~np.isnan(heights[cut]) & np.isfinite(normals[0]) & np.isfinite(normals[1]) & np.isfinite(normals[2])
    rising = np.maximum(np.where(known, normals[2], 1.0), _SMALLEST_UP)
    sideways = [np.where(known, part / rising, 0.0).astype(np.float32) for part in normals[:2]]
    whole = whole_heights("surface", heights)

    if bare is None:
        light = light_over_tops(whole, sideways[0], sideways[1], _tables(tables, np.ones(12), monthly), frame)
    else:
        ground = require_raster("bare", bare, shape)
        known &= ~np.isnan(ground[cut])
        through = _transmissivity(transmissivity)
        over = light_over_tops(whole, sideways[0], sideways[1], _tables(tables, 1.0 - through, monthly), frame)
        over[heights[cut] > ground[cut] + _UNDER_CROWN_M] = 0.0
        lower = np.fmin(whole_heights("bare", ground), whole)
        light = over + light_over_tops(lower, sideways[0], sideways[1], _tables(tables, through, monthly), frame)

    months = tables.global_horizontal if monthly else tables.global_horizontal.sum(keepdims=True)
    upward = rising.astype(np.float32)[:, :, None]
    reflected = (0.5 * albedo * months).astype(np.float32)
    result = light * upward + reflected * (np.float32(1.0) - upward)
    result[~known] = np.nan
    return result if monthly else result[:, :, 0]


def sky_view_factor(
    surface: np.ndarray,
    resolution_m: float,
    *,
    n_azimuths: int = 72,
    reach_m: float = 250.0,
    origin: tuple[int, int] = (0, 0),
    margin: int = 0,
    threads: int = 1,
) -> np.ndarray:
    """Share of the light of a uniform sky that reaches each cell, taken as horizontal: mean of cos² of the horizon.

    Parameters
    ----------
    surface : ndarray, shape (rows, columns)
        Heights [m]; NaN where unknown. Rows go south, columns go east.
    resolution_m : float
        Side of a cell.
    n_azimuths : int
        Directions of sight, k 360 / n clockwise from the grid's north, at least 1.
    reach_m : float
        How far obstacles are seen at least; at most twice as far. Must be the same for all tiles.
    origin : tuple of int
        Row and column of the first cell in the grid common to all tiles.
    margin : int
        Cells on each side that only hide the sky and are cut off the result, as for :func:`irradiation_map`.
    threads : int
        1 or 2, same result: half of the directions each.

    Returns
    -------
    ndarray of float32, shape (rows - 2 margin, columns - 2 margin)
        0 to 1; NaN where the surface is.

    Raises
    ------
    UnusableInputError
        If a number is out of range, or nothing is left within the margin.
    """
    heights = require_raster("surface", surface)
    if n_azimuths < 1:
        raise UnusableInputError(f"n_azimuths is {n_azimuths}: at least one direction is needed.")
    frame = frame_of(heights.shape, resolution_m, reach_m, 0.0, origin, margin, None, n_azimuths, threads)
    cut = (slice(margin, heights.shape[0] - margin), slice(margin, heights.shape[1] - margin))
    sine = np.linspace(0.0, 1.0, _PLACES_OF_YEAR + 1)
    table = np.stack([(1.0 - sine**2) / n_azimuths, np.zeros(sine.size)], axis=1).astype(np.float32)
    level = np.zeros(heights[cut].shape, dtype=np.float32)
    tables = np.broadcast_to(table, (n_azimuths, *table.shape)).copy()
    light = light_over_tops(whole_heights("surface", heights), level, level, tables, frame)[:, :, 0]
    light[np.isnan(heights[cut])] = np.nan
    return light
