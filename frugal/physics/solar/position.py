"""Where the sun is: azimuth and elevation at a place on Earth.

Equations
---------
Heliocentric longitude, latitude and distance of the Earth are truncated VSOP87 series ``sum_n t^n sum_i a cos(b + c
t)`` with ``t`` in Julian millennia of Terrestrial Time from J2000 (Bretagnon & Francou 1988, Astron. Astrophys. 202,
309; amplitudes as tabulated by Meeus 1998, *Astronomical Algorithms*, 2nd ed., appendix III, longitude terms below
1.5e-6 rad dropped). The apparent longitude adds nutation (the four leading terms of the IAU 1980 theory, Meeus
chapter 22) and aberration ``-20.4898" / R``. Apparent sidereal time turns it into a vector fixed to the Earth, from
which the observer's own position is subtracted (parallax) before it is projected on local east, north and up.
Terrestrial minus universal time follows the polynomials of Espenak & Meeus 2006 (NASA/TP-2006-214141). Refraction is
Saemundsson's formula scaled by pressure and temperature (Meeus chapter 16), applied, as in Reda & Andreas 2004 (Solar
Energy 76, 577), while the upper limb can still be seen.

Extraterrestrial irradiance follows the Fourier series of Spencer 1971 (Search 2, 172).

Validity
--------
Years 1961 to 2150, any latitude. Within 0.001 deg of the NREL SPA from 1990 to 2060
(``tests/verification/test_solar_position.py``).
"""

from __future__ import annotations

import math

import numpy as np

from frugal.errors import UnusableInputError
from frugal.physics.compiled import kernel

SOLAR_CONSTANT = 1366.1  # W/m², the value Spencer's series is usually scaled with

_ARCSECOND = math.pi / (180.0 * 3600.0)
# Columns: power of t, amplitude [1e-8 rad or 1e-8 astronomical unit], phase [rad], frequency [rad/1000 y].
_LONGITUDE = np.array(
    [
        [0, 175347046.0, 0.0, 0.0],
        [0, 3341656.0, 4.6692568, 6283.07585],
        [0, 34894.0, 4.6261, 12566.1517],
        [0, 3497.0, 2.7441, 5753.3849],
        [0, 3418.0, 2.8289, 3.5231],
        [0, 3136.0, 3.6277, 77713.7715],
        [0, 2676.0, 4.4181, 7860.4194],
        [0, 2343.0, 6.1352, 3930.2097],
        [0, 1324.0, 0.7425, 11506.7698],
        [0, 1273.0, 2.0371, 529.691],
        [0, 1199.0, 1.1096, 1577.3435],
        [0, 990.0, 5.233, 5884.927],
        [0, 902.0, 2.045, 26.298],
        [0, 857.0, 3.508, 398.149],
        [0, 780.0, 1.179, 5223.694],
        [0, 753.0, 2.533, 5507.553],
        [0, 505.0, 4.583, 18849.228],
        [0, 492.0, 4.205, 775.523],
        [0, 357.0, 2.92, 0.067],
        [0, 317.0, 5.849, 11790.629],
        [0, 284.0, 1.899, 796.298],
        [0, 271.0, 0.315, 10977.079],
        [0, 243.0, 0.345, 5486.778],
        [0, 206.0, 4.806, 2544.314],
        [0, 205.0, 1.869, 5573.143],
        [0, 202.0, 2.458, 6069.777],
        [0, 156.0, 0.833, 213.299],
        [1, 628331966747.0, 0.0, 0.0],
        [1, 206059.0, 2.678235, 6283.07585],
        [1, 4303.0, 2.6351, 12566.1517],
        [1, 425.0, 1.59, 3.523],
        [2, 52919.0, 0.0, 0.0],
        [2, 8720.0, 1.0721, 6283.0758],
        [2, 309.0, 0.867, 12566.152],
        [3, 289.0, 5.844, 6283.076],
    ]
)
_LATITUDE = np.array([[0, 280.0, 3.199, 84334.662], [0, 102.0, 5.422, 5507.553], [0, 80.0, 3.88, 5223.69]])
_DISTANCE = np.array(
    [
        [0, 100013989.0, 0.0, 0.0],
        [0, 1670700.0, 3.0984635, 6283.07585],
        [0, 13956.0, 3.05525, 12566.1517],
        [1, 103019.0, 1.10749, 6283.07585],
    ]
)


