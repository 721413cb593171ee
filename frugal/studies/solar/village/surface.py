"""The default site of the solar studies: a generated village of the coast of Vendée, and a year of its
weather.

The village is no real place. It has what matters to light on roofs there: low houses with tiled roofs of 15
to 25°, gabled or hipped, attached and close in the centre, detached among gardens around it; some steep
slate roofs with dormers, flat roofs, halls, a church; chimneys, hedges and trees; gentle ground. Heights are
given as a survey from the air would: noisy by a few centimetres, trees rough.

`plan` says where streets and buildings lie, `buildings` raises them, `gardens` plants hedges and trees, all on one `canvas`.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np

from frugal.errors import UnusableInputError
from frugal.formats.rasters.surface_model import SurfaceModel, hash_of_heights
from frugal.formats.weather.climate import QUANTILE_LEVELS, read_climate
from frugal.formats.weather.hourly_year import Weather, hours_of_common_year
from frugal.physics.solar.position import extraterrestrial_normal_irradiance, sun_position
from frugal.physics.solar.synthetic_weather import MonthlyClimate, synthetic_year
from frugal.studies.solar.village.plan import Village

_CENTRE_RADIUS_M = 72.0
_X_MIN, _Y_MAX = 364_000.0, 6_628_000.0


def vendee_weather(seed: int = 0) -> Weather:
    """A synthetic typical year of the coast of Vendée.

    Parameters
    ----------
    seed : int
        Order of the days; the climate stays the same.

    Returns
    -------
    Weather
    """
    table = read_climate()
    unix_time_s, month = hours_of_common_year(table.utc_offset_h)
    _, elevation_deg, _ = sun_position(unix_time_s, table.latitude_deg, table.longitude_deg)
    shared = sorted(set(MonthlyClimate._fields) & set(table.columns))
    climate = MonthlyClimate(
        clearness_levels=np.array(QUANTILE_LEVELS),
        clearness_quantiles=table.clearness_quantiles,
        **{name: table.columns[name] for name in shared},
    )
    year = synthetic_year(climate, elevation_deg, extraterrestrial_normal_irradiance(unix_time_s), seed)
    return Weather(
        unix_time_s=unix_time_s,
        month=month,
        **year._asdict(),
        latitude_deg=table.latitude_deg,
        longitude_deg=table.longitude_deg,
        altitude_m=table.altitude_m,
        utc_offset_h=table.utc_offset_h,
        source=f"synthetic typical year of the coast of Vendée (seed {seed}), from {table.source}",
        attribution="statistics from TMYx, Climate.OneBuilding.org",
        sha256=hash_of_heights(np.array(year)),
    )


def synthetic_village(
    seed: int = 0,
    size_m: float = 256.0,
    resolution_m: float = 0.5,
    *,
    centre_radius_m: float = _CENTRE_RADIUS_M,
    wall_factor: float = 1.0,
) -> SurfaceModel:
    """Generate the surface model of a village, or of a small town.

    Parameters
    ----------
    seed : int
        Same seed, same village.
    size_m : float
        Side of the square, 64 to 2,048 m.
    resolution_m : float
        Side of a cell, 0.25 to 2 m.
    centre_radius_m : float
        Within it houses stand in closed rows; 0 to 1,500 m. A village has 72 m, a town more.
    wall_factor : float
        Walls of row houses are so many times as high as in a village of the coast; 0.5 to 4.

    Returns
    -------
    SurfaceModel
        In Lambert-93, at invented coordinates.

    Raises
    ------
    UnusableInputError
        If a size, the resolution or the factor is out of bounds.
    """
    if not 64.0 <= size_m <= 2048.0:
        raise UnusableInputError(f"size of the village {size_m:g} m; 64 to 2048 m is allowed")
    if not 0.25 <= resolution_m <= 2.0:
        raise UnusableInputError(f"resolution of the village {resolution_m:g} m; 0.25 to 2 m is allowed")
    if not 0.0 <= centre_radius_m <= 1500.0:
        raise UnusableInputError(f"radius of the centre {centre_radius_m:g} m; 0 to 1500 m is allowed")
    if not 0.5 <= wall_factor <= 4.0:
        raise UnusableInputError(f"wall factor {wall_factor:g}; 0.5 to 4 is allowed")
    made = _made(seed, size_m, resolution_m, centre_radius_m, wall_factor)
    return replace(made, heights=made.heights.copy())  # whoever gets it may write into it


@lru_cache(maxsize=40)
def _made(seed: int, size_m: float, resolution_m: float, centre_radius_m: float, wall_factor: float) -> SurfaceModel:
    """A process that builds a study again does not build its villages again: a fifth of a second each, 2 MB kept."""
    village = Village(np.random.default_rng(seed), size_m, resolution_m, centre_radius_m, wall_factor)
    streets = village.lay_streets()
    village.build_church()
    for street in streets:
        for side in (-1.0, 1.0):
            village.build_along(street, side)
    village.build_halls()
    village.plant()
    heights = village.survey()
    return SurfaceModel(
        heights=heights,
        resolution_m=resolution_m,
        x_min=_X_MIN,
        y_max=_Y_MAX,
        crs="EPSG:2154",
        source=f"synthetic {'village' if centre_radius_m <= _CENTRE_RADIUS_M else 'town'} {seed}",
        sha256=hash_of_heights(heights),
    )
