"""The maps that a flood study answers, from what a solver gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from frugal.experiments.study import Derived, Grid, Output
from frugal.studies.flood.terrain.terrain import FloodTerrain, grid_of
from frugal.texts import Text, room_texts

_TEXTS = room_texts("frugal.studies.flood")

#: A cell counts as wet, and as flooded, above this depth.
WET_M = 0.05
#: A building is reached where the water around it is deeper.
REACHED_M = 0.20
HOUR = 3600.0


def flood_outputs(terrain: FloodTerrain, duration_s: float, arrival: Text | None = None) -> tuple[Output, ...]:
    """Maps of depth, speed and arrival, and the scalars that follow from the map of depth.

    Sea, foreshore, river bed and dike are left out: they hold 0, or the end of the event for the arrival.

    Parameters
    ----------
    terrain : FloodTerrain
    duration_s : float
        Length of the event [s].
    arrival : Text, optional
        Label of the arrival, where its clock does not count from the beginning of the wave.
    """
    geometry = Grid(**grid_of(terrain), shape=terrain.shape)
    area = terrain.cell_size_m**2
    return (
        Output(
            "max_depth",
            "m",
            label=_TEXTS.say("flood.max_depth"),
            low=0.0,
            valid_above=WET_M,
            geometry=geometry,
        ),
        Output(
            "max_speed",
            "m/s",
            label=_TEXTS.say("flood.max_speed"),
            low=0.0,
            defined_where="max_depth",
            geometry=geometry,
        ),
        Output(
            "arrival_time",
            "hour",
            label=arrival or _TEXTS.say("flood.arrival_time"),
            low=0.0,
            high=duration_s / HOUR,
            defined_where="max_depth",
            fill_value=duration_s / HOUR,
            geometry=geometry,
        ),
        Output(
            "flooded_area",
            "hectare",
            label=_TEXTS.say("flood.flooded_area"),
            low=0.0,
            derived=Derived("max_depth", "above", area / 1e4, WET_M),
        ),
        Output(
            "flood_volume",
            "m^3",
            label=_TEXTS.say("flood.flood_volume"),
            low=0.0,
            derived=Derived("max_depth", "sum", area),
        ),
        Output(
            "buildings_reached",
            "1",
            label=_TEXTS.say("flood.buildings_reached"),
            low=0.0,
            derived=Derived("max_depth", "above", terrain.buildings, REACHED_M),
        ),
    )


@dataclass(frozen=True)
class Maps:
    """Maps ``[y, x]`` of one event: depth in m, speed in m/s, arrival in s (NaN where the water does not come)."""

    depth: np.ndarray
    speed: np.ndarray
    arrival_s: np.ndarray

    def on_land(self, terrain: FloodTerrain, duration_s: float) -> Mapping[str, np.ndarray]:
        """The outputs of the study by name."""
        land = terrain.floodable
        wet = land & (self.depth > WET_M)
        return {
            "max_depth": np.where(land, self.depth, 0.0),
            "max_speed": np.where(wet, self.speed, 0.0),
            "arrival_time": np.where(wet & np.isfinite(self.arrival_s), self.arrival_s, duration_s) / HOUR,
        }


def refined(coarse: Maps, coarse_bed: np.ndarray, fine: FloodTerrain, factor: int) -> Maps:
    """Maps of coarse cells on the fine terrain: the level of the water is kept and laid over the fine ground.

    Parameters
    ----------
    coarse : Maps
        Maps [Y, X] of the coarse run.
    coarse_bed : ndarray [Y, X]
        Ground that it ran over [m].
    fine : FloodTerrain
        Has [y, x] cells.
    factor : int
        Fine cells along the side of a coarse one.

    Returns
    -------
    Maps
        [y, x]; speed and arrival are those of the coarse cell.
    """
    rows, columns = fine.shape

    def spread(values: np.ndarray) -> np.ndarray:
        return np.repeat(np.repeat(values, factor, axis=0), factor, axis=1)[:rows, :columns]

    wet = spread(coarse.depth > WET_M)
    depth = np.where(wet, np.maximum(spread(coarse_bed + coarse.depth) - fine.bed, 0.0), 0.0)
    return Maps(depth, spread(coarse.speed), spread(coarse.arrival_s))
