"""The generated village: deterministic, plausible in its proportions, within bounds."""

import numpy as np
import pandas as pd
import pytest
from pvlib.solarposition import get_solarposition

from frugal.errors import UnusableInputError
from frugal.formats.rasters.surface_model import read_surface_model, write_surface_model
from frugal.formats.weather.climate import read_climate
from frugal.studies.solar.village.surface import synthetic_village, vendee_weather


def test_same_seed_same_village_and_others_differ():
    first, again, other = synthetic_village(3), synthetic_village(3), synthetic_village(4)
    np.testing.assert_array_equal(first.heights, again.heights)
    assert first.sha256 == again.sha256 != other.sha256
    assert np.mean(np.abs(first.heights - other.heights) > 0.5) > 0.3


@pytest.mark.parametrize("seed", range(4))
def test_proportions_are_those_of_a_village(seed):
    village = synthetic_village(seed)
    heights = village.heights
    assert heights.shape == (512, 512)
    assert np.isfinite(heights).all()
    ground = np.percentile(heights.reshape(8, 64, 8, 64), 20, axis=(1, 3))
    assert ground.max() - ground.min() < 15.0  # gentle ground
    above = heights - np.kron(ground, np.ones((64, 64)))
    assert 0.08 < np.mean(above > 2.0) < 0.40  # roofs and trees
    assert 12.0 < above.max() < 45.0  # a church, no skyscraper


def test_size_and_resolution():
    village = synthetic_village(0, size_m=128.0, resolution_m=1.0)
    assert village.heights.shape == (128, 128)
    assert village.resolution_m == 1.0
    for changes in ({"size_m": 10.0}, {"size_m": 1e5}, {"resolution_m": 5.0}, {"resolution_m": 0.01}):
        with pytest.raises(UnusableInputError, match="is allowed"):
            synthetic_village(0, **changes)


def test_a_town_is_closer_built_and_higher_than_a_village():
    village, town = synthetic_village(5), synthetic_village(5, centre_radius_m=400.0, wall_factor=1.6)
    assert (village.source, town.source) == ("synthetic village 5", "synthetic town 5")
    built = [np.mean(place.heights - np.percentile(place.heights, 20) > 3.0) for place in (village, town)]
    assert built[1] > 1.3 * built[0]
    for changes in ({"centre_radius_m": -1.0}, {"centre_radius_m": 2e3}, {"wall_factor": 0.1}, {"wall_factor": 9.0}):
        with pytest.raises(UnusableInputError, match="is allowed"):
            synthetic_village(0, **changes)


def test_village_goes_through_a_file(tmp_path):
    village = synthetic_village(1, size_m=64.0)
    write_surface_model(tmp_path / "v.tif", village)
    np.testing.assert_allclose(read_surface_model(tmp_path / "v.tif").heights, village.heights, atol=1e-5)


def test_default_weather_closes_under_an_independent_sun():
    year = vendee_weather(0)
    times = pd.to_datetime(year.unix_time_s, unit="s", utc=True)
    elevation = get_solarposition(times, year.latitude_deg, year.longitude_deg)["elevation"].to_numpy()
    sine = np.sin(np.radians(np.maximum(elevation, 0.0)))
    assert np.abs(year.ghi - year.dni * sine - year.dhi).max() < 0.5
    assert year.ghi[elevation < -0.5].max() == 0.0


def test_default_weather_has_the_irradiation_of_its_table():
    wanted = read_climate().columns["global_irradiation_kwh_m2"]
    for seed in range(4):
        year = vendee_weather(seed)
        found = np.array([year.ghi[year.month == month].sum() / 1e3 for month in range(12)])
        np.testing.assert_allclose(found, wanted, rtol=0.04)
        assert found.sum() == pytest.approx(wanted.sum(), rel=0.01)
    assert vendee_weather(1).sha256 == vendee_weather(1).sha256 != vendee_weather(2).sha256
    assert "OneBuilding" in year.attribution
