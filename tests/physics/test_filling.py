"""Water poured onto a terrain: closed forms, mass, order of the pools, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from frugal.errors import UnusableInputError
from frugal.physics.filling import fill_and_spill


def test_a_cone_fills_as_its_volume_says() -> None:
    step = np.arange(81) - 40.0
    bed = np.hypot(*np.meshgrid(step, step))  # slope 1, cells of 1 m
    volumes = np.array([2e3, 1e4, 3e4])
    surface, at_source = fill_and_spill(bed, np.ones(bed.shape, dtype=bool), (40, 40), volumes)
    assert np.allclose(at_source, np.cbrt(3 * volumes / np.pi), rtol=0.01)
    assert np.allclose(np.nanmax(surface, axis=(1, 2)), at_source)


def test_a_second_basin_fills_after_the_first_and_both_rise_together() -> None:
    bed = np.array([[5.0, 0.0, 2.0, 0.0, 0.0, 5.0]])
    open_ = bed < 5
    surface, at_source = fill_and_spill(bed, open_, (0, 1), np.array([1.0, 2.0, 4.0, 6.0, 11.0]))
    nan = np.nan
    expected = [
        [nan, 1.0, nan, nan, nan, nan],
        [nan, 2.0, nan, nan, nan, nan],  # up to the saddle
        [nan, 2.0, nan, 1.0, 1.0, nan],
        [nan, 2.0, nan, 2.0, 2.0, nan],
        [nan, 3.25, 3.25, 3.25, 3.25, nan],  # one pool of four cells
    ]
    assert np.array_equal(surface[:, 0], expected, equal_nan=True)
    assert at_source.tolist() == [1.0, 2.0, 2.0, 2.0, 3.25]


def test_water_runs_down_from_a_hill_and_the_source_stays_dry_until_the_pool_reaches_it() -> None:
    bed = np.array([[3.0, 2.0, 1.0]])
    surface, at_source = fill_and_spill(bed, np.ones(bed.shape, dtype=bool), (0, 0), np.array([0.0, 0.5, 3.0, 6.0]))
    assert np.isnan(surface[:3, 0, 0]).all() and at_source.tolist() == [3.0, 3.0, 3.0, 4.0]
    assert surface[1, 0, 2] == 1.5 and np.isnan(surface[0]).all()


def test_water_is_kept_rises_everywhere_and_stays_inside_walls() -> None:
    rng = np.random.default_rng(0)
    bed = rng.normal(size=(40, 50)).cumsum(axis=0).cumsum(axis=1) / 20 + rng.normal(size=(40, 50))
    open_ = rng.random(bed.shape) > 0.1
    source = tuple(np.argwhere(open_)[700])
    volumes = np.concatenate([[0.0], np.geomspace(0.01, 1e5, 40)])
    surface, _ = fill_and_spill(bed, open_, source, volumes)
    depth = np.nan_to_num(surface - bed)
    assert np.allclose(depth.sum(axis=(1, 2)), volumes, rtol=1e-9)
    assert (np.diff(depth, axis=0) >= -1e-9).all() and (depth >= 0).all()
    assert not depth[:, ~open_].any()
    # still water: neighbours that are both wet, and higher than the ground between, stand level or at a saddle
    last = surface[-1]
    assert np.nanmax(last) - np.nanmin(last) < 1e-9


@pytest.mark.parametrize(
    ("source", "volumes", "told"),
    [
        ((0, 0), [1.0], "not open"),
        ((-1, 1), [1.0], "not open"),
        ((0, 3), [1.0], "not open"),
        ((0, 1), [2.0, 1.0], "rising"),
        ((0, 1), [-1.0], "0 or more"),
        ((0, 1), [np.nan], "finite"),
    ],
)
def test_what_cannot_be_poured(source: tuple[int, int], volumes: list[float], told: str) -> None:
    with pytest.raises(UnusableInputError, match=told):
        fill_and_spill(np.zeros((1, 3)), np.array([[False, True, True]]), source, np.array(volumes))


def test_ground_without_height_is_refused_where_water_may_go_and_no_matter_elsewhere() -> None:
    bed = np.array([[np.nan, 0.0, 0.0]])
    with pytest.raises(UnusableInputError, match="1 cells that are open"):
        fill_and_spill(bed, np.ones((1, 3), dtype=bool), (0, 1), np.array([1.0]))
    surface, _ = fill_and_spill(bed, np.isfinite(bed), (0, 1), np.array([1.0]))
    assert surface[0, 0, 1:].tolist() == [0.5, 0.5]
