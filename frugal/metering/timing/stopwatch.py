"""CPU time, wall time and memory of this process and its children."""

from __future__ import annotations

import os
import resource
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from frugal.metering.timing.process_tree import CpuTime, cpu_time


@dataclass(frozen=True)
class Spent:
    """What a piece of work cost.

    ``cpu_seconds`` is the CPU time of this process (all threads), ``cpu_seconds_children`` that of its children, those that
    still live included, whose part is ``cpu_seconds_living``; ``peak_rss_bytes`` is the highest resident memory of the
    process so far.
    """

    cpu_seconds: float
    cpu_seconds_children: float
    wall_seconds: float
    peak_rss_bytes: int
    cpu_seconds_living: float = 0.0


class Stopwatch:
    """Measure from its creation on; ``started`` is that moment (UTC, ISO 8601)."""

    def __init__(self) -> None:
        self.started = datetime.now(UTC).isoformat(timespec="microseconds")
        self._wall = time.perf_counter()
        self._cpu = cpu_time()
        self._stopped: Spent | None = None

    @classmethod
    def since_process_start(cls) -> Stopwatch:
        """One that has run since this process began: for a command, to which all of its process belongs."""
        watch = cls()
        age = max(time.clock_gettime(time.CLOCK_BOOTTIME) - _boot_time_of_start(), 0.0)
        watch.started = (datetime.now(UTC) - timedelta(seconds=age)).isoformat(timespec="microseconds")
        watch._wall -= age
        watch._cpu = CpuTime(0.0, 0.0, 0.0)
        return watch

    def stop(self) -> None:
        """Keep what was used by now: `spent` tells it from here on."""
        self._stopped = self.spent()

    def spent(self) -> Spent:
        """What this process and its children used since the stopwatch was made, or until it was stopped."""
        if self._stopped is not None:
            return self._stopped
        now = cpu_time(own_first=True)
        return Spent(
            cpu_seconds=now.own - self._cpu.own,
            # a child that lived and has ended passes from one to the other; one that leaves the tree takes its time along
            cpu_seconds_children=max(now.ended + now.living - self._cpu.ended - self._cpu.living, 0.0),
            wall_seconds=time.perf_counter() - self._wall,
            peak_rss_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            cpu_seconds_living=max(now.living - self._cpu.living, 0.0),
        )


def _boot_time_of_start() -> float:
    """Seconds from the machine's start to that of this process; those to now where the system does not tell."""
    try:
        fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
        return int(fields[19]) / os.sysconf("SC_CLK_TCK")
    except (OSError, IndexError, ValueError):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
