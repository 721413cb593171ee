"""Salt, mud, heat, oxygen and tracers along an estuary.

The interface::

    carrying = Carrying(
        outside={"salt": {"sea": 34.0}, "mud": {"sea": 0.05, "weir": 0.02}},   # a number or (times_s, values) each
        start={"salt": 0.0, "mud": 0.1},                                       # a number or an array [slot]
        mixing=Mixing(van_den_burgh=0.4, convergence_m=43_000.0),
        mud=Mud(bed_kg_m2=2.0),
    )
    run = simulate_carried(estuary, driving, carrying, end_s=..., every_s=...)
    run.at("salt", "lower", 46_900.0)     # series at run.tide.times_s
    run.ledgers["mud"].imbalance

Salt is in psu (kg/m³ in the ledger), mud in kg/m³, heat in °C, oxygen and its demands "carbon" and "nitrogen" in mg/l. Places
where nothing is said of a substance bring none of it. The laws are those of `mixing` and `reactions`. What this cannot do:
gravitational circulation and stratification, which pull salt and mud landward near the bed, are only in the dispersion, and
mud does not slow the water.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from frugal.errors import UnusableInputError
from frugal.physics.estuary.carried import Carrying, laws_of, names_of
from frugal.physics.estuary.carry_run import MUD, Carriage, CarriedSamples, carry
from frugal.physics.estuary.carrying_steps import CarryScratch
from frugal.physics.estuary.driving import Driving
from frugal.physics.estuary.mixing import RunningMeans
from frugal.physics.estuary.network import Estuary, Layout, layout_of
from frugal.physics.estuary.simulate import (
    COURANT,
    DRY_M,
    RECORD_S,
    StillWater,
    TideRun,
    WaterLedger,
    kept_times,
    volume_of,
    volume_recorded,
    water_in_pieces,
)
from frugal.physics.estuary.water_run import WaterRecords
from frugal.physics.estuary.water_steps import EstuaryWater


@dataclass(frozen=True)
class CarriedLedger:
    """Amounts of a substance: in water and bed before and after, what entered from sea and rivers, what was poured in."""

    before: float
    after: float
    entered: float
    loaded: float

    @property
    def imbalance(self) -> float:
        """What is missing, as a share of what was there, entered or was poured in."""
        size = max(abs(self.before), abs(self.after), abs(self.entered), abs(self.loaded), 1e-300)
        return (self.after - self.before - self.entered - self.loaded) / size


@dataclass(frozen=True)
class CarriedRun:
    """Concentrations over a run.

    Parameters
    ----------
    layout : Layout
    times_s : ndarray
        [time]
    concentrations : mapping of str to ndarray
        [time, slot] each.
    bed_kg_m2 : ndarray
        Mud on the bed, [time, slot].
    ledgers : mapping of str to CarriedLedger
        Of substances that react (heat, oxygen and its demands) too: what reactions did is missing there.
    dispersion_m2_s : ndarray
        On links at the end, [slot].
    tide : TideRun or None
        Of the same run; None along given currents.
    state : Carriage
        At the end.
    """

    layout: Layout
    times_s: np.ndarray
    concentrations: Mapping[str, np.ndarray]
    bed_kg_m2: np.ndarray
    ledgers: Mapping[str, CarriedLedger]
    dispersion_m2_s: np.ndarray
    tide: TideRun | None
    state: Carriage

    def at(self, substance: str, reach: str, distance_m: float) -> np.ndarray:
        """Concentrations at a point of a reach, [time]."""
        slot, share = self.layout.at(reach, distance_m)
        field_ = self.concentrations[substance]
        return np.asarray((1.0 - share) * field_[:, slot] + share * field_[:, slot + 1])


def widths_at(layout: Layout, level_m: float) -> np.ndarray:
    """Widths [m] of nodes at a level, [slot]; where the bed lies above it, at the bed."""
    cells = layout.cells
    heights = np.maximum(level_m - cells.bed, 0.0)
    return np.array([width_at(cells.stored, i, float(h)) for i, h in enumerate(heights)])


def width_at(table: Any, slot: int, height: float) -> float:
    """`sections.width_of` for Python."""
    k = int(np.clip((height > table.height[slot, 1:]).sum(), 0, table.height.shape[1] - 1))
    return float(table.width[slot, k] + table.growth[slot, k] * (height - table.height[slot, k]))


def _amounts(layout: Layout, volumes: np.ndarray, places: np.ndarray, state: Carriage) -> np.ndarray:
    """Amounts of all substances in water and bed, [substance]."""
    cells = layout.cells
    total = np.zeros(state.c.shape[0])
    for first, last in zip(cells.starts, cells.lasts, strict=True):
        total += state.c[:, first + 1 : last] @ volumes[first + 1 : last]
    for place in range(places.size):
        end = int(cells.joined[cells.joined_from[place]])
        slot = cells.lasts[end // 2] if end % 2 else cells.starts[end // 2]
        total += state.c[:, slot] * places[place]
    total[MUD] += state.bed.sum()
    return total


def bed_of(given: Any, layout: Layout) -> np.ndarray:
    """Mud on the bed [kg/m²], [slot], of a number, an array or stretches of reaches.

    Parameters
    ----------
    given : float, array or mapping
        As `carried.Mud.bed_kg_m2`.
    layout : Layout

    Returns
    -------
    ndarray
    """
    slots = layout.cells.bed.size
    if not isinstance(given, Mapping):
        return np.array(np.broadcast_to(np.asarray(given, dtype=float), (slots,)))
    found = np.zeros(slots)
    for name, (distances, amounts) in given.items():
        here = layout.slots(name)
        found[here] = np.interp(layout.cells.distance[here], distances, amounts, left=0.0, right=0.0)
    return found


def _state_of(carrying: Carrying, layout: Layout, widths: np.ndarray) -> Carriage:
    cells = layout.cells
    slots = cells.bed.size
    names = names_of(carrying)
    c = np.zeros((len(names), slots))
    for name, value in carrying.start.items():
        c[names.index(name)] = value
    bed = np.zeros(slots)
    if carrying.mud is not None:
        given = bed_of(carrying.mud.bed_kg_m2, layout) * widths * cells.length
        if np.any(given < 0.0):
            raise UnusableInputError(f"bed_kg_m2 = {given.min():g}; at least 0 is needed")
        for place in range(len(layout.places)):
            ends = cells.joined[cells.joined_from[place] : cells.joined_from[place + 1]]
            at = [int(cells.lasts[end // 2] if end % 2 else cells.starts[end // 2]) for end in ends]
            if not cells.is_mouth[place]:
                bed[at[0]] = given[at].sum()
            c[:, at] = c[:, at[:1]]
        for first, last in zip(cells.starts, cells.lasts, strict=True):
            bed[first + 1 : last] = given[first + 1 : last]
    means = RunningMeans(np.zeros(slots), np.zeros(slots), np.zeros(len(layout.places)), np.zeros(1))
    count = len(names)
    return Carriage(c, bed, means, np.zeros(slots), np.zeros(1), np.zeros(count), np.zeros(count))


def carry_along(
    layout: Layout,
    pieces: Iterable[tuple[int, WaterRecords]],
    carrying: Carrying,
    times_s: np.ndarray,
    mean_level_m: float = 0.0,
    state: Carriage | None = None,
) -> CarriedRun:
    """What is carried along currents, computed or given.

    Parameters
    ----------
    layout : Layout
    pieces : iterable of int and WaterRecords
        Spans and their records, as from `simulate.water_in_pieces`.
    carrying : Carrying
    times_s : array
        Wanted times [s].
    mean_level_m : float
        At which the bed's area is taken [m].
    state : Carriage, optional
        Of a run to go on from; changed in place.

    Returns
    -------
    CarriedRun
    """
    laws = laws_of(carrying, layout)
    widths = widths_at(layout, mean_level_m)
    state = _state_of(carrying, layout, widths) if state is None else state
    slots, places = widths.size, len(layout.places)
    scratch = CarryScratch(
        passed=np.zeros(slots),
        padded=np.zeros(slots + 1),
        exchange=np.zeros(slots),
        place_gain=np.zeros(places),
        constant=np.zeros(slots),
        outside=np.zeros(places),
        of_reaches=np.zeros(layout.cells.starts.size),
    )
    wanted = np.ascontiguousarray(times_s, dtype=float)
    count = state.c.shape[0]
    samples = CarriedSamples(
        wanted, np.zeros((wanted.size, count, slots)), np.zeros((wanted.size, slots)), np.zeros(1, dtype=np.int64)
    )
    before = after = np.zeros(count)
    entered, loaded = state.entered.copy(), state.loaded.copy()
    first = True
    for spans, records in pieces:
        if first:
            before = _amounts(layout, records.volumes[0], records.places[0], state)
            first = False
        carry(layout.cells, laws, state, scratch, widths, records, spans, samples)
        after = _amounts(layout, records.volumes[spans], records.places[spans], state)
    names = names_of(carrying)
    carried = [k for k in range(count) if laws.active[k]]
    return CarriedRun(
        layout,
        wanted,
        {names[k]: samples.c[:, k] for k in carried},
        samples.bed,
        {
            names[k]: CarriedLedger(
                float(before[k]),
                float(after[k]),
                float(state.entered[k] - entered[k]),
                float(state.loaded[k] - loaded[k]),
            )
            for k in carried
        },
        state.dispersion,
        None,
        state,
    )


def simulate_carried(
    estuary: Estuary | Layout,
    driving: Driving,
    carrying: Carrying,
    end_s: float,
    every_s: float = 600.0,
    keep_from_s: float | None = None,
    start_s: float = 0.0,
    start: StillWater | EstuaryWater | None = None,
    state: Carriage | None = None,
    cell_m: float = 1000.0,
    courant: float = COURANT,
    dry_m: float = DRY_M,
    record_s: float = RECORD_S,
) -> CarriedRun:
    """Levels, currents and what they carry.

    Parameters
    ----------
    estuary : Estuary or Layout
    driving : Driving
    carrying : Carrying
    end_s, every_s, keep_from_s, start_s, start, cell_m, courant, dry_m, record_s
        As in `simulate.simulate_tide`.
    state : Carriage, optional
        Of a run to go on from.

    Returns
    -------
    CarriedRun
    """
    layout = estuary if isinstance(estuary, Layout) else layout_of(estuary, cell_m)
    times = kept_times(start_s if keep_from_s is None else keep_from_s, end_s, every_s)
    kept: dict[str, Any] = {"entered": 0.0}

    def pieces() -> Iterable[tuple[int, WaterRecords]]:
        for spans, records, samples, waters in water_in_pieces(
            layout, driving, times, end_s, start_s, start, record_s, courant, dry_m
        ):
            kept.setdefault("before", volume_recorded(layout, records))
            kept["entered"] += float(records.entered[:spans].sum())
            kept["samples"], kept["waters"] = samples, waters
            yield spans, records

    seas = [level.mean_m for level in driving.levels.values()]
    mean = float(np.mean(seas)) + driving.sea_level_rise_m if seas else 0.0
    run = carry_along(layout, pieces(), carrying, times, mean, state)
    ledger = WaterLedger(kept["before"], volume_of(layout, kept["waters"]), kept["entered"])
    tide = TideRun(layout, times, kept["samples"].levels, kept["samples"].discharges, ledger, kept["waters"])
    return CarriedRun(
        run.layout,
        run.times_s,
        run.concentrations,
        run.bed_kg_m2,
        run.ledgers,
        run.dispersion_m2_s,
        tide,
        run.state,
    )
