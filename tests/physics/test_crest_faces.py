"""Water over dikes beside the law of a broad-crested weir, and what crests must leave alone."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from frugal.physics.shallow_water.flood_case import Breach, FloodCase, Segment
from frugal.physics.shallow_water.simulate import Flood, simulate
from frugal.physics.weir_law import drowning, free_discharge

#: (2/3)^1.5 sqrt(9.81), computed by hand: 0.5443311 x 3.1320919.
LAW = 1.704895


def over(
    crest: np.ndarray, head: float, size: float, behind: float | None = None, minutes: float = 4.0, order: int = 2
) -> tuple[float, float, float]:
    """Discharge [m²/s] over a dike that stands 8 m above the sea bed and 5 m above the land; head and level behind [m]."""
    before = 6
    bed = np.concatenate([np.full(before, -3.0), crest, np.zeros(6)])[None]
    top = float(crest.max())
    seaward = np.arange(bed.size) < before + int(np.argmax(crest))
    land = -9.0 if behind is None else top + behind
    sides = {
        "west": (Segment("level", series=top + head),),
        "east": (Segment("level", series=land),),
    }
    level = np.where(seaward, top + head, np.where(np.arange(bed.size) < before + crest.size, -9.0, land))
    times = np.linspace(0.5, 1.0, 12) * minutes * 60.0
    case = FloodCase(bed, size, float(times[-1]), level=level[None], boundaries=sides)
    found = simulate(case, order=order, snapshot_times=tuple(times)).snapshots
    passed = float(np.mean([(s.depth * s.u)[0, 1 : before - 1].mean() for s in found]))
    near = [(s.depth[0, before - 3], s.u[0, before - 3], s.depth[0, -4]) for s in found]
    reached = float(np.mean([depth - 3.0 - top + u * u / 19.62 for depth, u, _ in near]))
    return passed, reached, float(np.mean([depth - top for *_, depth in near]))


def test_the_law_is_that_of_the_books() -> None:
    assert float(free_discharge(1.0)) == pytest.approx(LAW, rel=1e-6)
    assert float(free_discharge(-0.2)) == 0.0
    # FHWA/RD-86/108 (1986), figure 10, embankment with a crest of gravel
    ratio = np.array([0.75, 0.80, 0.83, 0.86, 0.89, 0.90, 0.92, 0.94, 0.96])
    measured = np.array([1.00, 0.985, 0.97, 0.93, 0.90, 0.87, 0.80, 0.70, 0.60])
    assert np.abs(drowning(ratio) - measured).max() < 0.02
    assert drowning(np.array([-1.0, 0.0, 0.7, 1.0, 1.2])).tolist() == pytest.approx([1.0, 1.0, 1.0, 0.0, 0.0])


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("cells", [1, 2, 20])
def test_a_crest_of_any_width_passes_a_broad_crested_weir(cells: int, order: int) -> None:
    for head, size in ((0.3, 5.0), (2.0, 25.0)):
        passed, reached, _ = over(np.full(cells, 5.0), head, size, order=order, minutes=8.0 if size > 5.0 else 4.0)
        assert passed == pytest.approx(LAW * reached**1.5, rel=0.03)


def test_a_dike_with_slopes_passes_it_too() -> None:
    for size, allowed in ((2.5, 0.1), (10.0, 0.1)):
        along = (np.arange(int(42.0 / size)) + 0.5) * size
        dike = np.maximum(np.minimum(np.minimum(-3.0 + along / 3.0, 5.0), (42.0 - along) / 3.0), -3.0)
        passed, reached, _ = over(dike, 1.0, size)
        assert passed == pytest.approx(LAW * reached**1.5, rel=allowed)


def test_water_behind_drowns_it_without_a_jump() -> None:
    shares = []
    for ratio in (0.6, 0.85, 0.9, 0.95):
        passed, reached, behind = over(np.full(2, 5.0), 1.0, 5.0, behind=ratio, minutes=10.0)
        crest = max(2.0 / 3.0, 1.5 * behind / reached - 0.5)  # a third of the velocity head is won back
        expected = crest * np.sqrt(19.62 * (1.0 - crest)) * reached**1.5
        assert passed == pytest.approx(expected, rel=0.04)
        shares.append(passed / reached**1.5 / LAW)
    assert all(before > after for before, after in itertools.pairwise(shares))


@pytest.mark.parametrize("degrees", [20.0, 45.0])
def test_a_dike_at_an_angle_passes_it_by_its_own_length(degrees: float) -> None:
    slope, size, rows = np.tan(np.radians(degrees)), 25.0, 30
    column = np.arange(rows + 40)
    line = np.floor(10.0 + (np.arange(rows)[:, None] + 0.5) * slope)
    bed = np.where(column == line, 5.0, np.where(column < line, -3.0, 0.0))
    sides = {"west": (Segment("level", series=6.0),)}
    case = FloodCase(bed, size, 900.0, level=np.where(column < line, 6.0, -9.0), boundaries=sides)
    found = simulate(case, snapshot_times=tuple(np.linspace(600.0, 900.0, 7))).snapshots
    gained = (found[-1].depth - found[0].depth)[column > line].sum() * size**2 / 300.0
    head = np.mean([(s.depth + bed)[column == line - 2] - 5.0 for s in found])
    assert gained / (rows * size / np.cos(np.radians(degrees))) == pytest.approx(LAW * head**1.5, rel=0.08)


def rough(moving: bool = False) -> Flood:
    rng = np.random.default_rng(2)
    bed = 2.0 * rng.random((30, 70))
    bed[:, 35] = 5.0
    bed[10:20, 10:25] += 3.0
    breach = (Breach(np.arange(12, 17), np.full(5, 35), 0.5, 20.0, 60.0),) if moving else ()
    level = np.where(np.arange(70) < 35, 3.0, 1.5) * np.ones((30, 1))
    return simulate(FloodCase(bed, 5.0, 120.0 if moving else 400.0, level=level, breaches=breach))


def test_lakes_on_both_sides_of_a_dike_over_rough_ground_stay_at_rest() -> None:
    assert rough().max_speed.max() < 1e-12


def test_a_breach_that_opens_keeps_the_books_and_its_faces() -> None:
    flood = rough(moving=True)
    assert abs(flood.volume.imbalance) < 1e-14
    assert flood.max_speed[:, 36:].max() > 1.0
