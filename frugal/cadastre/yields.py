"""What each roof plane yields: its horizon, one row for the answer of `roof_yield`, and power.

The horizon of a plane is the mean of those seen from up to nine cells spread evenly over it, in 72 azimuths from true
north, reduced to 36 sectors as the study does. What one horizon lets through is not the mean of what nine let through: so
the mean is scaled by one factor per plane, such that the light of a year is that mean. It is kept as one byte per sector.
These bytes, not the elevations before rounding, go into the answer, in Python and in a browser alike, so that both give the
same numbers.

Rows are answered in batches of one size: matrix products of another size may differ in their last bit, and a plane would
then depend on how many others its tile has.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from frugal.audit.impacts.factors import load_factors
from frugal.cadastre.roof_planes import RoofPlane
from frugal.cadastre.usable_area import UsableRules, power_kwp
from frugal.errors import UnusableInputError
from frugal.experiments.studies.roof_yield.site import TRUTH_AZIMUTHS
from frugal.formats.raster import SurfaceModel
from frugal.physics.solar.horizon import horizon_at_points
from frugal.physics.solar.sky import CumulativeSky, plane_irradiation
from frugal.surrogates.predictor import Predictor

#: Elevation that one unit of a stored horizon stands for.
HORIZON_STEP_DEG = 0.35

#: Highest that is stored, just below the 85° that `roof_yield` knows.
_HIGHEST_BYTE = 242

#: Between these the factor is sought that makes one horizon let through what nine do; halved so often it is right to 0.0001.
_SMALLEST_FACTOR, _LARGEST_FACTOR, _HALVINGS = 0.5, 3.0, 14

N_SECTORS = 36
_BATCH = 32


@dataclass(frozen=True)
class Installation:
    """What is taken to be installed: the inputs of `roof_yield` besides the roof."""

    albedo: float = 0.2
    dc_ac_ratio: float = 1.15
    mounting: int = 1


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
    """36 sectors from 72 azimuths, as `frugal.experiments.studies.roof_yield.site.sector_horizon` has them.

    Written out as a sum in a fixed order: a matrix product may depend on the number of rows.
    """
    before, after = np.roll(horizon_deg, 1, axis=-1), np.roll(horizon_deg, -1, axis=-1)
    return (0.25 * before + 0.5 * horizon_deg + 0.25 * after)[..., ::2]


def plane_horizons(
    surface: SurfaceModel,
    planes: Sequence[RoofPlane],
    reach_m: float,
    grid_turn_deg: float,
    tables: CumulativeSky,
    *,
    albedo: float = 0.2,
    height_noise_m: float = 0.1,
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
    far_horizon_deg : ndarray, shape (36,), optional
        Horizon of the hills beyond, which a nearer obstacle may exceed.

    Returns
    -------
    Horizons
    """
    if not planes:
        return Horizons(np.zeros((0, N_SECTORS), dtype=np.uint8), np.zeros((0, N_SECTORS)), np.zeros(0))
    azimuths = (np.arange(TRUTH_AZIMUTHS) * 360.0 / TRUTH_AZIMUTHS - grid_turn_deg) % 360.0
    counts = np.array([len(plane.sample_rows) for plane in planes])
    owner, ends = np.repeat(np.arange(len(planes)), counts), np.cumsum(counts)
    middle = ends - counts + (counts - 1) // 2
    # After the points of all planes, the middle ones once more, lower by the error of the heights.
    which = np.append(np.arange(ends[-1]), middle)
    rows = np.concatenate([plane.sample_rows for plane in planes])[which]
    cols = np.concatenate([plane.sample_cols for plane in planes])[which]
    heights = np.concatenate([plane.sample_heights_m for plane in planes])[which]
    heights[ends[-1] :] -= np.hypot(height_noise_m, [plane.height_error_m for plane in planes])
    seen = horizon_at_points(surface.heights, surface.resolution_m, rows, cols, heights, azimuths, reach_m)
    sectors = reduced(np.clip(seen, 0.0, 90.0))
    if far_horizon_deg is not None:
        sectors = np.maximum(sectors, far_horizon_deg)
    points, error = sectors[: ends[-1]], sectors[ends[-1] :] - sectors[middle]
    tilt = np.array([plane.tilt_deg for plane in planes])
    azimuth = np.array([plane.azimuth_deg + (0.0 if plane.flat else grid_turn_deg) for plane in planes])

    def light(horizon: np.ndarray, of: np.ndarray) -> np.ndarray:
        return yearly_irradiation(tables, tilt[of], azimuth[of], horizon, albedo)

    shares = np.split(light(points, owner), ends[:-1])
    wanted = np.array([share.sum() / len(share) for share in shares])
    of_sample = [share.std(ddof=1) / np.sqrt(len(share)) if len(share) > 1 else 0.0 for share in shares]
    mean = np.array([own.sum(axis=0) / len(own) for own in np.split(points, ends[:-1])])
    stored = as_bytes(_scaled(mean, wanted, lambda horizon: light(horizon, np.arange(len(planes)))))
    return Horizons(stored, error, np.array(of_sample) / np.maximum(wanted, 1e-9))


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
    return np.array([v.low if v.default is None else v.default for v in predictor.inputs], dtype=float)


def answer_rows(
    tilt_deg: np.ndarray, azimuth_deg: np.ndarray, horizon_deg: np.ndarray, installation: Installation
) -> np.ndarray:
    """Inputs of `roof_yield` for planes whose azimuth is counted from true north."""
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


def yearly_irradiation(
    tables: CumulativeSky, tilt_deg: np.ndarray, azimuth_deg: np.ndarray, horizon_deg: np.ndarray, albedo: float
) -> np.ndarray:
    """Irradiation of planes in a year [kWh/m²] behind horizons in 36 sectors, whatever sectors the tables have."""
    n = len(tilt_deg)
    azimuth = np.broadcast_to(np.asarray(azimuth_deg, dtype=np.float64), n)
    horizon = _in_sectors(np.asarray(horizon_deg, dtype=np.float64), len(tables.horizontal))
    year = CumulativeSky(*(table.sum(axis=-1, keepdims=True) for table in tables))
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


def _in_sectors(horizon_deg: np.ndarray, n_sectors: int) -> np.ndarray:
    """Horizon interpolated linearly between the middles of its sectors."""
    own = horizon_deg.shape[1]
    if own == n_sectors:
        return horizon_deg
    place = np.arange(n_sectors) * own / n_sectors
    low = place.astype(np.int64)
    share = place - low
    return horizon_deg[:, low % own] * (1.0 - share) + horizon_deg[:, (low + 1) % own] * share


class AvoidedCarbon(NamedTuple):
    """Factor that yields are multiplied with, its source, and what it means."""

    kg_per_kwh: float
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
    meaning = {
        "en": "What as much electricity of the country's mean mix emits, over the life cycle. The making of the modules is "
        "not taken off (about 40 g CO₂e/kWh for modules made in Asia, ADEME, INCER-ACV, 2021), nor is it known which "
        "power station produces less in its place.",
        "fr": "Ce qu'émet autant d'électricité du mix moyen du pays, sur son cycle de vie. La fabrication des modules n'est "
        "pas déduite (environ 40 g CO₂e/kWh pour des modules fabriqués en Asie, ADEME, INCER-ACV, 2021), et l'on ne "
        "sait pas quelle centrale produit moins à la place.",
    }
    return AvoidedCarbon(factor.value / 1000.0, f"{factor.source}, {factor.year}", meaning)
