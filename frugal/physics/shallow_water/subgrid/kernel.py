"""Time steps of the local inertial model on pieces and links.

    V' = V + dt (sum of what enters - sum of what leaves)

with the discharges that `discharges` tells, cut to what the giving piece holds.
"""

from __future__ import annotations

import math

import numpy as np

from frugal.physics.compiled import inner, kernel
from frugal.physics.shallow_water.forcing import Forcing, value_at
from frugal.physics.shallow_water.state import GRAVITY, LEVEL
from frugal.physics.shallow_water.subgrid.discharges import ask_discharges
from frugal.physics.shallow_water.subgrid.pieces import SOUTHWARD
from frugal.physics.shallow_water.subgrid.state import (
    DEEPEST,
    NEXT,
    NOW,
    STAGE,
    STEPS,
    UPDATES,
    FineGround,
    Neighbours,
    PieceWater,
    RunLengths,
)
from frugal.physics.shallow_water.subgrid.tables import LEVEL_M, LinkTables, PieceTables, fill_links, fill_pieces

#: A breach is taken down in so many stages.
STAGES = 32
#: A step may grow by this much from one to the next.
_GROWTH = 1.2


@inner(error_model="numpy")
def _find_level(tables: PieceTables, water: PieceWater, which: np.ndarray, area_m2: float) -> None:
    """Levels and wet areas of some pieces from their volumes, the place in the table sought from its beginning."""
    for piece in which:
        k, last = tables.first[piece], tables.first[piece + 1] - 1
        while k < last and water.volume[piece] >= tables.volume[k + 1]:
            k += 1
        water.place[piece] = k
        water.surface[piece] = (k - tables.first[piece] + 1) * area_m2
        water.level[piece] = tables.bottom[k] + (water.volume[piece] - tables.volume[k]) / water.surface[piece]


@kernel(error_model="numpy")
def prepare(tables: PieceTables, links: LinkTables, water: PieceWater, area_m2: float) -> float:
    """Levels of all pieces from their volumes.

    Parameters
    ----------
    tables : PieceTables
    links : LinkTables
    water : PieceWater
        Levels [m] and wet areas [m²] are written.
    area_m2 : float
        Of a fine cell [m²].

    Returns
    -------
    float
        Depth over the lowest ground of the link that stands deepest [m].
    """
    _find_level(tables, water, np.arange(water.volume.size), area_m2)
    deepest = 0.0
    for link in range(links.left.size):
        level = max(water.level[links.left[link]], water.level[links.right[link]])
        deepest = max(deepest, level - links.table[links.row[link], LEVEL_M])
    return deepest


@inner(error_model="numpy")
def _lower_breaches(
    ground: FineGround, plan: Neighbours, water: PieceWater, forcing: Forcing, numbers: RunLengths
) -> None:
    """Take the ground of the breaches down to where it is now, in stages, and make the tables above it anew."""
    now, stage = water.clock[NOW], 0
    for k in range(forcing.breach_cells.shape[0]):
        start, end = forcing.breach_beds[k, 2], forcing.breach_beds[k, 3]
        stage += int(STAGES * min(1.0, max(0.0, (now - start) / (end - start))))
    if stage == water.counts[STAGE]:
        return
    water.counts[STAGE] = stage
    for k in range(forcing.breach_cells.shape[0]):
        start, end = forcing.breach_beds[k, 2], forcing.breach_beds[k, 3]
        done = int(STAGES * min(1.0, max(0.0, (now - start) / (end - start)))) / STAGES
        place = forcing.breach_cells[k, 0] * numbers.columns + forcing.breach_cells[k, 1]
        crest, sill = forcing.breach_beds[k, 0], forcing.breach_beds[k, 1]
        ground.bed[place] = crest + done * (sill - crest)
        ground.joined[place] = ground.bed[place]
    area_m2 = numbers.cell_size_m**2
    fill_pieces(ground.bed, ground.pieces, plan.breach_pieces, area_m2)
    fill_links(
        ground.bed,
        ground.joined,
        ground.label,
        ground.manning,
        ground.links,
        plan.breach_links,
        numbers.columns,
        numbers.factor,
        numbers.cell_size_m,
    )
    _find_level(ground.pieces, water, plan.breach_pieces, area_m2)
    for piece in plan.breach_pieces:
        water.arrived[piece] = 0
    for link in plan.breach_links:
        water.spot[link] = ground.links.row[link]


