"""Particles on grids beside closed forms, and what stands for no answer."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from drift_for_tests import DAY_S, MovingEddy, Peninsula, StommelGyre
from numba import njit

from frugal.errors import UnusableInputError
from frugal.physics.drift.fates import DriftTimes
from frugal.physics.drift.fields import field_of, uniform_field
from frugal.physics.drift.on_grid import GridDrift, drift_on_grid, grid_drift
from frugal.physics.drift.particles import AFLOAT, BEACHED, LEFT, SUNK, copy_of, release, tally
from frugal.physics.drift.runge_kutta import rk4_of

STILL = uniform_field([0.0], np.zeros(1), np.zeros(1), "currents")


def still_water(n: int = 21, cell: float = 100.0, u: float = 0.0, v: float = 0.0):
    """An even grid of n x n nodes with a current that is the same everywhere."""
    axis = np.arange(n) * cell
    return field_of([0.0], axis, axis, np.full((1, n, n), u), np.full((1, n, n), v))


def basin(n: int = 21, cell: float = 100.0, diffusivity: np.ndarray | float = 0.0, u: float = 0.0) -> GridDrift:
    """Walls all round: the outermost nodes are land."""
    land = np.ones((n, n), dtype=bool)
    land[1:-1, 1:-1] = False
    return grid_drift(still_water(n, cell, u), False, land, diffusivity)


def test_a_decaying_moving_eddy_to_fourth_order() -> None:
    exact = MovingEddy.place(1e4, 1e4, 6 * DAY_S)
    assert exact == pytest.approx((29154.580, 7415.990), abs=5e-4)  # as published
    errors = []
    for step in (3600.0, 1800.0, 600.0):
        particles = release(1e4, 1e4, 0.0)
        drift_on_grid(particles, grid_drift(MovingEddy.field(6 * DAY_S, step), False), 6 * DAY_S, step)
        errors.append(math.hypot(particles.x[0] - exact[0], particles.y[0] - exact[1]))
    assert errors[2] < 1.3e-5
    assert math.log2(errors[0] / errors[1]) == pytest.approx(4.0, abs=0.05)
    assert math.log(errors[1] / errors[2], 3) == pytest.approx(4.0, abs=0.05)


def test_stommels_gyre_on_a_grid_that_is_refined() -> None:
    """The streamfunction along a path through the boundary layer of 50 km errs by the grid, to second order."""
    x, worst = np.linspace(40e3, 400e3, 10), []
    for nodes in (201, 401, 801):
        particles = release(x, 5000e3, 0.0)
        drift_on_grid(particles, grid_drift(StommelGyre.field(nodes), False), 50 * DAY_S, 3600.0)
        assert tally(particles).afloat == 10
        before, after = (StommelGyre.streamfunction(a, b) for a, b in ((x, 5000e3), (particles.x, particles.y)))
        worst.append(np.abs(after / before - 1).max())
    assert worst[2] < worst[1] / 3 < worst[0] / 7


@njit
def stommel(known: tuple[float, float, float, float], time_s: float, x: float, y: float) -> tuple[float, float]:
    l1, l2, c1, side = known
    first, second = c1 * math.exp(l1 * x / side), -(1.0 + c1) * math.exp(l2 * x / side)
    u = -(math.pi**2) * math.cos(math.pi * y / side) * (first + second + 1.0) / 30.0
    return u, math.pi * math.sin(math.pi * y / side) * (l1 * first + l2 * second) / 30.0


_rk4 = rk4_of(stommel)


@njit
def along_formula(
    known: tuple[float, float, float, float], x: float, y: float, step: float, steps: int
) -> tuple[float, float]:
    for n in range(steps):
        x, y = _rk4(known, n * step, step, x, y)
    return x, y


def test_stommels_gyre_by_its_formula_keeps_its_streamfunction_to_eight_digits() -> None:
    """The kernels' own integrator, without a grid."""
    known = (*map(float, StommelGyre._parts(0.0, 0.0)[:3]), StommelGyre.side)
    x = np.linspace(10e3, 100e3, 10)
    ends = np.array([along_formula(known, float(a), 5000e3, 600.0, round(50 * DAY_S / 600.0)) for a in x])
    change = StommelGyre.streamfunction(*ends.T) / StommelGyre.streamfunction(x, 5000e3) - 1
    assert np.abs(change).max() < 1e-8
    assert np.hypot(ends[:, 0] - x, ends[:, 1] - 5000e3).min() > 500e3


