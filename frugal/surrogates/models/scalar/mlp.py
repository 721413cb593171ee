"""Small neural network: one or two layers of tanh, all outputs together, trained by L-BFGS.

L-BFGS on a tanh network of a few dozen units beats Adam on ReLU by a factor of 2 to 6 on smooth physics with
few runs, for less processor time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from time import thread_time
from typing import Any

import numpy as np

from frugal.experiments.study import Kind, Variable
from frugal.surrogates.fitting.folds import folds
from frugal.surrogates.fitting.input_features import FeatureMap
from frugal.surrogates.fitting.model import TargetScaling, check_runs, fit_log, one_thread
from frugal.surrogates.models.scalar.tanh_training import Network, train_on_values
from frugal.surrogates.onnx.graph import Graph
from frugal.texts import room_texts

_TEXTS = room_texts("frugal.surrogates")


@dataclass(frozen=True)
class FittedMlp:
    """Weights and biases of each layer, from columns to standardised targets."""

    features: FeatureMap
    targets: TargetScaling
    weights: tuple[np.ndarray, ...]
    biases: tuple[np.ndarray, ...]
    log: dict[str, Any]

    @property
    def parameters(self) -> int:
        """Weights and biases."""
        return int(sum(w.size for w in self.weights) + sum(b.size for b in self.biases))

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        """Outputs ``[n, m]`` of inputs ``[n, d]``."""
        return self.targets.restore(Network(self.weights, self.biases)(self.features.transform(inputs)))

    def graph(self, builder: Graph, x: str) -> str:
        """One matrix product and one tanh per layer."""
        z = self.features.graph(builder, x)
        for w, b in zip(self.weights[:-1], self.biases[:-1], strict=True):
            z = builder.op("Tanh", builder.op("Gemm", z, builder.constant(w), builder.constant(b)))
        return self.targets.affine(builder, z, self.weights[-1], self.biases[-1])


@dataclass(frozen=True)
class Trial:
    """Units of each layer, and penalty on the sum of squared weights, per run."""

    layers: tuple[int, ...]
    penalty: float

    def parameters(self, f: int, m: int) -> int:
        sizes = (f, *self.layers, m)
        return sum(a * b + b for a, b in pairwise(sizes))


#: Sizes and penalties tried, the smallest first.
TRIALS = (
    Trial((32,), 1e-2),
    Trial((16, 16), 1e-3),
    Trial((16, 16), 1e-2),
    Trial((16, 16), 0.1),
    Trial((16, 16), 1.0),
    Trial((32, 32), 0.1),
)

#: What is trained in haste, and for how long.
_HASTY, _HASTY_ITERATIONS = TRIALS[2], 200

#: Shares of the iterations at which the trials are compared, and how many are followed beyond each.
_CHECKPOINTS = (1 / 12, 0.25, 0.5, 1.0)
_FOLLOWED = (3, 2, 1)
#: An early end must lower the held-out error by so much for each checkpoint that it forgoes.
_DOUBT = 0.05
_LEAST_ITERATIONS = 60


@dataclass(frozen=True)
class Mlp:
    """Small tanh network whose size, penalty and number of iterations are chosen by cross-validation.

    Every trial is trained for a twelfth of the iterations, the better ones are followed to a quarter, a half and all of them,
    and what is chosen is trained for exactly the iterations with which it was chosen.

    Parameters
    ----------
    trials : tuple of Trial
        Sizes and penalties to choose from.
    max_iterations : int
        Iterations of L-BFGS at the most: twice the runs, but half of this at the least.
    iterations : int, optional
        Exactly so many, where an earlier fit has chosen them.
    work : float
        Floating-point operations that choice and fit may take; iterations, then runs, are cut to keep it. A
        count and not a clock, so that every machine chooses the same network.
    """

    name: str = "mlp"
    kind: Kind = "surrogate"
    label: Mapping[str, str] = field(default_factory=lambda: _TEXTS.say("model.mlp"))
    trials: tuple[Trial, ...] = TRIALS
    max_iterations: int = 1200
    iterations: int | None = None
    work: float = 3e10

    def fit(
        self,
        inputs: np.ndarray,
        outputs: np.ndarray,
        groups: np.ndarray | None,
        variables: Sequence[Variable],
        seed: int,
    ) -> FittedMlp:
        """Choose a network by cross-validation and train it on all runs.

        Parameters
        ----------
        inputs, outputs, groups, variables
            As for `Model.fit`; with fewer than 10 runs nothing is left out, and the first trial is taken.
        seed : int
            Of the folds, of the weights that training starts from, and of the runs that are taken where ``work`` does not
            allow all.
        """
        x, y, groups = check_runs(inputs, outputs, groups, variables)
        start = thread_time()
        with one_thread():
            features, targets = FeatureMap(variables, x), TargetScaling.of(y)
            z, t = features.transform(x), targets.standardise(y)
            chosen, iterations, errors = self._search(z, t, groups, seed)
            search = thread_time() - start
            rows, most = _affordable(chosen, z, t, self.work / 3, iterations, seed)
            network, done, ending = train_on_values(z[rows], t[rows], chosen.layers, chosen.penalty, most, seed)
        log = fit_log(
            len(self.trials),
            search,
            thread_time() - start - search,
            ending,
            layers=list(chosen.layers),
            penalty=chosen.penalty,
            held_out_error=[float(e) if np.isfinite(e) else None for e in errors],
            iterations=done,
            most_iterations=iterations,
        )
        return FittedMlp(features, targets, network.weights, network.biases, log)

    def with_fixed_settings(self, fitted: FittedMlp) -> Mlp:
        """The model with the size, penalty and iterations of an earlier fit."""
        trial = Trial(tuple(fitted.log["layers"]), fitted.log["penalty"])
        return replace(self, trials=(trial,), iterations=fitted.log["most_iterations"])

    def in_haste(self) -> Mlp:
        """One size, trained for fewer iterations."""
        return replace(self, trials=(_HASTY,), iterations=_HASTY_ITERATIONS)

    def _search(
        self, z: np.ndarray, t: np.ndarray, groups: np.ndarray | None, seed: int
    ) -> tuple[Trial, int, np.ndarray]:
        """Best trial, its iterations, and the least mean squared held-out error of each trial.

        The first trial is taken where nothing can be held out.
        """
        n = len(z)
        most = self.iterations or int(np.clip(2 * n, self.max_iterations // 2, self.max_iterations))
        errors = np.full(len(self.trials), np.inf)
        if n < 10 or not t.any() or len(self.trials) == 1:
            return self.trials[0], most, np.append(0.0, errors[1:])
        held_out = folds(n, groups, 5, seed)[:3]  # three of five leave more to learn from than three of three
        # what all trials do together, in passes of one trial from start to end
        steps = np.diff((0.0, *_CHECKPOINTS))
        passes = len(self.trials) * steps[0] + float(np.dot(_FOLLOWED, steps[1:]))
        share = 2 * self.work / 3 / (passes * len(held_out))
        best: tuple[float, Trial, int] | None = None
        running = {
            i: [_Run(trial, z, t, rows, share, most, seed) for rows in held_out] for i, trial in enumerate(self.trials)
        }
        for k, checkpoint in enumerate(_CHECKPOINTS):
            for i, runs in running.items():
                error = sum(run.go_on(checkpoint) for run in runs) / t.size
                errors[i] = min(errors[i], error)
                error *= 1 + _DOUBT * (len(_CHECKPOINTS) - 1 - k)
                if best is None or error < best[0]:
                    best = error, self.trials[i], runs[0].iterations(checkpoint)
            if k < len(_FOLLOWED):
                ahead = sorted(running, key=lambda i: errors[i])[: _FOLLOWED[k]]
                running = {i: running[i] for i in ahead}
        assert best is not None
        return best[1], best[2], errors


class _Run:
    """One trial without the rows of one fold, trained in several goes."""

    def __init__(
        self, trial: Trial, z: np.ndarray, t: np.ndarray, held_out: np.ndarray, work: float, most: int, seed: int
    ) -> None:
        kept = np.setdiff1d(np.arange(len(z)), held_out)
        rows, self._most = _affordable(trial, z[kept], t[kept], work, most, seed)
        self._trial, self._seed = trial, seed
        self._z, self._t = z[kept[rows]], t[kept[rows]]
        self._held_out = z[held_out], t[held_out]
        self._network: Network | None = None
        self._done, self._converged = 0, False

    def iterations(self, checkpoint: float) -> int:
        """Number that a share of all iterations comes to."""
        return max(round(checkpoint * self._most), 1)

    def go_on(self, checkpoint: float) -> float:
        """Sum of squared errors on the rows held out, after a share of all iterations."""
        more = self.iterations(checkpoint) - self._done
        if more > 0 and not self._converged:
            self._network, _, ending = train_on_values(
                self._z, self._t, self._trial.layers, self._trial.penalty, more, self._seed, self._network
            )
            self._done += more
            self._converged = ending == "converged"
        z, t = self._held_out
        return np.inf if self._network is None else float(np.sum((self._network(z) - t) ** 2))


def _affordable(
    trial: Trial, z: np.ndarray, t: np.ndarray, work: float, most: int, seed: int
) -> tuple[np.ndarray, int]:
    """Rows and iterations with which a training keeps to ``work`` operations and ``most`` iterations.

    An iteration costs about 6 operations per run and weight; where the work allows fewer than a useful number of
    iterations on all runs, it goes to that number on a random part of them.
    """
    passes = work / (6.0 * trial.parameters(z.shape[1], t.shape[1]))
    most_rows = max(int(passes / min(_LEAST_ITERATIONS, most)), 10)
    rows = np.arange(len(z))
    if most_rows < len(z):
        rows = np.sort(np.random.default_rng(seed).permutation(len(z))[:most_rows])
    return rows, int(np.clip(passes / len(rows), 1, most))
