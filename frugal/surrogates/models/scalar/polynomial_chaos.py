"""Sparse polynomial chaos: least squares on few products of orthonormal polynomials, chosen by runs left out.

Linear in its coefficients, fitted by least squares, and its terms can be printed: by that rule it is a polynomial fit like the
quadratic one, of a degree that the runs decide, and no AI.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import thread_time
from typing import Any

import numpy as np

from frugal.experiments.study import Kind, Variable
from frugal.surrogates.fitting.folds import folds
from frugal.surrogates.fitting.input_features import check_inputs
from frugal.surrogates.fitting.model import TargetScaling, check_runs, fit_log, one_thread
from frugal.surrogates.models.scalar.greedy_terms import Path, Recipe, follow, most_offered, most_terms
from frugal.surrogates.models.scalar.orthonormal_basis import OrthonormalBasis
from frugal.surrogates.onnx.graph import Graph
from frugal.texts import room_texts

_TEXTS = room_texts("frugal.surrogates")

#: Ways to offer terms, from the simplest; runs left out decide among them.
RECIPES = (
    Recipe(1),
    Recipe(2),
    Recipe(3),
    Recipe(3, 0.75),
    Recipe(5, 0.75),
    Recipe(7, 0.5),
    Recipe(10, 0.5),
    Recipe(5),
    Recipe(10),
    Recipe(14, 0.75),
    Recipe(2, steps=1),
    Recipe(2, steps=1, decay=0.5),
    Recipe(2, steps=1, most_inputs=2),
    Recipe(2, steps=2),
    Recipe(2, steps=2, most_inputs=2),
)

#: Those that are tried in haste.
HASTY_RECIPES = (Recipe(2), Recipe(3, 0.75), Recipe(2, steps=1))

#: Folds that few runs are put into, and many; from how many on they are many.
_FOLDS_OF_FEW, _FOLDS_OF_MANY, _MANY = 5, 3, 400
#: All recipes are tried on the first folds; so many go on, of those that err at most this much more than the best (squared).
_GO_ON, _WITHIN = 3, 2.5
#: Among numbers of terms whose squared error is the same to this part the least is taken; and to this part more of answers that
#: the terms tell nothing of: where the runs hold noise, the least of many errors is luck.
_AS_GOOD, _AS_GOOD_OF_NOISE = 0.01, 0.15
#: Terms are chosen from so many runs at the most; their coefficients are fitted to all.
_MOST_RUNS_TO_CHOOSE = 3000
#: Targets that have terms of their own; further ones share theirs.
_OWN_TERMS = 12
_CHUNK = 8192


@dataclass(frozen=True)
class ChosenRecipe:
    """What was chosen for some targets: recipe, number of terms, and their error on runs left out over that of the mean."""

    recipe: Recipe
    terms: int
    error: float = np.inf


@dataclass(frozen=True)
class FittedPolynomialChaos:
    """A sum of products of orthonormal functions.

    Parameters
    ----------
    basis : OrthonormalBasis
        Functions of each input. Products are orthonormal where inputs are spread evenly and independently over their bounds.
    indices : array [terms, d]
        Number of the function of each input in each product: the degree of a polynomial; of an input with a whole period
        2 k - 1 for the sine and 2 k for the cosine of its harmonic k; of a choice that of a contrast. 0 is the constant. The
        first row is all zeros.
    coefficients : array [terms, m]
        In units of the outputs. Those of the first row are the means over the bounds, and the sum of squares of the others is
        the variance; the sum over products of some inputs alone is their part of it (Sudret 2008, Reliability Engineering &
        System Safety 93, 964).
    targets : TargetScaling
        Of the training runs.
    settings : mapping
        Of each group of outputs.
    """

    basis: OrthonormalBasis
    indices: np.ndarray
    coefficients: np.ndarray
    targets: TargetScaling
    settings: Mapping[str, ChosenRecipe]
    log: dict[str, Any]

    @property
    def parameters(self) -> int:
        """Coefficients that are not zero."""
        return int(np.count_nonzero(self.coefficients))

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        """Outputs ``[n, m]`` of inputs ``[n, d]``."""
        x = check_inputs(inputs, self.basis.variables)
        parts = [
            self.basis.products(self.basis.tables(x[start : start + _CHUNK]), self.indices[1:]).T
            @ self.coefficients[1:]
            for start in range(0, max(len(x), 1), _CHUNK)
        ]
        return np.concatenate(parts) + self.coefficients[0]

    def graph(self, builder: Graph, x: str) -> str:
        """Rows of functions, products of gathered rows, one matrix product; float64 where float32 would show."""
        standardised = self.coefficients[1:] / np.where(self.targets.spread > 0, self.targets.spread, 1.0)
        wide = self.targets.wide or self.basis.needs_float64(self.indices[1:], standardised)
        dtype = np.float64 if wide else np.float32
        if len(self.indices) == 1:  # the mean alone, once a row
            nothing = np.zeros((len(self.basis.variables), self.coefficients.shape[1]))
            y = builder.op("MatMul", builder.cast(x, dtype), builder.constant(nothing, dtype))
            return builder.op("Add", y, builder.constant(self.coefficients[0], dtype))
        values = self.basis.graph(builder, x, self.indices[1:], dtype)
        weights = builder.constant(self.coefficients[1:].T, dtype)
        y = builder.op("Gemm", weights, values, builder.constant(self.coefficients[0][:, None], dtype))
        if self.coefficients.shape[1] == 1:
            return builder.op("Reshape", y, builder.constant([-1, 1], np.int64))
        return builder.op("Transpose", y, perm=[1, 0])


@dataclass(frozen=True)
class PolynomialChaos:
    """Sparse polynomial whose terms are chosen for each output, degree and truncation by runs left out.

    Parameters
    ----------
    scaled : bool
        Targets are of one scale already, as modes of maps are: those of one group count by their size.
    groups : mapping of str to tuple of int, optional
        Columns of the targets that share their terms, by a name; by default each output has its own, of many the further ones
        share theirs.
    settings : mapping
        Recipe and number of terms of each group, of an earlier fit: terms are then chosen again from the runs at hand, as many
        as there were.
    recipes : tuple of Recipe
        Ways to offer terms that are tried.
    """

    name: str = "polynomial_chaos"
    kind: Kind = "polynomial"
    label: Mapping[str, str] = field(default_factory=lambda: _TEXTS.say("model.polynomial_chaos"))
    scaled: bool = False
    groups: Mapping[str, tuple[int, ...]] | None = None
    settings: Mapping[str, ChosenRecipe] = field(default_factory=dict)
    recipes: tuple[Recipe, ...] = RECIPES

    def fit(
        self,
        inputs: np.ndarray,
        outputs: np.ndarray,
        groups: np.ndarray | None,
        variables: Sequence[Variable],
        seed: int,
    ) -> FittedPolynomialChaos:
        """Fit outputs ``[n, m]`` on inputs ``[n, d]``.

        Parameters
        ----------
        inputs, outputs, groups, variables
            As for `Model.fit`.
        seed : int
            Of the folds.
        """
        x, y, labels = check_runs(inputs, outputs, groups, variables)
        start = thread_time()
        search = 0.0
        with one_thread():
            targets = TargetScaling.of(y, self.scaled)
            z = targets.standardise(y)
            few = _few(len(x), seed)
            basis = OrthonormalBasis.of(variables, x)
            tables = basis.tables(x[few])
            kept_labels = None if labels is None else labels[few]
            settings: dict[str, ChosenRecipe] = {}
            paths: dict[str, Path] = {}
            trials = 0
            sets = _Truncations(basis, len(few))
            named = self.groups if self.groups is not None else _groups(y.shape[1])
            for name, columns in named.items():
                own = z[few][:, list(columns)]
                settled = self.settings.get(name)
                if settled is None:
                    began = thread_time()
                    settled, tried = _search(basis, tables, own, kept_labels, sets, seed, self.recipes)
                    search += thread_time() - began
                    trials += tried
                settings[name] = settled
                begin = sets.of(settled.recipe, offered=True)
                begin = sets.of(Recipe(1), offered=True) if begin is None else begin
                assert begin is not None
                paths[name] = _followed(basis, tables, own, settled, begin, most_terms(len(few)))
            indices, weights = _joined(paths, named, y.shape[1], len(variables))
            if len(few) < len(x):
                weights = _refitted(basis, x, z, indices, weights)
        spread = np.where(targets.spread > 0, targets.spread, 0.0)
        coefficients = weights * spread
        coefficients[0] += targets.mean
        log = fit_log(
            max(trials, 1),
            search,
            thread_time() - start - search,
            "closed_form",
            columns=len(indices),
            degree=int(_degree(basis, indices).max(initial=0)),
            recipes=[
                {
                    "degree": settled.recipe.degree,
                    "norm": settled.recipe.norm,
                    "steps": settled.recipe.steps,
                    "terms": settled.terms,
                }
                for settled in settings.values()
            ],
            fold_errors=[settled.error for name, settled in settings.items() if name not in self.settings],
        )
        return FittedPolynomialChaos(basis, indices, coefficients, targets, settings, log)

    def with_fixed_settings(self, fitted: FittedPolynomialChaos) -> PolynomialChaos:
        """The same with the recipe and the number of terms of an earlier fit; the terms themselves are chosen again."""
        return replace(self, settings=fitted.settings)

    def in_haste(self) -> PolynomialChaos:
        """The same that tries few recipes."""
        return replace(self, recipes=HASTY_RECIPES)

    def regrouped(self, groups: Mapping[str, tuple[int, ...]]) -> PolynomialChaos:
        """The same for the columns of another reduction, which from fewer runs may have fewer modes."""
        return replace(self, groups=groups)


def _groups(outputs: int) -> dict[str, tuple[int, ...]]:
    alone: dict[str, tuple[int, ...]] = {str(j): (j,) for j in range(min(outputs, _OWN_TERMS))}
    if outputs > _OWN_TERMS:
        alone["further"] = tuple(range(_OWN_TERMS, outputs))
    return alone


def _few(runs: int, seed: int) -> np.ndarray:
    """Numbers of the runs that terms are chosen from."""
    if runs <= _MOST_RUNS_TO_CHOOSE:
        return np.arange(runs)
    return np.sort(np.random.default_rng(seed).permutation(runs)[:_MOST_RUNS_TO_CHOOSE])


class _Truncations:
    """Sets of terms of each recipe, each made once."""

    def __init__(self, basis: OrthonormalBasis, runs: int) -> None:
        self._basis = basis
        self._most = most_offered(runs)
        self._known: dict[tuple[int, float], np.ndarray | None] = {}

    def of(self, recipe: Recipe, offered: bool = False) -> np.ndarray | None:
        """Terms from the beginning, or None where there are too many, or with fewer inputs no other than before."""
        key = (recipe.degree, recipe.norm)
        if key not in self._known:
            self._known[key] = self._basis.truncated(recipe.degree, recipe.norm, self._most)
        found = self._known[key]
        if found is None and recipe.steps:  # many inputs: grow from the straight terms
            found = self.of(Recipe(1))
        if found is None and offered:
            found = self._basis.truncated(1, 1.0, 10**6)
        return found


def _search(
    basis: OrthonormalBasis,
    tables: list[np.ndarray],
    targets: np.ndarray,
    labels: np.ndarray | None,
    sets: _Truncations,
    seed: int,
    recipes: Sequence[Recipe] = RECIPES,
) -> tuple[ChosenRecipe, int]:
    """Recipe and number of terms that err least on runs left out, and how many were tried.

    The mean alone, no term at all, is among what is tried.
    """
    n = len(targets)
    most = most_terms(n)
    if most < 1 or not np.any(targets != targets[0]):
        return ChosenRecipe(Recipe(1), 0, 1.0), 0
    parts = folds(n, labels, _FOLDS_OF_FEW if n < _MANY else _FOLDS_OF_MANY, seed)
    first = 1 if n >= _MANY or len(recipes) < len(RECIPES) else min(2, len(parts) - 1)
    splits = [(np.setdiff1d(np.arange(n), rows), rows) for rows in parts]

    def errors_of(recipe: Recipe, begin: np.ndarray, these: list[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
        total = np.zeros(most + 1)
        for kept, rows in these:
            path = follow(
                basis,
                [table[:, kept] for table in tables],
                targets[kept],
                recipe,
                begin,
                most,
                ([table[:, rows] for table in tables], targets[rows]),
            )
            found = path.left_out
            total[: len(found)] += found[: most + 1]
            total[len(found) :] += found[-1]
        return total

    tried = []
    for recipe in recipes:
        begin = sets.of(recipe)
        if begin is not None and len(begin):
            tried.append((errors_of(recipe, begin, splits[:first]), recipe, begin))
    if not tried:  # no input varies
        return ChosenRecipe(Recipe(1), 0, 1.0), 0
    tried.sort(key=lambda item: float(item[0].min()))
    best, rest = float(tried[0][0].min()), len(splits) / first
    whole: list[tuple[np.ndarray, Recipe]] = []
    for k, (curve, recipe, begin) in enumerate(tried):
        usual = k < _GO_ON and curve.min() <= _WITHIN * best
        # what did well on the first folds may come to harm on others: then the next ones are asked too
        if not usual and _WITHIN * rest * curve.min() >= min(float(done.min()) for done, _ in whole):
            break
        whole.append((curve + errors_of(recipe, begin, splits[first:]), recipe))
    curve, recipe = min(whole, key=lambda item: float(item[0].min()))
    untold = curve.min() / max(curve[0], 1e-300)
    terms = int(np.argmax(curve <= curve.min() * (1 + _AS_GOOD + _AS_GOOD_OF_NOISE * untold)))
    return ChosenRecipe(recipe, terms, float(np.sqrt(curve[terms] / max(curve[0], 1e-300)))), len(tried)


def _followed(
    basis: OrthonormalBasis,
    tables: list[np.ndarray],
    targets: np.ndarray,
    settled: ChosenRecipe,
    begin: np.ndarray,
    most: int,
) -> Path:
    """As many terms as were chosen, and more where these miss the runs by more than the runs left out were missed.

    One term that the folds did not begin with can lead along others, of which more are needed.
    """
    path = follow(basis, tables, targets, settled.recipe, begin, min(settled.terms, most))
    allowed = settled.error**2 * path.missed[0]
    if settled.terms == 0 or path.missed[-1] <= allowed:
        return path
    longest = follow(basis, tables, targets, settled.recipe, begin, most)
    enough = np.flatnonzero(longest.missed <= allowed)
    if not len(enough):
        return path
    return follow(basis, tables, targets, settled.recipe, begin, int(enough[0]))


def _joined(
    paths: Mapping[str, Path], named: Mapping[str, tuple[int, ...]], outputs: int, inputs: int
) -> tuple[np.ndarray, np.ndarray]:
    """All terms of all outputs once, the constant first, and the weights ``[terms, m]``."""
    place: dict[tuple[int, ...], int] = {(0,) * inputs: 0}
    for path in paths.values():
        for index in path.indices.tolist():
            place.setdefault(tuple(index), len(place))
    weights = np.zeros((len(place), outputs))
    for name, path in paths.items():
        columns = list(named[name])
        weights[0, columns] = path.bias
        rows = [place[tuple(index)] for index in path.indices.tolist()]
        weights[np.ix_(rows, columns)] = path.weights
    return np.array(list(place), dtype=np.int64), weights


def _refitted(
    basis: OrthonormalBasis, x: np.ndarray, z: np.ndarray, indices: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """Least squares on all runs, of each output on its own terms."""
    gram = np.zeros((len(indices), len(indices)))
    moments = np.zeros((len(indices), z.shape[1]))
    for start in range(0, len(x), _CHUNK):
        values = basis.products(basis.tables(x[start : start + _CHUNK]), indices)
        gram += values @ values.T
        moments += values @ z[start : start + _CHUNK]
    found = np.zeros_like(weights)
    used = weights != 0
    used[0] = True
    for pattern in np.unique(used, axis=1).T:
        columns = np.flatnonzero((used == pattern[:, None]).all(axis=0))
        rows = np.flatnonzero(pattern)
        part = np.linalg.lstsq(gram[np.ix_(rows, rows)], moments[np.ix_(rows, columns)], rcond=1e-12)[0]
        found[np.ix_(rows, columns)] = part
    return found


def _degree(basis: OrthonormalBasis, indices: np.ndarray) -> np.ndarray:
    return np.asarray(sum(degrees[indices[:, j]] for j, degrees in enumerate(basis.degrees)))
