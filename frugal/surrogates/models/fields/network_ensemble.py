"""Small tanh networks from the inputs to all modes at once, the mean of a few that started apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import thread_time
from typing import Any

import numpy as np

from frugal.experiments.study import Kind, Variable
from frugal.surrogates.fitting.input_features import FeatureMap
from frugal.surrogates.fitting.model import check_runs, fit_log, one_thread
from frugal.surrogates.fitting.validation import out_of_fold
from frugal.surrogates.models.scalar.mlp import Mlp, Trial
from frugal.surrogates.models.scalar.tanh_training import Network, train
from frugal.surrogates.onnx.graph import Graph

#: Sizes and penalties tried. The mean of several members wants less penalty than the single network that is tried.
TRIALS = (Trial((16,), 0.03), Trial((16, 16), 0.03), Trial((16, 16), 0.1), Trial((32, 32), 0.1))


@dataclass(frozen=True)
class FittedNetworks:
    """The members, and the mean of the targets."""

    features: FeatureMap
    mean: np.ndarray
    members: tuple[Network, ...]
    log: dict[str, Any]

    @property
    def parameters(self) -> int:
        """Weights and biases of all members."""
        return sum(member.size for member in self.members)

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        """Targets ``[n, k]`` of inputs ``[n, d]``."""
        z = self.features.transform(inputs)
        return np.asarray(self.mean + np.mean([member(z) for member in self.members], axis=0))

    def graph(self, builder: Graph, x: str) -> str:
        """First layers side by side, the next one as one product with the members on its diagonal, the last one summed."""
        z = self.features.graph(builder, x)
        members = self.members
        hidden = builder.op(
            "Gemm",
            z,
            builder.constant(np.concatenate([m.weights[0] for m in members], axis=1)),
            builder.constant(np.concatenate([m.biases[0] for m in members])),
        )
        hidden = builder.op("Tanh", hidden)
        for layer in range(1, len(members[0].weights) - 1):
            weights = builder.constant(_diagonal([m.weights[layer] for m in members]))
            biases = builder.constant(np.concatenate([m.biases[layer] for m in members]))
            hidden = builder.op("Tanh", builder.op("Gemm", hidden, weights, biases))
        last = np.concatenate([m.weights[-1] for m in members]) / len(members)
        bias = np.mean([m.biases[-1] for m in members], axis=0) + self.mean
        return builder.op("Gemm", hidden, builder.constant(last), builder.constant(bias))


def _diagonal(blocks: Sequence[np.ndarray]) -> np.ndarray:
    rows, columns = blocks[0].shape
    matrix = np.zeros((rows * len(blocks), columns * len(blocks)))
    for k, block in enumerate(blocks):
        matrix[k * rows : (k + 1) * rows, k * columns : (k + 1) * columns] = block
    return matrix


@dataclass(frozen=True)
class ModesNetwork:
    """Networks of one size and penalty, both chosen by cross-validation.

    Parameters
    ----------
    trials : tuple of Trial
        Sizes and penalties to choose from.
    members : int
        Networks whose answers are averaged.
    iterations : int
        Of L-BFGS, of each member, in the search and in the fit.
    """

    trials: tuple[Trial, ...] = TRIALS
    members: int = 3
    iterations: int = 600
    name: str = "mlp"
    kind: Kind = "surrogate"
    label: Mapping[str, str] = field(default_factory=lambda: Mlp().label)

    def fit(
        self,
        inputs: np.ndarray,
        outputs: np.ndarray,
        groups: np.ndarray | None,
        variables: Sequence[Variable],
        seed: int,
    ) -> FittedNetworks:
        """Choose a size and a penalty, then train the members on all runs.

        Parameters
        ----------
        inputs, groups, variables
            As for `Model.fit`.
        outputs : array [n, k]
            Targets of a reduction. They keep their own spreads: a small mode counts little.
        seed : int
            Of the folds, and of the weights that the first member starts from; each further member starts from the next one.
        """
        x, y, groups = check_runs(inputs, outputs, groups, variables)
        start = thread_time()
        with one_thread():
            features, mean = FeatureMap(variables, x), y.mean(axis=0)
            z, t = features.transform(x), y - mean
            errors = self._search(z, t, groups, seed)
            chosen = self.trials[int(np.argmin(errors))]
            search = thread_time() - start
            trained = [
                train(z, t, chosen.layers, chosen.penalty, self.iterations, seed + k) for k in range(self.members)
            ]
        endings = {ending for _, _, ending in trained}
        log = fit_log(
            len(self.trials),
            search,
            thread_time() - start - search,
            "iteration_limit" if "iteration_limit" in endings else "converged",
            layers=list(chosen.layers),
            penalty=chosen.penalty,
            members=self.members,
            held_out_error=[float(error) for error in errors],
            iterations=[done for _, done, _ in trained],
        )
        return FittedNetworks(features, mean, tuple(network for network, _, _ in trained), log)

    def with_fixed_settings(self, fitted: FittedNetworks) -> ModesNetwork:
        """The model with the size and penalty of an earlier fit."""
        return replace(self, trials=(Trial(tuple(fitted.log["layers"]), fitted.log["penalty"]),))

    def _search(self, z: np.ndarray, t: np.ndarray, groups: np.ndarray | None, seed: int) -> list[float]:
        """Mean squared held-out error of each trial; zeros where nothing can be held out or there is no choice."""
        if len(self.trials) == 1 or len(z) < 10:
            return [0.0] * len(self.trials)
        errors = []
        for trial in self.trials:

            def fit(x: np.ndarray, y: np.ndarray, _: object, trial: Trial = trial) -> Network:
                return train(x, y, trial.layers, trial.penalty, self.iterations, seed)[0]

            errors.append(float(np.mean(out_of_fold(fit, z, t, groups, 3, seed) ** 2)))
        return errors
