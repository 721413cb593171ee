"""Indices without sampling: of the polynomial chaos of a bundle, where its answer is that of the polynomial.

A graph does not tell its terms, so the polynomial is fitted again to the runs of the bundle, in a blink, and held against the
answers of the graph; where these differ (other runs, limits that cut) nothing is made of it. Indices of two answers whose
difference has the share ``d`` of the variance differ by no more than about ``2 sqrt(d)``, which stands as their interval.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from frugal.experiments.runs.store import Runs
from frugal.experiments.study import Output
from frugal.experiments.study.outputs import output_slices
from frugal.insight.input_distribution import InputDistribution
from frugal.insight.sensitivity import Indices, OutputIndices, chaos_indices
from frugal.surrogates.models import registry

#: The candidate, by its name on the ladder.
CHAOS = "polynomial_chaos"
#: Share of the variance by which polynomial and graph may differ.
MOST_APART = 1e-6


def exact_indices(
    distribution: InputDistribution,
    outputs: Sequence[Output],
    runs: Runs,
    rows: np.ndarray,
    answers: Mapping[str, np.ndarray],
    seed: int = 0,
) -> dict[str, OutputIndices]:
    """Indices of the outputs whose answers are those of a polynomial chaos.

    Parameters
    ----------
    distribution : InputDistribution
        Even in the bounds: the basis is orthonormal under no other.
    outputs : sequence of Output
        All of the study, in the order of the runs.
    runs : Runs
        Of the bundle.
    rows : array [n, d]
        Some inputs, and ``answers`` the graph's outputs there by name, ``[n, size]``.
    answers : mapping of str to array
    seed : int
        Of the fit.

    Returns
    -------
    dict of str to OutputIndices
        Empty where there is no such model, or nothing agrees.
    """
    model: Any = next((model for model in registry.SCALAR_MODELS if model.name == CHAOS), None)
    if model is None or distribution.runs is not None or any(output.is_field for output in outputs):
        return {}
    found: dict[str, OutputIndices] = {}
    for learnt in (runs, runs.training):  # whatever the candidate was shipped from
        fitted = model.fit(learnt.inputs, learnt.outputs, None, distribution.layout.columns, seed)
        predicted = fitted.predict(rows)
        for name, columns in output_slices(outputs).items():
            if name not in answers or name in found:
                continue
            spread = float(answers[name].var(axis=0, dtype=float).sum())
            apart = float(((predicted[:, columns] - answers[name]) ** 2).mean(axis=0).sum())
            if spread > 0 and apart <= MOST_APART * spread:
                found[name] = _of_terms(
                    name, fitted.indices, fitted.coefficients[:, columns], distribution, np.sqrt(apart / spread)
                )
    return found


def _of_terms(
    name: str, terms: np.ndarray, coefficients: np.ndarray, distribution: InputDistribution, apart: float
) -> OutputIndices:
    each = _with_ends(chaos_indices(terms, coefficients, distribution.groups), apart)
    if coefficients.shape[1] == 1:
        return OutputIndices(name, _first_of(each), None, None, exact=True)
    mean = chaos_indices(terms, coefficients.mean(axis=1, keepdims=True), distribution.groups)
    weight = each.variance / each.variance.sum()
    first, total = ((np.nan_to_num(part) @ weight)[:, None] for part in (each.first, each.total))
    together = Indices(first, total, each.variance.sum(keepdims=True))
    whole, of_mean = (_first_of(_with_ends(part, apart)) for part in (together, mean))
    return OutputIndices(name, whole, of_mean, each, exact=True)


def _with_ends(indices: Indices, apart: float) -> Indices:
    ends = {
        f"{part}_{end}": np.clip(getattr(indices, part) + sign * 2 * apart, 0.0, None)
        for part in ("first", "total")
        for end, sign in (("low", -1), ("high", 1))
    }
    return replace(indices, **ends)


def _first_of(indices: Indices) -> Indices:
    """Of one element, without its axis."""
    told: dict[str, Any] = {name: None if part is None else part[..., 0] for name, part in vars(indices).items()}
    return replace(indices, **told)
