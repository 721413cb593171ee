"""The machine a measurement is made on, and how disturbed it is."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: Watts of one busy core when nobody measured them: central value and interval.
#: Range of the per-vCPU figures of the Cloud Carbon Footprint coefficients (SPECpower) and of Green Algorithms v3.
DEFAULT_WATTS_PER_CORE = (3.0, 1.5, 6.0)

#: Watts per GB of memory in use (Green Algorithms v3: 0.3725; Cloud Carbon Footprint: 0.392).
RAM_WATTS_PER_GB = 0.38

#: A host is called noisy above these values.
LOAD_LIMIT_PER_CORE = 1.5
STEAL_LIMIT_PERCENT = 5.0


@dataclass(frozen=True)
class Machine:
    """Processor, cores, and the power that is taken for one busy core (tier T4: a default with its interval)."""

    cpu_model: str
    cores: int
    system: str
    tier: str = "T4"
    watts_per_core: float = DEFAULT_WATTS_PER_CORE[0]
    watts_low: float = DEFAULT_WATTS_PER_CORE[1]
    watts_high: float = DEFAULT_WATTS_PER_CORE[2]


def describe_machine() -> Machine:
    """Look at the machine this runs on."""
    return Machine(
        cpu_model=_cpu_model(),
        cores=len(os.sched_getaffinity(0)),
        system=f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
    )


def _cpu_model() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or "unknown"


class HostNoise:
    """Steal time and load of the host between its creation and `report`."""

    def __init__(self) -> None:
        self._start = _cpu_ticks()

    def report(self) -> dict[str, Any]:
        """Load average of the last minute, steal in per cent of all CPU time, and whether that is noisy."""
        ticks = _cpu_ticks()
        elapsed = [now - then for now, then in zip(ticks, self._start, strict=True)]
        total = sum(elapsed)
        steal = 100.0 * elapsed[7] / total if len(elapsed) > 7 and total > 0 else 0.0
        load = os.getloadavg()[0]
        cores = len(os.sched_getaffinity(0))
        noisy = load > LOAD_LIMIT_PER_CORE * cores or steal > STEAL_LIMIT_PERCENT
        return {"load1": load, "steal_percent": steal, "noisy": noisy}


def _cpu_ticks() -> list[int]:
    stat = Path("/proc/stat")
    if not stat.is_file():
        return [0] * 8
    return [int(field) for field in stat.read_text().splitlines()[0].split()[1:9]]
