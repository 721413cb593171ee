"""What a cadastre is made from and how."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

#: Obstacles are searched within this distance, and at most twice as far.
REACH_M = 200.0


class CadastreSettings(BaseModel):
    """Inputs and choices of a cadastre.

    Parameters
    ----------
    inputs : tuple of Path
        Point clouds (LAS, LAZ, COPC) or surface models (GeoTIFF, COG), files or folders; a generated village where none is
        given.
    buildings : Path, optional
        Footprints; without them, point class 6, or the roofs that the surface itself shows.
    communes : Path, optional
        Polygons with a name or code, for the table by commune.
    terrain : Path, optional
        Coarse terrain model around the territory, whose hills hide the sun too.
    crs : str, optional
        Coordinate system of inputs that carry none.
    resolution_m : float, optional
        Side of a cell, for point clouds; 0.5 m where there are four points per square metre or more, 1 m elsewhere.
    tile_m : float, optional
        Side of a tile; 1,000 m at cells of less than 1 m, else 2,000 m.
    reach_m : float
        Distance in which obstacles are searched.
    azimuths : int
        Sectors of the horizon for the map.
    setback_m : float
        Strip along the edges of a plane that stays free of modules.
    bundle : Path, optional
        Answer of `roof_yield`; one is trained for this territory where none is given.
    candidate : str, optional
        Another candidate of that bundle than the one that ships.
    shading_bundle : Path, optional
        Answer of `roof_shading`, whose verdict and audit the map tells beside that of `roof_yield`.
    n_runs : int, optional
        Runs of a bundle trained on the spot.
    site : dict
        Settings of `roof_yield`: weather, model of the sky.
    force_weather : bool
        Take weather from more than 500 km or 3° of latitude away.
    country : str
        ISO 3166 alpha-3 code; whose mix of electricity the greenhouse gases are counted of.
    vintage : str, optional
        When the survey was flown; by default what the point clouds tell.
    title : str, optional
        Name of the territory.
    maps : bool
        Write the monthly maps of irradiation.
    maps_of : str
        ``all`` cells, or those of ``buildings`` alone, which take a tenth of the room.
    threads : int, optional
        Tiles computed at a time; one per core by default.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    inputs: tuple[Path, ...] = ()
    buildings: Path | None = None
    communes: Path | None = None
    terrain: Path | None = None
    crs: str | None = None
    resolution_m: float | None = Field(None, ge=0.2, le=2.0)
    tile_m: float | None = Field(None, ge=50.0, le=20_000.0)
    reach_m: float = Field(REACH_M, ge=20.0, le=2_000.0)
    azimuths: int = Field(36, ge=8, le=360)
    setback_m: float = Field(0.4, ge=0.0, le=3.0)
    bundle: Path | None = None
    candidate: str | None = None
    shading_bundle: Path | None = None
    n_runs: int | None = Field(None, ge=64)
    site: dict[str, str] = Field(default_factory=dict)
    force_weather: bool = False
    country: str = "FRA"
    vintage: str | None = None
    title: str | None = None
    maps: bool = True
    maps_of: Literal["all", "buildings"] = "all"
    threads: int | None = Field(None, ge=1)
