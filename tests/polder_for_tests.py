"""A polder behind a dike, in closed form: two level pools that lean away from the breach, the second behind a bank."""

from functools import partial

import numpy as np
from scipy.ndimage import gaussian_filter

from frugal.experiments.runs.store import Runs
from frugal.experiments.study import Derived, Need, Output, Study, Tolerance, Variable

ROWS, COLUMNS, CELL_M, EVENT_S = 24, 20, 50.0, 36_000.0
INPUTS = (
    Variable("surge", "m", 0.5, 2.5),
    Variable("duration_h", "h", 2.0, 10.0),
    Variable("breach_width", "m", 30.0, 200.0),
    Variable("breach_position", "m", 300.0, 900.0),
)


def terrain() -> np.ndarray:
    """Bed level [y, x] in m: it rises inland, with hummocks, and a bank with one gap across it."""
    rng = np.random.default_rng(4)
    x = (np.arange(COLUMNS) + 0.5) * CELL_M
    bed = 0.4 + 1.6 * (x / x[-1]) ** 1.3 + gaussian_filter(rng.normal(size=(ROWS, COLUMNS)), 2) * 2.0
    bed[:, 11] = np.maximum(bed[:, 11], 1.9)
    bed[10:12, 11] = 0.9
    return np.asarray(bed)


def flood(bed: np.ndarray, inputs: np.ndarray) -> dict[str, np.ndarray]:
    """Depth, speed and arrival time; the last is missing where it stays dry."""
    surge, duration, width, position = inputs
    y, x = (np.arange(ROWS) + 0.5) * CELL_M, (np.arange(COLUMNS) + 0.5) * CELL_M
    distance = np.hypot(x[None, :], y[:, None] - position)
    inflow = max(surge - 0.7, 0.0) ** 1.5 * width * duration
    front = 2.6 * inflow / (inflow + 900.0)
    behind = 1.1 * max(front - 0.9, 0.0) ** 0.7  # what runs through the gap of the bank
    level = np.where(np.arange(COLUMNS) < 11, front, np.minimum(behind, front))[None, :]
    surface = level * (1.0 - 0.25 * distance / 1000.0)
    depth = np.maximum(surface - bed, 0.0)
    speed = 0.3 + np.sqrt(np.maximum(depth, 0.0)) * np.exp(-distance / 500.0)
    arrival = 0.5 * EVENT_S - 900.0 * duration + distance / (0.05 + 0.3 * np.sqrt(np.maximum(depth, 0.0)))
    dry = depth <= 0.05
    return {
        "max_depth": depth,
        "max_speed": np.where(dry, 0.0, speed),
        "arrival_time": np.where(dry, np.nan, np.minimum(arrival, EVENT_S)),
    }


def polder_study(maps: int = 3, **more: object) -> Study:
    """The study; ``maps`` of its three maps, and three scalars derived from the depth."""
    bed = terrain()
    coords = {
        "y": (6_500_000 - (np.arange(ROWS) + 0.5) * CELL_M).tolist(),
        "x": (400_000 + (np.arange(COLUMNS) + 0.5) * CELL_M).tolist(),
    }
    buildings = np.random.default_rng(1).poisson(0.2, bed.shape)
    dims = ("y", "x")
    fields = (
        Output("max_depth", "m", dims, coords, low=0.0, valid_above=0.05),
        Output("max_speed", "m/s", dims, coords, low=0.0, defined_where="max_depth"),
        Output("arrival_time", "s", dims, coords, low=0.0, defined_where="max_depth", fill_value=EVENT_S),
    )
    outputs = (
        *fields[:maps],
        Output("flooded_area", "ha", low=0.0, derived=Derived("max_depth", "above", CELL_M**2 / 1e4, 0.05)),
        Output("volume", "m^3", low=0.0, derived=Derived("max_depth", "sum", CELL_M**2)),
        Output("buildings_reached", "1", low=0.0, derived=Derived("max_depth", "above", buildings, 0.2)),
    )
    need = Need("one map", {"max_depth": Tolerance("rmse_defined", 0.2)}, queries=(1e3, 1e5))
    features = {
        "bed": bed,
        "inland": np.tile(np.arange(float(COLUMNS)), (ROWS, 1)),
        "north": np.tile(np.arange(float(ROWS))[:, None], (1, COLUMNS)),
    }
    settings: dict[str, object] = {
        "grid": {"crs": "EPSG:2154", "transform": [CELL_M, 0.0, 400_000.0, 0.0, -CELL_M, 6_500_000.0]},
        "cell_features": features,
        "n_runs": 80,
        **more,
    }
    return Study("polder", INPUTS, outputs, need, partial(_solve, bed=bed, maps=maps), **settings)


def _solve(inputs: np.ndarray, bed: np.ndarray, maps: int) -> dict[str, np.ndarray]:
    return dict(list(flood(bed, inputs).items())[:maps])


def polder_runs(study: Study, n: int, n_held_out: int, seed: int = 0) -> Runs:
    """Runs at random in the bounds, the last ones held out."""
    rng = np.random.default_rng(seed)
    low, high = (np.array([getattr(v, side) for v in study.inputs]) for side in ("low", "high"))
    inputs = rng.uniform(low, high, (n, len(low)))
    outputs = np.stack([study.run(row) for row in inputs])
    held_out = np.arange(n) >= n - n_held_out
    return Runs(inputs, outputs, np.full(n, 1.0), held_out, np.full(n, -1), np.full(n, ""))
