"""The solar physics as ONNX nodes: the same equations as `frugal.physics.solar`, for any list of daylight steps.

A candidate that is physics then runs in a browser like any other. One row of the graph is one roof; the inner dimension is
the step (of a year, or of twelve typical days), the direction of the sky, or the sector of the horizon.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from frugal.experiments.study import GraphBuilder
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

DOUBLE, FLOAT, INT64 = 11, 1, 7

_TILT_STEP_DEG = 0.25


class RoofGraph:
    """Nodes that several candidates share: columns of the input, the plane's normal, the sky it sees.

    Parameters
    ----------
    builder : GraphBuilder
    x : str
        Tensor of inputs ``[n, d]``: tilt, azimuth, K horizon elevations, albedo, inverter ratio, mounting.
    n_sectors : int
    """

    def __init__(self, builder: GraphBuilder, x: str, n_sectors: int) -> None:
        self.b = builder
        self.n_sectors = n_sectors
        # The directions that `diffuse_factors` takes behind a horizon that varies.
        n_directions = n_sectors * -(-2 * SKY_DIRECTIONS // n_sectors)
        self.directions_deg = np.arange(n_directions) * 360.0 / n_directions
        self.tilt_deg = self._columns(x, 0, 1)
        self.azimuth_deg = self._columns(x, 1, 2)
        self.horizon_deg = self._columns(x, 2, 2 + n_sectors)
        self.albedo = self._columns(x, 2 + n_sectors, 3 + n_sectors)
        self.dc_ac_ratio = self._columns(x, 3 + n_sectors, 4 + n_sectors)
        self.mounting = self._columns(x, 4 + n_sectors, 5 + n_sectors)
        tilt = self.times(self.tilt_deg, math.pi / 180)
        azimuth = self.times(self.azimuth_deg, math.pi / 180)
        sin_tilt = self.b.op("Sin", tilt)
        self.up = self.b.op("Cos", tilt)
        self.east = self.b.op("Mul", sin_tilt, self.b.op("Sin", azimuth))
        self.north = self.b.op("Mul", sin_tilt, self.b.op("Cos", azimuth))

    def _columns(self, x: str, start: int, stop: int) -> str:
        take = [self.b.constant([value], np.int64) for value in (start, stop, 1)]
        return self.b.op("Slice", x, take[0], take[1], take[2])

    def times(self, tensor: str, factor: float) -> str:
        """Multiply by a number."""
        return self.b.op("Mul", tensor, self.b.constant(factor))

    def plus(self, tensor: str, value: float) -> str:
        """Add a number."""
        return self.b.op("Add", tensor, self.b.constant(value))

    def clip(self, tensor: str, low: float, high: float | None = None) -> str:
        """Keep within numbers.

        Parameters
        ----------
        tensor : str
            Its name in the graph.
        low : float
        high : float, optional
            None bounds on one side only.

        Returns
        -------
        str
            Name of the result.
        """
        if high is None:
            return self.b.op("Max", tensor, self.b.constant(low))
        return self.b.op("Clip", tensor, self.b.constant(low), self.b.constant(high))

    def toward(self, azimuths_deg: np.ndarray) -> str:
        """Horizontal part of the normal toward given azimuths, ``[n, k]``."""
        radians = np.radians(azimuths_deg)
        part = self.b.op("Mul", self.east, self.b.constant(np.sin(radians)[None]))
        other = self.b.op("Mul", self.north, self.b.constant(np.cos(radians)[None]))
        return self.b.op("Add", part, other)

    def horizon_at(self, azimuths_deg: np.ndarray, double: bool = False) -> str:
        """Horizon interpolated between its sectors at given azimuths, ``[n, k]``."""
        weights = interpolation_weights(azimuths_deg, self.n_sectors)
        if not double:
            return self.b.op("MatMul", self.horizon_deg, self.b.constant(weights))
        horizon = self.b.op("Cast", self.horizon_deg, to=DOUBLE)
        return self.b.op("MatMul", horizon, self.b.constant(weights, np.float64))

    def transmitted(self, cosine: str) -> str:
        """Cosine of incidence, not negative, times the incidence-angle modifier of glass."""
        c1 = self.clip(cosine, 0.0, 1.0)
        inside = self.plus(self.times(self.b.op("Mul", c1, c1), 1 / GLASS_INDEX**2), 1 - 1 / GLASS_INDEX**2)
        c2 = self.b.op("Sqrt", inside)
        nc1, nc2 = self.times(c1, GLASS_INDEX), self.times(c2, GLASS_INDEX)
        s = self.b.op("Div", self.b.op("Sub", c1, nc2), self.b.op("Add", c1, nc2))
        p = self.b.op("Div", self.b.op("Sub", c2, nc1), self.b.op("Add", c2, nc1))
        reflected = self.b.op("Add", self.b.op("Mul", s, s), self.b.op("Mul", p, p))
        through = self.plus(self.times(reflected, -0.5), 1.0)
        absorbed = self.b.op("Exp", self.b.op("Div", self.b.constant(-GLASS_EXTINCTION_THICKNESS), c2))
        normal = (1 - ((GLASS_INDEX - 1) / (GLASS_INDEX + 1)) ** 2) * math.exp(-GLASS_EXTINCTION_THICKNESS)
        modifier = self.times(self.b.op("Mul", through, absorbed), 1 / normal)
        return self.b.op("Mul", modifier, c1)

    def of_tilt(self, values: np.ndarray, tilts_deg: np.ndarray) -> str:
        """Linear interpolation of values given at equally spaced tilts, ``[n, 1]``."""
        step = tilts_deg[1] - tilts_deg[0]
        distance = self.b.op("Abs", self.b.op("Sub", self.tilt_deg, self.b.constant(tilts_deg[None])))
        hats = self.clip(self.plus(self.times(distance, -1 / step), 1.0), 0.0)
        return self.b.op("MatMul", hats, self.b.constant(values[:, None]))

    def sky_factor(self) -> str:
        """Share of the isotropic sky that goes through the glass above the horizon, ``[n, 1]``."""
        directions = self.directions_deg
        toward = self.toward(directions)
        horizon = self.times(self.horizon_at(directions), math.pi / 180)
        own = self.b.op("Atan", self.b.op("Neg", self.b.op("Div", toward, self.up)))
        low = self.clip(self.b.op("Max", horizon, own), 0.0)
        half = self.clip(self.plus(self.times(low, -0.5), math.pi / 4), 0.0)
        axis = self.b.constant([2], np.int64)
        half_3d, low_3d = self.b.op("Unsqueeze", half, axis), self.b.op("Unsqueeze", low, axis)
        elevation = self.b.op("Add", low_3d, self.b.op("Mul", half_3d, self.b.constant(1.0 + SKY_NODES)))
        level = self.b.op("Cos", elevation)
        up = self.b.op("Mul", self.b.op("Unsqueeze", self.up, axis), self.b.op("Sin", elevation))
        sideways = self.b.op("Mul", self.b.op("Unsqueeze", toward, axis), level)
        light = self.b.op("Mul", self.transmitted(self.b.op("Add", up, sideways)), level)
        rings = self.b.op("MatMul", light, self.b.constant(SKY_WEIGHTS[:, None]))
        rings = self.b.op("Mul", rings, half_3d)
        n = len(directions)
        flat = self.b.op("Reshape", rings, self.b.constant([-1, n], np.int64))
        return self.b.op("MatMul", flat, self.b.constant(np.full((n, 1), 2.0 / n)))

    def band_factor(self, obstructed: bool = True) -> str:
        """Share of the horizon band of the Perez model that goes through the glass, ``[n, 1]``."""
        # `diffuse_factors` takes fewer directions before an open horizon.
        open_directions = np.arange(SKY_DIRECTIONS) * 360.0 / SKY_DIRECTIONS
        directions = self.directions_deg if obstructed else open_directions
        toward = self.clip(self.toward(directions), 0.0)
        seen = self.transmitted(toward)
        if obstructed:
            hidden = self.clip(self.times(self.horizon_at(directions), 1 / HORIZON_BAND_DEG), 0.0, 1.0)
            seen = self.b.op("Mul", self.plus(self.times(hidden, -1.0), 1.0), seen)
        ones = self.b.constant(np.ones((len(directions), 1)))
        total = self.clip(self.b.op("MatMul", toward, ones), 1e-20)
        sin_tilt = self.b.op("Sin", self.times(self.tilt_deg, math.pi / 180))
        return self.b.op("Mul", sin_tilt, self.b.op("Div", self.b.op("MatMul", seen, ones), total))

    def one_hot(self, n_choices: int) -> str:
        """Mounting as ``[n, n_choices]`` of zeros and a one."""
        wanted = self.b.constant(np.arange(n_choices, dtype=float)[None])
        distance = self.b.op("Abs", self.b.op("Sub", self.mounting, wanted))
        return self.clip(self.plus(self.times(distance, -1.0), 1.0), 0.0)


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


def physics_graph(
    builder: GraphBuilder,
    x: str,
    year: SolarYear,
    n_sectors: int,
    mountings: Sequence[tuple[float, float, float]],
    transposition: int,
    losses: float,
    gamma: float,
    efficiency: float,
) -> str:
    """Outputs ``[n, 14]`` of the physics over the steps of ``year``, as `frugal.physics.solar.roof_years.roof_years` has them.

    Parameters
    ----------
    builder : GraphBuilder
    x : str
        Tensor of inputs ``[n, K + 5]``, as `RoofGraph` takes it.
    year : SolarYear
        Steps that become constants of the graph: a whole year, or twelve typical days.
    n_sectors : int
        K, of the horizon.
    mountings : sequence of (float, float, float)
        Coefficients of the Sandia cell temperature model [1, s/m, K] of each choice of mounting, in their order.
    transposition : int
        0 Hay–Davies, 1 Perez.
    losses : float
        Share of the direct current lost before the inverter.
    gamma : float
        Temperature coefficient of power [1/K], negative.
    efficiency : float
        Of the inverter at its rated output.

    Returns
    -------
    str
        Name of the result: twelve monthly yields and the yearly one [kWh/kWp], and the shading loss (a share). Single
        precision, but for the comparison of sun and horizon.
    """
    roof = RoofGraph(builder, x, n_sectors)
    b = builder
    tilts = np.arange(0.0, 90.0 + _TILT_STEP_DEG, _TILT_STEP_DEG)
    open_sky, ground = _open_factors(tilts)
    reflected = b.op("Mul", roof.albedo, roof.of_tilt(ground, tilts))
    reflected = b.op("Mul", reflected, b.constant(year.global_horizontal[None]))
    isotropic = b.constant(year.isotropic_horizontal[transposition][None])
    diffuse = b.op("Mul", roof.sky_factor(), isotropic)
    open_diffuse = b.op("Mul", roof.of_tilt(open_sky, tilts), isotropic)
    band = year.horizon_band[transposition]
    if np.any(band):
        diffuse = b.op("Add", diffuse, b.op("Mul", roof.band_factor(), b.constant(band[None])))
        whole = b.op("Mul", roof.band_factor(obstructed=False), b.constant(band[None]))
        open_diffuse = b.op("Add", open_diffuse, whole)
    diffuse = b.op("Add", roof.clip(diffuse, 0.0), reflected)
    open_diffuse = b.op("Add", roof.clip(open_diffuse, 0.0), reflected)
    normal = b.op("Concat", roof.east, roof.north, roof.up, axis=1)
    sun = np.stack([year.sun_east, year.sun_north, year.sun_up])
    direct = (year.direct_normal + year.circumsolar_normal[transposition]) * (year.sun_up > 0)
    beam = b.op("Mul", roof.transmitted(b.op("MatMul", normal, b.constant(sun))), b.constant(direct[None]))
    # In double precision, because a step on the edge of the horizon is either seen or not.
    horizon = roof.horizon_at(year.sun_azimuth_deg, double=True)
    sees = b.op("LessOrEqual", horizon, b.constant(year.sun_elevation_deg[None], np.float64))
    lit = b.op("Mul", beam, b.op("Cast", sees, to=FLOAT))
    heating = np.array([[sapm_heating(w, *mounting) for w in year.wind_speed] for mounting in mountings])
    heat = b.op("MatMul", roof.one_hot(len(mountings)), b.constant(heating))
    power = _PowerNodes(roof, year, heat, losses, gamma, efficiency)
    months = np.zeros((len(year.month), 12))
    months[np.arange(len(year.month)), year.month] = year.hours
    monthly = b.op("MatMul", power.alternating(b.op("Add", diffuse, lit)), b.constant(months))
    ones = b.constant(np.ones((12, 1)))
    yearly = b.op("MatMul", monthly, ones)
    open_yearly = b.op("MatMul", power.alternating(b.op("Add", open_diffuse, beam)), b.constant(year.hours[:, None]))
    return _with_loss(roof, monthly, yearly, open_yearly)


class _PowerNodes:
    """Effective irradiance to alternating-current power, per step."""

    def __init__(
        self, roof: RoofGraph, year: SolarYear, heat: str, losses: float, gamma: float, efficiency: float
    ) -> None:
        b = roof.b
        kept = 1.0 - losses
        self.roof = roof
        self.cold = b.constant((kept / 1000.0 * (1.0 + gamma * (year.air_temperature_c - 25.0)))[None])
        self.warm = roof.times(heat, kept * gamma / 1000.0)
        self.limit = b.op("Div", b.constant(1.0 / efficiency), roof.dc_ac_ratio)
        self.ceiling = b.op("Mul", self.limit, b.constant(efficiency))
        self.scale = efficiency / INVERTER_REFERENCE_EFFICIENCY

    def alternating(self, irradiance: str) -> str:
        b, roof = self.roof.b, self.roof
        per_watt = b.op("Add", b.op("Mul", self.warm, irradiance), self.cold)
        direct = roof.clip(b.op("Mul", irradiance, per_watt), 0.0)
        bend = b.op("Div", roof.times(direct, -0.0162 * self.scale), self.limit)
        curve = b.op("Mul", direct, roof.plus(bend, 0.9858 * self.scale))
        power = b.op("Sub", curve, roof.times(self.limit, 0.0059 * self.scale))
        return b.op("Min", roof.clip(power, 0.0), self.ceiling)


def _with_loss(roof: RoofGraph, monthly: str, yearly: str, open_yearly: str) -> str:
    b = roof.b
    share = b.op("Div", yearly, roof.clip(open_yearly, 1e-9))
    loss = roof.plus(roof.times(share, -1.0), 1.0)
    return b.op("Concat", monthly, yearly, loss, axis=1)


def _open_factors(tilts_deg: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sky and ground as a plane sees them through its glass without obstacles, at each tilt."""
    nothing = np.zeros(1)
    sky = np.array([diffuse_factors(t, 0.0, nothing)[0] for t in tilts_deg])
    ground = np.array([diffuse_factors(180.0 - t, 0.0, nothing)[0] for t in tilts_deg])
    return sky, ground


