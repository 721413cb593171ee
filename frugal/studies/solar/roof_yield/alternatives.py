"""Ways to answer `roof_yield` without AI: a formula, three tables, twelve typical days, the whole year on few sectors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from frugal.experiments.study import Alternative, Arrays
from frugal.physics.solar.array_planes import (
    ArrayPlanes,
    Plant,
    bilinear,
    irradiation,
    monthly_yields,
    one_hot,
    open_sky_factors,
)
from frugal.physics.solar.roof_years import roof_years
from frugal.physics.solar.sky import cumulative_sky_tables
from frugal.physics.solar.year import SolarYear
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
PLANT = Plant(np.array(list(MOUNTINGS.values())), losses=0.14, gamma=-0.0035, efficiency=0.96)

#: What the tables without these inputs take for them.
REFERENCE = {"albedo": 0.2, "dc_ac_ratio": 1.15, "mounting": 1.0}

_TILTS_DEG = np.arange(0.0, 91.0, 5.0)
_AZIMUTHS_DEG = np.arange(0.0, 360.0, 10.0)
_SKY_BINS = 64
#: kWh/m2: the tables of the sky are rounded to it, under a hundredth of the error of the answer; a page loads 15 kB less.
_SKY_STEP = 2.0**-10


def physics(
    year: SolarYear,
    transposition: int,
    *,
    tilt_deg: Any,
    azimuth_deg: Any,
    horizon_deg: Any,
    albedo: Any,
    dc_ac_ratio: Any,
    mounting: Any,
) -> Arrays:
    """The solver over the steps of ``year``, of one roof (numbers) or of n roofs (arrays ``[n]``).

    Parameters
    ----------
    year : SolarYear
        All daylight hours, or twelve typical days.
    transposition : int
        0 Hay–Davies, 1 Perez.
    tilt_deg, azimuth_deg, albedo, dc_ac_ratio, mounting : float or array [n]
        As the inputs of the study.
    horizon_deg : array [K] or [n, K]
        Elevation of the obstacles, 0 to 90, at azimuths k 360 / K clockwise from north; any K.

    Returns
    -------
    mapping
        The outputs of the study by name.
    """
    horizon = np.ascontiguousarray(np.atleast_2d(horizon_deg), dtype=float)
    n = len(horizon)
    mounted = PLANT.mountings[np.clip(np.round(mounting), 0, len(PLANT.mountings) - 1).astype(int)]

    def column(value: Any) -> np.ndarray:
        return np.broadcast_to(np.asarray(value, dtype=float), n)

    found = roof_years(
        year,
        column(tilt_deg),
        column(azimuth_deg),
        horizon,
        column(albedo),
        column(dc_ac_ratio),
        column(mounted[..., 0]),
        column(mounted[..., 1]),
        column(mounted[..., 2]),
        transposition,
        system_losses=PLANT.losses,
        gamma=PLANT.gamma,
        nominal_efficiency=PLANT.efficiency,
    )
    outputs = found[0] if np.ndim(tilt_deg) == 0 else found
    return {"monthly_yield": outputs[..., :12], "yearly_yield": outputs[..., 12], "shading_loss": outputs[..., 13]}


def alternatives(territory: SolarTerritory, n_sectors: int) -> tuple[Alternative, ...]:
    """Everything that answers without AI, from the cheapest up."""

    def alternative(name: str, kind: Any, uses_solver: bool = True, **answer: Any) -> Alternative:
        label = _TEXTS.say(f"roof_yield.{name}", n=n_sectors)
        return Alternative(name, kind, uses_solver=uses_solver, label=label, **answer)

    return (
        alternative("sun_vector", "formula", uses_solver=False, make=partial(_sun_vector, territory)),
        alternative("unshaded_table", "table", make=partial(_unshaded_table, territory)),
        alternative("sky_view_table", "table", make=partial(_sky_view_table, territory)),
        alternative("cumulative_sky", "table", fit=partial(_cumulative_sky, territory, n_sectors)),
        alternative("typical_days", "coarse_physics", **_year(territory, lambda: territory.typical_days)),
        alternative("sector_year", "coarse_physics", **_year(territory, lambda: territory.year)),
    )


def _of_months(xp: Any, monthly: Any, share: Any = 1.0) -> Arrays:
    """Outputs from yields that see no obstacles, and the share that obstacles leave, ``[n, 1]``."""
    seen = monthly * share
    return {
        "monthly_yield": seen,
        "yearly_yield": xp.sum(seen, axis=1),
        "shading_loss": (share * -1.0 + 1.0)[:, 0] if np.ndim(share) else xp.zeros_like(monthly[:, 0]),
    }


def _sun_vector(territory: SolarTerritory) -> Any:
    r"""Monthly yield as :math:`\eta (\vec n \cdot \sum B \vec s + D (1 + \cos\beta)/2 + \rho G (1 - \cos\beta)/2)`."""
    year = territory.year
    efficiency = (1 - PLANT.losses) * PLANT.efficiency / 1000.0
    direct = (year.direct_normal + year.circumsolar_normal[territory.transposition]) * year.hours
    sun = np.stack([year.sun_east, year.sun_north, year.sun_up])
    beams = np.stack([np.bincount(year.month, direct * part, minlength=12) for part in sun]) * efficiency
    diffuse = year.isotropic_horizontal[territory.transposition] * year.hours
    sky = np.bincount(year.month, diffuse, minlength=12) * efficiency
    ground = np.bincount(year.month, year.global_horizontal * year.hours, minlength=12) * efficiency

    def answer(xp: Any, tilt_deg: Any, azimuth_deg: Any, albedo: Any) -> Arrays:
        planes = ArrayPlanes(xp, tilt_deg, azimuth_deg)
        seen_sky, seen_ground = planes.up * 0.5 + 0.5, albedo[:, None] * (planes.up * -0.5 + 0.5)
        monthly = xp.concat(planes.normal, axis=1) @ beams + seen_sky * sky + seen_ground * ground
        return _of_months(xp, xp.maximum(monthly, 0.0))

    return answer


def _open_table(territory: SolarTerritory) -> np.ndarray:
    """Monthly yields of unshaded planes on a grid of tilt and azimuth, ``[n_tilts, n_azimuths, 12]``."""
    tilts, azimuths = np.meshgrid(_TILTS_DEG, _AZIMUTHS_DEG, indexing="ij")
    planes = {"tilt_deg": tilts.ravel(), "azimuth_deg": azimuths.ravel(), "horizon_deg": np.zeros((tilts.size, 1))}
    found = physics(territory.year, territory.transposition, **planes, **REFERENCE)
    return np.asarray(found["monthly_yield"]).reshape(*tilts.shape, 12)


def _unshaded_table(territory: SolarTerritory) -> Any:
    table = _open_table(territory)

    def answer(xp: Any, tilt_deg: Any, azimuth_deg: Any) -> Arrays:
        return _of_months(xp, bilinear(ArrayPlanes(xp, tilt_deg, azimuth_deg), _TILTS_DEG, _AZIMUTHS_DEG, table))

    return answer


def _sky_view_table(territory: SolarTerritory) -> Any:
    table, open_sky = _open_table(territory), open_sky_factors()

    def answer(xp: Any, tilt_deg: Any, azimuth_deg: Any, horizon_deg: Any) -> Arrays:
        planes = ArrayPlanes(xp, tilt_deg, azimuth_deg, horizon_deg)
        share = planes.sky_factor() / planes.of_tilt(open_sky)
        return _of_months(xp, bilinear(planes, _TILTS_DEG, _AZIMUTHS_DEG, table), share)

    return answer


def _in_steps(table: np.ndarray) -> np.ndarray:
    return np.asarray(np.rint(table / _SKY_STEP) * _SKY_STEP)


def _cumulative_sky(
    territory: SolarTerritory, n_sectors: int, inputs: Mapping[str, np.ndarray], outputs: Mapping[str, np.ndarray]
) -> Any:
    """Irradiation from cumulative-sky tables, times a monthly performance ratio of mounting and inverter ratio."""
    tables = cumulative_sky_tables(territory.year, n_sectors, _SKY_BINS, territory.transposition)
    tables = tables._replace(horizontal=_in_steps(tables.horizontal), vertical=_in_steps(tables.vertical))

    def features(xp: Any, dc_ac_ratio: Any, mounting: Any) -> Any:
        ratio = dc_ac_ratio[:, None]
        return xp.concat([one_hot(xp, mounting, len(MOUNTINGS)), ratio, ratio * ratio], axis=1)

    planes = ArrayPlanes(np, *(inputs[name] for name in ("tilt_deg", "azimuth_deg", "horizon_deg")))
    received = irradiation(planes, tables, inputs["albedo"])
    known = features(np, inputs["dc_ac_ratio"], inputs["mounting"])
    # least squares of yield over irradiation, month by month
    ratios = [
        np.linalg.lstsq(known * received[:, [month]], outputs["monthly_yield"][:, month], rcond=None)[0]
        for month in range(12)
    ]
    ratio = np.stack(ratios, axis=1)

    def answer(xp: Any, tilt_deg: Any, azimuth_deg: Any, horizon_deg: Any, albedo: Any, **installed: Any) -> Arrays:
        planes = ArrayPlanes(xp, tilt_deg, azimuth_deg, horizon_deg)
        performance = features(xp, **installed) @ ratio
        monthly = irradiation(planes, tables, albedo) * performance
        unshaded = xp.sum(irradiation(planes, tables, albedo, obstructed=False) * performance, axis=1)
        yearly = xp.sum(monthly, axis=1)
        loss = yearly / xp.maximum(unshaded, 1e-9) * -1.0 + 1.0
        return {"monthly_yield": monthly, "yearly_yield": yearly, "shading_loss": loss}

    return answer


def _year(territory: SolarTerritory, year: Callable[[], SolarYear]) -> dict[str, Any]:
    """The physics on the sectors of the horizon: its kernel, and the same as arrays."""

    def answer(xp: Any, tilt_deg: Any, azimuth_deg: Any, horizon_deg: Any, **installed: Any) -> Arrays:
        planes = ArrayPlanes(xp, tilt_deg, azimuth_deg, horizon_deg)
        monthly, unshaded = monthly_yields(planes, year(), PLANT, territory.transposition, **installed)
        yearly = xp.sum(monthly, axis=1)
        loss = yearly / xp.maximum(unshaded[:, 0], 1e-9) * -1.0 + 1.0
        return {"monthly_yield": monthly, "yearly_yield": yearly, "shading_loss": loss}

    def program(**inputs: Any) -> Arrays:
        return physics(year(), territory.transposition, **inputs)

    return {"answer": answer, "program": program}
