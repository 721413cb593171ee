"""The machine a measurement is made on, and how disturbed it is."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from frugal.texts import Text, decimals, room_texts

_TEXTS = room_texts("frugal.metering")

#: Watts of one busy core when nobody measured them: central value and interval.
#: Range of the per-vCPU figures of the Cloud Carbon Footprint coefficients (SPECpower) and of Green Algorithms v3.
DEFAULT_WATTS_PER_CORE = (3.0, 1.5, 6.0)

#: Watts per GB of memory in use (Green Algorithms v3: 0.3725; Cloud Carbon Footprint: 0.392).
RAM_WATTS_PER_GB = 0.38

#: A host is called noisy above these values.
LOAD_LIMIT_PER_CORE = 1.5
STEAL_LIMIT_PERCENT = 5.0


#: Where the default comes from.
DEFAULT_SOURCE = "Cloud Carbon Footprint coefficients (SPECpower); Green Algorithms v3"


@dataclass(frozen=True)
class Machine:
    """Processor, cores, the power that is taken for one busy core, and how that power is known.

    Parameters
    ----------
    cpu_model, cores, system
        What runs here.
    tier : str
        ``T1`` meter at the wall, ``T2`` energy counters of the processor, ``T3`` declared power, ``T4`` default.
    watts_per_core, watts_low, watts_high : float
        W of one busy core and its interval.
    method : mapping
        The same in one sentence, by language.
    source : str
        Where the power comes from.
    file_sha256 : str, optional
        Of the file that declares the machine.
    memory_gb : float, optional
    country : str, optional
        ISO 3166-1 alpha-3.
    pue, wue_l_per_kwh : float, optional
        Of the place it stands in: total power for one of the machine, and litres of water for each kWh.
    hosting : str, optional
    reused : bool, optional
        It had a life before this use.
    age_years : float, optional
    idle_watts : float, optional
        Power at rest that was taken off what a meter read.
    includes_memory : bool
        ``watts_per_core`` holds the power of the memory too, so that none must be added.
    meter_file : Path, optional
        Readings of a meter at the wall, to be applied by `frugal.metering.power.tiers.apply_meter`; ``meter_sha256`` is
        their hash.
    rapl_root : Path, optional
        Folder of the energy counters, where they can be read.
    """

    cpu_model: str
    cores: int
    system: str
    tier: str = "T4"
    watts_per_core: float = DEFAULT_WATTS_PER_CORE[0]
    watts_low: float = DEFAULT_WATTS_PER_CORE[1]
    watts_high: float = DEFAULT_WATTS_PER_CORE[2]
    method: Mapping[str, str] = field(default_factory=dict)
    source: str = DEFAULT_SOURCE
    file_sha256: str | None = None
    memory_gb: float | None = None
    country: str | None = None
    pue: float | None = None
    wue_l_per_kwh: float | None = None
    hosting: str | None = None
    reused: bool | None = None
    age_years: float | None = None
    idle_watts: float | None = None
    includes_memory: bool = False
    meter_sha256: str | None = None
    meter_file: Path | None = None
    rapl_root: Path | None = None

    def __post_init__(self) -> None:
        if not self.method:
            object.__setattr__(self, "method", _default_method(self))

    def describe(self) -> dict[str, Any]:
        """Plain values, as they stand in ``candidates.json``; no path of this computer."""
        values = {name: value for name, value in vars(self).items() if name != "rapl_root"}
        return {**values, "method": dict(self.method), "meter_file": self.meter_file.name if self.meter_file else None}


def _default_method(machine: Machine) -> Text:
    powers = (machine.watts_per_core, machine.watts_low, machine.watts_high)
    watts, low, high = (decimals(f"{value:g}") for value in powers)
    return _TEXTS.say("method.default", watts=watts, low=low, high=high)


def describe_machine() -> Machine:
    """Look at the machine this runs on; its power is a default with its interval (tier T4)."""
    return Machine(
        cpu_model=_cpu_model(),
        cores=len(os.sched_getaffinity(0)),
        system=f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        memory_gb=_memory_gb(),
    )


def _memory_gb() -> float | None:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1)
    except (ValueError, OSError):  # a system that does not tell
        return None


def _cpu_model() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or "unknown"


class HostNoise:
    """Steal time and load of the host between its creation and `report`.

    Parameters
    ----------
    ticks : callable, optional
        Gives the counters of ``/proc/stat``: ticks in user, nice, system, idle, iowait, irq, softirq and steal.
    """

    def __init__(self, ticks: Callable[[], list[int]] | None = None) -> None:
        self._ticks = ticks or _cpu_ticks
        self._start = self._ticks()

    def report(self) -> dict[str, Any]:
        """Load average of the last minute, steal in per cent of all CPU time, and whether that is noisy."""
        ticks = self._ticks()
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
