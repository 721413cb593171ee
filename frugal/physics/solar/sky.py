"""A year of sky in one table: irradiation of any plane behind any horizon as a sum of look-ups.

Equations
---------
Light from a direction of azimuth ``phi`` and elevation ``e`` reaches a plane of normal ``n`` with the factor ``n_z
sin e + (n . e_phi) cos e``, which is linear in the normal. With the sky cut into K sectors and the light of each
month summed per sector above an elevation of sine ``s``::

    A_k(s) = sum of light x cos e   above s in sector k
    B_k(s) = sum of light x sin e   above s in sector k
    E      = sum_k n_z B_k(s_k) + (n . e_k) A_k(s_k)  +  albedo G (1 - n_z) / 2

where ``s_k`` is the sine of the higher of the obstacles' horizon and the plane's own (``tan = -(n . e_k) / n_z``) in
the middle of the sector. Light is the beam and circumsolar light at the sun's place and the isotropic part of Hay &
Davies 1980 over the whole sky; each position of the sun is shared between the two nearest sectors, in A with the
weights that keep its horizontal direction exactly, in B with linear weights (or, on demand, between the four nearest).
Light reflected by the ground is not obstructed. The idea of a cumulative sky: Robinson & Stone 2004 (PLEA 2004); as
functions of the horizon per sector here.

Validity
--------
Incident energy, before reflection by the glass. Within 0.2 % per year of the hourly sum with 36 sectors or more for open
planes (0.25 % for one of 60 deg that faces north, unless the sun is shared between four); behind a horizon as good as the
horizon is within a sector.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from frugal.errors import UnusableInputError
from frugal.physics.compiled import kernel
from frugal.physics.solar.photovoltaic import HORIZON_BAND_DEG
from frugal.physics.solar.transposition import HAY_DAVIES
from frugal.physics.solar.year import SolarYear


class CumulativeSky(NamedTuple):
    """Monthly cumulative-sky tables.

    Attributes
    ----------
    horizontal : ndarray, shape (K, n_bins + 1, 12)
        A_k at s = 0, 1/n_bins, ..., 1 for each month [kWh/m²].
    vertical : ndarray, shape (K, n_bins + 1, 12)
        B_k, likewise.
    global_horizontal : ndarray, shape (12,)
        Irradiation of the unobstructed horizontal plane [kWh/m²], for the ground.
    """

    horizontal: np.ndarray
    vertical: np.ndarray
    global_horizontal: np.ndarray


def cumulative_sky_tables(
    year: SolarYear,
    n_sectors: int = 72,
    n_bins: int = 256,
    transposition: int = HAY_DAVIES,
    *,
    shared_between: int = 2,
) -> CumulativeSky:
    """Build the tables of a year.

    Parameters
    ----------
    year : SolarYear
        Weather and sun.
    n_sectors : int
        Number of sectors; the middle of sector k looks at azimuth k 360 / n_sectors.
    n_bins : int
        Steps in the sine of elevation; tables are interpolated linearly between them.
    transposition : int
        0 Hay–Davies, 1 Perez; the horizon band of the latter is spread over its lowest `HORIZON_BAND_DEG`.
    shared_between : int
        Sectors each position of the sun is shared between. 2: all tables fall with the horizon. 4: by the cubic through
        four sectors, two of them with a small negative weight; open planes then err by a quarter as much (36 sectors:
        0.06 instead of 0.25 % for the worst, 60 deg to the north), roofs behind obstacles as before.

    Raises
    ------
    UnusableInputError
        If a number is below one, or the light is to be shared between other than 2 sectors or 4 of at least 4.
    """
    if n_sectors < 1 or n_bins < 1:
        raise UnusableInputError(f"n_sectors is {n_sectors} and n_bins {n_bins}: both must be at least 1.")
    if shared_between != 2 and (shared_between != 4 or n_sectors < 4):
        raise UnusableInputError(
            f"shared_between is {shared_between} with {n_sectors} sectors: it must be 2, or 4 with at least 4 sectors."
        )
    light = (year.direct_normal + year.circumsolar_normal[transposition]) * year.hours / 1000.0
    lit = (light > 0.0) & (year.sun_up > 0.0)
    light, month, sine = light[lit], year.month[lit], year.sun_up[lit]
    cosine = np.sqrt(1.0 - sine * sine)
    bins = np.minimum((sine * n_bins).astype(np.int64), n_bins - 1)

    sector = 2.0 * math.pi / n_sectors
    position = year.sun_azimuth_deg[lit] * n_sectors / 360.0
    low = np.floor(position).astype(np.int64)
    share = position - low
    weights = [1.0 - share, share]
    exact = weights
    if n_sectors > 2:
        exact = [np.sin(w * sector) / math.sin(sector) for w in weights]
    if shared_between == 4:
        low -= 1
        weights = [
            -share * (1.0 - share) * (2.0 - share) / 6.0,
            (1.0 - share) * (1.0 + share) * (2.0 - share) / 2.0,
            share * (1.0 + share) * (2.0 - share) / 2.0,
            -share * (1.0 - share) * (1.0 + share) / 6.0,
        ]
        exact = weights

    # One more bin than steps: nothing is left above s = 1.
    horizontal = np.zeros((n_sectors, n_bins + 1, 12))
    vertical = np.zeros((n_sectors, n_bins + 1, 12))
    for side in range(shared_between):
        place = ((low + side) % n_sectors, bins, month)
        np.add.at(horizontal, place, exact[side] * light * cosine)
        np.add.at(vertical, place, weights[side] * light * sine)

    isotropic = np.bincount(
        year.month, weights=year.isotropic_horizontal[transposition] * year.hours / 1000.0, minlength=12
    )
    edge = np.linspace(0.0, 1.0, n_bins + 1)
    above = 0.5 * (np.arccos(edge) - edge * np.sqrt(1.0 - edge * edge))  # integral of cos e ds from s to 1
    per_sector = isotropic / math.pi * sector
    horizontal[:, :-1] += (above[:-1] - above[1:])[None, :, None] * per_sector
    vertical[:, :-1] += (0.5 * (edge[1:] ** 2 - edge[:-1] ** 2))[None, :, None] * per_sector

    band = np.bincount(year.month, weights=year.horizon_band[transposition] * year.hours / 1000.0, minlength=12)
    if np.any(band):
        # Summed over the sectors in front of a plane, cosines give n_sectors / pi: the band then adds band · sin(tilt).
        top = math.sin(math.radians(HORIZON_BAND_DEG))
        share = np.clip(np.minimum(edge[1:], top) - edge[:-1], 0.0, None) / top
        horizontal[:, :-1] += share[None, :, None] * band * math.pi / n_sectors

    ground = np.bincount(year.month, weights=year.global_horizontal * year.hours / 1000.0, minlength=12)
    return CumulativeSky(
        np.ascontiguousarray(np.cumsum(horizontal[:, ::-1], axis=1)[:, ::-1]),
        np.ascontiguousarray(np.cumsum(vertical[:, ::-1], axis=1)[:, ::-1]),
        ground,
    )


@kernel(error_model="numpy")
def add_sector(
    horizontal: np.ndarray,
    vertical: np.ndarray,
    sin_azimuth: float,
    cos_azimuth: float,
    tan_horizon: np.ndarray,
    east: np.ndarray,
    north: np.ndarray,
    up: np.ndarray,
    out: np.ndarray,
) -> None:
    """Add one sector's light to many planes.

    Parameters
    ----------
    horizontal, vertical : ndarray, shape (n_bins + 1, m)
        Tables of the sector, one column per month (or any other group).
    sin_azimuth, cos_azimuth : float
        Direction of the sector's middle.
    tan_horizon : ndarray, shape (n,)
        Tangent of the obstacles' horizon; planes with NaN get NaN.
    east, north, up : ndarray, shape (n,)
        Normals of the planes; ``up`` not negative.
    out : ndarray, shape (n, m)
        Irradiation [kWh/m²], added to.
    """
    n_bins = horizontal.shape[0] - 1
    for p in range(tan_horizon.size):
        tangent = tan_horizon[p]
        toward = east[p] * sin_azimuth + north[p] * cos_azimuth
        if math.isnan(tangent):
            for m in range(out.shape[1]):
                out[p, m] = math.nan
            continue
        if -toward > tangent * up[p]:  # the plane's own horizon is higher
            sine = -toward / math.sqrt(up[p] * up[p] + toward * toward)
        else:
            sine = tangent / math.sqrt(1.0 + tangent * tangent)
        place = min(sine, 1.0) * n_bins
        low = min(int(place), n_bins - 1)
        share = place - low
        for m in range(out.shape[1]):
            a = horizontal[low, m] + share * (horizontal[low + 1, m] - horizontal[low, m])
            b = vertical[low, m] + share * (vertical[low + 1, m] - vertical[low, m])
            out[p, m] += up[p] * b + toward * a


@kernel(error_model="numpy")
def _plane_irradiation(
    horizontal: np.ndarray,
    vertical: np.ndarray,
    global_horizontal: np.ndarray,
    tan_horizon: np.ndarray,
    east: np.ndarray,
    north: np.ndarray,
    up: np.ndarray,
    albedo: np.ndarray,
    out: np.ndarray,
) -> None:
    n_sectors = horizontal.shape[0]
    for p in range(up.size):
        for m in range(out.shape[1]):
            out[p, m] = albedo[p] * global_horizontal[m] * 0.5 * (1.0 - up[p])
    for k in range(n_sectors):
        azimuth = 2.0 * math.pi * k / n_sectors
        add_sector(
            horizontal[k],
            vertical[k],
            math.sin(azimuth),
            math.cos(azimuth),
            tan_horizon[k],
            east,
            north,
            up,
            out,
        )


def plane_irradiation(
    tables: CumulativeSky,
    tilt_deg: np.ndarray,
    azimuth_deg: np.ndarray,
    horizon_deg: np.ndarray,
    albedo: np.ndarray,
) -> np.ndarray:
    """Monthly irradiation of many planes from the tables.

    Parameters
    ----------
    tables : CumulativeSky
        From :func:`cumulative_sky_tables`.
    tilt_deg, azimuth_deg, albedo : ndarray, shape (n,)
        Planes and the reflectance of the ground around them.
    horizon_deg : ndarray, shape (n, K)
        Obstacles' horizon at the sectors' azimuths; K must be that of the tables.

    Returns
    -------
    ndarray, shape (n, 12)
        Irradiation [kWh/m²].

    Raises
    ------
    UnusableInputError
        If the number of sectors does not match.
    """
    tilt = np.radians(np.ascontiguousarray(tilt_deg, dtype=np.float64).ravel())
    azimuth = np.radians(np.broadcast_to(np.asarray(azimuth_deg, dtype=np.float64), tilt.shape))
    horizon = np.asarray(horizon_deg, dtype=np.float64)
    n_sectors = tables.horizontal.shape[0]
    if horizon.shape != (tilt.size, n_sectors):
        raise UnusableInputError(
            f"horizon_deg has shape {horizon.shape}: for these tables it must be ({tilt.size}, {n_sectors})."
        )
    out = np.empty((tilt.size, 12))
    _plane_irradiation(
        *tables,
        np.ascontiguousarray(np.tan(np.radians(np.clip(horizon, 0.0, 90.0))).T),
        np.sin(tilt) * np.sin(azimuth),
        np.sin(tilt) * np.cos(azimuth),
        np.cos(tilt),
        np.zeros(tilt.size) + np.asarray(albedo, dtype=np.float64),
        out,
    )
    return out
