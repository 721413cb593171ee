"""Gradient-boosted trees by LightGBM, written as one ensemble node with the same comparisons in float64.

Columns are put on a grid of 2⁻²⁴ of half their range, so that the tests of LightGBM and those of the graph
see the same numbers to the last bit. A missing input would fall into some leaf without a word: the graph
answers with a missing value instead.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from time import thread_time
from typing import Any, ClassVar

import numpy as np

from frugal.errors import EnvironmentFaultError
from frugal.experiments.study import Kind, Variable
from frugal.surrogates.fitting.folds import folds
from frugal.surrogates.fitting.input_features import FeatureMap
from frugal.surrogates.fitting.model import Ending, Skipped, TargetScaling, check_runs, fit_log, one_thread
from frugal.surrogates.onnx.graph import Graph
from frugal.texts import room_texts

_TEXTS = room_texts("frugal.surrogates")

GRID = 2.0**24
#: Rounds between two looks at the held-out error.
_BLOCK = 10
_LESS_OR_EQUAL = 0
#: Of many columns one value in eight runs is told apart: each takes time, and a leaf holds more runs. Of few columns all
#: are, up to the most: a step is found where it is.
_MANY_COLUMNS, _FEWEST_BINS, _MOST_BINS = 24, 127, 255


@dataclass
class FlatTrees:
    """Trees as flat lists in the layout of TreeEnsemble (ai.onnx.ml 5): inner nodes and leaves apart."""

    roots: list[int] = field(default_factory=list)
    columns: list[int] = field(default_factory=list)
    thresholds: list[float] = field(default_factory=list)
    true_ids: list[int] = field(default_factory=list)
    true_leaf: list[int] = field(default_factory=list)
    false_ids: list[int] = field(default_factory=list)
    false_leaf: list[int] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)
    targets: list[int] = field(default_factory=list)

    def add(self, tree: Mapping[str, Any], target: int) -> None:
        """Add one tree, as LightGBM's ``dump_model`` gives it, that contributes to output ``target``."""
        self.roots.append(len(self.columns))
        index, leaf = self._place(tree, target)
        if leaf:  # a tree of one leaf still needs a node: both of its branches lead to that leaf
            self._node(0, 0.0)
            self._link(len(self.columns) - 1, (index, 1), (index, 1))

    def graph(
        self, builder: Graph, z: str, n_targets: int, leaf_targets: Sequence[int], leaf_weights: np.ndarray
    ) -> str:
        """One ensemble node from columns ``[n, f]`` to the sums ``[n, n_targets]`` of the weights of leaves."""
        return builder.op(
            "TreeEnsemble",
            z,
            domain="ai.onnx.ml",
            n_targets=n_targets,
            aggregate_function=1,
            post_transform=0,
            tree_roots=self.roots,
            nodes_featureids=self.columns,
            nodes_splits=np.array(self.thresholds),
            nodes_modes=np.full(len(self.columns), _LESS_OR_EQUAL, dtype=np.uint8),
            nodes_truenodeids=self.true_ids,
            nodes_trueleafs=self.true_leaf,
            nodes_falsenodeids=self.false_ids,
            nodes_falseleafs=self.false_leaf,
            leaf_targetids=list(leaf_targets),
            leaf_weights=leaf_weights,
        )

    def _place(self, node: Mapping[str, Any], target: int) -> tuple[int, int]:
        """Position of a node, and 1 if it is a leaf."""
        if "split_feature" not in node:
            self.weights.append(float(node["leaf_value"]))
            self.targets.append(target)
            return len(self.weights) - 1, 1
        if node["decision_type"] != "<=" or node["missing_type"] != "None":
            raise EnvironmentFaultError(
                f"LightGBM made a test '{node['decision_type']}' with missing values "
                f"'{node['missing_type']}'; the graph holds only '<=' without missing values"
            )
        index = self._node(int(node["split_feature"]), float(node["threshold"]))
        self._link(index, self._place(node["left_child"], target), self._place(node["right_child"], target))
        return index, 0

    def _node(self, column: int, threshold: float) -> int:
        self.columns.append(column)
        self.thresholds.append(threshold)
        for ids in (self.true_ids, self.true_leaf, self.false_ids, self.false_leaf):
            ids.append(0)
        return len(self.columns) - 1

    def _link(self, index: int, if_true: tuple[int, int], if_false: tuple[int, int]) -> None:
        self.true_ids[index], self.true_leaf[index] = if_true
        self.false_ids[index], self.false_leaf[index] = if_false


