"""Light on the roof planes of `roof_planes_delft.py`: what one horizon per plane costs, and how errors go on into yields."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import shapely

from frugal.cadastre.roofs.segmentation import RoofPlane
from frugal.cadastre.shading.horizons import Horizons, as_bytes, elevations, plane_horizons, reduced
from frugal.cadastre.shading.plane_irradiation import yearly_irradiation
from frugal.cadastre.yields.uncertainty import spread
from frugal.formats.point_clouds.surfaces import Surfaces
from frugal.formats.rasters.surface_model import SurfaceModel, grid_convergence_deg
from frugal.physics.solar.horizon import horizon_at_points
from frugal.physics.solar.irradiation_map import DECIDUOUS_TRANSMISSIVITY
from frugal.physics.solar.sky import CumulativeSky, cumulative_sky_tables
from frugal.studies.solar.roof_yield.alternatives import REFERENCE, physics
from frugal.studies.solar.roof_yield.site import SolarTerritory

REACH_M = 200.0
ALBEDO = 0.2

#: Share of the light that passes crowns, January to December.
PASSING = np.array(DECIDUOUS_TRANSMISSIVITY)


class Place(NamedTuple):
    """A neighbourhood as the cadastre sees it: its surfaces, weather and tables of the sky, and the azimuth of grid north."""

    surface: SurfaceModel
    bare: SurfaceModel
    territory: SolarTerritory
    tables: CumulativeSky
    turn: float

    def seen(self, rows: np.ndarray, cols: np.ndarray, heights_m: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Horizons over and through the trees in 72 azimuths from true north."""
        azimuths = (np.arange(72) * 5.0 - self.turn) % 360.0
        over, through = (
            np.clip(
                horizon_at_points(model.heights, model.resolution_m, rows, cols, heights_m, azimuths, REACH_M),
                0.0,
                90.0,
            )
            for model in (self.surface, self.bare)
        )
        return over, np.minimum(through, over)

    def azimuth(self, plane: RoofPlane) -> float:
        """From true north; that of a flat roof is a convention."""
        return plane.azimuth_deg if plane.flat else (plane.azimuth_deg + self.turn) % 360.0

    def horizons(self, planes: list[RoofPlane]) -> Horizons:
        """As the cadastre stores them."""
        return plane_horizons(self.surface, planes, REACH_M, self.turn, self.tables, bare=self.bare)

    def yields(self, tilt: np.ndarray, azimuth: np.ndarray, horizon: np.ndarray) -> np.ndarray:
        """Hourly physics: yields of twelve months and of the year, ``[n, 13]``."""
        planes = {"tilt_deg": tilt, "azimuth_deg": azimuth % 360.0, "horizon_deg": horizon}
        found = physics(self.territory.year, self.territory.transposition, **planes, **{**REFERENCE, "albedo": ALBEDO})
        return np.column_stack([found["monthly_yield"], found["yearly_yield"]])


def place(found: Surfaces, territory: SolarTerritory) -> Place:
    """The place that surfaces show, with the tables that the cadastre takes."""
    tables = cumulative_sky_tables(territory.year, 36, transposition=territory.transposition, shared_between=4)
    return Place(found.surface, found.bare, territory, tables, grid_convergence_deg(found.surface))


def rms(values: np.ndarray) -> float:
    """Root of the mean square."""
    return float(np.sqrt(np.mean(np.square(values))))


