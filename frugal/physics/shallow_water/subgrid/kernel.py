"""Time steps of the local inertial model on pieces and links.

    Q' = (mean Q + g A dt (level_before - level_behind)/L) / (1 + g A dt (|Q| / K² + loss/L))
    V' = V + dt (sum of what enters - sum of what leaves)

with A the wet section and K the conveyance of the link by its table; the mean takes in the links before and after as the model
on fine cells does, where these are not far smaller. The table is read between both levels, since a coarse cell is long: half of
the fall below the higher one where the fall is small beside the depth, at the higher one where the water falls off.

Ways through a crest, a breach or a narrow are no wider than fine cells, and the water speeds up on its way in. The model knows
no transport of momentum; what it does is taken from heads. Let E be the head over the ground of the link of the water that
enters the piece before it, its kinetic head included: at rest before a dike, as fast as the flow itself in a river. A link
passes at most the critical discharge under this head (`weir_law`), and at most ``FROUDE`` times that of its depth. What is won
in speed is lost behind the link, but for the share that the law of a drowned crest regains:

    loss = (1 - REGAINED) (v² - v_before²) / (2 g)    with v the speed at the depth on the crest, or of the section.

As part of the friction this is steady where the law itself as a bound would swing, being steep where levels are near.

Pieces may be far smaller than coarse cells: a link whose pull would turn round the levels of its two pieces within a step takes
a shorter one, and comes to the same steady flow later. A piece gives at most what it holds.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from frugal.physics.compiled import inner, kernel
from frugal.physics.shallow_water.arithmetic import cube_root
from frugal.physics.shallow_water.forcing import Forcing, value_at
from frugal.physics.shallow_water.state import GRAVITY, LEVEL
from frugal.physics.shallow_water.subgrid.pieces import SOUTHWARD
from frugal.physics.shallow_water.subgrid.tables import (
    CONVEYING,
    HEAD,
    LEVEL_M,
    MEAN,
    LinkTables,
    PieceTables,
    fill_links,
    fill_pieces,
)
from frugal.physics.shallow_water.weir_law import FREE_SHARE, REGAINED

THETA = 0.9
FROUDE = 0.8
_ROOT_G = math.sqrt(GRAVITY)
#: A breach is taken down in so many stages.
STAGES = 32
#: A step may grow by this much from one to the next.
_GROWTH = 1.2
# Places in ``Water.clock`` and ``Water.counts``.
NOW, NEXT, DEEPEST = 0, 1, 2
STEPS, UPDATES, STAGE = 0, 1, 2


class Ground(NamedTuple):
    """The fine ground and what follows from it, flat; breaches change it."""

    bed: np.ndarray
    joined: np.ndarray
    label: np.ndarray
    manning: np.ndarray
    pieces: PieceTables
    links: LinkTables


class Lengths(NamedTuple):
    """Constants of a run: fine columns, fine cells along the side of a coarse one, side of a fine cell, depths [m] below
    which water does not move and from which it counts as arrived."""

    columns: int
    factor: int
    cell_size_m: float
    dry_depth_m: float
    arrival_depth_m: float


class Plan(NamedTuple):
    """Who is whose neighbour, and where water comes in.

    ``before`` and ``after`` name the link that leads on in the same direction at both ends: one more than all links where a
    wall is, the link itself where there is no single one.
    """

    before: np.ndarray
    after: np.ndarray
    inner: int  # links between pieces, and to levels at the sides; open sides follow
    entering: np.ndarray  # [k; segment, piece]
    entering_share: np.ndarray
    inflows: np.ndarray  # piece of each
    rained_m2: np.ndarray
    breach_pieces: np.ndarray
    breach_links: np.ndarray


class Water(NamedTuple):
    """The state: volume and level of pieces (segments of sides after them), discharge of links, what is remembered."""

    volume: np.ndarray
    level: np.ndarray
    surface: np.ndarray  # wet area [m²]
    place: np.ndarray  # in the table of the piece, and of the link
    spot: np.ndarray
    discharge: np.ndarray
    wished: np.ndarray
    section: np.ndarray  # wet section of links [m²]
    flow: np.ndarray  # [piece, 2]: eastward and southward, mean of both sides [m³/s]
    room: np.ndarray  # [piece, 2]: wet section that it flows through
    kinetic: np.ndarray  # square of the speed of what enters pieces [m²/s²]
    entering: np.ndarray
    leaving: np.ndarray
    gained: np.ndarray
    highest: np.ndarray
    fastest_squared: np.ndarray
    arrived: np.ndarray  # fine cells of the piece reached, from the lowest
    arrival_s: np.ndarray  # of each fine cell
    clock: np.ndarray
    counts: np.ndarray
    entered: np.ndarray
    left: np.ndarray


@inner(error_model="numpy")
def _find_level(tables: PieceTables, water: Water, which: np.ndarray, area_m2: float) -> None:
    """Levels and wet areas of some pieces from their volumes, the place in the table sought from its beginning."""
    for piece in which:
        k, last = tables.first[piece], tables.first[piece + 1] - 1
        while k < last and water.volume[piece] >= tables.volume[k + 1]:
            k += 1
        water.place[piece] = k
        water.surface[piece] = (k - tables.first[piece] + 1) * area_m2
        water.level[piece] = tables.bottom[k] + (water.volume[piece] - tables.volume[k]) / water.surface[piece]


@kernel(error_model="numpy")
def prepare(tables: PieceTables, links: LinkTables, water: Water, area_m2: float) -> float:
    """Levels of all pieces from their volumes.

    Parameters
    ----------
    tables : PieceTables
    links : LinkTables
    water : Water
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


