"""A tide table for a terminal, as JSON and as a table of a file."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from frugal.formats.files.table_writer import table_writer
from frugal.reporting.text import plain_number
from frugal.texts import room_texts
from frugal.tides.table import TideTable

if TYPE_CHECKING:
    from rich.table import Table

_TEXTS = room_texts("frugal.tides")


def moment_text(table: TideTable, time_s: float, seconds: bool = False) -> str:
    """A time in the zone of the question, to the minute or the second: ``2026-11-30T05:12+01:00``."""
    step = 1.0 if seconds else 60.0
    moment = datetime.fromtimestamp(round(time_s / step) * step, UTC).astimezone(table.asked.zone)
    told = moment.isoformat(timespec="seconds" if seconds else "minutes")
    return told.replace("+00:00", "Z")


def water_rows(table: TideTable) -> list[dict[str, Any]]:
    """High and low waters as plain values, one a row."""
    rows = []
    waters = table.waters
    for place in range(len(waters.time_s)):
        double = bool(waters.peaks[place] > 1)
        row: dict[str, Any] = {
            "time": moment_text(table, waters.time_s[place], seconds=True),
            "water": "high" if waters.high[place] else "low",
            "level_m": round(float(waters.level_m[place]), 4),
            "double": double,
            "other_time": moment_text(table, waters.other_time_s[place], seconds=True) if double else None,
            "stand_min": round(float(waters.stand_s[place]) / 60.0, 1),
        }
        if table.coefficients is not None:
            value = table.coefficients[place]
            row["coefficient"] = round(float(value)) if np.isfinite(value) else None
        rows.append(row)
    return rows


def level_rows(table: TideTable) -> list[dict[str, Any]]:
    """Levels as plain values, one a row."""
    return [
        {"time": moment_text(table, time, seconds=True), "level_m": round(float(level), 4)}
        for time, level in zip(table.level_times_s, table.levels_m, strict=True)
    ]


def tide_content(table: TideTable, language: str) -> dict[str, Any]:
    """The whole table as one JSON document.

    Parameters
    ----------
    table : TideTable
    language : {"en", "fr"}
        Of the warning and the notes.
    """
    asked = table.asked
    content: dict[str, Any] = {
        "station": table.station,
        "from": moment_text(table, asked.begin.timestamp(), seconds=True),
        "to": moment_text(table, asked.end.timestamp(), seconds=True),
        "datum": table.datum,
        "nodal_convention": asked.convention,
        "warning": _TEXTS.phrase("warning", language),
        "notes": [note[language] for note in table.notes],
        "waters": water_rows(table),
    }
    if asked.every_min is not None:
        content["levels"] = level_rows(table)
    return content


def title(table: TideTable, language: str) -> str:
    """Station, zone, zero and convention in one line.

    Parameters
    ----------
    table : TideTable
    language : {"en", "fr"}
    """
    datum = _TEXTS.known("datum", table.datum)[language]
    return _TEXTS.phrase(
        "title", language, station=table.station, datum=datum, zone=table.asked.zone, convention=table.asked.convention
    )


def warning(language: str) -> str:
    """What the table must not be used for."""
    return _TEXTS.phrase("warning", language)


def printed_table(table: TideTable, language: str) -> Table:
    """High and low waters for a terminal, or the levels where these were asked.

    Parameters
    ----------
    table : TideTable
    language : {"en", "fr"}
    """
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    printed = Table(box=SIMPLE_HEAD, pad_edge=False)
    if table.asked.every_min is not None:
        heads = ["time", "level"]
        rows = [[row["time"], plain_number(row["level_m"], language, 3)] for row in level_rows(table)]
    else:
        heads = ["time", "water", "level", "stand"] + (["coefficient"] if table.coefficients is not None else [])
        rows = [_cells(table, place, row, language) for place, row in enumerate(water_rows(table))]
    for name in heads:
        printed.add_column(
            _TEXTS.phrase(f"head.{name}", language), justify="left" if name in ("time", "water") else "right"
        )
    for cells in rows:
        printed.add_row(*cells[: len(heads)])
    return printed


def _cells(table: TideTable, place: int, row: dict[str, Any], language: str) -> list[str]:
    kind = _TEXTS.phrase(f"water.{row['water']}", language)
    if row["double"]:
        other = moment_text(table, table.waters.other_time_s[place])
        kind = _TEXTS.phrase("water.double", language, water=kind, time=other[11:16])
    level = f"{row['level_m']:.2f}"
    return [
        moment_text(table, table.waters.time_s[place]),
        kind,
        level.replace(".", ",") if language == "fr" else level,
        f"{row['stand_min']:.0f}",
        "" if row.get("coefficient") is None else str(row["coefficient"]),
    ]


def write_table(path: Path, table: TideTable) -> None:
    """Rows as CSV or Parquet: levels where they were asked, else high and low waters.

    Parameters
    ----------
    path : Path
        ``.csv`` or ``.parquet``.
    table : TideTable
    """
    import pyarrow

    rows = water_rows(table) if table.asked.every_min is None else level_rows(table)
    for row in rows:
        row.update({"datum": table.datum, "nodal_convention": table.asked.convention, "use": "not for navigation"})
    with table_writer(path) as write:
        write(pyarrow.Table.from_pylist(rows))
