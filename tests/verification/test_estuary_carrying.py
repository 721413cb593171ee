"""What estuaries carry: ledgers, closed forms, and constants that stay."""

from __future__ import annotations

import numpy as np
import pytest
from verification import estuary_cases as cases

from frugal.physics.estuary import closed_forms
from frugal.physics.estuary.carried import Carrying, Load, Mixing, Mud, Oxygen
from frugal.physics.estuary.carrying import CarriedRun, simulate_carried
from frugal.physics.estuary.driving import Driving
from frugal.physics.estuary.network import Estuary, Reach, layout_of
from frugal.physics.estuary.simulate import areas_below

#: Compiling the kernels takes seconds.
pytestmark = pytest.mark.slow


def fork() -> tuple[Estuary, Driving, Carrying]:
    """A fork with flats that dry, in which all is carried."""
    x = np.linspace(0.0, 30e3, 31)
    widths = np.stack([np.full(31, 400.0), np.full(31, 400.0), np.full(31, 900.0)], axis=1)
    lower = Reach("lower", "sea", "fork", x, -7.0, widths, 0.02, heights_m=(0.0, 6.0, 8.0))
    left = Reach("left", "fork", "head", x, np.linspace(-7.0, 1.0, 31), 250.0, 0.02)
    right = Reach("right", "fork", "weir", x, np.linspace(-7.0, 0.5, 31), 150.0, 0.02)
    driving = Driving(cases.tide(2.0, 0.2).levels, {"head": 60.0, "weir": 20.0}, ramp_s=cases.T)
    carrying = Carrying(
        outside={
            "salt": {"sea": 34.0},
            "mud": {"sea": 0.05, "head": 0.02},
            "heat": {"sea": 15.0, "head": 22.0, "weir": 22.0},
            "oxygen": {"sea": 8.0, "head": 8.0, "weir": 7.0},
            "carbon": {"head": 3.0},
            "nitrogen": {"head": 1.0},
            "dye": {"head": 1.0},
            "one": {"sea": 1.0, "head": 1.0, "weir": 1.0},
        },
        start={"mud": 0.1, "heat": 18.0, "oxygen": 8.0, "one": 1.0},
        mixing=Mixing(van_den_burgh=0.4),
        mud=Mud(bed_kg_m2=1.0),
        oxygen=Oxygen(mud_demand_mg_g=5.0),
        heat_exchange_w_m2_k=40.0,
        loads=(Load("dye", "left", 12e3, 0.5),),
    )
    return Estuary((lower, left, right), ("sea",)), driving, carrying


@pytest.fixture(scope="module")
def everything() -> CarriedRun:
    """Six tides of it."""
    return simulate_carried(*fork(), 6.0 * cases.T, every_s=cases.T / 25.0)


def test_salt_mud_and_tracers_are_conserved(everything: CarriedRun) -> None:
    for name in ("salt", "mud", "dye", "one"):
        assert abs(everything.ledgers[name].imbalance) < 1e-12, name
    assert everything.ledgers["salt"].after > 0.0
    assert everything.ledgers["dye"].loaded == pytest.approx(0.5 * 6.0 * cases.T)
    assert everything.tide is not None
    assert abs(everything.tide.ledger.imbalance) < 1e-12


def test_a_run_goes_on_where_another_one_ended(everything: CarriedRun) -> None:
    estuary, driving, carrying = fork()
    first = simulate_carried(estuary, driving, carrying, 3.0 * cases.T, every_s=cases.T / 25.0)
    assert first.tide is not None
    steady = Driving(driving.levels, driving.rivers)  # a ramp counts from the start of a run
    second = simulate_carried(
        estuary,
        steady,
        carrying,
        6.0 * cases.T,
        every_s=cases.T / 25.0,
        start_s=3.0 * cases.T,
        start=first.tide.end,
        state=first.state,
    )
    for name in ("salt", "mud", "oxygen", "dye"):
        whole = everything.concentrations[name][-1, 1:]
        assert second.concentrations[name][-1, 1:] == pytest.approx(whole, abs=1e-6 * whole.max()), name
        assert abs(second.ledgers["mud"].imbalance) < 1e-12


