"""Tides along estuaries beside closed forms, exact solutions and finer cells."""

from __future__ import annotations

import numpy as np
import pytest
from verification import estuary_cases as cases

from frugal.physics.estuary.driving import Driving, SeaLevel
from frugal.physics.estuary.network import Estuary, Reach, layout_of
from frugal.physics.estuary.simulate import StillWater, simulate_tide

#: Compiling the kernels takes seconds.
pytestmark = pytest.mark.slow


def test_standing_wave_without_friction() -> None:
    coarse, fine = cases.standing_wave_error(4000.0), cases.standing_wave_error(2000.0)
    assert fine < 1e-3
    assert coarse / fine > 3.5, "second order"


def test_small_tide_in_a_funnel_with_linear_friction() -> None:
    coarse, fine = cases.funnel_error(4000.0), cases.funnel_error(2000.0)
    assert fine < 3e-3
    assert coarse / fine > 3.5, "second order"


def test_swinging_water_that_dries_and_wets() -> None:
    assert cases.sampson_error(200) < 0.01


def test_steady_flow_over_a_bed_made_for_it() -> None:
    coarse, fine = cases.macdonald_error(50), cases.macdonald_error(100)
    assert fine < 2e-3
    assert coarse / fine > 3.0


def test_a_channel_split_in_two_carries_the_same_tide() -> None:
    whole, halves = cases.forked()
    for name in ("u", "v"):
        slots = halves.layout.slots(name)
        assert np.abs(halves.levels_m[:, slots] - whole.levels_m[:, whole.layout.slots("u")]).max() < 1e-9
    assert np.abs(halves.speeds("v") - whole.speeds("u")).max() < 1e-9
    assert abs(halves.ledger.imbalance) < 1e-12


@pytest.mark.parametrize(
    "name", ["strong friction", "rising bed, river", "sloping banks", "flats that store", "drying head"]
)
def test_kilometre_cells_lie_within_a_centimetre_of_finer_ones(name: str) -> None:
    funnel = cases.funnels()[name]
    fine = funnel.found(250.0)
    assert np.abs(funnel.found(1000.0) - fine)[:3].max() < 0.004
    assert np.abs(fine[2]).max() > 0.1, "M4 is there"
    assert abs(funnel.run(1000.0).ledger.imbalance) < 1e-12


def test_both_arms_round_an_island_carry_what_one_channel_does() -> None:
    x = np.linspace(0.0, 20e3, 21)

    def reach(name: str, low: str, high: str, width: float) -> Reach:
        return Reach(name, low, high, x, -6.0, width, 0.02)

    whole = Estuary(
        (reach("a", "sea", "b", 400.0), reach("c", "b", "d", 400.0), reach("e", "d", "head", 400.0)), ("sea",)
    )
    island = Estuary(
        (
            reach("a", "sea", "b", 400.0),
            reach("c", "b", "d", 100.0),
            reach("o", "b", "d", 300.0),
            reach("e", "d", "head", 400.0),
        ),
        ("sea",),
    )
    driving = cases.tide(river=50.0)
    one, two = (simulate_tide(estuary, driving, 2.0 * cases.T) for estuary in (whole, island))
    for name in ("a", "c", "e"):
        off = two.levels_m[:, two.layout.slots(name)] - one.levels_m[:, one.layout.slots(name)]
        assert np.abs(off).max() < 1e-9, name
    assert abs(two.ledger.imbalance) < 1e-12


def test_water_at_rest_stays_at_rest_over_any_bed() -> None:
    estuary = cases.channel(20e3, lambda x: -6.0 + 4.0 * np.sin(x / 1500.0) + x / 2500.0, 300.0, 0.02)
    layout = layout_of(estuary)
    start = StillWater(np.maximum(layout.cells.bed, 0.0), np.zeros(layout.cells.bed.size))
    run = simulate_tide(layout, Driving({"sea": SeaLevel(0.0)}), 86400.0, every_s=86400.0, start=start)
    assert layout.cells.bed.max() > 1.0
    assert np.abs(run.discharges_m3_s).max() < 1e-9


def test_a_run_goes_on_where_another_one_ended() -> None:
    funnel = cases.funnels()["converging, river"]
    whole = simulate_tide(funnel.estuary, funnel.driving, 2.0 * cases.T, every_s=cases.T / 4.0)
    first = simulate_tide(funnel.estuary, funnel.driving, cases.T, every_s=cases.T)
    # The ramp counts from the start of a run.
    driving = Driving(funnel.driving.levels, funnel.driving.rivers)
    second = simulate_tide(funnel.estuary, driving, 2.0 * cases.T, cases.T / 4.0, start_s=cases.T, start=first.end)
    assert np.abs(second.levels_m[-1] - whole.levels_m[-1]).max() < 1e-5


def test_a_series_of_levels_stands_for_its_constituents() -> None:
    estuary = cases.channel(40e3, -8.0, 500.0, 0.02)
    waves = cases.tide(ramp=0.0)
    times = np.arange(-600.0, 86400.0 + 1801.0, 600.0)
    level = waves.levels["sea"]
    values = sum(
        a * np.cos(s * times - p)
        for a, p, s in zip(level.amplitudes_m, level.phases_rad, level.speeds_rad_s, strict=True)
    )
    one = simulate_tide(estuary, waves, 86400.0)
    two = simulate_tide(estuary, Driving({"sea": SeaLevel(series=(times, values))}), 86400.0)
    assert np.abs(one.levels_m - two.levels_m)[6:].max() < 2e-4


def test_the_sea_rises_and_a_reach_is_dredged() -> None:
    estuary = cases.channel(60e3, -6.0, cases.narrowing(2000.0, 30e3), 0.025)
    deeper = estuary.with_bed_raised("r", -2.0)
    assert np.all(layout_of(deeper).cells.bed[1:] == -8.0)
    driving = cases.tide()
    low = simulate_tide(estuary, driving, 3.0 * cases.T, keep_from_s=2.0 * cases.T)
    high = simulate_tide(deeper, driving, 3.0 * cases.T, keep_from_s=2.0 * cases.T)
    assert np.ptp(high.level_at("r", 59e3)) > np.ptp(low.level_at("r", 59e3)), "less friction in deeper water"
    risen = simulate_tide(
        estuary,
        Driving(driving.levels, sea_level_rise_m=2.0, ramp_s=cases.T),
        3.0 * cases.T,
        keep_from_s=2.0 * cases.T,
    )
    assert np.abs(risen.levels_m - 2.0 - high.levels_m)[:, 1:].max() < 1e-6, "two metres more water, either way"
