"""Settings of a Gaussian process: kernel, bends, trend, length scales and nugget, learned on few runs, then on more.

Every choice is tried on a small part of the runs, where an evaluation costs a hundredth, and the best one is refined on as
many as the allowed work admits. The work is counted and not clocked, so that every machine finds the same settings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from frugal.surrogates.fitting.model import Ending
from frugal.surrogates.models.kriging.covariance import KERNELS, Kernel, ScaledColumns
from frugal.surrogates.models.kriging.likelihood import Likelihood
from frugal.surrogates.models.kriging.minimiser import minimise
from frugal.surrogates.models.kriging.trend import TrendName, trend_terms

_LENGTH_BOUNDS = (np.log(0.05), np.log(1e3))
_NUGGET_BOUNDS = (np.log(1e-12), np.log(1e2))
_MOST_BEND = 4.0

#: Runs that choices are made on, when there are more than ``_ALL``; and those of the first refinement.
_FEW, _ALL, _MIDDLE = 200, 250, 500
#: Evaluations of the likelihood at the most: of each choice, and of the refinements.
_TRIED, _REFINED_MIDDLE, _REFINED = 80, 20, 14
#: Runs that are looked at in haste, and evaluations.
_HASTY, _TRIED_HASTY = 120, 30
#: Below these numbers of runs no column is bent, and no two outputs are told apart.
_LEAST_TO_BEND, _LEAST_TO_PART = 20, 20
#: A gain of the likelihood that says nothing.
_TOLERANCE = 0.05
#: What bends and a trend must each gain, per run, in the sum of both densities.
_EARNED = 0.2
#: A kernel this much less likely, per run, is not followed further.
_HOPELESS = 0.3
#: Outputs share their settings where this costs each less, per run; so many outputs are asked, and kept apart at the most.
_AGREEMENT, _ASKED, _MOST_GROUPS, _ROWS_OF_AGREEMENT = 0.05, 8, 6, 100


@dataclass(frozen=True)
class ProcessSettings:
    """What the likelihood decides.

    Parameters
    ----------
    columns : tuple of str
        Names of the columns, in order.
    kernel, trend : str
    lengths : tuple of float
        Of each column.
    bends : tuple of float, optional
        Of each column; None where none is bent.
    nugget : float
        Variance of the noise, in variances of the process.
    """

    columns: tuple[str, ...]
    kernel: Kernel
    trend: TrendName
    lengths: tuple[float, ...]
    bends: tuple[float, ...] | None
    nugget: float

    @property
    def scaling(self) -> ScaledColumns:
        """The map from columns to what distances are taken between."""
        return ScaledColumns(np.array(self.lengths), None if self.bends is None else np.array(self.bends))

    def for_columns(self, columns: Sequence[str]) -> ProcessSettings | None:
        """The same for some of the columns; None where one is asked for that these settings do not know."""
        if not set(columns) <= set(self.columns):
            return None
        at = [self.columns.index(name) for name in columns]
        bends = None if self.bends is None else tuple(self.bends[k] for k in at)
        return ProcessSettings(
            tuple(columns), self.kernel, self.trend, tuple(self.lengths[k] for k in at), bends, self.nugget
        )


@dataclass(frozen=True)
class Searched:
    """Settings, and how they were found."""

    settings: ProcessSettings
    trials: int
    iterations: int
    ending: Ending
    rows: int


def plain_settings(columns: Sequence[str]) -> ProcessSettings:
    """Where there is nothing to learn from."""
    lengths = (float(np.sqrt(len(columns))),) * len(columns)
    return ProcessSettings(tuple(columns), KERNELS[0], "constant", lengths, None, 1e-3)


def find_settings(
    columns: Sequence[str],
    z: np.ndarray,
    t: np.ndarray,
    bendable: np.ndarray,
    order: np.ndarray,
    work: float,
    kernels: Sequence[Kernel] = KERNELS,
    hasty: bool = False,
) -> Searched:
    """Settings for targets that share them.

    Parameters
    ----------
    columns : sequence of str
        Names of the columns.
    z : array [n, f]
        Columns.
    t : array [n, m]
        Targets, none of them constant.
    bendable : array [f] of bool
        Columns that may be bent.
    order : array [n] of int
        Runs in the order in which they are taken where not all are.
    work : float
        Operations allowed.
    kernels : sequence of str
        Tried.
    hasty : bool
        Only length scales and the nugget are learned, on few runs.
    """
    n, f = z.shape
    if hasty:
        rows = order[:_HASTY]
        found = _tried(Likelihood(kernels[0], "constant", z[rows], t[rows], np.zeros(f, dtype=bool)), most=_TRIED_HASTY)
        return Searched(_settings(columns, found, found.x), 1, found.iterations, "iteration_limit", len(rows))
    few = order if n <= _ALL else order[:_FEW]
    trials = _trials(z[few], t[few], bendable if len(few) >= _LEAST_TO_BEND else np.zeros(f, dtype=bool), kernels)
    best = min(trials, key=lambda trial: trial.score)
    spent = sum(trial.likelihood.operations for trial in trials)
    x, iterations, converged, size = best.x, sum(trial.iterations for trial in trials), best.converged, len(few)
    for most, evaluations in ((_MIDDLE, _REFINED_MIDDLE), (n, _REFINED)):
        affordable = int(max(work - spent, 0.0) / (1.2 * evaluations)) ** (1 / 3)
        rows = order[: int(min(most, n, affordable))]
        if len(rows) < 1.4 * size or (most < n < 1.4 * most):
            continue
        likelihood = Likelihood(
            best.likelihood.kernel, best.likelihood.trend, z[rows], t[rows], best.likelihood.bendable
        )
        curvature = best.likelihood.information(x) * len(rows) / len(few)
        x, _, done, converged = minimise(likelihood, x, _bounds(likelihood), curvature, evaluations, 2 * _TOLERANCE)
        spent += likelihood.operations
        iterations, size = iterations + done, len(rows)
    if size > len(few):
        rows = order[:size]
        everything = Likelihood(
            best.likelihood.kernel, best.likelihood.trend, z[rows], t[rows], best.likelihood.bendable
        )
        # the likelihood may follow what a covariance cannot say, such as a jump: the errors of runs left out tell
        before, after = (float(np.mean(everything.left_out(tried)[0] ** 2)) for tried in (best.x, x))
        x = best.x if before < 0.8 * after else x
    settings = _settings(columns, best, x)
    return Searched(settings, len(trials), iterations, "converged" if converged else "iteration_limit", size)


def _settings(columns: Sequence[str], trial: _Trial, x: np.ndarray) -> ProcessSettings:
    """What a vector says, of the covariance and the trend of a trial."""
    f = len(columns)
    return ProcessSettings(
        tuple(columns),
        trial.likelihood.kernel,
        trial.likelihood.trend,
        tuple(np.exp(x[:f]).tolist()),
        tuple(x[f + 1 :].tolist()) if trial.likelihood.bends else None,
        float(np.exp(x[f])),
    )


@dataclass
class _Trial:
    likelihood: Likelihood
    x: np.ndarray
    value: float
    iterations: int
    converged: bool

    @property
    def score(self) -> float:
        """Likelihood and predicted density of the runs left out, both per run: each alone errs more often.

        Bends and a trend must each earn their place.
        """
        told = self.value / len(self.likelihood.z) + self.likelihood.left_out(self.x)[1]
        return told + _EARNED * (self.likelihood.bends + (self.likelihood.trend != "constant"))


def _trials(z: np.ndarray, t: np.ndarray, bendable: np.ndarray, kernels: Sequence[Kernel]) -> list[_Trial]:
    n, f = z.shape
    straight = np.zeros(f, dtype=bool)
    bases = [_tried(Likelihood(kernel, "constant", z, t, straight)) for kernel in kernels]
    for k, base in enumerate(
        bases
    ):  # where one kernel is caught far from the best lengths, the other may have found them
        x = min(bases, key=lambda trial: trial.value).x
        if base.likelihood(x)[0] < base.value:
            bases[k] = _tried(base.likelihood, x)
    hope = min(trial.value for trial in bases) + _HOPELESS * n
    trials = list(bases)
    trend: TrendName = "squares" if n >= 2 * trend_terms("squares", f) else "linear"
    for base in bases:
        kernel, x = base.likelihood.kernel, base.x
        if base.value > hope:
            continue
        if bendable.any():
            trials.append(_tried(Likelihood(kernel, "constant", z, t, bendable), np.append(x, np.zeros(f))))
            x = trials[-1].x
        if n >= 2 * trend_terms(trend, f):
            trials.append(_tried(Likelihood(kernel, trend, z, t, bendable), x))
    return trials


def _tried(likelihood: Likelihood, start: np.ndarray | None = None, most: int = _TRIED) -> _Trial:
    x = _start(likelihood) if start is None else start
    found = minimise(likelihood, x, _bounds(likelihood), likelihood.information(x), most, _TOLERANCE)
    return _Trial(likelihood, *found)


def _start(likelihood: Likelihood) -> np.ndarray:
    """Most likely of a few equal length scales and nuggets."""
    f = likelihood.z.shape[1]
    starts = [
        np.append(np.full(f, np.log(share * np.sqrt(f))), np.log(nugget))
        for share in (0.4, 1.0, 2.5)
        for nugget in (1e-6, 1e-2)
    ]
    return min(starts, key=lambda x: likelihood(x)[0])


def _bounds(likelihood: Likelihood) -> tuple[np.ndarray, np.ndarray]:
    f = likelihood.z.shape[1]
    bends = np.where(likelihood.bendable, _MOST_BEND, 0.0) if likelihood.bends else np.empty(0)
    low, high = (
        np.concatenate([np.full(f, _LENGTH_BOUNDS[k]), [_NUGGET_BOUNDS[k]], sign * bends])
        for k, sign in ((0, -1), (1, 1))
    )
    return low, high


def agreeing_outputs(z: np.ndarray, t: np.ndarray, order: np.ndarray) -> list[np.ndarray]:
    """Numbers of the targets that can share their length scales, group by group.

    Parameters
    ----------
    z : array [n, f]
        Columns.
    t : array [n, m]
        Targets, none of them constant.
    order : array [n] of int
        Runs in the order in which they are taken.
    """
    m = t.shape[1]
    rows = order[:_ROWS_OF_AGREEMENT]
    if m == 1 or len(rows) < _LEAST_TO_PART:
        return [np.arange(m)]
    z, t = z[rows], t[rows]
    straight = np.zeros(z.shape[1], dtype=bool)
    all_of_them = Likelihood(KERNELS[0], "constant", z, t, straight)
    values = []
    for k in np.unique(np.linspace(0, m - 1, min(m, _ASKED)).round().astype(int)):
        own = _tried(Likelihood(KERNELS[0], "constant", z, t[:, [k]], straight))
        values.append(all_of_them.of_each(own.x))
    loss = np.array(values) - np.min(values, axis=0)
    agree = loss <= _AGREEMENT * len(rows)
    left = np.ones(m, dtype=bool)
    leaders: list[int] = []
    while left.any() and len(leaders) < _MOST_GROUPS:
        leaders.append(int(np.argmax(np.sum(agree[:, left], axis=1))))
        left &= ~agree[leaders[-1]]
    member = np.argmin(np.where(agree[leaders], 0.0, loss[leaders]), axis=0)
    groups = [np.flatnonzero(member == k) for k in range(len(leaders))]
    return [group for group in groups if len(group)]
