"""Water that seeps into the ground: at a constant rate, or as Green and Ampt have it.

    dF/dt = K (1 + N / F),   N = suction head times moisture deficit,

with F the depth of water that has entered the ground (Green and Ampt 1911, Journal of Agricultural Science 4, 1; the depth
of the water above is left out beside the suction head, as in Chow, Maidment and Mays 1988, *Applied Hydrology*, section 4.3).
Over one step its exact solution holds, F1 - F0 - N ln((F1 + N)/(F0 + N)) = K dt, for as long as there is water; N = 0 is the
constant rate.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from frugal.errors import UnusableInputError
from frugal.physics.compiled import inner

#: Faster [m/s] than through gravel: a number in other units.
FASTEST_M_S = 0.1
#: More [m] than any soil draws up: a number in other units.
HIGHEST_SUCTION_M = 10.0


@dataclass(frozen=True)
class Infiltration:
    """Seeping into the ground, the same everywhere or by cell.

    Parameters
    ----------
    conductivity_m_s : float or ndarray
        Hydraulic conductivity of the wetted ground [m/s]; without a suction head the rate itself.
    suction_head_m : float or ndarray
        At the wetting front [m].
    moisture_deficit : float or ndarray
        Share of the ground's volume that water can still fill, 0 to 1.
    capacity_m : float or ndarray, optional
        Depth of water [m] that the ground takes altogether; any by default.
    """

    conductivity_m_s: float | np.ndarray
    suction_head_m: float | np.ndarray = 0.0
    moisture_deficit: float | np.ndarray = 0.0
    capacity_m: float | np.ndarray | None = None


class SeepingGround(NamedTuple):
    """Infiltration packed for the kernels, [row, column] without rim; of shape (0, 0) where nothing seeps."""

    conductivity: np.ndarray
    drawn_m: np.ndarray  # suction head times moisture deficit
    capacity: np.ndarray
    taken: np.ndarray  # F, changed in place


def _field(name: str, value: float | np.ndarray, shape: tuple[int, int], most: float, unit: str) -> np.ndarray:
    array = np.asarray(value, dtype=np.float64)
    if array.ndim and array.shape != shape:
        raise UnusableInputError(
            f"{name} of the infiltration has shape {array.shape}: it must be one number or {shape}."
        )
    if np.isnan(array).any() or (array < 0.0).any() or (array > most).any():
        found = f"{np.nanmin(array):g} to {np.nanmax(array):g}" if np.isfinite(array).any() else "no number"
        raise UnusableInputError(
            f"{name} of the infiltration is {found}{unit}: it must lie between 0 and {most:g}{unit}."
        )
    return np.broadcast_to(array, shape).copy()


def ground_of(infiltration: Infiltration | None, shape: tuple[int, int], blocked: np.ndarray | None) -> SeepingGround:
    """Pack an infiltration.

    Parameters
    ----------
    infiltration : Infiltration or None
    shape : tuple of int
        Rows and columns.
    blocked : ndarray of bool, optional
        Cells that take no water.

    Raises
    ------
    UnusableInputError
        If a value has another shape or lies outside what it can be.
    """
    if infiltration is None:
        return SeepingGround(*(np.zeros((0, 0)) for _ in range(4)))
    conductivity = _field("conductivity_m_s", infiltration.conductivity_m_s, shape, FASTEST_M_S, " m/s")
    suction = _field("suction_head_m", infiltration.suction_head_m, shape, HIGHEST_SUCTION_M, " m")
    deficit = _field("moisture_deficit", infiltration.moisture_deficit, shape, 1.0, "")
    most = math.inf if infiltration.capacity_m is None else infiltration.capacity_m
    capacity = _field("capacity_m", most, shape, math.inf, " m")
    if blocked is not None:
        conductivity[np.asarray(blocked, dtype=bool)] = 0.0
    return SeepingGround(conductivity, suction * deficit, capacity, np.zeros(shape))


@inner(error_model="numpy")
def taken_in(taken: float, drawn_m: float, seeping_m: float) -> float:
    """What ground under water takes during a step [m], by Newton from above.

    Parameters
    ----------
    taken : float
        F at the beginning [m].
    drawn_m : float
        N, suction head times moisture deficit [m].
    seeping_m : float
        K dt [m].
    """
    if drawn_m <= 0.0:
        return seeping_m
    more = seeping_m + math.sqrt(seeping_m * seeping_m + taken * taken + 2.0 * seeping_m * drawn_m) - taken
    for _ in range(50):
        excess = more - drawn_m * math.log1p(more / (taken + drawn_m)) - seeping_m
        change = excess * (taken + more + drawn_m) / (taken + more)
        more -= change
        if abs(change) <= 1e-12 * more:
            break
    return max(more, seeping_m)


@inner(error_model="numpy")
def soak(
    h: np.ndarray,
    u: np.ndarray,
    v: np.ndarray,
    ground: SeepingGround,
    box: np.ndarray,
    rim: int,
    dt_s: float,
    dry_depth_m: float,
) -> float:
    """Let the water of one tile seep for one step; returns the depth of water that it loses, summed over its cells [m].

    Parameters
    ----------
    h, u, v : ndarray, with rim
        Depth [m] and velocity [m/s], changed in place: what seeps takes its momentum along.
    ground : SeepingGround
    box : ndarray of int, shape (4,)
        First row, last row, first column, last column of the tile, lasts excluded, counted without the rim.
    rim : int
        Ghost cells on each side.
    dt_s : float
        [s]
    dry_depth_m : float
        Thinner water [m] has no velocity.
    """
    lost = 0.0
    for row in range(box[0], box[1]):
        for column in range(box[2], box[3]):
            before = h[row + rim, column + rim]
            seeping = ground.conductivity[row, column] * dt_s
            if before <= 0.0 or seeping <= 0.0:
                continue
            taken = ground.taken[row, column]
            room = ground.capacity[row, column] - taken
            after = before - min(taken_in(taken, ground.drawn_m[row, column], seeping), room, before)
            ground.taken[row, column] = taken + (before - after)
            lost += before - after
            h[row + rim, column + rim] = after
            if after <= dry_depth_m:
                u[row + rim, column + rim] = 0.0
                v[row + rim, column + rim] = 0.0
    return lost
