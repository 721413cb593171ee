"""Run what a store still lacks, on threads over solvers that release the interpreter's lock."""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from frugal.errors import FrugalError
from frugal.experiments.runs.store import BLOCK_SECONDS, DONE, FAILED, RunStore
from frugal.experiments.study import Study
from frugal.experiments.study.design import Design


@dataclass(frozen=True)
class Progress:
    """How far a generation is: runs done so far in this call, runs to do in it, runs failed.

    ``details`` are plain values for the ledger line of the stage.
    """

    done: int
    total: int
    failed: int
    details: Mapping[str, Any] = field(default_factory=dict)


#: A first run that computes or lasts longer than this tells enough about the solver. A busy machine stretches how long
#: compilation lasts, not what it computes.
ONCE_IS_ENOUGH_CPU_SECONDS = 60.0
ONCE_IS_ENOUGH_SECONDS = 600.0

#: Rows that may fail before the solver is given up for timing.
ROWS_TRIED = 8


def default_threads() -> int:
    """As many threads as the process may use cores."""
    return len(os.sched_getaffinity(0))


def choose_block(study: Study, design: Design) -> tuple[int, float]:
    """Time a run and say how many runs make a block.

    The first run also compiles; it is followed by a second one, unless it was so long that compilation hardly counts.

    A run that fails is left to `execute`, which books it; the next row is tried, up to `ROWS_TRIED`.

    Returns
    -------
    block : int
    seconds : float
        CPU seconds of the last run; NaN where every row that was tried fails.
    """
    for row in range(min(ROWS_TRIED, len(design))):
        inputs, object_id = design.inputs[row], int(design.object_ids[row])
        try:
            start, wall = time.thread_time(), time.perf_counter()
            study.run(inputs, object_id)
            spent, waited = time.thread_time() - start, time.perf_counter() - wall
            if spent < ONCE_IS_ENOUGH_CPU_SECONDS and waited < ONCE_IS_ENOUGH_SECONDS:
                start, wall = time.thread_time(), time.perf_counter()
                study.run(inputs, object_id)
        except (Exception, SystemExit):  # the failure is met again, and told, when the run is executed
            continue
        seconds, waited = time.thread_time() - start, time.perf_counter() - wall
        return int(np.clip(BLOCK_SECONDS / max(waited, 1e-9), 1, 256)), seconds
    return 1, float("nan")


def execute(
    store: RunStore,
    threads: int | None = None,
    on_commit: Callable[[Progress], None] = lambda progress: None,
) -> None:
    """Compute and commit every pending block of a store.

    A run that fails is stored with its message and kept out of training; the others go on. An interruption (Ctrl-C) or a
    fault of the environment stops the threads after the run they are in, and is raised again; what was committed stays.

    Parameters
    ----------
    store : RunStore
    threads : int, optional
        One per core by default.
    on_commit : callable
        Called in the calling thread after each committed block.
    """
    blocks = store.pending_blocks()
    total = sum(len(range(*store.rows(block).indices(len(store.design)))) for block in blocks)
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    for block in blocks:
        waiting.put(block)
    finished: queue.SimpleQueue[tuple[int, int] | BaseException] = queue.SimpleQueue()
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            try:
                block = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                finished.put(_run_block(store, block, stop))
            except BaseException as fault:  # handed to the calling thread, which raises it
                finished.put(fault)
                return

    # Daemon threads: a numba kernel cannot be interrupted, and Ctrl-C must not wait for it.
    workers = [
        threading.Thread(target=work, daemon=True) for _ in range(min(threads or default_threads(), len(blocks)))
    ]
    for worker in workers:
        worker.start()
    done = failed = 0
    try:
        for _ in blocks:
            result = finished.get()
            if isinstance(result, BaseException):
                raise result
            done, failed = done + result[0], failed + result[1]
            on_commit(Progress(done, total, failed))
    except BaseException:
        stop.set()
        for worker in workers:
            worker.join(timeout=2.0)
        raise
    for worker in workers:
        worker.join()


def _run_block(store: RunStore, block: int, stop: threading.Event) -> tuple[int, int]:
    rows = store.rows(block)
    computed = compute_rows(store.study, store.design.inputs[rows], store.design.object_ids[rows], stop.is_set)
    return (0, 0) if computed is None else computed.commit(store, block)


@dataclass
class Computed:
    """Runs of one block: ``outputs`` [k, m] flattened, NaN where a run failed, and one value a run of the others."""

    outputs: np.ndarray
    cpu_seconds: np.ndarray
    status: np.ndarray
    messages: list[str]

    def commit(self, store: RunStore, block: int) -> tuple[int, int]:
        """Write them as a block of a store; returns how many runs they are, and how many failed."""
        store.commit(block, self.outputs, self.cpu_seconds, self.status, self.messages)
        return len(self.status), int((self.status == FAILED).sum())


def compute_rows(
    study: Study, inputs: np.ndarray, object_ids: np.ndarray, stopped: Callable[[], bool] = lambda: False
) -> Computed | None:
    """Run ``inputs`` [k, d] of the objects ``object_ids`` [k] one after another; None where ``stopped`` says so in between.

    A run that fails is told in its message; only a lack of memory ends the call.

    Parameters
    ----------
    study : Study
    inputs : array [k, d]
        In the units of the study's variables.
    object_ids : array of int [k]
        Number of the real object that each row is about; -1 where the inputs say everything.
    stopped : callable
        Asked before each run; what was computed before is thrown away.

    Returns
    -------
    Computed or None
        Its CPU seconds are those of this thread.
    """
    n = len(inputs)
    computed = Computed(np.full((n, study.output_size), np.nan), np.zeros(n), np.full(n, DONE, dtype=np.int8), [""] * n)
    for k in range(n):
        if stopped():
            return None
        start = time.thread_time()
        try:
            computed.outputs[k] = study.run(inputs[k], int(object_ids[k]))
        except MemoryError:
            raise
        except (Exception, SystemExit) as fault:  # whatever a solver raises is that run's failure, told in the store
            computed.status[k] = FAILED
            computed.messages[k] = str(fault) if isinstance(fault, FrugalError) else f"{type(fault).__name__}: {fault}"
        computed.cpu_seconds[k] = time.thread_time() - start
    return computed