@inner(error_model="numpy")
def _fill(tables: PieceTables, water: PieceWater, area_m2: float, now_s: float, arrival_m: float) -> float:
    """New volumes and levels; keeps the greatest levels and speeds, and when fine cells were reached. Returns the doubt."""
    doubt, updates = 0.0, 0
    volumes, bottom = tables.volume, tables.bottom
    for piece in range(water.volume.size):
        if water.gained[piece] == 0.0:
            continue
        volume = water.volume[piece] + water.gained[piece]
        doubt += volume - volume
        volume = max(volume, 0.0)
        water.volume[piece] = volume
        first, last = tables.first[piece], tables.first[piece + 1] - 1
        k = water.place[piece]
        while k < last and volume >= volumes[k + 1]:
            k += 1
        while k > first and volume < volumes[k]:
            k -= 1
        surface = (k - first + 1) * area_m2
        level = bottom[k] + (volume - volumes[k]) / surface
        water.place[piece] = k
        water.surface[piece] = surface
        water.level[piece] = level
        updates += 1
        if level > water.highest[piece]:
            water.highest[piece] = level
            k = first + water.arrived[piece]
            while k <= last and level >= bottom[k] + arrival_m:
                pixel = tables.pixel[k]
                water.arrival_s[pixel] = min(water.arrival_s[pixel], now_s)
                k += 1
            water.arrived[piece] = k - first
        if volume > 1e-3 * surface:
            east = water.flow[piece, 0] / max(water.room[piece, 0], 1e-12)
            south = water.flow[piece, 1] / max(water.room[piece, 1], 1e-12)
            squared = east * east + south * south
            water.fastest_squared[piece] = max(water.fastest_squared[piece], squared)
    water.counts[UPDATES] += updates
    return doubt


@inner(error_model="numpy")
def _sides(plan: Neighbours, water: PieceWater, forcing: Forcing, time_s: float, dt_s: float, rain: float) -> None:
    """Levels at the sides, and the water that enters without a link."""
    count = water.volume.size
    segments = forcing.segments.shape[0]
    for s in range(segments):
        if forcing.segments[s, 0] == LEVEL:
            water.level[count + s] = value_at(forcing, forcing.segments[s, 1], time_s)
    water.gained[:] = 0.0
    for k in range(plan.entering.shape[0]):
        segment = plan.entering[k, 0]
        added = dt_s * plan.entering_share[k] * value_at(forcing, forcing.segments[segment, 1], time_s)
        water.gained[plan.entering[k, 1]] += added
        water.entered[segment] += added
    for k in range(plan.inflows.size):
        added = dt_s * value_at(forcing, forcing.inflows[k, 0], time_s)
        water.gained[plan.inflows[k]] += added
        water.entered[segments + 1 + k] += added
    if rain > 0.0:
        for piece in range(count):
            water.gained[piece] += dt_s * rain * plan.rained_m2[piece]
            water.entered[segments] += dt_s * rain * plan.rained_m2[piece]


