"""A generated valley: a meandering river in its plain between slopes, a road on an embankment, a village behind a low levee.

It is no real place.
"""

from __future__ import annotations

import numpy as np

from frugal.studies.flood.terrain.generated_polder import smooth_relief
from frugal.studies.flood.terrain.terrain import NOWHERE, FloodTerrain, quartered

SLOPE = 0.0015
CHANNEL_DEPTH_M = 3.0
#: The bed of the river, the road and the levee are so wide, and one cell where cells are wider.
FEATURE_M = 50.0


def valley(rows: int = 40, columns: int = 76, cell_size_m: float = 50.0, seed: int = 0) -> FloodTerrain:
    """Generate the default terrain of `river_flood`, 3.8 km from west to east; the river flows east.

    Parameters
    ----------
    rows, columns : int
    cell_size_m : float
        The river is a line of cells of 50 m, on finer ones all those that lie in it.
    seed : int
    """
    rng = np.random.default_rng(seed)
    width, length = rows * cell_size_m, columns * cell_size_m
    across = (np.arange(rows) + 0.5) * cell_size_m
    along = (np.arange(columns) + 0.5) * cell_size_m
    south, east = np.meshgrid(across, along, indexing="ij")
    axis = _axis_at(along, width)
    apart = south - axis
    half_width_m = 0.5 * max(FEATURE_M, cell_size_m)
    plain = SLOPE * (length - east) + 0.0015 * np.abs(apart) + 0.2 * smooth_relief(rng, (rows, columns), cell_size_m)
    half = 620.0 + 130.0 * np.sin(2 * np.pi * east / 2300.0 + 1.0)
    bed = plain + 9.0 * np.clip((np.abs(south - width / 2) - half) / 250.0, 0.0, 1.5)

    village = np.exp(-((east - 0.55 * length) ** 2 + (apart - 330.0) ** 2) / (2 * 210.0**2))
    levee = (np.abs(apart - 130.0) < half_width_m) & (np.abs(east - 0.55 * length) < 520.0)
    bed[levee] += 1.1
    road = np.abs(east - 0.74 * length) < half_width_m
    bed[road] = np.maximum(bed[road], plain[road] + 1.0)

    line, position = _river(width, cell_size_m, columns)
    river = np.zeros((rows, columns), dtype=bool)
    river[tuple(line.T)] = True
    bottom = np.interp((line[:, 1] + 0.5) * cell_size_m, along, SLOPE * (length - along)) - CHANNEL_DEPTH_M
    bed[tuple(line.T)] = bottom
    land = ~river
    share = (cell_size_m / 50.0) ** 2
    expected = share * np.where(village > 0.3, 3.5 * village, 0.015)
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


def _axis_at(along_m: np.ndarray, width_m: float) -> np.ndarray:
    """How far south the axis of the river runs."""
    return width_m * (0.5 + 0.13 * np.sin(2 * np.pi * along_m / 1700.0) + 0.03 * np.sin(2 * np.pi * along_m / 610.0))


def _river(width_m: float, cell_size_m: float, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """Cells of the river in the order of its axis, and the distance of each along it."""
    parts = max(round(FEATURE_M / cell_size_m), 1)
    size_m, number = cell_size_m * parts, columns // parts
    axis = _axis_at((np.arange(number) + 0.5) * size_m, width_m)
    line = _axis_cells(axis, size_m, number)
    position = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))]) * size_m
    while parts > 1:
        line, position = quartered(line, position, size_m)
        parts, size_m = parts // 2, size_m / 2
    return line, position


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
