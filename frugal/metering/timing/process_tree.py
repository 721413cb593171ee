"""This process and the children below it: which of them live, and what CPU time all have used.

A process's own clock counts its threads and none of its children. Children that have ended and were waited for are in
``RUSAGE_CHILDREN``: to the microsecond where the kernel keeps exact times, as Linux does by default, in ticks of 10 ms where it
was built to count ticks. Those that live are read from their own clocks. A child that nobody waits for (``SIGCHLD`` ignored),
and one that leaves the tree (a daemon), is lost at its end.
"""

from __future__ import annotations

import os
import resource
import time
from dataclasses import dataclass
from pathlib import Path

#: ``MAKE_PROCESS_CPUCLOCK`` of Linux: the clock of another process's CPU time, threads included.
_CPUCLOCK_SCHED = 2


@dataclass(frozen=True)
class CpuTime:
    """CPU seconds since the start of each: of this process, of children that have ended, of those that live."""

    own: float
    ended: float
    living: float

    @property
    def total(self) -> float:
        """All of them."""
        return self.own + self.ended + self.living


def cpu_time(own_first: bool = False) -> CpuTime:
    """Read all clocks.

    Parameters
    ----------
    own_first : bool
        At the end of what is measured: reading the others is then not in it. At its start the own clock comes last.
    """
    own = time.process_time() if own_first else 0.0
    living = sum(map(_cpu_seconds_of, living_children()))
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return CpuTime(own if own_first else time.process_time(), usage.ru_utime + usage.ru_stime, living)


def control_group_cpu_seconds(proc: Path = Path("/proc"), groups: Path = Path("/sys/fs/cgroup")) -> float | None:
    """CPU seconds of the control group (version 2) of this process since it was made, whoever started what is in it.

    A check of what the process and its children add up to: no child of theirs escapes it, but others may be in the group.

    Parameters
    ----------
    proc, groups : Path
        Where the system tells the group of a process, and what groups have used.

    Returns
    -------
    float or None
        None where the system does not tell.
    """
    try:
        lines = (proc / "self" / "cgroup").read_text().splitlines()
        group = next(line.removeprefix("0::") for line in lines if line.startswith("0::"))
        told = (groups / group.lstrip("/") / "cpu.stat").read_text().split()
        return int(told[told.index("usage_usec") + 1]) * 1e-6
    except (OSError, StopIteration, ValueError, IndexError):
        return None


def living_children() -> list[int]:
    """Process ids of all that live below this process, children of children included."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)  # takes a microsecond, and waits for nothing
    except ChildProcessError:
        return []
    found, level = [], [os.getpid()]
    while level:
        level = [child for parent in level for child in _children_of(parent)]
        found.extend(level)
    return found


def _children_of(process: int) -> list[int]:
    children: list[int] = []
    try:
        for thread in os.listdir(f"/proc/{process}/task"):  # noqa: PTH208
            children.extend(map(int, Path(f"/proc/{process}/task/{thread}/children").read_text().split()))
    except OSError:  # it has ended meanwhile, or this system does not tell
        return children
    return children


def _cpu_seconds_of(process: int) -> float:
    """CPU seconds of a living process and of its own ended children; 0 where it has ended meanwhile."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        if fields[0] == "Z":  # ended, and not waited for yet: its clock stands still
            ticks = sum(map(int, fields[11:15]))
            return ticks / os.sysconf("SC_CLK_TCK")
        ended = sum(map(int, fields[13:15])) / os.sysconf("SC_CLK_TCK")
        return time.clock_gettime((~process << 3) | _CPUCLOCK_SCHED) + ended
    except OSError:
        return 0.0
