"""How often the printed bound reaches the true error of what ships, which has learnt from all runs, and what luck adds.

Usage: ``python benchmarks/refit_coverage.py [--replications 1] [--json]``; a quarter of an hour for each replication.
With ``--json`` the figures are kept, and fill the tables of ``docs/decision.md``.

*Real fits.* Thirteen functions (smooth, kinked, steep in a corner, with a jump or a narrow peak, with noise that is even, has
heavy tails or grows along an input), three designs (our own, rows at random, in clusters), 24 to 1,000 runs: the whole ladder
is built, judged and chosen from as ``frugal train`` does, and what ships is asked on 4,000 fresh points of the same
distribution. Printed by number of runs: the share of all learning candidates whose true error the bound reaches (nominal 0.975,
one-sided), the same without the factor for the choice, in other metrics, of the candidate with the least bound and of the first
of the ladder that keeps the limit, how often that one exceeds the limit in truth, the median of bound over true error, and CPU
seconds of the ladder.

*Winner's curse.* Of some candidates, each 1.1 times as wrong as allowed and judged on the same rows: how often one of them
keeps the limit, and how often the bound of the best does not reach its true error, with the factor and without.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from fill_docs import ROOT, fill
from fill_docs import table as markdown

from frugal.experiments.designs.sampling import design_for, from_table
from frugal.experiments.runs.store import Runs
from frugal.experiments.study import Need, Output, Study, Tolerance, Variable
from frugal.surrogates.fitting.judging import Judging, judging_for
from frugal.surrogates.ladder.answering import answering_for
from frugal.surrogates.ladder.build import build_ladder
from frugal.surrogates.ladder.row import unmeasured_row
from frugal.surrogates.measurement.bootstrap import error_with_interval
from frugal.surrogates.measurement.bounds import mean_bound
from frugal.surrogates.measurement.choice import luck_of_choice
from frugal.surrogates.measurement.errors import judge, output_errors
from frugal.surrogates.measurement.places import groups_of

RESULTS = Path(__file__).parent / "results" / "refit_coverage.json"
RUNS = (24, 50, 100, 200, 400, 1000)
FRESH = 4000
DESIGNS = ("own", "random", "clusters")


def _smooth(x: np.ndarray) -> np.ndarray:
    return np.sin(3 * x[:, 0]) + x[:, 1] ** 2 * x[:, 2]


def _kink(x: np.ndarray) -> np.ndarray:
    return np.abs(x[:, 0] - 0.4) + 0.5 * np.maximum(x[:, 1] - x[:, 2], 0) + 0.2 * x[:, 3]


def _peak(x: np.ndarray) -> np.ndarray:
    return np.exp(4 * x[:, 0] * x[:, 1]) + x[:, 2]


def _many(x: np.ndarray) -> np.ndarray:
    return x @ np.array([3.0, 2.0, 1.0, 0.5, 0.2, 0.1]) + np.cos(4 * x[:, 0]) * x[:, 1]


def _wavy(x: np.ndarray) -> np.ndarray:
    return np.sin(9 * x[:, 0]) * np.cos(5 * x[:, 1])


def _steep(x: np.ndarray) -> np.ndarray:
    return np.exp(3 * x[:, 0] + 2 * x[:, 1] * x[:, 2])


def _jump(x: np.ndarray) -> np.ndarray:
    return np.where(x[:, 0] + 0.3 * x[:, 1] > 0.7, 2.0, 0.0) + x[:, 2]


def _near_pole(x: np.ndarray) -> np.ndarray:
    return 1 / (0.05 + x[:, 0] ** 2 + x[:, 1] ** 2) + x[:, 2]


def _narrow(x: np.ndarray) -> np.ndarray:
    return x[:, 0] + 3 * np.exp(-((x[:, 1] - 0.5) ** 2 + (x[:, 2] - 0.5) ** 2) / 0.02)


def _ten(x: np.ndarray) -> np.ndarray:
    waves = 10 * np.sin(np.pi * x[:, 0] * x[:, 1]) + 20 * (x[:, 2] - 0.5) ** 2
    return np.asarray(waves + 10 * x[:, 3] + 5 * x[:, 4])


def _plane(x: np.ndarray) -> np.ndarray:
    return x @ np.array([1.0, 2.0, -1.0])


#: Function, inputs, spread of noise over that of the function; or what noise: Student's t3, or growing along the first input.
FUNCTIONS: dict[str, tuple[Callable[[np.ndarray], np.ndarray], int, float | str]] = {
    "smooth": (_smooth, 3, 0.0),
    "kink": (_kink, 4, 0.0),
    "peak": (_peak, 3, 0.0),
    "six inputs": (_many, 6, 0.0),
    "wavy": (_wavy, 2, 0.0),
    "noisy": (_smooth, 3, 0.2),
    "steep": (_steep, 3, 0.0),
    "jump": (_jump, 3, 0.0),
    "near a pole": (_near_pole, 3, 0.0),
    "narrow": (_narrow, 3, 0.0),
    "ten inputs": (_ten, 10, 0.05),
    "heavy noise": (_plane, 3, "t3"),
    "growing noise": (_plane, 3, "growing"),
}


def noise_of(kind: float | str, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Noise ``[n]`` over the spread of the function."""
    if kind == "t3":
        return 0.3 * rng.standard_t(3, len(x)) / np.sqrt(3)
    if kind == "growing":
        return 0.6 * x[:, 0] ** 3 * rng.standard_normal(len(x))
    return float(kind) * rng.standard_normal(len(x))


