"""Gradient-boosted trees with a straight line in each leaf (Shi et al. 2019, IJCAI, 476), written as exact nodes.

Where an answer jumps, and slopes between the jumps, few such trees say what takes many constant leaves. The graph asks one
ensemble node in which leaf of each tree a row falls, one column a leaf, and multiplies that by the lines of all leaves: what is
left is one line for the row. No converter writes these trees rightly; LightGBM's own answers are those of this graph.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from time import thread_time
from typing import Any

import numpy as np

from frugal.experiments.study import Kind, Variable
from frugal.surrogates.fitting.folds import folds
from frugal.surrogates.fitting.input_features import FeatureMap
from frugal.surrogates.fitting.model import Ending, Skipped, TargetScaling, check_runs, fit_log, one_thread
from frugal.surrogates.models.scalar.boosted_trees import BoostedTrees, FlatTrees, _boost, _dataset
from frugal.surrogates.onnx.graph import Graph
from frugal.texts import room_texts

_TEXTS = room_texts("frugal.surrogates")

#: Columns are put on multiples of this part of half their range: LightGBM fits the lines to float32, which holds these exactly.
_STEP = 2.0**-24
_LESS_OR_EQUAL = 0


@dataclass(frozen=True)
class LinesOfLeaves:
    """The trees of one output as flat lists, and the line of each leaf.

    Parameters
    ----------
    trees : FlatTrees
        A target for each leaf, of weight 1.
    lines : array [l, 1 + f]
        Constant and slopes of each leaf, in spreads of the output.
    """

    trees: FlatTrees
    lines: np.ndarray

    @classmethod
    def of(cls, booster: Any, n_features: int) -> LinesOfLeaves:
        """Those of a booster."""
        trees, lines = FlatTrees(), []

        def collect(node: Mapping[str, Any]) -> None:
            """Leaves in the order in which `FlatTrees` places them."""
            if "split_feature" in node:
                collect(node["left_child"])
                collect(node["right_child"])
                return
            line = np.zeros(1 + n_features)
            line[0] = node.get("leaf_const", node["leaf_value"])
            for column, slope in zip(node.get("leaf_features", ()), node.get("leaf_coeff", ()), strict=True):
                line[1 + int(column)] += float(slope)
            lines.append(line)

        for tree in booster.dump_model()["tree_info"]:
            trees.add(tree["tree_structure"], 0)
            collect(tree["tree_structure"])
        return cls(trees, np.stack(lines) if lines else np.zeros((0, 1 + n_features)))

    def graph(self, builder: Graph, z: str, with_one: str, spread: float) -> str:
        """Nodes from columns ``[n, f]``, and these after a column of ones, to one output ``[n, 1]``, float64.

        Parameters
        ----------
        builder : Graph
            Takes the nodes.
        z, with_one : str
            Names of the tensors.
        spread : float
            What the lines are multiplied by.
        """
        trees, n_leaves = self.trees, len(self.lines)
        fallen = builder.op(
            "TreeEnsemble",
            z,
            domain="ai.onnx.ml",
            n_targets=n_leaves,
            aggregate_function=1,
            post_transform=0,
            tree_roots=trees.roots,
            nodes_featureids=trees.columns,
            nodes_splits=np.array(trees.thresholds),
            nodes_modes=np.full(len(trees.columns), _LESS_OR_EQUAL, dtype=np.uint8),
            nodes_truenodeids=trees.true_ids,
            nodes_trueleafs=trees.true_leaf,
            nodes_falsenodeids=trees.false_ids,
            nodes_falseleafs=trees.false_leaf,
            leaf_targetids=list(range(n_leaves)),
            leaf_weights=np.ones(n_leaves),
        )
        line = builder.op("MatMul", fallen, builder.constant(self.lines * spread, np.float64))
        product = builder.op("Mul", line, with_one)
        return builder.op("ReduceSum", product, builder.constant([1], np.int64), keepdims=1)


@dataclass(frozen=True)
class FittedLinearLeafTrees:
    """One booster per output that varies."""

    features: FeatureMap
    targets: TargetScaling
    boosters: Mapping[int, Any]
    log: dict[str, Any]

    @cached_property
    def leaves(self) -> dict[int, LinesOfLeaves]:
        """Trees and lines of each output that varies."""
        return {j: LinesOfLeaves.of(booster, self.features.n_features) for j, booster in self.boosters.items()}

    @property
    def parameters(self) -> int:
        """Tests (a column and a threshold each), and the numbers of the lines that are not 0."""
        return int(sum(2 * len(own.trees.columns) + np.count_nonzero(own.lines) for own in self.leaves.values()))

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        """Outputs ``[n, m]`` of inputs ``[n, d]``, read as float32 as in the graph."""
        z = _on_steps(self.features, inputs)
        out = np.zeros((len(z), self.targets.mean.size))
        for target, booster in self.boosters.items():
            out[:, target] = booster.predict(z, num_threads=1)
        return self.targets.restore(out)

    def graph(self, builder: Graph, x: str) -> str:
        """Leaves of each tree, lines of the leaves, the line of the row; in float64."""
        double, m = np.float64, self.targets.mean.size
        z = self.features.graph(builder, x, double)
        z = builder.op("Round", builder.op("Mul", z, builder.constant(1 / _STEP, double)))
        z = builder.op("Mul", z, builder.constant(_STEP, double))
        zeros = builder.constant(np.zeros((self.features.n_features, m)), double)
        mean = builder.op("Gemm", z, zeros, builder.constant(self.targets.mean, double))
        if not self.boosters:
            return mean
        one = builder.constant(np.zeros((self.features.n_features, 1)), double)
        ones = builder.op("Gemm", z, one, builder.constant(np.ones(1), double))
        with_one = builder.op("Concat", ones, z, axis=1)
        nothing = builder.op("Sub", ones, ones)
        columns = [
            self.leaves[j].graph(builder, z, with_one, float(self.targets.spread[j])) if j in self.boosters else nothing
            for j in range(m)
        ]
        y = columns[0] if m == 1 else builder.op("Concat", *columns, axis=1)
        return builder.op("Add", y, mean)


def _on_steps(features: FeatureMap, inputs: np.ndarray) -> np.ndarray:
    """Columns on their steps, from inputs rounded to float32 as the graph gets them."""
    as_graph = np.asarray(inputs, dtype=np.float32).astype(np.float64)
    return np.rint(features.transform(as_graph) / _STEP) * _STEP


@dataclass(frozen=True)
class LinearLeafTrees(BoostedTrees):
    """Gradient-boosted trees of straight lines, one booster per output; the number of rounds is chosen as for constant leaves.

    Parameters
    ----------
    penalty : float
        On the squared slopes of a line.
    max_numbers : int
        The model is skipped where outputs times columns are more than this: every leaf has a number for each.
    """

    name: str = "linear_leaf_trees"
    kind: Kind = "surrogate"
    label: Mapping[str, str] = field(default_factory=lambda: _TEXTS.say("model.linear_leaf_trees"))
    leaves: int = 4
    penalty: float = 0.1
    max_numbers: int = 128

    def fit(  # type: ignore[override]
        self,
        inputs: np.ndarray,
        outputs: np.ndarray,
        groups: np.ndarray | None,
        variables: Sequence[Variable],
        seed: int,
    ) -> FittedLinearLeafTrees:
        """Choose the number of rounds by cross-validation, then boost on all runs.

        Parameters
        ----------
        inputs, outputs, groups, variables
            As for `Model.fit`; inputs are read as float32, and constant outputs have no trees.
        seed : int
            Of the folds, and of LightGBM.

        Raises
        ------
        Skipped
            If there are fewer than ``min_runs`` runs, or outputs times columns are more than ``max_numbers``.
        """
        x, y, groups = check_runs(inputs, outputs, groups, variables)
        if len(x) < self.min_runs:
            raise Skipped(**_TEXTS.say("skipped.too_few_runs_for_trees", runs=len(x), least=self.min_runs))
        start, search, trials = thread_time(), 0.0, 1
        ending: Ending = "closed_form"
        with one_thread():
            features, targets = FeatureMap(variables, x), TargetScaling.of(y, self.scaled)
            numbers = y.shape[1] * (1 + features.n_features)
            if numbers > self.max_numbers:
                told = {"outputs": y.shape[1], "columns": features.n_features, "most": self.max_numbers}
                raise Skipped(**_TEXTS.say("skipped.too_many_numbers_in_leaves", **told))
            z, t = _on_steps(features, x), targets.standardise(y)
            varying = [int(j) for j in np.flatnonzero(targets.spread > 0)]
            boosters, rounds = {}, 0
            if varying and self.rounds:
                rounds, ending = self.rounds, "iteration_limit"
            elif varying:
                searching = thread_time()
                rounds, trials = self._search(z, t, varying, folds(len(x), groups, 3, seed), seed)
                search = thread_time() - searching
                ending = "early_stopping" if rounds < self.max_rounds else "iteration_limit"
            if varying:
                settings = self._settings(len(z), seed)
                data = _dataset(z, settings)
            for j in varying:
                boosters[j] = _boost(data, t[:, j], settings, rounds)
        log = fit_log(trials, search, thread_time() - start - search, ending, rounds=rounds)
        return FittedLinearLeafTrees(features, targets, boosters, log)

    def with_fixed_settings(self, fitted: Any) -> LinearLeafTrees:
        """The model with the number of rounds of an earlier fit."""
        return replace(self, rounds=fitted.log["rounds"] or None)

    def _settings(self, n: int, seed: int) -> dict[str, Any]:
        least = int(np.clip(n // 40, 5, 20))
        more = {"linear_tree": True, "linear_lambda": self.penalty, "min_data_in_leaf": least}
        return {**super()._settings(n, seed), **more}
