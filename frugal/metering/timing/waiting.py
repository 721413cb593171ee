"""How long a call waited: for a sleep, a file, a machine elsewhere; not for its turn on a processor, nor for its own helpers.

What it waits for is not in its CPU time. On a busy machine wall time grows without any waiting, so standing in line for a
processor is taken off: the line of the calling thread, which the kernel counts exactly, and for threads and children that it
waits for, the time in which anything on the machine stood in line (``/proc/pressure/cpu``).
"""

from __future__ import annotations

import time
from pathlib import Path

#: Helpers that use less than this part of the blocked time do not explain it.
_EXPLAINS = 0.1


class WaitingClock:
    """Runs from its creation on, in the thread that made it."""

    def __init__(self) -> None:
        self._in_line, self._pressure = _seconds_in_line(), _seconds_of_pressure()
        self._own, self._wall = time.thread_time(), time.perf_counter()

    def waited(self, cpu_seconds: float) -> float:
        """Seconds that it has waited by now.

        Parameters
        ----------
        cpu_seconds : float
            What the thread, other threads and children have used since the clock was made.
        """
        wall, own = time.perf_counter() - self._wall, time.thread_time() - self._own
        blocked = max(wall - own - (_seconds_in_line() - self._in_line), 0.0)
        helpers = max(cpu_seconds - own, 0.0)
        if helpers < _EXPLAINS * blocked:
            return blocked
        return max(blocked - helpers - (_seconds_of_pressure() - self._pressure), 0.0)


def _seconds_in_line() -> float:
    """How long this thread was ready and had no processor; 0 where the kernel does not count it."""
    try:
        return int(Path("/proc/thread-self/schedstat").read_text().split()[1]) * 1e-9
    except (OSError, IndexError, ValueError):
        return 0.0


def _seconds_of_pressure() -> float:
    """How long some thread of the machine was ready and had no processor; 0 where the kernel does not count it."""
    try:
        return int(Path("/proc/pressure/cpu").read_text().partition("total=")[2].split()[0]) * 1e-6
    except (OSError, IndexError, ValueError):
        return 0.0
