"""Small extracts of the surface, for the question of the map: what does a new building or tree change?

File ``{i}_{j}.bin.gz``, block with west edge i·block_m and north edge j·block_m, gzip, little-endian::

    8 bytes   "FRUGDSM1"
    2 uint32  rows, columns
    2 float64 x of the west edge, y of the north edge [m]
    3 float32 side of a cell, lowest height, step [m]
    uint16    [rows, columns] height = lowest + value · step; 65535 where nothing is known. Stored as differences along
              the rows of the grid (modulo 65536), the low bytes of all cells before the high bytes.
"""

from __future__ import annotations

import gzip
import math
import struct
from pathlib import Path

import numpy as np

from frugal.formats.files.atomic import write_bytes
from frugal.formats.rasters.surface_model import SurfaceModel

MAGIC = b"FRUGDSM1"
_HEAD = struct.Struct("<8sIIddfff")
_UNKNOWN = 65535
#: Step of the heights: what a survey from the air tells is not finer.
_STEP_M = 0.02


class SurfaceBlocks:
    """Cuts surfaces into blocks of a fixed grid; a block on the border of two surfaces takes from both.

    Parameters
    ----------
    folder : Path
    block_m : float
        Side of a block; a multiple of the cells.
    """

    def __init__(self, folder: Path, block_m: float = 250.0) -> None:
        self.folder = folder
        self.block_m = block_m
        self.resolution_m: float | None = None
        self.names: set[str] = set()

    def add(self, surface: SurfaceModel) -> None:
        """Write the blocks that a surface covers; where a block is there already, only what it does not know is added."""
        size = surface.resolution_m
        if self.resolution_m is None:
            self.resolution_m = size
        n = round(self.block_m / size)
        rows, columns = surface.heights.shape
        left, top = (
            round(surface.x_min / size),
            round(surface.y_max / size),
        )  # counted in cells from the zero of the system
        for i in range(left // n, -(-(left + columns) // n)):
            for j in range(-(-(top - rows) // n), -(-top // n) + 1):
                block = np.full((n, n), np.nan)
                across, down = _overlap(i * n - left, columns, n), _overlap(top - j * n, rows, n)
                if across is None or down is None:
                    continue
                block[down[0], across[0]] = surface.heights[down[1], across[1]]
                self._write(f"{i}_{j}", block, size)

    def _write(self, name: str, block: np.ndarray, size: float) -> None:
        path = self.folder / f"{name}.bin.gz"
        if name in self.names:
            known = read_block(path.read_bytes()).heights
            block = np.where(np.isnan(known), block, known)
        if np.isnan(block).all():
            return
        i, j = (int(part) for part in name.split("_"))
        write_bytes(path, _packed(block, i * self.block_m, j * self.block_m, size))
        self.names.add(name)


def _overlap(offset: int, length: int, n: int) -> tuple[slice, slice] | None:
    """Part of a block that begins ``offset`` cells after the surface does: slices of the block and of the surface."""
    low, high = max(0, -offset), min(n, length - offset)
    return (slice(low, high), slice(low + offset, high + offset)) if low < high else None


def _packed(block: np.ndarray, x_min: float, y_max: float, size: float) -> bytes:
    span = float(np.nanmax(block) - np.nanmin(block))
    step = _STEP_M * max(1, math.ceil(span / _STEP_M / (_UNKNOWN - 2)))
    # Steps are counted from zero: a block that is put together from pieces is the same in whatever order they come.
    levels = np.round(block / step)
    lowest = np.nanmin(levels)
    values = np.nan_to_num(levels - lowest, nan=_UNKNOWN).astype("<u2")
    steps = np.diff(values, axis=1, prepend=np.zeros((len(values), 1), dtype="<u2"))
    planes = np.ascontiguousarray(steps).view("u1").reshape(-1, 2).T
    head = _HEAD.pack(MAGIC, *block.shape, x_min, y_max, size, lowest * step, step)
    # Level 9 takes eight times as long for 2 % fewer bytes.
    return gzip.compress(head + planes.tobytes(), 7, mtime=0)


def read_block(content: bytes) -> SurfaceModel:
    """The surface of one file; its coordinate system is not told."""
    raw = gzip.decompress(content)
    _, rows, columns, x_min, y_max, size, lowest, step = _HEAD.unpack_from(raw)
    planes = np.frombuffer(raw, "u1", offset=_HEAD.size).reshape(2, -1)
    steps = np.ascontiguousarray(planes.T).view("<u2").reshape(rows, columns)
    values = np.cumsum(steps, axis=1, dtype="<u2")
    heights = np.where(values == _UNKNOWN, np.nan, lowest + values * step)
    return SurfaceModel(heights, size, x_min, y_max, "", "extract", "")
