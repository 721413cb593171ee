"""One event of `submersion` over a terrain: the sea at rest when it first reaches the dike, then what passes.

The clock of an event shows 0 where its history of the sea begins. Before the sea reaches the lowest crest, a breach that opens,
or waves run over the dike, nothing can pass: the run begins at that moment, with the sea and the foreshore that is connected
with it below its level at rest, and the land behind the dike dry; before wide estuaries a little sooner (`led_in`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import ndimage

from frugal.errors import UnusableInputError
from frugal.physics.shallow_water.flood_case import Breach, FloodCase, Inflow, Segment
from frugal.studies.flood.breach.wave_overtopping import LEAST_M2_S, Waves, wave_inflows
from frugal.studies.flood.local_water import LocalWater
from frugal.studies.flood.sea.failure import DikeFailure, first_time
from frugal.studies.flood.sea.history import SeaHistory
from frugal.studies.flood.terrain.seaward import connected
from frugal.studies.flood.terrain.terrain import FloodTerrain, breached, edge_of

#: Where nothing passes at all, the run begins so long before high tide.
NOTHING_PASSES_S = -3600.0
#: A run begins so many crossings of the water before the dike sooner where its sea would swing higher than this [m].
CROSSINGS, LEAST_SWING_M = 6.0, 0.05
LEAD_STEPS = 12
#: Over which the rate of rise is taken.
RATE_OVER_S = 300.0
GRAVITY = 9.81
#: Width of a dike's crest [m]: water that runs over it rubs along so much, however wide the cell that holds it.
CREST_WIDTH_M = 3.0


@dataclass(frozen=True)
class FixedBreach:
    """A breach that every event of a site has.

    Attributes
    ----------
    position : float
        Of its middle, as a share of the length of the dike.
    width_m : float
    failure : DikeFailure
    """

    position: float
    width_m: float
    failure: DikeFailure


@dataclass(frozen=True)
class Coast:
    """What the events of a site have in common, beside its terrain.

    Attributes
    ----------
    sides : tuple of str
        Where the sea is.
    history : SeaHistory
    failure : DikeFailure
        Of the breach that the inputs describe.
    breaches : tuple of FixedBreach
        Others.
    waves : Waves, optional
    water : LocalWater
        Rain, infiltration and links.
    """

    sides: tuple[str, ...]
    history: SeaHistory
    failure: DikeFailure = field(default_factory=DikeFailure)
    breaches: tuple[FixedBreach, ...] = ()
    waves: Waves | None = None
    water: LocalWater = field(default_factory=LocalWater)

    @property
    def duration_s(self) -> float:
        """Length of the event."""
        return self.history.end_s - self.history.begin_s

    def split(self, inputs: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Inputs that the sea depends on, and the others."""
        names = {variable.name for variable in self.history.variables}
        return (
            {name: value for name, value in inputs.items() if name in names},
            {name: value for name, value in inputs.items() if name not in names},
        )


@dataclass(frozen=True)
class Opening:
    """A breach of one event: cells, what they are lowered to, when.

    Attributes
    ----------
    cells : ndarray of int [k, 2]
    sill_m : ndarray [k]
    start_s, end_s : float
        From high tide.
    """

    cells: np.ndarray
    sill_m: np.ndarray
    start_s: float
    end_s: float


def storm(terrain: FloodTerrain, coast: Coast, *, roughness_factor: float, **inputs: float) -> FloodCase:
    """The event over a terrain, fine or coarse.

    Parameters
    ----------
    terrain : FloodTerrain
    coast : Coast
    roughness_factor : float
    **inputs : float
        The other inputs of the study.

    Raises
    ------
    UnusableInputError
        If the terrain has no sea on a side that should have it.
    """
    history = coast.history
    sea_inputs, breach = coast.split(inputs)
    time_s = history.knots_s()
    level = np.asarray(history.level(time_s, **sea_inputs), dtype=float)
    if not any(edge_of(terrain.sea, side).any() for side in coast.sides):
        raise UnusableInputError(
            f"the terrain has no sea on its {', '.join(coast.sides)} side in cells of {terrain.cell_size_m:g} m"
        )
    openings = openings_of(terrain, coast, time_s, level, **breach)
    over = None
    if coast.waves is not None and len(terrain.dike):
        over = coast.waves.discharge(time_s, level, terrain.bed[tuple(terrain.dike.T)])
    passing_s = first_passing(terrain, openings, time_s, level, over)
    # What rains before the sea comes has to be there when it does.
    passing_s = max(float(time_s[0]), min(passing_s, history.begin_s + coast.water.begins_s))
    knots_s, led = led_in(terrain, coast.sides, time_s, level, passing_s)
    clock_s = time_s - history.begin_s
    first = float(led[0])
    flood_case = FloodCase(
        bed=terrain.bed,
        cell_size_m=terrain.cell_size_m,
        duration_s=coast.duration_s,
        start_s=float(knots_s[0]) - history.begin_s,
        friction=_manning(terrain, openings) * roughness_factor,
        blocked=terrain.blocked,
        level=np.where(at_rest(terrain, coast.sides, first), first, terrain.bed),
        boundaries={
            side: tuple(
                Segment("level", begin, end, (knots_s - history.begin_s, led), name=f"sea {side} {begin}")
                for begin, end in stretches(edge_of(terrain.sea, side))
            )
            for side in coast.sides
        },
        breaches=tuple(_breach(opening, history.begin_s) for opening in openings),
        inflows=() if over is None else _waves_behind(terrain, openings, over, time_s, clock_s),
    )
    return coast.water.added(flood_case, terrain)


