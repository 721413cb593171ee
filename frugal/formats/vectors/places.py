"""Places with a value for each column, as layers of a GeoPackage or as GeoParquet, units kept beside the columns."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from frugal.formats.coordinate_systems import parse_system
from frugal.formats.files.atomic import drafted, write_bytes
from frugal.formats.files.faults import faults_told

if TYPE_CHECKING:
    import geopandas
    from shapely.geometry.base import BaseGeometry


@dataclass(frozen=True, eq=False)
class Layer:
    """Features of one kind.

    Parameters
    ----------
    name : str
    crs : str
        ``EPSG:2154`` or WKT.
    geometries : sequence of shapely geometries
    columns : mapping of str to sequence
        Numbers (NaN where there is none) or texts, one a feature.
    units, labels : mapping of str to str
        Of some of the columns.
    """

    name: str
    crs: str
    geometries: Sequence[BaseGeometry]
    columns: Mapping[str, Sequence[str] | np.ndarray]
    units: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)

    def frame(self) -> geopandas.GeoDataFrame:
        """The layer as a table.

        Raises
        ------
        UnusableInputError
            If its coordinate system is unknown.
        """
        import geopandas

        columns = {name: list(values) for name, values in self.columns.items()}
        return geopandas.GeoDataFrame(columns, geometry=list(self.geometries), crs=parse_system(self.crs))


def write_geopackage_layers(path: Path | str, layers: Sequence[Layer], attributes: Mapping[str, str]) -> None:
    """Write layers as one GeoPackage that appears whole or not at all.

    Parameters
    ----------
    path : path
    layers : sequence of Layer
        Units stand in the metadata of their layer, ``unit.NAME``, and labels as ``label.NAME``.
    attributes : mapping of str to str
        Metadata of the first layer.

    Raises
    ------
    UnusableInputError
        If a coordinate system is unknown.
    EnvironmentFaultError
        If the file cannot be written.
    """
    import pyogrio

    path = Path(path)
    frames = [layer.frame() for layer in layers]
    with drafted(path) as draft, faults_told(path):
        for number, (layer, frame) in enumerate(zip(layers, frames, strict=True)):
            pyogrio.write_dataframe(
                frame,
                draft,
                layer=layer.name,
                driver="GPKG",
                append=number > 0,
                dataset_options={"VERSION": "1.3"} if number == 0 else None,  # programs of some years ago read it
                layer_metadata={
                    **({} if number else attributes),
                    **{f"unit.{name}": unit for name, unit in layer.units.items()},
                    **{f"label.{name}": label for name, label in layer.labels.items()},
                },
            )


def write_geoparquet_layer(path: Path | str, layer: Layer, attributes: Mapping[str, str]) -> None:
    """Write a layer as GeoParquet that appears whole or not at all.

    Parameters
    ----------
    path : path
    layer : Layer
        Units and labels stand in the metadata of the columns, ``unit`` and ``label``.
    attributes : mapping of str to str
        Metadata of the file, as JSON under ``frugal``.

    Raises
    ------
    UnusableInputError
        If its coordinate system is unknown.
    EnvironmentFaultError
        If the file cannot be written.
    """
    from pyarrow import parquet

    first, last = io.BytesIO(), io.BytesIO()
    layer.frame().to_parquet(first, index=False)
    first.seek(0)
    table = parquet.read_table(first)
    schema = table.schema
    for number, column in enumerate(schema):
        told = {"unit": layer.units.get(column.name), "label": layer.labels.get(column.name)}
        told = {name: text for name, text in told.items() if text}
        if told:
            schema = schema.set(number, column.with_metadata(told))
    schema = schema.with_metadata({**(table.schema.metadata or {}), b"frugal": json.dumps(dict(attributes)).encode()})
    parquet.write_table(table.cast(schema), last, compression="zstd")
    write_bytes(path, last.getvalue())