class NoMeter:
    """Books nothing."""

    @contextmanager
    def stage(self, *names: object):
        yield SimpleNamespace()


def study_of(d: int, limit: float) -> Study:
    """One output, held to a root mean square error."""
    need = Need("one answer", {"y": Tolerance("rmse", limit)}, queries=(1e4, 1e6))
    inputs = tuple(Variable(f"x{k}", "1", 0.0, 1.0) for k in range(d))
    return Study("table", inputs, (Output("y", "1"),), need)


def rows_of(design: str, n: int, d: int, rng: np.random.Generator) -> np.ndarray:
    """Inputs ``[n, d]`` at random, or in eight clusters of uneven weight."""
    if design != "clusters":
        return rng.random((n, d))
    centres, weight = np.random.default_rng(d).random((8, d)), np.linspace(1, 3, 8)
    member = rng.choice(8, n, p=weight / weight.sum())
    return np.clip(centres[member] + 0.12 * rng.standard_normal((n, d)), 0, 1)


def table(function: str, design: str, n: int, seed: int) -> tuple[Study, Runs, np.ndarray, np.ndarray]:
    """A study, its runs, and fresh inputs with their true outputs ``[k, 1]``, noise left in."""
    solve, d, noise = FUNCTIONS[function]
    rng = np.random.default_rng([seed, n, len(function), len(design)])
    scale = float(solve(np.random.default_rng(0).random((FRESH, d))).std())
    study = study_of(d, float(np.exp(rng.uniform(np.log(0.01), np.log(0.5)))) * scale)
    if design == "own":
        drawn = design_for(replace(study, solve=lambda row: None), n, seed)
    else:
        drawn = from_table(rows_of(design, n, d, rng), seed)
    fresh = rows_of(design, FRESH, d, rng)
    outputs, truth = ((solve(x) + scale * noise_of(noise, x, rng))[:, None] for x in (drawn.inputs, fresh))
    return study, runs_of(drawn.inputs, outputs, drawn.held_out, drawn.places), fresh, truth


def runs_of(inputs: np.ndarray, outputs: np.ndarray, held_out: np.ndarray, places: np.ndarray) -> Runs:
    """Finished runs that cost nothing."""
    nothing = np.zeros(len(inputs))
    return Runs(inputs, outputs, nothing, held_out, np.full(len(inputs), -1), places)


@dataclass(frozen=True)
class Fits:
    """What the learning candidates of one ladder answer, on the runs that are judged and on fresh points, by name."""

    study: Study
    judged: Runs
    truth: np.ndarray
    answers: dict[str, np.ndarray]
    told: dict[str, np.ndarray]
    seed: int
    cpu_seconds: float


def fits_of(study: Study, runs: Runs, judging: Judging, fresh: np.ndarray, truth: np.ndarray, seed: int) -> Fits:
    """Build the whole ladder and ask it."""
    meter, answers, told = NoMeter(), {}, {}
    folds = judging.folds if judging.by == "out_of_fold" else None
    start = time.process_time()
    candidates = build_ladder(study, runs, meter, seed, judging=judging)
    for candidate in candidates:
        if candidate.status != "ok" or not candidate.needs_runs:
            continue
        asked = answering_for(study, candidate)
        row = judge(
            study, unmeasured_row(study, candidate), asked, judging.judged, meter, seed, answers, None, {}, folds
        )
        if not isinstance(row, str):
            told[candidate.name] = asked.predict(fresh, np.full(len(fresh), -1))
    spent = time.process_time() - start
    return Fits(study, judging.judged, truth, {name: answers[name] for name in told}, told, seed, spent)


