"""Coarse cells with tables of the fine ground, against laws, sums by hand and the model on wide cells of flat ground."""

from __future__ import annotations

import math

import numpy as np
import pytest

from frugal.errors import UnusableInputError
from frugal.physics.shallow_water.flood_case import Breach, FloodCase, Inflow, Rain, Segment
from frugal.physics.shallow_water.subgrid.pieces import pieces_of
from frugal.physics.shallow_water.subgrid.simulate import simulate_subgrid

#: Broad-crested weir, m²/s under a head of 1 m: critical depth is two thirds of the head.
WEIR = 1.7048


def over_a_dike(column: int, head: float) -> float:
    """Discharge per metre over a dike one fine cell wide, from a sea into a deep basin."""
    bed = np.zeros((8, 24))
    bed[:, column], bed[:, column + 1 :] = 5.0, -20.0
    sea = np.where(np.arange(24)[None] < column, 5.0 + head, bed)
    boundaries = {"west": (Segment("level", series=5.0 + head),)}
    flood = simulate_subgrid(
        FloodCase(bed, 25.0, 1200.0, 0.02, level=sea, boundaries=boundaries), snapshot_times=(900.0,)
    )
    landed = [depth[:, column + 1 :].sum() * 625.0 for depth in (flood.snapshots[0].depth, flood.depth)]
    return float(landed[1] - landed[0]) / 300.0 / 200.0


@pytest.mark.parametrize(("column", "head"), [(8, 0.3), (9, 1.0), (10, 0.05), (11, 2.0)])
def test_a_dike_passes_the_law_of_a_weir_wherever_it_lies_in_a_coarse_cell(column: int, head: float) -> None:
    assert over_a_dike(column, head) == pytest.approx(WEIR * head**1.5, rel=0.03)


def test_a_dike_blocks_until_it_is_overtopped_and_a_breach_opens_it() -> None:
    bed = np.full((8, 16), 1.0)
    bed[:, 6] = 4.0  # in the middle of a coarse cell
    level = np.where(np.arange(16)[None] < 6, 3.9, bed)
    dry = simulate_subgrid(FloodCase(bed, 10.0, 1800.0, 0.03, level=level))
    assert dry.max_depth[:, 7:].max() == 0.0 and dry.max_speed.max() < 1e-9
    breach = Breach([3, 4], [6, 6], 1.0, 300.0, 600.0)
    flood = simulate_subgrid(FloodCase(bed, 10.0, 14400.0, 0.03, level=level, breaches=(breach,)))
    spread = 2.9 * 48 / (128 - 6)  # over all cells but those of the dike that still stand
    assert flood.depth[:, 7:].mean() == pytest.approx(spread, rel=0.02)
    assert flood.arrival_time[:, 7:].min() > 300.0 and abs(flood.volume.imbalance) < 1e-12


def test_a_lake_over_rough_ground_rests() -> None:
    bed = np.random.default_rng(0).uniform(-3.0, 3.0, (22, 26))
    flood = simulate_subgrid(FloodCase(bed, 10.0, 3600.0, 0.03, level=1.0), split_m=0.1)
    assert flood.max_speed.max() < 1e-11
    assert np.abs(flood.depth - np.maximum(1.0 - bed, 0.0)).max() < 1e-12


def test_a_channel_narrower_than_a_coarse_cell_flows_at_normal_depth() -> None:
    slope, discharge, manning = 0.001, 30.0, 0.03
    bed = np.repeat((slope * 25.0 * (80 - np.arange(80)))[None], 12, axis=0) + 5.0
    bed[5] -= 5.0
    sides = {"west": (Segment("discharge", 5, 6, discharge),), "east": (Segment("normal_flow"),)}
    flood = simulate_subgrid(FloodCase(bed, 25.0, 6 * 3600.0, manning, boundaries=sides))
    normal = (discharge * manning / (25.0 * math.sqrt(slope))) ** 0.6  # wide channel, Manning by hand: 1.081 m
    level = flood.depth[5] + bed[5]
    middle = level[:80].reshape(20, 4).mean(axis=1) - bed[5].reshape(20, 4).mean(
        axis=1
    )  # the level is that of the middle
    assert middle[3:17] == pytest.approx(np.full(14, normal), rel=0.02)
    assert (flood.max_depth[:5] == 0.0).all()


def test_water_is_booked_and_the_downscaled_depths_hold_it() -> None:
    bed = np.random.default_rng(1).uniform(0.0, 2.0, (30, 34))
    blocked = np.zeros(bed.shape, dtype=bool)
    blocked[10:14, 9:15] = True
    flood_case = FloodCase(
        bed, 10.0, 3600.0, 0.03, rain=Rain(1e-5), inflows=(Inflow(4, 5, 2.0),), blocked=blocked,
        boundaries={"south": (Segment("open"),), "east": (Segment("free_fall", 3, 12),)},
    )  # fmt: skip
    flood = simulate_subgrid(flood_case, split_m=0.1)
    assert flood.volume.by_source["rain"] == pytest.approx(1e-5 * 3600.0 * 100.0 * (~blocked).sum())
    assert flood.volume.by_source["inflow 0"] == pytest.approx(7200.0) and flood.volume.left > 0.0
    assert flood.depth.sum() * 100.0 == pytest.approx(flood.volume.final, rel=1e-12)
    assert abs(flood.volume.imbalance) < 1e-12 and not flood.depth[blocked].any()


def test_crests_cut_a_coarse_cell_into_pieces() -> None:
    bed = np.zeros((4, 8))
    bed[:, 1], bed[2, 4:] = 2.0, 0.1  # a dike; a sill that is no crest
    pieces = pieces_of(bed, np.zeros(bed.shape, dtype=bool), 4, 0.2)
    assert pieces.total == 3 and len(np.unique(pieces.label[:, 4:])) == 1
    assert set(pieces.label[:, 0]).isdisjoint(pieces.label[:, 2])
    assert pieces.joined_m[3, 5] == 0.1 or pieces.joined_m[0, 5] == 0.1  # behind the sill


def test_what_the_tables_cannot_do_is_refused() -> None:
    bed = np.zeros((8, 8))
    with pytest.raises(UnusableInputError, match="factor is 1"):
        simulate_subgrid(FloodCase(bed, 10.0, 60.0), factor=1)
    with pytest.raises(UnusableInputError, match="friction_law is 'chezy'"):
        simulate_subgrid(FloodCase(bed, 10.0, 60.0, 50.0, friction_law="chezy"))
    rating = Segment("rating_curve", rating=([0.0, 1.0], [0.0, 5.0]))
    with pytest.raises(UnusableInputError, match="rating_curve"):
        simulate_subgrid(FloodCase(bed, 10.0, 60.0, boundaries={"east": (rating,)}))
