"""What choosing among candidates that were judged on the same runs adds to their bounds: one may keep its limit by luck.

The choice is made again on bootstraps of the runs, or of whole places, and whoever it falls on is held against those that the
bootstrap left out (bootstrap bias-corrected cross-validation; Tsamardinos, Greasidou and Borboudakis 2018, Machine Learning
107:1895). A decision goes from the least consuming candidate up and takes the first that keeps every limit, so that each one
competes with those below it, and those above where none of these will do: the choice of the least bound is made among the first
candidates of the ladder, however many, and none is believed to err less than what such a choice that it took part in errs on
runs left out. Where one is clearly the best, bootstraps choose it all the same, and nothing is added.

Bootstraps of a few places know nothing of other places: an answer that was lucky in all five of them stays the
best in every bootstrap. So a bound is also taken at the level that so many candidates ask for as cannot be told apart from it
(`_level_factors`), and the larger of both holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from frugal.candidates.output_error import OutputError
from frugal.candidates.row import CandidateRow
from frugal.experiments.metrics.registry import metric_of
from frugal.experiments.study import Study
from frugal.surrogates.measurement.bounds import LEVEL, by_place
from frugal.surrogates.measurement.map_errors import metric_for, sample_of
from frugal.surrogates.measurement.places import judged_on

#: Bootstraps.
DRAWS = 400
#: Of an output that is judged by its worst element, so many of the worst are looked at.
_MOST_COLUMNS = 64


@dataclass(frozen=True)
class _Drawn:
    """One candidate over the bootstraps ``[draws]``: its bound in them, its error outside, and on all runs; over its limit."""

    bound: np.ndarray
    outside: np.ndarray
    error: float


def luck_of_choice(
    study: Study,
    truth: np.ndarray,
    answers: Mapping[str, np.ndarray],
    errors: Mapping[str, Mapping[str, OutputError]],
    groups: np.ndarray | None,
    seed: int,
) -> dict[str, float]:
    """What the bound of each candidate is to be multiplied by, 1 or more.

    Parameters
    ----------
    study : Study
        Its need says which outputs have a limit.
    truth : array [n, m]
    answers : mapping of str to array [n, m]
        What each candidate is judged by, from the lowest rung up, without those that are exact.
    errors : mapping of str to mapping of str to OutputError
        Of each of them, by output.
    groups : array [n], optional
        Place of each run.
    seed : int
        Of the bootstraps.

    Returns
    -------
    dict of str to float
        Empty where there is no choice, no limit, or no bound.
    """
    limited = [output for output in study.outputs if output.name in study.need.tolerances]
    names = [name for name in answers if all(_is_drawn(errors[name].get(output.name)) for output in limited)]
    if not limited or len(names) < 2:
        return {}
    judged = judged_on(groups)
    units = len(truth) if judged is None else len(judged.names)
    times = np.random.default_rng(seed).multinomial(units, np.full(units, 1 / units), size=DRAWS).astype(np.float64)
    times = times[(times == 0).any(axis=1)]
    drawn = []
    for name in names:
        bounds, outside, known, worst = [], np.ones(len(times)), 0.0, -1.0
        for output in limited:
            error = errors[name][output.name]
            metric_name, pooled = metric_for(study, output, truth)
            metric = metric_of(metric_name)
            statistics = metric.statistics(
                sample_of(study, output, truth, np.asarray(answers[name], dtype=float)), pooled
            )
            counts = np.ones(len(truth))
            if judged is not None:
                statistics = by_place(statistics, judged.member, units)
                counts = np.bincount(judged.member).astype(np.float64)
            value = metric.combine(statistics.sum(axis=0), counts.sum(keepdims=True))
            columns = np.argsort(-value, kind="stable")[:_MOST_COLUMNS]
            inside, left_out = (
                metric.combine(
                    np.einsum("du,usk->dsk", weights, statistics[:, :, columns]), (weights @ counts)[:, None]
                )
                for weights in (times, (times == 0).astype(np.float64))
            )
            limit = float(error.tolerance or 1.0)
            bounds.append(inside.max(axis=1) * (error.high / error.value if error.value > 0 else 1.0) / limit)
            if error.high / limit > worst:
                worst = error.high / limit
                outside, known = left_out[:, 0] / limit, float(value[columns[0]]) / limit
        drawn.append(_Drawn(np.max(bounds, axis=0), outside, known))
    levels = _level_factors([[_over_limit(errors[name][output.name]) for output in limited] for name in names])
    return {name: max(pair) for name, *pair in zip(names, _factors(drawn), levels, strict=True)}


def _is_drawn(error: OutputError | None) -> bool:
    return error is not None and error.bounded and not error.is_missing and np.isfinite(error.high)


def _over_limit(error: OutputError) -> tuple[float, float]:
    """Error and bound over the limit."""
    limit = float(error.tolerance or 1.0)
    return error.value / limit, error.high / limit


def _level_factors(held: list[list[tuple[float, float]]]) -> list[float]:
    """What bounds are multiplied by when so many candidates may be the lucky one: those that cannot be told apart.

    Two can be where the error of one lies above the bound of the other. Of ``k`` that cannot, each is bounded at the level
    ``1 - 0.025 / k`` (Bonferroni); how far a bound lies above its error on the scale of logarithms is taken to grow with the
    normal quantile of the level.
    """
    from scipy.special import ndtri

    worst = [max(outputs, key=lambda pair: pair[1]) for outputs in held]
    found = []
    for value, high in worst:
        alike = sum(other_value <= high and value <= other_high for other_value, other_high in worst)
        more = float(ndtri(1 - (1 - LEVEL) / alike) / ndtri(LEVEL)) - 1
        found.append((high / value) ** more if value > 0 else 1.0)
    return found


def _factors(drawn: list[_Drawn]) -> list[float]:
    bounds, outside = np.stack([one.bound for one in drawn]), np.stack([one.outside for one in drawn])
    outside = np.where(np.isfinite(outside), outside, np.nan)
    draws = np.arange(bounds.shape[1])
    chosen = [outside[bounds[: last + 1].argmin(axis=0), draws] for last in range(len(drawn))]
    errs = np.sqrt([float(np.nanmean(one**2)) if np.isfinite(one).any() else 0.0 for one in chosen])
    return [
        max(1.0, float(errs[number:].max()) / one.error) if one.error > 0 else 1.0 for number, one in enumerate(drawn)
    ]


def with_luck(row: CandidateRow, luck: float) -> CandidateRow:
    """The row with its bounds multiplied."""
    if luck == 1.0:
        return replace(row, luck_of_choice=1.0)
    errors = times_luck(row.errors, luck)
    return replace(row, errors=errors, error_met=all(error.met for error in errors.values()), luck_of_choice=luck)


def times_luck(errors: Mapping[str, OutputError], luck: float) -> dict[str, OutputError]:
    """Errors with their bounds multiplied; what has no bound is left."""
    return {name: replace(error, high=error.high * luck) if error.bounded else error for name, error in errors.items()}
