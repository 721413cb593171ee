"""Time steps: how long, whether to take one again, and what passed through the sides meanwhile."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from frugal.physics.calling import called
from frugal.physics.compiled import inner, kernel
from frugal.physics.shallow_water.forcing import Forcing
from frugal.physics.shallow_water.stages import (
    BOOK,
    BORDER,
    CELLS,
    CLOCK,
    EXTREMES,
    FACES,
    FILL,
    FORCING,
    GATES,
    NOTE,
    NUMBERS,
    POUR,
    REMEMBER,
    SCHEME,
    SEEN,
    STRUCTURES,
    TILES,
    WAKE,
    WATCH,
)
from frugal.physics.shallow_water.state import (
    AGAIN,
    COVERED,
    CURRENT,
    DOUBT,
    FASTEST,
    LOWEST,
    NEXT,
    NOW,
    RAINS,
    STEPS,
    UNSURE,
    UPDATES,
    WAVE,
    Border,
    Cells,
    Clock,
    Numbers,
    Tiles,
)
from frugal.physics.shallow_water.watching import Seen
from frugal.physics.sharing import DONE, LEFT, STOP, added, put, seen_now, wait_a_little

# Why a run stopped.
ARRIVED, TOO_FAST, NOT_A_NUMBER, COLLAPSED = 0, 1, 2, 3
#: A step may grow by this much from one to the next.
_GROWTH = 1.2
#: A depth below this [m] has the step taken again at half the length; less is rounding.
_LOWEST_M = -1e-14


class Limits(NamedTuple):
    """Courant number aimed at, the one above which a step is taken again, longest and shortest step, fastest wave."""

    courant: float
    courant_limit: float
    longest_s: float
    shortest_s: float
    fastest_m_s: float


class StepKind(NamedTuple):
    """Of ``Numbers`` what steps depend on, and the number of segments of the sides."""

    stages: int
    inertial: bool
    cell_size_m: float
    segments: int


class Team(NamedTuple):
    """What threads share while they step together: counters of `sharing`, and of the stage whether it is the second, its length
    [s] and the rain [m/s]."""

    counters: np.ndarray
    stage: np.ndarray


class Run(NamedTuple):
    """Everything a simulation holds."""

    cells: Cells
    tiles: Tiles
    border: Border
    forcing: Forcing
    numbers: Numbers
    seen: Seen
    clock: Clock
    limits: Limits


@inner(error_model="numpy")
def _compute_tile(
    parts: np.ndarray, at: np.ndarray, w_at: int, tile: int, second: bool, dt_s: float, rain: float
) -> None:
    """One stage of one tile; before the first stage, the accepted state is remembered. Tiles do not depend on each other."""
    if not second:
        if parts[WATCH] != 0:
            called(parts[WATCH], (at[CELLS], at[SEEN], at[NUMBERS], at[TILES], at[CLOCK], tile, dt_s))
        called(parts[REMEMBER], (at[CELLS], at[EXTREMES], at[NUMBERS], at[TILES], at[CLOCK], tile))
    places = w_at, at[CELLS], at[TILES], at[BORDER], at[NUMBERS], at[CLOCK]
    called(parts[SCHEME], (*places, tile, second, dt_s, rain))
    if parts[FACES] != 0:
        called(parts[FACES], (w_at, at[GATES], at[NUMBERS], at[TILES], tile, second))


@inner(error_model="numpy")
def _compute_tiles(
    parts: np.ndarray,
    at: np.ndarray,
    w_at: int,
    active: np.ndarray,
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
        put(counters, LEFT, active[0])
    looks = 0
    while True:
        if seen_now(counters, LEFT) > 0:
            k = added(counters, LEFT, -1)
            if k > 0:  # what is read now is of the stage that k belongs to, which cannot end before this tile is done
                _compute_tile(parts, at, w_at, active[k], stage[0] > 0.0, stage[1], stage[2])
                added(counters, DONE, 1)
                looks = 0
                continue
        if leads and seen_now(counters, DONE) >= active[0]:
            break
        if not leads and seen_now(counters, STOP) != 0:
            break
        looks = wait_a_little(looks)


@inner(error_model="numpy")
def _step_length(clock: Clock, until_s: float) -> float:
    """Length of the next step: as prepared, and not beyond ``until_s``; two equal ones rather than a last short one."""
    rest = until_s - clock.time[NOW]
    dt = clock.time[NEXT]
    if dt >= rest:
        return rest
    return 0.5 * rest if 2.0 * dt > rest else dt


@inner(error_model="numpy")
def _accept(clock: Clock, limits: Limits, step: StepKind, dt_s: float, until_s: float) -> None:
    """Make the computed state the accepted one, and prepare the length of the next step.

    A step that fills the rest until ``until_s`` ends on it exactly.
    """
    stages = step.stages
    clock.counts[CURRENT] = (clock.counts[CURRENT] + stages) % 3
    clock.counts[STEPS] += 1
    clock.counts[UPDATES] += clock.counts[COVERED] // stages
    clock.time[NOW] = until_s if dt_s >= until_s - clock.time[NOW] else clock.time[NOW] + dt_s
    aimed = limits.courant * step.cell_size_m / max(clock.time[WAVE], 1e-30)
    clock.time[NEXT] = min(aimed, _GROWTH * max(dt_s, clock.time[NEXT]), limits.longest_s)
    for k in range(clock.entered.size):
        clock.entered[k] += clock.stage_entered[k]
        clock.left[k] += clock.stage_left[k]


@inner(error_model="numpy")
def _refuse(clock: Clock, limits: Limits, cell_size_m: float, dt_s: float) -> int:
    """Shorten a step that did not hold; says why the run must stop, or ``ARRIVED`` to try again.

    The next one is at most 0.7 times as long, and half as long where a number is none.
    """
    clock.counts[AGAIN] += 1
    clock.time[NEXT] = 0.5 * dt_s
    if clock.time[UNSURE] == 0.0 and clock.time[WAVE] > 0.0:
        if clock.time[WAVE] > limits.fastest_m_s:
            return TOO_FAST
        clock.time[NEXT] = min(0.7 * dt_s, limits.courant * cell_size_m / clock.time[WAVE])
    if clock.time[NEXT] < limits.shortest_s:
        return NOT_A_NUMBER if clock.time[UNSURE] != 0.0 else COLLAPSED
    return ARRIVED


@inner(error_model="numpy")
def _holds(found: np.ndarray, clock: Clock, limits: Limits, cell_size_m: float, dt_s: float) -> bool:
    """Whether a stage holds: it does not where a wave crosses more cells than the limit, a depth is negative beyond rounding
    or a number is none."""
    fastest, lowest, doubt = 0.0, 0.0, 0.0
    for tile in range(found.shape[1]):
        fastest = max(fastest, found[FASTEST, tile])
        lowest = min(lowest, found[LOWEST, tile])
        doubt += found[DOUBT, tile]
    clock.time[WAVE] = fastest
    clock.time[UNSURE] = doubt
    return not (dt_s * fastest > limits.courant_limit * cell_size_m or lowest < _LOWEST_M or doubt != 0.0)


@inner(error_model="numpy")
def _close_stage(
    parts: np.ndarray, at: np.ndarray, clock: Clock, step: StepKind, second: bool, dt_s: float, rain_m2: float
) -> None:
    """After a stage that holds: inflow points, structures and the volumes.

    ``rain_m2`` is the area that the rain falls on, weighted [m²].
    """
    now = clock.time[NOW] + (dt_s if second or step.inertial else 0.0)
    added_s = 0.5 * dt_s if second else dt_s  # the second stage averages: half of the first one's is left
    booked_s = 0.5 * dt_s if step.stages == 2 else dt_s
    target = (clock.counts[CURRENT] + (2 if second else 1)) % 3
    if parts[POUR] != 0:
        places = at[CELLS], at[TILES], at[FORCING], at[NUMBERS], at[CLOCK]
        called(parts[POUR], (*places, target, now, added_s, booked_s))
    if parts[BOOK] != 0:
        called(parts[BOOK], (at[BORDER], at[NUMBERS], at[CLOCK], booked_s * step.cell_size_m))
    clock.stage_entered[step.segments] += booked_s * (clock.time[RAINS] * rain_m2)
    if parts[STRUCTURES] != 0 and (second or step.stages == 1):
        called(parts[STRUCTURES], (at[CELLS], at[TILES], at[FORCING], at[NUMBERS], at[CLOCK], target, dt_s))


@inner(error_model="numpy")
def _lead(
    parts: np.ndarray,
    at: np.ndarray,
    w_at: int,
    active: np.ndarray,
    found: np.ndarray,
    clock: Clock,
    limits: Limits,
    step: StepKind,
    team: Team,
    until_s: float,
    rain_m2: float,
) -> int:
    """Step to ``until_s``; returns why it stopped."""
    while clock.time[NOW] < until_s:
        dt = _step_length(clock, until_s)
        holds = True
        for stage in range(step.stages):
            second = stage == 1
            called(parts[FILL], (at[CELLS], at[BORDER], at[FORCING], at[NUMBERS], at[CLOCK], stage, dt))
            called(parts[WAKE], (at[CELLS], at[TILES], at[NUMBERS], at[CLOCK], stage))
            _compute_tiles(parts, at, w_at, active, team, True, second, dt, clock.time[RAINS])
            holds = _holds(found, clock, limits, step.cell_size_m, dt)
            if not holds:
                break
            _close_stage(parts, at, clock, step, second, dt, rain_m2)
        if not holds:
            if parts[FACES] != 0:
                called(parts[FACES], (w_at, at[GATES], at[NUMBERS], at[TILES], -1, 0))
            reason = _refuse(clock, limits, step.cell_size_m, dt)
            if reason != ARRIVED:
                return reason
            continue
        if clock.time[WAVE] > limits.fastest_m_s:
            return TOO_FAST
        _accept(clock, limits, step, dt, until_s)
        if parts[NOTE] != 0:
            called(parts[NOTE], (at[CELLS], at[GATES], at[NUMBERS], at[CLOCK], dt))
    return ARRIVED


@kernel(error_model="numpy")
def advance(
    parts: np.ndarray,
    at: np.ndarray,
    active: np.ndarray,
    found: np.ndarray,
    clock: Clock,
    limits: Limits,
    step: StepKind,
    team: Team,
    leads: bool,
    until_s: float,
    rain_m2: float,
    w_at: int,
) -> int:
    """Step to ``until_s``; returns why it stopped. Run by one thread that leads, and by any number of others that help it.

    Parameters
    ----------
    parts, at : ndarray of int
        Addresses of the parts of a stage, and places of what they work on (`stages.RunParts`).
    active, found : ndarray
        Of ``Tiles``.
    clock : Clock
        Changed in place.
    limits : Limits
    step : StepKind
    team : Team
        Shared by the threads; ``STOP`` among its counters is 0 at the start.
    leads : bool
    until_s : float
        Time [s] from the beginning of the event, reached exactly.
    rain_m2 : float
        Sum of the cells' areas times their weights of rain [m²].
    w_at : int
        Place of the workspace of this thread, overwritten.

    Returns
    -------
    int
        ``ARRIVED``, ``TOO_FAST``, ``NOT_A_NUMBER`` or ``COLLAPSED``; ``ARRIVED`` to those that help.
    """
    if not leads:
        _compute_tiles(parts, at, w_at, active, team, leads, leads, 0.0, 0.0)
        return ARRIVED
    reason = _lead(parts, at, w_at, active, found, clock, limits, step, team, until_s, rain_m2)
    put(team.counters, STOP, 1)
    return reason
