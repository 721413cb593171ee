"""A cadastre from its inputs to its files. Each step keeps what it has finished: after a kill the same call goes on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from frugal.cadastre.job.folder import keep_to, own_folder, withdraw
from frugal.cadastre.job.job import Job, plain_site
from frugal.cadastre.job.result import Cadastre, Failure
from frugal.cadastre.job.settings import CadastreSettings
from frugal.cadastre.territory.territory import Territory, check_files, read_territory
from frugal.cadastre.tiles.compute import compute_tile
from frugal.cadastre.tiles.store import TileReport, finished
from frugal.cadastre.web_map.content import verdict_of
from frugal.cadastre.yields.weather_of_place import weather_apart
from frugal.cadastre.yields.yield_model import YieldModel, check_yield_model, find_yield_model
from frugal.cadastre.yields.yields import co2_avoided
from frugal.errors import UnusableInputError
from frugal.experiments.execution.cluster import NOT_COUNTED, DaskCluster
from frugal.experiments.execution.threads import Threads
from frugal.formats.files.digests import sha256_of
from frugal.formats.rasters.tiling import Tile
from frugal.formats.weather.nearness import Separation
from frugal.metering.ledger.remote_work import REMOTE_WORK

if TYPE_CHECKING:
    from frugal.metering.ledger.ledger import Entry
    from frugal.metering.meter import Meter
    from frugal.metering.power.machine import Machine
    from frugal.metering.timing.stopwatch import Stopwatch
    from frugal.reporting.progress import Reporter

#: What is said where the surface shows none.
NO_ROOF = "no roof plane of 10 m² was found"


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
        As `frugal.metering.power.machine_file.read_machine` gives it.
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
    from frugal.experiments.execution.threads import default_threads
    from frugal.metering.power.machine import describe_machine
    from frugal.metering.timing.stopwatch import Stopwatch
    from frugal.reporting.progress import Silent

    out = out.absolute()  # tiles may be computed by workers that were started elsewhere
    reporter = reporter or Silent()
    machine = machine or describe_machine()
    threads = settings.threads or default_threads()
    watch = Stopwatch()
    with own_folder(out):
        reporter.stage("read inputs")
        if settings.shading_bundle is not None:
            verdict_of(settings.shading_bundle, "roof_shading")  # before hours of work, not after
        check_yield_model(settings)
        co2_avoided(settings.country)
        check_files(settings)
        if cluster is not None:
            from frugal.experiments.execution.dask_client import check_scheduler

            check_scheduler(cluster)
        with _metered(out, machine, carbon, reporter, watch) as meter, meter.stage("inputs", threads=threads):
            territory = read_territory(settings, out, threads, reporter)
        prepared = territory.prepared
        keep_to(out, prepared.crs, prepared.bounds)
        apart = weather_apart(settings, prepared, out)
        answer = find_yield_model(settings, prepared, out, reporter)
        with _metered(out, machine, carbon, reporter, Stopwatch()) as meter:
            job = _job(settings, territory, answer, apart, out)
            with meter.stage("tiles", threads=threads) as entry:
                reports, failed = _tiles(out, job, territory.tiles, threads, cluster, reporter, entry)
                entry.runs = len(territory.tiles)
            prepared.failures.extend(failed)
            with meter.stage("outputs"):
                reporter.stage("write files")
                from frugal.cadastre.publish import publish_cadastre

                cadastre = publish_cadastre(out, settings, prepared, answer, job, reports, apart)
        cadastre = replace(cadastre, footprint=_cost_of(out, machine, reports, job))
        if cadastre.map_folder is None and not settings.maps:
            raise UnusableInputError(f"nothing came out: {NO_ROOF}, and --no-maps leaves the irradiation out")
    return cadastre


@contextmanager
def _metered(out: Path, machine: Machine, carbon: bool, reporter: Reporter, since: Stopwatch) -> Iterator[Meter]:
    """Book what follows, and what was done before, in the ledger of the cadastre; training, between two such, has its own."""
    from frugal.campaigns.campaign import VERSIONED
    from frugal.metering.instruments import running_instruments
    from frugal.metering.ledger.ledger import package_versions

    ledger, versions = out / "work" / "ledger.jsonl", package_versions(VERSIONED)
    with running_instruments(
        ledger, machine, carbon, 0, 0.0, reporter.stage, versions=versions, until_start=since
    ) as instruments:
        yield instruments.meter


def _job(settings: CadastreSettings, territory: Territory, answer: YieldModel, apart: Separation, out: Path) -> Job:
    import numpy as np

    from frugal.formats.rasters.surface_model import SurfaceModel, grid_convergence_deg

    prepared = territory.prepared
    west, south, east, north = prepared.bounds
    whole = SurfaceModel(np.zeros((1, 1)), max(east - west, north - south), west, north, prepared.crs, "", "")
    return Job(
        grid=prepared.grid,
        crs=prepared.crs,
        surface=tuple(str(Path(file).absolute()) for file in prepared.surface),
        bare=prepared.bare,
        roofs=prepared.roofs,
        footprints=territory.footprints,
        terrain=territory.terrain,
        model=str(answer.model),
        site=plain_site(answer.site),
        azimuths=settings.azimuths,
        reach_m=settings.reach_m,
        setback_m=settings.setback_m,
        grid_turn_deg=grid_convergence_deg(whole),
        reference_height_m=territory.reference_height_m,
        is_synthetic=territory.is_synthetic,
        weather_spread=apart.standard_deviation,
        maps=settings.maps,
        maps_of=settings.maps_of,
        country=settings.country,
        vintage=settings.vintage or prepared.vintage,
        folder=str(out / "work" / "tiles"),
        digest=hashlib.sha256(f"{territory.digest}|{sha256_of(answer.model)}".encode()).hexdigest(),
    )


def _tiles(
    out: Path,
    job: Job,
    tiles: Sequence[Tile],
    threads: int,
    cluster: str | None,
    reporter: Reporter,
    entry: Entry,
) -> tuple[list[TileReport], list[Failure]]:
    """Compute what is not there yet; a tile that fails is listed, and the others go on."""
    digest = job.hash()
    reports: list[TileReport] = []
    failures: list[Failure] = []
    todo = []
    for tile in tiles:
        known = finished(Path(job.folder), tile.name, digest)
        reports.append(known) if known is not None else todo.append(tile)
    if todo:
        withdraw(out, "irradiation.vrt")  # it would show tiles of two runs as one
    reporter.stage("tiles", len(todo))
    elsewhere = DaskCluster(cluster, "tiles", retries=3) if cluster else None
    executor = elsewhere or Threads(
        threads, patience_seconds=None
    )  # a tile under way is kept, and the folder ours until then
    if cluster and todo:
        entry.details[REMOTE_WORK] = {"cpu_seconds": 0.0, "threads": 1, "cluster": cluster, "not_counted": NOT_COUNTED}
    with closing(executor.outcomes(partial(compute_tile, job), todo)) as outcomes:
        for done, outcome in enumerate(outcomes, start=1):
            if outcome.result is not None:
                reports.append(outcome.result)
                _book_elsewhere(entry, elsewhere, outcome.result)
            else:
                failures.append(Failure(f"tile {outcome.task.name}", str(outcome.fault)))
            reporter.step(done)
    if not reports:
        raise UnusableInputError(f"no tile could be computed; the first: {failures[0].message}")
    return sorted(reports, key=lambda report: report.name), failures


def _book_elsewhere(entry: Entry, cluster: DaskCluster | None, report: TileReport) -> None:
    """Tell the ledger what the workers of a cluster spent."""
    if cluster is not None:
        told = entry.details[REMOTE_WORK]
        told.update(cpu_seconds=told["cpu_seconds"] + report.cpu_seconds, threads=cluster.threads)


def _cost_of(out: Path, machine: Machine, reports: list[TileReport], job: Job) -> dict[str, Any]:
    """What the making cost, also written beside the tables."""
    from frugal.cadastre.production_footprint import production_footprint
    from frugal.formats.files.atomic import write_text
    from frugal.metering.ledger.ledger import Ledger

    known = sum(report.cells - report.missing_cells for report in reports)
    area_km2 = known * job.grid.resolution_m**2 / 1e6
    entries = Ledger(out / "work" / "ledger.jsonl").entries()
    footprint = production_footprint(entries, machine, area_km2)
    write_text(out / "footprint.json", json.dumps(footprint, indent=1, ensure_ascii=False) + "\n")
    return footprint
