"""Hills around a territory, as its tiles see them: the terrain that a user names, and its horizon at the nodes of a lattice.

Nodes lie on cells of the terrain counted from fixed lines of the coordinate system, about every fifty metres, so that a cell
and a plane have the same far horizon whatever tile they are computed in.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from frugal.cadastre.job.reach import FARTHEST_M
from frugal.formats.rasters.mosaic import Mosaic, open_rasters
from frugal.formats.rasters.tiling import Bounds, Tile, TileGrid
from frugal.physics.solar.far_horizon import (
    FarObstacles,
    Places,
    far_obstacles,
    far_tangent_map,
    far_tangents_at,
    places_among,
)

#: About the distance of the nodes.
_NODES_M = 50.0


@dataclass(frozen=True)
class DistantHorizon:
    """Far obstacles around one tile.

    Attributes
    ----------
    grid : Grid
    obstacles : FarObstacles
        By sector, clockwise from true north.
    first_row, first_column, per_node : int
        First node, in nodes, and terrain cells from one node to the next.
    cell_m, east_m, north_m : float
        Cells of the terrain and the edges that they are counted from.
    """

    grid: TileGrid
    obstacles: FarObstacles
    first_row: int
    first_column: int
    per_node: int
    cell_m: float
    east_m: float
    north_m: float

    def rows(self, row: np.ndarray) -> Places:
        """Places of rows of the grid (fractions allowed) among the nodes."""
        y = self.grid.y0 - (np.asarray(row) + 0.5) * self.grid.resolution_m
        position = ((self.north_m - y) / self.cell_m - 0.5) / self.per_node
        return places_among(position, self.first_row, self.obstacles.inverse_distance.shape[1])

    def columns(self, column: np.ndarray) -> Places:
        """Places of columns of the grid among the nodes."""
        x = self.grid.x0 + (np.asarray(column) + 0.5) * self.grid.resolution_m
        position = ((x - self.east_m) / self.cell_m - 0.5) / self.per_node
        return places_among(position, self.first_column, self.obstacles.inverse_distance.shape[2])

    def tangents_over(self, tile: Tile, heights: np.ndarray) -> Callable[[int], np.ndarray]:
        """For `irradiation_map`: tangents toward a sector from every cell of the tile, which has these heights."""
        rows, columns = self.rows(np.arange(*tile.rows)), self.columns(np.arange(*tile.columns))
        return lambda sector: far_tangent_map(self.obstacles, sector, rows, columns, heights)

    def elevations_at(self, row: np.ndarray, column: np.ndarray, heights_m: np.ndarray) -> np.ndarray:
        """Elevation [deg] of the hills toward all sectors, ``[n, K]``, from points in rows and columns of the grid.

        Parameters
        ----------
        row, column : ndarray, shape (n,)
            Rows and columns of the grid, not of the tile, fractions allowed; a whole number is the middle of its cell.
        heights_m : ndarray, shape (n,)
            Of the points, in the datum of the terrain.

        Returns
        -------
        ndarray, shape (n, K)
            Sectors clockwise from true north; 0 where nothing rises above the horizontal.
        """
        tangents = far_tangents_at(self.obstacles, self.rows(row), self.columns(column), np.asarray(heights_m))
        return np.degrees(np.arctan(tangents))


def distant_horizon_of(
    terrain: str, crs: str, grid: TileGrid, tile: Tile, margin_m: float, nearest_m: float, azimuths_deg: np.ndarray
) -> DistantHorizon:
    """What the terrain shows around a tile.

    Parameters
    ----------
    terrain : str
        Raster in the system of the grid, from `frugal.formats.rasters.terrain.read_terrain`.
    crs : str
    grid : Grid
    tile : Tile
    margin_m : float
        How far from the tile its planes may lie.
    nearest_m : float
        Where the surface model ceases to be searched.
    azimuths_deg : ndarray
        Sectors, clockwise from the north of the grid.
    """
    mosaic = _terrain(terrain, crs)
    cell, (east, north) = mosaic.resolution_m, mosaic.origin
    per_node = max(1, round(_NODES_M / cell))
    spacing = per_node * cell
    tile_bounds = grid.bounds(tile.columns, tile.rows)
    wide = _wider(tile_bounds, margin_m)
    first_column, last_column = math.floor((wide[0] - east) / spacing) - 1, math.ceil((wide[2] - east) / spacing) + 1
    first_row, last_row = math.floor((north - wide[3]) / spacing) - 1, math.ceil((north - wide[1]) / spacing) + 1
    window = mosaic.read(_wider(wide, _reach(wide, mosaic) + 3.0 * spacing))
    top, left = round((north - window.y_max) / cell), round((window.x_min - east) / cell)
    rows = np.arange(first_row, last_row + 1) * per_node - top
    columns = np.arange(first_column, last_column + 1) * per_node - left
    obstacles = far_obstacles(
        window.heights,
        cell,
        rows,
        columns,
        azimuths_deg,
        nearest_m=nearest_m,
        farthest_m=FARTHEST_M,
        observer_m=_ground_at(window.heights, rows, columns),
    )
    return DistantHorizon(grid, obstacles, first_row, first_column, per_node, cell, east, north)


def _ground_at(heights: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Heights of the nodes; of an unknown one (water, often) that of the nearest known cell: hills are seen from there too."""
    from scipy import ndimage

    nodes = heights[np.ix_(rows, columns)]
    known = np.isfinite(heights)
    if np.isfinite(nodes).all() or not known.any():
        return nodes
    nearest = ndimage.distance_transform_edt(~known, return_distances=False, return_indices=True)
    at = nearest[:, rows[:, None], columns[None, :]]
    return heights[at[0], at[1]]


@lru_cache(maxsize=4)
def _terrain(file: str, crs: str) -> Mosaic:
    return open_rasters([Path(file)], crs=crs, examine=False)


def _wider(bounds: Bounds, margin_m: float) -> Bounds:
    return bounds[0] - margin_m, bounds[1] - margin_m, bounds[2] + margin_m, bounds[3] + margin_m


def _reach(bounds: Bounds, mosaic: Mosaic) -> float:
    """How far the terrain goes on around a place, at most as far as hills are searched."""
    known = mosaic.bounds
    beyond = (bounds[0] - known[0], bounds[1] - known[1], known[2] - bounds[2], known[3] - bounds[3])
    return min(FARTHEST_M, max(0.0, *beyond))
