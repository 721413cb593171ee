"""Where runs lie: whether a question has runs around it as runs have, in all inputs and in pairs of them that leave a hole.

The sum of normal kernels over stored runs, held against the same sum at runs that are left out of it. Holes of three inputs or
more are seen in few dimensions only: distances in many tell little.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from frugal.candidates.interval import DomainBy
from frugal.experiments.designs.near_duplicates import near_duplicates
from frugal.experiments.designs.sampling import sobol
from frugal.experiments.study import Variable
from frugal.surrogates.fitting.holed_pairs import holed_pairs
from frugal.surrogates.fitting.input_features import FeatureMap
from frugal.surrogates.onnx.graph import Graph

#: Of fewer runs the bounds alone are the domain; of fewer than `FEWEST_FOR_PAIRS` no pair of inputs is looked at.
FEWEST_RUNS, FEWEST_FOR_PAIRS = 16, 100
#: Share of runs, left out, that are inside.
INSIDE = 0.98
#: A box of which more than this is inside is filled: its bounds are the domain, and nothing has to be asked for each answer.
FILLED = 0.94
#: Runs that are stored, and numbers that a question is multiplied by where there are many inputs.
_MOST_STORED, _FEWEST_STORED, _MOST_NUMBERS = 400, 100, 20_000
_MOST_REFERENCES = 1000
#: Width of a kernel over the mean distance to the three nearest runs; not below this part of the spread, for float32.
_WIDTH, _NARROWEST = 1.4, 0.02
#: Stored runs are rounded to about this part of the narrowest kernel: fewer digits to hand over.
_STEP = 1 / 32
#: A column of a factorial design has so many times fewer levels than runs: its kernels reach from one level to the next.
_RUNS_OF_LEVEL, _OF_GAP = 4, 0.7
#: No sum of kernels below this counts as near to runs: four widths from a single one.
_LEAST_SUM = 3e-4
_POINTS_OF_BOX = 1024


@dataclass(frozen=True, eq=False)
class NearRuns:
    """A score of questions, at least 1 where there are runs around them.

    Parameters
    ----------
    variables : sequence of Variable
        One for each input.
    centre : array [f]
        Mean of the columns of a `FeatureMap` over the runs.
    stored : array [S, f]
        Runs, as these columns less their centre, rounded to what no kernel tells apart.
    weights : array [J, f]
        One over the width of the kernel in each column, 0 where a column does not count: for all inputs, then for pairs.
    thresholds : array [J]
        Sums of kernels from which on a question is inside.
    pairs : tuple of (str, str)
        Names of the inputs of each pair.
    """

    variables: Sequence[Variable]
    centre: np.ndarray
    stored: np.ndarray
    weights: np.ndarray
    thresholds: np.ndarray
    pairs: tuple[tuple[str, str], ...] = ()

    def score(self, inputs: np.ndarray) -> np.ndarray:
        """The score ``[n]`` of rows of inputs ``[n, d]``, the least over all inputs and pairs."""
        z = FeatureMap(self.variables).transform(inputs) - self.centre
        least = np.full(len(z), np.inf)
        for weight, threshold in zip(self.weights, self.thresholds, strict=True):
            sums = np.exp(-0.5 * squared_distances(z * weight, self.stored * weight)).sum(axis=1)
            least = np.minimum(least, sums / threshold)
        return least

    def graph(self, builder: Graph, x: str) -> str:
        """Write whether rows are inside as nodes, from the inputs ``x`` ``[n, d]`` to booleans ``[n]``."""
        z = FeatureMap(self.variables).graph(builder, x)
        if np.abs(self.centre).max() > 1e-3:
            z = builder.op("Sub", z, builder.constant(self.centre))
        both = builder.op("Concat", z, builder.op("Mul", z, z), axis=1)
        # -1/2 w^2 (z - c)^2, multiplied out: c stands in the file once, as whole numbers of steps, and a runtime makes
        # the tables of it when it opens the file
        n_masks, (n_stored, f), square = len(self.weights), self.stored.shape, self.weights**2
        steps = _steps(self.weights)
        counts = np.rint(self.stored / steps).T
        whole = next(t for t in (np.int8, np.int16, np.int32) if np.abs(counts).max() <= np.iinfo(t).max)
        runs = builder.op(
            "Mul", builder.cast(builder.constant(counts, whole), np.float32), builder.constant(steps[:, None])
        )
        halves = builder.op("Expand", builder.constant([[-0.5]]), builder.constant([f, n_stored], np.int64))
        table = builder.op("Concat", runs, halves, axis=0)
        apart = builder.op("Mul", runs, runs)

        def ends(own: slice) -> str:
            """What is added for each run: of z = 0 its share, less the logarithm of the threshold."""
            least = builder.constant(-np.log(self.thresholds[own])[:, None])
            added = builder.op("Gemm", builder.constant(-0.5 * square[own]), apart, least)
            return builder.op("Reshape", added, builder.constant([-1], np.int64))

        own = builder.op("Mul", table, builder.constant(np.tile(square[0], 2)[:, None]))
        sums = _summed(builder, builder.op("Gemm", both, own, ends(slice(1))), 1, n_stored)
        if n_masks > 1:
            columns = np.flatnonzero(square[1:].any(axis=0))
            places = builder.constant(np.concatenate([columns, columns + f]), np.int64)
            factors = np.tile(square[1:, columns].T, (2, 1))[:, :, None]
            paired = builder.op("Gather", table, places, axis=0)
            paired = builder.op("Unsqueeze", paired, builder.constant([1], np.int64))
            paired = builder.op("Mul", paired, builder.constant(factors))
            shape = builder.constant([len(factors), (n_masks - 1) * n_stored], np.int64)
            paired = builder.op("Reshape", paired, shape)
            read = builder.op("Gather", both, places, axis=1)
            told = builder.op("Gemm", read, paired, ends(slice(1, None)))
            sums = builder.op("Min", sums, _summed(builder, told, n_masks - 1, n_stored))
        return builder.op("GreaterOrEqual", sums, builder.constant(1.0))


def near_runs(
    inputs: np.ndarray,
    variables: Sequence[Variable],
    groups: np.ndarray | None = None,
    seed: int = 0,
    filled: float = FILLED,
) -> tuple[NearRuns | None, DomainBy]:
    """What tells where runs lie; None where they fill the bounds, or are fewer than 16, and which of these it is.

    Parameters
    ----------
    inputs : array [n, d]
        Of the runs that were learnt from, in physical units.
    variables : sequence of Variable
        One for each column.
    groups : array [n], optional
        Place of each run: whole places are left out, lest a run be found near to those of its own place.
    seed : int
        Of which runs are stored.
    filled : float
        Share of the box that has to be inside for its bounds to be the domain.
    """
    rng = np.random.default_rng(seed)
    alike = near_duplicates(inputs)
    rows = rng.permutation(np.unique(alike, return_index=True)[1])
    if len(rows) < FEWEST_RUNS:
        return None, "few_runs"
    z = FeatureMap(variables).transform(inputs[rows])
    centre = z.mean(axis=0)
    z = z - centre
    spread = np.maximum(z.std(axis=0), 0.01)
    spread[_is_choice(variables)] = 1.0
    reach = _between_levels(z)
    place = np.arange(len(rows))
    if groups is not None:
        own = np.unique(np.asarray(groups)[rows], return_inverse=True)[1].ravel()
        place = own if own.max() >= 2 else place
    holes = holed_pairs(inputs[rows][:_MOST_REFERENCES], seed) if len(rows) >= FEWEST_FOR_PAIRS else []
    masks = [np.ones(z.shape[1])] + [_columns_of(variables, pair) for pair in holes]
    paired = np.any(masks[1:], axis=0).sum() if holes else 0
    budget = _MOST_NUMBERS // (2 * z.shape[1] + 2 * int(paired) * len(holes))
    stored = min(len(rows), int(np.clip(budget, _FEWEST_STORED, _MOST_STORED)))
    # left out are runs that are not stored, or where these are few all
    first = stored if len(rows) - stored >= FEWEST_FOR_PAIRS else 0
    references = np.arange(first, min(len(rows), first + _MOST_REFERENCES))
    same = place[references][:, None] == place[:stored][None]
    weights = []
    for mask in masks:
        weight = mask / spread
        apart = np.where(same, np.inf, squared_distances(z[references] * weight, z[:stored] * weight))
        nearest = np.sqrt(np.partition(apart, 2, axis=1)[:, :3]).mean(axis=1)
        known = nearest[np.isfinite(nearest)]
        if not len(known):
            return None, "few_runs"
        width = max(_WIDTH * float(np.median(known)), _NARROWEST)
        weights.append(mask / np.maximum(width * spread, reach))
    steps = _steps(np.array(weights))
    kept = np.rint(z[:stored] / steps) * steps
    sums = []
    for weight in weights:
        apart = np.where(same, np.inf, squared_distances(z[references] * weight, kept * weight))
        sums.append(np.exp(-0.5 * apart).sum(axis=1))
    levels = np.array([max(_lowest(own, place[references]), _LEAST_SUM) for own in sums])
    together = _lowest(np.min(np.stack(sums, axis=1) / levels, axis=1), place[references])
    thresholds = np.maximum(levels * min(together, 1.0), _LEAST_SUM)
    names = tuple((variables[i].name, variables[j].name) for i, j in holes)
    found = NearRuns(tuple(variables), centre, kept, np.array(weights), thresholds, names)
    points = sobol(tuple(variables), _POINTS_OF_BOX, seed)
    if float(np.mean(found.score(points) >= 1)) >= filled:
        return None, "filled"
    return found, "runs"


def _summed(builder: Graph, told: str, n_masks: int, n_stored: int) -> str:
    """Sums ``[n]`` of kernels over runs, the least of some masks, from the logarithms of kernels ``[n, masks * runs]``."""
    kernels = builder.op("Exp", told)
    if n_masks == 1:
        return builder.op("ReduceSum", kernels, builder.constant([1], np.int64), keepdims=0)
    kernels = builder.op("Reshape", kernels, builder.constant([-1, n_masks, n_stored], np.int64))
    sums = builder.op("ReduceSum", kernels, builder.constant([2], np.int64), keepdims=0)
    return builder.op("ReduceMin", sums, axes=[1], keepdims=0)


def squared_distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Squared distances ``[n, S]`` between rows."""
    found = (a * a).sum(axis=1)[:, None] + (b * b).sum(axis=1)[None] - 2 * a @ b.T
    return np.asarray(np.maximum(found, 0.0))


