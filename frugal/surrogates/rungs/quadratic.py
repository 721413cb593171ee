"""Ridge regression on the scaled inputs, their squares and their products."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from time import thread_time
from typing import Any

import numpy as np

from frugal.experiments.study import Kind, Variable
from frugal.surrogates.features import FeatureMap
from frugal.surrogates.graph import Graph
from frugal.surrogates.rungs.base import Skipped, TargetScaling, check_runs, one_thread
from frugal.surrogates.rungs.ridge import fit_ridge


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
        """All products as one outer product, because gathering columns costs more than multiplying by zero weights."""
        f = self.features.n_features
        z = self.features.graph(builder, x)
        if self.mean.any():
            z = builder.op("Sub", z, builder.constant(self.mean))
        if (self.spread != 1).any():
            z = builder.op("Div", z, builder.constant(self.spread))
        z = builder.op("Concat", builder.constant(np.ones((1, 1))), z, axis=1)
        return z


@dataclass(frozen=True)
class QuadraticRidge:
    """Second-degree polynomial with a penalty chosen by cross-validation, for each output.

    Parameters
    ----------
    max_terms : int
        The rung is skipped above this many terms.
    max_terms_per_run : float
        The rung is skipped above this many terms per training run.
    """

    name: str = "quadratic"
    kind: Kind = "quadratic"
    label: Mapping[str, str] = field(
        default_factory=lambda: {"en": "Quadratic regression", "fr": "Régression quadratique"}
    )
    max_terms: int = 4000
    max_terms_per_run: float = 4.0
