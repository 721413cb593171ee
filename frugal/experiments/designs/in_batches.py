"""A design that is drawn batch by batch: what of each is fixed beforehand, how many runs can be placed where candidates err.

A quarter of each batch judges: points of a scrambled Sobol sequence, whatever the runs before have shown. So no run that judges
was chosen by the errors of a candidate. The first batches fill the bounds with that sequence, and which of their points judge
is drawn; in later ones what is learnt from can be placed, and the sequence goes on with what judges. Real objects that a study
draws cannot be placed: batches are then parts of its own design, in random order.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from frugal.errors import UnusableInputError
from frugal.experiments.designs.sampling import sobol
from frugal.experiments.needs.domain import with_need
from frugal.experiments.study import Study
from frugal.experiments.study.design import MINIMUM_RUNS, Design, held_out_count, plain_design

#: Each batch makes the runs more by this share, and by four at the least.
GROWTH, FEWEST_ADDED = 0.2, 4
#: Settings of fits are searched anew when there are so many times the runs of the last search.
SEARCH_GROWTH = 1.5
#: Runs of the first batch for each column of the inputs and one more, and at the most; runs are placed once there are twice as
#: many for each.
FIRST_PER_COLUMN, MOST_FIRST, PLACED_PER_COLUMN = 2, 32, 4


def runs_asked(wanted: str | int | None) -> tuple[int | None, bool]:
    """How many runs are asked for, None for the study's number, and whether these are the most of a campaign in batches.

    Parameters
    ----------
    wanted : str or int, optional
        A positive whole number; ``auto``, or ``auto:N`` with such a number.

    Raises
    ------
    UnusableInputError
        If it is something else.
    """
    if wanted is None or wanted == "auto":
        return None, wanted is not None
    text = str(wanted)
    number = text.removeprefix("auto:")
    if not number.isascii() or not number.isdigit() or int(number) == 0:
        raise UnusableInputError(
            f"--n-runs '{text}' must be a positive whole number, 'auto' or 'auto:N' with such a number"
        )
    return int(number), number != text


@dataclass(frozen=True)
class Batches:
    """Batches of a study up to a number of runs.

    Parameters
    ----------
    study : Study
    ceiling : int
        Runs at the most.
    seed : int
    placing : bool
        Runs can be placed at all.

    Raises
    ------
    UnusableInputError
        If the ceiling is below the least number of runs, or the study has no limit that errors could meet.
    """

    study: Study
    ceiling: int
    seed: int
    placing: bool = True

    def __post_init__(self) -> None:
        if self.ceiling < MINIMUM_RUNS:
            raise UnusableInputError(
                f"n_runs is {self.ceiling}; at least {MINIMUM_RUNS} runs are needed to fit and to judge"
            )
        if not self.study.need.tolerances:
            raise UnusableInputError(
                f"--n-runs auto stops where the need is met, and that of study '{self.study.name}' has no tolerance: "
                "declare one, or give a number of runs"
            )
        object.__setattr__(self, "study", with_need(self.study, self.study.need))

    @cached_property
    def drawn(self) -> Design | None:
        """The study's own design at the ceiling, None where it has none."""
        return None if self.study.draw is None else self.study.draw(self.ceiling, self.seed)

    @cached_property
    def most(self) -> int:
        """Runs at the most: the ceiling, or what the study draws for it."""
        return self.ceiling if self.drawn is None else len(self.drawn)

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """Runs after each batch; a rest too small for a batch of its own joins the last."""
        columns = len(self.study.columns) + 1
        first = int(np.clip(FIRST_PER_COLUMN * columns, MINIMUM_RUNS, MOST_FIRST))
        found = [min(first, self.most)]
        while found[-1] < self.most:
            more = max(FEWEST_ADDED, math.ceil(GROWTH * found[-1]))
            found.append(found[-1] + more if self.most - found[-1] - more >= FEWEST_ADDED else self.most)
        return tuple(found)

    def __len__(self) -> int:
        return len(self.sizes)

    def searched(self, number: int) -> int:
        """The last batch, up to this one, after which settings of fits are searched: when runs have grown enough."""
        last = 0
        for k in range(number + 1):
            if self.sizes[k] >= SEARCH_GROWTH * self.sizes[last]:
                last = k
        return last

    def before(self, number: int) -> int:
        """Runs before a batch, numbered from 0."""
        return self.sizes[number - 1] if number else 0

    def places(self, number: int) -> int:
        """Runs of a batch that can be placed; 0 where it fills the bounds, or the study draws its own."""
        if self.drawn is not None or number == 0 or not self.placing:
            return 0
        if self.before(number) < PLACED_PER_COLUMN * (len(self.study.columns) + 1):
            return 0
        return self._learnt(number) - self._learnt(number - 1)

    def filling(self, number: int) -> Design:
        """A batch none of whose runs is placed."""
        judging, learning = self.judging(number), self._learning(number)
        return Design.joined([learning, judging])

    def with_placed(self, number: int, inputs: np.ndarray) -> Design:
        """A batch whose learning runs ``[k, d]`` were placed; where they are fewer than they can be, the bounds are filled."""
        placed = plain_design(inputs, np.zeros(len(inputs), dtype=bool))
        filling = self._learning(number).take(np.arange(self.places(number)) >= len(inputs))
        placed = replace(placed, added=np.ones(len(inputs), dtype=bool))
        return Design.joined([placed, filling, self.judging(number)])

    def judging(self, number: int) -> Design:
        """The runs of a batch that judge."""
        start, stop = (self.sizes[k] - self._learnt(k) if k >= 0 else 0 for k in (number - 1, number))
        if self.drawn is not None:
            return self.drawn.take(self._orders[1][start:stop])
        rows, judges = self._next_points(number)
        return plain_design(rows[judges], np.ones(int(judges.sum()), dtype=bool))

    def _learning(self, number: int) -> Design:
        """The runs of a batch that are learnt from, as they fill the bounds."""
        start, stop = (self._learnt(k) if k >= 0 else 0 for k in (number - 1, number))
        if self.drawn is not None:
            return self.drawn.take(self._orders[0][start:stop])
        if self.places(number):
            rows = sobol(self.study.columns, max(stop, 1), self.seed + 1)[start:stop]
        else:
            points, judges = self._next_points(number)
            rows = points[~judges]
        return plain_design(rows, np.zeros(len(rows), dtype=bool))

    def _next_points(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        """What a batch takes of the sequence ``[k, d]``, and which of these points judge ``[k]``."""
        taken, size, judging = 0, 0, 0
        for k in range(number + 1):
            taken += size
            size = self.sizes[k] - self.before(k)
            judging = size - (self._learnt(k) - (self._learnt(k - 1) if k else 0))
            size = judging if self.places(k) else size
        judges = np.zeros(size, dtype=bool)
        judges[np.random.default_rng([self.seed, number]).permutation(size)[:judging]] = True
        return sobol(self.study.columns, taken + size, self.seed)[taken:], judges

    def _learnt(self, number: int) -> int:
        """Runs that do not judge after a batch."""
        size = self.sizes[number]
        if self.drawn is None:
            return size - held_out_count(size)
        judging = int(self.drawn.held_out.sum())
        return size - min(judging, max(round(size * judging / len(self.drawn)), size - (len(self.drawn) - judging), 4))

    @cached_property
    def _orders(self) -> tuple[np.ndarray, np.ndarray]:
        """Rows of the study's own design that are learnt from and that judge, each in random order."""
        assert self.drawn is not None
        rng = np.random.default_rng(self.seed)
        rows = (np.flatnonzero(~self.drawn.held_out), np.flatnonzero(self.drawn.held_out))
        return rng.permutation(rows[0]), rng.permutation(rows[1])
