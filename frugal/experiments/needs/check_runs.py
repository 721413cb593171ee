"""A need and its study held against true runs: what says nothing of them is refused before anything is fitted."""

from __future__ import annotations

from functools import partial

import numpy as np

from frugal.errors import UnusableInputError
from frugal.experiments.metrics.meaning import reason_against
from frugal.experiments.study import Study
from frugal.experiments.study.outputs import defined_cells


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
    check_fill(study, outputs)
    for output, columns in zip(study.outputs, study.output_slices().values(), strict=True):
        tolerance = study.need.tolerances.get(output.name)
        if tolerance is None or not len(outputs):
            continue
        metric, pooled = tolerance.measure, tolerance.pools(output.is_field)
        named = partial(output.element, columns=metric.columns)
        reason = reason_against(metric, output.by_time(outputs[:, columns]), pooled, output.name, named)
        if reason is not None:
            raise UnusableInputError(reason)


def check_fill(study: Study, outputs: np.ndarray) -> None:
    """Refuse a field whose defined values lie on both sides of what its undefined elements hold.

    Parameters
    ----------
    study : Study
    outputs : array [n, m]
        True outputs of all runs, side by side.

    Raises
    ------
    UnusableInputError
        Naming the output, its fill value, and its defined values.
    """
    for output, columns in zip(study.outputs, study.output_slices().values(), strict=True):
        if not output.has_undefined:
            continue
        defined = outputs[:, columns][defined_cells(outputs, study.outputs, output)]
        if defined.size and defined.min() < output.fill_value < defined.max():
            raise UnusableInputError(
                f"the defined values of '{output.name}' are {defined.min():.6g} to {defined.max():.6g}, on both sides of "
                f"its fill_value {output.fill_value:g}: choose one beyond them"
            )
