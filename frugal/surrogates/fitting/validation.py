"""How wrong an answer may be: half-widths of intervals from out-of-fold residuals.

The half-width is the finite-sample quantile of split conformal prediction (Lei et al. 2018, Journal of the American
Statistical Association 113:1094), fed with residuals of runs each left out of its fit.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from frugal.errors import UnusableInputError
from frugal.surrogates.fitting.folds import folds
from frugal.surrogates.fitting.intervals import conformal_quantile

Predict = Callable[[np.ndarray], np.ndarray]
FitFunction = Callable[[np.ndarray, np.ndarray, "np.ndarray | None"], Predict]


def out_of_fold(
    fit_function: FitFunction,
    inputs: np.ndarray,
    outputs: np.ndarray,
    groups: np.ndarray | None = None,
    n_folds: int = 5,
    seed: int = 0,
) -> np.ndarray:
    """Residuals ``truth - prediction`` ``[n, m]`` of runs each predicted by a fit that has not seen it.

    Parameters
    ----------
    fit_function : callable
        ``fit_function(inputs, outputs, groups) -> predict``, with ``predict(inputs[n, d]) -> [n, m]``.
    inputs : array [n, d]
    outputs : array [n, m]
    groups : array [n], optional
        Groups are never split when there are three or more.
    n_folds, seed : int

    Raises
    ------
    UnusableInputError
        If there are fewer than two runs.
    """
    if len(inputs) < 2:
        raise UnusableInputError(f"{len(inputs)} run cannot be left out of its own fit; at least 2 are needed")
    residuals = np.empty(outputs.shape)
    for rows in folds(len(inputs), groups, n_folds, seed):
        kept = np.setdiff1d(np.arange(len(inputs)), rows)
        predict = fit_function(inputs[kept], outputs[kept], None if groups is None else groups[kept])
        residuals[rows] = outputs[rows] - predict(inputs[rows])
    return residuals


def conformal_half_width(residuals: np.ndarray, level: float = 0.9) -> np.ndarray:
    """Half-width ``[m]`` that covers a new answer with probability ``level`` at least.

    The smallest absolute residual with at least ``ceil((n + 1) level)`` residuals no larger. It is infinite
    where there are too few residuals to promise the level: below 9 of them for 0.9.

    Parameters
    ----------
    residuals : array [n, m]
    level : float
        Between 0 and 1, both excluded.

    Raises
    ------
    UnusableInputError
        If the level is out of range.
    """
    return conformal_quantile(np.abs(residuals), None, level)[0]
