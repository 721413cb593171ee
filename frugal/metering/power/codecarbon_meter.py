"""codecarbon beside our own CPU time: offline, with every setting given, and never on the network.

Without a readable power meter codecarbon multiplies CPU time by a power. Given our own watts per core, its figure is a
second bookkeeping of the same work, made by others' code; where the two differ, children or time were lost.
"""

from __future__ import annotations

import importlib
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from frugal.metering.power.machine import RAM_WATTS_PER_GB, Machine

#: Below this the noise of an empty task is a tenth of codecarbon's figure or more: no figure is printed.
CODECARBON_RESOLUTION_JOULES = 1.5


class CarbonMeter:
    """A codecarbon tracker with one task at a time.

    Parameters
    ----------
    machine : Machine
        Gives the watts of one busy core.
    carbon_intensity_g_per_kwh : float
        Electricity factor; 56 g/kWh is codecarbon's own value for France.

    Notes
    -----
    The tracker is made at the first task: importing and probing the machine costs it some two CPU seconds.
    """

    def __init__(self, machine: Machine, carbon_intensity_g_per_kwh: float = 56.0) -> None:
        self._machine = machine
        self._intensity = carbon_intensity_g_per_kwh
        self._tracker: Any = None
        self._count = 0

    @property
    def watts_per_core(self) -> float:
        """Watts of one busy core that codecarbon is given."""
        return self._machine.watts_per_core

    def start(self) -> None:
        """Build the tracker, so that its start-up is not booked on the first stage."""
        if self._tracker is not None:
            return
        _silence()
        from codecarbon import OfflineEmissionsTracker

        _silence()
        resident_gb = 1.0
        given: dict[str, Any] = dict(  # noqa: C408
            country_iso_code="FRA",
            tracking_mode="process",
            measure_power_secs=5,
            # codecarbon takes the watts of the whole machine at full load
            force_cpu_power=self._machine.watts_per_core * (os.cpu_count() or 1),
            force_ram_power=RAM_WATTS_PER_GB * resident_gb,
            pue=1.0,
            wue=0.0,
            force_carbon_intensity_g_co2e_kwh=self._intensity,
            output_methods=[],
            emissions_endpoint=False,
            allow_multiple_runs=True,
            log_level="critical",
        )
        with _without_users_settings():
            self._tracker = OfflineEmissionsTracker(**given)
        # In between, a thread of codecarbon's takes a sample each second; while a task in pure Python holds the
        # interpreter, that sample comes late and is charged for more time than it covers (by two thirds, measured).
        # The difference between a task's start and its end is exact, so the samples are put off beyond any task.
        monitor = getattr(self._tracker, "_scheduler_monitor_power", None)
        if monitor is not None:
            monitor.interval = 1e6
        self._begin("start-up")
        self._end("start-up")

    def task(self, name: str) -> CarbonTask:
        """Name a task to be entered with ``with``; its ``joules`` hold the CPU energy afterwards."""
        self._count += 1
        return CarbonTask(self, f"{name}#{self._count}")

    def stop(self) -> None:
        """End the tracker's threads."""
        if self._tracker is not None:
            self._tracker.stop()
            self._tracker = None

    def _begin(self, name: str) -> None:
        self._tracker.start_task(name)

    def _end(self, name: str) -> float | None:
        data = self._tracker.stop_task(name)
        # codecarbon swallows its own failures: no data means that it did not measure
        return None if data is None else float(data.cpu_energy) * 3.6e6


class CarbonTask:
    """One task of a `CarbonMeter`."""

    def __init__(self, meter: CarbonMeter, name: str) -> None:
        self._meter = meter
        self._name = name
        self.watts_per_core = meter.watts_per_core
        self.joules: float | None = None

    def __enter__(self) -> CarbonTask:
        self._meter.start()
        self._meter._begin(self._name)
        return self

    def __exit__(self, *exception: object) -> None:
        self.joules = self._meter._end(self._name)


@contextmanager
def _without_users_settings() -> Iterator[None]:
    """Within the block codecarbon reads neither a ``.codecarbon.config`` nor the variables ``CODECARBON_*``.

    What these say is for the user's own trackers: an endpoint, a token, another way to measure.
    """
    module: Any = importlib.import_module("codecarbon.emissions_tracker")

    reads = module.get_hierarchical_config
    module.get_hierarchical_config = dict
    try:
        yield
    finally:
        module.get_hierarchical_config = reads


def _silence() -> None:
    logger = logging.getLogger("codecarbon")
    logger.disabled = True
    logger.setLevel(logging.CRITICAL)
