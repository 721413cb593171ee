"""Discharges of the local inertial model on links between pieces.

    Q' = (mean Q + g A dt (level_before - level_behind)/L) / (1 + g A dt (|Q| / K² + loss/L))

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
a shorter one, and comes to the same steady flow later.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from frugal.physics.arithmetic import cube_root
from frugal.physics.compiled import inner
from frugal.physics.shallow_water.state import FREE_FALL, GRAVITY, OPEN
from frugal.physics.shallow_water.subgrid.pieces import SOUTHWARD
from frugal.physics.shallow_water.subgrid.state import DEEPEST, Neighbours, PieceWater
from frugal.physics.shallow_water.subgrid.tables import CONVEYING, HEAD, LEVEL_M, MEAN, LinkTables
from frugal.physics.weir_law import FREE_SHARE, REGAINED

THETA = 0.9
FROUDE = 0.8
_ROOT_G = math.sqrt(GRAVITY)


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
def _leaving(kind: int, critical: float, uniform: float, brought: float, kinetic: float, head: float) -> float:
    """What leaves through a side that water only leaves by [m³/s].

    ``critical`` is the discharge of a depth ``head`` as fast as waves travel, ``uniform`` that of uniform flow down the ground,
    0 where this does not fall outward, ``brought`` what the link before the side brings.
    """
    if kind == FREE_FALL:  # from rest, or as fast as it came
        energy = 1.0 + kinetic / (2.0 * GRAVITY * head)
        return min(1.0, FREE_SHARE * energy * math.sqrt(energy)) * critical
    return min(FROUDE * critical, max(0.0, brought) if kind == OPEN and uniform <= 0.0 else uniform)


@inner(error_model="numpy")
def _smoothed(discharge: np.ndarray, section: np.ndarray, link: int, before: int, after: int, own: float) -> float:
    """The discharge of a link and, for a small part, of those before and after it that are not far smaller."""
    q = discharge[link]
    ahead = discharge[before] if 2.0 * section[before] > own else q
    behind = discharge[after] if 2.0 * section[after] > own else q
    return THETA * q + 0.5 * (1.0 - THETA) * (ahead + behind)


@njit(inline="always")
def _read(table: np.ndarray, k: int, last: int, level: float) -> tuple[float, float]:
    """Mean depth and depth of conveyance at a level of row k or above it."""
    if k == last:
        above = level - table[k, LEVEL_M]
        return table[k, MEAN] + above, table[k, CONVEYING] + above
    share = (level - table[k, LEVEL_M]) / (table[k + 1, LEVEL_M] - table[k, LEVEL_M])
    return _column(table, k, k + 1, share, MEAN), _column(table, k, k + 1, share, CONVEYING)


@inner(error_model="numpy")
def ask_discharges(
    links: LinkTables, plan: Neighbours, water: PieceWater, dt_s: float, pull: float, dry_m: float, wide_m: float
) -> None:
    """The discharges that the links ask for, before their pieces are asked whether they hold so much.

    Parameters
    ----------
    links : LinkTables
    plan : Neighbours
    water : PieceWater
        ``wished`` [m³/s], ``section`` [m²] and the depth of the deepest link [m] are written.
    dt_s : float
        Length of the step [s].
    pull : float
        So much of the difference of two levels may be made up for within a step.
    dry_m : float
        Depth [m] below which water does not move.
    wide_m : float
        Side of a coarse cell [m].
    """
    sides = water.volume.size
    table, level, flow, surface = links.table, water.level, water.flow, water.surface
    deepest = 0.0
    for link in range(links.left.size):
        i, j, first = links.left[link], links.right[link], links.row[link]
        lowest, here, there = table[first, LEVEL_M], level[i], level[j]
        if max(i, j) >= sides and link < plan.inner:  # a level at the side stands on the ground there where it is lower
            here, there = (max(here, lowest), there) if i >= sides else (here, max(there, lowest))
        up = max(here, there)
        water.wished[link], water.section[link] = 0.0, 0.0
        if up <= lowest + dry_m:
            continue
        last = first + links.levels[link] - 1
        drop = abs(here - there) / (up - lowest) if link < plan.inner else 0.0
        middle = up - 0.5 * drop * (up - lowest) / (1.0 + drop * drop)
        k = _spot(table, first, last, water.spot[link], middle)
        water.spot[link] = k
        mean, thick = _read(table, k, last, middle)
        if mean <= dry_m:
            continue
        head, width, deepest = _head(table, first, last, k, up), links.width[link], max(deepest, up - lowest)
        section, critical = width * mean, width * _ROOT_G * head * math.sqrt(head)
        water.section[link] = section
        rate = width * links.ease[link] * thick * cube_root(thick * thick)
        if link >= plan.inner:
            brought = water.discharge[plan.before[link]] if j >= sides else -water.discharge[plan.after[link]]
            uniform, kind = rate * math.sqrt(max(0.0, links.slope[link])), plan.leaving_by[link - plan.inner]
            q = _leaving(kind, critical, uniform, brought, water.kinetic[min(i, j)], head)
            water.wished[link] = q if j >= sides else -q
            continue
        q, axis, size = water.discharge[link], links.axis[link], water.discharge[link] ** 2
        if axis <= SOUTHWARD:
            own, other = (i if i < sides else j), (j if j < sides else i)  # beyond the side all goes on as before it
            beside = 0.5 * (flow[own, SOUTHWARD - axis] + flow[other, SOUTHWARD - axis]) * width / wide_m
            size += beside * beside
        force = GRAVITY * section * dt_s / links.length[link]
        brake = GRAVITY * dt_s * math.sqrt(size) * section / (rate * rate)
        over = _head(table, first, last, k, min(here, there))
        passed = width * min(mean, max(2.0 / 3.0 * head, (over - REGAINED * head) / (1.0 - REGAINED)))
        giving = i if here > there else j
        kinetic = water.kinetic[giving] if giving < sides else q * q / (passed * passed)
        gaining = max(0.0, q * q - kinetic * passed * passed) / max(abs(q), 1e-300)
        brake += force * gaining * (1.0 - REGAINED) / (2.0 * GRAVITY * passed * passed)
        slower = min(1.0, pull / (dt_s * force * (1.0 / surface[i] + 1.0 / surface[j])))
        steady = _smoothed(water.discharge, water.section, link, plan.before[link], plan.after[link], section)
        q = (steady + slower * force * (here - there)) / (1.0 + slower * brake)
        energy = 1.0 + kinetic / (2.0 * GRAVITY * head)
        most = min(FREE_SHARE * energy * math.sqrt(energy), FROUDE) * critical
        water.wished[link] = min(most, max(-most, q))
    water.clock[DEEPEST] = deepest
