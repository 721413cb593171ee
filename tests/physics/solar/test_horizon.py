"""Horizons of surfaces whose answer is known."""

import math

import numpy as np
import pytest

from frugal.errors import UnusableInputError
from frugal.physics.solar.horizon import horizon_at_points, horizon_map, horizon_sweep, horizon_sweeps

NORTH, EAST, SOUTH, WEST = 0.0, 90.0, 180.0, 270.0


@pytest.fixture
def tower():
    heights = np.zeros((21, 31))
    heights[10, 15] = 8.0
    return heights


@pytest.mark.parametrize(
    ("azimuth_deg", "row", "column"), [(NORTH, 14, 15), (EAST, 10, 11), (SOUTH, 6, 15), (WEST, 10, 19)]
)
def test_azimuth_is_where_one_looks(tower, azimuth_deg, row, column):
    swept = horizon_sweep(tower, 0.5, azimuth_deg)
    assert swept[row, column] == pytest.approx(8.0 / (4 * 0.5))
    assert swept[20 - row, 30 - column] == 0.0
    assert swept.flags.c_contiguous and swept.dtype == np.float64
    points = horizon_at_points(tower, 0.5, [row], [column], [0.0], [azimuth_deg])
    assert points[0, 0] == pytest.approx(math.degrees(math.atan(4.0)))


def test_a_far_tower_rises_above_a_near_wall():
    profile = np.zeros((3, 100))
    profile[:, 10] = 2.0
    profile[:, 80] = 60.0
    swept = horizon_sweep(profile, 1.0, EAST)
    assert swept[1, 5] == pytest.approx(60.0 / 75.0)
    assert swept[1, 9] == pytest.approx(2.0)


def test_missing_cells_are_no_obstacle_and_have_no_horizon(tower):
    tower[10, 15] = np.nan
    swept = horizon_sweep(tower, 0.5, EAST)
    assert np.isnan(swept[10, 15])
    assert np.nansum(swept) == 0.0
    points = horizon_at_points(tower, 0.5, [10.0], [11.0], [0.0], np.arange(72) * 5.0)
    np.testing.assert_array_equal(points, 0.0)


def test_surface_without_any_height():
    empty = np.full((5, 5), np.nan)
    assert np.isnan(horizon_sweep(empty, 1.0, 33.0)).all()
    np.testing.assert_array_equal(horizon_at_points(empty, 1.0, [2], [2], [0.0], [0.0, 180.0]), 0.0)


@pytest.mark.parametrize("azimuth_deg", [0.0, 20.0, 61.0, 90.0, 135.0, 251.0, 359.999])
def test_every_cell_is_visited(azimuth_deg):
    heights = np.random.default_rng(0).random((17, 40))
    assert np.isfinite(horizon_sweep(heights, 1.0, azimuth_deg)).all()


def test_turning_the_raster_turns_the_horizon():
    row, column = np.mgrid[0:24, 0:24]
    heights = np.where((row - 9) ** 2 + (column - 14) ** 2 < 9, 5.0, 0.02 * row)
    for azimuth_deg in (10.0, 37.0, 80.0):
        straight = horizon_sweep(heights, 1.0, azimuth_deg)
        turned = horizon_sweep(np.rot90(heights, -1), 1.0, azimuth_deg + 90.0)
        # Lines start at another corner and jump elsewhere, hence no equality.
        assert np.corrcoef(np.rot90(turned).ravel(), straight.ravel())[0, 1] > 0.9


def test_map_and_sweeps_agree(tower):
    elevation = horizon_map(tower, 0.5, n_azimuths=8)
    assert elevation.shape == (21, 31, 8)
    assert elevation.dtype == np.float32
    for k, (azimuth_deg, tangent) in enumerate(horizon_sweeps(tower, 0.5, np.arange(8) * 45.0)):
        assert azimuth_deg == k * 45.0
        np.testing.assert_allclose(elevation[:, :, k], np.degrees(np.arctan(tangent)), rtol=1e-6)


def test_plane_is_exact_from_points_in_every_direction():
    row, _ = np.mgrid[0:60, 0:60]
    slope = 0.6
    roof = -slope * row  # falls to the south
    azimuths = np.arange(72) * 5.0
    points = horizon_at_points(roof, 1.0, [30.3], [29.6], [-slope * 30.3], azimuths)
    rise = np.maximum(slope * np.cos(np.radians(azimuths)), 0.0)
    np.testing.assert_allclose(points[0], np.degrees(np.arctan(rise)), atol=1e-9)


def test_rays_end_at_the_distance_asked(tower):
    near = horizon_at_points(tower, 0.5, [10], [5], [0.0], [EAST], max_distance_m=4.0)
    far = horizon_at_points(tower, 0.5, [10], [5], [0.0], [EAST], max_distance_m=6.0)
    assert near[0, 0] == 0.0
    assert far[0, 0] > 50.0


def test_raising_the_point_lowers_its_horizon(tower):
    heights = np.array([0.0, 4.0, 8.0, 20.0])
    points = horizon_at_points(tower, 0.5, [10] * 4, [5] * 4, heights, [EAST])[:, 0]
    assert np.all(np.diff(points[:3]) < 0.0)
    assert points[3] == 0.0


def test_mean_of_rays_keeps_the_width_of_a_mast(tower):
    azimuths = np.arange(8) * 45.0
    one = horizon_at_points(tower, 0.5, [10], [3], [0.0], azimuths)
    mean = horizon_at_points(tower, 0.5, [10], [3], [0.0], azimuths, rays_per_sector=45)
    assert one[0, 2] > 50.0
    assert 0.0 < mean[0, 2] < 15.0


@pytest.mark.parametrize(
    "change",
    [
        {"resolution_m": 0.0},
        {"resolution_m": math.nan},
        {"dsm": np.zeros(5)},
        {"dsm": np.full((4, 4), np.inf)},
        {"rows": [50.0]},
        {"cols": [-0.6]},
        {"heights_m": [math.nan]},
        {"rows": [1.0, 2.0]},
        {"rays_per_sector": 0},
        {"max_distance_m": 0.0},
    ],
)
def test_what_cannot_be_used_is_refused(change):
    arguments = {
        "dsm": np.zeros((4, 4)),
        "resolution_m": 1.0,
        "rows": [1.0],
        "cols": [1.0],
        "heights_m": [0.0],
        "azimuths_deg": [0.0],
    }
    with pytest.raises(UnusableInputError):
        horizon_at_points(**(arguments | change))


def test_map_needs_a_direction():
    with pytest.raises(UnusableInputError, match="n_azimuths is 0"):
        horizon_map(np.zeros((3, 3)), 1.0, n_azimuths=0)
