"""Runs that are made twice before a campaign: a solver that answers the same inputs differently is found out.

What it answers differently is its noise: no answer can be held to less, the full physics included.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from frugal.experiments.study import Study
from frugal.experiments.study.design import Design

#: So many points find a solver that is random for one in ten inputs with a probability of 95 % (1 - 0.9 ** 29), and one that is
#: random once in ten calls surely: the calls of a pair follow each other.
POINTS = 29
#: A dear solver is repeated at fewer: within this share of what its campaign computes, but at these all the same; one whose
#: runs last a minute, once.
SHARE_OF_RUNS, FEWEST_POINTS = 0.05, 5
ENOUGH_CPU_SECONDS, ONE_POINT_CPU_SECONDS = 2.0, 60.0
#: Differences below this part of the largest value of an output are round-off: sums of threads come in another order.
ROUND_OFF = 1e-9


@dataclass(frozen=True)
class Repeats:
    """Outputs of the same inputs, made twice: arrays ``[k, m]``, runs that failed left out."""

    first: np.ndarray
    second: np.ndarray

    def __len__(self) -> int:
        return len(self.first)

    def relative_differences(self, study: Study) -> dict[str, float]:
        """By output, the largest difference over its largest value; 0 where all are the same, undefined values too."""
        found = {}
        for name, columns in study.output_slices().items():
            first, second = self.first[:, columns], self.second[:, columns]
            apart = np.where(np.isnan(first) & np.isnan(second), 0.0, np.abs(first - second))
            apart = np.where(np.isnan(apart), np.inf, apart)  # defined in one of the two alone
            size = float(np.nanmax(np.abs(first))) if np.isfinite(first).any() else 0.0
            largest = float(apart.max()) if apart.size else 0.0
            found[name] = largest / size if size > 0 else (np.inf if largest > 0 else 0.0)
        return found

    def differ(self, study: Study) -> bool:
        """Some output differs by more than round-off."""
        return any(apart > ROUND_OFF for apart in self.relative_differences(study).values())


def points_for(runs: int, seconds: float) -> int:
    """Number of points at which a solver is run twice.

    Parameters
    ----------
    runs : int
        Of the campaign.
    seconds : float
        CPU seconds of one run; NaN where every run that was tried fails.
    """
    if not np.isfinite(seconds):
        return 0
    if seconds > ONE_POINT_CPU_SECONDS:
        return 1
    allowed = max(ENOUGH_CPU_SECONDS, SHARE_OF_RUNS * runs * seconds)
    return int(min(np.clip(allowed / (2 * max(seconds, 1e-9)), FEWEST_POINTS, POINTS), runs))


def repeat(study: Study, design: Design, points: int) -> Repeats:
    """Run some rows of a design twice, each pair one after the other.

    Parameters
    ----------
    study : Study
    design : Design
        Rows all over it are taken, the first among them.
    points : int

    Returns
    -------
    Repeats
        A run that fails is left to the campaign, which books it.
    """
    pairs = []
    for row in np.unique(np.linspace(0, len(design) - 1, max(points, 0)).astype(int)):
        try:
            pair = [study.run(design.inputs[row], int(design.object_ids[row])) for _ in range(2)]
        except MemoryError:
            raise
        except (Exception, SystemExit):
            continue
        pairs.append(pair)
    both = np.array(pairs).reshape(len(pairs), 2, study.output_size)
    return Repeats(both[:, 0], both[:, 1])
