"""Layers of vector files with their columns, in a given system: what is laid over a map."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from frugal.errors import UnusableInputError
from frugal.formats.coordinate_systems import parse_system
from frugal.formats.files.faults import brief
from frugal.formats.vectors.sources import PARQUET, check_driver, vector_source

if TYPE_CHECKING:
    import geopandas

#: Behind the path of a file with several layers, as QGIS writes it.
LAYER_MARK = "|layername="
#: Dimension of each kind of geometry.
KINDS = {"point": 0, "line": 1, "polygon": 2}


def read_layer(
    named: str | Path, crs: str, what: str, kinds: Collection[str] = tuple(KINDS), likely: Sequence[str] = ()
) -> geopandas.GeoDataFrame:
    """One layer of a vector file with all its columns, in a given system.

    Curves are cut into chords, heights of corners dropped, broken outlines repaired.

    Parameters
    ----------
    named : str or Path
        GeoPackage, SQLite, GeoParquet, Shapefile (also zipped), FlatGeobuf or GeoJSON; ``FILE|layername=NAME`` for one of
        several layers.
    crs : str
        System of the result.
    what : str
        What the layer is ("buildings"), for the messages.
    kinds : collection of {"point", "line", "polygon"}
        Geometries that are allowed; of a file with several layers, the one layer of such geometries is meant.
    likely : sequence of str
        Names of layers that are meant where several would do.

    Returns
    -------
    GeoDataFrame
        Without empty geometries, of which ``attrs["empty"]`` holds the number.

    Raises
    ------
    UnusableInputError
        If the file is missing, damaged, of another kind, has no coordinate system, or holds no such geometry or another one.
    """
    import geopandas

    text, _, layer = str(named).partition(LAYER_MARK)
    path = Path(text)
    source, kind = vector_source(path, what)
    try:
        whole = kind == PARQUET
        frame = geopandas.read_parquet(source) if whole else _read(source, kind, path, layer, what, kinds, likely)
    except UnusableInputError:
        raise
    except Exception as fault:  # drivers raise errors of many kinds
        raise UnusableInputError(f"{what} '{path}' cannot be read to the end: {brief(fault)}") from fault
    if frame.geometry.name != "geometry":
        frame = frame.rename_geometry("geometry")
    if frame.crs is None:
        raise UnusableInputError(f"{what} '{path}' has no coordinate system; save it with one (Lambert-93: EPSG:2154)")
    return _whole(_in_system(frame, crs, path, what), path, what, kinds)


def _read(
    source: str, kind: str, path: Path, layer: str, what: str, kinds: Collection[str], likely: Sequence[str]
) -> geopandas.GeoDataFrame:
    import geopandas
    import pyogrio

    there = {str(name): str(geometry) for name, geometry in pyogrio.list_layers(source) if geometry is not None}
    names = list(there)
    if layer and layer not in names:
        raise UnusableInputError(
            f"{what} '{path}' have no layer '{layer}'; layers: {', '.join(names[:20]) or 'none with a geometry'}"
        )
    if not layer:
        words = [word for kind in kinds for word in _WORDS[kind]]
        fitting = [name for name in names if any(word in there[name] for word in words)]
        chosen = [name for name in fitting if name.lower() in likely]
        found = next((group for group in (names, fitting, chosen) if len(group) == 1), None)
        if found is None:
            told = ", ".join(names[:20]) or "none with a geometry"
            raise UnusableInputError(
                f"{what} '{path}' hold several layers or none ({told}); name one: '{path}{LAYER_MARK}NAME'"
            )
        layer = found[0]
    info: dict[str, Any] = dict(pyogrio.read_info(source, layer=layer))
    check_driver(str(info["driver"]), kind, path, what)
    # Feature by feature: of the two ways of reading, the one that cuts curves into chords.
    frame = pyogrio.read_dataframe(source, layer=layer, use_arrow=False, on_invalid="ignore")
    if not isinstance(frame, geopandas.GeoDataFrame):
        raise UnusableInputError(f"{what} '{path}' hold no geometry")
    return frame


_WORDS = {
    "point": ("Point", "Unknown", "Collection"),
    "line": ("LineString", "Curve", "Unknown", "Collection"),
    "polygon": ("Polygon", "Surface", "Unknown", "Collection"),
}


def _in_system(frame: geopandas.GeoDataFrame, crs: str, path: Path, what: str) -> geopandas.GeoDataFrame:
    from pyproj.exceptions import ProjError

    wanted = parse_system(crs)
    own: Any = frame.crs
    if own == wanted:
        return frame
    if wanted.is_engineering or own.is_engineering:
        raise UnusableInputError(
            f"{what} '{path}' are in {own.name[:60]}, the map is in {wanted.name[:60]}: of a local system nobody knows where "
            "it lies; both must be in the same one"
        )
    try:
        return frame.to_crs(wanted)
    except ProjError as fault:
        raise UnusableInputError(f"{what} '{path}' cannot be brought from {own.name[:60]} to {crs[:60]}") from fault


def _whole(frame: geopandas.GeoDataFrame, path: Path, what: str, kinds: Collection[str]) -> geopandas.GeoDataFrame:
    import shapely

    geometry = shapely.force_2d(frame.geometry.to_numpy())
    there = ~(shapely.is_missing(geometry) | shapely.is_empty(geometry))
    frame = frame[there].reset_index(drop=True)
    geometry = geometry[there]
    if not len(frame):
        raise UnusableInputError(f"{what} '{path}' hold nothing")
    finite = np.isfinite(shapely.bounds(geometry)).all(axis=1)
    if not finite.all():
        raise UnusableInputError(
            f"{what} '{path}', feature {int(np.argmin(finite)) + 1}: its coordinates are not finite in the system of the map"
        )
    areas = shapely.get_dimensions(geometry) == KINDS["polygon"]
    broken = areas & ~shapely.is_valid(geometry)
    if broken.any():
        geometry[broken] = _areas_of(shapely.make_valid(geometry[broken]))
    allowed = np.isin(shapely.get_dimensions(geometry), [KINDS[kind] for kind in kinds])
    allowed &= shapely.get_type_id(geometry) != shapely.GeometryType.GEOMETRYCOLLECTION
    if not allowed.all():
        number = int(np.argmin(allowed))
        found = str(shapely.get_type_id(geometry[number : number + 1])[0])
        told = getattr(geometry[number], "geom_type", found)
        raise UnusableInputError(f"{what} '{path}', feature {number + 1}: a {told}; needed: {', '.join(kinds)}")
    frame = frame.set_geometry(list(geometry), crs=frame.crs)
    frame.attrs["empty"] = int(np.count_nonzero(~there))
    return frame


def _areas_of(mended: np.ndarray) -> np.ndarray:
    """Of repaired outlines the areas alone: lines and points that were left over are no outlines."""
    import shapely

    def areas(shape: Any) -> Any:
        parts = [part for part in shapely.get_parts(shape) if shapely.get_dimensions(part) == KINDS["polygon"]]
        return shapely.union_all(parts) if parts else shape

    return np.array([areas(shape) for shape in mended], dtype=object)