def test_a_constant_stays_one_and_nothing_falls_below_zero(everything: CarriedRun) -> None:
    layout = everything.layout
    for reach in ("lower", "left", "right"):
        slots = layout.slots(reach)
        assert np.abs(everything.concentrations["one"][:, slots] - 1.0).max() < 1e-12
        for name in ("salt", "mud", "oxygen", "carbon", "dye"):
            assert everything.concentrations[name][:, slots].min() > -1e-30, name  # rounding
        assert everything.concentrations["salt"][:, slots].max() <= 34.0 * (1.0 + 1e-12)
        assert everything.bed_kg_m2[:, slots].min() >= 0.0


def test_a_front_in_a_steady_flow_spreads_as_ogata_and_banks_say() -> None:
    length, u, dispersion, duration = 60e3, 0.2, 150.0, 1.5e5
    layout = layout_of(cases.channel(length, -5.0, 100.0, 0.02), 250.0)
    carrying = Carrying({"salt": {"sea": 1.0}}, mixing=Mixing(dispersion), fixed_sea=True, toward_sea_s=0.0)
    run = cases.carried_steadily(layout, 5.0 * 100.0 * u, duration, carrying, 200.0)
    x = layout.cells.distance[layout.slots("r")]
    exact = cases.ogata_banks(x, duration, u, dispersion)
    assert np.abs(run.concentrations["salt"][-1, layout.slots("r")] - exact).max() < 5e-3


@pytest.mark.parametrize(("river", "length"), [(50.0, 152.4e3), (100.0, 131.8e3), (200.0, 111.4e3)])
def test_steady_salt_intrudes_as_savenije_says(river: float, length: float) -> None:
    a, area, k, d0 = 30e3, 6e4, 0.3, 1200.0
    assert closed_forms.savenije_length(river, area, a, d0, k) == pytest.approx(length, abs=60.0)
    estuary = cases.channel(length + 5e3, -10.0, lambda x: area / 10.0 * np.exp(-x / a), 0.02)
    layout = layout_of(estuary, 1000.0)
    x = layout.cells.distance
    exact = closed_forms.savenije_salt(x, river, area, a, d0, k)
    carrying = Carrying(
        {"salt": {"sea": 1.0}},
        start={"salt": exact},  # stays, if it is the steady state of the scheme
        mixing=Mixing(0.0, van_den_burgh=k, at_mouth_m2_s=d0),
        fixed_sea=True,
        toward_sea_s=0.0,
    )
    run = cases.carried_steadily(layout, -river, 1e7, carrying, 2e3)
    slots = layout.slots("r")
    assert np.abs(run.concentrations["salt"][-1, slots] - exact[slots]).max() < 1e-3


def test_dispersion_falls_with_the_rivers_of_each_branch_whatever_the_tide() -> None:
    estuary, driving, _ = fork()
    carrying = Carrying({"salt": {"sea": 34.0}}, mixing=Mixing(1.0, van_den_burgh=0.4, at_mouth_m2_s=400.0))
    run = simulate_carried(estuary, driving, carrying, 6.0 * cases.T, every_s=cases.T / 25.0)
    assert run.tide is not None
    cells = run.layout.cells
    ends: list[float] = []
    for name, river in (("lower", 80.0), ("left", 60.0), ("right", 20.0)):
        slots = run.layout.slots(name)
        heights = np.maximum(run.tide.levels_m[-50:, slots] - cells.bed[slots], 0.0)
        area = areas_below(cells.stored, slots, heights).mean(axis=0)
        step = 0.4 * river * cells.spacing[slots.start] / (0.5 * (area[1:] + area[:-1]))
        expected = (ends[0] if ends else 400.0) - np.cumsum(step) + 0.5 * step
        ends.append(float(expected[-1] - 0.5 * step[-1]))
        found = run.dispersion_m2_s[slots][:-1]
        assert found[:20] == pytest.approx(np.maximum(expected[:20], 1.0), abs=12.0), name
    assert ends[0] < 380.0, "it falls"


