"""Parts of the sky and what a plane receives of each."""

import math

import numpy as np
import pytest

from frugal.errors import UnusableInputError
from frugal.physics.solar.transposition import HAY_DAVIES, PEREZ, plane_irradiance, sky_components

ELEVATION = np.array([55.0, 20.0, 4.0, 0.5, -3.0])
DIRECT = np.array([850.0, 300.0, 20.0, 5.0, 0.0])
DIFFUSE = np.array([90.0, 140.0, 30.0, 8.0, 2.0])
TOP = np.full(5, 1361.0)


@pytest.mark.parametrize("model", [HAY_DAVIES, PEREZ])
def test_parts_add_up_on_the_horizontal(model):
    sky = sky_components(ELEVATION, DIRECT, DIFFUSE, TOP, model)
    total = sky.isotropic_horizontal + sky.circumsolar_normal * np.sin(np.radians(ELEVATION)).clip(min=0.0)
    high = ELEVATION > 5.0  # lower suns are held at a floor by both models
    np.testing.assert_allclose(total[high], DIFFUSE[high], rtol=1e-12)
    assert np.all(total[~high] <= DIFFUSE[~high] * (1.0 + 1e-12))


@pytest.mark.parametrize("model", [HAY_DAVIES, PEREZ])
def test_all_light_is_isotropic_when_the_sun_is_down(model):
    sky = sky_components(ELEVATION, DIRECT, DIFFUSE, TOP, model)
    assert sky.isotropic_horizontal[-1] == DIFFUSE[-1]
    assert sky.circumsolar_normal[-1] == 0.0
    assert sky.horizon_band[-1] == 0.0


def test_hay_davies_has_no_band_and_follows_transmittance():
    sky = sky_components(ELEVATION, DIRECT, DIFFUSE, TOP, HAY_DAVIES)
    np.testing.assert_array_equal(sky.horizon_band, 0.0)
    np.testing.assert_allclose(sky.isotropic_horizontal[:4], (DIFFUSE * (1.0 - DIRECT / TOP))[:4])


@pytest.mark.parametrize("model", [HAY_DAVIES, PEREZ])
def test_no_diffuse_light_has_no_parts(model):
    sky = sky_components(ELEVATION, DIRECT, np.zeros(5), TOP, model)
    for part in sky:
        np.testing.assert_array_equal(part, 0.0)


def test_plane_parts_of_simple_planes():
    sky = sky_components(ELEVATION, DIRECT, DIFFUSE, TOP, PEREZ)
    azimuth = np.full(5, 180.0)
    ghi = DIFFUSE + DIRECT * np.sin(np.radians(ELEVATION)).clip(min=0.0)
    flat = plane_irradiance(azimuth, ELEVATION, DIRECT, ghi, sky, 0.0, 77.0, 0.3)
    np.testing.assert_allclose(flat.beam, DIRECT * np.sin(np.radians(ELEVATION)).clip(min=0.0))
    np.testing.assert_array_equal(flat.ground_reflected, 0.0)
    np.testing.assert_array_equal(flat.horizon_band, 0.0)
    wall = plane_irradiance(azimuth, ELEVATION, DIRECT, ghi, sky, 90.0, 0.0, 0.3)
    np.testing.assert_array_equal(wall.beam + wall.circumsolar, 0.0)
    np.testing.assert_allclose(wall.isotropic, sky.isotropic_horizontal / 2.0)
    np.testing.assert_allclose(wall.ground_reflected, 0.15 * ghi)
    facing = plane_irradiance(azimuth, ELEVATION, DIRECT, ghi, sky, 35.0, 180.0, 0.3)
    assert facing.beam[0] == pytest.approx(850.0 * math.cos(math.radians(0.0)))


def test_only_two_models_are_known():
    with pytest.raises(UnusableInputError, match="transposition is 2"):
        sky_components(ELEVATION, DIRECT, DIFFUSE, TOP, 2)
