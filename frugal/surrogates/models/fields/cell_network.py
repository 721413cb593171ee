"""One small network for all cells: from the inputs and what is known of a cell to the value there.

Its size does not depend on the size of the map, and what it learns of a bed level or a distance serves every cell. The maps of
all outputs share it. The first layer sees inputs and cells apart, and their sums are the pairs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import thread_time
from typing import Any

import numpy as np

from frugal.experiments.study import Kind, Variable
from frugal.experiments.study.outputs import Output, defined_cells, output_slices
from frugal.surrogates.fitting.input_features import FeatureMap
from frugal.surrogates.fitting.model import check_runs, fit_log, one_thread
from frugal.surrogates.models.fields.pod import Modes, latent_map
from frugal.surrogates.models.scalar.mlp import FittedMlp, Mlp
from frugal.surrogates.models.scalar.tanh_training import train
from frugal.surrogates.onnx.graph import Graph
from frugal.texts import room_texts

_TEXTS = room_texts("frugal.surrogates")


@dataclass(frozen=True)
class FittedCells:
    """Weights of the network, scaled features of the cells ``[size, c]``, mean and spread of the latent value of each map.

    ``rest`` answers the outputs that are no maps.
    """

    features: FeatureMap
    outputs: tuple[Output, ...]
    cells: np.ndarray
    weights: tuple[np.ndarray, ...]
    biases: tuple[np.ndarray, ...]
    maps: dict[str, tuple[float, float, int]]
    rest: FittedMlp | None
    log: dict[str, Any]

    @property
    def parameters(self) -> int:
        """Weights, biases and features of the cells."""
        own = sum(w.size for w in self.weights) + sum(b.size for b in self.biases) + self.cells.size
        return int(own + (self.rest.parameters if self.rest else 0))

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        """Outputs ``[n, m]`` of inputs ``[n, d]``; derived columns are left at 0."""
        z = self.features.transform(inputs)
        first, d = self.weights[0], z.shape[1]
        of_cells = self.cells @ first[d:] + self.biases[0]
        values = np.empty((len(z), len(self.cells), len(self.maps)))
        for row, of_inputs in enumerate(z @ first[:d]):
            hidden = np.tanh(of_inputs + of_cells)
            for w, b in zip(self.weights[1:-1], self.biases[1:-1], strict=True):
                hidden = np.tanh(hidden @ w + b)
            values[row] = hidden @ self.weights[-1] + self.biases[-1]
        out = np.zeros((len(z), sum(o.size for o in self.outputs)))
        slices = output_slices(self.outputs)
        for k, (name, (mean, spread, side)) in enumerate(self.maps.items()):
            out[:, slices[name]] = self._modes(name, side).cut(values[:, :, k] * spread + mean)
        if self.rest is not None:
            columns = np.concatenate([np.arange(o.size) + slices[o.name].start for o in _others(self.outputs)])
            out[:, columns] = self.rest.predict(inputs)
        return out

    def _modes(self, name: str, side: int) -> Modes:
        fill = next(o.fill_value for o in self.outputs if o.name == name)
        return Modes(np.zeros(0), np.zeros((0, 0)), side, fill, False)

    def graph(self, builder: Graph, x: str) -> str:
        """Two products for the first layer, their sums for all pairs, then layer by layer."""
        first, d = self.weights[0], self.features.n_features
        z = builder.op("MatMul", self.features.graph(builder, x), builder.constant(first[:d]))
        of_cells = builder.op(
            "Gemm", builder.constant(self.cells), builder.constant(first[d:]), builder.constant(self.biases[0])
        )
        pairs = builder.op("Add", builder.op("Unsqueeze", z, builder.constant([1], np.int64)), of_cells)
        hidden = builder.op("Tanh", pairs)
        for w, b in zip(self.weights[1:-1], self.biases[1:-1], strict=True):
            hidden = builder.op("MatMul", hidden, builder.constant(w))
            hidden = builder.op("Tanh", builder.op("Add", hidden, builder.constant(b)))
        spread = np.array([s for _, s, _ in self.maps.values()])
        mean = np.array([m for m, _, _ in self.maps.values()])
        values = builder.op("MatMul", hidden, builder.constant(self.weights[-1] * spread))
        values = builder.op("Add", values, builder.constant(self.biases[-1] * spread + mean))
        done: dict[str, str] = {}
        for k, (name, (_, _, side)) in enumerate(self.maps.items()):
            part = builder.op("Gather", values, builder.constant(k, np.int64), axis=2)
            fill = builder.constant(self._modes(name, side).fill_value)
            done[name] = part if side == 0 else builder.op("Max" if side > 0 else "Min", part, fill)
        done |= self._rest_in_graph(builder, x)
        parts = [done[o.name] for o in self.outputs]
        return parts[0] if len(parts) == 1 else builder.op("Concat", *parts, axis=1)

    def _rest_in_graph(self, builder: Graph, x: str) -> dict[str, str]:
        done: dict[str, str] = {}
        others = _others(self.outputs)
        if self.rest is not None:
            y = builder.cast(self.rest.graph(builder, x), np.float32)
            split: Sequence[str] = (y,)
            if len(others) > 1:
                sizes = builder.constant([o.size for o in others], np.int64)
                split = builder.op("Split", y, sizes, outputs=len(others), axis=1)
            done = dict(zip((o.name for o in others), split, strict=True))
        derived = [o.name for o in self.outputs if o.derived is not None]
        if derived:
            first = builder.op("Gather", x, builder.constant([0], np.int64), axis=1)
            done |= dict.fromkeys(derived, builder.op("Sub", first, first))
        return done


def _others(outputs: Sequence[Output]) -> list[Output]:
    """Outputs that are neither maps nor derived from one."""
    return [output for output in outputs if not output.is_field and output.derived is None]


@dataclass(frozen=True)
class CellNetwork:
    """A small tanh network over pairs of a run and a cell.

    Parameters
    ----------
    outputs : tuple of Output
        Of the study.
    cell_features : mapping of str to array [y, x]
        Of the study.
    pairs : int
        Pairs drawn to learn from; half of them in cells that are wet in some runs and dry in others, or next to such.
    layers : tuple of int
    penalty : float
        On the sum of squared weights, per pair.
    max_iterations : int
    rest : Mlp
        For outputs that are no maps.
    """

    outputs: tuple[Output, ...]
    cell_features: Mapping[str, np.ndarray]
    pairs: int = 6000
    layers: tuple[int, ...] = (24, 24)
    penalty: float = 1e-2
    max_iterations: int = 250
    rest: Mlp = field(default_factory=Mlp)
    name: str = "cell_network"
    kind: Kind = "surrogate"
    label: Mapping[str, str] = field(default_factory=lambda: _TEXTS.say("model.cell_network"))

    def fit(
        self,
        inputs: np.ndarray,
        outputs: np.ndarray,
        groups: np.ndarray | None,
        variables: Sequence[Variable],
        seed: int,
    ) -> FittedCells:
        """Draw pairs, and train on the latent value of each map in them.

        Parameters
        ----------
        inputs, groups, variables
            As for `Model.fit`; groups serve ``rest`` alone, since nothing of the network is chosen.
        outputs : array [n, m]
            All outputs of the study, derived ones included, which are not learnt.
        seed : int
            Of the pairs, of the weights that training starts from, and of ``rest``.
        """
        x, y, groups = check_runs(inputs, outputs, groups, variables)
        start = thread_time()
        slices = output_slices(self.outputs)
        with one_thread():
            features, cells = FeatureMap(variables, x), _scaled(self.cell_features)
            z = features.transform(x)
            latent, maps = _latent_maps(y, self.outputs)
            runs, places = self._draw(y, seed)
            targets = np.stack([(latent[n][runs, places] - m) / s for n, (m, s, _) in maps.items()], axis=1)
            pairs = np.concatenate([z[runs], cells[places]], axis=1)
            network, done, ending = train(pairs, targets, self.layers, self.penalty, self.max_iterations, seed)
        rest, trials, search = None, 1, 0.0
        if others := _others(self.outputs):
            columns = np.concatenate([np.arange(o.size) + slices[o.name].start for o in others])
            rest = self.rest.fit(x, y[:, columns], groups, variables, seed)
            trials, search = rest.log["trials"], rest.log["search_cpu_seconds"]
        log = fit_log(
            trials,
            search,
            thread_time() - start - search,
            ending,
            layers=list(self.layers),
            penalty=self.penalty,
            pairs=len(runs),
            cell_features=list(self.cell_features),
            iterations=done,
        )
        return FittedCells(features, self.outputs, cells, network.weights, network.biases, maps, rest, log)

    def with_fixed_settings(self, fitted: FittedCells) -> CellNetwork:
        """The same without a new search for the outputs that are no maps."""
        return self if fitted.rest is None else replace(self, rest=self.rest.with_fixed_settings(fitted.rest))

    def _draw(self, y: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Runs and cells of the pairs."""
        rng = np.random.default_rng(seed)
        source = next(o for o in self.outputs if o.is_field)
        defined = defined_cells(y, self.outputs, next((o for o in self.outputs if o.valid_above is not None), source))
        often = defined.mean(axis=0)
        weight = np.where((often > 0) & (often < 1), 1.0, 0.25)
        weight[often == 0] = 0.1
        total = min(self.pairs, defined.size)
        chance = np.broadcast_to(weight, defined.shape).ravel()
        chosen = rng.choice(defined.size, size=total, replace=False, p=chance / chance.sum())
        return chosen // defined.shape[1], chosen % defined.shape[1]


def _scaled(cell_features: Mapping[str, np.ndarray]) -> np.ndarray:
    """Features of the cells ``[size, c]`` with mean 0 and spread 1, as float32 holds them."""
    columns = np.stack([np.asarray(values, dtype=float).ravel() for values in cell_features.values()], axis=1)
    spread = columns.std(axis=0)
    scaled = (columns - columns.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    return scaled.astype(np.float32).astype(np.float64)


def _latent_maps(
    values: np.ndarray, outputs: Sequence[Output]
) -> tuple[dict[str, np.ndarray], dict[str, tuple[float, float, int]]]:
    """Latent maps by name, and mean, spread and dry side of each."""
    slices, latent, maps = output_slices(outputs), {}, {}
    for output in outputs:
        if output.is_field:
            own = values[:, slices[output.name]]
            filled, side = latent_map(own, defined_cells(values, outputs, output), output)
            latent[output.name] = filled
            maps[output.name] = (float(filled.mean()), float(filled.std()) or 1.0, side)
    return latent, maps
