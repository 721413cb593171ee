"""Values among heights that are none: marks of missing cells that a file does not declare, infinite ones, lone spikes.

They are looked for part by part, whatever the size of the raster. What is found is refused, not guessed at: the sentence names
the cell and its value, and how a mark is declared.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from frugal.errors import UnusableInputError
from frugal.formats.rasters.heights import Heights

#: No ground or roof lies beyond these.
LOWEST_M, HIGHEST_M = -500.0, 9_000.0
#: Numbers that writers put where they know no height.
_MARKS = (
    *(-99.0, -999.0, -9999.0, -99999.0, -999999.0, -9999999.0, -10000.0, 999.0, 9999.0, 99999.0, 999999.0, 9999999.0),
    *(-32768.0, -32767.0, 32767.0, 65535.0, -2147483648.0, -2147483647.0, 2147483647.0, 4294967295.0),
    *(1e20, 1e30, 1e36, -1e20, -1e30, -1e10, 1e10, 1.70141e38, 3.4028234663852886e38, -3.4028234663852886e38),
)
#: A mark inside the range of heights counts as one where no other value is so near, in m. Zero is a height at sea, and a mark
#: where all else lies high.
_APART_FROM_MARK_M, _APART_FROM_ZERO_M = 10.0, 50.0
#: A cell so far from all of its neighbours, in m and in widths of a cell, is an error: on the ground, where nothing stands
#: alone, and on a surface, where a mast may, and a courtyard lie. In real models of 0.5 to 130 m cells no cell is farther than
#: 15 m.
_LONE_ON_GROUND_M, _LONE_ON_SURFACE_M, _LONE_BELOW_SURFACE_M, _LONE_IN_CELLS = 60.0, 200.0, 100.0, 2.5
#: A few cells (under this share of all) that no value lies between and the others are such an error too; so is one value that
#: many cells share, farther off.
_FEW, _FEW_APART_M, _FEW_ABOVE_SURFACE_M, _MANY, _MANY_APART_M = 0.01, 100.0, 300.0, 0.5, 300.0
_CELLS_AT_ONCE = 2_000_000
_LEAST_NEIGHBOURS = 3


@dataclass
class _Found:
    """Cells with a fault: how many, where the first is, and what stands there."""

    count: int = 0
    cell: tuple[int, int] = (0, 0)
    value: float = 0.0

    def add(self, where: np.ndarray, values: np.ndarray, corner: tuple[int, int]) -> None:
        number = int(np.count_nonzero(where))
        if number and not self.count:
            row, column = np.unravel_index(int(np.argmax(where)), where.shape)
            self.cell, self.value = (corner[0] + int(row), corner[1] + int(column)), float(values[row, column])
        self.count += number

    @property
    def told(self) -> str:
        """Where, and how many others."""
        rest = self.count - 1
        more = f"; {rest} other cell{'s' if rest > 1 else ''} likewise" if rest else ""
        return f"in row {self.cell[0]}, column {self.cell[1]} (from 0{more})"


@dataclass
class HeightCount:
    """What was counted in a raster.

    Attributes
    ----------
    cells, missing : int
        Of all, and without a height.
    """

    cells: int = 0
    missing: int = 0
    _infinite: _Found = field(default_factory=_Found)
    _beyond: _Found = field(default_factory=_Found)
    _lone: _Found = field(default_factory=_Found)
    _by_metre: np.ndarray = field(default_factory=lambda: np.zeros(int(HIGHEST_M - LOWEST_M) + 2, dtype=np.int64))
    _least: float = np.inf
    _greatest: float = -np.inf


_COUNTS: dict[tuple[Any, ...], HeightCount] = {}


def count_heights(heights: Heights, window: Any = None) -> HeightCount:
    """Read a raster, or a window of it, part by part, and refuse what cannot be heights.

    What was found sound in this process and has not changed since is not read again.

    Parameters
    ----------
    heights : Heights
    window : rasterio.windows.Window, optional

    Returns
    -------
    HeightCount

    Raises
    ------
    UnusableInputError
        Naming file, cell (row and column from 0 at the first one of the file) and value: infinite; below −500 or above
        9 000 m; a number that marks missing cells elsewhere and is far from all others; a cell or a few far from all others.
    """
    status = heights.path.stat()
    place = None if window is None else (window.col_off, window.row_off, window.width, window.height)
    key = (os.fspath(heights.path.resolve()), status.st_size, status.st_mtime_ns, heights.what, heights.unit_m, place)
    if key not in _COUNTS:
        _COUNTS[key] = _counted(heights, window)
    return _COUNTS[key]


def is_sound(heights: np.ndarray) -> np.ndarray:
    """Cells whose height is known and one that there is, in m."""
    return np.asarray((heights >= LOWEST_M) & (heights <= HIGHEST_M))


def _counted(heights: Heights, window: Any) -> HeightCount:
    count = HeightCount()
    lone_m = _lone_m(heights)
    for corner, numbers, before, after in _parts(heights, window):
        own = slice(before, numbers.shape[0] - after)
        values = heights.in_metres(numbers)
        inner, own_numbers = values[own], numbers[own]
        known = ~np.isnan(inner)
        count.cells += inner.size
        count.missing += inner.size - int(np.count_nonzero(known))
        count._infinite.add(np.isinf(inner), own_numbers, corner)
        sound = is_sound(inner)
        count._beyond.add(known & ~sound & ~np.isinf(inner), own_numbers, corner)
        if not sound.any():
            continue
        good = inner[sound]
        count._by_metre += np.bincount((good - LOWEST_M).astype(np.int64), minlength=len(count._by_metre))
        count._least = min(count._least, float(own_numbers[sound].min()))
        count._greatest = max(count._greatest, float(own_numbers[sound].max()))
        if good.max() - good.min() > min(lone_m):
            count._lone.add(_lone(values, lone_m)[own] & sound, inner, corner)
    _refuse(heights, window, count)
    return count


def _parts(heights: Heights, window: Any) -> Iterator[tuple[tuple[int, int], np.ndarray, int, int]]:
    """Stripes of a raster with a row of the next ones beside: first own row and column, numbers, rows before and after."""
    from rasterio.windows import Window

    rows, columns = heights.shape
    top, left, height, width = 0, 0, rows, columns
    if window is not None:
        top, left, height, width = (int(n) for n in (window.row_off, window.col_off, window.height, window.width))
    step = max(1, _CELLS_AT_ONCE // width)
    for first in range(top, top + height, step):
        last = min(first + step, top + height)
        before, after = min(1, first - top), min(1, top + height - last)
        part = Window(left, first - before, width, last - first + before + after)
        yield (first, left), heights.numbers(part), before, after


def _lone_m(heights: Heights) -> tuple[float, float]:
    """How far a cell may stand above, and lie below, all of its neighbours."""
    from pyproj import CRS

    transform = heights.dataset.transform
    size = float(min(np.hypot(transform.a, transform.d), np.hypot(transform.b, transform.e)))
    if CRS.from_user_input(heights.crs).is_geographic:
        size *= 111_000.0
    steep = _LONE_IN_CELLS * size
    if heights.what == "terrain":
        return (max(_LONE_ON_GROUND_M, steep),) * 2
    return max(_LONE_ON_SURFACE_M, steep), max(_LONE_BELOW_SURFACE_M, steep)


def _lone(values: np.ndarray, lone_m: tuple[float, float]) -> np.ndarray:
    """Cells that stand above or lie below all of their neighbours by more than allowed; three of these must be known."""
    padded = np.pad(values, 1, constant_values=np.nan)
    rows, columns = values.shape
    highest, lowest = np.full(values.shape, np.nan), np.full(values.shape, np.nan)
    neighbours = np.zeros(values.shape, dtype=np.int8)
    for down in range(3):
        for across in range(3):
            if (down, across) == (1, 1):
                continue
            beside = padded[down : down + rows, across : across + columns]
            np.fmax(highest, beside, out=highest)
            np.fmin(lowest, beside, out=lowest)
            neighbours += ~np.isnan(beside)
    apart = (values - highest > lone_m[0]) | (lowest - values > lone_m[1])
    return np.asarray(apart & (neighbours >= _LEAST_NEIGHBOURS))


def _refuse(heights: Heights, window: Any, count: HeightCount) -> None:
    """One sentence on the first of the faults that were found."""
    found = count._infinite
    if found.count:
        raise UnusableInputError(
            f"{heights.name} holds an infinite value {found.told}, which is no height; fill these cells, or mark them as "
            f"missing ({_remedy(heights, found.value)})"
        )
    found = count._beyond
    if found.count:
        height = heights.in_metres(np.array(found.value))
        told = f" ({height:.6g} m)" if height != found.value else " m"
        if _is_mark(found.value):
            raise UnusableInputError(
                f"{heights.name} holds {found.value:.8g}{told} {found.told}, which marks missing cells elsewhere and is not "
                f"declared here as such: mend these cells, or mark them as missing ({_remedy(heights, found.value)})"
            )
        raise UnusableInputError(
            f"{heights.name} holds {found.value:.8g}{told} {found.told}; heights from {LOWEST_M:.0f} to {HIGHEST_M:.0f} m are "
            f"allowed: mend these cells, or mark them as missing ({_remedy(heights, found.value)})"
        )
    _refuse_marks(heights, window, count)
    found = count._lone
    if found.count:
        raise UnusableInputError(
            f"{heights.name} holds {found.value:.6g} m {found.told}, which is farther from all cells around than any ground or "
            "building: mend these cells"
        )
    _refuse_few(heights, window, count)


def _refuse_marks(heights: Heights, window: Any, count: HeightCount) -> None:
    """Marks inside the range of heights, far from the next value of the file: −9999 in a file in cm, 32767 in a packed one."""
    for extreme in (count._least, count._greatest):
        if not (_is_mark(extreme) or (extreme == 0.0 and np.isfinite(count._least))):
            continue
        apart_m = _APART_FROM_ZERO_M if extreme == 0.0 and heights.offset == 0.0 else _APART_FROM_MARK_M
        found, nearest = _Found(), np.inf
        for corner, numbers, before, after in _parts(heights, window):
            own = numbers[before : numbers.shape[0] - after]
            found.add(own == extreme, own, corner)
            others = own[(own != extreme) & ~np.isnan(own)]
            if len(others):
                nearest = min(nearest, float(np.abs(others - extreme).min()))
        if apart_m < nearest * abs(heights.scale) < np.inf:
            height = heights.in_metres(np.array(extreme))
            told = f" ({height:.6g} m)" if height != extreme else " m"
            raise UnusableInputError(
                f"{heights.name} holds {extreme:.8g}{told} {found.told}, which marks missing cells elsewhere and is not "
                f"declared here as such: mend these cells, or mark them as missing ({_remedy(heights, extreme)})"
            )


def _refuse_few(heights: Heights, window: Any, count: HeightCount) -> None:
    """A few cells, or many of one value, that nothing lies between and the others."""
    bins = np.flatnonzero(count._by_metre)
    if len(bins) < 2:
        return
    share = np.cumsum(count._by_metre[bins]) / count._by_metre.sum()
    for k, gap in enumerate(np.diff(bins) - 1.0):  # so much at least lies between two values
        for low, part, number in ((True, share[k], k + 1), (False, 1.0 - share[k], len(bins) - k - 1)):
            few_m = _FEW_APART_M if low or heights.what == "terrain" else _FEW_ABOVE_SURFACE_M
            if (part < _FEW and gap > few_m) or (part < _MANY and number == 1 and gap > _MANY_APART_M):
                limit = LOWEST_M + bins[k] + 1.0
                found = _Found()
                for corner, numbers, before, after in _parts(heights, window):
                    own = heights.in_metres(numbers[before : numbers.shape[0] - after])
                    found.add(own < limit if low else own >= limit, own, corner)
                raise UnusableInputError(
                    f"{heights.name} holds {found.value:.6g} m {found.told}, with no other height within {gap:.0f} m of it: "
                    "mend these cells, or mark them as missing; or say in which unit the heights are, if not in metres"
                )


def _is_mark(number: float) -> bool:
    return any(abs(number - mark) <= 1e-7 * abs(mark) for mark in _MARKS)  # float32 keeps no more


def _remedy(heights: Heights, number: float) -> str:
    """The command that declares a number as the mark of missing cells."""
    return f"rio edit-info --nodata {number:.17g} {heights.path.name}"
