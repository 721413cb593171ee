"""Energy and carbon of computing, from CPU seconds.

``E_cpu = t_cpu P_core`` (J), ``E = (E_cpu + P_ram m t_wall) PUE`` (J), use ``= E f_grid / 3.6e6`` (gCO2e),
manufacture ``= t_cpu e / 3600`` (gCO2e), with the watts of a busy core ``P_core``, the watts of memory
``P_ram`` for ``m`` gigabytes held during ``t_wall``, the overhead of the room ``PUE``, the carbon of a
kilowatt-hour ``f_grid`` and that of making the machine, per core and hour, ``e``. Use and manufacture are
never added up silently.

Each quantity is a triple low–central–high: all factors low together, central, high together. That is wider
than any probability interval, and says so. Valid for CPU work; the network and the user's screen are left
out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from frugal.audit.impacts.factors import Factor

JOULES_PER_KWH = 3.6e6
LEVELS = ("low", "central", "high")


@dataclass(frozen=True)
class Range:
    """A quantity with all factors low, central and high."""

    low: float
    central: float
    high: float

    def as_dict(self) -> dict[str, float]:
        """Plain values for `audit.json`."""
        return {"low": self.low, "central": self.central, "high": self.high}


def cpu_joules(cpu_seconds: float, watts_per_core: Range) -> Range:
    """Energy of the processor, before what the room adds."""
    return Range(*(cpu_seconds * getattr(watts_per_core, level) for level in LEVELS))


def electricity_joules(
    cpu_seconds: float, watts_per_core: Range, factors: Mapping[str, Factor], gigabyte_seconds: float = 0.0
) -> Range:
    """Energy drawn from the socket: processor and memory, times the overhead of the room."""
    watts, ram, pue = watts_per_core, as_range(factors["ram_watts_per_gb"]), as_range(factors["pue"])
    return Range(
        *(
            (cpu_seconds * getattr(watts, level) + gigabyte_seconds * getattr(ram, level)) * getattr(pue, level)
            for level in LEVELS
        )
    )


def use_grams(electricity: Range, factors: Mapping[str, Factor]) -> Range:
    """Carbon of the electricity, in gCO2e."""
    grid = as_range(factors["electricity_gwp_fr"])
    return Range(*(getattr(electricity, level) / JOULES_PER_KWH * getattr(grid, level) for level in LEVELS))


def embodied_grams(cpu_seconds: float, factors: Mapping[str, Factor]) -> Range:
    """Carbon of making the machine, for the core time taken up, in gCO2e."""
    embodied = as_range(factors["embodied_gwp_vcpu_hour"])
    return Range(*(cpu_seconds / 3600 * getattr(embodied, level) for level in LEVELS))


def footprint(
    cpu_seconds: float, watts_per_core: Range, factors: Mapping[str, Factor], gigabyte_seconds: float = 0.0
) -> dict[str, Any]:
    """All of it for so many CPU seconds, as plain values."""
    electricity = electricity_joules(cpu_seconds, watts_per_core, factors, gigabyte_seconds)
    return {
        "cpu_seconds": cpu_seconds,
        "cpu_joules": cpu_joules(cpu_seconds, watts_per_core).as_dict(),
        "electricity_joules": electricity.as_dict(),
        "use_grams_co2e": use_grams(electricity, factors).as_dict(),
        "embodied_grams_co2e": embodied_grams(cpu_seconds, factors).as_dict(),
    }


def as_range(factor: Factor) -> Range:
    """The interval of a factor."""
    return Range(factor.low, factor.value, factor.high)


def watts_of(machine: Mapping[str, Any], factors: Mapping[str, Factor]) -> Range:
    """Watts per busy core: what the machine's record says, the default factor where it says nothing."""
    default = factors["watts_per_core"]
    central = machine.get("watts_per_core")
    if central is None:
        return as_range(default)
    return Range(machine.get("watts_low") or central, central, machine.get("watts_high") or central)
