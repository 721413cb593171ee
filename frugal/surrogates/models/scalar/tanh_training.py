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

_RELATIVE_CHANGE, _GRADIENT = 1e-10, 1e-7
#: Pairs of steps and gradients that L-BFGS keeps: twice the usual, since the small modes bend the loss weakly.
_HISTORY = 20


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


def train(
    z: np.ndarray,
    t: np.ndarray,
    layers: Sequence[int],
    penalty: float,
    iterations: int,
    seed: int,
    start: Network | None = None,
    spread_biases: bool = False,
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
    """
    from scipy.optimize import minimize

    sizes = (z.shape[1], *layers, t.shape[1])
    n = len(z)

    def loss(p: np.ndarray) -> tuple[float, np.ndarray]:
        network = _unpacked(p, sizes)
        hidden = [z]
        for w, b in zip(network.weights[:-1], network.biases[:-1], strict=True):
            hidden.append(np.tanh(hidden[-1] @ w + b))
        residual = hidden[-1] @ network.weights[-1] + network.biases[-1] - t
        value = np.sum(residual**2) + penalty * sum(float(np.sum(w**2)) for w in network.weights)
        back, gradients = residual / n, []
        for k in range(len(sizes) - 2, -1, -1):
            w = network.weights[k]
            gradients.append(np.concatenate([(hidden[k].T @ back + penalty / n * w).ravel(), back.sum(axis=0)]))
            if k:
                back = (back @ w.T) * (1 - hidden[k] ** 2)
        return 0.5 * float(value) / n, np.concatenate(gradients[::-1])

    options = {
        "maxiter": iterations,
        "maxfun": 2 * iterations,
        "maxcor": _HISTORY,
        "ftol": _RELATIVE_CHANGE,
        "gtol": _GRADIENT,
    }
    first = _start(sizes, seed, spread_biases) if start is None else _packed(start)
    found = minimize(loss, first, jac=True, method="L-BFGS-B", options=options)
    return _unpacked(found.x, sizes), int(found.nit), "converged" if found.success else "iteration_limit"


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
