"""Ways to answer `roof_yield` without AI: a formula, three tables, twelve typical days, the whole year on few sectors."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from frugal.experiments.study import Alternative, Answer, Arrays, GraphBuilder
from frugal.physics.solar.photovoltaic import diffuse_factors
from frugal.physics.solar.roof_years import roof_years
from frugal.physics.solar.sky import cumulative_sky_tables, plane_irradiation
from frugal.physics.solar.year import SolarYear
from frugal.studies.solar.pv_graph import RoofGraph, bilinear_graph, irradiation_graph, physics_graph
from frugal.studies.solar.roof_yield.site import SolarTerritory
from frugal.texts import room_texts

_TEXTS = room_texts("frugal.studies.solar")

#: Coefficients (a, b, delta_t) of the Sandia cell temperature model for each mounting (King, Boyson and Kratochvil 2004,
#: SAND2004-3535, table 1): glass/glass on an open rack, glass/glass close to the roof, glass/polymer with insulated back.
MOUNTINGS = {
    "open_rack": (-3.47, -0.0594, 3.0),
    "close_mount": (-2.98, -0.0471, 1.0),
    "insulated_back": (-2.81, -0.0455, 0.0),
}

#: PVWatts version 5 (Dobos 2014, NREL/TP-6A20-62641): system losses, power coefficient [1/K], inverter efficiency.
LOSSES, GAMMA, EFFICIENCY = 0.14, -0.0035, 0.96

#: What the tables without these inputs take for them.
REFERENCE = {"albedo": 0.2, "dc_ac_ratio": 1.15, "mounting": 1}

_TILTS_DEG = np.arange(0.0, 91.0, 5.0)
_AZIMUTHS_DEG = np.arange(0.0, 360.0, 10.0)
_SKY_BINS = 64


class Columns:
    """Columns of the input matrix by name; `n_sectors` horizon elevations stand between azimuth and albedo."""

    def __init__(self, inputs: np.ndarray, n_sectors: int) -> None:
        self.tilt_deg = inputs[:, 0]
        self.azimuth_deg = inputs[:, 1]
        self.horizon_deg = inputs[:, 2 : 2 + n_sectors]
        self.albedo = inputs[:, 2 + n_sectors]
        self.dc_ac_ratio = inputs[:, 3 + n_sectors]
        self.mounting = np.clip(np.round(inputs[:, 4 + n_sectors]), 0, len(MOUNTINGS) - 1).astype(int)

    @property
    def sapm(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Coefficients of the cell temperature model of each row."""
        table = np.array(list(MOUNTINGS.values()))[self.mounting]
        return table[:, 0], table[:, 1], table[:, 2]


def physics(year: SolarYear, columns: Columns, horizon_deg: np.ndarray, transposition: int) -> np.ndarray:
    """The solver over the steps of ``year``, ``[n, 14]``.

    Parameters
    ----------
    year : SolarYear
        All daylight hours, or twelve typical days.
    columns : Columns
        Of n roofs; their own horizon is not used.
    horizon_deg : array [n, K]
        Elevation of the obstacles, 0 to 90, at azimuths k 360 / K clockwise from north; any K.
    transposition : int
        0 Hay–Davies, 1 Perez.

    Returns
    -------
    array [n, 14]
        Twelve monthly yields and the yearly one [kWh/kWp], and the shading loss (a share).
    """
    return roof_years(
        year,
        columns.tilt_deg,
        columns.azimuth_deg,
        np.ascontiguousarray(horizon_deg),
        columns.albedo,
        columns.dc_ac_ratio,
        *columns.sapm,
        transposition,
        system_losses=LOSSES,
        gamma=GAMMA,
        nominal_efficiency=EFFICIENCY,
    )


def named(outputs: np.ndarray) -> Arrays:
    """Outputs ``[n, 14]`` by name."""
    return {
        "monthly_yield": outputs[..., :12],
        "yearly_yield": outputs[..., 12],
        "shading_loss": outputs[..., 13],
    }


