"""What somebody wants to see of a flood beside its extremes, and what was seen."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from frugal.errors import UnusableInputError
from frugal.physics.shallow_water.state import RIM, Cells, Tiles
from frugal.physics.shallow_water.watching import (
    BED,
    DEPTH,
    EASTWARD,
    HOUR_S,
    SOUTHWARD,
    WINDOW,
    WORST_DEPTH,
    WORST_SPEED,
    WORST_TIME,
    Extremes,
    Gates,
    Seen,
    Watched,
)


@dataclass(frozen=True)
class ClassTable:
    """Classes of hazard by depth and dynamics; the dynamics are the higher of what speed and rise say.

    Parameters
    ----------
    depth_bounds_m, speed_bounds_m_s, rise_bounds_m_h : sequence of float
        Rising; a value on a bound belongs to what is above it. Rises may be left out.
    classes : sequence of sequence of int
        A row for each depth, one more than bounds, and in it a number above 0 for each dynamics, of which there is one more
        than the longer list of bounds.
    """

    depth_bounds_m: Sequence[float]
    speed_bounds_m_s: Sequence[float]
    classes: Sequence[Sequence[int]]
    rise_bounds_m_h: Sequence[float] = ()

    def __post_init__(self) -> None:
        for name in ("depth_bounds_m", "speed_bounds_m_s", "rise_bounds_m_h"):
            bounds = [float(bound) for bound in getattr(self, name)]
            if not all(math.isfinite(bound) and bound > 0.0 for bound in bounds) or bounds != sorted(set(bounds)):
                raise UnusableInputError(f"{name} of the hazard classes is {bounds}: it must rise and lie above 0.")
        columns = 1 + max(len(self.speed_bounds_m_s), len(self.rise_bounds_m_h))
        rows = 1 + len(self.depth_bounds_m)
        if len(self.classes) != rows or any(len(row) != columns for row in self.classes):
            told = " and ".join(str(len(row)) for row in self.classes)
            raise UnusableInputError(
                f"the hazard classes have {len(self.classes)} rows, of {told} numbers: {rows} rows of {columns} are needed, "
                "one more than bounds of depth and of dynamics."
            )
        if any(int(number) != number or number < 1 for row in self.classes for number in row):
            raise UnusableInputError("a hazard class is not a whole number above 0: 0 is ground that is not flooded.")

    @property
    def highest(self) -> int:
        """Number of the highest class."""
        return max(int(number) for row in self.classes for number in row)


@dataclass(frozen=True)
class Section:
    """Faces between cells through which a discharge is asked.

    Parameters
    ----------
    name : str
    faces : array of int, shape (n, 3)
        Row and column of the cell before a face, and 0 for the face to the east of it, 1 for that to the south; -1 is the
        row or column beyond the northern or western side of the domain.
    signs : array of float, shape (n,)
        1 where a discharge eastward or southward counts as positive, -1 where it counts as negative.
    """

    name: str
    faces: np.ndarray
    signs: np.ndarray


@dataclass(frozen=True)
class Watch:
    """What is to be seen of a run; it changes nothing in it.

    Parameters
    ----------
    thresholds_m : sequence of float
        Depths above which durations are counted, rising; from the first one on a cell is flooded.
    rise_window_s : float
        A rise is the mean over windows of this length, counted from the beginning of the event.
    classes : ClassTable, optional
        Hazard classes, from depth, speed and rise of the same instant.
    points : mapping of str to (int, int)
        Row and column of cells whose state is noted.
    sections : sequence of Section
        Their discharges are integrated by the scheme itself, in every step.
    times_s : sequence of float
        When points and sections are noted.
    """

    thresholds_m: Sequence[float] = (0.05, 0.5)
    rise_window_s: float = 300.0
    classes: ClassTable | None = None
    points: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    sections: Sequence[Section] = ()
    times_s: Sequence[float] = ()

    def check(self, shape: tuple[int, int], start_s: float, duration_s: float) -> None:
        """Refuse what cannot be watched on a domain of this shape, from the start to the end of an event.

        Raises
        ------
        UnusableInputError
            One sentence that names the value and what is allowed.
        """
        thresholds = [float(threshold) for threshold in self.thresholds_m]
        if not thresholds or thresholds[0] <= 0.0 or thresholds != sorted(set(thresholds)):
            raise UnusableInputError(f"thresholds_m is {thresholds}: depths above 0 that rise are needed.")
        if not (math.isfinite(self.rise_window_s) and self.rise_window_s > 0.0):
            raise UnusableInputError(f"rise_window_s is {self.rise_window_s}: it must be a positive number.")
        rows, columns = shape
        for name, (row, column) in self.points.items():
            if not (0 <= row < rows and 0 <= column < columns):
                raise UnusableInputError(
                    f"Point {name} is in cell ({row}, {column}): the domain has {rows} rows and {columns} columns."
                )
        for section in self.sections:
            faces = np.asarray(section.faces, dtype=np.int64).reshape(-1, 3)
            south = faces[:, 2] == 1
            lowest = np.where(south[:, None], [-1, 0], [0, -1])
            inside = (faces[:, :2] >= lowest).all(axis=1) & (faces[:, :2] < [rows, columns]).all(axis=1)
            if not (inside & (south | (faces[:, 2] == 0))).all() or len(faces) != np.size(section.signs):
                raise UnusableInputError(
                    f"Section {section.name} has faces outside the domain of {rows} rows and {columns} columns, or not one "
                    "sign for each."
                )
        times = [float(time) for time in self.times_s]
        if any(not start_s <= time <= duration_s for time in times) or sorted(set(times)) != times:
            raise UnusableInputError(
                f"times_s is {times}: times must grow and lie within {start_s:g} and {duration_s} s."
            )


@dataclass(frozen=True)
class Observed:
    """What was watched, maps of the shape of the bed.

    Parameters
    ----------
    product : ndarray
        Greatest depth times speed of one instant [m²/s].
    rise_m_h : ndarray
        Greatest mean rise over a window [m/h].
    peak_s, last_s : ndarray
        When the depth was greatest, and when the cell was flooded last [s]; NaN where it never was.
    duration_s : ndarray, shape (thresholds, rows, columns)
        Time for which the depth was at or above each threshold [s].
    hazard : ndarray of int
        Highest class of any instant, 0 where none.
    worst_depth, worst_speed, worst_s : ndarray
        Depth [m], speed [m/s] and time [s] of the instant of that class with the greatest depth times speed; NaN where none.
    times_s : ndarray
        Of the series.
    depth, u, v, bed : ndarray, shape (times, points)
        Depth [m], velocity [m/s] eastward and southward and bed [m] at the points.
    volume : ndarray, shape (times, sections)
        What passed since the beginning of the event [m³].
    passed : ndarray, shape (sections,)
        What passed in the whole event [m³].
    gross : ndarray, shape (2, sections)
        The same as what passed one way and what came back [m³]; a section goes one way at each instant, by what passes it as a
        whole.
    """

    product: np.ndarray
    rise_m_h: np.ndarray
    peak_s: np.ndarray
    last_s: np.ndarray
    duration_s: np.ndarray
    hazard: np.ndarray
    worst_depth: np.ndarray
    worst_speed: np.ndarray
    worst_s: np.ndarray
    times_s: np.ndarray
    depth: np.ndarray
    u: np.ndarray
    v: np.ndarray
    bed: np.ndarray
    volume: np.ndarray
    passed: np.ndarray
    gross: np.ndarray

    @property
    def discharge(self) -> np.ndarray:
        """Mean discharge of each section [m³/s] between each time of the series and the next, ``[times - 1, sections]``."""
        return np.diff(self.volume, axis=0) / np.diff(self.times_s)[:, None]


def seen_of(watch: Watch | None, cells: Cells, tiles: Tiles, shape: tuple[int, int], start_s: float = 0.0) -> Seen:
    """Arrays for what is remembered of a run; those of the watch are empty without one.

    Parameters
    ----------
    watch : Watch or None
    cells : Cells
        Holds the first state in buffer 0.
    tiles : Tiles
    shape : tuple of int
        Rows and columns.
    start_s : float
        When the first state holds.
    """
    plain = Extremes(np.zeros(shape), np.zeros(shape), np.full(shape, np.inf))
    gates = _gates(watch, tiles)
    return Seen(plain, watch is not None, gates.signs.size > 0, _watched(watch, cells, tiles, shape, start_s), gates)


def _watched(watch: Watch | None, cells: Cells, tiles: Tiles, shape: tuple[int, int], start_s: float) -> Watched:
    thresholds = np.zeros(0) if watch is None else np.array(watch.thresholds_m, dtype=np.float64)
    if watch is None:
        shape = (0, 0)
    table = ClassTable((), (), [[1]]) if watch is None or watch.classes is None else watch.classes
    named = watch is not None and watch.classes is not None
    window_s = 1.0 if watch is None else float(watch.rise_window_s)
    clock = np.full((4, tiles.box.shape[0]), start_s)
    clock[WINDOW] = math.floor(start_s / window_s)
    first = np.zeros(shape) if watch is None else cells.h[0, RIM:-RIM, RIM:-RIM].copy()
    return Watched(
        thresholds_m=thresholds,
        depth_bounds_m=np.array(table.depth_bounds_m, dtype=np.float64),
        speed_bounds_m_s=np.array(table.speed_bounds_m_s, dtype=np.float64),
        rise_bounds_m_h=np.array(table.rise_bounds_m_h, dtype=np.float64),
        classes=np.array(table.classes, dtype=np.int64) * int(named),
        window_s=np.full(1, window_s),
        clock=clock,
        before=first,
        reference=first.copy(),
        rising=np.zeros(shape),
        rise=np.zeros(shape),
        peak_s=np.zeros(shape),
        product=np.zeros(shape),
        last_s=np.full(shape, -1.0),
        duration_s=np.zeros((thresholds.size, *shape)),
        hazard=np.zeros(shape, dtype=np.int64),
        worst=np.zeros((3, *shape)),
    )


def _gates(watch: Watch | None, tiles: Tiles) -> Gates:
    sections: Sequence[Section] = () if watch is None else watch.sections
    points = [] if watch is None else list(watch.points.values())
    faces = [np.asarray(section.faces, dtype=np.int64).reshape(-1, 3) for section in sections]
    group = np.repeat(np.arange(len(faces)), [len(part) for part in faces])
    table = np.column_stack([np.concatenate([*faces, np.empty((0, 3), dtype=np.int64)]), group]).astype(np.int64)
    signs = np.concatenate([*(np.asarray(section.signs, dtype=np.float64) for section in sections), np.zeros(0)])
    owners = np.full(len(table), -1, dtype=np.int64)
    row, column = np.maximum(table[:, 0], 0), np.maximum(table[:, 1], 0)
    for tile, (first, last, left, right) in enumerate(tiles.box):
        owners[(row >= first) & (row < last) & (column >= left) & (column < right)] = tile
    order = np.argsort(owners, kind="stable")
    times = np.array(() if watch is None else watch.times_s, dtype=np.float64)
    return Gates(
        faces=table[order],
        signs=signs[order],
        starts=np.searchsorted(owners[order], np.arange(tiles.box.shape[0] + 1)).astype(np.int64),
        flux=np.zeros((2, len(table))),
        passed=np.zeros((2, len(faces))),
        gross=np.zeros((2, len(faces))),
        points=np.array(points, dtype=np.int64).reshape(-1, 2),
        state=np.zeros((2, len(points), 4)),
        times_s=times,
        noted=np.zeros(1, dtype=np.int64),
        volumes=np.zeros((times.size, len(faces))),
        series=np.zeros((times.size, len(points), 4)),
    )


def observed(seen: Seen) -> Observed:
    """What was watched, of a run that has ended.

    Parameters
    ----------
    seen : Seen
        Of a run with a watch.
    """
    more, gates = seen.watched, seen.gates
    flooded = more.last_s >= 0.0
    classed = more.hazard > 0
    noted = int(gates.noted[0])
    series = gates.series[:noted]
    return Observed(
        product=more.product,
        rise_m_h=more.rise * HOUR_S,
        peak_s=np.where(flooded, more.peak_s, np.nan),
        last_s=np.where(flooded, more.last_s, np.nan),
        duration_s=more.duration_s,
        hazard=more.hazard,
        worst_depth=np.where(classed, more.worst[WORST_DEPTH], np.nan),
        worst_speed=np.where(classed, more.worst[WORST_SPEED], np.nan),
        worst_s=np.where(classed, more.worst[WORST_TIME], np.nan),
        times_s=gates.times_s[:noted],
        depth=series[:, :, DEPTH],
        u=series[:, :, EASTWARD],
        v=series[:, :, SOUTHWARD],
        bed=series[:, :, BED],
        volume=gates.volumes[:noted],
        passed=gates.passed[1],
        gross=gates.gross,
    )