def horizon_reduction(where: Place, planes: list[RoofPlane]) -> dict[str, dict[str, float]]:
    """Error of the yields of one horizon per plane against the mean of the yields of its nine points (hourly physics).

    In the truth a month is that behind the trees, and the share that passes them of what they take.
    """
    counts = [len(plane.sample_rows) for plane in planes]
    owner, every = np.repeat(np.arange(len(planes)), counts), np.arange(len(planes))
    over, through = where.seen(
        *(
            np.concatenate([getattr(plane, name) for plane in planes])
            for name in ("sample_rows", "sample_cols", "sample_heights_m")
        )
    )

    def yields(which: np.ndarray, horizon: np.ndarray) -> np.ndarray:
        tilt = np.array([planes[k].module_tilt_deg for k in which])
        return where.yields(tilt, np.array([where.azimuth(planes[k]) for k in which]), horizon)

    def mean(values: np.ndarray) -> np.ndarray:
        return np.array([values[owner == k].mean(axis=0) for k in range(len(planes))])

    opaque, hidden = yields(owner, over), yields(owner, through)
    gained = PASSING * (hidden - opaque)[:, :12]
    truth = mean(opaque + np.column_stack([gained, gained.sum(axis=1)]))
    # One horizon lies as far between those of a plane as the light of its year does.
    share = mean(gained.sum(axis=1)) / np.maximum(mean(hidden - opaque)[:, 12], 1e-9)
    seen = over + share[owner][:, None] * (through - over)
    average = mean(seen)
    middle = np.array([np.flatnonzero(owner == k)[(counts[k] - 1) // 2] for k in every])
    answers = {
        "mean horizon, 72 azimuths": yields(every, average),
        "mean horizon, 36 sectors": yields(every, reduced(average)),
        "mean horizon, 36 bytes": yields(every, elevations(as_bytes(reduced(average)))),
        "as stored: scaled to the same light of the year, 36 bytes": yields(
            every, where.horizons(planes).elevation_deg
        ),
        "horizon of the middle point, 36 sectors": yields(every, reduced(seen[middle])),
        "no horizon": yields(every, np.zeros((len(planes), 36))),
    }
    return {name: _errors(answer, truth) for name, answer in answers.items()}


def _errors(answer: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    off = answer - truth
    relative = np.sqrt(np.mean(off**2, axis=0)) / truth.mean(axis=0)
    return {
        "yearly_nrmse_percent": 100.0 * float(relative[12]),
        "yearly_bias_percent": 100.0 * float(off[:, 12].mean() / truth[:, 12].mean()),
        "worst_month_nrmse_percent": 100.0 * float(relative[:12].max()),
        "month_rmse_kwh_per_kwp": rms(off[:, :12]),
    }


def nine_points(where: Place, planes: list[RoofPlane]) -> dict[str, float]:
    """Light of a year at nine points against all cells of a plane, and what the standard error stated for it says."""
    stated = where.horizons(planes).sample_error
    off = []
    for plane in planes:
        rows, cols, heights = _cells_on(where.surface, plane)
        if len(rows) < 9:
            off.append(np.nan)
            continue
        every = _light(where, plane, rows, cols, heights)
        off.append(_light(where, plane, plane.sample_rows, plane.sample_cols, plane.sample_heights_m) / every - 1.0)
    relative = np.array(off)
    known = np.isfinite(relative)
    return {
        "rms_percent": 100.0 * rms(relative[known]),
        "bias_percent": 100.0 * float(relative[known].mean()),
        "within_stated_error_percent": 100.0 * float(np.mean(np.abs(relative[known]) < stated[known])),
    }


def _cells_on(surface: SurfaceModel, plane: RoofPlane) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows and columns of the cells that lie on a plane, and the height of a module there."""
    size = surface.resolution_m
    rows, cols = surface.heights.shape
    west, south, east, north = plane.polygon.bounds
    first, left = int((surface.y_max - north) / size), int((west - surface.x_min) / size)
    row, col = np.mgrid[
        first : min(int((surface.y_max - south) / size) + 2, rows),
        left : min(int((east - surface.x_min) / size) + 2, cols),
    ].reshape(2, -1)
    inside = shapely.contains_xy(plane.polygon, surface.x_of(col), surface.y_of(row))
    row, col = row[inside], col[inside]
    facing, fall = np.radians(plane.azimuth_deg), np.tan(np.radians(plane.tilt_deg)) * size

    def level(i: np.ndarray, j: np.ndarray) -> np.ndarray:
        return -fall * (j * np.sin(facing) - i * np.cos(facing))

    origin = float(np.mean(plane.sample_heights_m - level(plane.sample_rows, plane.sample_cols)))
    heights = origin + level(row, col)
    on = np.abs(heights - 0.1 - surface.heights[row, col]) < 0.25
    return row[on], col[on], heights[on]


def _light(where: Place, plane: RoofPlane, rows: np.ndarray, cols: np.ndarray, heights: np.ndarray) -> float:
    """Mean light of a year at points of a plane."""
    over, through = (reduced(horizon) for horizon in where.seen(rows, cols, heights))
    tilt, azimuth = np.full(len(rows), plane.module_tilt_deg), np.full(len(rows), where.azimuth(plane))

    def light(horizon: np.ndarray, months: np.ndarray | None = None) -> np.ndarray:
        return yearly_irradiation(where.tables, tilt, azimuth, horizon, ALBEDO, months)

    return float((light(over) + light(through, PASSING) - light(over, PASSING)).mean())


def linear_propagation(where: Place, planes: list[RoofPlane]) -> dict[str, float]:
    """Relative errors of the yield by cause, from irradiation, and how far those of hourly yields are from them."""
    azimuth = np.array([where.azimuth(plane) for plane in planes])
    horizons = where.horizons(planes)
    found = spread(where.tables, planes, azimuth, horizons, np.zeros(len(planes)))
    tilt = np.array([plane.module_tilt_deg for plane in planes])

    def yearly(tilts: np.ndarray, horizon: np.ndarray) -> np.ndarray:
        return where.yields(tilts, azimuth, horizon)[:, 12]

    seen = horizons.elevation_deg
    middle = yearly(tilt, seen)
    step = np.array([0.0 if plane.flat else plane.tilt_error_deg for plane in planes])
    by_tilt = np.abs(yearly(tilt + step, seen) - yearly(np.maximum(tilt - step, 0.0), seen))
    higher, lower = np.minimum(seen + horizons.error_deg, 85.0), np.maximum(seen - horizons.error_deg, 0.0)
    by_heights = np.abs(yearly(tilt, lower) - yearly(tilt, higher))
    of_heights = np.sqrt(np.maximum(found.horizon**2 - horizons.sample_error**2, 0.0))
    return {
        **{
            f"{name}_median_percent": 100.0 * float(np.median(getattr(found, name)))
            for name in ("weather", "tilt", "azimuth", "horizon", "total")
        },
        **{
            f"{name}_90_percent_within_percent": 100.0 * float(np.quantile(getattr(found, name), 0.9))
            for name in ("tilt", "azimuth", "horizon", "total")
        },
        "tilt_rms_difference_from_yields_percent": 100.0 * rms(found.tilt - by_tilt / 2.0 / middle),
        "heights_rms_difference_from_yields_percent": 100.0 * rms(of_heights - by_heights / 2.0 / middle),
    }
