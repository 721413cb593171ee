"""Friction of a profile and mud beside methods that share no line with the solver."""

from __future__ import annotations

import math

import numpy as np
import pytest
from verification import estuary_cases as cases
from verification import estuary_given as given
from verification import estuary_peers as peers

from frugal.errors import UnusableInputError
from frugal.physics.estuary import closed_forms
from frugal.physics.estuary.carried import Carrying, Mud
from frugal.physics.estuary.carrying import simulate_carried
from frugal.physics.estuary.driving import Driving, SeaLevel
from frugal.physics.estuary.network import Estuary, Reach, layout_of
from frugal.physics.estuary.simulate import simulate_tide

X = np.arange(0.0, 150e3 + 1.0, 500.0)
OMEGA = 2.0 * math.pi / 44712.0


def funnel(slip: float, viscosity: float, m2: float, m4: float = 0.0, river: float = 0.0) -> given.GivenTide:
    """The exponential channel of the set-ups."""
    width = 3000.0 * np.exp(-X / 40e3)
    return given.GivenTide(X, np.full(X.size, 10.0), width, m2, m4, -60.0, river, slip, viscosity)


@pytest.mark.slow
def test_small_tide_is_that_of_the_closed_form() -> None:
    found = given.periodic_tide(funnel(0.004, 1.0, 0.3), 1000.0, 15).parts(X[::20])
    exact = 0.3 * closed_forms.funnel_wave(X[::20], 150e3, 10.0, 40e3, 0.003947368 / 10.0, given.OMEGA)
    assert np.abs(found[1] - exact).max() < 0.003 * 0.3, "but for waves of its own making, as M2 over depth"


@pytest.mark.slow
@pytest.mark.parametrize(("slip", "viscosity"), [(0.004, 1.0), (0.02, 0.05)])
def test_a_small_tide_makes_the_quarter_tide_and_set_up_of_second_order(slip: float, viscosity: float) -> None:
    case = funnel(slip, viscosity, 0.03)
    found = given.periodic_tide(case, 1000.0, 15).parts(X[::20])
    theory = peers.perturbed_tide(X, case.depth_m, case.width_m, slip, viscosity, 0.03, 0j, given.OMEGA)[:, ::20]
    for k, part in enumerate(("mean", "M2", "M4")):
        assert np.abs(found[k] - theory[k]).max() < 1e-3 * np.abs(theory[k]).max(), part


@pytest.mark.slow
def test_a_large_tide_is_that_of_the_method_of_lines() -> None:
    case = funnel(0.02, 0.05, 1.5, 0.1, 100.0)
    tide = given.periodic_tide(case, 1000.0, 15)

    def level(time: float) -> float:
        wave = 1.5 * math.cos(given.OMEGA * time) + 0.1 * math.cos(2.0 * given.OMEGA * time + math.radians(60.0))
        return min(time / given.PERIOD, 1.0) * wave

    slip, viscosity = np.full(X.size, 0.02), np.full(X.size, 0.05)
    times, levels = peers.tide_by_lines(X, case.depth_m, case.width_m, slip, viscosity, level, 100.0, given.PERIOD, 10)
    lines = cases.amplitudes(levels[:, ::20], times, (1, 2), given.OMEGA)
    assert np.abs(tide.parts(X[::20]) - lines).max() < 0.001, "a millimetre"
    assert np.abs(lines[2]).max() > 0.1


@pytest.mark.slow
@pytest.mark.parametrize(("phase", "settling"), [(0.0, 0.3e-3), (90.0, 1e-3), (270.0, 3e-3)])
def test_mud_of_a_column_is_that_of_its_differential_equation(phase: float, settling: float) -> None:
    run = given.transported("P1_local", phase, settling, 8000.0, 20)
    angle = math.radians(phase)
    c, bed = peers.column_of_mud(
        lambda t: math.cos(OMEGA * t) + 0.2 * math.cos(2.0 * OMEGA * t - angle), settling, 44712.0, 20, 24
    )
    assert run.at("mud", "r", 80e3)[-25:-1].mean() == pytest.approx(c.mean(), rel=0.004)
    assert run.bed_kg_m2[-25:-1, run.layout.at("r", 80e3)[0]].mean() == pytest.approx(bed.mean(), rel=0.02)
    assert abs(run.ledgers["mud"].imbalance) < 1e-12


@pytest.mark.slow
def test_a_jump_stands_where_it_should_at_short_steps() -> None:
    errors = cases.macdonald_jump(100)
    assert errors["everywhere"] < 0.003
    assert abs(errors["jump landward of its place, m"]) <= 10.0
    assert errors["depth at the head over the exact one"] == pytest.approx(1.0, abs=0.003)


@pytest.mark.slow
def test_a_run_reaches_its_end_whatever_the_spans_add_up_to() -> None:
    case = funnel(0.004, 1.0, 0.5)
    run = simulate_tide(
        case.layout(0.004, 1.0, 5000.0),
        case.driving(),
        3888899.9914460243,
        44699.9,
        None,
        3844199.991544346,
        record_s=44699.9999 / 140,
    )
    assert run.end.clock[0] == 3888899.9914460243


def test_what_slip_needs_is_told() -> None:
    bare = Estuary((Reach("r", "sea", "head", [0.0, 1e4], -5.0, 100.0, 0.01),), ("sea",), "slip")
    with pytest.raises(UnusableInputError, match="viscosity_m2_s is missing"):
        layout_of(bare)
    thin = Estuary((Reach("r", "sea", "head", [0.0, 1e4], -5.0, 100.0, 0.01, viscosity_m2_s=0.0),), ("sea",), "slip")
    with pytest.raises(UnusableInputError, match="viscosity of 0 m²/s"):
        layout_of(thin)
    estuary = Estuary((Reach("r", "sea", "head", [0.0, 1e4], -5.0, 100.0, 0.01),), ("sea",), "quadratic")
    driving = Driving({"sea": SeaLevel(0.0)})
    for mud, said in (
        (Mud(drag_law="slip"), "needed by its drag law"),
        (Mud(drag=np.ones(3)), "drag of mud has 3 values"),
        (Mud(drag=-1.0), "drag of mud = -1"),
    ):
        with pytest.raises(UnusableInputError, match=said):
            simulate_carried(estuary, driving, Carrying({"mud": {}}, mud=mud), 3600.0)
