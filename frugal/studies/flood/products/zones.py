"""Zones and contours of one flood as layers of a GeoPackage."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from frugal.formats.vectors.places import Layer, write_geopackage_layers
from frugal.studies.flood.products.hazard_classes import HazardScale
from frugal.studies.flood.terrain.terrain import FloodTerrain


def write_contours(
    path: Path,
    terrain: FloodTerrain,
    depth: np.ndarray,
    hazard: np.ndarray,
    scale: HazardScale,
    flooded_from_m: float,
    tags: Mapping[str, str],
) -> None:
    """Write polygons of the classes and of bands of depth along the cells, and smooth contours of depth between their centres.

    Parameters
    ----------
    path : Path
    terrain : FloodTerrain
        Sea, river bed and dike are left out.
    depth : ndarray [y, x]
        Greatest depth [m].
    hazard : ndarray of int [y, x]
        Classes.
    scale : HazardScale
        Its bounds of depth are those of bands and contours too.
    flooded_from_m : float
        Lowest bound of both.
    tags : mapping of str to str
        Metadata of the file.
    """
    area = terrain.cell_size_m**2
    found = np.where(terrain.land, hazard, 0)
    numbers = [number for number in range(1, scale.table.highest + 1) if (found == number).any()]
    zones = Layer(
        "hazard_zones",
        terrain.crs,
        [_outline(found == number, terrain) for number in numbers],
        {
            "class": np.array(numbers, dtype=np.int64),
            "name_en": [scale.names[number - 1]["en"] for number in numbers],
            "name_fr": [scale.names[number - 1]["fr"] for number in numbers],
            "colour": [scale.colours[number - 1] for number in numbers],
            "area": np.array([(found == number).sum() * area for number in numbers]),
        },
        {"area": "m^2"},
    )
    bounds = [flooded_from_m, *(float(bound) for bound in scale.table.depth_bounds_m if bound > flooded_from_m)]
    wet = np.where(terrain.land & (depth >= flooded_from_m), depth, 0.0)
    bands = [(low, high, (wet >= low) & (wet < high)) for low, high in zip(bounds, [*bounds[1:], np.inf], strict=True)]
    bands = [band for band in bands if band[2].any()]
    depths = Layer(
        "depth_bands",
        terrain.crs,
        [_outline(cells, terrain) for _, _, cells in bands],
        {
            "from": np.array([low for low, _, _ in bands]),
            "to": np.array([high if np.isfinite(high) else np.nan for _, high, _ in bands]),
            "area": np.array([cells.sum() * area for _, _, cells in bands]),
        },
        {"from": "m", "to": "m", "area": "m^2"},
    )
    known = np.ma.masked_where(~terrain.land, depth)  # contours end where nothing is asked
    lines = [(bound, line) for bound in bounds for line in _contours(known, bound, terrain)]
    contours = Layer(
        "depth_contours",
        terrain.crs,
        [line for _, line in lines],
        {"depth": np.array([bound for bound, _ in lines])},
        {"depth": "m"},
    )
    layers = [layer for layer in (zones, depths, contours) if len(layer.geometries)]
    write_geopackage_layers(path, layers or [zones], tags)


def _outline(cells: np.ndarray, terrain: FloodTerrain) -> Any:
    """The cells as one multipolygon along their edges."""
    import shapely
    from rasterio import Affine, features

    shapes = features.shapes(cells.astype(np.uint8), mask=cells, transform=Affine(*terrain.transform))
    return shapely.MultiPolygon([shapely.geometry.shape(shape) for shape, _ in shapes])


def _contours(values: np.ndarray, level: float, terrain: FloodTerrain) -> list[Any]:
    """Lines along which a map has a value, between the centres of its cells; around what touches the edge they are open."""
    import contourpy
    import shapely

    if min(values.shape) < 2:
        return []
    x, y = (np.array(terrain.coordinates[name]) for name in ("x", "y"))
    found = contourpy.contour_generator(x, y, values).lines(level)
    return [shapely.LineString(line) for line in found if len(line) > 1]
