"""Work on threads of this process, for kernels that release the interpreter's lock."""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable, Generator, Iterable
from typing import Any

from frugal.errors import EnvironmentFaultError, FrugalError
from frugal.experiments.execution.executor import Outcome, Result, Task

#: Seconds that an interruption waits for runs that are under way.
PATIENCE_SECONDS = 2.0

_NO_MORE: Any = object()


def default_threads() -> int:
    """As many threads as the process may use cores."""
    return len(os.sched_getaffinity(0))


class Threads:
    """Does tasks on threads of this process; an `Executor`.

    Parameters
    ----------
    threads : int, optional
        One per core by default.
    patience_seconds : float, optional
        How long tasks that are under way are waited for when the call ends early; None waits until they are through, which is
        for tasks that keep what they do.
    """

    def __init__(self, threads: int | None = None, patience_seconds: float | None = PATIENCE_SECONDS) -> None:
        self._threads = threads or default_threads()
        self._patience_seconds = patience_seconds
        self._stop = threading.Event()

    def stopping(self) -> bool:
        """Whether the call has ended early, so that a long task may give up."""
        return self._stop.is_set()

    def outcomes(
        self, work: Callable[[Task], Result], tasks: Iterable[Task]
    ) -> Generator[Outcome[Task, Result], None, None]:
        """As `Executor.outcomes`; tasks that are under way when the call ends early are waited for, but not for ever."""
        waiting, drawing = iter(tasks), threading.Lock()
        finished: queue.SimpleQueue[Outcome[Task, Result] | BaseException | None] = queue.SimpleQueue()
        stop = self._stop = threading.Event()

        def do() -> None:
            try:
                while not stop.is_set():
                    with drawing:
                        task = next(waiting, _NO_MORE)
                    if task is _NO_MORE:
                        break
                    finished.put(_outcome(work, task))
                finished.put(None)
            except BaseException as fault:  # handed to the calling thread, which raises it
                finished.put(fault)

        # Daemon threads: a numba kernel cannot be interrupted, and Ctrl-C must not wait for it.
        workers = [threading.Thread(target=do, daemon=True) for _ in range(self._threads)]
        for worker in workers:
            worker.start()
        running = len(workers)
        try:
            while running:
                found = finished.get()
                if isinstance(found, BaseException):
                    raise found
                if found is None:
                    running -= 1
                else:
                    yield found
        finally:
            stop.set()
            until = None if self._patience_seconds is None else time.monotonic() + self._patience_seconds
            for worker in workers:
                worker.join(timeout=None if until is None else max(until - time.monotonic(), 0.0))


def _outcome(work: Callable[[Task], Result], task: Task) -> Outcome[Task, Result]:
    try:
        return Outcome(task, work(task))
    except EnvironmentFaultError:
        raise
    except FrugalError as fault:
        return Outcome(task, fault=fault)
