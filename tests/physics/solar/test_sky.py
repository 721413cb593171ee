"""Cumulative-sky tables in cases that can be summed by hand."""

import math

import numpy as np
import pytest

from frugal.errors import UnusableInputError
from frugal.physics.solar.sky import cumulative_sky_tables, plane_irradiation
from frugal.physics.solar.year import solar_year


@pytest.fixture(scope="module")
def year():
    times = np.arange(8760) * 3600.0 + 1800.0
    month = (np.arange(8760) // 730).astype(np.int64)
    day = np.clip(np.sin((np.arange(8760) % 24 - 6.0) / 12.0 * math.pi), 0.0, 1.0)
    return solar_year(times, month, 400 * day, 0 * day, 400 * day, 0 * day, 0 * day, 46.0, 0.0)


def test_uniform_sky_gives_the_view_factor(year):
    """With no beam every plane sees (1 + cos tilt) / 2 of the sky and the rest as ground."""
    tables = cumulative_sky_tables(year, n_sectors=72)
    tilt = np.array([0.0, 30.0, 60.0, 90.0])
    found = plane_irradiation(tables, tilt, np.full(4, 200.0), np.zeros((4, 72)), np.full(4, 0.25))
    sky = year.diffuse_horizontal.sum() / 1000.0
    cosine = np.cos(np.radians(tilt))
    np.testing.assert_allclose(found.sum(1), sky * ((1 + cosine) / 2 + 0.25 * (1 - cosine) / 2), rtol=2e-3)
    assert found.shape == (4, 12)


def test_level_horizon_leaves_cosine_squared(year):
    tables = cumulative_sky_tables(year, n_sectors=36, n_bins=512)
    found = plane_irradiation(tables, [0.0], [0.0], np.full((1, 36), 30.0), [0.2])
    assert found.sum() == pytest.approx(year.diffuse_horizontal.sum() / 1000.0 * 0.75, rel=1e-3)


def test_closed_horizon_leaves_the_ground(year):
    tables = cumulative_sky_tables(year, n_sectors=8)
    found = plane_irradiation(tables, [90.0], [0.0], np.full((1, 8), 90.0), [0.5])
    np.testing.assert_allclose(found[0], 0.25 * tables.global_horizontal, rtol=1e-9)


def test_one_sector_is_enough_for_the_horizontal(year):
    tables = cumulative_sky_tables(year, n_sectors=1)
    found = plane_irradiation(tables, [0.0], [0.0], np.zeros((1, 1)), [0.0])
    assert found.sum() == pytest.approx(year.diffuse_horizontal.sum() / 1000.0, rel=1e-6)


def test_missing_horizon_gives_missing_irradiation(year):
    tables = cumulative_sky_tables(year, n_sectors=4)
    horizon = np.zeros((2, 4))
    horizon[1, 2] = np.nan
    found = plane_irradiation(tables, [0.0, 0.0], [0.0, 0.0], horizon, [0.0, 0.0])
    assert np.isfinite(found[0]).all()
    assert np.isnan(found[1]).all()


def test_shapes_and_numbers_are_checked(year):
    with pytest.raises(UnusableInputError, match="n_bins 0"):
        cumulative_sky_tables(year, n_bins=0)
    tables = cumulative_sky_tables(year, n_sectors=4)
    with pytest.raises(UnusableInputError, match=r"\(1, 4\)"):
        plane_irradiation(tables, [0.0], [0.0], np.zeros((1, 5)), [0.0])
