"""A name for this process that no other process shares, and whether the process of such a name still runs."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

_names: dict[int, str] = {}


def process_id() -> str:
    """Name of this process: its number, the tick it started at, and a few random digits; it says nothing of the host."""
    own = os.getpid()
    if own not in _names:  # after a fork the child is another process
        _names[own] = f"{own}-{_start_tick(own)}-{secrets.token_hex(4)}"
    return _names[own]


def still_runs(name: str) -> bool:
    """Whether the process that `process_id` named so is alive on this machine.

    Process numbers are used again, in containers at every start: the tick of the start tells two processes apart.
    """
    if name == process_id():
        return True
    number, _, rest = name.partition("-")
    if not number.isdigit():
        return False
    tick = _start_tick(int(number))
    return tick != "" and int(number) != os.getpid() and rest.partition("-")[0] == tick


def _start_tick(number: int) -> str:
    """Tick since the machine's start at which a process began; empty where there is no such process, or only its remains."""
    try:
        text = Path(f"/proc/{number}/stat").read_text()
    except OSError:
        return ""
    state, *fields = text.rpartition(")")[2].split()  # the name in brackets may hold blanks
    return "" if state in ("Z", "X") else fields[18]
