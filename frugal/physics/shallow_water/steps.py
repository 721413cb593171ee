"""Time steps: how long, whether to take one again, and what passed through the sides meanwhile."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from frugal.physics.compiled import inner, kernel
from frugal.physics.shallow_water.crest_faces import follow_breaches
from frugal.physics.shallow_water.forcing import Forcing, open_breaches, value_at
from frugal.physics.shallow_water.local_inertial import inertial_on_tile
from frugal.physics.shallow_water.parts.whole_step import seep_and_pass
from frugal.physics.shallow_water.saint_venant import stage_on_tile
from frugal.physics.shallow_water.sides import fill_rim
from frugal.physics.shallow_water.state import (
    DOUBT,
    EAST,
    FASTEST,
    LOWEST,
    RIM,
    WEST,
    Border,
    Cells,
    Numbers,
    Tiles,
    wake,
    wake_at,
)
from frugal.physics.shallow_water.watching import Seen, note_faces, note_step, remember, watch_tile
from frugal.physics.sharing import DONE, LEFT, STOP, added, put, seen_now, wait_a_little

# Why a run stopped.
ARRIVED, TOO_FAST, NOT_A_NUMBER, COLLAPSED = 0, 1, 2, 3
#: A depth below this [m] has the step taken again at half the length; less is rounding.
_LOWEST_M = -1e-14
#: A step may grow by this much from one to the next.
_GROWTH = 1.2


# Places in ``Clock.time`` and ``Clock.counts``.
NOW, NEXT, WAVE, UNSURE = 0, 1, 2, 3
CURRENT, STEPS, UPDATES, AGAIN, COVERED = 0, 1, 2, 3, 4


class Clock(NamedTuple):
    """What changes from step to step. ``time``: now, next step, last wave speed, doubt; ``counts``: buffer of the
    accepted state, steps, cell updates, steps taken again, cells covered by the present step."""

    time: np.ndarray
    counts: np.ndarray
    entered: np.ndarray  # m³ by segment, then rain, inflows and infiltration
    left: np.ndarray
    stage_entered: np.ndarray
    stage_left: np.ndarray


class Limits(NamedTuple):
    """Courant number aimed at, the one above which a step is taken again, longest and shortest step, fastest wave."""

    courant: float
    courant_limit: float
    longest_s: float
    shortest_s: float
    fastest_m_s: float


class Team(NamedTuple):
    """What threads share while they step together: counters of `sharing`, and of the stage whether it is the second, its length
    [s] and the rain [m/s]."""

    counters: np.ndarray
    stage: np.ndarray


class Run(NamedTuple):
    """Everything a simulation holds. Kernels take the parts: the whole costs seconds of compilation in each."""

    cells: Cells
    tiles: Tiles
    border: Border
    forcing: Forcing
    numbers: Numbers
    seen: Seen
    clock: Clock
    limits: Limits


@inner(error_model="numpy")
def _pour(
    cells: Cells,
    tiles: Tiles,
    forcing: Forcing,
    clock: Clock,
    numbers: Numbers,
    buffer: int,
    time_s: float,
    added_s: float,
    booked_s: float,
) -> None:
    """Add the inflow points of one stage and note them; momentum stays, so the water slows down."""
    for k in range(forcing.inflows.shape[0]):
        row, column = forcing.inflows[k, 1] + RIM, forcing.inflows[k, 2] + RIM
        discharge = value_at(forcing, forcing.inflows[k, 0], time_s)
        before = cells.h[buffer, row, column]
        after = before + discharge * added_s / numbers.cell_size_m**2
        clock.stage_entered[forcing.segments.shape[0] + 1 + k] += discharge * booked_s
        if discharge * added_s > 0.0:
            cells.h[buffer, row, column] = after
            if not numbers.inertial:
                cells.u[buffer, row, column] *= before / after
                cells.v[buffer, row, column] *= before / after
        wake_at(cells, tiles, numbers, buffer, forcing.inflows[k, 1], forcing.inflows[k, 2])


@inner(error_model="numpy")
def _book(border: Border, clock: Clock, numbers: Numbers, weight: float) -> None:
    """Note the volumes through the faces of the sides during one stage; ``weight`` is metres times seconds."""
    for side in range(4):
        along = numbers.rows if side in (WEST, EAST) else numbers.columns
        for i in range(along):
            segment = border.segment[side, i]
            if segment >= 0:
                volume = border.flux[side, i] * weight
                clock.stage_entered[segment] += max(volume, 0.0)
                clock.stage_left[segment] += max(-volume, 0.0)


@inner(error_model="numpy")
def _open_stage(
    cells: Cells,
    tiles: Tiles,
    border: Border,
    forcing: Forcing,
    numbers: Numbers,
    clock: Clock,
    second: bool,
    dt_s: float,
) -> float:
    """Prepare one stage: bed, rim, tiles to compute. Returns the rain [m/s] before the weight of the cells.

    ``second`` is the second stage of a step; the first one sets the volumes of the step and its covered cells to 0.
    """
    source = (clock.counts[CURRENT] + (1 if second else 0)) % 3
    if not second:
        open_breaches(cells.z, forcing, clock.time[NOW] + dt_s)
        follow_breaches(cells.crests, cells.z)
        clock.stage_entered[:] = 0.0
        clock.stage_left[:] = 0.0
        clock.counts[COVERED] = 0
    rain = fill_rim(cells, border, forcing, numbers, source, clock.time[NOW] + (dt_s if second else 0.0))
    if numbers.inertial and forcing.rain >= 0:  # its one stage moves water with the discharges of the step's end
        rain = value_at(forcing, forcing.rain, clock.time[NOW] + dt_s)
    clock.counts[COVERED] += wake(cells, tiles, numbers, source, (source + 1) % 3, clock.counts[STEPS] == 0)
    return rain


@inner(error_model="numpy")
def _compute_tile(
    w: np.ndarray,
    cells: Cells,
    tiles: Tiles,
    border: Border,
    numbers: Numbers,
    seen: Seen,
    clock: Clock,
    tile: int,
    second: bool,
    dt_s: float,
    rain: float,
) -> None:
    """One stage of one tile; before the first stage, the accepted state is remembered. Tiles do not depend on each other."""
    current = clock.counts[CURRENT]
    middle, end = (current + 1) % 3, (current + 2) % 3
    if not second:
        if seen.watches:
            watch_tile(cells, seen, numbers, tile, tiles.box[tile], current, clock.time[NOW], dt_s)
        remember(cells, seen.extremes, numbers, tiles.box[tile], current, clock.time[NOW])
    if numbers.inertial:
        inertial_on_tile(w, cells, tiles, border, numbers, tile, (current, middle), dt_s, rain)
    else:
        buffers = (middle, end, current) if second else (current, middle, -1)
        stage_on_tile(w, cells, tiles, border, numbers, tile, buffers, dt_s, rain)
    if seen.counts:
        note_faces(w, seen.gates, numbers, tile, tiles.box[tile], 1 if second else 0)


@inner(error_model="numpy")
def _compute_tiles(
    w: np.ndarray,
    cells: Cells,
    tiles: Tiles,
    border: Border,
    numbers: Numbers,
    seen: Seen,
    clock: Clock,
    team: Team,
    leads: bool,
    second: bool,
    dt_s: float,
    rain: float,
) -> None:
    """Tiles of a stage, one after the other, while any are left. Who leads hands them out and waits until all are done; the
    others take part in all stages until they are told to stop."""
    counters, stage = team
    if leads:
        stage[0], stage[1], stage[2] = 1.0 if second else 0.0, dt_s, rain
        put(counters, DONE, 0)
        put(counters, LEFT, tiles.active[0])
    looks = 0
    while True:
        if seen_now(counters, LEFT) > 0:
            k = added(counters, LEFT, -1)
            if k > 0:  # what is read now is of the stage that k belongs to, which cannot end before this tile is done
                now, length, falls = stage[0] > 0.0, stage[1], stage[2]
                _compute_tile(w, cells, tiles, border, numbers, seen, clock, tiles.active[k], now, length, falls)
                added(counters, DONE, 1)
                looks = 0
                continue
        if leads and seen_now(counters, DONE) >= tiles.active[0]:
            break
        if not leads and seen_now(counters, STOP) != 0:
            break
        looks = wait_a_little(looks)


@inner(error_model="numpy")
def _close_stage(
    cells: Cells,
    tiles: Tiles,
    border: Border,
    forcing: Forcing,
    numbers: Numbers,
    clock: Clock,
    courant_limit: float,
    second: bool,
    dt_s: float,
    rained_m2: float,
) -> bool:
    """Whether the stage holds; if so the inflow points are added and its volumes noted.

    It does not where a wave crosses more than ``courant_limit`` cells, a depth is negative beyond rounding or a number is none.
    ``rained_m2`` is the rain times the area that it falls on [m³/s].
    """
    fastest, lowest, doubt = 0.0, 0.0, 0.0
    for tile in range(tiles.found.shape[1]):
        fastest = max(fastest, tiles.found[FASTEST, tile])
        lowest = min(lowest, tiles.found[LOWEST, tile])
        doubt += tiles.found[DOUBT, tile]
    clock.time[WAVE] = fastest
    clock.time[UNSURE] = doubt
    if dt_s * fastest > courant_limit * numbers.cell_size_m or lowest < _LOWEST_M or doubt != 0.0:
        return False
    now = clock.time[NOW] + (dt_s if second or numbers.inertial else 0.0)
    added = 0.5 * dt_s if second else dt_s  # the second stage averages: half of the first one's is left
    booked = 0.5 * dt_s if numbers.stages == 2 else dt_s
    target = (clock.counts[CURRENT] + (2 if second else 1)) % 3
    _pour(cells, tiles, forcing, clock, numbers, target, now, added, booked)
    _book(border, clock, numbers, booked * numbers.cell_size_m)
    clock.stage_entered[forcing.segments.shape[0]] += booked * rained_m2
    if second or numbers.stages == 1:
        where = RIM, numbers.cell_size_m**2, numbers.dry_depth_m, numbers.inertial
        fields = cells.h[target], cells.u[target], cells.v[target]
        seeped = seep_and_pass(*fields, cells.z, forcing.ground, forcing.links, tiles.box, tiles.active, where, dt_s)
        clock.stage_left[clock.left.size - 1] += seeped
        for k in range(forcing.links.ends.shape[0]):
            for end in (0, 2):
                wake_at(cells, tiles, numbers, target, forcing.links.ends[k, end], forcing.links.ends[k, end + 1])
    return True


@inner(error_model="numpy")
def _step_length(clock: Clock, until_s: float) -> float:
    """Length of the next step: as prepared, and not beyond ``until_s``; two equal ones rather than a last short one."""
    rest = until_s - clock.time[NOW]
    dt = clock.time[NEXT]
    if dt >= rest:
        return rest
    return 0.5 * rest if 2.0 * dt > rest else dt


@inner(error_model="numpy")
def _accept(clock: Clock, limits: Limits, numbers: Numbers, dt_s: float, until_s: float) -> None:
    """Make the computed state the accepted one, and prepare the length of the next step.

    A step that fills the rest until ``until_s`` ends on it exactly.
    """
    stages = numbers.stages
    clock.counts[CURRENT] = (clock.counts[CURRENT] + stages) % 3
    clock.counts[STEPS] += 1
    clock.counts[UPDATES] += clock.counts[COVERED] // stages
    clock.time[NOW] = until_s if dt_s >= until_s - clock.time[NOW] else clock.time[NOW] + dt_s
    aimed = limits.courant * numbers.cell_size_m / max(clock.time[WAVE], 1e-30)
    clock.time[NEXT] = min(aimed, _GROWTH * max(dt_s, clock.time[NEXT]), limits.longest_s)
    for k in range(clock.entered.size):
        clock.entered[k] += clock.stage_entered[k]
        clock.left[k] += clock.stage_left[k]


@inner(error_model="numpy")
def _refuse(clock: Clock, limits: Limits, numbers: Numbers, dt_s: float) -> int:
    """Shorten a step that did not hold; says why the run must stop, or ``ARRIVED`` to try again.

    The next one is at most 0.7 times as long, and half as long where a number is none.
    """
    clock.counts[AGAIN] += 1
    clock.time[NEXT] = 0.5 * dt_s
    if clock.time[UNSURE] == 0.0 and clock.time[WAVE] > 0.0:
        if clock.time[WAVE] > limits.fastest_m_s:
            return TOO_FAST
        clock.time[NEXT] = min(0.7 * dt_s, limits.courant * numbers.cell_size_m / clock.time[WAVE])
    if clock.time[NEXT] < limits.shortest_s:
        return NOT_A_NUMBER if clock.time[UNSURE] != 0.0 else COLLAPSED
    return ARRIVED


@inner(error_model="numpy")
def _lead(
    w: np.ndarray,
    cells: Cells,
    tiles: Tiles,
    border: Border,
    forcing: Forcing,
    numbers: Numbers,
    seen: Seen,
    clock: Clock,
    limits: Limits,
    team: Team,
    leads: bool,
    until_s: float,
    rain_m2: float,
) -> int:
    """Step to ``until_s``; returns why it stopped."""
    while clock.time[NOW] < until_s:
        dt = _step_length(clock, until_s)
        holds = True
        for stage in range(numbers.stages):
            second = stage == 1
            rain = _open_stage(cells, tiles, border, forcing, numbers, clock, second, dt)
            _compute_tiles(w, cells, tiles, border, numbers, seen, clock, team, leads, second, dt, rain)
            holds = _close_stage(
                cells, tiles, border, forcing, numbers, clock, limits.courant_limit, second, dt, rain * rain_m2
            )
            if not holds:
                break
        if not holds:
            if seen.counts:
                seen.gates.flux[:] = 0.0
            reason = _refuse(clock, limits, numbers, dt)
            if reason != ARRIVED:
                return reason
            continue
        if clock.time[WAVE] > limits.fastest_m_s:
            return TOO_FAST
        _accept(clock, limits, numbers, dt, until_s)
        if seen.watches:
            note_step(cells, seen.gates, numbers, clock.counts[CURRENT], clock.time[NOW], dt)
    return ARRIVED


@kernel(error_model="numpy")
def advance(
    cells: Cells,
    tiles: Tiles,
    border: Border,
    forcing: Forcing,
    numbers: Numbers,
    seen: Seen,
    clock: Clock,
    limits: Limits,
    team: Team,
    leads: bool,
    until_s: float,
    rain_m2: float,
    w: np.ndarray,
) -> int:
    """Step to ``until_s``; returns why it stopped. Run by one thread that leads, and by any number of others that help it.

    Parameters
    ----------
    cells, tiles, border : Cells, Tiles, Border
        Changed in place.
    forcing, numbers : Forcing, Numbers
    seen, clock : Seen, Clock
        Changed in place.
    limits : Limits
    team : Team
        Shared by the threads; ``STOP`` among its counters is 0 at the start.
    leads : bool
    until_s : float
        Time [s] from the beginning of the event, reached exactly.
    rain_m2 : float
        Sum of the cells' areas times their weights of rain [m²].
    w : ndarray, shape (WORKSPACE,)
        Workspace of this thread, overwritten.

    Returns
    -------
    int
        ``ARRIVED``, ``TOO_FAST``, ``NOT_A_NUMBER`` or ``COLLAPSED``; ``ARRIVED`` to those that help.
    """
    if not leads:
        _compute_tiles(w, cells, tiles, border, numbers, seen, clock, team, leads, leads, 0.0, 0.0)
        return ARRIVED
    reason = _lead(w, cells, tiles, border, forcing, numbers, seen, clock, limits, team, leads, until_s, rain_m2)
    put(team.counters, STOP, 1)
    return reason
