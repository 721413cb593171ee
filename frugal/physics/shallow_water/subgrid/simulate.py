"""From a flood case on fine cells to what the water did on them, computed on coarse cells with tables of the fine ground."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from frugal.errors import SolverError, UnusableInputError
from frugal.physics.shallow_water.flood_case import FloodCase, cells, check
from frugal.physics.shallow_water.forcing import Forcing, border_of, forcing_of
from frugal.physics.shallow_water.outcome import Flood, Snapshot, volume_ledger
from frugal.physics.shallow_water.state import (
    DISCHARGE,
    EAST,
    FREE_FALL,
    GRAVITY,
    LEVEL,
    NORMAL_FLOW,
    NORTH,
    OPEN,
    SOUTH,
    WEST,
    Border,
)
from frugal.physics.shallow_water.subgrid import kernel
from frugal.physics.shallow_water.subgrid.pieces import (
    EASTWARD,
    SOUTHWARD,
    SPLIT_M,
    WITHIN,
    Touching,
    pieces_of,
    touching,
)
from frugal.physics.shallow_water.subgrid.state import (
    DEEPEST,
    NEXT,
    NOW,
    STEPS,
    UPDATES,
    FineGround,
    Neighbours,
    PieceWater,
    RunLengths,
)
from frugal.physics.shallow_water.subgrid.tables import LinkTables, fill_links, link_tables, piece_tables

#: Share of a coarse cell that a wave may cross in a step.
COURANT = 0.6
_FRICTIONS = ("manning", "none")
_KINDS = ("wall", "open", "level", "discharge", "free_fall", "normal_flow")


def _check(flood_case: FloodCase, factor: int, courant: float, times: Sequence[float]) -> None:
    check(flood_case)
    if factor < 2:
        raise UnusableInputError(f"factor is {factor}: coarse cells must be 2 or more fine cells wide.")
    if not 0.0 < courant <= 0.7:
        raise UnusableInputError(f"cfl is {courant}: it must be above 0 and at most 0.7.")
    start_s = flood_case.start_s
    if any(not start_s <= time <= flood_case.duration_s for time in times) or sorted(times) != list(times):
        raise UnusableInputError(
            f"snapshot_times is {list(times)}: times must grow and lie within {start_s:g} and {flood_case.duration_s} s."
        )
    if flood_case.friction_law not in _FRICTIONS:
        raise UnusableInputError(
            f"friction_law is {flood_case.friction_law!r}: on subgrid tables it must be one of {', '.join(_FRICTIONS)}."
        )
    if flood_case.infiltration is not None or flood_case.links:
        what = "links" if flood_case.links else "infiltration"
        raise UnusableInputError(f"The flood case has {what}, which cells on subgrid tables do not know: leave it out.")
    for side, segments in flood_case.boundaries.items():
        for segment in segments:
            if segment.kind not in _KINDS:
                raise UnusableInputError(
                    f"A boundary on side {side!r} is of kind {segment.kind!r}: on subgrid tables kinds are {', '.join(_KINDS)}."
                )


def _side_cells(shape: tuple[int, int], side: int) -> np.ndarray:
    """Flat places of the fine cells along a side."""
    place = np.arange(shape[0] * shape[1]).reshape(shape)
    return {WEST: place[:, 0], EAST: place[:, -1], NORTH: place[0], SOUTH: place[-1]}[side]


def _with_sides(touch: Touching, label: np.ndarray, border: Border, count: int) -> tuple[Touching, np.ndarray]:
    """Links to the segments of the sides after those between pieces; also the kinds of the last ones, which water leaves by."""
    flat = label.ravel()
    found: list[tuple[int, int, int, np.ndarray]] = []  # kind, side, segment, cells of one piece
    for side in (WEST, EAST, NORTH, SOUTH):
        place = _side_cells((label.shape[0], label.shape[1]), side)
        kind, segment = border.kind[side, : len(place)], border.segment[side, : len(place)]
        for wanted in (LEVEL, OPEN, FREE_FALL, NORMAL_FLOW):
            here = np.flatnonzero((kind == wanted) & (flat[place] >= 0))
            for key in sorted({(int(segment[i]), int(flat[place[i]])) for i in here}):
                mine = here[(segment[here] == key[0]) & (flat[place[here]] == key[1])]
                found.append((wanted, side, key[0], place[mine]))
    found.sort(key=lambda link: link[0] != LEVEL)
    left, right, axis, before, after, sizes = [], [], [], [], [], []
    for _, side, segment_number, place in found:
        piece, ghost = int(flat[place[0]]), count + segment_number
        left.append(ghost if side in (WEST, NORTH) else piece)
        right.append(piece if side in (WEST, NORTH) else ghost)
        axis.append(EASTWARD if side in (WEST, EAST) else SOUTHWARD)
        before.append(place)
        after.append(np.full(len(place), -1 - side))
        sizes.append(len(place))
    leaving_by = np.array([link[0] for link in found if link[0] != LEVEL], dtype=np.int64)
    if not found:
        return touch, leaving_by
    return Touching(
        np.concatenate([touch.before, *before]),
        np.concatenate([touch.after, *after]),
        np.concatenate([touch.first, touch.first[-1] + np.cumsum(sizes)]),
        np.concatenate([touch.left, left]).astype(np.int64),
        np.concatenate([touch.right, right]).astype(np.int64),
        np.concatenate([touch.axis, axis]).astype(np.int64),
    ), leaving_by


def _given_slopes(links: LinkTables, forcing: Forcing, leaving_by: np.ndarray, count: int) -> None:
    """Where a normal flow has a slope of its own, put it in the place of that of the ground."""
    for link, kind in enumerate(leaving_by, start=len(links.left) - len(leaving_by)):
        segment = max(int(links.left[link]), int(links.right[link])) - count
        if kind == NORMAL_FLOW and forcing.slopes[segment] > 0.0:
            links.slope[link] = forcing.slopes[segment]


def _following(links: LinkTables, count: int, entering: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each link the one before and the one after it in the same direction, as `Neighbours` names them.

    Water may pass on without one where a piece is cut from the rest of its coarse cell, or where a discharge enters.
    """
    total = len(links.left)
    own = np.arange(total)
    before, after = own.copy(), own.copy()
    nodes = int(max(count, links.left.max(initial=0) + 1, links.right.max(initial=0) + 1))
    passes = np.arange(nodes) >= count
    passes[links.left[links.axis == WITHIN]] = passes[links.right[links.axis == WITHIN]] = passes[entering] = True
    for axis in (EASTWARD, SOUTHWARD):
        here = np.flatnonzero(links.axis == axis)
        for mine, ends, starts in ((before, links.left, links.right), (after, links.right, links.left)):
            many = np.bincount(starts[here], minlength=nodes)
            which = np.full(nodes, total)
            which[starts[here]] = here
            at = ends[here]
            mine[here] = np.where((many[at] > 1) | (passes[at] & (many[at] == 0)), here, which[at])
            mine[here[at >= count]] = here[at >= count]
    return before, after


