"""The idealised Loire, beside the numbers of its set-up."""

from __future__ import annotations

import cmath
import math

import numpy as np
import pytest

from frugal.studies.estuary.place.from_site import estuary_of
from frugal.studies.estuary.place.site import EstuarySite
from frugal.studies.estuary.state.estuary import estuary


@pytest.fixture(scope="module")
def loire() -> EstuarySite:
    """As shipped."""
    return EstuarySite.model_validate({"place": "loire"})


@pytest.mark.parametrize(("sign", "m2", "m4", "phase_deg"), [(1.0, 2.30, 0.24, -148.0), (-1.0, 1.28, 0.20, -155.0)])
def test_springs_and_neaps_have_the_tide_of_the_set_up(
    loire: EstuarySite, sign: float, m2: float, m4: float, phase_deg: float
) -> None:
    waves = {
        name: cmath.rect(amplitude, -math.radians(lag))
        for name, (amplitude, lag) in (loire.mouth[0].tide or {}).items()
    }
    # S2 in phase with M2 at springs, against it at neaps; MS4 turns with both.
    turned = sign * cmath.exp(1j * (cmath.phase(waves["M2"]) - cmath.phase(waves["S2"])))
    half = waves["M2"] + waves["S2"] * turned
    quarter = waves["M4"] + waves["MS4"] * turned
    assert abs(half) == pytest.approx(m2, abs=1e-9)
    # Amplitude and lag at high water of M2.
    found = quarter * cmath.exp(-2j * cmath.phase(half))
    assert abs(found) == pytest.approx(m4, abs=2e-4)
    assert -math.degrees(cmath.phase(found)) == pytest.approx(phase_deg, abs=0.1)


def test_sections_follow_the_formulas_of_the_set_up(loire: EstuarySite) -> None:
    reach = estuary_of(loire).reach("loire")
    x = np.asarray(reach.distance_m)
    depth = 17.0 - 3.6 * (1.0 + np.tanh((x - 11e3) / 4e3)) - 1.085e-4 * (x - 48e3) * (1.0 + np.tanh((x - 48e3) / 4e3))
    width = -1.411e-12 * x**3 + 4.002e-7 * x**2 - 0.03419 * x + 1178.0
    roughness = 0.01 + 0.05 * (1.0 + np.tanh((x - 55e3) / 5e3))
    drag = 0.15 * ((1.0 + roughness) * np.log(1.0 + 1.0 / roughness) - 1.0) ** -2
    assert np.abs(depth + np.asarray(reach.bed_m)).max() < 0.15
    assert np.abs(np.asarray(reach.width_m) / width - 1.0).max() < 0.07
    assert np.abs(np.asarray(reach.friction) / drag - 1.0).max() < 0.06, "straight between knots"
    assert "not a survey" in loire.source and "fluid mud" in loire.source


def test_the_study_asks_it(loire: EstuarySite) -> None:
    study = estuary(loire)
    flow = next(variable for variable in study.inputs if variable.name == "loire_m3_s")
    assert (flow.low, flow.high) == (100.0, 2000.0)
    assert {scenario.name for scenario in loire.scenario} == {"summer", "low_flow", "winter"}
