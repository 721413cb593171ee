"""How far weather goes: distances known from elsewhere, and the spread of yearly light measured between communes."""

import pytest

from frugal.formats.weather.nearness import Place, Separation, middle_of, separation

LA_ROCHELLE, PARIS, ATHENS = Place(46.1781, -1.1931), Place(48.8566, 2.3522), Place(37.9838, 23.7275)
MONTPELLIER, LA_REUNION = Place(43.61, 3.88), Place(-21.1, 55.5)


@pytest.mark.parametrize(
    ("place", "distance_km", "elsewhere"),
    [
        (Place(46.67, -1.43), 58, False),  # La Roche-sur-Yon
        (PARIS, 399, False),
        (MONTPELLIER, 493, False),
        (ATHENS, 2262, True),
        (LA_REUNION, 9410, True),
        (Place(49.3, -1.2), 347, True),  # more than 3° north
    ],
)
def test_distances_and_what_is_another_climate(place, distance_km, elsewhere):
    apart = separation(place, LA_ROCHELLE)
    assert apart.distance_km == pytest.approx(distance_km, rel=0.02)
    assert apart.is_elsewhere == elsewhere


@pytest.mark.parametrize(
    ("distance_km", "latitude_deg", "found"),
    [
        # Mean separation and root mean square of the logarithm of the ratio of yearly light, of 10,531 communes
        # (benchmarks/weather_distance.py).
        (38.0, 0.1, 0.0321),
        (88.0, 0.1, 0.0401),
        (250.0, 0.1, 0.0556),
        (448.0, 0.1, 0.0723),
        (255.0, 1.25, 0.0723),
        (360.0, 2.75, 0.1117),
    ],
)
def test_the_spread_is_the_one_found_between_communes(distance_km, latitude_deg, found):
    assert Separation(distance_km, latitude_deg).standard_deviation == pytest.approx(found, rel=0.08)


def test_nearby_nothing_is_added_and_far_away_not_more_than_the_earth_has():
    assert Separation(9.0, 0.08).standard_deviation == 0.0
    assert Separation(9410.0, 67.0).standard_deviation == pytest.approx(0.25 * 2**0.5)


def test_the_middle_of_a_survey():
    place = middle_of((364_000.0, 6_627_488.0, 364_512.0, 6_628_000.0), "EPSG:2154")
    assert place == pytest.approx((46.677, -1.393), abs=0.05)
    assert place.settings.startswith("--set latitude_deg=46.")