@kernel()
def _series(terms: np.ndarray, t: float) -> float:
    total = 0.0
    for i in range(terms.shape[0]):
        total += t ** int(terms[i, 0]) * terms[i, 1] * math.cos(terms[i, 2] + terms[i, 3] * t)
    return total * 1e-8


@kernel()
def _terrestrial_minus_universal_time_s(year: float) -> float:
    if year < 1986.0:
        t = year - 1975.0
        return 45.45 + t * (1.067 - t * (1.0 / 260.0 + t / 718.0))
    t = year - 2000.0
    if year < 2005.0:
        return 63.86 + t * (0.3345 + t * (-0.060374 + t * (0.0017275 + t * (0.000651814 + t * 0.00002373599))))
    if year < 2050.0:
        return 62.92 + t * (0.32217 + t * 0.005589)
    return -20.0 + 32.0 * ((year - 1820.0) / 100.0) ** 2 - 0.5628 * (2150.0 - year)


@kernel()
def _sun_in_hour_frame(unix_time_s: float, longitude: float) -> tuple[float, float, float]:
    """From the Earth's centre to the sun [astronomical unit]: meridian, west on the equator, north pole."""
    days = unix_time_s / 86400.0 - 10957.5  # universal time since J2000
    correction = _terrestrial_minus_universal_time_s(2000.0 + days / 365.25)
    t = (days + correction / 86400.0) / 365250.0
    century = 10.0 * t

    distance = _series(_DISTANCE, t)
    latitude = -_series(_LATITUDE, t)
    node = math.radians(125.04452 - 1934.136261 * century)
    sun = 2.0 * math.radians(280.4665 + 36000.7698 * century)
    moon = 2.0 * math.radians(218.3165 + 481267.8813 * century)
    nutation = _ARCSECOND * (
        -17.2 * math.sin(node) - 1.32 * math.sin(sun) - 0.23 * math.sin(moon) + 0.21 * math.sin(2.0 * node)
    )
    obliquity = _ARCSECOND * (
        84381.448
        - century * (46.815 + century * (0.00059 - century * 0.001813))
        + 9.2 * math.cos(node)
        + 0.57 * math.cos(sun)
        + 0.1 * math.cos(moon)
        - 0.09 * math.cos(2.0 * node)
    )
    longitude_ecliptic = _series(_LONGITUDE, t) + math.pi + nutation - 20.4898 * _ARCSECOND / distance

    cos_latitude = math.cos(latitude)
    x = cos_latitude * math.cos(longitude_ecliptic)
    y = cos_latitude * math.sin(longitude_ecliptic)
    z = math.sin(latitude)
    cos_obliquity = math.cos(obliquity)
    sin_obliquity = math.sin(obliquity)
    equator_y = y * cos_obliquity - z * sin_obliquity
    equator_z = y * sin_obliquity + z * cos_obliquity

    universal_century = days / 36525.0
    sidereal = math.radians(
        280.46061837 + (360.98564736629 * days) % 360.0 + 0.000387933 * universal_century * universal_century
    )
    turn = sidereal + nutation * cos_obliquity + longitude
    cos_turn = math.cos(turn)
    sin_turn = math.sin(turn)
    return (
        distance * (x * cos_turn + equator_y * sin_turn),
        distance * (x * sin_turn - equator_y * cos_turn),
        distance * equator_z,
    )


@kernel()
def _refraction_deg(elevation_deg: float, pressure_pa: float, temperature_c: float) -> float:
    if elevation_deg < -(0.26667 + 0.5667):  # radius of the disc plus refraction at the horizon
        return 0.0
    angle = math.radians(elevation_deg + 10.3 / (elevation_deg + 5.11))
    return (pressure_pa / 101000.0) * (283.0 / (273.0 + temperature_c)) * 1.02 / (60.0 * math.tan(angle))


