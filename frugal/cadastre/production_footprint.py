"""What making the cadastre itself cost, from its ledger."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from frugal.metering.ledger.ledger import Entry
from frugal.metering.power.machine import Machine

JOULES_PER_KWH = 3.6e6


def production_footprint(entries: Sequence[Entry], machine: Machine, area_km2: float) -> dict[str, Any]:
    """CPU time by stage, energy and carbon of every run that went into the cadastre, killed ones included.

    Parameters
    ----------
    entries : sequence of Entry
        Lines of the ledger.
    machine : Machine
        Gives the power of a busy core, with its interval.
    area_km2 : float
        Ground with a height.

    Returns
    -------
    dict
        The training of `roof_yield` is not in it: its own audit says what it cost.
    """
    from frugal.metering.factors.table import load_factors

    seconds = sum(entry.total_cpu_seconds for entry in entries)
    stages: dict[str, float] = {}
    for entry in entries:
        stages[entry.stage] = stages.get(entry.stage, 0.0) + entry.total_cpu_seconds
    factor = load_factors()["electricity_gwp_FRA"]
    told = [entry.codecarbon_joules for entry in entries if entry.codecarbon_joules is not None]
    watts = (machine.watts_per_core, machine.watts_low, machine.watts_high)
    energy = [seconds * value / JOULES_PER_KWH for value in watts]
    carbon = [energy[0] * factor.value, energy[1] * factor.low, energy[2] * factor.high]
    return {
        "cpu_seconds": seconds,
        "cpu_seconds_by_stage": stages,
        "cpu_seconds_per_km2": seconds / area_km2 if area_km2 > 0 else None,
        "area_km2": area_km2,
        "energy_kwh": dict(zip(("value", "low", "high"), energy, strict=True)),
        "carbon_gco2e": dict(zip(("value", "low", "high"), carbon, strict=True)),
        "codecarbon_kwh": sum(told) / JOULES_PER_KWH if told else None,
        "watts_per_core": dict(zip(("value", "low", "high"), watts, strict=True)),
        "tier": machine.tier,
        "electricity": {
            "unit": factor.unit,
            "value": factor.value,
            "low": factor.low,
            "high": factor.high,
            "source": factor.source,
        },
        # A kill ends the meter's own stage with the one it measures: it counts once.
        "interrupted_stages": sum(entry.status == "interrupted" and entry.stage != "metering" for entry in entries),
        "left_out": "the training of roof_yield, which its own audit holds; making and flying the survey; screens and networks",
    }
