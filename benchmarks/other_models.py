"""Claim: of the models tried beside the ladder's former ones, two err a tenth less than they somewhere, and are kept.

    python benchmarks/other_models.py values [--problems NAME ...] [--sizes N ...] [--noise SHARE ...]
        [--models NAME ...] [--tables FOLDER]
    python benchmarks/other_models.py study BUNDLE [--answers NAME ...] [--models NAME ...]
    python benchmarks/other_models.py fill

``values``: problems of `surrogate_problems.py` and three with steps, regimes of a category and ramps, from runs of a Latin
hypercube with noise of a share of the spread. Error in % of the spread on 3,000 fresh points without noise; CPU seconds of the
fit with its search. Tried: LightGBM with straight lines in its leaves (kept), ExtraTrees, SVR, cubic radial functions on inputs
scaled by a polynomial's sensitivities, additive splines with products of pairs, the small network with larger penalties and
smaller sizes, and the mean of four networks. What is kept already is not tried again unless it is named. ``study`` corrects
the cheap answers of the study that a bundle was made from (kept with ridge regression): error in % of the spread on runs that
were not learnt from (those held out, else every fourth). ``fill`` writes the tables of ``docs/surrogates.md`` from
``results/other_models.json``.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from fill_docs import RESULTS, ROOT, fill, table
from scipy.stats import qmc
from surrogate_problems import PROBLEMS, data

from frugal.experiments.runs.store import read_runs
from frugal.experiments.study import Variable
from frugal.surrogates.fitting.folds import folds
from frugal.surrogates.fitting.input_features import FeatureMap
from frugal.surrogates.fitting.judging import groups_of_learning
from frugal.surrogates.models import registry
from frugal.surrogates.models.corrected import PREFIX, Corrected
from frugal.surrogates.models.scalar.mlp import TRIALS, Mlp, Trial
from frugal.surrogates.models.scalar.ridge import fit_ridge
from frugal.surrogates.models.scalar.tanh_training import Network, train
from frugal.surrogates.onnx.physical_limits import clip_outputs

KEPT = RESULTS / "other_models.json"
FRESH = 3000
Predict = Callable[[np.ndarray], np.ndarray]


# ---- problems ----------------------------------------------------------------------------------------------------------


def steps(x: np.ndarray) -> np.ndarray:
    """Three gates, one behind another, and a slope."""
    inner = np.where((x[:, 1] > 0.62) & (x[:, 2] > 0.4), 1.5, 0.0)
    return np.where(x[:, 0] > 0.37, 2.0, 0.0) + inner + np.where(x[:, 3] > 0.5, 1.0, 0.0) + 0.3 * x[:, 4]


def regimes(x: np.ndarray) -> np.ndarray:
    """Another smooth law for each of four categories, and half a space with a term of its own."""
    kind = np.rint(x[:, 4]).astype(int)
    height, slope = np.array([1.0, 2.5, 0.5, 1.7])[kind], np.array([0.0, 3.0, -2.0, 1.0])[kind]
    return height * np.sin(3 * x[:, 0]) + slope * x[:, 1] + np.where(x[:, 2] > 0.5, 3 * x[:, 3] ** 2, 0.0)


def ramps(x: np.ndarray) -> np.ndarray:
    """The highest of three planes, and a fold."""
    planes = np.stack([2 * x[:, 0] + x[:, 1], 3 * x[:, 2] - x[:, 3], 1.5 * x[:, 4] + 0.5])
    return planes.max(axis=0) + np.abs(x[:, 0] - x[:, 3])


MORE: dict[str, tuple[Callable[[np.ndarray], np.ndarray], int]] = {
    "steps": (steps, 6),
    "regimes": (regimes, 5),
    "ramps": (ramps, 6),
}


def cell(name: str, n: int, noise: float, seed: int, tables: Path | None) -> tuple[Any, ...] | None:
    """Runs, fresh points, their true answers, and the variables; None of a table that is not at hand."""
    if name in MORE:
        function, d = MORE[name]
        unit, fresh = qmc.LatinHypercube(d, rng=seed).random(n), np.random.default_rng(10_000 + seed).random((FRESH, d))
        variables = [Variable(f"x{j}", "1", 0.0, 1.0) for j in range(d)]
        if name == "regimes":
            unit[:, 4], fresh[:, 4] = np.floor(4 * unit[:, 4]), np.floor(4 * fresh[:, 4])
            variables[4] = Variable("x4", "1", 0.0, 3.0, choices=("a", "b", "c", "d"))
        x, y, asked, truth = unit, function(unit), fresh, function(fresh)
    else:
        found = data(name, n, seed, tables)
        if found is None:
            return None
        x, y, asked, truth = found.train_x, found.train_y, found.test_x[:FRESH], found.test_y[:FRESH]
        variables = [Variable(f"x{j}", "1", float(low), float(high)) for j, (low, high) in enumerate(found.bounds)]
    y = y + noise * truth.std() * np.random.default_rng(77 + seed).standard_normal(len(y))
    return x, y, asked, truth, variables


# ---- what is tried -----------------------------------------------------------------------------------------------------


class Tried:
    """Fits of one cell: columns between -1 and 1, targets of mean 0 and spread 1, and what earlier fits have found."""

    def __init__(self, x: np.ndarray, y: np.ndarray, variables: list[Variable]) -> None:
        self.x, self.y, self.variables = x, y, variables
        self.features = FeatureMap(variables, x)
        self.z = self.features.transform(x)
        self.mean, self.spread = y.mean(), y.std()
        self.t = (y - self.mean) / self.spread
        self.fitted: dict[str, Any] = {}

    def ours(self, name: str) -> Predict:
        """A rung of the ladder."""
        fitted = self.of_ladder(name)
        return lambda inputs: fitted.predict(inputs)[:, 0]

    def of_ladder(self, name: str) -> Any:
        """The fit of a rung, made once."""
        if name not in self.fitted:
            model = next(model for model in registry.SCALAR_MODELS if model.name == name)
            self.fitted[name] = model.fit(self.x, self.y[:, None], None, self.variables, 0)
        return self.fitted[name]

    def best_of(self, makers: list[Callable[[np.ndarray, np.ndarray], Predict]]) -> Predict:
        """The one that errs least on three folds."""
        errors = []
        for make in makers:
            error = 0.0
            for rows in folds(len(self.z), None, 3, 0):
                kept = np.setdiff1d(np.arange(len(self.z)), rows)
                error += float(np.sum((make(self.z[kept], self.t[kept])(self.z[rows]) - self.t[rows]) ** 2))
            errors.append(error)
        best = makers[int(np.argmin(errors))](self.z, self.t)
        return lambda inputs: best(self.features.transform(inputs)) * self.spread + self.mean

    def extra_trees(self) -> Predict:
        """A hundred trees of random splits, one or three rows to a leaf."""
        from sklearn.ensemble import ExtraTreesRegressor

        def maker(leaf: int) -> Callable[[np.ndarray, np.ndarray], Predict]:
            return lambda z, t: ExtraTreesRegressor(100, random_state=0, min_samples_leaf=leaf).fit(z, t).predict

        return self.best_of([maker(1), maker(3)])

    def svr(self) -> Predict:
        """Support vectors with a Gaussian kernel; chosen on 300 rows at the most."""
        from sklearn.model_selection import GridSearchCV
        from sklearn.svm import SVR

        widths = [share / self.z.shape[1] for share in (0.1, 0.3, 1.0)]
        grid = {"C": [0.3, 3, 30, 300], "gamma": widths, "epsilon": [0.01, 0.1, 0.3]}
        best = GridSearchCV(SVR(), grid, cv=3).fit(self.z[:300], self.t[:300]).best_estimator_.fit(self.z, self.t)
        return lambda inputs: best.predict(self.features.transform(inputs)) * self.spread + self.mean

    def radial(self) -> Predict:
        """Cubic radial functions on columns scaled by what the polynomial says of them, smoothed or not."""
        from scipy.interpolate import RBFInterpolator

        told, rng = self.of_ladder("polynomial_chaos"), np.random.default_rng(0)
        base, share = told.predict(self.x)[:, 0], np.zeros(self.z.shape[1])
        for j in range(self.x.shape[1]):
            shuffled = self.x.copy()
            shuffled[:, j] = rng.permutation(shuffled[:, j])
            share[np.array(self.features.sources) == j] = np.mean((told.predict(shuffled)[:, 0] - base) ** 2)
        scale = np.maximum(np.sqrt(share / max(share.max(), 1e-300)), 0.03)

        def maker(kernel: str, smoothing: float) -> Callable[[np.ndarray, np.ndarray], Predict]:
            def make(z: np.ndarray, t: np.ndarray) -> Predict:
                found = RBFInterpolator(z * scale, t, kernel=kernel, degree=1, smoothing=smoothing)
                return lambda asked: found(asked * scale)

            return make

        kernels, smoothings = ("cubic", "thin_plate_spline"), (1e-6, 0.1, 3.0)
        return self.best_of([maker(kernel, s * len(self.z) / 200) for kernel in kernels for s in smoothings])

    def splines(self) -> Predict:
        """Cubic splines of each input, with or without products of pairs, by ridge."""
        from sklearn.preprocessing import SplineTransformer

        d, best = self.z.shape[1], None
        ends = np.vstack([-np.ones(d), np.ones(d)])
        for knots in (4, 7, 11):
            spline = SplineTransformer(knots, degree=3, extrapolation="linear", include_bias=False).fit(ends)
            for pairs in (False, True):

                def columns(z: np.ndarray, spline: Any = spline, pairs: bool = pairs) -> np.ndarray:
                    products = [z[:, i : i + 1] * z[:, i + 1 :] for i in range(d - 1)] if pairs else []
                    return np.hstack([spline.transform(z), *products])

                ridge = fit_ridge(columns(self.z), self.t[:, None], None, 0)
                if best is None or ridge.error[0] < best[0]:
                    best = ridge.error[0], ridge, columns
        assert best is not None
        _, ridge, seen = best
        return lambda inputs: (
            (seen(self.features.transform(inputs)) @ ridge.weights + ridge.bias)[:, 0] * self.spread + self.mean
        )

    def penalised(self) -> Predict:
        """The small network, penalties up to 100 and eight units tried too."""
        more = (Trial((16, 16), 10.0), Trial((16, 16), 100.0), Trial((8,), 1.0), Trial((8,), 10.0))
        fitted = Mlp(trials=TRIALS + more).fit(self.x, self.y[:, None], None, self.variables, 0)
        return lambda inputs: fitted.predict(inputs)[:, 0]

    def four_networks(self) -> Predict:
        """The mean of the network of the ladder and of three from other starts."""
        first = self.of_ladder("mlp")
        t = first.targets.standardise(self.y[:, None])
        how = first.log["layers"], first.log["penalty"], first.log["most_iterations"]
        others = [train(self.z, t, *how, seed, spread_biases=True)[0] for seed in (1, 2, 3)]
        networks = [Network(first.weights, first.biases), *others]

        def predict(inputs: np.ndarray) -> np.ndarray:
            z = self.features.transform(inputs)
            return first.targets.restore(np.mean([network(z) for network in networks], axis=0))[:, 0]

        return predict


LADDER = ("quadratic", "polynomial_chaos", "mlp", "gaussian_process", "boosted_trees")
OTHERS = ("linear_leaf_trees", "extra_trees", "svr", "radial", "splines", "penalised", "four_networks")


def try_values(args: argparse.Namespace) -> None:
    """Errors of ours and of the others, kept after each cell."""
    for name in args.problems or [*PROBLEMS, *MORE]:
        for n in args.sizes:
            for noise in args.noise:
                made = cell(name, n, noise, 0, args.tables)
                if made is None:
                    continue
                x, y, asked, truth, variables = made
                tried, record = Tried(x, y, variables), {"what": "values", "problem": name, "n": n, "noise": noise}
                found = []
                known = {r["model"]: r for r in kept() if record.items() <= r.items()}
                for model in (*LADDER, *(args.models or OTHERS)):
                    if model in known and model not in (args.models or ()):
                        continue
                    start = time.process_time()
                    predict = getattr(tried, model)() if hasattr(tried, model) else tried.ours(model)
                    spent = time.process_time() - start
                    error = 100 * float(np.sqrt(np.mean((predict(asked) - truth) ** 2)) / truth.std())
                    found.append({**record, "model": model, "error": error, "cpu_seconds": spent})
                print(name, n, noise, *(f"{r['model']} {r['error']:.3g}" for r in found), flush=True)
                keep(found)


# ---- studies -----------------------------------------------------------------------------------------------------------


def try_study(args: argparse.Namespace) -> list[dict[str, Any]]:
    """Errors of cheap answers as they are and corrected by each model, beside the models alone."""
    from frugal.campaigns.reevaluation import study_of
    from frugal.surrogates.bundle.bundle import RUNS, open_bundle

    bundle = open_bundle(args.bundle)
    study, missing = study_of(bundle)
    if missing:
        raise SystemExit(missing)
    runs = read_runs(bundle.path / RUNS, [v.name for v in study.inputs], [o.name for o in study.outputs])
    held = runs.is_held_out if runs.is_held_out.any() else np.arange(len(runs)) % 4 == 0
    learnt, judged = runs.where(~held), runs.where(held)
    groups, found = groups_of_learning(learnt), []
    plain = tuple(replace(o, valid_above=None, defined_where="") if o.is_field else o for o in study.outputs)
    undemanding = replace(study.need, tolerances={})
    plainly = replace(study, outputs=plain, alternatives=(), cell_features={}, need=undemanding)
    everywhere = registry.models_for(plainly)

    def tell(answer: str, model: str, told: np.ndarray, spent: float) -> None:
        record = {"what": "study", "study": bundle.path.name, "answer": answer, "model": model, "cpu_seconds": spent}
        wrong = clip_outputs(told, study.outputs) - judged.outputs
        for name, at in study.output_slices().items():
            spread = np.sqrt(np.mean((judged.outputs[:, at] - judged.outputs[:, at].mean(axis=0)) ** 2))
            if spread > 0:
                found.append(
                    {**record, "output": name, "error": 100 * float(np.sqrt(np.mean(wrong[:, at] ** 2)) / spread)}
                )
        errors = [f"{r['output']} {r['error']:.3g}" for r in found if r["answer"] == answer and r["model"] == model]
        print(answer, model, *errors, f"{spent:.2g} s", flush=True)

    models = args.models or LADDER
    for model in registry.models_for(replace(study, alternatives=())):
        if model.name in models:
            start = time.process_time()
            fitted = model.fit(learnt.inputs, learnt.outputs, groups, study.columns, 0)
            tell("", model.name, fitted.predict(judged.inputs), time.process_time() - start)
    for alternative in study.alternatives:
        if alternative.name not in (args.answers or [alternative.name]):
            continue
        answer = study.answer_of(alternative, learnt.inputs, learnt.outputs)
        start = time.process_time()
        cheap = study.flatten(answer.predict(runs.inputs), len(runs))
        tell(alternative.name, "", cheap[held], time.process_time() - start)
        for model in everywhere:
            if model.name in ("linear", *models):
                start = time.process_time()
                fitted = model.fit(learnt.inputs, learnt.outputs - cheap[~held], groups, study.columns, 0)
                tell(
                    alternative.name,
                    model.name,
                    cheap[held] + fitted.predict(judged.inputs),
                    time.process_time() - start,
                )
    shipped = [model.name for model in registry.models_for(study) if isinstance(model, Corrected)]
    print("on the ladder:", ", ".join(name.removeprefix(PREFIX) for name in shipped))
    return found


# ---- what is told ------------------------------------------------------------------------------------------------------


def kept() -> list[dict[str, Any]]:
    """Records of earlier calls."""
    return list(json.loads(KEPT.read_text(encoding="utf-8"))) if KEPT.exists() else []


def keep(records: list[dict[str, Any]]) -> None:
    """Write records one a line, those of the same cells and models anew."""
    from frugal.formats.files.atomic import write_text

    def what(record: dict[str, Any]) -> tuple[str, ...]:
        return tuple(str(value) for key, value in record.items() if key not in ("error", "cpu_seconds"))

    every = {what(record): record for record in (*kept(), *records)}
    lines = [
        json.dumps({k: float(f"{v:.4g}") if isinstance(v, float) else v for k, v in every[key].items()})
        for key in sorted(every)
    ]
    write_text(KEPT, "[\n" + ",\n".join(lines) + "\n]\n")


def fill_tables() -> None:
    """Where each of the others errs less than all of the ladder; what corrections leave of the errors of the studies."""
    values = [record for record in kept() if record["what"] == "values"]
    cells: dict[tuple[Any, ...], dict[str, dict[str, Any]]] = {}
    for record in values:
        cells.setdefault((record["problem"], record["n"], record["noise"]), {})[record["model"]] = record
    rows = []
    for model in OTHERS:
        own = {at: of for at, of in cells.items() if model in of}
        if not own:
            continue
        ratios = {at: of[model]["error"] / min(of[name]["error"] for name in LADDER) for at, of in own.items()}
        won = [at for at, ratio in sorted(ratios.items(), key=lambda pair: pair[1]) if ratio <= 0.9]
        told = ", ".join(
            f"{name.replace('_', ' ')} {n:,} at noise {noise:g} ({ratios[name, n, noise]:.2f})"
            for name, n, noise in won
        )
        median = float(np.median([of[model]["cpu_seconds"] for of in own.values()]))
        rows.append(
            [
                model.replace("_", " "),
                f"{len(won)} of {len(own)}",
                told or "–",
                f"{np.median(list(ratios.values())):.2f}",
                f"{median:.2g}",
            ]
        )
    head = ["tried", "errs a tenth less than all of the ladder", "where (ratio)", "median ratio", "fit, CPU s"]
    fill(ROOT / "docs" / "surrogates.md", "others", table(head, rows))
    fill(ROOT / "docs" / "surrogates.md", "corrected", _of_studies([r for r in kept() if r["what"] == "study"]))


def _of_studies(records: list[dict[str, Any]]) -> str:
    """By study and output, the least error of models alone, and that of each cheap answer as it is and corrected."""
    rows = []
    for name, answer in dict.fromkeys((r["study"], r["answer"]) for r in records if r["answer"]):
        of_study = [r for r in records if r["study"] == name]
        outputs = dict.fromkeys(r["output"] for r in of_study)
        told = []
        for model in (None, "", "linear", *LADDER):
            errors = []
            for output in outputs:
                own = [r for r in of_study if r["output"] == output]
                if model is None:  # the best of the models alone
                    errors.append(min((r["error"] for r in own if not r["answer"]), default=np.nan))
                else:
                    found = [r["error"] for r in own if r["answer"] == answer and r["model"] == model]
                    errors.append(found[0] if found else np.nan)
            told.append(" / ".join("–" if np.isnan(e) else f"{e:.3g}" for e in errors))
        rows.append([name.replace("_", " "), answer, ", ".join(o.replace("_", " ") for o in outputs), *told])
    return table(
        ["study", "cheap answer", "outputs", "best model alone", "as it is", *(f"+ {m}" for m in ("linear", *LADDER))],
        rows,
    )


def main() -> None:
    """Try, keep, tell."""
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(dest="command", required=True)
    values = commands.add_parser("values")
    values.add_argument("--problems", nargs="*")
    values.add_argument("--sizes", nargs="*", type=int, default=[50, 200, 1000])
    values.add_argument("--noise", nargs="*", type=float, default=[0.0, 0.1, 0.5])
    values.add_argument("--models", nargs="*", choices=OTHERS)
    values.add_argument("--tables", type=Path)
    study = commands.add_parser("study")
    study.add_argument("bundle", type=Path)
    study.add_argument("--answers", nargs="*")
    study.add_argument("--models", nargs="*", choices=("linear", *LADDER))
    commands.add_parser("fill")
    args = parser.parse_args()
    warnings.filterwarnings("ignore", module="sklearn")
    if args.command == "fill":
        fill_tables()
        return
    if args.command == "values":
        try_values(args)
    else:
        keep(try_study(args))


if __name__ == "__main__":
    main()
