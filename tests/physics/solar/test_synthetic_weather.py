"""A synthetic year: closed, dark at night, and with the statistics of the table it was drawn from."""

from pathlib import Path

import numpy as np
import pytest

from frugal.errors import UnusableInputError
from frugal.formats.weather.readers import read_weather
from frugal.physics.solar.synthetic_weather import MonthlyClimate, SyntheticYear, synthetic_year

DAYS_OF_MONTH = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
MONTH = np.repeat(np.arange(12), DAYS_OF_MONTH)
SEEDS = range(8)


def sun(latitude_deg: float = 46.2) -> tuple[np.ndarray, np.ndarray]:
    """Elevation in mid-hour and extraterrestrial irradiance in solar time, from Cooper's declination."""
    hour = np.arange(8760) + 0.5
    declination = np.radians(23.45) * np.sin(2 * np.pi * (284 + hour / 24 + 0.5) / 365)
    angle = np.radians(15 * (hour % 24 - 12))
    latitude = np.radians(latitude_deg)
    sine = np.sin(latitude) * np.sin(declination) + np.cos(latitude) * np.cos(declination) * np.cos(angle)
    normal = 1361.0 * (1 + 0.033 * np.cos(2 * np.pi * hour / 8760))
    return np.degrees(np.arcsin(sine)), normal


def climate(**changes: np.ndarray) -> MonthlyClimate:
    """Made-up climate with as many overcast as clear days, and a season."""
    season = -np.cos(2 * np.pi * (np.arange(12) + 0.5) / 12)
    base = 0.45 + 0.1 * season
    steps = np.array([-0.3, -0.25, -0.2, 0.02, 0.15, 0.18, 0.2])
    values = MonthlyClimate(
        clearness_levels=np.array([0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0]),
        clearness_quantiles=np.maximum(base[:, None] + steps, 0.03),
        clearness_mean=base - 0.02,
        clearness_autocorrelation=np.full(12, 0.35),
        temperature_min_c=9.0 + 6.0 * season,
        temperature_max_c=17.0 + 7.0 * season,
        temperature_day_std_c=np.full(12, 2.5),
        temperature_day_autocorrelation=np.full(12, 0.6),
        temperature_clearness_correlation=0.3 * season,
        range_clearness_slope_c=np.full(12, 10.0),
        wind_mean=np.full(12, 4.5),
        wind_std=np.full(12, 2.2),
        wind_autocorrelation=np.full(12, 0.88),
        wind_afternoon_ratio=np.full(12, 1.2),
    )
    return values._replace(**changes)


ELEVATION, NORMAL = sun()
SINE = np.sin(np.radians(np.maximum(ELEVATION, 0.0)))
YEARS = {seed: synthetic_year(climate(), ELEVATION, NORMAL, seed) for seed in SEEDS}


def monthly(daily: np.ndarray) -> np.ndarray:
    return np.array([daily[month == MONTH].mean() for month in range(12)])


def clearness(year: SyntheticYear) -> np.ndarray:
    return year.ghi.reshape(365, 24).sum(axis=1) / (NORMAL * SINE).reshape(365, 24).sum(axis=1)


def lag_one(daily: np.ndarray) -> float:
    departure = daily - monthly(daily)[MONTH]
    return float(np.corrcoef(departure[:-1], departure[1:])[0, 1])


def test_same_seed_same_year_and_others_differ():
    again = synthetic_year(climate(), ELEVATION, NORMAL, 0)
    for name in SyntheticYear._fields:
        np.testing.assert_array_equal(getattr(again, name), getattr(YEARS[0], name))
        assert not np.array_equal(getattr(YEARS[1], name), getattr(YEARS[0], name))


@pytest.mark.parametrize("seed", SEEDS)
def test_light_closes_and_nights_are_dark(seed):
    year = YEARS[seed]
    for values in year:
        assert values.shape == (8760,)
        assert np.isfinite(values).all()
    np.testing.assert_allclose(year.ghi, year.dni * SINE + year.dhi, rtol=0, atol=1e-9)
    night = ELEVATION <= 0
    assert max(year.ghi[night].max(), year.dni[night].max(), year.dhi[night].max()) == 0.0
    assert min(year.ghi.min(), year.dni.min(), year.dhi.min(), year.wind_speed.min()) >= 0.0
    assert (year.dhi <= year.ghi + 1e-9).all()
    assert (year.dni <= 0.85 * NORMAL).all()
    clear_sky = 1098.0 * SINE * np.exp(-0.057 / np.maximum(SINE, 1e-3))  # Haurwitz 1945
    assert (year.ghi <= 1.05 * clear_sky + 1.0).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_days_keep_the_mean_and_spread_of_their_month(seed):
    wanted = climate()
    days = clearness(YEARS[seed])
    np.testing.assert_allclose(monthly(days), wanted.clearness_mean, rtol=0.005)
    probability = (np.arange(2000) + 0.5) / 2000
    for month in range(12):
        table = np.interp(probability, wanted.clearness_levels, wanted.clearness_quantiles[month])
        assert days[month == MONTH].std() == pytest.approx(table.std(), rel=0.08)