def _steps(weights: np.ndarray) -> np.ndarray:
    """What stored runs are whole multiples of, ``[f]``: powers of two, so that float32 holds them exactly."""
    return np.asarray(np.exp2(np.floor(np.log2(_STEP / weights.max(axis=0)))))


def _between_levels(z: np.ndarray) -> np.ndarray:
    """Least width of kernels ``[f]``: of columns with few levels, so that a value between two of them has runs around it."""
    reach = np.zeros(z.shape[1])
    for k, column in enumerate(z.T):
        levels = np.unique(np.round(column, 9))
        if 1 < len(levels) <= len(z) / _RUNS_OF_LEVEL:
            reach[k] = _OF_GAP * float(np.median(np.diff(levels)))
    return reach


def _lowest(values: np.ndarray, place: np.ndarray) -> float:
    """The value below which ``1 - INSIDE`` of new ones are expected, places exchanged whole; of few places, the least."""
    _, member, counts = np.unique(place, return_inverse=True, return_counts=True)
    order = np.argsort(values, kind="stable")
    share = (1.0 / (counts * (len(counts) + 1.0)))[member.ravel()][order]
    below = np.cumsum(share) - share + 1.0 / (len(counts) + 1.0)
    return float(values[order[max(int(np.sum(below <= 1 - INSIDE + 1e-12)) - 1, 0)]])


def _is_choice(variables: Sequence[Variable]) -> np.ndarray:
    return np.array([source_is_choice for _, source_is_choice in _sources(variables)])


def _columns_of(variables: Sequence[Variable], pair: tuple[int, int]) -> np.ndarray:
    return np.array([float(source in pair) for source, _ in _sources(variables)])


def _sources(variables: Sequence[Variable]) -> list[tuple[int, bool]]:
    """Which variable each column of a `FeatureMap` comes from, and whether that is a choice."""
    features = FeatureMap(variables)
    return [(source, bool(variables[source].choices)) for source in features.sources]
