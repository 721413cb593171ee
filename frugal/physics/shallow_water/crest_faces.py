"""Faces at the edge of a crest: which they are, which way the crest runs there, and what passes them.

A face is one where the bed steps up to a cell beyond which it does not go on rising: the edge of a dike, of a road or of a
plateau. Where that step is high beside the water over it, neither the slopes of the finite volumes nor a depth that is cut off
at the higher bed see a weir. There the flux is that between the crest cell and a state that the water before it reaches over
the crest: head is kept towards the crest (Castro, Pardo and Parés 2007, Mathematical Models and Methods in Applied Sciences
17, 2055), but two thirds of the velocity head are lost behind it (`weir_law`), in an augmented HLL solver (Murillo and
García-Navarro 2012, Journal of Computational Physics 231, 1963), and nothing beyond critical flow passes. Slopes fade out in
both cells, since a slope across a step keeps no water at rest.

A line of cells at an angle is a staircase, longer than the dike. The direction across the dike is therefore estimated from the
crest cells around, the flux taken along it, and each face of the staircase passes the share of it that is the cosine between
face and dike, which adds up to the true length. An error of the direction counts with its square.
"""

from __future__ import annotations

import math

import numpy as np

from frugal.physics.compiled import inner
from frugal.physics.shallow_water.state import (
    AREA,
    CREST,
    GRAVITY,
    RIM,
    SLOPE_H,
    SLOPE_U,
    SLOPE_V,
    SPEED,
    STRIDE,
    X_MASS,
    Y_MASS,
    Crests,
    E,
    H,
    Tiles,
    U,
    V,
)
from frugal.physics.weir_law import REGAINED, WEIR, depth_with_head

#: Lower steps [m] are no crests.
LOWEST_STEP_M = 0.01
#: Step over the depth of the water above it: below the first a face does not act as a crest, above the second in full.
FADES_BELOW, WHOLE_ABOVE = 0.25, 0.5
#: Froude numbers of the lower cell between which a face ceases to act as a crest, where water stands over the crest there:
#: water so fast needs none of this.
SLOW, FAST = 0.35, 0.7
#: Cells this far around a face tell which way its crest runs.
REACH = 2
#: How much farther the high cells around a face must spread along one direction than across it, as a share of both: water goes
#: round single bumps.
LINE = 0.35
#: A face passes at least this share of its length, whatever the direction estimated.
LEAST_SHARE = 0.3


def _edges(z: np.ndarray, blocked: np.ndarray | None) -> np.ndarray:
    """Faces between each row and the next that are the edge of a crest: [rows - 1, columns]."""
    rise = np.diff(z, axis=0)
    found = np.abs(rise) > LOWEST_STEP_M
    beyond = np.full(rise.shape, np.inf)  # outside the domain the ground is taken to go on
    up = rise > 0.0
    beyond[:-1] = np.where(up[:-1], z[2:] - z[1:-1], beyond[:-1])
    beyond[1:] = np.where(up[1:], beyond[1:], z[:-2] - z[1:-1])
    found &= beyond < 0.5 * np.abs(rise)
    if blocked is not None:
        found &= ~blocked[1:] & ~blocked[:-1]
    return found


def _beside(axis: int, moving: np.ndarray, shape: tuple[int, ...], blocked: np.ndarray | None) -> np.ndarray:
    """Faces along one direction whose flag hangs on a cell that moves."""
    found = np.zeros(shape, dtype=bool)
    for row, column in moving.tolist():
        if axis == 0:
            found[row, max(0, column - RIM) : column + RIM] = True
        else:
            found[max(0, row - RIM) : row + RIM, column] = True
    if blocked is not None:
        found &= ~(blocked[:, 1:] | blocked[:, :-1]) if axis == 0 else ~(blocked[1:] | blocked[:-1])
    return found


