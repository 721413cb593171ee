"""A run beside what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from frugal.experiments.study import Measurement, Observations, Output
from frugal.experiments.study.outputs import defined_cells


@dataclass(frozen=True)
class Residuals:
    """Modelled less measured values of one output, in its unit.

    ``bias`` is their mean, ``rmse`` the root of their mean square, both None where nothing was left to compare; ``within`` the
    share of those with a known error that are at most two standard errors apart, None where none is known. ``undefined`` counts
    the measurements left out because the run has no value there: dry ground, a fire that never came.
    """

    output: str
    unit: str
    measurements: tuple[Measurement, ...]
    modelled: np.ndarray
    bias: float | None
    rmse: float | None
    within: float | None
    undefined: int = 0


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
        Between the times of an output's axis its values are interpolated linearly. Where an output is undefined, at one of the
        times between which a measurement lies, it is not compared.
    """
    flat = np.concatenate([np.ravel(np.asarray(values[output.name], dtype=float)) for output in outputs])[None]
    found = []
    for output in outputs:
        measured = tuple(m for m in observations.measurements if m.output == output.name)
        if not measured:
            continue
        defined = defined_cells(flat, outputs, output).reshape(output.shape)
        n_measured = len(measured)
        # interpolated as a number, a share of undefined is above zero wherever one of the two neighbours is undefined
        measured = tuple(m for m in measured if _at(output, (~defined).astype(float), m) == 0)
        modelled = np.array([_at(output, np.asarray(values[output.name], dtype=float), m) for m in measured])
        apart = modelled - np.array([m.value for m in measured])
        known = [(gap, m.sigma) for gap, m in zip(apart, measured, strict=True) if m.sigma is not None]
        within = float(np.mean([abs(gap) <= 2 * sigma for gap, sigma in known])) if known else None
        bias, rmse = (float(apart.mean()), float(np.sqrt(np.mean(apart**2)))) if measured else (None, None)
        undefined = n_measured - len(measured)
        found.append(Residuals(output.name, output.unit, measured, modelled, bias, rmse, within, undefined))
    return tuple(found)


def _at(output: Output, values: np.ndarray, measured: Measurement) -> float:
    places = output.place_dims
    if places:
        names = [str(coordinate) for coordinate in output.coords[places[0]]]
        values = np.take(values, names.index(measured.place), axis=output.dims.index(places[0]))
    if measured.time is None:
        return float(values)
    return float(np.interp(measured.time, np.asarray(output.coords["time"], dtype=float), values))