@njit(inline="always")
def _spot(table: np.ndarray, first: int, last: int, start: int, level: float) -> int:
    """The row of a link's table at or below a level that is not below all, sought from one that was right before."""
    k = start
    while k < last and level >= table[k + 1, LEVEL_M]:
        k += 1
    while k > first and level < table[k, LEVEL_M]:
        k -= 1
    return k


@njit(inline="always")
def _column(table: np.ndarray, k: int, after: int, share: float, column: int) -> float:
    """A column ``share`` of the way from row k to the one after it."""
    return table[k, column] + share * (table[after, column] - table[k, column])


@njit(inline="always")
def _head(table: np.ndarray, first: int, last: int, start: int, level: float) -> float:
    """The head over a link of water at some level."""
    if level <= table[first, LEVEL_M]:
        return 0.0
    k = _spot(table, first, last, start, level)
    after = min(k + 1, last)
    if after == k:
        return table[k, HEAD] + level - table[k, LEVEL_M]
    return _column(table, k, after, (level - table[k, LEVEL_M]) / (table[after, LEVEL_M] - table[k, LEVEL_M]), HEAD)


@inner(error_model="numpy")
def _wish(links: LinkTables, plan: Plan, water: Water, dt_s: float, pull: float, dry_m: float) -> None:
    """The discharges that the links ask for, before their pieces are asked whether they hold so much."""
    sides = water.volume.size
    level, flow, discharge, surface, wished = water.level, water.flow, water.discharge, water.surface, water.wished
    table, spot, sections = links.table, water.spot, water.section
    deepest = 0.0
    for link in range(links.left.size):
        i, j = links.left[link], links.right[link]
        first = links.row[link]
        lowest = table[first, LEVEL_M]
        here, there = level[i], level[j]
        if max(i, j) >= sides and link < plan.inner:  # a level at the side stands on the ground there where it is lower
            here, there = (max(here, lowest), there) if i >= sides else (here, max(there, lowest))
        up = max(here, there)
        if up <= lowest + dry_m:
            wished[link], sections[link] = 0.0, 0.0
            continue
        last = first + links.levels[link] - 1
        drop = abs(here - there)
        between = drop / (up - lowest)
        middle = up - 0.5 * drop / (1.0 + between * between) if link < plan.inner else up
        k = _spot(table, first, last, spot[link], middle)
        spot[link] = k
        share, above, after = 0.0, 0.0, min(k + 1, last)
        if k < last:
            share = (middle - table[k, LEVEL_M]) / (table[after, LEVEL_M] - table[k, LEVEL_M])
        else:
            above = middle - table[k, LEVEL_M]
        mean = _column(table, k, after, share, MEAN) + above
        thick = _column(table, k, after, share, CONVEYING) + above
        if mean <= dry_m:
            wished[link], sections[link] = 0.0, 0.0
            continue
        head = _head(table, first, last, k, up)
        deepest = max(deepest, up - lowest)
        width = links.width[link]
        rate = width * links.ease[link] * thick * cube_root(thick * thick)
        if link >= plan.inner:  # open side: uniform flow down the ground, or what the link before it brings
            outward_right = j >= sides
            q = rate * math.sqrt(max(0.0, links.slope[link]))
            if links.slope[link] <= 1e-6:
                q = max(0.0, discharge[plan.before[link]] if outward_right else -discharge[plan.after[link]])
            q = min(q, FROUDE * width * _ROOT_G * head * math.sqrt(head))
            sections[link] = width * mean
            wished[link] = q if outward_right else -q
            continue
        section = width * mean
        q = discharge[link]
        before, after = plan.before[link], plan.after[link]
        ahead = discharge[before] if 2.0 * sections[before] > section else q
        behind = discharge[after] if 2.0 * sections[after] > section else q
        steady = THETA * q + 0.5 * (1.0 - THETA) * (ahead + behind)
        size = q * q
        own, other = i, j
        own, other = (i if i < sides else j), (j if j < sides else i)  # beyond the side all goes on as before it
        axis = links.axis[link]
        if axis <= SOUTHWARD:
            beside = 0.5 * (flow[own, SOUTHWARD - axis] + flow[other, SOUTHWARD - axis]) * width / links.length[link]
            size += beside * beside
        force = GRAVITY * section * dt_s / links.length[link]
        brake = GRAVITY * dt_s * math.sqrt(size) * section / (rate * rate)
        on = here > there
        giving = i if on else j
        over = _head(table, first, last, k, min(here, there))
        depth = width * min(mean, max(2.0 / 3.0 * head, (over - REGAINED * head) / (1.0 - REGAINED)))
        arriving = water.kinetic[giving] if giving < sides else q * q / (depth * depth)
        gaining = max(0.0, q * q - arriving * depth * depth) / max(abs(q), 1e-300)
        brake += force * gaining * (1.0 - REGAINED) / (2.0 * GRAVITY * depth * depth)
        slower = min(1.0, pull / (dt_s * force * (1.0 / surface[i] + 1.0 / surface[j])))
        energy = head + arriving / (2.0 * GRAVITY)
        most = min(FREE_SHARE * energy * math.sqrt(energy), FROUDE * head * math.sqrt(head)) * width * _ROOT_G
        q = (steady + slower * force * (here - there)) / (1.0 + slower * brake)
        wished[link] = min(most, max(-most, q))
        sections[link] = section
    water.clock[DEEPEST] = deepest


