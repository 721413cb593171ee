"""The map as a static folder: the built page of `frontend/`, and the data of one cadastre beside it."""

from __future__ import annotations

import gzip
import json
import math
import shutil
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from frugal.cadastre.web_map.french_sources import cadastre_in_both
from frugal.cadastre.web_map.surface_blocks import SurfaceBlocks
from frugal.errors import UnusableInputError
from frugal.formats.files.atomic import new_folder
from frugal.formats.rasters.surface_model import SurfaceModel
from frugal.surrogates.javascript.module import script_of
from frugal.texts import LANGUAGES
from frugal.web.built_pages import copy_page
from frugal.web.map_projection import projection_polynomial
from frugal.web.vector_tiles import TileLayer, write_vector_tiles

if TYPE_CHECKING:
    import geopandas

#: Zooms from which dots stand for buildings, at which planes can be told apart, and at which their numbers are kept.
DOTS_FROM, PLANES_FROM, DETAIL_ZOOM = 8, 14, 16
#: Cells of a tile that share a dot, each way: about three pixels.
_DOT_CELLS = 160

_WEB_MERCATOR_M = 2 * math.pi * 6_378_137.0
_MONTHS = [f"yield_{month:02d}_kwh" for month in range(1, 13)]
#: Columns of a plane in the tiles, and the decimals kept; None for text and whole numbers.
PLANE_COLUMNS: dict[str, int | None] = {
    "building_id": None,
    "plane_id": None,
    "class": None,
    "tilt_deg": 1,
    "azimuth_deg": 1,
    "area_m2": 1,
    "usable_area_m2": 1,
    "irradiation": 0,
    "shading_loss": 3,
    "power_kwp": 2,
    "yield_kwh": 0,
    "yield_p10_kwh": 0,
    "yield_p90_kwh": 0,
    **dict.fromkeys(_MONTHS, 0),
    "co2_avoided_kg": 0,
    "vintage": None,
    "horizon": None,
}
BUILDING_COLUMNS: dict[str, int | None] = {
    "building_id": None,
    "commune": None,
    "planes": None,
    "class": None,
    "roof_area_m2": 0,
    "usable_area_m2": 0,
    "power_kwp": 1,
    "yield_kwh": 0,
}


def write_map_folder(
    folder: Path,
    cadastre: Mapping[str, Any],
    planes: geopandas.GeoDataFrame,
    buildings: geopandas.GeoDataFrame,
    model_onnx: bytes,
    sky_table: bytes | None = None,
    surfaces: Iterable[SurfaceModel] | None = None,
    background: Path | None = None,
    audit_pages: Mapping[str, Mapping[str, Path]] | None = None,
) -> None:
    """Write the whole map; the folder appears when it is complete.

    Parameters
    ----------
    folder : Path
        Replaced if it is there.
    cadastre : mapping
        What is told about the whole: ``title``, ``files`` (``names``, ``count``), ``crs``, ``bounds_wgs84``, ``vintage``,
        ``resolution_m``, ``weather``, ``classes``, ``horizon``, ``module``, ``co2``, ``inputs``, ``model`` (``candidate``,
        ``label``), ``verdicts``, ``attributions``. What the files themselves tell (sizes, zooms, blocks, projection) is
        added here.
    planes, buildings : GeoDataFrame
        In the coordinate system of the cadastre, with the columns `PLANE_COLUMNS` and `BUILDING_COLUMNS`; ``address`` of a
        building is searched too where there is one.
    model_onnx : bytes
        The answer that the yields came from; the page asks its JavaScript, where it has one, in the place of the graph.
    sky_table : bytes, optional
        From `frugal.cadastre.yields.sky_table.write_sky_table`.
    surfaces : iterable of SurfaceModel, optional
        Surfaces, tile by tile and without halo, for what a new building or tree changes.
    background : Path, optional
        Raster tiles (PMTiles).
    audit_pages : mapping, optional
        For each study its reports by language: ``{"roof_yield": {"en": path, "fr": path}}``.

    Raises
    ------
    UnusableInputError
        If there is no plane, or a column is missing.
    EnvironmentFaultError
        If the page was not built or the folder cannot be written.
    """
    if planes.empty:
        raise UnusableInputError("the cadastre holds no roof plane: there is nothing to map")
    with new_folder(folder) as draft:
        copy_page("cadastre", draft)
        data = draft / "data"
        data.mkdir()
        told: dict[str, Any] = {"version": 1, "created": datetime.now(UTC).date().isoformat()}
        told |= cadastre_in_both(cadastre)
        told["projection"] = projection_polynomial(cadastre["crs"], tuple(cadastre["bounds_wgs84"]))
        told["tiles"] = _write_tiles(data / "roofs.pmtiles", planes, buildings)
        (data / "model.onnx").write_bytes(model_onnx)
        told["model"] = {
            **cadastre["model"],
            "file": "model.onnx",
            "bytes": len(model_onnx),
            "runtime_bytes": sum(part.stat().st_size for part in (draft / "assets").glob("ort-*")),
        }
        script = script_of(model_onnx).text
        if script is not None:
            (data / "model.js").write_text(script, encoding="utf-8")
            told["model"]["script"] = {"file": "model.js", "bytes": (data / "model.js").stat().st_size}
        told["page"] = {"bytes": _page_bytes(draft)}
        told["table"] = None
        if sky_table is not None:
            (data / "sky_table.bin.gz").write_bytes(sky_table)
            told["table"] = {"file": "sky_table.bin.gz", "bytes": len(sky_table), "candidate": "cumulative_sky"}
        told["dsm"] = _write_blocks(data / "dsm", surfaces) if surfaces is not None else None
        told["background"] = None
        if background is not None:
            shutil.copyfile(background, data / "background.pmtiles")
            told["background"] = "background.pmtiles"
        told["verdicts"] = _with_pages(draft, cadastre.get("verdicts", {}), audit_pages or {})
        index = json.dumps(_search_index(buildings), ensure_ascii=False, separators=(",", ":"))
        (data / "buildings.json.gz").write_bytes(gzip.compress(index.encode(), 9, mtime=0))
        _write_json(data / "cadastre.json", told)


