"""The sun where everybody can check it."""

import math

import numpy as np
import pytest

from frugal.errors import UnusableInputError
from frugal.physics.solar.position import day_of_year, extraterrestrial_normal_irradiance, sun_position


def seconds(text):
    return np.array([text], dtype="datetime64[s]").astype(np.float64)


def test_published_example_of_the_nrel_spa():
    """Reda & Andreas 2004, appendix A.5: Golden, 17 October 2003, 12:30:30 at UTC-7."""
    azimuth, _, apparent = sun_position(
        seconds("2003-10-17T19:30:30"),
        39.742476,
        -105.1786,
        1830.14,
        pressure_pa=82_000.0,
        temperature_c=11.0,
    )
    assert apparent[0] == pytest.approx(90.0 - 50.11162, abs=5e-4)
    assert azimuth[0] == pytest.approx(194.34024, abs=5e-4)


def test_equinox_at_noon_on_the_equator():
    _, elevation, _ = sun_position(seconds("2024-03-20T12:07:20"), 0.0, 0.0)
    assert elevation[0] > 89.8


@pytest.mark.parametrize(("latitude_deg", "noon_azimuth_deg"), [(47.0, 180.0), (-47.0, 0.0)])
def test_noon_sun_stands_towards_the_equator(latitude_deg, noon_azimuth_deg):
    times = seconds("2025-06-21T00:00:00") + np.arange(0, 86400, 60.0)
    azimuth, elevation, _ = sun_position(times, latitude_deg, 0.0)
    noon = azimuth[np.argmax(elevation)]
    assert abs((noon - noon_azimuth_deg + 180.0) % 360.0 - 180.0) < 0.5
    morning = azimuth[(elevation > 0) & (times < times[np.argmax(elevation)])]
    assert np.all((morning > 0.0) & (morning < 180.0))


def test_polar_night_and_midnight_sun():
    winter = seconds("2025-12-21T00:00:00") + np.arange(24) * 3600.0
    assert sun_position(winter, 75.0, 20.0)[1].max() < -5.0
    assert sun_position(winter, -75.0, 20.0)[1].min() > 5.0


def test_refraction_lifts_the_horizon_by_half_a_degree():
    times = seconds("2025-03-20T05:30:00") + np.arange(0, 3600, 10.0)
    _, elevation, apparent = sun_position(times, 45.0, 0.0)
    lift = apparent - elevation
    assert lift[np.argmin(np.abs(elevation))] == pytest.approx(0.48, abs=0.05)
    assert np.all(lift[elevation < -0.9] == 0.0)


def test_earth_is_nearest_in_january():
    year = seconds("2025-01-01T12:00:00") + np.arange(365) * 86400.0
    irradiance = extraterrestrial_normal_irradiance(year)
    assert np.argmax(irradiance) < 10
    assert irradiance.max() / irradiance.min() == pytest.approx((1.0167 / 0.9833) ** 2, rel=0.003)


def test_day_of_year_counts_leap_days():
    assert day_of_year(seconds("2024-12-31T23:59:59"))[0] == 366
    assert day_of_year(seconds("1969-01-01T00:00:00"))[0] == 1


@pytest.mark.parametrize("place", [(91.0, 0.0), (math.nan, 0.0), (0.0, -181.0), (0.0, math.inf)])
def test_places_off_the_globe_are_refused(place):
    with pytest.raises(UnusableInputError):
        sun_position(np.zeros(1), *place)


def test_times_must_be_numbers():
    with pytest.raises(UnusableInputError, match="unix_time_s"):
        sun_position(np.array([math.nan]), 0.0, 0.0)