@inner(error_model="numpy")
def _lower_breaches(ground: Ground, plan: Plan, water: Water, forcing: Forcing, numbers: Lengths) -> None:
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
def _fill(tables: PieceTables, water: Water, area_m2: float, now_s: float, arrival_m: float) -> float:
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
def _sides(plan: Plan, water: Water, forcing: Forcing, time_s: float, dt_s: float, rain: float) -> None:
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
def _move(links: LinkTables, water: Water, dt_s: float) -> None:
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
    ground: Ground, plan: Plan, water: Water, forcing: Forcing, numbers: Lengths, courant: float, until_s: float
) -> bool:
    """Step to a time.

    Parameters
    ----------
    ground : Ground
        Changed where breaches open.
    plan : Plan
    water : Water
        Changed in place.
    forcing : Forcing
    numbers : Lengths
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
        _wish(ground.links, plan, water, dt, 2.0 * courant * courant, numbers.dry_depth_m)
        _move(ground.links, water, dt)
        water.clock[NOW] = until_s if ends else water.clock[NOW] + dt
        if _fill(ground.pieces, water, area, water.clock[NOW], numbers.arrival_depth_m) != 0.0:
            return False
        water.counts[STEPS] += 1
        aimed = courant * wide / math.sqrt(GRAVITY * max(water.clock[DEEPEST], 1e-30))
        water.clock[NEXT] = min(aimed, _GROWTH * max(dt, water.clock[NEXT]), longest)
    return True
