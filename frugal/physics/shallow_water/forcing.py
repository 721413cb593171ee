"""What drives a flood from outside, packed into arrays, and the ghost cells of the rim.

Ghost cells: a wall mirrors the water inside; an open side repeats it and lets nothing in; a level stands over the bed of
the cell at the side, or repeats the water inside where that leaves faster than waves travel; a discharge brings the depth
given with it, or the one that the wave leaving the domain asks for, never below the critical depth.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from frugal.physics.compiled import inner
from frugal.physics.shallow_water.flood_case import SIDES, FloodCase, Segment, Series, series_arrays
from frugal.physics.shallow_water.state import (
    DISCHARGE,
    EAST,
    GRAVITY,
    LEVEL,
    NORTH,
    RIM,
    WALL,
    WEST,
    Border,
    Cells,
    Numbers,
    Tiles,
)

_KINDS = {"wall": WALL, "open": 1, "level": LEVEL, "discharge": DISCHARGE}


class Forcing(NamedTuple):
    """Series one after the other, and who follows which (-1: none)."""

    times: np.ndarray
    values: np.ndarray
    starts: np.ndarray
    segments: np.ndarray  # [segment; kind, series, series of the depth]
    lengths_m: np.ndarray
    inflows: np.ndarray  # [inflow; series, row, column]
    breach_cells: np.ndarray  # [cell; row, column]
    breach_beds: np.ndarray  # [cell; crest m, sill m, start s, end s]
    rain: int


class _Pack:
    """Gathers series."""

    def __init__(self) -> None:
        self.times: list[np.ndarray] = []
        self.values: list[np.ndarray] = []

    def add(self, name: str, series: Series | None) -> int:
        if series is None:
            return -1
        times, values = series_arrays(name, series)
        self.times.append(times)
        self.values.append(values)
        return len(self.times) - 1

    def arrays(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        starts = np.cumsum([0, *(times.size for times in self.times)])
        return np.concatenate([*self.times, np.zeros(0)]), np.concatenate([*self.values, np.zeros(0)]), starts


def segments_of(flood_case: FloodCase) -> list[tuple[int, Segment, str]]:
    """Side, segment and the name under which it is booked, in a fixed order."""
    found = []
    for side, name in enumerate(SIDES):
        for number, segment in enumerate(flood_case.boundaries.get(name, ())):
            found.append((side, segment, segment.name or f"{name} {number}"))
    return found


def border_of(flood_case: FloodCase) -> Border:
    """Faces of the sides: walls, then the segments."""
    rows, columns = flood_case.shape
    segments = segments_of(flood_case)
    kind = np.full((4, max(rows, columns)), WALL, dtype=np.int64)
    owner = np.full((4, max(rows, columns)), -1, dtype=np.int64)
    for number, (side, segment, _) in enumerate(segments):
        along = rows if side in (WEST, EAST) else columns
        stretch = slice(segment.first, along if segment.last is None else segment.last)
        kind[side, stretch] = _KINDS[segment.kind]
        owner[side, stretch] = number
    prescribed = [np.zeros(max(1, len(segments))) for _ in range(3)]
    return Border(kind, owner, np.zeros(kind.shape), *prescribed)


def forcing_of(flood_case: FloodCase, border: Border, bed: np.ndarray) -> Forcing:
    """Pack what changes in time.

    Parameters
    ----------
    flood_case : FloodCase
    border : Border
        From `border_of`, which says how many faces each segment has.
    bed : ndarray, shape (rows, columns)
        Height of the ground [m] before any breach, without rim: where a breach begins to go down from.

    Returns
    -------
    Forcing

    Raises
    ------
    UnusableInputError
        If a series holds a number that is not finite, times that do not grow, or fewer values than times.
    """
    pack = _Pack()
    rain = -1 if flood_case.rain is None else pack.add("rain", flood_case.rain.series)
    segments = [
        (_KINDS[segment.kind], pack.add(name, segment.series), pack.add(name, segment.depth))
        for _, segment, name in segments_of(flood_case)
    ]
    lengths = [flood_case.cell_size_m * max(1, int((border.segment == k).sum())) for k in range(len(segments))]
    inflows = [(pack.add("inflow", point.series), point.row, point.column) for point in flood_case.inflows]
    breach_cells, breach_beds = [], []
    for breach in flood_case.breaches:
        rows, columns = np.atleast_1d(breach.rows).astype(int), np.atleast_1d(breach.columns).astype(int)
        crests = bed[rows, columns]
        sills = np.minimum(crests, breach.sill_m)
        breach_cells += list(zip(rows, columns, strict=True))
        breach_beds += [(crest, sill, breach.start_s, breach.end_s) for crest, sill in zip(crests, sills, strict=True)]
    times, values, starts = pack.arrays()
    return Forcing(
        times=times,
        values=values,
        starts=starts,
        segments=np.array(segments, dtype=np.int64).reshape(-1, 3),
        lengths_m=np.array(lengths, dtype=np.float64),
        inflows=np.array(inflows, dtype=np.int64).reshape(-1, 3),
        breach_cells=np.array(breach_cells, dtype=np.int64).reshape(-1, 2),
        breach_beds=np.array(breach_beds, dtype=np.float64).reshape(-1, 4),
        rain=rain,
    )


def force_tiles(flood_case: FloodCase, border: Border, tiles: Tiles) -> None:
    """Mark the tiles that water may enter while they are dry, so that they are never skipped.

    Parameters
    ----------
    flood_case : FloodCase
        Its rain and inflows; tiles where the weight of the rain is 0 everywhere can stay dry.
    border : Border
        Tiles that touch a face of a level or of a discharge are marked.
    tiles : Tiles
        ``forced`` is set in place, for all times of the event.
    """
    rows, columns = flood_case.shape
    weight = None if flood_case.rain is None else flood_case.rain.weight
    brings = (border.kind == LEVEL) | (border.kind == DISCHARGE)
    for tile, (first, last, left, right) in enumerate(tiles.box):
        forced = flood_case.rain is not None and (weight is None or bool((weight[first:last, left:right] > 0.0).any()))
        for inflow in flood_case.inflows:
            forced |= first <= inflow.row < last and left <= inflow.column < right
        sides = (
            (left == 0, first, last),
            (right == columns, first, last),
            (first == 0, left, right),
            (last == rows, left, right),
        )
        for side, (touches, start, end) in enumerate(sides):
            forced |= bool(touches and brings[side, start:end].any())
        tiles.forced[tile] = forced


@inner(error_model="numpy")
def value_at(forcing: Forcing, series: int, time_s: float) -> float:
    """A series at one time.

    Parameters
    ----------
    forcing : Forcing
    series : int
        Its number, 0 or more.
    time_s : float
        From the beginning of the event [s].

    Returns
    -------
    float
        In the unit of the series (level [m], depth [m], discharge [m³/s] or rain [m/s]): linear between its times, constant
        before the first and after the last.
    """
    low, high = forcing.starts[series], forcing.starts[series + 1] - 1
    if time_s <= forcing.times[low]:
        return forcing.values[low]
    if time_s >= forcing.times[high]:
        return forcing.values[high]
    while high - low > 1:
        middle = (low + high) // 2
        if forcing.times[middle] <= time_s:
            low = middle
        else:
            high = middle
    share = (time_s - forcing.times[low]) / (forcing.times[high] - forcing.times[low])
    return forcing.values[low] + (forcing.values[high] - forcing.values[low]) * share


@inner(error_model="numpy")
def open_breaches(z: np.ndarray, forcing: Forcing, time_s: float) -> None:
    """Put the bed of the breaches where it is at this time; the water above keeps its depth.

    Parameters
    ----------
    z : ndarray, shape (rows + 4, columns + 4)
        Bed [m] with its rim, changed in place.
    forcing : Forcing
    time_s : float
        From the beginning of the event [s].
    """
    for k in range(forcing.breach_cells.shape[0]):
        crest, sill = forcing.breach_beds[k, 0], forcing.breach_beds[k, 1]
        start, end = forcing.breach_beds[k, 2], forcing.breach_beds[k, 3]
        done = min(1.0, max(0.0, (time_s - start) / (end - start)))
        z[forcing.breach_cells[k, 0] + RIM, forcing.breach_cells[k, 1] + RIM] = crest + done * (sill - crest)


@inner(error_model="numpy")
def _entering_depth(q: float, depth: float, inward: float) -> float:
    """Depth of a discharge q [m²/s] that meets the wave leaving the domain: q/h - 2 sqrt(g h) = u - 2 c, by Newton."""
    if q <= 0.0:
        return depth
    critical = (q * q / GRAVITY) ** (1.0 / 3.0)
    carried = inward - 2.0 * math.sqrt(GRAVITY * depth)
    h = max(depth, critical)
    for _ in range(50):
        wave = math.sqrt(GRAVITY * h)
        change = (q / h - 2.0 * wave - carried) / (q / (h * h) + wave / h)
        h = max(h + change, 0.1 * h)
        if abs(change) < 1e-13 * h:
            break
    return max(h, critical)


@inner(error_model="numpy")
def _fill_side(cells: Cells, border: Border, numbers: Numbers, buffer: int, side: int) -> None:
    """Both ghost cells beside each cell of one side."""
    x_side = side in (WEST, EAST)
    low_side = side in (WEST, NORTH)
    outward = -1.0 if low_side else 1.0
    across, along = (numbers.columns, numbers.rows) if x_side else (numbers.rows, numbers.columns)
    edge = RIM if low_side else across + RIM - 1
    step = -1 if low_side else 1
    down, right = (0, step) if x_side else (step, 0)
    h, z = cells.h[buffer], cells.z
    n, t = (cells.u[buffer], cells.v[buffer]) if x_side else (cells.v[buffer], cells.u[buffer])
    for i in range(along):
        r, c = (i + RIM, edge) if x_side else (edge, i + RIM)
        kind, segment = border.kind[side, i], border.segment[side, i]
        depth, speed, drift, bed = h[r, c], n[r, c], t[r, c], z[r, c]
        leaving = outward * speed
        if kind == WALL:
            for k in range(2):
                back = 0 if k == 0 or across == 1 else 1
                outer_r, outer_c, inner_r, inner_c = (
                    r + (k + 1) * down,
                    c + (k + 1) * right,
                    r - back * down,
                    c - back * right,
                )
                h[outer_r, outer_c] = h[inner_r, inner_c]
                z[outer_r, outer_c] = z[inner_r, inner_c]
                if numbers.inertial:
                    continue
                n[outer_r, outer_c] = -n[inner_r, inner_c]
                t[outer_r, outer_c] = t[inner_r, inner_c]
            continue
        if kind == LEVEL:
            if numbers.inertial or depth <= numbers.dry_depth_m or leaving < math.sqrt(GRAVITY * depth):
                depth = max(0.0, border.level[segment] - bed)
        elif kind == DISCHARGE and not numbers.inertial:
            entering = border.entering[segment]
            if entering > 0.0 and border.depth[segment] > 0.0:
                depth = border.depth[segment]
            else:
                depth = _entering_depth(entering, depth if depth > numbers.dry_depth_m else 0.0, -leaving)
            speed = -outward * entering / depth if depth > 0.0 else 0.0
        else:
            speed = outward * max(0.0, leaving)
        wet = depth > numbers.dry_depth_m
        for k in range(1, 3):
            h[r + k * down, c + k * right] = depth
            z[r + k * down, c + k * right] = bed
            if numbers.inertial:
                continue
            n[r + k * down, c + k * right] = speed if wet else 0.0
            t[r + k * down, c + k * right] = drift if wet else 0.0


@inner(error_model="numpy")
def _continue_flow(cells: Cells, numbers: Numbers, buffer: int) -> None:
    """Discharges on faces beyond the sides repeat those on the sides (the local inertial model's averages ask for them)."""
    last_row, last_column = numbers.rows + RIM - 1, numbers.columns + RIM - 1
    for r in range(RIM, last_row + 1):
        cells.u[buffer, r, RIM - 2] = cells.u[buffer, r, RIM - 1]
        cells.u[buffer, r, last_column + 1] = cells.u[buffer, r, last_column]
    for r in range(RIM - 1, last_row + 1):
        cells.v[buffer, r, RIM - 1] = cells.v[buffer, r, RIM]
        cells.v[buffer, r, last_column + 1] = cells.v[buffer, r, last_column]
    for c in range(RIM, last_column + 1):
        cells.v[buffer, RIM - 2, c] = cells.v[buffer, RIM - 1, c]
        cells.v[buffer, last_row + 1, c] = cells.v[buffer, last_row, c]
    for c in range(RIM - 1, last_column + 1):
        cells.u[buffer, RIM - 1, c] = cells.u[buffer, RIM, c]
        cells.u[buffer, last_row + 1, c] = cells.u[buffer, last_row, c]


@inner(error_model="numpy")
def fill_rim(cells: Cells, border: Border, forcing: Forcing, numbers: Numbers, buffer: int, time_s: float) -> float:
    """Ghost cells of all sides at one time; returns the rain [m/s] of that time.

    Parameters
    ----------
    cells : Cells
        Depth [m] and bed [m] of the rim are written, and its velocities [m/s]; in the local inertial model its discharges
        [m²/s].
    border : Border
        ``level``, ``entering`` and ``depth`` take the values of this time, and ``flux`` is set to 0.
    forcing : Forcing
    numbers : Numbers
    buffer : int
        Which of the three states has its rim filled, 0 to 2.
    time_s : float
        From the beginning of the event [s].

    Returns
    -------
    float
        Rain [m/s] before the weight of the cells; 0 without rain.
    """
    for k in range(forcing.segments.shape[0]):
        kind = forcing.segments[k, 0]
        if kind == LEVEL:
            border.level[k] = value_at(forcing, forcing.segments[k, 1], time_s)
        elif kind == DISCHARGE:
            border.entering[k] = value_at(forcing, forcing.segments[k, 1], time_s) / forcing.lengths_m[k]
            if forcing.segments[k, 2] >= 0:
                border.depth[k] = value_at(forcing, forcing.segments[k, 2], time_s)
    for side in range(4):
        _fill_side(cells, border, numbers, buffer, side)
    if numbers.inertial:
        _continue_flow(cells, numbers, buffer)
    border.flux[:] = 0.0
    return value_at(forcing, forcing.rain, time_s) if forcing.rain >= 0 else 0.0
