"""A tidal level at ten stations every ten minutes of a day: each value learnt for itself, or the whole by its modes.

Usage: ``python benchmarks/field_geometries.py``. The same 120 runs of a closed form (that of ``tests/tide_for_tests.py``)
are learnt four times: as 1,450 values each for itself, as plain dimensions, as points with a time axis, and as ``[y, x]``.
Prints and writes to ``benchmarks/results/field_geometries.json`` the RMSE over the held-out runs and the bytes of the
graph, by candidate.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from tide_for_tests import HOURS, NAMES, tidal_level, tide_study

from frugal.experiments.designs.sampling import design_for
from frugal.experiments.runs.store import Runs
from frugal.experiments.study import Output, Study, outputs
from frugal.surrogates.ladder.answering import answering_for
from frugal.surrogates.ladder.build import build_ladder

RESULT = Path(__file__).parent / "results" / "field_geometries.json"
N_RUNS = 120
FORMS = ("each value for itself", "plain dimensions", "points and times", "[y, x]")


class NoMeter:
    """Books nothing."""

    @contextmanager
    def stage(self, stage: str, candidate: str | None = None, **more: Any) -> Iterator[SimpleNamespace]:
        """A stage that costs nothing."""
        yield SimpleNamespace(details={})


def study_of(form: str) -> Study:
    """The level alone, in one of the forms."""
    if form == "points and times":
        study = tide_study("points", N_RUNS)
        level, solve = study.outputs[0], tidal_level
    else:
        study = tide_study("plain", N_RUNS)
        level = study.outputs[0]
        if form == "[y, x]":
            level = Output("level", "m", ("y", "x"), {"y": list(NAMES), "x": HOURS.tolist()})

        def solve(**inputs: float) -> Any:
            return tidal_level(**inputs).T

    def level_alone(tide_range: float, surge: float, surge_time: float, discharge: float) -> dict[str, Any]:
        return {
            "level": solve(tide_range=tide_range, surge=surge, surge_time=surge_time, discharge=discharge),
        }

    return replace(study, outputs=(level,), solve=level_alone)


def measured(form: str) -> dict[str, dict[str, Any]]:
    """RMSE [m] and bytes of every candidate that learns, or why there is none."""
    study = study_of(form)
    design = design_for(study, N_RUNS, 0)
    values = np.stack([study.run(row) for row in design.inputs])
    runs = Runs(design.inputs, values, np.ones(len(values)), design.held_out, design.object_ids, design.places)
    found: dict[str, dict[str, Any]] = {}
    for candidate in build_ladder(study, runs.training, NoMeter(), 0):
        if candidate.name == "full_physics":
            continue
        if candidate.model is None:
            told = candidate.message or candidate.graph_reason
            found[candidate.name] = {"rmse_m": None, "bytes": None, "why": (told or {}).get("en", "")}
            continue
        predicted = answering_for(study, candidate).predict(runs.held_out.inputs, runs.held_out.object_ids)
        error = float(np.sqrt(np.mean((predicted - runs.held_out.outputs) ** 2)))
        found[candidate.name] = {"rmse_m": error, "bytes": len(candidate.model), "why": ""}
    return found


def main() -> None:
    """Measure, print and write."""
    rows = {}
    for form in FORMS:
        largest = outputs.LARGEST_VECTOR
        outputs.LARGEST_VECTOR = 10**9 if form == FORMS[0] else largest  # type: ignore[misc]
        try:
            rows[form] = measured(form)
        finally:
            outputs.LARGEST_VECTOR = largest  # type: ignore[misc]
    names = list(rows[FORMS[1]])
    print(f"{'candidate':18}" + "".join(f"{form:>26}" for form in FORMS))
    for name in names:
        cells = [rows[form].get(name, {"rmse_m": None, "bytes": None}) for form in FORMS]
        told = [f"{c['rmse_m']:.4f} m {c['bytes'] / 1000:8.1f} kB" if c["bytes"] else "–" for c in cells]
        print(f"{name:18}" + "".join(f"{text:>26}" for text in told))
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps({"runs": N_RUNS, "elements": len(HOURS) * len(NAMES), "forms": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
