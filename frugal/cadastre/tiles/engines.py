"""Where tiles are computed: on threads of this process, or on a Dask cluster. Both yield outcomes as they come."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any

from frugal.cadastre.job.job import Job
from frugal.cadastre.tiles.store import TileReport
from frugal.errors import EnvironmentFaultError, FrugalError, UnusableInputError
from frugal.formats.rasters.tiling import Tile
from frugal.metering.ledger.remote_work import REMOTE_WORK

if TYPE_CHECKING:
    from frugal.experiments.runs.cluster import Crew
    from frugal.metering.ledger.ledger import Entry

#: A tile, its report or the fault that kept it from one.
Outcome = tuple[Tile, TileReport | FrugalError]

Work = Callable[[Job, Tile], TileReport]


def on_threads(work: Work, job: Job, tiles: Sequence[Tile], threads: int) -> Iterator[Outcome]:
    """Compute tiles, so many at a time; no more are begun once the consumer stops asking."""
    waiting = iter(tiles)
    running: dict[Future[TileReport], Tile] = {}
    with ThreadPoolExecutor(max_workers=threads) as pool:
        try:
            while True:
                while len(running) < threads and (tile := next(waiting, None)) is not None:
                    running[pool.submit(work, job, tile)] = tile
                if not running:
                    return
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    yield running.pop(future), _outcome(future)
        finally:
            for future in running:
                future.cancel()


def _outcome(future: Future[TileReport]) -> TileReport | FrugalError:
    try:
        return future.result()
    except EnvironmentFaultError:
        raise  # a full disk fails every tile after this one too
    except FrugalError as fault:
        return fault


def on_cluster(work: Work, job: Job, tiles: Sequence[Tile], address: str, entry: Entry) -> Iterator[Outcome]:
    """Send tiles to a Dask scheduler whose workers see the same files.

    Parameters
    ----------
    work : callable
    job : Job
    tiles : sequence of Tile
    address : str
        ``tcp://host:port`` or ``tls://host:port``.
    entry : Entry
        Line of the ledger; told what the workers spent.

    Raises
    ------
    UnusableInputError
        If the address is none.
    EnvironmentFaultError
        If the package `distributed` is missing, the scheduler cannot be reached, goes away or loses all workers, or these do
        not see the files.
    """
    from frugal.experiments.runs.cluster import BLOCKS_PER_THREAD, NOT_COUNTED, Crew, connected, talking

    if not tiles:
        return
    with connected(address) as client:
        crew = Crew(client, address)
        waiting = iter(tiles)
        sent: dict[Any, Tile] = {}
        told: dict[str, Any] = {"cpu_seconds": 0.0, "threads": 1, "cluster": address, "not_counted": NOT_COUNTED}
        entry.details[REMOTE_WORK] = told
        try:
            while True:
                while (
                    len(sent) < BLOCKS_PER_THREAD * max(1, crew.threads) and (tile := next(waiting, None)) is not None
                ):
                    with talking(address):
                        sent[client.submit(_guarded, work, job, tile, pure=False, retries=3)] = tile
                if not sent:
                    return
                for future in _first_done(list(sent), crew):
                    tile = sent.pop(future)
                    outcome = _received(future, tile, address)
                    told["threads"] = max(1, crew.most_threads)
                    if isinstance(outcome, TileReport):
                        told["cpu_seconds"] += outcome.cpu_seconds
                    yield tile, outcome
        finally:
            if sent and client.status == "running":
                client.cancel(list(sent), force=True)


def _guarded(work: Work, job: Job, tile: Tile) -> TileReport | str:
    """What is wrong with a tile is an answer; anything else makes the scheduler try again elsewhere."""
    try:
        return work(job, tile)
    except EnvironmentFaultError:
        raise
    except FrugalError as fault:
        return str(fault)


def _first_done(futures: list[Any], crew: Crew) -> list[Any]:
    while True:
        done = [future for future in futures if future.status in ("finished", "error", "cancelled", "lost")]
        if done:
            return done
        crew.look()
        time.sleep(0.05)


def _received(future: Any, tile: Tile, address: str) -> TileReport | FrugalError:
    """What a worker made of a tile; all has to end where it could not work at all."""
    from frugal.experiments.runs.cluster import talking

    with talking(address):
        fault = future.exception() if future.status == "error" else None
        answer = future.result() if fault is None else None
    if fault is not None:
        told = str(fault) or type(fault).__name__
        raise EnvironmentFaultError(
            f"tile {tile.name} could not be computed by the cluster '{address}': {told}"
        ) from fault
    return answer if isinstance(answer, TileReport) else UnusableInputError(str(answer))
