"""What the grid of a study's solver errs by: some held-out runs are made again on finer and coarser cells, booked, and kept."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from frugal.campaigns.told_errors import told_errors
from frugal.candidates.grid_error import FINER_CELLS, FINER_CELLS_MADE, newest_record
from frugal.errors import UnusableInputError
from frugal.experiments.execution.threads import Threads, default_threads
from frugal.experiments.fingerprint import fingerprint
from frugal.experiments.runs.resolutions import OtherCells, cases_among, cases_for, run_case
from frugal.experiments.runs.store import Runs
from frugal.experiments.study import Study
from frugal.formats.files.json_files import finite
from frugal.metering.meter import Meter
from frugal.reporting.progress import Reporter
from frugal.surrogates.bundle.held_out import GRID_RUNS, HeldOut, read_held_out, write_held_out
from frugal.surrogates.measurement.grid_errors import grid_errors
from frugal.texts import room_texts

_TEXTS = room_texts("frugal.campaigns")


def measure_grid(
    study: Study,
    runs: Runs,
    folder: Path,
    meter: Meter,
    reporter: Reporter,
    cases: int | None = None,
    threads: int | None = None,
) -> HeldOut | None:
    """Make some held-out runs again on other cells, book it as evaluation, and tell where the grid errs by much.

    What is finished is kept in the folder: a campaign that is taken up again makes only what is missing.

    Parameters
    ----------
    study : Study
    runs : Runs
        All finished ones.
    folder : Path
        Of the campaign.
    meter : Meter
    reporter : Reporter
    cases : int, optional
        Runs that are made again, 0 for none; by default as many as a tenth of the campaign's runs pays for, five at the most.
    threads : int, optional
        One per core by default.

    Returns
    -------
    HeldOut or None
        The runs, and what ``finer`` and ``coarser`` cells answered of them; None where nothing was measured.
    """
    seconds = float(np.nanmedian(runs.cpu_seconds)) if np.isfinite(runs.cpu_seconds).any() else float("nan")
    wanted = cases_for(study, len(runs), seconds) if cases is None else cases
    if study.finer is None or wanted == 0:
        _nothing(meter)
        return None
    held_out = runs.held_out
    rows = cases_among(study, held_out, wanted)
    path = folder / f"grid_runs-{_version(study)}.nc"
    known = _kept(path, study, held_out.where(rows))
    missing = [int(row) for row in rows if int(held_out.numbers[row]) not in known]
    failed: dict[str, str] = {}
    if missing:
        _make(study, held_out, missing, known, failed, path, meter, reporter, threads or default_threads())
    rows = np.array([row for row in rows if int(held_out.numbers[row]) in known], dtype=np.int64)
    if not len(rows):
        if failed:
            reporter.note(_TEXTS.say("grid.failed", fault=next(iter(failed.values()))))
        _nothing(meter, failed)
        return None
    found = _held_out(study, held_out.where(rows), known)
    _book(study, found, failed, meter, reporter)
    return found


def _nothing(meter: Meter, failed: dict[str, str] | None = None) -> None:
    """What an earlier campaign of the same runs found is not what this one found, which is nothing."""
    if failed or newest_record([entry.details for entry in meter.ledger.entries()]):
        _line(meter, {"runs": [], "errors": {}, **({"failed": failed} if failed else {})})


def _line(meter: Meter, record: dict[str, Any]) -> None:
    if newest_record([entry.details for entry in meter.ledger.entries()]) == record:
        return
    with meter.stage("evaluation") as entry:
        entry.message = "what the grid of the solver errs by"
        entry.details = {FINER_CELLS: record}


def _version(study: Study) -> str:
    """Of the solver on other cells: what an edited one answered is not taken for what it answers now."""
    import hashlib

    told = f"{study.hash()} {fingerprint(study.finer)} {fingerprint(study.coarser)}"
    return hashlib.sha256(told.encode()).hexdigest()[:8]


def _kept(path: Path, study: Study, chosen: Runs) -> dict[int, OtherCells]:
    """Cases that an interrupted campaign finished, by the number of their run."""
    if not path.is_file():
        return {}
    try:
        found = read_held_out(path, study.outputs)
        pairs = zip(found.runs, found.truth, found.answers["finer"], found.answers["coarser"], strict=True)
        cases = {int(number): (truth, OtherCells(int(number), fine, wide)) for number, truth, fine, wide in pairs}
    except (UnusableInputError, KeyError):
        return {}  # made again
    return {
        int(number): cases[int(number)][1]
        for number, truth in zip(chosen.numbers, chosen.outputs, strict=True)
        if int(number) in cases and np.array_equal(cases[int(number)][0], truth)
    }


def _make(
    study: Study,
    held_out: Runs,
    missing: list[int],
    known: dict[int, OtherCells],
    failed: dict[str, str],
    path: Path,
    meter: Meter,
    reporter: Reporter,
    threads: int,
) -> None:
    reporter.stage("finer_cells", len(missing))
    threads = min(threads, len(missing))
    with meter.stage("evaluation", threads=threads) as entry:
        for done, outcome in enumerate(Threads(threads).outcomes(partial(run_case, study, held_out), missing), start=1):
            if outcome.result is None:
                failed[str(held_out.numbers[outcome.task])] = str(outcome.fault)
            else:
                known[outcome.result.number] = outcome.result
                if outcome.result.coarser_fault:
                    failed[f"{outcome.result.number}, coarser cells"] = outcome.result.coarser_fault
                kept = held_out.where(np.isin(held_out.numbers, list(known)))
                write_held_out(path, _held_out(study, kept, known))
            entry.runs, entry.details = done, {FINER_CELLS_MADE: done}
            meter.heartbeat()
            reporter.step(done, f"{len(failed)} failed" if failed else "")


def _held_out(study: Study, runs: Runs, known: dict[int, OtherCells]) -> HeldOut:
    cases = [known[int(number)] for number in runs.numbers]
    answers = {"finer": np.array([c.finer for c in cases]), "coarser": np.array([c.coarser for c in cases])}
    return HeldOut.of(study.outputs, runs, answers)


def _book(study: Study, found: HeldOut, failed: dict[str, str], meter: Meter, reporter: Reporter) -> None:
    """A line that says what came out, beside the line of what it cost."""
    errors = grid_errors(study, found.truth, found.answers["finer"], found.answers["coarser"])
    details: dict[str, Any] = {
        "file": GRID_RUNS,
        "runs": [int(number) for number in found.runs],
        "errors": {name: error.to_json() for name, error in errors.items()},
        **({"failed": failed} if failed else {}),
    }
    _line(meter, finite(details))
    told = {name: error for name, error in errors.items() if error.considerable}
    if told:
        reporter.note(_TEXTS.say("grid.found", outputs=told_errors(study, told)))
