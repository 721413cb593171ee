"""Horizons against brute force over all cells of small surface models."""

import math

import numpy as np
import pytest

from frugal.physics.solar.horizon import horizon_at_points, horizon_sweep

AXES = [0.0, 45.0, 90.0, 135.0, 180.0, 225.0, 270.0, 315.0]
OBLIQUE = [10.0, 30.0, 62.3, 100.0, 200.0, 317.0]


@pytest.fixture(scope="module")
def village():
    rng = np.random.default_rng(3)
    heights = np.zeros((60, 52))
    for _ in range(12):
        row, column = rng.integers(5, 40, 2)
        rows, columns = rng.integers(5, 11, 2)
        block = heights[row : row + rows, column : column + columns]
        block[:] = np.maximum(block, rng.uniform(3.0, 9.0))
    return heights


def brute_force_deg(heights, azimuth_deg, resolution_m):
    """Elevation of the highest of all cells that a ray from each cell's centre passes through."""
    n_rows, n_columns = heights.shape
    row, column = np.mgrid[0:n_rows, 0:n_columns]
    east, south = math.sin(math.radians(azimuth_deg)), -math.cos(math.radians(azimuth_deg))
    best = np.zeros_like(heights)
    for step in np.arange(0.05, 1.5 * max(heights.shape), 0.1):
        r, c = np.rint(row + south * step).astype(int), np.rint(column + east * step).astype(int)
        on = (r >= 0) & (r < n_rows) & (c >= 0) & (c < n_columns) & ((r != row) | (c != column))
        run = np.where(on, np.hypot(r - row, c - column) * resolution_m, 1.0)
        rise = heights[np.clip(r, 0, n_rows - 1), np.clip(c, 0, n_columns - 1)] - heights
        best = np.maximum(best, np.where(on, rise / run, 0.0))
    return np.degrees(np.arctan(best))


def at_all_cells(heights, azimuth_deg, resolution_m):
    row, column = (a.ravel() for a in np.mgrid[0 : heights.shape[0], 0 : heights.shape[1]])
    points = horizon_at_points(heights, resolution_m, row, column, heights.ravel(), [azimuth_deg])
    return points.reshape(heights.shape)


@pytest.mark.parametrize("azimuth_deg", AXES)
@pytest.mark.parametrize("resolution_m", [0.5, 2.0])
def test_exact_along_axes_and_diagonals(village, azimuth_deg, resolution_m):
    truth = brute_force_deg(village, azimuth_deg, resolution_m)
    swept = np.degrees(np.arctan(horizon_sweep(village, resolution_m, azimuth_deg)))
    np.testing.assert_allclose(swept, truth, atol=1e-9)
    np.testing.assert_allclose(at_all_cells(village, azimuth_deg, resolution_m), truth, atol=1e-6)


@pytest.mark.parametrize("azimuth_deg", OBLIQUE)
def test_within_two_degrees_between_the_axes(village, azimuth_deg):
    truth = brute_force_deg(village, azimuth_deg, 1.0)
    assert truth.mean() > 5.0
    swept = np.degrees(np.arctan(horizon_sweep(village, 1.0, azimuth_deg)))
    assert np.abs(swept - truth).mean() < 2.0
    assert np.abs(at_all_cells(village, azimuth_deg, 1.0) - truth).mean() < 2.0


@pytest.mark.parametrize("azimuth_deg", [*AXES, *OBLIQUE])
def test_points_on_a_smooth_surface_given_by_a_formula(azimuth_deg):
    """Without walls the rays are those of the formula, in any direction."""

    def surface(row, column):
        return 8.0 * np.sin(row / 9.0) * np.cos(column / 11.0)

    row, column = np.mgrid[0:80, 0:80]
    rows, columns = (a.ravel() for a in np.mgrid[20:60:7, 20:60:7])
    east, south = math.sin(math.radians(azimuth_deg)), -math.cos(math.radians(azimuth_deg))
    best = np.zeros(rows.size)
    for run in np.arange(1.0, 150.0, 0.05):
        r, c = rows + south * run, columns + east * run
        on = (r >= 0) & (r <= 79) & (c >= 0) & (c <= 79)
        best = np.maximum(best, np.where(on, (surface(r, c) - surface(rows, columns)) / run, 0.0))
    points = horizon_at_points(surface(row, column), 1.0, rows, columns, surface(rows, columns), [azimuth_deg])
    assert best.max() > 0.5
    np.testing.assert_allclose(points[:, 0], np.degrees(np.arctan(best)), atol=0.3)


def test_both_methods_on_real_roofs(shared_data):
    rasterio = pytest.importorskip("rasterio")
    with rasterio.open(shared_data / "dsm" / "delft_050cm.tif") as raster:
        heights = raster.read(1).astype(np.float64)
    rng = np.random.default_rng(1)
    row, column = rng.integers(40, 400, 300), rng.integers(40, 480, 300)
    azimuths = np.arange(72) * 5.0
    swept = np.array([horizon_sweep(heights, 0.5, a)[row, column] for a in azimuths]).T
    points = horizon_at_points(heights, 0.5, row, column, heights[row, column], azimuths)
    difference = np.degrees(np.arctan(swept)) - points
    assert np.abs(difference[:, ::9]).max() < 1e-6
    assert np.abs(difference).mean() < 2.0
