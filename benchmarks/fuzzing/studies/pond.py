"""Levels of a pond: a map, and series at points. Small, and quick to train."""

from typing import Any

import numpy as np

from frugal import CallPattern, Grid, Need, Output, Points, Study, TimeAxis, Tolerance, Variable

ROWS, COLUMNS = 5, 7
SOUTH, EAST = np.indices((ROWS, COLUMNS))
HOURS = (0.0, 1.0, 2.0, 3.0)


def pond(rise_m: float, slope: float) -> dict[str, Any]:
    """A plane of water over a bowl."""
    depth = rise_m + slope * EAST - 0.05 * ((SOUTH - 2) ** 2 + (EAST - 3) ** 2)
    at = [rise_m * (1 - np.exp(-np.array(HOURS) * rate)) for rate in (1.0, 2.0)]
    return {"depth": np.maximum(depth, 0.0), "level": np.array(at).T}


study = Study(
    name="pond",
    title={"en": "How deep is the pond?", "fr": "Quelle est la profondeur ?"},
    inputs=(
        Variable("rise_m", "m", 0.2, 2.0, {"en": "Rise", "fr": "Montée"}, 1.0),
        Variable("slope", "1", -0.05, 0.05, {"en": "Slope", "fr": "Pente"}, 0.0),
    ),
    outputs=(
        Output(
            "depth",
            "m",
            geometry=Grid("EPSG:2154", (5.0, 0.0, 700_000.0, 0.0, -5.0, 6_300_000.0), (ROWS, COLUMNS)),
            valid_above=0.05,
            label={"en": "Depth", "fr": "Profondeur"},
            low=0.0,
        ),
        Output(
            "level",
            "m",
            geometry=Points("EPSG:2154", (700_010.0, 700_030.0), (6_299_990.0, 6_299_990.0), ("inlet", "outlet")),
            time=TimeAxis(HOURS, "hour"),
            label={"en": "Level", "fr": "Niveau"},
        ),
    ),
    need=Need(
        functional_unit="one pond",
        tolerances={"depth": Tolerance("rmse_defined", 0.5), "level": Tolerance("nrmse", 0.5)},
        queries=(200.0, 20_000.0),
        call_patterns=(CallPattern("at a desk"),),
        reason={"en": "A gauge is read to 10 cm.", "fr": "Une échelle se lit à 10 cm."},
    ),
    solve=pond,
    n_runs=24,
)
