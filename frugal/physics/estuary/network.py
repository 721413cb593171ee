"""Reaches, how they join, and the arrays that the kernels work on.

A reach runs from its seaward to its landward end; distances and discharges count positive landward, levels from the
model's datum, upwards. Reaches whose ends bear the same name meet there and share one level. An end that no other reach
shares is a mouth, where the level is given, if `Estuary.mouths` names it, and else a head, where rivers enter. Rivers may
enter where reaches join, too. Networks may have loops and several mouths.

Levels stand at nodes, one at each end of a reach and others between at equal distances; discharges on the links between.
A place (mouth, head, junction) holds half a cell of each reach that ends there. Node ``k`` of a reach lies in slot
``start + k`` and link ``k`` in the same slot as the node on its seaward side; one slot before each reach is padding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from frugal.errors import UnusableInputError, did_you_mean
from frugal.physics.estuary.sections import SectionTable, table_of

#: Laws of friction: Manning's n [s/m^(1/3)], a drag coefficient [-] of a quadratic stress, r [m/s] of a stress r u, the
#: rate [1/s] at which friction slows the water whatever its depth, and the slip [m/s] of a stress s u_bed under a profile with
#: an eddy viscosity, see `water_steps`.
FRICTIONS = ("manning", "quadratic", "linear", "rate", "slip")
_LOOSE = 1e-6


@dataclass(frozen=True)
class Reach:
    """One stretch of an estuary or river.

    Parameters
    ----------
    name : str
    seaward, landward : str
        Names of the places at its ends.
    distance_m : array
        Stations of the profile, from 0 at the seaward end to the length of the reach [m].
    bed_m : array or float
        Level of the bed at them [m].
    width_m : array or float
        Width at them [m]; with `heights_m`, [station, height].
    friction : array or float
        At them, as the law of the estuary takes it.
    bank_slope : array or float
        Growth of the width with height, both banks together [m/m], above the last of `heights_m`.
    heights_m : array, optional
        Heights over the bed at which the widths are given, rising from 0 [m].
    flowing_width_m : array, optional
        As `width_m`: the width that conveys water, where flats only store it.
    viscosity_m2_s : array or float, optional
        Eddy viscosity at the stations, for the law of friction "slip" [m²/s].
    """

    name: str
    seaward: str
    landward: str
    distance_m: Any
    bed_m: Any
    width_m: Any
    friction: Any
    bank_slope: Any = 0.0
    heights_m: Any = None
    flowing_width_m: Any = None
    viscosity_m2_s: Any = None

    @property
    def length_m(self) -> float:
        """Length [m]."""
        return float(np.asarray(self.distance_m, dtype=float)[-1])


@dataclass(frozen=True)
class Estuary:
    """Reaches and the places where the sea's level is given.

    Parameters
    ----------
    reaches : sequence of Reach
    mouths : sequence of str
    friction_law : str
        One of ``FRICTIONS``.
    """

    reaches: Sequence[Reach]
    mouths: Sequence[str]
    friction_law: str = "manning"

    def reach(self, name: str) -> Reach:
        """A reach by its name."""
        for reach in self.reaches:
            if reach.name == name:
                return reach
        known = [reach.name for reach in self.reaches]
        raise UnusableInputError(
            f"reach '{name}' is none of the estuary's: {', '.join(known)}{did_you_mean(name, known)}"
        )

    def with_bed_raised(self, name: str, by_m: float | np.ndarray, above_m: float | None = None) -> Estuary:
        """The estuary with the bed of a reach raised (siltation) or lowered (dredging, negative).

        Parameters
        ----------
        name : str
        by_m : float or array
            At the stations of the reach [m].
        above_m : float, optional
            Lowest level of the water [m] that the raised bed must stay below.

        Returns
        -------
        Estuary
        """
        old = self.reach(name)
        bed = np.asarray(old.bed_m, dtype=float) + np.asarray(by_m, dtype=float)
        if above_m is not None and np.any(bed >= above_m):
            raise UnusableInputError(
                f"reach '{name}': raised by up to {np.max(by_m):g} m its bed reaches {np.max(bed):g} m; "
                f"below {above_m:g} m is needed, or no water is left"
            )
        new = replace(old, bed_m=bed)
        return replace(self, reaches=tuple(new if reach is old else reach for reach in self.reaches))


class ReachCells(NamedTuple):
    """What the kernels know of the estuary; see the head of this file for slots."""

    starts: np.ndarray  # [reach], slot of the first node
    lasts: np.ndarray  # [reach], slot of the last node
    ends: np.ndarray  # [reach, 2], places at the seaward and the landward end
    spacing: np.ndarray  # [slot], length of the link [m]
    length: np.ndarray  # [slot], length of the node's cell [m]
    distance: np.ndarray  # [slot], from the seaward end of the reach [m]
    bed: np.ndarray  # [slot], [m]
    friction: np.ndarray  # [slot], at links
    viscosity: np.ndarray  # [slot], at links [m²/s]; of the law "slip"
    law: int
    stored: SectionTable
    flowing: SectionTable  # no slot at all where all of the width conveys
    joined: np.ndarray  # [k]: reach ends, those of each place one after the other: 2 reach + (1 at the landward end)
    joined_from: np.ndarray  # [place + 1]
    is_mouth: np.ndarray  # [place]


@dataclass(frozen=True)
class Layout:
    """The cells of an estuary with the names of its places, in their order."""

    estuary: Estuary
    places: tuple[str, ...]
    cells: ReachCells

    def slots(self, name: str) -> slice:
        """Slots of the nodes of a reach; its links are all but the last of them."""
        names = [reach.name for reach in self.estuary.reaches]
        self.estuary.reach(name)
        r = names.index(name)
        return slice(int(self.cells.starts[r]), int(self.cells.lasts[r]) + 1)

    def place(self, name: str) -> int:
        """Number of a place."""
        if name not in self.places:
            raise UnusableInputError(
                f"place '{name}' is none of the estuary's: {', '.join(self.places)}{did_you_mean(name, self.places)}"
            )
        return self.places.index(name)

    def at(self, name: str, distance_m: float) -> tuple[int, float]:
        """Slot below a point of a reach, and how far the point lies towards the next one, from 0 to 1.

        Parameters
        ----------
        name : str
            Of the reach.
        distance_m : float
            From its seaward end [m].

        Returns
        -------
        tuple of int and float
        """
        slots, length = self.slots(name), self.estuary.reach(name).length_m
        if not -_LOOSE * length <= distance_m <= length * (1.0 + _LOOSE):
            raise UnusableInputError(
                f"a point at {distance_m:g} m lies outside reach '{name}', which is {length:g} m long"
            )
        links = slots.stop - slots.start - 1
        along = min(max(distance_m / length * links, 0.0), float(links))
        k = min(int(along), links - 1)
        return slots.start + k, along - k


def _profile(reach: Reach, name: str, values: Any, columns: int) -> np.ndarray:
    """Values at the stations of a reach, [station, column]."""
    stations = np.asarray(reach.distance_m, dtype=float).size
    array = np.asarray(values, dtype=float)
    if array.ndim == 1 and columns > 1 and array.size == columns and stations != columns:
        array = array[None, :]
    array = array if array.ndim == 2 else array.reshape(-1, 1)
    try:
        array = np.broadcast_to(array, (stations, columns))
    except ValueError:
        wanted = f"{stations} values" if columns == 1 else f"{stations} × {columns} values"
        raise UnusableInputError(
            f"reach '{reach.name}': {name} has {np.size(values)} values; {wanted} or one are needed"
        ) from None
    if not np.all(np.isfinite(array)):
        raise UnusableInputError(f"reach '{reach.name}': {name} holds values that are not finite numbers")
    return array


def _checked_stations(reach: Reach) -> np.ndarray:
    stations = np.asarray(reach.distance_m, dtype=float)
    if (
        stations.ndim != 1
        or stations.size < 2
        or not np.all(np.isfinite(stations))
        or stations[0] != 0.0
        or np.any(np.diff(stations) <= 0.0)
    ):
        raise UnusableInputError(
            f"reach '{reach.name}': distances of the profile must rise from 0 at the seaward end, at least two of them"
        )
    return stations


def _check(estuary: Estuary) -> list[str]:
    """Names of the places, in the order in which reaches name them."""
    names = [reach.name for reach in estuary.reaches]
    if not names:
        raise UnusableInputError("the estuary has no reach; at least one is needed")
    for name in names:
        if names.count(name) > 1:
            raise UnusableInputError(f"two reaches are called '{name}'; each needs its own name")
    if estuary.friction_law not in FRICTIONS:
        raise UnusableInputError(
            f"friction law '{estuary.friction_law}' is unknown; allowed: {', '.join(FRICTIONS)}"
            f"{did_you_mean(estuary.friction_law, FRICTIONS)}"
        )
    places = list(dict.fromkeys(place for reach in estuary.reaches for place in (reach.seaward, reach.landward)))
    for reach in estuary.reaches:
        if estuary.friction_law == "slip" and reach.viscosity_m2_s is None:
            raise UnusableInputError(
                f"reach '{reach.name}': viscosity_m2_s is missing; the friction law 'slip' needs it"
            )
        if reach.seaward == reach.landward:
            raise UnusableInputError(
                f"reach '{reach.name}' begins and ends at '{reach.seaward}'; two places are needed"
            )
    if not estuary.mouths:
        raise UnusableInputError(f"the estuary has no mouth; name one or more of its places: {', '.join(places)}")
    for mouth in estuary.mouths:
        if mouth not in places:
            raise UnusableInputError(
                f"mouth '{mouth}' is the end of no reach; known: {', '.join(places)}{did_you_mean(mouth, places)}"
            )
    reached, grown = set(estuary.mouths), True
    while grown:
        more = {
            place
            for reach in estuary.reaches
            if {reach.seaward, reach.landward} & reached
            for place in (reach.seaward, reach.landward)
        }
        grown = not more <= reached
        reached |= more
    apart = [reach.name for reach in estuary.reaches if reach.seaward not in reached]
    if apart:
        raise UnusableInputError(
            f"reach '{apart[0]}' joins no other reach and no mouth; give its end the name of the place where it joins"
        )
    return places


class _ReachNodes(NamedTuple):
    """One reach on its own nodes."""

    spacing: float
    distance: np.ndarray
    bed: np.ndarray
    friction: np.ndarray
    viscosity: np.ndarray
    heights: np.ndarray
    widths: np.ndarray
    flowing: np.ndarray | None
    slope: np.ndarray


def _part(reach: Reach, cell_m: float) -> _ReachNodes:
    stations = _checked_stations(reach)
    links = max(2, round(stations[-1] / cell_m))
    x = np.linspace(0.0, stations[-1], links + 1)

    def at(values: np.ndarray) -> np.ndarray:
        return np.stack([np.interp(x, stations, column) for column in values.T], axis=1)

    heights = np.zeros(1) if reach.heights_m is None else np.asarray(reach.heights_m, dtype=float)
    if heights.ndim != 1 or heights[0] != 0.0 or np.any(np.diff(heights) <= 0.0) or not np.all(np.isfinite(heights)):
        raise UnusableInputError(f"reach '{reach.name}': heights of the section must rise from 0 at the bed")
    widths = _profile(reach, "width_m", reach.width_m, heights.size)
    if np.any(widths <= 0.0):
        raise UnusableInputError(f"reach '{reach.name}': a width of {widths.min():g} m; above 0 is needed")
    friction = _profile(reach, "friction", reach.friction, 1)
    if np.any(friction < 0.0):
        raise UnusableInputError(f"reach '{reach.name}': a friction of {friction.min():g}; at least 0 is needed")
    viscosity = _profile(reach, "viscosity_m2_s", 1.0 if reach.viscosity_m2_s is None else reach.viscosity_m2_s, 1)
    if np.any(viscosity <= 0.0):
        raise UnusableInputError(f"reach '{reach.name}': a viscosity of {viscosity.min():g} m²/s; above 0 is needed")
    slope = _profile(reach, "bank_slope", reach.bank_slope, 1)
    if np.any(slope < 0.0):
        raise UnusableInputError(f"reach '{reach.name}': a bank slope of {slope.min():g}; at least 0 is needed")
    flowing = None
    if reach.flowing_width_m is not None:
        conveying = _profile(reach, "flowing_width_m", reach.flowing_width_m, heights.size)
        if np.any(conveying > widths * (1.0 + _LOOSE)) or np.any(conveying <= 0.0):
            raise UnusableInputError(
                f"reach '{reach.name}': flowing_width_m lies outside 0 to width_m, as at {conveying.max():g} m"
            )
        flowing = at(conveying)
    return _ReachNodes(
        stations[-1] / links,
        x,
        at(_profile(reach, "bed_m", reach.bed_m, 1))[:, 0],
        at(friction)[:, 0],
        at(viscosity)[:, 0],
        heights,
        at(widths),
        flowing,
        at(slope)[:, 0],
    )


def layout_of(estuary: Estuary, cell_m: float = 1000.0) -> Layout:
    """The arrays of an estuary.

    Parameters
    ----------
    estuary : Estuary
    cell_m : float
        Wanted distance between nodes [m]; each reach has at least two links, all of the same length.

    Returns
    -------
    Layout
    """
    if not (np.isfinite(cell_m) and cell_m > 0.0):
        raise UnusableInputError(f"cell_m = {cell_m:g}; above 0 is needed")
    places = _check(estuary)
    parts = [_part(reach, cell_m) for reach in estuary.reaches]
    segments = max(part.heights.size for part in parts)
    total = sum(part.distance.size + 1 for part in parts)
    starts, lasts = [], []
    one = {
        name: np.full(total, fill)
        for name, fill in (("spacing", cell_m), ("length", cell_m), ("distance", 0.0), ("bed", 0.0), ("friction", 0.0))
    } | {"viscosity": np.ones(total)}
    slope = np.zeros(total)
    heights, widths = np.tile(np.arange(segments, dtype=float), (total, 1)), np.ones((total, segments))
    conveying = np.ones((total, segments))
    slot = 0
    for part in parts:
        first, last = slot + 1, slot + part.distance.size
        starts.append(first)
        lasts.append(last)
        here = slice(first, last + 1)
        one["spacing"][here] = part.spacing
        one["length"][here] = part.spacing
        one["length"][[first, last]] = 0.5 * part.spacing
        one["distance"][here], one["bed"][here] = part.distance, part.bed
        one["friction"][first:last] = 0.5 * (part.friction[1:] + part.friction[:-1])
        one["viscosity"][first:last] = 0.5 * (part.viscosity[1:] + part.viscosity[:-1])
        slope[here] = part.slope
        count = part.heights.size
        top = np.tile(part.heights, (part.distance.size, 1))
        # Sections with fewer heights than others get further ones high above, along the bank.
        more = part.heights[-1] + 1000.0 * np.arange(1, segments - count + 1)
        heights[here] = np.concatenate([top, np.tile(more, (part.distance.size, 1))], axis=1)
        up = part.slope[:, None] * (more - part.heights[-1])
        widths[here] = np.concatenate([part.widths, part.widths[:, -1:] + up], axis=1)
        flow = part.widths if part.flowing is None else part.flowing
        conveying[here] = np.concatenate([flow, flow[:, -1:] + up], axis=1)
        slot = last + 1
    ends = np.array(
        [[places.index(reach.seaward), places.index(reach.landward)] for reach in estuary.reaches], dtype=np.int64
    )
    joined = [np.flatnonzero(ends.ravel() == place) for place in range(len(places))]
    stored = table_of(heights, widths, slope)
    storing_only = any(part.flowing is not None for part in parts)
    flowing = (
        table_of(heights, conveying, slope) if storing_only else SectionTable(*(np.zeros((0, 0)) for _ in range(4)))
    )
    cells = ReachCells(
        np.array(starts, dtype=np.int64),
        np.array(lasts, dtype=np.int64),
        ends,
        **one,
        law=FRICTIONS.index(estuary.friction_law),
        stored=stored,
        flowing=flowing,
        joined=np.concatenate(joined).astype(np.int64),
        joined_from=np.concatenate([[0], np.cumsum([one_place.size for one_place in joined])]).astype(np.int64),
        is_mouth=np.array([place in estuary.mouths for place in places]),
    )
    return Layout(estuary, tuple(places), cells)
