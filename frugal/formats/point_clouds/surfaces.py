"""Point clouds from aircraft (LAS, LAZ, COPC) as surfaces on square cells.

Grid: column i spans eastings i·r to (i+1)·r, row j northings j·r to (j+1)·r, r being the resolution. What a cell holds
depends on nothing but the points around it (10 m and the widest gap that is closed) and the classes its files hold at
all, so it is the same to the last bit whatever window it is asked for in.

What counts, by class (ASPRS LAS 1.4; 64 and above as IGN's LiDAR HD uses them):

* never: noise (7, 18), withheld points, wires and their guards (13, 14: no roof, next to no shade), artefacts (65), and
  heights below −500 m or above 9 000 m;
* vegetation: 3, 4, 5; it is in the surface and not in the bare one;
* unclassified: 0, 1, 12. In a file with vegetation classes it is what it looks like, a thing that is no vegetation. In a
  file without them but with ground or buildings (AHN, where trees are unclassified) it is vegetation if it stands more
  than 2 m above the nearest classified surface within 10 m, the cell's own first; chimneys and dormers mostly stay.
  In a file with no classes at all nothing can be told and the bare surface is the surface;
* all else is surface that is no vegetation; class 6 marks roofs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from frugal.errors import UnusableInputError
from frugal.formats.coordinate_systems import Bounds, check_place, metric_system, parse_system, same_system, told_bounds
from frugal.formats.point_clouds.blocks import points_in
from frugal.formats.point_clouds.headers import PointCloudInfo, point_cloud_header
from frugal.formats.rasters.surface_model import SurfaceModel, hash_of_heights

__all__ = [
    "PointCloudInfo",
    "Surfaces",
    "gap_for",
    "note_on_voids",
    "point_cloud_header",
    "surfaces_from_points",
    "system_of_clouds",
]

_NEVER = (7, 13, 14, 18, 65)
_VEGETATION = (3, 4, 5)
_UNCLASSIFIED = (0, 1, 12)
_BUILDING = 6
_VEGETATION_ABOVE_M = 2.0
_NEAREST_SURFACE_M = 10.0
_SMALLEST_GAP_M, _LARGEST_GAP_M = 3.0, 20.0
_GAP_IN_SPACINGS = 4.0
_STEEPEST_ROOF = np.tan(np.radians(60.0))
_LARGEST_WINDOW_CELLS = 400_000_000


@dataclass(frozen=True, eq=False)
class Surfaces:
    """Surfaces of a window.

    Attributes
    ----------
    surface : SurfaceModel
        Highest return of each cell.
    bare : SurfaceModel
        The same without vegetation; unknown under crowns that no pulse went through, where wider than the widest gap.
    roof_class : ndarray of bool, shape (rows, cols), or None
        Cells with a point classed as building; None if no file has that class.
    points : int
        Points in the window that count.
    filled_m2 : float
        Area of cells without a point that were filled.
    covered_m2 : float
        Area within the bounds of the files.
    missing_m2 : float
        Area within the bounds of the files that stays unknown: water, and voids wider than the widest gap.
    vegetation_by_height : bool
        Whether vegetation was told by height, for lack of vegetation classes in some file.
    notes : tuple of str
        What a user should know of the files, a sentence each, the same in every window they touch.
    """

    surface: SurfaceModel
    bare: SurfaceModel
    roof_class: np.ndarray | None
    points: int
    filled_m2: float
    covered_m2: float
    missing_m2: float
    vegetation_by_height: bool
    notes: tuple[str, ...]


def system_of_clouds(
    infos: Sequence[PointCloudInfo], named: str | None = None, footprints: str | None = None
) -> tuple[str, str | None]:
    """The one coordinate system of several point clouds.

    Parameters
    ----------
    infos : sequence of PointCloudInfo
    named : str, optional
        System that the user names, for clouds without one.
    footprints : str, optional
        System of the footprints: taken for clouds without one where the user names none.

    Returns
    -------
    crs : str
        ``EPSG:2154`` or WKT.
    note : str or None
        A sentence where a system had to be assumed.

    Raises
    ------
    UnusableInputError
        If files differ, the system is not in metres, nothing names one, or the clouds lie where it is not used.
    """
    stated = [info for info in infos if info.crs is not None]
    for info in stated[1:]:
        _check_same(info, str(stated[0].crs), f"point cloud '{stated[0].path}'")
    silent = [info for info in infos if info.crs is None]
    if stated and named is not None:
        _check_same(stated[0], metric_system(parse_system(named), "the coordinate system named"), "the one named")
    if not silent:
        return str(stated[0].crs), None
    files = f"point cloud '{silent[0].path}'" + (f" and {len(silent) - 1} more" if len(silent) > 1 else "")
    silence = f"{files} {'have' if len(silent) > 1 else 'has'} no coordinate system"
    source, text = next(
        (
            (source, text)
            for source, text in (
                ("the other point clouds'", stated[0].crs if stated else None),
                ("the one named", named),
                ("the footprints'", footprints),
            )
            if text is not None
        ),
        (None, None),
    )
    if text is None:
        raise UnusableInputError(f"{silence}, and there is none to take from footprints; name it (--crs EPSG:2154)")
    crs = metric_system(parse_system(text), files)
    for info in silent:
        check_place(info.bounds, crs, f"point cloud '{info.path}'")
    return crs, f"{silence}; taken as {source}: {_short(crs)}"


def surfaces_from_points(
    paths: Sequence[Path | str | PointCloudInfo],
    bounds: Bounds,
    resolution_m: float = 0.5,
    crs: str | None = None,
    widest_gap_m: float = _SMALLEST_GAP_M,
) -> Surfaces:
    """Highest returns of point clouds on the cells that touch a window.

    Parameters
    ----------
    paths : sequence of path or of PointCloudInfo
        LAS, LAZ or COPC; points are read of those only that touch the window, headers of those given as a path.
    bounds : tuple of four float
        Western, southern, eastern and northern edge; widened to whole cells.
    resolution_m : float
        Side of a cell.
    crs : str, optional
        System of the result and of files without one; that of the files by default.
    widest_gap_m : float
        Gaps between points up to this wide are closed; `gap_for` suggests one for sparse surveys.

    Returns
    -------
    Surfaces
        Unknown where no file has a point.

    Raises
    ------
    UnusableInputError
        As `point_cloud_header`; if a file is damaged or its system is not ``crs``; or if the window is empty or has
        more than 400 million cells.
    """
    _check_window(bounds, resolution_m, widest_gap_m)
    infos = [path if isinstance(path, PointCloudInfo) else point_cloud_header(path) for path in paths]
    if not infos:
        raise UnusableInputError("no point cloud was given; at least one is needed")
    system, _ = system_of_clouds(infos, crs)
    halo = int(np.ceil(_NEAREST_SURFACE_M / resolution_m)) + int(np.ceil(widest_gap_m / resolution_m)) + 1
    cells = (
        int(np.floor(bounds[0] / resolution_m)) - halo,
        int(np.floor(bounds[1] / resolution_m)) - halo,
        int(np.ceil(bounds[2] / resolution_m)) + halo,
        int(np.ceil(bounds[3] / resolution_m)) + halo,
    )
    grids = _Grids(cells, resolution_m, widest_gap_m)
    entered = [info for info in infos if grids.enter(info)]
    return grids.finish(halo, system, _told_files(entered))


class _Grids:
    """Cells of a window with its halo, into which files are entered one after another."""

    def __init__(self, cells: tuple[int, int, int, int], resolution_m: float, widest_gap_m: float) -> None:
        from frugal.formats.point_clouds.kernels import MISSING

        self.west, self.south, self.east, self.north = cells
        self.resolution_m, self.widest_gap_m = resolution_m, widest_gap_m
        shape = self.north - self.south, self.east - self.west
        self.highest, self.firm, self.loose = (np.full(shape, MISSING, dtype=np.int32) for _ in range(3))
        self.counts = np.zeros(shape, dtype=np.int32)
        self.roof = np.zeros(shape, dtype=np.bool_)
        self.covered = np.zeros(shape, dtype=np.bool_)
        self.has_roofs = self.by_height = False
        self.silent: list[str] = []

    def enter(self, info: PointCloudInfo) -> bool:
        """Enter the points of a file, and decide what its unclassified points are; whether it touches the cells."""
        from frugal.formats.point_clouds.kernels import MISSING, rasterise

        r = self.resolution_m
        west, south = max(self.west, _cell(info.bounds[0], r)), max(self.south, _cell(info.bounds[1], r))
        east, north = min(self.east, _cell(info.bounds[2], r) + 1), min(self.north, _cell(info.bounds[3], r) + 1)
        if west >= east or south >= north:
            return False
        part = (slice(self.north - north, self.north - south), slice(west - self.west, east - self.west))
        loose = np.full((north - south, east - west), MISSING, dtype=np.int32)
        classes = np.zeros(256, dtype=np.bool_)
        roles = _roles()
        window = (west * r, south * r, east * r, north * r)
        for points in points_in(info.path, window, classes):
            rasterise(
                *(points.x, points.y, points.z, roles[points.classes], points.withheld),
                *(points.scales, points.offsets, r, west, north - 1),
                *(self.highest[part], self.firm[part], loose, self.roof[part], self.counts[part]),
            )
        self.covered[part] = True
        self.has_roofs |= bool(classes[_BUILDING])
        vegetation, sorted_out = classes[list(_VEGETATION)].any(), classes[[2, _BUILDING]].any()
        if not vegetation and not sorted_out:
            self.silent.append(info.path.name)
        target = self.loose if sorted_out and not vegetation else self.firm
        self.by_height |= target is self.loose
        np.maximum(target[part], loose, out=target[part])
        return True

    def finish(self, halo: int, crs: str, source: str) -> Surfaces:
        """Tell vegetation by height, close small gaps, and cut the halo off.

        Parameters
        ----------
        halo : int
            Cells to cut off on each side, at least 1.
        crs : str
            System that the surfaces are said to be in.
        source : str
            Names of the files, as the surfaces give them.

        Returns
        -------
        Surfaces
            Of the window without its halo.
        """
        from frugal.formats.point_clouds.kernels import close_gaps, without_vegetation

        bare = self.firm
        if self.by_height:
            rings = _rings(_NEAREST_SURFACE_M, self.resolution_m)
            bare = without_vegetation(self.firm, self.loose, *rings, round(_VEGETATION_ABOVE_M * 1000))
        inner = (slice(halo, -halo), slice(halo, -halo))
        closed, roofs = [], []
        for heights in (self.highest, bare):
            filled, roof = np.empty(heights.shape), np.empty(heights.shape, dtype=np.bool_)
            close_gaps(heights, self.roof, self.widest_gap_m, self.resolution_m, _STEEPEST_ROOF, filled, roof)
            closed.append(np.ascontiguousarray(filled[inner]))
            roofs.append(roof[inner])
        surface, bare_heights = closed[0], np.minimum(closed[0], closed[1])
        cell_m2 = self.resolution_m**2
        empty = self.counts[inner] == 0
        return Surfaces(
            surface=self._model(surface, halo, crs, source),
            bare=self._model(bare_heights, halo, crs, source),
            roof_class=np.ascontiguousarray(roofs[0]) if self.has_roofs else None,
            points=int(self.counts[inner].sum(dtype=np.int64)),
            filled_m2=float(np.count_nonzero(empty & ~np.isnan(surface))) * cell_m2,
            covered_m2=float(np.count_nonzero(self.covered[inner])) * cell_m2,
            missing_m2=float(np.count_nonzero(np.isnan(surface) & self.covered[inner])) * cell_m2,
            vegetation_by_height=self.by_height,
            notes=self._notes(),
        )

    def _model(self, heights: np.ndarray, halo: int, crs: str, source: str) -> SurfaceModel:
        r = self.resolution_m
        west, north = (self.west + halo) * r, (self.north - halo) * r
        return SurfaceModel(heights, r, west, north, crs, source, hash_of_heights(heights))

    def _notes(self) -> tuple[str, ...]:
        notes = []
        if self.by_height:
            notes.append(
                "no vegetation classes: unclassified points more than "
                f"{_VEGETATION_ABOVE_M:g} m above the classified surface count as vegetation"
            )
        if self.silent:
            notes.append(f"no classes at all in {', '.join(self.silent[:3])}: trees cannot be told from roofs there")
        return tuple(notes)


def gap_for(infos: Sequence[PointCloudInfo]) -> float:
    """Widest gap to close in m: 3, or in surveys under 1.8 points per m² four times the spacing of the sparsest file.

    It depends on the files alone, so ask once for all of them, not per window.
    """
    spacing = max((info.density_per_m2**-0.5 for info in infos), default=0.0)
    return float(np.clip(_GAP_IN_SPACINGS * spacing, _SMALLEST_GAP_M, _LARGEST_GAP_M))


def note_on_voids(covered_m2: float, missing_m2: float, widest_gap_m: float, resolution_m: float) -> str | None:
    """A sentence on what stays unknown, of the sums over all windows; None where it is less than half a percent.

    Parameters
    ----------
    covered_m2 : float
        Area within the bounds of the files.
    missing_m2 : float
        Part of it that stays unknown.
    widest_gap_m : float
        Up to which gaps were closed.
    resolution_m : float
        Side of a cell.

    Returns
    -------
    str or None
        In English, without a full stop.
    """
    if missing_m2 <= 0.005 * covered_m2:
        return None
    return (
        f"{missing_m2:.0f} m² ({100 * missing_m2 / covered_m2:.0f} % of the area surveyed) lie in gaps wider than "
        f"{widest_gap_m:.3g} m (water, or too few points for cells of {resolution_m:g} m) and stay unknown"
    )


def _check_window(bounds: Bounds, resolution_m: float, widest_gap_m: float) -> None:
    if not 0.05 <= resolution_m <= 100:
        raise UnusableInputError(f"resolution {resolution_m:g} m; 0.05 to 100 is possible")
    if not 0 <= widest_gap_m <= 100:
        raise UnusableInputError(f"widest gap {widest_gap_m:g} m; 0 to 100 is possible")
    if not (np.isfinite(bounds).all() and bounds[0] < bounds[2] and bounds[1] < bounds[3]):
        raise UnusableInputError(f"window {told_bounds(bounds)} is empty")
    cells = (bounds[2] - bounds[0]) * (bounds[3] - bounds[1]) / resolution_m**2
    if cells > _LARGEST_WINDOW_CELLS:
        raise UnusableInputError(
            f"window {told_bounds(bounds)} has {cells / 1e6:.0f} million cells of {resolution_m:g} m; "
            f"at most {_LARGEST_WINDOW_CELLS / 1e6:.0f} million are read at once"
        )


def _check_same(info: PointCloudInfo, crs: str, other: str) -> None:
    if not same_system(str(info.crs), crs, info.bounds):
        raise UnusableInputError(
            f"point cloud '{info.path}' is in {_short(str(info.crs))}, {other} in {_short(crs)}; one system is needed"
        )


def _short(crs: str) -> str:
    return crs if crs.startswith("EPSG:") else f"'{parse_system(crs).name}'"


def _told_files(infos: Sequence[PointCloudInfo]) -> str:
    names = sorted(info.path.name for info in infos)
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _cell(coordinate: float, resolution_m: float) -> int:
    return int(np.floor(coordinate / resolution_m))


def _roles() -> np.ndarray:
    from frugal.formats.point_clouds import kernels

    roles = np.full(256, kernels.FIRM, dtype=np.uint8)
    roles[list(_NEVER)] = kernels.IGNORED
    roles[list(_VEGETATION)] = kernels.VEGETATION
    roles[list(_UNCLASSIFIED)] = kernels.LOOSE
    roles[_BUILDING] = kernels.ROOF
    return roles


def _rings(reach_m: float, resolution_m: float) -> tuple[Any, Any, Any]:
    """Offsets to the cells within reach and their squared distances in cells, nearest first, the cell itself included."""
    reach = int(np.floor(reach_m / resolution_m))
    rows, cols = (grid.ravel() for grid in np.mgrid[-reach : reach + 1, -reach : reach + 1])
    squares = rows**2 + cols**2
    order = np.argsort(squares, kind="stable")
    order = order[squares[order] <= (reach_m / resolution_m) ** 2]
    return rows[order], cols[order], squares[order]
