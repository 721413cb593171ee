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

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from frugal.candidates.output_error import OutputError
from frugal.candidates.row import CandidateRow
from frugal.experiments.metrics.registry import Metric, metric_of
from frugal.experiments.study import Output, Study
from frugal.surrogates.measurement.bootstrap import upper_ends
from frugal.surrogates.measurement.bounds import LEVEL, by_place
from frugal.surrogates.measurement.map_errors import metric_for, sample_of
from frugal.surrogates.measurement.places import JudgedPlaces, judged_on

#: Bootstraps.
DRAWS = 400
#: Of an output that is judged by its worst element, so many of the worst are looked at.
_MOST_COLUMNS = 64


@dataclass(frozen=True)
class _Drawn:
    """One candidate over the bootstraps ``[draws]``: its bound in them, its error outside, and on all runs; over its limit.

    Of the output that is nearest to its limit, which these are of, also the metric and what it sums up ``[n, s, k]``.
    """

    bound: np.ndarray
    outside: np.ndarray
    error: float
    high: float
    metric: Metric
    statistics: np.ndarray


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
    drawn = [
        _drawn(study, limited, truth, np.asarray(answers[name], dtype=float), errors[name], judged, times)
        for name in names
    ]
    levels = _level_factors(drawn, groups, seed)
    return {name: max(pair) for name, *pair in zip(names, _factors(drawn), levels, strict=True)}


def _drawn(
    study: Study,
    limited: Sequence[Output],
    truth: np.ndarray,
    answer: np.ndarray,
    errors: Mapping[str, OutputError],
    judged: JudgedPlaces | None,
    times: np.ndarray,
) -> _Drawn:
    """One candidate over bootstraps that draw units so many ``times [draws, units]``."""
    bounds: list[np.ndarray] = []
    worst: _Drawn | None = None
    for output in limited:
        error = errors[output.name]
        metric_name, pooled = metric_for(study, output, truth)
        metric = metric_of(metric_name)
        of_rows = metric.statistics(sample_of(study, output, truth, answer), pooled)
        statistics, counts = of_rows, np.ones(len(truth))
        if judged is not None:
            statistics = by_place(of_rows, judged.member, len(judged.names))
            counts = np.bincount(judged.member).astype(np.float64)
        value = metric.combine(statistics.sum(axis=0), counts.sum(keepdims=True))
        columns = np.argsort(-value, kind="stable")[:_MOST_COLUMNS]
        inside, left_out = (
            metric.combine(np.einsum("du,usk->dsk", weights, statistics[:, :, columns]), (weights @ counts)[:, None])
            for weights in (times, (times == 0).astype(np.float64))
        )
        limit = float(error.tolerance or 1.0)
        bounds.append(inside.max(axis=1) * (error.high / error.value if error.value > 0 else 1.0) / limit)
        high, known = error.high / limit, float(value[columns[0]]) / limit
        if worst is None or high > worst.high:
            worst = _Drawn(bounds[-1], left_out[:, 0] / limit, known, high, metric, of_rows[:, :, columns])
    assert worst is not None
    return replace(worst, bound=np.max(bounds, axis=0))


def _is_drawn(error: OutputError | None) -> bool:
    return error is not None and error.bounded and not error.is_missing and np.isfinite(error.high)


def _level_factors(drawn: Sequence[_Drawn], groups: np.ndarray | None, seed: int) -> list[float]:
    """What bounds are multiplied by when any of those that cannot be told apart may be the lucky one.

    Of ``k`` of them each is bounded at the level ``1 - 0.025 / k`` (Bonferroni). Two cannot be told apart where the error of
    neither lies above the bound of the other at the level that all candidates ask for: the plain bound of a lucky one would set
    it apart from those that only had less luck.
    """
    at_most = [_at_level(one, len(drawn), groups, seed) for one in drawn]
    reach = [one.high * factor for one, factor in zip(drawn, at_most, strict=True)]
    found = []
    for one, own, factor in zip(drawn, reach, at_most, strict=True):
        alike = sum(two.error <= own and one.error <= other for two, other in zip(drawn, reach, strict=True))
        found.append(factor if alike == len(drawn) else _at_level(one, alike, groups, seed))
    return found


def _at_level(one: _Drawn, alike: int, groups: np.ndarray | None, seed: int) -> float:
    """What the bound of one is multiplied by when so many share what may go wrong."""
    if alike < 2 or not one.error > 0:
        return 1.0
    plain, asked = upper_ends(one.metric, one.statistics, groups, (LEVEL, 1 - (1 - LEVEL) / alike), seed)
    return float(asked.max() / plain.max()) if 0 < plain.max() < np.inf else 1.0


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
