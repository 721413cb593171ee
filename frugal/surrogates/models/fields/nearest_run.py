"""The stored run that lies nearest to what is asked: no model, only a library of maps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from time import thread_time
from typing import Any

import numpy as np

from frugal.experiments.study import Kind, Variable
from frugal.experiments.study.outputs import Output, output_slices
from frugal.surrogates.fitting.input_features import FeatureMap
from frugal.surrogates.fitting.model import NoSearch, check_runs, fit_log, one_thread
from frugal.surrogates.models.scalar.ridge import fit_ridge
from frugal.surrogates.onnx.graph import Graph
from frugal.texts import room_texts

_TEXTS = room_texts("frugal.surrogates")


@dataclass(frozen=True)
class FittedNearest:
    """Columns of the stored runs, weighted, and their outputs in float16 units of each output."""

    features: FeatureMap
    weights: np.ndarray
    centres: np.ndarray
    stored: np.ndarray
    units: np.ndarray
    log: dict[str, Any]

    @property
    def parameters(self) -> int:
        """Stored numbers."""
        return int(self.stored.size + self.centres.size + self.weights.size)

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        """Outputs ``[n, m]`` of the run nearest to each input."""
        z = self.features.transform(np.asarray(inputs, dtype=np.float32).astype(np.float64)) * self.weights
        return self.stored[_nearest(z, self.centres)].astype(np.float64) * self.units

    def graph(self, builder: Graph, x: str) -> str:
        """Half of the squared distance less what is the same for all runs, its least, and the run that has it."""
        double = np.float64
        z = self.features.graph(builder, x, double)
        z = builder.op("Mul", z, builder.constant(self.weights, double))
        norms = 0.5 * np.sum(self.centres**2, axis=1)
        far = builder.op("Gemm", z, builder.constant(-self.centres.T, double), builder.constant(norms, double))
        row = builder.op("ArgMin", far, axis=1, keepdims=0)
        chosen = builder.cast(builder.op("Gather", builder.constant(self.stored, np.float16), row, axis=0), np.float32)
        return builder.op("Mul", chosen, builder.constant(self.units))


def _nearest(z: np.ndarray, centres: np.ndarray) -> np.ndarray:
    return np.asarray(np.argmin(0.5 * np.sum(centres**2, axis=1) - z @ centres.T, axis=1))


@dataclass(frozen=True)
class NearestRun(NoSearch):
    """The nearest of the training runs, on inputs weighted alike or by their effect, whichever errs less.

    Parameters
    ----------
    outputs : tuple of Output
        Of the study.
    """

    outputs: tuple[Output, ...]
    name: str = "nearest_run"
    kind: Kind = "precomputed"
    label: Mapping[str, str] = field(default_factory=lambda: _TEXTS.say("model.nearest_run"))

    def fit(
        self,
        inputs: np.ndarray,
        outputs: np.ndarray,
        groups: np.ndarray | None,
        variables: Sequence[Variable],
        seed: int,
    ) -> FittedNearest:
        """Store the runs, and choose the weights of the inputs by leaving out one run at a time.

        Parameters
        ----------
        inputs, outputs, variables
            As for `Model.fit`; derived outputs are stored like the others.
        groups : array [n], optional
            Where there are two or more, a run that is left out is answered by one of another group.
        seed : int
            Of the folds behind the weights by effect; without three groups nothing is random.
        """
        x, y, groups = check_runs(inputs, outputs, groups, variables)
        start = thread_time()
        with one_thread():
            features = FeatureMap(variables, x)
            z, units = features.transform(x), _units(y, self.outputs)
            relative = y / units
            searching = thread_time()
            trials = [np.ones(z.shape[1]), _effects(z, relative, groups, seed)]
            errors = [_left_out_error(z * weights, relative, groups) for weights in trials]
            chosen = int(np.argmin(errors))
            search = thread_time() - searching
        stored = relative.astype(np.float16)
        log = fit_log(
            len(trials),
            search,
            thread_time() - start - search,
            "closed_form",
            weights=dict(zip(features.names, trials[chosen].tolist(), strict=True)),
            runs=len(x),
        )
        return FittedNearest(features, trials[chosen], z * trials[chosen], stored, units, log)


def _units(outputs: np.ndarray, described: Sequence[Output]) -> np.ndarray:
    """Largest size of each output, over all of its elements ``[m]``, so that float16 holds it."""
    units = np.ones(outputs.shape[1])
    for columns in output_slices(described).values():
        units[columns] = np.abs(outputs[:, columns]).max() or 1.0
    return units.astype(np.float32).astype(np.float64)


def _effects(z: np.ndarray, relative: np.ndarray, groups: np.ndarray | None, seed: int) -> np.ndarray:
    """Size of the linear effect of each column, the largest 1."""
    mean = relative.mean(axis=0)
    effects = np.sqrt(np.mean(fit_ridge(z, relative - mean, groups, seed).weights ** 2, axis=1))
    return np.maximum(effects / max(float(effects.max()), 1e-300), 1e-3)


def _left_out_error(z: np.ndarray, relative: np.ndarray, groups: np.ndarray | None) -> float:
    """Squared error when each run is answered by the nearest other one, of another group where there are groups."""
    squared = np.sum(z**2, axis=1)[:, None] + np.sum(z**2, axis=1) - 2 * (z @ z.T)
    squared[np.diag_indices(len(z))] = np.inf
    if groups is not None and len(np.unique(groups)) > 1:
        squared[np.asarray(groups)[:, None] == np.asarray(groups)] = np.inf
    return float(np.mean((relative[np.argmin(squared, axis=1)] - relative) ** 2))
