"""Nodal corrections: by how much the node and the perigee of the Moon enlarge and shift each constituent, by convention.

``schureman``: the factors of Special Publication 98 (equations 73 to 78, 149, 197, 207, 213, 227, 235), as NOAA, XTide and
pytides have them. ``foreman``: sums of satellites, as UTide and T_TIDE have them (`satellites`). ``none``: 1 and 0. Compounds
take products of factors and sums of angles of what they are made of.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from frugal.errors import UnusableInputError
from frugal.physics.tide.astronomy import OrbitAngles, longitudes_deg, orbit_angles
from frugal.physics.tide.constituents import constituent, schureman_rule
from frugal.physics.tide.satellites import SATELLITES, Satellite

CONVENTIONS = ("schureman", "foreman", "none")
#: Nearer to the equator the expansion of the latitude in the ratios has a pole (Foreman 1977).
_LEAST_LATITUDE_DEG = 5.0
#: Foreman counts these from the solar perigee: multipliers and phase that differ from those of `constituents`.
_FOREMAN_ARGUMENTS = {"SA": ((0, 0, 0, 0, 0, -1), 0.0), "S1": ((0, 0, 0, 0, 0, 1), -90.0)}


def _of_m2(angles: OrbitAngles) -> tuple[np.ndarray, np.ndarray]:
    return np.cos(angles.inclination / 2) ** 4 / 0.9154, 2 * angles.xi - 2 * angles.nu


def _of_o1(angles: OrbitAngles) -> tuple[np.ndarray, np.ndarray]:
    size = np.sin(angles.inclination) * np.cos(angles.inclination / 2) ** 2 / 0.3800
    return size, 2 * angles.xi - angles.nu


def _of_m1(angles: OrbitAngles) -> tuple[np.ndarray, np.ndarray]:
    inclination, perigee = angles.inclination, angles.perigee
    half = np.cos(inclination / 2) ** 2
    size = np.sqrt(
        0.25 + 1.5 * np.cos(inclination) * np.cos(2 * perigee) / half + 2.25 * (np.cos(inclination) / half) ** 2
    )
    slope = (5 * np.cos(inclination) - 1) / (7 * np.cos(inclination) + 1)
    turned = np.arctan2(slope * np.sin(perigee), np.cos(perigee))
    return _of_o1(angles)[0] * size, angles.xi - angles.nu + turned


def _of_l2(angles: OrbitAngles) -> tuple[np.ndarray, np.ndarray]:
    square = np.tan(angles.inclination / 2) ** 2
    size, angle = _of_m2(angles)
    ratio = np.sqrt(1 - 12 * square * np.cos(2 * angles.perigee) + 36 * square**2)
    turned = np.arctan2(np.sin(2 * angles.perigee), 1 / (6 * square) - np.cos(2 * angles.perigee))
    return size * ratio, angle - turned


def _of_k1(angles: OrbitAngles) -> tuple[np.ndarray, np.ndarray]:
    double = np.sin(2 * angles.inclination)
    return np.sqrt(0.8965 * double**2 + 0.6001 * double * np.cos(angles.nu) + 0.1006), -angles.nu_prime


def _of_k2(angles: OrbitAngles) -> tuple[np.ndarray, np.ndarray]:
    square = np.sin(angles.inclination) ** 2
    return np.sqrt(19.0444 * square**2 + 2.7702 * square * np.cos(2 * angles.nu) + 0.0981), -angles.two_nu_second


def _of_m3(angles: OrbitAngles) -> tuple[np.ndarray, np.ndarray]:
    size, angle = _of_m2(angles)
    return size**1.5, 1.5 * angle


#: Factor and angle [rad] of Schureman, by the constituent that they are named after.
FACTORS: dict[str, Callable[[OrbitAngles], tuple[np.ndarray, np.ndarray]]] = {
    "MM": lambda a: ((2 / 3 - np.sin(a.inclination) ** 2) / 0.5021, np.zeros_like(a.nu)),
    "MF": lambda a: (np.sin(a.inclination) ** 2 / 0.1578, -2 * a.xi),
    "O1": _of_o1,
    "M1": _of_m1,
    "J1": lambda a: (np.sin(2 * a.inclination) / 0.7214, -a.nu),
    "OO1": lambda a: (np.sin(a.inclination) * np.sin(a.inclination / 2) ** 2 / 0.0164, -2 * a.xi - a.nu),
    "K1": _of_k1,
    "M2": _of_m2,
    "L2": _of_l2,
    "K2": _of_k2,
    "M3": _of_m3,
}


def checked_convention(convention: str, latitude_deg: float | None) -> None:
    """Refuse a convention that there is not, and Foreman's without a latitude.

    Raises
    ------
    UnusableInputError
    """
    if convention not in CONVENTIONS:
        raise UnusableInputError(f"nodal convention '{convention}' is not known; allowed: {', '.join(CONVENTIONS)}")
    if latitude_deg is not None and not -90.0 <= latitude_deg <= 90.0:
        raise UnusableInputError(f"latitude {latitude_deg:g} degrees; -90 to 90 are allowed")
    if convention == "foreman" and latitude_deg is None:
        raise UnusableInputError(
            "nodal convention 'foreman' needs the latitude of the place: its satellites hang on it"
        )


def borrowed_factors(names: Sequence[str]) -> tuple[str, ...]:
    """Constituents that Foreman's tables do not have; their factors are Schureman's under ``foreman`` too."""
    lacking = {main for name in names for main, _ in constituent(name).parts if main not in SATELLITES}
    return tuple(name for name in names if lacking & {main for main, _ in constituent(name).parts})


def nodal_factors(
    times_s: np.ndarray, names: Sequence[str], convention: str = "schureman", latitude_deg: float | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Factors and angles of constituents at times.

    Parameters
    ----------
    times_s : ndarray [t]
        Seconds since 1970, UTC.
    names : sequence of str
        Of constituents ``[c]``.
    convention : {"schureman", "foreman", "none"}
    latitude_deg : float, optional
        Of the place; ``foreman`` needs it.

    Returns
    -------
    factors, angles_deg : ndarray [t, c]
    """
    checked_convention(convention, latitude_deg)
    longitudes = longitudes_deg(times_s)
    known = [constituent(name) for name in names]
    factors, angles = np.ones((len(longitudes), len(known))), np.zeros((len(longitudes), len(known)))
    if convention == "none":
        return factors, angles
    orbit = orbit_angles(longitudes)
    own: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    for column, one in enumerate(known):
        # MSF, a compound here, is a main constituent of Foreman's
        for main, count in ((one.name, 1),) if convention == "foreman" and one.name in SATELLITES else one.parts:
            if main not in own:
                own[main] = _main_factor(main, convention, orbit, longitudes, latitude_deg)
            factors[:, column] *= own[main][0] ** abs(count)
            angles[:, column] += own[main][1] * count
    return factors, np.degrees(angles)