def bilinear_graph(roof: RoofGraph, tilts_deg: np.ndarray, azimuths_deg: np.ndarray, values: np.ndarray) -> str:
    """Bilinear interpolation of ``values [n_tilts, n_azimuths, m]``, periodic in azimuth, ``[n, m]``.

    Parameters
    ----------
    roof : RoofGraph
        Whose tilt and azimuth are looked up.
    tilts_deg : array [n_tilts]
        Equally spaced, over all tilts that are asked for.
    azimuths_deg : array [n_azimuths]
        Equally spaced from 0, the last one step before 360.
    values : array [n_tilts, n_azimuths, m]
        In any unit.

    Returns
    -------
    str
        Name of the result.
    """
    b = roof.b
    tilt_step, azimuth_step = tilts_deg[1] - tilts_deg[0], azimuths_deg[1] - azimuths_deg[0]
    away = b.op("Abs", b.op("Sub", roof.tilt_deg, b.constant(tilts_deg[None])))
    tilt_hats = roof.clip(roof.plus(roof.times(away, -1 / tilt_step), 1.0), 0.0)
    away = b.op("Abs", b.op("Sub", roof.azimuth_deg, b.constant(azimuths_deg[None])))
    away = b.op("Min", away, roof.plus(roof.times(away, -1.0), 360.0))
    azimuth_hats = roof.clip(roof.plus(roof.times(away, -1 / azimuth_step), 1.0), 0.0)
    n_tilts, n_azimuths, m = values.shape
    axis_2, axis_1 = b.constant([2], np.int64), b.constant([1], np.int64)
    both = b.op("Mul", b.op("Unsqueeze", tilt_hats, axis_2), b.op("Unsqueeze", azimuth_hats, axis_1))
    flat = b.op("Reshape", both, b.constant([-1, n_tilts * n_azimuths], np.int64))
    return b.op("MatMul", flat, b.constant(values.reshape(-1, m)))


