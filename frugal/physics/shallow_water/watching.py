"""What is remembered of all accepted states: maps of extremes, and for whoever asks durations, classes and discharges.

A plain run keeps the greatest depth, the greatest speed and the arrival. Whatever else is watched stands in arrays that are
empty in a plain run, and never changes the run: points and sections are noted between the steps, without stopping at the times
that are asked for.

A tile that sleeps keeps its state. Each tile knows when it was looked at last and when the step that it then began has ended:
from there to the next look nothing changed. What lasts is therefore counted right for tiles that slept, dry or with water that
stood still.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from frugal.physics.compiled import inner
from frugal.physics.shallow_water.inertial_faces import NEW_X, NEW_Y
from frugal.physics.shallow_water.state import FILM_M, RIM, STRIDE, X_MASS, Y_MASS, Cells, Numbers

HOUR_S = 3600.0

# Places in ``Watched.clock``, in ``Watched.worst`` and in ``Gates.state``.
LOOKED, ENDED, BEGUN, WINDOW = 0, 1, 2, 3
WORST_DEPTH, WORST_SPEED, WORST_TIME = 0, 1, 2
DEPTH, EASTWARD, SOUTHWARD, BED = 0, 1, 2, 3


class Watched(NamedTuple):
    """What is watched in every cell; all arrays are empty where nothing is."""

    thresholds_m: np.ndarray  # depths whose duration is asked; from the first on a cell counts as flooded
    depth_bounds_m: np.ndarray  # of the classes
    speed_bounds_m_s: np.ndarray  # of the dynamics
    rise_bounds_m_h: np.ndarray  # of the dynamics too
    classes: np.ndarray  # [depth, dynamics]
    window_s: np.ndarray  # [1], over which a rise is averaged
    clock: (
        np.ndarray
    )  # [looked at last s, end of the step then begun s, begin of the present window s, its number; tile]
    before: np.ndarray  # depth at the last look [m]
    reference: np.ndarray  # depth when the present window began [m]
    rising: np.ndarray  # mean rise over the last whole window [m/s]
    rise: np.ndarray  # greatest such mean [m/s]
    peak_s: np.ndarray  # when the depth was greatest
    product: np.ndarray  # greatest depth times speed of one instant [m²/s]
    last_s: np.ndarray  # when the cell was flooded last; -1: never
    duration_s: np.ndarray  # [threshold, y, x]
    hazard: np.ndarray  # highest class of any instant
    worst: np.ndarray  # [depth m, speed m/s, time s; y, x] of the worst instant of that class


class Gates(NamedTuple):
    """Faces whose discharge is summed, in the order of the tiles that own them, and cells whose state is noted."""

    faces: np.ndarray  # [face; row and column of the cell before it, 0: to the east of it or 1: to the south, group]
    signs: np.ndarray  # of a discharge eastward or southward in its group
    starts: np.ndarray  # first face of each tile, and the end
    flux: np.ndarray  # [stage, face] m²/s
    passed: np.ndarray  # [before the last step, now; group] m³
    gross: np.ndarray  # [of steps in which more went one way, of those in which more went back; group] m³
    points: np.ndarray  # [point; row, column]
    state: np.ndarray  # [before the last step, now; point; depth m, eastward m/s, southward m/s, bed m]
    times_s: np.ndarray  # when series are noted
    noted: np.ndarray  # [1], how many times are
    volumes: np.ndarray  # [time, group] m³ passed since the beginning
    series: np.ndarray  # [time, point; as state]


class Extremes(NamedTuple):
    """What every run remembers of all accepted states."""

    depth: np.ndarray
    speed_squared: np.ndarray
    arrival: np.ndarray


class Seen(NamedTuple):
    """What is remembered of all accepted states; kernels that are called for each tile take the part that they need."""

    extremes: Extremes
    watches: bool  # there is a watch
    counts: bool  # it has sections
    watched: Watched
    gates: Gates


@inner(error_model="numpy")
def remember(cells: Cells, seen: Extremes, numbers: Numbers, box: np.ndarray, buffer: int, now_s: float) -> None:
    """Keep the greatest depth and speed, and the time of the first arrival, of one tile.

    Speed counts where the water is at least 1 mm deep: thinner films carry nothing.

    Parameters
    ----------
    cells : Cells
    seen : Extremes
        Greatest depth [m], square of the greatest speed [m²/s²] and arrival [s] are raised or lowered in place.
    numbers : Numbers
        Water has arrived where it is ``arrival_depth_m`` deep.
    box : ndarray of int, shape (4,)
        First row, last row, first column, last column of the tile, lasts excluded, counted without the rim.
    buffer : int
        Which of the three states is looked at, 0 to 2.
    now_s : float
        Time of that state [s].
    """
    h, u, v = cells.h[buffer].ravel(), cells.u[buffer].ravel(), cells.v[buffer].ravel()
    deepest, fastest, arrival = seen.depth.ravel(), seen.speed_squared.ravel(), seen.arrival.ravel()
    one, width = np.uint64(1), np.uint64(cells.z.shape[1])  # unsigned: see local_inertial.py
    for row in range(box[0], box[1]):
        at = np.uint64(row * numbers.columns + box[2])
        p = np.uint64(row + RIM) * width + np.uint64(box[2] + RIM)
        if numbers.inertial:  # discharges on faces
            for i in range(box[3] - box[2]):
                a, b = at + np.uint64(i), p + np.uint64(i)
                depth = h[b]
                x, y = u[b] + u[b - one], v[b] + v[b - width]
                squared = 0.25 * (x * x + y * y) / max(depth * depth, FILM_M * FILM_M) if depth > FILM_M else 0.0
                fastest[a] = max(fastest[a], squared)
        else:
            for i in range(box[3] - box[2]):
                a, b = at + np.uint64(i), p + np.uint64(i)
                squared = u[b] * u[b] + v[b] * v[b] if h[b] > FILM_M else 0.0
                fastest[a] = max(fastest[a], squared)
        for i in range(box[3] - box[2]):
            a, depth = at + np.uint64(i), h[p + np.uint64(i)]
            deepest[a] = max(deepest[a], depth)
            arrived = depth >= numbers.arrival_depth_m and now_s < arrival[a]
            arrival[a] = now_s if arrived else arrival[a]


@inner(error_model="numpy")
def _velocity(cells: Cells, numbers: Numbers, buffer: int, row: int, column: int) -> tuple[float, float]:
    """Velocity [m/s] eastward and southward of a cell, counted without the rim; 0 in a film."""
    depth = cells.h[buffer, row + RIM, column + RIM]
    if depth <= FILM_M:
        return 0.0, 0.0
    u = cells.u[buffer, row + RIM, column + RIM]
    v = cells.v[buffer, row + RIM, column + RIM]
    if numbers.inertial:  # discharges on faces
        u = 0.5 * (u + cells.u[buffer, row + RIM, column + RIM - 1]) / depth
        v = 0.5 * (v + cells.v[buffer, row + RIM - 1, column + RIM]) / depth
    return u, v


@inner(error_model="numpy")
def _passed(bounds: np.ndarray, value: float) -> int:
    """How many of some rising bounds a value has reached."""
    count = 0
    for k in range(bounds.size):
        if value >= bounds[k]:
            count += 1
    return count


@inner(error_model="numpy")
def _share_above(before: float, after: float, threshold: float) -> float:
    """Share of a step in which a value that changes evenly is at or above a threshold."""
    if before >= threshold:
        return 1.0 if after >= threshold else (before - threshold) / (before - after)
    return (after - threshold) / (after - before) if after >= threshold else 0.0


@inner(error_model="numpy")
def _measure_rise(
    more: Watched, row: int, column: int, depth: float, length_s: float, asleep_for_a_window: bool
) -> None:
    """Close a window of one cell and begin the next."""
    rate = (depth - more.reference[row, column]) / length_s
    more.rise[row, column] = max(more.rise[row, column], rate)
    more.rising[row, column] = 0.0 if asleep_for_a_window else rate
    more.reference[row, column] = depth


@inner(error_model="numpy")
def _judge(more: Watched, row: int, column: int, depth: float, speed: float, now_s: float) -> None:
    """Keep the highest class of one cell, and of its instants the one of the greatest depth times speed."""
    rising = more.rising[row, column] * HOUR_S
    dynamics = max(_passed(more.speed_bounds_m_s, speed), _passed(more.rise_bounds_m_h, rising))
    found = more.classes[_passed(more.depth_bounds_m, depth), dynamics]
    held = more.hazard[row, column]
    worst_depth, worst_speed = more.worst[WORST_DEPTH, row, column], more.worst[WORST_SPEED, row, column]
    product, worst_product = depth * speed, worst_depth * worst_speed
    worse = product > worst_product or (product == worst_product and depth > worst_depth)
    if found > held or (found == held and found > 0 and worse):
        more.hazard[row, column] = found
        more.worst[WORST_DEPTH, row, column] = depth
        more.worst[WORST_SPEED, row, column] = speed
        more.worst[WORST_TIME, row, column] = now_s


@inner(error_model="numpy")
def watch_tile(
    cells: Cells, seen: Seen, numbers: Numbers, tile: int, box: np.ndarray, buffer: int, now_s: float, dt_s: float
) -> None:
    """Look at one tile: durations, rise, depth times speed, classes. Comes before `remember`, and may be repeated.

    Between two looks a depth is taken to change evenly over the step that began at the earlier one, and not at all after its
    end. A rise is the mean over a window of fixed length, counted from the beginning of the event, so that it does not depend
    on the steps; a class takes the rise of the last whole window.

    Parameters
    ----------
    cells : Cells
    seen : Seen
        ``watched`` is written.
    numbers : Numbers
    tile : int
    box : ndarray of int, shape (4,)
        First row, last row, first column, last column of the tile, lasts excluded, counted without the rim.
    buffer : int
        Which of the three states is looked at, 0 to 2.
    now_s : float
        Time of that state [s].
    dt_s : float
        Length of the step that begins now [s].
    """
    more = seen.watched
    looked = more.clock[LOOKED, tile]
    ended = min(more.clock[ENDED, tile], now_s)
    step, asleep = ended - looked, now_s - ended
    window = more.window_s[0]
    number = math.floor(now_s / window)
    closes = number > more.clock[WINDOW, tile]
    length = max(ended - more.clock[BEGUN, tile], window) if asleep > 0.0 else now_s - more.clock[BEGUN, tile]
    slept_through = asleep > 0.0 and ended <= (number - 1.0) * window
    first = more.thresholds_m[0]
    for row in range(box[0], box[1]):
        for column in range(box[2], box[3]):
            depth = cells.h[buffer, row + RIM, column + RIM]
            before = more.before[row, column]
            if closes:
                _measure_rise(more, row, column, depth, length, slept_through)
            if depth < first and before < first and before == depth:
                continue
            for k in range(more.thresholds_m.size):
                threshold = more.thresholds_m[k]
                share = _share_above(before, depth, threshold)
                more.duration_s[k, row, column] += step * share + (asleep if depth >= threshold else 0.0)
            if depth >= first:
                more.last_s[row, column] = now_s
            elif before >= first:
                more.last_s[row, column] = looked + step * _share_above(before, depth, first)
            more.before[row, column] = depth
            if depth > seen.extremes.depth[row, column]:
                more.peak_s[row, column] = ended
            u, v = _velocity(cells, numbers, buffer, row, column)
            speed = math.sqrt(u * u + v * v)
            more.product[row, column] = max(more.product[row, column], depth * speed)
            if depth >= first:
                _judge(more, row, column, depth, speed, ended)
    if closes:
        more.clock[BEGUN, tile] = max(ended, number * window) if asleep > 0.0 else now_s
        more.clock[WINDOW, tile] = number
    more.clock[LOOKED, tile] = now_s
    more.clock[ENDED, tile] = now_s + dt_s


@inner(error_model="numpy")
def note_faces(w: np.ndarray, gates: Gates, numbers: Numbers, tile: int, box: np.ndarray, stage: int) -> None:
    """Keep what passes the watched faces of a tile that has just been computed.

    Parameters
    ----------
    w : ndarray, shape (27 AREA,)
        Workspace, as the scheme left it.
    gates : Gates
        ``flux`` [m²/s] is written.
    numbers : Numbers
    tile : int
    box : ndarray of int, shape (4,)
        Of the tile.
    stage : int
        0 or 1.
    """
    for k in range(gates.starts[tile], gates.starts[tile + 1]):
        cell = (gates.faces[k, 0] - box[0] + RIM) * STRIDE + gates.faces[k, 1] - box[2] + RIM
        eastward = gates.faces[k, 2] == 0
        if numbers.inertial:
            gates.flux[stage, k] = w[(NEW_X if eastward else NEW_Y) + cell]
        else:
            gates.flux[stage, k] = w[(X_MASS if eastward else Y_MASS) + cell]


@inner(error_model="numpy")
def note_step(cells: Cells, gates: Gates, numbers: Numbers, buffer: int, now_s: float, dt_s: float) -> None:
    """Add what passed the watched faces in a step that was accepted, and note the series whose time has come.

    Volumes are the integrals that the scheme itself took; within a step they grow evenly, and the state of a point changes
    evenly.

    Parameters
    ----------
    cells : Cells
    gates : Gates
        ``flux`` is used up; the rest is written.
    numbers : Numbers
    buffer : int
        Of the accepted state, 0 to 2.
    now_s : float
        Its time [s].
    dt_s : float
        Length of the step [s]; 0 at the beginning.
    """
    first, second = (0.5, 0.5) if numbers.stages == 2 else (1.0, 0.0)
    if numbers.inertial and numbers.stages == 2:  # the second pass alone moves water
        first, second = 0.0, 1.0
    for group in range(gates.passed.shape[1]):
        gates.passed[0, group] = gates.passed[1, group]
    for k in range(gates.signs.size):
        discharge = first * gates.flux[0, k] + second * gates.flux[1, k]
        gates.passed[1, gates.faces[k, 3]] += gates.signs[k] * discharge * dt_s * numbers.cell_size_m
    for group in range(gates.passed.shape[1]):
        change = gates.passed[1, group] - gates.passed[0, group]
        gates.gross[0 if change > 0.0 else 1, group] += abs(change)
    gates.flux[:] = 0.0
    for k in range(gates.points.shape[0]):
        for value in range(4):
            gates.state[0, k, value] = gates.state[1, k, value]
        row, column = gates.points[k, 0], gates.points[k, 1]
        u, v = _velocity(cells, numbers, buffer, row, column)
        gates.state[1, k, DEPTH] = cells.h[buffer, row + RIM, column + RIM]
        gates.state[1, k, EASTWARD] = u
        gates.state[1, k, SOUTHWARD] = v
        gates.state[1, k, BED] = cells.z[row + RIM, column + RIM]
    while gates.noted[0] < gates.times_s.size and gates.times_s[gates.noted[0]] <= now_s:
        at = gates.noted[0]
        share = 1.0 if dt_s <= 0.0 else 1.0 - (now_s - gates.times_s[at]) / dt_s
        for group in range(gates.passed.shape[1]):
            before, after = gates.passed[0, group], gates.passed[1, group]
            gates.volumes[at, group] = before + share * (after - before)
        for k in range(gates.points.shape[0]):
            for value in range(4):
                before, after = gates.state[0, k, value], gates.state[1, k, value]
                gates.series[at, k, value] = before + share * (after - before)
        gates.noted[0] += 1
