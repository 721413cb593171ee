"""The sides of the domain: ghost cells of the rim, and the flow through sides that water can only leave by.

The bed of the ghost cells keeps the slope at the side, where this is at most half the depth a cell. Where water runs down
it, out of a side that it can only leave by or in with a discharge, it does so on steeper ground too, unless the slope is
that of the last cell alone (the flank of a dike).

A wall mirrors the water inside. An open side repeats it. A level holds at the face of the side: the ghost cells carry on
the slope of the water that it makes with the cells inside; water that leaves faster than waves travel is repeated. A
discharge brings the depth given with it, or the one that the wave leaving the domain asks for, never below the critical depth.

Through a free fall, a normal flow and a rating curve water leaves with a speed that is known from its depth at the side,

    u = min(strength h^power, sqrt(g h)):

sqrt(g h) of a free fall; sqrt(S) h^(2/3)/n of a normal flow (Manning; sqrt(S h) C after Chézy); q/h where a discharge is
asked. Depth and speed there are also those of the wave that leaves the water inside: u + 2 sqrt(g h) is the same on both
sides of it (Toro 2001, *Shock-Capturing Methods for Free-Surface Shallow Flows*). Water that comes faster than waves travel
leaves as it is, unless the side holds it back so much that a jump travels inward. The local inertial model, which knows
no velocity head, has the depth of the cell for the energy head: q = (2/3)^1.5 sqrt(g) h^1.5 at a free fall.
"""

from __future__ import annotations

import math

import numpy as np

from frugal.physics.compiled import inner
from frugal.physics.shallow_water.forcing import Forcing, value_at
from frugal.physics.shallow_water.state import (
    CHEZY,
    DISCHARGE,
    EAST,
    FREE_FALL,
    GRAVITY,
    LEVEL,
    LINEAR,
    MANNING,
    NORMAL_FLOW,
    NORTH,
    OPEN,
    RATING_CURVE,
    RIM,
    WALL,
    WEST,
    Border,
    Cells,
    Numbers,
)

#: Critical discharge of a head H over sqrt(g) H^1.5.
CRITICAL = (2.0 / 3.0) ** 1.5


@inner(error_model="numpy")
def leaving_speed(depth: float, strength: float, power: float) -> float:
    """Speed [m/s] that a side asks of water of a depth [m]: at most that of waves.

    Parameters
    ----------
    depth : float
        Above 0 [m].
    strength, power : float
        As `fill_rim` put them into ``Border``.
    """
    return min(strength * depth**power, math.sqrt(GRAVITY * depth))


@inner(error_model="numpy")
def leaving_flow(depth: float, speed: float, strength: float, power: float) -> tuple[float, float]:
    """Discharge [m²/s] and thrust q u + g h²/2 [m³/s²] through a side that asks a speed of the water that leaves.

    Parameters
    ----------
    depth : float
        Inside [m].
    speed : float
        Inside, positive outward [m/s].
    strength, power : float
        As in `leaving_speed`.
    """
    wave = math.sqrt(GRAVITY * depth)
    carried = speed + 2.0 * wave
    if carried <= 0.0:
        return 0.0, 0.0
    free = depth * speed, depth * speed * speed + 0.5 * GRAVITY * depth * depth
    if speed >= wave and leaving_speed(depth, strength, power) >= wave:
        return free
    low, high = 0.0, 0.25 * carried * carried / GRAVITY
    h = min(max(depth, 0.1 * high), high)
    for _ in range(60):  # Newton within bounds; the left side grows with depth
        wave_h = math.sqrt(GRAVITY * h)
        asked = strength * h**power
        excess = min(asked, wave_h) + 2.0 * wave_h - carried
        if excess > 0.0:
            high = h
        else:
            low = h
        slope = (power * asked if asked < wave_h else 0.5 * wave_h) + wave_h
        change = -excess * h / slope if slope > 0.0 else 0.0
        following = h + change
        if not low < following < high:
            following = 0.5 * (low + high)
        moved = abs(following - h)
        h = following
        if moved <= 1e-14 * h:
            break
    u = leaving_speed(h, strength, power)
    q = h * u
    if speed >= wave and (h <= depth or q >= depth * speed):
        return free
    return q, q * u + 0.5 * GRAVITY * h * h


