"""Gaussian process with one length scale per column, shared by all outputs.

Covariance k(S), with S the squared distance after division by the length scales, plus a nugget g on the
diagonal: squared exponential exp(−S/2), or Matérn 5/2 (1 + r + r²/3) exp(−r) with r = √(5 S). Length scales
and nugget minimise the negative log-likelihood with the variance of each output profiled out (Rasmussen &
Williams 2006, Gaussian Processes for Machine Learning, eq. 5.8 and 5.9), by its analytic gradient, on a
subset of the runs; one Cholesky factorisation then uses them all.

The weights reach 1/g, so that everything is computed in float64: in float32 the graph would be wrong by more
than the spread.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import thread_time
from typing import Any, Literal

import numpy as np

from frugal.experiments.study import Kind, Variable
from frugal.surrogates.fitting.input_features import FeatureMap
from frugal.surrogates.fitting.model import NoSearch, Skipped, TargetScaling, check_runs, fit_log, one_thread
from frugal.surrogates.onnx.graph import Graph
from frugal.texts import room_texts

_TEXTS = room_texts("frugal.surrogates")

Kernel = Literal["squared_exponential", "matern52"]
KERNELS: tuple[Kernel, ...] = ("squared_exponential", "matern52")

_LENGTH_BOUNDS = (np.log(0.05), np.log(100.0))
_NUGGET_BOUNDS = (np.log(1e-9), np.log(1e2))
#: Rows predicted at once, so that the matrix of covariances stays in a few megabytes.
_CHUNK = 1024


def covariance(kernel: Kernel, squared: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Covariance and its derivative with respect to the squared scaled distance."""
    if kernel == "squared_exponential":
        k = np.exp(-0.5 * squared)
        return k, -0.5 * k
    r = np.sqrt(5 * squared)
    decay = np.exp(-r)
    return (1 + r + r * r / 3) * decay, -(5 / 6) * (1 + r) * decay


def _squared_distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    squared = np.sum(a * a, axis=1)[:, None] + np.sum(b * b, axis=1) - 2 * (a @ b.T)
    return np.maximum(squared, 0)


def negative_log_likelihood(logs: np.ndarray, kernel: Kernel, z: np.ndarray, t: np.ndarray) -> tuple[float, np.ndarray]:
    """Negative log-likelihood per output, up to a constant, and its gradient.

    Parameters
    ----------
    logs : array [f + 1]
        Logarithms of the length scales and of the nugget.
    kernel : str
    z : array [n, f]
        Columns.
    t : array [n, m]
        Standardised targets.
    """
    from scipy.linalg import LinAlgError, cho_factor, cho_solve

    n, m = t.shape
    scaled = z * np.exp(-logs[:-1])
    nugget = np.exp(logs[-1])
    k, slope = covariance(kernel, _squared_distances(scaled, scaled))
    k[np.diag_indices(n)] += nugget
    try:
        factor = cho_factor(k, lower=True, check_finite=False)
    except LinAlgError:
        return 1e10, np.zeros_like(logs)
    inverse = cho_solve(factor, np.eye(n), check_finite=False)
    alpha = inverse @ t
    variance = np.maximum(np.sum(t * alpha, axis=0) / n, 1e-300)
    value = np.sum(np.log(np.diag(factor[0]))) + 0.5 * n * np.mean(np.log(variance))
    weights = inverse - (alpha / variance) @ alpha.T / m
    moment = weights * slope
    spread = np.sum(moment, axis=1) @ (scaled * scaled) - np.sum(scaled * (moment @ scaled), axis=0)
    return float(value), np.append(-2 * spread, 0.5 * nugget * np.trace(weights))


