"""Reading the ground of a flood study: whole, without holes, of a size that the machine can hold; and lines on its cells."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from frugal.errors import UnusableInputError
from frugal.formats.coordinate_systems import told_bounds
from frugal.formats.ground.tiles import file_name_of_tiles, name_of_tiles, read_tiles, shape_of_tiles
from frugal.formats.rasters.surface_model import SurfaceModel
from frugal.studies.flood.terrain.ground_checks import extent
from frugal.texts import Text, decimals, room_texts

_TEXTS = room_texts("frugal.studies.flood")

#: What a cell takes in the solver, and in the run store and the fits for each run: three maps in double precision, of which
#: the fits hold some four copies.
SOLVER_BYTES = 300
RUN_BYTES = 3 * 8 * 4


def read_terrain(
    paths: tuple[Path, ...], cell_size_m: float | None, n_runs: int
) -> tuple[SurfaceModel, np.ndarray, tuple[Text, ...]]:
    """Mean and greatest heights of a terrain without holes, of a size that the machine can hold.

    Parameters
    ----------
    paths : tuple of Path
        As `read_tiles`.
    cell_size_m : float or None
        Cells wanted, not finer than those of the file; its own for None.
    n_runs : int
        Of a campaign, whose maps have to be held in memory.

    Returns
    -------
    ground : SurfaceModel
        Mean height of each cell.
    crest : ndarray [y, x]
        Greatest height in each cell [m].
    notes : tuple of str by language
        What was filled.

    Raises
    ------
    UnusableInputError
        With the memory that it would need, or the number of cells without height.
    """
    rows, columns = shape_of_tiles(paths, cell_size_m)
    check_memory(rows * columns, n_runs, f"terrain '{name_of_tiles(paths)}' with {rows} × {columns} cells")
    found = read_tiles(paths, cell_size_m)
    ground = found.mean
    missing = int(np.isnan(ground.heights).sum())
    if missing:
        cells = "cell" if missing == 1 else "cells"
        raise UnusableInputError(
            f"terrain '{name_of_tiles(paths)}' has {missing} {cells} without height of {rows * columns}; fill its holes first"
        )
    if found.filled_share == 0.0:
        return ground, found.crest, ()
    share = decimals(f"{found.filled_share:.0%}".rstrip("%"))
    return ground, found.crest, (_TEXTS.say("note.filled", path=file_name_of_tiles(paths), share=share),)


def check_memory(cells: int, n_runs: int, what: str) -> None:
    """Refuse what the machine cannot hold.

    Parameters
    ----------
    cells : int
        Of the grid, wet or dry.
    n_runs : int
        Of a campaign; each has three maps that are held at once.
    what : str
        What has so many cells, for the message.

    Raises
    ------
    UnusableInputError
        Saying what memory it would need.
    """
    needed = cells * (SOLVER_BYTES + n_runs * RUN_BYTES)
    held = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if needed > held:
        raise UnusableInputError(
            f"{what} would need about {needed / 1e9:.0f} GB of memory for {n_runs} runs; this machine has {held / 1e9:.0f} GB: "
            "set cell_size_m to a larger value, or take fewer runs"
        )


def cells_along(line: np.ndarray, ground: SurfaceModel, name: str, what: str = "dike") -> tuple[np.ndarray, np.ndarray]:
    """Cells that a line runs through, in its order, and the distance along it of the middle of their stretch.

    What lies less than a cell beyond the last ones is left out: cells of another size than the file's cut a strip off it.

    Parameters
    ----------
    line : array [n, 2]
        Easting and northing of its corners [m], in the system of the ground.
    ground : SurfaceModel
    name : str
        Of the file, for the message.
    what : str
        What the line is, for the message.

    Returns
    -------
    cells : array of int [k, 2]
        Row and column, each cell once.
    position_m : array [k]
        From the beginning of the line.

    Raises
    ------
    UnusableInputError
        If the line leaves the terrain.
    """
    step = ground.resolution_m / 8
    lengths = np.hypot(*np.diff(line, axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(lengths)])
    distance = np.arange(0.0, along[-1] + step / 2, step)
    x, y = (np.interp(distance, along, line[:, k]) for k in (0, 1))
    column = np.floor((x - ground.x_min) / ground.resolution_m).astype(np.int64)
    row = np.floor((ground.y_max - y) / ground.resolution_m).astype(np.int64)
    rows, columns = ground.heights.shape
    outside = (row < 0) | (row >= rows) | (column < 0) | (column >= columns)
    beside = (row >= -1) & (row <= rows) & (column >= -1) & (column <= columns)
    if outside.all():
        own = told_bounds([*line.min(axis=0), *line.max(axis=0)])
        raise UnusableInputError(
            f"{what} '{name}' lies elsewhere ({own}) than the terrain ({told_bounds(extent(ground))}); check the coordinate "
            "systems of both"
        )
    if not beside.all():
        raise UnusableInputError(
            f"{what} '{name}' leaves the terrain along {max(outside.mean(), 0.01):.0%} of its length"
        )
    row, column, distance = row[~outside], column[~outside], distance[~outside]
    cells, member = np.unique(np.stack([row, column], axis=1), axis=0, return_inverse=True)
    member = member.ravel()
    middle = np.bincount(member, distance) / np.bincount(member)
    order = np.argsort(middle)
    return cells[order], middle[order]
