"""Numbers that tell salt, mud and oxygen, on tables small enough to work out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from frugal.errors import UnusableInputError
from frugal.studies.estuary.state import quality_numbers as numbers

KM = np.array([0.0, 10.0, 20.0, 30.0]) * 1e3


def test_salt_reaches_the_farthest_place_with_the_threshold() -> None:
    salinity = [
        [30.0, 10.0, 1.5, 0.0],  # falls from 1.5 to 0 within 10 km: 0.5 after two thirds
        [30.0, 0.4, 0.9, 0.1],  # a pocket of salt landward of fresher water counts
        [0.2, 0.1, 0.0, 0.0],
        [30.0, 20.0, 10.0, 5.0],
        [30.0, 20.0, 10.0, np.nan],
    ]
    assert numbers.salt_limit_m(salinity, KM) == pytest.approx([20e3 + 1e4 * 2 / 3, 25e3, 0.0, 30e3, 20e3])


def test_hours_over_a_limit_count_from_crossing_to_crossing() -> None:
    times = np.array([0.0, 1.0, 2.0, 3.0, 4.0]) * 3600.0
    # Over 1 from 0.5 to 1 h, whole hours to 3 h, then a quarter of the last.
    assert numbers.hours_over(times, [0.0, 2.0, 3.0, 2.0, -2.0], 1.0) == pytest.approx(0.5 + 1.0 + 1.0 + 0.25)
    assert numbers.hours_over(times, np.ones(5), 1.0) == 0.0


def test_turbidity_maximum_has_the_mass_and_the_centre_of_a_triangle() -> None:
    mud = [[0.1, 0.1, 1.1, 0.1], [0.1, 0.1, 0.1, 0.1], [0.1, 1.1, 1.1, 0.1]]
    found = numbers.turbidity_maximum(mud, KM, 1000.0, background_kg_m3=0.1)
    # A triangle of base 20 km and 1 kg/m3 over 1000 m2; a trapezium of 30 and 10 km.
    assert found.mass_kg == pytest.approx([1e7, 0.0, 2e7])
    assert found.centroid_m[[0, 2]] == pytest.approx([20e3, 15e3])
    assert np.isnan(found.centroid_m[1])
    areas = [4000.0, 3000.0, 2000.0, 1000.0]
    assert numbers.turbidity_maximum(mud, KM, areas, 0.1).mass_kg[0] == pytest.approx(2e7)


def test_lowest_oxygen_is_told_with_its_time_and_place() -> None:
    oxygen = [[8.0, 7.0, 6.0, 5.0], [8.0, 3.0, 1.8, np.nan], [8.0, 7.0, 6.0, 2.0]]
    found = numbers.lowest_oxygen([0.0, 600.0, 1200.0], oxygen, KM)
    assert (found.value_mg_l, found.time_s, found.distance_m) == (1.8, 600.0, 20e3)
    with pytest.raises(UnusableInputError, match="no finite number"):
        numbers.lowest_oxygen([0.0], [[np.nan] * 4], KM)


def test_days_under_a_limit_are_counted_by_their_minimum_or_mean() -> None:
    times = np.arange(0.0, 6 * 86400.0 + 1.0, 43200.0)  # two values a day, six days, and one value of a seventh
    oxygen = [6, 6, 4, 7, 3, 4, 4, 8, 6, 6, 4, 5.5, 1]
    assert numbers.daily(times, oxygen) == pytest.approx([6, 4, 3, 4, 6, 4])
    assert numbers.daily(times, oxygen, "mean") == pytest.approx([6, 5.5, 3.5, 6, 6, 4.75])
    assert numbers.days_under(times, oxygen) == (4, 3)
    assert numbers.days_under(times, oxygen, of="mean") == (2, 1)
    with pytest.raises(UnusableInputError, match="allowed: minimum, mean"):
        numbers.daily(times, oxygen, "median")


def test_tables_that_do_not_fit_are_refused() -> None:
    with pytest.raises(UnusableInputError, match="has 3 distances, of which 4"):
        numbers.salt_limit_m(np.zeros((2, 3)), KM)
    with pytest.raises(UnusableInputError, match="times must rise"):
        numbers.hours_over([0.0, 0.0], [1.0, 1.0], 0.5)
    with pytest.raises(UnusableInputError, match="two, time and place"):
        numbers.salt_limit_m(np.zeros(4), KM)
