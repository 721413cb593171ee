"""How much the places of the held-out runs tell: their number, less where those of one survey err alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from frugal.experiments.study.design import survey_of

#: Of fewer places that err independently, or of fewer runs, no upper bound is told: it would be that of the assumptions.
FEWEST_PLACES, FEWEST_ROWS = 5, 16


@dataclass(frozen=True)
class JudgedPlaces:
    """Where runs were judged.

    Parameters
    ----------
    member : array of int [n]
        Number of the place of each run.
    names : tuple of str
        Of the places.
    survey : array of int [places]
        Number of the survey that each place is a tile of; a place that is no tile is its own.
    """

    member: np.ndarray
    names: tuple[str, ...]
    survey: np.ndarray


def judged_on(groups: np.ndarray | None) -> JudgedPlaces | None:
    """Places by their names ``[n]``; None where runs stand alone."""
    if groups is None:
        return None
    names, member = np.unique(np.asarray(groups), return_inverse=True)
    told = tuple(str(name) for name in names)
    _, survey = np.unique([survey_of(name) for name in told], return_inverse=True)
    return JudgedPlaces(member.ravel(), told, survey.ravel())


def groups_of(places: np.ndarray) -> np.ndarray | None:
    """Places that errors are judged by; None where no run has one, so that each stands alone.

    Parameters
    ----------
    places : array of str [n]
        Of held-out runs, from `Runs.held_out`, which calls places that were learnt from by one name: together they are one.
    """
    return places if np.any(places != "") else None


def effective_places(judged: JudgedPlaces, errors: np.ndarray, weights: np.ndarray) -> float:
    """Number of places that err independently and tell as much as these.

    Tiles of one survey border on each other and were flown at once. Where several surveys have several tiles, what tiles of one
    survey have in common is measured (intraclass correlation of the logarithms of their mean squares); ``m`` tiles then
    tell as much as ``m / (1 + (m - 1) r)`` places (Kish 1965, Survey Sampling). Where it cannot be measured, neighbouring
    tiles are taken to err as much alike as runs of one tile do: correlation falls with distance, so that this is its most.

    Parameters
    ----------
    judged : JudgedPlaces
    errors, weights : array [n, k]
        As for `frugal.surrogates.measurement.bounds.mean_bound`.
    """
    tiles = np.bincount(judged.survey).astype(float)
    if (tiles <= 1).all():
        return float(len(judged.names))
    scale = errors.sum(axis=0)
    share = np.divide(errors, scale, out=np.zeros_like(errors), where=scale > 0).sum(axis=1)
    if (tiles > 1).sum() > 1:
        rows = np.maximum(np.bincount(judged.member), 1)
        mean = np.bincount(judged.member, share) / rows
        logs = np.log(np.maximum(mean, 1e-12 * max(float(mean.max()), np.finfo(float).tiny)))
        alike = intraclass_correlation(logs, judged.survey)
    else:
        within = intraclass_correlation(np.sqrt(share), judged.member)
        rows_of_tile = len(share) / len(judged.names)
        alike = within / (within + (1 - within) / rows_of_tile)
    return float((tiles[tiles > 0] / (1 + (tiles[tiles > 0] - 1) * alike)).sum())


def intraclass_correlation(values: np.ndarray, member: np.ndarray) -> float:
    """Share of the variance that members of one class have in common, 0 to 1 (one-way analysis of variance).

    Parameters
    ----------
    values : array [n]
    member : array of int [n]
        Number of the class of each value, from 0.

    Returns
    -------
    float
        1 where there is but one class, or no class has two values: nothing then tells them apart.
    """
    counts = np.bincount(member).astype(float)
    counts, n, classes = counts[counts > 0], len(values), int((np.bincount(member) > 0).sum())
    if classes < 2 or n <= classes:
        return 1.0
    _, member = np.unique(member, return_inverse=True)
    means = np.bincount(member, values) / counts
    between = float((counts * (means - values.mean()) ** 2).sum() / (classes - 1))
    within = float(((values - means[member]) ** 2).sum() / (n - classes))
    size = (n - (counts**2).sum() / n) / (classes - 1)
    whole = between + (size - 1) * within
    return float(np.clip((between - within) / whole, 0.0, 1.0)) if whole > 0 else 0.0
