"""Errors of answers on the held-out runs, with their bounds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from frugal.experiments.runs.store import Runs
from frugal.experiments.study import Output, Study, Tolerance
from frugal.metering.meter import Meter
from frugal.metering.timing.interleaved_blocks import QueryTime
from frugal.reporting.error_ratio import over_tolerance
from frugal.surrogates.ladder.asked import Answering
from frugal.surrogates.measurement.map_errors import covered_columns, default_metric, pooled_map_error

#: What is written for an error without bound (relative to an output that is always zero): JSON knows no infinity.
LARGEST_ERROR = 1e6


@dataclass(frozen=True)
class OutputError:
    """Error of one output on the held-out runs.

    ``value`` is the largest error of its elements, ``low`` and ``high`` its 95 % bootstrap interval, in the metric of the
    tolerance (nRMSE where none is declared). The error of a map is pooled over its cells: it has no elements but a summary.
    """

    metric: str
    value: float
    low: float
    high: float
    elements: tuple[float, ...]
    worst_element: str | None
    tolerance: float | None
    summary: Mapping[str, Any] = field(default_factory=dict)

    @property
    def met(self) -> bool:
        """The upper bound is within the tolerance."""
        return self.tolerance is None or self.high <= self.tolerance

    @property
    def ratio(self) -> float | None:
        """The upper bound over the tolerance; None where none is declared."""
        return over_tolerance(self.high, self.tolerance)


@dataclass
class Judged:
    """What was measured of one candidate; ``memory`` is in bytes by call pattern, where it was measured."""

    errors: dict[str, OutputError] = field(default_factory=dict)
    coverage: float | None = None
    times: dict[str, QueryTime] = field(default_factory=dict)
    memory: dict[str, int] = field(default_factory=dict)
    runtime: str = "python"
    message: str = ""

    @property
    def error_met(self) -> bool:
        """Every declared error is within its tolerance."""
        return bool(self.errors) and all(error.met for error in self.errors.values())

    @property
    def error_ratio(self) -> float:
        """Largest ratio of an upper bound to its tolerance; infinite when nothing is declared."""
        return max(ratios_of(self.errors), default=math.inf)


def ratios_of(errors: Mapping[str, OutputError]) -> list[float]:
    """Upper bound over tolerance of every output that has a tolerance."""
    return [error.ratio for error in errors.values() if error.ratio is not None]


def judge(study: Study, answering: Answering, held_out: Runs, meter: Meter, seed: int) -> Judged:
    """Errors and interval coverage of one candidate on the held-out runs.

    Parameters
    ----------
    study : Study
    answering : Answering
        What is exact (the full physics) is not asked: its errors are 0.
    held_out : Runs
    meter : Meter
        Books the asking under ``evaluation`` and the name of the candidate.
    seed : int
        Of the bootstrap.

    Returns
    -------
    Judged
        Without errors, and with a message, where asking failed. ``coverage`` is the share of all elements within the
        interval, cells that are never wet left out.
    """
    judged = Judged(runtime=answering.runtime)
    with meter.stage("evaluation", answering.name):
        if answering.exact:
            judged.errors = {o.name: _no_error(o, study.need.tolerances.get(o.name)) for o in study.outputs}
            return judged
        try:
            predicted = answering.predict(held_out.inputs, held_out.object_ids)
        except MemoryError:
            raise
        except Exception as fault:  # whatever one candidate raises, the others are judged
            judged.message = f"{type(fault).__name__}: {fault}"
            return judged
        groups = held_out.places if len(np.unique(held_out.places)) > 1 else None
        judged.errors = output_errors(study, held_out.outputs, predicted, groups, seed)
        if answering.half_width is not None:
            inside = np.abs(held_out.outputs - predicted) <= answering.half_width + 1e-12
            judged.coverage = float(inside[:, covered_columns(study, held_out.outputs)].mean())
    return judged


def output_errors(
    study: Study, truth: np.ndarray, predicted: np.ndarray, groups: np.ndarray | None, seed: int
) -> dict[str, OutputError]:
    """Error of every output, with its interval, against the study's tolerances.

    Parameters
    ----------
    study : Study
    truth, predicted : array [n, m]
        All outputs side by side, in physical units.
    groups : array [n], optional
        Place of each run; whole places are resampled where there are several.
    seed : int
        Of the bootstrap.

    Returns
    -------
    dict of str to OutputError
        By name of the output, those without a tolerance too.
    """
    from frugal.surrogates.measurement.bootstrap import error_with_interval

    errors = {}
    for output, (name, columns) in zip(study.outputs, study.output_slices().items(), strict=True):
        tolerance = study.need.tolerances.get(name)
        if output.is_field:
            errors[name] = map_error(study, output, truth, predicted, groups, seed)
            continue
        metric = tolerance.metric if tolerance else "nrmse"
        assert metric not in ("rmse_defined", "rmse_wet")
        found = error_with_interval(truth[:, columns], predicted[:, columns], metric, groups=groups, seed=seed)
        worst = int(np.argmax(found.value))
        errors[name] = OutputError(
            metric=metric,
            value=float(found.value[worst]),
            low=float(found.low[worst]),
            high=float(np.max(found.high)),
            elements=tuple(float(v) for v in found.value),
            worst_element=output.element(worst) or None,
            tolerance=tolerance.limit if tolerance else None,
        )
    return errors


def map_error(
    study: Study, output: Output, truth: np.ndarray, predicted: np.ndarray, groups: np.ndarray | None, seed: int
) -> OutputError:
    """Error of one map, pooled over its cells.

    Parameters
    ----------
    study : Study
    output : Output
        The map.
    truth, predicted, groups, seed
        As for `output_errors`: wetness may be told by another map than this one.
    """
    tolerance = study.need.tolerances.get(output.name)
    metric = tolerance.metric if tolerance else default_metric(output)
    found, summary = pooled_map_error(study, output, truth, predicted, metric, groups, seed)
    value, low, high = (float(bound[0]) for bound in (found.value, found.low, found.high))
    limit = tolerance.limit if tolerance else None
    return OutputError(metric, value, low, high, (), summary["worst_cell"], limit, summary)


def error_as_plain(errors: Mapping[str, OutputError]) -> dict[str, Any]:
    """Errors as they stand in ``candidates.json``."""
    return {
        name: {
            "metric": error.metric,
            "value": min(error.value, LARGEST_ERROR),
            "low": min(error.low, LARGEST_ERROR),
            "high": min(error.high, LARGEST_ERROR),
            "tolerance": error.tolerance,
            "worst_element": error.worst_element,
            "elements": [min(value, LARGEST_ERROR) for value in error.elements],
            **({"summary": dict(error.summary)} if error.summary else {}),
        }
        for name, error in errors.items()
    }


def _no_error(output: Output, tolerance: Tolerance | None) -> OutputError:
    metric = tolerance.metric if tolerance else default_metric(output)
    limit = tolerance.limit if tolerance else None
    elements = () if output.is_field else (0.0,) * output.size
    return OutputError(metric, 0.0, 0.0, 0.0, elements, None, limit)
