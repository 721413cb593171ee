"""Surrogates of other packages on the cells of ``surrogates_against_peers.py``; run by it with an interpreter that has them.

    pip install smt==2.15.0 egobox==0.38.1 openturns==1.27.post1 scikit-learn==1.9.1 lightgbm==4.7.0

``PYTHON surrogates_peers.py tables FOLDER`` writes the tables that SMT carries as ``NAME.npz``.
``PYTHON surrogates_peers.py versions`` prints the version of each package as JSON.
``PYTHON surrogates_peers.py fit`` reads tasks from standard input, one JSON a line: ``path`` of an ``npz`` with the cell, names
of ``models``, ``limit`` in CPU seconds, whether to ``time`` queries, ``low`` where answers are held above it. It prints a line
for each model as soon as it is done.

Each fit is a process of its own that the system stops at the limit; ``THREADS`` of the environment keep it on one thread.
Inputs are scaled to [0, 1] and outputs to mean 0 and spread 1 for everybody. Settings are those that a user of the package
would reach for: every kernel model has a length for each input; where a package leaves a number to its user (degree of chaos,
penalty of support vectors), it is chosen by cross-validation and the time counted. Nothing of this project is imported here.
"""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import resource
import signal
import sys
import time
import warnings
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

Predict = Callable[[np.ndarray], np.ndarray]

#: Variables of the environment that whoever runs this sets to 1.
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS", "OPENTURNS_NUM_THREADS")

#: CPU seconds that a chaos may go on raising its degree; the last degree begun is finished.
DEGREES_SECONDS = 12.0


def smt_kriging(x: np.ndarray, y: np.ndarray) -> Predict:
    """Ordinary kriging, squared exponential."""
    from smt.surrogate_models import KRG

    return _smt(KRG(print_global=False, theta0=[1e-2] * x.shape[1]), x, y)


def smt_kpls(x: np.ndarray, y: np.ndarray) -> Predict:
    """Kriging on up to four partial least squares."""
    from smt.surrogate_models import KPLS

    parts = min(4, x.shape[1])
    return _smt(KPLS(print_global=False, n_comp=parts, theta0=[1e-2] * parts), x, y)


def smt_gpx(x: np.ndarray, y: np.ndarray) -> Predict:
    """SMT's kriging in Rust (egobox)."""
    from smt.surrogate_models import GPX

    return _smt(GPX(print_global=False, theta0=[1e-2] * x.shape[1]), x, y)


def _smt(model: Any, x: np.ndarray, y: np.ndarray) -> Predict:
    model.set_training_values(x, y[:, None])
    model.train()
    return lambda z: model.predict_values(z)[:, 0]


def openturns_chaos(x: np.ndarray, y: np.ndarray) -> Predict:
    """Polynomial chaos (Legendre; LARS with corrected leave-one-out, or all terms); which, degree and truncation by folds."""
    rows = np.random.default_rng(0).permutation(len(x))
    folds = [rows[k::5] for k in range(5)]
    best, start = (np.inf, 1, 1.0, False), time.process_time()
    for norm in (0.75, 0.5, 1.0, 0.6):
        worse, least = 0, np.inf
        for degree in range(2, 13):
            basis, size = _chaos_basis(x.shape[1], degree, norm)
            if worse == 4 or size > min(2000, 20 * len(x)) or time.process_time() - start > DEGREES_SECONDS:
                break
            tried = [(_cross_validated(x, y, folds, basis, size, True), degree, norm, True)]
            if size < 0.7 * len(x):
                tried.append((_cross_validated(x, y, folds, basis, size, False), degree, norm, False))
            worse = 0 if min(tried)[0] < 0.98 * least else worse + 1
            least, best = min(least, min(tried)[0]), min(best, *tried)
    return _chaos(x, y, *_chaos_basis(x.shape[1], best[1], best[2]), best[3])


def _cross_validated(
    x: np.ndarray, y: np.ndarray, folds: list[np.ndarray], basis: Any, size: int, sparse: bool
) -> float:
    error = 0.0
    for fold in folds:
        kept = np.setdiff1d(np.arange(len(x)), fold)
        error += float(np.sum((_chaos(x[kept], y[kept], basis, size, sparse)(x[fold]) - y[fold]) ** 2))
    return error


