"""Footprints of buildings, from vector files or from the roofs of a survey."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from frugal.errors import UnusableInputError
from frugal.formats.coordinate_systems import Bounds, metric_system, parse_system, told_bounds
from frugal.formats.vectors.overlaps import overlaps_of
from frugal.formats.vectors.polygons import footprints_from_mask, polygons_of
from frugal.formats.vectors.sources import PARQUET, check_driver, vector_source

if TYPE_CHECKING:
    import geopandas
    import pandas as pd
    from pyproj import CRS

__all__ = ["footprints_from_mask", "read_footprints", "system_of_footprints"]

_WHAT = "footprints"
#: What areas with a name or code are called, in which buildings lie.
COMMUNES = "communes"
#: BD TOPO; BGT and other GML; BAG; RNB and BDNB; a cadastre's own; OpenStreetMap; anything.
_ID_COLUMNS = (
    *("cleabs", "gml_id", "lokaal_id", "lokaalid", "identificatie", "rnb_id", "batiment_groupe_id"),
    *("building_id", "osm_id", "id", "fid"),
)
#: Codes first, names after; the last is the keeper of a building in the Dutch BGT, its municipality.
_COMMUNE_COLUMNS = (
    *("insee_com", "code_insee", "insee_commune", "code_commune_insee", "code_commune", "commune", "nom_commune"),
    *("nom_com", "citycode", "addr:city", "municipality", "bronhouder"),
)
#: What else names a commune in a file of communes; in one of buildings these are names of something else.
_NAME_COLUMNS = ("code", "code_officiel", "nom_officiel", "nom", "name", "naam", "libelle")
#: Kinds of geometry, in the words of GDAL, of which areas may be.
_OF_AREAS = ("Polygon", "Surface", "Unknown", "Collection")
#: Set where a record of the BGT has been superseded.
_ENDED_COLUMNS = ("eindregistratie", "terminationdate")
#: Of several layers, those that are meant.
_LAYERS = {
    _WHAT: ("batiment", "bati", "building", "buildings", "buildingpart", "pand", "gis_osm_buildings_a_free"),
    COMMUNES: ("commune", "communes", "municipality", "municipalities", "gemeente", "gemeenten"),
}


def read_footprints(
    path: Path | str, crs: str, bounds: Bounds | None = None, layer: str | None = None, what: str = _WHAT
) -> geopandas.GeoDataFrame:
    """Footprints of buildings in a given system.

    Curves are cut into chords of at most 4° (areas right to 0.1 %), heights of corners are dropped, broken outlines are
    repaired. An outline belongs to the result whole if its box touches the bounds. Of footprints that lie on one another by
    80 % or more of the smaller the larger is kept; lesser overlaps, and footprints whose inner point lies outside of the
    bounds and so in no tile, are counted in the notes. Communes may overlap.

    Parameters
    ----------
    path : path
        GeoPackage, SQLite, GeoParquet, Shapefile (also zipped), FlatGeobuf or GeoJSON.
    crs : str
        System of the result; also that of a file that names none, which is noted.
    bounds : tuple of four float, optional
        Western, southern, eastern and northern edge, in ``crs``.
    layer : str, optional
        Needed where a file holds several layers of polygons and none has a name like ``batiment`` or ``buildings``.
    what : str
        "footprints", or `COMMUNES`, which are read in the same way; for layers, columns and messages.

    Returns
    -------
    GeoDataFrame
        ``building_id`` (unique in the file, whatever the bounds), ``commune`` (code or name, empty if unknown),
        ``geometry`` (valid Polygon or MultiPolygon); ``attrs["notes"]`` is a list of sentences for the user.

    Raises
    ------
    UnusableInputError
        If the file is missing, damaged, of another kind or an archive that names files outside itself; if the layer is
        not there or cannot be chosen; if there is no polygon; or if all lies elsewhere than the bounds.
    """
    path = Path(path)
    system = metric_system(parse_system(crs), f"the system wanted for {what}")
    source, kind = vector_source(path, what)
    notes: list[str] = []
    with _readable(path, what):
        layer_info = None if kind == PARQUET else _layer(path, source, kind, layer, what)
        named = _parquet_system(source, what) if layer_info is None else layer_info["crs"]
        if named is None:
            notes.append(f"{what} '{path.name}' name no coordinate system; taken as {system[:60]}")
        own = _system_of(named or system, path, what)
        if layer_info is None:
            frame, repeated, extent = _read_parquet(source, own, what)
        else:
            frame, repeated, extent = _read_layer(source, layer_info, own, system, bounds, what)
        frame = frame.set_crs(own, allow_override=True).to_crs(system)
    if bounds is not None:
        frame = frame[_touching(frame.bounds.to_numpy(), bounds)]
        if frame.empty:
            if extent is None or not np.isfinite(extent).all():
                raise UnusableInputError(f"{what} '{path}' hold no polygon")
            _check_meeting(path, _turned(extent, own.to_wkt(), system), bounds, what)
    result = _finished(frame, repeated, path, notes, what, complete=bounds is None)
    if what != COMMUNES:
        result = _each_once(result, f"{what} '{path.name}'", notes)
        if bounds is not None:
            notes.extend(_beyond_the_edge(result, bounds, f"{what} '{path.name}'"))
    result.attrs["notes"] = notes
    return result


def _system_of(text: str, path: Path, what: str) -> Any:
    """The system that a file names; a damaged name is told with the file."""
    try:
        return parse_system(text)
    except UnusableInputError as fault:
        raise UnusableInputError(f"{what} '{path}': {fault}") from fault


def system_of_footprints(path: Path | str, layer: str | None = None, what: str = _WHAT) -> str | None:
    """System of a footprint file, ``EPSG:2154`` or WKT, where it names one in metres; else None.

    Parameters
    ----------
    path : path
        A file as for `read_footprints`.
    layer : str, optional
        Needed where a file holds several layers and none has a name that is clearly meant.
    what : str
        "footprints", or `COMMUNES`, for layers and messages.

    Returns
    -------
    str or None

    Raises
    ------
    UnusableInputError
        If the file is missing, damaged or of another kind, or the layer is not there or cannot be chosen.
    """
    path = Path(path)
    source, kind = vector_source(path, what)
    with _readable(path, what):
        named = _parquet_system(source, what) if kind == PARQUET else _layer(path, source, kind, layer, what)["crs"]
        system = None if named is None else _system_of(named, path, what)
    if system is None:
        return None
    try:
        return metric_system(system, f"{what} '{path}'")
    except UnusableInputError:  # degrees say where footprints lie, not where a point cloud does
        return None


@contextmanager
def _readable(path: Path, what: str) -> Iterator[None]:
    try:
        yield
    except UnusableInputError:
        raise
    except Exception as fault:  # drivers raise errors of many kinds
        told = (str(fault).splitlines() or [""])[0][:200]
        raise UnusableInputError(f"{what} '{path}' cannot be read to the end: {told}") from fault


def _layer(path: Path, source: str, kind: str, layer: str | None, what: str) -> dict[str, Any]:
    """What GDAL knows of the layer to read, its name included."""
    import pyogrio

    kinds = {str(name): str(geometry) for name, geometry in pyogrio.list_layers(source) if geometry is not None}
    names = list(kinds)
    if layer is not None and layer not in names:
        raise UnusableInputError(f"{what} '{path}' have no layer '{layer}'; layers: {', '.join(names[:20])}")
    if layer is None:
        likely = [name for name in names if name.lower() in _LAYERS[what]]
        areas = [name for name in names if any(kind in kinds[name] for kind in _OF_AREAS)]
        chosen = next((group for group in (names, likely, areas) if len(group) == 1), None)
        if chosen is None:
            told = ", ".join(names[:20]) or "none with a geometry"
            raise UnusableInputError(
                f"{what} '{path}' hold several layers or none ({told}), and not one that is clearly meant (called "
                f"{', '.join(_LAYERS[what][:3])}, ...): save it as a file of its own"
            )
        layer = chosen[0]
    info: dict[str, Any] = dict(pyogrio.read_info(source, layer=layer))
    check_driver(str(info["driver"]), kind, path, what)
    return info


def _read_layer(
    source: str, info: dict[str, Any], own: CRS, system: str, bounds: Bounds | None, what: str
) -> tuple[geopandas.GeoDataFrame, frozenset[str], Bounds | None]:
    """Outlines of a layer that may touch the bounds, ids that occur more than once in it, and where it lies."""
    import pyogrio

    layer, fields = info["layer_name"], [str(name) for name in info["fields"]]
    wanted = [name for name in fields if name.lower() in (*_ID_COLUMNS, *_naming(what), *_ENDED_COLUMNS)]
    box = None if bounds is None else _turned(bounds, system, own.to_wkt())
    # Read feature by feature: of the two ways, the one that cuts curves into chords.
    frame = pyogrio.read_dataframe(
        source, layer=layer, columns=wanted, bbox=box, fid_as_index=True, use_arrow=False, on_invalid="ignore"
    )
    if "geometry" not in frame:
        raise UnusableInputError(f"layer '{layer}' holds no geometry")
    column = _first(wanted, _ID_COLUMNS)
    every = frame
    if bounds is not None and column is not None:
        every = pyogrio.read_dataframe(source, layer=layer, columns=[column], read_geometry=False, use_arrow=False)
    extent = _extent(source, layer) if frame.empty else None
    return frame, _repeated(every[column] if column else None), extent


def _extent(source: str, layer: str) -> Bounds | None:
    import pyogrio

    total = pyogrio.read_info(source, layer=layer, force_total_bounds=True)["total_bounds"]
    return None if total is None or not np.isfinite(total).all() else tuple(map(float, total))  # type: ignore[return-value]


def _parquet_system(source: str, what: str) -> str | None:
    """System that the metadata of a GeoParquet file give for its main geometry: longitude and latitude if silent."""
    column = _parquet_geometry(source, what)[1]
    if "crs" not in column:
        return "OGC:CRS84"
    return None if column["crs"] is None else json.dumps(column["crs"])


def _parquet_geometry(source: str, what: str) -> tuple[str, dict[str, Any]]:
    import pyarrow.parquet

    metadata = pyarrow.parquet.read_schema(source).metadata or {}
    if b"geo" not in metadata:
        raise UnusableInputError(f"{what} '{source}' are a Parquet file without geometry (no 'geo' metadata)")
    try:
        described = json.loads(metadata[b"geo"])
        name = str(described["primary_column"])
        return name, dict(described["columns"][name])
    except (ValueError, LookupError, TypeError) as fault:
        raise UnusableInputError(
            f"{what} '{source}' are a Parquet file whose 'geo' metadata do not describe a geometry; write it anew as GeoParquet"
        ) from fault


def _read_parquet(source: str, own: CRS, what: str) -> tuple[geopandas.GeoDataFrame, frozenset[str], Bounds | None]:
    import geopandas
    import pyarrow.parquet

    names = pyarrow.parquet.read_schema(source).names
    wanted = [name for name in names if name.lower() in (*_ID_COLUMNS, *_naming(what), *_ENDED_COLUMNS)]
    geometry = _parquet_geometry(source, what)[0]
    frame = geopandas.read_parquet(source, columns=[*wanted, geometry]).set_geometry(geometry)
    if geometry != "geometry":
        frame = frame.rename_geometry("geometry")
    frame = frame.reset_index(drop=True)
    column = _first(wanted, _ID_COLUMNS)
    extent = None if frame.empty else tuple(map(float, frame.total_bounds))
    return frame, _repeated(frame[column] if column else None), extent  # type: ignore[return-value]


def _first(names: Sequence[str], candidates: Sequence[str]) -> str | None:
    """The first candidate that is among the names of a file, whatever its case."""
    lower = {name.lower(): name for name in reversed(names)}
    return next((lower[name] for name in candidates if name in lower), None)


def _naming(what: str) -> tuple[str, ...]:
    """Columns that tell a commune, the likeliest first."""
    return (*_COMMUNE_COLUMNS, *_NAME_COLUMNS) if what == COMMUNES else _COMMUNE_COLUMNS


def _repeated(values: pd.Series | None) -> frozenset[str]:
    if values is None:
        return frozenset()
    texts = _texts(values)
    return frozenset(texts[texts.duplicated() & (texts != "")])


def _texts(values: pd.Series) -> pd.Series:
    """Values as text, whole numbers without decimals, empty where there is none."""

    def text(value: Any) -> str:
        if value is None or value != value:  # noqa: PLR0124 - NaN and NaT differ from themselves
            return ""
        return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()

    return values.map(text).astype(str)


def _turned(bounds: Bounds, source: str, target: str) -> Bounds:
    from pyproj import Transformer

    turn = Transformer.from_crs(parse_system(source), parse_system(target), always_xy=True)
    return turn.transform_bounds(*bounds, densify_pts=21)


def _touching(boxes: np.ndarray, bounds: Bounds) -> np.ndarray:
    west, south, east, north = bounds
    return np.asarray((boxes[:, 0] <= east) & (boxes[:, 2] >= west) & (boxes[:, 1] <= north) & (boxes[:, 3] >= south))


def _check_meeting(path: Path, extent: Bounds, bounds: Bounds, what: str) -> None:
    if not (np.isfinite(extent).all() and _touching(np.array([extent]), bounds)[0]):
        raise UnusableInputError(
            f"{what} '{path}' lie elsewhere: they cover {told_bounds(extent)}, the survey {told_bounds(bounds)}"
        )


def _finished(
    frame: geopandas.GeoDataFrame, repeated: frozenset[str], path: Path, notes: list[str], what: str, *, complete: bool
) -> geopandas.GeoDataFrame:
    """The columns of the result, from what the file holds; what is left out is counted."""
    import geopandas

    names = [str(name) for name in frame.columns]
    ended = [frame[name].notna() for name in names if name.lower() in _ENDED_COLUMNS]
    if ended:
        over = np.logical_or.reduce(ended)
        if over.any():
            notes.append(f"{what} '{path.name}': {over.sum()} superseded records left out")
        frame = frame[~over]
    polygons, repaired = polygons_of(frame.geometry.to_numpy())
    kept = np.array([polygon is not None for polygon in polygons], dtype=np.bool_)
    if not kept.all():
        notes.append(
            f"{what} '{path.name}': {np.count_nonzero(~kept)} of {len(kept)} outlines left out (empty, broken or no polygons)"
        )
    if repaired:
        notes.append(f"{what} '{path.name}': {repaired} outlines that crossed themselves repaired")
    if not kept.any() and (complete or len(kept)):
        raise UnusableInputError(f"{what} '{path}' hold no polygon{'' if complete else ' in the territory'}")
    return geopandas.GeoDataFrame(
        {
            "building_id": _ids(frame, names, repeated)[kept],
            "commune": _communes(frame, names, what)[kept],
            "geometry": polygons[kept],
        },
        geometry="geometry",
        crs=frame.crs,
    )


def _each_once(frame: geopandas.GeoDataFrame, named: str, notes: list[str]) -> geopandas.GeoDataFrame:
    """Footprints without those that lie on a larger one; what is dropped or overlaps is counted."""
    found = overlaps_of(frame.geometry.to_numpy())
    dropped = int(np.count_nonzero(~found.kept))
    if dropped:
        notes.append(f"{named}: {dropped} given twice, or to 80 % or more inside another one, left out")
    if found.partly:
        notes.append(
            f"{named}: {found.partly} overlap another one by 20 to 80 % of their area; the roof in common counts for both"
        )
    return frame[found.kept].reset_index(drop=True)


def _beyond_the_edge(frame: geopandas.GeoDataFrame, bounds: Bounds, named: str) -> list[str]:
    """How many meet the bounds and belong to no tile within them, which go by an inner point."""
    import shapely

    west, south, east, north = bounds
    inner = frame.geometry.representative_point()
    x, y = inner.x.to_numpy(), inner.y.to_numpy()
    outside = ~((x >= west) & (x < east) & (y > south) & (y <= north))
    count = np.count_nonzero(shapely.intersects(frame.geometry.to_numpy()[outside], shapely.box(*bounds)))
    return [f"{named}: {count} at the edge of the survey are left out: their middle lies outside"] if count else []


def _ids(frame: geopandas.GeoDataFrame, names: list[str], repeated: frozenset[str]) -> np.ndarray:
    """Ids of buildings: the file's own, with the row number behind those that occur twice; else the row number."""
    rows = np.array([str(row) for row in frame.index], dtype=object)
    column = _first(names, _ID_COLUMNS)
    if column is None:
        return rows
    own = _texts(frame[column]).to_numpy(dtype=object)
    ids = [
        f"row{row}" if text == "" else f"{text}.{row}" if text in repeated else text
        for text, row in zip(own, rows, strict=True)
    ]
    return np.array(ids, dtype=object)


def _communes(frame: geopandas.GeoDataFrame, names: list[str], what: str) -> np.ndarray:
    column = _first(names, _naming(what))
    if column is None:
        return np.full(len(frame), "", dtype=object)
    texts = _texts(frame[column])
    # Codes of communes have five characters; read as numbers they lose the leading zero.
    codes = "insee" in column.lower() or "code" in column.lower()
    short = texts.str.isdigit() & (texts.str.len() == 4)
    return (texts.where(~short, texts.str.zfill(5)) if codes else texts).to_numpy(dtype=object)
