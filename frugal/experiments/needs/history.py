"""What was declared when: the needs in a ledger, held against its first run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from frugal.experiments.study.need import Need
from frugal.experiments.study.study_file import describe_need, need_hash
from frugal.metering.ledger.ledger import Entry
from frugal.metering.ledger.process_id import process_id

#: Stage of the lines that hold a need.
STAGE = "need"

#: Clocks of one machine are put right by less than this.
CLOCK_SECONDS = 60.0


def need_entry(need: Need, campaign: str, seed: int | None = None) -> Entry:
    """The ledger line that fixes a need, its hash and the time; it goes into the ledger before the first run.

    Parameters
    ----------
    need : Need
    campaign : str
        Identifier of the campaign that runs under it.
    seed : int, optional
        Of the campaign.
    """
    values = describe_need(need)
    digest = values.pop("hash")
    return Entry(
        STAGE,
        seed=seed,
        started=datetime.now(UTC).isoformat(timespec="microseconds"),
        campaign=campaign,
        process=process_id(),
        hashes={"need": digest},
        details=values,
    )


def need_history(lines: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Every need that a ledger holds, in the order in which they first appear.

    What came first is told by the order of the lines, which are chained; dates are those of a clock that anybody may set.

    Parameters
    ----------
    lines : iterable of mapping
        Lines of ``ledger.jsonl`` as plain values, in their order.

    Returns
    -------
    list of dict
        For each need: ``hash``; ``first_seen`` and ``last_seen``, ISO times; ``first_run``, time of the first run of the
        ledger, None where no run was booked, as for a table of runs that existed before; ``before_first_run``, None in
        that case; ``values``, the need; ``hash_holds``, whether the values still have that hash; ``changed``, by field the
        value in the need before this one and in this one.
    """
    lines = list(lines)
    runs = [number for number, line in enumerate(lines) if line.get("stage") == "generation"]
    first_time = _time(lines[runs[0]]) if runs else None
    found: dict[str, dict[str, Any]] = {}
    for number, line in enumerate(lines):
        if line.get("stage") != STAGE:
            continue
        digest = str((line.get("hashes") or {}).get("need", ""))
        if digest in found:
            found[digest]["last_seen"] = line.get("started")
            continue
        values = dict(line.get("details") or {})
        previous = list(found.values())[-1]["values"] if found else values
        found[digest] = {
            "hash": digest,
            "first_seen": line.get("started"),
            "last_seen": line.get("started"),
            "first_run": None if first_time is None else first_time.isoformat(timespec="microseconds"),
            "before_first_run": (number < runs[0] and _time(line) is not None) if runs else None,
            "values": values,
            "hash_holds": need_hash(values) == digest,
            "changed": _changes(previous, values),
        }
    return list(found.values())


def clock_set_back(lines: Iterable[Mapping[str, Any]]) -> int | None:
    """Number of the first line of a ledger, from 1, that ended well before a line above it had begun; None where none did.

    A line is written when its stage ends. One that ended earlier than what stands above it had begun was written with a clock
    that had been set back, or by hand; differences of less than `CLOCK_SECONDS` are those of clocks that are kept right.
    """
    latest: datetime | None = None
    for number, line in enumerate(lines, start=1):
        started = _time(line)
        if started is None:
            continue
        ended = started + timedelta(seconds=_seconds(line))
        if latest is not None and ended < latest - timedelta(seconds=CLOCK_SECONDS):
            return number
        latest = started if latest is None else max(latest, started)
    return None


def _seconds(line: Mapping[str, Any]) -> float:
    value = line.get("wall_seconds")
    return float(value) if isinstance(value, int | float) and 0 <= value < 1e9 else 0.0


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[Any]]:
    names = [*after, *(name for name in before if name not in after)]
    return {name: [before.get(name), after.get(name)] for name in names if before.get(name) != after.get(name)}


def _time(line: Mapping[str, Any]) -> datetime | None:
    """When a line was begun; None where it does not say so readably."""
    try:
        time = datetime.fromisoformat(str(line.get("started")))
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
