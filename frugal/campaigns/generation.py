"""The runs of a campaign: compiled, timed, computed on threads or a cluster, and booked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from frugal.campaigns.solver_noise import watch_for_noise
from frugal.errors import SolverError, UnusableInputError
from frugal.experiments.execution.threads import default_threads
from frugal.experiments.runs.blocks import choose_block
from frugal.experiments.runs.execute import Progress, execute
from frugal.experiments.runs.remote import Cluster
from frugal.experiments.runs.repair import reopened
from frugal.experiments.runs.store import DONE, FAILED, PENDING, Runs, RunStore, open_store
from frugal.experiments.study import Study
from frugal.experiments.study.design import Design
from frugal.metering.meter import Meter
from frugal.metering.timing.run_clock import RUN_CPU_SECONDS, RUN_WAITING_SECONDS, RUN_WALL_SECONDS
from frugal.reporting.progress import Reporter


def generate(
    study: Study,
    design: Design,
    outputs: np.ndarray | None,
    path: Path,
    meter: Meter,
    reporter: Reporter,
    threads: int | None = None,
    cluster: Cluster | None = None,
    seed: int = 0,
    batch: Batch | None = None,
) -> RunStore:
    """Compute and book what the run store of a campaign still lacks, and what was lost from it or damaged since.

    Parameters
    ----------
    study : Study
    design : Design
    outputs : array [n, m], optional
        Of a table of runs, which only has to be stored.
    path : Path
        The store.
    meter : Meter
    reporter : Reporter
    threads : int, optional
        One per core by default.
    cluster : Cluster, optional
        Computes in the place of threads.
    seed : int
        Of the interval around the noise of the solver, where it has any.
    batch : Batch, optional
        Of a campaign whose runs come in batches: which it is, and what is known of the solver.

    Raises
    ------
    UnusableInputError
        If the store holds runs of another study.
    """
    kept, lost = reopened(path, study, design) if path.exists() else (None, 0)
    if outputs is not None:
        return _store_table(path, study, design, outputs)
    if kept is not None and not kept.pending_blocks():
        return kept
    block, seconds = _timed(study, design, meter, reporter, seed) if batch is None else batch.solver(meter, reporter)
    store = open_store(path, study, design, block)
    pending = int((store.status() == PENDING).sum())
    reporter.stage("simulate", pending)
    threads = 1 if cluster is not None else threads or default_threads()
    # told before the runs, so that the audit can hold it against what they took
    told: dict[str, Any] = {"estimated_cpu_seconds": seconds * pending} if np.isfinite(seconds) else {}
    if batch is not None:
        told["batch"] = batch.number
    if lost:
        told["damaged_runs_made_again"] = lost
    with meter.stage("generation", threads=threads) as entry:
        entry.details = dict(told)

        def on_commit(progress: Progress) -> None:
            entry.runs, entry.details = progress.done, {**told, "failed_runs": progress.failed, **progress.details}
            meter.heartbeat()
            reporter.step(progress.done, f"{progress.failed} failed" if progress.failed else "")

        execute(store, threads, on_commit, cluster)
    return store


def _timed(study: Study, design: Design, meter: Meter, reporter: Reporter, seed: int) -> tuple[int, float]:
    """Runs that make a block, and CPU seconds of one: compiled, timed, and some made twice."""
    reporter.stage("compile")
    with meter.stage("compile") as entry:
        block, run = choose_block(study, design)
        seconds = run.total
        if np.isfinite(seconds):
            entry.details = {
                RUN_CPU_SECONDS: seconds,
                RUN_WALL_SECONDS: run.wall_seconds,
                RUN_WAITING_SECONDS: run.waiting_seconds,
            }
    watch_for_noise(study, design, seconds, meter, reporter, seed)
    return block, seconds


class Batch:
    """One of the batches of a campaign; the solver is compiled and timed before the first that is computed by this process.

    Parameters
    ----------
    study : Study
    design : Design
        Of the first batch.
    seed : int

    Attributes
    ----------
    number : int
        From 0.
    """

    def __init__(self, study: Study, design: Design, seed: int) -> None:
        self.number = 0
        self._of = (study, design, seed)
        self._known: tuple[int, float] | None = None

    def solver(self, meter: Meter, reporter: Reporter) -> tuple[int, float]:
        """Runs that make a block, and CPU seconds of one."""
        if self._known is None:
            study, design, seed = self._of
            self._known = _timed(study, design, meter, reporter, seed)
        return self._known


def _store_table(path: Path, study: Study, design: Design, outputs: np.ndarray) -> RunStore:
    store = open_store(path, study, design, len(design))
    for block in store.pending_blocks():
        n, failed = len(design), ~np.isfinite(outputs).all(axis=1)
        told = ["the table has no value of an output" if without else "" for without in failed]
        status = np.where(failed, FAILED, DONE).astype(np.int8)
        store.commit(block, outputs, np.full(n, np.nan), status, told)
    return store


def check_runs(runs: Runs, store: RunStore) -> None:
    """Refuse a campaign of which too few runs succeeded.

    Raises
    ------
    SolverError
        If runs failed, with the message of the first.
    UnusableInputError
        If there are too few.
    """
    n_training, n_held_out = int((~runs.is_held_out).sum()), int(runs.is_held_out.sum())
    if n_training >= 8 and n_held_out >= 3:
        return
    failures = store.failures()
    if failures:
        row, message = failures[0]
        raise SolverError(
            f"{len(failures)} of {len(store.design)} runs failed, too many to go on; the first is run {row}: {message}"
        )
    raise UnusableInputError(
        f"{n_training} training runs and {n_held_out} held-out runs are too few; 8 and 3 are the least"
    )
