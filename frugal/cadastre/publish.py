"""From finished tiles to the files and the map that people use."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from frugal.cadastre.job.folder import withdraw
from frugal.cadastre.job.job import Job, sky_of
from frugal.cadastre.job.result import Cadastre
from frugal.cadastre.job.settings import CadastreSettings
from frugal.cadastre.tables.classes import YieldClass, class_of, classes_for, qgis_style
from frugal.cadastre.tables.columns import BUILDINGS, PLANES
from frugal.cadastre.tables.files import write_communes, write_geopackage, write_geoparquet
from frugal.cadastre.territory.surfaces import Prepared
from frugal.cadastre.tiles.irradiation_rasters import write_mosaic
from frugal.cadastre.tiles.store import TileReport
from frugal.cadastre.web_map.notes import README, public_notes, write_notes
from frugal.cadastre.yields.weather_of_place import notes_on_weather
from frugal.cadastre.yields.yield_model import YieldModel
from frugal.formats.rasters.mosaic import Mosaic, open_rasters
from frugal.formats.rasters.tiling import Bounds, plan_tiles
from frugal.formats.weather.nearness import Separation, middle_of
from frugal.texts import room_texts
from frugal.web.relief_tiles import write_background

if TYPE_CHECKING:
    import geopandas
    import pandas

    from frugal.formats.rasters.surface_model import SurfaceModel
    from frugal.formats.weather.hourly_year import Weather

_TEXTS = room_texts("frugal.cadastre")

#: Longitudes and latitudes that hold metropolitan France; islands overseas have grids of their own.
_FRENCH_GRID = (-5.3, 41.2, 9.7, 51.2)

#: Larger territories get a map without the local surfaces, which would weigh more than all else.
LARGEST_WITH_SURFACES_KM2 = 60.0


def publish_cadastre(
    out: Path,
    settings: CadastreSettings,
    prepared: Prepared,
    answer: YieldModel,
    job: Job,
    reports: Sequence[TileReport],
    apart: Separation,
) -> Cadastre:
    """Write GeoPackage, GeoParquet, communes, mosaic of the maps and the map folder.

    Parameters
    ----------
    out : Path
        Folder of the cadastre; files of an earlier run that this one does not replace are taken away.
    settings : CadastreSettings
    prepared : Prepared
        The survey, with what could not be used of it.
    answer : YieldModel
    job : Job
        Whose tiles are read.
    reports : sequence of TileReport
        Of the tiles that could be computed.
    apart : Separation
        How far the territory lies from its weather.

    Returns
    -------
    Cadastre
        With the numbers of what was made, but for what the making cost.
    """
    planes, buildings = (_joined(job, reports, name) for name in ("planes", "buildings"))
    if job.maps:
        files = [Path(job.folder) / report.name / "irradiation.tif" for report in reports]
        present = [file for file in files if file.exists()]
        if present:
            bounds = _snapped(job, prepared.bounds)
            write_mosaic(out / "irradiation.vrt", present, job.crs, bounds, job.grid.resolution_m)
    year = sky_of(job.site, job.model, job.azimuths).territory.weather
    weather = told_weather(year, apart)
    notes = [
        *notes_on_weather(settings, apart, year.source),
        *notes_on_roofs(job),
        *prepared.notes,
        *answer.notes,
        *year.notes,
        *_notes_on_grid(settings, prepared),
    ]
    if planes is None or buildings is None:
        withdraw(out, "cadastre.gpkg", "roof_planes.parquet", "communes.csv", "map", README)
        notes.append("No roof plane of 10 m² was found: there is no map of roofs.")
        if job.maps:
            write_notes(out, notes, weather)
        return Cadastre(out, failures=prepared.failures, notes=notes)
    classes = classes_for(_best_yield(job))
    planes["class"] = class_of(classes, planes["specific_yield"].to_numpy())
    buildings["class"] = best_classes(planes, buildings)
    if settings.communes is not None:
        _name_communes(buildings, settings.communes, job.crs, prepared.bounds)
    _write_tables(out, planes, buildings, classes)
    write_notes(out, notes, weather)
    return Cadastre(
        out,
        map_folder=_write_map(out, settings, prepared, answer, job, planes, buildings, classes, weather, notes),
        buildings=len(buildings),
        with_planes=int((buildings["planes"] > 0).sum()),
        planes=len(planes),
        sums={name: float(planes[name].sum()) for name in ("power_kwp", "yield_kwh", "area_m2", "usable_area_m2")},
        failures=prepared.failures,
        notes=notes,
    )


def _notes_on_grid(settings: CadastreSettings, prepared: Prepared) -> list[str]:
    """Where the grid of electricity is not that of the place."""
    notes = []
    latitude, longitude = middle_of(prepared.bounds, prepared.crs)
    west, south, east, north = _FRENCH_GRID
    if settings.country == "FRA" and not (west < longitude < east and south < latitude < north):
        notes.append(
            "CO₂ is that of the electricity of metropolitan France, where this territory does not lie (--country CODE)"
        )
    return notes


def notes_on_roofs(job: Job) -> list[str]:
    """What a cadastre without footprints does not know."""
    if job.footprints:
        return []
    notes = ["No footprints were given: houses that adjoin are one building, and have one number (--buildings FILE)."]
    if not job.roofs:
        notes.append(
            "Without footprints and without points classed as buildings, roofs are found on the surface itself: only a part of "
            "the roof area is found (13 to 26 % on two surveys with known footprints), and the sums are those of this part."
        )
    return notes


def best_classes(planes: pandas.DataFrame, buildings: pandas.DataFrame) -> np.ndarray:
    """Class of the best plane of each building that modules fit on; 0 where there is none.

    Slivers and roofs full of obstacles would else give their class to a building that cannot use them.
    """
    best = planes[planes["power_kwp"] > 0].groupby("building_id")["class"].max()
    return buildings["building_id"].map(best).fillna(0).to_numpy(dtype=int)


def _joined(job: Job, reports: Sequence[TileReport], name: str) -> geopandas.GeoDataFrame | None:
    """Rows of all tiles, in order of their tile."""
    import geopandas
    import pandas

    files = [Path(job.folder) / report.name / f"{name}.parquet" for report in reports]
    frames = [geopandas.read_parquet(file) for file in files if file.exists()]
    if not frames:
        return None
    whole = geopandas.GeoDataFrame(pandas.concat(frames, ignore_index=True), crs=job.crs)
    key = "plane_id" if name == "planes" else "building_id"
    return whole.sort_values(key, ignore_index=True)


def _snapped(job: Job, bounds: Bounds) -> Bounds:
    return job.grid.bounds(job.grid.columns(bounds[0], bounds[2]), job.grid.rows(bounds[1], bounds[3]))


def _best_yield(job: Job) -> float:
    """Yield per kWp of the best unshaded plane of the site [kWh/kWp]."""
    predictor = sky_of(job.site, job.model, job.azimuths).predictor
    tilt, azimuth = np.meshgrid(np.arange(0.0, 61.0, 5.0), np.arange(0.0, 360.0, 15.0))
    return float(predictor({"tilt_deg": tilt.ravel(), "azimuth_deg": azimuth.ravel()})["yearly_yield"].max())


def told_weather(weather: Weather, apart: Separation) -> dict[str, Any]:
    """Source of the weather, how far away it was measured, and what that adds to the spread of yields."""
    return {
        "source": weather.source,
        "attribution": weather.attribution,
        "distance_km": round(apart.distance_km, 1),
        "latitude_apart_deg": round(apart.latitude_deg, 2),
        "spread_of_place": round(apart.standard_deviation, 4),
    }


def _name_communes(buildings: geopandas.GeoDataFrame, path: Path, crs: str, bounds: Bounds) -> None:
    """Give each building the commune that its inner point lies in."""
    import geopandas

    from frugal.formats.vectors.footprints import COMMUNES, read_footprints

    areas = read_footprints(path, crs, bounds, what=COMMUNES)
    areas["commune"] = np.where(areas["commune"] != "", areas["commune"], areas["building_id"])
    points = geopandas.GeoDataFrame(geometry=buildings.geometry.representative_point(), crs=crs)
    joined = geopandas.sjoin(points, areas[["commune", "geometry"]], how="left", predicate="within")
    joined = joined[~joined.index.duplicated()]
    buildings["commune"] = joined["commune"].fillna("").to_numpy()


def _write_tables(
    out: Path,
    planes: geopandas.GeoDataFrame,
    buildings: geopandas.GeoDataFrame,
    classes: tuple[YieldClass, ...],
) -> None:
    styles = {
        layer: {
            _TEXTS.phrase("style.classes", language): qgis_style(classes, columns, language, none=none)
            for language in ("fr", "en")
        }
        for layer, columns, none in (("roof_planes", PLANES, False), ("buildings", BUILDINGS, True))
    }
    write_geopackage(out / "cadastre.gpkg", {"roof_planes": planes, "buildings": buildings}, styles)
    write_geoparquet(out / "roof_planes.parquet", planes)
    write_communes(out / "communes.csv", buildings)


def _write_map(
    out: Path,
    settings: CadastreSettings,
    prepared: Prepared,
    answer: YieldModel,
    job: Job,
    planes: geopandas.GeoDataFrame,
    buildings: geopandas.GeoDataFrame,
    classes: tuple[YieldClass, ...],
    weather: dict[str, Any],
    notes: Sequence[str],
) -> Path:
    from frugal.cadastre.web_map.content import map_content
    from frugal.cadastre.web_map.folder import write_map_folder

    content = map_content(settings, prepared, answer, job, classes, weather, planes, buildings)
    content.told["notes"] = public_notes(notes)
    folder = out / "map"
    local = _known_km2(prepared) <= LARGEST_WITH_SURFACES_KM2
    background = out / "work" / "background.pmtiles"
    if local:
        write_background(background, _surface_of(job), prepared.bounds)
    write_map_folder(
        folder,
        content.told,
        planes,
        buildings,
        job_model(job),
        content.sky_table,
        surfaces=_surfaces(job, prepared) if local else None,
        background=background if local else None,
        audit_pages=content.audit_pages,
    )
    return folder


def job_model(job: Job) -> bytes:
    """The ONNX file that the yields came from."""
    return Path(job.model).read_bytes()


def _known_km2(prepared: Prepared) -> float:
    west, south, east, north = prepared.bounds
    return (east - west) * (north - south) / 1e6


def _surface_of(job: Job) -> Mosaic:
    return open_rasters([Path(path) for path in job.surface], crs=job.crs, examine=False)


def _surfaces(job: Job, prepared: Prepared) -> Iterator[SurfaceModel]:
    """The surface, square by square."""
    mosaic = _surface_of(job)
    for tile in plan_tiles(job.grid, prepared.bounds, job.grid.whole(500.0)):
        yield mosaic.read(job.grid.bounds(tile.columns, tile.rows))