def _rise(z: np.ndarray, axis: int, row: np.ndarray, column: np.ndarray) -> np.ndarray:
    """From cells to the next ones along one direction."""
    rise: np.ndarray = z[row + (axis == 1), column + (axis == 0)] - z[row, column]
    return rise


def _normals(axis: int, row: np.ndarray, column: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors (x, y) across the crest at some faces, and whether the high cells around lie along a line there."""
    rise = _rise(z, axis, row, column)
    up = rise > 0.0
    high = row + (up & (axis == 1)), column + (up & (axis == 0))
    middle = np.maximum(z[high] - 0.5 * np.abs(rise), z[high] - np.abs(rise) + 0.5 * LOWEST_STEP_M)
    moments = np.zeros((6, row.size))
    rows, columns = z.shape
    for down in range(-REACH, REACH + 1):
        for right in range(-REACH, REACH + 1):  # beyond the sides the ground goes on as it is there
            r, c = np.clip(high[0] + down, 0, rows - 1), np.clip(high[1] + right, 0, columns - 1)
            weights = np.array([[1.0], [right], [down], [right * right], [down * down], [right * down]])
            moments += (z[r, c] >= middle) * weights
    x, y, xx, yy, xy = moments[1:] / np.maximum(moments[0], 1.0)
    xx, yy, xy = xx - x * x, yy - y * y, xy - x * y
    line = np.hypot(xx - yy, 2.0 * xy) > LINE * (xx + yy)
    angle = 0.5 * np.arctan2(2.0 * xy, xx - yy) + 0.5 * np.pi
    plain = np.zeros((2, row.size))
    plain[axis] = 1.0
    found = np.where(line, np.array([np.cos(angle), np.sin(angle)]), plain)
    return (found * np.where(found[axis] < 0.0, -1.0, 1.0)).T, line


def crests_of(bed: np.ndarray, blocked: np.ndarray | None, moving: np.ndarray, tiles: Tiles) -> Crests:
    """Faces of a bed that may act as crests, shared out to the tiles that need them.

    Parameters
    ----------
    bed : ndarray, shape (rows, columns)
        At the start [m].
    blocked : ndarray of bool, optional
        Cells that water never enters; their faces are walls.
    moving : ndarray of int, shape (n, 2)
        Row and column of the cells that a breach lowers. Faces around them are listed whether they are edges or not.
    tiles : Tiles

    Returns
    -------
    Crests
    """
    edges = [_edges(bed.T, None if blocked is None else blocked.T).T, _edges(bed, blocked)]
    near = [_beside(axis, moving, edges[axis].shape, blocked) for axis in (0, 1)]
    numbers: list[np.ndarray] = []
    normals: list[np.ndarray] = []
    active: list[np.ndarray] = []
    for axis, (edge, beside) in enumerate(zip(edges, near, strict=True)):
        where = np.argwhere(edge | beside)
        normal, line = _normals(axis, where[:, 0], where[:, 1], bed)
        dams = line & edge[tuple(where.T)]
        kept = dams | beside[tuple(where.T)]
        number = np.full(edge.shape, -1, dtype=np.int64)
        number[tuple(where[kept].T)] = np.arange(kept.sum()) + sum(part.size for part in active)
        numbers.append(number)
        normals.append(normal[kept])
        active.append(dams[kept])
    first, place, face = _shares(numbers, tiles)
    watched = [
        np.column_stack([numbers[axis][tuple(where.T)], np.full(len(where), axis), where])
        for axis, where in enumerate(np.argwhere(beside) for beside in near)
    ]
    return Crests(
        first=first,
        place=place,
        face=face,
        normal=np.ascontiguousarray(np.concatenate(normals)),
        active=np.concatenate(active),
        watched=np.ascontiguousarray(np.concatenate(watched)),  # kernels are compiled by the order in memory too
    )


def _shares(numbers: list[np.ndarray], tiles: Tiles) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each tile where its faces begin in two lists: their places in its workspace and their numbers."""
    first = np.zeros((tiles.box.shape[0], 3), dtype=np.int64)
    places, faces, count = [], [], 0
    for tile, (top, bottom, left, right) in enumerate(tiles.box):
        for axis, number in enumerate(numbers):
            first[tile, axis] = count
            # Its own faces, those that take the slopes of the cells beside it, and all faces of these cells.
            before = (1, RIM) if axis == 0 else (RIM, 1)
            r0, c0 = max(0, top - before[0]), max(0, left - before[1])
            part = number[r0 : bottom + 1, c0 : right + 1]
            row, column = np.nonzero(part >= 0)
            places.append((row + r0 - top + RIM) * STRIDE + column + c0 - left + RIM)
            faces.append(part[row, column])
            count += row.size
        first[tile, 2] = count
    empty = np.zeros(0, dtype=np.int64)
    return first, np.concatenate([empty, *places]), np.concatenate([empty, *faces])


@inner(error_model="numpy")
def follow_breaches(crests: Crests, z: np.ndarray) -> None:
    """Find anew which faces around breaches are edges of a crest.

    Parameters
    ----------
    crests : Crests
        ``active`` of the watched faces is written.
    z : ndarray, shape (rows + 4, columns + 4)
        Bed [m] with its rim.
    """
    for k in range(crests.watched.shape[0]):
        face, axis = crests.watched[k, 0], crests.watched[k, 1]
        row, column = crests.watched[k, 2] + RIM, crests.watched[k, 3] + RIM
        down, right = (0, 1) if axis == 0 else (1, 0)
        rise = z[row + down, column + right] - z[row, column]
        if rise > 0.0:
            beyond = z[row + 2 * down, column + 2 * right] - z[row + down, column + right]
        else:
            beyond = z[row - down, column - right] - z[row, column]
        crests.active[face] = abs(rise) > LOWEST_STEP_M and beyond < 0.5 * abs(rise)


@inner(error_model="numpy")
def crest_share(w: np.ndarray, p: int, step: int, normal: int) -> float:
    """How far the face between two cells of the workspace acts as a crest, from 0 to 1."""
    q = p + step
    z1, z2 = w[E + p] - w[H + p], w[E + q] - w[H + q]
    over = max(w[E + p], w[E + q]) - max(z1, z2)
    if over <= 1e-6:
        return 0.0
    share = min(1.0, max(0.0, (abs(z1 - z2) - FADES_BELOW * over) / ((WHOLE_ABOVE - FADES_BELOW) * over)))
    low = p if z2 > z1 else q
    if w[E + low] > max(z1, z2):
        froude = abs(w[normal + low]) / math.sqrt(GRAVITY * w[H + low])
        share *= min(1.0, max(0.0, (FAST - froude) / (FAST - SLOW)))
    return share


@inner(error_model="numpy")
def crest_flux(
    over: float, h_low: float, u_low: float, h_crest: float, u_crest: float
) -> tuple[float, float, float, float]:
    """Flux between a cell and the crest that rises beside it, speeds positive toward the crest.

    Parameters
    ----------
    over : float
        Level of the water in the lower cell over the crest [m], above 0.
    h_low, u_low, h_crest, u_crest : float
        Depth [m] and speed [m/s] in both cells; the lower one subcritical unless it flows away.

    Returns
    -------
    tuple of float
        Discharge [m²/s], change of momentum of the lower and of the crest cell beyond their own hydrostatic pressure [m³/s²],
        fastest wave [m/s].
    """
    q_low, q_crest = h_low * u_low, h_crest * u_crest
    if u_low > 0.0:
        head = over + u_low * u_low / (2.0 * GRAVITY)
        most = WEIR * head * math.sqrt(head)
        q = min(q_low, most)
        h = depth_with_head(head, q)
    else:
        most = WEIR * over * math.sqrt(over)
        critical = over / (1.0 + 0.5 * REGAINED)
        q = max(q_low, -critical * math.sqrt(GRAVITY * critical))
        h = depth_with_head(over, math.sqrt(REGAINED) * -q)
    u, c, c_crest = q / h, math.sqrt(GRAVITY * h), math.sqrt(GRAVITY * h_crest)
    middle_u = 0.5 * (u + u_crest) + c - c_crest
    middle_c = 0.5 * (c + c_crest) + 0.25 * (u - u_crest)
    if h_crest <= 0.0:
        slow, fast = u - c, u + 2.0 * c
    else:
        slow, fast = min(u - c, middle_u - middle_c), max(u_crest + c_crest, middle_u + middle_c)
    fast = max(fast, 0.0)
    slow = min(slow, 0.0, u_low - math.sqrt(GRAVITY * h_low))  # of the deep cell: the state over the crest shakes lakes
    mass = (fast * q - slow * q_crest + slow * fast * (h_crest - h)) / max(fast - slow, 1e-30)
    on_crest = q_crest * u_crest + fast * (mass - q_crest)
    if mass > most:
        critical = (most * most / GRAVITY) ** (1.0 / 3.0)
        mass = most
        on_crest = mass * mass / critical + 0.5 * GRAVITY * (critical * critical - h_crest * h_crest)
    return mass, q_low * u_low + slow * (mass - q_low), on_crest, max(fast, -slow)


@inner(error_model="numpy")
def soften(w: np.ndarray, crests: Crests, first: int, last: int, step: int, slope_e: int, normal: int) -> None:
    """How far the faces listed act as crests; fades the slopes of the cells on both sides."""
    for k in range(first, last):
        p = crests.place[k]
        share = crest_share(w, p, step, normal) if crests.active[crests.face[k]] else 0.0
        w[CREST + p] = share
        if share > 0.0:
            for cell in (p, p + step):
                w[slope_e + cell] *= 1.0 - share
                w[SLOPE_H + cell] *= 1.0 - share
                w[SLOPE_U + cell] *= 1.0 - share
                w[SLOPE_V + cell] *= 1.0 - share


@inner(error_model="numpy")
def over_crests(w: np.ndarray, crests: Crests, first: int, last: int, axis: int) -> None:
    """Fluxes through the faces listed that act as crests, in place of the ordinary ones or of a part of them."""
    step, normal, across, out = (1, U, V, X_MASS) if axis == 0 else (STRIDE, V, U, Y_MASS)
    for k in range(first, last):
        p = crests.place[k]
        share = w[CREST + p]
        if share <= 0.0:
            continue
        q = p + step
        up = w[E + q] - w[H + q] > w[E + p] - w[H + p]
        low, high = (p, q) if up else (q, p)
        over = w[E + low] - (w[E + high] - w[H + high])
        sign = 1.0 if up else -1.0
        along, beside = sign * crests.normal[crests.face[k], axis], sign * crests.normal[crests.face[k], 1 - axis]
        u_low = along * w[normal + low] + beside * w[across + low]
        if over <= 0.0 or u_low * abs(u_low) >= GRAVITY * w[H + low]:
            continue
        u_high = along * w[normal + high] + beside * w[across + high]
        mass, at_low, at_high, speed = crest_flux(over, w[H + low], u_low, w[H + high], u_high)
        upwind = low if mass > 0.0 else high
        shear = mass * (along * w[across + upwind] - beside * w[normal + upwind])
        length = max(abs(along), LEAST_SHARE)
        left, right = (at_low, at_high) if up else (at_high, at_low)
        part, rest = share * length, 1.0 - share
        w[out + p] = part * sign * mass + rest * w[out + p]
        w[out + AREA + p] = part * sign * (left * along - shear * beside) + rest * w[out + AREA + p]
        w[out + 2 * AREA + p] = part * sign * (right * along - shear * beside) + rest * w[out + 2 * AREA + p]
        w[out + 3 * AREA + p] = part * sign * (at_high * beside + shear * along) + rest * w[out + 3 * AREA + p]
        w[SPEED + p] = max(share * speed, w[SPEED + p])