def _plan(
    flood_case: FloodCase,
    forcing: Forcing,
    border: Border,
    label: np.ndarray,
    links: LinkTables,
    leaving_by: np.ndarray,
    count: int,
) -> Neighbours:
    flat, columns = label.ravel(), label.shape[1]
    entering, shares = [], []
    for side in (WEST, EAST, NORTH, SOUTH):
        place = _side_cells((label.shape[0], columns), side)
        kind, segment = border.kind[side, : len(place)], border.segment[side, : len(place)]
        for number in np.unique(segment[(kind == DISCHARGE)]):
            mine = place[(segment == number) & (kind == DISCHARGE)]
            open_ = flat[mine][flat[mine] >= 0]
            if not len(open_):
                raise UnusableInputError("A discharge enters over blocked cells alone: leave one of them open.")
            for piece, cells_ in zip(*np.unique(open_, return_counts=True), strict=True):
                entering.append((int(number), int(piece)))
                shares.append(float(cells_) / len(open_))
    inflows = forcing.inflows[:, 1] * columns + forcing.inflows[:, 2]
    if (flat[inflows] < 0).any():
        raise UnusableInputError("An inflow is in a blocked cell: it must be in an open one.")
    rained: np.ndarray = np.zeros(count)
    if flood_case.rain is not None:
        weight = cells(flood_case, "weight of rain", 1.0 if flood_case.rain.weight is None else flood_case.rain.weight)
        inside = flat >= 0
        rained = np.asarray(np.bincount(flat[inside], weight.ravel()[inside], count) * flood_case.cell_size_m**2)
    lowered = np.zeros(label.size, dtype=bool)
    lowered[forcing.breach_cells[:, 0] * columns + forcing.breach_cells[:, 1]] = True
    # The path of a pair leads up to a coarse cell's half on either side: whoever has a lowered cell near is made anew.
    near = lowered.reshape(label.shape)
    reach = int(max(1, math.ceil(float(links.length.max(initial=1.0)) / flood_case.cell_size_m / 2)))
    for axis in (0, 1):
        near = sum((np.roll(near, step, axis) for step in range(-reach, reach + 1)), np.zeros_like(near)) > 0
    touched = near.ravel()[links.before] | (near.ravel()[links.after] & (links.after >= 0))
    breach_links = np.flatnonzero(np.bincount(np.repeat(np.arange(len(links.left)), np.diff(links.first)), touched) > 0)
    places = np.array(entering, dtype=np.int64).reshape(-1, 2)
    before, after = _following(links, count, places[:, 1])
    breach_pieces = np.unique(flat[lowered])
    return Neighbours(
        before=before,
        after=after,
        inner=len(links.left) - len(leaving_by),
        leaving_by=leaving_by,
        entering=places,
        entering_share=np.array(shares, dtype=np.float64),
        inflows=flat[inflows],
        rained_m2=rained,
        breach_pieces=breach_pieces[breach_pieces >= 0],
        breach_links=breach_links if lowered.any() else np.empty(0, dtype=np.int64),
    )


