"""Maps of one flood as GeoTIFFs, a file each, in the coordinate system of the terrain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from frugal.experiments.study import Grid
from frugal.formats.rasters.class_raster import NO_CLASS, write_classes
from frugal.formats.rasters.geotiff_bands import Band, write_bands
from frugal.physics.shallow_water.outcome import Flood
from frugal.physics.shallow_water.watch_list import Observed
from frugal.physics.shallow_water.watching import HOUR_S
from frugal.studies.flood.products.hazard_classes import HazardScale
from frugal.studies.flood.terrain.terrain import FloodTerrain, grid_of
from frugal.texts import Text, decimals, room_texts

_TEXTS = room_texts("frugal.studies.flood")


@dataclass(frozen=True, eq=False)
class MapFile:
    """A GeoTIFF: its name, its unit, and bands ``[y, x]`` with their labels; NaN where there is no value."""

    name: str
    unit: str
    values: Mapping[str, np.ndarray]
    labels: Mapping[str, Text]


def map_files(terrain: FloodTerrain, flood: Flood, seen: Observed, thresholds_m: Sequence[float]) -> list[MapFile]:
    """The maps of a flood, on land that was flooded.

    Parameters
    ----------
    terrain : FloodTerrain
    flood : Flood
    seen : Observed
        Of the same run.
    thresholds_m : sequence of float
        Of the durations; a cell was flooded where the first was reached.
    """
    flooded = terrain.land & (flood.max_depth >= thresholds_m[0])

    def kept(name: str, unit: str, **values: np.ndarray) -> MapFile:
        shown = {band: np.where(flooded, value, np.nan) for band, value in values.items()}
        return MapFile(name, unit, shown, {band: _TEXTS.say(f"details.map.{band}") for band in values})

    dried = np.where(flood.depth < thresholds_m[0], seen.last_s / HOUR_S, np.nan)
    durations = {f"duration_{round(100 * t)}_cm": seen.duration_s[k] / HOUR_S for k, t in enumerate(thresholds_m)}
    lasting = MapFile(
        "duration.tif",
        "hour",
        {name: np.where(flooded, value, np.nan) for name, value in durations.items()},
        {
            name: _TEXTS.say("details.duration", depth=decimals(f"{threshold:g}"))
            for name, threshold in zip(durations, thresholds_m, strict=True)
        },
    )
    return [
        kept("depth.tif", "m", max_depth=flood.max_depth),
        kept("level.tif", "m", max_level=terrain.bed + terrain.zero_m + flood.max_depth),
        kept("speed.tif", "m/s", max_speed=flood.max_speed),
        kept("depth_speed.tif", "m^2/s", max_depth_speed=seen.product),
        MapFile(
            "worst.tif",
            "m, m/s, hour",
            {
                "worst_depth": np.where(flooded, seen.worst_depth, np.nan),
                "worst_speed": np.where(flooded, seen.worst_speed, np.nan),
                "worst_time": np.where(flooded, seen.worst_s / HOUR_S, np.nan),
            },
            {name: _TEXTS.say(f"details.map.{name}") for name in ("worst_depth", "worst_speed", "worst_time")},
        ),
        kept("rise.tif", "m/h", max_rise=seen.rise_m_h),
        kept("times.tif", "hour", arrival=flood.arrival_time / HOUR_S, peak=seen.peak_s / HOUR_S, drying=dried),
        lasting,
    ]


def write_map(path: Path, terrain: FloodTerrain, kept: MapFile, tags: Mapping[str, str]) -> None:
    """Write a map, and the zones of which nothing is asked in a last band."""
    grid = Grid(**grid_of(terrain), shape=terrain.shape)
    units = [unit.strip() for unit in kept.unit.split(",")]
    units = units if len(units) == len(kept.values) else units * len(kept.values)
    bands = [Band(name, unit, values) for unit, (name, values) in zip(units, kept.values.items(), strict=True)]
    zones = dict(enumerate(grid.zones, start=1))
    told = {name.upper(): text for name, text in tags.items()}
    if zones:
        bands.append(Band("zone", "", np.select([grid.zone(name) for name in zones.values()], list(zones), 0.0)))
        told["ZONE"] = "; ".join(["0 asked", *(f"{code} {name}" for code, name in zones.items())])
    write_bands(path, bands, grid.crs, list(grid.transform), told)


def write_hazard(
    path: Path, terrain: FloodTerrain, hazard: np.ndarray, scale: HazardScale, tags: Mapping[str, str]
) -> None:
    """Write the classes of land; 0 is land that is not flooded, and sea, river bed and dike hold none."""
    legend = {
        f"CLASS_{number}_{language.upper()}": name[language]
        for number, name in enumerate(scale.names, start=1)
        for language in name
    }
    told = {**{name.upper(): text for name, text in tags.items()}, **legend}
    shown = np.where(terrain.land, hazard, NO_CLASS)
    write_classes(path, shown, scale.colours, terrain.crs, terrain.transform, told, "hazard")
