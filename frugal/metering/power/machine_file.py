"""The machine as its owner declares it in ``machine.toml``, and the tier of its power.

T1: readings of a meter at the wall. T2: energy counters of the processor. T3: a declared power of one busy core.
T4: a default with a wide interval.
"""

from __future__ import annotations

import hashlib
import math
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from frugal.errors import UnusableInputError, did_you_mean
from frugal.metering.power.machine import Machine, describe_machine
from frugal.metering.power.rapl import POWERCAP, rapl_is_readable
from frugal.metering.power.tiers import HALF_WIDTH
from frugal.metering.power.wall_meter import read_meter
from frugal.texts import decimals, room_texts
from frugal.toml_text import parse_toml

_TEXTS = room_texts("frugal.metering")

#: Read where nobody names another file.
MACHINE_FILE = Path("machine.toml")


def read_machine(path: Path | None = None, rapl_root: Path = POWERCAP) -> Machine:
    """Describe this machine, with what its owner declares.

    Parameters
    ----------
    path : Path, optional
        ``machine.toml``; by default the one of the working folder, where there is one.
    rapl_root : Path
        Folder of the energy counters.

    Returns
    -------
    Machine
        Of tier T3 where a power is declared, of T4 else. A meter or counters that it names are applied once there is work
        to apply them to (`frugal.metering.power.tiers`).

    Raises
    ------
    UnusableInputError
        If the file is missing, a field is unknown, missing or out of bounds, or the readings it names cannot be used.
    """
    machine = describe_machine()
    if path is None and not MACHINE_FILE.is_file():
        return _with_rapl(machine, rapl_root)
    path = path or MACHINE_FILE
    content = _content(path)
    values = _parsed(path, content)
    declared = {name: check(path, name, values[name]) for name, check in _FIELDS.items() if name in values}
    unknown = sorted(set(values) - set(_FIELDS) - {"meter"})
    if unknown:
        allowed = [*_FIELDS, "meter"]
        hint = did_you_mean(unknown[0], allowed)
        raise UnusableInputError(f"'{path}': '{unknown[0]}' is unknown; allowed: {', '.join(allowed)}{hint}")
    if "source" not in declared:
        raise UnusableInputError(f"'{path}': 'source' is missing; say in words where the values come from")
    machine = replace(machine, file_sha256=hashlib.sha256(content).hexdigest())
    machine = _with_power(path, machine, declared)
    machine = replace(machine, **{name: value for name, value in declared.items() if not name.startswith("watts")})
    if "meter" in values:
        return _with_meter(path, machine, values["meter"])
    return machine if "watts_per_core" in declared else _with_rapl(machine, rapl_root)


def _with_rapl(machine: Machine, root: Path) -> Machine:
    return replace(machine, rapl_root=root) if rapl_is_readable(root) else machine


def _with_power(path: Path, machine: Machine, declared: Mapping[str, Any]) -> Machine:
    bounds = [name for name in ("watts_low", "watts_high") if name in declared]
    if "watts_per_core" not in declared:
        if bounds:
            raise UnusableInputError(f"'{path}': '{bounds[0]}' needs 'watts_per_core' beside it")
        return machine
    watts = declared["watts_per_core"]
    low = declared.get("watts_low", watts * (1 - HALF_WIDTH["T3"]))
    high = declared.get("watts_high", watts * (1 + HALF_WIDTH["T3"]))
    if not low <= watts <= high:
        raise UnusableInputError(
            f"'{path}': watts_per_core {watts:g} is not between watts_low {low:g} and watts_high {high:g}"
        )
    method = _TEXTS.say("method.declared", watts=decimals(f"{watts:g}"), source=declared["source"])
    return replace(machine, tier="T3", watts_per_core=watts, watts_low=low, watts_high=high, method=method)


def _with_meter(path: Path, machine: Machine, meter: Any) -> Machine:
    if not isinstance(meter, dict) or not isinstance(meter.get("readings"), str):
        raise UnusableInputError(f"'{path}': [meter] needs 'readings', the name of a CSV file")
    unknown = sorted(set(meter) - {"readings", "idle_watts"})
    if unknown:
        raise UnusableInputError(f"'{path}': 'meter.{unknown[0]}' is unknown; allowed: readings, idle_watts")
    idle = _number(0.0, 1e5)(path, "meter.idle_watts", meter["idle_watts"]) if "idle_watts" in meter else None
    readings = path.parent / meter["readings"]
    machine = replace(machine, meter_file=readings, idle_watts=idle)
    if not readings.is_file():
        return machine  # the readings of a meter are often fetched only when the work is over
    return replace(machine, meter_sha256=read_meter(readings).sha256)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as fault:
        raise UnusableInputError(f"the machine file '{path}' cannot be read: {fault.strerror or fault}") from fault


def _parsed(path: Path, content: bytes) -> dict[str, Any]:
    try:
        return parse_toml(content.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise UnusableInputError(f"the machine file '{path}' is not readable as TOML: {fault}") from fault


Check = Callable[[Path, str, Any], Any]


def _number(low: float, high: float, above: bool = False) -> Check:
    def check(path: Path, name: str, value: Any) -> float:
        """A number of the file as a float, where it lies within the bounds.

        Parameters
        ----------
        path : Path
            The machine file, for the message.
        name : str
            Key in the file, with its table (``meter.idle_watts``), for the message.
        value : object
            As TOML gives it; a truth value is no number.

        Raises
        ------
        UnusableInputError
            If it is no finite number within the bounds.
        """
        fine = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if not fine or not low <= value <= high or (above and value == low):
            bound = f"above {low:g}" if above else f"from {low:g}"
            raise UnusableInputError(f"'{path}': {name} = {value!r} must be a number {bound} up to {high:g}")
        return float(value)

    return check


def _text(path: Path, name: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise UnusableInputError(f"'{path}': {name} = {value!r} must be a text that is not empty")
    return value.strip()


def _country(path: Path, name: str, value: Any) -> str:
    if not (isinstance(value, str) and len(value) == 3 and value.isascii() and value.isalpha() and value.isupper()):
        raise UnusableInputError(
            f"'{path}': {name} = {value!r} must be three capital letters (ISO 3166), such as 'FRA'"
        )
    return value


def _truth(path: Path, name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise UnusableInputError(f"'{path}': {name} = {value!r} must be true or false")
    return value


_FIELDS: dict[str, Check] = {
    "watts_per_core": _number(0.0, 1000.0, above=True),
    "watts_low": _number(0.0, 1000.0, above=True),
    "watts_high": _number(0.0, 1000.0, above=True),
    "source": _text,
    "pue": _number(1.0, 10.0),
    "wue_l_per_kwh": _number(0.0, 100.0),
    "country": _country,
    "hosting": _text,
    "reused": _truth,
    "age_years": _number(0.0, 50.0),
}