def arguments_of(names: Sequence[str], convention: str = "schureman") -> tuple[np.ndarray, np.ndarray]:
    """Doodson multipliers ``[c, 6]`` and added phases ``[c]`` in degrees of constituents.

    Parameters
    ----------
    names : sequence of str
    convention : {"schureman", "foreman", "none"}
        ``foreman`` counts SA and S1 from the solar perigee.
    """
    multipliers, phases = [], []
    for one in map(constituent, names):
        numbers, phase = np.array(one.doodson, dtype=np.float64), one.phase_deg
        if convention == "foreman" and one.name in _FOREMAN_ARGUMENTS:
            more, shift = _FOREMAN_ARGUMENTS[one.name]
            numbers, phase = numbers + np.array(more, dtype=np.float64), phase + shift
        multipliers.append(numbers)
        phases.append(phase)
    return np.array(multipliers).reshape(-1, 6), np.array(phases)


def _main_factor(
    main: str, convention: str, orbit: OrbitAngles, longitudes: np.ndarray, latitude_deg: float | None
) -> tuple[np.ndarray, np.ndarray]:
    if convention == "foreman" and main in SATELLITES and latitude_deg is not None:
        return _satellite_sum(SATELLITES[main], longitudes, latitude_deg)
    rule = schureman_rule(main)
    if not rule:
        return np.ones(len(longitudes)), np.zeros(len(longitudes))
    return FACTORS[rule](orbit)


def _satellite_sum(
    satellites: tuple[Satellite, ...], longitudes: np.ndarray, latitude_deg: float
) -> tuple[np.ndarray, np.ndarray]:
    away = max(abs(latitude_deg), _LEAST_LATITUDE_DEG)
    sine = np.sin(np.radians(away)) * (-1.0 if latitude_deg < 0 else 1.0)
    of_latitude = (1.0, 0.36309 * (1.0 - 5.0 * sine**2) / sine, 2.59808 * sine)
    total = np.ones(len(longitudes), dtype=np.complex128)
    for perigee, node, solar, quarters, ratio, kind in satellites:
        turn = np.radians(longitudes[:, 3:] @ np.array([perigee, node, solar], dtype=np.float64) + 90.0 * quarters)
        total += ratio * of_latitude[kind] * np.exp(1j * turn)
    return np.abs(total), np.angle(total)
