"""Light of a year on planes behind horizons in 36 sectors, from the tables of the sky."""

from __future__ import annotations

import numpy as np

from frugal.cadastre.job.sectors import COMPASS, N_SECTORS
from frugal.physics.solar.sky import CumulativeSky, plane_irradiation


def yearly_irradiation(
    tables: CumulativeSky,
    tilt_deg: np.ndarray,
    azimuth_deg: np.ndarray,
    horizon_deg: np.ndarray,
    albedo: float,
    months: np.ndarray | None = None,
) -> np.ndarray:
    """Irradiation of planes in a year [kWh/m²] behind horizons in 36 sectors, whatever sectors the tables have.

    Parameters
    ----------
    tables : CumulativeSky
        Of the year; horizons are interpolated to its sectors.
    tilt_deg : ndarray, shape (n,)
        From the horizontal.
    azimuth_deg : ndarray, shape (n,), or float
        Direction the planes face, clockwise from true north.
    horizon_deg : ndarray, shape (n, 36)
        Elevation of the horizon by sector, clockwise from true north.
    albedo : float
        Reflectance of the ground, 0 to 1.
    months : ndarray, shape (12,), optional
        Weight of each month, January first; all count in full without it.

    Returns
    -------
    ndarray, shape (n,)
        On the plane itself, not on the level.
    """
    n = len(tilt_deg)
    azimuth = np.broadcast_to(np.asarray(azimuth_deg, dtype=np.float64), n)
    horizon = _in_sectors(np.asarray(horizon_deg, dtype=np.float64), len(tables.horizontal))
    weighted = tables if months is None else CumulativeSky(*(table * months for table in tables))
    year = CumulativeSky(*(table.sum(axis=-1, keepdims=True) for table in weighted))
    return plane_irradiation(year, tilt_deg, azimuth, horizon, np.full(n, albedo))[:, 0]


def sector_losses(
    tables: CumulativeSky, tilt_deg: np.ndarray, azimuth_deg: np.ndarray, horizon_deg: np.ndarray, albedo: float = 0.2
) -> np.ndarray:
    """Share of the open plane's yearly irradiation that the obstacles of each of 36 sectors take.

    Parameters
    ----------
    tables : CumulativeSky
        With 36 sectors.
    tilt_deg, azimuth_deg : ndarray, shape (n,)
    horizon_deg : ndarray, shape (n, 36)
    albedo : float

    Returns
    -------
    ndarray, shape (n, 36)
        Their sum is the whole share lost, since sectors add up.
    """
    n = len(tilt_deg)
    lone = np.zeros((n * (N_SECTORS + 1), N_SECTORS))
    planes = np.arange(n)
    for sector in range(N_SECTORS):
        lone[planes * (N_SECTORS + 1) + sector + 1, sector] = np.asarray(horizon_deg)[:, sector]
    light = yearly_irradiation(
        tables, np.repeat(tilt_deg, N_SECTORS + 1), np.repeat(azimuth_deg, N_SECTORS + 1), lone, albedo
    ).reshape(n, N_SECTORS + 1)
    return 1.0 - light[:, 1:] / light[:, :1]


def compass_losses(
    tables: CumulativeSky, tilt_deg: np.ndarray, azimuth_deg: np.ndarray, horizon_deg: np.ndarray, albedo: float = 0.2
) -> dict[str, np.ndarray]:
    """Losses of `sector_losses` summed toward eight points of the compass, for tables that people read.

    Parameters
    ----------
    tables, tilt_deg, azimuth_deg, horizon_deg, albedo
        As in `sector_losses`.

    Returns
    -------
    dict of str to ndarray, shape (n,)
        ``shading_loss_n``, ``shading_loss_ne`` … ``shading_loss_nw``, shares of the open plane's yearly irradiation.
    """
    losses = sector_losses(tables, tilt_deg, azimuth_deg, horizon_deg, albedo)
    middle = np.arange(N_SECTORS) * 360.0 / N_SECTORS
    point = np.floor(middle / 45.0 + 0.5).astype(int) % len(COMPASS)
    return {f"shading_loss_{name}": losses[:, point == k].sum(axis=1) for k, name in enumerate(COMPASS)}


def _in_sectors(horizon_deg: np.ndarray, n_sectors: int) -> np.ndarray:
    """Horizon interpolated linearly between the middles of its sectors."""
    own = horizon_deg.shape[1]
    if own == n_sectors:
        return horizon_deg
    place = np.arange(n_sectors) * own / n_sectors
    low = place.astype(np.int64)
    share = place - low
    return horizon_deg[:, low % own] * (1.0 - share) + horizon_deg[:, (low + 1) % own] * share