@inner(error_model="numpy")
def _move(links: LinkTables, water: PieceWater, dt_s: float) -> None:
    """Discharges cut to what the giving pieces hold, and what each piece gains."""
    count = water.volume.size
    flow, room, gained, leaving, wished = water.flow, water.room, water.gained, water.leaving, water.wished
    kinetic, entering = water.kinetic, water.entering
    leaving[:] = 0.0
    entering[:] = 0.0
    kinetic[:] = 0.0
    flow[:] = 0.0
    room[:] = 0.0
    for link in range(links.left.size):
        q = wished[link]
        if q != 0.0:
            leaving[links.left[link] if q > 0.0 else links.right[link]] += abs(q)
            entering[links.right[link] if q > 0.0 else links.left[link]] += abs(q)
    for piece in range(count):
        entering[piece] = max(entering[piece], leaving[piece])
        # A hair less than all, so that rounding leaves no piece below empty.
        leaving[piece] = min(1.0, (1.0 - 1e-12) * water.volume[piece] / max(dt_s * leaving[piece], 1e-300))
    for side in range(count, leaving.size):
        leaving[side] = 1.0
    for link in range(links.left.size):
        q, section = wished[link], water.section[link]
        if section > 0.0:
            i, j = links.left[link], links.right[link]
            q *= leaving[i if q > 0.0 else j]
            volume = dt_s * q
            gained[i] -= volume
            gained[j] += volume
            speed = q / section
            behind = j if q > 0.0 else i
            kinetic[behind] += abs(q) * speed * speed
            axis = links.axis[link]
            if axis <= SOUTHWARD:
                flow[i, axis] += 0.5 * q
                flow[j, axis] += 0.5 * q
                room[i, axis] += 0.5 * section
                room[j, axis] += 0.5 * section
            else:
                for way in range(2):
                    flow[i, way] += 0.5 * q * links.towards[link, way]
                    flow[j, way] += 0.5 * q * links.towards[link, way]
                    room[i, way] += 0.5 * section * abs(links.towards[link, way])
                    room[j, way] += 0.5 * section * abs(links.towards[link, way])
            if max(i, j) >= count:
                inward = volume if i >= count else -volume
                water.entered[max(i, j) - count] += max(inward, 0.0)
                water.left[max(i, j) - count] += max(-inward, 0.0)
        water.discharge[link] = q
    for piece in range(count):
        kinetic[piece] /= max(entering[piece], 1e-300)


@kernel(error_model="numpy")
def advance(
    ground: FineGround,
    plan: Neighbours,
    water: PieceWater,
    forcing: Forcing,
    numbers: RunLengths,
    courant: float,
    until_s: float,
) -> bool:
    """Step to a time.

    Parameters
    ----------
    ground : FineGround
        Changed where breaches open.
    plan : Neighbours
    water : PieceWater
        Changed in place.
    forcing : Forcing
    numbers : RunLengths
    courant : float
        Share of a coarse cell that a wave may cross in a step.
    until_s : float
        Time [s] from the beginning of the event, reached exactly.

    Returns
    -------
    bool
        False where a volume is no longer a number.
    """
    area, wide = numbers.cell_size_m**2, numbers.factor * numbers.cell_size_m
    longest = courant * wide / math.sqrt(GRAVITY * 0.01)
    while water.clock[NOW] < until_s:
        rest = until_s - water.clock[NOW]
        dt = water.clock[NEXT]
        ends = dt >= rest
        if ends:
            dt = rest
        elif 2.0 * dt > rest:
            dt = 0.5 * rest
        middle = water.clock[NOW] + 0.5 * dt
        if forcing.breach_cells.shape[0] > 0:
            _lower_breaches(ground, plan, water, forcing, numbers)
        rain = value_at(forcing, forcing.rain, middle) if forcing.rain >= 0 else 0.0
        _sides(plan, water, forcing, middle, dt, rain)
        ask_discharges(ground.links, plan, water, dt, 2.0 * courant * courant, numbers.dry_depth_m, wide)
        _move(ground.links, water, dt)
        water.clock[NOW] = until_s if ends else water.clock[NOW] + dt
        if _fill(ground.pieces, water, area, water.clock[NOW], numbers.arrival_depth_m) != 0.0:
            return False
        water.counts[STEPS] += 1
        aimed = courant * wide / math.sqrt(GRAVITY * max(water.clock[DEEPEST], 1e-30))
        water.clock[NEXT] = min(aimed, _GROWTH * max(dt, water.clock[NEXT]), longest)
    return True
