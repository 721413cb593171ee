"""One step of the Saint-Venant equations along reaches: explicit, second order in space and time, conservative.

.. math::

    \\partial_t A + \\partial_x Q = 0, \\qquad
    \\partial_t Q + \\partial_x (Q^2 / A) + g A \\, \\partial_x \\eta + g A S_f = 0

Levels stand at nodes and whole steps, discharges on links and half steps (leap-frog), so that gravity waves are centred in
both. Momentum keeps the conservative form: with :math:`u = Q / A` as the unknown, :math:`u \\, \\partial_t A` must not be
forgotten, which costs 12 cm of M4 in the Gironde. Its flux through a node is the mean discharge times the velocity upwind,
with the slope of van Leer; discharges are extrapolated by half a step for it. Friction takes :math:`|Q^n| Q^{n+1}`, which
is centred and stable whatever its size. Across a jump mass and momentum are conserved, as by Stelling & Duinmeijer (2003,
Int. J. Numer. Meth. Fluids 43, 1329).

At a place where reaches join, their half cells hold one volume under one level; the flux of momentum at the end of a reach
is that of its own discharge there. The level, not the head, is the same in all reaches: what a bend or a widening costs is
left out.

A link's section is the mean of those of its nodes, but at most twice that upwind, so that a dry bank gives no water; a
cell gives at most what it holds, and nothing flows faster than at a Froude number of ``simulate.FROUDE``, which only films on
slopes reach. Depth in the law of friction is area over width.

The law "slip" is that of a stress :math:`\\rho s u_b` under the profile over the depth that a uniform eddy viscosity
:math:`A_v` gives, :math:`u / U = (1 + p (3 - 3 \\zeta^2) / 2) / (1 + p)` with :math:`p = s h / (3 A_v)` and the share
:math:`\\zeta` of the depth from the surface:

.. math:: g A S_f = \\frac{s}{1 + p} \\frac{Q}{h}, \\qquad
    \\beta = \\langle (u / U)^2 \\rangle = 1 + \\frac{1}{5} \\left( \\frac{p}{1 + p} \\right)^2

The stress falls as the water rises, and the water is as inert as :math:`\\beta` times as much: the stress of water that
speeds up runs ahead of that of a steady flow by :math:`(\\beta - 1) h \\, \\partial_t U`, to first order in
:math:`\\omega h^2 / A_v`. Gravity and friction are divided by it.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from frugal.physics.compiled import inner
from frugal.physics.estuary.driving import Driven, driven_at
from frugal.physics.estuary.network import ReachCells
from frugal.physics.estuary.sections import area_of, height_of, width_of

GRAVITY = 9.81
MANNING, QUADRATIC, LINEAR, RATE, SLIP = 0, 1, 2, 3, 4
#: A cell gives at most this share of its water in one step.
_GIVES = 0.95
#: A cell gives at most this share of its water between two records.
_RENEWED = 0.9
ONE, TWO = np.uint64(1), np.uint64(2)


class EstuaryWater(NamedTuple):
    """The state, at a whole step; discharges half a step before."""

    volume: np.ndarray  # [slot], of a node's cell [m³]; at ends of reaches, the share of the place
    discharge: np.ndarray  # [slot], [m³/s]
    former: np.ndarray  # [slot], discharge one step before
    place_volume: np.ndarray  # [place], [m³]
    place_level: np.ndarray  # [place], [m]
    end_rate: np.ndarray  # [slot], growth of volume at ends of reaches in the last step [m³/s]
    clock: np.ndarray  # time [s]; last step; span between the last two discharges


class Scratch1D(NamedTuple):
    """What a step works on, [slot]."""

    level: np.ndarray
    area: np.ndarray  # that conveys [m²]
    width: np.ndarray
    link_area: np.ndarray
    star: np.ndarray  # discharge at the whole step
    speed: np.ndarray
    flux: np.ndarray
    root: np.ndarray  # 1 / cbrt(depth) of links
    room: np.ndarray  # water of cells when the last record was made [m³]


@inner(error_model="numpy")
def fill_levels(cells: ReachCells, waters: EstuaryWater, scratch: Scratch1D) -> None:
    """Levels, areas and widths that volumes stand for."""
    area, width, level = scratch.area, scratch.width, scratch.level
    slots = np.uint64(area.size)
    stored = cells.stored
    if stored.height.shape[1] == 1 and cells.flowing.height.shape[0] == 0:
        for i in range(slots):
            a = waters.volume[i] / cells.length[i]
            b, s = stored.width[i, 0], stored.growth[i, 0]
            root = math.sqrt(b * b + 2.0 * s * a)
            area[i] = a
            width[i] = root
            level[i] = cells.bed[i] + 2.0 * a / (b + root)
        return
    conveys_all = cells.flowing.height.shape[0] == 0
    for i in range(area.size):
        a = waters.volume[i] / cells.length[i]
        h = height_of(stored, i, a)
        level[i] = cells.bed[i] + h
        if conveys_all:
            area[i], width[i] = a, width_of(stored, i, h)
        else:
            area[i], width[i] = area_of(cells.flowing, i, h), width_of(cells.flowing, i, h)


@inner(error_model="numpy")
def exact_roots(scratch: Scratch1D) -> None:
    """1 / cbrt(depth) of all links; between, steps follow it by Newton's method."""
    area, width, root = scratch.area, scratch.width, scratch.root
    for i in range(root.size - 1):
        depth = (area[i] + area[i + 1]) / (width[i] + width[i + 1])
        root[i] = 1.0 / math.pow(max(depth, 1e-4), 1.0 / 3.0)


