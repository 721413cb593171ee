"""A generated valley: a meandering river in its plain between slopes, a road on an embankment, a village behind a low levee.

It is no real place.
"""

from __future__ import annotations

import numpy as np

from frugal.studies.flood.terrain.channel import AXIS_ABOVE, ENTRY_M, channel
from frugal.studies.flood.terrain.generated_polder import smooth_relief
from frugal.studies.flood.terrain.terrain import NOWHERE, FloodTerrain

SLOPE = 0.0015
CHANNEL_DEPTH_M = 3.0
#: The bed of the river, the road and the levee are so wide, and one cell where cells are wider. A cell that the river takes a
#: part of is lowered by that part.
FEATURE_M = 50.0
#: The axis of the river is drawn with points so far apart.
_STEP_M = 2.0


def valley(rows: int = 40, columns: int = 76, cell_size_m: float = 50.0, seed: int = 0) -> FloodTerrain:
    """Generate the default terrain of `river_flood`, 3.8 km from west to east; the river flows east.

    Parameters
    ----------
    rows, columns : int
    cell_size_m : float
        Finer cells see the same ground: the river is 50 m wide on all of them.
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

    drawn = np.linspace(-FEATURE_M, length + FEATURE_M, int((length + 2 * FEATURE_M) / _STEP_M) + 1)
    found = channel(
        np.column_stack([_axis_at(drawn, width), drawn]),
        2 * half_width_m,
        (rows, columns),
        cell_size_m,
        begin_m=FEATURE_M,
    )
    line, position = _axis_cells(drawn, _axis_at(drawn, width), found.share, cell_size_m)
    bottom = SLOPE * (length - found.nearest_m[..., 1]) - CHANNEL_DEPTH_M
    bed -= found.share * np.maximum(bed - bottom, 0.0)
    land = ~found.bed
    dry = 0.045 + 0.055 * np.clip(1.4 * village, 0.0, 1.0)
    share = (cell_size_m / 50.0) ** 2
    expected = share * np.where(village > 0.3, 3.5 * village, 0.015)
    return FloodTerrain(
        bed=bed,
        cell_size_m=cell_size_m,
        manning=found.share * 0.03 + (1.0 - found.share) * dry,
        land=land,
        river=line,
        river_position_m=position,
        outlet_bed_m=-CHANNEL_DEPTH_M,
        tributaries=found.beside(line),
        entry=found.entry(ENTRY_M),
        buildings=np.where(land, rng.poisson(expected), 0).astype(float),
        y_max=width,
        crs=NOWHERE,
        source=f"generated valley, {rows} x {columns} cells of {cell_size_m:g} m (seed {seed})",
    )


def _axis_at(along_m: np.ndarray, width_m: float) -> np.ndarray:
    """How far south the axis of the river runs."""
    return width_m * (0.5 + 0.13 * np.sin(2 * np.pi * along_m / 1700.0) + 0.03 * np.sin(2 * np.pi * along_m / 610.0))


def _axis_cells(
    east_m: np.ndarray, south_m: np.ndarray, share: np.ndarray, cell_size_m: float
) -> tuple[np.ndarray, np.ndarray]:
    """Cells that the axis runs through, from west to east, and the middle of its stretch in each, from the first."""
    rows, columns = share.shape
    cells = np.column_stack([south_m, east_m]) // cell_size_m
    cells = cells.astype(np.int64)
    along = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(east_m), np.diff(south_m)))])
    inside = (cells[:, 1] >= 0) & (cells[:, 1] < columns)
    inside[inside] = share[tuple(cells[inside].T)] >= AXIS_ABOVE
    found, member = np.unique(cells[inside] @ (1, rows), return_inverse=True)
    middle = np.bincount(member, along[inside]) / np.bincount(member)
    order = np.argsort(middle)
    return np.column_stack([found[order] % rows, found[order] // rows]), middle[order] - middle[order[0]]