def _chaos_basis(inputs: int, degree: int, norm: float) -> tuple[Any, int]:
    import openturns as ot

    count = ot.HyperbolicAnisotropicEnumerateFunction(inputs, norm) if norm < 1 else ot.LinearEnumerateFunction(inputs)
    basis = ot.OrthogonalProductPolynomialFactory([ot.LegendreFactory()] * inputs, count)
    return basis, count.getBasisSizeFromTotalDegree(degree)


def _chaos(x: np.ndarray, y: np.ndarray, basis: Any, size: int, sparse: bool) -> Predict:
    import openturns as ot

    # by default the path of LARS ends where the leave-one-out error has doubled, often long before its least
    ot.ResourceMap.SetAsScalar("LeastSquaresMetaModelSelection-MaximumErrorFactor", 20.0)
    chosen = ot.LeastSquaresMetaModelSelectionFactory(ot.LARS(), ot.CorrectedLeaveOneOut())
    model = ot.FunctionalChaosAlgorithm(
        ot.Sample(x),
        ot.Sample(y[:, None]),
        ot.JointDistribution([ot.Uniform(0.0, 1.0)] * x.shape[1]),
        ot.FixedStrategy(basis, size),
        ot.LeastSquaresStrategy(chosen) if sparse else ot.LeastSquaresStrategy(),
    )
    model.run()
    found = model.getResult().getMetaModel()
    return lambda z: np.asarray(found(ot.Sample(z)))[:, 0]


def openturns_kriging(x: np.ndarray, y: np.ndarray) -> Predict:
    """Ordinary kriging, Matern 5/2."""
    import openturns as ot

    inputs = x.shape[1]
    fitter = ot.GaussianProcessFitter(
        ot.Sample(x),
        ot.Sample(y[:, None]),
        ot.MaternModel([1.0] * inputs, [1.0], 2.5),
        ot.ConstantBasisFactory(inputs).build(),
    )
    fitter.setOptimizationBounds(ot.Interval([0.02] * inputs, [100.0] * inputs))
    fitter.run()
    regression = ot.GaussianProcessRegression(fitter.getResult())
    regression.run()
    found = regression.getResult().getMetaModel()
    return lambda z: np.asarray(found(ot.Sample(z)))[:, 0]


def sklearn_rbf(x: np.ndarray, y: np.ndarray) -> Predict:
    """Gaussian process, squared exponential, one start."""
    from sklearn.gaussian_process import kernels

    return _sklearn_process(kernels.RBF(np.ones(x.shape[1]), (1e-2, 1e3)), x, y)


def sklearn_matern(x: np.ndarray, y: np.ndarray) -> Predict:
    """Gaussian process, Matern 5/2, one start."""
    from sklearn.gaussian_process import kernels

    return _sklearn_process(kernels.Matern(np.ones(x.shape[1]), (1e-2, 1e3), nu=2.5), x, y)


def _sklearn_process(kernel: Any, x: np.ndarray, y: np.ndarray, noise: Any = None) -> Predict:
    from sklearn.gaussian_process import GaussianProcessRegressor, kernels

    product = kernels.ConstantKernel(1.0, (1e-3, 1e6)) * kernel
    whole = product if noise is None else product + noise
    return GaussianProcessRegressor(whole, alpha=1e-10, random_state=0).fit(x, y).predict


def sklearn_mlp(x: np.ndarray, y: np.ndarray) -> Predict:
    """Network of twice 32 tanh, L-BFGS."""
    from sklearn.neural_network import MLPRegressor

    model = MLPRegressor(
        hidden_layer_sizes=(32, 32),
        activation="tanh",
        solver="lbfgs",
        alpha=1e-4,
        max_iter=2000,
        max_fun=10**6,
        tol=1e-8,  # by default it ends long before its error has
        random_state=0,
    )
    model.fit(2.0 * x - 1.0, y)
    return lambda z: model.predict(2.0 * z - 1.0)


def sklearn_svr(x: np.ndarray, y: np.ndarray) -> Predict:
    """Support vectors, penalty by three folds."""
    from sklearn.model_selection import GridSearchCV
    from sklearn.svm import SVR

    return GridSearchCV(SVR(epsilon=0.01), {"C": [1.0, 10.0, 100.0]}, cv=3).fit(x, y).predict


