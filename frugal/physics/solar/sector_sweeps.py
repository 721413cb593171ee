"""Light that all sectors of a sky send over the tops of one surface: how it lies, its lines, its two halves.

What is left to :mod:`~frugal.physics.solar.fused_sweep` is one direction; see
:mod:`~frugal.physics.solar.irradiation_map` for the method.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from frugal.errors import UnusableInputError
from frugal.physics.solar.fused_sweep import (
    UNITS_PER_M,
    UNKNOWN,
    Inner,
    Sector,
    SweptLines,
    SweptPlanes,
    scratch,
    sweep,
)

_HIGHEST_M = 9000.0

Far = np.ndarray | Callable[[int], np.ndarray]
"""Tangents of the horizon of hills farther away: by sector, by sector and cell, or a map for a sector when it is asked."""


class Frame(NamedTuple):
    """How the raster lies: what is the same for all surfaces of one map."""

    resolution_m: float
    reach_m: float
    grid_turn_deg: float
    origin: tuple[int, int]
    margin: int
    far: Far
    threads: int


class _Half(NamedTuple):
    """What the directions along one axis of the raster work on; transposed for those nearer to east and west."""

    turned: bool
    inner: Inner
    planes: SweptPlanes
    light: np.ndarray


def frame_of(
    shape: tuple[int, int],
    resolution_m: float,
    reach_m: float,
    grid_turn_deg: float,
    origin: tuple[int, int],
    margin: int,
    far_tangent: Far | None,
    n_sectors: int,
    threads: int,
) -> Frame:
    """Check how the raster lies.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns of the surface, its margin included.
    resolution_m, reach_m, grid_turn_deg, origin, margin, far_tangent, threads
        As in :func:`~frugal.physics.solar.irradiation_map.irradiation_map`.
    n_sectors : int
        K, of the sky.

    Raises
    ------
    UnusableInputError
        If a number is out of range, or the far horizon has another shape than the sectors and inner cells ask for.
    """
    for name, value in (("resolution_m", resolution_m), ("reach_m", reach_m)):
        if not (math.isfinite(value) and value > 0.0):
            raise UnusableInputError(f"{name} is {value}: it must be a positive length in metres.")
    if reach_m < resolution_m:
        raise UnusableInputError(f"reach_m is {reach_m}: it must be at least one cell, {resolution_m} m.")
    if threads not in (1, 2):
        raise UnusableInputError(f"threads is {threads}: it must be 1 or 2; for more, run tiles side by side.")
    if margin < 0 or 2 * margin >= min(shape):
        raise UnusableInputError(f"margin is {margin} cells: nothing would be left of a surface of shape {shape}.")
    inner = (shape[0] - 2 * margin, shape[1] - 2 * margin)
    far = far_tangent if callable(far_tangent) else _far_tangents(far_tangent, n_sectors, inner)
    return Frame(
        float(resolution_m),
        float(reach_m),
        float(grid_turn_deg),
        (int(origin[0]), int(origin[1])),
        margin,
        far,
        threads,
    )


def _far_tangents(given: np.ndarray | None, n_sectors: int, inner: tuple[int, int]) -> np.ndarray:
    far = np.zeros(n_sectors) if given is None else np.asarray(given, dtype=np.float64)
    if far.shape not in ((n_sectors,), (n_sectors, *inner)):
        raise UnusableInputError(
            f"far_tangent has shape {far.shape}: it must be ({n_sectors},) or ({n_sectors}, {inner[0]}, {inner[1]})."
        )
    if not np.all(far >= 0.0):
        raise UnusableInputError("far_tangent must hold numbers of 0 or more.")
    return far


def whole_heights(name: str, heights: np.ndarray) -> np.ndarray:
    """Heights in whole units, unknown ones far below."""
    if np.any(np.abs(heights) > _HIGHEST_M):
        worst = float(heights[np.abs(heights) > _HIGHEST_M][0])
        raise UnusableInputError(
            f"{name} holds a height of {worst} m: heights must lie within ±{_HIGHEST_M:g} m; mark unknown ones with NaN."
        )
    whole = np.rint(np.asarray(heights, dtype=np.float64) * UNITS_PER_M)
    return np.where(np.isnan(whole), UNKNOWN, whole).astype(np.float32)


def light_over_tops(
    heights: np.ndarray, east: np.ndarray, north: np.ndarray, tables: np.ndarray, frame: Frame
) -> np.ndarray:
    """Light over the tops of one surface per upward part of the normal.

    Parameters
    ----------
    heights : ndarray of float32, shape (rows, columns)
        From :func:`whole_heights`, the margin included.
    east, north : ndarray of float32, shape (rows - 2 margin, columns - 2 margin)
        Horizontal parts of the normals over their upward part.
    tables : ndarray of float32, shape (K, places + 1, 2 or 24)
        Light by sector and sine of the horizon, that on the horizontal first, of the year or of its months.
    frame : Frame

    Returns
    -------
    ndarray of float32, shape (rows - 2 margin, columns - 2 margin, 1 or 12)
    """
    months = tables.shape[2] // 2
    halves = _halves(heights.shape, frame.margin, east, north, months)
    azimuths = _azimuths(tables.shape[0], frame.grid_turn_deg)

    def run(half: _Half) -> None:
        _sweep_half(half, heights, azimuths, tables, frame.far, frame.resolution_m, frame.reach_m, frame.origin)

    if frame.threads == 1:
        for half in halves:
            run(half)
    else:  # each half has arrays of its own, so the sums are the same
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(run, halves))
    return _sum_of(halves, months)


def lines_of(n_rows: int, start: int, slope: float, rising: bool, resolution_m: float, reach_m: float) -> SweptLines:
    """Lines of a direction.

    Parameters
    ----------
    n_rows, start : int
        Rows of the arrays, and the first of them in the grid common to all tiles.
    slope : float
        Columns that the direction moves per row.
    rising : bool
        The sector lies toward rising rows.
    resolution_m, reach_m : float
        Side of a cell, and how far obstacles are seen at least.
    """
    exact = (np.arange(n_rows) + start) * slope
    nearest = np.floor(exact + 0.5)
    step_m = resolution_m * math.hypot(1.0, slope)
    length = math.ceil(reach_m / step_m)
    inverse = np.zeros(2 * length + 2)
    inverse[1:] = 1.0 / (np.arange(1, 2 * length + 2) * step_m * UNITS_PER_M)
    return SweptLines(
        rising=rising,
        start=start,
        length=length,
        shift=(nearest - nearest[0]).astype(np.int64),
        aside=(np.rint((exact - nearest) * 1024.0) / 1024.0).astype(np.float32),
        inverse=inverse.astype(np.float32),
        steep=np.float32(resolution_m * UNITS_PER_M),
    )


def _is_turned(azimuth: float) -> bool:
    return abs(math.sin(azimuth)) >= abs(math.cos(azimuth))


def _sweep_half(
    half: _Half,
    heights: np.ndarray,
    azimuths: np.ndarray,
    tables: np.ndarray,
    far: Far,
    resolution_m: float,
    reach_m: float,
    origin: tuple[int, int],
) -> None:
    """All sectors nearer to one axis, one after the other."""
    padded = np.pad(heights.T if half.turned else heights, ((0, 0), (1, 1)), constant_values=UNKNOWN)
    padded = np.ascontiguousarray(padded)
    n_columns = padded.shape[1] - 2
    room = scratch(math.ceil(reach_m / resolution_m))
    for k, azimuth in enumerate(azimuths):
        if _is_turned(azimuth) != half.turned:
            continue
        east, south = math.sin(azimuth), -math.cos(azimuth)
        along, across = (east, south) if half.turned else (south, east)
        lines = lines_of(
            padded.shape[0], origin[1 if half.turned else 0], across / along, along > 0.0, resolution_m, reach_m
        )
        constant, by_cell = _far_of(far, k)
        far_map = np.ascontiguousarray(by_cell.T if half.turned else by_cell, dtype=np.float32)
        sector = Sector(np.float32(across), np.float32(along), np.float32(constant), far_map, tables[k])
        first = -int(lines.shift.max())
        last = n_columns - int(lines.shift.min())
        sweep(padded, lines, half.inner, sector, half.planes, first, last, room, half.light)


def _far_of(far: Far, sector: int) -> tuple[float, np.ndarray]:
    """Tangent of the hills toward a sector: one for all cells, and one by cell (or none)."""
    tangent = np.asarray(far(sector) if callable(far) else far[sector])
    if tangent.ndim == 0:
        return float(tangent), np.zeros((0, 0), dtype=np.float32)
    return 0.0, tangent


def _azimuths(n_sectors: int, grid_turn_deg: float) -> np.ndarray:
    """Middles of the sectors, clockwise from the grid's north, in radians."""
    degrees = np.arange(n_sectors) * 360.0 / n_sectors - grid_turn_deg
    return np.radians(degrees)


def _halves(shape: tuple[int, int], margin: int, east: np.ndarray, north: np.ndarray, months: int) -> list[_Half]:
    """Working arrays of the inner cells, upright and transposed."""
    rows, columns = shape[0] - 2 * margin, shape[1] - 2 * margin
    south = -north
    upright = _Half(
        False,
        Inner(margin, margin + rows, margin, margin + columns),
        SweptPlanes(np.ascontiguousarray(east), np.ascontiguousarray(south)),
        np.zeros((rows, columns * months), dtype=np.float32),
    )
    turned = _Half(
        True,
        Inner(margin, margin + columns, margin, margin + rows),
        SweptPlanes(np.ascontiguousarray(south.T), np.ascontiguousarray(east.T)),
        np.zeros((columns, rows * months), dtype=np.float32),
    )
    return [upright, turned]


def _sum_of(halves: list[_Half], months: int) -> np.ndarray:
    upright, turned = (half.light.reshape(*half.planes.across.shape, months) for half in halves)
    return upright + turned.transpose(1, 0, 2)
