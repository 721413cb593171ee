"""Sides of a flood: uniform and critical flow, rating curves, slopes at the edge, water at rest, and what is refused."""

import math

import numpy as np
import pytest
from verification import shallow_water_cases as cases

from frugal.errors import UnusableInputError
from frugal.physics.shallow_water.flood_case import FloodCase
from frugal.physics.shallow_water.parts.segments import Segment
from frugal.physics.shallow_water.simulate import Flood, simulate

BOTH = pytest.mark.parametrize("scheme", ["saint_venant", "local_inertial"])
OUT = ("open", "free_fall", "normal_flow", "rating_curve")
#: Manning, 1 m²/s on 1 ‰ with n = 0.03: (q n / sqrt(S))^(3/5); critical depth (q²/g)^(1/3).
NORMAL_M, CRITICAL_M = 0.968888, 0.467141


def channel(
    end: Segment, slope: float = 0.001, manning: float = 0.03, turns: int = 0, entering_m: float | None = None
) -> FloodCase:
    """1 m²/s down a slope towards the east, which begins 2 m deep; turned by so many quarters."""
    bed = (slope * 25.0 * np.arange(12)[::-1])[None] * np.ones((2, 1))
    sides = ["west", "south", "east", "north"]
    entry = Segment("discharge", series=50.0, depth=entering_m)
    return FloodCase(
        np.rot90(bed, turns), 25.0, 3600.0, friction=manning, depth=2.0,
        boundaries={sides[turns]: (entry,), sides[(turns + 2) % 4]: (end,)},
    )  # fmt: skip


def segment(kind: str, **more) -> Segment:
    return Segment(kind, rating=([0.0, 9.0], [0.0, 90.0]) if kind == "rating_curve" else None, **more)


@BOTH
@pytest.mark.parametrize("end", [Segment("open"), Segment("normal_flow"), Segment("normal_flow", slope=0.001)])
def test_uniform_flow_keeps_its_normal_depth(scheme: str, end: Segment) -> None:
    flood = simulate(channel(end), scheme=scheme)
    assert np.abs(flood.depth / NORMAL_M - 1.0).max() < 2e-3
    assert abs(flood.volume.imbalance) < 1e-13


def test_a_given_slope_and_not_that_of_the_bed_makes_the_depth_at_the_side() -> None:
    flood = simulate(channel(Segment("normal_flow", slope=0.0005)))
    assert flood.depth[0, -1] == pytest.approx(NORMAL_M * 2.0**0.3, rel=0.02)


def test_a_steep_channel_keeps_its_depth_from_side_to_side() -> None:
    """Half a metre of fall a cell, 0.39 m of water: (0.03 / sqrt(0.02))^0.6 = 0.3944 m."""
    flood = simulate(channel(Segment("open"), slope=0.02, entering_m=0.39442))
    assert np.abs(flood.depth[0] / 0.39442 - 1.0).max() < 2e-3


def test_a_free_fall_is_critical() -> None:
    """Without friction 1 m²/s leaves at its critical depth; the inertial model's depth is the energy head, 1.5 times that."""
    end = Segment("free_fall")
    assert simulate(channel(end, 0.0, 0.0)).depth[:, -1] == pytest.approx(CRITICAL_M, rel=0.01)
    inertial = simulate(channel(end, 0.0, 0.0), scheme="local_inertial")
    assert inertial.depth == pytest.approx(1.5 * CRITICAL_M, rel=5e-3)


@BOTH
def test_ponds_drain_where_they_can(scheme: str) -> None:
    def kept(kind: str, slope: float) -> float:
        bed = (slope * 10.0 * np.arange(20)[::-1])[None]
        case = FloodCase(bed, 10.0, 3600.0, friction=0.03, level=1.0, boundaries={"east": (Segment(kind),)})
        book = simulate(case, scheme=scheme).volume
        assert book.entered == 0.0
        return book.final / book.initial

    assert kept("open", 0.0) == kept("normal_flow", 0.0) == 1.0
    assert kept("free_fall", 0.0) < 0.05
    assert kept("open", 0.01) < 0.01