def test_overcast_and_clear_days_stay_apart():
    days = np.concatenate([clearness(year) - monthly(clearness(year))[MONTH] for year in YEARS.values()])
    middle = np.mean(np.abs(days) < 0.05)
    ends = np.mean(np.abs(np.abs(days) - 0.19) < 0.05)
    assert ends > 2.5 * middle  # days gathered round the mean would give less than 1


def test_days_remember_the_day_before():
    assert np.mean([lag_one(clearness(year)) for year in YEARS.values()]) == pytest.approx(0.35, abs=0.06)
    none = climate(clearness_autocorrelation=np.zeros(12))
    free = [lag_one(clearness(synthetic_year(none, ELEVATION, NORMAL, seed))) for seed in SEEDS]
    assert np.mean(free) == pytest.approx(0.0, abs=0.06)


def test_temperature_follows_the_table():
    wanted = climate()
    lows, highs, stds, lags, shared = [], [], [], [], []
    for year in YEARS.values():
        hours = year.air_temperature_c.reshape(365, 24)
        low, high = hours.min(axis=1), hours.max(axis=1)
        lows.append(monthly(low))
        highs.append(monthly(high))
        anomaly = (low + high) / 2 - monthly((low + high) / 2)[MONTH]
        stds.append(anomaly.std())
        lags.append(lag_one((low + high) / 2))
        shared.append(np.corrcoef(anomaly[np.isin(MONTH, (5, 6, 7))], clearness(year)[np.isin(MONTH, (5, 6, 7))])[0, 1])
        assert 13.0 <= np.median(hours.argmax(axis=1)) <= 15.0
    np.testing.assert_allclose(np.mean(lows, axis=0), wanted.temperature_min_c, atol=0.5)
    np.testing.assert_allclose(np.mean(highs, axis=0), wanted.temperature_max_c, atol=0.5)
    assert np.mean(stds) == pytest.approx(2.6, abs=0.3)
    assert np.mean(lags) == pytest.approx(0.6, abs=0.1)
    assert np.mean(shared) == pytest.approx(0.28, abs=0.1)


def test_clear_days_have_a_wider_range():
    year = YEARS[0]
    hours = year.air_temperature_c.reshape(365, 24)
    width, days = hours.max(axis=1) - hours.min(axis=1), clearness(year)
    departure = days - monthly(days)[MONTH]
    slope = np.polyfit(departure, width - monthly(width)[MONTH], 1)[0]
    assert slope == pytest.approx(10.0, abs=2.5)


def test_wind_follows_the_table():
    for year in YEARS.values():
        wind = year.wind_speed
        assert wind.mean() == pytest.approx(4.5, rel=0.02)
        assert wind.std() == pytest.approx(2.2, rel=0.1)
        assert np.corrcoef(wind[:-1], wind[1:])[0, 1] == pytest.approx(0.88, abs=0.03)
        assert wind.reshape(365, 24)[:, 12:18].mean() / wind.mean() == pytest.approx(1.2, abs=0.05)


def test_a_day_clearer_than_the_clear_sky_keeps_its_light():
    wanted = climate(clearness_quantiles=np.full((12, 7), 0.8), clearness_mean=np.full(12, 0.8))
    days = clearness(synthetic_year(wanted, ELEVATION, NORMAL, 0))
    np.testing.assert_allclose(days, 0.8, rtol=1e-3)


def test_other_shapes_and_polar_days_are_refused():
    with pytest.raises(UnusableInputError, match="8760"):
        synthetic_year(climate(), ELEVATION[:-1], NORMAL, 0)
    with pytest.raises(UnusableInputError, match="rises and sets"):
        synthetic_year(climate(), *sun(75.0), 0)


def test_default_weather_against_the_real_typical_year(shared_data: Path):
    from frugal.studies.solar.village.surface import vendee_weather

    real = read_weather(shared_data / "weather" / "FRA_AC_La.Rochelle.Intl.AP.073160_TMYx.epw.gz")
    years = [vendee_weather(seed) for seed in range(5)]
    for name, each, together in (("ghi", 0.01, 0.005), ("dni", 0.065, 0.05), ("dhi", 0.06, 0.05)):
        ratio = np.array([getattr(year, name).sum() for year in years]) / getattr(real, name).sum()
        assert np.abs(ratio - 1).max() < each, name
        assert abs(ratio.mean() - 1) < together, name
    for year in years:
        for month in range(12):
            hours = real.month == month
            assert year.ghi[hours].sum() == pytest.approx(real.ghi[hours].sum(), rel=0.04)
        assert year.air_temperature_c.mean() == pytest.approx(real.air_temperature_c.mean(), abs=0.3)
        # Hours are about as uneven as in the real year: what neighbouring hours differ by, in all.
        assert np.abs(np.diff(year.ghi)).mean() == pytest.approx(np.abs(np.diff(real.ghi)).mean(), rel=0.15)
