"""Floods: beside other codes, the books of volume, threads, dry tiles, bad input and runs that fail."""

import dataclasses

import numpy as np
import pytest
from verification import shallow_water_cases as cases

from frugal.errors import SolverError, UnusableInputError
from frugal.physics.shallow_water import state
from frugal.physics.shallow_water.flood_case import Breach, FloodCase, Inflow, Rain, Segment
from frugal.physics.shallow_water.simulate import Flood, simulate

FIELDS = ("depth", "u", "v", "max_depth", "max_speed", "arrival_time")
BOTH = pytest.mark.parametrize("scheme", ["saint_venant", "local_inertial"])


def same(one: Flood, other: Flood) -> bool:
    return all(np.array_equal(getattr(one, name), getattr(other, name), equal_nan=True) for name in FIELDS)


@pytest.mark.parametrize(("scheme", "beside_anuga"), [("saint_venant", 0.01), ("local_inertial", 0.025)])
def test_a_flood_over_a_plain_agrees_with_other_codes(scheme: str, beside_anuga: float) -> None:
    flood = simulate(cases.spreading_plain(), scheme=scheme, snapshot_times=(3600.0, 10800.0))
    for snapshot, front in zip(flood.snapshots, (0.15, 0.1), strict=True):
        found = cases.at_points(snapshot.depth, 20.0)
        for code in cases.PLAIN_DEPTHS[int(snapshot.time_s)]:
            behind = np.array(code) > front  # thinner water belongs to the advancing front
            assert np.abs(found / code - 1.0)[behind].max() < 0.03
        same_set_up = np.array(cases.PLAIN_DEPTHS_ANUGA_HERE[int(snapshot.time_s)])
        behind = same_set_up > 0.1
        assert behind.sum() >= 4
        assert np.abs(found[behind] / same_set_up[behind] - 1.0).max() < beside_anuga
    assert flood.volume.final == pytest.approx(180_000.0, rel=1e-3)


@BOTH
def test_every_drop_is_booked(scheme: str) -> None:
    flood = simulate(cases.everything(), scheme=scheme)
    book = flood.volume
    assert abs(book.imbalance) < 1e-12
    assert book.by_source["river"] == pytest.approx(8.0 * 600.0)
    assert book.by_source["spring"] == pytest.approx(1500.0, rel=5e-3)
    assert sum(book.by_source.values()) == pytest.approx(book.entered - book.left)
    assert book.final == pytest.approx(flood.depth.sum() * 100.0)
    assert flood.depth[10:14, 40:46].max() == 0.0
    assert flood.depth.min() >= 0.0
    assert flood.depth[18:23, 21:30].max() > 0.1, "the breach lets nothing through"


@BOTH
def test_two_threads_change_nothing(scheme: str) -> None:
    scenario = cases.everything(rows=70, columns=150, duration_s=200.0)
    assert same(simulate(scenario, scheme=scheme), simulate(scenario, scheme=scheme, threads=2))


