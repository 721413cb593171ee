"""What every tile of a cadastre is computed with. Plain values only: a job travels to other machines as it is."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from frugal.cadastre.job.program_digest import program_digest
from frugal.formats.rasters.tiling import TileGrid

if TYPE_CHECKING:
    from frugal.physics.solar.sky import CumulativeSky
    from frugal.studies.solar.roof_yield.site import SolarTerritory
    from frugal.surrogates.bundle.predictor import Predictor

#: A building may go on so far beyond the tile that its inner point lies in.
FARTHEST_PART_M = 150.0


@dataclass(frozen=True)
class Job:
    """The choices and files that fix the answer of every tile.

    Parameters
    ----------
    grid : Grid
    crs : str
    surface, bare, roofs : tuple of str
        Rasters of the surface, of the surface without vegetation and of the roof class; the last two may be empty.
    footprints : str
        Polygons with ``building_id`` and ``commune`` in the system of the grid; empty where tiles find their own.
    terrain : str
        Raster of the terrain around, in the system of the grid; empty where none was given.
    model : str
        ONNX file of `roof_yield`.
    site : str
        Settings of `roof_yield`, as JSON.
    azimuths : int
    reach_m, setback_m : float
    grid_turn_deg : float
        Azimuth of grid north.
    reference_height_m, is_synthetic
        About the height of the surface, and whether it was made by a program, not surveyed: for tiles that find their own
        footprints.
    weather_spread : float
        Standard deviation of the light of the place relative to that of its weather.
    maps : bool
    maps_of : str
    country : str
    vintage : str
    folder : str
        Where finished tiles go.
    digest : str
        Hash of the contents of all files.
    """

    grid: TileGrid
    crs: str
    surface: tuple[str, ...]
    bare: tuple[str, ...]
    roofs: tuple[str, ...]
    footprints: str
    terrain: str
    model: str
    site: str
    azimuths: int
    reach_m: float
    setback_m: float
    grid_turn_deg: float
    reference_height_m: float
    is_synthetic: bool
    weather_spread: float
    maps: bool
    maps_of: str
    country: str
    vintage: str
    folder: str
    digest: str

    @property
    def halo_cells(self) -> int:
        """Cells around a tile that its answer depends on.

        Twice the reach, as `frugal.physics.solar.irradiation_map` needs; or the reach seen from the farthest part of a
        building that belongs to the tile.
        """
        width = max(2.0 * self.reach_m, self.reach_m + FARTHEST_PART_M)
        return int(np.ceil(width / self.grid.resolution_m)) + 4

    def hash(self) -> str:
        """Identifies the answer: everything but where files lie, and the program that computes it."""
        content = asdict(self)
        content["program"] = program_digest()
        for name in ("surface", "bare", "roofs", "footprints", "terrain", "model", "folder"):
            content.pop(name)
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Sky:
    """Weather and answers that the tiles of one process share."""

    territory: SolarTerritory
    tables: CumulativeSky
    predictor: Predictor


@lru_cache(maxsize=2)
def sky_of(site: str, model: str, azimuths: int) -> Sky:
    """Tables of the year's light and the predictor, made once in each process.

    Parameters
    ----------
    site : str
        Settings of `roof_yield` as JSON, from `plain_site`.
    model : str
        Path of the ONNX file of `roof_yield`.
    azimuths : int
        Sectors of the tables, from true north.

    Returns
    -------
    Sky
        Those of the last two sets of arguments are kept: asked again, the same object.
    """
    from frugal.physics.solar.sky import cumulative_sky_tables
    from frugal.studies.solar.roof_yield.site import RoofYieldSite, SolarTerritory
    from frugal.surrogates.bundle.predictor import Predictor

    territory = SolarTerritory(RoofYieldSite.model_validate(json.loads(site)))
    # Each place of the sun is shared between four sectors: open planes then err by less than 0.1 % with 36.
    tables = cumulative_sky_tables(territory.year, azimuths, transposition=territory.transposition, shared_between=4)
    return Sky(territory, tables, Predictor(Path(model)))


def plain_site(site: Any) -> str:
    """Settings of a site as JSON that `sky_of` reads, without its surface models, which only the training uses."""
    content = site.model_dump(mode="json", exclude_none=True)
    content.pop("dsm", None)
    return json.dumps(content, sort_keys=True)
