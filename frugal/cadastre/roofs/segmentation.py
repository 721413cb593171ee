"""Roof planes of one building, from the cells of a surface model inside its footprint.

1. A plane is fitted round every cell, from its neighbours in the building. Where it fits, the cell may be a seed.
2. Of some seeds, the one whose plane holds the most cells nearby is taken; its plane grows over connected cells within
   0.12 m (more on steep roofs, whose cells hold a range of heights) and is fitted anew while it grows and afterwards. What
   remains is treated in the same way until no plane of 4 m² is left (the idea of RANSAC, Fischler & Bolles 1981,
   Communications of the ACM 24, 381, with fitted instead of random planes, and of region growing as Vosselman et al.
   2004, ISPRS Archives 46 (8/W2), 33, review it).
3. Neighbours that one plane explains are joined; every cell goes to the plane within two cells that explains it best;
   planes are fitted again without what lies 2.5 RMS away.
4. Small gaps (chimneys, dormers, missing heights) are filled: they belong to the roof, and are no usable area. Cells of
   trees fit no plane and stay out.
5. Outlines follow the cells inside the building and the footprint along its edges. Planes below 10 m² or without a wall
   (ground) go out.

Only the cells of the footprint's box and 15 m round it are looked at, counted from fixed lines of the coordinate system:
however a territory is cut into tiles, a building has the same planes.

`frugal.studies.solar.roofs.plane_finder` says why there is another finder of planes, for surfaces without footprints.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import shapely
from scipy import ndimage
from shapely import Geometry, Polygon

from frugal.cadastre.roofs.kernels.fitting import N_SUMS, fit_labels, local_fits
from frugal.cadastre.roofs.kernels.growing import grow_planes
from frugal.cadastre.roofs.kernels.relabelling import fill_gaps, merge_planes, reassign, split_components, widen
from frugal.cadastre.roofs.outlines import outlines
from frugal.cadastre.roofs.usable_area import UsableRules, usable_part
from frugal.formats.rasters.surface_model import SurfaceModel

#: Smallest plane that is kept, along the slope.
SMALLEST_PLANE_M2 = 10.0

#: Below this tilt a roof counts as flat: its azimuth says nothing and is given as 180.
FLAT_TILT_DEG = 3.0

#: Width of the strip round a footprint that must be known for its planes to be final.
MARGIN_M = 15.0

_STEEPEST = math.tan(math.radians(60.0))
_SMALLEST_GROWN_M2 = 4.0
_DISTANCE_M = 0.12
_LARGEST_RESIDUAL_M = 0.08
_LARGEST_GAP_M2 = 6.0
_DEEPEST_GAP_M = 0.5
_LOWEST_ABOVE_GROUND_M = 1.5
_OVERHANG_M = 0.5
_MODULE_OFFSET_M = 0.1
_MOST_PLANES = 1000
#: Cells beyond the footprint that outlines are drawn on before the footprint cuts them off, and one more.
_OUTER_CELLS = 4
#: Errors of neighbouring cells go together; so much roof counts as one independent measurement in the errors of a plane.
_INDEPENDENT_M2 = 1.5


@dataclass(frozen=True, eq=False)
class RoofPlane:
    """One plane of a roof.

    Attributes
    ----------
    polygon : Polygon
        Outline seen from above, in the coordinate system of the surface model.
    tilt_deg : float
        From the horizontal, 0 to 60.
    azimuth_deg : float
        Direction the plane faces, clockwise from the north of the *grid*; 180 on a flat roof.
    flat : bool
        Tilt below 3°: the azimuth is a convention.
    area_m2, usable_area_m2 : float
        Along the slope.
    sample_rows, sample_cols : ndarray of int64, shape (up to 9,)
        Cells of the surface model spread evenly over the plane.
    sample_heights_m : ndarray
        Height of a module there: the plane plus 0.1 m.
    residual_m : float
        RMS distance of its cells from the plane.
    n_cells : int
        Cells the plane was fitted to.
    tilt_error_deg, azimuth_error_deg, height_error_m : float
        Standard errors of the fit.
    """

    polygon: Polygon
    tilt_deg: float
    azimuth_deg: float
    flat: bool
    area_m2: float
    usable_area_m2: float
    sample_rows: np.ndarray
    sample_cols: np.ndarray
    sample_heights_m: np.ndarray
    residual_m: float
    n_cells: int
    tilt_error_deg: float
    azimuth_error_deg: float
    height_error_m: float

    @property
    def module_tilt_deg(self) -> float:
        """Tilt of modules: level on a flat roof, whatever it falls by."""
        return 0.0 if self.flat else self.tilt_deg


class _Window(NamedTuple):
    """Cells round a footprint; ``row`` and ``column`` are those of its first cell in the surface model, ``left`` and ``top``
    its edges."""

    heights: np.ndarray
    row: int
    column: int
    left: float
    top: float
    size: float

    def centres(self) -> tuple[np.ndarray, np.ndarray]:
        rows, columns = self.heights.shape
        x = self.left + (np.arange(columns) + 0.5) * self.size
        y = self.top - (np.arange(rows) + 0.5) * self.size
        return np.meshgrid(x, y)

    def cropped(self, cells: int) -> _Window:
        """The same without so many cells on each side."""
        inner = np.ascontiguousarray(self.heights[cells:-cells, cells:-cells])
        shift = cells * self.size
        return _Window(inner, self.row + cells, self.column + cells, self.left + shift, self.top - shift, self.size)


def segment_roofs(
    surface: SurfaceModel,
    footprint: Geometry,
    *,
    bare: SurfaceModel | None = None,
    rules: UsableRules | None = None,
) -> list[RoofPlane]:
    """Find the roof planes of one building.

    Parameters
    ----------
    surface : SurfaceModel
        Cells of 0.25 to 1 m; what lies within `MARGIN_M` of the footprint is used.
    footprint : Polygon or MultiPolygon
        In the coordinate system of the surface.
    bare : SurfaceModel, optional
        The same cells without vegetation: planes are then found under overhanging trees, and what these cover is not
        usable.
    rules : UsableRules, optional
        Of the usable area.

    Returns
    -------
    list of RoofPlane
        From the largest to the smallest; empty where the building is not covered or has no plane of 10 m².
    """
    rules = rules or UsableRules()
    whole = _window(surface, footprint)
    if whole is None:
        return []
    margin = math.ceil(MARGIN_M / whole.size) - _OUTER_CELLS
    window = whole.cropped(margin)
    covered = np.zeros(window.heights.shape, dtype=bool)
    under = _window(bare, footprint) if bare is not None else None
    if under is not None:
        seen, window = window.heights, under.cropped(margin)
        covered = seen - window.heights > _OVERHANG_M
    shapely.prepare(footprint)
    inside = shapely.contains_xy(footprint, *window.centres())
    cut = _cut(window, inside)
    if cut is None:
        return []
    ground = _ground(whole.heights) - cut.reference
    found = []
    for label, polygon in _polygons(window, cut, inside, footprint).items():
        cells = cut.cells[label]
        slope = math.hypot(*cut.planes[label, 1:3]) / window.size
        if polygon.area * math.hypot(1.0, slope) < SMALLEST_PLANE_M2 or slope > _STEEPEST:
            continue
        if np.nanmean(cut.z.ravel()[cells]) - ground < _LOWEST_ABOVE_GROUND_M:
            continue
        found.append(_describe(window, cut, label, polygon, covered.ravel()[cells], rules))
    found = [plane for plane in found if len(plane.sample_rows)]  # what is covered as a whole sees no sun
    return sorted(found, key=lambda plane: (-plane.area_m2, plane.polygon.bounds))


def _window(surface: SurfaceModel, footprint: Geometry) -> _Window | None:
    """Cells of the footprint's box and the margin, NaN where the surface ends; None where no cell of the box is known."""
    size = surface.resolution_m
    first_column, first_row = round(surface.x_min / size), round(-surface.y_max / size)
    # Grids need not start at a multiple of the cell; to the micrometre their shift is that of the whole territory.
    shift_x = round(surface.x_min - first_column * size, 6)
    shift_y = round(surface.y_max + first_row * size, 6)
    west, south, east, north = footprint.bounds
    margin = math.ceil(MARGIN_M / size)
    left, right = (math.floor((x - shift_x) / size) for x in (west, east))
    top, bottom = (math.floor((shift_y - y) / size) for y in (north, south))
    left, right, top, bottom = left - margin, right + 1 + margin, top - margin, bottom + 1 + margin
    rows, columns = surface.heights.shape
    row, column = top - first_row, left - first_column
    heights = np.full((bottom - top, right - left), np.nan)
    a, b = max(row, 0), min(row + heights.shape[0], rows)
    c, d = max(column, 0), min(column + heights.shape[1], columns)
    if a >= b or c >= d:
        return None
    heights[a - row : b - row, c - column : d - column] = surface.heights[a:b, c:d]
    if not np.isfinite(heights[margin:-margin, margin:-margin]).any():
        return None
    return _Window(heights, row, column, shift_x + left * size, shift_y - top * size, size)


