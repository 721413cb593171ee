"""Infiltration, culverts and gates beside numbers made by hand, and the books of volume with them."""

import dataclasses
import math

import numpy as np
import pytest

from frugal.errors import UnusableInputError
from frugal.physics.shallow_water.flood_case import FloodCase, Infiltration, Inflow, Link, Rain
from frugal.physics.shallow_water.simulate import Flood, simulate

BOTH = pytest.mark.parametrize("scheme", ["saint_venant", "local_inertial"])
CM_H = 0.01 / 3600.0
#: Silty loam, Chow, Maidment and Mays 1988, example 4.3.1: after an hour under water F = 3.17 cm.
LOAM = Infiltration(0.65 * CM_H, suction_head_m=0.167, moisture_deficit=0.34)


@BOTH
def test_green_and_ampt_as_in_the_book(scheme: str) -> None:
    flood = simulate(FloodCase(np.zeros((4, 5)), 10.0, 3600.0, depth=0.2, infiltration=LOAM), scheme=scheme)
    assert flood.infiltrated == pytest.approx(0.0317, abs=5e-5)
    taken, drawn = float(flood.infiltrated[0, 0]), 0.167 * 0.34
    assert taken - drawn * math.log1p(taken / drawn) == pytest.approx(0.0065, rel=1e-9)  # the equation, implicit in F
    assert flood.volume.by_source["infiltration"] == pytest.approx(-taken * 2000.0)
    assert abs(flood.volume.imbalance) < 1e-14


@BOTH
def test_the_ground_takes_what_there_is_and_what_it_can_hold(scheme: str) -> None:
    rate = np.full((4, 5), 1e-5)
    rate[:, 2] = 0.0
    still = FloodCase(np.zeros((4, 5)), 10.0, 1000.0, depth=0.05, infiltration=Infiltration(rate, capacity_m=0.004))
    assert simulate(still, scheme=scheme).infiltrated[:, [0, 1, 3, 4]] == pytest.approx(0.004)
    assert simulate(still, scheme=scheme).infiltrated[:, 2].max() == 0.0
    drizzle = FloodCase(np.zeros((4, 5)), 10.0, 1000.0, rain=Rain(5e-6), infiltration=Infiltration(1e-5))
    flood = simulate(drizzle, scheme=scheme)
    assert flood.depth.max() == 0.0
    assert flood.infiltrated == pytest.approx(0.005)
    assert abs(flood.volume.imbalance) < 1e-13


def tanks(link: Link, levels: tuple[float, float], duration_s: float, cell_m: float = 50.0, **options) -> Flood:
    """Two tanks of one cell each, with a wall between."""
    bed, depth = np.array([[0.0, 20.0, 0.0]]), np.array([[levels[0], 0.0, levels[1]]])
    return simulate(FloodCase(bed, cell_m, duration_s, depth=depth, links=(link,)), **options)


OPENING = Link(0, 0, 0, 2, invert_m=0.0, area_m2=2.0, height_m=1.0, name="opening")


@BOTH
def test_two_tanks_become_level_as_an_orifice_lets_them(scheme: str) -> None:
    """sqrt(d) falls by Cd A sqrt(2 g) / 2 (1/A1 + 1/A2) each second: a metre is a quarter of one after 235.2 s."""
    half_s = 0.5 / (0.6 * 2.0 * math.sqrt(2.0 * 9.81) / 2.0 * (2.0 / 2500.0))
    flood = tanks(OPENING, (3.0, 2.0), half_s, scheme=scheme)
    assert flood.depth[0, 0] - flood.depth[0, 2] == pytest.approx(0.25, rel=1e-3)
    assert flood.volume.through_links["opening"] == pytest.approx(2500.0 * 0.375, rel=1e-3)
    level = tanks(OPENING, (3.0, 2.0), 4.0 * half_s, scheme=scheme)
    assert level.depth[0, [0, 2]] == pytest.approx(2.5)
    assert abs(level.volume.imbalance) < 1e-14


def passed(link: Link, *levels: float) -> float:
    """Discharge between basins so wide that their levels stand still [m³/s]."""
    return tanks(link, (levels[0], levels[1]), 20.0, 2000.0).volume.through_links["opening"] / 20.0


