"""The place `roof_yield` is asked for: its weather, and the roofs of its surface models."""

from __future__ import annotations

import hashlib
import math
from functools import cached_property, lru_cache
from operator import attrgetter
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import Field, model_validator

from frugal.errors import UnusableInputError
from frugal.experiments.study.site import Site
from frugal.formats.rasters.surface_model import SurfaceModel, read_surface_model
from frugal.formats.weather.hourly_year import Weather
from frugal.formats.weather.nearness import FARTHEST_KM, FARTHEST_LATITUDE_DEG, Place, middle_of, separation
from frugal.formats.weather.pvgis import fetch_pvgis
from frugal.formats.weather.readers import read_weather
from frugal.physics.solar.transposition import HAY_DAVIES, PEREZ
from frugal.physics.solar.year import SolarYear, solar_year, typical_days
from frugal.studies.solar.roofs.roof_sample import FEWEST_ROOFS, TRUTH_AZIMUTHS, Roofs, joined, true_roofs
from frugal.studies.solar.village.surface import synthetic_village, vendee_weather

_OF_A_YEAR = attrgetter(
    *("unix_time_s", "month", "ghi", "dni", "dhi", "air_temperature_c", "wind_speed"),
    *("latitude_deg", "longitude_deg", "altitude_m"),
)

#: Villages that are generated where no surface model is given: to learn from, and to judge on, each of which is a place.
N_VILLAGES, N_TEST_VILLAGES = 4, 32
#: Roofs of a village to judge on; seeds of these villages are those of none to learn from.
ROOFS_PER_TEST_VILLAGE, _FIRST_TEST_SEED = 40, 1_000_000

#: Surface models that are given are cut into so many tiles, all together, so that several can be held out.
_TILES = 24


class RoofYieldSite(Site):
    """Where the roofs stand.

    Parameters
    ----------
    weather : Path, optional
        An EPW or PVGIS file. Without one, and without a place, a year is generated for the coast of Vendée.
    latitude_deg, longitude_deg : float, optional
        Ask PVGIS for the typical year of this place; needs a network.
    dsm : tuple of Path
        Surface models whose roofs are studied; generated villages where none is given.
    force_weather : bool, optional
        Take surface models more than 500 km or 3° of latitude from the weather.
    transposition : str
        Model of the diffuse sky.
    roofs_per_dsm : int
        Most roofs taken from one surface model.
    seed : int
        Of the generated weather and villages, and of the choice of roofs.
    """

    weather: Path | None = None
    latitude_deg: float | None = Field(None, ge=-66.0, le=66.0)
    longitude_deg: float | None = Field(None, ge=-180.0, le=180.0)
    dsm: tuple[Path, ...] = ()
    force_weather: bool | None = None
    transposition: Literal["hay_davies", "perez"] = "hay_davies"
    roofs_per_dsm: int = Field(400, ge=FEWEST_ROOFS, le=100_000)
    seed: int = Field(0, ge=0)

    @model_validator(mode="after")
    def _one_source_of_weather(self) -> RoofYieldSite:
        if (self.latitude_deg is None) != (self.longitude_deg is None):
            raise ValueError("latitude_deg and longitude_deg go together")
        if self.weather is not None and self.latitude_deg is not None:
            raise ValueError("give either a weather file or a latitude and longitude, not both")
        return self


