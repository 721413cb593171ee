"""What was fetched, and the two files that it leaves: the values, and where they come from."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from frugal.errors import UnusableInputError
from frugal.formats.dates import moment_text
from frugal.formats.files.atomic import drafted, write_text
from frugal.formats.files.json_files import to_json
from frugal.formats.files.table_writer import table_writer
from frugal.formats.hydrometry import UNITS, ObservedRows, in_order

SCHEMA = "frugal-fetched/1"
LICENCE = "Licence Ouverte 2.0 (Etalab)"
LICENCE_ADDRESS = "https://www.etalab.gouv.fr/licence-ouverte-open-licence"
ENDINGS = (".csv", ".parquet", ".pq")


@dataclass(frozen=True, eq=False)
class FetchedObservations:
    """Observations of a service, in the order of its reply.

    Attributes
    ----------
    service : str
    attribution : str
        Whom the licence wants named.
    what : {"discharge", "level"}
    note : str
        What the values are: instants, daily means; above which zero.
    asked : dict
        As the user asked.
    addresses : list of str
        Of all pages.
    rows : ObservedRows
    labels : list of str
        Words of the service for the status of each value; empty texts where it says none.
    announced : int or None
        How many values the service says that there are.
    """

    service: str
    attribution: str
    what: str
    note: str
    asked: dict[str, str]
    addresses: list[str]
    rows: ObservedRows
    labels: list[str]
    announced: int | None = None


def sidecar(path: Path) -> Path:
    """The file beside the values that says where they come from: ``flows.csv.json``."""
    return path.with_name(f"{path.name}.json")


def check_free(path: Path, overwrite: bool) -> None:
    """Refuse a file that cannot be written, before anybody is asked.

    Raises
    ------
    UnusableInputError
        If its ending is not known, or it is there already.
    """
    if path.suffix.lower() not in ENDINGS:
        raise UnusableInputError(f"--out '{path}' ends in '{path.suffix}'; {', '.join(ENDINGS)} are allowed")
    for name in (path, sidecar(path)):
        if name.exists() and not overwrite:
            raise UnusableInputError(f"'{name}' exists and is left as it is; name another file, or add --overwrite")


def write_observations(path: Path, fetched: FetchedObservations, overwrite: bool = False) -> dict[str, Any]:
    """Write values and their source, both or none.

    Parameters
    ----------
    path : Path
        ``.csv`` or ``.parquet``.
    fetched : FetchedObservations
    overwrite : bool
        Whether files that are there are replaced.

    Returns
    -------
    dict
        What stands in the file beside the values.

    Raises
    ------
    UnusableInputError
        If there is no value, or two contradict each other.
    """
    import pyarrow

    check_free(path, overwrite)
    rows = fetched.rows
    stations = np.array(rows.stations, dtype=object)
    kept, missing, repeated = [], 0, 0
    for name in dict.fromkeys(rows.stations):
        order, lacking, again = in_order(rows, np.flatnonzero(stations == name))
        kept.append(order)
        missing, repeated = missing + lacking, repeated + again
    order = np.concatenate(kept) if kept else np.zeros(0, dtype=np.int64)
    if not order.size:
        where = ", ".join(f"{key} {value}" for key, value in fetched.asked.items())
        raise UnusableInputError(
            f"{fetched.service} has no value for {where}; real-time values reach back a month or so"
        )
    columns: dict[str, Any] = {
        "time_utc": [moment_text(time) for time in rows.time_s[order].tolist()],
        "station": stations[order].tolist(),
        f"{fetched.what} [{UNITS[fetched.what]}]": np.round(rows.values[order], 6),
    }
    if rows.status[order].any():
        columns["status"] = rows.status[order].astype(int)
    content: dict[str, Any] = {
        "schema": SCHEMA,
        "service": fetched.service,
        "asked": fetched.asked,
        "addresses": fetched.addresses,
        "fetched": moment_text(datetime.now(UTC).timestamp()),
        "licence": LICENCE,
        "licence_address": LICENCE_ADDRESS,
        "attribution": fetched.attribution,
        "what": fetched.what,
        "unit": UNITS[fetched.what],
        "note": fetched.note,
        "stations": sorted(set(columns["station"])),
        "values": int(order.size),
        "first": min(columns["time_utc"]),
        "last": max(columns["time_utc"]),
        "received": len(rows.stations),
        "announced": fetched.announced,
        "without_value": missing,
        "repeated": repeated,
        "status": dict(Counter(fetched.labels[k] for k in order.tolist() if fetched.labels[k])),
    }
    with drafted(path) as draft:
        with table_writer(draft) as write:
            write(pyarrow.table(columns))
        content["sha256"] = hashlib.sha256(draft.read_bytes()).hexdigest()
        write_text(sidecar(path), to_json(content))
    return content
