"""The water of an estuary from one time to another, with records of what transport needs."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from frugal.physics.compiled import inner, kernel
from frugal.physics.estuary.driving import Driven, driven_at
from frugal.physics.estuary.network import ReachCells
from frugal.physics.estuary.rows import copy_row, fill
from frugal.physics.estuary.water_steps import (
    EstuaryWater,
    Scratch1D,
    continuity,
    exact_roots,
    extrapolate,
    fill_levels,
    fluxes,
    keep_positive,
    longest_step,
    momentum,
    renewed,
    set_place,
)


class WaterRecords(NamedTuple):
    """What happened between moments of a run; the first moment is the start.

    Volumes at both ends of a span and what passed between them agree to rounding, so that whatever is carried by the
    water can be conserved.
    """

    times: np.ndarray  # [moment], [s]
    volumes: np.ndarray  # [moment, slot], [m³]
    places: np.ndarray  # [moment, place], [m³]
    passed: np.ndarray  # [span, slot], over links, positive landward [m³]
    entered: np.ndarray  # [span, place], from outside [m³]


class Samples(NamedTuple):
    """Levels and discharges at wanted times."""

    times: np.ndarray  # rising [s]
    levels: np.ndarray  # [time, slot], [m]
    discharges: np.ndarray  # [time, slot], of links [m³/s]
    taken: np.ndarray  # how many are filled


#: Steps of the same length at most, before speeds are looked at again.
_STRETCH = 8


class Limits1D(NamedTuple):
    """How finely time is cut."""

    record_s: float  # longest span between records
    courant: float
    dry_m: float  # links shallower than this pass nothing
    froude: float  # nothing flows faster


@inner(error_model="numpy")
def _record(cells: ReachCells, waters: EstuaryWater, scratch: Scratch1D, records: WaterRecords, count: int) -> None:
    records.times[count] = waters.clock[0]
    copy_row(waters.volume, records.volumes[count])
    copy_row(waters.place_volume, records.places[count])
    copy_row(waters.volume, scratch.room)
    for r in range(cells.starts.size):
        for side in range(2):
            place = cells.ends[r, side]
            slot = cells.lasts[r] if side else cells.starts[r]
            # A mouth has the sea behind it; of the water of a place each of its reaches may take its share.
            ends = cells.joined_from[place + 1] - cells.joined_from[place]
            scratch.room[slot] = 1e300 if cells.is_mouth[place] else waters.place_volume[place] / ends
        scratch.room[cells.starts[r] - 1] = 1e300
    if count < records.passed.shape[0]:
        fill(records.passed[count], 0.0)
        fill(records.entered[count], 0.0)


@inner(error_model="numpy")
def _begin(cells: ReachCells, driven: Driven, waters: EstuaryWater) -> None:
    """Places of a state that has cells only: mouths take the level of the sea, the others have theirs."""
    for place in range(cells.is_mouth.size):
        if cells.is_mouth[place]:
            waters.place_level[place] = driven_at(driven, place, waters.clock[0], cells.is_mouth[place])
        set_place(cells, waters, place, 0.0)
        waters.place_volume[place] = 0.0
    for end in range(2 * cells.starts.size):
        slot = cells.lasts[end // 2] if end % 2 else cells.starts[end // 2]
        waters.place_volume[cells.ends[end // 2, end % 2]] += waters.volume[slot]
    waters.clock[1] = 0.0


@inner(error_model="numpy")
def _sample(samples: Samples, scratch: Scratch1D, time: float) -> float:
    """Keep levels and discharges if their time has come; gives the next such time."""
    near = 1e-9 * max(1.0, abs(time))
    while samples.taken[0] < samples.times.size and samples.times[samples.taken[0]] <= time + near:
        copy_row(scratch.level, samples.levels[samples.taken[0]])
        copy_row(scratch.star, samples.discharges[samples.taken[0]])
        samples.taken[0] += 1
    return samples.times[samples.taken[0]] if samples.taken[0] < samples.times.size else 1e300


@kernel(error_model="numpy")
def advance(
    cells: ReachCells,
    driven: Driven,
    waters: EstuaryWater,
    scratch: Scratch1D,
    limits: Limits1D,
    until: float,
    samples: Samples,
    records: WaterRecords,
) -> int:
    """Carry the water on to a time, or until the records are full.

    Afterwards the scratch holds levels, speeds and discharges at the time that the clock shows.

    Returns
    -------
    int
        Number of spans recorded; -1 where the water has no finite volume any more.
    """
    clock = waters.clock
    room = records.passed.shape[0]
    near = 1e-9 * max(1.0, abs(until))
    if clock[1] < 0.0:
        _begin(cells, driven, waters)
    count, step, steps = -1, 0, 0
    goal, end, dt = clock[0], clock[0], 0.0
    fresh = False  # nothing has happened since the last record
    while True:
        fill_levels(cells, waters, scratch)
        extrapolate(waters, scratch, limits.froude)
        if step == steps:  # a stretch of equal steps is done, or the run begins
            clock[0] = end
            if end >= goal - near:
                clock[0] = goal
                count += 1
                fresh = True
                _record(cells, waters, scratch, records, count)
                wanted = _sample(samples, scratch, goal)
                held = 0.0
                for volume in waters.volume:
                    held += volume
                if not math.isfinite(held):
                    return -1
                if goal >= until - near:
                    break
                # Sums of spans may end short of the end by rounding.
                goal = (
                    min(goal + limits.record_s, wanted, until)
                    if goal + limits.record_s < until - near
                    else min(wanted, until)
                )
            exact_roots(scratch)
            longest = longest_step(cells, scratch, limits.courant)
            step, steps = 0, max(math.ceil((goal - clock[0]) / longest), 1)
            dt = (goal - clock[0]) / steps
            end = goal if steps <= _STRETCH else clock[0] + _STRETCH * dt
            steps = min(steps, _STRETCH)
            if count + _STRETCH + 2 > room:
                if fresh:
                    break
                count += 1  # the records end here, in the middle of a span
                _record(cells, waters, scratch, records, count)
                break
        between = 0.5 * (clock[1] + dt)
        fluxes(cells, waters, scratch, limits.dry_m)
        momentum(cells, waters, scratch, between, limits.dry_m, limits.froude)
        keep_positive(cells, waters, dt)
        if not fresh and renewed(cells, records.passed[count], waters, scratch, dt):
            count += 1
            _record(cells, waters, scratch, records, count)
        fresh = False
        continuity(cells, driven, waters, records.passed[count], records.entered[count], dt)
        clock[0] += dt
        clock[1], clock[2] = dt, between
        step += 1
    return count