def test_the_flow_round_a_peninsula_keeps_its_streamfunction() -> None:
    field, land = Peninsula.field(401)
    moved = grid_drift(field, False, land)
    y = np.linspace(2e3, 45e3, 30)
    particles = release(3e3, y, 0.0)
    drift_on_grid(particles, moved, 22 * 3600.0, 100.0)
    assert tally(particles).afloat == 30 and particles.x.min() > 60e3
    change = Peninsula.streamfunction(particles.x, particles.y) / Peninsula.streamfunction(3e3, y) - 1
    assert np.abs(change).max() < 2e-3


def test_an_uneven_grid_and_uneven_times_give_what_is_linear_exactly() -> None:
    """u = a + b t with t linear between uneven times: the Runge–Kutta method integrates that exactly."""
    times, x, y = [0.0, 100.0, 130.0, 1000.0], np.array([0.0, 10.0, 11.0, 500.0, 2000.0]), np.array([-5.0, 700.0])
    rise = 0.1 + 1e-4 * np.array(times)
    u = np.broadcast_to(rise[:, None, None], (4, 2, 5))
    particles = release([1.0, 10.5], 3.0, [0.0, 55.0])
    drift_on_grid(particles, grid_drift(field_of(times, x, y, u, 0.0 * u), False), 1000.0, 7.0)
    travelled = [0.1 * (1000 - t) + 0.5e-4 * (1000**2 - t**2) for t in (0.0, 55.0)]
    np.testing.assert_allclose(particles.x, [1.0 + travelled[0], 10.5 + travelled[1]], rtol=1e-12)
    # bilinear in space: du/dx = 1e-3/s gives an exponential
    slope = 1e-3 * np.broadcast_to(x, (1, 2, 5))
    particles = release(9.0, 0.0, 0.0)
    drift_on_grid(particles, grid_drift(field_of([0.0], x, y, slope, 0.0 * slope), False), 2000.0, 10.0)
    assert particles.x[0] == pytest.approx(9.0 * math.exp(2.0), rel=1e-9)


def test_wind_of_ten_metres_a_second_on_the_ellipsoid() -> None:
    """24 h at 2 % of 10 m/s from (-1.10, 45.50): OpenDrift ends at -0.8789096, 45.4999985, of geodesics of ten minutes."""
    geod = pytest.importorskip("pyproj").Geod(ellps="WGS84")
    axis = np.linspace(-3.0, 1.0, 5)
    calm = field_of([0.0], axis, axis + 46.0, np.zeros((1, 5, 5)), np.zeros((1, 5, 5)))
    particles = release(-1.10, 45.50, 0.0, windage=0.02)
    drift_on_grid(particles, grid_drift(calm, True, wind=uniform_field([0.0], [10.0], [0.0])), DAY_S, 600.0)
    assert particles.x[0] == pytest.approx(-0.8789096, abs=1e-7)
    assert particles.y[0] == 45.5  # due east along a parallel
    # due north the path is a geodesic
    north = release(358.9, 45.50, 0.0, windage=0.02)  # the same place on a grid from -180 to 180
    drift_on_grid(north, grid_drift(calm, True, wind=uniform_field([0.0], [0.0], [10.0])), DAY_S, 3600.0)
    assert (north.x[0], north.y[0]) == pytest.approx(geod.fwd(-1.10, 45.50, 0.0, 17280.0)[:2], abs=1e-9)


def test_what_carries_adds_up() -> None:
    field = still_water(21, 1000.0, u=0.1)
    waves = uniform_field([0.0], [0.03], [0.01], "waves")
    particles = release(1000.0, 1000.0, 0.0, windage=[0.0, 0.03])
    drift_on_grid(particles, grid_drift(field, False, waves=waves, wind=uniform_field([0.0], [0.0], [5.0])), 1e4, 100.0)
    np.testing.assert_allclose(particles.x, 1000.0 + 1300.0)
    np.testing.assert_allclose(particles.y, [1000.0 + 100.0, 1000.0 + 100.0 + 1500.0])


def test_brownian_particles_spread_as_the_square_root_of_time() -> None:
    n = 20_000
    particles = release(np.zeros(n), 0.0, 0.0, seed=3)
    drift_on_grid(particles, grid_drift(STILL, False, diffusivity=100.0), DAY_S, 3600.0)
    for spread in (particles.x.std(), particles.y.std()):
        assert spread == pytest.approx(math.sqrt(2 * 100.0 * DAY_S), rel=4 / math.sqrt(2 * n))
    assert abs(np.corrcoef(particles.x, particles.y)[0, 1]) < 4 / math.sqrt(n)
    assert abs(particles.x.mean()) < 4 * particles.x.std() / math.sqrt(n)


