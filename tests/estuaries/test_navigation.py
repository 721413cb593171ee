"""Passages and their windows, on waters whose answer is worked out by hand."""

import math

import numpy as np
import pytest

from frugal.errors import UnusableInputError
from frugal.estuaries.navigation import (
    ChannelWater,
    Passages,
    Ship,
    ShipChannel,
    longest_shut_s,
    open_share,
    passages,
    standing_clearance_m,
    windows_of,
)
from frugal.estuaries.squat import KNOT_M_S

HOUR = 3600.0
#: So slow that her squat, 0.2 mm, is none.
SLOW_KN = 0.5


def channel(depths: list[float], along_km: list[float]) -> ShipChannel:
    return ShipChannel(
        tuple(f"km {km:g}" for km in along_km), 1e3 * np.array(along_km), np.array(depths), np.full(len(depths), 1e4)
    )


def still(levels: list[float], places: int, current: float = 0.0, step_s: float = HOUR) -> ChannelWater:
    level = np.repeat(np.array(levels)[:, None], places, axis=1)
    return ChannelWater(np.arange(len(levels)) * step_s, level, np.full(level.shape, current))


def test_the_depth_is_met_where_the_ship_is_by_then() -> None:
    """0.926 km/h over 1.852 km: she passes the second place two hours after the first."""
    water = still([0.0, 1.0, 2.0, 3.0, 4.0, 3.0, 2.0], 2)
    way = channel([10.0, 9.0], [0.0, 1.852])
    ship = Ship(draught_m=8.0, speed_kn=SLOW_KN, beam_m=10.0, margin_m=0.0)
    inward = passages(water, way, ship, "in")
    assert inward.departures_s.tolist() == [0.0, HOUR, 2 * HOUR, 3 * HOUR, 4 * HOUR]
    # min(10 + level, 9 + level two hours later) - 8
    assert inward.clearance_m == pytest.approx([2.0, 3.0, 4.0, 4.0, 3.0], abs=2e-3)
    assert inward.place.tolist() == [0, 0, 0, 1, 1]
    assert inward.duration_s == pytest.approx(2 * HOUR)
    outward = passages(water, way, ship, "out")
    # min(9 + level, 10 + level two hours later) - 8
    assert outward.clearance_m == pytest.approx([1.0, 2.0, 3.0, 4.0, 4.0], abs=2e-3)
    assert outward.place.tolist() == [1, 1, 1, 1, 0]


def test_currents_carry_a_ship_whose_speed_is_through_the_water() -> None:
    """10 knots and a flood of 1 knot: 18.52 km in 10/11 h inward and 10/9 h outward, one hour over the ground."""
    water = still([5.0] * 8, 3, current=KNOT_M_S, step_s=1800.0)
    way = channel([20.0] * 3, [0.0, 9.26, 18.52])
    through = Ship(draught_m=8.0, speed_kn=10.0, through_water=True)
    assert passages(water, way, through, "in").duration_s == pytest.approx(10 / 11 * HOUR)
    assert passages(water, way, through, "out").duration_s == pytest.approx(10 / 9 * HOUR)
    over = Ship(draught_m=8.0, speed_kn=10.0)
    inward, outward = (passages(water, way, over, direction) for direction in ("in", "out"))
    assert inward.duration_s == pytest.approx(HOUR) and outward.duration_s == pytest.approx(HOUR)
    # 9 knots through the water inward and 11 outward: squat goes with their power 2.08
    sink_in, sink_out = (17.0 - found.clearance_m[0] for found in (inward, outward))
    assert sink_out / sink_in == pytest.approx((11 / 9) ** 2.08)


def test_ends_of_windows_lie_where_the_margin_is_met() -> None:
    """1 - cos has its zeros of (level - 0.5) at 2 and 10 hours of twelve: hours between them, by straight lines exactly."""
    times = np.arange(25) * 1800.0
    clearance = (
        np.array([abs(12 - k) for k in range(25)])[::-1] * -0.1 + 1.0
    )  # a tent: 1 m at noon, -0.2 m at both ends
    found = Passages(times, clearance, np.arange(25), np.zeros(25))
    (window,) = windows_of(found, 0.45)
    assert window.begins_s == pytest.approx(6.5 * 1800.0) and window.ends_s == pytest.approx(17.5 * 1800.0)
    assert (window.best_s, window.clearance_m, window.place) == (12 * 1800.0, 1.0, 12)
    assert (window.opened_by, window.closed_by) == (6, 18)
    assert windows_of(found, 1.2) == []
    (whole,) = windows_of(found, -1.0)
    assert (whole.begins_s, whole.ends_s, whole.opened_by, whole.closed_by) == (0.0, 12 * HOUR, None, None)


def test_a_shoal_deeper_by_a_metre_opens_the_tide_longer() -> None:
    """A cosine of 2 m amplitude over a sill: open while cos > (draught - depth) / 2, told to the minute."""
    times = np.arange(0.0, 24.84 * HOUR + 1.0, 600.0)
    level = 2.0 * np.cos(2.0 * math.pi * times / (12.42 * HOUR))
    water = ChannelWater(times, np.repeat(level[:, None], 2, axis=1), np.zeros((times.size, 2)))
    ship = Ship(draught_m=9.0, speed_kn=SLOW_KN, beam_m=10.0, margin_m=0.0)

    def length_h(depth: float) -> float:
        windows = windows_of(passages(water, channel([20.0, depth], [0.0, 0.001]), ship, "in"), 0.0)
        (middle,) = [window for window in windows if window.opened_by == window.closed_by == 1]
        return middle.duration_s / HOUR

    assert length_h(8.0) == pytest.approx(12.42 * 2 * math.acos(0.5) / (2 * math.pi), abs=0.02)
    assert length_h(9.0) == pytest.approx(12.42 / 2, abs=0.02)


def test_hours_at_each_place() -> None:
    water = still([0.0, 1.0, 2.0, 1.0, 0.0], 2)
    way = channel([9.0, 8.0], [0.0, 1.0])
    ship = Ship(draught_m=9.5, speed_kn=SLOW_KN, beam_m=10.0, margin_m=0.0)
    open_ = standing_clearance_m(water, way, ship) >= 0.0
    assert open_share(open_).tolist() == [0.6, 0.2]
    assert longest_shut_s(open_, HOUR).tolist() == [HOUR, 2 * HOUR]


def test_a_ship_slower_than_the_ebb_does_not_arrive() -> None:
    water = still([5.0] * 6, 2, current=-1.0)
    ship = Ship(draught_m=5.0, speed_kn=1.0, through_water=True)
    found = passages(water, channel([20.0] * 2, [0.0, 0.1]), ship, "in")
    assert found.clearance_m.size and np.all(np.isneginf(found.clearance_m)) and windows_of(found, 0.5) == []


@pytest.mark.parametrize(
    ("name", "value"), [("draught_m", 0.0), ("speed_kn", 0.0), ("block_coefficient", 1.2), ("margin_m", -1.0)]
)
def test_a_ship_that_cannot_be_meant_is_refused(name: str, value: float) -> None:
    with pytest.raises(UnusableInputError, match=rf"{name} = {value:g}; .* are allowed"):
        Ship(**{"draught_m": 9.0, "speed_kn": 10.0, name: value})
