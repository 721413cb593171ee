"""The grid that a whole cadastre lies on, and the tiles it is cut into.

Cells and tiles are counted from fixed lines of the coordinate system, not from the corner of a file: two cuttings of one
territory share their cells, and a tile keeps its name when files are added.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from frugal.errors import UnusableInputError

Bounds = tuple[float, float, float, float]


@dataclass(frozen=True)
class TileGrid:
    """Square cells: column c spans x from ``x0 + c resolution_m`` on, row r lies below ``y0 - r resolution_m``."""

    resolution_m: float
    x0: float = 0.0
    y0: float = 0.0

    def columns(self, west: float, east: float) -> tuple[int, int]:
        """First column and the one after the last that cover an interval of eastings."""
        return _span((west - self.x0) / self.resolution_m, (east - self.x0) / self.resolution_m)

    def rows(self, south: float, north: float) -> tuple[int, int]:
        """First row (northernmost) and the one after the last that cover an interval of northings."""
        return _span((self.y0 - north) / self.resolution_m, (self.y0 - south) / self.resolution_m)

    def bounds(self, columns: tuple[int, int], rows: tuple[int, int]) -> Bounds:
        """Edges of a block of cells: west, south, east, north."""
        size = self.resolution_m
        return (
            self.x0 + columns[0] * size,
            self.y0 - rows[1] * size,
            self.x0 + columns[1] * size,
            self.y0 - rows[0] * size,
        )

    def whole(self, side_m: float) -> float:
        """The multiple of the cell nearest to a length, for tiles whose side nobody chose."""
        return max(1, round(side_m / self.resolution_m)) * self.resolution_m


def rest_of_edge(edge: float, size: float) -> float:
    """Distance of an edge from the multiples of its cells, where its grid begins; 0 within a millionth of a cell."""
    rest = float(edge % size)
    return 0.0 if min(rest, size - rest) < 1e-6 * size else rest


@dataclass(frozen=True)
class Tile:
    """A square piece of the grid: its own cells, without halo."""

    name: str
    columns: tuple[int, int]
    rows: tuple[int, int]

    def with_halo(self, cells: int) -> tuple[tuple[int, int], tuple[int, int]]:
        """Columns and rows with so many cells more on every side."""
        return (
            (self.columns[0] - cells, self.columns[1] + cells),
            (self.rows[0] - cells, self.rows[1] + cells),
        )


def plan_tiles(grid: TileGrid, bounds: Bounds, tile_m: float) -> list[Tile]:
    """Tiles that cover an extent, from the north-west, in rows.

    Parameters
    ----------
    grid : Grid
    bounds : tuple
        West, south, east, north.
    tile_m : float
        Side of a tile; a multiple of the cell.

    Raises
    ------
    UnusableInputError
        If it is not.
    """
    side = round(tile_m / grid.resolution_m)
    if side < 1 or not math.isclose(side * grid.resolution_m, tile_m, rel_tol=1e-9):
        raise UnusableInputError(
            f"tiles of {tile_m:g} m (--tile) are not a multiple of the cells of {grid.resolution_m:g} m"
        )
    west, east = grid.columns(bounds[0], bounds[2])
    north, south = grid.rows(bounds[1], bounds[3])
    tiles = []
    for row in range(north // side, -(-south // side)):
        for column in range(west // side, -(-east // side)):
            columns = (max(west, column * side), min(east, (column + 1) * side))
            rows = (max(north, row * side), min(south, (row + 1) * side))
            corner = grid.bounds((column * side, column * side), (row * side + side, row * side + side))
            tiles.append(Tile(f"{corner[0]:.0f}_{corner[1]:.0f}", columns, rows))
    return tiles


def _span(low: float, high: float) -> tuple[int, int]:
    """Whole cells that cover an interval; an edge within a thousandth of a cell counts as that edge."""
    return math.floor(low + 1e-3), math.ceil(high - 1e-3)
