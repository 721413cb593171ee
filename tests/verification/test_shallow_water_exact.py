"""The Saint-Venant solver beside solutions known exactly."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from verification import shallow_water_cases as cases

from frugal.physics.shallow_water.flood_case import FloodCase
from frugal.physics.shallow_water.simulate import Flood, simulate


def solved(case: cases.Case, **options) -> float:
    """Sum of the errors of depth as a share of the sum of depths, where the solution is known."""
    flood = simulate(case.scenario, **options)
    assert abs(flood.volume.imbalance) < 1e-10
    if case.depth.ndim == 1:
        known = np.isfinite(case.depth)
        return float(np.abs(flood.depth[0] - case.depth)[known].sum() / case.depth[known].sum())
    return float(np.abs(flood.depth - case.depth).sum() / case.depth.sum())


# Case, relative error of depth allowed at 200 cells to second order, order of convergence expected from 50 to 200 cells.
# Shocks and kinks hold any scheme to order 1; in steady channels slopes go on being limited now here, now there.
CASES: dict[str, tuple[Callable[[int], cases.Case], float, float]] = {
    "Stoker": (cases.stoker, 4e-3, 0.85),
    "Ritter": (cases.ritter, 4e-3, 0.85),
    "Dressler": (cases.dressler, 2e-3, 0.6),
    "bump with shock": (cases.bump_with_shock, 2.5e-3, 0.9),
    "MacDonald subcritical": (lambda n: cases.macdonald(n, "subcritical"), 3e-4, 0.85),
    "MacDonald with a jump": (lambda n: cases.macdonald(n, "jump"), 2e-3, 0.7),
    "MacDonald with rain": (lambda n: cases.macdonald(n, "rain"), 2e-4, 1.0),
    "Sampson": (cases.sampson, 1.5e-3, 1.1),
}


@pytest.mark.parametrize("name", CASES)
def test_known_solutions_and_observed_order(name: str) -> None:
    build, allowed, order = CASES[name]
    errors = [solved(build(count)) for count in (50, 100, 200)]
    assert errors[2] < allowed
    assert math.log2(errors[0] / errors[2]) / 2.0 > order
    assert solved(build(200), order=1) > 1.5 * errors[2]


def test_steady_channels_carry_their_discharge() -> None:
    for kind, allowed in (("subcritical", 2e-4), ("rain", 2e-4), ("jump", 5e-3)):
        case = cases.macdonald(200, kind)
        flood = simulate(case.scenario)
        q, exact = flood.u[0] * flood.depth[0], case.u * case.depth
        assert np.abs(q - exact).mean() < allowed * exact.mean()


@pytest.mark.parametrize(("build", "allowed"), [(cases.thacker_planar, 0.018), (cases.thacker_radial, 0.018)])
def test_thacker_in_two_dimensions(build: Callable[[int], cases.Case], allowed: float) -> None:
    coarse, fine = solved(build(100)), solved(build(200))
    assert fine < allowed
    assert math.log2(coarse / fine) > 1.3


def wave(count: int) -> FloodCase:
    """A smooth wave over a smooth bed, with nothing to limit."""
    x, size = cases.centres(100.0, count)
    bed = 0.3 * np.exp(-(((x - 60.0) / 15.0) ** 2))
    level = 2.0 + 0.2 * np.exp(-(((x - 50.0) / 12.0) ** 2))
    return FloodCase(bed[None], size, 4.0, level=level[None])


def test_second_order_where_the_flow_is_smooth() -> None:
    found = [simulate(wave(count)).depth[0] for count in (200, 400, 800)]
    halved = [0.5 * (fine[::2] + fine[1::2]) for fine in found[1:]]
    first, second = np.abs(halved[0] - found[0]).mean(), np.abs(halved[1] - found[1]).mean()
    assert math.log2(first / second) > 1.8


@pytest.mark.parametrize("rows", [1, 60])
@pytest.mark.parametrize("scheme", ["saint_venant", "local_inertial"])
def test_a_lake_around_an_island_stays_at_rest(rows: int, scheme: str) -> None:
    flood = simulate(cases.island_at_rest(200, rows), scheme=scheme)
    assert flood.max_speed.max() < 1e-12
    assert np.abs(flood.v).max() < 1e-12
    assert flood.steps > 1000


def test_a_dam_break_takes_no_notice_of_the_compass() -> None:
    x, size = cases.centres(10.0, 100)
    along, down = np.meshgrid(x, x)
    bed = 0.1 * np.exp(-((along - 6.0) ** 2 + (down - 4.0) ** 2))

    def flood(turns: int) -> Flood:
        depth = np.where(along < 4.0, 0.6, 0.1)
        return simulate(FloodCase(np.rot90(bed, turns), size, 1.5, friction=0.02, depth=np.rot90(depth, turns)))

    first, turned = flood(0), flood(1)
    assert np.abs(np.rot90(first.depth) - turned.depth).max() < 1e-10
    assert np.abs(np.rot90(first.u) + turned.v).max() < 1e-10  # what went east goes north
    assert np.abs(np.rot90(first.v) - turned.u).max() < 1e-10


def test_a_dam_break_along_the_diagonal_is_that_along_the_axis() -> None:
    x, size = cases.centres(10.0, 200)
    along, down = np.meshgrid(x, x)
    distance = (along + down - 10.0) / math.sqrt(2.0)
    flood = simulate(FloodCase(np.zeros((200, 200)), size, 1.0, depth=np.where(distance < 0.0, 0.5, 0.1)))
    straight = simulate(FloodCase(np.zeros((1, 200)), size, 1.0, depth=np.where(x < 5.0, 0.5, 0.1)[None]))
    on_diagonal = np.arange(40, 160)
    found = flood.depth[on_diagonal, on_diagonal]
    expected = np.interp(distance[on_diagonal, on_diagonal] + 5.0, x, straight.depth[0])
    assert np.abs(found - expected).mean() < 0.004
    across = (flood.u - flood.v)[on_diagonal, on_diagonal]
    assert np.abs(across).max() < 1e-10
