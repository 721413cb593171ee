"""The bed of a river as wide as it is, whatever the cells: which share of each cell it takes, and where along it each lies.

A river drawn as a chain of whole cells turns by right angles: it is longer than the river, loses head in each of its corners,
and does so otherwise on other cells. Here the bed is a band around the axis and each cell holds the mean of the ground in it,
so that the cross-section of the river is kept on any cells not wider than it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: Each cell is sampled at so many points along either side.
_POINTS = 5
#: A cell of which the river takes more than this share is no land.
BED_ABOVE = 0.1
#: The axis of a river is drawn through the cells of which it takes at least this share.
AXIS_ABOVE = 0.5
#: A wave enters over so many metres of its river.
ENTRY_M = 200.0


@dataclass(frozen=True, eq=False)
class Channel:
    """The bed of a river on square cells.

    Attributes
    ----------
    share : ndarray [y, x]
        Of each cell, 0 to 1.
    position_m : ndarray [y, x]
        Distance along the axis of the point nearest to the middle of each cell.
    nearest_m : ndarray [y, x, 2]
        That point, southward and eastward.
    """

    share: np.ndarray
    position_m: np.ndarray
    nearest_m: np.ndarray

    @property
    def bed(self) -> np.ndarray:
        """Cells that are no land [y, x]."""
        found: np.ndarray = self.share > BED_ABOVE
        return found

    def beside(self, axis: np.ndarray) -> np.ndarray:
        """Row and column of the cells of the bed that are not among those of the axis."""
        rest = self.bed.copy()
        rest[tuple(axis.T)] = False
        return np.argwhere(rest)

    def entry(self, length_m: float, part: float = 1.0) -> np.ndarray:
        """Row, column and share of the discharge where a wave enters over the first metres of the river.

        Parameters
        ----------
        length_m : float
        part : float
            Of the discharge that enters by this river.
        """
        enters = self.bed & (self.position_m < length_m)
        if not enters.any():
            return np.empty((0, 3))
        weight = self.share[enters]
        return np.column_stack([np.argwhere(enters), part * weight / weight.sum()])


def channel(
    line_m: np.ndarray, width_m: float, shape: tuple[int, int], cell_size_m: float, begin_m: float = 0.0
) -> Channel:
    """Lay the bed of a river on a grid.

    Parameters
    ----------
    line_m : array [n, 2]
        Corners of its axis, southward from the northern edge of the grid and eastward from its western one [m].
    width_m : float
        Of the bed.
    shape : tuple of int
        Rows and columns.
    cell_size_m : float
    begin_m : float
        Where along the line positions are counted from.

    Returns
    -------
    Channel
    """
    from scipy.spatial import cKDTree

    lengths = np.hypot(*np.diff(line_m, axis=0).T)
    corners = np.concatenate([[0.0], np.cumsum(lengths)])
    step = min(cell_size_m / (4 * _POINTS), width_m / 8.0)  # the nearest point stands for the nearest of the line
    along = np.linspace(0.0, corners[-1], max(int(np.ceil(corners[-1] / step)), 1) + 1)
    axis_m = np.column_stack([np.interp(along, corners, line_m[:, k]) for k in (0, 1)])
    drawn = cKDTree(axis_m)
    rows, columns = shape
    south, east = ((np.arange(n * _POINTS) + 0.5) * cell_size_m / _POINTS for n in shape)
    points = np.column_stack([one.ravel() for one in np.meshgrid(south, east, indexing="ij")])
    part = cell_size_m / _POINTS
    apart = drawn.query(points, distance_upper_bound=0.5 * (width_m + part))[0]
    inside = np.clip(0.5 + (0.5 * width_m - apart) / part, 0.0, 1.0).reshape(rows, _POINTS, columns, _POINTS)
    centres = (np.indices(shape).reshape(2, -1).T + 0.5) * cell_size_m
    nearest = drawn.query(centres)[1].reshape(shape)
    return Channel(inside.mean(axis=(1, 3)), along[nearest] - begin_m, axis_m[nearest])