def _manning(terrain: FloodTerrain, openings: list[Opening]) -> np.ndarray:
    """Roughness of the cells, where the dike holds that of a crest that is narrower than they are.

    The friction of a thin sheet over a whole cell would hold back water that a weir lets pass: a tenth of it at 0.5 m of head
    and 25 m of cell, more of thinner sheets and on wider cells.
    """
    holds = np.zeros(terrain.shape, dtype=bool)
    holds[tuple(terrain.dike.T)] = True
    for opening in openings:
        holds[tuple(opening.cells.T)] = False
    narrower = math.sqrt(min(1.0, CREST_WIDTH_M / terrain.cell_size_m))
    return np.where(holds, terrain.manning * narrower, terrain.manning)


def _breach(opening: Opening, begin_s: float) -> Breach:
    rows, columns = opening.cells.T
    return Breach(rows, columns, opening.sill_m, opening.start_s - begin_s, opening.end_s - begin_s)


def openings_of(
    terrain: FloodTerrain,
    coast: Coast,
    time_s: np.ndarray,
    level_m: np.ndarray,
    breach_width: float = 0.0,
    breach_position: float = 0.5,
) -> list[Opening]:
    """The breaches of an event, each cell in the one that cuts it lowest.

    Parameters
    ----------
    terrain : FloodTerrain
    coast : Coast
    time_s, level_m : ndarray [t]
        The sea, from high tide.
    breach_width, breach_position : float
        As the inputs of the study; without a width the dike holds there.
    """
    if not len(terrain.dike):
        return []
    highest = float(level_m.max())
    planned = [(breach_position, breach_width, coast.failure)]
    planned += [(fixed.position, fixed.width_m, fixed.failure) for fixed in coast.breaches]
    lowest = np.full(terrain.shape, math.inf)
    found = []
    for position, width_m, failure in planned:
        start_s = failure.begins(time_s, level_m) if width_m > 0 else None
        if start_s is None:
            continue
        cells, sill = breached(terrain, position, width_m, highest)
        found.append(Opening(cells, sill, start_s, start_s + failure.opening_s))
        lowest[tuple(cells.T)] = np.minimum(lowest[tuple(cells.T)], sill)
    kept = []
    for opening in found:
        own = opening.sill_m <= lowest[tuple(opening.cells.T)]
        lowest[tuple(opening.cells[own].T)] = -math.inf  # in one breach only
        if own.any():
            kept.append(Opening(opening.cells[own], opening.sill_m[own], opening.start_s, opening.end_s))
    return kept


def first_passing(
    terrain: FloodTerrain,
    openings: list[Opening],
    time_s: np.ndarray,
    level_m: np.ndarray,
    over: np.ndarray | None = None,
) -> float:
    """When water may first pass the dike, from high tide; an hour before it where none ever does.

    Parameters
    ----------
    terrain : FloodTerrain
    openings : list of Opening
    time_s, level_m : ndarray [t]
        The sea, from high tide.
    over : ndarray [t, k], optional
        What waves bring over the dike [m³/s/m].
    """
    times = [first_time(time_s, level_m, terrain.passed_at_m)]
    times += [first_time(time_s, level_m, float(o.sill_m.min()), o.start_s) for o in openings]
    if over is not None:
        times.append(first_time(time_s, over.max(axis=1), LEAST_M2_S))
    known = [time for time in times if time is not None]
    return min(known) if known else float(np.clip(NOTHING_PASSES_S, time_s[0], (time_s[0] + time_s[-1]) / 2))


