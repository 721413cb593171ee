"""Ridge regression on the scaled inputs: one weight per column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from time import thread_time
from typing import Any

import numpy as np

from frugal.experiments.study import Kind, Variable
from frugal.surrogates.fitting.input_features import FeatureMap
from frugal.surrogates.fitting.model import NoSearch, TargetScaling, check_runs, fit_log, one_thread
from frugal.surrogates.models.scalar.ridge import PENALTIES, fit_ridge
from frugal.surrogates.onnx.graph import Graph
from frugal.texts import room_texts

_TEXTS = room_texts("frugal.surrogates")


@dataclass(frozen=True)
class FittedLinear:
    """Weights of standardised targets on scaled columns."""

    features: FeatureMap
    targets: TargetScaling
    weights: np.ndarray
    bias: np.ndarray
    log: dict[str, Any]

    @property
    def parameters(self) -> int:
        """Weights and one bias per output."""
        return int(self.weights.size + self.bias.size)

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        """Outputs ``[n, m]`` of inputs ``[n, d]``."""
        return self.targets.restore(self.features.transform(inputs) @ self.weights + self.bias)

    def graph(self, builder: Graph, x: str) -> str:
        """Columns, then one matrix product."""
        return self.targets.affine(builder, self.features.graph(builder, x), self.weights, self.bias)


@dataclass(frozen=True)
class LinearRidge(NoSearch):
    """Linear regression with a penalty chosen by cross-validation, for each output."""

    name: str = "linear"
    kind: Kind = "linear"
    label: Mapping[str, str] = field(default_factory=lambda: _TEXTS.say("model.linear"))

    def fit(
        self,
        inputs: np.ndarray,
        outputs: np.ndarray,
        groups: np.ndarray | None,
        variables: Sequence[Variable],
        seed: int,
    ) -> FittedLinear:
        """Fit outputs ``[n, m]`` on inputs ``[n, d]``.

        Parameters
        ----------
        inputs, outputs, variables
            As for `Model.fit`.
        groups, seed
            As for `fit_ridge`.
        """
        x, y, groups = check_runs(inputs, outputs, groups, variables)
        start = thread_time()
        with one_thread():
            features, targets = FeatureMap(variables, x), TargetScaling.of(y)
            ridge = fit_ridge(features.transform(x), targets.standardise(y), groups, seed)
        search = ridge.search_cpu_seconds
        log = fit_log(
            len(PENALTIES),
            search,
            thread_time() - start - search,
            "closed_form",
            columns=features.n_features,
            penalties=ridge.penalties.tolist(),
        )
        return FittedLinear(features, targets, ridge.weights, ridge.bias, log)
