"""How much of the truth lies within the intervals of a candidate."""

from __future__ import annotations

import numpy as np

from frugal.experiments.study import Study
from frugal.surrogates.fitting.folds import kept_together
from frugal.surrogates.fitting.intervals import covered, widths_by_folds
from frugal.surrogates.measurement.map_errors import covered_columns
from frugal.surrogates.onnx.export import INTERVAL_LEVEL


def interval_coverage(study: Study, truth: np.ndarray, predicted: np.ndarray, widths: np.ndarray) -> float:
    """Share of all elements within their intervals, those that are never defined left out.

    Parameters
    ----------
    study : Study
    truth, predicted : array [n, m]
        All outputs side by side, in their units.
    widths : array [n, m]
        Half of each interval.
    """
    inside = covered(truth, predicted - widths, predicted + widths)
    return float(inside[:, covered_columns(study, truth)].mean())


def coverage_over_folds(
    study: Study,
    truth: np.ndarray,
    predicted: np.ndarray,
    inputs: np.ndarray,
    places: np.ndarray,
    folds: np.ndarray,
    deviations: np.ndarray | None = None,
    model: object = None,
) -> float:
    """The same where each run was answered by a fit without its fold, and intervals are made of these very residuals.

    Each fold is held against intervals made of the others.

    Parameters
    ----------
    study : Study
    truth, predicted : array [n, m]
    inputs : array [n, d]
    places : array of str [n]
        As they were judged.
    folds : array of int [n]
    deviations, model
        As for `calibrated_interval`, where the interval follows the deviation of the model.
    """
    widths = widths_by_folds(
        truth - predicted,
        inputs,
        study.columns,
        [output.size for output in study.outputs],
        folds,
        kept_together(places, inputs),
        INTERVAL_LEVEL,
        deviations=deviations,
        model=model,
    )
    return interval_coverage(study, truth, predicted, widths)