def bounds_of(fits: Fits) -> dict:
    """Of each candidate: its bound, with and without the factor for the choice, the true error, and the one that is told."""
    study, judged, truth = fits.study, fits.judged.outputs, fits.truth
    groups, found, others = groups_of(fits.judged.places), {}, {}
    errors = {name: output_errors(study, judged, answer, groups, fits.seed) for name, answer in fits.answers.items()}
    luck = luck_of_choice(study, judged, fits.answers, errors, groups, fits.seed)
    for name, told in fits.told.items():
        error, true = errors[name]["y"], float(np.sqrt(np.mean((told - truth) ** 2)))
        found[name] = error.high * luck.get(name, 1.0), error.high, true, error.value
        others[name] = in_other_metrics(judged, fits.answers[name], truth, told)
    limit = study.need.tolerances["y"].error_allowed
    return {"candidates": found, "limit": limit, "cpu_seconds": fits.cpu_seconds, "others": others}


def ladder_of(study: Study, runs: Runs, judging: Judging, fresh: np.ndarray, truth: np.ndarray, seed: int) -> dict:
    """Both."""
    return bounds_of(fits_of(study, runs, judging, fresh, truth, seed))


def in_other_metrics(
    judged: np.ndarray, answered: np.ndarray, truth: np.ndarray, told: np.ndarray
) -> dict[str, tuple[float, float]]:
    """Bound and true error, by metric: without the factor for the choice."""
    found = {}
    for name in ("nrmse_std", "rmsle"):
        if name == "nrmse_std" or min(judged.min(), truth.min()) > 0:
            bound = float(error_with_interval(judged, answered, name).high[0])
            found[name] = bound, float(error_with_interval(truth, told, name, n_bootstrap=2).value[0])
    distances = np.abs(judged - answered)
    bound = float(mean_bound(distances, np.ones_like(distances), power=1.0)[0])
    return found | {"mean distance": (bound, float(np.abs(truth - told).mean()))}


def summary(trials: list[dict]) -> dict[str, float]:
    """What is printed of trials with so many runs."""
    each = np.array([value for trial in trials for value in trial["candidates"].values()])
    least, first = [], []
    for trial in trials:
        values = np.array(list(trial["candidates"].values()))
        least.append(values[values[:, 0].argmin()])
        keeps = np.flatnonzero(values[:, 0] <= trial["limit"])
        if len(keeps):
            first.append([*values[keeps[0]], trial["limit"]])
    least, kept = np.array(least), np.array(first).reshape(-1, 5)
    others: dict[str, list[bool]] = {}
    for trial in trials:
        for told in trial["others"].values():
            for metric, (bound, true) in told.items():
                others.setdefault(f"covered, {metric}", []).append(bound >= true)
    return {
        "trials": len(trials),
        "candidates": len(each),
        "covered": float(np.mean(each[:, 0] >= each[:, 2])),
        "covered without factor": float(np.mean(each[:, 1] >= each[:, 2])),
        **{name: float(np.mean(held)) for name, held in others.items()},
        "least bound covered": float(np.mean(least[:, 0] >= least[:, 2])),
        "least bound covered without factor": float(np.mean(least[:, 1] >= least[:, 2])),
        "first that keeps the limit covered": float(np.mean(kept[:, 0] >= kept[:, 2])) if len(kept) else np.nan,
        "exceeds the limit": float(np.mean(kept[:, 2] > kept[:, 4])) if len(kept) else np.nan,
        "bound over true": float(np.median(each[:, 0] / np.maximum(each[:, 2], 1e-300))),
        "error over true": float(np.median(each[:, 3] / np.maximum(each[:, 2], 1e-300))),
        "cpu_seconds": float(np.median([trial["cpu_seconds"] for trial in trials])),
    }


def curse(
    places: int, rows: int, spread: float, alike: float, candidates: int, trials: int, seed: int
) -> dict[str, float]:
    """Candidates that are each 1.1 times as wrong as allowed: how often one is told to keep the limit."""
    study, rng = study_of(1, 1.0), np.random.default_rng(seed)
    labels = np.array([f"p{k}" for k in np.repeat(np.arange(places), rows)]) if places else np.full(rows, "")
    n = len(labels)
    truth = np.zeros((n, 1))
    found = {"one keeps": 0, "one keeps without factor": 0, "best not covered": 0, "best not covered without": 0}
    for trial in range(trials):
        shared = rng.standard_normal(n)
        answers = {}
        for k in range(candidates):
            error = np.sqrt(alike) * shared + np.sqrt(1 - alike) * rng.standard_normal(n)
            if places:
                level = np.exp(spread * rng.standard_normal(places) / 2 - spread**2 / 4)
                error = error * np.repeat(level, rows)
            answers[f"c{k}"] = 1.1 * error[:, None]
        groups = labels if places else None
        told = {name: output_errors(study, truth, answer, groups, trial) for name, answer in answers.items()}
        luck = luck_of_choice(study, truth, answers, told, groups, trial)
        plain = np.array([errors["y"].high for errors in told.values()])
        lucky = plain * np.array([luck.get(name, 1.0) for name in told])
        found["one keeps"] += bool((lucky <= 1).any())
        found["one keeps without factor"] += bool((plain <= 1).any())
        found["best not covered"] += bool(lucky.min() < 1.1)
        found["best not covered without"] += bool(plain.min() < 1.1)
    return {name: count / trials for name, count in found.items()}


