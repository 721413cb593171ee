"""A cadastre from its inputs to its files. Each step keeps what it has finished: after a kill the same call goes on."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from frugal.cadastre.answer import Answer, check_answer, find_answer
from frugal.cadastre.engines import Outcome, on_cluster, on_threads
from frugal.cadastre.grid import Tile, plan_tiles
from frugal.cadastre.inputs import Failure, inputs_in
from frugal.cadastre.job import Job, plain_site
from frugal.cadastre.map_content import verdict_of
from frugal.cadastre.own_folder import own_folder, withdraw
from frugal.cadastre.settings import CadastreSettings
from frugal.cadastre.surfaces import Prepared, prepare_clouds, prepare_rasters
from frugal.cadastre.tables import faults_told
from frugal.cadastre.tile_store import TileReport, finished
from frugal.cadastre.tile_work import compute_tile
from frugal.errors import FrugalError, UnusableInputError
from frugal.formats.digests import sha256_of

if TYPE_CHECKING:
    from frugal.metering.host import Machine
    from frugal.metering.ledger import Entry
    from frugal.surrogates.reporting import Reporter

#: Side of the generated village that stands in where no input is given, and of its cells.
VILLAGE_M, VILLAGE_CELL_M = 512.0, 0.5

#: What is said where the surface shows none.
NO_ROOF = "no roof plane of 10 m² was found"

#: In wider cells planes of small roofs are not found.
WIDEST_CELL_M = 1.25

_SHAPEFILE = ("shp", "shx", "dbf", "prj", "cpg")


@dataclass
class Cadastre:
    """What was made.

    Attributes
    ----------
    out : Path
    map_folder : Path or None
        None where no roof was found.
    buildings, with_planes, planes : int
        Buildings, those of them on which a plane was found, and planes.
    sums : dict
        Power and yield of all planes.
    failures : list of Failure
        Inputs and tiles that could not be used.
    notes : list of str
    footprint : dict
        What the making cost.
    """

    out: Path
    map_folder: Path | None = None
    buildings: int = 0
    with_planes: int = 0
    planes: int = 0
    sums: dict[str, float] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    footprint: dict[str, Any] = field(default_factory=dict)


def make_cadastre(
    settings: CadastreSettings,
    out: Path,
    reporter: Reporter | None = None,
    machine: Machine | None = None,
    cluster: str | None = None,
    carbon: bool = True,
) -> Cadastre:
    """Make a cadastre, or go on with one that was interrupted.

    Parameters
    ----------
    settings : CadastreSettings
    out : Path
        Folder of the cadastre; one of another territory is refused.
    reporter : Reporter, optional
    machine : Machine, optional
        As `frugal.metering.machine.read_machine` gives it.
    cluster : str, optional
        Dask scheduler that computes the tiles; its workers must see the same files.
    carbon : bool
        Run codecarbon beside our own bookkeeping.

    Raises
    ------
    UnusableInputError
        If no input can be used, no tile could be computed, nothing came out (no roof was found and no maps are wanted), or
        the folder holds something else.
    EnvironmentFaultError
        If something cannot be written, or the cluster cannot be used.
    """
    from frugal.experiments.executor import default_threads
    from frugal.metering.clock import Stopwatch
    from frugal.metering.host import describe_machine
    from frugal.metering.ledger import package_versions
    from frugal.surrogates.campaign import VERSIONED
    from frugal.surrogates.instruments import instruments
    from frugal.surrogates.reporting import Silent

    out = out.absolute()  # tiles may be computed by workers that were started elsewhere
    reporter = reporter or Silent()
    machine = machine or describe_machine()
    threads = settings.threads or default_threads()
    watch = Stopwatch()
    with own_folder(out):
        reporter.stage("read inputs")
        if settings.shading_bundle is not None:
            verdict_of(settings.shading_bundle, "roof_shading")  # before hours of work, not after
        check_answer(settings)
        _check_files(settings)
        if cluster is not None:
            from frugal.experiments.cluster import check_scheduler

            check_scheduler(cluster)
        prepared = _prepared(settings, out, threads, reporter)
        _planned(settings, prepared)
        if prepared.grid.resolution_m > WIDEST_CELL_M:
            prepared.notes.append(
                f"Cells of {prepared.grid.resolution_m:g} m are wider than {WIDEST_CELL_M:g} m: most small roofs are missed."
            )
        footprints = _footprints(settings, prepared, out)
        terrain = _terrain(settings, prepared, out)
        answer = find_answer(settings, prepared, out, reporter)
        with instruments(
            out / "work" / "ledger.jsonl", machine, carbon, 0, 0.0, reporter.stage,
            versions=package_versions(VERSIONED), until_start=watch,
        ) as at_hand:  # fmt: skip
            job = _job(settings, prepared, footprints, terrain, answer, out)
            with at_hand.meter.stage("tiles", threads=threads) as entry:
                tiles, reports, failed = _tiles(job, prepared, settings, threads, cluster, reporter, entry)
                entry.runs = len(tiles)
            prepared.failures.extend(failed)
            cadastre = Cadastre(out, failures=prepared.failures, notes=[*prepared.notes, *answer.notes])
            with at_hand.meter.stage("outputs"):
                reporter.stage("write files")
                from frugal.cadastre.publishing import publish_cadastre

                publish_cadastre(cadastre, settings, prepared, answer, job, reports)
        _tell_cost(cadastre, machine, reports, job)
        if cadastre.map_folder is None and not settings.maps:
            raise UnusableInputError(f"nothing came out: {NO_ROOF}, and --no-maps leaves the irradiation out")
    return cadastre


def _check_files(settings: CadastreSettings) -> None:
    """Find out before hours of work whether the vector files are such; whether they lie in the territory is seen later."""
    from frugal.formats.footprints import COMMUNES, system_of_footprints

    if settings.buildings is not None:
        system_of_footprints(settings.buildings)
    if settings.communes is not None:
        system_of_footprints(settings.communes, what=COMMUNES)


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
    from frugal.experiments.studies.village import synthetic_village
    from frugal.formats.raster import write_surface_model

    if resolution_m not in (None, VILLAGE_CELL_M):
        raise UnusableInputError(
            f"--resolution {resolution_m:g} is for point clouds; the generated village has cells of {VILLAGE_CELL_M:g} m: "
            "leave it out"
        )
    path = folder / "generated_village.tif"
    if not path.exists():
        write_surface_model(path, synthetic_village(0, VILLAGE_M, VILLAGE_CELL_M))
    return path


def _system_of(buildings: Path | None) -> str | None:
    """Coordinate system of the footprints, for point clouds without one."""
    if buildings is None:
        return None
    from frugal.formats.footprints import system_of_footprints

    return system_of_footprints(buildings)


def _job(
    settings: CadastreSettings,
    prepared: Prepared,
    footprints: tuple[str, str],
    terrain: tuple[str, str],
    answer: Answer,
    out: Path,
) -> Job:
    import numpy as np

    from frugal.formats.raster import SurfaceModel, grid_convergence_deg

    west, south, east, north = prepared.bounds
    whole = SurfaceModel(np.zeros((1, 1)), max(east - west, north - south), west, north, prepared.crs, "", "")
    (file, digest), (hills, of_hills) = footprints, terrain
    return Job(
        grid=prepared.grid,
        crs=prepared.crs,
        surface=tuple(str(Path(file).absolute()) for file in prepared.surface),
        bare=prepared.bare,
        roofs=prepared.roofs,
        footprints=file,
        terrain=hills,
        model=str(answer.model),
        site=plain_site(answer.site),
        azimuths=settings.azimuths,
        reach_m=settings.reach_m,
        setback_m=settings.setback_m,
        grid_turn_deg=grid_convergence_deg(whole),
        maps=settings.maps,
        maps_of=settings.maps_of,
        vintage=settings.vintage or prepared.vintage,
        folder=str(out / "work" / "tiles"),
        digest=_joined(prepared.digest, digest, of_hills, sha256_of(answer.model)),
    )


def _footprints(settings: CadastreSettings, prepared: Prepared, out: Path) -> tuple[str, str]:
    """Footprints in the system of the grid, in a file that tiles read by extent, and the hash of what was given.

    Before the answer is trained, so that a wrong file is told at once; that of the communes is looked at too.
    """
    import pyogrio

    from frugal.formats.atomic import write_text
    from frugal.formats.footprints import COMMUNES, read_footprints

    if settings.communes is not None:
        communes = read_footprints(settings.communes, prepared.crs, prepared.bounds, what=COMMUNES)
        prepared.notes.extend(communes.attrs["notes"])
    if settings.buildings is None:
        return "", ""
    digest = _joined(*(sha256_of(part) for part in _parts_of(settings.buildings)))
    path = out / "work" / f"footprints-{_joined(digest, prepared.digest)[:12]}.fgb"
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
    from frugal.cadastre.far_view import FARTHEST_M, note_on_heights
    from frugal.formats.mosaic import open_rasters
    from frugal.formats.raster import write_surface_model
    from frugal.formats.terrain import read_terrain

    if settings.terrain is None:
        return "", ""
    terrain = read_terrain(settings.terrain, prepared.crs, prepared.bounds, FARTHEST_M)
    path = out / "work" / f"terrain-{_joined(terrain.sha256, prepared.digest)[:12]}.tif"
    if not path.exists():
        write_surface_model(path, terrain)
    surface = open_rasters([Path(file) for file in prepared.surface], crs=prepared.crs, examine=False)
    note = note_on_heights(terrain, surface)
    prepared.notes.extend([note] if note else [])
    return str(path), terrain.sha256


def _planned(settings: CadastreSettings, prepared: Prepared) -> list[Tile]:
    side = settings.tile_m or prepared.grid.whole(1_000.0 if prepared.grid.resolution_m < 1.0 else 2_000.0)
    return plan_tiles(prepared.grid, prepared.bounds, side)


def _tiles(
    job: Job,
    prepared: Prepared,
    settings: CadastreSettings,
    threads: int,
    cluster: str | None,
    reporter: Reporter,
    entry: Entry,
) -> tuple[list[Tile], list[TileReport], list[Failure]]:
    """Compute what is not there yet; a tile that fails is listed, and the others go on."""
    tiles = _planned(settings, prepared)
    digest = job.hash()
    reports: list[TileReport] = []
    failures: list[Failure] = []
    todo = []
    for tile in tiles:
        known = finished(Path(job.folder), tile.name, digest)
        reports.append(known) if known is not None else todo.append(tile)
    if todo:
        withdraw(Path(job.folder).parents[1], "irradiation.vrt")  # it would show tiles of two runs as one
    reporter.stage("tiles", len(todo))
    outcomes: Iterable[Outcome] = (
        on_cluster(compute_tile, job, todo, cluster, entry) if cluster else on_threads(compute_tile, job, todo, threads)
    )
    for done, (tile, outcome) in enumerate(outcomes, start=1):
        if isinstance(outcome, FrugalError):
            failures.append(Failure(f"tile {tile.name}", str(outcome)))
        else:
            reports.append(outcome)
        reporter.step(done)
    if not reports:
        raise UnusableInputError(f"no tile could be computed; the first: {failures[0].message}")
    return tiles, sorted(reports, key=lambda report: report.name), failures


def _tell_cost(cadastre: Cadastre, machine: Machine, reports: list[TileReport], job: Job) -> None:
    from frugal.cadastre.production import production_footprint
    from frugal.formats.atomic import write_text
    from frugal.metering.ledger import Ledger

    known = sum(report.cells - report.missing_cells for report in reports)
    area_km2 = known * job.grid.resolution_m**2 / 1e6
    entries = Ledger(cadastre.out / "work" / "ledger.jsonl").entries()
    cadastre.footprint = production_footprint(entries, machine, area_km2)
    write_text(cadastre.out / "footprint.json", json.dumps(cadastre.footprint, indent=1, ensure_ascii=False) + "\n")


def _parts_of(path: Path) -> list[Path]:
    """The files that hold footprints: ids of a Shapefile lie beside its outlines."""
    if path.suffix.lower() != ".shp":
        return [path]
    return sorted(
        part for part in path.parent.glob("*") if part.stem == path.stem and part.suffix[1:4].lower() in _SHAPEFILE
    )


def _joined(*digests: str) -> str:
    import hashlib

    return hashlib.sha256("|".join(digests).encode()).hexdigest()