def alternatives(territory: SolarTerritory, n_sectors: int) -> tuple[Alternative, ...]:
    """Everything that answers without AI, from the cheapest up."""
    rows: tuple[tuple[str, str, Callable[..., Answer], bool], ...] = (
        ("sun_vector", "formula", _sun_vector, False),
        ("unshaded_table", "table", _unshaded_table, False),
        ("sky_view_table", "table", _sky_view_table, False),
        ("cumulative_sky", "table", _cumulative_sky, True),
        ("typical_days", "coarse_physics", _typical_days, False),
        ("sector_year", "coarse_physics", _sector_year, False),
    )
    return tuple(
        Alternative(
            name,
            kind,  # type: ignore[arg-type]
            partial(build, territory, n_sectors),
            needs_runs=needs_runs,
            uses_solver=kind != "formula",
            label=_TEXTS.say(f"roof_yield.{name}", n=n_sectors),
        )
        for name, kind, build, needs_runs in rows
    )


def _normals(columns: Columns) -> np.ndarray:
    tilt, azimuth = np.radians(columns.tilt_deg), np.radians(columns.azimuth_deg)
    return np.stack([np.sin(tilt) * np.sin(azimuth), np.sin(tilt) * np.cos(azimuth), np.cos(tilt)], axis=1)


def _sun_vector(territory: SolarTerritory, n_sectors: int, inputs: np.ndarray, outputs: np.ndarray) -> Answer:
    r"""Monthly yield as :math:`\eta (\vec n \cdot \sum B \vec s + D (1 + \cos\beta)/2 + \rho G (1 - \cos\beta)/2)`."""
    year = territory.year
    efficiency = (1 - LOSSES) * EFFICIENCY / 1000.0
    direct = (year.direct_normal + year.circumsolar_normal[territory.transposition]) * year.hours
    sun = np.stack([year.sun_east, year.sun_north, year.sun_up])
    beams = np.stack([np.bincount(year.month, direct * part, minlength=12) for part in sun]) * efficiency
    diffuse = year.isotropic_horizontal[territory.transposition] * year.hours
    sky = np.bincount(year.month, diffuse, minlength=12) * efficiency
    ground = np.bincount(year.month, year.global_horizontal * year.hours, minlength=12) * efficiency

    def predict(x: np.ndarray) -> Arrays:
        columns = Columns(x, n_sectors)
        normals = _normals(columns)
        up = normals[:, 2:]
        monthly = normals @ beams + sky * (1 + up) / 2 + columns.albedo[:, None] * ground * (1 - up) / 2
        monthly = np.maximum(monthly, 0.0)
        return named(np.concatenate([monthly, monthly.sum(axis=1, keepdims=True), np.zeros((len(x), 1))], axis=1))

    def graph(b: GraphBuilder, x: str) -> str:
        roof = RoofGraph(b, x, n_sectors)
        normal = b.op("Concat", roof.east, roof.north, roof.up, axis=1)
        seen_sky = roof.plus(roof.times(roof.up, 0.5), 0.5)
        seen_ground = b.op("Mul", roof.albedo, roof.plus(roof.times(roof.up, -0.5), 0.5))
        monthly = b.op("MatMul", normal, b.constant(beams))
        monthly = b.op("Add", monthly, b.op("Mul", seen_sky, b.constant(sky[None])))
        monthly = b.op("Add", monthly, b.op("Mul", seen_ground, b.constant(ground[None])))
        return _summed(roof, roof.clip(monthly, 0.0))

    return Answer(predict, graph)


def _summed(roof: RoofGraph, monthly: str) -> str:
    """Monthly yields, their sum, and no shading loss."""
    b = roof.b
    yearly = b.op("MatMul", monthly, b.constant(np.ones((12, 1))))
    return b.op("Concat", monthly, yearly, roof.times(roof.tilt_deg, 0.0), axis=1)


