"""How far the weather of one place stands for another.

Yearly global irradiation of 10,531 communes of France (PVGIS means 2005–2020, CC BY 4.0, open-solar-france v2025.10), two
million pairs of them: the ratio of two places on one latitude has a standard deviation of 1.6 % below 10 km, 4.2 % at 100 km
and 7.2 % at 450 km, which is 4.2 % · (distance / 100 km)^(1/3); each degree of latitude adds 3.5 %
(``benchmarks/weather_distance.py``). The two together give 7.2 % and 11.5 % where 7.2 % and 11.2 % were found (1 to 1.5° and
2.5 to 3° apart, below 500 km).
"""

from __future__ import annotations

from typing import NamedTuple

#: Beyond either, yields are those of another climate.
FARTHEST_KM, FARTHEST_LATITUDE_DEG = 500.0, 3.0
#: Nearer, two places differ by less than typical years of one place do (1.6 % against about 2 %), and nothing is widened.
NEAR_KM = 10.0

_AT_100_KM, _PER_DEGREE = 0.042, 0.035
#: Where weather from another climate is forced: about the spread of yearly light over the inhabited Earth (900 to 2,400 kWh/m²
#: as mean ± two standard deviations in logarithms is 25 %), between two places that have nothing to do with each other.
_LARGEST = 0.25 * 2.0**0.5


class Separation(NamedTuple):
    """How far a place lies from that of its weather.

    Attributes
    ----------
    distance_km : float
    latitude_deg : float
        Difference of latitude, never negative.
    """

    distance_km: float
    latitude_deg: float

    @property
    def is_elsewhere(self) -> bool:
        """Whether the weather is that of another climate."""
        return self.distance_km > FARTHEST_KM or self.latitude_deg > FARTHEST_LATITUDE_DEG

    @property
    def standard_deviation(self) -> float:
        """Of the yearly light of the place relative to that of its weather; zero nearby."""
        if self.distance_km <= NEAR_KM:
            return 0.0
        distance = _AT_100_KM * (self.distance_km / 100.0) ** (1.0 / 3.0)
        return float(min((distance**2 + (_PER_DEGREE * self.latitude_deg) ** 2) ** 0.5, _LARGEST))


class Place(NamedTuple):
    """Degrees, north and east positive."""

    latitude_deg: float
    longitude_deg: float

    @property
    def settings(self) -> str:
        """What has PVGIS asked for the weather of this place."""
        return f"--set latitude_deg={self.latitude_deg:.3f} --set longitude_deg={self.longitude_deg:.3f}"


def separation(one: Place, other: Place) -> Separation:
    """Distance and difference of latitude between two places.

    Parameters
    ----------
    one, other : Place

    Returns
    -------
    Separation
    """
    from pyproj import Geod

    _, _, metres = Geod(ellps="WGS84").inv(one.longitude_deg, one.latitude_deg, other.longitude_deg, other.latitude_deg)
    return Separation(metres / 1000.0, abs(one.latitude_deg - other.latitude_deg))


def middle_of(bounds: tuple[float, float, float, float], crs: str) -> Place:
    """Where the middle of a rectangle lies.

    Parameters
    ----------
    bounds : tuple of float
        Western, southern, eastern and northern edge.
    crs : str
        Coordinate system of the bounds.
    """
    from pyproj import Transformer

    west, south, east, north = bounds
    turn = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    longitude, latitude = turn.transform((west + east) / 2, (south + north) / 2)
    return Place(float(latitude), float(longitude))
