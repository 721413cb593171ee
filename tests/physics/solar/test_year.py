"""A roof's year: limits, edge cases, typical days, refused inputs."""

import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from frugal.errors import UnusableInputError
from frugal.physics.solar.position import sun_position
from frugal.physics.solar.roof_years import roof_year, roof_years
from frugal.physics.solar.year import solar_year, typical_days

MOUNTING = (-3.47, -0.0594, 3.0)
OPEN = np.zeros(36)
START = np.datetime64("2021-01-01T00:30:00")


def weather(latitude_deg):
    """Twelve times 730 hours of half-clear weather, longitude 0."""
    stamps = START + np.arange(8760) * np.timedelta64(3600, "s")
    times = stamps.astype("datetime64[s]").astype(np.float64)
    month = stamps.astype("datetime64[M]").astype(np.int64) % 12
    sine = np.sin(np.radians(sun_position(times, latitude_deg, 0.0)[2])).clip(min=0.0)
    dni = np.where(sine > 0.02, 500.0 * sine**0.3, 0.0)
    dhi = 150.0 * sine
    return (
        times,
        month,
        dhi + dni * sine,
        dni,
        dhi,
        np.full(8760, 12.0),
        np.full(8760, 3.0),
        latitude_deg,
        0.0,
    )


@pytest.fixture(scope="module")
def year():
    return solar_year(*weather(46.0))


def one(year, tilt_deg=30.0, azimuth_deg=180.0, *, horizon=OPEN, albedo=0.2, dc_ac=1.2, **more):
    return roof_year(year, tilt_deg, azimuth_deg, horizon, albedo, dc_ac, *MOUNTING, **more)


def test_only_daylight_is_kept(year):
    assert 4200 < year.month.size < 4700
    assert np.all((year.sun_elevation_deg > 0.0) | (year.global_horizontal > 0.0))
    assert year.hours.sum() == year.month.size
    np.testing.assert_allclose(year.sun_east**2 + year.sun_north**2 + year.sun_up**2, 1.0)


def test_result_is_months_sum_and_loss(year):
    result = one(year)
    assert result.shape == (14,)
    assert result[12] == pytest.approx(result[:12].sum())
    assert result[13] == 0.0
    assert 800.0 < result[12] < 1600.0


@pytest.mark.parametrize("transposition", [0, 1])
@pytest.mark.parametrize("tilt_deg", [0.0, 35.0, 90.0])
def test_closed_horizon_leaves_the_ground(year, tilt_deg, transposition):
    closed = np.full(36, 90.0)
    bright = one(year, tilt_deg, horizon=closed, albedo=0.5, transposition=transposition)
    dark = one(year, tilt_deg, horizon=closed, albedo=0.0, transposition=transposition)
    assert dark[12] == 0.0
    assert dark[13] == 1.0
    if tilt_deg == 0.0:
        assert bright[12] == pytest.approx(0.0, abs=1e-9)
    if tilt_deg == 90.0:
        assert bright[12] > 50.0


def test_flat_roof_faces_everywhere(year):
    assert one(year, 0.0, 10.0)[12] == pytest.approx(one(year, 0.0, 190.0)[12], rel=1e-9)


@pytest.mark.parametrize(("latitude_deg", "better", "worse"), [(46.0, 180.0, 0.0), (-46.0, 0.0, 180.0)])
def test_best_side_is_towards_the_equator(latitude_deg, better, worse):
    year = solar_year(*weather(latitude_deg))
    assert one(year, 35.0, better)[12] > 1.3 * one(year, 35.0, worse)[12]
    summer = one(year, 20.0, better)[[5, 11]]
    assert (summer[0] > summer[1]) == (latitude_deg > 0.0)


def test_polar_night_yields_nothing():
    year = solar_year(*weather(78.0))
    result = one(year, 60.0)
    assert result[0] == result[10] == result[11] == 0.0
    assert result[5] > 30.0


def test_year_without_daylight():
    times, month, *values = weather(80.0)
    dark = month == 11
    columns = [v[dark] for v in values[:5]]
    year = solar_year(times[dark], month[dark], *columns, 80.0, 0.0)
    assert year.month.size == 0
    np.testing.assert_array_equal(one(year), np.zeros(14))


