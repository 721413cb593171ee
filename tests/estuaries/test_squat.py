"""Squat after Barrass, beside numbers that others printed."""

import numpy as np
import pytest

from frugal.estuaries.squat import blockage, rule_of_thumb_m, squat_m, width_of_influence_m

#: A company's squat sheet (Eagle, VN-03-A, table 1): C_B 0.78, 32.26 m wide, 11.9 m deep, water of 14 m, 1 to 15 knots.
CHANNEL_OF_200_M = (0.01, 0.03, 0.07, 0.14, 0.22, 0.32, 0.44, 0.58, 0.74, 0.92, 1.12, 1.34, 1.58, 1.85, 2.13)
OPEN_WATER = (0.01, 0.03, 0.06, 0.11, 0.18, 0.26, 0.36, 0.47, 0.60, 0.75, 0.91, 1.09, 1.29, 1.51, 1.74)
KNOTS = np.arange(1.0, 16.0)


def test_a_printed_squat_sheet_is_met_in_a_channel() -> None:
    """Blockage 0.137105; each of fifteen speeds to the centimetre that is printed."""
    blocked = blockage(32.26, 11.9, 0.78, np.array(14.0), np.array(200.0))
    assert blocked == pytest.approx(0.137105, abs=1e-6)
    assert squat_m(KNOTS, 0.78, blocked) == pytest.approx(CHANNEL_OF_200_M, abs=0.0051)


def test_a_printed_squat_sheet_is_met_in_open_water() -> None:
    """With the sheet's own blockage, from the waterplane's coefficient that it knows and that is estimated here."""
    assert squat_m(KNOTS, 0.78, np.array(0.104933)) == pytest.approx(OPEN_WATER, abs=0.0051)
    # the sheet: 261 m; the estimate of the waterplane makes open water 7 % wider and the squat 5 % smaller
    assert width_of_influence_m(32.26, 0.78) == pytest.approx(261.3, rel=0.08)
    wide = blockage(32.26, 11.9, 0.78, np.array(14.0), np.array(5000.0))
    assert squat_m(KNOTS, 0.78, wide) == pytest.approx(OPEN_WATER, rel=0.06, abs=0.012)


def test_the_short_form() -> None:
    """C_B 0.9 at 4, 8, 12, 16 and 20 knots as printed by a builder of yachts; twice as much between banks."""
    told = [rule_of_thumb_m(knots, 0.9, confined=False) for knots in (4, 8, 12, 16, 20)]
    assert told == pytest.approx([0.144, 0.576, 1.296, 2.304, 3.600])
    assert rule_of_thumb_m(10, 0.8, confined=True) == pytest.approx(1.6)


def test_a_ship_that_fills_her_channel_keeps_a_finite_squat() -> None:
    blocked = blockage(30.0, 10.0, 0.8, np.array([10.0, 0.0]), np.array([30.0, 30.0]))
    assert blocked.tolist() == [0.5, 0.5] and np.all(np.isfinite(squat_m(np.array(10.0), 0.8, blocked)))
