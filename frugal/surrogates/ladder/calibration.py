"""What an answer is told with: its interval, from residuals of runs that its fits had not seen, and its domain."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from frugal.candidates.interval import DomainBy, DomainTold
from frugal.candidates.row import CandidateRow
from frugal.experiments.runs.store import Runs
from frugal.experiments.study import Study
from frugal.surrogates.fitting.folds import kept_together
from frugal.surrogates.fitting.intervals import AnswerInterval, calibrated_interval, interval_from
from frugal.surrogates.fitting.near_runs import FILLED, NearRuns, near_runs
from frugal.surrogates.onnx.export import INTERVAL_LEVEL, Domain

#: Half-widths ``[n, m]`` of the answers to rows of inputs ``[n, d]``.
Widths = Callable[[np.ndarray], np.ndarray]
#: Share of the box that has to be inside where the program drew the design to fill it.
FILLED_BY_DESIGN = 0.8


@dataclass(frozen=True, eq=False)
class Surroundings:
    """Where the runs of a ladder lie: the same for all that learns from them.

    Parameters
    ----------
    low, high : array [d]
        Bounds of the study; of real objects, what of them the runs cover, and a fiftieth more.
    near : NearRuns, optional
        None where the bounds are all there is to it.
    by : str
        What says whether a question is inside.
    """

    low: np.ndarray
    high: np.ndarray
    near: NearRuns | None
    by: DomainBy

    @property
    def domain(self) -> Domain:
        """The domain of what learns from these runs."""
        return Domain(self.low, self.high, self.near)

    @property
    def told(self) -> DomainTold:
        """What is written of it."""
        if self.near is None:
            return DomainTold(self.by)
        return DomainTold(self.by, len(self.near.stored), self.near.pairs)


def surroundings(study: Study, runs: Runs, seed: int) -> Surroundings:
    """Look where runs lie.

    Parameters
    ----------
    study : Study
    runs : Runs
        All that what ships learns from.
    seed : int
        Of which of them are stored.
    """
    whole = declared(study)
    low, high = whole.low, whole.high
    if (runs.object_ids >= 0).any():
        seen_low, seen_high = runs.inputs.min(axis=0), runs.inputs.max(axis=0)
        margin = 0.02 * (seen_high - seen_low)
        low, high = np.maximum(low, seen_low - margin), np.minimum(high, seen_high + margin)
    # a design that was drawn to fill its bounds has a hole only where runs failed
    filled = FILLED_BY_DESIGN if study.solve is not None and study.draw is None else FILLED
    near, by = near_runs(runs.inputs, study.columns, kept_together(runs.places, runs.inputs), seed, filled)
    return Surroundings(low, high, near, by)


def declared(study: Study) -> Domain:
    """The bounds that a study declares: the domain of what needs no runs."""
    return Domain(np.array([v.low for v in study.columns]), np.array([v.high for v in study.columns]))


def interval_of(
    study: Study,
    residuals: np.ndarray,
    runs: Runs,
    seed: int,
    deviations: np.ndarray | None = None,
    model: object = None,
) -> AnswerInterval:
    """The interval of a candidate.

    Parameters
    ----------
    study : Study
    residuals : array [n, m]
        Truth less answer of these runs, each by a fit without it.
    runs : Runs
        The same, in the same order, their places as they were drawn.
    seed : int
    deviations, model
        As for `calibrated_interval`.
    """
    return calibrated_interval(
        residuals,
        runs.inputs,
        study.columns,
        [output.size for output in study.outputs],
        kept_together(runs.places, runs.inputs),
        INTERVAL_LEVEL,
        seed,
        deviations,
        model,
    )


def widths_of(row: CandidateRow, study: Study) -> Widths | None:
    """Half-widths as a ladder keeps them; None where only the graph of the candidate holds them."""
    if row.half_width is None:
        return None
    if row.interval is None:  # an older ladder: one width
        width = np.array(row.half_width)
        return lambda inputs: np.broadcast_to(width, (len(inputs), len(width)))
    found = interval_from(row.interval, row.half_width, [output.size for output in study.outputs], study.columns)
    return None if found is None else found.widths