@inner(error_model="numpy")
def _entering_depth(q: float, depth: float, inward: float) -> float:
    """Depth of a discharge q [m²/s] that meets the wave leaving the domain: q/h - 2 sqrt(g h) = u - 2 c, by Newton."""
    if q <= 0.0:
        return depth
    critical = (q * q / GRAVITY) ** (1.0 / 3.0)
    carried = inward - 2.0 * math.sqrt(GRAVITY * depth)
    h = max(depth, critical)
    for _ in range(50):
        wave = math.sqrt(GRAVITY * h)
        change = (q / h - 2.0 * wave - carried) / (q / (h * h) + wave / h)
        h = max(h + change, 0.1 * h)
        if abs(change) < 1e-13 * h:
            break
    return max(h, critical)


@inner(error_model="numpy")
def _smaller(a: float, b: float) -> float:
    """The smaller one of two slopes of one sign, else 0."""
    if a * b <= 0.0:
        return 0.0
    return a if abs(a) < abs(b) else b


@inner(error_model="numpy")
def _rise(near: float, far: float, depth: float, kind: int) -> float:
    """By how much the bed rises from the cell at the side to the ghost cell beyond.

    Parameters
    ----------
    near, far : float
        What it rises [m] from the second cell to the one at the side, and from the third to the second.
    depth : float
        At the side [m].
    kind : int
        Of the side: steeper ground goes on where water runs down it, out of a side that it can only leave by or in with a
        discharge.
    """
    if abs(near) <= 0.5 * depth:
        return near
    runs_down = near > 0.0 if kind == DISCHARGE else (near < 0.0 and kind != LEVEL)
    return _smaller(near, far) if runs_down else 0.0


@inner(error_model="numpy")
def _uniform(border: Border, numbers: Numbers, side: int, i: int, slope: float, friction: float) -> None:
    """Strength and power of uniform flow: g S = k u² / h^(4/3), k u² / h or k u."""
    law = numbers.friction_law
    border.power[side, i] = 2.0 / 3.0 if law == MANNING else (0.0 if law == LINEAR else 0.5)
    if law in (MANNING, CHEZY, LINEAR) and friction > 0.0:
        pull = GRAVITY * slope / friction
        border.strength[side, i] = pull if law == LINEAR else math.sqrt(pull)
    else:  # nothing holds it back
        border.power[side, i] = 0.5
        border.strength[side, i] = math.sqrt(GRAVITY) if slope > 0.0 else 0.0


@inner(error_model="numpy")
def _ask(
    cells: Cells, border: Border, forcing: Forcing, numbers: Numbers, buffer: int, where: tuple, falls: float
) -> None:
    """Strength and power at one face that water only leaves by; ``where`` holds side, place along it, row, column."""
    side, i, r, c = where
    kind, segment = border.kind[side, i], border.segment[side, i]
    depth = cells.h[buffer, r, c]
    if kind == FREE_FALL:
        border.power[side, i] = 0.5
        border.strength[side, i] = math.sqrt(GRAVITY) * (CRITICAL if numbers.inertial else 1.0)
    elif kind == RATING_CURVE:
        border.power[side, i] = -1.0
        border.strength[side, i] = 0.0
        if depth > numbers.dry_depth_m:
            border.strength[side, i] = border.entering[segment] * depth ** (5.0 / 3.0)
    elif kind == NORMAL_FLOW or (kind == OPEN and numbers.inertial):
        slope = falls / numbers.cell_size_m
        if kind == NORMAL_FLOW and forcing.slopes[segment] > 0.0:
            slope = forcing.slopes[segment]
        _uniform(border, numbers, side, i, max(0.0, slope), cells.friction[r, c])
        if kind == OPEN and slope <= 0.0:
            border.strength[side, i] = -1.0


