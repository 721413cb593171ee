"""The cadastre as files for a geographic information system: GeoPackage with its style, GeoParquet, communes as CSV."""

from __future__ import annotations

import csv
import io
import sqlite3
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from frugal.formats.files.atomic import write_bytes, write_text
from frugal.formats.files.faults import faults_told

if TYPE_CHECKING:
    import geopandas

#: What is summed for a commune or a building.
SUMMED = ("roof_area_m2", "usable_area_m2", "power_kwp", "yield_kwh", "co2_avoided_kg")


def write_geopackage(
    path: Path, layers: Mapping[str, geopandas.GeoDataFrame], styles: Mapping[str, Mapping[str, str]]
) -> None:
    """Write layers and their QGIS styles as one GeoPackage that appears whole or not at all.

    Parameters
    ----------
    path : Path
    layers : mapping of str to GeoDataFrame
    styles : mapping of str to mapping of str to str
        For a layer, styles (QML) by name; the first is the one QGIS opens with.

    Raises
    ------
    EnvironmentFaultError
        If it cannot be written.
    """
    import pyogrio

    with faults_told(path), tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
        draft = Path(folder) / path.name
        for name, frame in layers.items():
            pyogrio.write_dataframe(
                frame,
                draft,
                layer=name,
                driver="GPKG",
                promote_to_multi=True,
                geometry_type="MultiPolygon",
                append=draft.exists(),
                dataset_options={"VERSION": "1.3"},  # programs of some years ago read it without a warning
            )
        _add_styles(draft, styles)
        draft.replace(path)


def _add_styles(path: Path, styles: Mapping[str, Mapping[str, str]]) -> None:
    """The table ``layer_styles`` that QGIS reads."""
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(
            "CREATE TABLE IF NOT EXISTS layer_styles (id INTEGER PRIMARY KEY AUTOINCREMENT, f_table_catalog TEXT(256), "
            "f_table_schema TEXT(256), f_table_name TEXT(256), f_geometry_column TEXT(256), styleName TEXT(30), "
            "styleQML TEXT, styleSLD TEXT, useAsDefault BOOLEAN, description TEXT(4000), owner TEXT(30), ui TEXT(30), "
            "update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')))"
        )
        database.execute(
            "INSERT OR IGNORE INTO gpkg_contents (table_name, data_type, identifier) "
            "VALUES ('layer_styles', 'attributes', 'layer_styles')"
        )
        columns = dict(database.execute("SELECT table_name, column_name FROM gpkg_geometry_columns"))
        for layer, named in styles.items():
            for number, (name, style) in enumerate(named.items()):
                database.execute(
                    "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName, "
                    "styleQML, styleSLD, useAsDefault, description, owner) VALUES ('', '', ?, ?, ?, ?, '', ?, '', '')",
                    (layer, columns[layer], name, style, number == 0),
                )


def write_geoparquet(path: Path, frame: geopandas.GeoDataFrame) -> None:
    """Write a layer as GeoParquet that appears whole or not at all."""
    memory = io.BytesIO()
    frame.to_parquet(memory, compression="zstd")
    write_bytes(path, memory.getvalue())


def write_communes(path: Path, buildings: geopandas.GeoDataFrame) -> None:
    """One row for each commune: buildings, planes, areas, power, yield; those without a commune have a row of their own."""
    sums = buildings.groupby("commune", sort=True)[list(SUMMED)].sum()
    counts = buildings.groupby("commune", sort=True).agg(buildings=("building_id", "size"), planes=("planes", "sum"))
    rows: Iterable[list[object]] = (
        [_cell(commune), int(counts.loc[commune, "buildings"]), int(counts.loc[commune, "planes"])]
        + [round(float(sums.loc[commune, name]), 1) for name in SUMMED]
        for commune in sums.index
    )
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["commune", "buildings", "planes", *SUMMED])
    writer.writerows(rows)
    write_text(path, text.getvalue())


def _cell(text: str) -> str:
    """Text that a spreadsheet does not take for a formula: names come from files of others."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