@pytest.mark.parametrize("varies", [False, True])
def test_what_is_evenly_spread_between_walls_stays_so(varies: bool) -> None:
    """The well-mixed criterion (Thomson 1987), for one diffusivity and for one that is 5 times higher in the middle."""
    n, side = 10_000, 1900.0
    axis = np.arange(21) * 100.0
    shape = 1.0 + 4.0 * np.sin(np.pi * np.clip((axis - 50.0) / side, 0.0, 1.0)) ** 2
    moved = basin(diffusivity=0.4 * np.broadcast_to(shape[None, :], (21, 21)) if varies else 2.0)
    places = np.random.default_rng(0).uniform(50.5, 50.0 + side - 0.5, (2, n))
    particles = release(*places, 0.0, seed=1)
    drift_on_grid(particles, moved, DAY_S, 240.0)
    assert tally(particles).afloat == n
    for values in (particles.x, particles.y):
        counts = np.histogram(values, bins=10, range=(50.0, 50.0 + side))[0]
        chi2 = ((counts - n / 10) ** 2 / (n / 10)).sum()
        assert chi2 < 27.9  # 9 degrees of freedom, one in a thousand


def test_a_shore_with_beaching_and_resuspension_holds_the_share_of_two_states() -> None:
    """Pressed against the shore at each step, particles beach after T_b and float again after T_r, on average."""
    n, step = 4000, 600.0
    times = DriftTimes(beaching=2 * DAY_S, resuspension=6 * DAY_S)
    particles = release(np.full(n, 1949.0), np.linspace(200.0, 1800.0, n), 0.0)
    moved = basin(u=0.05)
    drift_on_grid(particles, moved, 30 * DAY_S, step, times)
    beaches, floats = -math.expm1(-step / times.beaching), -math.expm1(-step / times.resuspension)
    share = beaches / (beaches + floats)
    assert share == pytest.approx(6 / (2 + 6), abs=1e-3)
    assert (particles.status == BEACHED).mean() == pytest.approx(share, abs=4 * math.sqrt(share * (1 - share) / n))
    # a shore that keeps everything
    drift_on_grid(particles, moved, 31 * DAY_S, step, DriftTimes(beaching=0.0))
    assert tally(particles).beached == n


def test_sinking_is_exponential() -> None:
    n = 20_000
    particles = release(np.zeros(n), 0.0, 0.0, seed=5)
    drift_on_grid(particles, grid_drift(STILL, False), 3 * DAY_S, 3600.0, DriftTimes(sinking=2 * DAY_S))
    share = math.exp(-1.5)
    assert (particles.status == AFLOAT).mean() == pytest.approx(share, abs=4 * math.sqrt(share * (1 - share) / n))
    sunk = particles.time_s[particles.status == SUNK]
    assert np.median(sunk) == pytest.approx(-2 * DAY_S * math.log(1 - (1 - share) / 2), rel=0.04)


def test_particles_that_leave_are_counted_by_side() -> None:
    particles = release([1000.0, 1000.0, 100.0, 1900.0], [100.0, 1900.0, 1000.0, 1000.0], 0.0)
    turning = still_water(21, 100.0)
    turning.velocity[..., 0] = np.linspace(-1, 1, 21)[None, None, :]
    turning.velocity[..., 1] = np.linspace(-1, 1, 21)[None, :, None]
    drift_on_grid(particles, grid_drift(turning, False), 5000.0, 60.0)
    assert (particles.status == LEFT).all() and list(particles.place) == [2, 3, 0, 1]
    assert particles.time_s.max() < 5000.0
    assert tally(particles, ("sea", "upstream", "sea", "sea")).left == {"sea": 3, "upstream": 1}