def _open_table(territory: SolarTerritory, n_sectors: int) -> np.ndarray:
    """Monthly yields of unshaded planes on a grid of tilt and azimuth, ``[n_tilts, n_azimuths, 12]``."""
    tilts, azimuths = np.meshgrid(_TILTS_DEG, _AZIMUTHS_DEG, indexing="ij")
    rows = np.zeros((tilts.size, n_sectors + 5))
    rows[:, 0], rows[:, 1] = tilts.ravel(), azimuths.ravel()
    rows[:, -3:] = REFERENCE["albedo"], REFERENCE["dc_ac_ratio"], REFERENCE["mounting"]
    columns = Columns(rows, n_sectors)
    values = physics(territory.year, columns, np.zeros((len(rows), 1)), territory.transposition)
    return values[:, :12].reshape(*tilts.shape, 12)


def _interpolate(table: np.ndarray, columns: Columns) -> np.ndarray:
    tilt = np.clip(columns.tilt_deg / 5.0, 0, len(_TILTS_DEG) - 1)
    azimuth = (columns.azimuth_deg % 360.0) / 10.0
    i = np.minimum(tilt.astype(int), len(_TILTS_DEG) - 2)
    j = azimuth.astype(int)
    f, g = (tilt - i)[:, None], (azimuth - j)[:, None]
    low, high = j % len(_AZIMUTHS_DEG), (j + 1) % len(_AZIMUTHS_DEG)
    first = table[i, low] * (1 - g) + table[i, high] * g
    second = table[i + 1, low] * (1 - g) + table[i + 1, high] * g
    return np.asarray(first * (1 - f) + second * f)


def _unshaded_table(territory: SolarTerritory, n_sectors: int, inputs: np.ndarray, outputs: np.ndarray) -> Answer:
    table = _open_table(territory, n_sectors)

    def predict(x: np.ndarray) -> Arrays:
        monthly = _interpolate(table, Columns(x, n_sectors))
        return named(np.concatenate([monthly, monthly.sum(axis=1, keepdims=True), np.zeros((len(x), 1))], axis=1))

    def graph(b: GraphBuilder, x: str) -> str:
        roof = RoofGraph(b, x, n_sectors)
        return _summed(roof, bilinear_graph(roof, _TILTS_DEG, _AZIMUTHS_DEG, table))

    return Answer(predict, graph)


def _sky_view_table(territory: SolarTerritory, n_sectors: int, inputs: np.ndarray, outputs: np.ndarray) -> Answer:
    table = _open_table(territory, n_sectors)
    fine_tilts = np.arange(0.0, 90.25, 0.25)
    open_sky = np.array([diffuse_factors(tilt, 0.0, np.zeros(1))[0] for tilt in fine_tilts])

    def predict(x: np.ndarray) -> Arrays:
        columns = Columns(x, n_sectors)
        horizon = np.ascontiguousarray(columns.horizon_deg)
        seen = np.array(
            [
                diffuse_factors(tilt, azimuth, roof)[0]
                for tilt, azimuth, roof in zip(columns.tilt_deg, columns.azimuth_deg, horizon, strict=True)
            ]
        )
        share = seen / np.interp(columns.tilt_deg, fine_tilts, open_sky)
        monthly = _interpolate(table, columns) * share[:, None]
        return named(np.concatenate([monthly, monthly.sum(axis=1, keepdims=True), 1 - share[:, None]], axis=1))

    def graph(b: GraphBuilder, x: str) -> str:
        roof = RoofGraph(b, x, n_sectors)
        share = b.op("Div", roof.sky_factor(), roof.of_tilt(open_sky, fine_tilts))
        monthly = b.op("Mul", bilinear_graph(roof, _TILTS_DEG, _AZIMUTHS_DEG, table), share)
        yearly = b.op("MatMul", monthly, b.constant(np.ones((12, 1))))
        return b.op("Concat", monthly, yearly, roof.plus(roof.times(share, -1.0), 1.0), axis=1)

    return Answer(predict, graph)


