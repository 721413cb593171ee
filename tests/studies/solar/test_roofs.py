"""Roofs found without footprints: the planes of drawn houses come back, trees and ground do not."""

from pathlib import Path

import numpy as np
import pytest

from frugal.errors import UnusableInputError
from frugal.formats.rasters.surface_model import SurfaceModel, hash_of_heights, read_surface_model
from frugal.studies.solar.roofs.plane_finder import fit_planes, roof_patches
from frugal.studies.solar.roofs.roof_catalogue import find_roofs
from frugal.studies.solar.village.surface import synthetic_village

STEP = 0.5


def scene(noise_m: float = 0.02, flat: bool = False) -> np.ndarray:
    """On a slope of 2 %: a gabled house (eaves 4 m, 30°, ridge east to west), a rough tree, a box of 1 m."""
    random = np.random.default_rng(0)
    y, x = (np.mgrid[:160, :160] + 0.5) * STEP
    ground = 10.0 + 0.02 * x
    heights = ground.copy()
    house = (np.abs(x - 30) < 8) & (np.abs(y - 40) < 6)
    pitch = 0.0 if flat else np.tan(np.radians(30))
    heights = np.where(house, 15.0 + pitch * (6 - np.abs(y - 40)), heights)
    tree = np.hypot(x - 60, y - 40) < 5
    heights = np.where(tree, ground + 8 + 0.8 * random.standard_normal(x.shape), heights)
    low = (np.abs(x - 30) < 6) & (np.abs(y - 65) < 6)
    heights = np.where(low, ground + 1.0, heights)
    return heights + noise_m * random.standard_normal(x.shape)


def model(heights: np.ndarray, step: float = STEP, source: str = "scene") -> SurfaceModel:
    return SurfaceModel(heights, step, 1000.0, 2000.0, "EPSG:2154", source, hash_of_heights(heights))


def test_planes_are_exact_on_a_plane():
    y, x = np.mgrid[:30, :40] * STEP
    planes = fit_planes(250.0 + 0.3 * x - 0.2 * y, STEP)
    inside = (slice(3, -3), slice(3, -3))
    np.testing.assert_allclose(planes.east[inside], 0.3, atol=1e-9)
    np.testing.assert_allclose(planes.south[inside], -0.2, atol=1e-9)
    np.testing.assert_allclose(planes.height[inside], (250.0 + 0.3 * x - 0.2 * y)[inside], atol=1e-9)
    assert planes.residual[inside].max() < 1e-5


def test_both_sides_of_a_gable_are_found_and_nothing_else():
    heights = scene()
    patches, area_m2 = roof_patches(heights, fit_planes(heights, STEP), STEP)
    assert patches.max() == 2
    np.testing.assert_allclose(area_m2[1:], 16 * 6 / np.cos(np.radians(30)), rtol=0.2)
    roofs = find_roofs(model(heights), 8)
    assert (np.abs(roofs.x - 1030) < 8).all()
    assert (np.abs(2000 - roofs.y - 40) < 6).all()
    np.testing.assert_allclose(roofs.tilt_deg, 30.0, atol=2.0)
    north = roofs.y > 2000 - 40
    np.testing.assert_allclose((roofs.azimuth_deg[north] + 180) % 360, 180.0, atol=4.0)
    np.testing.assert_allclose(roofs.azimuth_deg[~north], 180.0, atol=4.0)
    plane = 15.0 + np.tan(np.radians(30)) * (6 - np.abs(2000 - roofs.y - 40))
    np.testing.assert_allclose(roofs.height_m, plane + 0.1, atol=0.06)
    assert np.bincount(roofs.patch).tolist() == [0, 4, 4]


def test_a_flat_roof_is_found_and_sees_over_the_ground():
    roofs = find_roofs(model(scene(flat=True)), 4)
    assert (roofs.tilt_deg < 2).all()
    east = np.abs(roofs.horizon_azimuths_deg - 90) < 5
    west = np.abs(roofs.horizon_azimuths_deg - 270) < 5
    assert (roofs.horizon_deg[:, west].max() < 1.0) and (roofs.horizon_deg[:, east].min() > 3.0)  # the tree


