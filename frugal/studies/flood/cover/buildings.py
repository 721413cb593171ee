"""Buildings as part of the ground: cells that they cover more than half are obstacles, or rougher for the share they cover.

As roughness, n = (1 - share) n_ground + share n_buildings, the buildings' own n standing for walls and rooms that water passes
slowly ("building resistance", beside "building block": Schubert and Sanders 2012, Advances in Water Resources 41, 49). For it
0.3 to 10 s/m^(1/3) are in use (Syme 2008, *Flooding in urban areas: 2D modelling approaches for buildings and fences*).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from frugal.errors import UnusableInputError
from frugal.formats.vectors.features import read_shapes

#: Points along the side of a cell at which footprints are looked for.
_POINTS = 8
_BAND_ROWS = 256
#: A cell is an obstacle from this share on.
BLOCKED_SHARE = 0.5
#: Cells around a blocked one in which water may stand before its walls.
_AROUND = 5


def covered_share(path: Path, crs: str, transform: list[float], shape: tuple[int, int]) -> np.ndarray:
    """Share of each cell that footprints cover, on 8 × 8 points.

    Parameters
    ----------
    path : Path
        Footprints, in any vector format and system.
    crs, transform : str, list of float
        System and place of the grid.
    shape : tuple of int
        Rows and columns.

    Returns
    -------
    ndarray [y, x]
        0 to 1.

    Raises
    ------
    UnusableInputError
        If the file holds no areas.
    """
    import rasterio
    import rasterio.features

    shapes: list[Any] = [shape_ for shape_ in read_shapes(path, crs, "buildings") if shape_.area > 0.0]
    if not shapes:
        raise UnusableInputError(
            f"buildings '{path}' hold no areas, only points or lines; set buildings_as = \"counted\""
        )
    share = np.zeros(shape)
    a, b, c, d, e, f = transform
    for first in range(0, shape[0], _BAND_ROWS):
        rows = min(_BAND_ROWS, shape[0] - first)
        corner = c + b * first, f + e * first
        fine = rasterio.Affine(a / _POINTS, b / _POINTS, corner[0], d / _POINTS, e / _POINTS, corner[1])
        inside = rasterio.features.rasterize(
            shapes, (rows * _POINTS, shape[1] * _POINTS), transform=fine, dtype="uint8"
        )
        share[first : first + rows] = inside.reshape(rows, _POINTS, shape[1], _POINTS).mean(axis=(1, 3))
    return share


def beside_obstacles(counted: np.ndarray, blocked: np.ndarray, open_land: np.ndarray, bed: np.ndarray) -> np.ndarray:
    """Buildings of blocked cells counted in the open cell beside them where water stands deepest: on the lowest ground.

    Parameters
    ----------
    counted : ndarray [y, x]
        Buildings in each cell.
    blocked, open_land : ndarray of bool [y, x]
        Cells that hold no water, and those that may be flooded and are asked for.
    bed : ndarray [y, x]
        [m]

    Returns
    -------
    ndarray [y, x]
        None is lost, but for those with no open land within five cells.
    """
    found = np.where(blocked, 0.0, counted)
    rows, columns = counted.shape
    for row, column in np.argwhere(blocked & (counted > 0.0)):
        for reach in range(1, _AROUND + 1):
            window = (
                slice(max(0, row - reach), min(rows, row + reach + 1)),
                slice(max(0, column - reach), min(columns, column + reach + 1)),
            )
            heights = np.where(open_land[window], bed[window], np.inf)
            if np.isfinite(heights).any():
                down, across = np.unravel_index(int(np.argmin(heights)), heights.shape)
                found[window[0].start + down, window[1].start + across] += counted[row, column]
                break
    return found
