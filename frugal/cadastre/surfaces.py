"""From what the user gives (point clouds, surface models, nothing) to rasters on one grid that tiles are read from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

import numpy as np

from frugal.cadastre.grid import Bounds, Grid, Tile, plan_tiles
from frugal.cadastre.program import program_digest
from frugal.errors import UnusableInputError
from frugal.formats.atomic import write_text
from frugal.formats.digests import sha256_of
from frugal.formats.mosaic import open_rasters
from frugal.formats.point_cloud import (
    PointCloudInfo,
    Surfaces,
    gap_for,
    note_on_voids,
    point_cloud_header,
    surfaces_from_points,
    system_of_clouds,
)
from frugal.formats.raster import SurfaceModel, write_surface_model
from frugal.formats.systems import metric_system, parse_system, same_system

CLOUDS = (".las", ".laz")
RASTERS = (".tif", ".tiff")

#: Points per square metre from which cells of 0.5 m hold several points each.
DENSE = 4.0

#: Point clouds are rasterised in squares of this side, each kept as a file, so that a killed run loses one.
CHUNK_M = 500.0

_TOLD_WITHIN_M = 10.0


@dataclass(frozen=True)
class Failure:
    """An input or a tile that could not be used, and why."""

    what: str
    message: str


@dataclass
class Prepared:
    """Rasters of a territory.

    Attributes
    ----------
    grid : Grid
    crs : str
    bounds : tuple
        Western, southern, eastern and northern edge of what is known.
    surface, bare, roofs : tuple of str
        Raster files; the last two are empty where nothing tells vegetation or roofs.
    vintage : str
        Day or days of the survey; empty where nothing tells them.
    sources : tuple of str
        Names of the inputs used.
    digest : str
        Hash of their contents.
    notes : list of str
    failures : list of Failure
    """

    grid: Grid
    crs: str
    bounds: Bounds
    surface: tuple[str, ...]
    bare: tuple[str, ...] = ()
    roofs: tuple[str, ...] = ()
    vintage: str = ""
    sources: tuple[str, ...] = ()
    digest: str = ""
    notes: list[str] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)


def inputs_in(paths: Iterable[Path]) -> tuple[list[Path], list[Path]]:
    """Point clouds and rasters among files and folders, in order of name.

    Raises
    ------
    UnusableInputError
        If a path does not exist or is of neither kind, a folder holds none, or both kinds are mixed.
    """
    clouds: list[Path] = []
    rasters: list[Path] = []
    for path in paths:
        if path.is_dir():
            found = sorted(part for part in path.rglob("*") if part.suffix.lower() in CLOUDS + RASTERS)
            if not found:
                raise UnusableInputError(
                    f"folder '{path}' holds no point cloud ({', '.join(CLOUDS)}) and no raster (.tif)"
                )
        elif not path.exists():
            raise UnusableInputError(f"input '{path}' does not exist")
        else:
            found = [path]
        for part in found:
            if part.suffix.lower() not in CLOUDS + RASTERS:
                raise UnusableInputError(
                    f"input '{part}' is neither a point cloud ({', '.join(CLOUDS)}) nor a surface model (.tif)"
                )
            (clouds if part.suffix.lower() in CLOUDS else rasters).append(part)
    if clouds and rasters:
        raise UnusableInputError(
            f"point clouds ('{clouds[0]}') and surface models ('{rasters[0]}') are mixed; give one kind"
        )
    return clouds, rasters


def prepare_rasters(paths: Sequence[Path], crs: str | None) -> Prepared:
    """Surface models as they are; those that cannot be read are left out and listed.

    Raises
    ------
    UnusableInputError
        If none is left, or they name another system than the user.
    """
    good, failures = _usable(paths, lambda path: open_rasters([path], crs=crs))
    mosaic = open_rasters(good, crs=crs)
    if crs is not None and not same_system(mosaic.crs, metric_system(parse_system(crs), "--crs"), mosaic.bounds):
        raise UnusableInputError(
            f"surface model '{good[0]}' is in {mosaic.crs[:60]} and --crs names {crs}; leave --crs out, or reproject it"
        )
    west, _, _, north = mosaic.bounds
    size = mosaic.resolution_m
    grid = Grid(size, _rest(west, size), _rest(north, size))
    return Prepared(
        grid=grid,
        crs=mosaic.crs,
        bounds=mosaic.bounds,
        surface=tuple(str(path) for path in good),
        sources=tuple(path.name for path in good),
        digest=_digest(good, in_order=True),  # where two overlap, the first counts
        notes=list(mosaic.notes),
        failures=failures,
    )


def prepare_clouds(
    paths: Sequence[Path],
    folder: Path,
    *,
    crs: str | None = None,
    footprints_crs: str | None = None,
    resolution_m: float | None = None,
    threads: int = 1,
    on_chunk: Callable[[int, int], None] = lambda done, total: None,
) -> Prepared:
    """Rasterise point clouds chunk by chunk; chunks that are there are kept.

    Parameters
    ----------
    paths : sequence of Path
    folder : Path
        Takes the rasters ``surface/``, ``bare/`` and ``roofs/``.
    crs, footprints_crs : str, optional
        For clouds that name no system: the one that the user names, else that of the footprints.
    resolution_m : float, optional
        By default 0.5 m where the median cloud has `DENSE` points per square metre or more, else 1 m.
    threads : int
        Chunks at a time.
    on_chunk : callable
        Told how many of how many chunks are done.

    Raises
    ------
    UnusableInputError
        If no cloud can be used.
    """
    good, failures = _usable(paths, point_cloud_header)
    infos = [point_cloud_header(path) for path in good]
    system, note = system_of_clouds(infos, crs, footprints_crs)
    size = resolution_m or (0.5 if np.median([info.density_per_m2 for info in infos]) >= DENSE else 1.0)
    grid = Grid(size)
    bounds = _around([info.bounds for info in infos])
    digest = _digest(good)
    home = folder / f"{digest[:12]}-{program_digest('formats')[:6]}-{size:g}m"
    chunks = [tile for tile in plan_tiles(grid, bounds, grid.whole(CHUNK_M)) if _touching(infos, grid, tile)]
    rasteriser = _Rasteriser(infos, grid, system, home, failures)
    with ThreadPoolExecutor(max_workers=threads) as pool:
        for done, _ in enumerate(pool.map(rasteriser.chunk, chunks), start=1):
            on_chunk(done, len(chunks))
    files = {
        kind: tuple(str(path) for path in sorted((home / kind).glob("*.tif"))) for kind in ("surface", "bare", "roofs")
    }
    if not files["surface"]:
        raise UnusableInputError(failures[0].message if failures else "the point clouds hold no usable point")
    days = sorted({info.vintage for info in infos if info.vintage})
    return Prepared(
        grid=grid,
        crs=system,
        bounds=bounds,
        vintage=days[0] if len(days) == 1 else f"{days[0]} – {days[-1]}" if days else "",
        sources=tuple(info.path.name for info in infos),
        digest=digest,
        notes=[*([note] if note else []), *rasteriser.told()],
        failures=failures,
        **files,
    )


class _Rasteriser:
    """Writes the rasters of chunks; a cloud that turns out damaged is listed once and left out."""

    def __init__(
        self, infos: Sequence[PointCloudInfo], grid: Grid, crs: str, home: Path, failures: list[Failure]
    ) -> None:
        self.infos, self.grid, self.crs, self.home = infos, grid, crs, home
        self.failures = failures
        self.gap_m = gap_for(infos)
        #: Farthest point that a cell depends on.
        self.around_m = _TOLD_WITHIN_M + self.gap_m + 2.0 * grid.resolution_m
        self.damaged: set[Path] = set()
        self.lock = Lock()
        #: Contents of clouds in order of their paths name the folder, so that a place in it names a cloud.
        self.places = {path: place for place, path in enumerate(sorted(info.path for info in infos))}
        for path, place in self.places.items():
            known = self.home / "damaged" / f"{place}.json"
            if known.is_file():
                self.damaged.add(path)
                failures.append(Failure(path.name, json.loads(known.read_text())))

    def leave_out(self, path: Path, message: str) -> None:
        """List a damaged cloud, once, and for runs that find its chunks done as well."""
        with self.lock:
            if path in self.damaged:
                return
            self.damaged.add(path)
            self.failures.append(Failure(path.name, message))
            write_text(self.home / "damaged" / f"{self.places[path]}.json", json.dumps(message))

    def told(self) -> list[str]:
        """What a user should know of all chunks, those of earlier runs included."""
        chunks = [json.loads(file.read_text()) for file in sorted((self.home / "told").glob("*.json"))]
        covered, missing = (sum(chunk[name] for chunk in chunks) for name in ("covered_m2", "missing_m2"))
        voids = note_on_voids(covered, missing, self.gap_m, self.grid.resolution_m)
        notes = {note for chunk in chunks for note in chunk["notes"]}
        return [*sorted(notes), *([voids] if voids else [])]

    def chunk(self, tile: Tile) -> None:
        done = self.home / "surface" / f"{tile.name}.tif"
        empty = self.home / "empty" / tile.name
        if done.exists() or empty.exists():
            return
        found = self._surfaces(tile)
        if found is None or np.isnan(found.surface.heights).all():
            empty.parent.mkdir(parents=True, exist_ok=True)
            empty.touch()
            return
        told = {"covered_m2": found.covered_m2, "missing_m2": found.missing_m2, "notes": found.notes}
        write_text(self.home / "told" / f"{tile.name}.json", json.dumps(told))
        write_surface_model(self.home / "bare" / f"{tile.name}.tif", found.bare)
        if found.roof_class is not None:
            mask = SurfaceModel(
                found.roof_class.astype(float),
                found.surface.resolution_m,
                found.surface.x_min,
                found.surface.y_max,
                self.crs,
                "roofs",
                "",
            )
            write_surface_model(self.home / "roofs" / f"{tile.name}.tif", mask)
        write_surface_model(done, found.surface)  # last: its presence tells that the chunk is complete

    def _surfaces(self, tile: Tile) -> Surfaces | None:
        bounds = self.grid.bounds(tile.columns, tile.rows)
        while True:
            infos = [
                info
                for info in self.infos
                if info.path not in self.damaged and _overlap(info.bounds, bounds, self.around_m)
            ]
            if not infos:
                return None
            try:
                return surfaces_from_points(infos, bounds, self.grid.resolution_m, self.crs, widest_gap_m=self.gap_m)
            except UnusableInputError as fault:
                guilty = [info.path for info in infos if f"'{info.path}'" in str(fault)]
                if not guilty:
                    raise
                self.leave_out(guilty[0], str(fault))


def _usable(paths: Sequence[Path], opened: Callable[[Path], object]) -> tuple[list[Path], list[Failure]]:
    good, failures = [], []
    for path in paths:
        try:
            opened(path)
        except UnusableInputError as fault:
            failures.append(Failure(path.name, str(fault)))
        else:
            good.append(path)
    if not good:
        raise UnusableInputError(failures[0].message)
    return good, failures


def _touching(infos: Sequence[PointCloudInfo], grid: Grid, tile: Tile) -> bool:
    bounds = grid.bounds(tile.columns, tile.rows)
    return any(_overlap(info.bounds, bounds, 0.0) for info in infos)


def _overlap(one: Bounds, other: Bounds, margin: float) -> bool:
    return (
        one[0] < other[2] + margin
        and other[0] - margin < one[2]
        and one[1] < other[3] + margin
        and other[1] - margin < one[3]
    )


def _around(boxes: Sequence[Bounds]) -> Bounds:
    corners = np.array(boxes)
    return (*map(float, corners[:, :2].min(axis=0)), *map(float, corners[:, 2:].max(axis=0)))  # type: ignore[return-value]


def _rest(edge: float, size: float) -> float:
    """Distance of the grid of a file from the multiples of its cells."""
    rest = edge % size
    return 0.0 if min(rest, size - rest) < 1e-6 * size else rest


def _digest(paths: Sequence[Path], *, in_order: bool = False) -> str:
    total = hashlib.sha256()
    for path in paths if in_order else sorted(paths):
        total.update(bytes.fromhex(sha256_of(path)))
    return total.hexdigest()