def _water(ground: FineGround, forcing: Forcing, depth: np.ndarray, count: int, area_m2: float) -> PieceWater:
    """The first state, at rest."""
    segments, total = len(forcing.segments), len(ground.links.left)
    inside = ground.label >= 0
    sources = segments + 2 + len(forcing.inflows)  # the last is infiltration, which is refused here
    water = PieceWater(
        volume=np.bincount(ground.label[inside], depth.ravel()[inside], count) * area_m2,
        level=np.full(count + segments, -np.inf),
        surface=np.full(count + segments, np.inf),
        place=ground.pieces.first[:-1].copy(),
        spot=ground.links.row[:-1].copy(),
        discharge=np.zeros(total + 1),
        wished=np.zeros(total),
        section=np.zeros(total + 1),
        flow=np.zeros((count + segments, 2)),
        room=np.zeros((count + segments, 2)),
        kinetic=np.zeros(count + segments),
        entering=np.zeros(count + segments),
        leaving=np.zeros(count + segments),
        gained=np.zeros(count + segments),
        highest=np.full(count, -np.inf),
        fastest_squared=np.zeros(count),
        arrived=np.zeros(count, dtype=np.int64),
        arrival_s=np.full(ground.label.size, np.inf),
        clock=np.zeros(3),
        counts=np.zeros(3, dtype=np.int64),
        entered=np.zeros(sources),
        left=np.zeros(sources),
    )
    water.clock[DEEPEST] = kernel.prepare(ground.pieces, ground.links, water, area_m2)
    wet = water.volume > 0.0
    water.highest[wet] = water.level[:count][wet]
    return water


def _spread(ground: FineGround, water: PieceWater, values: np.ndarray, missing: float) -> np.ndarray:
    """A value of each piece on its fine cells, ``missing`` on those of none."""
    return np.asarray(np.append(values[: len(water.volume)], missing)[ground.label])