def _ground(heights: np.ndarray) -> float:
    """Lowest heights of the surroundings, without the lowest 2 % (stray points, stairs to cellars)."""
    known = heights[np.isfinite(heights)]
    return float(np.partition(known, len(known) // 50)[len(known) // 50])


class _Cut(NamedTuple):
    """A building cut into planes: heights above ``reference``; the plane of each cell, with gaps filled; the cells of each
    plane in the building; height at the first cell, slopes per column and per row, and RMS of each plane; the sums of the
    cells it was fitted to."""

    z: np.ndarray
    reference: float
    labels: np.ndarray
    cells: list[np.ndarray]
    planes: np.ndarray
    sums: np.ndarray


def _cut(window: _Window, inside: np.ndarray) -> _Cut | None:
    size = window.size
    reference = float(math.floor(np.nanmin(window.heights)))  # so that sums of squares keep their digits
    z = window.heights - reference
    known = inside & np.isfinite(z)
    fewest = max(8, math.ceil(_SMALLEST_GROWN_M2 / size**2))
    if int(known.sum()) < fewest:
        return None
    fits = np.zeros((*z.shape, 3))
    good = local_fits(z, known, max(1, round(1.0 / size)), _LARGEST_RESIDUAL_M, _STEEPEST * size, fits)
    labels = np.zeros(z.shape, dtype=np.int32)
    sums = np.zeros((_MOST_PLANES + 1, N_SUMS))
    n = grow_planes(z, known, good, fits, size, _DISTANCE_M, fewest, labels, sums)
    if n == 0:
        return None
    planes = np.full((_MOST_PLANES + 1, 4), np.nan)
    for turn in range(4):
        fit_labels(z, labels, n, sums, planes)
        if turn < 2:
            merge_planes(labels, n, sums, planes, size)
        labels = reassign(z, known, labels, planes, _DISTANCE_M)
        if turn >= 2:
            labels, n = split_components(labels, fewest, _MOST_PLANES)
    fit_labels(z, labels, n, sums, planes)
    labels = fill_gaps(z, inside, labels, planes, round(_LARGEST_GAP_M2 / size**2), _DEEPEST_GAP_M)
    order = np.argsort(labels, axis=None, kind="stable")
    ends = np.cumsum(np.bincount(labels.ravel(), minlength=n + 1))
    return _Cut(z, reference, labels, np.split(order, ends[:-1]), planes[: n + 1], sums[: n + 1])


def _polygons(window: _Window, cut: _Cut, inside: np.ndarray, footprint: Geometry) -> dict[int, Polygon]:
    """Outline of each plane, cut off at the footprint."""
    wide = widen(cut.labels, inside, _OUTER_CELLS - 1)
    drawn = outlines(wide, window.left, window.top, window.size)
    if not _agree(drawn, wide, window.size):
        drawn = outlines(wide, window.left, window.top, window.size, straightening_cells=0.0)
    polygons = {}
    for label, outline in sorted(drawn.items()):
        parts = shapely.get_parts(shapely.intersection(outline, footprint))
        parts = parts[shapely.get_type_id(parts) == 3]
        if len(parts):
            polygons[label] = parts[np.argmax(shapely.area(parts))]
    return polygons


def _agree(drawn: dict[int, Polygon], labels: np.ndarray, size: float) -> bool:
    """Whether straightened outlines are still those of the cells: crossing lines would lose or join planes."""
    areas = np.bincount(labels.ravel()) * size**2
    numbers = np.flatnonzero(areas)[1:]
    return all(
        number in drawn
        and drawn[number].is_valid
        and abs(drawn[number].area - areas[number]) < 0.15 * areas[number] + 2.0 * size
        for number in numbers
    )


def _describe(
    window: _Window, cut: _Cut, label: int, polygon: Polygon, covered: np.ndarray, rules: UsableRules
) -> RoofPlane:
    size = window.size
    cells = cut.cells[label]
    row, column = np.divmod(cells, cut.z.shape[1])
    at_origin, per_column, per_row, residual = cut.planes[label]
    level = at_origin + per_column * column + per_row * row
    off = np.abs(cut.z.ravel()[cells] - level)
    allowed = 1.2 * (_DISTANCE_M + 0.25 * math.hypot(per_column, per_row))
    obstacle = off > max(rules.obstacle_height_m, allowed)
    obstacle[obstacle] = ~_lone(cells[obstacle], cut.z.shape, rules.smallest_obstacle_m2 / size**2)
    stands_out = covered | ~np.isfinite(off) | obstacle
    east, south = per_column / size, per_row / size
    slope = math.hypot(east, south)
    tilt = math.degrees(math.atan(slope))
    flat = tilt < FLAT_TILT_DEG
    # A plane faces down its slope; rows go south, so the gradient to the north is -south.
    azimuth = 180.0 if flat else math.degrees(math.atan2(-east, south)) % 360.0
    places = np.column_stack(
        [window.left + (column[stands_out] + 0.5) * size, window.top - (row[stands_out] + 0.5) * size]
    )
    usable = usable_part(polygon, tilt, azimuth, places, size, rules)
    errors = _errors(cut.sums[label], (east, south), residual, size)
    on_plane = np.flatnonzero(~stands_out)
    chosen = on_plane[_spread(row[on_plane], column[on_plane], azimuth)]
    return RoofPlane(
        polygon=polygon,
        tilt_deg=tilt,
        azimuth_deg=azimuth,
        flat=flat,
        area_m2=polygon.area * math.hypot(1.0, slope),
        usable_area_m2=usable.area,
        sample_rows=row[chosen] + window.row,
        sample_cols=column[chosen] + window.column,
        sample_heights_m=level[chosen] + cut.reference + _MODULE_OFFSET_M,
        residual_m=residual,
        n_cells=int(cut.sums[label, 0]),
        tilt_error_deg=errors[0],
        azimuth_error_deg=errors[1],
        height_error_m=errors[2],
    )


def _lone(cells: np.ndarray, shape: tuple[int, int], fewest: float) -> np.ndarray:
    """Which cells are connected, by sides or corners, to fewer than so many of them."""
    mask = np.zeros(shape, dtype=bool)
    mask.ravel()[cells] = True
    labels, _ = ndimage.label(mask, np.ones((3, 3)))
    return np.bincount(labels.ravel())[labels.ravel()[cells]] < fewest


def _errors(
    sums: np.ndarray, gradient: tuple[float, float], residual_m: float, size: float
) -> tuple[float, float, float]:
    """Standard errors of tilt, azimuth and height of a fitted plane, from its residual and extent."""
    n, column, row = sums[:3]
    xx, xy, yy = sums[4] - column * column / n, sums[5] - column * row / n, sums[6] - row * row / n
    independent = max(1.0, _INDEPENDENT_M2 / size**2)
    scale = residual_m**2 * independent / size**2 / (xx * yy - xy * xy)
    covariance = scale * np.array([[yy, -xy], [-xy, xx]])
    height = residual_m * math.sqrt(independent / n)
    slope = math.hypot(*gradient)
    if slope < 1e-6:
        return math.degrees(math.sqrt(np.trace(covariance) / 2)), 180.0, height
    down = np.array(gradient) / slope
    across = np.array([-down[1], down[0]])
    tilt = math.sqrt(down @ covariance @ down) / (1.0 + slope**2)
    azimuth = math.sqrt(across @ covariance @ across) / slope
    return math.degrees(tilt), min(math.degrees(azimuth), 180.0), height


def _spread(row: np.ndarray, column: np.ndarray, azimuth_deg: float) -> np.ndarray:
    """Nine cells (fewer where there are fewer), each in the middle of an equal share of a plane.

    Thirds of equal numbers of cells across the slope, each cut into thirds along it: the mean over the chosen cells is a
    mean over the plane.
    """
    east, north = math.sin(math.radians(azimuth_deg)), math.cos(math.radians(azimuth_deg))
    down, across = column * east - row * north, column * north + row * east
    order = np.argsort(across, kind="stable")
    n = len(order)
    lengths = np.diff(n * np.arange(4) // 3)
    # Whole thirds sorted down the slope at once: their number first, then the place in it.
    order = order[np.lexsort((down[order], np.repeat(np.arange(3), lengths)))]
    starts = np.cumsum(lengths) - lengths
    bounds = np.append((starts[:, None] + lengths[:, None] * np.arange(3) // 3).ravel(), n)
    sizes = np.diff(bounds)
    share = np.repeat(np.arange(9), sizes)
    filled = np.maximum(sizes, 1)
    a = np.bincount(share, weights=down[order], minlength=9) / filled
    b = np.bincount(share, weights=across[order], minlength=9) / filled
    away = np.round((down[order] - a[share]) ** 2 + (across[order] - b[share]) ** 2, 9)
    first = np.lexsort((away, share))[bounds[:-1][sizes > 0]]
    return order[first]