class SolarTerritory:
    """A site with its weather read; surface models are read and roofs searched when they are first asked for."""

    def __init__(self, site: RoofYieldSite) -> None:
        self.site = site
        self.transposition = PEREZ if site.transposition == "perez" else HAY_DAVIES
        self.weather = _weather(site)
        self._test_roofs: dict[int, Roofs] = {}

    @cached_property
    def surfaces(self) -> list[SurfaceModel]:
        """The surface models whose roofs are studied."""
        return [self._near(read_surface_model(path)) for path in self.site.dsm] or [
            synthetic_village(seed) for seed in _seeds(self.site)
        ]

    def _near(self, surface: SurfaceModel) -> SurfaceModel:
        rows, columns = surface.heights.shape
        width, height = columns * surface.resolution_m, rows * surface.resolution_m
        edges = (surface.x_min, surface.y_max - height, surface.x_min + width, surface.y_max)
        here = middle_of(edges, surface.crs)
        apart = separation(here, Place(self.weather.latitude_deg, self.weather.longitude_deg))
        if apart.is_elsewhere and not self.site.force_weather:
            raise UnusableInputError(
                f"surface model '{surface.source}' lies {apart.distance_km:.0f} km and {apart.latitude_deg:.1f}° of latitude "
                f"from the weather ({self.weather.source}); at most {FARTHEST_KM:.0f} km and {FARTHEST_LATITUDE_DEG:.0f}° are "
                f"allowed: give --set weather=FILE of the place or, for PVGIS, {here.settings}; --set force_weather=true takes "
                "it as it is"
            )
        return surface

    @cached_property
    def year(self) -> SolarYear:
        """Every daylight hour of the year."""
        return solar_year(*_OF_A_YEAR(self.weather))

    @cached_property
    def typical_days(self) -> SolarYear:
        """Twelve typical days."""
        return typical_days(*_OF_A_YEAR(self.weather))

    @cached_property
    def roofs(self) -> Roofs:
        """Roofs of all surface models, with azimuths from true north."""
        site = self.site
        tiles = max(2, math.ceil(math.sqrt(_TILES / len(self.surfaces))))
        if not site.dsm:
            return joined([_roofs_of(seed, site.roofs_per_dsm, site.seed, tiles) for seed in _seeds(site)])
        return joined([true_roofs(surface, site.roofs_per_dsm, site.seed, tiles)[0] for surface in self.surfaces])

    def test_roofs(self, village: int) -> Roofs:
        """Roofs of a generated village that nothing is learnt from, by its number below `N_TEST_VILLAGES`."""
        if village not in self._test_roofs:
            seed = _test_seeds(self.site)[village]
            self._test_roofs[village] = _roofs_of(seed, ROOFS_PER_TEST_VILLAGE, self.site.seed, 1)
        return self._test_roofs[village]

    def horizon_of(self, object_id: int) -> np.ndarray:
        """True horizon of a roof by its number: first those to learn from, then `ROOFS_PER_TEST_VILLAGE` of each village."""
        village, roof = divmod(object_id - len(self.roofs), ROOFS_PER_TEST_VILLAGE)
        roofs, roof = (self.roofs, object_id) if village < 0 else (self.test_roofs(village), roof)
        return np.array(roofs.horizon_deg[roof])

    @property
    def origin(self) -> str:
        """Where roofs and weather come from: each ``generated`` or ``given``, joined by a line."""
        site = self.site
        given = (bool(site.dsm), site.weather is not None or site.latitude_deg is not None)
        return "_".join("given" if part else "generated" for part in given)

    def definition(self) -> str:
        """Hash of the weather, the surface models and the choices that fix the answers."""
        parts = [self.weather.sha256, *(surface.sha256 for surface in self.surfaces)]
        parts += [self.site.transposition, str(self.site.roofs_per_dsm), str(self.site.seed)]
        if (
            not self.site.dsm
        ):  # what generates them is what generated those to learn from, whose heights are among the parts
            parts += [f"judged on villages {list(_test_seeds(self.site))}"]
        return hashlib.sha256("|".join(parts).encode()).hexdigest()


@lru_cache(maxsize=80)
def _roofs_of(village: int, number: int, seed: int, tiles: int) -> Roofs:
    """Roofs of a generated village; a process that builds the study again does not search them again."""
    return true_roofs(synthetic_village(village), number, seed, tiles)[0]


def _seeds(site: RoofYieldSite) -> range:
    """Of the generated villages to learn from."""
    return range(site.seed * N_VILLAGES, (site.seed + 1) * N_VILLAGES)


def _test_seeds(site: RoofYieldSite) -> range:
    first = _FIRST_TEST_SEED + site.seed * N_TEST_VILLAGES
    return range(first, first + N_TEST_VILLAGES)


def _weather(site: RoofYieldSite) -> Weather:
    if site.weather is not None:
        return read_weather(site.weather)
    if site.latitude_deg is not None and site.longitude_deg is not None:
        return fetch_pvgis(site.latitude_deg, site.longitude_deg)
    return vendee_weather(site.seed)


def toward_sectors(n_sectors: int) -> dict[str, Any]:
    """Dimension and coordinates of a horizon of K sectors: where each looks, in degrees clockwise from north."""
    names = [f"{360 * k // n_sectors:03d}" for k in range(n_sectors)]
    return {"dims": ("direction",), "coords": {"direction": names}}


def sector_horizon(horizon_deg: np.ndarray, n_sectors: int) -> np.ndarray:
    """Horizon ``[n, K]`` of K sectors from that of 72 azimuths.

    Each sector takes the mean of the azimuths around its middle, the two that lie on its borders at half weight, since the
    physics interpolates linearly between the middles of sectors.

    Raises
    ------
    UnusableInputError
        If 72 is not a multiple of K.
    """
    if n_sectors < 1 or TRUTH_AZIMUTHS % n_sectors:
        raise UnusableInputError(f"{n_sectors} sectors do not divide {TRUTH_AZIMUTHS} azimuths")
    width = TRUTH_AZIMUTHS // n_sectors
    weights = np.zeros((TRUTH_AZIMUTHS, n_sectors))
    reach = width / 2
    for sector in range(n_sectors):
        for offset in range(-math.ceil(reach), math.ceil(reach) + 1):
            weight = 1.0 if abs(offset) < reach else 0.5 if abs(offset) == reach else 0.0
            weights[(sector * width + offset) % TRUTH_AZIMUTHS, sector] += weight
    return horizon_deg @ (weights / weights.sum(axis=0))
