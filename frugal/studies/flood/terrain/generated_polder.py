"""A generated polder of the Atlantic coast: foreshore, sea dike, low meadows cut by roads and ditches, a rising hinterland.

It is no real place. It has what matters to a flood there: ground below the high tide, two basins that a low ridge and a road
divide, ditches that carry water far, villages on slightly higher ground.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from frugal.studies.flood.terrain.terrain import NOWHERE, FloodTerrain

FORESHORE_COLUMNS = 4
CREST_M = 6.0
#: Roads and ditches are so wide, and one cell where cells are wider; the crest of the dike is drawn at points so far apart.
FEATURE_M = 50.0
CREST_STEP_M = 50.0


def polder(n: int = 64, cell_size_m: float = 50.0, seed: int = 0) -> FloodTerrain:
    """Generate the default terrain of `submersion`: the sea to the west, walls of rising ground elsewhere.

    Parameters
    ----------
    n : int
        Rows and columns; the extent, 3.2 km, stays the same whatever their number when ``cell_size_m`` goes with it, and so
        does the ground but for the dike, a line one cell wide whose face toward the sea stays where it is.
    cell_size_m : float
    seed : int
    """
    rng = np.random.default_rng(seed)
    extent = n * cell_size_m
    middle = (np.arange(n) + 0.5) * cell_size_m
    south, east = np.meshgrid(middle, middle, indexing="ij")
    sea = east < FORESHORE_COLUMNS * 50.0
    dike_column = int(np.searchsorted(middle, FORESHORE_COLUMNS * 50.0))

    bed = 1.0 + 0.9 * (east / extent) + 0.25 * smooth_relief(rng, (n, n), cell_size_m)
    hinterland = east - (0.78 + 0.10 * np.sin(2 * np.pi * south / extent + 0.7)) * extent
    bed += 5.0 * np.clip(hinterland / (0.16 * extent), 0.0, 1.5)
    bed += 1.1 * np.exp(
        -(((south - 0.56 * extent - 0.12 * (east - 0.5 * extent)) / 130.0) ** 2)
    )  # the ridge between basins
    villages = ((0.24, 0.55, 1.3, 260.0), (0.80, 0.40, 0.9, 220.0), (0.72, 0.70, 1.6, 240.0))
    village = np.zeros((n, n))
    for down, across, height, radius in villages:
        bump = np.exp(-((south - down * extent) ** 2 + (east - across * extent) ** 2) / (2 * radius**2))
        bed += height * bump
        village = np.maximum(village, bump)
    half_width_m = 0.5 * max(FEATURE_M, cell_size_m)
    road = np.abs(east - 0.45 * extent - 0.06 * extent * np.sin(3 * np.pi * south / extent)) < half_width_m
    bed[road & ~sea] += 0.7
    for down in (0.14, 0.36, 0.66, 0.88):
        ditch = np.abs(south - down * extent) < half_width_m
        bed[ditch & (hinterland < 0)] -= 0.6
    bed = np.maximum(bed, -0.4)
    bed[sea] = -0.8 + 1.4 * (east / (FORESHORE_COLUMNS * 50.0))[sea]

    rows = np.arange(n)
    sill = bed[:, dike_column + 1].copy()
    drawn = _smooth(rng.standard_normal(round(extent / CREST_STEP_M)), 300.0 / CREST_STEP_M)
    crest = np.interp(middle, (np.arange(len(drawn)) + 0.5) * CREST_STEP_M, drawn)
    bed[:, dike_column] = CREST_M + 0.12 * crest
    manning = np.where(sea, 0.025, 0.035 + 0.065 * np.clip(village * 1.4, 0.0, 1.0))
    land = ~sea
    land[:, dike_column] = False
    return FloodTerrain(
        bed=bed,
        cell_size_m=cell_size_m,
        manning=manning,
        land=land,
        dike=np.stack([rows, np.full(n, dike_column)], axis=1),
        dike_position_m=(rows + 0.5) * cell_size_m,
        sill_m=sill,
        buildings=_buildings(rng, village, land, cell_size_m),
        y_max=extent,
        crs=NOWHERE,
        source=f"generated polder, {n} x {n} cells of {cell_size_m:g} m (seed {seed})",
    )


def smooth_relief(
    rng: np.random.Generator, shape: tuple[int, int], cell_size_m: float, length_m: float = 600.0
) -> np.ndarray:
    """Smooth random relief with standard deviation 1, drawn on a fixed net so that finer cells see the same ground.

    Parameters
    ----------
    rng : numpy.random.Generator
    shape : tuple of int
        Rows and columns.
    cell_size_m : float
        Side of a cell.
    length_m : float
        Twice the standard deviation of the Gaussian that smooths the net, which has a knot every 200 m.

    Returns
    -------
    ndarray [y, x]
        Without unit, to be multiplied by heights.
    """
    size = tuple(int(cells * cell_size_m / 200.0) + 4 for cells in shape)
    knots = ndimage.gaussian_filter(rng.standard_normal(size), length_m / 400.0)
    knots /= knots.std()
    where = ((np.arange(cells) + 0.5) * cell_size_m / 200.0 + 1.0 for cells in shape)
    return np.asarray(ndimage.map_coordinates(knots, np.meshgrid(*where, indexing="ij"), order=3))


def _smooth(values: np.ndarray, width: float) -> np.ndarray:
    smooth = ndimage.gaussian_filter1d(values, width)
    return np.asarray(smooth / max(smooth.std(), 1e-12))


def _buildings(rng: np.random.Generator, village: np.ndarray, land: np.ndarray, cell_size_m: float) -> np.ndarray:
    """Houses: dense in villages, a few farms elsewhere; more or fewer with the area of a cell."""
    share = (cell_size_m / 50.0) ** 2
    expected = share * np.where(village > 0.25, 3.0 * village, 0.015)
    return np.where(land, rng.poisson(expected), 0).astype(float)
