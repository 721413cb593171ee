"""Horizon of terrain that lies beyond a surface model: hills, seen from the nodes of a lattice.

A ray leaves each node in the middle of each part of a sector and samples the terrain, interpolated between the centres of its
cells, once per cell. What it meets at distance d counts lower by ``(1 - k) d² / (2 R)``: the Earth is round, and air bends
light back by the share k (the formula and k as in common viewshed tools; 0.13 is the mean of geodesists for visible light).

From one node to the next hills move little against the sky, but an observer on a roof stands higher than the terrain. Kept
are therefore two numbers of the obstacle that each ray finds highest, its height over its distance and one over its
distance: an observer at height z sees it under the tangent ``height / distance - z / distance``. Both are averaged over the
rays of a sector and interpolated between nodes.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from frugal.errors import UnusableInputError
from frugal.physics.compiled import kernel

EARTH_RADIUS_M = 6_371_000.0

#: Share of the curvature that refraction takes back.
REFRACTION = 0.13


class FarObstacles(NamedTuple):
    """What stands highest toward each of K sectors, from each node of a lattice.

    Attributes
    ----------
    height_over_distance : ndarray of float32, shape (K, rows, columns)
        Apparent height of the obstacle [m] over its distance [m]; 0 where nothing rises above the node.
    inverse_distance : ndarray of float32, shape (K, rows, columns)
        One over the distance [1/m]; 0 likewise.
    """

    height_over_distance: np.ndarray
    inverse_distance: np.ndarray


class Places(NamedTuple):
    """Where cells or points lie between the nodes of a lattice, along one axis.

    Attributes
    ----------
    node : ndarray of int64
        The node before.
    share : ndarray of float32
        Part of the way to the next, 0 to 1.
    """

    node: np.ndarray
    share: np.ndarray


def places_among(position: np.ndarray, first: int, count: int) -> Places:
    """Places of positions counted in nodes.

    Parameters
    ----------
    position : ndarray
        Counted from a line common to all tiles, so that a cell's share does not depend on the tile it is computed in.
    first, count : int
        First node of the lattice on that line, and how many it has; positions beyond are held at its edge.
    """
    held = np.clip(np.asarray(position, dtype=np.float64), first, first + count - 1)
    node = np.minimum(np.floor(held).astype(np.int64), first + max(count - 2, 0))
    return Places(node - first, (held - node).astype(np.float32))


@kernel(error_model="numpy")
def _between_cells(heights: np.ndarray, row: int, column: int, south: float, east: float) -> float:
    """Height at a distance, in cells, from the centre of a cell; NaN outside and beside unknown cells."""
    down, right = math.floor(south), math.floor(east)
    i, j = row + down, column + right
    if i < 0 or j < 0 or i + 1 >= heights.shape[0] or j + 1 >= heights.shape[1]:
        return math.nan
    a, b = south - down, east - right
    return (1.0 - a) * ((1.0 - b) * heights[i, j] + b * heights[i, j + 1]) + a * (
        (1.0 - b) * heights[i + 1, j] + b * heights[i + 1, j + 1]
    )


@kernel(error_model="numpy")
def _look(
    heights: np.ndarray,
    resolution_m: float,
    row: int,
    column: int,
    own: float,
    azimuth: float,
    highest_m: float,
    nearest_m: float,
    farthest_m: float,
    bend: float,
) -> tuple[float, float]:
    """Apparent height over distance and one over distance of what stands highest; zeros where nothing rises."""
    east, south = math.sin(azimuth), -math.cos(azimuth)
    n_rows, n_columns = heights.shape
    best, kept_height, kept_inverse = 0.0, 0.0, 0.0
    step = 0
    while True:
        distance = nearest_m + step * resolution_m
        step += 1
        # Nothing further away can rise above the best so far.
        if distance > farthest_m or highest_m - own <= best * distance:
            return kept_height, kept_inverse
        down, right = south * distance / resolution_m, east * distance / resolution_m
        if row + down < 0 or row + down > n_rows - 1 or column + right < 0 or column + right > n_columns - 1:
            return kept_height, kept_inverse
        apparent = _between_cells(heights, row, column, down, right) - bend * distance * distance
        if apparent - own > best * distance:  # never where the height is unknown
            best = (apparent - own) / distance
            kept_height, kept_inverse = apparent / distance, 1.0 / distance


@kernel(error_model="numpy")
def _look_around(
    heights: np.ndarray,
    resolution_m: float,
    rows: np.ndarray,
    columns: np.ndarray,
    azimuths: np.ndarray,
    observer_m: np.ndarray,
    rays: int,
    highest_m: float,
    nearest_m: float,
    farthest_m: float,
    bend: float,
    height_over_distance: np.ndarray,
    inverse_distance: np.ndarray,
) -> None:
    width = 2.0 * math.pi / azimuths.size
    for k in range(azimuths.size):
        for i in range(rows.size):
            for j in range(columns.size):
                if math.isnan(observer_m[i, j]):
                    continue
                height, inverse = 0.0, 0.0
                for ray in range(rays):
                    azimuth = azimuths[k] + width * ((ray + 0.5) / rays - 0.5)
                    found = _look(
                        heights,
                        resolution_m,
                        rows[i],
                        columns[j],
                        observer_m[i, j],
                        azimuth,
                        highest_m,
                        nearest_m,
                        farthest_m,
                        bend,
                    )
                    height += found[0]
                    inverse += found[1]
                height_over_distance[k, i, j] = height / rays
                inverse_distance[k, i, j] = inverse / rays


def far_obstacles(
    terrain: np.ndarray,
    resolution_m: float,
    rows: np.ndarray,
    columns: np.ndarray,
    azimuths_deg: np.ndarray,
    *,
    nearest_m: float,
    farthest_m: float,
    observer_m: np.ndarray | None = None,
    rays_per_sector: int = 3,
    refraction: float = REFRACTION,
    earth_radius_m: float = EARTH_RADIUS_M,
) -> FarObstacles:
    """What stands highest beyond a distance, from nodes on the cells of a terrain model.

    Parameters
    ----------
    terrain : ndarray, shape (rows, columns)
        Heights [m]; NaN where unknown, which hides nothing. Row 0 is the northernmost.
    resolution_m : float
        Side of a cell.
    rows, columns : ndarray of int
        Cells whose centres are the nodes: every row with every column.
    azimuths_deg : ndarray, shape (K,)
        Middles of sectors of 360 / K, clockwise from the north of the grid.
    nearest_m, farthest_m : float
        Where rays begin and end.
    observer_m : ndarray, shape (len(rows), len(columns)), optional
        Height of the nodes [m], the terrain's own by default; from unknown ones nothing is seen.
    rays_per_sector : int
    refraction : float
        Share of the curvature of the Earth that the air takes back.
    earth_radius_m : float
        ``inf`` for a flat Earth.

    Returns
    -------
    FarObstacles
        For ``[K, len(rows), len(columns)]``.

    Raises
    ------
    UnusableInputError
        If a node lies off the raster or a number is out of range.
    """
    heights = np.ascontiguousarray(terrain, dtype=np.float64)
    if heights.ndim != 2 or not resolution_m > 0.0 or not 0.0 < nearest_m <= farthest_m or rays_per_sector < 1:
        raise UnusableInputError(
            f"terrain has shape {heights.shape}, resolution_m is {resolution_m}, nearest_m {nearest_m}, farthest_m "
            f"{farthest_m}, rays_per_sector {rays_per_sector}: a raster and positive numbers in this order are needed."
        )
    nodes = [np.ascontiguousarray(v, dtype=np.int64).ravel() for v in (rows, columns)]
    for name, values, size in (("rows", nodes[0], heights.shape[0]), ("columns", nodes[1], heights.shape[1])):
        if values.size and not (values.min() >= 0 and values.max() < size):
            raise UnusableInputError(f"{name} is {values.min()} to {values.max()}: the raster has {size}.")
    azimuths = np.radians(np.ascontiguousarray(azimuths_deg, dtype=np.float64).ravel())
    shape = (azimuths.size, nodes[0].size, nodes[1].size)
    found = FarObstacles(np.zeros(shape, dtype=np.float32), np.zeros(shape, dtype=np.float32))
    known = heights[np.isfinite(heights)]
    if known.size and all(shape):
        bend = (1.0 - refraction) / (2.0 * earth_radius_m)
        ends = float(nearest_m), float(farthest_m)
        own = heights[np.ix_(*nodes)] if observer_m is None else np.ascontiguousarray(observer_m, dtype=np.float64)
        _look_around(
            heights,
            float(resolution_m),
            *nodes,
            azimuths,
            own,
            int(rays_per_sector),
            float(known.max()),
            *ends,
            bend,
            *found,
        )
    return found


@kernel(error_model="numpy")
def _tangent_map(
    height_over_distance: np.ndarray,
    inverse_distance: np.ndarray,
    row_nodes: np.ndarray,
    row_shares: np.ndarray,
    column_nodes: np.ndarray,
    column_shares: np.ndarray,
    heights: np.ndarray,
    out: np.ndarray,
) -> None:
    n_columns = height_over_distance.shape[1]
    along_h = np.zeros(n_columns, dtype=np.float32)
    along_i = np.zeros(n_columns, dtype=np.float32)
    for i in range(row_nodes.size):
        north, south = row_nodes[i], min(row_nodes[i] + 1, height_over_distance.shape[0] - 1)
        s = row_shares[i]
        for c in range(n_columns):
            h, g = height_over_distance[north, c], inverse_distance[north, c]
            along_h[c] = h + s * (height_over_distance[south, c] - h)
            along_i[c] = g + s * (inverse_distance[south, c] - g)
        for j in range(column_nodes.size):
            west, east = column_nodes[j], min(column_nodes[j] + 1, n_columns - 1)
            t = column_shares[j]
            h = along_h[west] + t * (along_h[east] - along_h[west])
            g = along_i[west] + t * (along_i[east] - along_i[west])
            tangent = h - g * heights[i, j]
            out[i, j] = tangent if tangent > np.float32(0.0) else np.float32(0.0)  # also where the height is unknown


def far_tangent_map(
    obstacles: FarObstacles, sector: int, rows: Places, columns: Places, heights: np.ndarray
) -> np.ndarray:
    """Tangents toward one sector, seen from every cell of a raster.

    Parameters
    ----------
    obstacles : FarObstacles
    sector : int
    rows, columns : Places
        Of the rows and columns of the raster.
    heights : ndarray, shape (rows, columns)
        Heights of the cells [m], in the datum of the terrain; NaN where unknown.

    Returns
    -------
    ndarray of float32, shape (rows, columns)
        0 where nothing rises, or the height is unknown.
    """
    out = np.zeros(np.shape(heights), dtype=np.float32)
    if obstacles.height_over_distance[sector].any() or obstacles.inverse_distance[sector].any():
        _tangent_map(
            obstacles.height_over_distance[sector],
            obstacles.inverse_distance[sector],
            *rows,
            *columns,
            np.ascontiguousarray(heights, dtype=np.float32),
            out,
        )
    return out


def far_tangents_at(obstacles: FarObstacles, rows: Places, columns: Places, heights_m: np.ndarray) -> np.ndarray:
    """Tangents toward all sectors, seen from points.

    Parameters
    ----------
    obstacles : FarObstacles
    rows, columns : Places
        Of the points.
    heights_m : ndarray, shape (n,)

    Returns
    -------
    ndarray, shape (n, K)
    """
    n_rows, n_columns = obstacles.height_over_distance.shape[1:]
    total = np.zeros((len(np.atleast_1d(heights_m)), obstacles.height_over_distance.shape[0]))
    for far_row in (0, 1):
        for far_column in (0, 1):
            i = np.minimum(rows.node + far_row, n_rows - 1)
            j = np.minimum(columns.node + far_column, n_columns - 1)
            weight = np.abs(1.0 - far_row - rows.share) * np.abs(1.0 - far_column - columns.share)
            seen = obstacles.height_over_distance[:, i, j] - obstacles.inverse_distance[:, i, j] * heights_m
            total += (weight * seen).T
    return np.maximum(total, 0.0)
