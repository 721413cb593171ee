"""Polygons put in order, and polygons round the cells of a mask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import geopandas

_STRAIGHTENING_CELLS = 0.8
_SMALLEST_HOLE_M2 = 4.0


def polygons_of(geometries: np.ndarray) -> tuple[np.ndarray, int]:
    """Geometries as valid flat polygons.

    Parameters
    ----------
    geometries : ndarray of object
        Shapely geometries or None.

    Returns
    -------
    polygons : ndarray of object
        Polygon or MultiPolygon with an area; None where a geometry is absent, empty, not finite or has no area.
    repaired : int
        How many crossed themselves and were mended.
    """
    import shapely

    flat = shapely.force_2d(np.asarray(geometries, dtype=object))
    flat[~np.isfinite(shapely.bounds(flat)).all(axis=1)] = None
    broken = ~shapely.is_valid(flat) & ~shapely.is_missing(flat)
    flat[broken] = shapely.make_valid(flat[broken])
    polygons = np.array([None if geometry is None else _surfaces_of(geometry) for geometry in flat], dtype=object)
    return polygons, int(np.count_nonzero(broken & ~shapely.is_missing(polygons)))


def _surfaces_of(geometry: Any) -> Any:
    """What of a geometry has an area, as one; None where nothing has."""
    import shapely

    if geometry.geom_type not in ("Polygon", "MultiPolygon"):
        parts = [part for part in shapely.get_parts(geometry) if part.geom_type in ("Polygon", "MultiPolygon")]
        if not parts:
            return None
        geometry = parts[0] if len(parts) == 1 else shapely.union_all(parts)
    return geometry if geometry.area > 0 else None


def footprints_from_mask(
    mask: np.ndarray, resolution_m: float, x_min: float, y_max: float, crs: str, smallest_m2: float = 20.0
) -> geopandas.GeoDataFrame:
    """Outlines of connected roof cells (by their sides), for surveys without footprints.

    Outlines are straightened by at most 0.8 cells and lose holes under 4 m². A building has the same outline and id in
    every window that holds it whole with a cell to spare.

    Parameters
    ----------
    mask : ndarray of bool, shape (rows, cols)
        Roof cells, row 0 the northernmost.
    resolution_m : float
        Side of a cell.
    x_min, y_max : float
        Western and northern edge of the mask.
    crs : str
    smallest_m2 : float
        Smaller ones are left out.

    Returns
    -------
    GeoDataFrame
        ``building_id`` (easting and northing in decimetres of the corner of the westernmost of the northernmost cells:
        ``3820000_65640005``), ``commune`` (empty), ``whole`` (false where it touches the edge of the mask, and may be
        cut there), ``geometry`` (Polygon); from north to south.
    """
    import geopandas
    import rasterio.features
    import shapely
    from scipy import ndimage

    rows, cols = mask.shape
    # Whole cells from the origin of the system, and the grid's own shift against them: the same in every window.
    west, north = int(np.floor(x_min / resolution_m + 1e-4)), int(np.floor(y_max / resolution_m + 1e-4))
    shift = np.round([x_min - west * resolution_m, y_max - north * resolution_m], 6)
    labels, number = ndimage.label(mask)
    cells = np.bincount(labels.ravel(), minlength=number + 1)
    firsts = np.full(number + 1, rows * cols)
    np.minimum.at(firsts, labels.ravel(), np.arange(rows * cols))
    cut = set(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]).tolist())
    large = (cells * resolution_m**2 >= smallest_m2) & (np.arange(number + 1) > 0)
    large_labels = np.where(large[labels], labels, 0).astype(np.int32)
    found: dict[int, Any] = {}
    for shape, label in rasterio.features.shapes(large_labels, mask=large_labels > 0, connectivity=4):
        rings = [np.asarray(ring) * [1, -1] + [west, north] for ring in shape["coordinates"]]
        found[int(label)] = _straightened(shapely.Polygon(rings[0], rings[1:]), resolution_m, shift)
    # Labels are numbered from the north, row by row, so their order is that of their first cells.
    order = sorted(found)
    corners = [np.array([west + firsts[k] % cols, north - firsts[k] // cols]) * resolution_m + shift for k in order]
    return geopandas.GeoDataFrame(
        {
            "building_id": [f"{round(10 * east)}_{round(10 * top)}" for east, top in corners],
            "commune": np.full(len(order), "", dtype=object),
            "whole": np.array([k not in cut for k in order], dtype=np.bool_),
            "geometry": np.array([found[k] for k in order], dtype=object),
        },
        geometry="geometry",
        crs=crs,
    )


def _straightened(polygon: Any, resolution_m: float, shift: np.ndarray) -> Any:
    """An outline of cells, counted in cells, with its steps straightened and its small holes closed, in metres."""
    import shapely

    holes = [ring for ring in polygon.interiors if shapely.Polygon(ring).area * resolution_m**2 >= _SMALLEST_HOLE_M2]
    outline = shapely.normalize(shapely.Polygon(polygon.exterior, holes))
    outline = shapely.simplify(outline, _STRAIGHTENING_CELLS, preserve_topology=True)
    return shapely.transform(outline, lambda corners: corners * resolution_m + shift)