def test_the_same_whatever_the_threads_and_the_stops() -> None:
    """Also when a run goes on from another one, and when particles are released in two parts."""
    rng = np.random.default_rng(2)
    places, clock = rng.uniform(200.0, 1800.0, (2, 5000)), rng.uniform(0.0, 3000.0, 5000)
    clock = np.round(clock / 60.0) * 60.0
    moved = basin(diffusivity=1.0, u=0.05)
    times = DriftTimes(beaching=3600.0, resuspension=7200.0, sinking=20_000.0)
    whole = release(*places, clock, seed=9)
    parted, threaded = copy_of(whole), copy_of(whole)
    drift_on_grid(whole, moved, 12_000.0, 60.0, times)
    for until in (1200.0, 6000.0, 12_000.0):
        drift_on_grid(parted, moved, until, 60.0, times)
    drift_on_grid(threaded, moved, 12_000.0, 60.0, times, threads=3)
    second = release(*places[:, 3000:], clock[3000:], seed=9, first=3000)
    drift_on_grid(second, moved, 12_000.0, 60.0, times)
    assert min(tally(whole)[:3]) > 100
    for name, column in whole._asdict().items():
        np.testing.assert_array_equal(getattr(threaded, name), column)
        np.testing.assert_array_equal(getattr(second, name), column[3000:])
        np.testing.assert_allclose(getattr(parted, name).astype(float), column.astype(float), rtol=1e-9)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"x": 5000.0}, r"particle 1 lies at \(5000, 1000\), outside the currents: x 0 to 2000"),
        ({"x": 20.0}, r"particle 1 lies at \(20, 1000\), on land \(1 such\)"),
        ({"x": math.nan}, "x of particle 1 is no number"),
        ({"windage": 2.0}, "windage is 2; 0 to 1 is allowed"),
        ({"until": math.inf}, "until_s is inf"),
        ({"step": 0.0}, "step_s is 0"),
        (
            {"step": 500.0},
            "a step of 500 s may jump over land: the smallest box is 100 m wide, the fastest particle makes 0.5",
        ),
        ({"times": DriftTimes(beaching=-1.0)}, "the time of beaching is -1 s"),
        ({"times": DriftTimes(sinking=0.0)}, "the time of sinking is 0 s"),
        ({"threads": 0}, "threads is 0"),
        (
            {"wind": uniform_field([0.0, 50.0], [1.0, 1.0], [0.0, 0.0])},
            "the wind cover 0 to 50 s; particles drift from 0 to 100 s",
        ),
        (
            {"wind": field_of([0.0], [0.0, 500.0], [0.0, 5000.0], np.zeros((1, 2, 2)), np.zeros((1, 2, 2)))},
            "the wind along x cover 0 to 500; the currents 0 to 2000: fields are not guessed",
        ),
    ],
)
def test_what_is_asked_wrongly(change: dict, told: str) -> None:
    asked = {
        "x": 1000.0,
        "windage": 0.0,
        "until": 100.0,
        "step": 60.0,
        "times": None,
        "threads": 1,
        "wind": None,
    } | change
    with pytest.raises(UnusableInputError, match=told):
        moved = basin(u=0.5)
        moved = grid_drift(moved.currents, False, moved.land, wind=asked["wind"])
        particles = release(asked["x"], 1000.0, 0.0, windage=asked["windage"])
        drift_on_grid(particles, moved, asked["until"], asked["step"], asked["times"], asked["threads"])


def of(x: list[float], y: list[float], u: np.ndarray) -> Any:
    """A steady field whose northward component is 0."""
    return field_of([0.0], x, y, u, np.zeros(u.shape))


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: of([0.0, 0.0], [0.0], np.zeros((1, 1, 2))), "x of the currents does not grow"),
        (lambda: of([0.0, 1.0], [0.0], np.zeros((1, 2, 1))), r"u of the currents has shape \(1, 2, 1\)"),
        (lambda: of([0.0], [0.0], np.full((1, 1, 1), np.nan)), "holds 1 values that are no numbers"),
        (lambda: grid_drift(STILL, False, diffusivity=-1.0), "the diffusivity falls to -1"),
        (lambda: grid_drift(STILL, False, np.zeros((2, 2))), r"the land has shape \(2, 2\)"),
        (lambda: grid_drift(of([0.0], [89.9], np.zeros((1, 1, 1))), True), "latitude 89.9"),
    ],
)  # fmt: skip
def test_fields_that_cannot_be(make, told: str) -> None:
    with pytest.raises(UnusableInputError, match=told):
        make()


def test_land_at_the_edge_of_the_grid_is_no_way_out() -> None:
    """A step that would cross a node on land and the edge behind it is one onto land; beside it, particles leave."""
    land = np.zeros((21, 21), dtype=bool)
    land[:10, -1] = True
    moved = grid_drift(still_water(u=0.9), False, land)
    particles = release(1900.0, [400.0, 1600.0], 0.0)
    drift_on_grid(particles, moved, 1000.0, 111.0)
    assert list(particles.status) == [AFLOAT, LEFT] and particles.place[1] == 1 and particles.x[0] < 1950.0
