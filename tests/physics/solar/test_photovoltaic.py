"""Glass, cells and inverter, each beside pvlib, and the diffuse factors in limits known by hand."""

import math

import numpy as np
import pytest
from pvlib import iam, inverter, pvsystem, temperature

from frugal.physics.solar.photovoltaic import (
    diffuse_factors,
    horizon_at,
    iam_physical,
    pvwatts_ac,
    pvwatts_dc,
    sapm_cell_temperature,
)

OPEN = np.zeros(72)


@pytest.mark.parametrize("aoi_deg", [0.0, 1.0, 30.0, 60.0, 80.0, 89.0, 89.99, 90.0, 120.0, 180.0])
def test_glass(aoi_deg):
    assert iam_physical(math.cos(math.radians(aoi_deg))) == pytest.approx(iam.physical(aoi_deg), abs=1e-12)


def test_cell_temperature():
    expected = temperature.sapm_cell(812.0, 17.0, 3.2, -3.56, -0.075, 3.0)
    assert sapm_cell_temperature(812.0, 17.0, 3.2, -3.56, -0.075, 3.0) == pytest.approx(expected)


@pytest.mark.parametrize("irradiance", [0.0, 5.0, 400.0, 1100.0])
def test_direct_current(irradiance):
    expected = pvsystem.pvwatts_dc(irradiance, 41.0, 1.0, -0.004)
    assert pvwatts_dc(irradiance, 41.0, -0.004) == pytest.approx(expected)


@pytest.mark.parametrize("dc", [0.0, 0.001, 0.01, 0.3, 0.79, 0.81, 5.0])
def test_inverter_with_clipping(dc):
    assert pvwatts_ac(dc, 0.8, 0.96) == pytest.approx(inverter.pvwatts(dc, 0.8, 0.96), abs=1e-14)


def test_horizon_is_a_closed_straight_line_between_azimuths():
    horizon = np.array([0.0, 10.0, 20.0, 30.0])
    assert horizon_at(horizon, 45.0) == pytest.approx(5.0)
    assert horizon_at(horizon, 180.0) == 20.0
    assert horizon_at(horizon, 315.0) == pytest.approx(15.0)
    assert horizon_at(horizon, 360.0) == 0.0
    assert horizon_at(np.array([7.0]), 123.0) == 7.0


@pytest.mark.parametrize("tilt_deg", [0.0, 15.0, 40.0, 75.0, 90.0])
def test_open_sky_is_marions(tilt_deg):
    # pvlib's default grid is coarse for the grazing sliver of ground a slight tilt sees: four times finer here.
    reference = {part: iam.marion_integrate(iam.physical, tilt_deg, part, num=720) for part in ("sky", "ground")}
    sky, _ = diffuse_factors(tilt_deg, 210.0, OPEN)
    assert sky == pytest.approx(reference["sky"] * (1.0 + math.cos(math.radians(tilt_deg))) / 2.0, rel=1e-4)
    if tilt_deg > 0.0:
        ground, _ = diffuse_factors(180.0 - tilt_deg, 210.0, OPEN)
        expected = reference["ground"] * (1.0 - math.cos(math.radians(tilt_deg))) / 2.0
        assert ground == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("tilt_deg", [30.0, 45.0, 90.0])
def test_open_horizon_band(tilt_deg):
    """pvlib averages over half a degree above the horizon, here the band is thin: near enough from 30 deg on."""
    _, band = diffuse_factors(tilt_deg, 33.0, OPEN)
    expected = iam.marion_diffuse("physical", tilt_deg)["horizon"] * math.sin(math.radians(tilt_deg))
    assert band == pytest.approx(expected, rel=5e-3)


def test_constant_horizon_on_the_horizontal_leaves_the_cap():
    """Without reflection the cap above h gives cos² h; the glass keeps it just above that share."""
    for height in (10.0, 30.0, 60.0):
        sky, band = diffuse_factors(0.0, 0.0, np.full(36, height))
        share = sky / diffuse_factors(0.0, 0.0, np.full(36, 0.0))[0]
        assert math.cos(math.radians(height)) ** 2 < share < math.cos(math.radians(height)) ** 2 * 1.06 + 0.01
        assert band == 0.0


@pytest.mark.parametrize("n_sectors", [1, 2, 7, 72, 360])
def test_number_of_sectors_of_a_level_horizon_does_not_matter(n_sectors):
    assert diffuse_factors(35.0, 160.0, np.full(n_sectors, 12.0)) == diffuse_factors(35.0, 160.0, np.full(72, 12.0))


def test_nothing_is_left_below_a_closed_horizon():
    assert diffuse_factors(40.0, 100.0, np.full(72, 90.0)) == (0.0, 0.0)


def test_obstacle_behind_the_plane_does_not_matter():
    behind = np.zeros(72)
    behind[30:43] = 40.0  # 150 to 210 deg, while the plane faces north at 50 deg of tilt
    assert diffuse_factors(50.0, 0.0, behind)[0] == pytest.approx(diffuse_factors(50.0, 0.0, OPEN)[0], rel=1e-4)
    assert diffuse_factors(50.0, 180.0, behind)[0] < 0.95 * diffuse_factors(50.0, 180.0, OPEN)[0]
