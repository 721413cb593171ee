"""The best AI fitted again with other seeds: does the verdict hang on the luck of one fit?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from frugal.candidates.decision import Decision
from frugal.candidates.row import CandidateRow
from frugal.experiments.study import Study
from frugal.metering.meter import Meter
from frugal.reporting.progress import Reporter
from frugal.surrogates.fitting.judging import Judging
from frugal.surrogates.frugality_checks.budget import Budget, told
from frugal.surrogates.frugality_checks.refit import fit_parts, learner_for

#: Fits of each candidate with other seeds. A verdict that one fit in three would turn is found out with a probability of 87 %.
OTHER_SEEDS = 5
#: AI candidates that are fitted again: the best one and the next.
MOST_CANDIDATES = 2
#: CPU seconds that all of these fits may take.
BUDGET_CPU_SECONDS = 120.0
#: An AI whose error is more than so many times its limit is not fitted again: no seed makes up for that.
FAR_BEYOND = 2.0

STAGE = "practice"


def with_other_seeds(
    study: Study,
    judging: Judging,
    rows: Sequence[CandidateRow],
    decision: Decision,
    meter: Meter,
    seed: int,
    reporter: Reporter,
    budget_cpu_seconds: float = BUDGET_CPU_SECONDS,
) -> list[CandidateRow]:
    """The rows, the best AI with what it errs when it is fitted with other seeds; as many as the budget allows.

    Parameters
    ----------
    study : Study
    judging : Judging
        As the ladder was judged.
    rows : sequence of CandidateRow
        The ladder as just measured.
    decision : Decision
        Of the first call pattern.
    meter : Meter
        Books the fits under the stage ``practice``.
    seed : int
        Of the campaign; the others follow it.
    reporter : Reporter
    budget_cpu_seconds : float

    Returns
    -------
    list of CandidateRow
    """
    chosen = near_the_need(rows, decision)
    budget = Budget(budget_cpu_seconds)
    reporter.stage("other_seeds", OTHER_SEEDS * len(chosen))
    found: dict[str, list[float]] = {row.name: [] for row in chosen}
    for number in range(1, OTHER_SEEDS + 1):
        for row in chosen:
            started = budget.spent_cpu_seconds
            if len(found[row.name]) == number - 1:  # a fit that failed ends the series of its candidate
                found[row.name] += _refitted(study, judging, row, meter, seed, seed + number)
            reporter.step(sum(map(len, found.values())), row.name)
            if budget.refusal(budget.spent_cpu_seconds - started) is not None:
                return _with(rows, found)
    return _with(rows, found)


def _with(rows: Sequence[CandidateRow], found: Mapping[str, Sequence[float]]) -> list[CandidateRow]:
    return [replace(row, other_seeds=tuple(found.get(row.name, ()))) for row in rows]


def _refitted(study: Study, judging: Judging, row: CandidateRow, meter: Meter, seed: int, other: int) -> list[float]:
    """What is held of the error of one fit with another seed, over its tolerance; nothing where it fails or cannot be made."""
    learner = learner_for(study, row.name, other)
    if learner is None:
        return []
    with meter.stage(STAGE, row.name) as entry:
        entry.details = {"practice": "other_seeds", "seed": other}
        try:
            ratio = fit_parts([learner], list(judging.pairs())).error(study, seed, row.luck_of_choice).ratio
        except MemoryError:
            raise
        except Exception as fault:  # the verdict then rests on fewer seeds, and their number is told
            entry.message = told(fault)["en"]
            return []
    return [] if ratio is None else [ratio]


def near_the_need(rows: Sequence[CandidateRow], decision: Decision) -> list[CandidateRow]:
    """AI candidates that a verdict may hang on: the best one, and the most accurate of the others that are near their limit."""
    near = [row for row in rows if row.is_ai and row.works and row.value_ratio <= FAR_BEYOND]
    return sorted(near, key=lambda row: (row.name != decision.best_ai, row.error_ratio))[:MOST_CANDIDATES]
