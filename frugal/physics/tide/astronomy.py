"""Mean longitudes of Moon and Sun, and the angles of the Moon's orbit that nodal corrections hang on.

The longitudes are the polynomials of J. Meeus (Astronomical algorithms, 2nd edition 1998: 47.1, 47.7, 25.2, 25.3 and the mean
perigee of chapter 47), the angles those of P. Schureman (Manual of harmonic analysis and prediction of tides, Special
Publication 98, US Coast and Geodetic Survey, 1940 and 1958). UTC stands for dynamical time, as in the programs that harmonic
constants come from: the 69 s between them turn M2 by 0.02 degrees, the same way in analysis and prediction.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from frugal.errors import UnusableInputError

#: Polynomials in Julian centuries from 2000-01-01 12:00 [deg]: Moon, Sun, lunar perigee, lunar node, solar perigee.
_MOON = (218.3164477, 481267.88123421, -0.0015786, 1.0 / 538841.0, -1.0 / 65194000.0)
_SUN = (280.46646, 36000.76983, 0.0003032)
_PERIGEE = (83.3532465, 4069.0137287, -0.01032, -1.0 / 80053.0, 1.0 / 18999000.0)
_NODE = (125.0445479, -1934.1362891, 0.0020754, 1.0 / 467441.0, -1.0 / 60616000.0)
_SOLAR_PERIGEE = (280.46646 - 357.52911, 36000.76983 - 35999.05029, 0.0003032 + 0.0001537)
_DAY_S = 86400.0
_CENTURY_S = 36525.0 * _DAY_S
#: Of 2000-01-01 12:00, from 1970 on.
_EPOCH_S = 946728000.0
#: Times outside are no dates of tides but mistakes of unit: years 1700 to 2300, within which the polynomials hold by far.
_EARLIEST_S, _LATEST_S = -8.52e9, 1.042e10
#: How the orbits of Moon and Earth lie to each other (SP 98, table 6: obliquity of 1900, inclination 5.145 degrees).
_COS_I = (0.91370, -0.03569)
_TAN_PLUS, _TAN_MINUS = 1.01883, 0.64412


def _polynomial(coefficients: tuple[float, ...], century: np.ndarray) -> np.ndarray:
    value = np.zeros_like(century)
    for coefficient in reversed(coefficients):
        value = value * century + coefficient
    return value


def _rate(coefficients: tuple[float, ...], century: float) -> float:
    """Degrees a second."""
    steps = [power * coefficient * century ** (power - 1) for power, coefficient in enumerate(coefficients) if power]
    return float(sum(steps)) / _CENTURY_S


def checked_times(times_s: np.ndarray) -> np.ndarray:
    """Times as floats ``[n]``, refused where they cannot be seconds since 1970.

    Raises
    ------
    UnusableInputError
        If one is not finite, or lies before 1700 or after 2300.
    """
    times = np.atleast_1d(np.asarray(times_s, dtype=np.float64))
    if times.ndim != 1:
        raise UnusableInputError(f"times of shape {times.shape}: one dimension is needed")
    if not np.isfinite(times).all():
        raise UnusableInputError(
            f"time {int(np.argmin(np.isfinite(times)))} is not a finite number of seconds since 1970"
        )
    if times.size and not (times.min() >= _EARLIEST_S and times.max() <= _LATEST_S):
        worst = times.min() if times.min() < _EARLIEST_S else times.max()
        raise UnusableInputError(
            f"time {worst:g} s since 1970 lies outside the years 1700 to 2300; seconds in UTC are needed"
        )
    return times


def longitudes_deg(times_s: np.ndarray) -> np.ndarray:
    """Doodson's six arguments ``[n, 6]`` in degrees, not reduced.

    Mean lunar time from lower transit at Greenwich, then mean longitudes of Moon, Sun and lunar perigee, that of the node with
    its sign changed, and of the solar perigee.
    """
    times = checked_times(times_s)
    century = (times - _EPOCH_S) / _CENTURY_S
    moon, sun = _polynomial(_MOON, century), _polynomial(_SUN, century)
    day = np.mod(times, _DAY_S) * (360.0 / _DAY_S)
    return np.stack(
        [
            day + sun - moon,
            moon,
            sun,
            _polynomial(_PERIGEE, century),
            -_polynomial(_NODE, century),
            _polynomial(_SOLAR_PERIGEE, century),
        ],
        axis=1,
    )


def rates_deg_s(time_s: float = _EPOCH_S) -> np.ndarray:
    """How fast the six arguments grow ``[6]`` in degrees a second."""
    century = (time_s - _EPOCH_S) / _CENTURY_S
    moon, sun = _rate(_MOON, century), _rate(_SUN, century)
    return np.array(
        [
            360.0 / _DAY_S + sun - moon,
            moon,
            sun,
            _rate(_PERIGEE, century),
            -_rate(_NODE, century),
            _rate(_SOLAR_PERIGEE, century),
        ]
    )


@dataclass(frozen=True, eq=False)
class OrbitAngles:
    """How the Moon's orbit lies to the equator, as Schureman names it; all ``[n]`` and in radians.

    Attributes
    ----------
    inclination : ndarray
        I, of the orbit to the equator.
    xi, nu : ndarray
        Longitude in the orbit, and right ascension, of the point where they cross.
    nu_prime, two_nu_second : ndarray
        ν' of K1 and 2ν'' of K2 (equations 224 and 232).
    perigee : ndarray
        P, mean longitude of the perigee counted from that point.
    """

    inclination: np.ndarray
    xi: np.ndarray
    nu: np.ndarray
    nu_prime: np.ndarray
    two_nu_second: np.ndarray
    perigee: np.ndarray


def orbit_angles(longitudes: np.ndarray) -> OrbitAngles:
    """The angles at times whose `longitudes_deg` are given ``[n, 6]``."""
    node = np.radians(np.mod(-longitudes[:, 4], 360.0))
    inclination = np.arccos(_COS_I[0] + _COS_I[1] * np.cos(node))
    # N is in [0, 2 pi), so that half of it keeps these arcs continuous where the tangent is not
    plus = np.arctan2(_TAN_PLUS * np.sin(node / 2), np.cos(node / 2))
    minus = np.arctan2(_TAN_MINUS * np.sin(node / 2), np.cos(node / 2))
    xi, nu = node - plus - minus, plus - minus
    double, square = np.sin(2 * inclination), np.sin(inclination) ** 2
    return OrbitAngles(
        inclination,
        xi,
        nu,
        np.arctan2(double * np.sin(nu), double * np.cos(nu) + 0.3347),
        np.arctan2(square * np.sin(2 * nu), square * np.cos(2 * nu) + 0.0727),
        np.radians(longitudes[:, 3]) - xi,
    )