@dataclass(frozen=True)
class FittedGaussianProcess:
    """Weights ``alpha [k, m]`` of standardised targets on covariances with ``centres [k, f]``, scaled."""

    features: FeatureMap
    targets: TargetScaling
    kernel: Kernel
    lengths: np.ndarray
    centres: np.ndarray
    alpha: np.ndarray
    log: dict[str, Any]

    @property
    def parameters(self) -> int:
        """Centres, weights and length scales."""
        return int(self.centres.size + self.alpha.size + self.lengths.size)

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        """Outputs ``[n, m]`` of inputs ``[n, d]``."""
        z = self.features.transform(inputs) / self.lengths
        out = np.empty((len(z), self.alpha.shape[1]))
        for start in range(0, len(z), _CHUNK):
            rows = slice(start, start + _CHUNK)
            out[rows] = covariance(self.kernel, _squared_distances(z[rows], self.centres))[0] @ self.alpha
        return self.targets.restore(out)

    def graph(self, builder: Graph, x: str) -> str:
        """Squared distances as one matrix product, covariance, weights; float64 throughout."""
        double = np.float64
        # Half of the distance, or five times, is folded into the scale of the columns.
        factor = np.sqrt(0.5) if self.kernel == "squared_exponential" else np.sqrt(5.0)
        centres = self.centres * factor
        norms = np.sum(centres**2, axis=1)
        z = self.features.graph(builder, x, double)
        z = builder.op("Mul", z, builder.constant(factor / self.lengths, double))
        squares = builder.op("Mul", z, z)
        norm = builder.op("ReduceSum", squares, builder.constant([1], np.int64), keepdims=1)
        if self.kernel == "squared_exponential":
            cross = builder.op("Gemm", z, builder.constant(2 * centres.T, double), builder.constant(-norms, double))
            k = builder.op("Exp", builder.op("Sub", cross, norm))
        else:
            cross = builder.op("Gemm", z, builder.constant(-2 * centres.T, double), builder.constant(norms, double))
            squared = builder.op("Relu", builder.op("Add", cross, norm))
            r = builder.op("Sqrt", squared)
            third = builder.op("Mul", squared, builder.constant(1 / 3, double))
            polynomial = builder.op("Add", builder.op("Add", third, r), builder.constant(1.0, double))
            k = builder.op("Mul", polynomial, builder.op("Exp", builder.op("Neg", r)))
        weights = builder.constant(self.alpha * self.targets.spread, double)
        return builder.op("Gemm", k, weights, builder.constant(self.targets.mean, double))


