"""Faces at the edge of a crest: which they are, which way the crest runs there, and what passes them.

A face is one where the bed steps up to a cell beyond which it does not go on rising: the edge of a dike, of a road or of a
plateau. Where that step is high beside the water over it, neither the slopes of the finite volumes nor a depth that is cut off
at the higher bed see a weir. There the flux is that between the crest cell and a state that the water before it reaches over
the crest: head is kept towards the crest (Castro, Pardo and Parés 2007, Mathematical Models and Methods in Applied Sciences
17, 2055), but for a third of the velocity head lost behind it (`weir_law`), in an augmented HLL solver (Murillo and
García-Navarro 2012, Journal of Computational Physics 231, 1963), and nothing beyond critical flow passes. Slopes fade out in both
cells, since a slope across a step keeps no water at rest.

A line of cells at an angle is a staircase, longer than the dike. The direction across the dike is therefore estimated from the
crest cells around, the flux taken along it, and each face of the staircase passes what its length is worth across the dike:
``cos`` for a face that looks along the columns, ``sin`` for one along the rows, which together make the length of the dike. An error
of the direction counts with its square.
"""

from __future__ import annotations

import math

import numpy as np

from frugal.physics.compiled import inner
from frugal.physics.shallow_water.state import AREA, GRAVITY, RIM, STRIDE, Crests, Tiles
from frugal.physics.shallow_water.weir_law import REGAINED, WEIR, depth_with_head

#: Lower steps [m] are no crests.
LOWEST_STEP_M = 0.01
#: A face acts as a crest in full where its step is higher than the second share of the water over it, not at all below the first.
FADES_BELOW, WHOLE_ABOVE = 0.25, 0.5
#: Cells this far around a face tell which way its crest runs.
REACH = 2
#: Below this share of one direction over both, the crest cells around are no line.
_LINE = 0.5
#: A face passes at least this share of its length, whatever the direction estimated.
LEAST_SHARE = 0.3

# Fields of the workspace that are used here, where both solvers have them.
_E, _H = 0, AREA


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


def _normals(axis: int, row: np.ndarray, column: np.ndarray, z: np.ndarray, drop: np.ndarray) -> np.ndarray:
    """Unit vectors (x, y) across the crest at some faces, ``drop`` the highest step of each cell that is a crest, else 0."""
    other_row, other_column = row + (axis == 1), column + (axis == 0)
    step = z[other_row, other_column] - z[row, column]
    up = step > 0.0
    high = np.where(up, other_row, row), np.where(up, other_column, column)
    low = np.where(up, row, other_row), np.where(up, column, other_column)
    size = np.abs(step)
    moments = np.zeros((6, row.size))
    rows, columns = z.shape
    for down in range(-REACH, REACH + 1):
        for right in range(-REACH, REACH + 1):
            r, c = high[0] + down, high[1] + right
            inside = (r >= 0) & (r < rows) & (c >= 0) & (c < columns)
            r, c = np.clip(r, 0, rows - 1), np.clip(c, 0, columns - 1)
            counts = inside & (drop[r, c] >= 0.5 * size) & (z[r, c] >= z[low] + 0.5 * size)
            moments += counts * np.array([[1.0], [right], [down], [right * right], [down * down], [right * down]])
    number = np.maximum(moments[0], 1.0)
    x, y = moments[1] / number, moments[2] / number
    xx, yy, xy = moments[3] / number - x * x, moments[4] / number - y * y, moments[5] / number - x * y
    line = (np.hypot(xx - yy, 2.0 * xy) > _LINE * np.maximum(xx + yy, 1e-9)) & (number >= 3.0)
    line &= drop[low] < size  # a face between two crest cells lies along the crest
    angle = 0.5 * np.arctan2(2.0 * xy, xx - yy) + 0.5 * np.pi
    plain = np.zeros((2, row.size))
    plain[axis] = 1.0
    found = np.where(line, np.array([np.cos(angle), np.sin(angle)]), plain)
    return (found * np.where(found[axis] < 0.0, -1.0, 1.0)).T


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
    drop = np.zeros(bed.shape)
    for axis, found in enumerate(edges):
        row, column = np.nonzero(found)
        step = bed[row + (axis == 1), column + (axis == 0)] - bed[row, column]
        up = step > 0.0
        high = (row + (up & (axis == 1)), column + (up & (axis == 0)))
        np.maximum.at(drop, high, np.abs(step))
    listed = [found.copy() for found in edges]
    watched = [np.zeros(found.shape, dtype=bool) for found in edges]
    for row, column in moving:
        for axis in (0, 1):
            rows, columns = watched[axis].shape
            r, c = (row, column) if axis == 0 else (column, row)
            span = slice(max(0, c - RIM), max(0, min(c + RIM, columns if axis == 0 else rows)))
            watched[axis][(r, span) if axis == 0 else (span, r)] = True
    if blocked is not None:
        for axis, found in enumerate(watched):
            found &= ~(blocked[:, 1:] | blocked[:, :-1]) if axis == 0 else ~(blocked[1:] | blocked[:-1])
    listed = [found | near for found, near in zip(listed, watched, strict=True)]
    numbers, normals, where = [], [], []
    count = 0
    for axis, found in enumerate(listed):
        row, column = np.nonzero(found)
        number = np.full(found.shape, -1, dtype=np.int64)
        number[row, column] = count + np.arange(row.size)
        count += row.size
        numbers.append(number)
        normals.append(_normals(axis, row, column, bed, drop))
        where.append(np.stack([np.full(row.size, axis), row, column], axis=1))
    faces = np.concatenate(where)
    active = np.concatenate([found[listed[axis]] for axis, found in enumerate(edges)])
    near = np.concatenate([found[listed[axis]] for axis, found in enumerate(watched)])
    first, place, face = _shares(numbers, tiles)
    return Crests(
        first=first,
        place=place,
        face=face,
        normal=np.concatenate(normals),
        active=active,
        watched=np.column_stack([np.flatnonzero(near), faces[near]]),
    )


def _shares(numbers: list[np.ndarray], tiles: Tiles) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each tile where its faces begin in two lists: their places in its workspace and their numbers."""
    first = np.zeros((tiles.box.shape[0], 3), dtype=np.int64)
    places, faces, count = [], [], 0
    for tile, (top, bottom, left, right) in enumerate(tiles.box):
        for axis, number in enumerate(numbers):
            first[tile, axis] = count
            # Fluxes through its own faces, and what takes the slopes of the cells beside it.
            before = (0, RIM) if axis == 0 else (RIM, 0)
            r0, c0 = max(0, top - before[0]), max(0, left - before[1])
            part = number[r0 : bottom + (axis == 1), c0 : right + (axis == 0)]
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
def crest_share(w: np.ndarray, p: int, step: int) -> float:
    """How far the face between two cells of the workspace acts as a crest, from 0 to 1."""
    q = p + step
    z1, z2 = w[_E + p] - w[_H + p], w[_E + q] - w[_H + q]
    over = max(w[_E + p], w[_E + q]) - max(z1, z2)
    if over <= 1e-6:
        return 0.0
    return min(1.0, max(0.0, (abs(z1 - z2) - FADES_BELOW * over) / ((WHOLE_ABOVE - FADES_BELOW) * over)))


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