@inner(error_model="numpy")
def longest_step(cells: ReachCells, scratch: Scratch1D, courant: float) -> float:
    """Step [s] in which waves pass the given share of a link, and water at most three tenths."""
    shortest = 1e9
    for r in range(cells.starts.size):
        first, last = cells.starts[r], cells.lasts[r]
        greatest = 1e-9
        for i in range(first, last):
            a = scratch.area[i] + scratch.area[i + 1]
            wave = math.sqrt(GRAVITY * a / (scratch.width[i] + scratch.width[i + 1]))
            u = abs(scratch.speed[i])
            greatest = max(greatest, (wave + u) / courant, u / 0.3)
        shortest = min(shortest, cells.spacing[first] / greatest)
    return shortest


@inner(error_model="numpy")
def extrapolate(waters: EstuaryWater, scratch: Scratch1D, froude: float) -> None:
    """Discharges and speeds at the whole step; where water shoots, those half a step before."""
    area, star, width = scratch.area, scratch.star, scratch.width
    fastest = froude * froude * GRAVITY
    q, former = waters.discharge, waters.former
    ahead = 0.0 if waters.clock[2] <= 0.0 else 0.5 * waters.clock[1] / waters.clock[2]
    slots = np.uint64(q.size - 1)
    for i in range(slots):
        now = q[i] + ahead * (q[i] - former[i])
        down = scratch.level[i] > scratch.level[i + ONE]
        up = area[i] if (now > 0.0) | ((now == 0.0) & down) else area[i + ONE]
        a = min(0.5 * (area[i] + area[i + ONE]), 2.0 * up)
        w = 0.5 * (width[i] + width[i + ONE])
        now = now if now * now * w < GRAVITY * a * a * a else q[i]
        most = a * math.sqrt(fastest * max(area[i], area[i + ONE]) / w)
        now = min(max(now, -most), most)
        q[i] = min(max(q[i], -most), most)
        star[i] = now
        scratch.link_area[i] = a
        scratch.speed[i] = now / a if a > 1e-9 else 0.0


@inner(error_model="numpy")
def fluxes(cells: ReachCells, waters: EstuaryWater, scratch: Scratch1D, dry_m: float) -> None:
    """What passes nodes of momentum, over the density."""
    area, width, u, star, flux = scratch.area, scratch.width, scratch.speed, scratch.star, scratch.flux
    starts, lasts = cells.starts, cells.lasts
    # What flows through the ends of reaches, and speeds beyond them.
    for r in range(starts.size):
        first, last = starts[r], lasts[r]
        entering = star[first] + waters.end_rate[first]
        leaving = star[last - 1] - waters.end_rate[last]
        before = entering / area[first] if area[first] > dry_m * width[first] else 0.0
        behind = leaving / area[last] if area[last] > dry_m * width[last] else 0.0
        u[first - 1] = 2.0 * before - u[first]
        u[last] = 2.0 * behind - u[last - 1]
    slots = np.uint64(u.size)
    for i in range(TWO, slots - ONE):
        through = 0.5 * (star[i - ONE] + star[i])
        far, near, here, next_ = u[i - TWO], u[i - ONE], u[i], u[i + ONE]
        landward = through >= 0.0
        base = near if landward else here
        ahead = here - near if landward else near - here
        back = near - far if landward else here - next_
        product = ahead * back
        slope = product / (ahead + back) if product > 0.0 else 0.0
        flux[i] = through * (base + slope)
    for r in range(starts.size):
        first, last = starts[r], lasts[r]
        entering = star[first] + waters.end_rate[first]
        leaving = star[last - 1] - waters.end_rate[last]
        flux[first] = entering * 0.5 * (u[first - 1] + u[first])
        flux[last] = leaving * 0.5 * (u[last - 1] + u[last])


