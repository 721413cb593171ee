"""Horizons of roof planes.

That of a plane is the mean of those seen from up to nine cells spread evenly over it, in 72 azimuths from true north,
reduced to 36 sectors as `roof_yield` is trained on; then it is scaled by one factor such that the light of a year is that
of the nine points, and kept in 36 bytes. These bytes, not the elevations before rounding, are what answers are asked with.

Trees let a part of the light through (:mod:`frugal.physics.solar.irradiation_map`): the mean is moved toward the horizon
without vegetation, and scaled such that the light of the year is that of both horizons, month by month in their shares.
Months by themselves stay those of one horizon.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from frugal.cadastre.job.sectors import N_SECTORS
from frugal.cadastre.roofs.segmentation import RoofPlane
from frugal.cadastre.shading.plane_irradiation import yearly_irradiation
from frugal.formats.rasters.surface_model import SurfaceModel
from frugal.physics.solar.horizon import horizon_at_points
from frugal.physics.solar.irradiation_map import DECIDUOUS_TRANSMISSIVITY
from frugal.physics.solar.sky import CumulativeSky
from frugal.studies.solar.roofs.roof_sample import TRUTH_AZIMUTHS

#: Elevation that one unit of a stored horizon stands for.
HORIZON_STEP_DEG = 0.35

#: Highest that is stored, just below the 85° that `roof_yield` knows.
_HIGHEST_BYTE = 242

#: Between these the factor is sought that makes one horizon let through what nine do; halved so often it is right to 0.0001.
_SMALLEST_FACTOR, _LARGEST_FACTOR, _HALVINGS = 0.5, 3.0, 14


class Horizons(NamedTuple):
    """Horizons of planes in 36 sectors from true north, ``[n, 36]``.

    Attributes
    ----------
    stored : ndarray of uint8
        Elevation in units of `HORIZON_STEP_DEG`.
    error_deg : ndarray
        What a standard error of the heights moves it by.
    sample_error : ndarray, shape (n,)
        Standard error of the light of a year, relative to it, for knowing it at nine points only.
    """

    stored: np.ndarray
    error_deg: np.ndarray
    sample_error: np.ndarray

    @property
    def elevation_deg(self) -> np.ndarray:
        """Elevations as stored."""
        return elevations(self.stored)


def elevations(stored: np.ndarray) -> np.ndarray:
    """Elevation [deg] of stored horizons."""
    return np.asarray(stored, dtype=np.float64) * HORIZON_STEP_DEG


def as_bytes(elevation_deg: np.ndarray) -> np.ndarray:
    """Horizons as they are stored."""
    return np.clip(np.round(np.asarray(elevation_deg) / HORIZON_STEP_DEG), 0, _HIGHEST_BYTE).astype(np.uint8)


def reduced(horizon_deg: np.ndarray) -> np.ndarray:
    """36 sectors from 72 azimuths, as `frugal.studies.solar.roof_yield.site.sector_horizon` has them.

    Written out as a sum in a fixed order: a matrix product may depend on the number of rows.
    """
    before, after = np.roll(horizon_deg, 1, axis=-1), np.roll(horizon_deg, -1, axis=-1)
    return (0.25 * before + 0.5 * horizon_deg + 0.25 * after)[..., ::2]


class _Points(NamedTuple):
    """Where planes are looked at from: rows, columns, heights, and the plane that each point belongs to."""

    rows: np.ndarray
    cols: np.ndarray
    heights_m: np.ndarray
    plane: np.ndarray


class _View(NamedTuple):
    """How far and in which directions obstacles are searched, and the hills beyond, ``[n planes, 36]``."""

    reach_m: float
    grid_turn_deg: float
    hills_deg: np.ndarray


class _Light(NamedTuple):
    """Planes as the tables of the sky know them."""

    tables: CumulativeSky
    tilt_deg: np.ndarray
    azimuth_deg: np.ndarray
    albedo: float

    def of(self, horizon_deg: np.ndarray, plane: np.ndarray, months: np.ndarray | None = None) -> np.ndarray:
        """Light of a year, or of months by their weights, behind horizons of the planes numbered.

        Parameters
        ----------
        horizon_deg : ndarray, shape (k, 36)
            Elevation of the horizon by sector from true north.
        plane : ndarray of int, shape (k,)
            Index of the plane that each horizon is seen from; several may be seen from one.
        months : ndarray, shape (12,), optional
            Weight of each month, January first (what trees let through); all count in full without it.

        Returns
        -------
        ndarray, shape (k,)
            kWh/m².
        """
        tilt, azimuth = self.tilt_deg[plane], self.azimuth_deg[plane]
        return yearly_irradiation(self.tables, tilt, azimuth, horizon_deg, self.albedo, months)


def plane_horizons(
    surface: SurfaceModel,
    planes: Sequence[RoofPlane],
    reach_m: float,
    grid_turn_deg: float,
    tables: CumulativeSky,
    *,
    albedo: float = 0.2,
    height_noise_m: float = 0.1,
    bare: SurfaceModel | None = None,
    transmissivity: Sequence[float] | np.ndarray = DECIDUOUS_TRANSMISSIVITY,
    far_horizon_deg: np.ndarray | None = None,
) -> Horizons:
    """Horizons of planes.

    Parameters
    ----------
    surface : SurfaceModel
        The one the planes were found in, known within ``reach_m`` and two cells of them.
    planes : sequence of RoofPlane
    reach_m : float
        Distance in which obstacles are searched.
    grid_turn_deg : float
        Azimuth of grid north, clockwise from true north.
    tables : CumulativeSky
        Light of the year that one horizon is made equivalent by.
    albedo : float
        Reflectance of the ground.
    height_noise_m : float
        Standard error of the height of an obstacle against that of the roof.
    bare : SurfaceModel, optional
        The surface without vegetation, which lets a part of the light through.
    transmissivity : sequence of 12 floats
        That part, January to December.
    far_horizon_deg : ndarray, shape (36,) or (n, 36), optional
        Horizon of the hills beyond, which a nearer obstacle may exceed.

    Returns
    -------
    Horizons
    """
    if not planes:
        return Horizons(np.zeros((0, N_SECTORS), dtype=np.uint8), np.zeros((0, N_SECTORS)), np.zeros(0))
    points = _points_on(planes)
    distant_horizon = np.zeros(N_SECTORS) if far_horizon_deg is None else np.asarray(far_horizon_deg, dtype=np.float64)
    view = _View(reach_m, grid_turn_deg, np.broadcast_to(distant_horizon, (len(planes), N_SECTORS)))
    sky = _Light(
        tables,
        np.array([plane.module_tilt_deg for plane in planes]),
        np.array([plane.azimuth_deg + (0.0 if plane.flat else grid_turn_deg) for plane in planes]),
        albedo,
    )
    over = _seen(surface, points, view)
    through = over
    if bare is not None and not np.array_equal(bare.heights, surface.heights, equal_nan=True):
        through = np.minimum(_seen(bare, points, view), over)
    mean, received = _mixed(over, through, points.plane, np.asarray(transmissivity, dtype=np.float64), sky)
    wanted = np.array([light.sum() / len(light) for light in received])
    of_sample = [light.std(ddof=1) / np.sqrt(len(light)) if len(light) > 1 else 0.0 for light in received]
    stored = as_bytes(_scaled(mean, wanted, lambda horizon: sky.of(horizon, np.arange(len(planes)))))
    error = _moved_by_noise(surface, planes, points, over, view, height_noise_m)
    return Horizons(stored, error, np.array(of_sample) / np.maximum(wanted, 1e-9))


def _points_on(planes: Sequence[RoofPlane]) -> _Points:
    rows, cols, heights = (
        np.concatenate([getattr(plane, name) for plane in planes])
        for name in ("sample_rows", "sample_cols", "sample_heights_m")
    )
    return _Points(rows, cols, heights, np.repeat(np.arange(len(planes)), [len(p.sample_rows) for p in planes]))


def _seen(surface: SurfaceModel, points: _Points, view: _View) -> np.ndarray:
    """Elevation [deg] of obstacles and hills in 36 sectors from true north, ``[n, 36]``."""
    azimuths = (np.arange(TRUTH_AZIMUTHS) * 360.0 / TRUTH_AZIMUTHS - view.grid_turn_deg) % 360.0
    near = horizon_at_points(
        surface.heights, surface.resolution_m, points.rows, points.cols, points.heights_m, azimuths, view.reach_m
    )
    return np.maximum(reduced(np.clip(near, 0.0, 90.0)), view.hills_deg[points.plane])


def _mixed(
    over: np.ndarray, through: np.ndarray, plane: np.ndarray, passing: np.ndarray, sky: _Light
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Mean horizon of each plane, and the light that each of its points receives over and through the trees."""
    ends = np.cumsum(np.bincount(plane))[:-1]
    opaque = sky.of(over, plane)
    received, share = opaque, np.zeros(len(opaque))
    if through is not over:
        received = opaque + sky.of(through, plane, passing) - sky.of(over, plane, passing)
        hidden = np.array([part.sum() for part in np.split(sky.of(through, plane) - opaque, ends)])
        gained = np.array([part.sum() for part in np.split(received - opaque, ends)])
        share = (gained / np.maximum(hidden, 1e-9))[plane]
    mixed = over + share[:, None] * (through - over)
    mean = np.array([own.sum(axis=0) / len(own) for own in np.split(mixed, ends)])
    return mean, np.split(received, ends)


