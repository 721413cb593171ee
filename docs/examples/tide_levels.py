"""Levels at stations over a tide, along an estuary that narrows: a study on lines, with a scenario and observations."""

import math
from pathlib import Path
from typing import Any

import numpy as np

from frugal import (
    Alternative,
    CallPattern,
    Lines,
    Need,
    Output,
    Parameter,
    Scenario,
    Study,
    TimeAxis,
    Tolerance,
    Variable,
    read_observations,
)

LENGTH_M, STEP_M, GRAVITY, PERIOD_S = 90_000.0, 2_000.0, 9.81, 12.42 * 3600.0
STATIONS_M = (0.0, 20_000.0, 45_000.0, 70_000.0, 90_000.0)
TIMES_H = np.arange(0.0, 12.5, 0.5)


def levels(tide_range_m: float, mean_level_m: float, depth_m: float, friction_m_s: float) -> dict[str, Any]:
    """March the linear long wave in a channel whose width halves every 40 km, and keep the fifth tide at the stations."""
    n, step_s = int(LENGTH_M / STEP_M), 120.0
    width = 0.5 ** (np.arange(n + 1) * STEP_M / 40_000.0)
    level, flow = np.zeros(n), np.zeros(n + 1)  # [m] in the cells, [m/s] at their faces, of which the last is a weir
    kept, times = [], 4 * PERIOD_S + TIMES_H * 3600.0
    places = np.minimum(np.array(STATIONS_M) / STEP_M, n - 1).astype(int)
    for number in range(1, int(times[-1] / step_s) + 2):
        sea = tide_range_m / 2 * math.cos(2 * math.pi * number * step_s / PERIOD_S)
        slope = np.diff(np.concatenate([[sea], level])) / STEP_M
        flow[:-1] = (flow[:-1] - step_s * GRAVITY * slope) / (1 + step_s * friction_m_s / (depth_m + mean_level_m))
        level = level - step_s * (depth_m + mean_level_m) * np.diff(flow * width) / (
            STEP_M * (width[:-1] + width[1:]) / 2
        )
        while len(kept) < len(times) and number * step_s >= times[len(kept)]:
            kept.append(mean_level_m + level[places])
    return {"level": np.array(kept)}


def same_everywhere(xp: Any, tide_range_m: Any, mean_level_m: Any) -> dict[str, Any]:
    """The tide of the sea, at every station at once."""
    tide = 0.5 * np.cos(2 * np.pi * TIMES_H * 3600.0 / PERIOD_S)[:, None] * np.ones(len(STATIONS_M))
    return {"level": tide_range_m[:, None, None] * tide + mean_level_m[:, None, None]}


LEVEL = Output(
    "level", "m", label={"en": "Water level", "fr": "Niveau d'eau"}, time=TimeAxis(TIMES_H.tolist(), "hour"),
    geometry=Lines("EPSG:2154", {"estuary": ((380_000.0, 6_500_000.0), (420_000.0, 6_419_000.0))}, {"estuary": STATIONS_M}),
)  # fmt: skip

study = Study(
    name="tide_levels",
    title={"en": "How high is the water at the stations?", "fr": "Quelle hauteur d'eau aux stations ?"},
    inputs=(
        Variable(
            "tide_range_m", "m", 1.5, 6.0, {"en": "Tidal range at the mouth", "fr": "Marnage à l'embouchure"}, 4.0
        ),
        Variable("mean_level_m", "m", -0.3, 1.5, {"en": "Mean sea level", "fr": "Niveau moyen de la mer"}, 0.0),
        Variable("depth_m", "m", 5.0, 12.0, {"en": "Depth of the channel", "fr": "Profondeur du chenal"}, 8.0),
    ),
    outputs=(LEVEL,),
    need=Need(
        functional_unit="one tide at five stations",
        tolerances={"level": Tolerance("rmse", 0.1)},
        queries=(1_000.0, 100_000.0),
        call_patterns=(CallPattern("one tide on a screen"),),
        reason={"en": "Pilots plan with a margin of 0.1 m.", "fr": "Les pilotes prévoient une marge de 0,1 m."},
    ),
    solve=levels,
    alternatives=(Alternative("same_everywhere", "formula", answer=same_everywhere),),
    parameters=(Parameter("friction_m_s", "m/s", 0.0005, 0.005, 0.002, {"en": "Friction", "fr": "Frottement"}),),
    scenarios=(
        Scenario(
            "spring_2050",
            {"tide_range_m": 5.5, "mean_level_m": 0.4},
            "assumed: spring tide, 0.4 m of sea level rise",
            {"en": "Spring tide in 2050", "fr": "Vive-eau en 2050"},
        ),
    ),
    observations=(
        read_observations(
            Path(__file__).with_name("tide_levels.csv"), [LEVEL], source="invented", scenario="spring_2050"
        ),
    ),
    n_runs=120,
)
