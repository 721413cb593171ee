"""A need held against true runs: metrics that say nothing of them are refused before anything is fitted."""

from __future__ import annotations

from functools import partial

import numpy as np

from frugal.errors import UnusableInputError
from frugal.experiments.metrics.meaning import reason_against
from frugal.experiments.study import Study


def check_metrics(study: Study, outputs: np.ndarray) -> None:
    """Refuse a tolerance whose metric says nothing of the runs: relative to a mean that is about 0, say.

    Parameters
    ----------
    study : Study
    outputs : array [n, m]
        True outputs of all runs, side by side.

    Raises
    ------
    UnusableInputError
        Naming output and metric, and what to use instead.
    """
    for output, columns in zip(study.outputs, study.output_slices().values(), strict=True):
        tolerance = study.need.tolerances.get(output.name)
        if tolerance is None or not len(outputs):
            continue
        metric, pooled = tolerance.measure, tolerance.pools(output.is_field)
        named = partial(output.element, columns=metric.columns)
        reason = reason_against(metric, output.by_time(outputs[:, columns]), pooled, output.name, named)
        if reason is not None:
            raise UnusableInputError(reason)
