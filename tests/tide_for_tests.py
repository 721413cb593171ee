"""A tide that runs up an estuary, in closed form: its level at ten stations every ten minutes of a day."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from frugal.experiments.study import Lines, Need, Output, Points, Study, TimeAxis, Tolerance, Variable

STATIONS = 10
HOURS = np.arange(145) / 6
CHAINAGE = np.linspace(0.0, 90_000.0, STATIONS)
#: A bend in the middle, so that places do not lie on the straight between the ends.
ESTUARY = ((400_000.0, 6_480_000.0), (440_000.0, 6_450_000.0), (460_000.0, 6_410_000.0))
NAMES = tuple(f"station_{k}" for k in range(STATIONS))

Form = Literal["lines", "points", "plain"]


def tidal_level(tide_range: float, surge: float, surge_time: float, discharge: float) -> np.ndarray:
    """Level [m] ``[time, place]``: a tide that is damped and slowed down on its way, a surge, and the slope of the river.

    The tide steepens as it goes (its overtide M4 grows), and runs up the slower the lower the water stands.
    """
    hours, km = HOURS[:, None], CHAINAGE[None] / 1000
    delay = km / (25 + 2 * tide_range)  # hours
    damping = np.exp(-km / (120 + 10 * surge) - 2e-5 * discharge * km / 10)
    phase = 2 * np.pi * (hours - delay) / 12.42
    tide = tide_range / 2 * damping * (np.cos(phase) + 0.002 * km * np.cos(2 * phase))
    storm = surge * np.exp(-(((hours - delay - surge_time) / 3) ** 2)) * (1 + 0.002 * km)
    return np.asarray(tide + storm + 1e-4 * discharge * (km / 90) ** 2 * 5)


def tide_outputs(form: Form) -> tuple[Output, ...]:
    """The level as a field on lines or points with a time axis, or as a plain vector of two dimensions; and its highest."""
    label = {"en": "Water level", "fr": "Niveau de l'eau"}
    level: Any
    if form == "plain":
        dims = {"station": list(NAMES), "clock": HOURS.tolist()}
        level = Output("level", "m", ("station", "clock"), dims, label)
    else:
        lines = Lines("EPSG:2154", {"estuary": ESTUARY}, {"estuary": CHAINAGE})
        geometry = lines if form == "lines" else Points("EPSG:2154", *lines.places(), NAMES)
        level = Output(
            "level", "m", label=label, geometry=geometry, time=TimeAxis(HOURS, "hour", "2010-02-27T18:00:00Z")
        )
    highest = Output("highest", "m", label={"en": "Highest level", "fr": "Niveau le plus haut"})
    return (level, highest)


def tide_study(form: Form = "points", n_runs: int = 120, limit: float = 0.2) -> Study:
    """The question, its level in one of three forms."""

    def solve(tide_range: float, surge: float, surge_time: float, discharge: float) -> dict[str, Any]:
        level = tidal_level(tide_range, surge, surge_time, discharge)
        return {"level": level.T if form == "plain" else level, "highest": level.max()}

    return Study(
        name="tide",
        title={"en": "Tide up an estuary", "fr": "Marée dans un estuaire"},
        inputs=(
            Variable("tide_range", "m", 2.0, 6.0, default=4.0, label={"en": "Tidal range", "fr": "Marnage"}),
            Variable("surge", "m", 0.0, 2.0, default=0.5, label={"en": "Surge", "fr": "Surcote"}),
            Variable(
                "surge_time",
                "hour",
                6.0,
                18.0,
                default=12.0,
                label={"en": "Time of the surge", "fr": "Heure de la surcote"},
            ),
            Variable("discharge", "m^3/s", 200.0, 5000.0, default=900.0, label={"en": "Discharge", "fr": "Débit"}),
        ),
        outputs=tide_outputs(form),
        need=Need("the level at ten stations over a day", {"level": Tolerance("rmse", limit)}),
        solve=solve,
        n_runs=n_runs,
        sources=("A closed form for tests.",),
    )
