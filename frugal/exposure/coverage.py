"""What lies on which cell of the map: exact shares of areas, points, and lines cut where they cross from cell to cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from frugal.exposure.hazard_map import HazardMap
from frugal.exposure.line_cutting import cut_lines

#: Parts of a cell below this share are rounding of the boundaries.
_LEAST_SHARE = 1e-6


@dataclass(frozen=True, eq=False)
class Parts:
    """Features cut by the cells of a map.

    Attributes
    ----------
    count : int
        Features.
    feature : array of int
        Number of the feature that each part belongs to, rising.
    cell : array of int
        Cell that it lies in, counted row by row.
    size : array
        Its area [m²], length [m], or 1 for a point.
    total : array [feature]
        Size of each feature, what lies off the map included.
    dimension : int
        0 of points, 1 of lines, 2 of areas.
    """

    count: int
    feature: np.ndarray
    cell: np.ndarray
    size: np.ndarray
    total: np.ndarray
    dimension: int

    def sums(self, weights: np.ndarray) -> np.ndarray:
        """Sum of a value of each part, by feature."""
        return np.bincount(self.feature, weights, minlength=self.count)

    def greatest(self, values: np.ndarray) -> np.ndarray:
        """Greatest value of the parts of each feature; NaN where none has one."""
        found = np.full(self.count, -np.inf)
        there = ~np.isnan(values)
        np.maximum.at(found, self.feature[there], values[there])
        return np.where(np.isneginf(found), np.nan, found)

    def least(self, values: np.ndarray) -> np.ndarray:
        """Least value of the parts of each feature; NaN where none has one."""
        return -self.greatest(-values)


def cut_features(geometry: np.ndarray, flood: HazardMap) -> Parts:
    """Features of one dimension, cut by the cells of a map.

    Parameters
    ----------
    geometry : array of shapely geometries
        All points, all lines or all areas, in the system of the map.
    flood : HazardMap
    """
    import shapely

    dimension = int(shapely.get_dimensions(geometry[:1])[0]) if len(geometry) else 0
    if dimension == 2:
        return _cut_areas(geometry, flood)
    if dimension == 1:
        pieces = cut_lines(geometry, flood)
        inside = pieces.cell >= 0
        return Parts(
            len(geometry),
            pieces.line[inside],
            pieces.cell[inside],
            pieces.length_m[inside],
            shapely.length(geometry),
            dimension,
        )
    points, feature = shapely.get_coordinates(geometry, return_index=True)
    cell = flood.cells_of(points)
    total = np.bincount(feature, minlength=len(geometry)).astype(float)
    inside = cell >= 0
    # A multipoint is one thing: each of its points is a share of it.
    size = 1.0 / total[feature]
    return Parts(len(geometry), feature[inside], cell[inside], size[inside], np.minimum(total, 1.0), dimension)


def _cut_areas(geometry: np.ndarray, flood: HazardMap) -> Parts:
    """Areas by the exact share that they cover of each cell, from exactextract."""
    import shapely

    total = shapely.area(geometry)
    west, south, east, north = flood.bounds
    near = np.flatnonzero(shapely.intersects(geometry, shapely.box(west, south, east, north)))
    if not len(near):
        empty = np.zeros(0, dtype=np.int64)
        return Parts(len(geometry), empty, empty, np.zeros(0), total, 2)
    cells, shares, numbers = _exact_shares(geometry[near], flood)
    kept = shares > _LEAST_SHARE
    return Parts(
        len(geometry),
        near[numbers[kept]],
        cells[kept],
        shares[kept] * flood.cell_area_m2,
        total,
        2,
    )


def _exact_shares(geometry: np.ndarray, flood: HazardMap) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cells, shares of them and numbers of the areas that cover them.

    exactextract is handed outlines as bytes and its answers are taken as arrays: its own way through GeoJSON and tables takes
    five times as long.
    """
    import shapely
    from exactextract import exact_extract
    from exactextract.feature import Feature, FeatureSource
    from exactextract.raster import NumPyRasterSource
    from exactextract.writer import Writer

    class Outline(Feature):
        """An outline, and what was found of it."""

        def __init__(self, outline: bytes | None = None) -> None:
            Feature.__init__(self)
            self.outline = outline
            self.found: dict[str, Any] = {}

        def geometry(self) -> bytes | None:
            return self.outline

        def set_geometry(self, outline: Any) -> None:
            """Nothing: outlines are not asked back."""

        def set_geometry_format(self) -> str:
            return "wkb"

        def fields(self) -> list[str]:
            return []

        def set(self, name: str, value: Any) -> None:
            self.found[name] = value

        def get(self, name: str) -> Any:
            return self.found[name]

    class Outlines(FeatureSource):
        def __init__(self) -> None:
            super().__init__()
            self.outlines = shapely.to_wkb(geometry)

        def count(self) -> int:
            return len(self.outlines)

        def __iter__(self) -> Any:
            return map(Outline, self.outlines)

        def srs_wkt(self) -> None:
            return None

    class Found(Writer):
        def __init__(self) -> None:
            super().__init__()
            self.cells: list[np.ndarray] = []
            self.shares: list[np.ndarray] = []

        def add_operation(self, operation: Any) -> None:
            """Nothing: they are known."""

        def write(self, feature: Any) -> None:
            answer = Outline()
            feature.copy_to(answer)
            self.cells.append(answer.found["cell_id"])
            self.shares.append(answer.found["coverage"])

        def features(self) -> Found:
            return self

    west, south, east, north = flood.bounds
    # Any values will do: what is wanted are the cells and their shares.
    grid = NumPyRasterSource(np.zeros(flood.shape, dtype=np.int8), west, south, east, north)
    found = Found()
    exact_extract(grid, Outlines(), ["cell_id", "coverage"], output=found)
    sizes = [len(cells) for cells in found.cells]
    return (
        np.concatenate(found.cells).astype(np.int64),
        np.concatenate(found.shares).astype(np.float64),
        np.repeat(np.arange(len(geometry)), sizes),
    )
