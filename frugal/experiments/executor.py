"""Run what a store still lacks, on threads over solvers that release the interpreter's lock."""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from frugal.errors import FrugalError, SolverError
from frugal.experiments.design import Design
from frugal.experiments.runs import BLOCK_SECONDS, DONE, FAILED, RunStore
from frugal.experiments.study import Study


@dataclass(frozen=True)
class Progress:
    """How far a generation is: runs done so far in this call, runs to do in it, runs failed."""

    done: int
    total: int
    failed: int


#: A first run that takes longer than this tells enough about the solver.
ONCE_IS_ENOUGH_SECONDS = 20.0

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
        inputs, subject = design.inputs[row], int(design.subjects[row])
        try:
            start, wall = time.thread_time(), time.perf_counter()
            study.run(inputs, subject)
            if time.perf_counter() - wall < ONCE_IS_ENOUGH_SECONDS:
                start, wall = time.thread_time(), time.perf_counter()
                study.run(inputs, subject)
        except (Exception, SystemExit):  # the failure is met again, and told, when the run is executed
            continue
        seconds, waited = time.thread_time() - start, time.perf_counter() - wall
        return int(np.clip(BLOCK_SECONDS / max(waited, 1e-9), 1, 256)), seconds
    return 1, float("nan")


def attempt(study: Study, inputs: np.ndarray, subject: int = -1) -> np.ndarray:
    """One run, flattened, whose failure is told whatever the solver raises.

    Raises
    ------
    SolverError
        With what the solver said.
    """
    try:
        return study.run(inputs, subject)
    except (FrugalError, MemoryError):
        raise
    except (Exception, SystemExit) as fault:  # a solver may be anybody's code
        raise SolverError(f"the solver of study '{study.name}' fails: {type(fault).__name__}: {fault}") from fault


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
    rows = range(*store.rows(block).indices(len(store.design)))
    outputs = np.full((len(rows), store.study.output_size), np.nan)
    cpu_seconds = np.zeros(len(rows))
    status = np.full(len(rows), DONE, dtype=np.int8)
    messages = [""] * len(rows)
    for k, row in enumerate(rows):
        if stop.is_set():
            return 0, 0
        start = time.thread_time()
        try:
            outputs[k] = store.study.run(store.design.inputs[row], int(store.design.subjects[row]))
        except MemoryError:
            raise
        except (Exception, SystemExit) as fault:  # whatever a solver raises is that run's failure, told in the store
            status[k] = FAILED
            messages[k] = str(fault) if isinstance(fault, FrugalError) else f"{type(fault).__name__}: {fault}"
        cpu_seconds[k] = time.thread_time() - start
    store.commit(block, outputs, cpu_seconds, status, messages)
    return len(rows), int((status == FAILED).sum())