def irradiation_graph(roof: RoofGraph, tables: CumulativeSky, obstructed: bool) -> str:
    """Monthly irradiation ``[n, 12]`` from cumulative-sky tables, with or without the horizon.

    Parameters
    ----------
    roof : RoofGraph
    tables : CumulativeSky
        Of as many sectors as the horizon of the roof has.
    obstructed : bool
        With the horizon of the roof; otherwise the plane hides only the sky behind itself.

    Returns
    -------
    str
        Name of the result [kWh/m²], the light that the ground reflects included.
    """
    b = roof.b
    n_sectors, width, _ = tables.horizontal.shape
    n_bins = width - 1
    sectors = np.arange(n_sectors) * 360.0 / n_sectors
    toward = roof.toward(sectors)
    length = b.op("Sqrt", b.op("Add", b.op("Mul", toward, toward), b.op("Mul", roof.up, roof.up)))
    sine = roof.clip(b.op("Neg", b.op("Div", toward, length)), 0.0)
    if obstructed:
        sine = b.op("Max", sine, b.op("Sin", roof.times(roof.horizon_deg, math.pi / 180)))
    place = roof.times(sine, n_bins)
    low = b.op("Min", b.op("Floor", place), b.constant(float(n_bins - 1)))
    share = b.op("Unsqueeze", b.op("Sub", place, low), b.constant([2], np.int64))
    offset = b.constant((np.arange(n_sectors) * width)[None], np.int64)
    index = b.op("Add", b.op("Cast", low, to=INT64), offset)
    above = b.op("Add", index, b.constant(1, np.int64))

    def looked_up(table: np.ndarray) -> str:
        values = b.constant(table.reshape(n_sectors * width, 12))
        first, second = b.op("Gather", values, index), b.op("Gather", values, above)
        return b.op("Add", first, b.op("Mul", b.op("Sub", second, first), share))

    axis = b.constant([2], np.int64)
    sideways = b.op("Mul", looked_up(tables.horizontal), b.op("Unsqueeze", toward, axis))
    upward = b.op("Mul", looked_up(tables.vertical), b.op("Unsqueeze", roof.up, axis))
    sky = b.op("ReduceSum", b.op("Add", sideways, upward), b.constant([1], np.int64), keepdims=0)
    seen_ground = roof.plus(roof.times(roof.up, -0.5), 0.5)
    ground = b.op("Mul", b.op("Mul", roof.albedo, seen_ground), b.constant(tables.global_horizontal[None]))
    return b.op("Add", sky, ground)
