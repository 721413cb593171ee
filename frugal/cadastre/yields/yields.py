"""What each roof plane yields: one row for the answer of `roof_yield`, and power.

Rows are answered in batches of one size: matrix products of another size may differ in their last bit, and a plane would
then depend on how many others its tile has.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from frugal.cadastre.job.sectors import N_SECTORS
from frugal.cadastre.roofs.usable_area import UsableRules, power_kwp
from frugal.cadastre.shading.horizons import elevations
from frugal.cadastre.shading.plane_irradiation import yearly_irradiation
from frugal.errors import UnusableInputError
from frugal.metering.factors.table import load_factors
from frugal.physics.solar.sky import CumulativeSky
from frugal.surrogates.bundle.predictor import Predictor
from frugal.texts import room_texts

_TEXTS = room_texts("frugal.cadastre")

_BATCH = 32


@dataclass(frozen=True)
class Installation:
    """What is taken to be installed: the inputs of `roof_yield` besides the roof."""

    albedo: float = 0.2
    dc_ac_ratio: float = 1.15
    mounting: int = 1


def ask(predictor: Predictor, rows: np.ndarray, extrapolate: bool = False) -> dict[str, np.ndarray]:
    """Answers of `roof_yield`, the same for a row whatever other rows are asked.

    Parameters
    ----------
    predictor : Predictor
    rows : ndarray, shape (n, d)
        Inputs in the order of the study.
    """
    n = len(rows)
    if n == 0:
        template = predictor(_default_row(predictor)[None])
        return {name: answer[:0] for name, answer in template.items()}
    filled = np.concatenate([rows, np.repeat(rows[-1:], -n % _BATCH, axis=0)])
    parts = [predictor(filled[k : k + _BATCH], extrapolate) for k in range(0, len(filled), _BATCH)]
    return {name: np.concatenate([part[name] for part in parts])[:n] for name in parts[0]}


def _default_row(predictor: Predictor) -> np.ndarray:
    return np.array([v.low if v.default is None else v.default for v in predictor.layout.columns], dtype=float)


def answer_rows(
    tilt_deg: np.ndarray, azimuth_deg: np.ndarray, horizon_deg: np.ndarray, installation: Installation
) -> np.ndarray:
    """Inputs of `roof_yield` for planes whose azimuth is counted from true north.

    Parameters
    ----------
    tilt_deg : ndarray, shape (n,)
        Of the modules, from the horizontal.
    azimuth_deg : ndarray, shape (n,)
        Direction the planes face, clockwise from true north.
    horizon_deg : ndarray, shape (n, 36)
        Elevation of the horizon by sector, clockwise from true north.
    installation : Installation
        The same for all planes.

    Returns
    -------
    ndarray, shape (n, 41)
        In the order of the study: tilt, azimuth, horizon, albedo, ratio of DC to AC power, mounting.
    """
    n = len(tilt_deg)
    fixed = np.array([installation.albedo, installation.dc_ac_ratio, float(installation.mounting)])
    return np.concatenate(
        [
            np.reshape(tilt_deg, (n, 1)),
            np.reshape(azimuth_deg, (n, 1)),
            np.reshape(horizon_deg, (n, N_SECTORS)),
            np.tile(fixed, (n, 1)),
        ],
        axis=1,
    )


def plane_yields(
    predictor: Predictor,
    tables: CumulativeSky,
    tilt_deg: np.ndarray,
    azimuth_deg: np.ndarray,
    stored_horizon: np.ndarray,
    usable_area_m2: np.ndarray,
    flat: np.ndarray,
    *,
    rules: UsableRules | None = None,
    installation: Installation | None = None,
    country: str = "FRA",
) -> dict[str, np.ndarray]:
    """Irradiation, power and yields of planes.

    Parameters
    ----------
    predictor : Predictor
        Answer of `roof_yield`.
    tables : CumulativeSky
        Of the same weather.
    tilt_deg, azimuth_deg : ndarray, shape (n,)
        Azimuth clockwise from *true* north.
    stored_horizon : ndarray of uint8, shape (n, 36)
    usable_area_m2 : ndarray, shape (n,)
    flat : ndarray of bool, shape (n,)
    rules : UsableRules, optional
    installation : Installation, optional
    country : str
        ISO 3166 alpha-3 code; whose mix the electricity replaces.

    Returns
    -------
    dict of str to ndarray, shape (n,)
        ``irradiation`` [kWh/m² a year in the plane, shaded], ``shading_loss`` (share of the yearly yield), ``power_kwp``,
        ``yield_kwh``, ``yield_01_kwh`` … ``yield_12_kwh``, ``specific_yield`` [kWh/kWp], ``co2_avoided_kg`` (a year),
        ``horizon`` (hexadecimal); and ``relative_interval``, the width of the 90 % interval that the answer promises for
        the yearly yield over that yield, 0 where it promises none.
    """
    rules, installation = rules or UsableRules(), installation or Installation()
    horizon = elevations(stored_horizon)
    answers = ask(predictor, answer_rows(tilt_deg, azimuth_deg, horizon, installation))
    yearly = np.maximum(answers["yearly_yield"].astype(np.float64), 0.0)
    monthly = np.maximum(answers["monthly_yield"].astype(np.float64), 0.0)
    power = power_kwp(usable_area_m2, flat, rules)
    return {
        "irradiation": yearly_irradiation(tables, tilt_deg, azimuth_deg, horizon, installation.albedo),
        "shading_loss": np.clip(answers["shading_loss"].astype(np.float64), 0.0, 1.0),
        "power_kwp": power,
        "yield_kwh": power * yearly,
        **{f"yield_{month + 1:02d}_kwh": power * monthly[:, month] for month in range(12)},
        "specific_yield": yearly,
        "co2_avoided_kg": power * yearly * co2_avoided(country).kg_per_kwh,
        "relative_interval": _relative_interval(answers),
        "horizon": np.array([bytes(row).hex() for row in np.asarray(stored_horizon, dtype=np.uint8)], dtype=object),
    }


def _relative_interval(answers: dict[str, np.ndarray]) -> np.ndarray:
    yearly = np.maximum(answers["yearly_yield"].astype(np.float64), 1e-9)
    if "yearly_yield_lower" not in answers:
        return np.zeros(len(yearly))
    width = answers["yearly_yield_upper"].astype(np.float64) - answers["yearly_yield_lower"].astype(np.float64)
    return np.where(np.isfinite(width), np.maximum(width, 0.0), 0.0) / yearly


class AvoidedCarbon(NamedTuple):
    """Factor that yields are multiplied with, its source, and what it means."""

    kg_per_kwh: float
    low: float
    high: float
    country: str
    source: str
    meaning: dict[str, str]


def co2_avoided(country: str = "FRA") -> AvoidedCarbon:
    """Greenhouse gases of a kilowatt-hour of a country's mix.

    Parameters
    ----------
    country : str
        ISO 3166 alpha-3 code.

    Raises
    ------
    UnusableInputError
        If there is no factor for the country.
    """
    factors, name = load_factors(), f"electricity_gwp_{country}"
    if name not in factors:
        known = ", ".join(code for code in factors.countries() if f"electricity_gwp_{code}" in factors)
        raise UnusableInputError(
            f"no greenhouse gases of electricity are known for country '{country}'; known: {known}"
        )
    factor = factors[name]
    told = (factor.value / 1000.0, factor.low / 1000.0, factor.high / 1000.0)
    return AvoidedCarbon(*told, country, f"{factor.source}, {factor.year}", _TEXTS.say("avoided.meaning"))
