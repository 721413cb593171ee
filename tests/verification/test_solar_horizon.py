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
        return 0.01 * (row - 40.0) ** 2 + 0.007 * (column - 38.0) ** 2

    row, column = np.mgrid[0:80, 0:80]
    rows, columns = (a.ravel() for a in np.mgrid[20:60:7, 20:60:7])
    east, south = math.sin(math.radians(azimuth_deg)), -math.cos(math.radians(azimuth_deg))
    best = np.zeros(rows.size)
    for run in np.arange(1.0, 150.0, 0.05):
        r, c = rows + south * run, columns + east * run
        on = (r >= 0) & (r <= 79) & (c >= 0) & (c <= 79)
        best = np.maximum(best, np.where(on, (surface(r, c) - surface(rows, columns)) / run, 0.0))
    points = horizon_at_points(surface(row, column), 1.0, rows, columns, surface(rows, columns), [azimuth_deg])
    assert best.min() > 0.1
    np.testing.assert_allclose(points[:, 0], np.degrees(np.arctan(best)), atol=0.6)


def test_points_on_real_roofs_against_the_interpolated_surface(shared_data):
    """Rays marched in steps of a twentieth of a cell over the bilinear surface through the cell centres."""
    rasterio = pytest.importorskip("rasterio")
    with rasterio.open(shared_data / "dsm" / "delft_050cm.tif") as raster:
        heights = raster.read(1).astype(np.float64)
    rng = np.random.default_rng(1)
    candidates = np.argwhere(heights[40:-40, 40:-40] > 3.0) + 40
    rows, columns = candidates[rng.choice(len(candidates), 200, replace=False)].T
    eyes = heights[rows, columns] + 0.1
    for azimuth_deg in OBLIQUE:
        east, south = math.sin(math.radians(azimuth_deg)), -math.cos(math.radians(azimuth_deg))
        best = np.zeros(rows.size)
        for step in np.arange(1.0, 150.0, 0.05):
            r, c = rows + south * step, columns + east * step
            on = (r >= 0) & (r <= heights.shape[0] - 1.001) & (c >= 0) & (c <= heights.shape[1] - 1.001)
            r, c = np.where(on, r, 0.0), np.where(on, c, 0.0)
            i, j = r.astype(int), c.astype(int)
            u, v = r - i, c - j
            upper = heights[i, j] * (1 - v) + heights[i, j + 1] * v
            lower = heights[i + 1, j] * (1 - v) + heights[i + 1, j + 1] * v
            surface = upper * (1 - u) + lower * u
            best = np.maximum(best, np.where(on, (surface - eyes) / (0.5 * step), 0.0))
        points = horizon_at_points(heights, 0.5, rows, columns, eyes, [azimuth_deg], max_distance_m=75.0)
        difference = points[:, 0] - np.degrees(np.arctan(best))
        assert np.median(np.abs(difference)) < 0.05
        # What is left is within the cell of the point itself, between the crossings.
        assert np.abs(difference).mean() < 1.0


def test_both_methods_meet_on_real_roofs_along_the_axes(shared_data):
    rasterio = pytest.importorskip("rasterio")
    with rasterio.open(shared_data / "dsm" / "delft_050cm.tif") as raster:
        heights = raster.read(1).astype(np.float64)
    rng = np.random.default_rng(1)
    row, column = rng.integers(0, heights.shape[0], 300), rng.integers(0, heights.shape[1], 300)
    swept = np.array([horizon_sweep(heights, 0.5, a)[row, column] for a in AXES]).T
    points = horizon_at_points(heights, 0.5, row, column, heights[row, column], AXES)
    np.testing.assert_allclose(np.degrees(np.arctan(swept)), points, atol=1e-6)
