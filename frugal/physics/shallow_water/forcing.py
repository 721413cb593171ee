"""What drives a flood from outside, packed into arrays."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from frugal.physics.compiled import inner
from frugal.physics.shallow_water.flood_case import FloodCase
from frugal.physics.shallow_water.parts.infiltration import SeepingGround, ground_of
from frugal.physics.shallow_water.parts.links import Links, links_of
from frugal.physics.shallow_water.parts.segments import SIDES, Segment, Series, rating_arrays, series_arrays
from frugal.physics.shallow_water.state import (
    DISCHARGE,
    EAST,
    FREE_FALL,
    LEVEL,
    NORMAL_FLOW,
    OPEN,
    RATING_CURVE,
    RIM,
    WALL,
    WEST,
    Border,
    Tiles,
)

_KINDS = {
    "wall": WALL,
    "open": OPEN,
    "level": LEVEL,
    "discharge": DISCHARGE,
    "free_fall": FREE_FALL,
    "normal_flow": NORMAL_FLOW,
    "rating_curve": RATING_CURVE,
}


class Forcing(NamedTuple):
    """Series one after the other, and who follows which (-1: none); a rating curve is a series of levels."""

    times: np.ndarray
    values: np.ndarray
    starts: np.ndarray
    segments: np.ndarray  # [segment; kind, series, series of the depth]
    lengths_m: np.ndarray
    slopes: np.ndarray  # [segment; friction slope of a normal flow, -1: that of the bed]
    inflows: np.ndarray  # [inflow; series, row, column]
    breach_cells: np.ndarray  # [cell; row, column]
    breach_beds: np.ndarray  # [cell; crest m, sill m, start s, end s]
    rain: int
    ground: SeepingGround
    links: Links


class _Pack:
    """Gathers series."""

    def __init__(self) -> None:
        self.times: list[np.ndarray] = []
        self.values: list[np.ndarray] = []

    def add(self, name: str, series: Series | None) -> int:
        if series is None:
            return -1
        return self._keep(*series_arrays(name, series))

    def add_rating(self, name: str, segment: Segment) -> int:
        return (
            self.add(name, segment.series)
            if segment.rating is None
            else self._keep(*rating_arrays(name, segment.rating))
        )

    def _keep(self, times: np.ndarray, values: np.ndarray) -> int:
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
    entering, depth, level = (np.zeros(max(1, len(segments))) for _ in range(3))
    flux, strength, power = (np.zeros(kind.shape) for _ in range(3))
    return Border(kind, owner, flux, entering, depth, level, strength, power)


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
        (_KINDS[segment.kind], pack.add_rating(name, segment), pack.add(name, segment.depth))
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
        slopes=np.array(
            [-1.0 if s.slope is None else s.slope for _, s, _ in segments_of(flood_case)], dtype=np.float64
        ),
        inflows=np.array(inflows, dtype=np.int64).reshape(-1, 3),
        breach_cells=np.array(breach_cells, dtype=np.int64).reshape(-1, 2),
        breach_beds=np.array(breach_beds, dtype=np.float64).reshape(-1, 4),
        rain=rain,
        ground=ground_of(flood_case.infiltration, flood_case.shape, flood_case.blocked),
        links=links_of(flood_case.links, flood_case.shape),
    )


def force_tiles(flood_case: FloodCase, border: Border, tiles: Tiles) -> None:
    """Mark the tiles that water may enter while they are dry, so that they are never skipped.

    Parameters
    ----------
    flood_case : FloodCase
        Its rain, inflows and links; tiles where the weight of the rain is 0 everywhere can stay dry.
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
        arrives = [(inflow.row, inflow.column) for inflow in flood_case.inflows]
        arrives += [
            end for link in flood_case.links for end in ((link.row, link.column), (link.to_row, link.to_column))
        ]
        for row, column in arrives:
            forced |= first <= row < last and left <= column < right
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
