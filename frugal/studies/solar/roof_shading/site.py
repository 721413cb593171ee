"""The places of `roof_shading`: surface models to learn from, others to be judged on, and a year of weather."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import Field

from frugal.errors import UnusableInputError
from frugal.experiments.study.site import Site
from frugal.formats.rasters.surface_model import SurfaceModel, read_surface_model
from frugal.physics.solar.year import SolarYear
from frugal.studies.solar.roof_shading.coarse_view import coarse_view
from frugal.studies.solar.roof_shading.shading_ratio import shading_ratios
from frugal.studies.solar.roof_yield import site as roof_yield
from frugal.studies.solar.roof_yield.site import RoofYieldSite, sector_horizon
from frugal.studies.solar.roofs.roof_sample import FEWEST_ROOFS, Roofs, joined, true_roofs
from frugal.studies.solar.village.surface import synthetic_village
from frugal.texts import LANGUAGES, Text, decimals, room_texts

_TEXTS = room_texts("frugal.studies.solar")

#: Places are cut so many times so many from each surface model: about 90 m wide in a generated one.
_TILES = 3

#: Generated places: how far the closed rows reach (m), and how high the walls are beside those of a village.
_KINDS = ((72.0, 1.0), (160.0, 1.3), (400.0, 1.6))
_RESOLUTIONS_M = (0.5, 1.0)
N_TRAINING_PLACES, N_TEST_PLACES = 12, 30
#: Width of the generated places, to learn from and to judge on.
_TRAINING_M, _TEST_M = 256.0, 160.0


class RoofShadingSite(Site):
    """Where roofs are learnt from, and where the answers are judged.

    Parameters
    ----------
    dsm : tuple of Path
        Fine surface models to learn from; generated villages and towns where none is given.
    test_dsm : tuple of Path
        Fine surface models that nothing is learnt from: their roofs are the held-out runs. Without any, generated places of
        other seeds; where ``dsm`` is given, whole tiles of it.
    coarseness : int
        The coarse surface has cells so many times as wide.
    weather : Path, optional
        An EPW or PVGIS file; a year is generated for the coast of Vendée without one.
    transposition : str
        Model of the diffuse sky.
    roofs_per_dsm : int
        Most roofs taken from one surface model.
    seed : int
        Of the generated weather and places, and of the choice of roofs.
    """

    dsm: tuple[Path, ...] = ()
    test_dsm: tuple[Path, ...] = ()
    coarseness: int = Field(4, ge=2, le=10)
    weather: Path | None = None
    transposition: Literal["hay_davies", "perez"] = "hay_davies"
    roofs_per_dsm: int = Field(400, ge=FEWEST_ROOFS, le=100_000)
    seed: int = Field(0, ge=0)


@dataclass(frozen=True)
class SeenRoofs(Roofs):
    """Roofs with their true horizon over the fine surface, and with what the coarse one shows of them.

    Parameters
    ----------
    seen : ndarray, shape (n, d)
        Inputs of the study.
    tested : ndarray of bool
        It stands on a surface that nothing is learnt from.
    """

    seen: np.ndarray
    tested: np.ndarray


class ShadingTerritory:
    """A site with its files read; the roofs are searched when they are first asked for."""

    def __init__(self, site: RoofShadingSite, n_sectors: int) -> None:
        self.site = site
        self.n_sectors = n_sectors
        sky = {"weather": site.weather, "transposition": site.transposition, "seed": site.seed}
        self._sky = roof_yield.SolarTerritory(RoofYieldSite.model_validate(sky))
        self.weather, self.transposition = self._sky.weather, self._sky.transposition
        self.surfaces = [read_surface_model(path) for path in site.dsm] or _generated(
            site, N_TRAINING_PLACES, 0, _TRAINING_M
        )
        self.test_surfaces = [read_surface_model(path) for path in site.test_dsm]
        if not site.dsm and not site.test_dsm:
            self.test_surfaces = _generated(site, N_TEST_PLACES, N_TRAINING_PLACES, _TEST_M)
        learnt = {surface.sha256: surface.source for surface in self.surfaces}
        for surface in self.test_surfaces:
            if surface.sha256 in learnt:
                raise UnusableInputError(
                    f"test_dsm '{surface.source}' is also among the surface models to learn from ('dsm'); "
                    "it must be another place"
                )

    @property
    def year(self) -> SolarYear:
        """Every daylight hour of the year."""
        return self._sky.year

    @cached_property
    def roofs(self) -> SeenRoofs:
        """Roofs of all surface models; planes and horizons with azimuths from true north."""
        found = [self._seen(surface, False) for surface in self.surfaces]
        return joined([*found, *(self._seen(surface, True) for surface in self.test_surfaces)])

    def _seen(self, surface: SurfaceModel, tested: bool) -> SeenRoofs:
        site = self.site
        roofs, points = true_roofs(surface, site.roofs_per_dsm, site.seed, _TILES)
        view = coarse_view(surface, points, site.coarseness)
        ratio = shading_ratios(self.year, roofs.tilt_deg, roofs.azimuth_deg, view.horizon_deg, self.transposition)
        cell = np.full((len(roofs), 1), site.coarseness * surface.resolution_m)
        sectors = np.minimum(sector_horizon(view.horizon_deg, self.n_sectors), 85.0)
        columns = (roofs.tilt_deg[:, None], roofs.azimuth_deg[:, None], sectors, ratio, cell, view.relief)
        return SeenRoofs(**vars(roofs), seen=np.concatenate(columns, axis=1), tested=np.full(len(roofs), tested))

    def fine_surface(self) -> Text:
        """What the truth needs and nobody has where the study is asked, in words."""
        cells = sorted({round(surface.resolution_m, 2) for surface in (*self.surfaces, *self.test_surfaces)})
        alternatives = {
            language: _TEXTS.phrase("roof_shading.or", language).join(decimals(f"{cell:g}")[language] for cell in cells)
            for language in LANGUAGES
        }
        return _TEXTS.say("roof_shading.fine_surface", cells=alternatives)

    @property
    def origin(self) -> str:
        """Where the roofs that judge and the weather come from: each ``generated`` or ``given``, joined by a line."""
        given = (bool(self.site.dsm or self.site.test_dsm), self.site.weather is not None)
        return "_".join("given" if part else "generated" for part in given)

    def definition(self) -> str:
        """Hash of the weather, the surface models and the choices that fix the answers."""
        parts = [self.weather.sha256, *(s.sha256 for s in self.surfaces), "judged on"]
        parts += [surface.sha256 for surface in self.test_surfaces]
        site = self.site
        parts += [site.transposition, str(site.coarseness), str(site.roofs_per_dsm), str(site.seed)]
        return hashlib.sha256("|".join(parts).encode()).hexdigest()


def _generated(site: RoofShadingSite, n: int, first: int, size_m: float) -> list[SurfaceModel]:
    """Villages and towns in turn, at both resolutions."""
    places = []
    for number in range(n):
        radius, walls = _KINDS[number % len(_KINDS)]
        resolution = _RESOLUTIONS_M[number // len(_KINDS) % len(_RESOLUTIONS_M)]
        seed = 1000 + site.seed * (N_TRAINING_PLACES + N_TEST_PLACES) + first + number
        places.append(synthetic_village(seed, size_m, resolution, centre_radius_m=radius, wall_factor=walls))
    return places