def _moved_by_noise(
    surface: SurfaceModel,
    planes: Sequence[RoofPlane],
    points: _Points,
    over: np.ndarray,
    view: _View,
    height_noise_m: float,
) -> np.ndarray:
    """What a standard error of the heights moves the horizon of each plane's middle point by."""
    counts = np.bincount(points.plane, minlength=len(planes))
    middle = np.cumsum(counts) - counts + (counts - 1) // 2
    lowered = points.heights_m[middle] - np.hypot(height_noise_m, [plane.height_error_m for plane in planes])
    lower = _Points(points.rows[middle], points.cols[middle], lowered, points.plane[middle])
    return _seen(surface, lower, view) - over[middle]


def _scaled(horizon_deg: np.ndarray, wanted: np.ndarray, light: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Horizons times the factor that gives the light wanted, found by halving; light falls where a horizon rises."""
    low, high = np.full(len(wanted), _SMALLEST_FACTOR), np.full(len(wanted), _LARGEST_FACTOR)
    for _ in range(_HALVINGS):
        factor = 0.5 * (low + high)
        brighter = light(np.minimum(factor[:, None] * horizon_deg, _HIGHEST_BYTE * HORIZON_STEP_DEG)) > wanted
        low, high = np.where(brighter, factor, low), np.where(brighter, high, factor)
    # Where nothing in sight matters, any factor will do, and the mean says most.
    factor = np.where(horizon_deg.max(axis=1) < HORIZON_STEP_DEG, 1.0, 0.5 * (low + high))
    return factor[:, None] * horizon_deg