def sklearn_extra_trees(x: np.ndarray, y: np.ndarray) -> Predict:
    """Three hundred extremely randomised trees."""
    from sklearn.ensemble import ExtraTreesRegressor

    return ExtraTreesRegressor(n_estimators=300, random_state=0).fit(x, y).predict


def lightgbm_trees(x: np.ndarray, y: np.ndarray) -> Predict:
    """Four hundred boosted trees."""
    import lightgbm

    model = lightgbm.LGBMRegressor(
        n_estimators=400, learning_rate=0.05, min_child_samples=5, num_leaves=15, n_jobs=1, verbose=-1, random_state=0
    )
    return model.fit(x, y).predict


def _on_modes(fit: Callable[[np.ndarray, np.ndarray], Predict]) -> Callable[[np.ndarray, np.ndarray], Predict]:
    """Principal components of fields, 99.99 % of their variance and 40 at most, each learnt by a model of its own."""

    def fitted(x: np.ndarray, y: np.ndarray) -> Predict:
        from sklearn.decomposition import PCA

        modes = PCA(0.9999, svd_solver="full").fit(y)
        number = min(40, int(modes.n_components_))
        values = modes.transform(y)[:, :number]
        spread = values.std(axis=0)
        models = [fit(x, column) for column in (values / spread).T]
        shapes = modes.components_[:number] * spread[:, None]
        return lambda z: modes.mean_ + np.stack([model(z) for model in models], axis=1) @ shapes

    return fitted


def sklearn_noisy_rbf(x: np.ndarray, y: np.ndarray) -> Predict:
    """Gaussian process, squared exponential, with a noise that is learnt: small modes hold what inputs do not tell."""
    from sklearn.gaussian_process import kernels

    noise = kernels.WhiteKernel(1e-4, (1e-10, 1.0))
    return _sklearn_process(kernels.RBF(np.ones(x.shape[1]), (1e-2, 1e3)), x, y, noise)


def sklearn_noisy_matern(x: np.ndarray, y: np.ndarray) -> Predict:
    """The same, Matern 5/2."""
    from sklearn.gaussian_process import kernels

    noise = kernels.WhiteKernel(1e-4, (1e-10, 1.0))
    return _sklearn_process(kernels.Matern(np.ones(x.shape[1]), (1e-2, 1e3), nu=2.5), x, y, noise)


#: Package of each, and how it is fitted, the cheap ones first.
MODELS: dict[str, tuple[str, Callable[[np.ndarray, np.ndarray], Predict]]] = {
    "scikit-learn SVR": ("scikit-learn", sklearn_svr),
    "scikit-learn ExtraTrees": ("scikit-learn", sklearn_extra_trees),
    "LightGBM": ("lightgbm", lightgbm_trees),
    "scikit-learn MLP": ("scikit-learn", sklearn_mlp),
    "OpenTURNS kriging": ("openturns", openturns_kriging),
    "scikit-learn GP RBF": ("scikit-learn", sklearn_rbf),
    "scikit-learn GP Matern": ("scikit-learn", sklearn_matern),
    "SMT GPX": ("smt", smt_gpx),
    "OpenTURNS chaos": ("openturns", openturns_chaos),
    "SMT KPLS": ("smt", smt_kpls),
    "SMT KRG": ("smt", smt_kriging),
}

#: The same of fields.
FIELD_MODELS: dict[str, tuple[str, Callable[[np.ndarray, np.ndarray], Predict]]] = {
    "scikit-learn PCA + GP RBF": ("scikit-learn", _on_modes(sklearn_noisy_rbf)),
    "scikit-learn PCA + GP Matern": ("scikit-learn", _on_modes(sklearn_noisy_matern)),
    "SMT GPX on modes": ("smt", _on_modes(smt_gpx)),
    "SMT KPLS on modes": ("smt", _on_modes(smt_kpls)),
}
EVERY_MODEL = {**MODELS, **FIELD_MODELS}

#: What is imported before the clock of a fit starts.
IMPORTS = {
    "scikit-learn": (
        "sklearn.gaussian_process",
        "sklearn.decomposition",
        "sklearn.neural_network",
        "sklearn.svm",
        "sklearn.ensemble",
    ),
    "lightgbm": ("lightgbm",),
    "openturns": ("openturns",),
    "smt": ("smt.surrogate_models", "sklearn.decomposition"),
}


