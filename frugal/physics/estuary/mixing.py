"""How strongly a substance is mixed along an estuary: tied to tide and river, after Savenije and Van den Burgh.

Averaged over tides the flow of salt landward balances the river:

.. math:: D' = -K Q_r / A, \\qquad D_0 = 1400 \\, \\frac{\\bar h}{a} \\, \\sqrt{N_R} \\; v_0 E_0, \\qquad
    N_R = \\frac{\\Delta\\rho}{\\rho} \\, \\frac{g h_0}{v_0^2} \\, \\frac{Q_r T}{A_0 E_0}

with Van den Burgh's K (0.2 to 0.8), the amplitude :math:`v_0` of the speed at the mouth, the excursion
:math:`E_0 = v_0 T / \\pi`, the depth h and the length a over which the area shrinks by e (Savenije 2005, *Salinity and Tides in
Alluvial Estuaries*, Elsevier, chapters 4 and 5). Here :math:`v_0`, A and h are running means of the run itself, Q_r is what the
rivers landward bring on average, D_0 may be given instead, and D falls along every branch with that branch's own rivers, not
below a floor. Without a river D_0 is 0, and the floor stands everywhere.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from frugal.physics.compiled import inner
from frugal.physics.estuary.network import ReachCells
from frugal.physics.estuary.rows import fill

_GRAVITY = 9.81
#: Δρ/ρ between sea and river.
_DENSITY_SHARE = 0.025
_M2_S = 44714.16
#: Running means forget within this time [s].
_MEMORY_S = 2.0 * _M2_S


class MixingLaw(NamedTuple):
    """How dispersion [m²/s] is found."""

    by_river: bool  # else `least` everywhere
    least: float  # [m²/s]
    van_den_burgh: float  # K
    at_mouth: float  # D0 [m²/s]; below 0: from tide and river
    convergence: float  # a [m]
    order: np.ndarray  # reaches from the mouths landward


class RunningMeans(NamedTuple):
    """What the law needs of tide and rivers, and since when."""

    squared_speed: np.ndarray  # [slot], of links
    area: np.ndarray  # [slot], of links
    river: np.ndarray  # [place], what enters there [m³/s]
    since: np.ndarray  # [s]


@inner(error_model="numpy")
def remember(
    cells: ReachCells, volumes: np.ndarray, passed: np.ndarray, entered: np.ndarray, dt: float, means: RunningMeans
) -> None:
    """Take one span into the running means."""
    means.since[0] += dt
    share = max(1.0 - math.exp(-dt / _MEMORY_S), dt / means.since[0])
    for place in range(means.river.size):
        means.river[place] += share * (entered[place] / dt - means.river[place])
    for r in range(cells.starts.size):
        for i in range(cells.starts[r], cells.lasts[r]):
            area = 0.5 * (volumes[i] / cells.length[i] + volumes[i + 1] / cells.length[i + 1])
            u = passed[i] / (dt * area) if area > 1e-9 else 0.0
            means.area[i] += share * (area - means.area[i])
            means.squared_speed[i] += share * (u * u - means.squared_speed[i])


@inner(error_model="numpy")
def _rivers(
    cells: ReachCells, law: MixingLaw, means: RunningMeans, at_places: np.ndarray, of_reaches: np.ndarray
) -> None:
    """What rivers bring through each reach [m³/s]; the tide's own discharge, a hundred times as large, has no mean so sharp.

    Reaches that end at one place share equally what comes to it.
    """
    for place in range(at_places.size):
        at_places[place] = 0.0 if cells.is_mouth[place] else means.river[place]
    for k in range(law.order.size):
        r = law.order[law.order.size - 1 - k]
        place = cells.ends[r, 1]
        sharing = 0
        for j in range(cells.joined_from[place], cells.joined_from[place + 1]):
            sharing += cells.joined[j] % 2
        of_reaches[r] = at_places[place] / sharing
        at_places[cells.ends[r, 0]] += of_reaches[r]


@inner(error_model="numpy")
def mouth_dispersion(law: MixingLaw, speed: float, river: float, area: float, depth: float) -> float:
    """D0 [m²/s] of the law; `speed` is the amplitude, `river` counts positive seaward."""
    if law.at_mouth >= 0.0:
        return law.at_mouth
    excursion = max(speed * _M2_S / math.pi, 1.0)
    richardson = _DENSITY_SHARE * _GRAVITY * depth / max(speed * speed, 1e-6)
    richardson *= max(river, 0.0) * _M2_S / (area * excursion)
    return 1400.0 * depth / law.convergence * math.sqrt(richardson) * speed * excursion


@inner(error_model="numpy")
def find_dispersion(
    cells: ReachCells,
    law: MixingLaw,
    means: RunningMeans,
    widths: np.ndarray,
    at_places: np.ndarray,
    of_reaches: np.ndarray,
    dispersion: np.ndarray,
) -> None:
    """Dispersion on all links [m²/s]; `widths` [m] are those of nodes at mean level."""
    if not law.by_river:
        fill(dispersion, law.least)
        return
    _rivers(cells, law, means, at_places, of_reaches)
    fill(at_places, law.least)
    for k in range(law.order.size):
        r = law.order[k]
        first, last = cells.starts[r], cells.lasts[r]
        place = cells.ends[r, 0]
        if cells.is_mouth[place]:
            speed = math.sqrt(2.0 * means.squared_speed[first])
            depth = means.area[first] / widths[first]
            d = mouth_dispersion(law, speed, of_reaches[r], means.area[first], depth)
        else:
            d = at_places[place]
        half = 0.5
        for i in range(first, last):
            area = max(means.area[i], 1e-9)
            fall = law.van_den_burgh * max(of_reaches[r], 0.0) * cells.spacing[i] / area
            # Linear between nodes: links lie half a step from the first node.
            dispersion[i] = max(d - half * fall, law.least)
            d = max(d - fall, law.least)
        at_places[cells.ends[r, 1]] = max(at_places[cells.ends[r, 1]], d)


def order_of(cells: ReachCells) -> np.ndarray:
    """Reaches from the mouths landward: each after all those that end where it begins, but for reaches in a circle."""
    left, order = list(range(cells.starts.size)), []
    while left:
        open_places = {int(cells.ends[r, 1]) for r in left}
        ready = [r for r in left if int(cells.ends[r, 0]) not in open_places] or left[:1]
        order += ready
        left = [r for r in left if r not in ready]
    return np.array(order, dtype=np.int64)
