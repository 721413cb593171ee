"""Everything of a bundle that can be computed again, computed again, before its audit prints it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from frugal.audit.evidence.answered_again import check_errors, check_graphs, check_split, kept_answers
from frugal.audit.evidence.decided_again import check_decisions, check_ladder, check_need
from frugal.audit.evidence.grid_again import check_grid_errors
from frugal.candidates.comparison import Comparison, read_comparison
from frugal.errors import NotAssessedError, UnusableInputError
from frugal.experiments.runs.store import Runs, read_runs
from frugal.metering.ledger.hash_chain import check_chain, check_seal
from frugal.metering.ledger.ledger import Entry, Ledger
from frugal.surrogates.bundle.bundle import RUNS, Bundle, bare_study
from frugal.surrogates.bundle.script_file import script_fault
from frugal.surrogates.measurement.noise import noise_of


def recheck(bundle: Bundle, evaluation: Path | None = None) -> None:
    """Take the decision of a bundle again, and compute again what it rests on.

    Parameters
    ----------
    bundle : Bundle
        Opened: its files are those under its checksums.
    evaluation : Path, optional
        The evaluation that the audit judges by. Then ``candidates.json`` is looked at too, except where an earlier version
        wrote it, whose rules may have been others.

    Raises
    ------
    NotAssessedError
        Naming the first difference between what a file says and what comes out.
    """
    ledger = Ledger(bundle.path / "ledger.jsonl")
    try:
        entries = ledger.entries()
        study = bare_study(bundle.study)
        names = [variable.name for variable in study.inputs]
        runs = read_runs(bundle.path / RUNS, names, [output.name for output in study.outputs])
    except UnusableInputError as fault:
        raise NotAssessedError(str(fault)) from fault
    check_need(bundle.study, entries)
    check_grid_errors(bundle.path, study, runs, entries)
    campaign = bundle.path / "candidates.json"
    if evaluation is None or bundle.comparison.held_out:
        _recheck(bundle, campaign, bundle.comparison, runs, entries)
    if evaluation is not None:
        _recheck(bundle, evaluation, read_comparison(evaluation), runs, entries)
    unlike = script_fault(bundle.path)
    if unlike:
        raise NotAssessedError(unlike)


def _recheck(bundle: Bundle, file: Path, comparison: Comparison, runs: Runs, entries: list[Entry]) -> None:
    study, name = bare_study(bundle.study), file.name
    check_split(name, comparison, runs)
    check_ladder(name, study.need, comparison.ladder.rows)
    lines = Ledger(bundle.path / "ledger.jsonl").lines()
    # a ledger that was cut or altered fails points of the audit, which say how; nothing can be computed from it
    if not check_chain(lines) and not (comparison.ledger and check_seal(lines, comparison.ledger)):
        share = len(runs.training) / len(runs) if comparison.split.get("judged_by") is None else 1.0
        check_decisions(name, study.need, comparison, entries, share)
    answers = kept_answers(file, comparison, study, runs)
    if answers is not None:
        lenient = file.name != "candidates.json" and not bundle.comparison.held_out
        judged = runs.where(np.searchsorted(runs.numbers, answers.runs))
        check_errors(name, comparison, study, answers, judged.inputs, noise_of(entries), lenient)
    check_graphs(name, comparison, bundle, runs, answers)