@inner(error_model="numpy")
def _mirror(h: np.ndarray, z: np.ndarray, n: np.ndarray, t: np.ndarray, where: tuple, across: int, flows: bool) -> None:
    """Ghost cells beyond a wall; ``where`` holds row and column at the side and the step outward."""
    r, c, down, right = where
    for k in range(2):
        back = 0 if k == 0 or across == 1 else 1
        outer_r, outer_c, inner_r, inner_c = r + (k + 1) * down, c + (k + 1) * right, r - back * down, c - back * right
        h[outer_r, outer_c] = h[inner_r, inner_c]
        z[outer_r, outer_c] = z[inner_r, inner_c]
        if flows:
            n[outer_r, outer_c] = -n[inner_r, inner_c]
            t[outer_r, outer_c] = t[inner_r, inner_c]


@inner(error_model="numpy")
def _level_beyond(level: float, inside: float, before: float, wet: bool) -> tuple[float, float]:
    """Level carried inward from the face by half a cell, and its rise a cell outward.

    Parameters
    ----------
    level, inside, before : float
        At the face, in the cell at the side and in the one before it [m].
    wet : bool
        Both cells are.
    """
    rise = _smaller(2.0 * (level - inside), inside - before) if wet else 0.0
    return level - 0.5 * rise, rise


@inner(error_model="numpy")
def _fill_side(cells: Cells, border: Border, forcing: Forcing, numbers: Numbers, buffer: int, side: int) -> None:
    """Both ghost cells beside each cell of one side."""
    x_side, low_side = side in (WEST, EAST), side in (WEST, NORTH)
    outward, step = (-1.0, -1) if low_side else (1.0, 1)
    across, along = (numbers.columns, numbers.rows) if x_side else (numbers.rows, numbers.columns)
    edge = RIM if low_side else across + RIM - 1
    down, right = (0, step) if x_side else (step, 0)
    h, z, dry = cells.h[buffer], cells.z, numbers.dry_depth_m
    n, t = (cells.u[buffer], cells.v[buffer]) if x_side else (cells.v[buffer], cells.u[buffer])
    for i in range(along):
        r, c = (i + RIM, edge) if x_side else (edge, i + RIM)
        kind, segment = border.kind[side, i], border.segment[side, i]
        if kind == WALL:
            _mirror(h, z, n, t, (r, c, down, right), across, not numbers.inertial)
            continue
        depth, speed, drift, bed = h[r, c], n[r, c], t[r, c], z[r, c]
        leaving, wet = outward * speed, depth > dry
        r1, c1 = (r - down, c - right) if across > 1 else (r, c)
        near = bed - z[r1, c1]
        far = z[r1, c1] - z[r1 - down, c1 - right] if across > 2 else near
        rise = _rise(near, far, depth if wet else 0.0, kind)
        tilt = rise  # of the water
        if kind == LEVEL:
            if numbers.inertial or not wet or leaving < math.sqrt(GRAVITY * depth):
                level, tilt = _level_beyond(
                    border.level[segment], bed + depth, z[r1, c1] + h[r1, c1], wet and h[r1, c1] > dry
                )
                depth = level - bed
        elif kind == DISCHARGE:
            if not numbers.inertial:
                entering, depth = border.entering[segment], depth if wet else 0.0
                given = entering > 0.0 and border.depth[segment] > 0.0
                depth = border.depth[segment] if given else _entering_depth(entering, depth, -leaving)
                speed = -outward * entering / depth if depth > 0.0 else 0.0
        else:
            speed = outward * max(0.0, leaving)
            tilt = min(0.0, rise)  # where the bed rises outward, water at rest stays at rest
            _ask(cells, border, forcing, numbers, buffer, (side, i, r, c), -rise)
        for k in range(1, 3):
            outer = max(0.0, depth + k * (tilt - rise))
            h[r + k * down, c + k * right] = outer
            z[r + k * down, c + k * right] = bed + k * rise
            if not numbers.inertial:
                n[r + k * down, c + k * right] = speed if outer > dry else 0.0
                t[r + k * down, c + k * right] = drift if outer > dry else 0.0


