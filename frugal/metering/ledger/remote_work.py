"""CPU time that a stage had spent on other machines: a line of the ledger of its own, beside the stage's line.

Nothing on this machine can measure it: neither the clock of the process, nor codecarbon, nor a power counter. It is told by
those who computed, and its line holds no reading of any of these, so that they are held against local work alone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from frugal.metering.ledger.ledger import Entry

#: Key of a stage's details under which it keeps what others computed for it, ``cpu_seconds`` and ``threads`` among it.
REMOTE_WORK = "elsewhere"

#: Key of the details of the other machines' line: when the stage began that it belongs to.
PART_OF = "part_of"

MESSAGE = "computed on other machines, as they told; not contained in the other lines"


def split(entry: Entry) -> list[Entry]:
    """The line of a stage, and the line of what other machines computed for it where there is any."""
    told: dict[str, Any] | None = entry.details.get(REMOTE_WORK)
    if told is None:
        return [entry]
    own = replace(entry, details={key: value for key, value in entry.details.items() if key != REMOTE_WORK})
    details = {key: value for key, value in told.items() if key not in ("cpu_seconds", "threads")}
    other = Entry(
        entry.stage,
        entry.candidate,
        entry.status,
        cpu_seconds=float(told["cpu_seconds"]),
        threads=int(told["threads"]),
        seed=entry.seed,
        campaign=entry.campaign,
        message=MESSAGE,
        process=entry.process,
        details={**details, PART_OF: entry.started},
    )
    return [own, other]


def key(entry: Entry) -> tuple[Any, ...]:
    """What tells a line from all others of a ledger, whether it is of a stage or of what others computed for it."""
    return (entry.campaign, entry.stage, entry.candidate, entry.started, entry.details.get(PART_OF))