def spread_percent(truth: np.ndarray, found: np.ndarray) -> float:
    """Root mean square error in % of the standard deviation of the truth; of fields, ``[n, m]``, about their mean field."""
    spread = np.sqrt(np.mean((truth - truth.mean(axis=0)) ** 2))
    return float(100.0 * np.sqrt(np.mean((found - truth) ** 2)) / spread)


def query_times(predict: Predict, rows: np.ndarray) -> dict[str, float]:
    """CPU seconds of one row (mean of calls) and of 1e5 rows (2,000 at a time; of slow models only some, and scaled up)."""
    one, calls, begun = rows[:1].copy(), 0, time.process_time()
    while calls < 5 or (time.process_time() - begun < 0.3 and calls < 3000):
        predict(one)
        calls += 1
    single = (time.process_time() - begun) / calls
    block = rows[:2000]
    start, done = time.process_time(), 0
    while done < 100_000 and time.process_time() - start < 1.0:
        predict(block)
        done += len(block)
    return {
        "one_row_seconds": single,
        "hundred_thousand_rows_seconds": (time.process_time() - start) * 100_000 / done,
    }


def _child(name: str, task: dict[str, Any], answers: Any) -> None:
    """Fit and judge one model; the system ends this process at the limit."""
    limit = int(task["limit"])
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    with np.load(task["path"]) as cell:
        x, y, z, truth, bounds = (cell[key] for key in ("train_x", "train_y", "test_x", "test_y", "bounds"))
    low, width = bounds[:, 0], np.ptp(bounds, axis=1)
    x, z = (x - low) / width, (z - low) / width
    mean, spread = y.mean(axis=0), y.std() if y.ndim == 1 else 1.0
    try:
        with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):  # noqa: PTH123
            for module in IMPORTS[EVERY_MODEL[name][0]]:
                import_module(module)
            start = time.process_time()
            resource.setrlimit(resource.RLIMIT_CPU, (int(start) + 1 + limit, resource.RLIM_INFINITY))
            predict = EVERY_MODEL[name][1](x, (y - mean) / spread)
            spent = time.process_time() - start
            resource.setrlimit(resource.RLIMIT_CPU, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            answer = np.concatenate([np.asarray(predict(z[k : k + 1000])) for k in range(0, len(z), 1000)])
            whole = np.maximum(mean + spread * answer, task.get("low", -np.inf))
            found = {"error_percent": spread_percent(truth, whole), "fit_seconds": spent}
            if task["time"]:
                found |= query_times(predict, z)
    except Exception as fault:
        found = {"fault": f"{type(fault).__name__}: {fault}"[:200]}
    answers.send(found)


def fit(name: str, task: dict[str, Any]) -> dict[str, Any]:
    """One model on one cell: error, CPU seconds, query times; or why there are none."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_child, args=(name, task, theirs))
    process.start()
    theirs.close()
    try:
        found = ours.recv()
    except EOFError:
        found = {}
    process.join()
    if not found:
        ended = {-signal.SIGXCPU: f"not done in {task['limit']:g} CPU s", -signal.SIGKILL: "ended by the system"}
        found = {"fault": ended.get(process.exitcode or 0, f"ended with code {process.exitcode}")}
    return found


def tables(folder: Path) -> None:
    """Write the tables of SMT as arrays ``x`` and ``y``."""
    import smt.examples.airfoil_parameters as airfoils
    from smt.examples.b777_engine.b777_engine import get_b777_engine

    folder.mkdir(parents=True, exist_ok=True)
    x, y = get_b777_engine()[:2]
    np.savez(folder / "b777_thrust.npz", x=x, y=y[:, 0])
    place = next(iter(airfoils.__path__))
    values = np.loadtxt(Path(place) / "cd_x_y.csv", delimiter=";")
    np.savez(folder / "airfoil_drag.npz", x=values[:, :-1], y=values[:, -1])


def main() -> None:
    """Do what the first argument says."""
    asked = sys.argv[1]
    if asked == "tables":
        tables(Path(sys.argv[2]))
    elif asked == "versions":
        print(json.dumps({package: version(package) for package, _ in EVERY_MODEL.values()}))
    elif asked == "fit":
        for line in sys.stdin:
            task = json.loads(line)
            for name in task["models"]:
                print(json.dumps({**task["cell"], "model": name, **fit(name, task)}), flush=True)


if __name__ == "__main__":
    main()