@dataclass(frozen=True)
class FittedTrees:
    """One booster per output that varies."""

    features: FeatureMap
    targets: TargetScaling
    boosters: Mapping[int, Any]
    log: dict[str, Any]

    @property
    def parameters(self) -> int:
        """Tests (a column and a threshold each) and leaves."""
        told = "\n".join(booster.model_to_string() for booster in self.boosters.values())
        leaves = [int(number) for number in re.findall(r"^num_leaves=(\d+)$", told, re.MULTILINE)]
        return sum(2 * max(number - 1, 1) + number for number in leaves)

    @cached_property
    def trees(self) -> FlatTrees:
        """All trees laid flat: made when a graph is, since most fits are of folds, which have none."""
        flat = FlatTrees()
        for target, booster in self.boosters.items():
            for tree in booster.dump_model()["tree_info"]:
                flat.add(tree["tree_structure"], target)
        return flat

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        """Outputs ``[n, m]`` of inputs ``[n, d]``, read as float32 as in the graph."""
        z = self.columns(self.features, inputs)
        out = np.zeros((len(z), self.targets.mean.size))
        for target, booster in self.boosters.items():
            out[:, target] = booster.predict(z, num_threads=1)
        return self.targets.restore(out)

    @staticmethod
    def columns(features: FeatureMap, inputs: np.ndarray) -> np.ndarray:
        """What LightGBM sees of inputs ``[n, d]``: whole numbers, from inputs rounded to float32 as the graph gets them."""
        as_graph = np.asarray(inputs, dtype=np.float32).astype(np.float64)
        return np.asarray(np.rint(features.transform(as_graph) * GRID))

    def graph(self, builder: Graph, x: str) -> str:
        """One ensemble node for all outputs, in float64."""
        double, m = np.float64, self.targets.mean.size
        z = self.features.graph(builder, x, double)
        z = builder.op("Round", builder.op("Mul", z, builder.constant(GRID, double)))
        zeros = builder.constant(np.zeros((self.features.n_features, m)), double)
        mean = builder.op("Gemm", z, zeros, builder.constant(self.targets.mean, double))
        if not self.trees.roots:
            return mean
        trees = self.trees
        weights = np.array(trees.weights) * self.targets.spread[trees.targets]
        return builder.op("Add", trees.graph(builder, z, m, trees.targets, weights), mean)