@BOTH
def test_dry_tiles_are_skipped_and_change_nothing(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    bed = np.zeros((100, 300))
    bed[:, 150] = 5.0
    start = np.zeros(bed.shape)
    start[40:60, 20:40] = 2.0
    scenario = FloodCase(bed, 5.0, 60.0, friction=0.03, depth=start)
    skipped = simulate(scenario, scheme=scheme)
    assert skipped.cell_updates < 0.7 * skipped.steps * bed.size

    def keep_awake(scenario: FloodCase, border: state.Border, tiles: state.Tiles) -> None:
        tiles.forced[:] = True

    monkeypatch.setattr("frugal.physics.shallow_water.simulate.force_tiles", keep_awake)
    awake = simulate(scenario, scheme=scheme)
    assert awake.cell_updates == awake.steps * bed.size
    assert same(skipped, awake)


@BOTH
def test_water_at_rest_sleeps_until_a_wave_comes(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lake with an island: still it is computed in the first step alone; with a swell in a corner as if all were awake."""
    y, x = np.mgrid[0:96, 0:260]
    bed = -3.0 + np.sin(0.2 * x) * np.cos(0.13 * y)
    bed[40:50, 100:120] = 4.0
    still = simulate(FloodCase(bed, 10.0, 30.0, friction=0.03, level=0.0), scheme=scheme)
    assert still.cell_updates == bed.size
    assert np.array_equal(still.depth, np.maximum(0.0, -bed))
    assert not still.u.any()
    assert not still.max_speed.any()
    swell = np.zeros(bed.shape)
    swell[4:9, 4:9] = 0.5
    scenario = FloodCase(bed, 10.0, 30.0, friction=0.03, level=swell)
    asleep = simulate(scenario, scheme=scheme, threads=2)
    assert asleep.cell_updates < 0.35 * asleep.steps * bed.size
    monkeypatch.setattr("frugal.physics.shallow_water.simulate.mark_still", lambda *_: None)
    awake = simulate(scenario, scheme=scheme)
    assert awake.cell_updates == awake.steps * bed.size == asleep.steps * bed.size
    for name in FIELDS[:5]:
        np.testing.assert_allclose(getattr(asleep, name), getattr(awake, name), rtol=0.0, atol=1e-11)


def test_a_breach_in_a_dike_wakes_still_water() -> None:
    """Nothing but the bed moves: the lake behind the dike must not sleep on."""
    bed = np.full((1, 60), -2.0)
    bed[0, 30] = 1.0
    breach = Breach(np.array([0]), np.array([30]), -2.0, 10.0, 20.0)
    level = np.where(np.arange(60) < 30, 0.0, -9.0)[None, :]
    flood = simulate(FloodCase(bed, 5.0, 60.0, level=level, breaches=(breach,)), scheme="local_inertial")
    assert flood.depth[0, 35] > 0.2


def over_a_dike(crest: np.ndarray, size: float, head: float, behind: float | None, seconds: float) -> float:
    """Discharge of the local inertial model over a profile whose highest ground is at 5 m, over the broad-crested law's."""
    bed = crest[None, :]
    level = np.full(bed.shape, -99.0)
    top = int(np.argmax(crest))
    level[0, :top] = 5.0 + head
    east = Segment("open")
    if behind is not None:
        level[0, top + int((crest == crest.max()).sum()) :] = 5.0 + behind
        east = Segment("level", series=([0.0, 1e9], [5.0 + behind] * 2))
    sides = {"west": (Segment("level", series=([0.0, 1e9], [5.0 + head] * 2), name="sea"),), "east": (east,)}
    case = FloodCase(bed, size, seconds, level=level, boundaries=sides)
    longer = dataclasses.replace(case, duration_s=1.25 * seconds)
    entered = [simulate(c, scheme="local_inertial").volume.by_source["sea"] for c in (case, longer)]
    law = (2.0 / 3.0) ** 1.5 * 9.81**0.5 * head**1.5
    return (entered[1] - entered[0]) / (0.25 * seconds * size * law)


def wall(cells: int) -> np.ndarray:
    profile = np.full(40, -3.0)
    profile[20 + cells :] = 0.0
    profile[20 : 20 + cells] = 5.0
    return profile


def trapezoid(size: float) -> np.ndarray:
    """Slopes of 1:3 and a crest of 4 m."""
    away = np.abs((np.arange(round(48 / size) + 24) - round(24 / size) - 12) * size)
    profile = 5.0 - np.maximum(0.0, away - 2.0) / 3.0
    return np.maximum(profile, -3.0)


@pytest.mark.parametrize("head", [0.05, 1.0])
@pytest.mark.parametrize("cells", [1, 2, 5])
def test_local_inertial_passes_a_weirs_discharge(cells: int, head: float) -> None:
    assert over_a_dike(wall(cells), 5.0, head, None, 300.0) == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize("size", [1.0, 5.0, 25.0])
def test_local_inertial_passes_a_weirs_discharge_over_a_trapezoid(size: float) -> None:
    assert over_a_dike(trapezoid(size), size, 1.0, None, max(100.0, 20.0 * size)) == pytest.approx(1.0, abs=0.15)


#: Discharge over the free one by the level behind over the head: embankments with a crest of gravel, FHWA/RD-86/108, figure 10.
@pytest.mark.parametrize(("ratio", "share"), [(0.75, 1.0), (0.86, 0.93), (0.92, 0.80), (0.96, 0.60)])
def test_local_inertial_drowns_like_measured_embankments(ratio: float, share: float) -> None:
    assert over_a_dike(wall(2), 5.0, 1.0, ratio, 400.0) == pytest.approx(share, abs=0.03)


def test_tiles_and_sides_fall_anywhere() -> None:
    """A bump of water in a corner runs the same in a domain whose tiles are cut elsewhere."""

    def corner(rows: int, columns: int) -> Flood:
        y, x = np.mgrid[0:rows, 0:columns]
        return simulate(FloodCase(np.zeros((rows, columns)), 1.0, 3.0, depth=0.2 + np.exp(-0.02 * (x**2 + y**2))))

    small, large = corner(61, 65), corner(80, 140)
    assert np.abs(small.depth[:30, :30] - large.depth[:30, :30]).max() < 1e-6


def test_arrival_times_and_maxima() -> None:
    case = cases.ritter(200)
    flood = simulate(case.scenario, arrival_depth_m=1e-4, snapshot_times=(0.0, 3.0))
    assert flood.arrival_time[0, :100].max() == 0.0
    assert np.isnan(flood.arrival_time[0, -1])
    later = flood.arrival_time[0, 105:125]
    assert (np.diff(later) > 0.0).all()
    assert np.array_equal(flood.snapshots[0].depth, case.scenario.depth)
    assert (flood.max_depth >= flood.snapshots[1].depth).all()
    assert flood.max_speed.max() < 2.0 * np.sqrt(9.81 * 0.005)


def test_an_open_side_lets_water_go_and_none_in() -> None:
    scenario = FloodCase(
        np.zeros((3, 60)), 1.0, 60.0, depth=np.where(np.arange(60) < 20, 1.0, 0.2)[None] * np.ones((3, 1)),
        boundaries={"east": (Segment("open"),)},
    )  # fmt: skip
    book = simulate(scenario).volume
    assert book.entered == 0.0
    assert 0.2 * book.initial < book.left


def test_a_run_that_turns_unstable_is_told() -> None:
    with pytest.raises(SolverError, match=r"unstable after .* s, near row \d+, column \d+: .* bound of 0.1 m/s"):
        simulate(cases.stoker(100).scenario, speed_bound_m_s=0.1)


GOOD = FloodCase(np.zeros((4, 5)), 1.0, 1.0, depth=0.1)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"bed": np.full((4, 5), np.nan)}, "bed has 20 cells that are not numbers"),
        ({"bed": np.zeros(5)}, "raster"),
        ({"cell_size_m": 0.0}, "cell_size_m is 0.0"),
        ({"duration_s": -1.0}, "duration_s is -1.0"),
        ({"friction": -0.03}, "friction goes down to -0.03"),
        ({"friction_law": "strickler"}, "'strickler'"),
        ({"depth": -0.1}, "depth goes down to -0.1"),
        ({"level": 1.0}, "Both level and depth"),
        ({"boundaries": {"up": ()}}, "'up'"),
        ({"boundaries": {"west": (Segment("level"),)}}, "has no series"),
        ({"boundaries": {"west": (Segment("open", 2, 9),)}}, "cells 2 to 9"),
        ({"boundaries": {"west": (Segment("discharge", series=-1.0),)}}, "-1.0 m³/s"),
        ({"boundaries": {"west": (Segment("level", series=([1.0, 0.0], [1.0, 1.0])),)}}, "do not grow"),
        ({"rain": Rain(-1e-6)}, "rain"),
        ({"inflows": (Inflow(4, 0, 1.0),)}, r"cell \(4, 0\)"),
        ({"breaches": (Breach([0], [5], 0.0, 0.0, 1.0),)}, "leaves the domain"),
        ({"breaches": (Breach([0], [0], 0.0, 1.0, 1.0),)}, "the end must come after"),
        ({"blocked": np.zeros((2, 2), dtype=bool)}, r"blocked has shape \(2, 2\)"),
    ],
)
def test_bad_scenarios_are_refused_in_one_sentence(change: dict, told: str) -> None:
    with pytest.raises(UnusableInputError, match=told):
        simulate(dataclasses.replace(GOOD, **change))


@pytest.mark.parametrize(
    "options",
    [{"scheme": "kinematic"}, {"order": 3}, {"threads": 0}, {"cfl": 0.9}, {"snapshot_times": (0.5, 2.0)}],
)
def test_bad_options_are_refused(options: dict) -> None:
    with pytest.raises(UnusableInputError):
        simulate(GOOD, **options)
