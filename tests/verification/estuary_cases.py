"""Cases of the estuary solver with known answers, for tests and for the benchmark."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from verification import shallow_water_cases

from frugal.physics.estuary import closed_forms
from frugal.physics.estuary.carried import Carrying
from frugal.physics.estuary.carrying import CarriedRun, carry_along
from frugal.physics.estuary.driving import Driving, SeaLevel
from frugal.physics.estuary.network import Estuary, Layout, Reach, layout_of
from frugal.physics.estuary.simulate import StillWater, TideRun, simulate_tide
from frugal.physics.estuary.water_run import WaterRecords

G = 9.81
M2 = 2.0 * math.pi / 44714.16
T = 44714.16


def amplitudes(
    levels: np.ndarray, times: np.ndarray, multiples: tuple[int, ...] = (1, 2, 3), speed: float = M2
) -> np.ndarray:
    """Mean and complex amplitudes of multiples of M2, by least squares, [1 + multiple, place]; phases as leads."""
    columns = [np.ones_like(times)]
    for k in multiples:
        columns += [np.cos(k * speed * times), np.sin(k * speed * times)]
    found = np.linalg.lstsq(np.stack(columns, axis=1), levels, rcond=None)[0]
    return np.concatenate([found[:1].astype(complex), found[1::2] - 1j * found[2::2]])


def channel(
    length: float, bed: Any, width: Any, friction: float, law: str = "manning", stations: int = 2001, **more: Any
) -> Estuary:
    """One reach "r" from "sea" to "head"; bed and width as functions of the distance or as numbers."""
    x = np.linspace(0.0, length, stations)
    bed, width = (value(x) if callable(value) else np.full(stations, float(value)) for value in (bed, width))
    return Estuary((Reach("r", "sea", "head", x, bed, width, friction, **more),), ("sea",), law)


def tide(
    amplitude: float = 1.5, quarter: float = 0.1, mean: float = 0.0, river: float = 0.0, ramp: float = T
) -> Driving:
    """M2 and M4 at "sea", a river at "head"."""
    level = SeaLevel(mean, (amplitude, quarter), (0.0, math.radians(-60.0)), (M2, 2.0 * M2))
    return Driving({"sea": level}, {"head": river}, ramp_s=ramp)


# The first three begin on the exact solution, so that nothing else swings.


def standing_wave_error(cell: float) -> float:
    """Largest error of the level over the amplitude at the head, after two and a quarter tides."""
    length, depth, a = 60e3, 10.0, 1e-5
    layout = layout_of(channel(length, -depth, 500.0, 0.0, "rate"), cell)
    x = layout.cells.distance
    shape = closed_forms.standing_wave(x, length, depth, M2)
    driving = Driving({"sea": SeaLevel(0.0, (a,), (0.0,), (M2,))})
    start = StillWater(a * shape, np.zeros(x.size))
    run = simulate_tide(layout, driving, 2.0 * T, every_s=T / 8.0, start=start)
    slots = layout.slots("r")
    exact = a * shape[slots] * np.cos(M2 * run.times_s)[:, None]
    return float(np.abs(run.levels_m[:, slots] - exact).max() / (a * abs(shape[slots]).max()))


def funnel_error(cell: float) -> float:
    """Largest error of the complex amplitude over that at the mouth, in a funnel with linear friction."""
    length, depth, shrinking, slowing, a = 120e3, 8.0, 30e3, 2e-4, 1e-3
    estuary = channel(length, -depth, lambda x: 6000.0 * np.exp(-x / shrinking), slowing, "rate")
    driving = Driving({"sea": SeaLevel(0.0, (a,), (0.0,), (M2,))}, ramp_s=T)
    run = simulate_tide(estuary, driving, 13.0 * T, every_s=T / 40.0, keep_from_s=12.0 * T, cell_m=cell)
    slots = run.layout.slots("r")
    exact = closed_forms.funnel_wave(run.layout.cells.distance[slots], length, depth, shrinking, slowing, M2)
    found = amplitudes(run.levels_m[:-1, slots], run.times_s[:-1], (1,))[1] / a
    return float(np.abs(found - exact).max())


def sampson_error(count: int, t: float = 6000.0) -> float:
    """Sum of errors of depth over the sum of depths, of water that swings in a parabolic valley with drying ends."""
    h0, wide, b, tau = 10.0, 3000.0, 5.0, 0.001
    s = 0.5 * math.sqrt(8.0 * G * h0 / wide**2 - tau**2)
    estuary = channel(10_000.0, lambda x: h0 * ((x - 5000.0) / wide) ** 2, 1.0, tau, "rate", stations=20 * count + 1)
    layout = layout_of(estuary, 10_000.0 / count)
    slots = layout.slots("r")
    x, bed = layout.cells.distance[slots], layout.cells.bed[slots]

    def depth_at(time: float) -> np.ndarray:
        fade = math.exp(-tau * time)
        swing = -s * tau * math.sin(2.0 * s * time) + (tau**2 / 4.0 - s**2) * math.cos(2.0 * s * time)
        tilt = b * s * math.cos(s * time) + 0.5 * tau * b * math.sin(s * time)
        level = h0 + wide**2 * b**2 * fade / (8.0 * G**2 * h0) * swing - b**2 * fade / (4.0 * G)
        return np.maximum(0.0, level - math.sqrt(fade) / G * tilt * (x - 5000.0) - bed)

    levels = layout.cells.bed.copy()
    levels[slots] = bed + depth_at(0.0)
    dry_sea = Driving({"sea": SeaLevel(float(bed[0]))})
    run = simulate_tide(layout, dry_sea, t, every_s=t, start=StillWater(levels, np.zeros(levels.size)), dry_m=1e-3)
    assert abs(run.ledger.imbalance) < 1e-12
    found = run.levels_m[-1, slots] - bed
    return float(np.abs(found - depth_at(t)).sum() / depth_at(t).sum())


def macdonald_error(count: int, duration_s: float = 6000.0) -> float:
    """Sum of errors of depth over the sum of depths, in a steady flow over a bed made for it (subcritical)."""
    case = shallow_water_cases.macdonald(10 * count, "subcritical")
    length, n, q = 1000.0, 0.033, 2.0

    def depth(x: np.ndarray) -> np.ndarray:
        return shallow_water_cases._channel_depth(length - x, False)[0]

    fine = np.linspace(0.0, length, 40 * 10 * count + 1)
    h, slope = shallow_water_cases._channel_depth(length - fine, False)
    falls = -((q * q / (G * h**3) - 1.0) * slope - n * n * q * q / h ** (10.0 / 3.0))
    step = fine[2] - fine[0]
    bed = np.concatenate([[0.0], np.cumsum(step / 6.0 * (falls[:-2:2] + 4.0 * falls[1::2] + falls[2::2]))])
    assert abs(np.interp(length - case.x, fine[::2], bed) - case.scenario.bed[0]).max() < 1e-4
    estuary = channel(length, lambda x: np.interp(x, fine[::2], bed), 1.0, n, stations=20 * count + 1)
    driving = Driving({"sea": SeaLevel(float(depth(np.zeros(1))[0]))}, {"head": q})
    layout = layout_of(estuary, length / count)
    slots = layout.slots("r")
    start = StillWater(layout.cells.bed + 0.8, np.full(layout.cells.bed.size, -q))
    run = simulate_tide(layout, driving, duration_s, every_s=duration_s, start=start)
    exact = depth(layout.cells.distance[slots])
    found = run.levels_m[-1, slots] - layout.cells.bed[slots]
    return float(np.abs(found - exact).sum() / exact.sum())


def macdonald_jump(count: int, courant: float = 0.2, duration_s: float = 6000.0) -> dict[str, float]:
    """Errors in a steady flow from fast to slow over a bed made for it, begun on the exact solution.

    Where the water enters fast its depth would have to be given, too, which a head does not take: it finds its own there. At
    the usual step of 0.8 of what waves need, waves grow in the fast water.

    Returns
    -------
    dict of str to float
        Sums of errors of depth over sums of depths: everywhere, and seaward of the jump; at the head the depth over the
        exact one; how far landward of its place the jump stands [m].
    """
    length, n, q = 1000.0, 0.0218, 2.0
    size = length / count

    def depth(along: np.ndarray) -> np.ndarray:
        return shallow_water_cases._channel_depth(along, True)[0]

    fine = np.linspace(0.0, length, 4000 * round(max(count, 50) / 50) + 1)  # from the head
    h, slope = shallow_water_cases._channel_depth(fine, True)
    falls = (q * q / (G * h**3) - 1.0) * slope - n * n * q * q / h ** (10.0 / 3.0)
    bed = np.concatenate([[0.0], np.cumsum(0.5 * np.diff(fine) * (falls[1:] + falls[:-1]))])
    bed -= bed[-1]
    estuary = channel(length, lambda x: np.interp(length - x, fine, bed), 1.0, n, stations=20 * count + 1)
    layout = layout_of(estuary, size)
    slots = layout.slots("r")
    x = layout.cells.distance[slots]
    levels, exact = layout.cells.bed.copy(), depth(length - x)
    levels[slots] += exact
    start = StillWater(levels, np.full(levels.size, -q))
    driving = Driving({"sea": SeaLevel(float(exact[0]))}, {"head": q})
    run = simulate_tide(layout, driving, duration_s, every_s=duration_s, start=start, courant=courant)
    found = run.levels_m[-1, slots] - layout.cells.bed[slots]
    off, slow = np.abs(found - exact), x < 500.0 - 2.0 * size
    critical = (q * q / G) ** (1.0 / 3.0)
    return {
        "everywhere": float(off.sum() / exact.sum()),
        "seaward of the jump": float(off[slow].sum() / exact[slow].sum()),
        "depth at the head over the exact one": float(found[-1] / exact[-1]),
        "jump landward of its place, m": float(x[found > critical].max() - 500.0),
    }


@dataclass(frozen=True)
class Funnel:
    """A non-linear funnel: without an exact solution, but with one that finer cells approach."""

    estuary: Estuary
    driving: Driving
    tides: int

    def run(self, cell: float, **more: Any) -> TideRun:
        """One tide after the others."""
        end = self.tides * T
        return simulate_tide(self.estuary, self.driving, end, T / 60.0, end - T, cell_m=cell, **more)

    def found(self, cell: float, **more: Any) -> np.ndarray:
        """Mean, M2, M4 and M6 [m] at eleven points."""
        run = self.run(cell, **more)
        points = np.linspace(0.0, self.estuary.reaches[0].length_m, 11)
        levels = np.stack([run.level_at("r", x) for x in points], axis=1)
        return amplitudes(levels[:-1], run.times_s[:-1])


def narrowing(mouth: float, shrinking: float, least: float = 50.0) -> Any:
    """A width that falls exponentially to a least one."""
    return lambda x: np.maximum(mouth * np.exp(-x / shrinking), least)


def flats(wide: Any, flat_from: float, flat_to: float, widening: float, conveys: bool) -> dict[str, Any]:
    """Sections with tidal flats over a channel of the given width."""
    x = np.linspace(0.0, 150e3, 2001)
    channel_width = wide(x)
    widths = np.stack([channel_width, channel_width, widening * channel_width], axis=1)
    only = np.stack([channel_width] * 3, axis=1)
    return {"width_m": widths, "heights_m": (0.0, flat_from, flat_to), "flowing_width_m": None if conveys else only}


def funnels() -> dict[str, Funnel]:
    """Funnels of several kinds."""
    wide = narrowing(3000.0, 40e3)
    x = np.linspace(0.0, 150e3, 2001)

    def with_flats(conveys: bool) -> Estuary:
        sections = flats(narrowing(3000.0, 40e3, 100.0), 7.0, 9.0, 2.0, conveys)
        return Estuary((Reach("r", "sea", "head", x, -8.0, friction=0.02, **sections),), ("sea",))

    return {
        "converging, river": Funnel(channel(150e3, -10.0, wide, 0.02), tide(river=100.0), 20),
        "strong friction": Funnel(channel(150e3, -10.0, wide, 0.035), tide(river=300.0), 20),
        "short, reflecting": Funnel(channel(80e3, -8.0, narrowing(3000.0, 30e3), 0.015), tide(), 30),
        "rising bed, river": Funnel(
            channel(150e3, lambda x: -10.0 + 11.0 * x / 150e3, narrowing(4000.0, 45e3), 0.02), tide(river=300.0), 30
        ),
        "sloping banks": Funnel(
            channel(150e3, -7.0, narrowing(2500.0, 40e3), 0.02, bank_slope=60.0), tide(river=100.0), 20
        ),
        "flats that store": Funnel(with_flats(False), tide(river=200.0), 20),
        "flats that convey": Funnel(with_flats(True), tide(river=200.0), 20),
        "drying head": Funnel(
            channel(100e3, lambda x: -8.0 + 9.0 * x / 100e3, narrowing(3000.0, 40e3), 0.02), tide(), 20
        ),
    }


def forked(cell: float = 1000.0) -> tuple[TideRun, TideRun]:
    """A channel, and the same one with its upper half split lengthwise in two."""
    x = np.linspace(0.0, 40e3, 41)

    def width(at: np.ndarray) -> np.ndarray:
        return 2000.0 * np.exp(-at / 40e3)

    def reach(name: str, low: str, high: str, at: np.ndarray, share: float = 1.0) -> Reach:
        return Reach(name, low, high, at - at[0], -9.0 + 3e-5 * at, share * width(at), 0.02)

    lower = reach("r", "sea", "fork", x)
    whole = Estuary((lower, reach("u", "fork", "head", x + 40e3)), ("sea",))
    halves = Estuary(
        (lower, reach("u", "fork", "head", x + 40e3, 0.5), reach("v", "fork", "weir", x + 40e3, 0.5)), ("sea",)
    )
    sea = tide().levels
    one = simulate_tide(whole, Driving(sea, {"head": 200.0}, ramp_s=T), 4.0 * T, cell_m=cell)
    two = simulate_tide(halves, Driving(sea, {"head": 100.0, "weir": 100.0}, ramp_s=T), 4.0 * T, cell_m=cell)
    return one, two


# What the water carries.


def steady_records(
    layout: Layout, discharge: float, duration_s: float, span_s: float
) -> list[tuple[int, WaterRecords]]:
    """One piece of records of a steady flow, positive landward, through one reach of constant volume."""
    cells = layout.cells
    spans = math.ceil(duration_s / span_s)
    volume = cells.length * cells.stored.width[:, 0] * -cells.bed
    places = np.array([volume[layout.slots("r").start], volume[layout.slots("r").stop - 1]])
    passed = np.zeros((spans, volume.size))
    dt = duration_s / spans
    passed[:, layout.slots("r").start : layout.slots("r").stop - 1] = discharge * dt
    entered = np.zeros((spans, 2))
    entered[:, layout.place("sea")] = discharge * dt
    entered[:, layout.place("head")] = -discharge * dt
    times = np.linspace(0.0, duration_s, spans + 1)
    return [
        (spans, WaterRecords(times, np.tile(volume, (spans + 1, 1)), np.tile(places, (spans + 1, 1)), passed, entered))
    ]


def carried_steadily(
    layout: Layout, discharge: float, duration_s: float, carrying: Carrying, span_s: float, every_s: float | None = None
) -> CarriedRun:
    """What a steady flow carries."""
    times = np.arange(0.0, duration_s * (1.0 + 1e-9), every_s or duration_s)
    return carry_along(layout, steady_records(layout, discharge, duration_s, span_s), carrying, times)


def ogata_banks(x: np.ndarray, time: float, u: float, dispersion: float) -> np.ndarray:
    """A front carried and spread from a mouth where the concentration is 1 (Ogata & Banks 1961)."""
    spread = 2.0 * math.sqrt(dispersion * time)
    behind = [math.erfc((at - u * time) / spread) for at in x]
    # The second term is nothing where its factor would overflow.
    before = [
        math.exp(u * at / dispersion) * math.erfc((at + u * time) / spread) if u * at / dispersion < 600.0 else 0.0
        for at in x
    ]
    return 0.5 * (np.array(behind) + np.array(before))


@dataclass(frozen=True)
class GivenFlow:
    """A discharge q = B h0 g(x) [U2 cos wt + U4 cos(2wt - phi)] - Q, with the levels that belong to it."""

    length: float
    width: Any
    envelope: Any
    river: float
    phase: float
    depth: float = 10.0
    period: float = 44712.0

    def layout(self, cell: float, closed: bool) -> Layout:
        """Cells of the channel; `closed` ends let nothing pass."""
        layout = layout_of(channel(self.length, -self.depth, self.width, 0.02), cell)
        if not closed:
            return layout
        return Layout(layout.estuary, layout.places, layout.cells._replace(is_mouth=np.zeros(2, dtype=bool)))

    def speed(self, times: np.ndarray) -> np.ndarray:
        """Speed [m/s] of the tide where the envelope is 1."""
        omega = 2.0 * math.pi / self.period
        return np.cos(omega * times) + 0.2 * np.cos(2.0 * omega * times - self.phase)

    def pieces(self, layout: Layout, tides: int, spans: int) -> Any:
        """Records, one tide a piece."""
        cells, slots = layout.cells, layout.slots("r")
        x, omega = cells.distance[slots], 2.0 * math.pi / self.period
        middles = 0.5 * (x[1:] + x[:-1])

        def passed_by(at: np.ndarray, times: np.ndarray) -> np.ndarray:
            swing = math.sin(self.phase) + np.sin(2.0 * omega * times - self.phase)
            swing = np.sin(omega * times) / omega + 0.2 * swing / (2.0 * omega)
            return self.depth * self.width(at) * self.envelope(at) * swing[:, None] - self.river * times[:, None]

        # Levels at the time 0, from the same formula as the discharge: what is in a cell when the swing is 0.
        edge = np.concatenate([[0.0], middles, [self.length]])
        inflow = self.depth * self.width(edge) * self.envelope(edge)
        swing = -0.2 * math.sin(self.phase) / (2.0 * omega)
        volume = cells.length.copy()
        volume[slots] *= self.depth * cells.stored.width[slots, 0]
        volume[slots] -= swing * np.diff(inflow)
        for tide_ in range(tides):
            times = self.period * (tide_ + np.linspace(0.0, 1.0, spans + 1))
            through = passed_by(edge, times)
            volumes = np.tile(volume, (spans + 1, 1))
            volumes[:, slots] -= np.diff(through, axis=1)
            passed = np.zeros((spans, volume.size))
            passed[:, slots.start : slots.stop - 1] = np.diff(through[:, 1:-1], axis=0)
            entered = np.zeros((spans, 2))
            entered[:, layout.place("sea")] = np.diff(through[:, 0])
            entered[:, layout.place("head")] = -np.diff(through[:, -1])
            places = volumes[:, [slots.start, slots.stop - 1]]
            yield spans, WaterRecords(times, volumes, np.ascontiguousarray(places), passed, entered)
