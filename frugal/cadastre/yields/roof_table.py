"""Planes and buildings of a tile as tables, in the columns that files and map share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from frugal.cadastre.job.job import Job, sky_of
from frugal.cadastre.job.sectors import N_SECTORS
from frugal.cadastre.roofs.segmentation import RoofPlane
from frugal.cadastre.roofs.usable_area import UsableRules
from frugal.cadastre.shading.horizons import plane_horizons
from frugal.cadastre.shading.plane_irradiation import compass_losses
from frugal.cadastre.yields.uncertainty import spread
from frugal.cadastre.yields.yields import plane_yields
from frugal.formats.rasters.surface_model import SurfaceModel

if TYPE_CHECKING:
    import geopandas

    from frugal.cadastre.shading.distant_hills import DistantHorizon

#: Sums of a building over its planes.
_SUMS = {
    "roof_area_m2": "area_m2",
    "usable_area_m2": "usable_area_m2",
    "power_kwp": "power_kwp",
    "yield_kwh": "yield_kwh",
    "co2_avoided_kg": "co2_avoided_kg",
}


def planes_table(
    job: Job,
    segmented: Sequence[tuple[str, Sequence[RoofPlane]]],
    surface: SurfaceModel,
    rules: UsableRules,
    *,
    bare: SurfaceModel | None = None,
    distant_horizon: Callable[[], DistantHorizon | None] = lambda: None,
) -> geopandas.GeoDataFrame:
    """Planes of several buildings with their yields; empty where there is none.

    Parameters
    ----------
    job : Job
    segmented : sequence of (str, sequence of RoofPlane)
        Planes by building, the largest first.
    surface : SurfaceModel
        The one they were found in, with its halo.
    rules : UsableRules
    bare : SurfaceModel, optional
        The same without vegetation.
    distant_horizon : callable
        Gives what is seen beyond; asked only where there are planes.
    """
    import geopandas

    planes = [plane for _, found in segmented for plane in found]
    buildings = [building for building, found in segmented for _ in found]
    numbers = [number for _, found in segmented for number in range(1, len(found) + 1)]
    if not planes:
        return geopandas.GeoDataFrame(geometry=[], crs=job.crs)
    sky = sky_of(job.site, job.model, N_SECTORS)
    tilt = np.array([plane.module_tilt_deg for plane in planes])
    flat = np.array([plane.flat for plane in planes])
    azimuth = np.array([plane.azimuth_deg for plane in planes])
    azimuth = np.where(flat, azimuth, (azimuth + job.grid_turn_deg) % 360.0)
    horizons = plane_horizons(
        surface,
        planes,
        job.reach_m,
        job.grid_turn_deg,
        sky.tables,
        bare=bare,
        far_horizon_deg=_seen_from(planes, distant_horizon(), job, surface),
    )
    yields = plane_yields(
        sky.predictor,
        sky.tables,
        tilt,
        azimuth,
        horizons.stored,
        np.array([plane.usable_area_m2 for plane in planes]),
        flat,
        rules=rules,
        country=job.country,
    )
    interval = yields.pop("relative_interval")
    around = spread(sky.tables, planes, azimuth, horizons, interval, of_place=job.weather_spread)
    return geopandas.GeoDataFrame(
        {
            "building_id": buildings,
            "plane_id": [f"{building}-{number}" for building, number in zip(buildings, numbers, strict=True)],
            "tilt_deg": [plane.tilt_deg for plane in planes],
            "azimuth_deg": azimuth,
            "flat": flat,
            "area_m2": [plane.area_m2 for plane in planes],
            "usable_area_m2": [plane.usable_area_m2 for plane in planes],
            "residual_m": [plane.residual_m for plane in planes],
            "vintage": job.vintage,
            **yields,
            **compass_losses(sky.tables, tilt, azimuth, horizons.elevation_deg),
            "yield_p10_kwh": yields["yield_kwh"] * around.low,
            "yield_p90_kwh": yields["yield_kwh"] * around.high,
        },
        geometry=[plane.polygon for plane in planes],
        crs=job.crs,
    )


def _seen_from(
    planes: Sequence[RoofPlane], distant_horizon: DistantHorizon | None, job: Job, surface: SurfaceModel
) -> np.ndarray | None:
    """Elevation of the hills [deg] around the middle of each plane, ``[n, 36]``; None where no terrain was given."""
    if distant_horizon is None:
        return None
    middle = [(len(plane.sample_rows) - 1) // 2 for plane in planes]
    rows, columns, heights = (
        np.array([getattr(plane, name)[at] for plane, at in zip(planes, middle, strict=True)])
        for name in ("sample_rows", "sample_cols", "sample_heights_m")
    )
    first_column, _ = job.grid.columns(surface.x_min, surface.x_min + job.grid.resolution_m)
    first_row, _ = job.grid.rows(surface.y_max - job.grid.resolution_m, surface.y_max)
    return distant_horizon.elevations_at(rows + first_row, columns + first_column, heights)


def buildings_table(footprints: geopandas.GeoDataFrame, planes: geopandas.GeoDataFrame) -> geopandas.GeoDataFrame:
    """Footprints with the sums over their planes; those without a plane stay, with zeros."""
    table = footprints[["building_id", "commune", "geometry"]].reset_index(drop=True)
    if planes.empty:
        table["planes"] = 0
        for name in _SUMS:
            table[name] = 0.0
        return table
    grouped = planes.groupby("building_id")
    table["planes"] = table["building_id"].map(grouped.size()).fillna(0).astype(int)
    for name, source in _SUMS.items():
        table[name] = table["building_id"].map(grouped[source].sum()).fillna(0.0)
    return table
