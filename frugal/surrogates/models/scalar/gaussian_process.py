"""Gaussian process whose kernel, trend, bends and length scales are learned, for each group of outputs that agree on them.

Outputs that agree share one covariance; others have their own. The weights take in all runs, up to ``max_centres`` of them as
centres and beyond that through fewer centres, so that neither work nor graph grow without bound.

The weights reach one over the nugget, so that everything is computed in float64: in float32 the graph would be wrong by more
than the spread.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from time import thread_time
from typing import Any

import numpy as np

from frugal.experiments.study import Kind, Variable
from frugal.surrogates.fitting.input_features import FeatureMap
from frugal.surrogates.fitting.model import TargetScaling, check_runs, fit_log, one_thread
from frugal.surrogates.models.kriging.covariance import (
    KERNELS,
    Kernel,
    covariance,
    covariance_graph,
    squared_distances,
)
from frugal.surrogates.models.kriging.deviation import UnitDeviation
from frugal.surrogates.models.kriging.search import (
    ProcessSettings,
    Searched,
    agreeing_outputs,
    find_settings,
    plain_settings,
)
from frugal.surrogates.models.kriging.trend import trend_columns, trend_graph, trend_terms
from frugal.surrogates.models.kriging.weights import CHUNK, Weights, enough_weights, weights_of_centres
from frugal.surrogates.onnx.graph import Graph
from frugal.texts import room_texts

_TEXTS = room_texts("frugal.surrogates")


@dataclass(frozen=True)
class FittedProcess:
    """The process of outputs that share their settings, of standardised targets.

    Parameters
    ----------
    outputs : array [g] of int
        Columns of the outputs.
    settings : ProcessSettings
    weights : Weights
    runs : array [n, f]
        Columns of all runs.
    order : array [n] of int
        In which runs are taken where not all are.
    deviation_centres : int
        Runs that the deviation is told from, at the most.
    """

    outputs: np.ndarray
    settings: ProcessSettings
    weights: Weights
    runs: np.ndarray
    order: np.ndarray
    deviation_centres: int

    @cached_property
    def centres(self) -> np.ndarray:
        """Scaled columns ``[k, f]`` of the centres."""
        return self.settings.scaling(self.runs[self.weights.centres])

    @cached_property
    def unit_deviation(self) -> UnitDeviation:
        """Deviation of a process of variance 1; made when it is first asked for."""
        with one_thread():
            return UnitDeviation.of(
                self.settings.kernel,
                self.settings.trend,
                self.settings.scaling,
                self.runs,
                self.weights.nugget,
                self.order,
                self.deviation_centres,
            )

    @property
    def parameters(self) -> int:
        """Centres, weights, length scales and bends."""
        learned = (self.centres.size, self.weights.alpha.size, self.weights.trend.size, len(self.settings.lengths))
        return int(sum(learned)) + len(self.settings.bends or ())

    def predict(self, z: np.ndarray) -> np.ndarray:
        """Standardised targets ``[n, g]`` of columns ``[n, f]``."""
        out = trend_columns(self.settings.trend, z) @ self.weights.trend
        scaled = self.settings.scaling(z)
        for start in range(0, len(z), CHUNK):
            rows = slice(start, start + CHUNK)
            k = covariance(self.settings.kernel, squared_distances(scaled[rows], self.centres))[0]
            out[rows] += k @ self.weights.alpha
        return np.asarray(out)

    def graph(self, builder: Graph, z: str, targets: TargetScaling) -> str:
        """Nodes from float64 columns to outputs ``[n, g]`` in physical units.

        Parameters
        ----------
        builder : Graph
            Takes the nodes.
        z : str
            Name of the tensor of columns ``[n, f]``.
        targets : TargetScaling
            Of all outputs.
        """
        spread = targets.spread[self.outputs]
        k = covariance_graph(builder, self.settings.kernel, self.settings.scaling, z, self.centres)
        trend = trend_graph(builder, self.settings.trend, z, self.weights.trend * spread, targets.mean[self.outputs])
        return builder.op("Gemm", k, builder.constant(self.weights.alpha * spread, np.float64), trend)


@dataclass(frozen=True)
class FittedGaussianProcess:
    """One process for each group of outputs."""

    features: FeatureMap
    targets: TargetScaling
    processes: tuple[FittedProcess, ...]
    log: dict[str, Any]

    @property
    def parameters(self) -> int:
        """Of all processes."""
        return sum(process.parameters for process in self.processes)

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        """Outputs ``[n, m]`` of inputs ``[n, d]``."""
        z = self.features.transform(inputs)
        out = np.empty((len(z), len(self.targets.mean)))
        for process in self.processes:
            out[:, process.outputs] = process.predict(z)
        return self.targets.restore(out)

    def graph(self, builder: Graph, x: str) -> str:
        """Squared distances as one matrix product, covariance, weights, trend; float64 throughout."""
        z = self.features.graph(builder, x, np.float64)
        return self._in_order(builder, [process.graph(builder, z, self.targets) for process in self.processes])

    def deviation(self, inputs: np.ndarray) -> np.ndarray:
        """Predictive standard deviation ``[n, m]`` of a new run at inputs ``[n, d]``, noise included, in physical units."""
        z = self.features.transform(inputs)
        out = np.empty((len(z), len(self.targets.mean)))
        for process in self.processes:
            out[:, process.outputs] = process.unit_deviation(z)[:, None] * self._spread_of(process)
        return out

    def deviation_graph(self, builder: Graph, x: str) -> str:
        """The same as nodes, from the float32 inputs to ``[n, m]``, float64."""
        z = self.features.graph(builder, x, np.float64)
        parts = [
            builder.op(
                "Mul",
                process.unit_deviation.graph(builder, z),
                builder.constant(self._spread_of(process)[None], np.float64),
            )
            for process in self.processes
        ]
        return self._in_order(builder, parts)

    def _spread_of(self, process: FittedProcess) -> np.ndarray:
        """Standard deviation of the process of each of its outputs, in physical units."""
        return np.asarray(np.sqrt(process.weights.variance) * self.targets.spread[process.outputs])

    def _in_order(self, builder: Graph, parts: Sequence[str]) -> str:
        if len(parts) == 1:
            return parts[0]
        joined = builder.op("Concat", *parts, axis=1)
        at = np.concatenate([process.outputs for process in self.processes])
        if np.array_equal(at, np.arange(len(at))):
            return joined
        return builder.op("Gather", joined, builder.constant(np.argsort(at), np.int64), axis=1)


@dataclass(frozen=True)
class GaussianProcess:
    """Gaussian process on any number of runs.

    Parameters
    ----------
    max_centres : int
        Up to this many runs, each is a centre, unless fewer answer as well.
    fewer_centres : int
        Centres of more runs than that, at the most; all runs count in their weights.
    deviation_centres : int
        Runs that the predictive deviation is told from, at the most: its graph grows with their square.
    work : float
        Floating-point operations that learning the settings may take: a count and not a clock, so that every machine finds the
        same ones. Fewer runs serve to learn them where it does not allow all.
    work_of_weights : float
        Operations that the weights of more than ``max_centres`` runs may take; there are fewer centres where they would take
        more.
    scaled : bool
        The targets come with their own scale, as modes of a map do.
    apart : bool
        Outputs that do not agree on their length scales have their own.
    kernels : tuple of str
        Tried.
    hasty : bool
        Nothing but length scales and nugget of one covariance are learned, on few runs.
    known : tuple, optional
        Settings of each group of outputs, when they are not to be learned.
    """

    name: str = "gaussian_process"
    kind: Kind = "surrogate"
    label: Mapping[str, str] = field(default_factory=lambda: _TEXTS.say("model.gaussian_process"))
    max_centres: int = 1500
    fewer_centres: int = 1000
    deviation_centres: int = 128
    work: float = 4e10
    work_of_weights: float = 2e10
    scaled: bool = False
    apart: bool = True
    kernels: tuple[Kernel, ...] = KERNELS
    hasty: bool = False
    known: tuple[tuple[tuple[int, ...], ProcessSettings], ...] | None = None

    def fit(
        self,
        inputs: np.ndarray,
        outputs: np.ndarray,
        groups: np.ndarray | None,
        variables: Sequence[Variable],
        seed: int,
    ) -> FittedGaussianProcess:
        """Learn the settings on as many runs as the work allows, then weights from all of them.

        Parameters
        ----------
        inputs, outputs, variables
            As for `Model.fit`.
        groups
            Not used: the settings maximise the likelihood, and no run is left out.
        seed : int
            Of the order in which runs are taken, where not all are.
        """
        x, y, groups = check_runs(inputs, outputs, groups, variables)
        start = thread_time()
        with one_thread():
            features, targets = FeatureMap(variables, x), TargetScaling.of(y, self.scaled)
            z, t = features.transform(x), targets.standardise(y)
            order = np.random.default_rng(seed).permutation(len(z))
            found = self._settings(features, z, t, order)
            search = thread_time() - start
            processes = tuple(self._process(at, its.settings, z, t, order) for at, its in found)
        log = self._log(processes, [its for _, its in found], search, thread_time() - start - search)
        return FittedGaussianProcess(features, targets, processes, log)

    def with_fixed_settings(self, fitted: FittedGaussianProcess) -> GaussianProcess:
        """The model with the kernel, trend, bends, length scales and nugget of an earlier fit."""
        return replace(
            self, known=tuple((tuple(process.outputs.tolist()), process.settings) for process in fitted.processes)
        )

    def in_haste(self) -> GaussianProcess:
        """The same that learns less, for all outputs together."""
        return replace(self, hasty=True, apart=False, kernels=KERNELS[-1:])

    def _settings(
        self, features: FeatureMap, z: np.ndarray, t: np.ndarray, order: np.ndarray
    ) -> list[tuple[np.ndarray, Searched]]:
        """Outputs of each group, and their settings."""
        known = self._known(features, t.shape[1])
        if known is not None:
            return [(at, Searched(settings, 1, 0, "closed_form", len(z))) for at, settings in known]
        varying = np.flatnonzero(t.any(axis=0))
        plain = Searched(plain_settings(features.names), 1, 0, "closed_form", len(z))
        if len(varying) == 0 or len(z) < 3:
            return [(np.arange(t.shape[1]), plain)]
        groups = agreeing_outputs(z, t[:, varying], order) if self.apart else [np.arange(len(varying))]
        found = []
        for group in groups:
            at = varying[group]
            its = find_settings(
                features.names, z, t[:, at], features.bendable, order, self.work / len(groups), self.kernels, self.hasty
            )
            found.append((at, its))
        constant = np.flatnonzero(~t.any(axis=0))
        at, its = found[0]
        found[0] = np.sort(np.append(at, constant)), its  # their weights are 0
        return found

    def _known(self, features: FeatureMap, m: int) -> list[tuple[np.ndarray, ProcessSettings]] | None:
        known = self.known
        if known is not None and len(known) == 1:  # of as many outputs as there are: a smaller map has fewer modes
            known = ((tuple(range(m)), known[0][1]),)
        if known is None or sorted(k for at, _ in known for k in at) != list(range(m)):
            return None
        found = []
        for at, settings in known:
            its = settings.for_columns(features.names)
            if its is None:
                return None
            found.append((np.array(at), its))
        return found

    def _process(
        self, at: np.ndarray, settings: ProcessSettings, z: np.ndarray, t: np.ndarray, order: np.ndarray
    ) -> FittedProcess:
        if len(z) <= trend_terms(settings.trend, z.shape[1]):  # settings of a fit on more runs
            settings = replace(settings, trend="constant")
        how = settings.kernel, settings.trend, settings.scaling(z), z, t[:, at], settings.nugget
        if len(z) <= self.max_centres:
            weights = enough_weights(*how, order)
        else:
            most = int(np.clip(np.sqrt(self.work_of_weights / len(z)), 1, self.fewer_centres))
            weights = weights_of_centres(*how, order, most)
        return FittedProcess(at, settings, weights, z, order, self.deviation_centres)

    def _log(
        self, processes: Sequence[FittedProcess], found: Sequence[Searched], search: float, fit: float
    ) -> dict[str, Any]:
        endings = {its.ending for its in found}
        told: dict[str, list[Any]] = {
            "kernel": [process.settings.kernel for process in processes],
            "trend": [process.settings.trend for process in processes],
            "nugget": [process.weights.nugget for process in processes],
            "centres": [len(process.weights.centres) for process in processes],
            "length_scales": [
                dict(zip(process.settings.columns, process.settings.lengths, strict=True)) for process in processes
            ],
            "bends": [
                dict(zip(process.settings.columns, process.settings.bends or (), strict=False)) for process in processes
            ],
            "left_out_error": [_left_out_error(process.weights) for process in processes],
        }
        return fit_log(
            sum(its.trials for its in found),
            search,
            fit,
            "iteration_limit" if "iteration_limit" in endings else endings.pop() if len(endings) == 1 else "converged",
            iterations=sum(its.iterations for its in found),
            rows_of_settings=max(its.rows for its in found),
            processes=len(processes),
            **{key: values[0] if len(values) == 1 else values for key, values in told.items()},
        )


def _left_out_error(weights: Weights) -> float | None:
    """Root mean square error of runs left out, in spreads."""
    return None if weights.left_out is None else float(np.sqrt(np.mean(weights.left_out**2)))
