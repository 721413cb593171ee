"""How high the obstacles stand around each point of a surface model.

Two methods, two uses. Both return what blocks the light: elevations below zero count as zero.

:func:`horizon_sweep`, for every cell of a raster. The raster is cut into parallel lines of cells (a sheared grid:
``row = line + round(column slope)``, or the same on the transpose when the direction is nearer to north than to
east), so that each cell lies on exactly one line. Each line is walked away from the horizon's side while a stack
keeps the upper convex hull of the heights passed so far; cells below the hull can never be seen again and leave it.
The top of the stack is the horizon, at a constant number of operations per cell whatever the distance (Timonen &
Westerholm 2010, Computer Graphics Forum 29, 723). Exact between cell centres along the axes and diagonals; in other
directions lines jump by whole cells, which costs about 1 deg on average among houses and 2 to 4 deg right beside
walls.

:func:`horizon_at_points`, for points such as roof centres. A ray is followed over the grid of lines through the cell
centres, whose crossings are met in order as Amanatides & Woo 1987 (Eurographics) traverse voxels; heights are
interpolated linearly at each crossing, so that planes are exact in every direction. Each value of a fine horizon (72
directions) is that of one ray: the yield interpolates linearly between directions, and a mean over the sector would
smooth twice. Coarse horizons (24 directions and fewer) gain from the mean of several rays per sector, at the price of
a small positive bias (``benchmarks/solar_physics.py``).

Conventions: rows go south, columns go east, square cells; azimuth clockwise from north. NaN cells are no
obstacle.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import numpy as np

from frugal.errors import UnusableInputError
from frugal.physics.compiled import kernel
from frugal.physics.solar.raster import require_raster


@kernel(error_model="numpy")
def _sweep(
    heights: np.ndarray,
    slope: float,
    step_m: float,
    forward: bool,
    offset: np.ndarray,
    hull_distance: np.ndarray,
    hull_height: np.ndarray,
    out: np.ndarray,
) -> None:
    """Tangent of the horizon along ``row = line + round(column slope)``; forward looks at rising columns."""
    n_rows, n_columns = heights.shape
    for j in range(n_columns):
        offset[j] = math.floor(j * slope + 0.5)
    lowest = min(offset[0], offset[n_columns - 1])
    highest = max(offset[0], offset[n_columns - 1])
    for line in range(-highest, n_rows - lowest):
        top = -1
        for walked in range(n_columns):
            j = n_columns - 1 - walked if forward else walked
            i = line + offset[j]
            if i < 0 or i >= n_rows:
                continue
            height = heights[i, j]
            if math.isnan(height):
                out[i, j] = math.nan
                continue
            distance = walked * step_m
            if top < 0:
                out[i, j] = 0.0
            else:
                rise = hull_height[top] - height
                run = distance - hull_distance[top]
                while top > 0:
                    next_rise = hull_height[top - 1] - height
                    next_run = distance - hull_distance[top - 1]
                    if next_rise * run < rise * next_run:
                        break
                    top -= 1
                    rise = next_rise
                    run = next_run
                out[i, j] = max(rise / run, 0.0)
            top += 1
            hull_distance[top] = distance
            hull_height[top] = height


def _surface(dsm: np.ndarray, resolution_m: float) -> np.ndarray:
    if not (math.isfinite(resolution_m) and resolution_m > 0.0):
        raise UnusableInputError(f"resolution_m is {resolution_m}: it must be a positive length in metres.")
    heights = require_raster("dsm", np.ascontiguousarray(dsm, dtype=np.float64))
    if np.isinf(heights).any():
        raise UnusableInputError("dsm holds an infinite height: mark missing cells with NaN.")
    return heights


def horizon_sweeps(
    dsm: np.ndarray, resolution_m: float, azimuths_deg: Iterable[float]
) -> Iterator[tuple[float, np.ndarray]]:
    """Horizon of every cell, one direction after the other, without keeping them all in memory.

    Parameters
    ----------
    dsm : ndarray, shape (rows, columns)
        Heights [m]; NaN where unknown.
    resolution_m : float
        Side of a cell.
    azimuths_deg : iterable of float
        Directions of sight.

    Yields
    ------
    azimuth_deg : float
    tan_horizon : ndarray, shape (rows, columns)
        Tangent of the horizon's elevation, at least 0, NaN where the surface is. Each is a fresh array.

    Raises
    ------
    UnusableInputError
        If the raster or the resolution cannot be used.
    """
    heights = _surface(dsm, resolution_m)
    turned = np.empty(0)
    longest = max(heights.shape)
    offset = np.empty(longest, dtype=np.int64)
    hull_distance, hull_height = np.empty(longest), np.empty(longest)
    for azimuth_deg in azimuths_deg:
        east = math.sin(math.radians(azimuth_deg))
        south = -math.cos(math.radians(azimuth_deg))
        if abs(east) >= abs(south):
            surface, slope, forward = heights, south / east, east > 0.0
        else:
            if turned.size == 0:
                turned = np.ascontiguousarray(heights.T)
            surface, slope, forward = turned, east / south, south > 0.0
        out = np.empty_like(surface)
        n = surface.shape[1]
        step_m = resolution_m * math.hypot(1.0, slope)
        _sweep(surface, slope, step_m, forward, offset[:n], hull_distance, hull_height, out)
        yield float(azimuth_deg), out if surface is heights else np.ascontiguousarray(out.T)


def horizon_sweep(dsm: np.ndarray, resolution_m: float, azimuth_deg: float) -> np.ndarray:
    """Tangent of every cell's horizon in one direction; see :func:`horizon_sweeps`.

    Parameters
    ----------
    dsm : ndarray, shape (rows, columns)
        Heights [m], row 0 northernmost; NaN where unknown.
    resolution_m : float
        Side of a cell.
    azimuth_deg : float
        Direction of sight, clockwise from the grid's north.

    Returns
    -------
    ndarray, shape (rows, columns)
        Tangent of the elevation, at least 0; NaN where the surface is.

    Raises
    ------
    UnusableInputError
        If the raster or the resolution cannot be used.
    """
    return next(horizon_sweeps(dsm, resolution_m, (azimuth_deg,)))[1]


def horizon_map(dsm: np.ndarray, resolution_m: float, n_azimuths: int = 36) -> np.ndarray:
    """Elevation of every cell's horizon in equally spaced directions.

    Parameters
    ----------
    dsm : ndarray, shape (rows, columns)
        Heights [m]; NaN where unknown.
    resolution_m : float
        Side of a cell.
    n_azimuths : int
        Directions k 360 / n, the first one north, clockwise.

    Returns
    -------
    ndarray of float32, shape (rows, columns, n_azimuths)
        Elevation [deg]; NaN where the surface is. Four bytes per cell and direction: for large rasters take
        :func:`horizon_sweeps`.
    """
    if n_azimuths < 1:
        raise UnusableInputError(f"n_azimuths is {n_azimuths}: at least one direction is needed.")
    elevation = np.empty((*np.shape(dsm), n_azimuths), dtype=np.float32)
    directions = (k * 360.0 / n_azimuths for k in range(n_azimuths))
    for k, (_, tangent) in enumerate(horizon_sweeps(dsm, resolution_m, directions)):
        elevation[:, :, k] = np.degrees(np.arctan(tangent))
    return elevation


@kernel(error_model="numpy")
def _neighbours(cell: int, position: float, size: int) -> tuple[int, int, float]:
    """Cells on either side of a position counted from a cell, held inside the raster, and the share of the second."""
    low = math.floor(position)
    return max(cell + low, 0), min(cell + low + 1, size - 1), position - low


@kernel(error_model="numpy")
def _between(low: float, high: float, share: float) -> float:
    """Linear interpolation that falls back on the nearer value when one is missing."""
    if math.isnan(low) or math.isnan(high):
        return high if share > 0.5 else low
    return low + share * (high - low)


@kernel(error_model="numpy")
def _ray_tangent(
    heights: np.ndarray,
    resolution_m: float,
    row: float,
    column: float,
    height_m: float,
    azimuth: float,
    highest_m: float,
    nearest_m: float,
    max_distance_m: float,
) -> float:
    """Tangent of the highest obstacle seen from one point in one direction (radians), at least 0."""
    n_rows, n_columns = heights.shape
    east = math.sin(azimuth)
    south = -math.cos(azimuth)
    column_step = 1 if east > 0.0 else -1
    row_step = 1 if south > 0.0 else -1
    # Places along the ray are counted from the point's own cell: the answer does not depend on where a raster begins.
    row_cell, column_cell = math.floor(row), math.floor(column)
    row -= row_cell
    column -= column_cell
    last_row, last_column = n_rows - row_cell - 0.5, n_columns - column_cell - 0.5
    next_column = math.floor(column) + 1 if east > 0.0 else math.ceil(column) - 1
    next_row = math.floor(row) + 1 if south > 0.0 else math.ceil(row) - 1
    to_column = abs(next_column - column) / abs(east)
    to_row = abs(next_row - row) / abs(south)
    best = 0.0
    while True:
        along_row = to_row < to_column
        walked = to_row if along_row else to_column
        distance = walked * resolution_m
        # Nothing further away can rise above the best so far.
        if distance > max_distance_m or highest_m - height_m <= best * distance:
            break
        if along_row:
            position = column + east * walked
            i = row_cell + next_row
            if i < 0 or i >= n_rows or position < -0.5 - column_cell or position > last_column:
                break
            first, second, share = _neighbours(column_cell, position, n_columns)
            found = _between(heights[i, first], heights[i, second], share)
            next_row += row_step
            to_row = abs(next_row - row) / abs(south)
        else:
            position = row + south * walked
            j = column_cell + next_column
            if j < 0 or j >= n_columns or position < -0.5 - row_cell or position > last_row:
                break
            first, second, share = _neighbours(row_cell, position, n_rows)
            found = _between(heights[first, j], heights[second, j], share)
            next_column += column_step
            to_column = abs(next_column - column) / abs(east)
        rise = found - height_m
        if distance >= nearest_m and rise > best * distance:
            best = rise / distance
    return best


@kernel(error_model="numpy")
def _horizon_at_points(
    heights: np.ndarray,
    resolution_m: float,
    rows: np.ndarray,
    columns: np.ndarray,
    heights_m: np.ndarray,
    azimuths_deg: np.ndarray,
    rays_per_sector: int,
    highest_m: float,
    nearest_m: float,
    max_distance_m: float,
    out: np.ndarray,
) -> None:
    sector = 360.0 / azimuths_deg.size
    for p in range(rows.size):
        for k in range(azimuths_deg.size):
            total = 0.0
            for s in range(rays_per_sector):
                azimuth = azimuths_deg[k] + sector * ((s + 0.5) / rays_per_sector - 0.5)
                total += math.atan(
                    _ray_tangent(
                        heights,
                        resolution_m,
                        rows[p],
                        columns[p],
                        heights_m[p],
                        math.radians(azimuth),
                        highest_m,
                        nearest_m,
                        max_distance_m,
                    )
                )
            out[p, k] = math.degrees(total / rays_per_sector)


def horizon_at_points(
    dsm: np.ndarray,
    resolution_m: float,
    rows: np.ndarray,
    cols: np.ndarray,
    heights_m: np.ndarray,
    azimuths_deg: np.ndarray,
    max_distance_m: float = math.inf,
    rays_per_sector: int = 1,
) -> np.ndarray:
    """Elevation of the horizon seen from chosen points.

    Parameters
    ----------
    dsm : ndarray, shape (rows, columns)
        Heights [m]; NaN where unknown.
    resolution_m : float
        Side of a cell. Obstacles nearer than one cell are not seen: they cannot be told from the point's own
        roof.
    rows, cols : ndarray, shape (n,)
        Points in cells, fractions allowed; the centre of the first cell is (0, 0).
    heights_m : ndarray, shape (n,)
        Height of each point, in the datum of the surface (not above it).
    azimuths_deg : ndarray, shape (K,)
        Middle of each sector; sectors are 360 / K wide.
    max_distance_m : float
        Where rays end.
    rays_per_sector : int
        Rays spread evenly over each sector, whose elevations are averaged; 1 follows the middle only. Three
        or more pay where there are 24 sectors or fewer.

    Returns
    -------
    ndarray, shape (n, K)
        Elevation [deg], 0 to 90.

    Raises
    ------
    UnusableInputError
        If the raster cannot be used, shapes differ, a point lies off the raster or a height is not finite.
    """
    surface = _surface(dsm, resolution_m)
    row, column, height = (np.ascontiguousarray(v, dtype=np.float64).ravel() for v in (rows, cols, heights_m))
    if not row.size == column.size == height.size:
        raise UnusableInputError("rows, cols and heights_m must hold one number per point each.")
    if not all(np.all(np.isfinite(v)) for v in (row, column, height)):
        raise UnusableInputError("rows, cols and heights_m must be finite numbers.")
    for name, values, size in (("rows", row, surface.shape[0]), ("cols", column, surface.shape[1])):
        if values.size and not (values.min() >= -0.5 and values.max() <= size - 0.5):
            raise UnusableInputError(
                f"{name} is {values.min()} to {values.max()}: the raster runs from -0.5 to {size - 0.5}."
            )
    if rays_per_sector < 1 or not max_distance_m > 0.0:
        raise UnusableInputError(
            f"rays_per_sector is {rays_per_sector}, max_distance_m {max_distance_m}: they must be positive."
        )
    azimuths = np.ascontiguousarray(azimuths_deg, dtype=np.float64).ravel()
    out = np.zeros((row.size, azimuths.size))
    known = surface[~np.isnan(surface)]
    if known.size == 0:
        return out
    _horizon_at_points(
        surface,
        float(resolution_m),
        row,
        column,
        height,
        azimuths,
        int(rays_per_sector),
        float(known.max()),
        resolution_m * (1.0 - 1e-9),
        float(max_distance_m),
        out,
    )
    return out
