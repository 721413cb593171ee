"""From a ledger and a meter to the power of one busy core: tiers T1 (at the wall) and T2 (energy counters)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from frugal.errors import UnusableInputError
from frugal.metering.ledger.ledger import Entry
from frugal.metering.power.machine import Machine
from frugal.metering.power.rapl import RaplMeter
from frugal.metering.power.wall_meter import Readings, read_meter
from frugal.texts import Text, decimals, room_texts

_TEXTS = room_texts("frugal.metering")

#: Relative half-width of the power's interval. T1 as for calibrated meters, T2 as published comparisons of on-chip
#: counters with meters; T3 for a declared value whose source is named, which nobody checks.
HALF_WIDTH = {"T1": 0.10, "T2": 0.25, "T3": 0.25}

#: A power from counters or a meter needs this much work under it.
LEAST_METERED_CPU_SECONDS = 10.0

#: A counter must have moved by this many of its smallest steps over all stages.
LEAST_COUNTER_STEPS = 10


def with_counters(machine: Machine, entries: Iterable[Entry], energy: RaplMeter) -> Machine:
    """The machine with the power of a busy core that its energy counters showed over these stages (tier T2).

    It stays as it is where the stages hold less than `LEAST_METERED_CPU_SECONDS` or the counters showed no more than rest.

    Parameters
    ----------
    machine : Machine
    entries : iterable of Entry
        The stages; those without a reading of the counters are left out.
    energy : RaplMeter
        What read the counters: its power at rest [W] and whether it holds the memory are told with the power.

    Returns
    -------
    Machine
        ``watts_per_core`` is energy above rest over CPU seconds, children included.
    """
    metered = [entry for entry in entries if entry.meter_joules is not None]
    seconds = sum(entry.total_cpu_seconds for entry in metered)
    joules = sum(entry.meter_joules or 0.0 for entry in metered)
    if seconds < LEAST_METERED_CPU_SECONDS or joules <= 0:
        return machine
    idle = energy.idle_watts
    key = "method.counters_with_memory" if energy.includes_memory else "method.counters"
    method = _TEXTS.say(key, idle=decimals(f"{idle:.3g}"))
    return metered_machine(machine, "T2", joules / seconds, idle, method, includes_memory=energy.includes_memory)


def stage_joules(machine: Machine, entries: Iterable[Entry], readings: Readings) -> list[float | None]:
    """Energy of each stage above rest, in J; None where the readings do not cover it or it has no moment of its own.

    Parameters
    ----------
    machine : Machine
        ``idle_watts`` [W] is taken off for the wall time of each stage; nothing where it is None.
    entries : iterable of Entry
    readings : Readings
        Of the meter at the wall.

    Returns
    -------
    list of float or None
        As many as there are entries.
    """
    idle = machine.idle_watts or 0.0
    found: list[float | None] = []
    for entry in entries:
        whole = None
        if entry.started and entry.wall_seconds > 0:
            start = datetime.fromisoformat(entry.started).timestamp()
            whole = readings.between(start, start + entry.wall_seconds)
        found.append(None if whole is None else whole - idle * entry.wall_seconds)
    return found


def apply_meter(machine: Machine, entries: Sequence[Entry]) -> Machine:
    """The machine with the power of a busy core that its meter showed over the stages of a ledger (tier T1).

    Parameters
    ----------
    machine : Machine
        As `read_machine` gives it; one without a meter comes back as it is.
    entries : sequence of Entry
        The stages; those that the readings do not cover are left out.

    Raises
    ------
    UnusableInputError
        If the readings are missing or bad, cover no stage or too little work, or show no more than the power at rest.
    """
    if machine.meter_file is None:
        return machine
    readings = read_meter(machine.meter_file)
    pairs = [(e, j) for e, j in zip(entries, stage_joules(machine, entries, readings), strict=True) if j is not None]
    if not pairs:
        raise UnusableInputError(f"the meter readings '{readings.path}' cover no stage of the ledger")
    seconds, joules = sum(entry.total_cpu_seconds for entry, _ in pairs), sum(found for _, found in pairs)
    wall = sum(entry.wall_seconds for entry, _ in pairs)
    idle = machine.idle_watts or 0.0
    if seconds < LEAST_METERED_CPU_SECONDS:
        raise UnusableInputError(
            f"the meter readings '{readings.path}' cover {seconds:.2g} CPU seconds of the ledger; "
            f"{LEAST_METERED_CPU_SECONDS:g} are the least"
        )
    if joules + idle * wall < LEAST_COUNTER_STEPS * readings.step_joules:
        raise UnusableInputError(
            f"the counter of '{readings.path}' moves in steps of {readings.step_joules:.3g} J, too coarse for the "
            f"{joules + idle * wall:.3g} J of the stages"
        )
    if joules <= 0:
        raise UnusableInputError(
            f"the meter readings '{readings.path}' show no more than the {idle:g} W at rest during the stages"
        )
    method = _method(readings.path.name, idle if machine.idle_watts is not None else None)
    metered = metered_machine(machine, "T1", joules / seconds, idle, method, includes_memory=True)
    return replace(metered, meter_sha256=readings.sha256)


def metered_machine(
    machine: Machine, tier: str, watts: float, idle_watts: float, method: Mapping[str, str], includes_memory: bool
) -> Machine:
    """The machine with a power that was measured.

    Parameters
    ----------
    machine : Machine
    tier : str
        ``T1`` or ``T2``; `HALF_WIDTH` gives the interval round the power.
    watts : float
        Of one busy core, power at rest taken off [W].
    idle_watts : float
        The power at rest that was taken off [W].
    method : mapping of str to str
        How it was measured, in one sentence by language.
    includes_memory : bool
        The power holds that of the memory, so that none must be added.

    Returns
    -------
    Machine
    """
    return replace(
        machine,
        tier=tier,
        watts_per_core=watts,
        watts_low=watts * (1 - HALF_WIDTH[tier]),
        watts_high=watts * (1 + HALF_WIDTH[tier]),
        method=dict(method),
        idle_watts=idle_watts,
        includes_memory=includes_memory,
    )


def _method(name: str, idle: float | None) -> Text:
    if idle is None:
        return _TEXTS.say("method.meter", name=name)
    return _TEXTS.say("method.meter_above_rest", name=name, idle=decimals(f"{idle:g}"))
