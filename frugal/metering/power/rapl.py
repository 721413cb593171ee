"""Energy counters of the processor (RAPL), read from the kernel's files: packages and memory.

The counters hold the energy of the whole machine, neighbours included, in microjoules, and wrap round at a value that the
kernel gives (some hours at low power, some 40 minutes at 100 W). What the machine draws at rest is measured beforehand and
taken off. Source: Linux kernel documentation, "Power Capping Framework".
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

#: Where the kernel shows the counters.
POWERCAP = Path("/sys/class/powercap")

#: Seconds at rest before a full evaluation; a campaign takes a shorter look and says so.
IDLE_SECONDS_FULL = 30.0
IDLE_SECONDS_QUICK = 5.0


@dataclass
class _Domain:
    path: Path
    name: str
    range_joules: float
    last: float = 0.0
    total: float = field(default=0.0)

    def read(self) -> float:
        return int((self.path / "energy_uj").read_text()) / 1e6

    def update(self) -> None:
        now = self.read()
        step = now - self.last
        self.total += step if step >= 0 else step + self.range_joules
        self.last = now


class RaplMeter:
    """Reads the counters of all packages and of their memory.

    Parameters
    ----------
    root : Path
        Folder of the counters.

    Attributes
    ----------
    idle_watts : float
        Power at rest, 0 until `measure_idle` was called.
    includes_memory : bool
        The memory has a counter of its own, which is added.
    """

    def __init__(self, root: Path = POWERCAP) -> None:
        self._domains = _domains(root)
        self.idle_watts = 0.0
        self.includes_memory = any(domain.name == "dram" for domain in self._domains)
        for domain in self._domains:
            domain.last = domain.read()

    def joules(self) -> float:
        """Energy of the machine since the meter was made; must be called more often than the counters wrap round."""
        for domain in self._domains:
            domain.update()
        return sum(domain.total for domain in self._domains)

    def measure_idle(self, seconds: float, wait: Callable[[float], None] = time.sleep) -> float:
        """Do nothing for some seconds, and keep and return the power drawn meanwhile, in W."""
        before, start = self.joules(), time.perf_counter()
        wait(seconds)
        elapsed = time.perf_counter() - start
        self.idle_watts = (self.joules() - before) / max(elapsed, seconds)
        return self.idle_watts


def rapl_is_readable(root: Path = POWERCAP) -> bool:
    """Whether there is a package counter that this user may read."""
    try:
        domains = _domains(root)
        for domain in domains:
            domain.read()
    except (OSError, ValueError):
        return False
    return bool(domains)


def _domains(root: Path) -> list[_Domain]:
    """Packages and memory. Cores are parts of a package, ``psys`` contains it, and ``mmio`` repeats it: none is added."""
    found = []
    for path in sorted(root.glob("*rapl*:*")):
        if "mmio" in path.name or not (path / "energy_uj").exists():
            continue
        name = (path / "name").read_text().strip()
        if name.startswith("package") or name == "dram":
            wrap = int((path / "max_energy_range_uj").read_text()) / 1e6
            found.append(_Domain(path, name, wrap))
    return found if any(domain.name.startswith("package") for domain in found) else []
