"""Waves over a dike against published tests of another program, and the limits of the law."""

from __future__ import annotations

import numpy as np
import pytest

from frugal.errors import UnusableInputError
from frugal.physics.overtopping import DESIGN, MEAN_VALUE, breaker_parameter, overtopping_discharge

#: Hm0 [m], Tm-1,0 [s], freeboard [m], cotangent of the slope, discharge [l/s/m] by the design and assessment approach of
#: EurOtop 2018: expected values in the tests of the Coastal Structures Toolbox of Deltares.
PUBLISHED = ((2.0, 5.0, 5.0, 3.0, 0.8414), (2.5, 5.0, 5.0, 3.0, 2.546), (2.0, 7.0, 5.0, 3.0, 7.097))


@pytest.mark.parametrize(("height", "period", "freeboard", "cotangent", "litres"), PUBLISHED)
def test_design_discharges_are_those_of_the_toolbox_of_deltares(height, period, freeboard, cotangent, litres) -> None:
    found = overtopping_discharge(height, period, freeboard, 1.0 / cotangent, coefficients=DESIGN)
    assert 1000.0 * float(found) == pytest.approx(litres, rel=2e-3)


def test_the_mean_value_is_below_the_design_value_which_adds_a_standard_deviation() -> None:
    freeboards = np.linspace(0.0, 5.0, 11)
    mean, design = (
        overtopping_discharge(2.0, 6.0, freeboards, 1 / 3, coefficients=coefficients)
        for coefficients in (MEAN_VALUE, DESIGN)
    )
    assert (mean < design).all() and (np.diff(mean) < 0.0).all()
    # by hand: xi = (1/3) / sqrt(2 pi 2 / (9.81 36)) = 1.767, exponent (2.7 2 / (1.767 2))^1.3 = 1.735
    assert float(breaker_parameter(2.0, 6.0, 1 / 3)) == pytest.approx(1.767, rel=1e-3)
    assert float(overtopping_discharge(2.0, 6.0, 2.0, 1 / 3)) == pytest.approx(0.01242 * np.sqrt(9.81 * 8.0), rel=2e-3)


def test_long_waves_do_not_break_and_the_smaller_of_both_laws_holds() -> None:
    swell = float(overtopping_discharge(1.0, 14.0, 1.0, 1 / 3))
    assert swell == pytest.approx(0.09 * np.exp(-(1.5**1.3)) * np.sqrt(9.81), rel=1e-9)


def test_a_crest_under_water_counts_as_no_freeboard_and_no_waves_bring_nothing() -> None:
    assert overtopping_discharge(1.0, 5.0, -0.4, 1 / 3) == overtopping_discharge(1.0, 5.0, 0.0, 1 / 3)
    assert overtopping_discharge(0.0, 5.0, 0.0, 1 / 3) == 0.0


@pytest.mark.parametrize(
    ("change", "told"), [({"slope": 3.0}, "slope of a dike is 3"), ({"roughness": 0.0}, "factor of roughness")]
)
def test_faces_that_no_dike_has_are_refused(change: dict, told: str) -> None:
    with pytest.raises(UnusableInputError, match=told):
        overtopping_discharge(1.0, 5.0, 1.0, **{"slope": 0.3, **change})
