"""Reference set-ups of estuaries whose answers lie elsewhere, as this solver is asked them: ``../shared/data/estuary_cases``.

Tides run to a periodic state; friction is that of a uniform eddy viscosity with slip at the bed, given or following the mean
speed and depth of the run itself. Mud is eroded at ``f`` times what its supply-free law says, with the ``f`` for which no mud
moves over a tide. In transport-only cases the currents are given.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from verification import estuary_cases as cases

from frugal.physics.estuary.carried import Carrying, Mixing, Mud
from frugal.physics.estuary.carrying import CarriedRun, carry_along
from frugal.physics.estuary.driving import Driving, SeaLevel
from frugal.physics.estuary.network import Estuary, Layout, Reach, layout_of
from frugal.physics.estuary.simulate import TideRun, simulate_tide, water_in_pieces
from frugal.physics.estuary.water_run import WaterRecords

GIVEN = Path(__file__).resolve().parents[3] / "shared" / "data" / "estuary_cases"
OMEGA = 1.4056343e-4
PERIOD = 2.0 * math.pi / OMEGA
#: Tides after which a run is called periodic, and a step of the search for friction.
TIDES, STEP = 40, 4
#: Mud on the bed that is too much to be used up, so that m / (m + this) stays the given share [kg/m²].
_ENDLESS = 1e6


@dataclass(frozen=True)
class GivenTide:
    """One channel with its tide, river and friction; without a slip, friction follows from the roughness."""

    distance_m: np.ndarray
    depth_m: np.ndarray
    width_m: np.ndarray
    m2_m: float
    m4_m: float
    m4_phase_deg: float
    river_m3_s: float
    slip_m_s: Any = None
    viscosity_m2_s: Any = None
    roughness: Any = None

    def layout(self, slip: Any, viscosity: Any, cell_m: float) -> Layout:
        """Cells with a slip [m/s] and a viscosity [m²/s] at the stations."""
        reach = Reach("r", "sea", "head", self.distance_m, -self.depth_m, self.width_m, slip, viscosity_m2_s=viscosity)
        return layout_of(Estuary((reach,), ("sea",), "slip"), cell_m)

    def driving(self, ramp: bool = True) -> Driving:
        """M2 and M4 at the mouth, the river at the head."""
        waves = (self.m2_m, self.m4_m), (0.0, math.radians(self.m4_phase_deg)), (OMEGA, 2.0 * OMEGA)
        return Driving({"sea": SeaLevel(0.0, *waves)}, {"head": self.river_m3_s}, ramp_s=PERIOD if ramp else 0.0)


@dataclass(frozen=True)
class PeriodicTide:
    """The last tide of a run, its friction at the stations, and how much the last tides still differ."""

    case: GivenTide
    run: TideRun
    slip_m_s: np.ndarray
    viscosity_m2_s: np.ndarray
    change_m: float

    def parts(self, distance_m: np.ndarray, multiples: tuple[int, ...] = (1, 2)) -> np.ndarray:
        """Mean and complex amplitudes [m] at points, by projection; phases as leads."""
        levels = np.stack([self.run.level_at("r", float(x)) for x in distance_m], axis=1)
        return cases.amplitudes(levels[:-1], self.run.times_s[:-1], multiples, OMEGA)


def _k(roughness: np.ndarray) -> np.ndarray:
    return np.asarray(((1.0 + roughness) * np.log(1.0 + 1.0 / roughness) - 1.0) ** -2)


def periodic_tide(case: GivenTide, cell_m: float, tides: int = TIDES) -> PeriodicTide:
    """Run to a periodic state; friction that follows the run is found by iteration."""
    x, still = case.distance_m, np.maximum(case.depth_m, 1.0)
    end: Any = None
    start = 0.0
    if case.roughness is None:
        slip, viscosity = (np.full(x.size, float(value)) for value in (case.slip_m_s, case.viscosity_m2_s))
        layout = case.layout(slip, viscosity, cell_m)
    else:
        k, speed, depth = _k(case.roughness), np.full(x.size, 0.6), still
        for turn in range(40):
            slip = np.maximum(0.22 / 0.636 * k * speed, 1e-5)
            viscosity = 0.10 / 0.22 * slip * depth
            layout = case.layout(slip, viscosity, cell_m)
            stop = start + (3 if turn else 10) * STEP / 4 * PERIOD
            run = simulate_tide(layout, case.driving(turn == 0), stop, PERIOD / 60, stop - PERIOD, start, end)
            end, start = run.end, stop
            nodes = layout.cells.distance[layout.slots("r")]
            found = np.interp(x, 0.5 * (nodes[1:] + nodes[:-1]), np.abs(run.speeds("r")[:-1]).mean(axis=0))
            wet = (run.levels_m[:-1] - layout.cells.bed)[:, layout.slots("r")].mean(axis=0)
            change = float(np.abs(found - speed).max())
            speed, depth = 0.5 * (speed + found), np.interp(x, nodes, wet)
            if change < 1e-4:
                break
    stop = start + tides * PERIOD
    run = simulate_tide(layout, case.driving(end is None), stop, PERIOD / 60, stop - 2.0 * PERIOD, start, end)
    change = float(np.abs(run.levels_m[60:] - run.levels_m[:-60])[:, layout.slots("r")].max())
    last = replace(run, times_s=run.times_s[60:], levels_m=run.levels_m[60:], discharges_m3_s=run.discharges_m3_s[60:])
    return PeriodicTide(case, last, slip, viscosity, change)


def given() -> dict[str, Any]:
    """All of the set-up."""
    return dict(json.loads((GIVEN / "cases.json").read_text(encoding="utf-8")))


def _table(name: str) -> np.ndarray:
    return np.genfromtxt(GIVEN / name, delimiter=",", names=True)


def tide_cases() -> dict[str, GivenTide]:
    """Tides of all cases by the name of the first case that has them."""
    setup, found = given(), {}
    table = _table("exponential_geometry.csv")
    funnel = table["x_m"], table["bed_depth_below_MSL_m"], table["width_m"]
    for case in setup["A"]["cases"]:
        friction: dict[str, Any] = {"slip_m_s": 0.004, "viscosity_m2_s": 1.0}
        if case["id"].startswith("A2"):
            friction = {"roughness": np.full(table.size, 0.001)}
        elif "sediment" in case:
            friction = {"slip_m_s": case["friction"]["sf_ms"], "viscosity_m2_s": case["friction"]["Av_m2s"]}
        waves = case["M2_m"], case["M4_m"], setup["A"]["M4_phase_deg"], case["Q"]
        name = case["id"].split("_ws")[0]
        found.setdefault(name, GivenTide(*funnel, *waves, **friction))
    table = _table("loire_geometry.csv")
    loire = table["x_m"], table["bed_depth_below_MSL_m"], table["width_m"]
    for case in setup["Loire"]["cases"]:
        sea = setup["Loire"][case.get("tide", "spring")]
        river = float(case["id"].split("_Q")[1].split("_")[0])
        name = f"L_{'neap' if 'neap' in case['id'] else 'spring'}_Q{river:.0f}"
        waves = sea["M2_m"], sea["M4_m"], sea["M4_phase_deg"], river
        found.setdefault(name, GivenTide(*loire, *waves, roughness=table["z0_star"]))
    return found


@dataclass(frozen=True)
class GivenMud:
    """Constants of mud: settling [m/s], erosion for each Pa [kg/m²/s], dispersion [m²/s], concentration of the sea [kg/m³]."""

    settling_m_s: float
    erosion: float
    dispersion_m2_s: float
    sea_kg_m3: float


@dataclass(frozen=True)
class BalancedMud:
    """Mud that moves nowhere over a tide: erodibility and tide-mean concentration [kg/m³] at nodes."""

    distance_m: np.ndarray
    erodibility: np.ndarray
    concentration: np.ndarray
    imbalance: float
    left_over: float  # what beds still gain at most in a tide, over what the sea would bring to bare ones


def _one_tide(tide: PeriodicTide) -> tuple[int, WaterRecords]:
    """Records of one tide more."""
    layout, start = tide.run.layout, float(tide.run.times_s[-1])
    pieces = [
        (spans, WaterRecords(*(np.array(part) for part in records)))
        for spans, records, _, _ in water_in_pieces(
            layout, tide.case.driving(False), np.zeros(0), start + PERIOD, start, tide.run.end, PERIOD / 140.0
        )
    ]
    assert len(pieces) == 1, "a tide fits into one piece of records"
    return pieces[0]


def balanced_mud(tide: PeriodicTide, mud: GivenMud) -> BalancedMud:
    """The erodibility for which no mud moves over a tide, within 0 and 1, and the concentrations that belong to it.

    Concentrations are linear in the erodibility: one run for each node with mud on its bed alone gives the matrix of what
    the beds of all nodes gain in a tide.
    """
    layout = tide.run.layout
    spans, records = _one_tide(tide)
    slots = layout.slots("r")
    nodes = np.arange(slots.start + 1, slots.stop)
    x = tide.case.distance_m
    at = layout.cells.distance
    slip, viscosity = np.interp(at, x, tide.slip_m_s), np.interp(at, x, tide.viscosity_m2_s)
    # The past is forgotten as settling empties the water: to 5e-5 after ten times h / w.
    tides = 1 + math.ceil(10.0 * float(tide.case.depth_m.max()) / mud.settling_m_s / PERIOD)
    times = PERIOD * (tides - 1 + np.arange(25) / 24.0)

    def carried(share: np.ndarray, sea: float) -> CarriedRun:
        bed = _ENDLESS * share / (1.0 - share)
        law = Mud(mud.settling_m_s, 0.0, mud.erosion, slip, "slip", _ENDLESS, 1e9, viscosity, bed)
        carrying = Carrying({"mud": {"sea": sea}}, {"mud": sea}, Mixing(mud.dispersion_m2_s), law, toward_sea_s=0.0)
        shifted = [(spans, records._replace(times=records.times - records.times[0] + n * PERIOD)) for n in range(tides)]
        return carry_along(layout, shifted, carrying, times)

    def gained(run: CarriedRun) -> np.ndarray:
        return np.asarray((run.bed_kg_m2[-1] - run.bed_kg_m2[0])[nodes])

    none = np.zeros(at.size)
    from_sea = gained(carried(none, mud.sea_kg_m3))
    response = np.empty((nodes.size, nodes.size))
    for column, node in enumerate(nodes):
        one = none.copy()
        one[node] = 0.5
        response[:, column] = 2.0 * gained(carried(one, 0.0))
    # The limiter of transport is not linear: single nodes spread more than smooth beds do. The matrix serves as that of
    # Newton's method for what the beds gain in a run of all together.
    share, full = np.zeros(nodes.size), np.zeros(nodes.size, dtype=bool)
    final, run, gain, left = none.copy(), carried(none, mud.sea_kg_m3), from_sea, math.inf
    for _ in range(60):
        rest = ~full
        share[rest] -= np.linalg.solve(response[np.ix_(rest, rest)], gain[rest])
        full |= share > 1.0
        share = np.clip(share, 0.0, 1.0 - 1e-9)
        final[nodes] = share
        run = carried(final, mud.sea_kg_m3)
        gain = gained(run)
        full &= gain >= 0.0  # a full bed that loses mud is none
        left = float(np.abs(gain[~full]).max() / np.abs(from_sea).max())
        if left < 3e-4:
            break
    mean = run.concentrations["mud"][:-1, slots].mean(axis=0)
    return BalancedMud(at[slots], np.concatenate([[np.nan], share]), mean, run.ledgers["mud"].imbalance, left)


def transport_flow(name: str, phase_deg: float) -> cases.GivenFlow:
    """Given currents of a transport-only case."""
    setup, phase = given()["ref1d"], math.radians(phase_deg)
    if name.startswith("P1"):
        return cases.GivenFlow(160e3, lambda x: np.full_like(x, 500.0), np.ones_like, 0.0, phase)
    if name.startswith("P2"):
        length = setup[name]["L_m"]
        return cases.GivenFlow(
            length, lambda x: np.full_like(x, 1000.0), lambda x: np.sin(np.pi * x / length), 0.0, phase
        )
    length = setup[name]["L_m"]
    return cases.GivenFlow(
        length,
        lambda x: 4000.0 * np.exp(-x / 25e3) + 100.0,
        lambda x: 1.0 - (x / length) ** 2,
        setup[name]["Q_m3s"],
        phase,
    )


def transported(
    name: str, phase_deg: float, settling_m_s: float, cell_m: float, tides: int, spans: int = 300
) -> CarriedRun:
    """Mud along given currents, twenty-four times a tide; P1 is a column in the middle of a long uniform channel."""
    flow = transport_flow(name, phase_deg)
    layout = flow.layout(cell_m, closed=name.startswith("P2"))
    x = layout.cells.distance
    half = 0.5 * layout.cells.spacing
    covered = np.minimum(x + half, 60e3) - np.maximum(x - half, 10e3)  # of cells, by the mud at the start
    bed = 2.0 * np.clip(covered / (2.0 * half), 0.0, 1.0) if name.startswith("C1") else np.ones(x.size)
    mud = Mud(settling_m_s, 0.2, 1e-4, 0.0025, "quadratic", 0.05, 1e9, bed_kg_m2=bed)
    mixing = Mixing(0.0 if name.startswith("P1") else 50.0)
    carrying = Carrying({"mud": {}}, mixing=mixing, mud=mud, toward_sea_s=0.0, mixes_with_sea=False)
    times = flow.period * np.arange(0.0, tides + 1.0 / 48.0, 1.0 / 24.0)
    return carry_along(layout, flow.pieces(layout, tides, spans), carrying, times)
