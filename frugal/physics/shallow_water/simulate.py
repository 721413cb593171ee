"""From a flood case to what the water did."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from frugal.errors import SolverError, UnusableInputError
from frugal.physics.shallow_water import steps
from frugal.physics.shallow_water.crest_faces import crests_of
from frugal.physics.shallow_water.flood_case import FRICTIONS, FloodCase, cells, check
from frugal.physics.shallow_water.forcing import border_of, force_tiles, forcing_of, segments_of
from frugal.physics.shallow_water.outcome import Flood, Snapshot, volume_ledger
from frugal.physics.shallow_water.parts.segments import series_arrays
from frugal.physics.shallow_water.stages import RunParts
from frugal.physics.shallow_water.state import (
    CURRENT,
    DOUBT,
    FASTEST,
    GRAVITY,
    NOW,
    RIM,
    STEPS,
    UPDATES,
    WAVE,
    WORKSPACE,  # the larger one of both schemes
    Cells,
    Clock,
    Crests,
    Numbers,
    mark_still,
    mark_wet,
    tiles_of,
)
from frugal.physics.shallow_water.watch_list import Watch, observed, seen_of
from frugal.physics.sharing import STOP, new_counters

__all__ = ["SCHEMES", "Flood", "Snapshot", "simulate"]

SCHEMES = ("saint_venant", "local_inertial")
#: Blocked cells stand this much [m] above everything else.
_BLOCKED_M = 1000.0


def _padded(field: np.ndarray) -> np.ndarray:
    return np.pad(field, RIM, mode="edge")


def _cells_of(flood_case: FloodCase, bed: np.ndarray, dry_depth_m: float, inertial: bool, crests: Crests) -> Cells:
    if flood_case.depth is not None:
        depth = cells(flood_case, "depth", flood_case.depth)
    elif flood_case.level is not None:
        depth = np.maximum(0.0, cells(flood_case, "level", flood_case.level) - bed)
    else:
        depth = np.zeros(flood_case.shape)
    if flood_case.blocked is not None:
        depth[flood_case.blocked] = 0.0
    wet = (depth > dry_depth_m) & (not inertial)  # the local inertial model starts at rest
    friction = cells(flood_case, "friction", flood_case.friction)
    if flood_case.friction_law == "manning":
        friction = GRAVITY * friction**2
    elif flood_case.friction_law == "chezy":
        friction = GRAVITY / friction**2
    weight = np.zeros((1, 1))
    if flood_case.rain is not None:
        weight = cells(flood_case, "weight of rain", 1.0 if flood_case.rain.weight is None else flood_case.rain.weight)
        if flood_case.blocked is not None:
            weight[flood_case.blocked] = 0.0
    u, v = (np.where(wet, cells(flood_case, name, getattr(flood_case, name)), 0.0) for name in ("u", "v"))
    h, u, v = (np.stack([_padded(field)] * 3) for field in (depth, u, v))
    return Cells(h, u, v, z=_padded(bed), friction=_padded(friction), rain_weight=weight, crests=crests)


def _bed_of(flood_case: FloodCase) -> np.ndarray:
    bed = cells(flood_case, "bed", flood_case.bed)
    if flood_case.blocked is not None:
        bed[np.asarray(flood_case.blocked, dtype=bool)] = bed.max() + _BLOCKED_M
    return bed


def _fastest_wave(flood_case: FloodCase, bed: np.ndarray, depth: np.ndarray) -> float:
    """A speed no flood reaches: water falling from the highest level to the lowest bed, its wave on top, three times."""
    open_bed = bed if flood_case.blocked is None else bed[~np.asarray(flood_case.blocked, dtype=bool)]
    wet = depth > 0.0
    top = float((bed + depth)[wet].max()) if wet.any() else float(open_bed.max())
    thick = float(depth.max())
    carried = float(np.hypot(np.max(np.abs(flood_case.u)), np.max(np.abs(flood_case.v))))
    for _, segment, name in segments_of(flood_case):
        if segment.kind == "level" and segment.series is not None:
            top = max(top, float(series_arrays(name, segment.series)[1].max()))
    brought = any(segment.kind == "discharge" for _, segment, _ in segments_of(flood_case))
    if brought or flood_case.rain is not None or flood_case.inflows:
        top = max(top, float(open_bed.max()))
        thick = max(thick, 10.0)
    head = max(top - float(open_bed.min()), thick, 1.0)
    return 3.0 * math.sqrt(2.0 * GRAVITY * head) + 3.0 * math.sqrt(GRAVITY * head) + carried


def _run_of(
    flood_case: FloodCase,
    inertial: bool,
    order: int,
    cfl: float,
    arrival_depth_m: float,
    dry_depth_m: float,
    bound: float | None,
    watch: Watch | None,
) -> tuple[steps.Run, float]:
    bed = _bed_of(flood_case)
    border = border_of(flood_case)
    forcing = forcing_of(flood_case, border, bed)
    rows, columns = flood_case.shape
    tiles = tiles_of(rows, columns)
    crests = crests_of(bed, flood_case.blocked, forcing.breach_cells, tiles)
    fields = _cells_of(flood_case, bed, dry_depth_m, inertial, crests)
    force_tiles(flood_case, border, tiles)
    mark_wet(fields, tiles, 0, dry_depth_m)
    if flood_case.infiltration is None:
        driven = np.concatenate([forcing.breach_cells, forcing.links.ends[:, :4].reshape(-1, 2)])
        mark_still(fields, tiles, border, driven, dry_depth_m)
    law = FRICTIONS.index(flood_case.friction_law)
    numbers = Numbers(
        rows=rows,
        columns=columns,
        cell_size_m=float(flood_case.cell_size_m),
        dry_depth_m=dry_depth_m,
        arrival_depth_m=arrival_depth_m,
        friction_law=law if np.any(np.asarray(flood_case.friction) != 0.0) else FRICTIONS.index("none"),
        stages=1 if inertial else order,
        second_order=order == 2 and not inertial,
        inertial=inertial,
        has_rain=flood_case.rain is not None,
    )
    seen = seen_of(watch, fields, tiles, flood_case.shape, flood_case.start_s)
    sources = len(forcing.segments) + 2 + len(forcing.inflows)
    depth = fields.h[0, RIM:-RIM, RIM:-RIM]
    fastest = float((np.hypot(fields.u[0], fields.v[0]) + np.sqrt(GRAVITY * fields.h[0])).max())
    first = cfl * flood_case.cell_size_m / max(fastest, math.sqrt(GRAVITY))
    clock = Clock(
        time=np.array([float(flood_case.start_s), first, 0.0, 0.0, 0.0]),
        counts=np.zeros(5, dtype=np.int64),
        entered=np.zeros(sources),
        left=np.zeros(sources),
        stage_entered=np.zeros(sources),
        stage_left=np.zeros(sources),
    )
    limits = steps.Limits(
        courant=cfl,
        courant_limit=1.2 * cfl,
        longest_s=cfl * flood_case.cell_size_m / math.sqrt(GRAVITY * 0.01),
        shortest_s=1e-7 * first,
        fastest_m_s=_fastest_wave(flood_case, bed, depth) if bound is None else bound,
    )
    return steps.Run(fields, tiles, border, forcing, numbers, seen, clock, limits), float(
        fields.rain_weight.sum()
    ) * flood_case.cell_size_m**2


def _advance(run: steps.Run, parts: RunParts, until_s: float, rain_m2: float) -> int:
    """`steps.advance` with as many threads as there are workspaces."""
    team = steps.Team(new_counters(), np.zeros(3))
    numbers = run.numbers
    step = steps.StepKind(numbers.stages, numbers.inertial, numbers.cell_size_m, len(run.forcing.segments))
    held = parts.addresses, parts.places, run.tiles.active, run.tiles.found
    spaces = [int(place) for place in parts.workspaces]

    help_out: Any = functools.partial(steps.advance, *held, run.clock, run.limits, step, team, False, until_s, rain_m2)
    with ThreadPoolExecutor(max(1, len(spaces) - 1)) as pool:
        helped = pool.map(help_out, spaces[1:])
        try:
            reason: int = steps.advance(*held, run.clock, run.limits, step, team, True, until_s, rain_m2, spaces[0])
        finally:
            team.counters[STOP] = 1
        list(helped)  # where one of them failed, that is raised
    return reason


def _why(run: steps.Run, reason: int) -> SolverError:
    """The sentence for a run that did not hold: when, where, why."""
    now = float(run.clock.time[NOW])
    current = int(run.clock.counts[CURRENT])
    found = run.tiles.found
    tile = int(np.argmax(found[DOUBT] != 0.0) if reason == steps.NOT_A_NUMBER else np.argmax(found[FASTEST]))
    first, last, left, right = (int(edge) for edge in run.tiles.box[tile])
    window = (current, slice(first + RIM, last + RIM), slice(left + RIM, right + RIM))
    speed = np.hypot(run.cells.u[window], run.cells.v[window]) + np.sqrt(GRAVITY * run.cells.h[window])
    row, column = np.unravel_index(int(np.argmax(speed)), speed.shape)
    reasons = {
        steps.TOO_FAST: f"a wave of {run.clock.time[WAVE]:.3g} m/s passed the bound of {run.limits.fastest_m_s:.3g} m/s",
        steps.NOT_A_NUMBER: "a depth or a velocity is no longer a finite number",
        steps.COLLAPSED: f"the time step fell below {run.limits.shortest_s:.3g} s",
    }
    return SolverError(
        f"The flood became unstable after {now:.6g} s, near row {first + int(row)}, "
        f"column {left + int(column)}: {reasons[reason]}."
    )


def _state(run: steps.Run) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    current = int(run.clock.counts[CURRENT])
    h, u, v = (field[current, RIM:-RIM, RIM:-RIM].copy() for field in (run.cells.h, run.cells.u, run.cells.v))
    if run.numbers.inertial:  # from discharges on both faces to the velocity of the cell
        thick = np.where(h > run.numbers.dry_depth_m, h, np.inf)
        u = 0.5 * (u + run.cells.u[current, RIM:-RIM, RIM - 1 : -RIM - 1]) / thick
        v = 0.5 * (v + run.cells.v[current, RIM - 1 : -RIM - 1, RIM:-RIM]) / thick
    return h, u, v


def simulate(
    flood_case: FloodCase,
    *,
    scheme: str = "saint_venant",
    order: int = 2,
    cfl: float | None = None,
    threads: int = 1,
    snapshot_times: Sequence[float] = (),
    arrival_depth_m: float = 0.05,
    dry_depth_m: float = 1e-6,
    speed_bound_m_s: float | None = None,
    watch: Watch | None = None,
) -> Flood:
    """Simulate a flood.

    Parameters
    ----------
    flood_case : FloodCase
    scheme : {"saint_venant", "local_inertial"}
        The full equations, or the cheaper model without the transport of momentum (subcritical, slowly varied floods).
    order : {1, 2}
        Order of the full scheme.
    cfl : float, optional
        Courant number, 0.45 by default.
    threads : int
        Threads that share the tiles; the result does not depend on them.
    snapshot_times : sequence of float
        Times [s] at which the state is kept.
    arrival_depth_m : float
        Depth from which water counts as arrived.
    dry_depth_m : float
        Depth below which water does not move.
    speed_bound_m_s : float, optional
        Wave speed above which the run is given up; by default three times what the fall of the domain can cause.
    watch : Watch, optional
        What else to keep; it changes nothing in the run, and takes time.

    Returns
    -------
    Flood

    Raises
    ------
    UnusableInputError
        If the case or an option cannot be used.
    SolverError
        If the run becomes unstable; the message holds time, place and reason.
    """
    check(flood_case)
    if scheme not in SCHEMES:
        raise UnusableInputError(f"scheme is {scheme!r}: it must be one of {', '.join(SCHEMES)}.")
    if order not in (1, 2):
        raise UnusableInputError(f"order is {order}: it must be 1 or 2.")
    if threads < 1:
        raise UnusableInputError(f"threads is {threads}: it must be 1 or more.")
    times = [float(time) for time in snapshot_times]
    start_s = flood_case.start_s
    if any(not start_s <= time <= flood_case.duration_s for time in times) or sorted(times) != times:
        raise UnusableInputError(
            f"snapshot_times is {times}: times must grow and lie within {start_s:g} and {flood_case.duration_s} s."
        )
    if watch is not None:
        watch.check(flood_case.shape, start_s, flood_case.duration_s)
    inertial = scheme == "local_inertial"
    courant = 0.45 if cfl is None else cfl
    if not 0.0 < courant <= 0.5:
        raise UnusableInputError(f"cfl is {courant}: it must be above 0 and at most 0.5.")
    run, rain_m2 = _run_of(flood_case, inertial, order, courant, arrival_depth_m, dry_depth_m, speed_bound_m_s, watch)
    area = flood_case.cell_size_m**2
    initial = float(_state(run)[0].sum()) * area
    parts = RunParts(*run[:5], run.clock, run.seen, [np.zeros(WORKSPACE) for _ in range(threads)])
    parts.note()
    snapshots: list[Snapshot] = []
    for time in [*times, float(flood_case.duration_s)]:
        reason = _advance(run, parts, time, rain_m2)
        if reason != steps.ARRIVED:
            raise _why(run, reason)
        if len(snapshots) < len(times):
            snapshots.append(Snapshot(time, *_state(run)))
    parts.look_at_all()
    depth, u, v = _state(run)
    return Flood(
        max_depth=run.seen.extremes.depth,
        max_speed=np.sqrt(run.seen.extremes.speed_squared),
        arrival_time=np.where(np.isfinite(run.seen.extremes.arrival), run.seen.extremes.arrival, np.nan),
        depth=depth,
        u=u,
        v=v,
        snapshots=tuple(snapshots),
        volume=volume_ledger(
            flood_case,
            run.clock.entered,
            run.clock.left,
            initial,
            float(depth.sum()) * area,
            run.forcing.links.passed,
        ),
        steps=int(run.clock.counts[STEPS]),
        cell_updates=int(run.clock.counts[UPDATES]),
        infiltrated=None if flood_case.infiltration is None else run.forcing.ground.taken,
        observed=None if watch is None else observed(run.seen),
    )
