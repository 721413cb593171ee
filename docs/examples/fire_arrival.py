"""When a grass fire arrives: a map with cells that it never reaches, behind a river or after the day is over."""

import heapq
import math
from typing import Any

import numpy as np

from frugal import (
    Alternative,
    CallPattern,
    Derived,
    Grid,
    Need,
    Output,
    Study,
    Tolerance,
    Variable,
)

ROWS, COLUMNS, CELL_M, DAY_H = 24, 32, 100.0, 8.0
NORTHING_M, EASTING_M = (np.indices((ROWS, COLUMNS)) * np.array([-1.0, 1.0])[:, None, None] + 0.5) * CELL_M
RIVER = (np.abs(EASTING_M - 2_150.0 - 0.2 * NORTHING_M) < 75.0) & (NORTHING_M < -500.0)  # a bridge in the north
IGNITION = (12, 6)
STEPS = [(row, column) for row in (-1, 0, 1) for column in (-1, 0, 1) if row or column]


def spread_m_h(toward_deg: Any, wind_m_s: Any, wind_from_deg: Any, moisture: Any, xp: Any = np) -> Any:
    """Rate of spread in a direction: an ellipse with the fire in its focus, longer the stronger the wind."""
    head = 100.0 * (1.0 + 0.9 * wind_m_s) * (1.0 - moisture / 0.35)
    eccentricity = xp.sqrt(1.0 - 1.0 / (1.0 + 0.25 * wind_m_s) ** 2)
    return head * (1.0 - eccentricity) / (1.0 - eccentricity * xp.cos(xp.radians(toward_deg - wind_from_deg - 180.0)))


def fire(wind_m_s: float, wind_from_deg: float, moisture: float) -> dict[str, Any]:
    """The quickest path over cells that burn (Dijkstra)."""
    hours = np.full((ROWS, COLUMNS), np.inf)
    hours[IGNITION] = 0.0
    cost = {}
    for row, column in STEPS:
        toward_deg = math.degrees(math.atan2(column, -row))
        cost[row, column] = (
            math.hypot(row, column) * CELL_M / float(spread_m_h(toward_deg, wind_m_s, wind_from_deg, moisture))
        )
    front = [(0.0, *IGNITION)]
    while front:
        time, row, column = heapq.heappop(front)
        if time > hours[row, column]:
            continue
        for (down, right), needed in cost.items():
            there = (row + down, column + right)
            if 0 <= there[0] < ROWS and 0 <= there[1] < COLUMNS and not RIVER[there] and time + needed < hours[there]:
                hours[there] = time + needed
                heapq.heappush(front, (time + needed, *there))
    return {"arrival_time": np.where(hours < DAY_H, hours, np.nan)}


def ellipse(xp: Any, wind_m_s: Any, wind_from_deg: Any, moisture: Any) -> dict[str, Any]:
    """The same ellipse as if there were no river."""
    north, east = NORTHING_M - NORTHING_M[IGNITION], EASTING_M - EASTING_M[IGNITION]
    distance, toward_deg = np.hypot(north, east), np.degrees(np.arctan2(east, north))
    wind, origin, wet = (value[:, None, None] for value in (wind_m_s, wind_from_deg, moisture))
    hours = distance / spread_m_h(toward_deg, wind, origin, wet, xp)
    return {"arrival_time": xp.minimum(hours, DAY_H)}


MAP = Grid("EPSG:2154", (CELL_M, 0.0, 700_000.0, 0.0, -CELL_M, 6_300_000.0), (ROWS, COLUMNS))

study = Study(
    name="fire_arrival",
    title={"en": "When does a grass fire arrive?", "fr": "Quand un feu d'herbe arrive-t-il ?"},
    inputs=(
        Variable("wind_m_s", "m/s", 1.0, 12.0, {"en": "Wind speed", "fr": "Vitesse du vent"}, 6.0),
        Variable("wind_from_deg", "deg", 0.0, 360.0, {"en": "Wind from", "fr": "Vent de"}, 270.0, period=360.0),
        Variable("moisture", "1", 0.05, 0.25, {"en": "Moisture of the grass", "fr": "Humidité de l'herbe"}, 0.1),
    ),
    outputs=(
        Output(
            "arrival_time",
            "hour",
            label={"en": "Arrival", "fr": "Arrivée"},
            geometry=MAP,
            low=0.0,
            defined_where="arrival_time",
            fill_value=DAY_H,
        ),
        Output(
            "burnt_area",
            "hectare",
            label={"en": "Burnt area", "fr": "Surface brûlée"},
            low=0.0,
            derived=Derived("arrival_time", "below", CELL_M**2 / 1e4, DAY_H),
        ),
    ),
    need=Need(
        functional_unit="one map of arrival",
        tolerances={"arrival_time": Tolerance("rmse_defined", 0.5)},
        queries=(1_000.0, 1_000_000.0),
        call_patterns=(CallPattern("one map on a phone without network", target="phone", must_run_offline=True),),
        reason={"en": "Crews move in half an hour.", "fr": "Les équipes se déplacent en une demi-heure."},
    ),
    solve=fire,
    alternatives=(Alternative("ellipse", "formula", answer=ellipse),),
    n_runs=160,
)