def test_discharges_by_hand() -> None:
    """b = 2 m: (2/3)^1.5 b sqrt(g) 0.5^1.5 = 1.2056; drowned b 0.45 sqrt(2 g 0.05) = 0.8914, with a loss at the entrance
    b 0.5 sqrt(2 g 0.05 / 1.5) = 0.8087; full 0.6 · 2 sqrt(2 g (2 - 0.5)) = 6.510; a barrel of 100 m with n = 0.013 and
    R = 2/6 m: losses 1.5 + 2 g n² 100 / R^(4/3) = 2.9346, 2 sqrt(2 g 1 / 2.9346) = 5.171."""
    assert passed(OPENING, 0.5, 0.0) == pytest.approx(1.2056, rel=1e-3)
    assert passed(OPENING, 0.5, 0.45) == pytest.approx(0.8087, rel=1e-3)
    assert passed(dataclasses.replace(OPENING, entrance_loss=0.0), 0.5, 0.45) == pytest.approx(0.8914, rel=1e-3)
    assert passed(OPENING, 2.0, 0.0) == pytest.approx(6.510, rel=1e-3)
    long = dataclasses.replace(OPENING, length_m=100.0, orifice=1.0)
    assert passed(long, 3.0, 2.0) == pytest.approx(5.171, rel=1e-3)
    assert passed(long, 2.0, 3.0) == pytest.approx(-5.171, rel=1e-3)
    assert passed(dataclasses.replace(OPENING, invert_m=2.5), 2.4, 0.0) == 0.0


def test_discharge_has_no_jumps() -> None:
    for behind in (0.0, 0.7):
        levels = np.arange(0.75, 1.5, 0.05)
        found = np.array([passed(dataclasses.replace(OPENING, length_m=60.0), level, behind) for level in levels])
        assert (np.diff(found) > 0.0).all()
        assert np.diff(found)[1:].max() < 0.5


@BOTH
def test_a_flap_lets_water_through_one_way(scheme: str) -> None:
    flap = dataclasses.replace(OPENING, flap=True)
    assert tanks(flap, (2.0, 3.0), 100.0, scheme=scheme).volume.through_links["opening"] == 0.0
    assert tanks(flap, (3.0, 2.0), 100.0, scheme=scheme).volume.through_links["opening"] > 400.0


@BOTH
def test_a_large_culvert_drains_a_small_pond_and_no_more(scheme: str) -> None:
    huge = dataclasses.replace(OPENING, area_m2=400.0, height_m=2.0)
    flood = tanks(huge, (1.0, 0.0), 60.0, 5.0, scheme=scheme)
    assert flood.depth.min() >= 0.0
    assert flood.depth[0, [0, 2]] == pytest.approx(0.5)
    assert abs(flood.volume.imbalance) < 1e-14


@BOTH
@pytest.mark.parametrize("cell", [(13, 49), (14, 50)])
def test_water_that_appears_at_the_edge_of_a_tile_is_not_lost(scheme: str, cell: tuple[int, int]) -> None:
    """Tiles of this domain end after row 13 and column 49."""
    spring = FloodCase(np.zeros((40, 150)), 10.0, 30.0, friction=0.03, inflows=(Inflow(*cell, 50.0),))
    assert abs(simulate(spring, scheme=scheme).volume.imbalance) < 1e-13
    far = np.zeros((40, 150))
    far[30:, 120:] = 2.0
    link = Link(35, 130, *cell, invert_m=0.0, area_m2=4.0, height_m=1.0)
    piped = FloodCase(np.zeros((40, 150)), 10.0, 30.0, friction=0.03, depth=far, links=(link,))
    assert abs(simulate(piped, scheme=scheme).volume.imbalance) < 1e-13


GOOD = FloodCase(np.zeros((4, 5)), 1.0, 1.0, depth=0.1)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            {"infiltration": Infiltration(6.5)},
            "conductivity_m_s of the infiltration is 6.5 to 6.5 m/s: .* 0 and 0.1 m/s",
        ),
        ({"infiltration": Infiltration(1e-6, suction_head_m=167.0)}, "suction_head_m .* between 0 and 10 m"),
        ({"infiltration": Infiltration(1e-6, moisture_deficit=34.0)}, "moisture_deficit .* between 0 and 1"),
        ({"infiltration": Infiltration(np.full((2, 2), 1e-6))}, r"shape \(2, 2\)"),
        ({"infiltration": Infiltration(math.nan)}, "no number"),
        ({"links": (dataclasses.replace(OPENING, to_row=4),)}, r"Link opening ends in cell \(4, 2\)"),
        ({"links": (dataclasses.replace(OPENING, to_column=0),)}, "begins and ends in cell"),
        ({"links": (dataclasses.replace(OPENING, area_m2=0.0),)}, "area_m2 of link opening is 0.0"),
        ({"links": (dataclasses.replace(OPENING, manning=-0.1),)}, "manning of link opening is -0.1"),
        ({"links": (dataclasses.replace(OPENING, invert_m=math.nan),)}, "inverts of link opening"),
    ],
)
def test_structures_that_make_no_sense_are_refused(change: dict, told: str) -> None:
    with pytest.raises(UnusableInputError, match=told):
        simulate(dataclasses.replace(GOOD, **change))