def _cumulative_sky(territory: SolarTerritory, n_sectors: int, inputs: np.ndarray, outputs: np.ndarray) -> Answer:
    """Irradiation from cumulative-sky tables, times a monthly performance ratio of mounting and inverter ratio."""
    tables = cumulative_sky_tables(territory.year, n_sectors, _SKY_BINS, territory.transposition)
    columns = Columns(inputs, n_sectors)
    ratio = _performance_ratio(columns, _irradiation(tables, columns), outputs[:, :12])

    def predict(x: np.ndarray) -> Arrays:
        rows = Columns(x, n_sectors)
        performance = _ratio_features(rows) @ ratio
        monthly = _irradiation(tables, rows) * performance
        unshaded = (_irradiation(tables, rows, obstructed=False) * performance).sum(axis=1)
        yearly = monthly.sum(axis=1)
        loss = 1.0 - yearly / np.maximum(unshaded, 1e-9)
        return named(np.concatenate([monthly, yearly[:, None], loss[:, None]], axis=1))

    def graph(b: GraphBuilder, x: str) -> str:
        roof = RoofGraph(b, x, n_sectors)
        ones = b.constant(np.ones((12, 1)))
        hot = roof.one_hot(len(MOUNTINGS))
        squared = b.op("Mul", roof.dc_ac_ratio, roof.dc_ac_ratio)
        features = b.op("Concat", hot, roof.dc_ac_ratio, squared, axis=1)
        performance = b.op("MatMul", features, b.constant(ratio))
        monthly = b.op("Mul", irradiation_graph(roof, tables, obstructed=True), performance)
        unshaded = b.op("Mul", irradiation_graph(roof, tables, obstructed=False), performance)
        yearly = b.op("MatMul", monthly, ones)
        share = b.op("Div", yearly, roof.clip(b.op("MatMul", unshaded, ones), 1e-9))
        return b.op("Concat", monthly, yearly, roof.plus(roof.times(share, -1.0), 1.0), axis=1)

    return Answer(predict, graph)


def _irradiation(tables, columns: Columns, obstructed: bool = True) -> np.ndarray:  # type: ignore[no-untyped-def]
    horizon = columns.horizon_deg if obstructed else np.zeros_like(columns.horizon_deg)
    return plane_irradiation(
        tables,
        np.ascontiguousarray(columns.tilt_deg),
        np.ascontiguousarray(columns.azimuth_deg),
        np.ascontiguousarray(horizon),
        np.ascontiguousarray(columns.albedo),
    )


def _ratio_features(columns: Columns) -> np.ndarray:
    hot = np.eye(len(MOUNTINGS))[columns.mounting]
    return np.column_stack([hot, columns.dc_ac_ratio, columns.dc_ac_ratio**2])


def _performance_ratio(columns: Columns, irradiation: np.ndarray, yields: np.ndarray) -> np.ndarray:
    """Least squares of yield over irradiation, month by month, ``[5, 12]``."""
    features = _ratio_features(columns)
    ratio = [np.linalg.lstsq(features * irradiation[:, m : m + 1], yields[:, m], rcond=None)[0] for m in range(12)]
    return np.stack(ratio, axis=1)


def _physics_answer(territory: SolarTerritory, year: SolarYear, n_sectors: int) -> Answer:
    def predict(x: np.ndarray) -> Arrays:
        columns = Columns(x, n_sectors)
        return named(physics(year, columns, columns.horizon_deg, territory.transposition))

    def graph(b: GraphBuilder, x: str) -> str:
        return physics_graph(
            b, x, year, n_sectors, list(MOUNTINGS.values()), territory.transposition, LOSSES, GAMMA, EFFICIENCY
        )

    return Answer(predict, graph)


def _typical_days(territory: SolarTerritory, n_sectors: int, inputs: np.ndarray, outputs: np.ndarray) -> Answer:
    return _physics_answer(territory, territory.typical_days, n_sectors)


def _sector_year(territory: SolarTerritory, n_sectors: int, inputs: np.ndarray, outputs: np.ndarray) -> Answer:
    return _physics_answer(territory, territory.year, n_sectors)