def test_oxygen_sags_as_streeter_and_phelps_say() -> None:
    u = 0.25
    layout = layout_of(cases.channel(90e3, -5.0, 100.0, 0.02), 500.0)
    oxygen = Oxygen(0.35, 0.0, 0.0, 0.0, half_mg_l=0.0, saturation_mg_l=8.5, reaeration_per_day=0.70)
    carrying = Carrying(
        {"oxygen": {"sea": 7.5}, "carbon": {"sea": 10.0}},
        start={"oxygen": 7.5},
        mixing=Mixing(0.0),
        oxygen=oxygen,
        equilibrium_deg_c=20.0,
        fixed_sea=True,
        toward_sea_s=0.0,
    )
    run = cases.carried_steadily(layout, 500.0 * u, 6e5, carrying, 250.0)
    slots = layout.slots("r")
    found, x = run.concentrations["oxygen"][-1, slots], layout.cells.distance[slots]
    exact = 8.5 - closed_forms.streeter_phelps(x / u, 0.35, 0.70, 10.0, 1.0)
    assert np.abs(found - exact).max() < 0.012
    assert found.min() == pytest.approx(5.722222, abs=0.005)
    assert x[found.argmin()] / u / 86400.0 == pytest.approx(1.679390, abs=0.05)


def still(mud: Mud, start: float, duration: float, u: float = 0.0) -> tuple[np.ndarray, CarriedRun]:
    """Mud in the middle of a channel 4 m deep, every hundredth of the time."""
    layout = layout_of(cases.channel(40e3, -4.0, 100.0, 0.02), 1000.0)
    carrying = Carrying({"mud": {"sea": start, "head": start}}, {"mud": start}, Mixing(0.0), mud=mud)
    run = cases.carried_steadily(layout, 400.0 * u, duration, carrying, duration / 1000.0, duration / 100.0)
    return run.at("mud", "r", 20e3), run


def test_mud_settles_in_still_water() -> None:
    found, run = still(Mud(settling_m_s=1e-3, gelling_kg_m3=1e9, bed_kg_m2=0.0), 0.5, 8000.0)
    assert found == pytest.approx(0.5 * np.exp(-1e-3 * run.times_s / 4.0), rel=1e-8)
    assert abs(run.ledgers["mud"].imbalance) < 1e-12


def test_mud_in_a_uniform_flow_comes_to_where_erosion_is_settling() -> None:
    u, n, settling = 0.8, 0.02, 3e-3
    stress = 1000.0 * 9.81 * n * n * u * u / 4.0 ** (1.0 / 3.0)
    mud = Mud(settling, 0.3, 2e-4, n, pool_kg_m2=1e-9, gelling_kg_m3=1e9, bed_kg_m2=50.0)
    found, _ = still(mud, 0.05, 30_000.0, u)
    assert found[-1] == pytest.approx(2e-4 * (stress / 0.3 - 1.0) / settling, rel=1e-4)


def test_saturation_of_oxygen_is_that_of_tables() -> None:
    layout = layout_of(cases.channel(10e3, -3.0, 50.0, 0.02), 1000.0)
    for warm, salinity, table in ((0.0, 0.0, 14.621), (20.0, 0.0, 9.092), (25.0, 0.0, 8.263), (20.0, 35.0, 7.39)):
        carrying = Carrying(
            {"oxygen": {}, "salt": {"head": salinity, "sea": salinity}},
            {"oxygen": 2.0, "salt": salinity},
            Mixing(0.0),
            oxygen=Oxygen(0.0, 0.0, 0.0, reaeration_per_day=50.0),
            equilibrium_deg_c=warm,
        )
        run = cases.carried_steadily(layout, 0.0, 86400.0, carrying, 3600.0)
        assert run.at("oxygen", "r", 5e3)[-1] == pytest.approx(table, abs=0.03)
