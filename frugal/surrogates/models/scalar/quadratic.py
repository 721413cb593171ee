"""Ridge regression on the scaled inputs, their squares and their products."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from time import thread_time
from typing import Any

import numpy as np

from frugal.experiments.study import Kind, Variable
from frugal.surrogates.fitting.input_features import FeatureMap
from frugal.surrogates.fitting.model import NoSearch, Skipped, TargetScaling, check_runs, fit_log, one_thread
from frugal.surrogates.models.scalar.ridge import PENALTIES, fit_ridge
from frugal.surrogates.onnx.graph import Graph
from frugal.texts import room_texts

_TEXTS = room_texts("frugal.surrogates")


def _with_products(z: np.ndarray) -> np.ndarray:
    """Columns, then the upper triangle of their products row by row."""
    first, second = np.triu_indices(z.shape[1])
    return np.concatenate([z, z[:, first] * z[:, second]], axis=1)


@dataclass(frozen=True)
class FittedQuadratic:
    """Weights of standardised targets on columns ``z = (features - mean) / spread`` and on their products."""

    features: FeatureMap
    mean: np.ndarray
    spread: np.ndarray
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
        z = (self.features.transform(inputs) - self.mean) / self.spread
        return self.targets.restore(_with_products(z) @ self.weights + self.bias)

    def graph(self, builder: Graph, x: str) -> str:
        """All products as one outer product: gathering the upper triangle costs seven times more."""
        f, m = self.features.n_features, self.bias.size
        z = self.features.graph(builder, x)
        z = builder.op("Sub", z, builder.constant(self.mean))
        z = builder.op("Div", z, builder.constant(self.spread))
        square = np.zeros((f, f, m))
        square[np.triu_indices(f)] = self.weights[f:] * self.targets.spread
        column = builder.op("Unsqueeze", z, builder.constant([2], np.int64))
        row = builder.op("Unsqueeze", z, builder.constant([1], np.int64))
        products = builder.op("Reshape", builder.op("Mul", column, row), builder.constant([-1, f * f], np.int64))
        curved = builder.op("MatMul", products, builder.constant(square.reshape(f * f, m)))
        straight = self.targets.affine(builder, z, self.weights[:f], self.bias)
        if self.targets.wide:
            curved = builder.cast(curved, np.float64)
        return builder.op("Add", curved, straight)


@dataclass(frozen=True)
class QuadraticRidge(NoSearch):
    """Second-degree polynomial with a penalty chosen by cross-validation, for each output.

    Parameters
    ----------
    max_terms : int
        The model is skipped above this many terms.
    max_terms_per_run : float
        The model is skipped above this many terms per training run.
    """

    name: str = "quadratic"
    kind: Kind = "quadratic"
    label: Mapping[str, str] = field(default_factory=lambda: _TEXTS.say("model.quadratic"))
    max_terms: int = 4000
    max_terms_per_run: float = 4.0

    def fit(
        self,
        inputs: np.ndarray,
        outputs: np.ndarray,
        groups: np.ndarray | None,
        variables: Sequence[Variable],
        seed: int,
    ) -> FittedQuadratic:
        """Fit outputs ``[n, m]`` on inputs ``[n, d]``.

        Parameters
        ----------
        inputs, outputs, variables
            As for `Model.fit`.
        groups, seed
            As for `fit_ridge`.

        Raises
        ------
        Skipped
            If there are more terms than ``max_terms`` or ``max_terms_per_run`` allow.
        """
        x, y, groups = check_runs(inputs, outputs, groups, variables)
        start = thread_time()
        features, targets = FeatureMap(variables, x), TargetScaling.of(y)
        f = features.n_features
        terms = f + f * (f + 1) // 2
        limit = int(min(self.max_terms, self.max_terms_per_run * len(x)))
        if terms > limit:
            raise Skipped(**_TEXTS.say("skipped.too_many_terms", terms=terms, runs=len(x), most=limit))
        with one_thread():
            z = features.transform(x)
            mean, spread = z.mean(axis=0), z.std(axis=0)
            spread = np.where(spread > 1e-9, spread, 1.0)
            # float32 values, so that the graph subtracts exactly what was subtracted here
            mean, spread = (v.astype(np.float32).astype(np.float64) for v in (mean, spread))
            ridge = fit_ridge(_with_products((z - mean) / spread), targets.standardise(y), groups, seed)
        search = ridge.search_cpu_seconds
        log = fit_log(
            len(PENALTIES),
            search,
            thread_time() - start - search,
            "closed_form",
            columns=terms,
            penalties=ridge.penalties.tolist(),
        )
        return FittedQuadratic(features, mean, spread, targets, ridge.weights, ridge.bias, log)
