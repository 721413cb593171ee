"""Gradient-boosted trees with a straight line in each leaf (Shi et al. 2019, IJCAI, 476), written as exact nodes.

Where an answer jumps, and slopes between the jumps, few such trees say what takes many constant leaves. The graph asks one
ensemble node in which leaf of each tree a row falls, one column a leaf, and multiplies that by the lines of all leaves: what is
left is one line for the row. No converter writes these trees rightly; LightGBM's own answers are those of this graph.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from frugal.experiments.study import Kind
from frugal.surrogates.fitting.input_features import FeatureMap
from frugal.surrogates.fitting.model import Skipped
from frugal.surrogates.models.scalar.boosted_trees import GRID, BoostedTrees, FittedTrees, FlatTrees
from frugal.surrogates.onnx.graph import Graph
from frugal.texts import room_texts

_TEXTS = room_texts("frugal.surrogates")


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
        fallen = trees.graph(builder, z, n_leaves, range(n_leaves), np.ones(n_leaves))
        line = builder.op("MatMul", fallen, builder.constant(self.lines * spread, np.float64))
        product = builder.op("Mul", line, with_one)
        return builder.op("ReduceSum", product, builder.constant([1], np.int64), keepdims=1)


@dataclass(frozen=True)
class FittedLinearLeafTrees(FittedTrees):
    """One booster per output that varies."""

    @cached_property
    def leaves(self) -> dict[int, LinesOfLeaves]:
        """Trees and lines of each output that varies."""
        return {j: LinesOfLeaves.of(booster, self.features.n_features) for j, booster in self.boosters.items()}

    @property
    def parameters(self) -> int:
        """Tests (a column and a threshold each), and the numbers of the lines that are not 0."""
        return int(sum(2 * len(own.trees.columns) + np.count_nonzero(own.lines) for own in self.leaves.values()))

    @staticmethod
    def columns(features: FeatureMap, inputs: np.ndarray) -> np.ndarray:
        """The same in the columns' own scale: LightGBM fits the lines to float32, which holds these steps exactly."""
        return FittedTrees.columns(features, inputs) / GRID

    def graph(self, builder: Graph, x: str) -> str:
        """Leaves of each tree, lines of the leaves, the line of the row; in float64."""
        double, m = np.float64, self.targets.mean.size
        z = self.features.graph(builder, x, double)
        z = builder.op("Round", builder.op("Mul", z, builder.constant(GRID, double)))
        z = builder.op("Mul", z, builder.constant(1 / GRID, double))
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

    _fitted = FittedLinearLeafTrees

    def _check_size(self, outputs: int, columns: int) -> None:
        if outputs * (1 + columns) > self.max_numbers:
            told = {"outputs": outputs, "columns": columns, "most": self.max_numbers}
            raise Skipped(**_TEXTS.say("skipped.too_many_numbers_in_leaves", **told))

    def _settings(self, n: int, seed: int) -> dict[str, Any]:
        least = int(np.clip(n // 40, 5, 20))
        more = {"linear_tree": True, "linear_lambda": self.penalty, "min_data_in_leaf": least}
        return {**super()._settings(n, seed), **more}
