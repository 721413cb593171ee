"""A table over the inputs that matter most, read by multilinear interpolation.

The inputs are ranked by their first-order share of the variance, estimated from means in bins. The values at
the nodes of a regular grid are fitted to the runs by least squares on hat functions, with a small penalty on
second differences along each axis that fills nodes no run comes near to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from time import thread_time
from typing import Any

import numpy as np

from frugal.experiments.study import Kind, Variable
from frugal.surrogates.fitting.folds import folds
from frugal.surrogates.fitting.input_features import check_inputs
from frugal.surrogates.fitting.model import NoSearch, TargetScaling, check_runs, fit_log, one_thread
from frugal.surrogates.onnx.graph import Graph
from frugal.texts import room_texts

_TEXTS = room_texts("frugal.surrogates")

#: Penalties tried on second differences, relative to the mean weight of a node.
_SMOOTHING = (1e-4, 1e-2, 1.0)
_MAX_NODES = 500


def first_order_shares(inputs: np.ndarray, outputs: np.ndarray, variables: Sequence[Variable]) -> np.ndarray:
    """Share of the variance that each input explains alone ``[d]``, averaged over the outputs that vary.

    Variance of the means in bins of equal width over the bounds, less what bins of pure noise would show.

    Parameters
    ----------
    inputs : array [n, d]
        In physical units; values out of bounds count in the outermost bin.
    outputs : array [n, m]
    variables : sequence of Variable
        One a column of the inputs; a choice has a bin for each of its values, a quantity 2 to 16 by the number of runs.

    Returns
    -------
    array [d]
        0 where the bins differ no more than chance has it.
    """
    y = TargetScaling.of(outputs).standardise(outputs)
    n = len(y)
    shares = np.zeros(len(variables))
    varying = max(int((y.std(axis=0) > 0).sum()), 1)
    for j, variable in enumerate(variables):
        n_bins = len(variable.choices) or int(np.clip(round(n**0.4), 2, 16))
        position = (inputs[:, j] - variable.low) / (variable.high - variable.low)
        if variable.choices:
            bins = np.rint(position * (n_bins - 1)).astype(np.int64)
        else:
            bins = np.floor(position * n_bins).astype(np.int64)
        bins = np.clip(bins, 0, n_bins - 1)
        counts = np.bincount(bins, minlength=n_bins)
        filled = counts > 0
        sums = np.stack([np.bincount(bins, column, n_bins) for column in y.T], axis=1)
        between = np.sum(sums[filled] ** 2 / counts[filled, None], axis=0) / n
        within = max(n - int(filled.sum()), 1)
        noise = (1 - between) * (int(filled.sum()) - 1) / within
        shares[j] = max(float(np.sum(between - noise)) / varying, 0.0)
    return shares


@dataclass(frozen=True)
class Axis:
    """One axis: ``nodes`` values from ``low`` on, ``step`` apart; a closed one returns to its first value."""

    column: int
    low: float
    step: float
    nodes: int
    closed: bool

    @classmethod
    def of(cls, variable: Variable, column: int, nodes: int) -> Axis:
        """Axis over the bounds of a variable; each choice is a node.

        Parameters
        ----------
        variable : Variable
            The axis is closed where its bounds hold its whole period.
        column : int
            Where it stands among the inputs.
        nodes : int
            At least 2; not read for a choice.
        """
        if variable.choices:
            return cls(column, 0.0, 1.0, len(variable.choices), False)
        if variable.period and variable.high - variable.low >= variable.period * (1 - 1e-9):
            return cls(column, variable.low, variable.period / nodes, nodes, True)
        return cls(column, variable.low, (variable.high - variable.low) / (nodes - 1), nodes, False)

    @property
    def hats(self) -> int:
        """Hat functions: a closed axis has one more, which repeats its first value."""
        return self.nodes + self.closed

    def weights(self, inputs: np.ndarray) -> np.ndarray:
        """Weight of each node ``[n, nodes]`` at inputs ``[n, d]``; out of bounds, those of the edge."""
        t = (inputs[:, self.column] - self.low) / self.step
        t = t - self.nodes * np.floor(t / self.nodes) if self.closed else np.clip(t, 0, self.nodes - 1)
        hats = np.maximum(1 - np.abs(t[:, None] - np.arange(self.hats)), 0)
        if self.closed:
            hats[:, 0] += hats[:, -1]
            hats = hats[:, :-1]
        return hats

    def graph(self, builder: Graph, x: str) -> str:
        """The same as nodes, ``[n, hats]``."""
        t = builder.op("Gather", x, builder.constant([self.column], np.int64), axis=1)
        if self.low:
            t = builder.op("Sub", t, builder.constant([self.low]))
        t = builder.op("Div", t, builder.constant([self.step]))
        if self.closed:
            turns = builder.op("Floor", builder.op("Div", t, builder.constant([float(self.nodes)])))
            t = builder.op("Sub", t, builder.op("Mul", turns, builder.constant([float(self.nodes)])))
        else:
            t = builder.op("Clip", t, builder.constant(0.0), builder.constant(self.nodes - 1.0))
        distance = builder.op("Abs", builder.op("Sub", t, builder.constant(np.arange(self.hats))))
        return builder.op("Relu", builder.op("Sub", builder.constant([1.0]), distance))

    def second_differences(self) -> np.ndarray:
        """Matrix of second differences along the axis ``[k, nodes]``."""
        identity = np.eye(self.nodes)
        if self.nodes < 3:
            return np.diff(identity, axis=0)
        if self.closed:
            return np.roll(identity, 1, axis=1) - 2 * identity + np.roll(identity, -1, axis=1)
        return np.diff(identity, n=2, axis=0)


def _products(weights: Sequence[np.ndarray]) -> np.ndarray:
    """Weights of the nodes of the grid ``[n, nodes]``, the last axis varying fastest."""
    product = weights[0]
    for w in weights[1:]:
        product = (product[:, :, None] * w[:, None, :]).reshape(len(w), -1)
    return product


def _roughness(axes: Sequence[Axis]) -> np.ndarray:
    """Sum over the axes of the squared second differences, as a matrix ``[nodes, nodes]``."""
    sizes = [axis.nodes for axis in axes]
    total = np.zeros((int(np.prod(sizes)),) * 2)
    for k, axis in enumerate(axes):
        d = axis.second_differences()
        before, after = int(np.prod(sizes[:k])), int(np.prod(sizes[k + 1 :]))
        total += np.kron(np.kron(np.eye(before), d.T @ d), np.eye(after))
    return total


@dataclass(frozen=True)
class FittedTable:
    """Standardised values ``[nodes, m]`` on a regular grid."""

    variables: tuple[Variable, ...]
    axes: tuple[Axis, ...]
    values: np.ndarray
    targets: TargetScaling
    log: dict[str, Any]

    @property
    def parameters(self) -> int:
        """Values at the nodes."""
        return int(self.values.size)

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        """Outputs ``[n, m]`` of inputs ``[n, d]``."""
        x = check_inputs(inputs, self.variables)
        return self.targets.restore(_products([axis.weights(x) for axis in self.axes]) @ self.values)

    def graph(self, builder: Graph, x: str) -> str:
        """Hat functions of each axis, their outer product, one matrix product."""
        sizes = [axis.nodes for axis in self.axes]
        values = self.values.reshape(*sizes, -1)
        for k, axis in enumerate(self.axes):
            if axis.closed:
                values = np.concatenate([values, np.take(values, [0], axis=k)], axis=k)
        z, width = self.axes[0].graph(builder, x), self.axes[0].hats
        for axis in self.axes[1:]:
            column = builder.op("Unsqueeze", z, builder.constant([2], np.int64))
            row = builder.op("Unsqueeze", axis.graph(builder, x), builder.constant([1], np.int64))
            width *= axis.hats
            z = builder.op("Reshape", builder.op("Mul", column, row), builder.constant([-1, width], np.int64))
        flat = values.reshape(width, -1)
        return self.targets.affine(builder, z, flat, np.zeros(flat.shape[1]))


@dataclass(frozen=True)
class Table(NoSearch):
    """Multilinear interpolation in a table over the one to three inputs that matter most.

    Parameters
    ----------
    max_axes : int
    runs_per_node : float
        The table has at most one node per this many runs, so that what it stores is an average and not a run.
    scaled : bool
        The targets come with their own scale, as modes of a map do.
    """

    name: str = "table"
    kind: Kind = "table"
    label: Mapping[str, str] = field(default_factory=lambda: _TEXTS.say("model.table"))
    max_axes: int = 3
    runs_per_node: float = 8.0
    scaled: bool = False

    def fit(
        self,
        inputs: np.ndarray,
        outputs: np.ndarray,
        groups: np.ndarray | None,
        variables: Sequence[Variable],
        seed: int,
    ) -> FittedTable:
        """Choose axes, sizes and smoothing by cross-validation, then fit the values to all runs.

        Parameters
        ----------
        inputs, outputs, groups, variables
            As for `Model.fit`.
        seed : int
            Of the five folds that grid and smoothing are chosen on.
        """
        x, y, groups = check_runs(inputs, outputs, groups, variables)
        start = thread_time()
        with one_thread():
            targets = TargetScaling.of(y, self.scaled)
            t = targets.standardise(y)
            shares = first_order_shares(x, y, variables)
            grids = self._grids(np.argsort(-shares, kind="stable"), variables, len(x))
            held_out = folds(len(x), groups, 5, seed)
            errors = [_held_out_errors(axes, x, t, held_out) for axes in grids]
            best, smooth = np.unravel_index(np.argmin(errors), np.shape(errors))
            axes, searched = grids[best], thread_time()
            hats = _products([axis.weights(x) for axis in axes])
            values = _node_values(hats.T @ hats, hats.T @ t, _roughness(axes), _SMOOTHING[smooth])
        log = fit_log(
            int(np.size(errors)),
            searched - start,
            thread_time() - searched,
            "closed_form",
            axes=[variables[axis.column].name for axis in axes],
            nodes=[axis.nodes for axis in axes],
            smoothing=_SMOOTHING[smooth],
            shares=dict(zip((v.name for v in variables), np.round(shares, 6).tolist(), strict=True)),
        )
        return FittedTable(tuple(variables), axes, values, targets, log)

    def _grids(self, ranking: np.ndarray, variables: Sequence[Variable], n: int) -> list[tuple[Axis, ...]]:
        """Grids to try, from one axis up: the largest that the runs allow, and one about half as fine."""
        most = int(np.clip(n / self.runs_per_node, 2, _MAX_NODES))
        grids: list[tuple[Axis, ...]] = []
        for n_axes in range(1, min(self.max_axes, len(variables)) + 1):
            columns = [int(column) for column in ranking[:n_axes]]
            fixed = [len(variables[column].choices) for column in columns if variables[column].choices]
            free = n_axes - len(fixed)
            room = most / float(np.prod(fixed)) if fixed else float(most)
            finest = int(np.floor(room ** (1 / free) + 1e-9)) if free else 2
            if room < 1 or finest < 2:
                continue
            for nodes in sorted({min(finest, 40), min(max(finest // 2, 2), 40)}):
                grid = tuple(Axis.of(variables[column], column, nodes) for column in columns)
                if grid not in grids:
                    grids.append(grid)
        return grids or [(Axis.of(variables[int(ranking[0])], int(ranking[0]), 2),)]


def _node_values(gram: np.ndarray, moments: np.ndarray, roughness: np.ndarray, smoothing: float) -> np.ndarray:
    """Values at the nodes, from the products of hat functions among themselves and with the targets."""
    from scipy.linalg import solve

    weight = np.trace(gram) / len(gram)
    penalty = weight * (smoothing * roughness + 1e-8 * np.eye(len(gram)))
    return solve(gram + penalty, moments, assume_a="pos", check_finite=False)


def _held_out_errors(axes: Sequence[Axis], x: np.ndarray, t: np.ndarray, held_out: list[np.ndarray]) -> list[float]:
    """Sum of squared held-out errors of a grid for each smoothing."""
    hats = _products([axis.weights(x) for axis in axes])
    roughness = _roughness(axes)
    grams = [hats[rows].T @ hats[rows] for rows in held_out]
    moments = [hats[rows].T @ t[rows] for rows in held_out]
    errors = [0.0] * len(_SMOOTHING)
    if len(held_out) < 2:
        return errors
    gram, moment = sum(grams), sum(moments)
    for rows, own_gram, own_moment in zip(held_out, grams, moments, strict=True):
        for j, smoothing in enumerate(_SMOOTHING):
            values = _node_values(gram - own_gram, moment - own_moment, roughness, smoothing)
            errors[j] += float(np.sum((hats[rows] @ values - t[rows]) ** 2))
    return errors
