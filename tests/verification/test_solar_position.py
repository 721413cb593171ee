"""Sun position side by side with the NREL SPA as implemented by pvlib."""

import numpy as np
import pandas as pd
import pytest
from pvlib import irradiance, solarposition

from frugal.physics.solar.position import extraterrestrial_normal_irradiance, sun_position

PLACES = [(46.2, -1.2), (-33.9, 151.2), (0.3, -78.5), (69.7, 19.0), (-75.0, 0.0), (90.0, 0.0)]


@pytest.mark.parametrize("year", [1990, 2004, 2026, 2060])
@pytest.mark.parametrize(("latitude_deg", "longitude_deg"), PLACES)
def test_within_a_thousandth_of_a_degree_of_nrel_spa(year, latitude_deg, longitude_deg):
    times = pd.date_range(f"{year}-01-01", f"{year}-12-31 23:00", freq="173min", tz="UTC").as_unit("s")
    spa = solarposition.spa_python(
        times, latitude_deg, longitude_deg, altitude=120.0, pressure=100_000.0, temperature=9.0, delta_t=None
    )
    azimuth, elevation, apparent = sun_position(
        times.asi8, latitude_deg, longitude_deg, 120.0, pressure_pa=100_000.0, temperature_c=9.0
    )
    turn = (azimuth - spa["azimuth"].to_numpy() + 180.0) % 360.0 - 180.0
    assert np.abs(elevation - spa["elevation"]).max() < 0.001
    assert np.abs(turn * np.cos(np.radians(elevation))).max() < 0.001
    # Refraction ends abruptly below the horizon, in both: leave the few instants on its edge out.
    clear_of_edge = np.abs(spa["elevation"].to_numpy() + 0.83337) > 0.001
    assert np.abs(apparent - spa["apparent_elevation"])[clear_of_edge].max() < 0.001


def test_extraterrestrial_irradiance_is_spencers():
    times = pd.date_range("2023-01-01", "2025-01-01", freq="7h", tz="UTC").as_unit("s")
    reference = irradiance.get_extra_radiation(times)
    np.testing.assert_allclose(extraterrestrial_normal_irradiance(times.asi8), reference, rtol=1e-12)
