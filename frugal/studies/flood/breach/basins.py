"""What the ground behind a dike tells of a flood whatever the storm: how high a volume stands, and where it goes first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from frugal.physics.filling import fill_and_spill
from frugal.studies.flood.terrain.terrain import FloodTerrain, nearest_of

#: Knots of the level over the root of the volume.
KNOTS = 24
#: Wider cells serve above this many: pools need no more.
MOST_CELLS = 65_536
#: Places along the dike that water is poured from.
MOST_PLACES = 64


@dataclass(frozen=True)
class Pools:
    """Still water behind a dike.

    Attributes
    ----------
    root_volume : ndarray [k]
        Square roots of volumes in millions of m³, from 0 on.
    level_m : ndarray [k]
        Level of the pool behind the breach for each, the mean over places along the dike.
    basin : ndarray [cells of the dike]
        Which way a small flood goes from there, 0 to 1: the leading mode of its map along the dike. Places that share a basin
        share a value.
    """

    root_volume: np.ndarray
    level_m: np.ndarray
    basin: np.ndarray


def pools_of(terrain: FloodTerrain, largest_m3: float, small_m3: float) -> Pools:
    """Pour volumes over the ground from places all along the dike.

    Parameters
    ----------
    terrain : FloodTerrain
        With a dike.
    largest_m3 : float
        Largest volume of which the level is asked.
    small_m3 : float
        Volume of the small flood that tells basins apart.
    """
    factor = int(np.ceil(np.sqrt(terrain.bed.size / MOST_CELLS)))
    ground = terrain if factor == 1 else terrain.coarsened(factor)
    places = np.unique(np.linspace(0, len(ground.dike) - 1, MOST_PLACES).astype(int))
    behind = landing(ground)[places]
    root = np.linspace(0.0, np.sqrt(largest_m3 / 1e6), KNOTS)
    volumes = np.concatenate([root**2 * 1e6, [small_m3]])
    order = np.argsort(volumes, kind="stable")
    small = int(np.flatnonzero(order == KNOTS)[0])
    levels, maps = [], []
    for row, column in behind:
        surface, at_source = fill_and_spill(
            ground.bed, ground.land, (int(row), int(column)), volumes[order] / ground.cell_size_m**2
        )
        levels.append(np.delete(at_source, small))
        maps.append(np.nan_to_num(surface[small] - ground.bed)[ground.land])
    basin = np.interp(terrain.dike_position_m, ground.dike_position_m[places], _leading(np.array(maps)))
    return Pools(root, np.mean(levels, axis=0), basin)


def landing(terrain: FloodTerrain) -> np.ndarray:
    """For each cell of the dike the land that water falls on, ``[k, 2]``: the lowest next to it, or else the nearest."""
    lowest = ndimage.minimum_filter(np.where(terrain.land, terrain.bed, np.inf), size=3, mode="nearest")
    land = np.argwhere(terrain.land)
    nearest, _ = nearest_of(land, terrain.shape, terrain.cell_size_m)
    found = land[nearest[tuple(terrain.dike.T)]]
    for k, (row, column) in enumerate(terrain.dike):
        if np.isfinite(lowest[row, column]):
            top, left = max(row - 1, 0), max(column - 1, 0)
            window = (slice(top, row + 2), slice(left, column + 2))
            inside = np.where(terrain.land[window], terrain.bed[window], np.inf)
            found[k] = np.unravel_index(int(np.argmin(inside)), inside.shape)
            found[k] += (top, left)
    return np.asarray(found)


def _leading(maps: np.ndarray) -> np.ndarray:
    """Leading mode of maps ``[places, cells]``, brought to 0 to 1; zeros where all maps are the same."""
    centred = maps - maps.mean(axis=0)
    energy, vectors = np.linalg.eigh(centred @ centred.T)
    mode = vectors[:, -1] * np.sqrt(max(float(energy[-1]), 0.0))
    width = float(np.ptp(mode))
    if width <= 1e-9 * max(float(np.abs(maps).max(initial=0.0)), 1.0):
        return np.zeros(len(maps))
    mode = mode * (1.0 if mode[0] <= mode[-1] else -1.0)  # eigenvectors have no sign of their own
    return np.asarray((mode - mode.min()) / width)