@dataclass(frozen=True)
class BoostedTrees:
    """Gradient-boosted trees, one booster per output; their common number of rounds is chosen by
    cross-validation.

    Parameters
    ----------
    max_rounds : int
        Trees per output.
    leaves : int
        Leaves per tree.
    learning_rate : float
    rounds : int, optional
        Trees per output, when they are not to be searched for.
    watched : int
        Outputs that the number of rounds is chosen on, spread evenly over those that vary.
    min_runs, max_outputs : int
        The model is skipped below this many runs, and above this many outputs.
    scaled : bool
        The targets come with their own scale, as modes of a map do.
    """

    name: str = "boosted_trees"
    kind: Kind = "surrogate"
    label: Mapping[str, str] = field(default_factory=lambda: _TEXTS.say("model.boosted_trees"))
    max_rounds: int = 200
    leaves: int = 12
    learning_rate: float = 0.15
    rounds: int | None = None
    watched: int = 4
    min_runs: int = 20
    max_outputs: int = 64
    scaled: bool = False

    def fit(
        self,
        inputs: np.ndarray,
        outputs: np.ndarray,
        groups: np.ndarray | None,
        variables: Sequence[Variable],
        seed: int,
    ) -> FittedTrees:
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
            If there are fewer than ``min_runs`` runs, or outputs and columns are too many for trees of this kind.
        """
        x, y, groups = check_runs(inputs, outputs, groups, variables)
        if len(x) < self.min_runs:
            raise Skipped(**_TEXTS.say("skipped.too_few_runs_for_trees", runs=len(x), least=self.min_runs))
        start, search, trials = thread_time(), 0.0, 1
        ending: Ending = "closed_form"
        with one_thread():
            features, targets = FeatureMap(variables, x), TargetScaling.of(y, self.scaled)
            self._check_size(y.shape[1], features.n_features)
            z, t = self._fitted.columns(features, x), targets.standardise(y)
            varying = [int(j) for j in np.flatnonzero(targets.spread > 0)]
            settings = self._settings(len(z), seed)
            boosters, rounds = {}, 0
            if varying and self.rounds:
                rounds, ending = self.rounds, "iteration_limit"
            elif varying:
                searching = thread_time()
                rounds, trials = self._search(z, t, varying, folds(len(x), groups, 3, seed), seed)
                search = thread_time() - searching
                ending = "early_stopping" if rounds < self.max_rounds else "iteration_limit"
            if varying:
                data = _dataset(z, settings)
            for j in varying:
                boosters[j] = _boost(data, t[:, j], settings, rounds)
        log = fit_log(trials, search, thread_time() - start - search, ending, rounds=rounds)
        return self._fitted(features, targets, boosters, log)

    _fitted: ClassVar[type[FittedTrees]] = FittedTrees

    def _check_size(self, outputs: int, columns: int) -> None:
        if outputs > self.max_outputs:
            told = _TEXTS.say("skipped.too_many_outputs_for_trees", outputs=outputs, most=self.max_outputs)
            raise Skipped(**told)

    def with_fixed_settings(self, fitted: FittedTrees) -> BoostedTrees:
        """The model with the number of rounds of an earlier fit."""
        return replace(self, rounds=fitted.log["rounds"] or None)

    def _settings(self, n: int, seed: int) -> dict[str, Any]:
        return {
            "objective": "regression",
            "num_leaves": self.leaves,
            "learning_rate": self.learning_rate,
            "min_data_in_leaf": int(np.clip(n // 20, 2, 20)),
            "min_data_in_bin": 1,
            "use_missing": False,
            "num_threads": 1,
            "deterministic": True,
            "force_col_wise": True,
            "feature_pre_filter": False,
            "seed": seed,
            "verbosity": -1,
        }

    def _search(
        self, z: np.ndarray, t: np.ndarray, varying: list[int], held_out: list[np.ndarray], seed: int
    ) -> tuple[int, int]:
        """Fewest rounds whose held-out error, over the watched outputs, is within 0.5 % of the least, and the number of
        ensemble sizes looked at."""
        watched = sorted({varying[int(i)] for i in np.linspace(0, len(varying) - 1, self.watched)})
        error, trials = np.zeros(self.max_rounds // _BLOCK), 0
        for rows in held_out:
            kept = np.setdiff1d(np.arange(len(z)), rows)
            settings = self._settings(len(kept), seed)
            data = _dataset(z[kept], settings)
            for j in watched:
                data.set_label(t[kept, j])
                curve, looks = _held_out_curve(data, settings, z[rows], t[rows, j], len(error))
                error, trials = error + curve, max(trials, looks)
        return _BLOCK * (1 + int(np.argmax(error <= error.min() * 1.005))), trials


def _dataset(z: np.ndarray, settings: dict[str, Any]) -> Any:
    """Binned columns, made once for all outputs; the settings are told their number of bins."""
    import lightgbm

    many = z.shape[1] >= _MANY_COLUMNS
    settings["max_bin"] = int(np.clip(len(z) // 8, _FEWEST_BINS, _MOST_BINS)) if many else _MOST_BINS
    data = lightgbm.Dataset(z, label=np.zeros(len(z)), params=settings, free_raw_data=False)
    return data.construct()


def _boost(data: Any, t: np.ndarray, settings: dict[str, Any], rounds: int) -> Any:
    import lightgbm

    data.set_label(t)
    booster = lightgbm.Booster(settings, data)
    for _ in range(rounds):
        if booster.update():
            break
    return booster


def _held_out_curve(
    data: Any, settings: dict[str, Any], z_held: np.ndarray, t_held: np.ndarray, blocks: int
) -> tuple[np.ndarray, int]:
    """Squared held-out error after each block of rounds, and the blocks boosted: it stops once five bring nothing."""
    import lightgbm

    booster = lightgbm.Booster(settings, data)
    predicted = np.zeros(len(z_held))
    curve = np.empty(blocks)
    for block in range(blocks):
        finished = any(booster.update() for _ in range(_BLOCK))
        predicted += booster.predict(z_held, start_iteration=block * _BLOCK, num_iteration=_BLOCK, num_threads=1)
        curve[block] = np.sum((predicted - t_held) ** 2)
        if finished or block - int(np.argmin(curve[: block + 1])) >= 5:
            curve[block + 1 :] = curve[block]
            return curve, block + 1
    return curve, blocks
