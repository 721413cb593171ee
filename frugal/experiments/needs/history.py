"""What was declared when: the needs in a ledger, held against its first run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from frugal.experiments.study.need import Need
from frugal.experiments.study.study_file import describe_need, need_hash
from frugal.metering.ledger.ledger import Entry
from frugal.metering.ledger.process_id import process_id

#: Stage of the lines that hold a need.
STAGE = "need"


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

    Parameters
    ----------
    lines : iterable of mapping
        Lines of ``ledger.jsonl`` as plain values.

    Returns
    -------
    list of dict
        For each need: ``hash``; ``first_seen`` and ``last_seen``, ISO times; ``first_run``, time of the earliest run of the
        ledger, None where no run was booked, as for a table of runs that existed before; ``before_first_run``, None in
        that case; ``values``, the need; ``hash_holds``, whether the values still have that hash; ``changed``, by field the
        value in the need before this one and in this one.
    """
    lines = list(lines)
    first_run = min(
        (time for line in lines if line.get("stage") == "generation" and (time := _time(line))), default=None
    )
    found: dict[str, dict[str, Any]] = {}
    for line in sorted((line for line in lines if line.get("stage") == STAGE), key=_order):
        digest, time = str((line.get("hashes") or {}).get("need", "")), _time(line)
        if digest in found:
            found[digest]["last_seen"] = line.get("started")
            continue
        values = dict(line.get("details") or {})
        previous = list(found.values())[-1]["values"] if found else values
        found[digest] = {
            "hash": digest,
            "first_seen": line.get("started"),
            "last_seen": line.get("started"),
            "first_run": None if first_run is None else first_run.isoformat(timespec="microseconds"),
            "before_first_run": None if first_run is None else time is not None and time < first_run,
            "values": values,
            "hash_holds": need_hash(values) == digest,
            "changed": _changes(previous, values),
        }
    return list(found.values())


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


def _order(line: Mapping[str, Any]) -> datetime:
    return _time(line) or datetime.max.replace(tzinfo=UTC)
