"""What the water carries: one step of one substance, conservative, positive, and exact for a constant.

The mean over a node's cell changes by what passes its links with the water:

.. math:: (V c)^{n+1}_i = (V c)^n_i + W_{i-1} c_{i-1/2} - W_i c_{i+1/2}

with volumes V and passed volumes W that the water itself has recorded, so that a constant stays one. Concentrations on
links are those upwind with the slope of van Leer, times one less the Courant number: a total-variation-diminishing scheme of
second order. Through a junction, "farther upwind" is the mean of what the other reaches bring. Dispersion follows in as many
explicit parts as keep all weights positive.

At a mouth the concentration is that of the water that leaves; once the sea enters it tends to that of the sea within a
given time (Thatcher & Harleman 1972, MIT Report 144). What this takes or gives is booked as exchange with the sea.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from frugal.physics.compiled import inner
from frugal.physics.estuary.network import ReachCells
from frugal.physics.estuary.rows import copy_row, fill

_ONE, _TWO = np.uint64(1), np.uint64(2)


class CarryScratch(NamedTuple):
    """What a step works on."""

    passed: np.ndarray  # [slot], concentration on links times what passed [kg, or as the substance counts]
    padded: np.ndarray  # [slot + 1], concentrations, with those farther upwind in the padding
    exchange: np.ndarray  # [slot], dispersion through links [m³/s]
    place_gain: np.ndarray  # [place]
    constant: np.ndarray  # [slot]
    outside: np.ndarray  # [place], concentrations there
    of_reaches: np.ndarray  # [reach]


@inner(error_model="numpy")
def _upwind_of_place(
    cells: ReachCells,
    passed: np.ndarray,
    entered: np.ndarray,
    outside: np.ndarray,
    c: np.ndarray,
    r: int,
    side: int,
) -> float:
    """What lies farther upwind than the end of a reach.

    The mean of what the other reaches and the river bring to the place, its own concentration if nothing comes, and at a
    mouth, where the concentration is given, what goes on the slope within the reach.
    """
    place = cells.ends[r, side]
    slot = cells.lasts[r] if side else cells.starts[r]
    own = c[slot]
    if cells.is_mouth[place]:
        return 2.0 * own - c[slot - 1 if side else slot + 1]
    water = max(entered[place], 0.0)
    carried = water * outside[place]
    for k in range(cells.joined_from[place], cells.joined_from[place + 1]):
        end = cells.joined[k]
        if end == 2 * r + side:
            continue
        other = end // 2
        if end % 2:
            w = passed[cells.lasts[other] - 1]
            if w > 0.0:
                water += w
                carried += w * c[cells.lasts[other] - 1]
        else:
            w = -passed[cells.starts[other]]
            if w > 0.0:
                water += w
                carried += w * c[cells.starts[other] + 1]
    return carried / water if water > 0.0 else own


@inner(error_model="numpy")
def _advect_places(
    cells: ReachCells,
    places_before: np.ndarray,
    places_after: np.ndarray,
    passed: np.ndarray,
    entered: np.ndarray,
    outside: np.ndarray,
    toward_sea: float,
    c: np.ndarray,
    scratch: CarryScratch,
) -> float:
    """New concentrations at places, into the scratch; gives what has entered from outside."""
    flux = scratch.passed
    gained = 0.0
    for place in range(cells.is_mouth.size):
        slot = -1
        inflow, water_out, carried_out = 0.0, 0.0, 0.0
        for k in range(cells.joined_from[place], cells.joined_from[place + 1]):
            end = cells.joined[k]
            slot = cells.lasts[end // 2] if end % 2 else cells.starts[end // 2]
            link = slot - 1 if end % 2 else slot
            to_place = flux[link] if end % 2 else -flux[link]
            water = passed[link] if end % 2 else -passed[link]
            inflow += to_place
            if water > 0.0:
                water_out += water
                carried_out += to_place
        own = c[slot]
        held = places_before[place] * own
        if cells.is_mouth[place]:
            if entered[place] <= 0.0:
                new = carried_out / water_out if water_out > 0.0 else own
            else:
                new = own + toward_sea * (outside[place] - own)
            mass = places_after[place] * new
            gained += mass - held - inflow
        else:
            river = entered[place] * (outside[place] if entered[place] > 0.0 else own)
            gained += river
            mass = held + inflow + river
            new = mass / places_after[place] if places_after[place] > 1e-9 else own
        scratch.place_gain[place] = new
    return gained


@inner(error_model="numpy")
def advect(
    cells: ReachCells,
    before: np.ndarray,
    after: np.ndarray,
    places_before: np.ndarray,
    places_after: np.ndarray,
    passed: np.ndarray,
    entered: np.ndarray,
    outside: np.ndarray,
    toward_sea: float,
    c: np.ndarray,
    scratch: CarryScratch,
) -> float:
    """Carry one substance over one span; gives what has entered from outside, rivers and sea together.

    `outside` holds the concentrations beyond the places, `toward_sea` the share of the sea's that a mouth has taken on
    after a span of flood.
    """
    flux, far = scratch.passed, scratch.padded
    copy_row(c, far)
    for r in range(cells.starts.size):
        for side in range(2):
            at = cells.lasts[r] + 1 if side else cells.starts[r] - 1
            far[at] = _upwind_of_place(cells, passed, entered, outside, c, r, side)
        # What lies beyond the last node stands in the padding of the next reach, which sets its own afterwards.
        for i in range(np.uint64(cells.starts[r]), np.uint64(cells.lasts[r])):
            w = passed[i]
            landward = w >= 0.0
            low, here, next_, high = far[i - _ONE], far[i], far[i + _ONE], far[i + _TWO]
            up = here if landward else next_
            ahead = next_ - here if landward else here - next_
            back = here - low if landward else next_ - high
            product = ahead * back
            slope = product / (ahead + back) if product > 0.0 else 0.0
            renewed = min(abs(w) / (before[i] if landward else before[i + _ONE]), 1.0) if w != 0.0 else 1.0
            flux[i] = w * (up + (1.0 - renewed) * slope)
    gained = _advect_places(cells, places_before, places_after, passed, entered, outside, toward_sea, c, scratch)
    for r in range(cells.starts.size):
        for i in range(np.uint64(cells.starts[r] + 1), np.uint64(cells.lasts[r])):
            mass = before[i] * c[i] + flux[i - _ONE] - flux[i]
            c[i] = mass / after[i] if after[i] > 1e-9 else c[i]
        c[cells.starts[r]] = scratch.place_gain[cells.ends[r, 0]]
        c[cells.lasts[r]] = scratch.place_gain[cells.ends[r, 1]]
    return gained


@inner(error_model="numpy")
def parts_of_dispersion(
    cells: ReachCells,
    volumes: np.ndarray,
    places: np.ndarray,
    dispersion: np.ndarray,
    mixes_with_sea: bool,
    dt: float,
    scratch: CarryScratch,
) -> int:
    """Fills the exchange through links; gives the number of parts in which it stays monotone."""
    most = 0.0
    exchange = scratch.exchange
    fill(scratch.place_gain, 0.0)
    fill(exchange, 0.0)
    for r in range(cells.starts.size):
        first, last = cells.starts[r], cells.lasts[r]
        for i in range(first, last):
            low, high = volumes[i] / cells.length[i], volumes[i + 1] / cells.length[i + 1]
            area = min(0.5 * (low + high), 2.0 * min(low, high))
            exchange[i] = dispersion[i] * area / cells.spacing[i]
        if not mixes_with_sea:
            if cells.is_mouth[cells.ends[r, 0]]:
                exchange[first] = 0.0
            if cells.is_mouth[cells.ends[r, 1]]:
                exchange[last - 1] = 0.0
        for i in range(first + 1, last):
            if volumes[i] > 1e-9:
                most = max(most, (exchange[i - 1] + exchange[i]) / volumes[i])
        scratch.place_gain[cells.ends[r, 0]] += exchange[first]
        scratch.place_gain[cells.ends[r, 1]] += exchange[last - 1]
    for place in range(places.size):
        if places[place] > 1e-9 and not cells.is_mouth[place]:
            most = max(most, scratch.place_gain[place] / places[place])
    return max(math.ceil(most * dt / 0.9), 1)


@inner(error_model="numpy")
def disperse(
    cells: ReachCells,
    volumes: np.ndarray,
    places: np.ndarray,
    dt: float,
    parts: int,
    c: np.ndarray,
    scratch: CarryScratch,
) -> float:
    """Mix one substance along reaches; gives what has entered from the sea."""
    gained = 0.0
    flux = scratch.passed
    for _ in range(parts):
        fill(scratch.place_gain, 0.0)
        for r in range(cells.starts.size):
            first, last = cells.starts[r], cells.lasts[r]
            for i in range(first, last):
                flux[i] = dt / parts * scratch.exchange[i] * (c[i] - c[i + 1])
            for i in range(first + 1, last):
                if volumes[i] > 1e-9:
                    c[i] += (flux[i - 1] - flux[i]) / volumes[i]
            scratch.place_gain[cells.ends[r, 0]] -= flux[first]
            scratch.place_gain[cells.ends[r, 1]] += flux[last - 1]
        for place in range(places.size):
            if cells.is_mouth[place]:
                gained -= scratch.place_gain[place]
                continue
            if places[place] > 1e-9:
                for k in range(cells.joined_from[place], cells.joined_from[place + 1]):
                    end = cells.joined[k]
                    slot = cells.lasts[end // 2] if end % 2 else cells.starts[end // 2]
                    c[slot] += scratch.place_gain[place] / places[place]
    return gained