def led_in(
    terrain: FloodTerrain, sides: tuple[str, ...], time_s: np.ndarray, level_m: np.ndarray, passing_s: float
) -> tuple[np.ndarray, np.ndarray]:
    """Times and levels of the sea that a run is given, from its beginning on.

    Water at rest before a sea that rises already swings to and fro in a wide estuary, higher than any sea. There the run begins
    sooner, by the time that waves take to cross the water before the dike a few times, and the sea is led from rest to the rate
    and the level that it has when it first passes.

    Parameters
    ----------
    terrain : FloodTerrain
    sides : tuple of str
        Where the sea is.
    time_s, level_m : ndarray [t]
        The sea, from high tide.
    passing_s : float
        When it may first pass the dike.
    """
    after = time_s > passing_s
    first = float(np.interp(passing_s, time_s, level_m))
    times, levels = np.append(passing_s, time_s[after]), np.append(first, level_m[after])
    rate = float(np.interp(passing_s + RATE_OVER_S, time_s, level_m) - first) / RATE_OVER_S
    crossing = crossing_s(terrain, sides, first)
    if abs(rate) * crossing < LEAST_SWING_M or passing_s <= time_s[0]:
        return times, levels
    lead_s = min(CROSSINGS * crossing, passing_s - float(time_s[0]))
    share = np.linspace(0.0, 1.0, LEAD_STEPS, endpoint=False)
    led = first - rate * lead_s / 2 * (1.0 - share**2)
    return np.append(passing_s - lead_s * (1.0 - share), times), np.append(led, levels)


def crossing_s(terrain: FloodTerrain, sides: tuple[str, ...], level_m: float) -> float:
    """Time that a wave takes from the sides of the sea to the water farthest from them, at rest at a level."""
    wet = at_rest(terrain, sides, level_m)
    inland = np.ones(terrain.shape, dtype=bool)
    for side in sides:
        edge_of(inland, side)[edge_of(wet, side)] = False
    if inland.all():
        return 0.0
    farthest_m = float(ndimage.distance_transform_edt(inland)[wet].max()) * terrain.cell_size_m
    depth_m = float((level_m - terrain.bed[wet]).mean())
    return farthest_m / math.sqrt(GRAVITY * depth_m)


def at_rest(terrain: FloodTerrain, sides: tuple[str, ...], level_m: float) -> np.ndarray:
    """Sea and foreshore below a level that are connected with a side of the sea, ``[y, x]``."""
    seeds = np.zeros(terrain.shape, dtype=bool)
    for side in sides:
        edge_of(seeds, side)[...] |= edge_of(terrain.sea, side)
    return connected(terrain.bed, seeds, level_m, ~terrain.sea)


def stretches(wet: np.ndarray) -> list[tuple[int, int]]:
    """First and last cell (excluded) of each unbroken stretch."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], wet, [False]]).astype(int)))
    return [(int(first), int(last)) for first, last in edges.reshape(-1, 2)]


def _waves_behind(
    terrain: FloodTerrain, openings: list[Opening], over: np.ndarray, time_s: np.ndarray, clock_s: np.ndarray
) -> tuple[Inflow, ...]:
    gone = np.full(terrain.shape, math.inf)
    for opening in openings:
        gone[tuple(opening.cells.T)] = opening.start_s
    return wave_inflows(terrain, over, time_s, clock_s, gone[tuple(terrain.dike.T)])


def lowered(terrain: FloodTerrain, coast: Coast, **inputs: float) -> tuple[np.ndarray, float]:
    """The ground with every breach of an event open, and when the first opens on its clock [s].

    Parameters
    ----------
    terrain : FloodTerrain
    coast : Coast
    **inputs : float
        Of the study.
    """
    sea_inputs, breach = coast.split(inputs)
    breach.pop("roughness_factor", None)
    time_s = coast.history.knots_s()
    level = np.asarray(coast.history.level(time_s, **sea_inputs), dtype=float)
    openings = openings_of(terrain, coast, time_s, level, **breach)
    bed = terrain.bed.copy()
    for opening in openings:
        bed[tuple(opening.cells.T)] = np.minimum(bed[tuple(opening.cells.T)], opening.sill_m)
    first = min((opening.start_s for opening in openings), default=first_passing(terrain, [], time_s, level))
    return bed, first - coast.history.begin_s
