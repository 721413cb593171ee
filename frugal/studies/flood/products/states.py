"""States of one flood at chosen times, as NetCDF-CF."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from frugal.experiments.runs.result import Result
from frugal.experiments.runs.result_netcdf import write_result
from frugal.experiments.study import Grid, Output, TimeAxis
from frugal.physics.shallow_water.outcome import Snapshot
from frugal.studies.flood.terrain.terrain import FloodTerrain, grid_of
from frugal.texts import room_texts

_TEXTS = room_texts("frugal.studies.flood")


def write_states(path: Path, terrain: FloodTerrain, snapshots: Sequence[Snapshot], tags: Mapping[str, str]) -> None:
    """Write depth and velocity, eastward and northward, of all cells at some times.

    Parameters
    ----------
    path : Path
    terrain : FloodTerrain
    snapshots : sequence of Snapshot
        At least one.
    tags : mapping of str to str
        Who answered what.
    """
    grid = Grid(**grid_of(terrain), shape=terrain.shape)
    times = TimeAxis([state.time_s for state in snapshots], "s")
    values = {
        "depth": np.stack([state.depth for state in snapshots]),
        "eastward_speed": np.stack([state.u for state in snapshots]),
        "northward_speed": -np.stack([state.v for state in snapshots]),
    }
    outputs = [
        Output(name, unit, label=_TEXTS.say(f"details.state.{name}"), geometry=grid, time=times)
        for name, unit in (("depth", "m"), ("eastward_speed", "m/s"), ("northward_speed", "m/s"))
    ]
    result = Result(
        study=tags.get("study", ""),
        study_hash=tags.get("study_hash", ""),
        outputs=outputs,
        values=values,
        candidate="full_physics",
        inputs=json.loads(tags.get("inputs", "{}")),
        title=_TEXTS.say("details.states")["en"],
        scenario=tags.get("scenario", ""),
        site=json.loads(tags.get("site", "{}")),
    )
    write_result(path, result, {"depth": "flood_water_thickness"})
