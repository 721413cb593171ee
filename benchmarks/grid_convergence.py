"""Flooded area and volume on cells of 50, 25 and 12.5 m: ``python benchmarks/grid_convergence.py [--only FLOOD ...]``.

Three floods of generated places: the polder with a breach of 100 m (the default storm), the same without a breach under the
highest storm of its study, which runs over the dike, and the valley under its default wave. All are counted on the land of the
50 m cells. The observed order is log2 of the ratio of two differences; where it lies between 0.7 and 2.2, and both go the same
way, the value for cells of no width is extrapolated (Richardson). Prints a table and writes
``results/grid_convergence.json``, from which `fill_docs.py` makes the table of the documentation; with ``--only`` the other
floods stay there as they are.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from frugal.candidates.grid_error import ORDERS
from frugal.formats.files.atomic import write_text
from frugal.physics.shallow_water.simulate import simulate
from frugal.studies.flood.outputs import HOUR, WET_M
from frugal.studies.flood.river_flood import wave
from frugal.studies.flood.submersion import submersion
from frugal.studies.flood.terrain.generated_polder import polder
from frugal.studies.flood.terrain.generated_valley import valley
from frugal.studies.flood.terrain.site import SubmersionSite

HERE = Path(__file__).resolve().parent

WIDTHS_M = (50.0, 25.0, 12.5)
STORM = {
    "surge_peak": 1.5, "tide_range": 6.0, "sea_level_rise": 0.0, "storm_duration": 18.0, "breach_width": 100.0,
    "breach_position": 0.5, "roughness_factor": 1.0,
}  # fmt: skip
OVER_THE_DIKE = {**STORM, "surge_peak": 2.0, "tide_range": 6.5, "sea_level_rise": 1.0, "breach_width": 0.0}
WAVE = {
    "peak_discharge": 900.0, "time_to_peak": 2.0, "volume": 1e7, "roughness_factor": 1.0, "downstream_depth": 1.5,
}  # fmt: skip


def _polder(width_m: float, inputs: dict[str, float]) -> tuple[np.ndarray, np.ndarray]:
    """Greatest depths, and the land of these cells."""
    study = submersion(SubmersionSite(cells=round(3200.0 / width_m)))
    assert study.solve is not None
    return np.asarray(study.solve(**inputs)["max_depth"]), polder(round(3200.0 / width_m), width_m).land


def _valley(width_m: float, inputs: dict[str, float]) -> tuple[np.ndarray, np.ndarray]:
    terrain = valley(round(2000.0 / width_m), round(3800.0 / width_m), width_m)
    return simulate(wave(terrain, 10.0 * HOUR, **inputs), arrival_depth_m=WET_M).max_depth, terrain.land


FLOODS: dict[str, tuple[Callable[..., tuple[np.ndarray, np.ndarray]], dict[str, float]]] = {
    "polder, breach of 100 m": (_polder, STORM),
    "polder, over the dike": (_polder, OVER_THE_DIKE),
    "valley": (_valley, WAVE),
}


def on_land(values: np.ndarray, land: np.ndarray) -> np.ndarray:
    """Values of the cells that lie on land of wider cells ``[y, x]``, flattened."""
    parts = values.shape[0] // land.shape[0]
    return values[np.repeat(np.repeat(land, parts, axis=0), parts, axis=1)]


def flood_on(name: str, widths_m: tuple[float, ...] = WIDTHS_M) -> list[dict[str, float]]:
    """Area in ha and volume in Mm³ of the greatest depths, and CPU seconds, on cells of each width."""
    run, inputs = FLOODS[name]
    rows, land = [], None
    for width_m in widths_m:
        start = time.process_time()
        depth, own = run(width_m, inputs)
        seconds = time.process_time() - start
        land = own if land is None else land
        most = on_land(depth, land)
        rows.append(
            {
                "width_m": width_m,
                "area_ha": float(np.count_nonzero(most > WET_M)) * width_m**2 / 1e4,
                "volume_mm3": float(most.sum()) * width_m**2 / 1e6,
                "cpu_seconds": round(seconds, 2),
            }
        )
    return rows


def convergence(values: list[float]) -> dict[str, float | None]:
    """Difference of the first from the second, observed order, and what the first errs by, all over the second.

    Parameters
    ----------
    values : list of float
        On cells of three widths, each half as wide as the one before.
    """
    wide, middle, fine = values
    first, second = wide - middle, middle - fine
    order = math.log2(abs(first / second)) if first and second else None
    holds = order is not None and ORDERS[0] <= order <= ORDERS[1] and first * second > 0
    limit = fine - second / (2**order - 1) if holds and order is not None else None
    error = abs(wide - (fine if limit is None else limit)) / abs(fine if limit is None else limit)
    return {"difference": abs(first) / abs(middle), "order": order, "limit": limit, "error": error}


def main() -> None:
    """Print the table, and write it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=tuple(FLOODS), default=tuple(FLOODS))
    arguments = parser.parse_args()
    results = HERE / "results" / "grid_convergence.json"
    before = json.loads(results.read_text(encoding="utf-8")) if results.exists() else []
    kept = {row["flood"]: row for row in before}
    for name in arguments.only:
        rows = flood_on(name)
        told = {key: convergence([row[key] for row in rows]) for key in ("area_ha", "volume_mm3")}
        kept[name] = {"flood": name, "rows": rows, **told}
        found = [kept[flood] for flood in FLOODS if flood in kept]
        write_text(results, json.dumps(found, indent=1, ensure_ascii=False) + "\n")
        for key, unit in (("area_ha", "ha"), ("volume_mm3", "Mm³")):
            values = " ".join(f"{row[key]:9.3f}" for row in rows)
            order, limit = (_number(told[key][part]) for part in ("order", "limit"))
            difference, error = (_number(told[key][part]) for part in ("difference", "error"))
            print(
                f"{name:24} {unit:4} {values}  50 from 25 m {difference}  order {order}  limit {limit}  error {error}",
                flush=True,
            )


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"


if __name__ == "__main__":
    main()
