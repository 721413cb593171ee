"""How often the intervals of `frugal calibrate` hold the truth: synthetic truths, measured with noise, fitted.

Usage: ``python benchmarks/calibration_coverage.py [BUNDLE] [--truths 50] [--only NAME]``, with ``bundles/oxygen_sag`` (after
``frugal train --study docs/examples/oxygen_sag.py``); ten minutes on one core. The table goes into ``docs/calibrate.md``.

Truths are drawn evenly from the bounds, measurements made by the model or by the solver, with normal errors. Told are the
share of truths within their 90 % intervals (all unknowns together, and the lowest of one), how often the truth is ruled out,
and how often the model is said not to fit: rightly so where the measurements come from something else.

- ``curve``: three unknowns of a curve, twelve measurements; the model itself is asked.
- ``oxygen``: decay and reaeration of ``docs/examples/oxygen_sag.py`` from eight permits, measured to 0.2 mg/L, answered by the
  candidate that the command chooses; ``quadratic`` and ``linear`` by those, which err by more.
- ``emulator``: the same by an emulator of the solver.
- ``levels``: friction and depth of ``docs/examples/tide_levels.py`` from twenty levels, by an emulator of the solver.
- ``wrong``: ``curve`` with measurements of another curve.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from fill_docs import fill, table

from frugal.calibration.asking import AskedGraph, AskedSolver, ModelAsked, Modelled
from frugal.calibration.calibrate import _typical_deviation, _with_graphs
from frugal.calibration.drawing import draw_posterior
from frugal.calibration.emulator import GOOD_ENOUGH, emulated
from frugal.calibration.fitting import best_fit
from frugal.calibration.history import ruled_out
from frugal.calibration.observed import ObservedRuns, Unknown, observed_under, unknowns
from frugal.calibration.space import Space
from frugal.experiments.study import Measurement, Observations, Study
from frugal.experiments.study.registry import load_study_file
from frugal.surrogates.bundle.bundle import Bundle, open_bundle
from frugal.surrogates.bundle.predictor import Predictor

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "calibration_coverage.json"
EXAMPLES = ROOT / "docs" / "examples"

#: A truth, and what is asked about it: observations, space, what answers, and the truth itself in its units.
Case = tuple[ObservedRuns, Space, ModelAsked, np.ndarray]

PLACES = np.linspace(0.1, 1.0, 12)
CURVE = Space.of([Unknown(name, "1", 0.0, 2.0, {}, None, None) for name in ("height", "decay", "slope")])


def curve(settings: np.ndarray) -> np.ndarray:
    """Heights ``[n, 12]`` of a curve."""
    height, decay, slope = settings.T[:, :, None]
    return np.asarray(height * np.exp(-3 * decay * PLACES) + slope * PLACES)


def direct(settings: np.ndarray) -> Modelled:
    """The curve itself, as what is asked."""
    values = curve(settings)
    return Modelled(values, np.zeros_like(values), np.ones(len(values), dtype=bool))


def beside(values: np.ndarray, sigma: float) -> ObservedRuns:
    """Measurements of single numbers, each of its own output."""
    measured = tuple(Measurement("y", float(value), sigma=sigma) for value in values)
    columns = np.arange(len(values))
    return ObservedRuns("planted", "", measured, np.zeros((1, 1)), 0 * columns, columns, columns, np.zeros(len(values)))


def curve_case(rng: np.random.Generator) -> Case:
    """A curve measured to 0.05."""
    truth = CURVE.from_unit(rng.random((1, 3)))[0]
    noise = 0.05 * rng.standard_normal(len(PLACES))
    return beside(curve(truth[None])[0] + noise, 0.05), CURVE, direct, truth


def wrong_case(rng: np.random.Generator) -> Case:
    """The same curve with a wave that the model does not have, of four standard errors."""
    observed, space, asked, truth = curve_case(rng)
    wave = 0.2 * np.sin(14 * PLACES + 2 * np.pi * rng.random())
    return beside(observed.values + wave, 0.05), space, asked, truth


OXYGEN = load_study_file(EXAMPLES / "oxygen_sag.py")
LEVELS = load_study_file(EXAMPLES / "tide_levels.py")


def oxygen_observed(rng: np.random.Generator, sigma: float = 0.2) -> tuple[ObservedRuns, Space, np.ndarray]:
    """Eight permits at a river of unknown decay and reaeration, their lowest oxygen by the solver and measured with errors."""
    names = ("decay_per_day", "reaeration_per_day")
    fitted = unknowns(OXYGEN.inputs, (), names)
    space = Space.of(fitted)
    truth = space.from_unit(rng.random((1, 2)))[0]
    known = [variable for variable in OXYGEN.inputs if variable.name not in names]
    given = [{v.name: str(rng.uniform(v.low, v.high)) for v in known} for _ in range(8)]
    blank = Observations("planted", [Measurement("lowest_oxygen_mg_l", 0.0, sigma=sigma)] * 8)
    observed = observed_under(blank, given, OXYGEN.inputs, OXYGEN.outputs, fitted, {})
    values = AskedSolver(OXYGEN, observed, fitted)(truth[None]).values[0] + sigma * rng.standard_normal(8)
    told = [Measurement("lowest_oxygen_mg_l", float(value), sigma=sigma) for value in values]
    measured = Observations("planted", told)
    return observed_under(measured, given, OXYGEN.inputs, OXYGEN.outputs, fitted, {}), space, truth


def oxygen_case(bundle: Bundle, candidate: str | None) -> Callable[[np.random.Generator], Case]:
    """Answered by a candidate, or by the one that the command takes."""
    predictors = [Predictor(bundle.path, name) for name in ([candidate] if candidate else _with_graphs(bundle))]

    def case(rng: np.random.Generator) -> Case:
        observed, space, truth = oxygen_observed(rng)
        points = space.from_unit(space.sobol(64, 0))
        asked = [AskedGraph(predictor, observed, space.unknowns) for predictor in predictors]
        enough = (one for one in asked if _typical_deviation(one, observed, points) <= GOOD_ENOUGH)
        return observed, space, next(enough, asked[0]), truth

    return case


def emulator_case(rng: np.random.Generator) -> Case:
    """Answered by an emulator of the solver."""
    observed, space, truth = oxygen_observed(rng)
    return observed, space, _emulator(OXYGEN, observed, space), truth


def levels_case(rng: np.random.Generator) -> Case:
    """Twenty levels measured to 0.05 m, of unknown friction and depth."""
    fitted = unknowns(LEVELS.inputs, LEVELS.parameters, ("friction_m_s", "depth_m"))
    space = Space.of(fitted)
    truth = space.from_unit(rng.random((1, 2)))[0]
    blank = LEVELS.observations[0]
    given: list[dict[str, str]] = [{}] * len(blank.measurements)
    observed = observed_under(blank, given, LEVELS.inputs, LEVELS.outputs, fitted, {}, LEVELS.scenarios[0])
    values = AskedSolver(LEVELS, observed, fitted)(truth[None]).values[0] + 0.05 * rng.standard_normal(len(observed))
    told = [
        Measurement(m.output, float(v), m.place, m.time, 0.05) for m, v in zip(blank.measurements, values, strict=True)
    ]
    measured = Observations("planted", told)
    observed = observed_under(measured, given, LEVELS.inputs, LEVELS.outputs, fitted, {}, LEVELS.scenarios[0])
    return observed, space, _emulator(LEVELS, observed, space), truth


def _emulator(study: Study, observed: ObservedRuns, space: Space) -> ModelAsked:
    return emulated(AskedSolver(study, observed, space.unknowns), space, observed, None, 0)


def coverage(case: Callable[[np.random.Generator], Case], truths: int) -> dict[str, Any]:
    """Fit so many truths, and count."""
    begun, held, out, refused, widths = time.process_time(), [], [], [], []
    for number in range(truths):
        observed, space, asked, truth = case(np.random.default_rng(number))
        best = best_fit(asked, space, observed, number)
        draws = draw_posterior(asked, space, observed, best.unit, number)
        low, high = draws.interval(0.9)
        held.append((low <= truth) & (truth <= high))
        widths.append((high - low) / space.width)
        out.append(bool(ruled_out(asked(truth[None]), observed)[0]))
        refused.append(best.fits is False)
    return {
        "truths": truths,
        "unknowns": len(held[0]),
        "measurements": len(observed),
        "coverage": float(np.mean(held)),
        "lowest": float(np.mean(held, axis=0).min()),
        "width": float(np.median(widths)),
        "ruled_out": float(np.mean(out)),
        "does_not_fit": float(np.mean(refused)),
        "cpu_seconds": (time.process_time() - begun) / truths,
    }


def main() -> None:
    """Run the scenarios, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", nargs="?", default="bundles/oxygen_sag", type=Path)
    parser.add_argument("--truths", default=50, type=int)
    parser.add_argument("--only", default="")
    chosen = parser.parse_args()
    bundle = open_bundle(chosen.bundle)
    cases: dict[str, Callable[[np.random.Generator], Case]] = {
        "curve": curve_case,
        "oxygen": oxygen_case(bundle, None),
        "quadratic": oxygen_case(bundle, "quadratic"),
        "linear": oxygen_case(bundle, "linear"),
        "emulator": emulator_case,
        "levels": levels_case,
        "wrong": wrong_case,
    }
    found = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.is_file() else {}
    for name, case in cases.items():
        if chosen.only in ("", name):
            found[name] = coverage(case, chosen.truths)
            print(name, json.dumps(found[name]), flush=True)
    RESULTS.write_text(
        json.dumps({name: found[name] for name in cases if name in found}, indent=1) + "\n", encoding="utf-8"
    )
    heads = ["case", "truths × unknowns", "measurements", "held by 90 % intervals", "lowest of one", "width / bounds"]
    heads += ["truth ruled out", "said not to fit", "CPU s"]
    rows = [
        [
            f"`{name}`",
            f"{one['truths']} × {one['unknowns']}",
            str(one["measurements"]),
            *(f"{100 * one[key]:.0f} %" for key in ("coverage", "lowest", "width", "ruled_out", "does_not_fit")),
            f"{one['cpu_seconds']:.1f}",
        ]
        for name, one in found.items()
    ]
    fill(ROOT / "docs" / "calibrate.md", "coverage", table(heads, rows))


if __name__ == "__main__":
    main()