def test_horizon_is_given_clockwise_from_north(year):
    east = np.zeros(72)
    east[12:25] = 60.0  # 60 to 120 deg
    west = np.zeros(72)
    west[48:61] = 60.0
    morning_roof = [one(year, 60.0, 90.0, horizon=h)[13] for h in (east, west)]
    evening_roof = [one(year, 60.0, 270.0, horizon=h)[13] for h in (east, west)]
    assert min(morning_roof[0], evening_roof[1]) > 0.25
    assert max(morning_roof[1], evening_roof[0]) < 0.1


def test_a_higher_horizon_never_yields_more(year):
    previous = np.inf
    for height in (0.0, 2.0, 5.0, 15.0, 40.0, 70.0, 90.0):
        now = one(year, horizon=np.full(1, height))[12]
        assert now <= previous
        previous = now


def test_one_sector_equals_many_of_the_same_height(year):
    one_sector = one(year, horizon=np.full(1, 17.0))
    np.testing.assert_allclose(one_sector, one(year, horizon=np.full(90, 17.0)), rtol=1e-12)


def test_small_inverter_clips(year):
    generous, tight = one(year, dc_ac=1.0), one(year, dc_ac=3.0)
    assert tight[12] < 0.9 * generous[12]
    hours = year.hours.sum()
    assert tight[12] < hours / 3.0


def test_losses_and_heat_lower_the_yield(year):
    assert one(year, system_losses=0.2)[12] < one(year, system_losses=0.1)[12]
    insulated = roof_year(year, 30.0, 180.0, OPEN, 0.2, 1.2, -2.81, -0.0455, 0.0)
    assert insulated[12] < one(year)[12]


def test_many_roofs_are_each_as_alone_also_on_threads(year):
    rng = np.random.default_rng(0)
    n = 12
    columns = [
        rng.uniform(0, 60, n),
        rng.uniform(0, 360, n),
        rng.uniform(0, 40, (n, 72)),
        rng.uniform(0.1, 0.4, n),
        rng.uniform(1.0, 1.5, n),
        np.full(n, -3.47),
        np.full(n, -0.0594),
        np.full(n, 3.0),
    ]
    together = roof_years(year, *columns, 1)
    for i in range(n):
        np.testing.assert_array_equal(roof_year(year, *(c[i] for c in columns), 1), together[i])
    with ThreadPoolExecutor(2) as pool:
        halves = pool.map(lambda s: roof_years(year, *(c[s] for c in columns), 1), [slice(0, 6), slice(6, n)])
    np.testing.assert_array_equal(np.vstack(list(halves)), together)


def test_typical_days_keep_sums_and_come_near_the_year(year):
    days = typical_days(*weather(46.0))
    assert days.month.size <= 288
    assert (days.hours * days.global_horizontal).sum() == pytest.approx(year.global_horizontal.sum(), rel=1e-9)
    for month in range(12):
        assert np.unique(days.hours[days.month == month]).size == 1
    assert one(days)[12] == pytest.approx(one(year)[12], rel=0.03)


def test_typical_days_of_half_a_year():
    columns = weather(46.0)
    half = typical_days(*(c[:4344] for c in columns[:7]), *columns[7:])
    assert set(half.month) == set(range(6))


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        (1, np.full(8760, 12), "month"),
        (2, np.full(8760, -1.0), "ghi falls to -1.0"),
        (3, np.full(8760, np.nan), "dni"),
        (4, np.zeros(10), "dhi"),
        (6, np.full(8760, -1.0), "wind_speed"),
    ],
)
def test_unusable_weather_is_refused(column, value, message):
    columns = list(weather(46.0))
    columns[column] = value
    with pytest.raises(UnusableInputError, match=message):
        solar_year(*columns)


def test_empty_weather_is_refused():
    with pytest.raises(UnusableInputError, match="empty"):
        solar_year(*([np.zeros(0)] * 7), 46.0, 0.0)


@pytest.mark.parametrize(
    "change",
    [
        {"tilt_deg": 91.0},
        {"tilt_deg": math.nan},
        {"azimuth_deg": 400.0},
        {"horizon": np.full(36, -1.0)},
        {"horizon": np.full(36, math.nan)},
        {"horizon": np.zeros((2, 36))},
        {"albedo": 1.1},
        {"dc_ac": 0.0},
        {"transposition": 3},
        {"system_losses": 1.5},
        {"gamma": 0.01},
    ],
)
def test_unusable_roofs_are_refused(year, change):
    with pytest.raises(UnusableInputError):
        one(year, **change)
