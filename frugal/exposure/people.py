"""People in the water: of a raster of counts, or of points or areas with a count, by the flooded share of the area."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from frugal.errors import UnusableInputError
from frugal.exposure.classes import DepthClasses
from frugal.exposure.coverage import Parts, cut_features
from frugal.exposure.exposed import Exposed, exposed_by
from frugal.exposure.hazard_map import HazardMap
from frugal.exposure.inputs import Features, read_features
from frugal.exposure.vehicles import PEOPLE
from frugal.formats.coordinate_systems import parse_system
from frugal.formats.rasters.band_reader import read_bands
from frugal.texts import decimals, room_texts

_TEXTS = room_texts("frugal.exposure")

#: Columns with a number of people: INSEE's squares, census tracts, anything.
_COUNT_COLUMNS = (
    "people",
    "population",
    "pop",
    "ind",
    "ind_c",
    "inhabitants",
    "habitants",
    "residents",
    "pop_total",
    "count",
)
_RASTER = (".tif", ".tiff", ".vrt", ".asc", ".img", ".nc")
#: More cells with people than this are too many to be cut one by one.
_MOST_CELLS = 5_000_000


@dataclass(frozen=True, eq=False)
class ExposedPeople:
    """People by what lies on the area that they are counted on.

    Attributes
    ----------
    exposed : Exposed
        The areas or points.
    counts : array
        People on each.
    wet : array
        In the water: the flooded share of the area, of those on it.
    by_class : array [feature, class]
        People by the class of depth where they are; the last column is of those off the map.
    unstable : mapping of str to float
        How many are where the flow takes away the footing of ``children`` and ``adults``.
    """

    exposed: Exposed
    counts: np.ndarray
    wet: np.ndarray
    by_class: np.ndarray
    unstable: dict[str, float]


def read_people(source: str | Path, flood: HazardMap, count_column: str = "") -> tuple[Features, np.ndarray]:
    """Where people are and how many.

    Parameters
    ----------
    source : str or Path
        Raster of counts in each cell, in any system, or points or areas with a column of counts.
    flood : HazardMap
    count_column : str
        That column; the first of those known by default.

    Returns
    -------
    Features
        Points or areas in the system of the map.
    array
        People on each.

    Raises
    ------
    UnusableInputError
        If it cannot be read, a count lacks or is negative, or none lies on the map.
    """
    if Path(str(source)).suffix.lower() in _RASTER:
        return _cells_of(Path(source), flood)
    features = read_features(source, flood, "people", ("point", "polygon"))
    column = count_column
    if not column:
        names = {str(name).lower(): str(name) for name in features.frame.columns}
        column = next((names[name] for name in _COUNT_COLUMNS if name in names), "")
        if not column:
            raise UnusableInputError(
                f"--people '{source}' have no column of counts known here ({', '.join(_COUNT_COLUMNS[:4])}, ...); name it with "
                "--people-column"
            )
    counts = features.numbers(column)
    if np.isnan(counts).any():
        row = int(np.argmax(np.isnan(counts)))
        raise UnusableInputError(f"--people '{source}', column '{column}', feature {row + 1} has no count")
    note = _TEXTS.say("note.people_column", column=column, people=decimals(f"{counts.sum():.6g}"))
    return replace(features, notes=(*features.notes, note)), counts


def _cells_of(path: Path, flood: HazardMap) -> tuple[Features, np.ndarray]:
    """Cells of a raster of counts that meet the map, as outlines in its system."""
    import geopandas
    import shapely

    raster = read_bands(path, "--people", in_degrees=True)
    if len(raster.bands) != 1:
        raise UnusableInputError(
            f"{raster.name} has {len(raster.bands)} bands; one with the people in each cell is needed"
        )
    counts = raster.bands[0].values
    if (counts < 0).any() or np.isinf(counts).any():
        raise UnusableInputError(
            f"{raster.name} holds negative or infinite numbers; people in each cell are needed, marks of missing cells declared"
        )
    there = np.nan_to_num(counts) > 0
    a, _, c, _, e, f = raster.transform
    west, south, east, north = _bounds_in(flood, raster.crs)
    rows, cols = np.nonzero(there)
    near = (c + a * (cols + 1) > west) & (c + a * cols < east) & (f + e * rows > south) & (f + e * (rows + 1) < north)
    rows, cols = rows[near], cols[near]
    if not len(rows):
        raise UnusableInputError(f"{raster.name} has nobody on the map")
    if len(rows) > _MOST_CELLS:
        raise UnusableInputError(
            f"{raster.name} has {len(rows)} cells with people on the map; at most {_MOST_CELLS} are cut"
        )
    outlines = shapely.box(c + a * cols, f + e * (rows + 1), c + a * (cols + 1), f + e * rows)
    frame = geopandas.GeoDataFrame(geometry=list(outlines), crs=parse_system(raster.crs))
    wanted = parse_system(flood.crs)
    if frame.crs != wanted:
        if wanted.is_engineering:
            raise UnusableInputError(
                f"{raster.name} is not in the system of the map, a local one of which nobody knows where it lies"
            )
        frame = frame.to_crs(wanted)
    ids = np.array([f"{row + 1}:{col + 1}" for row, col in zip(rows, cols, strict=True)], dtype=object)
    blank = np.full(len(ids), "", dtype=object)
    inside = counts[rows, cols]
    note = _TEXTS.say("note.people_raster", people=decimals(f"{inside.sum():.6g}"), cells=len(ids))
    return Features("people", str(path), frame, ids, blank, blank, (note,)), inside


def _bounds_in(flood: HazardMap, crs: str) -> tuple[float, float, float, float]:
    """Bounds of the map in another system, with what its edges bend outwards."""
    from pyproj import Transformer

    own, other = parse_system(flood.crs), parse_system(crs)
    if own == other or own.is_engineering:
        return flood.bounds
    found = Transformer.from_crs(own, other, always_xy=True).transform_bounds(*flood.bounds, densify_pts=21)
    return tuple(map(float, found))  # type: ignore[return-value]


def expose_people(features: Features, counts: np.ndarray, flood: HazardMap, classes: DepthClasses) -> ExposedPeople:
    """Count people in the water; they are taken to be spread evenly over their area.

    Parameters
    ----------
    features : Features
        Points or areas.
    counts : array
        People on each.
    flood : HazardMap
    classes : DepthClasses
    """
    parts = cut_features(features.geometry, flood)
    exposed = exposed_by(features, parts, flood, classes)
    with np.errstate(invalid="ignore", divide="ignore"):
        each = np.where(parts.total > 0, counts / parts.total, 0.0)
    return ExposedPeople(
        exposed,
        counts,
        exposed.wet_size * each,
        exposed.size_by_class * each[:, None],
        {name: _unstable(name, parts, each, flood) for name in PEOPLE},
    )


def _unstable(name: str, parts: Parts, each: np.ndarray, flood: HazardMap) -> float:
    depth = np.nan_to_num(flood.depth_m.ravel()[parts.cell])
    speed = None if flood.speed_m_s is None else np.nan_to_num(flood.speed_m_s.ravel()[parts.cell])
    falls = PEOPLE[name].stopped(depth, speed) & (depth > flood.wet_above_m)
    return float((parts.size * each[parts.feature] * falls).sum())
