"""A generated valley: a meandering river in its plain between slopes, a road on an embankment, a village behind a low levee.

It is no real place.
"""

from __future__ import annotations

import numpy as np

from frugal.studies.flood.terrain.generated_polder import smooth_relief
from frugal.studies.flood.terrain.terrain import NOWHERE, FloodTerrain

SLOPE = 0.0015
CHANNEL_DEPTH_M = 3.0


def valley(rows: int = 40, columns: int = 76, cell_size_m: float = 50.0, seed: int = 0) -> FloodTerrain:
    """Generate the default terrain of `river_flood`, 3.8 km from west to east; the river flows east.

    Parameters
    ----------
    rows, columns : int
    cell_size_m : float
    seed : int
    """
    rng = np.random.default_rng(seed)
    width, length = rows * cell_size_m, columns * cell_size_m
    across = (np.arange(rows) + 0.5) * cell_size_m
    along = (np.arange(columns) + 0.5) * cell_size_m
    south, east = np.meshgrid(across, along, indexing="ij")
    axis = width * (0.5 + 0.13 * np.sin(2 * np.pi * along / 1700.0) + 0.03 * np.sin(2 * np.pi * along / 610.0))
    apart = south - axis
    plain = SLOPE * (length - east) + 0.0015 * np.abs(apart) + 0.2 * smooth_relief(rng, (rows, columns), cell_size_m)
    half = 620.0 + 130.0 * np.sin(2 * np.pi * east / 2300.0 + 1.0)
    bed = plain + 9.0 * np.clip((np.abs(south - width / 2) - half) / 250.0, 0.0, 1.5)

    village = np.exp(-((east - 0.55 * length) ** 2 + (apart - 330.0) ** 2) / (2 * 210.0**2))
    levee = (np.abs(apart - 130.0) < 0.5 * cell_size_m) & (np.abs(east - 0.55 * length) < 520.0)
    bed[levee] += 1.1
    road = np.abs(east - 0.74 * length) < 0.5 * cell_size_m
    bed[road] = np.maximum(bed[road], plain[road] + 1.0)

    line = _axis_cells(axis, cell_size_m, columns)
    river = np.zeros((rows, columns), dtype=bool)
    river[tuple(line.T)] = True
    bottom = np.interp((line[:, 1] + 0.5) * cell_size_m, along, SLOPE * (length - along)) - CHANNEL_DEPTH_M
    bed[tuple(line.T)] = bottom
    land = ~river
    share = (cell_size_m / 50.0) ** 2
    expected = share * np.where(village > 0.3, 3.5 * village, 0.015)
    position = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))]) * cell_size_m
    return FloodTerrain(
        bed=bed,
        cell_size_m=cell_size_m,
        manning=np.where(river, 0.03, 0.045 + 0.055 * np.clip(1.4 * village, 0.0, 1.0)),
        land=land,
        river=line,
        river_position_m=position,
        buildings=np.where(land, rng.poisson(expected), 0).astype(float),
        y_max=width,
        crs=NOWHERE,
        source=f"generated valley, {rows} x {columns} cells of {cell_size_m:g} m (seed {seed})",
    )


def _axis_cells(axis: np.ndarray, cell_size_m: float, columns: int) -> np.ndarray:
    """Cells of the axis from west to east, neighbours sharing a side so that the water can follow."""
    rows = np.floor(axis / cell_size_m).astype(np.int64)
    cells: list[tuple[int, int]] = [(int(rows[0]), 0)]
    for column in range(1, columns):
        before, now = cells[-1][0], int(rows[column])
        cells.append((before, column))
        step = 1 if now > before else -1
        cells += [(row, column) for row in range(before + step, now + step, step)] if now != before else []
    return np.array(cells, dtype=np.int64)