@kernel()
def _sun_position(
    unix_time_s: np.ndarray,
    latitude_deg: float,
    longitude_deg: float,
    altitude_m: float,
    pressure_pa: float,
    temperature_c: float,
    azimuth_deg: np.ndarray,
    elevation_deg: np.ndarray,
    apparent_deg: np.ndarray,
) -> None:
    latitude = math.radians(latitude_deg)
    longitude = math.radians(longitude_deg)
    sin_latitude = math.sin(latitude)
    cos_latitude = math.cos(latitude)
    # Observer on the ellipsoid, in equatorial radii; 8.794" is one radius seen from one astronomical unit.
    radius = math.sin(8.794 * _ARCSECOND)
    reduced = math.atan2(0.99664719 * sin_latitude, cos_latitude)
    height = altitude_m / 6378140.0
    observer_x = radius * (math.cos(reduced) + height * cos_latitude)
    observer_z = radius * (0.99664719 * math.sin(reduced) + height * sin_latitude)
    for i in range(unix_time_s.size):
        x, west, z = _sun_in_hour_frame(unix_time_s[i], longitude)
        x -= observer_x
        z -= observer_z
        up = cos_latitude * x + sin_latitude * z
        north = cos_latitude * z - sin_latitude * x
        elevation = math.degrees(math.atan2(up, math.hypot(north, west)))
        azimuth_deg[i] = math.degrees(math.atan2(-west, north)) % 360.0
        elevation_deg[i] = elevation
        apparent_deg[i] = elevation + _refraction_deg(elevation, pressure_pa, temperature_c)


def sun_position(
    unix_time_s: np.ndarray,
    latitude_deg: float,
    longitude_deg: float,
    altitude_m: float = 0.0,
    pressure_pa: float = 101325.0,
    temperature_c: float = 12.0,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Azimuth and elevation of the sun's centre.

    Parameters
    ----------
    unix_time_s : ndarray, shape (n,)
        Instants, seconds of universal time since 1970-01-01 00:00.
    latitude_deg, longitude_deg : float
        Geodetic position, north and east positive.
    altitude_m : float
        Height above the ellipsoid; matters through parallax only.
    pressure_pa, temperature_c : float
        Yearly mean air pressure and temperature, for refraction.

    Returns
    -------
    azimuth_deg, elevation_deg, apparent_elevation_deg : ndarray, shape (n,)
        Azimuth clockwise from north in [0, 360); elevation without and with refraction.

    Raises
    ------
    UnusableInputError
        If the latitude or longitude is out of range, or a time is not finite.
    """
    if not -90.0 <= latitude_deg <= 90.0:
        raise UnusableInputError(f"latitude_deg is {latitude_deg}: it must lie between -90 and 90.")
    if not -180.0 <= longitude_deg <= 360.0:
        raise UnusableInputError(f"longitude_deg is {longitude_deg}: it must lie between -180 and 360.")
    times = np.ascontiguousarray(unix_time_s, dtype=np.float64).ravel()
    if not np.all(np.isfinite(times)):
        raise UnusableInputError("unix_time_s holds a value that is not finite: every instant must be a number.")
    azimuth, elevation, apparent = np.empty_like(times), np.empty_like(times), np.empty_like(times)
    _sun_position(
        times,
        float(latitude_deg),
        float(longitude_deg),
        float(altitude_m),
        float(pressure_pa),
        float(temperature_c),
        azimuth,
        elevation,
        apparent,
    )
    return azimuth, elevation, apparent


def day_of_year(unix_time_s: np.ndarray) -> np.ndarray:
    """Day of the year in universal time, 1 on 1 January."""
    day = np.floor(np.asarray(unix_time_s, dtype=np.float64) / 86400.0).astype("datetime64[D]")
    return (day - day.astype("datetime64[Y]").astype("datetime64[D]")).astype(np.int64) + 1


def extraterrestrial_normal_irradiance(unix_time_s: np.ndarray) -> np.ndarray:
    """Irradiance on a plane facing the sun above the atmosphere [W/m²] (Spencer 1971).

    Parameters
    ----------
    unix_time_s : ndarray, shape (n,)
        Instants, seconds of universal time since 1970-01-01 00:00.
    """
    angle = 2.0 * math.pi / 365.0 * (day_of_year(unix_time_s) - 1.0)
    return SOLAR_CONSTANT * (
        1.00011
        + 0.034221 * np.cos(angle)
        + 0.00128 * np.sin(angle)
        + 0.000719 * np.cos(2.0 * angle)
        + 0.000077 * np.sin(2.0 * angle)
    )