@dataclass(frozen=True)
class GaussianProcess(NoSearch):
    """Gaussian process on up to ``max_centres`` runs.

    Parameters
    ----------
    max_runs : int
        The model is skipped above this many runs: a network or trees learn from them at less cost.
    max_centres : int
        Runs kept in the model; drawn at random above this many.
    subset : int
        Runs that length scales and nugget are learned from, when there are more than ``small``.
    small : int
        Up to this many runs, all serve to learn the length scales.
    max_iterations : int
        Iterations of L-BFGS-B per kernel.
    scaled : bool
        The targets come with their own scale, as modes of a map do.
    known : tuple, optional
        Kernel, and logarithms of length scales and nugget, when they are not to be learned.
    """

    name: str = "gaussian_process"
    kind: Kind = "surrogate"
    label: Mapping[str, str] = field(default_factory=lambda: _TEXTS.say("model.gaussian_process"))
    max_runs: int = 3000
    max_centres: int = 1500
    subset: int = 250
    small: int = 400
    max_iterations: int = 60
    scaled: bool = False
    known: tuple[Kernel, tuple[float, ...]] | None = None

    def fit(
        self,
        inputs: np.ndarray,
        outputs: np.ndarray,
        groups: np.ndarray | None,
        variables: Sequence[Variable],
        seed: int,
    ) -> FittedGaussianProcess:
        """Learn length scales on a subset, then weights on all runs.

        Parameters
        ----------
        inputs, outputs, variables
            As for `Model.fit`.
        groups
            Not used: length scales maximise the likelihood, and no run is left out.
        seed : int
            Of the order in which runs are taken for the subset and the centres, where not all are.

        Raises
        ------
        Skipped
            If there are more than ``max_runs`` runs.
        """
        x, y, groups = check_runs(inputs, outputs, groups, variables)
        n = len(x)
        if n > self.max_runs:
            told = _TEXTS.say("skipped.too_many_runs_for_a_gaussian_process", runs=n, most=self.max_runs)
            raise Skipped(**told)
        start = thread_time()
        with one_thread():
            features, targets = FeatureMap(variables, x), TargetScaling.of(y, self.scaled)
            z, t = features.transform(x), targets.standardise(y)
            order = np.random.default_rng(seed).permutation(n)
            kernel, logs, found = self._search(z, t, order)
            kept = np.sort(order[: self.max_centres])
            lengths = np.exp(logs[:-1])
            centres = z[kept] / lengths
            alpha, nugget = _solve(kernel, centres, t[kept], float(np.exp(logs[-1])))
        # learning the length scales of the kernel that is kept is its fit; of the others, the search
        search = found.pop("others_cpu_seconds")
        log = fit_log(
            found.pop("trials"),
            search,
            thread_time() - start - search,
            found.pop("ending"),
            **found,
            kernel=kernel,
            nugget=nugget,
            centres=len(kept),
            length_scales=dict(zip(features.names, lengths.tolist(), strict=True)),
        )
        return FittedGaussianProcess(features, targets, kernel, lengths, centres, alpha, log)

    def with_lengths(self, fitted: FittedGaussianProcess) -> GaussianProcess:
        """The model with the kernel, length scales and nugget of an earlier fit."""
        logs = (*np.log(fitted.lengths).tolist(), float(np.log(fitted.log["nugget"])))
        return replace(self, known=(fitted.kernel, logs))

    def _search(self, z: np.ndarray, t: np.ndarray, order: np.ndarray) -> tuple[Kernel, np.ndarray, dict[str, Any]]:
        """Most likely kernel, logarithms of its length scales and of its nugget."""
        from scipy.optimize import minimize

        rows = order if len(order) <= self.small else order[: self.subset]
        varying = t.any(axis=0)
        starting = np.append(np.full(z.shape[1], 0.5 * np.log(z.shape[1])), np.log(1e-3))
        if not varying.any() or len(rows) < 3:
            nothing = {"trials": 1, "iterations": 0, "ending": "closed_form", "others_cpu_seconds": 0.0}
            return KERNELS[0], starting, nothing
        if self.known is not None and len(self.known[1]) == len(starting):
            no_search = {"trials": 1, "iterations": 0, "ending": "closed_form", "others_cpu_seconds": 0.0}
            return self.known[0], np.array(self.known[1]), no_search
        bounds = [_LENGTH_BOUNDS] * z.shape[1] + [_NUGGET_BOUNDS]
        found, seconds = [], []
        for kernel in KERNELS:
            start = thread_time()
            found.append(
                minimize(
                    negative_log_likelihood,
                    starting,
                    args=(kernel, z[rows], t[np.ix_(rows, np.flatnonzero(varying))]),
                    jac=True,
                    method="L-BFGS-B",
                    bounds=bounds,
                    options={"maxiter": self.max_iterations},
                )
            )
            seconds.append(thread_time() - start)
        best = int(np.argmin([result.fun for result in found]))
        log = {
            "trials": len(found),
            "iterations": int(sum(result.nit for result in found)),
            "ending": "converged" if found[best].success else "iteration_limit",
            "others_cpu_seconds": sum(seconds) - seconds[best],
        }
        return KERNELS[best], found[best].x, log


def _solve(kernel: Kernel, centres: np.ndarray, t: np.ndarray, nugget: float) -> tuple[np.ndarray, float]:
    """Weights of the runs; the nugget grows tenfold until the covariance can be factorised."""
    from scipy.linalg import LinAlgError, cho_factor, cho_solve

    k = covariance(kernel, _squared_distances(centres, centres))[0]
    while True:
        k[np.diag_indices(len(k))] = 1 + nugget
        try:
            factor = cho_factor(k, lower=True, check_finite=False)
        except LinAlgError:
            nugget *= 10
            continue
        return cho_solve(factor, t, check_finite=False), nugget
