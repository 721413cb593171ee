"""The folder of an exposure: layers of a GeoPackage, a CSV each, counts by class, and what the columns mean."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from frugal.errors import UnusableInputError
from frugal.exposure.run import Exposure
from frugal.exposure.summary import damage_by_kind, summary_content, summary_rows
from frugal.exposure.tables import UNITS, OutputTable, output_tables
from frugal.formats.files.atomic import is_somebody_elses, new_folder, write_text
from frugal.formats.files.json_files import to_json
from frugal.formats.files.tables import write_table
from frugal.texts import LANGUAGES, room_texts

if TYPE_CHECKING:
    import pandas as pd

_TEXTS = room_texts("frugal.exposure")

#: Marks a folder as one of this command, which it may replace.
MARK = "exposure.json"
GEOPACKAGE = "exposure.gpkg"


def check_folder(out: Path) -> None:
    """Refuse to write where something stands that this command has not made.

    Raises
    ------
    UnusableInputError
        If it is a file, or a folder that holds other things.
    """
    if is_somebody_elses(out, MARK):
        raise UnusableInputError(
            f"--out '{out}' holds other things than an exposure and would be replaced; name a new folder"
        )


def write_exposure(out: Path, made: Exposure, language: str) -> list[Path]:
    """Write the folder, whole or not at all; an earlier one of its name is replaced.

    Parameters
    ----------
    out : Path
    made : Exposure
    language : {"en", "fr"}
        Of the names of classes and states, and of the labels of columns.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    UnusableInputError
        If something else stands there.
    EnvironmentFaultError
        If the disk is full or the folder cannot be written.
    """
    check_folder(out)
    tables = output_tables(made, language)
    with new_folder(out) as folder:
        if tables:
            _write_geopackage(folder / GEOPACKAGE, tables, made, language)
        for table in tables:
            write_table(folder / f"{table.name}.csv", _csv_frame(table))
        _write_summary(folder, made, language)
        write_text(folder / "README.md", _readme(made, tables))
        write_text(folder / MARK, to_json(summary_content(made, language)))
    return sorted(path for path in out.iterdir() if path.is_file())


def _write_geopackage(path: Path, tables: Sequence[OutputTable], made: Exposure, language: str) -> None:
    from frugal.formats.vectors.places import Layer, write_geopackage_layers

    assert made.flood is not None
    layers = [
        Layer(
            table.name,
            made.flood.crs,
            list(table.geometry),
            table.columns,
            {name: UNITS[name] for name in table.columns if name in UNITS},
            {name: _TEXTS.known("column", name)[language] for name in table.columns},
        )
        for table in tables
    ]
    write_geopackage_layers(
        path, layers, {"map": made.flood.path.name, "notes": json.dumps(_notes(made, language), ensure_ascii=False)}
    )


def _notes(made: Exposure, language: str) -> list[str]:
    return [note[language] for note in made.notes]


def _csv_frame(table: OutputTable) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(
        {
            name: [_cell(str(value)) for value in values] if np.asarray(values).dtype == object else values
            for name, values in table.columns.items()
        }
    )


def _cell(text: str) -> str:
    """Text that a spreadsheet does not take for a formula: names come from files of others."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _write_summary(folder: Path, made: Exposure, language: str) -> None:
    import pandas as pd

    rows = summary_rows(made, language)
    if rows:
        frame = pd.DataFrame([asdict(row) for row in rows])
        frame["kind"] = [_cell(kind) for kind in frame["kind"]]
        write_table(folder / "summary.csv", frame)
    by_kind = damage_by_kind(made)
    if by_kind:
        table = pd.DataFrame([{"kind": _cell(kind), **amounts} for kind, amounts in by_kind.items()])
        write_table(folder / "damage_by_kind.csv", table)
    if made.yearly is not None:
        yearly = made.yearly
        order = np.argsort(yearly.periods_yr)
        periods = np.array(yearly.periods_yr)[order]
        told = pd.DataFrame(
            {
                "return_period_yr": periods,
                "yearly_probability": 1.0 / periods,
                f"damage_{yearly.unit}" if yearly.unit else "damage": np.array(yearly.totals)[order],
            }
        )
        write_table(folder / "damage_by_return_period.csv", told)


def _readme(made: Exposure, tables: Sequence[OutputTable]) -> str:
    """What stands in the folder, in both languages."""
    lines: list[str] = []
    for language in LANGUAGES:
        lines += [f"# {_TEXTS.phrase('readme.title', language)}", "", _TEXTS.phrase("readme.files", language), ""]
        lines += [_TEXTS.phrase("readme.depth", language, depth=_TEXTS.known("depth_of", made.settings.depth_of)), ""]
        lines += [f"- {note}" for note in _notes(made, language)]
        names = dict.fromkeys(name for table in tables for name in table.columns)
        if names:
            heads = [_TEXTS.phrase(f"readme.{head}", language) for head in ("column", "unit", "meaning")]
            lines += ["", f"| {' | '.join(heads)} |", "|---|---|---|"]
            lines += [
                f"| {name} | {UNITS.get(name, '')} | {_TEXTS.known('column', name)[language]} |" for name in names
            ]
        lines += [""]
    return "\n".join(lines)
