"""From what the user gives (point clouds, surface models, nothing) to rasters on one grid that tiles are read from."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from frugal.cadastre.job.program_digest import program_digest
from frugal.cadastre.job.result import Failure
from frugal.cadastre.territory.inputs import matching_clouds, matching_rasters, none_usable, usable
from frugal.cadastre.territory.rasteriser import Rasteriser
from frugal.errors import UnusableInputError
from frugal.formats.files.digests import sha256_of
from frugal.formats.point_clouds.surfaces import PointCloudInfo, point_cloud_header, system_of_clouds
from frugal.formats.rasters.mosaic import examine_raster, open_rasters
from frugal.formats.rasters.tiling import Bounds, TileGrid, rest_of_edge

#: Points per square metre from which cells of 0.5 m hold several points each.
DENSE = 4.0

#: Points per square metre below which roofs are not what the errors stated with them say.
SPARSE = 2.0


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

    grid: TileGrid
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


def prepare_rasters(paths: Sequence[Path], crs: str | None, resolution_m: float | None = None) -> Prepared:
    """Surface models as they are; those that cannot be read, or do not fit the others, are left out and listed.

    Parameters
    ----------
    paths : sequence of Path
        GeoTIFF; where two overlap, the first that knows a height counts.
    crs : str, optional
        System that the user names: of files that carry none, and the only one that others may have. That of most files by
        default.
    resolution_m : float, optional
        Side of a cell that the user asks for: surface models are not resampled, so that it can only be theirs.

    Returns
    -------
    Prepared
        Without a surface below the vegetation and without roof cells, which only point clouds tell.

    Raises
    ------
    UnusableInputError
        If none is left, they name another system than the user, or their cells are not those that the user asks for.
    """
    infos, failures = usable(paths, lambda path: examine_raster(path, crs))
    if not infos:
        raise none_usable(failures)
    infos, odd = matching_rasters(infos, crs)
    good = [info.path for info in infos]
    mosaic = open_rasters(good, crs=crs)
    west, _, _, north = mosaic.bounds
    size = mosaic.resolution_m
    if resolution_m is not None and abs(resolution_m - size) > 1e-6 * size:
        raise UnusableInputError(
            f"--resolution {resolution_m:g} is for point clouds; the cells of surface model '{good[0]}' are {size:g} m wide: "
            "leave it out, or resample the surface models"
        )
    return Prepared(
        grid=TileGrid(size, rest_of_edge(west, size), rest_of_edge(north, size)),
        crs=mosaic.crs,
        bounds=mosaic.bounds,
        surface=tuple(str(path) for path in good),
        sources=tuple(path.name for path in good),
        digest=_digest(good, in_order=True),  # where two overlap, the first counts
        notes=list(mosaic.notes),
        failures=[*failures, *odd],
    )


def _told_density(infos: Sequence[PointCloudInfo]) -> list[str]:
    """A sentence where a survey is too sparse for what is said of its roofs."""
    density = float(np.median([info.density_per_m2 for info in infos]))
    if density >= SPARSE:
        return []
    return [
        f"The survey has {density:.2g} points per m²: below {SPARSE:g} most roofs are missed, tilts are wrong by degrees and "
        "P10–P90 is too narrow."
    ]


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
        Takes a folder of rasters ``surface/``, ``bare/`` and ``roofs/``.
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
    infos, failures = usable(paths, point_cloud_header)
    if infos:
        infos, odd = matching_clouds(infos, crs, footprints_crs)
        failures.extend(odd)
    if not infos:
        raise none_usable(failures)
    system, note = system_of_clouds(infos, crs, footprints_crs)
    size = resolution_m or (0.5 if np.median([info.density_per_m2 for info in infos]) >= DENSE else 1.0)
    grid = TileGrid(size)
    digest = _digest([info.path for info in infos])
    named = hashlib.sha256(f"{digest}|{system}".encode()).hexdigest()
    home = folder / f"{named[:12]}-{program_digest('frugal.formats')[:6]}-{size:g}m"
    rasteriser = Rasteriser(infos, grid, system, home, failures)
    rasteriser.run(_around([info.bounds for info in infos]), threads, on_chunk)
    surface = rasteriser.files("surface")
    if not surface:
        raise none_usable(failures) if failures else UnusableInputError("the point clouds hold no usable point")
    sound = [info for info in infos if info.path not in rasteriser.damaged]
    days = sorted({info.vintage for info in sound if info.vintage})
    return Prepared(
        grid=grid,
        crs=system,
        bounds=_around([info.bounds for info in sound]),
        surface=surface,
        bare=rasteriser.files("bare"),
        roofs=rasteriser.files("roofs"),
        vintage=days[0] if len(days) == 1 else f"{days[0]} – {days[-1]}" if days else "",
        sources=tuple(info.path.name for info in sound),
        digest=digest,
        notes=[*([note] if note else []), *_told_density(sound), *rasteriser.told()],
        failures=failures,
    )


def _around(boxes: Sequence[Bounds]) -> Bounds:
    corners = np.array(boxes)
    return (*map(float, corners[:, :2].min(axis=0)), *map(float, corners[:, 2:].max(axis=0)))  # type: ignore[return-value]


def _digest(paths: Sequence[Path], *, in_order: bool = False) -> str:
    total = hashlib.sha256()
    for path in paths if in_order else sorted(paths):
        total.update(bytes.fromhex(sha256_of(path)))
    return total.hexdigest()
