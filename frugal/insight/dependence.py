"""How an answer changes with one input: on average over the others (partial dependence), and for single cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from frugal.experiments.study import Variable
from frugal.insight.input_distribution import InputDistribution
from frugal.insight.sensitivity import Ask

#: Values of an input that are asked, and single cases that are told.
GRID, CASES = 21, 12


@dataclass(frozen=True, eq=False)
class PartialDependence:
    """Answers along one input.

    Parameters
    ----------
    variable : Variable
        A number; elements of vectors are left out.
    values : array [p]
        Of the input, in its unit.
    mean : mapping of str to array [p]
        By output, its mean over the other inputs; of several elements the mean of these.
    cases : mapping of str to array [c, p]
        The same of single rows.
    """

    variable: Variable
    values: np.ndarray
    mean: Mapping[str, np.ndarray]
    cases: Mapping[str, np.ndarray]


def partial_dependence(
    ask: Ask, distribution: InputDistribution, outputs: Sequence[str], rows: np.ndarray
) -> list[PartialDependence]:
    """Answers along each input that is a number.

    Parameters
    ----------
    ask : callable
        ``ask(rows [n, d])`` gives the outputs by name, ``[n, size]``.
    distribution : InputDistribution
    outputs : sequence of str
    rows : array [n, d]
        Over which the other inputs are averaged; the first of them are the single cases.

    Returns
    -------
    list of PartialDependence
    """
    found = []
    for variable, where in zip(distribution.variables, distribution.groups, strict=True):
        if variable.dims:
            continue
        values = _grid(variable, None if distribution.runs is None else distribution.runs[:, where.start])
        asked = np.repeat(rows[None], len(values), axis=0)
        asked[:, :, where.start] = values[:, None]
        answers = ask(asked.reshape(-1, rows.shape[1]))
        lines = {
            name: np.asarray(answers[name].mean(axis=1, dtype=float)).reshape(len(values), len(rows)).T
            for name in outputs
        }
        mean = {name: line.mean(axis=0) for name, line in lines.items()}
        found.append(PartialDependence(variable, values, mean, {name: line[:CASES] for name, line in lines.items()}))
    return found


def _grid(variable: Variable, runs: np.ndarray | None) -> np.ndarray:
    if variable.choices:
        return np.arange(len(variable.choices), dtype=float)
    if runs is None:
        return np.linspace(variable.low, variable.high, GRID)
    values = np.unique(runs)
    return values if len(values) <= GRID else np.linspace(values[0], values[-1], GRID)