@BOTH
def test_a_rating_curve_empties_a_tank_as_its_equation_says(scheme: str) -> None:
    """5000 m² and Q = 2 (level - 1) m³/s: level - 1 falls as exp(-t / 2500 s)."""
    end = Segment("rating_curve", rating=([1.0, 2.0], [0.0, 2.0]))
    case = FloodCase(np.zeros((5, 10)), 10.0, 2500.0, level=3.0, boundaries={"east": (end,)})
    flood = simulate(case, scheme=scheme)
    assert flood.depth.mean() == pytest.approx(1.0 + 2.0 * math.exp(-1.0), rel=2e-3)
    assert flood.volume.by_source["east 0"] == pytest.approx(-5000.0 * 2.0 * (1.0 - math.exp(-1.0)), rel=5e-3)


@BOTH
@pytest.mark.parametrize("kind", OUT)
def test_sides_take_no_notice_of_the_compass(scheme: str, kind: str) -> None:
    def run(turns: int) -> Flood:
        return simulate(channel(segment(kind), turns=turns), scheme=scheme)

    first = run(0)
    for turns in (1, 2, 3):
        assert np.rot90(run(turns).depth, -turns) == pytest.approx(first.depth, rel=1e-9)


@BOTH
@pytest.mark.parametrize("kind", ["level", "wall", "open", "normal_flow"])
def test_water_at_rest_stays_so_over_beds_that_rise_outward(scheme: str, kind: str) -> None:
    y, x = np.mgrid[0:9, 0:9]
    bed = 0.02 * ((x - 4.0) ** 2 + (y - 4.0) ** 2) - 1.0
    side = Segment(kind, series=0.5) if kind == "level" else Segment(kind)
    boundaries = dict.fromkeys(("west", "east", "north", "south"), (side,))
    flood = simulate(FloodCase(bed, 5.0, 200.0, friction=0.03, level=0.5, boundaries=boundaries), scheme=scheme)
    assert flood.max_speed.max() < 1e-12
    assert flood.volume.final == pytest.approx(flood.volume.initial, rel=1e-13)


@pytest.mark.parametrize("kind", ["subcritical", "rain", "jump"])
def test_depths_beside_the_sides_are_as_good_as_those_between(kind: str) -> None:
    case = cases.macdonald(50, kind)
    error = np.abs(simulate(case.scenario).depth[0] / case.depth - 1.0)
    assert max(error[:4].max(), error[-4:].max()) < 0.02


@pytest.mark.parametrize(
    ("side", "told"),
    [
        (Segment("rating_curve"), "has no rating"),
        (Segment("rating_curve", rating=([1.0], [0.0])), "at least 2"),
        (Segment("rating_curve", rating=([1.0, 2.0], [0.0, np.nan])), "not a number"),
        (Segment("rating_curve", rating=([1.0, 1.0], [0.0, 2.0])), "do not grow from 1 m to 1 m"),
        (Segment("rating_curve", rating=([1.0, 2.0], [-1.0, 2.0])), "goes down to -1 m³/s"),
        (Segment("rating_curve", rating=([1.0, 2.0], [3.0, 2.0])), "falls from 3 to 2 m³/s"),
        (Segment("open", rating=([1.0, 2.0], [0.0, 2.0])), "only a rating_curve has one"),
        (Segment("normal_flow", slope=-0.001), "slope of boundary west 0 is -0.001"),
        (Segment("open", slope=0.001), "only a normal_flow has one"),
    ],
)
def test_sides_that_make_no_sense_are_refused(side: Segment, told: str) -> None:
    with pytest.raises(UnusableInputError, match=told):
        simulate(FloodCase(np.zeros((4, 5)), 1.0, 1.0, depth=0.1, boundaries={"west": (side,)}))
