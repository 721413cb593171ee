"""A run beside what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from frugal.experiments.study import Measurement, Observations, Output


@dataclass(frozen=True)
class Residuals:
    """Modelled less measured values of one output, in its unit.

    ``bias`` is their mean, ``rmse`` the root of their mean square; ``within`` the share of those with a known error that are
    at most two standard errors apart, None where none is known.
    """

    output: str
    unit: str
    measurements: tuple[Measurement, ...]
    modelled: np.ndarray
    bias: float
    rmse: float
    within: float | None


def residuals(
    outputs: Sequence[Output], values: Mapping[str, np.ndarray], observations: Observations
) -> tuple[Residuals, ...]:
    """Hold a run against observations, output by output.

    Parameters
    ----------
    outputs : sequence of Output
        Of the study, to which the observations were checked.
    values : mapping of str to array
        Of the run, each of the shape of its output.
    observations : Observations
        Between the times of an output's axis its values are interpolated linearly.
    """
    found = []
    for output in outputs:
        measured = tuple(m for m in observations.measurements if m.output == output.name)
        if not measured:
            continue
        modelled = np.array([_at(output, np.asarray(values[output.name], dtype=float), m) for m in measured])
        apart = modelled - np.array([m.value for m in measured])
        known = [(gap, m.sigma) for gap, m in zip(apart, measured, strict=True) if m.sigma is not None]
        within = float(np.mean([abs(gap) <= 2 * sigma for gap, sigma in known])) if known else None
        bias, rmse = float(apart.mean()), float(np.sqrt(np.mean(apart**2)))
        found.append(Residuals(output.name, output.unit, measured, modelled, bias, rmse, within))
    return tuple(found)


def _at(output: Output, values: np.ndarray, measured: Measurement) -> float:
    places = [dim for dim in output.dims if dim != "time"]
    if places:
        names = [str(coordinate) for coordinate in output.coords[places[0]]]
        values = np.take(values, names.index(measured.place), axis=output.dims.index(places[0]))
    if measured.time is None:
        return float(values)
    return float(np.interp(measured.time, np.asarray(output.coords["time"], dtype=float), values))
