"""A design of experiment: which inputs to run, on which real objects, and which of the runs are held out."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

#: What stands between the name of a survey and the number of one of its tiles, in the name of a place.
TILE = " tile "

#: What held-out runs of places that were learnt from are called: together they are one place, and none that is new.
KNOWN_PLACE = "places that were learnt from"

#: Share of the runs that no candidate sees before it is judged.
HELD_OUT_SHARE = 0.25

#: Fewer runs than this cannot be split into a training part and a held-out part that mean anything.
MINIMUM_RUNS = 16


@dataclass(frozen=True)
class Design:
    """Rows to run.

    Parameters
    ----------
    inputs : float64 [n, d]
        In the units of the study's variables.
    held_out : bool [n]
        Rows that are kept for judging.
    object_ids : int64 [n]
        Number of the real object each row is about; -1 where the inputs say everything.
    places : str [n]
        Where the object is (a surface model, a tile, a transect); empty where there is no place. A place is either wholly
        held out or not at all.
    added : bool [n]
        Rows that were placed where candidates err: they are learnt from, and judge nothing. None where nothing is said.
    """

    inputs: np.ndarray
    held_out: np.ndarray
    object_ids: np.ndarray
    places: np.ndarray
    added: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=bool))

    def __post_init__(self) -> None:
        n = len(self.inputs)
        if not len(self.added):
            object.__setattr__(self, "added", np.zeros(n, dtype=bool))
        for name in ("held_out", "object_ids", "places", "added"):
            if len(getattr(self, name)) != n:
                raise ValueError(f"{name} has {len(getattr(self, name))} rows, inputs have {n}")

    def __len__(self) -> int:
        return len(self.inputs)

    def take(self, rows: np.ndarray) -> Design:
        """The rows that a mask ``bool [n]`` picks."""
        return Design(
            self.inputs[rows], self.held_out[rows], self.object_ids[rows], self.places[rows], self.added[rows]
        )

    @classmethod
    def joined(cls, designs: Sequence[Design]) -> Design:
        """The rows of several, one after the other."""
        return cls(
            **{name: np.concatenate([getattr(one, name) for one in designs]) for name in cls.__dataclass_fields__}
        )

    def hash(self) -> str:
        """Hash of every row."""
        digest = hashlib.sha256()
        for array in (self.inputs, self.held_out, self.object_ids):
            digest.update(np.ascontiguousarray(array).tobytes())
        digest.update("\n".join(map(str, self.places)).encode())
        if self.added.any():
            digest.update(np.ascontiguousarray(self.added).tobytes())
        return digest.hexdigest()


def survey_of(place: str) -> str:
    """The survey that a place is a tile of; the place itself where it is none."""
    survey, _, number = place.rpartition(TILE)
    return survey if survey and number.isdigit() else place


def plain_design(inputs: np.ndarray, held_out: np.ndarray) -> Design:
    """A design whose inputs say everything: no objects, no places."""
    n = len(inputs)
    return Design(inputs, held_out, np.full(n, -1, dtype=np.int64), np.full(n, "", dtype="U1"))


def held_out_count(n_runs: int) -> int:
    """Number of runs to hold out of ``n_runs``."""
    return max(4, round(HELD_OUT_SHARE * n_runs))


def split_by_place(places: np.ndarray, seed: int, share: float = HELD_OUT_SHARE) -> np.ndarray:
    """Hold out whole places until they make up ``share`` of the rows; a single place is split at random.

    Parameters
    ----------
    places : array of str [n]
        Place of each row.
    seed : int
        Of the order in which places are taken; same seed, same split.
    share : float
        Of the rows, 0 to 1: places are taken until it is reached, and one always stays to learn from. Where there is only one
        place, `held_out_count` says how many of its rows are held out.

    Returns
    -------
    bool [n]
    """
    rng = np.random.default_rng(seed)
    names, member, counts = np.unique(places, return_inverse=True, return_counts=True)
    if len(names) < 2:
        held_out = np.zeros(len(places), dtype=bool)
        held_out[rng.permutation(len(places))[: held_out_count(len(places))]] = True
        return held_out
    order = rng.permutation(len(names))
    before = np.cumsum(counts[order]) - counts[order]
    taken = np.zeros(len(names), dtype=bool)
    taken[order[:-1][before[:-1] / len(places) < share]] = True
    return np.asarray(taken[member.ravel()])
