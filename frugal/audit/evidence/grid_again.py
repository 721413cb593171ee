"""What the grid of the solver errs by, computed again from the runs on other cells that a bundle keeps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from frugal.audit.evidence.differences import check_same
from frugal.candidates.grid_error import GridError, grid_errors_in
from frugal.candidates.json_object import JsonObject
from frugal.errors import NotAssessedError, UnusableInputError
from frugal.experiments.runs.store import Runs
from frugal.experiments.study import Study
from frugal.formats.files.json_files import finite
from frugal.metering.ledger.ledger import Entry
from frugal.surrogates.bundle.held_out import GRID_RUNS, read_held_out
from frugal.surrogates.measurement.grid_errors import grid_errors


def check_grid_errors(folder: Path, study: Study, runs: Runs, ledger: Sequence[Entry]) -> None:
    """Hold the runs on other cells against the runs of a bundle, and the grid errors of its ledger against both.

    Parameters
    ----------
    folder : Path
        Of the bundle; an older one has neither such runs nor such errors.
    study : Study
    runs : Runs
        All of the bundle.
    ledger : sequence of Entry

    Raises
    ------
    NotAssessedError
        If one of them lacks, or naming the first difference.
    """
    path, told = folder / GRID_RUNS, grid_errors_in(ledger)
    if not path.is_file() and told is None:
        return
    if not path.is_file():
        raise NotAssessedError(f"'{path}' is missing: without it the grid error of the solver cannot be computed again")
    if told is None:
        raise NotAssessedError(f"the ledger does not hold what the grid of '{path}' errs by: it was taken out")
    try:
        found = read_held_out(path, study.outputs)
    except UnusableInputError as fault:
        raise NotAssessedError(str(fault)) from fault
    held_out = runs.held_out
    known = {int(number): row for row, number in enumerate(held_out.numbers)}
    own = [known.get(int(number), -1) for number in found.runs]
    if min(own, default=-1) < 0 or not np.array_equal(found.truth, held_out.outputs[own]):
        raise NotAssessedError(f"'{path}' does not hold held-out runs of 'runs.zarr'")
    if not {"finer", "coarser"} <= found.answers.keys():
        raise NotAssessedError(f"'{path}' does not hold what finer and coarser cells answer")
    answers = {name: np.asarray(values, dtype=float) for name, values in found.answers.items()}
    again = grid_errors(study, found.truth, answers["finer"], answers["coarser"])
    check_same("ledger.jsonl", "grid errors", sorted(told), sorted(again), f"'{GRID_RUNS}'")
    for name, error in again.items():
        written = GridError.read(JsonObject(finite(error.to_json()), "ledger.jsonl"))
        check_same("ledger.jsonl", f"the grid error of {name}", asdict(told[name]), asdict(written), f"'{GRID_RUNS}'")
