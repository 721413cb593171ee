"""Intervals around answers, from residuals of runs each left out of its fit: wide where errors are large, where that pays.

Split conformal prediction (Lei et al. 2018, Journal of the American Statistical Association 113:1094): of residuals over a
scale that has not seen them, the rank that covers a new one with the probability promised. Places are exchanged whole
(Dunn, Wasserman and Ramdas 2023, JASA 118:2491): a row of place g of G counts 1 / (n_g (G + 1)).

Coverage is marginal: over all questions like the runs, not at each of them.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from frugal.candidates.interval import IntervalKind, IntervalTold
from frugal.errors import UnusableInputError
from frugal.experiments.study import Variable
from frugal.surrogates.fitting.folds import folds
from frugal.surrogates.fitting.model import HasDeviation
from frugal.surrogates.fitting.row_scale import RowScale
from frugal.surrogates.onnx.graph import Graph

#: Of fewer rows the width is the same everywhere: a scale learnt from them widens more than it tells.
FEWEST_FOR_SCALE = 30
#: Of fewer places no rank covers nine in ten new ones: rows are ranked as if they stood alone, and that is told.
FEWEST_PLACES = 9
_N_FOLDS = 5
#: By which part a scale has to lower the mean score of intervals; the deviation that a model tells of itself, which costs more
#: to ask, that of the best other.
_WORTH, _WORTH_DEVIATION = 0.02, 0.1
#: Of more elements, as maps have, the scale is learnt and chosen on so many of them.
_MOST_ELEMENTS = 2000
#: No deviation counts as less than this part of its median.
_LEAST_DEVIATION = 1e-3


@dataclass(frozen=True, eq=False)
class AnswerInterval:
    """Half-widths of intervals around the answers of a candidate.

    Parameters
    ----------
    half_width : array [m]
        Of each element, in its unit; where there is a scale, what that is multiplied by. Infinite where nothing is promised.
    sizes : tuple of int
        Elements of each output; they share the scale of their output.
    level : float
        Coverage that is promised, 0 to 1.
    scale : RowScale, optional
        ``[n, outputs]``; None where the width is the same everywhere.
    deviation : HasDeviation, optional
        The model whose own deviation is the scale.
    least : array [m], optional
        No deviation counts as less.
    rows, places : int
        What it was ranked on; 0 places where rows stand alone.
    assured : bool
        The level is promised at new places too, or there are no places.
    """

    half_width: np.ndarray
    sizes: tuple[int, ...]
    level: float = 0.9
    scale: RowScale | None = None
    deviation: HasDeviation | None = None
    least: np.ndarray | None = None
    rows: int = 0
    places: int = 0
    assured: bool = True

    @property
    def kind(self) -> IntervalKind:
        """What the width follows."""
        if not np.isfinite(self.half_width).all():
            return "none"
        return "scale" if self.scale is not None else "deviation" if self.deviation is not None else "constant"

    def widths(self, inputs: np.ndarray) -> np.ndarray:
        """Half-widths of the answers to rows of inputs ``[n, d]``: ``[n, m]``, in their units."""
        if self.deviation is not None:
            assert self.least is not None
            return np.asarray(self.half_width * np.maximum(self.deviation.deviation(inputs), self.least))
        if self.scale is None:
            return np.broadcast_to(self.half_width, (len(inputs), len(self.half_width)))
        return np.asarray(self.half_width * np.repeat(self.scale(inputs), self.sizes, axis=1))

    def graph(self, builder: Graph, x: str) -> str:
        """Write the half-widths as nodes, from the inputs ``x``: name of ``[n, m]``, or of ``[m]`` where all rows have one."""
        if self.deviation is not None:
            told = builder.cast(self.deviation.deviation_graph(builder, x), np.float32)
            told = builder.op("Max", told, builder.constant(self.least))
            return builder.op("Mul", told, builder.constant(self.half_width))
        if self.scale is None:
            return builder.constant(self.half_width)
        if all(size == 1 for size in self.sizes) and (self.half_width > 0).all():
            return self.scale.times(self.half_width).graph(builder, x)
        told = self.scale.graph(builder, x)
        ends = np.cumsum([0, *self.sizes])
        parts: Sequence[str] = (told,)
        if len(self.sizes) > 1:
            ones = builder.constant([1] * len(self.sizes), np.int64)
            found = builder.op("Split", told, ones, outputs=len(self.sizes), axis=1)
            parts = found if isinstance(found, tuple) else (found,)
        own = [self.half_width[a:b] for a, b in itertools.pairwise(ends)]
        wide = [builder.op("Mul", part, builder.constant(width)) for part, width in zip(parts, own, strict=True)]
        return wide[0] if len(wide) == 1 else builder.op("Concat", *wide, axis=1)

    @property
    def told(self) -> IntervalTold:
        """What is written of it: without the model, whose deviation only its graph tells."""
        scale = None if self.scale is None else self.scale.to_json()
        return IntervalTold(self.kind, self.level, self.rows, self.places, self.assured, scale)


def interval_from(
    told: IntervalTold, half_width: Sequence[float], sizes: Sequence[int], variables: Sequence[Variable]
) -> AnswerInterval | None:
    """An interval from what was written of it; None where only its graph tells the width."""
    if told.kind == "deviation" or (told.kind == "scale" and told.scale is None):
        return None
    scale = None if told.scale is None else RowScale.read(told.scale, variables)
    return AnswerInterval(
        np.asarray(half_width, dtype=float),
        tuple(sizes),
        told.level,
        scale,
        rows=told.rows,
        places=told.places,
        assured=told.assured,
    )


def calibrated_interval(
    residuals: np.ndarray,
    inputs: np.ndarray,
    variables: Sequence[Variable],
    sizes: Sequence[int],
    groups: np.ndarray | None = None,
    level: float = 0.9,
    seed: int = 0,
    deviations: np.ndarray | None = None,
    model: object = None,
) -> AnswerInterval:
    """The interval of a candidate, from residuals of runs that its fits had not seen.

    Parameters
    ----------
    residuals : array [n, m]
        Truth less answer, each of a fit without that run.
    inputs : array [n, d]
        Of these runs, in physical units.
    variables : sequence of Variable
        One for each column of the inputs.
    sizes : sequence of int
        Elements of each output, in the order of the columns of the residuals: of one, of a vector, of a map.
    groups : array [n], optional
        Place of each run; they are exchanged whole.
    level : float
        Coverage, between 0 and 1.
    seed : int
        Of the folds that the scale is fitted without.
    deviations : array [n, m], optional
        What the fits without each run said of their own deviation.
    model : object, optional
        The fitted candidate; where it is a `HasDeviation` and ``deviations`` are given, its deviation may be the scale.

    Returns
    -------
    AnswerInterval
        Of one width below 30 rows, and where no scale clearly lowers the mean interval score (Gneiting and Raftery 2007);
        infinite below 9 rows, for 0.9.

    Raises
    ------
    UnusableInputError
        If the level is out of range.
    """
    sizes = tuple(int(size) for size in sizes)
    widths, assured = conformal_quantile(np.abs(residuals), groups, level)
    places = 0 if groups is None else len(np.unique(groups))
    known: dict[str, Any] = {"rows": len(residuals), "places": places, "assured": assured}
    chosen = AnswerInterval(widths, sizes, level, **known)
    counted = np.flatnonzero(widths > 0)
    if len(residuals) < FEWEST_FOR_SCALE or not np.isfinite(widths).all() or not len(counted):
        return chosen
    some = counted[np.linspace(0, len(counted) - 1, min(len(counted), _MOST_ELEMENTS)).astype(int)]
    output_of = np.repeat(np.arange(len(sizes)), sizes)
    relative = np.abs(residuals[:, some]) / widths[some]
    sized = _row_sizes(relative, output_of[some], len(sizes))
    left_out = np.empty_like(sized)
    for rows in folds(len(residuals), groups, _N_FOLDS, seed):
        kept = np.setdiff1d(np.arange(len(residuals)), rows)
        left_out[rows] = RowScale.fit(sized[kept], inputs[kept], variables)(inputs[rows])
    best = _score(relative, np.ones_like(relative), level)
    score = _calibrated_score(relative, left_out[:, output_of[some]], groups, level)
    if score < (1 - _WORTH) * best:
        factor, _ = conformal_quantile(np.abs(residuals) / left_out[:, output_of], groups, level)
        best, chosen = score, AnswerInterval(factor, sizes, level, RowScale.fit(sized, inputs, variables), **known)
    if deviations is not None and isinstance(model, HasDeviation):
        least = np.maximum(_LEAST_DEVIATION * np.median(deviations, axis=0), np.finfo(np.float32).tiny)
        own = np.maximum(deviations, least)
        score = _calibrated_score(relative, own[:, some] / widths[some], groups, level)
        if score < (1 - _WORTH_DEVIATION) * best:
            factor, _ = conformal_quantile(np.abs(residuals) / own, groups, level)
            chosen = AnswerInterval(factor, sizes, level, deviation=model, least=least, **known)
    return chosen


def conformal_quantile(sizes: np.ndarray, groups: np.ndarray | None, level: float) -> tuple[np.ndarray, bool]:
    """Size ``[m]`` that a new one stays within with probability ``level`` at least, and whether that holds at new places.

    Without places, the smallest with at least ``ceil((n + 1) level)`` sizes no larger. It is infinite where there are too few
    to promise the level: below 9 of them for 0.9. Places are exchanged whole from `FEWEST_PLACES` of them.

    Parameters
    ----------
    sizes : array [n, m]
        None negative.
    groups : array [n], optional
        Place of each row.
    level : float
        Between 0 and 1, both excluded.

    Raises
    ------
    UnusableInputError
        If the level is out of range.
    """
    if not 0 < level < 1:
        raise UnusableInputError(f"coverage level {level} must be between 0 and 1")
    n, m = sizes.shape
    if groups is None:
        return _ranked(sizes, math.ceil((n + 1) * level - 1e-9)), True
    _, member, counts = np.unique(groups, return_inverse=True, return_counts=True)
    places = len(counts)
    if places < FEWEST_PLACES or level * (places + 1) > places + 1e-9:
        return _ranked(sizes, math.ceil((n + 1) * level - 1e-9)), False
    weights = 1.0 / (counts[member] * (places + 1.0))
    if (counts == counts[0]).all():
        return _ranked(sizes, math.ceil(level / weights[0] - 1e-9)), True
    order = np.argsort(sizes, axis=0, kind="stable")
    reached = np.cumsum(weights[order], axis=0) >= level - 1e-9
    at = np.argmax(reached, axis=0)
    return sizes[order[at, np.arange(m)], np.arange(m)], True


def _ranked(sizes: np.ndarray, rank: int) -> np.ndarray:
    if rank > len(sizes):
        return np.full(sizes.shape[1], np.inf)
    return np.asarray(np.partition(sizes, rank - 1, axis=0)[rank - 1])


def _row_sizes(relative: np.ndarray, output_of: np.ndarray, outputs: int) -> np.ndarray:
    """One size ``[n, outputs]`` of the residuals of each row and output: the root of their mean square, over their widths."""
    found = np.ones((len(relative), outputs))
    for k in np.unique(output_of):
        found[:, k] = np.sqrt(np.mean(relative[:, output_of == k] ** 2, axis=1))
    return found


def _calibrated_score(sizes: np.ndarray, scale: np.ndarray, groups: np.ndarray | None, level: float) -> float:
    factor, _ = conformal_quantile(sizes / scale, groups, level)
    return _score(sizes, scale * factor, level)


def _score(sizes: np.ndarray, widths: np.ndarray, level: float) -> float:
    """Mean interval score, less is better: the width, and what is missed of it times ``2 / (1 - level)``."""
    return float(np.mean(2 * widths + 2 / (1 - level) * np.maximum(sizes - widths, 0)))


def covered(truth: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """Which elements ``[n, m]`` of the truth an interval holds; rounding of answers to float32 does not put one outside.

    Parameters
    ----------
    truth, lower, upper : array [n, m]
        In the unit of each element.
    """
    spread = truth.std(axis=0)
    rounding = 1e-6 * np.abs(truth).max(axis=0)
    slack = np.where(spread > 0, np.minimum(rounding, 1e-3 * spread), rounding)
    return np.asarray((truth >= lower - slack) & (truth <= upper + slack))


def widths_by_folds(
    residuals: np.ndarray,
    inputs: np.ndarray,
    variables: Sequence[Variable],
    sizes: Sequence[int],
    labels: np.ndarray,
    groups: np.ndarray | None = None,
    level: float = 0.9,
    seed: int = 0,
    deviations: np.ndarray | None = None,
    model: object = None,
) -> np.ndarray:
    """Half-widths ``[n, m]`` of intervals that are made, for each row, of the residuals of the other folds.

    For where no held-out rows are left: residuals of runs each left out of its fit both make the interval and judge it, and
    no row judges an interval that it was ranked for. Arguments are those of `calibrated_interval`; ``labels`` ``[n]`` tell the
    fold of each row.
    """
    widths = np.empty(residuals.shape)
    for label in np.unique(labels):
        kept, own = labels != label, labels == label
        of_kept = None if groups is None else groups[kept]
        told = None if deviations is None else deviations[kept]
        made = calibrated_interval(residuals[kept], inputs[kept], variables, sizes, of_kept, level, seed, told, model)
        if made.deviation is not None and made.least is not None and deviations is not None:
            widths[own] = made.half_width * np.maximum(deviations[own], made.least)
        else:
            widths[own] = made.widths(inputs[own])
    return widths
