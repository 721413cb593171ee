"""Errors over their tolerances: what counts where no tolerance is set, and which output decides."""

import math

import pytest
from frugal.reporting.error_ratio import error_ratio, error_ratios, over_tolerance, worst_output


def error(high: float, tolerance: float | None) -> dict[str, float | None]:
    return {"high": high, "tolerance": tolerance}


def test_the_output_farthest_beyond_its_tolerance_decides():
    errors = {"depth": error(0.3, 0.2), "speed": error(9.0, 10.0), "untold": error(1e6, None)}
    assert error_ratios(errors) == {"depth": pytest.approx(1.5), "speed": pytest.approx(0.9)}
    assert error_ratio(errors) == pytest.approx(1.5)
    assert worst_output(errors) == "depth"
    assert worst_output({"a": error(2.0, 1.0), "b": error(4.0, 2.0)}) == "a"  # of equals the first


@pytest.mark.parametrize("errors", [{}, {"depth": error(0.3, None)}, {"depth": {"high": 0.3}}])
def test_without_a_tolerance_there_is_no_ratio(errors):
    assert error_ratio(errors) == math.inf and error_ratios(errors) == {} and worst_output(errors) is None


def test_an_error_without_bound_and_one_that_is_no_number_stay_what_they_are():
    assert over_tolerance(math.inf, 0.1) == math.inf
    assert math.isnan(over_tolerance(math.nan, 0.1))
    assert over_tolerance(0.1, None) is None and over_tolerance(0.1, 0.0) is None
