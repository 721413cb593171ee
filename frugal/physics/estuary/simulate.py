"""From an estuary and what drives it to levels and currents.

The interface, on plain arrays::

    estuary = Estuary((Reach("lower", "sea", "fork", ...), Reach("left", "fork", "weir", ...), ...), mouths=("sea",))
    driving = Driving({"sea": SeaLevel(0.3, amplitudes, phases, speeds)}, rivers={"weir": 300.0})
    tide = simulate_tide(estuary, driving, end_s=14.77 * 86400.0, every_s=600.0, cell_m=1000.0)
    tide.level_at("lower", 46_900.0)   # series of levels [m] at tide.times_s
    tide.speed_at("lower", 46_900.0)   # series of speeds [m/s], positive landward

`water_in_pieces` gives the same run piece by piece with the records (`water_run.WaterRecords`) from which whatever the water
carries can be moved (`frugal.physics.estuary.carrying`), and takes up a run where another one ended.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from frugal.errors import SolverError, UnusableInputError
from frugal.physics.estuary.driving import Driven, Driving, driven_of
from frugal.physics.estuary.network import Estuary, Layout, layout_of
from frugal.physics.estuary.water_run import Limits1D, Samples, WaterRecords, advance
from frugal.physics.estuary.water_steps import EstuaryWater, Scratch1D

#: Longest span between records of volumes [s].
RECORD_S = 300.0
#: Waves pass this share of a link in one step.
COURANT = 0.8
#: Links shallower than this [m] pass nothing.
DRY_M = 0.005
#: Films of water go no faster than at this Froude number.
FROUDE = 8.0
#: Spans that records have room for.
_ROOM = 512


@dataclass(frozen=True)
class StillWater:
    """Levels and discharges from which a run starts, [slot]."""

    levels_m: np.ndarray
    discharges_m3_s: np.ndarray


@dataclass(frozen=True)
class WaterLedger:
    """Volumes [m³] of a run."""

    before: float
    after: float
    entered: float

    @property
    def imbalance(self) -> float:
        """What is missing, as a share of the water that was there or entered."""
        return (self.after - self.before - self.entered) / max(abs(self.before), abs(self.entered), 1e-300)


@dataclass(frozen=True)
class TideRun:
    """Levels and currents of an estuary.

    Parameters
    ----------
    layout : Layout
    times_s : ndarray
        [time]
    levels_m : ndarray
        [time, slot], at nodes.
    discharges_m3_s : ndarray
        [time, slot], on links, positive landward.
    ledger : WaterLedger
    end : EstuaryWater
        From which another run may go on.
    """

    layout: Layout
    times_s: np.ndarray
    levels_m: np.ndarray
    discharges_m3_s: np.ndarray
    ledger: WaterLedger
    end: EstuaryWater

    def level_at(self, reach: str, distance_m: float) -> np.ndarray:
        """Levels [m] at a point of a reach, [time]."""
        slot, share = self.layout.at(reach, distance_m)
        return np.asarray((1.0 - share) * self.levels_m[:, slot] + share * self.levels_m[:, slot + 1])

    def speeds(self, reach: str) -> np.ndarray:
        """Speeds [m/s], positive landward, at the middles of the links of a reach, [time, link]."""
        slots = self.layout.slots(reach)
        cells = self.layout.cells
        table = cells.flowing if cells.flowing.height.size else cells.stored
        heights = np.maximum(self.levels_m[:, slots] - cells.bed[slots], 0.0)
        area = areas_below(table, slots, heights)
        section = np.minimum(0.5 * (area[:, 1:] + area[:, :-1]), 2.0 * np.minimum(area[:, 1:], area[:, :-1]))
        carried = self.discharges_m3_s[:, slots.start : slots.stop - 1]
        return np.divide(carried, section, out=np.zeros_like(carried), where=section > 1e-9)

    def speed_at(self, reach: str, distance_m: float) -> np.ndarray:
        """Speeds [m/s], positive landward, at a point of a reach, [time]."""
        slot, share = self.layout.at(reach, distance_m)
        speeds = self.speeds(reach)
        place = slot - self.layout.slots(reach).start + share - 0.5
        k = int(np.clip(np.floor(place), 0, speeds.shape[1] - 2))
        part = min(max(place - k, 0.0), 1.0)
        return np.asarray((1.0 - part) * speeds[:, k] + part * speeds[:, k + 1])


def areas_below(table: Any, slots: slice, heights: np.ndarray) -> np.ndarray:
    """Areas [m²] of sections below heights over their beds [m], [time, slot]."""
    edges = table.height[slots]
    k = np.clip((heights[:, :, None] > edges[None, :, 1:]).sum(axis=2), 0, edges.shape[1] - 1)
    at = np.arange(edges.shape[0])[None, :]
    over = heights - edges[at, k]
    return np.asarray(
        table.area[slots][at, k] + over * (table.width[slots][at, k] + 0.5 * table.growth[slots][at, k] * over)
    )


def still_water(layout: Layout, driving: Driving, depth_m: float = 1.0) -> StillWater:
    """Water at rest at the level of the sea, at least so deep; rivers fill it while the run spins up.

    Parameters
    ----------
    layout : Layout
    driving : Driving
    depth_m : float
        Least depth [m], where the bed lies near or above the sea.

    Returns
    -------
    StillWater
    """
    cells = layout.cells
    seas = [driving.levels[name].mean_m for name in layout.estuary.mouths if name in driving.levels]
    sea = (float(np.mean(seas)) if seas else 0.0) + driving.sea_level_rise_m
    return StillWater(np.maximum(sea, cells.bed + depth_m), np.zeros(cells.bed.size))


def _started(layout: Layout, driven: Driven, start_s: float, start: StillWater | EstuaryWater) -> EstuaryWater:
    slots, places = layout.cells.bed.size, len(layout.places)
    if isinstance(start, EstuaryWater):
        if start.volume.size != slots or start.place_volume.size != places:
            raise UnusableInputError(
                f"the state to go on from has {start.volume.size} cells, the estuary {slots}; use one of the same estuary"
            )
        return copy.deepcopy(start)
    waters = EstuaryWater(
        volume=np.zeros(slots),
        discharge=np.zeros(slots),
        former=np.zeros(slots),
        place_volume=np.zeros(places),
        place_level=np.zeros(places),
        end_rate=np.zeros(slots),
        clock=np.zeros(3),
    )
    waters.clock[:2] = start_s, -1.0  # no step yet
    levels = np.asarray(start.levels_m, dtype=float)
    cells = layout.cells
    heights = np.maximum(levels - cells.bed, 0.0)
    waters.volume[:] = cells.length * areas_below(cells.stored, slice(None), heights[None])[0]
    waters.discharge[:] = waters.former[:] = start.discharges_m3_s
    for end, place in enumerate(cells.ends.ravel()):
        waters.place_level[place] = levels[(cells.lasts if end % 2 else cells.starts)[end // 2]]
    return waters


def volume_of(layout: Layout, waters: EstuaryWater) -> float:
    """Water in the estuary [m³]."""
    within = sum(
        float(waters.volume[first + 1 : last].sum())
        for first, last in zip(layout.cells.starts, layout.cells.lasts, strict=True)
    )
    return within + float(waters.place_volume.sum())


def water_in_pieces(
    layout: Layout,
    driving: Driving,
    times_s: np.ndarray,
    end_s: float,
    start_s: float = 0.0,
    start: StillWater | EstuaryWater | None = None,
    record_s: float = RECORD_S,
    courant: float = COURANT,
    dry_m: float = DRY_M,
) -> Iterator[tuple[int, WaterRecords, Samples, EstuaryWater]]:
    """Run the water, piece by piece.

    Parameters
    ----------
    layout : Layout
    driving : Driving
    times_s : array
        Wanted times of levels and discharges, rising [s].
    end_s, start_s : float
        Of the run [s].
    start : StillWater or EstuaryWater, optional
        Or `still_water`.
    record_s : float
        Longest span between records [s].
    courant : float
        Share of a link that waves pass in one step; stable below 1.
    dry_m : float
        Links shallower than this pass nothing [m].

    Yields
    ------
    tuple of int, WaterRecords, Samples and EstuaryWater
        Spans that are filled, in records that the next piece writes over; samples and state, as far as they are.
    """
    if not end_s > start_s:
        raise UnusableInputError(f"a run from {start_s:g} to {end_s:g} s; its end must lie after its start")
    if not 0.0 < courant <= 1.0:
        raise UnusableInputError(f"courant = {courant:g}; above 0 and at most 1 is needed")
    cells = layout.cells
    slots, places = cells.bed.size, len(layout.places)
    driven = driven_of(driving, layout, start_s, end_s)
    waters = _started(layout, driven, start_s, still_water(layout, driving) if start is None else start)
    scratch = Scratch1D(*(np.zeros(slots) for _ in range(9)))
    records = WaterRecords(
        np.zeros(_ROOM + 1),
        np.zeros((_ROOM + 1, slots)),
        np.zeros((_ROOM + 1, places)),
        np.zeros((_ROOM, slots)),
        np.zeros((_ROOM, places)),
    )
    wanted = np.ascontiguousarray(times_s, dtype=float)
    samples = Samples(
        wanted, np.zeros((wanted.size, slots)), np.zeros((wanted.size, slots)), np.zeros(1, dtype=np.int64)
    )
    limits = Limits1D(float(record_s), float(courant), float(dry_m), FROUDE)
    while waters.clock[0] < end_s:
        before = float(waters.clock[0])
        spans = advance(cells, driven, waters, scratch, limits, float(end_s), samples, records)
        if spans < 0 or waters.clock[0] <= before:
            raise SolverError(
                f"the water of the estuary has no finite level any more after {waters.clock[0]:.0f} s; "
                "check depths, widths and levels"
            )
        yield spans, records, samples, waters


def kept_times(first_s: float, end_s: float, every_s: float) -> np.ndarray:
    """Times [s] from the first one to the end at equal distances."""
    if not (np.isfinite(every_s) and every_s > 0.0):
        raise UnusableInputError(f"every_s = {every_s:g}; above 0 is needed")
    if first_s > end_s:
        raise UnusableInputError(f"keep_from_s = {first_s:g} lies after the end of the run, {end_s:g} s")
    return np.asarray(first_s + every_s * np.arange(int((end_s - first_s) / every_s + 1e-9) + 1))


def simulate_tide(
    estuary: Estuary | Layout,
    driving: Driving,
    end_s: float,
    every_s: float = 600.0,
    keep_from_s: float | None = None,
    start_s: float = 0.0,
    start: StillWater | EstuaryWater | None = None,
    cell_m: float = 1000.0,
    courant: float = COURANT,
    dry_m: float = DRY_M,
    record_s: float = RECORD_S,
) -> TideRun:
    """Levels and currents.

    Parameters
    ----------
    estuary : Estuary or Layout
    driving : Driving
    end_s : float
        End of the run [s].
    every_s : float
        Between the times that are kept [s].
    keep_from_s : float, optional
        First of them [s], after the time to spin up; the start where not given.
    start_s : float
        [s]
    start : StillWater or EstuaryWater, optional
        Levels and discharges to start from, or the end of another run; water at rest where not given.
    cell_m : float
        Distance between nodes [m].
    courant, dry_m, record_s : float
        As in `water_in_pieces`.

    Returns
    -------
    TideRun
    """
    layout = estuary if isinstance(estuary, Layout) else layout_of(estuary, cell_m)
    times = kept_times(start_s if keep_from_s is None else keep_from_s, end_s, every_s)
    pieces = water_in_pieces(layout, driving, times, end_s, start_s, start, record_s, courant, dry_m)
    spans, records, samples, waters = next(pieces)
    before, entered = volume_recorded(layout, records), float(records.entered[:spans].sum())
    for more, records_, _, _ in pieces:  # the records are written over, samples and state are the same arrays
        entered += float(records_.entered[:more].sum())
    ledger = WaterLedger(before, volume_of(layout, waters), entered)
    return TideRun(layout, times, samples.levels, samples.discharges, ledger, waters)


def volume_recorded(layout: Layout, records: WaterRecords) -> float:
    """Water in the estuary [m³] at the first moment of records."""
    within = sum(
        float(records.volumes[0, first + 1 : last].sum())
        for first, last in zip(layout.cells.starts, layout.cells.lasts, strict=True)
    )
    return within + float(records.places[0].sum())