CURSES = {
    "16 rows": (0, 16, 0.0),
    "36 rows": (0, 36, 0.0),
    "100 rows": (0, 100, 0.0),
    "5 places alike": (5, 16, 0.0),
    "5 places that differ": (5, 16, 0.7),
    "5 places that differ much": (5, 16, 1.4),
    "10 places that differ": (10, 16, 0.7),
    "10 places that differ much": (10, 16, 1.4),
    "20 places that differ": (20, 16, 0.7),
    "20 places that differ much": (20, 16, 1.4),
}


def replication(n: int, seed: int, folder: Path | None, tables: int | None = None) -> Iterator[Fits]:
    """The fits to one table of each function and design, or to so many of these, drawn once for all numbers of runs."""
    pairs = [(function, design) for function in FUNCTIONS for design in DESIGNS]
    for function, design in [pairs[k] for k in np.random.default_rng(0).permutation(len(pairs))[:tables]]:
        study, runs, fresh, truth = table(function, design, n, seed)
        judging = judging_for(runs, seed)
        path = None if folder is None else folder / f"{function}, {design}, {n}, {seed}.npz"
        if path is None or not path.is_file():
            fits = fits_of(study, runs, judging, fresh, truth, seed)
            if path is not None:
                kept = {f"{name} judged": answer for name, answer in fits.answers.items()}
                np.savez(path, cpu_seconds=fits.cpu_seconds, **kept, **fits.told)
            yield fits
            continue
        with np.load(path) as kept:
            told = {name: kept[name] for name in kept.files if f"{name} judged" in kept.files}
            answers = {name: kept[f"{name} judged"] for name in told}
            spent = float(kept["cpu_seconds"])
        yield Fits(study, judging.judged, truth, answers, told, seed, spent)


def fill_tables(found: dict[str, dict]) -> None:
    """Write both tables into the docs, from what is kept."""
    page = ROOT / "docs" / "decision.md"
    columns = {
        "covered": "covered, all that learn", "covered, nrmse_std": "in `nrmse_std`", "covered, mean distance": "mean distance",
        "covered, rmsle": "in `rmsle`", "least bound covered": "of the least bound",
        "bound over true": "bound over true error", "error over true": "error told over true error",
    }  # fmt: skip
    heads = ["runs", "tables", *columns.values(), "CPU s of the ladder"]
    rows = [
        [f"{int(n):,}", str(told["trials"]), *(f"{told[name]:.2f}" for name in columns), f"{told['cpu_seconds']:.1f}"]
        for n, told in sorted(found["fits"].items(), key=lambda item: int(item[0]))
    ]
    fill(page, "bounds of fits", markdown(heads, rows))
    names = ("one keeps without factor", "one keeps", "best not covered without", "best not covered")
    heads = ["", "one keeps, without the factors", "with", "best not covered, without", "with"]
    told = {name: found["curse"][f"{name}, errors alike by 0.5"] for name in CURSES}
    fill(page, "luck", markdown(heads, [[name, *(f"{each[key]:.2f}" for key in names)] for name, each in told.items()]))


def main() -> None:
    """Print the tables and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--replications", type=int, default=1)
    parser.add_argument("--curses", type=int, default=300, help="trials of the winner's curse; 0 for none")
    parser.add_argument("--tables", type=int, help="of each replication, drawn from all functions and designs")
    parser.add_argument("--runs", type=int, nargs="*", default=list(RUNS))
    parser.add_argument("--fits", type=Path, help="folder that fits are kept in, and taken from where they are there")
    parser.add_argument("--json", action="store_true", help="keep the figures in benchmarks/results")
    chosen = parser.parse_args()
    found: dict[str, dict] = {"fits": {}, "curse": {}}
    if chosen.json and RESULTS.is_file():  # what is not measured now stays
        found |= json.loads(RESULTS.read_text(encoding="utf-8"))
    for name, (places, rows, spread) in CURSES.items():
        for alike in (0.0, 0.5):
            if chosen.curses:
                told = curse(places, rows, spread, alike, 7, chosen.curses, 0)
                found["curse"][f"{name}, errors alike by {alike:g}"] = told
                print(f"{name}, alike {alike:g}: {told}", flush=True)
    for n in chosen.runs:
        trials = [
            bounds_of(fits)
            for seed in range(chosen.replications)
            for fits in replication(n, seed, chosen.fits, chosen.tables)
        ]
        found["fits"][str(n)] = summary(trials)
        print(n, json.dumps(found["fits"][str(n)]), flush=True)
    if chosen.json:
        RESULTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        fill_tables(found)


if __name__ == "__main__":
    main()