def _page_bytes(draft: Path) -> int:
    """Bytes that every visit loads before any data, uncompressed: not the runtime of the model, nor the licences."""
    later = ("ort-", "licences", "source")
    parts = [part for part in (draft / "assets").iterdir() if not part.name.startswith(later)]
    return sum(part.stat().st_size for part in [draft / "index.html", *parts])


def _write_json(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False), encoding="utf-8")


def _write_tiles(path: Path, planes: geopandas.GeoDataFrame, buildings: geopandas.GeoDataFrame) -> dict[str, int | str]:
    # The page asks for modules, which are level on a flat roof.
    full = _columns(planes.assign(tilt_deg=planes["tilt_deg"].where(~planes["flat"], 0.0)), PLANE_COLUMNS, "planes")
    houses = _columns(buildings, BUILDING_COLUMNS, "buildings")
    write_vector_tiles(
        path,
        [
            TileLayer("planes", full[["plane_id", "building_id", "class", "geometry"]], PLANES_FROM, DETAIL_ZOOM - 1),
            TileLayer("planes", full, DETAIL_ZOOM, DETAIL_ZOOM),
            TileLayer(
                "buildings", houses[["building_id", "class", "yield_kwh", "geometry"]], PLANES_FROM, DETAIL_ZOOM - 1
            ),
            TileLayer("buildings", houses, DETAIL_ZOOM, DETAIL_ZOOM),
            *(TileLayer("dots", dots(buildings, zoom), zoom, zoom) for zoom in range(DOTS_FROM, PLANES_FROM)),
        ],
    )
    return {"file": path.name, "detail_zoom": DETAIL_ZOOM, "planes_from": PLANES_FROM}


def dots(buildings: geopandas.GeoDataFrame, zoom: int) -> geopandas.GeoDataFrame:
    """Buildings seen from afar: one point for each cell of about three pixels, with the mean class by roof area.

    Footprints smaller than a pixel would be dropped from the tiles, and those of a whole département would be heavy.
    """
    import geopandas

    points = buildings.geometry.representative_point().to_crs(3857)
    size = _WEB_MERCATOR_M / 2**zoom / _DOT_CELLS
    table = pd.DataFrame(
        {
            "column": np.floor(points.x.to_numpy() / size),
            "row": np.floor(points.y.to_numpy() / size),
            "area": np.maximum(buildings["roof_area_m2"].to_numpy(dtype=float), 1e-9),
            "class": buildings["class"].to_numpy(dtype=float),
        }
    )
    table["weighted"] = table["area"] * table["class"]
    cells = table.groupby(["column", "row"], sort=True)[["weighted", "area"]].sum().reset_index()
    mean = np.clip(np.round(cells["weighted"] / cells["area"]), 0, 5).astype(int)
    centres = geopandas.points_from_xy((cells["column"] + 0.5) * size, (cells["row"] + 0.5) * size)
    return geopandas.GeoDataFrame({"class": mean}, geometry=centres, crs=3857)


def _columns(frame: geopandas.GeoDataFrame, wanted: Mapping[str, int | None], what: str) -> geopandas.GeoDataFrame:
    missing = [name for name in wanted if name not in frame]
    if missing:
        raise UnusableInputError(f"the {what} of the map lack the columns {', '.join(missing)}")
    kept = frame[[*wanted, "geometry"]].copy()
    for name, decimals in wanted.items():
        if decimals is not None:
            kept[name] = kept[name].astype(float).round(decimals)
    return kept


def _write_blocks(folder: Path, surfaces: Iterable[SurfaceModel]) -> dict[str, Any] | None:
    folder.mkdir()
    blocks = SurfaceBlocks(folder)
    for surface in surfaces:
        blocks.add(surface)
    if not blocks.names:
        folder.rmdir()
        return None
    _write_json(folder / "index.json", sorted(blocks.names))
    return {"block_m": blocks.block_m, "resolution_m": blocks.resolution_m, "blocks": "dsm/index.json"}


def _with_pages(
    draft: Path, verdicts: Mapping[str, Any], pages: Mapping[str, Mapping[str, Path]]
) -> dict[str, dict[str, Any]]:
    """Sentences of the verdicts with the links to the reports, which are copied."""
    told: dict[str, dict[str, Any]] = {}
    for study, sentences in verdicts.items():
        if sentences is None:
            continue
        told[study] = {**{language: sentences[language] for language in LANGUAGES}, "link": {}}
        for language, page in pages.get(study, {}).items():
            place = draft / "audit" / study / f"{language}.html"
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(page, place)
            told[study]["link"][language] = f"audit/{study}/{language}.html"
    return told


def _search_index(buildings: geopandas.GeoDataFrame) -> dict[str, list[Any]]:
    """Number, place and yield of each building, as columns."""
    points = buildings.geometry.representative_point().to_crs(4326)
    index: dict[str, list[Any]] = {
        "id": [str(value) for value in buildings["building_id"]],
        "lon": [round(float(value), 6) for value in points.x],
        "lat": [round(float(value), 6) for value in points.y],
        "commune": [str(value) for value in buildings["commune"]],
        "planes": [int(value) for value in buildings["planes"]],
        "kwh": [round(float(value)) for value in buildings["yield_kwh"]],
    }
    if "address" in buildings:
        index["address"] = ["" if value is None else str(value) for value in buildings["address"]]
    return index
