"""Ground of a site with what stands on it: roughness from land cover, buildings counted, as obstacles or as roughness."""

from __future__ import annotations

import numpy as np

from frugal.errors import UnusableInputError
from frugal.formats.rasters.surface_model import SurfaceModel
from frugal.studies.flood.cover.buildings import BLOCKED_SHARE, beside_obstacles, covered_share
from frugal.studies.flood.cover.roughness import cover_roughness, roughness_table
from frugal.studies.flood.terrain.ground_checks import check_files, count_buildings
from frugal.studies.flood.terrain.site import RiverFloodSite, SubmersionSite
from frugal.studies.flood.terrain.terrain import FloodTerrain
from frugal.texts import Text, room_texts

_TEXTS = room_texts("frugal.studies.flood")


def on_ground(
    ground: SurfaceModel,
    bed: np.ndarray,
    manning: np.ndarray,
    land: np.ndarray,
    site: SubmersionSite | RiverFloodSite,
) -> FloodTerrain:
    """A terrain where a file has its ground, without river or dike yet.

    Parameters
    ----------
    ground : SurfaceModel
    bed, manning : ndarray [y, x]
        Heights above the zero of the study [m] and roughness.
    land : ndarray of bool [y, x]
    site : SubmersionSite or RiverFloodSite
        Names the buildings.
    """
    counted, notes = count_buildings(site.buildings, ground, land)
    manning, told = _rough(ground, manning, land, site)
    notes = (*notes, *told)
    blocked = None
    if site.buildings is not None and site.buildings_as != "counted":
        share = np.where(land, covered_share(site.buildings, ground.crs, _transform(ground), bed.shape), 0.0)
        if site.buildings_as == "roughness":
            manning = (1.0 - share) * manning + share * site.buildings_manning
        else:
            blocked = share > BLOCKED_SHARE
            counted = beside_obstacles(counted, blocked, land & ~blocked, bed)
    if ground.converted_from:
        notes = (_TEXTS.say("note.converted", path=ground.source, unit=ground.converted_from), *notes)
    return FloodTerrain(
        bed=bed,
        cell_size_m=ground.resolution_m,
        manning=manning,
        land=land,
        buildings=counted,
        blocked=blocked,
        x_min=ground.x_min,
        y_max=ground.y_max,
        crs=ground.crs,
        source=f"{ground.source} (SHA-256 {ground.sha256[:12]})",
        notes=notes,
    )


def _transform(ground: SurfaceModel) -> list[float]:
    return [ground.resolution_m, 0.0, ground.x_min, 0.0, -ground.resolution_m, ground.y_max]


def check_cover(site: SubmersionSite | RiverFloodSite) -> None:
    """Refuse settings of land cover and buildings that lack what they rest on."""
    if site.buildings_as != "counted" and site.buildings is None:
        raise UnusableInputError(
            f"buildings_as = '{site.buildings_as}' and the site names no buildings; give buildings = a file with footprints"
        )
    if site.land_cover is None and site.land_cover_table is not None:
        raise UnusableInputError(
            "land_cover_table is given and no land_cover; give land_cover = a raster of classes too"
        )
    if site.land_cover is not None and site.terrain is None:
        raise UnusableInputError("the site names land_cover but no terrain; give terrain = a GeoTIFF too")


def _rough(
    ground: SurfaceModel, manning: np.ndarray, land: np.ndarray, site: SubmersionSite | RiverFloodSite
) -> tuple[np.ndarray, tuple[Text, ...]]:
    """Roughness from the land cover of a site; a river keeps its own."""
    if site.land_cover is None:
        return manning, ()
    check_files(**{"land cover": site.land_cover, "land_cover_table": site.land_cover_table})
    table = roughness_table(site.land_cover_table, site.land_cover_classes)
    name = f"'{site.land_cover_table}'" if site.land_cover_table else site.land_cover_classes
    found, notes = cover_roughness(site.land_cover, table, name, ground.crs, _transform(ground), manning)
    return (np.where(land, found, manning) if isinstance(site, RiverFloodSite) else found), notes
