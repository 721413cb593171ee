"""Try the practices on the candidates that matter, within a budget, and book what it takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from frugal.candidates.decision import Decision
from frugal.candidates.row import CandidateRow
from frugal.experiments.study import Study
from frugal.metering.ledger.ledger import Entry
from frugal.metering.meter import Meter
from frugal.reporting.progress import Reporter
from frugal.surrogates.bundle.bundle import Bundle
from frugal.surrogates.fitting.judging import Judging
from frugal.surrogates.fitting.model import Skipped
from frugal.surrogates.frugality_checks.budget import Budget, Reason
from frugal.surrogates.frugality_checks.fewer_inputs import inputs_dropped
from frugal.surrogates.frugality_checks.fewer_runs import learning_curve
from frugal.surrogates.frugality_checks.refit import Fits, Learner, learner_for
from frugal.surrogates.frugality_checks.smaller_files import compression
from frugal.surrogates.ladder.build import AGAIN_ON_ALL
from frugal.texts import room_texts

_TEXTS = room_texts("frugal.surrogates")

#: CPU seconds that the practices may take together.
BUDGET_CPU_SECONDS = 240.0

STAGE = "practice"


def run_frugality_checks(
    study: Study,
    bundle: Bundle,
    judging: Judging,
    answers: Mapping[str, np.ndarray],
    rows: Sequence[CandidateRow],
    decision: Decision,
    meter: Meter,
    seed: int,
    reporter: Reporter,
    budget_cpu_seconds: float = BUDGET_CPU_SECONDS,
) -> dict[str, Any]:
    """Learning curve, fewer inputs and smaller files of the best AI and of the winner.

    Parameters
    ----------
    study : Study
        With its alternatives where they are at hand.
    bundle : Bundle
    judging : Judging
        As the ladder was judged.
    answers : mapping of str to array [n, m]
        What each candidate was judged by.
    rows : sequence of CandidateRow
        The ladder as just measured.
    decision : Decision
        Of the first call pattern.
    meter : Meter
        Books every practice under the stage ``practice``.
    seed : int
        Of the campaign, so that the fit to all runs is that of the ladder.
    reporter : Reporter
    budget_cpu_seconds : float
        What does not fit is left out, with the reason.

    Returns
    -------
    dict
        Plain values without infinities. ``complete`` says that nothing was left out for want of budget and nothing failed.
    """
    budget = Budget(budget_cpu_seconds)
    chosen = studied(rows, decision)
    reporter.stage("practices", 3 * len(chosen))
    candidates = {}
    for number, row in enumerate(chosen):
        work = _Candidate(study, bundle, judging, answers.get(row.name), row, meter, seed, budget)
        candidates[row.name] = work.measure(reporter, 3 * number)
    return {
        "budget_cpu_seconds": budget.cpu_seconds,
        "spent_cpu_seconds": budget.spent_cpu_seconds,
        "complete": budget.complete,
        "candidates": candidates,
    }


def studied(rows: Sequence[CandidateRow], decision: Decision) -> list[CandidateRow]:
    """The best AI, or the AI with the smallest error where none meets the need, and the winner.

    Candidates that neither learn from runs nor have a graph are left out: there is nothing to make smaller.
    """
    works = {row.name: row for row in rows if row.works}
    best = decision.best_ai
    if best is None:
        tried = [row for row in works.values() if row.is_ai]
        best = min(tried, key=lambda row: row.error_ratio).name if tried else None
    chosen = [works[name] for name in dict.fromkeys((best, decision.winner)) if name in works]
    return [row for row in chosen if row.needs_runs or row.graph]


@dataclass
class _Candidate:
    """One candidate on whom the practices are tried."""

    study: Study
    bundle: Bundle
    judging: Judging
    answers: np.ndarray | None
    row: CandidateRow
    meter: Meter
    seed: int
    budget: Budget
    fits: Fits | None = None

    def measure(self, reporter: Reporter, done: int) -> dict[str, Any]:
        """Every practice, or why it is left out."""
        result: dict[str, Any] = {}
        skipped: dict[str, Reason] = {}
        parts = (
            ("learning_curve", self._curve),
            ("inputs_dropped", self._inputs),
            ("compression", self._compression),
        )
        for number, (name, part) in enumerate(parts):
            reporter.step(done + number, f"{self.row.name}: {name}")
            result[name], reason = self._tried(name, part)
            if reason is not None:
                skipped[name] = reason
        return {**result, "skipped": skipped}

    def _tried(
        self, name: str, part: Callable[[], tuple[dict[str, Any] | None, Reason | None]]
    ) -> tuple[dict[str, Any] | None, Reason | None]:
        try:
            with self.meter.stage(STAGE, self.row.name) as entry:
                found, reason = part()
                entry.details = {"practice": name}
                entry.message = "" if reason is None else reason["en"]
                return found, reason
        except Skipped as skipped:
            return None, skipped.reason
        except MemoryError:
            raise
        except Exception as fault:  # a practice that fails leaves the measurements that were made
            return None, self.budget.failure(fault)

    def _learner(self) -> Learner | None:
        found = learner_for(self.study, self.row.name, self.seed)
        return None if found is None else replace(found, luck=self.row.luck_of_choice)

    def _curve(self) -> tuple[dict[str, Any] | None, Reason | None]:
        learner = self._learner()
        if learner is None:
            return None, _TEXTS.say("check.not_learnt")
        if not self.study.need.tolerances:
            return None, _TEXTS.say("check.no_tolerance")
        # without the solver at hand, nobody knows where the order of the rows comes from
        in_sequence = (
            self.study.solve is not None and self.study.draw is None and bool((self.judging.runs.object_ids < 0).all())
        )
        pairs = list(self.judging.pairs())
        curve, reason, self.fits = learning_curve(learner, pairs, self.budget, self._booked_fit(), in_sequence)
        return curve, reason

    def _inputs(self) -> tuple[dict[str, Any] | None, Reason | None]:
        learner = self._learner()
        if learner is None:
            return None, _TEXTS.say("check.not_learnt")
        if learner.model is None:
            return None, _TEXTS.say("check.own_inputs")
        if not self.study.need.tolerances:
            return None, _TEXTS.say("check.no_tolerance")
        return inputs_dropped(learner, self.fits, list(self.judging.pairs()), self.budget, self._booked_fit())

    def _compression(self) -> tuple[dict[str, Any] | None, Reason | None]:
        if self.row.graph is None:
            return None, self.row.graph_reason or _TEXTS.say("check.no_graph")
        model = self.bundle.model_path(self.row.name).read_bytes()
        rows = self.row.query[self.study.need.call_patterns[0].name].rows
        runs, held_out, luck = self.judging.runs, self.judging.judged, self.row.luck_of_choice
        return compression(self.study, model, rows, runs, held_out, self.budget, self.seed, None, self.answers, luck)

    def _booked_fit(self) -> float:
        """CPU seconds that the fit of this candidate was booked for, its search included."""
        return booked_fit(self.meter.ledger.entries(), self.row)


def booked_fit(entries: Sequence[Entry], row: CandidateRow) -> float:
    """CPU seconds of the last fit of a candidate with its search, from the ledger; of all its fits where it has no line."""
    found = [e for e in entries if e.stage == "fit" and e.candidate == row.name and e.message != AGAIN_ON_ALL]
    return float(found[-1].total_cpu_seconds if found else row.fixed_parts.get("fit", 0.0))