@inner(error_model="numpy")
def momentum(
    cells: ReachCells, waters: EstuaryWater, scratch: Scratch1D, span: float, dry_m: float, froude: float
) -> None:
    """Discharges one step on; nowhere faster than the given Froude number, that of the deeper side, allows."""
    level, area, width, a, flux, root = (
        scratch.level, scratch.area, scratch.width, scratch.link_area, scratch.flux, scratch.root
    )  # fmt: skip
    q, former = waters.discharge, waters.former
    slots = np.uint64(q.size)
    law, fastest = cells.law, froude * froude * GRAVITY
    for i in range(slots - ONE):
        w = 0.5 * (width[i] + width[i + ONE])
        section = max(a[i], 1e-9)
        depth = max(a[i] / w, 1e-4)
        drag = cells.friction[i]
        pull = GRAVITY * a[i]
        if law == MANNING:
            y = root[i]
            y *= (4.0 - min(depth * y * y * y, 2.5)) * (1.0 / 3.0)
            y *= (4.0 - min(depth * y * y * y, 2.5)) * (1.0 / 3.0)
            root[i] = y
            slowing = GRAVITY * drag * drag * abs(q[i]) * y * y * y * y / section
        elif law == QUADRATIC:
            slowing = drag * abs(q[i]) / (section * depth)
        elif law == LINEAR:
            slowing = drag / depth
        elif law == SLIP:
            bent = drag * depth / (3.0 * cells.viscosity[i])
            lighter = 1.0 / (1.0 + 0.2 * (bent / (1.0 + bent)) ** 2)
            slowing = lighter * drag / (depth * (1.0 + bent))
            pull *= lighter
        else:
            slowing = drag
        push = (flux[i + ONE] - flux[i] + pull * (level[i + ONE] - level[i])) / cells.spacing[i]
        # The friction of a rate or of r u is centred by halves; the quadratic one is centred by itself.
        half = 0.5 * span * slowing if law >= LINEAR and span * slowing < 1.0 else 0.0
        new = (q[i] * (1.0 - half) - span * push) / (1.0 + span * slowing - half)
        most = a[i] * math.sqrt(fastest * max(area[i], area[i + ONE]) / w)
        new = min(max(new, -most), most)
        former[i] = q[i]
        q[i] = new if a[i] > dry_m * w else 0.0
    for r in range(cells.starts.size):
        q[cells.starts[r] - 1] = 0.0
        q[cells.lasts[r]] = 0.0


@inner(error_model="numpy")
def _place_gives(cells: ReachCells, amounts: np.ndarray, place: int) -> float:
    """What leaves a place into its reaches."""
    out = 0.0
    for k in range(cells.joined_from[place], cells.joined_from[place + 1]):
        end = cells.joined[k]
        r = end // 2
        out += max(-amounts[cells.lasts[r] - 1], 0.0) if end % 2 else max(amounts[cells.starts[r]], 0.0)
    return out


@inner(error_model="numpy")
def _lower(cells: ReachCells, q: np.ndarray, volume: np.ndarray, dt: float) -> None:
    """Lowers what leaves nodes between ends to what they hold."""
    for r in range(cells.starts.size):
        for i in range(cells.starts[r] + 1, cells.lasts[r]):
            out = dt * (max(q[i], 0.0) + max(-q[i - 1], 0.0))
            if out > _GIVES * volume[i]:
                share = _GIVES * volume[i] / out
                q[i] *= share if q[i] > 0.0 else 1.0
                q[i - 1] *= share if q[i - 1] < 0.0 else 1.0


@inner(error_model="numpy")
def keep_positive(cells: ReachCells, waters: EstuaryWater, dt: float) -> None:
    """Lowers discharges where a cell would give more than it holds."""
    q, volume = waters.discharge, waters.volume
    slots = np.uint64(q.size)
    short = 0
    for i in range(ONE, slots):
        out = max(q[i], 0.0) + max(-q[i - ONE], 0.0)
        short |= int(dt * out > _GIVES * volume[i])
    if short:
        _lower(cells, q, volume, dt)
    for place in range(cells.is_mouth.size):
        if cells.is_mouth[place]:
            continue
        out = dt * _place_gives(cells, q, place)
        if out > _GIVES * waters.place_volume[place]:
            share = _GIVES * waters.place_volume[place] / out
            for k in range(cells.joined_from[place], cells.joined_from[place + 1]):
                end = cells.joined[k]
                r = end // 2
                if end % 2 and q[cells.lasts[r] - 1] < 0.0:
                    q[cells.lasts[r] - 1] *= share
                elif end % 2 == 0 and q[cells.starts[r]] > 0.0:
                    q[cells.starts[r]] *= share


