"""CPU time of runs that are made side by side on threads: of the run's own thread, and its part of what nobody else used.

A solver may start threads of its own, or child processes. The clock of the thread that called it sees neither, and the clocks
of the process and of its children do not say which run they worked for. What they show beyond the threads that were there
before is shared equally among the runs that are under way: the sum is right, and so is the mean of many runs.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from frugal.metering.timing.process_tree import cpu_time
from frugal.metering.timing.waiting import WaitingClock

#: Keys of the details of a ledger line: what a run took that was made alone.
RUN_CPU_SECONDS, RUN_WALL_SECONDS, RUN_WAITING_SECONDS = "run_cpu_seconds", "run_wall_seconds", "run_waiting_seconds"

#: ``MAKE_THREAD_CPUCLOCK`` of Linux. It fails for a thread that has ended, where ``pthread_getcpuclockid`` would crash.
_CPUCLOCK_OF_A_THREAD = 4 | 2


#: Other threads and children count from so many CPU seconds of a run, and so much of what its own thread uses: heartbeats,
#: and blocks that other threads write meanwhile, are nobody's solver.
LEAST_HELPERS_SECONDS, LEAST_HELPERS_SHARE = 1e-3, 0.1


def has_helpers(own_cpu_seconds: float, other_cpu_seconds: float) -> bool:
    """Whether what other threads and children used beside a run is the solver's, and not what a process does anyway."""
    return other_cpu_seconds > max(LEAST_HELPERS_SECONDS, LEAST_HELPERS_SHARE * own_cpu_seconds)


@dataclass
class RunTime:
    """What one run took, filled in when it ends.

    ``cpu_seconds`` is the CPU time of its thread, ``other_cpu_seconds`` its part of other threads and of children,
    ``wall_seconds`` how long it lasted, and ``waiting_seconds`` how long a run that was made alone waited
    (`frugal.metering.timing.waiting`).
    """

    cpu_seconds: float = 0.0
    other_cpu_seconds: float = 0.0
    wall_seconds: float = 0.0
    waiting_seconds: float = 0.0

    @property
    def total(self) -> float:
        """CPU seconds of the thread, and of the others where they are the solver's."""
        return self.cpu_seconds + (
            self.other_cpu_seconds if has_helpers(self.cpu_seconds, self.other_cpu_seconds) else 0.0
        )


class RunClock:
    """One for all runs of a process, `RUN_CLOCK`.

    Threads that live before its first run, and those that make runs, are known: what they do is never shared out. A solver may
    keep threads of its own between runs, so that no other thread is.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[int, float] = {}
        self._under_way: list[RunTime] = []
        self._total = 0.0

    @contextmanager
    def run(self, alone: bool = False) -> Iterator[RunTime]:
        """Within the block one run is made by the calling thread.

        Parameters
        ----------
        alone : bool
            No other run is under way, so that how long it waits can be told.
        """
        found = RunTime()
        with self._lock:
            if not self._known:
                self._known = {t.native_id: 0.0 for t in threading.enumerate() if t.native_id is not None}
            self._known.setdefault(threading.get_native_id(), time.thread_time())
            self._settle()
            self._under_way.append(found)
        waiting = WaitingClock() if alone else None
        wall, own = time.perf_counter(), time.thread_time()
        try:
            yield found
        finally:
            found.cpu_seconds = time.thread_time() - own
            found.wall_seconds = time.perf_counter() - wall
            with self._lock:
                self._settle()
                found.waiting_seconds = 0.0 if waiting is None else waiting.waited(found.total)
                # by identity: two that have just begun are equal
                self._under_way = [run for run in self._under_way if run is not found]

    def _settle(self) -> None:
        """Share out what was used since the last time; nobody's where no run was under way."""
        now = {thread: _thread_time(thread, last) for thread, last in self._known.items()}
        total = cpu_time(own_first=True).total
        if self._under_way:
            others = total - self._total - sum(now[thread] - last for thread, last in self._known.items())
            for run in self._under_way:
                run.other_cpu_seconds += others / len(self._under_way)
        self._known, self._total = now, total


RUN_CLOCK = RunClock()


def _thread_time(thread: int, last: float) -> float:
    """CPU seconds of a thread of this process by its number; what was last known where it has ended."""
    try:
        return time.clock_gettime((~thread << 3) | _CPUCLOCK_OF_A_THREAD)
    except OSError:
        return last
