"""Designs of experiment: which inputs to run, and which of the runs are held out."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import numpy as np

from frugal.errors import UnusableInputError
from frugal.experiments.study import Study, Variable

#: Share of the runs that no candidate sees before it is judged.
HELD_OUT_SHARE = 0.25


@dataclass(frozen=True)
class Design:
    """Rows to run.

    Parameters
    ----------
    inputs : float64 [n, d]
        In the units of the study's variables.
    held_out : bool [n]
        Rows that are kept for judging.
    subjects : int64 [n]
        Number of the real object each row is about; -1 where the inputs say everything.
    places : str [n]
        Where the object is (a surface model, a tile, a transect); empty where there is no place. A place is either wholly
        held out or not at all.
    """

    inputs: np.ndarray
    held_out: np.ndarray
    subjects: np.ndarray
    places: np.ndarray

    def __post_init__(self) -> None:
        n = len(self.inputs)
        for name in ("held_out", "subjects", "places"):
            if len(getattr(self, name)) != n:
                raise ValueError(f"{name} has {len(getattr(self, name))} rows, inputs have {n}")

    def __len__(self) -> int:
        return len(self.inputs)

    def hash(self) -> str:
        """Hash of every row."""
        digest = hashlib.sha256()
        for array in (self.inputs, self.held_out, self.subjects):
            digest.update(np.ascontiguousarray(array).tobytes())
        digest.update("\n".join(map(str, self.places)).encode())
        return digest.hexdigest()


def plain_design(inputs: np.ndarray, held_out: np.ndarray) -> Design:
    """A design whose inputs say everything: no objects, no places."""
    n = len(inputs)
    return Design(inputs, held_out, np.full(n, -1, dtype=np.int64), np.full(n, "", dtype="U1"))


def design_for(study: Study, n_runs: int, seed: int) -> Design:
    """The study's own design, or a space-filling one over the bounds.

    Training rows follow a scrambled Sobol sequence; held-out rows are an independent Latin hypercube.
    """
    if n_runs < MINIMUM_RUNS:
        raise UnusableInputError(f"n_runs is {n_runs}; at least {MINIMUM_RUNS} runs are needed to fit and to judge")
    if study.draw is not None:
        return study.draw(n_runs, seed)
    n_held_out = held_out_count(n_runs)
    training = sobol(study.inputs, n_runs - n_held_out, seed)
    held_out = latin_hypercube(study.inputs, n_held_out, seed + 1)
    rows = np.concatenate([training, held_out])
    return plain_design(rows, np.arange(n_runs) >= n_runs - n_held_out)


#: Fewer runs than this cannot be split into a training part and a held-out part that mean anything.
MINIMUM_RUNS = 16


def held_out_count(n_runs: int) -> int:
    """Number of runs to hold out of ``n_runs``."""
    return max(4, round(HELD_OUT_SHARE * n_runs))


def sobol(variables: tuple[Variable, ...], n: int, seed: int) -> np.ndarray:
    """Scrambled Sobol sequence over the bounds, ``[n, d]``."""
    from scipy.stats import qmc

    points = int(np.ceil(np.log2(max(n, 2))))
    unit = qmc.Sobol(len(variables), scramble=True, rng=seed).random_base2(points)[:n]
    return scale(variables, unit)


def latin_hypercube(variables: tuple[Variable, ...], n: int, seed: int) -> np.ndarray:
    """Latin hypercube over the bounds, ``[n, d]``."""
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


def split_by_place(places: np.ndarray, seed: int, share: float = HELD_OUT_SHARE) -> np.ndarray:
    """Hold out whole places until they make up ``share`` of the rows; a single place is split at random.

    Returns
    -------
    bool [n]
    """
    rng = np.random.default_rng(seed)
    names = np.unique(places)
    if len(names) < 2:
        held_out = np.zeros(len(places), dtype=bool)
        held_out[rng.permutation(len(places))[: held_out_count(len(places))]] = True
        return held_out
    held_out = np.zeros(len(places), dtype=bool)
    for name in rng.permutation(names)[:-1]:
        if held_out.mean() >= share:
            break
        held_out |= places == name
    return held_out


def from_table(inputs: np.ndarray, seed: int) -> Design:
    """A design of given rows; a quarter of them, drawn at random, is held out."""
    if len(inputs) < MINIMUM_RUNS:
        raise UnusableInputError(f"the table has {len(inputs)} rows; at least {MINIMUM_RUNS} are needed")
    design = plain_design(inputs, np.zeros(len(inputs), dtype=bool))
    return replace(design, held_out=split_by_place(design.places, seed))