@inner(error_model="numpy")
def renewed(cells: ReachCells, passed: np.ndarray, waters: EstuaryWater, scratch: Scratch1D, dt: float) -> bool:
    """Whether after the coming step some cell would have given most of the water that it had at the last record."""
    q, room = waters.discharge, scratch.room
    slots = np.uint64(q.size)
    much = 0
    for i in range(ONE, slots):
        out = max(passed[i] + dt * q[i], 0.0) + max(-passed[i - ONE] - dt * q[i - ONE], 0.0)
        much |= int(out > _RENEWED * room[i])
    return much != 0


@inner(error_model="numpy")
def set_place(cells: ReachCells, waters: EstuaryWater, place: int, dt: float) -> None:
    """Shares of the reaches in the water of a place whose level is known; their growth, unless `dt` is 0."""
    for k in range(cells.joined_from[place], cells.joined_from[place + 1]):
        end = cells.joined[k]
        slot = cells.lasts[end // 2] if end % 2 else cells.starts[end // 2]
        height = max(waters.place_level[place] - cells.bed[slot], 0.0)
        share = cells.length[slot] * area_of(cells.stored, slot, height)
        if dt > 0.0:
            waters.end_rate[slot] = (share - waters.volume[slot]) / dt
        waters.volume[slot] = share


@inner(error_model="numpy")
def level_of_place(cells: ReachCells, place: int, volume: float, guess: float) -> float:
    """Level at which the half cells of a place hold a volume, by Newton's method."""
    level = guess
    lowest = 1e30
    for k in range(cells.joined_from[place], cells.joined_from[place + 1]):
        end = cells.joined[k]
        slot = cells.lasts[end // 2] if end % 2 else cells.starts[end // 2]
        lowest = min(lowest, cells.bed[slot])
    level = max(level, lowest)
    for _ in range(50):
        held, surface = 0.0, 0.0
        for k in range(cells.joined_from[place], cells.joined_from[place + 1]):
            end = cells.joined[k]
            slot = cells.lasts[end // 2] if end % 2 else cells.starts[end // 2]
            height = level - cells.bed[slot]
            if height >= 0.0:
                held += cells.length[slot] * area_of(cells.stored, slot, height)
                surface += cells.length[slot] * width_of(cells.stored, slot, height)
        step = (volume - held) / surface
        level = max(level + step, lowest)
        if abs(step) < 1e-13 * (1.0 + abs(level)):
            break
    return level


@inner(error_model="numpy")
def continuity(
    cells: ReachCells, driven: Driven, waters: EstuaryWater, passed: np.ndarray, entered: np.ndarray, dt: float
) -> None:
    """Volumes one step on, what has passed each link and what has entered at each place."""
    q, volume = waters.discharge, waters.volume
    time = waters.clock[0]
    slots = np.uint64(q.size)
    for place in range(cells.is_mouth.size):
        gain = 0.0
        for k in range(cells.joined_from[place], cells.joined_from[place + 1]):
            end = cells.joined[k]
            gain += q[cells.lasts[end // 2] - 1] if end % 2 else -q[cells.starts[end // 2]]
        held = waters.place_volume[place]
        if cells.is_mouth[place]:
            waters.place_level[place] = driven_at(driven, place, time + dt, cells.is_mouth[place])
            set_place(cells, waters, place, dt)
            after = 0.0
            for k in range(cells.joined_from[place], cells.joined_from[place + 1]):
                end = cells.joined[k]
                after += volume[cells.lasts[end // 2] if end % 2 else cells.starts[end // 2]]
            entered[place] += after - held - dt * gain
        else:
            river = dt * driven_at(driven, place, time + 0.5 * dt, cells.is_mouth[place])
            river = max(river, -_GIVES * (held + dt * min(gain, 0.0)))  # what is taken out must be there
            after = held + dt * gain + river
            entered[place] += river
            waters.place_level[place] = level_of_place(cells, place, after, waters.place_level[place])
            set_place(cells, waters, place, dt)
        waters.place_volume[place] = after
    for r in range(cells.starts.size):
        for i in range(np.uint64(cells.starts[r] + 1), np.uint64(cells.lasts[r])):
            volume[i] += dt * (q[i - ONE] - q[i])
    for i in range(slots):
        passed[i] += dt * q[i]
