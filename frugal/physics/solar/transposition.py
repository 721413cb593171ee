"""From the horizontal plane to a tilted one: the sky split into parts that can each be obstructed.

Equations
---------
The diffuse irradiance on the horizontal plane ``D`` is split into a circumsolar part, which comes from the sun's
direction, an isotropic part, and (Perez) a band along the horizon. On a plane tilted by ``beta``, with the angle of
incidence ``theta`` and the sun's zenith angle ``z``::

    beam         = N max(0, cos theta)
    circumsolar  = C max(0, cos theta)                  C = irradiance normal to the sun
    isotropic    = I (1 + cos beta) / 2
    horizon band = H sin beta
    ground       = albedo G (1 - cos beta) / 2

Hay & Davies 1980: ``A = N / N_0``, ``C = D A / max(cos z, cos 89 deg)``, ``I = D (1 - A)``, ``H = 0``.

Perez et al. 1990 (Solar Energy 44, 271): ``C = D F1 / max(cos z, cos 85 deg)``, ``I = D (1 - F1)``, ``H = D F2``;
``F1 = max(0, f11 + f12 Delta + f13 z)``, ``F2 = f21 + f22 Delta + f23 z`` with ``Delta = D m / N_0`` (relative air
mass of Kasten & Young 1989) and one row of coefficients for each of eight bins of sky clearness ``eps = ((D + N) / D
+ 1.041 z^3) / (1 + 1.041 z^3)``. The coefficients are the all-sites composite of that article.

Validity
--------
Hourly or shorter steps. When the sun is at or below the horizon all diffuse light counts as isotropic.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from frugal.errors import UnusableInputError
from frugal.physics.compiled import kernel

HAY_DAVIES = 0
PEREZ = 1

_CLEARNESS_BINS = np.array([1.065, 1.23, 1.5, 1.95, 2.8, 4.5, 6.2])
_PEREZ_COEFFICIENTS = np.array(
    [
        [-0.008, 0.588, -0.062, -0.060, 0.072, -0.022],
        [0.130, 0.683, -0.151, -0.019, 0.066, -0.029],
        [0.330, 0.487, -0.221, 0.055, -0.064, -0.026],
        [0.568, 0.187, -0.295, 0.109, -0.152, -0.014],
        [0.873, -0.392, -0.362, 0.226, -0.462, 0.001],
        [1.132, -1.237, -0.412, 0.288, -0.823, 0.056],
        [1.060, -1.600, -0.359, 0.264, -1.127, 0.131],
        [0.678, -0.327, -0.250, 0.156, -1.377, 0.251],
    ]
)


class SkyComponents(NamedTuple):
    """Diffuse light of each step, split by where it comes from [W/m²], arrays of shape (n,)."""

    circumsolar_normal: np.ndarray
    isotropic_horizontal: np.ndarray
    horizon_band: np.ndarray


class PlaneIrradiance(NamedTuple):
    """Irradiance of an unobstructed plane by origin [W/m²], arrays of shape (n,)."""

    beam: np.ndarray
    circumsolar: np.ndarray
    isotropic: np.ndarray
    horizon_band: np.ndarray
    ground_reflected: np.ndarray


@kernel()
def _perez_brightness(direct: float, diffuse: float, extraterrestrial: float, zenith: float) -> tuple[float, float]:
    """Circumsolar and horizon brightness F1 and F2; ``zenith`` in radians."""
    bent = 1.041 * zenith * zenith * zenith
    clearness = ((diffuse + direct) / diffuse + bent) / (1.0 + bent)
    row = 0
    while row < _CLEARNESS_BINS.size and clearness >= _CLEARNESS_BINS[row]:
        row += 1
    f = _PEREZ_COEFFICIENTS[row]
    air_mass = 1.0 / (math.cos(zenith) + 0.50572 * (96.07995 - math.degrees(zenith)) ** -1.6364)
    brightness = diffuse * air_mass / extraterrestrial
    return max(0.0, f[0] + f[1] * brightness + f[2] * zenith), f[3] + f[4] * brightness + f[5] * zenith


@kernel()
def _sky_components(
    sun_elevation_deg: np.ndarray,
    direct_normal: np.ndarray,
    diffuse_horizontal: np.ndarray,
    extraterrestrial: np.ndarray,
    transposition: int,
    circumsolar: np.ndarray,
    isotropic: np.ndarray,
    band: np.ndarray,
) -> None:
    for i in range(direct_normal.size):
        diffuse = diffuse_horizontal[i]
        circumsolar[i] = 0.0
        isotropic[i] = diffuse
        band[i] = 0.0
        if sun_elevation_deg[i] <= 0.0 or diffuse <= 0.0:
            continue
        cos_zenith = math.sin(math.radians(sun_elevation_deg[i]))
        if transposition == HAY_DAVIES:
            share = min(direct_normal[i] / extraterrestrial[i], 1.0)
            circumsolar[i] = diffuse * share / max(cos_zenith, 0.01745)
        else:
            zenith = math.radians(90.0 - sun_elevation_deg[i])
            share, f2 = _perez_brightness(direct_normal[i], diffuse, extraterrestrial[i], zenith)
            circumsolar[i] = diffuse * share / max(cos_zenith, 0.08715574)
            band[i] = diffuse * f2
        isotropic[i] = diffuse * (1.0 - share)


def require_transposition(transposition: int) -> int:
    """Return the model number, or raise if it is not one of the two known models."""
    if transposition not in (HAY_DAVIES, PEREZ):
        raise UnusableInputError(f"transposition is {transposition}: it must be 0 (Hay–Davies) or 1 (Perez).")
    return int(transposition)


def sky_components(
    sun_elevation_deg: np.ndarray,
    direct_normal: np.ndarray,
    diffuse_horizontal: np.ndarray,
    extraterrestrial: np.ndarray,
    transposition: int = HAY_DAVIES,
) -> SkyComponents:
    """Split the diffuse light of each step into circumsolar, isotropic and horizon-band parts.

    Parameters
    ----------
    sun_elevation_deg : ndarray, shape (n,)
        Apparent elevation of the sun.
    direct_normal, diffuse_horizontal, extraterrestrial : ndarray, shape (n,)
        Irradiance [W/m²]: beam normal to the sun, diffuse on the horizontal, normal above the atmosphere.
    transposition : int
        0 Hay & Davies 1980, 1 Perez et al. 1990.

    Raises
    ------
    UnusableInputError
        If ``transposition`` is neither 0 nor 1.
    """
    model = require_transposition(transposition)
    elevation, direct, diffuse, top = (
        np.ascontiguousarray(a, dtype=np.float64)
        for a in (sun_elevation_deg, direct_normal, diffuse_horizontal, extraterrestrial)
    )
    circumsolar, isotropic, band = (np.empty_like(elevation) for _ in range(3))
    _sky_components(elevation, direct, diffuse, top, model, circumsolar, isotropic, band)
    return SkyComponents(circumsolar, isotropic, band)


def plane_irradiance(
    sun_azimuth_deg: np.ndarray,
    sun_elevation_deg: np.ndarray,
    direct_normal: np.ndarray,
    global_horizontal: np.ndarray,
    sky: SkyComponents,
    tilt_deg: float,
    azimuth_deg: float,
    albedo: float,
) -> PlaneIrradiance:
    """Irradiance of a plane that nothing obstructs, by origin.

    Parameters
    ----------
    sun_azimuth_deg, sun_elevation_deg : ndarray, shape (n,)
        Direction of the sun, azimuth clockwise from north.
    direct_normal, global_horizontal : ndarray, shape (n,)
        Irradiance [W/m²].
    sky : SkyComponents
        From :func:`sky_components`.
    tilt_deg, azimuth_deg : float
        Plane: 0 is horizontal, azimuth is where it faces.
    albedo : float
        Reflectance of the ground around.
    """
    tilt = math.radians(tilt_deg)
    elevation = np.radians(sun_elevation_deg)
    incidence = np.sin(elevation) * math.cos(tilt) + np.cos(elevation) * math.sin(tilt) * np.cos(
        np.radians(sun_azimuth_deg - azimuth_deg)
    )
    facing = np.where(np.asarray(sun_elevation_deg) > 0.0, np.maximum(incidence, 0.0), 0.0)
    return PlaneIrradiance(
        direct_normal * facing,
        sky.circumsolar_normal * facing,
        sky.isotropic_horizontal * (1.0 + math.cos(tilt)) / 2.0,
        sky.horizon_band * math.sin(tilt),
        albedo * np.asarray(global_horizontal) * (1.0 - math.cos(tilt)) / 2.0,
    )
