"""The instruments that run beside a campaign or an evaluation: ledger, codecarbon, power counters, host noise, network."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from frugal.metering.ledger.ledger import Ledger
from frugal.metering.meter import METERING, Meter, campaign_id
from frugal.metering.network_watch import NetworkWatch
from frugal.metering.power.codecarbon_meter import CarbonMeter
from frugal.metering.power.machine import STEAL_LIMIT_PERCENT, HostNoise, Machine
from frugal.metering.power.rapl import IDLE_SECONDS_FULL, RaplMeter
from frugal.metering.power.tiers import with_counters
from frugal.metering.timing.process_tree import control_group_cpu_seconds
from frugal.metering.timing.stopwatch import Stopwatch
from frugal.surroundings import onnxruntime_may_report

#: Said of the line that books a command from the start of its process.
LOADED = "loading the program, from the start of the process"

#: Stage of what the process did between the other stages.
REST = "rest"


class CpuCheck:
    """What the process and its children have used since it was made, beside what their control group has."""

    def __init__(self) -> None:
        self._watch, self._group = Stopwatch(), control_group_cpu_seconds()

    def report(self) -> dict[str, float | None]:
        """CPU seconds of both; the second is None where the system does not tell."""
        spent, group = self._watch.spent(), control_group_cpu_seconds()
        return {
            "process_cpu_seconds": spent.cpu_seconds + spent.cpu_seconds_children,
            "control_group_cpu_seconds": None if group is None or self._group is None else group - self._group,
        }


@dataclass
class Instruments:
    """What `running_instruments` lays out; ``machine`` is the machine as it was described before anything was measured."""

    meter: Meter
    machine: Machine
    noise: HostNoise
    network: NetworkWatch
    cpu_check: CpuCheck

    @property
    def measured_machine(self) -> Machine:
        """The machine with the power that its counters showed in this campaign, where they could be read (tier T2)."""
        if self.meter.energy is None:
            return self.machine
        entries = [e for e in self.meter.ledger.entries() if e.campaign == self.meter.campaign]
        return with_counters(self.machine, entries, self.meter.energy)

    def report(self) -> dict[str, Any]:
        """Noise of the host, whether to measure again, and what was tried on the network."""
        noise = self.noise.report()
        again = noise["steal_percent"] > STEAL_LIMIT_PERCENT
        return {**noise, "measure_again": again, **self.network_report(), "cpu_check": self.cpu_check.report()}

    def network_report(self) -> dict[str, Any]:
        """What was tried on the network by now, and how it was watched."""
        calls: dict[str, Any] = {"network_calls": list(self.network.calls)}
        if self.network.expected:
            calls["network_calls_expected"] = list(self.network.expected)
        self.network.settle()
        calls["network_watch"] = {
            "looks_at_open_sockets": self.network.looks,
            "bytes_sent_by_machine": self.network.bytes_sent,
            "onnxruntime_may_report": onnxruntime_may_report(),
        }
        return calls


@contextmanager
def running_instruments(
    ledger: Path,
    machine: Machine,
    carbon: bool,
    seed: int,
    idle_seconds: float,
    on_stage: Callable[[str], None],
    host: Callable[[], HostNoise] = HostNoise,
    versions: Mapping[str, str] | None = None,
    hashes: Mapping[str, str] | None = None,
    until_start: Stopwatch | None = None,
    program: Stopwatch | None = None,
) -> Iterator[Instruments]:
    """Start all instruments, and stop them and book what they cost however the block ends.

    Parameters
    ----------
    ledger : Path
    machine : Machine
        Its counters are read where it names them.
    carbon : bool
        Run codecarbon beside our own bookkeeping.
    seed : int
    idle_seconds : float
        How long to look at the counters at rest.
    on_stage : callable
        Told what begins.
    host : callable
        Makes the `HostNoise`.
    versions, hashes : mapping, optional
        For the first line.
    until_start : Stopwatch, optional
        Followed the preparation of the study, which is booked as its own stage.
    program : Stopwatch, optional
        Followed the process of a command until the preparation began, and was stopped then: booked as loading the program.
    """
    with NetworkWatch() as network:
        noise = host()
        tracker = CarbonMeter(machine) if carbon else None
        energy = RaplMeter(machine.rapl_root) if machine.rapl_root is not None else None
        meter = Meter(Ledger(ledger), campaign_id(), tracker, seed, versions, hashes, energy)
        if program is not None:
            meter.book("loading", program, message=LOADED)
        if until_start is not None:
            meter.book("preparation", until_start, message="reading the site and building the study")
        whole, booked, check = Stopwatch(), meter.booked_cpu_seconds, CpuCheck()
        try:
            if energy is not None:
                _look_at_rest(energy, idle_seconds, meter, on_stage)
            if tracker is not None:
                on_stage("codecarbon")
                start = Stopwatch()
                tracker.start()
                meter.book(METERING, start, message="start of codecarbon")
            yield Instruments(meter, machine, noise, network, check)
        finally:
            if tracker is not None:
                tracker.stop()
                meter.carbon = None  # a later stage would start it again
            meter.close()
            _book_rest(meter, whole, booked)


def _look_at_rest(energy: RaplMeter, seconds: float, meter: Meter, on_stage: Callable[[str], None]) -> None:
    on_stage("idle")
    watch = Stopwatch()
    watts = energy.measure_idle(seconds)
    short = f" (short: a full evaluation takes {IDLE_SECONDS_FULL:g} s)" if seconds < IDLE_SECONDS_FULL else ""
    meter.book(METERING, watch, message=f"power at rest over {seconds:g} s{short}: {watts:.3g} W")


def _book_rest(meter: Meter, whole: Stopwatch, booked_before: float) -> None:
    """Book what the process did between the stages, so that the lines sum up to all that it used."""
    spent = whole.spent()
    booked = meter.booked_cpu_seconds - booked_before + meter.told_cpu_seconds
    between = spent.cpu_seconds + spent.cpu_seconds_children - booked
    if between > 0:
        meter.book_seconds(REST, between, "between the other stages: choosing, reading and writing runs, deciding")
