"""The solar physics as operations on arrays: the same equations as the kernels, for any list of daylight steps.

Written for numpy and for the nodes of a graph alike (``xp`` is either), so that a candidate that is physics runs in a browser
like any other. One row is one roof; the inner axis is the step (of a year, or of twelve typical days), the direction of the
sky, or the sector of the horizon.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from frugal.physics.solar.photovoltaic import (
    GLASS_EXTINCTION_THICKNESS,
    GLASS_INDEX,
    HORIZON_BAND_DEG,
    INVERTER_REFERENCE_EFFICIENCY,
    SKY_DIRECTIONS,
    SKY_NODES,
    SKY_WEIGHTS,
    diffuse_factors,
    sapm_heating,
)
from frugal.physics.solar.sky import CumulativeSky
from frugal.physics.solar.year import SolarYear

#: Tilts that what a plane sees without obstacles is tabulated at.
TILTS_DEG = np.arange(0.0, 90.25, 0.25)


@dataclass(frozen=True)
class ArrayPlanes:
    """Roof planes behind their horizons.

    Parameters
    ----------
    xp
        Namespace of the arrays.
    tilt_deg, azimuth_deg : array [n]
    horizon_deg : array [n, K], optional
        Elevation of the obstacles at azimuths k 360 / K clockwise from north; an open horizon without it.
    """

    xp: Any
    tilt_deg: Any
    azimuth_deg: Any
    horizon_deg: Any = None

    @cached_property
    def normal(self) -> tuple[Any, Any, Any]:
        """Parts of the normal toward east, north and up, ``[n, 1]`` each."""
        xp = self.xp
        tilt, azimuth = xp.radians(self.tilt_deg[:, None]), xp.radians(self.azimuth_deg[:, None])
        return xp.sin(tilt) * xp.sin(azimuth), xp.sin(tilt) * xp.cos(azimuth), xp.cos(tilt)

    @property
    def up(self) -> Any:
        """Cosine of the tilt, ``[n, 1]``."""
        return self.normal[2]

    @property
    def directions_deg(self) -> np.ndarray:
        """The directions that `diffuse_factors` takes: fewer before an open horizon."""
        if self.horizon_deg is None:
            return np.arange(SKY_DIRECTIONS) * 360.0 / SKY_DIRECTIONS
        n_sectors = self.horizon_deg.shape[1]
        n = n_sectors * -(-2 * SKY_DIRECTIONS // n_sectors)
        return np.arange(n) * 360.0 / n

    def toward(self, azimuths_deg: np.ndarray) -> Any:
        """Horizontal part of the normal toward given azimuths, ``[n, k]``."""
        radians = np.radians(azimuths_deg)
        return self.normal[0] * np.sin(radians) + self.normal[1] * np.cos(radians)

    def horizon_at(self, azimuths_deg: np.ndarray, dtype: Any = None) -> Any:
        """Horizon interpolated between its sectors at given azimuths, ``[n, k]``."""
        horizon = self.horizon_deg if dtype is None else self.xp.astype(self.horizon_deg, dtype)
        return horizon @ interpolation_weights(azimuths_deg, self.horizon_deg.shape[1])

    def transmitted(self, cosine: Any) -> Any:
        """Cosine of incidence, not negative, times the incidence-angle modifier of glass."""
        xp = self.xp
        c1 = xp.clip(cosine, 0.0, 1.0)
        c2 = xp.sqrt(c1 * c1 * (1 / GLASS_INDEX**2) + (1 - 1 / GLASS_INDEX**2))
        nc1, nc2 = c1 * GLASS_INDEX, c2 * GLASS_INDEX
        s, p = (c1 - nc2) / (c1 + nc2), (c2 - nc1) / (c2 + nc1)
        through = (s * s + p * p) * -0.5 + 1.0
        normal = (1 - ((GLASS_INDEX - 1) / (GLASS_INDEX + 1)) ** 2) * math.exp(-GLASS_EXTINCTION_THICKNESS)
        return through * xp.exp(-GLASS_EXTINCTION_THICKNESS / c2) * (1 / normal) * c1

    def sky_factor(self) -> Any:
        """Share of the isotropic sky that goes through the glass above the horizon, ``[n, 1]``."""
        xp, toward = self.xp, self.toward(self.directions_deg)
        own = xp.atan(-(toward / self.up))
        low = xp.maximum(xp.maximum(xp.radians(self.horizon_at(self.directions_deg)), own), 0.0)
        half = xp.maximum(low * -0.5 + math.pi / 4, 0.0)
        elevation = low[:, :, None] + half[:, :, None] * (1.0 + SKY_NODES)
        level = xp.cos(elevation)
        light = self.transmitted(self.up[:, :, None] * xp.sin(elevation) + toward[:, :, None] * level) * level
        n = len(self.directions_deg)
        return ((light @ SKY_WEIGHTS) * half) @ np.full((n, 1), 2.0 / n)

    def band_factor(self) -> Any:
        """Share of the horizon band of the Perez model that goes through the glass, ``[n, 1]``."""
        xp, toward = self.xp, self.xp.maximum(self.toward(self.directions_deg), 0.0)
        seen = self.transmitted(toward)
        if self.horizon_deg is not None:
            hidden = xp.clip(self.horizon_at(self.directions_deg) * (1 / HORIZON_BAND_DEG), 0.0, 1.0)
            seen = (hidden * -1.0 + 1.0) * seen
        ones = np.ones((len(self.directions_deg), 1))
        return xp.sin(xp.radians(self.tilt_deg[:, None])) * ((seen @ ones) / xp.maximum(toward @ ones, 1e-20))

    def of_tilt(self, values: np.ndarray) -> Any:
        """Linear interpolation of values given at `TILTS_DEG`, ``[n, 1]``."""
        return self.xp.interp(self.tilt_deg, TILTS_DEG, values)[:, None]


@dataclass(frozen=True)
class Plant:
    """Constants of the installed system, as `frugal.physics.solar.roof_years.roof_years` takes them.

    Parameters
    ----------
    mountings : array [c, 3]
        Coefficients of the Sandia cell temperature model [1, s/m, K] of each choice of mounting.
    losses : float
        Share of the direct current lost before the inverter.
    gamma : float
        Temperature coefficient of power [1/K], negative.
    efficiency : float
        Of the inverter at its rated output.
    """

    mountings: np.ndarray
    losses: float
    gamma: float
    efficiency: float


def interpolation_weights(azimuths_deg: np.ndarray, n_sectors: int) -> np.ndarray:
    """Matrix ``[K, k]`` that interpolates a horizon of K sectors linearly at given azimuths."""
    position = np.asarray(azimuths_deg) * n_sectors / 360.0
    low = position.astype(np.int64)
    share = position - low
    weights = np.zeros((n_sectors, len(position)))
    columns = np.arange(len(position))
    np.add.at(weights, (low % n_sectors, columns), 1.0 - share)
    np.add.at(weights, ((low + 1) % n_sectors, columns), share)
    return weights


def one_hot(xp: Any, choice: Any, n_choices: int) -> Any:
    """Numbers of choices ``[n]`` as ``[n, n_choices]`` of zeros and a one."""
    return xp.maximum(xp.abs(choice[:, None] - np.arange(n_choices, dtype=float)) * -1.0 + 1.0, 0.0)


def open_sky_factors() -> np.ndarray:
    """Share of the isotropic sky through the glass before an open horizon, at `TILTS_DEG`."""
    return np.array([diffuse_factors(tilt, 0.0, np.zeros(1))[0] for tilt in TILTS_DEG])


def monthly_yields(
    planes: ArrayPlanes,
    year: SolarYear,
    plant: Plant,
    transposition: int,
    *,
    albedo: Any,
    dc_ac_ratio: Any,
    mounting: Any,
) -> tuple[Any, Any]:
    """Yields over the steps of ``year`` as `frugal.physics.solar.roof_years.roof_years` has them.

    Parameters
    ----------
    planes : Planes
        With a horizon.
    year : SolarYear
        A whole year, or twelve typical days.
    plant : Plant
    transposition : int
        0 Hay–Davies, 1 Perez.
    albedo, dc_ac_ratio, mounting : array [n]
        Reflectance of the ground, module power over inverter power, number of the mounting.

    Returns
    -------
    monthly : array [n, 12]
        [kWh/kWp], behind the horizon.
    open_yearly : array [n, 1]
        [kWh/kWp], before an open one.
    """
    xp = planes.xp
    ground = np.array([diffuse_factors(180.0 - tilt, 0.0, np.zeros(1))[0] for tilt in TILTS_DEG])
    reflected = albedo[:, None] * planes.of_tilt(ground) * year.global_horizontal
    isotropic, band = year.isotropic_horizontal[transposition], year.horizon_band[transposition]
    diffuse, open_diffuse = planes.sky_factor() * isotropic, planes.of_tilt(open_sky_factors()) * isotropic
    if np.any(band):
        before_open = ArrayPlanes(xp, planes.tilt_deg, planes.azimuth_deg)
        diffuse = diffuse + planes.band_factor() * band
        open_diffuse = open_diffuse + before_open.band_factor() * band
    diffuse, open_diffuse = xp.maximum(diffuse, 0.0) + reflected, xp.maximum(open_diffuse, 0.0) + reflected
    direct = (year.direct_normal + year.circumsolar_normal[transposition]) * (year.sun_up > 0)
    normal = xp.concat(planes.normal, axis=1)
    beam = planes.transmitted(normal @ np.stack([year.sun_east, year.sun_north, year.sun_up])) * direct
    # In double precision, because a step on the edge of the horizon is either seen or not.
    sees = planes.horizon_at(year.sun_azimuth_deg, xp.float64) <= year.sun_elevation_deg
    lit = beam * xp.astype(sees, xp.float32)
    heating = np.array([[sapm_heating(wind, *mount) for wind in year.wind_speed] for mount in plant.mountings])
    heat = one_hot(xp, mounting, len(plant.mountings)) @ heating
    months = np.zeros((len(year.month), 12))
    months[np.arange(len(year.month)), year.month] = year.hours
    power = _Power(xp, plant, year, heat, dc_ac_ratio[:, None])
    return power.alternating(diffuse + lit) @ months, power.alternating(open_diffuse + beam) @ year.hours[:, None]


class _Power:
    """Effective irradiance to alternating-current power, per step."""

    def __init__(self, xp: Any, plant: Plant, year: SolarYear, heat: Any, dc_ac_ratio: Any) -> None:
        kept = 1.0 - plant.losses
        self.xp = xp
        self.cold = kept / 1000.0 * (1.0 + plant.gamma * (year.air_temperature_c - 25.0))
        self.warm = heat * (kept * plant.gamma / 1000.0)
        self.limit = (1.0 / plant.efficiency) / dc_ac_ratio
        self.efficiency = plant.efficiency
        self.scale = plant.efficiency / INVERTER_REFERENCE_EFFICIENCY

    def alternating(self, irradiance: Any) -> Any:
        xp = self.xp
        direct = xp.maximum(irradiance * (self.warm * irradiance + self.cold), 0.0)
        curve = direct * ((direct * (-0.0162 * self.scale)) / self.limit + 0.9858 * self.scale)
        power = curve - self.limit * (0.0059 * self.scale)
        return xp.minimum(xp.maximum(power, 0.0), self.limit * self.efficiency)


def irradiation(planes: ArrayPlanes, tables: CumulativeSky, albedo: Any, obstructed: bool = True) -> Any:
    """Monthly irradiation ``[n, 12]`` [kWh/m²] from cumulative-sky tables, with or without the horizon.

    Parameters
    ----------
    planes : Planes
    tables : CumulativeSky
        Of as many sectors as the horizon of the planes has.
    albedo : array [n]
        The light that the ground reflects is included.
    obstructed : bool
        With the horizon; otherwise the plane hides only the sky behind itself.
    """
    xp = planes.xp
    n_sectors, width, _ = tables.horizontal.shape
    toward = planes.toward(np.arange(n_sectors) * 360.0 / n_sectors)
    sine = xp.maximum(-(toward / xp.sqrt(toward * toward + planes.up * planes.up)), 0.0)
    if obstructed:
        sine = xp.maximum(sine, xp.sin(xp.radians(planes.horizon_deg)))
    place = sine * float(width - 1)
    low = xp.minimum(xp.floor(place), float(width - 2))
    share = (place - low)[:, :, None]
    index = xp.astype(low, xp.int64) + np.arange(n_sectors) * width

    def looked_up(table: np.ndarray) -> Any:
        values = table.reshape(n_sectors * width, 12)
        first = xp.take(values, index, axis=0)
        return first + (xp.take(values, index + 1, axis=0) - first) * share

    sideways = looked_up(tables.horizontal) * toward[:, :, None]
    sky = xp.sum(sideways + looked_up(tables.vertical) * planes.up[:, :, None], axis=1)
    return sky + albedo[:, None] * (planes.up * -0.5 + 0.5) * tables.global_horizontal[None]


def bilinear(planes: ArrayPlanes, tilts_deg: np.ndarray, azimuths_deg: np.ndarray, values: np.ndarray) -> Any:
    """Bilinear interpolation of ``values [n_tilts, n_azimuths, m]``, periodic in azimuth, ``[n, m]``.

    Parameters
    ----------
    planes : Planes
        Whose tilt and azimuth are looked up.
    tilts_deg : array [n_tilts]
        Equally spaced, over all tilts that are asked for.
    azimuths_deg : array [n_azimuths]
        Equally spaced from 0, the last one step before 360.
    values : array [n_tilts, n_azimuths, m]
        In any unit.
    """
    xp = planes.xp
    tilt_step, azimuth_step = float(tilts_deg[1] - tilts_deg[0]), float(azimuths_deg[1] - azimuths_deg[0])
    tilt_hats = xp.maximum(xp.abs(planes.tilt_deg[:, None] - tilts_deg) * (-1 / tilt_step) + 1.0, 0.0)
    away = xp.abs(planes.azimuth_deg[:, None] - azimuths_deg)
    azimuth_hats = xp.maximum(xp.minimum(away, away * -1.0 + 360.0) * (-1 / azimuth_step) + 1.0, 0.0)
    both = tilt_hats[:, :, None] * azimuth_hats[:, None, :]
    return xp.reshape(both, (-1, len(tilts_deg) * len(azimuths_deg))) @ values.reshape(-1, values.shape[-1])
