"""What a cadastre is made of: the surface on one grid, its tiles, footprints and the hills around, each read once and kept."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from frugal.cadastre.job.program_digest import program_digest
from frugal.cadastre.job.settings import CadastreSettings
from frugal.cadastre.territory.inputs import inputs_in
from frugal.cadastre.territory.surfaces import Prepared, prepare_clouds, prepare_rasters
from frugal.errors import UnusableInputError
from frugal.formats.files.atomic import write_text
from frugal.formats.files.digests import sha256_of
from frugal.formats.files.faults import faults_told
from frugal.formats.rasters.tiling import Tile, plan_tiles

if TYPE_CHECKING:
    from frugal.reporting.progress import Reporter

#: Side of the generated village that stands in where no input is given, and of its cells.
VILLAGE_M, VILLAGE_CELL_M = 512.0, 0.5

#: In wider cells planes of small roofs are not found.
WIDEST_CELL_M = 1.25

#: Squares that are looked at to tell a drawn surface from a surveyed one, and their side.
_SQUARES, _SQUARE_M = 16, 300.0

_SHAPEFILE = ("shp", "shx", "dbf", "prj", "cpg")


@dataclass(frozen=True)
class Territory:
    """Inputs in the system of one grid.

    Attributes
    ----------
    prepared : Prepared
        Rasters of the surface.
    tiles : list of Tile
    footprints, terrain : str
        Files that tiles read a part of; empty where none was given.
    digest : str
        Hash of the contents of all.
    reference_height_m : float
        About the height of the surface.
    is_synthetic : bool
        Whether it was made by a program, not surveyed; looked at only where the roofs have to be found on it.
    """

    prepared: Prepared
    tiles: list[Tile]
    footprints: str
    terrain: str
    digest: str
    reference_height_m: float
    is_synthetic: bool


def read_territory(settings: CadastreSettings, out: Path, threads: int, reporter: Reporter) -> Territory:
    """Read, rasterise and turn what the user names; what was finished before is taken as it is.

    Parameters
    ----------
    settings : CadastreSettings
    out : Path
        Folder of the cadastre; ``work/`` in it takes what is made of the inputs.
    threads : int
        Squares of point clouds rasterised at a time.
    reporter : Reporter
        Told of the rasterising.

    Raises
    ------
    UnusableInputError
        If no surface can be used, footprints or terrain lie elsewhere, or tiles are no multiple of the cells.
    """
    prepared = _prepared(settings, out, threads, reporter)
    tiles = _planned(settings, prepared)
    if prepared.grid.resolution_m > WIDEST_CELL_M:
        prepared.notes.append(
            f"Cells of {prepared.grid.resolution_m:g} m are wider than {WIDEST_CELL_M:g} m: most small roofs are missed."
        )
    footprints, of_footprints = _footprints(settings, prepared, out)
    terrain, of_terrain = _terrain(settings, prepared, out)
    reference_height_m, is_synthetic = (0.0, False) if footprints or prepared.roofs else _character(prepared)
    digest = _joined(prepared.digest, of_footprints, of_terrain)
    return Territory(prepared, tiles, footprints, terrain, digest, reference_height_m, is_synthetic)


def _character(prepared: Prepared) -> tuple[float, bool]:
    """About the height of the surface, and whether it was drawn: from some squares spread over the territory."""
    import numpy as np

    from frugal.formats.rasters.mosaic import open_rasters
    from frugal.studies.solar.roofs.plane_finder import looks_synthetic, spanned_planes

    mosaic = open_rasters([Path(file) for file in prepared.surface], crs=prepared.crs, examine=False)
    squares = plan_tiles(prepared.grid, prepared.bounds, prepared.grid.whole(_SQUARE_M))
    heights, spanned, number = [], 0, 0
    for tile in squares[:: max(1, len(squares) // _SQUARES)]:
        found = mosaic.read(prepared.grid.bounds(tile.columns, tile.rows)).heights
        if np.isnan(found).mean() > 0.9:
            continue
        heights.append(float(np.nanmedian(found)))
        counts = spanned_planes(found, prepared.grid.resolution_m)
        spanned, number = spanned + counts[0], number + counts[1]
    return (float(round(np.median(heights))) if heights else 0.0), looks_synthetic(spanned, number)


def check_files(settings: CadastreSettings) -> None:
    """Find out before hours of work whether vector files and terrain are such; whether they lie in the territory is seen later.

    Raises
    ------
    UnusableInputError
        If one of them is not.
    """
    from frugal.formats.rasters.terrain import check_terrain
    from frugal.formats.vectors.footprints import COMMUNES, system_of_footprints

    if settings.buildings is not None:
        system_of_footprints(settings.buildings)
    if settings.communes is not None:
        system_of_footprints(settings.communes, what=COMMUNES)
    if settings.terrain is not None:
        check_terrain(settings.terrain)


def _prepared(settings: CadastreSettings, out: Path, threads: int, reporter: Reporter) -> Prepared:
    clouds, rasters, missing = inputs_in(settings.inputs)
    if not clouds and not rasters:
        rasters = [_village(out / "work", settings.resolution_m)]
    prepared = (
        prepare_rasters(rasters, settings.crs, settings.resolution_m)
        if rasters
        else _rasterised(clouds, settings, out, threads, reporter)
    )
    prepared.failures[:0] = missing
    return prepared


def _rasterised(
    clouds: list[Path], settings: CadastreSettings, out: Path, threads: int, reporter: Reporter
) -> Prepared:

    def told(done: int, total: int) -> None:
        if done == 1:
            reporter.stage("rasterise", total)
        reporter.step(done)

    return prepare_clouds(
        clouds,
        out / "work",
        crs=settings.crs,
        footprints_crs=_system_of(settings.buildings),
        resolution_m=settings.resolution_m,
        threads=threads,
        on_chunk=told,
    )


def _village(folder: Path, resolution_m: float | None) -> Path:
    """The generated village as a file."""
    from frugal.formats.rasters.surface_model import write_surface_model
    from frugal.studies.solar.village.surface import synthetic_village

    if resolution_m not in (None, VILLAGE_CELL_M):
        raise UnusableInputError(
            f"--resolution {resolution_m:g} is for point clouds; the generated village has cells of {VILLAGE_CELL_M:g} m: "
            "leave it out"
        )
    path = folder / "generated_village.tif"
    made_by = folder / "generated_village.txt"
    program = program_digest("frugal.studies.solar.village", "frugal.formats")
    if not (path.exists() and made_by.is_file() and made_by.read_text() == program):
        write_surface_model(path, synthetic_village(0, VILLAGE_M, VILLAGE_CELL_M))
        write_text(made_by, program)
    return path


def _system_of(buildings: Path | None) -> str | None:
    """Coordinate system of the footprints, for point clouds without one."""
    if buildings is None:
        return None
    from frugal.formats.vectors.footprints import system_of_footprints

    return system_of_footprints(buildings)


def _footprints(settings: CadastreSettings, prepared: Prepared, out: Path) -> tuple[str, str]:
    """Footprints in the system of the grid, in a file that tiles read by extent, and the hash of what was given.

    Before the answer is trained, so that a wrong file is told at once; that of the communes is looked at too.
    """
    import pyogrio

    from frugal.formats.vectors.footprints import COMMUNES, read_footprints

    if settings.communes is not None:
        communes = read_footprints(settings.communes, prepared.crs, prepared.bounds, what=COMMUNES)
        prepared.notes.extend(communes.attrs["notes"])
    if settings.buildings is None:
        return "", ""
    digest = _joined(*(sha256_of(part) for part in _parts_of(settings.buildings)))
    path = out / "work" / f"footprints-{_kept_as(digest, prepared)}.fgb"
    notes = path.with_suffix(".json")
    if not (path.exists() and notes.exists()):
        frame = read_footprints(settings.buildings, prepared.crs, prepared.bounds)
        draft = path.with_name(f".{path.name}")
        with faults_told(path):
            pyogrio.write_dataframe(frame, draft, driver="FlatGeobuf", promote_to_multi=True)
            draft.replace(path)
        write_text(notes, json.dumps(frame.attrs.get("notes", [])))
    prepared.notes.extend(json.loads(notes.read_text()))
    return str(path), digest


def _terrain(settings: CadastreSettings, prepared: Prepared, out: Path) -> tuple[str, str]:
    """The terrain around in the system of the grid, in a file that tiles read a part of, and the hash of what was given."""
    from frugal.cadastre.job.reach import FARTHEST_M
    from frugal.cadastre.territory.height_check import note_on_heights
    from frugal.formats.rasters.mosaic import open_rasters
    from frugal.formats.rasters.surface_model import write_surface_model
    from frugal.formats.rasters.terrain import read_terrain

    if settings.terrain is None:
        return "", ""
    terrain = read_terrain(settings.terrain, prepared.crs, prepared.bounds, FARTHEST_M)
    path = out / "work" / f"terrain-{_kept_as(terrain.sha256, prepared)}.tif"
    if not path.exists():
        write_surface_model(path, terrain)
    surface = open_rasters([Path(file) for file in prepared.surface], crs=prepared.crs, examine=False)
    note = note_on_heights(terrain, surface)
    prepared.notes.extend([note] if note else [])
    if terrain.converted_from:
        prepared.notes.append(
            f"heights of terrain '{settings.terrain}' are in {terrain.converted_from}; they are converted to metres"
        )
    return str(path), terrain.sha256


def _planned(settings: CadastreSettings, prepared: Prepared) -> list[Tile]:
    side = settings.tile_m or prepared.grid.whole(1_000.0 if prepared.grid.resolution_m < 1.0 else 2_000.0)
    return plan_tiles(prepared.grid, prepared.bounds, side)


def _parts_of(path: Path) -> list[Path]:
    """The files that hold footprints: ids of a Shapefile lie beside its outlines."""
    if path.suffix.lower() != ".shp":
        return [path]
    return sorted(
        part for part in path.parent.glob("*") if part.stem == path.stem and part.suffix[1:4].lower() in _SHAPEFILE
    )


def _kept_as(digest: str, prepared: Prepared) -> str:
    """Names what was made of a file for this very territory, by this program."""
    return _joined(digest, prepared.digest, prepared.crs, program_digest("frugal.cadastre", "frugal.formats"))[:12]


def _joined(*digests: str) -> str:
    return hashlib.sha256("|".join(digests).encode()).hexdigest()
