"""Training of small tanh networks on targets of very different size, as modes of a map are.

scikit-learn's stops where the loss falls by less than 2e-9 in absolute terms, which for modes comes long before the small ones
are learned. Here the loss is that of the targets as they are, and the criterion is tighter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from frugal.surrogates.fitting.model import Ending

_LEAST_CHANGE, _GRADIENT = 1e-10, 1e-7
#: Of values, the loss of n runs need not fall by less than this over n² to end: few runs do not tell such networks apart.
_CHANGE_OF_VALUES = 1.6e-4
#: Pairs of steps and gradients that L-BFGS keeps: twice the usual for modes, since the small ones bend the loss weakly.
_HISTORY_OF_MODES, _HISTORY_OF_VALUES = 20, 10


@dataclass(frozen=True)
class Network:
    """Weights ``[a, b]`` and biases ``[b]`` of each layer; tanh between them."""

    weights: tuple[np.ndarray, ...]
    biases: tuple[np.ndarray, ...]

    def __call__(self, z: np.ndarray) -> np.ndarray:
        """Answers ``[n, m]`` of columns ``[n, f]``."""
        for w, b in zip(self.weights[:-1], self.biases[:-1], strict=True):
            z = np.tanh(z @ w + b)
        return np.asarray(z @ self.weights[-1] + self.biases[-1])

    @property
    def size(self) -> int:
        """Number of weights and biases."""
        return int(sum(w.size for w in self.weights) + sum(b.size for b in self.biases))


def train_on_values(
    z: np.ndarray,
    t: np.ndarray,
    layers: Sequence[int],
    penalty: float,
    iterations: int,
    seed: int,
    start: Network | None = None,
) -> tuple[Network, int, Ending]:
    """`train` for standardised values: biases that start at random, a shorter memory, an end that few runs reach soon."""
    change = max(_CHANGE_OF_VALUES / len(z) ** 2, _LEAST_CHANGE)
    return train(z, t, layers, penalty, iterations, seed, start, True, _HISTORY_OF_VALUES, change)


def train(
    z: np.ndarray,
    t: np.ndarray,
    layers: Sequence[int],
    penalty: float,
    iterations: int,
    seed: int,
    start: Network | None = None,
    spread_biases: bool = False,
    history: int = _HISTORY_OF_MODES,
    change: float = _LEAST_CHANGE,
) -> tuple[Network, int, Ending]:
    """A network, the iterations it took and how they ended.

    Minimises half of the mean over rows of the summed squared errors, plus half of ``penalty`` / rows times the sum of squared
    weights, by L-BFGS from Glorot's uniform start.

    Parameters
    ----------
    z : array [n, f]
    t : array [n, m]
        Centred targets.
    layers : sequence of int
        Units of each hidden layer.
    penalty : float
    iterations, seed : int
    start : Network, optional
        Goes on from these weights, and not from the random start of the seed.
    spread_biases : bool
        Biases start at random too, which values learn better from; small modes of maps learn better from zeros.
    history : int
        Pairs of steps and gradients that L-BFGS keeps.
    change : float
        It ends where a step lowers the loss by less.
    """
    from scipy.optimize import minimize

    sizes = (z.shape[1], *layers, t.shape[1])
    loss = _Loss(z, t, sizes, penalty)
    options = {
        "maxiter": iterations,
        "maxfun": 2 * iterations,
        "maxcor": history,
        "ftol": change,
        "gtol": _GRADIENT,
    }
    first = _start(sizes, seed, spread_biases) if start is None else _packed(start)
    found = minimize(loss, first, jac=True, method="L-BFGS-B", options=options)
    return _unpacked(found.x, sizes), int(found.nit), "converged" if found.success else "iteration_limit"


class _Loss:
    """The loss and its gradient, in arrays that are made once: with few runs the making of arrays is what takes the time.

    Weights and biases of a layer stand one after the other, as one matrix whose last row meets a column of ones.
    """

    def __init__(self, z: np.ndarray, t: np.ndarray, sizes: Sequence[int], penalty: float) -> None:
        n = len(z)
        self.t, self.each = t, 1.0 / n
        self.hidden = [np.ones((n, size + 1)) for size in sizes[:-1]]
        self.hidden[0][:, :-1] = z
        shapes = [(a + 1, b) for a, b in pairwise(sizes)]
        ends = np.cumsum([0, *(a * b for a, b in shapes)])
        self.p, self.gradient, self.shrink = np.empty(ends[-1]), np.empty(ends[-1]), np.full(ends[-1], penalty / n)

        def layers(flat: np.ndarray) -> list[np.ndarray]:
            return [flat[a:b].reshape(shape) for (a, b), shape in zip(pairwise(ends), shapes, strict=True)]

        self.layers, self.gradients = layers(self.p), layers(self.gradient)
        for part in layers(self.shrink):
            part[-1] = 0.0  # biases go free

    def __call__(self, p: np.ndarray) -> tuple[float, np.ndarray]:
        self.p[:] = p
        hidden, layers = self.hidden, self.layers
        for k, layer in enumerate(layers[:-1]):
            np.tanh(hidden[k] @ layer, out=hidden[k + 1][:, :-1])
        residual = hidden[-1] @ layers[-1]
        residual -= self.t
        flat = residual.ravel()
        held = self.shrink * self.p
        value = 0.5 * (self.each * float(flat @ flat) + float(held @ self.p))
        residual *= self.each
        back = residual
        for k in range(len(layers) - 1, -1, -1):
            np.matmul(hidden[k].T, back, out=self.gradients[k])
            if k:
                own = hidden[k][:, :-1]
                slope = own * own
                np.subtract(1.0, slope, out=slope)
                back = back @ layers[k][:-1].T
                back *= slope
        return value, self.gradient + held


def _start(sizes: Sequence[int], seed: int, spread_biases: bool) -> np.ndarray:
    rng = np.random.default_rng(seed)
    parts = []
    for a, b in pairwise(sizes):
        bound = np.sqrt(6 / (a + b))
        parts.append(rng.uniform(-1, 1, a * b) * bound)
        parts.append(rng.uniform(-1, 1, b) * bound if spread_biases else np.zeros(b))
    return np.concatenate(parts)


def _packed(network: Network) -> np.ndarray:
    return np.concatenate([part.ravel() for pair in zip(network.weights, network.biases, strict=True) for part in pair])


def _unpacked(p: np.ndarray, sizes: Sequence[int]) -> Network:
    weights, biases, at = [], [], 0
    for a, b in pairwise(sizes):
        weights.append(p[at : at + a * b].reshape(a, b))
        biases.append(p[at + a * b : at + a * b + b])
        at += a * b + b
    return Network(tuple(weights), tuple(biases))