def test_drawn_surfaces_without_noise_count_too():
    heights = scene(noise_m=0.0)
    assert len(find_roofs(model(heights), 8).tilt_deg) == 8


def test_triangles_spanned_over_a_void_do_not_count():
    heights = scene()
    y, x = (np.mgrid[:160, :160] + 0.5) * STEP
    void = (x > 50) & (x < 70) & (y > 8) & (y < 24)  # an inclined facet from tree tops to the ground
    heights = np.where(void, 11.0 + 0.5 * (x - 50), heights)
    for number in range(3):  # and some surveyed roofs beside it
        at = (np.abs(x - 10 - 14 * number) < 5) & (np.abs(y - 12) < 5)
        heights = np.where(at, 16.0 + 0.02 * np.random.default_rng(number).standard_normal(x.shape), heights)
    patches, _ = roof_patches(heights, fit_planes(heights, STEP), STEP)
    assert patches[20:44, 104:136].max() == 0
    assert patches.max() == 5


def test_holes_in_the_surface_are_no_roofs():
    heights = scene()
    heights[70:90, 40:60] = np.nan
    roofs = find_roofs(model(heights), 6)
    assert np.isfinite(roofs.height_m).all()
    assert np.isfinite(heights[roofs.row, roofs.col]).all()


def test_choice_is_deterministic_and_spread_over_planes():
    village = synthetic_village(0)
    first, again, other = (
        find_roofs(village, 300, 0),
        find_roofs(village, 300, 0),
        find_roofs(village, 300, 1),
    )
    for name in first._fields:
        np.testing.assert_array_equal(getattr(first, name), getattr(again, name))
    assert not np.array_equal(first.row, other.row)
    assert np.bincount(first.patch).max() <= 2
    assert len(set(zip(first.row.tolist(), first.col.tolist(), strict=True))) == 300
    assert len(set(first.place)) == 4
    assert first.horizon_deg.shape == (300, 72)
    assert first.row.min() >= 4 and first.row.max() < 508


def test_village_roofs_are_those_of_vendee():
    roofs = find_roofs(synthetic_village(0), 800)
    assert 15.0 < np.median(roofs.tilt_deg) < 25.0
    assert roofs.tilt_deg.max() <= 60.0
    assert roofs.area_m2.min() >= 10.0
    tilted = roofs.azimuth_deg[roofs.tilt_deg > 10]
    assert np.histogram(tilted, np.arange(0, 361, 90))[0].min() > 50  # all four sides
    assert 3.0 < roofs.horizon_deg.mean() < 25.0


def test_too_few_roofs_are_counted():
    with pytest.raises(UnusableInputError, match=r"'scene' has 8 points on 2 roof planes .* 9 are needed"):
        find_roofs(model(scene()), 9)
    assert len(find_roofs(model(scene()), 9, at_least=5).tilt_deg) == 8
    with pytest.raises(UnusableInputError, match="has 0 points on 0 roof planes"):
        find_roofs(model(np.full((60, 60), 3.0)), 1)
    with pytest.raises(UnusableInputError, match="finer"):
        find_roofs(model(scene(), step=2.0), 1)
    with pytest.raises(UnusableInputError, match="10 × 90 cells"):
        find_roofs(model(np.zeros((10, 90))), 1)
    with pytest.raises(UnusableInputError, match="at least 1"):
        find_roofs(model(scene()), 0)


def test_real_towns(shared_data: Path):
    delft = find_roofs(read_surface_model(shared_data / "dsm" / "delft_050cm.tif"), 500)
    angoulins = find_roofs(read_surface_model(shared_data / "dsm" / "angoulins_1m.tif"), 800)
    assert np.mean(delft.tilt_deg > 35) > 0.25  # Dutch gables
    assert np.mean((angoulins.tilt_deg > 8) & (angoulins.tilt_deg < 25)) > 0.6  # tiles of the Atlantic coast
    steep = delft.azimuth_deg[delft.tilt_deg > 20] % 90.0
    assert np.mean((steep > 40) & (steep < 65)) > 0.75  # the houses stand along two streets at right angles