@inner(error_model="numpy")
def _continue_flow(cells: Cells, numbers: Numbers, buffer: int) -> None:
    """Discharges on faces beyond the sides repeat those on the sides (the local inertial model's averages ask for them)."""
    last_row, last_column = numbers.rows + RIM - 1, numbers.columns + RIM - 1
    for r in range(RIM, last_row + 1):
        cells.u[buffer, r, RIM - 2] = cells.u[buffer, r, RIM - 1]
        cells.u[buffer, r, last_column + 1] = cells.u[buffer, r, last_column]
    for r in range(RIM - 1, last_row + 1):
        cells.v[buffer, r, RIM - 1] = cells.v[buffer, r, RIM]
        cells.v[buffer, r, last_column + 1] = cells.v[buffer, r, last_column]
    for c in range(RIM, last_column + 1):
        cells.v[buffer, RIM - 2, c] = cells.v[buffer, RIM - 1, c]
        cells.v[buffer, last_row + 1, c] = cells.v[buffer, last_row, c]
    for c in range(RIM - 1, last_column + 1):
        cells.u[buffer, RIM - 1, c] = cells.u[buffer, RIM, c]
        cells.u[buffer, last_row + 1, c] = cells.u[buffer, last_row, c]


@inner(error_model="numpy")
def _discharge_of(cells: Cells, border: Border, forcing: Forcing, numbers: Numbers, buffer: int, segment: int) -> float:
    """Discharge of a rating curve at the mean level of its water, over the sum of h^(5/3) times the width of a cell.

    Each cell then gives its share of the conveyance.
    """
    weight, levels = 0.0, 0.0
    for side in range(4):
        along = numbers.rows if side in (WEST, EAST) else numbers.columns
        for i in range(along):
            if border.segment[side, i] == segment:
                r = i + RIM if side in (WEST, EAST) else (RIM if side == NORTH else numbers.rows + RIM - 1)
                c = i + RIM if side not in (WEST, EAST) else (RIM if side == WEST else numbers.columns + RIM - 1)
                depth = cells.h[buffer, r, c]
                if depth > numbers.dry_depth_m:
                    conveys = depth ** (5.0 / 3.0)
                    weight += conveys
                    levels += conveys * (cells.z[r, c] + depth)
    if weight <= 0.0:
        return 0.0
    level = levels / weight
    first, last = forcing.starts[forcing.segments[segment, 1]], forcing.starts[forcing.segments[segment, 1] + 1] - 1
    discharge = value_at(forcing, forcing.segments[segment, 1], level)
    beyond, near = (last, last - 1) if level > forcing.times[last] else (first, first + 1)
    if level > forcing.times[last] or level < forcing.times[first]:
        rate = (forcing.values[beyond] - forcing.values[near]) / (forcing.times[beyond] - forcing.times[near])
        discharge += rate * (level - forcing.times[beyond])
    return max(0.0, discharge) / (weight * numbers.cell_size_m)


@inner(error_model="numpy")
def fill_rim(cells: Cells, border: Border, forcing: Forcing, numbers: Numbers, buffer: int, time_s: float) -> float:
    """Ghost cells of all sides at one time; returns the rain [m/s] of that time.

    Parameters
    ----------
    cells : Cells
        Depth [m] and bed [m] of the rim are written, and its velocities [m/s]; in the local inertial model its discharges
        [m²/s].
    border : Border
        ``level``, ``entering``, ``depth``, ``strength`` and ``power`` take the values of this time, and ``flux`` is set to 0.
    forcing : Forcing
    numbers : Numbers
    buffer : int
        Which of the three states has its rim filled, 0 to 2.
    time_s : float
        From the beginning of the event [s].

    Returns
    -------
    float
        Rain [m/s] before the weight of the cells; 0 without rain.
    """
    for k in range(forcing.segments.shape[0]):
        kind = forcing.segments[k, 0]
        if kind == RATING_CURVE:
            border.entering[k] = _discharge_of(cells, border, forcing, numbers, buffer, k)
        if kind == LEVEL:
            border.level[k] = value_at(forcing, forcing.segments[k, 1], time_s)
        elif kind == DISCHARGE:
            border.entering[k] = value_at(forcing, forcing.segments[k, 1], time_s) / forcing.lengths_m[k]
            if forcing.segments[k, 2] >= 0:
                border.depth[k] = value_at(forcing, forcing.segments[k, 2], time_s)
    for side in range(4):
        _fill_side(cells, border, forcing, numbers, buffer, side)
    if numbers.inertial:
        _continue_flow(cells, numbers, buffer)
    border.flux[:] = 0.0
    return value_at(forcing, forcing.rain, time_s) if forcing.rain >= 0 else 0.0
