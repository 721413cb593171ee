"""Which runs answers are judged on, by fits that had not seen them: runs held out, or every run, left out in its fold.

What ships is fitted to all runs. With many, a part of them can be kept for judging and is learnt from only afterwards. With
few, none can be spared: each is answered by a fit to the other folds, settings chosen anew in it, so that no choice has seen
the runs that it is judged on (nested cross-validation; Varma and Simon 2006, BMC Bioinformatics 7:91).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np

from frugal.experiments.runs.store import Runs
from frugal.experiments.study.design import KNOWN_PLACE
from frugal.surrogates.fitting.folds import folds

#: From so many runs on, those held out suffice to judge by.
MANY_RUNS = 1000
#: From so many on, folds need no search of their own: settings that most of the runs choose are those that all choose.
SETTLED_RUNS = 200
#: Folds of fewer runs; of runs with more values than these together only three, and from `SETTLED_RUNS` on none.
N_FOLDS, FEW_FOLDS, MANY_VALUES = 5, 3, 2_000_000

#: Label of runs that are learnt from in every fold: placed where candidates err, they would judge these too hard.
ALWAYS_LEARNT = -1

JudgedBy = Literal["held_out", "out_of_fold"]


@dataclass(frozen=True)
class JudgedPart:
    """Numbers of the rows that a fit learns from, and of those that it is judged on."""

    learnt: np.ndarray
    judged: np.ndarray


@dataclass(frozen=True, eq=False)
class Judging:
    """How the errors of a ladder come about.

    Parameters
    ----------
    by : {"held_out", "out_of_fold"}
    runs : Runs
        All of them.
    parts : sequence of JudgedPart
        One where runs are held out; else one for each fold. Each row is judged in one of them, but for those that were placed
        where candidates err, which are learnt from in all.
    one_search : bool
        Of folds: settings are chosen in the first, and the fits to the others, and to all runs, keep them.
    """

    by: JudgedBy
    runs: Runs
    parts: Sequence[JudgedPart]
    one_search: bool = False

    @cached_property
    def rows(self) -> np.ndarray:
        """Numbers of the rows that are judged, in rising order."""
        return np.sort(np.concatenate([part.judged for part in self.parts]))

    @cached_property
    def folds(self) -> np.ndarray:
        """Number of the part that each judged row stands in."""
        of_row = np.zeros(len(self.runs), dtype=np.int64)
        for number, part in enumerate(self.parts):
            of_row[part.judged] = number
        return of_row[self.rows]

    @cached_property
    def judged(self) -> Runs:
        """The runs that are judged; those of places that were learnt from too are of one place, `KNOWN_PLACE`."""
        places = self.runs.places.astype(object)
        for part in self.parts:
            own = self.runs.places[part.judged]
            known = (own != "") & np.isin(own, np.unique(self.runs.places[part.learnt]))
            places[part.judged] = np.where(known, KNOWN_PLACE, own)
        return replace(self.runs.where(self.rows), places=places[self.rows].astype(str))

    @property
    def learnt_from(self) -> int:
        """Runs that a judged fit learnt from; of folds, in the one that left most out."""
        return min(len(part.learnt) for part in self.parts)

    def pairs(self) -> Iterator[tuple[Runs, Runs]]:
        """Runs to learn from and runs to judge on, part by part."""
        for number, part in enumerate(self.parts):
            yield self.runs.where(part.learnt), self.judged.where(self.folds == number)

    def gathered(self, of_parts: Sequence[np.ndarray]) -> np.ndarray:
        """Values of judged rows, given part by part, in the order of `rows`."""
        found = np.empty((len(self.rows), *of_parts[0].shape[1:]))
        for number, values in enumerate(of_parts):
            found[self.folds == number] = values
        return found


def judging_for(runs: Runs, seed: int) -> Judging:
    """How runs are judged: from `MANY_RUNS` on by those held out, else by folds, places kept whole where there are three.

    Parameters
    ----------
    runs : Runs
        All that are finished.
    seed : int
        Of the folds.
    """
    large = runs.outputs.size > MANY_VALUES
    if len(runs) >= MANY_RUNS or (large and len(runs) >= SETTLED_RUNS):
        return by_held_out(runs)
    return by_folds(runs, fold_labels(runs, FEW_FOLDS if large else N_FOLDS, seed))


def fold_labels(runs: Runs, n_folds: int, seed: int) -> np.ndarray:
    """Number ``[n]`` of the fold that each run is left out in, places kept whole where there are three; -1 of added runs.

    Parameters
    ----------
    runs : Runs
    n_folds : int
        At the most.
    seed : int
    """
    labels = np.full(len(runs), ALWAYS_LEARNT, dtype=np.int64)
    fixed = np.flatnonzero(~runs.is_added)
    for fold, rows in enumerate(folds(len(fixed), groups_of_learning(runs.where(fixed)), n_folds, seed)):
        labels[fixed[rows]] = fold
    return labels


def by_held_out(runs: Runs) -> Judging:
    """Judged on the runs that are held out."""
    part = JudgedPart(np.flatnonzero(~runs.is_held_out), np.flatnonzero(runs.is_held_out))
    return Judging("held_out", runs, (part,))


def by_folds(runs: Runs, labels: np.ndarray) -> Judging:
    """Judged on every run, in the fold that its label ``[n]`` names; on none whose label is -1.

    Parameters
    ----------
    runs : Runs
    labels : array of int [n]
    """
    named = np.unique(labels[labels != ALWAYS_LEARNT])
    parts = [JudgedPart(np.flatnonzero(labels != fold), np.flatnonzero(labels == fold)) for fold in named]
    return Judging("out_of_fold", runs, tuple(parts), one_search=len(runs) >= SETTLED_RUNS)


def groups_of_learning(runs: Runs) -> np.ndarray | None:
    """Places of runs to learn from, where there are several."""
    return runs.places if len(np.unique(runs.places)) > 1 else None
