"""Draw designs: space-filling ones over the bounds of a study, its own, or the rows of a table."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from frugal.errors import UnusableInputError
from frugal.experiments.designs.near_duplicates import near_duplicates
from frugal.experiments.needs.domain import with_need
from frugal.experiments.study import Study, Variable
from frugal.experiments.study.design import MINIMUM_RUNS, Design, held_out_count, plain_design, split_by_place


def design_for(study: Study, n_runs: int, seed: int) -> Design:
    """The study's own design, or a space-filling one over the bounds, inside the domain that its need declares.

    Training rows follow a scrambled Sobol sequence; held-out rows are an independent Latin hypercube.

    Parameters
    ----------
    study : Study
    n_runs : int
        At least 16; a quarter of them is held out. A study that draws its own design may give fewer, and hold out other shares.
    seed : int
        Same seed, same rows.

    Returns
    -------
    Design

    Raises
    ------
    UnusableInputError
        If there are too few runs, or the study cannot draw so many.
    """
    if n_runs < MINIMUM_RUNS:
        raise UnusableInputError(f"n_runs is {n_runs}; at least {MINIMUM_RUNS} runs are needed to fit and to judge")
    study = with_need(study, study.need)
    if study.draw is not None:
        return study.draw(n_runs, seed)
    n_held_out = held_out_count(n_runs)
    training = sobol(study.columns, n_runs - n_held_out, seed)
    held_out = latin_hypercube(study.columns, n_held_out, seed + 1)
    rows = np.concatenate([training, held_out])
    return plain_design(rows, np.arange(n_runs) >= n_runs - n_held_out)


def sobol(variables: tuple[Variable, ...], n: int, seed: int) -> np.ndarray:
    """Scrambled Sobol sequence over the bounds, ``[n, d]``.

    Parameters
    ----------
    variables : tuple of Variable
        One for each column; a choice gets the numbers of its values, equally often.
    n : int
        Rows: the first of a sequence of the next power of two.
    seed : int
        Of the scrambling.

    Returns
    -------
    array [n, d]
        In the units of the variables.
    """
    from scipy.stats import qmc

    points = int(np.ceil(np.log2(max(n, 2))))
    unit = qmc.Sobol(len(variables), scramble=True, rng=seed).random_base2(points)[:n]
    return scale(variables, unit)


def latin_hypercube(variables: tuple[Variable, ...], n: int, seed: int) -> np.ndarray:
    """Latin hypercube over the bounds, ``[n, d]``.

    Parameters
    ----------
    variables : tuple of Variable
        One for each column; a choice gets the numbers of its values, equally often.
    n : int
        Rows: of n equal parts of the bounds of a variable, each has one.
    seed : int

    Returns
    -------
    array [n, d]
        In the units of the variables.
    """
    from scipy.stats import qmc

    return scale(variables, qmc.LatinHypercube(len(variables), rng=seed).random(n))


def scale(variables: tuple[Variable, ...], unit: np.ndarray) -> np.ndarray:
    """Map the unit cube to the bounds; a choice gets each of its values equally often."""
    columns = []
    for variable, u in zip(variables, unit.T, strict=True):
        if variable.choices:
            columns.append(np.minimum(np.floor(u * len(variable.choices)), len(variable.choices) - 1))
        else:
            columns.append(variable.low + u * (variable.high - variable.low))
    return np.stack(columns, axis=1)


def from_table(
    inputs: np.ndarray, seed: int, groups: np.ndarray | None = None, finished: np.ndarray | None = None
) -> Design:
    """A design of given rows; a quarter of them, drawn at random, is held out.

    Parameters
    ----------
    inputs : array [n, d]
    seed : int
        Of the draw.
    groups : array of str [n], optional
        Rows of one group are held out together; rows that are all but one are where it is absent.
    finished : array of bool [n], optional
        Runs that gave an answer; all of them by default.

    Raises
    ------
    UnusableInputError
        If there are fewer than `MINIMUM_RUNS` of them.
    """
    done = np.ones(len(inputs), dtype=bool) if finished is None else finished
    if done.sum() < MINIMUM_RUNS:
        failed = f" ({(~done).sum()} more failed)" if not done.all() else ""
        raise UnusableInputError(f"the table has {done.sum()} rows{failed}; at least {MINIMUM_RUNS} are needed")
    if groups is not None:
        return Design(inputs, split_by_place(groups, seed), np.full(len(inputs), -1, dtype=np.int64), groups)
    row = near_duplicates(inputs)
    if row.max() + 1 == len(inputs):
        design = plain_design(inputs, np.zeros(len(inputs), dtype=bool))
        return replace(design, held_out=split_by_place(design.places, seed))
    # The same inputs logged twice must not stand on both sides of the split.
    places = np.array([f"input {number}" for number in row])
    return Design(inputs, split_by_place(places, seed), np.full(len(inputs), -1, dtype=np.int64), places)
