"""CPU time, wall time and memory of this process and its children."""

from __future__ import annotations

import resource
import time
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True)
class Spent:
    """What a piece of work cost.

    ``cpu_seconds`` is the CPU time of this process (all threads), ``cpu_seconds_children`` that of children that have
    ended, ``peak_rss_bytes`` the highest resident memory of the process so far.
    """

    cpu_seconds: float
    cpu_seconds_children: float
    wall_seconds: float
    peak_rss_bytes: int


class Stopwatch:
    """Measure from its creation on; ``started`` is that moment (UTC, ISO 8601)."""

    def __init__(self) -> None:
        self.started = datetime.now(UTC).isoformat(timespec="microseconds")
        self._wall = time.perf_counter()
        self._cpu = time.process_time()
        self._children = _children_seconds()

    def spent(self) -> Spent:
        """What this process and its children used since the stopwatch was made."""
        return Spent(
            cpu_seconds=time.process_time() - self._cpu,
            cpu_seconds_children=_children_seconds() - self._children,
            wall_seconds=time.perf_counter() - self._wall,
            peak_rss_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        )


def _children_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
