"""All that the water of an estuary carries, span by span along the records of its water."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from frugal.physics.compiled import inner, kernel
from frugal.physics.estuary.carrying_steps import CarryScratch, advect, disperse, parts_of_dispersion
from frugal.physics.estuary.mixing import MixingLaw, RunningMeans, find_dispersion, remember
from frugal.physics.estuary.network import ReachCells
from frugal.physics.estuary.reactions import (
    MudLaw,
    OxygenLaw,
    bed_stress,
    heat_after,
    mud_after,
    oxygen_after,
)
from frugal.physics.estuary.rows import copy_row, fill
from frugal.physics.estuary.water_run import WaterRecords

#: Rows of the substances; further ones are tracers that nothing changes.
SALT, MUD, HEAT, OXYGEN, CARBON, NITROGEN = 0, 1, 2, 3, 4, 5
#: Dispersion is found anew after this time [s].
_ANEW_S = 3600.0


class SeriesTable(NamedTuple):
    """Numbers that may vary with time: a constant each, plus a series where there is one, linear between its times."""

    constant: np.ndarray
    times: np.ndarray
    values: np.ndarray
    begins: np.ndarray  # [number + 1]


class CarryLaws(NamedTuple):
    """What is carried, and how it mixes and changes."""

    active: np.ndarray  # [substance]
    outside: np.ndarray  # [substance, place], number of the series of the concentration beyond a place
    toward_sea_s: float  # time within which water entering from the sea takes on its concentration; 0: at once
    fixed_sea: bool  # the concentration of the sea always stands at the mouths
    mixes_with_sea: bool  # dispersion passes the last link before a mouth
    mixing: MixingLaw
    mud_dispersion: float  # [m²/s]; below 0: as the others
    mud: MudLaw
    exchanges_mud: bool
    heat_exchange: float  # [W/m²/K]
    equilibrium: int  # number of the series of the temperature of equilibrium
    oxygen: OxygenLaw
    reacts: bool
    load_slots: np.ndarray
    load_substances: np.ndarray
    load_series: np.ndarray  # [kg/s], or grams for what counts in mg/l
    series: SeriesTable


class Carriage(NamedTuple):
    """The state of what is carried, and its ledger."""

    c: np.ndarray  # [substance, slot]
    bed: np.ndarray  # [slot], mud on the bed [kg]; that of a place in the slot of its first end
    means: RunningMeans
    dispersion: np.ndarray  # [slot], on links [m²/s]
    found: np.ndarray  # time since dispersion was found [s]
    entered: np.ndarray  # [substance], from sea and rivers
    loaded: np.ndarray  # [substance]


class CarriedSamples(NamedTuple):
    """Concentrations at wanted times."""

    times: np.ndarray
    c: np.ndarray  # [time, substance, slot]
    bed: np.ndarray  # [time, slot], [kg/m²]
    taken: np.ndarray


@inner(error_model="numpy")
def _value(series: SeriesTable, number: int, time: float) -> float:
    low, high = series.begins[number], series.begins[number + 1]
    if high == low:
        return series.constant[number]
    while high - low > 2:
        middle = (low + high - 1) // 2
        if series.times[middle] <= time:
            low = middle
        else:
            high = middle + 1
    share = (time - series.times[low]) / (series.times[low + 1] - series.times[low])
    share = min(max(share, 0.0), 1.0)
    return series.constant[number] + series.values[low] + share * (series.values[low + 1] - series.values[low])


@inner(error_model="numpy")
def _exchange_mud(
    cells: ReachCells,
    law: MudLaw,
    c: np.ndarray,
    bed: np.ndarray,
    widths: np.ndarray,
    volumes: np.ndarray,
    places: np.ndarray,
    passed: np.ndarray,
    dt: float,
) -> None:
    """Erosion and settling within half of a span; `c` and `bed` are those of mud."""
    for r in range(cells.starts.size):
        before = _squared_speed(cells, volumes, passed, cells.starts[r], dt)
        for i in range(cells.starts[r] + 1, cells.lasts[r]):
            here = _squared_speed(cells, volumes, passed, i, dt)
            floor = cells.length[i] * widths[i]
            _exchange_in_cell(law, c, bed, i, volumes[i], floor, 0.5 * (before + here), dt)
            before = here
    for place in range(places.size):
        if cells.is_mouth[place]:
            continue
        first, floor, squared_speed = _place_of(cells, widths, volumes, passed, place, dt)
        _exchange_in_cell(law, c, bed, first, places[place], floor, squared_speed, dt)
        for k in range(cells.joined_from[place], cells.joined_from[place + 1]):
            end = cells.joined[k]
            c[cells.lasts[end // 2] if end % 2 else cells.starts[end // 2]] = c[first]


@inner(error_model="numpy")
def _exchange_in_cell(
    law: MudLaw,
    c: np.ndarray,
    bed: np.ndarray,
    slot: int,
    volume: float,
    floor: float,
    squared_speed: float,
    dt: float,
) -> None:
    if volume <= 1e-6 * floor:
        return
    depth = volume / floor
    held = c[slot] * volume
    stress = bed_stress(law, slot, squared_speed, depth)
    left = mud_after(law, slot, held, bed[slot], volume, floor, depth, stress, 0.5 * dt)
    bed[slot] += held - left
    c[slot] = left / volume


@inner(error_model="numpy")
def _react(
    laws: CarryLaws,
    carriage: Carriage,
    slot: int,
    volume: float,
    surface: float,
    squared_speed: float,
    time: float,
    dt: float,
) -> None:
    """Changes of heat and oxygen within one cell, in the row of the given slot."""
    if volume <= 1e-6 * surface:
        return
    c = carriage.c
    depth = volume / surface
    if laws.active[HEAT] and laws.heat_exchange > 0.0:
        target = _value(laws.series, laws.equilibrium, time)
        c[HEAT, slot] = heat_after(c[HEAT, slot], target, laws.heat_exchange, depth, dt)
    if laws.reacts:
        warm = c[HEAT, slot] if laws.active[HEAT] else _value(laws.series, laws.equilibrium, time)
        oxygen, carbon, nitrogen = oxygen_after(
            laws.oxygen,
            c[OXYGEN, slot],
            c[CARBON, slot],
            c[NITROGEN, slot],
            c[MUD, slot],
            warm,
            c[SALT, slot],
            math.sqrt(squared_speed),
            depth,
            dt,
        )
        c[OXYGEN, slot], c[CARBON, slot], c[NITROGEN, slot] = oxygen, carbon, nitrogen


@inner(error_model="numpy")
def _squared_speed(cells: ReachCells, volumes: np.ndarray, passed: np.ndarray, link: int, dt: float) -> float:
    area = 0.5 * (volumes[link] / cells.length[link] + volumes[link + 1] / cells.length[link + 1])
    u = passed[link] / (dt * area) if area > 1e-9 else 0.0
    return u * u


@inner(error_model="numpy")
def _place_of(
    cells: ReachCells, widths: np.ndarray, volumes: np.ndarray, passed: np.ndarray, place: int, dt: float
) -> tuple[int, float, float]:
    """Slot of the first end at a place, area of its floor [m²] and the mean square of the speed beside it."""
    floor, moving = 0.0, 0.0
    first = -1
    for k in range(cells.joined_from[place], cells.joined_from[place + 1]):
        end = cells.joined[k]
        slot = cells.lasts[end // 2] if end % 2 else cells.starts[end // 2]
        first = slot if first < 0 else first
        share = cells.length[slot] * widths[slot]
        floor += share
        moving += share * _squared_speed(cells, volumes, passed, slot - 1 if end % 2 else slot, dt)
    return first, floor, moving / floor


@inner(error_model="numpy")
def _react_all(
    cells: ReachCells,
    laws: CarryLaws,
    carriage: Carriage,
    widths: np.ndarray,
    volumes: np.ndarray,
    places: np.ndarray,
    passed: np.ndarray,
    time: float,
    dt: float,
) -> None:
    for r in range(cells.starts.size):
        before = _squared_speed(cells, volumes, passed, cells.starts[r], dt)
        for i in range(cells.starts[r] + 1, cells.lasts[r]):
            here = _squared_speed(cells, volumes, passed, i, dt)
            _react(laws, carriage, i, volumes[i], cells.length[i] * widths[i], 0.5 * (before + here), time, dt)
            before = here
    for place in range(places.size):
        if cells.is_mouth[place]:
            continue
        first, floor, squared_speed = _place_of(cells, widths, volumes, passed, place, dt)
        _react(laws, carriage, first, places[place], floor, squared_speed, time, dt)
        for k in range(cells.joined_from[place], cells.joined_from[place + 1]):
            end = cells.joined[k]
            slot = cells.lasts[end // 2] if end % 2 else cells.starts[end // 2]
            for substance in range(carriage.c.shape[0]):
                carriage.c[substance, slot] = carriage.c[substance, first]


@inner(error_model="numpy")
def _keep(cells: ReachCells, carriage: Carriage, widths: np.ndarray, samples: CarriedSamples, time: float) -> None:
    near = 1e-9 * max(1.0, abs(time))
    while samples.taken[0] < samples.times.size and samples.times[samples.taken[0]] <= time + near:
        for k in range(carriage.c.shape[0]):
            copy_row(carriage.c[k], samples.c[samples.taken[0], k])
        for i in range(widths.size):
            samples.bed[samples.taken[0], i] = carriage.bed[i] / (widths[i] * cells.length[i])
        samples.taken[0] += 1


@kernel(error_model="numpy")
def carry(
    cells: ReachCells,
    laws: CarryLaws,
    carriage: Carriage,
    scratch: CarryScratch,
    widths: np.ndarray,
    records: WaterRecords,
    spans: int,
    samples: CarriedSamples,
) -> None:
    """Take what is carried along the recorded spans; `widths` [m] are those of nodes at mean level."""
    outside = scratch.outside
    _keep(cells, carriage, widths, samples, records.times[0])
    for s in range(spans):
        time, dt = records.times[s + 1], records.times[s + 1] - records.times[s]
        after = records.volumes[s + 1]
        places = records.places[s + 1]
        passed = records.passed[s]
        remember(cells, after, passed, records.entered[s], dt, carriage.means)
        carriage.found[0] -= dt
        if carriage.found[0] <= 0.0:
            find_dispersion(
                cells, laws.mixing, carriage.means, widths, outside, scratch.of_reaches, carriage.dispersion
            )
            carriage.found[0] = _ANEW_S
        toward = 1.0 if laws.toward_sea_s <= 0.0 else 1.0 - math.exp(-dt / laws.toward_sea_s)
        mud = carriage.c[MUD]
        if laws.exchanges_mud:
            # Half before and half after it is carried: else erosion would lag behind the current by half a span.
            _exchange_mud(cells, laws.mud, mud, carriage.bed, widths, records.volumes[s], records.places[s], passed, dt)
        own = laws.active[MUD] and laws.mud_dispersion >= 0.0  # mud is mixed otherwise than the rest
        for turn in range(2 if own else 1):
            if turn == 1:
                fill(scratch.constant, laws.mud_dispersion)
            dispersion = carriage.dispersion if turn == 0 else scratch.constant
            parts = parts_of_dispersion(cells, after, places, dispersion, laws.mixes_with_sea, dt, scratch)
            for substance in range(laws.active.size):
                if laws.active[substance] and (substance == MUD and own) == (turn == 1):
                    _move(cells, laws, carriage, scratch, records, s, substance, toward, parts, outside)
        for k in range(laws.load_slots.size):
            slot, substance = laws.load_slots[k], laws.load_substances[k]
            amount = dt * _value(laws.series, laws.load_series[k], time - 0.5 * dt)
            if after[slot] > 1e-9:
                carriage.c[substance, slot] += amount / after[slot]
                carriage.loaded[substance] += amount
        if laws.exchanges_mud:
            _exchange_mud(cells, laws.mud, mud, carriage.bed, widths, after, places, passed, dt)
        if laws.reacts or (laws.active[HEAT] and laws.heat_exchange > 0.0):
            _react_all(cells, laws, carriage, widths, after, places, passed, time, dt)
        _keep(cells, carriage, widths, samples, time)


@inner(error_model="numpy")
def _move(
    cells: ReachCells,
    laws: CarryLaws,
    carriage: Carriage,
    scratch: CarryScratch,
    records: WaterRecords,
    s: int,
    substance: int,
    toward: float,
    parts: int,
    outside: np.ndarray,
) -> None:
    """Advection and dispersion of one substance over one span."""
    time, dt = records.times[s + 1], records.times[s + 1] - records.times[s]
    c = carriage.c[substance]
    for place in range(outside.size):
        outside[place] = _value(laws.series, laws.outside[substance, place], time - 0.5 * dt)
    entered = advect(
        cells,
        records.volumes[s],
        records.volumes[s + 1],
        records.places[s],
        records.places[s + 1],
        records.passed[s],
        records.entered[s],
        outside,
        toward,
        c,
        scratch,
    )
    if laws.fixed_sea:
        for end in range(2 * cells.starts.size):
            place = cells.ends[end // 2, end % 2]
            if cells.is_mouth[place]:
                slot = cells.lasts[end // 2] if end % 2 else cells.starts[end // 2]
                entered += records.volumes[s + 1][slot] * (outside[place] - c[slot])
                c[slot] = outside[place]
    entered += disperse(cells, records.volumes[s + 1], records.places[s + 1], dt, parts, c, scratch)
    carriage.entered[substance] += entered