def _state(ground: FineGround, water: PieceWater, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Depth and velocity of the fine cells: the level of their piece; speeds as uniform flow shares them among depths."""
    depth = np.maximum(_spread(ground, water, water.level, -np.inf) - ground.bed, 0.0)
    moving = water.volume > 1e-3 * water.surface[: len(water.volume)]
    shared = _shared(ground, water, depth)
    found = [depth]
    for way in (0, 1):
        passed, room = water.flow[: len(moving), way], water.room[: len(moving), way]
        speed = np.divide(passed, room, out=np.zeros(len(moving)), where=moving & (room > 0.0))
        found.append(_spread(ground, water, speed, 0.0) * shared)
    h, u, v = (part.reshape(shape) for part in found)
    return h, u, v


def _shared(ground: FineGround, water: PieceWater, depth: np.ndarray) -> np.ndarray:
    """Speed of each fine cell over that of its piece: as depth^(2/3), with the mean over the water of 1."""
    inside, count = ground.label >= 0, len(water.volume)
    label, thick = ground.label[inside], depth[inside]
    whole = np.bincount(label, thick, count)
    moved = np.bincount(label, thick ** (5.0 / 3.0), count)
    scale = np.divide(whole, moved, out=np.zeros(count), where=moved > 0.0)
    return np.asarray(depth ** (2.0 / 3.0) * _spread(ground, water, scale, 0.0))


def simulate_subgrid(
    flood_case: FloodCase,
    *,
    factor: int = 4,
    cfl: float = COURANT,
    snapshot_times: Sequence[float] = (),
    arrival_depth_m: float = 0.05,
    dry_depth_m: float = 1e-6,
    split_m: float = SPLIT_M,
) -> Flood:
    """Simulate a flood on coarse cells by the local inertial model, with tables of the fine ground under them.

    Parameters
    ----------
    flood_case : FloodCase
        On fine cells. Friction is Manning's or none; sides are walls, open, levels, discharges, free falls or normal flows;
        nothing seeps away or passes culverts; first velocities are not regarded, water starts at rest.
    factor : int
        Fine cells along the side of a coarse one, 2 or more.
    cfl : float
        Share of a coarse cell that a wave may cross in a step, at most 0.7.
    snapshot_times : sequence of float
        Times [s] at which the state is kept.
    arrival_depth_m : float
        Depth [m] from which water counts as arrived.
    dry_depth_m : float
        Depth [m] below which water does not move.
    split_m : float
        A coarse cell is cut along crests that stand more than this above both sides [m].

    Returns
    -------
    Flood
        On the fine cells: in each piece of a coarse cell the water is level. Its ``cell_updates`` are those of pieces.

    Raises
    ------
    UnusableInputError
        If the case or an option cannot be used.
    SolverError
        If a volume is no longer a number.
    """
    times = [float(time) for time in snapshot_times]
    _check(flood_case, factor, cfl, times)
    size, shape = float(flood_case.cell_size_m), flood_case.shape
    bed = cells(flood_case, "bed", flood_case.bed)
    blocked = np.zeros(shape, dtype=bool) if flood_case.blocked is None else np.asarray(flood_case.blocked, dtype=bool)
    manning = cells(flood_case, "friction", flood_case.friction) * (flood_case.friction_law == "manning")
    if flood_case.depth is not None:
        depth = cells(flood_case, "depth", flood_case.depth)
    elif flood_case.level is not None:
        depth = np.maximum(0.0, cells(flood_case, "level", flood_case.level) - bed)
    else:
        depth = np.zeros(shape)
    border = border_of(flood_case)
    forcing = forcing_of(flood_case, border, bed)
    pieces = pieces_of(bed, blocked, factor, split_m)
    if not pieces.total:
        raise UnusableInputError("All cells are blocked: one at least must be open.")
    touch, leaving_by = _with_sides(touching(pieces.label, factor), pieces.label, border, pieces.total)
    links = link_tables(touch, bed, factor, size)
    ground = FineGround(
        bed.ravel(),
        pieces.joined_m.ravel(),
        pieces.label.ravel(),
        manning.ravel(),
        piece_tables(bed, pieces, size),
        links,
    )
    fill_links(*ground[:4], links, np.arange(len(links.left)), shape[1], factor, size)
    _given_slopes(links, forcing, leaving_by, pieces.total)
    plan = _plan(flood_case, forcing, border, pieces.label, links, leaving_by, pieces.total)
    water = _water(ground, forcing, depth, pieces.total, size**2)
    water.clock[NOW] = flood_case.start_s
    water.clock[NEXT] = cfl * factor * size / math.sqrt(GRAVITY * max(float(water.clock[DEEPEST]), 1.0))
    numbers = RunLengths(shape[1], factor, size, dry_depth_m, arrival_depth_m)
    first = _state(ground, water, shape)[0]
    water.arrival_s[first.ravel() >= arrival_depth_m] = water.clock[NOW] = flood_case.start_s
    initial = float(water.volume.sum())
    snapshots: list[Snapshot] = []
    for time in [*times, float(flood_case.duration_s)]:
        if not kernel.advance(ground, plan, water, forcing, numbers, cfl, time):
            raise SolverError(
                f"The flood became unstable after {water.clock[NOW]:.6g} s: a volume is no longer a finite number."
            )
        if len(snapshots) < len(times):
            snapshots.append(Snapshot(time, *_state(ground, water, shape)))
    depth, u, v = _state(ground, water, shape)
    highest = np.maximum(_spread(ground, water, water.highest, -np.inf) - ground.bed, 0.0)
    fastest = _spread(ground, water, np.sqrt(water.fastest_squared), 0.0) * _shared(ground, water, highest)
    arrival = np.where(np.isfinite(water.arrival_s), water.arrival_s, np.nan)
    return Flood(
        max_depth=highest.reshape(shape),
        max_speed=fastest.reshape(shape),
        arrival_time=arrival.reshape(shape),
        depth=depth,
        u=u,
        v=v,
        snapshots=tuple(snapshots),
        volume=volume_ledger(flood_case, water.entered, water.left, initial, float(water.volume.sum())),
        steps=int(water.counts[STEPS]),
        cell_updates=int(water.counts[UPDATES]),
    )
